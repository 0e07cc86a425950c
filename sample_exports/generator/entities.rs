//! The files of an export: their columns, and which records and which dirt go into them.

use super::clients::CLIENTS;
use super::dirt::Kind;
use super::products::PRODUCTS;
use super::records::{Record, World};
use super::sales::SALES;
use super::stock::STOCK;

/// The day of the exports, as it stands in the file names.
pub const EXPORT_DAY: &str = "2025-11-17";

/// One file of an export.
pub struct Entity {
    /// How the file's name begins.
    pub name: &'static str,
    /// The column names.
    pub header: &'static [&'static str],
    /// How many of the first columns identify a record.
    pub key_columns: usize,
    /// How often each kind is planted in the checked-in set.
    pub few: u64,
    /// What can be planted.
    pub kinds: &'static [Kind],
    /// How many clean records there are.
    pub rows: fn(&World) -> u64,
    /// Makes the record of that number.
    pub fill: fn(&World, u64, &mut Record),
}

impl Entity {
    /// The file's name with that extension.
    pub fn file(&self, extension: &str) -> String {
        format!("{}_{EXPORT_DAY}.{extension}", self.name)
    }

    /// What identifies a record, for people.
    pub fn key(&self, record: &Record) -> String {
        let columns = record.cells.iter().take(self.key_columns).map(String::as_str);
        columns.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" / ")
    }
}

/// The files, in the order in which they refer to each other.
pub static ENTITIES: [&Entity; 4] = [&CLIENTS, &PRODUCTS, &SALES, &STOCK];
