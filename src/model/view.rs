//! A table as a grid looks at it: which rows, in which order, and what is known of its columns. Neighbour: `page`.

/// The stages that a table can stand in, in the order of the data's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TableStage {
    /// Rows exactly as read.
    Staging,
    /// Records that could not be read as rows.
    Rejects,
    /// Rows as the mapping and the decisions make them.
    Candidate,
    /// Rows that the gate holds back.
    Quarantine,
    /// Rows that were committed.
    Canonical,
    /// The workbench's own tables.
    Workbench,
}

impl TableStage {
    /// Every stage.
    pub const ALL: [TableStage; 6] = [
        TableStage::Staging,
        TableStage::Rejects,
        TableStage::Candidate,
        TableStage::Quarantine,
        TableStage::Canonical,
        TableStage::Workbench,
    ];

    /// Its name on the screen.
    pub fn name(self) -> &'static str {
        match self {
            TableStage::Staging => "staging",
            TableStage::Rejects => "rejects",
            TableStage::Candidate => "candidate",
            TableStage::Quarantine => "quarantine",
            TableStage::Canonical => "canonical",
            TableStage::Workbench => "workbench",
        }
    }
}

/// Where the rows of a view come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RowsOf {
    /// A table by its schema and name, e.g. `candidate`, `customers`.
    Table(String, String),
    /// The result of a query that only reads.
    Query(String),
}

impl RowsOf {
    /// The table of that schema and name.
    pub fn table(schema: impl Into<String>, name: impl Into<String>) -> RowsOf {
        RowsOf::Table(schema.into(), name.into())
    }
}

/// A table that can be opened, and what is known of it without reading its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableInfo {
    /// The stage that it belongs to.
    pub stage: TableStage,
    /// Its schema in the database.
    pub schema: String,
    /// Its name in the schema.
    pub name: String,
    /// How many rows it has.
    pub rows: u64,
    /// Its columns in order.
    pub columns: Vec<ColumnInfo>,
    /// Its name as it is written in SQL, quoted where that is needed.
    pub sql: String,
}

impl TableInfo {
    /// What a view of it reads.
    pub fn of(&self) -> RowsOf {
        RowsOf::table(&self.schema, &self.name)
    }
}

/// A column of a table or of a query's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnInfo {
    /// Its name.
    pub name: String,
    /// Its type as the engine writes it, e.g. `DECIMAL(18,4)`.
    pub sql_type: String,
    /// What it holds.
    pub kind: CellKind,
}

impl ColumnInfo {
    /// A column of that name and type.
    pub fn new(name: impl Into<String>, sql_type: impl Into<String>) -> ColumnInfo {
        let sql_type = sql_type.into();
        ColumnInfo { name: name.into(), kind: CellKind::of(&sql_type), sql_type }
    }
}

/// What a column holds, as far as screens and files tell kinds of values apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellKind {
    /// A whole or a broken number.
    Number,
    /// True or false.
    Boolean,
    /// A calendar day.
    Date,
    /// A day and time.
    Timestamp,
    /// Several values.
    List,
    /// Text, and all that is best shown as text.
    Text,
}

impl CellKind {
    /// The kind of a type of the engine.
    pub fn of(sql_type: &str) -> CellKind {
        match sql_type {
            list if list.ends_with(']') => CellKind::List,
            "BOOLEAN" => CellKind::Boolean,
            "DATE" => CellKind::Date,
            "TIMESTAMP" | "TIMESTAMP_S" | "TIMESTAMP_MS" | "TIMESTAMP_NS" | "TIMESTAMP WITH TIME ZONE" => {
                CellKind::Timestamp
            }
            "TINYINT" | "SMALLINT" | "INTEGER" | "BIGINT" | "HUGEINT" | "UTINYINT" | "USMALLINT" | "UINTEGER"
            | "UBIGINT" | "UHUGEINT" | "FLOAT" | "DOUBLE" => CellKind::Number,
            decimal if decimal.starts_with("DECIMAL") => CellKind::Number,
            _ => CellKind::Text,
        }
    }
}

/// Which rows of which relation, in which order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TableView {
    /// Where the rows come from.
    pub of: RowsOf,
    /// What they must all be.
    pub filters: Vec<RowFilter>,
    /// What they are sorted by, the most important first; in their own order where it is empty.
    pub sort: Vec<SortKey>,
}

impl TableView {
    /// All rows in their own order.
    pub fn all(of: RowsOf) -> TableView {
        TableView { of, filters: Vec::new(), sort: Vec::new() }
    }
}

/// A column to sort by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SortKey {
    /// The column.
    pub column: String,
    /// Whether the greatest comes first. Absent values come last in any case.
    pub descending: bool,
}

/// What a row must be to be seen. Values are compared in the form in which they are shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RowFilter {
    /// The column has one of these values; `None` is an absent one.
    Is(String, Vec<Option<String>>),
    /// The column has another value.
    IsNot(String, Option<String>),
    /// The column, or any if none is named, contains a text, in capitals or not.
    Contains(Option<String>, String),
    /// The value has a shape such as `Aaa-999`.
    Shape(String, String),
    /// The value, read as a number, is at least the first and below the second; of the last range also equal to it.
    Within(String, String, String, bool),
    /// An expression holds that only reads.
    Expression(String),
}

/// A window of the rows of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewPage {
    /// The columns.
    pub columns: Vec<ColumnInfo>,
    /// The number of the first row of the window, from 0.
    pub offset: u64,
    /// The rows. Texts of more than [`LONGEST_CELL`] characters are cut to one more than that.
    pub rows: Vec<Vec<Option<String>>>,
    /// How many rows the view has.
    pub total: u64,
    /// How many there are without its filters.
    pub all: u64,
}

/// How many characters of a value a window of rows holds; the record has all of them.
pub const LONGEST_CELL: usize = 500;

/// One row of a view with all that there is of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its number in the view, from 0.
    pub at: u64,
    /// Its values, whole, in the order of the columns.
    pub cells: Vec<Option<String>>,
    /// Where it was read, if it came from a file.
    pub origin: Option<RecordOrigin>,
}

/// Where a row was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordOrigin {
    /// The file.
    pub file: String,
    /// The line in it, from 1.
    pub line: u64,
    /// The record as it stands there; `None` where the file is gone or has changed.
    pub raw: Option<String>,
}

/// How often a value occurs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// The value; `None` is the absent one.
    pub value: Option<String>,
    /// In how many rows.
    pub rows: u64,
}

/// A window of the values of a column by how often they occur, the most frequent first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frequencies {
    /// The number of the first value of the window, from 0.
    pub offset: u64,
    /// The values.
    pub values: Vec<Occurrence>,
    /// How many different values there are.
    pub distinct: u64,
    /// How many rows were counted.
    pub rows: u64,
}

/// What a column of a view holds, over all its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The column.
    pub column: ColumnInfo,
    /// How many rows the view has.
    pub rows: u64,
    /// How many of them have no value.
    pub absent: u64,
    /// How many have an empty text.
    pub empty: u64,
    /// How many different values there are.
    pub distinct: u64,
    /// How many values occur once.
    pub unique: u64,
    /// How many values can be read as a number; all of them in a column of numbers.
    pub numeric: u64,
    /// The least and the greatest value, as they are sorted.
    pub least: Option<String>,
    /// See `least`.
    pub greatest: Option<String>,
    /// The shortest and the longest text, in characters.
    pub lengths: Option<(u64, u64)>,
    /// Of values that are numbers: the least, the values below which 5, 25, 50, 75 and 95 % lie, and the greatest.
    pub quantiles: Option<[f64; 7]>,
    /// Of values that are numbers: their mean.
    pub mean: Option<f64>,
    /// Of values that are numbers: in equal ranges, from where to where, and how many.
    pub histogram: Vec<(f64, f64, u64)>,
    /// The most frequent values.
    pub top: Vec<Occurrence>,
    /// The most frequent shapes of the values, such as `Aaa-999`.
    pub shapes: Vec<(String, u64)>,
    /// How many different shapes there are.
    pub distinct_shapes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_a_column_comes_from_its_type() {
        for (sql_type, kind) in [
            ("DECIMAL(18,4)", CellKind::Number),
            ("VARCHAR[]", CellKind::List),
            ("DECIMAL(18,4)[]", CellKind::List),
            ("TIMESTAMP WITH TIME ZONE", CellKind::Timestamp),
            ("BLOB", CellKind::Text),
        ] {
            assert_eq!(CellKind::of(sql_type), kind, "{sql_type}");
        }
    }
}
