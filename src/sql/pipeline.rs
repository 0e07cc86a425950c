//! A statement as a chain of small named steps, each of which can be read and run alone.

use std::fmt;

use super::Ident;
use super::text::occurrences;

/// Named common table expressions in order; the last one is the result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pipeline {
    steps: Vec<(String, String)>,
}

impl Pipeline {
    /// A pipeline without steps.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a step that may refer to all steps before it.
    pub fn step(&mut self, name: impl Into<String>, select: impl Into<String>) -> &mut Self {
        self.steps.push((name.into(), select.into()));
        self
    }

    /// The name of the last step.
    pub fn last(&self) -> Option<&str> {
        self.steps.last().map(|(name, _)| name.as_str())
    }

    /// The names of the steps, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().map(|(name, _)| name.as_str())
    }

    /// The same pipeline cut after the step `name`, to look at what flows there.
    pub fn up_to(&self, name: &str) -> Option<Pipeline> {
        let end = self.steps.iter().position(|(step, _)| step == name)?;
        Some(Pipeline { steps: self.steps[..=end].to_vec() })
    }
}

/// What stands behind a relation without another name.
const AFTER: [&str; 15] = [
    "ANTI", "ASOF", "EXCEPT", "FULL", "GROUP", "INNER", "JOIN", "LEFT", "LIMIT", "ON", "ORDER", "SEMI", "UNION",
    "USING", "WHERE",
];

impl Pipeline {
    /// The same as one statement in which a step that only one other reads stands where it is read. As long as it looks for no better way,
    /// the engine writes down what comes of every common table expression, which takes longer than few rows are worth.
    pub fn nested(&self) -> String {
        let mut steps = self.steps.clone();
        let mut at = 0;
        while at + 1 < steps.len() {
            let (name, select) = steps[at].clone();
            match read_once(&name, &steps[at + 1..]) {
                Some((reader, from, to, is_named)) => {
                    let alias = if is_named { String::new() } else { format!(" AS {}", Ident(&name)) };
                    steps[at + 1 + reader].1.replace_range(from..to, &format!("(\n{select}\n){alias}"));
                    steps.remove(at);
                }
                None => at += 1,
            }
        }
        Pipeline { steps }.to_string()
    }
}

/// The one place in some steps where a relation is read: the step, from where to where its name stands, and whether it has another name
/// there. `None` where there are more, or it is not surely one.
fn read_once(name: &str, steps: &[(String, String)]) -> Option<(usize, usize, usize, bool)> {
    let mut found = None;
    for (step, (_, select)) in steps.iter().enumerate() {
        for (range, other) in occurrences(select) {
            if !other.eq_ignore_ascii_case(name) {
                continue;
            }
            let before = select[..range.start].trim_end();
            let word = before.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
            let behind = select[range.end..].trim_start();
            let next = behind.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
            let is_alone = behind.is_empty() || behind.starts_with(')') || AFTER.contains(&next);
            if found.is_some() || !["FROM", "JOIN"].contains(&word) || !(is_alone || next == "AS") {
                return None;
            }
            found = Some((step, range.start, range.end, next == "AS"));
        }
    }
    found
}

impl fmt::Display for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((_, last)) = self.steps.last() else {
            return Ok(());
        };
        let before = &self.steps[..self.steps.len() - 1];
        for (n, (name, select)) in before.iter().enumerate() {
            let lead = if n == 0 { "WITH " } else { "" };
            let end = if n + 1 == before.len() { "\n" } else { ",\n" };
            write!(f, "{lead}{} AS (\n{select}\n){end}", Ident(name))?;
        }
        f.write_str(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_prints_as_one_statement_and_can_be_cut_at_any_step() {
        let mut pipeline = Pipeline::new();
        pipeline
            .step("raw", "SELECT 1 AS a")
            .step("twice", "SELECT a * 2 AS a FROM raw")
            .step("end", "SELECT a FROM twice");
        assert_eq!(
            pipeline.to_string(),
            "WITH \"raw\" AS (\nSELECT 1 AS a\n),\n\"twice\" AS (\nSELECT a * 2 AS a FROM raw\n)\nSELECT a FROM twice"
        );
        assert_eq!(pipeline.up_to("raw").map(|p| p.to_string()).as_deref(), Some("SELECT 1 AS a"));
        assert!(pipeline.up_to("nowhere").is_none());
    }

    #[test]
    fn a_step_that_is_read_once_can_stand_where_it_is_read() {
        let mut pipeline = Pipeline::new();
        pipeline
            .step("a step", "SELECT 1 AS a, 'FROM b' AS t")
            .step("b", "SELECT \"a step\".a AS n FROM \"a step\"")
            .step("c", "SELECT x.n FROM b AS x WHERE x.n > 0")
            .step("d", "SELECT * FROM c JOIN c AS other USING (n)")
            .step("e", "SELECT 1 AS e FROM d UNION ALL SELECT 2 AS e");
        assert_eq!(
            pipeline.nested(),
            "WITH \"c\" AS (\nSELECT x.n FROM (\nSELECT \"a step\".a AS n FROM (\nSELECT 1 AS a, 'FROM b' AS t\n) AS \"a step\"\n) \
             AS x WHERE x.n > 0\n)\nSELECT 1 AS e FROM (\nSELECT * FROM c JOIN c AS other USING (n)\n) AS \"d\" UNION ALL SELECT 2 AS e"
        );
        // A name that may mean something else is left alone.
        let mut pipeline = Pipeline::new();
        pipeline.step("a", "SELECT 1 AS a").step("b", "SELECT a FROM a");
        assert_eq!(pipeline.nested(), pipeline.to_string());
    }
}
