//! The verdict: what a check found in sum, and whether the gate opens.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{FailOn, Severity, counted};

/// What a check found in sum.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The number of the check, from 1.
    pub check: i64,
    /// Per rule and table, how many findings; those without findings too.
    pub rules: Vec<RuleTally>,
    /// Per table, how good it is.
    pub tables: Vec<TableScore>,
    /// What must hold before a commit, and whether it does.
    pub gate: Vec<Condition>,
    /// Decisions that could not be applied.
    pub conflicts: u64,
    /// Waivers that no longer apply to any finding.
    pub unused_waivers: u64,
    /// How the columns of the sources had changed with the loads that were checked, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<String>,
    /// Per table, how many rows a commit would quarantine now; `None` where the gate could not look at them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<IndexMap<String, u64>>,
}

impl Verdict {
    /// Open findings of that severity.
    pub fn open(&self, severity: Severity) -> u64 {
        self.rules.iter().filter(|rule| rule.severity == severity).map(|rule| rule.open).sum()
    }

    /// Waived findings of any severity.
    pub fn waived(&self) -> u64 {
        self.rules.iter().map(|rule| rule.waived).sum()
    }

    /// Whether it speaks of what is there now, as far as is known.
    pub fn is_of_now(&self) -> bool {
        self.gate.iter().all(|condition| condition.holds || condition.kind != ConditionKind::Checked)
    }

    /// Whether the check passes: the gate opens and nothing is left open from that severity on. Asked to fail on nothing,
    /// it passes in any case.
    pub fn passes(&self, fail_on: FailOn) -> bool {
        match fail_on {
            FailOn::Never => true,
            FailOn::Error => self.gate_is_open() && self.open(Severity::Error) == 0,
            FailOn::Warning => {
                self.gate_is_open() && self.open(Severity::Error) == 0 && self.open(Severity::Warning) == 0
            }
        }
    }

    /// Whether a commit may go ahead.
    pub fn gate_is_open(&self) -> bool {
        self.gate.iter().all(|condition| condition.holds)
    }

    /// What is said of decisions that were not applied, if there are any.
    pub fn unapplied(&self) -> Option<String> {
        let (one, many) = (
            "decision does not fit the data and was not applied",
            "decisions do not fit the data and were not applied",
        );
        (self.conflicts > 0).then(|| counted(self.conflicts, one, many, ' '))
    }

    /// The verdict in one sentence, with the reason where the gate is closed.
    pub fn sentence(&self) -> String {
        let failed: Vec<String> = self
            .gate
            .iter()
            .filter(|condition| !condition.holds)
            .map(|condition| match condition.detail.as_str() {
                "" => condition.what.clone(),
                detail => format!("{} ({detail})", condition.what),
            })
            .collect();
        if !failed.is_empty() {
            return format!("The gate is closed. Not met: {}", failed.join("; "));
        }
        match self.open(Severity::Error) {
            0 => "The gate is open".to_owned(),
            1 => "The gate is open; 1 blocking finding holds rows back".to_owned(),
            blocking => format!("The gate is open; {blocking} blocking findings hold rows back"),
        }
    }
}

/// Findings of one rule in one table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleTally {
    /// The rule's id.
    pub rule: String,
    /// The severity of its findings there.
    pub severity: Severity,
    /// The canonical table.
    pub table: String,
    /// The field, or empty.
    pub field: String,
    /// Findings nobody has decided on.
    pub open: u64,
    /// Findings that were accepted.
    pub waived: u64,
    /// Rows that were looked at.
    pub rows: u64,
    /// The money that hangs on the rows with an open finding; none where nothing is open or no money can hang on them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stake: Option<f64>,
}

/// How good a table is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TableScore {
    /// The canonical table.
    pub table: String,
    /// Candidate rows.
    pub rows: u64,
    /// Rows with an open finding of severity error.
    pub blocking: u64,
    /// Rows with an open finding of severity warning and none of severity error.
    pub warning: u64,
    /// Rows without an open error or warning, of all rows, in percent from 0 to 100; 100 for an empty table.
    pub score: f64,
}

/// One thing that must hold before a commit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// What must hold, in a sentence.
    pub what: String,
    /// Whether it does.
    pub holds: bool,
    /// The figures behind it.
    pub detail: String,
    /// Which condition it is, for whoever leads to what is behind it.
    #[serde(default)]
    pub kind: ConditionKind,
}

/// Which conditions there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConditionKind {
    /// The last check knows what would be committed.
    #[default]
    Checked,
    /// Every table declares a key.
    Keyed,
    /// No finding that blocks is about a table as a whole.
    Whole,
    /// What becomes of rows that are blocked.
    Blocked,
    /// How many rows may be held back.
    MostHeld,
    /// How many committed rows may go.
    MostRemoved,
    /// Every source is loaded.
    Loaded,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_passes_by_the_gate_and_by_what_is_open() {
        let tally = |severity, open| RuleTally {
            rule: "r".to_owned(),
            severity,
            table: "t".to_owned(),
            field: String::new(),
            open,
            waived: 0,
            rows: 9,
            stake: None,
        };
        let mut verdict = Verdict { rules: vec![tally(Severity::Warning, 2)], ..Verdict::default() };
        assert!(verdict.passes(FailOn::Error));
        assert!(!verdict.passes(FailOn::Warning));
        verdict.gate = vec![Condition { what: "loaded".to_owned(), ..Condition::default() }];
        assert!(!verdict.passes(FailOn::Error));
        assert!(verdict.passes(FailOn::Never));
    }
}
