//! The registry as a whole: ids, words, and every sample executed through a real store.

use std::collections::HashSet;

use chrono::NaiveDate;

use super::*;
use crate::model::FieldType;
use crate::sql::{Ident, Literal, Path};
use crate::store::Store;

/// The day on which samples are checked.
const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day of the calendar");

#[test]
fn every_rule_has_an_id_of_its_own_and_words_for_the_user() {
    let mut ids = HashSet::new();
    for rule in REGISTRY {
        assert!(user::is_kebab_case(rule.id), "{} is not in kebab-case", rule.id);
        assert!(ids.insert(rule.id), "two rules are called {}", rule.id);
        assert!(!rule.title.is_empty() && !rule.title.ends_with('.'), "{}: {:?}", rule.id, rule.title);
        let Docs { finds, matters, example, fix } = rule.docs;
        for words in [finds, matters, example, fix] {
            assert!(words.ends_with('.') || words.ends_with('?'), "{}: no sentence: {words:?}", rule.id);
        }
        assert!(rule.samples.iter().any(|sample| !sample.finds.is_empty()), "{} has no sample that fires", rule.id);
        assert!(rule.samples.iter().any(|sample| sample.finds.is_empty()), "{} has no quiet sample", rule.id);
        for argument in rule.arguments {
            assert!(!argument.0.is_empty() && !argument.1.is_empty(), "{}: {argument:?}", rule.id);
        }
    }
    assert!(find("missing-key").is_ok());
    assert!(find("missing-kee").is_err());
}

#[test]
fn every_sample_finds_what_it_says_and_nothing_else() -> Result<()> {
    for rule in REGISTRY {
        for sample in rule.samples {
            let found = try_on(rule, sample).map_err(|error| {
                Error::internal(format!("{} on \"{}\": {error} {:?}", rule.id, sample.name, error.hints()))
            })?;
            let mut expected: Vec<(String, Option<String>)> = sample
                .finds
                .iter()
                .map(|(row, suggestion)| ((*row).to_owned(), suggestion.map(str::to_owned)))
                .collect();
            expected.sort();
            assert_eq!(found, expected, "{} on \"{}\"", rule.id, sample.name);
        }
    }
    Ok(())
}

#[test]
fn a_check_that_lacks_an_argument_or_names_nothing_is_an_error_that_says_so() -> Result<()> {
    let schema: Schema = schema(
        "[tables.sales.fields]\nid = { type = \"text\", key = true }\ntotal = { type = \"decimal\" }\n\
         [[check]]\nrule = \"total-mismatch\"\ntable = \"sales\"\nfield = \"total\"\n\
         [[check]]\nrule = \"negative-margin\"\ntable = \"sales\"\nfield = \"total\"\nwith = { price = \"total\", cost = \"wine.cost\" }\n\
         [[check]]\nrule = \"negative-stock\"\ntable = \"sales\"\nfield = \"quantity\"",
    )?;
    let messages: Vec<String> = schema
        .checks
        .iter()
        .filter_map(|check| {
            let scope = Scope::of(&schema, check, TODAY);
            find(&check.rule).and_then(|rule| (rule.find)(&scope)).err().map(|error| error.to_string())
        })
        .collect();
    assert_eq!(
        messages,
        [
            "the check \"total-mismatch\" on sales.total needs `quantity` under `with`",
            "the check \"negative-margin\" on sales.total names `wine.cost` in `cost`, and no reference leads there",
            "rule \"negative-stock\" is asked to check a field \"sales.quantity\" that is not declared",
        ]
    );
    Ok(())
}

#[test]
fn messages_contain_the_figures() -> Result<()> {
    let cases = [
        ("total-mismatch", "total 91.00 but 2 × 45.00 = 90.00"),
        ("price-far-from-list", "sold at 4.55, list price 45.50 (-90 %)"),
        ("negative-margin", "sold for 80.00, cost 95.00: 15.00 lost"),
        ("outlier-quantity", "600 at once; three quarters of the 8 lines of P have at most 6"),
        ("reserved-exceeds-stock", "30 reserved of 12 in stock"),
        ("duplicate-key", "\"C1\" stands on 2 rows: records 1, 3"),
        ("out-of-range", "-1 is below the least value allowed, 0"),
    ];
    for (id, message) in cases {
        let rule = find(id)?;
        let (store, schema) = stage(&rule.samples[0])?;
        let messages: Vec<String> = queries(rule, &schema, &rule.samples[0])?
            .iter()
            .map(|sql| store.texts(sql))
            .collect::<Result<Vec<_>>>()?
            .iter()
            .flat_map(|page| (0..page.rows.len()).filter_map(|row| page.get(row, "message").map(str::to_owned)))
            .collect();
        assert!(messages.iter().any(|found| found == message), "{id}: {messages:?}");
    }
    Ok(())
}

#[test]
fn a_key_that_a_decision_has_set_counts_as_one_that_came_with_the_row() -> Result<()> {
    let sample = Sample {
        name: "",
        schema: "[tables.wines.fields]\nid = { type = \"text\", key = true }\nprice = { type = \"decimal\" }\n\
                 [tables.sales.fields]\nid = { type = \"text\", key = true }\nwine = { type = \"text\", references = \"wines.id\" }\n\
                 paid = { type = \"decimal\" }\n\
                 [[check]]\nrule = \"price-far-from-list\"\ntable = \"sales\"\nfield = \"paid\"\nwith = { list = \"wine.price\" }",
        tables: &[("wines", "id,price\nP1,10\nP2,10\nP3,10\n"), ("sales", "id,wine,paid\nV1,P9,99\nV2,P1,99\n")],
        finds: &[],
    };
    let (store, schema) = stage(&sample)?;
    let rows = |id: &str| -> Result<Vec<String>> {
        let mut rows = Vec::new();
        for sql in queries(find(id)?, &schema, &sample)? {
            let page = store.texts(&sql)?;
            rows.extend((0..page.rows.len()).filter_map(|row| page.get(row, "row").map(str::to_owned)));
        }
        rows.sort();
        Ok(rows)
    };
    assert!(rows("duplicate-key")?.is_empty());
    assert_eq!(rows("price-far-from-list")?, ["V2"]);
    store.run(
        "UPDATE candidate.wines SET id = 'P1' WHERE id = 'P2'; UPDATE candidate.wines SET id = 'P9' WHERE id = 'P3'",
    )?;
    assert_eq!(rows("duplicate-key")?, ["P1", "P2"]);
    assert_eq!(rows("price-far-from-list")?, ["V1", "V2"], "P9 is a wine now, and P1 still is");
    Ok(())
}

#[test]
fn a_cell_that_a_decision_has_set_is_not_judged_by_what_was_staged() -> Result<()> {
    for (id, field) in [("spreadsheet-damage", "phone"), ("duplicate-row", "key")] {
        let rule = find(id)?;
        let sample = Sample {
            name: "",
            schema: "[tables.people.fields]\nkey = { type = \"text\", key = true }\nphone = { type = \"text\", format = \"phone\" }",
            tables: &[("people", "key,phone\nA,\"3,40E+09\"\nA,\"3,40E+09\"\n")],
            finds: &[],
        };
        let (store, schema) = stage(&sample)?;
        let found = || -> Result<u64> {
            let mut found = 0;
            for sql in queries(rule, &schema, &sample)? {
                found += store.count(&format!("SELECT count(*) FROM ({sql}) WHERE _row = 2"))?;
            }
            Ok(found)
        };
        assert!(found()? > 0, "{id}");
        let bit = schema.tables["people"].fields.get_index_of(field).unwrap_or_default();
        store.run(&format!("UPDATE candidate.people SET {field} = 'B', _decided = {} WHERE _row = 2", 1 << bit))?;
        assert_eq!(found()?, 0, "{id}");
    }
    Ok(())
}

#[test]
fn a_row_about_which_something_is_found_shows_a_sign_of_it() -> Result<()> {
    for rule in REGISTRY {
        let judges_rows = matches!(rule.reach, Reach::Row | Reach::Found(_));
        for sample in rule.samples {
            let (store, schema) = stage(sample)?;
            for (table, query) in uses_on(rule, &schema, sample)? {
                let Some(signs) = query.signs else {
                    assert!(!judges_rows, "{} on \"{}\" shows no sign", rule.id, sample.name);
                    continue;
                };
                let found: Vec<i64> =
                    store.query(&format!("SELECT _row FROM ({})", query.sql), [], |row| row.get(0))?;
                for row in found {
                    let rows = format!("(SELECT * FROM {} WHERE _row = {row})", Path("candidate", &table));
                    let all = |_: &str, to: &crate::model::Reference| Ok(Path("candidate", &to.table).to_string());
                    let shows: Option<bool> = store.first(&question(&rows, &[&signs], all)?, [], |row| row.get(0))?;
                    assert_eq!(shows, Some(true), "{} on \"{}\", row {row}", rule.id, sample.name);
                }
            }
        }
    }
    Ok(())
}

#[test]
fn nothing_is_found_about_a_row_that_is_like_no_other() -> Result<()> {
    for rule in REGISTRY.iter().filter(|rule| matches!(rule.reach, Reach::Alike(_))) {
        for sample in rule.samples {
            let (store, schema) = stage(sample)?;
            for (table, query) in uses_on(rule, &schema, sample)? {
                let check = uses(rule, &schema).into_iter().find(|check| check.table == table).unwrap_or_default();
                let scope = Scope::of(&schema, &check, TODAY);
                let Reach::Alike(likeness) = rule.reach else { continue };
                let likeness = likeness(&scope)?;
                // A sample's rows without a key of their own are numbered, and not called by what they say.
                if likeness.contains("_key") {
                    continue;
                }
                let alone = format!(
                    "SELECT _row FROM {0} AS t WHERE ({likeness}) IS NULL OR\n\
                     ({likeness}) IN (SELECT {likeness} FROM {0} AS t GROUP BY 1 HAVING count(*) = 1)",
                    Path("candidate", &table)
                );
                let sql = format!("SELECT count(*) FROM ({}) WHERE _row IN ({alone})", query.sql);
                assert_eq!(store.count(&sql)?, 0, "{} on \"{}\"", rule.id, sample.name);
            }
        }
    }
    Ok(())
}

fn schema(text: &str) -> Result<Schema> {
    toml::from_str(text).map_err(|cause| Error::internal("a sample's schema is no schema").caused_by(cause))
}

/// Runs a rule on a sample and returns the findings, sorted.
fn try_on(rule: &Rule, sample: &Sample) -> Result<Vec<(String, Option<String>)>> {
    let (store, schema) = stage(sample)?;
    let mut found = Vec::new();
    for sql in queries(rule, &schema, sample)? {
        let columns: Vec<String> = store.columns(&sql)?.into_iter().map(|(name, _)| name).collect();
        assert_eq!(columns, FINDING, "{} returns other columns", rule.id);
        let page = store.texts(&sql)?;
        for row in 0..page.rows.len() {
            let cell = |name| page.get(row, name);
            assert!(cell("message").is_some_and(|message| !message.is_empty()), "{}: no message", rule.id);
            assert_eq!(cell("source"), Some("sample"));
            assert!(cell("_row").is_some() && cell("field").is_some(), "{}: no way back", rule.id);
            found.push((cell("row").unwrap_or_default().to_owned(), cell("suggestion").map(str::to_owned)));
        }
    }
    found.sort();
    Ok(found)
}

/// The queries of every use of the rule in the sample's schema.
fn queries(rule: &Rule, schema: &Schema, sample: &Sample) -> Result<Vec<String>> {
    Ok(uses_on(rule, schema, sample)?.into_iter().map(|(_, query)| query.sql).collect())
}

/// Every use of the rule in the sample's schema that has something to look at: its table and its query.
fn uses_on(rule: &Rule, schema: &Schema, sample: &Sample) -> Result<Vec<(String, Query)>> {
    let fed: Vec<&str> = sample.tables.iter().map(|(table, _)| *table).collect();
    let mut queries = Vec::new();
    for check in &uses(rule, schema) {
        let origins: Vec<Origin> = sample
            .tables
            .iter()
            .filter(|(table, _)| *table == check.table)
            .map(|(table, rows)| origin(table, rows))
            .collect();
        let scope = Scope { origins: &origins, fed: &fed, ..Scope::of(schema, check, TODAY) };
        queries.extend((rule.find)(&scope)?.map(|query| (check.table.clone(), query)));
    }
    Ok(queries)
}

/// The rows of a sample's table: header and cells.
fn records(rows: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::ReaderBuilder::new().from_reader(rows.as_bytes());
    let header = reader.headers().expect("a sample has a header").iter().map(str::to_owned).collect();
    let records = reader.records().map(|record| record.expect("a sample is CSV").iter().map(str::to_owned).collect());
    (header, records.collect())
}

/// Whether a column gives values of a field, and says nothing about them.
fn is_field(name: &str) -> bool {
    !name.contains(':')
}

fn origin(table: &str, rows: &str) -> Origin {
    let (header, _) = records(rows);
    let fields: Vec<String> = header.into_iter().filter(|name| is_field(name)).collect();
    Origin {
        source: "sample".to_owned(),
        entity: table.to_owned(),
        relation: format!("sample/{table}"),
        columns: fields.iter().map(|field| (field.clone(), vec![field.clone()])).collect(),
        reads: Vec::new(),
        all_columns: fields,
    }
}

/// A store with the sample staged and mapped.
fn stage(sample: &Sample) -> Result<(Store, Schema)> {
    let schema = schema(sample.schema)?;
    let store = Store::in_memory(super::FUNCTIONS)?;
    for (name, table) in &schema.tables {
        let rows = sample.tables.iter().find(|(table, _)| table == name).map(|(_, rows)| *rows);
        let (header, records) = rows.map(records).unwrap_or_default();
        let fields: Vec<&String> = header.iter().filter(|name| is_field(name)).collect();
        let text = |record: &[String], column: &str| {
            let at = header.iter().position(|name| name == column)?;
            record.get(at).filter(|cell| !cell.is_empty()).cloned()
        };
        let literal = |text: Option<String>| text.map_or("NULL".to_owned(), |text| Literal(&text).to_string());

        let columns: Vec<String> = fields.iter().map(|field| format!("{} VARCHAR", Ident(field))).collect();
        let columns = if columns.is_empty() { String::new() } else { format!(", {}", columns.join(", ")) };
        store.run(&format!("CREATE TABLE {}(_row BIGINT{columns})", Path("staging", &format!("sample/{name}"))))?;
        let mapped: Vec<String> =
            table.fields.iter().map(|(field, declared)| format!("{} {}", Ident(field), declared.kind.sql())).collect();
        store.run(&format!(
            "CREATE TABLE {}({}, _key VARCHAR, _source VARCHAR, _entity VARCHAR, _row BIGINT, _unread BIGINT, _decided BIGINT)",
            Path("candidate", name),
            mapped.join(", ")
        ))?;
        for (n, record) in records.iter().enumerate() {
            let raw = |field: &str| text(record, &format!("raw:{field}")).or_else(|| text(record, field));
            let staged: Vec<String> = fields.iter().map(|field| format!(", {}", literal(raw(field)))).collect();
            let relation = format!("sample/{name}");
            store.run(&format!("INSERT INTO {} VALUES ({}{})", Path("staging", &relation), n + 1, staged.concat()))?;
            let mut unread = 0_u64;
            let mut values = Vec::new();
            for (at, (field, declared)) in table.fields.iter().enumerate() {
                let value = text(record, field);
                let is_lost = text(record, &format!("lost:{field}")).is_some();
                if value.is_none() && raw(field).is_some() || is_lost {
                    unread |= 1 << at;
                }
                values.push(match declared.kind {
                    FieldType::List => format!("string_split({}, '|')", literal(value)),
                    kind => format!("CAST({} AS {})", literal(value), kind.sql()),
                });
            }
            store.run(&format!(
                "INSERT INTO {} VALUES ({}, NULL, 'sample', {}, {}, {unread}, 0)",
                Path("candidate", name),
                values.join(", "),
                Literal(name),
                n + 1
            ))?;
        }
        let keys: Vec<String> = table.keys().map(|key| format!("CAST({} AS VARCHAR)", Ident(key))).collect();
        let key = if keys.is_empty() { "NULL".to_owned() } else { keys.join(" || '|' || ") };
        store.run(&format!(
            "UPDATE {table} SET _key = '#' || _row; \
             UPDATE {table} SET _key = {key} WHERE {key} IN (SELECT {key} FROM {table} GROUP BY 1 HAVING count(*) = 1)",
            table = Path("candidate", name)
        ))?;
    }
    Ok((store, schema))
}
