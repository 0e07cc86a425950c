//! Score: the log odds that a column feeds a field, from its parts, for every pair of an entity and a table; and what
//! the best pairing of all makes of them.
//!
//! The parts add up as the logarithms of odds do. Zero is as likely as not; 2.2 is 0.9.

use std::collections::HashMap;

use super::assign::assign;
use super::fit::fit;
use super::keys::Known;
use super::learnt::Learnt;
use super::names::{LIKE, Vocabulary};
use crate::model::{
    ColumnProfile, EntityProfile, Evidence, EvidencePart, Field, FieldType, Format, RunnerUp, Schema, Table, ValueKind,
    column_key,
};

/// Log odds from which on a pair is suggested at all.
pub const LEAST: f64 = -0.4;

/// The score that a pair has at most whose column says the opposite of its field: what turns a yes into a no is looked at by
/// somebody before it is accepted.
const LOOKED_AT: f64 = 0.85;

/// Log odds from which on a pair is named as the next best.
const NAMED: f64 = -6.0;

/// One column beside one field.
pub struct Cell {
    /// The log odds that the column feeds the field.
    pub odds: f64,
    /// What they are made of.
    pub evidence: Vec<Evidence>,
    /// What is known of the column's values as keys of the field's table.
    pub prefix: Option<String>,
    /// Whether a yes in the column is a no of the field.
    pub contrary: bool,
}

/// Every column of an entity beside every field of a table.
pub struct Matrix<'a> {
    /// The table's name.
    pub table_name: &'a str,
    /// The table.
    pub table: &'a Table,
    /// The entity.
    pub entity: &'a EntityProfile,
    /// By column, then by field.
    pub cells: Vec<Vec<Cell>>,
    /// Per column, the field that it is paired with.
    pub pairs: Vec<Option<usize>>,
}

/// What the cells are computed from, beside the table and the entity.
pub struct Ground<'a> {
    /// The schema.
    pub schema: &'a Schema,
    /// Known keys by canonical table and column.
    pub known: &'a HashMap<(String, String), Known>,
    /// What other mappings say.
    pub learnt: &'a Learnt,
    /// Columns that have another name since the last load.
    pub renamed: &'a [Renamed],
    /// The columns to which another entity refers, with the words for it.
    pub referred: &'a HashMap<String, String>,
}

/// A column that probably is the one that fed a field before, under another name.
pub struct Renamed {
    pub column: String,
    pub field: String,
    /// How sure that is, 0 to 1.
    pub score: f64,
    pub words: String,
}

impl<'a> Matrix<'a> {
    /// Scores all pairs and finds the best pairing. `fixed` are pairs of a column and a field that are mapped already: their
    /// columns and fields are not paired again.
    pub fn new(
        ground: &Ground,
        table_name: &'a str,
        table: &'a Table,
        entity: &'a EntityProfile,
        fixed: &[(usize, usize)],
    ) -> Matrix<'a> {
        let vocabulary = Vocabulary::new(ground.schema, table_name, table);
        let cells = entity
            .columns
            .iter()
            .map(|column| {
                let likenesses = vocabulary.likenesses(&column.name);
                let fields = table.fields.iter().zip(likenesses);
                fields
                    .map(|((name, field), likeness)| cell(ground, table_name, name, field, column, &likeness))
                    .collect()
            })
            .collect();
        let mut matrix = Matrix { table_name, table, entity, cells, pairs: Vec::new() };
        matrix.favour_the_only_ones();
        matrix.tell_parts_apart();
        matrix.pair(fixed);
        matrix.look_around(fixed);
        matrix.pair(fixed);
        matrix
    }

    fn pair(&mut self, fixed: &[(usize, usize)]) {
        let gains: Vec<Vec<f64>> = self
            .cells
            .iter()
            .enumerate()
            .map(|(column, fields)| {
                let taken = fixed.iter().any(|(other, _)| *other == column);
                let gain = |(field, cell): (usize, &Cell)| {
                    if taken || fixed.iter().any(|(_, other)| *other == field) { -1.0 } else { cell.odds - LEAST }
                };
                fields.iter().enumerate().map(gain).collect()
            })
            .collect();
        self.pairs = assign(&gains);
        for (column, field) in fixed {
            // Where a column feeds several fields, one of them stands for all.
            self.pairs[*column] = Some(*field);
        }
    }

    /// Where one column only looks like what one field only holds, there is little else that either could be.
    fn favour_the_only_ones(&mut self) {
        const GAIN: f64 = 1.3;
        for kind in
            [ValueKind::Email, ValueKind::Phone, ValueKind::Country, ValueKind::PostalCode, ValueKind::Timestamp]
        {
            let looks =
                |column: &ColumnProfile| column.filled > 0 && column.share_of(kind) >= 0.7 && is_of(column.kind, kind);
            let columns: Vec<usize> = (0..self.cells.len()).filter(|at| looks(&self.entity.columns[*at])).collect();
            let holds = |field: &Field| holds(field) == Some(kind) && field.derive.is_none();
            let fields: Vec<usize> =
                self.table.fields.values().enumerate().filter(|(_, field)| holds(field)).map(|(at, _)| at).collect();
            if let ([column], [field]) = (columns.as_slice(), fields.as_slice()) {
                self.favour(
                    *column,
                    *field,
                    GAIN,
                    format!("the only column of {}", self.entity.columns[*column].kind.plural()),
                );
            }
        }
        let keys: Vec<usize> =
            self.table.fields.values().enumerate().filter(|(_, field)| field.key).map(|(at, _)| at).collect();
        let tells_apart = |column: &ColumnProfile| {
            matches!(column.kind, ValueKind::Code | ValueKind::Integer)
                && column.distinctness() >= 0.97
                && column.fill() >= 0.97
        };
        let columns: Vec<usize> = (0..self.cells.len()).filter(|at| tells_apart(&self.entity.columns[*at])).collect();
        if let ([column], [key]) = (columns.as_slice(), keys.as_slice())
            && self.table.fields[*key].references.is_none()
        {
            self.favour(*column, *key, GAIN, "the only column of codes that are all different".to_owned());
        }
    }

    /// Where two columns are called exactly as a field that is a part of a whole, and the name of one is in that of the other,
    /// the shorter one is another part: beside `Surname`, `Name` is the first name.
    fn tell_parts_apart(&mut self) {
        const GAIN: f64 = 3.6;
        const LOSS: f64 = -4.0;
        let parts: Vec<usize> = self
            .table
            .fields
            .values()
            .enumerate()
            .filter(|(_, field)| field.part.is_some())
            .map(|(at, _)| at)
            .collect();
        let name_of = |column: usize, field: usize| {
            let names = self.cells[column][field].evidence.iter().filter(|one| one.part == EvidencePart::Name);
            names.map(|one| one.score).fold(0.0, f64::max)
        };
        let columns = 0..self.cells.len();
        let mut changes = Vec::new();
        for field in &parts {
            let named: Vec<usize> = columns.clone().filter(|column| name_of(*column, *field) >= 0.999).collect();
            let [one, other] = named.as_slice() else { continue };
            let [a, b] = [one, other].map(|column| column_key(&self.entity.columns[*column].name));
            let (exact, short) = match () {
                () if a.len() > b.len() && a.contains(&b) => (*one, *other),
                () if b.len() > a.len() && b.contains(&a) => (*other, *one),
                () => continue,
            };
            let free = |part: &&usize| **part != *field && columns.clone().all(|column| name_of(column, **part) < 0.9);
            let others: Vec<usize> = parts.iter().filter(free).copied().collect();
            if let [part] = others.as_slice() {
                changes.push((exact, short, *field, *part));
            }
        }
        for (exact, short, field, part) in changes {
            let words = format!("beside \"{}\", which says the other part", self.entity.columns[exact].name);
            self.cells[short][field].odds += LOSS;
            self.favour(short, part, GAIN, words);
        }
    }

    fn favour(&mut self, column: usize, field: usize, gain: f64, words: String) {
        let cell = &mut self.cells[column][field];
        cell.odds += gain;
        if let Some(kind) = cell.evidence.iter_mut().find(|one| one.part == EvidencePart::Kind) {
            kind.words = format!("{}; {words}", kind.words);
        }
    }

    /// Exports put side by side what belongs together, as the schema does: a column beside the neighbours of its field gains.
    fn look_around(&mut self, fixed: &[(usize, usize)]) {
        let near = |one: usize, other: usize| one.abs_diff(other) <= 2;
        let mut changes = Vec::new();
        for column in 0..self.cells.len() {
            let before = self.pairs[..column].iter().rev().flatten().next();
            let behind = self.pairs[column + 1..].iter().flatten().next();
            if before.is_none() && behind.is_none() || fixed.iter().any(|(other, _)| *other == column) {
                continue;
            }
            for field in 0..self.table.fields.len() {
                let beside: Vec<usize> =
                    [before, behind].into_iter().flatten().copied().filter(|other| *other != field).collect();
                let close: Vec<usize> = beside.iter().copied().filter(|other| near(*other, field)).collect();
                if beside.is_empty() {
                    continue;
                }
                let share = close.len() as f64 / beside.len() as f64;
                let names: Vec<&str> = close
                    .iter()
                    .filter_map(|at| self.table.fields.get_index(*at))
                    .map(|(name, _)| name.as_str())
                    .collect();
                let words = if names.is_empty() {
                    "beside other things".to_owned()
                } else {
                    format!("beside {}", names.join(", "))
                };
                changes.push((column, field, 0.6 * share - 0.1, share, words));
            }
        }
        for (column, field, weight, score, words) in changes {
            let cell = &mut self.cells[column][field];
            cell.odds += weight;
            cell.evidence.push(Evidence { part: EvidencePart::Neighbours, score, words });
        }
    }

    /// How sure a pair is beside everything that stands against it: that the column feeds nothing, or another field, or
    /// that another column feeds the field. What goes elsewhere with more right does not count.
    pub fn sure(&self, column: usize, field: usize) -> f64 {
        let odds = self.cells[column][field].odds;
        let mut against = 1.0;
        for (other, cell) in self.cells[column].iter().enumerate().filter(|(other, _)| *other != field) {
            let owner = self.pairs.iter().position(|pair| *pair == Some(other)).filter(|owner| *owner != column);
            let taken = owner.map_or(0.0, |owner| sigmoid(self.cells[owner][other].odds - cell.odds));
            against += cell.odds.exp() * (1.0 - taken);
        }
        for (other, cells) in self.cells.iter().enumerate().filter(|(other, _)| *other != column) {
            let goes = self.pairs[other].filter(|goes| *goes != field);
            let taken = goes.map_or(0.0, |goes| sigmoid(cells[goes].odds - cells[field].odds));
            against += cells[field].odds.exp() * (1.0 - taken);
        }
        let sure = odds.exp() / (odds.exp() + against);
        if self.cells[column][field].contrary { sure.min(LOOKED_AT) } else { sure }
    }

    /// The next best field for a column, with how sure that pair would be, counted as that of the best is, and why it is not.
    pub fn runner_up(&self, column: usize, field: usize) -> Option<RunnerUp> {
        let chosen = &self.cells[column][field];
        let others = self.cells[column].iter().enumerate().filter(|(other, _)| *other != field);
        let (second, cell) =
            others.max_by(|(_, a), (_, b)| a.odds.total_cmp(&b.odds)).filter(|(_, cell)| cell.odds >= NAMED)?;
        let name = |at: usize| self.table.fields.get_index(at).map(|(name, _)| name.clone());
        let owner = self.pairs.iter().position(|pair| *pair == Some(second)).filter(|owner| *owner != column);
        let part = |cell: &Cell, part: EvidencePart| {
            cell.evidence.iter().find(|one| one.part == part).map_or(0.5, |one| one.score)
        };
        let why = match owner {
            Some(owner) if self.cells[owner][second].odds > cell.odds => {
                format!("\"{}\" fits it better", self.entity.columns[owner].name)
            }
            _ => {
                let parts = [
                    EvidencePart::Confirmed,
                    EvidencePart::Keys,
                    EvidencePart::Values,
                    EvidencePart::Kind,
                    EvidencePart::Name,
                    EvidencePart::Neighbours,
                ];
                let gap = |at: &EvidencePart| part(chosen, *at) - part(cell, *at);
                let widest = parts.into_iter().max_by(|a, b| gap(a).total_cmp(&gap(b)))?;
                format!("{} {:.2} beside {:.2}", widest.name(), part(cell, widest), part(chosen, widest))
            }
        };
        Some(RunnerUp { field: name(second)?, score: self.sure(column, second), why })
    }

    /// How well the entity as a whole fits the table, 0 to 1: the share of its filled columns and of the table's required
    /// fields that find each other.
    pub fn coverage(&self) -> (f64, f64) {
        let filled = self.entity.columns.iter().filter(|column| column.filled > 0).count().max(1) as f64;
        let pairs: Vec<(usize, f64)> = self
            .pairs
            .iter()
            .enumerate()
            .filter_map(|(column, field)| field.map(|field| (field, self.sure(column, field))))
            .collect();
        let columns = pairs.iter().map(|(_, sure)| sure).sum::<f64>() / filled;
        let needed: Vec<usize> = self
            .table
            .fields
            .values()
            .enumerate()
            .filter(|(_, field)| field.required && field.default.is_none() && field.derive.is_none())
            .map(|(at, _)| at)
            .collect();
        let found: f64 = pairs.iter().filter(|(field, _)| needed.contains(field)).map(|(_, sure)| sure).sum();
        // The sum of nothing is a zero with a minus.
        let found = found.max(0.0);
        (columns.max(0.0), if needed.is_empty() { columns.max(0.0) } else { found / needed.len() as f64 })
    }
}

fn cell(
    ground: &Ground,
    table_name: &str,
    name: &str,
    field: &crate::model::Field,
    column: &crate::model::ColumnProfile,
    likeness: &super::names::Likeness,
) -> Cell {
    let mut odds = -0.5;
    let mut evidence = Vec::new();
    let mut say = |part, score, words| evidence.push(Evidence { part, score, words });
    odds += 6.2 * likeness.score - 2.4;
    let words = match likeness.score {
        _ if likeness.contrary => format!("the opposite of \"{}\", turned round by not", likeness.name),
        score if score >= 0.999 => format!("is \"{}\"", likeness.name),
        score if score >= LIKE => format!("like \"{}\"", likeness.name),
        _ => "like none of its names".to_owned(),
    };
    say(EvidencePart::Name, likeness.score, words);
    let fit = fit(column, field);
    odds += fit.weight;
    for one in fit.evidence {
        say(one.part, one.score, one.words);
    }
    // What the schema computes is rarely in an export.
    if field.derive.is_some() {
        odds -= if field.synonyms.is_empty() { 1.5 } else { 0.3 };
    }
    let target = match &field.references {
        Some(reference) => Some(reference.table.as_str()),
        None if field.key => Some(table_name),
        None => None,
    };
    let known = target.and_then(|target| ground.known.get(&(target.to_owned(), column.name.clone())));
    let single_key = field.key
        && field.references.is_none()
        && ground.schema.tables.get(table_name).is_some_and(|table| table.keys().count() == 1);
    if let Some(known) = known.filter(|known| known.share > 0.0 || field.references.is_some()) {
        let words = format!("{:.0} % are keys of {}", known.share * 100.0, known.of);
        odds += if known.share >= 0.05 { 3.6 * known.share } else { -1.2 };
        say(EvidencePart::Keys, known.share, words);
    }
    if single_key && column.filled > 0 {
        let (distinct, full) = (column.distinctness(), column.fill());
        odds += if distinct >= 0.97 && full >= 0.9 { 1.0 } else { -(1.0 - distinct.min(full)) * 4.0 - 0.3 };
        if known.is_none_or(|known| known.share == 0.0) {
            let words = match distinct {
                distinct if distinct >= 0.9999 => "no two values are the same".to_owned(),
                distinct => format!("{:.0} % of the values are different", distinct * 100.0),
            };
            say(EvidencePart::Keys, distinct, words);
        }
    }
    if let Some(words) = ground.referred.get(&column.name).filter(|_| field.references.is_none()) {
        // What others refer to is a key, whatever else it looks like.
        odds += if single_key { 3.0 } else { -3.0 };
        say(EvidencePart::Keys, if single_key { 1.0 } else { 0.0 }, words.clone());
    }
    match ground.learnt.says(table_name, &column.name, name) {
        Some(Ok(mapping)) => {
            odds += 3.0;
            say(EvidencePart::Confirmed, 1.0, format!("mapped so in {mapping}"));
        }
        Some(Err(other)) => {
            odds -= 1.5;
            say(EvidencePart::Confirmed, 0.0, format!("mapped to {other} elsewhere"));
        }
        None => {}
    }
    if let Some(renamed) = ground.renamed.iter().find(|one| one.column == column.name && one.field == name) {
        odds += 4.0 * renamed.score;
        say(EvidencePart::Confirmed, renamed.score, renamed.words.clone());
    }
    let prefix = known.filter(|known| known.share >= 0.3).map(|known| known.prefix.clone());
    Cell { odds, evidence, prefix, contrary: likeness.contrary }
}

/// The kind that only the values of such a field look like.
fn holds(field: &Field) -> Option<ValueKind> {
    match (field.format, field.kind) {
        (Some(Format::Email), _) => Some(ValueKind::Email),
        (Some(Format::Phone), _) => Some(ValueKind::Phone),
        (Some(Format::Country), _) => Some(ValueKind::Country),
        (Some(Format::PostalCode), _) => Some(ValueKind::PostalCode),
        (None, FieldType::Date | FieldType::Timestamp) => Some(ValueKind::Timestamp),
        _ => None,
    }
}

/// Whether a column of the one kind is one of the other; days are days with a time as well.
fn is_of(kind: ValueKind, other: ValueKind) -> bool {
    kind == other || kind == ValueKind::Date && other == ValueKind::Timestamp
}

/// The probability of log odds.
pub fn sigmoid(odds: f64) -> f64 {
    1.0 / (1.0 + (-odds).exp())
}
