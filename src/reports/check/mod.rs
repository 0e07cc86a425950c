//! The outcome of a check in the formats of terminals, scripts and CI servers.

pub mod github;
pub mod json;
pub mod jsonl;
pub mod junit;
pub mod markdown;
pub mod sarif;
pub mod text;

use std::collections::HashMap;

use super::CheckOutput;
use crate::error::Result;
use crate::model::{Anomaly, FailOn, RuleTally, Severity, Status};

/// Findings that stand as samples for all of a rule, table and field.
const SAMPLES: usize = 5;

impl CheckOutput<'_> {
    /// The rules with findings, those that fail first, then by severity and number.
    fn worst_first(&self) -> Vec<&RuleTally> {
        let mut found: Vec<&RuleTally> =
            self.verdict.rules.iter().filter(|tally| tally.open + tally.waived > 0).collect();
        found.sort_by(|a, b| {
            let rank = |tally: &RuleTally| (tally.open > 0, tally.severity, tally.open, tally.waived);
            rank(b).cmp(&rank(a)).then_with(|| (&a.table, &a.rule, &a.field).cmp(&(&b.table, &b.rule, &b.field)))
        });
        found
    }

    /// What the rule is called.
    fn title<'t>(&'t self, rule: &'t str) -> &'t str {
        self.titles.get(rule).map_or(rule, String::as_str)
    }

    /// Whether an open finding of that severity is a failure.
    fn fails(&self, severity: Severity) -> bool {
        match self.fail_on {
            FailOn::Error => severity == Severity::Error,
            FailOn::Warning => severity >= Severity::Warning,
            FailOn::Never => false,
        }
    }

    /// The first open findings of every rule, table and field.
    fn samples(&self) -> Result<HashMap<Use, Vec<Anomaly>>> {
        let mut samples: HashMap<_, Vec<Anomaly>> = HashMap::new();
        if self.verdict.rules.iter().all(|tally| tally.open == 0) {
            return Ok(samples);
        }
        (self.findings)(&mut |anomaly| {
            if anomaly.status == Status::Open {
                let of = (anomaly.rule.clone(), anomaly.table.clone(), anomaly.field.clone(), anomaly.severity);
                let few = samples.entry(of).or_default();
                if few.len() < SAMPLES {
                    few.push(anomaly);
                }
            }
            Ok(())
        })?;
        Ok(samples)
    }
}

/// What is counted: rule, table, field and severity.
type Use = (String, String, String, Severity);

/// What a tally counts.
fn key(tally: &RuleTally) -> Use {
    (tally.rule.clone(), tally.table.clone(), tally.field.clone(), tally.severity)
}

#[cfg(test)]
mod samples {
    //! One outcome that every format is tried on, with cells that would like to break out of each of them.

    use indexmap::IndexMap;

    use crate::error::{Error, Result};
    use crate::model::{Anomaly, Condition, FailOn, RuleTally, Severity, Status, TableScore, Verdict};
    use crate::reports::{CheckFormat, CheckOutput};

    pub const HOSTILE: &str = "<script>alert(1)</script> \u{1b}[31m]]> 100%\r\n::error::x | a,b: \"q\" 'k' & `c`";

    pub fn tally(rule: &str, severity: Severity, open: u64, waived: u64) -> RuleTally {
        RuleTally {
            rule: rule.into(),
            severity,
            table: "customers".into(),
            field: "email".into(),
            open,
            waived,
            rows: 2000,
            stake: None,
        }
    }

    pub fn anomaly(rule: &str, severity: Severity, row: &str) -> Anomaly {
        Anomaly {
            rule: rule.into(),
            severity,
            table: "customers".into(),
            row: row.into(),
            field: "email".into(),
            value: Some(HOSTILE.into()),
            message: format!("no e-mail address: {HOSTILE}"),
            suggestion: None,
            source: "isavigne".into(),
            entity: "clients".into(),
            file: Some("clients août, 2025.csv".into()),
            line: Some(124),
            status: Status::Open,
            stake: None,
        }
    }

    pub fn verdict(open: u64) -> Verdict {
        Verdict {
            check: 3,
            rules: vec![
                tally("missing-key", Severity::Error, 0, 0),
                tally("untidy-text", Severity::Warning, if open > 0 { 7 } else { 0 }, 1),
                tally("invalid-email", Severity::Error, open, 0),
            ],
            tables: vec![TableScore { table: "customers".into(), rows: 2000, blocking: open, warning: 7, score: 99.4 }],
            gate: vec![Condition {
                what: "at most 5% of a table is quarantined".into(),
                holds: open == 0,
                detail: "customers 12 %".into(),
                ..Condition::default()
            }],
            conflicts: 0,
            unused_waivers: 0,
            drift: Vec::new(),
            held: None,
        }
    }

    pub fn write(format: &CheckFormat, verdict: &Verdict, anomalies: &[Anomaly]) -> Result<String> {
        let titles: IndexMap<String, String> =
            [("invalid-email".to_owned(), "Not an e-mail address".to_owned())].into_iter().collect();
        let output = CheckOutput {
            workspace: "Domaine <R.> & fils",
            verdict,
            titles: &titles,
            fail_on: FailOn::Error,
            findings: &|visit| anomalies.iter().cloned().try_for_each(&mut *visit),
            colour: false,
        };
        let mut out = Vec::new();
        (format.write)(&output, &mut out)?;
        String::from_utf8(out).map_err(|cause| Error::internal("not UTF-8").caused_by(cause))
    }

    pub fn hostile() -> Result<Vec<Anomaly>> {
        let mut anomalies: Vec<_> =
            (0..8).map(|n| anomaly("invalid-email", Severity::Error, &format!("C{n}{HOSTILE}"))).collect();
        anomalies.push(anomaly("untidy-text", Severity::Warning, "C9"));
        anomalies.push(Anomaly { status: Status::Waived, ..anomaly("untidy-text", Severity::Warning, "C10") });
        Ok(anomalies)
    }
}
