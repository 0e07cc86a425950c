//! A mapping while it is edited: what it said, what it says now, and the way back and forth.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{FieldMapping, Mapping, Schema, Step, TableMapping};

/// One change of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Says of an entity what its connector has to know, e.g. which files hold it.
    Entity {
        /// The entity.
        entity: String,
        /// What to say, in the connector's own words.
        options: toml::Table,
    },
    /// Feeds a field with columns; an empty list of columns keeps those that there are. Makes the table's part of the
    /// mapping if there is none.
    Map {
        /// The canonical table.
        table: String,
        /// The entity that feeds the table; taken where the table is not fed yet.
        entity: String,
        /// The canonical field.
        field: String,
        /// The source columns.
        columns: Vec<String>,
        /// What is done to the text; `None` keeps what there is.
        transforms: Option<Vec<Step>>,
    },
    /// Feeds a field with nothing.
    Unmap {
        /// The canonical table.
        table: String,
        /// The canonical field.
        field: String,
    },
    /// Feeds a field with the same value in every row.
    Constant {
        /// The canonical table.
        table: String,
        /// The entity that feeds the table; taken where the table is not fed yet.
        entity: String,
        /// The canonical field.
        field: String,
        /// The value.
        value: String,
    },
    /// Replaces all transforms of a field.
    Transforms {
        /// The canonical table.
        table: String,
        /// The canonical field.
        field: String,
        /// The transforms in order.
        steps: Vec<Step>,
    },
    /// Puts a transform before the one at `at`, or last.
    InsertTransform {
        /// The canonical table.
        table: String,
        /// The canonical field.
        field: String,
        /// Its place, from 0.
        at: usize,
        /// The transform.
        step: Step,
    },
    /// Puts a transform in the place of the one at `at`.
    ReplaceTransform {
        /// The canonical table.
        table: String,
        /// The canonical field.
        field: String,
        /// Its place, from 0.
        at: usize,
        /// The transform.
        step: Step,
    },
    /// Takes a transform out.
    RemoveTransform {
        /// The canonical table.
        table: String,
        /// The canonical field.
        field: String,
        /// Its place, from 0.
        at: usize,
    },
    /// Moves a transform.
    MoveTransform {
        /// The canonical table.
        table: String,
        /// The canonical field.
        field: String,
        /// Its place, from 0.
        from: usize,
        /// Where it is to stand.
        to: usize,
    },
    /// Says whether the absence of the field's columns is an error.
    Optional {
        /// The canonical table.
        table: String,
        /// The canonical field.
        field: String,
        /// Whether some exports lack them.
        optional: bool,
    },
    /// Reads a column under its new name, wherever the entity's tables read the old one.
    Rename {
        /// The entity.
        entity: String,
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// Feeds a table with nothing.
    RemoveTable {
        /// The canonical table.
        table: String,
    },
    /// Several changes that are undone as one.
    Many(Vec<Edit>),
}

/// A mapping while it is edited. Pure data: `workbench` opens it from a file, shows what it does and saves it.
#[derive(Debug, Clone, PartialEq)]
pub struct MappingDraft {
    name: String,
    on_disk: Option<String>,
    opened: Mapping,
    now: Mapping,
    undo: Vec<(Edit, Mapping)>,
    redo: Vec<(Edit, Mapping)>,
}

impl MappingDraft {
    /// A draft of the mapping `name`. `on_disk` is the text of its file; `None` where there is no file yet.
    pub fn new(name: impl Into<String>, mapping: Mapping, on_disk: Option<String>) -> MappingDraft {
        let name = name.into();
        MappingDraft { name, on_disk, opened: mapping.clone(), now: mapping, undo: Vec::new(), redo: Vec::new() }
    }

    /// The mapping's file name without `.toml`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text of the file when it was opened.
    pub fn on_disk(&self) -> Option<&str> {
        self.on_disk.as_deref()
    }

    /// The mapping as it was opened.
    pub fn opened(&self) -> &Mapping {
        &self.opened
    }

    /// The mapping as it is now.
    pub fn mapping(&self) -> &Mapping {
        &self.now
    }

    /// What feeds a field now.
    pub fn field(&self, table: &str, field: &str) -> Option<&FieldMapping> {
        self.now.tables.get(table)?.fields.get(field)
    }

    /// Whether it says something else than its file.
    pub fn is_changed(&self) -> bool {
        self.now != self.opened
    }

    /// The changes that can be undone, oldest first.
    pub fn edits(&self) -> impl Iterator<Item = &Edit> {
        self.undo.iter().map(|(edit, _)| edit)
    }

    /// Makes a change and says whether anything changed by it; what changes nothing is not kept.
    pub fn apply(&mut self, edit: Edit) -> bool {
        let before = self.now.clone();
        change(&mut self.now, &edit);
        if self.now == before {
            return false;
        }
        self.undo.push((edit, before));
        self.redo.clear();
        true
    }

    /// Takes the last change back and gives it; none where there is none.
    pub fn undo(&mut self) -> Option<&Edit> {
        let (edit, before) = self.undo.pop()?;
        let after = std::mem::replace(&mut self.now, before);
        self.redo.push((edit, after));
        self.redo.last().map(|(edit, _)| edit)
    }

    /// Makes the change again that was taken back last; none where there is none.
    pub fn redo(&mut self) -> Option<&Edit> {
        let (edit, after) = self.redo.pop()?;
        let before = std::mem::replace(&mut self.now, after);
        self.undo.push((edit, before));
        self.undo.last().map(|(edit, _)| edit)
    }

    /// Whether a change was taken back that can be made again.
    pub fn has_redo(&self) -> bool {
        !self.redo.is_empty()
    }

    /// The draft after it was saved with this text: nothing has changed, and everything can still be undone.
    pub fn saved(&mut self, text: String) {
        self.on_disk = Some(text);
        self.opened = self.now.clone();
    }
}

fn change(mapping: &mut Mapping, edit: &Edit) {
    match edit {
        Edit::Entity { entity, options } => {
            mapping.entities.insert(entity.clone(), options.clone());
        }
        Edit::Map { table, entity, field, columns, transforms } => {
            let feed = fed(mapping, table, entity, field);
            if let Some((one, more)) = columns.split_first() {
                let is_one = more.is_empty();
                feed.column = is_one.then(|| one.clone());
                feed.columns = if is_one { Vec::new() } else { columns.clone() };
            }
            if let Some(steps) = transforms {
                feed.transforms.clone_from(steps);
            }
        }
        Edit::Constant { table, entity, field, value } => {
            let value = Some(toml::Value::String(value.clone()));
            let step = Step { name: "constant".to_owned(), arguments: value };
            *fed(mapping, table, entity, field) = FieldMapping { transforms: vec![step], ..FieldMapping::default() };
        }
        Edit::Unmap { table, field } => {
            if let Some(table) = mapping.tables.get_mut(table) {
                table.fields.shift_remove(field);
            }
        }
        Edit::RemoveTable { table } => {
            mapping.tables.shift_remove(table);
        }
        Edit::Transforms { table, field, steps } => {
            with_steps(mapping, table, field, |now| now.clone_from(steps));
        }
        Edit::InsertTransform { table, field, at, step } => {
            with_steps(mapping, table, field, |steps| steps.insert((*at).min(steps.len()), step.clone()));
        }
        Edit::ReplaceTransform { table, field, at, step } => with_steps(mapping, table, field, |steps| {
            if let Some(old) = steps.get_mut(*at) {
                *old = step.clone();
            }
        }),
        Edit::RemoveTransform { table, field, at } => with_steps(mapping, table, field, |steps| {
            if *at < steps.len() {
                steps.remove(*at);
            }
        }),
        Edit::MoveTransform { table, field, from, to } => with_steps(mapping, table, field, |steps| {
            if *from < steps.len() {
                let step = steps.remove(*from);
                steps.insert((*to).min(steps.len()), step);
            }
        }),
        Edit::Optional { table, field, optional } => {
            if let Some(feed) = mapping.tables.get_mut(table).and_then(|table| table.fields.get_mut(field)) {
                feed.optional = *optional;
            }
        }
        Edit::Rename { entity, from, to } => {
            let old = super::column_key(from);
            for table in mapping.tables.values_mut().filter(|table| table.entity == *entity) {
                for feed in table.fields.values_mut() {
                    for name in feed.column.iter_mut().chain(&mut feed.columns) {
                        if super::column_key(name) == old {
                            name.clone_from(to);
                        }
                    }
                }
            }
        }
        Edit::Many(edits) => edits.iter().for_each(|edit| change(mapping, edit)),
    }
}

fn fed<'m>(mapping: &'m mut Mapping, table: &str, entity: &str, field: &str) -> &'m mut FieldMapping {
    let table = mapping
        .tables
        .entry(table.to_owned())
        .or_insert_with(|| TableMapping { entity: entity.to_owned(), ..TableMapping::default() });
    if table.fields.is_empty() {
        entity.clone_into(&mut table.entity);
    }
    table.fields.entry(field.to_owned()).or_default()
}

fn with_steps(mapping: &mut Mapping, table: &str, field: &str, work: impl FnOnce(&mut Vec<Step>)) {
    if let Some(feed) = mapping.tables.get_mut(table).and_then(|table| table.fields.get_mut(field)) {
        work(&mut feed.transforms);
    }
}

/// What is wrong with a mapping, at one place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingProblem {
    /// The canonical table.
    pub table: String,
    /// The field, or empty.
    pub field: String,
    /// The transform and the number of its place, from 0, if it is that.
    pub step: Option<(usize, String)>,
    /// The argument of the transform, if it is that.
    pub argument: Option<String>,
    /// What is wrong, a clause.
    pub message: String,
    /// What to do about it.
    pub hints: Vec<String>,
}

/// Rows of an entity through a field's transforms, those that cannot be read first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingPreview {
    /// The columns that feed the field, as staged.
    pub columns: Vec<String>,
    /// Rows in all.
    pub total: u64,
    /// Rows, of all, with text of which no value came.
    pub failed: u64,
    /// Rows, of all, with a value that was read and is not among those that the field allows.
    pub strays: u64,
    /// The most frequent of those values, at most [`MappingPreview::STRAY_VALUES`].
    pub stray_values: Vec<String>,
    /// Rows, of all, without a value that do not count as failed.
    pub empty: u64,
    /// The number of the first row of the window, from 0.
    pub offset: u64,
    /// The window.
    pub rows: Vec<PreviewRow>,
}

impl MappingPreview {
    /// How many of the values that are not allowed are named.
    pub const STRAY_VALUES: usize = 50;
}

/// One row through a field's transforms.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewRow {
    /// The record number.
    pub row: i64,
    /// The staged texts, in the order of the columns.
    pub texts: Vec<Option<String>>,
    /// The value as it would stand in the candidate.
    pub value: Option<String>,
    /// Whether there was text of which no value came.
    pub failed: bool,
    /// Whether the value is not among those that the field allows.
    pub stray: bool,
}

/// How much of what a table requires is fed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// The canonical table.
    pub table: String,
    /// Required fields that get a value.
    pub covered: Vec<String>,
    /// Required fields that nothing gives a value to.
    pub lacking: Vec<String>,
    /// Fields that are fed, required or not.
    pub fed: u64,
    /// Fields that there are.
    pub fields: u64,
}

/// Per canonical table, how much of what it requires the mapping feeds; tables that nothing feeds lack everything.
pub fn coverage(schema: &Schema, mapping: &Mapping) -> Vec<Coverage> {
    let nothing = IndexMap::new();
    let mut all = Vec::new();
    for (name, table) in &schema.tables {
        let feeds = mapping.tables.get(name).map_or(&nothing, |feed| &feed.fields);
        let gets = |field: &str, declared: &super::Field| {
            feeds.contains_key(field) || declared.default.is_some() || declared.derive.is_some()
        };
        let required = table.fields.iter().filter(|(_, field)| field.required);
        let (covered, lacking): (Vec<_>, Vec<_>) = required.partition(|(field, declared)| gets(field, declared));
        let names = |fields: Vec<(&String, &super::Field)>| fields.into_iter().map(|(name, _)| name.clone()).collect();
        all.push(Coverage {
            table: name.clone(),
            covered: names(covered),
            lacking: names(lacking),
            fed: table.fields.keys().filter(|field| feeds.contains_key(*field)).count() as u64,
            fields: table.fields.len() as u64,
        });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> MappingDraft {
        let mapping: Mapping = toml::from_str(
            r#"
[tables.people]
entity = "clients"
[tables.people.fields]
name = { column = "Nom", transforms = ["trim", "uppercase"] }
"#,
        )
        .unwrap();
        MappingDraft::new("x", mapping, None)
    }

    fn place(field: &str) -> (String, String) {
        ("people".to_owned(), field.to_owned())
    }

    #[test]
    fn every_change_can_be_undone_and_made_again() {
        let mut draft = draft();
        let (table, field) = place("name");
        assert!(draft.apply(Edit::MoveTransform { table, field, from: 0, to: 1 }));
        let (table, field) = place("name");
        assert!(draft.apply(Edit::RemoveTransform { table, field, at: 0 }));
        assert_eq!(draft.field("people", "name").unwrap().transforms, [Step::bare("trim")]);
        let (table, field) = place("email");
        let many = Edit::Many(vec![
            Edit::Map {
                table: table.clone(),
                entity: "clients".into(),
                field: field.clone(),
                columns: vec!["a".into(), "b".into()],
                transforms: Some(vec![Step::bare("concat")]),
            },
            Edit::Optional { table, field, optional: true },
        ]);
        assert!(draft.apply(many.clone()));
        assert_eq!(draft.field("people", "email").unwrap().inputs().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(draft.undo(), Some(&many));
        assert!(draft.field("people", "email").is_none());
        assert!(draft.redo().is_some() && draft.field("people", "email").is_some());
        while draft.undo().is_some() {}
        assert!(!draft.is_changed());
        assert!(draft.redo().is_some() && draft.is_changed());
    }

    #[test]
    fn what_changes_nothing_is_not_kept_and_what_does_forgets_what_was_undone() {
        let mut draft = draft();
        let (table, field) = place("nobody");
        assert!(!draft.apply(Edit::Unmap { table, field }));
        let (table, field) = place("name");
        assert!(draft.apply(Edit::Unmap { table, field }));
        draft.undo();
        assert!(draft.apply(Edit::RemoveTable { table: "people".into() }));
        assert_eq!(draft.redo(), None);
    }

    #[test]
    fn a_renamed_column_is_read_under_its_new_name_everywhere() {
        let mut draft = draft();
        draft.apply(Edit::Rename { entity: "clients".into(), from: "NOM".into(), to: "Nom client".into() });
        assert_eq!(draft.field("people", "name").unwrap().column.as_deref(), Some("Nom client"));
    }

    #[test]
    fn a_required_field_is_covered_by_a_column_a_default_or_a_derivation() {
        let schema: Schema = toml::from_str(
            r#"
[tables.people.fields]
name = { type = "text", required = true }
kind = { type = "text", required = true, default = "x" }
age = { type = "integer", required = true }
"#,
        )
        .unwrap();
        let coverage = coverage(&schema, draft().mapping());
        assert_eq!(coverage[0].covered, ["name", "kind"]);
        assert_eq!(coverage[0].lacking, ["age"]);
        assert_eq!((coverage[0].fed, coverage[0].fields), (1, 3));
    }
}
