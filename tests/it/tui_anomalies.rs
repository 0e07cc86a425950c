//! Stories of Anomalies: facets and chips, the record and its neighbours, many findings at once, spellings, waivers,
//! conflicts.

use std::collections::VecDeque;
use std::fs;

use tastevin::model::Action;
use tastevin::tui::effects::{Effect, Job, Slot};
use tastevin::tui::message::{Message, Reply};
use tastevin::tui::workers;
use tastevin::workbench::OpenOptions;

use crate::harness::Workspace;
use crate::session::{CLIENTS, Session, VENTES};

#[test]
fn every_count_of_a_facet_is_a_door_and_becomes_a_chip_beside_the_others() {
    let mut session = Session::checked(140, 40);
    session.keys("3 F").shows("facets  7 findings").shows("▿ severity").shows("▿ value");
    insta::assert_snapshot!("facets_140x40", body(&mut session));
    session.keys("/ \"x\" esc");
    go_to(&mut session, "customers");
    session.keys("space").shows("facets  6 of 7").shows(" table customers × ").shows("6 of 7 findings");
    go_to(&mut session, "city");
    session.keys("enter").shows(" field city × ").shows("3 of 7 findings").shows("SÃ©lestat");
    let chips = session.styles("findings · 3 of 7 findings");
    assert!(chips.iter().any(|run| run.starts_with("white on magenta") && run.contains("field city ×")), "{chips:?}");
    session.keys("& \"ribeau\" enter").shows("1 of 7 findings").shows(" & ribeau × ");
    session.keys("backspace").shows("3 of 7 findings").hides("ribeau ×");
    session.keys("esc").shows("6 of 7 findings").hides("field city ×");
    session.keys("tab tab");
    go_to(&mut session, "customers");
    session.keys("space").shows("facets  7 findings").hides("table customers ×");
    session.keys("F").shows("anomalies  7 open · 0 waived");
}

#[test]
fn the_facets_of_what_is_listed_are_asked_from_among_the_findings_and_lead_back_to_the_rule() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"mojibake\" enter enter F").shows(" rule mojibake × ").shows("2 of 7 findings");
    session.shows("SÃ©lestat").shows("2 clusters");
    session.keys("F").shows("mojibake · customers.city · 2 findings").hides("×");
}

#[test]
fn values_that_are_spelled_alike_are_one_cluster_of_values() {
    let mut session = Session::fresh(140, 40);
    let clients = CLIENTS.replace("RibeauvillÃ©", "sÃ©lestat");
    fs::write(session.dir.path().join("exports/clients.csv"), clients).expect("other customers");
    session.keys("l 3 F").shows("2 spellings");
    go_to(&mut session, "2 spellings");
    session.keys("enter").shows(" value ").shows("isavigne-C002").shows("isavigne-C003");
    session.shows("2 of 7 findings");
}

#[test]
fn what_hangs_on_the_most_money_comes_first_and_the_title_says_how_much() {
    let mut session = Session::checked(160, 48);
    session.keys("3 / \"mojibake\" enter enter").shows("30 € of sales depend on them");
    session.keys("$").shows("sorted by the money at stake").shows("at stake");
    let screen = session.screen();
    let at = |text: &str| screen.find(text).unwrap_or_else(|| panic!("no {text}:\n{screen}"));
    assert!(at("▸▲ isavigne-C002") < at("isavigne-C003"), "{screen}");
    let of_rule = |session: &mut Session| {
        let screen = session.screen();
        screen
            .lines()
            .filter(|line| line.contains("mojibake") && line.contains("customers.city  "))
            .map(str::to_owned)
            .next()
    };
    let line = of_rule(&mut session).unwrap_or_default();
    assert!(line.contains("  30 €"), "{line}");
    // The facets and the title above the list say the same of the same findings.
    session.keys("F").shows("findings · 2 of 7 findings · 30 €");
    session.shows("mojibake                              30 €  2 │").shows(" city                           ");
    session.shows("   30 €  2 of 3");
    session.keys("F $").shows("sorted by severity and rule again");
    assert!(!of_rule(&mut session).unwrap_or_default().contains("  30 €"));
}

#[test]
fn the_rules_name_their_field_at_every_width() {
    let mut session = Session::checked(80, 24);
    for (width, height) in [(80, 24), (100, 30), (120, 40), (160, 48), (200, 60)] {
        session.resize(width, height).keys("3 g");
        session.shows("orphan-reference").shows("customer_key ");
        let screen = session.screen();
        let found = screen.lines().find(|line| line.contains("● orphan-reference")).unwrap_or_default();
        let whole = " sales_lines.customer_key ";
        let cut = if (100..150).contains(&width) { " sales_l….customer_key " } else { whole };
        assert!(found.contains(cut) || found.contains(whole), "{width}: {found}");
    }
}

#[test]
fn the_rules_name_their_field_beside_the_money_too() {
    let samples = Workspace::checked();
    let mut session = Session::copy_of(samples.dir(), 120, 40);
    session.keys("3 $").shows("sorted by the money at stake");
    session
        .shows("│ ● duplicate-key pr….product_key 19.8 k€  4 │")
        .shows("│ ● missing-required produc….name 12.2 k€  1 │");
    session
        .shows("│ ● orphan-refe… sa….custo…key +1   731 €  6 │")
        .shows("│ ▲ placeholder-value pro….region  144 k€  1 │");
}

#[test]
fn the_header_counts_notes_too_where_there_is_room() {
    let mut session = Session::checked(120, 40);
    session.keys("3").shows("notes  ");
    let header = |session: &mut Session| session.screen().lines().next().unwrap_or_default().trim_end().to_owned();
    assert!(header(&mut session).ends_with("● 1 finding ▲ 5 · 1"), "{}", header(&mut session));
    session.resize(54, 24);
    assert!(header(&mut session).ends_with("● 1 finding ▲ 5"), "{}", header(&mut session));
}

#[test]
fn the_record_shows_the_row_whole_and_its_neighbours_lead_on_and_back() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"orphan\" enter enter enter");
    insta::assert_snapshot!("record_140x40", body(&mut session));
    session.shows("row · sales_lines isavigne-V003").shows("found here · 1 of 1 open");
    session.shows("✗ there is no isavigne-C999").shows("PINOT-2019-75CL");
    session.keys("enter").shows("there is no such row in customers");
    session.keys("j enter").shows("row · products PINOT-2019-75CL ‹ sales_lines isavigne-V003");
    session.shows("← sales_lines by product_key  2 rows").shows("← stock_levels by product_key  1 row");
    session.keys("tab tab j enter").shows("row · sales_lines isavigne-V002 ‹ products PINOT-2019-75CL");
    session.shows("→ customers by customer_key  1 row");
    session.keys("esc").shows("row · products PINOT-2019-75CL ‹ sales_lines isavigne-V003");
    session.keys("esc esc").shows("orphan-reference · sales_lines.customer_key · 1 finding");
}

#[test]
fn a_field_is_repaired_in_the_record_and_its_value_is_coloured_as_decided() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"mojibake\" enter enter o");
    let wrong = session.styles("▸ city");
    assert!(wrong.iter().any(|run| run.contains("underlined")), "{wrong:?}");
    session.keys("tab").hold().keys("s").shows("◌ mojibake").shows("→ Sélestat");
    session.answer().shows("✓ no rule found anything in this row").shows("✓ Sélestat");
    let fresh = session.styles("✓ Sélestat");
    assert!(fresh.iter().any(|run| run.starts_with("green") && run.contains("✓ Sélestat")), "{fresh:?}");
    session.keys("tab tab g g");
    for _ in 0..12 {
        session.keys("j");
    }
    session.keys("e").shows("now: ").keys("esc");
}

#[test]
fn a_row_that_others_refer_to_is_excluded_only_after_a_look_at_them() {
    let mut session = Session::checked(80, 24);
    // C001 has a sale, C007 has none.
    session.keys("3 / \"invalid-email\" enter enter").shows("▸▲ isavigne-C001").keys("x");
    session.shows("exclude customers isavigne-C001");
    session.shows("1 row refers to this one and becomes an orphan: 1 of sales_lines.");
    session.keys("esc");
    assert!(session.ledger().is_empty());
    session.keys("x \"moved away\" enter").shows("excluded: customers isavigne-C001; u takes it back");
    assert_eq!(session.ledger()[0]["why"], "moved away");
    session.keys("x").shows("all done: nothing is left of invalid-email in customers");
    assert_eq!(session.ledger().len(), 2, "nothing refers to C007");
    // The same key once more finds no other rule's finding under the cursor.
    session.keys("x").shows("x does nothing in rules; in findings it is \"exclude row\"");
    assert_eq!(session.ledger().len(), 2);
}

#[test]
fn a_step_of_sources_opens_exactly_the_findings_that_it_counts() {
    let mut session = Session::fresh(80, 24);
    let more = "V004;C001;NOWHERE-75CL;18/01/2024;1;bouteille;15,00;15,00;caveau\n";
    fs::write(session.dir.path().join("exports/ventes.csv"), format!("{}{more}", crate::session::VENTES))
        .expect("sales");
    session.keys("l n");
    let step = "Reference to nothing in sales_lines.customer_key";
    let is_there =
        |session: &mut Session| session.screen().lines().any(|line| line.contains('▸') && line.contains(step));
    (0..12).for_each(|_| {
        if !is_there(&mut session) {
            session.keys("j");
        }
    });
    session.keys("enter").shows("1 of 2 findings").shows(" field customer_key × ").shows("isavigne-V003");
    session.hides("isavigne-V004");
}

#[test]
fn the_cursor_stays_on_the_facet_that_was_made_a_filter() {
    let mut session = Session::checked(140, 60);
    session.keys("3 F G space");
    let screen = session.screen();
    let line = screen.lines().find(|line| line.contains("▸✓")).expect("the cursor is on the filter");
    let value = line.trim_start_matches(['│', '▸', '✓', ' ']).split("  ").next().expect("a value").to_owned();
    session.shows(&format!(" value {value}"));
    session.keys("esc g g j j j space").shows(" notes × ");
}

#[test]
fn a_search_that_finds_nothing_opens_nothing_and_one_for_a_rule_finds_it_from_the_findings_too() {
    let mut session = Session::checked(80, 24);
    session.keys("3 / \"mojibake\" enter enter / \"orphan\" enter");
    session.shows("no finding listed here contains \"orphan\"; this rule does").shows("▸● orphan-reference");
    session.keys("enter / \"zzz\" enter").shows("no other finding listed here contains \"zzz\"");
    session.keys("enter").shows("the search found nothing, so nothing is opened").hides("found here");
    session.keys("enter").shows("found here");
}

#[test]
fn a_value_that_is_no_better_is_not_told_as_a_repair() {
    let mut session = Session::checked(80, 24);
    session.keys("3 / \"invalid-email\" enter enter e C-u \"jean at home\" enter");
    session.shows("isavigne-C001 is still not right: \"jean at home\" is no e-mail address");
}

#[test]
fn a_key_that_works_in_another_pane_says_in_which() {
    let mut session = Session::checked(80, 24);
    session.keys("3 x").shows("x does nothing in rules; in findings it is \"exclude row\"");
    session.keys("4 o").shows("o does nothing in groups; in rows side by side it is \"let this row stay\"");
}

#[test]
fn the_record_goes_from_anomaly_to_anomaly() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"mojibake\" enter enter enter").shows("row · customers isavigne-C002");
    session.keys("] a").shows("row · customers isavigne-C003");
    session.keys("[ a").shows("row · customers isavigne-C002");
    session.keys("[ a").hides("row · customers isavigne-C002").shows("found here");
    session.keys("] a").shows("row · customers isavigne-C002");
}

#[test]
fn everything_that_is_listed_can_be_marked_and_decided_at_once() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"mojibake\" enter enter %").shows("all 2 marked").shows("◆ isavigne-C003");
    session.keys("space").hides("all 2 marked").keys("% x").shows("The rows with the 2 findings that are listed");
    session.keys("enter").hides("mojibake  ");
    assert_eq!(session.ledger()[0]["rows"], serde_json::json!(["isavigne-C002", "isavigne-C003"]));
    session.keys("u").shows("mojibake");
    session.keys("esc / \"mojibake\" enter enter E \"Colmar\" enter").hides("mojibake  ");
    let ledger = session.ledger();
    let set = ledger.last().expect("a decision");
    assert_eq!((&set["kind"], &set["rows"]["isavigne-C002"][1]), (&"bulk".into(), &"Colmar".into()));
    session.keys("u h / \"invalid-email\" enter enter % w \"by post only\" enter").shows("○ isavigne-C001");
    session.shows("○ isavigne-C007");
}

#[test]
fn a_form_that_nobody_typed_into_empties_many_rows_only_after_a_question() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"mojibake\" enter enter % e enter").shows("will have no value in this field");
    session
        .shows("empty the field in 2 findings of mojibake")
        .shows("SÃ©lestat")
        .shows("RibeauvillÃ©")
        .shows("no value");
    session.keys("enter").shows("y empties all of these, Esc none");
    assert!(session.ledger().is_empty());
    session.keys("n");
    assert!(session.ledger().is_empty());
    // Those that are marked one by one are seen in the same way.
    session.keys("space space space e enter").shows("empty the field in 2 findings").shows("▸→ customers").keys("esc");
    assert!(session.ledger().is_empty());
    session.keys("e tab \"by the letter\" enter y");
    let ledger = session.ledger();
    assert_eq!(
        (ledger.len(), ledger[0]["why"].as_str(), ledger[0]["kind"].as_str()),
        (1, Some("by the letter"), Some("bulk"))
    );
}

#[test]
fn what_is_decided_for_all_is_seen_before_it_is_on_the_disk() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"mojibake\" enter S").shows("accept 2 suggestions of mojibake").hold();
    session.keys("enter").shows("◌ isavigne-C002").shows("→ Sélestat").shows("◌ isavigne-C003");
    session.answer().hides("◌").hides("mojibake  ");
}

#[test]
fn the_preview_shows_before_and_after_of_every_row_on_a_narrow_screen_too() {
    let mut session = Session::checked(80, 24);
    session.keys("3 / \"mojibake\" enter S");
    insta::assert_snapshot!("preview_80x24", body(&mut session));
    let row = session.styles("RibeauvillÃ©");
    assert!(row.contains(&"red underlined: RibeauvillÃ©".to_owned()), "{row:?}");
    assert!(row.contains(&"green: Ribeauvillé".to_owned()), "{row:?}");
    session.keys("esc").hides("accept 2 suggestions");
    assert!(session.ledger().is_empty());
}

/// Customers of one town that is spelled in four ways.
fn towns(session: &Session) {
    let clients = CLIENTS
        .replace("SÃ©lestat", "Strasbourgh")
        .replace("RibeauvillÃ©", "STRASBOURG")
        .replace(";Barr;", ";strasbourg ville;");
    fs::write(session.dir.path().join("exports/clients.csv"), clients).expect("other customers");
}

#[test]
fn spellings_of_one_town_are_merged_into_one_and_later_exports_too() {
    let mut session = Session::fresh(140, 40);
    towns(&session);
    session.keys("l 3 c").shows("text fields");
    go_to(&mut session, "customers.city");
    session.shows("customers.city · 1 cluster · 2 rows to change");
    insta::assert_snapshot!("spellings_140x40", body(&mut session));
    session.keys("enter s").shows("✓ no two spellings of this field are alike");
    let ledger = session.ledger();
    assert_eq!(
        (&ledger[0]["kind"], &ledger[0]["values"]),
        (&"replace".into(), &serde_json::json!({ "STRASBOURG": "Strasbourg", "Strasbourgh": "Strasbourg" }))
    );
    session.keys("u").shows("1 cluster · 2 rows to change");
}

#[test]
fn the_spellings_begin_with_a_field_that_has_some_and_are_left_step_by_step() {
    let mut session = Session::fresh(140, 40);
    towns(&session);
    // The first field has nothing that is alike.
    session.keys("l 3 c").shows("▸ customers.city").shows("1 cluster · 2 rows to change").shows("products.name");
    session.keys("enter enter").shows("◉ Strasbourg").shows("enter choose");
    session.keys("esc").shows("enter spellings").keys("esc").shows("text fields").hides("enter spellings");
    session.keys("esc").hides("text fields");
    // From a finding in a field without any, the next one that has some, and that is said.
    session
        .keys("3 / \"invalid-email\" enter enter c")
        .shows("no two spellings of customers.email are alike; this is customers.city");
}

#[test]
fn spellings_that_are_not_compared_are_told_with_the_reason() {
    let mut session = Session::fresh(160, 48);
    towns(&session);
    session.keys("l 3 / \"orphan\" enter enter c");
    session.shows("sales_lines.customer_key names a row of another table, and no spelling");
    session
        .shows("stands for another; this is customers.city")
        .hides("customers.segment ")
        .hides("customers.preferred_category ");
    // What the record is asked for is about that field or nothing.
    session.keys("esc esc 3 / \"invalid-email\" enter enter enter G c");
    session.shows("customers.segment is computed; its spellings follow other fields");
}

#[test]
fn every_field_says_how_many_clusters_it_has_without_being_looked_at() {
    let mut session = Session::fresh(140, 40);
    towns(&session);
    session.keys("l 3 c").shows("▸ customers.city").hides(" … ");
    let screen = session.screen();
    let of = |field: &str| screen.lines().find(|line| line.contains(field)).unwrap_or_default();
    assert!(of("customers.city  ").contains("~1"), "{screen}");
    // The cursor was on none of these.
    for field in ["customers.last_name", "products.name", "sales_lines.unit"] {
        assert!(of(field).contains("✓"), "{field}\n{screen}");
    }
}

/// Opens the spellings and lets answers come, until the first field is counted behind what the user sees; from then on they are
/// held back.
fn counting(session: &mut Session) {
    session.keys("l 3").hold().keys("c");
    // One answer at a time.
    let mut waiting: VecDeque<Effect> = session.held.take().unwrap_or_default().into();
    while let Some(Effect::Ask(generation, ask)) = waiting.pop_front() {
        if ask.slot() == Slot::ClusterCount {
            break;
        }
        let answer = workers::answer(&session.workbench, &ask, &|_| {});
        session.hold().send(Message::Reply(Box::new(Reply::Answered(generation, ask.slot(), answer))));
        waiting.extend(session.held.take().unwrap_or_default());
        assert!(!waiting.is_empty(), "no field is counted:\n{}", session.screen());
    }
    session.hold();
}

#[test]
fn a_field_that_is_gone_to_does_not_wait_for_the_count_of_another() {
    let mut session = Session::fresh(140, 40);
    towns(&session);
    counting(&mut session);
    session.shows("…").keys("j");
    let effects = session.held.take().unwrap_or_default();
    let place = |of: &dyn Fn(&Effect) -> bool| effects.iter().position(of);
    let left = place(&|effect| *effect == Effect::Forget(Slot::ClusterCount));
    let asked = place(&|effect| matches!(effect, Effect::Ask(_, ask) if ask.slot() == Slot::Clusters));
    assert!(left.is_some() && left < asked, "{effects:?}");
}

#[test]
fn what_only_fills_the_list_of_fields_keeps_nothing_waiting_on_other_screens() {
    let mut session = Session::fresh(140, 40);
    towns(&session);
    counting(&mut session);
    session.keys("2");
    let effects = session.held.take().unwrap_or_default();
    assert!(effects.contains(&Effect::Forget(Slot::ClusterCount)), "{effects:?}");
    session.perform(effects);
    // Whoever comes back finds it counted on.
    session.shows("Mapping").keys("3").shows("▸ customers.city").hides("…");
}

#[test]
fn fields_and_spellings_are_searched() {
    let mut session = Session::fresh(140, 40);
    towns(&session);
    session.keys("l 3 c").shows("▸ customers.city").keys("h h / \"UNIT\" enter").shows("▸ sales_lines.unit");
    session.keys("n").shows("▸ stock_levels.unit").keys("N").shows("▸ sales_lines.unit");
    session.keys("/ \"nowhere\" enter").shows("no other field contains \"nowhere\"").shows("▸ sales_lines.unit");
    go_to(&mut session, "customers.city");
    session.keys("enter / \"sburgh\" enter").shows("no other cluster of this field contains \"sburgh\"");
}

#[test]
fn where_no_field_has_spellings_that_are_alike_that_is_said() {
    let mut session = Session::checked(140, 40);
    session.keys("3 c").shows("no field has two spellings that are alike").shows("text fields");
    session.keys("j").hides("no field has two").keys("esc").hides("text fields");
}

#[test]
fn before_and_after_are_cut_around_what_differs_between_them() {
    let mut session = Session::fresh(80, 24);
    let long = "Sainte-Marie-aux-Mines et Ribeauvillé dans la vallée de la Weiss, près de SÃ©lestat";
    let clients = CLIENTS.replace("RibeauvillÃ©", long);
    fs::write(session.dir.path().join("exports/clients.csv"), clients).expect("other customers");
    session.keys("l 3 / \"mojibake\" enter S").shows("…").shows("SÃ©lestat  ").shows("Sélestat");
    let line = session.screen().lines().find(|line| line.contains("C003")).unwrap_or_default().to_owned();
    assert!(line.contains("de SÃ©lestat") && line.contains("de Sélestat"), "{line}");
}

#[test]
fn a_spelling_is_skipped_chosen_or_typed_and_how_near_they_must_be_is_a_key() {
    let mut session = Session::fresh(140, 40);
    towns(&session);
    session.keys("l 3 c");
    go_to(&mut session, "customers.city");
    session.keys("m m").shows(" same words ").shows("1 cluster · 1 row to change").keys("m");
    session.keys("enter enter j space").shows("left as it is").shows("1 of 3 become Strasbourg");
    session.keys("k k enter").shows("the most frequent");
    session.keys("e C-u \"Strossburi\" enter").shows("become Strossburi");
    session.keys("s");
    let ledger = session.ledger();
    let values = ledger[0]["values"].as_object().expect("values");
    assert_eq!(values.len(), 2, "{values:?}");
    assert!(values.values().all(|value| value == "Strossburi"), "{values:?}");
}

#[test]
fn a_waiver_whose_end_was_not_written_or_was_taken_back_is_not_revoked() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"invalid-email\" enter enter w \"by post only\" enter").keys("W").shows("waivers · 1");
    let ledger = session.dir.path().join("decisions.jsonl");
    let kept = fs::read_to_string(&ledger).expect("the ledger");
    fs::remove_file(&ledger).expect("removed");
    fs::create_dir(&ledger).expect("nothing can be appended to a folder");
    session.keys("x").shows("the decision was not made").keys("esc").hides("✗ invalid-email");
    fs::remove_dir(&ledger).expect("the folder goes");
    fs::write(&ledger, kept).expect("the ledger is back");
    // Taken back before the list has come anew.
    session.keys("W").hold().keys("x").shows("✗ invalid-email");
    let written = session.held.take().unwrap_or_default();
    session.hold();
    for effect in written {
        if let Effect::Do(job @ Job::Decide { .. }) = effect {
            let reply = workers::work(&mut session.workbench, job, &|_| {});
            session.send(Message::Reply(Box::new(reply)));
        }
    }
    session.keys("u").answer().hides("✗ invalid-email").shows("waivers · 1 · 0 expired or unused");
    session.keys("x").shows("waivers · 0");
}

#[test]
fn after_a_restart_undo_brings_a_revoked_waiver_back_before_anything_that_was_decided_earlier() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"mojibake\" enter enter s").keys("esc");
    session.keys("/ \"invalid-email\" enter enter w \"by post only\" enter W x").shows("waivers · 0");
    let mut session = session.again();
    session.keys("u").shows("take your last decision back");
    session.shows("given up: invalid-email of isavigne-C001 waived.").hides("Sélestat").keys("y");
    session.shows("in force again: invalid-email of isavigne-C001 waived; U gives it up again");
    session.keys("3 W").shows("waivers · 1");
    // What was undone is stepped over on another day too.
    let mut session = session.again();
    session.keys("u").shows("You decided that on").shows(" invalid-email of isavigne-C001 waived.").keys("n");
    session.keys("U y").shows("given up again: invalid-email of isavigne-C001 waived").keys("3 W").shows("waivers · 0");
}

#[test]
fn waivers_are_listed_with_what_they_cover_and_revoked() {
    let mut session = Session::checked(140, 40);
    session.keys("3 W").shows("Nothing is waived.").keys("esc");
    session.keys("/ \"invalid-email\" enter enter w \"by post only\" tab \"30/06/2099\" enter");
    session.keys("W").shows("waivers · 1 · 0 expired or unused").shows("2099-06-30").shows("by post only");
    insta::assert_snapshot!("waivers_140x40", hide_ids(&body(&mut session)));
    session.keys("enter").shows(" waiver invalid-email of isavigne-C001 × ").shows("1 of 7 findings");
    session.shows("○ invalid-email").keys("esc").shows("waivers · 1").shows("▸○ invalid-email");
    session.keys("x").shows("revoked: invalid-email of isavigne-C001").shows("Nothing is waived.");
    session.keys("u").shows("in force again: invalid-email of isavigne-C001 waived").shows("waivers · 1");
    let clients = CLIENTS.replace("jean.dupont at example.fr", "jean.dupont@example.fr");
    fs::write(session.dir.path().join("exports/clients.csv"), clients).expect("a new export");
    session.keys("1 l 3").shows("waivers · 1 · 1 expired or unused").shows("▲ invalid-email").shows("unused");
    let unused = session.styles("▲ invalid-email");
    assert!(unused.iter().any(|run| run.contains("unused")), "{unused:?}");
}

#[test]
fn waivers_that_ask_for_something_stand_first_and_the_others_are_searched() {
    let mut session = Session::checked(80, 24);
    session.keys("3 / \"invalid-email\" enter enter w \"by post only\" enter esc");
    session.keys("/ \"mojibake\" enter enter w \"the town is called so\" enter W").shows("waivers · 2 · 0 expired");
    session.keys("/ \"post\" enter").shows("▸○ invalid-email").keys("n").shows("no other waiver contains \"post\"");
    session.keys("/ \"mojibake\" enter").shows("▸○ mojibake");
    // One that covers nothing any more comes to the top; the cursor stays where it was.
    let clients = CLIENTS.replace("jean.dupont at example.fr", "jean.dupont@example.fr");
    fs::write(session.dir.path().join("exports/clients.csv"), clients).expect("a new export");
    session.keys("1 l 3").shows("2 · 1 expired or unused").shows("▸○ mojibake");
    // No row goes, and none is cut, for a reason that could not be read there anyhow.
    let screen = session.keys("g g").hides("…").screen();
    let first = screen.lines().find(|line| line.contains("▸▲ invalid-email")).unwrap_or_default();
    assert!(first.contains("  isavigne-C001  unused"), "{screen}");
}

fn hide_ids(screen: &str) -> String {
    let id = regex::Regex::new("decision [0-9A-Z]{26}").expect("a pattern");
    let who =
        regex::Regex::new(&format!("{} on ", regex::escape(&tastevin::workbench::clock::who()))).expect("a pattern");
    let screen = id.replace_all(screen, "decision 01JD0000000000000000000000");
    let screen = who.replace_all(&screen, "marie on ").into_owned();
    let column = regex::Regex::new(r"(2099-06-30  )\S+ +by post only *│").expect("a pattern");
    column.replace_all(&screen, "${1}marie  by post only│").into_owned()
}

/// A decision about the town of C002, and an export in which it is another town.
fn conflict(session: &mut Session) {
    session.keys("3 / \"mojibake\" enter enter s");
    let clients = CLIENTS.replace("SÃ©lestat", "Colmar");
    fs::write(session.dir.path().join("exports/clients.csv"), clients).expect("a new export");
    session.keys("1 l").shows("≠ 1");
    session.keys("3 C").shows("decisions in conflict · 1").shows("the value is another one now");
}

#[test]
fn a_conflict_is_settled_by_keeping_what_was_decided() {
    let mut session = Session::checked(140, 40);
    conflict(&mut session);
    let mine = session.styles("≠ isavigne-C002");
    assert!(mine.iter().any(|run| run.contains("isavigne-C002")), "{mine:?}");
    session.keys("m").shows("kept: customers.city of isavigne-C002").shows("✓ Every decision applies");
    let ledger = session.ledger();
    let last = ledger.last().expect("a decision");
    assert_eq!((&last["was"], &last["now"]), (&"Colmar".into(), &"Sélestat".into()));
    assert_eq!(session.model.conflicts, 0);
}

#[test]
fn a_conflict_is_settled_by_taking_what_is_new_or_looked_at() {
    let mut session = Session::checked(140, 40);
    conflict(&mut session);
    session.keys("o").shows("row · customers isavigne-C002").shows("Colmar").keys("esc");
    session
        .keys("t")
        .shows("given up: what was decided about customers.city of isavigne-C002")
        .shows("✓ Every decision applies");
    assert_eq!(session.ledger().last().expect("a decision")["kind"], "revert");
    session.keys("u").shows("in force again: customers.city of isavigne-C002").shows("≠ isavigne-C002");
    session.keys("U").shows("given up again: customers.city of isavigne-C002").shows("✓ Every decision applies");
}

#[test]
fn undo_takes_back_what_the_last_key_did_however_many_decisions_that_were() {
    let mut session = Session::checked(140, 40);
    conflicts(&mut session);
    session.keys("j = m y").shows("kept: 2 values").shows("decisions in conflict · 1");
    // What was given up last comes back, not what was kept before it.
    session.keys("t").shows("✓ Every decision applies").keys("u").shows("decisions in conflict · 1");
    session.keys("u").shows("decisions in conflict · 3");
    session.keys("% t y").shows("✓ Every decision applies");
    session.keys("u").shows("in force again: ").shows("and 2").shows("decisions in conflict · 3");
    session
        .keys("U")
        .shows("given up again: ")
        .shows("and 2")
        .shows("✓ Every decision applies")
        .keys("u")
        .shows("decisions in conflict · 3");
    // After a restart it is asked which of them is meant.
    let mut session = session.again();
    session.keys("3 u").shows("take your last decision back").keys("n");
}

#[test]
fn a_conflict_about_a_row_that_is_gone_speaks_of_no_value_there() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"mojibake\" enter enter s");
    let clients: String =
        CLIENTS.lines().filter(|line| !line.starts_with("C002")).map(|line| format!("{line}\n")).collect();
    fs::write(session.dir.path().join("exports/clients.csv"), clients).expect("a new export");
    session.keys("1 l 3 C").shows("the row is not there").shows("decided SÃ©lestat → Sélestat").hides("no value");
    session.shows("esc back").keys("enter").shows("what is not there is not checked").hides("no rule found anything");
    session.shows("esc back").keys("esc").shows("decisions in conflict · 1").keys("esc").hides("esc back");
}

/// Decisions about two towns, and an export in which both are other towns and a third customer's are not touched.
fn conflicts(session: &mut Session) {
    session.keys("3 / \"mojibake\" enter enter s s");
    session.keys("esc / \"invalid-email\" enter enter e C-u \"jean@example.fr\" enter");
    let clients = CLIENTS.replace("SÃ©lestat", "Colmar").replace("RibeauvillÃ©", "Obernai");
    let clients = clients.replace("jean.dupont at example.fr", "jd@example.fr");
    fs::write(session.dir.path().join("exports/clients.csv"), clients).expect("a new export");
    session.keys("1 l 3 C").shows("decisions in conflict · 3");
}

#[test]
fn conflicts_that_are_alike_are_settled_together_after_a_look_at_each() {
    let mut session = Session::checked(140, 40);
    conflicts(&mut session);
    session.keys("%").shows("· 3 marked").keys("%").hides("marked");
    session.keys("j =").shows("· 2 marked").shows("◆ isavigne-C002").shows("◆ isavigne-C003").shows("≠ isavigne-C001");
    session.keys("m").shows("keep mine in 2 conflicts").shows("isavigne-C002 customers.city: Colmar → Sélestat");
    session.keys("n").shows("· 2 marked").keys("m y").shows("kept: 2 values");
    let ledger = session.ledger();
    let last = ledger.last().expect("a decision");
    assert_eq!(last["kind"], "bulk", "both towns are one decision");
    assert_eq!(last["rows"]["isavigne-C002"], serde_json::json!(["Colmar", "Sélestat"]));
    session.shows("decisions in conflict · 1").keys("u").shows("decisions in conflict · 3");
}

/// Two decisions about one town, and an export in which it is another one.
fn decided_twice(session: &mut Session) {
    session.keys("3 / \"mojibake\" enter enter e C-u \"Selestat\" enter");
    let set = |now: &str, was: &str| Action::Set {
        table: "customers".to_owned(),
        field: "city".to_owned(),
        row: "isavigne-C002".to_owned(),
        was: Some(was.to_owned()),
        now: Some(now.to_owned()),
        rule: None,
    };
    session.workbench.decide(set("Sélestat", "Selestat"), None).expect("a second decision");
    let clients = CLIENTS.replace("SÃ©lestat", "Colmar");
    fs::write(session.dir.path().join("exports/clients.csv"), clients).expect("a new export");
}

#[test]
fn of_two_decisions_about_one_cell_the_last_one_speaks() {
    let told = |session: &mut Session| {
        session
            .keys("1 l 3 C")
            .shows("decisions in conflict · 1")
            .shows("decided Selestat → Sélestat, but it is Colmar now");
        session.shows("one decision before it does not fit either");
    };
    let mut session = Session::checked(80, 24);
    decided_twice(&mut session);
    let mut session = session.again();
    told(&mut session);
    session.keys("m").shows("Sélestat").hides("\"Selestat\"");
    assert_eq!(session.model.conflicts, 0);
    assert_eq!(session.ledger().last().expect("a decision")["now"], "Sélestat");
    let mut session = Session::checked(80, 24);
    decided_twice(&mut session);
    let mut session = session.again();
    told(&mut session);
    session.keys("t").shows("given up").shows("✓ Every decision applies");
    let kinds: Vec<String> =
        session.ledger().iter().map(|line| line["kind"].as_str().unwrap_or_default().to_owned()).collect();
    assert_eq!(kinds, ["set", "set", "revert", "revert"], "none of them comes back as a conflict");
}

#[test]
fn a_conflict_whose_choice_could_not_be_written_is_not_settled() {
    let mut session = Session::checked(140, 40);
    conflict(&mut session);
    let ledger = session.dir.path().join("decisions.jsonl");
    let (kept, text) = (fs::read_to_string(&ledger).expect("the ledger"), "it can be chosen again");
    fs::remove_file(&ledger).expect("removed");
    fs::create_dir(&ledger).expect("nothing can be appended to a folder");
    session.keys("m").shows("the decision was not made").shows("≠ isavigne-C002").hides("✓ isavigne-C002");
    fs::remove_dir(&ledger).expect("the folder goes");
    fs::write(&ledger, kept).expect("the ledger is back");
    session.keys("esc esc").keys("3 C m").shows("✓ Every decision applies");
    assert_eq!(session.ledger().len(), 2, "{text}");
}

#[test]
fn what_is_new_is_taken_in_some_rows_of_a_decision_about_many() {
    let mut session = Session::checked(80, 24);
    session.keys("3 / \"mojibake\" enter enter S y");
    assert_eq!(session.ledger()[0]["kind"], "bulk");
    let clients = CLIENTS.replace("SÃ©lestat", "Colmar").replace("RibeauvillÃ©", "Obernai");
    fs::write(session.dir.path().join("exports/clients.csv"), clients).expect("a new export");
    session.keys("1 l 3 C").shows("decisions in conflict · 2");
    session.keys("% t").shows("take new in 2 conflicts").keys("y").shows("✓ Every decision applies");
    let ledger = session.ledger();
    assert_eq!(ledger.len(), 2, "one decision says it of both rows");
    assert_eq!(ledger[1]["rows"]["isavigne-C002"], serde_json::json!(["Colmar", "Colmar"]));
}

#[test]
fn a_range_of_conflicts_is_given_up_at_once_and_the_ledger_says_so() {
    let mut session = Session::checked(80, 24);
    conflicts(&mut session);
    session.keys("v G").shows("· 3 marked").keys("t").shows("take new in 3 conflicts");
    session.shows("isavigne-C003 customers.city: Obernai stays, not").keys("y");
    session.shows("given up: 3 conflicts").shows("✓ Every decision applies");
    let kinds: Vec<String> =
        session.ledger().iter().map(|line| line["kind"].as_str().unwrap_or_default().to_owned()).collect();
    assert_eq!(kinds, ["set", "set", "set", "revert", "revert", "revert"]);
}

#[test]
fn a_range_of_findings_begins_where_it_began_though_rows_go_before_it() {
    let mut session = Session::fresh(120, 30);
    let clients = CLIENTS.replace(";Barr;", ";MittelbergheimÃ©;").replace(";Strasbourg;", ";ChÃ¢tenois;");
    fs::write(session.dir.path().join("exports/clients.csv"), clients).expect("an export");
    session.keys("1 l 3 / \"mojibake\" enter enter").shows("isavigne-C001").shows("isavigne-C007");
    // The check that follows the first repair ends while the range is open.
    session.hold().keys("g g s v").answer().keys("j s").shows("accept 2 suggestions of mojibake").keys("enter");
    let ledger = session.ledger();
    assert_eq!(ledger[0]["row"], "isavigne-C001");
    let rows: Vec<&String> = ledger[1]["rows"].as_object().expect("rows").keys().collect();
    assert_eq!(rows, ["isavigne-C002", "isavigne-C003"]);
}

#[test]
fn a_range_and_the_yes_to_it_are_about_the_conflicts_that_were_named() {
    let mut session = Session::checked(80, 24);
    conflicts(&mut session);
    // The check that follows the first is still on its way while the others are chosen and asked about.
    session.hold().keys("g g m j v j t").shows("take new in 2 conflicts");
    session.answer().keys("y").shows("given up: 2 conflicts").shows("✓ Every decision applies");
    let kinds: Vec<String> =
        session.ledger().iter().map(|line| line["kind"].as_str().unwrap_or_default().to_owned()).collect();
    assert_eq!(kinds, ["set", "set", "set", "set", "revert", "revert"]);
}

#[test]
fn what_each_choice_about_a_conflict_does_stands_below_it() {
    for (width, height) in [(80, 24), (160, 48)] {
        let mut session = Session::checked(width, height);
        conflict(&mut session);
        session.shows("m  keeps mine: decides Sélestat again, about Colmar");
        session.shows("t  takes new: Colmar stands, and the decision is taken back");
        session.shows("Enter  looks at the row");
        session.keys("space").shows("· 1 marked").keys("esc").hides("marked").shows("decisions in conflict · 1");
    }
}

#[test]
fn one_row_of_many_takes_what_is_new_without_the_others() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"mojibake\" enter S enter");
    let clients = CLIENTS.replace("SÃ©lestat", "Colmar");
    fs::write(session.dir.path().join("exports/clients.csv"), clients).expect("a new export");
    session.keys("1 l 3 C").shows("one of 2 rows that the decision is about");
    session
        .keys("t")
        .shows("taken: the new value of customers.city of isavigne-C002")
        .shows("✓ Every decision applies");
    let ledger = session.ledger();
    assert_eq!((&ledger[1]["was"], &ledger[1]["now"]), (&"Colmar".into(), &"Colmar".into()));
    session.keys("esc F").hides("mojibake");
}

#[test]
fn spellings_that_are_alike_are_listed_for_a_shell_too() {
    let session = Session::fresh(100, 30);
    towns(&session);
    let mut session = session;
    session.keys("l");
    let found = session.workbench.clusters("customers", "city").expect("the spellings are compared");
    let told: Vec<(&str, u64)> = found.iter().map(|cluster| (cluster.proposed.as_str(), cluster.rows)).collect();
    assert_eq!(told, [("Strasbourg", 2)]);
    let Session { workbench, dir, .. } = session;
    drop(workbench);
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_tastevin"));
        crate::harness::output(command.current_dir(dir.path()).args(arguments))
    };
    let listed = run(&["anomalies", "clusters", "customers", "city"]).passed().stdout;
    assert!(
        listed.contains("STRASBOURG") && listed.contains("same words") && listed.contains("one letter"),
        "{listed}"
    );
    let json = run(&["anomalies", "clusters", "customers", "city", "--json"]).passed().json();
    assert_eq!(json["clusters"][0]["proposed"], "Strasbourg");
    let refused = run(&["anomalies", "clusters", "customers", "customer_key"]).ended(2);
    assert!(refused.stderr.contains("these have: products.name"), "{}", refused.stderr);
}

#[test]
fn narrow_screens_stack_the_panes() {
    let mut session = Session::checked(80, 24);
    session.keys("3 F");
    insta::assert_snapshot!("facets_80x24", body(&mut session));
    session.keys("F / \"orphan\" enter enter enter");
    insta::assert_snapshot!("record_80x24", body(&mut session));
    session.keys("esc c").shows("text fields");
    for (width, height) in [(40, 8), (60, 12), (80, 14), (160, 48)] {
        session.resize(width, height);
        for page in ["", "F", "o", "c", "W"] {
            session.keys("esc esc esc esc esc 3").keys(page);
            session.keys("G k g g tab j");
            session.screen();
        }
    }
}

#[test]
fn before_a_check_every_page_says_what_comes_first() {
    let mut session = Session::fresh(120, 40);
    session.keys("3 F").shows("nothing was loaded yet: 1 L loads every source").keys("esc");
    session.keys("W").shows("Nothing is waived.").keys("esc");
    session.keys("c").shows("Nothing was loaded yet.").keys("esc");
    session.keys("C").shows("there are no conflicts");
    session.keys("o").hides("row ·");
}

#[test]
fn reading_only_every_page_can_be_looked_at_and_says_why_nothing_can_be_decided() {
    let session = Session::checked(140, 40);
    let Session { workbench, dir, .. } = session;
    drop(workbench);
    let mut session = Session::open(dir, 140, 40, OpenOptions { read_only: true });
    session.keys("3 / \"mojibake\" enter enter").shows("2 findings");
    for key in ["e", "s", "w", "x", "E", "S"] {
        session.keys(key).shows("open for reading only");
    }
    session.keys("o").shows("row · customers isavigne-C002");
    session.keys("e").shows("open for reading only");
}

#[test]
fn a_question_that_fails_is_told_and_the_screen_stays() {
    let mut session = Session::checked(120, 40);
    session.keys("3 / \"mojibake\" enter enter").hold().keys("o");
    let asked = session.held.take().unwrap_or_default();
    let slots = asked.into_iter().filter_map(|effect| match effect {
        tastevin::tui::effects::Effect::Ask(generation, ask) => Some((generation, ask.slot())),
        _ => None,
    });
    let failed = || Err(tastevin::error::Error::internal("the store is gone"));
    for (generation, slot) in slots.collect::<Vec<_>>() {
        let reply = tastevin::tui::message::Reply::Answered(generation, slot, failed());
        session.send(tastevin::tui::message::Message::Reply(Box::new(reply)));
    }
    session.shows("the store is gone").shows("row · customers isavigne-C002");
    session.keys("esc esc").shows("mojibake · customers.city · 2 findings");
}

#[test]
fn a_sale_leads_to_its_customer_by_keys_alone() {
    let mut session = Session::fresh(100, 30);
    fs::write(session.dir.path().join("exports/ventes.csv"), VENTES.replace("C999", "C001")).expect("other sales");
    session.keys("l 3 / \"invalid-email\" enter enter o").shows("← sales_lines by customer_key  2 rows");
}

/// The screen without its first line, which other screens' names stand in.
fn body(session: &mut Session) -> String {
    session.screen().lines().skip(1).collect::<Vec<_>>().join("\n")
}

/// Moves the cursor down to the line that contains a text.
fn go_to(session: &mut Session, text: &str) {
    session.keys("g g");
    for _ in 0..200 {
        let screen = session.screen();
        let mut panes = screen.lines().flat_map(|line| line.split('│'));
        if panes.any(|part| part.starts_with('▸') && part.contains(text)) {
            return;
        }
        session.keys("j");
    }
    panic!("no line with {text}:\n{}", session.screen());
}

#[test]
fn what_can_never_be_waived_is_refused_at_the_key() {
    let mut session = Session::fresh(140, 40);
    let twice = "C004;Zoé Roussel;zoe@example.fr;03 88 83 06 12;;67140;Barr;France;non;06/01/2022;\n";
    fs::write(session.dir.path().join("exports/clients.csv"), format!("{CLIENTS}{twice}")).expect("an export");
    session.keys("l 3 / \"duplicate-key\" enter enter").hides("w waive");
    session.keys("w").shows("duplicate-key cannot be waived").shows("x excludes the row").hides("reason");
    session.keys("% w").shows("duplicate-key cannot be waived").hides("reason");
}

#[test]
fn from_a_row_whole_all_suggestions_and_the_facets_are_a_key_away() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"mojibake\" enter enter enter").shows("customers isavigne-C002");
    session.keys("S").shows("accept 2 suggestions of mojibake").keys("n").shows("customers isavigne-C002");
    session.keys("F").shows("facets  2 of 7").shows(" rule mojibake × ");
}

#[test]
fn what_is_waived_is_counted_apart_wherever_findings_are_counted() {
    let mut session = Session::checked(140, 40);
    session.keys("3 / \"invalid-email\" enter enter w \"by post\" enter").shows("2 findings, 1 waived");
    session.keys("F").shows("facets  2 of 7, 1 waived").keys("esc esc esc esc").shows("6 open · 1 waived");
    session.keys("h F").shows("facets  7 findings, 1 waived");
    session.keys("t").shows("open ×").hides("1 waived");
}

#[test]
fn the_count_of_a_spelling_leads_to_its_rows_in_tables_and_back() {
    let mut session = Session::fresh(140, 40);
    towns(&session);
    session.keys("l 3 c");
    go_to(&mut session, "customers.city");
    session.keys("enter o").shows("candidate.customers · 4 of 6 rows").shows("city");
    session.keys("esc").shows("customers.city · 1 cluster");
    session.keys("enter j o").shows("1 of 6 rows").shows("isavigne-C00");
    // A list is asked for what it holds.
    session.keys("esc esc h");
    go_to(&mut session, "products.flavors");
    session.keys("o").shows("candidate.products · 2 of 2 rows");
}

#[test]
fn a_text_finds_and_filters_what_is_listed_of_a_finding() {
    let mut session = Session::checked(160, 40);
    session.keys("3 h k & \"MOJIBAKE\" enter").shows("anomalies  2 of 7").keys("esc");
    session.keys("& \"customers\" enter & \"city\" enter").shows("anomalies  3 of 7").keys("esc esc");
    session.keys("& \"sélestat\" enter").shows("isavigne-C002").shows("anomalies  1 of 7");
    let mut session = Session::checked(160, 40);
    session.keys("3 g g j j enter").shows("warnings · 5 findings").keys("/ \"mojibake\" enter").shows("▸▲ mojibake");
}

#[test]
fn a_decision_that_cannot_be_written_brings_its_form_back_as_it_was_typed() {
    for (keys, typed) in
        [("e C-u \"jean@example.fr\" tab \"asked by phone\"", "jean@example.fr"), ("w \"by post\"", "by post")]
    {
        let mut session = Session::checked(100, 30);
        session.keys("3 / \"invalid-email\" enter enter");
        let ledger = session.dir.path().join("decisions.jsonl");
        let _ = fs::remove_file(&ledger);
        fs::create_dir(&ledger).expect("nothing can be appended to a folder");
        session.keys(keys).keys("enter").shows("✗ ").shows(typed).shows("decisions.jsonl");
        fs::remove_dir(&ledger).expect("the folder goes");
        // It is about the same finding as before.
        session.keys("enter").hides("✗ ");
        assert_eq!(session.ledger()[0]["row"], "isavigne-C001", "{:?}", session.ledger());
    }
}

#[test]
fn a_key_with_a_hash_in_it_is_a_key_like_others() {
    let mut session = Session::fresh(120, 40);
    for (file, text) in [("clients", CLIENTS), ("ventes", VENTES)] {
        let numbered = text.replace("C001", "#1001");
        fs::write(session.dir.path().join(format!("exports/{file}.csv")), numbered).expect("an export");
    }
    session.keys("l 3 / \"invalid-email\" enter enter").shows("isavigne-#1001");
    // What refers to it is looked at before it goes.
    session.keys("x").shows("exclude customers isavigne-#1001").shows("1 row refers to this one");
}
