//! The key out of the system's keyring.

use std::process::{Command, Output};

use tastevin::error::Result;

use super::Desk;
use super::server::KEY;

impl Desk {
    fn in_keyring(&self, entry: &str) {
        let path = self.dir.path().join("tastevin.toml");
        let text = std::fs::read_to_string(&path).expect("the configuration");
        let text = text.replace("{ file = \"key\" }", &format!("{{ keyring = \"{entry}\" }}"));
        std::fs::write(&path, text).expect("written");
    }
}

/// On a machine on whose bus nobody listens.
#[cfg(target_os = "linux")]
#[test]
fn where_no_keyring_answers_it_is_said_and_nothing_is_sent() {
    let desk = Desk::on("19.0", "auto", "");
    desk.in_keyring("odoo_prod");
    let run = |arguments: &[&str]| -> Output {
        Command::new(env!("CARGO_BIN_EXE_tastevin"))
            .args(arguments)
            .current_dir(desk.dir.path())
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")
            .output()
            .expect("the binary runs")
    };
    let loaded = run(&["load", "--quiet"]);
    let told = String::from_utf8_lossy(&loaded.stderr).into_owned();
    assert_eq!(loaded.status.code(), Some(2), "{told}");
    assert!(told.contains("no keyring answers here, so the key cannot be fetched from it"), "{told}");
    assert!(told.contains("use { file = \"…\" } or { env = \"…\" }"), "{told}");
    let tested = run(&["source", "test"]);
    let told = String::from_utf8_lossy(&tested.stdout).into_owned();
    assert!(told.contains("✗ API key: no keyring answers here"), "{told}");
    assert!(desk.server.world().requests.is_empty());
}

/// With the keyring of this machine, where TASTEVIN_KEYRING says that it may be written to.
#[test]
fn live_the_key_is_fetched_from_the_keyring() -> Result<()> {
    if std::env::var_os("TASTEVIN_KEYRING").is_none() {
        eprintln!("skipped: TASTEVIN_KEYRING does not say that the keyring may be written to");
        return Ok(());
    }
    let name = format!("test-{}", std::process::id());
    let desk = Desk::on("19.0", "auto", "");
    desk.in_keyring(&name);
    let refused = desk.load().expect_err("there is no entry yet");
    assert!(refused.to_string().contains(&format!("the keyring has no entry \"{name}\"")), "{refused}");
    assert!(refused.hints()[0].contains(&name), "{refused:?}");
    let entry = keyring::Entry::new("tastevin", &name).expect("a keyring");
    entry.set_password(KEY).expect("stored");
    let loaded = desk.load();
    entry.delete_credential().expect("removed");
    assert_eq!(loaded?.staged(), 35);
    Ok(())
}
