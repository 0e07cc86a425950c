//! `sql`: an expression for the expert.

use super::{Argument, Arguments, Example, Inputs, Takes, Transform};
use crate::error::Result;
use crate::model::FieldType;
use crate::store::vet::is_unsteady;

pub const TRANSFORM: Transform = Transform {
    name: "sql",
    summary: "Computes the value with a SQL expression of your own.",
    docs: "In it `value` stands for the text; the result is taken as text, so that other transforms can follow. It is one \
           expression: no statement, no subquery, no comment, and nothing that comes out differently the next time (now, \
           random). Where it fails or has no value, the text is unreadable; to take a text for absent use `null_if`.",
    inputs: Inputs::One,
    output: FieldType::Text,
    reads: Some("what the expression of the mapping computes"),
    arguments: &[Argument {
        name: "expression",
        help: "The expression, in DuckDB's SQL.",
        required: true,
        takes: Takes::Text,
    }],
    examples: &[
        Example { arguments: "\"upper(value[:3])\"", inputs: &[Some("riesling")], output: Some("RIE") },
        Example { arguments: "\"value || ' ' || length(value)\"", inputs: &[Some("it's")], output: Some("it's 4") },
        Example {
            arguments: "\"case when value like 'C%' then value else 'C' || value end\"",
            inputs: &[Some("123")],
            output: Some("C123"),
        },
        Example { arguments: "\"CAST(value AS INTEGER) * 2\"", inputs: &[Some("21")], output: Some("42") },
        Example { arguments: "\"CAST(value AS INTEGER) * 2\"", inputs: &[Some("abc")], output: None },
        Example { arguments: "\"'value'\"", inputs: &[Some("x")], output: Some("value") },
        Example { arguments: "\"upper(value)\"", inputs: &[None], output: None },
    ],
    compile: |inputs, arguments| {
        Ok(format!("TRY(CAST(({}) AS VARCHAR))", substituted(arguments.text("expression")?, &inputs[0], arguments)?))
    },
    functions: &[],
};

/// Words that begin what is more than an expression over the value.
const MORE: &[&str] = &[
    "select", "with", "values", "table", "attach", "copy", "pragma", "insert", "update", "delete", "drop", "create",
    "alter",
];

fn is_refused(word: &str) -> bool {
    MORE.contains(&word) || is_unsteady(word)
}

/// The expression with `input` for every `value`; an error where it could be more than one expression.
fn substituted(expression: &str, input: &str, arguments: &Arguments) -> Result<String> {
    let refuse = |what: &str| arguments.wrong(&format!("{what}: {expression}"));
    let mut sql = String::with_capacity(expression.len() + input.len());
    let mut open = Vec::new();
    let mut rest = expression;
    let mut uses_something = false;
    while let Some(c) = rest.chars().next() {
        let size = match c {
            '\'' | '"' => quoted(rest, c).ok_or_else(|| refuse("has a quote that is not closed"))?,
            ';' => return Err(refuse("takes one expression, without a semicolon")),
            '$' | '?' | '\0' => return Err(refuse(&format!("cannot have \"{}\"", c.escape_debug()))),
            '-' if rest.starts_with("--") => return Err(refuse("takes no comments")),
            '/' if rest.starts_with("/*") => return Err(refuse("takes no comments")),
            '(' | '[' | '{' => {
                open.push(c);
                1
            }
            ')' | ']' | '}' => {
                let opened = match c {
                    ')' => '(',
                    ']' => '[',
                    _ => '{',
                };
                if open.pop() != Some(opened) {
                    return Err(refuse("has a bracket that was not opened"));
                }
                1
            }
            c if c.is_alphabetic() || c == '_' => {
                rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len())
            }
            c => c.len_utf8(),
        };
        let (token, behind) = rest.split_at(size);
        rest = behind;
        // In E'…' a backslash takes the quote behind it into the text, so that it ends elsewhere than it seems to.
        if token.eq_ignore_ascii_case("e") && rest.starts_with('\'') {
            return Err(refuse("cannot have a text of the form E'…'"));
        }
        uses_something |= !token.trim().is_empty();
        let word = token.trim_matches('"').to_lowercase();
        if word == "value" && !token.starts_with('\'') {
            sql.push('(');
            sql.push_str(input);
            sql.push(')');
        } else if is_refused(&word) && !token.starts_with('\'') {
            return Err(refuse(&format!("cannot have \"{token}\"")));
        } else {
            sql.push_str(token);
        }
    }
    match (open.is_empty(), uses_something) {
        (false, _) => Err(refuse("has a bracket that is not closed")),
        (_, false) => Err(refuse("needs an expression")),
        _ => Ok(sql),
    }
}

/// The length of the quoted text at the start, its quotes included; a doubled quote does not end it.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut at = 1;
    loop {
        at += text[at..].find(quote)? + 1;
        if !text[at..].starts_with(quote) {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_more_than_one_expression_is_refused() {
        for expression in [
            "value; DROP TABLE x",
            "value) FROM t; --",
            "(SELECT max(a) FROM t)",
            "value -- x",
            "value /* x */",
            "'open",
            "(value",
            "value)",
            "f(value]",
            "",
            "  ",
            "now()",
            "$1",
            "E'\\' || '; drop table x; --'",
        ] {
            let value = toml::Value::String(expression.to_owned());
            assert!(TRANSFORM.expression(&["x".to_owned()], Some(&value)).is_err(), "{expression}");
        }
    }

    #[test]
    fn what_changes_from_one_time_to_the_next_is_refused() {
        for name in ["now", "random", "age", "CURRENT_DATE", "user", "getenv"] {
            for expression in [format!("{name}()"), format!("value || \"{name}\"(1)"), format!("value.{name}()")] {
                let value = toml::Value::String(expression.clone());
                assert!(TRANSFORM.expression(&["x".to_owned()], Some(&value)).is_err(), "{expression}");
            }
        }
    }

    #[test]
    fn value_is_replaced_where_it_is_a_name_and_nowhere_else() {
        let value = toml::Value::String("Value || 'value' || \"value\" || values_of(value)".to_owned());
        let sql = TRANSFORM.expression(&["x".to_owned()], Some(&value));
        assert_eq!(sql.ok().as_deref(), Some("TRY(CAST(((x) || 'value' || (x) || values_of((x))) AS VARCHAR))"));
    }
}
