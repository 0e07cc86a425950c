//! A part of a file in memory, and the pieces that it falls into: what is a row, what is none and why. Neighbour: [`super::records`],
//! which says where a record ends.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use memchr::{memchr, memchr_iter, memchr2};

use super::records::{Fed, Grammar, Scan};
use crate::model::Canceller;

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
}
