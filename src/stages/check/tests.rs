//! What a check finds, keeps and says, on a small workspace in memory.

use chrono::DateTime;
use indexmap::IndexMap;

use super::*;
use crate::error::Error;
use crate::model::{AnomalyFilter, FailOn, Mapping, Severity, Status};
use crate::stages::findings::{anomalies, anomalies_sql};
use crate::stages::map::Plan;

const SCHEMA: &str = "[tables.people.fields]\nkey = { type = \"text\", key = true }\ncity = { type = \"text\" }\n\
                      mail = { type = \"text\", format = \"email\", required = true }\n\
                      [tables.notes.fields]\nkey = { type = \"text\", key = true }\ntext = { type = \"text\", required = true }";

/// A store with four people, two of whom have something wrong with them; nothing feeds `notes`.
struct Bench {
    store: Store,
    schema: Schema,
    origins: IndexMap<String, Vec<Origin>>,
    gate: Gate,
    mappings: Vec<(String, Mapping)>,
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
            mappings: Vec::new(),
            rules: tempfile::tempdir().map_err(|cause| Error::internal("no folder").caused_by(cause))?,
            today: "2026-11-22",
        })
    }

    fn basis(&self) -> Result<Basis> {
        let plan = Plan::new(&self.store, &self.schema, &self.mappings)?;
        Basis::now(&self.store, &plan, self.rules.path(), &self.gate, NaiveDate::default())
    }

    fn check(&self) -> Result<Verdict> {
        self.check_with(&|_| {}, &Canceller::default())
    }

    fn check_with(&self, progress: &(dyn Fn(Progress) + Sync), canceller: &Canceller) -> Result<Verdict> {
        let today = self.today.parse().map_err(|cause| Error::internal("no day").caused_by(cause))?;
        let basis = self.basis()?;
        let inputs = Inputs {
            schema: &self.schema,
            mappings: &[],
            origins: &self.origins,
            rules_dir: self.rules.path(),
            gate: &self.gate,
            basis: &basis,
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
        std::fs::write(self.rules.path().join(file), text).map_err(|cause| Error::internal("no file").caused_by(cause))
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
        let basis = bench.basis()?;
        let subject = gate::Subject { schema: &bench.schema, gate: &bench.gate, basis: Ok(&basis) };
        gate::conditions(&bench.store, &subject).map(|asked| asked.conditions.iter().all(|condition| condition.holds))
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
    let mapping = "[tables.notes]\nentity = \"notes\"\n[tables.notes.fields.key]\ncolumn = \"key\"";
    let mapping = toml::from_str(mapping).map_err(|cause| Error::internal("no mapping").caused_by(cause))?;
    bench.mappings.push(("isa".to_owned(), mapping));
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
        .map(|anomaly| (anomaly.row.as_str(), anomaly.message.as_str(), anomaly.suggestion.as_deref(), anomaly.line))
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
        ("id = \"a\"\ntable = \"people\"\nselect = \"SELECT key FROM candidate.people\"", "returns no column \"row\""),
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
