//! A worker: the one writer of a range of shards.
//!
//! It blocks for the first command or the next moment, takes whatever else is queued, loads what the batch touches, has
//! it decided by [`Batch`], commits, acknowledges, and hands the calls out. When the store fails, events are answered
//! with an error (their senders send them again under the same ids), and answers of partners are kept and applied in
//! the next turn.

use std::{cmp::Reverse, collections::HashMap, sync::Arc, time::Duration};

use engine::{CallOutcome, Ignored, Input, Operation};
use graph::Name;
use jiff::Timestamp;
use store::{RefusedEvent, Shard, Wanted, Writer};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    Catalog, Clock, Error, ProfileAnswer, ProfileChange, Receipt,
    dispatch::{Dispatcher, Reserved},
    sweep::Sweeper,
    turn::{Batch, NewEvent},
};

/// The most inputs of one turn.
const MOST_INPUTS: usize = 1_000;
/// The most due instances of one turn, so that a herd of them leaves room for what comes in.
const MOST_DUE: u32 = 500;
/// How long a worker sleeps at most. What is due then is what the clock says, and a clock may be set meanwhile; to look at
/// it costs no query.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// How long a worker rests after the store failed.
const AFTER_FAILURE: Duration = Duration::from_millis(250);

/// Something a worker is asked to do.
pub(crate) enum Command {
    Events { batch: Vec<NewEvent>, refused: Vec<RefusedEvent>, reply: Reply<Vec<Receipt>> },
    Profile { shard: Shard, key: Name, change: ProfileChange, reply: Reply<ProfileAnswer> },
    Erase { shard: Shard, key: Name, reply: Reply<()> },
    CallEnded { shard: Shard, profile: Name, id: Uuid, call: u32, attempt: u32, outcome: CallOutcome },
    Operate { shard: Shard, profile: Name, id: Uuid, operation: Operation, reply: Reply<Result<(), Ignored>> },
}

type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// The one writer of a range of shards.
pub(crate) struct Worker {
    writer: Box<dyn Writer>,
    catalog: Arc<Catalog>,
    dispatcher: Dispatcher,
    clock: Clock,
    commands: mpsc::Receiver<Command>,
    stop: CancellationToken,
    cursors: HashMap<Shard, i64>,
    shards: u16,
    /// The earliest moment at which an instance is known to be due.
    next_due: Option<Timestamp>,
    /// Calls that were under way when the process started, by id above this one; none when all were looked at.
    recovering: Option<Option<Uuid>>,
    started_at: Timestamp,
    sweeper: Sweeper,
    /// Answers whose turn could not be written.
    kept: Vec<Command>,
}

impl Worker {
    pub(crate) async fn new(
        writer: Box<dyn Writer>,
        catalog: Arc<Catalog>,
        dispatcher: Dispatcher,
        clock: Clock,
        commands: mpsc::Receiver<Command>,
        stop: CancellationToken,
        shards: u16,
    ) -> Result<Worker, store::Error> {
        let started_at = clock();
        let mut writer = writer;
        let sweeper = Sweeper::new(&mut *writer, &catalog, shards, started_at).await?;
        let mut worker = Worker {
            writer,
            catalog,
            dispatcher,
            clock,
            commands,
            stop,
            cursors: HashMap::new(),
            shards,
            next_due: Some(started_at),
            recovering: Some(None),
            started_at,
            sweeper,
            kept: Vec::new(),
        };
        worker.read_cursors().await?;
        Ok(worker)
    }

    async fn read_cursors(&mut self) -> Result<(), store::Error> {
        let cursors = self.writer.cursors().await?;
        self.cursors = self.writer.shards().zip(cursors).collect();
        Ok(())
    }

    /// Works until it is told to stop, or another writer has taken its shards over.
    pub(crate) async fn run(mut self) {
        loop {
            let Some(commands) = self.gather().await else { break };
            match self.turn(commands).await {
                Ok(()) => {}
                Err(store::Error::Fenced) => {
                    tracing::error!("another process writes to this database; stopping");
                    self.stop.cancel();
                    break;
                }
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "a turn could not be written");
                    metrics::counter!("wayfare_turns_total", "outcome" => "failed").increment(1);
                    tokio::time::sleep(AFTER_FAILURE).await;
                    // After a failure it is unknown what was written: what is due and where the log ends is read anew.
                    self.next_due = Some((self.clock)());
                    if let Err(error) = self.read_cursors().await {
                        tracing::warn!(
                            error = &error as &dyn std::error::Error,
                            "the log's end cannot be read yet"
                        );
                    }
                }
            }
        }
    }

    /// Waits for something to do and takes all there is, up to a bound; none when it is time to stop.
    async fn gather(&mut self) -> Option<Vec<Command>> {
        let mut gathered = std::mem::take(&mut self.kept);
        let mut weight = gathered.len();
        if gathered.is_empty() && self.recovering.is_none() {
            let sleep = self.until_due();
            if !sleep.is_zero() {
                tokio::select! {
                    biased;
                    () = self.stop.cancelled() => return None,
                    command = self.commands.recv() => {
                        let command = command?;
                        weight += command.weight();
                        gathered.push(command);
                    }
                    () = tokio::time::sleep(sleep) => {}
                }
            }
        }
        if self.stop.is_cancelled() {
            return None;
        }
        while weight < MOST_INPUTS {
            let Ok(command) = self.commands.try_recv() else { break };
            weight += command.weight();
            gathered.push(command);
        }
        Some(gathered)
    }

    fn until_due(&self) -> Duration {
        match [self.next_due, self.sweeper.next()].into_iter().flatten().min() {
            Some(due) => {
                let left = due.duration_since((self.clock)());
                // Rounded up, since a sleep that ends a little early would make an idle turn.
                Duration::try_from(left)
                    .map_or(Duration::ZERO, |left| left + Duration::from_micros(500))
                    .min(LONGEST_SLEEP)
            }
            None => LONGEST_SLEEP,
        }
    }

    /// Takes commands in order. An erasure is a transaction of its own: what came before goes with the person, what
    /// comes after stays.
    async fn turn(&mut self, commands: Vec<Command>) -> Result<(), store::Error> {
        let mut parts = vec![Vec::new()];
        for command in commands {
            let alone = matches!(command, Command::Erase { .. });
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
        let is_work = |part: &Vec<Command>| !part.is_empty();
        let idle = !parts.iter().any(is_work);
        let mut failed = None;
        for part in parts.into_iter().filter(|part| idle || is_work(part)) {
            let outcome = match failed {
                Some(_) => None,
                None => match self.try_turn(&part).await {
                    Ok(answers) => Some(answers),
                    Err(error) => {
                        failed = Some(error);
                        None
                    }
                },
            };
            match outcome {
                Some(answers) => {
                    part.into_iter().zip(answers).for_each(|(command, answer)| command.reply(answer));
                }
                None => self.give_back(part),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Tells senders that nothing was written; results of calls have none and are kept for the next turn.
    fn give_back(&mut self, commands: Vec<Command>) {
        for command in commands {
            match command {
                Command::CallEnded { .. } => self.kept.push(command),
                other => other.refuse(),
            }
        }
    }

    async fn try_turn(&mut self, commands: &[Command]) -> Result<Vec<Answer>, store::Error> {
        if let [Command::Erase { shard, key, .. }] = commands {
            self.writer.erase(*shard, key).await?;
            return Ok(vec![Answer::Nothing]);
        }
        let now = (self.clock)();
        let mut wanted = wanted(commands);
        wanted.limits = self.catalog.has_limits();
        let due = self.due(now).await?;
        let lost = self.lost_calls().await?;
        for instance in due.instances.iter().chain(&lost) {
            let shard = store::shard_of(&instance.profile, self.shards);
            wanted.profiles.push((shard, instance.profile.clone(), false));
        }
        self.sweeper.begin(self.writer.shards(), now);
        let page = self.sweeper.page(&mut *self.writer, now).await?;
        for visitor in page.iter().flat_map(|page| &page.people) {
            visitor.want(page.as_ref().map_or(0, |page| page.sweep.shard), &mut wanted);
        }
        if commands.is_empty() && due.instances.is_empty() && lost.is_empty() && page.is_none() {
            self.next_due = due.next;
            return Ok(Vec::new());
        }
        let (due_ids, lost_ids): (Vec<Uuid>, Vec<Uuid>) =
            (due.instances.iter().map(|i| i.id).collect(), lost.iter().map(|i| i.id).collect());
        let mut known: Vec<engine::Instance> = due.instances.into_iter().chain(lost).collect();
        let (turn, answers, dispatches, cursors, mut reserved) = loop {
            let loaded = self.writer.load(&wanted).await?;
            let mut cursors = self.cursors.clone();
            let own = std::mem::take(&mut known);
            let mut batch = Batch::new(&self.catalog, now, self.shards, &wanted, loaded, own, &mut cursors);
            for id in &lost_ids {
                batch.apply(*id, &Input::AttemptLost);
            }
            for id in &due_ids {
                batch.apply(*id, &Input::Due);
            }
            if let Some(page) = &page {
                batch.sweep(page);
            }
            let answers: Vec<Answer> = commands.iter().map(|command| decide(&mut batch, command)).collect();
            // Few turns touch what no command named; those are decided a second time, with what they want besides.
            if !batch.wants_more(&mut wanted, self.shards) {
                let mut reserved = Reserved::default();
                let (turn, dispatches) =
                    batch.finish(&mut |connection| self.dispatcher.reserve(connection, &mut reserved));
                match self.writer.commit(&turn).await {
                    Ok(()) => break (turn, answers, dispatches, cursors, reserved),
                    Err(store::Error::Outdated) => {}
                    Err(error) => return Err(error),
                }
            }
            let own = due_ids.iter().chain(&lost_ids);
            wanted.instances.extend(own.map(|id| (store::shard_in(*id), *id)));
        };
        self.cursors = cursors;
        if let Some(page) = &page {
            self.sweeper.moved(&page.sweep, page.people.len(), now);
        }
        let earliest = turn.instances.iter().filter_map(|(_, instance)| instance.due_at).min();
        self.next_due = [due.next, earliest].into_iter().flatten().min();
        metrics::counter!("wayfare_turns_total", "outcome" => "written").increment(1);
        for dispatch in dispatches {
            self.dispatcher.dispatch(dispatch, &mut reserved);
        }
        Ok(answers)
    }

    /// What is due, earliest first, and of the same moment what goes before others.
    async fn due(&mut self, now: Timestamp) -> Result<store::Due, store::Error> {
        if self.next_due.is_none_or(|due| due > now) {
            return Ok(store::Due { instances: Vec::new(), next: self.next_due });
        }
        let mut due = self.writer.due(now, MOST_DUE).await?;
        let order = |one: &engine::Instance| (one.due_at, Reverse(self.catalog.priority_of(&one.journey)));
        due.instances.sort_by_cached_key(order);
        Ok(due)
    }

    /// The next of the calls that were under way when the process started.
    async fn lost_calls(&mut self) -> Result<Vec<engine::Instance>, store::Error> {
        let Some(after) = self.recovering else { return Ok(Vec::new()) };
        let page = self.writer.calling(after, MOST_DUE).await?;
        self.recovering = page.last().map(|instance| Some(instance.id));
        Ok(page.into_iter().filter(|instance| instance.updated_at < self.started_at).collect())
    }
}

/// What a command's sender is told once the turn is written.
enum Answer {
    Events(Vec<Receipt>),
    Profile(ProfileAnswer),
    Operated(Option<Ignored>),
    Nothing,
}

fn wanted(commands: &[Command]) -> Wanted {
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
            Command::Erase { .. } => {}
            Command::CallEnded { shard, profile, id, .. } | Command::Operate { shard, profile, id, .. } => {
                wanted.profiles.push((*shard, profile.clone(), false));
                wanted.instances.push((*shard, *id));
            }
        }
    }
    wanted
}

fn decide(batch: &mut Batch<'_>, command: &Command) -> Answer {
    match command {
        Command::Events { batch: events, refused, .. } => {
            batch.keep_refused(refused);
            Answer::Events(events.iter().map(|event| batch.take_event(event)).collect())
        }
        Command::Profile { shard, key, change, .. } => {
            Answer::Profile(batch.change_profile(*shard, key, change.clone()))
        }
        Command::Erase { .. } => Answer::Nothing,
        Command::CallEnded { id, call, attempt, outcome, .. } => {
            let input = Input::CallEnded { call: *call, attempt: *attempt, outcome: outcome.clone() };
            batch.apply(*id, &input);
            Answer::Nothing
        }
        Command::Operate { id, operation, .. } => {
            Answer::Operated(batch.apply(*id, &Input::Operation(*operation)).flatten())
        }
    }
}

impl Command {
    fn weight(&self) -> usize {
        match self {
            Command::Events { batch, refused, .. } => batch.len() + refused.len(),
            _ => 1,
        }
    }

    /// Tells the sender what became of the command. A sender that has gone away misses nothing: it is written.
    fn reply(self, answer: Answer) {
        match (self, answer) {
            (Command::Events { reply, .. }, Answer::Events(receipts)) => {
                let accepted =
                    receipts.iter().filter(|receipt| matches!(receipt, Receipt::Accepted(_))).count();
                metrics::counter!("wayfare_events_total", "outcome" => "accepted").increment(count(accepted));
                metrics::counter!("wayfare_events_total", "outcome" => "duplicate")
                    .increment(count(receipts.len() - accepted));
                let _ = reply.send(Ok(receipts));
            }
            (Command::Profile { reply, .. }, Answer::Profile(answer)) => {
                let _ = reply.send(Ok(answer));
            }
            (Command::Operate { reply, .. }, Answer::Operated(ignored)) => {
                let _ = reply.send(Ok(ignored.map_or(Ok(()), Err)));
            }
            (Command::Erase { reply, .. }, Answer::Nothing) => {
                let _ = reply.send(Ok(()));
            }
            _ => {}
        }
    }

    /// Tells the sender that the command's turn could not be written.
    fn refuse(self) {
        match self {
            Command::Events { reply, .. } => drop(reply.send(Err(Error::NotWritten))),
            Command::Profile { reply, .. } => drop(reply.send(Err(Error::NotWritten))),
            Command::Erase { reply, .. } => drop(reply.send(Err(Error::NotWritten))),
            Command::Operate { reply, .. } => drop(reply.send(Err(Error::NotWritten))),
            Command::CallEnded { .. } => {}
        }
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
