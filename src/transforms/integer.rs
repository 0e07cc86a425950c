//! `integer`: whole numbers; its neighbour is `decimal`.

use super::{Example, Inputs, Transform, number};
use crate::model::FieldType;
use crate::store::{Call, Function};

pub const TRANSFORM: Transform = Transform {
    name: "integer",
    summary: "Reads a whole number.",
    docs: "Thousands may be separated and a currency named as in `decimal`. Decimals are unreadable unless they are zeros; so are exponents and \
           what does not fit 64 bits. Leading zeros are lost: leave codes as text.",
    inputs: Inputs::One,
    output: FieldType::Integer,
    reads: Some("a whole number"),
    arguments: number::ARGUMENTS,
    examples: &[
        Example { arguments: "", inputs: &[Some("2020")], output: Some("2020") },
        Example { arguments: "", inputs: &[Some(" 1\u{202f}234 ")], output: Some("1234") },
        Example { arguments: "", inputs: &[Some("12,0")], output: Some("12") },
        Example { arguments: "", inputs: &[Some("-5")], output: Some("-5") },
        Example { arguments: "\".\"", inputs: &[Some("1,234")], output: Some("1234") },
        Example { arguments: "", inputs: &[Some("12,5")], output: None },
        Example { arguments: "", inputs: &[Some("1E+05")], output: None },
        Example { arguments: "", inputs: &[Some("douze")], output: None },
        Example { arguments: "", inputs: &[None], output: None },
    ],
    compile: |inputs, arguments| number::call("tv_integer", &inputs[0], arguments),
    functions: &[Function { name: "tv_integer", call: Call::Integer(number::integer) }],
};
