//! Making decisions: what a person wants becomes a line of the ledger that is sure to apply. Neighbour: `decider`, which
//! writes it.

use std::collections::HashSet;

use indexmap::{IndexMap, IndexSet};

use super::{Decider, clock};
use crate::error::{Error, Result, nearest, unknown};
use crate::model::{Action, AnomalyFilter, Decision, Field, NEVER_WAIVED, Page, Status, Table};
use crate::rules;
use crate::sql::{Ident, Literal, Path};
use crate::stages::{check, findings, map};

/// What was decided about findings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OnFound {
    /// The decisions that were made.
    pub decisions: Vec<Decision>,
    /// How many rows were left as they are, because somebody has decided on them since the last check.
    pub left: u64,
}

/// A decision that was taken back, with those that went with it.
#[derive(Debug, Clone, PartialEq)]
pub struct TakenBack {
    /// The reversals, that of the decision that was named first.
    pub decisions: Vec<Decision>,
    /// Decisions before it that do not fit its rows either, and stay because of others.
    pub left: Vec<Decision>,
    /// What has changed since the check that says which decisions fit, if anything: "isavigne was loaded after".
    pub outdated: Option<String>,
}

/// Which value many rows get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewValue<'a> {
    /// The same for all; `None` empties the field.
    Same(Option<&'a str>),
    /// What the rule suggests for each; rows without a suggestion stay as they are.
    Suggestion,
}

impl Decider {
    /// Writes a decision to the ledger and the disk. It takes effect with the next [`Workbench::check`].
    pub fn decide(&mut self, action: Action, why: Option<String>) -> Result<Decision> {
        let mut made = self.decide_all(vec![(action, why)])?;
        made.pop().ok_or_else(|| Error::internal("a decision was made and is not there"))
    }

    /// The same for many, all of them or none. What one says must not contradict another.
    pub fn decide_all(&mut self, wanted: Vec<(Action, Option<String>)>) -> Result<Vec<Decision>> {
        self.decide_on(wanted, false)
    }

    /// The same; `are_there` says that the rows are known to be there of which fields are set.
    fn decide_on(&mut self, wanted: Vec<(Action, Option<String>)>, are_there: bool) -> Result<Vec<Decision>> {
        self.writable()?;
        let wanted: Vec<_> = wanted.into_iter().map(|(action, why)| (tidy(action), trimmed(why))).collect();
        self.reader.store.of_few(|| {
            wanted.iter().try_for_each(|(action, why)| {
                if let (Action::Set { table, row, .. }, false) = (action, are_there) {
                    self.has_rows(table, std::slice::from_ref(row))?;
                }
                self.judge(action, why.as_deref())
            })
        })?;
        agree(wanted.iter().map(|(action, _)| action))?;
        self.enter(wanted)
    }

    /// Takes a decision back. Where it fits no longer, those about the same cells before it that do not fit either go with it,
    /// as they would only come up in its place; what is about other rows as well stays, and so does what made rows one. Which ones fit is
    /// as the last check saw it.
    pub fn take_back(&mut self, of: &str, why: Option<String>) -> Result<TakenBack> {
        let conflicts = self.conflicts()?;
        let before = conflicts.iter().filter(|conflict| conflict.decision == of).flat_map(|conflict| &conflict.earlier);
        let before: IndexSet<&String> = before.filter(|id| self.is_active(of) && self.is_active(id)).collect();
        let earlier: Vec<Decision> = self.decisions().into_iter().filter(|one| before.contains(&one.id)).collect();
        let is_alone = |one: &Decision| one.action.rows() <= 1 && !matches!(one.action, Action::Merge { .. });
        let (alone, left): (Vec<_>, Vec<_>) = earlier.into_iter().partition(is_alone);
        let all = alone.iter().rev().map(|one| one.id.as_str());
        let wanted = std::iter::once(of).chain(all).map(|of| (Action::revert(of), why.clone()));
        let outdated = self.outdated()?;
        Ok(TakenBack { decisions: self.decide_all(wanted.collect())?, left, outdated })
    }

    fn decide_each(&mut self, actions: Vec<Action>, why: Option<&str>) -> Result<Vec<Decision>> {
        self.decide_all(actions.into_iter().map(|action| (action, why.map(str::to_owned))).collect())
    }

    /// Sets one field of one row; `was` is what the candidate has now.
    pub fn set(
        &mut self,
        table: &str,
        row: &str,
        field: &str,
        now: Option<&str>,
        rule: Option<&str>,
        why: Option<String>,
    ) -> Result<Decision> {
        self.writable()?;
        let was =
            self.values(table, field, &[row.to_owned()])?.swap_remove(row).ok_or_else(|| self.no_row(table, row))?;
        let action = Action::Set {
            table: table.to_owned(),
            row: row.to_owned(),
            field: field.to_owned(),
            was,
            now: now.map(str::to_owned),
            rule: rule.map(str::to_owned),
        };
        // The row was just read.
        let mut made = self.decide_on(vec![(action, why)], true)?;
        made.pop().ok_or_else(|| Error::internal("a decision was made and is not there"))
    }

    /// What the rules would find in the values that a decision gives to a field, each message once. Of many values the first
    /// hundred different ones are looked at.
    pub fn doubts(&self, decision: &Decision) -> Result<Vec<String>> {
        const MOST: usize = 100;
        let values: IndexMap<&str, &str> = match &decision.action {
            Action::Set { row, now, .. } => now.iter().map(|now| (now.as_str(), row.as_str())).collect(),
            Action::Bulk { rows, .. } => {
                rows.iter().filter_map(|(row, (_, now))| Some((now.as_deref()?, row.as_str()))).collect()
            }
            _ => return Ok(Vec::new()),
        };
        let (Action::Set { table, field, .. } | Action::Bulk { table, field, .. }) = &decision.action else {
            return Ok(Vec::new());
        };
        let given = values.into_iter().filter(|(now, _)| !now.trim().is_empty()).take(MOST);
        let given: Vec<(&str, &str)> = given.map(|(now, row)| (row, now)).collect();
        check::doubts(&self.reader.store, self.plan()?.as_ref(), clock::today(), (table, field), &given)
    }

    /// Sets a field of the named rows, each to its own value, where `None` empties it; one decision, about what the
    /// candidates have now.
    pub fn set_rows(
        &mut self,
        table: &str,
        field: &str,
        rule: Option<&str>,
        values: &IndexMap<String, Option<String>>,
        why: Option<String>,
    ) -> Result<Decision> {
        self.writable()?;
        if let (1, Some((row, now))) = (values.len(), values.first()) {
            return self.set(table, row, field, now.as_deref(), rule, why);
        }
        let keys: Vec<String> = values.keys().cloned().collect();
        let mut before = self.values(table, field, &keys)?;
        let mut rows = IndexMap::new();
        for (row, now) in values {
            let was = before.swap_remove(row).ok_or_else(|| self.no_row(table, row))?;
            rows.insert(row.clone(), (was, now.clone()));
        }
        // To say that a value stands is something where a decision says otherwise that fits no longer.
        let unfit: HashSet<String> = self
            .reader
            .conflicts()?
            .into_iter()
            .filter(|one| one.table == table && one.field == field)
            .map(|one| one.row)
            .collect();
        let says = |(row, (was, now)): &(String, (Option<String>, Option<String>))| was != now || unfit.contains(row);
        let action = all_of(table, field, rows.into_iter().filter(says), rule).ok_or_else(nothing_changes)?;
        self.decide(action, why)
    }

    /// Sets a field of all rows that meet a SQL condition over the candidate's fields; one decision.
    pub fn set_where(
        &mut self,
        table: &str,
        field: &str,
        condition: &str,
        now: Option<&str>,
        why: Option<String>,
    ) -> Result<Decision> {
        self.writable()?;
        self.field(table, field)?;
        let keys = self.rows_where(table, condition)?;
        let before = self.values(table, field, &keys)?;
        let rows = before.into_iter().map(|(row, was)| (row, (was, now.map(str::to_owned))));
        let action = bulk(table, field, rows, None).ok_or_else(nothing_changes)?;
        self.decide(action, why)
    }

    /// Sets the fields of all open findings that the filter lets through; one decision per table, field and rule. What
    /// somebody has decided on since the last check is left as it is: the finding may be about what is no more.
    pub fn set_found(&mut self, filter: &AnomalyFilter, now: NewValue, why: Option<&str>) -> Result<OnFound> {
        self.writable()?;
        let cells = match &now {
            NewValue::Suggestion => findings::suggestions_sql(filter),
            NewValue::Same(_) => format!(
                r#"SELECT DISTINCT ON ("table", field, "row") "table", field, rule, "row", suggestion, value FROM ({})
                   WHERE field <> '' ORDER BY "table", field, "row", rule"#,
                findings::matching(&open(filter))
            ),
        };
        let (found, left) = self.still_open(&cells)?;
        let mut groups: IndexMap<(String, String, String), IndexMap<String, Option<String>>> = IndexMap::new();
        for row in found.rows {
            let [Some(table), Some(field), Some(rule), Some(row), suggestion, ..] = row.as_slice() else { continue };
            let value = match now {
                NewValue::Same(value) => value.map(str::to_owned),
                NewValue::Suggestion => suggestion.clone(),
            };
            groups.entry((table.clone(), field.clone(), rule.clone())).or_default().insert(row.clone(), value);
        }
        let is_nothing_found = groups.is_empty();
        let mut actions = Vec::new();
        for ((table, field, rule), values) in groups {
            let keys: Vec<String> = values.keys().cloned().collect();
            let before = self.values(&table, &field, &keys)?;
            let rows = before.into_iter().map(|(row, was)| {
                let value = values.get(&row).cloned().flatten();
                (row, (was, value))
            });
            actions.extend(bulk(&table, &field, rows, Some(&rule)));
        }
        if actions.is_empty() && !is_nothing_found {
            return Err(nothing_changes());
        }
        some_are_left(actions.is_empty(), left)?;
        Ok(OnFound { decisions: self.decide_each(actions, why)?, left })
    }

    /// Of the findings that a query gives with `table`, `field`, `row` and `value`, those on which nobody has decided since
    /// the last check, and how many rows the others are about.
    fn still_open(&self, found: &str) -> Result<(Page, u64)> {
        self.copy_ledger()?;
        let store = &self.reader.store;
        let since =
            r#"SELECT * FROM dq.decisions WHERE kind <> 'revert' AND active <> (id IN (SELECT id FROM dq.checked))"#;
        let here = r#"d."table" = f."table""#;
        // Joins on equality, one for each way in which a decision can be about a finding.
        let touching = [
            r#"d.kind IN ('set', 'bulk') AND d."row" = f."row" AND (f.field = '' OR d.field = f.field)"#,
            r#"d.kind IN ('exclude', 'merge') AND d."row" = f."row""#,
            r#"d.kind = 'merge' AND d.now = f."row" AND f.field = ''"#,
            "d.kind = 'replace' AND d.field = f.field AND d.was = f.value",
        ];
        let decided: Vec<String> = touching
            .iter()
            .map(|how| format!("SELECT f.* FROM found AS f SEMI JOIN since AS d ON {here} AND {how}"))
            .collect();
        let with = format!("WITH found AS ({found}), since AS ({since}), decided AS ({})", decided.join(" UNION "));
        let page = store
            .texts(&format!("{with} SELECT f.* FROM found AS f ANTI JOIN decided AS d ON {SAME_CELL} ORDER BY ALL"))?;
        let left = store.count(&format!("{with} SELECT count(DISTINCT (\"table\", \"row\")) FROM decided"))?;
        Ok((page, left))
    }

    /// Accepts all open findings that the filter lets through as they are; one decision per rule, table and field.
    pub fn waive_found(
        &mut self,
        filter: &AnomalyFilter,
        until: Option<chrono::NaiveDate>,
        why: &str,
    ) -> Result<Vec<Decision>> {
        let found = self.reader.store.texts(&format!(
            r#"SELECT DISTINCT rule, "table", field, "row", value FROM ({})
               ORDER BY rule, "table", field, "row", value"#,
            findings::matching(&open(filter))
        ))?;
        // A rule may find two things on one row and field; a decision says one value per row, so they are two decisions.
        type Rows = IndexMap<String, Option<String>>;
        let mut groups: IndexMap<(String, String, String), Vec<Rows>> = IndexMap::new();
        for row in found.rows {
            let [Some(rule), Some(table), Some(field), Some(row), value] = row.as_slice() else { continue };
            let group = groups.entry((rule.clone(), table.clone(), field.clone())).or_default();
            match group.iter_mut().find(|rows| !rows.contains_key(row)) {
                Some(rows) => _ = rows.insert(row.clone(), value.clone()),
                None => group.push(IndexMap::from([(row.clone(), value.clone())])),
            }
        }
        let each = groups.into_iter().flat_map(|(of, group)| group.into_iter().map(move |rows| (of.clone(), rows)));
        let actions = each.map(|((rule, table, field), rows)| {
            let field = Some(field);
            match (rows.len(), rows.first()) {
                (1, Some((row, was))) => {
                    let (row, was) = (Some(row.clone()), was.clone());
                    Action::Waive { rule, table, field, row, was, rows: IndexMap::new(), until }
                }
                _ => Action::Waive { rule, table, field, row: None, was: None, rows, until },
            }
        });
        self.decide_each(actions.collect(), Some(why))
    }

    /// Leaves out the rows of all open findings that the filter lets through; one decision per table. A row on which
    /// somebody has decided since the last check stays: what was wrong with it may be mended.
    pub fn exclude_found(&mut self, filter: &AnomalyFilter, why: Option<&str>) -> Result<OnFound> {
        let found =
            format!(r#"SELECT DISTINCT "table", field, "row", value FROM ({})"#, findings::matching(&open(filter)));
        let (found, left) = self.still_open(&found)?;
        let mut tables: IndexMap<String, IndexSet<String>> = IndexMap::new();
        for row in found.rows {
            let [Some(table), _, Some(row), _] = row.as_slice() else { continue };
            tables.entry(table.clone()).or_default().insert(row.clone());
        }
        some_are_left(tables.is_empty(), left)?;
        let actions =
            tables.into_iter().map(|(table, rows)| Action::Exclude { table, rows: rows.into_iter().collect() });
        Ok(OnFound { decisions: self.decide_each(actions.collect(), why)?, left })
    }

    /// Writes spellings of a field as other ones (before → after), in this and in later exports; one decision.
    pub fn merge_spellings(
        &mut self,
        table: &str,
        field: &str,
        spellings: &IndexMap<String, String>,
        why: Option<String>,
    ) -> Result<Decision> {
        self.writable()?;
        self.field(table, field)?;
        // In a field with lists these are elements, wherever they stand.
        let others = spellings.iter().filter(|(was, now)| was != now);
        let values: IndexMap<String, String> = others.map(|(was, now)| (was.clone(), now.clone())).collect();
        if values.is_empty() {
            return Err(nothing_changes());
        }
        self.decide(Action::Replace { table: table.to_owned(), field: field.to_owned(), values }, why)
    }

    /// Makes rows one: `into` stays, the others go, and what refers to them refers to it. `take` says of fields from which
    /// row `into` takes their value; one decision.
    pub fn merge(
        &mut self,
        table: &str,
        into: &str,
        rows: &[String],
        take: &IndexMap<String, String>,
        why: Option<String>,
    ) -> Result<Decision> {
        self.writable()?;
        let mut fields = IndexMap::new();
        for (field, from) in take {
            if !rows.contains(from) && from != into {
                return Err(Error::usage(format!("\"{from}\" is none of the rows that are merged")));
            }
            let mut values = self.values(table, field, &[into.to_owned(), from.clone()])?;
            let was = values.get(into).cloned().ok_or_else(|| self.no_row(table, into))?;
            let now = values.swap_remove(from).ok_or_else(|| self.no_row(table, from))?;
            if was != now {
                fields.insert(field.clone(), (was, now));
            }
        }
        self.decide(Action::Merge { table: table.to_owned(), into: into.to_owned(), rows: rows.to_vec(), fields }, why)
    }

    /// Says that rows which were found to be alike are different things: their findings about that are accepted. A row
    /// that comes to be like them later is a new finding. One decision per rule and field.
    pub fn keep_apart(&mut self, table: &str, rows: &[String], why: Option<&str>) -> Result<Vec<Decision>> {
        self.table(table)?;
        self.has_rows(table, rows)?;
        let these: HashSet<&str> = rows.iter().map(String::as_str).collect();
        if let Some((id, gone, into)) = self.merged(table, |row, into| these.contains(row) && these.contains(into)) {
            return Err(Error::usage(format!("\"{gone}\" was merged into \"{into}\", so they are one thing"))
                .hint(format!("take that back first: tastevin decide revert {id}")));
        }
        let twins: Vec<String> = rules::TWINS.iter().map(|rule| Literal(rule).to_string()).collect();
        let found = self.reader.store.texts(&format!(
            r#"SELECT DISTINCT rule, field, "row", value FROM dq.anomalies
               WHERE status = 'open' AND rule IN ({}) AND "table" = {} AND "row" IN ({}) ORDER BY ALL"#,
            twins.join(", "),
            Literal(table),
            listed(rows)
        ))?;
        let mut groups: IndexMap<(String, String), IndexMap<String, Option<String>>> = IndexMap::new();
        for row in found.rows {
            let [Some(rule), Some(field), Some(row), value] = row.as_slice() else { continue };
            groups.entry((rule.clone(), field.clone())).or_default().insert(row.clone(), value.clone());
        }
        let actions = groups.into_iter().map(|((rule, field), rows)| Action::Waive {
            rule,
            table: table.to_owned(),
            field: Some(field),
            row: None,
            was: None,
            rows,
            until: None,
        });
        self.decide_each(actions.collect(), Some(why.unwrap_or("they are different things")))
    }

    /// The keys of the rows of a table that meet a SQL condition over the candidate's fields.
    pub fn rows_where(&self, table: &str, condition: &str) -> Result<Vec<String>> {
        self.table(table)?;
        let sql = format!("SELECT _key FROM {} WHERE (\n{condition}\n) ORDER BY _key", Path("candidate", table));
        Ok(self.query(&sql)?.rows.into_iter().flatten().flatten().collect())
    }

    /// Per row with one of these keys, what a decision about the field is made about.
    fn values(&self, table: &str, field: &str, keys: &[String]) -> Result<IndexMap<String, Option<String>>> {
        self.field(table, field)?;
        // If that fails again, the decision is made all the same; were it about an older value, it would be told as a conflict.
        let _ = self.copy_ledger();
        let (plan, store) = (self.plan()?, &self.reader.store);
        store.of_few(|| {
            let rows = listed(keys);
            if let Some(hint) = self.whereabouts.hint(store, table, &rows)? {
                let values = plan.values(store, table, field, &rows, Some(&hint))?;
                if values.len() == keys.len() {
                    return Ok(values);
                }
            }
            plan.values(store, table, field, &rows, None)
        })
    }

    fn table(&self, table: &str) -> Result<&Table> {
        let tables = &self.schema().tables;
        tables.get(table).ok_or_else(|| unknown("table", table, tables.keys().map(String::as_str)))
    }

    fn field(&self, table: &str, field: &str) -> Result<&Field> {
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
    fn no_row(&self, table: &str, row: &str) -> Error {
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
    fn has_rows(&self, table: &str, rows: &[String]) -> Result<()> {
        let Some(first) = rows.first() else { return Ok(()) };
        let store = &self.reader.store;
        let wanted = listed(rows);
        // Asked this way round the engine looks for the few among the many, and with all its threads as each is wanted once.
        let all = format!("SELECT DISTINCT _key FROM {} WHERE _key IN ({wanted})", Path("candidate", table));
        let hint = self.whereabouts.hint(store, table, &wanted)?;
        let mut unknown = Some(first);
        for sql in hint.map(|hint| format!("{all} AND {hint}")).into_iter().chain([all]) {
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
    fn judge(&self, action: &Action, why: Option<&str>) -> Result<()> {
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
    fn merged(&self, table: &str, is_meant: impl Fn(&str, &str) -> bool) -> Option<(String, String, String)> {
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

/// The filter, for what is still open.
fn open(filter: &AnomalyFilter) -> AnomalyFilter {
    AnomalyFilter { status: Some(Status::Open), ..filter.clone() }
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

fn trimmed(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// A decision about the rows that it would change; none where it would change none.
fn bulk(
    table: &str,
    field: &str,
    rows: impl Iterator<Item = (String, (Option<String>, Option<String>))>,
    rule: Option<&str>,
) -> Option<Action> {
    all_of(table, field, rows.filter(|(_, (was, now))| was != now), rule)
}

/// A decision about rows; none where there are none.
fn all_of(
    table: &str,
    field: &str,
    rows: impl Iterator<Item = (String, (Option<String>, Option<String>))>,
    rule: Option<&str>,
) -> Option<Action> {
    let rows: IndexMap<_, _> = rows.collect();
    let (table, field, rule) = (table.to_owned(), field.to_owned(), rule.map(str::to_owned));
    (!rows.is_empty()).then_some(Action::Bulk { table, field, rows, rule })
}

/// Refuses where nothing is left to decide on but what was decided on since the last check.
fn some_are_left(is_nothing: bool, left: u64) -> Result<()> {
    match (is_nothing, left) {
        (false, _) | (true, 0) => Ok(()),
        (true, _) => Err(Error::usage("all that was found there has been decided on since the last check")
            .hint("check again to see what is left")),
    }
}

fn is_left_out(id: &str, row: &str) -> Error {
    Error::usage(format!("\"{row}\" is left out already"))
        .hint(format!("take that back first: tastevin decide revert {id}"))
}

/// The decision with the texts as a mapping would read them: without white space around them.
fn tidy(mut action: Action) -> Action {
    let tidied = |now: &mut Option<String>| *now = trimmed(now.take());
    match &mut action {
        Action::Set { now, .. } => tidied(now),
        Action::Bulk { rows, .. } => rows.values_mut().for_each(|(_, now)| tidied(now)),
        Action::Replace { values, .. } => values.values_mut().for_each(|now| *now = now.trim().to_owned()),
        Action::Merge { fields, .. } => fields.values_mut().for_each(|(_, now)| tidied(now)),
        Action::Exclude { .. } | Action::Waive { .. } | Action::Revert { .. } => {}
    }
    action
}

/// Refuses decisions of which one takes away what another one stands on.
fn agree<'a>(actions: impl Iterator<Item = &'a Action>) -> Result<()> {
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

fn nothing_changes() -> Error {
    Error::usage("no row would change").hint("loosen the condition, or look with `tastevin anomalies`")
}

/// What tells one of the findings apart that a decision is about.
const SAME_CELL: &str = r#"d."table" = f."table" AND d.field = f.field AND d."row" = f."row""#;

/// A query for the given texts.
fn listed(texts: &[String]) -> String {
    if texts.is_empty() {
        return "SELECT NULL::VARCHAR WHERE false".to_owned();
    }
    let list: Vec<String> = texts.iter().map(|text| format!("({})", Literal(text))).collect();
    format!("SELECT * FROM (VALUES {}) AS t({})", list.join(", "), Ident("row"))
}
