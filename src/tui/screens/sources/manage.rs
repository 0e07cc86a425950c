//! The connector manager: sources are added, changed, tried and removed, with a form made of the connector's own options.

use indexmap::IndexMap;
use toml::Value;

use super::{SOURCES, chosen};
use crate::error::Error;
use crate::model::SourceConfig;
use crate::tui::effects::{Ask, Effect, Job};
use crate::tui::input::Input;
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::popups::{Form, FormField, Item, Picker, Popup, Question};
use crate::tui::widgets::empty::{self, Stage};
use crate::workbench::{self, MappingInfo, SourceOption};

/// What the user is about to do with a source.
#[derive(Default)]
pub struct State {
    /// What is done once it is known which kinds there are.
    wish: Option<Wish>,
    /// What the form that is open, or that was sent last, is about.
    form: Option<Editing>,
    /// What was typed in the form that was sent last.
    sent: Vec<String>,
}

enum Wish {
    Add,
    Edit(String),
}

struct Editing {
    kind: String,
    /// The source that is changed; none for a new one.
    source: Option<String>,
    options: &'static [SourceOption],
    before: SourceConfig,
}

/// Why no source can be chosen, if so.
pub fn on_source(model: &Model) -> Result<(), String> {
    empty::reached(model, Stage::Source)?;
    chosen(model).map(drop).ok_or_else(|| "the workspace is still being read".to_owned())
}

/// Why the chosen source cannot be changed, if so.
pub fn can_change(model: &Model) -> Result<(), String> {
    model.free()?;
    on_source(model)
}

/// Adds a source: first its kind is chosen.
pub fn add(model: &mut Model) -> Vec<Effect> {
    model.sources.manage.wish = Some(Wish::Add);
    vec![model.ask(Ask::Kinds)]
}

/// Changes the chosen source.
pub fn edit(model: &mut Model) -> Vec<Effect> {
    let Some(name) = chosen(model).map(|source| source.name.clone()) else {
        return Vec::new();
    };
    model.sources.manage.wish = Some(Wish::Edit(name));
    vec![model.ask(Ask::Kinds)]
}

/// Asks whether to remove the chosen source.
pub fn remove(model: &mut Model) -> Vec<Effect> {
    let Some(name) = chosen(model).map(|source| source.name.clone()) else {
        return Vec::new();
    };
    let about = vec![format!(
        "Takes {name} out of tastevin.toml. What it staged stays until a source of that name is loaded again, but the next \
         check no longer looks at it. What was committed stays."
    )];
    let title = format!("remove {name}");
    let yes = |_: &mut Model| vec![Effect::Do(Job::RemoveSource(name))];
    model.popup = Some(Popup::Question(Question::new(title, about, yes)));
    Vec::new()
}

/// Takes which kinds there are and what the sources say, and goes on with what was wanted.
pub fn take_kinds(model: &mut Model, kinds: &[MappingInfo], sources: &IndexMap<String, SourceConfig>) {
    match model.sources.manage.wish.take() {
        Some(Wish::Add) => choose_kind(model, kinds),
        Some(Wish::Edit(name)) => {
            if let Some(config) = sources.get(&name) {
                let connector = kinds.iter().find(|kind| kind.name == config.mapping_name());
                let connector = connector.map_or(config.kind.as_str(), |kind| kind.connector.as_str());
                let options = options_of(connector);
                let before = config.clone();
                open_form(model, Editing { kind: config.kind.clone(), source: Some(name), options, before });
            }
        }
        None => {}
    }
}

fn options_of(connector: &str) -> &'static [SourceOption] {
    workbench::connectors().iter().find(|kind| kind.name == connector).map_or(&[], |kind| kind.options)
}

fn choose_kind(model: &mut Model, kinds: &[MappingInfo]) {
    let mut choices: Vec<(String, &'static [SourceOption])> = Vec::new();
    let mut items = Vec::new();
    for kind in kinds {
        choices.push((kind.name.clone(), options_of(&kind.connector)));
        items.push(Item::new(&kind.name, &kind.connector, &kind.description));
    }
    for connector in workbench::connectors().iter().filter(|one| !kinds.iter().any(|kind| kind.name == one.name)) {
        choices.push((connector.name.to_owned(), connector.options));
        items.push(Item::new(connector.name, "", format!("{}, still to be mapped", connector.summary)));
    }
    let chosen = move |model: &mut Model, at: usize| {
        if let Some((kind, options)) = choices.get(at) {
            let before = SourceConfig { kind: kind.clone(), ..SourceConfig::default() };
            open_form(model, Editing { kind: kind.clone(), source: None, options, before });
        }
        Vec::new()
    };
    model.popup = Some(Popup::Picker(Picker::new("what kind of source", items, chosen).of_few()));
}

/// A name for a source of that kind that none has yet.
fn free_name(model: &Model, kind: &str) -> String {
    let is_free = |name: &String| !model.sources.sources.iter().flatten().any(|source| source.name == *name);
    let first = format!("{kind}_prod");
    match is_free(&first) {
        true => first,
        false => (2..).map(|n| format!("{kind}_{n}")).find(is_free).unwrap_or(first),
    }
}

fn open_form(model: &mut Model, editing: Editing) {
    let mut fields = Vec::new();
    if editing.source.is_none() {
        let name = free_name(model, &editing.kind);
        fields.push(FormField::new("name", "what to call it, e.g. isavigne_prod", name));
    }
    for option in editing.options {
        let need = match (option.required, option.default) {
            (true, _) => "needed".to_owned(),
            (false, "") => "may be left empty".to_owned(),
            (false, default) => format!("empty: {default}"),
        };
        let hint = match option.secret {
            true => "where it is kept, never the key itself: env NAME, keyring ENTRY or file PATH".to_owned(),
            false => format!("{} ({need})", option.help),
        };
        let text = match editing.before.options.get(option.name) {
            Some(value) => shown(option, value),
            None if option.secret => "env ".to_owned(),
            None => String::new(),
        };
        fields.push(FormField::new(option.name, hint, text));
    }
    let title = match &editing.source {
        Some(source) => format!("edit {source}"),
        None => format!("add a source of kind {}", editing.kind),
    };
    model.sources.manage.form = Some(editing);
    model.popup = Some(Popup::Form(Form {
        title,
        about: Vec::new(),
        fields,
        focus: 0,
        // Only the line that is being typed is found fault with; the others have their turn when the form is sent.
        check: |model, form| {
            let here = form.fields.get(form.focus).is_some_and(|field| field.touched);
            let texts: Vec<&str> = (0..form.fields.len()).map(|at| form.text(at)).collect();
            let (_, wrong) = read(model, &texts).err()?.into_iter().find(|(at, _)| here && *at == form.focus)?;
            Some(wrong)
        },
        submit: |model, texts| {
            let trimmed: Vec<&str> = texts.iter().map(|text| text.trim()).collect();
            let read = read(model, &trimmed);
            model.sources.manage.sent = texts;
            match read {
                Ok(job) => vec![Effect::Do(job)],
                Err(wrong) => {
                    if let Some((at, why)) = wrong.into_iter().next() {
                        come_back(model, at, why);
                    }
                    Vec::new()
                }
            }
        },
    }));
}

/// Opens the form again as it was sent, at a line, with what is wrong with it.
fn come_back(model: &mut Model, at: usize, why: String) {
    let sent = std::mem::take(&mut model.sources.manage.sent);
    let Some(editing) = model.sources.manage.form.take() else { return };
    open_form(model, editing);
    let Some(Popup::Form(form)) = &mut model.popup else { return };
    for (field, text) in form.fields.iter_mut().zip(sent) {
        (field.input, field.touched) = (Input::new(text), true);
    }
    form.focus = at;
    if let Some(field) = form.fields.get_mut(at) {
        field.refused = Some(why);
    }
}

/// A value as it is typed.
fn shown(option: &SourceOption, value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Table(table) if option.secret => match table.iter().next() {
            Some((kept, Value::String(place))) => format!("{kept} {place}"),
            _ => String::new(),
        },
        value => value.to_string(),
    }
}

/// The value that was typed, as `tastevin.toml` has it; `None` for nothing.
fn typed(option: &SourceOption, text: &str) -> Result<Option<Value>, String> {
    let name = option.name;
    if option.secret {
        return match text.split_once(' ').map(|(kept, place)| (kept, place.trim())) {
            Some((kept @ ("env" | "keyring" | "file"), place)) if !place.is_empty() => {
                Ok(Some(Value::Table([(kept.to_owned(), place.into())].into_iter().collect())))
            }
            _ => Err(format!("{name}: say where it is kept: env NAME, keyring ENTRY or file PATH")),
        };
    }
    if text.is_empty() {
        return if option.required { Err(format!("{name} is needed")) } else { Ok(None) };
    }
    let value = match option.kind {
        "number" => text.parse().map(Value::Integer).map_err(|_| format!("{name} is a whole number"))?,
        "true or false" => text.parse().map(Value::Boolean).map_err(|_| format!("{name} is true or false"))?,
        "table" => {
            let table =
                format!("value = {text}").parse::<toml::Table>().ok().and_then(|mut table| table.remove("value"));
            table.filter(Value::is_table).ok_or_else(|| format!("{name} is a table: {}", option.help))?
        }
        _ => Value::String(text.to_owned()),
    };
    Ok(Some(value))
}

/// What is to be done with what was typed, or what is wrong with it, line by line.
fn read(model: &Model, texts: &[&str]) -> Result<Job, Vec<(usize, String)>> {
    let Some(editing) = &model.sources.manage.form else {
        return Err(vec![(0, "this form is about nothing".to_owned())]);
    };
    let mut wrong = Vec::new();
    let is_new = editing.source.is_none();
    if is_new {
        let name = texts.first().copied().unwrap_or_default();
        if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c)) {
            wrong.push((0, "letters, digits, _ - and . make a name".to_owned()));
        }
        if model.about.sources.iter().any(|known| known == name) {
            wrong.push((0, format!("there is a source {name} already")));
        }
    }
    let mut options = IndexMap::new();
    for (at, (option, text)) in
        (usize::from(is_new)..).zip(editing.options.iter().zip(texts.iter().skip(usize::from(is_new))))
    {
        match typed(option, text) {
            Ok(value) => drop(options.insert(option.name.to_owned(), value)),
            Err(why) => wrong.push((at, why)),
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    if let Some(source) = &editing.source {
        options.retain(|name, value| editing.before.options.get(name) != value.as_ref());
        return match options.is_empty() {
            true => Err(vec![(0, "nothing is changed".to_owned())]),
            false => Ok(Job::EditSource { name: source.clone(), changes: options }),
        };
    }
    let options = options.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let config = SourceConfig { kind: editing.kind.clone(), mapping: None, options };
    Ok(Job::AddSource { name: texts.first().copied().unwrap_or_default().to_owned(), config: Box::new(config) })
}

/// A source could not be added, changed or removed: a form comes back as it was typed, with the reason at its line.
pub fn refused(model: &mut Model, job: &Job, error: &Error) {
    // Whatever else is being typed by now is not pushed aside.
    let is_typing =
        matches!(model.popup, Some(Popup::Form(_) | Popup::Sheet(_) | Popup::Question(_) | Popup::Console(_)));
    let labels: Vec<&str> = match (&model.sources.manage.form, job) {
        (Some(editing), Job::AddSource { .. }) => {
            std::iter::once("name").chain(editing.options.iter().map(|option| option.name)).collect()
        }
        (Some(editing), Job::EditSource { .. }) => editing.options.iter().map(|option| option.name).collect(),
        _ => Vec::new(),
    };
    if is_typing || labels.is_empty() {
        return model.notes.fail(model.clock, error);
    }
    // The key that is wrong is the last part of its place: `sources.NAME.path`.
    let key = error.place().column.as_deref().and_then(|column| column.rsplit('.').next());
    let at = key.and_then(|key| labels.iter().position(|label| *label == key)).unwrap_or(0);
    let hints: String = error.hints().iter().map(|hint| format!("; {hint}")).collect();
    come_back(model, at, format!("{}{hints}", error.what()));
}

/// What comes after a change.
fn after(model: &Model) -> String {
    format!("{} tests it, {} loads it", model.key("sources/test source"), model.key("sources/load"))
}

/// A source was added, changed or removed.
pub fn changed(model: &mut Model, job: &Job) -> Vec<Effect> {
    match job {
        Job::AddSource { name, config } => {
            model.about.sources.push(name.clone());
            model.sources.focus = SOURCES;
            model.sources.cursors[SOURCES].at = model.about.sources.len() as u64 - 1;
            // The form asks for no mapping: it has one of its own where its keys would be those of another source.
            let keys =
                config.mapping.as_ref().map(|own| format!(", with mappings/{own}.toml: its keys begin with {name}-"));
            model.say_with_hint(Tone::Done, format!("{name} is added{}", keys.unwrap_or_default()), after(model));
        }
        Job::EditSource { name, .. } => {
            model.say_with_hint(Tone::Done, format!("{name} is changed"), after(model));
        }
        Job::RemoveSource(name) => {
            model.about.sources.retain(|known| known != name);
            model.say(Tone::Done, format!("{name} is removed; what was committed of it stays"));
            if model.verdict.is_some() {
                return crate::tui::screens::check(model);
            }
        }
        _ => {}
    }
    Vec::new()
}
