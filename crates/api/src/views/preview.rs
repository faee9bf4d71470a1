//! Actions, messages, and requests that are looked at, on the wire.

use graph::{Name, Project, Type};
use runtime::Looked;
use serde::Serialize;
use utoipa::ToSchema;

/// The actions and messages of the project, by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionList {
    /// Actions, then messages.
    pub actions: Vec<ActionView>,
}

/// An action or a message.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActionView {
    /// Its name.
    pub name: String,
    /// `action` or `message`.
    pub kind: &'static str,
    /// Its doc comment.
    pub doc: Option<String>,
    /// What it is given.
    pub params: Vec<ParamView>,
}

/// What an action or a message is given.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParamView {
    /// Its name.
    pub name: String,
    /// Its type, as the language writes it.
    #[serde(rename = "type")]
    pub ty: String,
}

impl ActionList {
    /// All that a project declares.
    pub fn of(project: &Project) -> ActionList {
        let view = |name: &Name, kind, doc: Option<&Name>, params: &[(Name, Type)]| ActionView {
            name: name.to_string(),
            kind,
            doc: doc.map(ToString::to_string),
            params: params
                .iter()
                .map(|(name, ty)| ParamView { name: name.to_string(), ty: ty.to_string() })
                .collect(),
        };
        let actions = project.actions.values();
        let actions = actions.map(|one| view(&one.name, "action", one.doc.as_ref(), &one.params));
        let messages = project.messages.values();
        let messages = messages.map(|one| view(&one.name, "message", one.doc.as_ref(), &one.params));
        ActionList { actions: actions.chain(messages).collect() }
    }
}

/// A request as it would go out, and what it is made of.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewView {
    /// `action` or `message`.
    pub kind: &'static str,
    /// The action that carries it.
    pub action: String,
    /// What the action is given: of a message, what it says.
    pub fields: Vec<FieldView>,
    /// The request, with dots for secrets.
    pub request: RequestView,
}

/// A named text.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldView {
    /// Its name.
    pub name: String,
    /// Its text; what is no text is JSON.
    pub value: String,
}

/// A request.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestView {
    /// The HTTP method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The headers, in the order in which they are sent.
    pub headers: Vec<FieldView>,
    /// The body, if there is one.
    pub body: Option<String>,
}

impl From<&Looked> for PreviewView {
    fn from(looked: &Looked) -> PreviewView {
        let shown = &looked.shown;
        let field = |name: &str, value: String| FieldView { name: name.to_owned(), value };
        PreviewView {
            kind: if looked.is_message { "message" } else { "action" },
            action: looked.preview.action.name.to_string(),
            fields: looked
                .preview
                .carried
                .iter()
                .map(|(name, value)| field(name, value.to_string()))
                .collect(),
            request: RequestView {
                method: shown.method.clone(),
                url: shown.url.clone(),
                headers: shown.headers.iter().map(|(name, value)| field(name, value.clone())).collect(),
                body: shown.body.clone(),
            },
        }
    }
}
