//! Duplicates, as somebody sees it who makes rows one.

use tastevin::tui::effects::{Effect, Job};

use super::session::{CLIENTS, Session};

/// Two customers with one address, and one customer twice under one key.
fn twins(width: u16, height: u16) -> Session {
    let mut session = Session::fresh(width, height);
    let more = "C010;Anne Muller;anne@example.fr;;06 12 34 56 78;67600;Sélestat;France;non;09/01/2022;\n\
                C004;Zoé Roussel;zoe@example.fr;03 88 83 06 12;;67140;Barr;France;non;06/01/2022;revenue\n";
    std::fs::write(session.dir.path().join("exports/clients.csv"), format!("{CLIENTS}{more}")).expect("an export");
    session.keys("1 l 4");
    session
}

#[test]
fn groups_are_listed_with_the_rows_of_one_side_by_side() {
    let mut session = twins(150, 30);
    session
        .shows("2 of 2 groups to decide")
        .shows("anne@example.fr · duplicate-email · customers.email · 2 rows · 30 € of sales depend on them")
        .shows("★ isavigne-C002")
        .shows("≠last_name")
        // What the row that stays lacks comes from the other one.
        .shows("● +33612345678")
        .keys("j")
        .shows("isavigne-C004 · duplicate-key · customers.customer_key · 2 rows")
        .shows("no field differs")
        .keys("a enter")
        .shows("20 fields, 0 differ");
}

#[test]
fn groups_that_share_long_keys_are_told_apart_wherever_the_keys_differ() {
    let mut session = Session::fresh(160, 48);
    let twice = |product: &str| format!("{product};Principal;10;bouteille;1;01/02/2024\n").repeat(2);
    let stock = ["RATAFIA-2019-75CL", "RATAFIA-2021-75CL"].map(twice).concat();
    let head = "Produit Key;Entrepôt;Quantité;Unité;Réservé;Date Inventaire\n";
    std::fs::write(session.dir.path().join("exports/stock.csv"), format!("{head}{stock}")).expect("an export");
    session.keys("1 l 4").shows("2 of 2 groups to decide");
    let screen = session.screen();
    let line = |with: &str| screen.lines().find(|line| line.contains(with)).map(|line| line[..64].to_owned());
    assert!(line("RATAFIA-2019-75CL").is_some() && line("RATAFIA-2021-75CL").is_some(), "{screen}");
    assert!(!screen.contains("STOCK…75CL"), "{screen}");
}

#[test]
fn a_merge_takes_the_values_that_are_marked_and_is_undone_in_one_step() {
    let mut session = twins(150, 30);
    session.keys("enter").shows("keep row");
    // The last name of the other row: it is the column to the right.
    session.keys("j l enter").shows("● Muller").keys("m").shows("isavigne-C010 becomes isavigne-C002.");
    session.shows("6 fields differ; 2 come from the others, marked ●.").keys("n");
    assert!(session.ledger().is_empty());
    session.keys("m y").shows("2 rows become isavigne-C002");
    let merged = session.workbench.decisions().last().cloned().expect("a decision");
    let line = serde_json::to_value(&merged).expect("JSON");
    assert_eq!(line["kind"], "merge");
    assert_eq!(line["into"], "isavigne-C002");
    assert_eq!(line["fields"]["last_name"][1], "Muller");
    assert_eq!(line["fields"]["mobile"][1], "+33612345678");
    session.shows("1 of 1 group to decide").hides("anne@example.fr");
    session.keys("u").shows("anne@example.fr").shows("2 of 2 groups to decide");
}

#[test]
fn a_merge_stands_where_a_value_that_it_took_over_fits_no_longer() {
    let mut session = twins(150, 30);
    session.keys("m y").hides("anne@example.fr · duplicate-email");
    assert_eq!(session.ledger()[0]["fields"]["mobile"], serde_json::json!([null, "+33612345678"]));
    // The next export knows another number of the row that stays.
    let file = session.dir.path().join("exports/clients.csv");
    let clients = std::fs::read_to_string(&file).expect("the export");
    std::fs::write(&file, clients.replace("03 88 83 06 10;;", "03 88 83 06 10;06 99 99 99 99;")).expect("another");
    session.keys("1 l 3 C").shows("decisions in conflict · 1").shows("it is +33699999999 now");
    session.shows("stands, and the rows stay one").keys("t").shows("✓ Every decision applies");
    let kinds: Vec<String> = session.ledger().iter().map(|line| line["kind"].to_string()).collect();
    assert_eq!(kinds, ["\"merge\"", "\"set\""]);
    let sql = "SELECT customer_key, mobile FROM candidate.customers WHERE email = 'anne@example.fr'";
    let page = session.workbench.query(sql).expect("it is read");
    assert_eq!((page.rows.len(), page.get(0, "mobile")), (1, Some("+33699999999")));
}

#[test]
fn a_group_whose_merge_could_not_be_written_is_not_decided() {
    let mut session = twins(150, 30);
    let ledger = session.dir.path().join("decisions.jsonl");
    let _ = std::fs::remove_file(&ledger);
    std::fs::create_dir(&ledger).expect("nothing can be appended to a folder");
    session.keys("m y").shows("the decision was not made").shows("2 of 2 groups to decide");
    std::fs::remove_dir(&ledger).expect("the folder goes");
    session.keys("esc g g m y").hides("that is decided").shows("2 rows become isavigne-C002");
    assert_eq!(session.ledger()[0]["kind"], "merge");
}

#[test]
fn rows_of_one_key_are_told_apart_and_what_differs_at_the_end_is_seen_in_a_narrow_column() {
    let mut session = Session::fresh(80, 24);
    let long = "Domaine des Vignes du Clos Saint-Urbain";
    let more = format!(
        "C020;A {long} SARL;;;;67600;Barr;France;non;09/01/2022;\nC020;A {long} EURL;;;;67600;Barr;France;non;09/01/2022;\n"
    );
    std::fs::write(session.dir.path().join("exports/clients.csv"), format!("{CLIENTS}{more}")).expect("an export");
    session.keys("1 l 4").shows("SARL").shows("EURL");
    let screen = session.screen();
    let head = screen.lines().find(|line| line.contains('★')).expect("the rows");
    let names: Vec<&str> = head.split_whitespace().filter(|word| word.contains("isavigne")).collect();
    assert!(names.len() == 2 && names[0] != names[1], "{head}");
    session.keys("m").shows("1 field differs; the row that stays keeps its own values.").keys("n");
}

#[test]
fn a_yes_is_about_the_group_that_the_question_named() {
    let mut session = twins(150, 30);
    session.keys("m").shows("isavigne-C010 becomes isavigne-C002.");
    // While the question stands the group goes, and another one lies under the cursor.
    let other = session.workbench.set("customers", "isavigne-C010", "email", Some("other@example.fr"), None, None);
    other.expect("a decision");
    session.perform(vec![Effect::Do(Job::Check)]);
    session.keys("y").shows("2 rows become isavigne-C002").hides("anne@example.fr · duplicate-email");
    let ledger = session.ledger();
    assert_eq!(ledger[1]["kind"], "merge");
    assert_eq!((&ledger[1]["into"], &ledger[1]["rows"]), (&"isavigne-C002".into(), &vec!["isavigne-C010"].into()));
    assert_eq!(ledger.len(), 2);
}

#[test]
fn different_things_are_remembered_and_rows_of_one_key_cannot_be() {
    let mut session = twins(150, 30);
    session.keys("D").shows("isavigne-C002, isavigne-C010 are different things that share");
    session.keys("y").shows("remembered: they are different things").shows("1 of 2 groups to decide");
    session.keys("g g D").shows("two rows cannot be committed under one key");
    session.keys("G D").shows("that is remembered already");
    session.keys("u").shows("2 of 2 groups to decide");
}

#[test]
fn the_row_that_stays_is_chosen_and_keys_and_computed_fields_are_its_own() {
    let mut session = twins(150, 30);
    session.keys("enter l o").shows("★ isavigne-C010");
    session.keys("g g enter").shows("the key is that of the row that stays");
    session.keys("X").shows("isavigne-C010 is neither checked nor committed.").shows("Nothing refers to it.");
    session.keys("n");
    assert!(session.ledger().is_empty());
    session.keys("X y").shows("isavigne-C010 is left out");
}

#[test]
fn the_next_match_key_decides_nothing_and_the_search_goes_from_group_to_group() {
    let mut session = twins(80, 24);
    session.keys("n").shows("nothing was searched for yet: / searches").keys("x").shows("x does nothing here");
    assert!(session.ledger().is_empty());
    session.keys("/ \"duplicate-key\" enter").shows("isavigne-C004 · duplicate-key · customers.customer_key");
    session.keys("n").shows("no other group contains \"duplicate-key\"");
    session.keys("/ \"ANNE\" enter").shows("anne@example.fr · duplicate-email");
}

#[test]
fn on_a_small_screen_the_place_in_the_list_does_not_lie_over_the_title_below_it() {
    let mut session = twins(80, 24);
    session.shows("anne@example.fr · duplicate-email · customers.email · 2 rows · 30 € … 1 of 2 ┤");
}

#[test]
fn narrow_screens_stack_the_panes_and_show_every_row_in_turn() {
    let mut session = twins(80, 24);
    session.keys("enter").shows("groups to decide").shows("★ isavigne-C002").shows("≠last_name");
    let mut low = twins(60, 12);
    low.shows("groups to decide").keys("enter").shows("≠").hides("groups to decide").keys("esc").shows("groups");
}

#[test]
fn without_duplicates_it_says_what_else_there_is_to_do() {
    Session::checked(100, 30).keys("4").shows("No rows look alike.").keys("m").shows("no rows look alike");
    Session::empty(100, 30).keys("4").shows("This workspace has no source yet.");
    Session::fresh(100, 30).keys("4").shows("Nothing was loaded yet.");
}

#[test]
fn the_groups_have_heads_and_the_money_its_unit() {
    let mut session = twins(150, 30);
    session.shows("what they share").shows("at stake  rows").shows("30 €     2");
}
