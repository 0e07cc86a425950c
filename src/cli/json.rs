//! JSON for machines: one object with the version of its shape in front.

use serde::Serialize;
use serde_json::{Map, Value};

use super::sink::Sink;
use crate::error::{Error, Result};

/// Grows when a field of any JSON output changes its meaning or goes away.
pub const SCHEMA_VERSION: u32 = 1;

/// Writes `{"schema_version": 1, NAME: VALUE, …}`, indented.
pub fn write(sink: &mut Sink, fields: &[(&str, &dyn Field)]) -> Result<()> {
    let mut object = Map::new();
    object.insert("schema_version".to_owned(), Value::from(SCHEMA_VERSION));
    for (name, field) in fields {
        object.insert((*name).to_owned(), field.value()?);
    }
    let text = serde_json::to_string_pretty(&object).map_err(unwritable)?;
    sink.line(text)
}

/// Anything that can be a field.
pub trait Field {
    /// The field as JSON.
    fn value(&self) -> Result<Value>;
}

impl<T: Serialize> Field for T {
    fn value(&self) -> Result<Value> {
        serde_json::to_value(self).map_err(unwritable)
    }
}

fn unwritable(cause: serde_json::Error) -> Error {
    Error::internal("this cannot be written as JSON").caused_by(cause)
}
