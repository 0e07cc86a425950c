//! What a commit did: its number, hash and tallies, each table a door to the rows, and the way to the history.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Direction, Rect};
use ratatui::text::{Line, Span};

use super::{LOG, OVER};
use crate::model::Commit;
use crate::tui::cursor::{Cursor, Reel};
use crate::tui::effects::Effect;
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::screens::{self, SCREENS, changes, history};
use crate::tui::text;
use crate::tui::widgets::pane::{Pane, inner, split};
use crate::tui::widgets::put;

/// A commit that was just made.
pub struct Done {
    commit: Commit,
    cursor: Cursor,
}

impl Done {
    /// Who, when, what; and the tables.
    pub fn areas(&self, model: &Model, area: Rect) -> [Rect; 2] {
        let words = history::commit_words(&self.commit, area.width.saturating_sub(2), model.theme).len() as u16 + 2;
        split(area, Direction::Vertical, [Constraint::Length(words.min(area.height / 2)), Constraint::Fill(1)])
    }

    /// The tables as keys move through them.
    pub fn reel(&mut self, height: u64) -> Reel<'_> {
        Reel { total: self.commit.tables.len() as u64, cursor: &mut self.cursor, height }
    }

    /// Draws it.
    pub fn draw(&self, model: &Model, area: Rect, buffer: &mut Buffer) {
        let theme = model.theme;
        let [words, tables] = self.areas(model, area);
        let title = vec![Span::styled(format!("✓ commit {} is made", self.commit.id), theme.good())];
        Pane { title, foot: String::new(), focused: false }.draw(words, theme, buffer);
        let inside = inner(words);
        let lines = history::commit_words(&self.commit, inside.width, theme);
        for (row, line) in (0..inside.height).zip(lines) {
            put(buffer, inside, row, line);
        }
        let title = vec![Span::raw("what it changed")];
        Pane { title, foot: String::new(), focused: true }.draw(tables, theme, buffer);
        let inside = inner(tables);
        let tallies = &self.commit.tables;
        changes::draw_tallies(tallies, true, self.cursor, true, inside, theme, buffer);
        let held = changes::sum(tallies, |tally| tally.quarantined);
        let after = tallies.len() as u16 + 2;
        let said = match held {
            0 => "   nothing is quarantined: all candidates are committed".to_owned(),
            held => {
                let quarantine = model.key("quarantine");
                format!("   {} quarantined: {quarantine} shows them with every reason", text::count(held, "row"))
            }
        };
        put(buffer, inside, after, Line::styled(said, theme.dim()));
    }
}

/// A commit was made, here or in the history: says what it did.
pub fn committed(model: &mut Model, commit: Commit) {
    let held = changes::sum(&commit.tables, |tally| tally.quarantined);
    let undone = commit.reverts.map(|id| format!(" takes commit {id} back")).unwrap_or_default();
    let said = format!(
        "commit {}{undone}: {}, {} quarantined",
        commit.id,
        changes::in_sum(&commit.tables),
        text::number(held)
    );
    model.say(Tone::Done, said);
    let state = &mut model.commit;
    state.rows = None;
    // What the commit before did is no longer what happened last.
    state.done = None;
    state.cursors[LOG] = Cursor::default();
    if let Some(log) = &mut state.log {
        log.insert(0, commit.clone());
    }
    let is_open = std::ptr::eq(SCREENS[model.open.min(SCREENS.len() - 1)], &super::SCREEN);
    if is_open && commit.reverts.is_none() {
        let at = changes::first(&commit.tables);
        state.done = Some(Done { commit, cursor: Cursor { at, ..Cursor::default() } });
        state.focus = OVER;
    }
}

/// Opens in the history the rows of the table under the cursor.
pub fn open_history(model: &mut Model) -> Vec<Effect> {
    let Some(done) = &model.commit.done else { return Vec::new() };
    let (commit, at) = (done.commit.clone(), usize::try_from(done.cursor.at).unwrap_or(0));
    history::show_commit_rows(model, &commit, at)
}

/// Whether the commit changed any row of the table under the cursor.
pub fn has_rows(model: &Model) -> Result<(), String> {
    let done = model.commit.done.as_ref();
    let tally = done.and_then(|done| done.commit.tables.get(usize::try_from(done.cursor.at).ok()?));
    match tally {
        Some(tally) if changes::changed(tally) == 0 => {
            Err(format!("nothing of {} was changed", text::clean(&tally.table)))
        }
        _ => Ok(()),
    }
}

/// Copies the hash.
pub fn copy_hash(model: &mut Model) -> Vec<Effect> {
    let hash = model.commit.done.as_ref().map(|done| done.commit.hash.clone()).unwrap_or_default();
    screens::copy(model, hash)
}
