//! Names and literals that quote themselves when they are written into a statement.

use std::fmt;
use std::ops::Range;

/// A name (schema, table, column) as it stands in a statement, always quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ident<'a>(pub &'a str);

impl fmt::Display for Ident<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A NUL cannot stand in a name; it would end the statement early in the C interface.
        write!(f, "\"{}\"", self.0.replace('"', "\"\"").replace('\0', "\u{2400}"))
    }
}

/// A name within a schema: `"staging"."isavigne_prod/clients"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path<'a>(pub &'a str, pub &'a str);

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", Ident(self.0), Ident(self.1))
    }
}

/// A name as a person would write it: quoted only where SQL needs it. Capitals make no difference to the engine.
pub fn bare(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !RESERVED.contains(&name.to_ascii_lowercase().as_str());
    if plain { name.to_owned() } else { Ident(name).to_string() }
}

/// Words that are no names unless they are quoted.
const RESERVED: &[&str] = &[
    "all",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "at",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "constraint",
    "create",
    "default",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "fetch",
    "for",
    "foreign",
    "from",
    "group",
    "having",
    "in",
    "initially",
    "intersect",
    "into",
    "lateral",
    "leading",
    "limit",
    "not",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "pivot",
    "primary",
    "qualify",
    "references",
    "returning",
    "select",
    "show",
    "some",
    "summarize",
    "symmetric",
    "table",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "unpivot",
    "using",
    "variadic",
    "when",
    "where",
    "window",
    "with",
];

/// A text literal, always quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Literal<'a>(pub &'a str);

impl fmt::Display for Literal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.contains('\0') {
            return write!(f, "'{}'", self.0.replace('\'', "''"));
        }
        for (n, part) in self.0.split('\0').enumerate() {
            if n > 0 {
                f.write_str(" || chr(0) || ")?;
            }
            write!(f, "'{}'", part.replace('\'', "''"))?;
        }
        Ok(())
    }
}

/// Texts as literals with commas between, for `IN (…)`; `NULL`, which is none of anything, where there are none.
pub fn literals(texts: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let all: Vec<String> = texts.into_iter().map(|text| Literal(text.as_ref()).to_string()).collect();
    if all.is_empty() { "NULL".to_owned() } else { all.join(", ") }
}

/// The unquoted and quoted identifiers that occur in an expression, in order, each once, in lower case for
/// unquoted ones. Text literals and names of functions (a name directly before a parenthesis) are passed over;
/// a dotted name is given whole (`product_key.cost_price_eur`).
pub fn identifiers(expression: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (_, name) in occurrences(expression) {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// The expression with other text in the place of some of its identifiers, as [`identifiers`] gives them; where
/// `replace` returns `None`, the identifier stays as it was written.
pub fn with_identifiers(expression: &str, mut replace: impl FnMut(&str) -> Option<String>) -> String {
    let mut text = String::with_capacity(expression.len());
    let mut copied = 0;
    for (range, name) in occurrences(expression) {
        if let Some(other) = replace(&name) {
            text.push_str(&expression[copied..range.start]);
            text.push_str(&other);
            copied = range.end;
        }
    }
    text.push_str(&expression[copied..]);
    text
}

/// Every place where an identifier stands, with its name.
pub(super) fn occurrences(expression: &str) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    let mut chars = expression.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        match c {
            '\'' => {
                while let Some((_, c)) = chars.next() {
                    if c == '\'' && chars.next_if(|(_, next)| *next == '\'').is_none() {
                        break;
                    }
                }
            }
            c if c.is_alphabetic() || c == '_' || c == '"' => {
                let mut quoted = c == '"';
                let mut end = start + c.len_utf8();
                while let Some((at, c)) = chars.peek().copied() {
                    if quoted {
                        quoted = c != '"';
                    } else if c == '"' {
                        quoted = true;
                    } else if !(c.is_alphanumeric() || c == '_' || c == '.') {
                        break;
                    }
                    end = at + c.len_utf8();
                    chars.next();
                }
                let is_function = expression[end..].trim_start().starts_with('(');
                let name = if expression[start..end].contains('"') {
                    expression[start..end].replace('"', "")
                } else {
                    expression[start..end].to_lowercase()
                };
                if !is_function {
                    found.push((start..end, name));
                }
            }
            c if c.is_ascii_digit() => while chars.next_if(|(_, c)| c.is_alphanumeric() || *c == '.').is_some() {},
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_literals_cannot_break_out_of_their_quotes() {
        assert_eq!(Ident("a\"; DROP TABLE x; --").to_string(), "\"a\"\"; DROP TABLE x; --\"");
        assert_eq!(Literal("l'an").to_string(), "'l''an'");
        assert_eq!(Literal("a\0b").to_string(), "'a' || chr(0) || 'b'");
        assert_eq!(Path("staging", "isa/clients").to_string(), "\"staging\".\"isa/clients\"");
    }

    #[test]
    fn identifiers_of_an_expression_leave_out_functions_and_literals() {
        assert_eq!(
            identifiers("round(Quantity * product_key.cost, 2) || 'it''s qty' || \"Prix net\" + 1e3"),
            ["quantity", "product_key.cost", "Prix net"]
        );
        assert!(identifiers("").is_empty());
    }

    #[test]
    fn identifiers_can_be_replaced_where_they_stand_and_nothing_else_is() {
        let text = with_identifiers("min(price) + 'price' || a.price || Price", |name| {
            (name == "price").then(|| "t.\"price\"".to_owned())
        });
        assert_eq!(text, "min(t.\"price\") + 'price' || a.price || t.\"price\"");
    }
}
