//! The file of stock: its columns, and what can be wrong with a line of stock.

use super::dirt::Plant::{Add, Change};
use super::dirt::{Kind, again, put, rule};
use super::entities::Entity;
use super::records::{World, stock};

/// `stock`.
pub static STOCK: Entity = Entity {
    name: "stock",
    header: &["Produit Key", "Entrepôt", "Quantité", "Unité", "Réservé", "Date Inventaire"],
    key_columns: 2,
    few: 1,
    kinds: KINDS,
    rows: |world| world.stock,
    fill: World::stock,
};

// No broken records, since the workbook with the same rows cannot hold any.
static KINDS: &[Kind] = &[
    rule("missing-required", "no warehouse", &[], Change(|record, _| put(record, stock::WAREHOUSE, ""))),
    rule(
        "duplicate-key",
        "the same product in the same place, counted differently",
        &[],
        Add(|record, turn| {
            record.clone_from(turn.row);
            put(record, stock::RESERVED, "0");
            put(record, stock::QUANTITY, if turn.row.cells[stock::QUANTITY] == "77" { "78" } else { "77" })
        }),
    ),
    rule(
        "unreadable-value",
        "a quantity in words",
        &["missing-required"],
        Change(|record, turn| put(record, stock::QUANTITY, turn.pick(&["env. quarante", "à compter"]))),
    ),
    rule(
        "orphan-reference",
        "a product that no file has",
        &[],
        Change(|record, turn| {
            put(record, stock::PRODUCT, turn.pick(&["MERLOT-2019-75CL", "CHABLIS-2018-75CL", "MALBEC-2017-75CL"]))
        }),
    ),
    rule("out-of-range", "less than nothing reserved", &[], Change(|record, _| put(record, stock::RESERVED, "-5"))),
    rule("duplicate-row", "the row before once more", &["duplicate-key"], Add(again)),
    rule(
        "placeholder-value",
        "a filler in place of a value",
        &[],
        Change(|record, turn| put(record, stock::WAREHOUSE, turn.pick(&["N/A", "?", "inconnu"]))),
    ),
    rule(
        "future-date",
        "counted in years to come",
        &["out-of-range"],
        Change(|record, _| put(record, stock::DATE, "17/11/2031")),
    ),
    rule(
        "date-before-history",
        "the spreadsheet's day zero",
        &["out-of-range"],
        Change(|record, _| put(record, stock::DATE, "01/01/1900")),
    ),
    rule(
        "unknown-unit",
        "a unit that nobody can convert into bottles",
        &["unreadable-value", "unknown-value"],
        Change(|record, turn| put(record, stock::UNIT, turn.pick(&["palette", "rayon"]))),
    ),
    rule(
        "negative-stock",
        "less than nothing",
        &["out-of-range", "reserved-exceeds-stock"],
        Change(|record, turn| {
            put(record, stock::RESERVED, "0");
            put(record, stock::QUANTITY, turn.pick(&["-12", "-3"]))
        }),
    ),
    rule(
        "reserved-exceeds-stock",
        "more reserved than there is",
        &["negative-stock", "out-of-range"],
        Change(|record, turn| {
            put(record, stock::QUANTITY, turn.pick(&["24", "60"]));
            put(record, stock::RESERVED, turn.pick(&["36", "61"]))
        }),
    ),
];
