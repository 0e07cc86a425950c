//! How a report writes numbers and hostile text; every format of this room uses it.

use crate::model;

/// Text as it may be shown: control characters, line breaks and characters that turn the direction of writing become
/// symbols, so that a cell can neither move a cursor nor pass for another.
pub fn visible(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\0'..='\x1f' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
            '\x7f' => '\u{2421}',
            '\u{80}'..='\u{9f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}' => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// A number with a space between its thousands: `1 284`.
pub fn thousands(number: u64) -> String {
    model::thousands(number, ' ')
}

/// A number and its noun: `1 row`, `1 284 rows`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    model::counted(number, one, many, ' ')
}

/// A part of a whole in percent with one decimal, never rounded up to all or down to nothing: `< 0.1 %`, `99.9 %`.
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 || part == 0 {
        return "0 %".to_owned();
    }
    if part >= whole {
        return "100 %".to_owned();
    }
    let share = part as f64 / whole as f64 * 100.0;
    if share < 0.1 { "< 0.1 %".to_owned() } else { format!("{:.1} %", share.min(99.9)) }
}

/// A score in percent, never rounded up to 100.
pub fn score(score: f64) -> String {
    if score >= 100.0 { "100 %".to_owned() } else { format!("{:.1} %", (score * 10.0).floor() / 10.0) }
}

/// `table.field`, or the table alone for a finding about the whole row.
pub fn place(table: &str, field: &str) -> String {
    if field.is_empty() { table.to_owned() } else { format!("{table}.{field}") }
}

/// The first `width` characters of a text, with an ellipsis where there are more.
pub fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(width.saturating_sub(1)).collect();
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_direction_marks_become_symbols() {
        assert_eq!(visible("a\x1b[31mb\r\n\u{202e}c\u{9b}"), "a␛[31mb␍␊\u{fffd}c\u{fffd}");
        assert_eq!(visible("Château d’Yquem 37,5 cl"), "Château d’Yquem 37,5 cl");
    }

    #[test]
    fn numbers_are_grouped_and_shares_are_never_rounded_to_all_or_nothing() {
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands), ["0", "999", "1 000", "1 234 567"]);
        assert_eq!(percent(0, 10), "0 %");
        assert_eq!(percent(1, 1_000_000), "< 0.1 %");
        assert_eq!(percent(999_999, 1_000_000), "99.9 %");
        assert_eq!(percent(5, 0), "0 %");
        assert_eq!(score(99.99), "99.9 %");
    }
}
