//! From candidates to canonical tables: gate, quarantine, difference, commit, history.

use std::cell::RefCell;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};
use tastevin::error::{Kind, Result};
use tastevin::model::{
    Canceller, Commit, Condition, DiffKind, FailOn, Field, FieldType, Gate, Schema, TableDiff, TableTally, Verdict,
};
use tastevin::stages::basis::Basis;
use tastevin::stages::gate::Subject;
use tastevin::stages::map::Plan;
use tastevin::stages::{commit, gate};
use tastevin::store::{Settings, Store};

use crate::harness::Workspace;

const SCHEMA: &str = r#"
[tables.customers.fields]
customer_key = { type = "text", key = true, required = true }
name = { type = "text" }
tags = { type = "list" }
since = { type = "date" }

[tables.orders.fields]
order_key = { type = "text", key = true, required = true }
customer_key = { type = "text", references = "customers.customer_key" }

[tables.lines.fields]
order_key = { type = "text", key = true, references = "orders.order_key" }
position = { type = "integer", key = true }
amount = { type = "decimal" }
"#;

fn schema() -> Schema {
    toml::from_str(SCHEMA).expect("the schema of these tests")
}

fn generous() -> Gate {
    Gate { max_quarantined: "100%".to_owned(), max_removed: "100%".to_owned(), ..Gate::default() }
}

/// A store with three customers, three orders of theirs and four lines, checked once and found clean.
fn checked() -> Result<Store> {
    let store = Store::in_memory(&[])?;
    candidates(
        &store,
        "customers",
        "customer_key VARCHAR, name VARCHAR, tags VARCHAR[], since DATE",
        "('C1', 'Anne', ['vip', 'rouge'], DATE '2020-01-01'), ('C2', 'Bruno', NULL, NULL), ('C3', 'Chloé', ['a'], NULL)",
    )?;
    candidates(
        &store,
        "orders",
        "order_key VARCHAR, customer_key VARCHAR",
        "('O1', 'C1'), ('O2', 'C2'), ('O3', NULL)",
    )?;
    candidates(
        &store,
        "lines",
        "order_key VARCHAR, position BIGINT, amount DECIMAL(18,4)",
        "('O1', 1, 10.5), ('O1', 2, 20), ('O2', 1, 30), ('O3', 1, NULL)",
    )?;
    check_again(&store, &schema(), 1)?;
    Ok(store)
}

/// Replaces a candidate table; a row's identity is its first columns' values, or its number where that is taken.
fn candidates(store: &Store, table: &str, columns: &str, rows: &str) -> Result<()> {
    let names: Vec<&str> = columns.split(", ").filter_map(|column| column.split(' ').next()).collect();
    let key = if table == "lines" { "order_key || '|' || position" } else { names[0] };
    let list = names.join(", ");
    store.run(&format!(
        "CREATE OR REPLACE TABLE candidate.{table} ({columns}, _key VARCHAR, _source VARCHAR, _entity VARCHAR, _row BIGINT, _unread BIGINT);
         INSERT INTO candidate.{table} SELECT {list},
           CASE WHEN {key} IS NULL THEN 'row:' || n WHEN n > min(n) OVER (PARTITION BY {key}) THEN {key} || '#' || n ELSE {key} END,
           'shop', '{table}', n, 0
         FROM (SELECT *, row_number() OVER () AS n FROM (VALUES {rows}) v({list}))"
    ))
}

/// What a check of the candidates by that schema would stand on.
fn basis(store: &Store, schema: &Schema) -> Result<Basis> {
    let plan = Plan::new(store, schema, &[])?;
    Basis::now(store, &plan, Path::new("/nowhere"), &Gate::default(), at(0).date_naive())
}

/// Leaves behind what a check of the candidates by that schema would.
fn check_again(store: &Store, schema: &Schema, check: i64) -> Result<()> {
    let basis = basis(store, schema)?.to_json()?;
    let verdict = serde_json::to_string(&Verdict { check, ..Verdict::default() }).expect("JSON");
    store.run(&format!(
        "INSERT INTO dq.scores VALUES ({check}, TIMESTAMP '2026-11-22 09:00:00' + INTERVAL ({check}) MINUTE, 'customers', 3, 0, 0, 100);
         DELETE FROM dq.verdict; INSERT INTO dq.verdict (\"check\", detail, decisions, basis) VALUES ({check}, '{verdict}', '0:0', '{}')",
        basis.replace('\'', "''")
    ))
}

/// The conditions that do not hold.
fn closed(store: &Store, schema: &Schema, gate: &Gate) -> Result<Vec<String>> {
    let basis = basis(store, schema)?;
    Ok(failing(&gate::conditions(store, &Subject { schema, gate, basis: Ok(&basis) })?.conditions))
}

fn finding(store: &Store, severity: &str, table: &str, row: &str, rule: &str, field: &str, status: &str) -> Result<()> {
    store.run(&format!(
        "INSERT INTO dq.anomalies VALUES ('{rule}', '{severity}', '{table}', '{row}', '{field}', NULL, 'it is wrong', NULL,
           'shop', '{table}', 1, '{status}', NULL)"
    ))
}

fn failing(conditions: &[Condition]) -> Vec<String> {
    conditions
        .iter()
        .filter(|condition| !condition.holds)
        .map(|condition| format!("{}: {}", condition.what, condition.detail))
        .collect()
}

#[test]
fn the_gate_is_open_over_clean_candidates_and_closed_before_any_check() -> Result<()> {
    let store = checked()?;
    assert_eq!(closed(&store, &schema(), &Gate::default())?, [""; 0]);
    store.run("DELETE FROM dq.verdict")?;
    assert_eq!(
        closed(&store, &schema(), &Gate::default())?,
        [
            "the last check knows the newest load, the decisions and the schema: nothing has been checked yet; run `tastevin check`"
        ]
    );
    Ok(())
}

#[test]
fn the_gate_closes_when_a_load_or_the_schema_is_newer_than_the_check() -> Result<()> {
    let store = checked()?;
    store.run("INSERT INTO dq.loads VALUES (7, 'shop', 'failed', '2026-11-22 10:00:00', '2026-11-22 10:01:00', 0, 0, 0, '{}')")?;
    assert_eq!(closed(&store, &schema(), &Gate::default())?, [""; 0], "a failed load changes nothing");
    // The clock was set back: the load ended before the check, as far as can be told by it.
    store.run(
        "INSERT INTO dq.loads VALUES (8, 'shop', 'done', '2026-11-21 10:00:00', '2026-11-21 10:01:00', 0, 0, 0, '{}');
         INSERT INTO dq.staged VALUES ('shop', 'orders', 8, 'stage_8_0', 0)",
    )?;
    let newer = closed(&store, &schema(), &Gate::default())?;
    assert!(newer[0].ends_with("shop was loaded after check 1; run `tastevin check`"), "{newer:?}");
    check_again(&store, &schema(), 2)?;
    store.run("DELETE FROM dq.staged")?;
    let gone = closed(&store, &schema(), &Gate::default())?;
    assert!(gone[0].ends_with("what was loaded of shop has gone since check 2; run `tastevin check`"), "{gone:?}");
    let mut grown = schema();
    grown.tables["customers"].fields.insert("city".to_owned(), Default::default());
    let misfit = closed(&store, &grown, &Gate::default())?;
    assert!(misfit[0].contains("the candidates do not have customers.city"), "{misfit:?}");
    Ok(())
}

#[test]
fn what_blocks_depends_on_severity_and_status_and_where_the_gate_fails() -> Result<()> {
    let store = checked()?;
    finding(&store, "error", "lines", "O1|1", "out-of-range", "amount", "open")?;
    finding(&store, "error", "lines", "O1|2", "out-of-range", "amount", "waived")?;
    finding(&store, "warning", "lines", "O2|1", "untidy-text", "", "open")?;
    let blocked = |fail_on| store.texts(&format!("{} ORDER BY 1", gate::blocked_sql("lines", fail_on)));
    assert_eq!(
        blocked(FailOn::Error)?.rows,
        [[Some("O1|1".to_owned()), Some("['out-of-range amount: it is wrong']".to_owned())]]
    );
    assert_eq!(blocked(FailOn::Warning)?.rows.len(), 2);
    assert_eq!(blocked(FailOn::Never)?.rows.len(), 0);
    let rule = store.texts(&format!("SELECT {} AS rule", gate::rule_of("'untidy-text: it is wrong'")))?;
    assert_eq!(rule.get(0, "rule"), Some("untidy-text"));

    let gate = |fail_on, quarantine, most: &str| Gate {
        fail_on,
        quarantine,
        max_quarantined: most.to_owned(),
        ..Gate::default()
    };
    let closed = |gate: Gate| closed(&store, &schema(), &gate);
    assert_eq!(
        closed(gate(FailOn::Error, true, "5%"))?,
        ["no table has more than 5% of its rows quarantined: lines 1 of 4 rows"]
    );
    assert_eq!(closed(gate(FailOn::Error, true, "25%"))?, [""; 0]);
    assert_eq!(
        closed(gate(FailOn::Warning, true, "1"))?,
        ["no table has more than 1 row quarantined: lines 2 of 4 rows"]
    );
    assert_eq!(closed(gate(FailOn::Error, false, "5%"))?, ["no row is blocked: 1 row is blocked: lines 1"]);
    assert_eq!(closed(gate(FailOn::Never, false, "5%"))?, [""; 0]);
    Ok(())
}

#[test]
fn a_blocking_finding_about_no_row_closes_the_gate() -> Result<()> {
    let store = checked()?;
    finding(&store, "error", "lines", "", "too-few-rows", "", "open")?;
    assert_eq!(
        closed(&store, &schema(), &generous())?,
        ["no open finding that blocks is about a table as a whole: lines 1"]
    );
    Ok(())
}

fn at(minute: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 22, 10, minute, 0).unwrap()
}

fn commit_as(store: &Store, schema: &Schema, gate: &Gate, message: &str) -> Result<Commit> {
    let request = commit::Request { sources: &[], who: "marie", at: at(5), message };
    let basis = basis(store, schema)?;
    let subject = Subject { schema, gate, basis: Ok(&basis) };
    commit::commit(store, &subject, &request, &|_| {}, &Canceller::default())
}

fn committed(store: &Store) -> Result<Commit> {
    commit_as(store, &schema(), &generous(), "Monday")
}

fn revert(store: &Store, id: i64) -> Result<Commit> {
    revert_with(store, &schema(), id)
}

fn revert_with(store: &Store, schema: &Schema, id: i64) -> Result<Commit> {
    commit::revert(store, schema, &commit::Request { sources: &[], who: "marie", at: at(9), message: "" }, id)
}

/// The rows of a query, each as one text.
fn rows(store: &Store, sql: &str) -> Result<Vec<String>> {
    let page = store.texts(sql)?;
    let text = |row: Vec<Option<String>>| {
        row.into_iter().map(|cell| cell.unwrap_or("∅".to_owned())).collect::<Vec<_>>().join(" ")
    };
    Ok(page.rows.into_iter().map(text).collect())
}

fn canonical(store: &Store, table: &str) -> Result<Vec<String>> {
    rows(store, &format!("SELECT * FROM canonical.{table} ORDER BY ALL"))
}

/// added, changed, removed, unchanged, quarantined
fn figures(tallies: &[TableTally], table: &str) -> [u64; 5] {
    let tally = tallies.iter().find(|tally| tally.table == table).expect("a tally of the table");
    [tally.added, tally.changed, tally.removed, tally.unchanged, tally.quarantined]
}

fn changes(diffs: &[TableDiff], table: &str) -> Vec<String> {
    let diff = diffs.iter().find(|diff| diff.tally.table == table).expect("a difference of the table");
    diff.rows
        .iter()
        .map(|row| {
            let cells = row.cells.iter().map(|cell| {
                let text = |value: &Option<String>| value.clone().unwrap_or("∅".to_owned());
                format!(" {}: {}→{}", cell.field, text(&cell.old), text(&cell.new))
            });
            format!("{} {}{}", row.kind.name(), row.row, cells.collect::<String>())
        })
        .collect()
}

/// The next export: Bruno gets a date and loses nothing, Chloé's list changes, Anne is gone with her order, Dora is new.
fn next_week(store: &Store) -> Result<()> {
    candidates(
        store,
        "customers",
        "customer_key VARCHAR, name VARCHAR, tags VARCHAR[], since DATE",
        "('D4', 'Dora', NULL, NULL), ('C3', NULL, ['a', 'b'], NULL), ('C2', 'Bruno', NULL, DATE '2024-02-29')",
    )?;
    candidates(store, "orders", "order_key VARCHAR, customer_key VARCHAR", "('O2', 'C2'), ('O3', NULL)")?;
    candidates(
        store,
        "lines",
        "order_key VARCHAR, position BIGINT, amount DECIMAL(18,4)",
        "('O2', 1, 30), ('O3', 1, NULL)",
    )?;
    check_again(store, &schema(), 2)
}

#[test]
fn a_first_commit_takes_every_row_and_writes_itself_down() -> Result<()> {
    let store = checked()?;
    let steps = RefCell::new(Vec::new());
    let request = commit::Request { sources: &[], who: "marie", at: at(5), message: "l'an \"neuf\"" };
    let (schema, gate) = (schema(), Gate::default());
    let subject = Subject { schema: &schema, gate: &gate, basis: Ok(&basis(&store, &schema)?) };
    let progress = |step| steps.borrow_mut().push(step);
    let commit = commit::commit(&store, &subject, &request, &progress, &Canceller::default())?;
    assert_eq!((commit.id, commit.who.as_str(), commit.reverts, commit.at), (1, "marie", None, at(5)));
    assert_eq!(figures(&commit.tables, "customers"), [3, 0, 0, 0, 0]);
    assert_eq!(figures(&commit.tables, "lines"), [4, 0, 0, 0, 0]);
    assert_eq!(
        canonical(&store, "customers")?,
        ["C1 Anne [vip, rouge] 2020-01-01 1", "C2 Bruno ∅ ∅ 1", "C3 Chloé [a] ∅ 1"]
    );
    let columns = store.columns("SELECT * FROM canonical.customers")?;
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["customer_key", "name", "tags", "since", "_commit"]);
    assert_eq!(commit::log(&store)?, [commit]);
    assert_eq!(
        rows(&store, "SELECT id, \"at\", who, message FROM dq.commits")?,
        ["1 2026-11-22 10:05:00 marie l'an \"neuf\""]
    );
    let steps = steps.into_inner();
    assert!(steps.iter().all(|step| step.total == Some(steps.len() as u64)));
    assert!(steps.iter().enumerate().all(|(n, step)| step.done == n as u64));
    Ok(())
}

#[test]
fn a_closed_gate_refuses_with_every_condition_that_fails_and_writes_nothing() -> Result<()> {
    let store = checked()?;
    finding(&store, "error", "lines", "O1|1", "out-of-range", "amount", "open")?;
    finding(&store, "error", "lines", "", "too-few-rows", "", "open")?;
    let error = commit_as(&store, &schema(), &Gate::default(), "no").expect_err("the gate is closed");
    assert_eq!(error.kind(), Kind::Gate);
    assert_eq!(error.to_string(), "the gate is closed: 2 conditions do not hold");
    assert_eq!(
        error.hints(),
        [
            "no open finding that blocks is about a table as a whole: lines 1",
            "no table has more than 5% of its rows quarantined: lines 1 of 4 rows"
        ]
    );
    assert!(!store.has_table("canonical", "lines")? && !store.has_table("quarantine", "lines")?);
    assert!(commit::log(&store)?.is_empty());
    Ok(())
}

#[test]
fn quarantined_rows_carry_every_reason_and_keys_cannot_be_waived() -> Result<()> {
    let store = checked()?;
    candidates(
        &store,
        "customers",
        "customer_key VARCHAR, name VARCHAR, tags VARCHAR[], since DATE",
        "('C1', 'Anne', NULL, NULL), ('C2', 'Bruno', NULL, NULL), ('C2', 'Bruna', NULL, NULL), (NULL, 'Nobody', NULL, NULL), ('', 'Void', NULL, NULL), ('C3', 'Chloé', NULL, NULL)",
    )?;
    finding(&store, "error", "customers", "C1", "invalid-email", "name", "open")?;
    finding(&store, "error", "customers", "C1", "mojibake", "name", "open")?;
    finding(&store, "warning", "customers", "C1", "untidy-text", "name", "open")?;
    finding(&store, "error", "customers", "C2", "duplicate-key", "customer_key", "waived")?;
    finding(&store, "error", "customers", "row:4", "missing-key", "customer_key", "open")?;
    let commit = committed(&store)?;
    assert_eq!(figures(&commit.tables, "customers"), [1, 0, 0, 0, 5]);
    assert_eq!(
        rows(
            &store,
            "SELECT name, array_to_string(_reasons, ' + '), _row, _commit FROM quarantine.customers ORDER BY _row"
        )?,
        [
            "Anne invalid-email name: it is wrong + mojibake name: it is wrong 1 1",
            "Bruno duplicate-key customer_key: 2 rows have the key C2 2 1",
            "Bruna duplicate-key customer_key: 2 rows have the key C2 3 1",
            "Nobody missing-key customer_key: it is wrong 4 1",
            "Void missing-key customer_key: the row has no key 5 1",
        ]
    );
    assert_eq!(rows(&store, "SELECT customer_key FROM canonical.customers")?, ["C3"]);
    Ok(())
}

#[test]
fn rows_that_refer_to_a_quarantined_row_wait_for_it_and_so_do_those_that_refer_to_them() -> Result<()> {
    let store = checked()?;
    finding(&store, "error", "customers", "C1", "invalid-email", "name", "open")?;
    let commit = committed(&store)?;
    assert_eq!(figures(&commit.tables, "orders"), [2, 0, 0, 0, 1]);
    assert_eq!(figures(&commit.tables, "lines"), [2, 0, 0, 0, 2]);
    let later = commit::diff_between(&store, &schema(), 0, 1, 0, 0)?;
    let tallies: Vec<TableTally> = later.into_iter().map(|diff| diff.tally).collect();
    assert_eq!(figures(&tallies, "lines"), [2, 0, 0, 0, 2], "an old commit still says what it held back");
    assert_eq!(
        rows(
            &store,
            "SELECT _key, _reasons FROM quarantine.orders UNION ALL SELECT _key, _reasons FROM quarantine.lines ORDER BY ALL"
        )?,
        [
            "O1 ['orphan-reference customer_key: C1 is quarantined in customers']",
            "O1|1 ['orphan-reference order_key: O1 is quarantined in orders']",
            "O1|2 ['orphan-reference order_key: O1 is quarantined in orders']",
        ]
    );
    let closed = closed(&store, &schema(), &Gate::default())?;
    assert_eq!(
        closed,
        [
            "no table has more than 5% of its rows quarantined: customers 1 of 3 rows, orders 1 of 3 rows (1 waiting for other rows), lines 2 of 4 rows (2 waiting for other rows)"
        ]
    );
    Ok(())
}

#[test]
fn a_row_that_is_canonical_keeps_its_last_good_values_while_it_is_held_back() -> Result<()> {
    let store = checked()?;
    committed(&store)?;
    store.run("UPDATE candidate.customers SET name = '???' WHERE customer_key = 'C1'")?;
    finding(&store, "error", "customers", "C1", "mojibake", "name", "open")?;
    let commit = committed(&store)?;
    assert_eq!(commit.id, 2);
    assert_eq!(figures(&commit.tables, "customers"), [0, 0, 0, 3, 1]);
    assert_eq!(figures(&commit.tables, "orders"), [0, 0, 0, 3, 0], "its orders need not wait");
    assert_eq!(rows(&store, "SELECT name FROM canonical.customers ORDER BY ALL")?, ["Anne", "Bruno", "Chloé"]);

    store.run("DELETE FROM dq.anomalies")?;
    let commit = committed(&store)?;
    assert_eq!(figures(&commit.tables, "customers"), [0, 1, 0, 2, 0]);
    assert_eq!(store.count("SELECT count(*) FROM quarantine.customers")?, 0);
    Ok(())
}

#[test]
fn a_diff_says_what_is_added_changed_and_removed_cell_by_cell() -> Result<()> {
    let store = checked()?;
    let before = commit::diff(&store, &schema(), &[], &generous(), 0, 10)?;
    assert_eq!(
        changes(&before, "customers")[0],
        "added C1 customer_key: ∅→C1 name: ∅→Anne tags: ∅→[vip, rouge] since: ∅→2020-01-01"
    );
    assert_eq!(changes(&before, "lines")[0], "added O1|1 order_key: ∅→O1 position: ∅→1 amount: ∅→10.5");
    committed(&store)?;
    next_week(&store)?;
    let diffs = commit::diff(&store, &schema(), &[], &generous(), 0, 10)?;
    let expected = [
        "added D4 customer_key: ∅→D4 name: ∅→Dora",
        "changed C2 since: ∅→2024-02-29",
        "changed C3 name: Chloé→∅ tags: [a]→[a, b]",
        "removed C1 customer_key: C1→∅ name: Anne→∅ tags: [vip, rouge]→∅ since: 2020-01-01→∅",
    ];
    assert_eq!(changes(&diffs, "customers"), expected);
    assert_eq!(diffs[0].rows[0].kind, DiffKind::Added);
    let tallies: Vec<TableTally> = diffs.iter().map(|diff| diff.tally.clone()).collect();
    assert_eq!(figures(&tallies, "customers"), [1, 2, 1, 0, 0]);
    assert_eq!(figures(&tallies, "lines"), [0, 0, 2, 2, 0]);
    for offset in 0..4 {
        let window = commit::diff(&store, &schema(), &[], &generous(), offset, 1)?;
        assert_eq!(changes(&window, "customers"), [expected[offset as usize]], "a window is a piece of the whole");
    }
    assert_eq!(committed(&store)?.tables, tallies, "a commit does what the difference said");
    let after = commit::diff(&store, &schema(), &[], &generous(), 0, 10)?;
    assert!(after.iter().all(|diff| diff.rows.is_empty()));
    Ok(())
}

#[test]
fn a_diff_before_any_check_says_what_to_do() -> Result<()> {
    let store = Store::in_memory(&[])?;
    let error = commit::diff(&store, &schema(), &[], &generous(), 0, 10).expect_err("there is nothing to compare");
    assert_eq!(error.kind(), Kind::Gate);
    assert!(error.hints()[0].ends_with("run `tastevin check`"), "{:?}", error.hints());
    Ok(())
}

#[test]
fn a_commit_without_a_difference_is_the_last_one() -> Result<()> {
    let store = checked()?;
    let first = committed(&store)?;
    assert_eq!(commit_as(&store, &schema(), &generous(), "again")?, first);
    assert_eq!(commit::log(&store)?.len(), 1);
    finding(&store, "error", "lines", "O1|1", "out-of-range", "amount", "open")?;
    assert_eq!(committed(&store)?.id, 2, "another quarantine is something to commit");
    Ok(())
}

#[test]
fn a_table_without_candidates_is_left_alone_with_what_it_refers_to() -> Result<()> {
    let store = checked()?;
    committed(&store)?;
    next_week(&store)?;
    store.run("DELETE FROM candidate.orders")?;
    let commit = committed(&store)?;
    assert_eq!(figures(&commit.tables, "orders"), [0, 0, 0, 3, 0]);
    assert_eq!(figures(&commit.tables, "customers"), [1, 2, 0, 1, 0], "C1 stays, since O1 stays and refers to it");
    Ok(())
}

#[test]
fn two_states_can_be_compared_in_both_directions() -> Result<()> {
    let store = checked()?;
    committed(&store)?;
    next_week(&store)?;
    committed(&store)?;
    store.run("UPDATE candidate.customers SET since = NULL WHERE customer_key = 'C2'; UPDATE candidate.customers SET name = 'Dorothée' WHERE customer_key = 'D4'")?;
    committed(&store)?;
    let between = |from, to| commit::diff_between(&store, &schema(), from, to, 0, 10);
    assert_eq!(
        changes(&between(2, 3)?, "customers"),
        ["changed C2 since: 2024-02-29→∅", "changed D4 name: Dora→Dorothée"]
    );
    assert_eq!(
        changes(&between(1, 3)?, "customers"),
        [
            "added D4 customer_key: ∅→D4 name: ∅→Dorothée",
            "changed C3 name: Chloé→∅ tags: [a]→[a, b]",
            "removed C1 customer_key: C1→∅ name: Anne→∅ tags: [vip, rouge]→∅ since: 2020-01-01→∅",
        ],
        "C2 is as it was"
    );
    let tallies: Vec<TableTally> = between(1, 3)?.into_iter().map(|diff| diff.tally).collect();
    assert_eq!(figures(&tallies, "customers"), [1, 1, 1, 1, 0]);
    assert_eq!(changes(&between(3, 2)?, "customers")[1], "changed D4 name: Dorothée→Dora");
    let whole: Vec<TableTally> = between(0, 1)?.into_iter().map(|diff| diff.tally).collect();
    assert_eq!(figures(&whole, "lines"), [4, 0, 0, 0, 0]);
    let error = between(1, 4).expect_err("there is no commit 4");
    assert_eq!((error.kind(), error.to_string()), (Kind::Usage, "there is no commit 4".to_owned()));
    Ok(())
}

#[test]
fn a_reversal_brings_back_what_was_and_can_itself_be_reverted() -> Result<()> {
    let store = checked()?;
    let first = committed(&store)?;
    next_week(&store)?;
    let second = committed(&store)?;
    assert_ne!(first.hash, second.hash);
    let reversal = revert(&store, 2)?;
    assert_eq!((reversal.id, reversal.reverts, reversal.message.as_str()), (3, Some(2), "Revert commit 2: Monday"));
    assert_eq!(reversal.hash, first.hash, "the content is the same again");
    assert_eq!(figures(&reversal.tables, "customers"), [1, 2, 1, 0, 0]);
    assert_eq!(rows(&store, "SELECT name FROM canonical.customers ORDER BY ALL")?, ["Anne", "Bruno", "Chloé"]);
    assert!(commit::diff_between(&store, &schema(), 1, 3, 0, 10)?.iter().all(|diff| diff.rows.is_empty()));

    let again = revert(&store, 2).expect_err("it is undone already");
    assert_eq!(again.kind(), Kind::Usage);
    assert!(
        again.to_string().starts_with(
            "commit 2 cannot be undone, rows of it were written again since (7): customers C1 (commit 3), customers C2 (commit 3), "
        ),
        "{again}"
    );
    assert_eq!(revert(&store, 3)?.hash, second.hash);
    assert_eq!(commit::log(&store)?.iter().map(|commit| commit.id).collect::<Vec<_>>(), [4, 3, 2, 1]);
    Ok(())
}

#[test]
fn after_a_reversal_the_next_commit_brings_the_candidates_back() -> Result<()> {
    let store = checked()?;
    committed(&store)?;
    next_week(&store)?;
    let second = committed(&store)?;
    revert(&store, 2)?;
    assert_eq!(committed(&store)?.hash, second.hash);
    Ok(())
}

#[test]
fn a_reversal_keeps_what_later_commits_did_to_other_rows() -> Result<()> {
    let store = checked()?;
    committed(&store)?;
    store.run("UPDATE candidate.customers SET name = 'Anna' WHERE customer_key = 'C1'")?;
    committed(&store)?;
    store.run("UPDATE candidate.customers SET name = 'Brunhilde' WHERE customer_key = 'C2'")?;
    committed(&store)?;
    revert(&store, 2)?;
    assert_eq!(
        rows(&store, "SELECT name, _commit FROM canonical.customers ORDER BY ALL")?,
        ["Anne 4", "Brunhilde 3", "Chloé 1"]
    );
    Ok(())
}

#[test]
fn a_reversal_that_would_leave_orphans_is_refused_and_changes_nothing() -> Result<()> {
    let store = checked()?;
    store.run("DELETE FROM candidate.orders; DELETE FROM candidate.lines")?;
    committed(&store)?;
    candidates(&store, "orders", "order_key VARCHAR, customer_key VARCHAR", "('O1', 'C1'), ('O3', NULL)")?;
    committed(&store)?;
    let error = revert(&store, 1).expect_err("O1 refers to C1");
    assert_eq!(error.to_string(), "it cannot be undone, rows would refer to rows that are gone (1): orders O1 (C1)");
    assert_eq!(store.count("SELECT count(*) FROM canonical.customers")?, 3);
    assert_eq!(commit::log(&store)?.len(), 2);
    revert(&store, 2)?;
    revert(&store, 1)?;
    assert_eq!(store.count("SELECT count(*) FROM canonical.customers")?, 0);
    Ok(())
}

#[test]
fn a_field_that_the_schema_gains_loses_or_retypes_follows_with_the_next_commit() -> Result<()> {
    let store = checked()?;
    committed(&store)?;
    store.run("UPDATE candidate.lines SET amount = 11 WHERE _key = 'O1|1'")?;
    committed(&store)?;

    let mut other = schema();
    let customers = &mut other.tables["customers"].fields;
    customers.insert("city".to_owned(), Field { kind: FieldType::Text, ..Field::default() });
    customers.shift_remove("tags");
    customers["since"].kind = FieldType::Timestamp;
    store.run(
        "ALTER TABLE candidate.customers ADD COLUMN city VARCHAR; ALTER TABLE candidate.customers ALTER since TYPE TIMESTAMP;
         UPDATE candidate.customers SET city = 'Colmar' WHERE customer_key = 'C2'",
    )?;
    check_again(&store, &other, 3)?;
    let diffs = commit::diff(&store, &other, &[], &generous(), 0, 10)?;
    assert_eq!(changes(&diffs, "customers"), ["changed C2 city: ∅→Colmar"]);
    let commit = commit_as(&store, &other, &generous(), "grown")?;
    assert_eq!(figures(&commit.tables, "customers"), [0, 1, 0, 2, 0]);
    assert_eq!(
        canonical(&store, "customers")?,
        ["C1 Anne 2020-01-01 00:00:00 ∅ 1", "C2 Bruno ∅ Colmar 3", "C3 Chloé ∅ ∅ 1"]
    );
    let between = commit::diff_between(&store, &other, 1, 3, 0, 10)?;
    assert_eq!(changes(&between, "customers"), ["changed C2 city: ∅→Colmar"]);
    assert_eq!(changes(&between, "lines"), ["changed O1|1 amount: 10.5→11"]);
    Ok(())
}

#[test]
fn a_change_of_type_that_would_lose_committed_values_is_refused() -> Result<()> {
    let store = checked()?;
    committed(&store)?;
    let mut other = schema();
    other.tables["customers"].fields["name"].kind = FieldType::Integer;
    store.run("ALTER TABLE candidate.customers ALTER name TYPE BIGINT USING 1")?;
    check_again(&store, &other, 2)?;
    let error = commit_as(&store, &other, &generous(), "retyped").expect_err("Anne is no number");
    assert_eq!(error.kind(), Kind::Config);
    assert_eq!(
        error.to_string(),
        "mappings/canonical.toml [customers.name]: the field was committed as VARCHAR, and as integer values would be lost, such as \"Anne\""
    );
    Ok(())
}

#[test]
fn a_commit_that_fails_half_way_leaves_nothing_behind() -> Result<()> {
    let store = checked()?;
    let first = committed(&store)?;
    let before = (canonical(&store, "customers")?, canonical(&store, "orders")?, canonical(&store, "lines")?);
    next_week(&store)?;
    finding(&store, "error", "orders", "O3", "odd", "", "open")?;
    // The last table's quarantine cannot be written: a view stands in its place.
    store.run("DROP TABLE quarantine.lines; CREATE VIEW quarantine.lines AS SELECT 1 AS a")?;
    let error = committed(&store).expect_err("the last table fails");
    assert_eq!(error.kind(), Kind::Internal);
    let after = (canonical(&store, "customers")?, canonical(&store, "orders")?, canonical(&store, "lines")?);
    assert_eq!(after, before);
    assert_eq!(store.count("SELECT count(*) FROM quarantine.orders")?, 0);
    assert_eq!(store.count("SELECT count(*) FROM dq.history_customers")?, 0);
    assert_eq!(commit::log(&store)?, [first]);

    store.run("DROP VIEW quarantine.lines")?;
    assert_eq!(committed(&store)?.id, 2, "and works once the obstacle is gone");
    Ok(())
}

#[test]
fn a_cancelled_commit_leaves_nothing_behind_wherever_it_is_stopped() -> Result<()> {
    let store = checked()?;
    let first = committed(&store)?;
    next_week(&store)?;
    let (schema, gate) = (schema(), generous());
    let request = commit::Request { sources: &[], who: "marie", at: at(6), message: "stopped" };
    let basis = basis(&store, &schema)?;
    let subject = Subject { schema: &schema, gate: &gate, basis: Ok(&basis) };
    let mut stops = 0;
    for stop in 0.. {
        let canceller = Canceller::default();
        let progress = |step: tastevin::model::Progress| {
            if step.done == stop {
                canceller.cancel();
            }
        };
        match commit::commit(&store, &subject, &request, &progress, &canceller) {
            Err(error) => assert_eq!(error.kind(), Kind::Interrupted),
            Ok(commit) => {
                assert_eq!(commit.id, 2);
                break;
            }
        }
        stops += 1;
        assert_eq!(commit::log(&store)?, std::slice::from_ref(&first));
        assert_eq!(store.count("SELECT count(*) FROM canonical.customers WHERE _commit = 1")?, 3);
    }
    assert_eq!(stops, 9, "every announced step could be stopped at");
    Ok(())
}

#[test]
fn readers_see_the_state_before_or_after_a_commit_and_nothing_between() -> Result<()> {
    let store = checked()?;
    committed(&store)?;
    next_week(&store)?;
    let reader = store.reader()?;
    let count = || {
        reader.count("SELECT (SELECT count(*) FROM canonical.customers WHERE _commit = 2) + (SELECT count(*) FROM canonical.lines WHERE _commit = 1)")
    };
    let (schema, gate) = (schema(), generous());
    let request = commit::Request { sources: &[], who: "marie", at: at(6), message: "seen" };
    let basis = basis(&store, &schema)?;
    let subject = Subject { schema: &schema, gate: &gate, basis: Ok(&basis) };
    let seen = RefCell::new(Vec::new());
    commit::commit(
        &store,
        &subject,
        &request,
        &|_| seen.borrow_mut().push(count().unwrap_or(99)),
        &Canceller::default(),
    )?;
    assert!(seen.borrow().iter().all(|count| *count == 4), "{seen:?}");
    assert_eq!(count()?, 3 + 2);
    Ok(())
}

#[test]
fn the_digest_depends_on_content_only() -> Result<()> {
    let (store, other) = (checked()?, checked()?);
    other.run("CREATE OR REPLACE TABLE candidate.customers AS FROM candidate.customers ORDER BY _row DESC")?;
    assert_eq!(committed(&store)?.hash, committed(&other)?.hash);
    Ok(())
}

#[test]
fn rows_that_refer_to_rows_of_their_own_table_wait_along_the_whole_chain() -> Result<()> {
    let store = Store::in_memory(&[])?;
    let schema: Schema = toml::from_str(
        "[tables.lines.fields]\nposition = { type = \"integer\" }\norder_key = { type = \"text\", key = true }\nboss = { type = \"text\", references = \"lines.order_key\" }",
    )
    .expect("a schema");
    candidates(
        &store,
        "lines",
        "position BIGINT, order_key VARCHAR, boss VARCHAR",
        "(1, 'c', 'b'), (1, 'b', 'a'), (1, 'a', NULL), (1, 'x', 'y'), (1, 'y', 'x')",
    )?;
    check_again(&store, &schema, 1)?;
    finding(&store, "error", "lines", "a|1", "odd", "", "open")?;
    let commit = commit_as(&store, &schema, &generous(), "chain")?;
    assert_eq!(figures(&commit.tables, "lines"), [2, 0, 0, 0, 3]);
    assert_eq!(rows(&store, "SELECT order_key FROM quarantine.lines ORDER BY ALL")?, ["a", "b", "c"]);
    Ok(())
}

#[test]
fn fields_may_be_called_like_anything_that_the_statements_use_themselves() -> Result<()> {
    let names = ["n", "o", "value", "kind", "row", "reason", "new_at", "old_at", "at", "rule", "a \"b\"", "select"];
    let mut text = String::from("[tables.\"or der\".fields]\nkey = { type = \"text\", key = true }\n");
    for (at, name) in names.iter().enumerate() {
        let key = if at == 0 { ", key = true" } else { "" };
        text += &format!("'{name}' = {{ type = \"text\", references = \"or der.value\"{key} }}\n");
    }
    let schema: Schema = toml::from_str(&text).expect("a schema");
    let store = Store::in_memory(&[])?;
    let columns: Vec<String> = schema.tables["or der"]
        .fields
        .keys()
        .map(|name| format!("\"{}\" VARCHAR", name.replace('"', "\"\"")))
        .collect();
    store.run(&format!(
        "CREATE TABLE candidate.\"or der\" ({}, _key VARCHAR, _source VARCHAR, _entity VARCHAR, _row BIGINT, _unread BIGINT)",
        columns.join(", ")
    ))?;
    for key in ["a", "b", "b"] {
        let cells = format!("'{key}', {}", vec!["'v'"; names.len()].join(", "));
        store.run(&format!("INSERT INTO candidate.\"or der\" SELECT {cells}, '{key}|v' || count(*), 's', 'e', count(*), 0 FROM candidate.\"or der\""))?;
    }
    check_again(&store, &schema, 1)?;
    let commit = commit_as(&store, &schema, &generous(), "odd names")?;
    assert_eq!(figures(&commit.tables, "or der"), [1, 0, 0, 0, 2]);
    store.run("UPDATE candidate.\"or der\" SET value = NULL, kind = 'k'")?;
    let diffs = commit::diff(&store, &schema, &[], &generous(), 0, 9)?;
    assert_eq!(changes(&diffs, "or der"), ["changed a|v value: v→∅ kind: v→k"]);
    commit_as(&store, &schema, &generous(), "changed")?;
    revert_with(&store, &schema, 2)?;
    assert_eq!(rows(&store, "SELECT value, kind FROM canonical.\"or der\"")?, ["v v"]);
    Ok(())
}

#[test]
fn a_workspace_that_is_open_for_reading_only_can_still_be_compared() -> Result<()> {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("w.duckdb");
    let open = |read_only| Store::open(&path, &Settings { read_only, ..Settings::default() }, &[]);
    let memory = checked()?;
    let store = open(false)?;
    for table in ["customers", "orders", "lines"] {
        let rows = memory.texts(&format!(
            "SELECT sql FROM duckdb_tables() WHERE schema_name = 'candidate' AND table_name = '{table}'"
        ))?;
        store.run(rows.get(0, "sql").expect("the table's definition"))?;
    }
    store.run("INSERT INTO candidate.customers VALUES ('C9', 'Zoé', NULL, NULL, 'C9', 's', 'e', 1, 0)")?;
    check_again(&store, &schema(), 1)?;
    committed(&store)?;
    store.run("UPDATE candidate.customers SET name = 'Zoë'")?;
    drop(store);
    let store = open(true)?;
    assert_eq!(
        changes(&commit::diff(&store, &schema(), &[], &generous(), 0, 9)?, "customers"),
        ["changed C9 name: Zoé→Zoë"]
    );
    assert_eq!(changes(&commit::diff_between(&store, &schema(), 1, 0, 0, 9)?, "customers").len(), 1);
    Ok(())
}

#[test]
fn a_commit_that_is_killed_leaves_the_state_before_it() {
    let workspace = Workspace::checked();
    let config = workspace.read("tastevin.toml").replace("max_quarantined = \"5%\"", "max_quarantined = \"50%\"");
    workspace.write("tastevin.toml", config);
    let count = |table: &str| {
        let counted = workspace.tastevin(["query", "--json", &format!("SELECT count(*) AS n FROM {table}")]);
        (counted.code == 0).then_some(counted.stdout)
    };
    let mut killed = 0;
    for moment in [0, 40, 120] {
        let mut child =
            workspace.command().args(["commit"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it runs");
        let lines = BufReader::new(child.stderr.take().expect("its messages")).lines();
        assert!(
            lines.map_while(std::result::Result::ok).any(|line| line.starts_with("commit: ")),
            "it begins to commit"
        );
        std::thread::sleep(Duration::from_millis(moment));
        child.kill().expect("it can be killed");
        if child.wait().expect("it ends").success() {
            // It was faster than the kill; then it is whole, as the end of this test says.
            break;
        }
        killed += 1;
        assert_eq!(
            workspace.tastevin(["log", "--json"]).passed().json()["commits"],
            serde_json::json!([]),
            "after {moment} ms"
        );
        assert_eq!(count("canonical.products"), None, "not even the table was made");
        assert_eq!(count("quarantine.products"), None);
    }
    assert!(killed > 0);
    workspace.tastevin(["commit"]).passed();
    let log = workspace.tastevin(["log", "--json"]).passed().json();
    assert_eq!(log["commits"].as_array().map(Vec::len), Some(1));
    let added = log["commits"][0]["tables"][0]["added"].to_string();
    assert!(count("canonical.products").is_some_and(|counted| counted.contains(&added)), "{added}");
}

#[test]
fn an_export_that_was_cut_short_does_not_delete_what_was_committed() {
    use crate::harness::Workspace;
    let workspace = Workspace::checked();
    workspace.write("tastevin.toml", workspace.read("tastevin.toml").replace("\"5%\"", "\"50%\""));
    workspace.tastevin(["commit", "--message", "first"]).passed();
    let sales = std::fs::read_dir(workspace.path("exports"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().contains("ventes"))
        .unwrap();
    let whole = std::fs::read(&sales).unwrap();
    for keep in [1, 40] {
        let end = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(keep - 1).unwrap().0;
        std::fs::write(&sales, &whole[..=end]).unwrap();
        let sync = workspace.tastevin(["sync", "--message", "short"]).ended(1);
        let said = format!("{}{}", sync.stdout, sync.stderr);
        assert!(said.contains("no table loses more than 20% of its committed rows"), "{said}");
        let left =
            workspace.tastevin(["query", "--format", "csv", "SELECT count(*) > 3500 FROM canonical.sales_lines"]);
        assert!(left.passed().stdout.contains("true"));
    }
    workspace.write("tastevin.toml", workspace.read("tastevin.toml").replace("\"20%\"", "\"100%\""));
    workspace.tastevin(["commit", "--message", "short, and meant"]).passed();
}
