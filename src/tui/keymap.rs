//! The one table of keys: footer, `?` help, `:` palette, hints and dispatch all come from these commands.
//!
//! A command stands in the layer of the place where it works. The layers that are on, from the most particular to the
//! most general, are asked in turn; a sequence that is only begun shows what can follow.

use super::effects::Effect;
use super::message::Key;
use super::model::Model;

/// Something that a key does.
#[derive(Clone)]
pub struct Command {
    /// Its name in the palette.
    pub name: &'static str,
    /// The sequences of keys that run it, each key apart by a space: `g g`.
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

impl Keymap {
    /// The layer with the keys that work.
    pub fn effective(&self, layer: &'static Layer) -> &'static Layer {
        self.remapped.iter().find(|(built_in, _)| std::ptr::eq(*built_in, layer)).map_or(layer, |(_, own)| own)
    }
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
         In the workbench `?` shows the keys of the place you are in, and `:` finds a command by its name.\n",
    );
    for layer in super::screens::layers() {
        page.push_str(&format!("\n## {}\n\n| keys | command | what it does |\n|---|---|---|\n", layer.title));
        for command in layer.commands {
            let keys: Vec<String> = command.keys.iter().map(|keys| format!("`{}`", shown(keys))).collect();
            page.push_str(&format!("| {} | {} | {} |\n", keys.join(" "), command.name, command.help));
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
                assert!(!command.keys.is_empty(), "{}: {} has no key", layer.title, command.name);
                assert!(!names.contains(&command.name), "{}: {} twice", layer.title, command.name);
                names.push(command.name);
            }
        }
    }

    #[test]
    fn a_key_is_one_that_a_terminal_can_send() {
        let named = [
            "enter",
            "esc",
            "tab",
            "S-tab",
            "space",
            "backspace",
            "del",
            "up",
            "down",
            "left",
            "right",
            "home",
            "end",
            "pgup",
            "pgdn",
            "F1",
        ];
        for layer in screens::layers() {
            for (keys, name) in sequences(layer) {
                for key in keys.split(' ') {
                    let bare = key.strip_prefix("C-").or(key.strip_prefix("A-")).unwrap_or(key);
                    assert!(named.contains(&bare) || bare.chars().count() == 1, "{name}: {key}");
                    assert!(key != "C-i" && key != "C-m" && key != "C-[", "{name}: {key} is tab, enter or esc");
                }
            }
        }
    }
}
