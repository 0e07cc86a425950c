//! Recheck: after a decision, brings candidates, findings and verdict to where a whole check would, by looking only at the
//! rows that the decision touches. Neighbours: `map`, which builds these rows again, and `check`, which looks at all.
//!
//! What one row can change is known step by step. Which rows a decision touches is `map::again`'s matter; whose findings
//! a row can change, each rule says itself (`rules::Reach`). Where this is not the cheaper way, or anything else than
//! decisions is new since the last check, the answer is `None`, and everything has to be looked at.

mod findings;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::check::{self, Inputs};
use super::map::{KNOWN, Plan};
use super::{decide, gate, stake};
use crate::error::Result;
use crate::model::{Canceller, Verdict};
use crate::rules;
use crate::sql::Literal;
use crate::store::Store;

/// The temporary table with the decisions that are in force and were not at the last check, or the other way round.
const OTHERWISE: &str = "\"decisions otherwise\"";

/// Remembers what the check that has just ended stood on. Without this nothing can be looked at in part.
pub fn remember(store: &Store, plan: &Plan, inputs: &Inputs) -> Result<()> {
    store.run(&format!(
        "UPDATE dq.verdict SET basis = {};\nDELETE FROM dq.checked;\n\
         INSERT INTO dq.checked SELECT DISTINCT id FROM dq.decisions WHERE active",
        Literal(&basis(store, plan, inputs)?)
    ))
}

/// Brings everything up to date with the decisions in force. `None` where only a whole check can; what stands in the
/// tables then is for that check to replace, in the same transaction.
pub fn run(store: &Store, plan: &Plan, inputs: &Inputs, canceller: &Canceller) -> Result<Option<Verdict>> {
    if !knows_all_but_decisions(store, plan, inputs)? {
        return Ok(None);
    }
    let Some(before) = check::verdict(store)? else { return Ok(None) };
    store.run(&format!(
        "CREATE OR REPLACE TEMP TABLE {OTHERWISE} AS SELECT * FROM dq.decisions\n\
         WHERE kind <> 'revert' AND active <> coalesce({KNOWN}, false)"
    ))?;
    let Some(changes) = plan.build_again(store, OTHERWISE, canceller)? else { return Ok(None) };
    let uses = check::uses(store, inputs)?;
    findings::again(store, inputs, &uses, &changes, canceller)?;
    stake::fill_again(store, inputs.schema, &changes)?;
    check::unwaive(store, OTHERWISE)?;
    check::waive(store, inputs.today)?;
    canceller.check()?;
    let mut verdict = check::judge(store, inputs, &uses, before.check)?;
    // It is the same check, brought up to date.
    check::keep_figures(store, &verdict, Some(&before), inputs.at)?;
    check::keep(store, &verdict)?;
    verdict.gate = check::conditions(inputs, gate::conditions(store, inputs.schema, inputs.gate)?);
    check::keep(store, &verdict)?;
    remember(store, plan, inputs)?;
    Ok(Some(verdict))
}

/// Whether nothing but decisions is new since the last check, and the decisions that it knew are still what they were.
fn knows_all_but_decisions(store: &Store, plan: &Plan, inputs: &Inputs) -> Result<bool> {
    let known = store.first(
        &format!("SELECT basis, decisions = ({}) FROM dq.verdict", decide::KNOWN_FINGERPRINT),
        [],
        |row| Ok((row.get::<_, Option<String>>(0)?, row.get::<_, Option<bool>>(1)?)),
    )?;
    match known {
        Some((Some(basis), Some(true))) => Ok(basis == self::basis(store, plan, inputs)?),
        _ => Ok(false),
    }
}

/// A digest of everything but decisions that goes into candidates and findings.
fn basis(store: &Store, plan: &Plan, inputs: &Inputs) -> Result<String> {
    let staged = store.texts("SELECT source, entity, load, relation FROM dq.staged ORDER BY ALL")?;
    let day = store.texts("SELECT max(started) FROM dq.loads WHERE status = 'done'")?;
    let mut digest = DefaultHasher::new();
    (env!("CARGO_PKG_VERSION"), inputs.today, format!("{:?}", inputs.schema)).hash(&mut digest);
    (format!("{:?}", plan.mappings()), format!("{:?}", inputs.origins)).hash(&mut digest);
    (format!("{:?}", rules::user::load(inputs.rules_dir)?), staged.rows, day.rows).hash(&mut digest);
    Ok(format!("{:016x}", digest.finish()))
}
