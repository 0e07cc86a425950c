//! Decide: the ledger `decisions.jsonl`, an append-only file that is flushed to disk before anyone is told.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::error::{Error, Result};
use crate::model::{Action, Conflict, Decision};
use crate::store::{Store, TimeUnit, Value};

/// The version of the lines that this program writes and understands.
pub const VERSION: u32 = 1;

/// The ledger of a workspace, read whole and appended to.
pub struct Ledger {
    path: PathBuf,
    /// In the order in which they were made. Two people's ledgers merge as text, so a line may stand anywhere; ids sort by
    /// time.
    decisions: Vec<Decision>,
    /// The ids of the decisions in force.
    active: HashSet<String>,
    /// How many decisions were appended last.
    fresh: usize,
    /// The ids of the decisions that these took out of force or put back into it.
    turned: Vec<String>,
    warnings: Vec<String>,
}

impl Ledger {
    /// Reads the ledger; there need not be one yet.
    ///
    /// A last line that was torn by a crash or a full disk is set aside into `decisions.torn` when the ledger is opened
    /// for writing, and passed over when not; any other line that cannot be read is an error with its number, because what
    /// comes after it may depend on it. A line that is there twice counts once.
    pub fn open(path: &Path, read_only: bool) -> Result<Ledger> {
        let mut ledger = Ledger {
            path: path.to_owned(),
            decisions: Vec::new(),
            active: HashSet::new(),
            fresh: 0,
            turned: Vec::new(),
            warnings: Vec::new(),
        };
        let text = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(ledger),
            Err(cause) => return Err(Error::io("cannot read the ledger", path, cause)),
        };
        let mut begin = 0;
        let mut number = 0;
        while begin < text.len() {
            number += 1;
            let end = memchr::memchr(b'\n', &text[begin..]).map(|at| begin + at);
            let line = &text[begin..end.unwrap_or(text.len())];
            // Some editors and shells begin every file with a mark; files put together have it in the middle.
            let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line).trim_ascii();
            match read_line(line) {
                Ok(None) => {}
                Ok(Some(decision)) => {
                    ledger.decisions.push(decision);
                    if end.is_none() && !read_only {
                        // Whole but for its line break; without one the next decision would be glued to it.
                        append(path, b"\n")?;
                    }
                }
                Err(_) if end.is_none() && is_torn(line) => {
                    ledger.set_aside(begin, &text[begin..], number, read_only)?
                }
                Err(error) => return Err(error.at_file(path).at_line(number)),
            }
            begin = end.map_or(text.len(), |end| end + 1);
        }
        ledger.put_in_order();
        ledger.active = in_force(&ledger.decisions);
        Ok(ledger)
    }

    /// Sorts the decisions by time and drops those that are there twice.
    fn put_in_order(&mut self) {
        self.decisions.sort_by(|a, b| a.id.cmp(&b.id));
        let before = self.decisions.len();
        for decision in std::mem::take(&mut self.decisions) {
            let mut namesakes = self.decisions.iter().rev().take_while(|one| one.id == decision.id);
            if !namesakes.any(|one| *one == decision) {
                self.decisions.push(decision);
            }
        }
        let path = self.path.display();
        match before - self.decisions.len() {
            0 => {}
            1 => self.warnings.push(format!("a line of {path} is there twice; it counts once")),
            twice => self.warnings.push(format!("{twice} lines of {path} are there twice; each counts once")),
        }
        if let Some(pair) = self.decisions.windows(2).find(|pair| pair[0].id == pair[1].id) {
            let id = &pair[0].id;
            self.warnings.push(format!(
                "two different decisions in {path} have the id {id}; what takes back one, takes back both"
            ));
        }
    }

    fn set_aside(&mut self, begin: usize, torn: &[u8], line: u64, read_only: bool) -> Result<()> {
        let aside = self.path.with_extension("torn");
        self.warnings.push(format!(
            "line {line} of {} is torn, as after a crash; nothing before it is lost, it was never confirmed{}",
            self.path.display(),
            if read_only { String::new() } else { format!(" and is kept in {}", aside.display()) }
        ));
        if read_only {
            return Ok(());
        }
        append(&aside, &[torn, b"\n"].concat())?;
        let file = OpenOptions::new().write(true).open(&self.path);
        let cut = file.and_then(|file| file.set_len(begin as u64).and_then(|()| file.sync_all()));
        cut.map_err(|cause| Error::io("cannot mend the ledger", &self.path, cause))
    }

    /// What is worth knowing about the file, if anything.
    pub fn warning(&self) -> Option<String> {
        (!self.warnings.is_empty()).then(|| self.warnings.join("; "))
    }

    /// All decisions in the order in which they were made.
    pub fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    /// The decision of that id.
    pub fn get(&self, id: &str) -> Option<&Decision> {
        self.decisions.iter().find(|decision| decision.id == id)
    }

    /// Writes a decision to the file and to the disk; on any failure the file is as before.
    pub fn append(&mut self, decision: Decision) -> Result<()> {
        self.append_all(vec![decision])
    }

    /// Writes decisions to the file and to the disk, all or none of them; on any failure the file is as before.
    pub fn append_all(&mut self, decisions: Vec<Decision>) -> Result<()> {
        let mut lines = Vec::new();
        for decision in &decisions {
            serde_json::to_writer(&mut lines, decision)
                .map_err(|cause| Error::internal("a decision cannot be written as JSON").caused_by(cause))?;
            lines.push(b'\n');
        }
        append(&self.path, &lines)?;
        self.fresh = decisions.len();
        let ids: HashSet<String> = decisions.iter().map(|decision| decision.id.clone()).collect();
        self.decisions.extend(decisions);
        let active = in_force(&self.decisions);
        self.turned =
            active.symmetric_difference(&self.active).filter(|turned| !ids.contains(*turned)).cloned().collect();
        self.active = active;
        Ok(())
    }

    /// Whether the decision of that id is in force: no decision in force reverts it.
    pub fn is_active(&self, id: &str) -> bool {
        self.active.contains(id)
    }

    /// Ids for decisions that are made now: ULIDs that sort after all ids before them, even within a millisecond.
    pub fn next_ids(&self, at: DateTime<Utc>, number: usize) -> Vec<String> {
        let mut last = self.decisions.iter().filter_map(|decision| ulid::Ulid::from_string(&decision.id).ok()).max();
        let next = || {
            let fresh = ulid::Ulid::from_datetime(at.into());
            let next = last.filter(|last| *last >= fresh).and_then(|last| last.increment().ok()).unwrap_or(fresh);
            last = Some(next);
            next.to_string()
        };
        std::iter::repeat_with(next).take(number).collect()
    }

    /// Writes the decisions into `dq.decisions`, one row per row that a decision is about.
    pub fn sync(&self, store: &Store) -> Result<()> {
        let rows: Vec<Vec<Value>> =
            (1..).zip(&self.decisions).flat_map(|(seq, decision)| self.rows(seq, decision)).collect();
        store.transaction(|store| {
            store.run("DELETE FROM dq.decisions")?;
            store.append("dq", "decisions", rows)
        })
    }

    /// Writes the decisions that were appended last into `dq.decisions`, and what they change of the others.
    pub fn record_last(&self, store: &Store) -> Result<()> {
        let first = self.decisions.len().saturating_sub(self.fresh);
        let fresh = (1..).zip(&self.decisions).skip(first);
        let rows: Vec<Vec<Value>> = fresh.flat_map(|(seq, decision)| self.rows(seq, decision)).collect();
        store.transaction(|store| {
            for id in &self.turned {
                store.execute("UPDATE dq.decisions SET active = NOT active WHERE id = ?", [id.as_str()])?;
            }
            store.append("dq", "decisions", rows)
        })
    }

    fn rows(&self, seq: i64, decision: &Decision) -> Vec<Vec<Value>> {
        let text = |text: Option<&str>| text.map_or(Value::Null, |text| Value::Text(text.to_owned()));
        let mut rows = Vec::new();
        let kind = decision.action.kind();
        let mut row =
            |kind, row: Option<&str>, field: Option<&str>, was: Option<&str>, now: Option<&str>, rule: Option<&str>| {
                rows.push(vec![
                    Value::BigInt(seq),
                    text(Some(&decision.id)),
                    Value::Timestamp(TimeUnit::Microsecond, decision.at.timestamp_micros()),
                    text(Some(&decision.who)),
                    text(Some(kind)),
                    text(decision.action.table()),
                    text(row),
                    text(field),
                    text(was),
                    text(now),
                    text(rule),
                    match &decision.action {
                        Action::Waive { until: Some(until), .. } => text(Some(&until.to_string())),
                        _ => Value::Null,
                    },
                    text(decision.why.as_deref()),
                    Value::Boolean(self.is_active(&decision.id)),
                ]);
            };
        match &decision.action {
            Action::Set { row: name, field, was, now, rule, .. } => {
                row(kind, Some(name), Some(field), was.as_deref(), now.as_deref(), rule.as_deref());
            }
            Action::Bulk { field, rows, rule, .. } => {
                for (name, (was, now)) in rows {
                    row(kind, Some(name), Some(field), was.as_deref(), now.as_deref(), rule.as_deref());
                }
            }
            Action::Replace { field, values, .. } => {
                values.iter().for_each(|(was, now)| row(kind, None, Some(field), Some(was), Some(now), None));
            }
            Action::Exclude { rows, .. } => rows.iter().for_each(|name| row(kind, Some(name), None, None, None, None)),
            Action::Merge { into, rows, fields, .. } => {
                rows.iter().for_each(|name| row("merge", Some(name), None, None, Some(into), None));
                // What the survivor takes over is set like any other value.
                for (field, (was, now)) in fields {
                    row("set", Some(into), Some(field), was.as_deref(), now.as_deref(), None);
                }
            }
            Action::Waive { rule, field, row: name, was, rows, .. } => {
                let field = field.as_deref();
                if rows.is_empty() {
                    row(kind, name.as_deref(), field, was.as_deref(), None, Some(rule));
                }
                rows.iter().for_each(|(name, was)| row(kind, Some(name), field, was.as_deref(), None, Some(rule)));
            }
            Action::Revert { of } => row(kind, Some(of), None, None, None, None),
        }
        rows
    }
}

/// The ids of the decisions, in the order in which they were made, that no decision in force reverts.
fn in_force(decisions: &[Decision]) -> HashSet<String> {
    let mut reverted: HashSet<&str> = HashSet::new();
    let mut active = HashSet::new();
    for decision in decisions.iter().rev() {
        if reverted.contains(decision.id.as_str()) {
            continue;
        }
        active.insert(decision.id.clone());
        if let Action::Revert { of } = &decision.action {
            reverted.insert(of);
        }
    }
    active
}

fn read_line(line: &[u8]) -> Result<Option<Decision>> {
    if line.is_empty() {
        return Ok(None);
    }
    #[derive(serde::Deserialize)]
    struct Version {
        v: u32,
    }
    let unreadable = |cause: serde_json::Error| {
        Error::config("this is no decision")
            .hint("mend or remove the line; it is JSON, one decision a line")
            .caused_by(cause)
    };
    let Version { v } = serde_json::from_slice(line).map_err(unreadable)?;
    if v > VERSION {
        return Err(Error::config(format!(
            "the decision was written by a newer tastevin (version {v}, this one knows {VERSION})"
        ))
        .hint("install the newer version"));
    }
    serde_json::from_slice(line).map(Some).map_err(unreadable)
}

/// Whether a line was broken off: what is whole is JSON, whoever wrote it.
fn is_torn(line: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(line).is_err()
}

/// Has the disk know the name of a new file; what is written into it is safe only then.
pub(crate) fn keep_name(file: &Path) -> std::io::Result<()> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Elsewhere a folder cannot be opened, and names are kept with the file.
    if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Adds bytes to the end of a file and to the disk; cuts off what a failure left half written.
fn append(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |cause| Error::io("cannot write the decision", path, cause);
    let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
    let before = file.seek(SeekFrom::End(0)).map_err(failed)?;
    let name = || if before == 0 { keep_name(path) } else { Ok(()) };
    if let Err(cause) = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| name()) {
        let _ = file.set_len(before);
        return Err(failed(cause));
    }
    Ok(())
}

/// A query for a fingerprint of the decisions in force: it differs where they say anything else, wherever they came from.
/// A reversal says nothing of its own, so that undoing leads back to the fingerprint before.
pub const FINGERPRINT: &str = r#"SELECT count(*) || ':' ||
    coalesce(bit_xor(hash(seq, id, kind, "table", "row", field, was, now, rule, until)), 0)
    FROM dq.decisions WHERE active AND kind <> 'revert'"#;

/// The same of the decisions that the last check knew, in force or not by now.
pub const KNOWN_FINGERPRINT: &str = r#"SELECT count(*) || ':' ||
    coalesce(bit_xor(hash(seq, id, kind, "table", "row", field, was, now, rule, until)), 0)
    FROM dq.decisions WHERE id IN (SELECT id FROM dq.checked) AND kind <> 'revert'"#;

/// Whether the last check knows the decisions in force, and no other ones. A check that left no fingerprint knows none.
pub fn is_checked(store: &Store) -> Result<bool> {
    let sql = format!("SELECT coalesce((SELECT decisions FROM dq.verdict), '0:0') = ({FINGERPRINT})");
    Ok(store.first(&sql, [], |row| row.get(0))?.unwrap_or(false))
}

/// What could not be applied to the candidates as they are: of the decisions on one cell the last, with the ids of those
/// before it. A decision about values wherever they occur, or about a whole row, is alone.
const CONFLICTS: &str = r#"SELECT decision, "table", "row", field, was, now, found, reason, earlier FROM (
  SELECT c.*, row_number() OVER (PARTITION BY "table", "row", field, alone ORDER BY seq DESC) AS place,
    string_agg(decision, ' ') OVER (PARTITION BY "table", "row", field, alone ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS earlier
  FROM (SELECT *, CASE WHEN "row" = '' OR field = '' THEN rowid END AS alone FROM dq.conflicts) AS c
  LEFT JOIN (SELECT id, max(seq) AS seq FROM dq.decisions GROUP BY id) AS d ON d.id = c.decision
) WHERE place = 1"#;

/// How many conflicts there are.
pub fn count_conflicts(store: &Store) -> Result<u64> {
    // Mostly there are none, and then the ledger need not be read.
    match store.count("SELECT count(*) FROM dq.conflicts")? {
        0 => Ok(0),
        _ => store.count(&format!("SELECT count(*) FROM ({CONFLICTS})")),
    }
}

/// The decisions that could not be applied to the candidates as they are; at most so many, if a number is given.
pub fn conflicts(store: &Store, most: Option<usize>) -> Result<Vec<Conflict>> {
    let limit = most.map(|most| format!(" LIMIT {most}")).unwrap_or_default();
    store.query(&format!("{CONFLICTS} ORDER BY ALL{limit}"), [], |row| {
        Ok(Conflict {
            decision: row.get(0)?,
            table: row.get(1)?,
            row: row.get(2)?,
            field: row.get(3)?,
            was: row.get(4)?,
            now: row.get(5)?,
            found: row.get(6)?,
            reason: row.get(7)?,
            earlier: row
                .get::<_, Option<String>>(8)?
                .map(|ids| ids.split(' ').map(str::to_owned).collect())
                .unwrap_or_default(),
        })
    })
}
