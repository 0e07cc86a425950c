//! Puts the records of an entity on disk, with the dirt spread evenly among them; large files by several threads.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::Path;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};

use super::dirt::{BAD_BYTE, Kind, Plant, Turn};
use super::entities::{EXPORT_DAY, Entity};
use super::manifest::{FileReport, Planted};
use super::records::{Record, World, stock};
use super::{Dirt, Encoding, Wish};

/// Rows that one thread makes at a time.
const CHUNK_ROWS: u64 = 50_000;

/// Where dirt goes: the n-th piece at a row of its own, the kinds taking turns.
struct Plan {
    rows: u64,
    pieces: u64,
    kinds: Vec<&'static Kind>,
    last: Vec<&'static Kind>,
}

impl Plan {
    fn new(wish: &Wish, world: &World, entity: &'static Entity) -> Self {
        let rows = (entity.rows)(world);
        let (last, kinds): (Vec<_>, Vec<_>) =
            entity.kinds.iter().partition::<Vec<&Kind>, _>(|kind| matches!(kind.plant, Plant::End(_)));
        let every_kind_once = kinds.len() as u64;
        match wish.dirt {
            Dirt::None => Plan { rows, pieces: 0, kinds, last: Vec::new() },
            Dirt::Few => Plan { rows, pieces: every_kind_once * entity.few, kinds, last },
            Dirt::Rate(rate) => {
                let pieces = (rows as f64 * rate.clamp(0.0, 0.5)) as u64;
                Plan { rows, pieces: pieces.max(every_kind_once), kinds, last }
            }
        }
    }

    fn row_of(&self, piece: u64) -> u64 {
        (piece * self.rows + self.rows / 2) / self.pieces
    }

    /// The first piece at that row or after it.
    fn first_piece(&self, row: u64) -> u64 {
        let mut piece = (row * self.pieces / self.rows).saturating_sub(1);
        while piece < self.pieces && self.row_of(piece) < row {
            piece += 1;
        }
        piece
    }
}

/// Makes the records of some rows, dirt included, and hands each on with what was planted in it.
fn records(
    world: &World,
    entity: &Entity,
    plan: &Plan,
    rows: Range<u64>,
    mut take: impl FnMut(&Record, Option<(&'static Kind, Option<usize>)>),
) {
    let mut piece = plan.first_piece(rows.start);
    let mut record = Record::default();
    for number in rows.clone() {
        (entity.fill)(world, number, &mut record);
        if piece >= plan.pieces || plan.row_of(piece) != number {
            take(&record, None);
            continue;
        }
        let kinds = plan.kinds.len() as u64;
        let kind = plan.kinds[(piece % kinds) as usize];
        let row = record.clone();
        let turn = Turn { world, row: &row, number, nth: piece / kinds };
        match kind.plant {
            Plant::Change(change) => {
                let seen = change(&mut record, &turn);
                take(&record, Some((kind, seen)));
            }
            Plant::Add(add) | Plant::End(add) => {
                take(&record, None);
                (entity.fill)(world, spare(plan, piece), &mut record);
                let seen = add(&mut record, &turn);
                take(&record, Some((kind, seen)));
            }
        }
        piece += 1;
    }
    if rows.end < plan.rows {
        return;
    }
    for (nth, kind) in plan.last.iter().enumerate() {
        let (Plant::Change(add) | Plant::Add(add) | Plant::End(add)) = kind.plant;
        (entity.fill)(world, spare(plan, plan.pieces + nth as u64), &mut record);
        let row = record.clone();
        let seen = add(&mut record, &Turn { world, row: &row, number: plan.rows, nth: 0 });
        take(&record, Some((kind, seen)));
    }
}

/// The number of a record to which nothing refers: beyond those of the clean rows.
fn spare(plan: &Plan, piece: u64) -> u64 {
    plan.rows + piece
}

#[derive(Default)]
struct Chunk {
    bytes: Vec<u8>,
    records: u64,
    lines: u64,
    planted: Vec<Planted>,
}

/// Writes the text file of an entity.
pub fn write_text(wish: &Wish, world: &World, entity: &'static Entity, dir: &Path) -> io::Result<FileReport> {
    let plan = Plan::new(wish, world, entity);
    let name = entity.file("csv");
    let mut file = BufWriter::new(File::create(dir.join(&name))?);
    file.write_all(&encoded(&format!("{}\r\n", entity.header.join(";")), wish.encoding))?;
    let mut report = FileReport { name, entity, records: 0, lines: 1, planted: Vec::new() };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut starts = (0..plan.rows).step_by(CHUNK_ROWS as usize).peekable();
    while starts.peek().is_some() {
        let wave: Vec<u64> = starts.by_ref().take(threads).collect();
        let chunks: Vec<io::Result<Chunk>> = std::thread::scope(|scope| {
            let (plan, encoding) = (&plan, wish.encoding);
            let workers: Vec<_> = wave
                .iter()
                .map(|start| *start..(start + CHUNK_ROWS).min(plan.rows))
                .map(|rows| scope.spawn(move || chunk(world, entity, plan, rows, encoding)))
                .collect();
            let joined = workers.into_iter().map(|worker| worker.join());
            joined.map(|chunk| chunk.map_err(|_| io::Error::other("a thread that makes records failed"))).collect()
        });
        for chunk in chunks {
            let chunk = chunk?;
            file.write_all(&chunk.bytes)?;
            report.planted.extend(chunk.planted.into_iter().map(|mut planted| {
                planted.line += report.lines;
                planted
            }));
            report.records += chunk.records;
            report.lines += chunk.lines;
        }
    }
    file.flush()?;
    Ok(report)
}

fn chunk(world: &World, entity: &Entity, plan: &Plan, rows: Range<u64>, encoding: Encoding) -> Chunk {
    let mut text = String::with_capacity((rows.end - rows.start) as usize * 110);
    let mut chunk = Chunk::default();
    records(world, entity, plan, rows, |record, planted| {
        if let Some((kind, seen)) = planted {
            let value = seen.and_then(|column| record.cells.get(column));
            chunk.planted.push(Planted {
                kind,
                line: chunk.lines + 1,
                key: entity.key(record),
                field: seen.map_or("", |column| entity.header[column]),
                value: value.cloned().unwrap_or_default().replace(BAD_BYTE, "\u{fffd}"),
            });
        }
        chunk.records += 1;
        chunk.lines += push_record(&mut text, record);
    });
    chunk.bytes = encoded(&text, encoding);
    chunk
}

/// Appends a record and returns how many lines it takes.
fn push_record(text: &mut String, record: &Record) -> u64 {
    let mut lines = 1;
    for (column, cell) in record.cells.iter().enumerate() {
        if column > 0 {
            text.push(';');
        }
        if record.raw == Some(column) || !cell.bytes().any(|byte| matches!(byte, b';' | b'"' | b'\r' | b'\n')) {
            text.push_str(cell);
            continue;
        }
        lines += cell.matches('\n').count() as u64;
        text.push('"');
        text.push_str(&cell.replace('"', "\"\""));
        text.push('"');
    }
    text.push_str("\r\n");
    lines
}

fn encoded(text: &str, encoding: Encoding) -> Vec<u8> {
    let (bad_byte, encode): (u8, fn(&str) -> Vec<u8>) = match encoding {
        Encoding::Windows1252 => (0x81, |part| encoding_rs::WINDOWS_1252.encode(part).0.into_owned()),
        Encoding::Utf8 => (0xe9, |part| part.as_bytes().to_vec()),
    };
    let mut bytes = Vec::with_capacity(text.len());
    for (nth, part) in text.split(BAD_BYTE).enumerate() {
        if nth > 0 {
            bytes.push(bad_byte);
        }
        bytes.extend(encode(part));
    }
    bytes
}

/// Writes an entity as a workbook with the rows of its text file: numbers as numbers, days as days, what is neither
/// as text.
pub fn write_workbook(wish: &Wish, world: &World, entity: &'static Entity, dir: &Path) -> io::Result<()> {
    let plan = Plan::new(wish, world, entity);
    let mut workbook = Workbook::new();
    // Without a fixed moment the same rows would give other bytes.
    let moment = ExcelDateTime::parse_from_str(&format!("{EXPORT_DAY} 06:00:00")).map_err(io::Error::other)?;
    workbook.set_properties(&DocProperties::new().set_author("iSaVigne").set_creation_datetime(&moment));
    let (number, day) = (Format::new().set_num_format("#,##0"), Format::new().set_num_format("dd/mm/yyyy"));
    let sheet = workbook.add_worksheet();
    let mut outcome: Result<(), XlsxError> = (|| {
        sheet.set_name("Stock")?;
        for (column, title) in (0..).zip(entity.header) {
            sheet.write_with_format(0, column, *title, &Format::new().set_bold())?;
        }
        Ok(())
    })();
    let mut line = 0;
    records(world, entity, &plan, 0..plan.rows, |record, _| {
        line += 1;
        for (column, cell) in record.cells.iter().enumerate() {
            if outcome.is_err() || cell.is_empty() {
                continue;
            }
            let at = column as u16;
            let value = match column {
                stock::QUANTITY | stock::RESERVED => as_number(cell).map(Cell::Number),
                stock::DATE => as_day(cell).map(Cell::Day),
                _ => None,
            };
            outcome = match value {
                Some(Cell::Number(value)) => sheet.write_with_format(line, at, value, &number),
                Some(Cell::Day(value)) => sheet.write_with_format(line, at, &value, &day),
                None => sheet.write(line, at, cell.as_str()),
            }
            .map(|_| ());
        }
    });
    outcome.and_then(|()| workbook.save(dir.join(entity.file("xlsx")))).map_err(io::Error::other)
}

enum Cell {
    Number(f64),
    Day(ExcelDateTime),
}

fn as_number(text: &str) -> Option<f64> {
    text.replace(['\u{a0}', '\u{202f}'], "").parse().ok()
}

fn as_day(text: &str) -> Option<ExcelDateTime> {
    let mut parts = text.split('/');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    ExcelDateTime::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}
