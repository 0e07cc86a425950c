//! Leaving rows out: one to which nothing refers at once, any other after a look at what hangs on it, with a reason. Neighbour:
//! `act`, which decides.

use super::act::{self, Targets};
use crate::model::{Anomaly, key_in};
use crate::tui::effects::{Ask, Effect, Slot};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::popups::{Form, FormField, Popup};
use crate::tui::text;

/// Leaves the row of a finding out, once it is known what refers to it.
pub fn one(model: &mut Model, anomaly: Anomaly) -> Vec<Effect> {
    // A row that shares its key with others, or has none, is not what the rows of other tables lose.
    if key_in(&anomaly.row) != anomaly.row {
        return at_once(model, anomaly);
    }
    if let Some(before) = &model.anomalies.leaving {
        let said = format!("what refers to {} is being looked up; a moment", text::clean(&before.row));
        model.say(Tone::Refused, said);
        return Vec::new();
    }
    let (table, row) = (anomaly.table.clone(), anomaly.row.clone());
    model.anomalies.leaving = Some(anomaly);
    vec![model.ask(Ask::Referring { table, row })]
}

/// It is known how many rows of which tables refer to the row.
pub fn take(model: &mut Model, referring: &[(String, u64)]) -> Vec<Effect> {
    let Some(anomaly) = model.anomalies.leaving.take() else { return Vec::new() };
    if referring.is_empty() {
        return at_once(model, anomaly);
    }
    let sum = referring.iter().map(|(_, rows)| rows).sum();
    let of: Vec<String> =
        referring.iter().map(|(table, rows)| format!("{} of {}", text::number(*rows), text::clean(table))).collect();
    let row = text::clean(&anomaly.row).into_owned();
    if model.popup.is_some() {
        let again = model.key("exclude row");
        let said = format!("{row} was not excluded: {} refer to it; {again} asks again", text::count(sum, "row"));
        model.say(Tone::Refused, said);
        return Vec::new();
    }
    let refer =
        if sum == 1 { "refers to this one and becomes an orphan" } else { "refer to this one and become orphans" };
    let about = vec![format!("{} {refer}: {}.", text::count(sum, "row"), of.join(", "))];
    form(model, format!("exclude {} {row}", text::clean(&anomaly.table)), about, Targets::These(vec![anomaly]));
    Vec::new()
}

/// It could not be found out.
pub fn failed(model: &mut Model, slot: Slot) {
    if slot == Slot::Referring {
        model.anomalies.leaving = None;
    }
}

/// Asks whether the rows of many findings are to be left out.
pub fn many(model: &mut Model, targets: Targets) {
    let what = match &targets {
        Targets::These(these) => {
            let rows: usize = act::rows_of(these).values().map(Vec::len).sum();
            format!(
                "{} will be left out of the commit, with everything that was found there.",
                text::count(rows as u64, "row")
            )
        }
        Targets::All(_, listed) => format!(
            "The rows with the {} that are listed and open will be left out of the commit, with everything that was found there.",
            text::count(*listed, "finding")
        ),
    };
    let about = vec![what, "Rows of other tables that refer to one of them become orphans.".to_owned()];
    form(model, "exclude rows".to_owned(), about, targets);
}

fn form(model: &mut Model, title: String, mut about: Vec<String>, targets: Targets) {
    about.push(format!("It stays in the source; {} takes this back.", model.key("undo")));
    model.anomalies.targets = targets;
    model.popup = Some(Popup::Form(Form {
        title,
        about,
        fields: vec![FormField::new("why", "a reason, if you like; enter excludes", "")],
        focus: 0,
        check: |_, _| None,
        submit: |model, texts| {
            let why = texts.into_iter().next().map(|why| why.trim().to_owned()).filter(|why| !why.is_empty());
            let targets = act::taken(model);
            say(model, &targets);
            act::exclude_these(model, targets, why.as_deref())
        },
    }));
}

fn at_once(model: &mut Model, anomaly: Anomaly) -> Vec<Effect> {
    let targets = Targets::These(vec![anomaly]);
    say(model, &targets);
    act::exclude_these(model, targets, None)
}

/// Says what is left out, and how to have it back.
fn say(model: &mut Model, targets: &Targets) {
    let what = match targets {
        Targets::These(these) => match these.as_slice() {
            [one] => format!("{} {}", text::clean(&one.table), text::clean(&one.row)),
            many => text::count(act::rows_of(many).values().map(Vec::len).sum::<usize>() as u64, "row"),
        },
        Targets::All(_, listed) => format!("the rows with the {} that were listed", text::count(*listed, "finding")),
    };
    model.say(Tone::Done, format!("excluded: {what}; {} takes it back", model.key("undo")));
}
