//! `extract`: the part of a text that a pattern describes.

use regex::Regex;

use super::{Argument, Example, Inputs, Takes, Transform};
use crate::model::FieldType;
use crate::sql::Literal;

pub const TRANSFORM: Transform = Transform {
    name: "extract",
    summary: "Takes the first part of the text that matches a regular expression.",
    docs: "The syntax is RE2's: no look-around and no back-references. With a group in brackets the first group is taken, \
           without one the whole match. Text without a match has no value; that is not an anomaly.",
    inputs: Inputs::One,
    output: FieldType::Text,
    reads: None,
    arguments: &[
        Argument { name: "pattern", help: "The regular expression.", required: true, takes: Takes::Text },
        Argument {
            name: "group",
            help: "The number of the group to take, 0 for the whole match; default 1 where there is a group, else 0.",
            required: false,
            takes: Takes::Number,
        },
    ],
    examples: &[
        Example { arguments: "'(19|20)\\d\\d'", inputs: &[Some("Riesling 2020")], output: Some("20") },
        Example {
            arguments: "{ pattern = '(19|20)\\d\\d', group = 0 }",
            inputs: &[Some("Riesling 2020")],
            output: Some("2020"),
        },
        Example { arguments: "'\\d{5}'", inputs: &[Some("F-67000 Strasbourg")], output: Some("67000") },
        Example { arguments: "'(?i)lot\\s*:\\s*(\\w+)'", inputs: &[Some("Lot : A17, cave 2")], output: Some("A17") },
        Example { arguments: "'\\d{5}'", inputs: &[Some("Strasbourg")], output: None },
        Example { arguments: "'\\d{5}'", inputs: &[None], output: None },
    ],
    compile: |inputs, arguments| {
        let pattern = arguments.text("pattern")?;
        let regex = Regex::new(pattern)
            .map_err(|cause| arguments.wrong("has a pattern that is no regular expression").caused_by(cause))?;
        let groups = regex.captures_len() as i64 - 1;
        let group = arguments.optional_number("group")?.unwrap_or(groups.min(1));
        if !(0..=groups.min(9)).contains(&group) {
            return Err(arguments.wrong(&format!("asks for group {group} of a pattern that has {groups}")));
        }
        Ok(format!("nullif(regexp_extract({}, {}, {group}), '')", inputs[0], Literal(pattern)))
    },
    functions: &[],
};
