//! The real binary on a pseudo-terminal: it opens, takes keys, and gives the terminal back however it ends.

use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

use crate::harness::Workspace;
use crate::samples::generator::{self, Dirt, Encoding, Wish};

/// How long anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program on a terminal of its own.
struct Terminal {
    screen: Arc<Mutex<vt100::Parser>>,
    keys: Box<dyn std::io::Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    // The terminal lives as long as this.
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    fn run(workspace: &Workspace, arguments: &[&str]) -> Terminal {
        Terminal::called("xterm-256color", workspace, arguments)
    }

    /// On a terminal that calls itself that.
    fn called(name: &str, workspace: &Workspace, arguments: &[&str]) -> Terminal {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tastevin"));
        command.args(arguments);
        command.cwd(workspace.dir());
        command.env("TERM", name);
        command.env("TASTEVIN_USER", "marie");
        command.env("XDG_CONFIG_HOME", workspace.path("config"));
        for name in ["NO_COLOR", "COLORTERM", "TASTEVIN_THEME", "LC_ALL", "LC_CTYPE"] {
            command.env_remove(name);
        }
        command.env("LANG", "C.UTF-8");
        let child = pair.slave.spawn_command(command).expect("the binary runs");
        let mut out = pair.master.try_clone_reader().expect("its output");
        let keys = pair.master.take_writer().expect("its input");
        let screen = Arc::new(Mutex::new(vt100::Parser::default()));
        let fed = Arc::clone(&screen);
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = out.read(&mut bytes) {
                fed.lock().expect("the screen").process(&bytes[..count]);
            }
        });
        Terminal { screen, keys, child, _master: pair.master }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("the terminal takes keys");
        self.keys.flush().expect("the terminal takes keys");
    }

    fn contents(&self) -> String {
        self.screen.lock().expect("the screen").screen().contents()
    }

    /// Waits until the text is on the screen.
    #[track_caller]
    fn shows(&self, text: &str) {
        let begin = Instant::now();
        while !self.contents().contains(text) {
            assert!(begin.elapsed() < PATIENCE, "\"{text}\" did not come:\n{}", self.contents());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until the program has ended.
    #[track_caller]
    fn ends(&mut self) -> ExitStatus {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("its end") {
                // What it wrote last is still on its way.
                thread::sleep(Duration::from_millis(100));
                return status;
            }
            assert!(begin.elapsed() < PATIENCE, "it does not end:\n{}", self.contents());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Whether the terminal is as it was before: no other screen, no mouse, the cursor seen.
    #[track_caller]
    fn is_restored(&self) {
        let parser = self.screen.lock().expect("the screen");
        let screen = parser.screen();
        assert!(!screen.alternate_screen(), "the other screen is still there");
        assert!(!screen.hide_cursor(), "the cursor is still hidden");
        assert!(!screen.bracketed_paste(), "pastes are still in brackets");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse is still taken");
    }
}

#[test]
fn the_binary_opens_takes_keys_and_gives_the_terminal_back() {
    let workspace = Workspace::checked();
    let mut terminal = Terminal::run(&workspace, &["."]);
    terminal.shows("isavigne_prod");
    terminal.shows("blocking");
    terminal.press("3");
    terminal.shows("missing-key");
    terminal.press("?");
    terminal.shows("keys · rules");
    terminal.press("q");
    terminal.press("Q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.is_restored();
}

#[test]
fn a_decision_is_on_the_disk_when_the_program_is_killed_right_after_it() {
    let workspace = Workspace::checked();
    let mut terminal = Terminal::run(&workspace, &["."]);
    terminal.shows("blocking");
    terminal.press("3");
    terminal.shows("missing-key · products");
    terminal.press("\r");
    terminal.shows("product_key is missing");
    terminal.press("x");
    terminal.shows("✓ #");
    terminal.child.kill().expect("it is killed");
    terminal.ends();
    assert!(workspace.read("decisions.jsonl").contains("\"kind\":\"exclude\""));
}

#[test]
fn a_decision_is_on_the_disk_while_a_long_load_still_runs() {
    let workspace = Workspace::checked();
    let wish = Wish { rows: 400_000, encoding: Encoding::Windows1252, ..Wish::default() };
    drop(generator::write(&wish, &workspace.path("exports")).expect("larger exports"));
    let mut terminal = Terminal::run(&workspace, &["."]);
    terminal.shows("isavigne_prod");
    terminal.press("3");
    terminal.shows("missing-key · products");
    terminal.press("\r");
    terminal.shows("product_key is missing");
    terminal.press("1l");
    terminal.shows("load");
    terminal.press("3x");
    terminal.shows("✓ #");
    terminal.child.kill().expect("it is killed");
    terminal.ends();
    assert!(workspace.read("decisions.jsonl").contains("\"kind\":\"exclude\""));
    let loads = workspace.tastevin(["query", "--format", "csv", "SELECT count(*) FROM dq.loads WHERE status = 'done'"]);
    assert_eq!(loads.passed().stdout.lines().nth(1), Some("1"), "the load had not ended");
    let listed = workspace.tastevin(["check", "--fail-on", "never"]).passed();
    assert!(!listed.stdout.contains("conflict"), "{}", listed.stdout);
}

#[test]
fn quitting_while_a_commit_is_made_waits_for_it() {
    let workspace = Workspace::folder();
    let wish = Wish { rows: 200_000, encoding: Encoding::Utf8, dirt: Dirt::Rate(0.0), ..Wish::default() };
    drop(generator::write(&wish, &workspace.path("exports")).expect("larger exports"));
    workspace.tastevin(["init", ".", "--name", "Test", "--quiet"]).passed();
    workspace.tastevin(["source", "add", "isavigne_prod", "--kind", "isavigne", "--path", "exports"]).passed();
    workspace.tastevin(["load", "--quiet"]).passed();
    workspace.tastevin(["check", "--quiet", "--fail-on", "never"]).passed();
    let mut terminal = Terminal::run(&workspace, &["."]);
    terminal.shows("isavigne_prod");
    terminal.press("6");
    terminal.shows("added");
    terminal.press("c");
    terminal.shows("message");
    terminal.press("monday\r");
    terminal.shows("commit · ");
    terminal.press("Q");
    terminal.shows("A commit is being made.");
    terminal.press("y");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.is_restored();
    let log = workspace.tastevin(["log", "--json"]).passed().json();
    assert_eq!(log["commits"].as_array().map(Vec::len), Some(1), "{log}");
}

#[test]
fn a_torn_line_of_the_ledger_stands_among_the_messages() {
    let workspace = Workspace::checked();
    workspace.write("decisions.jsonl", "{\"v\":1,\"id\":\"01J");
    let mut terminal = Terminal::run(&workspace, &["."]);
    terminal.shows("is torn, as after a crash");
    terminal.press("!");
    terminal.shows("messages");
    terminal.press("qQ");
    assert_eq!(terminal.ends().exit_code(), 0);
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_program_and_gives_the_terminal_back() {
    for signal in ["-TERM", "-HUP", "-INT"] {
        let workspace = Workspace::with_exports(&[]);
        let mut terminal = Terminal::run(&workspace, &["."]);
        terminal.shows("isavigne_prod");
        let id = terminal.child.process_id().expect("a process").to_string();
        let sent = std::process::Command::new("kill").args([signal, &id]).status().expect("kill runs");
        assert!(sent.success());
        assert_eq!(terminal.ends().exit_code(), 130, "{signal}");
        terminal.is_restored();
    }
}

#[test]
fn the_demo_loads_and_checks_with_the_progress_on_the_screen() {
    let workspace = Workspace::folder();
    let mut terminal = Terminal::run(&workspace, &["demo"]);
    terminal.shows("rejected");
    terminal.shows("blocking");
    terminal.press("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.is_restored();
}

/// What a workspace holds: every table of candidates, findings, verdict and loads, in sum.
fn held(workspace: &Workspace) -> Vec<String> {
    let digest = |table: &str| {
        let sql = format!("SELECT count(*), bit_xor(hash(t)) FROM {table} AS t");
        workspace.tastevin(["query", "--format", "csv", &sql]).passed().stdout
    };
    ["staging.\"isavigne_prod/ventes\"", "candidate.sales_lines", "candidate.customers", "dq.anomalies", "dq.rejects"]
        .map(digest)
        .into_iter()
        .chain([workspace
            .tastevin(["query", "--format", "csv", "SELECT basis, decisions FROM dq.verdict"])
            .passed()
            .stdout])
        .collect()
}

#[test]
fn esc_ends_a_long_load_and_leaves_the_workspace_as_it_was() {
    let workspace = Workspace::checked();
    let before = held(&workspace);
    let wish = Wish { rows: 600_000, encoding: Encoding::Windows1252, ..Wish::default() };
    drop(generator::write(&wish, &workspace.path("exports")).expect("larger exports"));
    let mut terminal = Terminal::run(&workspace, &["."]);
    terminal.shows("blocking");
    terminal.press("l");
    terminal.shows("Esc cancel");
    terminal.press("\x1b");
    terminal.shows("was cancelled; what was staged before it still is");
    terminal.press("7");
    terminal.shows("cancelled");
    terminal.press("Q");
    let end = terminal.ends();
    assert!(end.success(), "{end:?} {}", terminal.contents());
    assert_eq!(held(&workspace), before);
}

#[test]
fn esc_ends_a_long_check_and_leaves_the_counts_of_the_one_before() {
    let workspace = Workspace::checked();
    let wish = Wish { rows: 600_000, encoding: Encoding::Utf8, ..Wish::default() };
    drop(generator::write(&wish, &workspace.path("exports")).expect("larger exports"));
    workspace.tastevin(["load", "--quiet"]).passed();
    let before = held(&workspace);
    let mut terminal = Terminal::run(&workspace, &["."]);
    terminal.shows("blocking");
    terminal.press("r");
    terminal.shows("Esc cancel");
    terminal.press("\x1b");
    terminal.shows("the check was cancelled; the counts are those of the one before");
    terminal.press("Q");
    assert_eq!(terminal.ends().exit_code(), 0);
    assert_eq!(held(&workspace), before);
    // What was cancelled can be done afterwards as if it had never begun.
    workspace.tastevin(["check", "--quiet", "--fail-on", "never"]).passed();
    assert_ne!(held(&workspace), before);
}

#[test]
fn a_terminal_that_cannot_draw_is_told_so_and_gets_no_sequences() {
    let workspace = Workspace::checked();
    let mut terminal = Terminal::called("dumb", &workspace, &[]);
    assert_eq!(terminal.ends().exit_code(), 2);
    terminal.shows("this terminal cannot draw: TERM is dumb");
    assert!(!terminal.screen.lock().expect("the screen").screen().alternate_screen());
}
