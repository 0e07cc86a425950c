//! The command line as a user meets it: exit codes, what goes to stdout and what to stderr, wording.

use crate::harness::Workspace;

#[test]
fn help_lists_every_command_and_goes_to_stdout() {
    let help = Workspace::folder().tastevin(["--help"]).passed();
    for command in ["demo", "init", "source", "load", "commit", "sync", "log", "completions"] {
        assert!(help.stdout.contains(&format!("\n  {command} ")), "{command} is missing:\n{}", help.stdout);
    }
    assert_eq!(help.stderr, "");
}

#[test]
fn a_wrong_option_is_a_usage_error_on_stderr() {
    let output = Workspace::folder().tastevin(["load", "--nonsense"]).ended(2);
    assert_eq!(output.stdout, "");
    assert!(output.stderr.contains("--nonsense"), "{}", output.stderr);
}

#[test]
fn a_command_outside_of_a_workspace_says_how_to_get_one() {
    let output = Workspace::folder().tastevin(["load"]).ended(2);
    assert!(output.stderr.starts_with("error: there is no workspace here"), "{}", output.stderr);
    assert!(output.stderr.contains("hint: ") && output.stderr.contains("tastevin init"), "{}", output.stderr);
}

#[test]
fn a_mistyped_command_is_told_apart_from_a_folder() {
    let output = Workspace::folder().tastevin(["laod"]).ended(2);
    assert!(output.stderr.contains("did you mean `tastevin load`?"), "{}", output.stderr);
}

#[test]
fn without_a_terminal_the_workbench_points_to_the_headless_commands() {
    let output = Workspace::empty().tastevin::<&str>([]).ended(2);
    assert!(output.stderr.contains("needs a terminal"), "{}", output.stderr);
    assert!(output.stderr.contains("tastevin check"), "{}", output.stderr);
}
