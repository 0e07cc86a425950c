//! Stories of what is the same on every screen: typing, the mouse, the palette, hints and refusals.

use crossterm::event::MouseEventKind;
use ratatui::layout::Position;
use tastevin::tui::effects::Effect;
use tastevin::tui::message::Message;
use tastevin::tui::popups::Popup;
use tastevin::tui::screens::SCREENS;
use tastevin::tui::{update, view};
use tastevin::workbench::OpenOptions;

use crate::session::{Session, copy, prepared};

/// Where a text stands on the screen: its column and its line.
#[track_caller]
fn place(session: &mut Session, text: &str) -> (u16, u16) {
    let screen = session.screen();
    let (row, line) = screen.lines().enumerate().find(|(_, line)| line.contains(text)).unwrap_or_else(|| {
        panic!("\"{text}\" is not on the screen:\n{screen}");
    });
    let before = line.split(text).next().unwrap_or_default();
    (unicode_width::UnicodeWidthStr::width(before) as u16, row as u16)
}

#[track_caller]
fn click_on(session: &mut Session, text: &str) {
    let (column, row) = place(session, text);
    session.click(column, row);
}

/// Where the terminal's cursor stands, and the column at which the text before it begins.
fn cursor(session: &mut Session) -> Position {
    let drawn = session.terminal.draw(|frame| view::view(&session.model, frame));
    drawn.expect("the screen is drawn");
    session.terminal.get_cursor_position().expect("a cursor")
}

/// A filter, being typed.
fn typing(width: u16, height: u16) -> Session {
    let mut session = Session::checked(width, height);
    session.keys("3 &");
    session
}

#[test]
fn text_is_typed_with_the_usual_editing_keys() {
    let mut session = typing(100, 30);
    session.keys("\"Jean Dupont\" C-left del \"d\" home A-d \"Zoé\"").shows("& Zoé dupont");
    session.keys("end C-w \"日本\" left backspace").shows("& Zoé 本");
    session.keys("C-u").shows("& 本").keys("C-k C-y").shows("& 本").keys("C-a \"🍷 \"").shows("& 🍷 本");
    session.send(Message::Paste("é\tü\n".to_owned()));
    session.shows("& 🍷 é ü本");
}

#[test]
fn the_cursor_stands_where_the_next_character_goes_whatever_its_width() {
    let mut session = typing(100, 30);
    session.keys("\"日本 e\"");
    session.send(Message::Paste("\u{301}👨‍👩‍👧".to_owned()));
    let (begin, row) = place(&mut session, "& 日本");
    assert_eq!(cursor(&mut session), Position::new(begin + 2 + 4 + 1 + 1 + 2, row));
    session.keys("left left");
    assert_eq!(
        cursor(&mut session),
        Position::new(begin + 2 + 4 + 1, row),
        "the accent and the family are one character each"
    );
}

#[test]
fn a_long_text_scrolls_and_a_click_in_it_puts_the_cursor_there() {
    let mut session = typing(60, 24);
    session.send(Message::Paste("日本酒".repeat(20)));
    let seen = cursor(&mut session);
    assert!(seen.x < 59, "{seen:?}");
    let (begin, row) = place(&mut session, "& ");
    session.keys("home \"x\"").shows("& x日本酒");
    session.click(begin + 2 + 3, row).keys("\"|\"").shows("& x日|本酒");
}

#[test]
fn the_mouse_scrolls_and_chooses_in_what_lies_over_the_screen() {
    let mut session = Session::checked(100, 20);
    session.keys("?").shows("keys · sources");
    let before = session.screen();
    session.mouse(MouseEventKind::ScrollDown, 50, 10);
    assert_ne!(session.screen(), before, "the wheel scrolls the help");
    session.click(0, 0).hides("keys · sources");
    session.keys(":");
    session.mouse(MouseEventKind::ScrollDown, 50, 10);
    let second = match &session.model.popup {
        Some(Popup::Picker(picker)) => picker.cursor.at,
        _ => panic!("the palette is open"),
    };
    assert_eq!(second, 1);
    session.keys("\"messages\"");
    click_on(&mut session, "Shows everything that was said");
    click_on(&mut session, "Shows everything that was said");
    session.shows("messages · ");
}

#[test]
fn the_wheel_scrolls_the_pane_under_it_whichever_has_the_keys() {
    let mut session = Session::checked(100, 17);
    session.keys("6");
    let (column, row) = place(&mut session, "no table has more than");
    let before = session.screen();
    session.mouse(MouseEventKind::ScrollDown, column, row);
    let after = session.screen();
    assert_ne!(after, before, "the gate has more conditions than are seen");
    session.mouse(MouseEventKind::ScrollUp, column, row);
    assert_eq!(session.screen(), before);
}

#[test]
fn the_keys_in_the_footer_can_be_clicked() {
    let mut session = Session::checked(120, 30);
    click_on(&mut session, "? help");
    session.shows("keys · sources");
    click_on(&mut session, "esc close");
    session.hides("keys · sources");
    session.keys("3 &");
    click_on(&mut session, "esc leave");
    session.hides("Enter accept");
}

#[test]
fn a_key_that_begins_a_sequence_shows_what_may_follow_and_one_that_means_nothing_says_so() {
    let mut session = Session::checked(100, 24);
    session.keys("g").shows("g   top");
    session.keys("x").shows("gx does nothing here; ? shows the keys that work here").hides("g   top");
    session.keys("3 ]").shows("a   next anomaly").keys("esc").hides("a   next anomaly");
    session.keys("^").shows("^ does nothing here");
}

#[test]
fn the_footer_and_the_help_show_the_keys_that_reach_what_they_name() {
    let mut session = Session::checked(100, 30);
    // In the transforms x takes one out and Enter fills one in; what they do among the fields is out of reach.
    session.keys("2 t").shows("x remove").hides("x unmap").hides("enter map");
    session.keys("?").shows("Takes the transform out.").hides("Takes the column away from the field.");
    session.keys("G").shows(":theme").shows(":write the").keys("esc esc");
    session.keys("p").shows("esc back").hides("p preview");
}

#[test]
fn the_palette_looks_into_sentences_for_words_and_not_for_letters() {
    let mut session = Session::checked(110, 30);
    session.keys(": \"theme\"").shows("Chooses the colours").hides("keep mine").keys("esc");
    session.keys(": \"report\"").shows("write the report").hides("mark commit");
}

#[test]
fn the_palette_finds_every_command_of_every_screen_and_goes_where_it_works() {
    let mut session = Session::checked(110, 30);
    session.keys(": \"quarant\"").shows("Commit: Opens the rows in quarantine");
    session.keys("enter").shows("6 Commit").shows("quarantined");
    let mut session = Session::checked(110, 30);
    session
        .keys(": \"figure to the right\" enter")
        .shows("\"figure to the right\" works in the figures of Sources; open them first");
    session.keys("6 : \"load all\"").shows("Sources: Loads every source");
}

#[test]
fn the_palette_shows_keys_help_and_reasons_and_what_was_run_before_comes_first() {
    let mut session = Session::checked(110, 30);
    session.keys(": \"undo\"").shows("u").shows("there is no decision of yours to undo").keys("esc");
    session.keys(": \"messages\" enter").shows("messages · ").keys("esc :");
    let first = match &session.model.popup {
        Some(Popup::Picker(picker)) => picker.items.first().map(|item| item.name.clone()),
        _ => None,
    };
    assert_eq!(first.as_deref(), Some("messages"));
    session.keys("\"zzqxx\"").shows("nothing matches").keys("enter").shows("nothing matches what was typed");
}

#[test]
fn the_footer_says_the_way_back_where_there_is_one_and_offers_no_filter_of_nothing() {
    let mut session = Session::checked(80, 24);
    for page in ["3 W", "3 c"] {
        session.keys(page).shows("esc back").keys("esc esc esc").hides("esc back");
    }
    // Through a door the way back is one as well.
    session.keys("1 n enter").shows("3 Anomalies").shows("esc back").keys("esc").shows("sources").hides("esc back");
    let mut session = Session::empty(80, 24);
    for screen in ["3", "5 enter", "7"] {
        session.keys(screen).hides("& filter").keys("&").shows("no source yet").keys("esc esc");
    }
    session.keys("3 /").shows("this workspace has no source yet").keys("W").shows("esc back");
}

#[test]
fn what_is_not_there_yet_is_said_with_what_brings_it() {
    let mut session = Session::fresh(100, 30);
    session.keys("3").shows("Nothing was loaded yet.").shows("1 L  loads every source, then checks");
    session.keys("1 L 3").hides("Nothing was loaded yet.");
}

#[test]
fn reading_only_no_command_of_any_screen_changes_anything_and_what_would_says_why() {
    let dir = tempfile::tempdir().expect("a folder");
    copy(prepared(true), dir.path());
    let mut session = Session::open(dir, 120, 40, OpenOptions { read_only: true });
    let mut refused = 0;
    for screen in SCREENS {
        session.keys(screen.number).keys("enter");
        session.model.popup = None;
        for layer in session.model.layers() {
            for command in layer.commands {
                if let Err(why) = (command.ready)(&session.model) {
                    refused += usize::from(why.contains("reading only"));
                    continue;
                }
                let effects = update::run(&mut session.model, command);
                let works = effects.iter().find(|effect| matches!(effect, Effect::Do(_)));
                assert!(works.is_none(), "{}: \"{}\" does {works:?}", screen.title, command.name);
                session.model.popup = None;
                session.keys(screen.number);
            }
        }
    }
    assert!(refused > 5, "{refused} commands say that the workspace is open for reading only");
}

#[test]
fn esc_leads_back_through_every_door_to_where_it_was_opened() {
    let mut session = Session::checked(110, 30);
    // A step of what to do next.
    session.keys("n enter").shows("3 Anomalies").keys("esc").shows("1 Sources");
    // A count with filters, and what was put over it since is left first.
    session.keys("S-tab j j w w w w w enter").shows("3 Anomalies").keys("F").keys("& \"C999\" enter").shows("& C999 ×");
    session.keys("esc").hides("& C999 ×").shows("3 Anomalies");
    session.keys("q").shows("1 Sources");
    assert!(!session.ended);
    // A row in quarantine, from which Esc leads to the next one.
    session.keys("6 z enter").shows("row · ").keys("esc").shows("quarantine · ");
    // Doors behind doors.
    session.keys("1 n enter enter").shows("row · ").keys("c o").keys("esc esc esc esc esc").shows("1 Sources");
    // Who goes to a screen by its number is there to stay.
    session.keys("n enter 6 3 esc esc esc").shows("3 Anomalies");
}

#[test]
fn the_rows_of_a_commit_that_was_made_are_one_key_away_and_esc_leads_back() {
    let session = Session::checked(110, 30);
    let settings = session.dir.path().join("tastevin.toml");
    let text = std::fs::read_to_string(&settings).expect("the settings");
    std::fs::write(&settings, text.replace("\"5%\"", "\"90%\"")).expect("the settings");
    let mut session = session.again();
    session.keys("r 6 c \"first\" enter").shows("commit 1 is made").shows("enter rows");
    session.keys("enter").shows("what commit 1 changed · products · 2 rows differ");
    session.keys("esc").shows("commit 1 is made").keys("esc").shows("what a commit would change");
}
