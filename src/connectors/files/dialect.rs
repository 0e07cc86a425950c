//! How a text file is written: its delimiter, its quote, where the column names stand, where the rows begin.
//!
//! Everything is told from a sample of the file's beginning, nothing is left to DuckDB's sniffer, and what is written in
//! the mapping is taken as it is.

use std::collections::HashMap;

use memchr::memchr;

use super::encoding::Encoding;
use super::header::{self, Header};
use super::records::Grammar;
use super::repeats::hardly_repeat;
use super::survey::Traits;
use super::window::{Verdict, Window};
use crate::error::{Error, Result};
use crate::model::{Canceller, EntityFiles};

/// What is needed to find a record again in a file: how it is encoded and how its records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    /// What the bytes stand for.
    pub encoding: Encoding,
    /// How records are written.
    pub grammar: Grammar,
    /// The line of the column names; 0 if there is none.
    pub header_line: u64,
}

const DELIMITERS: [(u8, &str); 4] = [(b';', "semicolon"), (b'\t', "tab"), (b'|', "bar"), (b',', "comma")];
const QUOTES: [(u8, &str); 2] = [(b'"', "double quotes"), (b'\'', "single quotes")];

impl Dialect {
    /// In words, which [`Dialect::parse`] understands:
    /// `windows-1252, delimiter semicolon, double quotes, names on line 1`.
    pub fn words(&self) -> String {
        let mut words = vec![self.encoding.name().to_owned()];
        words.push(match self.grammar.delimiter {
            None => "one column".to_owned(),
            Some(byte) => format!("delimiter {}", name_of(&DELIMITERS, byte)),
        });
        words.push(match self.grammar.quote {
            None => "no quotes".to_owned(),
            Some(byte) => match QUOTES.iter().find(|(quote, _)| *quote == byte) {
                Some((_, name)) => (*name).to_owned(),
                None => format!("quote {}", name_of(&[], byte)),
            },
        });
        if self.grammar.newline == b'\r' {
            words.push("carriage returns".to_owned());
        }
        words.push(match self.header_line {
            0 => "no names".to_owned(),
            line => format!("names on line {line}"),
        });
        words.join(", ")
    }

    /// What [`Dialect::words`] wrote; `None` for anything else.
    pub fn parse(words: &str) -> Option<Dialect> {
        let mut parts = words.split(", ");
        let encoding = Encoding::parse(parts.next()?).ok()?;
        let mut dialect =
            Dialect { encoding, grammar: Grammar { delimiter: None, quote: None, newline: b'\n' }, header_line: 0 };
        for part in parts {
            if let Some(name) = part.strip_prefix("delimiter ") {
                dialect.grammar.delimiter = Some(byte_of(&DELIMITERS, name)?);
            } else if let Some((byte, _)) = QUOTES.iter().find(|(_, name)| *name == part) {
                dialect.grammar.quote = Some(*byte);
            } else if let Some(name) = part.strip_prefix("quote ") {
                dialect.grammar.quote = Some(byte_of(&[], name)?);
            } else if part == "carriage returns" {
                dialect.grammar.newline = b'\r';
            } else if let Some(line) = part.strip_prefix("names on line ") {
                dialect.header_line = line.parse().ok()?;
            }
        }
        Some(dialect)
    }
}

fn name_of(known: &[(u8, &str)], byte: u8) -> String {
    match known.iter().find(|(known, _)| *known == byte) {
        Some((_, name)) => (*name).to_owned(),
        None => format!("0x{byte:02X}"),
    }
}

fn byte_of(known: &[(u8, &str)], name: &str) -> Option<u8> {
    match known.iter().find(|(_, known)| *known == name) {
        Some((byte, _)) => Some(*byte),
        None => u8::from_str_radix(name.strip_prefix("0x")?, 16).ok(),
    }
}

/// What the sample says of a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    /// How records are written.
    pub grammar: Grammar,
    /// The names as they stand; empty for a file without names.
    pub header: Vec<Vec<u8>>,
    /// The line of the names; 0 if there is none.
    pub header_line: u64,
    /// How many fields a row has.
    pub width: usize,
    /// Where the rows begin.
    pub from: u64,
    /// The line on which that is, counted from 1.
    pub line: u64,
    /// What stands in front of the names (or the rows), line by line.
    pub preamble: Vec<Vec<u8>>,
    /// Whether what stands in front of the rows can be skipped by counting lines.
    pub plain_head: bool,
    /// How the lines in front of the rows end.
    pub head: Traits,
    /// What is worth knowing, in sentences.
    pub notes: Vec<String>,
    /// By field, whether its values hardly repeat.
    pub unlike: Vec<bool>,
}

/// A record of the sample.
#[derive(Debug, Clone)]
struct Sampled {
    place: u64,
    bytes: usize,
    line: u64,
    lines: u64,
    fields: Vec<Vec<u8>>,
    readable: bool,
}

/// How many records are looked at.
const SAMPLE_RECORDS: usize = 1000;

/// What the mapping says of how the file is written, checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    delimiter: Option<u8>,
    quote: Option<Option<u8>>,
    header_row: Option<u64>,
}

impl Wanted {
    /// Reads the mapping.
    pub fn of(files: &EntityFiles) -> Result<Wanted> {
        let one = |what: &str, text: &str| match text.as_bytes() {
            [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Ok(*byte),
            _ => Err(Error::config(format!("the {what} \"{text}\" is not one ASCII character"))
                .at_key([what])
                .hint(format!("write it like {what} = \"{}\"", if what == "quote" { "'" } else { ";" }))
                .hint(format!("leave {what} out to have it detected"))),
        };
        let delimiter = match files.delimiter.as_deref() {
            None => None,
            Some("\\t" | "tab") => Some(b'\t'),
            Some(text) => Some(one("delimiter", text)?),
        };
        let quote = match files.quote.as_deref() {
            None => None,
            Some("") => Some(None),
            Some(text) => Some(Some(one("quote", text)?)),
        };
        if delimiter.is_some() && Some(delimiter) == quote {
            return Err(Error::config("delimiter and quote are the same character")
                .at_key(["quote"])
                .hint("leave quote out to have it detected, or write quote = \"\" for none"));
        }
        Ok(Wanted { delimiter, quote, header_row: files.header_row })
    }
}

/// Tells how the file is written. `start` is the length of its byte order mark.
pub(super) fn detect(
    window: &mut Window,
    start: u64,
    encoding: Encoding,
    wanted: Wanted,
    canceller: &Canceller,
) -> Result<Layout> {
    let newline = match (memchr(b'\n', window.from(start)), memchr(b'\r', window.from(start))) {
        (None, Some(_)) => b'\r',
        _ => b'\n',
    };
    let (wanted, separator_line) = separator_line(wanted, window.from(start));
    let grammar = match (wanted.delimiter, wanted.quote) {
        (Some(delimiter), Some(quote)) => Grammar { delimiter: Some(delimiter), quote, newline },
        _ => best_grammar(window.from(start), wanted, newline),
    };
    let mut notes = Vec::new();
    let records = sample(window, &grammar, start, canceller)?;
    let rows: Vec<&Vec<Vec<u8>>> = records.iter().map(|record| &record.fields).collect();
    let texts: Vec<Vec<String>> =
        rows.iter().map(|fields| fields.iter().map(|field| encoding.show(field)).collect()).collect();
    let found = match wanted.header_row {
        None => header::find(&texts, separator_line),
        Some(0) => Header::absent(&texts),
        Some(line) => {
            let at = records.iter().position(|record| record.line == line).ok_or_else(|| {
                Error::config(format!("no record begins on line {line}, where the mapping says the column names are"))
                    .hint("lines count from 1; leave header_row out to have it detected, 0 says there is none")
            })?;
            Header::at(&texts, at)
        }
    };
    let width = found.width.max(1);
    let header = found.at.map(|at| rows[at].clone()).unwrap_or_default();
    if grammar.delimiter.is_none()
        && let Some(note) = challenge(window.from(start), newline)
    {
        notes.push(note);
    }
    if found.at.is_none() && wanted.header_row.is_none() && !records.is_empty() {
        notes.push("no line of column names was found; the columns are called column_1 and so on".to_owned());
    }
    if found.dominant < found.width {
        notes.push(format!(
            "the line of names has {} names, most rows have {} fields and are rejected",
            found.width, found.dominant
        ));
    }
    let first = found.at.map_or(found.first, |at| at + 1);
    let (from, line) = match records.get(first) {
        Some(record) => (record.place, record.line),
        None => {
            records.last().map_or((window.end(), 1), |last| (last.place + last.bytes as u64, last.line + last.lines))
        }
    };
    let before = &records[..first.min(records.len())];
    let preamble = &before[..found.at.unwrap_or(before.len()).min(before.len())];
    let plain_head = before.iter().all(|record| record.lines == 1 && record.readable)
        && grammar
            .quote
            .is_none_or(|quote| preamble.iter().all(|record| memchr(quote, slice(window, record)).is_none()));
    let mut head = Traits::default();
    let head_bytes = usize::try_from(from - start).unwrap_or(usize::MAX).min(window.from(start).len());
    for line in window.from(start)[..head_bytes].split_inclusive(|byte| *byte == newline) {
        head.line_end(&grammar, line);
    }
    Ok(Layout {
        grammar,
        header_line: found.at.map_or(0, |at| records[at].line),
        header,
        width,
        from,
        line,
        preamble: preamble.iter().map(|record| grammar.content(slice(window, record)).to_vec()).collect(),
        plain_head,
        head,
        notes,
        unlike: hardly_repeat(rows[first.min(rows.len())..].iter().copied(), width, |fields, at| {
            fields.get(at).map(Vec::as_slice)
        }),
    })
}

fn slice<'w>(window: &'w Window, record: &Sampled) -> &'w [u8] {
    let from = window.from(record.place);
    &from[..record.bytes.min(from.len())]
}

/// Excel's own hint: a first line `sep=;`. It is followed, and it is no row.
fn separator_line(wanted: Wanted, text: &[u8]) -> (Wanted, bool) {
    let first: Vec<u8> = text.iter().copied().take(8).take_while(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    match first.as_slice() {
        [b's', b'e', b'p', b'=', byte] if byte.is_ascii() => {
            (Wanted { delimiter: wanted.delimiter.or(Some(*byte)), ..wanted }, true)
        }
        _ => (wanted, false),
    }
}

fn sample(window: &mut Window, grammar: &Grammar, start: u64, canceller: &Canceller) -> Result<Vec<Sampled>> {
    let mut records = Vec::new();
    let (mut place, mut line) = (start, 1);
    let end = window.end();
    while records.len() < SAMPLE_RECORDS && place < end {
        let piece = window
            .piece(grammar, None, place, canceller)
            .map_err(|cause| Error::new(crate::error::Kind::Io, "the file cannot be read").caused_by(cause))?;
        let Some(piece) = piece else { break };
        let record = &window.from(place)[..piece.bytes];
        if piece.verdict != Verdict::Blank {
            let fields = grammar.fields(grammar.content(record));
            records.push(Sampled {
                place,
                bytes: piece.bytes,
                line,
                lines: piece.lines,
                fields: fields.into_iter().map(|field| field.text.into_owned()).collect(),
                readable: matches!(piece.verdict, Verdict::Good { .. }),
            });
        }
        place += piece.bytes as u64;
        line += piece.lines;
    }
    Ok(records)
}

/// The lines of a sample, without the last one where the sample ends in its middle.
fn lines(text: &[u8], newline: u8) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(move |byte| *byte == newline)
        .map(|line| line.trim_ascii_end())
        .filter(|line| !line.is_empty())
        .take(SAMPLE_RECORDS)
}

/// The grammar under which the most records have the same number of fields.
fn best_grammar(text: &[u8], wanted: Wanted, newline: u8) -> Grammar {
    let quotes: Vec<Option<u8>> = match wanted.quote {
        Some(quote) => vec![quote],
        None if single_quoted(text, newline) => vec![Some(b'\'')],
        None => vec![Some(b'"')],
    };
    let delimiters: Vec<u8> = match wanted.delimiter {
        Some(delimiter) => vec![delimiter],
        None => DELIMITERS.iter().map(|(byte, _)| *byte).collect(),
    };
    let quote = quotes.first().copied().flatten();
    if let Some(delimiter) = wanted.delimiter {
        return Grammar { delimiter: Some(delimiter), quote, newline };
    }
    let mut best = (0.0, None);
    for delimiter in delimiters {
        let grammar = Grammar { delimiter: Some(delimiter), quote, newline };
        let score = consistency(text, &grammar);
        if score > best.0 {
            best = (score, Some(delimiter));
        }
    }
    Grammar { delimiter: best.1, quote, newline }
}

/// From 0 (not a delimiter) upward: the share of records of the most frequent width, times the logarithm of the width.
fn consistency(text: &[u8], grammar: &Grammar) -> f64 {
    /// Below this share of equally wide records it is punctuation rather than a delimiter.
    const ENOUGH: f64 = 0.5;
    let (mut widths, mut all, mut first): (HashMap<usize, u64>, u64, Option<usize>) = (HashMap::new(), 0, None);
    let mut decimal = [0_u64; 2];
    let mut rest = text;
    let mut is_lost = false;
    let mut before = None;
    while !rest.is_empty() && all < SAMPLE_RECORDS as u64 {
        let (record, after) = match grammar.split_loosely(rest) {
            Split::Record(end) => rest.split_at(end),
            Split::Line(end) if is_lost => rest.split_at(end),
            Split::Line(end) => match grammar.record(rest) {
                Some(Some(end)) => rest.split_at(end),
                // A value that is longer than the sample, or a quote that was lost: what was seen before speaks for the one,
                // what comes for the other.
                None => {
                    is_lost = true;
                    before = evenness(&widths, all).filter(|(width, _)| first == Some(*width));
                    rest.split_at(end)
                }
                Some(None) => rest.split_at(end),
            },
        };
        rest = after;
        let content = grammar.content(record);
        if content.is_empty() {
            continue;
        }
        let fields = grammar.fields(content);
        all += 1;
        first = first.or(Some(fields.len()));
        *widths.entry(fields.len()).or_default() += 1;
        if grammar.delimiter == Some(b',') {
            for three in content.windows(3).filter(|three| three[1] == b',') {
                decimal[usize::from(three[0].is_ascii_digit() && three[2].is_ascii_digit())] += 1;
            }
        }
    }
    let even = [before, evenness(&widths, all)].into_iter().flatten().max_by(|(_, a), (_, b)| a.total_cmp(b));
    let Some((width, share)) = even.filter(|(_, share)| *share >= ENOUGH) else { return 0.0 };
    // The line of names speaks for its delimiter; commas that all stand between digits are decimal commas.
    let named = if first == Some(width) { 1.1 } else { 1.0 };
    let prose = if decimal[1] > 9 * decimal[0] { 0.7 } else { 1.0 };
    share * share * ((width + 1) as f64).ln() * named * prose
}

/// The most frequent number of fields beyond one, and the share of the records that have it.
fn evenness(widths: &HashMap<usize, u64>, all: u64) -> Option<(usize, f64)> {
    let wide = widths.iter().filter(|(width, _)| **width > 1);
    let (width, count) = wide.max_by_key(|(width, count)| (**count, **width))?;
    Some((*width, *count as f64 / all as f64))
}

/// Whether fields are enclosed in single quotes: then fields that begin with one also end with one.
fn single_quoted(text: &[u8], newline: u8) -> bool {
    let (mut both, mut begun) = (0_u64, 0_u64);
    for line in lines(text, newline) {
        if memchr(b'"', line).is_some() {
            return false;
        }
        for field in line.split(|byte| matches!(byte, b';' | b'\t' | b'|' | b',')) {
            let begins = field.first() == Some(&b'\'') && field.len() > 1;
            begun += u64::from(begins);
            both += u64::from(begins && field.last() == Some(&b'\''));
        }
    }
    both >= 4 && both * 10 >= begun * 8
}

/// One column is the answer that a wrong guess gives too: says what speaks against it.
fn challenge(text: &[u8], newline: u8) -> Option<String> {
    let all = lines(text, newline).count().max(1);
    let (count, name) = DELIMITERS
        .iter()
        .map(|(byte, name)| (lines(text, newline).filter(|line| memchr(*byte, line).is_some()).count(), *name))
        .max_by_key(|(count, _)| *count)?;
    (count * 5 >= all).then(|| {
        format!(
            "read as one column, although {} % of the lines hold a {name}: set delimiter in the mapping if it is one",
            count * 100 / all
        )
    })
}

/// Where the first record of a sample ends, as far as a quick look tells.
enum Split {
    /// There.
    Record(usize),
    /// Its quotes are not closed within a few lines; its first line ends there.
    Line(usize),
}

impl Grammar {
    /// The first record of a sample, by whether its quotes are closed on its line or within a few lines more.
    fn split_loosely(&self, text: &[u8]) -> Split {
        let mut end = 0;
        let mut open = false;
        for line in text.split_inclusive(|byte| *byte == self.newline).take(20) {
            end += line.len();
            let quotes = self.quote.map_or(0, |quote| memchr::memchr_iter(quote, line).count());
            open ^= quotes % 2 == 1;
            if !open {
                return Split::Record(end);
            }
        }
        Split::Line(memchr(self.newline, text).map_or(text.len(), |at| at + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(text: &str) -> Layout {
        with(text, &EntityFiles::default()).expect("a layout")
    }

    fn with(text: &str, files: &EntityFiles) -> Result<Layout> {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::io::Write::write_all(&mut file, text.as_bytes()).expect("written");
        let mut window = Window::open(file.path(), text.len() as u64).expect("opened");
        window.load(0, text.len()).expect("read");
        detect(&mut window, 0, Encoding::Utf8, Wanted::of(files)?, &Canceller::default())
    }

    fn header(layout: &Layout) -> Vec<String> {
        layout.header.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
    }

    #[test]
    fn decimal_commas_are_no_delimiters() {
        let found = layout("code;prix\nA;1,50\nB;2,75\nC;3\n");
        assert_eq!(found.grammar.delimiter, Some(b';'));
        let found = layout("a;b;c\n1,5;2,5;3\n1,5;2,5;3\n1,5;2,5;3\n");
        assert_eq!((found.grammar.delimiter, found.width), (Some(b';'), 3));
        let found = layout("1,2,3\n4,5,6\n7,8,9\n");
        assert_eq!((found.grammar.delimiter, found.width), (Some(b','), 3));
    }

    #[test]
    fn every_usual_delimiter_is_found_and_an_unusual_one_can_be_said() {
        for delimiter in [';', ',', '\t', '|'] {
            let found = layout(&"code;nom;ville\nC1;Jean;Metz\nC2;Marie;Colmar\n".replace(';', &delimiter.to_string()));
            assert_eq!(found.grammar.delimiter, Some(delimiter as u8));
            assert_eq!(header(&found), ["code", "nom", "ville"]);
        }
        let files = EntityFiles { delimiter: Some("!".into()), ..EntityFiles::default() };
        assert_eq!(with("a!b\n1!2\n", &files).map(|found| found.width).ok(), Some(2));
        let files = EntityFiles { delimiter: Some("::".into()), ..EntityFiles::default() };
        assert!(with("a::b\n", &files).is_err());
        assert_eq!(layout("sep=|\na|b\n1|2\n").preamble, [b"sep=|".to_vec()]);
    }

    #[test]
    fn one_column_stays_one_column_and_is_challenged() {
        let found = layout("nom\nDupont\nMartin\n");
        assert_eq!((found.grammar.delimiter, found.width, found.notes.len()), (None, 1, 0));
        let found = layout("remarque\nun, deux\nrien\nun, deux, trois\nrien du tout\n");
        assert_eq!(found.width, 1);
        assert!(found.notes[0].contains("hold a comma"), "{:?}", found.notes);
        // One short row must not turn a file into one column.
        let found = layout("a;b;c\n1;2;3\n1\n4;5;6\n");
        assert_eq!((found.grammar.delimiter, found.width), (Some(b';'), 3));
    }

    #[test]
    fn values_of_many_lines_do_not_hide_the_delimiter() {
        let note = "une ligne\n".repeat(40);
        let found = layout(&format!("code;note\n1;\"{note}\"\n2;\"{note}\"\n"));
        assert_eq!((found.grammar.delimiter, found.width), (Some(b';'), 2));
        // Longer than the sample: the line of names is all that there is to go by.
        let found = layout(&format!("code;note\n1;\"{note}"));
        assert_eq!(found.grammar.delimiter, Some(b';'));
        let found = layout("code;nom\nC1;a;b\nC2\nC3;\"x\nC4;d\n");
        assert_eq!((found.grammar.delimiter, found.width), (Some(b';'), 2));
        // A quote that was lost takes no line with it.
        let rows = "1;a\n".repeat(40);
        let found = layout(&format!("Export\n1;\"a\n{rows}"));
        assert_eq!(found.grammar.delimiter, Some(b';'));
        let found = layout(&format!("Export\n1;\"a\n{rows}2;\"b\"\n"));
        assert_eq!(found.grammar.delimiter, Some(b';'));
    }

    #[test]
    fn single_quotes_are_found_and_apostrophes_are_not_quotes() {
        assert_eq!(layout("'a';'b'\n'1';'x;y'\n'2';'z'\n").grammar.quote, Some(b'\''));
        assert_eq!(layout("a;b\nl'an;'t veld\n'k;x\n").grammar.quote, Some(b'"'));
    }

    #[test]
    fn words_are_understood_again() {
        let dialect = Dialect {
            encoding: Encoding::Windows1252,
            grammar: Grammar { delimiter: Some(b'!'), quote: Some(b'\''), newline: b'\r' },
            header_line: 4,
        };
        let grammars = [dialect.grammar, Grammar { delimiter: None, quote: None, newline: b'\n' }];
        for grammar in grammars {
            let dialect = Dialect { grammar, ..dialect };
            assert_eq!(Dialect::parse(&dialect.words()), Some(dialect), "{}", dialect.words());
        }
    }
}
