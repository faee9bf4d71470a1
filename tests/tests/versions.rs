//! A journey is changed, and taken away, while people are in it: whoever is inside goes on in the version that they entered.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::fs;

use serde_json::json;
use testkit::{Partner, Reply};
use tests::{instances, on_both, send, setup_of};

/// A project whose journey tells this, after a wait.
fn project(text: &str) -> String {
    format!(
        r#"
profile {{ customerId: string key }}
event asked "Asked" {{}}
connection shop {{ url: "https://shop.example.com" }}
action tell(text: string) {{ POST shop "/tell/{{{{ text }}}}/now" }}
journey telling {{
  enter on asked
  wait 3s
  call tell("{text}")
}}
"#
    )
}

#[test]
fn people_go_on_in_the_version_that_they_entered() {
    on_both(|database| {
        let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
        let setup = setup_of(database, &partner, &project("first"), &["shop"]);
        let server = setup.start().unwrap();
        send(&mut server.writer(), "1", "Asked", "c1", &json!({}));
        server.stop().unwrap();

        fs::write(&setup.journeys, project("second")).unwrap();
        let server = setup.start().unwrap();
        send(&mut server.writer(), "2", "Asked", "c2", &json!({}));
        let versions: Vec<_> =
            instances(&server, "journey=telling").iter().map(|one| one["version"].clone()).collect();
        assert_eq!(versions.len(), 2, "{database}: {versions:?}");
        assert_ne!(versions[0], versions[1], "{database}");
        partner.wait_for("POST /tell/first", 1);
        server.stop().unwrap();

        // Without the journey nobody enters it any more; who is inside goes on.
        let whole = project("");
        let (without, _) = whole.split_once("journey").unwrap();
        fs::write(&setup.journeys, without).unwrap();
        let server = setup.start().unwrap();
        send(&mut server.writer(), "3", "Asked", "c3", &json!({}));
        partner.wait_for("POST /tell/second", 1);
        assert!(instances(&server, "profile=c3").is_empty(), "{database}");
        assert_eq!(partner.seen_at("POST /tell").len(), 2, "{database}: each is told once");
        server.stop().unwrap();

        // The old version is taken up again as it was.
        fs::write(&setup.journeys, project("first")).unwrap();
        let server = setup.start().unwrap();
        send(&mut server.writer(), "4", "Asked", "c4", &json!({}));
        partner.wait_for("POST /tell/first", 2);
        let of = |profile: &str| instances(&server, &format!("profile={profile}"))[0]["version"].clone();
        assert_eq!(of("c4"), of("c1"), "{database}: the same text is the same version");
    });
}
