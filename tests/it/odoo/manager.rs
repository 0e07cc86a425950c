//! An Odoo source is managed from the shell: added, tried, loaded, looked at, changed, removed; and never by two at once.

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::json;
use tastevin::error::Kind;
use tastevin::workbench::{OpenOptions, Workbench};

use super::Desk;
use crate::session::Session;

use super::server::{DATABASE, KEY, Mishap, Server, USER};

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

#[test]
fn a_mapping_that_was_made_for_a_source_goes_where_that_cannot_be_added() {
    let desk = Desk::on("19.0", "auto", "");
    let mut workbench = Workbench::open(desk.dir.path(), OpenOptions::default()).expect("it opens");
    let mut config = workbench.config().sources["odoo"].clone();
    config.mapping = None;
    config.options.insert("url".to_owned(), "https://annexe.example.com".into());
    let (settings, mapping) = (desk.dir.path().join("tastevin.toml"), desk.dir.path().join("mappings/annexe.toml"));
    let whole = std::fs::read_to_string(&settings).expect("the settings");
    // Somebody is editing the file, and it was saved in the middle.
    std::fs::write(&settings, format!("{whole}\n[sources.third\n")).expect("written");
    let refused = workbench.add_source("annexe", &config).map_err(|error| error.to_string());
    assert!(refused.as_ref().is_err_and(|error| error.contains("this is no TOML")), "{refused:?}");
    assert!(!mapping.exists(), "it would be in the way of the next attempt");
    std::fs::write(&settings, &whole).expect("written");
    let added = workbench.add_source("annexe", &config).expect("it is added");
    assert_eq!(added.mapping.as_deref(), Some("annexe"));
    assert!(mapping.exists());
    // What an attempt left that was ended before it was through is in nobody's way; what somebody wrote is.
    workbench.remove_source("annexe").expect("it is removed");
    let left = std::fs::read_to_string(&mapping).expect("the mapping");
    std::fs::write(&mapping, format!("{left}\n# mine\n")).expect("written");
    assert!(workbench.add_source("annexe", &config).is_err());
    assert!(std::fs::read_to_string(&mapping).is_ok_and(|text| text.ends_with("# mine\n")), "it is kept");
    std::fs::write(&mapping, &left).expect("written");
    assert_eq!(workbench.add_source("annexe", &config).expect("it is added").mapping.as_deref(), Some("annexe"));
    // One that was there before is not taken away.
    workbench.remove_source("annexe").expect("it is removed");
    std::fs::write(&settings, format!("{whole}\n[sources.third\n")).expect("written");
    assert!(workbench.add_source("annexe", &added).is_err());
    assert!(mapping.exists());
}

#[test]
fn a_second_server_gets_keys_of_its_own() {
    let desk = Desk::on("19.0", "auto", "");
    let second = Server::of("17.0");
    second.world().put("res.partner", 1, json!({ "name": "Paul Schmitt" }));
    let url = format!("url={}", second.url);
    let (database, user) = (format!("database={DATABASE}"), format!("user={USER}"));
    let key = "api_key={ env = \"CELLAR_KEY\" }";
    let arguments =
        ["source", "add", "annexe", "--kind", "odoo", "--set", &url, "--set", &database, "--set", &user, "--set", key];
    let told = desk.tastevin(&arguments, 0);
    assert!(told.contains("it gets a mapping of its own, and its keys begin with annexe-."), "{told}");
    assert!(told.contains("It is read with mappings/annexe.toml."), "{told}");
    desk.tastevin(&["source", "test"], 0);
    desk.tastevin(&["sync"], 0);
    let customers = "SELECT customer_key, first_name FROM canonical.customers WHERE customer_key LIKE '%-1' ORDER BY 1";
    assert_eq!(desk.rows(customers), ["annexe-1|Paul", "odoo-1|Jeanne"]);
    let strangers = "SELECT count(*), count(DISTINCT s._source) FROM candidate.sales_lines s JOIN candidate.customers c USING (customer_key) WHERE s._source <> c._source OR NOT starts_with(s.product_key, split_part(s.customer_key, '-', 1))";
    assert_eq!(desk.rows(strangers), ["0|0"]);
    let levels = "SELECT stock_key FROM canonical.stock_levels ORDER BY 1";
    assert_eq!(desk.rows(levels), ["annexe-STOCK-1-Principal", "odoo-STOCK-1-Principal"]);
    // Its comments stand there as in the one that it was made of.
    let own = std::fs::read_to_string(desk.dir.path().join("mappings/annexe.toml")).expect("the mapping");
    assert!(own.contains("# Everyone who can buy") && !own.contains("prefix = \"odoo-"), "{own}");
}

#[test]
fn two_servers_that_would_give_the_same_keys_are_not_loaded_into_each_other() {
    let desk = Desk::on("19.0", "auto", "");
    let second = Server::of("19.0");
    let file = desk.dir.path().join("tastevin.toml");
    let text = std::fs::read_to_string(&file).expect("the configuration");
    let part = text.split_once("[sources.odoo]").expect("a source").1.replace(&desk.server.url, &second.url);
    std::fs::write(&file, format!("{text}\n[sources.annexe]\n{part}")).expect("written");
    let words = "\"annexe\" and \"odoo\" read different databases, and their records would get the same keys";
    let told = desk.tastevin(&["sync"], 2);
    assert!(told.contains(words), "{told}");
    assert!(
        told.contains("`tastevin source remove annexe` and `tastevin source add` give it a mapping of its own"),
        "{told}"
    );
    assert!(second.world().requests.is_empty(), "nothing was asked");
    assert_eq!(desk.rows("SELECT count(*) FROM candidate.customers"), ["25"], "the other one is loaded");
    assert!(told.contains("✗ every source that the mappings read is loaded"), "{told}");
    let told = desk.tastevin(&["source", "test", "annexe"], 3);
    assert!(told.contains(&format!("✗ keys: {words}")), "{told}");

    // On the same server and database they are the same records.
    let url = format!("url={}", desk.server.url);
    desk.tastevin(&["source", "edit", "annexe", "--set", &url], 0);
    desk.tastevin(&["load", "annexe"], 0);
    let refused = desk.tastevin(&["source", "edit", "annexe", "--set", "database=other"], 2);
    assert!(refused.contains(words), "{refused}");
}

#[test]
fn the_sources_screen_does_what_the_shell_does() {
    let desk = Desk::on("19.0", "auto", "");
    let second = Server::of("19.0");
    second.world().forbidden.insert("stock.quant");
    let mut session = Session::copy_of(desk.dir.path(), 140, 48);
    session.keys("a \"odoo\" enter").shows("add a source of kind odoo");
    // The name is there; the line of the key says `env ` and is typed anew.
    let fields = format!("tab \"{}\" tab \"{DATABASE}\" tab \"{USER}\" tab", second.url);
    session.keys(&fields).keys("backspace backspace backspace backspace \"file key\" enter");
    session.shows("odoo_prod is added, with mappings/odoo_prod.toml: its keys begin with");
    session.keys("t").shows("test of odoo_prod").shows("✓ server").shows("asked by JSON-2");
    session
        .shows("✓ sales (sale.order.line): 6 records")
        .shows("✗ stock (stock.quant): You are not allowed")
        .keys("esc");
    session.keys("l").shows("34 rows in = 34 staged + 0 rejected");
    session.shows("stock: You are not allowed to access").shows("this server has no mobile");
    session.keys("@").shows("source add --kind odoo").shows("load odoo_prod").keys("esc");
    second.world().expired = true;
    session.keys("l").shows("the user name or the API key is not accepted");
    session.shows("2 loads").shows("1 failed");
    assert!(!session.screen().contains(KEY));
    session.keys("e").shows("edit odoo_prod").keys("esc");
    session.keys("X").shows("remove odoo_prod").keys("y !").shows("odoo_prod is removed");
}
