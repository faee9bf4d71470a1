//! `track_clicks`, `track_opens`: links of a mail that lead through this server, and a picture that says it was opened.
//!
//! The addresses of links are found when a project is compiled; when a mail is written, each is one more hole.

use graph::{Destination, Escape, Expr as G, Link, Part, Template};

use super::{expr::Check, html, scope::Env};
use crate::{
    diagnostic::{Code, Report},
    syntax::ast::{self, ExprKind},
};

/// The fields of a mail that say it.
pub(super) const WORDS: [&str; 2] = ["track_clicks", "track_opens"];

/// What is noted of a mail.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tracking {
    clicks: bool,
    opens: bool,
}

/// What a message wants to be noted; nothing, if it does not say.
pub(super) fn wanted(message: &ast::Message, env: &mut Env<'_>) -> Tracking {
    let mut said = |word: &str| {
        let given = message.fields.iter().find(|(name, _)| &*name.text == word);
        match given.map(|(_, value)| (&value.kind, value.at)) {
            None => false,
            Some((ExprKind::Bool(wanted), _)) => *wanted,
            Some((_, at)) => {
                let what = format!("`{word}` is the same for everybody");
                let report = Report::new(Code::BadSetting, at, what).label("neither `true` nor `false`");
                env.report(report.help(format!("write `{word}: true`, or leave it out")));
                false
            }
        }
    };
    let [clicks, opens] = WORDS.map(&mut said);
    Tracking { clicks, opens }
}

impl Check<'_, '_> {
    /// The document with what is to be noted in it.
    pub(super) fn tracked(&mut self, document: Template, tracking: Tracking) -> Template {
        let Some(sending) = self.scope.sending.as_mut() else { return document };
        sending.links |= tracking.clicks || tracking.opens;
        let (message, policy) = (sending.message.clone(), sending.policy.clone());
        let link = |to, url| G::Link(Link { to, message: message.clone(), policy: policy.clone(), url });
        let mut document = if tracking.clicks {
            through(document, &|url| link(Destination::Clicked, Some(Box::new(G::Text(url)))))
        } else {
            document
        };
        if tracking.opens {
            picture(&mut document, link(Destination::Opened, None));
        }
        document
    }
}

/// A document whose links lead where `wrap` says.
fn through(document: Template, wrap: &dyn Fn(Template) -> G) -> Template {
    let mut reader = Reader { place: html::Place::default(), made: Vec::new(), address: None, wrap };
    document.parts.into_iter().for_each(|part| reader.part(part));
    Template { parts: reader.finish() }
}

/// Reads the parts of a document one after the other.
struct Reader<'w> {
    place: html::Place,
    made: Vec<Part>,
    /// The parts of the address that is being read, if one is.
    address: Option<Vec<Part>>,
    wrap: &'w dyn Fn(Template) -> G,
}

impl Reader<'_> {
    fn part(&mut self, part: Part) {
        match part {
            // An address begins and ends with a quote.
            Part::Text(text) => text.split_inclusive(['"', '\'']).for_each(|piece| self.piece(piece)),
            part if self.address.is_some() => self.put(part),
            Part::If { branches, otherwise } => {
                let branches =
                    branches.into_iter().map(|(when, text)| (when, through(text, self.wrap))).collect();
                self.put(Part::If { branches, otherwise: through(otherwise, self.wrap) });
            }
            Part::For { variable, list, body } => {
                let body = through(body, self.wrap);
                self.put(Part::For { variable, list, body });
            }
            Part::Hole { .. } => self.put(part),
        }
    }

    fn piece(&mut self, piece: &str) {
        self.place.read(piece);
        match (self.place.is_link(), self.address.take()) {
            (true, None) => {
                self.put(Part::Text(piece.into()));
                self.address = Some(Vec::new());
            }
            (true, Some(mut address)) => {
                address.push(Part::Text(piece.into()));
                self.address = Some(address);
            }
            (false, None) => self.put(Part::Text(piece.into())),
            (false, Some(mut address)) => {
                let quote = piece.len() - piece.chars().next_back().map_or(0, char::len_utf8);
                let (rest, quote) = piece.split_at(quote);
                if !rest.is_empty() {
                    address.push(Part::Text(rest.into()));
                }
                self.link(address);
                self.put(Part::Text(quote.into()));
            }
        }
    }

    /// An address that has been read. What is a link of ours already is left as it is.
    fn link(&mut self, address: Vec<Part>) {
        let is_ours = |part: &Part| matches!(part, Part::Hole { value: G::Link(_), .. });
        if address.is_empty() || address.iter().any(is_ours) {
            return self.made.extend(address);
        }
        let url = Template { parts: address.into_iter().map(plain).collect() };
        self.made.push(Part::Hole { value: (self.wrap)(url), escape: Escape::Html });
    }

    fn put(&mut self, part: Part) {
        self.address.as_mut().unwrap_or(&mut self.made).push(part);
    }

    fn finish(mut self) -> Vec<Part> {
        let unfinished = self.address.take().unwrap_or_default();
        self.made.extend(unfinished);
        self.made
    }
}

/// A part of an address as it is outside HTML.
fn plain(part: Part) -> Part {
    let all = |text: Template| Template { parts: text.parts.into_iter().map(plain).collect() };
    match part {
        Part::Text(text) => {
            let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
            Part::Text(text.replace("&#39;", "'").replace("&amp;", "&").into())
        }
        Part::Hole { value, escape: Escape::Html } => Part::Hole { value, escape: Escape::Plain },
        Part::Hole { .. } => part,
        Part::If { branches, otherwise } => Part::If {
            branches: branches.into_iter().map(|(when, text)| (when, all(text))).collect(),
            otherwise: all(otherwise),
        },
        Part::For { variable, list, body } => Part::For { variable, list, body: all(body) },
    }
}

/// Puts the picture at the end of the document, inside its body.
fn picture(document: &mut Template, link: G) {
    let mut behind = String::new();
    if let Some(Part::Text(text)) = document.parts.last_mut()
        && let Some((before, end)) = text.rfind("</body>").and_then(|end| text.split_at_checked(end))
    {
        behind = end.to_owned();
        *text = before.into();
    }
    document.parts.push(Part::Text("<img src=\"".into()));
    document.parts.push(Part::Hole { value: link, escape: Escape::Html });
    document.parts.push(Part::Text(format!("\" width=\"1\" height=\"1\" alt=\"\">{behind}").into()));
}
