//! A report as one HTML file that stands alone: no network, no script needed, everything in it escaped.

mod charts;

use std::io::Write;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::text::{counted, percent, place, score, shortened, thousands, visible};
use super::{ReportFormat, writing};
use crate::error::Result;
use crate::model::{Anomaly, Report, RuleReport, Status, WaterfallStep};

/// For people: read from disk, sent by mail, printed.
pub const FORMAT: ReportFormat = ReportFormat {
    name: "html",
    summary: "one self-contained file for people: verdict, what to do next, charts, every rule with examples",
    extension: "html",
    write,
};

/// Values longer than this are shortened in examples; `anomalies` has them whole.
const EXAMPLE: usize = 200;

fn write(report: &Report, out: &mut dyn Write) -> Result<()> {
    out.write_all(page(report).into_string().as_bytes()).map_err(writing)
}

fn page(report: &Report) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // Nothing may be fetched, whatever a cell says.
                meta http-equiv="Content-Security-Policy"
                    content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";
                meta name="generator" content={"tastevin " (report.tool_version)};
                title { (visible(&report.workspace)) ": data quality" }
                style { (PreEscaped(include_str!("html/style.css"))) }
            }
            body {
                (verdict(report))
                main {
                    (next(report))
                    (tables(report))
                    (relations(report))
                    (waterfall(report))
                    (rules(report))
                    (rejects(report))
                    (quarantine(report))
                    (decisions(report))
                    (history(report))
                    (mapping(report))
                }
                footer {
                    "Written by tastevin " (report.tool_version) " on " (report.at.format("%Y-%m-%d at %H:%M UTC"))
                    ". Examples are the first few of each kind; " code { "tastevin anomalies" } " has every one."
                }
                script { (PreEscaped(include_str!("html/filter.js"))) }
            }
        }
    }
}

fn verdict(report: &Report) -> Markup {
    html! {
        header {
            h1 { (visible(&report.workspace)) }
            p .meta { "Data quality · check " (report.check) " · " (report.at.format("%Y-%m-%d %H:%M UTC")) }
            div .card .verdict .pass[report.pass] {
                strong {
                    span .mark .good[report.pass] .bad[!report.pass] { (if report.pass { "✓" } else { "✗" }) }
                    (visible(&report.verdict))
                }
                ul {
                    @for condition in &report.gate {
                        li {
                            span .mark .good[condition.holds] .bad[!condition.holds] {
                                (if condition.holds { "✓" } else { "✗" })
                            }
                            (visible(&condition.what))
                            @if !condition.detail.is_empty() { span .soft { " – " (visible(&condition.detail)) } }
                        }
                    }
                }
            }
            nav {
                @for (id, name) in [("next", "What to do next"), ("tables", "Tables"), ("way", "Rows in to rows committed"),
                    ("rules", "Findings"), ("decisions", "Decisions"), ("history", "Loads and commits"), ("mapping", "Mapping")] {
                    a href={"#" (id)} { (name) }
                }
            }
        }
    }
}

fn next(report: &Report) -> Markup {
    html! {
        section #next {
            h2 { "What to do next" }
            @if report.next.is_empty() {
                p .soft { "Nothing: no finding is open." }
            } @else {
                ol .next .card {
                    @for step in &report.next {
                        li {
                            span .count { @if step.count > 0 { (thousands(step.count)) " ×" } }
                            div { p { (visible(&step.why)) } code { (visible(&step.command)) } }
                        }
                    }
                }
            }
        }
    }
}

fn tables(report: &Report) -> Markup {
    html! {
        section #tables {
            h2 { "Tables" }
            div .card {
                div .scroll {
                    table {
                        thead {
                            tr {
                                th { "Table" } th .n { "Score" } th { "Trend" } th { "Rows" } th .n { "Rows" }
                                th .n { "Blocking" } th .n { "Warning" } th .n { "Waived" }
                            }
                        }
                        tbody {
                            @for table in &report.tables {
                                tr {
                                    td { (visible(&table.score.table)) }
                                    td .n .big { (score(table.score.score)) }
                                    td { (charts::sparkline(&table.trend)) }
                                    td { (charts::shares(table)) }
                                    td .n { (thousands(table.score.rows)) }
                                    td .n { (thousands(table.score.blocking)) }
                                    td .n { (thousands(table.score.warning)) }
                                    td .n { (thousands(table.waived)) }
                                }
                            }
                        }
                    }
                }
                div .legend {
                    @for (class, name) in [("i-valid", "valid"), ("i-waived", "waived"), ("i-warning", "warning"),
                        ("i-blocking", "blocking")] {
                        span { i class=(class) {} (name) }
                    }
                    span { "Score: rows without an open error or warning" }
                }
            }
        }
    }
}

fn relations(report: &Report) -> Markup {
    if report.relations.is_empty() {
        return html! {};
    }
    html! {
        section #relations {
            h2 { "What refers to what" }
            div .card .scroll { (charts::relations(&report.relations, &report.tables)) }
        }
    }
}

fn waterfall(report: &Report) -> Markup {
    let mut tables: Vec<(&str, Vec<&WaterfallStep>)> = Vec::new();
    for step in &report.waterfall {
        match tables.last_mut() {
            Some((table, steps)) if *table == step.table => steps.push(step),
            _ => tables.push((&step.table, vec![step])),
        }
    }
    html! {
        section #way {
            h2 { "From rows in to rows committed" }
            @if tables.is_empty() {
                p .soft { "Nothing is loaded." }
            } @else {
                div .grid {
                    @for (table, steps) in &tables {
                        @let rows = |name: &str| steps.iter().find(|step| step.step == name).map_or(0, |step| step.rows);
                        div .card {
                            h3 { (visible(table)) }
                            (charts::waterfall(steps))
                            p .soft {
                                @match report.commits.first() {
                                    Some(commit) => {
                                        "Commit " (commit.id) " left " (thousands(rows(WaterfallStep::COMMITTED))) " rows in the canonical table and "
                                        (thousands(rows(WaterfallStep::QUARANTINED))) " in quarantine."
                                    },
                                    None => "Nothing of it is committed yet.",
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn rules(report: &Report) -> Markup {
    let (found, quiet): (Vec<&RuleReport>, Vec<&RuleReport>) =
        report.rules.iter().partition(|rule| rule.open + rule.waived > 0);
    html! {
        section #rules {
            h2 { "Findings" }
            div #findings {
                @if found.is_empty() {
                    p .soft { "No rule found anything." }
                } @else {
                    div .card .scroll {
                        table {
                            thead {
                                tr {
                                    th { "" } th { "Rule" } th { "Where" } th .n { "Open" } th .n { "Of rows" }
                                    th .n { "Waived" } th { "Trend" }
                                }
                            }
                            tbody { @for rule in &found { (rule_line(rule)) } }
                        }
                    }
                    @for rule in &found { (rule_card(rule)) }
                }
            }
            @if !quiet.is_empty() {
                p {}
                details {
                    summary { (counted(quiet.len() as u64, "check", "checks")) " without findings" }
                    ul {
                        @for rule in &quiet {
                            li { (visible(&rule.title)) " " span .soft { (visible(&place(&rule.table, &rule.field))) } }
                        }
                    }
                }
            }
        }
    }
}

fn rule_line(rule: &RuleReport) -> Markup {
    html! {
        tr {
            td .tight { span class=(rule.severity.name()) title=(rule.severity.name()) { (rule.severity.glyph()) } }
            td { a href={"#" (anchor(rule))} { (visible(&rule.title)) } }
            td { (visible(&place(&rule.table, &rule.field))) }
            td .n { (thousands(rule.open)) }
            td .n { (percent(rule.open, rule.rows)) }
            td .n { (thousands(rule.waived)) }
            td { (charts::sparkline(&rule.trend.iter().map(|open| *open as f64).collect::<Vec<_>>())) }
        }
    }
}

fn rule_card(rule: &RuleReport) -> Markup {
    let most = rule.top_values.iter().map(|(_, count)| *count).max().unwrap_or(0);
    // A list of values of which each occurs once says no more than the examples do.
    let values_repeat = most > 1;
    html! {
        article class={"card rule " (rule.severity.name())} id=(anchor(rule)) {
            header {
                h3 { span class=(rule.severity.name()) { (rule.severity.glyph()) } " " (visible(&rule.title)) }
                span .where { (visible(&place(&rule.table, &rule.field))) }
                code { (visible(&rule.rule)) }
                span .figures {
                    strong { (thousands(rule.open)) } " open"
                    @if rule.waived > 0 { " · " (thousands(rule.waived)) " waived" }
                    " · " (percent(rule.open, rule.rows)) " of " (counted(rule.rows, "row", "rows"))
                }
            }
            @if !rule.finds.is_empty() { p { (visible(&rule.finds)) } }
            @if !rule.matters.is_empty() { p .soft { (visible(&rule.matters)) } }
            @if values_repeat {
                h4 { "Most frequent values" }
                div .values {
                    @for (value, count) in &rule.top_values {
                        div { (value_of(value.as_deref())) }
                        div .bar { b style={"width:" (count * 100 / rule.open.max(1)) "%"} {} }
                        div .soft { (thousands(*count)) }
                    }
                }
            }
            @if !rule.examples.is_empty() {
                h4 { (if rule.open + rule.waived > rule.examples.len() as u64 { "The first rows" } else { "The rows" }) }
                div .scroll {
                    table {
                        thead { tr { th { "Row" } th { "Value" } th { "What is wrong" } th { "Suggestion" } th { "Where" } } }
                        tbody { @for anomaly in &rule.examples { (example(anomaly)) } }
                    }
                }
                p .soft { "All of them: " code { "tastevin anomalies --rule " (visible(&rule.rule)) " --table " (visible(&rule.table)) } }
            }
        }
    }
}

fn example(anomaly: &Anomaly) -> Markup {
    html! {
        tr {
            td { code { (visible(&anomaly.row)) } }
            td { (value_of(anomaly.value.as_deref())) }
            td { (visible(&anomaly.message)) @if anomaly.status == Status::Waived { span .soft { " (waived)" } } }
            td { @if let Some(suggestion) = &anomaly.suggestion { (value_of(Some(suggestion))) } }
            td .soft {
                @if let Some(file) = &anomaly.file {
                    (visible(file))
                    @if let Some(line) = anomaly.line { " line\u{a0}" (line) }
                }
            }
        }
    }
}

fn value_of(value: Option<&str>) -> Markup {
    html! {
        @match value {
            None => span .absent { "absent" },
            Some("") => span .absent { "empty" },
            Some(value) => code { (visible(&shortened(value, EXAMPLE))) },
        }
    }
}

fn rejects(report: &Report) -> Markup {
    if report.rejects.is_empty() {
        return html! {};
    }
    html! {
        section #rejects {
            h2 { "Records that could not be read" }
            div .card .scroll {
                table {
                    thead { tr { th { "Source" } th { "Entity" } th { "Reason" } th .n { "Records" } th { "First" } } }
                    tbody {
                        @for tally in &report.rejects {
                            tr {
                                td { (visible(&tally.source)) }
                                td { (visible(&tally.entity)) }
                                td { (visible(&tally.reason)) }
                                td .n { (thousands(tally.count)) }
                                td { (visible(&tally.first)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn quarantine(report: &Report) -> Markup {
    if report.quarantine.is_empty() {
        return html! {};
    }
    html! {
        section #quarantine {
            h2 { "Quarantine" }
            div .card .scroll {
                table {
                    thead { tr { th { "Table" } th { "Held back by" } th .n { "Rows" } } }
                    tbody {
                        @for tally in &report.quarantine {
                            tr {
                                td { (visible(&tally.table)) }
                                td { code { (visible(&tally.rule)) } }
                                td .n { (thousands(tally.rows)) }
                            }
                        }
                    }
                }
                p .soft { "As of the last commit. A row that several rules quarantine counts for each." }
            }
        }
    }
}

fn decisions(report: &Report) -> Markup {
    html! {
        section #decisions {
            h2 { "Decisions" }
            @if report.conflicts > 0 {
                div .card {
                    h3 { (counted(report.conflicts, "decision no longer fits and was not applied", "decisions no longer fit and were not applied")) }
                    div .scroll {
                        table {
                            thead { tr { th { "Row" } th { "Field" } th { "Was" } th { "Found now" } th { "Wanted" } th { "Why not" } } }
                            tbody {
                                @for conflict in &report.conflict_examples {
                                    tr {
                                        td { (visible(&conflict.table)) " " code { (visible(&conflict.row)) } }
                                        td { (visible(&conflict.field)) }
                                        td { (value_of(conflict.was.as_deref())) }
                                        td { (value_of(conflict.found.as_deref())) }
                                        td { (value_of(conflict.now.as_deref())) }
                                        td { (visible(&conflict.reason)) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            @if report.waivers.is_empty() {
                p .soft { "No waiver is in force." }
            } @else {
                div .card {
                    h3 { "Waivers in force" }
                    div .scroll {
                        table {
                            thead { tr { th { "Rule" } th { "Table" } th .n { "Covers" } th { "Who" } th { "Why" } th { "Until" } } }
                            tbody {
                                @for waiver in &report.waivers {
                                    tr {
                                        td { code { (visible(&waiver.rule)) } }
                                        td { (visible(&waiver.table)) }
                                        td .n { (thousands(waiver.covers)) }
                                        td { (visible(&waiver.who)) }
                                        td { (visible(&waiver.why)) }
                                        td .tight { (visible(waiver.until.as_deref().unwrap_or("for good"))) }
                                    }
                                }
                            }
                        }
                    }
                    @if report.unused_waivers > 0 {
                        p .soft { (counted(report.unused_waivers, "waiver applies", "waivers apply")) " to no finding any more." }
                    }
                }
            }
        }
    }
}

fn history(report: &Report) -> Markup {
    html! {
        section #history {
            h2 { "Loads and commits" }
            div .card {
                h3 { "The last load of every source" }
                div .scroll {
                    table {
                        thead {
                            tr {
                                th { "Source" } th { "When" } th { "Entity" } th .n { "Rows in" } th .n { "Staged" }
                                th .n { "Rejected" } th { "Files" }
                            }
                        }
                        tbody {
                            @for load in &report.loads {
                                @for entity in &load.entities {
                                    tr {
                                        td { (visible(&load.source)) }
                                        td .tight { (load.started.format("%Y-%m-%d %H:%M")) " " span .soft { (load.status.name()) } }
                                        td { (visible(&entity.entity)) }
                                        td .n { (thousands(entity.rows_in)) }
                                        td .n { (thousands(entity.staged)) }
                                        td .n { (thousands(entity.rejected)) }
                                        td { (visible(&entity.files.join(", "))) " " span .soft { (visible(&entity.dialect)) } }
                                    }
                                }
                            }
                        }
                    }
                }
                @if !report.drift.is_empty() {
                    h3 { "Columns that have changed" }
                    ul { @for sentence in &report.drift { li { (visible(sentence)) } } }
                }
                @let notes: Vec<&String> = report.loads.iter().flat_map(|load| &load.notes).collect();
                @if !notes.is_empty() {
                    ul .soft { @for note in notes { li { (visible(note)) } } }
                }
            }
            @if !report.commits.is_empty() {
                p {}
                div .card {
                    h3 { "The last commits" }
                    div .scroll {
                        table {
                            thead {
                                tr {
                                    th .n { "No." } th { "When" } th { "Who" } th { "Message" } th .n { "Added" }
                                    th .n { "Changed" } th .n { "Removed" } th .n { "Held back" } th { "Hash" }
                                }
                            }
                            tbody {
                                @for commit in &report.commits {
                                    tr {
                                        td .n { (commit.id) }
                                        td .tight { (commit.at.format("%Y-%m-%d %H:%M")) }
                                        td { (visible(&commit.who)) }
                                        td {
                                            (visible(&commit.message))
                                            @if let Some(id) = commit.reverts { span .soft { " (back to " (id) ")" } }
                                        }
                                        td .n { (thousands(commit.tables.iter().map(|tally| tally.added).sum())) }
                                        td .n { (thousands(commit.tables.iter().map(|tally| tally.changed).sum())) }
                                        td .n { (thousands(commit.tables.iter().map(|tally| tally.removed).sum())) }
                                        td .n { (thousands(commit.tables.iter().map(|tally| tally.quarantined).sum())) }
                                        td { code { (visible(&commit.hash.chars().take(10).collect::<String>())) } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn mapping(report: &Report) -> Markup {
    html! {
        section #mapping {
            h2 { "Mapping" }
            div .card .scroll {
                table {
                    thead { tr { th { "Source" } th { "Field" } th { "From" } th { "Transforms" } } }
                    tbody {
                        @for line in &report.mappings {
                            tr {
                                td { (visible(&line.source)) }
                                td { (visible(&place(&line.table, &line.field))) }
                                td { (visible(&line.columns.join(", "))) }
                                td { @for step in &line.transforms { code { (visible(step)) } " " } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The id of a rule's part of the page, for links from elsewhere: `rule-invalid-email-customers-email`.
fn anchor(rule: &RuleReport) -> String {
    let parts = [rule.rule.as_str(), &rule.table, &rule.field];
    let named: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("rule-{}", named.join("-"))
        .chars()
        .map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::reports::sample;

    fn written() -> Result<String> {
        let mut out = Vec::new();
        write(&sample::report(), &mut out)?;
        String::from_utf8(out).map_err(|cause| Error::internal("not UTF-8").caused_by(cause))
    }

    #[test]
    fn no_cell_can_become_markup_and_no_control_character_leaves() -> Result<()> {
        let page = written()?;
        assert_eq!(page.matches("<script").count(), 1, "our own and no other");
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; ␛[31m"));
        assert!(!page.contains(|c: char| c.is_control() && c != '\n'));
        Ok(())
    }

    #[test]
    fn the_page_fetches_nothing() -> Result<()> {
        let page = written()?;
        for reference in ["http://", "https://", "src=", "url(", "@import", "<link", "<img", "<iframe"] {
            assert!(!page.contains(reference), "{reference}");
        }
        Ok(())
    }

    #[test]
    fn every_link_leads_to_a_part_of_the_page_and_a_rule_has_its_anchor() -> Result<()> {
        let page = written()?;
        let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|part| part.split('"').next()).collect();
        for link in page.split("href=\"#").skip(1).filter_map(|part| part.split('"').next()) {
            assert_eq!(ids.iter().filter(|id| **id == link).count(), 1, "#{link}");
        }
        assert!(ids.contains(&"rule-invalid-email-customers-email"));
        Ok(())
    }

    #[test]
    fn no_element_says_its_class_twice() -> Result<()> {
        for element in written()?.split('<').filter_map(|part| part.split('>').next()) {
            assert!(element.matches(" class=\"").count() <= 1, "{element}");
        }
        Ok(())
    }

    #[test]
    fn the_verdict_comes_before_everything_else() -> Result<()> {
        let page = written()?;
        let at = |text: &str| page.find(text).unwrap_or(usize::MAX);
        assert!(at("The gate is closed") < at("What to do next"));
        assert!(at("What to do next</h2>") < at("Findings</h2>"));
        Ok(())
    }
}
