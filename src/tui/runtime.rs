//! The one driver: takes the terminal and gives it back whatever happens, feeds messages to `update`, does the effects.
//!
//! Threads beside this one: the terminal's events, the writer that owns the workbench, the pen that writes decisions
//! and the readers, these with connections of their own. They only send messages.

mod questions;
mod screen;
mod threads;
mod work;

use std::collections::VecDeque;
use std::io::{IsTerminal as _, stdout};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{DisableMouseCapture, EnableMouseCapture};
use crossterm::execute;
use crossterm::terminal::size;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use self::questions::Questions;
use self::screen::{STOPPED, Screen, on_signals, read_events, terminal};
use self::work::Work;
use super::config::Config;
use super::effects::Effect;
use super::message::{Message, Reply};
use super::model::{About, Model};
use super::notes::Tone;
use super::screens;
use super::theme::{Depth, Terminal as Shows, Theme};
use super::update::{start, update};
use super::view::view;
use crate::error::{Error, Kind, Result};
use crate::workbench::preferences::Preferences;
use crate::workbench::{Workbench, clock, preferences};

/// How the workbench begins.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Load every source and check right after opening, with the progress on the screen.
    pub load_first: bool,
    /// The theme that goes before the one in the user's configuration.
    pub theme: Option<String>,
    /// No colours, whatever the configuration says.
    pub colourless: bool,
}

/// How often what moves by itself is drawn.
const FRAME: Duration = Duration::from_millis(100);
/// How often the message on the screen is looked at, to take it away in time.
const NOTE: Duration = Duration::from_millis(500);

/// Opens the workbench in the terminal and returns when the user leaves it.
///
/// # Errors
/// There is no terminal, it cannot be drawn on, or a signal ended the program.
pub fn run(workbench: Workbench, options: Options) -> Result<()> {
    if !stdout().is_terminal() {
        return Err(Error::usage("the workbench needs a terminal")
            .hint("without one, use the subcommands: `tastevin check`, `tastevin anomalies`, `tastevin commit`"));
    }
    let (send, receive) = channel();
    let (width, height) = size().map_err(|cause| terminal("its size is not known", cause))?;
    let mut model = Model::new(about(&workbench), workbench.decisions(), Theme::new(true), width, height);
    let preferences = Preferences::here();
    let settings = preferences.dir.clone();
    let mut shows = Shows::here();
    if options.colourless {
        shows.depth = Depth::None;
    }
    model.configure(Config::of(preferences, options.theme.as_deref(), shows, &screens::places()));
    if let Some(warning) = workbench.ledger_warning() {
        model.say(Tone::Refused, warning);
    }
    let questions = Questions::answered(&workbench, &send)?;
    let work = Work::done(workbench, send.clone())?;
    let _screen = Screen::enter(model.mouse)?;
    on_signals(&send);
    read_events(send)?;
    let driver = Driver { work: &work, questions: &questions, settings: settings.as_deref() };
    let outcome = drive(&mut model, options.load_first, &receive, &driver);
    drop(_screen);
    questions.close();
    let dropped = work.finish(&receive);
    match dropped.is_empty() {
        true => outcome,
        false => Err(Error::new(Kind::Interrupted, dropped.join("; "))
            .hint("`tastevin decide list` and `tastevin log` show what is on the disk")),
    }
}

fn about(workbench: &Workbench) -> About {
    let config = workbench.config();
    About {
        name: config.workspace.name.clone(),
        dir: std::path::absolute(workbench.dir()).unwrap_or_else(|_| workbench.dir().to_owned()),
        schema: Arc::new(workbench.schema().clone()),
        mappings: Arc::new(workbench.mappings().unwrap_or_default()),
        gate: config.gate.clone(),
        sources: config.sources.keys().cloned().collect(),
        who: clock::who(),
        read_only: workbench.is_read_only(),
        today: clock::today(),
    }
}

/// What does the effects.
struct Driver<'a> {
    work: &'a Work,
    questions: &'a Questions,
    /// The folder of the user's configuration.
    settings: Option<&'a Path>,
}

impl Driver<'_> {
    /// Does an effect; false where it ends the program. What is done at once may have an answer at once.
    fn perform(&self, effect: Effect) -> (bool, Option<Reply>) {
        match effect {
            Effect::Do(job) => self.work.submit(job),
            Effect::Ask(generation, ask) => self.questions.submit(generation, *ask),
            Effect::Cancel => return (true, self.work.cancel()),
            Effect::Forget(slot) => self.questions.forget(slot),
            Effect::Copy(text) => {
                let _ = execute!(stdout(), CopyToClipboard::to_clipboard_from(text));
            }
            Effect::Remember { setting, value } => {
                let none =
                    || Err(Error::config("there is no folder for the configuration: neither HOME nor XDG_CONFIG_HOME"));
                let outcome = self.settings.map_or_else(none, |dir| preferences::set(dir, setting, &value));
                return (true, Some(Reply::Remembered(outcome)));
            }
            Effect::Mouse(true) => {
                let _ = execute!(stdout(), EnableMouseCapture);
            }
            Effect::Mouse(false) => {
                let _ = execute!(stdout(), DisableMouseCapture);
            }
            Effect::Quit => return (false, None),
        }
        (true, None)
    }
}

/// The loop: one message or more, the effects, one frame.
fn drive(model: &mut Model, load_first: bool, receive: &Receiver<Message>, driver: &Driver) -> Result<()> {
    let begin = Instant::now();
    let mut screen = Terminal::new(CrosstermBackend::new(stdout())).map_err(|cause| terminal("opening", cause))?;
    let mut draw =
        |model: &Model| screen.draw(|frame| view(model, frame)).map(|_| ()).map_err(|cause| terminal("drawing", cause));
    // Drawn before anything is asked, so that the first frame never waits for the database.
    draw(model)?;
    let mut effects = VecDeque::from(start(model, load_first));
    loop {
        let mut answered = false;
        while let Some(effect) = effects.pop_front() {
            let (goes_on, reply) = driver.perform(effect);
            if !goes_on {
                return if STOPPED.load(Ordering::SeqCst) { Err(Error::interrupted()) } else { Ok(()) };
            }
            if let Some(reply) = reply {
                effects.extend(update(model, Message::Reply(Box::new(reply))));
                answered = true;
            }
        }
        if answered {
            draw(model)?;
        }
        let wait = match (model.work.is_some() || !model.pending.is_empty(), model.notes.shown().is_some()) {
            (true, _) => FRAME,
            (false, true) => NOTE,
            (false, false) => Duration::from_secs(3600),
        };
        let mut next = match receive.recv_timeout(wait) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return Err(Error::internal("the terminal's events ended")),
        };
        effects.extend(update(model, Message::Tick(begin.elapsed())));
        let today = clock::today();
        if today != model.about.today {
            effects.extend(update(model, Message::Today(today)));
        }
        // Whatever has come in the meantime is taken into the same frame.
        while let Some(message) = next {
            effects.extend(update(model, message));
            next = receive.try_recv().ok();
        }
        draw(model)?;
    }
}
