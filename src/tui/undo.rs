//! What `u` and `U` take back, found from the ledger alone, so that it reaches across restarts. Neighbour: `screens::take_back`, which does it.

use std::collections::HashSet;

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
/// ends what could be redone; a reversal by which they gave a decision up is one.
pub fn undo<'a>(ledger: &'a [Decision], pending: &IndexMap<u64, Pending>, who: &str) -> Undo<'a> {
    let mut state = Undo::default();
    for decision in ledger.iter().filter(|one| one.who == who) {
        match &decision.action {
            Action::Revert { of, undo: true } => {
                if let Some(reverted) = state.turn(of) {
                    state.undone.push((decision, reverted));
                }
            }
            _ => {
                state.done.push(decision);
                state.undone.clear();
            }
        }
    }
    for pending in pending.values() {
        match &pending.reverts {
            // By the time that what was redone is undone again, the writer has brought it back.
            Some(of) if pending.undo => state.redo_waits |= state.turn(of).is_some(),
            _ => {
                state.undone.clear();
                (state.undo_waits, state.redo_waits) = (true, false);
            }
        }
    }
    let reverted = reverted(ledger, pending);
    state.done.retain(|one| !reverted.contains(one.id.as_str()));
    state.undone.retain(|(reversal, _)| !reverted.contains(reversal.id.as_str()));
    state
}

impl<'a> Undo<'a> {
    /// Takes a step: what is undone is handed out, what is redone is the newest again.
    fn turn(&mut self, of: &str) -> Option<&'a Decision> {
        if let Some(at) = self.undone.iter().position(|(reversal, _)| reversal.id == of) {
            let (_, restored) = self.undone.remove(at);
            self.done.push(restored);
            return None;
        }
        let at = self.done.iter().position(|one| one.id == of)?;
        Some(self.done.remove(at))
    }
}

/// The ids of what some reversal in force takes back.
fn reverted<'m>(ledger: &'m [Decision], pending: &'m IndexMap<u64, Pending>) -> HashSet<&'m str> {
    let mut reverted: HashSet<&str> = pending.values().filter_map(|one| one.reverts.as_deref()).collect();
    for decision in ledger.iter().rev().filter(|one| matches!(one.action, Action::Revert { .. })) {
        if let (Action::Revert { of, .. }, false) = (&decision.action, reverted.contains(decision.id.as_str())) {
            reverted.insert(of);
        }
    }
    reverted
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
        Action::Revert { of, .. } => match ledger.iter().find(|one| one.id == *of) {
            Some(one) => format!("given up: {}", describe(ledger, one)),
            None => format!("given up: {of}"),
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

    fn give_up(id: &str, of: &str) -> Decision {
        decision(id, "marie", Action::revert(of))
    }

    fn revert(id: &str, of: &str) -> Decision {
        decision(id, "marie", Action::Revert { of: of.to_owned(), undo: true })
    }

    fn ids(ledger: &[Decision]) -> (Vec<String>, Vec<String>) {
        let state = undo(ledger, &IndexMap::new(), "marie");
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
        let mut ledger = vec![exclude("a", "marie"), exclude("b", "marie"), give_up("t", "a")];
        assert_eq!(ids(&ledger), (vec!["b".into(), "t".into()], vec![]));
        ledger.push(revert("r1", "t"));
        assert_eq!(ids(&ledger), (vec!["a".into(), "b".into()], vec!["r1".into()]));
        ledger.push(revert("r2", "r1"));
        assert_eq!(ids(&ledger), (vec!["b".into(), "t".into()], vec![]));
        let other = vec![exclude("x", "paul"), give_up("t", "x")];
        assert_eq!(ids(&other), (vec!["t".into()], vec![]), "also what somebody else decided");
        assert_eq!(describe(&other, &other[1]), "given up: customers x excluded");
    }

    #[test]
    fn what_somebody_else_took_back_can_be_neither_undone_nor_redone() {
        let by_paul = |id: &str, of: &str| decision(id, "paul", Action::revert(of));
        let mut ledger = vec![exclude("a", "marie"), exclude("b", "marie"), revert("r1", "b"), by_paul("p1", "a")];
        assert_eq!(ids(&ledger), (vec![], vec!["r1".into()]));
        ledger.push(by_paul("p2", "r1"));
        assert_eq!(ids(&ledger), (vec![], vec![]));
        ledger.push(by_paul("p3", "p1"));
        assert_eq!(ids(&ledger), (vec!["a".into()], vec![]));
    }

    #[test]
    fn a_new_decision_ends_what_could_be_redone() {
        let ledger = vec![exclude("a", "marie"), revert("r1", "a"), exclude("b", "marie")];
        assert_eq!(ids(&ledger), (vec!["b".into()], vec![]));
    }
}
