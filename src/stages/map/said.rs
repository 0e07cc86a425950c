//! What decisions are about, in short: which kinds there are about which fields. Asked once while candidates are built, it spares
//! looking through the ledger for what is not in it. Neighbours: `decided`, `replaced` and `leaving`, which read the decisions themselves.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::model::{Schema, Table};
use crate::store::Store;

/// The kinds of decisions that there are, by what they are about.
#[derive(Debug)]
pub(super) struct Said(Vec<Kind>);

/// Decisions of one kind about one field, or about the rows of a table.
#[derive(Debug)]
struct Kind {
    kind: String,
    table: String,
    field: String,
    is_in_force: bool,
}

impl Kind {
    fn sets(&self) -> bool {
        matches!(self.kind.as_str(), "set" | "bulk")
    }

    fn replaces(&self) -> bool {
        self.kind == "replace"
    }
}

impl Said {
    /// What `dq.decisions` says.
    pub fn of(store: &Store) -> Result<Said> {
        let sql = r#"SELECT DISTINCT kind, "table", coalesce(field, ''), active FROM dq.decisions
                     WHERE kind NOT IN ('revert', 'waive') AND "table" IS NOT NULL"#;
        store
            .query(sql, [], |row| {
                Ok(Kind { kind: row.get(0)?, table: row.get(1)?, field: row.get(2)?, is_in_force: row.get(3)? })
            })
            .map(Said)
    }

    fn about<'s>(&'s self, table: &'s str) -> impl Iterator<Item = &'s Kind> {
        self.0.iter().filter(move |one| one.table == table)
    }

    fn fields_in_force(&self, table: &str, is_meant: impl Fn(&Kind) -> bool) -> Vec<String> {
        let fields: BTreeSet<&String> =
            self.about(table).filter(|one| one.is_in_force && is_meant(one)).map(|one| &one.field).collect();
        fields.into_iter().cloned().collect()
    }

    /// The fields of a table of which a value is replaced wherever it occurs, in order.
    pub fn replaced(&self, table: &str) -> Vec<String> {
        self.fields_in_force(table, Kind::replaces)
    }

    /// The fields of a table that are set in single rows, in order.
    pub fn set(&self, table: &str) -> Vec<String> {
        self.fields_in_force(table, Kind::sets)
    }

    /// Whether a decision, in force or not, replaces a value of a field.
    pub fn ever_replaces(&self, table: &str, field: &str) -> bool {
        self.about(table).any(|one| one.replaces() && one.field == field)
    }

    /// Whether a decision, in force or not, sets a field in a row.
    pub fn ever_sets(&self, table: &str, field: &str) -> bool {
        self.about(table).any(|one| one.sets() && one.field == field)
    }

    /// The tables of which rows are left out or merged, in order.
    pub fn left(&self) -> Vec<String> {
        let goes = |one: &&Kind| one.is_in_force && matches!(one.kind.as_str(), "exclude" | "merge");
        let tables: BTreeSet<&String> = self.0.iter().filter(goes).map(|one| &one.table).collect();
        tables.into_iter().cloned().collect()
    }

    /// Whether a decision is about a table that the schema does not have.
    pub fn is_of_unknown_tables(&self, schema: &Schema) -> bool {
        self.0.iter().any(|one| one.is_in_force && !schema.tables.contains_key(&one.table))
    }

    /// Whether a decision about cells of a table is about a field that it does not have, or replaces the values of one of some fields.
    pub fn is_of_unknown_fields(&self, name: &str, table: &Table, never_replaced: &[&String]) -> bool {
        let is_unknown = |one: &Kind| {
            (one.sets() || one.replaces()) && !table.fields.contains_key(&one.field)
                || one.replaces() && never_replaced.contains(&&one.field)
        };
        self.about(name).any(|one| one.is_in_force && is_unknown(one))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_back_is_known_and_not_in_force() -> Result<()> {
        let store = Store::in_memory(&[])?;
        let line = |seq: i64, kind: &str, field: &str, is_in_force: bool| {
            format!(
                "({seq}, 'D{seq}', now(), 'ann', '{kind}', 't', 'r', {field}, 'a', 'b', NULL, NULL, NULL, {is_in_force})"
            )
        };
        let lines = [
            line(1, "set", "'city'", true),
            line(2, "bulk", "'name'", true),
            line(3, "set", "'zip'", false),
            line(4, "replace", "'city'", false),
            line(5, "replace", "'zip'", true),
            line(6, "merge", "NULL", true),
            line(7, "waive", "'mail'", true),
            line(8, "exclude", "NULL", false).replace("'t'", "'u'"),
        ];
        store.run(&format!("INSERT INTO dq.decisions VALUES {}", lines.join(", ")))?;
        let said = Said::of(&store)?;
        assert_eq!(
            (said.set("t"), said.replaced("t")),
            (vec!["city".to_owned(), "name".to_owned()], vec!["zip".to_owned()])
        );
        assert!(said.ever_sets("t", "zip") && said.ever_replaces("t", "city"));
        assert_eq!(said.left(), ["t"]);
        assert!(!said.ever_sets("t", "mail") && !said.ever_replaces("t", "name") && said.set("u").is_empty());
        let schema: Schema =
            toml::from_str("[tables.t.fields]\ncity = { type = \"text\" }\nname = { type = \"text\" }")
                .map_err(|cause| crate::error::Error::internal("a schema").caused_by(cause))?;
        let (table, zip) = (&schema.tables["t"], "zip".to_owned());
        assert!(
            said.is_of_unknown_fields("t", table, &[]),
            "a value of zip is replaced in force, and the table has none"
        );
        assert!(!said.is_of_unknown_tables(&schema), "what is about u was taken back");
        // Taken back, it is about nothing unknown; what is only computed must not be replaced, and may be set.
        store.run("UPDATE dq.decisions SET active = (field <> 'zip' OR kind = 'set') WHERE field IS NOT NULL")?;
        store.run("UPDATE dq.decisions SET field = 'name' WHERE field = 'zip' AND kind = 'set'")?;
        let said = Said::of(&store)?;
        assert!(!said.is_of_unknown_fields("t", table, &[&zip, &"name".to_owned()]));
        assert!(said.is_of_unknown_fields("t", table, &[&"city".to_owned()]));
        store.run("UPDATE dq.decisions SET active = true WHERE \"table\" = 'u'")?;
        assert!(Said::of(&store)?.is_of_unknown_tables(&schema));
        Ok(())
    }
}
