//! What decisions make of a value wherever it occurs: those that replace it, and merges, which references follow. Neighbours: `decided`,
//! which applies them beside those about cells, and `fold`, which says what several make together.

use std::collections::{BTreeSet, HashMap};

use super::decided::{IN_FORCE, Of, has_any, read_value};
use super::fold::{self, Refusal, Replace, Repointed};
use crate::error::Result;
use crate::model::{Conflict, FieldType, Schema};
use crate::sql::{Ident, Literal, literals};
use crate::stages::places::{IDENTITY, Near, Places, Sought};
use crate::store::Store;

/// What the values of a field are replaced by.
pub(super) struct Replaced {
    pub field: String,
    /// By the value as text.
    pub whole: HashMap<String, String>,
    /// By an element of a list, in order.
    pub elements: Vec<(String, String)>,
    pub refused: Vec<Conflict>,
}

/// Which field values of this table follow a merge.
pub(super) fn repointed(store: &Store, schema: &Schema, table: &str) -> Result<Vec<(String, Repointed)>> {
    let mut found = Vec::new();
    for (name, field) in schema.tables.get(table).into_iter().flat_map(|table| &table.fields) {
        let Some(to) = &field.references else { continue };
        let map = repointed_to(store, &to.table, &to.field)?;
        if map != Repointed::default() {
            found.push((name.clone(), map));
        }
    }
    Ok(found)
}

/// Where references to a field of a table point.
pub(super) fn repointed_to(store: &Store, table: &str, field: &str) -> Result<Repointed> {
    let rows: Vec<(String, (String, String))> = store.query(
        r#"SELECT was, now, decision FROM dq.repointed WHERE "table" = ? AND field = ? ORDER BY was"#,
        [table, field],
        |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))),
    )?;
    Ok(Repointed(rows.into_iter().collect()))
}

/// The decisions that replace values of a field, read as the field's type: those about whole values, those about elements
/// of lists, and those that give no value.
#[derive(Default)]
struct Lines {
    whole: Vec<Replace>,
    elements: Vec<Replace>,
    unread: Vec<(Replace, Refusal)>,
}

impl Lines {
    /// Those that meet the condition `which`, in the order in which they were made.
    fn of(store: &Store, table: &str, field: &str, kind: FieldType, which: &str) -> Result<Lines> {
        let written = |text: &str| Ok(kind.as_text(&format!("({})", read_value(text, kind)?)));
        let columns: Result<Vec<String>> = ["was", "now"].into_iter().map(written).collect();
        type Line = (Replace, Option<String>, Option<String>);
        let lines: Vec<Line> = store.query(
            &format!(
                r#"SELECT id, was, now, {} FROM dq.decisions
                   WHERE ({which}) AND kind = 'replace' AND "table" = ? AND field = ? ORDER BY seq, was"#,
                columns?.join(", ")
            ),
            [table, field],
            |row| Ok((Replace { id: row.get(0)?, was: row.get(1)?, now: row.get(2)? }, row.get(3)?, row.get(4)?)),
        )?;
        let mut read = Lines::default();
        for (line, was, now) in lines {
            let is_list = line.was.starts_with('[') && line.was.ends_with(']');
            if kind == FieldType::List && !is_list {
                let Replace { id, was, now } = line;
                read.elements.push(Replace { id, was: was.trim().to_owned(), now: now.trim().to_owned() });
            } else if now.is_none() && !line.now.trim().is_empty() {
                read.unread.push((line, Refusal { reason: "not-a-value", found: None }));
            } else {
                // 12,50 typed by a person is 12.5. White space around a text may be what is replaced.
                let was = was.filter(|_| kind != FieldType::Text).unwrap_or(line.was);
                read.whole.push(Replace { id: line.id, was, now: now.unwrap_or_default() });
            }
        }
        Ok(read)
    }
}

/// What the values of a field are replaced by, by the decisions that meet the condition `which`.
pub(super) fn replacements(of: &Of, field: &str, repointed: &Repointed, which: &str) -> Result<Replaced> {
    let Of { store, name: table, .. } = *of;
    let kind = of.table.fields.get(field).map(|field| field.kind).unwrap_or_default();
    let Lines { whole, elements, unread } = match of.said.ever_replaces(table, field) {
        true => Lines::of(store, table, field, kind, which)?,
        false => Lines::default(),
    };
    let (whole, not_whole) = fold::replaced(repointed, whole);
    let (elements, not_elements) = fold::replaced(&Repointed::default(), elements);
    let refused = unread.into_iter().chain(not_whole).chain(not_elements).map(|(replace, refusal)| Conflict {
        decision: replace.id,
        table: table.to_owned(),
        row: String::new(),
        field: field.to_owned(),
        was: Some(replace.was),
        now: Some(replace.now),
        found: refusal.found,
        reason: refusal.reason.to_owned(),
        earlier: Vec::new(),
    });
    let mut elements: Vec<(String, String)> = elements.into_iter().collect();
    elements.sort();
    Ok(Replaced { field: field.to_owned(), whole, elements, refused: refused.collect() })
}

/// The last decision in force that replaces a value of a field as the source gives it, or an element of it, and what it
/// makes of it.
pub(super) fn last_replacing(
    store: &Store,
    schema: &Schema,
    table: &str,
    field: &str,
    given: &str,
) -> Result<Option<Replace>> {
    let kind = schema.field(table, field).map(|field| field.kind).unwrap_or_default();
    let Lines { whole, elements, .. } = Lines::of(store, table, field, kind, IN_FORCE)?;
    let whole = fold::last_replacing(vec![given.to_owned()], &whole);
    let parts = given.trim_start_matches('[').trim_end_matches(']').split(", ").map(str::to_owned).collect();
    Ok(fold::last_replacing(parts, &elements).or(whole))
}

/// The rows of a table in which the decisions in force may give a field another value than
/// those did that meet the condition `before`; `repointed` is where references in the field pointed then.
pub(super) fn replaced_otherwise(
    of: &Of,
    field: &str,
    before: &str,
    repointed: Option<&Repointed>,
    places: &Places,
) -> Result<Vec<Sought>> {
    let Of { store, name: table, .. } = *of;
    let Some((bit, _, declared)) = of.table.fields.get_full(field) else { return Ok(Vec::new()) };
    let is = match &declared.references {
        Some(to) => repointed_to(store, &to.table, &to.field)?,
        None => Repointed::default(),
    };
    let was = repointed.unwrap_or(&is);
    let old = replacements(of, field, was, before)?;
    let new = replacements(of, field, &is, IN_FORCE)?;
    // Without a decision to replace anything, references follow all the same.
    let (mut old_whole, mut new_whole) = (old.whole, new.whole);
    for (whole, repointed) in [(&mut old_whole, was), (&mut new_whole, &is)] {
        for (value, (now, _)) in &repointed.0 {
            whole.entry(value.clone()).or_insert_with(|| now.clone());
        }
    }
    let own = Ident(field).to_string();
    let text = declared.kind.as_text(&own);
    let mut rows = Vec::new();
    let (values, ends) = differing(&old_whole, &new_whole);
    if !values.is_empty() {
        let near = |sought: Vec<&String>| match declared.kind {
            FieldType::Text => places.near_these(store, table, field, sought.iter().map(|value| value.as_str())),
            _ => Ok(Near::Anywhere),
        };
        if declared.references.is_some() {
            // What refers to the rows that were or are pointed to is added up anew: it is fetched with what is pointed elsewhere.
            let pointed = values.iter().flat_map(|value| [old_whole.get(*value), new_whole.get(*value)]).flatten();
            near(values.iter().copied().chain(pointed).collect())?;
        }
        let replaced = format!("_decided & {} <> 0", 1_i64 << bit);
        rows.extend(near(values.iter().copied().collect())?.with(format!("{text} IN ({})", literals(&values))));
        // What was replaced shows what it was replaced by, or nothing.
        let emptied = |own: &str| format!("{own}_decided & {} <> 0 AND {own}{} IS NULL", 1_i64 << bit, Ident(field));
        let by = format!("CASE WHEN {} THEN 'emptied' END", emptied("t."));
        rows.extend(places.near_like(store, table, "", &by, "SELECT 'emptied'")?.with(emptied("")));
        if !ends.is_empty() {
            let texts = literals(&ends);
            rows.extend(near(ends.into_iter().collect())?.with(format!("{replaced} AND {text} IN ({texts})")));
        }
    }
    let (old, new): (HashMap<_, _>, HashMap<_, _>) =
        (old.elements.into_iter().collect(), new.elements.into_iter().collect());
    let (elements, _) = differing(&old, &new);
    let are_whole = elements.is_empty();
    if !elements.is_empty() {
        rows.push(Sought::among_all(has_any(&own, elements)));
        rows.push(Sought::among_all(format!("_decided & {} <> 0", 1_i64 << bit)));
    }
    if !(values.is_empty() && are_whole) && of.said.ever_sets(table, field) {
        // A row that was set by hand may have had the value before, and the decision on it may hold or fall with it.
        let of_field = format!("\"table\" = {} AND field = {}", Literal(table), Literal(field));
        let mut set = format!("SELECT \"row\" FROM dq.decisions WHERE kind IN ('set', 'bulk') AND {of_field}");
        if declared.kind == FieldType::Text && are_whole {
            let about = led_to(of, field, &values, &[&old_whole, &new_whole], &[was, &is])?;
            // What a decision says tells whether that can be. One that fits no longer may be about anything.
            let about =
                format!("SELECT coalesce(tv_trim(value), '') FROM (SELECT unnest([{}]) AS value)", literals(&about));
            let told = |column: &str| format!("coalesce(tv_trim({column}), '') IN ({about})");
            let unfit = format!("SELECT \"row\" FROM dq.conflicts WHERE {of_field}");
            set += &format!(" AND ({} OR {} OR \"row\" IN ({unfit}))", told("was"), told("now"));
            // That is asked once, and read wherever the rows are looked for.
            let led = Ident(&format!("led to {table}, {field}")).to_string();
            store.fill_like(&led, "row", set)?;
            set = format!("SELECT \"row\" FROM {led}");
            if store.first(&format!("{set} LIMIT 1"), [], |_| Ok(()))?.is_none() {
                return Ok(rows);
            }
        }
        rows.extend(places.near(store, table, "", IDENTITY, &set)?.with(format!("_key IN ({set})")));
    }
    Ok(rows)
}

/// These values of a field, and all that decisions make of them on the way, or have made them of; `maps` say what became of a value.
fn led_to(
    of: &Of,
    field: &str,
    values: &BTreeSet<&String>,
    maps: &[&HashMap<String, String>],
    repointed: &[&Repointed],
) -> Result<BTreeSet<String>> {
    let mut steps: Vec<(String, String)> = Vec::new();
    if of.said.ever_replaces(of.name, field) {
        let sql = r#"SELECT was, now FROM dq.decisions WHERE kind = 'replace' AND "table" = ? AND field = ?"#;
        steps = of.store.query(sql, [of.name, field], |row| {
            let text = |at| row.get::<_, Option<String>>(at).map(Option::unwrap_or_default);
            Ok((text(0)?, text(1)?))
        })?;
    }
    steps.extend(maps.iter().flat_map(|map| map.iter().map(|(was, now)| (was.clone(), now.clone()))));
    // A merge of the same value may be hidden by what replaces it.
    steps.extend(repointed.iter().flat_map(|map| map.0.iter().map(|(was, (now, _))| (was.clone(), now.clone()))));
    let mut reached: BTreeSet<String> = values.iter().map(|value| (*value).clone()).collect();
    loop {
        let known = reached.len();
        steps.retain(|(was, now)| {
            let is_reached = reached.contains(was) || reached.contains(now);
            if is_reached {
                reached.extend([was.clone(), now.clone()]);
            }
            !is_reached
        });
        if reached.len() == known {
            return Ok(reached);
        }
    }
}

/// The values that are replaced in another way than before, and what the old way made of them.
fn differing<'m>(
    old: &'m HashMap<String, String>,
    new: &'m HashMap<String, String>,
) -> (BTreeSet<&'m String>, BTreeSet<&'m String>) {
    let values: BTreeSet<&String> =
        old.keys().chain(new.keys()).filter(|value| old.get(*value) != new.get(*value)).collect();
    let ends = values.iter().filter_map(|value| old.get(*value)).collect();
    (values, ends)
}
