//! The answers of an action: a type for what is good, or one for each status.

use graph::{Answers, Type};

use super::scope::Env;
use crate::{
    diagnostic::{Code, Report},
    syntax::{At, ast},
};

/// The declared answers; none where there are none, or a type could not be resolved.
pub(super) fn of(action: &ast::Action, env: &mut Env<'_>) -> Option<Answers> {
    match action.answer.as_ref()? {
        ast::Answers::Body(ty) => env.ty(ty).map(Answers::Body),
        ast::Answers::ByStatus(cases) => {
            let mut seen: Vec<(At, u16)> = Vec::new();
            let (mut made, mut whole) = (Vec::new(), true);
            for case in cases {
                for (at, status) in &case.statuses {
                    once(*at, *status, &mut seen, env);
                }
                let body: Option<Option<Type>> = case.body.as_ref().map(|ty| env.ty(ty));
                whole &= body.as_ref().is_none_or(Option::is_some);
                made.push((case.statuses.iter().map(|(_, status)| *status).collect(), body.flatten()));
            }
            let declared: usize = cases.iter().map(|case| case.statuses.len()).sum();
            (whole && declared == seen.len()).then(|| Answers::by_status(made))
        }
    }
}

/// Reports a status that has an answer already.
fn once(at: At, status: u16, seen: &mut Vec<(At, u16)>, env: &mut Env<'_>) {
    match seen.iter().find(|(_, known)| *known == status) {
        None => seen.push((at, status)),
        Some((before, _)) => env.report(
            Report::new(
                Code::DuplicateName,
                at,
                format!("the answer with the status {status} is declared twice"),
            )
            .label("declared again here")
            .related(*before, "first declared here"),
        ),
    }
}
