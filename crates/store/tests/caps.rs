//! Calls of a capped connection are counted once, whoever counts them.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::time::{Duration, Instant};

use store::Store;
use support::both;

#[tokio::test]
async fn no_stretch_of_a_window_is_granted_more_than_a_cap() {
    const MOST: u32 = 50;
    const WINDOW: Duration = Duration::from_millis(600);
    for (name, store) in both().await {
        let another = store::open(&name).await.unwrap();
        let begin = Instant::now();
        let claims = async |store: &dyn Store| {
            let mut granted = Vec::new();
            while begin.elapsed() < 5 * WINDOW / 2 {
                let asked = Instant::now();
                let claimed = store.claim_share("partner", MOST, WINDOW, 7).await.unwrap();
                assert!(claimed.within <= WINDOW / 60 + Duration::from_millis(1), "{name}: {claimed:?}");
                granted.push((asked, Instant::now(), claimed.calls));
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            granted
        };
        // Two processes at a time: what one is granted the other is not.
        let (one, two) = tokio::join!(claims(&*store), claims(&*another));
        let all = [one, two].concat();
        for (_, first, _) in &all {
            let within =
                all.iter().filter(|(asked, _, _)| asked >= first && *asked < *first + WINDOW * 59 / 60);
            let sum: u32 = within.map(|(.., calls)| calls).sum();
            assert!(sum <= MOST, "{name}: {sum} in a window");
        }
        let sum: u32 = all.iter().map(|(.., calls)| calls).sum();
        assert!(sum >= 2 * MOST, "{name}: {sum} in two and a half windows: what grows old makes room");
        assert_eq!(store.claim_share("other", 3, WINDOW, 7).await.unwrap().calls, 3, "each has its own");
        assert_eq!(store.claim_share("other", 3, WINDOW, 7).await.unwrap().calls, 0);
    }
}
