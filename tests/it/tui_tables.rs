//! Stories of the screen Tables: a workspace, the keys that are pressed, the screen that is seen.

use std::fs;

use crossterm::event::MouseEventKind;
use tastevin::model::RowFilter;
use tastevin::tui::effects::{Effect, Slot};
use tastevin::tui::screens::tables::{self, ask::TableSlot};
use tastevin::workbench::OpenOptions;

use crate::session::{Session, prepared};

/// On the staged clients, the keys with the rows.
fn clients(width: u16, height: u16) -> Session {
    let mut session = Session::checked(width, height);
    session.keys("5 t \"staging isavigne_prod/clients\" enter").shows("staging.isavigne_prod/clients · 6 rows");
    session
}

#[test]
fn every_table_of_every_stage_is_listed_with_its_rows() {
    // As high as the tables of the data need; the workbench's own below them change with every version.
    insta::assert_snapshot!("tables_120x17", Session::checked(120, 17).keys("5").screen());
    insta::assert_snapshot!("tables_80x24", clients(80, 24).screen());
    let mut session = Session::checked(160, 48);
    let screen = session.keys("5 enter enter").screen();
    let beside =
        |line: &&str| line.contains("candidate.customers · 6 rows") && line.contains("row 1 · candidate.customers");
    assert!(screen.lines().any(|line| beside(&line)), "the record stands beside the rows:\n{screen}");
}

#[test]
fn going_through_the_list_shows_the_rows_of_each_table() {
    let mut session = Session::checked(120, 40);
    session.keys("5 g g j").shows("staging.isavigne_prod/clients · 6 rows");
    session.keys("j j").shows("stock · 2 rows").keys("/").shows("does nothing in");
    session.keys("enter h").shows("enter open");
}

#[test]
fn nothing_an_empty_text_and_what_would_act_on_the_terminal_look_different() {
    let mut session = clients(120, 30);
    session.shows("–").shows("太郎 日本").keys("c \"Ville\" enter").shows("Colmar␛[31m").shows("SÃ©lestat");
    session.keys("c \"Code Client\" enter");
    let styles = session.styles("C001");
    assert!(
        styles.contains(&"white on blue bold: C001".to_owned()) || styles.iter().any(|run| run.contains("on blue")),
        "{styles:?}"
    );
    assert!(styles.iter().any(|run| run.starts_with("darkgray") && run.contains('–')), "{styles:?}");
}

#[test]
fn filters_are_chips_that_say_how_many_rows_are_left_and_come_off_one_by_one() {
    let mut session = clients(120, 30);
    session.keys("c \"Pays\" enter =").shows("Pays = France").shows("6 of 6 rows");
    session
        .keys("c \"Ville\" enter = z =")
        .shows("0 of 6 rows")
        .shows("no row is like that; Esc removes the last filter");
    session.keys("esc").shows("2 of 6 rows").shows("Ville = Strasbourg");
    session.keys("backspace").shows("6 of 6 rows").keys("z backspace").shows("clients · 6 rows").hides("Pays =");
    let mut session = clients(120, 30);
    session.keys("c \"Ville\" enter z =").shows("Ville ≠ Strasbourg").shows("4 of 6 rows");
    let chip = session.styles("Ville ≠ Strasbourg");
    assert!(
        chip.iter().any(|run| run.starts_with("white on magenta") && run.contains("Ville ≠ Strasbourg")),
        "{chip:?}"
    );
}

#[test]
fn an_expression_filters_only_if_it_reads_and_a_slip_is_told_with_its_place() {
    let mut session = clients(120, 30);
    session
        .keys("& \"vill\"")
        .shows("Ville")
        .keys("tab \" LIKE 'S%'\" enter")
        .shows("Ville LIKE 'S%'")
        .shows("3 of 6 rows");
    session
        .keys("& \"Vile = 'x'\" enter")
        .shows("line 1, character 1: there is no column \"Vile\" here")
        .shows("did you mean \"Ville\"?");
    let slip = session.styles("│ Vile = 'x'");
    assert!(slip.contains(&"red underlined: Vile".to_owned()), "{slip:?}");
    session.keys("C-u \"1 IN (SELECT 1 FROM read_csv('/etc/passwd'))\" enter").shows("✗").hides("root:");
    session.keys("esc").shows("3 of 6 rows").keys("& up").shows("Ville LIKE 'S%'");
}

#[test]
fn rows_are_sorted_by_several_columns_and_go_back_to_their_own_order() {
    let mut session = clients(120, 30);
    session
        .keys("c \"Ville\" enter s c \"Code Client\" enter z S")
        .shows("↑ Ville")
        .shows("↓ Code Client")
        .shows("↓2 Code Clie…");
    let screen = session.screen();
    let place = |key: &str| screen.find(key).unwrap_or_else(|| panic!("{key} is not on\n{screen}"));
    let order = ["C004", "C005", "C003", "C007", "C001", "C002"].map(place);
    assert!(order.is_sorted(), "by city, and within Strasbourg the later key first:\n{screen}");
    session.keys("z S").hides("↓2").keys("c \"Ville\" enter S").shows("↓ Ville").keys("S").hides("↓ Ville");
}

#[test]
fn a_search_goes_from_row_to_row_and_to_the_column_that_has_it() {
    let mut session = clients(120, 30);
    session
        .keys("/ \"strasbourg\" enter")
        .shows("6/6 · Ville")
        .keys("n")
        .shows("1/6 · Ville")
        .keys("N")
        .shows("6/6 · Ville");
    session.keys("c \"Nom\" enter z / \"strasbourg\" enter").shows("no row contains \"strasbourg\"");
    session.keys("# \"4\" enter").shows("4/6").keys("# \"7\" enter").shows("numbered from 1 to 6").keys("esc");
}

#[test]
fn columns_can_be_frozen_hidden_widened_and_found() {
    let mut session = clients(80, 24);
    session.keys("l f $").shows("Code Client  │").shows("_load 14/14 BIGINT");
    session.keys("0 l -").shows("1 column hidden").shows("is hidden; z- shows all columns").keys("z -").hides("hidden");
    session.keys("c \"Email\" enter").shows("Email 4/14").keys("> _ > _").shows("jean.dupont at example.fr");
    session.keys("^ h").shows("enter open");
}

#[test]
fn the_record_has_every_value_whole_and_the_line_that_it_was_read_from() {
    let mut session = clients(120, 30);
    session.keys("j enter").shows("row 2 · staging.isavigne_prod/clients").shows("clients.csv line 3");
    session
        .shows("C002;Anne Müller;anne@example.fr")
        .keys("l")
        .shows("row 3 ·")
        .shows("C003;Luc Meyer")
        .keys("h h h")
        .shows("row 1 ·");
    session.keys("esc").hides("clients.csv line");
    let mut session = Session::checked(120, 40);
    session
        .keys("5 t \"candidate customers\" enter enter")
        .shows("row 1 · candidate.customers")
        .shows("C001;Jean Dupont");
}

#[test]
fn every_line_of_the_values_of_a_column_is_a_door_to_its_rows() {
    let mut session = clients(120, 30);
    session.keys("c \"Ville\" enter F").shows("values · Ville · 5 values in 6 rows").shows("33.3 %");
    session.keys("enter").shows("Ville = Strasbourg").shows("2 of 6 rows").hides("values · Ville");
    session.keys("F l").shows("values · Pays · 1 value in 2 rows");
}

#[test]
fn esc_leads_from_the_rows_of_a_value_back_to_the_values() {
    let mut session = clients(80, 24);
    session.keys("c \"Ville\" enter F").shows("values · Ville · 5 values").keys("j enter").shows("1 of 6 rows");
    session.keys("esc").shows("values · Ville · 5 values in 6 rows");
    // The cursor is where it was.
    session.keys("enter").shows("1 of 6 rows").keys("esc esc").shows("6 rows").hides("values · Ville");
    // Whoever has done something else with the rows since goes out step by step.
    session.keys("F enter").shows("2 of 6 rows").keys("s esc").hides("values · Ville").shows("6 rows");
}

#[test]
fn of_many_filters_the_one_that_goes_next_is_seen() {
    let mut session = clients(80, 24);
    session.keys("c \"Email\" enter = c \"Ville\" enter = c \"Pays\" enter = s");
    session.shows("Pays = France").shows("↑ Pays").shows("more and").keys("backspace").shows("Ville = Strasbourg");
    session.hides("Pays = France");
}

#[test]
fn no_cell_is_edited_that_is_not_seen() {
    let mut session = Session::checked(80, 24);
    session
        .keys("5")
        .shows("enter open")
        .hides("e edit")
        .keys("e")
        .shows("no cell is seen here; Enter opens the table");
    session.keys("esc enter e").shows("customers.customer_key of isavigne-C001");
    let mut session = Session::checked(80, 12);
    session.keys("5 G").shows("tables · workbench");
}

#[test]
fn the_profile_says_what_a_column_holds_and_its_bars_are_doors() {
    let mut session = clients(120, 40);
    session
        .keys("c \"Code Postal\" enter I")
        .shows("profile · Code Postal")
        .shows("rows")
        .shows("as number")
        .shows("99999");
    session.keys("G").shows("histogram").keys("enter").shows("Code Postal 6").shows("of 6 rows").keys("backspace");
    session.keys("I j enter").shows("6 rows").hides("profile ·");
    session.keys("I j j j enter").shows("values · Code Postal").keys("esc");
    session.keys("I j j j j enter").shows("6 of 6 rows");
    let mut session = clients(120, 40);
    session.keys("l l I").shows("shapes · ").shows("Aaa Aaa").keys("l").shows("profile · Email");
    session.keys("j j = ").shows("Email");
}

#[test]
fn cells_rows_and_marked_rows_are_copied_whole() {
    let mut session = clients(120, 30);
    session.keys("l y Y space space v j y");
    assert_eq!(session.copied[0], "C001");
    assert!(
        session.copied[1].starts_with("1\tC001\tJean Dupont\tjean.dupont at example.fr\t"),
        "{:?}",
        session.copied[1]
    );
    assert_eq!(session.copied[2], "C001\nC002\nC003\nC004");
    session.shows("marked").keys("esc").shows("2 marked").keys("esc").hides("marked");
}

#[test]
fn what_is_seen_is_written_to_a_file_and_a_file_that_is_there_is_asked_about() {
    let mut session = clients(120, 30);
    let path = session.dir.path().join("out.csv");
    let typed = path.display().to_string();
    session.keys("c \"Ville\" enter = - 0 S w").shows("2 rows, 13 columns").shows("clients.csv");
    session.keys(&format!("C-u \"{typed}x\"")).shows("the name's ending must be that of a format");
    session.keys(&format!("C-u \"{typed}\" enter")).shows("2 rows written to");
    let text = fs::read_to_string(&path).expect("the export");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("_row,Code Client,Nom,Email") && !lines[0].contains("Ville"), "{text}");
    assert!(lines[1].starts_with("6,C007") && lines[2].starts_with("1,C001"), "{text}");
    session.keys(&format!("z backspace w C-u \"{typed}\" enter")).shows("is there already. Replace it?").keys("n");
    assert_eq!(fs::read_to_string(&path).expect("the export"), text);
    session.keys(&format!("w C-u \"{typed}\" enter y")).shows("6 rows written to");
    for ending in ["parquet", "xlsx", "json"] {
        let path = session.dir.path().join(format!("out.{ending}"));
        session.keys(&format!("w C-u \"{}\" enter", path.display())).shows("6 rows written to");
        assert!(path.exists());
    }
}

#[test]
fn sql_is_completed_run_and_remembered_and_its_result_is_a_table_like_others() {
    let mut session = Session::checked(120, 30);
    session
        .keys("5 ; C-u \"FROM candidate.cust\"")
        .shows("candidate.customers")
        .keys("tab")
        .shows("FROM candidate.customers");
    session
        .keys("\" SELECT city, count(*) AS n GROUP BY ci\" tab \" ORDER BY n DESC, city\" enter")
        .shows("query · 5 rows");
    session
        .shows("Strasbourg")
        .keys("= F")
        .shows("values · city · 1 value in 1 row")
        .keys("esc esc")
        .shows("query · 5 rows");
    session
        .keys("; C-u \"SELECT * FORM x\" enter")
        .shows("line 1, character 15: this is no SQL")
        .keys("C-u \"DELETE FROM candidate.customers\" enter");
    session.shows("a query only reads").keys("esc").shows("query · 5 rows");
    session.keys("; C-u \"SELECT 1 AS one, 2 AS two\" enter").shows("query · 1 row");
    let mut session = session.again();
    session
        .keys("5 ; C-u up")
        .shows("SELECT 1 AS one")
        .keys("up")
        .shows("GROUP BY city")
        .keys("down down")
        .hides("SELECT 1");
}

#[test]
fn a_workspace_that_is_only_read_shows_everything_and_remembers_nothing() {
    let mut session = Session::checked(120, 30);
    session.keys("5 ; C-u \"SELECT 7 AS seven\" enter").shows("query · 1 row");
    let Session { workbench, dir, .. } = session;
    drop(workbench);
    let mut session = Session::open(dir, 120, 30, OpenOptions { read_only: true });
    session.keys("5 enter s =").shows("1 of 6 rows").keys("F").shows("values ·").keys("esc I").shows("profile ·");
    session.keys("; C-u \"SELECT 8 AS eight\" enter").shows("query · 1 row").keys("; up up").shows("SELECT 7 AS seven");
    let history = fs::read_to_string(session.dir.path().join(".tastevin/history.jsonl")).expect("the history");
    assert!(history.contains("seven") && !history.contains("eight"), "{history}");
}

#[test]
fn what_takes_long_is_cancelled_by_esc_and_what_was_shown_stays() {
    let mut session = clients(120, 30);
    session.hold().keys("s").shows("finding rows…").shows("Esc cancels").shows("C001");
    session.keys("esc").shows("cancelled").hides("finding rows").hides("↑");
    let forgotten = Effect::Forget(Slot::Table(TableSlot::Rows));
    assert_eq!(session.held.as_ref().map(|held| held.contains(&forgotten)), Some(true));
    session.keys("; C-u \"SELECT 1\" enter").shows("running…").keys("enter").shows("it is running; Esc cancels it");
    session.keys("esc").shows("SELECT 1").hides("running…").keys("esc").shows("staging.isavigne_prod/clients · 6 rows");
}

#[test]
fn a_table_that_was_given_up_is_read_when_it_is_opened_again() {
    let mut session = Session::checked(120, 30);
    session.keys("5 g g j").hold().keys("j").shows("finding rows…").keys("esc").shows("✗ cancelled");
    session.held = None;
    session.keys("k").shows("clients · 6 rows").keys("j").shows("produits · 2 rows").hides("cancelled");
}

#[test]
fn other_screens_open_a_table_with_a_filter_and_esc_leads_back() {
    let mut session = Session::checked(120, 30);
    session.keys("6");
    let filter = RowFilter::Is("city".to_owned(), vec![Some("Strasbourg".to_owned())]);
    let effects = tables::open(&mut session.model, "candidate", "customers", vec![filter]);
    session.perform(effects);
    session.keys("j").shows("candidate.customers · 2 of 6 rows").shows("city = Strasbourg").keys("esc").shows("gate");
}

#[test]
fn a_click_chooses_the_cell_and_the_wheel_scrolls() {
    let mut session = clients(120, 30);
    let screen = session.screen();
    let (row, line) = screen.lines().enumerate().find(|(_, line)| line.contains("anne@example.fr")).expect("the row");
    let column = line.chars().take_while(|c| *c != '@').count() as u16;
    session.click(column, row as u16).shows("2/6 · Email").mouse(MouseEventKind::ScrollDown, column, row as u16);
    session.click(3, 5).shows("enter open");
}

#[test]
fn an_empty_workspace_and_a_table_that_is_gone_say_what_to_do() {
    Session::empty(100, 24).keys("5").shows("This workspace has no source yet.");
    Session::fresh(100, 24).keys("5").shows("Nothing was loaded yet.");
    let mut session = Session::checked(100, 24);
    let effects = tables::open(&mut session.model, "canonical", "customers", Vec::new());
    session.perform(effects);
    session.keys("j").shows("there is no table canonical.customers").shows("shows what there is now");
}

#[test]
fn every_size_can_be_drawn_with_everything_open() {
    for keys in ["5", "5 enter", "5 enter enter", "5 enter I", "5 enter F", "5 enter s = &", "5 ;"] {
        let mut session = Session::copy_of(prepared(true), 120, 30);
        session.keys(keys);
        for (width, height) in [(1, 1), (20, 5), (40, 8), (41, 9), (99, 12), (100, 12), (200, 60)] {
            session.resize(width, height).screen();
        }
    }
}

#[test]
fn sql_begins_empty_and_at_the_rows_of_a_table_the_key_for_earlier_brings_them() {
    let mut session = Session::checked(140, 40);
    session.keys("5 ;").shows("SQL").hides("SELECT").keys("\"SELECT 1 AS one\" enter").shows("query · 1 row");
    session.keys("t \"candidate customers\" enter ;").shows("↑ brings SELECT * FROM candidate.customers");
    session.keys("\"SELECT 2 AS two\" enter").shows("query · 1 row").shows("two");
    session.keys("; up \", 3 AS three\" enter").shows("three").keys("; up up up").shows("SELECT 1 AS one");
    session.keys("esc h ;").hides("SELECT *").keys("up").shows("SELECT 2 AS two, 3 AS three");
}

#[test]
fn a_word_or_a_text_in_quotes_filters_all_columns_and_anything_else_is_sql() {
    let mut session = Session::checked(100, 30);
    session.keys("5 t \"candidate customers\" enter & \"Barr\" enter").shows("1 of 6 rows").shows(" has \"Barr\" ");
    session.keys("esc & \"'Zoé Rou'\" enter").shows("no row is like that").keys("esc");
    session.keys("& \"city='Barr'\" enter").shows("1 of 6 rows").shows(" city='Barr' ").keys("esc");
    session.keys("& \"Barr = 1\" enter").shows("Barr").shows("✗").keys("esc");
    session.keys("& \"email_opt_out\" enter").shows("0 of 6 rows").shows(" email_opt_out ");
}

#[test]
fn the_rows_are_sorted_and_filtered_from_beside_them_too() {
    let mut session = Session::checked(140, 40);
    session.keys("5 t \"candidate customers\" enter enter").shows("row 1");
    session.keys("j j j S").shows("↓ ");
    session.keys("& \"false\" enter").shows("no row is like that");
}

#[test]
fn an_export_that_cannot_be_written_comes_back_as_it_was_typed() {
    let mut session = clients(120, 30);
    let nowhere = session.dir.path().join("no/such/folder/clients.csv");
    session.keys(&format!("w C-u \"{}\" enter", nowhere.display()));
    session.shows("folder/clients.csv").shows("✗ ").shows("Enter accept");
    let there = session.dir.path().join("there.csv");
    fs::write(&there, "mine").expect("a file");
    session.keys(&format!("C-u \"{}\" enter", there.display())).shows("is there already. Replace it?");
    // Enter is no answer, and no leads back to the name.
    session.keys("enter").shows("Enter answers nothing here: y says yes, n no").shows("Replace it?");
    session.keys("n").shows("there.csv").shows("✗ there is such a file already; type another name");
    assert_eq!(fs::read_to_string(&there).expect("the file"), "mine");
    session.keys("enter y").shows("6 rows written to");
    assert!(fs::read_to_string(&there).expect("the file").contains("C001"));
}

#[test]
fn a_cell_of_a_candidate_gets_another_value_as_it_does_in_anomalies() {
    let mut session = Session::checked(120, 30);
    // Where nothing was found.
    session.keys("5 t \"candidate customers\" enter c \"last_name\" enter e");
    session.shows("customers.last_name of isavigne-C001").shows("now: \"Dupont\"").keys("C-u \"Durand\" enter");
    session.shows("customers.last_name of isavigne-C001 is decided; u takes it back").shows("Durand");
    let ledger = session.ledger();
    assert_eq!(
        (&ledger[0]["kind"], &ledger[0]["field"], &ledger[0]["was"], &ledger[0]["now"]),
        (&"set".into(), &"last_name".into(), &"Dupont".into(), &"Durand".into())
    );
    session.keys("u g g").shows("Dupont").hides("Durand");
    // Where something was found, that is said and its suggestion stands there; what does not fit is refused as it is typed.
    session.keys("c \"city\" enter j e").shows("now: \"SÃ©lestat\"").shows("suggested: \"Sélestat\"");
    session.keys("enter").shows("Sélestat").hides("SÃ©lestat");
    assert_eq!(session.ledger()[2]["rule"], "mojibake");
    session.keys("g g c \"created_on\" enter e \"x\"").shows("✗ this is not a day").keys("esc");
    // From the record beside the rows, too.
    session.keys("c \"zip_code\" enter enter e").shows("customers.").shows("of isavigne-C001").keys("esc");
}

#[test]
fn a_cell_that_cannot_be_repaired_says_why_and_where_it_can() {
    let mut session = clients(120, 30);
    session.keys("e").shows("what was staged stays as it was read");
    session.keys("t \"rejects\" enter e").shows("those under candidate can be repaired");
    session.keys("; C-u \"SELECT 1 AS one\" enter e").shows("these are the rows of a query");
    session.keys("esc t \"candidate customers\" enter c \"_source\" enter e").shows("it is no field of customers");
    session.keys("c \"city\" enter space e").shows("one cell is edited at a time");
    assert!(session.ledger().is_empty());
    let mut session = Session::open(
        {
            let dir = tempfile::tempdir().expect("a folder");
            crate::session::copy(prepared(true), dir.path());
            dir
        },
        120,
        30,
        OpenOptions { read_only: true },
    );
    session.keys("5 t \"candidate customers\" enter e").shows("open for reading only");
}

#[test]
fn what_was_filtered_behind_a_door_is_taken_off_before_the_door_is_left() {
    let mut session = Session::checked(120, 30);
    session.keys("6 o").shows("candidate.products · 2 rows").shows("esc back");
    session.keys("& \"riesling\" enter").shows("candidate.products · 1 of 2 rows").keys("s");
    session.keys("esc").shows("candidate.products · 2 rows").shows("↑ product_key").keys("esc").hides("↑ product_key");
    session.keys("enter").shows("row 1").shows("esc back").keys("esc").hides("row 1");
    session.keys("esc").shows("what a commit would change");
}
