//! A connection that one writer holds, and the rule that work on it is never cut off half way.
//!
//! A future may be dropped at any await: a client hangs up, a `select!` takes another branch. Were that future inside
//! a transaction, the connection would come back in the midst of it (sqlx 0.9 #4385). So every piece of work owns the
//! connection in a task of its own and gives it back when done; the next piece waits for that, even when nobody
//! listens to the first any more.
//!
//! A network may swallow an answer and tell nobody. So work has a longest time, after which the connection is given up.

use std::{io, time::Duration};

use tokio::{sync::oneshot, task::JoinHandle};

use crate::Error;

/// What is done rarely, and to whatever many rows, takes no longer than this.
pub(crate) const LONGEST: Duration = Duration::from_secs(120);
/// How long it takes at most to open a connection for work that may take longer.
const CONNECT: Duration = Duration::from_secs(5);

/// Runs a statement on the connection of a store for what is written beside the turns.
macro_rules! beside {
    ($store:expr, |$database:ident| $statement:expr) => {
        $store
            .slots
            .lock()
            .await
            .run(open::connect(&$store.options), async move |mut $database| {
                let done = $statement.await;
                ($database, done)
            })
            .await
    };
}
pub(crate) use beside;

/// A connection, or the work that holds it at present, or nothing after it broke.
pub(crate) struct Held<C> {
    slot: Slot<C>,
    /// Beyond this the database is unreachable.
    longest: Duration,
}

enum Slot<C> {
    Empty,
    Idle(C),
    Busy(JoinHandle<Option<C>>),
}

impl<C: Send + 'static> Held<C> {
    /// Holds a connection that is not in use.
    pub(crate) fn new(connection: C, longest: Duration) -> Held<C> {
        Held { slot: Slot::Idle(connection), longest }
    }

    /// Holds none yet: one is opened when it is needed.
    pub(crate) fn none(longest: Duration) -> Held<C> {
        Held { slot: Slot::Empty, longest }
    }

    /// Runs work in a task of its own. `connect` is awaited only if there is no connection any more.
    pub(crate) async fn run<T, W, F>(
        &mut self,
        connect: impl Future<Output = Result<C, Error>>,
        work: W,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        W: FnOnce(C) -> F + Send + 'static,
        F: Future<Output = (C, Result<T, Error>)> + Send,
    {
        let connection = match self.take().await {
            Some(connection) => connection,
            None => tokio::time::timeout(CONNECT.min(self.longest), connect)
                .await
                .unwrap_or_else(|_| Err(too_late()))?,
        };
        let (tell, told) = oneshot::channel();
        let longest = self.longest;
        self.slot = Slot::Busy(tokio::spawn(async move {
            let (connection, result) = match tokio::time::timeout(longest, work(connection)).await {
                Ok((connection, result)) => (Some(connection), result),
                Err(_) => (None, Err(too_late())),
            };
            // Which errors leave a connection usable is not worth knowing: they are rare, a new one is cheap.
            let broken = matches!(result, Err(Error::Database(_)));
            let _nobody_listens = tell.send(result);
            connection.filter(|_| !broken)
        }));
        // The task tells nothing only if it panicked; the connection is gone with it.
        told.await.unwrap_or(Err(Error::Database(sqlx::Error::WorkerCrashed)))
    }

    /// The connection, after the work that holds it is done.
    async fn take(&mut self) -> Option<C> {
        if let Slot::Busy(task) = &mut self.slot {
            self.slot = task.await.ok().flatten().map_or(Slot::Empty, Slot::Idle);
        }
        match std::mem::replace(&mut self.slot, Slot::Empty) {
            Slot::Idle(connection) => Some(connection),
            Slot::Empty | Slot::Busy(_) => None,
        }
    }
}

/// The database did not answer in time; what became of the work is not known.
pub(crate) fn too_late() -> Error {
    sqlx::Error::Io(io::ErrorKind::TimedOut.into()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_nobody_waits_for_is_finished_before_the_next() {
        let mut held = Held::new(0_u32, LONGEST);
        let slow = held.run(async { Ok(100) }, |count| async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            (count + 1, Ok(()))
        });
        assert!(tokio::time::timeout(Duration::from_millis(5), slow).await.is_err());
        let count = held.run(async { Ok(100) }, |count| async move { (count, Ok(count)) }).await;
        assert_eq!(count.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_connection_that_failed_is_replaced() {
        let mut held = Held::new(0_u32, LONGEST);
        let failed = held
            .run(async { Ok(100) }, |count| async move {
                (count, Err::<(), _>(Error::Database(sqlx::Error::RowNotFound)))
            })
            .await;
        assert!(failed.is_err());
        assert_eq!(
            held.run(async { Ok(100) }, |count| async move { (count, Ok(count)) }).await.unwrap(),
            100
        );
    }

    #[tokio::test]
    async fn work_that_never_ends_costs_its_connection() {
        let mut held = Held::new(0_u32, Duration::from_millis(50));
        let endless = held
            .run(async { Ok(100) }, |count| async move {
                std::future::pending::<()>().await;
                (count, Ok(()))
            })
            .await;
        assert!(matches!(endless, Err(Error::Database(_))));
        let nowhere = held.run(std::future::pending(), |count: u32| async move { (count, Ok(())) }).await;
        assert!(matches!(nowhere, Err(Error::Database(_))));
        let after = held.run(async { Ok(100) }, |count| async move { (count, Ok(count)) }).await;
        assert_eq!(after.unwrap(), 100);
    }
}
