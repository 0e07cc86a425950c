//! Every screen and everything that lies over it, at every size a terminal can have and on the way from one to another.

use crossterm::event::{MouseButton, MouseEventKind};
use tastevin::tui::popups::{self, Form, FormField, Item, Picker, Popup, Question};
use tastevin::tui::screens::SCREENS;

use crate::session::Session;

/// The sizes: slivers, small ones, and those that people use; each is drawn after the one before.
const SIZES: &[(u16, u16)] = &[
    (120, 40),
    (1, 1),
    (80, 24),
    (2, 2),
    (1, 24),
    (80, 1),
    (80, 3),
    (20, 5),
    (39, 8),
    (40, 8),
    (41, 9),
    (60, 12),
    (100, 13),
    (5, 50),
];

/// Lays something over the screen.
type Open = fn(&mut Session);

/// What can lie over a screen, and how it is opened.
fn popups() -> Vec<(&'static str, Open)> {
    vec![
        ("nothing", |_| {}),
        ("help", |session| drop(popups::help(&mut session.model))),
        ("palette", |session| drop(popups::palette(&mut session.model))),
        ("messages", |session| drop(popups::messages(&mut session.model))),
        ("themes", |session| drop(popups::themes(&mut session.model))),
        ("journal", |session| drop(popups::journal(&mut session.model))),
        ("hint", |session| {
            session.keys("esc g");
        }),
        ("form", |session| {
            session.model.popup = Some(Popup::Form(Form {
                title: "a form with a long title about very much".to_owned(),
                about: vec![
                    "What one should know, in a sentence that is longer than most screens are wide.".to_owned();
                    3
                ],
                fields: vec![
                    FormField::new(
                        "value",
                        "a hint",
                        "日本 Ribeauvillé é 👨‍👩‍👧 and very much more of it, as people paste it",
                    ),
                    FormField::new("why", "a reason", ""),
                ],
                focus: 0,
                check: |_, _| Some("this is wrong".to_owned()),
                submit: |_, _| Vec::new(),
            }));
        }),
        ("question", |session| {
            let about = vec!["Is this what is wanted, with all that follows from it?".to_owned()];
            session.model.popup = Some(Popup::Question(Question::new("quit", about, |_| Vec::new())));
        }),
        ("list", |session| {
            let items = (0..100).map(|at| Item::new(format!("日本 item {at}"), "aside", "what it is")).collect();
            session.model.popup = Some(Popup::Picker(Picker::new("choose", items, |_, _| Vec::new())));
        }),
        ("text", |session| {
            let lines = (0..60).map(|at| format!("line {at} of something to be read {}", "é日".repeat(at))).collect();
            session.model.popup =
                Some(Popup::Text { title: "text".to_owned(), lines, cursor: Default::default(), waits: None });
        }),
    ]
}

/// Draws, moves, types and clicks at a size; anything but a panic will do, and the cursor stays on the screen.
fn use_it(session: &mut Session, (width, height): (u16, u16)) {
    session.resize(width, height);
    session.keys("down down up pgdn end home x");
    let (right, bottom) = (width.saturating_sub(1), height.saturating_sub(1));
    for (column, row) in [(0, 0), (right, bottom), (width / 2, height / 2)] {
        session.mouse(MouseEventKind::ScrollDown, column, row);
        session.mouse(MouseEventKind::Down(MouseButton::Right), column, row);
    }
    session.screen();
}

/// Everything on a workspace.
fn everything(mut session: Session) {
    // Every screen has what it needs; from now on nothing is decided.
    for screen in SCREENS {
        session.keys(screen.number).keys("enter");
        session.screen();
    }
    session.hold();
    for (at, screen) in SCREENS.into_iter().enumerate() {
        for (name, open) in popups() {
            session.model.popup = None;
            session.model.typed.clear();
            // Not by its key: a screen that is left with something unsaved asks first.
            session.model.open = at;
            open(&mut session);
            SIZES.iter().for_each(|size| use_it(&mut session, *size));
            session.model.popup = None;
            session.resize(80, 24);
            let drawn = session.screen();
            assert!(drawn.contains(screen.title) || drawn.contains("tastevin"), "{} {name}:\n{drawn}", screen.title);
        }
        session.resize(300, 100);
        session.screen();
    }
}

#[test]
fn every_screen_and_popup_works_at_every_size_with_data() {
    everything(Session::checked(120, 40));
}

#[test]
fn every_screen_and_popup_works_at_every_size_without_data() {
    everything(Session::empty(120, 40));
}

/// The lines of the screen without what is right of them.
fn lines(session: &mut Session) -> Vec<String> {
    session.screen().lines().map(|line| line.trim_end().to_owned()).collect()
}

#[test]
fn twenty_columns_and_five_lines_show_the_list_that_has_the_keys_without_a_frame() {
    let mut session = Session::checked(20, 5);
    assert_eq!(lines(&mut session)[1..3], ["   source          s", "▸✓ isavigne_prod   l"]);
    session.shows("1 Sources").shows("● 1").hides("│");
    session.keys("2 j").shows("▸  Nom").keys("l").shows("▸▶ first_name").hides("source column");
    session.keys("5 enter").shows("customer_key").keys("j j").shows("▸  isavigne-C003");
    // What lies over it has all of it, and says what its keys are.
    session.keys("#").shows("row").shows("enter accept").keys("\"1\" enter").shows("▸  isavigne-C001");
    session.keys("?").shows("grid").shows("enter").keys("esc :").shows("enter choose").keys("esc");
    session.keys("3 j enter x").shows(" why").hides("orphan").shows("enter accept").keys("esc").shows("▸");
}

#[test]
fn what_is_said_on_a_small_screen_leaves_a_line_of_what_it_is_about() {
    let mut session = Session::checked(20, 5);
    session.keys("5 enter E").shows("customer_key").shows("▲ E does nothing");
    session.keys("j").hides("does nothing");
}

#[test]
fn a_question_is_read_and_answered_on_twenty_columns() {
    let mut session = Session::checked(20, 5);
    session.keys("X").shows("isavigne_prod out").shows("y yes").keys("j j j").hides("isavigne_prod out");
    session.keys("enter").shows("Enter answers").keys("n").shows("▸✓ isavigne_prod");
    assert!(session.model.about.sources.contains(&"isavigne_prod".to_owned()));
}

#[test]
fn on_forty_columns_a_commit_says_what_it_adds_changes_and_removes() {
    let mut session = Session::checked(40, 24);
    session.keys("6").shows("added  changed  removed").shows("products        2        0        0");
    session.resize(40, 12).shows("what a commit would change · gate ✗");
}

#[test]
fn below_that_the_size_that_is_needed_is_said() {
    let mut session = Session::checked(12, 3);
    session.shows("12x3: too").keys("x x").resize(80, 24).shows("isavigne_prod");
}

#[test]
fn a_click_on_a_small_screen_meets_the_line_that_is_seen() {
    let mut session = Session::checked(20, 6);
    session.keys("5 enter").shows("▸  isavigne-C001");
    let row = lines(&mut session).iter().position(|line| line.contains("isavigne-C003")).expect("a row") as u16;
    session.click(4, row).shows("▸  isavigne-C003");
}

#[test]
fn the_header_keeps_the_open_screen_and_the_verdict_apart_at_every_width() {
    let mut session = Session::checked(120, 24);
    for width in 16..130 {
        for (screen, number) in SCREENS.iter().zip(1..) {
            session.model.open = number - 1;
            session.resize(width, 12);
            let header = session.screen().lines().next().unwrap_or_default().to_owned();
            assert!(header.contains(&format!(" {} {}", screen.number, screen.title)), "{width}: {header}");
            let verdict = header.split_once('●').unwrap_or_default();
            assert!(verdict.0.ends_with(' '), "{width}: {header}");
            assert!(width < 30 || verdict.1.starts_with(" 1 finding"), "{width}: {header}");
        }
    }
}
