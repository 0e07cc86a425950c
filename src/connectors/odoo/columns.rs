//! Which fields are asked for so that an entity's columns can be filled, and how a record becomes a row of texts.
//!
//! A column is filled from a path: `email`, or through references `order_id.date_order`. A path that ends in a reference
//! gives the id of what it refers to; `.display_name` gives the name that comes with it. What a product's attributes say
//! and what a unit of measure holds lie deeper than a path reaches and have words of their own.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{NaiveDateTime, TimeZone as _};
use chrono_tz::Tz;
use indexmap::IndexMap;
use serde::Deserialize;

use super::session::{Field, Session};
use super::trouble::Trouble;
use super::value::Value;
use crate::model::column_key;

/// How many records are read by their ids at once.
const AT_ONCE: usize = 1000;
/// How many records behind references are kept for those that refer to them too.
const KEPT: usize = 100_000;

/// What fills a column, as a mapping says it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(
    untagged,
    expecting = "a column is filled by a path, by a list of paths, or by { local = … }, { attribute = [ … ] }, { pack = [ … ], of = … }"
)]
pub enum Filling {
    /// A path.
    Path(String),
    /// Paths, of which the first that has something in a record is taken.
    Paths(Vec<String>),
    /// A moment as the clocks showed it.
    Local(Local),
    /// The value of a product's attribute.
    Attribute(Attribute),
    /// A unit of measure as so many times the unit of its product.
    Pack(Pack),
}

/// `{ local = "order_id.date_order" }`: a moment, which Odoo keeps in UTC, as the clocks showed it in the source's time zone.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Local {
    local: String,
}

impl Filling {
    /// What would fill the column, in words.
    pub fn told(&self) -> String {
        match self {
            Filling::Path(path) => path.clone(),
            Filling::Paths(paths) => paths.join(" or "),
            Filling::Local(Local { local }) => local.clone(),
            Filling::Attribute(_) => "attributes of products".to_owned(),
            Filling::Pack(pack) => pack.pack.join(" or "),
        }
    }
}

/// `{ attribute = ["Millésime", "Vintage"] }`: what an attribute says of the product; several values are joined by commas.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// Names of the attribute, compared without regard to case and accents; the first that the product has is taken.
    attribute: Vec<String>,
    /// The reference to the product; none where the record is the product.
    of: Option<String>,
}

/// `{ pack = ["product_uom_id"], of = "product_id" }`: the unit in which a line counts. It comes as `6 x Units` where it
/// holds so many of the unit in which the product itself is counted, else by its name.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// The reference to the unit, or several of which the first that the server has is taken.
    pack: Vec<String>,
    /// The reference to the product.
    of: String,
}

/// A way to fill a column that the server has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// From the end of a path.
    Path(Vec<String>),
    /// A moment from the end of a path, as the clocks showed it there.
    Local(Vec<String>, Tz),
    /// From the attributes of the product at the end of a path.
    Attribute {
        /// The path to the product, empty where the record is the product.
        of: Vec<String>,
        /// The names of the attribute, as keys.
        names: Vec<String>,
    },
    /// From two units of measure.
    Pack {
        /// The path to the unit.
        unit: Vec<String>,
        /// The path to the product's own unit.
        own: Vec<String>,
        /// The field of a unit that says how many of the smallest ones it holds.
        holds: &'static str,
    },
}

/// The steps of a path.
pub fn steps(path: &str) -> Vec<String> {
    path.split('.').map(str::to_owned).collect()
}

/// A path and what follows it.
fn and(path: &[String], rest: &[&str]) -> Vec<String> {
    path.iter().cloned().chain(rest.iter().map(|step| (*step).to_owned())).collect()
}

/// The values that make up a variant, each with its attribute.
const OF_VARIANT: &[&str] = &["product_template_attribute_value_ids"];
/// The lines of a template that give it attributes, those too that make no variants.
const OF_TEMPLATE: &[&str] = &["product_tmpl_id", "attribute_line_ids"];

/// What one model is asked for, and what lies behind its references.
pub struct Node {
    model: String,
    fields: IndexMap<String, Field>,
    wanted: BTreeSet<String>,
    behind: IndexMap<String, Node>,
    /// What was read of the model so far, by id; only behind a reference.
    known: HashMap<i64, Vec<(String, Value)>>,
    /// The user may not read it; its fields are told all the same.
    barred: bool,
}

/// A column and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name in staging.
    pub name: String,
    /// The ways to fill it, the best first; none where the server has none of those that the mapping names.
    pub ways: Vec<Way>,
}

impl Node {
    /// The model of an entity, with nothing asked for but the id.
    pub fn new(session: &Session, model: &str) -> Result<Node, Trouble> {
        Ok(Node {
            model: model.to_owned(),
            fields: session.fields(model)?,
            wanted: BTreeSet::from(["id".to_owned()]),
            behind: IndexMap::new(),
            known: HashMap::new(),
            barred: false,
        })
    }

    /// The ways to fill a column that this server has, the best first; what they need is asked for from now on.
    pub fn want(&mut self, session: &Session, filling: &Filling) -> Result<Vec<Way>, Trouble> {
        let mut ways = Vec::new();
        match filling {
            Filling::Path(path) => {
                let path = steps(path);
                if self.ask_for(session, &path)? {
                    ways.push(Way::Path(path));
                }
            }
            Filling::Paths(paths) => {
                for path in paths {
                    let path = steps(path);
                    if self.ask_for(session, &path)? {
                        ways.push(Way::Path(path));
                    }
                }
            }
            Filling::Local(Local { local }) => {
                let path = steps(local);
                if self.ask_for(session, &path)? {
                    ways.push(Way::Local(path, session.zone().unwrap_or(Tz::UTC)));
                }
            }
            Filling::Attribute(Attribute { attribute, of }) => {
                let of = of.as_deref().map(steps).unwrap_or_default();
                let (variant, template) = (and(&of, OF_VARIANT), and(&of, OF_TEMPLATE));
                let of_variant = self.ask_for(session, &and(&variant, &["attribute_id"]))?
                    && self.ask_for(session, &and(&variant, &["name"]))?;
                let of_template = self.ask_for(session, &and(&template, &["attribute_id"]))?
                    && self.ask_for(session, &and(&template, &["active"]))?
                    && self.ask_for(session, &and(&template, &["value_ids", "name"]))?;
                if of_variant || of_template {
                    ways.push(Way::Attribute { of, names: attribute.iter().map(|name| column_key(name)).collect() });
                }
            }
            Filling::Pack(Pack { pack, of }) => {
                let own = and(&steps(of), &["uom_id"]);
                for unit in pack.iter().map(|unit| steps(unit)) {
                    // Up to 18 a unit says how much of the reference it is, and the inverse; in 19 the inverse alone.
                    for holds in ["factor_inv", "factor"] {
                        if ways.is_empty()
                            && self.ask_for(session, &and(&unit, &[holds]))?
                            && self.ask_for(session, &and(&own, &[holds]))?
                        {
                            ways.push(Way::Pack { unit: unit.clone(), own: own.clone(), holds });
                        }
                    }
                    let named = and(&unit, &["display_name"]);
                    if self.ask_for(session, &named)? {
                        ways.push(Way::Path(named));
                    }
                }
            }
        }
        Ok(ways)
    }

    /// Whether the server has what lies at the end of a path; if so it is asked for from now on.
    fn ask_for(&mut self, session: &Session, steps: &[String]) -> Result<bool, Trouble> {
        let has = self.has(session, steps)?;
        if has {
            self.mark(steps);
        }
        Ok(has)
    }

    fn mark(&mut self, steps: &[String]) {
        let Some((first, rest)) = steps.split_first() else { return };
        self.wanted.insert(first.clone());
        if let Some(node) = self.behind.get_mut(first) {
            node.mark(rest);
        }
    }

    /// Whether the server has what lies at the end of a path.
    pub fn has(&mut self, session: &Session, steps: &[String]) -> Result<bool, Trouble> {
        let Some((first, rest)) = steps.split_first() else { return Ok(false) };
        let Some(field) = self.fields.get(first) else { return Ok(false) };
        if rest.is_empty() || field.kind == "many2one" && rest == ["display_name"] {
            return Ok(true);
        }
        let Some(relation) = field.relation.clone() else { return Ok(false) };
        if !self.behind.contains_key(first) {
            match Node::new(session, &relation) {
                Ok(node) => _ = self.behind.insert(first.clone(), node),
                // What the user may not read is as if it were not there.
                Err(Trouble::Forbidden(_) | Trouble::Missing(_)) => return Ok(false),
                Err(trouble) => return Err(trouble),
            }
        }
        self.behind.get_mut(first).map_or(Ok(false), |node| node.has(session, rest))
    }

    /// Whether the server can search by a field.
    pub fn is_searchable(&self, field: &str) -> bool {
        self.fields.get(field).is_some_and(|field| field.searchable)
    }

    /// The fields to ask for.
    pub fn asked(&self) -> Vec<String> {
        self.wanted.iter().cloned().collect()
    }

    fn is_idle(&self) -> bool {
        self.wanted.len() < 2 && self.behind.values().all(Node::is_idle)
    }

    /// The models that the user turned out not to be allowed to read.
    pub fn barred(&self) -> Vec<&str> {
        let own = self.barred.then_some(self.model.as_str());
        own.into_iter().chain(self.behind.values().flat_map(Node::barred)).collect()
    }

    fn kept(&self) -> usize {
        self.known.len() + self.behind.values().map(Node::kept).sum::<usize>()
    }

    fn forget(&mut self) {
        self.known.clear();
        self.behind.values_mut().for_each(Node::forget);
    }

    /// Reads what the records refer to, as far as it is asked for and not known yet.
    pub fn follow(&mut self, session: &Session, records: &[Value]) -> Result<(), Trouble> {
        if self.kept() > KEPT {
            self.forget();
        }
        let records: Vec<&[(String, Value)]> = records.iter().filter_map(members).collect();
        self.follow_from(session, &records)
    }

    fn follow_from(&mut self, session: &Session, records: &[&[(String, Value)]]) -> Result<(), Trouble> {
        for (field, node) in &mut self.behind {
            if node.barred || node.is_idle() {
                continue;
            }
            let ids: HashSet<i64> = records
                .iter()
                .filter_map(|record| member(record, field))
                .flat_map(references)
                .filter(|id| !node.known.contains_key(id))
                .collect();
            let mut ids: Vec<i64> = ids.into_iter().collect();
            ids.sort_unstable();
            let asked = node.asked();
            for ids in ids.chunks(AT_ONCE) {
                let records = match session.records(&node.model, ids, &asked) {
                    Err(Trouble::Forbidden(_)) => {
                        node.barred = true;
                        break;
                    }
                    outcome => outcome?,
                };
                for record in records {
                    let Value::Struct(record) = record else { continue };
                    if let Some(id) = member(&record, "id").and_then(Value::as_int) {
                        node.known.insert(id, record);
                    }
                }
                let known = std::mem::take(&mut node.known);
                let fresh: Vec<&[(String, Value)]> =
                    ids.iter().filter_map(|id| known.get(id).map(Vec::as_slice)).collect();
                node.follow_from(session, &fresh)?;
                node.known = known;
            }
        }
        Ok(())
    }

    /// What fills a column in a record; `None` where there is nothing.
    pub fn cell(&self, record: &[(String, Value)], column: &Column) -> Option<String> {
        column.ways.iter().find_map(|way| match way {
            Way::Path(path) => self.text(record, path),
            Way::Local(path, zone) => self.text(record, path).map(|moment| shown(&moment, *zone)),
            Way::Attribute { of, names } => names.iter().find_map(|name| self.attribute(record, of, name)),
            Way::Pack { unit, own, holds } => self.pack(record, unit, own, holds),
        })
    }

    /// The records at the end of a way through references, each with the node of its model.
    fn reach<'n>(&'n self, record: &'n [(String, Value)], path: &[String]) -> Vec<(&'n Node, &'n [(String, Value)])> {
        let Some((first, rest)) = path.split_first() else { return vec![(self, record)] };
        let (Some(node), Some(value)) = (self.behind.get(first), member(record, first)) else { return Vec::new() };
        let ids = references(value).into_iter();
        ids.filter_map(|id| node.known.get(&id)).flat_map(|record| node.reach(record, rest)).collect()
    }

    /// What the attribute says: the variant's own value, else all that its template has.
    fn attribute(&self, record: &[(String, Value)], of: &[String], name: &str) -> Option<String> {
        let said = |path: &[&str], value: &[String]| -> Option<String> {
            let values: Vec<String> = self
                .reach(record, &and(of, path))
                .into_iter()
                .filter(|(_, line)| member(line, "active") != Some(&Value::Bool(false)))
                .filter(|(node, line)| {
                    let attribute = node.text(line, &and(&[], &["attribute_id", "display_name"]));
                    attribute.is_some_and(|attribute| column_key(&attribute) == name)
                })
                .filter_map(|(node, line)| node.text(line, value))
                .collect();
            if values.is_empty() { None } else { Some(values.join(", ")) }
        };
        said(OF_VARIANT, &and(&[], &["name"])).or_else(|| said(OF_TEMPLATE, &and(&[], &["value_ids", "name"])))
    }

    /// How many of the product's own unit a unit holds; `None` where it is no whole number of them, or one.
    fn pack(&self, record: &[(String, Value)], unit: &[String], own: &[String], holds: &str) -> Option<String> {
        let holding = |path: &[String]| -> Option<f64> {
            let text = self.text(record, &and(path, &[holds]))?;
            text.parse().ok().filter(|number: &f64| *number > 0.0)
        };
        let times = holding(unit)? / holding(own)?;
        let whole = times.round();
        // Up to 18 the inverse of a dozen is kept as 0.0833.
        if whole < 2.0 || (times - whole).abs() > whole / 1000.0 {
            return None;
        }
        Some(format!("{whole} x {}", self.text(record, &and(own, &["display_name"]))?))
    }

    /// What a record has at the end of a path, as text; `None` where there is nothing.
    fn text(&self, record: &[(String, Value)], path: &[String]) -> Option<String> {
        let (first, rest) = path.split_first()?;
        let field = self.fields.get(first)?;
        let value = member(record, first)?;
        match (rest, self.behind.get(first)) {
            ([], _) => text_of(value, &field.kind),
            ([name], _) if name == "display_name" && field.kind == "many2one" => match value.as_list()? {
                [_, Value::Text(name)] => Some(name.clone()),
                _ => None,
            },
            (rest, Some(node)) => {
                let texts: Vec<String> = references(value)
                    .into_iter()
                    .filter_map(|id| node.known.get(&id).and_then(|record| node.text(record, rest)))
                    .collect();
                if texts.is_empty() { None } else { Some(texts.join(", ")) }
            }
            (_, None) => None,
        }
    }
}

/// A moment in UTC as the clocks of a time zone showed it; what is no moment stays as it is.
fn shown(moment: &str, zone: Tz) -> String {
    const WRITTEN: &str = "%Y-%m-%d %H:%M:%S";
    NaiveDateTime::parse_from_str(moment, WRITTEN)
        .map_or_else(|_| moment.to_owned(), |moment| zone.from_utc_datetime(&moment).format(WRITTEN).to_string())
}

/// The members of a record.
pub fn members(record: &Value) -> Option<&[(String, Value)]> {
    match record {
        Value::Struct(members) => Some(members),
        _ => None,
    }
}

/// The member of that name.
pub fn member<'r>(record: &'r [(String, Value)], name: &str) -> Option<&'r Value> {
    record.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// The ids in a reference: `[7, "Name"]` and a bare 7 are one, `[7, 8]` are several, `false` is none.
fn references(value: &Value) -> Vec<i64> {
    match value {
        Value::Int(id) => vec![*id],
        Value::List(items) => match items.as_slice() {
            [Value::Int(id), Value::Text(_)] => vec![*id],
            ids => ids.iter().filter_map(Value::as_int).collect(),
        },
        _ => Vec::new(),
    }
}

/// A value as staged. `false` is nothing, except in a field that is true or false: Odoo writes both alike.
fn text_of(value: &Value, kind: &str) -> Option<String> {
    match value {
        Value::Nil => None,
        Value::Bool(yes) if kind == "boolean" => Some(yes.to_string()),
        Value::Bool(false) => None,
        Value::Bool(true) => Some("true".to_owned()),
        Value::Int(number) => Some(number.to_string()),
        Value::Double(number) => Some(number.to_string()),
        Value::Text(text) => Some(text.clone()),
        Value::List(_) => {
            let ids: Vec<String> = references(value).iter().map(i64::to_string).collect();
            if ids.is_empty() { None } else { Some(ids.join(",")) }
        }
        Value::Struct(_) => serde_json::to_string(value).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_evening_in_summer_is_of_the_day_that_it_was_there() {
        assert_eq!(shown("2026-07-14 22:30:00", Tz::Europe__Paris), "2026-07-15 00:30:00");
        assert_eq!(shown("2026-12-31 22:30:00", Tz::Europe__Paris), "2026-12-31 23:30:00");
        assert_eq!(shown("2026-07-14 22:30:00", Tz::UTC), "2026-07-14 22:30:00");
        assert_eq!(shown("2026-07-14", Tz::Europe__Paris), "2026-07-14");
    }

    #[test]
    fn false_is_read_by_the_type_of_its_field() {
        let text = |value: Value, kind| text_of(&value, kind);
        assert_eq!(text(Value::Bool(false), "char"), None);
        assert_eq!(text(Value::Bool(false), "boolean"), Some("false".into()));
        assert_eq!(text(Value::Bool(true), "boolean"), Some("true".into()));
        assert_eq!(text(Value::text(""), "char"), Some(String::new()));
        assert_eq!(text(Value::text("  "), "char"), Some("  ".into()));
        assert_eq!(text(Value::Int(0), "integer"), Some("0".into()));
        assert_eq!(text(Value::Double(16.0), "float"), Some("16".into()));
        assert_eq!(text(Value::Double(45.5), "monetary"), Some("45.5".into()));
        assert_eq!(text(Value::List(vec![Value::Int(7), Value::text("Belgium")]), "many2one"), Some("7".into()));
        assert_eq!(text(Value::ids([7, 8]), "many2many"), Some("7,8".into()));
        assert_eq!(text(Value::List(Vec::new()), "one2many"), None);
    }
}
