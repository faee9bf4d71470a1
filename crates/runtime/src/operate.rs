//! What operators do with instances: with one, or with all that fit.

use std::time::Duration;

use engine::{Ignored, Operation, Status};
use futures_util::{StreamExt, stream};
use store::Filter;
use uuid::Uuid;

use crate::{
    Error, Runtime,
    ask::{Ask, Told},
};

/// How many instances are read at once.
const PAGE: u32 = 500;
/// How many are asked about at once, so that a turn takes many of them and others come in between.
const AT_ONCE: usize = 250;

/// How long a worker whose queue is full is left alone.
const AGAIN: Duration = Duration::from_millis(20);

/// What became of the instances that an operation was for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Operated {
    /// How many it was done with.
    pub done: usize,
    /// How many it did not fit any more: somebody else was faster.
    pub ignored: usize,
    /// Of how many it is not known, since the store or another node failed meanwhile. Those that are still failed can be
    /// asked about again.
    pub unknown: usize,
    /// The last one that was looked at, if there may be more behind it.
    pub next: Option<Uuid>,
}

enum Ended {
    Done,
    Ignored,
    Unknown,
}

impl Runtime {
    /// Does what an operator asks with an instance; none when there is no such instance.
    ///
    /// # Errors
    /// When nothing can be taken now, or whether it was is unknown.
    pub async fn operate(
        &self,
        id: Uuid,
        operation: Operation,
    ) -> Result<Option<Result<(), Ignored>>, Error> {
        let shard = store::shard_in(id);
        let Some(instance) = self.store().instance(shard, id).await? else { return Ok(None) };
        match self.ask(Ask::Operate { shard, profile: instance.profile, id, operation }).await? {
            Told::Operated(done) => Ok(Some(done)),
            Told::Erased | Told::Profile(_) => Err(Error::NotWritten),
        }
    }

    /// Does the same with the failed instances that fit the filter: newest first, from behind `before`, and so many at
    /// most.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn operate_all(
        &self,
        filter: &Filter,
        operation: &Operation,
        before: Option<Uuid>,
        most: usize,
    ) -> Result<Operated, Error> {
        let filter = Filter { status: Some(Status::Failed), ..filter.clone() };
        let mut operated = Operated { next: before, ..Operated::default() };
        loop {
            let left = most - (operated.done + operated.ignored + operated.unknown).min(most);
            if left == 0 {
                break;
            }
            let limit = u32::try_from(left).unwrap_or(PAGE).min(PAGE);
            let page = self.store().instances(&filter, operated.next, limit).await?;
            operated.next = page.last().map(|instance| instance.id);
            let asked = page
                .into_iter()
                .map(|instance| self.operate_surely(instance.profile, instance.id, operation));
            let mut ends = stream::iter(asked).buffer_unordered(AT_ONCE);
            while let Some(end) = ends.next().await {
                match end {
                    Ended::Done => operated.done += 1,
                    Ended::Ignored => operated.ignored += 1,
                    Ended::Unknown => operated.unknown += 1,
                }
            }
            if operated.next.is_none() {
                break;
            }
        }
        Ok(operated)
    }

    /// As often as nothing was done for want of room; not again when it may have been.
    async fn operate_surely(&self, profile: graph::Name, id: Uuid, operation: &Operation) -> Ended {
        let shard = store::shard_in(id);
        loop {
            let ask = Ask::Operate { shard, profile: profile.clone(), id, operation: operation.clone() };
            match self.ask(ask).await {
                Ok(Told::Operated(Ok(()))) => return Ended::Done,
                Ok(Told::Operated(Err(_))) => return Ended::Ignored,
                Err(Error::Overloaded) => tokio::time::sleep(AGAIN).await,
                Ok(Told::Erased | Told::Profile(_)) | Err(_) => return Ended::Unknown,
            }
        }
    }
}
