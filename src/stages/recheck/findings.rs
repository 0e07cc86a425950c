//! Which findings can be others after some rows have changed, and how they are found again.

use indexmap::{IndexMap, IndexSet};

use crate::error::Result;
use crate::model::Canceller;
use crate::rules::{self, Reach};
use crate::sql::{Ident, Literal, Path};
use crate::stages::check::{self, Batch, Inputs, Use};
use crate::stages::load;
use crate::stages::map::{Change, is_worth_it};
use crate::store::Store;

/// How a use of a rule has to look again.
enum Again {
    /// At all rows.
    Whole,
    /// At the rows that changed, and at those that refer to rows of these tables that changed.
    Rows(IndexSet<String>),
    /// At the rows with the same value of an expression as those that changed.
    Alike(String),
}

/// Finds again what can be found otherwise than before.
pub(super) fn again(
    store: &Store,
    inputs: &Inputs,
    uses: &[Use],
    changes: &IndexMap<String, Change>,
    canceller: &Canceller,
) -> Result<()> {
    // Rows that went have no findings.
    for (table, change) in changes {
        if change.went > 0 {
            store.run(&format!(
                "DELETE FROM dq.anomalies WHERE \"table\" = {} AND \"row\" IN (SELECT _key FROM {} AS b ANTI JOIN {} AS a ON a._key = b._key)",
                Literal(table),
                Change::before(table),
                Change::after(table)
            ))?;
        }
    }
    let fed = check::fed(store, inputs)?;
    for table in inputs.schema.tables.keys() {
        // Uses that share their findings' rule and field cannot be told apart afterwards, so they go together.
        let mut groups: IndexMap<(&str, &str), Vec<&Use>> = IndexMap::new();
        for one in uses.iter().filter(|one| one.table == *table) {
            groups.entry((&one.rule, &one.field)).or_default().push(one);
        }
        let mut rows: Vec<(&Use, bool)> = Vec::new();
        let mut through: IndexSet<String> = IndexSet::new();
        for group in groups.values() {
            canceller.check()?;
            let needs: Vec<Again> =
                group.iter().filter_map(|one| again_of(one, inputs, changes).transpose()).collect::<Result<_>>()?;
            match needs.as_slice() {
                [] => {}
                [Again::Alike(likeness)] if group.len() == 1 => alike(store, inputs, &fed, group[0], likeness)?,
                needs if needs.iter().all(|need| matches!(need, Again::Rows(_))) => {
                    for need in needs {
                        if let Again::Rows(tables) = need {
                            through.extend(tables.iter().cloned());
                        }
                    }
                    let adds_found = needs.iter().any(|need| matches!(need, Again::Rows(tables) if !tables.is_empty()));
                    rows.extend(
                        group.iter().map(|one| (*one, adds_found && matches!(one.reach(), Some(Reach::Found)))),
                    );
                }
                _ => whole(store, group)?,
            }
        }
        look(store, inputs, &fed, table, changes, &rows, &through)?;
    }
    Ok(())
}

/// How a use has to look again; `None` where nothing that it reads has changed.
fn again_of(one: &Use, inputs: &Inputs, changes: &IndexMap<String, Change>) -> Result<Option<Again>> {
    let Some(reach) = one.reach() else { return Ok(Some(Again::Whole)) };
    let own = changes.get(&one.table).is_some_and(|change| reads(&one.sql, change));
    let others: IndexSet<String> = changes
        .iter()
        .filter(|(table, change)| {
            refers(inputs, &one.table, table)
                && one.sql.contains(&Path("candidate", table).to_string())
                && reads(&one.sql, change)
        })
        .map(|(table, _)| table.clone())
        .collect();
    if !own && others.is_empty() {
        return Ok(None);
    }
    Ok(Some(match reach {
        Reach::Row | Reach::Found => Again::Rows(others),
        Reach::Alike(of) if others.is_empty() => Again::Alike(one.likeness(inputs, of)?),
        Reach::Alike(_) | Reach::Table => Again::Whole,
    }))
}

/// Whether a query reads something that has changed. What it does not name it does not read.
fn reads(sql: &str, change: &Change) -> bool {
    let bits = |changed: i64, of: &str| {
        let rest = sql.split(of).skip(1).map(|rest| rest.trim_start_matches(" & "));
        let number =
            |rest: &str| rest.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok());
        changed != 0 && rest.into_iter().any(|rest| number(rest).is_none_or(|mask: i64| mask & changed != 0))
    };
    change.came + change.went > 0
        || change.fields.iter().any(|field| sql.contains(&Ident(field).to_string()))
        || bits(change.unread, "_unread")
        || bits(change.decided, "_decided")
}

/// Whether a table refers to another one.
fn refers(inputs: &Inputs, table: &str, to: &str) -> bool {
    let fields = inputs.schema.tables.get(table).into_iter().flat_map(|table| table.fields.values());
    fields.filter_map(|field| field.references.as_ref()).any(|reference| reference.table == to)
}

fn whole(store: &Store, group: &[&Use]) -> Result<()> {
    let Some(first) = group.first() else { return Ok(()) };
    // A rule of the user's own may find things in other fields than it announced.
    let field = match first.reach() {
        Some(_) => format!(" AND field = {}", Literal(&first.field)),
        None => String::new(),
    };
    store.run(&format!(
        "DELETE FROM dq.anomalies WHERE rule = {} AND \"table\" = {}{field}",
        Literal(&first.rule),
        Literal(&first.table)
    ))?;
    Batch(group.iter().map(|one| (*one, one.sql.as_str())).collect()).run(store, None)
}

fn alike(store: &Store, inputs: &Inputs, fed: &[&str], one: &Use, likeness: &str) -> Result<()> {
    let rows = format!("alike in {}", one.table);
    let sql = format!(
        "SELECT * FROM {} AS t WHERE ({likeness})::VARCHAR IN ({})\nUNION\nSELECT * FROM {}",
        Path("candidate", &one.table),
        Change::values(&one.table, likeness),
        Change::after(&one.table)
    );
    match gather(store, &one.table, &rows, &sql)? {
        true => find(store, inputs, fed, &[one], &rows),
        false => whole(store, &[one]),
    }
}

/// Looks again at the rows of a table that changed or refer to changed rows of the tables `through`; the uses that are
/// marked, at the rows on which they have found something too.
fn look(
    store: &Store,
    inputs: &Inputs,
    fed: &[&str],
    table: &str,
    changes: &IndexMap<String, Change>,
    uses: &[(&Use, bool)],
    through: &IndexSet<String>,
) -> Result<()> {
    if uses.is_empty() {
        return Ok(());
    }
    let candidate = Path("candidate", table);
    let mut parts = vec![format!("SELECT * FROM {candidate} WHERE false")];
    if changes.contains_key(table) {
        parts.push(format!("SELECT * FROM {}", Change::after(table)));
    }
    for (name, field) in inputs.schema.tables.get(table).into_iter().flat_map(|table| &table.fields) {
        let Some(to) = field.references.as_ref().filter(|to| through.contains(&to.table)) else { continue };
        let keys = Change::values(&to.table, &Ident(&to.field).to_string());
        parts.push(format!("SELECT * FROM {candidate} WHERE {}::VARCHAR IN ({keys})", Ident(name)));
    }
    let sql = parts.join("\nUNION\n");
    let rows = format!("changed in {table}");
    let is_part = gather(store, table, &rows, &sql)?;
    let (found, plain): (Vec<_>, Vec<_>) = uses.iter().partition(|(_, adds_found)| *adds_found);
    let plain: Vec<&Use> = plain.into_iter().map(|(one, _)| one).collect();
    match is_part {
        true => find(store, inputs, fed, &plain, &rows)?,
        false => plain.iter().try_for_each(|one| whole(store, &[one]))?,
    }
    for (one, _) in found {
        let rows = format!("found in {table}");
        let sql = format!(
            "{sql}\nUNION\nSELECT * FROM {candidate} WHERE _key IN (SELECT \"row\" FROM dq.anomalies WHERE rule = {} AND \"table\" = {} AND field = {})",
            Literal(&one.rule),
            Literal(table),
            Literal(&one.field)
        );
        match is_part && gather(store, table, &rows, &sql)? {
            true => find(store, inputs, fed, &[one], &rows)?,
            false => whole(store, &[one])?,
        }
    }
    Ok(())
}

/// Gathers rows to look at in a temporary table; says no where they are so many that all can be looked at.
fn gather(store: &Store, table: &str, rows: &str, sql: &str) -> Result<bool> {
    store.run(&format!("CREATE OR REPLACE TEMP TABLE {} AS\n{sql}", Ident(rows)))?;
    let few = store.count(&format!("SELECT count(*) FROM {}", Ident(rows)))?;
    is_worth_it(store, table, few)
}

/// Finds again what the uses find on the rows of a temporary table.
fn find(store: &Store, inputs: &Inputs, fed: &[&str], uses: &[&Use], rows: &str) -> Result<()> {
    let Some(first) = uses.first() else { return Ok(()) };
    let which: Vec<String> =
        uses.iter().map(|one| format!("({}, {})", Literal(&one.rule), Literal(&one.field))).collect();
    store.run(&format!(
        "DELETE FROM dq.anomalies WHERE \"table\" = {} AND \"row\" IN (SELECT _key FROM {}) AND (rule, field) IN ({})",
        Literal(&first.table),
        Ident(rows),
        which.join(", ")
    ))?;
    if store.count(&format!("SELECT count(*) FROM {}", Ident(rows)))? == 0 {
        return Ok(());
    }
    let queries = uses.iter().map(|one| one.sql_of(store, inputs, fed, rows)).collect::<Result<Vec<_>>>()?;
    for origin in inputs.origins.get(&first.table).into_iter().flatten() {
        let texts = Ident(&rules::texts_of(rows, &origin.relation)).to_string();
        if !queries.iter().flatten().any(|sql| sql.contains(&texts)) {
            continue;
        }
        let (source, entity) = (&origin.source, &origin.entity);
        let numbers = format!(
            "SELECT _row FROM {} WHERE _source = {} AND _entity = {}",
            Ident(rows),
            Literal(source),
            Literal(entity)
        );
        let sql = load::rows_sql(store, source, entity, &numbers)?;
        store.run(&format!("CREATE OR REPLACE TEMP TABLE {texts} AS {sql}"))?;
    }
    let (theirs, ours): (Vec<_>, Vec<_>) = uses
        .iter()
        .zip(&queries)
        .filter_map(|(one, sql)| Some((*one, sql.as_deref()?)))
        .partition(|(one, _)| one.is_theirs());
    Batch(ours).run(store, None)?;
    theirs.into_iter().try_for_each(|one| Batch(vec![one]).run(store, None))
}
