//! Which fields are asked for so that an entity's columns can be filled, and how a record becomes a row of texts.
//!
//! A column is filled from a path: `email`, or through references `order_id.date_order`. A path that ends in a reference
//! gives the id of what it refers to; `.display_name` gives the name that comes with it.

use std::collections::{BTreeSet, HashMap, HashSet};

use indexmap::IndexMap;

use super::session::{Field, Session};
use super::trouble::Trouble;
use super::value::Value;

/// How many records are read by their ids at once.
const AT_ONCE: usize = 1000;

/// What one model is asked for, and what lies behind its references.
pub struct Node {
    model: String,
    fields: IndexMap<String, Field>,
    wanted: BTreeSet<String>,
    behind: IndexMap<String, Node>,
    /// What was read of the model so far, by id; only behind a reference.
    known: HashMap<i64, Vec<(String, Value)>>,
}

/// A column and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name in staging.
    pub name: String,
    /// The path that fills it; none where the server has none of the paths that could.
    pub path: Option<Vec<String>>,
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
        })
    }

    /// Takes the first of the paths that the server has; `None` where it has none of them.
    pub fn want(&mut self, session: &Session, paths: &[String]) -> Result<Option<Vec<String>>, Trouble> {
        for path in paths {
            let steps: Vec<String> = path.split('.').map(str::to_owned).collect();
            if self.has(session, &steps)? {
                return Ok(Some(steps));
            }
        }
        Ok(None)
    }

    fn has(&mut self, session: &Session, steps: &[String]) -> Result<bool, Trouble> {
        let Some((first, rest)) = steps.split_first() else { return Ok(false) };
        let Some(field) = self.fields.get(first) else { return Ok(false) };
        let named_by_itself = field.kind == "many2one" && rest == ["display_name"];
        if !rest.is_empty() && !named_by_itself {
            let Some(relation) = field.relation.clone() else { return Ok(false) };
            if !self.behind.contains_key(first) {
                match Node::new(session, &relation) {
                    Ok(node) => _ = self.behind.insert(first.clone(), node),
                    // What the user may not read is as if it were not there.
                    Err(Trouble::Forbidden(_) | Trouble::Missing(_)) => return Ok(false),
                    Err(trouble) => return Err(trouble),
                }
            }
            let Some(node) = self.behind.get_mut(first) else { return Ok(false) };
            if !node.has(session, rest)? {
                return Ok(false);
            }
        }
        self.wanted.insert(first.clone());
        Ok(true)
    }

    /// The fields to ask for.
    pub fn asked(&self) -> Vec<String> {
        self.wanted.iter().cloned().collect()
    }

    /// Reads what the records refer to, as far as it is asked for and not known yet.
    pub fn follow(&mut self, session: &Session, records: &[Value]) -> Result<(), Trouble> {
        let records: Vec<&[(String, Value)]> = records.iter().filter_map(members).collect();
        self.follow_from(session, &records)
    }

    fn follow_from(&mut self, session: &Session, records: &[&[(String, Value)]]) -> Result<(), Trouble> {
        for (field, node) in &mut self.behind {
            if node.wanted.len() < 2 && node.behind.is_empty() {
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
                for record in session.records(&node.model, ids, &asked)? {
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

    /// What a record has at the end of a path, as text; `None` where there is nothing.
    pub fn text(&self, record: &[(String, Value)], path: &[String]) -> Option<String> {
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
