//! One text file from its bytes to staged rows: how it is encoded and written, what in it is a record, and which text
//! DuckDB gets to stage.

use std::fs::File;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Staged;
use super::dialect::{self, Dialect, Layout, Wanted};
use super::encoding::{self, Encoding, Weight};
use super::staging::{self, Regular};
use super::survey::{self, Job, Pace, Survey, read_error};
use super::unpack::{self, Readable};
use super::watching::Teller;
use super::window::Window;
use crate::connectors::{Target, Watch};
use crate::error::{Error, Result};
use crate::model::EntityFiles;

/// A text file of which it is known how it is written.
pub(super) struct Text {
    readable: Readable,
    /// What stands where.
    pub layout: Layout,
    encoding: Encoding,
    /// The encoding is a guess from the beginning of the file.
    undecided: bool,
}

/// How much of a file's beginning is looked at to tell how it is written; more where records are longer.
const SAMPLE: usize = 1 << 20;

impl Text {
    /// Tells how the file is written; `None` if there is nothing in it.
    pub fn open(
        readable: Readable,
        name: &str,
        files: &EntityFiles,
        temp_dir: &Path,
        watch: &Watch,
    ) -> Result<Option<Text>> {
        let wanted = Wanted::of(files)?;
        let declared = files.encoding.as_deref().map(Encoding::parse).transpose()?;
        let head = Window::of(&readable, SAMPLE)?;
        if let Some(error) = disguise(head.from(0)) {
            return Err(error);
        }
        let certain = encoding::certain(head.from(0));
        let (encoding, undecided) = match (declared, certain) {
            (Some(declared), _) => (declared, false),
            (None, Some((certain, _))) => (certain, false),
            (None, None) => (Encoding::Utf8, true),
        };
        // A byte order mark is no text, whatever else was declared.
        let mut start =
            certain.filter(|(mark, _)| *mark == encoding || !encoding.is_utf16()).map_or(0, |(_, mark)| mark) as u64;
        let readable = if encoding.is_utf16() {
            let teller = Teller::new(watch, format!("decode {name}"), readable.bytes);
            let rewritten = readable.utf16_as_utf8(encoding, start, temp_dir, &teller)?;
            start = 0;
            rewritten
        } else {
            readable
        };
        let mut head = Window::of(&readable, SAMPLE)?;
        // What the beginning leaves open is told by the whole text, now or when the first record cannot be decoded.
        let (encoding, undecided) = match Weight::of(whole_characters(head.from(start))) {
            weight if !undecided || weight.invalid == 0 => (encoding, undecided),
            weight if weight.is_plain() => (weight.verdict(), false),
            _ => (weigh(&readable, start, watch)?, false),
        };
        let layout = dialect::detect(&mut head, start, encoding, wanted, watch.canceller)?;
        let nothing = layout.header.is_empty() && layout.from >= readable.bytes;
        Ok((!nothing).then_some(Text { readable, layout, encoding, undecided }))
    }

    /// The names as they stand.
    pub fn header(&self) -> Vec<String> {
        self.layout.header.iter().map(|name| self.encoding.show(name)).collect()
    }

    /// What stands above the names, line by line.
    pub fn preamble(&self) -> Vec<String> {
        self.layout.preamble.iter().map(|line| self.encoding.show(line)).collect()
    }

    /// Reads every record and stages those that are rows.
    pub fn stage(mut self, name: &str, into: &staging::Into, target: &Target, watch: &Watch) -> Result<Staged> {
        let mut notes = Vec::new();
        let teller = Teller::new(watch, format!("read {name}"), self.readable.bytes);
        let as_it_stands = self.encoding != Encoding::Windows1252
            && self.encoding != Encoding::Latin1
            && self.layout.plain_head
            && staging::can_open(&self.readable.path);
        let fresh = || unpack::temporary(target.temp_dir);
        let mut copy = if as_it_stands { None } else { Some(fresh()?) };
        let mut found = loop {
            let job = Job {
                path: &self.readable.path,
                bytes: self.readable.bytes,
                from: self.layout.from,
                line: self.layout.line,
                grammar: self.layout.grammar,
                width: self.layout.width,
                encoding: self.encoding,
                undecided: self.undecided,
                name,
            };
            let clean: Option<&mut File> = copy.as_mut().map(tempfile::NamedTempFile::as_file_mut);
            let found = survey::survey(&job, Pace::of_this_machine(), clean, &teller)?;
            if found.misread {
                self.encoding = weigh(&self.readable, 0, watch)?;
                self.undecided = false;
            } else if copy.is_some() || self.duckdb_reads_alike(&found) {
                break found;
            }
            copy = Some(fresh()?);
        };
        self.readable.places_in_file(&mut found.marks)?;
        if found.rejects.iter().any(|reject| reject.reason == "undecodable bytes") && self.encoding == Encoding::Utf8 {
            notes.push(
                "some records are not the UTF-8 that the others are; set encoding in the mapping if it is another"
                    .to_owned(),
            );
        }
        let grammar = self.layout.grammar;
        let traits = found.traits;
        let regular = Regular {
            path: copy.as_ref().map_or(self.readable.path.as_path(), |copy| copy.path()),
            skip: if copy.is_some() { 0 } else { self.layout.line - 1 },
            delimiter: grammar.delimiter,
            quote: match &copy {
                Some(_) => grammar.quote.or(Some(b'"')),
                None => grammar.quote.filter(|_| traits.quotes),
            },
            width: self.layout.width,
            longest: traits.longest,
            feeds: copy.is_some() || traits.return_ends + self.layout.head.return_ends == 0,
            parallel: !traits.several_lines || !traits.deceptive && traits.longest < LONG,
        };
        let teller = Teller::of_rows(watch, format!("stage {name}"), found.rows);
        let staged = if found.rows == 0 { 0 } else { staging::insert(target.store, &regular, into, &teller)? };
        let dialect = Dialect { encoding: self.encoding, grammar, header_line: self.layout.header_line };
        Ok(Staged {
            rows: found.rows,
            rejects: found.rejects,
            marks: found.marks,
            dialect: dialect.words(),
            notes,
            staged,
        })
    }

    /// Whether DuckDB, told the dialect, finds in the file itself the very rows that were found here.
    fn duckdb_reads_alike(&self, found: &Survey) -> bool {
        let traits = found.traits;
        let bare = traits.bare_ends + self.layout.head.bare_ends;
        let with_return = traits.return_ends + self.layout.head.return_ends;
        // It wants one sort of line end, and finds out which from the first that it meets.
        let first_is_an_end = self.layout.line > 1 || !traits.several_lines;
        let even_ends = self.layout.grammar.newline == b'\n' && (with_return == 0 || bare == 0 && first_is_an_end);
        // It takes a blank line for an absent value where there is one column.
        let no_blanks = self.layout.width > 1 || traits.blanks == 0;
        found.rejects.is_empty() && traits.strays == 0 && even_ends && no_blanks
    }
}

/// From this length of a record on, one thread reads a text with records of several lines: DuckDB's threads begin
/// every few megabytes and look for a row there.
const LONG: u64 = 1 << 20;

impl Window {
    /// The beginning of a text, at least one record and a bit.
    fn of(readable: &Readable, bytes: usize) -> Result<Window> {
        let unreadable = |cause| read_error(&readable.path, cause);
        let mut window = Window::open(&readable.path, readable.bytes).map_err(unreadable)?;
        window.load(0, bytes).map_err(unreadable)?;
        Ok(window)
    }
}

/// A workbook or a packed file under the name of a text would load as nothing but rejects.
fn disguise(head: &[u8]) -> Option<Error> {
    let (what, ending) = match head {
        [b'P', b'K', 3, 4, ..] => ("a workbook (or another zip archive)", ".xlsx or .ods"),
        [0xD0, 0xCF, 0x11, 0xE0, ..] => ("an old Excel workbook", ".xls"),
        [0x1F, 0x8B, ..] => ("a file packed with gzip", ".gz"),
        _ => return None,
    };
    Some(Error::source(format!("this is {what} under the name of a text file")).hint(format!("rename it to {ending}")))
}

/// A sample may end in the middle of a character.
fn whole_characters(sample: &[u8]) -> &[u8] {
    let last = sample.iter().rposition(|byte| !(0x80..0xC0).contains(byte)).unwrap_or(0);
    match sample.get(last) {
        Some(byte) if *byte >= 0xC0 && sample.len() - last < 4 && sample.len() >= SAMPLE => &sample[..last],
        _ => sample,
    }
}

/// Looks at the whole text to tell UTF-8 from Windows-1252.
fn weigh(readable: &Readable, from: u64, watch: &Watch) -> Result<Encoding> {
    const BLOCK: u64 = 4 << 20;
    let next = AtomicU64::new(from / BLOCK);
    let sum = Mutex::new(Weight::default());
    let pace = Pace::of_this_machine();
    let outcome: std::io::Result<()> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..pace.threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut window = Window::open(&readable.path, readable.bytes)?;
                    loop {
                        let begin = next.fetch_add(1, Ordering::Relaxed) * BLOCK;
                        if begin >= readable.bytes {
                            return Ok(());
                        }
                        if watch.canceller.is_cancelled() {
                            return Err(std::io::ErrorKind::Interrupted.into());
                        }
                        window.load(begin, usize::try_from(BLOCK).unwrap_or(usize::MAX))?;
                        // A character that is cut by the end of a block weighs nothing against a whole file.
                        let weight = Weight::of(window.from(begin));
                        if let Ok(mut sum) = sum.lock() {
                            *sum = sum.and(weight);
                        }
                    }
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|_| Err(std::io::Error::other("a thread that read the file is gone")))
        })
    });
    outcome.map_err(|cause| read_error(&readable.path, cause))?;
    let weight = sum.into_inner().unwrap_or_default();
    Ok(weight.verdict())
}
