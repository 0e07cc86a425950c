//! Drift: the columns of a load beside those of the load before it and those that the mapping reads.

use std::collections::HashMap;

use super::assign::assign;
use super::names::{are_contrary, header_likeness};
use super::profile::profile_columns;
use super::score::sigmoid;
use crate::error::Result;
use crate::model::{ColumnProfile, Drift, Mapping, MissingColumn, RenamedColumn, ValueKind, column_key};
use crate::sql::{Ident, Path};
use crate::store::Store;

/// From which score on a column that is new is probably one that is gone.
const PROBABLE: f64 = 0.5;

/// What a column feeds, and whether it may be absent.
type Feeds = Vec<(String, bool)>;

/// What has changed. `now` and `before` are tables of the schema `dq`, each with the columns of the export; `before` is
/// absent where this is the first load. `known` is what the load before found, which holds on until the mapping reads the new
/// names.
pub fn drift(
    store: &Store,
    entity: &str,
    now: &str,
    before: Option<&str>,
    known: &[Drift],
    mapping: &Mapping,
) -> Result<Drift> {
    let columns = |relation: &str| -> Result<Vec<String>> {
        let all = store.columns(&format!("SELECT * FROM {}", Path("dq", relation)))?;
        Ok(all.into_iter().map(|(name, _)| name).filter(|name| name != "_file" && name != "_load").collect())
    };
    let has = |names: &[String], name: &str| names.iter().any(|other| column_key(other) == column_key(name));
    let present = columns(now)?;
    let earlier = before.map(columns).transpose()?.unwrap_or_default();
    let feeds = feeds(mapping, entity);
    let feeding = |name: &str| feeds.get(&column_key(name)).map(|(_, feeds)| feeds.as_slice()).unwrap_or_default();

    // What some exports lack anyway is only missed where the load before had it.
    let needed =
        feeds.values().filter(|(_, feeds)| feeds.iter().any(|(_, optional)| !optional)).map(|(name, _)| name.clone());
    let mut gone: Vec<String> = earlier.iter().filter(|name| !has(&present, name)).cloned().collect();
    let mut unread: Vec<String> = needed.filter(|name| !has(&present, name) && !has(&gone, name)).collect();
    unread.sort();
    gone.extend(unread);
    // What the mapping reads and no load brought lately may be a column that feeds nothing; what was there a load ago, only
    // one that was not.
    let has_unread = gone.iter().any(|name| !has(&earlier, name));
    let is_new =
        |name: &&String| !has(&earlier, name) && feeding(name).is_empty() || has_unread && feeding(name).is_empty();
    let new: Vec<String> = present.iter().filter(is_new).cloned().collect();
    let added = present.iter().any(|name| before.is_some() && !has(&earlier, name));
    if gone.is_empty() && !added {
        return Ok(Drift::default());
    }

    let old_profiles = match before {
        Some(before) => {
            let known: Vec<String> = gone.iter().filter(|name| earlier.contains(name)).cloned().collect();
            profile_columns(store, &Path("dq", before).to_string(), &known)?.1
        }
        None => Vec::new(),
    };
    let new_profiles =
        if gone.is_empty() { Vec::new() } else { profile_columns(store, &Path("dq", now).to_string(), &new)?.1 };
    let mut likenesses: Vec<Vec<(f64, String)>> = Vec::new();
    for from in &gone {
        let old = old_profiles.iter().find(|profile| profile.name == *from);
        let mut row = Vec::new();
        for (to, profile) in new.iter().zip(&new_profiles) {
            let found_before = known.iter().filter(|drift| drift.entity == entity).flat_map(|drift| &drift.renamed);
            if let Some(found) = found_before.into_iter().find(|one| one.from == *from && one.to == *to) {
                row.push((found.score, found.words.clone()));
                continue;
            }
            // Of two answers the opposite one is another question, however alike everything else is.
            let turned = profile.kind == ValueKind::Boolean && are_contrary(from, to);
            if turned || has(&earlier, from) && has(&earlier, to) {
                row.push((0.0, String::new()));
                continue;
            }
            let same = match (old, before) {
                (Some(_), Some(before)) => Some(shared(store, (before, from), (now, to))?),
                _ => None,
            };
            let beside = stands_beside(&earlier, from, &present, to);
            row.push(likeness(header_likeness(from, to), old.map(|old| alike(old, profile)), same, beside));
        }
        likenesses.push(row);
    }
    let gains: Vec<Vec<f64>> =
        likenesses.iter().map(|row| row.iter().map(|(score, _)| score - PROBABLE).collect()).collect();
    let pairs = assign(&gains);
    let mut drift = Drift { entity: entity.to_owned(), ..Drift::default() };
    for (at, from) in gone.iter().enumerate() {
        let named = feeding(from).iter().map(|(field, _)| field.clone()).collect();
        match pairs[at] {
            Some(to) => {
                let (score, words) = likenesses[at][to].clone();
                drift.renamed.push(RenamedColumn {
                    from: from.clone(),
                    to: new[to].clone(),
                    score,
                    words,
                    feeds: named,
                });
            }
            None => {
                let optional = feeding(from).iter().all(|(_, optional)| *optional);
                drift.missing.push(MissingColumn { column: from.clone(), feeds: named, optional });
            }
        }
    }
    if before.is_some() {
        let is_renamed = |name: &String| drift.renamed.iter().any(|renamed| renamed.to == *name);
        drift.added = present.iter().filter(|name| !has(&earlier, name) && !is_renamed(name)).cloned().collect();
    }
    Ok(drift)
}

/// Per column that the mapping reads of the entity, by its key: its name there, and what it feeds.
fn feeds(mapping: &Mapping, entity: &str) -> HashMap<String, (String, Feeds)> {
    let mut feeds: HashMap<String, (String, Feeds)> = HashMap::new();
    for (table, fed) in mapping.tables.iter().filter(|(_, fed)| fed.entity == entity) {
        for (field, feed) in &fed.fields {
            for column in feed.inputs() {
                let place = feeds.entry(column_key(column)).or_insert_with(|| (column.to_owned(), Vec::new()));
                place.1.push((format!("{table}.{field}"), feed.optional));
            }
        }
    }
    feeds
}

/// How sure it is that a column is another under a new name, and why.
fn likeness(name: f64, values: Option<f64>, same: Option<f64>, beside: bool) -> (f64, String) {
    let mut odds = -3.4 + 4.2 * name + if beside { 0.9 } else { 0.0 };
    let mut words = vec![format!("name {name:.2}")];
    if let Some(values) = values {
        odds += 3.0 * (values - 0.35);
        words.push(format!("values alike {values:.2}"));
    }
    if let Some(same) = same {
        odds += 3.6 * same;
        words.push(format!("{:.0} % of its values stood there before", same * 100.0));
    }
    if beside {
        words.push("in the same place".to_owned());
    }
    (sigmoid(odds), words.join(", "))
}

/// How alike two columns are in what they hold, 0 to 1: shapes above all.
fn alike(one: &ColumnProfile, other: &ColumnProfile) -> f64 {
    let part = |column: &ColumnProfile, shape: &str| {
        let n = column.shapes.iter().find(|(other, _)| other == shape).map_or(0, |(_, n)| *n);
        n as f64 / column.filled.max(1) as f64
    };
    let shapes: f64 = one.shapes.iter().map(|(shape, _)| part(one, shape).min(part(other, shape))).sum();
    let near = |a: f64, b: f64| 1.0 - (a - b).abs();
    let kind = if one.kind == other.kind { 1.0 } else { 0.0 };
    0.35 * kind
        + 0.4 * shapes
        + 0.15 * near(one.fill(), other.fill())
        + 0.1 * near(one.distinctness(), other.distinctness())
}

/// The share of the new column's different values that the old one had.
fn shared(store: &Store, old: (&str, &str), new: (&str, &str)) -> Result<f64> {
    let texts = |(relation, column): (&str, &str)| {
        let column = Ident(column);
        format!("SELECT DISTINCT {column} AS v FROM {} WHERE tv_trim({column}) <> ''", Path("dq", relation))
    };
    let sql = format!(
        "SELECT count(*), coalesce(count_if(v IN ({})), 0) FROM (SELECT v FROM ({}) LIMIT 5000)",
        texts(old),
        texts(new)
    );
    let counted = store.first(&sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
    let (all, hits) = counted.unwrap_or_default();
    // Of a few different values it says little that they are the same.
    Ok(if all == 0 { 0.0 } else { hits as f64 / all as f64 * (all as f64 / 20.0).clamp(0.3, 1.0) })
}

/// Whether the columns beside the old one are beside the new one.
fn stands_beside(earlier: &[String], from: &str, present: &[String], to: &str) -> bool {
    let around = |names: &[String], name: &str| {
        let at = names.iter().position(|other| other == name)?;
        let key = |at: Option<usize>| at.and_then(|at| names.get(at)).map(|name| column_key(name));
        Some((key(at.checked_sub(1)), key(Some(at + 1))))
    };
    match (around(earlier, from), around(present, to)) {
        (Some((before, behind)), Some((before_now, behind_now))) => before == before_now && behind == behind_now,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transforms;

    const MAPPING: &str = r#"
[tables.customers]
entity = "clients"
[tables.customers.fields]
key = { column = "Code" }
phone = { column = "Téléphone" }
city = { column = "Ville", optional = true }
"#;

    fn drifted(before: Option<&str>, now: &str) -> Drift {
        let store = Store::in_memory(&transforms::functions()).unwrap();
        let make = |name: &str, header: &str| {
            let columns: Vec<String> = header
                .split(',')
                .map(|column| {
                    let value = match column {
                        "Code" | "Id" => "'C' || (100 + i)",
                        "Téléphone" | "Tel" | "Contact" => "'03 88 83 ' || (10 + i) || ' 09'",
                        "Ville" => "'Colmar'",
                        _ => "'x' || (i % 3)",
                    };
                    format!("{value} AS {}", Ident(column))
                })
                .collect();
            store
                .run(&format!(
                    "CREATE TABLE dq.{name} AS SELECT {}, 'f' AS _file, 1 AS _load FROM range(60) t(i)",
                    columns.join(", ")
                ))
                .unwrap();
        };
        make("now", now);
        if let Some(before) = before {
            make("before", before);
        }
        drift(&store, "clients", "now", before.map(|_| "before"), &[], &toml::from_str(MAPPING).unwrap()).unwrap()
    }

    #[test]
    fn the_same_columns_in_another_order_and_writing_are_no_drift() {
        assert!(drifted(Some("Code,Téléphone,Ville"), "VILLE,code,Telephone").is_empty());
        assert!(drifted(None, "Code,Téléphone,Autre").is_empty());
    }

    #[test]
    fn a_renamed_column_is_told_from_one_that_is_gone_and_one_that_is_new() {
        let drift = drifted(Some("Code,Téléphone,Ville"), "Code,Contact,Remarque");
        let renamed: Vec<_> =
            drift.renamed.iter().map(|one| (one.from.as_str(), one.to.as_str(), one.feeds.as_slice())).collect();
        assert_eq!(renamed, [("Téléphone", "Contact", ["customers.phone".to_owned()].as_slice())]);
        assert_eq!(
            drift.missing.iter().map(|one| (one.column.as_str(), one.optional)).collect::<Vec<_>>(),
            [("Ville", true)]
        );
        assert_eq!(drift.added, ["Remarque"]);
        assert!(drift.renamed[0].score > 0.8, "{drift:?}");
    }

    #[test]
    fn the_first_load_misses_what_the_mapping_needs() {
        let drift = drifted(None, "Code,Tel,Ville");
        assert_eq!(drift.renamed.iter().map(|one| one.to.as_str()).collect::<Vec<_>>(), ["Tel"]);
        let drift = drifted(Some("Code,Tel,Ville"), "Code,Tel,Ville");
        assert_eq!(drift.renamed.iter().map(|one| one.to.as_str()).collect::<Vec<_>>(), ["Tel"], "still not mapped");
        let drift = drifted(None, "Code,Remarque");
        assert_eq!(drift.missing.iter().map(|one| one.column.as_str()).collect::<Vec<_>>(), ["Téléphone"]);
    }
}
