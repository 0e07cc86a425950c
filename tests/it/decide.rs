//! Decisions from the shell: what is refused, what is left as it is, and what stands in the ledger afterwards.

use super::harness::{Output, Workspace};

const CLIENTS: &str = "Code Client;Nom;Email;Téléphone;Ville\n\
    C1;Jean Dupont;jean at example.fr;;Colmar\n\
    C2;Marie Klein;marie at example.fr;;Barr\n\
    C3;Anne Roth;anne at example.fr;;Barr\n\
    C4;Paul Muller;paul@example.fr;;Strasbourgh\n";
const SALES: &str = "Code Vente;Code Client;Produit Key;Date;Quantité;Prix Unitaire\n\
    V1;C1;R1;01/10/2025;1;10,00\nV2;C2;R1;02/10/2025;2;10,00\n";
fn workspace() -> Workspace {
    Workspace::shop(CLIENTS, SALES)
}

fn decide(workspace: &Workspace, arguments: &[&str]) -> Output {
    workspace.tastevin(["decide"].iter().chain(arguments))
}

fn ledger(workspace: &Workspace) -> usize {
    if workspace.path("decisions.jsonl").exists() { workspace.read("decisions.jsonl").lines().count() } else { 0 }
}

#[test]
fn what_somebody_has_just_mended_is_left_as_it_is_by_decisions_on_findings() {
    let workspace = workspace();
    decide(&workspace, &["set", "customers", "isavigne-C1", "email", "dupont@example.fr"]).passed();
    let bulk = decide(&workspace, &["bulk", "customers", "email", "--rule", "invalid-email", "--suggestion"]).passed();
    assert!(
        bulk.stderr.contains("1 row left as they are: somebody has decided on them since the last check"),
        "{}",
        bulk.stderr
    );
    // All that was found has been decided on by now.
    let again = decide(&workspace, &["exclude", "customers", "--rule", "invalid-email"]).ended(2).stderr;
    assert!(again.contains("decided on since the last check"), "{again}");
    workspace.check();
    let emails = "SELECT customer_key, email FROM candidate.customers ORDER BY 1 LIMIT 2";
    assert_eq!(workspace.query(emails), ["isavigne-C1,dupont@example.fr", "isavigne-C2,marie@example.fr"]);
    assert_eq!(workspace.query("SELECT count(*) FROM candidate.customers"), ["4"]);
}

#[test]
fn a_commit_says_which_decisions_it_goes_without() {
    let workspace = workspace();
    decide(&workspace, &["set", "customers", "isavigne-C4", "city", "Strasbourg"]).passed();
    assert!(!workspace.tastevin(["commit", "--dry-run"]).passed().stderr.contains("not applied"));
    workspace.write("exports/clients.csv", CLIENTS.replace("Strasbourgh", "Mulhouse"));
    let told = "1 decision does not fit the data and was not applied.\nNext: tastevin decide conflicts";
    for arguments in [&["sync"][..], &["commit", "--dry-run"], &["commit"]] {
        let said = workspace.tastevin(arguments).passed().stderr;
        assert!(said.contains(told), "{arguments:?}: {said}");
    }
}

#[test]
fn a_commit_says_which_rows_stay_although_they_are_left_out() {
    let workspace = workspace();
    let settings = workspace.read("tastevin.toml").replace("\"5%\"", "\"60%\"").replace("\"20%\"", "\"60%\"");
    workspace.write("tastevin.toml", settings);
    workspace.tastevin(["commit"]).passed();
    decide(&workspace, &["exclude", "customers", "isavigne-C1", "--why", "closed"]).passed();
    let told = "customers: 1 row that is left out or gone stays committed: rows that stay as they were refer to it.";
    for arguments in [&["commit", "--dry-run"][..], &["commit"]] {
        let said = workspace.tastevin(arguments).passed().stderr;
        assert!(said.contains(told), "{arguments:?}: {said}");
    }
    // With what refers to it, it goes.
    decide(&workspace, &["exclude", "sales_lines", "isavigne-V1", "--why", "closed"]).passed();
    let said = workspace.tastevin(["commit"]).passed().stderr;
    assert!(!said.contains("stays committed"), "{said}");
    assert_eq!(workspace.query("SELECT count(*) FROM canonical.customers WHERE customer_key = 'isavigne-C1'"), ["0"]);
}

#[test]
fn before_anything_is_mapped_there_is_nothing_to_decide_on() {
    let workspace = Workspace::with_exports(&[("clients.csv", CLIENTS.as_bytes())]);
    workspace.tastevin(["load"]).passed();
    for arguments in
        [&["set", "customers", "isavigne-C1", "city", "Barr"][..], &["exclude", "customers", "isavigne-C1"]]
    {
        let refused = decide(&workspace, arguments).ended(2).stderr;
        assert!(
            refused.contains("has no row") && refused.contains("`tastevin check` maps what is loaded"),
            "{refused}"
        );
    }
}

#[test]
fn a_value_that_its_field_does_not_allow_is_decided_and_told() {
    let workspace = workspace();
    let told = |arguments: &[&str]| decide(&workspace, arguments).passed().stderr;
    let set = |field: &str, value: &str| told(&["set", "customers", "isavigne-C1", field, value]);
    assert!(set("email", "not a mail").contains("▲ \"not a mail\" is no e-mail address"));
    assert!(set("zip_code", "99999999").contains("▲ \"99999999\" is no postal code of France"));
    assert!(set("phone", "12").contains("▲ \"12\" is no telephone number"));
    let fine = set("email", "jean@example.fr");
    assert!(!fine.contains('▲') && fine.contains("takes effect"), "{fine}");
    assert!(!told(&["set", "customers", "isavigne-C1", "city", "--empty"]).contains('▲'));
    let orphan = told(&["set", "sales_lines", "isavigne-V2", "customer_key", "nobody"]);
    assert!(orphan.contains("▲ \"nobody\" is in no row of customers"), "{orphan}");
    let many = told(&["bulk", "customers", "email", "--where", "true", "--now", "none"]);
    assert_eq!(many.matches("▲").count(), 1, "{many}");
}

#[test]
fn decisions_from_elsewhere_are_all_taken_over_or_none() {
    let workspace = workspace();
    let exclude = r#"{"kind":"exclude","table":"customers","rows":["isavigne-C4"]}"#;
    let nobody = r#"{"kind":"exclude","table":"customers","rows":["nobody"]}"#;
    let merge = |into: &str, row: &str| {
        format!(r#"{{"kind":"merge","table":"customers","into":"isavigne-{into}","rows":["isavigne-{row}"]}}"#)
    };
    let waive = r#"{"kind":"waive","rule":"invalid-email","table":"customers","was":null,"why":"so"}"#;
    for (lines, told) in [
        (vec![exclude, nobody], "has no row \"nobody\""),
        (vec![exclude, exclude], "contradict each other about \"isavigne-C4\""),
        (vec![&merge("C1", "C2"), &merge("C3", "C2")], "contradict each other about \"isavigne-C2\""),
        (vec![&merge("C1", "C2"), &merge("C2", "C1")], "contradict each other about \"isavigne-C2\""),
        (vec![&merge("C4", "C3"), exclude], "contradict each other about \"isavigne-C4\""),
        (vec![exclude, waive], "which findings of invalid-email"),
    ] {
        let refused = decide(&workspace, &[&["apply"][..], &lines].concat()).ended(2).stderr;
        assert!(refused.contains(told), "{told}\n{refused}");
        assert_eq!(ledger(&workspace), 0, "{told}");
    }
    decide(&workspace, &["apply", exclude, &merge("C1", "C2")]).passed();
    assert_eq!(ledger(&workspace), 2);
    // And what contradicts those, before any check knows of them.
    for line in [merge("C4", "C3"), merge("C3", "C4"), merge("C3", "C2"), merge("C2", "C3"), exclude.to_owned()] {
        decide(&workspace, &["apply", &line]).ended(2);
    }
    assert_eq!(ledger(&workspace), 2);
}

#[test]
fn a_waiver_says_which_findings_it_accepts() {
    let workspace = workspace();
    let line = |rest: &str| {
        format!(
            r#"{{"kind":"waive","rule":"invalid-email","table":"customers","was":"jean at example.fr","why":"so"{rest}}}"#
        )
    };
    let refused = decide(&workspace, &["apply", &line("")]).ended(2).stderr;
    assert!(refused.contains("which findings of invalid-email in \"customers\"?"), "{refused}");
    let refused = decide(&workspace, &["apply", &line(r#","row":"isavigne-C77""#)]).ended(2).stderr;
    assert!(refused.contains("has no row \"isavigne-C77\""), "{refused}");
    decide(&workspace, &["apply", &line(r#","row":"isavigne-C1""#)]).passed();
    workspace.check();
    let waived = "SELECT \"row\" FROM dq.anomalies WHERE status = 'waived'";
    assert_eq!(workspace.query(waived), ["isavigne-C1"]);
}

#[test]
fn all_findings_of_a_rule_are_accepted_even_two_on_one_cell() {
    let workspace = workspace();
    workspace.write(
        "rules/two.toml",
        "id = \"two\"\ntable = \"customers\"\nselect = \"SELECT _key AS row, 'city' AS field, unnest(['a', 'b']) AS value, \
         'twice' AS message FROM candidate.customers WHERE city = 'Barr'\"",
    );
    workspace.check();
    let open = "SELECT count(*) FROM dq.anomalies WHERE rule = 'two' AND status = 'open'";
    assert_eq!(workspace.query(open), ["4"]);
    decide(&workspace, &["waive", "two", "customers", "--all", "--why", "so"]).passed();
    workspace.check();
    assert_eq!(workspace.query(open), ["0"]);
}

#[test]
fn what_is_typed_has_no_white_space_around_it_and_is_replaced_once() {
    let workspace = workspace();
    decide(&workspace, &["set", "sales_lines", "isavigne-V2", "customer_key", "isavigne-C4 "]).passed();
    let replace = |now: &str| {
        format!(r#"{{"kind":"replace","table":"customers","field":"city","values":{{"Strasbourgh":"{now}"}}}}"#)
    };
    decide(&workspace, &["apply", &replace("Strasbourg ")]).passed();
    let refused = decide(&workspace, &["apply", &replace("Straßburg")]).ended(2).stderr;
    assert!(refused.contains("\"Strasbourgh\" is replaced by \"Strasbourg\" already"), "{refused}");
    workspace.check();
    let sold = "SELECT s.customer_key, city FROM candidate.sales_lines AS s JOIN candidate.customers AS c USING (customer_key) WHERE s._key = 'isavigne-V2'";
    assert_eq!(workspace.query(sold), ["isavigne-C4,Strasbourg"]);
}

#[test]
fn a_value_that_no_source_gives_is_not_replaced_and_that_is_said() {
    let workspace = workspace();
    let replace = |field: &str| {
        format!(r#"{{"kind":"replace","table":"customers","field":"{field}","values":{{"PROSPECT":"VIP"}}}}"#)
    };
    let refused = decide(&workspace, &["apply", &replace("segment")]).ended(2).stderr;
    assert!(refused.contains("customers.segment is computed, and no source gives it a value"), "{refused}");
    assert!(refused.contains("tastevin decide bulk customers segment --where SQL --now VALUE"), "{refused}");
    // A cell can be set: that is about what is computed for it.
    decide(&workspace, &["set", "customers", "isavigne-C1", "segment", "VIP"]).passed();
    // A ledger that says so all the same, as of a mapping that gave the field, is listed.
    let line = replace("segment").replacen(
        '{',
        r#"{"v":1,"id":"01JD0000000000000000000000","at":"2025-01-01T00:00:00Z","who":"marie","#,
        1,
    );
    workspace.write("decisions.jsonl", format!("{}{line}\n", workspace.read("decisions.jsonl")));
    workspace.check();
    let listed = decide(&workspace, &["conflicts"]).passed().stdout;
    assert!(listed.contains("the field is computed"), "{listed}");
}

#[test]
fn a_conflict_that_is_taken_back_leaves_none_of_those_before_it() {
    let workspace = workspace();
    let set = |row: &str, city: &str| {
        decide(&workspace, &["set", "customers", row, "city", city]).passed().stdout.trim().to_owned()
    };
    // One that is about another row as well, one about this cell, and the last one, which speaks for all.
    let two = "customer_key IN ('isavigne-C3', 'isavigne-C4')";
    let many = decide(&workspace, &["bulk", "customers", "city", "--where", two, "--now", "Obernai"]).passed();
    workspace.check();
    let first = set("isavigne-C4", "Barr");
    workspace.check();
    let last = set("isavigne-C4", "Strasbourg");
    workspace.check();
    workspace.write("exports/clients.csv", CLIENTS.replace("Strasbourgh", "Mulhouse"));
    workspace.tastevin(["load"]).passed();
    workspace.check();
    let listed = decide(&workspace, &["conflicts"]).passed().stdout;
    assert!(listed.contains("the value is another one now; 2 decisions before it fit no better"), "{listed}");
    let back = decide(&workspace, &["revert", &last]).passed();
    assert_eq!(back.stdout.lines().count(), 2, "{}", back.stdout);
    assert!(back.stderr.contains("1 decision before it did not fit either, and went with it."), "{}", back.stderr);
    assert!(back.stderr.contains(&format!("{first}: taken back")), "{}", back.stderr);
    let stays = format!("▲ {} before it does not fit either; it is about 2 rows", many.stdout.trim());
    assert!(back.stderr.contains(&stays), "{}", back.stderr);
    workspace.check();
    let listed = decide(&workspace, &["conflicts"]).passed().stdout;
    assert!(listed.contains("Obernai") && !listed.contains("Barr"), "{listed}");
}

#[test]
fn a_decision_that_is_taken_back_after_a_load_without_a_check_says_how_old_its_knowledge_is() {
    let workspace = workspace();
    let id = decide(&workspace, &["set", "customers", "isavigne-C4", "city", "Barr"]).passed().stdout.trim().to_owned();
    workspace.check();
    workspace.tastevin(["load"]).passed();
    let back = decide(&workspace, &["revert", &id]).passed().stderr;
    let said = "was loaded after the last check: whether decisions before this one fit is as it was then";
    assert!(back.contains(said) && back.contains("`tastevin check`"), "{back}");
    workspace.check();
    let id = decide(&workspace, &["set", "customers", "isavigne-C4", "city", "Barr"]).passed().stdout.trim().to_owned();
    let back = decide(&workspace, &["revert", &id]).passed().stderr;
    assert!(!back.contains("the last check"), "{back}");
}

#[test]
fn a_merge_stays_where_a_decision_about_a_value_that_it_took_over_is_taken_back() {
    let workspace = workspace();
    let merge = ["merge", "customers", "isavigne-C4", "isavigne-C3", "--take", "city=isavigne-C3"];
    let merge = decide(&workspace, &merge).passed().stdout.trim().to_owned();
    workspace.check();
    let last = decide(&workspace, &["set", "customers", "isavigne-C4", "city", "Colmar"]).passed().stdout;
    workspace.check();
    workspace.write("exports/clients.csv", CLIENTS.replace("Strasbourgh", "Mulhouse"));
    workspace.tastevin(["load"]).passed();
    workspace.check();
    let listed = decide(&workspace, &["conflicts"]).passed().stdout;
    assert!(listed.contains("the value is another one now; 1 decision before it fit no better"), "{listed}");
    let back = decide(&workspace, &["revert", last.trim()]).passed();
    assert_eq!(back.stdout.lines().count(), 1, "{}", back.stdout);
    let stays = format!("▲ {merge} before it does not fit either; it is about 1 row and stays in force");
    assert!(back.stderr.contains(&stays), "{}", back.stderr);
    workspace.check();
    assert_eq!(workspace.query("SELECT count(*) FROM candidate.customers"), ["3"], "they are one row still");
}

#[test]
fn a_ledger_with_every_line_twice_is_read_once_and_decisions_are_taken_back_as_ever() {
    let workspace = workspace();
    let id = decide(&workspace, &["exclude", "customers", "isavigne-C4"]).passed().stdout.trim().to_owned();
    let whole = workspace.read("decisions.jsonl");
    workspace.write("decisions.jsonl", format!("{whole}{whole}"));
    let list = decide(&workspace, &["list"]).passed();
    assert!(list.stderr.contains("is there twice; it counts once"), "{}", list.stderr);
    decide(&workspace, &["revert", &id]).passed();
    workspace.check();
    assert_eq!(workspace.query("SELECT count(*) FROM candidate.customers"), ["4"]);
}

#[test]
fn what_a_decision_is_about_is_found_where_it_was_and_where_it_has_come_since() {
    use tastevin::workbench::{OpenOptions, Workbench};

    let shop = workspace();
    shop.check();
    // As among many rows, of which it is remembered where they are.
    tastevin::stages::places::worth_it_from(1);
    let mut bench = Workbench::open(&shop.path(""), OpenOptions::default()).expect("the workspace opens");
    let exclude = |bench: &mut Workbench, row: &str| {
        let action = format!(r#"{{"kind":"exclude","table":"customers","rows":["{row}"]}}"#);
        let action = serde_json::from_str(&action).expect("a decision");
        let decided = bench.decide(action, Some("gone".to_owned())).map(|decision| decision.id);
        bench.recheck(&|_| {}).expect("a check");
        decided.map_err(|error| error.to_string())
    };
    let set = |bench: &mut Workbench, row: &str, city: &str| {
        let decided = bench.set("customers", row, "city", Some(city), None, None);
        bench.recheck(&|_| {}).expect("a check");
        decided.map(|decision| format!("{:?}", decision.action)).map_err(|error| error.to_string())
    };
    let gone = exclude(&mut bench, "isavigne-C2").expect("it is left out");
    // By now it is known where they are, and of one that it is no more.
    let known = set(&mut bench, "isavigne-C3", "Colmar").expect("it is set");
    assert!(known.contains("Some(\"Barr\")") && known.contains("Some(\"Colmar\")"), "{known}");
    for unknown in ["isavigne-C2", "isavigne-C9"] {
        assert!(set(&mut bench, unknown, "Colmar").is_err_and(|said| said.contains(unknown)));
        assert!(exclude(&mut bench, unknown).is_err_and(|said| said.contains(unknown)));
    }
    // Back again, and after an export in which everything stands elsewhere.
    bench.take_back(&gone, None).expect("it is taken back");
    bench.recheck(&|_| {}).expect("a check");
    assert!(set(&mut bench, "isavigne-C2", "Obernai").is_ok());
    let (head, rows) = CLIENTS.split_once('\n').expect("a header");
    let turned: Vec<&str> = rows.lines().rev().collect();
    shop.write("exports/clients.csv", format!("{head}\n{}\n", turned.join("\n")));
    bench.load("isavigne_prod", &tastevin::model::LoadOptions::default(), &|_| {}).expect("it loads");
    bench.check(&|_| {}).expect("a check");
    let moved = set(&mut bench, "isavigne-C4", "Strasbourg").expect("it is set");
    assert!(moved.contains("Some(\"Strasbourgh\")"), "{moved}");
}
