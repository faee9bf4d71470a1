//! Copies an SQLite file while a server uses it.

use std::{fs::File, io, path::Path, time::Duration};

use sqlx::{ConnectOptions as _, Connection as _, query, sqlite::SqliteConnectOptions};

use super::open;
use crate::Error;

/// Writes a copy of a database, as it is at one moment, to a file that is not there yet; gives the size of the copy in
/// bytes. While it is written the copy has another name, so that what has its name is whole.
pub(crate) async fn back_up(url: &str, copy: &Path) -> Result<u64, Error> {
    let database = open::options(url)?.get_filename().to_owned();
    if !database.exists() {
        return Err(Error::Unsuitable(format!("there is no database {}", database.display())));
    }
    if copy.exists() {
        let there = format!("{} is there already; a copy is never written over a file", copy.display());
        return Err(Error::Unsuitable(there));
    }
    let unfinished = open::beside(copy, ".unfinished");
    remove(&unfinished).map_err(|error| unwritten(&unfinished, &error))?;
    let options = SqliteConnectOptions::new().filename(&database).busy_timeout(Duration::from_secs(5));
    let mut connection = options.connect().await?;
    // It reads in one transaction, beside which a server goes on writing (https://www.sqlite.org/lang_vacuum.html).
    let copied = query("VACUUM INTO ?1").bind(unfinished.to_string_lossy()).execute(&mut connection).await;
    connection.close().await?;
    let kept = copied
        .map_err(Error::from)
        .and_then(|_| keep(&unfinished, copy).map_err(|error| unwritten(copy, &error)));
    if kept.is_err() {
        // What is left of it is of no use to anybody; the reason why there is no more is what matters.
        let _ = remove(&unfinished);
    }
    kept
}

fn remove(file: &Path) -> io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Waits until a copy is on the disk, and gives it its name.
fn keep(unfinished: &Path, copy: &Path) -> io::Result<u64> {
    let file = File::open(unfinished)?;
    file.sync_all()?;
    std::fs::rename(unfinished, copy)?;
    let folder = copy.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()?;
    Ok(file.metadata()?.len())
}

fn unwritten(copy: &Path, error: &io::Error) -> Error {
    Error::Unsuitable(format!("{} cannot be written: {error}", copy.display()))
}
