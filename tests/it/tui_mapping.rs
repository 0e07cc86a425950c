//! Stories of Mapping: pairs beside each other, suggestions, transforms, the preview, saving and leaving.

use std::fs;

use tastevin::model::{LoadOptions, SourceConfig};
use tastevin::workbench::{OpenOptions, Workbench, Workspace};

use crate::session::Session;

/// An export of a shop that nobody has mapped.
const SHOP: &str = "\
Code client;Nom complet;Courriel;Téléphone;Ville;Points;Vide
K1;Jean Dupont;jean@example.fr;03 88 83 06 09;Barr;5;
K2;Anne Müller;anne@example.fr;03 88 83 06 10;Colmar;7;
K3;Luc Meyer;luc@example.fr;12;Colmar;9;
";

/// A workspace on a folder of exports without a mapping, loaded.
fn unmapped(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    Workspace::init(dir.path(), "Shop").expect("a workspace");
    fs::create_dir(dir.path().join("exports")).expect("the exports' folder");
    for (name, text) in files {
        fs::write(dir.path().join("exports").join(name), text).expect("an export");
    }
    let mut workbench = Workbench::open(dir.path(), OpenOptions::default()).expect("the workspace opens");
    let mut config = SourceConfig { kind: "files".to_owned(), ..SourceConfig::default() };
    config.options.insert("path".to_owned(), "exports".into());
    workbench.add_source("shop", &config).expect("the source is added");
    workbench.load("shop", &LoadOptions::default(), &|_| {}).expect("the exports load");
    dir
}

fn shop(width: u16, height: u16) -> Session {
    Session::open(unmapped(&[("kunden.csv", SHOP)]), width, height, OpenOptions::default())
}

fn mapping(session: &Session, name: &str) -> String {
    fs::read_to_string(session.dir.path().join(format!("mappings/{name}.toml"))).unwrap_or_default()
}

#[test]
fn columns_stand_beside_the_fields_that_they_feed() {
    let mut session = Session::checked(140, 40);
    session.keys("2 j j j j");
    insta::assert_snapshot!("mapping_140x40", session.screen());
    session.resize(80, 24);
    insta::assert_snapshot!("mapping_80x24", session.screen());
    assert!(session.styles("Téléphone").iter().any(|run| run.starts_with("white on blue bold: ")));
}

#[test]
fn an_empty_workspace_says_what_brings_a_source() {
    let mut session = Session::empty(80, 24);
    session.keys("2").shows("This workspace has no source yet.");
    session.keys("enter").shows("this workspace has no source yet: 1 a adds one");
    let mut session = Session::fresh(80, 24);
    session.keys("2").shows("customer_key").shows("nothing was loaded yet");
}

#[test]
fn a_source_without_a_mapping_gets_a_proposal_with_its_table() {
    let mut session = shop(140, 40);
    session.keys("2").shows("customers ✗ 0 of 1 required").shows("▷ email").shows("A 6 of 6 ≥ 0.90");
    session.keys("A").shows("accepted").shows("▶ email").shows("customers ✓ 1 of 1 required").shows("w save");
    assert_eq!(mapping(&session, "shop"), "", "nothing is written before it is saved");
    session.keys("u").shows("▷ email").keys("U").shows("▶ email");
    session.keys("w").shows("checked: ");
    let written = mapping(&session, "shop");
    assert!(written.contains("[tables.customers]") && written.contains("entity = \"kunden\""), "{written}");
    session.keys("5").shows("customers");
}

#[test]
fn the_score_that_is_asked_for_can_be_changed_and_is_shown() {
    let mut session = shop(140, 40);
    session.keys("2").shows("≥ 0.90").keys("+ +").shows("≥ 1.00").keys("- - -").shows("≥ 0.85");
    session.keys("+ + +").shows("≥ 1.00");
}

#[test]
fn a_column_that_holds_data_and_feeds_nothing_stands_out() {
    let mut session = shop(140, 40);
    session.keys("2").shows("▲ Points").shows("feeds nothing");
    assert!(
        session.styles("▲ Points").iter().any(|run| run.starts_with("yellow: ▲")),
        "{:?}",
        session.styles("Points")
    );
    session.hides("▲ Vide").keys("A ] u ] u").shows("Points");
}

#[test]
fn evidence_shows_the_parts_of_a_score_and_why_it_is_not_the_second() {
    let mut session = Session::checked(140, 40);
    session.keys("2 j j j j").shows("Téléphone → phone").shows("is \"téléphone\"").shows("next").shows("mobile");
}

#[test]
fn where_nothing_feeds_a_field_it_is_said_what_stands_there_and_which_list_has_the_key() {
    let mut session = Session::checked(160, 48);
    session.keys("2 G").shows("segment is computed from what else is known");
    session.shows("in the right list Enter").keys("l").hides("in the right list").keys("h");
    session.keys("t").shows("segment is computed").keys("esc");
    session.keys("/ \"sms\" enter").shows("no column feeds sms_opt_out: every row gets");
}

#[test]
fn how_a_second_column_comes_in_is_told_whole_on_a_small_screen() {
    let mut session = Session::checked(80, 24);
    session
        .keys("2 l enter \"Pays\" enter")
        .shows("customer_key is fed by")
        .shows("Code Client no longer feeds customer_key.");
    session.keys("j").shows("one after the other with a space between; t changes");
}

#[test]
fn the_rows_are_seen_on_a_low_screen_while_a_transform_is_told_what_to_do() {
    let mut session = Session::checked(80, 24);
    session.keys("2 t a \"map_values\" enter").shows("from = to").shows("isavigne-C002");
    session
        .keys("\"C002=XX\"")
        .shows("isavigne-XX")
        .shows("from = to C002=XX")
        .shows("Replaces whole values by a table.");
}

#[test]
fn one_column_goes_to_another_field_and_back() {
    let mut session = Session::checked(140, 40);
    session.keys("2 j j j j enter").shows("\"Téléphone\" feeds phone: another field of customers").shows("E.164");
    session.keys("\"mobile\" enter").shows("\"Téléphone\" feeds phone already: how does mobile come in?");
    session.keys("\"as well\"").shows("Téléphone feeds phone and mobile.").keys("enter");
    session.shows("mobile is fed by Mobile: how does Téléphone come in?");
    session.keys("\"first\" enter").shows("⊕ 2").keys("j").shows("coalesce").keys("k");
    // In the place of the field that it feeds, taken back as the one edit that it was.
    session.keys("u").hides("⊕").keys("enter \"city\" enter").shows("city, and nothing feeds phone any more.");
    session.keys("enter enter").shows("Téléphone → city; nothing feeds phone any more").shows("○ phone");
    session.keys("u").shows("▶ phone").hides("not saved");
    session.keys("enter \"city\" enter \"as well\" enter esc").shows("▶ phone").hides("not saved");
    session.keys("x").shows("nothing feeds phone any more").shows("Only suggested");
    session.keys("u").shows("▶ phone");
}

#[test]
fn on_a_narrow_screen_what_is_suggested_and_not_saved_stands_above_the_lists_and_over_no_title() {
    let mut session = shop(80, 24);
    session
        .keys("2")
        .shows("│ A 6 of 6 ≥ 0.90")
        .shows("┬ preview · ✓ all 3 read ─")
        .shows("┬ customers ✗ 0 of 1 required ─");
    session.keys("A").shows("│ ● not saved ").shows("┬ preview · ✓ all 3 read ─");
    session.keys("/ \"courriel\" enter").shows("│ /courriel · 1 of them · Esc all").shows("┬ preview · ✓ all 3 read ─");
    session.keys("esc").hides("1 of them").shows("├ transforms ─");
    // Whichever pane has the keys, every title is whole.
    for _ in 0..5 {
        session.keys("tab").shows("┬ preview · ✓ all 3 read ─").shows("┬ customers ✓ 1 of 1 required ─");
    }
    session.keys("esc esc esc x").shows("│ ● not saved · A 1 of 1 ≥ 0.90 ");
}

#[test]
fn entities_whose_names_differ_at_their_ends_are_told_apart() {
    let files = [
        ("a_list_of_customers_of_the_shop_of_the_north.csv", SHOP),
        ("a_list_of_customers_of_the_shop_of_the_south.csv", SHOP),
    ];
    let mut session = Session::open(unmapped(&files), 80, 24, OpenOptions::default());
    session.keys("2").shows("of_the_north · 3 rows").keys("] t").shows("of_the_south · 3 rows");
    // So they are at the source, where what feeds nothing yet is seen too.
    session
        .keys("1 r")
        .shows("○ nothing mapped yet")
        .keys("enter")
        .shows("orth.csv")
        .shows("outh.csv")
        .shows("no table yet");
}

#[test]
fn a_field_finds_its_column_in_the_right_list() {
    let mut session = shop(140, 40);
    session.keys("2 A l / \"zip\" enter").shows("/zip").shows("○ zip_code").hides("customer_key");
    session.keys("enter \"points\" enter esc").shows("Points → zip_code").shows("▶ zip_code");
    session.keys("u c \"67000\" enter").hides("▶ Points");
}

#[test]
fn transforms_are_added_told_reordered_and_removed_with_the_rows_beside_them() {
    let mut session = Session::checked(140, 40);
    session.keys("2 j j j j").shows("✗ 1 of 6 unreadable").shows("✗ 12");
    session.keys("t").shows("▸ 1 phone").keys("a").shows("add a transform · phone is text");
    session.keys("\"prefix\"").shows("Puts a text in front.").shows("prefix \"isavigne-\": \"C12345\" → ");
    session.keys("enter").shows("prefix · phone").shows("What to put in front.");
    session.keys("enter").shows("✗ transform \"prefix\" needs \"text\"");
    session.keys("\"tel:\"").hides("needs").shows("tel:+33388830609").keys("esc");
    session.hides("tel:").hides("● not saved");
    session.keys("a \"prefix\" enter \"tel:\" enter").shows("2 prefix").shows("tel:+33388830609");
    session.keys("K").shows("1 prefix").shows("2 phone");
    session.keys("u u").hides("1 prefix").hides("2 prefix");
    session.keys("enter").shows("phone · phone").keys("C-u \"XX1\"").shows("✗ transform").keys("esc esc");
    session.keys("t x").shows("phone removed").hides("unreadable");
}

#[test]
fn a_form_has_a_line_for_every_text_of_a_list_and_goes_through_choices() {
    let mut session = Session::checked(100, 30);
    session.keys("2 / \"created\" enter t enter").shows("formats").shows("%d/%m/%Y").shows("One a line; Tab goes to");
    session.keys("down down \"%d.%m.%y\" enter w").shows("checked: ");
    assert!(mapping(&session, "isavigne").contains("\"%d.%m.%y\""));
    session.keys("esc esc esc / \"country\" enter t enter").shows("^N goes through name alpha2 alpha3.");
    session.keys("C-n C-n enter").shows("\"alpha2\"");
}

#[test]
fn the_preview_has_the_whole_screen_with_what_cannot_be_read_first() {
    let mut session = Session::checked(100, 24);
    session.keys("2 j j j j p").shows("✗ 1 of 6 unreadable").shows("▸✗         5  12");
    session.keys("j y").shows("copied").keys("q").shows("source column");
    assert_eq!(session.copied, ["03 88 83 06 09\t+33388830609"]);
}

#[test]
fn the_statement_that_would_run_is_shown_with_what_is_not_saved() {
    let mut session = Session::checked(120, 40);
    session.keys("2 c \"X-1\" enter S").shows("the statement that builds customers").shows("X-1");
    session.shows("y copy").keys("y");
    assert!(session.copied[0].contains("\"candidate\".\"customers\"") && session.copied[0].contains("X-1"));
}

#[test]
fn saving_keeps_the_comments_and_leaving_with_edits_asks() {
    let mut session = Session::checked(120, 30);
    session.keys("2 j j j j o 3").shows("edits of mappings/isavigne.toml are not saved").keys("\"keep\" enter");
    session.shows("anomalies").keys("2").shows("● not saved").keys("3").shows("anomalies").keys("2");
    session.keys("Q").shows("are not saved").shows("stay").keys("\"stay\" enter").shows("● not saved");
    assert!(!session.ended);
    session.keys("o o x 1 \"drop\" enter").shows("the edits of mappings/isavigne.toml were dropped").keys("2");
    session.hides("not saved").shows("▶ phone");
    let before = mapping(&session, "isavigne");
    session.keys("j j j j o Q \"save\" enter");
    assert!(session.ended);
    let after = mapping(&session, "isavigne");
    assert!(after.starts_with("# iSaVigne: CSV or Excel exports") && after != before, "{after}");
    let changed: Vec<&str> = after.lines().filter(|line| !before.contains(line)).collect();
    assert_eq!(changed.len(), 1, "one line has changed: {changed:?}");
}

#[test]
fn a_file_that_somebody_else_changed_is_not_overwritten() {
    let mut session = Session::checked(120, 30);
    session.keys("2 j j j j o");
    let text = mapping(&session, "isavigne") + "# mine\n";
    fs::write(session.dir.path().join("mappings/isavigne.toml"), &text).expect("the file is written");
    session.keys("w").shows("since it was opened").shows("u undo");
    assert_eq!(mapping(&session, "isavigne"), text);
    session.keys("R").shows("The edits of isavigne that are not saved are dropped.").keys("y").hides("not saved");
}

#[test]
fn an_unreadable_mapping_is_told_with_its_place_and_read_again_once_it_is_mended() {
    let mut session = Session::checked(120, 30);
    let good = mapping(&session, "isavigne");
    let file = session.dir.path().join("mappings/isavigne.toml");
    fs::write(&file, "[tables.customers\n").expect("the file is written");
    session.keys("2").shows("this mapping cannot be shown").shows("isavigne.toml:1").shows("reads the file again");
    session.keys("enter").shows("the mapping file cannot be read");
    fs::write(&file, good).expect("the file is written");
    session.keys("R").shows("customers ✓");
}

#[test]
fn read_only_looks_and_does_not_touch() {
    let session = Session::checked(120, 30);
    let Session { workbench, dir, .. } = session;
    drop(workbench);
    let mut session = Session::open(dir, 120, 30, OpenOptions { read_only: true });
    session.keys("2 j j j j").shows("read-only").shows("✗ 1 of 6 unreadable");
    for key in ["enter", "x", "t", "w", "o", "c"] {
        session.keys(key).shows("for reading only");
    }
}

#[test]
fn headers_that_changed_are_shown_and_nothing_is_remapped_by_itself() {
    let mut session = Session::checked(140, 40);
    let file = session.dir.path().join("exports/clients.csv");
    let text = fs::read_to_string(&file).expect("the export").replacen("Téléphone", "Numéro de téléphone", 1);
    fs::write(&file, text).expect("the export is written");
    session.keys("2 ] t").shows("produits · 2 rows");
    session.keys("1 l esc").shows("the columns of an export have changed");
    // The step leads to the entity, wherever one was on the screen before.
    session
        .keys("n enter")
        .shows("clients · 6 rows")
        .shows("≠ columns: 1 renamed")
        .shows("✗ telephone")
        .shows("renamed?");
    session.keys("D").shows("probably it was renamed").keys("esc");
    session.keys("/ \"telephone\" enter G").shows("probably it is");
    assert!(mapping(&session, "isavigne").contains("column = \"telephone\""), "nothing is remapped by itself");
    session.keys("a").shows("is read as Numéro de téléphone").keys("w").shows("checked: ");
    assert!(mapping(&session, "isavigne").contains("column = \"Numéro de téléphone\""));
    // Nothing is left of it, neither here nor among what is to be done.
    session.hides("≠ columns").keys("1").hides("the columns of an export have changed");
}

#[test]
fn tables_are_gone_through_by_key_and_chosen_from_a_list() {
    let mut session = Session::checked(120, 30);
    session.keys("2 ] t").shows("produits · 2 rows").shows("products ✓").keys("H").shows("clients · 6 rows");
    session.keys("s").shows("ventes → sales_lines").keys("\"stock\" enter").shows("stock · 2 rows").shows("⊕ 2");
    session.keys("X").shows("nothing feeds stock_levels").keys("u").shows("⊕ 2");
}

#[test]
fn the_mouse_goes_to_lists_and_rows() {
    let mut session = Session::checked(140, 40);
    session.keys("2").click(60, 7);
    session.shows("phone").keys("t").shows("▸ 1 phone");
}

#[test]
fn small_screens_show_one_part_at_a_time() {
    for (width, height) in [(40, 8), (60, 12), (80, 14), (200, 60)] {
        let mut session = Session::checked(width, height);
        session.keys("2").screen();
        for _ in 0..5 {
            session.keys("tab j").screen();
        }
        session.keys("t a").screen();
        session.keys("esc p G").screen();
    }
}

#[test]
fn after_everything_was_taken_back_undo_says_so_and_redo_brings_it_again() {
    let mut session = shop(140, 40);
    session.keys("2 u").shows("this mapping was not edited yet").keys("U").shows("there is nothing to redo");
    session.keys("a u").shows("undone").keys("u").shows("every edit is taken back; U makes the last one again");
    session.keys("U").shows("done again");
}

#[test]
fn what_is_wrong_with_a_mapping_is_said_before_it_is_saved() {
    let mut session = Session::checked(140, 40);
    let file = session.dir.path().join("mappings/isavigne.toml");
    let text = mapping(&session, "isavigne").replacen("column = \"telephone\"", "column = \"Fernsprecher\"", 1);
    fs::write(&file, &text).expect("the file is written");
    session.keys("2 / \"mobile\" enter x w").shows("1 problem in mappings/isavigne.toml").shows("customers.phone");
    session.shows("Save it all the same?").keys("n").shows("● not saved");
    assert_eq!(mapping(&session, "isavigne"), text, "nothing was written");
    // On the way out the same is asked, and no stays where one is.
    session.keys("Q \"save\" enter").shows("Save it all the same?").keys("n");
    assert!(!session.ended);
    session.keys("w y").hides("● not saved");
    assert_ne!(mapping(&session, "isavigne"), text);
    assert!(!session.ended);
}

#[test]
fn what_speaks_for_a_pair_that_was_made_by_hand_is_shown_too() {
    let mut session = shop(140, 40);
    session.keys("2 A / \"points\" enter enter \"zip_code\" enter").shows("Points → zip_code 0.05");
    session.shows("like none of its").keys("u enter \"city\" enter").shows("how does Points come in?");
    session.keys("\"joined\" enter").shows("⊕ 2").keys("/ C-u \"city\" enter");
    session.shows("Ville + Points → city").shows("is \"ville\"").shows("last_name 0.00");
}

#[test]
fn a_constant_that_its_field_cannot_hold_is_refused_as_it_is_typed() {
    let mut session = Session::checked(80, 24);
    session.keys("2 / \"sms\" enter l c").shows("yes or no").keys("\"abc\"").shows("✗ this is not yes or no");
    session.keys("enter").shows("✗ this is not yes or no").shows("abc").shows("^U clear");
    session.keys("C-u \"non\" enter").shows("= \"non\"").shows("● not saved");
}

#[test]
fn a_choice_of_a_few_things_is_gone_through_by_j_and_k_too() {
    let mut session = Session::checked(120, 30);
    session.keys("2 x 3").shows("are not saved").shows("keep them for later");
    // The last of three: the mapping is as its file says.
    session.keys("j j k j enter").shows("were dropped").keys("2").hides("not saved");
}

#[test]
fn counts_above_the_preview_are_whole_or_not_there() {
    let mut session = Session::checked(64, 24);
    session.keys("2 j j j j").shows("┬ preview · ✗ 1 of 6 unreadable ┤");
    session.resize(58, 24).shows("✗ 1 of 6 unreadable").hides("preview ·");
}

#[test]
fn a_column_that_was_split_as_suggested_is_as_sure_as_the_suggestion() {
    let mut session = shop(160, 48);
    session.keys("2");
    let score = |session: &mut Session| {
        let screen = session.screen();
        let after = screen.split("Nom complet → ").nth(1).unwrap_or_default().to_owned();
        after.split_whitespace().nth(1).unwrap_or_default().to_owned()
    };
    session.keys("/ \"nom complet\" enter");
    assert!(score(&mut session).parse::<f64>().is_ok_and(|score| score > 0.9), "{}", session.screen());
    session.keys("A").shows("▶ first_name");
    assert!(score(&mut session).parse::<f64>().is_ok_and(|score| score > 0.9), "{}", session.screen());
}

#[test]
fn a_source_that_was_not_looked_at_yet_can_be_told_by_its_name() {
    let dir = unmapped(&[("kunden.csv", SHOP)]);
    fs::create_dir(dir.path().join("more")).expect("a folder");
    let mut workbench = Workbench::open(dir.path(), OpenOptions::default()).expect("the workspace opens");
    let mut config = SourceConfig { kind: "files".to_owned(), ..SourceConfig::default() };
    config.options.insert("path".to_owned(), "more".into());
    workbench.add_source("till", &config).expect("the source is added");
    drop(workbench);
    let mut session = Session::open(dir, 140, 40, OpenOptions::default());
    session.keys("2 s").shows("kunden → customers").shows("till …").shows("choosing it shows what it has");
    session.keys("\"till\" enter").shows("Nothing of till was loaded yet");
}
