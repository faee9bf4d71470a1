//! The same random writes to both databases, and everything that can be read of them compared after each.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]
#![allow(dead_code, reason = "the support is shared with the story, which uses all of it")]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use engine::Status;
use proptest::{prelude::*, test_runner::Config};
use store::{Behind, Counter, Draw, Filter, Shard, Store, Turn, Version, Wanted, Writer, shard_of};
use support::{at, both, counter, event, history, instance, profile, refused, turn, writer};
use uuid::Uuid;

/// How many people there are.
const PEOPLE: usize = 5;

/// One row of a turn, or something done beside turns. People and entries are numbers.
#[derive(Clone, Debug)]
enum Row {
    Event { person: usize, id: u8 },
    Profile { person: usize, second: i64 },
    Instance { person: usize, entry: u8, status: Status, due: Option<i64>, turn: u32 },
    History { person: usize, entry: u8, turn: u32 },
    Counter { person: usize, step: u8, waiting: i64, passed: i64 },
    Refused { person: Option<usize> },
}

#[derive(Clone, Debug)]
enum Action {
    Commit(Vec<Row>),
    Erase(usize),
    TakeOver,
    Deploy(u8),
}

fn any_row() -> impl Strategy<Value = Row> {
    let person = 0..PEOPLE;
    let status = prop::sample::select(Status::ALL.to_vec());
    prop_oneof![
        (person.clone(), 0..6u8).prop_map(|(person, id)| Row::Event { person, id }),
        (person.clone(), 0..100i64).prop_map(|(person, second)| Row::Profile { person, second }),
        (person.clone(), 0..3u8, status, prop::option::of(0..100i64), 1..5u32).prop_map(
            |(person, entry, status, due, turn)| Row::Instance { person, entry, status, due, turn }
        ),
        (person.clone(), 0..3u8, 1..5u32).prop_map(|(person, entry, turn)| Row::History {
            person,
            entry,
            turn
        }),
        (person.clone(), 0..3u8, -3..4i64, 0..4i64)
            .prop_map(|(person, step, waiting, passed)| Row::Counter { person, step, waiting, passed }),
        prop::option::of(person).prop_map(|person| Row::Refused { person }),
    ]
}

fn any_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        8 => prop::collection::vec(any_row(), 0..12).prop_map(Action::Commit),
        1 => (0..PEOPLE).prop_map(Action::Erase),
        1 => Just(Action::TakeOver),
        1 => (0..3u8).prop_map(Action::Deploy),
    ]
}

/// Keys whose shards differ among each other on both databases, so that both number their events alike.
fn people(shards: &[u16]) -> Vec<String> {
    let mut taken: Vec<BTreeSet<Shard>> = vec![BTreeSet::from([0]); shards.len()];
    let mut people = Vec::new();
    for number in 0.. {
        if people.len() == PEOPLE {
            break;
        }
        let key = format!("person-{number}");
        let own: Vec<Shard> = shards.iter().map(|shards| shard_of(&key, *shards)).collect();
        if own.iter().zip(&taken).all(|(shard, taken)| !taken.contains(shard)) {
            for (shard, taken) in own.into_iter().zip(&mut taken) {
                taken.insert(shard);
            }
            people.push(key);
        }
    }
    people
}

/// What was written: what must not be written twice.
#[derive(Default)]
struct Known {
    events: BTreeMap<usize, BTreeSet<u8>>,
    sequences: BTreeMap<usize, i64>,
    history: BTreeSet<(usize, u8, u32)>,
    refused: u16,
}

/// A store under test.
struct Twin {
    store: Arc<dyn Store>,
    writer: Box<dyn Writer>,
}

impl Twin {
    /// The rows as this store's; ids do not carry the shard here, so that they are the same on both.
    fn turn(&self, rows: &[Row], people: &[String], known: &mut Known) -> Turn {
        let n = self.store.shards();
        let place = |person: usize, entry: u8, status, due| {
            let (shard, mut made) = instance(n, &people[person], &format!("k{entry}"), status, due);
            made.id = Uuid::from_u128(u128::from(entry) * 100 + u128::try_from(person).unwrap() + 1);
            (shard, made)
        };
        let mut turn = turn();
        for row in rows {
            match row {
                Row::Event { person, id } => {
                    if known.events.entry(*person).or_default().insert(*id) {
                        let sequence = known.sequences.entry(*person).or_default();
                        *sequence += 1;
                        turn.events.push(event(n, &people[*person], *sequence, &format!("e{id}")));
                    }
                }
                Row::Profile { person, second } => {
                    turn.profiles.retain(|row| *row.key != *people[*person]);
                    turn.profiles.push(profile(n, &people[*person], *second));
                }
                Row::Instance { person, entry, status, due, turn: number } => {
                    let (shard, mut made) = place(*person, *entry, *status, *due);
                    made.turn = *number;
                    turn.instances.retain(|(_, row)| row.id != made.id);
                    turn.instances.push((shard, made));
                }
                Row::History { person, entry, turn: number } => {
                    if known.history.insert((*person, *entry, *number)) {
                        let of = place(*person, *entry, Status::Waiting, None);
                        turn.history.push(history(&of, *number));
                        // History is written with its instance, never without.
                        if !turn.instances.iter().any(|(_, row)| row.id == of.1.id) {
                            turn.instances.push(of);
                        }
                    }
                }
                Row::Counter { person, step, waiting, passed } => {
                    let made = counter(shard_of(&people[*person], n), &format!("s{step}"), *waiting, *passed);
                    let same = |row: &Counter| row.shard == made.shard && row.step == made.step;
                    turn.counters.retain(|row| !same(row));
                    turn.counters.push(made);
                }
                Row::Refused { person } => {
                    known.refused += 1;
                    turn.refusals.push(refused(n, person.map(|person| &*people[person]), known.refused));
                }
            }
        }
        turn
    }

    async fn take_over(&mut self) {
        self.writer = writer(&*self.store, 0..self.store.shards()).await;
    }

    /// Everything that can be read, as text, without what is a store's own: the shards.
    async fn read(&mut self, people: &[String]) -> Vec<String> {
        let n = self.store.shards();
        let mut read = Vec::new();
        let mut wanted = Wanted::default();
        for person in people {
            let shard = shard_of(person, n);
            wanted.profiles.push((shard, person.as_str().into(), true));
            for id in 0..6 {
                wanted.events.push((shard, person.as_str().into(), format!("e{id}").into()));
            }
            let newest = self.store.events(shard, person, None, 3).await.unwrap();
            let older = self.store.events(shard, person, newest.last().map(|e| e.sequence), 3).await.unwrap();
            let turns = self.store.history_of_profile(shard, person, None, 2).await.unwrap();
            let behind = turns.last().map(|(_, h)| Behind { at: h.at, instance: h.instance, turn: h.turn });
            let rest = self.store.history_of_profile(shard, person, behind.as_ref(), 9).await.unwrap();
            let profile = self.store.profile(shard, person).await.unwrap();
            let refused = self.store.refusals(Some((shard, person)), None, 9).await.unwrap();
            read.push(format!("{newest:?} {older:?} {turns:?} {rest:?} {profile:?} {refused:?}"));
            let cursor = self.writer.cursors().await.unwrap()[&shard];
            read.push(format!("{person} {cursor}"));
        }
        let mut loaded = self.writer.load(&wanted).await.unwrap();
        loaded.profiles.sort_by_key(|profile| profile.key.clone());
        loaded.events.sort();
        loaded.instances.sort_by_key(|instance| instance.id);
        read.push(format!("{loaded:?}"));
        for (second, earliest, latest) in [(0, 9, 0), (50, 2, 0), (50, 2, 2), (99, 99, 1)] {
            let draw = Draw { by: at(second), earliest, latest };
            let wanted = Wanted { due: Some(draw), ..Wanted::default() };
            let mut due = self.writer.load(&wanted).await.unwrap();
            due.profiles.sort_by_key(|profile| profile.key.clone());
            read.push(format!("{due:?}"));
        }
        let calling = self.writer.calling(None, 3).await.unwrap();
        let others = self.writer.calling(calling.last().map(|instance| instance.id), 9).await.unwrap();
        read.push(format!("{calling:?} {others:?}"));
        let failed = Filter { status: Some(Status::Failed), ..Filter::default() };
        for filter in [Filter::default(), failed] {
            let first = self.store.instances(&filter, None, 2).await.unwrap();
            let rest = self.store.instances(&filter, first.last().map(|i| i.id), 99).await.unwrap();
            read.push(format!("{first:?} {rest:?}"));
        }
        read.push(format!("{:?}", self.store.counters().await.unwrap()));
        read.push(format!("{:?}", self.store.versions().await.unwrap()));
        read.push(format!("{:?}", self.store.refusals(None, None, 99).await.unwrap()));
        let own_shard = regex::Regex::new(r"shard: \d+").unwrap();
        read.into_iter().map(|text| own_shard.replace_all(&text, "shard").into_owned()).collect()
    }
}

async fn play(actions: Vec<Action>) {
    let mut twins = Vec::new();
    for (_, store) in both().await {
        let writer = writer(&*store, 0..store.shards()).await;
        twins.push(Twin { store, writer });
    }
    let people = people(&twins.iter().map(|twin| twin.store.shards()).collect::<Vec<_>>());
    let mut known: Vec<Known> = twins.iter().map(|_| Known::default()).collect();
    for (moment, action) in actions.into_iter().enumerate() {
        let mut seen = Vec::new();
        for (twin, known) in twins.iter_mut().zip(&mut known) {
            match &action {
                Action::Commit(rows) => {
                    let turn = twin.turn(rows, &people, known);
                    twin.writer.commit(&turn).await.unwrap();
                }
                Action::Erase(person) => {
                    let key = &people[*person];
                    twin.writer.erase(shard_of(key, twin.store.shards()), key, &[]).await.unwrap();
                    // Its sequence numbers go on; what is gone may come again.
                    known.events.remove(person);
                    known.history.retain(|(owner, ..)| owner != person);
                }
                Action::TakeOver => twin.take_over().await,
                Action::Deploy(number) => {
                    let version = Version {
                        journey: "cart".into(),
                        version: format!("v{number}").into(),
                        source: "journey cart {}".into(),
                        deployed_at: at(i64::try_from(moment).unwrap()),
                        current: true,
                    };
                    twin.store.deploy(&[version]).await.unwrap();
                }
            }
            seen.push(twin.read(&people).await);
        }
        for (one, other) in seen[0].iter().zip(&seen[1]) {
            assert_eq!(one, other, "SQLite and PostgreSQL differ after {action:?}");
        }
    }
}

proptest! {
    #![proptest_config(Config { cases: 10, failure_persistence: None, ..Config::default() })]

    #[test]
    fn both_databases_keep_the_same(actions in prop::collection::vec(any_action(), 1..24)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(play(actions));
    }
}
