//! The one driver: takes the terminal and gives it back whatever happens, feeds messages to `update`, does the effects.
//!
//! Threads beside this one: the terminal's events, the writer that owns the workbench, the pen that writes decisions
//! and the readers, these with connections of their own. They only send messages.

use std::collections::VecDeque;
use std::io::{IsTerminal as _, Stdout, Write as _, stdout};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{
    self, DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, Event, MouseEventKind,
};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, size};
use crossterm::{cursor, execute};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use super::config::Config;
use super::effects::{Ask, Effect, Job, LANES, Slot};
use super::message::{Message, Reply};
use super::model::{About, Model};
use super::notes::Tone;
use super::screens;
use super::theme::{Depth, Terminal as Shows, Theme};
use super::update::{start, update};
use super::view::view;
use super::workers;
use crate::error::{Error, Kind, Result};
use crate::model::{Canceller, Decision};
use crate::workbench::preferences::Preferences;
use crate::workbench::{Decider, Interrupter, Reader, Workbench, clock, preferences};

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
/// How often the writer may report progress.
const REPORT: Duration = Duration::from_millis(50);
/// How long the end waits for work that was asked to stop, and for everything when a signal asked for the end.
const FAREWELL: Duration = Duration::from_secs(10);
/// The names of our threads begin with this; a panic on one of them is a failure of one job, not of the program.
const THREAD: &str = "tastevin-";

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
        gate: config.gate.clone(),
        sources: config.sources.keys().cloned().collect(),
        who: clock::who(),
        read_only: workbench.is_read_only(),
        today: clock::today(),
    }
}

fn terminal(what: &str, cause: std::io::Error) -> Error {
    Error::new(Kind::Io, format!("the terminal cannot be used: {what}")).caused_by(cause)
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
            Effect::Cancel => self.work.cancel(),
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

/// Whether a signal asked the program to end.
static STOPPED: AtomicBool = AtomicBool::new(false);
/// Whether the terminal is ours.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// The terminal, for as long as it lives.
struct Screen;

impl Screen {
    fn enter(mouse: bool) -> Result<Screen> {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |information| {
            let ours = thread::current().name().is_some_and(|name| name.starts_with(THREAD));
            if !ours {
                leave();
                previous(information);
            }
        }));
        ENTERED.store(true, Ordering::SeqCst);
        let entered = enable_raw_mode().and_then(|()| {
            execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
            if mouse { execute!(stdout(), EnableMouseCapture) } else { Ok(()) }
        });
        entered.map_err(|cause| terminal("entering", cause))?;
        Ok(Screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
    }
}

/// Gives the terminal back, once.
fn leave() {
    if ENTERED.swap(false, Ordering::SeqCst) {
        let mut out: Stdout = stdout();
        let _ = execute!(out, DisableBracketedPaste, DisableMouseCapture, LeaveAlternateScreen, cursor::Show);
        let _ = disable_raw_mode();
        let _ = out.flush();
    }
}

/// SIGTERM, SIGINT and SIGHUP end the program in an orderly way; if it does not listen, the terminal is given back here.
fn on_signals(send: &Sender<Message>) {
    let send = send.clone();
    // Where the handler is taken already, whoever has it sees to the end.
    let _ = ctrlc::try_set_handler(move || {
        STOPPED.store(true, Ordering::SeqCst);
        let _ = send.send(Message::Stop);
        thread::sleep(Duration::from_secs(3));
        if ENTERED.load(Ordering::SeqCst) {
            leave();
            std::process::exit(i32::from(Kind::Interrupted.exit_code()));
        }
    });
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    let thread = thread::Builder::new().name(format!("{THREAD}{name}")).spawn(work);
    thread.map_err(|cause| Error::new(Kind::Io, "a thread cannot be started").caused_by(cause))
}

/// Reads the terminal's events until the program ends.
fn read_events(send: Sender<Message>) -> Result<()> {
    spawn("events", move || {
        while let Ok(event) = event::read() {
            // The terminal reports every move of the mouse; nothing here depends on it.
            let moved = matches!(&event, Event::Mouse(mouse) if matches!(mouse.kind, MouseEventKind::Moved | MouseEventKind::Drag(_)));
            if let Some(message) = Message::of(event).filter(|_| !moved)
                && send.send(message).is_err()
            {
                return;
            }
        }
        // The terminal has gone.
        let _ = send.send(Message::Stop);
    })?;
    Ok(())
}

/// A lock that a panic elsewhere does not close: what it guards is whole after every statement.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does something that may panic; a panic is an error like others.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|cause| {
        let text = cause.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| cause.downcast_ref::<String>().cloned()).unwrap_or_default();
        Err(Error::internal(format!("a fault of this program: {text}"))
            .hint("the work was not finished; what is on the disk stands"))
    })
}

/// The writer, a thread that owns the workbench and does one job after the other, and beside it the pen.
struct Work {
    queue: Arc<(Mutex<Queue>, Condvar)>,
    interrupter: Interrupter,
    threads: [JoinHandle<()>; 2],
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    /// Many wishes for a check are one, and it comes after everything else.
    check: bool,
    running: Option<Job>,
    /// The decision that is being written.
    deciding: Option<Job>,
    closed: bool,
}

impl Work {
    fn done(mut workbench: Workbench, send: Sender<Message>) -> Result<Work> {
        let queue: Arc<(Mutex<Queue>, Condvar)> = Arc::default();
        let interrupter = workbench.interrupter();
        let pen = Self::pen(workbench.decider()?, Arc::clone(&queue), send.clone())?;
        let own = Arc::clone(&queue);
        let thread = spawn("writer", move || {
            while let Some(job) = next_job(&own) {
                let report = |reply| {
                    let _ = send.send(Message::Reply(Box::new(reply)));
                };
                report(Reply::Started(job.clone()));
                let (begin, last) = (Instant::now(), AtomicU64::new(0));
                let tell = |reply| {
                    let now = begin.elapsed().as_millis() as u64;
                    if now >= last.load(Ordering::Relaxed) {
                        last.store(now + REPORT.as_millis() as u64, Ordering::Relaxed);
                        report(reply);
                    }
                };
                let failed = job.clone();
                let outcome = guarded(|| Ok(workers::work(&mut workbench, job, &tell)));
                report(outcome.unwrap_or_else(|error| failure_of(failed, Vec::new(), error)));
                lock(&own.0).running = None;
            }
        })?;
        Ok(Work { queue, interrupter, threads: [pen, thread] })
    }

    /// The pen: a thread that makes decisions while the writer is busy, so that each is on the disk at once.
    fn pen(mut decider: Decider, queue: Arc<(Mutex<Queue>, Condvar)>, send: Sender<Message>) -> Result<JoinHandle<()>> {
        spawn("pen", move || {
            while let Some(job) = next_decision(&queue) {
                decider.catch_up();
                let before = decider.decision_count();
                let failed = job.clone();
                let outcome = guarded(|| match job {
                    Job::Decide { ticket, wish, why } => Ok(workers::decide(&mut decider, ticket, *wish, why)),
                    _ => Err(Error::internal("the pen only writes decisions")),
                });
                // A fault may have come after the decision was written.
                let reply = outcome.unwrap_or_else(|error| failure_of(failed, decider.decisions_from(before), error));
                let _ = send.send(Message::Reply(Box::new(reply)));
                lock(&queue.0).deciding = None;
                queue.1.notify_all();
            }
        })
    }

    fn submit(&self, job: Job) {
        let mut queue = lock(&self.queue.0);
        // Nobody waits for a check: a decision goes to the disk first, and the check begins again.
        let in_the_way = queue.running == Some(Job::Check) && job != Job::Check;
        match job {
            Job::Check => queue.check = true,
            job => queue.jobs.push_back(job),
        }
        if in_the_way {
            self.interrupter.interrupt();
        }
        self.queue.1.notify_all();
    }

    fn cancel(&self) {
        let mut queue = lock(&self.queue.0);
        queue.jobs.retain(is_owed);
        queue.check = false;
        if queue.running.is_some() {
            self.interrupter.interrupt();
        }
    }

    /// Stops what can be stopped, lets a commit end, writes the decisions that are still waiting, and lets the workbench
    /// go. Says what was dropped.
    fn finish(self, receive: &Receiver<Message>) -> Vec<String> {
        let mut dropped = Vec::new();
        {
            let mut queue = lock(&self.queue.0);
            queue.closed = true;
            if queue.jobs.iter().any(Job::is_commit) {
                dropped.push("the commit was not begun".to_owned());
            }
            if matches!(queue.running, Some(Job::Load(_) | Job::Check)) {
                self.interrupter.interrupt();
            }
            self.queue.1.notify_all();
        }
        let is_finished = || self.threads.iter().all(JoinHandle::is_finished);
        let begin = Instant::now();
        let by_signal = STOPPED.load(Ordering::SeqCst);
        while !is_finished() {
            let (committing, decisions) = owed(&lock(&self.queue.0));
            let patient = !by_signal && (committing || decisions > 0);
            let enough = if patient { STOPPED.load(Ordering::SeqCst) } else { begin.elapsed() >= FAREWELL };
            if enough {
                break;
            }
            thread::sleep(Duration::from_millis(5));
        }
        if !is_finished() {
            let (committing, decisions) = owed(&lock(&self.queue.0));
            if committing {
                dropped.push("the commit was not finished".to_owned());
            }
            if decisions > 0 {
                dropped.push(format!("decisions not written: {decisions}"));
            }
        }
        dropped.extend(receive.try_iter().filter_map(|message| match message {
            Message::Reply(reply) => failed_unseen(*reply),
            _ => None,
        }));
        dropped
    }
}

/// Whether a piece of work is a promise: what the user did and believes to be kept.
fn is_owed(job: &Job) -> bool {
    matches!(job, Job::Decide { .. } | Job::SaveMapping { .. })
}

/// What the end must wait for: whether a commit is being made, and how many decisions are not written.
fn owed(queue: &Queue) -> (bool, usize) {
    let all = queue.deciding.iter().chain(&queue.running).chain(&queue.jobs);
    let decisions = all.filter(|job| is_owed(job)).count();
    (queue.running.as_ref().is_some_and(Job::is_commit), decisions)
}

/// What a reply says that nobody has seen on the screen any more, if it is a loss.
fn failed_unseen(reply: Reply) -> Option<String> {
    match reply {
        Reply::Decided { decisions, failure: Some(error), .. } if decisions.is_empty() => {
            Some(format!("a decision was not made: {error}"))
        }
        Reply::MappingSaved(name, Err(error)) => Some(format!("mappings/{name}.toml was not saved: {error}")),
        Reply::Committed(Err(error)) => Some(format!("the commit was not made: {error}")),
        _ => None,
    }
}

fn next_job(shared: &(Mutex<Queue>, Condvar)) -> Option<Job> {
    let mut queue = lock(&shared.0);
    loop {
        if queue.closed {
            queue.check = false;
            queue.jobs.retain(is_owed);
        }
        // What is decided is written first, so that whatever begins now knows of it.
        if !is_deciding(&queue) {
            let next = queue.jobs.pop_front().or_else(|| std::mem::take(&mut queue.check).then_some(Job::Check));
            if let Some(job) = next {
                queue.running = Some(job.clone());
                return Some(job);
            }
            if queue.closed {
                return None;
            }
        }
        queue = shared.1.wait(queue).unwrap_or_else(PoisonError::into_inner);
    }
}

fn is_deciding(queue: &Queue) -> bool {
    queue.deciding.is_some() || queue.jobs.iter().any(|job| matches!(job, Job::Decide { .. }))
}

fn next_decision(shared: &(Mutex<Queue>, Condvar)) -> Option<Job> {
    let mut queue = lock(&shared.0);
    loop {
        if let Some(at) = queue.jobs.iter().position(|job| matches!(job, Job::Decide { .. })) {
            queue.deciding = queue.jobs.remove(at);
            return queue.deciding.clone();
        }
        if queue.closed {
            return None;
        }
        queue = shared.1.wait(queue).unwrap_or_else(PoisonError::into_inner);
    }
}

/// What is reported of a job that ended in a fault of the program.
fn failure_of(job: Job, decisions: Vec<Decision>, error: Error) -> Reply {
    match job {
        Job::Load(source) => Reply::Loaded(source, Err(error)),
        Job::Check => Reply::Checked(Err(error)),
        Job::Decide { ticket, .. } => Reply::Decided { ticket, decisions, failure: Some(error) },
        Job::AddSource { .. } | Job::EditSource { .. } | Job::RemoveSource(_) => Reply::SourceChanged(job, Err(error)),
        Job::SaveMapping { draft } => Reply::MappingSaved(draft.name().to_owned(), Err(error)),
        Job::Commit { .. } | Job::Revert { .. } => Reply::Committed(Err(error)),
    }
}

/// The readers: a thread for each lane that answers questions, of each kind only the newest.
struct Questions {
    lanes: Vec<Lane>,
}

/// One reader.
struct Lane {
    waiting: Arc<(Mutex<Waiting>, Condvar)>,
    interrupter: Interrupter,
}

#[derive(Default)]
struct Waiting {
    asks: VecDeque<(u64, Ask)>,
    running: Option<Slot>,
    closed: bool,
}

impl Questions {
    fn answered(reader: &Reader, send: &Sender<Message>) -> Result<Questions> {
        let lanes = (0..LANES).map(|_| Lane::answered(reader.again()?, send.clone())).collect::<Result<_>>()?;
        Ok(Questions { lanes })
    }

    fn submit(&self, generation: u64, ask: Ask) {
        let own = ask.lane().min(self.lanes.len().saturating_sub(1));
        // The same kind of question may have been asked in another lane before.
        self.lanes.iter().for_each(|lane| lane.forget(ask.slot()));
        if let Some(lane) = self.lanes.get(own) {
            lock(&lane.waiting.0).asks.push_back((generation, ask));
            lane.waiting.1.notify_one();
        }
    }

    /// Nobody waits for answers of that kind any more.
    fn forget(&self, slot: Slot) {
        self.lanes.iter().for_each(|lane| lane.forget(slot));
    }

    fn close(&self) {
        for lane in &self.lanes {
            let mut waiting = lock(&lane.waiting.0);
            waiting.closed = true;
            waiting.asks.clear();
            if waiting.running.is_some() {
                lane.interrupter.interrupt();
            }
            lane.waiting.1.notify_one();
        }
    }
}

impl Lane {
    fn answered(mut reader: Reader, send: Sender<Message>) -> Result<Lane> {
        let waiting: Arc<(Mutex<Waiting>, Condvar)> = Arc::default();
        let interrupter = reader.interrupter();
        let (own, canceller) = (Arc::clone(&waiting), interrupter.canceller().clone());
        spawn("reader", move || {
            while let Some((generation, ask)) = next_ask(&own, &canceller) {
                reader.catch_up();
                let slot = ask.slot();
                let tell = |news| {
                    let _ = send.send(Message::Reply(Box::new(Reply::Nearer(generation, slot, news))));
                };
                let outcome = guarded(|| workers::answer(&reader, &ask, &tell));
                lock(&own.0).running = None;
                let reply = Reply::Answered(generation, slot, outcome);
                let _ = send.send(Message::Reply(Box::new(reply)));
            }
        })?;
        Ok(Lane { waiting, interrupter })
    }

    fn forget(&self, slot: Slot) {
        let mut waiting = lock(&self.waiting.0);
        waiting.asks.retain(|(_, other)| other.slot() != slot);
        if waiting.running == Some(slot) {
            self.interrupter.interrupt();
        }
    }
}

fn next_ask(shared: &(Mutex<Waiting>, Condvar), canceller: &Canceller) -> Option<(u64, Ask)> {
    let mut waiting = lock(&shared.0);
    loop {
        if waiting.closed {
            return None;
        }
        if let Some((generation, ask)) = waiting.asks.pop_front() {
            // Whoever interrupts holds the lock too, so that it is this question that is interrupted and not the one before.
            canceller.reset();
            waiting.running = Some(ask.slot());
            return Some((generation, ask));
        }
        waiting = shared.1.wait(waiting).unwrap_or_else(PoisonError::into_inner);
    }
}
