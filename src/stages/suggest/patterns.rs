//! Patterns: several columns into one field, and one column into several, where the schema and the values offer it.

use toml::Value;

use super::Request;
use super::learnt::Learnt;
use super::score::Matrix;
use crate::error::Result;
use crate::model::{Evidence, EvidencePart, FieldType, Format, Step, Suggestion, ValueKind};
use crate::sql::{Ident, Path};
use crate::store::Store;
use crate::transforms::{self, Inputs};

/// From which share of values of several words on a column holds several parts.
const SEVERAL: f64 = 0.6;

/// The most columns that make a key together.
const KEY_COLUMNS: usize = 3;

/// The step that joins columns.
pub fn concat(separator: &str) -> Step {
    Step { name: "concat".to_owned(), arguments: Some(Value::from(separator)) }
}

/// One column into several fields: the schema says of them how each is taken out of a text that holds all.
pub fn split(matrix: &Matrix, is_fed: &dyn Fn(&str) -> bool, found: &mut Vec<(usize, Suggestion)>) {
    let parts: Vec<(&String, &str)> =
        matrix.table.fields.iter().filter_map(|(name, field)| Some((name, field.part.as_deref()?))).collect();
    let fed: Vec<usize> =
        (0..found.len()).filter(|at| parts.iter().any(|(name, _)| **name == found[*at].1.field)).collect();
    // What is split already is as sure as the part of it is that is the surest.
    let split = |at: &usize| {
        let (column, one) = &found[*at];
        let beside = fed.iter().map(|at| &found[*at]).filter(|(other, _)| other == column).map(|(_, other)| other);
        let is_split = one.mapped && one.columns.len() == 1 && beside.clone().count() > 1;
        let whole = beside.max_by(|a, b| a.score.total_cmp(&b.score)).filter(|_| is_split)?;
        Some((*at, part_of(matrix, *column, whole)?))
    };
    for (at, part) in fed.iter().filter_map(split).collect::<Vec<_>>() {
        (found[at].1.score, found[at].1.evidence) = (part.score, part.evidence);
    }
    let [only] = fed.as_slice() else { return };
    let (column, whole) = found[*only].clone();
    if whole.mapped || parts.len() < 2 || parts.iter().any(|(name, _)| **name != whole.field && is_fed(name)) {
        return;
    }
    let Some(one) = part_of(matrix, column, &whole) else { return };
    found.remove(*only);
    for (name, part) in parts {
        let transforms = vec![Step::bare("trim"), Step::bare(part)];
        found.push((column, Suggestion { field: name.clone(), transforms, ..one.clone() }));
    }
}

/// A suggestion to take a part out of what a column holds; `None` where it does not hold several.
fn part_of(matrix: &Matrix, column: usize, whole: &Suggestion) -> Option<Suggestion> {
    let several = matrix.entity.columns[column].several_words;
    if several < SEVERAL {
        return None;
    }
    let words = format!("{:.0} % of the values are several words", several * 100.0);
    let mut part = whole.clone();
    part.score = whole.score * (0.6 + 0.4 * several);
    part.evidence.retain(|one| one.part != EvidencePart::Values);
    part.evidence.push(Evidence { part: EvidencePart::Values, score: several, words });
    Some(part)
}

/// Several columns into one field: texts side by side of which the schema knows one field only.
pub fn join_texts(matrix: &Matrix, found: &mut [(usize, Suggestion)]) {
    let is_text = |column: usize| {
        let profile = &matrix.entity.columns[column];
        profile.filled > 0 && matches!(profile.kind, ValueKind::Text | ValueKind::Name)
    };
    let used: Vec<usize> = found.iter().map(|(column, _)| *column).collect();
    for (column, suggestion) in
        found.iter_mut().filter(|(_, suggestion)| !suggestion.mapped && suggestion.columns.len() == 1)
    {
        let Some((at, _, field)) = matrix.table.fields.get_full(&suggestion.field) else { continue };
        let is_plain =
            field.kind == FieldType::Text && field.format.is_none() && field.values.is_empty() && field.part.is_none();
        if !is_plain || field.key || field.references.is_some() || !is_text(*column) {
            continue;
        }
        let name_of = |column: usize| {
            matrix.cells[column][at]
                .evidence
                .iter()
                .find(|one| one.part == EvidencePart::Name)
                .map_or(0.0, |one| one.score)
        };
        let beside = [column.checked_sub(1), Some(*column + 1)].into_iter().flatten();
        let free = beside.filter(|other| {
            *other < matrix.entity.columns.len() && !used.contains(other) && matrix.pairs[*other].is_none()
        });
        let Some(other) = free
            .filter(|other| is_text(*other) && name_of(*other) >= 0.6)
            .max_by(|a, b| name_of(*a).total_cmp(&name_of(*b)))
        else {
            continue;
        };
        let (first, second) = (other.min(*column), other.max(*column));
        suggestion.columns = [first, second].map(|at| matrix.entity.columns[at].name.clone()).to_vec();
        suggestion.transforms.insert(0, concat(" "));
        suggestion.score = suggestion.score.min(0.85);
        let words = format!("\"{}\" has one of the field's names too", matrix.entity.columns[other].name);
        suggestion.evidence.push(Evidence { part: EvidencePart::Neighbours, score: name_of(other), words });
    }
}

/// Telephone numbers are read by the country of their row where a column says it.
pub fn read_beside(matrix: &Matrix, found: &mut [(usize, Suggestion)]) {
    let format = |one: &Suggestion| matrix.table.fields.get(&one.field).and_then(|field| field.format);
    let country = found.iter().find(|(_, one)| format(one) == Some(Format::Country) && one.columns.len() == 1);
    let Some(country) = country.map(|(_, one)| one.columns[0].clone()) else { return };
    for (_, one) in found.iter_mut().filter(|(_, one)| !one.mapped && format(one) == Some(Format::Phone)) {
        let reads =
            |step: &Step| transforms::find(&step.name).is_ok_and(|found| matches!(found.inputs, Inputs::Beside(_)));
        if one.columns.len() == 1 && one.columns[0] != country && one.transforms.iter().any(reads) {
            one.columns.push(country.clone());
        }
    }
}

/// Several columns into a key that no column holds: those of the other required fields that tell the rows apart together.
pub fn join_key(
    store: &Store,
    request: &Request,
    learnt: &Learnt,
    matrix: &Matrix,
    is_fed: &dyn Fn(&str) -> bool,
    found: &mut Vec<(usize, Suggestion)>,
) -> Result<()> {
    let keys: Vec<&str> = matrix.table.keys().collect();
    let [key] = keys.as_slice() else { return Ok(()) };
    let declared = &matrix.table.fields[*key];
    if is_fed(key) || declared.kind != FieldType::Text || found.iter().any(|(_, one)| one.field == *key) {
        return Ok(());
    }
    let required =
        |name: &str| matrix.table.fields.get(name).is_some_and(|field| field.required || field.references.is_some());
    let mut parts: Vec<(usize, f64)> = found
        .iter()
        .filter(|(column, one)| {
            let kind = matrix.entity.columns[*column].kind;
            required(&one.field) && one.columns.len() == 1 && !matches!(kind, ValueKind::Decimal | ValueKind::Nothing)
        })
        .map(|(column, one)| (*column, one.score))
        .collect();
    parts.sort_by_key(|(column, _)| *column);
    let relation = Path("staging", &format!("{}/{}", matrix.entity.source, matrix.entity.entity)).to_string();
    for size in 2..=parts.len().min(KEY_COLUMNS) {
        for set in subsets(parts.len(), size) {
            let chosen: Vec<(usize, f64)> = set.iter().map(|at| parts[*at]).collect();
            let names: Vec<String> =
                chosen.iter().map(|(column, _)| matrix.entity.columns[*column].name.clone()).collect();
            let list: Vec<String> = names.iter().map(|name| Ident(name).to_string()).collect();
            let different =
                store.count(&format!("SELECT count(*) FROM (SELECT DISTINCT {} FROM {relation})", list.join(", ")))?;
            let share = different as f64 / matrix.entity.rows.max(1) as f64;
            if share < 0.97 {
                continue;
            }
            let mut transforms = vec![concat("-"), Step::bare("trim"), Step::bare("uppercase")];
            if let Some(prefix) = learnt.prefix(matrix.table_name, key, request.name) {
                transforms.push(Step { name: "prefix".to_owned(), arguments: Some(Value::from(prefix)) });
            }
            let words = format!(
                "together they tell {:.1} % of the rows apart, alone none does",
                (share * 1000.0).floor() / 10.0
            );
            let score = chosen.iter().map(|(_, score)| *score).fold(0.95, f64::min) * share;
            let first = chosen[0].0;
            found.push((
                first,
                Suggestion {
                    entity: matrix.entity.entity.clone(),
                    columns: names,
                    table: matrix.table_name.to_owned(),
                    field: (*key).to_owned(),
                    score,
                    mapped: false,
                    transforms,
                    evidence: vec![Evidence { part: EvidencePart::Keys, score: share, words }],
                    runner_up: None,
                },
            ));
            return Ok(());
        }
    }
    Ok(())
}

/// Every way to take `size` of `n` things, in order.
fn subsets(n: usize, size: usize) -> Vec<Vec<usize>> {
    if size == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for last in size - 1..n {
        for mut set in subsets(last, size - 1) {
            set.push(last);
            all.push(set);
        }
    }
    all
}
