//! The outcome of a check as JUnit XML: a suite per table, a case per rule and field.

use std::fmt::Write as _;
use std::io::Write;

use super::key;
use crate::error::Result;
use crate::model::RuleTally;
use crate::reports::text::{counted, place, visible};
use crate::reports::{CheckFormat, CheckOutput, writing};

/// What CI servers show as test results.
pub const FORMAT: CheckFormat = CheckFormat {
    name: "junit",
    summary: "JUnit XML for CI servers: a suite per table, a case per rule, the count and five rows in the failure",
    extension: "xml",
    write,
};

fn write(output: &CheckOutput, out: &mut dyn Write) -> Result<()> {
    let samples = output.samples()?;
    let fails = |tally: &&RuleTally| tally.open > 0 && output.fails(tally.severity);
    let rules = &output.verdict.rules;
    let gate = &output.verdict.gate;
    let broken = gate.iter().filter(|condition| !condition.holds).count();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a String cannot fail.
    let _ = writeln!(
        xml,
        "<testsuites name=\"{}\" tests=\"{}\" failures=\"{}\">",
        escaped(&format!("tastevin {}", output.workspace)),
        rules.len() + gate.len(),
        rules.iter().filter(fails).count() + broken,
    );
    let mut tables: Vec<&str> = rules.iter().map(|tally| tally.table.as_str()).collect();
    tables.sort_unstable();
    tables.dedup();
    for table in tables {
        let cases: Vec<&RuleTally> = rules.iter().filter(|tally| tally.table == table).collect();
        let failures = cases.iter().copied().filter(|tally| fails(tally)).count();
        let name = escaped(table);
        let _ = writeln!(xml, "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{failures}\">", cases.len());
        for tally in cases {
            let case =
                if tally.field.is_empty() { tally.rule.clone() } else { format!("{} [{}]", tally.rule, tally.field) };
            let _ = write!(xml, "    <testcase classname=\"{name}\" name=\"{}\"", escaped(&case));
            if tally.open == 0 {
                xml.push_str("/>\n");
                continue;
            }
            let message = format!(
                "{}: {} in {}",
                output.title(&tally.rule),
                counted(tally.open, "finding", "findings"),
                place(&tally.table, &tally.field)
            );
            let mut body = message.clone();
            for anomaly in samples.get(&key(tally)).into_iter().flatten() {
                let _ = write!(body, "\n{}: {}", visible(&anomaly.row), visible(&anomaly.message));
                if let (Some(file), Some(line)) = (&anomaly.file, anomaly.line) {
                    let _ = write!(body, " ({} line {line})", visible(file));
                }
            }
            let _ = write!(body, "\nall of them: tastevin anomalies --rule {} --table {table}", tally.rule);
            let _ = if fails(&tally) {
                let (message, severity) = (escaped(&message), tally.severity.name());
                writeln!(
                    xml,
                    ">\n      <failure message=\"{message}\" type=\"{severity}\">{}</failure>\n    </testcase>",
                    escaped(&body)
                )
            } else {
                writeln!(xml, ">\n      <system-out>{}</system-out>\n    </testcase>", escaped(&body))
            };
        }
        xml.push_str("  </testsuite>\n");
    }
    let _ = writeln!(xml, "  <testsuite name=\"gate\" tests=\"{}\" failures=\"{broken}\">", gate.len());
    for condition in gate {
        let name = escaped(&condition.what);
        let detail = escaped(&condition.detail);
        let _ = if condition.holds {
            writeln!(xml, "    <testcase classname=\"gate\" name=\"{name}\"/>")
        } else {
            writeln!(
                xml,
                "    <testcase classname=\"gate\" name=\"{name}\">\n      <failure message=\"{detail}\" type=\"gate\"/>\n    </testcase>"
            )
        };
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    out.write_all(xml.as_bytes()).map_err(writing)
}

/// Text that can stand in XML, in an element or an attribute. Characters that XML 1.0 has no way to write are shown as
/// symbols.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push('\n'),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push_str(&visible(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::FORMAT;
    use crate::error::Result;
    use crate::reports::check::samples;

    /// The names of the elements that are opened, in order; fails the test where one is not closed in its turn.
    fn elements(xml: &str) -> Vec<String> {
        let mut open: Vec<String> = Vec::new();
        let mut all = Vec::new();
        for tag in xml.split('<').skip(1) {
            let (tag, _) = tag.split_once('>').expect("every tag ends");
            if tag.starts_with('?') {
                continue;
            }
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop().as_deref(), Some(name));
                continue;
            }
            let name = tag.split([' ', '/']).next().unwrap_or_default().to_owned();
            all.push(name.clone());
            if !tag.ends_with('/') {
                open.push(name);
            }
        }
        assert!(open.is_empty(), "not closed: {open:?}");
        all
    }

    #[test]
    fn hostile_cells_cannot_open_an_element_and_only_five_rows_stand_in_a_failure() -> Result<()> {
        let xml = samples::write(&FORMAT, &samples::verdict(8), &samples::hostile()?)?;
        let elements = elements(&xml);
        assert_eq!(elements.iter().filter(|name| *name == "failure").count(), 2, "the rule and the gate");
        assert!(!elements.contains(&"script".to_owned()));
        assert!(!xml.contains('\u{1b}'));
        assert!(xml.contains("C4&lt;script&gt;") && !xml.contains("C5&lt;script&gt;"));
        assert!(
            xml.contains("<testsuites name=\"tastevin Domaine &lt;R.&gt; &amp; fils\" tests=\"4\" failures=\"2\">")
        );
        Ok(())
    }

    #[test]
    fn a_clean_check_has_no_failure() -> Result<()> {
        let xml = samples::write(&FORMAT, &samples::verdict(0), &[])?;
        assert!(!elements(&xml).contains(&"failure".to_owned()));
        Ok(())
    }
}
