//! Which column stands beside which field: the lines that both lists share. Pure; made anew from draft and profile.

use super::{draft, profile, proposal, source, table, view};
use crate::model::{ColumnProfile, Field, FieldMapping, Suggestion, column_key};
use crate::tui::model::Model;

/// One line of the two lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    /// What stands at the left.
    pub left: Left,
    /// The canonical field at the right.
    pub field: Option<String>,
    /// What joins them.
    pub link: Link,
    /// Whether the column stands on the line before already.
    pub again: bool,
}

/// What stands at the left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Left {
    /// Nothing: no column feeds the field.
    Nothing,
    /// A column, by its place in the profile.
    Column(usize),
    /// A column that the mapping reads and the export lacks, or that was never loaded.
    Lacking(String),
}

/// What joins a column and a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// Nothing.
    None,
    /// The mapping.
    Mapped,
    /// A suggestion, by its place in the entity's proposal.
    Suggested(usize),
}

impl Pair {
    /// The profile of the column at the left.
    pub fn column<'m>(&self, model: &'m Model) -> Option<&'m ColumnProfile> {
        match self.left {
            Left::Column(at) => profile(model)?.columns.get(at),
            _ => None,
        }
    }

    /// The name of the column at the left.
    pub fn column_name(&self, model: &Model) -> Option<String> {
        match &self.left {
            Left::Lacking(name) => Some(name.clone()),
            _ => self.column(model).map(|column| column.name.clone()),
        }
    }
}

/// The lines, columns first in the order of the export, then fields that no column feeds.
pub(super) fn pairs(model: &Model) -> Vec<Pair> {
    let staged: Vec<(&str, String)> = profile(model)
        .map(|profile| profile.columns.iter().map(|column| (column.name.as_str(), column_key(&column.name))).collect())
        .unwrap_or_default();
    let fields: Vec<(&String, &Field, Option<&FieldMapping>)> = match table(model) {
        Some((name, table)) => {
            let feeds = draft(model).and_then(|draft| draft.mapping().tables.get(name));
            let feed_of = |field: &String| feeds.and_then(|feeds| feeds.fields.get(field));
            table.fields.iter().map(|(field, declared)| (field, declared, feed_of(field))).collect()
        }
        None => Vec::new(),
    };
    // Per field, where its columns stand in the export, and those that do not.
    let mut at_column: Vec<Vec<&String>> = vec![Vec::new(); staged.len()];
    let mut lacking: Vec<(String, &String)> = Vec::new();
    for (field, _, feed) in &fields {
        for wanted in feed.iter().flat_map(|feed| feed.inputs()) {
            match place_of(wanted, &staged) {
                Some(at) => at_column[at].push(field),
                None => lacking.push((wanted.to_owned(), field)),
            }
        }
    }
    let open = open_suggestions(model);
    let mut suggested: Vec<&str> = Vec::new();
    let mut pairs: Vec<Pair> = Vec::new();
    for (at, (name, _)) in staged.iter().enumerate() {
        let left = Left::Column(at);
        for (nth, field) in at_column[at].iter().enumerate() {
            let field = Some((*field).clone());
            pairs.push(Pair { left: left.clone(), field, link: Link::Mapped, again: nth > 0 });
        }
        let mut again = !at_column[at].is_empty();
        for (number, one) in open.iter().filter(|(_, one)| one.columns.iter().any(|column| column == name)) {
            suggested.push(&one.field);
            let link = Link::Suggested(*number);
            pairs.push(Pair { left: left.clone(), field: Some(one.field.clone()), link, again });
            again = true;
        }
        if !again {
            pairs.push(Pair { left, field: None, link: Link::None, again: false });
        }
    }
    for (name, field) in lacking {
        let again = matches!(pairs.last(), Some(Pair { left: Left::Lacking(last), .. }) if *last == name);
        pairs.push(Pair { left: Left::Lacking(name), field: Some(field.clone()), link: Link::Mapped, again });
    }
    let mut alone: Vec<(u8, Pair)> = Vec::new();
    for (field, declared, feed) in &fields {
        let has_columns = feed.is_some_and(|feed| feed.inputs().next().is_some());
        if has_columns || suggested.contains(&field.as_str()) {
            continue;
        }
        let rank = match (feed, declared) {
            (Some(_), _) => 1,
            (None, declared) if lacks(declared) => 0,
            (None, declared) if declared.derive.is_some() => 4,
            (None, declared) if declared.default.is_some() => 3,
            _ => 2,
        };
        let link = if feed.is_some() { Link::Mapped } else { Link::None };
        alone.push((rank, Pair { left: Left::Nothing, field: Some((*field).clone()), link, again: false }));
    }
    alone.sort_by_key(|(rank, _)| *rank);
    pairs.extend(alone.into_iter().map(|(_, pair)| pair));
    match model.mapping.filter.as_deref().map(column_key) {
        Some(wanted) => pairs
            .into_iter()
            .filter(|pair| {
                let names = pair.column_name(model).into_iter().chain(pair.field.clone());
                names.into_iter().any(|name| column_key(&name).contains(&wanted))
            })
            .map(|pair| Pair { again: false, ..pair })
            .collect(),
        None => pairs,
    }
}

/// Whether nothing gives the field the value that it must have, unless a column does.
pub(super) fn lacks(declared: &Field) -> bool {
    (declared.required || declared.key) && declared.default.is_none() && declared.derive.is_none()
}

/// The place of a column among those staged, by the same comparison by which it will be read.
fn place_of(wanted: &str, staged: &[(&str, String)]) -> Option<usize> {
    let exactly = staged.iter().position(|(name, _)| *name == wanted);
    exactly.or_else(|| {
        let key = column_key(wanted);
        staged.iter().position(|(_, other)| *other == key)
    })
}

/// A column that a mapping names, as the export writes it; a mapping may write it in its own way.
pub(super) fn as_exported<'n>(model: &'n Model, column: &'n str) -> &'n str {
    let staged = profile(model).map(|profile| profile.columns.iter()).into_iter().flatten();
    let staged: Vec<(&str, String)> = staged.map(|known| (known.name.as_str(), column_key(&known.name))).collect();
    place_of(column, &staged).map_or(column, |at| staged[at].0)
}

/// The suggestions for this table that are not followed and whose field nothing feeds yet, with their places in the
/// entity's proposal.
pub(super) fn open_suggestions(model: &Model) -> Vec<(usize, &Suggestion)> {
    let (Some((table, _)), Some(proposal)) = (table(model), proposal(model)) else {
        return Vec::new();
    };
    let fed = draft(model).and_then(|draft| draft.mapping().tables.get(table));
    let is_open = |one: &Suggestion| {
        !one.mapped && one.table == table && fed.is_none_or(|fed| !fed.fields.contains_key(&one.field))
    };
    proposal.suggestions.iter().enumerate().filter(|(_, one)| is_open(one)).collect()
}

/// The fields of other tables, as `table.field`, that a column of this entity feeds.
pub(super) fn elsewhere(model: &Model, column: &str) -> Vec<String> {
    let (Some(draft), Some(place)) = (draft(model), &model.mapping.place) else {
        return Vec::new();
    };
    let key = column_key(column);
    let mut found = Vec::new();
    for (name, table) in &draft.mapping().tables {
        if table.entity != place.entity || Some(name) == place.table.as_ref() {
            continue;
        }
        let feeds = table.fields.iter().filter(|(_, feed)| feed.inputs().any(|input| column_key(input) == key));
        found.extend(feeds.map(|(field, _)| format!("{name}.{field}")));
    }
    found
}

/// What is worth a line above the lists: above the columns, and above the fields. On a narrow screen that is also what
/// stands in the lower lines of their frames on a wide one, as the titles of other panes stand there.
pub(super) fn banner(model: &Model) -> Option<(String, String)> {
    let narrow = model.body().width < super::WIDE;
    let below = |words: String| Some(words).filter(|words| narrow && !words.is_empty());
    let columns: Vec<String> = drifted(model).into_iter().chain(below(view::filtered(model))).collect();
    let fields = below(view::standing_of_draft(model, true)).unwrap_or_default();
    (!columns.is_empty() || !fields.is_empty()).then(|| (columns.join(" · "), fields))
}

fn drifted(model: &Model) -> Option<String> {
    let drift = drift(model)?;
    let parts: Vec<String> =
        [(drift.renamed.len(), "renamed"), (drift.missing.len(), "gone"), (drift.added.len(), "new")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
    (!parts.is_empty()).then(|| format!("≠ columns: {} · {} shows", parts.join(", "), model.key("drift")))
}

/// How the columns of the entity have changed.
pub(super) fn drift(model: &Model) -> Option<&crate::model::Drift> {
    let place = model.mapping.place.as_ref()?;
    source(model)?.drift.iter().find(|drift| drift.entity == place.entity && !drift.is_empty())
}

/// The new name that a lacking column probably has, and how sure that is.
pub(super) fn new_name<'m>(model: &'m Model, pair: &Pair) -> Option<&'m crate::model::RenamedColumn> {
    let Left::Lacking(name) = &pair.left else {
        return None;
    };
    let key = column_key(name);
    drift(model)?.renamed.iter().find(|one| column_key(&one.from) == key)
}
