//! What the nodes that share a database are like: who is alive, who works on what, whether they can reach each other.

use std::collections::BTreeMap;

use store::{NodeFacts, PostgresFacts};
use url::{Host, Url};

use super::{finding::Finding, words};

pub(crate) fn findings(facts: &PostgresFacts) -> Vec<Finding> {
    let (alive, dead): (Vec<&NodeFacts>, Vec<&NodeFacts>) = facts.nodes.iter().partition(|node| node.alive);
    let mut found = vec![who(&alive, &dead)];
    if !alive.is_empty() {
        found.extend(dead.iter().map(|node| gone(node)));
        found.push(shards(facts));
    }
    found.extend(doubles(&alive));
    if alive.len() > 1 {
        found.extend(loopbacks(&alive));
    }
    found
}

fn who(alive: &[&NodeFacts], dead: &[&NodeFacts]) -> Finding {
    let named = |node: &&NodeFacts| format!("{} ({})", node.address, words::plural(node.shards, "shard"));
    if !alive.is_empty() {
        let (is, nodes) =
            (if alive.len() == 1 { "is" } else { "are" }, words::plural(alive.len() as u64, "node"));
        let addresses: Vec<String> = alive.iter().map(named).collect();
        return Finding::ok("nodes", format!("{nodes} {is} alive: {}", words::some(&addresses)));
    }
    match dead.iter().min_by_key(|node| node.silent) {
        // Whoever stops in good order is forgotten.
        None => {
            Finding::note("nodes", "no node works on this database").mend("start one with `wayfare serve`")
        }
        Some(last) => Finding::wrong(
            "nodes",
            format!(
                "no node works on this database: the one at {} ended {} ago and did not take its leave",
                last.address,
                words::span(last.silent)
            ),
            "see in its log and the system's (`journalctl -k`, for the kernel kills what needs too much memory) why, and \
             start it again",
        ),
    }
}

fn gone(node: &NodeFacts) -> Finding {
    Finding::note(
        "nodes",
        format!(
            "the node at {} has said nothing for {}: others have taken or take its shards",
            node.address,
            words::span(node.silent)
        ),
    )
    .mend("see in its log why, and start it again if it is meant to be there; after ten minutes it is forgotten")
}

fn shards(facts: &PostgresFacts) -> Finding {
    if facts.unheld.is_empty() {
        return Finding::ok("shards", format!("all {} shards are held", facts.shards));
    }
    let numbers: Vec<String> = facts.unheld.iter().map(ToString::to_string).collect();
    Finding::wrong(
        "shards",
        format!(
            "{} of {} shards are held by nobody ({}): nobody works for their people",
            facts.unheld.len(),
            facts.shards,
            words::some(&numbers)
        ),
        "run the doctor again in ten seconds, for a shard changes hands within that; if it stays so, look for `lease` in \
         the nodes' logs, and start them again",
    )
}

fn doubles(alive: &[&NodeFacts]) -> Vec<Finding> {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for node in alive {
        *places.entry(&node.address).or_default() += 1;
    }
    let double = |(address, count): (&str, usize)| {
        (count > 1).then(|| {
            Finding::wrong(
                "addresses",
                format!("{count} nodes say that they are reached at {address}"),
                "give each its own address with --advertise or WAYFARE_ADVERTISE",
            )
        })
    };
    places.into_iter().filter_map(double).collect()
}

/// Nodes on one machine may well reach each other there; nodes on several cannot.
fn loopbacks(alive: &[&NodeFacts]) -> Vec<Finding> {
    let (here, elsewhere): (Vec<&NodeFacts>, Vec<&NodeFacts>) =
        alive.iter().partition(|node| is_loopback(&node.address));
    let mend =
        "give each node the address at which the others reach it, with --advertise or WAYFARE_ADVERTISE";
    let names: Vec<String> = here.iter().map(|node| node.address.clone()).collect();
    if here.is_empty() {
        Vec::new()
    } else if elsewhere.is_empty() {
        let text = "all nodes are reached at loopback addresses, which does only if they are on one machine";
        vec![Finding::note("addresses", text).mend(mend)]
    } else {
        let text = format!(
            "other nodes cannot reach {}: a loopback address leads back to whoever calls",
            words::some(&names)
        );
        vec![Finding::wrong("addresses", text, mend)]
    }
}

fn is_loopback(address: &str) -> bool {
    match Url::parse(address).ok().as_ref().and_then(Url::host) {
        Some(Host::Ipv4(v4)) => v4.is_loopback(),
        Some(Host::Ipv6(v6)) => v6.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use store::Schema;

    use super::*;
    use crate::doctor::finding::{
        Mark,
        expect::{found, well},
    };

    fn node(address: &str, silent: i64) -> NodeFacts {
        NodeFacts { address: address.into(), alive: silent < 0, silent, shards: 32 }
    }

    fn with(nodes: Vec<NodeFacts>, unheld: Vec<i16>) -> PostgresFacts {
        PostgresFacts {
            version: "17.2".into(),
            user: "wayfare".into(),
            settings: Vec::new(),
            connections: 0,
            ahead: 0,
            hidden_sessions: 0,
            holders: Vec::new(),
            tables: Vec::new(),
            nodes,
            shards: 64,
            unheld,
            schema: Schema::default(),
            work: None,
        }
    }

    #[test]
    fn nodes_that_share_all_shards_are_well() {
        let findings = findings(&with(
            vec![node("http://10.0.0.7:7070", -4), node("http://10.0.0.8:7070", -4)],
            Vec::new(),
        ));
        well(&findings);
        found(&findings, Mark::Ok, "nodes", &["2 nodes are alive", "http://10.0.0.7:7070 (32 shards)"]);
        found(&findings, Mark::Ok, "shards", &["all 64 shards"]);
        // One node alone may be reached where it likes.
        well(&super::findings(&with(vec![node("http://127.0.0.1:7070", -4)], Vec::new())));
    }

    #[test]
    fn a_stop_is_worth_a_note_and_a_death_is_wrong() {
        found(&findings(&with(Vec::new(), vec![0])), Mark::Note, "nodes", &["no node", "wayfare serve"]);
        let died = findings(&with(vec![node("http://10.0.0.7:7070", 300)], vec![0]));
        found(&died, Mark::Wrong, "nodes", &["http://10.0.0.7:7070 ended 5 minutes ago", "start it again"]);
        let one = findings(&with(vec![node("http://a:1", -4), node("http://b:1", 30)], Vec::new()));
        found(&one, Mark::Note, "nodes", &["http://b:1", "30 seconds", "forgotten"]);
    }

    #[test]
    fn shards_that_nobody_holds_are_wrong() {
        let findings = findings(&with(vec![node("http://a:1", -4)], vec![3, 4]));
        found(&findings, Mark::Wrong, "shards", &["2 of 64 shards", "(3, 4)", "`lease`"]);
    }

    #[test]
    fn two_nodes_at_one_address_are_wrong() {
        let findings = findings(&with(vec![node("http://a:1", -4), node("http://a:1", -3)], Vec::new()));
        found(&findings, Mark::Wrong, "addresses", &["2 nodes", "http://a:1", "--advertise"]);
    }

    #[test]
    fn a_loopback_address_among_nodes_is_wrong() {
        for here in ["http://127.0.0.1:7070", "http://[::1]:7070", "http://localhost:7070"] {
            let mixed = findings(&with(vec![node("http://10.0.0.7:1", -4), node(here, -4)], Vec::new()));
            found(&mixed, Mark::Wrong, "addresses", &[here, "--advertise"]);
        }
        let both = vec![node("http://127.0.0.1:1", -4), node("http://127.0.0.1:2", -4)];
        found(&findings(&with(both, Vec::new())), Mark::Note, "addresses", &["one machine", "--advertise"]);
    }
}
