//! Draws the rules or the facets, and the findings. Neighbour: `story`, which draws the story of a row.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::act::{self, What};
use super::facets::{self, Line as FacetRow};
use super::findings::{LIST, STORY, TREE, regions, severity_name};
use super::tree::{self, Scope, TreeLine};
use super::{id_of, story};
use crate::model::{Anomaly, AnomalyOrder, Count, Facet, RuleCount, Severity, Status};
use crate::tui::model::Model;
use crate::tui::screens::{in_drawing_order, money, money_in_brief};
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::widgets::empty::{self, Empty, Stage};
use crate::tui::widgets::grid::{Column, Grid, Row};
use crate::tui::widgets::pane::{Pane, below, inner};
use crate::tui::widgets::put;

/// Draws the screen.
pub fn view(model: &Model, area: Rect, buffer: &mut Buffer) {
    let focus = model.anomalies.focus;
    let panes = in_drawing_order(regions(model, area), focus);
    for region in panes {
        match region.pane {
            TREE if model.anomalies.facets.shown => view_facets(model, region.frame, focus == TREE, buffer),
            TREE => view_tree(model, region.frame, focus == TREE, buffer),
            LIST => view_list(model, region.frame, focus == LIST, buffer),
            _ => story::draw(model, region.frame, focus == STORY, buffer),
        }
    }
}

/// What is always left of the name of a rule, and of that of its table.
const LEAST_NAME: usize = 12;
const LEAST_TABLE: usize = 3;
/// A field of which less is seen says nothing; the table then stands alone.
const LEAST_FIELD: usize = 7;

fn view_tree(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    Pane { title: tree_title(model), foot: String::new(), focused }.draw(frame, theme, buffer);
    let inside = inner(frame);
    let lines = tree::lines(model);
    if lines.is_empty() {
        let quiet = match model.anomalies.chips.is_empty() {
            true => Empty::new(
                "✓ Nothing was found: every rule is quiet.",
                &[(&model.key("go to commit"), "goes to the commit")],
            ),
            false => Empty::new(
                "Nothing is left under these filters.",
                &[(&model.key("remove filter"), "takes the last one off")],
            ),
        };
        empty::draw(&empty::missing(model, Stage::Checked).unwrap_or(quiet), inside, theme, buffer);
        return;
    }
    let cursor = model.anomalies.tree.cursor;
    let by_stake = model.anomalies.order == AnomalyOrder::Stake;
    let rules = tree::rules(model);
    let names = rules.iter().map(|rule| text::width(&rule.rule)).max().unwrap_or(0);
    let figures = figures(&lines);
    let amounts = amounts(model, &rules, usize::from(inside.width));
    for (row, (at, line)) in (0..inside.height).zip((0..).zip(&lines).skip(cursor.top as usize)) {
        let here = at == cursor.at;
        let base = if here { theme.cursor(focused) } else { Style::new() };
        let width = usize::from(inside.width);
        let own = |style: Style| if here && focused { base } else { style.patch(base) };
        let pointer = if here { "▸" } else { " " };
        let line = match line {
            TreeLine::Severity { severity, open, waived, all, folded } => {
                let arrow = if *folded { "▹" } else { "▿" };
                let counts = counts(*open, *waived, *all, figures);
                let name = text::left(severity_name(*severity), width.saturating_sub(5 + text::width(&counts)));
                Line::from(vec![
                    Span::styled(format!("{pointer}{arrow} "), base),
                    Span::styled(format!("{} ", severity.glyph()), own(theme.severity(*severity))),
                    Span::styled(name, own(theme.strong())),
                    Span::styled(counts, own(theme.strong())),
                ])
            }
            TreeLine::Rule(rule) => {
                let counts = counts(rule.open, rule.waived, rule.all, figures);
                let counts = match by_stake && amounts.room > 0 {
                    true => format!(" {}{counts}", text::right(&amounts.of(model, rule), amounts.room)),
                    false => counts,
                };
                rule_line(rule, counts, (names, width), pointer, theme, base, &own)
            }
        };
        put(buffer, inside, row, line.style(base));
    }
}

/// The column of the money at stake beside the rules: as wide as its widest amount, written short where the names of
/// the rules need the room.
struct Amounts {
    room: usize,
    short: bool,
}

impl Amounts {
    fn of(&self, model: &Model, rule: &RuleCount) -> String {
        let shown = if self.short { money_in_brief } else { money };
        rule.stake.map(|stake| shown(model, stake)).unwrap_or_default()
    }
}

fn amounts(model: &Model, rules: &[RuleCount], width: usize) -> Amounts {
    let mut amounts = Amounts { room: 0, short: width < 60 };
    amounts.room = rules.iter().map(|rule| text::width(&amounts.of(model, rule))).max().unwrap_or(0);
    amounts
}

fn rule_line<'a>(
    rule: &'a RuleCount,
    counts: String,
    (names, width): (usize, usize),
    pointer: &'a str,
    theme: Theme,
    base: Style,
    own: &dyn Fn(Style) -> Style,
) -> Line<'a> {
    let room = width.saturating_sub(3 + text::width(&counts));
    let quiet = rule.open == 0;
    let (mut field, own_name) = (field_of(rule), text::width(&rule.rule));
    // The tables stand below each other as long as there is room; then they give way, and names of rules last of all.
    let whole = text::width(&rule.table) + text::width(&field);
    let name = names.min(room.saturating_sub(1 + whole)).max(own_name);
    let least = text::width(&field) + LEAST_TABLE;
    let name = name.min(room.saturating_sub(1 + least).max(own_name.min(LEAST_NAME)));
    let table = room.saturating_sub(name + 1);
    let least = LEAST_TABLE.min(text::width(&rule.table));
    // A long field is cut too before it is left out.
    if table < least + text::width(&field) && table >= least + LEAST_FIELD {
        field = text::middle(&field, table - least).into_owned();
    }
    let left = table.saturating_sub(text::width(&field));
    let place = match left < least {
        true => text::clean(&rule.table).into_owned(),
        false => format!("{}{field}", text::fit(&text::clean(&rule.table), left)),
    };
    Line::from(vec![
        Span::styled(pointer, base),
        Span::styled(rule.severity.glyph(), own(if quiet { theme.dim() } else { theme.severity(rule.severity) })),
        Span::styled(" ", base),
        Span::styled(text::left(&rule.rule, name), own(if quiet { theme.dim() } else { theme.text() })),
        Span::styled(format!(" {}", text::left(&place, table)), own(if quiet { theme.dim() } else { theme.text() })),
        Span::styled(counts, own(if quiet { theme.dim() } else { theme.text() })),
    ])
}

/// The field that a rule found something in, or the first of several; nothing for whole rows.
fn field_of(rule: &RuleCount) -> String {
    let field = match rule.fields.as_slice() {
        [] => return String::new(),
        [field] if field.is_empty() => return String::new(),
        [field] => format!(".{field}"),
        [first, others @ ..] => format!(".{first} +{}", others.len()),
    };
    text::clean(&field).into_owned()
}

/// How many columns the open and the waived findings of the lines take.
fn figures(lines: &[TreeLine]) -> (usize, usize) {
    let counts = lines.iter().map(|line| match line {
        TreeLine::Severity { open, waived, .. } => (*open, *waived),
        TreeLine::Rule(rule) => (rule.open, rule.waived),
    });
    let (open, waived): (Vec<u64>, Vec<u64>) = counts.unzip();
    let most = |counts: &[u64]| counts.iter().copied().max().unwrap_or(0);
    let waived = most(&waived);
    (text::width(&text::number(most(&open))), if waived > 0 { text::width(&text::number(waived)) + 2 } else { 0 })
}

/// Open findings at a fixed place, then the waived ones; under filters how many are left of how many.
fn counts(open: u64, waived: u64, all: u64, (left, right): (usize, usize)) -> String {
    if open + waived < all {
        let count = facets::shown(Count { found: open + waived, all });
        return format!("{} ", text::right(&count, 9));
    }
    let waived = if waived > 0 { format!(" ○{}", text::number(waived)) } else { String::new() };
    format!(" {}{} ", text::right(&text::number(open), left), text::left(&waived, right))
}

/// The title of the rules or the facets, with how much there is of how much.
fn tree_title(model: &Model) -> Vec<Span<'static>> {
    let theme = model.theme;
    let facets = model.anomalies.facets.shown;
    let mut title = vec![Span::raw(if facets { "facets" } else { "anomalies" })];
    if let Some(verdict) = &model.verdict {
        let open: u64 = verdict.rules.iter().map(|rule| rule.open).sum();
        let waived = verdict.waived();
        let narrowed = facets::counts(model).filter(|_| !model.anomalies.chips.is_empty());
        let said = match narrowed {
            Some(counts) => {
                let waived = including(counts.rules.iter().map(|rule| rule.waived).sum());
                format!("  {} of {}{waived}", text::number(counts.count.found), text::number(counts.count.all))
            }
            None if facets => format!("  {}{}", text::count(open + waived, "finding"), including(waived)),
            None => format!("  {} open · {} waived", text::number(open), text::number(waived)),
        };
        title.push(Span::styled(said, theme.text()));
    }
    title
}

/// How many of those that were counted are waived; nothing is said where none is.
fn including(waived: u64) -> String {
    if waived == 0 { String::new() } else { format!(", {} waived", text::number(waived)) }
}

fn view_facets(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let total = facets::total(model);
    let cursor = model.anomalies.facets.cursor;
    let inside = inner(frame);
    let foot = match total > u64::from(inside.height) {
        true => format!("{}/{}", text::number(cursor.at + 1), text::number(total)),
        false => String::new(),
    };
    Pane { title: tree_title(model), foot, focused }.draw(frame, theme, buffer);
    if total == 0 {
        return put(buffer, inside, 0, Line::styled(" …", theme.dim()));
    }
    let width = usize::from(inside.width);
    let lines = facets::lines(model, cursor.top, u64::from(inside.height));
    for (row, (at, line)) in (0..inside.height).zip((cursor.top..).zip(lines)) {
        let here = at == cursor.at;
        let base = if here { theme.cursor(focused) } else { Style::new() };
        let own = |style: Style| if here && focused { base } else { style.patch(base) };
        let on = facets::is_on(model, &line);
        let pointer = format!("{}{} ", if here { "▸" } else { " " }, if on { "✓" } else { " " });
        let (name, style, count) = match &line {
            FacetRow::Chip(chip) => (chip.label(), theme.chip(), "×".to_owned()),
            FacetRow::Head(facet, folded) => {
                let name = format!("{} {}", if *folded { "▹" } else { "▿" }, facet.name());
                (name, theme.strong(), String::new())
            }
            FacetRow::Clusters(values) => ("▿ value".to_owned(), theme.strong(), text::count(*values, "cluster")),
            FacetRow::Value(facet, line) => {
                let style = if line.count.found == 0 { theme.dim() } else { facet_style(model, *facet, &line.value) };
                let stake = line.stake.map(|stake| format!("{}  ", money(model, stake))).unwrap_or_default();
                let count = format!("{stake}{}", facets::shown(line.count));
                (format!("  {}", facet_name(*facet, &line.value)), style, count)
            }
            FacetRow::Cluster(None) => ("  …".to_owned(), theme.dim(), String::new()),
            FacetRow::Cluster(Some(cluster)) => {
                let value = match cluster.value.as_deref() {
                    Some(value) if !cluster.key.is_empty() => text::exact(value),
                    _ => "no value".to_owned(),
                };
                let spellings = match cluster.spellings {
                    0 | 1 => String::new(),
                    many => format!("  ~{}", text::count(many, "spelling")),
                };
                (format!("  {value}{spellings}"), theme.text(), text::number(cluster.found))
            }
        };
        let style = if on { theme.marked() } else { style };
        let room = width.saturating_sub(4 + text::width(&count));
        put(
            buffer,
            inside,
            row,
            Line::from(vec![
                Span::styled(pointer, own(if on { theme.marked() } else { base })),
                Span::styled(text::left(&name, room), own(style)),
                Span::styled(count, own(if on { theme.marked() } else { theme.text() })),
                Span::styled(" ", base),
            ])
            .style(base),
        );
    }
}

fn facet_name(facet: Facet, value: &str) -> String {
    match facet {
        Facet::Severity => {
            let severity = Severity::from_name(value);
            severity.map_or(value.to_owned(), |severity| format!("{} {}", severity.glyph(), severity_name(severity)))
        }
        Facet::Field if value.is_empty() => "the whole row".to_owned(),
        _ => text::clean(value).into_owned(),
    }
}

fn facet_style(model: &Model, facet: Facet, value: &str) -> Style {
    match (facet, Severity::from_name(value)) {
        (Facet::Severity, Some(severity)) => model.theme.severity(severity),
        _ => model.theme.text(),
    }
}

/// The fields that the listed findings are on.
fn fields(model: &Model) -> Vec<String> {
    match &model.anomalies.scope {
        _ if model.anomalies.facets.shown => act::one_field(model).map(|(_, field)| field).into_iter().collect(),
        Scope::Rule(..) => tree::scoped(model).into_iter().flat_map(|(_, fields)| fields).collect(),
        _ => Vec::new(),
    }
}

/// How many findings there would be without the filters.
fn unfiltered(model: &Model) -> u64 {
    let scope = &model.anomalies.scope;
    let tallies = model.verdict.iter().flat_map(|verdict| &verdict.rules);
    let own = tallies.filter(|tally| match scope {
        _ if model.anomalies.facets.shown => true,
        Scope::All => true,
        Scope::Severity(severity) => tally.severity == *severity,
        Scope::Rule(severity, rule, table) => (&tally.severity, &tally.rule, &tally.table) == (severity, rule, table),
    });
    own.map(|tally| tally.open + tally.waived).sum()
}

/// The title of the list; where there is little room the name gives way to what follows it.
fn list_title(model: &Model, room: usize) -> Vec<Span<'static>> {
    let theme = model.theme;
    let state = &model.anomalies;
    let fields = fields(model);
    let name = match (&state.scope, fields.as_slice()) {
        _ if state.facets.shown => "findings".to_owned(),
        (Scope::All, _) => "findings".to_owned(),
        (Scope::Severity(severity), _) => severity_name(*severity).to_owned(),
        (Scope::Rule(_, rule, table), [field]) if !field.is_empty() => format!("{rule} · {table}.{field}"),
        (Scope::Rule(_, rule, table), _) => format!("{rule} · {table}"),
    };
    let mut title = Vec::new();
    if state.window.total.is_some() {
        let (found, all) = (state.window.len(), unfiltered(model));
        let said = match state.chips.is_empty() || found >= all {
            true => format!(" · {}", text::count(found, "finding")),
            false => format!(" · {} of {}", text::number(found), text::count(all, "finding")),
        };
        let waived = including(tree::scoped_rules(model).map(|rule| rule.waived).sum());
        title.push(Span::styled(format!("{said}{waived}"), theme.text()));
    }
    if let Some(stake) = state.stake.filter(|stake| stake.abs() >= 0.5) {
        let of = model.about.schema.stake().map(|(table, stake)| if stake.of.is_empty() { table } else { &stake.of });
        let short = format!(" · {}", money(model, stake));
        let long = format!("{short} of {} depend on them", text::clean(of.unwrap_or_default()));
        let chips: usize = state.chips.iter().map(|chip| text::width(&chip.label()) + 5).sum();
        let taken: usize = title.iter().map(|span: &Span| text::width(&span.content)).sum();
        let fits = text::width(&name) + taken + chips + text::width(&long) <= room;
        title.push(Span::styled(if fits { long } else { short }, theme.warning()));
    }
    let marked = match state.all_marked {
        true => Some(format!(" · all {} marked", text::number(state.window.len()))),
        false if !state.marks.is_empty() => Some(format!(" · {} marked", text::number(state.marks.len() as u64))),
        false => None,
    };
    let marked = marked.map(|marked| Span::styled(marked, theme.marked()));
    let spans: Vec<&Span> = title.iter().chain(&marked).collect();
    let taken: usize = spans.iter().map(|span| text::width(&span.content)).sum();
    let last = state.chips.last().map_or(0, |chip| text::width(&chip.label()) + 9);
    let name = text::fit(&name, room.saturating_sub(taken + last).max(8)).into_owned();
    let mut left = room.saturating_sub(taken + text::width(&name));
    title.insert(0, Span::raw(name));
    // The last chip is the one that goes first, so it is the one that must be seen.
    let mut shown = Vec::new();
    for (at, chip) in state.chips.iter().enumerate().rev() {
        let label = format!(" {} × ", chip.label());
        let more = format!(" +{}", at + 1);
        if text::width(&label) + 1 + text::width(&more) > left {
            shown.push(Span::styled(more, theme.chip()));
            break;
        }
        left -= text::width(&label) + 1;
        shown.push(Span::styled(label, theme.chip()));
    }
    for chip in shown.into_iter().rev() {
        title.push(Span::raw(" "));
        title.push(chip);
    }
    title.extend(marked);
    title
}

/// Where the cursor is among the findings. It stands on the line of the frame on which the title of the story stands.
pub fn list_foot(model: &Model) -> String {
    let state = &model.anomalies;
    match state.window.len() {
        0 => String::new(),
        total => format!("{}/{}", text::number(state.list.at + 1), text::number(total)),
    }
}

fn view_list(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let state = &model.anomalies;
    let total = state.window.len();
    let title = list_title(model, usize::from(frame.width.saturating_sub(4)));
    Pane { title, foot: list_foot(model), focused }.draw(frame, theme, buffer);
    let inside = inner(frame);
    if model.verdict.is_none() {
        return;
    }
    let fields = fields(model);
    let one_field = matches!(fields.as_slice(), [_]);
    let one_rule = matches!(state.scope, Scope::Rule(..)) && !state.facets.shown;
    let value = match fields.as_slice() {
        [field] if !field.is_empty() => field.clone(),
        _ => "value".to_owned(),
    };
    // Keys that are cut at their end look alike.
    let tables = model.about.schema.tables.values().filter_map(|table| table.fields.get(&value));
    let are_keys =
        tables.clone().next().is_some() && tables.into_iter().all(|field| field.key || field.references.is_some());
    let columns = [
        Column::text("rule", 12, 20, 1),
        Column::name("row", 16, 26, 0),
        Column::text("field", 10, 18, 2),
        if are_keys { Column::name(value, 18, 40, 0) } else { Column::text(value, 18, 40, 0) },
        Column::text("suggestion", 14, 40, 0),
        Column::number("at stake", 12, 0),
        Column::text("what is wrong", 28, 200, 3),
    ];
    let by_stake = state.order == AnomalyOrder::Stake;
    let shown = |at: &usize| !(*at == 0 && one_rule || *at == 2 && one_field || *at == 5 && !by_stake);
    let picked: Vec<Column> = (0..columns.len()).filter(shown).map(|at| columns[at].clone()).collect();
    let of_finding = |anomaly: &Anomaly, at: u64| {
        let mut row = finding(model, anomaly, at);
        let mut at = 0;
        row.cells.retain(|_| {
            at += 1;
            shown(&(at - 1))
        });
        row
    };
    let picked = match state.window.is_whole() {
        true => Grid::fitted(&picked, state.window.rows.iter().zip(0..).map(|(one, at)| of_finding(one, at))),
        false => picked,
    };
    let grid = Grid { columns: &picked, cursor: state.list, total, focused, selectable: true };
    grid.draw(inside, theme, buffer, |at| match state.window.get(at) {
        None => Row { mark: (" ", theme.dim()), cells: vec![("…".to_owned(), theme.dim())], ..Row::default() },
        Some(anomaly) => of_finding(anomaly, at),
    });
    if state.window.is_empty() {
        let say = match state.chips.is_empty() {
            true => "nothing here any more".to_owned(),
            false => format!("nothing here with these filters; {} removes the last one", model.key("back")),
        };
        put(buffer, below(inside, 1), 0, Line::styled(format!("   {say}"), theme.dim()));
    }
}

fn finding(model: &Model, anomaly: &Anomaly, at: u64) -> Row {
    let theme = model.theme;
    let state = &model.anomalies;
    let id = id_of(anomaly);
    let in_range = state.range.is_some_and(|begin| (begin.min(state.list.at)..=begin.max(state.list.at)).contains(&at));
    let decided = act::decision(model, anomaly);
    let waiting = decided.is_some_and(|mark| !mark.written);
    let marked = in_range || state.all_marked || state.marks.contains_key(&id);
    let waived = anomaly.status == Status::Waived;
    let mark = match decided {
        _ if marked => ("◆", theme.marked()),
        Some(_) if waiting => ("◌", theme.dim()),
        Some(_) => ("✓", theme.good()),
        None if waived => ("○", theme.dim()),
        None => (anomaly.severity.glyph(), theme.severity(anomaly.severity)),
    };
    let clean = |text: &str| text::clean(text).into_owned();
    let value = match &anomaly.value {
        Some(value) if value.is_empty() => ("\"\"".to_owned(), theme.offending()),
        Some(value) => (text::exact(value), theme.offending()),
        None => ("–".to_owned(), theme.bad()),
    };
    let suggestion = match decided.map(|mark| &mark.what) {
        Some(What::Repaired(Some(now))) => (format!("→ {}", text::exact(now)), theme.good()),
        Some(What::Repaired(None)) => ("→ no value".to_owned(), theme.good()),
        Some(What::Accepted) => {
            (format!("→ {}", text::exact(anomaly.suggestion.as_deref().unwrap_or("–"))), theme.good())
        }
        Some(What::Waived) => ("waived".to_owned(), theme.dim()),
        Some(What::Excluded) => ("excluded".to_owned(), theme.dim()),
        None if waived => ("waived".to_owned(), theme.dim()),
        None => match &anomaly.suggestion {
            Some(suggestion) => (text::exact(suggestion), theme.fresh()),
            None => ("–".to_owned(), theme.dim()),
        },
    };
    let plain = if marked {
        theme.marked()
    } else if waived || decided.is_some() {
        theme.dim()
    } else {
        theme.text()
    };
    let value = if waived || decided.is_some() { (value.0, theme.dim()) } else { value };
    Row {
        mark,
        cells: vec![
            (clean(&anomaly.rule), plain),
            (clean(&anomaly.row), plain),
            (clean(&anomaly.field), plain),
            value,
            suggestion,
            (anomaly.stake.map(|stake| money(model, stake)).unwrap_or_default(), plain),
            (clean(&anomaly.message), theme.dim()),
        ],
        ..Row::default()
    }
}
