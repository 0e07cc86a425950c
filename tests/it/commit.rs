//! From candidates to canonical tables: gate, quarantine, difference, commit, history.

use tastevin::error::Result;
use tastevin::model::{Condition, FailOn, Gate, Schema};
use tastevin::stages::gate;
use tastevin::store::Store;

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
    Gate { max_quarantined: "100%".to_owned(), ..Gate::default() }
}

/// A store with three customers, three orders of theirs and four lines, checked once and found clean.
fn checked() -> Result<Store> {
    let store = Store::in_memory(&[], &[])?;
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
    check_again(&store, 1)?;
    Ok(store)
}

/// Replaces a candidate table; a row's identity is its first columns' values, or its number where that is taken.
fn candidates(store: &Store, table: &str, columns: &str, rows: &str) -> Result<()> {
    let names: Vec<&str> = columns.split(", ").filter_map(|column| column.split(' ').next()).collect();
    let key = if table == "lines" { "order_key || '/' || position" } else { names[0] };
    let list = names.join(", ");
    store.run(&format!(
        "CREATE OR REPLACE TABLE candidate.{table} ({columns}, _key VARCHAR, _source VARCHAR, _entity VARCHAR, _row BIGINT, _unread BIGINT);
         INSERT INTO candidate.{table} SELECT {list},
           CASE WHEN {key} IS NULL THEN 'row:' || n WHEN n > min(n) OVER (PARTITION BY {key}) THEN {key} || '#' || n ELSE {key} END,
           'shop', '{table}', n, 0
         FROM (SELECT *, row_number() OVER () AS n FROM (VALUES {rows}) v({list}))"
    ))
}

fn check_again(store: &Store, check: i64) -> Result<()> {
    store.run(&format!(
        "INSERT INTO dq.scores VALUES ({check}, TIMESTAMP '2026-11-22 09:00:00' + INTERVAL ({check}) MINUTE, 'customers', 3, 0, 0, 100)"
    ))
}

fn finding(store: &Store, severity: &str, table: &str, row: &str, rule: &str, field: &str, status: &str) -> Result<()> {
    store.run(&format!(
        "INSERT INTO dq.anomalies VALUES ('{rule}', '{severity}', '{table}', '{row}', '{field}', NULL, 'it is wrong', NULL,
           'shop', '{table}', 1, '{status}')"
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
    assert_eq!(failing(&gate::conditions(&store, &schema(), &Gate::default())?), [""; 0]);
    store.run("DELETE FROM dq.scores")?;
    assert_eq!(
        failing(&gate::conditions(&store, &schema(), &Gate::default())?),
        [
            "the last check covers the newest load and the schema as it is: nothing has been checked yet; run `tastevin check`"
        ]
    );
    Ok(())
}

#[test]
fn the_gate_closes_when_a_load_or_the_schema_is_newer_than_the_check() -> Result<()> {
    let store = checked()?;
    store.run("INSERT INTO dq.loads VALUES (7, 'shop', 'failed', '2026-11-22 10:00:00', '2026-11-22 10:01:00', 0, 0, 0, '{}')")?;
    assert_eq!(
        failing(&gate::conditions(&store, &schema(), &Gate::default())?),
        [""; 0],
        "a failed load changes nothing"
    );
    store.run(
        "INSERT INTO dq.loads VALUES (8, 'shop', 'done', '2026-11-22 10:00:00', '2026-11-22 10:01:00', 0, 0, 0, '{}')",
    )?;
    let closed = failing(&gate::conditions(&store, &schema(), &Gate::default())?);
    assert!(closed[0].ends_with("shop was loaded after check 1; run `tastevin check`"), "{closed:?}");
    let mut grown = schema();
    grown.tables["customers"].fields.insert("city".to_owned(), Default::default());
    let closed = failing(&gate::conditions(&store, &grown, &Gate::default())?);
    assert!(closed[0].contains("the candidates do not have customers.city"), "{closed:?}");
    Ok(())
}

#[test]
fn what_blocks_depends_on_severity_and_status_and_where_the_gate_fails() -> Result<()> {
    let store = checked()?;
    finding(&store, "error", "lines", "O1/1", "out-of-range", "amount", "open")?;
    finding(&store, "error", "lines", "O1/2", "out-of-range", "amount", "waived")?;
    finding(&store, "warning", "lines", "O2/1", "untidy-text", "", "open")?;
    let blocked = |fail_on| store.texts(&format!("{} ORDER BY 1", gate::blocked_sql("lines", fail_on)));
    assert_eq!(
        blocked(FailOn::Error)?.rows,
        [[Some("O1/1".to_owned()), Some("['out-of-range amount: it is wrong']".to_owned())]]
    );
    assert_eq!(blocked(FailOn::Warning)?.rows.len(), 2);
    assert_eq!(blocked(FailOn::Never)?.rows.len(), 0);
    let rule = store.texts(&format!("SELECT {} AS rule", gate::rule_of("'untidy-text: it is wrong'")))?;
    assert_eq!(rule.get(0, "rule"), Some("untidy-text"));

    let gate = |fail_on, quarantine, most: &str| Gate { fail_on, quarantine, max_quarantined: most.to_owned() };
    let closed = |gate: Gate| Ok::<_, tastevin::error::Error>(failing(&gate::conditions(&store, &schema(), &gate)?));
    assert_eq!(
        closed(gate(FailOn::Error, true, "5%"))?,
        ["no table has more than 5% of its rows held back: lines 1 of 4 rows"]
    );
    assert_eq!(closed(gate(FailOn::Error, true, "25%"))?, [""; 0]);
    assert_eq!(
        closed(gate(FailOn::Warning, true, "1"))?,
        ["no table has more than 1 rows held back: lines 2 of 4 rows"]
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
        failing(&gate::conditions(&store, &schema(), &generous())?),
        ["no open finding that blocks is about a table as a whole: lines 1"]
    );
    Ok(())
}
