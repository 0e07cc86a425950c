//! What the keys for undo and redo do on every screen. Neighbour: `undo`, which finds in the ledger what there is to take back.

use super::{SCREENS, commit, decide, history};
use crate::model::{Action, Decision};
use crate::tui::effects::{Effect, Wish};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::{popups, text, undo};

/// What can be undone and redone now.
fn undo_state(model: &Model) -> undo::Undo<'_> {
    undo::undo(&model.ledger, &model.pending, &model.about.who)
}

pub(super) fn can_undo(model: &Model) -> Result<(), String> {
    model.writable()?;
    let state = undo_state(model);
    match state.done.is_empty() {
        _ if state.undo_waits => {
            Err(format!("your last decision is not on the disk yet; {} takes it back once it is", model.key("undo")))
        }
        true => Err("there is no decision of yours to undo".to_owned()),
        false => Ok(()),
    }
}

pub(super) fn can_redo(model: &Model) -> Result<(), String> {
    model.writable()?;
    let state = undo_state(model);
    match state.undone.is_empty() {
        _ if state.redo_waits => {
            Err(format!("what you took back is not on the disk yet; {} brings it back once it is", model.key("redo")))
        }
        true => Err("there is nothing to redo".to_owned()),
        false => Ok(()),
    }
}

/// A decision that is taken back next.
#[derive(Clone)]
struct Reverted {
    /// Its id: that of a decision, or of the reversal by which one was taken back.
    of: String,
    /// The decision that is taken back by that, or made again.
    decision: Decision,
}

/// The decisions of the same act as the newest of these, the newest first: by their ids, where they are known.
fn of_one_act(model: &Model, all: Vec<Reverted>) -> Vec<Reverted> {
    let act = |one: &Reverted| model.acts.get(&one.of);
    let last = all.last().and_then(act);
    let is_alone = last.is_none();
    let mut of_act: Vec<Reverted> = all.iter().rev().filter(|one| !is_alone && act(one) == last).cloned().collect();
    if is_alone {
        of_act.extend(all.last().cloned());
    }
    of_act
}

/// Takes back what was decided last, all that one key decided; where that was not on this screen, after a question that
/// names it.
pub(super) fn undo_last(model: &mut Model) -> Vec<Effect> {
    let done = undo_state(model).done.into_iter();
    let done = done.map(|one| Reverted { of: one.id.clone(), decision: one.clone() }).collect();
    let last = of_one_act(model, done);
    match last.first() {
        None => Vec::new(),
        Some(one) if model.decided_on.get(&one.decision.id) == Some(&model.open) => undo_now(model, &last),
        Some(_) => ask_first(model, last, false),
    }
}

/// Makes again what was taken back last, in the same way.
pub(super) fn redo_last(model: &mut Model) -> Vec<Effect> {
    let undone = undo_state(model).undone.into_iter();
    let undone =
        undone.map(|(reversal, decision)| Reverted { of: reversal.id.clone(), decision: decision.clone() }).collect();
    let last = of_one_act(model, undone);
    match last.first() {
        None => Vec::new(),
        Some(one) if model.decided_on.get(&one.decision.id) == Some(&model.open) => redo_now(model, &last),
        Some(_) => ask_first(model, last, true),
    }
}

/// Asks before what was decided elsewhere or on another day is taken back, or by taking its reversal back made again.
fn ask_first(model: &mut Model, last: Vec<Reverted>, again: bool) -> Vec<Effect> {
    const MOST: usize = 6;
    let Some(newest) = last.first().map(|one| &one.decision) else { return Vec::new() };
    let made = match model.decided_on.get(&newest.id).and_then(|at| SCREENS.get(*at)) {
        Some(screen) => format!("on {}", screen.title),
        None => format!("on {}", text::moment(newest.at)),
    };
    let named = last.iter().take(MOST);
    let mut about: Vec<String> =
        named.map(|one| format!("{}.", text::clean(&undo::describe(&model.ledger, &one.decision)))).collect();
    if last.len() > MOST {
        about.push(format!("And {} more.", text::number((last.len() - MOST) as u64)));
    }
    about.push(format!("You decided that {made}."));
    if !again && [&commit::SCREEN, &history::SCREEN].iter().any(|screen| std::ptr::eq(*screen, model.screen())) {
        let (key, history) = (model.key("revert commit"), model.key("go to history"));
        about.push(format!("No commit is undone by this; in History ({history}) {key} does that."));
    }
    let question = match (again, last.len()) {
        (true, _) => popups::Question::new("decide that again", about, move |model| redo_now(model, &last)),
        (false, 1) => popups::Question::new("take your last decision back", about, move |model| undo_now(model, &last)),
        (false, _) => {
            popups::Question::new("take your last decisions back", about, move |model| undo_now(model, &last))
        }
    };
    model.popup = Some(popups::Popup::Question(question));
    Vec::new()
}

/// What was decided, in a few words: the newest, and how many more there are.
fn described(model: &Model, last: &[Reverted]) -> (String, &'static str) {
    let Some(newest) = last.first() else { return (String::new(), "it") };
    // Of a reversal it is what it gave up that is named.
    let of = match &newest.decision.action {
        Action::Revert { of, .. } => model.ledger.iter().find(|one| one.id == *of).unwrap_or(&newest.decision),
        _ => &newest.decision,
    };
    let newest = undo::describe(&model.ledger, of);
    match last.len() {
        1 => (newest, "it"),
        many => (format!("{newest} and {} more", text::number(many as u64 - 1)), "them"),
    }
}

/// Whether it was a reversal that the user made: what it gave up is in force again without it.
fn is_given_up(last: &[Reverted]) -> bool {
    last.first().is_some_and(|one| matches!(one.decision.action, Action::Revert { .. }))
}

fn undo_now(model: &mut Model, last: &[Reverted]) -> Vec<Effect> {
    let (what, it) = described(model, last);
    let redo = model.key("redo");
    let said = match is_given_up(last) {
        true => format!("in force again: {what}; {redo} gives {it} up again"),
        false => format!("undone: {what}; {redo} makes {it} again"),
    };
    model.say(Tone::Done, said);
    revert_by_undo(model, last)
}

/// Takes the reversals back.
fn redo_now(model: &mut Model, last: &[Reverted]) -> Vec<Effect> {
    let (what, it) = described(model, last);
    let undo = model.key("undo");
    let said = match is_given_up(last) {
        true => format!("given up again: {what}; {undo} takes that back"),
        false => format!("done again: {what}; {undo} takes {it} back"),
    };
    model.say(Tone::Done, said);
    for one in last {
        model.decided_on.insert(one.decision.id.clone(), model.open);
        // What was made again together is taken back together.
        model.acts.insert(one.decision.id.clone(), model.act);
    }
    revert_by_undo(model, last)
}

fn revert_by_undo(model: &mut Model, last: &[Reverted]) -> Vec<Effect> {
    let mut effects = Vec::new();
    for one in last {
        effects.extend(decide(model, Wish::Action(Action::Revert { of: one.of.clone(), undo: true }), None));
    }
    effects
}
