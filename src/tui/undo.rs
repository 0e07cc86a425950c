//! What `u` and `U` take back, found from the ledger alone, so that it reaches across restarts. Neighbour: `screens`.

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
/// ends what could be redone.
pub fn undo<'a>(ledger: &'a [Decision], pending: &IndexMap<u64, Pending>, who: &str) -> Undo<'a> {
    let mut state = Undo::default();
    for decision in ledger {
        match &decision.action {
            Action::Revert { of } => {
                if let Some(at) = state.done.iter().position(|done| done.id == *of) {
                    let reverted = state.done.remove(at);
                    if decision.who == who {
                        state.undone.push((decision, reverted));
                    }
                } else if let Some(at) = state.undone.iter().position(|(reversal, _)| reversal.id == *of) {
                    let (_, restored) = state.undone.remove(at);
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
        let Some(of) = &pending.reverts else {
            state.undone.clear();
            (state.undo_waits, state.redo_waits) = (true, false);
            continue;
        };
        if let Some(at) = state.done.iter().position(|done| done.id == *of) {
            state.done.remove(at);
            state.redo_waits = true;
        } else if let Some(at) = state.undone.iter().position(|(reversal, _)| reversal.id == *of) {
            let (_, restored) = state.undone.remove(at);
            // By the time that it is undone again, the writer has brought it back.
            state.done.push(restored);
        }
    }
    state
}

/// What a decision did, in a few words.
pub fn describe(decision: &Decision) -> String {
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
        Action::Revert { of } => format!("{of} taken back"),
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
    fn a_new_decision_ends_what_could_be_redone() {
        let ledger = vec![exclude("a", "marie"), revert("r1", "a"), exclude("b", "marie")];
        assert_eq!(ids(&ledger), (vec!["b".into()], vec![]));
    }
}
