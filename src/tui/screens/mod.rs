//! The screens, one file or folder each and one line in [`SCREENS`]; and the commands that work on all of them.

pub mod anomalies;
mod changes;
pub mod commit;
pub mod duplicates;
pub mod history;
pub mod mapping;
pub mod sources;
pub mod tables;
mod take_back;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::cursor::Reel;
use super::effects::{Answer, Ask, Effect, Job, Wish};
use super::keymap::{Command, Layer, On, Place, always};
use super::model::{Model, Pending};
use super::notes::Tone;
use super::{popups, text};
use crate::model::Action;

/// A screen: how it is reached, what it shows, what works on it. Its state is a field of the model.
pub struct Screen {
    /// Its number, which is also its key.
    pub number: &'static str,
    /// Its name in the header.
    pub title: &'static str,
    /// How many panes it has now.
    pub panes: fn(&Model) -> usize,
    /// The pane that has the keys.
    pub focus: fn(&mut Model) -> &mut usize,
    /// Where its panes are, given the part of the terminal that is its own. Panes without room are left out.
    pub regions: fn(&Model, Rect) -> Vec<Region>,
    /// The list in a pane that keys and mouse move through.
    pub reel: fn(&mut Model, usize) -> Option<Reel<'_>>,
    /// What it must ask for to show what is to be seen now. Called after every message; asks for a thing once.
    pub needs: fn(&mut Model) -> Vec<Effect>,
    /// Takes an answer; every screen is given every answer.
    pub answer: fn(&mut Model, &Answer),
    /// Esc: takes one step out. False where there is nothing to leave.
    pub back: fn(&mut Model) -> bool,
    /// The layers of commands, the most particular first.
    pub layers: fn(&Model) -> Vec<&'static Layer>,
    /// All layers that it ever has, for the tests and the documentation.
    pub all_layers: &'static [&'static Layer],
    /// Draws it.
    pub view: fn(&Model, Rect, &mut Buffer),
}

/// Where a pane is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Which pane.
    pub pane: usize,
    /// The whole of it.
    pub frame: Rect,
    /// The lines of its list.
    pub body: Rect,
}

/// Panes as they are drawn: the one with the keys last, so that its frame is whole.
fn in_drawing_order(mut panes: Vec<Region>, focus: usize) -> Vec<Region> {
    panes.sort_by_key(|region| region.pane == focus);
    panes
}

/// Every screen, in the order of the tabs.
pub static SCREENS: [&Screen; 7] = [
    &sources::SCREEN,
    &mapping::SCREEN,
    &anomalies::SCREEN,
    &duplicates::SCREEN,
    &tables::SCREEN,
    &commit::SCREEN,
    &history::SCREEN,
];

/// The keys of the tabs.
pub static TABS: Layer = Layer {
    title: "screens",
    commands: &[
        Command {
            name: "go to sources",
            keys: &["1"],
            label: "",
            help: "Opens Sources: what comes in.",
            run: |m| {
                sources::home(m);
                open(m, &sources::SCREEN)
            },
            ready: always,
        },
        Command {
            name: "go to mapping",
            keys: &["2"],
            label: "",
            help: "Opens Mapping: how columns land in the canonical tables.",
            run: |m| open(m, &mapping::SCREEN),
            ready: always,
        },
        Command {
            name: "go to anomalies",
            keys: &["3"],
            label: "",
            help: "Opens Anomalies: what is wrong.",
            run: |m| open(m, &anomalies::SCREEN),
            ready: always,
        },
        Command {
            name: "go to duplicates",
            keys: &["4"],
            label: "",
            help: "Opens Duplicates: rows that may be the same thing.",
            run: |m| open(m, &duplicates::SCREEN),
            ready: always,
        },
        Command {
            name: "go to tables",
            keys: &["5"],
            label: "",
            help: "Opens Tables: every table of every stage.",
            run: |m| open(m, &tables::SCREEN),
            ready: always,
        },
        Command {
            name: "go to commit",
            keys: &["6"],
            label: "",
            help: "Opens Commit: what would change.",
            run: |m| open(m, &commit::SCREEN),
            ready: always,
        },
        Command {
            name: "go to history",
            keys: &["7"],
            label: "",
            help: "Opens History: what was loaded and committed, and how the scores went.",
            run: |m| open(m, &history::SCREEN),
            ready: always,
        },
    ],
};

/// What works on every screen.
pub static GLOBAL: Layer = Layer {
    title: "everywhere",
    commands: &[
        Command {
            name: "help",
            keys: &["?", "F1"],
            label: "help",
            help: "Shows the keys that work here.",
            run: popups::help,
            ready: always,
        },
        Command {
            name: "commands",
            keys: &[":"],
            label: "commands",
            help: "Finds a command by its name.",
            run: popups::palette,
            ready: always,
        },
        Command {
            name: "next pane",
            keys: &["tab"],
            label: "",
            help: "Goes to the next pane.",
            run: |m| next_pane(m, true),
            ready: has_panes,
        },
        Command {
            name: "previous pane",
            keys: &["S-tab"],
            label: "",
            help: "Goes to the pane before.",
            run: |m| next_pane(m, false),
            ready: has_panes,
        },
        Command {
            name: "down",
            keys: &["j", "down"],
            label: "",
            help: "Goes one line down.",
            run: |m| step(m, |_| 1),
            ready: always,
        },
        Command {
            name: "up",
            keys: &["k", "up"],
            label: "",
            help: "Goes one line up.",
            run: |m| step(m, |_| -1),
            ready: always,
        },
        Command {
            name: "top",
            keys: &["g g", "home"],
            label: "",
            help: "Goes to the first line.",
            run: |m| step(m, |_| i64::MIN),
            ready: always,
        },
        Command {
            name: "bottom",
            keys: &["G", "end"],
            label: "",
            help: "Goes to the last line.",
            run: |m| step(m, |_| i64::MAX),
            ready: always,
        },
        Command {
            name: "half a page down",
            keys: &["C-d"],
            label: "",
            help: "Goes half a page down.",
            run: |m| step(m, |height| height / 2),
            ready: always,
        },
        Command {
            name: "half a page up",
            keys: &["C-u"],
            label: "",
            help: "Goes half a page up.",
            run: |m| step(m, |height| -height / 2),
            ready: always,
        },
        Command {
            name: "page down",
            keys: &["pgdn", "C-f"],
            label: "",
            help: "Goes a page down.",
            run: |m| step(m, |height| height),
            ready: always,
        },
        Command {
            name: "page up",
            keys: &["pgup", "C-b"],
            label: "",
            help: "Goes a page up.",
            run: |m| step(m, |height| -height),
            ready: always,
        },
        Command {
            name: "undo",
            keys: &["u"],
            label: "undo decision",
            help: "Takes back what you decided last, all that one key did; what was decided on another screen or day after a question that names it.",
            run: take_back::undo_last,
            ready: take_back::can_undo,
        },
        Command {
            name: "redo",
            keys: &["U"],
            label: "",
            help: "Makes again what was taken back last, with a question in the same cases.",
            run: take_back::redo_last,
            ready: take_back::can_redo,
        },
        Command {
            name: "check again",
            keys: &["r"],
            label: "",
            help: "Builds the candidates and runs every rule again.",
            run: check,
            ready: Model::free,
        },
        Command {
            name: "theme",
            keys: &[],
            label: "",
            help: "Chooses the colours, which are seen while you choose, and writes the choice into config.toml.",
            run: popups::themes,
            ready: always,
        },
        Command {
            name: "messages",
            keys: &["!"],
            label: "",
            help: "Shows everything that was said, the newest last.",
            run: popups::messages,
            ready: always,
        },
        Command {
            name: "write the report",
            keys: &[],
            label: "",
            help: "Writes the report of the last check into a file, as a page, a workbook or text.",
            run: popups::report,
            ready: popups::checked,
        },
        Command {
            name: "show as commands",
            keys: &["@"],
            label: "",
            help: "Shows what was done here as lines for a shell, to be copied.",
            run: popups::journal,
            ready: popups::something_done,
        },
        Command {
            name: "release the mouse",
            keys: &["M"],
            label: "",
            help: "Leaves the mouse to the terminal, to select text with it, or takes it back.",
            run: toggle_mouse,
            ready: always,
        },
        Command {
            name: BACK,
            keys: &["esc"],
            label: "back",
            help: "Cancels the work that is going on, or takes one step out.",
            run: back,
            ready: always,
        },
        Command {
            name: "close",
            keys: &["q"],
            label: "",
            help: "Takes one step out, and ends the program at the outermost place.",
            run: close,
            ready: always,
        },
        Command {
            name: "quit",
            keys: &["Q"],
            label: "quit",
            help: "Ends the program, once every decision is on the disk.",
            run: quit,
            ready: always,
        },
        Command {
            name: "cancel",
            keys: &["C-c"],
            label: "",
            help: "Cancels the work that is going on; without any, ends the program.",
            run: cancel_or_quit,
            ready: always,
        },
    ],
};

/// Every layer there is, with the places where it is on.
pub fn places() -> Vec<Place> {
    let on = |on: On| move |layer: &&'static Layer| Place { layer, on };
    let mut places: Vec<Place> = [&TABS, &GLOBAL].iter().map(on(On::Everywhere)).collect();
    places.extend(popups::LAYERS.iter().map(on(On::Popup)));
    places.extend(SCREENS.iter().flat_map(|screen| screen.all_layers).map(on(On::Screen)));
    places
}

/// Every layer there is, popups too.
pub fn layers() -> Vec<&'static Layer> {
    places().into_iter().map(|place| place.layer).collect()
}

/// Opens a screen.
pub fn open(model: &mut Model, screen: &'static Screen) -> Vec<Effect> {
    let leaves_mapping = std::ptr::eq(model.screen(), &mapping::SCREEN) && !std::ptr::eq(screen, &mapping::SCREEN);
    if leaves_mapping && mapping::asks_before(model, screen) {
        return Vec::new();
    }
    if let Some(at) = SCREENS.iter().position(|known| std::ptr::eq(*known, screen)) {
        model.open = at;
    }
    model.doors.clear();
    // What somebody wrote into the files meanwhile is seen on the screen that is opened.
    let asks = model.verdict.is_some() && !model.check_wanted && model.work.is_none() && model.writable().is_ok();
    if asks { vec![model.ask(Ask::Edited)] } else { Vec::new() }
}

/// Opens a screen on what is behind a count or a step of another one: Esc leads back.
pub fn through(model: &mut Model, screen: &'static Screen) -> Vec<Effect> {
    let from = model.open;
    let mut doors = std::mem::take(&mut model.doors);
    let effects = open(model, screen);
    if model.open != from {
        doors.push((from, model.open));
    }
    model.doors = doors;
    if std::ptr::eq(screen, &anomalies::SCREEN) {
        anomalies::entered(model);
    }
    effects
}

/// The command that takes one step out.
pub const BACK: &str = "back";

/// Whether something lies over the open screen, or a door led to it, so that a step out leads somewhere.
pub fn leads_back(model: &Model) -> bool {
    let is_open = |screen: &'static Screen| std::ptr::eq(model.screen(), screen);
    is_behind_a_door(model)
        || is_open(&anomalies::SCREEN) && anomalies::is_covered(model)
        || is_open(&tables::SCREEN) && tables::is_beside(model)
        || is_open(&sources::SCREEN) && sources::is_detailed(model)
}

/// Whether the open screen was come to through a door.
fn is_behind_a_door(model: &Model) -> bool {
    model.doors.last().is_some_and(|(_, to)| *to == model.open)
}

/// Goes back through the door to the open screen; false where there is none.
fn leave_door(model: &mut Model) -> bool {
    if !is_behind_a_door(model) {
        return false;
    }
    let Some((from, _)) = model.doors.last().copied() else { return false };
    let leaves_mapping = std::ptr::eq(model.screen(), &mapping::SCREEN);
    if leaves_mapping && mapping::asks_before(model, SCREENS[from]) {
        return true;
    }
    model.doors.pop();
    model.open = from;
    true
}

/// The mouse was pressed in a pane of the open screen, before the line there is chosen.
pub fn pointed(model: &mut Model, pane: usize, place: Position) {
    if std::ptr::eq(model.screen(), &tables::SCREEN) {
        tables::pointed(model, pane, place);
    } else if std::ptr::eq(model.screen(), &sources::SCREEN) {
        sources::pointed(model, pane, place);
    }
}

/// The region of a pane, if it has room on the screen as it is.
pub fn region(model: &Model, pane: usize) -> Option<Region> {
    (model.screen().regions)(model, model.body()).into_iter().find(|region| region.pane == pane)
}

/// How many lines of a pane's list are seen at once.
pub fn lines_seen(model: &Model, regions: fn(&Model, Rect) -> Vec<Region>, pane: usize) -> u64 {
    let region = regions(model, model.body()).into_iter().find(|region| region.pane == pane);
    region.map_or(1, |region| u64::from(region.body.height).max(1))
}

fn has_panes(model: &Model) -> Result<(), String> {
    if (model.screen().panes)(model) > 1 {
        Ok(())
    } else {
        Err(format!("there is one pane here; {} goes back", model.key("back")))
    }
}

fn next_pane(model: &mut Model, forward: bool) -> Vec<Effect> {
    let panes = (model.screen().panes)(model);
    let focus = (model.screen().focus)(model);
    *focus = (*focus + if forward { 1 } else { panes - 1 }) % panes;
    Vec::new()
}

/// Moves through the list that has the keys, by as many lines as `lines` says for its height.
fn step(model: &mut Model, lines: fn(i64) -> i64) -> Vec<Effect> {
    let screen = model.screen();
    let pane = *(screen.focus)(model);
    if let Some(mut reel) = (screen.reel)(model, pane) {
        let height = i64::try_from(reel.height).unwrap_or(1).max(2);
        reel.step(lines(height));
    }
    Vec::new()
}

/// Builds and checks again, as the user's own wish.
pub fn check(model: &mut Model) -> Vec<Effect> {
    model.check_loudly = true;
    model.check_wanted = true;
    vec![Effect::Do(Job::Check)]
}

/// Sends a decision to the ledger.
pub fn decide(model: &mut Model, wish: Wish, why: Option<String>) -> Vec<Effect> {
    let ticket = model.ticket();
    let (reverts, undo) = match &wish {
        Wish::Action(Action::Revert { of, undo }) => (Some(of.clone()), *undo),
        _ => (None, false),
    };
    if let Some(of) = &reverts {
        model.decided_on.insert(of.clone(), model.open);
    }
    let (since, on, act) = (model.clock, model.open, model.act);
    model.pending.insert(ticket, Pending { reverts, undo, act, since, on });
    vec![Effect::Do(Job::Decide { ticket, wish: Box::new(wish), why })]
}

fn toggle_mouse(model: &mut Model) -> Vec<Effect> {
    model.mouse = !model.mouse;
    let text = if model.mouse {
        "the mouse clicks and scrolls here again".to_owned()
    } else {
        format!("the mouse is the terminal's; {} takes it back", model.key("release the mouse"))
    };
    model.say(Tone::News, text);
    vec![Effect::Mouse(model.mouse)]
}

fn cancel(model: &mut Model) -> Option<Vec<Effect>> {
    let work = model.work.as_mut().filter(|work| !work.quiet && !work.cancelled)?;
    work.cancelled = true;
    model.loads.clear();
    Some(vec![Effect::Cancel])
}

fn back(model: &mut Model) -> Vec<Effect> {
    if model.notes.shown().is_some() {
        model.notes.dismiss();
    }
    if let Some(effects) = cancel(model) {
        return effects;
    }
    step_out(model);
    Vec::new()
}

/// One step out of what is open; false at the outermost place.
fn step_out(model: &mut Model) -> bool {
    (model.screen().back)(model) || leave_door(model)
}

fn close(model: &mut Model) -> Vec<Effect> {
    if step_out(model) { Vec::new() } else { quit(model) }
}

/// Ends the program, after a question while there is something that it would have to wait for.
fn quit(model: &mut Model) -> Vec<Effect> {
    if mapping::asks_before_end(model) {
        return Vec::new();
    }
    let mut about = Vec::new();
    if model.work.as_ref().is_some_and(|work| work.job.is_commit()) {
        about.push("A commit is being made.".to_owned());
    }
    match model.pending.len() as u64 {
        0 => {}
        1 => about.push("1 decision is not on the disk yet.".to_owned()),
        many => about.push(format!("{} are not on the disk yet.", text::count(many, "decision"))),
    }
    if about.is_empty() {
        return vec![Effect::Quit];
    }
    about.push("The program ends when that is done; Ctrl-C ends it at once and says what was dropped.".to_owned());
    let yes = |_: &mut Model| vec![Effect::Quit];
    model.popup = Some(popups::Popup::Question(popups::Question::new("quit", about, yes)));
    Vec::new()
}

fn cancel_or_quit(model: &mut Model) -> Vec<Effect> {
    cancel(model).unwrap_or_else(|| quit(model))
}

/// Money as it is shown: `38 210 €`.
pub fn money(model: &Model, amount: f64) -> String {
    let unit = model.about.schema.stake().map(|(_, stake)| stake.unit.as_str()).unwrap_or_default();
    let sign = if amount <= -0.5 { "−" } else { "" };
    let number = text::number(amount.abs().round() as u64);
    format!("{sign}{number} {}", text::clean(unit)).trim_end().to_owned()
}

/// Money where there is little room: `4 089 €`, `19.8 k€`, `381 k€`.
pub fn money_in_brief(model: &Model, amount: f64) -> String {
    let unit = model.about.schema.stake().map(|(_, stake)| stake.unit.as_str()).unwrap_or_default();
    let sign = if amount <= -0.5 { "−" } else { "" };
    let (mut value, mut prefix) = (amount.abs(), "");
    for larger in ["k", "M", "G"] {
        if value.round() < 10_000.0 && prefix.is_empty() || value < 999.5 {
            break;
        }
        (value, prefix) = (value / 1000.0, larger);
    }
    let number = match prefix {
        "" => return money(model, amount),
        _ if value < 99.95 => format!("{value:.1}"),
        _ => text::number(value.round() as u64),
    };
    let gap = if text::width(unit) > 1 { " " } else { "" };
    format!("{sign}{number} {prefix}{gap}{}", text::clean(unit))
}

/// Puts text on the clipboard and says so; what is too long for terminals is refused, not cut.
pub fn copy(model: &mut Model, value: String) -> Vec<Effect> {
    /// The longest OSC 52 sequence that common terminals take, before its base64 encoding.
    const MOST: usize = 74_994 / 4 * 3;
    if value.is_empty() {
        model.say(Tone::Refused, "there is no value here to be copied");
        return Vec::new();
    }
    if value.len() > MOST {
        model.say(
            Tone::Refused,
            format!("{} are too much for the terminal's clipboard", text::bytes(value.len() as u64)),
        );
        return Vec::new();
    }
    let shown = text::clean(&value);
    model.say(Tone::News, format!("copied \"{}\"", text::fit(&shown, 40)));
    vec![Effect::Copy(value)]
}
