//! `map_values`: a table from the source's words to ours.

use super::arguments::ANY;
use super::{Argument, Arguments, Example, Inputs, Takes, Transform};
use crate::error::Result;
use crate::model::FieldType;
use crate::sql::Literal;

pub const TRANSFORM: Transform = Transform {
    name: "map_values",
    summary: "Replaces whole values by a table.",
    docs: "Values are compared without regard to case and to white space at the ends. A value that is not in the table stays \
           as it is, unless `otherwise` says what becomes of it: a text, or \"\" for unreadable. To say that, write the table \
           under `values`. To take a value for absent use `null_if`.",
    inputs: Inputs::One,
    output: FieldType::Text,
    reads: Some("one of the texts that the mapping names"),
    arguments: &[
        Argument {
            name: ANY,
            help: "A value of the source and what it becomes.",
            required: false,
            takes: Takes::Pairs,
        },
        Argument {
            name: "values",
            help: "The table, where `otherwise` is given too.",
            required: false,
            takes: Takes::Pairs,
        },
        Argument {
            name: "otherwise",
            help: "What every other value becomes; \"\" for unreadable.",
            required: false,
            takes: Takes::Text,
        },
    ],
    examples: &[
        Example { arguments: "{ R = \"rouge\", B = \"blanc\" }", inputs: &[Some("r ")], output: Some("rouge") },
        Example { arguments: "{ R = \"rouge\", B = \"blanc\" }", inputs: &[Some("rosé")], output: Some("rosé") },
        Example {
            arguments: "{ \"crémant d'Alsace\" = \"mousseux\" }",
            inputs: &[Some("CRÉMANT D'ALSACE")],
            output: Some("mousseux"),
        },
        Example {
            arguments: "{ values = { R = \"rouge\" }, otherwise = \"autre\" }",
            inputs: &[Some("gris")],
            output: Some("autre"),
        },
        Example {
            arguments: "{ values = { R = \"rouge\" }, otherwise = \"\" }",
            inputs: &[Some("gris")],
            output: None,
        },
        Example { arguments: "{ values = { R = \"rouge\" }, otherwise = \"autre\" }", inputs: &[None], output: None },
    ],
    compile: |inputs, arguments| {
        let value = arguments.value.and_then(|value| value.get("values")).filter(|value| value.is_table());
        let otherwise = match value {
            Some(_) => arguments.optional_text("otherwise")?,
            None => None,
        };
        if let (Some(_), Some(toml::Value::Table(table))) = (value, arguments.value)
            && let Some(other) = table.keys().find(|key| *key != "values" && *key != "otherwise")
        {
            return Err(arguments.wrong(&format!("knows no argument \"{other}\" beside \"values\" and \"otherwise\"")));
        }
        cases(&inputs[0], otherwise, &Arguments { value: value.or(arguments.value), ..*arguments })
    },
    functions: &[],
};

fn cases(input: &str, otherwise: Option<&str>, table: &Arguments) -> Result<String> {
    let mut sql = format!("CASE lower(tv_trim({input}))");
    for (from, to) in table.pairs()? {
        if to.is_empty() {
            return Err(table.wrong(&format!("makes nothing of \"{from}\"")).hint("use \"null_if\" for that"));
        }
        sql += &format!(" WHEN {} THEN {}", Literal(&from.trim().to_lowercase()), Literal(to));
    }
    if !sql.contains(" WHEN ") {
        return Err(table.wrong("needs a table like { from = \"to\" }"));
    }
    sql += &match otherwise {
        None => format!(" ELSE {input} END"),
        Some("") => " END".to_owned(),
        Some(text) => format!(" ELSE CASE WHEN {input} IS NOT NULL THEN {} END END", Literal(text)),
    };
    Ok(sql)
}
