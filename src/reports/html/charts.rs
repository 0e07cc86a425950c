//! The drawings of the HTML report: inline SVG that needs neither script nor network.

use std::fmt::Write as _;

use maud::{Markup, html};

use crate::model::{RelationReport, TableReport, WaterfallStep};
use crate::reports::text::{counted, percent, shortened, thousands, visible};

/// A table's rows as one bar: valid, waived, warning, blocking.
pub fn shares(table: &TableReport) -> Markup {
    const WIDTH: f64 = 300.0;
    let rows = table.score.rows;
    let valid = rows.saturating_sub(table.score.blocking + table.score.warning + table.waived);
    let parts = [
        ("valid", valid),
        ("waived", table.waived),
        ("warning", table.score.warning),
        ("blocking", table.score.blocking),
    ];
    let mut x = 0.0;
    let mut bars = Vec::new();
    for (class, count) in parts.into_iter().filter(|(_, count)| *count > 0) {
        // Whatever there is can be seen, however little it is.
        let width = (count as f64 / rows.max(1) as f64 * WIDTH).max(2.0);
        bars.push((class, count, x, width));
        x += width;
    }
    let scale = if x > 0.0 { WIDTH / x } else { 1.0 };
    let said: Vec<String> = parts.iter().map(|(class, count)| format!("{} {class}", thousands(*count))).collect();
    html! {
        svg viewBox={"0 0 " (WIDTH) " 14"} width=(WIDTH) height="14" role="img" aria-label=(said.join(", ")) {
            rect .track width=(WIDTH) height="14" rx="3" {}
            @for (class, count, x, width) in bars {
                rect class=(class) x=(short(x * scale)) width=(short(width * scale)) height="14" {
                    title { (thousands(count)) " " (class) ", " (percent(count, rows)) }
                }
            }
        }
    }
}

/// A line through the values of the last checks, the last one marked.
pub fn sparkline(values: &[f64]) -> Markup {
    const WIDTH: f64 = 90.0;
    const HEIGHT: f64 = 20.0;
    const EDGE: f64 = 3.0;
    if values.len() < 2 {
        return html! { span .soft { "–" } };
    }
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let step = (WIDTH - 2.0 * EDGE) / (values.len() - 1) as f64;
    let point = |at: usize, value: f64| {
        let share = if greatest > least { (value - least) / (greatest - least) } else { 0.5 };
        (EDGE + at as f64 * step, HEIGHT - EDGE - share * (HEIGHT - 2.0 * EDGE))
    };
    let mut line = String::new();
    for (at, value) in values.iter().enumerate() {
        let (x, y) = point(at, *value);
        // Writing to a String cannot fail.
        let _ = write!(line, "{}{},{}", if at > 0 { " " } else { "" }, short(x), short(y));
    }
    let (x, y) = point(values.len() - 1, values[values.len() - 1]);
    let from = values[0];
    let to = values[values.len() - 1];
    html! {
        svg viewBox={"0 0 " (WIDTH) " " (HEIGHT)} width=(WIDTH) height=(HEIGHT) role="img"
            aria-label={"from " (short(from)) " to " (short(to)) " over " (values.len()) " checks"} {
            polyline .spark points=(line) {}
            circle .end cx=(short(x)) cy=(short(y)) r="2.4" {}
        }
    }
}

/// One table's way from rows in to rows committed: what is there as bars from the left, what is lost on the way as
/// the piece by which the next bar is shorter.
pub fn waterfall(steps: &[&WaterfallStep]) -> Markup {
    const LEFT: f64 = 150.0;
    const WIDTH: f64 = 230.0;
    const LINE: f64 = 22.0;
    let is_loss = |step: &str| !matches!(step, "rows in" | "staged" | "candidates" | WaterfallStep::TO_COMMIT);
    // What the last commit has left stands beside the way of what is there now.
    let way = steps.iter().filter(|step| !step.is_of_last_commit());
    let most = steps.iter().map(|step| step.rows).max().unwrap_or(0).max(1) as f64;
    let mut standing = 0;
    let mut bars = Vec::new();
    for step in way.filter(|step| step.rows > 0 || !is_loss(&step.step)) {
        let (from, class) = if is_loss(&step.step) {
            standing = u64::saturating_sub(standing, step.rows);
            (
                standing,
                if matches!(step.step.as_str(), "rejected" | WaterfallStep::TO_QUARANTINE) {
                    "lost"
                } else {
                    "set-aside"
                },
            )
        } else {
            standing = step.rows;
            (0, "kept")
        };
        bars.push((step, from as f64 / most * WIDTH, step.rows as f64 / most * WIDTH, class));
    }
    let height = bars.len() as f64 * LINE;
    html! {
        svg viewBox={"0 0 460 " (height)} width="460" height=(height) role="img" aria-label="from rows in to rows committed" {
            @for (at, (step, x, width, class)) in bars.iter().enumerate() {
                @let y = at as f64 * LINE;
                text .soft[*class != "kept"] x="0" y=(y + 15.0) { @if *class != "kept" { "− " } (step.step) }
                rect .track x=(LEFT) y=(y + 4.0) width=(WIDTH) height="14" rx="2" {}
                @if step.rows > 0 {
                    rect class=(class) x=(short(LEFT + x)) y=(y + 4.0) width=(short(width.max(1.5))) height="14" rx="2" {}
                }
                text x="460" y=(y + 15.0) text-anchor="end" { (thousands(step.rows)) }
            }
        }
    }
}

/// The tables and what refers to what, with the number of rows that refer to nothing.
pub fn relations(relations: &[RelationReport], tables: &[TableReport]) -> Markup {
    const BOX: f64 = 190.0;
    const RIGHT: f64 = 560.0;
    const LINE: f64 = 74.0;
    let is_referred_to = |name: &str| relations.iter().any(|relation| relation.to == name);
    let mut named: Vec<&str> = tables.iter().map(|table| table.score.table.as_str()).collect();
    for name in relations.iter().flat_map(|relation| [relation.table.as_str(), relation.to.as_str()]) {
        if !named.contains(&name) {
            named.push(name);
        }
    }
    let (right, left): (Vec<&str>, Vec<&str>) = named.into_iter().partition(|name| is_referred_to(name));
    let lines = right.len().max(left.len()).max(1) as f64;
    let height = lines * LINE;
    let top = |column: &[&str], at: usize| (height - column.len() as f64 * LINE) / 2.0 + at as f64 * LINE + 14.0;
    let spot = |name: &str| -> (f64, f64) {
        if let Some(at) = right.iter().position(|one| *one == name) {
            return (RIGHT, top(&right, at));
        }
        (0.0, left.iter().position(|one| *one == name).map_or(0.0, |at| top(&left, at)))
    };
    let edges: Vec<_> = relations
        .iter()
        .enumerate()
        .map(|(at, relation)| {
            let (x, y) = spot(&relation.table);
            let (to_x, to_y) = spot(&relation.to);
            let siblings = relations.iter().filter(|one| one.table == relation.table).count();
            let order = relations[..at].iter().filter(|one| one.table == relation.table).count();
            let incoming = relations.iter().filter(|one| one.to == relation.to).count();
            let arrival = relations[..at].iter().filter(|one| one.to == relation.to).count();
            let spread = |order: usize, of: usize| (order as f64 + 1.0) / (of as f64 + 1.0) * 46.0;
            let (from_x, from_y) = (x + BOX, y + spread(order, siblings));
            let end_y = to_y + spread(arrival, incoming);
            // From one table of the right column to another, or to itself, the line leaves and comes back on that side.
            let (end_x, bend) = if to_x > x { (to_x, 120.0) } else { (to_x + BOX, 60.0) };
            let lean = if to_x > x { end_x - bend } else { end_x + bend };
            let path = format!(
                "M{},{} C{},{} {},{} {},{}",
                short(from_x),
                short(from_y),
                short(from_x + bend),
                short(from_y),
                short(lean),
                short(end_y),
                short(end_x),
                short(end_y)
            );
            (relation, path, from_x + 14.0, from_y + 4.0)
        })
        .collect();
    let rows = |name: &str| tables.iter().find(|table| table.score.table == name).map(|table| table.score.rows);
    html! {
        svg viewBox={"0 0 840 " (height)} width="840" height=(height) role="img" aria-label="what refers to what" {
            @for (relation, path, _, _) in &edges {
                path .edge .orphans[relation.orphans > 0] d=(path) {
                    title { (visible(&relation.table)) "." (visible(&relation.field)) " → " (visible(&relation.to)) }
                }
            }
            @for (relation, _, x, y) in &edges {
                text .on-line .orphans[relation.orphans > 0] .soft[relation.orphans == 0] x=(short(*x)) y=(short(*y)) {
                    (visible(&shortened(&relation.field, 24)))
                    @if relation.orphans > 0 { ": " (counted(relation.orphans, "orphan", "orphans")) }
                }
            }
            @for name in left.iter().chain(&right) {
                @let (x, y) = spot(name);
                rect .node x=(x) y=(y) width=(BOX) height="46" rx="6" {}
                text x=(x + 12.0) y=(y + 20.0) font-weight="600" { (visible(&shortened(name, 26))) }
                text .soft x=(x + 12.0) y=(y + 37.0) {
                    @match rows(name) { Some(rows) => (counted(rows, "row", "rows")), None => "not fed" }
                }
            }
        }
    }
}

/// A coordinate with one decimal.
fn short(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TableScore;

    #[test]
    fn one_bad_row_in_a_million_can_be_seen_and_an_empty_table_draws_nothing() {
        let table = |rows, blocking| TableReport {
            score: TableScore { table: "t".into(), rows, blocking, warning: 0, score: 100.0 },
            ..TableReport::default()
        };
        let bar = shares(&table(1_000_000, 1)).into_string();
        assert!(bar.contains("class=\"blocking\" x=\"298\" width=\"2\""), "{bar}");
        assert_eq!(shares(&table(0, 0)).into_string().matches("<rect").count(), 1);
    }

    #[test]
    fn what_is_lost_is_the_piece_by_which_the_next_bar_is_shorter() {
        let steps: Vec<WaterfallStep> = [("rows in", 100), ("rejected", 10), ("staged", 90), ("excluded", 0)]
            .into_iter()
            .map(|(step, rows)| WaterfallStep { table: "t".into(), step: step.into(), rows })
            .collect();
        let drawn = waterfall(&steps.iter().collect::<Vec<_>>()).into_string();
        assert!(drawn.contains("class=\"lost\" x=\"357\" y=\"26\" width=\"23\""), "{drawn}");
        assert!(!drawn.contains("excluded"));
    }
}
