//! Reading a whole text once, with several threads, before DuckDB gets it: counts records, keeps what is no row, and
//! writes a clean copy where the file itself cannot be handed on.
//!
//! Every thread begins somewhere in the middle and guesses where a record begins. The guesses are verified: a piece
//! counts only if it begins exactly where the piece before it ended, and is read again from there if it does not. Since
//! the parse is memoryless at the beginning of a record, the result is that of a reading from start to end.

use std::fs::File;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, PoisonError, mpsc};

use memchr::memchr;

use super::encoding::Encoding;
use super::records::Grammar;
use super::watching::Teller;
use super::window::{Lines, Reason, Verdict, Window};
use crate::connectors::LineMark;
use crate::error::{Error, Kind, Result};
use crate::model::{Canceller, Reject};

/// What separates fields in a text of one column: a byte that is hardly ever text. A record that holds it is quoted.
pub(super) const NO_DELIMITER: u8 = 0x1F;

/// What is read, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job<'a> {
    /// The text; bytes in an encoding whose separators are single bytes.
    pub path: &'a Path,
    /// Its length.
    pub bytes: u64,
    /// Where its first record begins.
    pub from: u64,
    /// The line on which that is, counted from 1.
    pub line: u64,
    /// How records are written.
    pub grammar: Grammar,
    /// How many fields a row has.
    pub width: usize,
    /// What the bytes stand for.
    pub encoding: Encoding,
    /// Stop at the first record that cannot be decoded: the encoding is only a guess.
    pub undecided: bool,
    /// The name under which rejects are kept.
    pub name: &'a str,
}

/// How the work is cut up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Threads beside the one that collects.
    pub threads: usize,
    /// Bytes per piece of work.
    pub chunk: u64,
}

impl Pace {
    /// All cores, in pieces that are read in a few milliseconds, so that a cancel is heard at once.
    pub fn of_this_machine() -> Pace {
        let threads = std::thread::available_parallelism().map_or(4, usize::from).min(16);
        Pace { threads, chunk: 4 << 20 }
    }
}

/// What a reading found.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Survey {
    /// Records that are rows.
    pub rows: u64,
    /// Records that are none.
    pub rejects: Vec<Reject>,
    /// The way from rows (from 1 within the file) to lines and bytes of the text.
    pub marks: Vec<LineMark>,
    /// What matters to who hands the text to DuckDB.
    pub traits: Traits,
    /// Whether the reading stopped because the text is not in the encoding that was guessed.
    pub misread: bool,
}

/// What there is in a text that DuckDB reads in another way than we do, or needs to be told of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Traits {
    /// Lines that end in a line feed (or a carriage return, where that ends lines).
    pub bare_ends: u64,
    /// Lines that end in a carriage return and a line feed.
    pub return_ends: u64,
    /// Blank lines.
    pub blanks: u64,
    /// Records with a quote or a carriage return where DuckDB does not expect it.
    pub strays: u64,
    /// Whether quotes occur at all.
    pub quotes: bool,
    /// Whether records of several lines occur, and of which sort.
    pub several_lines: bool,
    /// Whether some of them could mislead who begins to read in their middle.
    pub deceptive: bool,
    /// Bytes of the longest record.
    pub longest: u64,
}

impl Traits {
    fn and(self, other: Traits) -> Traits {
        Traits {
            bare_ends: self.bare_ends + other.bare_ends,
            return_ends: self.return_ends + other.return_ends,
            blanks: self.blanks + other.blanks,
            strays: self.strays + other.strays,
            quotes: self.quotes || other.quotes,
            several_lines: self.several_lines || other.several_lines,
            deceptive: self.deceptive || other.deceptive,
            longest: self.longest.max(other.longest),
        }
    }

    /// Counts the end of a line.
    pub fn line_end(&mut self, grammar: &Grammar, line: &[u8]) {
        if line.last() == Some(&grammar.newline) {
            let with_return = grammar.newline == b'\n' && line.ends_with(b"\r\n");
            self.return_ends += u64::from(with_return);
            self.bare_ends += u64::from(!with_return);
        } else if line.last() == Some(&b'\r') {
            self.return_ends += 1;
        }
    }
}

/// What a thread found between two places. Rows and lines are counted from 0 at its start.
#[derive(Debug, Default)]
struct Chunk {
    start: u64,
    end: u64,
    rows: u64,
    lines: u64,
    rejects: Vec<(u64, Reason, String)>,
    marks: Vec<Mark>,
    traits: Traits,
    clean: Vec<u8>,
    misread: bool,
}

/// From the row `row` on, the line is that many after it.
#[derive(Debug)]
struct Mark {
    row: u64,
    line: u64,
    byte: u64,
}

/// Reads the text. With `clean`, the rows are written there as UTF-8 that DuckDB reads in exactly one way; `Teller` is
/// told the bytes.
pub(super) fn survey(job: &Job, pace: Pace, mut clean: Option<&mut File>, teller: &Teller) -> Result<Survey> {
    let chunk_bytes = pace.chunk.max(1);
    let chunks = job.bytes.saturating_sub(job.from).div_ceil(chunk_bytes);
    let bounds = |n: u64| (job.from + n * chunk_bytes, (job.from + (n + 1) * chunk_bytes).min(job.bytes));
    let threads = u64::try_from(pace.threads).unwrap_or(1).clamp(1, chunks.max(1));
    let copies = clean.is_some();
    let canceller = teller.canceller();

    let (tickets, to_do) = mpsc::channel::<u64>();
    let (done, outcomes) = mpsc::channel::<(u64, io::Result<Option<Chunk>>)>();
    let to_do = Mutex::new(to_do);

    std::thread::scope(|scope| {
        let to_do = &to_do;
        for _ in 0..threads {
            let done = done.clone();
            scope.spawn(move || {
                let mut window = None;
                loop {
                    let ticket = to_do.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(n) = ticket else { return };
                    // Every ticket is answered, or the one that collects would wait for ever.
                    let read = || work(job, bounds(n), None, copies, &mut window, canceller);
                    let outcome = catch_unwind(AssertUnwindSafe(read))
                        .unwrap_or_else(|_| Err(io::Error::other("the thread that read it has panicked")));
                    if done.send((n, outcome)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(done);

        // Dropping the tickets on any way out is what ends the threads.
        let tickets = tickets;
        let ahead = 2 * threads;
        let mut issued = 0;
        let mut waiting: Vec<(u64, Option<Chunk>)> = Vec::new();
        let mut whole = Whole::new(job);
        let mut own_window = None;
        for n in 0..chunks {
            while issued < chunks && issued < n + ahead {
                // A thread is always there to take it; if all had died, the wait below would say so.
                let _ = tickets.send(issued);
                issued += 1;
            }
            let guessed = loop {
                if let Some(at) = waiting.iter().position(|(which, _)| *which == n) {
                    break waiting.swap_remove(at).1;
                }
                let (which, outcome) =
                    outcomes.recv().map_err(|_| Error::internal("the threads that read a file are gone"))?;
                waiting.push((which, outcome.map_err(|cause| read_error(job.path, cause))?));
            };
            let (_, limit) = bounds(n);
            canceller.check()?;
            if whole.end < limit {
                let chunk = match guessed {
                    Some(chunk) if chunk.start == whole.end => chunk,
                    _ => work(job, bounds(n), Some(whole.end), copies, &mut own_window, canceller)
                        .map_err(|cause| read_error(job.path, cause))?
                        .ok_or_else(|| Error::internal("a known beginning of a record was not taken"))?,
                };
                if chunk.misread {
                    whole.survey.misread = true;
                    return Ok(whole.survey);
                }
                if let Some(file) = clean.as_deref_mut() {
                    file.write_all(&chunk.clean)
                        .map_err(|cause| Error::io("a temporary copy cannot be written", job.path, cause))?;
                }
                whole.add(chunk);
            }
            teller.tell(whole.end);
        }
        Ok(whole.survey)
    })
}

/// A failure to read as one of ours.
pub(super) fn read_error(path: &Path, cause: io::Error) -> Error {
    match cause.kind() {
        io::ErrorKind::Interrupted => Error::interrupted(),
        io::ErrorKind::UnexpectedEof => Error::new(Kind::Source, "the file became shorter while it was read")
            .at_file(path)
            .hint("wait until the export is finished and load again"),
        _ => Error::io("the file cannot be read", path, cause),
    }
}

/// The chunks joined, with rows and lines counted from the beginning of the file.
struct Whole<'a> {
    job: &'a Job<'a>,
    survey: Survey,
    end: u64,
    line: u64,
    shift: Option<i64>,
}

impl<'a> Whole<'a> {
    fn new(job: &'a Job<'a>) -> Self {
        Whole { job, survey: Survey::default(), end: job.from, line: job.line, shift: None }
    }

    fn add(&mut self, chunk: Chunk) {
        for (n, mark) in chunk.marks.iter().enumerate() {
            let row = self.survey.rows + mark.row + 1;
            let shift = (self.line + mark.line) as i64 - row as i64;
            // One at the head of every chunk, so that a record is found without reading the whole file.
            if n == 0 || self.shift != Some(shift) {
                self.survey.marks.push(LineMark { row, shift, byte: mark.byte });
                self.shift = Some(shift);
            }
        }
        let (name, line) = (self.job.name, self.line);
        self.survey.rejects.extend(chunk.rejects.into_iter().map(|(at, reason, raw)| Reject {
            file: name.to_owned(),
            line: line + at,
            reason: reason.words().to_owned(),
            raw,
        }));
        self.survey.rows += chunk.rows;
        self.survey.traits = self.survey.traits.and(chunk.traits);
        self.line += chunk.lines;
        self.end = chunk.end;
    }
}

/// Reads the records that begin within the bounds: from `start` where that is known, else from where one seems to begin.
fn work(
    job: &Job,
    (from, limit): (u64, u64),
    start: Option<u64>,
    copies: bool,
    window: &mut Option<Window>,
    canceller: &Canceller,
) -> io::Result<Option<Chunk>> {
    if canceller.is_cancelled() {
        return Err(io::ErrorKind::Interrupted.into());
    }
    let window = match window {
        Some(window) => window,
        None => window.insert(Window::open(job.path, job.bytes)?),
    };
    // A record that crosses the limit mostly ends within the slack.
    const SLACK: u64 = 16 << 10;
    let start = if from == job.from { Some(from) } else { start };
    let head = start.unwrap_or_else(|| from.saturating_sub(1));
    window.load(head, usize::try_from(limit + SLACK - head.min(limit)).unwrap_or(usize::MAX))?;
    let Some(start) = start.or_else(|| window.guess_start(&job.grammar, job.width, from)) else {
        return Ok(None);
    };
    let mut chunk = Chunk { start, end: start, ..Chunk::default() };
    chunk.traits.quotes = job.grammar.quote.is_some_and(|quote| memchr(quote, window.from(start)).is_some());
    let mut decodable = Decodable { encoding: job.encoding, up_to: start, each: false };
    let mut ahead = None;
    let mut last_check = start;
    while chunk.end < limit {
        if chunk.end - last_check > 1 << 20 {
            last_check = chunk.end;
            if canceller.is_cancelled() {
                return Err(io::ErrorKind::Interrupted.into());
            }
        }
        let Some(piece) = window.piece(&job.grammar, Some(job.width), chunk.end, canceller)? else {
            break;
        };
        let rest = window.from(chunk.end);
        let record = &rest[..piece.bytes];
        let content = job.grammar.content(record);
        chunk.traits.line_end(&job.grammar, record);
        let verdict = match piece.verdict {
            Verdict::Blank => Verdict::Blank,
            _ if !decodable.holds(chunk.end, record.len(), rest) => {
                if job.undecided {
                    chunk.misread = true;
                    return Ok(Some(chunk));
                }
                Verdict::Bad(Reason::Undecodable)
            }
            verdict => verdict,
        };
        match verdict {
            Verdict::Blank => chunk.traits.blanks += 1,
            Verdict::Bad(reason) => chunk.rejects.push((chunk.lines, reason, job.encoding.show(content))),
            Verdict::Good { stray, lines } => {
                let now_ahead = chunk.lines.saturating_sub(chunk.rows);
                if ahead.replace(now_ahead) != Some(now_ahead) {
                    chunk.marks.push(Mark { row: chunk.rows, line: chunk.lines, byte: chunk.end });
                }
                let stray = stray || job.grammar.delimiter.is_none() && memchr(NO_DELIMITER, content).is_some();
                chunk.traits.strays += u64::from(stray);
                chunk.traits.several_lines |= lines > Lines::One;
                chunk.traits.deceptive |= lines == Lines::Deceptive;
                chunk.traits.longest = chunk.traits.longest.max(record.len() as u64);
                chunk.rows += 1;
                if copies {
                    if stray || job.grammar.quote.is_none() && memchr(b'"', content).is_some() {
                        let separator = job.grammar.delimiter.unwrap_or(NO_DELIMITER);
                        job.grammar.write(&job.grammar.fields(content), separator, &mut chunk.clean);
                    } else {
                        chunk.clean.extend_from_slice(content);
                        chunk.clean.push(b'\n');
                    }
                }
            }
        }
        chunk.lines += piece.lines;
        chunk.end += piece.bytes as u64;
    }
    chunk.clean = job.encoding.to_utf8(std::mem::take(&mut chunk.clean));
    Ok(Some(chunk))
}

/// Whether records can be decoded: asked for a whole window at once while all is well, for each record after that.
struct Decodable {
    encoding: Encoding,
    up_to: u64,
    each: bool,
}

impl Decodable {
    fn holds(&mut self, place: u64, length: usize, rest: &[u8]) -> bool {
        let end = place + length as u64;
        if end <= self.up_to {
            return true;
        }
        if !self.each {
            self.up_to = place + self.encoding.decodable_up_to(rest) as u64;
            if end <= self.up_to {
                return true;
            }
            self.each = true;
        }
        self.encoding.decodable_up_to(&rest[..length]) == length
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::Watch;

    /// A small generator of numbers that are always the same (SplitMix64).
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, n: u64) -> u64 {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            (z ^ (z >> 31)) % n
        }
    }

    fn read(text: &[u8], grammar: Grammar, width: usize, pace: Pace) -> (Survey, Vec<u8>) {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(text).expect("written");
        let job = Job {
            path: file.path(),
            bytes: text.len() as u64,
            from: 0,
            line: 1,
            grammar,
            width,
            encoding: Encoding::Utf8,
            undecided: false,
            name: "f.csv",
        };
        let mut copy = tempfile::NamedTempFile::new().expect("a temporary file");
        let canceller = Canceller::default();
        let watch = Watch { progress: &|_| (), canceller: &canceller };
        let teller = Teller::new(&watch, "read f.csv", text.len() as u64);
        let found = survey(&job, pace, Some(copy.as_file_mut()), &teller).expect("read");
        (found, std::fs::read(copy.path()).expect("read back"))
    }

    #[test]
    fn many_threads_on_tiny_pieces_find_what_one_reading_finds() {
        let parts: [&[u8]; 16] = [
            b"a",
            b"1",
            b";",
            b";",
            b";",
            b"\n",
            b"\n",
            b"\r\n",
            b"\"",
            b"\"",
            b"\"\"",
            b"x;y\n",
            b"\"a\nb\";c\n",
            b"\r",
            b"\xE9",
            b"\xC3\xA9",
        ];
        for seed in 0..400 {
            let mut numbers = Numbers(seed);
            let length = numbers.below(120);
            let text: Vec<u8> =
                (0..length).flat_map(|_| parts[numbers.below(parts.len() as u64) as usize].to_vec()).collect();
            let grammar = Grammar {
                delimiter: (seed % 7 != 0).then_some(b';'),
                quote: (seed % 11 != 0).then_some(b'"'),
                newline: if seed % 13 == 0 { b'\r' } else { b'\n' },
            };
            let width = if grammar.delimiter.is_some() { 1 + numbers.below(3) as usize } else { 1 };
            let (whole, whole_copy) = read(&text, grammar, width, Pace { threads: 1, chunk: u64::MAX >> 1 });
            for chunk in [1, 3, 16] {
                let (cut, cut_copy) = read(&text, grammar, width, Pace { threads: 3, chunk });
                let shown = String::from_utf8_lossy(&text);
                assert_eq!(cut_copy, whole_copy, "seed {seed} chunk {chunk}: {shown:?}");
                assert_eq!(
                    (cut.rows, &cut.rejects),
                    (whole.rows, &whole.rejects),
                    "seed {seed} chunk {chunk}: {shown:?}"
                );
                let line_of = |survey: &Survey, row: u64| {
                    let mark = survey.marks.iter().rev().find(|mark| mark.row <= row).expect("a mark before every row");
                    row as i64 + mark.shift
                };
                for row in 1..=whole.rows {
                    assert_eq!(line_of(&cut, row), line_of(&whole, row), "seed {seed} row {row}: {shown:?}");
                }
            }
        }
    }

    #[test]
    fn marks_lead_to_the_line_and_the_byte_of_a_row() {
        let text = b"1;a\n\n2;b\nbad\n3;\"c\nd\"\n4;e\n";
        let grammar = Grammar { delimiter: Some(b';'), quote: Some(b'"'), newline: b'\n' };
        let (found, copy) = read(text, grammar, 2, Pace { threads: 1, chunk: 1 << 20 });
        let marks: Vec<_> = found.marks.iter().map(|mark| (mark.row, mark.shift, mark.byte)).collect();
        assert_eq!(marks, [(1, 0, 0), (2, 1, 5), (3, 2, 13), (4, 3, 21)]);
        assert_eq!(found.rejects[0].line, 4);
        assert_eq!(copy, b"1;a\n2;b\n3;\"c\nd\"\n4;e\n");
    }
}
