//! Draws what lies over a screen. Neighbour: `popups`, which holds its state and keys.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};

use super::pane::{Pane, below, inner};
use super::{put, sheet};
use crate::tui::cursor::Cursor;
use crate::tui::input::Input;
use crate::tui::keymap::{self, Layer, Meaning};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::popups::{Form, Item, Picker, Popup, Question};
use crate::tui::screens::tables::console;
use crate::tui::shell;
use crate::tui::text;
use crate::tui::theme::Theme;

/// Draws the popup, if there is one; returns where the terminal's cursor belongs.
pub fn draw(model: &Model, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let popup = model.popup.as_ref()?;
    if let Popup::Console(console) = popup {
        return Some(console::draw(model, console, area, buffer));
    }
    if let Popup::Sheet(form) = popup {
        return Some(sheet::draw(model, form, area, buffer));
    }
    let frame = frame(model, area);
    Clear.render(frame, buffer);
    let inside = padded(inner(frame));
    let (title, foot) = titles(model, popup);
    Pane { title: vec![Span::raw(title)], foot, focused: true }.draw(frame, model.theme, buffer);
    match popup {
        Popup::Help(layers, cursor) => scrolled(help(layers, model.theme, inside.width), cursor.top, inside, buffer),
        Popup::Messages(cursor) => scrolled(log(model, inside.width), cursor.top, inside, buffer),
        Popup::Journal(cursor) => journal(model, *cursor, inside, buffer),
        Popup::Text { lines, cursor, .. } => scrolled(read(lines, inside.width), cursor.top, inside, buffer),
        Popup::Question(question) => {
            scrolled(read(&question.about, inside.width), question.cursor.top, inside, buffer);
        }
        Popup::Picker(picker) => return Some(items(model, picker, inside, buffer)),
        Popup::Form(form) => return Some(fields(model, form, inside, buffer)),
        Popup::Console(_) | Popup::Sheet(_) => {}
    }
    None
}

/// How many lines the list in the popup has.
pub fn lines(model: &Model) -> u64 {
    let lines = match &model.popup {
        Some(Popup::Help(layers, _)) => {
            help(layers, model.theme, padded(inner(frame(model, model.body()))).width).len()
        }
        Some(Popup::Messages(_)) => log(model, padded(inner(frame(model, model.body()))).width).len(),
        Some(Popup::Journal(_)) => model.journal.done.len(),
        Some(Popup::Picker(picker)) => picker.matches().len(),
        Some(Popup::Text { lines, .. } | Popup::Question(Question { about: lines, .. })) => {
            read(lines, padded(inner(frame(model, model.body()))).width).len()
        }
        _ => 0,
    };
    lines as u64
}

/// How many lines of that list are seen.
pub fn height(model: &Model) -> u64 {
    let inside = inner(frame(model, model.body()));
    match &model.popup {
        Some(Popup::Picker(picker)) => u64::from(list(picker, inside).height).max(1),
        Some(Popup::Journal(_)) => u64::from(inside.height.saturating_sub(WHOLE + 1)).max(1),
        _ => u64::from(inside.height).max(1),
    }
}

fn titles(model: &Model, popup: &Popup) -> (String, String) {
    let key = |name| model.key(name);
    let moves = || ["lines of what lies over a screen/down", "lines of what lies over a screen/up"].map(key).join(" ");
    match popup {
        Popup::Help(layers, _) => {
            let title = format!("keys · {}", layers.first().map_or("", |layer| layer.title));
            (title, format!("{} scroll · {} close", moves(), key("reading/close")))
        }
        Popup::Messages(_) => {
            let title = format!("messages · {} · when: minutes since the start", model.notes.log.len());
            (title, format!("{} close", key("reading/close")))
        }
        Popup::Journal(_) => {
            let [copy, close] = ["lines for a shell/copy line", "lines for a shell/close"].map(key);
            ("lines for a shell".to_owned(), format!("{copy} copy · {close} close"))
        }
        Popup::Text { title, waits, .. } => {
            let close = key("reading/close");
            let foot = match waits {
                Some(_) => format!("{close} cancel"),
                None => format!("{} scroll · {close} close", moves()),
            };
            (text::clean(title).into_owned(), foot)
        }
        Popup::Picker(picker) => {
            let (matches, all) = (picker.matches().len() as u64, picker.items.len() as u64);
            let count = format!("{} of {}", text::number(matches), text::number(all));
            let [choose, leave] = ["choosing/choose", "choosing/leave"].map(key);
            (text::clean(&picker.title).into_owned(), format!("{count} · {choose} choose · {leave} leave"))
        }
        Popup::Form(form) => (text::clean(&form.title).into_owned(), form_foot(model, form)),
        Popup::Sheet(sheet) => (text::clean(&sheet.title).into_owned(), String::new()),
        Popup::Question(question) => {
            let [yes, no] = ["question/yes", "question/no"].map(key);
            (text::clean(&question.title).into_owned(), format!("{yes} yes · {no} no"))
        }
        Popup::Console(_) => Default::default(),
    }
}

/// What stands below a form; of one that is longer than the screen, also where one is in it.
fn form_foot(model: &Model, form: &Form) -> String {
    let (_, lines) = fields_at(form, padded(inner(frame(model, model.body()))));
    let place = match form.fields.len() {
        all if all > usize::from(lines) => format!("{}/{all} · ", form.focus + 1),
        _ => String::new(),
    };
    let filled = form.fields.get(form.focus).is_some_and(|field| !field.input.value().is_empty());
    let clear = if filled { "^U clear · " } else { "" };
    let [accept, leave] = ["form/accept", "form/leave"].map(|name| model.key(name));
    format!("{place}{clear}{accept} accept · {leave} leave")
}

/// An area with a column of room at both sides.
pub(super) fn padded(area: Rect) -> Rect {
    Rect { x: (area.x + 1).min(area.right()), width: area.width.saturating_sub(2), ..area }
}

/// Where the popup lies, given the area that it may cover: all of it on a small terminal.
fn frame(model: &Model, area: Rect) -> Rect {
    if model.is_small() {
        return area;
    }
    let width = match &model.popup {
        Some(Popup::Help(..) | Popup::Messages(_) | Popup::Text { .. }) => 84,
        // Their lines are cut, not wrapped.
        Some(Popup::Picker(_) | Popup::Journal(_)) => (area.width / 5 * 4).clamp(96, 132),
        Some(Popup::Question(question)) => wide_enough(&question.about),
        Some(Popup::Form(form)) => wide_enough(&form.about),
        _ => NARROW,
    };
    let width = width.min(area.width.saturating_sub(2)).max(area.width.min(10));
    let inside = width.saturating_sub(4);
    let high = match &model.popup {
        Some(Popup::Help(layers, _)) => help(layers, model.theme, inside).len() as u16,
        Some(Popup::Journal(_)) => (model.journal.done.len() as u16).min(16) + WHOLE + 1,
        Some(Popup::Messages(_)) => (log(model, inside).len() as u16).max(3),
        Some(Popup::Picker(picker)) => 1 + (picker.items.len() as u16).min(16) + details(picker),
        Some(Popup::Question(question)) => read(&question.about, inside).len() as u16,
        Some(Popup::Text { lines, .. }) => read(lines, inside).len() as u16,
        Some(Popup::Form(form)) => {
            let about: usize =
                form.about.iter().map(|line| text::wrap(&text::clean(line), usize::from(inside)).len()).sum();
            about as u16 + u16::from(about > 0) + form.fields.len() as u16 + 1 + hints(form, inside)
        }
        Some(Popup::Console(_) | Popup::Sheet(_)) | None => 0,
    };
    let height = (high + 2).min(area.height);
    Rect {
        x: area.x + (area.width - width.min(area.width)) / 2,
        y: area.y + (area.height - height) / 3,
        width: width.min(area.width),
        height,
    }
}

/// The width of a question or a form, and the most that it takes to keep lines whole.
const NARROW: u16 = 72;
const WIDE: u16 = 104;

/// Wide enough for the lists among these lines; sentences are easier to read on short lines.
fn wide_enough(lines: &[String]) -> u16 {
    let listed = lines.iter().filter(|line| line.starts_with(' ')).map(|line| text::width(line) as u16);
    listed.max().map_or(NARROW, |most| most.saturating_add(4).clamp(NARROW, WIDE))
}

fn scrolled(lines: Vec<Line>, top: u64, area: Rect, buffer: &mut Buffer) {
    let top = usize::try_from(top).unwrap_or(usize::MAX);
    for (row, line) in (0..area.height).zip(lines.into_iter().skip(top)) {
        put(buffer, area, row, line);
    }
}

/// The room for the keys of a command in the help.
const KEYS: usize = 14;

fn help(layers: &[&'static Layer], theme: Theme, width: u16) -> Vec<Line<'static>> {
    let room = usize::from(width).saturating_sub(KEYS + 3);
    let mut lines: Vec<Line> = Vec::new();
    for layer in layers {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.push(Line::styled(layer.title, theme.title(false)));
        for command in layer.commands {
            // What a nearer place has taken over is not said twice.
            let live = keymap::live(layers, command);
            let keys: Vec<String> = match command.keys {
                [] => vec![format!(":{}", command.name)],
                _ if live.is_empty() => continue,
                _ => live.into_iter().map(keymap::shown).collect(),
            };
            if room < KEYS {
                // There is no room for both beside each other.
                lines.push(Line::styled(keys.join(" "), theme.key()));
                let about = text::wrap(command.help, usize::from(width).saturating_sub(1));
                lines.extend(about.into_iter().map(|part| Line::raw(format!(" {part}"))));
                continue;
            }
            let (keys, about) = (text::wrap(&keys.join(" "), KEYS), text::wrap(command.help, room));
            for row in 0..keys.len().max(about.len()) {
                let part = |parts: &[String]| parts.get(row).cloned().unwrap_or_default();
                lines.push(Line::from(vec![
                    Span::styled(format!("  {} ", text::left(&part(&keys), KEYS)), theme.key()),
                    Span::raw(part(&about)),
                ]));
            }
        }
    }
    lines
}

fn log(model: &Model, width: u16) -> Vec<Line<'static>> {
    let theme = model.theme;
    let mut lines = Vec::new();
    for note in &model.notes.log {
        let style = match note.tone {
            Tone::News => theme.text(),
            Tone::Done => theme.good(),
            Tone::Refused => theme.warning(),
            Tone::Failed => theme.bad(),
        };
        let at = note.at.as_secs();
        let time = format!("{:>3}:{:02} ", at / 60, at % 60);
        let said = std::iter::once(note.text.clone()).chain(note.hints.iter().map(|hint| format!("→ {hint}")));
        let room = usize::from(width).saturating_sub(9);
        for (at, part) in said.flat_map(|line| text::wrap(&text::clean(&line), room)).enumerate() {
            let (time, glyph) = if at == 0 { (time.clone(), note.tone.glyph()) } else { ("       ".to_owned(), " ") };
            lines.push(Line::from(vec![
                Span::styled(time, theme.dim()),
                Span::styled(glyph, style),
                Span::raw(" "),
                Span::raw(part),
            ]));
        }
    }
    if lines.is_empty() {
        lines.push(Line::styled("Nothing was said yet.", theme.dim()));
    }
    lines
}

/// The lines in which a line of the journal is shown whole, if they suffice.
const WHOLE: u16 = 3;

fn journal(model: &Model, cursor: Cursor, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let seen = height(model) as u16;
    let top = usize::try_from(cursor.top).unwrap_or(usize::MAX);
    for (row, (at, entry)) in (0..seen).zip(model.journal.done.iter().enumerate().skip(top)) {
        let here = at as u64 == cursor.at;
        let (glyph, style) = if entry.worked { ("✓", theme.good()) } else { ("✗", theme.bad()) };
        let room = usize::from(area.width).saturating_sub(2);
        let line = text::left(&text::clean(&shell::in_brief(&entry.line, &model.about.dir, room)), room);
        let spans = vec![Span::styled(format!("{glyph} "), style), Span::raw(line)];
        put(buffer, area, row, Line::from(spans).patch_style(if here { theme.cursor(true) } else { theme.text() }));
    }
    let Some(entry) = usize::try_from(cursor.at).ok().and_then(|at| model.journal.done.get(at)) else {
        return;
    };
    let below = Rect { y: area.y + (seen + 1).min(area.height), height: area.height.saturating_sub(seen + 1), ..area };
    let whole = text::chop(&text::clean(&entry.line), usize::from(area.width));
    for (row, part) in (0..below.height).zip(whole) {
        put(buffer, below, row, Line::styled(part, theme.key()));
    }
}

/// Lines in as many as they need; what is set in stays set in.
fn read(lines: &[String], width: u16) -> Vec<Line<'static>> {
    let wrapped = |line: &String| {
        let line = text::clean(line).into_owned();
        let words = line.trim_start_matches(' ');
        let set_in = (line.len() - words.len()).min(usize::from(width / 2));
        let lead = " ".repeat(set_in);
        let parts = text::wrap(words, usize::from(width).saturating_sub(set_in));
        parts.into_iter().map(move |part| Line::from(format!("{lead}{part}"))).collect::<Vec<_>>()
    };
    lines.iter().flat_map(wrapped).collect()
}

/// How wide the names and the words beside them are.
const NAME: usize = 26;
const ASIDE: usize = 12;

fn items(model: &Model, picker: &Picker, area: Rect, buffer: &mut Buffer) -> Position {
    let theme = model.theme;
    let place = typed(&picker.input, Rect { height: area.height.min(1), ..area }, LEAD, theme, buffer);
    let matches = picker.matches();
    if matches.is_empty() {
        put(buffer, area, 1, Line::styled("nothing matches", theme.dim()));
    }
    let wide = |of: fn(&Item) -> &str, most: usize| {
        picker.items.iter().map(|item| text::width(of(item))).max().unwrap_or(0).min(most)
    };
    let width = usize::from(area.width);
    let aside_room = wide(|item| &item.aside, ASIDE);
    // What stands behind leaves to the names whatever it does not need itself.
    let left = width.saturating_sub(aside_room + wide(|item| &item.about, width) + 4);
    let name_room = wide(|item| &item.name, left.max(width / 3).max(NAME));
    let room = width.saturating_sub(name_room + aside_room + 4);
    let shown = matches.into_iter().enumerate().skip(usize::try_from(picker.cursor.top).unwrap_or(usize::MAX));
    let lines = list(picker, area);
    for (row, (at, item)) in (1..=lines.height).zip(shown) {
        let Some(item) = picker.items.get(item) else {
            continue;
        };
        let here = at as u64 == picker.cursor.at;
        let base = if here { theme.cursor(true) } else { theme.text() };
        let faint = if here { base } else { theme.dim() };
        let cell = |value: &str, width| text::left(&text::clean(value), width);
        let line = vec![
            Span::styled(format!("{}  ", cell(&item.name, name_room)), if item.faint { faint } else { base }),
            Span::styled(format!("{}  ", cell(&item.aside, aside_room)), if here { base } else { theme.key() }),
            Span::styled(cell(&item.about, room), faint),
        ];
        put(buffer, area, row, Line::from(line).style(base));
    }
    let below = below(area, 1 + lines.height);
    if let Some(item) = picker.here().and_then(|at| picker.items.get(at)).filter(|item| !item.details.is_empty()) {
        put(buffer, below, 0, Line::styled("─".repeat(usize::from(below.width)), theme.dim()));
        let words = item.details.lines().flat_map(|line| text::wrap(&text::clean(line), usize::from(below.width)));
        for (row, line) in (1..below.height).zip(words) {
            put(buffer, below, row, Line::raw(line));
        }
    }
    place
}

/// The lines below a list for what else is known of the item under the cursor, the same for all items.
fn details(picker: &Picker) -> u16 {
    if picker.items.iter().any(|item| !item.details.is_empty()) { 7 } else { 0 }
}

/// The part of the popup that has the items. On a low screen they are worth more than what is known of one.
fn list(picker: &Picker, area: Rect) -> Rect {
    let below_text = below(area, 1);
    let least = (picker.items.len() as u16).min(4);
    let low = if below_text.height >= details(picker) + least { details(picker) } else { 0 };
    Rect { height: below_text.height - low, ..below_text }
}

/// What stands before the text of a list to choose from.
const LEAD: &str = "> ";

/// What the mouse is on, in a popup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A line of a list to choose from, counted among those that match.
    Item(u64),
    /// A text that is typed in: which field, at which of its columns, and how many there are.
    Field {
        /// Which one; 0 for the text of a list.
        field: usize,
        /// The column.
        column: usize,
        /// How many columns the text has.
        room: usize,
    },
    /// Somewhere else in the popup.
    Inside,
    /// Not in the popup.
    Outside,
}

/// What is at a place of the screen.
pub fn target(model: &Model, place: Position) -> Target {
    if let Some(Popup::Sheet(form)) = &model.popup {
        return sheet::target(form, model.body(), model.is_small(), place);
    }
    let frame = frame(model, model.body());
    let inside = padded(inner(frame));
    match &model.popup {
        _ if !frame.contains(place) => Target::Outside,
        _ if !inside.contains(place) => Target::Inside,
        Some(Popup::Picker(picker)) if list(picker, inside).contains(place) => {
            let at = picker.cursor.top + u64::from(place.y - inside.y - 1);
            if at < picker.matches().len() as u64 { Target::Item(at) } else { Target::Inside }
        }
        Some(Popup::Journal(cursor)) => {
            let row = u64::from(place.y - inside.y);
            let at = cursor.top + row;
            if row < height(model) && at < lines(model) { Target::Item(at) } else { Target::Inside }
        }
        Some(Popup::Picker(_)) if place.y > inside.y => Target::Inside,
        Some(Popup::Picker(_)) => field_at(0, text::width(LEAD), inside, place),
        Some(Popup::Form(form)) => {
            let (first, lines) = fields_at(form, inside);
            let at = usize::from(place.y - inside.y).checked_sub(usize::from(first));
            let at = at.filter(|at| *at < usize::from(lines)).map(|at| at + first_seen(form, lines));
            match at.filter(|at| *at < form.fields.len()) {
                Some(at) => field_at(at, text::width(&lead(form, at)), inside, place),
                None => Target::Inside,
            }
        }
        _ => Target::Inside,
    }
}

pub(super) fn field_at(field: usize, lead: usize, line: Rect, place: Position) -> Target {
    let column = usize::from(place.x - line.x).saturating_sub(lead);
    Target::Field { field, column, room: usize::from(line.width).saturating_sub(lead) }
}

/// The most lines for what is good for a line of a form.
const HINTS: usize = 3;
/// The most lines for why it was refused, at whose end stands what to do about it.
const REFUSALS: usize = 8;

/// How many lines are kept for that.
fn hints(form: &Form, width: u16) -> u16 {
    let lines = |text: &str, most: usize| text::wrap(&text::clean(text), usize::from(width)).len().min(most);
    let hints = form.fields.iter().map(|field| lines(&field.hint, HINTS));
    let refused = form.fields.iter().flat_map(|field| &field.refused).map(|why| lines(&format!("✗ {why}"), REFUSALS));
    hints.chain(refused).max().unwrap_or(0).max(1) as u16
}

/// The row of the first line to be typed in, and how many are seen. On a low screen those lines are worth more than the
/// words above them.
fn fields_at(form: &Form, area: Rect) -> (u16, u16) {
    let words: usize =
        form.about.iter().map(|line| text::wrap(&text::clean(line), usize::from(area.width)).len()).sum();
    let row = words as u16 + u16::from(words > 0);
    let all = form.fields.len() as u16;
    let hints = hints(form, area.width);
    // The empty line before the hints goes first, then the words, then what there is too much of the hints.
    let first = row.min(area.height.saturating_sub(all + hints));
    let hints = if area.height < first + all + hints { 1 } else { hints };
    (first, area.height.saturating_sub(first + hints).clamp(1, all.max(1)))
}

/// The first line of a form that is seen, of so many: the one that is being typed always is.
fn first_seen(form: &Form, lines: u16) -> usize {
    let lines = usize::from(lines).max(1);
    // A line that follows is seen too, where there is one: it is where the way goes on.
    let wanted = (form.focus + 2).min(form.fields.len()).max(form.focus + 1);
    let wanted = if lines < 3 { form.focus + 1 } else { wanted };
    wanted.saturating_sub(lines)
}

/// What stands before a line to be typed in.
fn lead(form: &Form, field: usize) -> String {
    let label = form.fields.iter().map(|field| text::width(field.label)).max().unwrap_or(0);
    let own = form.fields.get(field).map_or("", |field| field.label);
    if label > 0 { format!("{} ", text::left(own, label)) } else { String::new() }
}

fn fields(model: &Model, form: &Form, area: Rect, buffer: &mut Buffer) -> Position {
    let theme = model.theme;
    let words = form.about.iter().flat_map(|line| text::wrap(&text::clean(line), usize::from(area.width)));
    let (first, lines) = fields_at(form, area);
    for (row, line) in (0..first).zip(words) {
        put(buffer, area, row, Line::raw(line));
    }
    let top = first_seen(form, lines);
    let mut place = Position::new(area.x, area.y);
    for (row, (at, field)) in (first..first + lines).zip(form.fields.iter().enumerate().skip(top)) {
        let line = Rect { y: area.y + row.min(area.height.saturating_sub(1)), height: area.height.min(1), ..area };
        Clear.render(line, buffer);
        let here = typed(&field.input, line, &lead(form, at), theme, buffer);
        if field.refused.is_some() {
            let label = Rect { width: (text::width(field.label) as u16).min(line.width), ..line };
            buffer.set_style(label.intersection(buffer.area), theme.bad());
        }
        if at == form.focus {
            place = here;
        }
    }
    let begun = form.fields.iter().any(|field| field.touched);
    let here = form.fields.get(form.focus);
    let refused = here.and_then(|field| field.refused.clone());
    let wrong = refused.or_else(|| (form.check)(model, form).filter(|_| begun));
    let (said, style) = match wrong {
        Some(wrong) => (format!("✗ {wrong}"), theme.bad()),
        None => (here.map(|field| field.hint.clone()).unwrap_or_default(), theme.dim()),
    };
    let room = below(area, first + lines);
    let gap = u16::from(room.height > hints(form, area.width));
    for (row, line) in (gap..room.height.max(gap + 1)).zip(text::wrap(&text::clean(&said), usize::from(area.width))) {
        put(buffer, room, row, Line::styled(line, style));
    }
    place
}

/// A line of text that is being typed, scrolled so that the cursor is seen; returns where the terminal's cursor belongs.
pub fn typed(input: &Input, area: Rect, lead: &str, theme: Theme, buffer: &mut Buffer) -> Position {
    let begin = (text::width(lead) as u16).min(area.width);
    let seen = input.seen(usize::from(area.width - begin));
    let line = Line::from(vec![Span::styled(lead.to_owned(), theme.key()), Span::styled(seen.text, theme.input())]);
    put(buffer, area, 0, line);
    let column = begin + seen.cursor as u16;
    Position::new(area.x + column.min(area.width.saturating_sub(1)), area.y)
}

/// What can follow the keys that were pressed so far, in the lower right corner.
pub fn hint(model: &Model, area: Rect, buffer: &mut Buffer) {
    if model.typed.is_empty() {
        return;
    }
    let Meaning::Begins(followers) = keymap::look_up(&model.layers(), &model.typed) else {
        return;
    };
    let begun = model.typed.iter().map(|key| keymap::shown(&key.0)).collect::<String>();
    let lines: Vec<String> = followers
        .iter()
        .map(|(rest, command)| format!("{} {}", text::left(&keymap::shown(rest), 3), command.name))
        .collect();
    let around = if model.is_small() { 0 } else { 2 };
    let wide = lines.iter().map(|line| text::width(line)).max().unwrap_or(0) as u16 + 2 * around;
    let high = lines.len() as u16 + around;
    let frame = Rect {
        x: area.right().saturating_sub(wide),
        y: area.bottom().saturating_sub(high),
        width: wide.min(area.width),
        height: high.min(area.height),
    };
    Clear.render(frame, buffer);
    if model.is_small() {
        for (row, line) in (0..).zip(lines) {
            put(buffer, frame, row, Line::raw(line));
        }
        return;
    }
    Pane { title: vec![Span::raw(begun)], foot: String::new(), focused: true }.draw(frame, model.theme, buffer);
    let inside = padded(inner(frame));
    for (row, line) in lines.into_iter().enumerate() {
        put(buffer, inside, row as u16, Line::raw(line));
    }
}
