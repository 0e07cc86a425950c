//! One report that every format is tried on, with cells that would like to break out of each of them.

use chrono::{DateTime, Utc};

use crate::model::{
    Anomaly, Commit, Condition, ConditionKind, Conflict, EntityLoad, Load, LoadStatus, MappingLine, NextStep,
    QuarantineTally, RejectTally, RelationReport, Report, RuleReport, Severity, Status, TableReport, TableScore,
    TableTally, WaiverLine, WaterfallStep,
};

/// A cell that tries everything at once.
pub const HOSTILE: &str = "<script>alert(1)</script> \u{1b}[31m | `x` \"y\" 'z' & =1+1\r\n# end";

/// A report with every section filled.
pub fn report() -> Report {
    let at: DateTime<Utc> = DateTime::from_timestamp(1_795_341_600, 0).unwrap_or_default();
    Report {
        schema_version: 1,
        tool_version: "0.1.0".into(),
        workspace: "Domaine R. & fils".into(),
        at,
        check: 12,
        pass: false,
        verdict: "The gate is closed. Not met: at most 5% of a table is quarantined (sales_lines 6.2%)".into(),
        gate: vec![
            Condition {
                what: "the last check knows the newest load, the decisions and the schema".into(),
                holds: true,
                detail: "check 12".into(),
                ..Condition::default()
            },
            Condition {
                what: "at most 5% of a table is quarantined".into(),
                holds: false,
                detail: "sales_lines 6.2%".into(),
                kind: ConditionKind::MostHeld,
            },
        ],
        next: vec![
            NextStep {
                why: "Orphan reference in sales_lines.customer_key: these rows are quarantined until they are repaired, waived or excluded".into(),
                command: "tastevin anomalies --rule orphan-reference --table sales_lines".into(),
                count: 250,
                ..NextStep::default()
            },
            NextStep {
                why: "records could not be read as rows: most for \"too few fields\", first in ventes.csv line 19".into(),
                command: "tastevin query \"FROM dq.rejects WHERE reason = 'too few fields'\"".into(),
                count: 4,
                ..NextStep::default()
            },
        ],
        tables: vec![
            table("products", 80, 0, 2, 1, &[95.0, 97.5, 97.5]),
            table("customers", 400, 12, 31, 4, &[80.0, 84.5, 86.0, 89.25]),
            table("sales_lines", 4012, 250, 18, 0, &[97.0, 96.0, 93.3]),
            table("stock_levels", 96, 0, 0, 0, &[100.0, 100.0]),
            table("contact_history", 0, 0, 0, 0, &[]),
        ],
        rules: vec![
            RuleReport {
                top_values: vec![(Some("isavigne-C99999".into()), 180), (Some("isavigne-C00000".into()), 70)],
                ..rule("orphan-reference", "Reference to nothing", Severity::Error, "sales_lines", "customer_key", 250)
            },
            rule("invalid-email", "Not an e-mail address", Severity::Error, "customers", "email", 12),
            rule("untidy-text", "Untidy text", Severity::Warning, "customers", "city", 31),
            RuleReport { examples: Vec::new(), trend: Vec::new(), ..rule("missing-key", "Missing key", Severity::Error, "products", "product_key", 0) },
        ],
        relations: vec![
            relation("sales_lines", "customer_key", "customers", 250),
            relation("sales_lines", "product_key", "products", 0),
            relation("stock_levels", "product_key", "products", 0),
            relation("contact_history", "customer_key", "customers", 0),
            relation("contact_history", "product_key_suggested", "products", 0),
        ],
        waterfall: [("customers", [402, 2, 400, 0, 1, 3, 396, 12, 384, 14, 380]), ("sales_lines", [4016, 4, 4012, 0, 0, 0, 4012, 250, 3762, 251, 3760])]
            .into_iter()
            .flat_map(|(table, rows)| {
                let steps = ["rows in", "rejected", "staged", "left out by the mapping", "excluded", "merged", "candidates", "would be quarantined", "would be committed", "quarantined by the last commit", "canonical since the last commit"];
                steps.into_iter().zip(rows).map(move |(step, rows)| WaterfallStep { table: table.into(), step: step.into(), rows })
            })
            .collect(),
        loads: vec![Load {
            id: 7,
            source: "isavigne_prod".into(),
            started: at,
            ended: Some(at),
            status: LoadStatus::Done,
            entities: vec![EntityLoad {
                entity: "clients".into(),
                files: vec!["clients_2026-11.csv".into()],
                rows_in: 402,
                staged: 400,
                rejected: 2,
                bytes: 40_000,
                dialect: "Windows-1252, semicolons, names on line 1".into(),
                columns: vec!["Code Client".into()],
            }],
            drift: Vec::new(),
            notes: vec!["clients: the name \"Téléphone\" occurs twice; the second is \"Téléphone_2\"".into()],
        }],
        rejects: vec![RejectTally {
            source: "isavigne_prod".into(),
            entity: "ventes".into(),
            reason: "too few fields".into(),
            count: 4,
            first: "ventes.csv line 19".into(),
        }],
        quarantine: vec![QuarantineTally { table: "sales_lines".into(), rule: "orphan-reference".into(), rows: 250 }],
        waivers: vec![WaiverLine {
            id: "01JE".into(),
            rule: "missing-email".into(),
            table: "customers".into(),
            covers: 4,
            who: "marie".into(),
            why: HOSTILE.into(),
            until: Some("2027-06-30".into()),
        }],
        conflicts: 1,
        conflict_examples: vec![Conflict {
            decision: "01JD".into(),
            table: "customers".into(),
            row: "isavigne-C12345".into(),
            field: "email".into(),
            was: Some("jean at example.fr".into()),
            now: Some("jean@example.fr".into()),
            found: None,
            reason: "changed".into(),
            earlier: Vec::new(),
        }],
        unused_waivers: 1,
        drift: vec!["isavigne: clients: the column \"Mobile\", which feeds customers.mobile, is gone".into()],
        commits: vec![Commit {
            id: 3,
            at,
            who: "marie".into(),
            message: HOSTILE.into(),
            reverts: None,
            hash: "0123456789abcdef".into(),
            tables: vec![TableTally { table: "customers".into(), added: 12, changed: 3, ..TableTally::default() }],
        }],
        mappings: vec![MappingLine {
            source: "isavigne_prod".into(),
            table: "customers".into(),
            field: "customer_key".into(),
            columns: vec!["clients.code_client".into()],
            transforms: vec!["trim".into(), "prefix = \"isavigne-\"".into()],
        }],
    }
}

fn table(name: &str, rows: u64, blocking: u64, warning: u64, waived: u64, trend: &[f64]) -> TableReport {
    let score = if rows == 0 { 100.0 } else { (rows - blocking - warning) as f64 / rows as f64 * 100.0 };
    TableReport {
        score: TableScore { table: name.into(), rows, blocking, warning, score },
        waived,
        trend: trend.to_vec(),
    }
}

fn relation(table: &str, field: &str, to: &str, orphans: u64) -> RelationReport {
    RelationReport { table: table.into(), field: field.into(), to: to.into(), orphans }
}

fn rule(id: &str, title: &str, severity: Severity, table: &str, field: &str, open: u64) -> RuleReport {
    RuleReport {
        rule: id.into(),
        title: title.into(),
        finds: "Values of a field that do not have the shape that the field declares.".into(),
        matters: "Whoever reads the table next relies on that shape.".into(),
        severity,
        table: table.into(),
        field: field.into(),
        open,
        waived: if open == 31 { 4 } else { 0 },
        rows: 4012,
        trend: vec![open + 20, open + 25, open + 3, open],
        top_values: Vec::new(),
        examples: ["isavigne-C0000123", "isavigne-C0000456"]
            .into_iter()
            .map(|row| Anomaly {
                rule: id.into(),
                severity,
                table: table.into(),
                row: row.into(),
                field: field.into(),
                value: Some(HOSTILE.into()),
                message: format!("not what the field declares: {HOSTILE}"),
                suggestion: Some("jean.dupont@example.fr".into()),
                source: "isavigne_prod".into(),
                entity: "clients".into(),
                file: Some("clients_2026-11.csv".into()),
                line: Some(124),
                status: Status::Open,
                stake: None,
            })
            .collect(),
    }
}
