//! A statement as a chain of small named steps, each of which can be read and run alone.

use std::fmt;

use super::Ident;

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
}
