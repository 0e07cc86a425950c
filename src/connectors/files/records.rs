//! Splitting text into records: what is one, what is none, and where the next begins.
//!
//! The parse is memoryless at the beginning of a record: what follows depends only on the bytes from there on. That is
//! what lets [`super::survey`] split a file in many places at once and still get what a reading from start to end gets.
//!
//! The rules. Blank lines are not records. A quote opens a field only as its first byte; elsewhere it is itself. What
//! stands between a closing quote and the next separator makes the line unreadable. A quote that is never closed, or
//! not properly, costs the line it stands on and nothing after it.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use memchr::{memchr, memchr_iter, memchr2, memchr3};

use crate::model::Canceller;

/// How the records of a text are written. Every separator is one ASCII byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grammar {
    /// What separates fields; `None` for a text of one column.
    pub delimiter: Option<u8>,
    /// What encloses fields; `None` if nothing does.
    pub quote: Option<u8>,
    /// What ends lines: a line feed, before which a carriage return may stand, or a carriage return alone.
    pub newline: u8,
}

impl Grammar {
    /// The bytes without the line end.
    pub fn content<'b>(&self, record: &'b [u8]) -> &'b [u8] {
        let content = record.strip_suffix(&[self.newline]).unwrap_or(record);
        if self.newline == b'\n' { content.strip_suffix(b"\r").unwrap_or(content) } else { content }
    }

    /// The fields of a record without its line end.
    pub fn fields<'b>(&self, content: &'b [u8]) -> Vec<FieldText<'b>> {
        let mut fields = Vec::new();
        let mut rest = content;
        loop {
            let (field, end) = self.first_field(rest);
            fields.push(field);
            match end {
                Some(end) => rest = &rest[end..],
                None => return fields,
            }
        }
    }

    /// The first field, and where the next begins if there is one.
    fn first_field<'b>(&self, rest: &'b [u8]) -> (FieldText<'b>, Option<usize>) {
        let delimiter_from = |at: usize| self.delimiter.and_then(|delimiter| memchr(delimiter, &rest[at..]));
        if let (Some(quote), Some(first)) = (self.quote, rest.first())
            && *first == quote
        {
            let mut text = Vec::new();
            let mut at = 1;
            while let Some(found) = memchr(quote, &rest[at..]) {
                text.extend_from_slice(&rest[at..at + found]);
                at += found + 1;
                if rest.get(at) != Some(&quote) {
                    // What follows the closing quote up to the delimiter is only met in records that are rejected.
                    let next = delimiter_from(at);
                    text.extend_from_slice(&rest[at..next.map_or(rest.len(), |next| at + next)]);
                    return (FieldText { text: Cow::Owned(text), quoted: true }, next.map(|next| at + next + 1));
                }
                text.push(quote);
                at += 1;
            }
        }
        let end = delimiter_from(0);
        (FieldText { text: Cow::Borrowed(&rest[..end.unwrap_or(rest.len())]), quoted: false }, end.map(|end| end + 1))
    }

    /// Writes a record so that no field can be misread, and nothing about it changes.
    pub fn write(&self, fields: &[FieldText<'_>], separator: u8, out: &mut Vec<u8>) {
        let quote = self.quote.unwrap_or(b'"');
        for (n, field) in fields.iter().enumerate() {
            if n > 0 {
                out.push(separator);
            }
            let special = |byte: &u8| *byte == separator || *byte == quote || matches!(*byte, b'\n' | b'\r');
            if field.quoted || field.text.iter().any(special) {
                out.push(quote);
                for part in field.text.split_inclusive(|byte| *byte == quote) {
                    out.extend_from_slice(part);
                    if part.last() == Some(&quote) {
                        out.push(quote);
                    }
                }
                out.push(quote);
            } else {
                out.extend_from_slice(&field.text);
            }
        }
        out.push(b'\n');
    }
}

/// One field as its bytes stand, without its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldText<'b> {
    /// The bytes.
    pub text: Cow<'b, [u8]>,
    /// Whether it stood in quotes; an empty field that did is an empty text, one that did not is absent.
    pub quoted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Unquoted,
    Quoted,
    /// After a quote within a quoted field: it closes the field or doubles.
    Closing,
    /// After a carriage return behind a closed field.
    ClosingReturn,
}

impl Grammar {
    /// Where the first record of a text ends. None inside where its quotes contradict each other, none at all where it does
    /// not end within the text.
    pub fn record(&self, text: &[u8]) -> Option<Option<usize>> {
        match Scan::new().feed(self, text) {
            Fed::End(end) => Some(Some(end)),
            Fed::Broken => Some(None),
            Fed::More => None,
        }
    }
}

/// A record that is being read, a slice at a time.
#[derive(Debug, Clone)]
struct Scan {
    state: State,
    fields: usize,
    newlines: u64,
    stray: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fed {
    /// All bytes are taken and the record goes on.
    More,
    /// The record ended after so many bytes.
    End(usize),
    /// Something stands between a closing quote and the next separator.
    Broken,
}

impl Scan {
    fn new() -> Self {
        Scan { state: State::FieldStart, fields: 1, newlines: 0, stray: false }
    }

    fn feed(&mut self, grammar: &Grammar, bytes: &[u8]) -> Fed {
        // A delimiter that is the newline is never met as a delimiter.
        let delimiter = grammar.delimiter.unwrap_or(grammar.newline);
        let quote = grammar.quote.unwrap_or(grammar.newline);
        let mut at = 0;
        while at < bytes.len() {
            match self.state {
                State::FieldStart if Some(bytes[at]) == grammar.quote => {
                    self.state = State::Quoted;
                    at += 1;
                }
                State::FieldStart => self.state = State::Unquoted,
                State::Unquoted => {
                    let found = memchr3(grammar.newline, delimiter, quote, &bytes[at..]);
                    let text = &bytes[at..found.map_or(bytes.len(), |found| at + found)];
                    let Some(found) = found else {
                        self.stray |= self.bare_return(grammar, text.strip_suffix(b"\r").unwrap_or(text));
                        return Fed::More;
                    };
                    at += found + 1;
                    let byte = bytes[at - 1];
                    if byte == grammar.newline {
                        self.stray |= self.bare_return(grammar, text.strip_suffix(b"\r").unwrap_or(text));
                        return Fed::End(at);
                    }
                    self.stray |= self.bare_return(grammar, text);
                    if byte == delimiter {
                        self.fields += 1;
                        self.state = State::FieldStart;
                    } else {
                        self.stray = true;
                    }
                }
                State::Quoted => {
                    let found = memchr(quote, &bytes[at..]);
                    let end = found.map_or(bytes.len(), |found| at + found);
                    self.newlines += memchr_iter(grammar.newline, &bytes[at..end]).count() as u64;
                    at = end;
                    if found.is_some() {
                        self.state = State::Closing;
                        at += 1;
                    }
                }
                State::Closing => {
                    let byte = bytes[at];
                    at += 1;
                    if byte == quote {
                        self.state = State::Quoted;
                    } else if byte == grammar.newline {
                        return Fed::End(at);
                    } else if byte == delimiter {
                        self.fields += 1;
                        self.state = State::FieldStart;
                    } else if byte == b'\r' {
                        self.state = State::ClosingReturn;
                    } else {
                        return Fed::Broken;
                    }
                }
                State::ClosingReturn if bytes[at] == grammar.newline => return Fed::End(at + 1),
                State::ClosingReturn => return Fed::Broken,
            }
        }
        Fed::More
    }

    /// A carriage return in the middle of a field is text to us and the end of a line to DuckDB.
    fn bare_return(&self, grammar: &Grammar, text: &[u8]) -> bool {
        grammar.newline == b'\n' && memchr(b'\r', text).is_some()
    }

    /// Whether the text may end here.
    fn may_end(&self) -> bool {
        self.state != State::Quoted
    }
}

/// Why a record is no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    TooFew,
    TooMany,
    UnclosedQuote,
    TextAfterQuote,
    Undecodable,
    Truncated,
}

impl Reason {
    /// The words in tables and outputs.
    pub fn words(self) -> &'static str {
        match self {
            Reason::TooFew => "too few fields",
            Reason::TooMany => "too many fields",
            Reason::UnclosedQuote => "unclosed quote",
            Reason::TextAfterQuote => "text after closing quote",
            Reason::Undecodable => "undecodable bytes",
            Reason::Truncated => "truncated",
        }
    }
}

/// What a piece of text between two beginnings of records is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// An empty line.
    Blank,
    /// A record of the right width.
    Good {
        /// It holds something that DuckDB would read otherwise: a quote within an unquoted field, a bare carriage return.
        stray: bool,
        /// How DuckDB may look at its line ends.
        lines: Lines,
    },
    /// A record that is no row.
    Bad(Reason),
}

/// How a record lies over lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lines {
    /// On one line.
    One,
    /// On several, none of which could be taken for a record.
    Many,
    /// On several, and one of them looks like a record to who begins to read there.
    Deceptive,
}

/// A piece of the text: a record or a blank line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// How many bytes it has, with its line end.
    pub bytes: usize,
    /// How many lines it takes.
    pub lines: u64,
    /// Whether a line end closes it; otherwise the file ends there.
    pub closed: bool,
    /// What it is.
    pub verdict: Verdict,
}

/// A part of a file in memory, which grows as far as a record needs.
pub(super) struct Window {
    file: File,
    file_bytes: u64,
    base: u64,
    buf: Vec<u8>,
}

/// How much a window grows by at first; then it doubles.
const GROWTH: usize = 256 << 10;

impl Window {
    /// An empty window on a file of which `bytes` are read.
    pub fn open(path: &Path, bytes: u64) -> io::Result<Window> {
        Ok(Window { file: File::open(path)?, file_bytes: bytes, base: 0, buf: Vec::new() })
    }

    /// Moves the window.
    pub fn load(&mut self, from: u64, bytes: usize) -> io::Result<()> {
        self.base = from;
        self.buf.clear();
        self.append(bytes)
    }

    /// The bytes in the window from the given place in the file on.
    pub fn from(&self, place: u64) -> &[u8] {
        let at = place.checked_sub(self.base).and_then(|at| usize::try_from(at).ok()).unwrap_or(usize::MAX);
        self.buf.get(at..).unwrap_or(&[])
    }

    /// The place in the file at which the window ends.
    pub fn end(&self) -> u64 {
        self.base + self.buf.len() as u64
    }

    fn at_file_end(&self) -> bool {
        self.end() >= self.file_bytes
    }

    fn append(&mut self, bytes: usize) -> io::Result<()> {
        let wanted = self.file_bytes.saturating_sub(self.end()).min(bytes as u64);
        self.file.seek(SeekFrom::Start(self.end()))?;
        let got = (&mut self.file).take(wanted).read_to_end(&mut self.buf)? as u64;
        if got < wanted {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file became shorter while it was read"));
        }
        Ok(())
    }

    fn grow(&mut self) -> io::Result<bool> {
        if self.at_file_end() {
            return Ok(false);
        }
        self.append(self.buf.len().max(GROWTH))?;
        Ok(true)
    }

    /// The piece that begins at `place`, which is the beginning of a record; `None` at the end of the file.
    ///
    /// `width` is how many fields a row has; `None` takes any number.
    pub fn piece(
        &mut self,
        grammar: &Grammar,
        width: Option<usize>,
        place: u64,
        canceller: &Canceller,
    ) -> io::Result<Option<Piece>> {
        let mut looked = 0;
        let (line_bytes, closed) = loop {
            let rest = self.from(place);
            if let Some(at) = memchr(grammar.newline, &rest[looked..]) {
                break (looked + at + 1, true);
            }
            looked = rest.len();
            if !self.grow()? {
                if looked == 0 {
                    return Ok(None);
                }
                break (looked, false);
            }
        };
        let line = &self.from(place)[..line_bytes];
        let content = grammar.content(line);
        let on_one_line = |verdict| Piece { bytes: line_bytes, lines: 1, closed, verdict };
        if content.is_empty() {
            return Ok(Some(on_one_line(Verdict::Blank)));
        }
        if grammar.quote.is_none_or(|quote| memchr(quote, content).is_none()) {
            let fields = 1 + grammar.delimiter.map_or(0, |delimiter| memchr_iter(delimiter, content).count());
            let stray = grammar.newline == b'\n' && memchr(b'\r', content).is_some();
            return Ok(Some(on_one_line(judge(fields, width, closed, stray, Lines::One))));
        }
        let mut scan = Scan::new();
        match scan.feed(grammar, line) {
            Fed::End(_) => return Ok(Some(on_one_line(judge(scan.fields, width, closed, scan.stray, Lines::One)))),
            Fed::Broken => return Ok(Some(on_one_line(Verdict::Bad(Reason::TextAfterQuote)))),
            Fed::More if !closed && scan.may_end() => {
                return Ok(Some(on_one_line(judge(scan.fields, width, closed, scan.stray, Lines::One))));
            }
            Fed::More => {}
        }
        let unclosed = on_one_line(Verdict::Bad(if closed { Reason::UnclosedQuote } else { Reason::Truncated }));
        let Some((bytes, closed)) = self.rest_of_record(grammar, &mut scan, place, line_bytes, canceller)? else {
            return Ok(Some(unclosed));
        };
        let record = &self.from(place)[..bytes];
        let right = width.is_none_or(|width| scan.fields == width);
        if !right && width.is_some_and(|width| holds_a_row(grammar, width, &record[line_bytes..])) {
            // The quote swallowed rows: it is the quote that is wrong, not they.
            return Ok(Some(unclosed));
        }
        let lines = lines_of(grammar, scan.fields, grammar.content(record));
        let verdict = judge(scan.fields, width, closed, scan.stray, lines);
        Ok(Some(Piece { bytes, lines: 1 + scan.newlines, closed, verdict }))
    }

    /// Follows a record beyond its first line; `None` if its quote is never closed, or not properly. Looks ahead
    /// without keeping what it sees, so that a lost quote does not draw the whole file into memory.
    fn rest_of_record(
        &mut self,
        grammar: &Grammar,
        scan: &mut Scan,
        place: u64,
        first_line: usize,
        canceller: &Canceller,
    ) -> io::Result<Option<(usize, bool)>> {
        let rest = &self.from(place)[first_line..];
        let mut bytes = first_line + rest.len();
        match scan.feed(grammar, rest) {
            Fed::End(more) => return Ok(Some((first_line + more, true))),
            Fed::Broken => return Ok(None),
            Fed::More => {}
        }
        let mut block = vec![0; GROWTH];
        self.file.seek(SeekFrom::Start(self.end()))?;
        let mut left = self.file_bytes - self.end();
        let closed = loop {
            if left == 0 {
                if !scan.may_end() {
                    return Ok(None);
                }
                break false;
            }
            if canceller.is_cancelled() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let wanted = block.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            self.file.read_exact(&mut block[..wanted])?;
            left -= wanted as u64;
            match scan.feed(grammar, &block[..wanted]) {
                Fed::More => bytes += wanted,
                Fed::Broken => return Ok(None),
                Fed::End(more) => {
                    bytes += more;
                    break true;
                }
            }
        };
        let have = self.from(place).len();
        self.append(bytes.saturating_sub(have))?;
        Ok(Some((bytes, closed)))
    }

    /// The first beginning of a record at or after `place` that can be told by looking: three rows follow from there.
    /// Only a guess, for who verifies it; `None` where the window shows none.
    pub fn guess_start(&self, grammar: &Grammar, width: usize, place: u64) -> Option<u64> {
        /// How many line ends are tried.
        const TRIES: usize = 4096;
        let before = self.from(place.checked_sub(1)?);
        for at in memchr_iter(grammar.newline, before).take(TRIES) {
            if looks_like_rows(grammar, width, &before[at + 1..]) {
                return Some(place + at as u64);
            }
        }
        None
    }
}

/// Puts one record together out of the lines it stands on.
pub(super) struct RecordReader {
    grammar: Grammar,
    scan: Scan,
    record: Vec<u8>,
}

impl RecordReader {
    /// For a record that begins with the next line.
    pub fn new(grammar: Grammar) -> Self {
        RecordReader { grammar, scan: Scan::new(), record: Vec::new() }
    }

    /// Takes the next line with its end; whether the record is complete.
    pub fn push(&mut self, line: &[u8]) -> bool {
        self.record.extend_from_slice(line);
        self.scan.feed(&self.grammar, line) != Fed::More
    }

    /// The record without its line end.
    pub fn finish(self) -> Vec<u8> {
        self.grammar.content(&self.record).to_vec()
    }
}

fn judge(fields: usize, width: Option<usize>, closed: bool, stray: bool, lines: Lines) -> Verdict {
    match width {
        Some(width) if fields < width => Verdict::Bad(if closed { Reason::TooFew } else { Reason::Truncated }),
        Some(width) if fields > width => Verdict::Bad(Reason::TooMany),
        _ => Verdict::Good { stray, lines },
    }
}

/// Whether some line of the text is a row by itself.
fn holds_a_row(grammar: &Grammar, width: usize, text: &[u8]) -> bool {
    /// How far is looked: enough lines to tell, little enough to ask at every lost quote.
    const REACH: usize = 1 << 20;
    let text = &text[..text.len().min(REACH)];
    text.split_inclusive(|byte| *byte == grammar.newline).any(|line| {
        let mut scan = Scan::new();
        matches!(scan.feed(grammar, line), Fed::End(_)) && scan.fields == width && !scan.stray
    })
}

fn looks_like_rows(grammar: &Grammar, width: usize, text: &[u8]) -> bool {
    let mut rest = text;
    for n in 0..3 {
        while let [byte, after @ ..] = rest
            && (*byte == grammar.newline || *byte == b'\r')
        {
            rest = after;
        }
        let mut scan = Scan::new();
        match scan.feed(grammar, rest) {
            Fed::End(bytes) if scan.fields == width && !scan.stray => rest = &rest[bytes..],
            // The window ends in the middle of a row.
            Fed::More => return n > 0,
            _ => return false,
        }
    }
    true
}

/// DuckDB's parallel reader begins in the middle of a file wherever a line looks like a row to it.
fn lines_of(grammar: &Grammar, width: usize, content: &[u8]) -> Lines {
    let mut lines = content.split(|byte| *byte == b'\n' || *byte == b'\r').skip(1).peekable();
    while let Some(line) = lines.next() {
        let delimiters = grammar.delimiter.map_or(0, |delimiter| memchr_iter(delimiter, line).count());
        let is_last = lines.peek().is_none();
        let quiet = match (grammar.delimiter, grammar.quote) {
            (Some(delimiter), Some(quote)) => memchr2(delimiter, quote, line).is_none(),
            _ => false,
        };
        if is_last && delimiters + 1 == width || !is_last && !quiet {
            return Lines::Deceptive;
        }
    }
    Lines::Many
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRAMMAR: Grammar = Grammar { delimiter: Some(b';'), quote: Some(b'"'), newline: b'\n' };

    fn pieces(text: &str, width: usize) -> Vec<(String, Verdict)> {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::io::Write::write_all(&mut file, text.as_bytes()).expect("written");
        let mut window = Window::open(file.path(), text.len() as u64).expect("opened");
        let mut found = Vec::new();
        let mut place = 0;
        while let Some(piece) = window.piece(&GRAMMAR, Some(width), place, &Canceller::default()).expect("read") {
            let from = usize::try_from(place).expect("small");
            found.push((text[from..from + piece.bytes].to_owned(), piece.verdict));
            place += piece.bytes as u64;
        }
        found
    }

    const GOOD: Verdict = Verdict::Good { stray: false, lines: Lines::One };

    fn bad(text: &str, reason: Reason) -> (String, Verdict) {
        (text.to_owned(), Verdict::Bad(reason))
    }

    #[test]
    fn a_lost_quote_costs_its_own_line_and_nothing_after_it() {
        let text = "1;a\n2;\"b\n3;c\n4;\"d\"\n5;e\n";
        let found = pieces(text, 2);
        assert_eq!(found[1], bad("2;\"b\n", Reason::UnclosedQuote));
        assert_eq!(found.iter().filter(|(_, verdict)| *verdict == GOOD).count(), 4);
        // No quote ever follows.
        assert_eq!(pieces("1;\"a\n2;b\n3;c\n", 2)[0], bad("1;\"a\n", Reason::UnclosedQuote));
        // A later quote happens to close it before a delimiter, but the record has the wrong width and held rows.
        assert_eq!(pieces("1;\"a\n2;b\n3;c\";x\n4;d\n", 2)[0], bad("1;\"a\n", Reason::UnclosedQuote));
    }

    #[test]
    fn a_record_of_several_lines_is_one_piece() {
        let found = pieces("1;\"a\nb\r\nc\"\n2;b\n", 2);
        assert_eq!(found[0], ("1;\"a\nb\r\nc\"\n".to_owned(), Verdict::Good { stray: false, lines: Lines::Many }));
        let found = pieces("1;\"a\nx;y\nc\"\n2;b\n", 2);
        assert!(matches!(found[0].1, Verdict::Good { lines: Lines::Deceptive, .. }));
    }

    #[test]
    fn every_reason_is_told_apart() {
        assert_eq!(pieces("1\n", 2), [bad("1\n", Reason::TooFew)]);
        assert_eq!(pieces("1;2;3\n", 2), [bad("1;2;3\n", Reason::TooMany)]);
        assert_eq!(pieces("\"1\"x;2\n", 2), [bad("\"1\"x;2\n", Reason::TextAfterQuote)]);
        assert_eq!(pieces("1;2\n3", 2)[1], bad("3", Reason::Truncated));
        assert_eq!(pieces("1;2\n3;\"4", 2)[1], bad("3;\"4", Reason::Truncated));
        assert_eq!(pieces("1;2\n\n3;4", 2).iter().filter(|(_, verdict)| *verdict == GOOD).count(), 2);
    }

    #[test]
    fn a_quote_within_a_field_is_itself_and_is_written_so_that_it_stays() {
        let content = b"1;6\" pipe;\"\";;\"say \"\"hi\"\"\"";
        let fields = GRAMMAR.fields(content);
        let texts: Vec<_> = fields.iter().map(|field| String::from_utf8_lossy(&field.text).into_owned()).collect();
        assert_eq!(texts, ["1", "6\" pipe", "", "", "say \"hi\""]);
        let mut out = Vec::new();
        GRAMMAR.write(&fields, b';', &mut out);
        assert_eq!(String::from_utf8_lossy(&out), "1;\"6\"\" pipe\";\"\";;\"say \"\"hi\"\"\"\n");
    }
}
