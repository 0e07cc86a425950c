//! `remove_special_chars`: letters, digits and spaces only.

use super::text::collapsed;
use super::{Argument, Example, Inputs, Takes, Transform};
use crate::model::FieldType;
use crate::sql::Literal;
use crate::store::{Call, Function};

pub const TRANSFORM: Transform = Transform {
    name: "remove_special_chars",
    summary: "Removes every character that is no letter, digit or space.",
    docs: "A removed character leaves a space, and runs of white space become one. Letters of every script and their \
           accents stay. The characters of `keep` stay too.",
    inputs: Inputs::One,
    output: FieldType::Text,
    reads: None,
    arguments: &[Argument {
        name: "keep",
        help: "Characters that stay, written one after the other; default \"-'\".",
        required: false,
        takes: Takes::Text,
    }],
    examples: &[
        Example { arguments: "", inputs: &[Some("*Jean-Pierre* (VIP)")], output: Some("Jean-Pierre VIP") },
        Example { arguments: "", inputs: &[Some("Château d'Orschwihr!!!")], output: Some("Château d'Orschwihr") },
        Example { arguments: "\"\"", inputs: &[Some("a-b_c")], output: Some("a b c") },
        Example {
            arguments: "{ keep = \"&.\" }",
            inputs: &[Some("Müller & Fils, S.A.")],
            output: Some("Müller & Fils S.A."),
        },
        Example { arguments: "", inputs: &[None], output: None },
    ],
    compile: |inputs, arguments| {
        let keep = arguments.optional_text("keep")?.unwrap_or("-'");
        Ok(format!("tv_remove_special_chars({}, {})", inputs[0], Literal(keep)))
    },
    functions: &[Function { name: "tv_remove_special_chars", call: Call::Two(|text, keep| Some(cleaned(text, keep))) }],
};

fn cleaned(text: &str, keep: &str) -> String {
    let stays = |c: char| c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c) || keep.contains(c);
    collapsed(&text.replace(|c| !stays(c), " "))
}
