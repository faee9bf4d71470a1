//! How PostgreSQL carries the statements of a turn out: by keys, in a database that is still empty as in one that is
//! full, for a plan that was made in the one is kept in the other.

use sqlx::{AssertSqlSafe, Executor as _, PgConnection};

use super::{open, read, retention, write};

/// The tables that grow.
const GROWING: [&str; 5] = ["profiles", "events", "instances", "history", "counters"];

#[tokio::test]
async fn no_statement_of_a_turn_reads_a_whole_table() {
    let options = open::options(&testkit::postgres()).unwrap();
    open::prepare(&options).await.unwrap();
    let mut connection = open::connect(&open::for_turns(&options)).await.unwrap();
    check(&mut connection, "empty").await;
    connection.execute(FULL).await.unwrap();
    check(&mut connection, "full").await;
    connection.execute("ANALYZE").await.unwrap();
    check(&mut connection, "full and analysed").await;
}

async fn check(connection: &mut PgConnection, state: &str) {
    for (name, sql) in read::HOT.into_iter().chain(write::hot()).chain(retention::ALL) {
        let plan = plan_of(connection, sql).await;
        for table in GROWING {
            let whole = plan.iter().find(|line| line.contains(&format!("Seq Scan on {table}")));
            assert!(
                whole.is_none(),
                "{state}: the statement `{name}` reads the whole of {table}:\n{}",
                plan.join("\n")
            );
        }
        let searched = plan.iter().find(|line| line.contains("Filter: (id = "));
        assert!(
            searched.is_none(),
            "{state}: the statement `{name}` reads many rows to find one by its id:\n{}",
            plan.join("\n")
        );
        let joins = plan.iter().any(|line| line.contains("Hash Join") || line.contains("Merge Join"));
        assert!(
            !joins,
            "{state}: the statement `{name}` joins more than it is asked for:\n{}",
            plan.join("\n")
        );
    }
}

/// The plan that is kept for whatever values.
async fn plan_of(connection: &mut PgConnection, sql: &str) -> Vec<String> {
    let count = (1..).take_while(|number| sql.contains(&format!("${number}"))).count();
    let nothing = vec!["NULL"; count].join(", ");
    connection.execute(AssertSqlSafe(format!("PREPARE looked_at AS {sql}"))).await.unwrap();
    let explain = AssertSqlSafe(format!("EXPLAIN EXECUTE looked_at({nothing})"));
    let plan = sqlx::query_scalar(explain).persistent(false).fetch_all(&mut *connection).await.unwrap();
    connection.execute("DEALLOCATE looked_at").await.unwrap();
    plan
}

/// Ten thousand people with some events, instances and history each.
const FULL: &str = "
INSERT INTO profiles SELECT n % 16, 'p' || n, '{}', '{}', n, n FROM generate_series(1, 10000) AS n;
INSERT INTO events SELECT n % 16, n, 'e' || n, 'asked', 'p' || n % 10000, n, n, '{}', '[]' FROM generate_series(1, 30000) AS n;
INSERT INTO instances (id, shard, journey, version, profile, key, status, live, step, entered_at, updated_at, due_at, turn, state)
SELECT gen_random_uuid(), n % 16, 'j', 'v', 'p' || n % 10000, '', n % 2 * 2, n % 2, 'wait-1', n, n, n, 1, '{}'
FROM generate_series(1, 30000) AS n;
INSERT INTO history (shard, instance, turn, at, happenings) SELECT shard, id, 1, 1, '[]' FROM instances;
";
