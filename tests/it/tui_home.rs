//! Stories of the Sources screen: sources are added, tried, changed and removed.

use crate::session::Session;

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
