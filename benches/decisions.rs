//! How long a decision takes until every count is right: from the wish to the ledger on the disk, the rows that it touches
//! built and looked at again, and the questions that the screens ask afterwards.
//!
//! `CARGO_PROFILE_DEV_OPT_LEVEL=3 cargo bench --profile dev --bench decisions -- --rows 1000000` makes the exports and a
//! checked workspace once (kept under the target folder) and prints, per kind of decision, the median and the slowest of
//! both, and the median of the latter as a share of what a bare `CREATE TABLE … AS read_csv(all_varchar)` of the same files takes in the same
//! run. `--committed` does the same in a workspace whose rows were committed before.

#[path = "../sample_exports/generator/mod.rs"]
mod generator;

mod bare;
mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use clap::Parser as _;
use generator::Encoding;
use indexmap::IndexMap;
use tastevin::error::{Error, Result};
use tastevin::model::{Action, AnomalyFilter, LoadOptions, Status};
use tastevin::workbench::{NewValue, OpenOptions, Workbench};

/// How long every kind of decision takes.
#[derive(clap::Parser)]
struct Arguments {
    /// Sales lines; customers are a tenth of that.
    #[arg(long, default_value_t = 1_000_000)]
    rows: u64,
    /// How often each kind of decision is made.
    #[arg(long, default_value_t = 5)]
    times: usize,
    /// Only the kinds whose names contain this.
    #[arg(long)]
    only: Option<String>,
    /// Commit before the first decision.
    #[arg(long)]
    committed: bool,
    /// What cargo passes to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What was measured of one decision: until the verdict is new, and until the screen has asked for what it shows.
type Took = (Duration, Duration);

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("pipeline-{}", arguments.rows));
    let dir = home.join(if arguments.committed { "decisions-committed" } else { "decisions" });
    let files = bare::csv_files(&common::exports(&home, arguments.rows, Encoding::Utf8)?)?;
    let before = bare::load(&home, &files)?;
    let mut workbench = prepared(&home, &dir, &arguments)?;
    let mut bench = Bench { took: IndexMap::new(), only: arguments.only.clone() };
    for _ in 0..arguments.times {
        bench.decide(&mut workbench)?;
    }
    drop(workbench);
    // The machine may have become slower or quicker meanwhile.
    let bare = (before + bare::load(&home, &files)?) / 2;
    println!("{} sales lines{}", arguments.rows, if arguments.committed { ", committed before" } else { "" });
    println!("  bare read_csv {:.2} s", bare.as_secs_f64());
    println!("  {:<28} {:>8} {:>8}   until the screen has asked", "a decision", "median", "slowest");
    let all: Vec<Took> = bench.took.values().flatten().copied().collect();
    for (kind, took) in bench.took.iter().map(|(kind, took)| (*kind, took)).chain([("all", &all)]) {
        let ms = |duration: Duration| duration.as_secs_f64() * 1000.0;
        let (median, slowest) = spread(took.iter().map(|(verdict, _)| *verdict));
        let (shown, last) = spread(took.iter().map(|(_, shown)| *shown));
        println!(
            "  {kind:<28} {:>5.0} ms {:>5.0} ms   {:>5.0} ms {:>5.0} ms   {:.2} × bare   n {}",
            ms(median),
            ms(slowest),
            ms(shown),
            ms(last),
            shown.as_secs_f64() / bare.as_secs_f64(),
            took.len()
        );
    }
    Ok(())
}

/// The workspace, loaded and checked, and committed where that is wished.
fn prepared(home: &Path, dir: &Path, arguments: &Arguments) -> Result<Workbench> {
    let ready = dir.join("ready");
    if ready.exists() {
        let mut workbench = Workbench::open(dir, OpenOptions::default())?;
        // On another day, or by another version, everything is looked at once.
        workbench.recheck(&|_| {})?;
        return Ok(workbench);
    }
    let mut workbench = common::workspace(dir, &common::exports(home, arguments.rows, Encoding::Utf8)?)?;
    workbench.load("isavigne_prod", &LoadOptions::default(), &|_| {})?;
    workbench.check(&|_| {})?;
    if arguments.committed {
        workbench.commit("bench", &|_| {})?;
        workbench.check(&|_| {})?;
    }
    std::fs::write(&ready, "").map_err(|cause| Error::io("cannot write", &ready, cause))?;
    Ok(workbench)
}

struct Bench {
    took: IndexMap<&'static str, Vec<Took>>,
    only: Option<String>,
}

impl Bench {
    /// Makes one decision of every kind, on rows that no earlier one named.
    fn decide(&mut self, bench: &mut Workbench) -> Result<()> {
        let n = bench.decision_count();
        let customer = row(bench, "customers", "_key NOT LIKE '%#%' AND purchase_count > 0")?;
        let buyer =
            row(bench, "customers", &format!("_key NOT LIKE '%#%' AND purchase_count > 1 AND _key <> '{customer}'"))?;
        let line = row(bench, "sales_lines", "_key NOT LIKE '%#%' AND price_total_eur > 0")?;
        let gone = row(bench, "sales_lines", "_key NOT LIKE '%#%' AND quantity_units > 1")?;
        let product = row(bench, "products", "_key NOT LIKE '%#%' AND list_price_eur > 0")?;
        let doubled = row(bench, "customers", "_key LIKE '%#%'")?;
        let (town, mail) = (format!("Ville {n}"), format!("someone{n}@example.fr"));
        let price = format!("{}.5", 20 + n % 50);
        let set = |table: &'static str, row: &str, field: &'static str, now: &str| {
            let (row, now) = (row.to_owned(), now.to_owned());
            move |bench: &mut Workbench| bench.set(table, &row, field, Some(&now), None, None).map(|_| ())
        };
        let decide = |action: Action| {
            move |bench: &mut Workbench| bench.decide(action.clone(), Some("bench".to_owned())).map(|_| ())
        };
        let take_back = |bench: &mut Workbench| {
            let of = bench.decisions().last().map(|decision| decision.id.clone()).unwrap_or_default();
            bench.decide(Action::revert(&of), None).map(|_| ())
        };
        self.time(bench, "set a customer's town", &set("customers", &customer, "city", &town))?;
        self.time(bench, "undo", &take_back)?;
        self.time(bench, "redo", &take_back)?;
        self.time(bench, "set a customer's e-mail", &set("customers", &customer, "email", &mail))?;
        self.time(bench, "set a line's quantity", &set("sales_lines", &line, "quantity_units", "3"))?;
        self.time(bench, "set a line's customer", &set("sales_lines", &line, "customer_key", &customer))?;
        self.time(bench, "set a product's price", &set("products", &product, "list_price_eur", &price))?;
        self.time(bench, "set a doubled key", &set("customers", &doubled, "customer_key", &format!("isavigne-N{n}")))?;
        self.time(bench, "set 20 rows by condition", &|bench| {
            let keys = bench.query(&format!(
                "SELECT _key FROM candidate.customers WHERE _key NOT LIKE '%#%' ORDER BY hash(_key || 'b{n}') LIMIT 20"
            ))?;
            let keys: Vec<String> = keys.rows.into_iter().flatten().flatten().collect();
            let values = keys.into_iter().map(|key| (key, Some(format!("Bourg {n}")))).collect();
            bench.set_rows("customers", "city", None, &values, None).map(|_| ())
        })?;
        let values = [(town.clone(), "Strasbourg".to_owned())].into_iter().collect();
        let (table, field) = ("customers".to_owned(), "city".to_owned());
        self.time(bench, "replace a town", &decide(Action::Replace { table, field, values }))?;
        let exclude = |table: &str, row: &str| Action::Exclude { table: table.to_owned(), rows: vec![row.to_owned()] };
        self.time(bench, "exclude a line", &decide(exclude("sales_lines", &gone)))?;
        self.time(bench, "undo the exclusion", &take_back)?;
        self.time(bench, "redo the exclusion", &take_back)?;
        self.time(bench, "exclude a customer", &decide(exclude("customers", &buyer)))?;
        self.time(bench, "undo that exclusion", &take_back)?;
        self.time(bench, "merge two customers", &|bench| {
            bench.merge("customers", &customer, std::slice::from_ref(&buyer), &IndexMap::new(), None).map(|_| ())
        })?;
        self.time(bench, "undo the merge", &take_back)?;
        for (kind, rule) in [("waive a finding", "price-far-from-list"), ("waive a blocking one", "missing-value")] {
            if let Some(filter) = one_found(bench, rule, "true")? {
                self.time(bench, kind, &|bench| bench.waive_found(&filter, None, "bench").map(|_| ()))?;
                self.time(bench, "undo a waiver", &take_back)?;
            }
        }
        let suggested = bench.query(
            "SELECT rule FROM dq.anomalies WHERE status = 'open' AND suggestion IS NOT NULL AND \"table\" = 'customers' GROUP BY rule ORDER BY count(*) LIMIT 1",
        )?;
        if let Some(rule) = suggested.rows.into_iter().flatten().flatten().next()
            && let Some(filter) = one_found(bench, &rule, "suggestion IS NOT NULL")?
        {
            self.time(bench, "accept a suggestion", &|bench| {
                bench.set_found(&filter, NewValue::Suggestion, None).map(|_| ())
            })?;
        }
        Ok(())
    }

    fn time(
        &mut self,
        bench: &mut Workbench,
        kind: &'static str,
        wish: &dyn Fn(&mut Workbench) -> Result<()>,
    ) -> Result<()> {
        if self.only.as_ref().is_some_and(|only| !kind.contains(only.as_str()) && !kind.contains("undo")) {
            return Ok(());
        }
        let begin = Instant::now();
        wish(bench)?;
        bench.recheck(&|_| {})?;
        let verdict = begin.elapsed();
        // What the screen with the findings asks for anew.
        let filter = AnomalyFilter { status: Some(Status::Open), ..AnomalyFilter::default() };
        bench.facets(&filter)?;
        bench.anomalies(&filter, 0, 100)?;
        bench.at_stake(&filter)?;
        self.took.entry(kind).or_default().push((verdict, begin.elapsed()));
        Ok(())
    }
}

/// Some row of a table that meets a condition; another one after every decision.
fn row(bench: &Workbench, table: &str, condition: &str) -> Result<String> {
    let n = bench.decision_count();
    let rows = bench
        .query(&format!("SELECT _key FROM candidate.{table} WHERE {condition} ORDER BY hash(_key || '{n}') LIMIT 1"))?;
    let first = rows.rows.into_iter().flatten().flatten().next();
    first.ok_or_else(|| Error::internal(format!("no row of {table} where {condition}")))
}

/// A filter for one open finding of a rule; `None` where it has none that meets the condition.
fn one_found(bench: &Workbench, rule: &str, condition: &str) -> Result<Option<AnomalyFilter>> {
    let n = bench.decision_count();
    let found = bench.query(&format!(
        "SELECT \"table\", \"row\", field FROM dq.anomalies WHERE rule = '{rule}' AND status = 'open' AND ({condition}) \
         ORDER BY hash(\"row\" || '{n}') LIMIT 1"
    ))?;
    Ok(match found.rows.into_iter().next().as_deref() {
        Some([Some(table), Some(row), field]) => Some(AnomalyFilter {
            rule: Some(rule.to_owned()),
            table: Some(table.clone()),
            row: Some(row.clone()),
            field: field.clone(),
            ..AnomalyFilter::default()
        }),
        _ => None,
    })
}

/// The median and the longest.
fn spread(times: impl Iterator<Item = Duration>) -> (Duration, Duration) {
    let mut times: Vec<Duration> = times.collect();
    times.sort();
    (times.get(times.len() / 2).copied().unwrap_or_default(), times.last().copied().unwrap_or_default())
}
