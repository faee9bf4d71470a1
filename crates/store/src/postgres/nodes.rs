//! The nodes that share a PostgreSQL database, and their leases.
//!
//! On connections of their own: a turn that waits for the disk must not keep a lease from being renewed.

use async_trait::async_trait;
use sqlx::{PgPool, query, query_as};
use uuid::Uuid;

use crate::{
    Error, LEASE, Leases, Node, Nodes, Shard, Survey,
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

#[async_trait]
impl Nodes for PgPool {
    async fn look(&self) -> Result<Survey, Error> {
        let nodes: Vec<(Uuid, String, String)> = query_as(ALIVE).fetch_all(self).await?;
        let held: Vec<(i16, Uuid, i64)> = query_as(HELD).fetch_all(self).await?;
        let held = held.into_iter().map(|(shard, owner, epoch)| Ok((row::shard(shard)?, (owner, epoch))));
        Ok(Survey {
            nodes: nodes.into_iter().map(|(id, address, key)| Node { id, address, key }).collect(),
            held: held.collect::<Result<_, Error>>()?,
        })
    }

    async fn join(&self, node: &Node) -> Result<(), Error> {
        query(FORGET).bind(node.id).bind(&node.address).execute(self).await?;
        self.renew(node).await
    }

    async fn renew(&self, node: &Node) -> Result<(), Error> {
        let lease = i64::try_from(LEASE.as_micros()).unwrap_or(i64::MAX);
        query(RENEW).bind(node.id).bind(&node.address).bind(&node.key).bind(lease).execute(self).await?;
        Ok(())
    }

    async fn claim(&self, node: Uuid, most: u16) -> Result<Leases, Error> {
        let claimed: Vec<(i16, i64)> =
            query_as(CLAIM).bind(node).bind(i64::from(most)).fetch_all(self).await?;
        claimed.into_iter().map(|(shard, epoch)| Ok((row::shard(shard)?, epoch))).collect()
    }

    async fn release(&self, leases: &Leases) -> Result<(), Error> {
        let (shards, epochs): (Vec<i16>, Vec<i64>) =
            leases.iter().map(|(shard, epoch): (&Shard, _)| (small(*shard), *epoch)).unzip();
        query(RELEASE).bind(shards).bind(epochs).execute(self).await?;
        Ok(())
    }

    async fn leave(&self, node: Uuid) -> Result<(), Error> {
        query("UPDATE shards SET owner = NULL WHERE owner = $1").bind(node).execute(self).await?;
        query("DELETE FROM nodes WHERE id = $1").bind(node).execute(self).await?;
        Ok(())
    }
}
