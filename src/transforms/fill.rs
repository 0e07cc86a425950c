//! The arguments of a transform as a person fills them in: per argument some lines of text. Neighbour: `arguments`, which
//! reads what stands in a mapping.

use super::arguments::ANY;
use super::{Argument, Arguments, Takes, Transform};
use crate::error::Result;

/// The arguments that a form asks for, in order. Where pairs can be given freely, the name under which they also can
/// stand is not asked for.
pub fn asked(transform: &Transform) -> impl Iterator<Item = &'static Argument> {
    let arguments = transform.arguments;
    let free = arguments.iter().any(|argument| argument.name == ANY);
    arguments.iter().filter(move |argument| !free || argument.name == ANY || argument.takes != Takes::Pairs)
}

/// What stands in a mapping as lines, one list per argument that is asked for; empty where nothing is said.
pub fn filled(transform: &Transform, value: Option<&toml::Value>) -> Vec<Vec<String>> {
    let arguments = Arguments { transform: transform.name, value };
    // `{ replace = ["from", "to"] }`: a list in place of the first text is all of them in order.
    let spread = match (value, transform.arguments.first().map(|argument| argument.takes)) {
        (Some(toml::Value::Array(list)), Some(Takes::Text)) => Some(list),
        _ => None,
    };
    let pairs = |table: &toml::Table| table.iter().map(|(from, to)| pair(from, to)).collect();
    let named = free_pairs(transform).and_then(|name| value?.get(name)?.as_table());
    asked(transform)
        .enumerate()
        .map(|(at, argument)| match (spread, argument.name) {
            (Some(list), _) => list.get(at).map(line).into_iter().collect(),
            (None, ANY) => named.or_else(|| value?.as_table()).map(pairs).unwrap_or_default(),
            (None, _) if free_pairs(transform).is_some() && named.is_none() => Vec::new(),
            (None, name) => match arguments.get(name) {
                Some(toml::Value::Array(list)) => list.iter().map(line).collect(),
                Some(toml::Value::Table(table)) => pairs(table),
                Some(one) => vec![line(one)],
                None => Vec::new(),
            },
        })
        .collect()
}

/// What is to stand in the mapping for what was filled in, as short as it can be written; an error that says what is
/// wrong with it. Empty lines say nothing; an empty text is written `""`.
pub fn written(transform: &Transform, filled: &[Vec<String>]) -> Result<Option<toml::Value>> {
    let nothing = Arguments { transform: transform.name, value: None };
    let mut given: Vec<(&Argument, toml::Value)> = Vec::new();
    for (argument, lines) in asked(transform).zip(filled) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).filter(|line| !line.is_empty()).collect();
        let Some(first) = lines.first() else { continue };
        let value = match argument.takes {
            Takes::Text | Takes::Choice(_) => text(first).into(),
            Takes::Texts if lines.len() == 1 => text(first).into(),
            Takes::Texts => lines.iter().map(|line| text(line)).collect::<Vec<_>>().into(),
            Takes::Number => match first.trim().parse::<i64>() {
                Ok(number) => number.into(),
                Err(_) => return Err(nothing.wrong(&format!("\"{}\" must be a whole number", argument.name))),
            },
            Takes::Pairs => {
                let mut table = toml::Table::new();
                for line in lines {
                    let Some((from, to)) = parts(line) else {
                        return Err(nothing.wrong(&format!("\"{line}\" lacks what it becomes; write it as from = to")));
                    };
                    table.insert(from, to.into());
                }
                table.into()
            }
        };
        given.push((argument, value));
    }
    let first = transform.arguments.first().map(|first| first.name);
    let value = match (given.as_slice(), free_pairs(transform)) {
        ([], _) => None,
        ([(only, value)], _) if Some(only.name) == first => Some(value.clone()),
        (_, pairs) => {
            let named = given.into_iter().map(|(argument, value)| match pairs {
                Some(name) if argument.name == ANY => (name.to_owned(), value),
                _ => (argument.name.to_owned(), value),
            });
            Some(named.collect::<toml::Table>().into())
        }
    };
    transform.expression(&["value".to_owned()], value.as_ref())?;
    Ok(value)
}

/// The name under which pairs stand that can also be given freely.
fn free_pairs(transform: &Transform) -> Option<&'static str> {
    let arguments = transform.arguments;
    arguments.iter().find(|argument| argument.name == ANY)?;
    arguments.iter().find(|argument| argument.name != ANY && argument.takes == Takes::Pairs).map(|named| named.name)
}

/// A value as a line: a text as it is, in quotes where it would be taken for something else.
fn line(value: &toml::Value) -> String {
    match value.as_str() {
        Some(text) if !text.is_empty() && !text.starts_with('"') && !text.contains(char::is_control) => text.to_owned(),
        _ => value.to_string(),
    }
}

/// The text that a line stands for.
fn text(line: &str) -> String {
    let quoted = line.starts_with('"').then(|| toml::from_str::<toml::Table>(&format!("a = {line}")).ok()).flatten();
    quoted.and_then(|table| Some(table.get("a")?.as_str()?.to_owned())).unwrap_or_else(|| line.to_owned())
}

fn pair(from: &str, to: &toml::Value) -> String {
    let plain = |text: &str| !text.is_empty() && !text.contains(['=', '"']) && text.trim() == text;
    match to.as_str() {
        Some(to) if plain(from) && plain(to) => format!("{from} = {to}"),
        _ => format!("{} = {to}", toml::Value::from(from)),
    }
}

fn parts(line: &str) -> Option<(String, String)> {
    let quoted = line.starts_with('"').then(|| toml::from_str::<toml::Table>(line).ok()).flatten();
    if let Some((from, to)) = quoted.and_then(|table| table.into_iter().next()) {
        return Some((from, to.as_str()?.to_owned()));
    }
    let (from, to) = line.split_once('=')?;
    Some((text(from.trim()), text(to.trim())))
}

#[cfg(test)]
mod tests {
    use super::super::{REGISTRY, find};
    use super::*;

    fn lines(parts: &[&[&str]]) -> Vec<Vec<String>> {
        parts.iter().map(|part| part.iter().map(|line| (*line).to_owned()).collect()).collect()
    }

    #[test]
    fn what_stands_in_a_mapping_survives_the_form() -> Result<()> {
        for transform in REGISTRY {
            for example in transform.examples.iter().filter(|example| !example.arguments.is_empty()) {
                let table: toml::Table = toml::from_str(&format!("a = {}", example.arguments)).unwrap_or_default();
                let before = table.get("a");
                let after = written(transform, &filled(transform, before))?;
                let inputs = ["c".to_owned()];
                assert_eq!(
                    transform.expression(&inputs, before)?,
                    transform.expression(&inputs, after.as_ref())?,
                    "{} {}",
                    transform.name,
                    example.arguments
                );
            }
        }
        Ok(())
    }

    #[test]
    fn what_is_filled_in_is_written_as_short_as_it_can_be() -> Result<()> {
        let written = |name: &str, parts: &[&[&str]]| -> Result<String> {
            Ok(written(find(name)?, &lines(parts))?.map(|value| value.to_string()).unwrap_or_default())
        };
        assert_eq!(written("prefix", &[&["isavigne-"]])?, "\"isavigne-\"");
        assert_eq!(written("prefix", &[&["33"]])?, "\"33\"", "a text of digits stays a text");
        assert_eq!(written("date", &[&[]])?, "");
        assert_eq!(written("date", &[&["%d/%m/%Y", "", "excel"]])?, "[\"%d/%m/%Y\", \"excel\"]");
        assert_eq!(written("extract", &[&["lot (.*)"], &["1"]])?, "{ pattern = \"lot (.*)\", group = 1 }");
        assert_eq!(
            written("map_values", &[&["R = rouge", "\"a=b\" = \"c\""], &[]])?,
            "{ R = \"rouge\", \"a=b\" = \"c\" }"
        );
        assert_eq!(
            written("map_values", &[&["R=rouge"], &["\"\""]])?,
            "{ values = { R = \"rouge\" }, otherwise = \"\" }",
            "two quotes are an empty text"
        );
        Ok(())
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        let wrong = |name: &str, parts: &[&[&str]]| {
            let transform = find(name).map_err(|error| error.to_string());
            transform.and_then(|transform| written(transform, &lines(parts)).map_err(|error| error.to_string()))
        };
        assert_eq!(wrong("prefix", &[&[""]]), Err("transform \"prefix\" needs \"text\"".to_owned()));
        assert_eq!(
            wrong("extract", &[&["x"], &["one"]]),
            Err("transform \"extract\" \"group\" must be a whole number".to_owned())
        );
        assert!(wrong("map_values", &[&["rouge"], &[]]).is_err_and(|why| why.contains("lacks what it becomes")));
        assert!(wrong("date", &[&["%Q"]]).is_err());
    }
}
