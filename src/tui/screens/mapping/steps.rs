//! What is done to the text on its way into a field: the list of transforms, the picker and the form for their arguments.

use super::{STEPS, current, draft, edit, table};
use crate::model::{Edit, Step};
use crate::tui::cursor::Cursor;
use crate::tui::effects::Effect;
use crate::tui::keymap::{Command, Layer, always};
use crate::tui::model::Model;
use crate::tui::popups::{Item, Part, Picker, Popup, Sheet};
use crate::workbench::{self, Takes, Transform};

/// The transform whose arguments are being filled in.
#[derive(Clone)]
pub(super) struct Editing {
    table: String,
    field: String,
    /// Its place among the steps.
    at: usize,
    /// Whether it is to be put there and not in the place of the one that is there.
    fresh: bool,
    transform: &'static Transform,
}

pub(super) static KEYS: Layer = Layer {
    title: "transforms",
    commands: &[
        Command {
            name: "edit arguments",
            keys: &["enter", "e"],
            label: "arguments",
            help: "Fills in what the transform is to be told.",
            run: edit_arguments,
            ready: has_arguments,
        },
        Command {
            name: "add transform",
            keys: &["a", "i"],
            label: "add",
            help: "Chooses a transform and puts it behind the one under the cursor.",
            run: add,
            ready: can_open,
        },
        Command {
            name: "remove transform",
            keys: &["x", "del"],
            label: "remove",
            help: "Takes the transform out.",
            run: remove,
            ready: has_step,
        },
        Command {
            name: "move transform down",
            keys: &["J"],
            label: "down",
            help: "Lets the transform come one later.",
            run: |m| shift(m, true),
            ready: has_step,
        },
        Command {
            name: "move transform up",
            keys: &["K"],
            label: "up",
            help: "Lets the transform come one earlier.",
            run: |m| shift(m, false),
            ready: has_step,
        },
        Command {
            name: "back to the fields",
            keys: &["esc", "q", "h", "left", "t"],
            label: "back",
            help: "Goes back to the fields.",
            run: |m| {
                m.mapping.focus = super::FIELDS;
                Vec::new()
            },
            ready: always,
        },
    ],
};

/// The steps of the field under the cursor, as its mapping has them.
pub(super) fn steps(model: &Model) -> Option<&[Step]> {
    let field = current(model)?.field?;
    Some(&draft(model)?.field(table(model)?.0, &field)?.transforms)
}

pub(super) fn can_open(model: &Model) -> Result<(), String> {
    super::act::can_edit(model)?;
    steps(model).map(|_| ()).ok_or_else(|| super::unfed(model, current(model).as_ref()))
}

/// Goes to the steps; where there are none, to what could be the first one.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    model.mapping.focus = STEPS;
    model.mapping.steps = Cursor::default();
    if steps(model).is_some_and(<[Step]>::is_empty) { add(model) } else { Vec::new() }
}

fn chosen(model: &Model) -> Option<(usize, &Step)> {
    let at = usize::try_from(model.mapping.steps.at).ok()?;
    Some((at, steps(model)?.get(at)?))
}

fn has_step(model: &Model) -> Result<(), String> {
    super::act::can_edit(model)?;
    chosen(model)
        .map(|_| ())
        .ok_or_else(|| format!("there is no transform here; {} adds one", model.key("add transform")))
}

fn has_arguments(model: &Model) -> Result<(), String> {
    has_step(model)?;
    match chosen(model).map(|(_, step)| workbench::transform(&step.name)) {
        Some(Ok(transform)) if transform.arguments.is_empty() => {
            Err(format!("{} needs to be told nothing", transform.name))
        }
        Some(Ok(_)) => Ok(()),
        _ => Err(format!("this transform is not known; {} takes it out", model.key("remove transform"))),
    }
}

fn place(model: &Model) -> Option<(String, String)> {
    Some((table(model)?.0.to_owned(), current(model)?.field?))
}

fn remove(model: &mut Model) -> Vec<Effect> {
    let removed = chosen(model).map(|(at, step)| (at, step.name.clone()));
    if let (Some((at, name)), Some((table, field))) = (removed, place(model)) {
        edit(model, Edit::RemoveTransform { table, field, at }, format!("{name} removed"));
        settle(model, at);
    }
    Vec::new()
}

fn shift(model: &mut Model, down: bool) -> Vec<Effect> {
    let last = steps(model).map_or(0, <[Step]>::len).saturating_sub(1);
    let moved = chosen(model).map(|(at, step)| (at, step.name.clone()));
    if let (Some((from, name)), Some((table, field))) = (moved, place(model)) {
        let to = if down { (from + 1).min(last) } else { from.saturating_sub(1) };
        if to != from {
            edit(model, Edit::MoveTransform { table, field, from, to }, format!("{name} moved"));
            settle(model, to);
        }
    }
    Vec::new()
}

fn settle(model: &mut Model, at: usize) {
    if let Some(mut reel) = super::reel(model, STEPS) {
        reel.go(at as u64);
    }
}

/// Chooses a transform among all of them, each with its words and examples.
fn add(model: &mut Model) -> Vec<Effect> {
    let Some((table, field)) = place(model) else {
        return Vec::new();
    };
    let kind = model.about.schema.field(&table, &field).map(|declared| declared.kind);
    let at = chosen(model).map_or(0, |(at, _)| at + 1);
    let items = workbench::transforms().iter().map(|transform| item(transform)).collect();
    let wants = kind.map(|kind| format!(" · {field} is {}", kind.name())).unwrap_or_default();
    let title = format!("add a transform{wants}");
    model.popup = Some(Popup::Picker(Picker::new(title, items, move |model, chosen| {
        let Some(transform) = workbench::transforms().get(chosen).copied() else {
            return Vec::new();
        };
        let editing = Editing { table: table.clone(), field: field.clone(), at, fresh: true, transform };
        if transform.arguments.iter().any(|argument| argument.required)
            || !transform.arguments.is_empty() && needs_words(transform)
        {
            let value = proposed(model, &editing);
            return fill_in(model, editing, value);
        }
        apply(model, &editing, None);
        Vec::new()
    })));
    Vec::new()
}

/// What a fresh transform is told before anybody typed: a table of words gets those that occur and are not allowed, each as it
/// is, for the word that is meant to be written over it.
fn proposed(model: &Model, editing: &Editing) -> Option<toml::Value> {
    let takes_pairs = |argument: &&workbench::Argument| argument.takes == Takes::Pairs;
    let shown = &model.mapping.shown;
    let of_field = shown.of.as_ref().is_some_and(|of| of.field == editing.field && of.table == editing.table);
    let first = editing.transform.arguments.first().filter(takes_pairs).filter(|_| of_field)?;
    let pairs = shown.stray_values.iter().map(|value| (value.clone(), toml::Value::from(value.as_str())));
    (first.name == "*" && !shown.stray_values.is_empty()).then(|| pairs.collect::<toml::Table>().into())
}

/// Whether a transform without any argument says nothing.
fn needs_words(transform: &Transform) -> bool {
    workbench::written(transform, &[]).is_err()
}

/// A transform in the picker: what it does beside its name; what one must know and its first examples below.
fn item(transform: &'static Transform) -> Item {
    let shown = |text: Option<&str>| {
        text.map_or("no value".to_owned(), |text| format!("\"{}\"", crate::tui::text::exact(text)))
    };
    let mut about = Vec::new();
    // An example of what cannot be read tells as much as one of what can.
    let unread = transform
        .examples
        .iter()
        .find(|example| example.output.is_none() && example.inputs.iter().all(Option::is_some));
    let read = transform.examples.iter().filter(|example| example.output.is_some()).take(2);
    for example in read.chain(unread.filter(|_| transform.reads.is_some())) {
        let told = if example.arguments.is_empty() { String::new() } else { format!(" {}", example.arguments) };
        let inputs: Vec<String> = example.inputs.iter().map(|input| shown(*input)).collect();
        let output = match example.output {
            None if transform.reads.is_some() => "✗ unreadable".to_owned(),
            output => shown(output),
        };
        about.push(format!("{}{told}: {} → {output}", transform.name, inputs.join(" and ")));
    }
    about.push(transform.docs.to_owned());
    Item { details: about.join("\n"), ..Item::new(transform.name, transform.output.name(), transform.summary) }
}

fn edit_arguments(model: &mut Model) -> Vec<Effect> {
    let Some((at, step)) = chosen(model).map(|(at, step)| (at, step.clone())) else {
        return Vec::new();
    };
    let (Some((table, field)), Ok(transform)) = (place(model), workbench::transform(&step.name)) else {
        return Vec::new();
    };
    fill_in(model, Editing { table, field, at, fresh: false, transform }, step.arguments)
}

/// Opens the form for the arguments of a transform.
fn fill_in(model: &mut Model, editing: Editing, value: Option<toml::Value>) -> Vec<Effect> {
    let transform = editing.transform;
    let filled = workbench::filled(transform, value.as_ref());
    let parts = workbench::asked(transform).zip(filled).map(|(argument, lines)| {
        let free = argument.name == "*";
        let label = if free { "from = to" } else { argument.name };
        let label = if argument.required { format!("{label} ●") } else { label.to_owned() };
        let several = matches!(argument.takes, Takes::Texts | Takes::Pairs);
        let mut part = Part::new(label, argument.help, several, lines);
        if let Takes::Choice(choices) = argument.takes {
            part.choices = choices.iter().map(|choice| (*choice).to_owned()).collect();
        }
        part
    });
    let sheet = Sheet {
        title: format!("{} · {}", transform.name, editing.field),
        about: vec![transform.summary.to_owned(), transform.docs.to_owned()],
        parts: parts.collect(),
        focus: 0,
        touched: false,
        check: |model, sheet| {
            let editing = model.mapping.editing.as_ref()?;
            workbench::written(editing.transform, &sheet.texts()).err().map(|error| error.to_string())
        },
        submit: |model, texts| {
            if let Some(editing) = model.mapping.editing.take()
                && let Ok(value) = workbench::written(editing.transform, &texts)
            {
                apply(model, &editing, value);
            }
            Vec::new()
        },
    };
    model.mapping.editing = Some(editing);
    model.popup = Some(Popup::Sheet(sheet));
    Vec::new()
}

/// The edit that puts a transform into its place.
fn placed(editing: &Editing, arguments: Option<toml::Value>) -> Edit {
    let step = Step { name: editing.transform.name.to_owned(), arguments };
    let (table, field, at) = (editing.table.clone(), editing.field.clone(), editing.at);
    match editing.fresh {
        true => Edit::InsertTransform { table, field, at, step },
        false => Edit::ReplaceTransform { table, field, at, step },
    }
}

fn apply(model: &mut Model, editing: &Editing, arguments: Option<toml::Value>) {
    let said = format!("{} in {}", editing.transform.name, editing.field);
    edit(model, placed(editing, arguments), said);
    model.mapping.focus = STEPS;
    settle(model, editing.at);
}

/// The edit that is being filled in, where what was typed so far makes one: the preview shows it before it is taken.
pub(super) fn pending(model: &Model) -> Option<Edit> {
    let Some(Popup::Sheet(sheet)) = &model.popup else {
        return None;
    };
    let editing = model.mapping.editing.as_ref()?;
    let value = workbench::written(editing.transform, &sheet.texts()).ok()?;
    Some(placed(editing, value))
}
