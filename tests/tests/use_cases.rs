//! The five cases of the mission, from an HTTP event to the request the partner received, on both databases.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use serde_json::json;
use testkit::{Partner, Reply, server::Setup};
use tests::{DATABASES, instances, person, send, setup};

/// A partner that says yes to everything.
fn willing() -> Partner {
    Partner::start(|request, _| {
        Reply::ok(match request.line.split(['?', ' ']).nth(1) {
            Some("/rewards/vip-status") => r#"{"vip":true,"level":"platinum"}"#,
            Some("/recommendation") => {
                r#"{"recommendations":[{"title":"Boots","url":"https://shop.example.com/b"}]}"#
            }
            Some("/payments/risk") => r#"{"risk":"low"}"#,
            _ => "{}",
        })
    })
    .unwrap()
}

/// The setup with waits that a test can wait for.
fn hurried(setup: Setup) -> Setup {
    let folder = setup.folder.join("journeys");
    std::fs::create_dir(&folder).unwrap();
    for file in std::fs::read_dir(&setup.journeys).unwrap() {
        let file = file.unwrap();
        if file.path().extension().is_some_and(|extension| extension == "journey") {
            let text = std::fs::read_to_string(file.path()).unwrap();
            let text = text.replace("wait 1 hour", "wait 300ms").replace("wait 30 minutes", "wait 300ms");
            std::fs::write(folder.join(file.file_name()), text).unwrap();
        }
    }
    Setup { journeys: folder, ..setup }
}

#[test]
fn every_case_reaches_its_partner_byte_for_byte() {
    for database in DATABASES {
        let partner = willing();
        let server = hurried(setup(database, &partner)).start().unwrap();
        person(&server, "c1");
        let mut http = server.writer();
        // Parsed, not built: a price must never have been a binary float.
        let items = r#"[{"sku":"s1","name":"Boots","quantity":2,"price":59.90}]"#;
        let items: serde_json::Value = serde_json::from_str(items).unwrap();

        send(&mut http, "1", "Cart Abandoned", "c1", &json!({"cartId": "k1", "total": 59.90, "items": []}));
        let message = &partner.wait_for("POST /messages", 1)[0];
        assert_eq!(message.body, r#"{ "to": "+49301234567", "message": "Hi Ada, your cart is waiting!" }"#);
        assert_eq!(message.header("content-type"), Some("application/json"));
        assert_eq!(message.header("authorization"), Some("Basic QUMxOmNhbmFyeS10d2lsaW9fdG9rZW4="));
        assert!(message.header("idempotency-key").is_some_and(|key| key.len() == 36));

        send(
            &mut http,
            "2",
            "Order Completed",
            "c1",
            &json!({"orderId": "o\"1", "total": 119.80, "items": items}),
        );
        let dispatch = &partner.wait_for("POST /warehouse/dispatch", 1)[0];
        assert_eq!(
            dispatch.body,
            r#"{ "orderId": "o\"1", "items": [{"sku":"s1","name":"Boots","quantity":2,"price":59.90}] }"#
        );
        assert_eq!(dispatch.header("x-api-key"), Some("canary-warehouse_key"));

        send(&mut http, "3", "Reward Requested", "c1", &json!({"requestId": "r1"}));
        let asked = &partner.wait_for("GET /rewards/vip-status", 1)[0];
        assert_eq!(asked.line, "GET /rewards/vip-status?customerId=c1");
        assert_eq!(asked.header("authorization"), Some("Bearer canary-rewards_token"));
        assert!(
            partner.wait_for("POST /messages", 2)[1].body.contains("Hi Ada, your platinum reward is ready.")
        );

        send(&mut http, "4", "Product Viewed", "c1", &json!({"productId": "p1"}));
        let asked = &partner.wait_for("GET /recommendation", 1)[0];
        assert_eq!(asked.line, "GET /recommendation?userId=u-c1&key=canary-recommendations_key");
        assert!(partner.wait_for("POST /messages", 3)[2].body.contains("Boots: https://shop.example.com/b"));

        let failed = json!({"paymentId": "p1", "orderId": "o1", "amount": 1500});
        send(&mut http, "5", "Payment Failed", "c1", &failed);
        assert_eq!(
            partner.wait_for("POST /slack/webhook", 1)[0].body,
            r#"{ "message": "High-value user ada@example.com exited journey unexpectedly." }"#
        );
    }
}

#[test]
fn the_team_is_told_when_a_call_keeps_failing() {
    for database in DATABASES {
        let partner = Partner::start(|request, _| match request.line.as_str() {
            "POST /payments/risk" => Reply::status(500),
            _ => Reply::ok("{}"),
        })
        .unwrap();
        let server = setup(database, &partner).start().unwrap();
        person(&server, "c1");
        let failed = json!({"paymentId": "p1", "orderId": "o1", "amount": 1500});
        send(&mut server.writer(), "1", "Payment Failed", "c1", &failed);
        let alert = &partner.wait_for("POST /slack/webhook", 1)[0];
        assert_eq!(
            alert.body,
            r#"{ "message": "ada@example.com left paymentAlert at call-checkRisk: `checkRisk` answered 500" }"#
        );
        let parked = (0..100).find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            instances(&server, "status=failed").pop()
        });
        let parked = parked.unwrap();
        assert_eq!(
            (parked["step"].as_str(), parked["failure"]["kind"].as_str()),
            (Some("call-checkRisk"), Some("http"))
        );

        // The operator skips the step that failed; the person goes on, and the failure block does not run again.
        let id = parked["id"].as_str().unwrap();
        let answer = server.admin().json("POST", &format!("/v1/instances/{id}/retry"), "").unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        partner.wait_for("POST /payments/risk", 2);
        let cancelled =
            server.admin().json("POST", "/v1/instances/00000000-0000-7000-8000-000000000000/cancel", "");
        assert_eq!(cancelled.unwrap().status, 404);
    }
}
