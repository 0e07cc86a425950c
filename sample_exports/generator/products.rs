//! The file of products: its columns, and what can be wrong with a product.

use super::dirt::Plant::{Add, Change};
use super::dirt::{Kind, again, put, reject, rule};
use super::entities::Entity;
use super::records::{World, product};

/// `produits`.
pub static PRODUCTS: Entity = Entity {
    name: "produits",
    header: &[
        "Produit Key",
        "Nom",
        "Couleur",
        "Prix",
        "Coût",
        "Cépages",
        "Arômes",
        "Millésime",
        "Région",
        "Degré",
        "Corps",
        "Tannins",
    ],
    key_columns: 1,
    few: 1,
    kinds: KINDS,
    rows: |world| world.products,
    fill: World::product,
};

static KINDS: &[Kind] = &[
    rule("missing-key", "a product without a key", &[], Add(|record, _| put(record, product::KEY, ""))),
    rule(
        "duplicate-key",
        "another product with the key of the one before",
        &[],
        Add(|record, turn| put(record, product::KEY, &turn.row.cells[product::KEY])),
    ),
    rule("missing-required", "no name", &[], Change(|record, _| put(record, product::NAME, ""))),
    rule(
        "unreadable-value",
        "a price in words",
        &["missing-required"],
        Change(|record, turn| put(record, product::PRICE, turn.pick(&["douze euros", "12,5O", "sur demande"]))),
    ),
    rule(
        "unknown-value",
        "a colour that wine does not have",
        &["unreadable-value"],
        Change(|record, turn| put(record, product::COLOUR, turn.pick(&["bleu", "balnc", "vert"]))),
    ),
    rule(
        "out-of-range",
        "more alcohol than there can be",
        &[],
        Change(|record, turn| put(record, product::DEGREE, turn.pick(&["125,0", "1300", "-1,0"]))),
    ),
    rule("duplicate-row", "the row before once more", &["duplicate-key"], Add(again)),
    rule(
        "untidy-text",
        "capitals throughout, or more than one space between words",
        &[],
        Change(|record, turn| {
            let name = &record.cells[product::NAME];
            let untidy = if turn.nth % 2 == 0 { name.to_uppercase() } else { name.replace(' ', "   ") };
            put(record, product::NAME, &untidy)
        }),
    ),
    rule(
        "placeholder-value",
        "a filler in place of a value",
        &[],
        Change(|record, turn| put(record, product::REGION, turn.pick(&["N/A", "inconnu", "-", "???"]))),
    ),
    rule(
        "mojibake",
        "UTF-8 that was read as Windows-1252",
        &[],
        Change(|record, turn| {
            put(record, product::NAME, turn.pick(&["CrÃ©mant d'Alsace RÃ©serve", "RosÃ© d'Alsace prestige"]))
        }),
    ),
    rule(
        "spreadsheet-damage",
        "a key that became a date",
        &[],
        Add(|record, turn| put(record, product::KEY, turn.pick(&["janv-20", "1-mars", "12-mai"]))),
    ),
    rule(
        "vintage-implausible",
        "a year of no harvest",
        &["out-of-range"],
        Change(|record, turn| put(record, product::VINTAGE, turn.pick(&["2103", "1066", "20"]))),
    ),
    reject(
        "too-few-fields",
        "ends after the sixth field",
        Add(|record, _| {
            record.cells.truncate(6);
            None
        }),
    ),
];
