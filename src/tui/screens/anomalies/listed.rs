//! A page that lists what was decided, with what there is to know of the line under the cursor below it. Neighbours: `waivers`
//! and `conflicts`, which are such pages.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Direction, Rect};
use ratatui::text::{Line, Span};

use crate::tui::cursor::{Cursor, Reel};
use crate::tui::model::Model;
use crate::tui::screens::Region;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::widgets::grid::{Column, Grid, Row};
use crate::tui::widgets::pane::{Pane, below, inner, split};
use crate::tui::widgets::put;

/// A list that is fetched whole, and where the user is in it.
pub struct Listed<T> {
    /// The pane that has the keys; there is one.
    pub focus: usize,
    /// What is listed; `None` until it has come.
    pub all: Option<Vec<T>>,
    asked: Option<u64>,
    cursor: Cursor,
}

impl<T> Default for Listed<T> {
    fn default() -> Listed<T> {
        Listed { focus: 0, all: None, asked: None, cursor: Cursor::default() }
    }
}

/// The most lines to which the columns are fitted: all of them are looked at for every picture.
const FEW: u64 = 1_000;

/// How such a page looks beside its lines.
pub struct Look<'a> {
    /// The title of the list.
    pub title: Vec<Span<'a>>,
    /// Its columns.
    pub columns: &'a [Column],
    /// What is said where nothing is listed.
    pub nothing: String,
    /// The title of what is known of one line.
    pub one: &'static str,
    /// What is known of the line under the cursor.
    pub details: Vec<String>,
}

fn frames(area: Rect) -> [Rect; 2] {
    let detail = if area.height < 14 { 0 } else { (area.height * 2 / 5).clamp(7, 11) };
    split(area, Direction::Vertical, [Constraint::Fill(1), Constraint::Length(detail)])
}

/// Where the list is.
pub fn regions(_: &Model, area: Rect) -> Vec<Region> {
    let frame = frames(area)[0];
    vec![Region { pane: 0, frame, body: below(inner(frame), 1) }]
}

impl<T> Listed<T> {
    fn total(&self) -> u64 {
        self.all.as_ref().map_or(0, |all| all.len() as u64)
    }

    /// The list as keys move through it.
    pub fn reel(&mut self, height: u64) -> Reel<'_> {
        let total = self.total();
        Reel { cursor: &mut self.cursor, total, height }
    }

    /// The place of the line under the cursor.
    pub fn at(&self) -> u64 {
        self.cursor.at
    }

    /// The line under the cursor.
    pub fn here(&self) -> Option<&T> {
        self.all.as_ref()?.get(usize::try_from(self.cursor.at).ok()?)
    }

    /// Whether the list must be asked for: once per state of the data.
    pub fn wants(&mut self, epoch: u64) -> bool {
        self.asked.replace(epoch) != Some(epoch)
    }

    /// The page is opened: the list is asked for again.
    pub fn reopen(&mut self) {
        (self.asked, self.focus) = (None, 0);
    }

    /// The list has come; the cursor stays on its line, or where it was if that is gone.
    pub fn take(&mut self, all: Vec<T>, height: u64, same: impl Fn(&T, &T) -> bool) {
        let at = self.here().and_then(|before| all.iter().position(|one| same(one, before)));
        self.all = Some(all);
        let at = at.map_or(self.cursor.at, |at| at as u64);
        self.reel(height).go(at);
    }

    /// Draws the list, a row per line, and below it what is known of the one under the cursor.
    pub fn draw(&self, look: Look, row: impl Fn(u64, &T) -> Row, area: Rect, theme: Theme, buffer: &mut Buffer) {
        let [frame, detail] = frames(area);
        let total = self.total();
        let foot = match total {
            0 => String::new(),
            total => format!("{}/{}", text::number(self.cursor.at + 1), text::number(total)),
        };
        Pane { title: look.title, foot, focused: true }.draw(frame, theme, buffer);
        let lines = self.all.iter().flatten().zip(0..).map(|(one, at)| row(at, one));
        let fitted = if total <= FEW { Grid::fitted(look.columns, lines) } else { look.columns.to_vec() };
        let grid = Grid { columns: &fitted, cursor: self.cursor, total, focused: true, selectable: true };
        grid.draw(inner(frame), theme, buffer, |at| {
            let one = usize::try_from(at).ok().and_then(|at| self.all.as_ref()?.get(at));
            one.map(|one| row(at, one)).unwrap_or_default()
        });
        if total == 0 {
            let say = if self.all.is_some() { format!("   {}", look.nothing) } else { "   …".to_owned() };
            put(buffer, below(inner(frame), 1), 0, Line::styled(say, theme.dim()));
        }
        if detail.height > 2 {
            let title = vec![Span::raw(look.one)];
            Pane { title, foot: String::new(), focused: false }.draw(detail, theme, buffer);
            let inside = inner(detail);
            let room = usize::from(inside.width).saturating_sub(2);
            let lines = look.details.iter().flat_map(|line| text::wrap(line, room));
            for (row, line) in (0..inside.height).zip(lines) {
                put(buffer, inside, row, Line::raw(format!(" {line}")));
            }
        }
    }
}
