//! Everything the screen is drawn from. `update` changes it, `view` only reads it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use indexmap::IndexMap;
use ratatui::layout::{Position, Rect};

use super::config::Config;
use super::effects::{Ask, Effect, Job, Slot};
use super::keymap::{Keymap, Layer};
use super::message::Key;
use super::notes::{Notes, Tone};
use super::popups::{Form, Popup, Sent};
use super::screens::{self, Screen, anomalies, commit, duplicates, history, mapping, sources, tables};
use super::shell::Journal;
use super::theme::{Named, Theme};
use crate::model::{Decision, Gate, Mapping, Progress, Schema, Verdict};

/// Below this size, in columns and lines, there is no room for frames: what has the keys is seen alone.
pub const SMALL: (u16, u16) = (40, 8);
/// Below this size nothing can be read and nothing is done.
pub const SMALLEST: (u16, u16) = (16, 4);

/// What is known of the workspace and of whoever sits here.
#[derive(Debug, Clone)]
pub struct About {
    /// The name of the workspace.
    pub name: String,
    /// Its folder.
    pub dir: PathBuf,
    /// The canonical schema.
    pub schema: Arc<Schema>,
    /// All mappings by name, those of no source too, as they were at the start.
    pub mappings: Arc<Vec<(String, Mapping)>>,
    /// What must hold before a commit.
    pub gate: Gate,
    /// The names of the sources.
    pub sources: Vec<String>,
    /// Who sits here.
    pub who: String,
    /// Whether changes are refused.
    pub read_only: bool,
    /// The calendar day where the user is.
    pub today: NaiveDate,
}

/// The work that is going on.
#[derive(Debug, Clone)]
pub struct Work {
    /// What it is.
    pub job: Job,
    /// When it began, since the start.
    pub since: Duration,
    /// Where it stands.
    pub progress: Option<Progress>,
    /// When what is counted now began, since the start.
    pub counting_since: Duration,
    /// Whether it goes on behind what the user does, so that a word in the corner is enough.
    pub quiet: bool,
    /// Whether the user asked for it to stop.
    pub cancelled: bool,
    /// Whether it is known that it was stopped, and told.
    pub stopped: bool,
}

/// A decision that is not on the disk yet.
#[derive(Debug, Clone)]
pub struct Pending {
    /// The decision that it takes back, if it does.
    pub reverts: Option<String>,
    /// Whether it takes that back by undo or redo, and not because the user gave it up.
    pub undo: bool,
    /// What it was made by.
    pub act: u64,
    /// When it was made, since the start.
    pub since: Duration,
    /// The screen on which it was made, by its place in [`screens::SCREENS`].
    pub on: usize,
}

/// The whole state of the workbench.
pub struct Model {
    /// The size of the terminal.
    pub area: Rect,
    /// The workspace, and who sits here.
    pub about: About,
    /// The colours.
    pub theme: Theme,
    /// The themes that can be chosen.
    pub themes: Vec<Named>,
    /// The keys as the user wants them.
    pub keymap: Keymap,
    /// The names of the commands that were chosen in the palette, the last one first.
    pub recent: Vec<&'static str>,
    /// Time since the start.
    pub clock: Duration,
    /// Which screen is open, by its place in [`screens::SCREENS`].
    pub open: usize,
    /// The doors that were gone through from screen to screen, each from where to where; Esc goes back through them.
    pub doors: Vec<(usize, usize)>,
    /// What the Sources screen shows.
    pub sources: sources::State,
    /// What the Mapping screen shows.
    pub mapping: mapping::State,
    /// What the Anomalies screen shows.
    pub anomalies: anomalies::State,
    /// What the Tables screen shows.
    pub tables: tables::State,
    /// What the Duplicates screen shows.
    pub duplicates: duplicates::State,
    /// What the Commit screen shows.
    pub commit: commit::State,
    /// What the History screen shows.
    pub history: history::State,
    /// The last verdict; `None` before the first check.
    pub verdict: Option<Verdict>,
    /// Decisions that could not be applied.
    pub conflicts: u64,
    /// The ledger.
    pub ledger: Vec<Decision>,
    /// The work that is going on.
    pub work: Option<Work>,
    /// Sources that are still to be loaded.
    pub loads: Vec<String>,
    /// Whether one of those that were loaded together was staged, so that there is something new to check.
    pub staged: bool,
    /// Whether a check was asked for that has not begun.
    pub check_wanted: bool,
    /// Whether the last check could not be made; nothing begins another one by itself until something changes.
    pub check_failed: bool,
    /// Whether the next check is the user's own wish and not the consequence of a decision.
    pub check_loudly: bool,
    /// Decisions that are on their way to the disk, by their tickets, in the order in which they were made.
    pub pending: IndexMap<u64, Pending>,
    /// On which screen each decision of this session was made, taken back or made again last, by its id.
    pub decided_on: HashMap<String, usize>,
    /// What each decision of this session was made by, by its id: what one key did is undone by one key.
    pub acts: HashMap<String, u64>,
    /// Counts the messages.
    pub act: u64,
    /// Counts the changes of the data; what was fetched under another number is old.
    pub epoch: u64,
    /// What lies over the screen.
    pub popup: Option<Popup>,
    /// The form that was sent last, where what it asked for can fail.
    pub sent: Option<(Sent, Form)>,
    /// The keys of a sequence that is not complete.
    pub typed: Vec<Key>,
    /// What the program has to say.
    pub notes: Notes,
    /// What was done, as lines for a shell.
    pub journal: Journal,
    /// Whether the mouse is ours.
    pub mouse: bool,
    /// The last click, for double clicks: when and where.
    pub clicked: Option<(Duration, u16, u16)>,
    tickets: u64,
    generations: u64,
    asked: HashMap<Slot, u64>,
}

impl Model {
    /// A model on which nothing is known yet.
    pub fn new(about: About, ledger: Vec<Decision>, theme: Theme, width: u16, height: u16) -> Model {
        Model {
            area: Rect::new(0, 0, width, height),
            about,
            theme,
            themes: Vec::new(),
            keymap: Keymap::default(),
            recent: Vec::new(),
            clock: Duration::ZERO,
            open: 0,
            doors: Vec::new(),
            sources: sources::State::default(),
            mapping: mapping::State::default(),
            anomalies: anomalies::State::default(),
            tables: tables::State::default(),
            duplicates: duplicates::State::default(),
            commit: commit::State::default(),
            history: history::State::default(),
            verdict: None,
            conflicts: 0,
            ledger,
            work: None,
            loads: Vec::new(),
            staged: false,
            check_wanted: false,
            check_failed: false,
            check_loudly: false,
            pending: IndexMap::new(),
            decided_on: HashMap::new(),
            acts: HashMap::new(),
            act: 0,
            epoch: 1,
            popup: None,
            sent: None,
            typed: Vec::new(),
            notes: Notes::default(),
            journal: Journal::default(),
            mouse: true,
            clicked: None,
            tickets: 0,
            generations: 0,
            asked: HashMap::new(),
        }
    }

    /// Takes over what the user set; what is wrong with it is said.
    pub fn configure(&mut self, config: Config) {
        if let Some(named) = config.themes.get(config.theme) {
            self.theme = named.theme;
        }
        (self.themes, self.keymap, self.mouse) = (config.themes, config.keymap, config.mouse);
        for error in &config.wrong {
            self.notes.fail(self.clock, error);
        }
    }

    /// The screen that is open.
    pub fn screen(&self) -> &'static Screen {
        screens::SCREENS.get(self.open).unwrap_or(&screens::SCREENS[0])
    }

    /// The layers of commands that are on, the most particular first.
    pub fn layers(&self) -> Vec<&'static Layer> {
        let built_in = match &self.popup {
            Some(popup) => popup.layers(),
            None => {
                let mut layers = (self.screen().layers)(self);
                layers.push(&screens::TABS);
                layers.push(&screens::GLOBAL);
                layers
            }
        };
        built_in.into_iter().map(|layer| self.keymap.effective(layer)).collect()
    }

    /// The key of a command as the user has it, for a sentence that names it; of several commands of one name the one of
    /// the open screen, unless it is told apart as `place/command`.
    pub fn key(&self, name: &'static str) -> String {
        let mut layers = (self.screen().layers)(self);
        layers.extend([&screens::TABS, &screens::GLOBAL]);
        self.keymap.key(&layers, name)
    }

    /// The effect that asks; whatever was asked of the same kind before no longer matters.
    pub fn ask(&mut self, ask: Ask) -> Effect {
        self.generations += 1;
        self.asked.insert(ask.slot(), self.generations);
        Effect::Ask(self.generations, Box::new(ask))
    }

    /// The effect that stops the search for an answer; one that comes all the same no longer matters.
    pub fn forget(&mut self, slot: Slot) -> Effect {
        self.asked.remove(&slot);
        Effect::Forget(slot)
    }

    /// Whether an answer is the one that is waited for.
    pub fn awaits(&self, slot: Slot, generation: u64) -> bool {
        self.asked.get(&slot) == Some(&generation)
    }

    /// A number that no decision has had.
    pub fn ticket(&mut self) -> u64 {
        self.tickets += 1;
        self.tickets
    }

    /// Says something on the screen and in the log.
    pub fn say(&mut self, tone: Tone, text: impl Into<String>) {
        self.notes.say(self.clock, tone, text, Vec::new());
    }

    /// Says something with what to do next.
    pub fn say_with_hint(&mut self, tone: Tone, text: impl Into<String>, hint: impl Into<String>) {
        self.notes.say(self.clock, tone, text, vec![hint.into()]);
    }

    /// Why nothing may be changed, if so. A decision waits for nothing: it is written beside whatever is going on.
    pub fn writable(&self) -> Result<(), String> {
        match self.about.read_only {
            true => Err("the workspace is open for reading only".to_owned()),
            false => Ok(()),
        }
    }

    /// Why no long work may be begun now, if so. A check is no obstacle: it makes way.
    pub fn free(&self) -> Result<(), String> {
        self.writable()?;
        match self.work.as_ref().filter(|work| !work.stopped).map(|work| &work.job) {
            Some(Job::Load(source)) => Err(format!("{source} is being loaded; {} cancels that", self.key("back"))),
            Some(job) if job.is_commit() => Err("a commit is being made".to_owned()),
            _ => Ok(()),
        }
    }

    /// Whether the terminal is too small to see what a key would do.
    pub fn too_small(&self) -> bool {
        self.area.width < SMALLEST.0 || self.area.height < SMALLEST.1
    }

    /// Whether the terminal is too small for frames.
    pub fn is_small(&self) -> bool {
        self.area.width < SMALL.0 || self.area.height < SMALL.1
    }

    /// The part of the terminal between header and footer.
    pub fn between(&self) -> Rect {
        let area = self.area;
        Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(2), ..area }
    }

    /// Where the screen is laid out: between header and footer. On a small terminal it is larger by a column and a line at
    /// each side, so that the frame of what fills it lies outside of what is seen; see [`Model::laid_out`].
    pub fn body(&self) -> Rect {
        let between = self.between();
        match self.is_small() {
            true => Rect::new(0, 0, between.width.saturating_add(2), between.height.saturating_add(2)),
            false => between,
        }
    }

    /// A place of the terminal as it is counted where the screen is laid out.
    pub fn laid_out(&self, place: Position) -> Position {
        match self.is_small() {
            true => Position::new(place.x.saturating_add(1), place.y),
            false => place,
        }
    }
}
