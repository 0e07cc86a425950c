//! Text for the screen: data made harmless, cut to a width, and numbers as people read them. Neighbour: `widgets`.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Bound::{Excluded, Unbounded};
use std::time::Duration;

use chrono::{DateTime, Local, NaiveDate, Utc};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::model;

/// The text with every character that a terminal would act on, or that would hide, replaced by a symbol for it.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().any(|c| symbol(c).is_some()) {
        Cow::Owned(text.chars().map(|c| symbol(c).unwrap_or(c)).collect())
    } else {
        Cow::Borrowed(text)
    }
}

fn symbol(c: char) -> Option<char> {
    match c {
        '\u{00}'..='\u{1f}' => char::from_u32(0x2400 + c as u32),
        '\u{7f}' => Some('␡'),
        '\u{80}'..='\u{9f}' => Some('�'),
        // Marks that turn the direction of text around, and characters without any width of their own.
        '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => {
            Some('▯')
        }
        '\u{feff}' | '\u{ad}' => Some('▯'),
        _ => None,
    }
}

/// A value as it is shown where its exact spelling matters: spaces at its ends are dots.
pub fn exact(text: &str) -> String {
    let inner = text.trim_matches([' ', '\u{a0}', '\u{202f}']);
    if inner.len() == text.len() {
        return clean(text).into_owned();
    }
    let start = text.len() - text.trim_start_matches([' ', '\u{a0}', '\u{202f}']).len();
    let (before, rest) = text.split_at(start);
    let (middle, after) = rest.split_at(inner.len());
    let dots = |part: &str| "·".repeat(part.chars().count());
    format!("{}{}{}", dots(before), clean(middle), dots(after))
}

/// How many columns the text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text cut to `width` columns, with `…` where something is missing.
pub fn fit(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    if width == 0 {
        return Cow::Borrowed("");
    }
    let mut cut = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let wide = grapheme.width();
        if used + wide > width - 1 {
            break;
        }
        used += wide;
        cut.push_str(grapheme);
    }
    cut.push('…');
    Cow::Owned(cut)
}

/// A name cut to `width` columns in its middle, so that names that differ at their ends still do. Of a row that shares its key
/// (`KEY#digest.n`) the digest is cut first: the key is what a person knows it by.
pub fn middle(name: &str, width: usize) -> Cow<'_, str> {
    /// What is left of a digest and its number, to tell rows of one key apart.
    const DIGEST: usize = 6;
    let all = name.width();
    if all <= width || width < 5 {
        return fit(name, width);
    }
    if let Some((key, digest)) = name.rsplit_once('#')
        && let Some(room) = width.checked_sub(key.width() + 1).filter(|room| *room >= DIGEST)
    {
        return Cow::Owned(format!("{key}#{}", middle(digest, room)));
    }
    let end = skip(name, all - (width - 1) / 2);
    Cow::Owned(format!("{}{end}", fit(name, width - end.width())))
}

/// Names cut to `width` columns in their middle; those that would look the same then, around what differs between them.
pub fn apart(names: &[&str], width: usize) -> Vec<String> {
    let cut: Vec<Cow<'_, str>> = names.iter().map(|name| middle(name, width)).collect();
    let mut alike: HashMap<&str, &str> = HashMap::new();
    let mut twins: HashSet<&str> = HashSet::new();
    for (name, cut) in names.iter().zip(&cut) {
        if alike.entry(cut).or_insert(name) != name {
            twins.insert(cut);
        }
    }
    // In their order those that begin alike stand together.
    let all: BTreeSet<&str> = if twins.is_empty() { BTreeSet::new() } else { names.iter().copied().collect() };
    let told = |(name, cut): (&&str, &Cow<'_, str>)| {
        let before = all.range::<str, _>((Unbounded, Excluded(*name))).next_back();
        let after = all.range::<str, _>((Excluded(*name), Unbounded)).next();
        match before.into_iter().chain(after).max_by_key(|other| common(name, other)) {
            Some(other) if twins.contains(cut.as_ref()) => differing(name, other, (width, width)).0,
            _ => cut.to_string(),
        }
    };
    names.iter().zip(&cut).map(told).collect()
}

/// How many columns two texts have in common at their beginning.
fn common(one: &str, other: &str) -> usize {
    let both = one.graphemes(true).zip(other.graphemes(true));
    both.take_while(|(a, b)| a == b).map(|(grapheme, _)| grapheme.width()).sum()
}

/// What stood somewhere and what will, each cut to its room so that what differs between them is seen.
pub fn differing(before: &str, after: &str, rooms: (usize, usize)) -> (String, String) {
    let same = common(before, after);
    let cut = |text: &str, room: usize| {
        let all = text.width();
        // A third of the room for what is the same, and no room is left over at the end.
        let begin = same.saturating_sub(room / 3).min((all + 1).saturating_sub(room));
        match begin {
            _ if all <= room || room < 5 => fit(text, room).into_owned(),
            0 => fit(text, room).into_owned(),
            begin => format!("…{}", fit(&skip(text, begin), room - 1)),
        }
    };
    (cut(before, rooms.0), cut(after, rooms.1))
}

/// The text in exactly `width` columns, at the left.
pub fn left(text: &str, width: usize) -> String {
    let cut = fit(text, width);
    let gap = width.saturating_sub(cut.width());
    format!("{cut}{}", " ".repeat(gap))
}

/// The text in exactly `width` columns, at the right.
pub fn right(text: &str, width: usize) -> String {
    let cut = fit(text, width);
    let gap = width.saturating_sub(cut.width());
    format!("{}{cut}", " ".repeat(gap))
}

/// The text without its first `columns` columns.
pub fn skip(text: &str, columns: usize) -> String {
    let mut passed = 0;
    text.graphemes(true)
        .skip_while(|grapheme| {
            let hidden = passed < columns;
            passed += grapheme.width();
            hidden
        })
        .collect()
}

/// The text broken into lines of at most `width` columns, at spaces where there are any.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0);
    for word in text.split(' ') {
        let (gap, wide) = (usize::from(!line.is_empty()), word.width());
        if used + gap + wide <= width {
            if gap > 0 {
                line.push(' ');
            }
            line.push_str(word);
            used += gap + wide;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        for grapheme in word.graphemes(true) {
            let wide = grapheme.width();
            if used + wide > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push_str(grapheme);
            used += wide;
        }
    }
    lines.push(line);
    lines
}

/// The text broken into lines of at most `width` columns wherever they are full, as a record of a file is shown.
pub fn chop(text: &str, width: usize) -> Vec<String> {
    let width = width.max(2);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        if used + grapheme.width() > width {
            lines.push(String::new());
            used = 0;
        }
        used += grapheme.width();
        if let Some(line) = lines.last_mut() {
            line.push_str(grapheme);
        }
    }
    lines
}

/// What sets thousands apart: a narrow space at which no line is broken.
const GAP: char = '\u{202f}';

/// A count with its thousands set apart by narrow spaces.
pub fn number(count: u64) -> String {
    model::thousands(count, GAP)
}

/// A count as it is said where there is little room: `2.3 M`.
pub fn brief(count: u64) -> String {
    let mut value = count as f64 / 1_000_000.0;
    if value < 1.0 {
        return number(count);
    }
    for unit in ["M", "G"] {
        if value < 1000.0 {
            return format!("{value:.1} {unit}");
        }
        value /= 1000.0;
    }
    format!("{value:.1} T")
}

/// A count in at most so many columns: whole where it fits, else in thousands or millions, cut and not rounded.
pub fn number_in(count: u64, room: usize) -> String {
    let whole = number(count);
    if width(&whole) <= room {
        return whole;
    }
    if count < 1_000_000 { format!("{} k", count / 1000) } else { brief(count) }
}

/// A count with its noun: `1 row`, `2 rows`.
pub fn count(number_of: u64, one: &str) -> String {
    model::counted(number_of, one, &format!("{one}s"), GAP)
}

/// A percentage cut, not rounded: only what is perfect is 100 %.
pub fn percent(percent: f64) -> String {
    format!("{:.1} %", (percent * 10.0).floor() / 10.0)
}

/// A number of bytes in the unit that reads best.
pub fn bytes(count: u64) -> String {
    let mut value = count as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if value < 1000.0 {
            return if unit == "B" { format!("{count} B") } else { format!("{value:.1} {unit}") };
        }
        value /= 1000.0;
    }
    format!("{value:.1} TB")
}

/// A length of time in the unit that reads best.
pub fn duration(time: Duration) -> String {
    match time.as_secs() {
        0 if time.as_millis() < 100 => format!("{} ms", time.as_millis()),
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        secs @ 60..3600 => format!("{} min {:02} s", secs / 60, secs % 60),
        secs => format!("{} h {:02} min", secs / 3600, secs % 3600 / 60),
    }
}

/// A moment where the user is.
pub fn moment(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).format("%Y-%m-%d %H:%M").to_string()
}

/// The day that was typed, as 2027-06-30 or as 30/06/2027.
pub fn day(text: &str) -> Option<NaiveDate> {
    ["%Y-%m-%d", "%d/%m/%Y"].iter().find_map(|format| NaiveDate::parse_from_str(text.trim(), format).ok())
}

/// The id of a decision, short enough for a line: what tells two of them apart stands at the end.
pub fn short_id(id: &str) -> &str {
    let at = id.char_indices().rev().nth(5).map_or(0, |(at, _)| at);
    &id[at..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_act_on_a_terminal_become_symbols() {
        assert_eq!(clean("a\u{1b}[31mb\0\t\r\n\u{7f}"), "a␛[31mb␀␉␍␊␡");
        assert_eq!(clean("abc\u{202e}def"), "abc▯def");
        assert_eq!(clean("é 日本 🍷"), "é 日本 🍷");
    }

    #[test]
    fn spaces_at_the_ends_of_a_value_are_seen() {
        assert_eq!(exact("  Jean Dupont\u{a0}"), "··Jean Dupont·");
        assert_eq!(exact("   "), "···");
        assert_eq!(exact("Jean"), "Jean");
    }

    #[test]
    fn cutting_counts_columns_and_says_that_something_is_missing() {
        assert_eq!(fit("Strasbourg", 5), "Stra…");
        assert_eq!(fit("日本酒", 5), "日本…");
        assert_eq!(fit("日本酒", 4), "日…");
        assert_eq!(fit("abc", 0), "");
        assert_eq!(left("日本", 6), "日本  ");
        assert_eq!(right("42", 5), "   42");
        assert_eq!(skip("日本酒", 2), "本酒");
    }

    #[test]
    fn a_name_is_cut_in_its_middle() {
        assert_eq!(middle("clients_2025-11-17.csv", 13), "client…17.csv");
        assert_ne!(middle("members_2026_north", 12), middle("members_2026_south", 12));
        assert_eq!(middle("clients.csv", 11), "clients.csv");
        assert_eq!(middle("日本酒日本酒", 7), "日本…酒");
        assert_eq!(middle("isavigne-C0000069#e805dd18948c.1", 24), "isavigne-C0000069#e80….1");
        assert_eq!(middle("isavigne-C0000069#e805dd18948c.1", 20), "isavigne-C…d18948c.1");
        for width in 0..20 {
            assert!(middle("日本酒 a long name é", width).width() <= width, "{width}");
        }
    }

    #[test]
    fn what_differs_between_two_texts_is_seen_however_little_room_there_is() {
        let (before, after) = differing(
            "Domaine des Vignes du Clos Saint-Urbain SARL",
            "Domaine des Vignes du Clos Saint-Urbain S.A.R.L.",
            (16, 16),
        );
        assert!(before.contains("SARL") && after.contains("S.A.R.L."), "{before} {after}");
        let (before, after) =
            differing("SÃ©lestat et beaucoup de texte derrière", "Sélestat et beaucoup de texte derrière", (10, 10));
        assert_eq!((before.as_str(), after.as_str()), ("SÃ©lestat…", "Sélestat …"));
        assert_eq!(differing("abc", "abd", (3, 3)), ("abc".to_owned(), "abd".to_owned()));
        for room in 0..12 {
            let (before, after) = differing("日本酒日本酒日本酒a", "日本酒日本酒日本酒b", (room, room));
            assert!(before.width() <= room && after.width() <= room);
            assert!(room < 5 || before != after, "{room}: {before}");
        }
    }

    #[test]
    fn names_that_differ_where_they_would_be_cut_are_cut_elsewhere() {
        let names = ["STOCK-RATAFIA-2019-75CL-PRINCIPAL", "STOCK-RATAFIA-2021-75CL-PRINCIPAL", "CREMANT", "CREMANT"];
        let cut = |width| apart(&names, width);
        assert_eq!(cut(40), names);
        assert_eq!(cut(24), ["…TAFIA-2019-75CL-PRINCI…", "…TAFIA-2021-75CL-PRINCI…", "CREMANT", "CREMANT"]);
        assert_eq!(cut(12)[..2], ["…A-2019-75C…", "…A-2021-75C…"]);
        let numbered: Vec<String> = (0..500).map(|at| format!("a long name {at} and a long end")).collect();
        let numbered: Vec<&str> = numbered.iter().map(String::as_str).collect();
        for width in [14, 16, 20, 28] {
            let cut: HashSet<String> = apart(&numbered, width).into_iter().collect();
            assert_eq!(cut.len(), numbered.len(), "{width}");
            assert!(cut.iter().all(|name| name.width() <= width));
        }
    }

    #[test]
    fn numbers_and_times_read_as_people_write_them() {
        assert_eq!(number(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(number(999), "999");
        assert_eq!((brief(999_999), brief(2_266_223)), ("999\u{202f}999".to_owned(), "2.3 M".to_owned()));
        assert_eq!(
            [number_in(9999, 5), number_in(12_999, 5), number_in(2_266_223, 5)],
            ["9\u{202f}999", "12 k", "2.3 M"]
        );
        assert_eq!(count(1, "row"), "1 row");
        assert_eq!(count(0, "row"), "0 rows");
        assert_eq!(bytes(1_500_000), "1.5 MB");
        assert_eq!(duration(Duration::from_secs(72)), "1 min 12 s");
    }

    #[test]
    fn wrapping_breaks_at_spaces_and_inside_words_that_are_too_long() {
        assert_eq!(wrap("the quick fox", 9), ["the quick", "fox"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("", 3), [""]);
        assert_eq!(chop("ab cd日本", 5), ["ab cd", "日本"]);
    }
}
