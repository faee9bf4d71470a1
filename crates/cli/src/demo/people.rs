//! People who keep the demo busy: they abandon carts, order, look at products, ask for rewards, fail to pay.

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use uuid::Uuid;

const NAMES: [&str; 12] = [
    "Ada",
    "Blaise",
    "Carl",
    "Dorothy",
    "Emmy",
    "Felix",
    "Grace",
    "Hedy",
    "Ida",
    "Joan",
    "Katherine",
    "Leonhard",
];
const PEOPLE: u64 = 60;

/// Sends profiles once and events for ever, as any shop would: over HTTP.
pub(crate) async fn live(server: SocketAddr, rate: u32) {
    for number in 0..PEOPLE {
        let _ = send(server, "PUT", &format!("/v1/profiles/{}", key(number)), &profile(number)).await;
    }
    let pause = Duration::from_secs(1) / rate.max(1);
    for turn in 0u64.. {
        let chance = xxhash_rust::xxh3::xxh3_64(&turn.to_be_bytes());
        let (number, kind) = (chance % PEOPLE, (chance / PEOPLE) % 10);
        let mut event = event(number, kind, chance);
        // Now and then a sender forgets something, as senders do.
        if turn % 100 == 50
            && let Some(properties) = event.get_mut("properties").and_then(Value::as_object_mut)
        {
            properties.clear();
        }
        let _ = send(server, "POST", "/v1/events", &event).await;
        tokio::time::sleep(pause).await;
    }
}

fn name(number: u64) -> &'static str {
    let place = usize::try_from(number).unwrap_or_default() % NAMES.len();
    NAMES.get(place).copied().unwrap_or("Ada")
}

fn key(number: u64) -> String {
    format!("{}-{number}", name(number).to_lowercase())
}

fn profile(number: u64) -> Value {
    json!({
        "firstName": name(number),
        "email": format!("{}@example.com", key(number)),
        "phoneNumber": format!("+49301234{number:03}"),
        "userId": key(number),
    })
}

fn event(number: u64, kind: u64, chance: u64) -> Value {
    let order = format!("o-{:06}", chance % 1_000_000);
    let items = json!([
        {"sku": "sku-1", "name": "Walking boots", "quantity": 1, "price": 129.90},
        {"sku": "sku-2", "name": "Wool socks", "quantity": 2, "price": 14.95},
    ]);
    let cart = format!("k-{}", chance % 10_000);
    let (event, properties) = match kind {
        0..=2 => ("Cart Abandoned", json!({"cartId": cart, "total": 159.80, "items": items})),
        3..=4 => ("Order Completed", json!({"orderId": order, "total": 159.80, "items": items})),
        5..=6 => ("Product Viewed", json!({"productId": "sku-1", "category": "boots"})),
        7..=8 => ("Reward Requested", json!({"requestId": format!("r-{}", chance % 100_000)})),
        _ => {
            let payment = format!("p-{}", chance % 100_000);
            (
                "Payment Failed",
                json!({"paymentId": payment, "orderId": order, "amount": 1590.00, "reason": "card declined"}),
            )
        }
    };
    json!({"id": Uuid::now_v7().to_string(), "event": event, "profile": key(number), "properties": properties})
}

/// One request on one connection; the demo's pace asks for no more.
async fn send(server: SocketAddr, method: &str, path: &str, body: &Value) -> std::io::Result<()> {
    let body = body.to_string();
    let mut stream = TcpStream::connect(server).await?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {server}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let status = answer.get(9..12).map(|code| String::from_utf8_lossy(code).into_owned()).unwrap_or_default();
    if !status.starts_with('2') {
        tracing::debug!(%status, answer = %String::from_utf8_lossy(&answer), "the demo's event was not taken");
    }
    Ok(())
}
