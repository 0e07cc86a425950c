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
fn the_page_of_the_connectors_is_what_the_registry_says() {
    page_is_fresh("connectors.md", &tastevin::connectors::reference());
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

#[test]
fn the_page_of_the_keys_is_what_the_keymap_says() {
    page_is_fresh("keys.md", &tastevin::tui::keymap::reference());
}

#[test]
fn the_page_of_the_configuration_is_what_the_program_reads() {
    page_is_fresh("configuration.md", &tastevin::tui::config::reference());
}

#[test]
fn the_page_of_the_commands_is_what_the_command_line_says() {
    page_is_fresh("cli.md", &commands());
}

/// Every command with its arguments, as one page.
fn commands() -> String {
    let mut page = String::from(
        "# Commands\n\n<!-- Written from the command line's own declaration by `TASTEVIN_BLESS=1 cargo test docs`; do not edit. -->\n",
    );
    let mut root = tastevin::cli::command();
    root.build();
    command(&mut page, &root, "tastevin", 2);
    page
}

fn command(page: &mut String, command_: &clap::Command, path: &str, level: usize) {
    let about = command_.get_long_about().or(command_.get_about()).map(ToString::to_string).unwrap_or_default();
    let usage = command_.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").trim();
    page.push_str(&format!("\n{} `{path}`\n\n{about}\n\n```\n{usage}\n```\n", "#".repeat(level)));
    let everywhere = |argument: &clap::Arg| argument.is_global_set() && level > 2;
    let arguments: Vec<&clap::Arg> = command_
        .get_arguments()
        .filter(|argument| !argument.is_hide_set() && !everywhere(argument))
        .filter(|argument| level == 2 || !["help", "version"].contains(&argument.get_id().as_str()))
        .collect();
    if !arguments.is_empty() {
        page.push_str("\n| argument | what |\n|---|---|\n");
        for argument in arguments {
            page.push_str(&format!("| {} | {} |\n", name(argument), help(argument)));
        }
    }
    for inner in command_.get_subcommands().filter(|inner| inner.get_name() != "help") {
        command(page, inner, &format!("{path} {}", inner.get_name()), (level + 1).min(4));
    }
    if level == 2
        && let Some(after) = command_.get_after_help()
    {
        page.push_str(&format!("\n## Conventions\n\n{after}\n"));
    }
}

fn name(argument: &clap::Arg) -> String {
    let values = argument.get_value_names().unwrap_or_default();
    let value = values.iter().map(|value| value.to_string()).collect::<Vec<_>>().join(" ");
    let takes = argument.get_action().takes_values() && !value.is_empty();
    let mut names = Vec::new();
    if let Some(short) = argument.get_short() {
        names.push(format!("-{short}"));
    }
    if let Some(long) = argument.get_long() {
        names.push(format!("--{long}"));
    }
    match (names.is_empty(), takes) {
        (true, _) => format!("`{value}`"),
        (false, true) => format!("`{} {value}`", names.join(", ")),
        (false, false) => format!("`{}`", names.join(", ")),
    }
}

fn help(argument: &clap::Arg) -> String {
    let mut help = argument.get_help().map(ToString::to_string).unwrap_or_default().replace('|', "\\|");
    let values: Vec<String> =
        argument.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
    if argument.get_action().takes_values() && !values.is_empty() {
        help.push_str(&format!("; one of {}", values.join(" ")));
    }
    help
}
