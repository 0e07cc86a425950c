//! The order of the tables in which each comes after those that it refers to.

use indexmap::IndexSet;

use crate::model::{Schema, Table};

/// The tables so that each comes after those it refers to, and whether that is impossible for some.
pub(in crate::stages) fn referred_first(schema: &Schema) -> (Vec<String>, bool) {
    let mut order: IndexSet<String> = IndexSet::new();
    let mut is_cyclic = false;
    while order.len() < schema.tables.len() {
        let ready = |name: &str, table: &Table| {
            table.fields.values().filter_map(|field| field.references.as_ref()).all(|reference| {
                reference.table == name
                    || order.contains(&reference.table)
                    || !schema.tables.contains_key(&reference.table)
            })
        };
        let next = schema.tables.iter().find(|(name, table)| !order.contains(*name) && ready(name, table));
        let next = match next {
            Some((name, _)) => name,
            None => {
                is_cyclic = true;
                match schema.tables.keys().find(|name| !order.contains(*name)) {
                    Some(name) => name,
                    None => break,
                }
            }
        };
        let refers_to_itself = schema.tables[next]
            .fields
            .values()
            .any(|field| field.references.as_ref().is_some_and(|reference| reference.table == *next));
        is_cyclic |= refers_to_itself;
        order.insert(next.clone());
    }
    (order.into_iter().collect(), is_cyclic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_come_after_those_they_refer_to_and_rings_are_noticed() {
        let schema = |text: &str| toml::from_str::<Schema>(text).expect("a schema");
        let chain = schema(
            "[tables.lines.fields]\nk = { type = \"text\", key = true, references = \"orders.k\" }\n\
             [tables.orders.fields]\nk = { type = \"text\", key = true, references = \"people.k\" }\n\
             [tables.people.fields]\nk = { type = \"text\", key = true }\n",
        );
        assert_eq!(referred_first(&chain), (vec!["people".into(), "orders".into(), "lines".into()], false));
        let ring = schema(
            "[tables.a.fields]\nk = { type = \"text\", key = true, references = \"b.k\" }\n\
             [tables.b.fields]\nk = { type = \"text\", key = true, references = \"a.k\" }\n",
        );
        assert!(referred_first(&ring).1);
        let own = schema(
            "[tables.a.fields]\nk = { type = \"text\", key = true }\nboss = { type = \"text\", references = \"a.k\" }\n",
        );
        assert_eq!(referred_first(&own), (vec!["a".into()], true));
    }
}
