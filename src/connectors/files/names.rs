//! Column names out of a header line: trimmed, never blank, never twice.

use std::collections::HashSet;

use crate::model::STAGED_COLUMNS;

/// Whether the staging table has that name for itself; `rowid` is the engine's for the place of a row.
fn is_reserved(name: &str) -> bool {
    STAGED_COLUMNS.iter().chain(&["rowid"]).any(|reserved| reserved.eq_ignore_ascii_case(name))
}

/// Makes `width` usable names out of what the header says and tells what had to be changed.
pub(super) fn unique(header: &[String], width: usize) -> (Vec<String>, Vec<String>) {
    let mut taken: HashSet<String> = HashSet::new();
    // Names that stand for themselves go first, so that `a, a, a_2` does not rename the honest `a_2`.
    let cleaned: Vec<String> =
        (0..width).map(|at| header.get(at).map(|name| clean(name)).unwrap_or_default()).collect();
    let mut names: Vec<Option<String>> = Vec::with_capacity(width);
    for name in &cleaned {
        let stands = !name.is_empty() && !is_reserved(name) && taken.insert(name.to_lowercase());
        names.push(stands.then(|| name.clone()));
    }
    let mut notes = Vec::new();
    let names = names
        .into_iter()
        .zip(&cleaned)
        .enumerate()
        .map(|(at, (name, wanted))| {
            if let Some(name) = name {
                return name;
            }
            let number = at + 1;
            let (base, first) = match wanted.as_str() {
                "" => (format!("column_{number}"), 1),
                wanted => (wanted.to_owned(), 2),
            };
            let mut n = first;
            let name = loop {
                let candidate = if n == 1 { base.clone() } else { format!("{base}_{n}") };
                if taken.insert(candidate.to_lowercase()) {
                    break candidate;
                }
                n += 1;
            };
            notes.push(match wanted.as_str() {
                "" if at < header.len() => format!("column {number} has no name and is called \"{name}\""),
                "" => format!("the rows have a field {number} that the line of names lacks; it is called \"{name}\""),
                wanted if is_reserved(wanted) => {
                    format!("column {number} \"{wanted}\" bears a name of the workbench's own and is called \"{name}\"")
                }
                wanted => format!("column {number} repeats the name \"{wanted}\" and is called \"{name}\""),
            });
            name
        })
        .collect();
    (names, notes)
}

/// A name as it is shown: without a byte order mark, without space around it, on one line.
fn clean(name: &str) -> String {
    let name = name.trim_start_matches('\u{FEFF}').replace('\0', "");
    if name.contains(['\n', '\r', '\t']) {
        return name.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    name.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(header: &[&str], width: usize) -> (Vec<String>, Vec<String>) {
        unique(&header.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), width)
    }

    #[test]
    fn blank_and_repeated_names_are_made_unique_and_reported() {
        let (names, notes) = names(&[" Nom ", "", "nom", "Nom_2", "Prix\nTTC"], 5);
        assert_eq!(names, ["Nom", "column_2", "nom_3", "Nom_2", "Prix TTC"]);
        assert_eq!(notes.len(), 2);
        assert!(notes[1].contains("repeats the name \"nom\""), "{notes:?}");
    }

    #[test]
    fn a_missing_name_and_a_name_of_our_own_are_reported() {
        let (names, notes) = names(&["_file", "b"], 3);
        assert_eq!(names, ["_file_2", "b", "column_3"]);
        assert!(notes[1].contains("the line of names lacks"), "{notes:?}");
    }
}
