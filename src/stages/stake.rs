//! The money at stake: what of the rows that the schema calls money hangs on a row with a finding, through the references
//! of the tables. A customer's sales hang on the customer, a product's on the product, a sale on itself.

use indexmap::IndexMap;

use crate::error::{Error, Result};
use crate::model::{FieldType, Schema};
use crate::sql::{Ident, Literal, Path};
use crate::stages::basis::digest;
use crate::stages::places::{IDENTITY, Places, Sought};
use crate::store::{Store, params};

/// A step from a row to the row that it refers to.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub field: String,
    pub table: String,
    pub key: String,
}

/// What the schema calls money.
#[derive(Debug)]
pub(super) struct Money<'s> {
    /// The table whose rows are money.
    pub table: &'s str,
    /// The field with the amount.
    pub field: &'s str,
    /// Per table on whose rows money can hang, the ways by which the rows with the money lead there; an empty way is the
    /// table with the money itself.
    pub ways: IndexMap<String, Vec<Vec<Step>>>,
}

impl Money<'_> {
    /// `None` where nothing is money.
    pub fn of(schema: &Schema) -> Option<Money<'_>> {
        let (table, stake) = schema.stake()?;
        Some(Money { table, field: &stake.field, ways: ways(schema) })
    }

    /// The rows with the money.
    pub fn rows(&self) -> Path<'_> {
        Path("candidate", self.table)
    }

    /// By what a sum is known again as one of this money.
    fn name(&self) -> String {
        digest(self)
    }
}

/// Refuses a schema in which it is not clear what the money is.
pub fn validate(schema: &Schema) -> Result<()> {
    let mut tables = schema.tables.iter().filter_map(|(name, table)| Some((name, table, table.stake.as_ref()?)));
    let Some((name, table, stake)) = tables.next() else { return Ok(()) };
    let wrong = |what: String| Err(Error::config(what).at_file("mappings/canonical.toml").at_column("stake"));
    if let Some((other, ..)) = tables.next() {
        return wrong(format!("both {name} and {other} say that their rows are money; only one table can"));
    }
    match table.fields.get(&stake.field).map(|field| field.kind) {
        Some(FieldType::Integer | FieldType::Decimal) => Ok(()),
        Some(kind) => wrong(format!("{name}.{} is {}, and only numbers can be summed up", stake.field, kind.name())),
        None => wrong(format!("the table \"{name}\" has no field \"{}\"", stake.field)),
    }
}

fn ways(schema: &Schema) -> IndexMap<String, Vec<Vec<Step>>> {
    let mut ways: IndexMap<String, Vec<Vec<Step>>> = IndexMap::new();
    let Some((first, _)) = schema.stake() else { return ways };
    let mut open: Vec<(String, Vec<Step>)> = vec![(first.to_owned(), Vec::new())];
    while let Some((at, way)) = open.pop() {
        for (field, declared) in schema.tables.get(&at).into_iter().flat_map(|table| &table.fields) {
            let Some(to) = &declared.references else { continue };
            let was_there = to.table == first || way.iter().any(|step| step.table == to.table);
            if schema.field(&to.table, &to.field).is_some() && !was_there {
                let step = Step { field: field.clone(), table: to.table.clone(), key: to.field.clone() };
                open.push((to.table.clone(), way.iter().cloned().chain([step]).collect()));
            }
        }
        ways.entry(at).or_default().push(way);
    }
    ways
}

/// The joins from the row with the money, which is called `s`, along a way through relations that have a table's rows, and what the row at
/// its end is called.
fn joined(way: &[Step], relation: impl Fn(&str) -> String) -> (String, String) {
    let mut joins = String::new();
    let mut alias = "s".to_owned();
    for (n, Step { field, table, key }) in way.iter().enumerate() {
        joins += &format!(
            "\nJOIN {} AS t{n} ON t{n}.{}::VARCHAR = {alias}.{}::VARCHAR",
            relation(table),
            Ident(key),
            Ident(field)
        );
        alias = format!("t{n}");
    }
    (joins, alias)
}

/// All candidates of a table.
fn candidates(table: &str) -> String {
    Path("candidate", table).to_string()
}

/// The temporary table with the rows beside whose findings the money is written: `table`, `row`, `place`, which is the row's
/// record number, and whether it `is_open`; after decisions `_at` too, where the row stands among all that have a finding.
pub(super) const FOUND: &str = "\"rows with money at stake\"";

/// The temporary table with what hangs on them: `place_of` is the place of the row in the one before, `line` that of the money.
const LINES: &str = "\"money at stake\"";

/// Writes the money that hangs on the row beside every finding, and says how much hangs on the open ones in all.
pub(super) fn fill(store: &Store, schema: &Schema) -> Result<Option<String>> {
    let Some(mut money) = Money::of(schema) else { return Ok(None) };
    let built = store.tables("candidate")?;
    if !built.iter().any(|name| name == money.table) {
        return Ok(None);
    }
    money.ways.retain(|table, _| built.contains(table));
    let tables: Vec<String> = money.ways.keys().map(|table| Literal(table).to_string()).collect();
    store.run(&format!(
        "CREATE OR REPLACE TEMP TABLE {FOUND} AS\n\
         SELECT \"table\", \"row\", max(_row) AS place, bool_or(status = 'open') AS is_open FROM dq.anomalies WHERE \"table\" IN ({}) GROUP BY 1, 2",
        tables.join(", ")
    ))?;
    fill_found(store, &money, &Places::default())?;
    let sum = store.first(
        &format!("SELECT {} FROM (SELECT DISTINCT line, amount FROM {LINES} WHERE is_open)", sum("amount")),
        [],
        |row| row.get(0),
    )?;
    store.let_go(LINES)?;
    Ok(sum)
}

/// An amount in sum, as a text that loses nothing.
pub(super) fn sum(amounts: &str) -> String {
    format!("coalesce(sum({amounts}), 0)::DECIMAL(38,4)::VARCHAR")
}

/// Writes the money that hangs on the row beside every finding of the rows that were gathered. They, and the rows with money, are looked
/// for where they are.
pub(super) fn fill_found(store: &Store, money: &Money, places: &Places) -> Result<()> {
    let mut lines = Vec::new();
    for (table, ways) in &money.ways {
        let of_table = format!("FROM {FOUND} WHERE \"table\" = {}", Literal(table));
        let found = format!("(SELECT rowid AS place_of, * {of_table}) AS found");
        let names = format!("SELECT \"row\" {of_table}");
        let near = |of: &str, alias: &str, field: &str, values: &str| {
            places.near(store, of, alias, field, values).map(|near| near.with("true".to_owned()))
        };
        for way in ways {
            let everywhere = || Some(Sought::among_all("true".to_owned()));
            let ends = if way.len() == 1 { near(table, "t0.", IDENTITY, &names)? } else { everywhere() };
            let Some(ends) = ends else { continue };
            let rows = match way.as_slice() {
                [] => near(money.table, "s.", IDENTITY, &names)?,
                [Step { field, key, .. }] => {
                    let (key, from) = (Ident(key), ends.rows(table));
                    let of_ends = format!(
                        "SELECT t0.{key}::VARCHAR FROM {from} AS t0 WHERE {} AND t0._key IN ({names})",
                        ends.condition
                    );
                    near(money.table, "s.", field, &of_ends)?
                }
                _ => everywhere(),
            };
            let Some(rows) = rows else { continue };
            let (joins, alias) = joined(way, |of| if of == table { ends.rows(of) } else { candidates(of) });
            // What is money itself is found by its number, which is quicker than by its name alone.
            let by_number = if way.is_empty() { " AND found.place = s._row" } else { "" };
            lines.push(format!(
                "SELECT found.place_of, s.{} AS line, s.{} AS amount, found.is_open FROM {} AS s{joins}\n\
                 JOIN {found} ON found.\"row\" = {alias}._key{by_number} WHERE {} AND {}",
                rows.place(),
                Ident(money.field),
                rows.rows(money.table),
                rows.condition,
                ends.condition
            ));
        }
    }
    if lines.is_empty() {
        let (amount, rows) = (Ident(money.field), money.rows());
        lines.push(format!(
            "SELECT rowid AS place_of, rowid AS line, {amount} AS amount, true AS is_open FROM {rows} WHERE false"
        ));
    }
    store.fill_like(LINES, "place_of, line, amount, is_open", lines.join("\nUNION ALL\n"))?;
    store.run(&format!(
        "UPDATE dq.anomalies AS a SET stake = sums.stake FROM (\n{}\n) AS sums WHERE a.\"table\" = sums.\"table\" AND a.\"row\" = sums.\"row\"",
        sums(money, "f.\"table\", f.\"row\"")
    ))
}

/// The query for the money that hangs on each row that was gathered: `columns` of [`FOUND`], as `f`, say which row, and `stake` how much.
pub(super) fn sums(money: &Money, columns: &str) -> String {
    // By one direct reference every line comes once; by others the same line can come twice.
    let is_once = money.ways.values().all(|ways| ways.len() == 1 && ways.iter().all(|way| way.len() <= 1));
    let distinct = if is_once { "" } else { "DISTINCT " };
    format!(
        "SELECT {columns}, coalesce(sum(amount), 0)::DECIMAL(38,4) AS stake FROM {FOUND} AS f\n\
         LEFT JOIN (SELECT {distinct}place_of, line, amount FROM {LINES}) AS l ON l.place_of = f.rowid GROUP BY {columns}"
    )
}

/// Keeps with the verdict how much money hangs on open findings in all: every screen asks for it, and after a decision it follows
/// from what it was before.
pub(super) fn keep(store: &Store, schema: &Schema, sum: Option<&str>) -> Result<()> {
    let of = Money::of(schema).map(|money| money.name());
    let sql = "UPDATE dq.verdict SET stake = ?::DECIMAL(38,4), stake_of = ?::VARCHAR";
    store.execute(sql, params![sum, sum.and(of)]).map(drop)
}

/// What was kept so; `None` where it is not known.
pub(super) fn kept(store: &Store, schema: &Schema) -> Result<Option<String>> {
    let Some(money) = Money::of(schema) else { return Ok(None) };
    store.first("SELECT stake::VARCHAR FROM dq.verdict WHERE stake_of = ?", [money.name()], |row| row.get(0))
}

/// The same in the unit of the money. That it is also what hangs on `all` findings is so only where all are open.
pub fn total_kept(store: &Store, schema: &Schema, all: bool) -> Result<Option<f64>> {
    let Some(money) = Money::of(schema) else { return Ok(None) };
    let holds = if all { " AND NOT EXISTS (FROM dq.anomalies WHERE status <> 'open')" } else { "" };
    let sql = format!("SELECT stake::DOUBLE FROM dq.verdict WHERE stake_of = ?{holds}");
    store.plainly(|| store.first(&sql, [money.name()], |row| row.get(0)))
}

/// The condition that a finding is open.
pub(super) const OPEN: &str = "status = 'open'";

/// The query for how many findings there are per rule, severity, table and field: `open`, `waived`, and `stake`, the money that
/// hangs on the rows with an open one. Rows that share their key share what hangs on it, which counts once; one whose key was
/// set since has other money. A row that is money itself, or that has no key, shares nothing.
pub fn tallies(schema: &Schema) -> String {
    let money = Literal(schema.stake().map_or("", |(money, _)| money));
    let shared =
        |what: &str| format!("CASE WHEN \"table\" <> {money} AND position('#' IN \"row\") > 1 THEN {what} END");
    format!(
        r#"SELECT rule, severity, "table", field, sum(open)::BIGINT AS open, sum(waived)::BIGINT AS waived,
  CAST(sum(CASE WHEN key IS NULL THEN own WHEN open > 0 THEN shared END) AS DOUBLE) AS stake
FROM (
  SELECT rule, severity, "table", field, {} AS key, {} AS shared, count(*) FILTER (status = 'open') AS open,
    count(*) FILTER (status <> 'open') AS waived, sum(stake) FILTER (status = 'open') AS own
  FROM dq.anomalies GROUP BY ALL
) GROUP BY rule, severity, "table", field"#,
        shared("regexp_replace(\"row\", '#[0-9a-f]{12}\\.[0-9]+$', '')"),
        shared("stake"),
    )
}

/// The temporary table with every row of money that hangs on a finding: `at` is the finding's place, `line` the money's.
const HANGING: &str = "\"money that hangs on findings\"";

/// Finds what hangs on which finding, for [`per`] to be asked by; false where no money can hang on any row.
pub fn hang(store: &Store, schema: &Schema) -> Result<bool> {
    let Some(money) = Money::of(schema) else { return Ok(false) };
    if !store.has_table("candidate", money.table)? {
        return Ok(false);
    }
    let mut parts = Vec::new();
    for (table, ways) in &money.ways {
        for way in ways {
            let (joins, alias) = joined(way, candidates);
            parts.push(format!(
                "SELECT f.at, s.rowid AS line, s.{} AS amount FROM {} AS s{joins}\n\
                 JOIN (SELECT rowid AS at, \"row\" AS _key FROM dq.anomalies WHERE \"table\" = {}) AS f ON f._key = {alias}._key",
                Ident(money.field),
                money.rows(),
                Literal(table)
            ));
        }
    }
    store.run(&format!("CREATE OR REPLACE TEMP TABLE {HANGING} AS {}", parts.join("\nUNION ALL\n")))?;
    Ok(true)
}

/// The query for the money that hangs on the rows with a finding that meets the condition over `dq.anomalies`, with the
/// columns `value` and `stake` for every value of an expression over that table; of each value every amount counts once, by
/// however many rows and ways it hangs on them. It stands on what [`hang`] has found.
pub fn per(value: &str, condition: &str) -> String {
    format!(
        "SELECT value, CAST(coalesce(sum(amount), 0) AS DOUBLE) AS stake FROM (\n  \
         SELECT DISTINCT f.value, h.line, h.amount FROM {HANGING} AS h\n  \
         JOIN (SELECT {value} AS value, rowid AS at FROM dq.anomalies WHERE {condition}) AS f ON f.at = h.at)\n\
         GROUP BY value"
    )
}

/// The money that hangs on the rows with a finding that meets the condition over `dq.anomalies`; every amount counts once,
/// by however many ways it hangs on them. `None` where no money can hang on any row. Where the condition lets only findings of one
/// `table` through, it can be named.
pub fn total(store: &Store, schema: &Schema, condition: &str, table: Option<&str>) -> Result<Option<f64>> {
    let Some(money) = Money::of(schema) else { return Ok(None) };
    let kept: Option<bool> =
        store.first("SELECT coalesce(stake_of = ?, false) FROM dq.verdict", [money.name()], |row| row.get(0))?;
    let amounts = match kept {
        // A row that is money has its own amount beside its findings.
        Some(true) if table == Some(money.table) => {
            format!("SELECT DISTINCT \"row\", stake AS amount FROM dq.anomalies WHERE {condition}")
        }
        Some(true) => hanging(&money, condition),
        _ if store.has_table("candidate", money.table)? => hanging(&money, condition),
        _ => return Ok(None),
    };
    store.first(&format!("SELECT CAST(coalesce(sum(amount), 0) AS DOUBLE) FROM ({amounts})"), [], |row| row.get(0))
}

/// The query for the rows of money that hang on the rows with a finding that meets the condition, each once.
pub(super) fn hanging(money: &Money, condition: &str) -> String {
    let mut parts = Vec::new();
    for (table, ways) in &money.ways {
        let is_found = format!(
            "_key IN (SELECT \"row\" FROM dq.anomalies WHERE \"table\" = {} AND ({condition}))",
            Literal(table)
        );
        for way in ways {
            // From the end of the way back to the row with the money.
            parts.push(way.iter().rev().fold(is_found.clone(), |condition, step| {
                format!(
                    "{}::VARCHAR IN (SELECT {}::VARCHAR FROM {} WHERE {condition})",
                    Ident(&step.field),
                    Ident(&step.key),
                    Path("candidate", &step.table)
                )
            }));
        }
    }
    // Each way by itself: joined by OR, every row would be held against all of them.
    let parts: Vec<String> = parts
        .iter()
        .map(|part| format!("SELECT rowid, {} AS amount FROM {} WHERE {part}", Ident(money.field), money.rows()))
        .collect();
    parts.join("\nUNION\n")
}
