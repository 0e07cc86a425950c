//! Keys carry the source. Where two sources read different places and their mappings write the same in front of the keys,
//! customer 17 of the one would be taken for customer 17 of the other: this is seen here, and a source that is added gets a
//! mapping of its own.

use toml::Value;

use super::workspace::{self, Workspace};
use crate::connectors;
use crate::error::{Error, Result};
use crate::model::{Mapping, Schema, SourceConfig};

/// What a mapping writes in front of the keys of its tables, table by table.
fn leads<'a>(schema: &'a Schema, mapping: &'a Mapping) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
    mapping.tables.iter().filter_map(|(name, feed)| {
        let (key, _) = schema.tables.get(name)?.fields.iter().find(|(_, field)| field.key)?;
        let steps = &feed.fields.get(key)?.transforms;
        let lead =
            steps.iter().filter(|step| step.name == "prefix").find_map(|step| match step.arguments.as_ref()? {
                Value::String(text) => Some(text.as_str()),
                Value::Array(items) => items.first()?.as_str(),
                arguments => arguments.get("text")?.as_str(),
            });
        Some((name.as_str(), lead))
    })
}

/// The place within which the keys of a source are unique; `None` where nobody can tell.
fn place(config: &SourceConfig, mapping: &Mapping) -> Option<Vec<String>> {
    let kind = connectors::find(&mapping.connector).ok().filter(|kind| !kind.keys_within.is_empty())?;
    let said = |name: &&str| config.text(name).unwrap_or_default().trim().trim_end_matches('/').to_lowercase();
    Some(std::iter::once(kind.name.to_owned()).chain(kind.keys_within.iter().map(said)).collect())
}

/// The first other source that gives records of another place the keys that this one gives its own.
pub(super) fn rival<'w>(workspace: &'w Workspace, source: &str) -> Option<&'w str> {
    let own = workspace.mappings.iter().find(|(name, _)| name == source);
    let (own, mapping) = (workspace.config.sources.get(source)?, &own?.1);
    let here = place(own, mapping)?;
    workspace.mappings.iter().find_map(|(name, theirs)| {
        let there = place(workspace.config.sources.get(name)?, theirs)?;
        let alike =
            || leads(&workspace.schema, mapping).any(|lead| leads(&workspace.schema, theirs).any(|l| l == lead));
        (name != source && there[0] == here[0] && there != here && alike()).then_some(name.as_str())
    })
}

/// The rival of a source that comes before it, so that of two sources one is as it was.
pub(super) fn elder_rival<'w>(workspace: &'w Workspace, source: &str) -> Option<&'w str> {
    let place = |name: &str| workspace.config.sources.get_index_of(name);
    rival(workspace, source).filter(|rival| place(rival) < place(source))
}

/// Why two sources cannot be as they are.
pub(super) fn refusal(workspace: &Workspace, source: &str, rival: &str) -> Error {
    let mapping = workspace.mapping_name(source).unwrap_or_default();
    Error::config(format!(
        "\"{source}\" and \"{rival}\" read different databases, and their records would get the same keys"
    ))
    .at_file("tastevin.toml")
    .at_column(format!("sources.{source}"))
    .at_key(["sources", source])
    .hint(format!("`tastevin source remove {source}` and `tastevin source add` give it a mapping of its own"))
    .hint(format!(
        "or copy mappings/{mapping}.toml, write another prefix there, and name it with mapping = \"…\" in \"{source}\""
    ))
}

/// The mapping of a source with its own name in front of all keys; `None` where there is no beginning that all keys share.
pub(super) fn own_mapping(workspace: &Workspace, source: &str) -> Result<Option<String>> {
    let Some(name) = workspace.mapping_name(source) else { return Ok(None) };
    let Some((_, mapping)) = workspace.mappings.iter().find(|(known, _)| known == source) else { return Ok(None) };
    let leads: Vec<&str> = leads(&workspace.schema, mapping).filter_map(|(_, lead)| lead).collect();
    let shared = leads.iter().min_by_key(|lead| lead.len()).copied().unwrap_or_default();
    if shared.is_empty() || !leads.iter().all(|lead| lead.starts_with(shared)) {
        return Ok(None);
    }
    let Some((_, text)) = workspace::read_mapping(&workspace.dir, &name, "")? else { return Ok(None) };
    let text = match &text {
        Some(text) => text.as_str(),
        None => workspace::default_text(&name).unwrap_or_default(),
    };
    let written = format!("prefix = \"{shared}");
    Ok(text.contains(&written).then(|| text.replace(&written, &format!("prefix = \"{source}-"))))
}
