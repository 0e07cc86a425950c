//! The whole way with a schema and a mapping of somebody else's: bicycles and the workshops that mend them. Nothing
//! about wine is in the program.

use crate::harness::Workspace;

const CANONICAL: &str = r#"
[tables.bicycles]
description = "Bicycles that are lent."
[tables.bicycles.fields]
frame = { type = "text", key = true, required = true, description = "Frame number." }
model = { type = "text", required = true }
wheel_inches = { type = "integer", min = 12, max = 32 }
bought_on = { type = "date" }
repairs = { type = "integer", derive = { from = "repairs", on = "frame", sql = "count(*)" } }
cost = { type = "decimal", derive = { from = "repairs", on = "frame", sql = "sum(price)" } }

[tables.repairs]
[tables.repairs.fields]
number = { type = "integer", key = true }
frame = { type = "text", required = true, references = "bicycles.frame" }
kind = { type = "text", values = ["brake", "tyre", "light"] }
price = { type = "decimal", min = 0 }
priced_in = { type = "text", derive = "CASE WHEN frame.wheel_inches > 20 THEN 'adult' ELSE 'child' END" }
"#;

const MAPPING: &str = r#"
description = "The workshop's spreadsheet."
connector = "files"
[entities.velos]
files = ["bikes*"]
[entities.repairs]
files = ["repairs*"]
[tables.bicycles]
entity = "velos"
[tables.bicycles.fields]
frame = { column = "Frame No", transforms = ["trim", "uppercase"] }
model = { column = "Model", transforms = ["trim"] }
wheel_inches = { column = "Wheel" }
bought_on = { column = "Bought", transforms = [{ date = "%Y-%m-%d" }] }
[tables.repairs]
entity = "repairs"
[tables.repairs.fields]
number = { column = "No" }
frame = { column = "Frame", transforms = ["trim", "uppercase"] }
kind = { column = "What", transforms = ["lowercase"] }
price = { column = "Price" }
"#;

fn workshop() -> Workspace {
    let workspace = Workspace::empty();
    workspace.write("mappings/canonical.toml", CANONICAL);
    workspace.write("mappings/workshop.toml", MAPPING);
    workspace.write(
        "files/bikes.csv",
        "Frame No,Model,Wheel,Bought\nf1,Roadster,28,2024-03-01\nf2,Mini,16,2024-02-30\nf3,Cargo,98,\n",
    );
    workspace.write(
        "files/repairs.csv",
        "No,Frame,What,Price\n1,F1,Brake,\"12.50\"\n2,f1,tyre,20\n3,F2,Tire,5\n4,F9,light,3\n",
    );
    workspace.tastevin(["source", "add", "shop", "--kind", "workshop", "--path", "files"]).passed();
    workspace
}

#[test]
fn another_schema_goes_the_whole_way_from_files_to_committed_tables() {
    let workspace = workshop();
    let toml = workspace.read("tastevin.toml").replace("\"5%\"", "\"90%\"");
    workspace.write("tastevin.toml", toml);
    workspace.tastevin(["load"]).passed();
    workspace.tastevin(["check", "--fail-on", "error"]).ended(1);
    let findings = workspace.tastevin(["anomalies", "--format", "csv"]).passed().stdout;
    let found: Vec<String> = findings
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            format!("{} {} {}", cells[0], cells[3], cells[4])
        })
        .collect();
    for expected in [
        "unreadable-value F2 bought_on",
        "out-of-range F3 wheel_inches",
        "unknown-value 3 kind",
        "orphan-reference 4 frame",
    ] {
        assert!(found.iter().any(|line| line == expected), "{expected} is not among {found:#?}");
    }
    workspace.tastevin(["decide", "set", "repairs", "3", "kind", "tyre"]).passed();
    workspace.tastevin(["decide", "set", "bicycles", "F3", "wheel_inches", "28"]).passed();
    workspace.tastevin(["check", "--fail-on", "never"]).passed();
    workspace.tastevin(["commit", "--message", "first"]).passed();
    let bicycles = workspace.tastevin(["export", "bicycles", "--format", "csv"]).passed().stdout;
    assert_eq!(
        bicycles,
        "frame,model,wheel_inches,bought_on,repairs,cost\nF1,Roadster,28,2024-03-01,2,32.5000\nF2,Mini,16,,1,5.0000\nF3,Cargo,28,,,\n"
    );
    let repairs = workspace
        .tastevin(["query", "--format", "csv", "SELECT number, priced_in FROM canonical.repairs ORDER BY 1"])
        .passed();
    assert_eq!(repairs.stdout, "number,priced_in\n1,adult\n2,adult\n3,child\n");
    let held = workspace.tastevin(["query", "--format", "csv", "SELECT number FROM quarantine.repairs"]).passed();
    assert_eq!(held.stdout, "number\n4\n");
}
