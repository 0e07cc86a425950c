//! Draws the spellings.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{CLUSTERS, FIELDS, Most, current, field, is_skipped, members, regions, shown, target};
use crate::model::{Cluster, Likeness, TextField};
use crate::tui::model::Model;
use crate::tui::text;
use crate::tui::widgets::empty::{self, Stage};
use crate::tui::widgets::grid::{Column, Grid, Row};
use crate::tui::widgets::pane::{Pane, below, inner};
use crate::tui::widgets::put;

/// Draws the page.
pub fn view(model: &Model, area: Rect, buffer: &mut Buffer) {
    let focus = model.anomalies.clusters.focus;
    let mut panes = regions(model, area);
    panes.sort_by_key(|region| region.pane == focus);
    for region in panes {
        let focused = region.pane == focus;
        match region.pane {
            FIELDS => fields(model, region.frame, focused, buffer),
            CLUSTERS => clusters(model, region.frame, focused, buffer),
            _ => spellings(model, region.frame, focused, buffer),
        }
    }
}

/// Where the cursor is among how many.
fn foot(at: u64, total: u64) -> String {
    if total == 0 { String::new() } else { format!("{}/{}", text::number(at + 1), text::number(total)) }
}

fn fields(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let state = &model.anomalies.clusters;
    let total = state.fields.as_ref().map_or(0, |fields| fields.len() as u64);
    let title = vec![Span::raw("text fields"), Span::styled(" · ~ alike · values", theme.text())];
    Pane { title, foot: foot(state.field.at, total), focused }.draw(frame, theme, buffer);
    let inside = inner(frame);
    let Some(fields) = &state.fields else {
        return match empty::missing(model, Stage::Checked) {
            Some(missing) => empty::draw(&missing, inside, theme, buffer),
            None => put(buffer, inside, 0, Line::styled(" …", theme.dim())),
        };
    };
    if fields.is_empty() {
        return put(buffer, inside, 0, Line::styled(" no text field has a value", theme.dim()));
    }
    let alike = |one: &TextField| match state.known.get(&(one.table.clone(), one.field.clone())) {
        Some(0) => "✓".to_owned(),
        Some(clusters) => format!("~{}", text::number(*clusters)),
        None => "…".to_owned(),
    };
    let values = |one: &TextField| text::number(one.values);
    let room =
        |shown: &dyn Fn(&TextField) -> String| fields.iter().map(|one| text::width(&shown(one))).max().unwrap_or(0);
    let (room_alike, room_values) = (room(&alike).max(2), room(&values));
    let width = usize::from(inside.width);
    for (row, (at, one)) in (0..inside.height).zip((0..).zip(fields).skip(state.field.top as usize)) {
        let here = at == state.field.at;
        let base = if here { theme.cursor(focused) } else { Style::new() };
        let count = format!(" {} {} ", text::right(&alike(one), room_alike), text::right(&values(one), room_values));
        let name = format!("{}.{}", text::clean(&one.table), text::clean(&one.field));
        let room = width.saturating_sub(2 + text::width(&count));
        let line = Line::from(vec![
            Span::styled(if here { "▸ " } else { "  " }, base),
            Span::styled(text::left(&text::middle(&name, room), room), base),
            Span::styled(count, if here && focused { base } else { theme.dim().patch(base) }),
        ]);
        put(buffer, inside, row, line.style(base));
    }
}

fn clusters(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let state = &model.anomalies.clusters;
    let clusters = shown(model);
    let total = clusters.len() as u64;
    let name = field(model).map(|one| format!("{}.{}", text::clean(&one.table), text::clean(&one.field)));
    let rows: u64 = clusters.iter().map(|cluster| cluster.rows).sum();
    let mut title = vec![Span::raw(name.unwrap_or_else(|| "clusters".to_owned()))];
    if state.clusters.is_some() {
        let said = format!(" · {} · {} to change", text::count(total, "cluster"), text::count(rows, "row"));
        title.push(Span::styled(said, theme.text()));
    }
    let near = match state.most {
        Most::OneLetter => None,
        Most::Letters => Some("same words or letters"),
        Most::Words => Some("same words"),
    };
    if let Some(near) = near {
        title.extend([Span::raw(" "), Span::styled(format!(" {near} "), theme.chip())]);
    }
    Pane { title, foot: foot(state.cluster.at, total), focused }.draw(frame, theme, buffer);
    let inside = inner(frame);
    let columns =
        [Column::text("becomes", 16, 40, 0), Column::number("rows", 9, 1), Column::text("instead of", 20, 200, 0)];
    let grid = Grid { columns: &columns, cursor: state.cluster, total, focused, selectable: true };
    grid.draw(inside, theme, buffer, |at| {
        clusters.get(usize::try_from(at).unwrap_or(usize::MAX)).map(|one| cluster(model, one)).unwrap_or_default()
    });
    if total == 0 {
        let say = match (&state.clusters, state.most) {
            (None, _) if field(model).is_none() => String::new(),
            (None, _) => "   comparing all spellings…".to_owned(),
            (Some(_), Most::OneLetter) => "   ✓ no two spellings of this field are alike".to_owned(),
            (Some(_), _) => format!("   nothing this near; {} allows more difference", model.key("how near")),
        };
        put(buffer, below(inside, 1), 0, Line::styled(say, theme.dim()));
    }
}

fn cluster(model: &Model, cluster: &Cluster) -> Row {
    let theme = model.theme;
    let state = &model.anomalies.clusters;
    let merged = state.merged.get(&cluster.proposed);
    let mark = match merged {
        Some(true) => ("✓", theme.good()),
        Some(false) => ("◌", theme.dim()),
        None => ("~", theme.warning()),
    };
    let to = target(state, cluster);
    let others: Vec<String> =
        members(state, cluster).map(|one| format!("{} {}", text::exact(&one.value), text::number(one.rows))).collect();
    let rows = members(state, cluster).map(|one| one.rows).sum();
    let faint = |style: Style| if merged.is_some() { theme.dim() } else { style };
    Row {
        mark,
        cells: vec![
            (text::exact(to), if merged.is_some() { theme.good() } else { theme.fresh() }),
            (text::number(rows), faint(theme.text())),
            (others.join(" · "), faint(theme.text())),
        ],
        ..Row::default()
    }
}

fn spellings(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let state = &model.anomalies.clusters;
    let cluster = current(model);
    let total = cluster.as_ref().map_or(0, |cluster| cluster.spellings.len() as u64);
    let mut title = vec![Span::raw("spellings")];
    if let Some(cluster) = &cluster {
        let taken = members(state, cluster).count() as u64;
        let said = format!(" · {} of {} become ", text::number(taken), text::number(total));
        title.push(Span::styled(said, theme.text()));
        title.push(Span::styled(text::exact(target(state, cluster)), theme.fresh()));
    }
    Pane { title, foot: foot(state.spelling.at, total), focused }.draw(frame, theme, buffer);
    let Some(cluster) = cluster else { return };
    let columns =
        [Column::text("spelling", 16, 50, 0), Column::number("rows", 9, 0), Column::text("why it is here", 14, 40, 1)];
    let grid = Grid { columns: &columns, cursor: state.spelling, total, focused, selectable: true };
    grid.draw(inner(frame), theme, buffer, |at| {
        let Some(one) = cluster.spellings.get(usize::try_from(at).unwrap_or(usize::MAX)) else {
            return Row::default();
        };
        let chosen = one.value == target(state, &cluster);
        let skipped = is_skipped(state, &cluster, one);
        let (mark, style) = match () {
            () if chosen => (("◉", theme.good()), theme.fresh()),
            () if skipped => (("○", theme.dim()), theme.dim()),
            () => (("→", theme.warning()), theme.offending()),
        };
        let why = match one.likeness {
            Likeness::Same if one.rows == 0 => "of the schema",
            Likeness::Same => "the most frequent",
            likeness => likeness.name(),
        };
        let why = if skipped { "left as it is" } else { why };
        Row {
            mark,
            cells: vec![
                (text::exact(&one.value), style),
                (text::number(one.rows), theme.text()),
                (why.to_owned(), theme.dim()),
            ],
            ..Row::default()
        }
    });
}
