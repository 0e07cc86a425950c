//! Work as the line that does the same in a shell. Neighbour: `effects`, whose jobs it puts into words.

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use super::effects::Job;
use super::text;
use crate::model::{Action, Decision, FieldMapping, MappingDraft};

/// The longest line, in bytes, that is still a line to be read; a decision that is longer is taken from the ledger.
const LONG: usize = 2_000;

/// What was done in this session, as the lines that do the same.
#[derive(Debug, Default)]
pub struct Journal {
    /// The lines, oldest first.
    pub done: Vec<Entry>,
    /// The work that is going on.
    running: Option<Job>,
}

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it ended, since the start.
    pub at: Duration,
    /// The line.
    pub line: String,
    /// Whether it did what it was to do.
    pub worked: bool,
}

impl Journal {
    /// Work began.
    pub fn begin(&mut self, job: &Job) {
        self.running = Some(job.clone());
    }

    /// The work ended, well or not. A decision is written down by what was decided, not by what was wished.
    pub fn end(&mut self, dir: &Path, at: Duration, worked: bool) {
        if let Some(line) = self.running.take().and_then(|job| line(&job, dir)) {
            self.done.push(Entry { at, line, worked });
        }
    }

    /// Something was done beside the writer's work, by a line of these words after `tastevin`.
    pub fn add(&mut self, dir: &Path, at: Duration, words: Vec<String>) {
        self.done.push(Entry { at, line: command(dir, words), worked: true });
    }

    /// A decision was made.
    pub fn decided(&mut self, dir: &Path, at: Duration, decision: &Decision) {
        self.done.push(Entry { at, line: decision_line(decision, dir), worked: true });
    }
}

/// The line that does a piece of work; `None` for a decision and for a mapping, whose lines are known once they are written.
fn line(job: &Job, dir: &Path) -> Option<String> {
    let words = match job {
        Job::Load(source) => vec!["load".to_owned(), source.clone()],
        Job::Check => vec!["check".to_owned()],
        Job::Commit { message } => ["commit".to_owned()].into_iter().chain(option("--message", message)).collect(),
        Job::AddSource { name, config } => {
            let mut words = vec!["source".to_owned(), "add".to_owned()];
            words.extend(option("--kind", &config.kind));
            words.extend(config.mapping.iter().flat_map(|mapping| option("--mapping", mapping)));
            words.extend(config.options.iter().flat_map(|(key, value)| option("--set", &format!("{key}={value}"))));
            words.push(name.clone());
            words
        }
        Job::EditSource { name, changes } => {
            let mut words = vec!["source".to_owned(), "edit".to_owned()];
            for (key, value) in changes {
                words.extend(match value {
                    Some(value) => option("--set", &format!("{key}={value}")),
                    None => option("--unset", key),
                });
            }
            words.push(name.clone());
            words
        }
        Job::RemoveSource(name) => ["source", "remove", name].map(str::to_owned).to_vec(),
        Job::Revert { commit, message } => {
            ["revert".to_owned()].into_iter().chain(option("--message", message)).chain([commit.to_string()]).collect()
        }
        // What is written of these is known once it is done.
        Job::Decide { .. } | Job::SaveMapping { .. } => return None,
    };
    Some(command(dir, words))
}

/// The words that bring the mapping of a source from where a draft began to where it is, field by field. A field fed in a
/// way that only its file can say has none.
pub fn mapping(source: &str, draft: &MappingDraft) -> Vec<Vec<String>> {
    let (before, after) = (&draft.opened().tables, &draft.mapping().tables);
    let mut lines = Vec::new();
    for (table, fields) in before.iter().map(|(table, feed)| (table, &feed.fields)) {
        let now = after.get(table);
        let gone = fields.keys().filter(|field| now.is_none_or(|now| !now.fields.contains_key(*field)));
        lines.extend(gone.map(|field| set(source, table, field, None, vec!["--unset".to_owned()])));
    }
    for (table, feed) in after {
        let known = before.get(table).filter(|known| !known.fields.is_empty());
        let mut is_fed = known.is_some_and(|known| known.entity == feed.entity);
        for (field, now) in &feed.fields {
            let was = known.and_then(|known| known.fields.get(field));
            if was == Some(now) && is_fed {
                continue;
            }
            if let Some((columns, mut options)) = fed(now) {
                if columns.is_some() && was.is_some_and(|was| was.optional && !now.optional) {
                    lines.push(set(source, table, field, None, vec!["--unset".to_owned()]));
                }
                if !is_fed {
                    options.extend(option("--entity", &feed.entity));
                    is_fed = true;
                }
                lines.push(set(source, table, field, columns, options));
            }
        }
    }
    lines
}

/// What a field is fed with: its columns and the options beside them; `None` where no line says it.
fn fed(feed: &FieldMapping) -> Option<(Option<String>, Vec<String>)> {
    let columns: Vec<&str> = feed.inputs().collect();
    let constant = match feed.transforms.as_slice() {
        [step] if columns.is_empty() && step.name == "constant" => step.arguments.as_ref()?.as_str(),
        _ => None,
    };
    if let Some(value) = constant {
        return Some((None, option("--constant", value)));
    }
    let is_told_apart = columns.len() == 1 || columns.iter().all(|column| !column.contains(','));
    if columns.is_empty() || !is_told_apart {
        return None;
    }
    let mut options: Vec<String> =
        feed.transforms.iter().flat_map(|step| option("--transform", &step.to_string())).collect();
    options.extend(feed.transforms.is_empty().then(|| "--no-transforms".to_owned()));
    options.extend(feed.optional.then(|| "--optional".to_owned()));
    Some((Some(columns.join(",")), options))
}

fn set(source: &str, table: &str, field: &str, columns: Option<String>, options: Vec<String>) -> Vec<String> {
    let mut words = vec!["map".to_owned(), "set".to_owned()];
    words.extend(options);
    // What begins with a dash is no option.
    words.extend(columns.iter().any(|columns| columns.starts_with('-')).then(|| "--".to_owned()));
    words.extend([source.to_owned(), format!("{table}.{field}")].into_iter().chain(columns));
    words
}

/// The line that makes a decision.
fn decision_line(decision: &Decision, dir: &Path) -> String {
    let mut options: Vec<String> = Vec::new();
    let words: Option<Vec<&str>> = match &decision.action {
        Action::Set { table, row, field, now, rule, .. } => {
            options.extend(rule.iter().flat_map(|rule| option("--rule", rule)));
            if now.is_none() {
                options.push("--empty".to_owned());
            }
            Some(["set", table, row, field].into_iter().chain(now.as_deref()).collect())
        }
        Action::Exclude { table, rows } => {
            Some(["exclude", table].into_iter().chain(rows.iter().map(String::as_str)).collect())
        }
        Action::Waive { rule, table, field, row: Some(row), until, .. } => {
            let field = field.iter().filter(|field| !field.is_empty());
            options.extend(field.flat_map(|field| option("--field", field)));
            options.extend(until.iter().flat_map(|until| option("--until", &until.to_string())));
            Some(vec!["waive", rule, table, row])
        }
        Action::Revert { of, .. } => Some(vec!["revert", of]),
        Action::Bulk { .. } | Action::Replace { .. } | Action::Merge { .. } | Action::Waive { .. } => None,
    };
    let mut line = vec!["decide".to_owned()];
    match words.as_deref() {
        Some([kind, positions @ ..]) => {
            options.extend(decision.why.iter().flat_map(|why| option("--why", why)));
            // What begins with a dash is no option.
            let dash = positions.iter().any(|word| word.starts_with('-')).then_some("--");
            line.push((*kind).to_owned());
            line.extend(options);
            line.extend(dash.into_iter().chain(positions.iter().copied()).map(str::to_owned));
        }
        _ => line.extend(["apply".to_owned(), as_json(decision)]),
    }
    let line = command(dir, line);
    if line.len() <= LONG {
        return line;
    }
    let ledger = dir.join("decisions.jsonl");
    let id = format!("\"id\":\"{}\"", decision.id);
    let apply = command(dir, ["decide", "apply", "-"].map(str::to_owned).to_vec());
    format!("grep {} {} | {apply}", quoted(&id), quoted(&ledger.to_string_lossy()))
}

/// An option with its value, in one word where the value would be taken for another option.
fn option(name: &str, value: &str) -> Vec<String> {
    match value.starts_with('-') {
        true => vec![format!("{name}={value}")],
        false => vec![name.to_owned(), value.to_owned()],
    }
}

/// What of a decision is made again.
fn as_json(decision: &Decision) -> String {
    let mut json = serde_json::to_value(&decision.action).unwrap_or_default();
    if let (Some(object), Some(why)) = (json.as_object_mut(), &decision.why) {
        object.insert("why".to_owned(), why.as_str().into());
    }
    json.to_string()
}

fn command(dir: &Path, words: Vec<String>) -> String {
    let words: Vec<Cow<str>> = words.iter().map(|word| quoted(word)).collect();
    format!("{}{}", start(dir), words.join(" "))
}

/// How every line begins.
fn start(dir: &Path) -> String {
    format!("tastevin -C {} ", quoted(&dir.to_string_lossy()))
}

/// A line in so many columns: where it does not fit, without what all of them begin with.
pub fn in_brief<'l>(line: &'l str, dir: &Path, width: usize) -> Cow<'l, str> {
    match line.strip_prefix(&start(dir)).filter(|_| text::width(line) > width) {
        Some(rest) => Cow::Owned(format!("… {rest}")),
        None => Cow::Borrowed(line),
    }
}

/// A word as a shell takes it: in single quotes where anything in it has a meaning there.
pub fn quoted(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,=+@%".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => Cow::Borrowed(word),
        false => Cow::Owned(format!("'{}'", word.replace('\'', r"'\''"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_reaches_the_program_as_it_is() {
        assert_eq!(quoted("exports/clients.csv"), "exports/clients.csv");
        assert_eq!(quoted("Domaine d'Or"), r"'Domaine d'\''Or'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("$HOME"), "'$HOME'");
    }
}
