//! Taking events: each is checked and written where its person's shard is, here or by another node.

use std::{collections::BTreeMap, sync::Arc};

use connect::PeerFailure;
use jiff::Timestamp;
use store::{Node, Shard};
use tokio::{sync::oneshot, task::JoinHandle, time::Instant};
use uuid::Uuid;

use crate::{
    Error, Received, Runtime,
    ask::{Forwarded, PATIENCE, Request, Response},
    check,
    command::{Command, Verdict},
    route::Place,
    turn,
};

/// What of a request is for one worker.
#[derive(Default)]
struct Share {
    batch: Vec<turn::NewEvent>,
    /// The places of these events in the request.
    taken: Vec<usize>,
    refused: Vec<store::RefusedEvent>,
    /// The places of those that are refused.
    turned_away: Vec<usize>,
}

/// A share that its worker has been given.
struct Submitted {
    taken: Vec<usize>,
    turned_away: Vec<usize>,
    answer: oneshot::Receiver<Result<Vec<Verdict>, Error>>,
}

/// Events that another node has been given.
struct Posted {
    indices: Vec<usize>,
    answer: JoinHandle<Result<Response, PeerFailure>>,
}

impl Runtime {
    /// Checks events against their declared shapes and takes those that fit; gives a verdict for each, in order, once
    /// all that were taken are durable, and the refused ones are on record.
    ///
    /// # Errors
    /// When nothing can be taken now, or whether it was is unknown.
    pub async fn take_events(&self, events: Vec<Received<'_>>) -> Result<Vec<Verdict>, Error> {
        let mut verdicts: Vec<Option<Verdict>> = vec![None; events.len()];
        let until = Instant::now() + PATIENCE;
        loop {
            self.take_round(&events, &mut verdicts, true).await?;
            if verdicts.iter().all(Option::is_some) {
                return Ok(verdicts.into_iter().flatten().collect());
            }
            if Instant::now() > until {
                return Err(Error::Moved);
            }
            self.look_again().await;
        }
    }

    /// Takes what another node was sent, as far as its shards are here.
    pub(crate) async fn take_here(&self, events: Vec<Forwarded>) -> Result<Vec<Option<Verdict>>, Error> {
        let (texts, events): (Vec<String>, Vec<_>) =
            events.into_iter().map(|one| (one.text, (one.event, one.sender))).unzip();
        let received =
            texts.iter().zip(events).map(|(text, (event, sender))| Received { text, event, sender });
        let received: Vec<Received<'_>> = received.collect();
        let mut verdicts = vec![None; received.len()];
        self.take_round(&received, &mut verdicts, false).await?;
        Ok(verdicts)
    }

    /// Gives what has no verdict yet to whoever has its shard. What nobody takes stays without.
    async fn take_round(
        &self,
        events: &[Received<'_>],
        verdicts: &mut [Option<Verdict>],
        forward: bool,
    ) -> Result<(), Error> {
        let (places, now) = (self.routes().places(), self.now());
        let mut here: BTreeMap<usize, Share> = BTreeMap::new();
        let mut there: BTreeMap<Uuid, (Arc<Node>, Vec<usize>)> = BTreeMap::new();
        for (index, (received, verdict)) in events.iter().zip(verdicts.iter_mut()).enumerate() {
            if verdict.is_some() {
                continue;
            }
            let shard = check::shard(received, self.store().shards());
            match places.get(usize::from(shard)) {
                Some(Place::Here(worker)) => {
                    *verdict = self.check(received, shard, index, now, here.entry(*worker).or_default());
                }
                Some(Place::There(node)) if forward => {
                    there.entry(node.id).or_insert_with(|| (node.clone(), Vec::new())).1.push(index);
                }
                Some(Place::There(_) | Place::Nowhere) | None => {}
            }
        }
        // The other nodes are asked first, so that they work while this one does.
        let posted: Vec<Posted> =
            there.into_values().map(|(node, indices)| self.post(&node, events, indices)).collect();
        let (mut submitted, mut failed) = (Vec::with_capacity(here.len()), None);
        for (worker, share) in here {
            match self.submit(worker, share) {
                Ok(share) => submitted.push(share),
                Err(error) => failed = Some(error),
            }
        }
        for Submitted { taken, turned_away, answer } in submitted {
            match answer.await.unwrap_or(Err(Error::Stopping)) {
                Ok(told) => settle(verdicts, taken, told.into_iter().map(Some)),
                // Refused events are on record only once their turn is written.
                Err(Error::Moved) => settle(verdicts, turned_away, std::iter::repeat(None)),
                Err(error) => failed = Some(error),
            }
        }
        for Posted { indices, answer } in posted {
            match answer.await {
                Ok(Ok(Response::Events(told))) => settle(verdicts, indices, told),
                Ok(Ok(Response::Overloaded)) => failed = Some(Error::Overloaded),
                Ok(Ok(Response::NotWritten)) => failed = Some(Error::NotWritten),
                // Sent again under the same ids, to whoever has them then: what was taken is not taken twice.
                Ok(
                    Ok(Response::Moved | Response::Stopping | Response::One(_) | Response::Calls(_)) | Err(_),
                )
                | Err(_) => {}
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Puts an event into its worker's share; its verdict, if it is refused.
    fn check(
        &self,
        received: &Received<'_>,
        shard: Shard,
        index: usize,
        now: Timestamp,
        share: &mut Share,
    ) -> Option<Verdict> {
        let checked = match &received.event {
            Ok(event) => check::check(self.catalog(), event, now, shard),
            Err(refusal) => Err(refusal.clone()),
        };
        match checked {
            Err(refusal) => {
                metrics::counter!("wayfare_events_total", "outcome" => "refused").increment(1);
                share.refused.push(check::refused(received, &refusal, self.refusal_id(now), now, shard));
                share.turned_away.push(index);
                Some(Err(refusal))
            }
            Ok(event) => {
                share.batch.push(turn::NewEvent { sender: received.sender, ..event });
                share.taken.push(index);
                None
            }
        }
    }

    /// Gives a worker its share.
    fn submit(&self, worker: usize, share: Share) -> Result<Submitted, Error> {
        let Share { batch, taken, refused, turned_away } = share;
        let (reply, answer) = oneshot::channel();
        self.send(worker, Command::Events { batch, refused, reply })?;
        Ok(Submitted { taken, turned_away, answer })
    }

    /// Begins to give another node its events.
    fn post(&self, node: &Arc<Node>, events: &[Received<'_>], indices: Vec<usize>) -> Posted {
        let chosen = indices.iter().filter_map(|index| events.get(*index)).collect();
        let body = serde_json::to_vec(&Request::Events(chosen));
        let (runtime, node) = (self.clone(), node.clone());
        Posted { indices, answer: tokio::spawn(async move { runtime.request(&node, body).await }) }
    }
}

/// Gives events their verdicts.
fn settle(
    verdicts: &mut [Option<Verdict>],
    indices: Vec<usize>,
    told: impl IntoIterator<Item = Option<Verdict>>,
) {
    for (index, told) in indices.into_iter().zip(told) {
        if let Some(verdict) = verdicts.get_mut(index) {
            *verdict = told;
        }
    }
}
