//! Stories of what the user set: themes, glyphs, keys, and what is said of mistakes in them.

use std::path::PathBuf;

use ratatui::style::{Color, Modifier};
use tastevin::tui::config::Config;
use tastevin::tui::screens;
use tastevin::tui::theme::{Depth, Terminal};
use tastevin::workbench::preferences::{Preferences, TextFile};

use crate::session::Session;

const FULL: Terminal = Terminal { depth: Depth::Full, ascii: false };

/// A session of somebody with a `config.toml`.
fn with(text: &str, terminal: Terminal, width: u16, height: u16) -> Session {
    let mut session = Session::checked(width, height);
    let config = TextFile { path: PathBuf::from("/home/marie/.config/tastevin/config.toml"), text: text.to_owned() };
    let preferences = Preferences { config: Some(config), ..Preferences::default() };
    session.model.configure(Config::of(preferences, None, terminal, &screens::places()));
    session
}

/// The colours that are on the screen, of ink and of paper.
fn colours(session: &mut Session) -> Vec<Color> {
    session.screen();
    let mut colours = Vec::new();
    for cell in session.terminal.backend().buffer().content() {
        for colour in [cell.fg, cell.bg] {
            if !colours.contains(&colour) {
                colours.push(colour);
            }
        }
    }
    colours
}

#[test]
fn a_theme_is_seen_while_it_is_chosen_and_kept_when_it_is() {
    let mut session = with("", FULL, 100, 24);
    assert!(!colours(&mut session).contains(&Color::Rgb(0xfa, 0xf9, 0xf5)));
    session.keys(": \"theme\" enter").shows("terminal").shows("ink on a light background");
    session.keys("down down");
    assert!(colours(&mut session).contains(&Color::Rgb(0xfa, 0xf9, 0xf5)), "the light one is shown");
    session.keys("esc");
    assert!(!colours(&mut session).contains(&Color::Rgb(0xfa, 0xf9, 0xf5)), "the one before is back");
    session.keys(": \"theme\" enter \"light\" enter").shows("written into").shows("config.toml");
    assert!(!colours(&mut session).contains(&Color::Reset), "every cell has ink and paper");
    let written = std::fs::read_to_string(session.dir.path().join("settings/config.toml")).expect("the file");
    assert_eq!(written, "theme = \"light\"\n");
}

#[test]
fn a_terminal_of_sixteen_colours_gets_no_others_whatever_the_theme() {
    for theme in ["terminal", "dark", "light", "contrast"] {
        let terminal = Terminal { depth: Depth::Sixteen, ascii: false };
        let mut session = with(&format!("theme = \"{theme}\""), terminal, 120, 30);
        session.keys("3 enter");
        let wide = |colour: &Color| matches!(colour, Color::Rgb(..) | Color::Indexed(_));
        assert!(!colours(&mut session).iter().any(wide), "{theme}: {:?}", colours(&mut session));
    }
}

#[test]
fn without_colours_no_theme_has_any_and_the_cursor_is_reversed() {
    let terminal = Terminal { depth: Depth::None, ascii: false };
    let mut session = with("theme = \"dark\"", terminal, 120, 30);
    session.keys("3");
    assert_eq!(colours(&mut session), [Color::Reset]);
    let reversed = |cell: &ratatui::buffer::Cell| cell.modifier.contains(Modifier::REVERSED);
    assert!(session.terminal.backend().buffer().content().iter().any(reversed));
}

#[test]
fn in_ascii_every_frame_bar_and_mark_is_ascii_on_every_screen() {
    let mut session = with("glyphs = \"ascii\"", FULL, 140, 40);
    for keys in [
        "1",
        "2 j j j",
        "3 enter",
        "3 enter enter",
        "esc esc 6",
        "?",
        "esc :",
        "esc !",
        "esc 3 &",
        "esc g",
        "esc esc 5 enter s =",
        "I",
        "esc F",
        "&",
    ] {
        let screen = session.keys(keys).screen();
        let odd: Vec<char> = screen.chars().filter(|c| !c.is_ascii() && !c.is_alphanumeric()).collect();
        assert!(odd.is_empty(), "{keys}: {odd:?}\n{screen}");
    }
    let mut session = with("glyphs = \"ascii\"", FULL, 80, 24);
    session.shows("+ sources -----").shows("|>v isavigne_prod").shows("* 1 finding ! 5");
}

#[test]
fn a_key_that_was_changed_is_the_one_that_works_and_the_one_that_is_shown() {
    let config = "[keys]\n\"load all\" = \"A-l\"\nquit = []\n\n[keys.everywhere]\nhelp = [\"F2\", \"g h\"]\n";
    let mut session = with(config, FULL, 100, 24);
    session.shows("A-l load all").shows("F2 help").hides("Q quit");
    session.keys("L").shows("L does nothing here").keys("Q").shows("Q does nothing here");
    session.keys("g").shows("h   help").keys("h").shows("keys · sources").shows("A-l").keys("esc");
    session.keys(": \"quit\"").shows("Ends the program").keys("esc A-l").shows("checked: ");
}

#[test]
fn what_a_refusal_or_a_hint_names_is_the_key_that_the_user_has() {
    let config = "[keys]\nundo = \"A-z\"\n\"check again\" = \"F5\"\n\"go to sources\" = \"F9\"\n\"load all\" = \"A-l\"\n\
                  \"add source\" = \"A-a\"\nwaive = \"A-w\"\nfilter = \"A-f\"\nback = \"A-b\"\n\"release the mouse\" = []\n";
    let mut session = with(config, FULL, 120, 36);
    session.keys("3 / \"invalid\" enter").shows("invalid-email").keys("enter A-w \"by post\" enter A-w");
    session.shows("A-z takes a decision back");
    session.keys("A-z 3 W").shows("Nothing is waived. A-w on a finding").keys("A-b");
    session.keys(": \"release the mouse\" enter").shows(":release the mouse takes it back");
    session.keys("5 enter A-f \"false\" enter").shows("no row is like that; A-b removes the last filter");
    for (session, said) in
        [(Session::empty(120, 36), "F9 A-a  adds one"), (Session::fresh(120, 36), "F9 A-l  loads every")]
    {
        let mut session = session;
        let config = TextFile { path: PathBuf::from("config.toml"), text: config.to_owned() };
        let preferences = Preferences { config: Some(config), ..Preferences::default() };
        session.model.configure(Config::of(preferences, None, FULL, &screens::places()));
        for screen in ["3", "4", "6", "7"] {
            session.keys(screen).shows(said);
        }
    }
}

#[test]
fn mapping_names_the_keys_that_the_user_has_too() {
    let config = "[keys]\n\"accept suggestion\" = \"A-a\"\nunmap = \"A-x\"\noptional = \"A-o\"\nmap = \"A-m\"\n\
                  \"accept all suggestions\" = \"A-s\"\n\"higher score\" = \"A-p\"\n\"lower score\" = \"A-n\"\n";
    let mut session = with(config, FULL, 140, 40);
    let file = session.dir.path().join("exports/clients.csv");
    let text = std::fs::read_to_string(&file).expect("the export");
    std::fs::write(&file, text.replacen("Remarques", "Note", 1)).expect("a new export");
    session.keys("1 l 2 D").shows("A-a reads it by its new").shows("A-x unmaps it and A-o lets it be absent");
    session.shows("A-m maps it").keys("esc A-p").shows("A-s accepts ");
}

#[test]
fn a_mistake_in_the_configuration_is_said_with_its_line_and_the_rest_holds() {
    let config = "theme = \"light\"\nmouse = \"off\"\n[keys]\nundo = \"r\"\n";
    let mut session = with(config, FULL, 100, 30);
    session.keys("!").shows("config.toml:2").shows("[mouse]: this is true or");
    session.shows("config.toml:4: the key r would be both");
    assert!(colours(&mut session).contains(&Color::Rgb(0xfa, 0xf9, 0xf5)), "the theme holds");
    with("theme = \"drak\"", FULL, 100, 30)
        .shows("there is no theme \"drak\"")
        .shows("there are terminal, dark, light");
    with("[keys]\nundo = \"C-i\"", FULL, 100, 30).shows("[undo]: no terminal sends the");
    with("thme = \"x\"", FULL, 100, 30).shows("did you mean theme?");
}

#[test]
fn the_settings_that_the_page_shows_can_be_taken_over_as_they_are() {
    let page = include_str!("../../docs/configuration.md");
    let example = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let mut session = with(example, FULL, 100, 30);
    session.hides("config.toml:").keys(": \"half a page down\"").shows("A-j").keys("esc 3 f").shows("filter");
}
