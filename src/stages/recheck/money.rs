//! What money hangs on which row after decisions, and how much hangs on open findings in all. Neighbour: `stake`, which says what
//! money is, and looks at all of it.

use indexmap::IndexMap;

use super::rows::{self, Moved};
use crate::error::Result;
use crate::model::Schema;
use crate::sql::{Ident, Literal, Path};
use crate::stages::map::Change;
use crate::stages::places::{IDENTITY, Places};
use crate::stages::stake::{self, FOUND, Money, Step};
use crate::store::Store;

/// The temporary table with the rows of money that may hang otherwise on open findings than before, as they were and as they
/// are: `was` and `now` say which; of each direct way the value that leads on, by the way's number.
const LINES: &str = "\"money otherwise\"";

/// The temporary table with the found rows to which they lead: `way`, `ref` is the value that leads there, and whether there `was`
/// an open finding on the row and is one `now`.
const LED_TO: &str = "\"rows that money leads to\"";

/// The temporary table with all rows to which they lead: `table` is theirs, and `was` and `now` say when they did.
const REACHED: &str = "\"rows that money reaches\"";

/// The temporary table with the findings beside which no money is written, though some may hang there: `table`, `row` and `place`.
const BARE: &str = "\"findings without money\"";

/// From so many rows of money on, all of it is added up.
const MANY: u64 = 20_000;

/// The number of the way that leads nowhere: the row with the money itself.
const OWN: i64 = -1;

/// What is known of the money and of the changes.
struct Look<'l> {
    store: &'l Store,
    money: &'l Money<'l>,
    changes: &'l IndexMap<String, Change>,
    moved: &'l [Moved],
    places: &'l Places,
    /// The ways of one step.
    direct: Vec<&'l Step>,
}

/// Writes the money beside the findings that are new and those of rows on which other money hangs than before, and keeps with the
/// verdict how much hangs on the open ones in all.
pub(super) fn again(
    store: &Store,
    schema: &Schema,
    changes: &IndexMap<String, Change>,
    moved: &[Moved],
    places: &Places,
) -> Result<()> {
    let Some(money) = Money::of(schema) else { return Ok(()) };
    let all = money.ways.values().flatten();
    let direct: Vec<&Step> = all.clone().filter(|way| way.len() == 1).flatten().collect();
    let is_near = all.clone().all(|way| way.len() <= 1);
    let look = Look { store, money: &money, changes, moved, places, direct };
    let other = match is_near {
        true => look.may_sum_differ(),
        false => !changes.is_empty() || !moved.is_empty(),
    };
    let known = stake::kept(store, schema)?;
    let few = other && is_near && known.is_some() && look.gather()?;
    if few {
        look.lead()?;
    }
    look.fill(few)?;
    let sum = match known {
        Some(_) if !other => return Ok(()),
        Some(known) if few => look.sum(&known)?,
        _ => {
            let all = stake::hanging(&money, stake::OPEN);
            store.first(&format!("SELECT {} FROM ({all})", stake::sum("amount")), [], |row| row.get(0))?
        }
    };
    stake::keep(store, schema, sum.as_deref())
}

impl Look<'_> {
    /// Whether a row of a table got its first open finding, or lost its last one.
    fn is_flipped(&self, table: &str) -> bool {
        self.moved.iter().any(|moved| moved.table == table && moved.is_flip())
    }

    fn is_other(&self, table: &str, field: &str) -> bool {
        self.changes.get(table).is_some_and(|change| change.is_of(field))
    }

    /// Whether a row has another key than before by which money leads to it.
    fn is_keyed_otherwise(&self, step: &Step) -> bool {
        let other = |change: &Change| change.fields.iter().any(|name| name.eq_ignore_ascii_case(&step.key));
        self.changes.get(&step.table).is_some_and(other)
    }

    /// Whether rows with money came or went, or have another amount or lead elsewhere.
    fn are_lines_other(&self) -> bool {
        let Money { table, field, .. } = self.money;
        self.is_other(table, field) || self.direct.iter().any(|step| self.is_other(table, &step.field))
    }

    /// Whether other money may hang on open findings than before, where all ways are direct.
    fn may_sum_differ(&self) -> bool {
        self.are_lines_other()
            || self.money.ways.keys().any(|table| self.is_flipped(table))
            || self.direct.iter().any(|step| self.is_keyed_otherwise(step))
    }

    /// Gathers the rows of money that may hang otherwise; false where they are too many to be looked at.
    fn gather(&self) -> Result<bool> {
        let Money { table, field, .. } = self.money;
        let refs: Vec<String> = self
            .direct
            .iter()
            .enumerate()
            .map(|(way, step)| format!("s.{}::VARCHAR AS \"{way}\"", Ident(&step.field)))
            .collect();
        let columns = std::iter::once(format!("s._key, s.{} AS amount", Ident(field))).chain(refs);
        let columns = columns.collect::<Vec<_>>().join(", ");
        let from =
            |rows: &str, was: bool, now: bool| format!("SELECT {columns}, {was} AS was, {now} AS now FROM {rows} AS s");
        let mut parts = Vec::new();
        let mut but = String::new();
        if self.are_lines_other() {
            let (before, after) = (Change::before(table), Change::after(table));
            parts.extend([from(&before, true, false), from(&after, false, true)]);
            but = format!(" AND s._key NOT IN (SELECT _key FROM {after})");
        }
        let flipped = |table: &str, column: &str| {
            format!("SELECT {column} FROM {} WHERE \"table\" = {} AND {}", rows::ROWS, Literal(table), rows::FLIPPED)
        };
        let mut conditions = Vec::new();
        if self.is_flipped(table) {
            let (names, numbers) = (flipped(table, "\"row\""), flipped(table, "place"));
            let near = self.places.near(self.store, table, "s.", IDENTITY, &names)?;
            conditions.extend(near.with(format!("s._row IN ({numbers}) AND s._key IN ({names})")));
        }
        for step in &self.direct {
            if !self.is_flipped(&step.table) && !self.is_keyed_otherwise(step) {
                continue;
            }
            let names = flipped(&step.table, "\"row\"");
            let rows = self.places.rows_like(self.store, &step.table, IDENTITY, str::to_owned, &names)?;
            let mut keys = format!("SELECT {}::VARCHAR FROM {rows} WHERE _key IN ({names})", Ident(&step.key));
            if self.changes.contains_key(&step.table) {
                keys += &format!(" UNION ALL {}", Change::values(&step.table, &Ident(&step.key).to_string()));
            }
            let near = self.places.near(self.store, table, "s.", &step.field, &keys)?;
            conditions.extend(near.with(format!("s.{}::VARCHAR IN ({keys})", Ident(&step.field))));
        }
        let touched: Vec<String> = conditions
            .iter()
            .map(|one| format!("{} WHERE {}{but}", from(&one.rows(table), true, true), one.condition))
            .collect();
        if !touched.is_empty() {
            parts.push(format!("SELECT * FROM (\n{}\n) LIMIT {MANY}", touched.join("\nUNION\n")));
        }
        if parts.is_empty() {
            parts.push(format!("{} WHERE false", from(&self.money.rows().to_string(), false, false)));
        }
        self.store.fill_like(LINES, &columns, parts.join("\nUNION ALL\n"))?;
        Ok(self.store.count(&format!("SELECT count(*) FROM {LINES}"))? < MANY)
    }

    /// Finds the rows to which they lead, of those with a finding.
    fn lead(&self) -> Result<()> {
        let row = |table: &str, way: &str, key: &str, was: bool, now: bool| {
            format!(
                "SELECT {} AS \"table\", {way} AS way, {key}::VARCHAR AS ref, _key AS \"row\", {was} AS was, {now} AS now",
                Literal(table)
            )
        };
        let mut few = vec![format!("{} FROM {LINES}", row(self.money.table, &OWN.to_string(), "_key", true, true))];
        let mut many = Vec::new();
        for (way, step) in self.direct.iter().enumerate() {
            let (refs, key) = (format!("SELECT \"{way}\" FROM {LINES}"), format!("t.{}", Ident(&step.key)));
            let near = self.places.near(self.store, &step.table, "t.", &step.key, &refs)?;
            let from = |rows: &str, was: bool, now: bool| {
                let row = row(&step.table, &way.to_string(), &key, was, now);
                format!("{row} FROM {rows} AS t")
            };
            let leads = format!("{key}::VARCHAR IN ({refs})");
            let all = near
                .with(leads.clone())
                .map(|all| format!("{} WHERE {}", from(&all.rows(&step.table), true, true), all.condition));
            let from = |rows: &str, was: bool, now: bool| format!("{} WHERE {leads}", from(rows, was, now));
            if self.changes.contains_key(&step.table) {
                // A row that changed may have had another key.
                let (before, after) = (Change::before(&step.table), Change::after(&step.table));
                many.extend(all.map(|all| format!("{all} AND t._key NOT IN (SELECT _key FROM {after})")));
                few.extend([from(&before, true, false), from(&after, false, true)]);
            } else {
                many.extend(all);
            }
        }
        self.store.fill_like(REACHED, "table, way, ref, row, was, now", few.join("\nUNION\n"))?;
        // One by one: a statement that reads large tables is planned anew each time, and the longer it is the longer that takes.
        many.iter().try_for_each(|rows| self.store.run(&format!("INSERT INTO {REACHED} {rows}")))?;
        self.store.fill(
            LED_TO,
            format!(
                "SELECT r.way, r.ref, r.\"row\", r.was AND f.was IS NOT NULL AS was, r.now AND f.now IS NOT NULL AS now\n\
                 FROM {} AS f JOIN {REACHED} AS r ON f.\"row\" = r.\"row\" AND f.\"table\" = r.\"table\"",
                rows::ROWS
            ),
        )
    }

    /// How much hangs on open findings in all, from what it was before.
    fn sum(&self, known: &str) -> Result<Option<String>> {
        let ways: Vec<String> = (0..self.direct.len()).map(|way| format!(", {way}")).collect();
        let refs: Vec<String> = (0..self.direct.len()).map(|way| format!(", \"{way}\"")).collect();
        let sql = format!(
            "SELECT (?::DECIMAL(38,4) + coalesce(sum(CASE WHEN hangs THEN amount END), 0)::DECIMAL(38,4)\n  \
             - coalesce(sum(CASE WHEN hung THEN amount END), 0)::DECIMAL(38,4))::VARCHAR FROM (\n  \
             SELECT amount, bool_or(s.now AND l.now) AS hangs, bool_or(s.was AND l.was) AS hung FROM (\n    \
             SELECT *, unnest([{OWN}{}]) AS way, unnest([_key{}]) AS ref FROM {LINES}\n  \
             ) AS s JOIN {LED_TO} AS l USING (way, ref) GROUP BY s._key, s.was, s.now, s.amount)",
            ways.concat(),
            refs.concat()
        );
        self.store.first(&sql, [known], |row| row.get(0))
    }

    /// Writes the money beside the findings that are new and those of rows on which other money hangs than before. Those to which
    /// money leads that is another than before are known already where `is_led`.
    fn fill(&self, is_led: bool) -> Result<()> {
        let Money { table: money, field, ways } = self.money;
        let mut parts = Vec::new();
        let mut are_bare = self.are_bare()?;
        // What was found on a row before and is found again has the money that hung on it.
        if are_bare && rows::restore_stake(self.store, BARE)? {
            are_bare = self.are_bare()?;
        }
        if are_bare {
            parts.push(format!("SELECT \"table\", \"row\" FROM {BARE}"));
        }
        for (table, ways) in ways {
            let is_keyed = |way: &Vec<Step>| way.last().is_some_and(|step| self.is_other(table, &step.key));
            if table == money && self.is_other(table, field) || ways.iter().any(is_keyed) {
                parts.push(format!("SELECT {}, _key FROM {}", Literal(table), Change::after(table)));
            }
            for way in ways {
                let begins =
                    way.first().is_some_and(|step| self.is_other(money, &step.field)) || self.is_other(money, field);
                let is_far = way.len() > 1 && way.iter().any(|step| self.changes.contains_key(&step.table));
                match way.as_slice() {
                    [] => {}
                    // Those to which the changed rows refer, or did.
                    [Step { field, table, key }] if begins => {
                        let values = Change::values(money, &Ident(field).to_string());
                        let number = self.direct.iter().position(|step| step.field == *field);
                        parts.push(match number.filter(|_| is_led) {
                            Some(way) => format!(
                                "SELECT {}, \"row\" FROM {LED_TO} WHERE way = {way} AND ref IN ({values})",
                                Literal(table)
                            ),
                            None => format!(
                                "SELECT {}, _key FROM {} WHERE {}::VARCHAR IN ({values})",
                                Literal(table),
                                Path("candidate", table),
                                Ident(key),
                            ),
                        });
                    }
                    [_] => {}
                    _ if is_far || begins => {
                        parts.push(format!(
                            "SELECT \"table\", \"row\" FROM {} WHERE \"table\" = {}",
                            rows::ROWS,
                            Literal(table)
                        ));
                    }
                    _ => {}
                }
            }
        }
        if parts.is_empty() {
            return Ok(());
        }
        let columns = "\"table\", \"row\", place, false AS is_open, rowid AS _at";
        self.store.fill_like(FOUND, columns, rows::named(columns, &parts.join("\nUNION ALL\n")))?;
        let found = self.store.count(&format!("SELECT count(*) FROM {FOUND}"))?;
        if found == 0 {
            return Ok(());
        }
        stake::fill_found(self.store, self.money, self.places)?;
        rows::remember_stake(self.store, &stake::sums(self.money, "f._at"), found)
    }

    /// Gathers the findings beside which no money is written; whether there are any.
    fn are_bare(&self) -> Result<bool> {
        let tables: Vec<String> = self.money.ways.keys().map(|table| Literal(table).to_string()).collect();
        let bare = format!(
            "SELECT \"table\", \"row\", _row AS place FROM dq.anomalies WHERE stake IS NULL AND \"table\" IN ({})",
            tables.join(", ")
        );
        self.store.plainly(|| self.store.fill(BARE, bare))?;
        Ok(self.store.count(&format!("SELECT count(*) FROM {BARE}"))? > 0)
    }
}
