//! Check: runs every rule over the candidates and says what was found in sum. Stands between `map`, which builds the
//! candidates, and `commit`, which asks for the rows that the findings block.

use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};
use indexmap::{IndexMap, IndexSet};

use super::findings::{condition, order};
use super::{decide, gate, load, map, stake};
use crate::error::{Error, Kind, Result};
use crate::model::{
    Anomaly, AnomalyFilter, AnomalyOrder, Canceller, Check, Condition, ConditionKind, Gate, Progress, RuleTally,
    Schema, Severity, Status, TableScore, Unit, Verdict,
};
use crate::rules::user::UserRule;
use crate::rules::{self, Only, Origin, Reach, Rule, Scope};
use crate::sql::{Literal, Path as Name};
use crate::store::{Store, TimeUnit, Value};

/// What a check needs to know beside the store.
pub struct Inputs<'a> {
    /// The schema.
    pub schema: &'a Schema,
    /// Per table, where its rows come from.
    pub origins: &'a IndexMap<String, Vec<Origin>>,
    /// The folder with the user's own rules.
    pub rules_dir: &'a Path,
    /// What the mappings read and no load has brought yet, in words: `clients of isavigne_prod`.
    pub unloaded: &'a [String],
    /// What must hold before a commit.
    pub gate: &'a Gate,
    /// The day on which it runs.
    pub today: NaiveDate,
    /// The moment at which it runs.
    pub at: DateTime<Utc>,
}

/// How many uses of rules are one statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    /// All on a table: what they read and compute alike is read and computed once, and all threads have work.
    Table,
    /// Each by itself.
    Use,
}

/// Does `check` in one statement per table. Where one of them fails, all of it is done again with every use by itself, so that
/// the error names the one that cannot run.
pub fn at_best<T>(check: impl Fn(Grain) -> Result<T>) -> Result<T> {
    match check(Grain::Table) {
        Err(error) if error.kind() == Kind::Internal => check(Grain::Use),
        outcome => outcome,
    }
}

/// Replaces the findings by those of all rules, in one transaction: whoever reads sees the old check or the new one.
pub fn run(
    store: &Store,
    inputs: &Inputs,
    grain: Grain,
    progress: &(dyn Fn(Progress) + Sync),
    canceller: &Canceller,
) -> Result<Verdict> {
    // What is wrong with a rule is said before anything runs.
    let fed = fed(store, inputs)?;
    let uses = uses(store, inputs, &fed)?;
    stake::validate(inputs.schema)?;
    store.transaction(|store| {
        store.run("DELETE FROM dq.anomalies")?;
        let mut done = 0;
        for batch in Batch::all(&uses, grain) {
            canceller.check()?;
            let size = batch.0.len();
            let tell = |share: f64| {
                progress(Progress {
                    what: format!("check {}", batch.name()),
                    done: (done as f64 + share * size as f64) as u64,
                    total: Some(uses.len() as u64),
                    unit: Unit::Steps,
                });
            };
            tell(0.0);
            batch.run(store, Some(&tell))?;
            done += size;
        }
        stake::fill(store, inputs.schema, stake::found)?;
        canceller.check()?;
        waive(store, inputs.today)?;
        let number = store.count("SELECT coalesce(max(\"check\"), 0) + 1 FROM dq.verdict")?;
        let mut verdict = judge(store, inputs, &uses, &fed, i64::try_from(number).unwrap_or(1))?;
        // The gate looks at the figures of this check and at what it knew, so they are kept first.
        keep_figures(store, &verdict, None, inputs.at)?;
        keep(store, &verdict)?;
        asked(&mut verdict, inputs, gate::conditions(store, inputs.schema, inputs.gate)?);
        keep(store, &verdict)?;
        Ok(verdict)
    })
}

/// What the findings say in sum, without the gate.
pub(super) fn judge(store: &Store, inputs: &Inputs, uses: &[Use], fed: &[&str], check: i64) -> Result<Verdict> {
    let tables = scores(store, fed)?;
    Ok(Verdict {
        check,
        rules: tallies(store, inputs.schema, uses, &tables)?,
        gate: Vec::new(),
        tables,
        conflicts: store.count("SELECT count(*) FROM dq.conflicts")?,
        unused_waivers: unused_waivers(store, inputs.today)?,
        drift: load::drift(store)?,
        held: None,
    })
}

/// The verdict of the last check.
pub fn verdict(store: &Store) -> Result<Option<Verdict>> {
    let detail: Option<String> = store.first("SELECT detail FROM dq.verdict", [], |row| row.get(0))?;
    detail
        .map(|detail| {
            serde_json::from_str(&detail)
                .map_err(|cause| Error::internal("the verdict of the last check cannot be read").caused_by(cause))
        })
        .transpose()
}

/// The ids of all rules, the user's own in that folder included.
pub fn rule_ids(rules_dir: &Path) -> Result<Vec<String>> {
    let own = rules::user::load(rules_dir)?;
    Ok(rules::REGISTRY.iter().map(|rule| rule.id.to_owned()).chain(own.into_iter().map(|rule| rule.id)).collect())
}

/// One use of one rule, compiled.
pub(super) struct Use {
    pub rule: String,
    pub severity: Severity,
    pub table: String,
    pub field: String,
    /// The query that looks at all rows.
    pub sql: String,
    is: Is,
}

/// What a use is of.
enum Is {
    /// A rule of the program.
    Ours(&'static Rule, Check),
    /// A rule of the user's own.
    Theirs(Box<UserRule>),
}

impl Use {
    /// The rows for `dq.anomalies` that a query of this use finds.
    fn findings(&self, sql: &str) -> String {
        format!(
            "SELECT {} AS rule, {} AS severity, {} AS \"table\", \"row\", field, value, message, suggestion, source, entity, _row, \
             'open' AS status\nFROM (\n{sql}\n)",
            Literal(&self.rule),
            Literal(self.severity.name()),
            Literal(&self.table),
        )
    }

    /// Whether it is a rule of the user's own.
    pub fn is_theirs(&self) -> bool {
        matches!(self.is, Is::Theirs(_))
    }

    /// Whose findings a change of one row can change; `None` for a rule of the user's own that asks other rows itself.
    pub fn reach(&self) -> Option<Reach> {
        match &self.is {
            Is::Ours(rule, _) => Some(rule.reach),
            Is::Theirs(rule) => rule.judges_row_by_row().then_some(Reach::Row),
        }
    }

    /// An expression over the row that tells which rows are alike.
    pub fn likeness(&self, inputs: &Inputs, of: fn(&Scope) -> Result<String>) -> Result<String> {
        match &self.is {
            Is::Ours(_, check) => of(&scope(inputs, check, &[], None)),
            Is::Theirs(_) => Err(Error::internal("a rule of the user's own compares rows")),
        }
    }

    /// The query that looks only at the rows of a temporary table.
    pub fn sql_of(&self, store: &Store, inputs: &Inputs, fed: &[&str], only: Only) -> Result<Option<String>> {
        match &self.is {
            Is::Ours(rule, check) => (rule.find)(&scope(inputs, check, fed, Some(only))),
            Is::Theirs(rule) => {
                let origins = origins_of(inputs, &rule.table);
                rule.find(store, inputs.schema, origins, inputs.today, Some(only)).map(Some)
            }
        }
    }
}

/// Queries of uses on one table, as one statement: what a statement costs beside the work in it is paid once.
pub(super) struct Batch<'u>(pub Vec<(&'u Use, &'u str)>);

impl<'u> Batch<'u> {
    /// All uses, each with the query that looks at all rows. A rule of the user's own is always by itself.
    fn all(uses: &'u [Use], grain: Grain) -> Vec<Batch<'u>> {
        let mut tables: IndexMap<&str, Batch> = IndexMap::new();
        let mut alone = Vec::new();
        for one in uses {
            let part = (one, one.sql.as_str());
            match (&one.is, grain) {
                (Is::Ours(..), Grain::Table) => {
                    tables.entry(&one.table).or_insert_with(|| Batch(Vec::new())).0.push(part)
                }
                _ => alone.push(Batch(vec![part])),
            }
        }
        tables.into_values().chain(alone).collect()
    }

    fn name(&self) -> String {
        match self.0.as_slice() {
            [(Use { rule, table, field, .. }, _)] if !field.is_empty() => format!("{rule} on {table}.{field}"),
            [(Use { rule, table, .. }, _)] => format!("{rule} on {table}"),
            many => {
                let tables: IndexSet<&str> = many.iter().map(|(one, _)| one.table.as_str()).collect();
                tables.into_iter().collect::<Vec<_>>().join(", ")
            }
        }
    }

    /// Writes down what the queries find; told how, it says now and then which share of the work is done.
    pub fn run(&self, store: &Store, tell: Option<&(dyn Fn(f64) + Sync)>) -> Result<()> {
        self.run_into(store, "INSERT INTO dq.anomalies BY NAME", tell)
    }

    /// Hands what the queries find to the statement that begins like this.
    pub fn run_into(&self, store: &Store, begin: &str, tell: Option<&(dyn Fn(f64) + Sync)>) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let findings: Vec<String> = self.0.iter().map(|(one, sql)| one.findings(sql)).collect();
        let sql = format!("{begin}\n{}", findings.join("\nUNION ALL\n"));
        let ran = match tell {
            Some(tell) => store.run_telling(&sql, tell),
            None => store.run(&sql),
        };
        ran.map_err(|cause| match (cause.kind(), self.0.len()) {
            // Of several it could be any.
            (Kind::Internal, 1) => {
                let error = Error::config(format!("the rule {} cannot run", self.name()));
                let error = match self.0.first().map(|(one, _)| &one.is) {
                    Some(Is::Theirs(rule)) => error.at_file(&rule.file),
                    _ => error.hint("`map show --sql` shows what it stands on; a [[check]] of mappings/canonical.toml may name something that is not there"),
                };
                error.caused_by(cause)
            }
            _ => cause,
        })
    }
}

fn origins_of<'a>(inputs: &Inputs<'a>, table: &str) -> &'a [Origin] {
    inputs.origins.get(table).map(Vec::as_slice).unwrap_or_default()
}

fn scope<'a>(inputs: &Inputs<'a>, check: &'a Check, fed: &'a [&'a str], only: Option<Only<'a>>) -> Scope<'a> {
    let Inputs { schema, today, .. } = *inputs;
    Scope { schema, check, origins: origins_of(inputs, &check.table), fed, today, only }
}

/// The tables that some source feeds.
pub(super) fn fed<'a>(store: &Store, inputs: &Inputs<'a>) -> Result<Vec<&'a str>> {
    let built = store.tables("candidate")?;
    let tables = inputs.schema.tables.keys().map(String::as_str);
    Ok(tables.filter(|table| !origins_of(inputs, table).is_empty() && built.iter().any(|name| name == table)).collect())
}

/// Every use of every rule on the tables that some source feeds.
pub(super) fn uses(store: &Store, inputs: &Inputs, fed: &[&str]) -> Result<Vec<Use>> {
    let mut uses = Vec::new();
    for check in rules::checks(inputs.schema)? {
        let rule = rules::find(&check.rule)?;
        let sql = (rule.find)(&scope(inputs, &check, fed, None)).map_err(|error| {
            let number = inputs.schema.checks.iter().position(|other| *other == check).map(|at| at.to_string());
            // What no line asks for follows from what is declared of the field.
            let declared = ["tables", &check.table, "fields", &check.field];
            let key = number.as_deref().map_or(declared.to_vec(), |number| vec!["check", number]);
            error.at_file(map::SCHEMA).at_column(format!("{}.{}", check.table, check.field)).at_key(key)
        })?;
        let Some(sql) = sql.filter(|_| fed.contains(&check.table.as_str())) else { continue };
        let Check { rule: id, table, field, .. } = check.clone();
        let severity = check.severity.unwrap_or(rule.severity);
        uses.push(Use { rule: id, severity, table, field, sql, is: Is::Ours(rule, check) });
    }
    for rule in rules::user::load(inputs.rules_dir)? {
        if inputs.schema.tables.contains_key(&rule.table) && !fed.contains(&rule.table.as_str()) {
            continue;
        }
        let sql = rule.find(store, inputs.schema, origins_of(inputs, &rule.table), inputs.today, None)?;
        let (id, table, field) = (rule.id.clone(), rule.table.clone(), rule.field.clone());
        uses.push(Use { rule: id, severity: rule.severity, table, field, sql, is: Is::Theirs(Box::new(rule)) });
    }
    Ok(uses)
}

/// The waivers that hold on a day.
fn live_waivers(today: NaiveDate) -> String {
    format!(
        "SELECT DISTINCT id, rule, \"table\", \"row\", field, was FROM dq.decisions\n\
         WHERE kind = 'waive' AND active AND (until IS NULL OR until >= DATE '{today}')"
    )
}

/// What a waiver and a finding must share: the row and the field where the waiver names one, the value always.
pub(super) const SAME_ROW: &str = "w.rule = a.rule AND w.\"table\" = a.\"table\" AND w.\"row\" = a.\"row\" \
     AND w.was IS NOT DISTINCT FROM a.value AND (w.field IS NULL OR w.field = a.field)";
pub(super) const ANY_ROW: &str = "w.rule = a.rule AND w.\"table\" = a.\"table\" AND w.\"row\" IS NULL \
     AND w.was IS NOT DISTINCT FROM a.value AND (w.field IS NULL OR w.field = a.field)";

pub(super) fn waive(store: &Store, today: NaiveDate) -> Result<()> {
    let waivers = live_waivers(today);
    if store.count(&format!("SELECT count(*) FROM ({waivers})"))? == 0 {
        return Ok(());
    }
    // Two joins on equality instead of one with OR, which would compare every waiver with every finding.
    for same in [SAME_ROW, ANY_ROW] {
        store.run(&format!("UPDATE dq.anomalies AS a SET status = 'waived' FROM ({waivers}) AS w WHERE {same}"))?;
    }
    Ok(())
}

/// Opens again what a waiver accepted that is no longer in force, among the decisions in a temporary table.
pub(super) fn unwaive(store: &Store, otherwise: &str) -> Result<()> {
    let waivers = format!("SELECT * FROM {otherwise} WHERE kind = 'waive' AND NOT active");
    if store.count(&format!("SELECT count(*) FROM ({waivers})"))? == 0 {
        return Ok(());
    }
    for same in [SAME_ROW, ANY_ROW] {
        store.run(&format!("UPDATE dq.anomalies AS a SET status = 'open' FROM ({waivers}) AS w WHERE {same}"))?;
    }
    Ok(())
}

fn unused_waivers(store: &Store, today: NaiveDate) -> Result<u64> {
    let waivers = live_waivers(today);
    store.count(&format!(
        "WITH w AS ({waivers})\n\
         SELECT count(DISTINCT id) FROM w WHERE id NOT IN (\n  \
         SELECT w.id FROM w JOIN dq.anomalies AS a ON {SAME_ROW}\n  UNION ALL\n  \
         SELECT w.id FROM w JOIN dq.anomalies AS a ON {ANY_ROW})"
    ))
}

/// Per table that some source feeds, how good it is.
fn scores(store: &Store, fed: &[&str]) -> Result<Vec<TableScore>> {
    let sql = "SELECT \"table\", count(*) FILTER (worst = 2), count(*) FILTER (worst = 1) FROM (\n  \
               SELECT \"table\", \"row\", max(CASE severity WHEN 'error' THEN 2 WHEN 'warning' THEN 1 ELSE 0 END) AS worst\n  \
               FROM dq.anomalies WHERE status = 'open' GROUP BY 1, 2) GROUP BY 1";
    let found: Vec<(String, i64, i64)> = store.query(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    if fed.is_empty() {
        return Ok(Vec::new());
    }
    let counts: Vec<String> =
        fed.iter().map(|table| format!("(SELECT count(*) FROM {})", Name("candidate", table))).collect();
    let counts: Vec<u64> = store.query(&format!("SELECT unnest([{}])", counts.join(", ")), [], |row| row.get(0))?;
    let mut scores = Vec::new();
    for (table, rows) in fed.iter().zip(counts) {
        let bad = found.iter().find(|(name, ..)| name == table);
        let (blocking, warning) =
            bad.map_or((0, 0), |(_, blocking, warning)| (unsigned(*blocking), unsigned(*warning)));
        let score = match rows {
            0 => 100.0,
            rows => 100.0 * rows.saturating_sub(blocking + warning) as f64 / rows as f64,
        };
        scores.push(TableScore { table: (*table).to_owned(), rows, blocking, warning, score });
    }
    Ok(scores)
}

/// Per rule, table and field how many findings, in the order in which the rules ran; those without findings too.
fn tallies(store: &Store, schema: &Schema, uses: &[Use], tables: &[TableScore]) -> Result<Vec<RuleTally>> {
    let rows_of = |name: &str| tables.iter().find(|table| table.table == name).map_or(0, |table| table.rows);
    let sql = format!(
        "SELECT rule, severity, \"table\", field, open, waived, stake FROM (\n  \
         SELECT rule, severity, \"table\", field, count(*) FILTER (status = 'open') AS open, count(*) FILTER (status <> 'open') AS waived\n  \
         FROM dq.anomalies GROUP BY ALL) LEFT JOIN ({}) USING (rule, severity, \"table\", field) ORDER BY ALL",
        stake::per_rule(schema)
    );
    let found = store.query(&sql, [], |row| {
        let table: String = row.get(2)?;
        Ok(RuleTally {
            rule: row.get(0)?,
            severity: row.get(1).map(severity)?,
            rows: rows_of(&table),
            table,
            field: row.get(3)?,
            open: unsigned(row.get(4)?),
            waived: unsigned(row.get(5)?),
            stake: row.get(6)?,
        })
    })?;
    let same = |a: &RuleTally, b: &RuleTally| {
        (&a.rule, &a.table, &a.field, a.severity) == (&b.rule, &b.table, &b.field, b.severity)
    };
    let mut tallies: Vec<RuleTally> = Vec::new();
    for one in uses {
        let none = RuleTally {
            rule: one.rule.clone(),
            severity: one.severity,
            table: one.table.clone(),
            field: one.field.clone(),
            open: 0,
            waived: 0,
            rows: rows_of(&one.table),
            stake: None,
        };
        let tally = found.iter().find(|tally| same(tally, &none)).cloned().unwrap_or(none);
        if !tallies.iter().any(|other| same(other, &tally)) {
            tallies.push(tally);
        }
    }
    // A rule of the user's own may find things in other fields than it announced.
    for tally in found {
        if !tallies.iter().any(|other| same(other, &tally)) {
            tallies.push(tally);
        }
    }
    Ok(tallies)
}

/// Writes into the verdict what the gate says, and whether something is missing for want of a load.
pub(super) fn asked(verdict: &mut Verdict, inputs: &Inputs, gate: gate::Asked) {
    verdict.held = gate.held;
    verdict.gate = gate.conditions;
    // A table whose source was never loaded is empty, and a commit would empty the canonical one.
    verdict.gate.push(Condition {
        what: "every source that the mappings read is loaded".to_owned(),
        holds: inputs.unloaded.is_empty(),
        detail: match inputs.unloaded {
            [] => "all are".to_owned(),
            missing => format!("not loaded: {}", missing.join(", ")),
        },
        kind: ConditionKind::Loaded,
    });
}

/// Keeps the figures beside those of earlier checks. Where a verdict of the same check is given, only what differs from it.
pub(super) fn keep_figures(
    store: &Store,
    verdict: &Verdict,
    before: Option<&Verdict>,
    at: DateTime<Utc>,
) -> Result<()> {
    let is_new = |tally: &&RuleTally| before.is_none_or(|before| !before.rules.contains(tally));
    let at = Value::Timestamp(TimeUnit::Microsecond, at.timestamp_micros());
    let (check, text) = (Value::BigInt(verdict.check), |text: &str| Value::Text(text.to_owned()));
    let number = |number: u64| Value::BigInt(i64::try_from(number).unwrap_or(i64::MAX));
    let metrics = verdict.rules.iter().filter(is_new).map(|tally| {
        let RuleTally { rule, severity, table, field, open, waived, rows, .. } = tally;
        let texts = [rule, severity.name(), table, field].map(text);
        [check.clone(), at.clone()].into_iter().chain(texts).chain([open, waived, rows].map(|n| number(*n))).collect()
    });
    let scores = verdict.tables.iter().map(|score| {
        let TableScore { table, rows, blocking, warning, score } = score;
        let numbers = [rows, blocking, warning].map(|n| number(*n));
        let head = [check.clone(), at.clone(), text(table)];
        head.into_iter().chain(numbers).chain([Value::Double(*score)]).collect()
    });
    if let Some(before) = before {
        let stale = before.rules.iter().filter(|tally| !verdict.rules.contains(tally));
        let stale: Vec<String> = stale
            .map(|RuleTally { rule, severity, table, field, .. }| {
                format!("({}, '{}', {}, {})", Literal(rule), severity.name(), Literal(table), Literal(field))
            })
            .collect();
        if !stale.is_empty() {
            store.run(&format!(
                "DELETE FROM dq.metrics WHERE \"check\" = {} AND (rule, severity, \"table\", field) IN ({})",
                before.check,
                stale.join(", ")
            ))?;
        }
        store.run(&format!("DELETE FROM dq.scores WHERE \"check\" = {}", before.check))?;
    }
    store.append("dq", "metrics", metrics)?;
    store.append("dq", "scores", scores)
}

/// Keeps the verdict, in the place of the one before.
pub(super) fn keep(store: &Store, verdict: &Verdict) -> Result<()> {
    let detail = serde_json::to_string(verdict)
        .map_err(|cause| Error::internal("the verdict cannot be kept").caused_by(cause))?;
    store.run(&format!(
        "DELETE FROM dq.verdict; INSERT INTO dq.verdict (\"check\", detail, decisions) VALUES ({}, {}, ({}))",
        verdict.check,
        Literal(&detail),
        decide::FINGERPRINT
    ))
}

/// The query for all findings that the filter lets through, in its order, with the columns `rule`, `severity`, `table`,
/// `row`, `field`, `value`, `message`, `suggestion`, `source`, `entity`, `file`, `line`, `status` and `stake`.
pub fn anomalies_sql(filter: &AnomalyFilter) -> String {
    with_places(&format!("SELECT * FROM dq.anomalies WHERE {}", condition(filter)), filter.order)
}

/// The money that hangs on the rows with a finding that the filter lets through, each amount counted once; none where no
/// money can hang on any row of the schema.
pub fn at_stake(store: &Store, schema: &Schema, filter: &AnomalyFilter) -> Result<Option<f64>> {
    stake::total(store, schema, &condition(filter))
}

/// A window of the findings that the filter lets through, and how many there are in all.
pub fn anomalies(store: &Store, filter: &AnomalyFilter, offset: u64, limit: u64) -> Result<(u64, Vec<Anomaly>)> {
    let condition = condition(filter);
    let total = store.count(&format!("SELECT count(*) FROM dq.anomalies WHERE {condition}"))?;
    // The window is cut before the places are looked up, so that it costs the same however many findings there are.
    let window = format!(
        "SELECT * FROM dq.anomalies WHERE {condition} ORDER BY {} LIMIT {limit} OFFSET {offset}",
        order(filter.order)
    );
    Ok((total, read_anomalies(store, &with_places(&window, filter.order))?))
}

/// The findings of a query with the columns of [`anomalies_sql`].
pub(super) fn read_anomalies(store: &Store, sql: &str) -> Result<Vec<Anomaly>> {
    store.query(&format!("SELECT * REPLACE (CAST(stake AS DOUBLE) AS stake) FROM ({sql})"), [], |row| {
        Ok(Anomaly {
            rule: row.get(0)?,
            severity: row.get(1).map(severity)?,
            table: row.get(2)?,
            row: row.get(3)?,
            field: row.get(4)?,
            value: row.get(5)?,
            message: row.get(6)?,
            suggestion: row.get(7)?,
            source: row.get(8)?,
            entity: row.get(9)?,
            file: row.get(10)?,
            line: row.get::<_, Option<i64>>(11)?.and_then(|line| u64::try_from(line).ok()),
            status: if row.get::<_, String>(12)? == Status::Open.name() { Status::Open } else { Status::Waived },
            stake: row.get(13)?,
        })
    })
}

/// The findings of a query over dq.anomalies with file and line, in an order.
pub(super) fn with_places(findings: &str, by: AnomalyOrder) -> String {
    format!(
        "SELECT * FROM (\n\
         SELECT a.rule, a.severity, a.\"table\", a.\"row\", a.field, a.value, a.message, a.suggestion, a.source, a.entity,\n  \
         f.file, a._row + l.shift AS line, a.status, a.stake\n\
         FROM ({findings}) AS a\n\
         ASOF LEFT JOIN (SELECT * FROM dq.files WHERE rows > 0) AS f\n  \
         ON f.source = a.source AND f.entity = a.entity AND a._row >= f.first_row\n\
         ASOF LEFT JOIN dq.lines AS l ON l.source = a.source AND l.entity = a.entity AND a._row >= l.\"row\"\n\
         ) ORDER BY {}",
        order(by)
    )
}

pub(super) fn severity(name: String) -> Severity {
    Severity::from_name(&name).unwrap_or(Severity::Error)
}

pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FailOn;

    const SCHEMA: &str = "[tables.people.fields]\nkey = { type = \"text\", key = true }\ncity = { type = \"text\" }\n\
                          mail = { type = \"text\", format = \"email\", required = true }\n\
                          [tables.notes.fields]\nkey = { type = \"text\", key = true }\ntext = { type = \"text\", required = true }";

    /// A store with four people, two of whom have something wrong with them; nothing feeds `notes`.
    struct Bench {
        store: Store,
        schema: Schema,
        origins: IndexMap<String, Vec<Origin>>,
        gate: Gate,
        unloaded: Vec<String>,
        rules: tempfile::TempDir,
        today: &'static str,
    }

    impl Bench {
        fn new() -> Result<Bench> {
            let store = Store::in_memory(rules::FUNCTIONS)?;
            store.run(
                "CREATE TABLE staging.\"isa/people\" AS SELECT * FROM (VALUES \
                 (1, 'C1', 'Colmar', 'a@example.fr'), (2, 'C2', 'N/A', 'b@example.fr'), \
                 (3, 'C3', 'Barr', 'c at example.fr'), (4, 'C4', 'Barr', NULL)) t(_row, key, city, mail);
                 CREATE TABLE candidate.people AS SELECT key, city, mail, key AS _key, 'isa' AS _source, 'people' AS _entity, \
                 CAST(_row AS BIGINT) AS _row, CAST(0 AS BIGINT) AS _unread, CAST(0 AS BIGINT) AS _decided FROM staging.\"isa/people\";
                 CREATE TABLE candidate.notes(key VARCHAR, text VARCHAR, _key VARCHAR, _source VARCHAR, _entity VARCHAR, _row BIGINT, _unread BIGINT, _decided BIGINT);
                 INSERT INTO dq.staged VALUES ('isa', 'people', 1, 'isa/people', 4);
                 INSERT INTO dq.files VALUES ('isa', 'people', 'a.csv', '/a.csv', 1, 2, 10, NULL, ''), \
                 ('isa', 'people', 'empty.csv', '/empty.csv', 3, 0, 10, NULL, ''), ('isa', 'people', 'b.csv', '/b.csv', 3, 2, 10, NULL, '');
                 INSERT INTO dq.lines VALUES ('isa', 'people', 1, 1, 0), ('isa', 'people', 3, -1, 0), ('isa', 'people', 4, 2, 0)",
            )?;
            let fields: Vec<String> = ["key", "city", "mail"].map(str::to_owned).to_vec();
            let origin = Origin {
                source: "isa".to_owned(),
                entity: "people".to_owned(),
                relation: "isa/people".to_owned(),
                columns: fields.iter().map(|field| (field.clone(), vec![field.clone()])).collect(),
                reads: Vec::new(),
                all_columns: fields,
            };
            Ok(Bench {
                store,
                schema: toml::from_str(SCHEMA).map_err(|cause| Error::internal("no schema").caused_by(cause))?,
                origins: [("people".to_owned(), vec![origin])].into_iter().collect(),
                gate: Gate { max_quarantined: "50%".to_owned(), ..Gate::default() },
                unloaded: Vec::new(),
                rules: tempfile::tempdir().map_err(|cause| Error::internal("no folder").caused_by(cause))?,
                today: "2026-11-22",
            })
        }

        fn check(&self) -> Result<Verdict> {
            self.check_with(&|_| {}, &Canceller::default())
        }

        fn check_with(&self, progress: &(dyn Fn(Progress) + Sync), canceller: &Canceller) -> Result<Verdict> {
            let today = self.today.parse().map_err(|cause| Error::internal("no day").caused_by(cause))?;
            let inputs = Inputs {
                schema: &self.schema,
                origins: &self.origins,
                rules_dir: self.rules.path(),
                gate: &self.gate,
                unloaded: &self.unloaded,
                today,
                at: DateTime::UNIX_EPOCH,
            };
            at_best(|grain| run(&self.store, &inputs, grain, progress, canceller))
        }

        fn waive(&self, id: &str, rule: &str, row: &str, was: &str, until: &str) -> Result<()> {
            self.store.run(&format!(
                "INSERT INTO dq.decisions VALUES (1, '{id}', TIMESTAMP '2026-01-01', 'marie', 'waive', 'people', {row}, NULL, {was}, NULL, '{rule}', {until}, 'so', true)"
            ))
        }

        fn rule(&self, file: &str, text: &str) -> Result<()> {
            std::fs::write(self.rules.path().join(file), text)
                .map_err(|cause| Error::internal("no file").caused_by(cause))
        }

        fn found(&self, filter: &AnomalyFilter) -> Result<Vec<(String, String, &'static str)>> {
            let (total, found) = anomalies(&self.store, filter, 0, 100)?;
            assert_eq!(total, found.len() as u64);
            Ok(found.into_iter().map(|anomaly| (anomaly.rule, anomaly.row, anomaly.status.name())).collect())
        }
    }

    fn named(found: &[(&str, &str, &'static str)]) -> Vec<(String, String, &'static str)> {
        found.iter().map(|(rule, row, status)| ((*rule).to_owned(), (*row).to_owned(), *status)).collect()
    }

    #[test]
    fn a_check_finds_scores_and_judges() -> Result<()> {
        let bench = Bench::new()?;
        let verdict = bench.check()?;
        assert_eq!(
            bench.found(&AnomalyFilter::default())?,
            named(&[
                ("invalid-email", "C3", "open"),
                ("missing-required", "C4", "open"),
                ("placeholder-value", "C2", "open")
            ])
        );
        assert_eq!((verdict.check, verdict.open(Severity::Error), verdict.open(Severity::Warning)), (1, 2, 1));
        let people = &verdict.tables[0];
        assert_eq!((people.rows, people.blocking, people.warning, people.score), (4, 2, 1, 25.0));
        assert_eq!(verdict.tables.len(), 1, "nothing feeds the notes");
        assert!(verdict.gate_is_open(), "{:?}", verdict.gate);
        assert!(verdict.rules.iter().any(|tally| tally.rule == "mojibake" && tally.open == 0 && tally.rows == 4));
        assert_eq!(super::verdict(&bench.store)?, Some(verdict.clone()));
        assert_eq!(bench.check()?.check, 2);
        assert_eq!(bench.store.count("SELECT count(DISTINCT \"check\") FROM dq.metrics")?, 2);
        assert_eq!(bench.store.count("SELECT count(*) FROM dq.scores")?, 2);
        Ok(())
    }

    #[test]
    fn every_finding_leads_back_to_file_and_line() -> Result<()> {
        let bench = Bench::new()?;
        bench.check()?;
        let (total, found) = anomalies(&bench.store, &AnomalyFilter::default(), 1, 1)?;
        let second = &found[0];
        assert_eq!((total, found.len(), second.row.as_str()), (3, 1, "C4"));
        assert_eq!((second.file.as_deref(), second.line), (Some("b.csv"), Some(6)));
        let page = bench.store.texts(&anomalies_sql(&AnomalyFilter::default()))?;
        assert_eq!(
            page.columns,
            [
                "rule",
                "severity",
                "table",
                "row",
                "field",
                "value",
                "message",
                "suggestion",
                "source",
                "entity",
                "file",
                "line",
                "status",
                "stake"
            ]
        );
        let lines: Vec<_> = (0..3).map(|row| (page.get(row, "file"), page.get(row, "line"))).collect();
        assert_eq!(lines, [(Some("b.csv"), Some("2")), (Some("b.csv"), Some("6")), (Some("a.csv"), Some("3"))]);
        assert_eq!(page.get(0, "suggestion"), Some("c@example.fr"));
        Ok(())
    }

    #[test]
    fn a_filter_lets_through_what_it_names() -> Result<()> {
        let bench = Bench::new()?;
        bench.check()?;
        let only = |filter: AnomalyFilter| bench.found(&filter);
        let warning = named(&[("placeholder-value", "C2", "open")]);
        assert_eq!(only(AnomalyFilter { severity: Some(Severity::Warning), ..Default::default() })?, warning);
        assert_eq!(only(AnomalyFilter { texts: vec!["STANDS FOR".to_owned()], ..Default::default() })?, warning);
        assert_eq!(only(AnomalyFilter { row: Some("C2".to_owned()), ..Default::default() })?, warning);
        assert_eq!(only(AnomalyFilter { field: Some("city".to_owned()), ..Default::default() })?, warning);
        assert_eq!(only(AnomalyFilter { rule: Some("'; DROP".to_owned()), ..Default::default() })?, named(&[]));
        assert_eq!(only(AnomalyFilter { status: Some(Status::Waived), ..Default::default() })?, named(&[]));
        Ok(())
    }

    #[test]
    fn a_waiver_holds_for_its_row_and_value_until_its_day() -> Result<()> {
        let mut bench = Bench::new()?;
        bench.waive("W1", "invalid-email", "'C3'", "'c at example.fr'", "DATE '2026-11-22'")?;
        bench.waive("W2", "missing-required", "'C4'", "'something else'", "NULL")?;
        bench.waive("W3", "placeholder-value", "NULL", "'N/A'", "NULL")?;
        let verdict = bench.check()?;
        let waived = AnomalyFilter { status: Some(Status::Waived), ..Default::default() };
        let both = [("invalid-email", "C3", "waived"), ("placeholder-value", "C2", "waived")];
        assert_eq!(bench.found(&waived)?, named(&both));
        assert_eq!((verdict.waived(), verdict.unused_waivers, verdict.tables[0].blocking), (2, 1, 1));
        bench.today = "2026-11-23";
        let verdict = bench.check()?;
        assert_eq!(bench.found(&waived)?, named(&both[1..]), "its last day is over");
        assert_eq!((verdict.unused_waivers, verdict.tables[0].blocking), (1, 2));
        Ok(())
    }

    #[test]
    fn a_waiver_of_one_field_leaves_the_others_of_the_row_open() -> Result<()> {
        let mut bench = Bench::new()?;
        let city = bench.schema.tables.get_mut("people").and_then(|table| table.fields.get_mut("city"));
        city.ok_or_else(|| Error::internal("no city"))?.required = true;
        bench.store.run("UPDATE candidate.people SET city = NULL WHERE key = 'C4'")?;
        let waived = || {
            let missing = AnomalyFilter { row: Some("C4".to_owned()), ..Default::default() };
            let (_, found) = anomalies(&bench.store, &missing, 0, 9)?;
            let waived = found.into_iter().filter(|anomaly| anomaly.status == Status::Waived);
            Ok::<Vec<String>, Error>(waived.map(|anomaly| anomaly.field).collect())
        };
        bench.waive("W1", "missing-required", "'C4'", "NULL", "NULL")?;
        bench.check()?;
        assert_eq!(waived()?, ["city", "mail"], "an older line names no field");
        bench.store.run("UPDATE dq.decisions SET field = 'mail'")?;
        assert_eq!(bench.check()?.unused_waivers, 0);
        assert_eq!(waived()?, ["mail"]);
        Ok(())
    }

    #[test]
    fn the_gate_is_closed_while_other_decisions_are_in_force_than_at_the_check() -> Result<()> {
        let bench = Bench::new()?;
        let is_open = || {
            gate::conditions(&bench.store, &bench.schema, &bench.gate)
                .map(|asked| asked.conditions.iter().all(|condition| condition.holds))
        };
        bench.waive("W2", "invalid-email", "'C3'", "'c at example.fr'", "NULL")?;
        assert!(bench.check()?.gate_is_open() && is_open()?);
        // Older than the check, as from another person's ledger that was merged.
        bench.waive("W1", "missing-required", "'C4'", "NULL", "NULL")?;
        assert!(!is_open()?);
        assert!(bench.check()?.gate_is_open() && is_open()?);
        bench.store.run("UPDATE dq.decisions SET active = false WHERE id = 'W1'")?;
        assert!(!is_open()?, "one was taken back");
        bench.store.run("UPDATE dq.decisions SET active = true WHERE id = 'W1'")?;
        assert!(is_open()?, "and put in force again");
        Ok(())
    }

    #[test]
    fn the_gate_says_what_does_not_hold() -> Result<()> {
        let mut bench = Bench::new()?;
        bench.gate.max_quarantined = "49.9 %".to_owned();
        let closed = |verdict: &Verdict| -> Vec<String> {
            let broken = verdict.gate.iter().filter(|condition| !condition.holds);
            broken.map(|condition| condition.detail.clone()).collect()
        };
        assert_eq!(closed(&bench.check()?), ["people 2 of 4 rows"]);
        bench.gate.quarantine = false;
        assert_eq!(closed(&bench.check()?), ["2 rows are blocked: people 2"]);
        bench.gate.fail_on = FailOn::Never;
        assert_eq!(closed(&bench.check()?), [""; 0]);
        bench.unloaded.push("notes of isa".to_owned());
        let verdict = bench.check()?;
        assert_eq!(closed(&verdict), ["not loaded: notes of isa"]);
        assert_eq!(super::verdict(&bench.store)?, Some(verdict));
        Ok(())
    }

    #[test]
    fn a_check_that_is_cancelled_or_fails_leaves_the_earlier_one_standing() -> Result<()> {
        let bench = Bench::new()?;
        let before = bench.check()?;
        bench.store.run("UPDATE candidate.people SET city = '?'")?;
        bench.rule("last.toml", "id = \"last\"\ntable = \"people\"\nwhen = \"city = 'Barr'\"")?;
        let canceller = Canceller::default();
        let stop_late = |progress: Progress| {
            if progress.what == "check last on people" {
                assert_eq!(Some(progress.done + 1), progress.total, "all others ran before it");
                canceller.cancel();
            }
        };
        let outcome = bench.check_with(&stop_late, &canceller);
        assert_eq!(outcome.map_err(|error| error.kind()), Err(Kind::Interrupted));
        bench.rule("fails.toml", "id = \"fails\"\ntable = \"people\"\nwhen = \"CAST(city AS INTEGER) > 3\"")?;
        let error = bench.check().map(|_| String::new()).unwrap_or_else(|error| error.to_string());
        assert!(error.contains("fails.toml") && error.contains("Could not convert"), "{error}");
        assert_eq!(super::verdict(&bench.store)?, Some(before));
        assert_eq!(bench.found(&AnomalyFilter::default())?.len(), 3);
        assert_eq!(bench.store.count("SELECT count(*) FROM dq.scores")?, 1);
        Ok(())
    }

    #[test]
    fn rules_of_the_users_own_run_like_the_others() -> Result<()> {
        let bench = Bench::new()?;
        bench.rule(
            "1.toml",
            "id = \"no-barr\"\nseverity = \"error\"\ntable = \"people\"\nfield = \"city\"\nwhen = \"city = 'Barr' -- the town\"\n\
             message = \"{key} lives in {city}, {length(mail)} letters\"\nsuggestion = \"upper(city)\"\n[docs]\nfinds = \"Barr.\"",
        )?;
        bench.rule(
            "2.toml",
            "id = \"alone\"\ntable = \"people\"\nselect = \"\"\"SELECT min(_key) AS row, 'city' AS field, count(*) || ' of ' || city AS message\n\
             FROM candidate.people GROUP BY city HAVING count(*) = 1;\"\"\"",
        )?;
        let verdict = bench.check()?;
        assert!(
            ["no-barr", "alone", "missing-key"]
                .iter()
                .all(|id| rule_ids(bench.rules.path()).is_ok_and(|ids| ids.iter().any(|known| known == id)))
        );
        let (_, found) = anomalies(&bench.store, &AnomalyFilter::default(), 0, 100)?;
        let own: Vec<_> = found
            .iter()
            .filter(|anomaly| ["no-barr", "alone"].contains(&anomaly.rule.as_str()))
            .map(|anomaly| {
                (anomaly.row.as_str(), anomaly.message.as_str(), anomaly.suggestion.as_deref(), anomaly.line)
            })
            .collect();
        assert_eq!(
            own,
            [
                ("C3", "C3 lives in Barr, 15 letters", Some("BARR"), Some(2)),
                ("C4", "C4 lives in Barr, – letters", Some("BARR"), Some(6)),
                ("C1", "1 of Colmar", None, Some(2)),
                ("C2", "1 of N/A", None, Some(3)),
            ]
        );
        let alone = verdict.rules.iter().find(|tally| tally.rule == "alone" && tally.field == "city");
        assert_eq!(alone.map(|tally| (tally.open, tally.rows)), Some((2, 4)));
        Ok(())
    }

    #[test]
    fn of_all_rules_that_ran_together_the_one_that_cannot_is_named() -> Result<()> {
        let mut bench = Bench::new()?;
        let wrong = "rule = \"purchase-after-opt-out\"\ntable = \"people\"\nfield = \"city\"\n\
                     with = { opted_out = \"CAST(city AS INTEGER) > 0\", bought = \"DATE '2026-01-01'\" }";
        bench.schema.checks.push(toml::from_str(wrong).map_err(|cause| Error::internal("no check").caused_by(cause))?);
        let error = bench.check().map(|_| String::new()).unwrap_or_else(|error| error.to_string());
        assert!(error.contains("the rule purchase-after-opt-out on people.city cannot run"), "{error}");
        assert!(error.contains("Could not convert string 'Colmar'"), "{error}");
        Ok(())
    }

    #[test]
    fn a_rule_of_the_users_own_that_is_wrong_is_named_with_its_file_and_what_is_wrong() -> Result<()> {
        let cases = [
            ("id = \"Bad Id\"\ntable = \"people\"\nwhen = \"true\"", "[id]: \"Bad Id\" is no id"),
            ("id = \"missing-key\"\ntable = \"people\"\nwhen = \"true\"", "is a rule of tastevin's own"),
            ("id = \"a\"\ntable = \"people\"", "needs either `when` or `select`"),
            ("id = \"a\"\ntable = \"peeple\"\nwhen = \"true\"", "[table]: there is no table \"peeple\""),
            ("id = \"a\"\ntable = \"people\"\nwhere = \"true\"", ":3 [where]: there is no key \"where\""),
            ("id = \"a\"\ntable = \"people\"\nwhen = \"true) OR (false\"", "[when]: this is no SQL: syntax error"),
            ("id = \"a\"\ntable = \"people\"\nwhen = \"true; DROP TABLE candidate.people\"", "[when]: "),
            ("id = \"a\"\ntable = \"people\"\nwhen = \"true FROM candidate.people\"", "is more than one expression"),
            ("id = \"a\"\ntable = \"people\"\nwhen = \"town = 'x'\"", "[when]: the database does not accept it"),
            ("id = \"a\"\ntable = \"people\"\nselect = \"DELETE FROM candidate.people\"", "[select]: "),
            ("id = \"a\"\ntable = \"people\"\nselect = \"SELECT 1 AS row; SELECT 2 AS row\"", "2 statements at once"),
            (
                "id = \"a\"\ntable = \"people\"\nselect = \"SELECT key FROM candidate.people\"",
                "returns no column \"row\"",
            ),
            (
                "id = \"a\"\ntable = \"people\"\nselect = \"SELECT content AS row FROM read_text('/etc/passwd')\"",
                "read_text() must not be called",
            ),
            (
                "id = \"a\"\ntable = \"people\"\nwhen = \"EXISTS (FROM '/etc/passwd.csv')\"",
                "there is no table \"/etc/passwd.csv\"",
            ),
        ];
        for (text, what) in cases {
            let bench = Bench::new()?;
            bench.rule("mine.toml", text)?;
            let error = bench.check().map(|_| Error::internal("it ran")).unwrap_or_else(|error| error);
            assert_eq!(error.kind(), Kind::Config, "{text}: {error}");
            let said = error.to_string();
            assert!(said.contains("mine.toml") && said.contains(what), "{text}\n{said}");
            assert_eq!(bench.store.count("SELECT count(*) FROM candidate.people")?, 4);
        }
        Ok(())
    }
}
