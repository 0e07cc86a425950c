//! Numbers as people write them, for `integer` and `decimal`: which sign separates thousands and which the decimals.

use super::text::{is_space, trimmed};
use super::{Argument, Arguments, Takes};
use crate::error::Result;
use crate::sql::Literal;

/// The signs and words of currencies that may stand before or behind an amount, in small letters; each line is one
/// currency, and the first is the one of amounts of which nothing else is said.
const CURRENCIES: [&[&str]; 4] = [&["€", "eur", "euros", "euro"], &["£", "gbp"], &["$", "usd"], &["chf"]];

/// What both can be told.
pub(super) const ARGUMENTS: &[Argument] = &[
    Argument {
        name: "decimal",
        help: "The decimal sign, \",\" or \".\"; without it the text decides.",
        required: false,
        takes: Takes::Choice(&[",", "."]),
    },
    Argument {
        name: "currency",
        help: "The sign or code that may stand beside the number, e.g. \"£\"; default \"€\". Nothing is converted.",
        required: false,
        takes: Takes::Text,
    },
];

/// The call of a function that reads a number.
pub(super) fn call(function: &str, input: &str, arguments: &Arguments) -> Result<String> {
    let sign = arguments.choice("decimal", &["", ",", "."])?;
    let currency = trimmed(arguments.optional_text("currency")?.unwrap_or_default());
    if currency.contains(|c: char| c.is_ascii_digit() || ",.()+-\u{2212}".contains(c)) {
        return Err(arguments
            .wrong(&format!("knows no currency \"{currency}\""))
            .hint("write it like \"£\" or \"GBP\""));
    }
    Ok(format!("{function}({input}, {})", Literal(&format!("{sign}{currency}"))))
}

/// Whether the text is a number, and whether it is a whole one, in whatever currency.
pub(super) fn looks(text: &str) -> (bool, bool) {
    let reads = |names: &&&[&str]| decimal(text, names[0]).is_some();
    match CURRENCIES.iter().find(reads) {
        Some(names) => (true, integer(text, names[0]).is_some()),
        None => (false, false),
    }
}

/// A number as it was written: `digits` without the point, `scale` of them behind it.
struct Number {
    negative: bool,
    digits: i128,
    scale: u32,
}

/// The value in ten-thousandths, further decimals rounded half away from zero. `how` is the decimal sign, `,` or
/// `.` or nothing to find out, and behind it the currency, nothing for the euro. `None` for what is no number or does not fit
/// DECIMAL(18,4).
pub(super) fn decimal(text: &str, how: &str) -> Option<i64> {
    let number = read(text, how)?;
    let value = if number.scale <= 4 {
        number.digits.checked_mul(10_i128.pow(4 - number.scale))?
    } else {
        let unit = 10_i128.checked_pow(number.scale - 4)?;
        (number.digits + unit / 2) / unit
    };
    if value >= 1_000_000_000_000_000_000 {
        return None;
    }
    let value = i64::try_from(value).ok()?;
    Some(if number.negative { -value } else { value })
}

/// The value of a number without decimals, or with zeros only there.
pub(super) fn integer(text: &str, how: &str) -> Option<i64> {
    let number = read(text, how)?;
    let unit = 10_i128.checked_pow(number.scale)?;
    if number.digits % unit != 0 {
        return None;
    }
    let value = number.digits / unit;
    i64::try_from(if number.negative { -value } else { value }).ok()
}

fn read(text: &str, how: &str) -> Option<Number> {
    let (decimal_sign, currency) = how.split_at(usize::from(how.starts_with([',', '.'])));
    let (text, negative) = bare(text, currency)?;
    let (whole, fraction) = match decimal_at(text, decimal_sign)? {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, ""),
    };
    if whole.is_empty() && fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut digits = 0_i128;
    let mut push = |byte: u8| {
        // 30 digits are more than any type takes and less than what overflows.
        digits = if digits < 10_i128.pow(30) { digits * 10 + i128::from(byte - b'0') } else { return None };
        Some(())
    };
    if whole.bytes().all(|byte| byte.is_ascii_digit()) {
        whole.bytes().try_for_each(&mut push)?;
    } else {
        for group in groups(whole)? {
            group.bytes().try_for_each(&mut push)?;
        }
    }
    fraction.bytes().try_for_each(&mut push)?;
    Some(Number { negative, digits, scale: u32::try_from(fraction.len()).ok()? })
}

/// The text without white space, currency and sign around the number, and whether it is negative.
fn bare<'t>(text: &'t str, currency: &str) -> Option<(&'t str, bool)> {
    if text.starts_with(|c: char| c.is_ascii_digit()) && text.ends_with(|c: char| c.is_ascii_digit()) {
        return Some((text, false));
    }
    let mut text = without_currency(trimmed(text), currency);
    let mut negative = false;
    if let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        (text, negative) = (without_currency(trimmed(inner), currency), true);
    } else if let Some(rest) = text.strip_prefix(['-', '\u{2212}']).or_else(|| text.strip_suffix('-')) {
        (text, negative) = (without_currency(trimmed(rest), currency), true);
    } else if let Some(rest) = text.strip_prefix('+') {
        text = without_currency(trimmed(rest), currency);
    }
    text.starts_with(|c: char| c.is_ascii_digit() || c == ',' || c == '.').then_some((text, negative))
}

fn without_currency<'t>(text: &'t str, currency: &str) -> &'t str {
    let is = |name: &&str| name.eq_ignore_ascii_case(currency);
    let names =
        if currency.is_empty() { Some(&CURRENCIES[0]) } else { CURRENCIES.iter().find(|names| names.iter().any(is)) };
    for sign in names.copied().unwrap_or(&[currency]) {
        let size = sign.len();
        if text.get(..size).is_some_and(|start| start.eq_ignore_ascii_case(sign)) {
            return trimmed(&text[size..]);
        }
        let at = text.len().wrapping_sub(size);
        if text.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(sign)) {
            return trimmed(&text[..at]);
        }
    }
    text
}

/// Where the decimal sign stands; `None` inside for a whole number, outside for a text that is no number.
fn decimal_at(text: &str, decimal_sign: &str) -> Option<Option<usize>> {
    let comma = text.rfind(',');
    let point = text.rfind('.');
    let (sign, at) = match (decimal_sign, comma, point) {
        (",", at, _) => (',', at),
        (".", _, at) => ('.', at),
        (_, Some(comma), Some(point)) if comma > point => (',', Some(comma)),
        (_, Some(_), Some(point)) => ('.', Some(point)),
        // A sign that occurs twice separates thousands.
        (_, Some(comma), None) => (',', Some(comma).filter(|_| text.find(',') == Some(comma))),
        (_, None, Some(point)) => ('.', Some(point).filter(|_| text.find('.') == Some(point))),
        (_, None, None) => (' ', None),
    };
    match at {
        Some(at) if text[..at].contains(sign) => None,
        at => Some(at),
    }
}

/// The groups of digits of a whole number with separated thousands: one kind of
/// separator, three digits behind each.
fn groups(whole: &str) -> Option<impl Iterator<Item = &str>> {
    let separator = whole.chars().find(|c| !c.is_ascii_digit())?;
    if !(is_space(separator) || matches!(separator, '\'' | '’' | '.' | ',')) {
        return None;
    }
    // A no-break space here and a plain one there are both just spaces.
    let split = move |text| str::split(text, move |c| c == separator || is_space(c) && is_space(separator));
    let well_formed = split(whole).enumerate().all(|(n, group)| {
        let size = if n == 0 { 1..=3 } else { 3..=3 };
        size.contains(&group.len()) && group.bytes().all(|byte| byte.is_ascii_digit())
    });
    well_formed.then(|| split(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_in_groups_of_three_only() {
        assert_eq!(decimal("1 234 567,5", ""), Some(12_345_675_000));
        for broken in ["1 23", "12 34,5", "1234 567", "1.23.456", "1,234,56", "1 234.567,8", " 1  234"] {
            assert_eq!(decimal(broken, ""), None, "{broken}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in
            ["", ",", "-", "€", "1e5", "1,23E+12", "12 %", "--5", "1-2", "(5", "٣", "0x10", "NaN", "1_000", "5 €€€"]
        {
            assert_eq!(decimal(text, ""), None, "{text}");
        }
    }

    #[test]
    fn an_amount_in_another_currency_is_read_only_where_that_is_said() {
        for text in ["£26.90", "26,90 GBP", "$ 5", "-£5", "5 chf", "5 kr"] {
            assert_eq!(decimal(text, ""), None, "{text}");
        }
        assert_eq!(decimal("£26.90", "£"), Some(269_000));
        assert_eq!(decimal("(26.90 gbp)", ".£"), Some(-269_000));
        assert_eq!(decimal("12,5 kr", ",KR"), Some(125_000));
        assert_eq!(decimal("12 €", "£"), None);
        assert_eq!(looks("£26.90"), (true, false));
        assert_eq!(looks("5 €"), (true, true));
        assert_eq!(looks("5 kr"), (false, false));
    }

    #[test]
    fn what_does_not_fit_is_none_and_never_a_panic() {
        assert_eq!(decimal("99999999999999,9999", ""), Some(999_999_999_999_999_999));
        assert_eq!(decimal("99999999999999,99999", ""), None);
        assert_eq!(decimal(&"9".repeat(400), ""), None);
        assert_eq!(decimal(&format!("0,{}", "0".repeat(400)), ""), None);
        assert_eq!(integer("9223372036854775807", ""), Some(i64::MAX));
        assert_eq!(integer("9223372036854775808", ""), None);
    }

    #[test]
    fn decimals_beyond_the_fourth_are_rounded_half_away_from_zero() {
        assert_eq!(decimal("0,00005", ""), Some(1));
        assert_eq!(decimal("-0,00005", ""), Some(-1));
        assert_eq!(decimal("0,00004999", ""), Some(0));
    }
}
