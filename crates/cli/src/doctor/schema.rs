//! What the state of a database's schema means.

use store::Schema;

use super::{finding::Finding, words};

pub(crate) fn findings(schema: &Schema) -> Vec<Finding> {
    let mut found = Vec::new();
    if schema.empty {
        return vec![
            Finding::note("schema", "the database is empty")
                .mend("`wayfare serve` makes the schema at its start"),
        ];
    }
    if !schema.unknown.is_empty() {
        let numbers: Vec<String> = schema.unknown.iter().map(|number| format!("{number:04}")).collect();
        found.push(Finding::wrong(
            "schema",
            format!(
                "this database was opened by a newer Wayfare: its migrations {} are not known to this program",
                words::some(&numbers)
            ),
            "run the newer program, or restore a backup from before; a schema does not go back",
        ));
    }
    if !schema.broken.is_empty() {
        found.push(Finding::wrong(
            "schema",
            format!("migrations were begun and not ended, or are not those of this program: {}", words::some(&schema.broken)),
            "use the program that made this database, or restore the last backup; do not edit `_sqlx_migrations`",
        ));
    }
    if !schema.missing.is_empty() {
        found.push(
            Finding::note(
                "schema",
                format!("the schema is older than this program: {} is to come", words::some(&schema.missing)),
            )
            .mend("take a backup and start this version with `wayfare serve`: it migrates at its start"),
        );
    }
    if found.is_empty() {
        found.push(Finding::ok("schema", "the schema is up to date"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::{
        Mark,
        expect::{found, well},
    };

    #[test]
    fn a_schema_is_old_new_broken_empty_or_well() {
        well(&findings(&Schema::default()));
        let empty = Schema { empty: true, missing: vec!["0001_foundation".into()], ..Schema::default() };
        found(&findings(&empty), Mark::Note, "schema", &["empty", "wayfare serve"]);
        assert_eq!(findings(&empty).len(), 1);
        let newer = Schema { unknown: vec![7, 8], ..Schema::default() };
        found(
            &findings(&newer),
            Mark::Wrong,
            "schema",
            &["newer Wayfare", "0007, 0008", "run the newer program"],
        );
        let older = Schema { missing: vec!["0006_nodes".into()], ..Schema::default() };
        found(&findings(&older), Mark::Note, "schema", &["0006_nodes", "backup"]);
        let broken = Schema { broken: vec!["0003_goals".into()], ..Schema::default() };
        found(&findings(&broken), Mark::Wrong, "schema", &["0003_goals", "do not edit"]);
    }
}
