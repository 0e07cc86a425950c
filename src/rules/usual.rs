//! What is usual in a table: the figures about all its rows that a rule compares every row with. They come about in two steps, so
//! that a change of few rows needs no look at all of them: tallies, with one line for the rows that have the same value, and verdicts,
//! which follow from the tallies alone. Whoever keeps both in temporary tables brings the lines up to date and sees whether any verdict
//! is another one.

use super::Scope;
use crate::sql::{Ident, Literal, Path, Pipeline};

/// What is usual for one use of a rule.
pub struct Usual {
    /// The use, in words that no other use has.
    used: String,
    table: String,
    tallies: Vec<Tally>,
    /// Steps from the tallies, which are known by their names, to the verdicts.
    steps: Vec<(&'static str, String)>,
    /// The column that tells the verdicts apart.
    by: &'static str,
    /// What the verdicts hang on beside the values that there are.
    hinge: Hinge,
    /// Whether a row is found only where there is a verdict about its value.
    is_alone: bool,
}

/// What of the numbers of rows verdicts hang on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hinge {
    /// Nothing: which values there are is all.
    Values,
    /// What a step makes of them, in one line.
    Step(&'static str),
    /// Every one of them.
    Rows,
}

/// What follows from a value: its name, and the expression, given one for the value.
type Told = (&'static str, fn(&str) -> String);

/// One line for the rows that have the same value: the value, and in `rows` how many they are.
pub(super) struct Tally {
    name: &'static str,
    /// The value's name, and the value as an expression over `t`; rows for which it is NULL are not counted.
    of: (&'static str, String),
    /// The rows that are counted, as a condition over `t`.
    counted: String,
    /// What follows from the value alone.
    told: Vec<Told>,
    /// Figures of the rows that are no counts, by name: aggregates over `t`. When one of its rows changes, all rows of the line are
    /// looked at for them.
    figures: Vec<(&'static str, String)>,
}

impl Tally {
    /// A tally of the rows that meet a condition.
    pub(super) fn new(name: &'static str, of: &'static str, value: &str, counted: &str) -> Tally {
        let (of, counted) = ((of, value.to_owned()), counted.to_owned());
        Tally { name, of, counted, told: Vec::new(), figures: Vec::new() }
    }

    /// With what follows from the value.
    pub(super) fn told(mut self, name: &'static str, told: fn(&str) -> String) -> Tally {
        self.told.push((name, told));
        self
    }

    /// With a figure of the rows.
    pub(super) fn figure(mut self, name: &'static str, aggregate: impl Into<String>) -> Tally {
        self.figures.push((name, aggregate.into()));
        self
    }

    /// Whether it says nothing of the rows but how many they are.
    fn is_counted(&self) -> bool {
        self.figures.is_empty()
    }

    /// What follows from a value, as columns.
    fn told_of(&self, value: &str) -> String {
        self.told.iter().map(|(name, told)| format!(", {} AS {name}", told(value))).collect()
    }

    /// The lines about the rows that meet a further condition over `t`.
    fn lines(&self, rows: &str, condition: &str) -> String {
        let (of, value) = &self.of;
        let figures: String = self.figures.iter().map(|(name, figure)| format!(", {figure} AS {name}")).collect();
        format!(
            "SELECT {value} AS {of}, count(*) AS rows{}{figures}\nFROM {rows} AS t WHERE {} AND {value} IS NOT NULL{condition} GROUP BY 1",
            self.told_of(value),
            self.counted
        )
    }

    /// The values that are counted in some rows, after something else.
    fn values(&self, beside: &str, rows: &str) -> String {
        let (of, value) = &self.of;
        format!("SELECT {beside}{value} AS {of} FROM {rows} AS t WHERE {} AND {value} IS NOT NULL", self.counted)
    }
}

impl Usual {
    /// What is usual in the table that is checked, by verdicts that this column tells apart.
    pub(super) fn of(scope: &Scope, by: &'static str, hinge: Hinge) -> Usual {
        let check = scope.check;
        let told: String = check.arguments.iter().map(|(name, value)| format!(" {name} = {value}")).collect();
        Usual {
            used: format!("{} on {}.{}{told}", check.rule, check.table, check.field),
            table: check.table.clone(),
            tallies: Vec::new(),
            steps: Vec::new(),
            by,
            hinge,
            is_alone: true,
        }
    }

    /// Rows are found about whose values there is no verdict, too.
    pub(super) fn beside_others(mut self) -> Usual {
        self.is_alone = false;
        self
    }

    /// Adds a tally.
    pub(super) fn tally(mut self, tally: Tally) -> Usual {
        self.tallies.push(tally);
        self
    }

    /// Adds a step; the last one gives the verdicts.
    pub(super) fn step(mut self, name: &'static str, select: impl Into<String>) -> Usual {
        self.steps.push((name, select.into()));
        self
    }

    /// The name of the verdicts' step.
    pub(super) fn last(&self) -> &'static str {
        self.steps.last().map(|(name, _)| *name).unwrap_or_default()
    }

    /// All steps, from the rows on.
    pub(super) fn steps(&self) -> Vec<(&'static str, String)> {
        let tallies = self.tallies.iter().map(|tally| (tally.name, tally.lines(&self.rows(), "")));
        tallies.chain(self.steps.iter().cloned()).collect()
    }

    /// The use, in words that no other use has.
    pub fn used(&self) -> &str {
        &self.used
    }

    /// The table in which it is usual.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Whether a row is found only where there is a verdict about its value.
    pub fn is_alone(&self) -> bool {
        self.is_alone
    }

    /// What of the numbers of rows the verdicts hang on.
    pub fn hinge(&self) -> Hinge {
        self.hinge
    }

    /// All rows.
    fn rows(&self) -> String {
        Path("candidate", &self.table).to_string()
    }

    /// The temporary table in which a step is kept.
    fn kept(&self, step: &str) -> String {
        format!("temp.{}", Ident(&format!("{step} of {}", self.used)))
    }

    /// The temporary table in which the verdicts are kept.
    pub fn verdicts(&self) -> String {
        self.kept(self.last())
    }

    /// The tallies that do nothing but count.
    fn counted(&self) -> impl Iterator<Item = &Tally> {
        self.tallies.iter().filter(|tally| tally.is_counted())
    }

    /// The tallies with figures.
    fn figured(&self) -> impl Iterator<Item = &Tally> {
        self.tallies.iter().filter(|tally| !tally.is_counted())
    }

    /// A query with the types of the values that are counted, a column each in the order of the tallies.
    pub fn types(&self) -> String {
        let values: Vec<String> =
            (0..).zip(self.counted()).map(|(n, tally)| format!("{} AS v{n}", tally.of.1)).collect();
        format!("SELECT {} FROM {} AS t", values.join(", "), self.rows())
    }

    /// The queries for all lines of what is counted, as they stand in [`lines_of`]; the tallies are numbered from a number on.
    pub fn counts(&self, from: usize) -> impl Iterator<Item = (usize, String)> {
        (from..).zip(self.counted()).map(|(n, tally)| {
            let lines = tally.lines(&self.rows(), "");
            (n, format!("SELECT {n} AS tally, {}::VARCHAR AS value, rows FROM (\n{lines}\n)", tally.of.0))
        })
    }

    /// The queries for what is counted in some rows, with a number of rows beside each.
    fn moved(&self, from: usize, rows: &str, n: i64) -> impl Iterator<Item = String> {
        (from..).zip(self.counted()).map(move |(number, tally)| {
            let values = tally.values("", rows);
            format!("SELECT {number} AS tally, {}::VARCHAR AS value, {n} AS n FROM ({values})", tally.of.0)
        })
    }

    /// The tables with the lines of tallies that have figures, each with the query for all.
    pub fn figures(&self) -> impl Iterator<Item = (String, String)> {
        self.figured().map(|tally| (self.kept(tally.name), tally.lines(&self.rows(), "")))
    }

    /// The statements that bring the lines with figures up to date after the rows in `before` have become those in `after`. They touch
    /// the lines that differ.
    pub fn figures_again(&self, before: &str, after: &str) -> impl Iterator<Item = String> {
        self.figured().map(move |tally| {
            let of = tally.of.0;
            let values = format!("{} UNION {}", tally.values("", before), tally.values("", after));
            let again = tally.lines(&self.rows(), &format!(" AND {} IN ({values})", tally.of.1));
            let names: Vec<&str> = std::iter::once("rows").chain(tally.figures.iter().map(|(name, _)| *name)).collect();
            let differs: Vec<String> =
                names.iter().map(|name| format!("was.{name} IS DISTINCT FROM now.{name}")).collect();
            let becomes: Vec<String> = names.iter().map(|name| format!("{name} = now.{name}")).collect();
            format!(
                "MERGE INTO {} AS was USING (\n\
                 SELECT * FROM ({values}) AS touched LEFT JOIN (\n{again}\n) AS again USING ({of})\n\
                 ) AS now ON was.{of} = now.{of}\n\
                 WHEN MATCHED AND now.rows IS NULL THEN DELETE\n\
                 WHEN MATCHED AND ({}) THEN UPDATE SET {}\n\
                 WHEN NOT MATCHED AND now.rows IS NOT NULL THEN INSERT BY NAME",
                self.kept(tally.name),
                differs.join(" OR "),
                becomes.join(", "),
            )
        })
    }

    /// The steps up to one of them, by the tallies that are kept. What was counted has these types.
    fn by_kept(&self, step: &str, from: usize, types: &[String]) -> String {
        let mut pipeline = Pipeline::new();
        let mut counted = (from..).zip(types);
        for tally in &self.tallies {
            let select = match if tally.is_counted() { counted.next() } else { None } {
                Some((n, kind)) => {
                    let of = tally.of.0;
                    format!(
                        "SELECT *{} FROM (SELECT value::{kind} AS {of}, rows FROM {} WHERE tally = {n})",
                        tally.told_of(of),
                        lines_of(&self.table)
                    )
                }
                None => format!("SELECT * FROM {}", self.kept(tally.name)),
            };
            pipeline.step(tally.name, select);
        }
        for (name, select) in &self.steps {
            pipeline.step(*name, select);
        }
        pipeline.up_to(step).unwrap_or(pipeline).to_string()
    }

    /// The query for the verdicts by the tallies that are kept.
    pub fn judge(&self, from: usize, types: &[String]) -> String {
        self.by_kept(self.last(), from, types)
    }

    /// The query for what the verdicts hang on, as a text in one line, where it is a step.
    pub fn hang(&self, from: usize, types: &[String]) -> Option<String> {
        let Hinge::Step(step) = self.hinge else { return None };
        Some(format!(
            "SELECT {} AS used, hinge::VARCHAR AS hinge FROM (\n{}\n) AS hinge",
            Literal(&self.used),
            self.by_kept(step, from, types)
        ))
    }

    /// The query for the values about which there are other verdicts than those that are kept, in `value`.
    pub fn differing(&self, from: usize, types: &[String]) -> String {
        format!(
            "SELECT coalesce(now.{by}, was.{by}) AS value FROM (\n{}\n) AS now FULL JOIN {} AS was ON now.{by} = was.{by}\n\
             WHERE now IS DISTINCT FROM was",
            self.judge(from, types),
            self.verdicts(),
            by = self.by
        )
    }

    /// The temporary table with these values.
    pub fn otherwise(&self) -> String {
        self.kept("otherwise")
    }

    /// The step with all verdicts that are kept.
    pub(super) fn judged(&self) -> String {
        format!("SELECT * FROM {}", self.verdicts())
    }

    /// A query by what is kept, of which only those verdicts matter that are others than before.
    pub fn where_otherwise(&self, sql: &str) -> String {
        let judged = self.judged();
        sql.replacen(&judged, &format!("{judged} WHERE {} IN (FROM {})", self.by, self.otherwise()), 1)
    }

    /// The condition over the row `t` that there is another verdict about its value; `None` where the verdicts are not told apart by
    /// a value that rows have.
    pub fn is_otherwise(&self) -> Option<String> {
        let (_, value) = self.tallies.iter().map(|tally| &tally.of).find(|(of, _)| *of == self.by)?;
        Some(format!("{value} IN (FROM {})", self.otherwise()))
    }
}

/// The temporary table with the lines of all tallies of a table that do nothing but count: `tally`, `value`, `rows`. They are brought up
/// to date by one statement.
pub fn lines_of(table: &str) -> String {
    format!("temp.{}", Ident(&format!("tallies of {table}")))
}

/// The statement that brings the lines of all these tallies of a table up to date after the rows in `before` have become those in `after`,
/// and returns of every line that differs what became of it and the number of its tally.
pub fn counts_again<'u>(
    table: &str,
    all: impl Iterator<Item = (usize, &'u Usual)>,
    before: &str,
    after: &str,
) -> Option<String> {
    let moved: Vec<String> =
        all.flat_map(|(from, usual)| usual.moved(from, before, -1).chain(usual.moved(from, after, 1))).collect();
    (!moved.is_empty()).then(|| {
        format!(
            "MERGE INTO {} AS was USING (\n\
             SELECT tally, value, sum(n)::BIGINT AS rows FROM (\n{}\n) GROUP BY ALL HAVING sum(n) <> 0\n\
             ) AS now ON was.tally = now.tally AND was.value = now.value\n\
             WHEN MATCHED AND was.rows + now.rows = 0 THEN DELETE\n\
             WHEN MATCHED THEN UPDATE SET rows = was.rows + now.rows\n\
             WHEN NOT MATCHED THEN INSERT BY NAME RETURNING merge_action, tally",
            lines_of(table),
            moved.join("\nUNION ALL\n")
        )
    })
}
