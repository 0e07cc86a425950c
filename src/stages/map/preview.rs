//! Preview: rows of an entity through one field's transforms, by exactly the steps that will run.

use super::feed::Feed;
use super::staged_columns;
use crate::error::{Error, Result};
use crate::model::{MappingPreview, MappingProblem, PreviewRow, Schema, Step, TableMapping};
use crate::sql::{Ident, Path};
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
        let mut mapping = self.mapping.clone();
        mapping.fields.retain(|name, _| fields.contains(&name.as_str()));
        Feed::new(store, self.schema, self.table, self.source, &relation, &mapping, columns)
    }
}

/// A window of the rows through the transforms of `field`, those that cannot be read first, with counts over all rows.
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
    let (total, failed, empty) = store
        .first(
            &format!(
                "SELECT count(*), coalesce(count_if(_unread <> 0), 0), coalesce(count_if(_unread = 0 AND {value} IS NULL), 0) FROM {mapped}"
            ),
            [],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)),
        )?
        .unwrap_or_default();
    let number = |n: i64| u64::try_from(n).unwrap_or_default();
    let mut preview = MappingPreview {
        columns,
        total: number(total),
        failed: number(failed),
        empty: number(empty),
        offset,
        rows: Vec::new(),
    };
    // Two walks that end when they have enough, in place of sorting all rows.
    let as_text = declared.kind.as_text(&value);
    let mut walk = |condition: &str, skip: u64, most: u64| -> Result<()> {
        if most == 0 {
            return Ok(());
        }
        let sql = format!("SELECT _row, {as_text} FROM {mapped} WHERE {condition} LIMIT {most} OFFSET {skip}");
        let rows = store.query(&sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?)))?;
        let fails = condition == FAILED;
        preview.rows.extend(rows.into_iter().map(|(row, value)| PreviewRow {
            row,
            texts: Vec::new(),
            value,
            failed: fails,
        }));
        Ok(())
    };
    const FAILED: &str = "_unread <> 0";
    let failed = number(failed);
    let of_failed = failed.saturating_sub(offset).min(limit);
    walk(FAILED, offset, of_failed)?;
    walk("_unread = 0", offset.saturating_sub(failed), limit - of_failed)?;
    add_texts(store, &fed.relation(), &mut preview)?;
    Ok(preview)
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
    if place > 0 && transform.inputs != transforms::Inputs::One {
        return Some(wrong(&Error::config(format!("transform \"{}\" can only stand first", step.name)), None));
    }
    let error = transform.expression(&["text".to_owned()], step.arguments.as_ref()).err()?;
    let declared = || transform.arguments.iter().map(|argument| argument.name);
    let named = declared().find(|name| error.what().contains(&format!("\"{name}\"")));
    // Of a transform with one argument there is no other that could be wrong.
    let only = declared().next().filter(|_| transform.arguments.len() == 1);
    Some(wrong(&error, named.or(only).map(str::to_owned)))
}
