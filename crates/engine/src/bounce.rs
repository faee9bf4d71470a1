//! Mail that a server refuses because nobody is at its address: an event follows, as from a provider that tells of a
//! bounce later.

use graph::{Action, CallError, Step, StepKind, Value};

use crate::walk::Walk;

/// Why an address takes no mail, now or ever (RFC 3463, section 3.2): no such mailbox, no such system, no address at all,
/// moved away, no mail for this domain.
const GONE: [&str; 5] = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"];

impl Walk<'_> {
    /// Lets the bounce follow, if that is what the error of a message says.
    pub(crate) fn tell_bounce(&mut self, step: &Step, action: &Action, error: &CallError) {
        let StepKind::Send { message, .. } = &step.kind else { return };
        let Some(Value::Text(said)) = error.body.as_ref().filter(|_| action.connection.mail.is_some()) else {
            return;
        };
        // Whoever refuses a recipient is told to say which: `ada@example.com: 5.1.1 no such user`.
        let Some((address, reply)) = said.split_once(": ").filter(|(address, _)| address.contains('@'))
        else {
            return;
        };
        if !reply.split_whitespace().any(|word| GONE.contains(&word)) {
            return;
        }
        let properties = Value::record([
            ("url", Value::Null),
            ("reason", Value::text(reply)),
            ("text", Value::Null),
            ("address", Value::text(address)),
            ("instance", Value::from(self.instance.id.to_string())),
        ]);
        // Where too much follows already, the error itself is what there is to see.
        let _ = self.let_follow(format!("{message}.bounced").into(), properties);
    }
}
