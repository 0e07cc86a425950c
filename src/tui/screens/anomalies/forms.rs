//! The forms and questions before a decision: another value, the reason of a waiver. Neighbour: `leave`.

use chrono::{NaiveDate, NaiveDateTime};

use super::act::{self, Targets};
use super::{preview, record};
use crate::model::{Anomaly, AnomalyFilter, CellStory, Field, FieldType};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::popups::{Form, FormField, Popup};
use crate::tui::screens::tables;
use crate::tui::text;
use crate::workbench;

/// What became of the finding's cell, if the story of its row is at hand.
fn cell_of<'a>(model: &'a Model, anomaly: &Anomaly) -> Option<&'a CellStory> {
    let stories = [model.anomalies.story.as_deref(), record::story(model), tables::repaired(model)];
    let own = |story: &&crate::model::RowStory| story.table == anomaly.table && story.row == anomaly.row;
    let story = stories.into_iter().flatten().find(own)?;
    story.fields.iter().find(|cell| cell.field == anomaly.field)
}

/// What the form shows as the value now: what the field has, or the text that could not be read.
fn value_before(model: &Model, anomaly: &Anomaly) -> Option<String> {
    match cell_of(model, anomaly) {
        Some(cell) if cell.value.is_some() => cell.value.clone(),
        Some(cell) if !cell.unreadable => None,
        _ => anomaly.value.clone(),
    }
}

/// The one field that everything listed is on, or why there is none.
pub fn field_of_all(model: &Model) -> Result<(String, String), String> {
    act::one_field(model).ok_or_else(|| {
        format!("these findings are on several fields; {} and then a field narrows them down", model.key("facets"))
    })
}

/// Asks for the value that the targets get.
pub fn edit(model: &mut Model, targets: Targets) {
    let about = match &targets {
        Targets::These(these) => about_these(model, these),
        Targets::All(filter, listed) => about_all(model, filter, *listed),
    };
    let (title, about, field, prefill) = match about {
        Ok(about) => about,
        Err(why) => return model.say(Tone::Refused, why),
    };
    let hint = match &field {
        Some(field) if !field.values.is_empty() => format!("one of {}", field.values.join(", ")),
        _ => format!("{}; empty for no value", shape(field.as_ref().map(|field| field.kind).unwrap_or_default())),
    };
    model.anomalies.targets = targets;
    model.popup = Some(Popup::Form(Form {
        title,
        about,
        fields: vec![FormField::new("value", hint, prefill), FormField::new("why", "a reason, if you like", "")],
        focus: 0,
        check: |model, form| objection(&field_of(model, &model.anomalies.targets)?, form.fields.first()?.input.value()),
        submit: |model, texts| {
            let mut texts = texts.into_iter();
            let now = texts.next().filter(|text| !text.is_empty());
            let why = texts.next().map(|why| why.trim().to_owned()).filter(|why| !why.is_empty());
            let targets = act::taken(model);
            let elsewhere = match &targets {
                Targets::These(these) if !std::ptr::eq(model.screen(), &super::SCREEN) => {
                    these.first().map(|one| (one.table.clone(), one.field.clone(), one.row.clone()))
                }
                _ => None,
            };
            // Enter in a form that nobody has typed into must not empty what many rows have.
            if now.is_none() && targets.count() > 1 {
                preview::show_emptied(model, targets, why);
                return Vec::new();
            }
            let effects = act::set_these(model, targets, now, why.as_deref());
            // Where the finding is listed, its line shows what was decided.
            if let Some((table, field, row)) = elsewhere {
                tables::repair::said(model, &table, &field, &row);
            }
            effects
        },
    }));
}

/// The declaration of the field that the targets are on.
fn field_of(model: &Model, targets: &Targets) -> Option<Field> {
    let (table, field) = match targets {
        Targets::These(these) => these.first().map(|one| (one.table.clone(), one.field.clone()))?,
        Targets::All(..) => act::one_field(model)?,
    };
    model.about.schema.field(&table, &field).cloned()
}

/// Title, words, field and text to begin with of the form.
type Asked = (String, Vec<String>, Option<Field>, String);

fn about_these(model: &Model, these: &[Anomaly]) -> Result<Asked, String> {
    let first = these.first().ok_or("nothing is marked")?;
    if these.iter().any(|anomaly| (&anomaly.table, &anomaly.field) != (&first.table, &first.field)) {
        return Err("the marked findings are on several fields; mark those of one field".to_owned());
    }
    let field = model.about.schema.field(&first.table, &first.field).cloned();
    let [one] = these else {
        let rows = these.len() as u64;
        let title = format!("{}.{} of {}", first.table, first.field, text::count(rows, "row"));
        return Ok((title, vec![format!("{} get the same value.", text::count(rows, "row"))], field, String::new()));
    };
    let mut about = Vec::new();
    let now = value_before(model, one);
    if !one.rule.is_empty() {
        about.push(format!("{} {}", one.severity.glyph(), one.message));
    }
    let staged = cell_of(model, one).and_then(|cell| cell.staged.iter().find_map(|(_, text)| text.clone()));
    if let Some(staged) = staged.filter(|staged| Some(staged) != now.as_ref()) {
        about.push(format!("in the export: \"{}\"", text::exact(&staged)));
    }
    about.push(now.as_deref().map_or("now: no value".to_owned(), |now| format!("now: \"{}\"", text::exact(now))));
    if let Some(suggestion) = &one.suggestion {
        about.push(format!("suggested: \"{}\"", text::exact(suggestion)));
    }
    let prefill = one.suggestion.clone().or(now).unwrap_or_default();
    Ok((format!("{}.{} of {}", one.table, one.field, one.row), about, field, prefill))
}

fn about_all(model: &Model, _: &AnomalyFilter, listed: u64) -> Result<Asked, String> {
    let (table, field) = field_of_all(model)?;
    let declared = model.about.schema.field(&table, &field).cloned();
    let about = vec![
        format!(
            "Every row with one of the {} gets the same value, those that are not seen too;",
            text::count(listed, "finding")
        ),
        format!("what is waived stays. It is one decision per rule, and {} takes it back.", model.key("undo")),
    ];
    Ok((format!("{table}.{field} of all that is listed"), about, declared, String::new()))
}

/// What a value of that type looks like.
pub fn shape(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Text => "text",
        FieldType::Integer => "a whole number, like 2020",
        FieldType::Decimal => "a number, like 1234.50",
        FieldType::Boolean => "yes or no: oui, non, yes, no, true, false, 1 or 0",
        FieldType::Date => "a day, like 2026-11-22",
        FieldType::Timestamp => "a moment, like 2026-11-22 09:30:00",
        FieldType::List => "a list, like [Riesling, Pinot gris]",
    }
}

/// Why a text cannot be the value of a field, if so.
pub fn objection(field: &Field, text: &str) -> Option<String> {
    let value = text.trim();
    if value.is_empty() {
        return (field.required || field.key).then(|| "this field must have a value".to_owned());
    }
    if !field.values.is_empty() && !field.values.iter().any(|allowed| allowed == value) {
        return Some(format!("not one of {}", field.values.join(", ")));
    }
    let moments = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"];
    let readable = match field.kind {
        FieldType::Text | FieldType::List => true,
        FieldType::Integer => workbench::is_whole_number(value),
        FieldType::Decimal => workbench::number(value).is_some(),
        FieldType::Boolean => workbench::is_yes_or_no(value),
        FieldType::Date => NaiveDate::parse_from_str(value, "%Y-%m-%d").is_ok(),
        FieldType::Timestamp => moments.iter().any(|format| NaiveDateTime::parse_from_str(value, format).is_ok()),
    };
    if !readable {
        return Some(format!("this is not {}", shape(field.kind)));
    }
    if !matches!(field.kind, FieldType::Integer | FieldType::Decimal) {
        return None;
    }
    let value = workbench::number(value)?;
    let number = |bound: &Option<toml::Value>| match bound {
        Some(toml::Value::Integer(whole)) => Some(*whole as f64),
        Some(toml::Value::Float(number)) => Some(*number),
        _ => None,
    };
    match (number(&field.min), number(&field.max)) {
        (Some(least), _) if value < least => Some(format!("the least allowed is {least}")),
        (_, Some(most)) if value > most => Some(format!("the most allowed is {most}")),
        _ => None,
    }
}

/// Asks for the reason and the last day of a waiver.
pub fn waive(model: &mut Model, targets: Targets) {
    let stay = "They stay in the data and no longer ask for anything.".to_owned();
    let (title, about) = match &targets {
        Targets::These(these) => match these.as_slice() {
            [one] => (
                format!("waive {} of {}", one.rule, one.row),
                vec![
                    format!("{} {}", one.severity.glyph(), one.message),
                    "Another value in this place will be a new finding.".to_owned(),
                ],
            ),
            many => (format!("waive {}", text::count(many.len() as u64, "finding")), vec![stay]),
        },
        Targets::All(_, listed) => {
            let about =
                vec![format!("All open ones among the {} that are listed.", text::count(*listed, "finding")), stay];
            ("waive all that is listed".to_owned(), about)
        }
    };
    model.anomalies.targets = targets;
    model.popup = Some(Popup::Form(Form {
        title,
        about,
        fields: vec![
            FormField::new("why", "the reason, for whoever reads the report", ""),
            FormField::new("until", "the last day on which it holds, like 2027-06-30; empty for good", ""),
        ],
        focus: 0,
        check: |model, form| {
            let until = form.text(1);
            if form.text(0).is_empty() {
                return Some("a waiver needs a reason".to_owned());
            }
            match text::day(until) {
                None if until.is_empty() => None,
                None => Some("until: write the day like 2027-06-30 or 30/06/2027".to_owned()),
                Some(day) => (day < model.about.today).then(|| format!("until: {day} is past")),
            }
        },
        submit: |model, texts| {
            let mut texts = texts.into_iter().map(|text| text.trim().to_owned());
            let why = texts.next();
            let until = texts.next().and_then(|day| text::day(&day));
            let targets = act::taken(model);
            act::waive_these(model, targets, why.as_deref(), until)
        },
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_must_fit_the_type_and_the_bounds_of_its_field() {
        let field = |kind| Field { kind, ..Field::default() };
        assert_eq!(objection(&field(FieldType::Decimal), "12.5"), None);
        assert_eq!(objection(&field(FieldType::Decimal), "12,5"), None);
        assert!(objection(&field(FieldType::Decimal), "£12").is_some(), "nothing is converted");
        for (word, is_read) in [("no", true), ("Oui", true), ("1", true), ("maybe", false)] {
            assert_eq!(objection(&field(FieldType::Boolean), word).is_none(), is_read, "{word}");
        }
        assert!(objection(&field(FieldType::Date), "22/11/2026").is_some());
        assert_eq!(objection(&field(FieldType::Date), "2026-11-22"), None);
        assert_eq!(objection(&field(FieldType::Text), ""), None);
        let required = Field { required: true, ..Field::default() };
        assert_eq!(objection(&required, " ").as_deref(), Some("this field must have a value"));
        let price = Field { kind: FieldType::Decimal, min: Some(toml::Value::Integer(0)), ..Field::default() };
        assert_eq!(objection(&price, "-1").as_deref(), Some("the least allowed is 0"));
        let colour = Field { values: vec!["rouge".to_owned(), "blanc".to_owned()], ..Field::default() };
        assert_eq!(objection(&colour, "rosso").as_deref(), Some("not one of rouge, blanc"));
    }
}
