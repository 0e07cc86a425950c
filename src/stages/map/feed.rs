//! What one entity of one source gives one canonical table: a pipeline from staged text to typed values.

use super::proof;
use crate::error::{Error, Result, nearest};
use crate::model::{Field, FieldMapping, FieldType, Schema, Step, Table, TableMapping, column_key};
use crate::rules::Origin;
use crate::sql::{Ident, Literal, Path, Pipeline};
use crate::store::Store;
use crate::transforms::{self, Inputs};

/// One source's entity feeding one table.
#[derive(Clone)]
pub(super) struct Feed {
    pub origin: Origin,
    /// The temporary table with the staged texts, where it is not all of them.
    texts: Option<String>,
    /// How many rows are staged, where all of them are mapped.
    staged: u64,
    filter: Option<String>,
    fields: Vec<FeedField>,
}

/// One field, cut into what is done before the first step that can fail, the steps that can, and what comes after.
#[derive(Clone)]
struct FeedField {
    name: String,
    kind: FieldType,
    /// The bit of the field in `_unread`.
    bit: usize,
    /// The staged columns of its text.
    columns: Vec<String>,
    /// The staged column that says how the text is to be read.
    beside: Option<String>,
    /// Over the staged columns: text.
    before: String,
    /// Over `before`: the value, NULL where it cannot be read. None where nothing can fail.
    reading: Option<String>,
    /// Over `reading`: what is done to a value that could be read.
    after: Option<String>,
    default: Option<String>,
    /// What the steps that can fail read, in words.
    reads: Option<&'static str>,
    /// Whether a step trims: a text of nothing but white space cannot come through then.
    trims: bool,
}

impl Feed {
    /// Compiles one table of one source's mapping against the columns that are staged.
    pub fn new(
        store: &Store,
        schema: &Schema,
        table_name: &str,
        source: &str,
        relation: &str,
        mapping: &TableMapping,
        all_columns: Vec<String>,
    ) -> Result<Feed> {
        let place = |error: Error, field: &str, key: &str| {
            error
                .at_column(format!("{source}: {table_name}.{field}"))
                .at_key(["tables", table_name, "fields", field, key].into_iter().filter(|part| !part.is_empty()))
        };
        let table = schema.tables.get(table_name).ok_or_else(|| {
            Error::config(format!(
                "the mapping of source \"{source}\" feeds a table \"{table_name}\" that is not declared"
            ))
            .hint(format!("the tables are: {}", schema.tables.keys().cloned().collect::<Vec<_>>().join(", ")))
        })?;
        let mapping = &settled(mapping, &all_columns);
        let mut fields = Vec::new();
        for (name, feed) in &mapping.fields {
            let Some((bit, _, field)) = table.fields.get_full(name) else {
                let error = Error::config(format!("the table \"{table_name}\" has no field \"{name}\""));
                let error = match nearest(name, table.fields.keys().map(String::as_str)) {
                    Some(near) => error.hint(format!("did you mean \"{near}\"?")),
                    None => error,
                };
                let error = error.hint("take it out of the mapping, or declare it in mappings/canonical.toml");
                return Err(place(error, name, ""));
            };
            let input = if feed.column.is_some() { "column" } else { "columns" };
            let found = columns_of(feed, &all_columns, &mapping.entity);
            let Some(mut columns) = found.map_err(|error| place(error, name, input))? else { continue };
            let default = field.default.as_ref().map(|value| literal(value, field.kind));
            let beside = columns.drain(transforms::text_columns(&feed.transforms, columns.len())..).next();
            let compiled = compile(name, feed, &columns, beside.as_deref(), field.kind)
                .map_err(|error| place(error, name, if feed.transforms.is_empty() { "" } else { "transforms" }))?;
            let Compiled { before, reading, after, reads } = compiled;
            fields.push(FeedField {
                name: name.clone(),
                kind: field.kind,
                bit,
                columns,
                beside,
                reads,
                before,
                reading,
                after,
                default,
                trims: feed.transforms.iter().any(|step| step.name == "trim"),
            });
        }
        if let Some(filter) = &mapping.filter {
            proof::condition(store, relation, &all_columns, filter).map_err(|error| {
                error.at_column(format!("{source}: {table_name}")).at_key(["tables", table_name, "where"])
            })?;
        }
        let origin = Origin {
            source: source.to_owned(),
            entity: mapping.entity.clone(),
            relation: relation.to_owned(),
            columns: fields.iter().map(|field| (field.name.clone(), field.columns.clone())).collect(),
            reads: fields.iter().filter_map(|field| Some((field.name.clone(), field.reads?))).collect(),
            all_columns,
        };
        let feed = Feed { origin, texts: None, staged: 0, filter: mapping.filter.clone(), fields };
        feed.read_own_words(store, table, mapping).map_err(|(error, field)| place(error, &field, "transforms"))?;
        Ok(feed)
    }

    /// Refuses a constant or a default that its own field cannot read: it would be lost in every row without another value. An error
    /// with the field.
    fn read_own_words(
        &self,
        store: &Store,
        table: &Table,
        mapping: &TableMapping,
    ) -> std::result::Result<(), (Error, String)> {
        let adds = |step: &Step| ["constant", "default"].contains(&step.name.as_str());
        let has_own = |field: &&FeedField| {
            field.reading.is_some()
                && mapping.fields.get(&field.name).is_some_and(|feed| feed.transforms.iter().any(adds))
        };
        let fields: Vec<FeedField> = self.fields.iter().filter(has_own).cloned().collect();
        let Some(first) = fields.first() else { return Ok(()) };
        let first = first.name.clone();
        // What is added comes out of a row that has nothing itself.
        let mut columns: Vec<String> = fields
            .iter()
            .flat_map(|field| field.columns.iter().chain(&field.beside))
            .map(|column| format!("NULL::VARCHAR AS {}", Ident(column)))
            .collect();
        columns.sort();
        columns.dedup();
        columns.insert(0, "1 AS _row".to_owned());
        let empty = format!("SELECT {}", columns.join(", "));
        let feed = Feed { fields, ..self.clone() };
        let rows = feed.steps(empty.clone(), table, |name| feed.gives(name));
        let unread = store.first(&format!("SELECT _unread FROM ({rows})"), [], |row| row.get::<_, i64>(0));
        let unread = unread.map_err(|error| (error, first))?.unwrap_or_default();
        let Some(wrong) = feed.fields.iter().find(|field| unread & (1_i64 << field.bit) != 0) else { return Ok(()) };
        let words = store.first(&format!("SELECT {} FROM ({empty})", wrong.before), [], |row| row.get::<_, String>(0));
        let words = words.map_err(|error| (error, wrong.name.clone()))?.unwrap_or_default();
        let noun = table.fields.get(&wrong.name).map_or("a value", Field::noun);
        let error = Error::config(format!("the mapping gives rows without a value \"{words}\", which is not {noun}"));
        let error = if wrong.kind == FieldType::Text { error } else { error.hint(wrong.kind.advice()) };
        Err((error, wrong.name.clone()))
    }

    /// The same feed, which is known to have so many staged rows to share out among the threads.
    pub fn of_rows(self, staged: u64) -> Feed {
        Feed { staged, ..self }
    }

    /// The same feed on the staged texts of some rows, which are in a temporary table.
    pub fn among(&self, texts: String) -> Feed {
        Feed { texts: Some(texts), ..self.clone() }
    }

    /// Whether it gives that field.
    pub fn gives(&self, field: &str) -> bool {
        self.fields.iter().any(|given| given.name == field)
    }

    /// Whether it is about a few of the staged rows.
    pub fn is_few(&self) -> bool {
        self.texts.is_some()
    }

    /// The relation with the staged texts.
    pub fn texts(&self) -> String {
        match &self.texts {
            Some(texts) => Ident(texts).to_string(),
            None => Path("staging", &self.origin.relation).to_string(),
        }
    }

    /// The steps from staging to the table's fields, `_unread` and `_row`; only the fields that `wanted` lets through.
    /// `rows` is a condition on `_row`.
    pub fn pipeline(&self, table: &Table, wanted: impl Fn(&str) -> bool, rows: Option<&str>) -> Pipeline {
        let fields: Vec<&FeedField> = self.fields.iter().filter(|field| wanted(&field.name)).collect();
        let mut columns: Vec<String> = fields
            .iter()
            .flat_map(|field| field.columns.iter().chain(&field.beside))
            .map(|column| Ident(column).to_string())
            .collect();
        columns.sort();
        columns.dedup();
        columns.insert(0, "_row".to_owned());
        let parts = match (rows, &self.texts) {
            (None, None) => parts(self.staged),
            _ => vec![None],
        };
        let staged = parts.iter().map(|part| {
            let conditions = self.filter.iter().map(String::as_str).chain(rows).chain(part.as_deref());
            let conditions: Vec<String> = conditions.map(|condition| format!("({condition})")).collect();
            let filter =
                if conditions.is_empty() { String::new() } else { format!("\nWHERE {}", conditions.join(" AND ")) };
            format!("SELECT {}\nFROM {}{filter}", columns.join(", "), self.texts())
        });

        let staged = staged.collect::<Vec<_>>().join("\nUNION ALL ");
        self.steps(staged, table, wanted)
    }

    /// The steps from a query for staged rows on.
    fn steps(&self, staged: String, table: &Table, wanted: impl Fn(&str) -> bool) -> Pipeline {
        let fields: Vec<&FeedField> = self.fields.iter().filter(|field| wanted(&field.name)).collect();
        let mut pipeline = Pipeline::new();
        pipeline.step("staged", staged);
        let texts = fields.iter().flat_map(|field| {
            let beside =
                field.beside.as_ref().map(|column| format!("  {} AS {}", Ident(column), beside_name(&field.name)));
            [Some(format!("  {} AS {}", field.before, text_of(field))), beside].into_iter().flatten()
        });
        pipeline.step("texts", select("  _row", texts, "staged"));
        let read = fields.iter().flat_map(|field| {
            let value = field.reading.as_deref().map(|reading| format!("  {reading} AS {}", Ident(&field.name)));
            [Some(format!("  {}", text_of(field))), value].into_iter().flatten().collect::<Vec<_>>()
        });
        pipeline.step("values", select("  _row", read, "texts"));

        let unread: Vec<String> =
            fields.iter().filter(|field| field.reading.is_some()).map(|field| unread(field)).collect();
        let unread = if unread.is_empty() { "0::BIGINT".to_owned() } else { unread.join("\n    | ") };
        let mapped = table.fields.iter().filter(|(name, _)| wanted(name)).map(|(name, field)| {
            let value = match fields.iter().find(|fed| fed.name == *name) {
                Some(fed) => value_of(fed),
                None => match &field.default {
                    Some(default) => literal(default, field.kind),
                    None => format!("NULL::{}", field.kind.sql()),
                },
            };
            format!("  {value} AS {}", Ident(name))
        });
        pipeline.step("mapped", select(&format!("  _row, {unread} AS _unread"), mapped, "values"));
        pipeline
    }

    /// A digest of what the record says to the table, which stands in for a key where there is none. Names and order of
    /// columns, and columns that are blank or feed nothing, do not go into it: an export that has one more of these must
    /// not make the decisions about its rows void.
    pub fn record_hash(&self) -> String {
        let mut fields: Vec<&FeedField> = self.fields.iter().collect();
        fields.sort_by_key(|field| field.bit);
        let mut seen: Vec<&String> = Vec::new();
        let mut parts = vec![Literal(&self.origin.entity).to_string()];
        for field in fields {
            for (at, column) in field.columns.iter().enumerate() {
                if seen.contains(&column) {
                    continue;
                }
                seen.push(column);
                let (name, column) = (Literal(&format!("{} {at}", field.name)).to_string(), Ident(column));
                parts.push(format!("CASE WHEN trim({column}) <> '' THEN {name} || chr(30) || {column} END"));
            }
        }
        format!("substr(md5(concat_ws(chr(31), {})), 1, 12)", parts.join(", "))
    }
}

/// Conditions on `_row` that cut a staged entity into parts, for all threads to have a part of the mapping; one without a
/// condition where the engine has enough to share out. It shares out whole groups of rows, and of what is smaller than a few
/// of them every value would be read by one thread while the others wait.
fn parts(rows: u64) -> Vec<Option<String>> {
    /// How many rows the engine keeps together.
    const GROUP: u64 = 122_880;
    const PARTS: u64 = 8;
    /// Fewer are mapped sooner than shared out.
    const WORTH_IT: u64 = 20_000;
    if !(WORTH_IT..PARTS / 2 * GROUP).contains(&rows) {
        return vec![None];
    }
    // Records that were rejected have a number too, so the last part is open.
    let start = |part: u64| part * rows / PARTS;
    (0..PARTS)
        .map(|part| match part {
            0 => Some(format!("_row <= {}", start(1))),
            last if last + 1 == PARTS => Some(format!("_row > {}", start(last))),
            part => Some(format!("_row > {} AND _row <= {}", start(part), start(part + 1))),
        })
        .collect()
}

fn select(first: &str, columns: impl Iterator<Item = String>, from: &str) -> String {
    let mut lines = vec![first.to_owned()];
    lines.extend(columns);
    format!("SELECT\n{}\nFROM {}", lines.join(",\n"), Ident(from))
}

fn text_of(field: &FeedField) -> String {
    text_name(&field.name)
}

/// The name under which the text before reading flows beside the value; a field name has no space in it.
fn text_name(field: &str) -> String {
    Ident(&format!("{field} text")).to_string()
}

/// The name under which the column that says how to read the text flows beside it.
fn beside_name(field: &str) -> String {
    Ident(&format!("{field} beside")).to_string()
}

/// True where there was text and no value came of it.
fn is_unread(field: &FeedField) -> String {
    let (name, text) = (Ident(&field.name).to_string(), text_of(field));
    let value = match (field.kind, &field.after) {
        // A value too large for the field is as lost as one that is no value at all.
        (kind, None) if kind != FieldType::Text => format!("TRY_CAST({name} AS {})", kind.sql()),
        _ => name,
    };
    format!("CASE WHEN {value} IS NULL THEN coalesce(tv_trim({text}) <> '', false) ELSE false END")
}

fn unread(field: &FeedField) -> String {
    format!("CASE WHEN {} THEN {}::BIGINT ELSE 0 END", is_unread(field), 1_i64 << field.bit)
}

fn value_of(field: &FeedField) -> String {
    let typed = |value: &str| match field.kind {
        FieldType::Text if field.trims || field.reading.is_some() => format!("nullif(({value})::VARCHAR, '')"),
        FieldType::Text => format!("CASE WHEN tv_trim({value}) <> '' THEN ({value})::VARCHAR END"),
        kind => format!("TRY_CAST({value} AS {})", kind.sql()),
    };
    if field.reading.is_none() {
        let value = typed(&text_of(field));
        return match &field.default {
            Some(default) => format!("coalesce({value}, {default})"),
            None => value,
        };
    }
    let name = Ident(&field.name).to_string();
    let value = typed(field.after.as_deref().unwrap_or(&name));
    match (&field.default, &field.after) {
        // Neither a default nor a later step may stand in for text that could not be read.
        (Some(default), _) => format!("CASE WHEN {} THEN NULL ELSE coalesce({value}, {default}) END", is_unread(field)),
        (None, Some(_)) => format!("CASE WHEN {} THEN NULL ELSE {value} END", is_unread(field)),
        (None, None) => value,
    }
}

/// The mapping without the columns that only say how others are to be read and that some exports lack: where the country is
/// optional, it is so beside the telephone number too.
pub(super) fn settled(mapping: &TableMapping, staged: &[String]) -> TableMapping {
    let is_staged = |wanted: &str| staged.iter().any(|column| column_key(column) == column_key(wanted));
    let may_lack = |wanted: &str| {
        let wants = |feed: &FieldMapping| feed.inputs().any(|other| column_key(other) == column_key(wanted));
        mapping.fields.values().any(|feed| feed.optional && wants(feed))
    };
    let mut settled = mapping.clone();
    for feed in settled.fields.values_mut() {
        let texts = transforms::text_columns(&feed.transforms, feed.inputs().count());
        if let Some(beside) = feed.columns.get(texts).filter(|beside| !is_staged(beside) && may_lack(beside)) {
            let gone = beside.clone();
            feed.columns.retain(|column| *column != gone);
        }
    }
    settled
}

/// The staged columns that a field wants, by their names as staged; none where an optional one is absent.
fn columns_of(feed: &FieldMapping, staged: &[String], entity: &str) -> Result<Option<Vec<String>>> {
    let mut columns = Vec::new();
    for wanted in feed.inputs() {
        let key = column_key(wanted);
        match staged
            .iter()
            .find(|column| *column == wanted)
            .or_else(|| staged.iter().find(|column| column_key(column) == key))
        {
            Some(column) => columns.push(column.clone()),
            None if feed.optional => return Ok(None),
            None => {
                let error = Error::config(format!("the entity \"{entity}\" has no column \"{wanted}\""));
                let error = match nearest(wanted, staged.iter().map(String::as_str)) {
                    Some(near) => error.hint(format!("did you mean \"{near}\"?")),
                    None => error,
                };
                return Err(error
                    .hint(format!("its columns are: {}", staged.join(", ")))
                    .hint("name another column in the mapping, or say optional = true if some exports lack it")
                    .hint("`tastevin map suggest` says which column it probably is now"));
            }
        }
    }
    Ok(Some(columns))
}

/// Whether values of one type become values of the other without loss.
fn fits(from: FieldType, to: FieldType) -> bool {
    from == to
        || to == FieldType::Text
        || matches!((from, to), (FieldType::Integer, FieldType::Decimal) | (FieldType::Date, FieldType::Timestamp))
}

struct Compiled {
    before: String,
    reading: Option<String>,
    after: Option<String>,
    reads: Option<&'static str>,
}

/// The transform that reads a type from text, for mappings that name none and for values that a person types.
pub(super) fn reader_of(kind: FieldType) -> Option<Step> {
    let name = match kind {
        FieldType::Text => return None,
        FieldType::Integer => "integer",
        FieldType::Decimal => "decimal",
        FieldType::Boolean => "boolean",
        FieldType::Date => "date",
        FieldType::Timestamp => "timestamp",
        FieldType::List => "split_list",
    };
    Some(Step::bare(name))
}

fn compile(
    name: &str,
    feed: &FieldMapping,
    columns: &[String],
    beside: Option<&str>,
    kind: FieldType,
) -> Result<Compiled> {
    let mut steps = feed.transforms.clone();
    let output = match steps.last() {
        Some(step) => transforms::find(&step.name)?.output,
        None => FieldType::Text,
    };
    if output == FieldType::Text {
        steps.extend(reader_of(kind));
    } else if !fits(output, kind) {
        return Err(Error::config(format!("the transforms give {}, the field is {}", output.name(), kind.name()))
            .hint(format!("end with the transform that reads {}", kind.name())));
    }
    let found: Vec<_> = steps.iter().map(|step| transforms::find(&step.name)).collect::<Result<_>>()?;
    let first = found.iter().position(|transform| transform.reads.is_some());
    let last = found.iter().rposition(|transform| transform.reads.is_some());

    let reads = last.and_then(|last| found[last].reads);
    let mut compiled = Compiled { before: String::new(), reading: None, after: None, reads };
    let mut flow: Vec<String> = columns.iter().map(|column| Ident(column).to_string()).collect();
    let mut flow_kind = FieldType::Text;
    for (at, (step, transform)) in steps.iter().zip(&found).enumerate() {
        if at > 0 && transform.inputs.stands_first() {
            return Err(Error::config(format!("transform \"{}\" can only stand first", step.name)));
        }
        if flow_kind != FieldType::Text {
            flow = flow.iter().map(|value| format!("({value})::VARCHAR")).collect();
        }
        if Some(at) == first {
            compiled.before = single(&flow)?;
            flow = vec![text_name(name)];
        }
        if let (Some(column), Inputs::Beside(_)) = (beside, transform.inputs) {
            let is_read = first.is_some_and(|first| at >= first);
            flow.push(if is_read { beside_name(name) } else { Ident(column).to_string() });
        }
        flow = vec![transform.expression(&flow, step.arguments.as_ref())?];
        flow_kind = transform.output;
        if Some(at) == last {
            compiled.reading = Some(single(&flow)?);
            flow = vec![Ident(name).to_string()];
        }
    }
    match last {
        None => compiled.before = single(&flow)?,
        Some(last) if last + 1 < steps.len() => compiled.after = Some(single(&flow)?),
        Some(_) => {}
    }
    Ok(compiled)
}

fn single(expressions: &[String]) -> Result<String> {
    match expressions {
        [one] => Ok(one.clone()),
        [] => Err(Error::config("no column feeds the field").hint("name a column, or use the transform constant")),
        _ => Err(Error::config("several columns feed the field").hint("put concat or coalesce first")),
    }
}

/// A default as a SQL literal of the field's type.
pub(super) fn literal(value: &toml::Value, kind: FieldType) -> String {
    let text = match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(list) => {
            let items: Vec<String> =
                list.iter().map(|item| Literal(item.as_str().unwrap_or(&item.to_string())).to_string()).collect();
            return format!("[{}]::VARCHAR[]", items.join(", "));
        }
        other => other.to_string(),
    };
    format!("TRY_CAST({} AS {})", Literal(&text), kind.sql())
}

#[cfg(test)]
mod tests {
    use super::parts;
    use crate::error::Result;
    use crate::store::Store;

    #[test]
    fn every_row_is_in_one_part() -> Result<()> {
        let store = Store::in_memory(&[])?;
        for rows in [20_000, 20_003, 100_092, 491_519] {
            let parts = parts(rows);
            assert_eq!(parts.len(), 8);
            // As where records were rejected, the numbers go beyond the count of rows.
            let counts: Vec<String> = parts
                .iter()
                .flatten()
                .map(|part| format!("SELECT count(*) FROM range(1, {rows} + 50) t(_row) WHERE {part}"))
                .collect();
            let sum = counts.iter().map(|count| store.count(count)).sum::<Result<u64>>()?;
            let all = parts.into_iter().flatten().collect::<Vec<_>>().join(" OR ");
            assert_eq!(sum, rows + 49);
            assert_eq!(
                store.count(&format!("SELECT count(*) FROM range(1, {rows} + 50) t(_row) WHERE {all}"))?,
                rows + 49
            );
        }
        assert_eq!((parts(0), parts(19_999), parts(491_520)), (vec![None], vec![None], vec![None]));
        Ok(())
    }
}
