//! JSON on the wire: answers as Odoo's servers really write them.
//!
//! They are read here and not by `serde_json` because that one reads decimals inexactly, loses digits beyond a double, and
//! loses the whole page to a `NaN`, which Python writes without asking.

use super::value::Value;

/// How deep values may lie in each other. Odoo's records need four levels.
const DEEPEST: usize = 64;

/// Reads an answer. The error is one clause.
pub fn answer(body: &str) -> Result<Value, String> {
    let mut reader = Reader { body: body.as_bytes(), text: body, at: 0, depth: 0 };
    let value = reader.value()?;
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(reader.told("something follows its end")),
    }
}

struct Reader<'a> {
    text: &'a str,
    body: &'a [u8],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn told(&self, what: &str) -> String {
        format!("it is no JSON at byte {}: {what}", self.at)
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.body.get(self.at) {
            self.at += 1;
        }
        self.body.get(self.at).copied()
    }

    fn value(&mut self) -> Result<Value, String> {
        match self.peek() {
            None => Err("the answer ends in the middle".to_owned()),
            Some(b'"') => Ok(Value::Text(self.text()?)),
            Some(b'[') => self.within(Self::list),
            Some(b'{') => self.within(Self::members),
            Some(_) => self.word(),
        }
    }

    fn within(&mut self, read: fn(&mut Self) -> Result<Value, String>) -> Result<Value, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("its values lie more than {DEEPEST} levels deep in each other"));
        }
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn list(&mut self) -> Result<Value, String> {
        let mut items = Vec::new();
        while self.goes_on(b']', items.is_empty())? {
            items.push(self.value()?);
        }
        Ok(Value::List(items))
    }

    fn members(&mut self) -> Result<Value, String> {
        let mut members = Vec::new();
        while self.goes_on(b'}', members.is_empty())? {
            if self.peek() != Some(b'"') {
                return Err(self.told("a name is missing"));
            }
            let name = self.text()?;
            if self.peek() != Some(b':') {
                return Err(self.told("a colon is missing"));
            }
            self.at += 1;
            members.push((name, self.value()?));
        }
        Ok(Value::Struct(members))
    }

    /// Whether another item follows, before which a comma stands unless it is the first.
    fn goes_on(&mut self, end: u8, first: bool) -> Result<bool, String> {
        match self.peek() {
            None => Err("the answer ends in the middle".to_owned()),
            Some(byte) if byte == end => {
                self.at += 1;
                Ok(false)
            }
            Some(b',') if !first => {
                self.at += 1;
                Ok(true)
            }
            Some(_) if first => Ok(true),
            Some(_) => Err(self.told("a comma is missing")),
        }
    }

    /// The text whose opening quote comes next.
    fn text(&mut self) -> Result<String, String> {
        let begin = self.at;
        let mut at = begin + 1;
        let mut plain = true;
        loop {
            match memchr::memchr2(b'"', b'\\', &self.body[at..]) {
                None => return Err("the answer ends in the middle".to_owned()),
                Some(found) if self.body[at + found] == b'"' => {
                    at += found + 1;
                    break;
                }
                // Whatever is escaped does not end the text.
                Some(found) => {
                    plain = false;
                    at = (at + found + 2).min(self.body.len());
                }
            }
        }
        self.at = at;
        let text = &self.text[begin + 1..at - 1];
        if plain { Ok(text.to_owned()) } else { unescaped(text) }
    }

    /// A number, or one of the words that JSON and Python know.
    fn word(&mut self) -> Result<Value, String> {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let rest = &self.body[self.at..];
        let length = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        let word = &self.text[self.at..self.at + length];
        let value = match word {
            "null" => Value::Nil,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "NaN" | "Infinity" | "-Infinity" => Value::text(word),
            number if is_number(number) => Value::number(number),
            _ if self.at + length == self.body.len() && length > 0 => {
                return Err("the answer ends in the middle".to_owned());
            }
            _ => return Err(self.told("there is no value")),
        };
        self.at += length;
        Ok(value)
    }
}

/// A text with what its escapes stand for. Halves of characters that lack the other half become U+FFFD.
fn unescaped(text: &str) -> Result<String, String> {
    let unit = |text: &str| text.get(..4).and_then(|digits| u16::from_str_radix(digits, 16).ok());
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('\\') {
        plain.push_str(before);
        rest = escape.get(1..).unwrap_or_default();
        match escape.bytes().next() {
            Some(kept @ (b'"' | b'\\' | b'/')) => plain.push(char::from(kept)),
            Some(b'b') => plain.push('\u{8}'),
            Some(b'f') => plain.push('\u{C}'),
            Some(b'n') => plain.push('\n'),
            Some(b'r') => plain.push('\r'),
            Some(b't') => plain.push('\t'),
            Some(b'u') => {
                let mut units = vec![unit(rest).ok_or("a text in it has an escape that is none")?];
                rest = &rest[4..];
                // A character beyond 16 bits is written in two halves.
                let other = rest.strip_prefix("\\u").and_then(unit).filter(|unit| (0xDC00..0xE000).contains(unit));
                if let (0xD800..0xDC00, Some(other)) = (units[0], other) {
                    units.push(other);
                    rest = &rest[6..];
                }
                plain.push_str(&String::from_utf16_lossy(&units));
            }
            _ => return Err("a text in it has an escape that is none".to_owned()),
        }
    }
    plain.push_str(rest);
    Ok(plain)
}

/// Whether this is a number as JSON writes it.
fn is_number(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let word = word.strip_prefix('-').unwrap_or(word);
    let (number, exponent) = word.split_once(['e', 'E']).map_or((word, None), |(number, rest)| (number, Some(rest)));
    let (whole, part) = number.split_once('.').map_or((number, None), |(whole, part)| (whole, Some(part)));
    let sign = |text: &str| text.strip_prefix(['+', '-']).map_or(digits(text), digits);
    digits(whole) && part.is_none_or(digits) && exponent.is_none_or(sign)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_keep_what_was_sent() {
        assert_eq!(answer("7"), Ok(Value::Int(7)));
        assert_eq!(answer("-9223372036854775808"), Ok(Value::Int(i64::MIN)));
        for digits in ["9223372036854775808", "123456789012345678901234567890", "0.1000000000000000055511151", "1e400"]
        {
            assert_eq!(answer(digits), Ok(Value::text(digits)));
        }
        // A double that a quicker reader takes for its neighbour.
        assert_eq!(answer("52.800000000000004"), Ok(Value::Double(52.800000000000004)));
        assert_eq!(answer("1e-05"), Ok(Value::Double(0.00001)));
        // What Python writes, and JSON does not know.
        assert_eq!(answer("[NaN, -Infinity]"), Ok(Value::texts(["NaN", "-Infinity"])));
        for wrong in ["01x", "1.", ".5", "--1", "1e", "nan", "+1", "-", "0x10"] {
            assert!(answer(&format!("[{wrong}]")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn texts_come_through_to_the_last_space() {
        let body = r#"{"a": "  ", "b": "", "c": "x\r\n\"\\", "d": "\u00e9\ud83c\udf77", "e": "日 本", "f": "\u0001/\/\b\f\t", "g": "\ud83c x \udf77\ud83c\u0041"}"#;
        let texts = ["  ", "", "x\r\n\"\\", "é🍷", "日 本", "\u{1}//\u{8}\u{C}\t", "\u{FFFD} x \u{FFFD}\u{FFFD}A"];
        let members = ["a", "b", "c", "d", "e", "f", "g"].iter().zip(texts);
        let members = members.map(|(name, text)| ((*name).to_owned(), Value::text(text))).collect();
        assert_eq!(answer(body), Ok(Value::Struct(members)));
    }

    #[test]
    fn what_is_cut_off_too_deep_or_no_json_is_refused_and_nothing_breaks() {
        let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
        assert!(answer(&deep).is_err_and(|told| told.contains("levels deep")));
        let whole = r#"[{"a": [1, "x\"\\y", null], "b": {"c": -1.5e3, "d": true}}]"#;
        assert!(answer(whole).is_ok());
        for end in 0..whole.len() {
            assert!(answer(&whole[..end]).is_err(), "{}", &whole[..end]);
        }
        for wrong in [
            "[1 2]",
            "[1,]",
            "[,1]",
            "{\"a\" 1}",
            "{1: 2}",
            "{\"a\": 1,}",
            "1 2",
            "[}",
            "<html>",
            "\"\\x\"",
            "\"\\u12é4\"",
            "\"\\u12\"",
        ] {
            assert!(answer(wrong).is_err(), "{wrong}");
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        use serde_json::Value as Json;
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<f64>().prop_map(Json::from),
            any::<String>().prop_map(Json::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
                prop::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|members| Json::Object(members.into_iter().collect())),
            ]
        })
    }

    fn same(ours: &Value, theirs: &serde_json::Value) -> bool {
        use serde_json::Value as Json;
        match (ours, theirs) {
            (Value::Nil, Json::Null) => true,
            (Value::Bool(a), Json::Bool(b)) => a == b,
            (Value::Int(a), Json::Number(b)) => b.as_i64() == Some(*a),
            (Value::Double(a), Json::Number(b)) => b.as_f64() == Some(*a),
            (Value::Text(a), Json::String(b)) => a == b,
            (Value::List(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
            (Value::Struct(a), Json::Object(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|((name, a), (known, b))| name == known && same(a, b))
            }
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_as_it_was(value in json()) {
            for text in [value.to_string(), serde_json::to_string_pretty(&value).expect("written")] {
                let read = answer(&text);
                prop_assert!(read.as_ref().is_ok_and(|read| same(read, &value)), "{text}: {read:?}");
            }
        }
    }
}
