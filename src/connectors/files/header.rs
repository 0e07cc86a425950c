//! Where the column names stand: told from the rows that follow them, for text files and sheets alike.

use std::collections::{HashMap, HashSet};

/// Where the names are and how wide the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// The record that holds the names, counted from 0; `None` if none does.
    pub at: Option<usize>,
    /// The first record that is a row, where there are no names.
    pub first: usize,
    /// How many fields a row has.
    pub width: usize,
    /// How many fields most rows have.
    pub dominant: usize,
}

impl Header {
    /// No names: every record is a row.
    pub fn absent(records: &[Vec<String>]) -> Header {
        let width = dominant(records).unwrap_or(1);
        Header { at: None, first: 0, width, dominant: width }
    }

    /// The names are where the user says.
    pub fn at(records: &[Vec<String>], at: usize) -> Header {
        let names = without_blank_tail(&records[at]);
        let rows = &records[at + 1..];
        let of_width = |width: usize| rows.iter().filter(|row| row.len() == width).count();
        // Where rows are as often as wide as the names as not, the names are believed.
        let dominant =
            dominant(rows).filter(|width| of_width(*width) > of_width(records[at].len())).unwrap_or(records[at].len());
        // Names beyond the rows' last field are only dropped if they are blank.
        let width = if names <= dominant { dominant } else { names };
        Header { at: Some(at), first: at + 1, width, dominant }
    }
}

/// How many of the first records may be preamble or names.
const REACH: usize = 64;

/// Finds the names. With `skip_first`, the first record is known to be none.
pub(super) fn find(records: &[Vec<String>], skip_first: bool) -> Header {
    let begin = usize::from(skip_first).min(records.len());
    let Some(width) = dominant(&records[begin..]) else {
        return Header { at: None, first: begin, width: 1, dominant: 1 };
    };
    let fits = |record: &Vec<String>| record.len() == width;
    let full = |record: &Vec<String>| record.iter().filter(|cell| !cell.trim().is_empty()).count() * 2 > record.len();
    let candidates = begin..records.len().min(begin + REACH);
    // A title that a spreadsheet has padded with empty fields is as wide as a row, but mostly empty.
    let exact = candidates.clone().find(|at| fits(&records[*at]) && full(&records[*at]));
    let near = candidates.clone().find(|at| {
        let record = &records[*at];
        record.len() > 1
            && record.len() + 2 > width
            && !fits(record)
            && full(record)
            && record.iter().all(|cell| is_name(cell))
    });
    match (near, exact) {
        (Some(near), Some(exact)) if near < exact && !is_header(records, exact, Doubt::IsRow) => {
            Header::at(records, near)
        }
        (_, Some(exact)) if is_header(records, exact, Doubt::IsHeader) => Header::at(records, exact),
        (_, Some(exact)) => {
            // Rows may stand before the first one that is mostly filled.
            let first = candidates.clone().find(|at| fits(&records[*at])).unwrap_or(exact);
            Header { at: None, first, width, dominant: width }
        }
        (Some(near), None) => Header::at(records, near),
        (None, None) => Header { at: None, first: begin, width, dominant: width },
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Doubt {
    IsHeader,
    IsRow,
}

/// Whether the record names the columns of the records that follow it. Where nothing speaks for either, `doubt` decides.
fn is_header(records: &[Vec<String>], at: usize, doubt: Doubt) -> bool {
    let record = &records[at];
    let rows: Vec<&Vec<String>> = records[at + 1..].iter().filter(|row| row.len() == record.len()).collect();
    let filled = record.iter().filter(|cell| !cell.trim().is_empty()).count().max(1);
    if rows.is_empty() {
        return record.iter().filter(|cell| is_number(cell)).count() * 2 < filled;
    }
    let (mut like_rows, mut unlike_rows, mut recurring) = (0, 0, 0);
    for (column, cell) in record.iter().enumerate() {
        let cell = cell.trim();
        if cell.is_empty() {
            continue;
        }
        let values: Vec<&str> = rows.iter().map(|row| row[column].trim()).filter(|value| !value.is_empty()).collect();
        if values.is_empty() {
            continue;
        }
        let most = |count: usize| count * 2 > values.len();
        let numbers = values.iter().filter(|value| is_number(value)).count();
        let years = values.iter().filter(|value| is_year(value)).count();
        let shape_of_cell = shape(cell);
        let same_shape = values.iter().filter(|value| shape(value) == shape_of_cell).count();
        let shapes: HashSet<String> = values.iter().map(|value| shape(value)).collect();
        // A year over amounts is the name of a column.
        let names_a_year = is_year(cell) && !most(years);
        let like =
            !names_a_year && (is_number(cell) && most(numbers) || shape_of_cell.contains('9') && most(same_shape));
        // A name over numbers or codes, though no value looks like it.
        let coded = shapes.len() <= 3 && shapes.iter().all(|shape| shape.contains('9'));
        let unlike = !like && same_shape == 0 && (most(numbers) || coded);
        like_rows += usize::from(like);
        unlike_rows += usize::from(unlike);
        recurring += usize::from(values.contains(&cell));
    }
    // Exports that were put behind each other repeat the names as a whole: that is a header, not a recurring value.
    let repeated = rows.contains(&record);
    if like_rows * 4 >= filled && like_rows >= unlike_rows {
        return false;
    }
    if unlike_rows > 0 || repeated {
        return true;
    }
    if recurring * 3 >= filled {
        return false;
    }
    doubt == Doubt::IsHeader
}

/// The most frequent number of fields, of equals the greater. The first records count little: they may be preamble.
fn dominant(records: &[Vec<String>]) -> Option<usize> {
    let mut counts: HashMap<usize, usize> = HashMap::new();
    for record in records {
        *counts.entry(record.len()).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(width, count)| (*count, *width)).map(|(width, _)| width)
}

fn without_blank_tail(names: &[String]) -> usize {
    names.iter().rposition(|name| !name.trim().is_empty()).map_or(0, |last| last + 1)
}

/// Whether it could be a column's name: words rather than an amount or a date.
fn is_name(cell: &str) -> bool {
    !is_number(cell) || is_year(cell)
}

/// Whether it is an amount, a date, a time: digits and what stands between digits.
fn is_number(cell: &str) -> bool {
    let cell = cell.trim();
    cell.contains(|c: char| c.is_ascii_digit())
        && cell.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || " .,:/-+%€$'".contains(c))
}

fn is_year(cell: &str) -> bool {
    let cell = cell.trim();
    cell.len() == 4 && (cell.starts_with("19") || cell.starts_with("20")) && cell.bytes().all(|b| b.is_ascii_digit())
}

/// What a text is built of: `C0001` is `A9`, `06 12 34` is `9 9 9`.
fn shape(text: &str) -> String {
    let mut shape = String::new();
    for c in text.chars() {
        let class = match c {
            c if c.is_alphabetic() => 'A',
            c if c.is_numeric() => '9',
            c if c.is_whitespace() => ' ',
            c => c,
        };
        if !shape.ends_with(class) {
            shape.push(class);
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str) -> Vec<Vec<String>> {
        text.lines().map(|line| line.split(';').map(str::to_owned).collect()).collect()
    }

    fn found(text: &str) -> (Option<usize>, usize) {
        let header = find(&records(text), false);
        (header.at, header.width)
    }

    #[test]
    fn names_are_found_below_a_preamble() {
        assert_eq!(
            found("Export iSaVigne\nSociété;Domaine R.\ncode;nom;ville\nC1;Jean;Metz\nC2;Marie;Metz"),
            (Some(2), 3)
        );
        assert_eq!(found("Export;;;\n;;;\ncode;nom;ville;cp\nC1;Jean;Metz;57000\nC2;Marie;Metz;57000"), (Some(2), 4));
        assert_eq!(found("code;2023;2024\nA;10;12\nB;11;13"), (Some(0), 3));
    }

    #[test]
    fn a_row_is_not_taken_for_names() {
        assert_eq!(found("C0001;Dupont;67000\nC0002;Martin;68000\nC0003;Klein;57000"), (None, 3));
        assert_eq!(found("Jean;Metz;France\nMarie;Metz;France\nPaul;Colmar;France"), (None, 3));
        assert_eq!(found("nom;ville;pays\nJean;Metz;France\nMarie;Metz;France"), (Some(0), 3));
    }

    #[test]
    fn rows_with_one_field_more_than_names_widen_the_table() {
        assert_eq!(found("nom;ville\nJean;Metz;57000\nMarie;Metz;57000\nPaul;Metz;57000"), (Some(0), 3));
        assert_eq!(found("nom;ville;\nJean;Metz\nMarie;Metz\nPaul;Metz"), (Some(0), 2));
        assert_eq!(found("nom;ville;pays\nJean;Metz\nMarie;Metz\nPaul;Metz"), (Some(0), 3));
    }

    #[test]
    fn names_without_rows_are_names() {
        assert_eq!(found("code;nom;ville"), (Some(0), 3));
        assert_eq!(find(&[], false).at, None);
    }
}
