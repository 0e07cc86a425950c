//! Suggestions over the front door: a source without a mapping gets one, and what is saved keeps the user's words.

use tastevin::model::{Edit, Step};
use tastevin::workbench::{OpenOptions, Workbench};

use crate::harness::Workspace;

#[test]
fn the_samples_are_profiled_and_previewed_and_a_draft_is_saved_with_its_comments() {
    let workspace = Workspace::checked();
    let mut workbench = Workbench::open(workspace.dir(), OpenOptions::default()).unwrap();
    let profile = workbench.column_profiles("isavigne_prod", "clients").unwrap().unwrap();
    assert_eq!(profile.rows, profile.columns[0].filled + profile.columns[0].empty + profile.columns[0].absent);
    let mut draft = workbench.draft("isavigne_prod").unwrap();
    let preview = workbench.preview("isavigne_prod", &draft, "customers", "phone", 0, 20).unwrap();
    assert!(preview.failed > 0 && preview.rows[0].failed && preview.rows[0].texts[0].is_some(), "{preview:?}");
    assert_eq!(preview.rows.len(), 20);
    assert!(workbench.draft_problems("isavigne_prod", &draft).unwrap().is_empty());
    let step = Step::bare("title_case");
    draft.apply(Edit::InsertTransform { table: "customers".into(), field: "city".into(), at: 1, step });
    let before = workspace.read("mappings/isavigne.toml");
    workbench.save_mapping(&mut draft).unwrap();
    let after = workspace.read("mappings/isavigne.toml");
    let changed: Vec<(&str, &str)> = before.lines().zip(after.lines()).filter(|(a, b)| a != b).collect();
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert!(changed[0].1.contains("[\"trim\", \"title_case\"]"), "{changed:?}");
    // Somebody edits the file meanwhile.
    workspace.write("mappings/isavigne.toml", format!("{after}\n# mine\n"));
    draft.apply(Edit::Unmap { table: "customers".into(), field: "city".into() });
    assert!(workbench.save_mapping(&mut draft).is_err());
    assert!(workspace.read("mappings/isavigne.toml").ends_with("# mine\n"));
}
