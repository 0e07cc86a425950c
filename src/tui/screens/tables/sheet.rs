//! One view on the screen: its window of rows, its columns as they are laid out, and where the user is in it.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::model::{CellKind, ColumnInfo, LONGEST_CELL, RowsOf, TableView, ViewPage};
use crate::tui::cursor::Cursor;
use crate::tui::text;
use crate::tui::widgets::grid::{GAP, GUTTER, Spread};
use crate::tui::window::Window;
use crate::workbench::Viewed;

/// How wide a column is at least and at most before the user makes it wider.
const WIDTHS: Range<u16> = 4..32;
/// How wide a user can make a column.
const WIDEST: u16 = 400;
/// By how much a column is made wider or narrower.
const STEP: u16 = 4;

/// A column as it is laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Placed {
    /// Its place among the columns of the table.
    at: usize,
    /// Its place when the user has moved nothing.
    home: usize,
    width: u16,
    hidden: bool,
}

/// A view on the screen.
#[derive(Debug)]
pub struct Sheet {
    /// What is wanted.
    pub view: TableView,
    /// For a query, which run of it.
    pub run: u64,
    /// What the window holds.
    pub shown: Option<Viewed>,
    /// What was shown before, to go back to when the view that is wanted is given up.
    pub before: Option<TableView>,
    /// What was asked for last, and from which row.
    pub asked: Option<(Viewed, u64)>,
    /// The rows.
    pub window: Window<Vec<Option<String>>>,
    /// How many rows there are without filters.
    pub all: u64,
    /// The columns of the table.
    pub columns: Vec<ColumnInfo>,
    layout: Vec<Placed>,
    /// How many of the columns in front stay where they are.
    pub frozen: usize,
    /// Where the user is among the rows.
    pub cursor: Cursor,
    /// Where the user is among the columns that are shown.
    pub column: usize,
    /// The first column that is drawn behind the frozen ones, among those that are shown.
    left: usize,
    /// The rows that are marked.
    pub marks: BTreeSet<u64>,
    /// Where a range began.
    pub range: Option<u64>,
    /// Why the rows cannot be shown, and what to do next.
    pub failed: Option<(String, Vec<String>)>,
}

impl Sheet {
    /// A sheet on all rows.
    pub fn new(of: RowsOf, run: u64) -> Sheet {
        Sheet {
            view: TableView::all(of),
            run,
            shown: None,
            before: None,
            asked: None,
            window: Window::default(),
            all: 0,
            columns: Vec::new(),
            layout: Vec::new(),
            frozen: 0,
            cursor: Cursor::default(),
            column: 0,
            left: 0,
            marks: BTreeSet::new(),
            range: None,
            failed: None,
        }
    }

    /// What is wanted, of the data as it is under an epoch.
    pub fn viewed(&self, epoch: u64) -> Viewed {
        let version = match self.view.of {
            RowsOf::Table(..) => epoch,
            RowsOf::Query(_) => self.run,
        };
        Viewed { view: self.view.clone(), version }
    }

    /// Whether the rows that are wanted are being found.
    pub fn waits(&self) -> bool {
        self.failed.is_none()
            && self.asked.is_some()
            && self.shown.as_ref().map(|shown| &shown.view) != Some(&self.view)
    }

    /// Another view of the same rows is wanted. The cursor goes to the first row.
    pub fn change(&mut self, change: impl FnOnce(&mut TableView)) {
        let before = self.view.clone();
        change(&mut self.view);
        if self.view != before {
            self.before = Some(before);
            self.failed = None;
        }
    }

    /// The view that was wanted is given up for the one before it. False where there is none.
    pub fn give_up(&mut self) -> bool {
        let shown = self.shown.as_ref().map(|shown| shown.view.clone());
        let Some(before) = self.before.take().or(shown).filter(|before| *before != self.view) else {
            return false;
        };
        self.view = before;
        self.failed = None;
        // What is shown is what is wanted again; nothing is on its way.
        self.asked = self.shown.clone().map(|shown| (shown, self.window.offset));
        true
    }

    /// Takes a window of rows.
    pub fn take(&mut self, page: ViewPage, height: u64) {
        let Some((viewed, _)) = self.asked.clone() else { return };
        let another = self.shown.as_ref().is_none_or(|shown| shown.view != viewed.view);
        // A check writes candidates anew, and in another order where there are many; what has no name is known by what it says.
        let version = self.shown.as_ref() != Some(&viewed);
        let anew = version && (page.columns.iter().any(|column| column.name == "_key") || !self.are_marked(&page));
        if another || anew {
            match self.cursors_row(&page).filter(|_| !another) {
                Some(at) => self.cursor.at = at,
                None if another => self.cursor = Cursor::default(),
                None => {}
            }
            self.marks.clear();
            self.range = None;
        }
        if self.columns != page.columns {
            let same = self.columns.len() == page.columns.len()
                && self.columns.iter().zip(&page.columns).all(|(a, b)| a.name == b.name);
            self.columns = page.columns;
            if !same {
                self.lay_out(&page.rows);
            }
        }
        self.make_room(&page.rows);
        (self.shown, self.before, self.failed) = (Some(viewed), None, None);
        self.all = page.all;
        self.marks.retain(|at| *at < page.total);
        self.window = Window { offset: page.offset, rows: page.rows, total: Some(page.total) };
        self.cursor.settle(page.total, height);
    }

    /// Whether the marked rows and the one at which a range began are known to be the same in a page.
    fn are_marked(&self, page: &ViewPage) -> bool {
        let is_same = |at: &u64| {
            let held = self.window.get(*at);
            held.is_some()
                && held == at.checked_sub(page.offset).and_then(|at| page.rows.get(usize::try_from(at).ok()?))
        };
        self.columns == page.columns
            && self.window.total == Some(page.total)
            && self.marks.iter().chain(&self.range).all(is_same)
    }

    /// Where the row that the cursor is on stands in a page, if it has a name and is there.
    fn cursors_row(&self, page: &ViewPage) -> Option<u64> {
        let name = |columns: &[ColumnInfo]| columns.iter().position(|column| column.name == "_key");
        let (was, is) = (name(&self.columns)?, name(&page.columns)?);
        let key = self.window.get(self.cursor.at)?.get(was)?.as_ref()?;
        let same = |row: &Vec<Option<String>>| row.get(is).is_some_and(|name| name.as_ref() == Some(key));
        Some(page.offset + page.rows.iter().position(same)? as u64)
    }

    /// Gives every column the width that its first rows need.
    fn lay_out(&mut self, rows: &[Vec<Option<String>>]) {
        // What the workbench adds to rows stands behind their own values; the number of a record stays in front.
        let is_ours = |at: &usize| self.columns[*at].name.starts_with('_') && self.columns[0].name != "_row";
        // Of a reject it is asked where it stands and why it is one; its load and its source are mostly those of all.
        let rejects = self.view.of == RowsOf::table("dq", "rejects");
        let is_late = |at: &usize| rejects && ["load", "source"].contains(&self.columns[*at].name.as_str());
        let behind = |at: &usize| is_ours(at) || is_late(at);
        let (ours, own): (Vec<usize>, Vec<usize>) = (0..self.columns.len()).partition(behind);
        let width = |at| self.fitting(at, rows).clamp(WIDTHS.start, WIDTHS.end);
        let place = |(home, at)| Placed { at, home, width: width(at), hidden: false };
        self.layout = own.into_iter().chain(ours).enumerate().map(place).collect();
        (self.frozen, self.column, self.left) = (0, 0, 0);
    }

    /// Widens columns of numbers to what these rows need: a number that is cut reads as another one.
    fn make_room(&mut self, rows: &[Vec<Option<String>>]) {
        for place in 0..self.layout.len() {
            let at = self.layout[place].at;
            if self.columns.get(at).is_some_and(|column| at_right(column.kind)) {
                let needed = self.fitting(at, rows).min(WIDTHS.end);
                self.layout[place].width = self.layout[place].width.max(needed);
            }
        }
    }

    /// The width at which a column and these rows of it are seen whole.
    fn fitting(&self, at: usize, rows: &[Vec<Option<String>>]) -> u16 {
        let head = self.columns.get(at).map_or(0, |column| text::width(&column.name) + 2);
        let values = rows.iter().filter_map(|row| row.get(at)).map(|value| text::width(&shown(value.as_deref())));
        u16::try_from(values.max().unwrap_or(0).max(head)).unwrap_or(WIDEST)
    }

    fn seen(&self) -> Vec<usize> {
        (0..self.layout.len()).filter(|at| !self.layout[*at].hidden).collect()
    }

    /// The columns that are shown, in order, by their places in the table.
    pub fn shown_columns(&self) -> Vec<usize> {
        self.layout.iter().filter(|placed| !placed.hidden).map(|placed| placed.at).collect()
    }

    /// The names of the columns that are shown, in order.
    pub fn shown_names(&self) -> Vec<String> {
        self.shown_columns().into_iter().filter_map(|at| Some(self.columns.get(at)?.name.clone())).collect()
    }

    /// How many columns are hidden.
    pub fn hidden(&self) -> usize {
        self.layout.iter().filter(|placed| placed.hidden).count()
    }

    /// The column that the cursor is on, by its place in the table.
    pub fn at(&self) -> Option<usize> {
        self.shown_columns().get(self.column).copied()
    }

    /// The column that the cursor is on.
    pub fn here(&self) -> Option<&ColumnInfo> {
        self.columns.get(self.at()?)
    }

    /// The value that the cursor is on; the outer `None` where it is not held.
    pub fn value(&self) -> Option<Option<&str>> {
        Some(self.window.get(self.cursor.at)?.get(self.at()?)?.as_deref())
    }

    /// Goes to a column, counted among those that are shown.
    pub fn go(&mut self, column: usize) {
        self.column = column.min(self.seen().len().saturating_sub(1));
    }

    /// Goes to a column by its place in the table, and shows it if it was hidden.
    pub fn go_to(&mut self, at: usize) {
        if let Some(placed) = self.layout.iter_mut().find(|placed| placed.at == at) {
            placed.hidden = false;
        }
        if let Some(column) = self.shown_columns().iter().position(|shown| *shown == at) {
            self.column = column;
        }
    }

    /// Makes the column wider or narrower.
    pub fn widen(&mut self, wider: bool) {
        if let Some(placed) = self.seen().get(self.column).and_then(|at| self.layout.get_mut(*at)) {
            let width = if wider { placed.width.saturating_add(STEP) } else { placed.width.saturating_sub(STEP) };
            placed.width = width.clamp(WIDTHS.start, WIDEST);
        }
    }

    /// Makes the column as wide as the rows at hand need, or as wide as it was at first.
    pub fn fit(&mut self) {
        let Some(at) = self.seen().get(self.column).copied() else { return };
        let whole = self.fitting(self.layout[at].at, &self.window.rows).clamp(WIDTHS.start, WIDEST);
        let usual = whole.min(WIDTHS.end);
        let placed = &mut self.layout[at];
        placed.width = if placed.width == whole { usual } else { whole };
    }

    /// Hides the column; the last one stays.
    pub fn hide(&mut self) -> bool {
        let seen = self.seen();
        if seen.len() < 2 {
            return false;
        }
        if let Some(at) = seen.get(self.column) {
            self.layout[*at].hidden = true;
            if self.column < self.frozen {
                self.frozen -= 1;
            }
        }
        self.go(self.column);
        true
    }

    /// Shows every column again.
    pub fn show_all(&mut self) {
        let here = self.at();
        let frozen: Vec<usize> = self.shown_columns().into_iter().take(self.frozen).collect();
        self.layout.iter_mut().for_each(|placed| placed.hidden = false);
        self.layout
            .sort_by_key(|placed| (frozen.iter().position(|at| *at == placed.at).unwrap_or(usize::MAX), placed.home));
        if let Some(at) = here {
            self.go_to(at);
        }
    }

    /// Puts the column before all others, where it stays while the others move; or back to its place.
    pub fn freeze(&mut self) {
        let Some(at) = self.seen().get(self.column).copied() else { return };
        let placed = self.layout.remove(at);
        let to = if self.column < self.frozen {
            self.frozen -= 1;
            // Behind the columns that stand before it in the table, but not among the frozen ones.
            let front = self.seen().get(self.frozen).copied().unwrap_or(self.layout.len());
            front + self.layout[front..].iter().take_while(|other| other.home < placed.home).count()
        } else {
            // Hidden columns have no place among the frozen ones.
            let to = self.seen().get(self.frozen).copied().unwrap_or(self.layout.len());
            self.frozen += 1;
            to.min(at)
        };
        let table_place = placed.at;
        self.layout.insert(to, placed);
        self.go_to(table_place);
    }

    /// Moves the part that is drawn so that the cursor is in it, given the columns of the terminal.
    pub fn follow(&mut self, width: u16) {
        self.go(self.column);
        self.left = self.left.max(self.frozen);
        if self.column < self.left {
            self.left = self.column.max(self.frozen);
        }
        while self.left < self.column && !self.is_whole(self.column, width) {
            self.left += 1;
        }
        // Where there is room behind the last column, those before come back into sight.
        let last = self.seen().len().saturating_sub(1);
        while self.left > self.frozen && self.is_whole(last, width) {
            self.left -= 1;
            if !self.is_whole(last, width) {
                self.left += 1;
                break;
            }
        }
    }

    /// Whether a column, counted among those that are shown, is drawn whole.
    fn is_whole(&self, column: usize, width: u16) -> bool {
        let seen = self.seen();
        let wanted = seen.get(column).map(|at| &self.layout[*at]);
        let drawn = self.spread(width).columns;
        wanted.is_none_or(|wanted| drawn.iter().any(|(at, wide)| *at == wanted.at && *wide >= wanted.width))
    }

    /// Which columns are drawn in a width, and how wide.
    pub fn spread(&self, width: u16) -> Spread {
        let seen = self.seen();
        let mut room = width.saturating_sub(GUTTER);
        let mut columns = Vec::new();
        let front = seen.iter().take(self.frozen);
        let drawn = front.chain(seen.iter().skip(self.left.max(self.frozen)));
        for at in drawn {
            let placed = &self.layout[*at];
            if room == 0 {
                break;
            }
            let wide = placed.width.min(room);
            columns.push((placed.at, wide));
            room = room.saturating_sub(wide + GAP);
        }
        let frozen = self.frozen.min(columns.len());
        Spread { columns, here: self.at(), frozen }
    }

    /// Which column is drawn at a column of the terminal, among those that are shown.
    pub fn column_at(&self, x: u16, width: u16) -> Option<usize> {
        let mut begin = GUTTER;
        for (at, wide) in self.spread(width).columns {
            if x < begin + wide + GAP {
                return self.shown_columns().iter().position(|shown| *shown == at);
            }
            begin += wide + GAP;
        }
        None
    }

    /// The rows that a command acts on, in stretches: those that are marked or in the range, otherwise the one with the cursor.
    pub fn chosen(&self) -> Vec<(u64, u64)> {
        let mut all: Vec<(u64, u64)> = self.marks.iter().map(|at| (*at, *at)).chain(self.in_range()).collect();
        if all.is_empty() {
            all.push((self.cursor.at, self.cursor.at));
        }
        all.sort_unstable();
        let mut stretches: Vec<(u64, u64)> = Vec::new();
        for (first, last) in all {
            match stretches.last_mut() {
                Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
                _ => stretches.push((first, last)),
            }
        }
        stretches
    }

    /// The first and the last row of the range.
    pub fn in_range(&self) -> Option<(u64, u64)> {
        self.range.map(|begin| (begin.min(self.cursor.at), begin.max(self.cursor.at)))
    }
}

/// A value as it stands in a cell: what is absent and what is empty look different, nothing acts on the terminal.
pub fn shown(value: Option<&str>) -> String {
    match value {
        None => ABSENT.to_owned(),
        Some("") => EMPTY.to_owned(),
        Some(value) if is_cut(value) => text::exact(&value.chars().take(LONGEST_CELL).collect::<String>()) + "…",
        Some(value) => text::exact(value),
    }
}

/// What stands for an absent value.
pub const ABSENT: &str = "–";
/// What stands for an empty text.
pub const EMPTY: &str = "\"\"";

/// Whether a value of a window of rows is not the whole value.
pub fn is_cut(value: &str) -> bool {
    value.len() > LONGEST_CELL && value.chars().count() > LONGEST_CELL
}

/// Whether values of the kind stand at the right.
pub fn at_right(kind: CellKind) -> bool {
    kind == CellKind::Number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(names: &[&str]) -> Sheet {
        let mut sheet = Sheet::new(RowsOf::table("candidate", "t"), 0);
        sheet.asked = Some((sheet.viewed(1), 0));
        let columns = names.iter().map(|name| ColumnInfo::new(*name, "VARCHAR")).collect();
        let row = names.iter().map(|_| Some("0123456789".to_owned())).collect();
        sheet.take(ViewPage { columns, offset: 0, rows: vec![row], total: 1, all: 1 }, 10);
        sheet
    }

    fn drawn(sheet: &Sheet, width: u16) -> String {
        sheet.spread(width).columns.iter().map(|(at, _)| sheet.columns[*at].name.clone()).collect::<Vec<_>>().join("")
    }

    #[test]
    fn frozen_columns_stay_while_the_others_move() {
        let mut sheet = sheet(&["a", "b", "c", "d", "e"]);
        assert_eq!(drawn(&sheet, 39), "abc");
        sheet.go(1);
        sheet.freeze();
        assert_eq!(drawn(&sheet, 39), "bac");
        sheet.go(4);
        sheet.follow(39);
        assert_eq!(drawn(&sheet, 39), "bde");
        sheet.go(0);
        sheet.freeze();
        sheet.follow(400);
        assert_eq!(
            (drawn(&sheet, 400).as_str(), sheet.here().map(|column| column.name.as_str())),
            ("abcde", Some("b"))
        );
    }

    #[test]
    fn hidden_columns_come_back_where_they_were() {
        let mut sheet = sheet(&["a", "b", "c"]);
        sheet.go(2);
        sheet.freeze();
        sheet.go(1);
        assert!(sheet.hide());
        assert_eq!((drawn(&sheet, 400), sheet.hidden()), ("cb".to_owned(), 1));
        assert!(sheet.hide());
        assert!(!sheet.hide(), "one column stays");
        sheet.show_all();
        assert_eq!(drawn(&sheet, 400), "cab");
    }

    #[test]
    fn any_width_is_enough_to_draw_in() {
        let mut sheet = sheet(&["a", "b", "c"]);
        for width in 0..50 {
            for column in 0..4 {
                sheet.go(column);
                sheet.follow(width);
                let spread = sheet.spread(width);
                assert!(spread.columns.iter().map(|(_, wide)| wide).sum::<u16>() <= width);
            }
        }
    }

    #[test]
    fn the_cursor_stays_on_its_row_and_marks_go_where_a_check_wrote_the_rows_in_another_order() {
        let mut sheet = sheet(&["_key", "city"]);
        let columns = sheet.columns.clone();
        let mut take = |version: u64, keys: [&str; 3]| {
            let rows = keys.map(|key| vec![Some(key.to_owned()), None]).to_vec();
            sheet.asked = Some((Viewed { view: sheet.view.clone(), version }, 0));
            sheet.take(ViewPage { columns: columns.clone(), offset: 0, rows, total: 3, all: 3 }, 10);
            let seen = (sheet.cursor.at, sheet.marks.len());
            (sheet.cursor.at, sheet.marks) = (2, BTreeSet::from([0, 2]));
            seen
        };
        assert_eq!(take(1, ["a", "b", "c"]), (0, 0));
        assert_eq!(take(1, ["a", "b", "c"]), (2, 2), "another part of the same rows");
        assert_eq!(take(2, ["c", "a", "b"]), (0, 0));
        assert_eq!(take(3, ["x", "y", "z"]), (2, 0), "its row is not among those at hand");
    }

    #[test]
    fn marks_go_where_a_load_has_brought_other_rows_and_stay_where_a_check_has_left_them() {
        let mut sheet = sheet(&["_row", "city"]);
        let columns = sheet.columns.clone();
        let mut take = |version: u64, cities: &[&str]| {
            let rows: Vec<_> = cities.iter().map(|city| vec![None, Some((*city).to_owned())]).collect();
            let total = rows.len() as u64;
            sheet.asked = Some((Viewed { view: sheet.view.clone(), version }, 0));
            sheet.take(ViewPage { columns: columns.clone(), offset: 0, rows, total, all: total }, 10);
            let seen = sheet.marks.len();
            sheet.marks = BTreeSet::from([0, 2]);
            seen
        };
        take(1, &["Barr", "Colmar", "Thann"]);
        assert_eq!(take(2, &["Barr", "Colmar", "Thann"]), 2, "nothing was loaded");
        assert_eq!(take(3, &["Barr", "Colmar", "Obernai"]), 0);
        assert_eq!(take(4, &["Barr", "Colmar", "Obernai", "Kehl"]), 0);
    }

    #[test]
    fn marks_and_a_range_are_the_chosen_rows() {
        let mut sheet = sheet(&["a"]);
        sheet.window.total = Some(100);
        assert_eq!(sheet.chosen(), [(0, 0)]);
        sheet.marks.extend([4, 5, 6, 9]);
        assert_eq!(sheet.chosen(), [(4, 6), (9, 9)]);
        sheet.range = Some(7);
        sheet.cursor.at = 8;
        assert_eq!(sheet.chosen(), [(4, 9)]);
        sheet.cursor.at = 20;
        assert_eq!(sheet.chosen(), [(4, 20)]);
        sheet.range = Some(30);
        assert_eq!(sheet.chosen(), [(4, 6), (9, 9), (20, 30)]);
    }

    #[test]
    fn nothing_and_an_empty_text_look_different() {
        assert_eq!((shown(None), shown(Some(""))), ("–".to_owned(), "\"\"".to_owned()));
        assert_eq!(shown(Some("a\u{1b}b ")), "a␛b·");
        assert!(shown(Some(&"x".repeat(LONGEST_CELL + 1))).ends_with('…'));
    }
}
