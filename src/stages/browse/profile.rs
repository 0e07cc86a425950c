//! What a column holds, over all rows: how often each value occurs, shapes, and for numbers their spread.

use std::cell::RefCell;

use super::views::{Vet, Views, temporary};
use super::{Base, as_number, number, text};
use crate::error::Result;
use crate::model::{CellKind, ColumnInfo, Frequencies, Occurrence, Profile, TableView};
use crate::sql::Ident;
use crate::store::Store;

/// How many of the most frequent values and shapes a profile names.
const TOP: usize = 10;
/// Into how many ranges numbers are divided.
const RANGES: usize = 12;

/// The values of one column, each counted: what the frequencies and the profile are read from.
#[derive(Default)]
pub struct Counted(RefCell<Option<Values>>);

#[derive(Clone)]
struct Values {
    view: TableView,
    version: u64,
    column: ColumnInfo,
    base: Base,
    /// The temporary table: `value`, `n`; the most frequent first.
    table: String,
}

/// The shape of a value: capitals are `A`, other letters `a`, digits `9`, all else itself. Runs of letters are cut to three
/// in all, so that words of any length have one shape; digits are counted, since their number means something.
pub(super) fn shape(value: &str) -> Option<String> {
    const LONGEST: usize = 48;
    let mut shape = String::new();
    let (mut run, mut length) = (0, 0);
    let mut before = ' ';
    for c in value.chars() {
        let class = match c {
            c if c.is_numeric() => '9',
            c if c.is_uppercase() => 'A',
            c if c.is_alphabetic() => 'a',
            c => c,
        };
        let letter = matches!(class, 'A' | 'a');
        // `Aaa` and `AAA` are three letters each, whatever the capital at the beginning.
        run = if letter && matches!(before, 'A' | 'a') && !(class == 'A' && before == 'a') { run + 1 } else { 1 };
        before = class;
        if letter && run > 3 {
            continue;
        }
        if length == LONGEST {
            shape.push('…');
            break;
        }
        shape.push(class);
        length += 1;
    }
    Some(shape)
}

impl Counted {
    fn count(
        &self,
        store: &Store,
        views: &Views,
        (view, version, column): (&TableView, u64, &str),
        vet: &dyn Vet,
        tell: &(dyn Fn(f64) + Sync),
    ) -> Result<Values> {
        let known = self.0.borrow().clone();
        if let Some(known) = known {
            if known.view == *view && known.version == version && known.column.name == column {
                return Ok(known);
            }
            *self.0.borrow_mut() = None;
            store.run(&format!("DROP TABLE IF EXISTS {}", temporary(&known.table)))?;
        }
        let base = views.base(store, &view.of, version, vet, tell)?;
        for filter in &view.filters {
            if let crate::model::RowFilter::Expression(expression) = filter {
                vet.expression(&base.sql, expression)?;
            }
        }
        let column = base.column(column)?.clone();
        let table = views.fresh("values");
        store.execute_telling(
            &format!(
                "CREATE OR REPLACE TEMP TABLE {} AS\nSELECT {} AS value, count(*) AS n FROM ({}){}\nGROUP BY 1 ORDER BY n DESC, value NULLS FIRST",
                Ident(&table),
                text(&column),
                base.sql,
                base.condition(&view.filters)?
            ),
            tell,
        )?;
        let values = Values { view: view.clone(), version, column, base, table };
        *self.0.borrow_mut() = Some(values.clone());
        Ok(values)
    }

    /// A window of the values of a column of a view, the most frequent first.
    pub fn frequencies(
        &self,
        store: &Store,
        views: &Views,
        what: (&TableView, u64, &str),
        (offset, limit): (u64, u64),
        vet: &dyn Vet,
        tell: &(dyn Fn(f64) + Sync),
    ) -> Result<Frequencies> {
        let table = temporary(&self.count(store, views, what, vet, tell)?.table);
        let last = offset.saturating_add(limit.max(1)) - 1;
        Ok(Frequencies {
            offset,
            values: occurrences(
                store,
                &format!("SELECT value, n FROM {table} WHERE rowid BETWEEN {offset} AND {last} ORDER BY rowid"),
            )?,
            distinct: store.count(&format!("SELECT count(*) FROM {table}"))?,
            rows: store.count(&format!("SELECT sum(n)::BIGINT FROM {table}"))?,
        })
    }

    /// The profile of a column of a view.
    pub fn profile(
        &self,
        store: &Store,
        views: &Views,
        what: (&TableView, u64, &str),
        vet: &dyn Vet,
        tell: &(dyn Fn(f64) + Sync),
    ) -> Result<Profile> {
        let values = self.count(store, views, what, vet, tell)?;
        let table = temporary(&values.table);
        let mut profile = sums(store, &values, &table)?;
        profile.top = occurrences(
            store,
            &format!("SELECT value, n FROM {table} WHERE value IS NOT NULL ORDER BY rowid LIMIT {TOP}"),
        )?;
        if matches!(profile.column.kind, CellKind::Text | CellKind::List) {
            let shapes = format!(
                "SELECT tv_shape(value) AS shape, sum(n)::BIGINT AS n FROM {table} WHERE value IS NOT NULL GROUP BY 1"
            );
            let sql = format!("SELECT shape, n, count(*) OVER () FROM ({shapes}) ORDER BY n DESC, shape LIMIT {TOP}");
            let found: Vec<(String, i64, i64)> =
                store.query(&sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            profile.distinct_shapes = found.first().map_or(0, |(_, _, all)| unsigned(*all));
            profile.shapes = found.into_iter().map(|(shape, n, _)| (shape, unsigned(n))).collect();
        }
        let is_spread = match profile.column.kind {
            CellKind::Number | CellKind::Date | CellKind::Timestamp => profile.numeric > 0,
            // A few numbers among words say nothing about the column.
            CellKind::Text => {
                profile.numeric > 0 && profile.numeric * 2 >= profile.rows - profile.absent - profile.empty
            }
            CellKind::Boolean | CellKind::List => false,
        };
        if is_spread {
            spread(store, &values, &mut profile)?;
        }
        Ok(profile)
    }
}

fn sums(store: &Store, values: &Values, table: &str) -> Result<Profile> {
    let column = values.column.clone();
    // Numbers and days are compared as such, not as the texts in which they were counted.
    let typed = match column.kind {
        CellKind::List | CellKind::Text => "value".to_owned(),
        _ => format!("value::{}", column.sql_type),
    };
    let numeric = match column.kind {
        // A number that begins with a plus or a nought is a telephone number or a code, with which nobody computes.
        CellKind::Text => {
            format!("CASE WHEN NOT regexp_matches(value, '^\\s*(\\+|0[0-9])') THEN {} END", as_number("value"))
        }
        CellKind::List => "NULL".to_owned(),
        _ => "value".to_owned(),
    };
    let sql = format!(
        "SELECT coalesce(sum(n), 0)::BIGINT, coalesce(sum(n) FILTER (value IS NULL), 0)::BIGINT,\n\
         coalesce(sum(n) FILTER (value = ''), 0)::BIGINT, count(value), count(*) FILTER (n = 1 AND value IS NOT NULL),\n\
         coalesce(sum(n) FILTER ({numeric} IS NOT NULL), 0)::BIGINT, min({typed})::VARCHAR, max({typed})::VARCHAR,\n\
         min(length(value)), max(length(value)) FROM {table}"
    );
    let found = store.first(&sql, [], |row| {
        let count = |at: usize| row.get::<_, i64>(at).map(unsigned);
        let lengths: (Option<i64>, Option<i64>) = (row.get(8)?, row.get(9)?);
        Ok(Profile {
            column: column.clone(),
            rows: count(0)?,
            absent: count(1)?,
            empty: count(2)?,
            distinct: count(3)?,
            unique: count(4)?,
            numeric: count(5)?,
            least: row.get(6)?,
            greatest: row.get(7)?,
            lengths: lengths.0.zip(lengths.1).map(|(least, most)| (unsigned(least), unsigned(most))),
            quantiles: None,
            mean: None,
            histogram: Vec::new(),
            top: Vec::new(),
            shapes: Vec::new(),
            distinct_shapes: 0,
        })
    })?;
    found.ok_or_else(|| crate::error::Error::internal("a sum has no row"))
}

/// Quantiles, mean and histogram of the values that are numbers.
fn spread(store: &Store, values: &Values, profile: &mut Profile) -> Result<()> {
    let (base, condition) = (&values.base, values.base.condition(&values.view.filters)?);
    let figures = format!("SELECT {} AS x FROM ({}){condition}", number(&values.column), base.sql);
    let sql = format!(
        "SELECT quantile_disc(x, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1])::VARCHAR, avg(x) FROM ({figures}) WHERE isfinite(x)"
    );
    let found: Option<(Option<String>, Option<f64>)> = store.first(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let Some((Some(quantiles), mean)) = found else { return Ok(()) };
    let parts: Vec<f64> = quantiles.trim_matches(['[', ']']).split(", ").filter_map(|part| part.parse().ok()).collect();
    let Ok(quantiles) = <[f64; 7]>::try_from(parts) else { return Ok(()) };
    (profile.quantiles, profile.mean) = (Some(quantiles), mean);
    let (least, greatest) = (quantiles[0], quantiles[6]);
    if least >= greatest {
        return Ok(());
    }
    // Whole numbers that lie close together have a range each.
    let whole = greatest - least < (RANGES * 2) as f64 && least.fract() == 0.0 && greatest.fract() == 0.0;
    let few_days = !matches!(values.column.kind, CellKind::Date | CellKind::Timestamp);
    let is_whole =
        whole && few_days && store.count(&format!("SELECT count(*) FROM ({figures}) WHERE x <> floor(x)"))? == 0;
    let (ranges, width) =
        if is_whole { (greatest - least + 1.0, 1.0) } else { (RANGES as f64, (greatest - least) / RANGES as f64) };
    let sql = format!(
        "SELECT least(floor((x - {least:?}::DOUBLE) / {width:?}::DOUBLE), {ranges:?}::DOUBLE - 1)::BIGINT AS part, count(*)\n\
         FROM ({figures}) WHERE isfinite(x) GROUP BY 1"
    );
    let counts: Vec<(i64, i64)> = store.query(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    profile.histogram = (0..ranges as i64)
        .map(|part| {
            let from = least + part as f64 * width;
            let to = if part + 1 == ranges as i64 { greatest } else { from + width };
            (from, to, counts.iter().find(|(at, _)| *at == part).map_or(0, |(_, n)| unsigned(*n)))
        })
        .collect();
    Ok(())
}

fn occurrences(store: &Store, sql: &str) -> Result<Vec<Occurrence>> {
    store.query(sql, [], |row| Ok(Occurrence { value: row.get(0)?, rows: unsigned(row.get(1)?) }))
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_of_a_value_keeps_digits_and_shortens_words() {
        for (value, expected) in [
            ("C0000123", "A9999999"),
            ("Strasbourg", "Aaa"),
            ("RIESLING-2020-75CL", "AAA-9999-99AA"),
            ("jean.dupont@example.fr", "aaa.aaa@aaa.aa"),
            ("É-9", "A-9"),
            ("JeanDupont", "AaaAaa"),
            ("", ""),
        ] {
            assert_eq!(shape(value).as_deref(), Some(expected), "{value}");
        }
        assert_eq!(shape(&"9-".repeat(100)).map(|shape| shape.chars().count()), Some(49));
    }
}
