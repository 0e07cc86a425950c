//! The identity of a row: its business key, or where it has none of its own, a digest of the record and a number.

use super::{feed::Feed, mapped};
use crate::error::Result;
use crate::model::Table;
use crate::rules::key_text;
use crate::sql::{Ident, Literal};
use crate::store::Store;

/// The temporary table with the identities of the rows that have no key of their own.
pub(super) fn odd(table: &str) -> String {
    Ident(&format!("odd rows of {table}")).to_string()
}

/// The business key as text; NULL where a part of it is missing.
fn key_of(table: &Table) -> String {
    key_text(table, "").unwrap_or_else(|| "NULL::VARCHAR".to_owned())
}

/// Finds the rows without a key and those that share theirs. Their identity is a digest of the record and the number
/// of its occurrence, so that it does not depend on where in the export the record stands.
pub(super) fn find_odd(store: &Store, name: &str, table: &Table, feeds: &[Feed]) -> Result<()> {
    let is_key = |field: &str| table.fields.get(field).is_some_and(|field| field.key);
    let keys = |rows: Option<&str>| {
        let mut keys = mapped(table, feeds, is_key, rows);
        keys.step("keys", format!("SELECT _source, _entity, _row, {} AS key\nFROM mapped", key_of(table)));
        keys
    };
    let (odd, hashes, suspects) = (odd(name), Ident("key hashes"), Ident("suspect rows"));
    // Counting hashes is much cheaper than counting texts; the few that collide are told apart in the next step, which
    // reads the keys of the suspects only.
    store.run(&format!(
        "CREATE OR REPLACE TEMP TABLE {hashes} AS SELECT _row, hash(key) AS hash, key IS NULL AS missing FROM ({});\n\
         CREATE OR REPLACE TEMP TABLE {suspects} AS SELECT DISTINCT _row FROM {hashes}\n\
         WHERE missing OR hash IN (SELECT hash FROM {hashes} WHERE NOT missing GROUP BY hash HAVING count(*) > 1);\n\
         DROP TABLE {hashes}",
        keys(None)
    ))?;
    let suspected = keys(Some(&format!("_row IN (SELECT _row FROM {suspects})")));
    let mut records = vec!["SELECT NULL::VARCHAR AS _source, NULL::VARCHAR AS _entity, NULL::BIGINT AS _row, NULL::VARCHAR AS record WHERE false".to_owned()];
    for feed in feeds {
        let (source, entity) = (Literal(&feed.origin.source), Literal(&feed.origin.entity));
        records.push(format!(
            "SELECT {source}, {entity}, s._row, {} FROM {} AS s SEMI JOIN few ON few._row = s._row AND few._source = {source} AND few._entity = {entity}",
            feed.record_hash(),
            feed.texts(),
        ));
    }
    store.run(&format!(
        "CREATE OR REPLACE TEMP TABLE {odd} AS
WITH suspects AS MATERIALIZED (
  {suspected}
),
few AS MATERIALIZED (
  SELECT * FROM suspects WHERE key IS NULL OR key IN (SELECT key FROM suspects GROUP BY key HAVING count(*) > 1)
),
records AS (
  {}
),
named AS (
  SELECT _source, _entity, _row, coalesce(few.key, '') || '#' || record AS name FROM few JOIN records USING (_source, _entity, _row)
)
SELECT _source, _entity, _row, name || '.' || row_number() OVER (PARTITION BY name ORDER BY _source, _entity, _row) AS _key FROM named",
        records.join("\n  UNION ALL ")
    ))?;
    store.run(&format!("DROP TABLE {suspects}"))
}

/// Takes the identities of some rows as they are; `rows` is a relation that has them. They depend on the sources alone.
pub(super) fn take_odd(store: &Store, name: &str, rows: &str) -> Result<()> {
    store.fill_like(
        &odd(name),
        "_source, _entity, _row, _key",
        format!("SELECT _source, _entity, _row, _key FROM {rows}"),
    )
}

/// The step that gives every row of `from` its `_key`.
pub(super) fn keyed(name: &str, table: &Table, feeds: &[Feed], from: &str) -> String {
    // The record's number is enough where all records come from one entity.
    let origin = if feeds.len() > 1 { " AND o._source = m._source AND o._entity = m._entity" } else { "" };
    format!(
        "SELECT coalesce(o._key, {}) AS _key, m.*, 0::BIGINT AS _decided\nFROM {} AS m\nLEFT JOIN {} AS o ON o._row = m._row{origin}",
        key_of(table),
        Ident(from),
        odd(name)
    )
}

/// Drops what `find_odd` made.
pub(super) fn clear(store: &Store, name: &str) -> Result<()> {
    store.let_go(&odd(name))
}
