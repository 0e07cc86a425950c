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
    decisions: Vec<Decision>,
    /// The ids of the decisions in force.
    active: HashSet<String>,
    /// The ids of the decisions that the last one took out of force or put back into it.
    turned: Vec<String>,
    warning: Option<String>,
}

impl Ledger {
    /// Reads the ledger; there need not be one yet.
    ///
    /// A last line that was torn by a crash or a full disk is set aside into `decisions.torn` when the ledger is opened
    /// for writing, and passed over when not; a line in the middle that cannot be read is an error with its number,
    /// because what comes after it may depend on it.
    pub fn open(path: &Path, read_only: bool) -> Result<Ledger> {
        let mut ledger = Ledger {
            path: path.to_owned(),
            decisions: Vec::new(),
            active: HashSet::new(),
            turned: Vec::new(),
            warning: None,
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
            let line = text[begin..end.unwrap_or(text.len())].trim_ascii();
            match read_line(line) {
                Ok(None) => {}
                Ok(Some(decision)) => {
                    ledger.decisions.push(decision);
                    if end.is_none() && !read_only {
                        // Whole but for its line break; without one the next decision would be glued to it.
                        append(path, b"\n")?;
                    }
                }
                Err(_) if end.is_none() => ledger.set_aside(begin, &text[begin..], number, read_only)?,
                Err(error) => return Err(error.at_file(path).at_line(number)),
            }
            begin = end.map_or(text.len(), |end| end + 1);
        }
        ledger.active = in_force(&ledger.decisions);
        Ok(ledger)
    }

    fn set_aside(&mut self, begin: usize, torn: &[u8], line: u64, read_only: bool) -> Result<()> {
        let aside = self.path.with_extension("torn");
        self.warning = Some(format!(
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
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
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
        let mut line = serde_json::to_vec(&decision)
            .map_err(|cause| Error::internal("a decision cannot be written as JSON").caused_by(cause))?;
        line.push(b'\n');
        append(&self.path, &line)?;
        let id = decision.id.clone();
        self.decisions.push(decision);
        let active = in_force(&self.decisions);
        self.turned = active.symmetric_difference(&self.active).filter(|turned| **turned != id).cloned().collect();
        self.active = active;
        Ok(())
    }

    /// Whether the decision of that id is in force: no decision in force reverts it.
    pub fn is_active(&self, id: &str) -> bool {
        self.active.contains(id)
    }

    /// An id for a decision that is made now: a ULID that sorts after all ids before it, even within a millisecond.
    pub fn next_id(&self, at: DateTime<Utc>) -> String {
        let fresh = ulid::Ulid::from_datetime(at.into());
        let last = self.decisions.iter().filter_map(|decision| ulid::Ulid::from_string(&decision.id).ok()).max();
        match last.filter(|last| *last >= fresh).and_then(|last| last.increment().ok()) {
            Some(next) => next.to_string(),
            None => fresh.to_string(),
        }
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

    /// Writes the decision that was appended last into `dq.decisions`, and what it changes of the others.
    pub fn record_last(&self, store: &Store) -> Result<()> {
        let Some(last) = self.decisions.last() else { return Ok(()) };
        let seq = i64::try_from(self.decisions.len()).unwrap_or(i64::MAX);
        store.transaction(|store| {
            for id in &self.turned {
                store.execute("UPDATE dq.decisions SET active = NOT active WHERE id = ?", [id.as_str()])?;
            }
            store.append("dq", "decisions", self.rows(seq, last))
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

/// The ids of the decisions that no decision in force reverts.
fn in_force(decisions: &[Decision]) -> HashSet<String> {
    let mut reverted: HashSet<&str> = HashSet::new();
    let mut active = HashSet::new();
    // Two people's ledgers merge as text, so a reversal may stand anywhere in the file; ids sort by time.
    let mut newest_first: Vec<&Decision> = decisions.iter().collect();
    newest_first.sort_by(|a, b| b.id.cmp(&a.id));
    for decision in newest_first {
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

/// Adds bytes to the end of a file and to the disk; cuts off what a failure left half written.
fn append(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |cause| Error::io("cannot write the decision", path, cause);
    let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
    let before = file.seek(SeekFrom::End(0)).map_err(failed)?;
    if let Err(cause) = file.write_all(bytes).and_then(|()| file.sync_all()) {
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

/// The decisions that could not be applied to the candidates as they are; at most so many, if a number is given.
pub fn conflicts(store: &Store, most: Option<usize>) -> Result<Vec<Conflict>> {
    let limit = most.map(|most| format!(" LIMIT {most}")).unwrap_or_default();
    store.query(
        &format!(
            r#"SELECT decision, "table", "row", field, was, now, found, reason FROM dq.conflicts ORDER BY ALL{limit}"#
        ),
        [],
        |row| {
            Ok(Conflict {
                decision: row.get(0)?,
                table: row.get(1)?,
                row: row.get(2)?,
                field: row.get(3)?,
                was: row.get(4)?,
                now: row.get(5)?,
                found: row.get(6)?,
                reason: row.get(7)?,
            })
        },
    )
}
