//! The answer to a request that was sent, shown, and checked against what the action declares.

use connect::Attempt;
use graph::{Action, CallError, Value};

use crate::commands::print;

/// Shows an answer, and says whether it fits.
pub(crate) fn show(action: &Action, attempt: &Attempt) -> Result<Value, CallError> {
    let took = attempt.duration.as_millis();
    let answer = match &attempt.outcome {
        Ok(answer) => answer,
        Err(error) => {
            print(&format!("\nno answer within {took} ms: {}: {}", error.kind.word(), error.reason));
            return Err(error.clone());
        }
    };
    let headers: Vec<String> =
        answer.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let protocol = if attempt.by_mail { "SMTP" } else { "HTTP" };
    let head = format!("{protocol} {} in {took} ms\n{}", answer.status, headers.join("\n"));
    print(&format!("\n{head}\n\n{}\n", answer.body));
    let read = engine::read_answer(action, answer);
    print(&match (&read, &action.answer) {
        (Ok(_), Some(answers)) => format!("the answer fits {}", answers.ty()),
        (Ok(_), None) => format!("`{}` does not look at its answer; this one is good", action.name),
        (Err(error), _) => format!("an error of the kind `{}`: {}", error.kind.word(), error.reason),
    });
    read
}
