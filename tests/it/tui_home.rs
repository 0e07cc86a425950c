//! Stories of the Sources screen: sources are added, tried, changed and removed.

use std::cell::Cell;
use std::sync::Mutex;

use tastevin::error::Kind;
use tastevin::tui::effects::{Ask, Effect, Slot};
use tastevin::tui::message::{Message, Reply};
use tastevin::tui::workers;
use tastevin::workbench::{OpenOptions, Workbench};

use crate::session::{Session, copy, prepared};

#[test]
fn a_source_is_added_changed_and_removed_by_keys() {
    let mut session = Session::checked(120, 40);
    session.keys("a").shows("what kind of source").keys("\"brevo\" enter").shows("add a source of kind brevo");
    session.keys("enter").shows("path is needed").keys("tab \"mailing\" enter").shows("brevo_prod is added");
    assert!(session.workbench.config().sources.contains_key("brevo_prod"));
    session.keys("@").shows("source add --kind brevo").keys("esc");
    session.keys("j t").shows("test of brevo_prod").shows("✗").keys("esc");
    session.keys("X").shows("remove brevo_prod").keys("y !").shows("brevo_prod is removed");
    assert!(!session.workbench.config().sources.contains_key("brevo_prod"));
}

#[test]
fn a_secret_is_named_by_where_it_is_kept_and_never_typed() {
    let mut session = Session::checked(120, 40);
    session.keys("a \"odoo\" enter").shows("add a source of kind odoo").shows("env ");
    session.keys("tab \"https://o.example\" tab \"db\" tab \"bot\" tab enter").shows("say where it is kept");
}

#[test]
fn what_to_do_next_is_a_list_of_doors() {
    let mut session = Session::checked(120, 40);
    session.keys("n").shows("what to do next").shows("Enter choose").keys("enter").shows("orphan-reference");
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
    session.hides("test of isavigne_prod");
    let before = session.screen();
    let answer = workers::answer(&session.workbench, &ask, &|_| ());
    session.send(Message::Reply(Box::new(Reply::Answered(generation, Slot::Test, answer))));
    assert_eq!(session.screen(), before);
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
