//! Which columns the tables have that hold rows of the schema. Neighbours: `gate` and `commit`, which ask for them.

use std::collections::HashMap;

use indexmap::IndexMap;

use crate::error::Result;
use crate::model::{Schema, Table};
use crate::store::Store;

/// The columns of the tables that hold rows of the schema, by DuckDB schema and table: name → type.
pub(super) struct Shapes(HashMap<(String, String), IndexMap<String, String>>);

impl Shapes {
    pub(super) fn read(store: &Store) -> Result<Shapes> {
        let sql = "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() \
                   WHERE database_name = current_database() AND schema_name IN ('candidate', 'canonical', 'dq') \
                   ORDER BY schema_name, table_name, column_index";
        let mut shapes: HashMap<_, IndexMap<String, String>> = HashMap::new();
        for (schema, table, column, kind) in
            store.query(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        {
            shapes.entry((schema, table)).or_default().insert(column, kind);
        }
        Ok(Shapes(shapes))
    }

    /// The columns of a table; `None` where there is no such table.
    pub(super) fn of(&self, schema: &str, table: &str) -> Option<&IndexMap<String, String>> {
        self.0.get(&(schema.to_owned(), table.to_owned()))
    }

    pub(super) fn has(&self, schema: &str, table: &str, columns: &[&str]) -> bool {
        self.of(schema, table).is_some_and(|have| columns.iter().all(|column| have.contains_key(*column)))
    }

    /// Whether every candidate table has the fields of the schema with their types.
    pub(super) fn fit(&self, schema: &Schema) -> bool {
        schema.tables.iter().all(|(name, table)| self.misfit(name, table).is_none())
    }

    pub(super) fn misfit(&self, name: &str, table: &Table) -> Option<String> {
        let Some(columns) = self.of("candidate", name) else {
            return Some(format!("there are no candidates for {name}"));
        };
        let (field, _) = table
            .fields
            .iter()
            .find(|(field, declared)| columns.get(*field).is_none_or(|kind| kind != declared.kind.sql()))?;
        Some(format!("the candidates do not have {name}.{field} as the schema declares it"))
    }
}
