//! Every kind of dirt in the sample exports is found where it was planted, and clean rows are left alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::harness::Workspace;

type Places = BTreeMap<String, BTreeSet<(String, u64)>>;

/// What the manifest of the samples says: per rule the file and line of each place, and the places at which a rule may
/// fire because of something else that was planted there.
fn planted() -> (Places, Places) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/sample_exports/isavigne/planted.json");
    let text = std::fs::read_to_string(path).expect("the samples' manifest");
    let manifest: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let (mut planted, mut also) = (Places::new(), Places::new());
    for (rule, kind) in manifest["rules"].as_object().expect("rules") {
        for place in kind["places"].as_array().expect("places") {
            let at = (place["file"].as_str().expect("a file").to_owned(), place["line"].as_u64().expect("a line"));
            for other in place["also"].as_array().expect("rules") {
                also.entry(other.as_str().expect("a rule").to_owned()).or_default().insert(at.clone());
            }
            planted.entry(rule.clone()).or_default().insert(at);
        }
    }
    (planted, also)
}

#[test]
fn what_was_planted_is_found_there_and_nothing_else_is() {
    let workspace = Workspace::checked();
    let (planted, also) = planted();
    let findings = workspace.tastevin(["anomalies", "--format", "jsonl"]).passed().stdout;
    let mut found = Places::new();
    let mut twins: BTreeMap<(String, String), BTreeSet<(String, u64)>> = BTreeMap::new();
    for line in findings.lines() {
        let finding: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let text = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
        let at = (text("file"), finding["line"].as_u64().expect("a line"));
        if text("rule").starts_with("duplicate-") {
            twins.entry((text("rule"), text("value"))).or_default().insert(at.clone());
        }
        found.entry(text("rule")).or_default().insert(at);
    }
    let none = BTreeSet::new();
    for rule in planted.keys().chain(found.keys()) {
        let (planted, found) = (planted.get(rule).unwrap_or(&none), found.get(rule).unwrap_or(&none));
        let missed: Vec<_> = planted.difference(found).collect();
        assert!(missed.is_empty(), "{rule} was planted and not found at {missed:?}");
        let expected: BTreeSet<_> = planted.union(also.get(rule).unwrap_or(&none)).cloned().collect();
        // Of two rows that share a key or an address only the second was planted; the rule names both.
        let twin = |at: &(String, u64)| {
            twins.iter().any(|((of, _), group)| of == rule && group.contains(at) && !group.is_disjoint(&expected))
        };
        let explained = |at: &&(String, u64)| expected.contains(*at) || twin(at);
        let extra: Vec<_> = found.difference(planted).filter(|at| !explained(at)).collect();
        assert!(extra.is_empty(), "{rule} found something at {extra:?}, where nothing was planted");
    }
    assert!(planted.len() >= 27, "the samples hold every kind of dirt: {:?}", planted.keys());
}

#[test]
fn a_blank_key_is_a_missing_one_however_it_is_written() {
    let clients = "code_client;nom;email;telephone;ville;rowid\nC1;Jean Dupont;;;;7\n\"\";Anne;;;;8\n\" \";Paul;;;;9\n\u{a0};Luc;;;;\n";
    let sales = "code_vente;code_client;produit_key;date;quantite;prix_unitaire\n\
                 V1;\"\";;01/02/2024;1;2\nV2;\" \";;01/02/2024;1;2\n\u{200b};C1;;01/02/2024;1;2\n";
    let workspace = Workspace::with_exports(&[("clients.csv", clients.as_bytes()), ("ventes.csv", sales.as_bytes())]);
    let output = workspace.tastevin(["load"]).passed();
    // A column that is called like the engine's own place of a row is staged under another name.
    assert!(output.stdout.contains("\"rowid_2\""), "{}", output.stdout);
    workspace.tastevin(["check", "--fail-on", "never"]).passed();
    let found = "SELECT rule, \"table\", field, count(*) AS n FROM dq.anomalies WHERE field LIKE '%key' AND field <> 'product_key' GROUP BY ALL ORDER BY ALL";
    assert_eq!(
        workspace.tastevin(["query", found, "--format", "csv"]).passed().stdout,
        "rule,table,field,n\nmissing-key,customers,customer_key,3\nmissing-key,sales_lines,sale_line_key,1\n\
         missing-required,sales_lines,customer_key,2\n"
    );
}
