//! What a message does to the model, and which effects follow. Pure: no clock, no files, no terminal.

use std::time::Duration;

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::effects::{Answer, Ask, Effect, Job, News, Slot};
use super::keymap::{self, Command, Meaning};
use super::message::{Key, Message, Reply};
use super::model::{Model, Work};
use super::notes::Tone;
use super::popups::Sent;
use super::screens::{self, SCREENS};
use super::{popups, text, widgets};
use crate::error::{Error, Kind, Result};
use crate::model::{Commit, Decision, Load, Progress, Verdict};

/// Two clicks within this time on one place are a double click.
const DOUBLE_CLICK: Duration = Duration::from_millis(400);

/// What is to be done when the workbench opens.
pub fn start(model: &mut Model, load_first: bool) -> Vec<Effect> {
    let mut effects =
        if load_first { screens::sources::load_these(model, model.about.sources.clone()) } else { Vec::new() };
    effects.extend(needs(model));
    effects
}

/// Changes the model by a message and says what is to be done.
pub fn update(model: &mut Model, message: Message) -> Vec<Effect> {
    model.act += 1;
    let mut effects = match message {
        Message::Key(key) => press(model, key),
        Message::Paste(text) => {
            if !model.too_small() {
                popups::paste(model, &text);
            }
            Vec::new()
        }
        Message::Mouse(_) if model.too_small() => Vec::new(),
        Message::Mouse(mouse) => point(model, &mouse),
        Message::Resize(width, height) => {
            (model.area.width, model.area.height) = (width, height);
            settle(model);
            Vec::new()
        }
        Message::Tick(now) => {
            model.clock = now;
            model.notes.expire(now);
            Vec::new()
        }
        Message::Today(day) => {
            model.about.today = day;
            Vec::new()
        }
        Message::Reply(reply) => take(model, *reply),
        Message::Stop => vec![Effect::Quit],
    };
    effects.extend(needs(model));
    effects
}

/// What the open screen must ask for. Questions of other screens wait until they are opened.
fn needs(model: &mut Model) -> Vec<Effect> {
    let mut effects: Vec<Effect> = screens::anomalies::leave_off(model).into_iter().collect();
    effects.extend(screens::sources::shared_needs(model));
    effects.extend((model.screen().needs)(model));
    effects
}

fn press(model: &mut Model, key: Key) -> Vec<Effect> {
    model.notes.key_pressed();
    if model.too_small() {
        model.typed.clear();
        return press_blind(model, &key);
    }
    if key.0 == "esc" && !model.typed.is_empty() {
        model.typed.clear();
        return Vec::new();
    }
    let alone = model.typed.is_empty();
    model.typed.push(key.clone());
    match keymap::look_up(&model.layers(), &model.typed) {
        Meaning::Is(command) => {
            model.typed.clear();
            run(model, command)
        }
        Meaning::Begins(_) => Vec::new(),
        Meaning::Nothing => {
            let typed: String = std::mem::take(&mut model.typed).iter().map(|key| keymap::shown(&key.0)).collect();
            if !(alone && popups::type_key(model, &key)) {
                let said = match model.popup {
                    Some(_) => format!("{typed} does nothing here"),
                    None => nothing(model, &typed),
                };
                model.say(Tone::Refused, said);
            }
            Vec::new()
        }
    }
}

/// Says that a key does nothing where the user is, and where on this screen it does something.
fn nothing(model: &Model, typed: &str) -> String {
    let layers = model.layers();
    let here = layers.first().map_or("", |layer| layer.title);
    let all = model.screen().all_layers.iter().map(|layer| model.keymap.effective(layer));
    let elsewhere = all.flat_map(|layer| layer.commands.iter().map(move |command| (layer, command)));
    let mut found = elsewhere.filter(|(_, command)| command.keys.iter().any(|keys| keymap::shown(keys) == typed));
    let help = model.key("help");
    match found.next() {
        Some((layer, command)) => {
            format!("{typed} does nothing in {here}; in {} it is \"{}\"", layer.title, command.name)
        }
        None => format!("{typed} does nothing here; {help} shows the keys that work here"),
    }
}

/// Whoever cannot see what a key would do can only leave.
fn press_blind(model: &mut Model, key: &Key) -> Vec<Effect> {
    let layers = [model.keymap.effective(&screens::GLOBAL)];
    match keymap::look_up(&layers, std::slice::from_ref(key)) {
        Meaning::Is(command) if command.name == "quit" => vec![Effect::Quit],
        _ => Vec::new(),
    }
}

/// Runs a command, or says why it cannot be run now.
pub fn run(model: &mut Model, command: &'static Command) -> Vec<Effect> {
    match (command.ready)(model) {
        Ok(()) => (command.run)(model),
        Err(why) => {
            model.say(Tone::Refused, why);
            Vec::new()
        }
    }
}

fn settle(model: &mut Model) {
    for screen in SCREENS {
        for pane in 0..(screen.panes)(model) {
            if let Some(reel) = (screen.reel)(model, pane) {
                reel.cursor.settle(reel.total, reel.height);
            }
        }
    }
}

fn point(model: &mut Model, mouse: &MouseEvent) -> Vec<Effect> {
    let place = Position::new(mouse.column, mouse.row);
    let lines = match mouse.kind {
        MouseEventKind::ScrollDown => 3,
        MouseEventKind::ScrollUp => -3,
        MouseEventKind::Down(MouseButton::Left) => 0,
        _ => return Vec::new(),
    };
    if lines == 0 {
        model.notes.key_pressed();
        model.typed.clear();
        if let Some(command) = widgets::footer::key_at(model, place) {
            return run(model, command);
        }
    }
    let tab = widgets::header::tab_at(model, place);
    let between = model.between();
    let place = model.laid_out(place);
    if model.popup.is_some() {
        let target = widgets::popup::target(model, place);
        return match lines {
            0 => {
                let twice = clicked_twice(model, place);
                popups::click(model, target, twice)
            }
            lines => popups::scroll(model, lines),
        };
    }
    if lines == 0
        && let Some(screen) = tab
    {
        return screens::open(model, screen);
    }
    if !between.contains(Position::new(mouse.column, mouse.row)) {
        return Vec::new();
    }
    let screen = model.screen();
    let Some(region) = (screen.regions)(model, model.body()).into_iter().find(|region| region.frame.contains(place))
    else {
        return Vec::new();
    };
    if lines != 0 {
        if let Some(mut reel) = (screen.reel)(model, region.pane) {
            reel.scroll(lines);
        }
        return Vec::new();
    }
    *(screen.focus)(model) = region.pane;
    screens::pointed(model, region.pane, place);
    if !region.body.contains(place) {
        return Vec::new();
    }
    if let Some(mut reel) = (screen.reel)(model, region.pane) {
        let at = reel.cursor.top + u64::from(place.y - region.body.y);
        if at >= reel.total {
            return Vec::new();
        }
        reel.go(at);
    }
    if clicked_twice(model, place) { press(model, Key("enter".to_owned())) } else { Vec::new() }
}

/// Whether this click is the second one on the same place within a short time.
fn clicked_twice(model: &mut Model, place: Position) -> bool {
    let twice = model
        .clicked
        .is_some_and(|(at, x, y)| (x, y) == (place.x, place.y) && model.clock.saturating_sub(at) < DOUBLE_CLICK);
    model.clicked = if twice { None } else { Some((model.clock, place.x, place.y)) };
    twice
}

/// Writes down as a line for a shell what was done. A check that follows from a decision is part of it.
fn write_down(model: &mut Model, reply: &Reply) {
    match reply {
        Reply::Started(Job::Check) if !model.check_loudly => {}
        Reply::Started(job) => model.journal.begin(job),
        Reply::Decided { decisions, .. } if !decisions.is_empty() => {
            for decision in decisions {
                model.journal.decided(&model.about.dir, model.clock, decision);
            }
        }
        reply => {
            if let Some(worked) = reply.ended() {
                model.journal.end(&model.about.dir, model.clock, worked);
            }
        }
    }
}

fn take(model: &mut Model, reply: Reply) -> Vec<Effect> {
    write_down(model, &reply);
    match reply {
        Reply::Started(job) => {
            if job == Job::Check {
                model.check_wanted = false;
            }
            let quiet = match job {
                Job::Check => !std::mem::take(&mut model.check_loudly),
                Job::Decide { .. }
                | Job::SaveMapping { .. }
                | Job::AddSource { .. }
                | Job::EditSource { .. }
                | Job::RemoveSource(_) => return Vec::new(),
                Job::Load(_) | Job::Commit { .. } | Job::Revert { .. } => false,
            };
            let now = model.clock;
            model.work = Some(Work {
                job,
                since: now,
                progress: None,
                counting_since: now,
                quiet,
                cancelled: false,
                stopped: false,
            });
            Vec::new()
        }
        Reply::Reread { schema, gate } => {
            (model.about.schema, model.about.gate) = (schema, gate);
            Vec::new()
        }
        Reply::Progress(progress) => {
            advance(model, progress);
            Vec::new()
        }
        Reply::Cancelled(job) => {
            stopped(model, &job);
            Vec::new()
        }
        Reply::TooLate => {
            if let Some(work) = &mut model.work {
                work.cancelled = false;
            }
            model.say(Tone::News, "too late to cancel: what was done is being written");
            Vec::new()
        }
        Reply::Loaded(source, outcome) => loaded(model, &source, outcome),
        Reply::Checked(outcome) => checked(model, outcome),
        Reply::Decided { ticket, decisions, left, failure } => {
            let effects = decided(model, ticket, decisions, failure);
            if left > 0 {
                let left = text::count(left, "row");
                model.say(
                    Tone::News,
                    format!("{left} left as they are: somebody has decided on them since the last check"),
                );
            }
            effects
        }
        Reply::MappingSaved(name, outcome) => screens::mapping::saved(model, &name, outcome),
        Reply::Committed(outcome) => committed(model, outcome),
        Reply::SourceChanged(job, outcome) => match outcome {
            Ok(()) => {
                model.epoch += 1;
                screens::sources::changed(model, &job)
            }
            Err(error) => {
                screens::sources::refused(model, &job, &error);
                Vec::new()
            }
        },
        Reply::Remembered(outcome) => {
            match outcome {
                Ok(path) => model.say(Tone::Done, format!("written into {}", path.display())),
                Err(error) => model.notes.fail(model.clock, &error.hint("it holds until the workbench is closed")),
            }
            Vec::new()
        }
        Reply::Nearer(generation, slot, news) => {
            match (slot, news) {
                _ if !model.awaits(slot, generation) => {}
                (Slot::Table(slot), News::Share(share)) => screens::tables::nearer(model, slot, share),
                (_, News::Tried(tried)) => screens::sources::tried(model, &tried),
                (_, News::Share(_)) => {}
            }
            Vec::new()
        }
        Reply::Answered(generation, slot, outcome) => {
            if !model.awaits(slot, generation) {
                return Vec::new();
            }
            match outcome {
                Ok(answer) => {
                    answered(model, &answer);
                    return catch_up(model, &answer);
                }
                Err(error) if error.kind() == Kind::Interrupted => screens::anomalies::failed(model, slot),
                Err(error) => {
                    screens::anomalies::failed(model, slot);
                    if slot == Slot::Report {
                        popups::come_back(model, &Sent::Report, &popups::in_words(&error));
                        return Vec::new();
                    }
                    if slot == Slot::Test {
                        screens::sources::test_failed(model);
                    }
                    model.notes.fail(model.clock, &error);
                }
            }
            Vec::new()
        }
    }
}

/// Work was stopped for good: that is told at once, though the engine may still be letting go of what it was writing.
fn stopped(model: &mut Model, job: &Job) {
    if let Some(work) = &mut model.work {
        work.stopped = true;
    }
    match job {
        Job::Load(source) => {
            model.say(Tone::News, format!("loading {source} was cancelled; what was staged before it still is"));
        }
        Job::Commit { .. } => model.say(Tone::News, "the commit was cancelled; nothing has changed"),
        _ if !model.pending.is_empty() || model.check_wanted => {}
        _ => model.say_with_hint(
            Tone::News,
            "the check was cancelled; the counts are those of the one before",
            format!("{} checks again", model.key("check again")),
        ),
    }
}

fn advance(model: &mut Model, progress: Progress) {
    let now = model.clock;
    if let Some(work) = &mut model.work {
        if work.progress.as_ref().is_none_or(|before| before.what != progress.what) {
            work.counting_since = now;
        }
        work.progress = Some(progress);
    }
}

fn loaded(model: &mut Model, source: &str, outcome: Result<Load>) -> Vec<Effect> {
    let work = model.work.take();
    let told = work.as_ref().is_some_and(|work| work.stopped);
    let took = work.map(|work| model.clock.saturating_sub(work.since));
    model.epoch += 1;
    match outcome {
        Ok(load) => {
            let mut said = format!(
                "{source}: {} in = {} staged + {} rejected",
                text::count(load.rows_in(), "row"),
                text::number(load.staged()),
                text::number(load.rejected())
            );
            if let Some(took) = took {
                said.push_str(&format!(", {}", text::duration(took)));
            }
            model.say(Tone::Done, said);
            model.staged = true;
        }
        Err(error) if error.kind() == Kind::Interrupted => {
            model.loads.clear();
            if !told {
                stopped(model, &Job::Load(source.to_owned()));
            }
            return Vec::new();
        }
        Err(error) => model.notes.fail(model.clock, &error),
    }
    match (model.loads.is_empty(), model.staged) {
        (false, _) => vec![Effect::Do(Job::Load(model.loads.remove(0)))],
        (true, true) => screens::check(model),
        (true, false) => Vec::new(),
    }
}

fn checked(model: &mut Model, outcome: Result<Verdict>) -> Vec<Effect> {
    let work = model.work.take();
    match outcome {
        Ok(verdict) => {
            model.check_failed = false;
            model.epoch += 1;
            if work.is_some_and(|work| !work.quiet) {
                let open = verdict.rules.iter().map(|rule| rule.open).sum();
                model.say(Tone::Done, format!("checked: {} open", text::count(open, "finding")));
            }
            answered(
                model,
                &Answer::Verdict { verdict: Some(Box::new(verdict)), conflicts: model.conflicts, outdated: false },
            );
            screens::anomalies::settle_decided(model);
        }
        Err(error) if error.kind() == Kind::Interrupted && screens::mapping::is_saving(model) => {
            model.check_wanted = true;
        }
        // A check that made way for a decision begins again by itself.
        Err(error) if error.kind() == Kind::Interrupted && (!model.pending.is_empty() || model.check_wanted) => {}
        Err(error) if error.kind() == Kind::Interrupted => {
            if !work.is_some_and(|work| work.stopped) {
                stopped(model, &Job::Check);
            }
        }
        Err(error) => {
            model.notes.fail(model.clock, &error);
            // The counts are those of the check before; whether they still speak of what is there is asked.
            model.check_failed = true;
            model.epoch += 1;
            return vec![model.ask(Ask::Verdict)];
        }
    }
    Vec::new()
}

fn decided(model: &mut Model, ticket: u64, decisions: Vec<Decision>, failure: Option<Error>) -> Vec<Effect> {
    let pending = model.pending.shift_remove(&ticket);
    if let Some(pending) = pending {
        let made = decisions.iter().filter(|_| !pending.undo);
        model.decided_on.extend(made.map(|made| (made.id.clone(), pending.on)));
        model.acts.extend(decisions.iter().map(|made| (made.id.clone(), pending.act)));
    }
    screens::anomalies::decided(model, ticket, !decisions.is_empty());
    if decisions.is_empty() {
        screens::duplicates::not_written(model);
    }
    if let Some(error) = failure {
        let hint = match decisions.as_slice() {
            [_, ..] => "the decision is in the ledger all the same, and every check applies it",
            [] => "the decision was not made; nothing of it is in the ledger",
        };
        let error = error.hint(hint);
        match decisions.is_empty() && screens::anomalies::asks_again(model, ticket) {
            true => popups::come_back(model, &Sent::Decision(ticket), &popups::in_words(&error)),
            false => model.notes.fail(model.clock, &error),
        }
    } else if decisions.is_empty() {
        model.say(Tone::Refused, "nothing is open there any more, so there was nothing to decide");
    }
    if decisions.is_empty() {
        return Vec::new();
    }
    model.ledger.extend(decisions);
    model.check_wanted = true;
    vec![Effect::Do(Job::Check)]
}

fn committed(model: &mut Model, outcome: Result<Commit>) -> Vec<Effect> {
    let told = model.work.take().is_some_and(|work| work.stopped);
    match outcome {
        Ok(commit) => {
            model.epoch += 1;
            screens::commit::committed(model, commit);
        }
        Err(error) if error.kind() == Kind::Interrupted => {
            if !told {
                model.say(Tone::News, "the commit was cancelled; nothing has changed");
            }
        }
        Err(error) => popups::come_back(model, &Sent::Commit, &popups::in_words(&error)),
    }
    Vec::new()
}

/// What follows from an answer at once: a mapping that was looked at is saved, a row on which nothing hangs is left out.
/// Decisions of another day or of the shell that no check knows of yet are looked at now, and so is what the workspace's files
/// say since somebody edited them.
fn catch_up(model: &mut Model, answer: &Answer) -> Vec<Effect> {
    if let Answer::Referring(referring) = answer {
        return screens::anomalies::take_referring(model, referring);
    }
    if let Answer::MappingProblems(outcome) = answer {
        return screens::mapping::vetted(model, outcome);
    }
    let outdated = match answer {
        Answer::Verdict { outdated, .. } => *outdated && !model.check_failed,
        Answer::Edited(edited) => *edited,
        _ => false,
    };
    if !outdated || model.check_wanted || model.work.is_some() || model.writable().is_err() {
        return Vec::new();
    }
    model.check_wanted = true;
    vec![Effect::Do(Job::Check)]
}

fn answered(model: &mut Model, answer: &Answer) {
    if let Answer::Verdict { verdict, conflicts, .. } = answer {
        model.verdict = verdict.as_deref().cloned();
        model.conflicts = *conflicts;
    }
    if let Answer::Report(path) = answer {
        model.say(Tone::Done, format!("the report is written to {}", path.display()));
        let words = ["report", "--output", &path.to_string_lossy()].map(str::to_owned).to_vec();
        model.journal.add(&model.about.dir, model.clock, words);
    }
    if let Answer::Sources(sources) = answer {
        model.about.sources = sources.iter().map(|source| source.name.clone()).collect();
    }
    for screen in SCREENS {
        (screen.answer)(model, answer);
    }
    settle(model);
}
