//! Fit: how well the values of a column can be what a field declares to hold: its type, format, allowed values and range.

use crate::model::{ColumnProfile, Evidence, EvidencePart, Field, FieldType, Format, ValueKind, column_key};

/// What the values speak for or against, in log odds, with the words for it.
pub struct Fit {
    /// How much it changes the log odds that the column feeds the field.
    pub weight: f64,
    /// The same for a person.
    pub evidence: Vec<Evidence>,
}

/// Weighs a column's values against a field's declaration.
pub fn fit(column: &ColumnProfile, field: &Field) -> Fit {
    if column.filled == 0 {
        let words = "the column is empty".to_owned();
        return Fit { weight: -0.4, evidence: vec![Evidence { part: EvidencePart::Kind, score: 0.5, words }] };
    }
    let (share, special, words) = kind(column, field);
    // What only few columns look like says much; what does not look like it at all says more.
    let mut weight = if share >= 0.5 { (share - 0.5) * 2.0 * special } else { (share - 0.5) * 8.0 };
    let mut evidence = vec![Evidence { part: EvidencePart::Kind, score: share, words }];
    if let Some((change, score, words)) = values(column, field).or_else(|| range(column, field)) {
        weight += change;
        evidence.push(Evidence { part: EvidencePart::Values, score, words });
    }
    Fit { weight, evidence }
}

fn percent(share: f64) -> String {
    let percent = share * 100.0;
    // Never round to all or nothing what is not.
    if percent > 99.0 && percent < 100.0 { format!("{:.1} %", percent.min(99.9)) } else { format!("{percent:.0} %") }
}

/// The share of the values that can be of the field, how special it is to look so (0 to 5), and the words for it.
fn kind(column: &ColumnProfile, field: &Field) -> (f64, f64, String) {
    use ValueKind::*;
    let of = |kind: ValueKind, special: f64| {
        let share = column.share_of(kind);
        (share, special, format!("{} look like {}", percent(share), kind.plural()))
    };
    match field.format {
        Some(Format::Email) => return of(Email, 4.6),
        Some(Format::Phone) => return of(Phone, 3.8),
        // Two letters can be much else.
        Some(Format::Country) => return of(Country, if shortest(column) > 3 { 3.6 } else { 2.2 }),
        Some(Format::PostalCode) => {
            let (share, special, words) = of(PostalCode, 2.6);
            // The codes of other countries are shorter, with letters, or lost their zero.
            let foreign = if column.kind == Code || column.kind == Integer { 0.5 } else { 0.0 };
            return (share.max(foreign), special, words);
        }
        None => {}
    }
    let is_of = |kinds: &[ValueKind]| kinds.contains(&column.kind);
    match field.kind {
        FieldType::Boolean => {
            let (share, special, words) = of(Boolean, 1.6);
            if column.distinct > 8 { (share.min(0.1), special, words) } else { (share, special, words) }
        }
        FieldType::Date => {
            let share = column.share_of(Date).max(column.share_of(Timestamp));
            (share, 1.7, format!("{} look like days", percent(share)))
        }
        FieldType::Timestamp => of(Timestamp, if column.kind == Timestamp { 2.2 } else { 1.5 }),
        FieldType::Decimal => {
            let (share, _, words) = of(Decimal, 1.0);
            let share = if is_of(&[Phone, PostalCode, Date]) { share * 0.3 } else { share };
            (share, if column.kind == Decimal { 1.4 } else { 0.9 }, words)
        }
        FieldType::Integer => {
            let (share, _, words) = of(Integer, 0.9);
            (if is_of(&[Phone, PostalCode, Date]) { share * 0.3 } else { share }, 0.9, words)
        }
        FieldType::List => {
            let share = column.share_of(List);
            let words = format!("{} look like lists", percent(share));
            match column.kind {
                _ if share >= 0.2 => ((0.6 + share).min(1.0), 1.4, words),
                Text | Name => (0.6, 0.5, words),
                Code | Country => (0.4, 0.5, words),
                _ => (0.05, 0.5, words),
            }
        }
        FieldType::Text if field.key || field.references.is_some() => {
            let share = match column.kind {
                Code | Integer => 1.0,
                Name | Text if column.several_words < 0.2 => 0.75,
                PostalCode | Year | Phone => 0.35,
                Email => 0.25,
                Name | Text | List => 0.4,
                _ => 0.08,
            };
            (share, 1.0, format!("{} as keys", looks(column)))
        }
        FieldType::Text => {
            let share = match column.kind {
                Text | Name => 0.85,
                List => 0.7,
                Code => 0.55,
                Country => 0.6,
                Boolean | Integer | Year => 0.25,
                PostalCode => 0.2,
                _ => 0.08,
            };
            (share, 0.4, format!("{} as text", looks(column)))
        }
    }
}

fn looks(column: &ColumnProfile) -> String {
    format!("{} {}", percent(column.share), column.kind.plural())
}

/// Letters of the shortest of the frequent texts.
fn shortest(column: &ColumnProfile) -> usize {
    column.frequent.iter().map(|(text, _)| text.chars().count()).min().unwrap_or(0)
}

/// How many of the frequent values the field allows.
fn values(column: &ColumnProfile, field: &Field) -> Option<(f64, f64, String)> {
    if field.values.is_empty() || column.frequent.is_empty() {
        return None;
    }
    let allowed: Vec<String> = field.values.iter().map(|value| column_key(value)).collect();
    let whole: u64 = column.frequent.iter().map(|(_, n)| n).sum();
    let hits: u64 =
        column.frequent.iter().filter(|(text, _)| allowed.contains(&column_key(text))).map(|(_, n)| n).sum();
    let share = hits as f64 / whole.max(1) as f64;
    let words = format!("{} of the frequent values are allowed ones", percent(share));
    let weight = if share >= 0.3 { 3.4 * share } else { -1.0 };
    Some((weight, share, words))
}

/// Whether the values keep to the field's range.
fn range(column: &ColumnProfile, field: &Field) -> Option<(f64, f64, String)> {
    if !matches!(field.kind, FieldType::Decimal | FieldType::Integer) || field.min.is_none() && field.max.is_none() {
        return None;
    }
    let number = |text: &str| text.parse::<f64>().ok();
    let declared = |value: &Option<toml::Value>| value.as_ref().and_then(|value| number(&value.to_string()));
    let (least, most) = (number(column.min.as_deref()?)?, number(column.max.as_deref()?)?);
    let below = declared(&field.min).is_some_and(|min| most < min);
    let above = declared(&field.max).is_some_and(|max| least > max);
    let beyond = declared(&field.max).is_some_and(|max| most > max * 2.0);
    let span = format!("{least} to {most}");
    Some(match (below || above, beyond) {
        (true, _) => (-3.0, 0.0, format!("{span}, all out of range")),
        (false, true) => (-1.2, 0.3, format!("{span}, partly out of range")),
        _ => (0.2, 1.0, format!("{span}, within range")),
    })
}
