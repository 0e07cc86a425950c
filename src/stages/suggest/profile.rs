//! Profiles: what each column of a staged entity holds, over all of its rows.
//!
//! One scan counts all columns at once. Then each column is looked at: where it has few enough different texts, once per
//! text, which makes every figure exact; otherwise once per row, with the number of different texts estimated.

use std::collections::HashMap;

use indexmap::IndexMap;

use crate::error::Result;
use crate::model::{ColumnProfile, EntityProfile, ValueKind};
use crate::sql::{Ident, Literal, Path};
use crate::stages::load;
use crate::store::{Store, params};
use crate::transforms::looks::{FORMATS, Look};

/// Up to so many different texts a column is grouped by its texts, as far as estimated.
const MOST_TEXTS: u64 = 2_000_000;

/// How many frequent and first texts are kept.
const SAMPLES: usize = 6;

/// How many shapes are kept.
const SHAPES: usize = 8;

/// The share of the values that must look like a kind for the column to be of it.
const ENOUGH: f64 = 0.7;

/// The load that staged an entity, if any did.
pub fn staged_load(store: &Store, source: &str, entity: &str) -> Result<Option<i64>> {
    let sql = "SELECT load FROM dq.staged WHERE source = ? AND entity = ?";
    store.first(sql, params![source, entity], |row| row.get(0))
}

/// Profiles a staged entity; none where it was never loaded.
pub fn profile(store: &Store, source: &str, entity: &str) -> Result<Option<EntityProfile>> {
    let Some(load) = staged_load(store, source, entity)? else { return Ok(None) };
    let relation = Path("staging", &format!("{source}/{entity}")).to_string();
    let names = load::columns(store, source, entity)?;
    let (rows, columns) = profile_columns(store, &relation, &names)?;
    Ok(Some(EntityProfile { source: source.to_owned(), entity: entity.to_owned(), load, rows, columns }))
}

/// The rows of a relation and the profiles of some of its columns.
pub fn profile_columns(store: &Store, relation: &str, names: &[String]) -> Result<(u64, Vec<ColumnProfile>)> {
    let counts: Vec<String> = names
        .iter()
        .map(|name| {
            let name = Ident(name);
            format!("count({name}), approx_count_distinct({name}), min({name}), max({name})")
        })
        .collect();
    let scan =
        format!("SELECT count(*){}{} FROM {relation}", if names.is_empty() { "" } else { ", " }, counts.join(", "));
    let counted = store.first(&scan, [], |row| {
        let number = |at: usize| row.get::<_, i64>(at).map(|n| u64::try_from(n).unwrap_or_default());
        let mut columns = Vec::new();
        for at in 0..names.len() {
            let text = |at: usize| row.get::<_, Option<String>>(at);
            columns.push((number(4 * at + 1)?, number(4 * at + 2)?, text(4 * at + 3)?, text(4 * at + 4)?));
        }
        Ok((number(0)?, columns))
    })?;
    let (rows, counted) = counted.unwrap_or_default();
    let head = store.texts(&format!("SELECT * FROM {relation} LIMIT 500"))?;
    let mut profiles = Vec::new();
    for (name, (present, about, min, max)) in names.iter().zip(counted) {
        let mut column =
            ColumnProfile { name: name.clone(), absent: rows - present.min(rows), ..ColumnProfile::default() };
        for row in 0..head.rows.len() {
            let text = head.get(row, name).map(str::trim).unwrap_or_default();
            if !text.is_empty() && column.first.len() < SAMPLES && !column.first.iter().any(|seen| seen == text) {
                column.first.push(text.to_owned());
            }
        }
        let looks = if about <= MOST_TEXTS {
            by_text(store, relation, name, &mut column)?
        } else {
            column.distinct = about;
            by_row(store, relation, name)?
        };
        tally(&mut column, &looks, present);
        (column.min, column.max) = range(store, relation, name, &column)?.unwrap_or((min, max));
        profiles.push(column);
    }
    Ok((rows, profiles))
}

/// The looks of a column with their rows, each different text looked at once; sets what is exact then.
fn by_text(store: &Store, relation: &str, name: &str, column: &mut ColumnProfile) -> Result<IndexMap<String, u64>> {
    let name = Ident(name);
    let sql = format!(
        "WITH texts AS MATERIALIZED (
  SELECT v, n, tv_looks(v) AS look FROM (SELECT {name} AS v, count(*) AS n FROM {relation} WHERE {name} IS NOT NULL GROUP BY ALL)
)
SELECT 0 AS part, look AS text, sum(n)::BIGINT AS n, count(*) AS texts FROM texts GROUP BY look
UNION ALL
(SELECT 1, v, n, 1 FROM texts WHERE look <> '' ORDER BY n DESC, v LIMIT {SAMPLES})"
    );
    let rows = store.query(&sql, [], |row| {
        Ok((row.get::<_, i32>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?, row.get::<_, i64>(3)?))
    })?;
    let mut looks = IndexMap::new();
    for (part, text, n, texts) in rows {
        let n = u64::try_from(n).unwrap_or_default();
        if part == 1 {
            column.frequent.push((text, n));
            continue;
        }
        if !text.is_empty() {
            column.distinct += u64::try_from(texts).unwrap_or_default();
        }
        looks.insert(text, n);
    }
    column.distinct_is_exact = true;
    column.frequent.sort_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
    Ok(looks)
}

/// The looks of a column with their rows.
fn by_row(store: &Store, relation: &str, name: &str) -> Result<IndexMap<String, u64>> {
    let name = Ident(name);
    let sql =
        format!("SELECT tv_looks({name}) AS look, count(*) FROM {relation} WHERE {name} IS NOT NULL GROUP BY look");
    let looks = store.query(&sql, [], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
    Ok(looks.into_iter().map(|(look, n)| (look, u64::try_from(n).unwrap_or_default())).collect())
}

/// What the looks of all values say together.
fn tally(column: &mut ColumnProfile, looks: &IndexMap<String, u64>, present: u64) {
    let mut kinds: HashMap<ValueKind, u64> = HashMap::new();
    let mut shapes: HashMap<&str, u64> = HashMap::new();
    let mut formats = [0_u64; FORMATS.len()];
    let mut separators: HashMap<char, u64> = HashMap::new();
    let mut several = 0;
    let mut filled = 0;
    for (look, n) in looks.iter().filter_map(|(written, n)| Some((Look::read(written)?, n))) {
        filled += n;
        for kind in ValueKind::ALL.into_iter().filter(|kind| look.is(*kind)) {
            *kinds.entry(kind).or_default() += n;
        }
        look.formats().for_each(|format| formats[format] += n);
        look.separators().for_each(|sign| *separators.entry(sign).or_default() += n);
        several += if look.has_several_words() { *n } else { 0 };
        column.decimal_comma += if look.has_decimal_comma() { *n } else { 0 };
        column.decimal_point += if look.has_decimal_point() { *n } else { 0 };
        column.doubtful_comma += if look.has_doubtful_comma() { *n } else { 0 };
        *shapes.entry(look.shape).or_default() += n;
    }
    column.filled = filled;
    column.empty = present.saturating_sub(filled);
    column.distinct = column.distinct.min(filled);
    let part = |n: u64| if filled == 0 { 0.0 } else { n as f64 / filled as f64 };
    column.several_words = part(several);
    let mut shapes: Vec<(String, u64)> = shapes.into_iter().map(|(shape, n)| (shape.to_owned(), n)).collect();
    shapes.sort_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
    shapes.truncate(SHAPES);
    column.shapes = shapes;
    let read = FORMATS.iter().zip(formats).filter(|(_, n)| *n > 0);
    column.formats = read.map(|(format, n)| ((*format).to_owned(), n)).collect();
    column.formats.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    column.separator = separators.into_iter().max_by_key(|(sign, n)| (*n, *sign)).map(|(sign, _)| sign);
    column.kinds = kinds.into_iter().map(|(kind, n)| (kind, part(n))).collect();
    column.kinds.sort_by(|(a, n), (b, m)| m.total_cmp(n).then_with(|| a.cmp(b)));
    column.kind = kind(column);
    let seen = column.kinds.iter().find(|(kind, _)| *kind == column.kind).map_or(0.0, |(_, share)| *share);
    column.share = if column.kind == ValueKind::Text { 1.0 } else { seen };
    column.kinds.retain(|(kind, _)| *kind != column.kind);
}

/// The most special kind that enough of the values look like.
fn kind(column: &ColumnProfile) -> ValueKind {
    use ValueKind::*;
    if column.filled == 0 {
        return Nothing;
    }
    let share = |kind| column.kinds.iter().find(|(other, _)| *other == kind).map_or(0.0, |(_, share)| *share);
    let enough = |kind| share(kind) >= ENOUGH;
    let days = share(Date);
    if enough(Email) {
        return Email;
    }
    if enough(Timestamp) {
        return if days >= share(Timestamp) / 2.0 { Date } else { Timestamp };
    }
    if share(Boolean) >= 0.95 && column.distinct <= 4 {
        return Boolean;
    }
    if enough(Phone) {
        return Phone;
    }
    if share(Year) >= 0.9 && column.distinctness() < 0.9 {
        return Year;
    }
    // Numbers that count up have five digits as well, but no two are the same. In few rows a zero in front, which no number
    // has, tells codes from them; in many, people live in the same towns.
    let leads = share(Integer) < share(PostalCode) - 0.001 && (column.distinct < 60 || column.distinctness() < 0.98);
    let repeats = column.distinctness() < 0.8 || leads;
    if enough(PostalCode) && repeats {
        return PostalCode;
    }
    if enough(Country) {
        return Country;
    }
    if enough(Decimal) {
        return if share(Integer) >= share(Decimal) - 0.005 { Integer } else { Decimal };
    }
    if enough(Code) {
        return Code;
    }
    if share(List) >= 0.3 {
        return List;
    }
    if enough(Name) { Name } else { Text }
}

/// The least and the greatest value as the column's kind reads them; none where text is compared as text.
fn range(
    store: &Store,
    relation: &str,
    name: &str,
    column: &ColumnProfile,
) -> Result<Option<(Option<String>, Option<String>)>> {
    let name = Ident(name);
    let value = match column.kind {
        ValueKind::Integer | ValueKind::Year => "tv_integer(v, '')".to_owned(),
        ValueKind::Decimal => "tv_decimal(v, '')".to_owned(),
        ValueKind::Date => format!("tv_date(v, {})", Literal(&in_one(&formats(column)))),
        ValueKind::Timestamp => format!("tv_timestamp(v, {})", Literal(&in_one(&formats(column)))),
        _ => return Ok(None),
    };
    let sql = format!(
        "SELECT min({value})::VARCHAR, max({value})::VARCHAR FROM (SELECT DISTINCT {name} AS v FROM {relation})"
    );
    store.first(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
}

fn in_one(formats: &[String]) -> String {
    formats.join("\u{1f}")
}

/// The formats that together read the column's days or times, the most used first. Where the day and the month can change
/// places in all of the values, the day stands first.
pub fn formats(column: &ColumnProfile) -> Vec<String> {
    let all = |format: &str| column.formats.iter().find(|(other, _)| other == format).map_or(0, |(_, n)| *n);
    let mut chosen: Vec<(String, u64)> = Vec::new();
    for (format, n) in &column.formats {
        let twin = twin(format);
        let beaten = twin.as_deref().is_some_and(|twin| {
            let other = all(twin);
            // Formats come days first, so of two that read as much the earlier one is meant.
            other > *n || other == *n && order(twin) < order(format)
        });
        // A few that only the twin reads are typing errors, not another country.
        if !beaten && *n * 200 >= column.filled {
            chosen.push((format.clone(), *n));
        }
    }
    if chosen.is_empty() {
        chosen.extend(column.formats.first().cloned());
    }
    chosen.into_iter().map(|(format, _)| format).take(4).collect()
}

fn order(format: &str) -> usize {
    FORMATS.iter().position(|other| *other == format).unwrap_or(FORMATS.len())
}

/// The same format with day and month in each other's place, where it is one of those that are recognised.
fn twin(format: &str) -> Option<String> {
    let twin = format.replace("%d", "\0").replace("%m", "%d").replace('\0', "%m");
    (twin != format && FORMATS.contains(&twin.as_str())).then_some(twin)
}
