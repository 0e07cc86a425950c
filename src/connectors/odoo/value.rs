//! What Odoo answers, whichever way it was asked: the values that XML-RPC and JSON have in common. Neighbour: `xml`.

use serde::ser::{Serialize, SerializeMap, Serializer};

/// One value of a request or an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing. Odoo mostly writes `false` for it, so that only the field's type tells which is meant.
    Nil,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Double(f64),
    /// Text; a number too large for the other kinds stands here with all its digits.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// Named values, in their order.
    Struct(Vec<(String, Value)>),
}

impl Value {
    /// A text.
    pub fn text(text: impl Into<String>) -> Value {
        Value::Text(text.into())
    }

    /// A number from its digits. Those beyond every kind of number stay a text: the cell is then what was sent, and can be
    /// judged.
    pub fn number(digits: &str) -> Value {
        // What comes back from a double after more digits than these is no longer what was sent.
        const KEPT: usize = 17;
        if let Ok(number) = digits.parse() {
            return Value::Int(number);
        }
        let mantissa = digits.split(['e', 'E']).next().unwrap_or_default();
        let significant = mantissa.trim_start_matches(['-', '+', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
        let is_whole = digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+'));
        match digits.parse::<f64>() {
            Ok(number) if number.is_finite() && significant <= KEPT && !is_whole => Value::Double(number),
            _ => Value::text(digits),
        }
    }

    /// A list of texts.
    pub fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Value {
        Value::List(texts.into_iter().map(Value::text).collect())
    }

    /// A list of ids.
    pub fn ids(ids: impl IntoIterator<Item = i64>) -> Value {
        Value::List(ids.into_iter().map(Value::Int).collect())
    }

    /// The member of that name, if this is a struct that has it.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Struct(members) => members.iter().find(|(known, _)| known == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// The items, if it is a list.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) => Some(items),
            _ => None,
        }
    }
}

impl From<&toml::Value> for Value {
    /// What a mapping says in TOML, as Odoo takes it.
    fn from(value: &toml::Value) -> Value {
        match value {
            toml::Value::String(text) => Value::text(text),
            toml::Value::Integer(number) => Value::Int(*number),
            toml::Value::Float(number) => Value::Double(*number),
            toml::Value::Boolean(yes) => Value::Bool(*yes),
            toml::Value::Datetime(moment) => Value::Text(moment.to_string()),
            toml::Value::Array(items) => Value::List(items.iter().map(Value::from).collect()),
            toml::Value::Table(members) => {
                Value::Struct(members.iter().map(|(name, value)| (name.clone(), Value::from(value))).collect())
            }
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Nil => serializer.serialize_none(),
            Value::Bool(yes) => serializer.serialize_bool(*yes),
            Value::Int(number) => serializer.serialize_i64(*number),
            Value::Double(number) => serializer.serialize_f64(*number),
            Value::Text(text) => serializer.serialize_str(text),
            Value::List(items) => serializer.collect_seq(items),
            Value::Struct(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}
