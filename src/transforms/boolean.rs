//! `boolean`: yes and no.

use super::{Argument, Arguments, Example, Inputs, Transform};
use crate::error::Result;
use crate::model::FieldType;
use crate::sql::Literal;

pub const TRANSFORM: Transform = Transform {
    name: "boolean",
    summary: "Reads yes or no, in French or English.",
    docs: "True: oui, o, vrai, v, yes, y, true, t, 1, x, on. False: non, n, faux, f, no, false, 0, off. Compared without \
           regard to case and to white space at the ends; the arguments add words. Anything else is unreadable.",
    inputs: Inputs::One,
    output: FieldType::Boolean,
    fails: true,
    arguments: &[
        Argument { name: "true", help: "More words for true.", required: false },
        Argument { name: "false", help: "More words for false.", required: false },
    ],
    examples: &[
        Example { arguments: "", inputs: &[Some("Oui")], output: Some("true") },
        Example { arguments: "", inputs: &[Some(" N\u{a0}")], output: Some("false") },
        Example { arguments: "", inputs: &[Some("1")], output: Some("true") },
        Example { arguments: "", inputs: &[Some("VRAI")], output: Some("true") },
        Example { arguments: "", inputs: &[Some("x")], output: Some("true") },
        Example {
            arguments: "{ true = [\"abonné\"], false = [\"désabonné\"] }",
            inputs: &[Some("Désabonné")],
            output: Some("false"),
        },
        Example { arguments: "", inputs: &[Some("peut-être")], output: None },
        Example { arguments: "", inputs: &[Some("2")], output: None },
        Example { arguments: "", inputs: &[None], output: None },
    ],
    compile: |inputs, arguments| {
        let yes = words(arguments, "true", &["oui", "o", "vrai", "v", "yes", "y", "true", "t", "1", "x", "on"])?;
        let no = words(arguments, "false", &["non", "n", "faux", "f", "no", "false", "0", "off"])?;
        let text = format!("lower(tv_trim({}))", inputs[0]);
        Ok(format!("CASE WHEN {text} IN ({yes}) THEN true WHEN {text} IN ({no}) THEN false END"))
    },
    functions: &[],
    macros: &[],
};

fn words(arguments: &Arguments, name: &str, known: &[&str]) -> Result<String> {
    let more = arguments.texts(name)?;
    let all = known.iter().copied().chain(more).map(|word| Literal(&word.trim().to_lowercase()).to_string());
    Ok(all.collect::<Vec<_>>().join(", "))
}
