//! How a rule writes its query: the row that is looked at is `t`, and every query returns the columns of [`FINDING`].
//!
//! [`FINDING`]: super::FINDING

use indexmap::{IndexMap, IndexSet};

use super::query::{Join, Query, Sign};
use super::{Origin, Scope, Usual, spreadsheet_damage};
use crate::error::{Error, Result};
use crate::model::{Check, Field, FieldType, Format, Reference, Schema, Severity};
use crate::sql::{Ident, Literal, Path, Pipeline, with_identifiers};

/// A query of findings while it is being written. Every part is SQL; a field of the row is `t."field"`.
pub(super) struct Finding {
    steps: Pipeline,
    /// The rows that are looked at, a table or a step.
    rows: String,
    /// Whether they are those of a step.
    is_among: bool,
    field: String,
    value: String,
    message: String,
    suggestion: String,
    follows: Follows,
    joins: Vec<String>,
    conditions: Vec<String>,
    /// The conditions that name what is joined.
    joined: Vec<String>,
    sign: Sign,
    /// Whether it looks at a few rows only.
    is_of_few: bool,
}

/// The fields of other rows that are looked at, by the field of the row that refers to them.
type Follows = IndexMap<String, (Reference, IndexSet<String>)>;

impl Finding {
    /// Findings about the rows of the table that is checked; their value is that of the field.
    pub(super) fn of(scope: &Scope) -> Finding {
        let field = scope.check.field.as_str();
        let value = if field.is_empty() { "NULL".to_owned() } else { scope.field_as_text(field) };
        Finding {
            steps: Pipeline::new(),
            rows: scope.rows(),
            is_among: false,
            field: field.to_owned(),
            value,
            message: "''".to_owned(),
            suggestion: "NULL".to_owned(),
            follows: Follows::new(),
            joins: Vec::new(),
            conditions: Vec::new(),
            joined: Vec::new(),
            sign: Sign::default(),
            is_of_few: scope.only.is_some(),
        }
    }

    /// Adds a step that comes before and can be joined.
    pub(super) fn step(mut self, name: &str, select: impl Into<String>) -> Finding {
        self.steps.step(name, select);
        self
    }

    /// Adds the steps to what is usual in the table, the last of which can be joined; where that is kept, only this one.
    pub(super) fn usual(mut self, scope: &Scope, usual: &Usual) -> Finding {
        if scope.is_usual_kept {
            return self.step(usual.last(), usual.judged());
        }
        for (name, select) in usual.steps() {
            self = self.step(name, if name == usual.last() { few(&select) } else { select });
        }
        self
    }

    /// The value that is shown, where it is not that of the field.
    pub(super) fn value(mut self, sql: impl Into<String>) -> Finding {
        self.value = sql.into();
        self
    }

    /// What is wrong; texts in it must not be NULL.
    pub(super) fn message(mut self, sql: impl Into<String>) -> Finding {
        self.message = sql.into();
        self
    }

    /// The value that would repair it.
    pub(super) fn suggestion(mut self, sql: impl Into<String>) -> Finding {
        self.suggestion = sql.into();
        self
    }

    /// Looks only at the rows of a step before, which has the identity, the origin and the fields that are used.
    pub(super) fn among(mut self, step: &str) -> Finding {
        self.rows = Ident(step).to_string();
        self.is_among = true;
        self
    }

    /// Looks only at the rows of an origin whose staged texts a query names; its columns, `_row` among them, are `s`.
    pub(super) fn staged(mut self, origin: &Origin, texts: &str) -> Finding {
        self.steps.step("texts", few(texts));
        self.join(format!(
            "JOIN texts AS s ON s._row = t._row AND t._source = {} AND t._entity = {}",
            Literal(&origin.source),
            Literal(&origin.entity),
        ))
    }

    /// Joins something, each join once however often it is asked for.
    pub(super) fn join(mut self, sql: impl Into<String>) -> Finding {
        let sql = sql.into();
        if !self.joins.contains(&sql) {
            self.joins.push(sql);
        }
        self
    }

    /// Joins what an expression needs.
    pub(super) fn joins_of(mut self, expression: &Expression) -> Finding {
        for follow in &expression.follows {
            let (_, fields) =
                self.follows.entry(follow.from.clone()).or_insert_with(|| (follow.target.clone(), IndexSet::new()));
            fields.insert(follow.field.clone());
        }
        self
    }

    /// Only rows that meet this condition too, over the row and what its references lead to.
    pub(super) fn when(mut self, sql: impl Into<String>) -> Finding {
        self.conditions.push(sql.into());
        self
    }

    /// Only rows that meet this condition too, which names what is joined.
    pub(super) fn when_joined(mut self, sql: impl Into<String>) -> Finding {
        self.joined.push(sql.into());
        self
    }

    /// Says what is true of every row about which something is found, where a step or a join decides that. It is asked of
    /// few rows, before the query is.
    pub(super) fn sign(mut self, sign: &Expression) -> Finding {
        for follow in &sign.follows {
            self.sign.join(Join::Referred { from: follow.from.clone(), to: follow.target.clone() });
        }
        self.sign.when(&sign.sql);
        self
    }

    /// Says the same of the staged texts of an origin; `sign` is told what stands before their columns.
    pub(super) fn staged_sign(mut self, scope: &Scope, origin: &Origin, sign: impl Fn(&str) -> String) -> Finding {
        let texts = Ident(&format!("texts of {}", origin.relation)).to_string();
        self.sign.join(Join::Texts(format!("LEFT {}", joined_texts(scope, origin, &texts))));
        self.sign.when(&sign(&format!("{texts}.")));
        self
    }

    /// The whole query.
    pub(super) fn query(mut self) -> Query {
        let signs = self.signs();
        let select = self.select();
        self.steps.step("found", select);
        let sql = if self.is_of_few { self.steps.nested() } else { self.steps.to_string() };
        Query { sql, signs }
    }

    /// By what a row is known about which something may be found. What is joined besides only takes rows away.
    fn signs(&self) -> Option<Vec<Sign>> {
        let mut sign = self.sign.clone();
        if !self.is_among {
            for (from, (target, _)) in &self.follows {
                sign.join(Join::Referred { from: from.clone(), to: target.clone() });
            }
            self.conditions.iter().for_each(|condition| sign.when(condition));
        }
        (!sign.is_none()).then(|| vec![sign])
    }

    fn select(&self) -> String {
        let follows = self.follows.iter().map(|(from, (target, fields))| follow(from, target, fields));
        let joins: String = follows.chain(self.joins.iter().cloned()).map(|join| format!("\n{join}")).collect();
        let conditions: Vec<&str> = self.conditions.iter().chain(&self.joined).map(String::as_str).collect();
        let conditions = if conditions.is_empty() { "true".to_owned() } else { conditions.join("\n  AND ") };
        format!(
            "SELECT t._key AS \"row\", {} AS field, CAST({} AS VARCHAR) AS value,\n  \
             {} AS message,\n  CAST({} AS VARCHAR) AS suggestion,\n  \
             t._source AS source, t._entity AS entity, t._row AS _row\nFROM {} AS t{joins}\nWHERE {conditions}",
            Literal(&self.field),
            self.value,
            self.message,
            self.suggestion,
            self.rows,
        )
    }
}

/// A query that is known to return few rows. The engine cannot know, and would build the hash table of a join with them
/// from all the candidates; of a list it expects little.
pub(super) fn few(select: &str) -> String {
    format!("SELECT unnest((SELECT list(few) FROM (\n{select}\n) AS few), recursive := true)")
}

/// Several queries of findings as one; `None` where there are none.
pub(super) fn all_of(queries: Vec<Query>) -> Option<Query> {
    if queries.len() > 1 {
        let parts: Vec<String> = queries.iter().map(|query| format!("FROM (\n{}\n)", query.sql)).collect();
        let signs = queries.into_iter().map(|query| query.signs).collect::<Option<Vec<_>>>();
        return Some(Query { sql: parts.join("\nUNION ALL\n"), signs: signs.map(|signs| signs.concat()) });
    }
    queries.into_iter().next()
}

/// The findings of a rule about the form of a text: `about` the values of the field and, where the field may be empty, about
/// the texts that the mapping could not read, which no other rule then tells: what is wrong with them says `tell`, of the
/// text and where it is, from `FROM` on, with a `WHERE`. What a spreadsheet has damaged is told as that.
pub(super) fn with_unread(
    scope: &Scope,
    about: Finding,
    tell: impl Fn(Finding, &str, &str) -> Finding,
) -> Result<Option<Query>> {
    let (declared, field) = (scope.field()?, scope.check.field.as_str());
    let mut queries = vec![about.query()];
    for origin in scope.origins.iter().filter(|_| !declared.must_be_read()) {
        let (Some(text), Some(unread)) = (origin.text(field, "s."), scope.unread(field)) else { continue };
        let join = staged_join(scope, origin);
        // What is computed where there is no text is not the matter of its form.
        let mut is_there = if declared.derive.is_some() { has_text(&text) } else { format!("{text} IS NOT NULL") };
        if spreadsheet_damage::tells_of(declared) {
            is_there = format!("NOT ({}) AND {is_there}", spreadsheet_damage::is_damaged(&text));
        }
        let from = format!("FROM {} AS t {join} WHERE {unread} AND {is_there}", scope.rows());
        let finding = Finding::of(scope).join(join).value(text.as_str()).when(unread).when_joined(is_there);
        queries.push(tell(finding, &text, &from).query());
    }
    Ok(all_of(queries))
}

/// The condition that there is a text to be read.
pub(super) fn has_text(text: &str) -> String {
    format!("coalesce(tv_trim({text}) <> '', false)")
}

/// A field of the row that is looked at.
pub(super) fn column(field: &str) -> String {
    format!("t.{}", Ident(field))
}

/// An expression over the row, with what its references lead to.
#[derive(Debug, Clone, Default)]
pub(super) struct Expression {
    pub(super) sql: String,
    follows: Vec<Follow>,
}

/// A field of the row that a field leads to.
#[derive(Debug, Clone)]
struct Follow {
    from: String,
    target: Reference,
    field: String,
}

impl Expression {
    /// The same references in other words.
    pub(super) fn into(self, sql: impl Fn(&str) -> String) -> Expression {
        Expression { sql: sql(&self.sql), follows: self.follows }
    }

    /// An expression over the row alone.
    pub(super) fn of_row(sql: impl Into<String>) -> Expression {
        Expression { sql: sql.into(), follows: Vec::new() }
    }
}

/// The name of the row that a field leads to.
pub(super) fn alias(from: &str) -> String {
    Ident(&format!("to {from}")).to_string()
}

/// The join to the one row that a field leads to, with the fields of it that are looked at: the engine reads no more of the
/// other table than is asked for.
fn follow(from: &str, target: &Reference, fields: &IndexSet<String>) -> String {
    format!("LEFT JOIN ({}) AS {to} ON {to}.{KEY} = {}", by_key(target, fields), column(from), to = alias(from))
}

impl Scope<'_> {
    /// The argument as an expression over the row's fields; `product_key.cost` follows the reference of `product_key`.
    pub(super) fn expression(&self, argument: &str) -> Result<Option<Expression>> {
        self.check.argument(argument).map(|text| self.parse(argument, &text)).transpose()
    }

    /// A field of the row, as the text in which people write it.
    pub(super) fn field_as_text(&self, field: &str) -> String {
        let declared = self.schema.field(&self.check.table, field);
        declared.map_or_else(|| column(field), |declared| declared.kind.as_text(&column(field)))
    }

    /// The argument as an expression, or an error that says that it is needed.
    pub(super) fn needed(&self, argument: &str) -> Result<Expression> {
        self.expression(argument)?.ok_or_else(|| self.wrong(&format!("needs `{argument}` under `with`")))
    }

    /// The argument as an expression, or the field that is checked.
    pub(super) fn expression_or_field(&self, argument: &str) -> Result<Expression> {
        match self.expression(argument)? {
            Some(expression) => Ok(expression),
            None => {
                self.field()?;
                Ok(Expression::of_row(column(&self.check.field)))
            }
        }
    }

    /// The argument as a number, or what it is when absent.
    pub(super) fn number(&self, argument: &str, default: f64) -> Result<f64> {
        match self.check.arguments.get(argument) {
            None => Ok(default),
            Some(toml::Value::Integer(number)) => Ok(*number as f64),
            Some(toml::Value::Float(number)) if number.is_finite() => Ok(*number),
            Some(other) => Err(self.wrong(&format!("is told {argument} = {other}, which is no number"))),
        }
    }

    /// An error about this use of the rule.
    pub(super) fn wrong(&self, what: &str) -> Error {
        let Check { rule, table, field, .. } = self.check;
        let place = if field.is_empty() { table.clone() } else { format!("{table}.{field}") };
        Error::config(format!("the check \"{rule}\" on {place} {what}"))
            .hint(format!("`tastevin rules explain {rule}` shows what it can be told"))
    }

    fn parse(&self, argument: &str, text: &str) -> Result<Expression> {
        let table = self.table()?;
        let mut follows: Vec<Follow> = Vec::new();
        let mut unknown: Option<String> = None;
        let sql = with_identifiers(text, |name| {
            if table.fields.contains_key(name) {
                return Some(column(name));
            }
            let (from, to) = name.split_once('.')?;
            let target = table.fields.get(from).and_then(|field| field.references.as_ref());
            match target.filter(|target| self.schema.field(&target.table, to).is_some()) {
                Some(target) => {
                    follows.push(Follow { from: from.to_owned(), target: target.clone(), field: to.to_owned() });
                    Some(format!("{}.{}", alias(from), Ident(to)))
                }
                None => {
                    unknown.get_or_insert_with(|| name.to_owned());
                    None
                }
            }
        });
        if let Some(name) = unknown {
            return Err(self.wrong(&format!("names `{name}` in `{argument}`, and no reference leads there")));
        }
        // On a line of its own, so that a comment at the end of the text does not swallow the parenthesis.
        let end = if sql.contains("--") { "\n" } else { "" };
        Ok(Expression { sql: format!("({sql}{end})"), follows })
    }

    /// The key of the row that the field refers to, NULL where there is none.
    pub(super) fn referred(&self, target: &Reference) -> Expression {
        let from = &self.check.field;
        let follow = Follow { from: from.clone(), target: target.clone(), field: target.field.clone() };
        Expression { sql: format!("{}.{}", alias(from), Ident(&target.field)), follows: vec![follow] }
    }

    /// Whether some source feeds the field; one that is only derived has no text of its own to be judged.
    pub(super) fn is_fed(&self, field: &str) -> bool {
        self.origins.iter().any(|origin| !origin.columns_of(field).is_empty())
    }

    /// The bit of the field within `_unread`. A schema has fewer than 63 fields a table; a field beyond has none.
    fn bit(&self, field: &str) -> Option<u64> {
        let at = self.schema.tables.get(&self.check.table)?.fields.get_index_of(field)?;
        (at < 63).then(|| 1 << at)
    }

    /// The condition that the field had text that could not be read; `None` where it is known of no row.
    pub(super) fn unread(&self, field: &str) -> Option<String> {
        let bit = self.bit(field)?;
        let is_any = self.only.is_none_or(|only| only.unread.unsigned_abs() & bit != 0);
        is_any.then(|| format!("t._unread & {bit} <> 0"))
    }

    /// The condition that no decision has set any of the fields: what is staged for them is what the row has.
    pub(super) fn undecided<'f>(&self, fields: impl Iterator<Item = &'f str>) -> String {
        let mask = fields.filter_map(|field| self.bit(field)).fold(0, |mask, bit| mask | bit);
        format!("t._decided & {mask} = 0")
    }

    /// The condition that the row's country is known, as far as it says one: text that is no country is not taken for none.
    /// With it, the country as SQL, the given one where the row says none.
    pub(super) fn country(&self, default: &str) -> Result<(String, String)> {
        Ok(match self.table()?.country() {
            Some(name) => (self.not_unread(name), format!("coalesce({}, {})", column(name), Literal(default))),
            None => ("true".to_owned(), Literal(default).to_string()),
        })
    }

    /// The condition that the field had no text that could not be read.
    pub(super) fn not_unread(&self, field: &str) -> String {
        match self.bit(field) {
            Some(bit) => format!("t._unread & {bit} = 0"),
            None => "true".to_owned(),
        }
    }
}

/// What a row is joined by to the one that a field leads to; no field has this name.
const KEY: &str = "\"the key\"";

/// Fields of another table by the key that is referred to, one row a key. Where a key stands on several rows, the row that
/// came with it counts, or else the first; the identity of a row is its key nearly everywhere, which is quickly seen.
fn by_key(target: &Reference, fields: &IndexSet<String>) -> String {
    let (table, key) = (Path("candidate", &target.table), Ident(&target.field));
    let fields: Vec<String> = fields.iter().map(|field| Ident(field).to_string()).collect();
    let (fields, own) = (fields.join(", "), format!("_key = CAST({key} AS VARCHAR)"));
    format!(
        "WITH odd AS MATERIALIZED (SELECT {key} AS {KEY}, {fields}, _key FROM {table} WHERE NOT ({own})) \
         SELECT {key} AS {KEY}, {fields} FROM {table} WHERE {own} UNION ALL \
         SELECT * FROM (SELECT DISTINCT ON ({KEY}) {KEY}, {fields} FROM odd WHERE CAST({KEY} AS VARCHAR) NOT IN \
         (SELECT _key FROM {table} WHERE {own} AND _key IN (SELECT CAST({KEY} AS VARCHAR) FROM odd)) ORDER BY {KEY}, _key)"
    )
}

/// The join from the row `t` to its staged texts `s`, for the rows of one origin.
pub(super) fn staged_join(scope: &Scope, origin: &Origin) -> String {
    joined_texts(scope, origin, "s")
}

fn joined_texts(scope: &Scope, origin: &Origin, alias: &str) -> String {
    format!(
        "JOIN {} AS {alias} ON {alias}._row = t._row AND t._source = {} AND t._entity = {}",
        scope.texts(origin),
        Literal(&origin.source),
        Literal(&origin.entity),
    )
}

/// One check for every field that is meant.
pub(super) fn each_field(
    schema: &Schema,
    rule: &str,
    mut meant: impl FnMut(&Field) -> Option<Option<Severity>>,
) -> Vec<Check> {
    let mut checks = Vec::new();
    for (table, declared) in &schema.tables {
        for (name, field) in &declared.fields {
            if let Some(severity) = meant(field) {
                checks.push(Check {
                    rule: rule.to_owned(),
                    table: table.clone(),
                    field: name.clone(),
                    severity,
                    ..Check::default()
                });
            }
        }
    }
    checks
}

/// One check for every field of that format: a warning, and an error where its rows are no clean ones without it.
pub(super) fn each_of_format(schema: &Schema, rule: &str, format: Format) -> Vec<Check> {
    each_field(schema, rule, |field| {
        (field.format == Some(format)).then_some(field.must_be_read().then_some(Severity::Error))
    })
}

/// Whether a person writes the field in words: text that is no key, no reference, no enumeration and has no format.
pub(super) fn is_prose(field: &Field) -> bool {
    field.kind == FieldType::Text
        && !field.key
        && field.references.is_none()
        && field.values.is_empty()
        && field.format.is_none()
}

/// A number in words without needless zeros: `2`, `1.5`. One too large for a decimal is written as it is.
pub(super) fn plain(sql: &str) -> String {
    format!(
        "coalesce(rtrim(rtrim(CAST(TRY_CAST({sql} AS DECIMAL(38,4)) AS VARCHAR), '0'), '.'), CAST({sql} AS VARCHAR))"
    )
}

/// A number in words with two decimals: `90.00`. One too large for a decimal is written as it is.
pub(super) fn money(sql: &str) -> String {
    format!("coalesce(CAST(TRY_CAST(round({sql}, 2) AS DECIMAL(38,2)) AS VARCHAR), CAST({sql} AS VARCHAR))")
}

/// A text in quotes for a message.
pub(super) fn quoted(sql: &str) -> String {
    format!("'\"' || CAST({sql} AS VARCHAR) || '\"'")
}

/// A text without the differences that people do not mean: case, accents, white space at the ends.
pub(super) fn folded(sql: &str) -> String {
    format!("lower(strip_accents(trim({sql})))")
}
