//! Copies an SQLite file while a server uses it.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
};

use sqlx::{ConnectOptions as _, Connection as _, query, sqlite::SqliteConnectOptions};

use super::{PATIENCE, open};
use crate::Error;

/// Writes a copy of a database, as it is at one moment, to a file that is not there yet; gives the size of the copy in
/// bytes. While it is written the copy has another name, so that what has its name is whole.
pub(crate) async fn back_up(url: &str, copy: &Path) -> Result<u64, Error> {
    let database = open::options(url)?.get_filename().to_owned();
    if !database.exists() {
        return Err(Error::Unsuitable(format!("there is no database {}", database.display())));
    }
    let unfinished = open::beside(copy, ".unfinished");
    let alone = alone(&unfinished).map_err(|error| unwritten(&unfinished, &error))?;
    // Only now, for another copy under this name may have been finished a moment ago.
    if copy.exists() {
        remove(&unfinished);
        let there = format!("{} is there already; a copy is never written over a file", copy.display());
        return Err(Error::Unsuitable(there));
    }
    // Somebody may have been ended while writing it.
    alone.set_len(0).map_err(|error| unwritten(&unfinished, &error))?;
    let options = SqliteConnectOptions::new().filename(&database).busy_timeout(PATIENCE);
    let mut connection = options.connect().await?;
    // It reads in one transaction, beside which a server goes on writing (https://www.sqlite.org/lang_vacuum.html).
    let copied = query("VACUUM INTO ?1").bind(unfinished.to_string_lossy()).execute(&mut connection).await;
    connection.close().await?;
    let kept = copied
        .map_err(Error::from)
        .and_then(|_| keep(&alone, &unfinished, copy).map_err(|error| unwritten(copy, &error)));
    if kept.is_err() {
        remove(&unfinished);
    }
    kept
}

/// The file under this name, which nobody else writes as long as it is open.
fn alone(unfinished: &Path) -> io::Result<File> {
    let file = File::options().create(true).truncate(false).write(true).open(unfinished)?;
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => io::Error::other("another copy is being written there"),
        TryLockError::Error(error) => error,
    })?;
    Ok(file)
}

/// Removes what is of no use. Where that fails, the reason why it is of none is what matters.
fn remove(unfinished: &Path) {
    let _ = std::fs::remove_file(unfinished);
}

/// Waits until a copy is on the disk, and gives it its name.
fn keep(file: &File, unfinished: &Path, copy: &Path) -> io::Result<u64> {
    file.sync_all()?;
    std::fs::rename(unfinished, copy)?;
    let folder = copy.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()?;
    Ok(file.metadata()?.len())
}

fn unwritten(copy: &Path, error: &io::Error) -> Error {
    Error::Unsuitable(format!("{} cannot be written: {error}", copy.display()))
}
