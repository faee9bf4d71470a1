//! The questions of an editor, each answered from what is known of the project.

use std::collections::HashMap;

use gen_lsp_types::{
    CodeAction, CodeActionKind, CodeActionParams, CodeLens, CodeLensParams, Command, CompletionItem,
    CompletionItemKind, CompletionParams, Contents, DefinitionParams, DocumentFormattingParams,
    DocumentHighlight, DocumentHighlightParams, DocumentSymbol, DocumentSymbolParams, Documentation, Hover,
    HoverParams, Location, MarkupContent, MarkupKind, PrepareRenameParams, Range, ReferenceParams,
    RenameParams, SemanticToken, SemanticTokens, SemanticTokensParams, SymbolKind,
    TextDocumentPositionParams, TextEdit, WorkspaceEdit,
};
use lang::editor::{self, NotRenamed, Symbol, Thing, TokenKind};
use serde_json::json;

use crate::{
    place::{Lines, small},
    workspace::{File, Workspace},
};

/// The kinds of tokens, by their numbers in answers.
pub(crate) const TOKEN_TYPES: [&str; 11] = [
    "comment",
    "string",
    "number",
    "variable",
    "property",
    "type",
    "event",
    "namespace",
    "function",
    "method",
    "class",
];

fn at<'w>(
    workspace: &'w Workspace,
    params: &TextDocumentPositionParams,
) -> Result<(File<'w>, usize), String> {
    let file = workspace.file(&params.text_document.uri)?;
    let byte = Lines::new(file.text).byte(params.position);
    Ok((file, byte))
}

pub(crate) fn hover(workspace: &Workspace, params: &HoverParams) -> Result<Option<Hover>, String> {
    let (file, byte) = at(workspace, &params.text_document_position_params)?;
    Ok(file.project.analysis.hover(file.index, byte).map(|(place, code, prose)| Hover {
        contents: Contents::MarkupContent(MarkupContent {
            kind: MarkupKind::Markdown,
            value: format!("```journey\n{code}\n```\n{prose}"),
        }),
        range: Some(Lines::new(file.text).range(place.start, place.end)),
    }))
}

pub(crate) fn completion(
    workspace: &Workspace,
    params: &CompletionParams,
) -> Result<Vec<CompletionItem>, String> {
    let (file, byte) = at(workspace, &params.text_document_position_params)?;
    let found = editor::complete(&file.project.sources, file.index, byte);
    let item = |one: editor::Candidate| CompletionItem {
        label: one.text,
        kind: Some(match one.thing {
            Thing::Field => CompletionItemKind::Field,
            Thing::Type => CompletionItemKind::Struct,
            Thing::Event => CompletionItemKind::Event,
            Thing::Connection | Thing::Policy | Thing::Webhook | Thing::Kit => CompletionItemKind::Module,
            Thing::Action | Thing::Message | Thing::Journey | Thing::Test | Thing::Audience => {
                CompletionItemKind::Class
            }
            Thing::Function => CompletionItemKind::Method,
            Thing::Label => CompletionItemKind::Reference,
            Thing::Keyword => CompletionItemKind::Keyword,
            Thing::Variable | Thing::Profile => CompletionItemKind::Variable,
        }),
        detail: Some(one.detail).filter(|detail| !detail.is_empty()),
        documentation: Some(one.doc).filter(|doc| !doc.is_empty()).map(Documentation::String),
        ..CompletionItem::default()
    };
    Ok(found.into_iter().map(item).collect())
}

pub(crate) fn definition(
    workspace: &Workspace,
    params: &DefinitionParams,
) -> Result<Option<Location>, String> {
    let (file, byte) = at(workspace, &params.text_document_position_params)?;
    let place = file.project.analysis.definition(file.index, byte);
    Ok(place.and_then(|place| file.project.location(place)))
}

pub(crate) fn references(workspace: &Workspace, params: &ReferenceParams) -> Result<Vec<Location>, String> {
    let (file, byte) = at(workspace, &params.text_document_position_params)?;
    let places = file.project.analysis.references(file.index, byte);
    let declared = file.project.analysis.definition(file.index, byte);
    let wanted = |place: &editor::Place| params.context.include_declaration || Some(*place) != declared;
    Ok(places.into_iter().filter(wanted).filter_map(|place| file.project.location(place)).collect())
}

pub(crate) fn highlights(
    workspace: &Workspace,
    params: &DocumentHighlightParams,
) -> Result<Vec<DocumentHighlight>, String> {
    let (file, byte) = at(workspace, &params.text_document_position_params)?;
    let lines = Lines::new(file.text);
    let places = file.project.analysis.references(file.index, byte);
    let here = places.into_iter().filter(|place| place.file == file.index);
    Ok(here
        .map(|place| DocumentHighlight { range: lines.range(place.start, place.end), kind: None })
        .collect())
}

pub(crate) fn prepare_rename(
    workspace: &Workspace,
    params: &PrepareRenameParams,
) -> Result<Option<Range>, String> {
    let (file, byte) = at(workspace, &params.text_document_position_params)?;
    // Any good name shows whether the thing can be renamed at all.
    match file.project.analysis.rename(file.index, byte, "renamed") {
        Err(why @ (NotRenamed::NoName | NotRenamed::InKit)) => return Err(not_renamed(why, "renamed")),
        Ok(_) | Err(NotRenamed::BadName) => {}
    }
    let place = file.project.analysis.hover(file.index, byte).map(|(place, ..)| place);
    Ok(place.map(|place| Lines::new(file.text).range(place.start, place.end)))
}

fn not_renamed(why: NotRenamed, name: &str) -> String {
    match why {
        NotRenamed::NoName => "this cannot be renamed".to_owned(),
        NotRenamed::BadName => {
            format!(
                "`{name}` cannot be a name: take a letter, then letters, digits and `_`, and no word of the language"
            )
        }
        NotRenamed::InKit => {
            "a kit declares this, and kits cannot be changed: copy what you need of it (`wayfare std` \
                              prints kits), then the copy can be renamed"
                .to_owned()
        }
    }
}

pub(crate) fn rename(workspace: &Workspace, params: &RenameParams) -> Result<WorkspaceEdit, String> {
    let (file, byte) = at(workspace, &params.text_document_position_params)?;
    let name = &params.new_name;
    let places =
        file.project.analysis.rename(file.index, byte, name).map_err(|why| not_renamed(why, name))?;
    let mut changes: HashMap<_, Vec<TextEdit>> = HashMap::new();
    for location in places.into_iter().filter_map(|place| file.project.location(place)) {
        let edit = TextEdit { range: location.range, new_text: name.clone() };
        changes.entry(location.uri).or_default().push(edit);
    }
    Ok(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() })
}

pub(crate) fn symbols(
    workspace: &Workspace,
    params: &DocumentSymbolParams,
) -> Result<Vec<DocumentSymbol>, String> {
    let file = workspace.file(&params.text_document.uri)?;
    let lines = Lines::new(file.text);
    let source = file.project.sources.get(file.index).ok_or("the file is not open")?;
    Ok(editor::outline(source).into_iter().map(|one| symbol(one, &lines)).collect())
}

#[expect(deprecated, reason = "the protocol keeps the field")]
fn symbol(one: Symbol, lines: &Lines<'_>) -> DocumentSymbol {
    DocumentSymbol {
        name: if one.name.is_empty() { "…".to_owned() } else { one.name },
        detail: None,
        kind: match one.thing {
            Thing::Profile | Thing::Type => SymbolKind::Struct,
            Thing::Field => SymbolKind::Field,
            Thing::Event => SymbolKind::Event,
            Thing::Connection | Thing::Policy | Thing::Webhook | Thing::Kit => SymbolKind::Module,
            Thing::Action | Thing::Message | Thing::Function => SymbolKind::Function,
            Thing::Journey | Thing::Audience => SymbolKind::Class,
            Thing::Test => SymbolKind::Method,
            Thing::Variable | Thing::Label | Thing::Keyword => SymbolKind::Variable,
        },
        tags: None,
        deprecated: None,
        range: lines.range(one.span.start, one.span.end),
        selection_range: lines.range(one.name_span.start, one.name_span.end),
        children: Some(one.parts.into_iter().map(|part| symbol(part, lines)).collect()),
    }
}

pub(crate) fn formatting(
    workspace: &Workspace,
    params: &DocumentFormattingParams,
) -> Result<Vec<TextEdit>, String> {
    let file = workspace.file(&params.text_document.uri)?;
    let source = file.project.sources.get(file.index).ok_or("the file is not open")?;
    let formatted = lang::format(source)
        .map_err(|_| "the file has syntax errors: mend them, then it can be formatted".to_owned())?;
    if formatted == file.text {
        return Ok(Vec::new());
    }
    Ok(vec![TextEdit { range: Lines::new(file.text).range(0, file.text.len()), new_text: formatted }])
}

/// The repairs of the errors at a place.
pub(crate) fn fixes(workspace: &Workspace, params: &CodeActionParams) -> Result<Vec<CodeAction>, String> {
    let file = workspace.file(&params.text_document.uri)?;
    let lines = Lines::new(file.text);
    let (start, end) = (lines.byte(params.range.start), lines.byte(params.range.end));
    let source = file.project.sources.get(file.index).ok_or("the file is not open")?;
    let here = file
        .project
        .analysis
        .diagnostics
        .iter()
        .filter(|one| one.file == source.name && one.span.start <= end && start <= one.span.end);
    let action = |one: &lang::Diagnostic| {
        let fix = one.fix.as_ref()?;
        let edit =
            TextEdit { range: lines.range(fix.span.start, fix.span.end), new_text: fix.replacement.clone() };
        Some(CodeAction {
            title: one.help.clone().unwrap_or_else(|| format!("write `{}`", fix.replacement)),
            kind: Some(CodeActionKind::QuickFix),
            is_preferred: Some(true),
            edit: Some(WorkspaceEdit {
                changes: Some(HashMap::from([(params.text_document.uri.clone(), vec![edit])])),
                ..WorkspaceEdit::default()
            }),
            ..CodeAction::default()
        })
    };
    Ok(here.filter_map(action).collect())
}

/// A way to play each test, above it.
pub(crate) fn lenses(workspace: &Workspace, params: &CodeLensParams) -> Result<Vec<CodeLens>, String> {
    let file = workspace.file(&params.text_document.uri)?;
    let lines = Lines::new(file.text);
    let source = file.project.sources.get(file.index).ok_or("the file is not open")?;
    let tests = editor::outline(source).into_iter().filter(|one| one.thing == Thing::Test);
    Ok(tests
        .map(|test| CodeLens {
            range: lines.range(test.name_span.start, test.name_span.end),
            command: Some(Command {
                title: "Run test".into(),
                tooltip: None,
                command: "wayfare.runTest".into(),
                arguments: Some(vec![json!(source.name), json!(test.name)]),
            }),
            data: None,
        })
        .collect())
}

pub(crate) fn tokens(workspace: &Workspace, params: &SemanticTokensParams) -> Result<SemanticTokens, String> {
    let file = workspace.file(&params.text_document.uri)?;
    let lines = Lines::new(file.text);
    let mut data = Vec::new();
    let (mut line, mut column) = (0, 0);
    for token in editor::tokens(&file.project.analysis, file.index) {
        let token_type = token_type(token.kind);
        let mut start = token.place.start;
        // The protocol knows no token that goes over several lines.
        for part in
            file.text.get(token.place.start..token.place.end).unwrap_or_default().split_inclusive('\n')
        {
            let from = lines.position(start);
            let length = small(part.trim_end_matches(['\r', '\n']).encode_utf16().count());
            start += part.len();
            if length == 0 {
                continue;
            }
            let delta_line = from.line - line;
            let delta_start = if delta_line == 0 { from.character - column } else { from.character };
            data.push(SemanticToken {
                delta_line,
                delta_start,
                length,
                token_type,
                token_modifiers_bitset: 0,
            });
            (line, column) = (from.line, from.character);
        }
    }
    Ok(SemanticTokens { result_id: None, data })
}

/// The position in [`TOKEN_TYPES`].
fn token_type(kind: TokenKind) -> u32 {
    match kind {
        TokenKind::Comment => 0,
        TokenKind::Text => 1,
        TokenKind::Number => 2,
        TokenKind::Name(Thing::Variable | Thing::Profile | Thing::Label | Thing::Keyword) => 3,
        TokenKind::Name(Thing::Field) => 4,
        TokenKind::Name(Thing::Type) => 5,
        TokenKind::Name(Thing::Event) => 6,
        TokenKind::Name(Thing::Connection | Thing::Policy | Thing::Webhook) => 7,
        // The name of a kit stands in quotes, as texts do.
        TokenKind::Name(Thing::Kit) => 1,
        TokenKind::Name(Thing::Action | Thing::Message) => 8,
        TokenKind::Name(Thing::Function) => 9,
        TokenKind::Name(Thing::Journey | Thing::Test | Thing::Audience) => 10,
    }
}
