//! The one table of keys: footer, `?` help, `:` palette, hints and dispatch all come from these commands.
//!
//! A command stands in the layer of the place where it works. The layers that are on, from the most particular to the
//! most general, are asked in turn; a sequence that is only begun shows what can follow.

use super::effects::Effect;
use super::message::Key;
use super::model::Model;
use crate::error::{Error, nearest};

/// Something that a key does.
#[derive(Clone)]
pub struct Command {
    /// Its name in the palette.
    pub name: &'static str,
    /// The sequences of keys that run it, each key apart by a space: `g g`. What is done seldom has none: it is in the
    /// palette.
    pub keys: &'static [&'static str],
    /// The word in the footer; empty keeps it out.
    pub label: &'static str,
    /// What it does, in a sentence.
    pub help: &'static str,
    /// Does it.
    pub run: fn(&mut Model) -> Vec<Effect>,
    /// Whether it can be done now, and if not, why.
    pub ready: fn(&Model) -> Result<(), String>,
}

/// The commands of one place on the screen.
pub struct Layer {
    /// The name of the place, in the help.
    pub title: &'static str,
    /// Its commands, the most used first.
    pub commands: &'static [Command],
}

/// The layers as the user wants their keys.
#[derive(Default)]
pub struct Keymap {
    /// Layers as they are built in, and what stands in their place.
    remapped: Vec<(&'static Layer, &'static Layer)>,
}

/// A layer, and when it is on.
#[derive(Clone, Copy)]
pub struct Place {
    /// The layer.
    pub layer: &'static Layer,
    /// When it is on.
    pub on: On,
}

/// When a layer is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// On every screen.
    Everywhere,
    /// In some state of a screen.
    Screen,
    /// In something that lies over the screen, alone.
    Popup,
}

/// Keys that the user wants a command to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The title of the layer; none for wherever a command has that name.
    pub place: Option<String>,
    /// The name of the command.
    pub command: String,
    /// Its keys; none switch it off.
    pub keys: Vec<String>,
    /// The line where this is said, counted from 1.
    pub line: u64,
}

/// A command with its keys as they would be.
struct Bound {
    place: Place,
    command: &'static Command,
    keys: Vec<String>,
    /// The wish that says so.
    wish: Option<usize>,
}

impl Bound {
    /// Whether the user gave it this key.
    fn is_new(&self, key: &str) -> bool {
        self.wish.is_some() && !self.command.keys.contains(&key)
    }
}

impl Keymap {
    /// The keys that somebody wishes. Wishes that make no sense or collide are left out, and the reasons returned.
    pub fn of(wishes: &[Wish], places: &[Place]) -> (Keymap, Vec<Error>) {
        let mut wrong = Vec::new();
        let mut left: Vec<usize> = Vec::new();
        for (at, wish) in wishes.iter().enumerate() {
            match known(wish, places) {
                Ok(()) => left.push(at),
                Err(error) => wrong.push(error.at_line(wish.line)),
            }
        }
        loop {
            let bound = bound(wishes, &left, places);
            let (dropped, errors) = collisions(&bound, wishes);
            if dropped.is_empty() {
                return (Keymap { remapped: remapped(&bound, places) }, wrong);
            }
            // Without these the others are looked at again: what one gave up another may have taken.
            left.retain(|at| !dropped.contains(at));
            wrong.extend(errors);
        }
    }

    /// The key of a command as it stands in a sentence: its first one, or the way through the palette where it has none.
    /// It is looked for in these layers first and then everywhere; `place/command` names one of several of that name.
    pub fn key(&self, layers: &[&'static Layer], name: &str) -> String {
        let (place, name) = name.split_once('/').map_or((None, name), |(place, name)| (Some(place), name));
        let others = super::screens::layers();
        let mut here = layers.iter().chain(&others).filter(|layer| place.is_none_or(|place| layer.title == place));
        let command = here
            .find_map(|layer| self.effective(layer).commands.iter().find(|command| command.name == name))
            .and_then(|command| command.keys.first());
        match command.map(|keys| shown(keys)).as_deref() {
            None => format!(":{name}"),
            Some("esc") => "Esc".to_owned(),
            Some("enter") => "Enter".to_owned(),
            Some("tab") => "Tab".to_owned(),
            Some(key) => key.to_owned(),
        }
    }

    /// The layer with the keys that work.
    pub fn effective(&self, layer: &'static Layer) -> &'static Layer {
        self.remapped.iter().find(|(built_in, _)| std::ptr::eq(*built_in, layer)).map_or(layer, |(_, own)| own)
    }
}

/// Whether there is such a command, in such a place.
fn known(wish: &Wish, places: &[Place]) -> Result<(), Error> {
    let titles = places.iter().map(|place| place.layer.title);
    if let Some(title) = &wish.place
        && !titles.clone().any(|known| known == title)
    {
        let error = Error::config(format!("there is no place \"{title}\" in the keymap"));
        return Err(match nearest(title, titles) {
            Some(near) => error.hint(format!("did you mean {near}?")),
            None => error.hint("the places are the titles in ? and in docs/keys.md"),
        });
    }
    let here = |place: &&Place| wish.place.as_ref().is_none_or(|title| place.layer.title == title);
    let names = places.iter().filter(here).flat_map(|place| place.layer.commands).map(|command| command.name);
    if names.clone().any(|name| name == wish.command) {
        return Ok(());
    }
    let place = wish.place.as_ref().map(|title| format!(" in {title}")).unwrap_or_default();
    let error = Error::config(format!("there is no command \"{}\"{place}", wish.command));
    Err(match nearest(&wish.command, names) {
        Some(near) => error.hint(format!("did you mean \"{near}\"?")),
        None => error.hint("? and the palette (:) show the names of the commands"),
    })
}

/// Every command with its keys. A wish for one place goes before one for all.
fn bound(wishes: &[Wish], left: &[usize], places: &[Place]) -> Vec<Bound> {
    let mut bound = Vec::new();
    for place in places {
        for command in place.layer.commands {
            let fits = |at: &&usize| {
                let wish = &wishes[**at];
                wish.command == command.name && wish.place.as_ref().is_none_or(|title| *title == place.layer.title)
            };
            let wish = left.iter().filter(fits).max_by_key(|at| wishes[**at].place.is_some()).copied();
            let built_in = || command.keys.iter().map(|keys| (*keys).to_owned()).collect();
            let keys = wish.map_or_else(built_in, |at| wishes[at].keys.clone());
            bound.push(Bound { place: *place, command, keys, wish });
        }
    }
    bound
}

/// The wishes that give a key to two commands at once, and what is to be said about each.
fn collisions(bound: &[Bound], wishes: &[Wish]) -> (Vec<usize>, Vec<Error>) {
    let (mut dropped, mut errors, mut told) = (Vec::new(), Vec::new(), Vec::new());
    for (at, one) in bound.iter().enumerate() {
        for other in &bound[at + 1..] {
            let apart = match (one.place.on, other.place.on) {
                _ if std::ptr::eq(one.place.layer, other.place.layer) => false,
                // Commands of one name do the same in their places, as undo does: the more particular one goes before.
                _ if one.command.name == other.command.name => true,
                (On::Everywhere, On::Popup) | (On::Popup, _) | (_, On::Popup) => true,
                (On::Everywhere, _) | (_, On::Everywhere) => false,
                // Whether two layers of screens are ever on together, only the screens know; where they are, the more
                // particular one goes before, as it does with the built-in keys.
                (On::Screen, On::Screen) => true,
            };
            if apart {
                continue;
            }
            let both = one.keys.iter().flat_map(|a| other.keys.iter().map(move |b| (a, b)));
            let hit = both.into_iter().find(|(a, b)| (one.is_new(a) || other.is_new(b)) && collide(a, b));
            let Some((a, b)) = hit else {
                continue;
            };
            let of = |side: &Bound| {
                let place = side.place.layer.title;
                match side.wish {
                    Some(wish) => format!("\"{}\" of {place} (line {})", side.command.name, wishes[wish].line),
                    None => format!("\"{}\" of {place} (built in)", side.command.name),
                }
            };
            let key = if a.len() >= b.len() { a } else { b };
            dropped.extend([one, other].iter().filter_map(|side| side.wish));
            // A command that stands in several places is told of once.
            let mut pair = [one.command.name, other.command.name];
            pair.sort_unstable();
            if told.contains(&pair) {
                continue;
            }
            told.push(pair);
            let line = [one, other].iter().filter_map(|side| side.wish).map(|wish| wishes[wish].line).max();
            errors.push(
                Error::config(format!("the key {key} would be both {} and {}", of(one), of(other)))
                    .at_line(line.unwrap_or(1))
                    .hint("give one of them another key, or none: []; until then both have their built-in keys"),
            );
        }
    }
    (dropped, errors)
}

/// Whether two sequences are the same, or one begins the other.
fn collide(a: &str, b: &str) -> bool {
    let begins = |a: &str, b: &str| b.strip_prefix(a).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    begins(a, b) || begins(b, a)
}

/// The layers in which something has another key. They are made once, when the workbench opens, and live as long as the
/// program does, as the built-in ones do.
fn remapped(bound: &[Bound], places: &[Place]) -> Vec<(&'static Layer, &'static Layer)> {
    let keep = |keys: &[String]| -> &'static [&'static str] {
        keys.iter().map(|keys| &*keys.clone().leak()).collect::<Vec<&'static str>>().leak()
    };
    let own = |layer: &'static Layer| bound.iter().filter(move |bound| std::ptr::eq(bound.place.layer, layer));
    let changed = places.iter().map(|place| place.layer).filter(|layer| own(layer).any(|bound| bound.wish.is_some()));
    let layer = |layer: &'static Layer| {
        let commands: Vec<Command> = own(layer)
            .map(|bound| match bound.wish {
                Some(_) => Command { keys: keep(&bound.keys), ..bound.command.clone() },
                None => bound.command.clone(),
            })
            .collect();
        let own: &'static Layer = Box::leak(Box::new(Layer { title: layer.title, commands: commands.leak() }));
        (layer, own)
    };
    changed.map(layer).collect()
}

/// For commands that can always be done.
pub fn always(_: &Model) -> Result<(), String> {
    Ok(())
}

/// What a sequence of keys means.
pub enum Meaning {
    /// It is the command.
    Is(&'static Command),
    /// It is the beginning of these: the rest of the sequence, and the command.
    Begins(Vec<(&'static str, &'static Command)>),
    /// Nothing.
    Nothing,
}

/// Looks a sequence up in the layers, the most particular first.
pub fn look_up(layers: &[&'static Layer], typed: &[Key]) -> Meaning {
    let sequence = typed.iter().map(|key| key.0.as_str()).collect::<Vec<_>>().join(" ");
    let mut begun = Vec::new();
    for command in layers.iter().flat_map(|layer| layer.commands) {
        for keys in command.keys {
            if *keys == sequence {
                return Meaning::Is(command);
            }
            if let Some(rest) = keys.strip_prefix(&sequence).and_then(|rest| rest.strip_prefix(' ')) {
                begun.push((rest, command));
            }
        }
    }
    if begun.is_empty() { Meaning::Nothing } else { Meaning::Begins(begun) }
}

/// The keys by which a command is reached where these layers are on: those that none before it takes.
pub fn live(layers: &[&'static Layer], command: &Command) -> Vec<&'static str> {
    let reaches = |keys: &&&str| {
        let typed: Vec<Key> = keys.split(' ').map(|key| Key(key.to_owned())).collect();
        (1..=typed.len()).all(|many| match look_up(layers, &typed[..many]) {
            Meaning::Is(found) => many == typed.len() && std::ptr::eq(found, command),
            Meaning::Begins(_) => many < typed.len(),
            Meaning::Nothing => false,
        })
    };
    command.keys.iter().filter(reaches).copied().collect()
}

/// A sequence as it is shown: without spaces where that is readable, arrows as arrows.
pub fn shown(keys: &str) -> String {
    keys.split(' ')
        .map(|key| match key {
            "up" => "↑",
            "down" => "↓",
            "left" => "←",
            "right" => "→",
            other => other,
        })
        .map(|key| key.strip_prefix("C-").map_or_else(|| key.to_owned(), |key| format!("^{}", key.to_uppercase())))
        .collect()
}

/// All keys, place by place, as the page docs/keys.md.
pub fn reference() -> String {
    let mut page = String::from(
        "# Keys\n\n<!-- Written from the keymap by `TASTEVIN_BLESS=1 cargo test docs`; do not edit. -->\n\n\
         In the workbench `?` shows the keys of the place you are in, and `:` finds a command by its name, whichever screen\n\
         it belongs to. Every key can be another one: [configuration.md](configuration.md) says how.\n",
    );
    for layer in super::screens::layers() {
        page.push_str(&format!("\n## {}\n\n| keys | command | what it does |\n|---|---|---|\n", layer.title));
        for command in layer.commands {
            let keys: Vec<String> = command.keys.iter().map(|keys| format!("`{}`", shown(keys))).collect();
            let keys = if keys.is_empty() { "in the palette".to_owned() } else { keys.join(" ") };
            page.push_str(&format!("| {keys} | {} | {} |\n", command.name, command.help));
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::super::screens;
    use super::*;

    /// The sequences of the layer, and the beginnings of longer ones.
    fn sequences(layer: &Layer) -> Vec<(&'static str, &'static str)> {
        layer.commands.iter().flat_map(|command| command.keys.iter().map(|keys| (*keys, command.name))).collect()
    }

    #[test]
    fn no_key_has_two_meanings_in_one_place() {
        for layer in screens::layers() {
            let mut seen: HashMap<&str, &str> = HashMap::new();
            for (keys, name) in sequences(layer) {
                if let Some(other) = seen.insert(keys, name) {
                    panic!("{}: {keys} is both \"{other}\" and \"{name}\"", layer.title);
                }
            }
            for (keys, name) in sequences(layer) {
                for (begin, _) in keys.match_indices(' ') {
                    assert!(!seen.contains_key(&keys[..begin]), "{}: {keys} ({name}) can never be typed", layer.title);
                }
            }
        }
    }

    #[test]
    fn every_command_says_what_it_does_and_has_a_name_of_its_own() {
        for layer in screens::layers() {
            let mut names = Vec::new();
            for command in layer.commands {
                assert!(command.help.ends_with('.') && command.help.len() > 8, "{}: {}", layer.title, command.name);
                assert!(!names.contains(&command.name), "{}: {} twice", layer.title, command.name);
                names.push(command.name);
            }
        }
    }

    #[test]
    fn a_key_is_one_that_a_terminal_can_send() {
        for layer in screens::layers() {
            for (keys, name) in sequences(layer) {
                for key in keys.split(' ') {
                    assert!(Key::exists(key), "{name}: {key}");
                }
            }
        }
    }

    fn wish(place: Option<&str>, command: &str, keys: &[&str], line: u64) -> Wish {
        let keys = keys.iter().map(|keys| (*keys).to_owned()).collect();
        Wish { place: place.map(str::to_owned), command: command.to_owned(), keys, line }
    }

    /// The keys of a command in a layer, and what was wrong with the wishes.
    fn keys_of(layer: &'static Layer, command: &str, wishes: &[Wish]) -> (Vec<&'static str>, Vec<String>) {
        let (keymap, wrong) = Keymap::of(wishes, &screens::places());
        let effective = keymap.effective(layer);
        let found = effective.commands.iter().find(|known| known.name == command).expect("the command");
        (found.keys.to_vec(), wrong.iter().map(|error| error.what().to_owned()).collect())
    }

    #[test]
    fn a_key_can_be_another_one_or_none() {
        let (keys, wrong) = keys_of(&screens::GLOBAL, "undo", &[wish(None, "undo", &["C-z", "g u"], 3)]);
        assert_eq!((keys, wrong), (vec!["C-z", "g u"], vec![]));
        let (keys, wrong) = keys_of(&screens::GLOBAL, "quit", &[wish(Some("everywhere"), "quit", &[], 3)]);
        assert_eq!((keys, wrong), (vec![], vec![]));
    }

    #[test]
    fn two_commands_may_change_their_keys_for_each_other_s() {
        let swap = [wish(None, "undo", &["U"], 1), wish(None, "redo", &["u"], 2)];
        assert_eq!(keys_of(&screens::GLOBAL, "undo", &swap), (vec!["U"], vec![]));
        assert_eq!(keys_of(&screens::GLOBAL, "redo", &swap), (vec!["u"], vec![]));
    }

    #[test]
    fn a_collision_names_both_commands_and_leaves_the_built_in_keys() {
        let (keys, wrong) = keys_of(&screens::GLOBAL, "undo", &[wish(None, "undo", &["r"], 7)]);
        assert_eq!(keys, ["u"]);
        let said =
            "the key r would be both \"undo\" of everywhere (line 7) and \"check again\" of everywhere (built in)";
        assert_eq!(wrong, [said]);
        let (_, wrong) = keys_of(&screens::GLOBAL, "undo", &[wish(None, "undo", &["g"], 7)]);
        assert!(wrong[0].starts_with("the key g g would be both"), "{wrong:?}");
        let both = [wish(None, "undo", &["C-z"], 7), wish(None, "redo", &["C-z"], 9)];
        let (_, wrong) = keys_of(&screens::GLOBAL, "undo", &both);
        assert!(wrong[0].contains("\"undo\" of everywhere (line 7) and \"redo\" of everywhere (line 9)"), "{wrong:?}");
    }

    #[test]
    fn a_key_of_everywhere_does_not_vanish_behind_one_of_a_screen() {
        let (_, wrong) = keys_of(&screens::GLOBAL, "undo", &[wish(None, "undo", &["l"], 2)]);
        assert!(wrong[0].contains("\"undo\" of everywhere (line 2)") && wrong[0].contains("built in"), "{wrong:?}");
    }

    #[test]
    fn names_that_are_not_there_are_refused_with_the_nearest_one() {
        let (_, wrong) = Keymap::of(&[wish(None, "undoo", &["x"], 4)], &screens::places());
        assert_eq!(wrong[0].what(), "there is no command \"undoo\"");
        assert_eq!((wrong[0].place().line, wrong[0].hints()), (Some(4), &["did you mean \"undo\"?".to_owned()][..]));
        let (_, wrong) = Keymap::of(&[wish(Some("everwhere"), "undo", &["x"], 4)], &screens::places());
        assert_eq!(wrong[0].hints(), ["did you mean everywhere?"]);
    }

    #[test]
    fn a_command_is_named_by_its_place_and_its_name() {
        let mut seen = Vec::new();
        for place in screens::places() {
            for command in place.layer.commands {
                let name = (place.layer.title, command.name);
                assert!(!seen.contains(&name), "{name:?} is there twice");
                seen.push(name);
            }
        }
    }
}
