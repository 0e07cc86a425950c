//! The outcome of a check as SARIF 2.1.0, which code hosts show beside the file and the line.

use std::io::Write;

use serde_json::{Value, json};

use crate::error::Result;
use crate::model::{Anomaly, Severity, Status};
use crate::reports::text::{place, visible};
use crate::reports::{CheckFormat, CheckOutput, serialising, writing};

/// Every finding with file and line.
pub const FORMAT: CheckFormat = CheckFormat {
    name: "sarif",
    summary: "SARIF 2.1.0: every finding with its rule, file and line; waived ones are suppressed",
    extension: "sarif",
    write,
};

fn write(output: &CheckOutput, out: &mut dyn Write) -> Result<()> {
    let mut ids: Vec<(&str, Severity)> = Vec::new();
    for tally in &output.verdict.rules {
        match ids.iter_mut().find(|(id, _)| *id == tally.rule) {
            Some((_, severity)) => *severity = (*severity).max(tally.severity),
            None => ids.push((&tally.rule, tally.severity)),
        }
    }
    let rules: Vec<Value> = ids
        .iter()
        .map(|(id, severity)| {
            json!({
                "id": id,
                "shortDescription": { "text": output.title(id) },
                "help": { "text": format!("tastevin rules explain {id}") },
                "defaultConfiguration": { "level": level(*severity) },
            })
        })
        .collect();
    let driver = json!({ "name": "tastevin", "version": env!("CARGO_PKG_VERSION"), "rules": rules });
    write!(
        out,
        "{{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{{\
         \"tool\":{{\"driver\":{driver}}},\"columnKind\":\"unicodeCodePoints\",\"results\":["
    )
    .map_err(writing)?;
    let mut lead = "\n";
    (output.findings)(&mut |anomaly| {
        out.write_all(lead.as_bytes()).map_err(writing)?;
        lead = ",\n";
        serde_json::to_writer(&mut *out, &result(&anomaly)).map_err(serialising)
    })?;
    out.write_all(b"\n]}]}\n").map_err(writing)
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn result(anomaly: &Anomaly) -> Value {
    let place = place(&anomaly.table, &anomaly.field);
    let mut location = json!({
        "logicalLocations": [{ "name": anomaly.row, "fullyQualifiedName": format!("{place}/{}", anomaly.row) }]
    });
    if let Some(file) = &anomaly.file {
        let mut physical = json!({ "artifactLocation": { "uri": uri(file) } });
        if let Some(line) = anomaly.line.filter(|line| *line > 0) {
            physical["region"] = json!({ "startLine": line });
        }
        location["physicalLocation"] = physical;
    }
    let mut result = json!({
        "ruleId": anomaly.rule,
        "level": level(anomaly.severity),
        "message": { "text": format!("{place} of {}: {}", visible(&anomaly.row), visible(&anomaly.message)) },
        "locations": [location],
        "partialFingerprints": {
            // The finding, whatever line it stands on next week.
            "tastevin/v1": format!("{}/{}/{}/{}", anomaly.rule, anomaly.table, anomaly.field, anomaly.row)
        },
        "properties": { "value": anomaly.value, "suggestion": anomaly.suggestion, "source": anomaly.source },
    });
    if anomaly.status == Status::Waived {
        result["suppressions"] = json!([{ "kind": "external", "status": "accepted" }]);
    }
    result
}

/// A relative path as a relative URI (RFC 3986).
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.replace('\\', "/").bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::FORMAT;
    use crate::error::{Error, Result};
    use crate::reports::check::samples;

    #[test]
    fn every_finding_has_its_rule_its_file_and_its_line() -> Result<()> {
        let text = samples::write(&FORMAT, &samples::verdict(8), &samples::hostile()?)?;
        let log: serde_json::Value =
            serde_json::from_str(&text).map_err(|cause| Error::internal("no JSON").caused_by(cause))?;
        assert_eq!(log["version"], "2.1.0");
        let results = log["runs"][0]["results"].as_array().cloned().unwrap_or_default();
        assert_eq!(results.len(), 10);
        let place = &results[0]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "clients%20ao%C3%BBt%2C%202025.csv");
        assert_eq!(place["region"]["startLine"], 124);
        assert_eq!(results[9]["suppressions"][0]["status"], "accepted");
        let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().cloned().unwrap_or_default();
        assert!(results.iter().all(|result| rules.iter().any(|rule| rule["id"] == result["ruleId"])));
        Ok(())
    }

    #[test]
    fn a_check_without_findings_is_still_a_whole_document() -> Result<()> {
        let text = samples::write(&FORMAT, &samples::verdict(0), &[])?;
        let log: serde_json::Value =
            serde_json::from_str(&text).map_err(|cause| Error::internal("no JSON").caused_by(cause))?;
        assert_eq!(log["runs"][0]["results"], serde_json::json!([]));
        Ok(())
    }
}
