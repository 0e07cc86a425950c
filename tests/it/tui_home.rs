//! Stories of the Sources screen: sources are added, tried, changed and removed.

use std::cell::Cell;
use std::fs;
use std::sync::Mutex;

use tastevin::error::Kind;
use tastevin::tui::effects::{Ask, Effect, Job, Slot};
use tastevin::tui::message::{Message, Reply};
use tastevin::tui::workers;
use tastevin::workbench::{OpenOptions, Workbench};

use crate::session::{CLIENTS, Session, copy, prepared};

#[test]
fn a_source_is_added_changed_and_removed_by_keys() {
    let mut session = Session::checked(120, 40);
    session.keys("a").shows("what kind of source").keys("\"brevo\" enter").shows("add a source of kind brevo");
    session.keys("enter").shows("✗ path is needed").keys("\"mailing\" enter");
    // What the engine refuses comes back as it was typed, with the reason at its line.
    session.shows("add a source of kind brevo").shows("✗ there is no such folder; make it first");
    assert!(session.styles("mailing").contains(&"red bold: path".to_owned()), "{:?}", session.styles("mailing"));
    assert!(!session.workbench.config().sources.contains_key("brevo_prod"));
    std::fs::create_dir(session.dir.path().join("mailings")).expect("the folder");
    session.keys("\"s\"").hides("there is no such folder").keys("enter").shows("brevo_prod is added");
    assert!(session.workbench.config().sources.contains_key("brevo_prod"));
    session.keys("@").shows("source add --kind brevo").keys("esc");
    session.keys("t").shows("test of brevo_prod").shows("✗").keys("esc");
    session.keys("X").shows("remove brevo_prod").keys("y !").shows("brevo_prod is removed");
    assert!(!session.workbench.config().sources.contains_key("brevo_prod"));
}

#[test]
fn a_second_source_of_a_kind_is_given_a_name_that_is_free() {
    let mut session = Session::checked(120, 40);
    let taken: Vec<String> = session.workbench.config().sources.keys().cloned().collect();
    assert!(taken.contains(&"isavigne_prod".to_owned()), "{taken:?}");
    session.keys("a \"isavigne\" enter").shows("add a source of kind isavigne").shows("name isavigne_2").keys("esc");
    session.keys("a \"brevo\" enter").shows("name brevo_prod");
}

#[test]
fn a_secret_is_named_by_where_it_is_kept_and_never_typed() {
    let mut session = Session::checked(120, 40);
    session.keys("a \"odoo\" enter").shows("add a source of kind odoo").shows("env ");
    session.keys("tab \"https://o.example\" tab \"db\" tab \"bot\" tab enter").shows("✗ api_key: say where");
    // What is wrong elsewhere is said there, not while another line is typed.
    session.keys("tab \"x\"").shows("✗ company_id is a whole number");
    session.keys("backspace tab \"x\"").hides("✗").keys("enter").shows("✗ api_key: say where");
}

#[test]
fn what_to_do_next_is_a_list_of_doors() {
    let mut session = Session::checked(120, 40);
    session.keys("n enter").shows("orphan-reference").shows("3 Anomalies");
    session.keys("1").shows("what to do next").keys("j enter").shows("gate ✗ closed");
    session.keys("1 j enter").shows("rejects · 1 row").keys("1 G enter").shows("The report of the last check");
}

#[test]
fn what_keeps_the_gate_closed_is_seen_first_on_a_small_screen() {
    let mut session = Session::checked(80, 24);
    let screen = session.keys("6").screen();
    let first = screen.lines().find(|line| line.contains('✗') && line.contains("no table has more than"));
    let other = screen.lines().position(|line| line.contains("the last check knows"));
    let place = first.and_then(|first| screen.lines().position(|line| line == first));
    assert!(place.is_some_and(|place| other.is_none_or(|other| place < other)), "{screen}");
}

/// A test that was begun, and the question that it is.
fn testing() -> (Session, u64, Ask) {
    let mut session = Session::checked(100, 24);
    session.hold().keys("t");
    let asked = session.held.take().unwrap_or_default().into_iter().find_map(|effect| match effect {
        Effect::Ask(generation, ask) if ask.slot() == Slot::Test => Some((generation, *ask)),
        _ => None,
    });
    let (generation, ask) = asked.expect("the source is tested");
    (session, generation, ask)
}

#[test]
fn the_results_of_a_test_are_seen_as_they_come() {
    let (mut session, generation, ask) = testing();
    let frames = Mutex::new(Vec::new());
    let answer = {
        let tell = |news| frames.lock().expect("frames").push(news);
        workers::answer(&session.workbench, &ask, &tell)
    };
    session.shows("Esc cancel");
    let mut seen = Vec::new();
    for news in frames.into_inner().expect("frames") {
        session.send(Message::Reply(Box::new(Reply::Nearer(generation, Slot::Test, news))));
        let screen = session.screen();
        // The popup lies over panes: its lines are between frames.
        let parts = screen.lines().flat_map(|line| line.split('│')).map(str::trim);
        let marked: Vec<&str> = parts.filter(|part| part.contains("folder ") || part.contains("files of ")).collect();
        seen.push(marked.join("\n"));
    }
    // Each step is there while it is looked at, and then with what was found.
    assert!(seen[0].starts_with("… folder "), "{seen:?}");
    assert!(seen[1].starts_with("✓ folder ") && seen[1].ends_with("can be read"), "{seen:?}");
    assert!(seen[2].ends_with("… files of clients"), "{seen:?}");
    assert!(seen[3].ends_with("✓ files of clients: clients.csv"), "{seen:?}");
    session.send(Message::Reply(Box::new(Reply::Answered(generation, Slot::Test, answer))));
    session.shows("every step holds").shows("Esc close");
}

#[test]
fn esc_stops_a_test_and_what_comes_late_is_not_shown() {
    let (mut session, generation, ask) = testing();
    session.shows("test of isavigne_prod").hold().keys("esc");
    assert!(session.held.take().is_some_and(|effects| effects.contains(&Effect::Forget(Slot::Test))));
    session.hides("┌ test of isavigne_prod").shows("test of isavigne_prod: cancelled");
    let before = session.screen();
    let answer = workers::answer(&session.workbench, &ask, &|_| ());
    session.send(Message::Reply(Box::new(Reply::Answered(generation, Slot::Test, answer))));
    assert_eq!(session.screen(), before);
}

#[test]
fn a_source_whose_first_load_failed_is_not_said_to_be_untried() {
    let mut session = Session::fresh(80, 24);
    let exports = session.dir.path().join("exports");
    fs::rename(&exports, session.dir.path().join("elsewhere")).expect("the exports go");
    session.keys("l").shows("✗ isavigne_prod").shows("isavigne_prod could not be loaded yet").hides("never loaded");
    session.keys("t").shows("One step does not hold; what is marked ✗ says what to do.").keys("esc");
    fs::rename(session.dir.path().join("elsewhere"), &exports).expect("the exports come back");
    session.keys("n enter").shows("✓ isavigne_prod").hides("could not be loaded");
}

#[test]
fn a_test_that_was_interrupted_says_so_and_nothing_else() {
    let dir = tempfile::tempdir().expect("a folder");
    copy(prepared(false), dir.path());
    let workbench = Workbench::open(dir.path(), OpenOptions::default()).expect("the workspace opens");
    let interrupter = workbench.interrupter();
    let steps = Cell::new(0);
    let outcome = workbench.test_source("isavigne_prod", &|_| {
        steps.set(steps.get() + 1);
        interrupter.interrupt();
    });
    assert_eq!(outcome.err().map(|error| error.kind()), Some(Kind::Interrupted));
    assert_eq!(steps.get(), 2, "the step that was begun is the last one");
}

#[test]
fn each_figure_of_a_table_is_a_door_to_the_rows_that_it_counts() {
    let mut session = Session::checked(120, 40);
    // customers, from its name through the figures.
    session.keys("tab j enter").shows("3 Anomalies").shows("customers");
    let doors = [
        ("rows in", "staging.isavigne_prod/clients"),
        ("rejected", "rejects · 1 of 1 row"),
        ("mapped", "candidate.customers"),
    ];
    for (at, (figure, table)) in doors.iter().enumerate() {
        session.keys("1 b b b b b b b").keys(&"w ".repeat(at + 1)).keys("enter").shows("5 Tables").shows(table);
        assert!(!session.screen().contains("what to do next"), "{figure}");
    }
    // Nothing is waived, nothing blocks, nothing is committed: each says so.
    session.keys("1 right enter").shows("customers has no row that is waived");
    session.keys("right enter").shows("customers has no row that is blocking");
    session.keys("right enter").shows("customers has no row that is committed");
    session.keys("right enter").shows("7 History").shows("score");
    // sales_lines has one row that blocks.
    session
        .keys("1 j left left enter")
        .shows("3 Anomalies")
        .shows("orphan-reference")
        .shows("sales_lines")
        .shows("error");
    // contact_history is fed by nothing.
    session.keys("1 G enter").shows("no source that was loaded feeds contact_history");
}

#[test]
fn waived_and_committed_rows_are_counted_and_lead_to_their_rows() {
    let mut session = Session::checked(120, 40);
    session.keys("3 / \"orphan-reference\" enter enter w \"known\" enter").keys("6 c \"first\" enter");
    session.keys("1 tab").shows("committed");
    let line = |session: &mut Session| {
        let screen = session.screen();
        screen.lines().find(|line| line.contains("sales_lines  ")).map(str::to_owned).unwrap_or_default()
    };
    let figures = line(&mut session);
    let figures: Vec<&str> = figures.split_whitespace().collect();
    assert_eq!(figures[2..9], ["sales_lines", "3", "0", "3", "1", "0", "3"], "{figures:?}");
    session.keys("j j right right right right enter").shows("3 Anomalies").shows("waived").shows("orphan-reference");
    session.keys("1 right right enter").shows("canonical.sales_lines").shows("3 rows");
}

#[test]
fn the_bars_and_the_scores_say_how_it_goes() {
    let mut session = Session::checked(120, 40);
    // The rejected record and the rows that can be committed.
    let customers = session.styles("customers        ▒");
    assert!(customers.iter().any(|run| run.starts_with("green: ▒")), "{customers:?}");
    assert!(customers.iter().any(|run| run.starts_with("yellow: ×")), "{customers:?}");
    let sales = session.styles("sales_lines      ▒");
    assert!(sales.iter().any(|run| run.starts_with("red: ░")), "{sales:?}");
    // The next export is better: the trend shows it.
    let better = CLIENTS.replace("SÃ©lestat", "Sélestat").replace("RibeauvillÃ©", "Ribeauvillé");
    std::fs::write(session.dir.path().join("exports/clients.csv"), better).expect("an export");
    session.keys("l");
    let customers = session.styles("customers        ▒");
    assert!(customers.contains(&"green: ↑".to_owned()), "{customers:?}");
}

#[test]
fn a_source_has_its_loads_their_totals_and_the_log_of_the_last_one() {
    let mut session = Session::checked(120, 40);
    session.keys("l enter").shows("2 loads · 2 went through · 0 failed · 0 cancelled · 28 rows in");
    session.shows("esc back").keys("esc").hides("esc back").keys("enter");
    session.shows("log of the last load").shows("▲ clients: 1 record could not be read as rows");
    session.shows("clients.csv").shows("utf-8, delimiter");
    session
        .keys("G enter")
        .shows("7 History")
        .shows("load 1")
        .keys("1 enter g g j j j j enter")
        .shows("staging.isavigne_prod/produits");
    session.keys("1").shows("what to do next");
}

#[test]
fn on_a_wide_screen_everything_stands_side_by_side() {
    let mut session = Session::checked(160, 48);
    insta::assert_snapshot!("home_160x48", session.screen());
    session.keys("enter");
    assert!(session.styles("14 rows in = 13 staged").iter().any(|run| run.contains("on blue")));
}

#[test]
fn a_step_is_said_in_words_that_fit_and_told_whole_once_it_is_chosen() {
    for (width, height) in [(80, 24), (120, 40), (160, 48)] {
        let mut session = Session::checked(width, height);
        session.keys("n");
        while !session.screen().contains("▸▲ 1  record could not be read as a row") {
            let before = session.screen();
            session.keys("j");
            assert_ne!(before, session.screen(), "the rejected record is no step");
        }
        session.shows("▸▲ 1  record could not be read as a row ").shows("most for \"").shows("first in");
    }
    // Where there is room for the reasons of all steps, they stand beside them.
    Session::checked(240, 48).keys("n").shows("most for \"too few fields\", first in clients.csv line 7");
}

#[test]
fn the_files_of_a_source_are_whole_where_there_is_room() {
    let mut session = Session::checked(160, 48);
    let exports = session.dir.path().join("exports");
    for (entity, file) in [("clients", "clients_2025-11-17"), ("produits", "produits_2025-11-17")] {
        std::fs::rename(exports.join(format!("{entity}.csv")), exports.join(format!("{file}.csv")))
            .expect("another name");
    }
    session.keys("l").shows("clients_2025-11-17.csv").shows("produits_2025-11-17.csv");
}

#[test]
fn a_source_that_was_never_loaded_is_the_first_thing_to_do() {
    let mut session = Session::fresh(80, 24);
    insta::assert_snapshot!("home_fresh_80x24", session.screen());
    session.keys("n enter").shows("Reference to nothing").hides("never loaded");
}

#[test]
fn groups_of_duplicates_a_report_and_a_commit_are_steps() {
    let mut session = Session::fresh(100, 34);
    let file = session.dir.path().join("exports/clients.csv");
    let twin = "C008;Lucie Meyer;luc@example.fr;03 88 83 06 99;;68150;Colmar;France;non;05/01/2022;\n";
    std::fs::write(&file, format!("{CLIENTS}{twin}")).expect("an export");
    session.keys("l").shows("1  group of rows that may be").shows("the report of this check");
    let place = |session: &mut Session, text: &str| session.screen().lines().position(|line| line.contains(text));
    session.keys("n /").hides("merge them or say");
    while !session.screen().contains("group of rows that may be the same thing: merge them") {
        session.keys("j");
    }
    session.keys("enter").shows("4 Duplicates").shows("luc@example.fr");
    session.keys("1").shows("the gate").shows("does not hold");
    assert!(place(&mut session, "Reference to nothing") < place(&mut session, "group of rows"), "{}", session.screen());
    session.keys("3 / \"orphan-reference\" enter enter w \"known\" enter 1").shows("the gate is open");
}

#[test]
fn what_a_load_does_is_seen_at_its_source() {
    let mut session = Session::checked(100, 24);
    session.hold().keys("L");
    session.send(Message::Reply(Box::new(Reply::Started(Job::Load("isavigne_prod".to_owned())))));
    session.shows("… isavigne_prod").shows("loading");
    // One that is loaded after it waits.
    session.model.loads.push("isavigne_prod".to_owned());
    session.shows("waits");
}

#[test]
fn an_edit_that_is_refused_comes_back_and_what_is_mended_is_written() {
    let mut session = Session::checked(80, 24);
    session.keys("e").shows("edit isavigne_prod").keys("C-u \"clients.csv\" enter");
    session.shows("edit isavigne_prod").shows("✗ there is no such folder");
    session.keys("C-u \"exports/clients.csv\" enter").shows("is a file and must be a folder");
    session.keys("C-u \"./exports\" enter").shows("isavigne_prod is changed").shows("t tests it, l loads it");
    assert_eq!(session.workbench.config().sources["isavigne_prod"].text("path"), Some("./exports"));
    session.keys("e enter").shows("nothing is changed");
}

/// The names of the options of a connector.
fn options_of(connector: &str) -> Vec<&'static str> {
    let kind = tastevin::workbench::connectors().iter().find(|kind| kind.name == connector);
    kind.map(|kind| kind.options.iter().map(|option| option.name).collect()).unwrap_or_default()
}

#[test]
fn a_form_longer_than_the_screen_scrolls_to_the_line_that_is_typed() {
    for (width, height) in [(80, 24), (60, 12), (40, 8)] {
        let mut session = Session::checked(width, height);
        session.keys("a \"odoo\" enter").shows("add a source of kind").shows("name").shows("odoo_prod");
        let labels = options_of("odoo");
        for label in &labels {
            session.keys("tab").shows(label);
        }
        session.keys("tab").shows("odoo_prod").keys("S-tab").shows(labels.last().expect("an option"));
        if height < 24 {
            session.hides("odoo_prod").shows(&format!("{}/{}", labels.len() + 1, labels.len() + 1));
        }
    }
}

#[test]
fn a_figure_is_pointed_at_with_the_mouse() {
    let mut session = Session::checked(120, 40);
    let screen = session.screen();
    let (row, line) = screen.lines().enumerate().find(|(_, line)| line.contains("● sales_lines")).expect("the table");
    let heads = screen.lines().find(|line| line.contains("blocking  committed")).expect("the heads");
    let blocking = heads.find("blocking").map(|at| heads[..at].chars().count()).expect("a head");
    assert!(line.chars().nth(blocking + 7) == Some('1'), "{line}");
    session.click(blocking as u16 + 7, row as u16).click(blocking as u16 + 7, row as u16);
    session.shows("3 Anomalies").shows("✓   sales_lines").shows("errors ×");
}

#[test]
fn several_sources_are_seen_with_everything_else_on_a_small_screen() {
    let dir = tempfile::tempdir().expect("a folder");
    copy(prepared(true), dir.path());
    let more = ["b", "c", "d"].map(|name| format!("[sources.{name}]\nkind = \"isavigne\"\npath = \"exports\"\n\n"));
    let file = dir.path().join("tastevin.toml");
    let text = std::fs::read_to_string(&file).expect("the configuration");
    std::fs::write(&file, text.replace("[gate]", &format!("{}[gate]", more.concat()))).expect("more sources");
    let mut session = Session::open(dir, 80, 24, OpenOptions::default());
    insta::assert_snapshot!("home_several_80x24", session.screen());
    // Every one that was never loaded is a step.
    session.keys("n enter").shows("c was never loaded").hides("b was never loaded");
    // Two sources feed the tables now: the rows that came in are those of one or of the other.
    session.keys("esc tab right enter").shows("what was staged for products").shows("isavigne_prod/produits");
    session.keys("\"b/\" enter").shows("staging.b/produits").shows("2 rows");
}

#[test]
fn tab_goes_round_the_panes_of_this_screen_and_its_key_leads_back_to_the_list() {
    let mut session = Session::checked(80, 24);
    session.keys("tab").shows("left").keys("tab tab").shows("▸✓ isavigne_prod").hides("log of the last load");
    session.keys("S-tab S-tab S-tab").hides("log of the last load");
    session.keys("enter").shows("log of the last load").keys("tab").hides("log of the last load");
    session.keys("enter 2 1").shows("what to do next").hides("log of the last load");
    // On a wide screen what is known of the source is one of the panes.
    let mut session = Session::checked(160, 48);
    session.keys("tab tab tab j j j j j").shows("1 Sources").keys("tab").shows("▸✓ isavigne_prod");
}

#[test]
fn what_may_not_be_waived_is_not_said_to_be() {
    let mut session = Session::fresh(300, 48);
    let path = session.dir.path().join("exports/clients.csv");
    let clients = fs::read_to_string(&path).expect("the export").replace("C002;", "C001;").replace("C003;", ";");
    fs::write(&path, clients).expect("other customers");
    let screen = session.keys("l").screen();
    for (step, until) in [
        ("Duplicate key", "are merged, repaired or excluded"),
        ("Reference to nothing", "are repaired, waived or excluded"),
        ("Missing key", "are repaired or excluded"),
    ] {
        let line = screen.lines().find(|line| line.contains(step)).unwrap_or_default();
        assert!(line.contains(until), "{line}");
    }
}
