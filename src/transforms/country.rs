//! `country`: any name or code of a country to the one we write.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::text::{folded, trimmed};
use super::{Argument, Example, Inputs, Takes, Transform};
use crate::model::FieldType;
use crate::sql::Literal;
use crate::store::{Call, Function};

/// What can be written for a country.
const FORMS: [&str; 3] = ["name", "alpha2", "alpha3"];

pub const TRANSFORM: Transform = Transform {
    name: "country",
    summary: "Reads a country by name or code, in French or English.",
    docs: "Knows the codes of ISO 3166-1, the French and English names of the Unicode CLDR, and usual other spellings (UK, \
           USA, Angleterre, Hollande, R.F.A.), without regard to case, accents and punctuation. The value is the French \
           short name, as in France, États-Unis, Côte d'Ivoire, or one of the codes. Anything else is unreadable.",
    inputs: Inputs::One,
    output: FieldType::Text,
    reads: Some("a country"),
    arguments: &[Argument {
        name: "as",
        help: "What to write: \"name\" (the French one), \"alpha2\" (FR) or \"alpha3\" (FRA); default \"name\".",
        required: false,
        takes: Takes::Choice(&FORMS),
    }],
    examples: &[
        Example { arguments: "", inputs: &[Some("FRANCE")], output: Some("France") },
        Example { arguments: "", inputs: &[Some("fr")], output: Some("France") },
        Example { arguments: "", inputs: &[Some(" Deutschland\u{a0}")], output: Some("Allemagne") },
        Example { arguments: "", inputs: &[Some("Etats-Unis")], output: Some("États-Unis") },
        Example { arguments: "", inputs: &[Some("U.S.A.")], output: Some("États-Unis") },
        Example { arguments: "", inputs: &[Some("Angleterre")], output: Some("Royaume-Uni") },
        Example { arguments: "", inputs: &[Some("the Netherlands")], output: Some("Pays-Bas") },
        Example { arguments: "", inputs: &[Some("COTE D’IVOIRE")], output: Some("Côte d'Ivoire") },
        Example { arguments: "\"alpha2\"", inputs: &[Some("Suisse")], output: Some("CH") },
        Example { arguments: "{ as = \"alpha3\" }", inputs: &[Some("UK")], output: Some("GBR") },
        Example { arguments: "", inputs: &[Some("Alsace")], output: None },
        Example { arguments: "", inputs: &[Some("?")], output: None },
        Example { arguments: "", inputs: &[None], output: None },
    ],
    compile: |inputs, arguments| {
        let form = arguments.choice("as", &FORMS)?;
        Ok(format!("tv_country({}, {})", inputs[0], Literal(form)))
    },
    functions: &[Function { name: "tv_country", call: Call::Two(country) }],
};

/// What is known of a country.
struct Country {
    alpha2: &'static str,
    alpha3: &'static str,
    french: &'static str,
}

/// The countries by every spelling, folded, and by their French names as written.
static COUNTRIES: LazyLock<HashMap<String, Country>> = LazyLock::new(|| {
    let mut countries = HashMap::new();
    for line in include_str!("countries.tsv").lines().filter(|line| !line.starts_with('#')).skip(1) {
        if let [alpha2, alpha3, french, english, aliases] = line.split('\t').collect::<Vec<_>>()[..] {
            let country = || Country { alpha2, alpha3, french };
            countries.insert(french.to_owned(), country());
            for name in [alpha2, alpha3, french, english].into_iter().chain(aliases.split('|')) {
                countries.insert(folded(name), country());
            }
        }
    }
    countries.remove("");
    countries
});

/// Whether the text names a country.
pub(super) fn is_known(text: &str) -> bool {
    find(text).is_some()
}

/// The code of two letters of a country by any of its names.
pub(super) fn alpha2(text: &str) -> Option<&'static str> {
    find(text).map(|country| country.alpha2)
}

fn find(text: &str) -> Option<&'static Country> {
    // Most rows already say it as we do.
    COUNTRIES.get(trimmed(text)).or_else(|| {
        let name = folded(text);
        COUNTRIES.get(&name).or_else(|| COUNTRIES.get(name.strip_prefix("the ")?))
    })
}

fn country(text: &str, form: &str) -> Option<String> {
    let country = find(text)?;
    let value = match form {
        "alpha2" => country.alpha2,
        "alpha3" => country.alpha3,
        _ => country.french,
    };
    Some(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_data_has_five_parts_and_no_spelling_means_two_countries() {
        let mut owners: HashMap<String, &str> = HashMap::new();
        for line in include_str!("countries.tsv").lines().filter(|line| !line.starts_with('#')).skip(1) {
            let parts: Vec<_> = line.split('\t').collect();
            assert_eq!(parts.len(), 5, "{line}");
            assert_eq!((parts[0].len(), parts[1].len()), (2, 3), "{line}");
            for name in parts[..4].iter().copied().chain(parts[4].split('|')).filter(|name| !name.is_empty()) {
                let owner = owners.insert(folded(name), parts[0]);
                assert!(owner.is_none_or(|owner| owner == parts[0]), "{name} is {owner:?} and {}", parts[0]);
                assert_eq!(country(name, "alpha2").as_deref(), Some(parts[0]), "{name}");
            }
        }
        assert_eq!(owners.values().collect::<std::collections::HashSet<_>>().len(), 250);
    }
}
