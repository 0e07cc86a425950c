//! Saving mappings: what is wrong with them is looked at first and said, then they are written, with a line for the shell per
//! field. Neighbour: `leave`, which asks what becomes of edits that are not saved.

use super::leave::Way;
use super::{Told, draft};
use crate::model::{MappingDraft, MappingProblem};
use crate::tui::effects::{Ask, Effect, Job};
use crate::tui::model::Model;
use crate::tui::popups::{Popup, Question};
use crate::tui::{shell, text};

/// The most problems that are told one by one; of more the number is said.
const TOLD: usize = 6;

/// Mappings that are to be saved.
pub struct Vetting {
    names: Vec<String>,
    leaving: Option<Way>,
}

pub(super) fn can_save(model: &Model) -> Result<(), String> {
    super::act::can_edit(model)?;
    model.writable()?;
    match draft(model) {
        Some(draft) if draft.is_changed() => Ok(()),
        _ => Err("there is nothing to save: the mapping is as its file says".to_owned()),
    }
}

pub(super) fn save(model: &mut Model) -> Vec<Effect> {
    let name = draft(model).map(|draft| draft.name().to_owned());
    save_these(model, |other| Some(other) == name.as_deref(), None)
}

/// Asks what is wrong with the drafts with edits that `wanted` lets through, to write them.
pub(super) fn save_these(model: &mut Model, wanted: impl Fn(&str) -> bool, leaving: Option<Way>) -> Vec<Effect> {
    let changed = model.mapping.drafts.values().filter(|draft| draft.is_changed() && wanted(draft.name()));
    let drafts: Vec<(String, MappingDraft)> =
        changed.filter_map(|draft| Some((source_of(model, draft.name())?, draft.clone()))).collect();
    let names = drafts.iter().map(|(_, draft)| draft.name().to_owned()).collect();
    model.mapping.vetting = Some(Vetting { names, leaving });
    vec![model.ask(Ask::MappingProblems(drafts))]
}

/// A source that goes by a mapping, the one on the screen if it does.
fn source_of(model: &Model, mapping: &str) -> Option<String> {
    let own = model.mapping.place.as_ref().map(|place| &place.source);
    let mut all = model.mapping.sources.iter().filter(|(_, known)| known.mapping == mapping).map(|(name, _)| name);
    all.clone().find(|name| Some(*name) == own).or_else(|| all.next()).cloned()
}

/// It is known what is wrong with what is to be saved: writes it, after a question where something is.
pub fn vetted(model: &mut Model, outcome: &Result<Vec<MappingProblem>, Told>) -> Vec<Effect> {
    let problems: Vec<String> = match outcome {
        Ok(problems) => problems.iter().map(in_words).collect(),
        Err(told) => vec![told.what.clone()],
    };
    let Some(vetting) = model.mapping.vetting.as_ref().filter(|_| !problems.is_empty()) else { return write(model) };
    let files: Vec<String> = vetting.names.iter().map(|name| format!("mappings/{name}.toml")).collect();
    let mut about: Vec<String> = problems.iter().take(TOLD).cloned().collect();
    if problems.len() > TOLD {
        about.push(format!("and {} more", text::number((problems.len() - TOLD) as u64)));
    }
    about.push("Saved like this, nothing can be checked before it is mended.".to_owned());
    about.push("Save it all the same?".to_owned());
    let title = format!("{} in {}", text::count(problems.len() as u64, "problem"), files.join(", "));
    model.popup = Some(Popup::Question(Question::new(title, about, write)));
    Vec::new()
}

fn in_words(problem: &MappingProblem) -> String {
    let field = if problem.field.is_empty() { String::new() } else { format!(".{}", problem.field) };
    let step = problem.step.as_ref().map(|(_, name)| format!(", {name}")).unwrap_or_default();
    let hint = problem.hints.first().map(|hint| format!(" ({hint})")).unwrap_or_default();
    text::clean(&format!("{}{field}{step}: {}{hint}", problem.table, problem.message)).into_owned()
}

fn write(model: &mut Model) -> Vec<Effect> {
    let Some(Vetting { names, leaving }) = model.mapping.vetting.take() else { return Vec::new() };
    let drafts = names.iter().filter_map(|name| model.mapping.drafts.get(name));
    let jobs: Vec<Effect> =
        drafts.map(|draft| Effect::Do(Job::SaveMapping { draft: Box::new(draft.clone()) })).collect();
    model.mapping.saving += jobs.len();
    model.mapping.leaving = leaving;
    jobs
}

/// Writes down as lines for a shell what a mapping that was saved says otherwise than before.
pub(super) fn write_down(model: &mut Model, name: &str) {
    let (Some(source), Some(draft)) = (source_of(model, name), model.mapping.drafts.get(name)) else { return };
    for words in shell::mapping(&source, draft) {
        model.journal.add(&model.about.dir, model.clock, words);
    }
}
