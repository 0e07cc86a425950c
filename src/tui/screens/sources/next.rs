//! What to do next, what helps most first; each step is a door.

use crate::model::{NextStep, Standing, Task};
use crate::tui::effects::{Ask, Effect};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::popups::{Item, Picker, Popup};
use crate::tui::{screens, text};

/// Asks what to do next.
pub fn ask(model: &mut Model) -> Vec<Effect> {
    vec![model.ask(Ask::Standing)]
}

/// Shows the steps to choose from.
pub fn take(model: &mut Model, standing: &Standing) {
    if standing.next.is_empty() {
        return model.say(Tone::News, "nothing is left to do; l loads and checks again");
    }
    let count = |count: u64| if count > 0 { text::number(count) } else { String::new() };
    let item = |step: &NextStep| {
        let (what, why) = step.why.split_once(": ").unwrap_or((&step.why, ""));
        Item::new(what, count(step.count), why)
    };
    let items = standing.next.iter().map(item).collect();
    let tasks: Vec<Task> = standing.next.iter().map(|step| step.task.clone()).collect();
    let chosen = move |model: &mut Model, at: usize| tasks.get(at).map_or_else(Vec::new, |task| go(model, task));
    model.popup = Some(Popup::Picker(Picker::new("what to do next", items, chosen)));
}

fn go(model: &mut Model, task: &Task) -> Vec<Effect> {
    match task {
        Task::Commit => screens::open(model, &screens::commit::SCREEN),
        Task::Mapping => screens::open(model, &screens::mapping::SCREEN),
        Task::Rejects => screens::tables::open(model, "dq", "rejects", Vec::new()),
        Task::Conflicts => {
            screens::anomalies::show_conflicts(model);
            screens::open(model, &screens::anomalies::SCREEN)
        }
        Task::Findings { rule, table } => {
            screens::anomalies::show_rule(model, rule, table);
            screens::open(model, &screens::anomalies::SCREEN)
        }
    }
}
