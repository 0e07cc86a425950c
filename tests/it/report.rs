//! From a check to what is handed over: the report, the outcome for CI, tables and findings as files.

use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};
use indexmap::IndexMap;

use tastevin::error::Result;
use tastevin::model::{AnomalyFilter, Canceller, FailOn, Gate, Mapping, Report, Schema, Verdict};
use tastevin::reports::{self, CheckOutput, Target};
use tastevin::stages::basis::Basis;
use tastevin::stages::map::Plan;
use tastevin::stages::{check, findings, report};
use tastevin::store::Store;
use tastevin::transforms;

use crate::harness::Workspace;

const SCHEMA: &str = r#"
[tables.people.fields]
id = { type = "text", key = true, required = true }
email = { type = "text", format = "email" }

[tables.sales.fields]
id = { type = "text", key = true, required = true }
person = { type = "text", references = "people.id" }
total = { type = "decimal" }
"#;

const MAPPING: &str = r#"
[tables.people]
entity = "people"
[tables.people.fields]
id = { column = "id" }
email = { column = "mail" }

[tables.sales]
entity = "sales"
[tables.sales.fields]
id = { column = "id" }
person = { column = "person" }
total = { column = "total", transforms = ["decimal"] }
"#;

const HOSTILE: &str = "<script>alert(1)</script>\u{1b}[2J";

struct World {
    store: Store,
    schema: Schema,
    sources: Vec<(String, Mapping)>,
    verdict: Verdict,
}

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_341_600, 0).expect("a moment in 2026")
}

/// Three people, one with a hostile address, and four sales, two of them by nobody we know; checked once.
fn checked() -> World {
    let store = Store::in_memory(&[transforms::functions(), tastevin::rules::FUNCTIONS.to_vec()].concat())
        .expect("a store in memory");
    let hostile = HOSTILE.replace('\u{1b}', "' || chr(27) || '");
    store
        .run(&format!(
            "CREATE TABLE dq.stage_1_0 AS SELECT COLUMNS(*)::VARCHAR, 'people.csv' AS _file, 1 AS _load
                 FROM (VALUES ('P1', 'a@example.fr'), ('P2', '{hostile}'), ('P3', NULL)) t(id, mail);
             CREATE TABLE dq.stage_1_1 AS SELECT COLUMNS(*)::VARCHAR, 'sales.csv' AS _file, 1 AS _load
                 FROM (VALUES ('1', 'P1', '1,5'), ('2', 'P9', '2'), ('3', 'P9', '3'), ('4', 'P2', 'dear')) t(id, person, total);
             CREATE VIEW staging.\"s/people\" AS SELECT rowid + 1 AS _row, * FROM dq.stage_1_0;
             CREATE VIEW staging.\"s/sales\" AS SELECT rowid + 1 AS _row, * FROM dq.stage_1_1;
             INSERT INTO dq.staged VALUES ('s', 'people', 1, 'stage_1_0', 3), ('s', 'sales', 1, 'stage_1_1', 4);
             INSERT INTO dq.files VALUES ('s', 'people', 'people.csv', '/x/people.csv', 1, 3, 1, NULL, ''),
                                         ('s', 'sales', 'sales.csv', '/x/sales.csv', 1, 4, 1, NULL, '');
             INSERT INTO dq.lines VALUES ('s', 'people', 1, 1, 0), ('s', 'sales', 1, 1, 0);"
        ))
        .expect("the staging");
    let schema: Schema = toml::from_str(SCHEMA).expect("the schema");
    let sources = vec![("s".to_owned(), toml::from_str::<Mapping>(MAPPING).expect("the mapping"))];
    let canceller = Canceller::default();
    let plan = Plan::new(&store, &schema, &sources).expect("a plan");
    plan.build(&store, &|_| {}, &canceller).expect("candidates");
    let today = NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day");
    let basis = Basis::now(&store, &plan, Path::new("/nowhere"), &Gate::default(), today).expect("a basis");
    let inputs = check::Inputs {
        schema: &schema,
        mappings: plan.mappings(),
        origins: plan.origins(),
        rules_dir: Path::new("/nowhere"),
        basis: &basis,
        gate: &Gate::default(),
        today,
        at: at(),
    };
    let verdict = check::run(&store, &inputs, check::Grain::Table, &|_| {}, &canceller).expect("a check");
    World { store, schema, sources, verdict }
}

impl World {
    fn report(&self) -> Result<Report> {
        let request = report::Request {
            workspace: "Domaine R.",
            schema: &self.schema,
            mappings: &self.sources,
            verdict: &self.verdict,
            planned: &Ok(()),
            at: at(),
            today: at().date_naive(),
        };
        report::report(&self.store, &request)
    }

    fn written(&self, format: &str) -> String {
        let titles = IndexMap::new();
        let sql = findings::anomalies_sql(&AnomalyFilter::default());
        let output = CheckOutput {
            workspace: "Domaine R.",
            verdict: &self.verdict,
            titles: &titles,
            fail_on: FailOn::Error,
            findings: &|visit| reports::each_finding(&self.store, &sql, visit),
            colour: false,
        };
        let mut out = Vec::new();
        (reports::check_format(format).expect("the format").write)(&output, &mut out).expect("the outcome");
        String::from_utf8(out).expect("UTF-8")
    }
}

#[test]
fn a_report_of_a_check_says_where_the_bad_rows_are_and_what_to_do_next() {
    let report = checked().report().expect("a report");
    let orphans = report.rules.iter().find(|rule| rule.rule == "orphan-reference").expect("the rule found something");
    assert_eq!((orphans.table.as_str(), orphans.field.as_str(), orphans.open), ("sales", "person", 2));
    assert_eq!(orphans.top_values, [(Some("P9".to_owned()), 2)]);
    let first = &orphans.examples[0];
    assert_eq!((first.row.as_str(), first.file.as_deref(), first.line), ("2", Some("sales.csv"), Some(3)));
    assert_eq!(report.relations[0].orphans, 2);
    assert!(!report.pass);
    assert!(report.next.iter().any(|step| step.command == "tastevin anomalies --rule orphan-reference --table sales"));
    let steps: Vec<(&str, u64)> = report
        .waterfall
        .iter()
        .filter(|step| step.table == "sales" && step.rows > 0)
        .map(|step| (step.step.as_str(), step.rows))
        .collect();
    assert_eq!(
        steps,
        [("rows in", 4), ("staged", 4), ("candidates", 4), ("would be quarantined", 2), ("would be committed", 2)],
        "nothing is committed yet, and what would be is said"
    );
}

#[test]
fn before_the_first_check_there_is_nothing_to_report_and_the_way_on_is_said() {
    let workspace = Workspace::empty();
    let refused = workspace.tastevin(["report"]).ended(2);
    assert!(refused.stderr.contains("nothing was checked yet"), "{}", refused.stderr);
    assert!(refused.stderr.contains("tastevin check"), "{}", refused.stderr);
    assert!(!workspace.path("report.html").exists());
}

#[test]
fn every_format_of_a_report_takes_a_real_one_and_lets_no_cell_out_of_its_place() {
    let report = checked().report().expect("a report");
    for format in reports::REGISTRY {
        let mut out = Vec::new();
        (format.write)(&report, &mut out).expect(format.name);
        let text = String::from_utf8_lossy(&out);
        assert!(!out.is_empty() && !text.contains(HOSTILE), "{}", format.name);
        if format.name == "html" {
            assert_eq!(text.matches("<script").count(), 1, "our own");
            assert!(text.contains("&lt;script&gt;alert(1)&lt;/script&gt;␛[2J"));
        }
    }
}

#[test]
fn the_formats_of_a_check_count_the_same_findings() {
    let world = checked();
    let all = world.store.count("SELECT count(*) FROM dq.anomalies").expect("a count");
    assert!(all >= 4, "{all}");
    assert_eq!(world.written("jsonl").lines().count() as u64, all + 1);
    let sarif: serde_json::Value = serde_json::from_str(&world.written("sarif")).expect("JSON");
    assert_eq!(sarif["runs"][0]["results"].as_array().map(Vec::len), Some(all as usize));
    let json: serde_json::Value = serde_json::from_str(&world.written("json")).expect("JSON");
    let counted: u64 = json["rules"].as_array().expect("rules").iter().filter_map(|rule| rule["open"].as_u64()).sum();
    assert_eq!(counted, all);
    assert!(world.written("junit").contains("2 findings in sales.person"));
    assert!(world.written("github").contains("file=sales.csv,line=3"));
    assert!(world.written("markdown").contains("| sales.person | 2 | 50.0 % | 0 |"));
    assert!(world.written("text").lines().any(|line| line.starts_with("● orphan-reference")));
    for format in reports::CHECKS {
        assert!(!world.written(format.name).contains('\u{1b}'), "{}", format.name);
    }
}

#[test]
fn findings_leave_as_a_table_with_the_columns_that_are_promised() {
    let world = checked();
    let sql = findings::anomalies_sql(&AnomalyFilter { table: Some("sales".into()), ..AnomalyFilter::default() });
    let mut out = Vec::new();
    let csv = reports::table_format("csv").expect("the format");
    let rows = reports::export(&world.store, &sql, csv, Target::Stream(&mut out)).expect("an export");
    let text = String::from_utf8(out).expect("UTF-8");
    let header = "rule,severity,table,row,field,value,message,suggestion,source,entity,file,line,status,stake";
    assert_eq!(text.lines().next(), Some(header));
    assert_eq!(text.lines().count() as u64, rows + 1);
    assert!(text.lines().any(|line| line.starts_with("orphan-reference,error,sales,2,person,P9,")));
}

#[test]
fn a_file_is_replaced_whole_and_keeps_what_it_may() {
    let world = checked();
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("people.csv");
    std::fs::write(&path, "old").expect("a file");
    let csv = reports::table_format("csv").expect("the format");
    let sql = "SELECT id FROM candidate.people ORDER BY id";
    assert_eq!(reports::export(&world.store, sql, csv, Target::File(&path)).expect("an export"), 3);
    assert_eq!(std::fs::read_to_string(&path).expect("the file"), "id\nP1\nP2\nP3\n");
    assert_eq!(std::fs::read_dir(dir.path()).expect("the folder").count(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("permissions");
        reports::export(&world.store, sql, csv, Target::File(&path)).expect("an export");
        let mode = std::fs::metadata(&path).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }
}
