//! Files beside the journeys: the documents that messages take by `file("cart.mjml")`.
//!
//! Whoever reads a project from disk asks a source which it names, and gives them as sources too. A document has no
//! declarations; it is a text with holes. A version holds what it takes of them, so that it needs no file.

use crate::{
    Source,
    syntax::{lexer::lex, token::Kind},
};

/// What the name of a document ends with.
const ENDINGS: [&str; 3] = [".mjml", ".html", ".txt"];

/// The names of the documents that a source takes, as they are written; they lie in the folder of the source.
pub fn documents(source: &Source) -> Vec<String> {
    if is_document(&source.name) {
        return Vec::new();
    }
    let tokens = lex(&source.text, 0, 0).tokens;
    let calls = tokens.windows(3).filter_map(|three| match three {
        [word, open, text] if word.text == "file" && open.text == "(" && text.kind == Kind::Text => {
            Some(text.text.trim_matches('"'))
        }
        _ => None,
    });
    let mut names: Vec<String> = calls.filter(|name| is_plain(name)).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

/// Whether a source is a document and no journey file, by its name.
pub fn is_document(name: &str) -> bool {
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Whether a name is that of a document in the same folder: no path leads out of a project.
pub(crate) fn is_plain(name: &str) -> bool {
    is_document(name) && !name.starts_with('.') && !name.contains(['/', '\\', ':', '\0', '{'])
}

/// The document of a name beside a source.
pub(crate) fn beside(sources: &[Source], file: u32, name: &str) -> Option<u32> {
    let own = &sources.get(file as usize)?.name;
    let folder = own.rfind(['/', '\\']).and_then(|at| own.get(..=at)).unwrap_or_default();
    let wanted = format!("{folder}{name}");
    sources.iter().position(|source| source.name == wanted).and_then(|index| u32::try_from(index).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_says_which_documents_it_takes_and_none_lies_elsewhere() {
        let text = "message m via e {\n  mjml: file(\"b.mjml\")\n  text: file( \"a.txt\" )\n}\n\
                    // file(\"comment.mjml\")\nmessage n via e { html: file(\"../up.html\"), text: file(\"/etc/passwd\") }\n\
                    message o via e { html: file(\"b.mjml\"), text: file(\".env.txt\"), subject: file(\"x.rs\") }\n";
        let source = Source { name: "journeys/a.journey".into(), text: text.into() };
        assert_eq!(documents(&source), ["a.txt", "b.mjml"]);
        let document = Source { name: "journeys/b.mjml".into(), text: String::new() };
        let sources = [source, document];
        assert_eq!(beside(&sources, 0, "b.mjml"), Some(1));
        assert_eq!(beside(&sources, 0, "a.txt"), None);
    }
}
