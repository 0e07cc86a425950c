//! Whether the last check looked at what would be committed. Neighbour: `recheck`, which brings it up to date after decisions.

use super::Subject;
use super::held::severity_list;
use crate::error::Result;
use crate::model::{Condition, ConditionKind, Schema};
use crate::stages::basis::Basis;
use crate::stages::shapes::Shapes;
use crate::stages::{decide, waivers};
use crate::store::Store;

/// The condition that the last check looked at what would be committed.
fn checked(holds: bool, detail: String) -> Condition {
    let what = "the last check knows the newest load, the decisions and the schema".to_owned();
    Condition { what, holds, detail, kind: ConditionKind::Checked }
}

/// The number of the last check, where the candidates that it looked at are those of the schema; the condition that does not
/// hold, where not.
pub(super) fn number(store: &Store, schema: &Schema, shapes: &Shapes) -> Result<std::result::Result<i64, Condition>> {
    let fails = |detail: String| Ok(Err(checked(false, detail)));
    let last =
        "SELECT \"check\", EXISTS (SELECT 1 FROM dq.scores AS s WHERE s.\"check\" = v.\"check\") FROM dq.verdict AS v";
    let Some((check, is_fed)) = store.first(last, [], |row| Ok((row.get(0)?, row.get::<_, bool>(1)?)))? else {
        return fails("nothing has been checked yet; run `tastevin check`".to_owned());
    };
    if !is_fed {
        return fails("no table is fed: map what is loaded; `tastevin map suggest` proposes how".to_owned());
    }
    match schema.tables.iter().find_map(|(name, table)| shapes.misfit(name, table)) {
        Some(misfit) => fails(format!("{misfit}; run `tastevin check`")),
        None => Ok(Ok(check)),
    }
}

/// Whether the last check, if it has that number, looked at what would be committed: what is loaded, declared, mapped, ruled and
/// decided now.
pub(super) fn is_current(
    store: &Store,
    subject: &Subject,
    number: std::result::Result<i64, Condition>,
) -> Result<Condition> {
    let now = match subject.basis {
        Ok(now) => now,
        Err(error) => return Ok(checked(false, format!("nothing can be checked: {error}"))),
    };
    let check = match number {
        Ok(check) => check,
        Err(condition) => return Ok(condition),
    };
    let known = Basis::of_last_check(store)?;
    let outdated = match &known {
        Some(then) => then.outdated_by(now),
        None => Some("it is not known what stood at".to_owned()),
    };
    if let Some(outdated) = outdated {
        return Ok(checked(false, format!("{outdated} check {check}; run `tastevin check`")));
    }
    if !decide::is_checked(store)? {
        return Ok(checked(false, format!("other decisions are in force than at check {check}; run `tastevin check`")));
    }
    let then = known.map_or_else(|| now.day(), |known| known.day());
    match waivers::expired(store, then, now.day(), &severity_list(subject.gate.fail_on))? {
        0 => {}
        1 => {
            return Ok(checked(
                false,
                format!("the waiver of a finding has expired since check {check}; run `tastevin check`"),
            ));
        }
        n => {
            return Ok(checked(
                false,
                format!("the waivers of {n} findings have expired since check {check}; run `tastevin check`"),
            ));
        }
    }
    Ok(checked(true, format!("check {check}, brought up to date with every decision since")))
}
