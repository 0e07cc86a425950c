//! What was done on the screen, as lines for a shell that do the same.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use indexmap::IndexMap;
use tastevin::model::{Action, Decision};
use tastevin::tui::shell::Journal;

use crate::session::{Session, copy, prepared};

/// The words of a line, as a shell takes it apart.
#[track_caller]
fn words(line: &str) -> Vec<String> {
    let script = format!("printf '%s\\0' {line}");
    let output = Command::new("sh").args(["-c", &script]).output().expect("a shell");
    assert!(output.status.success(), "{line}");
    let text = String::from_utf8(output.stdout).expect("text");
    text.strip_suffix('\0').unwrap_or_default().split('\0').map(str::to_owned).collect()
}

#[track_caller]
fn understood(line: &str) {
    let words = words(line);
    if let Err(error) = tastevin::cli::command().try_get_matches_from(&words) {
        panic!("{line}\n{words:?}\n{error}");
    }
}

fn decision(action: Action, why: Option<&str>) -> Decision {
    let at = "2026-11-22T09:12:03Z".parse().expect("a moment");
    Decision {
        v: 1,
        id: "01JD0000000000000000000000".to_owned(),
        at,
        who: "marie".to_owned(),
        action,
        why: why.map(str::to_owned),
    }
}

/// The line of a decision.
fn line_of(action: Action, why: Option<&str>) -> String {
    let mut journal = Journal::default();
    journal.decided(Path::new("/the cellar"), Duration::ZERO, &decision(action, why));
    journal.done.pop().expect("a line").line
}

#[test]
fn every_kind_of_decision_is_a_line_that_the_command_line_understands() {
    let text = |text: &str| text.to_owned();
    for odd in ["-5", "l'Oie d'Or", "$HOME `x` \"y\"", "a\nb", "日本 é", "", "--now", "*"] {
        let some = || Some(text(odd));
        let (table, field, row, rule) = (text("customers"), text("city"), format!("{odd}k"), text("mojibake"));
        let set = |now| Action::Set {
            table: table.clone(),
            row: row.clone(),
            field: field.clone(),
            was: some(),
            now,
            rule: Some(rule.clone()),
        };
        let rows: IndexMap<String, _> = [(row.clone(), (some(), None)), (text("b"), (None, some()))].into();
        let waived: IndexMap<String, _> = [(row.clone(), some()), (text("b"), None)].into();
        let waive = |row: Option<String>, rows| Action::Waive {
            rule: rule.clone(),
            table: table.clone(),
            field: Some(field.clone()),
            row,
            was: some(),
            rows,
            until: "2027-06-30".parse().ok(),
        };
        for action in [
            set(some()),
            set(None),
            Action::Bulk { table: table.clone(), field: field.clone(), rows, rule: None },
            Action::Replace { table: table.clone(), field: field.clone(), values: [(text(odd), text("x"))].into() },
            Action::Exclude { table: table.clone(), rows: vec![row.clone(), text("b")] },
            Action::Merge { table: table.clone(), into: row.clone(), rows: vec![text("b")], fields: IndexMap::new() },
            waive(Some(row.clone()), IndexMap::new()),
            waive(None, waived),
            Action::revert("01JD0000000000000000000000"),
        ] {
            understood(&line_of(action.clone(), Some(odd)));
            understood(&line_of(action, Some("confirmed by phone")));
        }
    }
    let line = line_of(
        Action::Set {
            table: text("customers"),
            row: text("isavigne-C1"),
            field: text("city"),
            was: None,
            now: Some(text("Saint-Dié")),
            rule: None,
        },
        Some("by phone"),
    );
    assert_eq!(line, "tastevin -C '/the cellar' decide set --why 'by phone' customers isavigne-C1 city 'Saint-Dié'");
}

#[test]
fn a_decision_about_very_many_rows_is_taken_from_the_ledger() {
    let rows = (0..10_000).map(|at| format!("isavigne-C{at}")).collect();
    let line = line_of(Action::Exclude { table: "customers".to_owned(), rows }, None);
    assert_eq!(
        line,
        "grep '\"id\":\"01JD0000000000000000000000\"' '/the cellar/decisions.jsonl' | tastevin -C '/the cellar' decide apply -"
    );
}

#[test]
fn what_was_done_is_shown_and_copied_as_lines() {
    let mut session = Session::checked(120, 40);
    session.keys("@").shows("nothing was done here yet");
    session.keys("3 / \"mojibake\" enter enter s").keys("r u 1 l 6");
    session.keys("@").shows("lines for a shell").shows("✓ tastevin -C /cellar decide set --rule mojibake customers");
    session.shows("tastevin -C /cellar load isavigne_prod").shows("tastevin -C /cellar check").shows("decide revert");
    // Where there is little room, what all of them begin with gives way to what tells them apart.
    session.resize(60, 24).shows("✓ … decide set --rule mojibake customers").resize(120, 40);
    session.keys("g g y");
    let first = session.copied.last().cloned().expect("a line");
    assert!(first.starts_with("tastevin -C /cellar decide set --rule mojibake customers isavigne-C00"), "{first}");
    session.keys("Y esc").hides("lines for a shell");
    let script = session.copied.last().cloned().expect("a script");
    assert!(script.lines().count() >= 4, "{script}");
    script.lines().for_each(understood);
}

/// Runs the lines of the journal in another workspace, as a shell does with what is pasted into it, and returns them.
fn pasted(session: &Session, other: &Path) -> Vec<String> {
    let lines: Vec<String> = session.model.journal.done.iter().map(|entry| entry.line.clone()).collect();
    let binary = Path::new(env!("CARGO_BIN_EXE_tastevin"));
    let path =
        format!("{}:{}", binary.parent().expect("a folder").display(), std::env::var("PATH").unwrap_or_default());
    for line in &lines {
        let line = line.replace("/cellar", &other.display().to_string());
        let output = Command::new("sh").args(["-c", &line]).env("PATH", &path).output().expect("a shell");
        assert!(output.status.success(), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    lines
}

#[test]
fn what_a_saved_mapping_says_otherwise_is_a_line_a_field_and_they_say_the_same_in_another_workspace() {
    let mut session = Session::checked(140, 40);
    // A field unmapped, one with another transform, one constant, one fed by another column, one optional.
    session.keys(
        "2 / \"mobile\" enter x / C-u \"country\" enter c C-u \"l'Italie\" enter / C-u \"phone\" enter o t x esc",
    );
    session.keys("/ C-u \"zip\" enter l enter \"ville\" enter enter / C-u enter w").shows("checked");
    let other = tempfile::tempdir().expect("a folder");
    copy(prepared(true), other.path());
    session.model.journal.done.retain(|entry| entry.line.contains(" map "));
    let lines = pasted(&session, other.path());
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert!(lines.iter().any(|line| line.ends_with("map set --unset isavigne_prod customers.mobile")), "{lines:?}");
    let read = |dir: &Path| {
        let text = std::fs::read_to_string(dir.join("mappings/isavigne.toml")).expect("the mapping");
        text.parse::<toml::Table>().expect("TOML")
    };
    assert_ne!(read(other.path()), read(prepared(true)));
    assert_eq!(read(other.path()), read(session.dir.path()));
}

#[test]
fn an_export_of_rows_that_were_filtered_and_sorted_is_a_line_that_writes_the_same_file() {
    for (open, filter) in [
        ("t \"candidate customers\" enter", "l l l s z S & \"email LIKE '%e%'\" enter"),
        ("t \"staging isavigne_prod/clients\" enter", "c \"Code Postal\" enter S z = f"),
        ("t \"workbench anomalies\" enter", "l s - &\"severity <> 'info'\" enter"),
        ("; \"SELECT customer_key, city FROM candidate.customers; \" enter", "l S z ="),
    ] {
        let mut session = Session::checked(140, 40);
        let folder = tempfile::tempdir().expect("a folder");
        let (mine, theirs) = (folder.path().join("rows.csv"), folder.path().join("again.csv"));
        session.keys("5").keys(open).keys(filter).keys("w C-u");
        session.send(tastevin::tui::message::Message::Paste(mine.display().to_string()));
        session.keys("enter").shows("written to");
        let other = tempfile::tempdir().expect("a folder");
        copy(prepared(true), other.path());
        let line = &mut session.model.journal.done.last_mut().expect("a line").line;
        *line = line.replace("rows.csv", "again.csv");
        let lines = pasted(&session, other.path());
        let read = |path: &Path| std::fs::read_to_string(path).expect("a file");
        assert!(read(&mine).lines().count() > 1 && lines[0].contains("ORDER BY"), "{lines:?}");
        assert_eq!(read(&mine), read(&theirs), "{lines:?}");
    }
}

#[test]
fn the_lines_do_the_same_in_another_copy_of_the_workspace() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"mojibake\" enter enter s j");
    session.keys("S y").keys("1 3 / \"invalid-email\" enter enter x");
    let other = tempfile::tempdir().expect("a folder");
    copy(prepared(true), other.path());
    assert!(!pasted(&session, other.path()).is_empty());
    let decided = |ledger: Vec<serde_json::Value>| -> Vec<serde_json::Value> {
        let without = |mut line: serde_json::Value| {
            let object = line.as_object_mut().expect("an object");
            ["id", "at", "who"].iter().for_each(|name| drop(object.remove(*name)));
            line
        };
        ledger.into_iter().map(without).collect()
    };
    let text = std::fs::read_to_string(other.path().join("decisions.jsonl")).expect("a ledger");
    let theirs = text.lines().map(|line| serde_json::from_str(line).expect("a line")).collect();
    assert_eq!(decided(theirs), decided(session.ledger()));
}

#[test]
fn a_report_and_an_export_are_written_and_are_lines_too() {
    let mut session = Session::checked(120, 40);
    let folder = tempfile::tempdir().expect("a folder");
    session.model.about.dir = folder.path().to_owned();
    session.keys(": \"write the report\" enter C-u \"report\" enter").shows("the name's ending says no format");
    session.keys("\".html\" enter").shows("the report is written to");
    assert!(folder.path().join("report.html").is_file());
    session
        .keys("5 t \"candidate customers\" enter w C-u")
        .send(tastevin::tui::message::Message::Paste(folder.path().join("customers.csv").display().to_string()));
    session.keys("enter").shows("6 rows written");
    let lines: Vec<&str> = session.model.journal.done.iter().map(|entry| entry.line.as_str()).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains(" report --output ") && lines[1].contains("FROM candidate.customers"), "{lines:?}");
    lines.iter().for_each(|line| understood(line));
}
