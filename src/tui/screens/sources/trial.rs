//! A test of a source: what holds on the way there and what does not, each step as it comes; Esc stops it.

use super::chosen;
use crate::tui::cursor::Cursor;
use crate::tui::effects::{Ask, Effect, Slot};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::popups::Popup;
use crate::workbench::{Probe, Tried};

/// The test that goes on, or the last one.
#[derive(Default)]
pub struct State {
    source: String,
    /// What was looked at so far.
    probes: Vec<Probe>,
    /// What is looked at now.
    begun: Option<String>,
    ended: bool,
}

/// Tries the way to the chosen source.
pub fn begin(model: &mut Model) -> Vec<Effect> {
    let Some(source) = chosen(model).map(|source| source.name.clone()) else {
        return Vec::new();
    };
    model.sources.trial = State { source: source.clone(), ..State::default() };
    let waits = Some(Slot::Test);
    model.popup = Some(Popup::Text { title: title(&source), lines: Vec::new(), cursor: Cursor::default(), waits });
    show(model);
    vec![model.ask(Ask::Test { source })]
}

fn title(source: &str) -> String {
    format!("test of {source}")
}

/// Takes a step of the test.
pub fn tried(model: &mut Model, tried: &Tried) {
    let trial = &mut model.sources.trial;
    match tried {
        Tried::Begun(what) => trial.begun = Some(what.clone()),
        Tried::Ended(probe) => {
            trial.begun = None;
            trial.probes.push(probe.clone());
        }
    }
    show(model);
}

/// Takes the whole of it.
pub fn take(model: &mut Model, source: &str, probes: &[Probe]) {
    let probes = probes.to_vec();
    model.sources.trial = State { source: source.to_owned(), probes, begun: None, ended: true };
    if show(model) {
        return;
    }
    let wrong = model.sources.trial.probes.iter().find(|probe| probe.found.is_err()).map(line);
    match wrong {
        None => model.say(Tone::Done, format!("{source} can be read: every step holds")),
        Some(wrong) => model.say(Tone::Refused, format!("{source}: {wrong}")),
    }
}

/// The test could not be made at all: its popup, which says nothing, goes.
pub fn failed(model: &mut Model) {
    let own = title(&model.sources.trial.source);
    if matches!(&model.popup, Some(Popup::Text { title, .. }) if *title == own) {
        model.popup = None;
    }
}

/// Brings the popup up to date; false where another one lies there.
fn show(model: &mut Model) -> bool {
    let trial = &model.sources.trial;
    let mut told: Vec<String> = trial.probes.iter().map(line).collect();
    match (&trial.begun, trial.ended) {
        (Some(what), _) => told.push(format!("… {what}")),
        (None, false) => told.push("…".to_owned()),
        (None, true) => {
            let wrong = trial.probes.iter().filter(|probe| probe.found.is_err()).count() as u64;
            let verdict = match wrong {
                0 => "It can be read: every step holds.".to_owned(),
                1 => "One step does not hold; what is marked ✗ says what to do.".to_owned(),
                wrong => format!("{wrong} steps do not hold; what is marked ✗ says what to do."),
            };
            told.extend([String::new(), verdict]);
        }
    }
    let (own, ended) = (title(&trial.source), trial.ended);
    match &mut model.popup {
        Some(Popup::Text { title, lines, waits, .. }) if *title == own => {
            *lines = told;
            if ended {
                *waits = None;
            }
            true
        }
        _ => false,
    }
}

fn line(probe: &Probe) -> String {
    match &probe.found {
        Ok(found) => format!("✓ {}: {found}", probe.what),
        Err(why) => format!("✗ {}: {why}", probe.what),
    }
}
