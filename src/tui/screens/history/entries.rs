//! The timeline: loads and commits in one list, the newest first, and which of them are shown.

use chrono::{DateTime, Local, NaiveDate, Utc};

use super::TIMELINE;
use crate::model::{Commit, Load};
use crate::tui::cursor::Cursor;
use crate::tui::effects::Effect;
use crate::tui::model::Model;
use crate::tui::popups::{Item, Picker, Popup};
use crate::tui::text;

/// Which entries are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Shown {
    /// All of them.
    #[default]
    All,
    /// The commits.
    Commits,
    /// The loads of a source.
    Source(String),
}

impl Shown {
    /// The words on its chip.
    pub fn label(&self) -> Option<String> {
        match self {
            Shown::All => None,
            Shown::Commits => Some("commits only".to_owned()),
            Shown::Source(source) => Some(format!("source {}", text::clean(source))),
        }
    }
}

/// A line of the timeline.
#[derive(Debug, Clone, Copy)]
pub enum Entry<'m> {
    /// A run of a source.
    Load(&'m Load),
    /// A commit.
    Commit(&'m Commit),
}

impl Entry<'_> {
    /// When it was.
    pub fn at(&self) -> DateTime<Utc> {
        match self {
            Entry::Load(load) => load.ended.unwrap_or(load.started),
            Entry::Commit(commit) => commit.at,
        }
    }

    /// The day where the user is.
    pub fn day(&self) -> NaiveDate {
        self.at().with_timezone(&Local).date_naive()
    }
}

/// The lines that are shown; none before they are known.
pub fn entries(model: &Model) -> Vec<Entry<'_>> {
    let Some(known) = &model.history.known else {
        return Vec::new();
    };
    let shown = &model.history.shown;
    let loads = known.loads.iter().filter(|load| match shown {
        Shown::All => true,
        Shown::Commits => false,
        Shown::Source(source) => load.source == *source,
    });
    let commits = known.commits.iter().filter(|_| !matches!(shown, Shown::Source(_)));
    let mut entries: Vec<Entry> = loads.map(Entry::Load).chain(commits.map(Entry::Commit)).collect();
    // Both lists come with the newest first, so what happened in the same moment keeps its order.
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.at()));
    entries
}

/// How many lines are shown.
pub fn count(model: &Model) -> u64 {
    entries(model).len() as u64
}

/// The line that the cursor is on.
pub fn here(model: &Model) -> Option<Entry<'_>> {
    let at = usize::try_from(model.history.cursors[TIMELINE].at).ok()?;
    entries(model).get(at).copied()
}

/// The commit that the cursor is on.
pub fn commit_here(model: &Model) -> Option<&Commit> {
    match here(model) {
        Some(Entry::Commit(commit)) => Some(commit),
        _ => None,
    }
}

/// The commit of that number.
pub fn commit(model: &Model, id: i64) -> Option<&Commit> {
    model.history.known.as_ref()?.commits.iter().find(|commit| commit.id == id)
}

/// The load of that number.
pub fn load(model: &Model, id: i64) -> Option<&Load> {
    model.history.known.as_ref()?.loads.iter().find(|load| load.id == id)
}

/// Asks which entries to show.
pub fn choose(model: &mut Model) -> Vec<Effect> {
    let mut choices = vec![Shown::All, Shown::Commits];
    let known = model.history.known.as_ref();
    for load in known.iter().flat_map(|known| &known.loads) {
        let source = Shown::Source(load.source.clone());
        if !choices.contains(&source) {
            choices.push(source);
        }
    }
    let loads = |source: &str| known.map_or(0, |known| known.loads.iter().filter(|load| load.source == source).count());
    let items = choices
        .iter()
        .map(|choice| match choice {
            Shown::All => Item::new("everything", "", "loads of all sources, and commits"),
            Shown::Commits => Item::new("commits", "", "commits only"),
            Shown::Source(source) => {
                Item::new(source, text::count(loads(source) as u64, "load"), "the loads of this source")
            }
        })
        .collect();
    let chosen = move |model: &mut Model, at: usize| {
        if let Some(choice) = choices.get(at) {
            model.history.shown = choice.clone();
            model.history.cursors[TIMELINE] = Cursor::default();
        }
        Vec::new()
    };
    model.popup = Some(Popup::Picker(Picker::new("show", items, chosen)));
    Vec::new()
}
