//! The user's configuration: theme, glyphs and keys. Neighbours: `theme` and `keymap`, which take what is said here.
//!
//! What is wrong in it is said, with its line, and left out; the rest holds. A mistake in a file of preferences must not
//! lock anybody out of a workspace.

use std::ops::Range;

use toml_edit::{TableLike, Value};

use super::keymap::{Keymap, Place, Wish};
use super::message::Key;
use super::theme::{self, Named, Terminal};
use crate::error::{Error, nearest};
use crate::workbench::preferences::{Preferences, TextFile};

/// The settings of `config.toml`, with what each one is for.
pub const SETTINGS: &[(&str, &str)] = &[
    ("theme", "the name of a theme: one that comes with the program, or a file of `themes/` without its `.toml`"),
    ("glyphs", "`\"auto\"`, `\"unicode\"` or `\"ascii\"`: the characters of frames, bars and marks"),
    ("mouse", "`true` or `false`: whether clicks and the wheel work from the start; the key M changes it"),
    ("keys", "a table of keys by the names of commands"),
];

/// What the user set, as far as it makes sense.
#[derive(Default)]
pub struct Config {
    /// The themes there are, fitted to the terminal.
    pub themes: Vec<Named>,
    /// Which one is on.
    pub theme: usize,
    /// The keys.
    pub keymap: Keymap,
    /// Whether the mouse is ours from the start.
    pub mouse: bool,
    /// What is wrong with it.
    pub wrong: Vec<Error>,
}

/// What `config.toml` says, before it is known whether there are such themes and commands.
#[derive(Debug, Default)]
struct Said {
    theme: Option<(String, u64)>,
    ascii: Option<bool>,
    mouse: Option<bool>,
    wishes: Vec<Wish>,
}

impl Config {
    /// What the user's files say for a terminal. `theme` was asked for on the command line and goes before the file.
    pub fn of(preferences: Preferences, theme: Option<&str>, terminal: Terminal, places: &[Place]) -> Config {
        let Preferences { config, themes, mut wrong, .. } = preferences;
        let (mut themes, faults) = theme::read(&themes);
        wrong.extend(faults);
        let file = config.unwrap_or_else(|| TextFile { path: "config.toml".into(), text: String::new() });
        let at = |errors: Vec<Error>| errors.into_iter().map(|error| error.at_file(&file.path)).collect::<Vec<_>>();
        let (said, faults) = read(&file.text);
        wrong.extend(at(faults));
        let (keymap, faults) = Keymap::of(&said.wishes, places);
        wrong.extend(at(faults));

        let terminal = Terminal { ascii: said.ascii.unwrap_or(terminal.ascii), ..terminal };
        for named in &mut themes {
            named.theme = named.theme.fitted(terminal);
        }
        let find = |name: &str| themes.iter().position(|named| named.name == name);
        let unknown = |name: &str| {
            let names: Vec<&str> = themes.iter().map(|named| named.name.as_str()).collect();
            Error::config(format!("there is no theme \"{name}\"")).hint(format!("there are {}", names.join(", ")))
        };
        let chosen = match (theme, &said.theme) {
            (Some(name), _) => find(name).ok_or_else(|| unknown(name)),
            (None, Some((name, line))) => find(name).ok_or_else(|| unknown(name).at_file(&file.path).at_line(*line)),
            (None, None) => Ok(0),
        };
        let theme = chosen.unwrap_or_else(|error| {
            wrong.push(error);
            0
        });
        Config { themes, theme, keymap, mouse: said.mouse.unwrap_or(true), wrong }
    }
}

fn read(text: &str) -> (Said, Vec<Error>) {
    let (mut said, mut wrong) = (Said::default(), Vec::new());
    let document = match toml_edit::Document::parse(text) {
        Ok(document) => document,
        Err(cause) => return (said, vec![no_toml(text, &cause)]),
    };
    for (name, item) in document.iter() {
        let line = line_of(text, item.span());
        let no = |what: &str| Error::config(what.to_owned()).at_line(line).at_column(name);
        match name {
            "theme" => match item.as_str() {
                Some(theme) => said.theme = Some((theme.to_owned(), line)),
                None => wrong.push(no("the name of a theme stands in quotes")),
            },
            "glyphs" => match item.as_str() {
                Some("auto") => {}
                Some("ascii") => said.ascii = Some(true),
                Some("unicode") => said.ascii = Some(false),
                _ => wrong.push(no("glyphs are \"auto\", \"unicode\" or \"ascii\"")),
            },
            "mouse" => match item.as_bool() {
                Some(mouse) => said.mouse = Some(mouse),
                None => wrong.push(no("this is true or false")),
            },
            "keys" => match item.as_table_like() {
                Some(table) => keys(text, None, table, &mut said.wishes, &mut wrong),
                None => wrong.push(no("keys are a table: [keys]")),
            },
            other => {
                let known = SETTINGS.iter().map(|(name, _)| *name);
                let error = Error::config(format!("there is no setting \"{other}\"")).at_line(line);
                wrong.push(match nearest(other, known.clone()) {
                    Some(near) => error.hint(format!("did you mean {near}?")),
                    None => error.hint(format!("there are {}", known.collect::<Vec<_>>().join(", "))),
                });
            }
        }
    }
    (said, wrong)
}

/// Reads `[keys]`, or `[keys.place]`.
fn keys(text: &str, place: Option<&str>, table: &dyn TableLike, wishes: &mut Vec<Wish>, wrong: &mut Vec<Error>) {
    for (name, item) in table.iter() {
        let line = line_of(text, item.span());
        if let (None, Some(inner)) = (place, item.as_table_like()) {
            keys(text, Some(name), inner, wishes, wrong);
            continue;
        }
        let spelled: Option<Vec<&str>> = match item.as_value() {
            Some(Value::String(one)) => Some(vec![one.value().as_str()]),
            Some(Value::Array(many)) => many.iter().map(Value::as_str).collect(),
            _ => None,
        };
        let error = |what: String| Error::config(what).at_line(line).at_column(name);
        let Some(spelled) = spelled else {
            wrong.push(error("keys are written as \"x\", or [\"x\", \"g x\"]; [] switches them off".to_owned()));
            continue;
        };
        match spelled.into_iter().map(sequence).collect() {
            Ok(keys) => wishes.push(Wish { place: place.map(str::to_owned), command: name.to_owned(), keys, line }),
            Err(key) => wrong.push(
                error(format!("no terminal sends the key \"{key}\""))
                    .hint("keys are written as in the help: x, X, C-x for Ctrl, A-x for Alt, enter, esc, tab, S-tab, space, backspace, del, up, down, left, right, home, end, pgup, pgdn, F1; several after each other apart by a space"),
            ),
        }
    }
}

/// A sequence of keys as the keymap writes it, or the key that there is not.
fn sequence(spelled: &str) -> Result<String, String> {
    let keys: Vec<&str> = spelled.split_whitespace().collect();
    match keys.iter().find(|key| !Key::exists(key)) {
        Some(key) => Err((*key).to_owned()),
        None if keys.is_empty() => Err(spelled.to_owned()),
        None => Ok(keys.join(" ")),
    }
}

/// The error of a text that is no TOML, with its line.
pub fn no_toml(text: &str, cause: &toml_edit::TomlError) -> Error {
    Error::config(format!("this is no TOML: {}", cause.message())).at_line(line_of(text, cause.span()))
}

/// The line of something in a text, counted from 1.
pub fn line_of(text: &str, span: Option<Range<usize>>) -> u64 {
    let at = span.map_or(0, |span| span.start.min(text.len()));
    1 + text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() as u64
}

/// The configuration as the page docs/configuration.md.
pub fn reference() -> String {
    let mut page = String::from(
        "# Configuration\n\n<!-- Written from the program by `TASTEVIN_BLESS=1 cargo test docs`; do not edit. -->\n\n\
         What holds for one workspace stands in its `tastevin.toml`. What you like, whatever the workspace, stands in\n\
         `$XDG_CONFIG_HOME/tastevin/config.toml`, which is `~/.config/tastevin/config.toml` where that variable is not set,\n\
         and `%APPDATA%\\tastevin\\config.toml` on Windows. Nothing of it has to be there. What is wrong in it is said when\n\
         the workbench opens, with file and line, and left out; the rest holds.\n\n\
         ```toml\ntheme = \"light\"\nglyphs = \"auto\"\nmouse = true\n\n[keys]\n\"half a page down\" = [\"C-d\", \"A-j\"]\nquit = []          # switches the key off\n\n\
         [keys.anomalies]   # only in this place\n\"filter\" = \"f\"\n```\n\n| setting | what |\n|---|---|\n",
    );
    for (name, about) in SETTINGS {
        page.push_str(&format!("| `{name}` | {about} |\n"));
    }
    page.push_str(
        "\n## Keys\n\nThe names of commands and places are those of [keys.md](keys.md), of `?` and of the palette. A key is written as \
         there:\n`x`, `X`, `C-x` for Ctrl, `A-x` for Alt, `enter`, `esc`, `tab`, `S-tab`, `space`, `backspace`, `del`, `up`, `down`, \
         `left`,\n`right`, `home`, `end`, `pgup`, `pgdn`, `F1` to `F12`; keys after each other stand apart by a space: `g x`.\n\n\
         The keys that are named take the place of the built-in ones. Two commands that are on at the same time cannot have\n\
         one key, nor one the beginning of the other's: which two collide is said with the line, and the built-in keys stay.\n\
         A command without a key is still in the palette (`:`). Footer, help, hints and palette show the keys as they are.\n\n\
         ## Themes\n\n`--theme NAME` and the variable `TASTEVIN_THEME` go before the file; the command *theme* in the palette shows each\n\
         theme while you choose, and writes the choice into the file. `NO_COLOR` and `--no-color` mean no colours at all:\n\
         everything is told by glyphs and modifiers then. Terminals with 16 or 256 colours get the nearest ones.\n\n\
         | theme | what it looks like |\n|---|---|\n",
    );
    for named in theme::read(&[]).0 {
        page.push_str(&format!("| `{}` | {} |\n", named.name, named.about));
    }
    page.push_str(
        "\nA theme of your own is a file `themes/NAME.toml` beside `config.toml`. It names what it changes:\n\n\
         ```toml\ndescription = \"mine\"\ninherits = \"dark\"      # else terminal\n\n[colours]\nwine = \"#8e2a7a\"\n\n[styles]\n\
         bad = \"light red\"\n\"cursor.focused\" = { fg = \"wine\", bg = \"252\", bold = true }\n```\n\n\
         A colour is a name of `[colours]`, one of the terminal's sixteen, `#rrggbb`, or a number up to 255. A style is a colour,\n\
         or a table of `fg`, `bg`, `bold`, `dim`, `italic`, `underlined`, `reversed`.\n\n| style | what it is for |\n|---|---|\n",
    );
    for (name, about) in theme::STYLES {
        page.push_str(&format!("| `{name}` | {about} |\n"));
    }
    page.push_str(
        "\n## Glyphs\n\nWith `glyphs = \"ascii\"` frames, bars and marks are drawn with the characters of ASCII; letters in your data stay as they\n\
         are. `\"auto\"` does so where the locale (`LC_ALL`, `LC_CTYPE`, `LANG`) is set and is not UTF-8.\n",
    );
    page
}
