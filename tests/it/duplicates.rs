//! Rows that may be the same thing: shown side by side, made one, or kept apart.

use super::harness::Workspace;

const CLIENTS: &str = "Code Client;Nom;Email;Téléphone;Ville\n\
    C1;Jean Dupont;jean@example.fr;03 88 83 06 09;Colmar\n\
    C2;Jean Dupond;jean@example.fr;;Strasbourg\n\
    C3;Marie Klein;marie@example.fr;;Metz\n\
    C3;Marie Klein;marie@example.fr;03 88 83 06 10;Metz\n\
    C4;Anne Roth;roth@example.fr;;Sélestat\n\
    C5;Paul Roth;roth@example.fr;;Sélestat\n";
const SALES: &str = "Code Vente;Code Client;Produit Key;Date;Quantité;Prix Unitaire\n\
    V1;C1;R1;01/10/2025;1;10,00\nV2;C2;R1;02/10/2025;2;10,00\nV3;C3;R1;03/10/2025;3;10,00\n";

fn workspace() -> Workspace {
    Workspace::shop(CLIENTS, SALES)
}

fn groups(workspace: &Workspace) -> Vec<serde_json::Value> {
    let output = workspace.tastevin(["duplicates", "--json"]).passed().json();
    output["groups"].as_array().expect("groups").clone()
}

#[test]
fn groups_stand_side_by_side_once_and_with_what_differs() {
    let workspace = workspace();
    let groups = groups(&workspace);
    let told: Vec<String> = groups
        .iter()
        .map(|group| format!("{} {} {}", group["group"]["rule"], group["group"]["value"], group["differing"]))
        .collect();
    assert_eq!(
        told,
        [
            "\"duplicate-email\" \"jean@example.fr\" [\"customer_key\",\"last_name\",\"phone\",\"city\",\"first_purchase_date\",\"last_purchase_date\",\"total_spent_eur\",\"average_order_eur\"]",
            "\"duplicate-key\" \"isavigne-C3\" [\"phone\"]",
            "\"duplicate-email\" \"roth@example.fr\" [\"customer_key\",\"first_name\"]",
        ]
    );
    assert_eq!(groups[0]["rows"][1]["referred"], 1);
    let text = workspace.tastevin(["duplicates", "--table", "customers"]).passed();
    assert!(text.stdout.contains("last_name            Dupont                   Dupond"), "{}", text.stdout);
}

#[test]
fn a_merge_keeps_one_row_takes_values_over_and_moves_what_referred_to_the_others() {
    let workspace = workspace();
    let before = workspace.query("SELECT * FROM candidate.customers ORDER BY _key");
    workspace
        .tastevin(["decide", "merge", "customers", "isavigne-C1", "isavigne-C2", "--take", "city=isavigne-C2"])
        .passed();
    workspace.check();
    let rows = "SELECT customer_key, last_name, city, total_spent_eur::INT FROM candidate.customers WHERE email = 'jean@example.fr'";
    assert_eq!(workspace.query(rows), ["isavigne-C1,Dupont,Strasbourg,30"]);
    let sales = "SELECT sale_line_key FROM candidate.sales_lines WHERE customer_key = 'isavigne-C1' ORDER BY 1";
    assert_eq!(workspace.query(sales), ["isavigne-V1", "isavigne-V2"]);
    assert_eq!(groups(&workspace).len(), 2);

    // One decision, and one step back.
    let ledger = workspace.read("decisions.jsonl");
    assert_eq!(ledger.lines().count(), 1);
    let id = ledger.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("an id").to_owned();
    workspace.tastevin(["decide", "revert", &id]).passed();
    workspace.check();
    assert_eq!(workspace.query("SELECT * FROM candidate.customers ORDER BY _key"), before);
}

#[test]
fn rows_of_one_key_are_merged_and_committed_under_it() {
    let workspace = workspace();
    let rows = workspace
        .query("SELECT _key FROM candidate.customers WHERE customer_key = 'isavigne-C3' AND phone IS NOT NULL");
    let gone =
        workspace.query("SELECT _key FROM candidate.customers WHERE customer_key = 'isavigne-C3' AND phone IS NULL");
    workspace.tastevin(["decide", "merge", "customers", &rows[0], &gone[0]]).passed();
    workspace.check();
    assert_eq!(workspace.query("SELECT count(*) FROM dq.anomalies WHERE rule = 'duplicate-key'"), ["0"]);
    workspace.tastevin(["commit", "--message", "merged"]).passed();
    let committed =
        workspace.query("SELECT customer_key, phone FROM canonical.customers WHERE customer_key = 'isavigne-C3'");
    assert_eq!(committed, ["isavigne-C3,+33388830610"]);
}

#[test]
fn merges_go_on_from_row_to_row_and_never_in_a_circle() {
    let workspace = workspace();
    let merge = |into: &str, row: &str| workspace.tastevin(["decide", "merge", "customers", into, row]);
    merge("isavigne-C2", "isavigne-C1").passed();
    // Before any check knows of it.
    let told = merge("isavigne-C1", "isavigne-C2").ended(2).stderr;
    assert!(told.contains("was merged into \"isavigne-C2\" and goes"), "{told}");
    let told = workspace.tastevin(["decide", "exclude", "customers", "isavigne-C2"]).ended(2).stderr;
    assert!(told.contains("\"isavigne-C1\" was merged into \"isavigne-C2\""), "{told}");
    assert!(told.contains("decide revert"), "{told}");
    merge("isavigne-C4", "isavigne-C2").passed();
    workspace.check();
    let sales = "SELECT customer_key, count(*) FROM candidate.sales_lines GROUP BY 1 ORDER BY 1";
    assert_eq!(workspace.query(sales), ["isavigne-C3,1", "isavigne-C4,2"]);
    assert_eq!(workspace.query("SELECT count(*) FROM dq.conflicts"), ["0"]);
}

#[test]
fn what_is_kept_apart_is_not_asked_about_again_until_a_third_one_comes() {
    let workspace = workspace();
    workspace.tastevin(["decide", "apart", "customers", "isavigne-C4", "isavigne-C5", "--why", "a couple"]).passed();
    workspace.check();
    assert!(groups(&workspace).iter().all(|group| group["group"]["value"] != "roth@example.fr"));
    let all = workspace.tastevin(["duplicates", "--all", "--json"]).passed().json();
    assert_eq!(all["groups"].as_array().map(Vec::len), Some(3));

    workspace.write("exports/clients.csv", format!("{CLIENTS}C6;Luc Roth;Roth@example.fr;;Sélestat\n"));
    workspace.tastevin(["load"]).passed();
    workspace.check();
    let again = groups(&workspace);
    let roth = again.iter().find(|group| group["group"]["value"] == "roth@example.fr").expect("the group");
    assert_eq!((roth["group"]["rows"].as_u64(), roth["group"]["open"].as_u64()), (Some(3), Some(1)));
}

#[test]
fn a_merge_that_makes_no_sense_is_refused() {
    let workspace = workspace();
    for (arguments, words) in [
        (vec!["isavigne-C1", "isavigne-C1"], "a row cannot be merged into itself"),
        (vec!["isavigne-C1", "isavigne-C9"], "has no row \"isavigne-C9\""),
        (vec!["isavigne-C1", "isavigne-C2", "--take", "city=isavigne-C3"], "none of the rows that are merged"),
        (vec!["isavigne-C1", "isavigne-C2", "--take", "town=isavigne-C2"], "has no field \"town\""),
        (vec!["isavigne-C1", "isavigne-C2", "--take", "city"], "names no row"),
    ] {
        let mut all = vec!["decide", "merge", "customers"];
        all.extend(arguments);
        let told = workspace.tastevin(all).ended(2).stderr;
        assert!(told.contains(words), "{words}\n{told}");
    }
    assert!(!workspace.path("decisions.jsonl").exists() || workspace.read("decisions.jsonl").is_empty());
}

#[test]
fn a_key_that_rows_share_is_refused_with_the_names_that_they_have() {
    let workspace = workspace();
    let set = |row: &str| workspace.tastevin(["decide", "set", "customers", row, "city", "Nancy"]);
    let shared = workspace.query("SELECT _key FROM candidate.customers WHERE _key LIKE 'isavigne-C3#%' ORDER BY 1");
    assert_eq!(shared.len(), 2);
    let refused = set("isavigne-C3").ended(2).stderr;
    let said = format!("2 rows share that key, and each has a name of its own: {}, {}", shared[0], shared[1]);
    assert!(refused.contains("has no row \"isavigne-C3\"") && refused.contains(&said), "{refused}");
    set(&shared[0]).passed();
    // A slip finds what was meant.
    let refused = set("c4").ended(2).stderr;
    assert!(refused.contains("did you mean isavigne-C4?"), "{refused}");
}

#[test]
fn what_was_said_to_be_apart_is_not_merged_and_what_was_merged_is_not_kept_apart() {
    let workspace = workspace();
    let decide = |arguments: &[&str]| workspace.tastevin(["decide"].iter().chain(arguments));
    let (roth, paul) = ("isavigne-C4", "isavigne-C5");
    let apart = decide(&["apart", "customers", roth, paul]).passed().stdout.trim().to_owned();
    let refused = decide(&["merge", "customers", roth, paul]).ended(2).stderr;
    assert!(refused.contains("\"isavigne-C5\" and \"isavigne-C4\" were said to be different things"), "{refused}");
    assert!(refused.contains(&format!("tastevin decide revert {apart}")), "{refused}");
    decide(&["revert", &apart]).passed();
    let merged = decide(&["merge", "customers", roth, paul]).passed().stdout.trim().to_owned();
    let hint = format!("tastevin decide revert {merged}");
    // Before the merge has taken effect and after.
    for checked in [false, true] {
        if checked {
            workspace.check();
        }
        let refused = decide(&["apart", "customers", roth, paul]).ended(2).stderr;
        assert!(refused.contains("was merged into \"isavigne-C4\"") && refused.contains(&hint), "{refused}");
        let refused = decide(&["merge", "customers", "isavigne-C1", paul]).ended(2).stderr;
        assert!(refused.contains("was merged into \"isavigne-C4\"") && refused.contains(&hint), "{refused}");
        let refused = decide(&["exclude", "customers", paul]).ended(2).stderr;
        assert!(refused.contains("was merged into \"isavigne-C4\"") && refused.contains(&hint), "{refused}");
    }
    // What others share is nothing of theirs.
    decide(&["merge", "customers", "isavigne-C1", "isavigne-C2"]).passed();
    assert_eq!(workspace.read("decisions.jsonl").lines().count(), 4);
}

#[test]
fn rows_of_one_key_from_two_sources_are_told_apart_by_source() {
    let workspace = Workspace::empty();
    for (source, name) in [("north", "Jean"), ("south", "Luc")] {
        workspace.write(&format!("{source}/clients.csv"), format!("Code Client;Nom;Email;Téléphone\nC1;{name};;\n"));
        workspace.tastevin(["source", "add", source, "--kind", "isavigne", "--path", source]).passed();
    }
    workspace.tastevin(["load"]).passed();
    workspace.tastevin(["check", "--fail-on", "never"]).passed();
    let findings = workspace.tastevin(["anomalies", "--rule", "duplicate-key", "--format", "jsonl"]).passed().stdout;
    assert!(
        findings.contains("stands on 2 rows: north clients.csv line 2, south clients.csv line 2"),
        "the files are called the same: {findings}"
    );
}
