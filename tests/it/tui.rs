//! Stories of the workbench: a workspace, the keys that are pressed, the screen that is seen.

use std::fs;
use std::time::Duration;

use crossterm::event::MouseEventKind;
use ratatui::style::Color;
use tastevin::error::Error;
use tastevin::model::{Action, Progress, Unit};
use tastevin::tui::effects::{Effect, Job};
use tastevin::tui::message::{Message, Reply};
use tastevin::tui::notes::Tone;
use tastevin::tui::theme::Theme;
use tastevin::workbench::OpenOptions;

use crate::session::{CLIENTS, PRODUITS, Session, VENTES, copy, prepared};

#[test]
fn an_empty_workspace_says_what_to_do_next() {
    let mut session = Session::empty(80, 24);
    session.shows("This workspace has no source yet.").shows("a  adds one: the folder").shows("○ not checked");
    session.keys("l").shows("this workspace has no source yet: a adds one");
    for screen in ["2", "3", "4", "5", "6", "7"] {
        session.keys(screen).shows("This workspace has no source yet.").shows("1 a  adds one: the folder");
    }
    session.keys("6").shows("nothing was committed yet");
    session.keys("c").shows("this workspace has no source yet: 1 a adds one");
    session.keys("1 a").shows("kind").keys("esc");
}

#[test]
fn the_sources_show_what_came_in_and_how_good_it_is() {
    insta::assert_snapshot!("sources_120x30", Session::checked(120, 30).screen());
    insta::assert_snapshot!("sources_80x24", Session::checked(80, 24).screen());
}

#[test]
fn loading_is_followed_by_a_check_and_every_record_is_accounted_for() {
    let mut session = Session::fresh(120, 30);
    session.shows("isavigne_prod was never loaded").shows("○ not checked");
    session.keys("enter").shows("not loaded yet: l loads it");
    session.keys("l").shows("14 rows in = 13 staged + 1 rejected").keys("esc").shows("blocking");
    session.keys("!").shows("isavigne_prod: 14 rows in = 13 staged + 1 rejected").shows("checked: ");
}

#[test]
fn progress_shows_how_far_how_quick_and_how_long() {
    let mut session = Session::fresh(120, 30);
    session.hold().keys("l");
    session.send(Message::Reply(Box::new(Reply::Started(Job::Load("isavigne_prod".to_owned())))));
    session.send(Message::Tick(Duration::from_secs(1)));
    let progress = |done| Progress { what: "load ventes.csv".to_owned(), done, total: Some(4_000), unit: Unit::Rows };
    session.send(Message::Reply(Box::new(Reply::Progress(progress(0)))));
    session.send(Message::Tick(Duration::from_secs(3)));
    session.send(Message::Reply(Box::new(Reply::Progress(progress(1_000)))));
    session
        .shows("load ventes.csv")
        .shows(" 25 %  1\u{202f}000/4\u{202f}000 rows  500/s  0:06 left")
        .shows("Esc cancel");
    // On a narrow screen briefly, but with rows, rate and time left, and apart from the key that cancels.
    session.resize(80, 24).shows(" 25 %  1\u{202f}000 rows  500/s  0:06 left ").shows("▏").shows("Esc cancel");
    session.resize(120, 30).keys("esc").shows("cancelling…");
    session.keys("3 r").shows("isavigne_prod is being loaded; Esc cancels that");
    assert_eq!(session.held.as_ref().map(|held| held.contains(&Effect::Cancel)), Some(true));
}

#[test]
fn esc_tells_at_once_what_was_cancelled_and_the_end_of_it_tells_nothing_more() {
    let mut session = Session::checked(120, 30);
    session.hold().keys("l");
    let reply = |reply| Message::Reply(Box::new(reply));
    let load = || Job::Load("isavigne_prod".to_owned());
    session.send(reply(Reply::Started(load()))).send(Message::Tick(Duration::from_secs(1))).shows("Esc cancel");
    session.keys("esc").shows("cancelling…").send(reply(Reply::Cancelled(load())));
    session.shows("loading isavigne_prod was cancelled; what was staged before it still is");
    session.hides("cancelling…").hides("Esc cancel");
    // The engine has let go; nothing more is said of it.
    session.keys("j").hides("was cancelled");
    let interrupted = tastevin::error::Error::interrupted();
    session.send(reply(Reply::Loaded("isavigne_prod".to_owned(), Err(interrupted)))).hides("was cancelled");
    // What is being written cannot be cancelled any more, and that is said too.
    session.send(reply(Reply::Started(load()))).send(Message::Tick(Duration::from_secs(9)));
    session.keys("esc").send(reply(Reply::TooLate)).shows("too late to cancel: what was done is being written");
    session.hides("cancelling…").shows("Esc cancel");
}

#[test]
fn a_check_brings_what_the_files_say_now_to_the_screens() {
    let mut session = Session::checked(140, 40);
    let file = session.dir.path().join("tastevin.toml");
    let text = fs::read_to_string(&file).expect("the configuration");
    fs::write(&file, text.replace("fail_on = \"error\"", "fail_on = \"never\"")).expect("another gate");
    assert_ne!(session.model.about.gate.fail_on, tastevin::model::FailOn::Never);
    session.keys("r");
    assert_eq!(session.model.about.gate.fail_on, tastevin::model::FailOn::Never);
}

#[test]
fn what_somebody_wrote_into_the_files_is_seen_on_the_next_screen() {
    let mut session = Session::checked(140, 40);
    session.keys("6").shows("✗ closed").shows("no table has more than 5% of its rows quarantined");
    session.shows("→ Enter shows the rows: repair, waive or exclude them; or raise max_quarantined in tastevin.toml");
    let file = session.dir.path().join("tastevin.toml");
    let text = fs::read_to_string(&file).expect("the configuration");
    fs::write(&file, text.replace("\"5%\"", "\"60%\"")).expect("another gate");
    session.keys("5 6").shows("✓ open").shows("no table has more than 60% of its rows quarantined");
    // Edited while nobody looked: seen as soon as the workspace is opened again.
    fs::write(&file, text.replace("\"5%\"", "\"1%\"")).expect("another gate");
    let mut session = session.again();
    session.keys("6").shows("✗ closed").shows("no table has more than 1% of its rows quarantined");
    fs::write(&file, "[gate\n").expect("a slip");
    session.keys("5").shows("tastevin.toml");
}

#[test]
fn rejects_are_a_door_behind_their_count() {
    let mut session = Session::checked(80, 24);
    session.keys("enter").shows("14 rows in = 13 staged + 1 rejected");
    // Why it is one is read whole on the smallest screen.
    session.keys("enter").shows("rejects · 1 of 1 row").shows("source = isavigne_prod").shows("too few fields");
    session.keys("esc").shows("14 rows in");
    session.keys("esc tab down right right enter").shows("rejects · 1 of 1 row").shows("entity = clients");
}

#[test]
fn the_anomalies_show_rules_findings_and_the_story_of_the_row() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"invalid-email\" enter enter");
    insta::assert_snapshot!("anomalies_140x40", session.screen());
    let mut session = Session::checked(80, 24);
    session.keys("3 / \"invalid-email\" enter enter");
    insta::assert_snapshot!("anomalies_80x24", session.screen());
}

#[test]
fn the_offending_cell_and_the_cursor_are_seen() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"mojibake\" enter enter");
    let first = session.styles("SÃ©lestat");
    assert!(
        first.iter().any(|run| run.starts_with("white on blue bold") && run.contains("isavigne-C002")),
        "{first:?}"
    );
    let second = session.styles("RibeauvillÃ©");
    assert!(second.contains(&"red underlined: RibeauvillÃ©".to_owned()), "{second:?}");
    assert!(second.contains(&"green: Ribeauvillé".to_owned()), "{second:?}");
    let raw = session.styles("C002;Anne Müller");
    assert!(raw.contains(&"red underlined: SÃ©lestat".to_owned()), "{raw:?}");
    let tab = session.styles("Domaine R.");
    assert!(tab.contains(&"bold reversed: 3 Anomalies".to_owned()), "{tab:?}");
}

#[test]
fn accepting_a_suggestion_is_one_line_in_the_ledger_and_the_finding_goes() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"mojibake\" enter enter").shows("mojibake · customers.city · 2 findings");
    session.keys("s").shows("mojibake · customers.city · 1 finding").shows("isavigne-C003").shows("Ribeauvillé");
    let ledger = session.ledger();
    assert_eq!(ledger.len(), 1);
    assert_eq!(
        (&ledger[0]["kind"], &ledger[0]["was"], &ledger[0]["now"]),
        (&"set".into(), &"SÃ©lestat".into(), &"Sélestat".into())
    );
}

#[test]
fn a_decision_is_seen_at_once_and_confirmed_when_it_is_on_the_disk() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"mojibake\" enter enter").hold();
    session.keys("s").shows("◌ isavigne-C002").shows("→ Sélestat");
    session.keys("s").shows("this is decided already");
    assert!(session.ledger().is_empty());
    session.answer().hides("◌").shows("1 finding");
    assert_eq!(session.ledger().len(), 1);
}

#[test]
fn undo_and_redo_reach_across_restarts() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"mojibake\" enter enter s").shows("customers.city · 1 finding");
    let mut session = session.again();
    // What was decided on another day is named before it is taken back.
    session.keys("3 / \"mojibake\" enter enter u").shows("take your last decision back");
    session.shows("customers.city of isavigne-C002 = \"Sélestat\".").shows("You decided that on");
    session.keys("n").shows("customers.city · 1 finding");
    session.keys("u y").shows("undone: customers.city of isavigne-C002 = \"Sélestat\"; U makes it again");
    session.shows("customers.city · 2 findings");
    session.keys("U").shows("customers.city · 1 finding");
    session.keys("u u").shows("there is no decision of yours to undo");
    let kinds: Vec<String> =
        session.ledger().iter().map(|line| line["kind"].as_str().unwrap_or_default().to_owned()).collect();
    assert_eq!(kinds, ["set", "revert", "revert", "revert"]);
}

#[test]
fn undo_away_from_where_it_was_decided_names_the_decision_and_asks() {
    let mut session = Session::checked(80, 24);
    session.keys("3 / \"mojibake\" enter enter s 6 u").shows("take your last decision back");
    session.shows("customers.city of isavigne-C002 = \"Sélestat\".").shows("You decided that on Anomalies.");
    session.shows("No commit is undone by this; in History (7) R does that.");
    session.keys("n");
    assert_eq!(session.ledger().len(), 1);
    session.keys("u y").shows("undone: customers.city of isavigne-C002");
    // It was taken back here, so here it is brought back at once.
    session.keys("U").shows("done again: customers.city of isavigne-C002");
    session.keys("5 U").shows("there is nothing to redo").keys("u").shows("You decided that on Commit.").keys("esc");
    assert_eq!(session.ledger().len(), 3);
}

#[test]
fn undo_pressed_twice_at_once_takes_two_decisions_back() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"mojibake\" enter enter s s").hides("mojibake  ");
    session.hold().keys("u u u").shows("there is no decision of yours to undo");
    session.keys("U").shows("what you took back is not on the disk yet");
    session.answer().hides("not in force").shows("▲ mojibake         customers");
    let of: Vec<serde_json::Value> = session.ledger().iter().map(|line| line["of"].clone()).collect();
    let ids: Vec<serde_json::Value> = session.ledger().iter().map(|line| line["id"].clone()).collect();
    assert_eq!(of[2..4], [ids[1].clone(), ids[0].clone()]);
}

#[test]
fn what_is_not_on_the_disk_is_shown_and_neither_undone_nor_left_behind_unasked() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"mojibake\" enter enter").hold().keys("s");
    session.send(Message::Reply(Box::new(Reply::Started(Job::Load("isavigne_prod".to_owned())))));
    session.send(Message::Tick(Duration::from_secs(1))).shows("◌ isavigne-C002");
    session.shows("1 decision is not on the disk yet");
    session.keys("Q").shows("1 decision is not on the disk yet").keys("n");
    assert!(!session.ended && session.held.as_ref().is_some_and(|held| !held.contains(&Effect::Quit)));
    session.model.work = None;
    session.keys("u").shows("your last decision is not on the disk yet");
    session.shows("1 decision is not on the disk yet");
    session.keys("Q y");
    assert_eq!(session.held.as_ref().map(|held| held.contains(&Effect::Quit)), Some(true));
}

#[test]
fn a_failure_after_the_ledger_was_written_does_not_claim_that_the_decision_was_not_made() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"mojibake\" enter enter").hold().keys("s");
    let [table, row, field] = ["customers", "isavigne-C002", "city"].map(str::to_owned);
    let (was, now) = (Some("SÃ©lestat".to_owned()), Some("Sélestat".to_owned()));
    let set = Action::Set { table, row, field, was, now, rule: None };
    let decision = session.workbench.decide(set, None).expect("the decision is written");
    let failed = |decisions| {
        let failure = Some(tastevin::error::Error::internal("the store is gone"));
        Message::Reply(Box::new(Reply::Decided { ticket: 1, decisions, left: 0, failure }))
    };
    session.send(failed(vec![decision])).shows("the decision is in the ledger all the same").shows("✓ isavigne-C002");
    session.keys("esc").send(failed(Vec::new())).shows("the decision was not made; nothing of it is in the ledger");
}

#[test]
fn a_decision_that_no_check_knows_of_is_looked_at_when_the_workbench_opens() {
    let mut session = Session::checked(140, 40);
    let [table, row, field] = ["customers", "isavigne-C002", "city"].map(str::to_owned);
    let (was, now) = (Some("SÃ©lestat".to_owned()), Some("Sélestat".to_owned()));
    let set = Action::Set { table, row, field, was, now, rule: None };
    session.workbench.decide(set, None).expect("the decision is written");
    session.keys("3 / \"mojibake\" enter").shows("customers.city · 2 findings");
    session.again().keys("3 / \"mojibake\" enter").shows("customers.city · 1 finding");
}

#[test]
fn all_suggestions_of_a_rule_are_one_decision_after_a_look_at_them() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"mojibake\" enter S").shows("accept 2 suggestions of mojibake");
    session.shows("isavigne-C002").shows("isavigne-C003").shows("1/2");
    session.keys("n").hides("accept 2 suggestions");
    assert!(session.ledger().is_empty());
    session.keys("S y").hides("mojibake  ");
    let ledger = session.ledger();
    assert_eq!((ledger.len(), &ledger[0]["kind"]), (1, &"bulk".into()));
    assert_eq!(ledger[0]["rows"].as_object().map(serde_json::Map::len), Some(2));
}

#[test]
fn repairs_of_many_rows_apply_also_where_the_rule_shows_the_value_in_other_words() {
    let mut session = Session::fresh(140, 40);
    let exports = session.dir.path().join("exports");
    let produits = PRODUITS.replace(";12,50;6,00;", ";-4,5500;6,00;").replace(";15,00;7,00;", ";-3;7,00;");
    fs::write(exports.join("produits.csv"), produits).expect("other products");
    let ventes = format!(
        "{VENTES}V004;3,40E+09;PINOT-2019-75CL;18/01/2024;1;bouteille;15,00;15,00;caveau\n\
         V005;3,50E+09;PINOT-2019-75CL;19/01/2024;1;bouteille;15,00;15,00;caveau\n"
    );
    fs::write(exports.join("ventes.csv"), ventes).expect("other sales");
    let clients = CLIENTS.replace(";67000;", ";1000;").replace(";67140;", ";1140;");
    fs::write(exports.join("clients.csv"), clients).expect("other customers");
    session.keys("l 3 / \"out-of-range\" enter enter").shows("products.list_price_eur · 2 findings");
    session.keys("v j e C-u \"4.55\" enter y").hides("≠").hides("out-of-range");
    session.keys("h / \"damage\" enter n enter").shows("sales_lines.customer_key · 2 findings");
    session
        .keys("v j e C-u \"isavigne-C001\" enter")
        .hides("≠")
        .hides("damage    sales_lines")
        .hides("damage  sales_lines");
    session.keys("h / \"damage\" enter S").shows("suggestions of spreadsheet-damage");
    session.keys("y").hides("≠").hides("damage");
    let rows: Vec<serde_json::Value> = session.ledger().iter().map(|line| line["rows"].clone()).collect();
    assert_eq!(
        rows[0],
        serde_json::json!({ "PINOT-2019-75CL": ["-3", "4.55"], "RIESLING-2020-75CL": ["-4.55", "4.55"] })
    );
    assert_eq!(rows[1]["isavigne-V004"], serde_json::json!(["isavigne-3,40E+09", "isavigne-C001"]));
    assert_eq!(session.model.conflicts, 0);
}

#[test]
fn an_edit_is_checked_while_it_is_typed() {
    let mut session = Session::checked(140, 40);
    session
        .keys("3 / \"orphan\" enter enter e")
        .shows("sales_lines.customer_key of isavigne-V003")
        .shows("isavigne-C999");
    session.keys("C-u").shows("✗ this field must have a value");
    session.keys("enter").shows("this field must have a value");
    assert!(session.ledger().is_empty());
    session.keys("\"isavigne-C004\" tab \"named on the invoice\" enter").hides("orphan-reference sales");
    let ledger = session.ledger();
    assert_eq!((&ledger[0]["now"], &ledger[0]["why"]), (&"isavigne-C004".into(), &"named on the invoice".into()));
}

#[test]
fn a_waiver_needs_a_reason_and_is_seen_as_one() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"invalid-email\" enter enter w").hides("✗ a waiver needs a reason");
    session.keys("enter").shows("✗ a waiver needs a reason");
    assert!(session.ledger().is_empty());
    session.keys("\"by post only\" tab \"someday\"").shows("until: write the day like 2027-06-30");
    session.keys("enter x").shows("by post only").shows("somedayx");
    session.keys("C-u \"30/06/2001\" enter").shows("by post only").shows("✗ until: 2001-06-30 is past");
    assert!(session.ledger().is_empty());
    session.keys("C-u \"30/06/2099\" enter").shows("○ isavigne-C001").shows("waived");
    let ledger = session.ledger();
    assert_eq!((&ledger[0]["why"], &ledger[0]["until"]), (&"by post only".into(), &"2099-06-30".into()));
    session.keys("x").shows("nothing is open among these; W lists waivers, u takes a decision back");
    session.keys("t").shows(" open × ").hides("○ isavigne-C001");
    session.keys("esc").shows("○ isavigne-C001");
}

#[test]
fn a_decision_that_no_longer_applies_is_listed_with_what_it_found() {
    let mut session = Session::checked(140, 40);
    session.keys("3 C").shows("there are no conflicts");
    session.keys("/ \"mojibake\" enter enter s");
    let clients = CLIENTS.replace("SÃ©lestat", "Colmar");
    fs::write(session.dir.path().join("exports/clients.csv"), clients).expect("a new export");
    session.keys("1 l").shows("≠ 1");
    session.keys("3 C").shows("decisions in conflict · 1").shows("≠ isavigne-C002");
    session.shows("decided SÃ©lestat → Sélestat, but it is Colmar now");
}

#[test]
fn a_load_that_fails_says_where_and_what_to_do_and_the_earlier_load_stands() {
    let mut session = Session::checked(120, 30);
    fs::remove_dir_all(session.dir.path().join("exports")).expect("the exports go");
    session.keys("l").shows("✗").shows("→");
    session.keys("enter").shows("14 rows in = 13 staged + 1 rejected");
    session.shows("✗ ").shows("there is no such folder").shows("the earlier load still stands");
    assert_eq!(session.screen().matches("still stands").count(), 1, "{}", session.screen());
    session.shows("2 loads · 1 went through · 1 failed · 0 cancelled · 14 rows in");
    session.keys("esc").hides("  → check").keys("!").shows("messages").shows("→");
}

#[test]
fn marks_and_ranges_are_acted_on_together() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"mojibake\" enter enter v j").shows("◆ isavigne-C002").shows("◆ isavigne-C003");
    session.keys("x").shows("2 rows will be left out of the commit").shows("become orphans");
    session.keys("\"tests\" enter").hides("mojibake  ");
    assert_eq!(session.ledger()[0]["why"], "tests");
    assert_eq!(session.ledger()[0]["rows"], serde_json::json!(["isavigne-C002", "isavigne-C003"]));
    session.keys("u").shows("mojibake");
    session.keys("/ \"mojibake\" enter");
}

#[test]
fn a_filter_is_a_chip_that_esc_removes_and_search_goes_on() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"mojibake\" enter enter & \"ribeau\" enter").shows(" & ribeau × ").shows("1 of 2 findings");
    session.keys("esc").shows("2 findings");
    session.keys("/ \"ribeau\" enter").shows("▸▲ isavigne-C003");
    session.keys("n").shows("no other finding listed here contains \"ribeau\"");
}

#[test]
fn the_search_among_rules_unfolds_what_it_finds() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"orphan\" enter space").hides("  orphan-reference");
    session.keys("/ \"orphan\" enter").shows("▸● orphan-reference");
}

#[test]
fn the_next_anomaly_is_found_across_rules() {
    let mut session = Session::checked(140, 40);
    session.keys("3 ]").shows("next anomaly");
    session.keys("esc").hides("next anomaly");
    let mut seen = Vec::new();
    for _ in 0..40 {
        session.keys("] a");
        let screen = session.screen();
        if screen.contains("this is the last anomaly") {
            break;
        }
        let title = screen.lines().nth(1).unwrap_or_default().split('┬').nth(1).unwrap_or_default().to_owned();
        if seen.last() != Some(&title) {
            seen.push(title);
        }
    }
    assert!(seen.len() > 3, "{seen:?}");
    session.shows("this is the last anomaly");
}

#[test]
fn the_commit_shows_gate_and_difference_and_the_rows_behind_every_number() {
    let mut session = Session::checked(120, 30);
    session.keys("6");
    insta::assert_snapshot!("commit_120x30", session.screen());
    session.keys("j enter").shows("customers · 6 rows would change").shows("added").shows("isavigne-C001");
    session.keys("G y");
    assert!(session.copied[0].starts_with("added\tisavigne-C007"), "{:?}", session.copied);
    session.keys("esc c").shows("the gate is closed");
    session.keys("z").shows("quarantine · 1 row").shows("isavigne-V003").shows("orphan-reference");
    session
        .keys("o")
        .shows("candidate.sales_lines · 1 of 3 rows")
        .shows("isavigne-V003")
        .keys("esc")
        .shows("quarantine");
    session.keys("esc j o").shows("candidate.sales_lines · 3 rows").keys("esc").shows("what a commit would change");
    // From what is behind a condition Esc leads back to that condition.
    session.keys("S-tab enter").shows("quarantine · 1 row").keys("z").shows("these are the rows in quarantine");
    session.keys("esc").shows("what a commit would change").keys("enter").shows("quarantine · 1 row");
}

#[test]
fn a_commit_asks_for_a_message_and_says_what_it_did() {
    let mut session = Session::checked(120, 30);
    session.keys("3 / \"orphan\" enter enter x 6").shows("gate ✓ open");
    session.keys("c").shows("12 added, 0 changed, 0 removed, 0 quarantined").hides("✗");
    session.keys("enter").shows("✗ a commit needs a message");
    session.keys("\"Monday\" enter").shows("commit 1: 12 added").shows("Monday");
    session.keys("esc c").shows("nothing would change");
    session.keys("3 h / \"mojibake\" enter enter s 6").shows("customers");
    session.keys("j enter").shows("city SÃ©lestat → Sélestat");
    insta::assert_snapshot!("changes_120x30", session.screen());
}

#[test]
fn the_message_of_a_commit_waits_for_fresh_counts() {
    let mut session = Session::checked(120, 30);
    session.keys("3 / \"orphan\" enter enter x").hold().keys("6 c").shows("counting…");
    session.keys("\"Monday\" enter").shows("✗ counting what would change").shows("Monday");
    session.answer().shows("12 added, 0 changed").keys("enter").shows("commit 1: 12 added");
}

#[test]
fn the_gate_is_read_to_its_end_on_a_small_screen() {
    let mut session = Session::checked(60, 18);
    session.keys("6").shows("lines · S-tab").keys("tab").shows("lines · Tab").keys("tab");
    let before = session.screen();
    session.keys("G");
    assert_ne!(session.screen(), before, "the gate does not move");
}

#[test]
fn the_title_of_a_story_leaves_room_for_the_counter_beside_it() {
    let mut session = Session::checked(100, 26);
    session.keys("3 / \"orphan\" enter enter t").shows(" open × ").shows("1/1");
    session.shows("isavigne-V003");
}

#[test]
fn control_characters_in_data_never_reach_the_terminal() {
    let mut session = Session::checked(140, 40);
    session.keys("3");
    for _ in 0..30 {
        let screen = session.screen();
        assert!(!screen.contains('\u{1b}'));
        if screen.contains("␛[31m") {
            return;
        }
        session.keys("] a");
    }
    panic!("the cell with the escape was never seen");
}

#[test]
fn a_key_that_cannot_work_says_why() {
    let mut session = Session::checked(140, 40);
    session.keys("u").shows("there is no decision of yours to undo");
    session.keys("3 / \"orphan\" enter enter s").shows("there is no suggestion for this one; e edits it");
    session.hides("accept all").keys("S").shows("none of these findings comes with a suggestion");
    session.keys("h g g S").shows("choose a rule or a facet first");
}

#[test]
fn the_palette_finds_commands_by_part_of_their_names() {
    let mut session = Session::checked(100, 30);
    session.keys(": \"gocom\"").shows("go to commit");
    session.keys("enter").shows("gate");
    session.keys(": esc q").hides("commands ──");
    assert!(session.ended);
}

#[test]
fn help_lists_the_keys_of_this_place_only() {
    let mut session = Session::checked(100, 40);
    session.keys("?").shows("keys · sources").shows("Loads the chosen source").hides("Puts another value");
    session.keys("q").hides("keys · sources");
    session.keys("3 enter F1").shows("keys · findings").shows("Puts another value");
    let mut narrow = Session::checked(60, 40);
    narrow.keys("3 enter ?").shows("Puts another value in place of the").shows("one that was found.");
}

#[test]
fn the_mouse_opens_tabs_and_chooses_lines() {
    let mut session = Session::checked(140, 40);
    let header = session.screen().lines().next().unwrap_or_default().to_owned();
    let column = header.chars().position(|c| c == '6').expect("the tab") as u16;
    session.click(column, 0).shows("what a commit would change");
    session.keys("3");
    let line = session.screen().lines().position(|line| line.contains("mojibake")).expect("the rule") as u16;
    session.click(6, line).shows("mojibake · customers.city");
    session.mouse(MouseEventKind::ScrollDown, 6, line);
    session.click(80, 3).keys("e").shows("customers.city of isavigne-C002");
}

#[test]
fn every_size_is_drawn_and_works() {
    for (width, height) in [(1, 1), (2, 2), (20, 5), (39, 7), (40, 8), (80, 24), (160, 48), (300, 90), (80, 3), (5, 60)]
    {
        let mut session = Session::checked(width, height);
        for keys in [
            "", "3", "enter", "e", "esc", "w", "esc", "tab tab", ":", "esc", "?", "esc", "6", "enter", "esc", "1",
            "enter", "j", "esc", "]", "esc", "!",
        ] {
            session.keys(keys).screen();
        }
    }
    Session::checked(14, 5).shows("14x5: too").shows("16x4").shows("Q quit");
}

#[test]
fn nothing_is_decided_on_a_screen_that_is_too_small_to_be_read() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"orphan\" enter enter").resize(15, 20).keys("x").send(Message::Paste("x".to_owned()));
    assert!(session.ledger().is_empty());
    session.keys("?").shows("small").resize(140, 40).shows("orphan-reference").keys("x");
    assert_eq!(session.ledger().len(), 1);
    session.resize(20, 3).keys("q");
    assert!(!session.ended);
    session.keys("Q");
    assert!(session.ended);
}

#[test]
fn a_message_covers_a_third_of_the_screen_at_most_and_any_key_takes_it_away() {
    let mut session = Session::checked(80, 24);
    session.model.say_with_hint(Tone::Failed, "far too long ".repeat(60), "do something else");
    let screen = session.shows("… ! shows all of it").screen();
    assert!(screen.lines().filter(|line| line.contains("far too long")).count() <= 6, "{screen}");
    session.keys("j").hides("far too long").keys("!").shows("far too long");
}

#[test]
fn a_check_reads_the_workspace_s_files_again() {
    let mut session = Session::checked(140, 40);
    let path = session.dir.path().join("tastevin.toml");
    let text = fs::read_to_string(&path).expect("tastevin.toml");
    fs::write(&path, text.replace("isavigne_prod", "isavigne_test")).expect("tastevin.toml is changed");
    session.shows("isavigne_prod").keys("r").shows("isavigne_test").hides("isavigne_prod");
    fs::write(&path, "[[").expect("tastevin.toml is broken");
    session.keys("r").shows("✗").shows("tastevin.toml");
}

#[test]
fn the_cursor_stays_in_sight_when_the_terminal_changes_its_size() {
    let mut session = Session::checked(160, 48);
    session.keys("3 G");
    let last = session.screen().lines().filter(|line| line.contains('▸')).count();
    assert!(last > 0);
    for (width, height) in [(80, 24), (100, 14), (60, 12), (160, 48)] {
        session.resize(width, height);
        let screen = session.screen();
        assert!(screen.contains('▸'), "{width}x{height}:\n{screen}");
    }
}

#[test]
fn without_colours_everything_is_still_told_apart() {
    let mut session = Session::checked(140, 40);
    session.model.theme = Theme::new(false);
    session.keys("3 / \"mojibake\" enter enter");
    let line = session.styles("SÃ©lestat");
    assert!(line.iter().any(|run| run.starts_with("reversed")), "{line:?}");
    session.shows("▲ isavigne-C003");
    assert!(session.terminal.backend().buffer().content().iter().all(|cell| cell.fg == Color::Reset));
}

#[test]
fn reading_only_refuses_changes_with_a_reason() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    copy(prepared(true), dir.path());
    let mut session = Session::open(dir, 140, 40, OpenOptions { read_only: true });
    session.shows("read-only");
    session.keys("l").shows("the workspace is open for reading only");
    session.keys("3 enter x").shows("the workspace is open for reading only");
    session.keys("esc").hides("x exclude").hides("w waive");
}

#[test]
fn the_message_of_a_commit_that_fails_comes_back_as_it_was_typed() {
    let mut session = Session::checked(120, 30);
    session.keys("3 / \"orphan\" enter enter x 6 c \"week 47\"").shows("week 47").hold().keys("enter").hides("week 47");
    let failure =
        Error::io("the disk is full", std::path::Path::new("tastevin.duckdb"), std::io::Error::other("no space left"));
    session.send(Message::Reply(Box::new(Reply::Committed(Err(failure)))));
    session
        .shows("week 47")
        .shows("the disk is full: no space left")
        .keys("\"!\"")
        .shows("week 47!")
        .hides("the disk is full");
}
