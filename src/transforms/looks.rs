//! What a text looks like: which of the readers beside this file would take it, and its shape. No transform of its own;
//! `stages::suggest` profiles columns with it.

use std::sync::LazyLock;

use super::text::trimmed;
use super::{boolean, country, moment, number};
use crate::model::ValueKind;
use crate::store::{Call, Function};

/// `tv_looks(text)`: the look of a text as [`Look`] reads it; empty for white space.
pub const LOOKS: Function = Function { name: "tv_looks", call: Call::One(|text| Some(written(text))) };

/// The formats of days and times that are recognised, days first; where two read the same text, the first is meant.
pub const FORMATS: [&str; 25] = [
    "%d/%m/%Y",
    "%Y-%m-%d",
    "%d-%m-%Y",
    "%d.%m.%Y",
    "%d/%m/%y",
    "%m/%d/%Y",
    "%m/%d/%y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y%m%d",
    "%d.%m.%y",
    "%d-%m-%y",
    "%d %B %Y",
    "%B %d, %Y",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%d %H:%M:%S %z",
    "%d-%m-%Y %H:%M:%S",
    "%d-%m-%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
];

/// How many of them have no time.
pub(super) const DAYS: usize = 14;

/// What separates the items of a list.
pub(super) const SEPARATORS: [char; 5] = [',', ';', '/', '|', '+'];

const FORMAT_BITS: u32 = 16;
const SEPARATOR_BITS: u32 = 48;
const SEVERAL_WORDS: u64 = 1 << 56;
const COMMA_IS_DECIMAL: u64 = 1 << 57;
const POINT_IS_DECIMAL: u64 = 1 << 58;
const COMMA_IS_EITHER: u64 = 1 << 59;

/// The look of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look<'a> {
    bits: u64,
    /// Its shape: `A` for capitals, `a` for small letters, `9` for digits, others as they are; words are three letters long.
    pub shape: &'a str,
}

impl<'a> Look<'a> {
    /// Reads what `tv_looks` wrote; `None` for white space.
    pub fn read(written: &'a str) -> Option<Look<'a>> {
        let (bits, shape) = written.split_once(' ')?;
        Some(Look { bits: u64::from_str_radix(bits, 16).ok()?, shape })
    }

    /// Whether it looks like that; a whole number looks like a decimal, a day like a day with a time.
    pub fn is(&self, kind: ValueKind) -> bool {
        self.bits & bit(kind) != 0
    }

    /// The numbers of the formats in [`FORMATS`] that read it.
    pub fn formats(&self) -> impl Iterator<Item = usize> {
        let bits = self.bits >> FORMAT_BITS;
        (0..FORMATS.len()).filter(move |at| bits & (1 << at) != 0)
    }

    /// What separates its items, if it looks like a list.
    pub fn separators(&self) -> impl Iterator<Item = char> {
        let bits = self.bits >> SEPARATOR_BITS;
        SEPARATORS.into_iter().enumerate().filter(move |(at, _)| bits & (1 << at) != 0).map(|(_, sign)| sign)
    }

    /// Whether there are two words or more.
    pub fn has_several_words(&self) -> bool {
        self.bits & SEVERAL_WORDS != 0
    }

    /// Whether it is a number with a comma that can only be the decimal sign.
    pub fn has_decimal_comma(&self) -> bool {
        self.bits & COMMA_IS_DECIMAL != 0
    }

    /// Whether it is a number with a point that can only be the decimal sign.
    pub fn has_decimal_point(&self) -> bool {
        self.bits & POINT_IS_DECIMAL != 0
    }

    /// Whether it is a number with a comma that can separate thousands or decimals.
    pub fn has_doubtful_comma(&self) -> bool {
        self.bits & COMMA_IS_EITHER != 0
    }
}

fn bit(kind: ValueKind) -> u64 {
    1 << kind as u32
}

fn written(text: &str) -> String {
    let text = trimmed(text);
    if text.is_empty() {
        return String::new();
    }
    format!("{:x} {}", bits(text), shape(text))
}

/// What can be seen of a text in one walk over its characters.
#[derive(Default)]
struct Seen {
    digits: usize,
    letters: usize,
    capitals: usize,
    small: usize,
    spaces: usize,
    at_signs: usize,
    others: usize,
    dashes: usize,
    points: usize,
    slashes: usize,
    colons: usize,
    /// Other signs that stand within codes.
    joints: usize,
}

fn bits(text: &str) -> u64 {
    let mut seen = Seen::default();
    for c in text.chars() {
        match c {
            '0'..='9' => seen.digits += 1,
            '@' => seen.at_signs += 1,
            '-' => seen.dashes += 1,
            '.' => seen.points += 1,
            '/' => seen.slashes += 1,
            ':' => seen.colons += 1,
            '_' | '#' => seen.joints += 1,
            '+' | '(' | ')' => {}
            c if c.is_whitespace() => seen.spaces += 1,
            c if c.is_alphabetic() => {
                seen.letters += 1;
                seen.capitals += usize::from(c.is_uppercase());
                seen.small += usize::from(c.is_lowercase());
            }
            _ => seen.others += 1,
        }
    }
    let mut bits = 0;
    if seen.spaces > 0 {
        bits |= SEVERAL_WORDS;
    }
    if seen.at_signs > 0 {
        return if is_email(text) { bits | bit(ValueKind::Email) } else { bits | lists(text, &seen) };
    }
    if seen.digits > 0 {
        bits |= moments(text, &seen) | numbers(text, &seen);
        let is_moment = bits & (bit(ValueKind::Date) | bit(ValueKind::Timestamp)) != 0;
        if seen.letters <= 5 && is_postal_code(text) {
            bits |= bit(ValueKind::PostalCode);
        }
        if seen.letters == 0 && !is_moment && is_phone(text, &seen) {
            bits |= bit(ValueKind::Phone);
        }
    }
    let joints = seen.joints + seen.dashes + seen.points + seen.slashes + seen.colons;
    let is_code = seen.spaces == 0 && seen.others == 0 && (seen.digits > 0 || joints > 0 && seen.small == 0);
    if is_code && bits & bit(ValueKind::Timestamp) == 0 && text.len() > 1 && text.len() <= 40 {
        bits |= bit(ValueKind::Code);
    }
    if text.len() <= 5 && boolean::is_word(text) {
        bits |= bit(ValueKind::Boolean);
    }
    if seen.digits == 0 && seen.letters > 1 && text.len() <= 48 {
        if country::is_known(text) {
            bits |= bit(ValueKind::Country);
        }
        if is_name(text) {
            bits |= bit(ValueKind::Name);
        }
    }
    bits | lists(text, &seen)
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let host = domain.rsplit_once('.');
    !local.is_empty()
        && !text.contains(char::is_whitespace)
        && !domain.contains('@')
        && host.is_some_and(|(name, end)| {
            !name.is_empty() && end.len() >= 2 && end.bytes().all(|b| b.is_ascii_alphabetic())
        })
}

fn moments(text: &str, seen: &Seen) -> u64 {
    if seen.digits < 5 || text.len() > 40 {
        return 0;
    }
    let signs =
        Signs { slash: seen.slashes > 0, dash: seen.dashes > 0, point: seen.points > 0, name: seen.letters >= 3 };
    // Codes and numbers, which are most of what has digits, end here.
    let is_packed = text.len() == 8 && seen.digits == 8;
    if !is_packed && signs == Signs::default() {
        return 0;
    }
    let timed = seen.colons > 0;
    let mut bits = 0;
    for (at, (format, wanted)) in FORMATS.iter().zip(&*SIGNS).enumerate() {
        let plausible = timed == (at >= DAYS)
            && wanted.name == signs.name
            && (!wanted.slash || signs.slash)
            && (!wanted.dash || signs.dash)
            && (!wanted.point || signs.point)
            && (wanted != &Signs::default() || is_packed);
        if plausible && moment::reads(text, format) {
            bits |= 1 << (at as u32 + FORMAT_BITS) | bit(ValueKind::Timestamp);
            if at < DAYS {
                bits |= bit(ValueKind::Date);
            }
        }
    }
    bits
}

/// The signs of a format or a text, which tell without reading that one cannot be the other.
#[derive(Default, PartialEq, Eq)]
struct Signs {
    slash: bool,
    dash: bool,
    point: bool,
    /// The name of a month.
    name: bool,
}

static SIGNS: LazyLock<Vec<Signs>> = LazyLock::new(|| {
    let signs = |format: &&str| Signs {
        slash: format.contains('/'),
        dash: format.contains('-'),
        point: format.contains('.'),
        name: format.contains("%B"),
    };
    FORMATS.iter().map(signs).collect()
});

fn numbers(text: &str, seen: &Seen) -> u64 {
    if seen.letters > 5 {
        return 0;
    }
    // A number does not begin with a zero that means nothing; a code does.
    let zero = text.strip_prefix('0').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let (is_number, is_whole) = if zero { (false, false) } else { number::looks(text) };
    if !is_number {
        return 0;
    }
    let mut bits = bit(ValueKind::Decimal);
    if is_whole {
        bits |= bit(ValueKind::Integer);
        let is_year = text.len() == 4
            && seen.digits == 4
            && matches!(text.as_bytes(), [b'1', b'8' | b'9', ..] | [b'2', b'0', ..]);
        if is_year {
            bits |= bit(ValueKind::Year);
        }
    }
    let behind = |sign: char| text.rfind(sign).map(|at| text[at + 1..].bytes().take_while(u8::is_ascii_digit).count());
    match (behind(','), behind('.')) {
        (Some(3), None) if text.matches(',').count() == 1 => bits |= COMMA_IS_EITHER,
        (Some(digits), None) if digits != 3 => bits |= COMMA_IS_DECIMAL,
        (None, Some(digits)) if digits != 3 => bits |= POINT_IS_DECIMAL,
        (Some(_), Some(_)) if text.rfind(',') > text.rfind('.') => bits |= COMMA_IS_DECIMAL,
        (Some(_), Some(_)) => bits |= POINT_IS_DECIMAL,
        _ => {}
    }
    bits
}

/// Five digits, perhaps with a country in front, or letters and digits as in other countries.
fn is_postal_code(text: &str) -> bool {
    let text = text.strip_prefix('\'').unwrap_or(text);
    // A country in front stands apart; what other letters stand before is a code of something else.
    let country = text.split_once(['-', ' ']).filter(|(country, _)| is_country_in_front(country));
    let bare = country.map_or(text, |(_, bare)| bare.trim_start());
    let digits = bare.bytes().filter(u8::is_ascii_digit).count();
    // None begins with three zeros; numbers that count up do.
    digits == 5
        && !bare.starts_with("000")
        && bare.bytes().all(|byte| byte.is_ascii_digit() || byte == b' ')
        && bare.len() <= 6
        || is_lettered_postal_code(text)
}

/// What stands before the postal codes of letters abroad: the signs of cars and the codes of two letters.
fn is_country_in_front(text: &str) -> bool {
    const SIGNS: [&str; 8] = ["A", "B", "D", "E", "F", "I", "L", "P"];
    match text.len() {
        1 => SIGNS.contains(&text),
        2 => country::is_known(text),
        _ => false,
    }
}

/// The codes of the United Kingdom, Canada and the Netherlands, and the long ones of the United States.
fn is_lettered_postal_code(text: &str) -> bool {
    const SHAPES: [&str; 9] =
        ["A9 9AA", "A99 9AA", "A9A 9AA", "AA9 9AA", "AA99 9AA", "AA9A 9AA", "A9A 9A9", "9999 AA", "99999-9999"];
    let sign = |c: char| match c {
        'A'..='Z' | 'a'..='z' => 'A',
        '0'..='9' => '9',
        c => c,
    };
    (6..=10).contains(&text.len()) && SHAPES.iter().any(|shape| text.chars().map(sign).eq(shape.chars()))
}

fn is_phone(text: &str, seen: &Seen) -> bool {
    let text = text.strip_prefix('\'').unwrap_or(text);
    let apostrophe = usize::from(seen.others > 0);
    if seen.others > apostrophe || !(8..=17).contains(&seen.digits) {
        return false;
    }
    let marked = text.starts_with('+') || text.starts_with("00") || text.starts_with('(');
    let national = text.starts_with('0') && (9..=11).contains(&seen.digits);
    let groups: Vec<usize> = text.split(|c: char| !c.is_ascii_digit()).map(str::len).filter(|size| *size > 0).collect();
    // With the code of the country and nothing to mark it, as mailing tools write it.
    let plain = (11..=12).contains(&seen.digits)
        && text.len() == seen.digits
        && COUNTRY_CODES.iter().any(|code| text.starts_with(code));
    let american = matches!(groups.as_slice(), [3, 3, 4] | [1, 3, 3, 4]);
    marked || national || plain || american
}

/// The codes of France, its neighbours and a few others, as they are dialled.
const COUNTRY_CODES: [&str; 9] = ["33", "32", "352", "41", "49", "39", "34", "44", "31"];

fn is_name(text: &str) -> bool {
    let mut words = 0;
    for word in text.split(char::is_whitespace).filter(|word| !word.is_empty()) {
        words += 1;
        let first_is_capital = word.chars().next().is_some_and(char::is_uppercase);
        let small_word =
            matches!(word, "de" | "du" | "des" | "la" | "le" | "les" | "van" | "von" | "di" | "et" | "and" | "&");
        if !(first_is_capital || small_word) || !word.chars().all(|c| c.is_alphabetic() || "'’-.&".contains(c)) {
            return false;
        }
    }
    (1..=5).contains(&words)
}

fn lists(text: &str, seen: &Seen) -> u64 {
    if seen.letters < 4 {
        return 0;
    }
    let mut bits = 0;
    for (at, sign) in SEPARATORS.iter().enumerate() {
        let mut parts = 0;
        let fits = text.contains(*sign)
            && text.split(*sign).map(str::trim).filter(|part| !part.is_empty()).all(|part| {
                parts += 1;
                part.chars().count() <= 40 && part.chars().all(|c| c.is_alphabetic() || " -'’.%0123456789".contains(c))
            });
        if fits && parts > 1 {
            bits |= bit(ValueKind::List) | 1 << (at as u32 + SEPARATOR_BITS);
        }
    }
    bits
}

/// The shape of a text, at most 32 characters long.
fn shape(text: &str) -> String {
    const LONGEST: usize = 32;
    let mut shape = String::with_capacity(16);
    let mut length = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if length >= LONGEST {
            shape.push('…');
            break;
        }
        if c.is_alphabetic() {
            let (mut letters, mut small) = (1, usize::from(!c.is_uppercase()));
            while let Some(next) = chars.next_if(|next| next.is_alphabetic()) {
                letters += 1;
                small += usize::from(!next.is_uppercase());
            }
            let word = match (c.is_uppercase(), letters, small) {
                (true, 1, _) => "A",
                (true, 2, 0) => "AA",
                (true, _, 0) => "AAA",
                (true, 2, _) => "Aa",
                (true, ..) => "Aaa",
                (false, 1, _) => "a",
                (false, 2, _) => "aa",
                (false, ..) => "aaa",
            };
            shape.push_str(word);
            length += word.len();
        } else {
            length += 1;
            match c {
                '0'..='9' => shape.push('9'),
                c if c.is_whitespace() => shape.push(' '),
                c => shape.push(c),
            }
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<ValueKind> {
        let written = written(text);
        let look = Look::read(&written).expect("a look");
        ValueKind::ALL.into_iter().filter(|kind| look.is(*kind)).collect()
    }

    #[test]
    fn texts_look_like_what_they_are() {
        use ValueKind::*;
        for (text, kind) in [
            ("jean.dupont@example.fr", Email),
            ("03 88 83 06 09", Phone),
            ("'+33388830609", Phone),
            ("(555) 123-4567", Phone),
            ("31/12/2024", Date),
            ("5 août 2024", Date),
            ("2024-12-31 08:00:00 +0100", Timestamp),
            ("12,50 €", Decimal),
            ("1 284", Integer),
            ("2021", Year),
            ("67000", PostalCode),
            ("F-67000", PostalCode),
            ("SW1A 1AA", PostalCode),
            ("LW20 4XY", PostalCode),
            ("1012 AB", PostalCode),
            ("C00123", Code),
            ("RIESLING-GC", Code),
            ("oui", Boolean),
            ("Deutschland", Country),
            ("Jean-Pierre de La Tour", Name),
            ("Riesling, Pinot gris", List),
        ] {
            assert!(kinds(text).contains(&kind), "{text} looks like {:?}", kinds(text));
        }
        for (text, kind) in [
            ("31/02/2024", Date),
            ("31/12/2024", Phone),
            ("0388830609", Integer),
            ("12,50", Integer),
            ("Bonjour à tous", Name),
            ("jean at example.fr", Email),
            ("3760012345678", Phone),
            ("C00123", PostalCode),
            ("M-00001", PostalCode),
            ("ORD-00001", PostalCode),
        ] {
            assert!(!kinds(text).contains(&kind), "{text} looks like {:?}", kinds(text));
        }
        assert_eq!(written(" \u{a0}"), "");
    }

    #[test]
    fn a_shape_keeps_signs_and_digits_and_shortens_words() {
        for (text, expected) in [
            ("Ref-123", "Aaa-999"),
            ("C0001", "A9999"),
            ("jean dupont", "aaa aaa"),
            ("12,50", "99,99"),
            ("ÉTÉ 2024", "AAA 9999"),
        ] {
            assert_eq!(shape(text), expected);
        }
        assert!(shape(&"x1 ".repeat(100)).ends_with('…'));
    }

    #[test]
    fn a_comma_before_three_digits_can_mean_either() {
        let doubtful = |text: &str| Look::read(&written(text)).expect("a look").has_doubtful_comma();
        assert!(doubtful("1,234") && !doubtful("1,23") && !doubtful("1,234.5"));
    }
}
