//! The exports of a shop that speaks English: suggested, accepted, read by the row's country and currency, and each cell that
//! is wrong told once.

use std::fmt::Write as _;

use crate::harness::Workspace;

const TOWNS: [&str; 4] = ["London", "Leeds", "Bristol", "Sheffield"];

/// Sixty members, of whom the first few have something wrong with them; wines and orders that refer to both.
fn shop() -> Workspace {
    let workspace = Workspace::empty();
    let mut members = "Member No;Given name;Surname;E-mail address;Telephone;Town;Country code;Postcode;Member since;Opted out of mailings".to_owned();
    for n in 1..=60 {
        let mail = if n <= 3 { "n/a".to_owned() } else { format!("person{n}@example.com") };
        let phone = match n {
            1 => "020 7946 472".to_owned(),
            2 => "\"4,4208E+11\"".to_owned(),
            n if n % 5 == 0 => format!("020 7946 {n:04}"),
            n => format!("+44 20 7946 {n:04}"),
        };
        let country = ["GB", "UK", "United Kingdom", "GB"][n % 4];
        let country = if n == 4 { "Wonderland" } else { country };
        let opted = if n == 6 { "maybe" } else { ["Y", "N", "yes", "no"][n % 4] };
        let _ = write!(
            members,
            "\nM-{n:05};Ann;Smith{n};{mail};{phone};{};{country};LS{} {}XY;0{}/03/2021;{opted}",
            TOWNS[n % 4],
            n % 20 + 1,
            n % 9 + 1,
            n % 9 + 1
        );
    }
    members.push_str("\nM-00010;Ann;Twin;twin@example.com;;Leeds;GB;LS1 1XY;01/03/2021;N\n");
    let mut wines = "SKU,Wine,Colour,Retail price,Cost,Year,Area".to_owned();
    for n in 1..=40 {
        let price = if n == 1 { "£26.90".to_owned() } else { format!("{n}.50") };
        let year = if n == 2 { "1066".to_owned() } else { (2010 + n % 10).to_string() };
        let colour = ["red", "white", "blanc"][n % 3];
        let _ = write!(wines, "\nWINE{n:04},Château Test {n},{colour},{price},{}.10,{year},Kent", n / 2);
    }
    let mut orders = "Order line\tMember\tItem\tOrdered\tQty\tUnit price\tLine total".to_owned();
    for n in 1..=80 {
        let (member, wine) = (n * 7 % 60 + 1, n * 3 % 39 + 2);
        let _ =
            write!(orders, "\nORD-{n:06}\tM-{member:05}\tWINE{wine:04}\t2025-03-1{}\t1\t{wine}.50\t{wine}.50", n % 9);
    }
    workspace.write("in/members.csv", members);
    workspace.write("in/wines.csv", wines + "\n");
    workspace.write("in/orders.csv", orders + "\n");
    workspace.tastevin(["source", "add", "shop", "--kind", "files", "--path", "in", "-q"]).passed();
    workspace.tastevin(["load", "-q"]).passed();
    workspace
}

/// The findings of a row as `rule field`.
fn of_row(findings: &str, row: &str) -> Vec<String> {
    let findings = findings.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    let text = |finding: &serde_json::Value, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    let of_row = findings.filter(|finding| text(finding, "row") == row);
    of_row.map(|finding| format!("{} {}", text(&finding, "rule"), text(&finding, "field"))).collect()
}

#[test]
fn everything_finds_its_field_and_what_is_wrong_is_told_once() {
    let workspace = shop();
    let accepted = workspace.tastevin(["map", "suggest", "shop", "--accept"]).passed();
    let said = &accepted.stderr;
    assert!(said.contains("left out, below 0.90: Opted out of mailings → customers.email_opt_out"), "{said}");
    let mapping = std::fs::read_to_string(workspace.path("mappings/shop.toml")).expect("the mapping");
    assert!(mapping.contains("phone = { columns = [\"Telephone\", \"Country code\"]"), "{mapping}");
    workspace.tastevin(["map", "suggest", "shop", "--accept", "--min", "0.4"]).passed();
    workspace.tastevin(["check", "--fail-on", "never"]).passed();
    let findings = workspace.tastevin(["anomalies", "--format", "jsonl"]).passed().stdout;
    let row = |key: &str| of_row(&findings, key);
    // A number of London that is too short is no French one.
    assert_eq!(row("shop-M-00001"), ["invalid-phone phone", "placeholder-value email"]);
    assert_eq!(row("shop-M-00002"), ["placeholder-value email", "spreadsheet-damage phone"]);
    // An unknown country is taken for no other: neither the postal code nor an international number is judged by it.
    assert_eq!(row("shop-M-00004"), ["invalid-country country"]);
    assert_eq!(row("shop-M-00005"), Vec::<String>::new());
    assert!(row("WINE0001").contains(&"unreadable-value list_price_eur".to_owned()), "{findings}");
    assert!(!findings.contains("duplicate-email"), "strangers without an address are no twins: {findings}");
    for message in [
        "\\\"020 7946 472\\\" cannot be read as a telephone number",
        "\\\"1066\\\" cannot be read as a year of four digits from 1900 to 2100",
        "\\\"maybe\\\" cannot be read as yes or no (oui/non, yes/no, true/false, 1/0)",
        "\\\"M-00010\\\" stands on 2 rows: lines 11, 62",
    ] {
        let message = message.replace("M-00010", "shop-M-00010");
        assert!(findings.contains(&message), "{message}\n{findings}");
    }
    let phones = "SELECT phone FROM candidate.customers WHERE customer_key = 'shop-M-00005'";
    assert!(workspace.tastevin(["query", phones, "--format", "csv"]).passed().stdout.contains("+442079460005"));
    let orphans = "SELECT count(*) AS n FROM dq.anomalies WHERE rule = 'orphan-reference'";
    assert!(workspace.tastevin(["query", orphans, "--format", "csv"]).passed().stdout.contains("\n0"), "{findings}");
    // What a person types for yes and no is read as the mapping reads it.
    let set = ["decide", "set", "customers", "shop-M-00006", "email_opt_out", "no"];
    workspace.tastevin(set).passed();
}

#[test]
fn a_number_that_was_read_for_another_country_is_told() {
    let workspace = shop();
    workspace.tastevin(["map", "suggest", "shop", "--accept", "--min", "0.4", "-q"]).passed();
    workspace
        .tastevin(["map", "set", "shop", "customers.phone", "Telephone", "--transform", "phone(\"FR\")", "-q"])
        .passed();
    workspace.tastevin(["check", "--fail-on", "never"]).passed();
    let findings = workspace.tastevin(["anomalies", "--format", "jsonl"]).passed().stdout;
    let told = "\\\"020 7946 472\\\" was read as +33207946472 of France, the row says Royaume-Uni";
    assert!(findings.contains(told), "{findings}");
}

#[test]
fn the_preview_counts_values_that_are_not_allowed() {
    let workspace = shop();
    workspace.tastevin(["map", "suggest", "shop", "--accept", "--min", "0.4", "-q"]).passed();
    let said =
        workspace.tastevin(["map", "set", "shop", "products.category", "Colour", "--transform", "lowercase"]).passed();
    let told = "0 of 40 rows cannot be read, 27 have a value that is not allowed: \"white\", \"red\"";
    assert!(said.stderr.contains(told) || said.stdout.contains(told), "{}{}", said.stdout, said.stderr);
}
