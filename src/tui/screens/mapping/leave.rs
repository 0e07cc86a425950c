//! Leaving while edits are not saved: what becomes of them is asked.

use super::{save, unsaved};
use crate::tui::effects::Effect;
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::popups::{Item, Picker, Popup};
use crate::tui::screens::{self, Screen};

/// What the user is on the way to, once the mappings are saved.
#[derive(Clone, Copy)]
pub(super) enum Way {
    /// Another screen.
    To(&'static Screen),
    /// The end.
    Out,
}

/// Asks what becomes of edits that are not saved, before another screen is opened; false where there is nothing to ask.
/// Whoever keeps them for later is asked again only after the next edit.
pub fn asks_before(model: &mut Model, to: &'static Screen) -> bool {
    if unsaved(model).is_empty() || model.mapping.kept == Some(edits(model)) || model.popup.is_some() {
        return false;
    }
    let keep = Item::new("keep them for later", "", "they stay here; checks go by the mapping file");
    ask(model, Way::To(to), keep);
    true
}

/// Asks what becomes of edits that are not saved, before the program ends; false where there is nothing to ask.
pub fn asks_before_end(model: &mut Model) -> bool {
    if unsaved(model).is_empty() {
        return false;
    }
    ask(model, Way::Out, Item::new("stay", "", "goes back to the screen"));
    true
}

fn ask(model: &mut Model, way: Way, third: Item) {
    let files: Vec<String> = unsaved(model).iter().map(|name| format!("mappings/{name}.toml")).collect();
    let mut items = vec![third, Item::new("drop them", "", "the mapping is again as its file says")];
    if model.writable().is_ok() {
        items.insert(0, Item::new("save", "", "writes the mapping file, with its comments kept"));
    }
    let has_save = items.len() == 3;
    let title = format!("edits of {} are not saved", files.join(", "));
    let chosen = move |model: &mut Model, at: usize| match (if has_save { at } else { at + 1 }, way) {
        (0, _) => save::save_these(model, |_| true, Some(way)),
        (1, Way::To(_)) => {
            model.mapping.kept = Some(edits(model));
            go(model, way)
        }
        (1, Way::Out) => Vec::new(),
        _ => {
            drop_edits(model);
            go(model, way)
        }
    };
    model.popup = Some(Popup::Picker(Picker::new(title, items, chosen).of_few()));
}

/// How many edits there are that are not saved.
fn edits(model: &Model) -> usize {
    model.mapping.drafts.values().filter(|draft| draft.is_changed()).map(|draft| draft.edits().count()).sum()
}

fn drop_edits(model: &mut Model) {
    let names: Vec<String> = unsaved(model).into_iter().map(str::to_owned).collect();
    for name in names {
        model.mapping.drafts.shift_remove(&name);
        model.say(Tone::News, format!("the edits of mappings/{name}.toml were dropped"));
    }
    // The file is read again when the screen is looked at.
    model.mapping.asking = None;
    model.mapping.sources.values_mut().for_each(|known| known.known_at = None);
}

fn go(model: &mut Model, way: Way) -> Vec<Effect> {
    match way {
        Way::To(screen) => screens::open(model, screen),
        Way::Out => screens::quit(model),
    }
}

/// A mapping was saved: goes on where the user was on the way to, once it was the last one.
pub(super) fn saved(model: &mut Model) -> Vec<Effect> {
    match model.mapping.leaving {
        Some(way) if unsaved(model).is_empty() => {
            model.mapping.leaving = None;
            go(model, way)
        }
        _ => Vec::new(),
    }
}
