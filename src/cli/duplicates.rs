//! `tastevin duplicates`: rows that may be the same thing, side by side.

use super::context::Context;
use super::json;
use super::table::Table;
use super::text::{count, visible};
use super::{Outcome, Subcommand};
use crate::error::Result;
use crate::model::{DuplicateGroup, Duplicates as Group};

/// Show rows that may be the same thing, side by side, with the fields in which they differ
///
/// `decide merge` makes them one, `decide apart` says that they are different things.
#[derive(clap::Args)]
pub struct Duplicates {
    /// Only in this canonical table
    #[arg(long)]
    table: Option<String>,
    /// Only what this rule found
    #[arg(long)]
    rule: Option<String>,
    /// Groups about which everything is decided too
    #[arg(long)]
    all: bool,
}

impl Subcommand for Duplicates {
    const NAME: &'static str = "duplicates";

    fn run(self, context: &Context) -> Result<Outcome> {
        let workbench = context.look()?;
        workbench.need_check()?;
        let filter = crate::model::AnomalyFilter {
            table: self.table.clone(),
            rule: self.rule.clone(),
            ..crate::model::AnomalyFilter::default()
        };
        workbench.check_filter(&filter)?;
        let wanted = |group: &DuplicateGroup| {
            self.table.as_ref().is_none_or(|table| *table == group.table)
                && self.rule.as_ref().is_none_or(|rule| *rule == group.rule)
                && (self.all || group.open > 0)
        };
        let mut groups = Vec::new();
        for group in workbench.duplicates()?.iter().filter(|group| wanted(group)) {
            groups.extend(workbench.duplicate_rows(group)?);
        }
        let mut out = context.stdout();
        if context.json() {
            json::write(&mut out, &[("groups", &groups)])?;
        } else {
            let paint = context.paint(None);
            for (n, group) in groups.iter().enumerate() {
                if n > 0 {
                    out.line("")?;
                }
                out.line(paint.strong(&heading(group)))?;
                for line in side_by_side(group).lines(paint) {
                    out.text(line)?;
                }
            }
            out.flush()?;
            context.say(match groups.len() {
                0 => "No duplicates to decide about.".to_owned(),
                some => count(some as u64, "group"),
            });
        }
        out.finish()?;
        Ok(Outcome::Pass)
    }
}

fn heading(group: &Group) -> String {
    let about = &group.group;
    let field = if about.field.is_empty() { String::new() } else { format!(".{}", about.field) };
    format!("{} · {}{field} · {} · {}", about.rule, about.table, visible(&about.value), count(about.rows, "row"))
}

/// A column per row, a line per field in which they differ.
fn side_by_side(group: &Group) -> Table {
    let heads: Vec<String> =
        std::iter::once(String::new()).chain((1..=group.rows.len()).map(|n| n.to_string())).collect();
    let mut table = Table::new(heads.iter().map(String::as_str));
    let line = |name: &str, cell: &dyn Fn(usize) -> String| {
        let cells: Vec<String> = std::iter::once(name.to_owned()).chain((0..group.rows.len()).map(cell)).collect();
        cells
    };
    table.row(line("row", &|at| group.rows[at].row.clone()));
    table.row(line("from", &|at| format!("{} {}", group.rows[at].from, group.rows[at].record)));
    table.row(line("referred to by", &|at| count(group.rows[at].referred, "row")));
    for field in &group.differing {
        let Some(place) = group.fields.iter().position(|name| name == field) else { continue };
        table.row(line(field, &|at| group.rows[at].values[place].clone().unwrap_or_else(|| "–".to_owned())));
    }
    if group.differing.is_empty() {
        table.row(line("(no field differs)", &|_| String::new()));
    }
    table
}
