//! What a server says when something is not as it should be, and what is done about it.

use std::io::Write as _;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;
use tastevin::error::Result;
use tastevin::model::LoadOptions;

use super::server::{Mishap, number_of};
use super::{Desk, said};

#[test]
fn a_key_of_somebody_else_and_a_company_that_is_not_the_users_are_told() {
    for protocol in ["xmlrpc", "json2"] {
        let desk = Desk::on("19.0", protocol, "");
        {
            let mut world = desk.server.world();
            world.stranger = Some("jeanne");
            world.put("res.users", 7, json!({ "login": "jeanne" }));
        }
        let told = said(desk.load());
        let words = match protocol {
            "xmlrpc" => "the user name or the API key is not accepted",
            _ => "the API key is that of another user, jeanne",
        };
        assert!(told.contains(words), "{told}");

        let desk = Desk::on("19.0", protocol, "company_id = 2");
        let told = said(desk.load());
        assert!(told.contains("the user does not see the company 2"), "{told}");
        assert!(told.contains("leave it away for all of them"), "{told}");
        let desk = Desk::on("19.0", protocol, "company_id = 1");
        assert_eq!(desk.load().expect("loaded").staged(), 35);
        let asked = desk.server.world().requests.last().cloned().unwrap_or_default();
        assert!(asked.contains("allowed_company_ids"), "{asked}");
    }
}

#[test]
fn json_2_from_a_server_that_is_too_old_is_told() {
    let desk = Desk::on("17.0", "json2", "");
    let told = said(desk.load());
    assert!(told.contains("the server is an Odoo 17.0 and does not speak JSON-2, which came with 19"), "{told}");
    assert!(told.contains("leave `protocol` away"), "{told}");
}

#[test]
fn a_model_behind_a_reference_that_must_not_be_read_leaves_its_columns_empty() -> Result<()> {
    for protocol in ["xmlrpc", "json2"] {
        let desk = Desk::on("19.0", protocol, "");
        super::cellar::attributes(&mut desk.server.world());
        desk.server.world().forbidden.insert("product.template");
        let load = desk.load()?;
        assert_eq!(load.staged(), 35);
        let notes = load.notes.join("\n");
        let told = "products: the user may not read product.template; what comes from there is empty";
        assert!(notes.contains(told), "{notes}");
        let empty = "SELECT count(*) FROM staging.\"odoo/products\" WHERE appellation IS NULL AND name IS NOT NULL";
        assert_eq!(desk.rows(empty), ["3"]);
        // Nor does anybody tell whether one of them changed, so that all of it is read again.
        desk.later(240);
        desk.server.world().put("product.product", 2, json!({ "lst_price": 99.5 }));
        let notes = desk.load()?.notes.join("\n");
        assert!(notes.contains("products: You are not allowed to access 'X' (product.template) records, so that nobody tells what changed with it; all was read"), "{notes}");
        assert!(notes.contains("partners: 25 new or changed since"), "{notes}");
        assert_eq!(desk.rows("SELECT list_price FROM staging.\"odoo/products\" WHERE id = '2'"), ["99.5"]);
    }
    Ok(())
}

#[test]
fn a_right_that_only_the_condition_needs_costs_its_own_entity_and_no_other() -> Result<()> {
    for protocol in ["xmlrpc", "json2"] {
        let desk = Desk::on("19.0", protocol, "");
        desk.server.world().forbidden.insert("sale.order");
        let load = desk.load()?;
        let names: Vec<&str> = load.entities.iter().map(|entity| entity.entity.as_str()).collect();
        assert_eq!(names, ["partners", "products", "stock"]);
        let notes = load.notes.join("\n");
        assert!(
            notes.contains("sales: You are not allowed to access 'X' (sale.order) records, and it was never loaded"),
            "{notes}"
        );
    }
    Ok(())
}

#[test]
fn quantities_that_cancel_out_are_zero_and_no_dust() -> Result<()> {
    let desk = Desk::on("19.0", "auto", "");
    {
        let mut world = desk.server.world();
        for (id, quantity) in [(1, 0.1), (2, 0.2), (4, -0.3)] {
            let quant = json!({ "product_id": 1, "location_id": 8, "quantity": quantity, "reserved_quantity": 0.00001, "product_uom_id": 1 });
            world.put("stock.quant", id, quant);
        }
    }
    desk.load()?;
    assert_eq!(desk.rows("SELECT quantity, reserved FROM staging.\"odoo/stock\""), ["0|0.00003"]);
    Ok(())
}

#[test]
fn what_is_no_number_is_an_anomaly_where_a_number_is_mapped() -> Result<()> {
    for protocol in ["xmlrpc", "json2"] {
        let desk = Desk::on("19.0", protocol, "");
        desk.server.world().put("sale.order.line", 10, json!({ "price_unit": number_of("NaN") }));
        desk.server.world().put("product.product", 1, json!({ "lst_price": number_of("NaN") }));
        desk.load()?;
        desk.workbench().check(&|_| {})?;
        let found = "SELECT \"table\", \"row\", field FROM dq.anomalies WHERE rule = 'unreadable-value' ORDER BY 1";
        assert_eq!(
            desk.rows(found),
            ["products|odoo-1|list_price_eur", "sales_lines|odoo-10|price_unit_eur"],
            "{protocol}"
        );
    }
    Ok(())
}

#[test]
fn a_module_that_is_not_installed_costs_its_own_entity_and_no_other() -> Result<()> {
    for protocol in ["xmlrpc", "json2"] {
        let desk = Desk::on("19.0", protocol, "");
        desk.server.world().models.remove("stock.quant");
        let load = desk.load()?;
        let names: Vec<&str> = load.entities.iter().map(|entity| entity.entity.as_str()).collect();
        assert_eq!(names, ["partners", "products", "sales"]);
        let notes = load.notes.join("\n");
        assert!(notes.contains("stock: Object stock.quant doesn't exist, and it was never loaded"), "{notes}");
    }
    Ok(())
}

#[test]
fn a_field_that_a_condition_names_and_the_server_lacks_is_told() {
    for protocol in ["xmlrpc", "json2"] {
        let desk = Desk::on("19.0", protocol, "");
        let path = desk.dir.path().join("mappings/odoo.toml");
        let text = std::fs::read_to_string(&path).expect("the mapping");
        std::fs::write(&path, text.replace("[[\"sale_ok\", \"=\", true]]", "[[\"can_be_sold\", \"=\", true]]"))
            .expect("written");
        let told = said(desk.load());
        assert!(told.contains("the server lacks a field: Invalid field product.product.can_be_sold"), "{told}");
        assert!(told.contains("take it out of the entity's `domain` in the mapping"), "{told}");
    }
}

#[test]
fn a_column_that_is_filled_by_nothing_known_is_told_with_its_place() {
    let desk = Desk::on("19.0", "auto", "");
    let path = desk.dir.path().join("mappings/odoo.toml");
    let text = std::fs::read_to_string(&path).expect("the mapping");
    std::fs::write(&path, text.replace("cost = \"standard_price\"", "cost = { field = \"standard_price\" }"))
        .expect("written");
    let refused = desk.load().expect_err("refused");
    let told = refused.to_string();
    assert!(told.contains("a column is filled by a path, by a list of paths, or by { local"), "{told}");
    assert_eq!(refused.place().column.as_deref(), Some("entities.products.columns.cost"), "{refused:?}");
    assert!(desk.server.world().requests.is_empty());
}

#[test]
fn pages_for_people_and_answers_of_nothing_are_told_apart() {
    let page = b"<!DOCTYPE html><html><title>We are back at 14:00</title></html>".to_vec();
    for protocol in ["xmlrpc", "json2"] {
        let desk = Desk::on("19.0", protocol, "");
        desk.server.world().mishaps = [Some(Mishap::Other("text/html; charset=utf-8", page.clone()))].into();
        let told = said(desk.load());
        assert!(
            told.contains("is not Odoo's API (HTTP 200, it begins \"<!DOCTYPE html><html><title>We are back"),
            "{told}"
        );
    }
    // Nothing at all is a server that gave up, and is asked again.
    let desk = Desk::on("19.0", "xmlrpc", "");
    desk.server.world().mishaps = [Some(Mishap::Other("text/xml", Vec::new()))].into();
    assert_eq!(desk.load().expect("asked again").staged(), 35);
}

#[test]
fn what_lies_too_deep_is_refused_and_the_program_goes_on() {
    let xml = format!(
        "<?xml version=\"1.0\"?><methodResponse><params><param><value>{}{}</value></param></params></methodResponse>",
        "<array><data><value>".repeat(20_000),
        "</value></data></array>".repeat(20_000)
    );
    let json = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    for (protocol, kind, body) in [("xmlrpc", "text/xml", xml), ("json2", "application/json", json)] {
        let desk = Desk::on("19.0", protocol, "");
        desk.server.world().mishaps = [Some(Mishap::Other(kind, body.into_bytes()))].into();
        let told = said(desk.load());
        assert!(told.contains("the answer cannot be read: its values lie more than"), "{told}");
    }
}

#[test]
fn numbers_beyond_the_limits_of_the_protocol_keep_their_digits() -> Result<()> {
    for protocol in ["xmlrpc", "json2"] {
        let desk = Desk::on("19.0", protocol, "extra_fields = { \"res.partner\" = [\"x_loyalty\"] }");
        desk.server.world().put("res.partner", 3, json!({ "x_loyalty": 9_007_199_254_740_993_i64 }));
        desk.server.world().put("res.partner", 4, json!({ "x_loyalty": 18_446_744_073_709_551_615_u64 }));
        let beyond =
            ["123456789012345678901234567890", "0.12345678901234567890123", "1e400", "52.800000000000004", "NaN"];
        for (id, digits) in (5..).zip(beyond) {
            desk.server.world().put("res.partner", id, json!({ "x_loyalty": number_of(digits) }));
        }
        desk.load()?;
        let cells = "SELECT x_loyalty FROM staging.\"odoo/partners\" WHERE x_loyalty IS NOT NULL ORDER BY _row";
        let mut kept = vec!["9007199254740993", "18446744073709551615"];
        kept.extend(beyond);
        assert_eq!(desk.rows(cells), kept, "{protocol}");
    }
    Ok(())
}

#[test]
fn an_answer_that_is_small_on_its_way_and_huge_unpacked_is_refused() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![b' '; 30_000_000]).expect("packed");
    assert!(encoder.finish().expect("packed").len() < 100_000);
    for protocol in ["xmlrpc", "json2"] {
        let desk = Desk::on("19.0", protocol, "max_answer_mb = 1\npage_size = 10");
        desk.server.world().gzip = true;
        desk.server.world().mishaps = [Some(Mishap::Huge(30_000_000))].into();
        let told = said(desk.load());
        assert!(told.contains("the answer is larger than 1 MB"), "{told}");
    }
}

#[test]
fn a_load_that_the_network_cuts_starts_over_without_gap_or_double() -> Result<()> {
    let desk = Desk::on("19.0", "auto", "page_size = 10");
    desk.load()?;
    desk.later(240);
    for id in 100..160 {
        super::partner(&mut desk.server.world(), id);
    }
    // Two pages come, then nothing more, however often it is asked.
    let mut mishaps = vec![None, None];
    mishaps.extend(std::iter::repeat_n(Some(Mishap::Close), 20));
    desk.server.world().mishaps = mishaps.into();
    let told = said(desk.load());
    assert!(told.contains("the server closed the connection without an answer"), "{told}");
    assert_eq!(desk.ids("partners").len(), 25, "the earlier load stands");
    desk.server.world().mishaps.clear();
    desk.load()?;
    let expected: Vec<i64> = (1..=25).chain(100..160).collect();
    assert_eq!(desk.ids("partners"), expected);
    Ok(())
}

#[test]
fn progress_knows_from_the_start_how_many_there_are() -> Result<()> {
    let desk = Desk::on("19.0", "auto", "page_size = 10");
    let told = Mutex::new(Vec::new());
    desk.workbench().load("odoo", &LoadOptions::default(), &|progress| {
        if progress.what == "load partners" {
            told.lock().expect("one at a time").push((progress.done, progress.total));
        }
    })?;
    let told = told.into_inner().expect("one at a time");
    assert_eq!(told, [(0, Some(25)), (10, Some(25)), (20, Some(25)), (25, Some(25))]);
    Ok(())
}

#[test]
fn a_server_that_needs_longer_than_it_is_given_is_told() {
    let desk = Desk::on("19.0", "json2", "timeout_seconds = 1\npage_size = 10");
    desk.server.world().mishaps = std::iter::repeat_n(Some(Mishap::Slow(Duration::from_secs(60))), 20).collect();
    let told = said(desk.load());
    assert!(told.contains("the server did not answer in time"), "{told}");
    assert!(told.contains("page_size = 200"), "{told}");
}

/// Whose queue of connections is full; elsewhere the system keeps its queues otherwise.
#[cfg(target_os = "linux")]
#[test]
fn an_address_that_takes_no_connection_is_given_up_after_the_time_that_is_set() {
    let deaf = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = deaf.local_addr().expect("an address");
    let waiting: Vec<_> =
        std::iter::from_fn(|| std::net::TcpStream::connect_timeout(&address, Duration::from_millis(300)).ok())
            .collect();
    assert!(!waiting.is_empty(), "the queue was filled");
    for (options, words) in [
        ("connect_seconds = 1", "the server cannot be reached: no connection came about within 1 s"),
        (
            "timeout_seconds = 2\nconnect_seconds = 600",
            "the server cannot be reached: no connection came about within 1.8 s",
        ),
    ] {
        let desk = Desk::on("19.0", "auto", options);
        desk.at(&format!("http://{address}"));
        let told = said(desk.load());
        assert!(told.contains(words), "{told}");
        assert!(told.contains("check `url` in tastevin.toml, the network and the VPN"), "{told}");
    }
}

#[test]
fn a_server_that_restarts_in_the_middle_of_a_load_is_waited_for() -> Result<()> {
    let desk = Desk::on("19.0", "xmlrpc", "page_size = 10");
    let behind = desk.server.url.trim_start_matches("http://").to_owned();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    desk.at(&format!("http://{address}"));
    std::thread::spawn(move || {
        // The fifth call falls into the restart: it is sent away, and nothing listens for the next one.
        for (n, stream) in listener.incoming().flatten().enumerate() {
            if n == 4 {
                break;
            }
            relay(stream, &behind);
        }
        drop(listener);
        std::thread::sleep(Duration::from_millis(1200));
        let again = std::net::TcpListener::bind(address).expect("the same port");
        again.incoming().flatten().for_each(|stream| relay(stream, &behind));
    });
    assert_eq!(desk.load()?.staged(), 35);
    Ok(())
}

/// Carries one call to the server behind and its answer back.
fn relay(outside: std::net::TcpStream, behind: &str) {
    let inside = std::net::TcpStream::connect(behind).expect("the server behind");
    let (mut ask, mut asked) = (outside.try_clone().expect("an end"), inside.try_clone().expect("an end"));
    std::thread::spawn(move || std::io::copy(&mut ask, &mut asked));
    let (mut answer, mut answered) = (inside, outside);
    // Whoever went away needs no answer.
    let _ = std::io::copy(&mut answer, &mut answered);
    let _ = answered.shutdown(std::net::Shutdown::Both);
}
