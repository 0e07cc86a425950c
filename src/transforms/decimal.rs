//! `decimal`: numbers with decimals, written the French or the English way; its neighbour is `integer`.

use super::{Example, Inputs, Transform, number};
use crate::model::FieldType;
use crate::store::{Call, Function};

pub const TRANSFORM: Transform = Transform {
    name: "decimal",
    summary: "Reads a number, written the French or the English way.",
    docs: "Thousands may be separated by spaces (no-break ones too), apostrophes, points or commas, in groups of three. \
           Where both point and comma occur the last one is the decimal sign; one that occurs several times separates \
           thousands; one that occurs once is the decimal sign, so 1,234 is one and a bit: say `decimal = \".\"` for \
           exports where it means a thousand. The euro (€, EUR, euros) is passed over; an amount in any other currency is \
           unreadable, since nothing is converted, unless `currency` names it. Negative are \
           -5, 5- and (5). Four decimals are kept, rounded half up. Unreadable are exponents (1,23E+12 is what a \
           spreadsheet made of a code), percentages, and more than 14 digits before the decimals.",
    inputs: Inputs::One,
    output: FieldType::Decimal,
    reads: Some("a number"),
    arguments: number::ARGUMENTS,
    examples: &[
        Example { arguments: "", inputs: &[Some("1 234,56")], output: Some("1234.5600") },
        Example { arguments: "", inputs: &[Some("1\u{202f}234\u{a0}567,8")], output: Some("1234567.8000") },
        Example { arguments: "", inputs: &[Some("1.234,56")], output: Some("1234.5600") },
        Example { arguments: "", inputs: &[Some("1,234.56")], output: Some("1234.5600") },
        Example { arguments: "", inputs: &[Some("1'234.50")], output: Some("1234.5000") },
        Example { arguments: "", inputs: &[Some("12,5")], output: Some("12.5000") },
        Example { arguments: "", inputs: &[Some("45.50")], output: Some("45.5000") },
        Example { arguments: "", inputs: &[Some("1,234")], output: Some("1.2340") },
        Example { arguments: "\".\"", inputs: &[Some("1,234")], output: Some("1234.0000") },
        Example { arguments: "\",\"", inputs: &[Some("45.50")], output: None },
        Example { arguments: "", inputs: &[Some("1.234.567")], output: Some("1234567.0000") },
        Example { arguments: "", inputs: &[Some("€\u{a0}12")], output: Some("12.0000") },
        Example { arguments: "", inputs: &[Some("12,50\u{a0}€")], output: Some("12.5000") },
        Example { arguments: "", inputs: &[Some("12 EUR")], output: Some("12.0000") },
        Example { arguments: "", inputs: &[Some("£26.90")], output: None },
        Example { arguments: "{ currency = \"£\" }", inputs: &[Some("£26.90")], output: Some("26.9000") },
        Example { arguments: "{ currency = \"CHF\" }", inputs: &[Some("CHF 12.50")], output: Some("12.5000") },
        Example { arguments: "{ currency = \"£\" }", inputs: &[Some("12,50 €")], output: None },
        Example { arguments: "", inputs: &[Some("-5")], output: Some("-5.0000") },
        Example { arguments: "", inputs: &[Some("(5,00)")], output: Some("-5.0000") },
        Example { arguments: "", inputs: &[Some(",5")], output: Some("0.5000") },
        Example { arguments: "", inputs: &[Some("1 23")], output: None },
        Example { arguments: "", inputs: &[Some("1,23E+12")], output: None },
        Example { arguments: "", inputs: &[Some("20 %")], output: None },
        Example { arguments: "", inputs: &[Some("n/a")], output: None },
        Example { arguments: "", inputs: &[None], output: None },
    ],
    compile: |inputs, arguments| number::call("tv_decimal", &inputs[0], arguments),
    functions: &[Function { name: "tv_decimal", call: Call::Decimal(number::decimal) }],
};
