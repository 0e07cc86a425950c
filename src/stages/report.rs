//! Report: gathers what the workbench knows into one structure that every format of `reports` writes out.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};

use crate::error::{Error, Result};
use crate::model::{
    Anomaly, AnomalyOrder, Commit, Mapping, MappingLine, QuarantineTally, RejectTally, RelationReport, Report,
    RuleReport, RuleTally, Schema, Step, Verdict, WaiverLine,
};
use crate::rules;
use crate::sql::Path;
use crate::stages::{decide, findings, gate, next, standing, waivers};
use crate::store::Store;

/// How many checks a trend looks back.
pub(super) const TREND: i64 = 20;
/// How many findings, values and conflicts stand in a report as examples; all of them are in the workspace.
const EXAMPLES: usize = 5;
/// How many commits are listed.
const COMMITS: usize = 10;

/// What a report needs to know beside the store.
pub struct Request<'a> {
    /// The workspace's name.
    pub workspace: &'a str,
    /// The schema.
    pub schema: &'a Schema,
    /// The sources' names and mappings.
    pub mappings: &'a [(String, Mapping)],
    /// What the last check says now.
    pub verdict: &'a Verdict,
    /// Whether candidates can be built at all.
    pub planned: &'a Result<()>,
    /// When.
    pub at: DateTime<Utc>,
    /// The day on which a waiver holds or does not.
    pub today: NaiveDate,
}

/// Gathers the report of the last check.
pub fn report(store: &Store, request: &Request) -> Result<Report> {
    let verdict = request.verdict;
    let rejects = rejects(store)?;
    let rules = rules(store, verdict)?;
    let conflict_examples = decide::conflicts(store, Some(EXAMPLES))?;
    Ok(Report {
        schema_version: 1,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        workspace: request.workspace.to_owned(),
        at: request.at,
        check: verdict.check,
        pass: verdict.gate_is_open(),
        verdict: verdict.sentence(),
        gate: verdict.gate.clone(),
        next: next::worth(&next::Seen {
            store,
            schema: request.schema,
            mappings: request.mappings,
            verdict: Some(verdict),
            planned: request.planned,
            rejects: &rejects,
        })?,
        tables: standing::tables(store, verdict)?,
        relations: relations(request.schema, verdict),
        waterfall: standing::waterfall(store, request.schema, request.mappings, Some(verdict))?,
        loads: records(
            store,
            "SELECT detail FROM dq.loads QUALIFY row_number() OVER (PARTITION BY source ORDER BY id DESC) = 1 ORDER BY source",
        )?,
        quarantine: quarantine(store, request.schema)?,
        waivers: waivers(store, request.today)?,
        conflicts: verdict.conflicts,
        unused_waivers: verdict.unused_waivers,
        drift: verdict.drift.clone(),
        commits: records::<Commit>(store, &format!("SELECT detail FROM dq.commits ORDER BY id DESC LIMIT {COMMITS}"))?,
        mappings: mappings(request),
        rules,
        rejects,
        conflict_examples,
    })
}

/// What the workspace keeps as JSON.
pub(super) fn records<T: serde::de::DeserializeOwned>(store: &Store, sql: &str) -> Result<Vec<T>> {
    let details: Vec<String> = store.query(sql, [], |row| row.get(0))?;
    details
        .iter()
        .map(|detail| {
            serde_json::from_str(detail)
                .map_err(|cause| Error::internal("the workspace holds a record that cannot be read").caused_by(cause))
        })
        .collect()
}

/// What is counted: rule, table, field and severity.
type Use = (String, String, String, String);

fn rules(store: &Store, verdict: &Verdict) -> Result<Vec<RuleReport>> {
    let mut trends: HashMap<Use, Vec<u64>> = HashMap::new();
    let sql = format!(
        r#"SELECT rule, "table", field, severity, sum(open)::BIGINT FROM dq.metrics
           WHERE "check" > {last} - {TREND} AND "check" <= {last}
           GROUP BY rule, "table", field, severity, "check" ORDER BY "check""#,
        last = verdict.check
    );
    for (key, open) in
        store.query(&sql, [], |row| Ok(((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?), row.get(4)?)))?
    {
        trends.entry(key).or_default().push(open);
    }
    let mut values: HashMap<Use, Vec<(Option<String>, u64)>> = HashMap::new();
    let sql = format!(
        r#"SELECT rule, "table", field, severity, value, count(*) AS n FROM dq.anomalies WHERE status = 'open'
           GROUP BY rule, "table", field, severity, value
           QUALIFY row_number() OVER (PARTITION BY rule, "table", field, severity ORDER BY n DESC, value) <= {EXAMPLES}
           ORDER BY rule, "table", field, severity, n DESC, value"#
    );
    for (key, value) in store
        .query(&sql, [], |row| Ok(((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?), (row.get(4)?, row.get(5)?))))?
    {
        values.entry(key).or_default().push(value);
    }
    let mut examples = examples(store)?;
    let mut rules: Vec<RuleReport> = verdict
        .rules
        .iter()
        .map(|tally| {
            let key = (tally.rule.clone(), tally.table.clone(), tally.field.clone(), tally.severity.name().to_owned());
            let (title, finds, matters) = words(&tally.rule);
            RuleReport {
                rule: tally.rule.clone(),
                title,
                finds,
                matters,
                severity: tally.severity,
                table: tally.table.clone(),
                field: tally.field.clone(),
                open: tally.open,
                waived: tally.waived,
                rows: tally.rows,
                trend: trends.remove(&key).unwrap_or_default(),
                top_values: values.remove(&key).unwrap_or_default(),
                examples: examples.remove(&key).unwrap_or_default(),
            }
        })
        .collect();
    rules.sort_by(|a, b| {
        let rank = |rule: &RuleReport| (rule.open > 0, rule.severity, rule.open);
        rank(b).cmp(&rank(a)).then_with(|| (&a.table, &a.rule, &a.field).cmp(&(&b.table, &b.rule, &b.field)))
    });
    Ok(rules)
}

/// A rule's title, what it finds and why that matters; a rule of the user's own has its id only.
pub(super) fn words(rule: &str) -> (String, String, String) {
    match rules::REGISTRY.iter().find(|known| known.id == rule) {
        Some(known) => (known.title.to_owned(), known.docs.finds.to_owned(), known.docs.matters.to_owned()),
        None => (rule.to_owned(), String::new(), String::new()),
    }
}

/// The first findings of every rule, table and field in the order of their rows, open ones first. The way back to
/// file and line is looked up for these few only.
fn examples(store: &Store) -> Result<HashMap<Use, Vec<Anomaly>>> {
    let few = format!(
        r#"SELECT * FROM dq.anomalies
QUALIFY row_number() OVER (PARTITION BY rule, "table", field, severity ORDER BY status, "row", value) <= {EXAMPLES}"#
    );
    let sql = format!(
        r#"SELECT * FROM ({}) ORDER BY rule, "table", field, status, "row", value"#,
        findings::with_places(&few, AnomalyOrder::Worst)
    );
    let mut examples: HashMap<Use, Vec<Anomaly>> = HashMap::new();
    let found = findings::read_anomalies(store, &sql)?;
    for anomaly in found {
        let severity = anomaly.severity.name().to_owned();
        let key = (anomaly.rule.clone(), anomaly.table.clone(), anomaly.field.clone(), severity);
        examples.entry(key).or_default().push(anomaly);
    }
    Ok(examples)
}

fn relations(schema: &Schema, verdict: &Verdict) -> Vec<RelationReport> {
    let mut relations = Vec::new();
    for (table, declaration) in &schema.tables {
        for (field, reference) in
            declaration.fields.iter().filter_map(|(name, field)| Some((name, field.references.as_ref()?)))
        {
            let is_this =
                |tally: &&RuleTally| tally.rule == "orphan-reference" && tally.table == *table && tally.field == *field;
            relations.push(RelationReport {
                table: table.clone(),
                field: field.clone(),
                to: reference.table.clone(),
                orphans: verdict.rules.iter().filter(is_this).map(|tally| tally.open).sum(),
            });
        }
    }
    relations
}

pub(super) fn rejects(store: &Store) -> Result<Vec<RejectTally>> {
    store.query(
        "SELECT r.source, r.entity, r.reason, count(*),
                arg_min(r.file || ' line ' || r.line, {'file': r.file, 'line': r.line})
         FROM dq.rejects r JOIN dq.staged s ON s.source = r.source AND s.entity = r.entity AND s.load = r.load
         GROUP BY ALL ORDER BY count(*) DESC, r.source, r.entity, r.reason",
        [],
        |row| {
            Ok(RejectTally {
                source: row.get(0)?,
                entity: row.get(1)?,
                reason: row.get(2)?,
                count: row.get(3)?,
                first: row.get(4)?,
            })
        },
    )
}

/// Rows in quarantine by the rule that holds them back; a row that several rules hold back counts for each.
fn quarantine(store: &Store, schema: &Schema) -> Result<Vec<QuarantineTally>> {
    let mut tallies = Vec::new();
    for table in schema.tables.keys() {
        if !store.has_table("quarantine", table)? {
            continue;
        }
        let sql = format!(
            "SELECT rule, count(DISTINCT _key) AS n FROM (
                 SELECT _key, {} AS rule FROM (SELECT _key, unnest(_reasons) AS reason FROM {})
             ) GROUP BY rule ORDER BY n DESC, rule",
            gate::rule_of("reason"),
            Path("quarantine", table)
        );
        tallies.extend(store.query(&sql, [], |row| {
            Ok(QuarantineTally { table: table.clone(), rule: row.get(0)?, rows: row.get(1)? })
        })?);
    }
    Ok(tallies)
}

/// The waivers that hold on a day, the oldest first.
fn waivers(store: &Store, today: NaiveDate) -> Result<Vec<WaiverLine>> {
    let lines =
        waivers::all(store, today)?.into_iter().rev().filter(|waiver| !waiver.expired).map(|waiver| WaiverLine {
            id: waiver.id,
            rule: waiver.rule,
            table: waiver.table,
            covers: waiver.covers,
            who: waiver.who,
            why: waiver.why.unwrap_or_default(),
            until: waiver.until.map(|day| day.to_string()),
        });
    Ok(lines.collect())
}

fn mappings(request: &Request) -> Vec<MappingLine> {
    let mut lines = Vec::new();
    for (source, mapping) in request.mappings {
        for (table, feed) in &mapping.tables {
            lines.extend(feed.fields.iter().map(|(field, from)| MappingLine {
                source: source.clone(),
                table: table.clone(),
                field: field.clone(),
                columns: from.inputs().map(|column| format!("{}.{column}", feed.entity)).collect(),
                transforms: from.transforms.iter().map(written).collect(),
            }));
        }
    }
    lines
}

/// A transform as it is written in a mapping.
fn written(step: &Step) -> String {
    match &step.arguments {
        None => step.name.clone(),
        Some(arguments) => format!("{} = {arguments}", step.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Condition, Severity, TableScore};
    use crate::sql::Literal;

    const SCHEMA: &str = r#"
        [tables.customers.fields]
        id = { type = "text", key = true }
        email = { type = "text" }
        [tables.sales.fields]
        id = { type = "text", key = true }
        customer = { type = "text", references = "customers.id" }
    "#;

    const MAPPING: &str = r#"
        [tables.customers]
        entity = "clients"
        where = "email IS NOT NULL"
        [tables.customers.fields]
        id = { column = "Code", transforms = ["trim", { prefix = "isa-" }] }
    "#;

    /// Two checks of ten staged records: one rejected before them, one left out, one excluded, one merged.
    fn world() -> Result<Store> {
        let store = Store::in_memory(&[])?;
        let load = serde_json::json!({
            "id": 4, "source": "isa", "started": "2026-11-22T09:00:00Z", "ended": "2026-11-22T09:00:05Z",
            "status": "done", "notes": [],
            "entities": [{"entity": "clients", "files": ["clients.csv"], "rows_in": 11, "staged": 10, "rejected": 1,
                          "bytes": 9, "dialect": "utf-8", "columns": ["Code"]}]
        });
        let commit = serde_json::json!({
            "id": 1, "at": "2026-11-22T09:01:00Z", "who": "marie", "message": "first", "reverts": null, "hash": "ab",
            "tables": []
        });
        store.run(&format!(
            r#"
INSERT INTO dq.loads VALUES (4, 'isa', 'done', '2026-11-22 09:00:00', '2026-11-22 09:00:05', 11, 10, 1, {load});
INSERT INTO dq.staged VALUES ('isa', 'clients', 4, 'stage_4_0', 10);
INSERT INTO dq.files VALUES ('isa', 'clients', 'a.csv', '/a.csv', 1, 5, 1, NULL, ''), ('isa', 'clients', 'b.csv', '/b.csv', 6, 5, 1, NULL, '');
INSERT INTO dq.lines VALUES ('isa', 'clients', 1, 1, 0), ('isa', 'clients', 6, -4, 0), ('isa', 'clients', 8, -3, 0);
INSERT INTO dq.rejects VALUES (4, 'isa', 'clients', 'b.csv', 3, 'too few fields', 'x'), (3, 'isa', 'clients', 'old.csv', 1, 'truncated', 'y');
CREATE TABLE candidate.customers AS SELECT 'c' || i AS id, 'c' || i AS _key FROM range(7) t(i);
CREATE TABLE candidate.sales AS SELECT 's' || i AS id, 's' || i AS _key, 'c1' AS customer FROM range(4) t(i);
CREATE TABLE quarantine.customers AS SELECT *, ['duplicate-key: twice', 'invalid-email'] AS _reasons FROM candidate.customers LIMIT 2;
CREATE TABLE canonical.customers AS SELECT id FROM candidate.customers LIMIT 5;
INSERT INTO dq.anomalies VALUES
    ('invalid-email', 'error', 'customers', 'c1', 'email', 'x', 'no address', NULL, 'isa', 'clients', 2, 'open', NULL),
    ('invalid-email', 'error', 'customers', 'c8', 'email', 'x', 'no address', NULL, 'isa', 'clients', 9, 'open', NULL),
    ('invalid-email', 'error', 'customers', 'c2', 'email', 'y', 'no address', NULL, 'isa', 'clients', 3, 'waived', NULL),
    ('invalid-email', 'error', 'customers', 'c3', 'email', NULL, 'no address', NULL, 'isa', 'clients', 4, 'open', NULL);
INSERT INTO dq.left_out VALUES ('customers', 'c9', 'isa', 'clients', 10), ('customers', 'c10', 'isa', 'clients', 11);
INSERT INTO dq.metrics VALUES
    (1, '2026-11-21 09:00:00', 'invalid-email', 'error', 'customers', 'email', 9, 0, 7),
    (2, '2026-11-22 09:00:00', 'invalid-email', 'error', 'customers', 'email', 3, 1, 7);
INSERT INTO dq.scores VALUES (1, '2026-11-21 09:00:00', 'customers', 7, 4, 0, 40), (2, '2026-11-22 09:00:00', 'customers', 7, 3, 0, 60);
INSERT INTO dq.decisions VALUES
    (1, 'W', '2026-11-22 09:00:00', 'marie', 'waive', 'customers', 'c2', NULL, 'y', NULL, 'invalid-email', '2026-12-31', 'by post', true),
    (2, 'O', '2026-11-22 09:00:00', 'marie', 'waive', 'customers', 'c3', NULL, NULL, NULL, 'invalid-email', '2026-01-31', 'over', true),
    (3, 'X', '2026-11-22 09:00:00', 'marie', 'exclude', 'customers', 'c9', NULL, NULL, NULL, NULL, NULL, NULL, true),
    (4, 'Y', '2026-11-22 09:00:00', 'marie', 'exclude', 'customers', 'gone', NULL, NULL, NULL, NULL, NULL, NULL, true),
    (5, 'M', '2026-11-22 09:00:00', 'marie', 'merge', 'customers', 'c10', NULL, NULL, 'c1', NULL, NULL, NULL, true),
    (6, 'Z', '2026-11-22 09:00:00', 'marie', 'waive', 'customers', NULL, NULL, 'x', NULL, 'invalid-email', NULL, 'all of them', true);
INSERT INTO dq.conflicts VALUES ('Y', 'customers', 'gone', '', NULL, NULL, NULL, 'missing-row');
INSERT INTO dq.commits VALUES (1, '2026-11-22 09:01:00', 'marie', 'first', NULL, 'ab', {commit});
"#,
            load = Literal(&load.to_string()),
            commit = Literal(&commit.to_string()),
        ))?;
        Ok(store)
    }

    fn verdict() -> Verdict {
        let tally = |rule: &str, table: &str, field: &str, severity, open| RuleTally {
            rule: rule.into(),
            severity,
            table: table.into(),
            field: field.into(),
            open,
            waived: 0,
            rows: 7,
            stake: None,
        };
        Verdict {
            check: 2,
            rules: vec![
                tally("untidy-text", "customers", "", Severity::Warning, 0),
                tally("orphan-reference", "sales", "customer", Severity::Error, 2),
                tally("invalid-email", "customers", "email", Severity::Error, 3),
            ],
            tables: vec![TableScore { table: "customers".into(), rows: 7, blocking: 3, warning: 0, score: 60.0 }],
            gate: vec![Condition {
                what: "no row is blocked".into(),
                detail: "customers 3".into(),
                ..Condition::default()
            }],
            conflicts: 1,
            unused_waivers: 0,
            drift: Vec::new(),
            held: Some([("customers".to_owned(), 3)].into()),
        }
    }

    fn gathered() -> Result<Report> {
        let schema = toml::from_str(SCHEMA).map_err(|cause| Error::internal("no schema").caused_by(cause))?;
        let mapping = toml::from_str(MAPPING).map_err(|cause| Error::internal("no mapping").caused_by(cause))?;
        let request = Request {
            workspace: "Domaine R.",
            schema: &schema,
            mappings: &[("isa".to_owned(), mapping)],
            verdict: &verdict(),
            planned: &Ok(()),
            at: DateTime::from_timestamp(1_795_341_600, 0).unwrap_or_default(),
            today: NaiveDate::from_ymd_opt(2026, 11, 22).unwrap_or_default(),
        };
        report(&world()?, &request)
    }

    #[test]
    fn every_record_is_accounted_for_on_its_way_from_the_file_to_the_canonical_table() -> Result<()> {
        let report = gathered()?;
        let steps: Vec<(&str, u64)> = report.waterfall.iter().map(|step| (step.step.as_str(), step.rows)).collect();
        assert_eq!(
            steps,
            [
                ("rows in", 11),
                ("rejected", 1),
                ("staged", 10),
                ("left out by the mapping", 1),
                ("excluded", 1),
                ("merged", 1),
                ("candidates", 7),
                ("would be quarantined", 3),
                ("would be committed", 4),
                ("quarantined by the last commit", 2),
                ("canonical since the last commit", 5)
            ]
        );
        Ok(())
    }

    #[test]
    fn a_rule_comes_with_its_trend_its_values_and_its_first_findings_with_file_and_line() -> Result<()> {
        let report = gathered()?;
        let rule = &report.rules[0];
        assert_eq!((rule.rule.as_str(), rule.trend.as_slice()), ("invalid-email", [9, 3].as_slice()));
        assert_eq!(rule.top_values, [(Some("x".to_owned()), 2), (None, 1)]);
        let places: Vec<_> =
            rule.examples.iter().map(|one| (one.row.as_str(), one.file.as_deref(), one.line)).collect();
        assert_eq!(
            places,
            [
                ("c1", Some("a.csv"), Some(3)),
                ("c3", Some("a.csv"), Some(5)),
                ("c8", Some("b.csv"), Some(6)),
                ("c2", Some("a.csv"), Some(4))
            ],
            "open ones first, the waived one last"
        );
        assert_eq!(report.rules[2].rule, "untidy-text", "what found nothing comes last");
        assert_eq!(report.tables[0].trend, [40.0, 60.0]);
        assert_eq!(report.tables[0].waived, 1);
        Ok(())
    }

    #[test]
    fn what_stands_beside_the_rules_is_of_the_standing_load_and_in_force() -> Result<()> {
        let report = gathered()?;
        let rejects: Vec<_> = report.rejects.iter().map(|tally| (tally.first.as_str(), tally.count)).collect();
        assert_eq!(rejects, [("b.csv line 3", 1)]);
        let waivers: Vec<_> = report.waivers.iter().map(|waiver| (waiver.id.as_str(), waiver.covers)).collect();
        assert_eq!(waivers, [("W", 1), ("Z", 2)], "one names a row, the other every row with the value");
        let held: Vec<_> = report.quarantine.iter().map(|tally| (tally.rule.as_str(), tally.rows)).collect();
        assert_eq!(held, [("duplicate-key", 2), ("invalid-email", 2)]);
        assert_eq!(report.relations.len(), 1);
        assert_eq!(report.relations[0].orphans, 2);
        assert_eq!(report.mappings[0].columns, ["clients.Code"]);
        assert_eq!(report.mappings[0].transforms, ["trim", "prefix = \"isa-\""]);
        assert_eq!((report.loads.len(), report.commits.len(), report.conflict_examples.len()), (1, 1, 1));
        Ok(())
    }

    #[test]
    fn what_to_do_next_begins_with_what_holds_the_most_back() -> Result<()> {
        let report = gathered()?;
        assert!(!report.pass);
        assert_eq!(report.verdict, "The gate is closed. Not met: no row is blocked (customers 3)");
        let commands: Vec<&str> = report.next.iter().map(|step| step.command.as_str()).collect();
        assert_eq!(
            commands,
            [
                "tastevin decide conflicts",
                "tastevin anomalies --rule invalid-email --table customers",
                "tastevin anomalies --rule orphan-reference --table sales",
                "tastevin query \"FROM dq.rejects WHERE reason = 'too few fields'\"",
            ]
        );
        assert!(report.next[1].why.contains("and 4 rows of other tables that refer to them"), "{}", report.next[1].why);
        Ok(())
    }
}
