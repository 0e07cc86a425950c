//! Odoo as a source, against a small server that speaks like real ones (`server`).

mod cellar;
mod faults;
mod keyring;
mod live;
mod manager;
mod server;
mod tls;

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use serde_json::json;
use tastevin::error::{Kind, Result};
use tastevin::model::{Load, LoadOptions};
use tastevin::workbench::{OpenOptions, Workbench, Workspace};

use self::cellar::partner;
use self::server::{DATABASE, KEY, Mishap, Server, USER, World};

/// A workspace with one source that reads the server.
struct Desk {
    dir: tempfile::TempDir,
    server: Server,
}

impl Desk {
    /// On a server of that version, asked that way, with further options.
    fn on(version: &'static str, protocol: &str, options: &str) -> Desk {
        let desk = Desk { dir: tempfile::tempdir().expect("a temporary folder"), server: Server::of(version) };
        Workspace::init(desk.dir.path(), "Test").expect("a workspace");
        desk.hide_key(KEY);
        desk.configure(&format!("protocol = \"{protocol}\"\n{options}"));
        desk
    }

    fn configure(&self, options: &str) {
        let text = format!(
            "[workspace]\nname = \"Test\"\n[sources.odoo]\nkind = \"odoo\"\nurl = \"{}\"\ndatabase = \"{DATABASE}\"\nuser = \"{USER}\"\napi_key = {{ file = \"key\" }}\n{options}\n",
            self.server.url
        );
        fs::write(self.dir.path().join("tastevin.toml"), text).expect("written");
    }

    fn hide_key(&self, key: &str) {
        let path = self.dir.path().join("key");
        fs::write(&path, key).expect("written");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("made private");
        }
    }

    fn workbench(&self) -> Workbench {
        Workbench::open(self.dir.path(), OpenOptions::default()).expect("the workspace opens")
    }

    fn load(&self) -> Result<Load> {
        let load = self.workbench().load("odoo", &LoadOptions::default(), &|_| {});
        if let Ok(load) = &load {
            assert_eq!(load.rows_in(), load.staged() + load.rejected(), "rows in = staged + rejected");
        }
        load
    }

    /// What a query says, a line per row.
    fn rows(&self, sql: &str) -> Vec<String> {
        let workbench = self.workbench();
        let page = workbench.query(sql).expect("a query");
        page.rows
            .iter()
            .map(|row| row.iter().map(|cell| cell.as_deref().unwrap_or("∅")).collect::<Vec<_>>().join("|"))
            .collect()
    }

    fn ids(&self, entity: &str) -> Vec<i64> {
        let rows = self.rows(&format!("SELECT id FROM staging.\"odoo/{entity}\" ORDER BY _row"));
        rows.iter().map(|id| id.parse().expect("a number")).collect()
    }

    fn later(&self, minutes: i64) {
        self.server.world().clock += TimeDelta::minutes(minutes);
    }
}

fn said(load: Result<Load>) -> String {
    let error = load.expect_err("the load fails");
    assert_eq!(error.kind(), Kind::Source, "{error}");
    format!("{error} {}", error.hints().join(" "))
}

#[test]
fn both_ways_to_ask_and_every_version_stage_the_same() -> Result<()> {
    let mut seen = BTreeMap::new();
    for (version, protocol, way) in [
        ("14.0", "auto", "XML-RPC"),
        ("17.0", "auto", "XML-RPC"),
        ("19.0", "xmlrpc", "XML-RPC"),
        ("19.0", "auto", "JSON-2"),
    ] {
        let desk = Desk::on(version, protocol, "page_size = 7");
        let load = desk.load()?;
        assert!(load.entities.iter().all(|entity| entity.dialect.ends_with(way)), "{:?}", load.entities);
        let counts: Vec<u64> = load.entities.iter().map(|entity| entity.staged).collect();
        // 25 customers with the archived one, without the delivery address; lines of confirmed orders without notes.
        assert_eq!(counts, [25, 3, 6, 1], "{version} by {way}");
        let tables = ["partners", "products", "sales", "stock"].map(|entity| {
            desk.rows(&format!(
                "SELECT * EXCLUDE (_row, _file, _load) FROM staging.\"odoo/{entity}\" ORDER BY id::BIGINT"
            ))
        });
        seen.insert((version, way), tables);
    }
    let first = seen.values().next().expect("one").clone();
    for (way, tables) in &seen {
        assert_eq!(*tables, first, "{way:?}");
    }
    assert!(first[2][0].contains("|S00001|1|2026-10-01 12:00:00|2|Riesling 2020|6|Unité(s)|"), "{}", first[2][0]);
    assert!(first[3][0].contains("|Principal|120|4|Unité(s)|"), "{}", first[3][0]);
    Ok(())
}

#[test]
fn the_five_tables_are_filled_with_keys_that_carry_the_source() -> Result<()> {
    let desk = Desk::on("19.0", "auto", "");
    desk.load()?;
    desk.workbench().check(&|_| {})?;
    assert_eq!(
        desk.rows("SELECT customer_key, first_name, last_name, phone, zip_code, country FROM candidate.customers WHERE customer_key = 'odoo-7'"),
        ["odoo-7|Jeanne|Martin7|+33388830609|67000|France"]
    );
    assert_eq!(
        desk.rows("SELECT sale_line_key, customer_key, product_key, date_sale, quantity_bottles_75cl_eq::INT, price_total_eur::INT, channel FROM candidate.sales_lines ORDER BY 1 LIMIT 1"),
        ["odoo-10|odoo-1|odoo-2|2026-10-01|6|75|Caveau"]
    );
    assert_eq!(
        desk.rows("SELECT name, category, vintage, list_price_eur::DOUBLE, cost_price_eur::DOUBLE FROM candidate.products ORDER BY product_key LIMIT 1"),
        ["Riesling 2019|blanc|2019|12.5|6.0"]
    );
    assert_eq!(
        desk.rows("SELECT stock_key, available_qty::INT FROM candidate.stock_levels"),
        ["odoo-STOCK-1-Principal|116"]
    );
    Ok(())
}

#[test]
fn what_the_attributes_of_a_wine_say_fills_its_fields() -> Result<()> {
    for (version, protocol) in [("14.0", "xmlrpc"), ("19.0", "json2")] {
        let desk = Desk::on(version, protocol, "");
        cellar::attributes(&mut desk.server.world());
        desk.load()?;
        desk.workbench().check(&|_| {})?;
        assert_eq!(
            desk.rows("SELECT product_key, grape_varieties, region, vintage, category, list_price_eur::DOUBLE, cost_price_eur::DOUBLE FROM candidate.products ORDER BY 1"),
            [
                // The vintage of the variant, not of its name; the colour out of the category.
                "odoo-1|[Riesling]|Alsace Grand Cru|2020|blanc|12.5|6.0",
                // A magnum: its prices are those of a bottle of 75 cl.
                "odoo-2|∅|∅|2020|blanc|6.25|3.0",
                "odoo-3|[Riesling, Pinot gris]|∅|2021|blanc|12.5|6.0",
            ],
            "{version}"
        );
        // The name of a value changes nothing in the product, and comes all the same.
        desk.later(240);
        desk.load()?;
        desk.later(240);
        desk.server.world().put("product.attribute.value", 3, json!({ "name": "Kaefferkopf" }));
        let notes = desk.load()?.notes.join("\n");
        assert!(notes.contains("products: 1 new or changed"), "{notes}");
        assert_eq!(desk.rows("SELECT appellation FROM staging.\"odoo/products\" WHERE id = '1'"), ["Kaefferkopf"]);
    }
    Ok(())
}

#[test]
fn units_and_packs_are_told_in_bottles_of_75_cl() -> Result<()> {
    for (version, unit) in [("14.0", "product_uom"), ("17.0", "product_uom"), ("19.0", "product_uom_id")] {
        let desk = Desk::on(version, "auto", "");
        {
            let mut world = desk.server.world();
            cellar::attributes(&mut world);
            // Product 2 is a magnum, 3 is kept in cases.
            world.put("product.product", 3, json!({ "uom_id": 2 }));
            for (id, product, unit_id) in [(10, 1, 2), (11, 2, 1), (20, 2, 3), (21, 3, 2), (40, 3, 1)] {
                let line = json!({ "product_id": product, (unit): unit_id, "product_uom_qty": 2.0 });
                world.put("sale.order.line", id, line);
            }
        }
        desk.load()?;
        desk.workbench().check(&|_| {})?;
        assert_eq!(
            desk.rows("SELECT sale_line_key, unit, quantity_bottles_75cl_eq::DOUBLE, cost_total_eur::DOUBLE FROM candidate.sales_lines WHERE quantity_units = 2 ORDER BY 1"),
            [
                "odoo-10|6 x bouteille|12.0|72.0",
                "odoo-11|bouteille magnum|4.0|12.0",
                "odoo-20|3 x bouteille magnum|12.0|36.0",
                // A case of six costs 6.00, a bottle of it 1.00.
                "odoo-21|carton de 6|12.0|12.0",
                "odoo-40|bouteille|2.0|2.0",
            ],
            "{version}"
        );
        // Product 1 is counted in dozens from now on, and sold in dozens and in bottles.
        desk.later(240);
        {
            let mut world = desk.server.world();
            world.put("product.product", 1, json!({ "uom_id": 4 }));
            world.put("sale.order.line", 10, json!({ "product_id": 1, (unit): 4 }));
            world.put("sale.order.line", 11, json!({ "product_id": 1, (unit): 1 }));
            world.put("stock.quant", 1, json!({ "product_uom_id": 4 }));
        }
        desk.load()?;
        desk.workbench().check(&|_| {})?;
        assert_eq!(
            desk.rows("SELECT unit, quantity_bottles_75cl_eq::DOUBLE FROM candidate.sales_lines WHERE sale_line_key IN ('odoo-10', 'odoo-11') ORDER BY sale_line_key"),
            ["carton de 12|24.0", "bouteille|2.0"],
        );
        assert_eq!(
            desk.rows("SELECT round(list_price_eur, 2)::DOUBLE FROM candidate.products WHERE product_key = 'odoo-1'"),
            ["1.04"]
        );
        assert_eq!(
            desk.rows("SELECT unit, quantity_bottles_75cl_eq::INT FROM candidate.stock_levels"),
            ["carton de 12|1440"]
        );
    }
    Ok(())
}

#[test]
fn a_sale_late_in_the_evening_is_of_the_day_that_it_was_there() -> Result<()> {
    for (options, days) in [
        ("", "2026-07-15|2026-07-15"),
        ("timezone = \"UTC\"", "2026-07-14|2026-07-15"),
        ("timezone = \"America/New_York\"", "2026-07-14|2026-07-14"),
    ] {
        let desk = Desk::on("19.0", "auto", options);
        desk.server.world().put("sale.order", 1, json!({ "date_order": "2026-07-14 22:30:00" }));
        desk.server.world().put("sale.order", 2, json!({ "date_order": "2026-07-15 03:30:00" }));
        desk.load()?;
        desk.workbench().check(&|_| {})?;
        let rows = "SELECT (SELECT date_sale FROM candidate.sales_lines WHERE sale_line_key = 'odoo-10'), (SELECT date_sale FROM candidate.sales_lines WHERE sale_line_key = 'odoo-20')";
        assert_eq!(desk.rows(rows), [days], "{options}");
    }
    let desk = Desk::on("19.0", "auto", "timezone = \"Alsace\"");
    let refused = desk.load().expect_err("refused");
    assert!(refused.to_string().contains("there is no such time zone"), "{refused}");
    Ok(())
}

#[test]
fn what_a_line_cost_when_it_was_sold_goes_before_what_its_product_costs_today() -> Result<()> {
    let desk = Desk::on("19.0", "auto", "");
    {
        let mut world = desk.server.world();
        world.put("sale.order.line", 10, json!({ "purchase_price": 5.25 }));
        // Odoo writes 0 for a cost that nobody has entered.
        world.put("sale.order.line", 11, json!({ "purchase_price": 0.0 }));
    }
    desk.load()?;
    desk.workbench().check(&|_| {})?;
    let rows = "SELECT sale_line_key, cost_total_eur::DOUBLE, margin_percent::DOUBLE FROM candidate.sales_lines ORDER BY 1 LIMIT 2";
    assert_eq!(desk.rows(rows), ["odoo-10|31.5|58.0", "odoo-11|36.0|52.0"]);
    Ok(())
}

#[test]
fn an_amount_in_another_currency_is_not_taken_for_euros() -> Result<()> {
    let desk = Desk::on("19.0", "auto", "");
    desk.server.world().put("sale.order.line", 10, json!({ "currency_id": 2, "purchase_price": 5.25 }));
    desk.server.world().put("product.product", 3, json!({ "currency_id": 2 }));
    desk.load()?;
    desk.workbench().check(&|_| {})?;
    let found = "SELECT \"row\", field, value FROM dq.anomalies WHERE rule = 'unreadable-value' ORDER BY 1, 2";
    assert_eq!(
        desk.rows(found),
        [
            "odoo-10|cost_total_eur|5.25 6 USD",
            "odoo-10|price_total_eur|75 USD",
            "odoo-10|price_unit_eur|12.5 USD",
            "odoo-3|cost_price_eur|6 USD Unité(s)",
            "odoo-3|list_price_eur|12.5 USD Unité(s)",
        ]
    );
    // Whoever keeps the books in dollars says so in the mapping.
    let mapping = desk.dir.path().join("mappings/odoo.toml");
    let text = fs::read_to_string(&mapping).expect("the mapping");
    let prices = text.lines().map(|line| match line.contains("_eur = {") {
        true => line.replace("\"decimal\"", "{ decimal = { currency = \"USD\" } }"),
        false => line.to_owned(),
    });
    fs::write(&mapping, prices.collect::<Vec<_>>().join("\n")).expect("written");
    desk.workbench().check(&|_| {})?;
    let prices = "SELECT sale_line_key, price_unit_eur::DOUBLE, price_total_eur::DOUBLE, cost_total_eur::DOUBLE FROM candidate.sales_lines WHERE price_unit_eur IS NOT NULL ORDER BY 1";
    assert_eq!(desk.rows(prices), ["odoo-10|12.5|75.0|31.5"]);
    Ok(())
}

#[test]
fn whoever_opts_out_is_seen_although_nothing_was_written_to_him() -> Result<()> {
    for protocol in ["xmlrpc", "json2"] {
        let desk = Desk::on("19.0", protocol, "");
        desk.server.world().slip("res.partner", 3, "is_blacklisted", json!(true));
        desk.load()?;
        desk.later(240);
        desk.load()?;
        desk.later(240);
        {
            let mut world = desk.server.world();
            world.slip("res.partner", 3, "is_blacklisted", json!(false));
            world.slip("res.partner", 7, "is_blacklisted", json!(true));
            world.slip("res.partner", 8, "phone_sanitized_blacklisted", json!(true));
        }
        let notes = desk.load()?.notes.join("\n");
        assert!(notes.contains("partners: 0 new or changed"), "{notes}");
        desk.workbench().check(&|_| {})?;
        let out = "SELECT customer_key, email_opt_out, sms_opt_out FROM candidate.customers WHERE email_opt_out OR sms_opt_out ORDER BY 1";
        assert_eq!(desk.rows(out), ["odoo-7|true|false", "odoo-8|false|true"], "{protocol}");
        let order = "SELECT count(*) FROM staging.\"odoo/partners\" WHERE id::BIGINT <> _row";
        assert_eq!(desk.rows(order), ["0"], "the rows keep their order");
    }
    Ok(())
}

#[test]
fn an_odoo_and_an_isavigne_fill_the_same_tables_side_by_side() -> Result<()> {
    let desk = Desk::on("19.0", "auto", "");
    let exports = desk.dir.path().join("exports");
    let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_exports/isavigne");
    fs::create_dir(&exports).expect("a folder");
    for entry in fs::read_dir(samples)
        .expect("the samples")
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|end| end == "csv"))
    {
        fs::copy(entry.path(), exports.join(entry.file_name())).expect("copied");
    }
    let mut isavigne = tastevin::model::SourceConfig { kind: "isavigne".to_owned(), ..Default::default() };
    isavigne.options.insert("path".to_owned(), "exports".into());
    desk.workbench().add_source("isavigne_prod", &isavigne)?;
    let sync = |code: i32| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_tastevin"))
            .args(["sync", "--quiet"])
            .current_dir(desk.dir.path())
            .output()
            .expect("the binary runs");
        assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    // The samples' dirt keeps the gate closed; both sources are loaded and checked all the same.
    sync(1);
    let by_source = "SELECT _source, count(*) FROM candidate.customers GROUP BY 1 ORDER BY 1";
    assert_eq!(desk.rows(by_source), ["isavigne_prod|408", "odoo|25"]);
    let strangers = "SELECT count(*) FROM candidate.sales_lines s JOIN candidate.customers c USING (customer_key) WHERE s._source <> c._source";
    assert_eq!(desk.rows(strangers), ["0"]);
    let totals = "SELECT total_spent_eur::INT, purchase_count FROM candidate.customers WHERE customer_key = 'odoo-1'";
    assert_eq!(desk.rows(totals), ["150|1"]);

    // One that fails does not stop the other, and the exit code tells.
    desk.server.world().expired = true;
    let told = sync(3);
    assert!(told.contains("the user name or the API key is not accepted"), "{told}");
    let loads = desk.rows("SELECT source, status FROM dq.loads ORDER BY id");
    assert_eq!(loads, ["odoo|done", "isavigne_prod|done", "odoo|failed", "isavigne_prod|done"]);
    assert_eq!(desk.rows(by_source), ["isavigne_prod|408", "odoo|25"]);
    Ok(())
}

#[test]
fn records_of_one_second_and_records_made_while_pages_are_read_come_once_and_all() -> Result<()> {
    let desk = Desk::on("19.0", "auto", "page_size = 7");
    for id in 100..160 {
        partner(&mut desk.server.world(), id);
    }
    // While the third page is read, an early record is written again and one is made.
    desk.server.world().before_page = Some(|world: &mut World, page| {
        if page == 3 {
            partner(world, 3);
            partner(world, 500);
        }
    });
    desk.load()?;
    let expected: Vec<i64> = (1..=25).chain(100..160).chain([500]).collect();
    assert_eq!(desk.ids("partners"), expected);
    Ok(())
}

#[test]
fn a_later_load_asks_for_what_changed_and_finds_what_was_committed_late() -> Result<()> {
    let desk = Desk::on("19.0", "auto", "overlap_minutes = 30");
    desk.load()?;
    desk.later(240);
    {
        let mut world = desk.server.world();
        world.put("res.partner", 5, json!({ "city": "Colmar" }));
        partner(&mut world, 40);
        // The template of a product and the order of a line: neither touches the record itself in old versions.
        world.put("product.template", 2, json!({}));
        world.put("sale.order", 1, json!({ "partner_id": 5 }));
        world.put("stock.quant", 1, json!({ "quantity": 90.0 }));
        // Taken off the shelf without a trace.
        world.models.get_mut("stock.quant").expect("the model").records.remove(&2);
        world.models.get_mut("res.partner").expect("the model").records.remove(&9);
        // A transaction that began before the first load and is seen only now.
        partner(&mut world, 41);
        let early = json!("2026-11-22 08:40:00");
        let record = world.models.get_mut("res.partner").expect("the model").records.get_mut(&41).expect("the record");
        record.insert("write_date".into(), early);
        world.pages.clear();
    }
    let load = desk.load()?;
    let notes = load.notes.join("\n");
    // All were made less than the overlap before the first load.
    assert!(
        notes.contains("partners: 26 new or changed since 2026-11-22 08:30 UTC, 1 no longer visible (9)"),
        "{notes}"
    );
    let expected: Vec<i64> = (1..=25).filter(|id| *id != 9).chain([40, 41]).collect();
    assert_eq!(desk.ids("partners"), expected);
    assert_eq!(desk.rows("SELECT city FROM staging.\"odoo/partners\" WHERE id = '5'"), ["Colmar"]);
    assert_eq!(desk.rows("SELECT customer FROM staging.\"odoo/sales\" WHERE id = '10'"), ["5"]);
    assert_eq!(desk.rows("SELECT quantity FROM staging.\"odoo/stock\""), ["90"]);

    // Far enough on, only what changed comes.
    desk.later(240);
    desk.load()?;
    desk.later(240);
    partner(&mut desk.server.world(), 6);
    desk.server.world().put("product.template", 2, json!({}));
    let notes = desk.load()?.notes.join("\n");
    assert!(notes.contains("partners: 1 new or changed"), "{notes}");
    assert!(notes.contains("products: 1 new or changed"), "{notes}");
    assert!(notes.contains("sales: 0 new or changed"), "{notes}");
    assert_eq!(desk.ids("partners"), expected);

    // What is to be read anew is read anew.
    let options = LoadOptions { full: true, since: None };
    let load = desk.workbench().load("odoo", &options, &|_| {})?;
    assert!(!load.notes.join("\n").contains("changed since"), "{:?}", load.notes);
    assert_eq!(desk.ids("partners"), expected);
    let options = LoadOptions { full: false, since: chrono::NaiveDate::from_ymd_opt(2026, 11, 1) };
    let load = desk.workbench().load("odoo", &options, &|_| {})?;
    assert!(load.notes.join("\n").contains("partners: 26 new or changed since 2026-11-01"), "{:?}", load.notes);
    Ok(())
}

#[test]
fn another_question_reads_everything_anew() -> Result<()> {
    let desk = Desk::on("19.0", "auto", "");
    desk.load()?;
    desk.later(240);
    desk.configure("extra_fields = { \"res.partner\" = [\"x_loyalty\", \"x_gone\"] }");
    desk.server.world().put("res.partner", 5, json!({ "x_loyalty": "gold" }));
    let load = desk.load()?;
    let notes = load.notes.join("\n");
    assert!(!notes.contains("partners: 1 new"), "{notes}");
    assert!(notes.contains("this server has no x_gone in res.partner; the column \"x_gone\" is empty"), "{notes}");
    let loyal = "SELECT id, x_loyalty, x_gone FROM staging.\"odoo/partners\" WHERE x_loyalty IS NOT NULL";
    assert_eq!(desk.rows(loyal), ["5|gold|∅"]);
    Ok(())
}

#[test]
fn a_mass_disappearance_is_refused_and_the_earlier_load_stands() -> Result<()> {
    let desk = Desk::on("19.0", "auto", "max_gone = \"20%\"");
    desk.load()?;
    desk.later(60);
    desk.server.world().models.get_mut("res.partner").expect("the model").records.retain(|id, _| *id > 10);
    let told = said(desk.load());
    assert!(told.contains("10 of 25 records of res.partner are no longer visible"), "{told}");
    assert!(told.contains("max_gone"), "{told}");
    assert_eq!(desk.ids("partners").len(), 25);
    Ok(())
}

#[test]
fn a_number_that_is_no_time_and_no_size_is_refused_where_it_stands() {
    for (name, value) in
        [("timeout_seconds", "9223372036854775807"), ("connect_seconds", "0"), ("max_answer_mb", "9223372036854775807")]
    {
        let refused = Desk::on("19.0", "auto", &format!("{name} = {value}")).load().expect_err("no such number");
        assert_eq!(refused.kind(), Kind::Config);
        assert!(refused.to_string().contains(&format!("{value} is out of range")), "{refused}");
        assert_eq!(refused.place().key.last().map(String::as_str), Some(name));
    }
}

#[test]
fn a_missing_right_on_one_model_loads_the_rest_and_says_so() -> Result<()> {
    for protocol in ["xmlrpc", "json2"] {
        let desk = Desk::on("19.0", protocol, "");
        desk.server.world().forbidden.insert("sale.order.line");
        let load = desk.load()?;
        let names: Vec<&str> = load.entities.iter().map(|entity| entity.entity.as_str()).collect();
        assert_eq!(names, ["partners", "products", "stock"]);
        let notes = load.notes.join("\n");
        assert!(
            notes.contains(
                "sales: You are not allowed to access 'X' (sale.order.line) records, and it was never loaded"
            ),
            "{notes}"
        );
    }
    Ok(())
}

#[test]
fn a_refused_key_a_wrong_database_and_a_wrong_address_are_told_apart() {
    for protocol in ["xmlrpc", "json2"] {
        let desk = Desk::on("19.0", protocol, "");
        desk.server.world().expired = true;
        let told = said(desk.load());
        assert!(told.contains("the user name or the API key is not accepted"), "{told}");
        assert!(told.contains("keys expire"), "{told}");
        assert!(!told.contains(KEY), "{told}");

        let desk = Desk::on("19.0", protocol, "");
        let file = desk.dir.path().join("tastevin.toml");
        let text = fs::read_to_string(&file).expect("read").replace(DATABASE, "nowhere");
        fs::write(&file, text).expect("written");
        let told = said(desk.load());
        assert!(told.contains("there is no such database"), "{told}");
    }
    let desk = Desk::on("19.0", "xmlrpc", "");
    let file = desk.dir.path().join("tastevin.toml");
    let text = fs::read_to_string(&file).expect("read").replace(&desk.server.url, &format!("{}/odoo", desk.server.url));
    fs::write(&file, text).expect("written");
    let told = said(desk.load());
    assert!(told.contains("is not Odoo's API (HTTP 404") && told.contains("without /web"), "{told}");

    let text = fs::read_to_string(&file).expect("read").replace(&desk.server.url, "http://127.0.0.1:9");
    fs::write(&file, text).expect("written");
    let told = said(desk.load());
    assert!(told.contains("cannot be reached: nothing listens there"), "{told}");
}

#[test]
fn closed_connections_and_busy_servers_are_asked_again_and_for_less() -> Result<()> {
    for protocol in ["xmlrpc", "json2"] {
        let desk = Desk::on("19.0", protocol, "page_size = 40");
        desk.server.world().mishaps =
            [Some(Mishap::Close), Some(Mishap::Html(502)), Some(Mishap::TooMany(1)), Some(Mishap::Cut)].into();
        let begin = Instant::now();
        desk.load()?;
        assert!(begin.elapsed() >= Duration::from_secs(1), "the pause that was asked for is kept");
        assert_eq!(desk.ids("partners").len(), 25);
        let pages: Vec<u64> = desk.server.world().pages.iter().map(|(_, limit)| *limit).take(4).collect();
        // 40, closed; 20, bad gateway; 10, too many; 10, cut off; then 10 at a time.
        assert_eq!(pages, [10, 10, 10, 10], "{protocol}");
    }
    Ok(())
}

#[test]
fn a_slow_answer_is_given_up_in_time_and_asked_for_in_smaller_pages() -> Result<()> {
    let desk = Desk::on("19.0", "json2", "timeout_seconds = 1\npage_size = 1000");
    desk.server.world().mishaps = [Some(Mishap::Slow(Duration::from_secs(5)))].into();
    desk.load()?;
    let pages: Vec<u64> = desk.server.world().pages.iter().map(|(_, limit)| *limit).take(2).collect();
    assert_eq!(pages, [1000, 500]);
    assert_eq!(desk.ids("partners").len(), 25);
    Ok(())
}

#[test]
fn huge_answers_redirects_and_html_end_the_load_and_nothing_is_lost() -> Result<()> {
    let desk = Desk::on("19.0", "xmlrpc", "max_answer_mb = 1\npage_size = 10");
    desk.load()?;
    for (mishap, words) in [
        (Mishap::Huge(3_000_000), "the answer is larger than 1 MB"),
        (Mishap::Redirect("https://elsewhere.example/"), "sends us on to https://elsewhere.example/"),
        (Mishap::Html(404), "is not Odoo's API (HTTP 404, it begins \"<html><title>Bad gateway"),
    ] {
        desk.server.world().mishaps = [Some(mishap)].into();
        let told = said(desk.load());
        assert!(told.contains(words), "{told}");
        assert_eq!(desk.ids("partners").len(), 25);
    }
    Ok(())
}

#[test]
fn control_characters_are_counted_and_no_page_is_lost_to_them() -> Result<()> {
    for protocol in ["xmlrpc", "json2"] {
        let desk = Desk::on("19.0", protocol, "");
        desk.server.world().put("res.partner", 4, json!({ "city": "Sélestat\u{1}\u{1B}", "street": "   ", "zip": "" }));
        let load = desk.load()?;
        assert_eq!(desk.ids("partners").len(), 25);
        let notes = load.notes.join("\n");
        assert!(notes.contains("partners: 2 characters came that must not be sent"), "{notes}");
        let cells = desk.rows("SELECT city, street, zip, mobile FROM staging.\"odoo/partners\" WHERE id = '4'");
        assert_eq!(cells, ["Sélestat\u{FFFD}\u{FFFD}|   ||∅"], "{protocol}");
        desk.workbench().check(&|_| {})?;
        let found = desk.rows("SELECT rule, field FROM dq.anomalies WHERE \"row\" = 'odoo-4' AND rule = 'mojibake'");
        assert_eq!(found, ["mojibake|city"]);
    }
    Ok(())
}

#[test]
fn packed_answers_are_read() -> Result<()> {
    let desk = Desk::on("19.0", "auto", "");
    desk.server.world().gzip = true;
    assert_eq!(desk.load()?.staged(), 35);
    Ok(())
}

#[test]
fn a_user_who_cancels_does_not_wait_for_the_server() {
    let desk = Desk::on("19.0", "json2", "");
    desk.server.world().mishaps = [Some(Mishap::Slow(Duration::from_secs(20)))].into();
    let mut workbench = desk.workbench();
    let interrupter = workbench.interrupter();
    let waiter = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(700));
        interrupter.interrupt();
        Instant::now()
    });
    let outcome = workbench.load("odoo", &LoadOptions::default(), &|_| {});
    let waited = waiter.join().expect("the other thread").elapsed();
    assert_eq!(outcome.expect_err("cancelled").kind(), Kind::Interrupted);
    assert!(waited < Duration::from_millis(500), "{waited:?}");
}

#[test]
fn a_load_that_is_killed_leaves_no_gap_and_no_double() -> Result<()> {
    let desk = Desk::on("19.0", "json2", "page_size = 10");
    desk.load()?;
    desk.later(240);
    for id in 100..160 {
        partner(&mut desk.server.world(), id);
    }
    // Two pages are staged, the third does not come.
    desk.server.world().mishaps = [None, None, Some(Mishap::Slow(Duration::from_secs(30)))].into();
    desk.server.world().pages.clear();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_tastevin"))
        .args(["load", "--quiet"])
        .current_dir(desk.dir.path())
        .spawn()
        .expect("the binary runs");
    let begin = Instant::now();
    while desk.server.world().pages.len() < 3 {
        assert!(begin.elapsed() < Duration::from_secs(20), "the third page is asked for");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().expect("killed");
    child.wait().expect("gone");
    assert_eq!(desk.ids("partners").len(), 25);
    desk.load()?;
    let expected: Vec<i64> = (1..=25).chain(100..160).collect();
    assert_eq!(desk.ids("partners"), expected);
    Ok(())
}

#[test]
fn the_test_of_a_source_says_step_by_step_what_holds() {
    let desk = Desk::on("19.0", "auto", "language = \"de_DE\"");
    desk.server.world().forbidden.insert("stock.quant");
    let probes = desk.workbench().test_source("odoo", &|_| ()).expect("a test");
    let told: Vec<String> = probes
        .iter()
        .map(|probe| match &probe.found {
            Ok(found) => format!("✓ {}: {found}", probe.what),
            Err(wrong) => format!("✗ {}: {wrong}", probe.what),
        })
        .collect();
    let told = told.join("\n");
    for line in [
        "✓ API key: in the file key",
        "Odoo 19.0, asked by JSON-2",
        "✓ database cave: exists",
        "✓ user bot: accepted, number 7",
        "✓ time zone of days: Europe/Paris",
        "✗ language: the language de_DE is not installed on the server",
        "✓ partners (res.partner): 25 records; this server has nothing for",
        "✗ stock (stock.quant): You are not allowed",
        "an administrator can give the user the right to read it",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    assert!(told.contains("apart; loads go by the server's clock"), "{told}");
    assert!(!told.contains(KEY));
}

#[test]
fn a_key_that_others_may_read_or_that_is_not_there_is_refused_before_anything_is_sent() {
    let desk = Desk::on("19.0", "auto", "");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let key = desk.dir.path().join("key");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("opened to all");
        let error = desk.load().expect_err("refused");
        assert!(error.to_string().contains("others may read the file with the key (mode 644)"), "{error}");
        assert!(error.hints()[0].starts_with("chmod 600"), "{error:?}");
    }
    fs::remove_file(desk.dir.path().join("key")).expect("removed");
    let error = desk.load().expect_err("refused");
    assert!(error.to_string().contains("the file with the key cannot be read"), "{error}");
    assert!(desk.server.world().requests.is_empty());
}

#[test]
fn the_key_stands_nowhere_but_in_its_place() -> Result<()> {
    let desk = Desk::on("19.0", "auto", "");
    desk.load()?;
    desk.server.world().expired = true;
    let _ = desk.load();
    for entry in walk(desk.dir.path()) {
        let bytes = fs::read(&entry).expect("a file");
        let found = bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes());
        assert!(!found || entry.ends_with("key"), "{}", entry.display());
    }
    Ok(())
}

fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).expect("a folder").flatten() {
        if entry.path().is_dir() {
            files.extend(walk(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files
}
