//! The choice of a theme, seen while it is made.

use super::Popup;
use super::picker::{Item, Picker};
use crate::tui::effects::Effect;
use crate::tui::model::Model;

/// Opens the list of themes. Going through it shows each one; leaving it brings the one before back.
pub fn themes(model: &mut Model) -> Vec<Effect> {
    let before = model.theme;
    let item = |named: &crate::tui::theme::Named| {
        let aside = if named.theme == before { "✓" } else { "" };
        Item::new(&named.name, aside, &named.about)
    };
    let items = model.themes.iter().map(item).collect();
    let show = move |model: &mut Model, at: Option<usize>| {
        model.theme = at.and_then(|at| model.themes.get(at)).map_or(before, |named| named.theme);
    };
    let picker = Picker::new("theme", items, move |model, at| {
        show(model, Some(at));
        let name = model.themes.get(at).map(|named| named.name.clone());
        name.map(|name| Effect::Remember { setting: "theme", value: name }).into_iter().collect()
    });
    model.popup = Some(Popup::Picker(picker.previewed(show)));
    Vec::new()
}
