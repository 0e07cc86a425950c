//! A mapping as its file says it: changes go in where they belong, and the user's comments and order stay.

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use crate::error::{Error, Result};
use crate::model::{FieldMapping, Mapping, Step, TableMapping};

/// The text of a mapping that says `now`, made from `text`, which says `before`. An empty text becomes a whole mapping.
pub(super) fn write(text: &str, before: &Mapping, now: &Mapping) -> Result<String> {
    let mut document: DocumentMut =
        text.parse().map_err(|cause: toml_edit::TomlError| Error::config("the mapping is no TOML").caused_by(cause))?;
    let is_new = text.trim().is_empty();
    if before.description != now.description || is_new && !now.description.is_empty() {
        set(document.as_table_mut(), "description", Value::from(now.description.as_str()));
    }
    if is_new || before.connector != now.connector {
        set(document.as_table_mut(), "connector", Value::from(now.connector.as_str()));
    }
    for (name, options) in &now.entities {
        if before.entities.get(name) != Some(options) || is_new {
            let mut part = Table::new();
            options.iter().for_each(|(key, value)| set(&mut part, key, edited(value)));
            section(&mut document, "entities")?.insert(name, Item::Table(part));
        }
    }
    for (name, table) in &before.tables {
        if !now.tables.contains_key(name) {
            section(&mut document, "tables")?.remove(name);
        } else if let Some(part) = section(&mut document, "tables")?.get_mut(name).and_then(Item::as_table_like_mut) {
            change_table(part, table, &now.tables[name]);
        }
    }
    for (name, table) in &now.tables {
        if is_new || !before.tables.contains_key(name) {
            let mut part = Table::new();
            part.insert("entity", Item::Value(Value::from(table.entity.as_str())));
            part.insert("fields", Item::Table(Table::new()));
            change_table(&mut part, &TableMapping { entity: table.entity.clone(), ..TableMapping::default() }, table);
            section(&mut document, "tables")?.insert(name, Item::Table(part));
        }
    }
    let text = document.to_string();
    let says: Mapping =
        toml::from_str(&text).map_err(|cause| Error::internal("the mapping would not read back").caused_by(cause))?;
    // The order of what was there stays, so that only what is said counts.
    if says.tables != now.tables || says.entities != now.entities || says.connector != now.connector {
        return Err(
            Error::internal("the mapping would not say what was meant").hint("please report this; nothing is written")
        );
    }
    Ok(text)
}

fn section<'d>(document: &'d mut DocumentMut, name: &str) -> Result<&'d mut dyn TableLike> {
    let item = document.entry(name).or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    item.as_table_like_mut().ok_or_else(|| Error::config(format!("\"{name}\" must be a table")))
}

/// Sets a value and leaves the comments around the one that was there.
fn set(table: &mut dyn TableLike, key: &str, mut value: Value) {
    if let Some(old) = table.get(key).and_then(Item::as_value) {
        *value.decor_mut() = old.decor().clone();
    }
    match table.get_mut(key) {
        Some(item) => *item = Item::Value(value),
        None => {
            table.insert(key, Item::Value(value));
        }
    }
}

fn change_table(part: &mut dyn TableLike, before: &TableMapping, now: &TableMapping) {
    if before.entity != now.entity {
        set(part, "entity", Value::from(now.entity.as_str()));
    }
    match &now.filter {
        _ if before.filter == now.filter => {}
        Some(filter) => set(part, "where", Value::from(filter.as_str())),
        None => {
            part.remove("where");
        }
    }
    let Some(fields) = part.entry("fields").or_insert_with(|| Item::Table(Table::new())).as_table_like_mut() else {
        return;
    };
    for name in before.fields.keys().filter(|name| !now.fields.contains_key(*name)) {
        fields.remove(name);
    }
    for (name, field) in &now.fields {
        match before.fields.get(name) {
            Some(old) if old == field => {}
            old => match fields.get_mut(name).and_then(Item::as_table_like_mut) {
                Some(part) => change_field(part, old.unwrap_or(&FieldMapping::default()), field),
                None => {
                    let mut part = InlineTable::new();
                    change_field(&mut part, &FieldMapping::default(), field);
                    fields.insert(name, Item::Value(Value::InlineTable(part)));
                }
            },
        }
    }
}

fn change_field(part: &mut dyn TableLike, before: &FieldMapping, now: &FieldMapping) {
    match &now.column {
        _ if before.column == now.column => {}
        Some(column) => set(part, "column", Value::from(column.as_str())),
        None => {
            part.remove("column");
        }
    }
    if before.columns != now.columns {
        if now.columns.is_empty() {
            part.remove("columns");
        } else {
            set(part, "columns", Value::Array(now.columns.iter().map(String::as_str).collect()));
        }
    }
    if before.transforms != now.transforms {
        if now.transforms.is_empty() {
            part.remove("transforms");
        } else {
            let old = part.get("transforms").and_then(Item::as_array).cloned().unwrap_or_default();
            set(part, "transforms", Value::Array(steps(&old, &before.transforms, &now.transforms)));
        }
    }
    if before.optional != now.optional {
        if now.optional {
            set(part, "optional", Value::from(true));
        } else {
            part.remove("optional");
        }
    }
}

/// The steps as an array; one that was there already is written as it was.
fn steps(old: &Array, before: &[Step], now: &[Step]) -> Array {
    let is_spread = old
        .iter()
        .any(|value| value.decor().prefix().and_then(|raw| raw.as_str()).is_some_and(|raw| raw.contains('\n')));
    let mut used = vec![false; before.len()];
    let mut array = old.clone();
    array.clear();
    for step in now {
        let was = (0..before.len()).find(|at| !used[*at] && before[*at] == *step);
        let mut value = match was.and_then(|at| old.get(at)) {
            Some(value) => value.clone(),
            None => written(step),
        };
        if let Some(at) = was {
            used[at] = true;
        } else if is_spread {
            // On a line of its own, as deep as the others; their comments are theirs.
            let deep = old.get(0).and_then(|value| value.decor().prefix()?.as_str()?.rsplit_once('\n'));
            value.decor_mut().set_prefix(format!("\n{}", deep.map_or("", |(_, deep)| deep)));
        }
        array.push_formatted(value);
    }
    if !is_spread {
        array.fmt();
    }
    array
}

fn written(step: &Step) -> Value {
    match &step.arguments {
        None => Value::from(step.name.as_str()),
        Some(arguments) => {
            let mut table = InlineTable::new();
            table.insert(&step.name, edited(arguments));
            Value::InlineTable(table)
        }
    }
}

/// A value of one library as that of the other, which keeps how it is written.
fn edited(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::from(text.as_str()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Float(number) => Value::from(*number),
        toml::Value::Boolean(yes) => Value::from(*yes),
        toml::Value::Array(list) => Value::Array(list.iter().map(edited).collect()),
        toml::Value::Table(table) => {
            let mut inline = InlineTable::new();
            for (key, value) in table {
                inline.insert(key, edited(value));
            }
            Value::InlineTable(inline)
        }
        toml::Value::Datetime(moment) => moment.to_string().parse().unwrap_or_else(|_| Value::from(moment.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Edit, MappingDraft};

    const TEXT: &str = r#"# The exports of our shop.
description = "Shop" # ours
connector = "files"

[entities.clients]
files = ["clients*"]

# Who buys.
[tables.customers]
entity = "clients"

[tables.customers.fields]
# The number on the card.
customer_key = { column = "code", transforms = ["trim", { prefix = "shop-" }] } # never changes
email = { column = "mail", transforms = [
    # the export adds spaces
    "trim",
    "lowercase",
] }

[tables.customers.fields.phone]
column = "tel" # the land line
transforms = ["trim"]
"#;

    fn draft() -> MappingDraft {
        MappingDraft::new("shop", toml::from_str(TEXT).unwrap(), Some(TEXT.to_owned()))
    }

    fn saved(draft: &MappingDraft) -> String {
        write(TEXT, draft.opened(), draft.mapping()).unwrap()
    }

    fn place(field: &str) -> (String, String) {
        ("customers".to_owned(), field.to_owned())
    }

    #[test]
    fn a_draft_without_changes_writes_what_was_there() {
        assert_eq!(saved(&draft()), TEXT);
    }

    #[test]
    fn only_the_changed_place_changes_and_comments_stay() {
        let mut draft = draft();
        let (table, field) = place("email");
        draft.apply(Edit::InsertTransform { table, field, at: 2, step: Step::bare("email") });
        let (table, field) = place("customer_key");
        draft.apply(Edit::Map {
            table,
            entity: "clients".into(),
            field,
            columns: vec!["Code Client".into()],
            transforms: None,
        });
        let (table, field) = place("phone");
        let step = Step { name: "phone".into(), arguments: Some(toml::Value::from("FR")) };
        draft.apply(Edit::ReplaceTransform { table, field, at: 0, step });
        let expected = TEXT
            .replace("column = \"code\"", "column = \"Code Client\"")
            .replace("    \"lowercase\",\n", "    \"lowercase\",\n    \"email\",\n")
            .replace("transforms = [\"trim\"]\n", "transforms = [{ phone = \"FR\" }]\n");
        assert_eq!(saved(&draft), expected);
    }

    #[test]
    fn fields_and_tables_come_and_go() {
        let mut draft = draft();
        let (table, field) = place("phone");
        draft.apply(Edit::Unmap { table, field });
        let (table, field) = place("city");
        draft.apply(Edit::Constant { table, entity: "clients".into(), field, value: "L'Isle \"d'or\"".into() });
        let (table, field) = ("sales".to_owned(), "key".to_owned());
        let columns = vec!["a".to_owned(), "b".to_owned()];
        let transforms = Some(vec![Step::bare("concat")]);
        draft.apply(Edit::Map { table, entity: "ventes".into(), field, columns, transforms });
        let text = saved(&draft);
        assert!(
            text.starts_with("# The exports of our shop.\n") && text.contains("# the export adds spaces"),
            "{text}"
        );
        assert!(!text.contains("the land line"), "{text}");
        assert!(
            text.contains("[tables.sales.fields]\nkey = { columns = [\"a\", \"b\"], transforms = [\"concat\"] }"),
            "{text}"
        );
        while draft.undo().is_some() {}
        assert_eq!(saved(&draft), TEXT);
    }

    #[test]
    fn an_empty_text_becomes_a_whole_mapping() {
        let mapping = Mapping { connector: "files".into(), ..Mapping::default() };
        let mut draft = MappingDraft::new("shop", mapping, None);
        let mut options = toml::Table::new();
        options.insert("files".into(), toml::Value::Array(vec!["clients*".into()]));
        draft.apply(Edit::Entity { entity: "clients".into(), options });
        let (table, field) = place("email");
        let transforms = Some(vec![Step::bare("email")]);
        draft.apply(Edit::Map { table, entity: "clients".into(), field, columns: vec!["E-mail".into()], transforms });
        let text = write("", draft.opened(), draft.mapping()).unwrap();
        let says: Mapping = toml::from_str(&text).unwrap();
        assert_eq!(&says, draft.mapping(), "{text}");
    }
}
