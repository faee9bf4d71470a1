//! Looks into a database behind the program's back, for what the API does not show.
//!
//! Every statement gives one column of text and is written so that both databases take it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot look must fail")]

use std::{fs, path::Path};

use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection, SqliteConnection, query_scalar,
    sqlite::SqliteConnectOptions,
};

use crate::power::beside;

/// A database to look into.
#[derive(Clone, Debug)]
pub struct Sql {
    url: String,
}

impl Sql {
    /// The database that a URL names.
    pub fn of(url: &str) -> Sql {
        Sql { url: url.to_owned() }
    }

    /// A copy of an SQLite database whose process is dead, opened as the next process would: what that one will find,
    /// without disturbing it.
    pub fn copy_of(database: &Path) -> Sql {
        let folder = tempfile::Builder::new().prefix("wayfare-copy-").tempdir().unwrap().keep();
        let copy = folder.join("copy.db");
        for suffix in ["", "-wal", "-journal"] {
            if beside(database, suffix).exists() {
                fs::copy(beside(database, suffix), beside(&copy, suffix)).unwrap();
            }
        }
        // The first to open it brings in what its log holds.
        let open = async {
            let mut connection = SqliteConnection::connect(&format!("sqlite:{}", copy.display())).await?;
            sqlx::query("SELECT count(*) FROM sqlite_schema").execute(&mut connection).await?;
            connection.close().await
        };
        if let Err(error) = runtime().block_on(open) {
            panic!("the database cannot be opened: {error}");
        }
        Sql { url: format!("sqlite:{}", copy.display()) }
    }

    /// The rows of a statement.
    ///
    /// # Panics
    /// When it fails.
    pub fn rows(&self, statement: &str) -> Vec<String> {
        match runtime().block_on(self.fetch(statement)) {
            Ok(rows) => rows,
            Err(error) => panic!("{error}: {statement}"),
        }
    }

    /// The number that a statement gives.
    pub fn number(&self, statement: &str) -> i64 {
        self.rows(&format!("SELECT CAST(({statement}) AS TEXT)")).concat().parse().unwrap_or_default()
    }

    async fn fetch(&self, statement: &str) -> Result<Vec<String>, sqlx::Error> {
        let statement = AssertSqlSafe(statement.to_owned());
        match self.url.strip_prefix("sqlite:") {
            Some(path) => {
                let options = SqliteConnectOptions::new().filename(path).read_only(true);
                let mut connection = SqliteConnection::connect_with(&options).await?;
                query_scalar(statement).fetch_all(&mut connection).await
            }
            None => {
                let mut connection = PgConnection::connect(&self.url).await?;
                query_scalar(statement).fetch_all(&mut connection).await
            }
        }
    }

    /// Gives a row if there is a log at all.
    pub(crate) fn has_events(&self) -> &'static str {
        if self.url.starts_with("sqlite:") {
            "SELECT name FROM sqlite_schema WHERE name = 'events'"
        } else {
            "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE tablename = 'events'"
        }
    }

    /// An id as 32 hexadecimal digits, from a column.
    pub fn id(&self, column: &str) -> String {
        if self.url.starts_with("sqlite:") {
            format!("lower(hex({column}))")
        } else {
            format!("replace(CAST({column} AS TEXT), '-', '')")
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}
