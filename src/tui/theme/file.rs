//! Themes as TOML: the embedded ones, and the user's own beside the configuration.

use std::path::Path;

use ratatui::style::{Color, Modifier, Style};
use toml_edit::{Item, TableLike, Value};

use super::{Role, STYLES, Theme};
use crate::error::{Error, Result, nearest};
use crate::tui::config::{line_of, no_toml};
use crate::workbench::preferences::TextFile;

/// The themes that come with the program: name and file. The first one is the one that others begin with.
pub const EMBEDDED: &[(&str, &str)] = &[
    ("terminal", include_str!("../../../themes/terminal.toml")),
    ("dark", include_str!("../../../themes/dark.toml")),
    ("light", include_str!("../../../themes/light.toml")),
    ("contrast", include_str!("../../../themes/contrast.toml")),
];

/// The modifiers that a style can have.
const MODIFIERS: &[(&str, Modifier)] = &[
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
];

/// A theme with its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// Its name, which is that of its file.
    pub name: String,
    /// What it looks like, in a sentence.
    pub about: String,
    /// Its styles.
    pub theme: Theme,
}

/// All themes: the embedded ones, and those of the user, of which one of the same name takes the place of an embedded
/// one. What is wrong with a file is said, and the file left out.
pub fn read(own: &[TextFile]) -> (Vec<Named>, Vec<Error>) {
    let (mut themes, mut wrong): (Vec<Named>, Vec<Error>) = (Vec::new(), Vec::new());
    let embedded = EMBEDDED.iter().map(|(name, text)| (Path::new(*name), *text));
    for (path, text) in embedded.chain(own.iter().map(|file| (file.path.as_path(), file.text.as_str()))) {
        let name = &path.file_stem().unwrap_or_default().to_string_lossy();
        let basis = themes.first().map_or_else(Theme::plain, |named| named.theme);
        let read =
            inherited(text, &themes).and_then(|inherited| theme(name, text, inherited.as_ref().unwrap_or(&basis)));
        match read {
            Ok(named) => match themes.iter_mut().find(|known| known.name == named.name) {
                Some(known) => *known = named,
                None => themes.push(named),
            },
            Err(error) => wrong.push(error.at_file(path)),
        }
    }
    (themes, wrong)
}

fn document(text: &str) -> Result<toml_edit::Document<&str>> {
    toml_edit::Document::parse(text).map_err(|cause| no_toml(text, &cause))
}

/// The theme that a file begins with, if it names one.
fn inherited(text: &str, themes: &[Named]) -> Result<Option<Theme>> {
    let document = document(text)?;
    let Some(item) = document.get("inherits") else {
        return Ok(None);
    };
    let name = item.as_str().unwrap_or_default();
    let found = themes.iter().find(|named| named.name == name).map(|named| Some(named.theme));
    let unknown = || {
        let names: Vec<&str> = themes.iter().map(|named| named.name.as_str()).collect();
        let error = Error::config(format!("there is no theme \"{name}\" to inherit from"));
        error.at_line(line_of(text, item.span())).hint(format!("there are {}", names.join(", ")))
    };
    found.ok_or_else(unknown)
}

/// Reads one theme; what it does not say is as in `basis`.
pub(super) fn theme(name: &str, text: &str, basis: &Theme) -> Result<Named> {
    let document = document(text)?;
    let mut named = Named { name: name.to_owned(), about: String::new(), theme: *basis };
    let colours = document.get("colours").and_then(Item::as_table_like);
    for (key, item) in document.iter() {
        match key {
            "description" => named.about = item.as_str().unwrap_or_default().to_owned(),
            "inherits" | "colours" => {}
            "styles" => {
                let styles = item.as_table_like().into_iter().flat_map(TableLike::iter);
                for (role, item) in styles {
                    let at = |error: Error| error.at_line(line_of(text, item.span())).at_column(role);
                    let place = STYLES.iter().position(|(known, _)| *known == role).and_then(|at| Role::ALL.get(at));
                    let role =
                        *place.ok_or_else(|| at(unknown("style", role, STYLES.iter().map(|(name, _)| *name))))?;
                    named.theme.styles[role as usize] = style(item, colours).map_err(at)?;
                }
            }
            other => {
                let known = ["description", "inherits", "colours", "styles"];
                return Err(unknown("setting", other, known.into_iter()).at_line(line_of(text, item.span())));
            }
        }
    }
    Ok(named)
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Error {
    let error = Error::config(format!("a theme has no {what} \"{name}\""));
    match nearest(name, known.clone()) {
        Some(near) => error.hint(format!("did you mean {near}?")),
        None => error.hint(format!("there are {}", known.collect::<Vec<_>>().join(", "))),
    }
}

/// A style: a colour alone, or `{ fg, bg, bold, dim, italic, underlined, reversed }`.
fn style(item: &Item, colours: Option<&dyn TableLike>) -> Result<Style> {
    if let Some(name) = item.as_str() {
        return Ok(Style::new().fg(colour(name, colours)?));
    }
    let Some(table) = item.as_table_like() else {
        return Err(Error::config("a style is a colour, or a table like { fg = \"red\", bold = true }"));
    };
    let mut style = Style::new();
    for (key, item) in table.iter() {
        let name = || item.as_str().ok_or_else(|| Error::config(format!("{key} is a colour in quotes")));
        match (key, MODIFIERS.iter().find(|(name, _)| *name == key)) {
            ("fg", _) => style = style.fg(colour(name()?, colours)?),
            ("bg", _) => style = style.bg(colour(name()?, colours)?),
            (_, Some((_, modifier))) if item.as_bool() == Some(true) => style = style.add_modifier(*modifier),
            (_, Some(_)) if item.as_bool() == Some(false) => {}
            (_, Some(_)) => return Err(Error::config(format!("{key} is true or false"))),
            (_, None) => {
                let known = ["fg", "bg"].into_iter().chain(MODIFIERS.iter().map(|(name, _)| *name));
                return Err(unknown("part of a style called", key, known));
            }
        }
    }
    Ok(style)
}

/// A colour: a name of the theme's own, a name of the terminal's sixteen, `#rrggbb`, or a number up to 255.
fn colour(name: &str, own: Option<&dyn TableLike>) -> Result<Color> {
    let named = own.and_then(|own| own.get(name)).and_then(Item::as_value).and_then(Value::as_str);
    let spelled = named.unwrap_or(name);
    spelled.parse().map_err(|_| {
        Error::config(format!("\"{spelled}\" is no colour")).hint(
            "a colour is a name of [colours], one of the terminal's names like red or light blue, #rrggbb, or 0 to 255",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> TextFile {
        TextFile { path: format!("themes/{name}.toml").into(), text: text.to_owned() }
    }

    fn contrast(a: Color, b: Color) -> f64 {
        let light = |colour| {
            let Color::Rgb(r, g, b) = colour else { panic!("{colour} has no value of its own") };
            let part = |value: u8| {
                let value = f64::from(value) / 255.0;
                if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
        };
        let (a, b) = (light(a), light(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_embedded_theme_is_whole_and_says_what_it_looks_like() {
        let (themes, wrong) = read(&[]);
        assert!(wrong.is_empty(), "{wrong:?}");
        assert_eq!(themes.len(), EMBEDDED.len());
        assert!(themes.iter().all(|named| !named.about.is_empty()));
        let first = EMBEDDED.first().expect("a theme").1;
        for (style, _) in STYLES.iter().filter(|(style, _)| *style != "screen") {
            assert!(
                first.contains(&format!("\n{style} = ")) || first.contains(&format!("\n\"{style}\" = ")),
                "{style}"
            );
        }
    }

    #[test]
    fn every_colour_can_be_read_on_its_background() {
        for (name, least) in [("dark", 4.5), ("light", 4.5), ("contrast", 7.0)] {
            let (themes, _) = read(&[]);
            let theme = themes.iter().find(|named| named.name == name).expect("the theme").theme;
            let screen = theme.of(Role::Screen);
            for role in Role::ALL.into_iter().filter(|role| *role != Role::Frame) {
                let style = theme.of(role);
                let (fg, bg) = (style.fg.or(screen.fg).expect("ink"), style.bg.or(screen.bg).expect("paper"));
                let got = contrast(fg, bg);
                assert!(got >= least, "{name}: {} has a contrast of {got:.1}", STYLES[role as usize].0);
            }
        }
    }

    #[test]
    fn a_theme_of_the_user_s_own_begins_with_another_and_takes_its_place_by_name() {
        let own =
            "inherits = \"dark\"\n[colours]\npaper = \"#ffffff\"\n[styles]\nbad = { fg = \"paper\", bold = true }\n";
        let (themes, wrong) = read(&[file("mine", own), file("light", "")]);
        assert!(wrong.is_empty(), "{wrong:?}");
        let of = |name: &str| themes.iter().find(|named| named.name == name).expect("the theme").theme;
        assert_eq!(of("mine").bad(), Style::new().fg(Color::Rgb(255, 255, 255)).add_modifier(Modifier::BOLD));
        assert_eq!(of("mine").good(), of("dark").good());
        assert_eq!(of("light"), of("terminal"));
    }

    #[test]
    fn what_is_wrong_with_a_theme_is_said_with_its_line() {
        let said = |text: &str| {
            let (_, wrong) = read(&[file("mine", text)]);
            let error = wrong.first().expect("an error");
            format!("{} at {:?}; {}", error.what(), error.place().line, error.hints().join("; "))
        };
        assert_eq!(
            said("description = \"x\"\n[styles]\ncursr = \"red\"\n"),
            "a theme has no style \"cursr\" at Some(3); did you mean cursor?"
        );
        assert!(said("[styles]\nbad = \"vermilion\"\n").starts_with("\"vermilion\" is no colour at Some(2)"));
        assert!(said("[styles]\nbad = { bold = 1 }\n").starts_with("bold is true or false at Some(2)"));
        let torn = said("[styles\n");
        assert!(torn.starts_with("this is no TOML: ") && torn.contains("at Some(1)"), "{torn}");
        assert!(said("inherits = \"drak\"\n").contains("there are terminal, dark, light, contrast"));
    }
}
