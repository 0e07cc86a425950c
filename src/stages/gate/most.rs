//! The limits of the gate: the most of a table that may be held back or removed. Neighbour: `gone`, which counts what is removed.

use std::path::PathBuf;

use super::held::{Count, Held};
use crate::error::{Error, Result};
use crate::model::{self, Condition, ConditionKind, Gate};

/// The greatest share or number of rows that may be quarantined, and that may be removed.
///
/// # Errors
/// What is written says neither a share nor a number.
pub fn limits(gate: &Gate) -> Result<(Most, Most)> {
    Ok((Most::parse("max_quarantined", &gate.max_quarantined)?, Most::parse("max_removed", &gate.max_removed)?))
}

/// Whether it is unusual that a commit rewrites so many of a table's committed rows. A handful is never unusual.
///
/// # Errors
/// What is written says neither a share nor a number.
pub fn is_unusual(gate: &Gate, rewritten: u64, rows: u64) -> Result<bool> {
    const HANDFUL: u64 = 10;
    let usual = Most::parse("warn_rewritten", &gate.warn_rewritten)?;
    Ok(rewritten >= HANDFUL && !usual.allows(Count { rows, held: rewritten, waiting: 0 }))
}

/// The most that may be held back of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Most {
    /// In percent of its candidate rows, 0 to 100.
    Percent(f64),
    /// In rows.
    Rows(u64),
}

impl Most {
    /// Reads `"5%"`, the share `"0.05"`, or a number of rows, `"20"`.
    fn parse(name: &str, text: &str) -> Result<Most> {
        let wrong = || {
            Error::config(format!("{name} = \"{text}\" says neither a share nor a number of rows"))
                .at_file(PathBuf::from("tastevin.toml"))
                .at_column(format!("gate.{name}"))
                .at_key(["gate", name])
                .hint(format!("write a share like {name} = \"5%\", or a number of rows like {name} = \"20\""))
        };
        let trimmed = text.trim();
        if let Ok(rows) = trimmed.parse::<u64>() {
            return Ok(Most::Rows(rows));
        }
        let percent = match trimmed.strip_suffix('%') {
            Some(number) => number.trim().parse::<f64>().map_err(|_| wrong())?,
            None => trimmed.parse::<f64>().map_err(|_| wrong())? * 100.0,
        };
        if (0.0..=100.0).contains(&percent) { Ok(Most::Percent(percent)) } else { Err(wrong()) }
    }

    pub(super) fn allows(self, count: Count) -> bool {
        match self {
            Most::Rows(rows) => count.held <= rows,
            // Shares are written in decimal and computed in binary; the slack keeps 29 of 100 within "0.29".
            Most::Percent(percent) => count.held as f64 * 100.0 <= percent * count.rows as f64 + 1e-6,
        }
    }

    pub(super) fn condition(self, held: &Held, written: &str) -> Condition {
        let over: Vec<String> = held
            .tables
            .iter()
            .filter(|(_, count)| !self.allows(**count))
            .map(|(table, count)| {
                let [held, rows] = [count.held, count.rows].map(|number| model::thousands(number, ' '));
                format!("{table} {held} of {rows} rows{}", count.waiting())
            })
            .collect();
        let what = match self {
            Most::Percent(_) => format!("no table has more than {} of its rows quarantined", written.trim()),
            Most::Rows(rows) => {
                format!("no table has more than {} quarantined", model::counted(rows, "row", "rows", ' '))
            }
        };
        let detail = if over.is_empty() { "within the limit".to_owned() } else { over.join(", ") };
        Condition { what, holds: over.is_empty(), detail, kind: ConditionKind::MostHeld }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_a_share_or_a_number_of_rows_and_nothing_else() -> Result<()> {
        assert_eq!(Most::parse("max_quarantined", "5%")?, Most::Percent(5.0));
        assert_eq!(Most::parse("max_quarantined", " 2.5 % ")?, Most::Percent(2.5));
        assert_eq!(Most::parse("max_quarantined", "0.05")?, Most::Percent(5.0));
        assert_eq!(Most::parse("max_quarantined", "20")?, Most::Rows(20));
        for wrong in ["", "%", "five", "120%", "-1%", "1.5", "NaN"] {
            let error = Most::parse("max_quarantined", wrong).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.starts_with("tastevin.toml [gate.max_quarantined]"), "{wrong}: {error}");
        }
        Ok(())
    }

    #[test]
    fn a_share_that_is_exactly_reached_is_allowed() {
        assert!(Most::Percent(0.29 * 100.0).allows(Count { rows: 100, held: 29, waiting: 0 }));
        assert!(!Most::Percent(29.0).allows(Count { rows: 100, held: 30, waiting: 0 }));
        assert!(Most::Percent(0.0).allows(Count::default()));
    }
}
