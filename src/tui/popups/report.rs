//! The report of the last check, written from the screen.

use super::{Form, FormField, Popup};
use crate::tui::effects::{Ask, Effect};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::widgets::empty::{self, Stage};
use crate::workbench::report_formats;

/// Asks for the name of the file.
pub fn report(model: &mut Model) -> Vec<Effect> {
    let endings: Vec<&str> = report_formats().iter().map(|format| format.extension).collect();
    let endings = endings.join(", ");
    model.popup = Some(Popup::Form(Form {
        title: "report".to_owned(),
        about: vec!["The report of the last check, in the folder of the workspace or where the name says.".to_owned()],
        fields: vec![FormField::new("file", format!("the ending says the format: {endings}"), "report.html")],
        focus: 0,
        check: |_, form| {
            let ending = form.text(0).rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default();
            let known = report_formats().iter().any(|format| format.extension == ending);
            (!known).then(|| "the name's ending says no format".to_owned())
        },
        submit: |model, texts| {
            let path = model.about.dir.join(texts.first().map(|text| text.trim()).unwrap_or_default());
            model.say(Tone::News, "writing the report…");
            vec![model.ask(Ask::Report { path })]
        },
    }));
    Vec::new()
}

/// Whether there is anything to report.
pub fn checked(model: &Model) -> Result<(), String> {
    empty::reached(model, Stage::Checked)
}
