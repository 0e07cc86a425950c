//! `date`: calendar days by explicit formats; its neighbour is `timestamp`.

use super::{Argument, Example, Inputs, Takes, Transform, moment};
use crate::model::FieldType;
use crate::sql::Literal;
use crate::store::{Call, Function};

/// The formats that are tried, in order, where the mapping names none.
const FORMATS: [&str; 11] = [
    "%d/%m/%Y",
    "%Y-%m-%d",
    "%d-%m-%Y",
    "%d.%m.%Y",
    "%d/%m/%y",
    "%d %B %Y",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
];

pub const TRANSFORM: Transform = Transform {
    name: "date",
    summary: "Reads a calendar day by explicit formats, tried in order.",
    docs: "Without formats: 31/12/2024, 2024-12-31, 31-12-2024, 31.12.2024, 31/12/24, 31 décembre 2024, and the first two \
           with a time, which is dropped. The day stands before the month; say [\"%m/%d/%Y\"] where it does not. A format \
           is made of %d day, %m month, %Y year of four digits, %y year of two (00–68 are 2000–2068, 69–99 are \
           1969–1999), %B name of the month in French or English, %H %M %S time, %z offset (the day is then that of UTC), \
           and of what stands between them. It must fit the whole text. \"excel\" reads the day number of a spreadsheet \
           (45383), only when asked for. Days that do not exist (31/02) and everything else are unreadable, never today.",
    inputs: Inputs::One,
    output: FieldType::Date,
    reads: Some("a date"),
    arguments: &[Argument {
        name: "formats",
        help: "The format, or a list of formats tried in order.",
        required: false,
        takes: Takes::Texts,
    }],
    examples: &[
        Example { arguments: "", inputs: &[Some("05/03/2024")], output: Some("2024-03-05") },
        Example { arguments: "", inputs: &[Some(" 5/3/2024\u{a0}")], output: Some("2024-03-05") },
        Example { arguments: "", inputs: &[Some("2024-03-05")], output: Some("2024-03-05") },
        Example { arguments: "", inputs: &[Some("05.03.24")], output: None },
        Example { arguments: "", inputs: &[Some("05/03/24")], output: Some("2024-03-05") },
        Example { arguments: "", inputs: &[Some("05/03/69")], output: Some("1969-03-05") },
        Example { arguments: "", inputs: &[Some("1er mars 2024")], output: None },
        Example { arguments: "", inputs: &[Some("1 mars 2024")], output: Some("2024-03-01") },
        Example { arguments: "", inputs: &[Some("2024-03-05 17:45:00")], output: Some("2024-03-05") },
        Example { arguments: "[\"%m/%d/%Y\"]", inputs: &[Some("03/05/2024")], output: Some("2024-03-05") },
        Example { arguments: "[\"%d/%m/%Y\", \"excel\"]", inputs: &[Some("45383")], output: Some("2024-04-01") },
        Example { arguments: "", inputs: &[Some("45383")], output: None },
        Example { arguments: "", inputs: &[Some("31/02/2024")], output: None },
        Example { arguments: "", inputs: &[Some("29/02/2024")], output: Some("2024-02-29") },
        Example { arguments: "", inputs: &[Some("00/00/0000")], output: None },
        Example { arguments: "", inputs: &[Some("aujourd'hui")], output: None },
        Example { arguments: "", inputs: &[None], output: None },
    ],
    compile: |inputs, arguments| {
        Ok(format!("tv_date({}, {})", inputs[0], Literal(&moment::formats(arguments, &FORMATS)?)))
    },
    functions: &[Function { name: "tv_date", call: Call::Date(moment::days) }],
};
