//! `timestamp`: days with a time by explicit formats; its neighbour is `date`.

use super::{Argument, Example, Inputs, Takes, Transform, moment};
use crate::model::FieldType;
use crate::sql::Literal;
use crate::store::{Call, Function};

/// The formats that are tried, in order, where the mapping names none.
const FORMATS: [&str; 10] = [
    "%Y-%m-%d %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%d %H:%M",
    "%d/%m/%Y",
    "%Y-%m-%d",
    "%d-%m-%Y",
    "%d.%m.%Y",
];

pub const TRANSFORM: Transform = Transform {
    name: "timestamp",
    summary: "Reads a day and time by explicit formats, tried in order.",
    docs: "Without formats: 31/12/2024 and 2024-12-31, with hours and minutes and with or without seconds and their \
           fraction; 2024-12-31T17:45:00, with or without an offset; and days alone, which begin at midnight. Formats are \
           written as for `date`. A time with an offset becomes UTC; without one it stays as it is. What fits no format is \
           unreadable, never now.",
    inputs: Inputs::One,
    output: FieldType::Timestamp,
    reads: Some("a day and time"),
    arguments: &[Argument {
        name: "formats",
        help: "The format, or a list of formats tried in order.",
        required: false,
        takes: Takes::Texts,
    }],
    examples: &[
        Example { arguments: "", inputs: &[Some("2024-03-05 17:45:00")], output: Some("2024-03-05 17:45:00") },
        Example { arguments: "", inputs: &[Some("05/03/2024 17:45")], output: Some("2024-03-05 17:45:00") },
        Example { arguments: "", inputs: &[Some("2024-03-05T17:45:00.5")], output: Some("2024-03-05 17:45:00.5") },
        Example { arguments: "", inputs: &[Some("2024-03-05T17:45:00+02:00")], output: Some("2024-03-05 15:45:00") },
        Example { arguments: "", inputs: &[Some("05/03/2024")], output: Some("2024-03-05 00:00:00") },
        Example {
            arguments: "\"%d/%m/%Y %Hh%M\"",
            inputs: &[Some("05/03/2024 17h45")],
            output: Some("2024-03-05 17:45:00"),
        },
        Example { arguments: "\"excel\"", inputs: &[Some("45383,75")], output: Some("2024-04-01 18:00:00") },
        Example { arguments: "", inputs: &[Some("05/03/2024 25:00")], output: None },
        Example { arguments: "", inputs: &[Some("maintenant")], output: None },
        Example { arguments: "", inputs: &[None], output: None },
    ],
    compile: |inputs, arguments| {
        Ok(format!("tv_timestamp({}, {})", inputs[0], Literal(&moment::formats(arguments, &FORMATS)?)))
    },
    functions: &[Function { name: "tv_timestamp", call: Call::Timestamp(moment::microseconds) }],
};
