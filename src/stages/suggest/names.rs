//! Names: how like a column's header is to the names under which a field is known, through abbreviations and word order.

use std::collections::HashMap;

use super::senses::Sense;
use crate::model::{FieldType, Schema, Table, column_key};

/// Words that only join others, in French and English.
const JOINING: [&str; 22] = [
    "de", "du", "des", "d", "la", "le", "les", "l", "en", "et", "a", "au", "aux", "par", "pour", "of", "the", "for",
    "to", "in", "and", "is",
];

/// Words that say of an amount how it is meant.
const QUALIFYING: [&str; 10] = ["ht", "ttc", "eur", "euro", "euros", "tva", "net", "brut", "excl", "incl"];

/// Words that say that something is told apart by it.
const IDENTIFYING: [&str; 13] =
    ["id", "code", "key", "no", "n", "nr", "num", "numero", "number", "ref", "reference", "identifiant", "identifier"];

/// From which likeness on two names are said to be alike at all.
pub const LIKE: f64 = 0.3;

/// How like two names are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Likeness {
    /// From 0 to 1, which is the same name.
    pub score: f64,
    /// The name of the field that is most like the column's.
    pub name: String,
    /// Whether the column says the opposite of that name: a yes in it is a no of the field.
    pub contrary: bool,
}

/// The names of a table's fields.
pub struct Vocabulary {
    fields: Vec<Names>,
    weights: HashMap<String, f64>,
}

/// The names of one field.
struct Names {
    names: Vec<Name>,
    /// Whether the field says yes or no, so that what says the opposite of a name still says something of the field.
    yes_or_no: bool,
}

struct Name {
    written: String,
    words: Vec<String>,
    sense: Sense,
}

impl Name {
    fn new(written: &str) -> Name {
        let words = words(written);
        Name { written: written.to_owned(), sense: Sense::of(&words), words }
    }
}

impl Vocabulary {
    /// The names of the fields of one table of the schema.
    pub fn new(schema: &Schema, table_name: &str, table: &Table) -> Vocabulary {
        let names = |(field, declared): (&String, &crate::model::Field)| {
            // A reference is known by the names of what it refers to as well.
            let target = declared.references.as_ref().and_then(|to| schema.field(&to.table, &to.field));
            let synonyms = declared.synonyms.iter().chain(target.iter().flat_map(|target| &target.synonyms));
            Names {
                names: std::iter::once(field).chain(synonyms).map(|name| Name::new(name)).collect(),
                yes_or_no: declared.kind == FieldType::Boolean,
            }
        };
        let fields: Vec<Names> = table.fields.iter().map(names).collect();
        let mut weights: HashMap<String, f64> = HashMap::new();
        // A word that names many fields says little about each.
        for Names { names, .. } in &fields {
            let mut own: Vec<&String> = names.iter().flat_map(|name| &name.words).collect();
            own.sort();
            own.dedup();
            for word in own {
                *weights.entry(word.clone()).or_default() += 1.0;
            }
        }
        for weight in weights.values_mut() {
            *weight = 1.0 / (1.0 + 0.35 * weight.ln());
        }
        // What the table is called goes without saying.
        for name in std::iter::once(table_name).chain(table.synonyms.iter().map(String::as_str)) {
            for word in words(name) {
                weights.insert(word, 0.45);
            }
        }
        // Words of other tables tell that a column is about something else.
        for (other, declared) in schema.tables.iter().filter(|(other, _)| *other != table_name) {
            for name in std::iter::once(other).chain(&declared.synonyms) {
                for word in words(name) {
                    weights.entry(word).or_insert(1.0);
                }
            }
        }
        Vocabulary { fields, weights }
    }

    /// How like the column's name is to the names of each field, in the order of the table.
    pub fn likenesses(&self, column: &str) -> Vec<Likeness> {
        let column = Name::new(column);
        self.fields
            .iter()
            .map(|names| {
                let mut best = Likeness::default();
                let mut letters = 0.0;
                for name in &names.names {
                    let contrary = names.yes_or_no && column.sense.no != name.sense.no;
                    let score = match names.yes_or_no {
                        false if column.sense.opposes(&name.sense) => 0.0,
                        false => self.likeness(&column.words, &name.words),
                        true if contrary => self.likeness(&column.sense.about, &name.sense.about),
                        // However it is said, it says the same.
                        true => {
                            let said = self.likeness(&column.sense.about, &name.sense.about) * 0.95;
                            self.likeness(&column.words, &name.words).max(said)
                        }
                    };
                    // Of names that are as like, the one that is written most like it says most.
                    let written = strsim::jaro_winkler(&column.words.concat(), &name.words.concat());
                    if (score, !contrary, written) > (best.score, !best.contrary, letters) {
                        best = Likeness { score, name: name.written.clone(), contrary };
                        letters = written;
                    }
                }
                // Of what is like nothing it cannot be said that it is the opposite.
                best.contrary &= best.score >= LIKE;
                best
            })
            .collect()
    }

    fn weight(&self, word: &str) -> f64 {
        if JOINING.contains(&word) || word.bytes().all(|byte| byte.is_ascii_digit()) {
            0.15
        } else if QUALIFYING.contains(&word) {
            0.3
        } else if IDENTIFYING.contains(&word) {
            0.7
        } else {
            // A word that nobody knows here may be the export's own way of speaking.
            self.weights.get(word).copied().unwrap_or(0.6)
        }
    }

    fn likeness(&self, column: &[String], name: &[String]) -> f64 {
        let (one, other) = (column.concat(), name.concat());
        if one.is_empty() || other.is_empty() {
            return 0.0;
        }
        if one == other {
            return 1.0;
        }
        let mut free: Vec<&String> = name.iter().collect();
        let (mut matched, mut whole) = (0.0, name.iter().map(|word| self.weight(word)).sum::<f64>());
        for word in column {
            let weight = self.weight(word);
            whole += weight;
            let best = free
                .iter()
                .enumerate()
                .map(|(at, other)| (alike(word, other), at))
                .max_by(|(a, _), (b, _)| a.total_cmp(b))
                .filter(|(score, _)| *score > 0.0);
            if let Some((score, at)) = best {
                matched += score * (weight + self.weight(free.remove(at)));
            }
        }
        let by_words = if whole > 0.0 { matched / whole } else { 0.0 };
        let by_letters = strsim::jaro_winkler(&one, &other);
        let by_letters = if by_letters >= 0.93 && one.len().min(other.len()) >= 5 { by_letters * 0.95 } else { 0.0 };
        by_words.max(by_letters).max(if is_initials(&one, name) { 0.85 } else { 0.0 })
    }
}

/// How like the name of an entity is to the names of a table, 0 to 1.
pub fn table_likeness(entity: &str, table_name: &str, table: &Table) -> f64 {
    let entity = words(entity);
    let names = std::iter::once(table_name).chain(table.synonyms.iter().map(String::as_str));
    let one = |name: &str| {
        let name = words(name);
        let hits: f64 = entity.iter().map(|word| name.iter().map(|other| alike(word, other)).fold(0.0, f64::max)).sum();
        if entity.is_empty() || name.is_empty() {
            0.0
        } else {
            (2.0 * hits / (entity.len() + name.len()) as f64).min(1.0)
        }
    };
    names.map(one).fold(0.0, f64::max)
}

/// How like two headers are, 0 to 1, without a table to go by.
pub fn header_likeness(one: &str, other: &str) -> f64 {
    let (one, other) = (Name::new(one), Name::new(other));
    if one.sense.opposes(&other.sense) {
        return 0.0;
    }
    Vocabulary { fields: Vec::new(), weights: HashMap::new() }.likeness(&one.words, &other.words)
}

/// Whether of two columns of yes and no the one says yes where the other says no, by their headers.
pub fn are_contrary(one: &str, other: &str) -> bool {
    Sense::of(&words(one)).no != Sense::of(&words(other)).no
}

/// The words of a name: small letters without accents, split at signs and at capitals within.
fn words(name: &str) -> Vec<String> {
    let mut spaced = String::with_capacity(name.len() + 8);
    let chars: Vec<char> = name.chars().collect();
    for (at, c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| chars[at]);
        let behind = chars.get(at + 1);
        let starts = before.is_some_and(|before| {
            c.is_uppercase()
                && (before.is_lowercase() || before.is_uppercase() && behind.is_some_and(|c| c.is_lowercase()))
                || c.is_ascii_digit() != before.is_ascii_digit() && c.is_alphanumeric() && before.is_alphanumeric()
        });
        if starts {
            spaced.push(' ');
        }
        spaced.push(*c);
    }
    let key = column_key(&spaced);
    let mut words: Vec<String> = Vec::new();
    for word in key.split('_').filter(|word| !word.is_empty()) {
        match words.last_mut() {
            // However it is written, it is one word.
            Some(last) if last == "e" && word == "mail" => *last = "email".to_owned(),
            _ => words.push(word.to_owned()),
        }
    }
    words
}

/// How like two words are, 0 to 1.
fn alike(one: &str, other: &str) -> f64 {
    if one == other {
        return 1.0;
    }
    let singular = |word: &str| word.strip_suffix(['s', 'x']).unwrap_or(word).to_owned();
    if singular(one) == singular(other) {
        return 0.97;
    }
    if IDENTIFYING.contains(&one) && IDENTIFYING.contains(&other) {
        return 0.8;
    }
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    if !short.is_ascii() || !long.is_ascii() || JOINING.contains(&short) || IDENTIFYING.contains(&short) {
        return 0.0;
    }
    if short.len() >= 2 && long.starts_with(short) {
        return if short.len() >= 3 { 0.92 } else { 0.6 };
    }
    if is_shortened(short, long) {
        return if short.len() >= 3 { 0.8 } else { 0.6 };
    }
    if short.len() >= 5 && strsim::jaro_winkler(short, long) >= 0.92 { 0.85 } else { 0.0 }
}

/// Whether a word is another with letters left out, as `qte` is of `quantite`: it begins alike, and what was left out are
/// vowels above all.
fn is_shortened(short: &str, long: &str) -> bool {
    if short.len() < 2 || short.len() * 10 > long.len() * 7 || short.as_bytes().first() != long.as_bytes().first() {
        return false;
    }
    let mut rest = long.bytes();
    let in_order = short.bytes().all(|byte| rest.by_ref().any(|other| other == byte));
    let vowels = short.bytes().skip(1).filter(|byte| b"aeiouy".contains(byte)).count();
    in_order && vowels * 2 < short.len()
}

/// Whether a text is made of the first letters of a name's words, as `cp` is of `code postal`.
fn is_initials(text: &str, name: &[String]) -> bool {
    let initials: String =
        name.iter().filter(|word| !JOINING.contains(&word.as_str())).filter_map(|word| word.chars().next()).collect();
    initials.len() >= 2 && text == initials
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_split_into_words_however_it_joins_them() {
        assert_eq!(words("CodeCli"), ["code", "cli"]);
        assert_eq!(words("IDClient"), ["id", "client"]);
        assert_eq!(words("N° de téléphone"), ["n", "de", "telephone"]);
        assert_eq!(words("E-mail"), ["email"]);
        assert_eq!(words("adresse2"), ["adresse", "2"]);
        assert!(words("!!").is_empty());
    }

    #[test]
    fn abbreviations_are_like_the_words_that_they_stand_for() {
        for (short, long) in
            [("qte", "quantite"), ("cli", "client"), ("cde", "commande"), ("mt", "montant"), ("desig", "designation")]
        {
            assert!(alike(short, long) >= 0.6, "{short} {long}: {}", alike(short, long));
        }
        for (one, other) in [("nom", "numero"), ("prix", "pays"), ("ville", "vente"), ("de", "date")] {
            assert!(alike(one, other) < 0.5, "{one} {other}: {}", alike(one, other));
        }
        assert!(is_initials("cp", &words("code postal")));
    }

    #[test]
    fn the_field_that_is_meant_is_more_like_the_header_than_all_others() {
        let schema: Schema = toml::from_str(
            r#"
[tables.customers]
synonyms = ["clients"]
[tables.customers.fields]
customer_key = { type = "text", synonyms = ["code client"] }
last_name = { type = "text", synonyms = ["nom"] }
phone = { type = "text", synonyms = ["téléphone"] }
zip_code = { type = "text", synonyms = ["code postal"] }
"#,
        )
        .unwrap();
        let vocabulary = Vocabulary::new(&schema, "customers", &schema.tables["customers"]);
        for (column, field) in
            [("CodeCli", 0), ("Nom client", 1), ("Tel.", 2), ("CP", 3), ("N° Client", 0), ("TELEPHONE", 2), ("Zip", 3)]
        {
            let found = vocabulary.likenesses(column);
            let best = (0..found.len()).max_by(|a, b| found[*a].score.total_cmp(&found[*b].score));
            assert_eq!(best, Some(field), "{column}: {found:?}");
            assert!(found[field].score >= 0.5, "{column}: {found:?}");
        }
        assert!(vocabulary.likenesses("Remarques").iter().all(|likeness| likeness.score < 0.4));
    }

    #[test]
    fn a_header_that_says_the_opposite_is_known_to_say_the_opposite() {
        let schema: Schema = toml::from_str(
            r#"
[tables.customers.fields]
email_opt_out = { type = "boolean", synonyms = ["refus e-mail", "désinscrit", "opt-out", "unsubscribed"] }
active = { type = "boolean", synonyms = ["actif"] }
opt_out_reason = { type = "text" }
"#,
        )
        .unwrap();
        let vocabulary = Vocabulary::new(&schema, "customers", &schema.tables["customers"]);
        for (column, field, contrary) in [
            ("Opt-in?", 0, true),
            ("OptIn", 0, true),
            ("Accepte e-mail", 0, true),
            ("Abonné", 0, true),
            ("Subscribed", 0, true),
            ("Inscrit (oui/non)", 0, true),
            ("Not unsubscribed", 0, true),
            ("Optout", 0, false),
            ("Désabonné", 0, false),
            ("E-mail refusé", 0, false),
            ("UNSUBSCRIBED", 0, false),
            ("Inactif", 1, true),
            ("Non actif", 1, true),
            ("Actif", 1, false),
            ("Is active", 1, false),
        ] {
            let found = vocabulary.likenesses(column);
            assert_eq!(found[field].contrary, contrary, "{column}: {found:?}");
            assert!(found[field].score >= 0.6, "{column}: {found:?}");
        }
        // What is not yes or no cannot be turned round.
        let reasons = vocabulary.likenesses("Opt-in reason");
        assert_eq!((reasons[2].score, reasons[2].contrary), (0.0, false), "{reasons:?}");
    }
}
