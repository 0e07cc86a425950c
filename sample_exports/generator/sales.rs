//! The file of sales: its columns, and what can be wrong with a sale.

use super::dirt::Plant::{Add, Change, End};
use super::dirt::{BAD_BYTE, Kind, again, put, reject, rule};
use super::entities::Entity;
use super::records::{World, push_client_code, sale};

/// `ventes`.
pub static SALES: Entity = Entity {
    name: "ventes",
    header: &[
        "Code Vente",
        "Code Client",
        "Produit Key",
        "Date",
        "Quantité",
        "Unité",
        "Prix Unitaire",
        "Prix Total",
        "Canal",
    ],
    key_columns: 1,
    few: 4,
    kinds: KINDS,
    rows: |world| world.sales,
    fill: World::sale,
};

static KINDS: &[Kind] = &[
    rule("missing-key", "a sale without a code", &[], Add(|record, _| put(record, sale::CODE, ""))),
    rule(
        "duplicate-key",
        "another sale with the code of the one before",
        &[],
        Add(|record, turn| put(record, sale::CODE, &turn.row.cells[sale::CODE])),
    ),
    rule("missing-required", "no date", &[], Change(|record, _| put(record, sale::DATE, ""))),
    rule(
        "unreadable-value",
        "a quantity in words, or a day that is in no calendar",
        &["missing-required"],
        Change(|record, turn| match turn.nth % 2 {
            0 => put(record, sale::QUANTITY, turn.pick(&["douze", "", "une dizaine", ""])),
            _ => put(record, sale::DATE, turn.pick(&["", "30/02/2024", "", "2025-13-45"])),
        }),
    ),
    rule(
        "orphan-reference",
        "a client or a product that no file has",
        &[],
        Change(|record, turn| {
            if turn.nth % 2 == 0 {
                return put(record, sale::CLIENT, &format!("C9{:06}", turn.nth / 2 + 1));
            }
            put(record, sale::PRODUCT, turn.pick(&["", "MERLOT-2019-75CL", "", "CHABLIS-2018-75CL"]))
        }),
    ),
    rule(
        "out-of-range",
        "a price below nothing",
        &["negative-margin", "price-far-from-list", "sale-without-price"],
        Change(|record, _| {
            let negative = [sale::UNIT_PRICE, sale::TOTAL].map(|column| format!("-{}", record.cells[column]));
            put(record, sale::TOTAL, &negative[1]);
            put(record, sale::UNIT_PRICE, &negative[0])
        }),
    ),
    rule("duplicate-row", "the row before once more", &["duplicate-key"], Add(again)),
    rule(
        "spreadsheet-damage",
        "a code in scientific notation, or a key that became a date",
        &["orphan-reference", "price-far-from-list", "negative-margin"],
        Change(|record, turn| match turn.nth % 2 {
            0 => put(record, sale::CLIENT, "1,23E+12"),
            _ => put(record, sale::PRODUCT, "janv-20"),
        }),
    ),
    rule(
        "future-date",
        "sold in years to come",
        &["out-of-range"],
        Change(|record, turn| put(record, sale::DATE, turn.pick(&["25/12/2031", "01/06/2052"]))),
    ),
    rule(
        "date-before-history",
        "the spreadsheet's day zero, or a century off",
        &["out-of-range"],
        Change(|record, turn| put(record, sale::DATE, turn.pick(&["01/01/1900", "17/05/1923"]))),
    ),
    rule(
        "unknown-unit",
        "a unit that nobody can convert into bottles",
        &["unreadable-value", "unknown-value"],
        Change(|record, turn| put(record, sale::UNIT, turn.pick(&["palette", "tonneau", "lot"]))),
    ),
    rule(
        "total-mismatch",
        "a total that is not quantity × unit price",
        &[],
        Change(|record, turn| {
            let total = record.cells[sale::TOTAL].clone();
            put(
                record,
                sale::TOTAL,
                &match turn.nth % 2 {
                    0 => format!("1{total}"),
                    _ => format!("9{total}"),
                },
            )
        }),
    ),
    rule(
        "sale-without-price",
        "nothing was paid",
        &["missing-required", "out-of-range", "price-far-from-list", "negative-margin"],
        Change(|record, turn| {
            let price = turn.pick(&["0,00", ""]);
            put(record, sale::TOTAL, price);
            put(record, sale::UNIT_PRICE, price)
        }),
    ),
    rule(
        "price-far-from-list",
        "ten times the list price",
        &[],
        Change(|record, turn| {
            let cents = turn.world.price_of(&record.cells[sale::PRODUCT]) * 10;
            put(record, sale::UNIT, "bouteille");
            turn.world.price_sale(record, turn.number, 2, cents);
            Some(sale::UNIT_PRICE)
        }),
    ),
    rule(
        "negative-margin",
        "sold below cost",
        &[],
        Change(|record, turn| {
            let (key, cents) = turn.world.thin_product(turn.nth);
            put(record, sale::PRODUCT, key);
            put(record, sale::UNIT, "bouteille");
            turn.world.price_sale(record, turn.number, 6, cents * 85 / 100);
            Some(sale::UNIT_PRICE)
        }),
    ),
    rule(
        "outlier-quantity",
        "thousands of bottles at once",
        &[],
        Change(|record, turn| {
            let cents = turn.world.price_of(&record.cells[sale::PRODUCT]);
            put(record, sale::UNIT, "bouteille");
            turn.world.price_sale(record, turn.number, 4800 + 1200 * (turn.nth % 4), cents);
            Some(sale::QUANTITY)
        }),
    ),
    rule(
        "purchase-after-opt-out",
        "sold to a client who refuses e-mails; all others who refuse buy nothing",
        &[],
        Change(|record, turn| {
            let mut code = String::new();
            push_client_code(&mut code, turn.world.refusing_client(turn.number));
            put(record, sale::CLIENT, &code)
        }),
    ),
    reject(
        "too-many-fields",
        "a semicolon without quotes",
        Add(|record, _| {
            record.cells.push("offert".to_owned());
            None
        }),
    ),
    reject(
        "too-few-fields",
        "ends after the fourth field",
        Add(|record, _| {
            record.cells.truncate(4);
            None
        }),
    ),
    reject(
        "text-after-quote",
        "text after a closing quote",
        Add(|record, _| {
            put(record, sale::CHANNEL, "\"salon\" de Colmar");
            record.raw = Some(sale::CHANNEL);
            record.raw
        }),
    ),
    reject(
        "undecodable-byte",
        "a byte without a meaning in the encoding",
        Add(|record, _| put(record, sale::CHANNEL, &format!("t{BAD_BYTE}l{BAD_BYTE}phone"))),
    ),
    reject(
        "unclosed-quote",
        "the file ends within quotes",
        End(|record, _| {
            put(record, sale::CHANNEL, "\"bou");
            record.raw = Some(sale::CHANNEL);
            record.raw
        }),
    ),
];
