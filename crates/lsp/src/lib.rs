//! Speaks the language server protocol (version 3.17) for `lang`, over standard input and output.
//!
//! What comes in: the messages of an editor. What goes out: diagnostics, and answers to its questions. One message after
//! the other, so that an answer always belongs to the text that the editor has seen. Deliberately absent: rules of the
//! language.

mod answer;
mod place;
mod workspace;

use gen_lsp_types::{PublishDiagnosticsParams, TextDocumentContentChangeEvent, Uri};
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response, ResponseError};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::workspace::Workspace;

/// Why the server stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The editor did not keep to the protocol, or went away.
    #[error("the editor does not speak the language server protocol")]
    Protocol(#[from] lsp_server::ProtocolError),
    /// Standard input or output failed.
    #[error("standard input or output failed")]
    Io(#[from] std::io::Error),
    /// A message could not be written.
    #[error("a message could not be written")]
    Json(#[from] serde_json::Error),
    /// The editor went away in the middle of something.
    #[error("the editor has gone away")]
    Gone,
}

/// Serves one editor until it says goodbye.
///
/// # Errors
/// When the editor goes away without a word, or does not speak the protocol.
pub fn serve() -> Result<(), Error> {
    let (connection, threads) = Connection::stdio();
    talk(&connection)?;
    drop(connection);
    Ok(threads.join()?)
}

fn talk(connection: &Connection) -> Result<(), Error> {
    connection.initialize(capabilities())?;
    let mut workspace = Workspace::default();
    for message in &connection.receiver {
        match message {
            Message::Request(request) => {
                if connection.handle_shutdown(&request)? {
                    return Ok(());
                }
                let answer = answer(&workspace, request);
                connection.sender.send(Message::Response(answer)).map_err(|_| Error::Gone)?;
            }
            Message::Notification(notification) => {
                if let Some(changed) = notice(&mut workspace, &notification) {
                    publish(connection, &workspace, &changed)?;
                }
            }
            Message::Response(_) => {}
        }
    }
    Err(Error::Gone)
}

fn capabilities() -> Value {
    json!({
        "textDocumentSync": { "openClose": true, "change": 1, "save": true },
        "hoverProvider": true,
        "definitionProvider": true,
        "referencesProvider": true,
        "documentHighlightProvider": true,
        "documentSymbolProvider": true,
        "documentFormattingProvider": true,
        "renameProvider": { "prepareProvider": true },
        "codeActionProvider": { "codeActionKinds": ["quickfix"] },
        "codeLensProvider": {},
        "completionProvider": { "triggerCharacters": [".", "/"] },
        "semanticTokensProvider": {
            "legend": { "tokenTypes": answer::TOKEN_TYPES, "tokenModifiers": [] },
            "full": true,
        },
    })
}

/// Takes what the editor tells; gives the file whose project must be looked at again.
fn notice(workspace: &mut Workspace, notification: &Notification) -> Option<Uri> {
    let uri: Uri = serde_json::from_value(notification.params.pointer("/textDocument/uri")?.clone()).ok()?;
    match notification.method.as_str() {
        "textDocument/didOpen" => {
            let text = notification.params.pointer("/textDocument/text")?.as_str()?;
            workspace.open(&uri, text.to_owned());
        }
        "textDocument/didChange" => {
            let changes = notification.params.get("contentChanges")?.clone();
            let changes: Vec<TextDocumentContentChangeEvent> = serde_json::from_value(changes).ok()?;
            let text = match changes.into_iter().next_back()? {
                TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => whole.text,
                TextDocumentContentChangeEvent::TextDocumentContentChangePartial(_) => return None,
            };
            workspace.change(&uri, text);
        }
        "textDocument/didSave" => workspace.reread(&uri),
        "textDocument/didClose" => workspace.close(&uri),
        _ => return None,
    }
    Some(uri)
}

/// Says what is wrong in every file of the project, and that nothing is wrong any more where nothing is.
fn publish(connection: &Connection, workspace: &Workspace, changed: &Uri) -> Result<(), Error> {
    for (uri, diagnostics) in workspace.diagnostics(changed) {
        let params = PublishDiagnosticsParams { uri, version: None, diagnostics };
        let notification = Notification::new("textDocument/publishDiagnostics".to_owned(), params);
        connection.sender.send(Message::Notification(notification)).map_err(|_| Error::Gone)?;
    }
    Ok(())
}

fn answer(workspace: &Workspace, request: Request) -> Response {
    let Request { id, method, params, .. } = request;
    let result = match method.as_str() {
        "textDocument/hover" => ask(params, |params| answer::hover(workspace, &params)),
        "textDocument/completion" => ask(params, |params| answer::completion(workspace, &params)),
        "textDocument/definition" => ask(params, |params| answer::definition(workspace, &params)),
        "textDocument/references" => ask(params, |params| answer::references(workspace, &params)),
        "textDocument/documentHighlight" => ask(params, |params| answer::highlights(workspace, &params)),
        "textDocument/prepareRename" => ask(params, |params| answer::prepare_rename(workspace, &params)),
        "textDocument/rename" => ask(params, |params| answer::rename(workspace, &params)),
        "textDocument/documentSymbol" => ask(params, |params| answer::symbols(workspace, &params)),
        "textDocument/formatting" => ask(params, |params| answer::formatting(workspace, &params)),
        "textDocument/codeAction" => ask(params, |params| answer::fixes(workspace, &params)),
        "textDocument/codeLens" => ask(params, |params| answer::lenses(workspace, &params)),
        "textDocument/semanticTokens/full" => ask(params, |params| answer::tokens(workspace, &params)),
        _ => Err(refusal(ErrorCode::MethodNotFound, format!("`{method}` is not offered"))),
    };
    Response { id, response_result: result }
}

fn ask<P: DeserializeOwned, A: Serialize>(
    params: Value,
    answer: impl FnOnce(P) -> Result<A, String>,
) -> Result<Value, ResponseError> {
    let params = serde_json::from_value(params)
        .map_err(|error| refusal(ErrorCode::InvalidParams, error.to_string()))?;
    let answer = answer(params).map_err(|reason| refusal(ErrorCode::RequestFailed, reason))?;
    serde_json::to_value(answer).map_err(|error| refusal(ErrorCode::InternalError, error.to_string()))
}

fn refusal(code: ErrorCode, message: String) -> ResponseError {
    ResponseError { code: code as i32, message, data: None }
}
