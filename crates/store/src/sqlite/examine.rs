//! Examines an SQLite file without changing it, or anything beside it.

use std::{io::Read as _, path::Path};

use jiff::Timestamp;
use sqlx::{
    ConnectOptions as _, Connection as _, SqliteConnection, query_as, query_scalar,
    sqlite::SqliteConnectOptions,
};

use super::{PATIENCE, open};
use crate::{
    Error,
    examination::{
        Applied, Counted, Disk, Examination, INHABITED, LONG_CALL, MOST_COUNTED, OVERDUE, RECENT,
        SqliteFacts, Work, ago, compare, inhabited,
    },
    least_id,
};

pub(crate) async fn examine(url: &str, deep: bool) -> Result<Examination, Error> {
    let path = open::options(url)?.get_filename().to_owned();
    if !path.exists() {
        return Ok(Examination::Absent(path));
    }
    let wal = is_wal(&path)?;
    let size = std::fs::metadata(&path).map_err(|error| unreadable(&path, &error))?.len();
    let wal_size = std::fs::metadata(open::beside(&path, "-wal")).ok().map(|file| file.len());
    // Whoever opens a file in WAL mode makes its log and index, unless the file is declared not to change. Where there is
    // no log, nobody has the file open.
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .read_only(true)
        .immutable(wal_size.is_none())
        .busy_timeout(PATIENCE)
        .pragma("query_only", "ON");
    let mut connection = options.connect().await?;
    let version: String = query_scalar("SELECT sqlite_version()").fetch_one(&mut connection).await?;
    let schema = compare(&open::MIGRATIONS, applied(&mut connection).await?.as_deref());
    let work = if schema.readable() { Some(work(&mut connection).await?) } else { None };
    let damage = if deep { Some(damage(&mut connection).await?) } else { None };
    connection.close().await?;
    Ok(Examination::Sqlite(Box::new(SqliteFacts {
        keeps_commits: open::keeps_commits(&version),
        version,
        wal,
        size,
        wal_size: wal_size.unwrap_or_default(),
        disk: disk(&path),
        damage,
        schema,
        work,
        path,
    })))
}

/// Whether a file's header says that it is in WAL mode.
fn is_wal(path: &Path) -> Result<bool, Error> {
    let mut header = Vec::with_capacity(20);
    let file = std::fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    file.take(20).read_to_end(&mut header).map_err(|error| unreadable(path, &error))?;
    // What was just made and never written to is empty.
    if header.is_empty() {
        return Ok(true);
    }
    if !header.starts_with(b"SQLite format 3\0") {
        return Err(Error::Unsuitable(format!("{} is no SQLite database", path.display())));
    }
    Ok(header.get(18) == Some(&2))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::Unsuitable(format!("{} cannot be read: {error}", path.display()))
}

async fn applied(connection: &mut SqliteConnection) -> Result<Option<Vec<Applied>>, Error> {
    let known: i64 = query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'")
        .fetch_one(&mut *connection)
        .await?;
    if known == 0 {
        return Ok(None);
    }
    let applied = query_as("SELECT version, success, checksum FROM _sqlx_migrations ORDER BY version");
    Ok(Some(applied.fetch_all(connection).await?))
}

async fn work(connection: &mut SqliteConnection) -> Result<Work, Error> {
    let (now, most) = (Timestamp::now(), i64::try_from(MOST_COUNTED).unwrap_or(i64::MAX));
    let (overdue, since): (i64, Option<i64>) = query_as(
        "SELECT count(*), min(due_at) FROM (SELECT due_at FROM instances WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2)",
    )
    .bind(ago(now, OVERDUE))
    .bind(most)
    .fetch_one(&mut *connection)
    .await?;
    let failed = query_scalar("SELECT count(*) FROM (SELECT 1 FROM instances WHERE status = 4 LIMIT ?1)")
        .bind(most)
        .fetch_one(&mut *connection)
        .await?;
    // Those that came first are looked at: a call that hangs is among them.
    let long_calls = query_scalar(
        "SELECT count(*) FROM (SELECT updated_at FROM instances WHERE status = 1 ORDER BY id LIMIT ?2) \
         WHERE updated_at <= ?1",
    )
    .bind(ago(now, LONG_CALL))
    .bind(most)
    .fetch_one(&mut *connection)
    .await?;
    let since_id = least_id(Timestamp::from_microsecond(ago(now, RECENT)).unwrap_or_default());
    let refused = query_scalar(
        "SELECT count(*) FROM (SELECT 1 FROM shards AS s CROSS JOIN refusals AS r ON r.shard = s.shard AND r.id >= ?1 \
         LIMIT ?2)",
    )
    .bind(since_id)
    .bind(most)
    .fetch_one(&mut *connection)
    .await?;
    Ok(Work {
        overdue: Counted::of(overdue),
        overdue_since: since.and_then(|at| Timestamp::from_microsecond(at).ok()),
        failed: Counted::of(failed),
        long_calls: Counted::of(long_calls),
        refused: Counted::of(refused),
        inhabited: inhabited(query_as(INHABITED).fetch_all(&mut *connection).await?),
        events: last("SELECT max(rowid) FROM events", connection).await?,
        history: last("SELECT max(rowid) FROM history", connection).await?,
        instances: last("SELECT max(rowid) FROM instances", connection).await?,
    })
}

/// The number of the last row: there are at most so many.
async fn last(statement: &'static str, connection: &mut SqliteConnection) -> Result<u64, Error> {
    let last: Option<i64> = query_scalar(statement).fetch_one(connection).await?;
    Ok(last.and_then(|last| u64::try_from(last).ok()).unwrap_or_default())
}

async fn damage(connection: &mut SqliteConnection) -> Result<Vec<String>, Error> {
    let found: Vec<String> = query_scalar("PRAGMA quick_check(10)").fetch_all(connection).await?;
    Ok(found.into_iter().filter(|line| line != "ok").collect())
}

/// The file system that a file is on.
fn disk(path: &Path) -> Option<Disk> {
    let space = rustix::fs::statvfs(path).ok()?;
    Some(Disk {
        free: space.f_bavail.saturating_mul(space.f_frsize),
        total: space.f_blocks.saturating_mul(space.f_frsize),
        remote: remote(path),
    })
}

#[cfg(target_os = "linux")]
fn remote(path: &Path) -> Option<&'static str> {
    // The numbers are those of statfs(2).
    let kind = u32::try_from(rustix::fs::statfs(path).ok()?.f_type & 0xffff_ffff).ok()?;
    match kind {
        0x6969 => Some("NFS"),
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => Some("CIFS"),
        0x6573_5546 => Some("FUSE"),
        0x0102_1997 => Some("9P"),
        0x00c3_6400 => Some("Ceph"),
        0x5346_414f => Some("AFS"),
        0x0bd0_0bd0 => Some("Lustre"),
        _ => None,
    }
}

#[cfg(not(target_os = "linux"))]
fn remote(_path: &Path) -> Option<&'static str> {
    None
}
