//! The vocabulary of transforms: named, documented functions from source text to a value.
//!
//! Adding one is one file with a `pub const TRANSFORM` and one line in [`REGISTRY`]; help, the docs page, the picker
//! and the tests come from there. A transform compiles to a SQL expression; `stages::map` puts it into its place.

mod arguments;
mod boolean;
mod bottles_75cl;
mod coalesce;
mod collapse_spaces;
mod concat;
mod constant;
mod country;
mod date;
mod decimal;
mod default;
mod docs;
mod email;
mod extract;
mod fill;
mod first_word;
mod integer;
pub mod looks;
mod lowercase;
mod map_values;
mod moment;
mod not;
mod null_if;
mod number;
mod phone;
mod postal_code;
mod prefix;
mod remove_accents;
mod remove_special_chars;
mod replace;
mod rest;
mod split_list;
mod sql;
mod suffix;
mod text;
mod timestamp;
mod title_case;
mod trim;
mod uppercase;
mod year;

pub use arguments::Arguments;
pub use docs::{entry, reference};
pub use fill::{asked, filled, written};
pub use text::folded;

use crate::error::{Error, Result, nearest};
use crate::model::{FieldType, Step};
use crate::store::Function;

/// One entry of the vocabulary.
pub struct Transform {
    /// The name in mappings.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// What a person must know to use it: formats, units, what counts as unreadable.
    pub docs: &'static str,
    /// How many columns it takes.
    pub inputs: Inputs,
    /// The type of what comes out.
    pub output: FieldType,
    /// What it reads, in words, where text can come out as no value because it cannot be read; such a cell is the anomaly
    /// `unreadable-value`.
    pub reads: Option<&'static str>,
    /// What can be said about it in a mapping.
    pub arguments: &'static [Argument],
    /// What goes in and what comes out; executed as tests.
    pub examples: &'static [Example],
    /// The SQL expression for these inputs, each itself a SQL expression of type VARCHAR. Call it through
    /// [`Transform::expression`], which checks the arguments first.
    pub compile: fn(inputs: &[String], arguments: &Arguments) -> Result<String>,
    /// The Rust functions that the expression calls.
    pub functions: &'static [Function],
}

impl Transform {
    /// The SQL expression for these inputs, each itself a SQL expression of type VARCHAR; an error that names what is
    /// wrong with the arguments or the number of columns.
    pub fn expression(&self, inputs: &[String], value: Option<&toml::Value>) -> Result<String> {
        let arguments = Arguments { transform: self.name, value };
        match (self.inputs, inputs.len()) {
            (Inputs::None, _) | (Inputs::One, 1) | (Inputs::Beside(_), 1 | 2) | (Inputs::Many, 1..) => {}
            (Inputs::One | Inputs::Beside(_) | Inputs::Many, 0) => return Err(arguments.wrong("needs a column")),
            (Inputs::Beside(what), _) => {
                return Err(arguments.wrong(&format!("takes one column, and behind it at most one with {what}")));
            }
            (Inputs::One, _) => {
                return Err(arguments
                    .wrong("takes one column")
                    .hint("join several with \"concat\" or \"coalesce\" first"));
            }
        }
        arguments.check()?;
        (self.compile)(inputs, &arguments)
    }
}

/// How many columns a transform takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inputs {
    /// None at all; such a transform can only stand first.
    None,
    /// Exactly one.
    One,
    /// One, and behind it perhaps another that says how it is to be read, with what it says in words.
    Beside(&'static str),
    /// One or more; such a transform can only stand first.
    Many,
}

impl Inputs {
    /// Whether such a transform can only stand first.
    pub fn stands_first(self) -> bool {
        matches!(self, Inputs::None | Inputs::Many)
    }
}

/// How many of a field's columns hold what the field becomes; the one behind them, if there is one, says only how that is to
/// be read.
pub fn text_columns(steps: &[Step], columns: usize) -> usize {
    let mut inputs = steps.iter().filter_map(|step| find(&step.name).ok()).map(|transform| transform.inputs);
    let joins = inputs.clone().next().is_some_and(|first| first == Inputs::Many);
    let beside = !joins && columns == 2 && inputs.any(|inputs| matches!(inputs, Inputs::Beside(_)));
    columns - usize::from(beside)
}

/// Something that can be said about a transform in a mapping.
pub struct Argument {
    /// Its name; the first argument of a transform may be written alone and without its name. `*` for names of the
    /// user's own.
    pub name: &'static str,
    /// What it is, with its default.
    pub help: &'static str,
    /// Whether it must be given.
    pub required: bool,
    /// What is written for it.
    pub takes: Takes,
}

/// What is written for an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// A text.
    Text,
    /// A text or a list of them.
    Texts,
    /// A whole number.
    Number,
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// A table of texts and what they become.
    Pairs,
}

/// What goes in and what comes out.
pub struct Example {
    /// The arguments as they stand in a mapping, a TOML value; empty for none.
    pub arguments: &'static str,
    /// The texts of the columns.
    pub inputs: &'static [Option<&'static str>],
    /// The value as text; `None` for no value.
    pub output: Option<&'static str>,
}

/// All transforms, in the order of the docs.
pub static REGISTRY: &[&Transform] = &[
    &trim::TRANSFORM,
    &collapse_spaces::TRANSFORM,
    &lowercase::TRANSFORM,
    &uppercase::TRANSFORM,
    &title_case::TRANSFORM,
    &remove_accents::TRANSFORM,
    &remove_special_chars::TRANSFORM,
    &null_if::TRANSFORM,
    &default::TRANSFORM,
    &constant::TRANSFORM,
    &prefix::TRANSFORM,
    &suffix::TRANSFORM,
    &replace::TRANSFORM,
    &extract::TRANSFORM,
    &map_values::TRANSFORM,
    &split_list::TRANSFORM,
    &first_word::TRANSFORM,
    &rest::TRANSFORM,
    &concat::TRANSFORM,
    &coalesce::TRANSFORM,
    &integer::TRANSFORM,
    &decimal::TRANSFORM,
    &boolean::TRANSFORM,
    &not::TRANSFORM,
    &date::TRANSFORM,
    &timestamp::TRANSFORM,
    &year::TRANSFORM,
    &email::TRANSFORM,
    &phone::TRANSFORM,
    &postal_code::TRANSFORM,
    &country::TRANSFORM,
    &bottles_75cl::TRANSFORM,
    &sql::TRANSFORM,
];

/// The transform of that name, or an error that names the nearest one.
pub fn find(name: &str) -> Result<&'static Transform> {
    REGISTRY.iter().copied().find(|transform| transform.name == name).ok_or_else(|| {
        let error = Error::config(format!("there is no transform \"{name}\""));
        match nearest(name, REGISTRY.iter().map(|transform| transform.name)) {
            Some(near) => error.hint(format!("did you mean \"{near}\"?")),
            None => error.hint("`tastevin transforms list` shows them all"),
        }
    })
}

/// Whether the transform `boolean` reads the text without the help of arguments.
pub fn is_yes_or_no(text: &str) -> bool {
    boolean::is_word(text.trim())
}

/// Whether the transform `integer` reads the text.
pub fn is_whole_number(text: &str) -> bool {
    number::integer(text, "").is_some()
}

/// What the transform `decimal` reads the text as.
pub fn number(text: &str) -> Option<f64> {
    number::decimal(text, "").map(|value| value as f64 / 10_000.0)
}

/// All Rust functions that transforms call, for opening a store.
pub fn functions() -> Vec<Function> {
    REGISTRY.iter().flat_map(|transform| transform.functions).chain([&looks::LOOKS]).copied().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::error::Kind;
    use crate::sql::Literal;
    use crate::store::Store;

    fn store() -> Result<Store> {
        Store::in_memory(&functions())
    }

    fn arguments(written: &str) -> Result<Option<toml::Value>> {
        if written.is_empty() {
            return Ok(None);
        }
        let table: toml::Table = toml::from_str(&format!("a = {written}"))
            .map_err(|cause| Error::internal("an example is no TOML").caused_by(cause))?;
        Ok(table.get("a").cloned())
    }

    #[test]
    fn names_are_unique_and_lower_snake_case_and_have_docs() {
        let mut names = HashSet::new();
        for transform in REGISTRY {
            let name = transform.name;
            assert!(names.insert(name), "{name} is there twice");
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{name}");
            assert!(transform.summary.ends_with('.') && !transform.docs.is_empty(), "{name} needs words");
            assert!(transform.examples.len() >= 2, "{name} needs two examples");
            assert!(transform.arguments.iter().all(|argument| argument.help.ends_with('.')), "{name}");
        }
    }

    #[test]
    fn functions_are_unique_and_cannot_collide_with_those_of_duckdb() {
        let mut names = HashSet::new();
        for function in functions() {
            assert!(names.insert(function.name), "{} is there twice", function.name);
            assert!(function.name.starts_with("tv_") || function.name == "bottles_75cl", "{}", function.name);
        }
    }

    #[test]
    fn every_example_comes_out_as_written() -> Result<()> {
        let store = store()?;
        let mut wrong = Vec::new();
        for transform in REGISTRY {
            for example in transform.examples {
                let names: Vec<String> = (0..example.inputs.len()).map(|n| format!("c{n}")).collect();
                let value = arguments(example.arguments)?;
                let expression = transform.expression(&names, value.as_ref())?;
                let texts: Vec<String> = example
                    .inputs
                    .iter()
                    .map(|input| input.map_or("NULL".to_owned(), |text| Literal(text).to_string()) + "::VARCHAR")
                    .collect();
                let columns: Vec<String> =
                    texts.iter().zip(&names).map(|(text, name)| format!("{text} AS {name}")).collect();
                let from =
                    if columns.is_empty() { String::new() } else { format!(" FROM (SELECT {})", columns.join(", ")) };
                let query = format!("SELECT {expression} AS v{from}");
                let page = store.texts(&query)?;
                if page.get(0, "v") != example.output {
                    wrong.push(format!(
                        "{} {} of {:?} is {:?}, not {:?}",
                        transform.name,
                        example.arguments,
                        example.inputs,
                        page.get(0, "v"),
                        example.output
                    ));
                }
                let types: Vec<_> = store.columns(&query)?.into_iter().map(|(_, kind)| kind).collect();
                assert_eq!(types, [transform.output.sql()], "{} gives another type", transform.name);
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    }

    #[test]
    fn a_transform_that_cannot_fail_gives_a_value_for_every_example_with_text() {
        // These take some texts for absent on purpose.
        let absent = ["null_if", "extract", "rest", "concat", "coalesce"];
        for transform in
            REGISTRY.iter().filter(|transform| transform.reads.is_none() && !absent.contains(&transform.name))
        {
            for example in transform.examples {
                let text = example.inputs.iter().flatten().any(|text| !text.trim().is_empty());
                assert!(!text || example.output.is_some(), "{} {:?}", transform.name, example.inputs);
            }
        }
    }

    #[test]
    fn a_transform_that_reads_shows_what_it_cannot_read() {
        for transform in REGISTRY.iter().filter(|transform| transform.reads.is_some()) {
            let unread = |example: &&Example| example.output.is_none() && example.inputs.iter().all(Option::is_some);
            assert!(transform.examples.iter().any(|example| unread(&example)), "{}", transform.name);
        }
    }

    #[test]
    fn every_transform_survives_awkward_texts() -> Result<()> {
        let store = store()?;
        let long = "9".repeat(5000);
        let awkward = [
            "",
            " ",
            "\u{feff}",
            "\0",
            "'",
            "\"",
            "é",
            "e\u{301}",
            "\u{1f377}",
            "-",
            "+",
            "(",
            ".",
            ",",
            "€",
            "x",
            "<>",
            &long,
        ];
        for transform in REGISTRY {
            // Of a transform that must be told something, the first example says it.
            let value = arguments(transform.examples[0].arguments)?;
            for text in awkward {
                let expression = transform.expression(&["t".to_owned()], value.as_ref())?;
                store.texts(&format!("SELECT {expression} AS v FROM (SELECT {} AS t)", Literal(text)))?;
            }
        }
        Ok(())
    }

    #[test]
    fn an_unknown_argument_is_refused_and_the_nearest_one_named() -> Result<()> {
        let value = arguments("{ regoin = \"FR\" }")?;
        let Err(error) = phone::TRANSFORM.expression(&["c".to_owned()], value.as_ref()) else {
            return Err(Error::internal("the slip was accepted"));
        };
        assert_eq!(error.kind(), Kind::Config);
        assert_eq!(error.to_string(), "transform \"phone\" knows no argument \"regoin\"");
        assert_eq!(error.hints().last().map(String::as_str), Some("did you mean \"region\"?"));
        Ok(())
    }

    #[test]
    fn missing_superfluous_and_mistyped_arguments_are_refused() -> Result<()> {
        for (transform, written) in [
            ("prefix", ""),
            ("prefix", "3"),
            ("trim", "\"x\""),
            ("trim", "{ a = 1 }"),
            ("null_if", "[]"),
            ("map_values", ""),
            ("map_values", "{ a = 1 }"),
            ("map_values", "{ a = \"\" }"),
            ("map_values", "{ values = { a = \"b\" }, otherwhise = \"c\" }"),
            ("split_list", "\"\""),
            ("replace", "[\"\", \"x\"]"),
            ("replace", "[\"a\", \"b\", \"c\"]"),
            ("extract", "\"(\""),
            ("extract", "{ pattern = \"a\", group = 1 }"),
            ("decimal", "\";\""),
            ("date", "\"%d/%m/%Q\""),
            ("phone", "\"France\""),
            ("country", "\"alpha4\""),
        ] {
            let value = arguments(written)?;
            let outcome = find(transform)?.expression(&["c".to_owned()], value.as_ref());
            assert_eq!(outcome.map_err(|error| error.kind()), Err(Kind::Config), "{transform} {written}");
        }
        Ok(())
    }

    #[test]
    fn the_number_of_columns_is_checked() {
        assert!(trim::TRANSFORM.expression(&[], None).is_err());
        assert!(trim::TRANSFORM.expression(&["a".to_owned(), "b".to_owned()], None).is_err());
        assert!(concat::TRANSFORM.expression(&[], None).is_err());
    }

    #[test]
    fn a_slip_in_a_name_is_told_the_nearest_one() {
        let hint = find("decimale").err().map(|error| error.hints().join(" "));
        assert_eq!(hint.as_deref(), Some("did you mean \"decimal\"?"));
    }
}
