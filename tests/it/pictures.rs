//! The pictures in docs/pictures/: real frames of the sample workspace, as SVG. `TASTEVIN_BLESS=1 cargo test pictures`
//! makes them anew; without it these tests say which are stale.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use regex::Regex;
use tastevin::tui::theme::{Depth, Terminal, read};
use tastevin::tui::view;

use crate::harness::Workspace;
use crate::session::Session;

/// A picture: its file, the theme, the size, and the keys that lead to what it shows.
struct Picture {
    name: &'static str,
    theme: &'static str,
    size: (u16, u16),
    keys: &'static str,
}

const PICTURES: &[Picture] = &[
    Picture { name: "sources", theme: "dark", size: (150, 36), keys: "1" },
    Picture { name: "mapping", theme: "dark", size: (160, 42), keys: "2 ]t j j" },
    Picture { name: "tables", theme: "dark", size: (130, 30), keys: "5 t \"candidate customers\" enter" },
    Picture { name: "anomalies", theme: "dark", size: (150, 42), keys: "3 / \"invalid-email\" enter enter" },
    Picture { name: "duplicates", theme: "dark", size: (150, 34), keys: "4 enter" },
    Picture { name: "commit", theme: "dark", size: (130, 34), keys: "6" },
    // What blocks is left out, so that there is a commit to be seen.
    Picture {
        name: "history",
        theme: "dark",
        size: (150, 34),
        keys: "3 g g l % x enter g g l % x enter 6 c \"week 47\" enter 7",
    },
    Picture { name: "palette", theme: "dark", size: (110, 26), keys: ": \"acc\"" },
    Picture { name: "light", theme: "light", size: (130, 34), keys: "3 / \"mojibake\" enter enter" },
];

/// Columns and lines of the picture's units that one character takes.
const CELL: (f64, f64) = (8.43, 16.3);
/// The room around the frame.
const MARGIN: f64 = 12.0;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures")
}

/// A colour as SVG writes it; those that belong to the terminal have the values that most terminals give them.
fn hex(colour: Color) -> String {
    let (r, g, b) = match colour {
        Color::Rgb(r, g, b) => (r, g, b),
        Color::Black => (0, 0, 0),
        Color::White => (255, 255, 255),
        other => panic!("a theme with colours of its own has no {other}"),
    };
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Puts something fixed in the place of what differs from day to day and from machine to machine, in the same columns.
fn steady(buffer: &mut Buffer) {
    static CHANGING: OnceLock<Vec<(Regex, &str)>> = OnceLock::new();
    let changing = CHANGING.get_or_init(|| {
        let pattern = |text: &str| Regex::new(text).expect("a pattern");
        vec![
            // Of a pattern with a group, the group.
            (pattern(r"\d{4}-\d\d-\d\d \d\d:\d\d"), "2026-11-23 09:12"),
            (pattern(r"( +\d+(?:\.\d)? m?s) *│"), "0.1 s"),
            (pattern(r"(\b\d+(?:\.\d)? m?s) on\b"), "0.1 s"),
            (pattern(r"#[0-9A-Z]{6}\b"), "#7KQ2MX"),
            // The history: when, who and the hash of a commit.
            (pattern(r"(\d\d:\d\d) +(?:load|commit) \d"), "09:12"),
            (pattern(r"commit \d+ {2,}(\S+ +)"), "marie "),
            (pattern(r"commit \d+ · 2026-11-23 09:12 · (\S+ *)│"), "marie "),
            (pattern(r"hash ([0-9a-f]{16,}…?)"), "7c2e9a41f0d85b63e94a17c05d2f8b6ac3e1 "),
        ]
    });
    let width = usize::from(buffer.area.width);
    for row in buffer.content.chunks_mut(width.max(1)) {
        for (pattern, instead) in changing {
            let text: String = row.iter().map(Cell::symbol).collect();
            for found in pattern.captures_iter(&text).filter_map(|found| found.get(1).or(found.get(0))) {
                let (begin, length) = (text[..found.start()].chars().count(), found.as_str().chars().count());
                // What ends in a space stands at the left of its place.
                let fixed = match instead.strip_suffix(' ') {
                    Some(left) => format!("{:<length$}", left.chars().take(length).collect::<String>()),
                    None => format!("{instead:>length$}"),
                };
                for (cell, symbol) in row.iter_mut().skip(begin).zip(fixed.chars()) {
                    cell.set_char(symbol);
                }
            }
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The frame as SVG: a rectangle per run of one background, a text per run of one style, both on the grid of cells.
fn svg(buffer: &Buffer, title: &str, paper: Color, ink: Color) -> String {
    let (columns, lines) = (buffer.area.width, buffer.area.height);
    let (width, height) = (f64::from(columns) * CELL.0 + 2.0 * MARGIN, f64::from(lines) * CELL.1 + 2.0 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" role=\"img\" aria-label=\"{title}\">\n\
         <style>text{{font:14px ui-monospace,'DejaVu Sans Mono','Cascadia Mono',Menlo,Consolas,monospace;white-space:pre}}.b{{font-weight:bold}}.u{{text-decoration:underline}}</style>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>\n",
        hex(paper)
    );
    for (line, row) in (0..).zip(buffer.content.chunks(usize::from(columns))) {
        let y = MARGIN + f64::from(line) * CELL.1;
        let look = |cell: &Cell| {
            let (fg, bg) = (cell.fg, cell.bg);
            let (fg, bg) = if cell.modifier.contains(Modifier::REVERSED) { (bg, fg) } else { (fg, bg) };
            (fg, bg, cell.modifier & (Modifier::BOLD | Modifier::UNDERLINED))
        };
        let mut at = 0;
        while at < row.len() {
            let (fg, bg, modifier) = look(&row[at]);
            let same = |cell: &&Cell| look(cell) == (fg, bg, modifier);
            let mut cells = row[at..].iter().take_while(same).count();
            // A wide character is followed by a cell that it covers, whatever the style of that cell.
            let mut text = String::new();
            let mut skip = 0;
            for cell in &row[at..at + cells] {
                if skip == 0 {
                    text.push_str(cell.symbol());
                    skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).max(1);
                }
                skip -= 1;
            }
            cells += skip;
            let x = MARGIN + at as f64 * CELL.0;
            let wide = cells as f64 * CELL.0;
            if bg != paper {
                let _ = writeln!(
                    out,
                    "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"{}\" fill=\"{}\"/>",
                    CELL.1,
                    hex(bg)
                );
            }
            if !text.trim().is_empty() {
                let mut class = String::new();
                if modifier.contains(Modifier::BOLD) {
                    class.push('b');
                }
                if modifier.contains(Modifier::UNDERLINED) {
                    class.push_str(if class.is_empty() { "u" } else { " u" });
                }
                let class = if class.is_empty() { class } else { format!(" class=\"{class}\"") };
                let base = y + 12.9;
                let _ = writeln!(
                    out,
                    "<text x=\"{x:.1}\" y=\"{base:.1}\" textLength=\"{wide:.1}\" fill=\"{}\"{class}>{}</text>",
                    hex(if fg == Color::Reset { ink } else { fg }),
                    escaped(&text)
                );
            }
            at += cells;
        }
    }
    out.push_str("</svg>\n");
    out
}

fn draw(picture: &Picture) -> String {
    let (width, height) = picture.size;
    let workspace = Workspace::checked();
    let mut session = Session::copy_of(workspace.dir(), width, height);
    let (themes, _) = read(&[]);
    let named = themes.iter().find(|named| named.name == picture.theme).expect("the theme");
    session.model.theme = named.theme.fitted(Terminal { depth: Depth::Full, ascii: false });
    session.model.about.name = "Domaine R.".to_owned();
    session.keys(picture.keys);
    session.model.notes.dismiss();
    session.terminal.draw(|frame| view::view(&session.model, frame)).expect("the frame is drawn");
    let mut buffer = session.terminal.backend().buffer().clone();
    steady(&mut buffer);
    // The corner has the colours that the theme gives to what has none of its own.
    let corner = buffer.content.first().expect("a cell");
    let (paper, ink) = (corner.bg, corner.fg);
    svg(&buffer, &format!("the workbench: {}", picture.name), paper, ink)
}

#[test]
fn the_pictures_show_the_screens_as_they_are() {
    let bless = std::env::var_os("TASTEVIN_BLESS").is_some();
    let mut stale = Vec::new();
    for picture in PICTURES {
        let path = folder().join(format!("{}.svg", picture.name));
        let drawn = draw(picture);
        if bless {
            fs::create_dir_all(folder()).expect("the folder is made");
            fs::write(&path, drawn).expect("the picture is written");
        } else if fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n") != drawn {
            stale.push(picture.name);
        }
    }
    assert!(
        stale.is_empty(),
        "docs/pictures: {stale:?} are stale; `TASTEVIN_BLESS=1 cargo test pictures` makes them anew"
    );
}

#[test]
fn a_picture_is_the_same_whenever_it_is_made() {
    let first = PICTURES.first().expect("a picture");
    assert!(draw(first) == draw(first));
}

#[test]
fn every_picture_is_shown_on_a_page_and_every_picture_on_a_page_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages: String =
        ["README.md", "docs/guide.md"].map(|page| fs::read_to_string(root.join(page)).expect("a page")).concat();
    for picture in PICTURES {
        assert!(pages.contains(&format!("pictures/{}.svg", picture.name)), "{} is shown nowhere", picture.name);
    }
    let shown = Regex::new(r"pictures/([a-z-]+)\.svg").expect("a pattern");
    for name in shown.captures_iter(&pages).map(|found| found[1].to_owned()) {
        assert!(PICTURES.iter().any(|picture| picture.name == name), "there is no picture {name}");
    }
}
