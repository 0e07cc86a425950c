//! A mapping: which entity and columns of a source feed which canonical fields, through which transforms.

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What `mappings/<kind>.toml` says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// What the source is, in a sentence.
    #[serde(default)]
    pub description: String,
    /// The connector that reads it.
    #[serde(default = "files")]
    pub connector: String,
    /// Per entity, what the connector has to know of it; each connector reads its own words, [`EntityFiles`] those of
    /// the connector `files`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub entities: IndexMap<String, toml::Table>,
    /// Per canonical table, what feeds it.
    #[serde(default)]
    pub tables: IndexMap<String, TableMapping>,
}

fn files() -> String {
    "files".to_owned()
}

/// Which files hold an entity and how they are written: what `[entities.NAME]` says where the connector is `files`.
/// What is absent is detected.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EntityFiles {
    /// File name patterns with `*` and `?`, matched without regard to case.
    pub files: Vec<String>,
    /// Take every matching file, not only the newest.
    pub all: bool,
    /// `utf-8`, `utf-16le`, `utf-16be`, `windows-1252` or `iso-8859-1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// The field separator, one character; `\t` for a tab.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// The quote, one character, or empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    /// The line on which the column names stand, counted from 1; 0 for a file without names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_row: Option<u64>,
    /// The sheet of a workbook, by name; absent for the first one that holds data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
}

/// What feeds one canonical table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableMapping {
    /// The entity whose rows become rows of the table.
    pub entity: String,
    /// A SQL condition over the entity's columns; rows that do not meet it are left out.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Per canonical field, what feeds it.
    pub fields: IndexMap<String, FieldMapping>,
}

/// What feeds one canonical field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldMapping {
    /// The source column. Compared without regard to case, accents and the kind of separator between words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Several source columns; the first transform says how they become one value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// What is done to the text, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transforms: Vec<Step>,
    /// A column that some exports lack: its absence is not an error, the field stays empty.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

impl FieldMapping {
    /// All source columns in order, whether written as `column` or `columns`.
    pub fn inputs(&self) -> impl Iterator<Item = &str> {
        self.column.iter().chain(&self.columns).map(String::as_str)
    }
}

/// One transform with its arguments: `"trim"`, `{ prefix = "isavigne-" }`, `{ replace = ["a", "b"] }`,
/// `{ map_values = { R = "rouge" } }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The name of the transform.
    pub name: String,
    /// Its arguments as written; `None` when written as a bare name.
    pub arguments: Option<toml::Value>,
}

impl Step {
    /// A step without arguments.
    pub fn bare(name: &str) -> Self {
        Step { name: name.to_owned(), arguments: None }
    }

    /// A step as a person types it: `trim`, `decimal(",")`, `prefix "a-"`, `date("%d/%m/%Y", "%Y-%m-%d")`,
    /// `map_values(R = "rouge")`, `{ phone = "FR" }`. An error says what is wrong with the writing; whether there is such a
    /// transform is another question.
    pub fn parse(text: &str) -> Result<Step, String> {
        let text = text.trim();
        if text.starts_with('{') {
            return toml_value(text)
                .and_then(|value| value.try_into::<Step>().ok())
                .ok_or_else(|| "write it like { prefix = \"x-\" }".to_owned());
        }
        let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        if name.is_empty() {
            return Err("begin with the name of a transform".to_owned());
        }
        let rest = rest.trim();
        let inner = match rest.strip_prefix('(') {
            Some(open) => open.strip_suffix(')').ok_or("the bracket is not closed")?.trim(),
            None => rest,
        };
        if inner.is_empty() {
            return Ok(Step::bare(name));
        }
        let written = [inner.to_owned(), format!("[{inner}]"), format!("{{ {inner} }}")];
        let arguments = written.iter().find_map(|written| toml_value(written)).or_else(|| {
            // One word needs no quotes.
            let is_word = !inner.contains(['"', '\'', '[', ']', '{', '}', '=']);
            is_word.then(|| toml::Value::from(inner))
        });
        match arguments {
            Some(arguments) => Ok(Step { name: name.to_owned(), arguments: Some(arguments) }),
            None => Err(format!(
                "the arguments of \"{name}\" are not written like \"text\", [\"a\", \"b\"] or name = \"value\""
            )),
        }
    }
}

/// A value as it stands behind the `=` in a TOML file.
fn toml_value(text: &str) -> Option<toml::Value> {
    let mut table: toml::Table = format!("value = {text}").parse().ok()?;
    table.remove("value").filter(|_| table.is_empty())
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.arguments {
            None => f.write_str(&self.name),
            Some(arguments) => write!(f, "{} {arguments}", self.name),
        }
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.arguments {
            None => serializer.serialize_str(&self.name),
            Some(arguments) => {
                use serde::ser::SerializeMap;
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(&self.name, arguments)?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Bare(String),
            WithArguments(IndexMap<String, toml::Value>),
        }
        match Written::deserialize(deserializer)? {
            Written::Bare(name) => Ok(Step { name, arguments: None }),
            Written::WithArguments(map) => {
                let mut entries = map.into_iter();
                match (entries.next(), entries.next()) {
                    (Some((name, arguments)), None) => Ok(Step { name, arguments: Some(arguments) }),
                    _ => Err(serde::de::Error::custom(
                        "a transform is a name or a table of one name and its arguments, like { prefix = \"x-\" }",
                    )),
                }
            }
        }
    }
}

/// A column name as it is compared: lower case, without accents, words joined by `_`.
pub fn column_key(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let mut key = String::with_capacity(name.len());
    for c in name.nfkd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)) {
        if c.is_alphanumeric() {
            key.extend(c.to_lowercase());
        } else if !key.is_empty() && !key.ends_with('_') {
            key.push('_');
        }
    }
    key.truncate(key.trim_end_matches('_').len());
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_names_compare_without_case_accents_and_separators() {
        assert_eq!(column_key("  Refus e-mail "), "refus_e_mail");
        assert_eq!(column_key("Téléphone"), "telephone");
        assert_eq!(column_key("CODE  CLIENT"), column_key("code_client"));
        assert_eq!(column_key("N° ligne"), "n_ligne");
        assert_eq!(column_key("!!"), "");
    }

    #[test]
    fn a_step_is_typed_as_a_name_or_a_call_or_as_it_stands_in_the_file() {
        let arguments = |text: &str| Step::parse(text).unwrap().arguments.map(|value| value.to_string());
        assert_eq!(Step::parse(" trim "), Ok(Step::bare("trim")));
        assert_eq!(Step::parse("trim()"), Ok(Step::bare("trim")));
        assert_eq!(arguments("decimal(\",\")").as_deref(), Some("\",\""));
        assert_eq!(arguments("phone(FR)").as_deref(), Some("\"FR\""));
        assert_eq!(arguments("date(\"%d/%m/%Y\", \"%Y\")").as_deref(), Some("[\"%d/%m/%Y\", \"%Y\"]"));
        assert_eq!(arguments("map_values(R = \"rouge\")").as_deref(), Some("{ R = \"rouge\" }"));
        assert_eq!(arguments("{ prefix = \"a-\" }").as_deref(), Some("\"a-\""));
        let step = Step::parse("replace(\"a\", \"b\")").unwrap();
        assert_eq!(Step::parse(&step.to_string()), Ok(step));
        for wrong in ["", "(x)", "date(\"%d", "a(\"x\" = )"] {
            assert!(Step::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_step_is_a_name_or_a_name_with_arguments() {
        let field: FieldMapping = toml::from_str(
            r#"column = "nom"
transforms = ["trim", { prefix = "a-" }]"#,
        )
        .unwrap();
        assert_eq!(field.transforms[0], Step::bare("trim"));
        assert_eq!(field.transforms[1].arguments, Some(toml::Value::from("a-")));
        assert!(toml::from_str::<FieldMapping>(r#"transforms = [{ a = 1, b = 2 }]"#).is_err());
        assert_eq!(toml::from_str::<FieldMapping>(&toml::to_string(&field).unwrap()).unwrap(), field);
    }
}
