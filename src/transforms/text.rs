//! Characters and words, as several transforms look at them.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Whether a character only keeps others apart: every Unicode space, the no-break spaces among them, and the marks
/// of no width that copying out of web pages and spreadsheets leaves behind.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}')
}

/// The text without white space at its ends.
pub(super) fn trimmed(text: &str) -> &str {
    // Most texts begin and end with a visible ASCII character, which shows without decoding.
    if let (Some(b'!'..=b'~'), Some(b'!'..=b'~')) = (text.as_bytes().first(), text.as_bytes().last()) {
        return text;
    }
    text.trim_matches(is_space)
}

/// The text with every run of white space as one space, none at its ends.
pub(super) fn collapsed(text: &str) -> String {
    joined(text.split(is_space).filter(|word| !word.is_empty()))
}

/// The words with one space between them.
pub(super) fn joined<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut whole = String::new();
    for word in words {
        if !whole.is_empty() {
            whole.push(' ');
        }
        whole.push_str(word);
    }
    whole
}

/// The text without accents; letters that are two in one are written as two.
pub(super) fn without_accents(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    for c in text.nfd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'œ' => plain.push_str("oe"),
            'Œ' => plain.push_str("OE"),
            'æ' => plain.push_str("ae"),
            'Æ' => plain.push_str("AE"),
            'ß' => plain.push_str("ss"),
            'ø' => plain.push('o'),
            'Ø' => plain.push('O'),
            'ł' => plain.push('l'),
            'Ł' => plain.push('L'),
            'đ' => plain.push('d'),
            'Đ' => plain.push('D'),
            other => plain.push(other),
        }
    }
    plain
}

/// What two spellings of the same words have in common: small letters and digits without accents, one space between
/// words; points are left out, so that `R.F.A.` is `rfa`.
pub fn folded(text: &str) -> String {
    let plain = without_accents(text).to_lowercase().replace('.', "");
    joined(plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_keeps_what_spellings_have_in_common() {
        assert_eq!(folded("  Côte-d’Ivoire "), "cote d ivoire");
        assert_eq!(folded("R.F.A."), "rfa");
        assert_eq!(folded("États\u{a0}Unis"), folded("ETATS-UNIS"));
        assert_eq!(folded("…"), "");
    }
}
