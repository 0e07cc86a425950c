//! Which words can follow what was typed of a query: columns, tables, words of SQL. Neighbour: `console`.

use crate::model::TableInfo;

/// A word that can be put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word as it stands in SQL.
    pub text: String,
    /// Whether it names a table or a column.
    pub is_name: bool,
}

/// Words of SQL and functions that an analyst uses.
const SQL: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP BY",
    "ORDER BY",
    "HAVING",
    "LIMIT",
    "OFFSET",
    "JOIN",
    "LEFT JOIN",
    "ANTI JOIN",
    "USING",
    "ON",
    "AND",
    "OR",
    "NOT",
    "IS NULL",
    "IS NOT NULL",
    "IN",
    "BETWEEN",
    "LIKE",
    "ILIKE",
    "CASE WHEN",
    "THEN",
    "ELSE",
    "END",
    "DISTINCT",
    "AS",
    "ASC",
    "DESC",
    "NULLS LAST",
    "UNION ALL",
    "EXCEPT",
    "INTERSECT",
    "WITH",
    "QUALIFY",
    "FILTER",
    "OVER",
    "PARTITION BY",
    "SUMMARIZE",
    "DESCRIBE",
    "SHOW ALL TABLES",
    "TRUE",
    "FALSE",
    "NULL",
    "COLUMNS(*)",
    "EXCLUDE",
    "avg(",
    "cast(",
    "coalesce(",
    "concat(",
    "contains(",
    "count(*)",
    "count(",
    "date_diff(",
    "date_trunc(",
    "greatest(",
    "least(",
    "left(",
    "length(",
    "list(",
    "lower(",
    "max(",
    "median(",
    "min(",
    "nullif(",
    "regexp_extract(",
    "regexp_matches(",
    "replace(",
    "right(",
    "round(",
    "row_number()",
    "split_part(",
    "starts_with(",
    "string_agg(",
    "strip_accents(",
    "substr(",
    "sum(",
    "trim(",
    "try_cast(",
    "upper(",
    "year(",
];

/// The words that begin like what stands before the cursor, and how many bytes of that they replace.
///
/// `columns` are those of the open table. In a whole query the columns of every table that it names come first; where only
/// an expression is typed, no table can be named.
pub fn words(
    whole: &str,
    before: &str,
    tables: &[TableInfo],
    columns: &[String],
    is_expression: bool,
) -> (usize, Vec<Word>) {
    let belongs = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | '"');
    let begin = before.char_indices().rev().take_while(|(_, c)| belongs(*c)).last().map_or(before.len(), |(at, _)| at);
    let token = &before[begin..];
    if token.is_empty() {
        return (0, Vec::new());
    }
    let lower = token.replace('"', "").to_lowercase();
    let mut found: Vec<Word> = Vec::new();
    let mut add = |text: String, is_name: bool| {
        if !found.iter().any(|word| word.text == text) && text != token {
            found.push(Word { text, is_name });
        }
    };
    let named: Vec<&TableInfo> = match is_expression {
        true => Vec::new(),
        false => tables.iter().filter(|table| whole.contains(&table.sql)).collect(),
    };
    let of_named = named.iter().flat_map(|table| table.columns.iter().map(|column| column.name.as_str()));
    let at_hand: Vec<&str> = match named.is_empty() {
        true => columns.iter().map(String::as_str).collect(),
        false => of_named.collect(),
    };
    // Behind a point stands a column, whatever the name before it is short for, unless that is a schema.
    let (alias, last) = lower.rsplit_once('.').map_or(("", lower.as_str()), |(alias, last)| (alias, last));
    let of_schema = tables.iter().any(|table| table.schema == alias);
    for column in at_hand.iter().filter(|_| !of_schema).filter(|column| column.to_lowercase().starts_with(last)) {
        let alias =
            if alias.is_empty() { "" } else { &token[..token.len() - token.rsplit('.').next().map_or(0, str::len)] };
        add(format!("{alias}{}", quoted(column)), true);
    }
    if !is_expression {
        let by_path =
            |table: &&TableInfo| format!("{}.{}", table.schema, table.name).to_lowercase().starts_with(&lower);
        let by_name = |table: &&TableInfo| table.name.to_lowercase().starts_with(&lower);
        let inner = |table: &&TableInfo| table.name.to_lowercase().contains(&lower) && lower.len() > 2;
        tables.iter().filter(by_path).for_each(|table| add(table.sql.clone(), true));
        tables.iter().filter(by_name).for_each(|table| add(table.sql.clone(), true));
        tables.iter().filter(inner).for_each(|table| add(table.sql.clone(), true));
    }
    if alias.is_empty() {
        SQL.iter()
            .filter(|word| word.to_lowercase().starts_with(&lower))
            .for_each(|word| add((*word).to_owned(), false));
    }
    (token.len(), found)
}

/// A column as a person would write it.
fn quoted(name: &str) -> String {
    crate::workbench::sql_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ColumnInfo, TableStage};

    fn table(schema: &str, name: &str, columns: &[&str]) -> TableInfo {
        TableInfo {
            stage: TableStage::Candidate,
            schema: schema.to_owned(),
            name: name.to_owned(),
            rows: 0,
            columns: columns.iter().map(|name| ColumnInfo::new(*name, "VARCHAR")).collect(),
            sql: format!("{schema}.{}", quoted(name)),
        }
    }

    fn after(text: &str) -> Vec<String> {
        let tables = [
            table("candidate", "customers", &["customer_key", "city"]),
            table("staging", "p/clients", &["Code Client"]),
        ];
        let columns = ["open".to_owned()];
        words(text, text, &tables, &columns, false).1.into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn tables_columns_and_words_complete_what_is_typed() {
        assert_eq!(after("SELECT * FROM cand"), ["candidate.customers"]);
        assert_eq!(after("SELECT * FROM cust"), ["candidate.customers"]);
        assert_eq!(after("SELECT * FROM candidate.cu"), ["candidate.customers"]);
        assert_eq!(after("FROM staging.\"p/clients\" WHERE cod"), ["\"Code Client\""]);
        assert_eq!(after("FROM candidate.customers c WHERE c.ci"), ["c.city"]);
        assert_eq!(after("SELECT op"), ["open"]);
        assert_eq!(after("sel"), ["SELECT"]);
        assert!(after("SELECT ").is_empty());
    }

    #[test]
    fn an_expression_knows_columns_and_functions_only() {
        let tables = [table("candidate", "customers", &[])];
        let found = words("c", "c", &tables, &["city".to_owned()], true).1;
        assert_eq!(found.first().map(|word| word.text.as_str()), Some("city"));
        assert!(found.iter().all(|word| !word.text.contains("customers")));
    }
}
