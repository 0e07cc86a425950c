//! `email`: addresses without what is around them.

use super::text::trimmed;
use super::{Example, Inputs, Transform};
use crate::model::FieldType;
use crate::store::{Call, Function};

pub const TRANSFORM: Transform = Transform {
    name: "email",
    summary: "Tidies an e-mail address.",
    docs: "Takes the address out of `Name <address>`, removes `mailto:`, white space and signs around it, and writes it \
           small. It does not judge: what is no address stays visible for the rule `invalid-email`.",
    inputs: Inputs::One,
    output: FieldType::Text,
    reads: None,
    arguments: &[],
    examples: &[
        Example {
            arguments: "",
            inputs: &[Some(" Jean.Dupont@Example.FR\u{a0}")],
            output: Some("jean.dupont@example.fr"),
        },
        Example { arguments: "", inputs: &[Some("Jean Dupont <jean@example.fr>")], output: Some("jean@example.fr") },
        Example { arguments: "", inputs: &[Some("mailto:jean@example.fr")], output: Some("jean@example.fr") },
        Example { arguments: "", inputs: &[Some("<jean@example.fr>;")], output: Some("jean@example.fr") },
        Example {
            arguments: "",
            inputs: &[Some("jean.dupont at example.fr")],
            output: Some("jean.dupont at example.fr"),
        },
        Example { arguments: "", inputs: &[None], output: None },
    ],
    compile: |inputs, _| Ok(format!("tv_email({})", inputs[0])),
    functions: &[Function { name: "tv_email", call: Call::One(|text| Some(tidied(text))) }],
};

fn tidied(text: &str) -> String {
    let inner = match text.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>')) {
        Some((address, _)) if address.contains('@') => address,
        _ => text,
    };
    let address = trimmed(inner).trim_matches(['<', '>', ',', ';', '"', '\'']).to_lowercase();
    trimmed(address.strip_prefix("mailto:").unwrap_or(&address)).to_owned()
}
