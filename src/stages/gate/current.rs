//! Whether the last check looked at what would be committed. Neighbour: `recheck`, which brings it up to date after decisions.

use crate::error::Result;
use crate::model::{Condition, ConditionKind, Schema};
use crate::stages::decide;
use crate::stages::shapes::Shapes;
use crate::store::Store;

/// The condition that the last check looked at what would be committed.
fn checked(holds: bool, detail: String) -> Condition {
    let what = "the last check knows the newest load, the decisions and the schema".to_owned();
    Condition { what, holds, detail, kind: ConditionKind::Checked }
}

/// Whether the last check looks at what is there now. `planned` says whether candidates can be built at all.
pub fn current(store: &Store, schema: &Schema, planned: &Result<()>) -> Result<Condition> {
    match planned {
        Ok(()) => is_current(store, schema, &Shapes::read(store)?),
        Err(error) => Ok(checked(false, format!("nothing can be checked: {error}"))),
    }
}

/// Whether the last check looked at what would be committed: the schema as it is, the newest loads and the decisions in force.
pub(super) fn is_current(store: &Store, schema: &Schema, shapes: &Shapes) -> Result<Condition> {
    let fails = |detail: String| checked(false, detail);
    let last = "SELECT \"check\", max(\"at\") FROM (SELECT \"check\", \"at\" FROM dq.scores UNION ALL SELECT \"check\", \"at\" FROM dq.metrics) \
                GROUP BY \"check\" ORDER BY \"check\" DESC LIMIT 1";
    let Some(check): Option<i64> = store.first(last, [], |row| row.get(0))? else {
        return Ok(fails(match store.count("SELECT count(*) FROM dq.verdict")? {
            0 => "nothing has been checked yet; run `tastevin check`".to_owned(),
            _ => "no table is fed: map what is loaded; `tastevin map suggest` proposes how".to_owned(),
        }));
    };
    if let Some(misfit) = schema.tables.iter().find_map(|(name, table)| shapes.misfit(name, table)) {
        return Ok(fails(format!("{misfit}; run `tastevin check`")));
    }
    let newer = format!(
        "SELECT DISTINCT source FROM dq.loads, ({last}) AS c(n, checked) \
         WHERE status = 'done' AND coalesce(ended, started) > checked ORDER BY source"
    );
    let newer: Vec<String> = store.query(&newer, [], |row| row.get(0))?;
    if !newer.is_empty() {
        return Ok(fails(format!("{} was loaded after check {check}; run `tastevin check`", newer.join(", "))));
    }
    if !decide::is_checked(store)? {
        return Ok(fails(format!("other decisions are in force than at check {check}; run `tastevin check`")));
    }
    Ok(checked(true, format!("check {check}")))
}
