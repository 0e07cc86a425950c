//! Preview: rows of an entity through one field's transforms, by exactly the steps that will run.

use super::feed::{Feed, settled};
use super::staged_columns;
use crate::error::{Error, Result};
use crate::model::{Field, FieldType, MappingPreview, MappingProblem, PreviewRow, Schema, Step, TableMapping};
use crate::sql::{Ident, Path, literals};
use crate::store::Store;
use crate::transforms;

/// One table of one source's mapping.
pub struct Fed<'a> {
    /// The canonical schema.
    pub schema: &'a Schema,
    /// The source.
    pub source: &'a str,
    /// The canonical table.
    pub table: &'a str,
    /// What feeds it.
    pub mapping: &'a TableMapping,
}

impl Fed<'_> {
    fn relation(&self) -> String {
        format!("{}/{}", self.source, self.mapping.entity)
    }

    fn feed(&self, store: &Store, fields: &[&str]) -> Result<Feed> {
        let relation = self.relation();
        if !store.has_table("staging", &relation)? {
            return Err(Error::usage(format!("nothing of \"{}\" is loaded yet", self.mapping.entity))
                .hint(format!("`tastevin load {}` stages it", self.source)));
        }
        let columns = staged_columns(store, &relation)?;
        let mut mapping = settled(self.mapping, &columns);
        mapping.fields.retain(|name, _| fields.contains(&name.as_str()));
        Feed::new(store, self.schema, self.table, self.source, &relation, &mapping, columns)
    }
}

/// A window of the rows through the transforms of `field`, those that cannot be read and those with a value that is not allowed first, with counts over all rows.
pub fn preview(store: &Store, fed: &Fed, field: &str, offset: u64, limit: u64) -> Result<MappingPreview> {
    let (Some(table), true) = (fed.schema.tables.get(fed.table), fed.mapping.fields.contains_key(field)) else {
        return Ok(MappingPreview::default());
    };
    let Some(declared) = table.fields.get(field) else { return Ok(MappingPreview::default()) };
    let feed = fed.feed(store, &[field])?;
    let columns: Vec<String> = feed
        .origin
        .columns
        .iter()
        .find(|(name, _)| name == field)
        .map(|(_, columns)| columns.clone())
        .unwrap_or_default();
    let value = Ident(field).to_string();
    let mapped = format!("({})", feed.pipeline(table, |name| name == field, None));
    let stray = stray(declared, &value);
    let (total, failed, strays, empty) = store
        .first(
            &format!(
                "SELECT count(*), coalesce(count_if(_unread <> 0), 0), coalesce(count_if({stray}), 0),\n  \
                 coalesce(count_if(_unread = 0 AND {value} IS NULL), 0) FROM {mapped}"
            ),
            [],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?, row.get::<_, i64>(3)?)),
        )?
        .unwrap_or_default();
    let number = |n: i64| u64::try_from(n).unwrap_or_default();
    let mut preview = MappingPreview {
        columns,
        total: number(total),
        failed: number(failed),
        strays: number(strays),
        stray_values: Vec::new(),
        empty: number(empty),
        offset,
        rows: Vec::new(),
    };
    if strays > 0 {
        let item = if declared.kind == FieldType::List { format!("unnest({value})") } else { value.clone() };
        let sql = format!(
            "SELECT v FROM (SELECT {item} AS v FROM {mapped} WHERE {stray}) WHERE v NOT IN ({}) GROUP BY v ORDER BY count(*) DESC, v LIMIT {}",
            literals(declared.values.iter().map(String::as_str)),
            MappingPreview::STRAY_VALUES
        );
        preview.stray_values = store.query(&sql, [], |row| row.get(0))?;
    }
    // Walks that end when they have enough, in place of sorting all rows.
    let as_text = declared.kind.as_text(&value);
    let mut walk = |condition: &str, skip: u64, most: u64| -> Result<()> {
        if most == 0 {
            return Ok(());
        }
        let sql = format!("SELECT _row, {as_text} FROM {mapped} WHERE {condition} LIMIT {most} OFFSET {skip}");
        let rows = store.query(&sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?)))?;
        preview.rows.extend(rows.into_iter().map(|(row, value)| PreviewRow {
            row,
            texts: Vec::new(),
            value,
            failed: condition == FAILED,
            stray: condition == stray,
        }));
        Ok(())
    };
    const FAILED: &str = "_unread <> 0";
    let (mut skip, mut left) = (offset, limit);
    for (condition, count) in [(FAILED, number(failed)), (&stray, number(strays))] {
        let here = count.saturating_sub(skip).min(left);
        walk(condition, skip, here)?;
        (skip, left) = (skip.saturating_sub(count), left - here);
    }
    walk(&format!("_unread = 0 AND NOT ({stray})"), skip, left)?;
    add_texts(store, &fed.relation(), &mut preview)?;
    Ok(preview)
}

/// The condition that a value that was read is not among those that the field allows.
fn stray(declared: &Field, value: &str) -> String {
    let allowed = literals(declared.values.iter().map(String::as_str));
    match declared.kind {
        _ if declared.values.is_empty() => "false".to_owned(),
        FieldType::List => format!("coalesce(NOT list_has_all([{allowed}], {value}), false)"),
        _ => format!("coalesce(CAST({value} AS VARCHAR) NOT IN ({allowed}), false)"),
    }
}

/// Puts the staged texts beside the values.
fn add_texts(store: &Store, relation: &str, preview: &mut MappingPreview) -> Result<()> {
    if preview.rows.is_empty() || preview.columns.is_empty() {
        return Ok(());
    }
    let columns: Vec<String> = preview.columns.iter().map(|column| Ident(column).to_string()).collect();
    let rows: Vec<String> = preview.rows.iter().map(|row| row.row.to_string()).collect();
    let sql = format!(
        "SELECT _row, {} FROM {} WHERE _row IN ({})",
        columns.join(", "),
        Path("staging", relation),
        rows.join(", ")
    );
    let found = store.query(&sql, [], |row| {
        let texts =
            (1..=columns.len()).map(|at| row.get(at)).collect::<std::result::Result<Vec<Option<String>>, _>>()?;
        Ok((row.get::<_, i64>(0)?, texts))
    })?;
    for row in &mut preview.rows {
        if let Some((_, texts)) = found.iter().find(|(number, _)| *number == row.row) {
            row.texts.clone_from(texts);
        }
    }
    Ok(())
}

/// What is wrong with what feeds one table, field by field; nothing where it would run.
pub fn problems(store: &Store, fed: &Fed) -> Result<Vec<MappingProblem>> {
    let mut problems = Vec::new();
    let at = |field: &str, error: &Error| MappingProblem {
        table: fed.table.to_owned(),
        field: field.to_owned(),
        message: error.what().to_owned(),
        hints: error.hints().to_vec(),
        ..MappingProblem::default()
    };
    for (field, mapping) in &fed.mapping.fields {
        let steps: Vec<MappingProblem> = mapping
            .transforms
            .iter()
            .enumerate()
            .filter_map(|(place, step)| step_problem(step, place))
            .map(|problem| MappingProblem { table: fed.table.to_owned(), field: field.clone(), ..problem })
            .collect();
        if steps.is_empty() {
            match fed.feed(store, &[field]) {
                Ok(_) => {}
                Err(error) if error.kind() == crate::error::Kind::Config => problems.push(at(field, &error)),
                // What is not loaded cannot be compared with.
                Err(error) if error.kind() == crate::error::Kind::Usage => {}
                Err(error) => return Err(error),
            }
        }
        problems.extend(steps);
    }
    Ok(problems)
}

/// What is wrong with one transform at its place in the list, from 0; needs no data.
pub fn step_problem(step: &Step, place: usize) -> Option<MappingProblem> {
    let wrong = |error: &Error, argument: Option<String>| MappingProblem {
        step: Some((place, step.name.clone())),
        argument,
        message: error.what().to_owned(),
        hints: error.hints().to_vec(),
        ..MappingProblem::default()
    };
    let transform = match transforms::find(&step.name) {
        Ok(transform) => transform,
        Err(error) => return Some(wrong(&error, None)),
    };
    if place > 0 && transform.inputs.stands_first() {
        return Some(wrong(&Error::config(format!("transform \"{}\" can only stand first", step.name)), None));
    }
    let error = transform.expression(&["text".to_owned()], step.arguments.as_ref()).err()?;
    let declared = || transform.arguments.iter().map(|argument| argument.name);
    let named = declared().find(|name| error.what().contains(&format!("\"{name}\"")));
    // Of a transform with one argument there is no other that could be wrong.
    let only = declared().next().filter(|_| transform.arguments.len() == 1);
    Some(wrong(&error, named.or(only).map(str::to_owned)))
}
