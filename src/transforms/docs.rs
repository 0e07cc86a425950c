//! The reference page of the transforms, written from the registry.

use std::fmt::Write;

use super::arguments::ANY;
use super::text::{is_space, trimmed};
use super::{Example, Inputs, REGISTRY, Transform};

/// The page `docs/transforms.md`.
pub fn reference() -> String {
    let mut page = String::from(
        "# Transforms\n\n\
         <!-- Written from the registry by `TASTEVIN_BLESS=1 cargo test docs`; edit src/transforms/ instead. -->\n\n\
         A transform makes a value of the text of a source column. In a mapping, a field has a list of them, done in order:\n\n\
         ```toml\n\
         price = { column = \"prix\", transforms = [\"decimal\"] }\n\
         grapes = { column = \"cepages\", transforms = [{ split_list = [\",\", \"/\"] }] }\n\
         note = { column = \"remarque\", transforms = [{ extract = { pattern = \"lot (.*)\", group = 1 } }] }\n\
         ```\n\n\
         A transform without arguments is its name; with arguments it is a table of its name and the arguments. The first \
         argument may be written alone, without its name. An absent value stays absent unless a transform says otherwise. \
         Where text goes in and no value comes out of a transform that reads, the cell is the anomaly `unreadable-value`.\n\n\
         In the examples, ␣ is a space that would not show, ⍽ a no-break space, ⇥ a tab, – an absent value. All are run by \
         the tests.\n\n",
    );
    let _ = writeln!(page, "| transform | does |\n|---|---|");
    for transform in REGISTRY {
        let _ = writeln!(page, "| [{0}](#{0}) | {1} |", transform.name, cell(transform.summary));
    }
    for transform in REGISTRY {
        page.push_str(&entry(transform));
    }
    page
}

/// The part of the page about one transform; also what `transforms list NAME` shows.
pub fn entry(transform: &Transform) -> String {
    let mut text = format!("\n## {}\n\n{} {}\n\n", transform.name, transform.summary, transform.docs);
    let takes = match transform.inputs {
        Inputs::None => "no column",
        Inputs::One => "one column",
        Inputs::Beside(what) => &format!("one column, and perhaps a second one with {what}"),
        Inputs::Many => "one or more columns",
    };
    let fails = if transform.reads.is_some() { "; no value for a text means unreadable" } else { "" };
    let _ = writeln!(text, "Takes {takes}, gives {}{fails}.\n", transform.output.name());
    for argument in transform.arguments {
        let required = if argument.required { ", required" } else { "" };
        let name = if argument.name == ANY { "*any name*".to_owned() } else { format!("`{}`", argument.name) };
        let _ = writeln!(text, "- {name}{required}: {}", argument.help);
    }
    if !transform.arguments.is_empty() {
        text.push('\n');
    }
    let _ = writeln!(text, "| in the mapping | text | value |\n|---|---|---|");
    for example in transform.examples {
        let inputs: Vec<_> = example.inputs.iter().map(|input| shown(*input)).collect();
        let _ = writeln!(
            text,
            "| `{}` | {} | {} |",
            cell(&written(transform, example)),
            inputs.join(" and "),
            shown(example.output)
        );
    }
    text
}

fn written(transform: &Transform, example: &Example) -> String {
    match example.arguments {
        "" => format!("\"{}\"", transform.name),
        arguments => format!("{{ {} = {arguments} }}", transform.name),
    }
}

/// A text as it can stand in a table of Markdown, with the white space that one would not see there.
fn shown(text: Option<&str>) -> String {
    let Some(text) = text else { return "–".to_owned() };
    let inner = trimmed(text);
    let start = text.len() - text.trim_start_matches(is_space).len();
    let mut visible = String::new();
    for (at, c) in text.char_indices() {
        match c {
            '\t' => visible.push('⇥'),
            ' ' if at >= start && at < start + inner.len() && !text[..at].ends_with(' ') => visible.push(' '),
            ' ' => visible.push('␣'),
            c if is_space(c) => visible.push('⍽'),
            c => visible.push(c),
        }
    }
    match visible.as_str() {
        "" => "*empty*".to_owned(),
        visible => format!("`{}`", cell(visible)),
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
