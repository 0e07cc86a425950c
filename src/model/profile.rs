//! What the columns of a staged entity hold, over all of its rows. Neighbour: `suggestion`, which is drawn from it.

use serde::{Deserialize, Serialize};

/// The columns of one staged entity.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EntityProfile {
    /// The source.
    pub source: String,
    /// The entity.
    pub entity: String,
    /// The load that staged it.
    pub load: i64,
    /// Its staged rows.
    pub rows: u64,
    /// Its columns, in the order of the export.
    pub columns: Vec<ColumnProfile>,
}

impl EntityProfile {
    /// The column of that name, as staged.
    pub fn column(&self, name: &str) -> Option<&ColumnProfile> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// What one staged column holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ColumnProfile {
    /// Its name as staged.
    pub name: String,
    /// Rows with text other than white space.
    pub filled: u64,
    /// Rows with a text of nothing but white space.
    pub empty: u64,
    /// Rows without a text, e.g. because their file lacks the column.
    pub absent: u64,
    /// Different texts among the filled; exact if `distinct_is_exact`.
    pub distinct: u64,
    /// Whether `distinct` was counted; in large tables it is estimated, to within a few percent.
    pub distinct_is_exact: bool,
    /// What the values look like.
    pub kind: ValueKind,
    /// The share of the filled rows that look like it, 0 to 1.
    pub share: f64,
    /// For every other kind that some values look like, the share of the filled rows, greatest first. A value can look
    /// like several: `2021` is a year, a number and a code.
    pub kinds: Vec<(ValueKind, f64)>,
    /// The most frequent shapes with their rows: `Aaa-999` for Ref-123, where `A` is a capital, `a` a small letter, `9` a
    /// digit, and other characters stand for themselves.
    pub shapes: Vec<(String, u64)>,
    /// The least value, in the order of the kind.
    pub min: Option<String>,
    /// The greatest value, in the order of the kind.
    pub max: Option<String>,
    /// The most frequent texts with their rows.
    pub frequent: Vec<(String, u64)>,
    /// The first different texts, in the order of the export.
    pub first: Vec<String>,
    /// The date and time formats that read the values, e.g. `%d/%m/%Y`, with the rows that each reads, most first.
    pub formats: Vec<(String, u64)>,
    /// The share of the filled rows with two words or more, 0 to 1.
    pub several_words: f64,
    /// What separates the items of values that look like lists.
    pub separator: Option<char>,
    /// Rows with a number whose comma can only be the decimal sign.
    pub decimal_comma: u64,
    /// Rows with a number whose point can only be the decimal sign.
    pub decimal_point: u64,
    /// Rows with a number whose one comma stands before three digits: decimals or thousands.
    pub doubtful_comma: u64,
}

impl ColumnProfile {
    /// The share of all rows that are filled, 0 to 1.
    pub fn fill(&self) -> f64 {
        share(self.filled, self.filled + self.empty + self.absent)
    }

    /// The share of the filled rows that look like a kind, 0 to 1.
    pub fn share_of(&self, kind: ValueKind) -> f64 {
        if kind == self.kind {
            return self.share;
        }
        self.kinds.iter().find(|(other, _)| *other == kind).map_or(0.0, |(_, share)| *share)
    }

    /// Different texts per filled row, 0 to 1; 1 where every value is another.
    pub fn distinctness(&self) -> f64 {
        share(self.distinct, self.filled)
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64).min(1.0) }
}

/// What a text can look like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueKind {
    /// Nothing in particular.
    #[default]
    Text,
    /// Nothing at all: no row is filled.
    Nothing,
    /// One to four words that begin with capitals.
    Name,
    /// Letters and digits without a space, at least one digit: `C00123`, `REF-12`.
    Code,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A whole number.
    Integer,
    /// A number with decimals.
    Decimal,
    /// A calendar day.
    Date,
    /// A day and a time.
    Timestamp,
    /// One of two: yes and no, 1 and 0, true and false.
    Boolean,
    /// A year of four digits.
    Year,
    /// A postal code.
    PostalCode,
    /// The name or code of a country.
    Country,
    /// Several words with commas, semicolons, slashes or bars between them.
    List,
}

impl ValueKind {
    /// All of them.
    pub const ALL: [ValueKind; 15] = [
        ValueKind::Text,
        ValueKind::Nothing,
        ValueKind::Name,
        ValueKind::Code,
        ValueKind::Email,
        ValueKind::Phone,
        ValueKind::Integer,
        ValueKind::Decimal,
        ValueKind::Date,
        ValueKind::Timestamp,
        ValueKind::Boolean,
        ValueKind::Year,
        ValueKind::PostalCode,
        ValueKind::Country,
        ValueKind::List,
    ];

    /// The word on screen and in outputs.
    pub fn name(self) -> &'static str {
        match self {
            ValueKind::Text => "text",
            ValueKind::Nothing => "nothing",
            ValueKind::Name => "name",
            ValueKind::Code => "code",
            ValueKind::Email => "email",
            ValueKind::Phone => "phone",
            ValueKind::Integer => "integer",
            ValueKind::Decimal => "decimal",
            ValueKind::Date => "date",
            ValueKind::Timestamp => "date and time",
            ValueKind::Boolean => "yes/no",
            ValueKind::Year => "year",
            ValueKind::PostalCode => "postal code",
            ValueKind::Country => "country",
            ValueKind::List => "list",
        }
    }

    /// What several of them are called.
    pub fn plural(self) -> &'static str {
        match self {
            ValueKind::Text => "text",
            ValueKind::Nothing => "nothing",
            ValueKind::Name => "names",
            ValueKind::Code => "codes",
            ValueKind::Email => "e-mail addresses",
            ValueKind::Phone => "telephone numbers",
            ValueKind::Integer => "whole numbers",
            ValueKind::Decimal => "numbers",
            ValueKind::Date => "days",
            ValueKind::Timestamp => "days with a time",
            ValueKind::Boolean => "yes and no",
            ValueKind::Year => "years",
            ValueKind::PostalCode => "postal codes",
            ValueKind::Country => "countries",
            ValueKind::List => "lists",
        }
    }
}
