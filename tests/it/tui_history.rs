//! Stories of the History screen: what was loaded and committed, compared and taken back.

use tastevin::model::LoadOptions;
use tastevin::workbench::OpenOptions;

use crate::session::{CLIENTS, Session, VENTES};

/// Loaded and checked, committed, one customer's town changed in the export, loaded, checked and committed again.
fn with_two_commits(width: u16, height: u16) -> Session {
    let mut session = Session::checked(width, height);
    let file = session.dir.path().join("tastevin.toml");
    let text = std::fs::read_to_string(&file).expect("the configuration");
    std::fs::write(&file, text.replace("max_quarantined = \"5%\"", "max_quarantined = \"100%\""))
        .expect("a wider gate");
    session.workbench.refresh().expect("the configuration is read again");
    session.workbench.check(&|_| {}).expect("a check");
    session.workbench.commit("Monday", &|_| {}).expect("a commit");
    let clients = CLIENTS.replace("67140;Barr", "67140;Andlau");
    std::fs::write(session.dir.path().join("exports/clients.csv"), clients).expect("another export");
    session.workbench.load("isavigne_prod", &LoadOptions::default(), &|_| {}).expect("a load");
    session.workbench.check(&|_| {}).expect("a check");
    session.workbench.commit("Tuesday", &|_| {}).expect("a commit");
    session.again()
}

#[test]
fn the_history_is_one_timeline_with_the_newest_first() {
    for (width, height) in [(80, 24), (120, 40), (160, 48)] {
        let mut session = with_two_commits(width, height);
        session.keys("7").shows("loads and commits").shows("today").shows("1/4");
        let screen = session.screen();
        let at = |text: &str| screen.find(text).unwrap_or_else(|| panic!("{text} is missing:\n{screen}"));
        assert!(at("commit 2") < at("load 2 ") && at("load 2 ") < at("Monday") && at("Monday") < at("load 1 "));
        session.shows("1 rejected · 13 staged  ").shows("scores").shows("customers");
    }
}

#[test]
fn before_the_second_check_nothing_is_said_to_have_changed() {
    let mut session = Session::checked(80, 24);
    let of_customers = |session: &mut Session| {
        let screen = session.keys("7").screen();
        screen.lines().find(|line| line.contains("customers")).unwrap_or_default().to_owned()
    };
    let line = of_customers(&mut session);
    assert!(line.contains(" –  ") && line.contains("from the next check on") && !line.contains('='), "{line}");
    session.workbench.check(&|_| {}).expect("a check");
    let mut session = session.again();
    let line = of_customers(&mut session);
    assert!(line.contains(" =  ") && !line.contains("from the next"), "{line}");
}

#[test]
fn a_load_says_what_came_in_and_what_did_not() {
    let mut session = with_two_commits(80, 24);
    session.keys("7 j enter").shows("load 2").shows("clients").shows("7 rows in = 6 staged + 1 rejected");
    session.keys("esc").shows("loads and commits");
}

#[test]
fn a_commit_says_who_when_what_and_which_rows() {
    let mut session = with_two_commits(120, 40);
    session.keys("7 enter").shows("what commit 2 changed").shows("Tuesday").shows("hash ").hides("comparing");
    session.keys("enter").shows("customers · 1 row differs").shows("isavigne-C004").shows("Barr → Andlau");
    session.keys("y");
    assert!(session.copied[0].starts_with("changed\tisavigne-C004"), "{:?}", session.copied);
    session.keys("esc esc").shows("loads and commits");
    // Of a whole row a low screen shows what has room, and says that there is more.
    session.resize(80, 24).keys("G k enter enter").shows("PINOT-2019-75CL added").shows("5 of 12 fields ┘");
}

#[test]
fn all_cells_of_a_row_are_read_to_their_ends_on_a_small_screen_too() {
    let mut session = with_two_commits(80, 24);
    // Of the row that came there are more cells than the pane below the list has lines.
    session.keys("7 j j enter").shows("customers").keys("j enter").shows("fields").hides("average_order_eur   ");
    session.keys("enter").shows("customer_key").keys("G").shows("segment");
    session.keys("esc esc esc").shows("loads and commits");
    // And of one that would change.
    let mut session = Session::checked(80, 24);
    session.keys("6 j enter").shows("rows would change").shows("fields").hides("segment   ");
    session.keys("enter").keys("G").shows("segment").keys("esc").shows("rows would change");
}

#[test]
fn any_two_commits_are_compared() {
    let mut session = with_two_commits(120, 40);
    session.keys("7 space").shows("commit 2 marked").keys("d").shows("┌ commit 1 → commit 2 ").keys("esc");
    session.keys("k d").shows("commit 2 is marked; go to another one");
    session.keys("G k space").shows("commits 2 and 1 marked");
    session.keys("d").shows("what commit 2 changed").shows("┌ commit 1 → commit 2 ").keys("esc");
    session.keys("space esc").hides("marked");
    session.keys("j d").shows("mark two commits with space, or go to one");
}

#[test]
fn a_commit_is_taken_back_as_a_new_commit_with_its_line_for_the_shell() {
    let mut session = with_two_commits(120, 40);
    session.keys("7 R").shows("revert commit 2").shows("Tuesday").keys("enter");
    session.shows("commit 3 takes commit 2 back: 0 added").shows("revert 2");
    assert_eq!(session.workbench.log().expect("the log")[0].reverts, Some(2));
    session.keys("@").shows("revert --message 'revert 2' 2").keys("esc");
    // What was taken back is not shown as what was done last.
    session.keys("6").hides("commit 2 is made").shows("what a commit would change");
}

#[test]
fn what_cannot_be_taken_back_says_why_and_changes_nothing() {
    let mut session = with_two_commits(120, 40);
    session.keys("7 G k R enter").shows("commit 1 cannot be undone, rows of it were written again since");
    // What to do about it stands at the end, and is seen on a narrow screen too.
    session.resize(44, 24).shows("undo the later").shows("rows and commit");
    assert_eq!(session.workbench.log().expect("the log").len(), 2);
}

#[test]
fn the_timeline_is_narrowed_down_to_a_source_or_to_the_commits() {
    let mut session = with_two_commits(120, 40);
    session.keys("7 & \"isavigne\" enter").shows("source isavigne_prod").shows("1/2").hides("Tuesday");
    session.keys("esc").shows("Tuesday");
    session.keys("& \"commits\" enter").shows("commits only").shows("1/2").hides("load 1 ");
}

#[test]
fn a_failed_load_says_why() {
    let mut session = Session::checked(120, 40);
    std::fs::remove_dir_all(session.dir.path().join("exports")).expect("the exports go");
    session.keys("l 7").shows("load 2").shows("failed: ");
    session.keys("enter").shows("✗ failed");
}

#[test]
fn a_score_is_a_door_to_its_anomalies() {
    let mut session = Session::checked(120, 40);
    session.keys("7 tab").shows("score");
    let at = session.model.about.schema.tables.get_index_of("customers").expect("the table");
    session.keys(&"j ".repeat(at)).keys("enter").shows("3 Anomalies").shows("customers.");
}

#[test]
fn an_empty_history_says_what_to_do_and_read_only_why_not() {
    Session::empty(80, 24).keys("7").shows("This workspace has no source yet.");
    Session::fresh(80, 24).keys("7").shows("Nothing was loaded yet.").keys("enter").shows("there is nothing here yet");
    let session = with_two_commits(80, 24);
    let Session { workbench, dir, .. } = session;
    drop(workbench);
    let mut session = Session::open(dir, 80, 24, OpenOptions { read_only: true });
    session.keys("7 R").shows("the workspace is open for reading only");
}

#[test]
fn what_a_load_counts_is_a_door_to_its_rows() {
    let mut session = with_two_commits(120, 40);
    // The cursor begins where Enter does something.
    session.keys("7 j enter").shows("load 2").keys("enter").shows("rejects · 1 of 1 row").keys("esc").shows("load 2");
    session.keys("g g enter").shows("this line counts no rows");
    session.keys("j j enter").shows("rejects · 1 of 1 row").shows("too few fields").keys("esc").shows("load 2");
    session.keys("j j enter").shows("staging.isavigne_prod/clients · 6 rows").keys("esc").shows("load 2");
    session.keys("j").shows("▲ 1 record rejected").keys("enter").shows("entity = clients").shows("C006");
    session.keys("esc esc G enter").shows("load 1").keys("enter").shows("these rows are gone: load 2 stands");
}

#[test]
fn what_a_commit_counts_is_a_door_to_its_rows() {
    let mut session = with_two_commits(120, 40);
    session.keys("7 enter").shows("what commit 2 changed").keys("j z").shows("quarantine.sales_lines · 1 row");
    session.keys("esc").shows("what commit 2 changed").keys("z").shows("quarantine.sales_lines").keys("esc");
    session.keys("k z").shows("commit 2 left nothing of customers in quarantine");
    session
        .keys("o")
        .shows("canonical.customers · 6 rows")
        .keys("esc enter o")
        .shows("canonical.customers · 1 of 6 rows");
    session.keys("esc esc esc").shows("loads and commits").keys("G k enter j j z");
    session.shows("the quarantine is that of commit 2, the last one");
}

#[test]
fn a_commit_that_rewrites_most_of_a_table_is_told_and_made_all_the_same() {
    let numbered = |first: usize| {
        let head = CLIENTS.lines().next().unwrap_or_default();
        let line = |n: usize| {
            let (of, day) = (n + first, n % 9 + 1);
            format!(
                "D{n:03};Ann{of} Lee{of};ann{of}@example.fr;03 88 83 {:02} {:02};;67{of:03};Town{of};France;non;0{day}/01/2022;",
                of / 100,
                of % 100
            )
        };
        let lines: Vec<String> = (100..140).map(line).collect();
        format!("{head}\n{}\n", lines.join("\n"))
    };
    for (week, is_told) in [(numbered(500), true), (numbered(0).replace("67", "68"), false)] {
        let mut session = Session::fresh(120, 40);
        let file = session.dir.path().join("exports/clients.csv");
        let sales = VENTES.replace("C001", "D100").replace("C002", "D101").replace("C999", "D102");
        std::fs::write(session.dir.path().join("exports/ventes.csv"), sales).expect("sales to these");
        std::fs::write(&file, numbered(0)).expect("an export");
        session.keys("l 6 c \"one\" enter").shows("commit 1 is made").keys("esc");
        std::fs::write(&file, week).expect("another export");
        session.keys("1 l 6");
        if is_told {
            session.shows("what a commit would change · ▲ customers: 40 rewritten").shows("▲ customers");
            session.keys("c").shows("of 40 of 40 committed rows most values become others");
        } else {
            session.shows("≠ customers").hides("rewritten").keys("c").hides("become others");
        }
        session.keys("\"two\" enter").shows("commit 2 is made");
    }
}
