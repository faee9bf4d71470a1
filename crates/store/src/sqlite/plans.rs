//! How SQLite carries the statements of a turn out: by keys. It plans without statistics, so an empty database is as good
//! as a full one.

use sqlx::{AssertSqlSafe, Row as _};

use super::{Sqlite, read, retention, write};

#[tokio::test]
async fn no_statement_of_a_turn_reads_a_whole_table() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    let store = Sqlite::open(&url).await.unwrap();
    let mut connection = store.readers.acquire().await.unwrap();
    for (name, sql) in read::HOT.into_iter().chain(write::HOT).chain(retention::ALL) {
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        let plan = sqlx::query(explain).fetch_all(&mut *connection).await.unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
        // The lists of what is wanted are read whole, and what was made before: who is due (`d`), and who is next (`n`).
        let whole = |line: &&String| {
            let scanned = line.strip_prefix("SCAN ").and_then(|rest| rest.split_whitespace().next());
            scanned.is_some_and(|table| {
                !matches!(table, "w" | "d" | "n" | "json_each" | "jsonb_each")
                    && !table.starts_with("(subquery")
            }) && !line.contains("VIRTUAL TABLE")
        };
        // What waits is read in the order in which it is due, up to the first that is not.
        let in_order = |line: &&String| !line.contains("USING INDEX instances_due");
        let whole = plan.iter().filter(whole).find(in_order);
        assert!(whole.is_none(), "the statement `{name}` reads the whole of a table:\n{}", plan.join("\n"));
    }
}
