//! `trim`: white space off both ends.

use super::{Example, Inputs, Transform};
use crate::model::FieldType;

pub const TRANSFORM: Transform = Transform {
    name: "trim",
    summary: "Removes white space from both ends.",
    docs: "White space is every Unicode space, the no-break spaces U+00A0 and U+202F and tabs included.",
    inputs: Inputs::One,
    output: FieldType::Text,
    fails: false,
    arguments: &[],
    examples: &[
        Example { arguments: "", inputs: &[Some("  Jean ")], output: Some("Jean") },
        Example { arguments: "", inputs: &[Some("\u{a0}Jean\u{202f}")], output: Some("Jean") },
        Example { arguments: "", inputs: &[None], output: None },
    ],
    compile: |inputs, _| Ok(format!("tv_trim({})", inputs[0])),
    functions: &[],
    macros: &[
        "CREATE OR REPLACE TEMP MACRO tv_trim(t) AS trim(t, ' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(160) || chr(8199) || chr(8201) || chr(8239) || chr(12288) || chr(65279))",
    ],
};
