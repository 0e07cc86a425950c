//! What `u` and `U` take back, found from the ledger alone, so that it reaches across restarts. Neighbour: `screens`.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use super::model::Pending;
use super::text;
use crate::model::{Action, Decision};

/// The decisions of one person that can be undone and redone, the next one last.
#[derive(Debug, Default)]
pub struct Undo<'a> {
    /// Decisions in force: reverting one undoes it.
    pub done: Vec<&'a Decision>,
    /// Reversals in force, with the decisions that they took back: reverting one redoes it.
    pub undone: Vec<(&'a Decision, &'a Decision)>,
    /// Whether the newest decision is not written yet, and has no id by which it could be undone.
    pub undo_waits: bool,
    /// Whether the newest reversal is not written yet, and has no id by which it could be redone.
    pub redo_waits: bool,
}

/// Reads from the ledger, and from what is still on its way there, what `who` can undo and redo. A new decision of theirs
/// ends what could be redone. A reversal by which they gave a decision up, as `given_up` says, is a decision like others:
/// undo takes it back.
pub fn undo<'a>(
    ledger: &'a [Decision],
    pending: &IndexMap<u64, Pending>,
    given_up: &HashSet<String>,
    who: &str,
) -> Undo<'a> {
    let mut state = Undo::default();
    let mut hidden = Hidden::default();
    for decision in ledger {
        match &decision.action {
            Action::Revert { of } if given_up.contains(&decision.id) && decision.who == who => {
                hidden.hide(&mut state, of, &decision.id);
                state.done.push(decision);
                state.undone.clear();
            }
            Action::Revert { of } => {
                if let Some(at) = state.done.iter().position(|done| done.id == *of) {
                    let reverted = state.done.remove(at);
                    hidden.show(&mut state, &reverted.id);
                    if decision.who == who {
                        state.undone.push((decision, reverted));
                    }
                } else if let Some(at) = state.undone.iter().position(|(reversal, _)| reversal.id == *of) {
                    let (_, restored) = state.undone.remove(at);
                    hidden.hide_again(&mut state, restored);
                    state.done.push(restored);
                }
            }
            _ if decision.who == who => {
                state.done.push(decision);
                state.undone.clear();
            }
            _ => {}
        }
    }
    for pending in pending.values() {
        let Some(of) = pending.reverts.as_ref().filter(|_| pending.by_undo) else {
            if let Some(at) = pending.reverts.as_ref().and_then(|of| state.done.iter().position(|one| one.id == *of)) {
                state.done.remove(at);
            }
            state.undone.clear();
            (state.undo_waits, state.redo_waits) = (true, false);
            continue;
        };
        if let Some(at) = state.done.iter().position(|done| done.id == *of) {
            let reverted = state.done.remove(at);
            hidden.show(&mut state, &reverted.id);
            state.redo_waits = true;
        } else if let Some(at) = state.undone.iter().position(|(reversal, _)| reversal.id == *of) {
            let (_, restored) = state.undone.remove(at);
            hidden.hide_again(&mut state, restored);
            // By the time that it is undone again, the writer has brought it back.
            state.done.push(restored);
        }
    }
    state
}

/// Decisions that were given up, by the reversals that did it, and where they stood: there they stand again once the
/// reversal is undone.
#[derive(Default)]
struct Hidden<'a> {
    by: HashMap<String, (usize, &'a Decision)>,
}

impl<'a> Hidden<'a> {
    fn hide(&mut self, state: &mut Undo<'a>, of: &str, reversal: &str) {
        if let Some(at) = state.done.iter().position(|done| done.id == *of) {
            self.by.insert(reversal.to_owned(), (at, state.done.remove(at)));
        }
    }

    fn hide_again(&mut self, state: &mut Undo<'a>, reversal: &Decision) {
        if let Action::Revert { of } = &reversal.action {
            self.hide(state, of, &reversal.id);
        }
    }

    fn show(&mut self, state: &mut Undo<'a>, reversal: &str) {
        if let Some((at, decision)) = self.by.remove(reversal) {
            state.done.insert(at.min(state.done.len()), decision);
        }
    }
}

/// What a decision did, in a few words; the ledger knows what a reversal took back.
pub fn describe(ledger: &[Decision], decision: &Decision) -> String {
    match &decision.action {
        Action::Set { table, row, field, now, .. } => match now {
            Some(now) => format!("{table}.{field} of {row} = \"{now}\""),
            None => format!("{table}.{field} of {row} emptied"),
        },
        Action::Bulk { table, field, rows, .. } => {
            format!("{table}.{field} of {}", text::count(rows.len() as u64, "row"))
        }
        Action::Replace { table, field, values } => {
            format!("{} of {table}.{field}", text::count(values.len() as u64, "spelling"))
        }
        Action::Exclude { table, rows } => match rows.as_slice() {
            [row] => format!("{table} {row} excluded"),
            rows => format!("{} of {table} excluded", text::count(rows.len() as u64, "row")),
        },
        Action::Merge { table, into, rows, .. } => {
            format!("{} of {table} merged into {into}", text::count(rows.len() as u64, "row"))
        }
        Action::Waive { rule, row, rows, .. } => match row {
            Some(row) => format!("{rule} of {row} waived"),
            None => format!("{rule} of {} waived", text::count(rows.len() as u64, "row")),
        },
        Action::Revert { of } => match ledger.iter().find(|one| one.id == *of) {
            Some(one) => format!("{} given up", describe(ledger, one)),
            None => format!("{of} taken back"),
        },
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn decision(id: &str, who: &str, action: Action) -> Decision {
        Decision { v: 1, id: id.to_owned(), at: DateTime::UNIX_EPOCH, who: who.to_owned(), action, why: None }
    }

    fn exclude(id: &str, who: &str) -> Decision {
        decision(id, who, Action::Exclude { table: "customers".to_owned(), rows: vec![id.to_owned()] })
    }

    fn revert(id: &str, of: &str) -> Decision {
        decision(id, "marie", Action::Revert { of: of.to_owned() })
    }

    fn ids(ledger: &[Decision]) -> (Vec<String>, Vec<String>) {
        ids_with(ledger, &[])
    }

    fn ids_with(ledger: &[Decision], given_up: &[&str]) -> (Vec<String>, Vec<String>) {
        let given_up = given_up.iter().map(|id| (*id).to_owned()).collect();
        let state = undo(ledger, &IndexMap::new(), &given_up, "marie");
        (
            state.done.iter().map(|done| done.id.clone()).collect(),
            state.undone.iter().map(|(reversal, _)| reversal.id.clone()).collect(),
        )
    }

    #[test]
    fn undo_and_redo_go_back_and_forth_over_the_same_decision() {
        let mut ledger = vec![exclude("a", "marie"), exclude("b", "marie"), exclude("x", "paul")];
        assert_eq!(ids(&ledger), (vec!["a".into(), "b".into()], vec![]));
        ledger.push(revert("r1", "b"));
        assert_eq!(ids(&ledger), (vec!["a".into()], vec!["r1".into()]));
        ledger.push(revert("r2", "r1"));
        assert_eq!(ids(&ledger), (vec!["a".into(), "b".into()], vec![]));
        ledger.push(revert("r3", "b"));
        assert_eq!(ids(&ledger), (vec!["a".into()], vec!["r3".into()]));
    }

    #[test]
    fn what_was_given_up_comes_back_by_undo_and_not_what_was_decided_before_it() {
        let mut ledger = vec![exclude("a", "marie"), exclude("b", "marie"), revert("t", "a")];
        assert_eq!(ids_with(&ledger, &["t"]), (vec!["b".into(), "t".into()], vec![]));
        ledger.push(revert("r1", "t"));
        assert_eq!(ids_with(&ledger, &["t"]), (vec!["a".into(), "b".into()], vec!["r1".into()]));
        ledger.push(revert("r2", "r1"));
        assert_eq!(ids_with(&ledger, &["t"]), (vec!["b".into(), "t".into()], vec![]));
        let other = vec![exclude("x", "paul"), revert("t", "x")];
        assert_eq!(ids_with(&other, &["t"]), (vec!["t".into()], vec![]), "also what somebody else decided");
        assert_eq!(describe(&other, &other[1]), "customers x excluded given up");
    }

    #[test]
    fn a_new_decision_ends_what_could_be_redone() {
        let ledger = vec![exclude("a", "marie"), revert("r1", "a"), exclude("b", "marie")];
        assert_eq!(ids(&ledger), (vec!["b".into()], vec![]));
    }
}
