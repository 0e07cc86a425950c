//! What decisions come to, as far as that is no matter of the database: which rows go and where what refers to them then
//! points, what a value is replaced by, and what becomes of a cell. Neighbours: `leaving` and `decided`, which ask the
//! data and apply what comes out here.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use crate::model::key_in;

/// A row that a decision takes out of its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leave {
    pub id: String,
    pub row: String,
    /// The row that it is merged into; none where it is excluded.
    pub into: Option<String>,
}

/// Why a decision is not applied, as `dq.conflicts` has it, and what there is instead, where that says more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub reason: &'static str,
    pub found: Option<String>,
}

impl Refusal {
    fn new(reason: &'static str, found: Option<&str>) -> Refusal {
        Refusal { reason, found: found.map(str::to_owned) }
    }
}

/// What the source gives for a field of a row, and what the decisions make of it.
pub(super) type Given = (Option<String>, Option<String>);

/// The rows of a table that go.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Leaving {
    /// All of them.
    pub gone: HashSet<String>,
    /// Those that are merged: the row that each goes into, and the decision.
    pub merged: IndexMap<String, (String, String)>,
    pub refused: Vec<(Leave, Refusal)>,
}

impl Leaving {
    /// Which rows go, of those that decisions want to go, in the order in which these were made.
    pub fn of(wanted: Vec<Leave>, is_there: impl Fn(&str) -> bool) -> Leaving {
        let mut leaving = Leaving::default();
        let (merges, excludes): (Vec<Leave>, Vec<Leave>) = wanted.into_iter().partition(|leave| leave.into.is_some());
        for leave in excludes {
            match is_there(&leave.row) {
                true => _ = leaving.gone.insert(leave.row),
                false => leaving.refused.push((leave, Refusal::new("missing-row", None))),
            }
        }
        let excluded = leaving.gone.clone();
        for leave in merges {
            let into = leave.into.clone().unwrap_or_default();
            let elsewhere = leaving.merged.get(&leave.row).map(|(into, _)| into.as_str());
            let refusal = if !is_there(&leave.row) {
                Refusal::new("missing-row", None)
            } else if !is_there(&into) {
                Refusal::new("missing-survivor", None)
            } else if excluded.contains(&into) {
                // What refers to the row would refer to nothing.
                Refusal::new("excluded-survivor", None)
            } else if elsewhere == Some(&into) {
                continue;
            } else if elsewhere.is_some() {
                Refusal::new("merged-elsewhere", elsewhere)
            } else if leaving.end(&into) == leave.row {
                // Merged in a circle, all of them would vanish.
                Refusal::new("merged-in-a-circle", None)
            } else {
                leaving.gone.insert(leave.row.clone());
                leaving.merged.insert(leave.row, (into, leave.id));
                continue;
            };
            leaving.refused.push((leave, refusal));
        }
        leaving
    }

    /// The row that stays where this one goes, from row to row.
    fn end<'r>(&'r self, row: &'r str) -> &'r str {
        let mut end = row;
        while let Some((into, _)) = self.merged.get(end) {
            end = into;
        }
        end
    }

    /// Where references to the rows that go, and to those they go into, point: per value of the field that is referred to
    /// the one that stays, and the decision. `values` has, per row, what the source gives for that field and what the
    /// decisions make of it.
    pub fn repointed(&self, values: &HashMap<String, Given>) -> Repointed {
        let mut first = IndexMap::new();
        for (row, (_, id)) in &self.merged {
            let end = self.end(row);
            let Some((given, Some(stays))) = values.get(end) else { continue };
            let own = values.get(row).map(|(given, now)| [given.as_ref(), now.as_ref()]).unwrap_or_default();
            // A key that the survivor shares with others is theirs too; its own that it has no more is nobody's.
            let formerly = given.as_ref().filter(|_| key_in(end) == end);
            for value in own.into_iter().chain([formerly]).flatten().filter(|value| *value != stays) {
                first.entry(value.clone()).or_insert_with(|| (stays.clone(), id.clone()));
            }
        }
        let end = |value: &str| {
            let (mut seen, mut end) = (HashSet::from([value.to_owned()]), first.get(value)?);
            while let Some(next) = first.get(&end.0) {
                if !seen.insert(end.0.clone()) {
                    return None;
                }
                end = next;
            }
            (end.0 != value).then(|| end.0.clone())
        };
        // To follow once is to follow to the end.
        let ends = first.iter().filter_map(|(value, (_, id))| Some((value.clone(), (end(value)?, id.clone()))));
        Repointed(ends.collect())
    }
}

/// Per value of a field, the one that references to it have in the end, and the decision that makes them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Repointed(pub IndexMap<String, (String, String)>);

impl Repointed {
    /// What becomes of a reference.
    pub fn settle(&self, value: Option<&str>) -> Option<String> {
        let value = value?;
        Some(self.0.get(value).map_or(value, |(stays, _)| stays.as_str()).to_owned())
    }
}

/// A value that a decision replaces wherever it occurs; an empty `now` empties the field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Replace {
    pub id: String,
    pub was: String,
    pub now: String,
}

/// Value → what stands in its place in the end, after the replacements in the order in which they were decided. Refused
/// is what others have replaced already.
pub(super) fn replaced(
    repointed: &Repointed,
    wanted: Vec<Replace>,
) -> (HashMap<String, String>, Vec<(Replace, Refusal)>) {
    let mut ends: HashMap<String, String> =
        repointed.0.iter().map(|(was, (now, _))| (was.clone(), now.clone())).collect();
    let (mut decided, mut refused) = (HashSet::new(), Vec::new());
    for replace in wanted {
        if decided.contains(&replace.was) {
            let end = ends.get(&replace.was).filter(|end| **end != replace.was);
            if end == Some(&replace.now) {
                continue;
            }
            if let Some(end) = end {
                let refusal = Refusal::new("replaced-otherwise", Some(end));
                refused.push((replace, refusal));
                continue;
            }
        }
        ends.values_mut().filter(|end| **end == replace.was).for_each(|end| end.clone_from(&replace.now));
        decided.insert(replace.was.clone());
        ends.insert(replace.was, replace.now);
    }
    ends.retain(|was, now| was != now);
    (ends, refused)
}

/// The last decision that replaces one of some values, one after the other in the order in which they were made.
pub(super) fn last_replacing(mut values: Vec<String>, wanted: &[Replace]) -> Option<Replace> {
    let mut last = None;
    for replace in wanted {
        for value in values.iter_mut().filter(|value| **value == replace.was) {
            value.clone_from(&replace.now);
            last = Some(replace.clone());
        }
    }
    last
}

/// One decision that sets a field of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Set {
    pub id: String,
    pub row: String,
    pub was: Option<String>,
    pub now: Option<String>,
    /// `now` as the workbench writes it: 12,50 typed by a person is 12.5. None where it is no value, or empty.
    pub written: Option<String>,
}

impl Set {
    fn is_no_value(&self) -> bool {
        self.written.is_none() && self.now.as_deref().is_some_and(|now| !now.trim().is_empty())
    }

    /// Whether it wants what is there.
    fn wants(&self, value: Option<&str>) -> bool {
        [&self.now, &self.written].iter().any(|wanted| is_same(wanted.as_deref(), value))
    }
}

/// What there is for a field of a row before it is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// What the source gives, or what is computed where it gives nothing, as text.
    pub value: Option<String>,
    /// What is left of that after the replacements.
    pub replaced: Option<String>,
    /// The text in the export, where no value came of it.
    pub raw: Option<String>,
}

/// What has become of a cell.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Folded {
    /// The decision that stands, if one does.
    pub standing: Option<Set>,
    pub refused: Vec<(Set, Refusal)>,
}

/// Whether two values are the same; nobody sees white space around them.
fn is_same(one: Option<&str>, other: Option<&str>) -> bool {
    let trimmed = |value: Option<&str>| value.map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned);
    trimmed(one) == trimmed(other)
}

/// Walks through the decisions on one cell in the order in which they were made. `repointed` is what becomes of its
/// values in the end, which is what people see.
pub(super) fn fold(found: &Found, repointed: &Repointed, sets: Vec<Set>) -> Folded {
    let mut folded = Folded::default();
    let mut value = found.replaced.clone();
    let mut raw = found.raw.as_deref();
    for set in sets {
        if set.is_no_value() {
            let shown = value.clone().or_else(|| raw.map(str::to_owned));
            folded.refused.push((set, Refusal::new("not-a-value", repointed.settle(shown.as_deref()).as_deref())));
            continue;
        }
        let was = set.was.as_deref();
        let settled = repointed.settle(value.as_deref());
        let is_about = |value: Option<&str>| is_same(value.or(raw), was);
        // A decision on the value as the source gives it is not undone by a later replacement of that value everywhere.
        let is_about_given = || folded.standing.is_none() && is_about(found.value.as_deref());
        if is_about(value.as_deref()) || is_about(settled.as_deref()) || is_about_given() {
            value.clone_from(&set.written);
            raw = None;
            folded.standing = Some(set);
            // Whoever decided after them has settled what could not be applied before.
            folded.refused.clear();
        } else if !set.wants(value.as_deref()) && !set.wants(settled.as_deref()) {
            // Where the source itself has come to say what was decided, there is nothing left to apply.
            let shown = settled.or_else(|| raw.map(str::to_owned));
            folded.refused.push((set, Refusal { reason: "changed", found: shown }));
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `C3>C1` merges the first into the second, `-C4` leaves it out; the ids are numbers from 1.
    fn leaving(lines: &[&str], there: &[&str]) -> Leaving {
        let wanted = (1..).zip(lines).map(|(id, line): (u32, &&str)| match line.split_once('>') {
            Some((row, into)) => Leave { id: id.to_string(), row: row.into(), into: Some(into.into()) },
            None => Leave { id: id.to_string(), row: line.trim_start_matches('-').into(), into: None },
        });
        Leaving::of(wanted.collect(), |row| there.contains(&row))
    }

    #[test]
    fn rows_go_where_what_they_go_into_stays() {
        let there = ["A", "B", "C", "D"];
        for (lines, gone, refused) in [
            (&["-A", "B>C"][..], "AB", ""),
            (&["A>B", "B>C", "C>D"], "ABC", ""),
            // Whatever was said first.
            (&["A>B", "-B"], "B", "1 excluded-survivor"),
            (&["-B", "A>B"], "B", "2 excluded-survivor"),
            (&["A>B", "B>A"], "A", "2 merged-in-a-circle"),
            (&["A>B", "B>C", "C>A"], "AB", "3 merged-in-a-circle"),
            (&["A>A"], "", "1 merged-in-a-circle"),
            (&["A>B", "A>B"], "A", ""),
            (&["A>B", "A>C"], "A", "2 merged-elsewhere B"),
            (&["A>X", "X>A", "-X"], "", "1 missing-survivor,2 missing-row,3 missing-row"),
            // What was left out was perhaps merged by somebody else; its references follow.
            (&["-A", "A>B"], "A", ""),
        ] {
            let leaving = leaving(lines, &there);
            let mut is_gone: Vec<&str> = leaving.gone.iter().map(String::as_str).collect();
            is_gone.sort_unstable();
            let mut told: Vec<String> = leaving
                .refused
                .iter()
                .map(|(leave, why)| format!("{} {} {}", leave.id, why.reason, why.found.as_deref().unwrap_or_default()))
                .map(|told| told.trim().to_owned())
                .collect();
            told.sort();
            assert_eq!((is_gone.concat().as_str(), told.join(",").as_str()), (gone, refused), "{lines:?}");
        }
    }

    /// `A=A` is a row whose key is as the source gives it, `A=X` one whose key was set.
    fn pointed(lines: &[&str], keys: &[&str]) -> String {
        let pairs = keys.iter().filter_map(|key| key.split_once('='));
        let values: HashMap<String, Given> = pairs
            .map(|(row, now)| {
                let given = Some(key_in(row).to_owned());
                (row.to_owned(), (given, Some(now.to_owned()).filter(|now| !now.is_empty())))
            })
            .collect();
        let there: Vec<&str> = values.keys().map(String::as_str).collect();
        let pointed = leaving(lines, &there).repointed(&values);
        let mut told: Vec<String> = pointed.0.iter().map(|(was, (now, id))| format!("{was}>{now} by {id}")).collect();
        told.sort();
        told.join(", ")
    }

    #[test]
    fn references_lead_to_the_key_that_the_row_has_that_stays() {
        for (lines, keys, expected) in [
            (&["A>B"][..], &["A=A", "B=B"][..], "A>B by 1"),
            (&["A>B", "B>C"], &["A=A", "B=B", "C=C"], "A>C by 1, B>C by 2"),
            (&["B>C", "A>B"], &["A=A", "B=B", "C=C"], "A>C by 2, B>C by 1"),
            (&["A>B"], &["A=A", "B=X"], "A>X by 1, B>X by 1"),
            (&["A>B"], &["A=Y", "B=B"], "A>B by 1, Y>B by 1"),
            (&["A>B"], &["A=A", "B=A"], "B>A by 1"),
            (&["A>B"], &["A=A", "B="], ""),
            (&["A>B"], &["A=B", "B=A"], "B>A by 1"),
            // One of two rows with one key got another: what refers to that key means the other.
            (&["A>B#0123456789ab.1"], &["A=A", "B#0123456789ab.1=X"], "A>X by 1"),
            (&["B#0123456789ab.2>B#0123456789ab.1"], &["B#0123456789ab.1=B", "B#0123456789ab.2=B"], ""),
            // What stays here is called as what goes there.
            (&["A>B", "X>C"], &["A=A", "B=X", "X=X", "C=C"], "A>C by 1, B>C by 1, X>C by 2"),
            // A circle of keys points nowhere, rather than anywhere.
            (&["A>B", "C>D"], &["A=A", "B=C", "C=C", "D=A"], ""),
        ] {
            assert_eq!(pointed(lines, keys), expected, "{lines:?} {keys:?}");
        }
    }

    fn replace(lines: &[&str]) -> Vec<Replace> {
        let lines = (1..).zip(lines).filter_map(|(id, line): (u32, &&str)| Some((id, line.split_once('>')?)));
        lines.map(|(id, (was, now))| Replace { id: id.to_string(), was: was.into(), now: now.into() }).collect()
    }

    #[test]
    fn one_replacement_follows_the_other_and_two_of_one_value_are_a_conflict() {
        let merged = Repointed(IndexMap::from([("M".to_owned(), ("A".to_owned(), "0".to_owned()))]));
        for (lines, expected, refused) in [
            (&["A>B", "B>C"][..], "A>C B>C M>C", ""),
            (&["B>C", "A>B"], "A>B B>C M>B", ""),
            (&["A>B", "A>B"], "A>B M>B", ""),
            (&["A>B", "A>C"], "A>B M>B", "2 B"),
            (&["A>B", "B>A"], "B>A M>A", ""),
            (&["A>B", "B>A", "A>C"], "A>C B>C M>C", ""),
            (&["M>C"], "M>C", ""),
            (&["A>"], "A> M>", ""),
        ] {
            let (ends, not) = replaced(&merged, replace(lines));
            let mut ends: Vec<String> = ends.iter().map(|(was, now)| format!("{was}>{now}")).collect();
            ends.sort();
            let not: Vec<String> =
                not.iter().map(|(one, why)| format!("{} {}", one.id, why.found.as_deref().unwrap_or("-"))).collect();
            assert_eq!((ends.join(" ").as_str(), not.join(",").as_str()), (expected, refused), "{lines:?}");
            // Whoever asks which decision made a value what it is, is told one that holds.
            let last = last_replacing(vec!["A".to_owned()], &replace(lines));
            assert!(last.is_none_or(|last| !refused.starts_with(&last.id)), "{lines:?}");
        }
    }

    /// `a>b` sets to `b` what was `a`; `-` is no value, `!b` a text that is none of the type.
    fn folded(found: &Found, repointed: &Repointed, lines: &[&str]) -> String {
        let value = |text: &str| Some(text.to_owned()).filter(|text| text != "-");
        let sets = (1..).zip(lines).filter_map(|(id, line): (u32, &&str)| {
            let (was, now) = line.split_once('>')?;
            let written = value(now).filter(|now| !now.starts_with('!'));
            Some(Set { id: id.to_string(), row: "R".into(), was: value(was), now: value(now), written })
        });
        let folded = fold(found, repointed, sets.collect());
        let shown = |value: Option<&str>| value.unwrap_or("-").to_owned();
        let stands = folded.standing.map_or("as given".to_owned(), |set| shown(set.written.as_deref()));
        let refused = folded
            .refused
            .iter()
            .map(|(set, why)| format!("; {} {} {}", set.id, why.reason, shown(why.found.as_deref())));
        stands + &refused.collect::<String>()
    }

    #[test]
    fn a_cell_is_set_while_it_is_what_the_decision_was_made_about() {
        let given = |value: &str, replaced: &str| Found {
            value: Some(value.to_owned()),
            replaced: Some(replaced.to_owned()),
            raw: None,
        };
        let unread = Found { raw: Some(" dear ".to_owned()), ..Found::default() };
        let merged = Repointed(IndexMap::from([("C3".to_owned(), ("C1".to_owned(), "0".to_owned()))]));
        for (found, lines, expected) in [
            (given("a", "a"), &["a>b"][..], "b"),
            (given("a", "a"), &["a>b", "b>c"], "c"),
            (given("a", "a"), &["x>b"], "as given; 1 changed a"),
            (given("b", "b"), &["x>b"], "as given"),
            (given("a", "a"), &["x>b", "a>c"], "c"),
            // The value that a refused one met is that in the chain, not the source's.
            (given("a", "a"), &["a>b", "a>c"], "b; 2 changed b"),
            (given("a", "z"), &["a>b"], "b"),
            (given("a", "z"), &["z>b"], "b"),
            (given("a", "a"), &["a>!b"], "as given; 1 not-a-value a"),
            (given("a", "a"), &["a>b", "b>!c", "b>d"], "d"),
            (given("a", "a"), &["a>-", "->b"], "b"),
            (given("a ", "a "), &["a>b"], "b"),
            (unread.clone(), &["dear>1"], "1"),
            (unread, &["cheap>1"], "as given; 1 changed  dear "),
            (Found::default(), &["->1"], "1"),
            // What is seen of a reference is the row that stays.
            (given("C3", "C3"), &["C1>C4"], "C4"),
            (given("C2", "C2"), &["C2>C3", "C1>C4"], "C4"),
            (given("C2", "C2"), &["C2>C3", "C2>C4"], "C3; 2 changed C1"),
        ] {
            assert_eq!(folded(&found, &merged, lines), expected, "{found:?} {lines:?}");
        }
    }
}
