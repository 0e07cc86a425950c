//! `tastevin anomalies`: every finding, all of them.

mod clusters;

use std::path::PathBuf;

use super::context::Context;
use super::formats::{self, write_rows};
use super::text::count;
use super::{Outcome, Subcommand};
use crate::error::Result;
use crate::model::{AnomalyFilter, AnomalyOrder, Severity, Status};
use crate::workbench;

/// List every finding of the last check
///
/// Columns: rule, severity, table, row, field, value, message, suggestion, source, entity, file, line, status, stake. There is
/// no limit: what was found is listed. A rule, table, field, source or row that there is not is refused.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Anomalies {
    #[command(subcommand)]
    other: Option<Other>,
    #[command(flatten)]
    filter: Filter,
    /// The worst first, by row, or by the money that hangs on the row
    #[arg(long, value_name = "ORDER", default_value = "worst", value_parser = ["worst", "row", "stake"])]
    sort: String,
    /// How to write them [default: as the output's name ends, else text]
    #[arg(long, value_parser = formats::parser(&workbench::table_formats()))]
    format: Option<String>,
    /// Into this file; stdout if absent
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// What else there is to ask.
#[derive(clap::Subcommand)]
enum Other {
    Clusters(clusters::Clusters),
}

/// Which findings are meant.
#[derive(clap::Args)]
struct Filter {
    /// Only of this rule
    #[arg(long, help_heading = "Which findings")]
    rule: Option<String>,
    /// Only in this canonical table
    #[arg(long, help_heading = "Which findings")]
    table: Option<String>,
    /// Only on this field
    #[arg(long, help_heading = "Which findings")]
    field: Option<String>,
    /// Only of this severity
    #[arg(long, value_parser = ["error", "warning", "info"], help_heading = "Which findings")]
    severity: Option<String>,
    /// Only from this source
    #[arg(long, help_heading = "Which findings")]
    source: Option<String>,
    /// Only of this status
    #[arg(long, value_parser = ["open", "waived"], help_heading = "Which findings")]
    status: Option<String>,
    /// Only of the row with this key
    #[arg(long, help_heading = "Which findings")]
    row: Option<String>,
    /// Only where rule, table, row, field, value, message or suggestion contains this, in capitals or not; of several each
    #[arg(long, help_heading = "Which findings")]
    text: Vec<String>,
}

impl Filter {
    /// The same in the workbench's words.
    fn model(self) -> AnomalyFilter {
        AnomalyFilter {
            severity: self.severity.as_deref().and_then(Severity::from_name),
            rule: self.rule,
            table: self.table,
            field: self.field,
            source: self.source,
            status: self.status.map(|status| if status == "waived" { Status::Waived } else { Status::Open }),
            row: self.row,
            texts: self.text,
            ..AnomalyFilter::default()
        }
    }
}

impl Subcommand for Anomalies {
    const NAME: &'static str = "anomalies";

    fn run(self, context: &Context) -> Result<Outcome> {
        if let Some(Other::Clusters(clusters)) = self.other {
            return clusters.run(context);
        }
        let workbench = context.look()?;
        workbench.need_check()?;
        let order = AnomalyOrder::from_name(&self.sort).unwrap_or_default();
        let filter = AnomalyFilter { order, ..self.filter.model() };
        workbench.check_filter(&filter)?;
        let rows = write_rows(
            context,
            self.format.as_deref(),
            self.output.as_deref(),
            "text",
            "anomalies",
            |format, target| workbench.write_anomalies(&filter, format, target),
        )?;
        context.say(if rows == 0 { "No such findings.".to_owned() } else { count(rows, "finding") });
        Ok(Outcome::Pass)
    }
}
