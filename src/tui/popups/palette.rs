//! The palette: every command of every screen, found by part of its name. Neighbour: `picker`, which it is drawn by.

use super::Popup;
use super::picker::{Item, Picker};
use crate::tui::effects::Effect;
use crate::tui::keymap::{self, Command, Layer};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::screens::{self, SCREENS, Screen};
use crate::tui::update;

/// How many commands are remembered as recent.
const RECENT: usize = 8;

/// A command with the place where it works.
#[derive(Clone, Copy)]
struct Entry {
    /// The screen that it belongs to; none for what works everywhere.
    screen: Option<&'static Screen>,
    layer: &'static Layer,
    command: &'static Command,
}

/// Opens the palette: what was run before, what works here, and what works elsewhere.
pub fn palette(model: &mut Model) -> Vec<Effect> {
    let here = model.layers();
    let mut entries = entries(model);
    let rank = |entry: &Entry| {
        let recent = model.recent.iter().position(|name| *name == entry.command.name);
        let near = here.iter().position(|layer| std::ptr::eq(*layer, entry.layer));
        (recent.unwrap_or(usize::MAX), near.unwrap_or(usize::MAX))
    };
    entries.sort_by_key(rank);
    let items = entries.iter().map(|entry| item(model, &here, entry)).collect();
    let picker = Picker::new("commands", items, move |model, at| match entries.get(at) {
        Some(entry) => run(model, *entry),
        None => Vec::new(),
    });
    model.popup = Some(Popup::Picker(picker));
    Vec::new()
}

/// Every command once per place; the layers that the screen shows now come with what is particular to it.
fn entries(model: &Model) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut add = |screen: Option<&'static Screen>, layer: &'static Layer| {
        for command in layer.commands {
            let own = |entry: &Entry| entry.screen.map(|screen| screen.number) == screen.map(|screen| screen.number);
            if !entries.iter().any(|entry| own(entry) && entry.command.name == command.name) {
                entries.push(Entry { screen, layer, command });
            }
        }
    };
    let open = model.screen();
    // What works now comes first, so that of two commands of one name in one screen it is the one that is meant.
    for layer in (open.layers)(model) {
        add(Some(open), model.keymap.effective(layer));
    }
    for screen in SCREENS {
        for layer in screen.all_layers {
            add(Some(screen), model.keymap.effective(layer));
        }
    }
    for layer in [&screens::TABS, &screens::GLOBAL] {
        add(None, model.keymap.effective(layer));
    }
    entries
}

fn item(model: &Model, here: &[&'static Layer], entry: &Entry) -> Item {
    let command = entry.command;
    let keys: Vec<String> = command.keys.iter().take(2).map(|keys| keymap::shown(keys)).collect();
    let works_here = here.iter().any(|layer| std::ptr::eq(*layer, entry.layer));
    let why = if works_here { (command.ready)(model).err() } else { None };
    let elsewhere = entry.screen.filter(|screen| !std::ptr::eq(*screen, model.screen()));
    let about = match (&why, elsewhere) {
        (Some(why), _) => why.clone(),
        (None, Some(screen)) => format!("{}: {}", screen.title, command.help),
        (None, None) if works_here => command.help.to_owned(),
        (None, None) => format!("in {}: {}", entry.layer.title, command.help),
    };
    Item { name: command.name.to_owned(), aside: keys.join(" "), about, faint: why.is_some(), ..Item::default() }
}

/// Goes where the command works and runs it there, or says where that is.
fn run(model: &mut Model, entry: Entry) -> Vec<Effect> {
    let mut effects = match entry.screen {
        Some(screen) if !std::ptr::eq(screen, model.screen()) => screens::open(model, screen),
        _ => Vec::new(),
    };
    if !model.layers().iter().any(|layer| std::ptr::eq(*layer, entry.layer)) {
        let screen = entry.screen.map_or("", |screen| screen.title);
        let place = entry.layer.title;
        model.say(
            Tone::Refused,
            format!("\"{}\" works in the {place} of {screen}; open them first", entry.command.name),
        );
        return effects;
    }
    model.recent.retain(|name| *name != entry.command.name);
    model.recent.insert(0, entry.command.name);
    model.recent.truncate(RECENT);
    effects.extend(update::run(model, entry.command));
    effects
}
