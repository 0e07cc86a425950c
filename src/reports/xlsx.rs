//! A report as an Excel workbook: a sheet per part, for who sorts and filters.

use std::io::Write;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};

use super::table::neutralised;
use super::text::visible;
use super::{ReportFormat, writing};
use crate::error::{Error, Result};
use crate::model::Report;

/// Sheets for the verdict, the rules, their examples, rejects and waivers.
pub const FORMAT: ReportFormat = ReportFormat {
    name: "xlsx",
    summary: "an Excel workbook with a sheet each for verdict, tables, rules, examples, rejects and waivers",
    extension: "xlsx",
    write,
};

/// A cell of a sheet.
enum Cell {
    Text(String),
    Number(f64),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }
}

impl From<&String> for Cell {
    fn from(text: &String) -> Cell {
        Cell::Text(text.clone())
    }
}

impl From<&Option<String>> for Cell {
    fn from(text: &Option<String>) -> Cell {
        Cell::Text(text.clone().unwrap_or_default())
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Cell {
        Cell::Number(number as f64)
    }
}

/// The columns of a sheet and its rows.
type Sheet = (&'static str, &'static [&'static str], Vec<Vec<Cell>>);

fn write(report: &Report, out: &mut dyn Write) -> Result<()> {
    let mut book = Workbook::new();
    // The moment of writing would make two files of the same report differ.
    let created = ExcelDateTime::from_ymd(2000, 1, 1).unwrap_or_default();
    book.set_properties(&DocProperties::new().set_creation_datetime(&created));
    let bold = Format::new().set_bold();
    for (name, header, rows) in sheets(report) {
        let sheet = book.add_worksheet();
        sheet.set_name(name).map_err(refused)?;
        sheet.set_freeze_panes(1, 0).map_err(refused)?;
        for (column, title) in (0..).zip(header) {
            sheet.write_with_format(0, column, *title, &bold).map_err(refused)?;
        }
        for (row, cells) in (1..).zip(&rows) {
            for (column, cell) in (0..).zip(cells) {
                match cell {
                    Cell::Number(number) => sheet.write_number(row, column, *number),
                    Cell::Text(text) => sheet.write_string(row, column, fitting(neutralised(&visible(text)).as_ref())),
                }
                .map_err(refused)?;
            }
        }
        let last = (u32::try_from(rows.len()).unwrap_or(u32::MAX), u16::try_from(header.len() - 1).unwrap_or(0));
        sheet.autofilter(0, 0, last.0, last.1).map_err(refused)?;
        sheet.autofit();
    }
    out.write_all(&book.save_to_buffer().map_err(refused)?).map_err(writing)
}

fn sheets(report: &Report) -> Vec<Sheet> {
    let mut verdict: Vec<Vec<Cell>> = vec![
        vec!["workspace".into(), (&report.workspace).into()],
        vec!["written".into(), (&report.at.to_rfc3339()).into()],
        vec!["check".into(), Cell::Number(report.check as f64)],
        vec!["verdict".into(), (&report.verdict).into()],
    ];
    verdict.extend(report.gate.iter().map(|condition| {
        let holds = if condition.holds { "holds" } else { "does not hold" };
        vec![holds.into(), (&format!("{}: {}", condition.what, condition.detail)).into()]
    }));
    verdict.extend(
        report.next.iter().map(|step| vec!["next".into(), (&format!("{} – {}", step.command, step.why)).into()]),
    );
    let tables = report.tables.iter().map(|table| {
        let score = &table.score;
        vec![
            (&score.table).into(),
            Cell::Number(score.score),
            score.rows.into(),
            score.blocking.into(),
            score.warning.into(),
            table.waived.into(),
        ]
    });
    let rules = report.rules.iter().map(|rule| {
        vec![
            (&rule.rule).into(),
            (&rule.title).into(),
            rule.severity.name().into(),
            (&rule.table).into(),
            (&rule.field).into(),
            rule.open.into(),
            rule.waived.into(),
            rule.rows.into(),
        ]
    });
    let examples = report.rules.iter().flat_map(|rule| &rule.examples).map(|anomaly| {
        vec![
            (&anomaly.rule).into(),
            (&anomaly.table).into(),
            (&anomaly.row).into(),
            (&anomaly.field).into(),
            (&anomaly.value).into(),
            (&anomaly.message).into(),
            (&anomaly.suggestion).into(),
            (&anomaly.file).into(),
            anomaly.line.map_or(Cell::Text(String::new()), Cell::from),
        ]
    });
    let rejects = report.rejects.iter().map(|tally| {
        vec![
            (&tally.source).into(),
            (&tally.entity).into(),
            (&tally.reason).into(),
            tally.count.into(),
            (&tally.first).into(),
        ]
    });
    let waivers = report.waivers.iter().map(|waiver| {
        vec![
            (&waiver.rule).into(),
            (&waiver.table).into(),
            waiver.covers.into(),
            (&waiver.who).into(),
            (&waiver.why).into(),
            (&waiver.until).into(),
        ]
    });
    vec![
        ("Verdict", &["what", "says"], verdict),
        ("Tables", &["table", "score", "rows", "blocking", "warning", "waived"], tables.collect()),
        ("Rules", &["rule", "title", "severity", "table", "field", "open", "waived", "rows"], rules.collect()),
        (
            "Examples",
            &["rule", "table", "row", "field", "value", "message", "suggestion", "file", "line"],
            examples.collect(),
        ),
        ("Rejects", &["source", "entity", "reason", "records", "first"], rejects.collect()),
        ("Waivers", &["rule", "table", "covers", "who", "why", "until"], waivers.collect()),
    ]
}

/// As much of a text as fits into a cell; the parts of a report are examples, and `anomalies` has them whole.
fn fitting(text: &str) -> String {
    super::text::shortened(text, 16_000)
}

fn refused(cause: XlsxError) -> Error {
    Error::internal("the workbook cannot be written").caused_by(cause)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Data, Reader as _, Xlsx};

    use super::*;
    use crate::reports::sample;

    #[test]
    fn the_parts_of_a_report_are_sheets_with_numbers_in_them() -> Result<()> {
        let mut bytes = Vec::new();
        write(&sample::report(), &mut bytes)?;
        let wrong = |cause: calamine::XlsxError| Error::internal("the workbook cannot be read back").caused_by(cause);
        let mut book = Xlsx::new(Cursor::new(bytes)).map_err(wrong)?;
        assert_eq!(book.sheet_names(), ["Verdict", "Tables", "Rules", "Examples", "Rejects", "Waivers"]);
        let rules = book.worksheet_range("Rules").map_err(wrong)?;
        assert_eq!(rules.get((1, 0)), Some(&Data::String("orphan-reference".into())));
        assert_eq!(rules.get((1, 5)), Some(&Data::Float(250.0)));
        let waivers = book.worksheet_range("Waivers").map_err(wrong)?;
        let why = waivers.get((1, 4)).map(ToString::to_string).unwrap_or_default();
        assert!(why.contains('␛') && !why.contains('\u{1b}'), "{why}");
        Ok(())
    }
}
