//! kill -9 in the middle of a load, a decision and a commit: the workspace opens, what was announced is there, and
//! nothing is half done.

use std::io::Read as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tastevin::model::Decision;
use tastevin::stages::decide::Ledger;

use crate::harness::Workspace;
use crate::samples::generator::{self, Dirt, Encoding, Wish};

/// Starts the program, kills it after `delay`, and gives what it had said by then; none where it had ended by itself.
fn killed(workspace: &Workspace, arguments: &[&str], delay: Duration) -> Option<String> {
    let mut command = workspace.command();
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null());
    let begin = Instant::now();
    let mut child = command.spawn().expect("the binary runs");
    let ended = loop {
        match child.try_wait().expect("the binary can be waited for") {
            Some(_) => break true,
            None if begin.elapsed() >= delay => break false,
            None => std::thread::sleep(Duration::from_millis(1)),
        }
    };
    let _ = child.kill();
    child.wait().expect("the binary can be waited for");
    let mut said = String::new();
    child.stdout.take().expect("stdout is piped").read_to_string(&mut said).expect("stdout is text");
    if ended { None } else { Some(said) }
}

/// How long the program takes when it is let be, on a copy of the workspace.
fn duration(workspace: &Workspace, arguments: &[&str]) -> Duration {
    let copy = workspace.copy();
    let begin = Instant::now();
    copy.tastevin(arguments);
    begin.elapsed()
}

/// Delays from the start of the program to beyond its end, `steps` of them.
fn delays(whole: Duration, steps: u32) -> impl Iterator<Item = Duration> {
    (1..=steps).map(move |step| whole * step / steps)
}

fn count(workspace: &Workspace, from: &str) -> u64 {
    let output =
        workspace.tastevin(["query", "--format", "csv", &format!("SELECT count(*) AS n FROM {from}")]).passed();
    output.stdout.lines().nth(1).and_then(|line| line.trim().parse().ok()).expect("a count")
}

#[test]
fn a_load_that_is_killed_leaves_the_earlier_load_or_the_whole_new_one() {
    let workspace = Workspace::checked();
    let before = count(&workspace, r#"staging."isavigne_prod/ventes""#);
    let wish = Wish { rows: 60_000, encoding: Encoding::Windows1252, dirt: Dirt::Rate(0.01), ..Wish::default() };
    let manifest = generator::write(&wish, &workspace.path("exports")).expect("larger exports");
    drop(manifest);
    let load = ["load", "--quiet"];
    let whole = duration(&workspace, &load);
    for delay in delays(whole, 12) {
        killed(&workspace, &load, delay);
        let now = count(&workspace, r#"staging."isavigne_prod/ventes""#);
        let loads = count(&workspace, "dq.loads WHERE status = 'done'");
        assert!(
            (now == before && loads == 1) || (now > 59_000 && loads > 1),
            "{now} staged rows after {loads} loads, killed after {delay:?}"
        );
        let accounted = count(&workspace, "dq.loads WHERE status = 'done' AND rows_in <> staged + rejected");
        assert_eq!(accounted, 0, "every record is staged or rejected");
    }
    workspace.tastevin(load).passed();
    assert!(count(&workspace, r#"staging."isavigne_prod/ventes""#) > 59_000);
    let leftovers: Vec<_> = std::fs::read_dir(workspace.path(".tastevin"))
        .expect("the folder for temporary files")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name != "lock")
        .collect();
    assert!(leftovers.is_empty(), "a load clears away what a killed one left: {leftovers:?}");
}

#[test]
fn a_decision_that_was_announced_survives_a_kill_and_half_of_one_does_not_spoil_the_ledger() {
    let workspace = Workspace::checked();
    let set = ["decide", "set", "customers", "isavigne-C0000002", "city", "Milano", "--why", "asked", "--json"];
    let whole = duration(&workspace, &set);
    let mut announced = 0;
    for delay in delays(whole, 20) {
        let before = count(&workspace, "dq.decisions");
        match killed(&workspace, &set, delay) {
            Some(said) if said.trim_end().ends_with('}') => announced += 1,
            Some(_) => {}
            None => announced += 1,
        }
        let after =
            std::fs::read_to_string(workspace.path("decisions.jsonl")).unwrap_or_default().lines().count() as u64;
        let listed = workspace.tastevin(["decide", "list", "--all", "--json"]).passed();
        let listed = listed.json()["decisions"].as_array().expect("a list").len() as u64;
        assert!(listed >= announced, "{listed} decisions, {announced} announced, killed after {delay:?}");
        assert!(listed >= before && listed <= after);
        // Undone, so that the next one has something to change.
        if listed > before {
            let last = workspace.tastevin(["decide", "list", "--all", "--json"]).passed().json();
            let id = last["decisions"].as_array().and_then(|all| all.last()).expect("a decision")["id"].clone();
            workspace.tastevin(["decide", "revert", id.as_str().expect("an id")]).passed();
            announced += 1;
        }
    }
    workspace.tastevin(["check", "--fail-on", "never"]).passed();
}

#[test]
fn a_commit_that_is_killed_is_whole_or_not_at_all() {
    let workspace = Workspace::checked();
    workspace.write("tastevin.toml", workspace.read("tastevin.toml").replace("\"5%\"", "\"50%\""));
    let commit = ["commit", "--message", "monday", "--quiet"];
    let whole = duration(&workspace, &commit);
    for delay in delays(whole, 12) {
        let copy = workspace.copy();
        killed(&copy, &commit, delay);
        let log = copy.tastevin(["log", "--json"]).passed().json();
        let commits = log["commits"].as_array().expect("a list").clone();
        let Some(commit) = commits.first() else {
            let tables = count(&copy, "information_schema.tables WHERE table_schema = 'canonical'");
            assert_eq!(tables, 0, "no commit and no canonical table, killed after {delay:?}");
            continue;
        };
        for table in commit["tables"].as_array().expect("tallies") {
            let name = table["table"].as_str().expect("a name");
            let added = table["added"].as_u64().expect("a count");
            assert_eq!(count(&copy, &format!("canonical.{name}")), added, "{name}, killed after {delay:?}");
        }
    }
    let copy = workspace.copy();
    copy.tastevin(commit).passed();
    assert!(count(&copy, "canonical.sales_lines") > 3500);
}

/// Where the child finds the ledger that it writes until it is killed.
const LEDGER: &str = "TASTEVIN_TEST_LEDGER";

fn exclude(number: usize) -> Decision {
    let line = format!(
        r#"{{"v":1,"id":"{number:026}","at":"2026-11-22T09:12:03Z","who":"marie","kind":"exclude","table":"customers","rows":["C{number}"]}}"#
    );
    serde_json::from_str(&line).expect("a decision")
}

/// The program is killed by what no program can catch in time: it writes beyond the length that its files may have.
#[test]
#[cfg(unix)]
fn of_decisions_that_are_made_at_once_all_are_there_or_none_wherever_the_program_is_killed() {
    const MANY: usize = 60;
    if let Some(path) = std::env::var_os(LEDGER) {
        let mut ledger = Ledger::open(path.as_ref(), false).expect("a ledger");
        let made = ledger.append_all((2..2 + MANY).map(exclude).collect());
        return assert!(made.is_ok(), "{made:?}");
    }
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("decisions.jsonl");
    let own_name = "crash::of_decisions_that_are_made_at_once_all_are_there_or_none_wherever_the_program_is_killed";
    let mut seen = Vec::new();
    for blocks in (1..=16).chain([10_000]) {
        let _ = std::fs::remove_file(&path);
        Ledger::open(&path, false).expect("a ledger").append(exclude(1)).expect("one decision is there before");
        let limited = format!("ulimit -c 0; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let program = std::env::current_exe().expect("the tests");
        let mut child = std::process::Command::new("sh");
        child.args(["-c", &limited]).arg(program).args(["--exact", own_name]).env(LEDGER, &path);
        let ended = child.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("the tests run");
        let there = Ledger::open(&path, false).expect("the ledger can be read");
        let found = there.decisions().len();
        assert!(found == 1 || found == 1 + MANY, "{found} decisions of {MANY}, killed at {blocks} blocks");
        assert!(found > MANY || !ended.success(), "what was confirmed is there");
        seen.push(found);
    }
    assert!(seen.iter().filter(|found| **found == 1).count() > 3 && seen.last() == Some(&(1 + MANY)), "{seen:?}");
}
