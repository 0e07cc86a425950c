//! Recheck: after a decision, brings candidates, findings and verdict to where a whole check would, by looking only at the
//! rows that the decision touches. Neighbours: `map`, which builds these rows again, and `check`, which looks at all.
//!
//! What one row can change is known step by step. Which rows a decision touches is `map::again`'s matter; whose findings
//! a row can change, each rule says itself (`rules::Reach`). Where this is not the cheaper way, or anything else than
//! decisions is new since the last check, the answer is `None`, and everything has to be looked at.

mod findings;
mod money;
mod rows;
mod usual;

use std::sync::Arc;

use super::basis::{Basis, digest};
use super::check::{self, Inputs, Use};
use super::map::{Change, KNOWN, Plan};
use super::places::{self, Places, Whereabouts};
use super::shapes::Shapes;
use super::{decide, gate, kept, waivers};
use crate::error::{Error, Result};
use crate::model::{Canceller, Verdict};
use crate::store::Store;

/// The temporary table with the decisions that are in force and were not at the last check, or the other way round.
const OTHERWISE: &str = "\"decisions otherwise\"";

/// What is kept in memory from one decision to the next.
#[derive(Default)]
pub struct Memory {
    /// What was gathered of where rows are; others may use it meanwhile.
    pub whereabouts: Whereabouts,
    /// Where the rows of large tables are found, and in which state of the last check.
    places: Option<(String, Places)>,
    /// The digest of the basis of which it was asked which tables are small.
    asked_of: String,
    /// Which columns the tables have, and after which commit and on which basis.
    shapes: Option<(String, Shapes)>,
    /// The uses of rules, and on which basis and of which tables.
    uses: Option<(String, Arc<[Use]>)>,
}

impl Memory {
    /// Lets the connection know which tables are small.
    fn tell_small(&mut self, store: &Store, basis: &str) -> Result<()> {
        if self.asked_of != basis {
            store.take_for_small(places::small(store)?);
            basis.clone_into(&mut self.asked_of);
        }
        Ok(())
    }

    /// Which columns the tables have: another load, mapping or commit may give them others, decisions do not.
    fn shapes(&mut self, store: &Store, stands_on: String) -> Result<&Shapes> {
        let known = self.shapes.take().filter(|(known, _)| *known == stands_on);
        let shapes = known.map_or_else(|| Shapes::read(store), |(_, shapes)| Ok(shapes))?;
        Ok(&self.shapes.insert((stands_on, shapes)).1)
    }

    /// The uses of the rules on the tables `fed`: decisions make no others.
    fn uses(&mut self, store: &Store, inputs: &Inputs, fed: &[&str], basis: &str) -> Result<Arc<[Use]>> {
        let stands_on = format!("{basis}/{}", fed.join(", "));
        let known = self.uses.take().filter(|(known, _)| *known == stands_on);
        let uses =
            known.map_or_else(|| Ok(check::uses(store, inputs, fed)?.into()), |(_, uses)| Ok::<_, Error>(uses))?;
        Ok(Arc::clone(&self.uses.insert((stands_on, uses)).1))
    }

    /// Hands out where rows are found, until it is kept.
    fn places(&mut self, state: Option<&str>) -> Places {
        let known = self.places.take().filter(|(known, _)| Some(known.as_str()) == state);
        known.map_or_else(|| Places::new(&self.whereabouts), |(_, places)| places)
    }

    /// Keeps it for the next decision, which finds the state `now`.
    fn keep(&mut self, places: Places, now: Option<String>) {
        places.let_go();
        self.places = now.map(|now| (now, places));
    }
}

/// Brings everything up to date with the decisions in force. `None` where only a whole check can; what stands in the
/// tables then is for that check to replace, in the same transaction.
pub fn run(
    store: &Store,
    memory: &mut Memory,
    plan: &Plan,
    inputs: &Inputs,
    canceller: &Canceller,
) -> Result<Option<Verdict>> {
    let Some(known) = store.plainly(|| known(store))? else { return Ok(None) };
    if !known.finds_the_same(inputs.basis) {
        return Ok(None);
    }
    let Some(before) = check::verdict(store)? else { return Ok(None) };
    let basis = digest(inputs.basis);
    store.filled_stand_on(&basis);
    memory.tell_small(store, &basis)?;
    let state = store.plainly(|| {
        store.fill(
            OTHERWISE,
            format!(
                "SELECT * FROM dq.decisions\n\
                 WHERE kind <> 'revert' AND active <> coalesce({KNOWN}, false)"
            ),
        )?;
        kept::state(store, inputs.schema, inputs.gate)
    })?;
    let mut usual = usual::Kept::of(store, state.as_deref())?;
    let places = memory.places(state.as_deref());
    let Some(changes) = plan.build_again(store, OTHERWISE, &places, canceller)? else { return Ok(None) };
    places.forget();
    // The same basis: what was built and looked at is there to be looked at.
    let is_checked = |table: &&str| before.tables.iter().any(|score| score.table == **table);
    let fed: Vec<&str> = inputs.schema.tables.keys().map(String::as_str).filter(is_checked).collect();
    let uses = memory.uses(store, inputs, &fed, &basis)?;
    rows::remember(store, usual.has_rows())?;
    let looked_at = findings::again(store, inputs, &uses, &fed, &changes, (&mut usual, &places), canceller)?;
    // A waiver accepts what is found on any row.
    let are_waivers_other = store.count(&format!("SELECT count(*) FROM {OTHERWISE} WHERE kind = 'waive'"))? > 0;
    if are_waivers_other {
        waivers::unwaive(store, OTHERWISE)?;
    }
    let unused_waivers = waivers::waive(store, inputs.today)?;
    canceller.check()?;
    let looked_at = looked_at.filter(|_| !are_waivers_other);
    let rows = store.plainly(|| rows::moved(store, looked_at))?;
    money::again(store, inputs.schema, &changes, &rows, &places)?;
    // It is the same check, brought up to date.
    let told = check::Known {
        check: before.check,
        tables: rows::scores(&before.tables, &rows, &changes),
        unused_waivers,
        drift: before.drift.clone(),
    };
    let mut verdict = store.plainly(|| {
        let verdict = check::judge(store, inputs, &uses, told)?;
        check::keep_figures(store, &verdict, inputs.at)?;
        Ok::<_, Error>(verdict)
    })?;
    let mut moved = rows::blocked_otherwise(&rows, inputs.gate.fail_on);
    moved.extend(
        changes.iter().filter(|(table, change)| moves_rows(inputs, table, change)).map(|(table, _)| table.clone()),
    );
    if moved.is_empty() && known.asks_the_same(inputs.basis) {
        (verdict.gate, verdict.held) = (before.gate, before.held);
        check::keep(store, &verdict, inputs.basis, Some(OTHERWISE))?;
        gate::stays(store, &inputs.subject(), state.as_deref())?;
    } else {
        // The gate asks what the last check knew.
        check::keep(store, &verdict, inputs.basis, Some(OTHERWISE))?;
        let shapes = memory.shapes(store, format!("{basis}/{}", kept::commits(store, inputs.schema)?))?;
        let since = gate::Since { changes: &changes, places: &places, shapes, looked_at };
        gate::conditions_again(store, &inputs.subject(), state.as_deref(), moved, since)?.tell(&mut verdict);
        check::keep_answer(store, &verdict)?;
    }
    let now = kept::state(store, inputs.schema, inputs.gate)?;
    usual.keep(store, state.as_deref(), now.as_deref())?;
    memory.keep(places, now);
    Ok(Some(verdict))
}

/// What the last check stood on; `None` where the decisions that it knew are no longer what they were.
fn known(store: &Store) -> Result<Option<Basis>> {
    let sql = format!("SELECT decisions = ({}) FROM dq.verdict", decide::KNOWN_FINGERPRINT);
    match store.first(&sql, [], |row| row.get::<_, Option<bool>>(0))? {
        Some(Some(true)) => Basis::of_last_check(store),
        _ => Ok(None),
    }
}

/// Whether a change may hold other rows back than before although no other rows are blocked: rows came or went, keys or
/// references are others.
fn moves_rows(inputs: &Inputs, table: &str, change: &Change) -> bool {
    let fields = inputs.schema.tables.get(table).into_iter().flat_map(|table| &table.fields);
    let mut tied = fields.filter(|(name, field)| {
        let is_referred_to = inputs
            .schema
            .tables
            .values()
            .flat_map(|other| other.fields.values())
            .any(|other| other.references.as_ref().is_some_and(|to| to.table == table && to.field == **name));
        field.key || field.references.is_some() || is_referred_to
    });
    change.came + change.went > 0 || tied.any(|(name, _)| change.is_of(name))
}
