//! The gate has one answer: what a verdict shows is what a commit obeys, for every condition and after every change.

use tastevin::error::Kind;
use tastevin::model::{Commit, ConditionKind, LoadOptions, Verdict};
use tastevin::workbench::{OpenOptions, Workbench};

use crate::harness::Workspace;

const CANONICAL: &str = "[tables.towns.fields]\n\
    name = { type = \"text\", key = true, required = true }\n\
    mayor = { type = \"text\", required = true }\n";

const MAPPING: &str = "connector = \"files\"\n[entities.towns]\nfiles = [\"towns*\"]\n[tables.towns]\nentity = \"towns\"\n\
    [tables.towns.fields]\nname = { column = \"Town\" }\nmayor = { column = \"Mayor\" }\n";

const RULE: &str = "id = \"no-berta\"\ntable = \"towns\"\nfield = \"mayor\"\nwhen = \"mayor = 'Berta'\"\n";

const GATE: &str = "max_quarantined = \"50%\"\nmax_removed = \"50%\"\n";

/// A workspace with four towns, of which one has no mayor; loaded, and open.
struct Towns {
    files: Workspace,
    workbench: Workbench,
}

impl Towns {
    fn loaded() -> Towns {
        let files = Workspace::empty();
        files.write("mappings/canonical.toml", CANONICAL);
        files.write("mappings/towns.toml", MAPPING);
        files.write("rules/mine.toml", RULE);
        files.write("files/towns.csv", "Town,Mayor\nBarr,Anne\nColmar,Berta\nThann,Carl\nUrbès,\n");
        configure(&files, GATE, "");
        let workbench = Workbench::open(files.dir(), OpenOptions::default()).expect("a workbench");
        let mut towns = Towns { files, workbench };
        towns.load();
        towns
    }

    fn checked() -> Towns {
        let mut towns = Towns::loaded();
        towns.check();
        towns
    }

    fn load(&mut self) {
        self.workbench.load("shop", &LoadOptions::default(), &|_| {}).expect("a load");
    }

    fn check(&mut self) {
        self.workbench.check(&|_| {}).expect("a check");
    }

    fn commit(&mut self) -> tastevin::error::Result<Commit> {
        self.workbench.commit("", &|_| {})
    }

    /// Writes a file of the workspace anew and lets the workbench read it.
    fn edit(&mut self, file: &str, text: &str) {
        self.files.write(file, text);
        self.workbench.refresh().expect("the files are read again");
    }

    fn verdict(&self) -> Verdict {
        self.workbench.verdict().expect("a verdict").expect("there is one")
    }

    /// What does not hold, as the verdict has it, after seeing that a commit and everybody else says the same.
    #[track_caller]
    fn closed(&mut self) -> Vec<(ConditionKind, String)> {
        let verdict = self.verdict();
        let failing: Vec<_> = verdict.gate.iter().filter(|condition| !condition.holds).collect();
        let said = failing.iter().map(|condition| format!("{}: {}", condition.what, condition.detail));
        let said: Vec<String> = said.collect();
        assert_eq!(self.workbench.report().expect("a report").pass, said.is_empty());
        match self.commit() {
            Ok(_) => assert_eq!(said, [""; 0], "a commit went through a gate that is shown as closed"),
            Err(error) => {
                assert_eq!(error.kind(), Kind::Gate, "{error}");
                assert_eq!(error.hints(), said, "a commit and the verdict say the same");
            }
        }
        failing.iter().map(|condition| (condition.kind, condition.detail.clone())).collect()
    }

    /// The one thing that does not hold.
    #[track_caller]
    fn closed_for(&mut self, kind: ConditionKind) -> String {
        let closed = self.closed();
        assert_eq!(closed.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [kind], "{closed:?}");
        closed.into_iter().map(|(_, detail)| detail).collect()
    }
}

fn configure(files: &Workspace, gate: &str, sources: &str) {
    let source = "[sources.shop]\nkind = \"towns\"\npath = \"files\"\n";
    files.write("tastevin.toml", format!("[workspace]\nname = \"Towns\"\n{source}{sources}[gate]\n{gate}"));
}

#[test]
fn a_commit_refuses_exactly_where_the_verdict_says_closed() {
    let mut towns = Towns::checked();
    assert_eq!(towns.closed(), [], "an open gate lets a commit through");

    let mut towns = Towns::loaded();
    configure(&towns.files, "max_quarantined = \"0\"\n", "");
    towns.workbench.refresh().expect("read again");
    towns.check();
    assert_eq!(towns.closed_for(ConditionKind::MostHeld), "towns 1 of 4 rows");

    let mut towns = Towns::loaded();
    configure(&towns.files, "quarantine = false\n", "");
    towns.workbench.refresh().expect("read again");
    towns.check();
    assert_eq!(towns.closed_for(ConditionKind::Blocked), "1 row is blocked: towns 1");

    let mut towns = Towns::loaded();
    towns.edit(
        "rules/mine.toml",
        "id = \"few\"\nseverity = \"error\"\ntable = \"towns\"\nselect = \"SELECT '' AS row, 'few' AS message FROM candidate.towns HAVING count(*) < 9\"\n",
    );
    towns.check();
    assert_eq!(towns.closed_for(ConditionKind::Whole), "towns 1");

    let mut towns = Towns::loaded();
    towns.edit("mappings/canonical.toml", &CANONICAL.replace("key = true, ", ""));
    towns.check();
    assert_eq!(towns.closed_for(ConditionKind::Keyed), "towns has no field with key = true");

    let mut towns = Towns::loaded();
    configure(&towns.files, GATE, "[sources.other]\nkind = \"towns\"\npath = \"files\"\n");
    towns.workbench.refresh().expect("read again");
    towns.check();
    assert_eq!(towns.closed_for(ConditionKind::Loaded), "not loaded: towns of other");

    let mut towns = Towns::checked();
    towns.commit().expect("a first commit");
    towns.edit("files/towns.csv", "Town,Mayor\nBarr,Anne\n");
    towns.load();
    towns.check();
    let detail = towns.closed_for(ConditionKind::MostRemoved);
    assert!(detail.starts_with("towns 2 of 3 rows"), "{detail}");
}

#[test]
fn what_was_edited_since_the_check_closes_the_gate_until_the_next_one() {
    let edits = [
        ("rules/mine.toml", RULE.replace("Berta", "Carl"), "rules/mine.toml changed since check 1"),
        ("rules/more.toml", RULE.replace("no-berta", "more"), "rules/more.toml changed since check 1"),
        (
            "mappings/towns.toml",
            MAPPING.replace("\"Mayor\" }", "\"Mayor\", transforms = [\"uppercase\"] }"),
            "the mapping of shop changed since check 1",
        ),
        (
            "mappings/canonical.toml",
            CANONICAL.replace("\"text\", required", "\"text\", format = \"email\", required"),
            "mappings/canonical.toml changed since check 1",
        ),
    ];
    for (file, text, said) in edits {
        let mut towns = Towns::checked();
        towns.edit(file, &text);
        assert_eq!(towns.closed_for(ConditionKind::Checked), format!("{said}; run `tastevin check`"));
        towns.check();
        assert!(!towns.closed().iter().any(|(kind, _)| *kind == ConditionKind::Checked), "{file}");
    }
    let mut towns = Towns::checked();
    std::fs::remove_file(towns.files.path("rules/mine.toml")).expect("the rule goes");
    assert!(towns.closed_for(ConditionKind::Checked).starts_with("rules/mine.toml changed since check 1"));
    towns.files.write("rules/mine.toml", RULE);
    assert_eq!(towns.closed(), [], "and put back as it was it is as it was");
}

#[test]
fn what_changes_nothing_of_what_a_check_finds_leaves_the_gate_open() {
    let mut towns = Towns::checked();
    towns.edit("mappings/canonical.toml", &format!("# the towns\n{CANONICAL}"));
    towns.edit("mappings/towns.toml", &format!("# of the shop\n{MAPPING}"));
    towns.files.write("rules/mine.toml", format!("# of mine\n{RULE}"));
    towns.files.write("rules/notes.txt", "no rule");
    assert_eq!(towns.closed(), []);
    // The folder may be reached on another way.
    let dir = towns.files.path("files/..");
    drop(towns.workbench);
    let mut towns =
        Towns { files: towns.files, workbench: Workbench::open(&dir, OpenOptions::default()).expect("a workbench") };
    assert_eq!(towns.closed(), []);
}

#[test]
fn a_load_a_rule_or_a_mapping_that_stops_every_check_closes_the_gate() {
    let mut towns = Towns::checked();
    towns.load();
    assert_eq!(towns.closed_for(ConditionKind::Checked), "shop was loaded after check 1; run `tastevin check`");

    let mut towns = Towns::checked();
    towns.edit("rules/mine.toml", "id = \"mine\"\n");
    let detail = towns.closed_for(ConditionKind::Checked);
    assert!(detail.starts_with("nothing can be checked: ") && detail.contains("rules/mine.toml"), "{detail}");

    let mut towns = Towns::checked();
    towns.edit("mappings/towns.toml", &MAPPING.replace("\"Mayor\"", "\"Maire\""));
    let detail = towns.closed_for(ConditionKind::Checked);
    assert!(detail.starts_with("nothing can be checked: ") && detail.contains("Maire"), "{detail}");
}

#[test]
fn another_gate_and_another_commit_are_asked_about_anew_without_a_check() {
    let mut towns = Towns::checked();
    configure(&towns.files, "max_quarantined = \"0\"\n", "");
    towns.workbench.refresh().expect("read again");
    assert_eq!(towns.closed_for(ConditionKind::MostHeld), "towns 1 of 4 rows");
    configure(&towns.files, GATE, "");
    towns.workbench.refresh().expect("read again");
    assert_eq!(towns.closed(), []);

    // Two towns go, which is just allowed of four. Taking that back and doing it again is not: they would be two of two.
    let mut towns = Towns::loaded();
    towns.edit("files/towns.csv", "Town,Mayor\nBarr,Anne\nColmar,Berta\nThann,Carl\nUrbès,Dora\n");
    towns.load();
    towns.check();
    towns.commit().expect("a first commit");
    towns.edit("files/towns.csv", "Town,Mayor\nBarr,Anne\nColmar,Berta\n");
    towns.load();
    towns.check();
    towns.commit().expect("two may go");
    let removed = |towns: &Towns| {
        let gate = towns.verdict().gate;
        gate.into_iter().find(|condition| condition.kind == ConditionKind::MostRemoved).map(|condition| condition.holds)
    };
    assert_eq!(removed(&towns), Some(true));
    towns.workbench.revert(1, "").expect_err("what was changed since cannot be undone");
    towns.workbench.revert(2, "").expect("the two come back");
    configure(&towns.files, "max_removed = \"1\"\n", "");
    towns.workbench.refresh().expect("read again");
    assert_eq!(removed(&towns), Some(false));
    assert!(towns.closed_for(ConditionKind::MostRemoved).starts_with("towns 2 of 4 rows"));
}

#[test]
fn a_report_says_that_a_rule_was_edited_since_the_check() {
    let workspace = Workspace::checked();
    workspace.write("rules/new.toml", "id = \"new\"\ntable = \"customers\"\nwhen = \"city = 'Barr'\"\n");
    let report = workspace.tastevin(["report", "--format", "json", "--output", "-"]).passed().json();
    let verdict = report["verdict"].as_str().unwrap_or_default();
    assert!(verdict.contains("rules/new.toml changed since check 1; run `tastevin check`"), "{verdict}");
    assert_eq!(report["pass"], false);
}
