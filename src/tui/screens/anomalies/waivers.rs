//! The waivers: who accepted what, why, until when, and what each still covers; revoked with a key.

use std::collections::HashSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::chips::Chip;
use super::listed::{self, Listed, Look};
use super::{Page, findings, open};
use crate::model::{Action, Waiver};
use crate::tui::cursor::around;
use crate::tui::effects::{Answer, Ask, Effect, Wish};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::popups::{Form, Popup};
use crate::tui::screens::decide;
use crate::tui::text;
use crate::tui::widgets::grid::{Column, Row};

/// Where the user is.
#[derive(Default)]
pub struct State {
    list: Listed<Waiver>,
    /// Those that were revoked since the list came.
    revoked: HashSet<String>,
    /// What was searched for.
    search: Option<String>,
}

/// The page.
pub static PAGE: Page = Page {
    panes: 1,
    focus: |model| &mut model.anomalies.waivers.list.focus,
    regions: listed::regions,
    reel: |model, pane| {
        let height = super::lines_seen(model, &PAGE, pane);
        Some(model.anomalies.waivers.list.reel(height))
    },
    needs: |model| match model.anomalies.waivers.list.wants(model.epoch) {
        true => vec![model.ask(Ask::Waivers)],
        false => Vec::new(),
    },
    answer,
    back: |_| false,
    layers: |_| vec![&super::keys::WAIVERS],
    view,
};

fn answer(model: &mut Model, answer: &Answer) {
    if let Answer::Waivers(waivers) = answer {
        let height = super::lines_seen(model, &PAGE, 0);
        let is_settled = model.pending.is_empty() && !model.check_wanted;
        let state = &mut model.anomalies.waivers;
        if is_settled {
            state.revoked.clear();
        }
        let mut waivers = waivers.clone();
        // What asks for something to be done stands first.
        waivers.sort_by_key(|one| (!one.expired, one.covers > 0));
        state.list.take(waivers, height, |one, other| one.id == other.id);
    }
}

/// What could not be written down is not revoked.
pub fn not_written(model: &mut Model) {
    model.anomalies.waivers.revoked.clear();
}

/// Opens the page.
pub fn show(model: &mut Model) -> Vec<Effect> {
    model.anomalies.waivers.list.reopen();
    open(model, &PAGE);
    Vec::new()
}

fn current(model: &Model) -> Option<&Waiver> {
    model.anomalies.waivers.list.here()
}

fn has_waiver(model: &Model) -> Result<(), String> {
    current(model)
        .map(drop)
        .ok_or_else(|| format!("there is no waiver here; {} waives a finding", model.key("findings/waive")))
}

/// Whether the waiver under the cursor can be revoked.
pub fn can_revoke(model: &Model) -> Result<(), String> {
    model.writable()?;
    has_waiver(model)?;
    match current(model).filter(|one| model.anomalies.waivers.revoked.contains(&one.id)) {
        Some(_) => Err(format!("this is revoked already; {} brings it back", model.key("undo"))),
        None => Ok(()),
    }
}

/// Revokes the waiver under the cursor.
pub fn revoke(model: &mut Model) -> Vec<Effect> {
    let Some((of, about)) = current(model).map(|one| (one.id.clone(), about(one))) else { return Vec::new() };
    model.anomalies.waivers.revoked.insert(of.clone());
    model.say(Tone::Done, format!("revoked: {about}; {} brings it back", model.key("undo")));
    decide(model, Wish::Action(Action::revert(&of)), None)
}

/// Whether the waiver under the cursor covers something that can be listed.
pub fn can_list(model: &Model) -> Result<(), String> {
    has_waiver(model)?;
    match current(model) {
        Some(one) if one.covers == 0 => {
            Err(format!("no finding of the last check matches this waiver; {} revokes it", model.key("revoke")))
        }
        _ => Ok(()),
    }
}

/// Lists the findings that the waiver covers.
pub fn list(model: &mut Model) -> Vec<Effect> {
    if let Some(chip) = current(model).map(|one| Chip::Waiver(one.id.clone(), about(one))) {
        findings::show_chip(model, chip);
    }
    Vec::new()
}

/// Whether there is anything to be searched.
pub fn can_search(model: &Model) -> Result<(), String> {
    has_waiver(model)
}

/// Asks what to search for.
pub fn search(model: &mut Model) -> Vec<Effect> {
    let (next, previous) = (model.key("waivers/next match"), model.key("waivers/previous match"));
    model.popup = Some(Popup::Form(Form::search("search waivers", &next, &previous, |model, texts| {
        model.anomalies.waivers.search = texts.into_iter().next().filter(|text| !text.is_empty());
        find(model, false)
    })));
    Vec::new()
}

/// Whether something was searched for.
pub fn searched(model: &Model) -> Result<(), String> {
    has_waiver(model)?;
    let search = || format!("nothing was searched for yet; {} searches", model.key("waivers/search"));
    model.anomalies.waivers.search.as_ref().map(drop).ok_or_else(search)
}

/// Goes to the next waiver that says the text in anything that is listed of it, around the end.
pub fn find(model: &mut Model, backwards: bool) -> Vec<Effect> {
    let state = &model.anomalies.waivers;
    let (Some(sought), Some(all)) = (state.search.clone(), &state.list.all) else { return Vec::new() };
    let text = sought.to_lowercase();
    let says = |at: &usize| row(model, &all[*at]).cells.iter().any(|(cell, _)| cell.to_lowercase().contains(&text));
    let found = around(state.list.at(), all.len(), backwards).into_iter().find(says);
    let height = super::lines_seen(model, &PAGE, 0);
    match found {
        Some(found) => model.anomalies.waivers.list.reel(height).go(found as u64),
        None => model.say(Tone::Refused, format!("no other waiver contains \"{}\"", text::clean(&sought))),
    }
    Vec::new()
}

fn about(waiver: &Waiver) -> String {
    let whom = match (&waiver.row, waiver.rows) {
        (Some(row), _) => text::clean(row).into_owned(),
        (None, 0) => "any row".to_owned(),
        (None, many) => text::count(many, "row"),
    };
    format!("{} of {whom}", text::clean(&waiver.rule))
}

/// The state of a waiver: its glyph, its word, how it is drawn.
fn status(model: &Model, waiver: &Waiver) -> (&'static str, String, Style) {
    let theme = model.theme;
    if model.anomalies.waivers.revoked.contains(&waiver.id) {
        return ("✗", "revoked".to_owned(), theme.dim());
    }
    match (waiver.expired, waiver.covers) {
        (true, _) => ("▲", "expired".to_owned(), theme.warning()),
        (false, 0) => ("▲", "unused".to_owned(), theme.warning()),
        (false, covers) => ("○", text::count(covers, "finding"), theme.text()),
    }
}

fn view(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let list = &model.anomalies.waivers.list;
    let mut title = vec![Span::raw("waivers")];
    if let Some(all) = &list.all {
        let idle = all.iter().filter(|one| one.expired || one.covers == 0).count() as u64;
        let said = format!(" · {} · {} expired or unused", text::number(all.len() as u64), text::number(idle));
        title.push(Span::styled(said, theme.text()));
    }
    let columns = [
        Column::text("rule", 14, 24, 0),
        Column::text("where", 12, 30, 3),
        Column::name("row", 14, 26, 1),
        Column::text("covers", 11, 14, 0),
        Column::text("until", 10, 10, 0),
        Column::text("who", 6, 16, 2),
        Column::text("why", 24, 200, 2),
    ];
    let waive = model.key("findings/waive");
    let look = Look {
        title,
        columns: &columns,
        nothing: format!("Nothing is waived. {waive} on a finding accepts it as it is, with a reason."),
        one: "waiver",
        details: current(model).map(|one| details(model, one)).unwrap_or_default(),
    };
    list.draw(look, |_, one| row(model, one), area, theme, buffer);
}

fn row(model: &Model, one: &Waiver) -> Row {
    let theme = model.theme;
    let (glyph, word, style) = status(model, one);
    let clean = |text: &str| text::clean(text).into_owned();
    let rows = match (&one.row, one.rows) {
        (Some(row), _) => clean(row),
        (None, 0) => "any".to_owned(),
        (None, many) => text::count(many, "row"),
    };
    Row {
        mark: (glyph, style),
        cells: vec![
            (clean(&one.rule), theme.text()),
            (place(one), theme.text()),
            (rows, theme.text()),
            (word, style),
            (
                one.until.map_or("for good".to_owned(), |day| day.to_string()),
                if one.expired { style } else { theme.text() },
            ),
            (clean(&one.who), theme.dim()),
            (clean(one.why.as_deref().unwrap_or_default()), theme.text()),
        ],
        ..Row::default()
    }
}

/// The table, and the field if it is one.
fn place(waiver: &Waiver) -> String {
    match waiver.field.as_deref() {
        None | Some("") => text::clean(&waiver.table).into_owned(),
        Some(field) => format!("{}.{}", text::clean(&waiver.table), text::clean(field)),
    }
}

fn details(model: &Model, waiver: &Waiver) -> Vec<String> {
    let until = match waiver.until {
        None => "for good".to_owned(),
        Some(day) if waiver.expired => format!("until {day}, which is past"),
        Some(day) => format!("until {day}"),
    };
    let covers = match waiver.covers {
        0 => format!("no finding of the last check matches it: {} revokes it", model.key("revoke")),
        covers => {
            let (list, found) = (model.key("what it covers"), text::count(covers, "finding"));
            match waiver.expired {
                true => format!("it covered {found} of the last check; {list} shows what asks again"),
                false => format!("covers {found} of the last check; {list} shows what"),
            }
        }
    };
    vec![
        format!("{} · {}", about(waiver), place(waiver)),
        format!("\"{}\"", text::clean(waiver.why.as_deref().unwrap_or_default())),
        format!("{} on {} · {until}", text::clean(&waiver.who), text::moment(waiver.at)),
        covers,
        format!("decision {}", waiver.id),
    ]
}
