//! Money at stake: what hangs on a finding's row through the references of the schema, whatever the schema is about.

use tastevin::error::Result;
use tastevin::model::{Action, AnomalyFilter, AnomalyOrder, Status};
use tastevin::workbench::{OpenOptions, Workbench};

use crate::harness::Workspace;

const CANONICAL: &str = r#"
[tables.towns.fields]
name = { type = "text", key = true, required = true }
mayor = { type = "text", required = true }

[tables.bicycles.fields]
frame = { type = "text", key = true, required = true }
model = { type = "text", required = true }
town = { type = "text", references = "towns.name" }

[tables.locks.fields]
number = { type = "text", key = true, required = true }
frame = { type = "text", required = true, references = "bicycles.frame" }
colour = { type = "text", required = true }

[tables.rents]
stake = { field = "price", unit = "€", of = "rents" }
[tables.rents.fields]
number = { type = "integer", key = true }
frame = { type = "text", required = true, references = "bicycles.frame" }
price = { type = "decimal", min = 0 }
"#;

const MAPPING: &str = r#"
connector = "files"
[entities.towns]
files = ["towns*"]
[entities.bicycles]
files = ["bikes*"]
[entities.locks]
files = ["locks*"]
[entities.rents]
files = ["rents*"]
[tables.towns]
entity = "towns"
[tables.towns.fields]
name = { column = "Town" }
mayor = { column = "Mayor" }
[tables.bicycles]
entity = "bicycles"
[tables.bicycles.fields]
frame = { column = "Frame" }
model = { column = "Model" }
town = { column = "Town" }
[tables.locks]
entity = "locks"
[tables.locks.fields]
number = { column = "No" }
frame = { column = "Frame" }
colour = { column = "Colour" }
[tables.rents]
entity = "rents"
[tables.rents.fields]
number = { column = "No" }
frame = { column = "Frame" }
price = { column = "Price" }
"#;

fn rental() -> Workspace {
    let workspace = Workspace::empty();
    workspace.write("mappings/canonical.toml", CANONICAL);
    workspace.write("mappings/rental.toml", MAPPING);
    workspace.write("files/towns.csv", "Town,Mayor\nBarr,\nColmar,Anne\n");
    // F2 stands there twice, F4 was never rented.
    workspace.write(
        "files/bikes.csv",
        "Frame,Model,Town\nF1,,Barr\nF2,Mini,Barr\nF2,Maxi,Barr\nF3,Cargo,Colmar\nF4,,Colmar\n",
    );
    workspace.write("files/locks.csv", "No,Frame,Colour\nL1,F1,\n");
    workspace.write("files/rents.csv", "No,Frame,Price\n1,F1,\"10.50\"\n2,F1,20\n3,F2,5\n4,F9,3\n5,F3,-4\n6,F3,100\n");
    workspace.tastevin(["source", "add", "shop", "--kind", "rental", "--path", "files"]).passed();
    workspace.tastevin(["load"]).passed();
    workspace.tastevin(["check", "--fail-on", "never"]).passed();
    workspace
}

#[test]
fn what_hangs_on_a_row_is_summed_through_the_references_that_lead_to_it() {
    let rental = rental();
    let workbench = Workbench::open(rental.dir(), OpenOptions::default()).expect("a workbench");
    let filter = AnomalyFilter { order: AnomalyOrder::Stake, ..AnomalyFilter::default() };
    let (_, found) = workbench.anomalies(&filter, 0, 100).expect("findings");
    let found: Vec<String> = found
        .iter()
        .map(|one| {
            let row = one.row.split('#').next().unwrap_or_default();
            let stake = one.stake.map_or("–".to_owned(), |stake| stake.to_string());
            format!("{} {} {row}: {stake}", one.rule, one.table)
        })
        .collect();
    assert_eq!(
        found,
        [
            // The rents of all bicycles of Barr; those of the twins count once.
            "missing-required towns Barr: 35.5",
            "missing-required bicycles F1: 30.5",
            "duplicate-key bicycles F2: 5",
            "duplicate-key bicycles F2: 5",
            "orphan-reference rents 4: 3",
            "missing-required bicycles F4: 0",
            "out-of-range rents 5: -4",
            // No rent refers to a lock.
            "missing-required locks L1: –",
        ]
    );
    let (_, by_row) = workbench.anomalies(&AnomalyFilter { order: AnomalyOrder::Row, ..filter }, 0, 1).expect("one");
    assert_eq!((by_row[0].table.as_str(), by_row[0].row.as_str()), ("bicycles", "F1"));
}

#[test]
fn a_sum_over_findings_counts_every_amount_once() {
    let rental = rental();
    let workbench = Workbench::open(rental.dir(), OpenOptions::default()).expect("a workbench");
    let at_stake = |filter: AnomalyFilter| workbench.at_stake(&filter).expect("a sum");
    let of = |rule: &str| AnomalyFilter { rule: Some(rule.to_owned()), ..AnomalyFilter::default() };
    assert_eq!(at_stake(of("duplicate-key")), Some(5.0));
    // The town's 35.5, of which 30.5 hang on the bicycle too.
    assert_eq!(at_stake(of("missing-required")), Some(35.5));
    assert_eq!(at_stake(of("nothing")), Some(0.0));
    // Facets and rules say what the sum of their own findings says.
    let facets =
        workbench.facets(&AnomalyFilter { order: AnomalyOrder::Stake, ..of("missing-required") }).expect("facets");
    let of_rule = facets.lines.iter().flat_map(|(_, lines)| lines).find(|line| line.value == "missing-required");
    assert_eq!(of_rule.and_then(|line| line.stake), Some(35.5));
    let stakes: Vec<_> = facets.rules.iter().map(|rule| (rule.table.as_str(), rule.stake)).collect();
    assert_eq!(stakes, [("bicycles", Some(30.5)), ("locks", None), ("towns", Some(35.5))]);
    let verdict = workbench.verdict().expect("a verdict").expect("one");
    let tally = |rule: &str, table: &str| {
        verdict.rules.iter().find(|one| (one.rule.as_str(), one.table.as_str()) == (rule, table) && one.open > 0)
    };
    assert_eq!(
        tally("duplicate-key", "bicycles").and_then(|one| one.stake),
        Some(5.0),
        "twins share what hangs on them"
    );
    assert_eq!(tally("missing-required", "bicycles").and_then(|one| one.stake), Some(30.5));
    assert_eq!(tally("missing-required", "locks").and_then(|one| one.stake), None);
    drop(workbench);
    let csv = rental.tastevin(["anomalies", "--sort", "stake", "--format", "csv"]).passed();
    let lines: Vec<&str> = csv.stdout.lines().collect();
    assert!(lines[0].ends_with(",status,stake") && lines[1].ends_with(",open,35.5000"), "{}", csv.stdout);
    let text = rental.tastevin(["anomalies", "--sort", "stake"]).passed();
    assert!(text.stdout.lines().nth(1).is_some_and(|line| line.ends_with("open    35.50")), "{}", text.stdout);
}

/// What stands beside the findings, and the money at stake in all, as it is kept and as all rows say.
fn stakes(workbench: &Workbench) -> (Vec<String>, [Option<f64>; 2]) {
    let (_, found) = workbench.anomalies(&AnomalyFilter::default(), 0, 100).expect("findings");
    let beside = found.iter().map(|one| format!("{} {} {} {:?}", one.rule, one.table, one.row, one.stake)).collect();
    let in_all = [Vec::new(), vec![String::new()]].map(|texts| {
        let open = AnomalyFilter { status: Some(Status::Open), texts, ..AnomalyFilter::default() };
        workbench.at_stake(&open).expect("a sum")
    });
    (beside, in_all)
}

/// Makes a decision.
type Decide<'d> = &'d dyn Fn(&mut Workbench) -> Result<()>;

#[test]
fn after_every_decision_the_money_at_stake_is_that_of_a_whole_check() {
    // Towns are two steps from the money, bicycles one; or nothing is further than one.
    for canonical in [CANONICAL.to_owned(), CANONICAL.replace(", references = \"towns.name\"", "")] {
        let rental = rental();
        rental.write("mappings/canonical.toml", canonical);
        let mut workbench = Workbench::open(rental.dir(), OpenOptions::default()).expect("a workbench");
        workbench.check(&|_| {}).expect("a verdict");
        let exclude = |rows: &str| Action::Exclude { table: "bicycles".to_owned(), rows: vec![rows.to_owned()] };
        let set = |table: &'static str, row: &'static str, field: &'static str, now: Option<&'static str>| {
            move |bench: &mut Workbench| bench.set(table, row, field, now, None, None).map(drop)
        };
        let decisions: [Decide; 12] = [
            &set("towns", "Barr", "mayor", Some("Paul")),
            &set("bicycles", "F1", "model", Some("Tandem")),
            &set("bicycles", "F3", "model", Some("Vélo")),
            &set("rents", "3", "price", Some("50")),
            &set("rents", "4", "frame", Some("F1")),
            &set("rents", "1", "frame", Some("F2")),
            &set("rents", "5", "price", None),
            &set("bicycles", "F1", "town", None),
            &set("bicycles", "F3", "frame", Some("F2")),
            &|bench| bench.decide(exclude("F1"), None).map(drop),
            &|bench| {
                let of = bench.decisions().last().map(|last| last.id.clone()).unwrap_or_default();
                bench.decide(Action::revert(&of), None).map(drop)
            },
            &|bench| {
                let filter = AnomalyFilter { table: Some("rents".to_owned()), ..AnomalyFilter::default() };
                bench.waive_found(&filter, None, "as it is").map(drop)
            },
        ];
        for (at, decide) in decisions.iter().enumerate() {
            decide(&mut workbench).expect("a decision");
            workbench.recheck(&|_| {}).expect("a verdict");
            let part = stakes(&workbench);
            assert_eq!(part.1[0], part.1[1], "decision {at}");
            workbench.check(&|_| {}).expect("a verdict");
            assert_eq!(part, stakes(&workbench), "decision {at}");
        }
    }
}

#[test]
fn rows_that_are_money_share_nothing_however_alike_they_are() {
    let workspace = rental();
    workspace.write("files/rents.csv", "No,Frame,Price\n,F1,7\n,F1,7\n3,F2,5\n3,F3,5\n");
    workspace.tastevin(["load"]).passed();
    workspace.tastevin(["check", "--fail-on", "never"]).passed();
    let workbench = Workbench::open(workspace.dir(), OpenOptions::default()).expect("a workbench");
    let verdict = workbench.verdict().expect("a verdict").expect("one");
    let stake = |rule: &str| {
        verdict.rules.iter().find(|one| one.rule == rule && one.table == "rents").and_then(|one| one.stake)
    };
    assert_eq!(stake("missing-key"), Some(14.0));
    assert_eq!(stake("duplicate-key"), Some(10.0));
}

#[test]
fn a_schema_that_does_not_say_clearly_what_the_money_is_is_refused() {
    for (from, to, what) in [
        ("field = \"price\"", "field = \"prize\"", "the table \"rents\" has no field \"prize\""),
        ("field = \"price\"", "field = \"frame\"", "rents.frame is text, and only numbers can be summed up"),
        (
            "[tables.locks.fields]",
            "[tables.locks]\nstake = { field = \"number\" }\n[tables.locks.fields]",
            "both locks and rents",
        ),
    ] {
        let rental = rental();
        rental.write("mappings/canonical.toml", CANONICAL.replace(from, to));
        let said = rental.tastevin(["check"]).ended(2).stderr;
        assert!(said.contains(what) && said.contains("canonical.toml"), "{said}");
    }
}
