//! Answers that are kept for a while, and given to calls that ask the same: as the file says for an action, `cache 10m`.
//!
//! Each node has its own, in memory, and bounded. Calls that ask the same at the same moment are one request.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use graph::{Answer, Request};
use moka::{Expiry, future::Cache};

/// How many bytes of answers are kept, more or less.
const MOST_BYTES: u64 = 32 << 20;

/// Answers that are kept.
#[derive(Clone)]
pub(crate) struct Answers {
    kept: Cache<[u8; 32], Kept>,
}

/// An answer, and for how long it is kept.
#[derive(Clone)]
struct Kept {
    answer: Arc<Answer>,
    time: Duration,
}

struct AsLongAsSaid;

impl Expiry<[u8; 32], Kept> for AsLongAsSaid {
    fn expire_after_create(&self, _: &[u8; 32], kept: &Kept, _: Instant) -> Option<Duration> {
        Some(kept.time)
    }
}

/// What is not kept: it is given to those who wait for it.
enum NotKept<E> {
    /// An answer that is not a good one.
    Answer(Answer),
    Error(E),
}

impl Answers {
    pub(crate) fn new() -> Answers {
        let weight = |_: &[u8; 32], kept: &Kept| {
            let headers = kept.answer.headers.iter().map(|(name, text)| name.len() + text.len() + 64);
            u32::try_from(kept.answer.body.len() + headers.sum::<usize>() + 256).unwrap_or(u32::MAX)
        };
        Answers {
            kept: Cache::builder()
                .max_capacity(MOST_BYTES)
                .weigher(weight)
                .expire_after(AsLongAsSaid)
                .build(),
        }
    }

    /// The answer to a request, if it was given lately; else the one that `ask` gets, which is kept if it is a good one.
    /// Whoever asks the same meanwhile waits for it. True if nobody was asked for this call.
    pub(crate) async fn of<E: Clone + Send + Sync + 'static>(
        &self,
        request: &Request,
        time: Duration,
        ask: impl Future<Output = Result<Answer, E>>,
    ) -> (Result<Answer, E>, bool) {
        let mut asked = false;
        let asking = async {
            asked = true;
            match ask.await {
                Ok(answer) if (200..300).contains(&answer.status) => Ok(Kept { answer: answer.into(), time }),
                Ok(answer) => Err(NotKept::Answer(answer)),
                Err(error) => Err(NotKept::Error(error)),
            }
        };
        let got = self.kept.try_get_with(key(request), asking).await;
        let outcome = got.map(|kept| (*kept.answer).clone()).or_else(|not_kept| match &*not_kept {
            NotKept::Answer(answer) => Ok(answer.clone()),
            NotKept::Error(error) => Err(error.clone()),
        });
        (outcome, !asked)
    }
}

/// What makes two requests the same: everything that is sent.
fn key(request: &Request) -> [u8; 32] {
    *blake3::hash(&serde_json::to_vec(request).unwrap_or_default()).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use graph::{CallError, ErrorKind};

    fn request(path: &str) -> Request {
        Request {
            connection: "shop".into(),
            method: "GET".into(),
            path: path.into(),
            headers: Vec::new(),
            body: None,
            text: None,
        }
    }

    fn answer(status: u16, body: &str) -> Answer {
        Answer::of(status, body)
    }

    fn ok(answer: Answer) -> Result<Answer, CallError> {
        Ok(answer)
    }

    const A_WHILE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_good_answer_is_kept_and_another_request_is_another() {
        let answers = Answers::new();
        let first = answers.of(&request("/a"), A_WHILE, async { ok(answer(200, "1")) }).await;
        assert_eq!(first, (Ok(answer(200, "1")), false));
        let again = answers.of(&request("/a"), A_WHILE, async { ok(answer(200, "2")) }).await;
        assert_eq!(again, (Ok(answer(200, "1")), true));
        let other = answers.of(&request("/b"), A_WHILE, async { ok(answer(200, "3")) }).await;
        assert_eq!(other, (Ok(answer(200, "3")), false));
    }

    #[tokio::test]
    async fn what_went_wrong_is_not_kept() {
        let answers = Answers::new();
        for outcome in [Ok(answer(404, "")), Err(CallError::new(ErrorKind::Timeout, "late"))] {
            let asked = answers.of(&request("/a"), A_WHILE, async { outcome.clone() }).await;
            assert_eq!(asked, (outcome, false));
        }
        let short = Duration::from_millis(20);
        answers.of(&request("/a"), short, async { ok(answer(200, "1")) }).await.0.unwrap();
        tokio::time::sleep(Duration::from_millis(60)).await;
        let later = answers.of(&request("/a"), short, async { ok(answer(200, "2")) }).await;
        assert_eq!(later, (Ok(answer(200, "2")), false), "it is kept for as long as is said");
    }

    #[tokio::test]
    async fn who_asks_the_same_meanwhile_waits_for_the_same_answer() {
        let answers = Answers::new();
        let slow = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            ok(answer(200, "1"))
        };
        let one = request("/a");
        let calls = (0..100).map(|_| answers.of(&one, A_WHILE, async { ok(answer(200, "2")) }));
        let (first, others) =
            tokio::join!(answers.of(&one, A_WHILE, slow), futures_util::future::join_all(calls));
        assert_eq!(first, (Ok(answer(200, "1")), false));
        assert!(others.iter().all(|other| *other == (Ok(answer(200, "1")), true)));
    }
}
