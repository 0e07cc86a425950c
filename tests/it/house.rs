//! The rules of the house, read off the sources: floors, registries, and what no room may do.

use std::fs;
use std::path::{Path, PathBuf};

/// The floor on which a room stands; a room may import from lower floors only, and `error`.
const FLOORS: &[(&str, u8)] = &[
    ("model", 0),
    ("sql", 0),
    ("store", 1),
    ("connectors", 2),
    ("transforms", 2),
    ("rules", 2),
    ("reports", 2),
    ("stages", 3),
    ("workbench", 4),
    ("cli", 5),
    ("tui", 5),
];

/// The fronts may import nothing but these.
const FRONTS_IMPORT: &[&str] = &["workbench", "model"];

/// The vocabularies, and what an entry of each is called; a file without one is a helper of its neighbours.
const REGISTRIES: &[(&str, &str)] =
    &[("connectors", "CONNECTOR"), ("transforms", "TRANSFORM"), ("rules", "RULE"), ("reports", "FORMAT")];

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

struct Source {
    /// Relative to `src/`.
    path: PathBuf,
    text: String,
    /// How many lines, from the top, are not tests.
    code: usize,
}

impl Source {
    fn room(&self) -> &str {
        let first = self.path.components().next().and_then(|part| part.as_os_str().to_str()).unwrap_or("");
        first.trim_end_matches(".rs")
    }

    /// The lines that are not tests and not comments, with their numbers.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .take(self.code)
            .enumerate()
            .map(|(at, line)| (at + 1, line))
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    fn at(&self, line: usize) -> String {
        format!("src/{}:{line}", self.path.display())
    }
}

fn sources() -> Vec<Source> {
    fn walk(dir: &Path, root: &Path, found: &mut Vec<Source>) {
        let mut entries: Vec<PathBuf> =
            fs::read_dir(dir).expect("a folder").map(|e| e.expect("an entry").path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(&path, root, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source");
                // Tests stand at the end of a file, or in a file of their own.
                let lines: Vec<&str> = text.lines().collect();
                let tests = lines.windows(2).position(|pair| {
                    pair[0].trim() == "#[cfg(test)]"
                        && pair[1].trim_start().starts_with("mod ")
                        && pair[1].ends_with('{')
                });
                let whole = path.file_stem().is_some_and(|name| name == "tests");
                let code = if whole { 0 } else { tests.unwrap_or_else(|| text.lines().count()) };
                let path = path.strip_prefix(root).expect("below the root").to_owned();
                found.push(Source { path, text, code });
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &root, &mut found);
    assert!(found.len() > 40, "the walk finds the sources");
    found
}

/// The rooms named on a line by `crate::room` or, within a brace, `crate::{room, other::x}`; for code of one line.
fn rooms_named(line: &str) -> Vec<&str> {
    let mut rooms = Vec::new();
    for marker in ["crate::", "tastevin::"] {
        for (at, _) in line.match_indices(marker) {
            // `$crate::` and `mycrate::` name something else.
            if line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
                continue;
            }
            let rest = &line[at + marker.len()..];
            match rest.strip_prefix('{') {
                Some(list) => {
                    let mut depth = 0;
                    for part in list.split(',') {
                        if depth == 0 {
                            rooms.push(word(part.trim()));
                        }
                        depth += part.matches('{').count();
                        depth = depth.saturating_sub(part.matches('}').count());
                    }
                }
                None => rooms.push(word(rest)),
            }
        }
    }
    rooms
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

#[track_caller]
fn none(offences: &[String], rule: &str) {
    assert!(offences.is_empty(), "{rule}:\n{}", offences.join("\n"));
}

#[test]
fn no_import_climbs() {
    let mut offences = Vec::new();
    for source in sources() {
        let room = source.room();
        let Some(own) = floor(room) else { continue };
        for (number, line) in source.lines() {
            if line.contains("use crate::{") && !line.contains('}') {
                offences.push(format!("{}: one `use` per room, so that this test can read it", source.at(number)));
            }
            for named in rooms_named(line) {
                let Some(other) = floor(named) else { continue };
                let front = own == 5 && named != room && !FRONTS_IMPORT.contains(&named);
                // The words of floor 0 may use each other; nobody else on one floor knows a neighbour.
                let climbs = named != room && other >= own && own > 0;
                if front || climbs || (own == 0 && other > 0) {
                    offences.push(format!("{}: {room} imports {named}", source.at(number)));
                }
            }
        }
    }
    none(&offences, "a room imports from floors below its own only; a front imports workbench and model only");
}

#[test]
fn every_room_stands_on_a_floor() {
    let known = ["main", "lib", "error"];
    let strangers: Vec<String> = sources()
        .iter()
        .filter(|source| floor(source.room()).is_none() && !known.contains(&source.room()))
        .map(|source| source.at(1))
        .collect();
    none(&strangers, "a new room needs a floor in tests/it/house.rs");
}

#[test]
fn every_file_opens_with_a_sentence_that_says_what_it_is_for() {
    let offences: Vec<String> = sources()
        .iter()
        .filter(|source| {
            let first = source.text.lines().next().unwrap_or("");
            first.strip_prefix("//! ").is_none_or(|words| words.split_whitespace().count() < 2)
        })
        .map(|source| source.at(1))
        .collect();
    none(&offences, "the first line of a file is a `//!` sentence");
}

#[test]
fn only_the_command_line_prints() {
    let mut offences = Vec::new();
    for source in sources().iter().filter(|source| !["cli", "main"].contains(&source.room())) {
        for (number, line) in source.lines() {
            if ["println!", "eprintln!", "print!(", "eprint!(", "dbg!("].iter().any(|word| line.contains(word)) {
                offences.push(source.at(number));
            }
        }
    }
    none(&offences, "the library never prints");
}

#[test]
fn no_code_outside_of_tests_can_panic_by_choice() {
    const WORDS: &[&str] = &[".unwrap()", ".expect(", "panic!(", "todo!(", "unimplemented!(", "unreachable!("];
    let mut offences = Vec::new();
    for source in sources() {
        for (number, line) in source.lines() {
            if WORDS.iter().any(|word| line.contains(word)) {
                offences.push(source.at(number));
            }
        }
    }
    none(&offences, "no unwrap, expect, panic, todo outside of tests");
}

#[test]
fn only_the_store_opens_a_database() {
    let mut offences = Vec::new();
    for source in sources().iter().filter(|source| source.room() != "store") {
        for (number, line) in source.lines() {
            if line.contains("Connection::open") {
                offences.push(source.at(number));
            }
        }
    }
    none(&offences, "Connection::open belongs to store/");
}

#[test]
fn every_entry_of_a_vocabulary_is_in_its_registry() {
    let mut offences = Vec::new();
    let sources = sources();
    for (room, entry) in REGISTRIES {
        let registry = sources.iter().find(|source| source.path == Path::new(room).join("mod.rs"));
        let registry = registry.map(|source| source.text.as_str()).unwrap_or("");
        for source in sources.iter().filter(|source| source.room() == *room) {
            let name = source.path.file_stem().and_then(|name| name.to_str()).unwrap_or("");
            for (number, line) in source.lines() {
                let declares = line.contains("pub const ") && line.contains(&format!("const {entry}: "));
                if declares && !registry.contains(&format!("{name}::{entry}")) {
                    offences.push(source.at(number));
                }
            }
        }
    }
    none(&offences, "an entry of a vocabulary is in the registry in its mod.rs");
}

#[test]
fn a_key_in_a_sentence_is_that_of_a_command_there_is() {
    let places = tastevin::tui::screens::places();
    let known = |name: &str| {
        let (title, name) = name.split_once('/').map_or((None, name), |(title, name)| (Some(title), name));
        let here = places.iter().filter(|place| title.is_none_or(|title| place.layer.title == title));
        here.flat_map(|place| place.layer.commands).any(|command| command.name == name)
    };
    let (mut named, mut offences) = (0, Vec::new());
    for source in sources().iter().filter(|source| source.room() == "tui") {
        for (number, line) in source.lines() {
            for name in line.split("model.key(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                named += 1;
                if !known(name) {
                    offences.push(format!("{}: there is no command \"{name}\"", source.at(number)));
                }
            }
        }
    }
    assert!(named > 50, "{named} keys in sentences");
    none(&offences, "model.key names a command, or place/command");
}

#[test]
fn the_reader_of_imports_sees_lists_and_leaves_other_crates_alone() {
    assert_eq!(rooms_named("use crate::{model::{Page, Load}, store};"), ["model", "store"]);
    assert_eq!(rooms_named("let x = crate::sql::Ident(a); crate::store::run()"), ["sql", "store"]);
    assert_eq!(rooms_named("use mycrate::store;"), Vec::<&str>::new());
}
