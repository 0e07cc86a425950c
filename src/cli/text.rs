//! Text as a terminal may see it: data is hostile, so control characters become symbols. Neighbour: `table`.

use unicode_width::UnicodeWidthChar;

/// The text with every character that could act on a terminal shown as a symbol: `␛` for escape, `␊` for a line
/// break, `�` for what has no symbol (C1 controls, changes of writing direction, invisible marks).
pub fn visible(text: &str) -> String {
    text.chars().map(symbol).collect()
}

fn symbol(c: char) -> char {
    match c {
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        '\u{80}'..='\u{9f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' => '\u{fffd}',
        _ => c,
    }
}

/// How many columns of a terminal the text takes. Control characters count as their symbols.
pub fn width(text: &str) -> usize {
    text.chars().map(|c| UnicodeWidthChar::width(symbol(c)).unwrap_or(0)).sum()
}

/// A number as a person reads it: `1 284 003`.
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// A number of things: `1 row`, `1 284 rows`.
pub fn count(n: u64, one: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {one}{s}", number(n))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_act_on_a_terminal_is_a_symbol() {
        assert_eq!(visible("a\x1b[2Jb\r\n\tc\x7f\u{9b}\u{202e}"), "a␛[2Jb␍␊␉c␡��");
        assert_eq!(visible("Château Léo 🍷"), "Château Léo 🍷");
    }

    #[test]
    fn wide_and_combining_characters_count_as_they_are_drawn() {
        assert_eq!(width("日本"), 4);
        assert_eq!(width("e\u{301}"), 1);
        assert_eq!(width("\x1b"), 1);
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
