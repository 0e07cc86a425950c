//! What the workbench shows where the last check does not speak of what is there now.

use crate::harness::Workspace;
use crate::session::Session;

fn session(workspace: &Workspace, width: u16, height: u16) -> Session {
    Session::copy_of(workspace.dir(), width, height)
}

#[test]
fn a_load_whose_mapping_no_longer_runs_leaves_nothing_green() {
    let workspace = Workspace::checked();
    let renamed =
        String::from_utf8_lossy(&std::fs::read(workspace.path("exports/clients_2025-11-17.csv")).expect("clients"))
            .replace("Nom;", "Wer das ist;");
    workspace.write("exports/clients_2025-11-24.csv", renamed);
    let mut session = session(&workspace, 100, 30);
    session.keys("l").shows("not checked since").hides("✓ nothing blocks").shows("nothing can be checked");
    session.keys("6").shows("✗ the last check knows").shows("has no column \"nom\"");
    session.keys("c").hides("message");
    // Opened again it is the same.
    let mut session = session.again();
    session.shows("not checked since").keys("6").shows("✗ the last check knows");
}

#[test]
fn a_source_that_nobody_has_mapped_leads_to_the_mapping() {
    let workspace = Workspace::empty();
    workspace.write("exports/members.csv", "Member No,Name\nM-1,Ann\nM-2,Bob\n");
    workspace.tastevin(["source", "add", "shop", "--kind", "files", "--path", "exports"]).passed();
    let mut session = session(&workspace, 100, 30);
    session.keys("l").hides("✓ nothing blocks").shows("feeding no table yet").shows("members");
    session.keys("6").shows("no table is fed: map what is loaded").hides("nothing has been checked yet");
    let check = workspace.tastevin(["load"]).passed();
    assert!(check.stderr.contains("members"), "{}", check.stderr);
    let check = workspace.tastevin(["check"]).ended(1);
    assert!(check.stdout.contains("no table is fed: map what is loaded"), "{}{}", check.stdout, check.stderr);
}
