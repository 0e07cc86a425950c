//! `year`: vintages.

use super::text::trimmed;
use super::{Example, Inputs, Transform};
use crate::model::FieldType;
use crate::store::{Call, Function};

pub const TRANSFORM: Transform = Transform {
    name: "year",
    summary: "Reads a year of four digits, e.g. a vintage.",
    docs: "From 1900 to 2100; anything else is unreadable. Words for wines without a vintage (NM, NV, \"non millésimé\") are \
           unreadable too: put { null_if = [\"NM\", \"NV\"] } before it where the source uses them. A spreadsheet's 2020,0 is \
           2020.",
    inputs: Inputs::One,
    output: FieldType::Integer,
    reads: Some("a year of four digits from 1900 to 2100"),
    arguments: &[],
    examples: &[
        Example { arguments: "", inputs: &[Some("2020")], output: Some("2020") },
        Example { arguments: "", inputs: &[Some("\u{a0}1998 ")], output: Some("1998") },
        Example { arguments: "", inputs: &[Some("2020,0")], output: Some("2020") },
        Example { arguments: "", inputs: &[Some("20")], output: None },
        Example { arguments: "", inputs: &[Some("0")], output: None },
        Example { arguments: "", inputs: &[Some("20202")], output: None },
        Example { arguments: "", inputs: &[Some("NM")], output: None },
        Example { arguments: "", inputs: &[None], output: None },
    ],
    compile: |inputs, _| Ok(format!("tv_year({}, '')", inputs[0])),
    functions: &[Function { name: "tv_year", call: Call::Integer(|text, _| year(text)) }],
};

fn year(text: &str) -> Option<i64> {
    let text = trimmed(text);
    let text = text.strip_suffix(",0").or_else(|| text.strip_suffix(".0")).unwrap_or(text);
    if text.len() != 4 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|year| (1900..=2100).contains(year))
}
