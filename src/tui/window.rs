//! A fetched window of a list that may be far longer than memory or patience. Neighbours: `cursor`, `effects`.

use std::ops::Range;

use super::cursor::{Cursor, Reel};
use super::text;

/// How many rows are fetched at once; several screens, so that most keys need no fetch.
const FETCH: u64 = 300;

/// Some rows of a list, and how many there are in all.
#[derive(Debug, Clone)]
pub struct Window<T> {
    /// The number of the first row held, from 0.
    pub offset: u64,
    /// The rows held.
    pub rows: Vec<T>,
    /// How many rows there are in all; `None` until the first answer.
    pub total: Option<u64>,
}

impl<T> Default for Window<T> {
    fn default() -> Self {
        Window { offset: 0, rows: Vec::new(), total: None }
    }
}

impl<T> Window<T> {
    /// The row with that number, if it is held.
    pub fn get(&self, at: u64) -> Option<&T> {
        let at = at.checked_sub(self.offset)?;
        self.rows.get(usize::try_from(at).ok()?)
    }

    /// How many rows there are in all, as far as is known.
    pub fn len(&self) -> u64 {
        self.total.unwrap_or(0)
    }

    /// Whether it is known that there are no rows.
    pub fn is_empty(&self) -> bool {
        self.total == Some(0)
    }

    /// Whether all rows that exist are held.
    pub fn is_whole(&self) -> bool {
        self.offset == 0 && self.total == Some(self.rows.len() as u64)
    }

    /// Whether all these rows that exist are held.
    pub fn holds(&self, rows: &Range<u64>) -> bool {
        let end = rows.end.min(self.len());
        self.total.is_some() && (rows.start >= end || (rows.start >= self.offset && end <= self.end()))
    }

    /// Which rows to fetch (offset, limit) so that the seen ones are held with room around them.
    pub fn around(seen: &Range<u64>) -> (u64, u64) {
        let height = seen.end.saturating_sub(seen.start);
        let room = FETCH.saturating_sub(height) / 2;
        (seen.start.saturating_sub(room), FETCH.max(height))
    }

    /// The number after that of the last row held.
    pub fn end(&self) -> u64 {
        self.offset + self.rows.len() as u64
    }
}

/// A long list that is seen through a window: where the user is in it, what is held of it, what was asked for last.
#[derive(Debug, Clone)]
pub struct Listing<T> {
    /// Where the user is.
    pub cursor: Cursor,
    /// What is held.
    pub window: Window<T>,
    /// Under which epoch it was asked for, and from where.
    asked: Option<(u64, u64)>,
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Listing { cursor: Cursor::default(), window: Window::default(), asked: None }
    }
}

impl<T> Listing<T> {
    /// The list as keys move through it.
    pub fn reel(&mut self, height: u64) -> Reel<'_> {
        Reel { cursor: &mut self.cursor, total: self.window.len(), height }
    }

    /// What to ask for (offset, limit) to show that many lines in an epoch; `None` where it is at hand or on its way.
    pub fn wants(&mut self, epoch: u64, height: u64) -> Option<(u64, u64)> {
        let seen = self.cursor.top..self.cursor.top + height;
        let (offset, limit) = Window::<()>::around(&seen);
        let fresh = self.asked.is_some_and(|(at, _)| at == epoch);
        if self.asked == Some((epoch, offset)) || (fresh && self.window.holds(&seen)) {
            return None;
        }
        self.asked = Some((epoch, offset));
        Some((offset, limit))
    }

    /// Takes what was asked for.
    pub fn take(&mut self, offset: u64, rows: Vec<T>, total: u64) {
        self.window = Window { offset, rows, total: Some(total) };
    }

    /// The row that the cursor is on.
    pub fn here(&self) -> Option<&T> {
        self.window.get(self.cursor.at)
    }

    /// Where the user is, for the foot of a pane: `3/12`.
    pub fn foot(&self) -> String {
        match self.window.len() {
            0 => String::new(),
            total => format!("{}/{}", text::number(self.cursor.at + 1), text::number(total)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_knows_what_it_holds_and_what_it_lacks() {
        let window = Window { offset: 100, rows: vec!['a', 'b', 'c'], total: Some(103) };
        assert_eq!(window.get(101), Some(&'b'));
        assert_eq!((window.get(99), window.get(103)), (None, None));
        assert!(window.holds(&(100..110)), "there are no rows behind the last");
        assert!(!window.holds(&(99..102)));
        assert!(!Window::<char>::default().holds(&(0..1)), "nothing is known yet");
    }

    #[test]
    fn what_is_fetched_surrounds_what_is_seen() {
        let (offset, limit) = Window::<char>::around(&(1000..1040));
        assert!(offset < 1000 && offset + limit > 1040);
        assert_eq!(Window::<char>::around(&(0..40)).0, 0);
    }
}
