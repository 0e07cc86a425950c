//! How fast the way of the data is, as ratios against bare DuckDB statements on the same files in the same run.
//!
//! `cargo bench --profile dev --bench pipeline -- --rows 1000000` makes the exports (kept under the target folder), then
//! per encoding: a bare `CREATE TABLE … AS read_csv(all_varchar)` of every file into a file database, `load`, `check`
//! (map and all rules), decisions with the look at what they touch, a commit, the first frame of the workbench, and the
//! peak memory of the process so far.

#[path = "../sample_exports/generator/mod.rs"]
mod generator;

mod bare;
mod common;

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::time::{Duration, Instant};

use clap::Parser as _;
use generator::Encoding;
use indexmap::IndexMap;
use tastevin::error::{Error, Result};
use tastevin::model::{Action, Progress, SortKey, TableView};
use tastevin::workbench::{OpenOptions, Viewed, Workbench};

/// Ratios of load, map + rules and commit against bare DuckDB.
#[derive(clap::Parser)]
struct Arguments {
    /// Sales lines; customers are a tenth of that.
    #[arg(long, default_value_t = 1_000_000)]
    rows: u64,
    /// How often each is measured; the median is printed.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Only this encoding: utf-8 or windows-1252.
    #[arg(long)]
    encoding: Option<String>,
    /// How often each kind of decision is made and what it touches looked at again.
    #[arg(long, default_value_t = 5)]
    decisions: usize,
    /// Print every step that takes longer than this many milliseconds.
    #[arg(long)]
    steps: Option<u64>,
    /// What cargo passes to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    for encoding in [Encoding::Utf8, Encoding::Windows1252] {
        if arguments.encoding.as_deref().is_none_or(|name| name == encoding.name()) {
            measure(&arguments, encoding)?;
        }
    }
    Ok(())
}

fn measure(arguments: &Arguments, encoding: Encoding) -> Result<()> {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("pipeline-{}", arguments.rows));
    let exports = common::exports(&home, arguments.rows, encoding)?;
    // DuckDB alone reads no Windows-1252: the bare statement is always given the same content as UTF-8.
    let files = bare::csv_files(&common::exports(&home, arguments.rows, Encoding::Utf8)?)?;
    let bytes: u64 = files.iter().filter_map(|path| path.metadata().ok()).map(|meta| meta.len()).sum();
    println!("{} sales lines, {}, {} MB in {} files", arguments.rows, encoding.name(), bytes / 1_000_000, files.len());

    let (mut bare, mut load, mut check, mut commit) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut asked = Vec::new();
    let mut decided: Vec<(&str, Duration)> = Vec::new();
    for _ in 0..arguments.runs {
        bare.push(bare::load(&home, &files)?);
        let workspace = home.join("workspace");
        let mut workbench = common::workspace(&workspace, &exports)?;
        let steps = Steps::new(arguments.steps);
        load.push(timed(|| {
            workbench.load("isavigne_prod", &tastevin::model::LoadOptions::default(), &|progress| steps.see(progress))
        })?);
        check.push(timed(|| workbench.check(&|progress| steps.see(progress)))?);
        decided.extend(decide(&mut workbench, arguments.decisions)?);
        commit.push(timed(|| workbench.commit("bench", &|progress| steps.see(progress)))?);
        asked.push(timed(|| workbench.verdict())?);
        steps.end();
    }
    let (bare, load, check, commit) = (median(bare), median(load), median(check), median(commit));
    let ratio = |a: Duration, b: Duration| a.as_secs_f64() / b.as_secs_f64();
    println!("  bare read_csv   {:>8.2} s", bare.as_secs_f64());
    println!("  load            {:>8.2} s   {:>5.2} × bare", load.as_secs_f64(), ratio(load, bare));
    println!(
        "  map + rules     {:>8.2} s   {:>5.2} × load   {:>5.2} × bare",
        check.as_secs_f64(),
        ratio(check, load),
        ratio(check, bare)
    );
    let (recheck, slowest) = spread(decided.iter().map(|(_, took)| *took));
    println!(
        "  a decision      {:>8.0} ms  {:>5.2} × bare   slowest {:.0} ms   {} decisions",
        recheck.as_secs_f64() * 1000.0,
        ratio(recheck, bare),
        slowest.as_secs_f64() * 1000.0,
        decided.len()
    );
    let mut kinds: Vec<&str> = decided.iter().map(|(kind, _)| *kind).collect();
    kinds.dedup();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        let (median, slowest) = spread(decided.iter().filter(|(own, _)| *own == kind).map(|(_, took)| *took));
        let [median, slowest] = [median, slowest].map(|took| took.as_secs_f64() * 1000.0);
        println!("    {median:>8.0} ms  slowest {slowest:>5.0} ms   {kind}");
    }
    println!("  commit          {:>8.2} s   {:>5.2} × load", commit.as_secs_f64(), ratio(commit, load));
    println!("  verdict after it{:>8.0} ms", median(asked).as_secs_f64() * 1000.0);
    pages(&home.join("workspace"))?;
    println!("  first frame     {:>8.0} ms", first_frame(&home.join("workspace"))?.as_secs_f64() * 1000.0);
    println!("  peak memory     {:>8} MB", peak_memory_mb());
    Ok(())
}

/// Decisions of many kinds, each from the wish to the new verdict: the ledger on the disk, the rows that it touches built
/// and looked at again, every count refreshed.
fn decide(workbench: &mut Workbench, times: usize) -> Result<Vec<(&'static str, Duration)>> {
    let mut took = Vec::new();
    for n in 0..times {
        let row = |table: &str, condition: &str| -> Result<String> {
            let rows = workbench.query(&format!(
                "SELECT _key FROM candidate.{table} WHERE {condition} ORDER BY hash(_key || '{n}') LIMIT 1"
            ))?;
            let first = rows.rows.into_iter().flatten().flatten().next();
            first.ok_or_else(|| Error::internal(format!("no row of {table} where {condition}")))
        };
        let customer = row("customers", "_key NOT LIKE '%#%' AND purchase_count > 0")?;
        let line = row("sales_lines", "_key NOT LIKE '%#%' AND price_total_eur > 0")?;
        let gone = row("sales_lines", "_key NOT LIKE '%#%' AND quantity_units > 1")?;
        let product = row("products", "_key NOT LIKE '%#%' AND list_price_eur > 0")?;
        let doubled = row("customers", "_key LIKE '%#%'")?;
        let (town, mail) = (format!("Ville {n}"), format!("someone{n}@example.fr"));
        let price = format!("{}.5", 20 + n);
        let set = |table: &'static str, row: &str, field: &'static str, now: &str| {
            let (row, now) = (row.to_owned(), now.to_owned());
            move |bench: &mut Workbench| bench.set(table, &row, field, Some(&now), None, None).map(|_| ())
        };
        let decide = |action: Action| {
            move |bench: &mut Workbench| bench.decide(action.clone(), Some("bench".to_owned())).map(|_| ())
        };
        let mut time = |kind: &'static str, bench: &mut Workbench, wish: &dyn Fn(&mut Workbench) -> Result<()>| {
            let begin = Instant::now();
            wish(bench)?;
            bench.recheck(&|_| {})?;
            took.push((kind, begin.elapsed()));
            Ok::<(), Error>(())
        };
        time("set a customer's town", workbench, &set("customers", &customer, "city", &town))?;
        time("set a customer's e-mail", workbench, &set("customers", &customer, "email", &mail))?;
        time("set a line's quantity", workbench, &set("sales_lines", &line, "quantity_units", "3"))?;
        time("set a line's customer", workbench, &set("sales_lines", &line, "customer_key", &customer))?;
        time("set a product's price", workbench, &set("products", &product, "list_price_eur", &price))?;
        time("set a doubled key", workbench, &set("customers", &doubled, "customer_key", &format!("isavigne-N{n}")))?;
        let values = [(town.clone(), "Strasbourg".to_owned())].into_iter().collect();
        let (table, field) = ("customers".to_owned(), "city".to_owned());
        time("replace a town", workbench, &decide(Action::Replace { table, field, values }))?;
        let exclude = Action::Exclude { table: "sales_lines".to_owned(), rows: vec![gone] };
        time("exclude a line", workbench, &decide(exclude))?;
        let of = workbench.decisions().last().map(|decision| decision.id.clone()).unwrap_or_default();
        time("undo the exclusion", workbench, &decide(Action::revert(&of)))?;
        let found = workbench.query(&format!(
            "SELECT row, field, value FROM dq.anomalies WHERE rule = 'price-far-from-list' AND status = 'open' \
             ORDER BY hash(row || '{n}') LIMIT 1"
        ))?;
        if let Some([Some(row), Some(field), value]) = found.rows.first().map(Vec::as_slice) {
            let waive = Action::Waive {
                rule: "price-far-from-list".to_owned(),
                table: "sales_lines".to_owned(),
                field: Some(field.clone()),
                row: Some(row.clone()),
                was: value.clone(),
                rows: IndexMap::new(),
                until: None,
            };
            time("waive a finding", workbench, &decide(waive))?;
        }
    }
    Ok(took)
}

/// Pages of the largest staged table, as the workbench shows it: in its own order at the top, in the middle and at the end,
/// then the same sorted by its last column.
fn pages(workspace: &Path) -> Result<()> {
    const PAGE: u64 = 300;
    let reader = Workbench::open(workspace, OpenOptions::default())?;
    let largest = reader.tables()?.into_iter().filter(|table| table.schema == "staging").max_by_key(|table| table.rows);
    let Some(table) = largest else { return Ok(()) };
    let sort = |column: &str| vec![SortKey { column: column.to_owned(), descending: true }];
    let last = table.columns.iter().rev().find(|column| !column.name.starts_with('_'));
    for (name, sort) in [("page", Vec::new()), ("sorted page", last.map(|last| sort(&last.name)).unwrap_or_default())] {
        let viewed = Viewed { view: TableView { sort, ..TableView::all(table.of()) }, version: 1 };
        let prepare = timed(|| reader.view_page(&viewed, 0, PAGE, &|_| ()))?;
        let mut took = Vec::new();
        for from in [0, table.rows / 2, table.rows.saturating_sub(PAGE)] {
            let times =
                (0..9).map(|_| timed(|| reader.view_page(&viewed, from, PAGE, &|_| ()))).collect::<Result<_>>()?;
            took.push(median(times).as_secs_f64() * 1000.0);
        }
        println!(
            "  {name:<15} {:>8.1} ms at the top, {:.1} ms in the middle, {:.1} ms at the end of {} rows; found once in {:.0} ms",
            took[0],
            took[1],
            took[2],
            table.rows,
            prepare.as_secs_f64() * 1000.0
        );
    }
    Ok(())
}

/// The median and the longest.
fn spread(times: impl Iterator<Item = Duration>) -> (Duration, Duration) {
    let times: Vec<Duration> = times.collect();
    (median(times.clone()), times.into_iter().max().unwrap_or_default())
}

fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<Duration> {
    let begin = Instant::now();
    work()?;
    Ok(begin.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// From starting the program on a pseudo-terminal to the first text that it draws.
fn first_frame(workspace: &Path) -> Result<Duration> {
    let failed =
        |cause: Box<dyn std::error::Error + Send + Sync>| Error::internal("no pseudo-terminal").caused_by(cause);
    let size = portable_pty::PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 };
    let pair = portable_pty::native_pty_system().openpty(size).map_err(|cause| failed(cause.into()))?;
    let mut command = portable_pty::CommandBuilder::new(env!("CARGO_BIN_EXE_tastevin"));
    command.arg(workspace);
    command.env("TERM", "xterm-256color");
    let mut reader = pair.master.try_clone_reader().map_err(|cause| failed(cause.into()))?;
    let begin = Instant::now();
    let mut child = pair.slave.spawn_command(command).map_err(|cause| failed(cause.into()))?;
    let mut seen = Vec::new();
    let mut buffer = [0; 8192];
    let took = loop {
        match reader.read(&mut buffer) {
            Ok(read) if read > 0 => seen.extend_from_slice(&buffer[..read]),
            _ => break begin.elapsed(),
        }
        if seen.windows(8).any(|window| window == b"tastevin") {
            break begin.elapsed();
        }
    };
    let _ = child.kill();
    let _ = child.wait();
    Ok(took)
}

/// The most memory that this process had at once; 0 where the system does not tell.
fn peak_memory_mb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Prints how long each named step of the progress took.
struct Steps {
    above: Option<Duration>,
    last: std::sync::Mutex<(String, Instant)>,
}

impl Steps {
    fn new(above: Option<u64>) -> Steps {
        Steps { above: above.map(Duration::from_millis), last: std::sync::Mutex::new((String::new(), Instant::now())) }
    }

    fn see(&self, progress: Progress) {
        let Ok(mut last) = self.last.lock() else { return };
        if last.0 != progress.what {
            self.tell(&last);
            *last = (progress.what, Instant::now());
        }
    }

    fn tell(&self, (what, begin): &(String, Instant)) {
        if self.above.is_some_and(|above| begin.elapsed() >= above) && !what.is_empty() {
            println!("    {:>8.0} ms  {what}", begin.elapsed().as_secs_f64() * 1000.0);
        }
    }

    fn end(&self) {
        if let Ok(last) = self.last.lock() {
            self.tell(&last);
        }
    }
}
