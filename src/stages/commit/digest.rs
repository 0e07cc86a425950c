//! The digest of all canonical rows: the same content gives the same digest on any machine, in any order of rows.

use crate::error::Result;
use crate::model::{FieldType, Schema, Table};
use crate::sql::{Ident, Literal, Path};
use crate::store::Store;

/// The digest of the canonical tables, in hexadecimal.
///
/// Each row is written out as one text from which its values can be read back, so that two different rows never have the
/// same text, and hashed with MD5, read as a little-endian number. A table's rows are combined with XOR: no order, and no two
/// alike, since each has its own key. The tables' names, fields, numbers of rows and combined hashes, in alphabetical order,
/// are hashed with SHA-256. Everything that goes in is defined here or by those standards; the engine's own `hash()` may
/// change from version to version.
///
/// It tells content apart; it is no proof against somebody who forges rows.
pub(super) fn digest(store: &Store, schema: &Schema) -> Result<String> {
    let mut names: Vec<&String> = schema.tables.keys().collect();
    names.sort();
    let mut lines = Vec::new();
    for name in names {
        let table = &schema.tables[name];
        let sql = format!(
            "SELECT count(*) || ' ' || lower(lpad(to_hex(coalesce(bit_xor(md5_number({})), 0)), 32, '0')) FROM {}",
            row_text(table),
            Path("canonical", name)
        );
        let rows: Option<String> = store.first(&sql, [], |row| row.get(0))?;
        let fields: Vec<String> =
            sorted(table).into_iter().map(|(field, kind)| format!("{field} {}", kind.name())).collect();
        lines.push(format!("{name} ({}) {}", fields.join(", "), rows.unwrap_or_default()));
    }
    let sql = format!("SELECT sha256({})", Literal(&lines.join("\n")));
    Ok(store.first(&sql, [], |row| row.get(0))?.unwrap_or_default())
}

/// The fields by name, so that another order in `canonical.toml` is not another content.
fn sorted(table: &Table) -> Vec<(&String, FieldType)> {
    let mut fields: Vec<_> = table.fields.iter().map(|(name, field)| (name, field.kind)).collect();
    fields.sort_by_key(|(name, _)| *name);
    fields
}

/// A row as one text: a text with its length in bytes in front, a list with its length and its texts, anything else as ISO
/// writes it and a semicolon; a dash for what is absent.
fn row_text(table: &Table) -> String {
    let text =
        |value: &str| format!("CASE WHEN {value} IS NULL THEN '-' ELSE concat(strlen({value}), ':', {value}) END");
    let parts = sorted(table).into_iter().map(|(name, kind)| {
        let column = Ident(name).to_string();
        match kind {
            FieldType::Text => text(&column),
            FieldType::List => format!(
                "CASE WHEN {column} IS NULL THEN '-' ELSE concat(len({column}), '[', array_to_string(list_transform({column}, lambda _e: {}), '')) END",
                text("_e")
            ),
            _ => format!("coalesce({column}::VARCHAR, '-'), ';'"),
        }
    });
    // One call, not a chain of ||, which would write the growing text anew for every field.
    format!("concat({})", parts.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        toml::from_str(
            "[tables.t.fields]\nk = { type = \"text\", key = true }\nn = { type = \"decimal\" }\nl = { type = \"list\" }\n",
        )
        .expect("a schema")
    }

    fn of(rows: &str) -> Result<String> {
        let store = Store::in_memory(&[])?;
        store.run("CREATE TABLE canonical.t (k VARCHAR, n DECIMAL(18,4), l VARCHAR[], _commit BIGINT)")?;
        if !rows.is_empty() {
            store.run(&format!("INSERT INTO canonical.t SELECT *, 1 FROM (VALUES {rows})"))?;
        }
        digest(&store, &schema())
    }

    #[test]
    fn the_digest_is_about_content_and_not_about_order() -> Result<()> {
        let digest = of("('a', 1.5, ['x', NULL]), ('é', NULL, NULL)")?;
        // Computed from the definition by another program.
        assert_eq!(digest, "0fe29668493184202398a4a82e0698dbf937fbb706a05bd0e544d64778b8bc1d");
        assert_eq!(of("('é', NULL, NULL), ('a', 1.5, ['x', NULL])")?, digest);
        Ok(())
    }

    #[test]
    fn rows_that_differ_by_a_hair_have_other_digests() -> Result<()> {
        let alike = [
            "",
            "('a', NULL, NULL)",
            "('a', NULL, [])",
            "('a', NULL, [''])",
            "('a', NULL, [NULL])",
            "('a', NULL, ['-'])",
            "('a', NULL, ['x', 'y'])",
            "('a', NULL, ['x1:y'])",
            "('a', 0, NULL)",
            "('', 0, NULL)",
            "(NULL, 0, NULL)",
            "('-', 0, NULL)",
        ];
        let mut digests = alike.iter().map(|rows| of(rows)).collect::<Result<Vec<_>>>()?;
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), alike.len());
        Ok(())
    }
}
