//! Commit (6): whether the gate opens, what would change, what is held back, and what was committed before.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Direction, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::{Region, Screen, lines_seen};
use crate::model::{Commit, DiffKind, RowChange, TableTally};
use crate::tui::cursor::{Cursor, Reel};
use crate::tui::effects::{Answer, Ask, Effect, Job};
use crate::tui::keymap::{Command, Layer, always};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::popups::{Form, FormField, Popup};
use crate::tui::text;
use crate::tui::widgets::grid::{Column, Grid, Row};
use crate::tui::widgets::pane::{Pane, below, inner, split};
use crate::tui::widgets::put;
use crate::tui::window::Window;

/// What must hold.
const GATE: usize = 0;
/// What would change, table by table.
const DIFF: usize = 1;
/// What was committed before.
const LOG: usize = 2;
/// In a list of rows there is one pane.
const ROWS: usize = DIFF;

/// What the screen shows.
pub struct State {
    focus: usize,
    cursors: [Cursor; 3],
    /// The tables' tallies; `None` until they are known.
    diff: Option<Vec<TableTally>>,
    /// The epoch that those tallies are of.
    diff_of: Option<u64>,
    log: Option<Vec<Commit>>,
    asked: Option<u64>,
    rows: Option<Rows>,
}

impl Default for State {
    fn default() -> State {
        State {
            focus: DIFF,
            cursors: Default::default(),
            diff: None,
            diff_of: None,
            log: None,
            asked: None,
            rows: None,
        }
    }
}

/// The rows behind a number.
struct Rows {
    what: Behind,
    cursor: Cursor,
    asked: Option<(u64, u64)>,
    changes: Window<RowChange>,
    held: Window<Vec<Option<String>>>,
}

/// Which rows are open.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Behind {
    /// Those of a table that a commit would change.
    Changes(String),
    /// Those that a commit would hold back.
    Held,
}

impl Rows {
    fn total(&self) -> u64 {
        match self.what {
            Behind::Changes(_) => self.changes.len(),
            Behind::Held => self.held.len(),
        }
    }
}

/// The screen.
pub static SCREEN: Screen = Screen {
    number: "6",
    title: "Commit",
    panes: |model| if model.commit.rows.is_some() { 1 } else { 3 },
    focus: |model| &mut model.commit.focus,
    regions,
    reel,
    needs,
    answer,
    back,
    layers: |model| if model.commit.rows.is_some() { vec![&ROWS_KEYS, &KEYS] } else { vec![&KEYS, &OPEN_KEYS] },
    all_layers: &[&KEYS, &OPEN_KEYS, &ROWS_KEYS],
    view,
};

static KEYS: Layer = Layer {
    title: "commit",
    commands: &[
        Command {
            name: "commit",
            keys: &["c"],
            label: "commit",
            help: "Asks for a message, then makes the candidates canonical in one transaction.",
            run: ask_message,
            ready: can_commit,
        },
        Command {
            name: "quarantine",
            keys: &["z"],
            label: "quarantine",
            help: "Opens the rows that are held back, with every reason.",
            run: open_held,
            ready: has_held,
        },
    ],
};

static OPEN_KEYS: Layer = Layer {
    title: "tables",
    commands: &[Command {
        name: "open rows",
        keys: &["enter"],
        label: "open",
        help: "Opens the rows of the table that would change, cell by cell.",
        run: enter,
        ready: can_enter,
    }],
};

static ROWS_KEYS: Layer = Layer {
    title: "rows",
    commands: &[
        Command {
            name: "leave rows",
            keys: &["esc", "q", "backspace", "h", "left"],
            label: "back",
            help: "Goes back to the tables.",
            run: leave,
            ready: always,
        },
        Command {
            name: "copy row",
            keys: &["y", "Y"],
            label: "copy",
            help: "Copies the row to the clipboard.",
            run: copy_row,
            ready: has_row,
        },
    ],
};

fn regions(model: &Model, area: Rect) -> Vec<Region> {
    let region = |pane, frame: Rect, head| Region { pane, frame, body: below(inner(frame), head) };
    if model.commit.rows.is_some() {
        return vec![region(ROWS, rows_and_cells(area)[0], 1)];
    }
    if area.height < 14 {
        let head = u16::from(model.commit.focus != GATE);
        return vec![region(model.commit.focus, area, head)];
    }
    let most = if model.commit.focus == GATE { area.height / 2 } else { area.height / 3 };
    let gate = (gate_lines(model, area.width.saturating_sub(2)).len() as u16 + 2).clamp(3, most.max(3));
    let diff = model.about.schema.tables.len() as u16 + 3;
    let parts = [Constraint::Length(gate), Constraint::Length(diff.min(area.height / 2)), Constraint::Fill(1)];
    let [gate, diff, log] = split(area, Direction::Vertical, parts);
    vec![region(GATE, gate, 0), region(DIFF, diff, 1), region(LOG, log, 1)]
}

fn rows_and_cells(area: Rect) -> [Rect; 2] {
    let low = if area.height > 18 { area.height / 3 } else { 5.min(area.height) };
    split(area, Direction::Vertical, [Constraint::Fill(1), Constraint::Length(low)])
}

fn reel(model: &mut Model, pane: usize) -> Option<Reel<'_>> {
    let pane = if model.commit.rows.is_some() { ROWS } else { pane };
    let height = lines_seen(model, regions, pane);
    let gate = gate_lines(model, model.area.width.saturating_sub(2)).len() as u64;
    let state = &mut model.commit;
    if let Some(rows) = &mut state.rows {
        let total = rows.total();
        return Some(Reel { cursor: &mut rows.cursor, total, height });
    }
    let total = match pane {
        DIFF => state.diff.as_ref().map_or(0, |diff| diff.len() as u64),
        GATE => gate,
        _ => state.log.as_ref().map_or(0, |log| log.len() as u64),
    };
    Some(Reel { cursor: state.cursors.get_mut(pane)?, total, height })
}

fn needs(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    let height = lines_seen(model, regions, ROWS);
    let epoch = model.epoch;
    if model.commit.asked != Some(epoch) {
        model.commit.asked = Some(epoch);
        effects.push(model.ask(Ask::Log));
        if model.verdict.is_some() {
            effects.push(model.ask(Ask::Diff));
        }
    }
    let Some(rows) = &mut model.commit.rows else {
        return effects;
    };
    let seen = rows.cursor.top..rows.cursor.top + height;
    let (offset, limit) = Window::<()>::around(&seen);
    let at_hand = match rows.what {
        Behind::Changes(_) => rows.changes.holds(&seen),
        Behind::Held => rows.held.holds(&seen),
    };
    let fresh = rows.asked.is_some_and(|(at, _)| at == epoch);
    if rows.asked == Some((epoch, offset)) || (fresh && at_hand) {
        return effects;
    }
    rows.asked = Some((epoch, offset));
    let ask = match rows.what.clone() {
        Behind::Changes(table) => Ask::Changes { table, offset, limit },
        Behind::Held => Ask::Held { offset, limit },
    };
    effects.push(model.ask(ask));
    effects
}

fn answer(model: &mut Model, answer: &Answer) {
    let state = &mut model.commit;
    match answer {
        // A commit screen that was opened before the first verdict has not asked for the difference yet.
        Answer::Verdict { .. } if state.diff.is_none() => state.asked = None,
        Answer::Diff(tallies) => {
            // Only the answer to the last question comes here.
            (state.diff, state.diff_of) = (Some(tallies.clone()), state.asked);
            let about = sums(model);
            if let Some(Popup::Form(form)) = &mut model.popup
                && form.title == TITLE
            {
                form.about = about;
            }
        }
        Answer::Log(log) => state.log = Some(log.clone()),
        Answer::Changes { offset, rows: changes } => {
            let total = state.rows.as_ref().and_then(|rows| match &rows.what {
                Behind::Changes(table) => state.diff.as_ref()?.iter().find(|tally| tally.table == *table).map(changed),
                Behind::Held => None,
            });
            if let Some(rows) = &mut state.rows {
                rows.changes = Window { offset: *offset, rows: changes.clone(), total: Some(total.unwrap_or(0)) };
            }
        }
        Answer::Held(page) => {
            if let Some(rows) = &mut state.rows {
                rows.held = Window { offset: page.offset, rows: page.rows.clone(), total: Some(page.total) };
            }
        }
        _ => {}
    }
}

/// Whether the tallies are those of the candidates as they are now.
fn is_counted(model: &Model) -> bool {
    model.commit.diff_of == Some(model.epoch)
}

fn changed(tally: &TableTally) -> u64 {
    tally.added + tally.changed + tally.removed
}

fn back(model: &mut Model) -> bool {
    if model.commit.rows.take().is_some() {
        return true;
    }
    std::mem::replace(&mut model.commit.focus, DIFF) != DIFF
}

fn leave(model: &mut Model) -> Vec<Effect> {
    model.commit.rows = None;
    Vec::new()
}

fn open_rows(model: &mut Model, what: Behind) -> Vec<Effect> {
    let rows =
        Rows { what, cursor: Cursor::default(), asked: None, changes: Window::default(), held: Window::default() };
    model.commit.rows = Some(rows);
    model.commit.focus = ROWS;
    Vec::new()
}

fn chosen(model: &Model) -> Option<&TableTally> {
    let at = usize::try_from(model.commit.cursors[DIFF].at).ok()?;
    model.commit.diff.as_ref()?.get(at)
}

fn can_enter(model: &Model) -> Result<(), String> {
    if model.commit.focus != DIFF {
        return Err("Tab goes to the tables; Enter opens their rows".to_owned());
    }
    match chosen(model) {
        None => Err("the difference is not known yet".to_owned()),
        Some(tally) if changed(tally) > 0 => Ok(()),
        Some(tally) if tally.quarantined > 0 => Ok(()),
        Some(tally) => Err(format!("nothing would change in {}", tally.table)),
    }
}

fn enter(model: &mut Model) -> Vec<Effect> {
    let Some(tally) = chosen(model) else {
        return Vec::new();
    };
    let what = if changed(tally) > 0 { Behind::Changes(tally.table.clone()) } else { Behind::Held };
    open_rows(model, what)
}

fn held(model: &Model) -> u64 {
    model.commit.diff.iter().flatten().map(|tally| tally.quarantined).sum()
}

fn has_held(model: &Model) -> Result<(), String> {
    match (&model.commit.diff, held(model)) {
        (None, _) => Err("the difference is not known yet".to_owned()),
        (_, 0) => Err("nothing is held back".to_owned()),
        _ => Ok(()),
    }
}

fn open_held(model: &mut Model) -> Vec<Effect> {
    open_rows(model, Behind::Held)
}

fn can_commit(model: &Model) -> Result<(), String> {
    model.free()?;
    let Some(verdict) = &model.verdict else {
        return Err("nothing was checked yet: r checks, 1 and then l loads and checks".to_owned());
    };
    if model.check_wanted || model.work.as_ref().is_some_and(|work| work.job == Job::Check) {
        return Err("a check is going on; a moment".to_owned());
    }
    if let Some(condition) = verdict.gate.iter().find(|condition| !condition.holds) {
        return Err(format!("the gate is closed: {} ({})", condition.what, condition.detail));
    }
    match &model.commit.diff {
        Some(diff) if is_counted(model) && diff.iter().all(|tally| changed(tally) == 0) => {
            Err("nothing would change: the canonical tables are as the candidates".to_owned())
        }
        _ => Ok(()),
    }
}

/// The title of the form that asks for the message.
const TITLE: &str = "commit";

/// What the commit would do, in numbers.
fn sums(model: &Model) -> Vec<String> {
    if !is_counted(model) {
        return vec!["counting…".to_owned()];
    }
    let sum = |of: fn(&TableTally) -> u64| text::number(model.commit.diff.iter().flatten().map(of).sum());
    vec![format!(
        "{} added, {} changed, {} removed, {} held back; all tables or none.",
        sum(|tally| tally.added),
        sum(|tally| tally.changed),
        sum(|tally| tally.removed),
        text::number(held(model))
    )]
}

fn ask_message(model: &mut Model) -> Vec<Effect> {
    let about = sums(model);
    model.popup = Some(Popup::Form(Form {
        title: TITLE.to_owned(),
        about,
        fields: vec![FormField::new("message", "what this commit is, for the log", "")],
        focus: 0,
        check: |model, form| match (form.text(0).is_empty(), is_counted(model)) {
            (true, _) => Some("a commit needs a message".to_owned()),
            (_, false) => Some("counting what would change; a moment".to_owned()),
            _ => None,
        },
        submit: |_, texts| {
            let message = texts.into_iter().next().unwrap_or_default().trim().to_owned();
            vec![Effect::Do(Job::Commit { message })]
        },
    }));
    Vec::new()
}

/// A commit was made: says what it did.
pub fn committed(model: &mut Model, commit: Commit) {
    let sum = |of: fn(&TableTally) -> u64| text::number(commit.tables.iter().map(of).sum());
    let said = format!(
        "commit {}: {} added, {} changed, {} removed, {} held back",
        commit.id,
        sum(|tally| tally.added),
        sum(|tally| tally.changed),
        sum(|tally| tally.removed),
        sum(|tally| tally.quarantined)
    );
    model.say(Tone::Done, said);
    model.commit.rows = None;
    model.commit.cursors[LOG] = Cursor::default();
    if let Some(log) = &mut model.commit.log {
        log.insert(0, commit);
    }
}

fn has_row(model: &Model) -> Result<(), String> {
    row_text(model).map(|_| ()).ok_or_else(|| "there is no row here".to_owned())
}

fn row_text(model: &Model) -> Option<String> {
    let rows = model.commit.rows.as_ref()?;
    match rows.what {
        Behind::Changes(_) => {
            let change = rows.changes.get(rows.cursor.at)?;
            let mut parts = vec![change.kind.name().to_owned(), change.row.clone()];
            for cell in &change.cells {
                parts.extend([
                    cell.field.clone(),
                    cell.old.clone().unwrap_or_default(),
                    cell.new.clone().unwrap_or_default(),
                ]);
            }
            Some(parts.join("\t"))
        }
        Behind::Held => {
            let row = rows.held.get(rows.cursor.at)?;
            Some(row.iter().map(|cell| cell.as_deref().unwrap_or_default()).collect::<Vec<_>>().join("\t"))
        }
    }
}

fn copy_row(model: &mut Model) -> Vec<Effect> {
    let text = row_text(model).unwrap_or_default();
    super::copy(model, text)
}

fn view(model: &Model, area: Rect, buffer: &mut Buffer) {
    if let Some(rows) = &model.commit.rows {
        return view_rows(model, rows, area, buffer);
    }
    let focus = model.commit.focus;
    let mut panes = regions(model, area);
    // The pane with the keys is drawn last, so that its frame is whole.
    panes.sort_by_key(|region| region.pane == focus);
    for region in panes {
        match region.pane {
            DIFF => view_diff(model, region.frame, focus == DIFF, buffer),
            GATE => view_gate(model, region.frame, focus == GATE, buffer),
            _ => view_log(model, region.frame, focus == LOG, buffer),
        }
    }
}

fn view_gate(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let mut title = vec![Span::raw("gate")];
    if let Some(verdict) = &model.verdict {
        title.push(match verdict.gate_is_open() {
            true => Span::styled(" ✓ open", theme.good()),
            false => Span::styled(" ✗ closed", theme.bad()),
        });
    }
    let inside = inner(frame);
    let lines = gate_lines(model, inside.width);
    let cursor = model.commit.cursors[GATE];
    let more = lines.len() > usize::from(inside.height);
    let foot = match (more, focused) {
        (true, true) => format!("{}/{}", cursor.at + 1, lines.len()),
        (true, false) => format!("{} lines · Tab", lines.len()),
        (false, _) => String::new(),
    };
    Pane { title, foot, focused }.draw(frame, theme, buffer);
    for (row, (at, mut line)) in (0..inside.height).zip((0..).zip(lines).skip(cursor.top as usize)) {
        if focused && more && at == cursor.at {
            line = line.patch_style(Style::new().add_modifier(Modifier::REVERSED));
        }
        put(buffer, inside, row, line);
    }
}

/// The conditions with the figures behind them, in as many lines as they need.
fn gate_lines(model: &Model, width: u16) -> Vec<Line<'static>> {
    let theme = model.theme;
    let Some(verdict) = &model.verdict else {
        return vec![Line::styled("   nothing was checked yet: r checks, 1 and then l loads and checks", theme.dim())];
    };
    let room = usize::from(width.saturating_sub(4));
    let mut lines = Vec::new();
    for condition in &verdict.gate {
        let (glyph, style) = if condition.holds { ("✓", theme.good()) } else { ("✗", theme.bad()) };
        let (what, detail) = (text::clean(&condition.what), text::clean(&condition.detail));
        let mark = Span::styled(format!(" {glyph} "), style);
        if text::width(&what) + 2 + text::width(&detail) <= room {
            let detail = Span::styled(format!("  {detail}"), theme.dim());
            lines.push(Line::from(vec![mark, Span::raw(what.into_owned()), detail]));
            continue;
        }
        for (row, part) in text::wrap(&what, room).into_iter().enumerate() {
            let lead = if row == 0 { mark.clone() } else { Span::raw("   ") };
            lines.push(Line::from(vec![lead, Span::raw(part)]));
        }
        for part in text::wrap(&detail, room) {
            lines.push(Line::styled(format!("   {part}"), theme.dim()));
        }
    }
    lines
}

fn view_diff(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let mut title = vec![Span::raw("what a commit would change")];
    if model.commit.diff.is_some() && !is_counted(model) {
        title.push(Span::styled(" · counting…", theme.dim()));
    }
    Pane { title, foot: String::new(), focused }.draw(frame, theme, buffer);
    let inside = inner(frame);
    let Some(diff) = &model.commit.diff else {
        let say = if model.verdict.is_some() { "   comparing…" } else { "   nothing was checked yet" };
        return put(buffer, inside, 0, Line::styled(say, theme.dim()));
    };
    let columns = [
        Column::text("table", 14, 24, 0),
        Column::number("added", 10, 0),
        Column::number("changed", 10, 0),
        Column::number("removed", 10, 0),
        Column::number("unchanged", 11, 1),
        Column::number("quarantined", 11, 0),
    ];
    let grid = Grid {
        columns: &columns,
        cursor: model.commit.cursors[DIFF],
        total: diff.len() as u64,
        focused,
        selectable: focused,
    };
    grid.draw(inside, theme, buffer, |at| {
        let Some(tally) = usize::try_from(at).ok().and_then(|at| diff.get(at)) else {
            return Row::default();
        };
        let cell = |count: u64, style| match count {
            0 => ("0".to_owned(), theme.dim()),
            count => (text::number(count), style),
        };
        Row {
            mark: if changed(tally) > 0 { ("≠", theme.strong()) } else { ("=", theme.dim()) },
            cells: vec![
                (text::clean(&tally.table).into_owned(), theme.text()),
                cell(tally.added, theme.good()),
                cell(tally.changed, theme.warning()),
                cell(tally.removed, theme.bad()),
                cell(tally.unchanged, theme.text()),
                cell(tally.quarantined, theme.warning()),
            ],
            ..Row::default()
        }
    });
}

fn view_log(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    Pane { title: vec![Span::raw("commits")], foot: String::new(), focused }.draw(frame, theme, buffer);
    let inside = inner(frame);
    let log = match &model.commit.log {
        None => return put(buffer, inside, 0, Line::styled("   …", theme.dim())),
        Some(log) if log.is_empty() => {
            return put(buffer, inside, 0, Line::styled("   nothing was committed yet", theme.dim()));
        }
        Some(log) => log,
    };
    let columns = [
        Column::number("no.", 5, 0),
        Column::text("when", 16, 16, 0),
        Column::text("who", 8, 14, 2),
        Column::text("message", 14, 200, 0),
        Column::number("added", 9, 1),
        Column::number("changed", 9, 1),
        Column::number("removed", 9, 3),
        Column::text("hash", 10, 10, 4),
    ];
    let grid = Grid {
        columns: &columns,
        cursor: model.commit.cursors[LOG],
        total: log.len() as u64,
        focused,
        selectable: focused,
    };
    grid.draw(inside, theme, buffer, |at| {
        let Some(commit) = usize::try_from(at).ok().and_then(|at| log.get(at)) else {
            return Row::default();
        };
        let sum = |of: fn(&TableTally) -> u64| (text::number(commit.tables.iter().map(of).sum()), theme.text());
        Row {
            mark: if commit.reverts.is_some() { ("↶", theme.warning()) } else { ("✓", theme.good()) },
            cells: vec![
                (commit.id.to_string(), theme.strong()),
                (text::moment(commit.at), theme.text()),
                (text::clean(&commit.who).into_owned(), theme.text()),
                (text::clean(&commit.message).into_owned(), theme.text()),
                sum(|tally| tally.added),
                sum(|tally| tally.changed),
                sum(|tally| tally.removed),
                (commit.hash.chars().take(10).collect(), theme.dim()),
            ],
            ..Row::default()
        }
    });
}

fn view_rows(model: &Model, rows: &Rows, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let [list, detail] = rows_and_cells(area);
    let total = rows.total();
    let foot =
        if total > 0 { format!("{}/{}", text::number(rows.cursor.at + 1), text::number(total)) } else { String::new() };
    view_detail(model, rows, detail, buffer);
    let title = match &rows.what {
        Behind::Changes(table) => format!("{} · {} would change", text::clean(table), text::count(total, "row")),
        Behind::Held => format!("quarantine · {} held back", text::count(total, "row")),
    };
    Pane { title: vec![Span::raw(title)], foot, focused: true }.draw(list, theme, buffer);
    let inside = inner(list);
    let columns = match rows.what {
        Behind::Changes(_) => vec![
            Column::text("", 8, 8, 0),
            Column::text("row", 14, 28, 0),
            Column::text("what changes: old → new", 20, 400, 0),
        ],
        Behind::Held => vec![
            Column::text("table", 12, 18, 1),
            Column::text("row", 14, 28, 0),
            Column::text("why it is held back", 20, 400, 0),
        ],
    };
    let grid = Grid { columns: &columns, cursor: rows.cursor, total, focused: true, selectable: true };
    let unknown = || Row { mark: (" ", theme.dim()), cells: vec![("…".to_owned(), theme.dim())], ..Row::default() };
    grid.draw(inside, theme, buffer, |at| match rows.what {
        Behind::Changes(_) => rows.changes.get(at).map_or_else(unknown, |change| {
            let (glyph, style) = kind(change.kind, theme);
            let cells: Vec<String> = change.cells.iter().map(|cell| in_words(change.kind, cell)).collect();
            Row {
                mark: (glyph, style),
                cells: vec![
                    (change.kind.name().to_owned(), style),
                    (text::clean(&change.row).into_owned(), theme.text()),
                    (cells.join("  "), theme.dim()),
                ],
                ..Row::default()
            }
        }),
        Behind::Held => rows.held.get(at).map_or_else(unknown, |row| {
            let cell = |at: usize| {
                row.get(at).and_then(Option::as_deref).map(|cell| text::clean(cell).into_owned()).unwrap_or_default()
            };
            Row {
                mark: ("●", theme.bad()),
                cells: vec![(cell(0), theme.dim()), (cell(1), theme.text()), (cell(2), theme.text())],
                ..Row::default()
            }
        }),
    });
}

fn kind(kind: DiffKind, theme: crate::tui::theme::Theme) -> (&'static str, ratatui::style::Style) {
    match kind {
        DiffKind::Added => ("+", theme.good()),
        DiffKind::Changed => ("~", theme.warning()),
        DiffKind::Removed => ("-", theme.bad()),
    }
}

fn in_words(kind: DiffKind, cell: &crate::model::CellChange) -> String {
    let show = |value: &Option<String>| value.as_deref().map_or("–".to_owned(), text::exact);
    match kind {
        DiffKind::Added => format!("{} {}", cell.field, show(&cell.new)),
        DiffKind::Removed => format!("{} {}", cell.field, show(&cell.old)),
        DiffKind::Changed => format!("{} {} → {}", cell.field, show(&cell.old), show(&cell.new)),
    }
}

fn view_detail(model: &Model, rows: &Rows, frame: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let inside = inner(frame);
    let mut lines: Vec<Line> = Vec::new();
    let mut title = String::new();
    match rows.what {
        Behind::Changes(_) => {
            if let Some(change) = rows.changes.get(rows.cursor.at) {
                title = format!("{} {}", change.row, change.kind.name());
                let show = |value: &Option<String>| value.as_deref().map_or("–".to_owned(), text::exact);
                for cell in &change.cells {
                    let mut spans = vec![Span::styled(format!(" {} ", text::left(&cell.field, 22)), theme.key())];
                    if change.kind != DiffKind::Added {
                        spans.push(Span::styled(show(&cell.old), theme.bad()));
                    }
                    if change.kind == DiffKind::Changed {
                        spans.push(Span::styled(" → ", theme.dim()));
                    }
                    if change.kind != DiffKind::Removed {
                        spans.push(Span::styled(show(&cell.new), theme.good()));
                    }
                    lines.push(Line::from(spans));
                }
            }
        }
        Behind::Held => {
            if let Some(row) = rows.held.get(rows.cursor.at) {
                let cell = |at: usize| row.get(at).and_then(Option::as_deref).unwrap_or_default();
                title = format!("{} {}", cell(0), cell(1));
                for reason in cell(2).split("; ") {
                    for part in text::wrap(&text::clean(reason), usize::from(inside.width.saturating_sub(4))) {
                        lines.push(Line::raw(format!(" {part}")));
                    }
                }
            }
        }
    }
    Pane { title: vec![Span::raw(text::clean(&title).into_owned())], foot: String::new(), focused: false }
        .draw(frame, theme, buffer);
    for (row, line) in (0..inside.height).zip(lines) {
        put(buffer, inside, row, line);
    }
}
