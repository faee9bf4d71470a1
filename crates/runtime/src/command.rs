//! What a worker is asked to do, and what whoever asked is told.

use engine::{AttemptId, CallOutcome, Ignored, Input, Operation};
use graph::Name;
use store::{Leases, RefusedEvent, Shard, Wanted};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{
    Error, ProfileAnswer, ProfileChange, Receipt, Refusal,
    turn::{Batch, NewEvent},
};

/// Something a worker is asked to do.
pub(crate) enum Command {
    Events {
        batch: Vec<NewEvent>,
        refused: Vec<RefusedEvent>,
        reply: Reply<Vec<Verdict>>,
    },
    Profile {
        shard: Shard,
        key: Name,
        change: ProfileChange,
        reply: Reply<ProfileAnswer>,
    },
    Erase {
        shard: Shard,
        key: Name,
        reply: Reply<()>,
    },
    CallEnded {
        shard: Shard,
        profile: Name,
        attempt: AttemptId,
        outcome: CallOutcome,
    },
    /// An attempt was given up before it began, because the process stops.
    CallDropped {
        attempt: AttemptId,
    },
    Operate {
        shard: Shard,
        profile: Name,
        id: Uuid,
        operation: Operation,
        reply: Reply<Result<(), Ignored>>,
    },
    /// There may be calls in the store that nobody makes: a connection goes on.
    Recover,
    /// From now on it writes to these shards and no others.
    Hold {
        leases: Leases,
        reply: Reply<()>,
    },
}

/// What became of an event.
pub(crate) type Verdict = Result<Receipt, Refusal>;

pub(crate) type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// What a command's sender is told once the turn is written.
pub(crate) enum Answer {
    Events(Vec<Verdict>),
    Profile(ProfileAnswer),
    Operated(Option<Ignored>),
    Nothing,
}

/// What the turn of some commands must load.
pub(crate) fn wanted(commands: &[Command]) -> Wanted {
    let mut wanted = Wanted::default();
    for command in commands {
        match command {
            Command::Events { batch, .. } => {
                for new in batch {
                    wanted.profiles.push((new.shard, new.profile.clone(), true));
                    wanted.events.push((new.shard, new.profile.clone(), new.event.id.clone()));
                }
            }
            Command::Profile { shard, key, .. } => wanted.profiles.push((*shard, key.clone(), true)),
            Command::Erase { .. } | Command::Hold { .. } | Command::CallDropped { .. } | Command::Recover => {
            }
            Command::CallEnded { shard, profile, attempt: AttemptId { instance: id, .. }, .. }
            | Command::Operate { shard, profile, id, .. } => {
                wanted.profiles.push((*shard, profile.clone(), false));
                wanted.instances.push((*shard, *id));
            }
        }
    }
    wanted
}

/// Has a command done in a turn.
pub(crate) fn decide(batch: &mut Batch<'_>, command: &Command) -> Answer {
    match command {
        Command::Events { batch: events, refused, .. } => {
            batch.keep_refused(refused);
            Answer::Events(events.iter().map(|event| batch.take_event(event)).collect())
        }
        Command::Profile { shard, key, change, .. } => {
            Answer::Profile(batch.change_profile(*shard, key, change.clone()))
        }
        Command::Erase { .. } | Command::Hold { .. } | Command::CallDropped { .. } | Command::Recover => {
            Answer::Nothing
        }
        Command::CallEnded { attempt: AttemptId { instance, call, attempt }, outcome, .. } => {
            let input = Input::CallEnded { call: *call, attempt: *attempt, outcome: outcome.clone() };
            batch.apply(*instance, &input);
            Answer::Nothing
        }
        Command::Operate { id, operation, .. } => {
            Answer::Operated(batch.apply(*id, &Input::Operation(operation.clone())).flatten())
        }
    }
}

/// Divides commands, in their order, into what one transaction may hold: what must be alone is. There is one part at
/// least, for a turn has more to do than what it is asked.
pub(crate) fn parts(commands: Vec<Command>) -> Vec<Vec<Command>> {
    let mut parts = vec![Vec::new()];
    for command in commands {
        let alone = command.is_alone();
        if alone {
            parts.push(Vec::new());
        }
        if let Some(part) = parts.last_mut() {
            part.push(command);
        }
        if alone {
            parts.push(Vec::new());
        }
    }
    let has_work = parts.iter().any(|part| !part.is_empty());
    parts.retain(|part| !has_work || !part.is_empty());
    parts
}

impl Command {
    /// How many inputs it is.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Command::Events { batch, refused, .. } => batch.len() + refused.len(),
            _ => 1,
        }
    }

    /// Whether it is done by itself, between turns.
    pub(crate) fn is_alone(&self) -> bool {
        matches!(self, Command::Erase { .. } | Command::Hold { .. })
    }

    /// Whether all that it touches is held.
    pub(crate) fn is_within(&self, held: &Leases) -> bool {
        match self {
            Command::Events { batch, refused, .. } => {
                let mut shards = batch.iter().map(|new| new.shard).chain(refused.iter().map(|one| one.shard));
                shards.all(|shard| held.contains_key(&shard))
            }
            Command::Profile { shard, .. }
            | Command::Erase { shard, .. }
            | Command::CallEnded { shard, .. }
            | Command::Operate { shard, .. } => held.contains_key(shard),
            Command::Hold { .. } | Command::CallDropped { .. } | Command::Recover => true,
        }
    }

    /// Tells the sender what became of the command. A sender that has gone away misses nothing: it is written.
    pub(crate) fn reply(self, answer: Answer) {
        match (self, answer) {
            (Command::Events { reply, .. }, Answer::Events(verdicts)) => {
                let became = |wanted: fn(&Verdict) -> bool| {
                    count(verdicts.iter().filter(|verdict| wanted(verdict)).count())
                };
                let counter = |outcome| metrics::counter!("wayfare_events_total", "outcome" => outcome);
                counter("accepted").increment(became(|one| matches!(one, Ok(Receipt::Accepted(_)))));
                counter("duplicate").increment(became(|one| matches!(one, Ok(Receipt::Duplicate))));
                counter("refused").increment(became(Result::is_err));
                let _ = reply.send(Ok(verdicts));
            }
            (Command::Profile { reply, .. }, Answer::Profile(answer)) => {
                let _ = reply.send(Ok(answer));
            }
            (Command::Operate { reply, .. }, Answer::Operated(ignored)) => {
                let _ = reply.send(Ok(ignored.map_or(Ok(()), Err)));
            }
            (Command::Erase { reply, .. } | Command::Hold { reply, .. }, Answer::Nothing) => {
                let _ = reply.send(Ok(()));
            }
            _ => {}
        }
    }

    /// Tells the sender why the command was not carried out.
    pub(crate) fn refuse(self, error: Error) {
        match self {
            Command::Events { reply, .. } => drop(reply.send(Err(error))),
            Command::Profile { reply, .. } => drop(reply.send(Err(error))),
            Command::Erase { reply, .. } | Command::Hold { reply, .. } => drop(reply.send(Err(error))),
            Command::Operate { reply, .. } => drop(reply.send(Err(error))),
            Command::CallEnded { .. } | Command::CallDropped { .. } | Command::Recover => {}
        }
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
