//! Misread: what is wrong with a TOML file of a workspace, by key, with what belongs there and an example. Neighbour: whoever
//! reads one, with a list of examples for its keys.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml_edit::{Document, Item, TableLike, Value};

use super::{Error, Result, nearest};

/// By the way to a key, `*` for any part of it, what a person could write there, as TOML.
pub type Examples = &'static [(&'static str, &'static str)];

/// Reads a text.
///
/// # Errors
/// It is no TOML, or not what is expected: with line, key, what was expected and how it could be written.
pub fn read<T: DeserializeOwned>(text: &str, examples: Examples) -> Result<T> {
    toml::from_str(text).map_err(|cause| told(text, &[], &cause, examples))
}

/// Reads a part of a text that was read as TOML before, which stands there under the key `within`; what is wrong is told by its
/// key alone.
///
/// # Errors
/// It is not what is expected.
pub fn read_table<T: DeserializeOwned>(table: &toml::Table, within: &[&str], examples: Examples) -> Result<T> {
    // Written out, values come before tables, and the order in which they stand is lost.
    if let Ok(read) = table.clone().try_into() {
        return Ok(read);
    }
    let text = toml::to_string(table).map_err(|cause| Error::internal("a part of a file").caused_by(cause))?;
    toml::from_str(&text).map_err(|cause| told(&text, within, &cause, examples).at_line_if(None))
}

fn told(text: &str, within: &[&str], cause: &toml::de::Error, examples: Examples) -> Error {
    let span = cause.span().unwrap_or_default();
    let line = cause.span().map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count() as u64);
    let Some(way) = way_to(text, &span) else {
        // Without a key it is no TOML at all.
        let error = Error::config(format!("this is no TOML: {}", cause.message()));
        return error.at_line_if(line).hint("a key and its value stand on a line: name = \"value\"");
    };
    let way: Vec<String> = within.iter().map(|part| (*part).to_owned()).chain(way).collect();
    let written = text.get(span).unwrap_or_default();
    let error = match Wrong::of(cause.message(), &way) {
        Wrong::Type(expected) => {
            let (key, written) = (last(&way), shown(written));
            let example = of_key(&way, examples).map_or_else(|| like(expected, written), str::to_owned);
            Error::config(format!("{key} = {written}, where {expected} is expected"))
                .hint(format!("write it like {key} = {example}"))
        }
        Wrong::Key(key, known) => {
            let place = place_of(&way[..way.len().saturating_sub(1)]);
            let error = Error::config(format!("there is no key \"{key}\" {place}"));
            let error = match nearest(key, known.iter().copied()) {
                Some(near) => error.hint(format!("did you mean \"{near}\"?")),
                None => error,
            };
            if known.is_empty() { error } else { error.hint(format!("the keys are: {}", known.join(", "))) }
        }
        Wrong::Word(word, known) => {
            let error = Error::config(format!("{} = \"{word}\" is none of {}", last(&way), known.join(", ")));
            let near = nearest(word, known.iter().copied()).or(known.first().copied()).unwrap_or_default();
            error.hint(format!("write it like {} = \"{near}\"", last(&way)))
        }
        Wrong::Missing(key) => {
            let whole: Vec<String> = way.iter().cloned().chain([key.to_owned()]).collect();
            let error = Error::config(format!("{key} is missing {}", place_of(&way)));
            match of_key(&whole, examples) {
                Some(example) if example.starts_with('[') && !example.starts_with("[\"") => {
                    error.hint(format!("write {example}"))
                }
                Some(example) => error.hint(format!("add {key} = {example}")),
                None => error.hint(format!("add {key} = \"…\"")),
            }
        }
        Wrong::Other(said) => {
            let error = Error::config(said.to_owned());
            match of_key(&way, examples) {
                Some(example) => error.hint(format!("write it like {} = {example}", last(&way))),
                None => error,
            }
        }
    };
    let error = error.at_line_if(line).at_key(way.iter().map(String::as_str));
    if way.is_empty() { error } else { error.at_column(way.join(".")) }
}

/// What the reader found wrong.
enum Wrong<'m> {
    /// A value of another type; what was expected, in words.
    Type(&'m str),
    /// A key that is not known, and those that are.
    Key(&'m str, Vec<&'m str>),
    /// A word that is not known, and those that are.
    Word(&'m str, Vec<&'m str>),
    /// A key that must be there.
    Missing(&'m str),
    /// In its own words.
    Other(&'m str),
}

impl<'m> Wrong<'m> {
    /// Takes the reader's message apart.
    fn of(message: &'m str, way: &[String]) -> Wrong<'m> {
        let message = message.lines().next().unwrap_or_default();
        let quoted = |text: &'m str| -> Vec<&'m str> { text.split('`').skip(1).step_by(2).collect() };
        if let Some(expected) = ["invalid type: ", "invalid value: ", "invalid length "]
            .iter()
            .find_map(|start| message.strip_prefix(start)?.rsplit_once(", expected "))
            .map(|(_, expected)| expected)
            && !way.is_empty()
        {
            return Wrong::Type(match expected {
                "a string" | "string" | "a borrowed string" => "a text in quotes",
                "a boolean" => "true or false",
                "a nonzero u32" => "a whole number from 1 on",
                "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative",
                "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
                "f32" | "f64" => "a number",
                "a sequence" => "a list",
                "a map" => "a table",
                other if other.starts_with("struct ") => "a table",
                other => other,
            });
        }
        if let Some(rest) = message.strip_prefix("unknown field ") {
            let mut names = quoted(rest).into_iter();
            return Wrong::Key(names.next().unwrap_or_default(), names.collect());
        }
        if let Some(rest) = message.strip_prefix("unknown variant ") {
            let mut names = quoted(rest).into_iter();
            return Wrong::Word(names.next().unwrap_or_default(), names.collect());
        }
        match message.strip_prefix("missing field ").map(quoted) {
            Some(names) => Wrong::Missing(names.first().copied().unwrap_or_default()),
            None => Wrong::Other(message),
        }
    }
}

/// The way to the innermost key or value at a place of a text; empty for the text as a whole, none where it is no TOML.
fn way_to(text: &str, span: &Range<usize>) -> Option<Vec<String>> {
    let document = Document::parse(text).ok()?;
    // What is about the whole has no place in it.
    if span.is_empty() || span.start == 0 && span.end >= text.trim_end().len() {
        return Some(Vec::new());
    }
    let mut found = Found { at: span.start, best: None };
    let mut way = Vec::new();
    found.within(document.as_table(), &mut way);
    Some(found.best.map(|(_, way)| way).unwrap_or_default())
}

/// The search for the innermost span around a place.
struct Found {
    at: usize,
    best: Option<(usize, Vec<String>)>,
}

impl Found {
    fn look(&mut self, span: Option<Range<usize>>, way: &[String]) {
        let Some(span) = span.filter(|span| span.contains(&self.at)) else { return };
        // Of two that begin and end together the inner one comes later.
        if self.best.as_ref().is_none_or(|(length, _)| span.len() <= *length) {
            self.best = Some((span.len(), way.to_vec()));
        }
    }

    fn within(&mut self, table: &dyn TableLike, way: &mut Vec<String>) {
        for (name, item) in table.iter() {
            way.push(name.to_owned());
            self.look(table.key(name).and_then(toml_edit::Key::span), way);
            self.item(item, way);
            way.pop();
        }
    }

    fn item(&mut self, item: &Item, way: &mut Vec<String>) {
        self.look(item.span(), way);
        if let Some(table) = item.as_table_like() {
            self.within(table, way);
        } else if let Some(tables) = item.as_array_of_tables() {
            for (at, table) in tables.iter().enumerate() {
                way.push(at.to_string());
                self.look(table.span(), way);
                self.within(table, way);
                way.pop();
            }
        } else if let Some(list) = item.as_array() {
            for (at, value) in list.iter().enumerate() {
                way.push(at.to_string());
                self.look(value.span(), way);
                if let Value::InlineTable(table) = value {
                    self.within(table, way);
                }
                way.pop();
            }
        }
    }
}

/// The example for a key.
fn of_key(way: &[String], examples: Examples) -> Option<&'static str> {
    let fits = |pattern: &str| {
        let parts: Vec<&str> = pattern.split('.').collect();
        parts.len() == way.len() && parts.iter().zip(way).all(|(part, name)| *part == "*" || part == name)
    };
    examples.iter().find(|(pattern, _)| fits(pattern)).map(|(_, example)| *example)
}

/// The key at the end of a way, not the place in a list.
fn last(way: &[String]) -> &str {
    way.iter().rev().find(|part| part.parse::<usize>().is_err()).map_or("it", String::as_str)
}

fn place_of(way: &[String]) -> String {
    match way {
        [] => "at the top of the file".to_owned(),
        way => format!("in [{}]", way.join(".")),
    }
}

/// What is written, on one line.
fn shown(written: &str) -> &str {
    let line = written.lines().next().unwrap_or_default().trim();
    line.char_indices().nth(60).map_or(line, |(at, _)| &line[..at])
}

/// What could have been meant by a value of the wrong type.
fn like(expected: &str, written: &str) -> String {
    let bare = written.trim_matches(['"', '\'']);
    match expected {
        "a text in quotes" => format!("\"{}\"", if bare.contains(['[', '{', '"', '\\']) { "…" } else { bare }),
        "true or false" => "true".to_owned(),
        "a list" => format!("[{}]", if written.starts_with('"') { written } else { "\"…\"" }),
        "a table" => "{ … }".to_owned(),
        _ => bare.parse::<f64>().map_or_else(|_| "10".to_owned(), |_| bare.trim_start_matches('-').to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct File {
        gate: Gate,
        #[serde(default)]
        list: Vec<Gate>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Gate {
        most: String,
        #[serde(default)]
        all: bool,
        #[serde(default)]
        number: u32,
        #[serde(default)]
        names: Vec<String>,
        #[serde(default)]
        word: Word,
    }

    #[derive(Debug, Default, serde::Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Word {
        #[default]
        Error,
        Never,
    }

    const EXAMPLES: Examples = &[("gate.most", "\"5%\""), ("gate", "[gate] with most = \"5%\"")];

    fn said(text: &str) -> String {
        let error = read::<File>(text, EXAMPLES).unwrap_err();
        format!("{error} | {}", error.hints().join(" | "))
    }

    #[test]
    fn what_is_wrong_is_told_with_line_key_what_was_expected_and_an_example() {
        for (text, expected) in [
            (
                "[gate]\nmost = 0.2",
                "[gate.most]: most = 0.2, where a text in quotes is expected | write it like most = \"5%\"",
            ),
            (
                "[gate]\nmost = \"1\"\nall = \"yes\"",
                "[gate.all]: all = \"yes\", where true or false is expected | write it like all = true",
            ),
            (
                "gate = { most = \"1\", number = -4 }",
                "[gate.number]: number = -4, where a whole number that is not negative is expected | write it like number = 4",
            ),
            (
                "[gate]\nmost = \"1\"\nnames = \"a\"",
                "[gate.names]: names = \"a\", where a list is expected | write it like names = [\"a\"]",
            ),
            (
                "[gate]\nmost = \"1\"\nword = \"errors\"",
                "[gate.word]: word = \"errors\" is none of error, never | write it like word = \"error\"",
            ),
            (
                "[gate]\nmsot = \"1\"",
                "[gate.msot]: there is no key \"msot\" in [gate] | did you mean \"most\"? | the keys are: most, all, number, names, word",
            ),
            ("[gate]\nall = true", "[gate]: most is missing in [gate] | add most = \"5%\""),
            ("list = []", "gate is missing at the top of the file | write [gate] with most = \"5%\""),
            (
                "[gate]\nmost = \"1\"\n[[list]]\nmost = \"2\"\n[[list]]\nmost = 3",
                "[list.1.most]: most = 3, where a text in quotes is expected | write it like most = \"3\"",
            ),
            (
                "[gate",
                "this is no TOML: unclosed table, expected `]` | a key and its value stand on a line: name = \"value\"",
            ),
        ] {
            assert_eq!(said(text), expected, "{text}");
        }
    }

    #[test]
    fn the_line_is_that_of_the_key() {
        let line = |text: &str| read::<File>(text, EXAMPLES).unwrap_err().place().line;
        assert_eq!(line("[gate]\nmost = \"1\"\n\nnumber = \"x\""), Some(4));
        let table = "most = 1\n".parse::<toml::Table>().unwrap();
        let error = read_table::<Gate>(&table, &["gate"], EXAMPLES).unwrap_err();
        let said = "[gate.most]: most = 1, where a text in quotes is expected";
        assert_eq!(
            (error.place().line, error.to_string().as_str(), error.hints()[0].as_str()),
            (None, said, "write it like most = \"5%\"")
        );
    }
}
