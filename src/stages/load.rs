//! Load: one source into staging, in one transaction.
//!
//! Each entity is extracted into a table of its own, `dq."stage_<load>_<n>"`, and the view `staging."<source>/<entity>"`
//! is turned to it, with `_row` from the table's own row order. On any failure everything is as it was before.
//!
//! An entity for which there is no file now, or an empty one, although there is something for others, keeps what was loaded
//! of it earlier; a note says so. What was staged of an entity that is gone and that nothing reads any more goes.

use std::path::Path;

use chrono::{DateTime, Utc};

use crate::connectors::{self, Came, Extracted, LineMark, Place, Previous, Target, Watch};
use crate::error::{Error, Kind, Result};
use crate::model::{Drift, EntityLoad, Load, LoadOptions, LoadStatus, Mapping, STAGED_COLUMNS, STILL_STANDS};
use crate::sql::Path as Name;
use crate::stages::suggest;
use crate::store::{Store, TimeUnit, Value, params};

/// Extracts every entity of a source and swaps the result in; on any failure the earlier load stands.
///
/// A load that failed or was cancelled is kept in the list of loads, with what went wrong as its last note.
pub fn load(
    store: &Store,
    place: &Place,
    wanted: &LoadOptions,
    watch: &Watch,
    clock: &dyn Fn() -> DateTime<Utc>,
) -> Result<Load> {
    let mut load = Load {
        id: i64::try_from(store.count("SELECT max(id) FROM dq.loads")?).unwrap_or(i64::MAX - 1) + 1,
        source: place.source.to_owned(),
        started: clock(),
        ended: None,
        status: LoadStatus::Done,
        entities: Vec::new(),
        notes: Vec::new(),
        drift: Vec::new(),
    };
    let outcome = store.transaction(|store| {
        extract_all(store, place, wanted, watch, &mut load)?;
        load.ended = Some(clock());
        record(store, &load)?;
        watch.canceller.settle()
    });
    let Err(error) = outcome else { return Ok(load) };
    load.status = if error.kind() == Kind::Interrupted { LoadStatus::Cancelled } else { LoadStatus::Failed };
    load.ended = Some(clock());
    load.entities.clear();
    load.drift.clear();
    let stands = staged_entities(store, place.source).is_ok_and(|entities| !entities.is_empty());
    // Whoever has to mend a file of the workspace has nothing of the data on their mind.
    let stands = stands && !matches!(error.kind(), Kind::Config | Kind::Usage);
    let error = if stands { error.hint(STILL_STANDS) } else { error };
    load.notes.push(error.to_string());
    load.notes.extend(error.hints().iter().cloned());
    // What went wrong first is what the user has to hear.
    let _ = record(store, &load);
    Err(error)
}

fn extract_all(store: &Store, place: &Place, wanted: &LoadOptions, watch: &Watch, load: &mut Load) -> Result<()> {
    let connector = connectors::open(place)?;
    let temp_dir = temp_dir(place.workspace)?;
    let entities = connector.entities(watch)?;
    let read = place.mapping.tables.values().map(|table| &table.entity);
    let mut named: Vec<&String> = place.mapping.entities.keys().chain(read).collect();
    named.sort_unstable();
    named.dedup();
    for entity in named.iter().filter(|entity| !entities.contains(entity)) {
        load.notes.push(without(store, place, entity, &connector.why_absent(entity))?);
    }
    load.notes.extend(connector.left_over()?);
    let is_known = |entity: &String| entities.contains(entity) || named.contains(&entity);
    for entity in staged_entities(store, place.source)?.iter().filter(|entity| !is_known(entity)) {
        load.notes.push(format!(
            "{entity}: {}, and what was staged of it goes: no mapping reads it",
            connector.why_absent(entity)
        ));
        let_go(store, place.source, entity)?;
    }
    let drifted: Vec<Drift> =
        standing(store)?.into_iter().filter(|load| load.source == place.source).flat_map(|load| load.drift).collect();
    let mut nothing = None;
    for (n, entity) in entities.iter().enumerate() {
        watch.canceller.check()?;
        let relation = format!("stage_{}_{n}", load.id);
        let earlier = earlier(store, place.source, entity)?;
        let previous = earlier
            .as_ref()
            .filter(|_| !wanted.full)
            .map(|(relation, state)| Previous { relation: relation.as_str(), state: state.as_deref() });
        let target = Target {
            store,
            relation: &relation,
            load: load.id,
            previous,
            since: wanted.since,
            temp_dir: temp_dir.path(),
        };
        let extracted = match connector.extract(entity, &target, watch)? {
            Came::Rows(extracted) => *extracted,
            Came::Nothing(why) => {
                load.notes.push(without(store, place, entity, why.what())?);
                nothing = nothing.or(Some(why));
                continue;
            }
        };
        let counted = store.count(&format!("SELECT count(*) FROM {}", Name("dq", &relation)))?;
        let came = &extracted.load;
        if came.rows_in != counted + came.rejected || extracted.rejects.len() as u64 != came.rejected {
            return Err(Error::internal(format!(
                "{} records of {entity} came in, but {counted} are staged and {} rejected",
                came.rows_in, came.rejected
            ))
            .hint("please report this"));
        }
        let before = earlier.as_ref().map(|(relation, _)| relation.as_str());
        let drift = suggest::drift(store, entity, &relation, before, &drifted, place.mapping)?;
        swap_in(store, place.source, entity, &target, counted, &extracted)?;
        load.notes.extend(extracted.notes);
        if !drift.is_empty() {
            load.notes.extend(drift.sentences());
            load.drift.push(drift);
        }
        load.entities.push(EntityLoad { staged: counted, ..extracted.load });
    }
    watch.canceller.check()?;
    match nothing {
        Some(why) if load.entities.is_empty() => Err(why),
        _ => Ok(()),
    }
}

/// Says why nothing of an entity was read, and what there is of it.
fn without(store: &Store, place: &Place, entity: &str, why: &str) -> Result<String> {
    Ok(match staged_by(store, place.source, entity)? {
        Some(earlier) => format!("{entity}: {why}; what load {earlier} staged still stands"),
        None => format!("{entity}: {why}, and it was never loaded"),
    })
}

/// The entities of a source that are staged, by name.
pub fn staged_entities(store: &Store, source: &str) -> Result<Vec<String>> {
    store.query("SELECT entity FROM dq.staged WHERE source = ? ORDER BY entity", [source], |row| row.get(0))
}

/// A folder for temporary files on the workspace's disk, gone when it is dropped. What a killed load left behind goes
/// too: there is one writer, and it is us.
fn temp_dir(workspace: &Path) -> Result<tempfile::TempDir> {
    const PREFIX: &str = "load-";
    let parent = workspace.join(".tastevin");
    let refused = |cause| Error::io("no temporary folder can be made", &parent, cause);
    std::fs::create_dir_all(&parent).map_err(refused)?;
    for entry in std::fs::read_dir(&parent).map_err(refused)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            // What cannot be removed now is in nobody's way.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    tempfile::Builder::new().prefix(PREFIX).tempdir_in(&parent).map_err(refused)
}

/// Turns the view of an entity to its new table and drops the one before, with all that was known of it.
fn swap_in(store: &Store, source: &str, entity: &str, target: &Target, rows: u64, extracted: &Extracted) -> Result<()> {
    let earlier: Option<String> = store.first(
        "SELECT relation FROM dq.staged WHERE source = ? AND entity = ?",
        params![source, entity],
        |row| row.get(0),
    )?;
    store.run(&format!(
        "CREATE OR REPLACE VIEW {} AS SELECT rowid + 1 AS _row, * FROM {}",
        view(source, entity),
        Name("dq", target.relation)
    ))?;
    forget(store, source, entity, earlier.as_deref())?;
    let text = |text: &str| Value::Text(text.to_owned());
    let number = |number: u64| Value::BigInt(i64::try_from(number).unwrap_or(i64::MAX));
    store.append(
        "dq",
        "staged",
        [vec![text(source), text(entity), Value::BigInt(target.load), text(target.relation), number(rows)]],
    )?;
    let state = extracted.state.as_deref();
    store.append("dq", "cursors", state.map(|state| vec![text(source), text(entity), text(state)]))?;
    store.append(
        "dq",
        "files",
        extracted.files.iter().map(|file| {
            vec![
                text(source),
                text(entity),
                text(&file.name),
                text(&file.path),
                number(file.first_row),
                number(file.rows),
                number(file.bytes),
                file.modified_ms.map_or(Value::Null, |ms| Value::Timestamp(TimeUnit::Millisecond, ms)),
                text(&file.dialect),
            ]
        }),
    )?;
    store.append(
        "dq",
        "lines",
        extracted.files.iter().flat_map(|file| &file.lines).map(|mark| {
            vec![text(source), text(entity), number(mark.row), Value::BigInt(mark.shift), number(mark.byte)]
        }),
    )?;
    store.append(
        "dq",
        "rejects",
        extracted.rejects.iter().map(|reject| {
            vec![
                Value::BigInt(target.load),
                text(source),
                text(entity),
                text(&reject.file),
                number(reject.line),
                text(&reject.reason),
                text(&reject.raw),
            ]
        }),
    )
}

/// Drops what was staged of an entity before, which is in that table, with all that was known of it.
fn forget(store: &Store, source: &str, entity: &str, relation: Option<&str>) -> Result<()> {
    if let Some(relation) = relation {
        store.run(&format!("DROP TABLE IF EXISTS {}", Name("dq", relation)))?;
    }
    for table in ["staged", "cursors", "files", "lines", "rejects"] {
        let table = Name("dq", table);
        store.execute(&format!("DELETE FROM {table} WHERE source = ? AND entity = ?"), params![source, entity])?;
    }
    Ok(())
}

/// Takes an entity out of staging.
fn let_go(store: &Store, source: &str, entity: &str) -> Result<()> {
    let relation = earlier(store, source, entity)?.map(|(relation, _)| relation);
    store.run(&format!("DROP VIEW IF EXISTS {}", view(source, entity)))?;
    forget(store, source, entity, relation.as_deref())
}

/// Writes a line into the list of loads.
fn record(store: &Store, load: &Load) -> Result<()> {
    let detail =
        serde_json::to_string(load).map_err(|cause| Error::internal("a load cannot be written").caused_by(cause))?;
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    store.execute(
        "INSERT INTO dq.loads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            load.id,
            load.source,
            load.status.name(),
            load.started.naive_utc(),
            load.ended.map(|ended| ended.naive_utc()),
            number(load.rows_in()),
            number(load.staged()),
            number(load.rejected()),
            detail
        ],
    )?;
    Ok(())
}

/// The view of a staged entity as it is written in SQL.
fn view(source: &str, entity: &str) -> String {
    Name("staging", &format!("{source}/{entity}")).to_string()
}

/// The table that holds what was staged of the entity before, and what its connector wanted to be told again.
fn earlier(store: &Store, source: &str, entity: &str) -> Result<Option<(String, Option<String>)>> {
    let sql = "SELECT s.relation, c.state FROM dq.staged s LEFT JOIN dq.cursors c USING (source, entity)
               WHERE s.source = ? AND s.entity = ?";
    store.first(sql, params![source, entity], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// How the columns had changed with the loads that are staged, as far as the mappings of the sources have not followed; a
/// sentence each.
pub fn drift(store: &Store, mappings: &[(String, Mapping)]) -> Result<Vec<String>> {
    let said = |(source, drift): (String, Drift)| {
        drift.sentences().into_iter().map(move |sentence| format!("{source}: {sentence}")).collect::<Vec<_>>()
    };
    Ok(drifted(store, mappings)?.into_iter().flat_map(said).collect())
}

/// The same, entity by entity, each with its source.
pub fn drifted(store: &Store, mappings: &[(String, Mapping)]) -> Result<Vec<(String, Drift)>> {
    let left = |load: &Load| -> Vec<(String, Drift)> {
        let own = mappings.iter().find(|(source, _)| *source == load.source).map(|(_, mapping)| mapping);
        let left = load.drift.iter().map(|drift| own.map_or_else(|| drift.clone(), |mapping| drift.left(mapping)));
        left.filter(|drift| !drift.is_empty()).map(|drift| (load.source.clone(), drift)).collect()
    };
    Ok(standing(store)?.iter().flat_map(left).collect())
}

/// The last load of every source that went through.
fn standing(store: &Store) -> Result<Vec<Load>> {
    let details: Vec<String> = store.query(
        "SELECT detail FROM dq.loads WHERE status = 'done' QUALIFY row_number() OVER (PARTITION BY source ORDER BY id DESC) = 1 ORDER BY source",
        [],
        |row| row.get(0),
    )?;
    let read = |detail: &String| {
        serde_json::from_str(detail)
            .map_err(|cause| Error::internal("the workspace holds a load that cannot be read").caused_by(cause))
    };
    details.iter().map(read).collect()
}

/// The load that staged the entity, if any did.
fn staged_by(store: &Store, source: &str, entity: &str) -> Result<Option<i64>> {
    let sql = "SELECT load FROM dq.staged WHERE source = ? AND entity = ?";
    store.first(sql, params![source, entity], |row| row.get(0))
}

/// The source's columns of a staged entity, in their order.
pub fn columns(store: &Store, source: &str, entity: &str) -> Result<Vec<String>> {
    if staged_by(store, source, entity)?.is_none() {
        return Ok(Vec::new());
    }
    let columns = store.columns(&format!("SELECT * FROM {}", view(source, entity)))?;
    Ok(columns.into_iter().map(|(name, _)| name).filter(|name| !STAGED_COLUMNS.contains(&name.as_str())).collect())
}

/// The file, the line and the raw text of one staged record; no text where the file is gone or has changed.
///
/// Of a workbook and of an API the text is what was staged, its cells joined by semicolons.
pub fn raw_record(
    store: &Store,
    source: &str,
    entity: &str,
    row: i64,
) -> Result<Option<(String, u64, Option<String>)>> {
    struct File {
        name: String,
        path: String,
        bytes: i64,
        modified_ms: Option<i64>,
        dialect: String,
    }
    let file = store.first(
        "SELECT file, path, bytes, epoch_ms(modified), dialect FROM dq.files
         WHERE source = ? AND entity = ? AND first_row <= ? AND ? < first_row + rows",
        params![source, entity, row, row],
        |row| {
            Ok(File {
                name: row.get(0)?,
                path: row.get(1)?,
                bytes: row.get(2)?,
                modified_ms: row.get(3)?,
                dialect: row.get(4)?,
            })
        },
    )?;
    let mark = store.first(
        "SELECT row, shift, byte FROM dq.lines
         WHERE source = ? AND entity = ? AND row <= ? ORDER BY row DESC LIMIT 1",
        params![source, entity, row],
        |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)),
    )?;
    let (Some(file), Some((marked, shift, byte))) = (file, mark) else { return Ok(None) };
    let (Ok(line), Ok(number)) = (u64::try_from(row + shift), u64::try_from(row)) else { return Ok(None) };
    let raw = if file.dialect.starts_with("sheet ") || file.dialect.starts_with("records ") {
        joined_cells(store, source, entity, row)?
    } else {
        let unsigned = |number: i64| u64::try_from(number).unwrap_or_default();
        let mark = LineMark { row: unsigned(marked), shift, byte: unsigned(byte) };
        let (path, bytes) = (Path::new(&file.path), unsigned(file.bytes));
        connectors::files::raw_record(path, bytes, file.modified_ms, &file.dialect, mark, number)?
    };
    Ok(Some((file.name, line, raw)))
}

fn joined_cells(store: &Store, source: &str, entity: &str, row: i64) -> Result<Option<String>> {
    let sql = format!("SELECT * EXCLUDE (_row, _file, _load) FROM {} WHERE _row = {row}", view(source, entity));
    let page = store.texts(&sql)?;
    let cells = |cells: &Vec<Option<String>>| {
        cells.iter().map(|cell| cell.as_deref().unwrap_or_default()).collect::<Vec<_>>().join(";")
    };
    Ok(page.rows.first().map(cells))
}
