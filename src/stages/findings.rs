//! What is asked of the findings of the last check: which ones a filter means, how many of each kind there are, what
//! their suggestions would change, what the waivers cover. Neighbour: `check`, which finds them.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::stake;
use super::waivers::{ANY_ROW, SAME_ROW};
use crate::error::Result;
use crate::model::{
    Anomaly, AnomalyFilter, AnomalyOrder, Count, Facet, FacetLine, Facets, RuleCount, Schema, Severity, Status,
    Suggested, ValueCluster,
};
use crate::sql::{Ident, Literal};
use crate::store::{Call, Function, Row, Store};
use crate::transforms;

/// What SQL can call to ask for clusters of values.
pub static FUNCTIONS: &[Function] =
    &[Function { name: "tv_fingerprint", call: Call::One(|text| Some(fingerprint(text))) }];

/// What spellings of the same words have in common: the words in small letters without accents and punctuation, each
/// once, in order. A text without letters has only itself.
pub fn fingerprint(text: &str) -> String {
    if text.chars().any(char::is_alphabetic) {
        let folded = transforms::folded(text);
        let mut words: Vec<&str> = folded.split(' ').collect();
        words.sort_unstable();
        words.dedup();
        if !folded.is_empty() {
            return words.join(" ");
        }
    }
    text.trim().to_owned()
}

/// The order as the text of an ORDER BY over dq.anomalies. A finding more exactly like another is told apart by its message.
pub(super) fn order(by: AnomalyOrder) -> &'static str {
    match by {
        AnomalyOrder::Worst => {
            "CASE severity WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, rule, \"table\", \"row\", field, message"
        }
        AnomalyOrder::Row => {
            "\"table\", \"row\", CASE severity WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, rule, field, message"
        }
        AnomalyOrder::Stake => {
            "stake DESC NULLS LAST, CASE severity WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, rule, \"table\", \"row\", field, message"
        }
    }
}

/// The condition over dq.anomalies that a finding contains a text in anything that lists show of it, in capitals or not.
pub fn says(text: &str) -> String {
    const SHOWN: [&str; 7] = ["rule", "\"table\"", "\"row\"", "field", "value", "message", "suggestion"];
    let text = format!("lower({})", Literal(text));
    let within = SHOWN.map(|column| format!("coalesce(contains(lower({column}), {text}), false)"));
    format!("({})", within.join(" OR "))
}

/// The filter as a condition over dq.anomalies.
pub(super) fn condition(filter: &AnomalyFilter) -> String {
    let AnomalyFilter { severity, rule, table, field, source, status, row, cluster, waiver, texts, order: _ } = filter;
    let mut parts = Vec::new();
    let equal = [
        ("severity", severity.map(Severity::name)),
        ("rule", rule.as_deref()),
        ("\"table\"", table.as_deref()),
        ("field", field.as_deref()),
        ("source", source.as_deref()),
        ("status", status.map(Status::name)),
        ("\"row\"", row.as_deref()),
    ];
    for (column, value) in equal {
        if let Some(value) = value {
            parts.push(format!("{column} = {}", Literal(value)));
        }
    }
    match cluster.as_deref() {
        None => {}
        Some("") => parts.push("coalesce(value, '') = ''".to_owned()),
        // Each value is looked at once, however many findings have it.
        Some(key) => parts.push(format!(
            "value IN (SELECT value FROM (SELECT DISTINCT value FROM dq.anomalies) WHERE tv_fingerprint(value) = {})",
            Literal(key)
        )),
    }
    if let Some(id) = waiver {
        let waiver = format!("(SELECT * FROM dq.decisions WHERE kind = 'waive' AND id = {})", Literal(id));
        let of = |same| format!("SELECT a.rowid FROM dq.anomalies AS a JOIN {waiver} AS w ON {same}");
        parts.push(format!("rowid IN ({}\nUNION ALL {})", of(SAME_ROW), of(ANY_ROW)));
    }
    for text in texts {
        parts.push(says(text));
    }
    if parts.is_empty() { "true".to_owned() } else { parts.join(" AND ") }
}

/// The query for the findings that the filter lets through, as they stand in dq.anomalies and in no order.
pub fn matching(filter: &AnomalyFilter) -> String {
    format!("SELECT * FROM dq.anomalies WHERE {}", condition(filter))
}

/// What the filter says of the findings' facets: the value that each must have, in the order of [`Facet::ALL`].
fn chosen(filter: &AnomalyFilter) -> [Option<&str>; Facet::ALL.len()] {
    Facet::ALL.map(|facet| match facet {
        Facet::Severity => filter.severity.map(Severity::name),
        Facet::Rule => filter.rule.as_deref(),
        Facet::Table => filter.table.as_deref(),
        Facet::Field => filter.field.as_deref(),
        Facet::Source => filter.source.as_deref(),
        Facet::Status => filter.status.map(Status::name),
    })
}

/// The filter without what it says about some facets.
fn without(filter: &AnomalyFilter, facets: &[Facet]) -> AnomalyFilter {
    let mut filter = filter.clone();
    for facet in facets {
        match facet {
            Facet::Severity => filter.severity = None,
            Facet::Rule => filter.rule = None,
            Facet::Table => filter.table = None,
            Facet::Field => filter.field = None,
            Facet::Source => filter.source = None,
            Facet::Status => filter.status = None,
        }
    }
    filter
}

/// The findings that have the same value in every facet.
struct Alike {
    /// The values, in the order of [`Facet::ALL`].
    values: [String; Facet::ALL.len()],
    /// How many of them meet what the filter says beside the facets, of all.
    count: Count,
}

impl Alike {
    fn value(&self, of: Facet) -> &str {
        Facet::ALL.iter().position(|facet| *facet == of).map_or("", |at| &self.values[at])
    }

    /// Whether they are what the filter says of the facets, one of them left aside.
    fn meet(&self, chosen: &[Option<&str>], aside: Option<Facet>) -> bool {
        let mut facets = Facet::ALL.iter().zip(chosen).zip(&self.values);
        facets.all(|((facet, wanted), value)| Some(*facet) == aside || wanted.is_none_or(|wanted| wanted == value))
    }
}

/// Counts findings: there is one way to do it, and to look for another takes as long, unless the filter looks into texts, which is for
/// all threads.
fn plainly_if_small<T>(store: &Store, filter: &AnomalyFilter, count: impl FnOnce() -> T) -> T {
    let is_small = filter.texts.is_empty() && filter.cluster.is_none() && filter.waiver.is_none();
    if is_small { store.plainly(count) } else { count() }
}

/// Counts the findings by all facets at once: there are few combinations, and what is asked of them is cut from these.
fn alike(store: &Store, filter: &AnomalyFilter) -> Result<Vec<Alike>> {
    let columns = Facet::ALL.map(|facet| Ident(facet.name()).to_string()).join(", ");
    let sql = format!(
        "SELECT {columns}, count(*) FILTER ({}), count(*) FROM dq.anomalies GROUP BY ALL",
        condition(&without(filter, &Facet::ALL))
    );
    let read = |row: &Row<'_>| {
        let mut values = [const { String::new() }; Facet::ALL.len()];
        for (at, value) in values.iter_mut().enumerate() {
            *value = row.get(at)?;
        }
        let count = Count { found: unsigned(row.get(values.len())?), all: unsigned(row.get(values.len() + 1)?) };
        Ok(Alike { values, count })
    };
    plainly_if_small(store, filter, || store.query(&sql, [], read))
}

/// How many findings there are of each kind, under a filter and in all.
///
/// In the order of the money it is told too, in every line as much as hangs on all its findings together.
pub fn facets(store: &Store, schema: &Schema, filter: &AnomalyFilter) -> Result<Facets> {
    // The transaction makes all of it be seen at one moment; only a temporary table is written.
    store.transaction(|store| facets_now(store, schema, filter))
}

fn facets_now(store: &Store, schema: &Schema, filter: &AnomalyFilter) -> Result<Facets> {
    let money = filter.order == AnomalyOrder::Stake && stake::hang(store, schema)?;
    let (cells, chosen) = (alike(store, filter)?, chosen(filter));
    let mut facets = Facets::default();
    for cell in &cells {
        facets.count.all += cell.count.all;
        facets.count.found += if cell.meet(&chosen, None) { cell.count.found } else { 0 };
    }
    for facet in Facet::ALL {
        let mut lines: IndexMap<&str, FacetLine> = IndexMap::new();
        for cell in &cells {
            let value = cell.value(facet);
            let none = || FacetLine { value: value.to_owned(), count: Count::default(), stake: None };
            let count = &mut lines.entry(value).or_insert_with(none).count;
            count.all += cell.count.all;
            count.found += if cell.meet(&chosen, Some(facet)) { cell.count.found } else { 0 };
        }
        if money {
            let sql = stake::per(&Ident(facet.name()).to_string(), &condition(&without(filter, &[facet])));
            let stakes: Vec<(String, f64)> = store.query(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
            for (value, stake) in stakes {
                if let Some(line) = lines.get_mut(value.as_str()) {
                    line.stake = Some(stake);
                }
            }
        }
        let mut lines: Vec<FacetLine> = lines.into_values().collect();
        // The most money first, and what none hangs on last.
        let money = |line: &FacetLine| line.stake.unwrap_or(f64::NEG_INFINITY);
        lines.sort_by(|a, b| {
            let (of_a, of_b) = (&a.count, &b.count);
            let by_count = (of_b.found, of_b.all).cmp(&(of_a.found, of_a.all));
            money(b).total_cmp(&money(a)).then(by_count).then_with(|| a.value.cmp(&b.value))
        });
        facets.lines.push((facet, lines));
    }
    facets.rules = rules(&cells, &chosen);
    if money {
        tell_money(store, &mut facets.rules, &condition(filter))?;
    }
    Ok(facets)
}

/// The rules in tables with findings that are what the filter says of the facets.
fn rules(cells: &[Alike], chosen: &[Option<&str>]) -> Vec<RuleCount> {
    let mut rules: BTreeMap<(&str, &str, &str), (RuleCount, BTreeSet<&str>)> = BTreeMap::new();
    for cell in cells {
        let [name, rule, table] = [Facet::Severity, Facet::Rule, Facet::Table].map(|facet| cell.value(facet));
        let (one, fields) = rules.entry((rule, table, name)).or_insert_with(|| {
            let (rule, table, severity) = (rule.to_owned(), table.to_owned(), severity(name.to_owned()));
            let fields = Vec::new();
            (RuleCount { severity, rule, table, fields, open: 0, waived: 0, all: 0, stake: None }, BTreeSet::new())
        });
        one.all += cell.count.all;
        if !cell.meet(chosen, None) || cell.count.found == 0 {
            continue;
        }
        fields.insert(cell.value(Facet::Field));
        match cell.value(Facet::Status) == Status::Open.name() {
            true => one.open += cell.count.found,
            false => one.waived += cell.count.found,
        }
    }
    let found = rules.into_values().filter(|(_, fields)| !fields.is_empty());
    found.map(|(one, fields)| RuleCount { fields: fields.into_iter().map(str::to_owned).collect(), ..one }).collect()
}

/// Writes the money beside rules in tables that hangs on those of their findings that meet a condition.
fn tell_money(store: &Store, rules: &mut [RuleCount], condition: &str) -> Result<()> {
    let of_one = stake::per("{'severity': severity, 'rule': rule, 'table': \"table\"}", condition);
    let sql = format!("SELECT value.severity, value.rule, value.\"table\", stake FROM ({of_one})");
    let stakes: Vec<(Severity, String, String, f64)> =
        store.query(&sql, [], |row| Ok((row.get(0).map(severity)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    for (severity, rule, table, stake) in stakes {
        let same = |one: &&mut RuleCount| (one.severity, &one.rule, &one.table) == (severity, &rule, &table);
        if let Some(one) = rules.iter_mut().find(same) {
            one.stake = Some(stake);
        }
    }
    Ok(())
}

/// A window of the clusters of values that the findings under a filter have, the most frequent first, and how many
/// there are; what the filter says about clusters is left aside.
pub fn values(store: &Store, filter: &AnomalyFilter, offset: u64, limit: u64) -> Result<(u64, Vec<ValueCluster>)> {
    let others = AnomalyFilter { cluster: None, ..filter.clone() };
    let clusters = format!(
        "SELECT coalesce(tv_fingerprint(value), '') AS key, arg_max(value, n) AS value, count(*) AS spellings, sum(n)::BIGINT AS found\n\
         FROM (SELECT value, count(*) AS n FROM dq.anomalies WHERE {} GROUP BY value) GROUP BY 1",
        condition(&others)
    );
    let total = store.count(&format!("SELECT count(*) FROM ({clusters})"))?;
    let sql = format!("{clusters} ORDER BY found DESC, key LIMIT {limit} OFFSET {offset}");
    let rows = store.query(&sql, [], |row| {
        Ok(ValueCluster {
            key: row.get(0)?,
            value: row.get(1)?,
            spellings: unsigned(row.get(2)?),
            found: unsigned(row.get(3)?),
        })
    })?;
    Ok((total, rows))
}

/// The query for the cells that accepting every suggestion under a filter would change, each once, with the columns
/// `table`, `field`, `rule`, `row`, `suggestion` and `value`.
pub fn suggestions_sql(filter: &AnomalyFilter) -> String {
    let filter = AnomalyFilter { status: Some(Status::Open), ..filter.clone() };
    format!(
        "SELECT DISTINCT ON (\"table\", field, \"row\") \"table\", field, rule, \"row\", suggestion, value\n\
         FROM dq.anomalies WHERE {} AND field <> '' AND suggestion IS NOT NULL\n\
         ORDER BY \"table\", field, \"row\", rule",
        condition(&filter)
    )
}

/// A window of those cells, and how many there are.
pub fn suggestions(store: &Store, filter: &AnomalyFilter, offset: u64, limit: u64) -> Result<(u64, Vec<Suggested>)> {
    let sql = suggestions_sql(filter);
    let total = store.count(&format!("SELECT count(*) FROM ({sql})"))?;
    let rows = store.query(&format!("{sql} LIMIT {limit} OFFSET {offset}"), [], |row| {
        Ok(Suggested {
            table: row.get(0)?,
            field: row.get(1)?,
            rule: row.get(2)?,
            row: row.get(3)?,
            after: row.get(4)?,
            before: row.get(5)?,
        })
    })?;
    Ok((total, rows))
}

/// The query for all findings that the filter lets through, in its order, with the columns `rule`, `severity`, `table`,
/// `row`, `field`, `value`, `message`, `suggestion`, `source`, `entity`, `file`, `line`, `status` and `stake`.
pub fn anomalies_sql(filter: &AnomalyFilter) -> String {
    with_places(&format!("SELECT * FROM dq.anomalies WHERE {}", condition(filter)), filter.order)
}

/// The money that hangs on the rows with a finding that the filter lets through, each amount counted once; none where no
/// money can hang on any row of the schema.
pub fn at_stake(store: &Store, schema: &Schema, filter: &AnomalyFilter) -> Result<Option<f64>> {
    let plain = AnomalyFilter { status: filter.status, order: filter.order, ..AnomalyFilter::default() };
    if *filter == plain
        && filter.status != Some(Status::Waived)
        && let Some(kept) = stake::total_kept(store, schema, filter.status.is_none())?
    {
        return Ok(Some(kept));
    }
    stake::total(store, schema, &condition(filter), filter.table.as_deref())
}

/// A window of the findings that the filter lets through, and how many there are in all.
pub fn anomalies(store: &Store, filter: &AnomalyFilter, offset: u64, limit: u64) -> Result<(u64, Vec<Anomaly>)> {
    let condition = condition(filter);
    let count = format!("SELECT count(*) FROM dq.anomalies WHERE {condition}");
    let total = plainly_if_small(store, filter, || store.count(&count))?;
    // The window is cut before the places are looked up, so that it costs the same however many findings there are.
    let window = format!(
        "SELECT * FROM dq.anomalies WHERE {condition} ORDER BY {} LIMIT {limit} OFFSET {offset}",
        order(filter.order)
    );
    Ok((total, read_anomalies(store, &with_places(&window, filter.order))?))
}

/// The findings of a query with the columns of [`anomalies_sql`].
pub(super) fn read_anomalies(store: &Store, sql: &str) -> Result<Vec<Anomaly>> {
    store.query(&format!("SELECT * REPLACE (CAST(stake AS DOUBLE) AS stake) FROM ({sql})"), [], |row| {
        Ok(Anomaly {
            rule: row.get(0)?,
            severity: row.get(1).map(severity)?,
            table: row.get(2)?,
            row: row.get(3)?,
            field: row.get(4)?,
            value: row.get(5)?,
            message: row.get(6)?,
            suggestion: row.get(7)?,
            source: row.get(8)?,
            entity: row.get(9)?,
            file: row.get(10)?,
            line: row.get::<_, Option<i64>>(11)?.and_then(|line| u64::try_from(line).ok()),
            status: if row.get::<_, String>(12)? == Status::Open.name() { Status::Open } else { Status::Waived },
            stake: row.get(13)?,
        })
    })
}

/// The findings of a query over dq.anomalies with file and line, in an order.
pub(super) fn with_places(findings: &str, by: AnomalyOrder) -> String {
    format!(
        "SELECT * FROM (\n\
         SELECT a.rule, a.severity, a.\"table\", a.\"row\", a.field, a.value, a.message, a.suggestion, a.source, a.entity,\n  \
         f.file, a._row + l.shift AS line, a.status, a.stake\n\
         FROM ({findings}) AS a\n\
         LEFT JOIN dq.files AS f\n  \
         ON f.source = a.source AND f.entity = a.entity AND a._row >= f.first_row AND a._row < f.first_row + f.rows\n\
         ASOF LEFT JOIN dq.lines AS l ON l.source = a.source AND l.entity = a.entity AND a._row >= l.\"row\"\n\
         ) ORDER BY {}",
        order(by)
    )
}

pub(super) fn severity(name: String) -> Severity {
    Severity::from_name(&name).unwrap_or(Severity::Error)
}

pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bench() -> Result<Store> {
        let store = Store::in_memory(FUNCTIONS)?;
        let finding = |rule: &str, severity: &str, table: &str, row: &str, value: &str, status: &str| {
            format!(
                "('{rule}', '{severity}', '{table}', '{row}', 'city', {value}, 'm', NULL, 's', 'e', 1, '{status}', 10)"
            )
        };
        let rows = [
            finding("mojibake", "warning", "people", "P1", "'SÉLESTAT'", "open"),
            finding("mojibake", "warning", "people", "P2", "'Sélestat'", "open"),
            finding("mojibake", "warning", "people", "P3", "'Colmar'", "waived"),
            finding("missing-key", "error", "sales", "S1", "NULL", "open"),
        ];
        store.run(&format!("INSERT INTO dq.anomalies VALUES {}", rows.join(", ")))?;
        Ok(store)
    }

    #[test]
    fn a_facet_counts_what_would_be_seen_if_it_were_chosen_beside_the_others() -> Result<()> {
        let filter = AnomalyFilter { table: Some("people".into()), status: Some(Status::Open), ..Default::default() };
        let facets = facets(&bench()?, &Schema { tables: Default::default(), checks: Vec::new() }, &filter)?;
        assert_eq!(facets.count, Count { found: 2, all: 4 });
        let of = |facet: Facet| {
            let lines = facets.lines.iter().find(|(one, _)| *one == facet).map(|(_, lines)| lines.as_slice());
            let lines = lines.unwrap_or_default().iter();
            lines.map(|line| format!("{} {}/{}", line.value, line.count.found, line.count.all)).collect::<Vec<_>>()
        };
        assert_eq!(of(Facet::Rule), ["mojibake 2/3", "missing-key 0/1"]);
        assert_eq!(of(Facet::Table), ["people 2/3", "sales 1/1"], "the table's own filter does not count");
        assert_eq!(of(Facet::Status), ["open 2/3", "waived 1/1"]);
        assert_eq!(facets.rules.len(), 1);
        assert_eq!((facets.rules[0].open, facets.rules[0].all), (2, 3));
        Ok(())
    }

    #[test]
    fn values_of_the_same_words_are_one_cluster_and_a_filter() -> Result<()> {
        let store = bench()?;
        let (total, clusters) = values(&store, &AnomalyFilter::default(), 0, 10)?;
        assert_eq!((total, clusters[0].key.as_str(), clusters[0].spellings, clusters[0].found), (3, "selestat", 2, 2));
        let of = |key: &str| AnomalyFilter { cluster: Some(key.to_owned()), ..Default::default() };
        assert_eq!(store.count(&format!("SELECT count(*) FROM ({})", matching(&of("selestat"))))?, 2);
        assert_eq!(
            store.count(&format!("SELECT count(*) FROM ({})", matching(&of(""))))?,
            1,
            "the one without a value"
        );
        Ok(())
    }

    #[test]
    fn what_has_no_letters_is_only_like_itself() {
        assert_eq!(fingerprint("Côte-d'Or, la"), fingerprint("LA COTE D OR"));
        assert_eq!(fingerprint("12-34"), "12-34");
        assert_eq!(fingerprint(" … "), "…");
    }
}
