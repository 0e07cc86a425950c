//! What speaks against a decision: rows that are not there, values that its field cannot have, other decisions. Neighbour: `decisions`,
//! which makes those against which nothing speaks.

use std::collections::HashSet;

use indexmap::IndexMap;

use super::decisions::listed;
use super::{Decider, clock};
use crate::error::{Error, Result, nearest, unknown};
use crate::model::{Action, Field, NEVER_WAIVED, Table};
use crate::rules;
use crate::sql::{Literal, Path};
use crate::stages::{check, map};

impl Decider {
    pub(super) fn table(&self, table: &str) -> Result<&Table> {
        let tables = &self.schema().tables;
        tables.get(table).ok_or_else(|| unknown("table", table, tables.keys().map(String::as_str)))
    }

    pub(super) fn field(&self, table: &str, field: &str) -> Result<&Field> {
        let declared = self.table(table)?;
        declared.fields.get(field).ok_or_else(|| {
            let error = Error::usage(format!("the table \"{table}\" has no field \"{field}\""));
            match nearest(field, declared.fields.keys().map(String::as_str)) {
                Some(near) => error.hint(format!("did you mean \"{near}\"?")),
                None => error,
            }
        })
    }

    /// Says that there is no such row, and which may be meant.
    pub(super) fn no_row(&self, table: &str, row: &str) -> Error {
        if let Some((id, gone, into)) = self.merged(table, |gone, _| gone == row) {
            return Error::usage(format!("\"{gone}\" was merged into \"{into}\" and is no row of its own"))
                .hint(format!("decide on \"{into}\", or take that back first: tastevin decide revert {id}"));
        }
        let error = Error::usage(format!("the table \"{table}\" has no row \"{row}\""));
        if matches!(self.reader.store.has_table("candidate", table), Ok(false)) {
            return error.hint("no rows are mapped yet: `tastevin check` maps what is loaded");
        }
        let keys = |condition: String, order: &str| {
            let sql = format!("SELECT _key FROM {} WHERE {condition} ORDER BY {order}", Path("candidate", table));
            self.reader.store.query(&sql, [], |row| row.get::<_, String>(0)).unwrap_or_default()
        };
        let shared = keys(format!("starts_with(_key, {})", Literal(&format!("{row}#"))), "_key");
        if !shared.is_empty() {
            let number = shared.len();
            return error
                .hint(format!("{number} rows share that key, and each has a name of its own: {}", named(&shared)));
        }
        let like = format!("contains(lower(_key), lower({}))", Literal(row.trim()));
        let near = if row.trim().is_empty() { Vec::new() } else { keys(like, "length(_key), _key LIMIT 4") };
        if !near.is_empty() {
            return error.hint(format!("did you mean {}?", near.join(" or ")));
        }
        error.hint("rows are named by their key; `tastevin anomalies` shows it in the column row")
    }

    /// Refuses keys of which the table has no row, with the first of them named.
    pub(super) fn has_rows(&self, table: &str, rows: &[String]) -> Result<()> {
        let Some(first) = rows.first() else { return Ok(()) };
        let store = &self.reader.store;
        let wanted = listed(rows);
        // Asked this way round the engine looks for the few among the many, and with all its threads as each is wanted once.
        let all = format!("SELECT DISTINCT _key FROM {} WHERE _key IN ({wanted})", Path("candidate", table));
        let hint = self.whereabouts.hint(store, table, rows)?;
        let mut unknown = Some(first);
        let few = hint.map(|hint| format!("SELECT _key FROM {} WHERE {hint}", Path("candidate", table)));
        for sql in few.into_iter().chain([all]) {
            let there: HashSet<String> = match store.query(&sql, [], |row| row.get(0)) {
                Ok(there) => there.into_iter().collect(),
                Err(_) if !store.has_table("candidate", table)? => break,
                Err(error) => return Err(error),
            };
            unknown = rows.iter().find(|row| !there.contains(*row));
            if unknown.is_none() {
                break;
            }
        }
        unknown.map_or(Ok(()), |row| Err(self.no_row(table, row)))
    }

    /// Refuses to accept what is found on no row, or on a row that is not there: it would be accepted wherever it comes up
    /// later, unseen.
    fn has_findings(&self, rule: &str, table: &str, rows: &[String]) -> Result<()> {
        if rows.is_empty() {
            return Err(Error::usage(format!("which findings of {rule} in \"{table}\"?"))
                .hint("name the row, or the rows with the value of each: \"rows\":{\"isavigne-C1\":\"…\"}"));
        }
        let found: Vec<String> = self.reader.store.query(
            &format!(
                r#"SELECT "row" FROM ({}) AS wanted WHERE "row" NOT IN (
                   SELECT "row" FROM dq.anomalies WHERE rule = ? AND "table" = ?) ORDER BY 1"#,
                listed(rows)
            ),
            [rule, table],
            |row| row.get(0),
        )?;
        self.has_rows(table, &found)
    }

    /// Refuses to replace what others have replaced by something else.
    fn are_not_replaced(&self, table: &str, field: &str, values: &IndexMap<String, String>) -> Result<()> {
        self.copy_ledger()?;
        let before: Vec<String> = values.keys().cloned().collect();
        let found: Vec<(String, String, String)> = self.reader.store.query(
            &format!(
                r#"SELECT id, was, now FROM dq.decisions AS d
                   WHERE active AND kind = 'replace' AND "table" = ? AND field = ? AND was IN ({}) AND was <> now
                   AND NOT EXISTS (FROM dq.decisions AS back WHERE back.active AND back.kind = 'replace' AND back."table" = d."table"
                     AND back.field = d.field AND back.now = d.was AND back.seq > d.seq) ORDER BY seq, was"#,
                listed(&before)
            ),
            [table, field],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        match found.iter().find(|(_, was, now)| values.get(was) != Some(now)) {
            None => Ok(()),
            Some((id, was, now)) => Err(Error::usage(format!("\"{was}\" is replaced by \"{now}\" already"))
                .hint(format!("decide on \"{now}\", or take that back first: tastevin decide revert {id}"))),
        }
    }

    /// Refuses to replace values of a field that is only computed: values are replaced as the sources give them.
    fn is_given(&self, table: &str, field: &str) -> Result<()> {
        let mut feeds = self.reader.workspace.mappings.iter().filter_map(|(_, mapping)| mapping.tables.get(table));
        if self.field(table, field)?.derive.is_none() || feeds.any(|feed| feed.fields.contains_key(field)) {
            return Ok(());
        }
        Err(Error::usage(format!("{table}.{field} is computed, and no source gives it a value to be replaced"))
            .hint(format!("set the rows that are meant: tastevin decide bulk {table} {field} --where SQL --now VALUE"))
            .hint("or repair what it is computed from; `tastevin schema` shows how"))
    }

    /// Refuses what could never apply.
    pub(super) fn judge(&self, action: &Action, why: Option<&str>) -> Result<()> {
        match action {
            Action::Set { table, field, now, .. } => {
                self.filled(table, field, now.as_deref())?;
                self.readable(table, field, now.iter().map(String::as_str))
            }
            Action::Bulk { table, field, rows, .. } => {
                rows.values().try_for_each(|(_, now)| self.filled(table, field, now.as_deref()))?;
                self.readable(table, field, rows.values().filter_map(|(_, now)| now.as_deref()))
            }
            Action::Replace { table, field, values } => {
                self.readable(table, field, values.values().map(String::as_str))?;
                self.is_given(table, field)?;
                self.are_not_replaced(table, field, values)
            }
            Action::Exclude { table, rows } => {
                self.table(table)?;
                self.has_rows(table, rows)?;
                self.takes_nothing_in(table, rows)?;
                self.go_nowhere_else(table, rows)
            }
            Action::Merge { table, into, rows, fields } => {
                self.table(table)?;
                if rows.is_empty() {
                    return Err(Error::usage("a row alone cannot be merged").hint("name the rows that it takes in"));
                }
                for (field, (_, now)) in fields {
                    self.filled(table, field, now.as_deref())?;
                    self.readable(table, field, now.iter().map(String::as_str))?;
                }
                if rows.contains(into) {
                    return Err(Error::usage("a row cannot be merged into itself"));
                }
                self.has_rows(table, &[std::slice::from_ref(into), rows].concat())?;
                self.stays(table, into)?;
                self.go_nowhere_else(table, rows)?;
                self.are_not_apart(table, into, rows)
            }
            Action::Waive { rule, table, field, row, rows, until, .. } => {
                self.table(table)?;
                if !check::rule_ids(&self.reader.workspace.rules())?.contains(rule) {
                    return Err(rules::find(rule)
                        .err()
                        .unwrap_or_else(|| Error::usage(format!("there is no rule \"{rule}\""))));
                }
                if NEVER_WAIVED.contains(&rule.as_str()) {
                    return Err(Error::usage(format!(
                        "{rule} cannot be waived: a row without a key of its own can never be committed"
                    ))
                    .hint("repair the key, or exclude the row that is not wanted"));
                }
                let rows: Vec<String> = row.iter().chain(rows.keys()).cloned().collect();
                self.has_findings(rule, table, &rows)?;
                if let Some(field) = field.as_deref().filter(|_| rule == "unreadable-value") {
                    // A waived cell stays empty, and an empty field that must have a value is no clean row.
                    self.filled(table, field, None)?;
                }
                if why.is_none() {
                    return Err(
                        Error::usage("a waiver needs a reason").hint("say why the finding is acceptable: --why \"…\"")
                    );
                }
                match until {
                    Some(day) if *day < clock::today() => {
                        Err(Error::usage(format!("a waiver until {day} has expired already")))
                    }
                    _ => Ok(()),
                }
            }
            Action::Revert { of, .. } => match self.is_known(of) {
                false => Err(Error::usage(format!("there is no decision \"{of}\""))
                    .hint("`tastevin decide list` shows them all")),
                true if !self.is_active(of) => Err(Error::usage(format!("the decision \"{of}\" is not in force"))),
                true => Ok(()),
            },
        }
    }

    /// Refuses to leave out a row that others were merged into: what refers to them would refer to nothing.
    fn takes_nothing_in(&self, table: &str, rows: &[String]) -> Result<()> {
        let these: HashSet<&str> = rows.iter().map(String::as_str).collect();
        match self.merged(table, |_, into| these.contains(into)) {
            None => Ok(()),
            Some((id, gone, into)) => Err(Error::usage(format!("\"{gone}\" was merged into \"{into}\""))
                .hint(format!("take that back first: tastevin decide revert {id}"))),
        }
    }

    /// Refuses a row that is to go itself: what is merged into it would vanish.
    fn stays(&self, table: &str, into: &str) -> Result<()> {
        if let Some((id, row)) = self.excluded(table, |row| row == into) {
            return Err(is_left_out(&id, &row));
        }
        match self.merged(table, |row, _| row == into) {
            None => Ok(()),
            Some((id, gone, into)) => Err(Error::usage(format!("\"{gone}\" was merged into \"{into}\" and goes"))
                .hint(format!("merge into \"{into}\", or take that back first: tastevin decide revert {id}"))),
        }
    }

    /// Refuses rows that go already, into another one or out of the table.
    fn go_nowhere_else(&self, table: &str, rows: &[String]) -> Result<()> {
        let these: HashSet<&str> = rows.iter().map(String::as_str).collect();
        if let Some((id, row)) = self.excluded(table, |row| these.contains(row)) {
            return Err(is_left_out(&id, &row));
        }
        match self.merged(table, |row, _| these.contains(row)) {
            None => Ok(()),
            Some((id, gone, into)) => Err(Error::usage(format!("\"{gone}\" was merged into \"{into}\" already"))
                .hint(format!("take that back first: tastevin decide revert {id}"))),
        }
    }

    /// Refuses to make one of what somebody said to be different things: findings of twins with the same in common that were
    /// accepted for both.
    fn are_not_apart(&self, table: &str, into: &str, rows: &[String]) -> Result<()> {
        let these: HashSet<&str> = rows.iter().map(String::as_str).collect();
        let today = clock::today();
        /// A rule, a field and what rows have in common there.
        type Shared = (String, Option<String>, String);
        // With the decision by which it was accepted, and the row.
        let mut accepted: IndexMap<Shared, Vec<(String, String)>> = IndexMap::new();
        self.each_in_force(|decision| {
            let Action::Waive { rule, table: of, field, row, was, rows, until } = &decision.action else { return };
            let holds = until.is_none_or(|until| until >= today);
            if of != table || !holds || !rules::TWINS.contains(&rule.as_str()) {
                return;
            }
            for (row, was) in row
                .iter()
                .map(|row| (row, was))
                .chain(rows)
                .filter(|(row, _)| *row == into || these.contains(row.as_str()))
            {
                let shared = was.as_deref().unwrap_or_else(|| without_number(row)).to_lowercase();
                let found = accepted.entry((rule.clone(), field.clone(), shared)).or_default();
                found.push((decision.id.clone(), row.clone()));
            }
        });
        let found = accepted.into_values().filter(|found| found.iter().any(|(_, row)| row == into));
        let found = found.flatten().find(|(_, row)| row != into);
        match found {
            None => Ok(()),
            Some((id, row)) => Err(Error::usage(format!("\"{row}\" and \"{into}\" were said to be different things"))
                .hint(format!("take that back first: tastevin decide revert {id}"))),
        }
    }

    /// A decision in force that leaves out such a row: its id and the row.
    fn excluded(&self, table: &str, is_meant: impl Fn(&str) -> bool) -> Option<(String, String)> {
        let mut found = None;
        self.each_in_force(|decision| {
            let Action::Exclude { table: of, rows } = &decision.action else { return };
            if of == table && found.is_none() {
                let first = rows.iter().filter(|row| is_meant(row)).min();
                found = first.map(|row| (decision.id.clone(), row.clone()));
            }
        });
        found
    }

    /// A merge in force of such a row into such another one: its id, the row that goes and the one that stays.
    pub(super) fn merged(
        &self,
        table: &str,
        is_meant: impl Fn(&str, &str) -> bool,
    ) -> Option<(String, String, String)> {
        let mut found = None;
        self.each_in_force(|decision| {
            let Action::Merge { table: of, into, rows, .. } = &decision.action else { return };
            if of == table && found.is_none() {
                let row = rows.iter().find(|row| is_meant(row, into));
                found = row.map(|row| (decision.id.clone(), row.clone(), into.clone()));
            }
        });
        found
    }

    /// Refuses to empty a field that must have a value.
    fn filled(&self, table: &str, field: &str, now: Option<&str>) -> Result<()> {
        let declared = self.field(table, field)?;
        if (declared.required || declared.key) && now.is_none_or(|now| now.trim().is_empty()) {
            return Err(Error::usage(format!("{table}.{field} must have a value"))
                .hint("exclude the row if it should not be committed"));
        }
        Ok(())
    }

    /// Refuses texts that are no values of the field's type, with the first of them named.
    fn readable<'v>(&self, table: &str, field: &str, values: impl Iterator<Item = &'v str>) -> Result<()> {
        let kind = self.field(table, field)?.kind;
        let mut distinct: Vec<&str> = values.collect();
        distinct.sort_unstable();
        distinct.dedup();
        if kind == crate::model::FieldType::Text || distinct.is_empty() {
            return Ok(());
        }
        let list: Vec<String> = distinct.iter().map(|value| format!("({})", Literal(value))).collect();
        let wrong: Option<String> = self.reader.store.first(
            &format!(
                "SELECT v FROM (VALUES {}) AS t(v) WHERE trim(v) <> '' AND {} IS NULL LIMIT 1",
                list.join(", "),
                map::read_value("v", kind)?
            ),
            [],
            |row| row.get(0),
        )?;
        match wrong {
            None => Ok(()),
            Some(value) => {
                Err(Error::usage(format!("\"{value}\" is no {} for {table}.{field}", kind.name())).hint(kind.advice()))
            }
        }
    }
}

/// An identity without the number that tells it from others of the same name.
fn without_number(row: &str) -> &str {
    match row.rsplit_once('.') {
        Some((name, number)) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => row,
    }
}

/// Some names, and how many more there are.
fn named(names: &[String]) -> String {
    const SHOWN: usize = 6;
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn is_left_out(id: &str, row: &str) -> Error {
    Error::usage(format!("\"{row}\" is left out already"))
        .hint(format!("take that back first: tastevin decide revert {id}"))
}

/// Refuses decisions of which one takes away what another one stands on.
pub(super) fn agree<'a>(actions: impl Iterator<Item = &'a Action>) -> Result<()> {
    let (mut going, mut staying, mut reverted) = (HashSet::new(), HashSet::new(), HashSet::new());
    let twice = |row: &str| Err(Error::usage(format!("two of the decisions contradict each other about \"{row}\"")));
    for action in actions {
        match action {
            Action::Exclude { table, rows } => {
                for row in rows {
                    if staying.contains(&(table, row)) || !going.insert((table, row)) {
                        return twice(row);
                    }
                }
            }
            Action::Merge { table, into, rows, .. } => {
                if going.contains(&(table, into)) {
                    return twice(into);
                }
                staying.insert((table, into));
                for row in rows {
                    if !going.insert((table, row)) {
                        return twice(row);
                    }
                }
            }
            Action::Revert { of, .. } if !reverted.insert(of) => return twice(of),
            _ => {}
        }
    }
    Ok(())
}
