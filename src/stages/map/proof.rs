//! Proves what the schema and the mappings say before anything is built of it: every name is there, every expression only
//! reads its own row and fits the types. A slip is an error of configuration with its key in the file; whoever has the file
//! at hand can tell the line.

use super::{derive, feed};
use crate::error::{Error, Result, nearest};
use crate::model::{Aggregate, Check, Derive, FieldType, Reference, STAGED_COLUMNS, Schema, Table};
use crate::rules;
use crate::sql::{Ident, Path};
use crate::store::Store;
use crate::store::vet::{self, Sight};

/// The file of the schema within a workspace.
pub const SCHEMA: &str = "mappings/canonical.toml";

/// Proves the schema: references, derived fields and checks.
pub fn prove(store: &Store, schema: &Schema) -> Result<()> {
    // An expression may ask for the day of the last load.
    store.run(&super::as_of(store)?)?;
    let proof = Proof { store, schema };
    for (table, declared) in &schema.tables {
        usable(table, "table").map_err(|error| error.at_file(SCHEMA).at_key(["tables", table]))?;
        for field in declared.fields.keys() {
            usable(field, "field").map_err(|error| {
                let error = error.at_file(SCHEMA).at_column(format!("{table}.{field}"));
                error.at_key(["tables", table, "fields", field])
            })?;
        }
    }
    let fields = || {
        schema
            .tables
            .iter()
            .flat_map(|(name, table)| table.fields.iter().map(move |(field, is)| (name, table, field, is)))
    };
    let place = |error: Error, table: &str, field: &str, key: &[&str]| {
        let key = ["tables", table, "fields", field].into_iter().chain(key.iter().copied());
        error.at_file(SCHEMA).at_column(format!("{table}.{field}")).at_key(key)
    };
    // Expressions follow references, so these come first.
    for (name, _, field, declared) in fields() {
        if let Some(reference) = &declared.references {
            proof.reference(reference).map_err(|error| place(error, name, field, &["references"]))?;
        }
    }
    for (name, table, field, declared) in fields() {
        match &declared.derive {
            Some(Derive::Expression(sql)) => proof
                .expression(table, sql, Some(declared.kind))
                .map_err(|error| place(error, name, field, &["derive"]))?,
            Some(Derive::Aggregate(aggregate)) => proof
                .aggregate(name, table, aggregate)
                .map_err(|(error, key)| place(error, name, field, &["derive", key]))?,
            None => {}
        }
    }
    for (name, _, field, declared) in fields() {
        let Some(default) = &declared.default else { continue };
        let value = feed::literal(default, declared.kind);
        if store.count(&format!("SELECT (({value}) IS NULL)::INTEGER"))? > 0 {
            let error = Error::config(format!("the default {default} is not {}", declared.noun()));
            return Err(place(error.hint(declared.kind.advice()), name, field, &["default"]));
        }
    }
    for (at, check) in schema.checks.iter().enumerate() {
        let place = match check.field.as_str() {
            "" => check.table.clone(),
            field => format!("{}.{field}", check.table),
        };
        let number = at.to_string();
        proof.check(check).map_err(|(error, key)| {
            let before = ["check", number.as_str()];
            error.at_file(SCHEMA).at_column(format!("{} on {place}", check.rule)).at_key(before.into_iter().chain(key))
        })?;
    }
    Ok(())
}

/// Proves the condition of a mapping over an entity's staged columns.
pub(super) fn condition(store: &Store, relation: &str, columns: &[String], text: &str) -> Result<()> {
    for path in vet::expression(store, text, Sight::Row)? {
        let known = columns.iter().map(String::as_str).chain(STAGED_COLUMNS);
        known_column(&path.join("."), path.len() == 1, known, "the entity", "column")?;
    }
    bound(store, &format!("SELECT 1 FROM {} WHERE ({text})", Path("staging", relation)))
}

/// Refuses a name that an expression could not say as it stands, or that stands for something else already.
fn usable(name: &str, what: &str) -> Result<()> {
    let fits = |c: char| c.is_alphanumeric() && !c.is_uppercase() || c == '_';
    if name.starts_with(char::is_alphabetic) && name.chars().all(fits) && name != "rowid" {
        return Ok(());
    }
    Err(Error::config(format!("\"{name}\" cannot be the name of a {what}"))
        .hint("a lower-case letter, then lower-case letters, digits and _ make a name, e.g. list_price_eur"))
}

struct Proof<'a> {
    store: &'a Store,
    schema: &'a Schema,
}

impl Proof<'_> {
    fn table(&self, name: &str) -> Result<&Table> {
        self.schema.tables.get(name).ok_or_else(|| {
            let known = self.schema.tables.keys().map(String::as_str);
            meant(Error::config(format!("there is no table \"{name}\"")), name, known, "tables")
        })
    }

    fn field(&self, table_name: &str, name: &str) -> Result<()> {
        let known = self.table(table_name)?.fields.keys().map(String::as_str);
        known_column(name, true, known, &format!("the table \"{table_name}\""), "field")
    }

    fn reference(&self, reference: &Reference) -> Result<()> {
        self.field(&reference.table, &reference.field)
    }

    /// An expression over the fields of a table and of the rows that its references lead to.
    fn expression(&self, table: &Table, text: &str, kind: Option<FieldType>) -> Result<()> {
        self.names(table, text)?;
        let typed = |kind: FieldType| format!("({text})::{}", kind.sql());
        let value = match kind {
            // A list is no number, but a number that is written as text is one.
            Some(kind) if kind != FieldType::List => typed(kind),
            _ => format!("({text})"),
        };
        bound(self.store, &format!("SELECT {value} FROM {}", self.rows(table, &[text])))
    }

    /// Looks at every name in an expression.
    fn names(&self, table: &Table, text: &str) -> Result<()> {
        for path in vet::expression(self.store, text, Sight::Row)? {
            let name = path.join(".");
            let known = table.fields.keys().map(String::as_str);
            match path.as_slice() {
                [from, to] if table.fields.contains_key(&from.to_lowercase()) => {
                    let field = &table.fields[&from.to_lowercase()];
                    let Some(reference) = &field.references else {
                        return Err(Error::config(format!(
                            "\"{name}\" follows {from}, which refers to no other table"
                        )));
                    };
                    self.reference(reference)?;
                    self.field(&reference.table, &to.to_lowercase())?;
                }
                [from, _] => known_column(from, true, known, "the table", "field")?,
                _ => known_column(&name, path.len() == 1, known, "the table", "field")?,
            }
        }
        Ok(())
    }

    /// No rows, of the types that the table's rows and the rows at the end of its references have.
    fn rows(&self, table: &Table, expressions: &[&str]) -> String {
        let none = |table: &Table, wanted: &dyn Fn(&str) -> bool| {
            let fields = table.fields.iter().filter(|(name, _)| wanted(name));
            let fields = fields.map(|(name, field)| format!("NULL::{} AS {}", field.kind.sql(), Ident(name)));
            format!("(SELECT {})", fields.collect::<Vec<_>>().join(", "))
        };
        let mut rows = format!("{} AS t", none(table, &|_| true));
        for lookup in derive::lookups(table, expressions) {
            let reference = table.fields.get(&lookup.field).and_then(|field| field.references.as_ref());
            if let Some(other) = reference.and_then(|reference| self.schema.tables.get(&reference.table)) {
                let wanted = |name: &str| lookup.wants.iter().any(|want| want == name);
                rows += &format!(", {} AS {}", none(other, &wanted), Ident(&lookup.field));
            }
        }
        rows
    }

    /// An aggregate over another table; an error with the key that it stands under.
    fn aggregate(
        &self,
        name: &str,
        table: &Table,
        aggregate: &Aggregate,
    ) -> std::result::Result<(), (Error, &'static str)> {
        let other = self.table(&aggregate.from).map_err(|error| (error, "from"))?;
        self.field(&aggregate.from, &aggregate.on).map_err(|error| (error, "on"))?;
        if table.keys().count() != 1 {
            let error = Error::config(format!("the table \"{name}\" needs exactly one key field to have aggregates"));
            return Err((error, "from"));
        }
        for (key, text) in [("most", &aggregate.most), ("where", &aggregate.filter)] {
            if let Some(text) = text {
                self.expression(other, text, None).map_err(|error| (error, key))?;
            }
        }
        let sql = aggregate.sql.as_str();
        self.names(other, sql).map_err(|error| (error, "sql"))?;
        bound(self.store, &format!("SELECT 1, ({sql}) FROM {} GROUP BY 1", self.rows(other, &[sql])))
            .map_err(|error| (error, "sql"))
    }

    /// A `[[check]]`; an error with the key that it stands under.
    fn check<'c>(&self, check: &'c Check) -> std::result::Result<(), (Error, Vec<&'c str>)> {
        rules::find(&check.rule).map_err(|error| (error, vec!["rule"]))?;
        let table = self.table(&check.table).map_err(|error| (error, vec!["table"]))?;
        if !check.field.is_empty() {
            self.field(&check.table, &check.field).map_err(|error| (error, vec!["field"]))?;
        }
        rules::told(check).map_err(|(error, name)| (error, vec!["with", name]))?;
        for (name, argument) in &check.arguments {
            if let toml::Value::String(text) = argument
                && text.parse::<chrono::NaiveDate>().is_err()
            {
                self.expression(table, text, None).map_err(|error| (error, vec!["with", name]))?;
            }
        }
        Ok(())
    }
}

/// Has the database look at a statement without running it.
fn bound(store: &Store, sql: &str) -> Result<()> {
    match store.refusal(sql)? {
        None => Ok(()),
        Some(refusal) => Err(Error::config(format!("the database does not accept it: {}", refusal.what))),
    }
}

/// Refuses a name that is none of the known ones; DuckDB tells names apart without regard to case.
fn known_column<'k>(
    name: &str,
    is_plain: bool,
    known: impl Iterator<Item = &'k str> + Clone,
    whose: &str,
    what: &str,
) -> Result<()> {
    if is_plain && known.clone().any(|known| known.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    let error = Error::config(format!("{whose} has no {what} \"{name}\""));
    if vet::is_unsteady(name) {
        return Err(error.hint(vet::STEADY));
    }
    Err(meant(error, name, known, &format!("{what}s")))
}

/// The error with the name that was meant, or all there are.
fn meant<'k>(error: Error, name: &str, known: impl Iterator<Item = &'k str> + Clone, what: &str) -> Error {
    match nearest(name, known.clone()) {
        Some(near) => error.hint(format!("did you mean \"{near}\"?")),
        None => error.hint(format!("the {what} are: {}", known.collect::<Vec<_>>().join(", "))),
    }
}
