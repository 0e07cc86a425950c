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
    /// Where lines begin that could not be written and not be taken away again.
    half: Option<u64>,
    warnings: Vec<String>,
}

impl Ledger {
    /// Reads the ledger; there need not be one yet.
    ///
    /// A last line that was torn by a crash or a full disk, or several that were being written at once, are set aside into
    /// `decisions.torn` when the ledger is opened for writing, and passed over when not; any other line that cannot be read is
    /// an error with its number, because what comes after it may depend on it. A line that is there twice counts once.
    pub fn open(path: &Path, read_only: bool) -> Result<Ledger> {
        let mut ledger = Ledger {
            path: path.to_owned(),
            decisions: Vec::new(),
            active: HashSet::new(),
            fresh: 0,
            turned: Vec::new(),
            half: None,
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
            if line.first() == Some(&UNCONFIRMED) {
                ledger.set_aside(begin, &text[begin..], number, read_only)?;
                break;
            }
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
        let torn = [torn.strip_suffix(b"\n").unwrap_or(torn), b"\n"].concat();
        let lines = torn.split(|byte| *byte == b'\n').count() as u64 - 1;
        let (path, last) = (self.path.display(), line + lines - 1);
        let kept = if read_only { String::new() } else { format!(" and kept in {}", aside.display()) };
        self.warnings.push(match lines {
            1 => format!("line {line} of {path} is torn, as after a crash; nothing before it is lost, it was never confirmed{kept}"),
            _ => format!(
                "lines {line} to {last} of {path} are torn, as after a crash; nothing before them is lost, they were never confirmed{kept}"
            ),
        });
        if read_only {
            return Ok(());
        }
        append(&aside, &with_first(torn, b'{'))?;
        cut(&self.path, begin as u64).map_err(|cause| Error::io("cannot mend the ledger", &self.path, cause))
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

    /// Writes decisions to the file and to the disk, all or none of them; on any failure the file is as before, and where the
    /// program is killed meanwhile, [`Ledger::open`] finds all or none.
    pub fn append_all(&mut self, decisions: Vec<Decision>) -> Result<()> {
        let mut lines = Vec::new();
        for decision in &decisions {
            serde_json::to_writer(&mut lines, decision)
                .map_err(|cause| Error::internal("a decision cannot be written as JSON").caused_by(cause))?;
            lines.push(b'\n');
        }
        if let Some(begin) = self.half {
            // What is written behind it would be taken for a part of it.
            cut(&self.path, begin).map_err(|cause| Error::io("cannot mend the ledger", &self.path, cause))?;
            self.half = None;
        }
        let written = match decisions.len() {
            0 | 1 => append(&self.path, &lines).map(drop),
            _ => append_at_once(&self.path, lines),
        };
        if let Err(Unwritten { error, half }) = written {
            self.half = half;
            return Err(error);
        }
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
            Action::Revert { of, .. } => row(kind, Some(of), None, None, None, None),
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
        if let Action::Revert { of, .. } = &decision.action {
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

/// What stands for the first character of lines that are written at once until all of them are on the disk. However much of
/// them there is behind it: nobody was told that they stand.
const UNCONFIRMED: u8 = 0;

/// Adds lines to the end of a file and to the disk so that all of them count from one moment on.
fn append_at_once(path: &Path, lines: Vec<u8>) -> std::result::Result<(), Unwritten> {
    let Some(first) = lines.first().copied() else { return Ok(()) };
    let begin = append(path, &with_first(lines, UNCONFIRMED))?;
    let confirm = || {
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.seek(SeekFrom::Start(begin))?;
        file.write_all(&[first])?;
        file.sync_all()
    };
    confirm().map_err(|cause| Unwritten::new(path, begin, cause))
}

fn with_first(mut lines: Vec<u8>, byte: u8) -> Vec<u8> {
    if let Some(first) = lines.first_mut() {
        *first = byte;
    }
    lines
}

/// Adds bytes to the end of a file and to the disk; cuts off what a failure left half written. Gives back where they begin.
fn append(path: &Path, bytes: &[u8]) -> std::result::Result<u64, Unwritten> {
    let open = || {
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        let before = file.seek(SeekFrom::End(0))?;
        Ok((file, before))
    };
    let (mut file, before) =
        open().map_err(|cause| Unwritten { error: Error::io(NOT_WRITTEN, path, cause), half: None })?;
    let name = || if before == 0 { keep_name(path) } else { Ok(()) };
    match file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| name()) {
        Ok(()) => Ok(before),
        Err(cause) => Err(Unwritten::new(path, before, cause)),
    }
}

const NOT_WRITTEN: &str = "cannot write the decision";

/// Why something is not in a file.
struct Unwritten {
    error: Error,
    /// Where a part of it begins that could not be taken away again.
    half: Option<u64>,
}

impl Unwritten {
    /// Takes away what there is of it from `begin` on.
    fn new(path: &Path, begin: u64, cause: std::io::Error) -> Unwritten {
        let half = cut(path, begin).err().map(|_| begin);
        Unwritten { error: Error::io(NOT_WRITTEN, path, cause), half }
    }
}

impl From<Unwritten> for Error {
    fn from(failed: Unwritten) -> Error {
        failed.error
    }
}

/// Cuts off what stands in a file from `end` on, and has the disk know.
fn cut(path: &Path, end: u64) -> std::io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    file.set_len(end)?;
    file.sync_all()
}

/// An expression for what decisions say, whatever their order: that of some and that of others make together that of all.
macro_rules! sayings {
    () => {
        r#"coalesce(bit_xor(hash(seq, id, kind, "table", "row", field, was, now, rule, until)), 0)"#
    };
}

/// A query for a fingerprint of the decisions in force: it differs where they say anything else, wherever they came from.
/// A reversal says nothing of its own, so that undoing leads back to the fingerprint before.
pub const FINGERPRINT: &str =
    concat!("SELECT count(*) || ':' || ", sayings!(), " FROM dq.decisions WHERE active AND kind <> 'revert'");

/// The same of the decisions that the last check knew, in force or not by now.
pub const KNOWN_FINGERPRINT: &str = concat!(
    "SELECT count(*) || ':' || ",
    sayings!(),
    " FROM dq.decisions WHERE id IN (SELECT id FROM dq.checked) AND kind <> 'revert'"
);

/// An expression for the fingerprint of the decisions in force, from the one in a column of those that were before, and a relation with
/// those in force that were not then, and the other way round.
pub fn fingerprint_after(before: &str, otherwise: &str) -> String {
    format!(
        "(split_part({before}, ':', 1)::BIGINT + (SELECT coalesce(sum(CASE WHEN active THEN 1 ELSE -1 END), 0) FROM {otherwise})) || ':' ||\n\
         xor(split_part({before}, ':', 2)::UBIGINT, (SELECT {} FROM {otherwise})::UBIGINT)",
        sayings!()
    )
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn exclude(number: u32) -> Decision {
        let line = format!(
            r#"{{"v":1,"id":"{number:026}","at":"2026-11-22T09:12:03Z","who":"zoé","kind":"exclude","table":"customers","rows":["C{number}"]}}"#
        );
        serde_json::from_str(&line).expect("a decision")
    }

    fn lines(decisions: &[Decision]) -> Vec<u8> {
        let lines = decisions.iter().map(|one| serde_json::to_string(one).expect("JSON") + "\n");
        lines.collect::<String>().into_bytes()
    }

    #[test]
    fn of_decisions_that_are_written_at_once_all_count_or_none_wherever_they_were_cut_off() {
        let dir = tempfile::tempdir().expect("a folder");
        let (path, torn) = (dir.path().join("decisions.jsonl"), dir.path().join("decisions.torn"));
        let (before, added) = (lines(&[exclude(1)]), lines(&[exclude(2), exclude(3), exclude(4)]));
        let begun = with_first(added.clone(), UNCONFIRMED);
        for cut in (1..=begun.len()).filter(|cut| cut % 9 == 1 || begun[cut - 1] == b'\n') {
            let _ = fs::remove_file(&torn);
            let there = [before.as_slice(), &begun[..cut]].concat();
            fs::write(&path, &there).expect("written");
            let looked = Ledger::open(&path, true).expect("it can be read");
            assert_eq!(looked.decisions(), [exclude(1)], "{cut}");
            assert_eq!(fs::read(&path).expect("the file"), there, "who only looks leaves it as it is");
            let mut ledger = Ledger::open(&path, false).expect("it can be read");
            assert_eq!(ledger.decisions(), [exclude(1)], "{cut}");
            let told = ledger.warning().expect("it is told");
            assert!(told.starts_with("line 2 of ") || told.starts_with("lines 2 to "), "{told}");
            assert_eq!(fs::read(&path).expect("the file"), before);
            let kept = fs::read(&torn).expect("what is torn is kept");
            assert_eq!(kept.trim_ascii_end(), added[..cut].trim_ascii_end());
            // Nothing of it is in the way of what is decided next.
            ledger.append_all(vec![exclude(5), exclude(6)]).expect("written");
            assert_eq!(fs::read(&path).expect("the file"), [before.clone(), lines(&[exclude(5), exclude(6)])].concat());
            assert_eq!(Ledger::open(&path, false).expect("it can be read").decisions().len(), 3);
        }
    }

    #[test]
    fn what_could_not_be_taken_away_goes_before_more_is_written() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("decisions.jsonl");
        let mut ledger = Ledger::open(&path, false).expect("there need not be one");
        ledger.append(exclude(1)).expect("written");
        let whole = fs::read(&path).expect("the file");
        fs::write(&path, [whole.as_slice(), b"\0\"v\":1,"].concat()).expect("half a line");
        ledger.half = Some(whole.len() as u64);
        ledger.append(exclude(2)).expect("written");
        assert_eq!(fs::read(&path).expect("the file"), lines(&[exclude(1), exclude(2)]));
        let read = Ledger::open(&path, false).expect("it can be read");
        assert_eq!((read.decisions().len(), read.warning()), (2, None));
    }
}
