//! What has to be done to a file before its records can be split: unpacking gzip, rewriting UTF-16 as UTF-8.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use flate2::bufread::GzDecoder;
use tempfile::TempPath;

use super::encoding::{self, Encoding, Utf16Decoder};
use super::survey::read_error;
use super::watching::Teller;
use crate::connectors::LineMark;
use crate::error::{Error, Kind, Result};

/// A text that records can be split in, or a workbook that can be opened.
pub(super) struct Readable {
    /// Where it is: the file itself or a temporary copy.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// The way from places in the copy back to places in the file, where they differ.
    pub origin: Origin,
    /// The copy; gone when this is dropped.
    _copy: Option<TempPath>,
}

/// Where the bytes of a readable text stand in the file (unpacked).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// At the same place.
    Same,
    /// In UTF-16: pairs of places (in the text, in the file), every so often.
    Utf16(Vec<(u64, u64)>),
}

const BLOCK: usize = 256 << 10;

impl Readable {
    /// The file as it is, of `bytes` bytes.
    pub fn file(path: &Path, bytes: u64) -> Readable {
        Readable { path: path.to_owned(), bytes, origin: Origin::Same, _copy: None }
    }

    /// The unpacked content of a gzip file, and how many bytes stand behind it that are none.
    pub fn unpacked(path: &Path, temp_dir: &Path, teller: &Teller) -> Result<(Readable, u64)> {
        let unreadable = |cause: io::Error| match cause.kind() {
            io::ErrorKind::UnexpectedEof => {
                Error::new(Kind::Source, "the packed file is cut short").at_file(path).hint("copy it again")
            }
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                Error::new(Kind::Source, "this is not a gzip file, or a damaged one")
                    .at_file(path)
                    .hint("copy it again; if it is not packed, take .gz off its name")
                    .caused_by(cause)
            }
            _ => Error::io("the file cannot be read", path, cause),
        };
        let file = File::open(path).map_err(unreadable)?;
        let taken = Cell::new(0);
        let mut content = Members::new(BufReader::with_capacity(BLOCK, Counted { inner: file, count: &taken }));
        let mut copy = Copy::new(temp_dir)?;
        let mut block = vec![0; BLOCK];
        loop {
            teller.step(taken.get())?;
            match content.read(&mut block).map_err(unreadable)? {
                0 => break,
                n => copy.write(&block[..n])?,
            }
        }
        Ok((copy.finish(Origin::Same)?, content.behind))
    }

    /// The same text as UTF-8, from the byte `from` (behind the byte order mark) on.
    pub fn utf16_as_utf8(&self, encoding: Encoding, from: u64, temp_dir: &Path, teller: &Teller) -> Result<Readable> {
        let unreadable = |cause| read_error(&self.path, cause);
        let mut file = File::open(&self.path).map_err(unreadable)?;
        file.seek(SeekFrom::Start(from)).map_err(unreadable)?;
        let mut decoder = Utf16Decoder::new(encoding);
        let mut copy = Copy::new(temp_dir)?;
        let mut block = vec![0; BLOCK];
        let (mut place, mut text) = (from, Vec::with_capacity(2 * BLOCK));
        let mut places = Vec::new();
        loop {
            teller.step(place)?;
            places.push((copy.bytes, place - decoder.pending()));
            let n = file.read(&mut block).map_err(unreadable)?;
            text.clear();
            if n == 0 {
                decoder.finish(&mut text);
                copy.write(&text)?;
                return copy.finish(Origin::Utf16(places));
            }
            decoder.push(&block[..n], &mut text);
            copy.write(&text)?;
            place += n as u64;
        }
    }

    /// Turns places in this text into places in the file.
    pub fn places_in_file(&self, marks: &mut [LineMark]) -> Result<()> {
        let Origin::Utf16(places) = &self.origin else { return Ok(()) };
        let unreadable = |cause| read_error(&self.path, cause);
        let mut file = File::open(&self.path).map_err(unreadable)?;
        // What lies between the last place that is known and the mark is counted; the marks are in order.
        let (mut here, mut there) = places.first().copied().unwrap_or_default();
        let mut between = Vec::new();
        for mark in marks {
            let known = places.partition_point(|(text, _)| *text <= mark.byte);
            if let Some((text, origin)) = known.checked_sub(1).map(|at| places[at])
                && text > here
            {
                (here, there) = (text, origin);
            }
            between.clear();
            file.seek(SeekFrom::Start(here)).map_err(unreadable)?;
            (&mut file).take(mark.byte - here).read_to_end(&mut between).map_err(unreadable)?;
            there += encoding::utf16_length(&between);
            here = mark.byte;
            mark.byte = there;
        }
        Ok(())
    }
}

/// A temporary file that is being written.
struct Copy {
    file: tempfile::NamedTempFile,
    bytes: u64,
}

impl Copy {
    fn new(temp_dir: &Path) -> Result<Copy> {
        Ok(Copy { file: temporary(temp_dir)?, bytes: 0 })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes += bytes.len() as u64;
        let path = self.file.path().to_owned();
        self.file.write_all(bytes).map_err(|cause| Error::io("a temporary copy cannot be written", &path, cause))
    }

    fn finish(self, origin: Origin) -> Result<Readable> {
        let copy = self.file.into_temp_path();
        Ok(Readable { path: copy.to_path_buf(), bytes: self.bytes, origin, _copy: Some(copy) })
    }
}

/// A fresh temporary file, which is gone when it is dropped.
pub(super) fn temporary(temp_dir: &Path) -> Result<tempfile::NamedTempFile> {
    tempfile::Builder::new()
        .prefix("load-")
        .suffix(".csv")
        .tempfile_in(temp_dir)
        .map_err(|cause| Error::io("no temporary file can be made", temp_dir, cause))
}

/// The content of all members of a gzip file, one after the other: packed files that were put together are one. What stands
/// behind the last member is counted and passed over.
pub(super) struct Members<R> {
    /// The member that is being read, of which the first bytes were looked at; none behind the last one.
    member: Option<GzDecoder<io::Chain<Cursor<Vec<u8>>, R>>>,
    /// How many bytes stand behind the last member.
    behind: u64,
}

/// How every member begins.
const MEMBER: [u8; 2] = [0x1F, 0x8B];

impl<R: BufRead> Members<R> {
    pub fn new(packed: R) -> Members<R> {
        Members { member: Some(GzDecoder::new(Cursor::new(Vec::new()).chain(packed))), behind: 0 }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let n = member.read(out)?;
            if n > 0 || out.is_empty() {
                return Ok(n);
            }
            let Some((_, mut rest)) = self.member.take().map(|member| member.into_inner().into_inner()) else { break };
            let mut head = Vec::new();
            (&mut rest).take(MEMBER.len() as u64).read_to_end(&mut head)?;
            if head == MEMBER {
                self.member = Some(GzDecoder::new(Cursor::new(head).chain(rest)));
            } else {
                self.behind = head.len() as u64 + io::copy(&mut rest, &mut io::sink())?;
            }
        }
        Ok(0)
    }
}

/// A reader that counts what is taken from it.
struct Counted<'c, R> {
    inner: R,
    count: &'c Cell<u64>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        self.count.set(self.count.get() + n as u64);
        Ok(n)
    }
}
