//! An Odoo source is managed from the shell: added, tried, loaded, looked at, changed, removed; and never by two at once.

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use tastevin::error::Kind;
use tastevin::workbench::{OpenOptions, Workbench};

use super::Desk;
use super::server::{DATABASE, KEY, Mishap, USER};

impl Desk {
    /// What the program does in the workspace, its exit code checked.
    fn tastevin(&self, arguments: &[&str], code: i32) -> String {
        let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_tastevin"))
            .args(arguments)
            .current_dir(self.dir.path())
            .env("CELLAR_KEY", KEY)
            .output()
            .expect("the binary runs");
        let told = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        assert_eq!(status.code(), Some(code), "{arguments:?}\n{told}");
        assert!(!told.contains(KEY), "{told}");
        told
    }
}

#[test]
fn a_second_odoo_is_added_tested_loaded_changed_and_removed_from_the_shell() {
    let desk = Desk::on("19.0", "auto", "");
    let url = format!("url={}", desk.server.url);
    let (database, user) = (format!("database={DATABASE}"), format!("user={USER}"));
    let add = |key: &str, code: i32| {
        let arguments = [
            "source", "add", "other", "--kind", "odoo", "--set", &url, "--set", &database, "--set", &user, "--set", key,
        ];
        desk.tastevin(&arguments, code)
    };
    let refused = add(&format!("api_key={KEY}x").replace(KEY, "12345678"), 2);
    assert!(refused.contains("a secret must not stand in this file") && !refused.contains("12345678"), "{refused}");
    let refused = add("api_key={ plain = \"12345678\" }", 2);
    assert!(refused.contains("this does not say where a secret is kept"), "{refused}");
    add("api_key={ env = \"CELLAR_KEY\" }", 0);

    assert!(desk.tastevin(&["source", "list"], 0).contains("other"));
    let tested = desk.tastevin(&["source", "test", "other"], 0);
    assert!(tested.contains("✓ API key: in the environment variable CELLAR_KEY"), "{tested}");
    assert!(tested.contains("✓ sales (sale.order.line): 6 records"), "{tested}");
    desk.tastevin(&["load", "other"], 0);
    desk.server.world().expired = true;
    assert!(desk.tastevin(&["load", "other"], 3).contains("the user name or the API key is not accepted"));
    let status = desk.tastevin(&["source", "status", "other"], 0);
    assert!(status.contains("2 loads: 1 went through, 1 failed, 0 cancelled, "), "{status}");
    assert!(status.contains("35 rows in"), "{status}");
    assert!(status.contains("this server has no mobile"), "the notes of the run are kept: {status}");
    assert!(status.contains("keys expire"), "{status}");

    desk.server.world().expired = false;
    desk.tastevin(&["source", "edit", "other", "--set", "page_size=5"], 0);
    desk.server.world().pages.clear();
    desk.tastevin(&["load", "other", "--full"], 0);
    assert_eq!(desk.server.world().pages[0].1, 5);
    let refused = desk.tastevin(&["source", "edit", "other", "--set", "pages=5"], 2);
    assert!(refused.contains("knows no option \"pages\""), "{refused}");
    desk.tastevin(&["source", "remove", "other"], 0);
    assert!(!desk.tastevin(&["source", "list"], 0).contains("other"));
}

#[test]
fn cron_and_the_screen_keep_out_of_each_others_way() {
    let desk = Desk::on("19.0", "auto", "");
    let screen = desk.workbench();
    let told = desk.tastevin(&["sync"], 3);
    assert!(told.contains("holds this workspace"), "{told}");
    drop(screen);

    desk.server.world().mishaps = [Some(Mishap::Slow(Duration::from_secs(30)))].into();
    let mut cron = Command::new(env!("CARGO_BIN_EXE_tastevin"))
        .args(["sync", "--quiet"])
        .current_dir(desk.dir.path())
        .spawn()
        .expect("the binary runs");
    let begin = Instant::now();
    while desk.server.world().pages.is_empty() {
        assert!(begin.elapsed() < Duration::from_secs(20), "the first page is asked for");
        std::thread::sleep(Duration::from_millis(20));
    }
    let refused = Workbench::open(desk.dir.path(), OpenOptions::default()).err().expect("held");
    assert_eq!(refused.kind(), Kind::Busy, "{refused}");
    cron.kill().expect("ended");
    cron.wait().expect("gone");
    // Whoever is killed lets go.
    assert_eq!(desk.load().expect("loaded").staged(), 35);
}
