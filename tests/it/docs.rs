//! The reference pages in docs/ are written from the registries; these tests hold them to it.

use std::path::Path;

/// Compares a committed page with what the registry says now; with `TASTEVIN_BLESS` set it writes the page instead.
fn page_is_fresh(file: &str, page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(file);
    if std::env::var_os("TASTEVIN_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().expect("docs/ has a parent")).expect("docs/ can be made");
        std::fs::write(&path, page).expect("the page can be written");
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(committed == page, "docs/{file} is stale; `TASTEVIN_BLESS=1 cargo test docs` writes it anew");
}

#[test]
fn the_page_of_the_transforms_is_what_the_registry_says() {
    page_is_fresh("transforms.md", &tastevin::transforms::reference());
}

#[test]
fn the_pages_of_the_rules_are_what_the_registry_says() {
    page_is_fresh("rules/README.md", &tastevin::rules::index());
    for rule in tastevin::rules::REGISTRY {
        page_is_fresh(&format!("rules/{}.md", rule.id), &tastevin::rules::reference(rule));
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules");
    for entry in std::fs::read_dir(folder).expect("docs/rules/ is there") {
        let name = entry.expect("it can be listed").file_name().to_string_lossy().into_owned();
        let id = name.trim_end_matches(".md");
        assert!(id == "README" || tastevin::rules::find(id).is_ok(), "docs/rules/{name} is about no rule");
    }
}

#[test]
fn the_page_of_the_formats_is_what_the_registries_say() {
    page_is_fresh("reports.md", &tastevin::reports::reference());
}
