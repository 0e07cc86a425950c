//! Check: runs every rule over the candidates and says what was found in sum. Stands between `map`, which builds the
//! candidates, and `commit`, which asks for the rows that the findings block.

mod doubts;
mod figures;
mod judge;
#[cfg(test)]
mod tests;
mod uses;

use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};
use indexmap::IndexMap;

use super::basis::Basis;
use super::{gate, load, stake, waivers};
use crate::error::{Kind, Result};
use crate::model::{Canceller, Gate, Mapping, Progress, Schema, Unit, Verdict};
use crate::rules::{self, Origin};
use crate::store::Store;

pub use doubts::doubts;
pub use figures::verdict;
pub(super) use figures::{keep, keep_answer, keep_figures};
pub(super) use judge::{Known, judge, score};
pub(super) use uses::{Batch, Use, fed, uses};

/// What a check needs to know beside the store.
pub struct Inputs<'a> {
    /// The schema.
    pub schema: &'a Schema,
    /// The sources' names and mappings.
    pub mappings: &'a [(String, Mapping)],
    /// Per table, where its rows come from.
    pub origins: &'a IndexMap<String, Vec<Origin>>,
    /// The folder with the user's own rules.
    pub rules_dir: &'a Path,
    /// Everything else that it stands on.
    pub basis: &'a Basis,
    /// What must hold before a commit.
    pub gate: &'a Gate,
    /// The day on which it runs.
    pub today: NaiveDate,
    /// The moment at which it runs.
    pub at: DateTime<Utc>,
}

impl<'a> Inputs<'a> {
    /// What the gate is asked about.
    pub(super) fn subject(&self) -> gate::Subject<'a> {
        gate::Subject { schema: self.schema, gate: self.gate, basis: Ok(self.basis) }
    }
}

/// How many uses of rules are one statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    /// All on a table: what they read and compute alike is read and computed once, and all threads have work.
    Table,
    /// Each by itself.
    Use,
}

/// Does `check` in one statement per table. Where one of them fails, all of it is done again with every use by itself, so that
/// the error names the one that cannot run.
pub fn at_best<T>(check: impl Fn(Grain) -> Result<T>) -> Result<T> {
    match check(Grain::Table) {
        Err(error) if error.kind() == Kind::Internal => check(Grain::Use),
        outcome => outcome,
    }
}

/// Replaces the findings by those of all rules, in one transaction: whoever reads sees the old check or the new one.
pub fn run(
    store: &Store,
    inputs: &Inputs,
    grain: Grain,
    progress: &(dyn Fn(Progress) + Sync),
    canceller: &Canceller,
) -> Result<Verdict> {
    // What is wrong with a rule is said before anything runs.
    let fed = fed(store, inputs)?;
    let uses = uses(store, inputs, &fed)?;
    stake::validate(inputs.schema)?;
    store.transaction(|store| {
        store.run("DELETE FROM dq.anomalies")?;
        let mut done = 0;
        for batch in Batch::all(&uses, grain) {
            canceller.check()?;
            let size = batch.0.len();
            let tell = |share: f64| {
                progress(Progress {
                    what: format!("check {}", batch.name()),
                    done: (done as f64 + share * size as f64) as u64,
                    total: Some(uses.len() as u64),
                    unit: Unit::Steps,
                });
            };
            tell(0.0);
            batch.run(store, Some(&tell))?;
            done += size;
        }
        let unused_waivers = waivers::waive(store, inputs.today)?;
        canceller.check()?;
        let at_stake = stake::fill(store, inputs.schema)?;
        let number = store.count("SELECT coalesce(max(\"check\"), 0) + 1 FROM dq.verdict")?;
        let known = Known {
            check: i64::try_from(number).unwrap_or(1),
            tables: judge::scores(store, &fed)?,
            unused_waivers,
            drift: load::drift(store, inputs.mappings)?,
        };
        let mut verdict = judge(store, inputs, &uses, known)?;
        // The gate looks at the figures of this check and at what it knew, so they are kept first.
        keep_figures(store, &verdict, inputs.at)?;
        keep(store, &verdict, inputs.basis, None)?;
        stake::keep(store, inputs.schema, at_stake.as_deref())?;
        gate::conditions(store, &inputs.subject())?.tell(&mut verdict);
        keep_answer(store, &verdict)?;
        Ok(verdict)
    })
}

/// The ids of all rules, the user's own in that folder included.
pub fn rule_ids(rules_dir: &Path) -> Result<Vec<String>> {
    let own = rules::user::load(rules_dir)?;
    Ok(rules::REGISTRY.iter().map(|rule| rule.id.to_owned()).chain(own.into_iter().map(|rule| rule.id)).collect())
}
