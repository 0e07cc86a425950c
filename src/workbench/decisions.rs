//! Making decisions: what a person wants becomes a line of the ledger that is sure to apply. Neighbour: `decider`, which
//! writes it.

use std::collections::HashSet;

use indexmap::{IndexMap, IndexSet};

use super::judge::agree;
use super::{Decider, clock};
use crate::error::{Error, Result};
use crate::model::{Action, AnomalyFilter, Decision, Page, Status};
use crate::rules;
use crate::sql::{Ident, Literal, Path};
use crate::stages::{check, findings};

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
            if let Some(hint) = self.whereabouts.hint(store, table, keys)? {
                let values = plan.values(store, table, field, &rows, Some(&hint))?;
                if values.len() == keys.len() {
                    return Ok(values);
                }
            }
            plan.values(store, table, field, &rows, None)
        })
    }
}

/// The filter, for what is still open.
fn open(filter: &AnomalyFilter) -> AnomalyFilter {
    AnomalyFilter { status: Some(Status::Open), ..filter.clone() }
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

fn nothing_changes() -> Error {
    Error::usage("no row would change").hint("loosen the condition, or look with `tastevin anomalies`")
}

/// What tells one of the findings apart that a decision is about.
const SAME_CELL: &str = r#"d."table" = f."table" AND d.field = f.field AND d."row" = f."row""#;

/// A query for the given texts.
pub(super) fn listed(texts: &[String]) -> String {
    if texts.is_empty() {
        return "SELECT NULL::VARCHAR WHERE false".to_owned();
    }
    let list: Vec<String> = texts.iter().map(|text| format!("({})", Literal(text))).collect();
    format!("SELECT * FROM (VALUES {}) AS t({})", list.join(", "), Ident("row"))
}
