//! A line of text that is being typed: the usual editing keys, by what a person takes for a character. Neighbour: `popups`.
//!
//! The cursor always stands between two grapheme clusters, so that an accent, a flag or a family of emoji is passed and
//! deleted as the one thing that it looks like. What is drawn is made harmless first; what was typed stays as it is.

use unicode_segmentation::UnicodeSegmentation;

use super::message::Key;
use super::text;

/// A line of text with a cursor in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Input {
    text: String,
    /// Bytes before the cursor.
    cursor: usize,
    /// What was cut last, to be put back.
    cut: String,
}

/// The part of a line that is seen in a width.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Exactly as many columns as there is room.
    pub text: String,
    /// The column of the cursor in it.
    pub cursor: usize,
}

impl Input {
    /// A line with a text to begin with, the cursor at its end.
    pub fn new(text: impl Into<String>) -> Input {
        let text = text.into();
        Input { cursor: text.len(), text, cut: String::new() }
    }

    /// What was typed.
    pub fn value(&self) -> &str {
        &self.text
    }

    /// What was typed before the cursor.
    pub fn before(&self) -> &str {
        &self.text[..self.cursor]
    }

    /// Takes another text, with the cursor at its end; what was cut stays at hand.
    pub fn set(&mut self, text: impl Into<String>) {
        self.text = text.into();
        self.cursor = self.text.len();
    }

    /// Does what a key does in a line of text; false where it does nothing there.
    pub fn press(&mut self, key: &Key) -> bool {
        match key.0.as_str() {
            "left" | "C-b" => self.cursor -= self.back(),
            "right" | "C-f" => self.cursor += self.ahead(),
            "home" | "C-a" => self.cursor = 0,
            "end" | "C-e" => self.cursor = self.text.len(),
            "C-left" | "A-left" | "A-b" => self.cursor = self.word_before(char::is_alphanumeric),
            "C-right" | "A-right" | "A-f" => self.cursor = self.word_after(),
            "backspace" | "C-h" => self.delete(self.cursor - self.back(), self.cursor),
            "del" | "C-d" => self.delete(self.cursor, self.cursor + self.ahead()),
            "C-w" => self.cut(self.word_before(|c| !c.is_whitespace()), self.cursor),
            "A-backspace" | "C-backspace" => self.cut(self.word_before(char::is_alphanumeric), self.cursor),
            "A-d" | "C-del" | "A-del" => self.cut(self.cursor, self.word_after()),
            "C-u" => self.cut(0, self.cursor),
            "C-k" => self.cut(self.cursor, self.text.len()),
            "C-y" => self.insert(&self.cut.clone()),
            _ => match key.character() {
                Some(character) => self.insert(character.encode_utf8(&mut [0; 4])),
                None => return false,
            },
        }
        true
    }

    /// Puts pasted text at the cursor, on one line: what separates lines and cells becomes a space.
    pub fn paste(&mut self, text: &str) {
        let text = text.trim_end_matches(['\r', '\n']).replace("\r\n", " ");
        let line: String = text
            .chars()
            .map(|c| if matches!(c, '\r' | '\n' | '\t') { ' ' } else { c })
            .filter(|c| !c.is_control())
            .collect();
        self.insert(&line);
    }

    /// Puts pasted text at the cursor with its line ends.
    pub fn paste_lines(&mut self, text: &str) {
        let text = text.trim_end_matches(['\r', '\n']).replace("\r\n", "\n").replace('\r', "\n").replace('\t', "    ");
        let lines: String = text.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
        self.insert(&lines);
    }

    /// Puts other text in the place of the last bytes before the cursor.
    pub fn replace_before(&mut self, bytes: usize, text: &str) {
        let from = self.boundary(self.cursor.saturating_sub(bytes));
        self.delete(from.min(self.cursor), self.cursor);
        self.insert(text);
    }

    /// Puts the cursor before the character that is seen at a column, as [`Input::seen`] shows it in that room.
    pub fn point(&mut self, column: usize, room: usize) {
        let wanted = self.scroll(room) + column;
        let mut passed = 0;
        let inside = self.text.grapheme_indices(true).find(|(_, grapheme)| {
            passed += width(grapheme);
            passed > wanted
        });
        self.cursor = inside.map_or(self.text.len(), |(at, _)| at);
    }

    /// What is seen in so many columns, scrolled so that the cursor is among them.
    pub fn seen(&self, room: usize) -> Seen {
        let scroll = self.scroll(room);
        let (mut passed, mut shown) = (0, String::new());
        for grapheme in self.text.graphemes(true) {
            let wide = width(grapheme);
            if passed >= scroll && passed + wide <= scroll + room {
                shown.push_str(&text::clean(grapheme));
            } else if passed < scroll && passed + wide > scroll {
                // Half of a wide character is scrolled out.
                shown.push_str(&" ".repeat(passed + wide - scroll));
            }
            passed += wide;
        }
        Seen { text: text::left(&shown, room), cursor: self.column().saturating_sub(scroll).min(room) }
    }

    /// How many columns are scrolled out at the left: as few as keep the cursor in sight, with one column for it at the end.
    fn scroll(&self, room: usize) -> usize {
        (self.column() + 1).saturating_sub(room.max(1))
    }

    /// The columns before the cursor.
    fn column(&self) -> usize {
        self.before().graphemes(true).map(width).sum()
    }

    /// The bytes of the character before the cursor.
    fn back(&self) -> usize {
        self.before().graphemes(true).next_back().map_or(0, str::len)
    }

    /// The bytes of the character after the cursor.
    fn ahead(&self) -> usize {
        self.text[self.cursor..].graphemes(true).next().map_or(0, str::len)
    }

    fn word_before(&self, belongs: fn(char) -> bool) -> usize {
        let word = self.before().trim_end_matches(|c| !belongs(c)).trim_end_matches(belongs);
        self.boundary(word.len())
    }

    fn word_after(&self) -> usize {
        let after = &self.text[self.cursor..];
        let rest = after.trim_start_matches(|c: char| !c.is_alphanumeric()).trim_start_matches(char::is_alphanumeric);
        self.boundary(self.text.len() - rest.len())
    }

    /// The place itself, or the end of the character that it would cut in two.
    fn boundary(&self, at: usize) -> usize {
        self.text.grapheme_indices(true).map(|(begin, _)| begin).find(|begin| *begin >= at).unwrap_or(self.text.len())
    }

    fn insert(&mut self, text: &str) {
        self.text.insert_str(self.cursor, text);
        // A mark that was typed after its letter becomes one character with it.
        self.cursor = self.boundary(self.cursor + text.len());
    }

    fn delete(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.cursor = self.boundary(from);
    }

    fn cut(&mut self, from: usize, to: usize) {
        if from < to {
            self.cut = self.text[from..to].to_owned();
            self.delete(from, to);
        }
    }
}

/// The columns that one character takes as it is drawn.
fn width(grapheme: &str) -> usize {
    text::width(&text::clean(grapheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line after some keys, `|` where the cursor stands; before and after the keys.
    fn after(line: &str, keys: &str) -> String {
        let (before, rest) = line.split_once('|').unwrap_or((line, ""));
        let mut input = Input { text: format!("{before}{rest}"), cursor: before.len(), cut: String::new() };
        for key in keys.split_whitespace() {
            assert!(input.press(&Key(key.to_owned())), "{key} does nothing");
        }
        format!("{}|{}", input.before(), &input.text[input.cursor..])
    }

    #[test]
    fn the_usual_keys_move_and_delete() {
        assert_eq!(after("Jean Dupont|", "left left x"), "Jean Dupox|nt");
        assert_eq!(after("Jean Dupont|", "home del C-e !"), "ean Dupont!|");
        assert_eq!(after("Jean Dupont|", "C-left J . space"), "Jean J. |Dupont");
        assert_eq!(after("|Jean Dupont", "A-f A-d"), "Jean|");
        assert_eq!(after("jean@example.fr|", "A-backspace"), "jean@example.|");
        assert_eq!(after("rue jean@example.fr|", "C-w"), "rue |");
        assert_eq!(after("Jean| Dupont", "C-k"), "Jean|");
        assert_eq!(after("Jean| Dupont", "C-u"), "| Dupont");
        assert_eq!(after("Jean| Dupont", "C-u end C-y"), " DupontJean|");
        assert_eq!(after("|", "left right backspace del C-w C-u C-k C-left C-right"), "|");
    }

    #[test]
    fn a_character_is_what_it_looks_like() {
        assert_eq!(after("Zoe\u{301}|", "backspace"), "Zo|", "a letter goes with its accent");
        assert_eq!(after("日本|", "left"), "日|本");
        assert_eq!(after("a👨‍👩‍👧b|", "left left"), "a|👨‍👩‍👧b");
        assert_eq!(after("a👨‍👩‍👧|b", "backspace"), "a|b");
        assert_eq!(after("🇫🇷|", "backspace"), "|");
        assert_eq!(after("cafe|", "\u{301} s"), "cafe\u{301}s|", "the accent joins the letter before it");
    }

    #[test]
    fn what_is_seen_scrolls_by_columns_and_keeps_the_cursor_in_sight() {
        let seen = |text: &str, room| {
            let seen = Input::new(text).seen(room);
            (seen.text, seen.cursor)
        };
        assert_eq!(seen("abc", 5), ("abc  ".to_owned(), 3));
        assert_eq!(seen("abcdef", 4), ("def ".to_owned(), 3));
        assert_eq!(seen("日本酒", 4), (" 酒 ".to_owned(), 3), "half of a wide character is a space");
        assert_eq!(seen("Zoe\u{301}", 6), ("Zoe\u{301}   ".to_owned(), 3));
        assert_eq!(seen("a\u{1b}b", 4), ("a␛b ".to_owned(), 3));
        assert_eq!(seen("abc", 0), (String::new(), 0));
    }

    #[test]
    fn what_is_seen_never_has_another_width_than_its_room() {
        for line in ["日本酒 é🍷👨‍👩‍👧 Ribeauvillé", "e\u{301}e\u{301}e\u{301}", "\u{200b}a\u{202e}", ""]
        {
            let mut input = Input::new(line);
            for room in 0..12 {
                for _ in 0..12 {
                    input.press(&Key("left".to_owned()));
                    let seen = input.seen(room);
                    assert_eq!(text::width(&seen.text), room, "{line:?} in {room}");
                    assert!(seen.cursor <= room);
                }
                input.press(&Key("end".to_owned()));
            }
        }
    }

    #[test]
    fn a_click_puts_the_cursor_before_the_character_that_is_there() {
        let mut input = Input::new("日本酒");
        input.point(3, 20);
        assert_eq!(input.before(), "日");
        input.point(19, 20);
        assert_eq!(input.before(), "日本酒");
        let mut input = Input::new("abcdef");
        input.point(0, 4);
        assert_eq!(input.before(), "abc", "the line is scrolled by three columns");
    }

    #[test]
    fn pasted_lines_become_one_line() {
        let mut input = Input::new("<>");
        input.press(&Key("left".to_owned()));
        input.paste("a\tb\r\nc\u{1b}\n");
        assert_eq!(input.value(), "<a b c>");
    }
}
