//! Splitting text into records: what is one, what is none, and where the next begins.
//!
//! The parse is memoryless at the beginning of a record: what follows depends only on the bytes from there on. That is
//! what lets [`super::survey`] split a file in many places at once and still get what a reading from start to end gets.
//!
//! The rules. Blank lines are not records. A quote opens a field only as its first byte; elsewhere it is itself. What
//! stands between a closing quote and the next separator makes the line unreadable. A quote that is never closed, or
//! not properly, costs the line it stands on and nothing after it.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter, memchr3};

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
pub(super) struct Scan {
    state: State,
    /// How many fields there are so far.
    pub fields: usize,
    /// How many line ends stand within it.
    pub newlines: u64,
    /// Whether it holds something that DuckDB would read otherwise.
    pub stray: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fed {
    /// All bytes are taken and the record goes on.
    More,
    /// The record ended after so many bytes.
    End(usize),
    /// Something stands between a closing quote and the next separator.
    Broken,
}

impl Scan {
    pub fn new() -> Self {
        Scan { state: State::FieldStart, fields: 1, newlines: 0, stray: false }
    }

    pub fn feed(&mut self, grammar: &Grammar, bytes: &[u8]) -> Fed {
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
    pub fn may_end(&self) -> bool {
        self.state != State::Quoted
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

#[cfg(test)]
mod tests {
    use super::*;

    const GRAMMAR: Grammar = Grammar { delimiter: Some(b';'), quote: Some(b'"'), newline: b'\n' };

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
