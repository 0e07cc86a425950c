//! `tastevin map set`: one field of a mapping, written into its file.

use super::super::Outcome;
use super::super::context::Context;
use super::super::text::{number, visible};
use crate::error::{Error, Result, nearest, unknown};
use crate::model::{Edit, EntityProposal, Mapping, MappingDraft, Step};
use crate::workbench::Workbench;

/// What to set.
#[derive(clap::Args)]
pub struct Set {
    /// The source
    #[arg(value_name = "SOURCE")]
    source: String,
    /// The canonical field, as TABLE.FIELD
    #[arg(value_name = "TABLE.FIELD")]
    field: String,
    /// The source column, or several with commas between them [default: those that feed the field now]
    #[arg(value_name = "COLUMN")]
    columns: Option<String>,
    /// A transform as in a mapping: trim, decimal(","), date("%d/%m/%Y"), map_values(R = "rouge"); say it again for the next.
    /// Without any, a field that is fed anew gets those that its values ask for
    #[arg(long = "transform", value_name = "TRANSFORM", value_parser = Step::parse)]
    transforms: Vec<Step>,
    /// Take all transforms away
    #[arg(long, conflicts_with = "transforms")]
    no_transforms: bool,
    /// The same value in every row, in place of a column
    #[arg(long, value_name = "VALUE", conflicts_with_all = ["columns", "transforms", "no_transforms"])]
    constant: Option<String>,
    /// The entity whose rows become rows of the table [default: the one that feeds it now, or that has the column]
    #[arg(long, value_name = "ENTITY")]
    entity: Option<String>,
    /// Some exports lack the columns: the field stays empty then
    #[arg(long)]
    optional: bool,
    /// Feed the field with nothing
    #[arg(long, conflicts_with_all = ["columns", "transforms", "no_transforms", "constant", "optional"])]
    unset: bool,
}

impl Set {
    pub fn run(self, context: &Context) -> Result<Outcome> {
        let mut workbench = context.change()?;
        let (table, field) = self.place(&workbench)?;
        let mut draft = workbench.draft(&self.source)?;
        let edit = self.edit(&workbench, &draft, &table, &field)?;
        let changed = draft.apply(edit);
        if let Some(problem) = workbench
            .draft_problems(&self.source, &draft)?
            .into_iter()
            .find(|one| one.table == table && one.field == field)
        {
            let error = Error::usage(problem.message).at_column(format!("{table}.{field}"));
            return Err(problem.hints.into_iter().fold(error, Error::hint));
        }
        if !changed {
            context.say(format!("mappings/{}.toml says so already", visible(draft.name())));
            return Ok(Outcome::Pass);
        }
        let told = self.told(&workbench, &draft, &table, &field);
        workbench.save_mapping(&mut draft)?;
        context.say(format!("mappings/{}.toml: {told}", visible(draft.name())));
        Ok(Outcome::Pass)
    }

    fn place(&self, workbench: &Workbench) -> Result<(String, String)> {
        let wrong = |what: String| Error::usage(what).hint("`tastevin schema` shows tables and fields");
        let Some((table, field)) = self.field.split_once('.') else {
            return Err(wrong(format!("\"{}\" names no field; write TABLE.FIELD", self.field)));
        };
        let Some(declared) = workbench.schema().tables.get(table) else {
            return Err(unknown("canonical table", table, workbench.schema().tables.keys().map(String::as_str)));
        };
        if !declared.fields.contains_key(field) {
            let error = wrong(format!("the table \"{table}\" has no field \"{field}\""));
            return Err(match nearest(field, declared.fields.keys().map(String::as_str)) {
                Some(near) => error.hint(format!("did you mean \"{near}\"?")),
                None => error,
            });
        }
        Ok((table.to_owned(), field.to_owned()))
    }

    fn edit(&self, workbench: &Workbench, draft: &MappingDraft, table: &str, field: &str) -> Result<Edit> {
        let (table, field) = (table.to_owned(), field.to_owned());
        if self.unset {
            return Ok(Edit::Unmap { table, field });
        }
        // A table without fields is fed by nobody yet.
        let fed = draft.mapping().tables.get(&table).filter(|feed| !feed.fields.is_empty());
        let now = fed.map(|feed| feed.entity.clone());
        if let (Some(asked), Some(now)) = (&self.entity, &now)
            && asked != now
        {
            return Err(Error::usage(format!("{table} is fed by {now}, and one entity feeds a table"))
                .hint("take its fields out first, or leave --entity away"));
        }
        let known = now.or_else(|| self.entity.clone());
        if let Some(value) = &self.constant {
            let entity = known.map_or_else(|| self.entity_with(workbench, draft.mapping(), &table, &[]), Ok)?;
            return Ok(Edit::Constant { table, entity, field, value: value.clone() });
        }
        let fed = draft.field(&table, &field);
        let columns = match &self.columns {
            Some(columns) => self.split(workbench, columns, known.as_deref())?,
            None if fed.is_some() => Vec::new(),
            None => return Err(Error::usage(format!("say which column feeds {table}.{field}"))),
        };
        let entity = known.map_or_else(|| self.entity_with(workbench, draft.mapping(), &table, &columns), Ok)?;
        let transforms = if self.no_transforms {
            Some(Vec::new())
        } else if !self.transforms.is_empty() {
            Some(self.transforms.clone())
        } else if fed.is_none() {
            workbench
                .suggest_pair(&self.source, draft.mapping(), &entity, &columns, &table, &field)?
                .map(|suggestion| suggestion.transforms)
        } else {
            None
        };
        let mut edits = Vec::new();
        if !draft.mapping().entities.contains_key(&entity)
            && let Some(options) = workbench.entity_options(&self.source, draft.mapping(), &entity)
        {
            edits.push(Edit::Entity { entity: entity.clone(), options });
        }
        edits.push(Edit::Map { table: table.clone(), entity, field: field.clone(), columns, transforms });
        if self.optional {
            edits.push(Edit::Optional { table, field, optional: true });
        }
        Ok(Edit::Many(edits))
    }

    /// The columns that are meant: one that has commas in its name is taken whole.
    fn split(&self, workbench: &Workbench, columns: &str, entity: Option<&str>) -> Result<Vec<String>> {
        let staged = match entity {
            Some(entity) => workbench.staged_columns(&self.source, entity)?,
            None => Vec::new(),
        };
        if staged.iter().any(|column| column == columns) {
            return Ok(vec![columns.to_owned()]);
        }
        Ok(columns.split(',').map(str::trim).filter(|column| !column.is_empty()).map(str::to_owned).collect())
    }

    /// The one staged entity that has all of the columns; of several, the one that fits the table best.
    fn entity_with(&self, workbench: &Workbench, mapping: &Mapping, table: &str, columns: &[String]) -> Result<String> {
        let key = crate::model::column_key;
        let mut found = Vec::new();
        for entity in workbench.staged_entities(&self.source)? {
            let staged = workbench.staged_columns(&self.source, &entity)?;
            if columns.iter().all(|column| staged.iter().any(|other| key(other) == key(column))) {
                found.push(entity);
            }
        }
        match found.as_slice() {
            [one] => Ok(one.clone()),
            [] => Err(Error::usage(format!("no staged entity of {} has {}", self.source, columns.join(" and ")))
                .hint(format!("`tastevin load {}` stages it; or name the entity with --entity", self.source))),
            many => match self.suggested(workbench, mapping, table)?.filter(|entity| many.contains(entity)) {
                Some(entity) => Ok(entity),
                None => Err(Error::usage("several entities could feed the table")
                    .hint(format!("say --entity with one of: {}", many.join(", ")))),
            },
        }
    }

    /// The entity that would be suggested for the table.
    fn suggested(&self, workbench: &Workbench, mapping: &Mapping, table: &str) -> Result<Option<String>> {
        let proposal = workbench.suggest(&self.source, mapping)?;
        let fits = |entity: &EntityProposal| entity.tables.iter().any(|choice| choice.chosen && choice.table == table);
        Ok(proposal.entities.into_iter().find(fits).map(|entity| entity.entity))
    }

    /// What the field is now, with how its rows come through.
    fn told(&self, workbench: &Workbench, draft: &MappingDraft, table: &str, field: &str) -> String {
        let place = visible(&format!("{table}.{field}"));
        let Some(feed) = draft.field(table, field) else { return format!("{place} is fed with nothing") };
        let columns: Vec<&str> = feed.inputs().collect();
        let steps: Vec<String> = feed.transforms.iter().map(Step::to_string).collect();
        let mut told = place;
        if !columns.is_empty() {
            told.push_str(&visible(&format!(" from {}", columns.join(" + "))));
        }
        if !steps.is_empty() {
            told.push_str(&visible(&format!(", {}", steps.join(" → "))));
        }
        match workbench.preview(&self.source, draft, table, field, 0, 0) {
            Ok(preview) => {
                let (failed, total) = (number(preview.failed), number(preview.total));
                let told = format!("{told}; {failed} of {total} rows cannot be read");
                if preview.strays == 0 {
                    return told;
                }
                let values: Vec<String> =
                    preview.stray_values.iter().take(6).map(|value| format!("\"{value}\"")).collect();
                let more = if preview.stray_values.len() > values.len() { " …" } else { "" };
                let values = visible(&values.join(", "));
                format!("{told}, {} have a value that is not allowed: {values}{more}", number(preview.strays))
            }
            Err(_) => told,
        }
    }
}
