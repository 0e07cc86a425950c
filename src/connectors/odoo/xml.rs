//! XML-RPC on the wire: requests as the `xmlrpc` crate writes them, answers as Odoo's servers really write them.
//!
//! Answers are read here and not by that crate because it loses texts of nothing but white space, whole pages with a
//! control character in them, and the process to deep nesting.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::value::Value;

/// How deep values may lie in each other. Odoo's records need four levels.
const DEEPEST: usize = 64;
/// Below this every whole number is a double.
const EXACT: u64 = 1 << 53;

/// The body of a request.
pub fn request(method: &str, arguments: Vec<Value>) -> Vec<u8> {
    let mut request = xmlrpc::Request::new(method);
    for argument in arguments {
        request = request.arg(wire(argument));
    }
    let mut body = Vec::new();
    // Writing into memory does not fail.
    let _ = request.write_as_xml(&mut body);
    body
}

fn wire(value: Value) -> xmlrpc::Value {
    match value {
        Value::Nil => xmlrpc::Value::Nil,
        Value::Bool(yes) => xmlrpc::Value::Bool(yes),
        Value::Int(number) => i32::try_from(number).map_or(xmlrpc::Value::Int64(number), xmlrpc::Value::Int),
        Value::Double(number) => xmlrpc::Value::Double(number),
        Value::Text(text) => xmlrpc::Value::String(text),
        Value::List(items) => xmlrpc::Value::Array(items.into_iter().map(wire).collect()),
        Value::Struct(members) => {
            xmlrpc::Value::Struct(members.into_iter().map(|(name, value)| (name, wire(value))).collect())
        }
    }
}

/// The answer as text: what is no UTF-8 and what must not stand in XML becomes U+FFFD, and is counted.
pub fn cleaned(body: &[u8]) -> (Cow<'_, str>, u64) {
    let text = String::from_utf8_lossy(body);
    let undecodable = match text {
        Cow::Borrowed(_) => 0,
        Cow::Owned(_) => text.matches('\u{FFFD}').count() as u64,
    };
    let control = text.bytes().any(|byte| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r'));
    if !control {
        return (text, undecodable);
    }
    let mut spoilt = undecodable;
    let clean = text
        .chars()
        .map(|character| {
            let bad = forbidden(character);
            spoilt += u64::from(bad);
            if bad { '\u{FFFD}' } else { character }
        })
        .collect();
    (Cow::Owned(clean), spoilt)
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The value that was asked for.
    Value(Value),
    /// A fault, with its code as it stands there: a number, or a word from older ends.
    Fault {
        /// The code.
        code: String,
        /// The text, often with a traceback.
        text: String,
    },
}

/// Reads an answer. The error is one clause.
pub fn answer(body: &str) -> Result<Answer, String> {
    let mut reader = Reader::from_str(body);
    // Every tag is looked at here anyway.
    reader.config_mut().check_end_names = false;
    let mut parser = Parser { reader, depth: 0 };
    loop {
        match parser.next()? {
            Event::Start(tag) if tag.local_name().as_ref() == "value" => break,
            Event::Start(tag) if tag.local_name().as_ref() == "fault" => {
                parser.until_value()?;
                let fault = parser.value()?;
                let code = match fault.get("faultCode") {
                    Some(Value::Int(code)) => code.to_string(),
                    Some(Value::Text(code)) => code.clone(),
                    _ => String::new(),
                };
                let text = fault.get("faultString").and_then(Value::as_text).unwrap_or_default().to_owned();
                return Ok(Answer::Fault { code, text });
            }
            Event::Empty(tag) if tag.local_name().as_ref() == "value" => {
                return Ok(Answer::Value(Value::Text(String::new())));
            }
            Event::Eof => return Err("the answer holds no value".to_owned()),
            _ => {}
        }
    }
    let value = parser.value()?;
    // What ends before the document does was cut off on its way.
    loop {
        match parser.next()? {
            Event::End(tag) if tag.local_name().as_ref() == "methodResponse" => return Ok(Answer::Value(value)),
            Event::Eof => return Err("the answer ends in the middle".to_owned()),
            _ => {}
        }
    }
}

struct Parser<'a> {
    reader: Reader<&'a [u8]>,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Result<Event<'a>, String> {
        self.reader
            .read_event()
            .map_err(|cause| format!("it is no XML at byte {}: {cause}", self.reader.error_position()))
    }

    fn until_value(&mut self) -> Result<(), String> {
        loop {
            match self.next()? {
                Event::Start(tag) if tag.local_name().as_ref() == "value" => return Ok(()),
                Event::Eof => return Err("the answer ends in the middle".to_owned()),
                _ => {}
            }
        }
    }

    /// The value after its opening tag, up to and with its closing tag.
    fn value(&mut self) -> Result<Value, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("its values lie more than {DEEPEST} levels deep in each other"));
        }
        // A value without a type is a text.
        let mut untyped = String::new();
        let mut typed = None;
        loop {
            match self.next()? {
                Event::Start(tag) => typed = Some(self.typed(&tag)?),
                Event::Empty(tag) => typed = Some(empty(&tag)),
                Event::End(_) => break,
                Event::Eof => return Err("the answer ends in the middle".to_owned()),
                event => add(&mut untyped, &event)?,
            }
        }
        self.depth -= 1;
        Ok(typed.unwrap_or(Value::Text(untyped)))
    }

    fn typed(&mut self, tag: &BytesStart<'_>) -> Result<Value, String> {
        match tag.local_name().as_ref() {
            "string" | "base64" | "dateTime.iso8601" => Ok(Value::Text(self.text()?)),
            "int" | "i1" | "i2" | "i4" | "i8" | "biginteger" => {
                let text = self.text()?;
                let digits = text.trim();
                Ok(digits.parse().map(Value::Int).unwrap_or_else(|_| Value::text(digits)))
            }
            "boolean" => Ok(Value::Bool(matches!(self.text()?.trim(), "1" | "true"))),
            "double" | "float" => {
                let text = self.text()?;
                // A double that is whole is still one: 16 and 16.0 are alike.
                Ok(match Value::number(text.trim()) {
                    Value::Int(whole) if whole.unsigned_abs() < EXACT => Value::Double(whole as f64),
                    number => number,
                })
            }
            "nil" => self.text().map(|_| Value::Nil),
            "array" => self.array(),
            "struct" => self.members(),
            other => Err(format!("it holds a value of an unknown type \"{}\"", other)),
        }
    }

    /// The text up to the closing tag that comes next.
    fn text(&mut self) -> Result<String, String> {
        let mut text = match self.next()? {
            // Most texts are one piece.
            Event::Text(part) => part.into_inner().into_owned(),
            Event::End(_) => return Ok(String::new()),
            Event::Start(_) | Event::Empty(_) => return Err("it has a tag within a text".to_owned()),
            event => {
                let mut text = String::new();
                add(&mut text, &event)?;
                text
            }
        };
        loop {
            match self.next()? {
                Event::End(_) => return Ok(text),
                Event::Start(_) | Event::Empty(_) => return Err("it has a tag within a text".to_owned()),
                Event::Eof => return Err("the answer ends in the middle".to_owned()),
                event => add(&mut text, &event)?,
            }
        }
    }

    fn array(&mut self) -> Result<Value, String> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                Event::Start(tag) if tag.local_name().as_ref() == "value" => items.push(self.value()?),
                Event::Empty(tag) if tag.local_name().as_ref() == "value" => items.push(Value::Text(String::new())),
                Event::End(tag) if tag.local_name().as_ref() == "array" => return Ok(Value::List(items)),
                Event::Eof => return Err("the answer ends in the middle".to_owned()),
                _ => {}
            }
        }
    }

    fn members(&mut self) -> Result<Value, String> {
        let mut members = Vec::with_capacity(16);
        let mut name = String::new();
        loop {
            match self.next()? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "name" => name = self.text()?,
                    "value" => members.push((std::mem::take(&mut name), self.value()?)),
                    _ => {}
                },
                Event::Empty(tag) if tag.local_name().as_ref() == "value" => {
                    members.push((std::mem::take(&mut name), Value::Text(String::new())));
                }
                Event::End(tag) if tag.local_name().as_ref() == "struct" => return Ok(Value::Struct(members)),
                Event::Eof => return Err("the answer ends in the middle".to_owned()),
                _ => {}
            }
        }
    }
}

fn empty(tag: &BytesStart<'_>) -> Value {
    match tag.local_name().as_ref() {
        "nil" => Value::Nil,
        "struct" => Value::Struct(Vec::new()),
        "array" => Value::List(Vec::new()),
        _ => Value::Text(String::new()),
    }
}

/// Adds the characters that an event stands for.
fn add(text: &mut String, event: &Event<'_>) -> Result<(), String> {
    match event {
        Event::Text(part) => text.push_str(part),
        Event::CData(part) => text.push_str(part),
        Event::GeneralRef(reference) => {
            match reference.resolve_char_ref() {
                Ok(Some(character)) => text.push(if forbidden(character) { '\u{FFFD}' } else { character }),
                _ => text.push_str(match &**reference {
                    "amp" => "&",
                    "lt" => "<",
                    "gt" => ">",
                    "quot" => "\"",
                    "apos" => "'",
                    // A reference to a character that XML does not allow (&#0;).
                    number if number.starts_with('#') => "\u{FFFD}",
                    other => return Err(format!("it refers to an unknown entity \"{other}\"")),
                }),
            }
        }
        _ => {}
    }
    Ok(())
}

/// Characters that must not stand in XML, and that Odoo 14 sends all the same.
pub fn forbidden(character: char) -> bool {
    matches!(character, '\0'..='\x08' | '\x0B' | '\x0C' | '\x0E'..='\x1F' | '\u{FFFE}' | '\u{FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(inner: &str) -> Result<Value, String> {
        let body = format!(
            "<?xml version=\"1.0\"?>\n<methodResponse><params><param><value>{inner}</value></param></params>\n\n</methodResponse>"
        );
        match answer(&body)? {
            Answer::Value(value) => Ok(value),
            Answer::Fault { text, .. } => Err(text),
        }
    }

    #[test]
    fn texts_come_through_to_the_last_space() {
        for text in ["   ", " a  b ", "\u{A0}\u{200B}é日本", "", "x\r\ny"] {
            assert_eq!(value(&format!("<string>{text}</string>")), Ok(Value::text(text)), "{text:?}");
        }
        assert_eq!(value("bare"), Ok(Value::text("bare")));
        assert_eq!(
            value("<string>&lt;p&gt;a &amp;amp; b&#233;&#x1;</string>"),
            Ok(Value::text("<p>a &amp; bé\u{FFFD}"))
        );
        assert_eq!(value("<string><![CDATA[a<b]]></string>"), Ok(Value::text("a<b")));
    }

    #[test]
    fn numbers_beyond_every_limit_keep_their_digits() {
        assert_eq!(value("<int> 3 </int>"), Ok(Value::Int(3)));
        assert_eq!(value("<i8>9007199254740993</i8>"), Ok(Value::Int(9_007_199_254_740_993)));
        assert_eq!(value("<int>99999999999999999999</int>"), Ok(Value::text("99999999999999999999")));
        assert_eq!(value("<double>nan</double>"), Ok(Value::text("nan")));
        assert_eq!(value("<double>-1.5</double>"), Ok(Value::Double(-1.5)));
        assert_eq!(value("<double>16</double>"), Ok(Value::Double(16.0)));
        for digits in ["1234567890123456789012.5", "1e400"] {
            assert_eq!(value(&format!("<double>{digits}</double>")), Ok(Value::text(digits)));
        }
    }

    #[test]
    fn lists_structs_and_nothing_are_read() {
        let body = "<struct><member><name>a</name><value><array><data><value><int>1</int></value><value/></data></array></value></member>\n<member><name>b</name><value><nil/></value></member><member><name>c</name><value><ex:nil/></value></member></struct>";
        let list = Value::List(vec![Value::Int(1), Value::text("")]);
        assert_eq!(
            value(body),
            Ok(Value::Struct(vec![("a".into(), list), ("b".into(), Value::Nil), ("c".into(), Value::Nil)]))
        );
        assert_eq!(value("<array><data></data></array>"), Ok(Value::List(Vec::new())));
    }

    #[test]
    fn faults_are_told_with_a_number_or_a_word_for_a_code() {
        for (code, told) in [("<int>4</int>", "4"), ("<string>AccessDenied</string>", "AccessDenied")] {
            let body = format!(
                "<methodResponse><fault><value><struct><member><name>faultCode</name><value>{code}</value></member><member><name>faultString</name><value><string>no</string></value></member></struct></value></fault></methodResponse>"
            );
            assert_eq!(answer(&body), Ok(Answer::Fault { code: told.into(), text: "no".into() }));
        }
    }

    #[test]
    fn what_is_cut_off_too_deep_or_no_xml_is_refused_and_nothing_breaks() {
        let deep = format!("{}{}", "<array><data><value>".repeat(20_000), "</value></data></array>".repeat(20_000));
        assert!(value(&deep).is_err_and(|told| told.contains("levels deep")));
        let whole = "<methodResponse><params><param><value><array><data><value><int>1</int></value></data></array></value></param></params></methodResponse>";
        for end in 0..whole.len() {
            assert!(answer(&whole[..end]).is_err(), "{}", &whole[..end]);
        }
        assert!(answer("<html><title>Odoo</title>").is_err());
        assert!(value("<string>a<b/></string>").is_err());
    }
}
