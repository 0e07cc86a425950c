//! Uses of rules: which rule looks at which table and field, compiled to queries, and batches of them as one statement.
//! Neighbour: `judge`, which says in sum what they found.

use indexmap::{IndexMap, IndexSet};

use super::{Grain, Inputs};
use crate::error::{Error, Kind, Result};
use crate::model::{Check, Severity};
use crate::rules::user::UserRule;
use crate::rules::{self, Only, Origin, Others, Query, Reach, Rule, Scope, Usual};
use crate::sql::Literal;
use crate::stages::map;
use crate::store::Store;

/// One use of one rule, compiled.
pub(in crate::stages) struct Use {
    pub rule: String,
    pub severity: Severity,
    pub table: String,
    pub field: String,
    /// The query that looks at all rows.
    pub sql: String,
    is: Is,
}

/// What a use is of.
enum Is {
    /// A rule of the program.
    Ours(&'static Rule, Check),
    /// A rule of the user's own.
    Theirs(Box<UserRule>),
}

impl Use {
    /// The rows for `dq.anomalies` that a query of this use finds.
    fn findings(&self, sql: &str) -> String {
        format!(
            "SELECT {} AS rule, {} AS severity, {} AS \"table\", \"row\", field, value, message, suggestion, source, entity, _row, \
             'open' AS status\nFROM (\n{sql}\n)",
            Literal(&self.rule),
            Literal(self.severity.name()),
            Literal(&self.table),
        )
    }

    /// Whether it is a rule of the user's own.
    pub fn is_theirs(&self) -> bool {
        matches!(self.is, Is::Theirs(_))
    }

    /// Whose findings a change of one row can change; `None` for a rule of the user's own that asks other rows itself.
    pub fn reach(&self) -> Option<Reach> {
        match &self.is {
            Is::Ours(rule, _) => Some(rule.reach),
            Is::Theirs(rule) => rule.judges_row_by_row().then_some(Reach::Row),
        }
    }

    /// An expression over the row that tells which rows are alike.
    pub fn likeness(&self, inputs: &Inputs, of: fn(&Scope) -> Result<String>) -> Result<String> {
        match &self.is {
            Is::Ours(_, check) => of(&scope(inputs, check, &[], None)),
            Is::Theirs(_) => Err(Error::internal("a rule of the user's own compares rows")),
        }
    }

    /// What is usual in the table, if the rule compares with that.
    pub fn usual(&self, inputs: &Inputs, fed: &[&str]) -> Result<Option<Usual>> {
        match &self.is {
            Is::Ours(Rule { reach: Reach::Usual(of), .. }, check) => of(&scope(inputs, check, fed, None)).map(Some),
            _ => Ok(None),
        }
    }

    /// The query that looks at all rows and compares them with what is kept of what is usual.
    pub fn sql_by_kept(&self, inputs: &Inputs, fed: &[&str]) -> Result<Option<String>> {
        match &self.is {
            Is::Ours(rule, check) => {
                let scope = Scope { is_usual_kept: true, ..scope(inputs, check, fed, None) };
                Ok((rule.find)(&scope)?.map(|query| query.sql))
            }
            Is::Theirs(_) => Ok(None),
        }
    }

    /// The query that looks only at the rows of a temporary table, and compares them with what is kept of what is usual and with
    /// `others`, as far as it is given.
    pub fn query_of(
        &self,
        store: &Store,
        inputs: &Inputs,
        fed: &[&str],
        only: Only,
        others: Option<&dyn Others>,
    ) -> Result<Option<Query>> {
        match &self.is {
            Is::Ours(rule, check) => {
                (rule.find)(&Scope { is_usual_kept: true, others, ..scope(inputs, check, fed, Some(only)) })
            }
            Is::Theirs(rule) => {
                let origins = origins_of(inputs, &rule.table);
                let sql = rule.find(store, inputs.schema, origins, inputs.today, Some(only))?;
                Ok(Some(Query { sql, signs: None }))
            }
        }
    }
}

/// Queries of uses on one table, as one statement: what a statement costs beside the work in it is paid once.
pub(in crate::stages) struct Batch<'u>(pub Vec<(&'u Use, &'u str)>);

impl<'u> Batch<'u> {
    /// All uses, each with the query that looks at all rows. A rule of the user's own is always by itself.
    pub(super) fn all(uses: &'u [Use], grain: Grain) -> Vec<Batch<'u>> {
        let mut tables: IndexMap<&str, Batch> = IndexMap::new();
        let mut alone = Vec::new();
        for one in uses {
            let part = (one, one.sql.as_str());
            match (&one.is, grain) {
                (Is::Ours(..), Grain::Table) => {
                    tables.entry(&one.table).or_insert_with(|| Batch(Vec::new())).0.push(part)
                }
                _ => alone.push(Batch(vec![part])),
            }
        }
        tables.into_values().chain(alone).collect()
    }

    pub(super) fn name(&self) -> String {
        match self.0.as_slice() {
            [(Use { rule, table, field, .. }, _)] if !field.is_empty() => format!("{rule} on {table}.{field}"),
            [(Use { rule, table, .. }, _)] => format!("{rule} on {table}"),
            many => {
                let tables: IndexSet<&str> = many.iter().map(|(one, _)| one.table.as_str()).collect();
                tables.into_iter().collect::<Vec<_>>().join(", ")
            }
        }
    }

    /// Writes down what the queries find; told how, it says now and then which share of the work is done.
    pub fn run(&self, store: &Store, tell: Option<&(dyn Fn(f64) + Sync)>) -> Result<()> {
        self.run_into(store, "INSERT INTO dq.anomalies BY NAME", tell)
    }

    /// Hands what the queries find to the statement that begins like this.
    pub fn run_into(&self, store: &Store, begin: &str, tell: Option<&(dyn Fn(f64) + Sync)>) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let findings: Vec<String> = self.0.iter().map(|(one, sql)| one.findings(sql)).collect();
        let sql = format!("{begin}\n{}", findings.join("\nUNION ALL\n"));
        let run = || match tell {
            Some(tell) => store.run_telling(&sql, tell),
            None => store.run(&sql),
        };
        // One of the user's own that asks other rows may compare them in any way.
        let is_anything = self.0.iter().any(|(one, _)| one.reach().is_none());
        let ran = if is_anything { store.with_care(run) } else { run() };
        ran.map_err(|cause| match (cause.kind(), self.0.len()) {
            // Of several it could be any.
            (Kind::Internal, 1) => {
                let error = Error::config(format!("the rule {} cannot run", self.name()));
                let error = match self.0.first().map(|(one, _)| &one.is) {
                    Some(Is::Theirs(rule)) => error.at_file(&rule.file),
                    _ => error.hint("`map show --sql` shows what it stands on; a [[check]] of mappings/canonical.toml may name something that is not there"),
                };
                error.caused_by(cause)
            }
            _ => cause,
        })
    }
}

fn origins_of<'a>(inputs: &Inputs<'a>, table: &str) -> &'a [Origin] {
    inputs.origins.get(table).map(Vec::as_slice).unwrap_or_default()
}

fn scope<'a>(inputs: &Inputs<'a>, check: &'a Check, fed: &'a [&'a str], only: Option<Only<'a>>) -> Scope<'a> {
    let Inputs { schema, today, .. } = *inputs;
    Scope { origins: origins_of(inputs, &check.table), fed, only, ..Scope::of(schema, check, today) }
}

/// The tables that some source feeds.
pub(in crate::stages) fn fed<'a>(store: &Store, inputs: &Inputs<'a>) -> Result<Vec<&'a str>> {
    let built = store.tables("candidate")?;
    let tables = inputs.schema.tables.keys().map(String::as_str);
    Ok(tables.filter(|table| !origins_of(inputs, table).is_empty() && built.iter().any(|name| name == table)).collect())
}

/// Every use of every rule on the tables that some source feeds.
pub(in crate::stages) fn uses(store: &Store, inputs: &Inputs, fed: &[&str]) -> Result<Vec<Use>> {
    let mut uses = Vec::new();
    for check in rules::checks(inputs.schema)? {
        let rule = rules::find(&check.rule)?;
        let query = (rule.find)(&scope(inputs, &check, fed, None)).map_err(|error| {
            let number = inputs.schema.checks.iter().position(|other| *other == check).map(|at| at.to_string());
            // What no line asks for follows from what is declared of the field.
            let declared = ["tables", &check.table, "fields", &check.field];
            let key = number.as_deref().map_or(declared.to_vec(), |number| vec!["check", number]);
            error.at_file(map::SCHEMA).at_column(format!("{}.{}", check.table, check.field)).at_key(key)
        })?;
        let Some(Query { sql, .. }) = query.filter(|_| fed.contains(&check.table.as_str())) else { continue };
        let Check { rule: id, table, field, .. } = check.clone();
        let severity = check.severity.unwrap_or(rule.severity);
        uses.push(Use { rule: id, severity, table, field, sql, is: Is::Ours(rule, check) });
    }
    for rule in rules::user::load(inputs.rules_dir)? {
        if inputs.schema.tables.contains_key(&rule.table) && !fed.contains(&rule.table.as_str()) {
            continue;
        }
        let sql = rule.find(store, inputs.schema, origins_of(inputs, &rule.table), inputs.today, None)?;
        let (id, table, field) = (rule.id.clone(), rule.table.clone(), rule.field.clone());
        uses.push(Use { rule: id, severity: rule.severity, table, field, sql, is: Is::Theirs(Box::new(rule)) });
    }
    Ok(uses)
}
