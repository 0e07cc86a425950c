//! Draws what is known of the pair under the cursor: its transforms, the evidence for it, the rows as they come out.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::pairs::{self, Left, Link, Pair};
use super::{EVIDENCE, current, draft, regions, suggestion, table};
use crate::model::{ColumnProfile, Derive, Field, FieldMapping, Step, Suggestion};
use crate::tui::model::Model;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::widgets::grid::{Column, Grid, Row};
use crate::tui::widgets::pane::{self, Pane, below, inner};
use crate::tui::widgets::{bar, put};
use crate::workbench;

/// How wide the bars of the evidence are.
const BAR: usize = 6;
/// How wide the names of its parts are.
const PART: usize = 11;
/// The most frequent values and shapes that are listed.
const FREQUENT: usize = 6;

/// What is done to the text, for the pair under the cursor: what the mapping says, or what following the suggestion would.
pub(super) fn steps(model: &Model) -> Vec<Step> {
    let Some(pair) = current(model) else {
        return Vec::new();
    };
    match pair.link {
        Link::Suggested(_) => suggestion(model, &pair).map(|one| one.transforms.clone()).unwrap_or_default(),
        _ => feed(model, &pair).map(|feed| feed.transforms.clone()).unwrap_or_default(),
    }
}

fn feed<'m>(model: &'m Model, pair: &Pair) -> Option<&'m FieldMapping> {
    draft(model)?.field(table(model)?.0, pair.field.as_deref()?)
}

pub(super) fn draw_steps(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let pair = current(model);
    let suggested = pair.as_ref().is_some_and(|pair| matches!(pair.link, Link::Suggested(_)));
    let title = if suggested { "transforms as suggested" } else { "transforms" };
    let optional = pair.as_ref().and_then(|pair| feed(model, pair)).is_some_and(|feed| feed.optional);
    let foot = if optional { format!("optional: {}", model.key("optional")) } else { String::new() };
    Pane { title: vec![Span::raw(title)], foot, focused }.draw(frame, theme, buffer);
    let inside = inner(frame);
    let steps = steps(model);
    if steps.is_empty() {
        let fed = pair.is_some_and(|pair| pair.link == Link::Mapped);
        let said = match fed {
            true => format!(" as it stands; {} adds a transform", model.key("mapping/transforms")),
            false => " nothing is done: nothing feeds this".to_owned(),
        };
        return put(buffer, inside, 0, Line::styled(said, theme.dim()));
    }
    let cursor = model.mapping.steps;
    let top = usize::try_from(cursor.top).unwrap_or(0);
    let name = steps.iter().map(|step| text::width(&step.name)).max().unwrap_or(0).min(20);
    for (row, (at, step)) in (0..inside.height).zip(steps.iter().enumerate().skip(top)) {
        let here = focused && at as u64 == cursor.at;
        let base = if here { theme.cursor(true) } else { Style::new() };
        let style = |style: Style| if here { base } else { style };
        let arguments = step.arguments.as_ref().map(ToString::to_string).unwrap_or_default();
        let known = workbench::transform(&step.name);
        let words = match known {
            Ok(transform) if arguments.is_empty() => transform.summary.to_owned(),
            Ok(_) => arguments,
            Err(_) => "there is no such transform".to_owned(),
        };
        let room = usize::from(inside.width).saturating_sub(name + 6);
        let words_style = match (step.arguments.is_some(), workbench::transform(&step.name).is_ok()) {
            (_, false) => theme.bad(),
            (true, _) => theme.fresh(),
            _ => theme.dim(),
        };
        let line = vec![
            Span::styled(
                format!("{}{} ", if here { "▸" } else { " " }, text::right(&(at + 1).to_string(), 2)),
                style(theme.dim()),
            ),
            Span::styled(format!("{}  ", text::left(&text::clean(&step.name), name)), style(theme.text())),
            Span::styled(text::left(&text::clean(&words), room), style(words_style)),
        ];
        put(buffer, inside, row, Line::from(line));
    }
}

/// How many lines the evidence has.
pub(super) fn evidence_length(model: &Model) -> u64 {
    let region = regions(model, model.body()).into_iter().find(|region| region.pane == EVIDENCE);
    let width = region.map_or(40, |region| region.body.width);
    evidence(model, usize::from(width)).len() as u64
}

pub(super) fn draw_evidence(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let title = match current(model) {
        Some(pair) => headline(model, &pair),
        None => vec![Span::raw("evidence")],
    };
    Pane { title, foot: String::new(), focused }.draw(frame, theme, buffer);
    let inside = inner(frame);
    let lines = evidence(model, usize::from(inside.width));
    let top = usize::try_from(model.mapping.evidence.top).unwrap_or(0);
    for (row, line) in (0..inside.height).zip(lines.into_iter().skip(top)) {
        put(buffer, inside, row, line);
    }
}

/// Column → field, and how sure that is.
fn headline(model: &Model, pair: &Pair) -> Vec<Span<'static>> {
    let clean = |name: &str| text::clean(name).into_owned();
    let inputs = match pair.link {
        Link::Suggested(_) => suggestion(model, pair).map(|one| one.columns.join(" + ")),
        Link::Mapped => feed(model, pair).map(|feed| {
            let inputs: Vec<&str> = feed.inputs().map(|input| pairs::as_exported(model, input)).collect();
            inputs.join(" + ")
        }),
        Link::None => pair.column_name(model),
    };
    let mut title = match (inputs.filter(|inputs| !inputs.is_empty()), &pair.field) {
        (Some(inputs), Some(field)) => vec![Span::raw(format!("{} → {}", clean(&inputs), clean(field)))],
        (Some(inputs), None) => vec![Span::raw(clean(&inputs))],
        (None, Some(field)) => vec![Span::raw(clean(field))],
        (None, None) => vec![Span::raw("evidence")],
    };
    if let Some(one) = suggestion(model, pair) {
        title.push(Span::styled(format!(" {:.2}", one.score), sure(one.score, model.theme)));
    }
    title
}

fn sure(score: f64, theme: Theme) -> Style {
    match score {
        score if score >= 0.9 => theme.good(),
        score if score >= 0.6 => theme.warning(),
        _ => theme.bad(),
    }
}

fn evidence(model: &Model, width: usize) -> Vec<Line<'static>> {
    let Some(pair) = current(model) else {
        return Vec::new();
    };
    let mut page = Page { theme: model.theme, width, lines: Vec::new() };
    if let Left::Lacking(name) = &pair.left {
        lacking(model, &pair, name, &mut page);
    }
    if let Some(one) = suggestion(model, &pair) {
        if matches!(pair.link, Link::Suggested(_)) {
            let (accept, map) = (model.key("mapping/accept suggestion"), model.key("mapping/map"));
            page.say(page.theme.warning(), &format!("Only suggested: {accept} accepts it, {map} maps another field."));
        }
        scores(one, &mut page);
    } else if pair.link == Link::None
        && pair.field.is_none()
        && pair.column(model).is_some_and(|column| column.filled > 0)
    {
        let map = model.key("mapping/map");
        page.say(page.theme.dim(), &format!("No field of this table is suggested for it. {map} maps it by hand."));
    }
    if let Some(declared) = declared(model, &pair) {
        page.gap();
        about_field(declared, &mut page);
    }
    if let Some(column) = pair.column(model) {
        page.gap();
        about_column(column, &mut page);
    }
    page.lines
}

fn declared<'m>(model: &'m Model, pair: &Pair) -> Option<&'m Field> {
    table(model)?.1.fields.get(pair.field.as_deref()?)
}

/// Lines that are written one after the other.
struct Page {
    theme: Theme,
    width: usize,
    lines: Vec<Line<'static>>,
}

impl Page {
    fn gap(&mut self) {
        if !self.lines.is_empty() {
            self.lines.push(Line::default());
        }
    }

    fn say(&mut self, style: Style, words: &str) {
        for part in text::wrap(&text::clean(words), self.width.saturating_sub(2)) {
            self.lines.push(Line::styled(format!(" {part}"), style));
        }
    }

    /// A name, and beside it words, which go on in the column behind the name.
    fn tell(&mut self, name: &str, lead: Vec<Span<'static>>, words: &str, style: Style) {
        let lead_room = lead.iter().map(|span| text::width(&span.content)).sum::<usize>();
        let room = self.width.saturating_sub(PART + 3).max(8);
        // What stands in front takes its part of the first line.
        let words = format!("{}{}", "\u{1}".repeat(lead_room.min(room)), text::clean(words));
        for (at, part) in text::wrap(&words, room).into_iter().enumerate() {
            let name = if at == 0 { name } else { "" };
            let mut line = vec![Span::styled(format!(" {} ", text::left(name, PART)), self.theme.dim())];
            line.extend(lead.iter().filter(|_| at == 0).cloned());
            line.push(Span::styled(part.replace('\u{1}', ""), style));
            self.lines.push(Line::from(line));
        }
    }
}

fn lacking(model: &Model, pair: &Pair, name: &str, page: &mut Page) {
    let theme = page.theme;
    if let Some(why) = super::unprofiled(model) {
        return page.say(theme.dim(), &why);
    }
    match pairs::new_name(model, pair) {
        Some(one) => {
            let said = format!(
                "\"{name}\" is gone; probably it is called \"{}\" now ({}). {} reads it by its new name.",
                one.to,
                one.words,
                model.key("mapping/accept suggestion")
            );
            page.say(theme.warning(), &said);
            let score = vec![Span::styled(format!("▕{}▏ ", bar(one.score, BAR)), sure(one.score, theme))];
            page.tell("sure", score, &format!("{:.2}", one.score), theme.text());
        }
        None if feed(model, pair).is_some_and(|feed| feed.optional) => {
            page.say(
                theme.dim(),
                &format!("The export has no column \"{name}\"; the field stays empty, as it is optional."),
            );
        }
        None => {
            let said = format!(
                "The export has no column \"{name}\", and nothing can be checked until {} unmaps it, {} in the right list maps another one, or {} says that some exports lack it.",
                model.key("unmap"),
                model.key("mapping/map"),
                model.key("mapping/optional")
            );
            page.say(theme.bad(), &said);
        }
    }
    page.gap();
}

fn scores(one: &Suggestion, page: &mut Page) {
    let theme = page.theme;
    for evidence in &one.evidence {
        let bar = vec![Span::styled(format!("▕{}▏ ", bar(evidence.score, BAR)), sure(evidence.score, theme))];
        page.tell(evidence.part.name(), bar, &evidence.words, theme.text());
    }
    match &one.runner_up {
        Some(next) => {
            let words = format!("{} {:.2}: {}", next.field, next.score, next.why);
            page.tell("next", Vec::new(), &words, theme.dim());
        }
        None => page.tell("next", Vec::new(), "no other field fits", theme.dim()),
    }
}

fn about_field(declared: &Field, page: &mut Page) {
    let theme = page.theme;
    page.tell("field", Vec::new(), &super::join::nature(declared), theme.text());
    if !declared.description.is_empty() {
        page.tell("", Vec::new(), &declared.description, theme.text());
    }
    if let Some(reference) = &declared.references {
        page.tell("refers to", Vec::new(), &format!("{}.{}", reference.table, reference.field), theme.text());
    }
    if !declared.values.is_empty() {
        page.tell("one of", Vec::new(), &declared.values.join(", "), theme.text());
    }
    let bounds: Vec<String> = [("from", &declared.min), ("to", &declared.max)]
        .into_iter()
        .filter_map(|(word, bound)| Some(format!("{word} {}", bound.as_ref()?)))
        .collect();
    if !bounds.is_empty() {
        page.tell("range", Vec::new(), &bounds.join(" "), theme.text());
    }
    match &declared.derive {
        Some(Derive::Expression(sql)) => page.tell("derived", Vec::new(), sql, theme.text()),
        Some(Derive::Aggregate(of)) => {
            let words = format!("{} over {} by {}", of.sql, of.from, of.on);
            page.tell("derived", Vec::new(), &words, theme.text());
        }
        None => {}
    }
    if !declared.synonyms.is_empty() {
        page.tell("also called", Vec::new(), &declared.synonyms.join(", "), theme.dim());
    }
}

fn about_column(column: &ColumnProfile, page: &mut Page) {
    let theme = page.theme;
    let percent = |share: f64| format!("{:.1} %", (share * 1000.0).floor() / 10.0);
    let about = if column.distinct_is_exact { "" } else { "about " };
    let filled =
        format!("filled in {} of the rows, {about}{} different", percent(column.fill()), text::number(column.distinct));
    page.tell("column", Vec::new(), &filled, theme.text());
    if column.filled == 0 {
        return;
    }
    let kinds = std::iter::once((column.kind, column.share)).chain(column.kinds.iter().copied()).take(3);
    let kinds: Vec<String> = kinds.map(|(kind, share)| format!("{} {}", kind.name(), percent(share))).collect();
    page.tell("looks like", Vec::new(), &kinds.join(", "), theme.text());
    if let (Some(least), Some(most)) = (&column.min, &column.max) {
        page.tell("range", Vec::new(), &format!("{} … {}", text::exact(least), text::exact(most)), theme.text());
    }
    for (title, list) in [("values", &column.frequent), ("shapes", &column.shapes)] {
        for (at, (value, rows)) in list.iter().take(FREQUENT).enumerate() {
            let count = vec![Span::styled(format!("{} ", text::right(&text::number(*rows), 9)), theme.dim())];
            page.tell(if at == 0 { title } else { "" }, count, &text::exact(value), theme.text());
        }
    }
}

pub(super) fn draw_preview(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let shown = &model.mapping.shown;
    let inside = inner(frame);
    let mut title = vec![Span::raw("preview")];
    let Some(of) = &shown.of else {
        Pane { title, foot: String::new(), focused }.draw(frame, theme, buffer);
        let said = match super::has_target(model) {
            Err(why) => why,
            Ok(()) => super::unprofiled(model).unwrap_or_else(|| "asking for the rows…".to_owned()),
        };
        for (row, line) in (0..inside.height).zip(text::wrap(&said, usize::from(inside.width).saturating_sub(2))) {
            put(buffer, inside, row, Line::styled(format!(" {line}"), theme.dim()));
        }
        return;
    };
    if let Some(told) = &shown.failure {
        title.push(Span::styled(" · ✗ does not run", theme.bad()));
        Pane { title, foot: String::new(), focused }.draw(frame, theme, buffer);
        let said = std::iter::once(format!("✗ {}", told.what)).chain(told.hints.iter().map(|hint| format!("→ {hint}")));
        let room = usize::from(inside.width).saturating_sub(2);
        for (row, line) in (0..inside.height).zip(said.flat_map(|line| text::wrap(&text::clean(&line), room))) {
            put(buffer, inside, row, Line::styled(format!(" {line}"), theme.bad()));
        }
        return;
    }
    let total = shown.window.len();
    if (shown.failed, shown.strays) == (0, 0) {
        title.push(Span::styled(format!(" · ✓ all {} read", text::number(total)), theme.good()));
    }
    if shown.failed > 0 {
        let count = format!(" · ✗ {} of {} unreadable", text::number(shown.failed), text::number(total));
        title.push(Span::styled(count, theme.bad()));
    }
    if shown.strays > 0 {
        let of = if shown.failed > 0 { String::new() } else { format!(" of {}", text::number(total)) };
        title.push(Span::styled(format!(" · ▲ {}{of} not allowed", text::number(shown.strays)), theme.warning()));
    }
    if shown.empty > 0 {
        title.push(Span::styled(format!(" · {} empty", text::number(shown.empty)), theme.dim()));
    }
    // What does not fit whole would say another number: what matters least goes first.
    pane::whole(&mut title, frame, 2);
    if !pane::fits(&title, frame) {
        title.remove(0);
    }
    let cursor = model.mapping.preview;
    let foot =
        if total == 0 { String::new() } else { format!("{}/{}", text::number(cursor.at + 1), text::number(total)) };
    Pane { title, foot, focused }.draw(frame, theme, buffer);
    let zoomed = model.mapping.zoomed;
    let mut heads = Vec::new();
    if zoomed {
        heads.push(Column::number("row", 9, 2));
        heads.extend(shown.columns.iter().map(|column| Column::name(text::clean(column), 10, 60, 1)));
    } else {
        heads.push(Column::name(text::clean(&shown.columns.join(" + ")), 8, 60, 0));
    }
    heads.push(Column::name(format!("→ {}", text::clean(&of.field)), 10, 80, 0));
    let grid = Grid { columns: &heads, cursor, total, focused, selectable: focused };
    grid.draw(inside, theme, buffer, |at| {
        let Some(row) = shown.window.get(at) else {
            return Row { mark: (" ", theme.dim()), cells: vec![("…".to_owned(), theme.dim())], ..Row::default() };
        };
        let cell = |text: &Option<String>| text.as_deref().map(text::exact);
        let mut cells = Vec::new();
        if zoomed {
            cells.push((u64::try_from(row.row).map_or_else(|_| row.row.to_string(), text::number), theme.dim()));
            cells.extend(row.texts.iter().map(|text| match cell(text) {
                Some(text) => (text, theme.text()),
                None => ("–".to_owned(), theme.dim()),
            }));
        } else {
            let texts: Vec<String> = row.texts.iter().filter_map(cell).collect();
            cells.push((texts.join(" + "), theme.text()));
        }
        cells.push(match &row.value {
            _ if row.failed => ("✗ unreadable".to_owned(), theme.bad()),
            None => ("–".to_owned(), theme.dim()),
            Some(value) if row.stray => (text::exact(value), theme.warning()),
            Some(value) => (text::exact(value), theme.fresh()),
        });
        let mark = match (row.failed, row.stray) {
            (true, _) => ("✗", theme.bad()),
            (_, true) => ("▲", theme.warning()),
            _ => (" ", theme.dim()),
        };
        Row { mark, cells, ..Row::default() }
    });
    if total == 0 {
        put(buffer, below(inside, 1), 0, Line::styled("   no rows", theme.dim()));
    }
}
