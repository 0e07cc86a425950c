//! `tastevin anomalies clusters`: spellings of a field that are likely to be the same thing.

use super::super::Outcome;
use super::super::context::Context;
use super::super::json;
use super::super::table::Table;
use super::super::text::count;
use crate::error::{Error, Result, nearest};

/// List spellings of a text field that are likely to be the same thing, among all its values
///
/// One line per spelling: what it should become, how many rows have it, and in what it is like the other: the same words
/// whatever their order, capitals, accents and punctuation, the same letters whatever the spaces, or one letter. The
/// workbench merges them (Anomalies, c).
#[derive(clap::Args)]
pub struct Clusters {
    /// The canonical table
    table: String,
    /// Its field: text, or a list of texts
    field: String,
}

impl Clusters {
    pub fn run(self, context: &Context) -> Result<Outcome> {
        let workbench = context.look()?;
        workbench.need_check()?;
        let fields = workbench.text_fields()?;
        if !fields.iter().any(|one| (&one.table, &one.field) == (&self.table, &self.field)) {
            let known: Vec<String> = fields.iter().map(|one| format!("{}.{}", one.table, one.field)).collect();
            let meant = nearest(&format!("{}.{}", self.table, self.field), known.iter().map(String::as_str));
            let error = Error::usage(format!("{}.{} has no spellings to compare", self.table, self.field));
            let error = match meant {
                Some(near) => error.hint(format!("did you mean {near}?")),
                None => error,
            };
            return Err(match known.as_slice() {
                [] => error,
                known => error.hint(format!("these have: {}", known.join(", "))),
            });
        }
        let clusters = workbench.clusters(&self.table, &self.field)?;
        let mut out = context.stdout();
        if context.json() {
            json::write(&mut out, &[("clusters", &clusters)])?;
        } else {
            let mut table = Table::new(["becomes", "spelling", "rows", "like it in"]);
            for cluster in &clusters {
                for spelling in cluster.spellings.iter().skip(1) {
                    let rows = spelling.rows.to_string();
                    let likeness = spelling.likeness.name().to_owned();
                    table.row([cluster.proposed.clone(), spelling.value.clone(), rows, likeness]);
                }
            }
            for line in table.lines(context.paint(None)) {
                out.text(line)?;
            }
            out.flush()?;
            context.say(count(clusters.len() as u64, "cluster"));
        }
        out.finish()?;
        Ok(Outcome::Pass)
    }
}
