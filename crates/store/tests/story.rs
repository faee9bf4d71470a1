//! One story, told to both databases.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod support;

use engine::Status;
use store::{
    Behind, Counter, Draw, Due, Error, Filter, History, KnownEvent, Limit, LoggedEvent, MOST_REFUSALS,
    RefusedEvent, Sweep, Turn, Version, Wanted, Writer, shard_of,
};
use support::{at, both, counter, event, history, instance, profile, refused, turn, writer};

#[tokio::test]
async fn a_turn_is_kept_whole_and_found_again() {
    for (_, store) in both().await {
        let n = store.shards();
        let shard = shard_of("ada", n);
        let mut writer = writer(&*store, 0..n).await;
        let ada = instance(n, "ada", "k1", Status::Waiting, Some(60));
        let written = Turn {
            events: vec![event(n, "ada", 1, "e1"), event(n, "ada", 2, "e2")],
            refusals: vec![refused(n, Some("ada"), 1), refused(n, None, 2)],
            profiles: vec![profile(n, "ada", 1)],
            instances: vec![ada.clone()],
            history: vec![history(&ada, 1)],
            counters: vec![counter(shard, "wait-1", 1, 0), counter(shard, "", 1, 1)],
            ..Turn::default()
        };
        writer.commit(&written).await.unwrap();
        let wanted = Wanted {
            profiles: vec![(shard, "ada".into(), true), (shard_of("bob", n), "bob".into(), true)],
            events: vec![(shard, "ada".into(), "e2".into()), (shard, "ada".into(), "e3".into())],
            instances: vec![(shard, ada.1.id)],
            ..Wanted::default()
        };
        let loaded = writer.load(&wanted).await.unwrap();
        assert_eq!(loaded.profiles, written.profiles);
        let LoggedEvent { profile, id, name, properties, .. } = written.events[1].clone();
        assert_eq!(loaded.events, [KnownEvent { profile, id, name, properties }]);
        assert_eq!(loaded.instances, std::slice::from_ref(&ada.1), "once, though found in two ways");
        assert_eq!(writer.cursors().await.unwrap()[&shard], 2);

        assert_eq!(store.profile(shard, "ada").await.unwrap().as_ref(), written.profiles.first());
        assert_eq!(store.instance(shard, ada.1.id).await.unwrap().as_ref(), Some(&ada.1));
        assert_eq!(store.history(shard, ada.1.id).await.unwrap(), written.history);
        let journeys: Vec<(graph::Name, History)> =
            written.history.iter().map(|row| ("cart".into(), row.clone())).collect();
        assert_eq!(store.history_of_profile(shard, "ada", None, 9).await.unwrap(), journeys);
        let behind = Behind { at: at(1), instance: ada.1.id, turn: 1 };
        assert!(store.history_of_profile(shard, "ada", Some(&behind), 9).await.unwrap().is_empty());
        assert_eq!(store.refusals(Some((shard, "ada")), None, 9).await.unwrap(), written.refusals[..1]);
        let newest_first: Vec<RefusedEvent> = written.refusals.iter().rev().cloned().collect();
        assert_eq!(store.refusals(None, None, 9).await.unwrap(), newest_first);
        assert_eq!(store.refusals(None, Some(newest_first[0].id), 9).await.unwrap(), written.refusals[..1]);
        let newest = store.events(shard, "ada", None, 1).await.unwrap();
        assert_eq!(newest, written.events[1..]);
        assert_eq!(store.events(shard, "ada", Some(2), 9).await.unwrap(), written.events[..1]);
    }
}

#[tokio::test]
async fn an_instance_changes_and_counters_add_up() {
    for (_, store) in both().await {
        let n = store.shards();
        let (ada, bob) = (shard_of("ada", n), shard_of("bob", n));
        let mut writer = writer(&*store, 0..n).await;
        let mut waiting = instance(n, "ada", "k1", Status::Waiting, Some(60));
        let counters = vec![counter(ada, "wait-1", 1, 0)];
        writer.commit(&Turn { instances: vec![waiting.clone()], counters, ..turn() }).await.unwrap();
        waiting.1.status = Status::Completed;
        waiting.1.due_at = None;
        waiting.1.turn = 2;
        let counters = vec![counter(ada, "wait-1", -1, 1), counter(bob, "wait-1", 5, 2)];
        writer.commit(&Turn { instances: vec![waiting.clone()], counters, ..turn() }).await.unwrap();
        assert_eq!(store.instance(ada, waiting.1.id).await.unwrap(), Some(waiting.1));
        let sums = store.counters().await.unwrap();
        assert_eq!((sums[0].waiting, sums[0].passed), (5, 3));
        let live = Wanted { profiles: vec![(ada, "ada".into(), true)], ..Wanted::default() };
        assert!(
            writer.load(&live).await.unwrap().instances.is_empty(),
            "what is over is not loaded with its person"
        );
    }
}

async fn due_at(writer: &mut dyn Writer, second: i64, earliest: u32, latest: u32) -> Due {
    let draw = Draw { by: at(second), earliest, latest };
    let wanted = Wanted { due: Some(draw), ..Wanted::default() };
    writer.load(&wanted).await.unwrap().due
}

#[tokio::test]
async fn what_is_due_comes_earliest_first_and_says_what_follows() {
    for (_, store) in both().await {
        let n = store.shards();
        let mut writer = writer(&*store, 0..n).await;
        let waits = [("a", 30), ("b", 10), ("c", 20), ("d", 90), ("e", 70)];
        let instances =
            waits.iter().map(|(p, due)| instance(n, p, "k", Status::Waiting, Some(*due))).collect();
        writer.commit(&Turn { instances, ..turn() }).await.unwrap();
        let due = due_at(&mut *writer, 40, 10, 0).await;
        let order: Vec<&str> = due.instances.iter().map(|instance| &*instance.profile).collect();
        assert_eq!((order, due.next), (vec!["b", "c", "a"], Some(at(70))));
        let due = due_at(&mut *writer, 40, 2, 0).await;
        assert_eq!((due.instances.len(), due.next), (2, Some(at(30))));
        let none = due_at(&mut *writer, 5, 10, 0).await;
        assert_eq!((none.instances.len(), none.next), (0, Some(at(10))));
    }
}

#[tokio::test]
async fn of_many_that_are_due_the_latest_are_drawn_besides_and_each_once() {
    for (_, store) in both().await {
        let n = store.shards();
        let mut writer = writer(&*store, 0..n).await;
        let people = ["a", "b", "c", "d", "e", "f", "g"];
        let waiting = |(place, person): (usize, &&str)| {
            instance(n, person, "k", Status::Waiting, Some(10 * place as i64))
        };
        let instances = people.iter().enumerate().map(waiting).collect();
        writer.commit(&Turn { instances, ..turn() }).await.unwrap();
        let mut drawn = async |earliest, latest| {
            let due = due_at(&mut *writer, 55, earliest, latest).await;
            let order: Vec<String> = due.instances.iter().map(|one| one.profile.to_string()).collect();
            (order.concat(), due.next)
        };
        assert_eq!(drawn(2, 0).await, ("ab".into(), Some(at(20))));
        assert_eq!(drawn(2, 2).await, ("abef".into(), Some(at(20))), "what follows the earliest");
        assert_eq!(drawn(4, 2).await, ("abcdef".into(), Some(at(40))), "it may be among the latest");
        assert_eq!(drawn(4, 4).await, ("abcdef".into(), Some(at(40))), "nobody is drawn twice");
        assert_eq!(drawn(9, 9).await, ("abcdef".into(), Some(at(60))));
        assert_eq!(drawn(0, 1).await, ("f".into(), Some(at(0))));
    }
}

#[tokio::test]
async fn calls_under_way_are_found_page_by_page() {
    for (_, store) in both().await {
        let n = store.shards();
        let mut writer = writer(&*store, 0..n).await;
        let mut instances: Vec<_> =
            (0..5).map(|i| instance(n, &format!("p{i}"), "k", Status::Calling, Some(10))).collect();
        instances.push(instance(n, "waits", "k", Status::Waiting, Some(10)));
        writer.commit(&Turn { instances, ..turn() }).await.unwrap();
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = writer.calling(after, 2).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            found.extend(page.into_iter().map(|instance| instance.profile.to_string()));
        }
        found.sort();
        assert_eq!(found, ["p0", "p1", "p2", "p3", "p4"]);
    }
}

#[tokio::test]
async fn instances_are_filtered_and_paged_newest_first() {
    for (_, store) in both().await {
        let n = store.shards();
        let mut writer = writer(&*store, 0..n).await;
        let mut instances: Vec<_> =
            (0..5).map(|i| instance(n, "ada", &format!("k{i}"), Status::Waiting, Some(10))).collect();
        instances[3].1.status = Status::Failed;
        instances.push(instance(n, "bob", "k", Status::Waiting, None));
        writer.commit(&Turn { instances, ..turn() }).await.unwrap();
        let of_ada = Filter { profile: Some((shard_of("ada", n), "ada".into())), ..Filter::default() };
        let first = store.instances(&of_ada, None, 3).await.unwrap();
        let rest = store.instances(&of_ada, first.last().map(|instance| instance.id), 3).await.unwrap();
        assert_eq!((first.len(), rest.len()), (3, 2));
        assert!(first.iter().chain(&rest).map(|i| i.id).is_sorted_by(|a, b| a > b));
        let failed =
            Filter { status: Some(Status::Failed), journey: Some("cart".into()), ..Filter::default() };
        assert_eq!(store.instances(&failed, None, 9).await.unwrap().len(), 1);
        let elsewhere = Filter { step: Some("wait-2".into()), ..Filter::default() };
        assert!(store.instances(&elsewhere, None, 9).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_writer_that_was_taken_over_writes_nothing() {
    for (_, store) in both().await {
        let n = store.shards();
        let mut old = writer(&*store, 0..n).await;
        let mut new = writer(&*store, 0..n).await;
        let late = Turn {
            events: vec![event(n, "ada", 1, "e1")],
            profiles: vec![profile(n, "ada", 1)],
            instances: vec![instance(n, "ada", "k1", Status::Waiting, None)],
            ..turn()
        };
        assert!(matches!(old.commit(&late).await, Err(Error::Fenced)));
        let shard = shard_of("ada", n);
        assert!(matches!(old.erase(shard, "ada", &[]).await, Err(Error::Fenced)));
        assert_eq!(store.profile(shard, "ada").await.unwrap(), None);
        assert!(store.events(shard, "ada", None, 9).await.unwrap().is_empty());
        new.commit(&late).await.unwrap();
    }
}

#[tokio::test]
async fn an_erased_person_leaves_nothing_and_others_stay() {
    for (_, store) in both().await {
        let n = store.shards();
        let mut writer = writer(&*store, 0..n).await;
        let (ada, bob) =
            (instance(n, "ada", "k", Status::Waiting, None), instance(n, "bob", "k", Status::Waiting, None));
        let over = instance(n, "ada", "k2", Status::Completed, None);
        let failed = instance(n, "ada", "k3", Status::Failed, None);
        let sequence = i64::from(shard_of("ada", n) == shard_of("bob", n)) + 1;
        let both = Turn {
            events: vec![event(n, "ada", 1, "e1"), event(n, "bob", sequence, "e1")],
            refusals: vec![refused(n, Some("ada"), 1), refused(n, Some("bob"), 2)],
            profiles: vec![profile(n, "ada", 1), profile(n, "bob", 1)],
            history: vec![history(&ada, 1), history(&bob, 1)],
            instances: vec![ada.clone(), bob.clone(), over.clone(), failed.clone()],
            counters: ["wait-1", ""]
                .map(|step| Counter { failed: 1, ended: 1, ..counter(ada.0, step, 1, 3) })
                .to_vec(),
            ..Turn::default()
        };
        writer.commit(&both).await.unwrap();
        let counters = ["wait-1", ""].map(|step| counter(bob.0, step, 1, 1)).to_vec();
        writer.commit(&Turn { counters, ..turn() }).await.unwrap();
        writer.erase(ada.0, "ada", &[]).await.unwrap();
        for counted in store.counters().await.unwrap() {
            let left = (counted.waiting, counted.failed, counted.ended);
            assert_eq!(left, (1, 0, 0), "bob alone is left at `{}`", counted.step);
        }
        assert_eq!(store.profile(ada.0, "ada").await.unwrap(), None);
        assert_eq!(store.refusals(None, None, 9).await.unwrap(), both.refusals[1..]);
        assert!(store.events(ada.0, "ada", None, 9).await.unwrap().is_empty());
        assert!(store.history(ada.0, ada.1.id).await.unwrap().is_empty());
        assert_eq!(store.instance(ada.0, ada.1.id).await.unwrap(), None);
        assert_eq!(store.instance(bob.0, bob.1.id).await.unwrap(), Some(bob.1.clone()));
        assert_eq!(store.history(bob.0, bob.1.id).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_flood_of_refused_events_keeps_only_the_newest() {
    for (_, store) in both().await {
        let n = store.shards();
        let mut writer = writer(&*store, 0..n).await;
        writer.commit(&Turn { refusals: vec![refused(n, Some("ada"), 0)], ..turn() }).await.unwrap();
        for half in 0..2 {
            let numbers = half * 700..(half + 1) * 700;
            let refusals = numbers.map(|number| refused(n, Some("bob"), number + 1)).collect();
            writer.commit(&Turn { refusals, ..turn() }).await.unwrap();
        }
        let kept = store.refusals(Some((shard_of("bob", n), "bob")), None, 10_000).await.unwrap();
        assert_eq!(kept.len(), MOST_REFUSALS);
        assert_eq!(kept.first().map(|kept| kept.id), Some(refused(n, None, 1_400).id), "the newest stay");
        let others = store.refusals(Some((shard_of("ada", n), "ada")), None, 9).await.unwrap();
        assert_eq!(others.len(), 1, "another shard's are not touched");
    }
}

#[tokio::test]
async fn versions_are_kept_for_ever_and_one_is_current() {
    for (url, store) in both().await {
        let version = |name: &str, second| Version {
            journey: "cart".into(),
            version: name.into(),
            source: format!("journey cart {{ {name} }}").into(),
            deployed_at: at(second),
            current: true,
        };
        store.deploy(&[version("v1", 1)]).await.unwrap();
        store.deploy(&[version("v2", 2)]).await.unwrap();
        store.deploy(&[version("v1", 3)]).await.unwrap();
        drop(store);
        let store = store::open(&url).await.unwrap();
        let mut versions = store.versions().await.unwrap();
        versions.sort_by_key(|version| version.version.clone());
        let states: Vec<_> = versions.iter().map(|v| (&*v.version, v.current, v.deployed_at)).collect();
        assert_eq!(states, [("v1", true, at(1)), ("v2", false, at(2))]);
    }
}

#[tokio::test]
async fn a_database_that_would_forget_is_refused() {
    for url in ["sqlite::memory:", "sqlite:", "mysql://x"] {
        assert!(matches!(store::open(url).await, Err(Error::Unsuitable(_))), "{url}");
    }
    let url = testkit::postgres();
    let database = url.rsplit('/').next().unwrap().to_owned();
    let mut psql = std::process::Command::new("psql");
    psql.args([&url, "-q", "-c", &format!("ALTER DATABASE {database} SET synchronous_commit = off")]);
    assert!(psql.status().unwrap().success());
    let refused = store::open(&url).await.err().unwrap();
    assert!(refused.to_string().contains("synchronous_commit"), "{refused}");
}

#[tokio::test]
async fn the_past_and_the_people_of_an_audience_are_found_page_by_page() {
    for (_, store) in both().await {
        let n = store.shards();
        let shard = shard_of("ada", n);
        let mut writer = writer(&*store, 0..n).await;
        let same: Vec<String> = (0..)
            .map(|number| format!("p{number:04}"))
            .filter(|key| shard_of(key, n) == shard)
            .take(5)
            .collect();
        let mut members: Vec<_> =
            same.iter().map(|key| instance(n, key, "", Status::Member, Some(60))).collect();
        members[1].1.step = "in".into();
        members[3].1.step = "in".into();
        let sweep = |after: &str, done| Sweep {
            shard,
            name: "loyal".into(),
            run: "v1".into(),
            after: after.into(),
            done,
        };
        let mut other = event(n, "ada", 3, "e3");
        other.name = "somethingElse".into();
        let written = Turn {
            events: vec![event(n, "ada", 1, "e1"), event(n, "ada", 2, "e2"), other],
            profiles: same.iter().map(|key| profile(n, key, 1)).collect(),
            instances: members,
            sweeps: vec![sweep("", false)],
            ..Turn::default()
        };
        writer.commit(&written).await.unwrap();

        let name = written.events[0].name.clone();
        let wanted = Wanted { past: vec![(shard, "ada".into())], past_of: vec![name], ..Wanted::default() };
        assert_eq!(writer.load(&wanted).await.unwrap().past, written.events[..2], "earliest first");
        let people = |keys: Vec<graph::Name>| keys.iter().map(ToString::to_string).collect::<Vec<_>>();
        let first = writer.people(shard, None, "", 3).await.unwrap();
        assert_eq!(people(first), same[..3]);
        let rest = writer.people(shard, None, &same[2], 9).await.unwrap();
        assert_eq!(people(rest), same[3..]);
        let inside = writer.people(shard, Some(("cart", "in")), "", 9).await.unwrap();
        assert_eq!(people(inside), [same[1].clone(), same[3].clone()]);

        assert_eq!(writer.sweeps().await.unwrap(), [sweep("", false)]);
        let moved = Turn { sweeps: vec![sweep("p5", true)], ..Turn::default() };
        writer.commit(&moved).await.unwrap();
        assert_eq!(writer.sweeps().await.unwrap(), [sweep("p5", true)]);
        let listed = store.instances(&Filter::default(), None, 9).await.unwrap();
        assert!(listed.is_empty(), "who watches for an audience is in no journey: {listed:?}");
        let of = Filter { journey: Some("cart".into()), ..Filter::default() };
        assert_eq!(store.instances(&of, None, 9).await.unwrap().len(), 5);
        writer.erase(shard, &same[1], &[]).await.unwrap();
        assert_eq!(writer.people(shard, Some(("cart", "in")), "", 9).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn two_writers_never_let_more_people_through_a_limit_than_may_come() {
    for (_, store) in both().await {
        let n = store.shards();
        let mut writers = [writer(&*store, 0..n / 2).await, writer(&*store, n / 2..n).await];
        let keys: Vec<String> = (0..).map(|number| format!("p{number}")).take(64).collect();
        let of = |range: std::ops::Range<u16>| {
            keys.iter().find(|key| range.contains(&shard_of(key, n))).cloned().unwrap()
        };
        let people = [of(0..n / 2), of(n / 2..n)];
        let passing = |key: &str, number, taken, most| Turn {
            events: vec![event(n, key, number, &format!("e{number}"))],
            limits: vec![limit("a", 1, 9), limit("vouchers", taken, most)],
            ..Turn::default()
        };
        let wanted = Wanted { limits: true, ..Wanted::default() };
        assert!(writers[0].load(&wanted).await.unwrap().limits.is_empty());

        writers[0].commit(&passing(&people[0], 1, 3, 5)).await.unwrap();
        let late = writers[1].commit(&passing(&people[1], 1, 3, 5)).await;
        assert!(matches!(late, Err(Error::Outdated)), "{late:?}");
        let nothing = store.events(shard_of(&people[1], n), &people[1], None, 9).await.unwrap();
        assert!(nothing.is_empty(), "a turn that lets too many through is not written at all");
        let known = writers[1].load(&wanted).await.unwrap().limits;
        assert_eq!(known, [limit("a", 1, 9), limit("vouchers", 3, 5)]);

        writers[1].commit(&passing(&people[1], 1, 2, 5)).await.unwrap();
        let full = writers[0].commit(&passing(&people[0], 2, 1, 5)).await;
        assert!(matches!(full, Err(Error::Outdated)), "{full:?}");
        writers[0].commit(&passing(&people[0], 2, 1, 6)).await.unwrap();
        let known = writers[1].load(&wanted).await.unwrap().limits;
        assert_eq!(
            known,
            [limit("a", 3, 9), limit("vouchers", 6, 6)],
            "a later version may let more through"
        );
        assert!(
            writers[1].load(&Wanted::default()).await.unwrap().limits.is_empty(),
            "only where it is wanted"
        );
    }
}

fn limit(name: &str, taken: u32, most: u32) -> Limit {
    Limit { journey: "cart".into(), name: name.into(), taken, most }
}
