//! The exports of a mailing tool fill the contact history through a mapping file alone.

use std::fs;
use std::path::Path;

use super::harness::Workspace;

#[test]
fn contacts_come_from_a_mailing_tool_beside_the_customers_of_another_source() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_exports/brevo");
    let workspace = Workspace::with_samples();
    let export = "brevo_events_2025-11-17.csv";
    workspace.write(&format!("mailings/{export}"), fs::read(samples.join(export)).expect("the sample"));
    workspace.tastevin(["source", "add", "mailings", "--kind", "brevo", "--path", "mailings"]).passed();
    workspace.tastevin(["load"]).passed();
    workspace.tastevin(["check", "--fail-on", "never"]).passed();

    let read = |sql: &str| workspace.tastevin(["query", sql, "--format", "csv"]).passed().stdout;
    let first = read(
        "SELECT contact_key, customer_key, date_contact, channel, campaign, status, product_key_suggested, response
         FROM candidate.contact_history WHERE contact_key = 'brevo-9100001'",
    );
    assert_eq!(
        first.lines().nth(1),
        Some(
            "brevo-9100001,isavigne-C0000001,2025-11-04 09:41:00,email,Reco_Riesling_Alsace,delivered,RIESLING-2021-75CL,false"
        ),
        "{first}"
    );

    // What the sample's page says is wrong is what is found, on that line and on no other.
    let found = workspace.tastevin(["anomalies", "--table", "contact_history", "--format", "csv"]).passed().stdout;
    let mut found: Vec<(String, String)> = found
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            (
                cells[0].to_owned(),
                cells[3].trim_start_matches("brevo-").split('#').next().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    found.sort();
    found.dedup();
    let page = fs::read_to_string(samples.join("README.md")).expect("the page");
    let mut told: Vec<(String, String)> = page
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let (rules, _) = cells.get(3)?.split_once(':')?;
            Some(rules.split(" and ").map(|rule| (rule.to_owned(), cells[2].to_owned())).collect::<Vec<_>>())
        })
        .flatten()
        .collect();
    told.sort();
    assert_eq!(found, told);
}
