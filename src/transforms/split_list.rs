//! `split_list`: one cell, several values.

use super::{Argument, Example, Inputs, Takes, Transform};
use crate::model::FieldType;
use crate::sql::Literal;

pub const TRANSFORM: Transform = Transform {
    name: "split_list",
    summary: "Splits the text into a list.",
    docs: "White space around the parts is removed, empty parts are dropped, the order stays. It can only stand last.",
    inputs: Inputs::One,
    output: FieldType::List,
    reads: None,
    arguments: &[Argument {
        name: "separators",
        help: "What stands between the parts: a text or a list of texts, e.g. [\",\", \"/\", \" et \"]; default \",\".",
        required: false,
        takes: Takes::Texts,
    }],
    examples: &[
        Example {
            arguments: "",
            inputs: &[Some("Riesling, Pinot Gris,,\u{a0}Sylvaner ")],
            output: Some("[Riesling, Pinot Gris, Sylvaner]"),
        },
        Example {
            arguments: "[\",\", \"/\", \"+\", \" et \"]",
            inputs: &[Some("Riesling/Muscat + Auxerrois et Sylvaner")],
            output: Some("[Riesling, Muscat, Auxerrois, Sylvaner]"),
        },
        Example {
            arguments: "\";\"",
            inputs: &[Some("agrume;floral, épicé")],
            output: Some("[agrume, 'floral, épicé']"),
        },
        Example { arguments: "", inputs: &[Some(",")], output: Some("[]") },
        Example { arguments: "", inputs: &[None], output: None },
    ],
    compile: |inputs, arguments| {
        let separators = arguments.texts("separators")?;
        if separators.iter().any(|separator| separator.is_empty()) {
            return Err(arguments.wrong("needs separators that are not empty"));
        }
        let (first, others) = separators.split_first().unwrap_or((&",", &[]));
        let text = others
            .iter()
            .fold(inputs[0].clone(), |text, other| format!("replace({text}, {}, {})", Literal(other), Literal(first)));
        Ok(format!(
            "list_filter(list_transform(string_split({text}, {}), lambda part: tv_trim(part)), lambda part: part <> '')",
            Literal(first)
        ))
    },
    functions: &[],
};
