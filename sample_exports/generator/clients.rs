//! The file of clients: its columns, and what can be wrong with a client.

use super::dirt::Plant::{Add, Change, End};
use super::dirt::{BAD_BYTE, Kind, again, legal, put, reject, rule};
use super::entities::Entity;
use super::records::{Record, World, client};

/// `clients`.
pub static CLIENTS: Entity = Entity {
    name: "clients",
    header: &[
        "Code Client",
        "Nom",
        "Email",
        "Téléphone",
        "Mobile",
        "Code Postal",
        "Ville",
        "Pays",
        "Refus e-mail",
        "Date création",
        "Remarques",
    ],
    key_columns: 1,
    few: 2,
    kinds: KINDS,
    rows: |world| world.clients,
    fill: World::client,
};

static KINDS: &[Kind] = &[
    rule("missing-key", "a client without a code", &[], Add(|record, _| put(record, client::CODE, ""))),
    rule(
        "duplicate-key",
        "another client with the code of the one before",
        &[],
        Add(|record, turn| put(record, client::CODE, &turn.row.cells[client::CODE])),
    ),
    rule(
        "unreadable-value",
        "a day that is in no calendar",
        &[],
        Change(|record, turn| {
            put(record, client::CREATED, turn.pick(&["31/02/2024", "le mois dernier", "15/13/2023"]))
        }),
    ),
    rule(
        "invalid-email",
        "an address that cannot be one",
        &["unreadable-value"],
        Change(|record, turn| {
            let address = record.cells[client::EMAIL].clone();
            let (local, domain) = address.split_once('@').unwrap_or_default();
            let spoilt = match turn.nth % 3 {
                0 => format!("{local} at {domain}"),
                1 => format!("{local}@example"),
                _ => format!("{local}@@{domain}"),
            };
            put(record, client::EMAIL, &spoilt)
        }),
    ),
    rule(
        "invalid-phone",
        "a number that cannot be dialled",
        &["unreadable-value"],
        Change(|record, turn| {
            french(record, "Strasbourg", "67000");
            put(record, client::PHONE, turn.pick(&["12", "03 88 83", "03 88 83 06 09 09 09"]))
        }),
    ),
    rule(
        "invalid-postal-code",
        "a code that the country does not have",
        &["unreadable-value"],
        Change(|record, turn| {
            french(record, "Colmar", turn.pick(&["680000", "68OOO", "F-68"]));
            Some(client::POSTAL_CODE)
        }),
    ),
    rule(
        "invalid-country",
        "a country that is none",
        &["unreadable-value"],
        Change(|record, turn| {
            french(record, "Mulhouse", "68100");
            put(record, client::COUNTRY, turn.pick(&["Frnace", "Atlantide", "Haut-Rhin"]))
        }),
    ),
    rule("duplicate-row", "the row before once more", &["duplicate-key", "duplicate-email"], Add(again)),
    rule(
        "duplicate-email",
        "another client with the address of the one before",
        &[],
        Add(|record, turn| put(record, client::EMAIL, &turn.row.cells[client::EMAIL])),
    ),
    rule(
        "untidy-text",
        "capitals throughout, or more than one space between words",
        &[],
        Change(|record, turn| {
            if turn.nth % 2 == 0 {
                let shouted = record.cells[client::NAME].to_uppercase();
                return put(record, client::NAME, &shouted);
            }
            french(record, "BOURG   EN  BRESSE", "01000");
            Some(client::CITY)
        }),
    ),
    rule(
        "placeholder-value",
        "a filler in place of a value",
        &["invalid-email", "unreadable-value"],
        Change(|record, turn| {
            if turn.nth % 2 == 1 {
                return put(record, client::EMAIL, if turn.nth % 4 == 1 { "test@test.fr" } else { "test@test" });
            }
            french(record, turn.pick(&["N/A", "", "inconnu", "", "-", "", "xxx", ""]), "67000");
            Some(client::CITY)
        }),
    ),
    rule(
        "mojibake",
        "UTF-8 that was read as Windows-1252",
        &[],
        Change(|record, turn| {
            if turn.nth % 2 == 0 {
                french(record, "SÃ©lestat", "67600");
                return Some(client::CITY);
            }
            put(record, client::NAME, turn.pick(&["", "FranÃ§ois MÃ¼ller", "", "HÃ©lÃ¨ne LefÃ¨vre"]))
        }),
    ),
    rule(
        "spreadsheet-damage",
        "a number in scientific notation, or without its leading zero",
        &["invalid-phone", "invalid-postal-code", "unreadable-value"],
        Change(|record, turn| {
            if turn.nth % 2 == 0 {
                return put(record, client::PHONE, "3,33889E+10");
            }
            french(record, "Nice", "6000");
            Some(client::POSTAL_CODE)
        }),
    ),
    rule(
        "future-date",
        "created in years to come",
        &["out-of-range"],
        Change(|record, turn| put(record, client::CREATED, turn.pick(&["14/07/2031", "01/01/2099"]))),
    ),
    rule(
        "date-before-history",
        "the spreadsheet's day zero",
        &["out-of-range"],
        Change(|record, turn| put(record, client::CREATED, turn.pick(&["01/01/1900", "30/12/1899"]))),
    ),
    legal(
        "quoted-semicolon",
        "a remark with a semicolon, in quotes",
        Change(|record, _| put(record, client::REMARKS, "Code portail 12B; sonner deux fois")),
    ),
    legal(
        "doubled-quotes",
        "a remark with quotes, doubled",
        Change(|record, _| put(record, client::REMARKS, "Demande toujours le \"vrai\" Riesling")),
    ),
    legal(
        "line-break",
        "a remark of several lines, in quotes",
        Change(|record, _| put(record, client::REMARKS, "Livrer au dépôt\r\n(quai n° 3)\r\navant midi")),
    ),
    reject(
        "too-many-fields",
        "a semicolon without quotes",
        Add(|record, _| {
            put(record, client::REMARKS, "Livrer le mardi");
            record.cells.push(" sinon rappeler".to_owned());
            None
        }),
    ),
    reject(
        "too-few-fields",
        "ends after the sixth field",
        Add(|record, _| {
            record.cells.truncate(6);
            None
        }),
    ),
    reject(
        "text-after-quote",
        "text after a closing quote",
        Add(|record, turn| {
            put(record, client::NAME, turn.pick(&["\"Jean\" Dupont", "\"Anne-Lise\" Klein"]));
            record.raw = Some(client::NAME);
            record.raw
        }),
    ),
    reject(
        "undecodable-byte",
        "a byte without a meaning in the encoding",
        Add(|record, _| put(record, client::NAME, &format!("Fran{BAD_BYTE}ois Muller"))),
    ),
    reject(
        "unclosed-quote",
        "the file ends within quotes",
        End(|record, _| {
            put(record, client::REMARKS, "\"Rappeler apr");
            record.raw = Some(client::REMARKS);
            record.raw
        }),
    ),
];

/// Moves a client to a place in France, so that only what is planted there is wrong with the address.
fn french(record: &mut Record, city: &str, postal_code: &str) {
    record.set(client::CITY, city);
    record.set(client::POSTAL_CODE, postal_code);
    record.set(client::COUNTRY, "France");
}
