//! How the bytes of a file stand for text: telling the encodings apart and decoding what was read.
//!
//! Records are split on the bytes as they stand (see [`super::records`]), because in every encoding but UTF-16 the
//! separators are single ASCII bytes. UTF-16 is rewritten as UTF-8 first.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Read};

use encoding_rs::WINDOWS_1252;

use crate::error::{Error, Result};

/// The encodings that exports come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// What Windows calls ANSI in Western Europe.
    Windows1252,
    /// ISO 8859-1, in which every byte is a character.
    Latin1,
}

/// All encodings with the names they have in mappings.
const NAMES: [(Encoding, &str); 5] = [
    (Encoding::Utf8, "utf-8"),
    (Encoding::Utf16Le, "utf-16le"),
    (Encoding::Utf16Be, "utf-16be"),
    (Encoding::Windows1252, "windows-1252"),
    (Encoding::Latin1, "iso-8859-1"),
];

/// The bytes that stand for nothing in Windows-1252. The WHATWG decoder would quietly make control characters of them.
const UNDEFINED_1252: [u8; 5] = [0x81, 0x8D, 0x8F, 0x90, 0x9D];

impl Encoding {
    /// The encoding of that name, as mappings write it.
    pub fn parse(name: &str) -> Result<Encoding> {
        let wanted = name.trim().to_lowercase().replace('_', "-");
        let wanted = match wanted.as_str() {
            "utf8" | "utf-8-sig" => "utf-8",
            "cp1252" | "cp-1252" | "windows1252" | "ansi" => "windows-1252",
            "latin1" | "latin-1" | "iso8859-1" => "iso-8859-1",
            "utf16" | "utf-16" => "utf-16le",
            other => other,
        };
        NAMES.iter().find(|(_, name)| *name == wanted).map(|(encoding, _)| *encoding).ok_or_else(|| {
            Error::config(format!("unknown encoding \"{name}\""))
                .at_key(["encoding"])
                .hint(format!("known encodings: {}", NAMES.map(|(_, name)| name).join(", ")))
        })
    }

    /// Its name in mappings and outputs.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(encoding, _)| *encoding == self).map_or("utf-8", |(_, name)| name)
    }

    /// Whether its separators are two bytes wide, so that it has to be rewritten before records can be split.
    pub fn is_utf16(self) -> bool {
        matches!(self, Encoding::Utf16Le | Encoding::Utf16Be)
    }

    /// How many of the first bytes can be decoded without looking at each record.
    pub(super) fn decodable_up_to(self, bytes: &[u8]) -> usize {
        match self {
            Encoding::Latin1 => bytes.len(),
            Encoding::Windows1252 => undefined_1252(bytes).unwrap_or(bytes.len()),
            // A temporary copy of UTF-16 is UTF-8.
            Encoding::Utf8 | Encoding::Utf16Le | Encoding::Utf16Be => match std::str::from_utf8(bytes) {
                Ok(_) => bytes.len(),
                Err(error) => error.valid_up_to(),
            },
        }
    }

    /// The text that the bytes stand for; `None` where one of them stands for nothing.
    pub fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        match self {
            Encoding::Latin1 => Some(encoding_rs::mem::decode_latin1(bytes)),
            Encoding::Windows1252 if undefined_1252(bytes).is_some() => None,
            Encoding::Windows1252 => Some(WINDOWS_1252.decode_without_bom_handling(bytes).0),
            Encoding::Utf8 | Encoding::Utf16Le | Encoding::Utf16Be => {
                std::str::from_utf8(bytes).ok().map(Cow::Borrowed)
            }
        }
    }

    /// The text for a person to look at: what cannot be decoded is written `\xHH`.
    pub fn show(self, bytes: &[u8]) -> String {
        if let Some(text) = self.decode(bytes) {
            return text.into_owned();
        }
        let mut shown = String::with_capacity(bytes.len() + 16);
        if self == Encoding::Windows1252 {
            for part in bytes.split_inclusive(|byte| UNDEFINED_1252.contains(byte)) {
                let (text, undefined) = match part.split_last() {
                    Some((last, text)) if UNDEFINED_1252.contains(last) => (text, Some(*last)),
                    _ => (part, None),
                };
                shown.push_str(&WINDOWS_1252.decode_without_bom_handling(text).0);
                if let Some(byte) = undefined {
                    let _ = write!(shown, "\\x{byte:02X}");
                }
            }
            return shown;
        }
        for part in bytes.utf8_chunks() {
            shown.push_str(part.valid());
            for byte in part.invalid() {
                let _ = write!(shown, "\\x{byte:02X}");
            }
        }
        shown
    }

    /// The bytes of whole records as UTF-8; only for bytes that [`Encoding::decode`] accepts.
    pub(super) fn to_utf8(self, bytes: Vec<u8>) -> Vec<u8> {
        match self {
            Encoding::Utf8 | Encoding::Utf16Le | Encoding::Utf16Be => bytes,
            Encoding::Latin1 => encoding_rs::mem::decode_latin1(&bytes).into_owned().into_bytes(),
            Encoding::Windows1252 => WINDOWS_1252.decode_without_bom_handling(&bytes).0.into_owned().into_bytes(),
        }
    }
}

fn undefined_1252(bytes: &[u8]) -> Option<usize> {
    let [a, b, c, d, e] = UNDEFINED_1252;
    match (memchr::memchr3(a, b, c, bytes), memchr::memchr2(d, e, bytes)) {
        (Some(first), Some(second)) => Some(first.min(second)),
        (first, second) => first.or(second),
    }
}

/// What the first bytes of a file say for certain: an encoding and the length of its byte order mark.
pub(super) fn certain(head: &[u8]) -> Option<(Encoding, usize)> {
    match head {
        [0xEF, 0xBB, 0xBF, ..] => return Some((Encoding::Utf8, 3)),
        [0xFF, 0xFE, ..] => return Some((Encoding::Utf16Le, 2)),
        [0xFE, 0xFF, ..] => return Some((Encoding::Utf16Be, 2)),
        _ => {}
    }
    // UTF-16 without a mark: text that is mostly Latin has a NUL in every other byte.
    let pairs = head.chunks_exact(2).take(4096);
    let (mut low, mut high, mut all) = (0, 0, 0);
    for pair in pairs {
        all += 1;
        low += usize::from(pair[0] == 0 && pair[1] != 0);
        high += usize::from(pair[1] == 0 && pair[0] != 0);
    }
    match all {
        0..4 => None,
        _ if high * 10 > all * 6 && low * 10 < all => Some((Encoding::Utf16Le, 0)),
        _ if low * 10 > all * 6 && high * 10 < all => Some((Encoding::Utf16Be, 0)),
        _ => None,
    }
}

/// How much of some bytes reads as UTF-8.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Weight {
    /// Characters of two bytes and more.
    pub multibyte: u64,
    /// Places at which no character can be read.
    pub invalid: u64,
}

impl Weight {
    /// Weighs some bytes.
    pub fn of(bytes: &[u8]) -> Weight {
        let mut weight = Weight::default();
        for part in bytes.utf8_chunks() {
            weight.multibyte += part.valid().bytes().filter(|byte| *byte >= 0xC0).count() as u64;
            weight.invalid += u64::from(!part.invalid().is_empty());
        }
        weight
    }

    /// The sum of two weights.
    pub fn and(self, other: Weight) -> Weight {
        Weight { multibyte: self.multibyte + other.multibyte, invalid: self.invalid + other.invalid }
    }

    /// Whether there is so much evidence that more of the text would not change the verdict.
    pub fn is_plain(self) -> bool {
        self.invalid >= 20 && self.multibyte * 4 < self.invalid
            || self.multibyte >= 1000 && self.multibyte >= 100 * self.invalid
    }

    /// UTF-8 where it is nearly certain, else Windows-1252. In Windows-1252 text of a Western language hardly any two
    /// bytes in a row form a character of UTF-8, apart from text that was once decoded wrongly.
    pub fn verdict(self) -> Encoding {
        if self.invalid == 0 || self.multibyte >= 10 && self.multibyte >= 20 * self.invalid {
            Encoding::Utf8
        } else {
            Encoding::Windows1252
        }
    }
}

/// Rewrites UTF-16 as UTF-8, piece by piece. Half a pair becomes the byte 0xFF, which stands for nothing in UTF-8, so
/// that its record is rejected as undecodable.
pub(super) struct Utf16Decoder {
    big_endian: bool,
    odd: Option<u8>,
    high: Option<u16>,
}

impl Utf16Decoder {
    /// A decoder at the first byte after the byte order mark.
    pub fn new(encoding: Encoding) -> Self {
        Utf16Decoder { big_endian: encoding == Encoding::Utf16Be, odd: None, high: None }
    }

    /// Decodes the next bytes of the file.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut bytes = bytes;
        if let (Some(odd), Some((first, rest))) = (self.odd, bytes.split_first()) {
            self.odd = None;
            self.unit([odd, *first], out);
            bytes = rest;
        }
        let pairs = bytes.chunks_exact(2);
        self.odd = self.odd.or(pairs.remainder().first().copied());
        for pair in pairs {
            self.unit([pair[0], pair[1]], out);
        }
    }

    /// Says that the file has ended.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if self.high.take().is_some() {
            out.push(0xFF);
        }
        if self.odd.take().is_some() {
            out.push(0xFF);
        }
    }

    /// How many bytes of the file are decoded only in part.
    pub fn pending(&self) -> u64 {
        u64::from(self.odd.is_some()) + if self.high.is_some() { 2 } else { 0 }
    }

    fn unit(&mut self, pair: [u8; 2], out: &mut Vec<u8>) {
        let unit = if self.big_endian { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) };
        if let Some(high) = self.high.take() {
            if let Some(Ok(char)) = char::decode_utf16([high, unit]).next() {
                out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                return;
            }
            out.push(0xFF);
        }
        match unit {
            0xD800..0xDC00 => self.high = Some(unit),
            _ => match char::from_u32(u32::from(unit)) {
                Some(char) => out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
                None => out.push(0xFF),
            },
        }
    }
}

/// How many bytes of UTF-16 the bytes of such a rewriting stand for.
pub(super) fn utf16_length(rewritten: &[u8]) -> u64 {
    rewritten
        .iter()
        .map(|byte| match byte {
            0x80..0xC0 => 0,
            0xF0..0xF8 => 4,
            _ => 2,
        })
        .sum()
}

/// A reader that hands out UTF-16 as UTF-8.
pub(super) struct Utf16Reader<R> {
    inner: R,
    decoder: Utf16Decoder,
    ready: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl<R: Read> Utf16Reader<R> {
    /// A reader over what `inner` gives from here on.
    pub fn new(inner: R, encoding: Encoding) -> Self {
        Utf16Reader { inner, decoder: Utf16Decoder::new(encoding), ready: Vec::new(), taken: 0, ended: false }
    }
}

impl<R: Read> Read for Utf16Reader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut block = [0; 8192];
        while self.taken == self.ready.len() && !self.ended {
            self.ready.clear();
            self.taken = 0;
            match self.inner.read(&mut block)? {
                0 => {
                    self.ended = true;
                    self.decoder.finish(&mut self.ready);
                }
                n => self.decoder.push(&block[..n], &mut self.ready),
            }
        }
        let n = out.len().min(self.ready.len() - self.taken);
        out[..n].copy_from_slice(&self.ready[self.taken..self.taken + n]);
        self.taken += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_utf_8_unless_its_accents_are_single_bytes() {
        assert_eq!(Weight::of("château élevé".as_bytes()).verdict(), Encoding::Utf8);
        assert_eq!(Weight::of(b"ch\xE2teau \xE9lev\xE9").verdict(), Encoding::Windows1252);
        let mut mostly = "é".repeat(100).into_bytes();
        mostly.push(0xE9);
        assert_eq!(Weight::of(&mostly).verdict(), Encoding::Utf8, "one bad byte does not turn a file around");
        assert!(!Weight::of(&mostly).is_plain(), "the rest may");
        let many = Weight { multibyte: 1000, invalid: 10 };
        assert_eq!((many.is_plain(), many.verdict()), (true, Encoding::Utf8));
        let mixed = Weight { multibyte: 1000, invalid: 11 };
        assert!(!mixed.is_plain() && !Weight { multibyte: 0, invalid: 19 }.is_plain());
        // Text that was decoded wrongly once ("Ã©") reads as UTF-8 and is rare among real accents.
        assert_eq!(Weight::of(b"\xE9t\xE9 \xC3\xA9 \xE0 l'\xE9cole").verdict(), Encoding::Windows1252);
    }

    #[test]
    fn bytes_that_stand_for_nothing_are_shown_and_not_guessed() {
        assert_eq!(Encoding::Windows1252.decode(b"a\x81b"), None);
        assert_eq!(Encoding::Windows1252.show(b"\x80a\x81b\x9D"), "€a\\x81b\\x9D");
        assert_eq!(Encoding::Utf8.show(b"a\xE9b\xC3\xA9"), "a\\xE9bé");
        assert_eq!(Encoding::Latin1.decode(b"\x81\xE9").as_deref(), Some("\u{81}é"));
    }

    #[test]
    fn utf_16_is_known_by_its_mark_or_its_zeros() {
        assert_eq!(certain(b"\xFF\xFEa\0"), Some((Encoding::Utf16Le, 2)));
        let be: Vec<u8> = "code;nom".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(certain(&be), Some((Encoding::Utf16Be, 0)));
        let le: Vec<u8> = "code;n°".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(certain(&le), Some((Encoding::Utf16Le, 0)));
        assert_eq!(certain(b"code;nom\n1;a\0\n"), None);
    }

    #[test]
    fn utf_16_decodes_the_same_however_it_is_cut() {
        let text = "a é € 🍷 z";
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for size in 1..bytes.len() {
            let mut decoder = Utf16Decoder::new(Encoding::Utf16Le);
            let mut out = Vec::new();
            bytes.chunks(size).for_each(|piece| decoder.push(piece, &mut out));
            decoder.finish(&mut out);
            assert_eq!(std::str::from_utf8(&out), Ok(text), "pieces of {size}");
            assert_eq!(utf16_length(&out), bytes.len() as u64);
        }
        let mut out = Vec::new();
        let mut decoder = Utf16Decoder::new(Encoding::Utf16Be);
        decoder.push(&[0xD8, 0x3C, 0x00, 0x61, 0x00], &mut out);
        decoder.finish(&mut out);
        assert_eq!(out, [0xFF, b'a', 0xFF], "half a pair and half a unit stand for nothing");
    }
}
