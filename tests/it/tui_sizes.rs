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
            session.model.popup =
                Some(Popup::Question(Question { title: "quit".to_owned(), about, yes: |_| Vec::new() }));
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

#[test]
fn a_screen_of_twenty_columns_says_what_it_needs_and_shows_its_keys() {
    let mut session = Session::checked(20, 5);
    session.shows("too small").keys("?").shows("keys").keys("q").resize(80, 24).shows("isavigne_prod");
}
