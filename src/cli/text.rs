//! Text as a terminal may see it: widths, numbers, colours. Data is made harmless by `visible` first. Neighbour: `table`.

use unicode_width::UnicodeWidthStr as _;

use crate::model;
pub use crate::workbench::visible;

/// How many columns of a terminal a harmless text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// A number as a person reads it: `1 284 003`.
pub fn number(n: u64) -> String {
    model::thousands(n, ' ')
}

/// A number of things: `1 row`, `1 284 rows`.
pub fn count(n: u64, one: &str) -> String {
    model::counted(n, one, &format!("{one}s"), ' ')
}

/// Colours on a terminal, and plain text elsewhere.
#[derive(Debug, Clone, Copy)]
pub struct Paint(pub bool);

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Something failed.
    pub fn bad(self, text: &str) -> String {
        self.with("1;31", text)
    }

    /// Something asks for attention.
    pub fn warn(self, text: &str) -> String {
        self.with("33", text)
    }

    /// Something holds.
    pub fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    /// What is beside the point.
    pub fn faint(self, text: &str) -> String {
        self.with("2", text)
    }

    /// What leads.
    pub fn strong(self, text: &str) -> String {
        self.with("1", text)
    }
}

/// The number of a commit on the command line.
pub fn commit_number(text: &str) -> Result<i64, String> {
    match text.parse::<i64>() {
        Ok(number) if number >= 0 => Ok(number),
        _ => Err("a commit is a number, as `tastevin log` shows it".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_and_combining_characters_count_as_they_are_drawn() {
        assert_eq!(width("日本"), 4);
        assert_eq!(width("e\u{301}"), 1);
        assert_eq!(width(&visible("\x1b")), 1);
    }

    #[test]
    fn numbers_are_grouped_by_three() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_284_003), "1 284 003");
        assert_eq!(count(1, "row"), "1 row");
        assert_eq!(count(4000, "row"), "4 000 rows");
    }
}
