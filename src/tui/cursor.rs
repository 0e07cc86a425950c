//! Where the user is in a list, and which part of it is seen; kept in the model so that drawing changes nothing.

/// The line the keys act on and the first line that is drawn, both counted from 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The line the keys act on.
    pub at: u64,
    /// The first line that is drawn.
    pub top: u64,
}

/// A list that keys move through: its cursor, how many lines it has, how many of them are seen at once.
pub struct Reel<'a> {
    /// Where the user is.
    pub cursor: &'a mut Cursor,
    /// Lines in the list.
    pub total: u64,
    /// Lines on the screen.
    pub height: u64,
}

/// All lines but the one at a place, in the order in which a search goes through them from there: around the end.
pub fn around(at: u64, total: usize, backwards: bool) -> Vec<usize> {
    let at = usize::try_from(at).unwrap_or(0).min(total);
    let mut order: Vec<usize> = (at.saturating_add(1)..total).chain(0..at).collect();
    if backwards {
        order.reverse();
    }
    order
}

impl Cursor {
    /// Goes to a line, or the nearest there is, and keeps it on the screen with a line of context where possible.
    pub fn go(&mut self, at: u64, total: u64, height: u64) {
        self.at = at.min(total.saturating_sub(1));
        let height = height.max(1);
        let margin = u64::from(height > 4);
        let lowest = (self.at + 1 + margin).saturating_sub(height);
        let highest = self.at.saturating_sub(margin);
        self.top = self.top.clamp(lowest.min(highest), highest).min(total.saturating_sub(height));
    }

    /// Stays where it is as far as the list allows.
    pub fn settle(&mut self, total: u64, height: u64) {
        self.go(self.at, total, height);
    }
}

impl Reel<'_> {
    /// Goes some lines down, or up where negative.
    pub fn step(&mut self, lines: i64) {
        let at = self.cursor.at.saturating_add_signed(lines);
        self.cursor.go(at, self.total, self.height);
    }

    /// Goes to a line.
    pub fn go(&mut self, at: u64) {
        self.cursor.go(at, self.total, self.height);
    }

    /// Moves what is seen by some lines and takes the cursor along only where it would leave the screen.
    pub fn scroll(&mut self, lines: i64) {
        let last = self.total.saturating_sub(self.height.max(1));
        self.cursor.top = self.cursor.top.saturating_add_signed(lines).min(last);
        let bottom = (self.cursor.top + self.height.max(1) - 1).min(self.total.saturating_sub(1));
        self.cursor.at = self.cursor.at.clamp(self.cursor.top.min(bottom), bottom);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_stays_on_the_screen_and_within_the_list() {
        let mut cursor = Cursor::default();
        cursor.go(50, 100, 10);
        assert!(cursor.at == 50 && cursor.top <= 50 && cursor.top + 10 > 50);
        cursor.go(1000, 100, 10);
        assert_eq!((cursor.at, cursor.top), (99, 90));
        cursor.go(0, 100, 10);
        assert_eq!((cursor.at, cursor.top), (0, 0));
    }

    #[test]
    fn empty_lists_and_screens_without_lines_are_no_trouble() {
        for (total, height) in [(0, 0), (0, 5), (5, 0), (1, 1)] {
            let mut cursor = Cursor { at: 7, top: 3 };
            cursor.settle(total, height);
            assert!(cursor.at < total.max(1) && cursor.top <= cursor.at, "{total} {height}: {cursor:?}");
            let mut reel = Reel { cursor: &mut cursor, total, height };
            reel.scroll(3);
            reel.step(-1);
            assert!(cursor.at < total.max(1), "{total} {height}: {cursor:?}");
        }
    }

    #[test]
    fn scrolling_takes_the_cursor_along_only_at_the_edge() {
        let mut cursor = Cursor { at: 5, top: 0 };
        Reel { cursor: &mut cursor, total: 100, height: 10 }.scroll(3);
        assert_eq!(cursor, Cursor { at: 5, top: 3 });
        Reel { cursor: &mut cursor, total: 100, height: 10 }.scroll(3);
        assert_eq!(cursor, Cursor { at: 6, top: 6 });
    }
}
