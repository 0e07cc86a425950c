//! Cluster: spellings of a text field that are likely to be the same thing, found among all its values. Neighbour:
//! `findings`, which has the fingerprint.
//!
//! Three likenesses, the surest first: the same words (fingerprint), the same pairs of letters (n-gram fingerprint),
//! and one letter of difference to a spelling that is more frequent, far more so where the words are short; ä is ae as well. The last compares only spellings that become equal when
//! each loses at most one letter, so that nobody compares every value with every other.

use std::collections::HashMap;

use indexmap::IndexMap;

use crate::error::Result;
use crate::model::{Cluster, Field, FieldType, Likeness, Schema, Spelling, TextField};
use crate::sql::{Ident, Literal, Path, Pipeline};
use crate::store::{Call, Function, Store};
use crate::transforms;

/// What SQL can call to find clusters.
pub static FUNCTIONS: &[Function] = &[
    Function { name: "tv_ngrams", call: Call::One(ngrams) },
    Function { name: "tv_one_less", call: Call::One(one_less) },
];

/// Spellings with fewer letters differ by a letter for good reasons.
const FEWEST: usize = 5;

/// In words of so many letters a single other letter is a slip even where the slip is frequent.
const LONG: usize = 8;

/// The condition that `a` and `b` differ in an ending that makes another name or number: Christian and Christiane.
const ENDING: &str = "(a.words IN (b.words || 'e', b.words || 's', b.words || 'a', b.words || 'o')\n    \
                      OR b.words IN (a.words || 'e', a.words || 's', a.words || 'a', a.words || 'o'))";

/// Letters that are also written with an e behind: Muenster is Münster.
const UMLAUTS: &str = "äöüÄÖÜøØåÅæÆœŒ";

/// The pairs of letters of a text, each once and in order; none for short texts, which have too few to be told apart.
fn ngrams(text: &str) -> Option<String> {
    let letters: Vec<char> = transforms::folded(text).chars().filter(|c| *c != ' ').collect();
    if letters.len() < FEWEST || !letters.iter().any(|c| c.is_alphabetic()) {
        return None;
    }
    let mut pairs: Vec<String> = letters.windows(2).map(|pair| pair.iter().collect()).collect();
    pairs.sort_unstable();
    pairs.dedup();
    // Figures in another order, or one more of the same, are another number.
    pairs.extend(letters.iter().filter(|c| c.is_numeric()).map(char::to_string));
    Some(pairs.join(""))
}

/// The text, and the text with each of its letters left out, a line each; none for short texts.
fn one_less(text: &str) -> Option<String> {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() < FEWEST || !letters.iter().any(|c| c.is_alphabetic()) {
        return None;
    }
    let mut lines = vec![text.to_owned()];
    // Figures are not mistyped letters: 70cl is no slip for 75cl.
    for (at, _) in letters.iter().enumerate().filter(|(_, c)| !c.is_numeric()) {
        lines.push(letters[..at].iter().chain(&letters[at + 1..]).collect());
    }
    Some(lines.join("\n"))
}

/// Whether one spelling of a field's values can stand for another: texts and lists of texts that are no keys.
fn can_cluster(field: &Field) -> bool {
    matches!(field.kind, FieldType::Text | FieldType::List)
        && !field.key
        && field.references.is_none()
        && field.derive.is_none()
}

/// The fields that have spellings, with how many different values each has; those without any are left out.
pub fn text_fields(store: &Store, schema: &Schema) -> Result<Vec<TextField>> {
    let mut found = Vec::new();
    for (table, declared) in &schema.tables {
        let fields: Vec<&String> =
            declared.fields.iter().filter(|(_, field)| can_cluster(field)).map(|(name, _)| name).collect();
        if fields.is_empty() || !store.has_table("candidate", table)? {
            continue;
        }
        let counted = |field: &&String| format!("count(DISTINCT {0}), sum(hash({0})::HUGEINT)", Ident(field));
        let counts: Vec<String> = fields.iter().map(counted).collect();
        let page = store.texts(&format!("SELECT {} FROM {}", counts.join(", "), Path("candidate", table)))?;
        let counts = page.rows.into_iter().next().unwrap_or_default();
        for (field, counts) in fields.into_iter().zip(counts.chunks(2)) {
            let [count, sum] = counts else { continue };
            let values = count.as_ref().and_then(|count| count.parse().ok()).unwrap_or(0);
            if values > 0 {
                let listed = declared.fields.get(field).map(|field| field.values.join("\n")).unwrap_or_default();
                let fingerprint = format!("{} {listed}", sum.as_deref().unwrap_or_default());
                found.push(TextField { table: table.clone(), field: field.clone(), values, fingerprint });
            }
        }
    }
    Ok(found)
}

/// A spelling on its way into a cluster.
struct Value {
    text: String,
    rows: u64,
    /// Whether the field's enumeration has it.
    listed: bool,
    words: String,
    letters: Option<String>,
}

/// The clusters of a field's values over all candidates, those that touch the most rows first.
pub fn clusters(store: &Store, schema: &Schema, table: &str, field: &str) -> Result<Vec<Cluster>> {
    let Some(declared) = schema.field(table, field) else { return Ok(Vec::new()) };
    if !store.has_table("candidate", table)? {
        return Ok(Vec::new());
    }
    let keys = keys(table, field, declared);
    let values = similar(store, &keys)?;
    let slips = slips(store, &keys)?;
    Ok(group(values, &slips))
}

/// Every value of the field with how often it occurs, whether it is listed, and its keys.
fn keys(table: &str, field: &str, declared: &Field) -> Pipeline {
    let value = match declared.kind {
        FieldType::List => format!("unnest({})", Ident(field)),
        _ => Ident(field).to_string(),
    };
    let mut all = format!(
        "SELECT value, count(*) AS rows, false AS listed FROM (SELECT {value} AS value FROM {})\nWHERE value IS NOT NULL GROUP BY 1",
        Path("candidate", table)
    );
    for listed in &declared.values {
        all.push_str(&format!("\nUNION ALL SELECT {}, 0, true", Literal(listed)));
    }
    let mut pipeline = Pipeline::new();
    pipeline.step("counted", all);
    pipeline.step(
        "spellings",
        "SELECT value, sum(rows)::BIGINT AS rows, bool_or(listed) AS listed, tv_fingerprint(value) AS words, tv_ngrams(value) AS letters\n\
         FROM counted GROUP BY value",
    );
    pipeline
}

/// The spellings that share their words or letters with another, or differ from another by one letter.
fn similar(store: &Store, keys: &Pipeline) -> Result<Vec<Value>> {
    let mut pipeline = keys.clone();
    pair_up(&mut pipeline);
    pipeline.step(
        "shared",
        "SELECT words FROM spellings GROUP BY words HAVING count(*) > 1\n\
         UNION SELECT unnest(list(words)) FROM spellings WHERE letters IS NOT NULL GROUP BY letters HAVING count(*) > 1\n\
         UNION SELECT more FROM pairs UNION SELECT less FROM pairs",
    );
    pipeline.step(
        "similar",
        "SELECT value, rows, listed, words, letters FROM spellings WHERE words IN (SELECT words FROM shared) ORDER BY value",
    );
    store.query(&pipeline.to_string(), [], |row| {
        Ok(Value {
            text: row.get(0)?,
            rows: row.get::<_, i64>(1)?.unsigned_abs(),
            listed: row.get(2)?,
            words: row.get(3)?,
            letters: row.get(4)?,
        })
    })
}

/// Pairs of words of which the rare one is the other with one letter more, less, other or swapped. Two names that both
/// occur often are two names.
fn slips(store: &Store, keys: &Pipeline) -> Result<Vec<(String, String)>> {
    let mut pipeline = keys.clone();
    pair_up(&mut pipeline);
    pipeline.step("slips", "SELECT more, less FROM pairs ORDER BY ALL");
    store.query(&pipeline.to_string(), [], |row| Ok((row.get(0)?, row.get(1)?)))
}

fn pair_up(pipeline: &mut Pipeline) {
    pipeline.step(
        "words",
        format!(
            "SELECT words, sum(rows)::BIGINT AS rows, bool_or(listed) AS listed, regexp_replace(words, '[^0-9]', '', 'g') AS figures,\n  \
             bool_or(regexp_matches(value, '[{UMLAUTS}]')) AS umlauts\n\
             FROM spellings GROUP BY words"
        ),
    );
    pipeline.step(
        "shortened",
        "SELECT words, rows, listed, figures, unnest(string_split(tv_one_less(words), chr(10))) AS rest FROM words",
    );
    pipeline.step(
        "respelled",
        "SELECT words, rows, listed, umlauts, replace(replace(replace(words, 'ae', 'a'), 'oe', 'o'), 'ue', 'u') AS plain FROM words",
    );
    pipeline.step(
        "pairs",
        // The figures are looked for once per word and not once per letter that is left out.
        format!(
            "SELECT DISTINCT a.words AS more, b.words AS less\n\
             FROM shortened AS a JOIN shortened AS b ON a.rest = b.rest AND a.figures = b.figures\n\
             WHERE a.words <> b.words AND NOT b.listed\n  \
             AND (a.listed OR a.rows > b.rows AND (b.rows = 1 OR a.rows >= 10 * b.rows\n    \
             OR a.rows >= 2 * b.rows AND greatest(length(a.words), length(b.words)) >= {LONG} AND NOT {ENDING}))\n  \
             AND damerau_levenshtein(a.words, b.words) = 1\n\
             UNION SELECT a.words, b.words FROM respelled AS a JOIN respelled AS b ON a.plain = b.plain\n\
             WHERE a.words <> b.words AND a.umlauts <> b.umlauts AND NOT b.listed\n  \
             AND (a.listed OR (a.rows, a.words) > (b.rows, b.words))"
        ),
    );
}

/// Spellings of the same words or letters, which can be told apart by nothing that matters.
#[derive(Default)]
struct Group {
    values: Vec<Value>,
    rows: u64,
    listed: bool,
}

fn group(values: Vec<Value>, slips: &[(String, String)]) -> Vec<Cluster> {
    // The same letters lead from words to words, so that a group is known by the first words that have its letters.
    let mut by_letters: HashMap<String, String> = HashMap::new();
    let mut by_words: HashMap<String, String> = HashMap::new();
    for value in &values {
        let own = by_words.get(&value.words).unwrap_or(&value.words).clone();
        let name = match &value.letters {
            Some(letters) => by_letters.entry(letters.clone()).or_insert(own).clone(),
            None => own,
        };
        by_words.entry(value.words.clone()).or_insert(name);
    }
    let name_of = |words: &String| by_words.get(words).unwrap_or(words).clone();
    let mut groups: IndexMap<String, Group> = IndexMap::new();
    for value in values {
        let group = groups.entry(name_of(&value.words)).or_default();
        group.rows += value.rows;
        group.listed |= value.listed;
        group.values.push(value);
    }
    let mut partners: HashMap<String, Vec<String>> = HashMap::new();
    for (more, less) in slips {
        let (more, less) = (name_of(more), name_of(less));
        if more != less {
            partners.entry(more).or_default().push(less);
        }
    }
    // The most frequent spelling gathers those that are one letter away from it; whoever is taken gathers nobody.
    let mut order: Vec<(bool, u64, String)> =
        groups.iter().map(|(name, group)| (group.listed, group.rows, name.clone())).collect();
    order.sort_by(|a, b| (b.0, b.1).cmp(&(a.0, a.1)).then_with(|| a.2.cmp(&b.2)));
    let mut clusters = Vec::new();
    for (_, _, name) in order {
        let Some(core) = groups.shift_remove(&name) else { continue };
        let around = partners.get(&name).into_iter().flatten().filter_map(|less| groups.shift_remove(less)).collect();
        clusters.extend(cluster(core, around));
    }
    clusters.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.proposed.cmp(&b.proposed)));
    clusters
}

/// The cluster of a group and those one letter away from it; none where there is nothing to merge.
fn cluster(core: Group, around: Vec<Group>) -> Option<Cluster> {
    let best = core.values.iter().max_by_key(|value| (value.listed, value.rows, std::cmp::Reverse(&value.text)))?;
    let (proposed, words) = (best.text.clone(), best.words.clone());
    let own = core.values.into_iter().map(|value| {
        let likeness = match () {
            () if value.text == proposed => Likeness::Same,
            () if value.words == words => Likeness::Words,
            () => Likeness::Letters,
        };
        (value, likeness)
    });
    let others = around.into_iter().flat_map(|group| group.values).map(|value| (value, Likeness::OneLetter));
    let mut spellings: Vec<Spelling> = own
        .chain(others)
        // What the enumeration has as well is no misspelling of its neighbour.
        .filter(|(value, likeness)| *likeness == Likeness::Same || !value.listed && value.rows > 0)
        .map(|(value, likeness)| Spelling { value: value.text, rows: value.rows, likeness })
        .collect();
    spellings.sort_by(|a, b| {
        let first = |one: &Spelling| one.likeness != Likeness::Same;
        (first(a), b.rows, a.likeness, &a.value).cmp(&(first(b), a.rows, b.likeness, &b.value))
    });
    let rows = spellings.iter().skip(1).map(|spelling| spelling.rows).sum();
    (rows > 0).then_some(Cluster { proposed, rows, spellings })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::findings;

    const SCHEMA: &str = "[tables.people.fields]\nkey = { type = \"text\", key = true }\ncity = { type = \"text\" }\n\
                          colour = { type = \"text\", values = [\"rouge\", \"blanc\"] }\ngrapes = { type = \"list\" }";

    fn bench(rows: &str) -> Result<(Store, Schema)> {
        let functions: Vec<Function> = FUNCTIONS.iter().chain(findings::FUNCTIONS).copied().collect();
        let store = Store::in_memory(&functions)?;
        store.run(&format!(
            "CREATE TABLE candidate.people AS SELECT row_number() OVER ()::VARCHAR AS key, * FROM (VALUES {rows}) AS t(city, colour, grapes)"
        ))?;
        let schema =
            toml::from_str(SCHEMA).map_err(|cause| crate::error::Error::internal("the schema").caused_by(cause))?;
        Ok((store, schema))
    }

    fn shown(clusters: &[Cluster]) -> Vec<String> {
        let one = |spelling: &Spelling| format!("{} {} ({})", spelling.value, spelling.rows, spelling.likeness.name());
        clusters.iter().map(|cluster| cluster.spellings.iter().map(one).collect::<Vec<_>>().join(" · ")).collect()
    }

    fn cities(texts: &[&str]) -> Result<Vec<String>> {
        let rows: Vec<String> =
            texts.iter().map(|text| format!("({}, NULL, NULL::VARCHAR[])", Literal(text))).collect();
        let (store, schema) = bench(&rows.join(", "))?;
        Ok(shown(&clusters(&store, &schema, "people", "city")?))
    }

    #[test]
    fn spellings_of_the_same_words_are_one_cluster_and_the_most_frequent_is_proposed() -> Result<()> {
        let found = cities(&["Sélestat", "Sélestat", "SELESTAT", "sélestat ", "Colmar"])?;
        assert_eq!(found, ["Sélestat 2 (proposed) · SELESTAT 1 (same words) · sélestat  1 (same words)"]);
        Ok(())
    }

    #[test]
    fn a_field_whose_values_are_others_now_is_told_from_one_whose_values_stay() -> Result<()> {
        let (store, schema) = bench("('Barr', 'rouge', ['Sylvaner']), ('Colmar', 'blanc', ['Riesling'])")?;
        let before = text_fields(&store, &schema)?;
        store.run("UPDATE candidate.people SET city = 'Bar' WHERE city = 'Barr'")?;
        let after = text_fields(&store, &schema)?;
        let same: Vec<(&str, bool)> =
            before.iter().zip(&after).map(|(one, other)| (one.field.as_str(), one == other)).collect();
        assert_eq!(same, [("city", false), ("colour", true), ("grapes", true)], "as many values are not the same ones");
        Ok(())
    }

    #[test]
    fn spaces_within_a_word_and_one_letter_are_seen_through() -> Result<()> {
        let found = cities(&["Ribeauvillé", "Ribeauvillé", "Ribeau villé", "Ribeauvile", "Ribeauvllé"])?;
        assert_eq!(
            found,
            [
                "Ribeauvillé 2 (proposed) · Ribeau villé 1 (same letters) · Ribeauvile 1 (one letter) · Ribeauvllé 1 (one letter)"
            ]
        );
        Ok(())
    }

    #[test]
    fn figures_short_words_and_equals_in_number_are_left_apart() -> Result<()> {
        assert!(cities(&["magnum 75cl", "magnum 75cl", "magnum 70cl"])?.is_empty());
        assert!(cities(&["Barr", "Barr", "Bar"])?.is_empty());
        assert!(cities(&["Marie", "Maria"])?.is_empty(), "neither is the more frequent");
        let names = [vec!["Gaëlle"; 9], vec!["Maëlle"; 8]].concat();
        assert!(cities(&names)?.is_empty(), "both are names that occur");
        assert!(cities(&["12-34", "34-12"])?.is_empty(), "what has no letters is only like itself");
        Ok(())
    }

    #[test]
    fn a_frequent_slip_in_a_long_word_and_umlauts_written_out_are_seen_and_endings_and_figures_are_not() -> Result<()> {
        let many = |names: &[(&'static str, usize)]| -> Vec<&'static str> {
            names.iter().flat_map(|(name, rows)| std::iter::repeat_n(*name, *rows)).collect()
        };
        let towns = [("Manchester", 30), ("Manchestr", 10), ("Birmingham", 20), ("Birmingam", 7), ("Edinburgh", 20)];
        let towns = many(
            &[&towns[..], &[("Edinburg", 4), ("Münster", 17), ("Muenster", 4), ("Köln", 2), ("Koeln", 3)]].concat(),
        );
        assert_eq!(
            cities(&towns)?,
            [
                "Manchester 30 (proposed) · Manchestr 10 (one letter)",
                "Birmingham 20 (proposed) · Birmingam 7 (one letter)",
                "Edinburgh 20 (proposed) · Edinburg 4 (one letter)",
                "Münster 17 (proposed) · Muenster 4 (one letter)",
                "Koeln 3 (proposed) · Köln 2 (one letter)",
            ]
        );
        assert!(cities(&many(&[("Christian", 9), ("Christiane", 4)]))?.is_empty());
        assert!(cities(&many(&[("Château Test 12", 1), ("Château Test 112", 30)]))?.is_empty());
        assert!(cities(&many(&[("Cuvée 1212", 1), ("Cuvée 12121", 30)]))?.is_empty());
        assert!(cities(&many(&[("Bauer", 9), ("Baur", 4)]))?.is_empty(), "neither has an umlaut");
        Ok(())
    }

    #[test]
    fn a_chain_of_slips_does_not_lead_from_one_town_to_another() -> Result<()> {
        let texts = [vec!["Marles"; 20], vec!["Merles"; 2], vec!["Merlys"]].concat();
        assert_eq!(cities(&texts)?, ["Marles 20 (proposed) · Merles 2 (one letter)"]);
        Ok(())
    }

    #[test]
    fn the_enumeration_s_spelling_is_proposed_though_no_row_has_it() -> Result<()> {
        let (store, schema) = bench(
            "('a', 'Rouge', NULL::VARCHAR[]), ('b', 'Rouge', NULL), ('c', 'rougee', NULL), ('d', 'blanc', NULL)",
        )?;
        let found = clusters(&store, &schema, "people", "colour")?;
        assert_eq!(shown(&found), ["rouge 0 (proposed) · Rouge 2 (same words) · rougee 1 (one letter)"]);
        Ok(())
    }

    #[test]
    fn spellings_are_found_within_lists() -> Result<()> {
        let (store, schema) = bench(
            "('a', NULL, ['Riesling', 'Pinot gris']), ('b', NULL, ['riesling']), ('c', NULL, ['Riesling', 'RIESLING'])",
        )?;
        let found = clusters(&store, &schema, "people", "grapes")?;
        assert_eq!(shown(&found), ["Riesling 2 (proposed) · RIESLING 1 (same words) · riesling 1 (same words)"]);
        let fields: Vec<(String, u64)> =
            text_fields(&store, &schema)?.into_iter().map(|field| (field.field, field.values)).collect();
        assert_eq!(fields, [("city".to_owned(), 3), ("grapes".to_owned(), 3)], "no row has a colour");
        Ok(())
    }
}
