//! The nodes that share a PostgreSQL database, and their leases.
//!
//! On a connection of their own: a turn that waits for the disk must not keep a lease from being renewed.

use std::ops::Range;

use async_trait::async_trait;
use sqlx::{PgConnection, postgres::PgConnectOptions, query, query_as};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{open, turn::Statement, write};
use crate::{
    Error, LEASE, Leases, Node, Nodes, Shard, Survey,
    held::Held,
    row::{self, small},
};

/// The clock that all nodes share, in microseconds since 1970.
macro_rules! now {
    () => {
        "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
    };
}

/// What was there before at the same address is gone, and whoever died long ago is of no interest.
const FORGET: &str =
    concat!("DELETE FROM nodes WHERE id <> $1 AND (address = $2 OR expires_at < ", now!(), " - 600000000)");

const RENEW: &str = concat!(
    "INSERT INTO nodes (id, address, key, expires_at) VALUES ($1, $2, $3, ",
    now!(),
    " + $4) ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at"
);

const ALIVE: &str = concat!("SELECT id, address, key FROM nodes WHERE expires_at > ", now!(), " ORDER BY id");

const HELD: &str = concat!(
    "SELECT s.shard, s.owner, s.epoch FROM shards AS s JOIN nodes AS n ON n.id = s.owner WHERE n.expires_at > ",
    now!()
);

/// Rows that somebody writes to at this moment are left for the next time.
const CLAIM: &str = concat!(
    "WITH free AS (SELECT shard FROM shards WHERE NOT EXISTS \
     (SELECT FROM nodes WHERE nodes.id = shards.owner AND nodes.expires_at > ",
    now!(),
    ") ORDER BY shard LIMIT $2 FOR UPDATE SKIP LOCKED) \
     UPDATE shards SET owner = $1, epoch = shards.epoch + 1 FROM free WHERE shards.shard = free.shard \
     RETURNING shards.shard, shards.epoch"
);

const RELEASE: &str = "UPDATE shards SET owner = NULL FROM UNNEST($1::smallint[], $2::bigint[]) AS w (shard, epoch) \
     WHERE shards.shard = w.shard AND shards.epoch = w.epoch";

/// The connection of leases. Whatever is done on it is done within a lease, or it is given up.
pub(super) struct Leasing {
    options: PgConnectOptions,
    held: Mutex<Held<PgConnection>>,
}

impl Leasing {
    pub(super) async fn open(options: &PgConnectOptions) -> Result<Leasing, Error> {
        let held = Held::new(open::connect(options).await?, LEASE);
        Ok(Leasing { options: options.clone(), held: Mutex::new(held) })
    }

    /// Takes shards over, whoever holds them.
    pub(super) async fn take_over(&self, shards: Range<Shard>) -> Result<Leases, Error> {
        let work = move |mut connection| async move {
            let leases = write::take_over(&mut connection, &shards).await;
            (connection, leases)
        };
        self.run(work).await
    }

    /// Carries a statement out.
    async fn execute(&self, statement: Statement) -> Result<(), Error> {
        let work = |mut connection| async move {
            let done = statement.execute(&mut connection).await;
            (connection, done.map(drop).map_err(Error::from))
        };
        self.run(work).await
    }

    async fn run<T, W, F>(&self, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: FnOnce(PgConnection) -> F + Send + 'static,
        F: Future<Output = (PgConnection, Result<T, Error>)> + Send,
    {
        self.held.lock().await.run(open::connect(&self.options), work).await
    }
}

#[async_trait]
impl Nodes for Leasing {
    async fn look(&self) -> Result<Survey, Error> {
        let work = |mut connection| async move {
            let survey = look(&mut connection).await;
            (connection, survey)
        };
        self.run(work).await
    }

    async fn join(&self, node: &Node) -> Result<(), Error> {
        self.execute(query(FORGET).bind(node.id).bind(node.address.clone())).await?;
        self.renew(node).await
    }

    async fn renew(&self, node: &Node) -> Result<(), Error> {
        let lease = i64::try_from(LEASE.as_micros()).unwrap_or(i64::MAX);
        let renew = query(RENEW).bind(node.id).bind(node.address.clone()).bind(node.key.clone());
        self.execute(renew.bind(lease)).await
    }

    async fn claim(&self, node: Uuid, most: u16) -> Result<Leases, Error> {
        let work = move |mut connection| async move {
            let claimed = claim(&mut connection, node, most).await;
            (connection, claimed)
        };
        self.run(work).await
    }

    async fn release(&self, leases: &Leases) -> Result<(), Error> {
        let (shards, epochs): (Vec<i16>, Vec<i64>) =
            leases.iter().map(|(shard, epoch): (&Shard, _)| (small(*shard), *epoch)).unzip();
        self.execute(query(RELEASE).bind(shards).bind(epochs)).await
    }

    async fn leave(&self, node: Uuid) -> Result<(), Error> {
        self.execute(query("UPDATE shards SET owner = NULL WHERE owner = $1").bind(node)).await?;
        self.execute(query("DELETE FROM nodes WHERE id = $1").bind(node)).await
    }
}

async fn look(connection: &mut PgConnection) -> Result<Survey, Error> {
    let nodes: Vec<(Uuid, String, String)> = query_as(ALIVE).fetch_all(&mut *connection).await?;
    let held: Vec<(i16, Uuid, i64)> = query_as(HELD).fetch_all(connection).await?;
    let held = held.into_iter().map(|(shard, owner, epoch)| Ok((row::shard(shard)?, (owner, epoch))));
    Ok(Survey {
        nodes: nodes.into_iter().map(|(id, address, key)| Node { id, address, key }).collect(),
        held: held.collect::<Result<_, Error>>()?,
    })
}

async fn claim(connection: &mut PgConnection, node: Uuid, most: u16) -> Result<Leases, Error> {
    let claimed: Vec<(i16, i64)> =
        query_as(CLAIM).bind(node).bind(i64::from(most)).fetch_all(connection).await?;
    claimed.into_iter().map(|(shard, epoch)| Ok((row::shard(shard)?, epoch))).collect()
}
