//! A worker: the one writer of some shards, which may change while it works.
//!
//! It blocks for the first command or the next moment, takes whatever else is queued, loads what the batch touches, has
//! it decided by [`Batch`], commits, acknowledges, and hands the calls out. When the store fails, events are answered
//! with an error (their senders send them again under the same ids), and answers of partners are kept and applied in
//! the next turn.

use std::{cmp::Reverse, sync::Arc, time::Duration};

use engine::Instance;
use graph::Name;
use jiff::Timestamp;
use store::{Departure, Draw, Leases, Shard, Store, Wanted, Writer};
use tokio::{sync::mpsc, time::Instant};
use uuid::Uuid;

use crate::{
    Catalog, Clock, Error, Stop,
    command::{self, Answer, Command},
    dispatch::{Dispatcher, Reserved},
    inputs::{Inputs, Written},
    known::Known,
    lane::NoPlace,
    links::SealedLinks,
    retention::Forgetting,
    route::Routes,
    suppressed::{Suppressed, departures},
    sweep::{Page, Sweeper},
    turn::{Batch, Frame},
};

/// The most inputs of one turn.
const MOST_INPUTS: usize = 1_000;
/// The most due instances of one turn, so that a herd of them leaves room for what comes in.
const MOST_DUE: u32 = 500;
/// How many of those are the latest, while more are due than one turn draws: so a herd that fell due at one moment does not
/// hold up what falls due after it.
const LATEST_DUE: u32 = 100;
/// How long calls under way are waited for when the process stops.
const LAST_CALLS: Duration = Duration::from_secs(10);
/// How long a worker sleeps at most. What is due then is what the clock says, and a clock may be set meanwhile; to look at
/// it costs no query.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// How long a worker rests after the store failed.
const AFTER_FAILURE: Duration = Duration::from_millis(250);

/// The one writer of some shards.
pub(crate) struct Worker {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) writer: Box<dyn Writer>,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) links: Arc<SealedLinks>,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) clock: Clock,
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) routes: Arc<Routes>,
    pub(crate) stop: Stop,
    /// Whether other nodes may take shards over, which is then no reason to stop.
    pub(crate) shares: bool,
    pub(crate) forgetting: Forgetting,
    pub(crate) known: Known,
}

impl Worker {
    /// Works until it is told to stop, or another process has taken the database over.
    pub(crate) async fn run(mut self) {
        loop {
            let Some(commands) = self.gather().await else { break };
            let done = match self.turn(commands).await {
                Ok(()) => self.forgetting.go_on(&mut *self.writer, (self.clock)()).await,
                failed => failed,
            };
            match done {
                Ok(()) => {}
                Err(store::Error::Fenced) if !self.shares => {
                    tracing::error!("another process writes to this database; stopping");
                    self.stop.begun.cancel();
                    break;
                }
                Err(error) => {
                    if matches!(error, store::Error::Fenced) {
                        tracing::warn!("another node has taken shards over");
                        self.routes.is_wrong();
                    } else {
                        tracing::error!(
                            error = &error as &dyn std::error::Error,
                            "a turn could not be written"
                        );
                    }
                    metrics::counter!("wayfare_turns_total", "outcome" => "failed").increment(1);
                    // After a failure it is unknown what was written: what is due, where the log ends and which calls
                    // nobody makes is read anew.
                    self.known.next_due = Some((self.clock)());
                    self.known.recovering = Some(None);
                    self.known.cursors = None;
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }
    }

    /// From now on these shards are the worker's. What there is to know of them is read with the next turn.
    fn hold(&mut self, leases: Leases) {
        self.writer.hold(leases);
        let Known { in_flight, kept, patience, .. } = std::mem::take(&mut self.known);
        let (next_due, recovering) = (Some((self.clock)()), Some(None));
        self.known = Known { next_due, recovering, in_flight, kept, patience, ..Known::default() };
    }

    /// Reads what must be known of the shards before anything is decided.
    async fn learn(&mut self, now: Timestamp) -> Result<(), store::Error> {
        if self.known.cursors.is_none() {
            self.known.cursors = Some(self.writer.cursors().await?);
        }
        if self.known.sweeper.is_none() {
            let sweeper = Sweeper::new(&mut *self.writer, &self.catalog, self.store.shards(), now).await?;
            self.known.sweeper = Some(sweeper);
        }
        Ok(())
    }

    /// Waits for something to do and takes all there is, up to a bound; none when it is time to stop.
    async fn gather(&mut self) -> Option<Vec<Command>> {
        let mut gathered = std::mem::take(&mut self.known.kept);
        let mut weight = gathered.len();
        if gathered.is_empty() && self.known.recovering.is_none() {
            let sleep = self.until_due();
            if !sleep.is_zero() {
                tokio::select! {
                    biased;
                    () = self.stop.begun.cancelled() => {}
                    command = self.commands.recv() => {
                        let command = command?;
                        weight += command.weight();
                        gathered.push(command);
                    }
                    () = tokio::time::sleep(sleep) => {}
                }
            }
        }
        if self.is_ending() {
            self.wait_for_calls(&mut gathered).await?;
            weight = gathered.len();
        }
        while weight < MOST_INPUTS {
            let Ok(command) = self.commands.try_recv() else { break };
            weight += command.weight();
            gathered.push(command);
        }
        Some(gathered)
    }

    /// Whether nothing new is begun any more.
    fn is_ending(&self) -> bool {
        self.stop.begun.is_cancelled()
    }

    /// Once nothing new is begun: waits for the next end of a call that is under way; none when there is no more to wait
    /// for, or it takes too long.
    async fn wait_for_calls(&mut self, gathered: &mut Vec<Command>) -> Option<()> {
        let until = *self.known.patience.get_or_insert_with(|| Instant::now() + LAST_CALLS);
        if Instant::now() >= until {
            return None;
        }
        if !gathered.is_empty() {
            return Some(());
        }
        let next = match self.commands.try_recv() {
            Ok(command) => command,
            Err(_) if self.known.in_flight.is_empty() => return None,
            Err(_) => tokio::time::timeout_at(until, self.commands.recv()).await.ok().flatten()?,
        };
        gathered.push(next);
        Some(())
    }

    fn until_due(&self) -> Duration {
        let passes = self.known.sweeper.as_ref().and_then(Sweeper::next);
        match [self.known.next_due, passes, self.forgetting.next()].into_iter().flatten().min() {
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
    /// comes after stays. So is a change of shards: what came before was sent to who had them then.
    async fn turn(&mut self, commands: Vec<Command>) -> Result<(), store::Error> {
        let mut work = Vec::with_capacity(commands.len());
        for command in commands {
            if let Command::CallDropped { .. } = command {
                self.known.forget_call(&command);
            } else if let Command::Recover = command {
                self.known.recovering = Some(None);
            } else {
                work.push(command);
            }
        }
        let (idle, mut failed) = (work.is_empty(), None);
        for mut part in command::parts(work) {
            if let Some(Command::Hold { .. }) = part.last() {
                part.into_iter().for_each(|command| self.change_hands(command));
                continue;
            }
            let elsewhere = part.extract_if(.., |command| !command.is_within(self.writer.held()));
            elsewhere.for_each(|command| {
                self.known.forget_call(&command);
                command.refuse(Error::Moved);
            });
            if part.is_empty() && !idle {
                continue;
            }
            let outcome = match &failed {
                Some(_) => None,
                None => self.try_turn(&part).await.map_err(|error| failed = Some(error)).ok(),
            };
            match outcome {
                Some(answers) => {
                    part.into_iter().zip(answers).for_each(|(command, answer)| command.reply(answer));
                }
                None => self.give_back(part, matches!(failed, Some(store::Error::Fenced))),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    fn change_hands(&mut self, command: Command) {
        if let Command::Hold { leases, reply } = command {
            self.hold(leases);
            let _ = reply.send(Ok(()));
        }
    }

    /// Tells senders that nothing was written, or that it is not known; results of calls have none and are kept for the
    /// next turn.
    fn give_back(&mut self, commands: Vec<Command>, fenced: bool) {
        for command in commands {
            match command {
                Command::CallEnded { .. } => self.known.kept.push(command),
                other if fenced => other.refuse(Error::Moved),
                other => other.refuse(Error::NotWritten),
            }
        }
    }

    async fn try_turn(&mut self, commands: &[Command]) -> Result<Vec<Answer>, store::Error> {
        if let [Command::Erase { shard, key, .. }] = commands {
            let left = self.left_behind(*shard, key).await?;
            self.writer.erase(*shard, key, &left).await?;
            return Ok(vec![Answer::Nothing]);
        }
        let (now, began) = ((self.clock)(), Instant::now());
        self.learn(now).await?;
        let (draw, lost, page) = if self.is_ending() {
            Default::default()
        } else {
            (self.draw(now), self.lost_calls().await?, self.page(now).await?)
        };
        let ids = lost.iter().map(|instance| instance.id).collect();
        let inputs = Inputs { now, commands, draw, lost: ids, page };
        if inputs.is_empty() && draw.is_none() {
            return Ok(Vec::new());
        }
        let Written { turn, answers, dispatches, entries, cursors, mut reserved, next_due } =
            self.write(&inputs, lost).await?;
        self.dispatcher.calling.entered(entries, began.elapsed());
        self.known.cursors = Some(cursors);
        if let (Some(page), Some(sweeper)) = (&inputs.page, &mut self.known.sweeper) {
            sweeper.moved(&page.sweep, page.people.len(), now);
        }
        let written = turn.instances.iter().map(|(_, instance)| instance);
        self.dispatcher.calling.alarms.written(written, now);
        let earliest = turn.instances.iter().filter_map(|(_, instance)| instance.due_at).min();
        let known = if draw.is_some() { next_due } else { self.known.next_due };
        self.known.next_due = [known, earliest].into_iter().flatten().min();
        self.known.crowded = draw.map_or(self.known.crowded, |_| next_due.is_some_and(|next| next <= now));
        metrics::counter!("wayfare_turns_total", "outcome" => "written").increment(1);
        commands.iter().for_each(|command| self.known.forget_call(command));
        for dispatch in dispatches {
            self.known.in_flight.insert(dispatch.attempt());
            self.dispatcher.dispatch(dispatch, &mut reserved);
        }
        Ok(answers)
    }

    /// What the addresses of a person who is erased get no more, because the person had unsubscribed from it.
    async fn left_behind(&mut self, shard: Shard, key: &Name) -> Result<Vec<Departure>, store::Error> {
        let wanted = Wanted { profiles: vec![(shard, key.clone(), false)], ..Wanted::default() };
        let loaded = self.writer.load(&wanted).await?;
        let project = self.catalog.project();
        Ok(departures(loaded.profiles.first(), project, &self.links, (self.clock)()))
    }

    /// Loads what a turn touches besides the instances that are loaded, has it decided, and writes it.
    async fn write(&mut self, inputs: &Inputs<'_>, mut own: Vec<Instance>) -> Result<Written, store::Error> {
        let shards = self.store.shards();
        let mut wanted = inputs.wanted(&own, shards);
        wanted.limits = self.catalog.has_limits();
        let mut looked_again = false;
        let mut due = None;
        let mut suppressed = Suppressed::default();
        loop {
            let mut loaded = self.writer.load(&wanted).await?;
            let (due, next_due) = due.get_or_insert_with(|| {
                let found = std::mem::take(&mut loaded.due);
                let ids = self.in_order(&found.instances);
                own.extend(found.instances);
                wanted.also(&own, shards);
                (ids, found.next)
            });
            let mut cursors = self.known.cursors.clone().unwrap_or_default();
            let own = std::mem::take(&mut own);
            let around = Frame {
                catalog: &self.catalog,
                links: &self.links,
                suppressed: suppressed.known.clone(),
                now: inputs.now,
                shards,
                witnessed: self.dispatcher.calling.witness.is_some(),
            };
            let mut batch = Batch::new(around, &wanted, loaded, own, &mut cursors);
            let answers = inputs.decide(due, &self.known.in_flight, &mut batch);
            // Few turns touch what no command named; those are decided a second time, with what they want besides.
            if batch.met_unknown() && !looked_again {
                looked_again = true;
                self.catalog.look_again(&*self.store).await?;
            } else if !batch.wants_more(&mut wanted, shards)
                && !suppressed.look(batch.addresses(), &self.links, &*self.store).await?
            {
                let (mut reserved, entries) = (Reserved::default(), batch.entries());
                let ends = self.is_ending();
                let (turn, dispatches) = batch.finish(&mut |connection, journey| match ends {
                    true => Err(NoPlace::Until(inputs.now)),
                    false => self.dispatcher.reserve(connection, journey, inputs.now, &mut reserved),
                });
                match self.writer.commit(&turn).await {
                    Ok(()) => {
                        let next_due = *next_due;
                        return Ok(Written {
                            turn,
                            answers,
                            dispatches,
                            entries,
                            cursors,
                            reserved,
                            next_due,
                        });
                    }
                    Err(store::Error::Outdated) => {}
                    Err(error) => return Err(error),
                }
            }
            wanted.due = None;
            let again = due.iter().chain(&inputs.lost);
            wanted.instances.extend(again.map(|id| (store::shard_in(*id), *id)));
        }
    }

    /// Who of those that are due belongs to the next turn; none if it is known that nobody is.
    fn draw(&self, now: Timestamp) -> Option<Draw> {
        let latest = if self.known.crowded { LATEST_DUE } else { 0 };
        let draw = Draw { by: now, earliest: MOST_DUE - latest, latest };
        self.known.next_due.is_some_and(|due| due <= now).then_some(draw)
    }

    /// Those that are due, earliest first, and of the same moment what goes before others.
    fn in_order(&self, due: &[Instance]) -> Vec<Uuid> {
        let mut order: Vec<&Instance> = due.iter().collect();
        order.sort_by_cached_key(|one| (one.due_at, Reverse(self.catalog.priority_of(&one.journey))));
        order.into_iter().map(|instance| instance.id).collect()
    }

    /// The next people of a pass.
    async fn page(&mut self, now: Timestamp) -> Result<Option<Page>, store::Error> {
        match &mut self.known.sweeper {
            Some(sweeper) => sweeper.page(&mut *self.writer, now).await,
            None => Ok(None),
        }
    }

    /// The next of the calls that nobody makes: those that are under way in the store, but not here, so that whoever made
    /// them cannot end them; and those that were held until their connection went on.
    async fn lost_calls(&mut self) -> Result<Vec<Instance>, store::Error> {
        let Some(after) = self.known.recovering else { return Ok(Vec::new()) };
        let mut page = self.writer.calling(after, MOST_DUE).await?;
        self.known.recovering = page.last().map(|instance| Some(instance.id));
        let (in_flight, lanes) = (&self.known.in_flight, &self.dispatcher.calling.lanes);
        page.retain(|instance| match instance.attempt_under_way() {
            Some(attempt) => !in_flight.contains(&attempt),
            None => instance.held_by().is_some_and(|connection| !lanes.pauses().is_paused(connection)),
        });
        Ok(page)
    }
}
