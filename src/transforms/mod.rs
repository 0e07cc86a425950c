//! The vocabulary of transforms: named, documented functions from source text to a value.
//!
//! Adding one is one file with a `pub const TRANSFORM` and one line in [`REGISTRY`]; help, the docs page, the picker
//! and the tests come from there. A transform compiles to a SQL expression; `stages::map` puts it into its place.

mod arguments;
mod trim;

pub use arguments::Arguments;

use crate::error::{Error, Result, nearest};
use crate::model::FieldType;
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
    /// Whether text can come out as no value because it cannot be read; such a cell is the anomaly `unreadable-value`.
    pub fails: bool,
    /// What can be said about it in a mapping.
    pub arguments: &'static [Argument],
    /// What goes in and what comes out; executed as tests.
    pub examples: &'static [Example],
    /// The SQL expression for these inputs, each itself a SQL expression of type VARCHAR. Call it through
    /// [`Transform::expression`], which checks the arguments first.
    pub compile: fn(inputs: &[String], arguments: &Arguments) -> Result<String>,
    /// The Rust functions that the expression calls.
    pub functions: &'static [Function],
    /// The `CREATE OR REPLACE TEMP MACRO` statements that the expression needs.
    pub macros: &'static [&'static str],
}

impl Transform {
    /// The SQL expression for these inputs, each itself a SQL expression of type VARCHAR; an error that names what is
    /// wrong with the arguments or the number of columns.
    pub fn expression(&self, inputs: &[String], value: Option<&toml::Value>) -> Result<String> {
        let arguments = Arguments { transform: self.name, value };
        match (self.inputs, inputs.len()) {
            (Inputs::None, _) | (Inputs::One, 1) | (Inputs::Many, 1..) => {}
            (Inputs::One, 0) | (Inputs::Many, 0) => return Err(arguments.wrong("needs a column")),
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
    /// One or more; such a transform can only stand first.
    Many,
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
pub static REGISTRY: &[&Transform] = &[&trim::TRANSFORM];

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

/// All Rust functions that transforms call, for opening a store.
pub fn functions() -> Vec<Function> {
    REGISTRY.iter().flat_map(|transform| transform.functions).copied().collect()
}

/// All macros that transforms need, for opening a store.
pub fn macros() -> Vec<&'static str> {
    REGISTRY.iter().flat_map(|transform| transform.macros).copied().collect()
}
