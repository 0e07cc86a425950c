//! Numbers in words: digits in groups of three, and a number with its noun.

/// A number as a person reads it, with `gap` between its thousands: `1 284 003`.
pub fn thousands(number: u64, gap: char) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(gap);
        }
        text.push(digit);
    }
    text
}

/// A number of things: `1 row`, `1 284 rows`.
pub fn counted(number: u64, one: &str, many: &str, gap: char) -> String {
    format!("{} {}", thousands(number, gap), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three_and_one_thing_is_singular() {
        assert_eq!(thousands(0, ' '), "0");
        assert_eq!(thousands(999, ' '), "999");
        assert_eq!(thousands(1_284_003, ' '), "1 284 003");
        assert_eq!(counted(1, "row", "rows", ' '), "1 row");
        assert_eq!(counted(4000, "entry", "entries", ' '), "4 000 entries");
    }
}
