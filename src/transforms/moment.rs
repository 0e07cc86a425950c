//! Days and times by explicit formats, for `date` and `timestamp`.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::Arguments;
use super::text::{folded, is_space, trimmed};
use crate::error::Result;

/// What separates formats where several are handed to SQL in one text.
const SEPARATOR: char = '\u{1f}';

/// The format of a spreadsheet's day number.
const EXCEL: &str = "excel";

/// The formats as one text: those of the mapping, or the transform's own.
pub(super) fn formats(arguments: &Arguments, own: &[&str]) -> Result<String> {
    let given = arguments.texts("formats")?;
    for format in &given {
        if *format != EXCEL
            && let Some(unknown) = unknown_directive(format)
        {
            return Err(arguments
                .wrong(&format!("has a format \"{format}\" with \"{unknown}\""))
                .hint("a format is made of %d %m %Y %y %B %H %M %S %z %%, or is \"excel\"; e.g. \"%d/%m/%Y\""));
        }
    }
    let formats = if given.is_empty() { own } else { &given };
    Ok(formats.join(&SEPARATOR.to_string()))
}

/// The days since 1970-01-01 of the text by the first format that fits.
pub(super) fn days(text: &str, formats: &str) -> Option<i32> {
    let days = read(text, formats)?.date().signed_duration_since(NaiveDate::default()).num_days();
    i32::try_from(days).ok()
}

/// The microseconds since 1970-01-01 of the text by the first format that fits; midnight where it has no time.
pub(super) fn microseconds(text: &str, formats: &str) -> Option<i64> {
    read(text, formats)?.signed_duration_since(NaiveDateTime::default()).num_microseconds()
}

/// Whether the format reads the text.
pub(super) fn reads(text: &str, format: &str) -> bool {
    parse(text, format).is_some()
}

fn read(text: &str, formats: &str) -> Option<NaiveDateTime> {
    let text = trimmed(text);
    formats.split(SEPARATOR).find_map(|format| if format == EXCEL { serial(text) } else { parse(text, format) })
}

/// What stands behind a `%` that is no directive of ours, or `None` if all are.
fn unknown_directive(format: &str) -> Option<String> {
    let mut rest = format.chars();
    while let Some(c) = rest.next() {
        if c == '%' {
            match rest.next() {
                Some('d' | 'm' | 'Y' | 'y' | 'B' | 'b' | 'H' | 'M' | 'S' | 'z' | '%') => {}
                Some(other) => return Some(format!("%{other}")),
                None => return Some("%".to_owned()),
            }
        }
    }
    None
}

/// The text by one format, the whole of it. An impossible day is none.
fn parse(text: &str, format: &str) -> Option<NaiveDateTime> {
    let (mut year, mut month, mut day) = (None, None, 1);
    let (mut hour, mut minute, mut second, mut micros) = (0, 0, 0, 0);
    let mut east = TimeDelta::zero();
    let mut rest = text;
    let mut pattern = format.chars();
    while let Some(c) = pattern.next() {
        if is_space(c) {
            let behind = rest.trim_start_matches(is_space);
            if behind.len() == rest.len() {
                return None;
            }
            rest = behind;
            continue;
        }
        if c != '%' {
            rest = rest.strip_prefix(c)?;
            continue;
        }
        match pattern.next()? {
            'd' => day = digits(&mut rest, 1, 2)?,
            'm' => month = Some(digits(&mut rest, 1, 2)?),
            'Y' => year = Some(digits(&mut rest, 4, 4)?),
            'y' => {
                let short = digits(&mut rest, 2, 2)?;
                year = Some(if short < 69 { 2000 + short } else { 1900 + short });
            }
            'B' | 'b' => month = Some(month_name(&mut rest)?),
            'H' => hour = digits(&mut rest, 1, 2)?,
            'M' => minute = digits(&mut rest, 1, 2)?,
            'S' => {
                second = digits(&mut rest, 1, 2)?;
                if let Some(fraction) = rest.strip_prefix(['.', ',']) {
                    (micros, rest) = fraction_of_second(fraction)?;
                }
            }
            'z' => east = offset(&mut rest)?,
            other => rest = rest.strip_prefix(other)?,
        }
    }
    if !rest.is_empty() {
        return None;
    }
    // A year of zero is what an empty database field looks like.
    let year = year.filter(|year| *year > 0)?;
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month.unwrap_or(1), day)?;
    let time = NaiveTime::from_hms_micro_opt(hour, minute, second, micros)?;
    date.and_time(time).checked_sub_signed(east)
}

/// A number of `least` to `most` digits at the start, as many as there are.
fn digits(rest: &mut &str, least: usize, most: usize) -> Option<u32> {
    let size = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if size < least {
        return None;
    }
    let (number, behind) = rest.split_at(size);
    *rest = behind;
    Some(number.bytes().fold(0, |value, digit| value * 10 + u32::from(digit - b'0')))
}

fn fraction_of_second(text: &str) -> Option<(u32, &str)> {
    let size = text.bytes().take_while(u8::is_ascii_digit).count();
    if size == 0 {
        return None;
    }
    let micros = text.bytes().chain(std::iter::repeat(b'0')).take(size.min(6)).chain(std::iter::repeat(b'0')).take(6);
    Some((micros.fold(0, |value, digit| value * 10 + u32::from(digit - b'0')), &text[size..]))
}

/// The names of the months in French and English, and how they are shortened, without accents.
const MONTHS: [&[&str]; 12] = [
    &["janvier", "january", "janv", "jan"],
    &["fevrier", "february", "fevr", "fev", "feb"],
    &["mars", "march", "mar"],
    &["avril", "april", "avr", "apr"],
    &["mai", "may"],
    &["juin", "june", "jun"],
    &["juillet", "july", "juil", "jul"],
    &["aout", "august", "aug"],
    &["septembre", "september", "sept", "sep"],
    &["octobre", "october", "oct"],
    &["novembre", "november", "nov"],
    &["decembre", "december", "dec"],
];

fn month_name(rest: &mut &str) -> Option<u32> {
    let end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
    let (name, behind) = rest.split_at(end);
    let name = folded(name);
    let month = MONTHS.iter().zip(1..).find(|(names, _)| names.contains(&name.as_str())).map(|(_, month)| month)?;
    *rest = behind.strip_prefix('.').unwrap_or(behind);
    Some(month)
}

/// How far east of Greenwich: `Z`, `+02:00` or `+0200`.
fn offset(rest: &mut &str) -> Option<TimeDelta> {
    if let Some(behind) = rest.strip_prefix(['Z', 'z']) {
        *rest = behind;
        return Some(TimeDelta::zero());
    }
    let west = rest.starts_with('-');
    *rest = rest.strip_prefix(['+', '-'])?;
    let hours = digits(rest, 2, 2)?;
    *rest = rest.strip_prefix(':').unwrap_or(rest);
    let minutes = i64::from(hours * 60 + digits(rest, 2, 2)?);
    Some(TimeDelta::minutes(if west { -minutes } else { minutes }))
}

/// A spreadsheet's day number, counted from 1899-12-30, its fraction the time of day. Numbers below 61 are left
/// unread: spreadsheets disagree about them, because one of them knows a 29 February 1900.
fn serial(text: &str) -> Option<NaiveDateTime> {
    let (days, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(days) || !all_digits(fraction) {
        return None;
    }
    let days: i64 = days.parse().ok().filter(|days| (61..=2_958_465).contains(days))?;
    let part: f64 = format!("0.{fraction}").parse().ok()?;
    let start = NaiveDate::from_ymd_opt(1899, 12, 30)?.and_time(NaiveTime::MIN);
    start.checked_add_signed(TimeDelta::days(days) + TimeDelta::seconds((part * 86_400.0).round() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_as(text: &str, format: &str) -> Option<String> {
        read(text, format).map(|moment| moment.to_string())
    }

    #[test]
    fn a_format_must_fit_the_whole_text_and_the_day_must_exist() {
        assert_eq!(read_as("5/3/2024", "%d/%m/%Y").as_deref(), Some("2024-03-05 00:00:00"));
        for text in
            ["31/02/2024", "00/01/2024", "01/13/2024", "01/02/20", "01/02/20245", "1/2/2024 x", "01/02/0000", ""]
        {
            assert_eq!(read_as(text, "%d/%m/%Y"), None, "{text}");
        }
    }

    #[test]
    fn two_digits_of_a_year_turn_at_69() {
        assert_eq!(read_as("01/02/68", "%d/%m/%y").as_deref(), Some("2068-02-01 00:00:00"));
        assert_eq!(read_as("01/02/69", "%d/%m/%y").as_deref(), Some("1969-02-01 00:00:00"));
    }

    #[test]
    fn times_fractions_offsets_and_names_of_months_are_read() {
        let all = "%Y-%m-%dT%H:%M:%S%z";
        assert_eq!(read_as("2024-03-05T00:30:00.25+02:00", all).as_deref(), Some("2024-03-04 22:30:00.250"));
        assert_eq!(read_as("2024-03-05T00:30:00.1234567Z", all).as_deref(), Some("2024-03-05 00:30:00.123456"));
        assert_eq!(read_as("2024-03-05T24:00:00Z", all), None);
        assert_eq!(read_as("5 août 2024", "%d %B %Y").as_deref(), Some("2024-08-05 00:00:00"));
        assert_eq!(read_as("5  févr. 2024", "%d %B %Y").as_deref(), Some("2024-02-05 00:00:00"));
        assert_eq!(read_as("5 brumaire 2024", "%d %B %Y"), None);
    }

    #[test]
    fn day_numbers_of_a_spreadsheet_are_read_on_request_only() {
        assert_eq!(read_as("45383", EXCEL).as_deref(), Some("2024-04-01 00:00:00"));
        assert_eq!(read_as("45383,75", EXCEL).as_deref(), Some("2024-04-01 18:00:00"));
        for text in ["60", "-1", "2958466", "45383,", "4e4", ""] {
            assert_eq!(read_as(text, EXCEL), None, "{text}");
        }
        assert_eq!(read_as("45383", "%d/%m/%Y"), None);
    }
}
