//! Draws the two lists side by side: the columns of the source and the canonical fields, with what joins them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::pairs::{self, Left, Link, Pair};
use super::{
    COLUMNS, EVIDENCE, FIELDS, PREVIEW, STEPS, accept, detail, draft, profile, regions, source, suggestion, table,
};
use crate::model::{ColumnProfile, Coverage, Field, coverage};
use crate::tui::model::Model;
use crate::tui::screens::in_drawing_order;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::widgets::empty::{self, Empty, Stage};
use crate::tui::widgets::grid::{Column, Grid, Row};
use crate::tui::widgets::pane::{self, Pane, inner};
use crate::tui::widgets::{bar, put};

/// How wide the bar is that shows how many rows are filled.
const FILL: usize = 5;
/// How wide the bar of the coverage is.
const COVERAGE: usize = 5;

pub(super) fn view(model: &Model, area: Rect, buffer: &mut Buffer) {
    if let Some(missing) = empty::missing(model, Stage::Source) {
        return nothing(model, "mapping", &missing, area, buffer);
    }
    if let Some(told) = source(model).and_then(|source| source.failure.as_ref()) {
        let mut next: Vec<(&str, &str)> = told.hints.iter().map(|hint| ("", hint.as_str())).collect();
        next.push(("R", "reads the file again"));
        next.push(("s", "chooses another source"));
        let failed = Empty::new(format!("✗ {}", text::clean(&told.what)), &next);
        return nothing(model, "this mapping cannot be shown", &failed, area, buffer);
    }
    if draft(model).is_none() {
        return nothing(model, "mapping", &Empty::new("reading the mapping…", &[]), area, buffer);
    }
    if let Some(place) = model.mapping.place.as_ref().filter(|place| place.entity.is_empty()) {
        let what = format!("Nothing of {} was loaded yet, so its columns are not known.", text::clean(&place.source));
        let load = Empty::new(
            what,
            &[
                (
                    &model.key("go to sources"),
                    &format!("goes to Sources; {} there loads it", model.key("sources/load")),
                ),
                (&model.key("choose source and table"), "chooses another source"),
            ],
        );
        return nothing(model, "mapping", &load, area, buffer);
    }
    let focus = model.mapping.focus;
    let panes = in_drawing_order(regions(model, area), focus);
    for region in &panes {
        let focused = region.pane == focus;
        match region.pane {
            COLUMNS => columns(model, region.frame, focused, buffer),
            FIELDS => fields(model, region.frame, focused, buffer),
            STEPS => detail::draw_steps(model, region.frame, focused, buffer),
            EVIDENCE => detail::draw_evidence(model, region.frame, focused, buffer),
            PREVIEW => detail::draw_preview(model, region.frame, focused, buffer),
            _ => {}
        }
    }
    if let Some(region) = panes.iter().find(|region| region.pane == FIELDS) {
        arrows(model, region.body, buffer);
    }
}

fn nothing(model: &Model, title: &str, what: &Empty, area: Rect, buffer: &mut Buffer) {
    Pane { title: vec![Span::raw(title.to_owned())], foot: String::new(), focused: true }.draw(
        area,
        model.theme,
        buffer,
    );
    empty::draw(what, inner(area), model.theme, buffer);
}

/// The banner above both lists; the rest of the area.
fn under_banner(model: &Model, area: Rect, at_left: bool, buffer: &mut Buffer) -> Rect {
    let Some((columns, fields)) = pairs::banner(model) else {
        return area;
    };
    let said = if at_left { columns } else { fields };
    let room = usize::from(area.width.saturating_sub(1));
    put(buffer, area, 0, Line::styled(format!(" {}", text::fit(&said, room)), model.theme.warning()));
    crate::tui::widgets::pane::below(area, 1)
}

fn columns(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let Some(place) = &model.mapping.place else { return };
    let mut about = String::new();
    if let Some(profile) = profile(model) {
        about.push_str(&format!(" · {}", text::count(profile.rows, "row")));
    }
    if super::is_profiling(model) {
        about.push_str(" · looking at the columns…");
    }
    if model.about.sources.len() > 1 {
        about.push_str(&format!(" · {}", text::clean(&place.source)));
    }
    // How many rows there are is seen beside the longest name.
    let room = usize::from(frame.width.saturating_sub(4)).saturating_sub(text::width(&about)).max(12);
    let entity = text::middle(&text::clean(&place.entity), room).into_owned();
    let title = vec![Span::raw(entity), Span::styled(about, theme.dim())];
    let pairs = pairs::pairs(model);
    let total = pairs.len() as u64;
    Pane { title, foot: foot(model, frame, filtered(model)), focused }.draw(frame, theme, buffer);
    let area = under_banner(model, inner(frame), true, buffer);
    let heads = [
        Column::name("source column", 12, 26, 0),
        Column::text("filled", FILL as u16 + 2, FILL as u16 + 2, 1),
        Column::text("kind", 7, 11, 2),
        Column::number("distinct", 8, 4),
        Column::text("samples", 10, 400, 3),
    ];
    let grid = Grid { columns: &heads, cursor: model.mapping.pairs, total, focused, selectable: true };
    grid.draw(area, theme, buffer, |at| match usize::try_from(at).ok().and_then(|at| pairs.get(at)) {
        Some(pair) => column_row(model, pair),
        None => Row::default(),
    });
}

/// What stands in the lower line of a list's frame: nothing on a narrow screen, where it stands above the list.
fn foot(model: &Model, frame: Rect, words: String) -> String {
    let narrow = model.body().width < super::WIDE;
    if narrow || usize::from(frame.width) < text::width(&words) + 4 { String::new() } else { words }
}

/// That not all columns and fields are shown.
pub(super) fn filtered(model: &Model) -> String {
    match &model.mapping.filter {
        Some(filter) => {
            let found = text::number(pairs::pairs(model).len() as u64);
            format!("/{} · {found} of them · {} all", text::clean(filter), model.key("back"))
        }
        None => String::new(),
    }
}

fn column_row(model: &Model, pair: &Pair) -> Row {
    let theme = model.theme;
    let staged = profile(model).is_some();
    match (&pair.left, pair.column(model)) {
        (Left::Lacking(name), _) => {
            let name = text::clean(name).into_owned();
            if !staged {
                let dash = ("–".to_owned(), theme.dim());
                return Row { mark: (" ", theme.dim()), cells: vec![(name, theme.text()), dash], ..Row::default() };
            }
            let optional = is_optional(model, pair);
            let style = if optional { theme.dim() } else { theme.bad() };
            let said = if optional { "absent" } else { "gone" };
            Row {
                mark: (if optional { "○" } else { "✗" }, style),
                cells: vec![(name, style), (said.to_owned(), style)],
                ..Row::default()
            }
        }
        (_, Some(column)) if pair.again => {
            Row { cells: vec![(format!("  {}", text::clean(&column.name)), theme.dim())], ..Row::default() }
        }
        (_, Some(column)) => {
            let (glyph, style) = standing(model, pair, column);
            Row {
                mark: (glyph, style),
                cells: vec![
                    (text::clean(&column.name).into_owned(), style),
                    (format!("▕{}▏", fill(column)), if column.filled == 0 { theme.dim() } else { theme.text() }),
                    (column.kind.name().to_owned(), theme.dim()),
                    (distinct(column), theme.dim()),
                    (samples(column), theme.dim()),
                ],
                ..Row::default()
            }
        }
        _ => Row::default(),
    }
}

fn is_optional(model: &Model, pair: &Pair) -> bool {
    let feed =
        draft(model).zip(table(model)).and_then(|(draft, (table, _))| draft.field(table, pair.field.as_deref()?));
    feed.is_some_and(|feed| feed.optional)
}

/// How a column stands out: one that holds data and feeds nothing most of all.
fn standing(model: &Model, pair: &Pair, column: &ColumnProfile) -> (&'static str, Style) {
    let theme = model.theme;
    let is_new = pairs::drift(model).is_some_and(|drift| {
        drift.added.contains(&column.name) || drift.renamed.iter().any(|one| one.to == column.name)
    });
    match pair.link {
        Link::Mapped => (" ", theme.text()),
        Link::Suggested(_) => ("?", theme.warning()),
        Link::None if column.filled == 0 => (" ", theme.dim()),
        Link::None if !pairs::elsewhere(model, &column.name).is_empty() => (" ", theme.text()),
        Link::None if is_new => ("+", theme.warning()),
        Link::None => ("▲", theme.warning()),
    }
}

/// The share of filled rows as a bar; what is filled at all is seen.
fn fill(column: &ColumnProfile) -> String {
    let share = column.fill();
    match column.filled {
        0 => " ".repeat(FILL),
        _ if share * (FILL as f64) < 0.125 => text::left("▏", FILL),
        // Only what is filled to the last row is a full bar.
        _ if share < 1.0 => bar(share.min(1.0 - 0.125 / FILL as f64), FILL),
        _ => bar(1.0, FILL),
    }
}

fn distinct(column: &ColumnProfile) -> String {
    let about = if column.distinct_is_exact { "" } else { "~" };
    format!("{about}{}", text::number(column.distinct))
}

fn samples(column: &ColumnProfile) -> String {
    column.first.iter().map(|text| text::exact(text)).collect::<Vec<_>>().join(", ")
}

fn fields(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let coverage = covered(model);
    let title = match (table(model), &coverage) {
        (Some((name, _)), Some(coverage)) => {
            let required = coverage.covered.len() + coverage.lacking.len();
            let (glyph, style) = if coverage.lacking.is_empty() { ("✓", theme.good()) } else { ("✗", theme.bad()) };
            let share = coverage.covered.len() as f64 / required.max(1) as f64;
            let mut title = vec![Span::raw(text::clean(name).into_owned())];
            if required > 0 {
                // What matters least stands last, where a narrow screen cuts it.
                let count = format!(" {glyph} {} of {required} required", coverage.covered.len());
                title.push(Span::styled(count, style));
                title.push(Span::styled(format!(" ▕{}▏", bar(share, COVERAGE)), style));
            }
            title.push(Span::styled(format!(" · {} of {} fed", coverage.fed, coverage.fields), theme.dim()));
            pane::whole(&mut title, frame, 1);
            title
        }
        _ => vec![Span::raw("no table yet")],
    };
    Pane { title, foot: foot(model, frame, standing_of_draft(model, false)), focused }.draw(frame, theme, buffer);
    let area = under_banner(model, inner(frame), false, buffer);
    if table(model).is_none() {
        let choose = Empty::new(
            "This entity feeds no table yet.",
            &[
                (&model.key("feed a table"), "chooses the table that its rows are; the likeliest comes first"),
                (&model.key("choose source and table"), "goes to another entity"),
            ],
        );
        return empty::draw(&choose, area, theme, buffer);
    }
    let pairs = pairs::pairs(model);
    // The names have the room that they need, and what is worth knowing of the fields the rest.
    let names = table(model).into_iter().flat_map(|(_, table)| table.fields.keys().map(|name| text::width(name)));
    let most = if area.width < 38 { 17 } else { 24 };
    let longest = names.max().unwrap_or(0).clamp(15, most) as u16;
    let heads =
        [Column::name("canonical field", 14, longest, 0), Column::text("type", 7, 9, 2), Column::text("", 9, 400, 0)];
    let total = pairs.len() as u64;
    let grid = Grid { columns: &heads, cursor: model.mapping.pairs, total, focused, selectable: true };
    grid.draw(area, theme, buffer, |at| match usize::try_from(at).ok().and_then(|at| pairs.get(at)) {
        Some(pair) => field_row(model, pair),
        None => Row::default(),
    });
}

/// How much of the table is fed.
fn covered(model: &Model) -> Option<Coverage> {
    let (name, _) = table(model)?;
    coverage(&model.about.schema, draft(model)?.mapping()).into_iter().find(|coverage| coverage.table == name)
}

/// What is not saved, and what A would do, in the lower line of the frame.
pub(super) fn standing_of_draft(model: &Model, brief: bool) -> String {
    let open = pairs::open_suggestions(model).len();
    let mut parts = Vec::new();
    if draft(model).is_some_and(|draft| draft.is_changed()) && !model.about.read_only {
        parts.push(match brief {
            true => "● not saved".to_owned(),
            false => format!("● not saved: {}", model.key("mapping/save")),
        });
    }
    if open > 0 {
        let [all, higher, lower] =
            ["mapping/accept all suggestions", "higher score", "lower score"].map(|name| model.key(name));
        let (accepted, least) = (accept::would_accept(model), accept::least(model));
        let change = if brief { String::new() } else { format!(" {higher}{lower}") };
        parts.push(format!("{all} {accepted} of {open} ≥ {least:.2}{change}"));
    }
    if model.about.read_only {
        parts.push("read-only".to_owned());
    }
    parts.join(" · ")
}

fn field_row(model: &Model, pair: &Pair) -> Row {
    let theme = model.theme;
    let Some((field, declared)) =
        pair.field.as_ref().and_then(|field| Some((field, table(model)?.1.fields.get(field)?)))
    else {
        let name = pair.column(model).filter(|column| column.filled > 0).map(|column| column.name.as_str());
        let elsewhere = name.map(|name| pairs::elsewhere(model, name)).unwrap_or_default();
        let (said, style) = match (name, elsewhere.as_slice()) {
            (None, _) => ("empty".to_owned(), theme.dim()),
            (Some(_), []) => ("feeds nothing".to_owned(), theme.warning()),
            (Some(_), elsewhere) => (format!("→ {}", text::clean(&elsewhere.join(", "))), theme.dim()),
        };
        return Row { cells: vec![(said, style)], ..Row::default() };
    };
    let (mark, name_style) = match pair.link {
        Link::Mapped => (("▶", theme.good()), theme.text()),
        Link::Suggested(_) => (("▷", theme.warning()), theme.warning()),
        Link::None if pairs::lacks(declared) => (("✗", theme.bad()), theme.bad()),
        Link::None => (("○", theme.dim()), theme.dim()),
    };
    Row {
        mark,
        cells: vec![
            (text::clean(field).into_owned(), name_style),
            (declared.kind.name().to_owned(), theme.dim()),
            note(model, pair, field, declared, theme),
        ],
        ..Row::default()
    }
}

/// What is worth knowing of a field beside its name: what it is, and where its value comes from.
fn note(model: &Model, pair: &Pair, field: &str, declared: &Field, theme: Theme) -> (String, Style) {
    let is = if declared.key {
        "● key"
    } else if declared.required {
        "● required"
    } else {
        ""
    };
    let feed = draft(model).zip(table(model)).and_then(|(draft, (table, _))| draft.field(table, field));
    let how = match (pair.link, feed) {
        (Link::Suggested(_), _) => {
            let score = suggestion(model, pair).map(|one| one.score).unwrap_or_default();
            return (format!("{score:.2}? {is}").trim_end().to_owned(), theme.warning());
        }
        (Link::Mapped, Some(feed)) => {
            let inputs = feed.inputs().count();
            match (feed.transforms.first(), inputs) {
                (Some(step), 0) if step.name == "constant" => {
                    let value = step.arguments.as_ref().and_then(|value| value.as_str()).unwrap_or_default();
                    format!("= \"{}\"", text::exact(value))
                }
                (_, 0) => "no column".to_owned(),
                (_, 1) => String::new(),
                (_, many) => format!("⊕ {many}"),
            }
        }
        _ if declared.derive.is_some() => "derived".to_owned(),
        _ => match &declared.default {
            Some(toml::Value::String(text)) => format!("= \"{}\"", text::exact(text)),
            Some(other) => format!("= {other}"),
            None if pairs::lacks(declared) => "lacking".to_owned(),
            None => String::new(),
        },
    };
    if pairs::new_name(model, pair).is_some() {
        return (joined(&["renamed?", is]), theme.warning());
    }
    let style = match pair.link {
        Link::None if pairs::lacks(declared) => theme.bad(),
        Link::None => theme.dim(),
        _ => theme.text(),
    };
    (joined(&[is, &how]), style)
}

fn joined(parts: &[&str]) -> String {
    parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" · ")
}

/// The line from a column to its field goes through the frame between the lists: `├─▶`.
fn arrows(model: &Model, body: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let border = body.x.saturating_sub(1);
    let cursor = model.mapping.pairs;
    for (row, pair) in (0..body.height).zip(pairs::pairs(model).iter().skip(usize::try_from(cursor.top).unwrap_or(0))) {
        let has_column = pair.left != Left::Nothing;
        let (line, style) = match pair.link {
            Link::Mapped if has_column => ("─", theme.good()),
            Link::Suggested(_) => ("┄", theme.warning()),
            _ => continue,
        };
        let here = cursor.top + u64::from(row) == cursor.at;
        if let Some(cell) = buffer.cell_mut((border, body.y + row)) {
            cell.set_symbol("├").set_style(style);
        }
        if let Some(cell) = buffer.cell_mut((body.x, body.y + row)).filter(|_| !here) {
            cell.set_symbol(line).set_style(style);
        }
    }
}
