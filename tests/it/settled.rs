//! What is computed from rows that a commit holds back: the canonical tables agree with each other at every moment.

use crate::harness::Workspace;

const CLIENTS: &str = "code_client;nom;email;telephone\nC1;Jean Dupont;;\nC2;Anne Klein;;\nC3;Paul Muller;;\n";
const PRODUCTS: &str = "produit_key;nom;couleur;prix;cout\nP1;Riesling;blanc;12,50;6,00\nP2;Pinot;rouge;15,00;7,00\n";
const HEADER: &str = "code_vente;code_client;produit_key;date;quantite;prix_unitaire";

/// What each customer's row says, and what the committed lines say: they must be the same.
const BOTH: &str = "SELECT c.customer_key AS who, c.total_spent_eur AS said, sum(s.price_total_eur) AS summed, c.purchase_count AS n, \
    c.preferred_category AS likes, c.segment FROM canonical.customers c LEFT JOIN canonical.sales_lines s USING (customer_key) \
    GROUP BY ALL ORDER BY who";

fn shop(sales: &str) -> Workspace {
    let sales = format!("{HEADER}\n{sales}");
    let workspace = Workspace::with_exports(&[
        ("clients.csv", CLIENTS.as_bytes()),
        ("produits.csv", PRODUCTS.as_bytes()),
        ("ventes.csv", sales.as_bytes()),
        ("stock.csv", b"produit_key;entrepot;quantite\nP1;Principal;3\n"),
    ]);
    let config = workspace.read("tastevin.toml").replace("\"5%\"", "\"100%\"").replace("\"20%\"", "\"100%\"");
    workspace.write("tastevin.toml", config);
    workspace.tastevin(["load"]).passed();
    workspace.tastevin(["check", "--fail-on", "never"]).passed();
    workspace
}

fn said(workspace: &Workspace) -> Vec<String> {
    let csv = workspace.tastevin(["query", BOTH, "--format", "csv"]).passed().stdout;
    csv.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn a_total_does_not_count_what_is_held_back_and_counts_it_once_it_comes() {
    // C1 has bought once, but twice under one number; C2 once well and once of a product that nobody knows.
    let workspace = shop(
        "V1;C1;P1;01/03/2024;6;12,50\nV1;C1;P1;01/03/2024;6;12,50\nV2;C2;P2;02/03/2024;2;15,00\nV3;C2;P9;03/03/2024;100;9,00\n",
    );
    let diff = workspace.tastevin(["diff", "--json"]).passed();
    assert!(!diff.stdout.contains("930") && diff.stdout.contains("\"30\""), "{}", diff.stdout);
    workspace.tastevin(["commit"]).passed();
    assert_eq!(
        said(&workspace),
        ["isavigne-C1,,,,,PROSPECT", "isavigne-C2,30.0000,30.0000,1,rouge,INACTIVE", "isavigne-C3,,,,,PROSPECT",]
    );
    // The candidates still say what the sources say.
    let candidate = "SELECT sum(total_spent_eur) FROM candidate.customers";
    assert!(workspace.tastevin(["query", candidate, "--format", "csv"]).passed().stdout.contains("1080"), "changed");

    workspace.tastevin(["decide", "set", "sales_lines", "isavigne-V3", "product_key", "P1"]).passed();
    workspace.tastevin(["check", "--fail-on", "never"]).passed();
    workspace.tastevin(["commit"]).passed();
    assert_eq!(said(&workspace)[1], "isavigne-C2,930.0000,930.0000,2,blanc,INACTIVE");
    // Nothing has changed since: there is nothing to commit.
    let again = workspace.tastevin(["commit"]).passed();
    assert!(again.stderr.contains("Nothing to commit"), "{}{}", again.stdout, again.stderr);
}

#[test]
fn a_total_counts_what_stays_of_a_line_that_has_gone_bad() {
    let workspace = shop("V1;C1;P1;01/03/2024;6;12,50\nV2;C1;P2;02/03/2024;2;15,00\n");
    workspace.tastevin(["commit"]).passed();
    assert_eq!(said(&workspace)[0], "isavigne-C1,105.0000,105.0000,2,blanc,INACTIVE");
    // The line is another now and has no date; the committed one stays.
    workspace.write("exports/ventes.csv", format!("{HEADER}\nV1;C1;P1;;60;12,50\nV2;C1;P2;02/03/2024;4;15,00\n"));
    workspace.tastevin(["load"]).passed();
    workspace.tastevin(["check", "--fail-on", "never"]).passed();
    workspace.tastevin(["commit"]).passed();
    assert_eq!(said(&workspace)[0], "isavigne-C1,135.0000,135.0000,2,blanc,INACTIVE");
}

#[test]
fn a_value_that_was_given_or_decided_is_not_computed_anew() {
    let workspace = shop("V1;C1;P1;01/03/2024;6;12,50\nV1;C1;P1;01/03/2024;6;12,50\nV2;C2;P2;02/03/2024;2;15,00\n");
    workspace.tastevin(["decide", "set", "customers", "isavigne-C1", "segment", "VIP"]).passed();
    workspace.tastevin(["check", "--fail-on", "never"]).passed();
    workspace.tastevin(["commit"]).passed();
    assert_eq!(said(&workspace)[0], "isavigne-C1,,,,,VIP");
}

#[test]
fn the_samples_agree_with_themselves_after_a_commit() {
    let workspace = Workspace::checked();
    let config = workspace.read("tastevin.toml").replace("\"5%\"", "\"100%\"");
    workspace.write("tastevin.toml", config);
    workspace.tastevin(["commit"]).passed();
    let wrong = format!("SELECT count(*) AS n FROM ({BOTH}) WHERE said IS DISTINCT FROM summed");
    assert_eq!(workspace.tastevin(["query", &wrong, "--format", "csv"]).passed().stdout.trim(), "n\n0");
    assert!(said(&workspace).len() > 300);
}

#[test]
fn rows_that_were_all_excluded_go_and_a_reversal_says_what_is_held_back() {
    let workspace = shop("V1;C1;P1;01/03/2024;6;12,50\nV1;C1;P1;01/03/2024;6;12,50\n");
    workspace.tastevin(["commit"]).passed();
    workspace.tastevin(["decide", "exclude", "stock_levels", "isavigne-STOCK-P1-PRINCIPAL", "--why", "sold"]).passed();
    workspace.tastevin(["check", "--fail-on", "never"]).passed();
    workspace.tastevin(["commit"]).passed();
    let stock = "SELECT count(*) AS n FROM canonical.stock_levels";
    assert_eq!(workspace.tastevin(["query", stock, "--format", "csv"]).passed().stdout.trim(), "n\n0");
    workspace.tastevin(["revert", "2"]).passed();
    let log = workspace.tastevin(["log", "--json"]).passed().json();
    let held: Vec<u64> = log["commits"]
        .as_array()
        .expect("commits")
        .iter()
        .map(|commit| {
            commit["tables"].as_array().expect("tables").iter().filter_map(|t| t["quarantined"].as_u64()).sum()
        })
        .collect();
    assert_eq!(held, [2, 2, 2]);
}

#[test]
fn what_cannot_be_computed_is_a_finding_until_it_can() {
    let workspace =
        shop("V1;C1;P1;01/03/2024;20000000;9000000\nV2;C1;P1;01/03/2024;2;15,00\nV3;C2;P1;02/03/2024;2;15,00\n");
    let csv = ["anomalies", "--rule", "unreadable-value", "--format", "csv"];
    let found = workspace.tastevin(csv).passed().stdout;
    let said = "cannot be computed as a number from quantity_units = 20000000, price_unit_eur = 9000000";
    assert!(found.contains("isavigne-V1") && found.contains("price_total_eur") && found.contains(said), "{found}");
    assert_eq!(found.lines().count(), 2, "{found}");
    // With the quantity repaired it is computed, and there is nothing more to be said.
    workspace.tastevin(["decide", "set", "sales_lines", "isavigne-V1", "quantity_units", "2"]).passed();
    workspace.tastevin(["check", "--fail-on", "never"]).passed();
    assert_eq!(workspace.tastevin(csv).passed().stdout.lines().count(), 1);
}

#[test]
fn a_sum_that_is_too_large_is_added_up_again_without_what_is_held_back() {
    // Each line fits, and their sum does not; one of them is held back, because nobody knows its product.
    let workspace = shop("V1;C1;P1;01/03/2024;1;12,50\nV2;C1;P9;01/03/2024;1;12,50\n");
    for row in ["isavigne-V1", "isavigne-V2"] {
        workspace.tastevin(["decide", "set", "sales_lines", row, "price_total_eur", "60000000000000"]).passed();
    }
    workspace.tastevin(["check", "--fail-on", "never"]).passed();
    let found = workspace.tastevin(["anomalies", "--rule", "unreadable-value"]).passed().stdout;
    assert!(found.contains("total_spent_eur") && found.contains("what sales_lines says of this row"), "{found}");
    workspace.tastevin(["commit"]).passed();
    assert!(
        said(&workspace)[0].starts_with("isavigne-C1,60000000000000.0000,60000000000000.0000,1,"),
        "{:?}",
        said(&workspace)
    );
}
