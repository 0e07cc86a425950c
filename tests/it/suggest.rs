//! Suggestions over the front door: a source without a mapping gets one, and what is saved keeps the user's words.

use tastevin::model::{Edit, Step};
use tastevin::workbench::{OpenOptions, Workbench};

use crate::harness::Workspace;

#[test]
fn the_samples_are_profiled_and_previewed_and_a_draft_is_saved_with_its_comments() {
    let workspace = Workspace::checked();
    let mut workbench = Workbench::open(workspace.dir(), OpenOptions::default()).unwrap();
    let profile = workbench.column_profiles("isavigne_prod", "clients").unwrap().unwrap();
    assert_eq!(profile.rows, profile.columns[0].filled + profile.columns[0].empty + profile.columns[0].absent);
    let mut draft = workbench.draft("isavigne_prod").unwrap();
    let preview = workbench.preview("isavigne_prod", &draft, "customers", "phone", 0, 20).unwrap();
    assert!(preview.failed > 0 && preview.rows[0].failed && preview.rows[0].texts[0].is_some(), "{preview:?}");
    assert_eq!(preview.rows.len(), 20);
    assert!(workbench.draft_problems("isavigne_prod", &draft).unwrap().is_empty());
    let step = Step::bare("title_case");
    draft.apply(Edit::InsertTransform { table: "customers".into(), field: "city".into(), at: 1, step });
    let before = workspace.read("mappings/isavigne.toml");
    workbench.save_mapping(&mut draft).unwrap();
    let after = workspace.read("mappings/isavigne.toml");
    let changed: Vec<(&str, &str)> = before.lines().zip(after.lines()).filter(|(a, b)| a != b).collect();
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert!(changed[0].1.contains("[\"trim\", \"title_case\"]"), "{changed:?}");
    // Somebody edits the file meanwhile.
    workspace.write("mappings/isavigne.toml", format!("{after}\n# mine\n"));
    draft.apply(Edit::Unmap { table: "customers".into(), field: "city".into() });
    assert!(workbench.save_mapping(&mut draft).is_err());
    assert!(workspace.read("mappings/isavigne.toml").ends_with("# mine\n"));
}

/// A shop's own exports, under names of its own, without a mapping.
fn shop() -> Workspace {
    let workspace = Workspace::empty();
    let mut clients = String::from("CodeCli;Nom;Mail;Tel.;CP;Ville;Obs.\n");
    let mut sales = String::from("NumVente;CodeCli;Article;DateCde;Qte;PU HT\n");
    let mut products = String::from("Article;Désignation;Prix de vente\n");
    for n in 0..40 {
        clients += &format!("C{n:04};Jean Dupont;j{n}@example.fr;03 88 83 06 {:02};6700{};Colmar;\n", n + 10, n % 9);
        sales +=
            &format!("V{n:05};C{:04};P{:02};{:02}/03/2024;{};{},50\n", n * 7 % 40, n % 9, n % 28 + 1, n % 6 + 1, n + 8);
    }
    for n in 0..9 {
        products += &format!("P{n:02};Riesling {};{},90\n", 2015 + n, n + 8);
    }
    workspace.write("in/clients.csv", clients);
    workspace.write("in/ventes.csv", sales);
    workspace.write("in/produits.csv", products);
    let added = workspace.tastevin(["source", "add", "shop", "--kind", "files", "--path", "in"]).passed();
    assert!(added.stderr.contains("map suggest shop"), "{}", added.stderr);
    workspace.tastevin(["source", "test"]).passed();
    workspace.tastevin(["load"]).passed();
    workspace
}

#[test]
fn exports_that_nobody_mapped_go_the_whole_way_to_a_check() {
    let workspace = shop();
    let found = workspace.tastevin(["map", "suggest", "shop", "--accept"]).passed();
    assert!(found.stderr.contains("accepted into mappings/shop.toml"), "{}", found.stderr);
    assert_eq!(found.stdout, "", "what was proposed has been read before");
    let mapping = workspace.read("mappings/shop.toml");
    for line in ["files = [\"clients*\"]", "column = \"Mail\", transforms = [\"email\"]", "{ date = \"%d/%m/%Y\" }"] {
        assert!(mapping.contains(line), "{line} is not in\n{mapping}");
    }
    workspace.tastevin(["check", "--fail-on", "never"]).passed();
    let orphans = workspace.tastevin(["anomalies", "--rule", "orphan-reference", "--format", "csv"]).passed();
    assert_eq!(orphans.stdout.lines().count(), 1, "keys and what refers to them are read alike: {}", orphans.stdout);
    let rows = workspace.tastevin([
        "query",
        "--format",
        "csv",
        "SELECT count(*), count(phone), count(last_name) FROM candidate.customers",
    ]);
    assert_eq!(rows.passed().stdout.lines().last().map(str::trim), Some("40,40,40"));
    // What is accepted is not suggested again.
    let again = workspace.tastevin(["map", "suggest", "shop", "--json"]).passed().json();
    let again = again["suggestions"].as_array().unwrap();
    assert!(again.iter().all(|one| one["field"] != "email" && one["field"] != "sale_line_key"), "{again:#?}");
}

#[test]
fn a_field_is_set_from_the_shell_and_a_mistake_is_told_before_anything_is_written() {
    let workspace = shop();
    let set = |arguments: &[&str]| workspace.tastevin(["map", "set"].iter().chain(arguments));
    let told = set(&["shop", "customers.customer_key", "CodeCli"]).passed().stderr;
    assert!(told.contains("0 of 40 rows cannot be read"), "{told}");
    set(&["shop", "customers.created_on", "CodeCli", "--transform", "trim", "--transform", "date(\"%d/%m/%Y\")"])
        .passed();
    set(&["shop", "customers.country", "--constant", "France"]).passed();
    set(&["shop", "customers.last_name", "Nom, Ville", "--transform", "concat(\" \")", "--optional"]).passed();
    let mapping = workspace.read("mappings/shop.toml");
    for line in [
        "customer_key = { column = \"CodeCli\"",
        "created_on = { column = \"CodeCli\", transforms = [\"trim\", { date = \"%d/%m/%Y\" }] }",
        "country = { transforms = [{ constant = \"France\" }] }",
        "last_name = { columns = [\"Nom\", \"Ville\"], transforms = [{ concat = \" \" }], optional = true }",
    ] {
        assert!(mapping.contains(line), "{line} is not in\n{mapping}");
    }
    for (arguments, says) in [
        (vec!["shop", "customers.email", "Mail", "--transform", "trimm"], "did you mean \"trim\"?"),
        (vec!["shop", "customers.email", "Mail", "--transform", "date(\"%Q\")"], "%Q"),
        (vec!["shop", "customers.email", "Mall"], "Mall"),
        (vec!["shop", "customers.emial", "Mail"], "did you mean \"email\"?"),
        (vec!["shop", "customers.email"], "say which column"),
    ] {
        let refused = set(&arguments).ended(2).stderr;
        assert!(refused.contains(says), "{arguments:?}: {refused}");
    }
    assert_eq!(workspace.read("mappings/shop.toml"), mapping);
    set(&["shop", "customers.created_on", "--unset"]).passed();
    assert!(!workspace.read("mappings/shop.toml").contains("created_on"));
}

#[test]
fn renamed_headers_are_told_by_the_load_and_proposed_and_nothing_is_remapped_silently() {
    let workspace = shop();
    workspace.tastevin(["map", "suggest", "shop", "--accept", "-q"]).passed();
    let before = workspace.read("mappings/shop.toml");
    assert!(before.contains("column = \"Tel.\""), "{before}");
    let clients = std::fs::read_to_string(workspace.path("in/clients.csv")).unwrap();
    workspace.write("in/clients.csv", clients.replace("Tel.;", "Joindre au;").replace(";Obs.", ";Fidélité"));
    let told = workspace.tastevin(["load"]).passed().stdout;
    assert!(told.contains("\"Tel.\", which feeds customers.phone, is gone and \"Joindre au\" is new"), "{told}");
    let loads = workspace.tastevin(["load", "--json"]).passed().json();
    // Loaded again, the column is still not mapped, and it is said again.
    assert_eq!(loads["loads"][0]["drift"][0]["renamed"][0]["to"], "Joindre au", "{loads:#}");
    assert_eq!(workspace.read("mappings/shop.toml"), before);
    let refused = workspace.tastevin(["check"]).ended(2).stderr;
    assert!(refused.contains("Tel.") && refused.contains("map suggest"), "{refused}");
    let proposed = workspace.tastevin(["map", "suggest", "--json"]).passed().json();
    let phone = proposed["suggestions"].as_array().unwrap().iter().find(|one| one["field"] == "phone").unwrap();
    assert_eq!(phone["column"], "Joindre au");
    workspace.tastevin(["map", "suggest", "--accept", "--min", "0.8", "--table", "customers", "-q"]).passed();
    assert_eq!(workspace.read("mappings/shop.toml"), before.replace("\"Tel.\"", "\"Joindre au\""));
    // What the mapping has followed is news no longer, also before the next load.
    let verdict = workspace.tastevin(["check", "--fail-on", "never"]).passed().stdout;
    assert!(!verdict.contains("\"Tel.\""), "{verdict}");
    workspace.tastevin(["load"]).passed();
    let quiet = workspace.tastevin(["check", "--fail-on", "never"]).passed().stdout;
    assert!(!quiet.contains("\"Tel.\""), "{quiet}");
}

#[test]
fn a_column_that_says_the_opposite_is_proposed_turned_round_and_never_accepted_unseen() {
    let workspace = Workspace::empty();
    let mut clients = String::from("Code client;Nom;E-mail;Opt-in?\n");
    for n in 0..40 {
        let consent = if n % 4 == 0 { "non" } else { "oui" };
        clients += &format!("C{n:04};Dupont {n};j{n}@example.fr;{consent}\n");
    }
    workspace.write("in/clients.csv", &clients);
    workspace.tastevin(["source", "add", "shop", "--kind", "files", "--path", "in", "-q"]).passed();
    workspace.tastevin(["load"]).passed();
    let proposal = |workspace: &Workspace| {
        let found = workspace.tastevin(["map", "suggest", "shop", "--json"]).passed().json();
        let found =
            found["suggestions"].as_array().unwrap().iter().find(|one| one["field"] == "email_opt_out").cloned();
        found.unwrap_or_else(|| panic!("nothing is proposed for email_opt_out"))
    };
    let found = proposal(&workspace);
    assert_eq!(found["column"], "Opt-in?");
    assert_eq!(found["transforms"], serde_json::json!(["boolean", "not"]));
    assert!(found["score"].as_f64().unwrap() < 0.9, "{found:#}");
    let said = found["evidence"][0]["words"].as_str().unwrap();
    assert!(said.contains("the opposite of \"opt-out\"") && said.contains("not"), "{found:#}");
    workspace.tastevin(["map", "suggest", "shop", "--accept", "-q"]).passed();
    assert!(!workspace.read("mappings/shop.toml").contains("email_opt_out"));
    workspace.tastevin(["map", "suggest", "shop", "--accept", "--min", "0.5", "-q"]).passed();
    workspace.tastevin(["check", "--fail-on", "never"]).passed();
    let counted = "SELECT count_if(email_opt_out), count_if(NOT email_opt_out) FROM candidate.customers";
    let rows = workspace.tastevin(["query", "--format", "csv", counted]).passed().stdout;
    assert_eq!(rows.lines().last().map(str::trim), Some("10,30"), "who said no has opted out, and nobody else");
    // The next export asks the opposite question: that is another column, not the same one renamed.
    workspace.write("in/clients.csv", clients.replace("Opt-in?", "Opt-out?"));
    let told = workspace.tastevin(["load"]).passed().stdout;
    assert!(told.contains("\"Opt-in?\", which feeds customers.email_opt_out, is gone"), "{told}");
    assert!(!told.contains("\"Opt-out?\" is new and"), "{told}");
    assert_eq!(proposal(&workspace)["transforms"], serde_json::json!(["boolean"]));
}

#[test]
fn the_next_best_field_is_weighed_as_the_best_one_is() {
    let workspace = shop();
    let found = workspace.tastevin(["map", "suggest", "shop", "--json"]).passed().json();
    let mut seen = 0;
    for one in found["suggestions"].as_array().unwrap() {
        let Some(second) = one["runner_up"].as_object() else { continue };
        seen += 1;
        // Where the best is sure, the next best cannot be.
        let (best, next) = (one["score"].as_f64().unwrap(), second["score"].as_f64().unwrap());
        assert!(best >= next && (best < 0.9 || next < 0.2), "{one:#}");
    }
    assert!(seen > 3, "{found:#}");
}

#[test]
fn numbers_that_count_up_are_keys_a_name_beside_a_surname_the_first_one_and_weeks_no_part_of_an_entity() {
    let workspace = Workspace::empty();
    let mut customers = String::from("Customer No,Surname,Name,ZIP\n");
    for n in 1..=400 {
        let (last, first) =
            (["Klein", "Weber", "Martin", "Roy"][n % 4], ["Anne", "Luc", "Marie", "Jean", "Paul"][n % 5]);
        let zip = ["67000", "68000", "01000", "75011"][n * 7 % 4];
        customers += &format!("{n:05},{last},{first},{zip}\n");
    }
    workspace.write("in/customers_2026-11-02_w1.csv", customers);
    workspace.tastevin(["source", "add", "till", "--kind", "files", "--path", "in"]).passed();
    workspace.tastevin(["load"]).passed();
    let found = workspace.tastevin(["map", "suggest", "--json"]).passed().json();
    assert_eq!(found["entities"][0]["entity"], "customers");
    let one = |column: &str| {
        let suggestions = found["suggestions"].as_array().expect("suggestions");
        suggestions.iter().find(|one| one["column"] == column).unwrap_or_else(|| panic!("no {column}: {found:#}"))
    };
    for (column, field) in
        [("Customer No", "customer_key"), ("Surname", "last_name"), ("Name", "first_name"), ("ZIP", "zip_code")]
    {
        assert_eq!(one(column)["field"], field, "{:#}", one(column));
        assert!(one(column)["score"].as_f64() >= Some(0.9), "{:#}", one(column));
    }
    assert!(!one("Customer No").to_string().contains("postal"), "{:#}", one("Customer No"));
    workspace.tastevin(["map", "suggest", "--accept"]).passed();
    assert!(workspace.read("mappings/till.toml").contains("files = [\"customers*\"]"));
}
