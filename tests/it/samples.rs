//! Holds the checked-in sample exports to their generator, and the generator to what it says it planted.

#[path = "../../sample_exports/generator/mod.rs"]
pub mod generator;

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use calamine::{Data, Reader, Xlsx, open_workbook};
use generator::{Class, Dirt, Encoding, Wish};

const REFRESH: &str = "`cargo run --example generate` writes it anew";

fn sample_exports() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_exports")
}

fn text(path: &Path, encoding: Encoding) -> String {
    let bytes = fs::read(path).unwrap();
    match encoding {
        Encoding::Windows1252 => encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes).0.into_owned(),
        Encoding::Utf8 => String::from_utf8_lossy(&bytes).into_owned(),
    }
}

fn records(text: &str) -> Vec<Vec<String>> {
    csv::ReaderBuilder::new()
        .delimiter(b';')
        .flexible(true)
        .from_reader(text.as_bytes())
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

/// The rows of a clean set, by entity.
fn clean_set(encoding: Encoding, rows: u64) -> HashMap<&'static str, Vec<Vec<String>>> {
    let dir = tempfile::tempdir().unwrap();
    let wish = Wish { rows, encoding, dirt: Dirt::None, ..Wish::default() };
    let manifest = generator::write(&wish, dir.path()).unwrap();
    let files = manifest.files.iter();
    files.map(|file| (file.entity.name, records(&text(&dir.path().join(&file.name), encoding)))).collect()
}

fn cents(text: &str) -> i64 {
    text.replace(['\u{a0}', '\u{202f}', ','], "").parse().unwrap()
}

#[test]
fn the_checked_in_samples_are_what_the_generator_writes() {
    let dir = tempfile::tempdir().unwrap();
    let manifest = generator::write(&Wish::default(), dir.path()).unwrap();
    let names = |dir: &Path| {
        let mut names: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let checked_in = sample_exports().join("isavigne");
    assert_eq!(names(&checked_in), names(dir.path()), "other files in {checked_in:?}; {REFRESH}");
    for name in names(dir.path()) {
        let same = fs::read(checked_in.join(&name)).unwrap() == fs::read(dir.path().join(&name)).unwrap();
        assert!(same, "{name:?} is stale; {REFRESH}");
    }
    let readme = fs::read_to_string(sample_exports().join("README.md")).unwrap();
    assert!(readme == manifest.to_readme(), "sample_exports/README.md is stale; {REFRESH}");
}

#[test]
fn every_kind_of_dirt_is_planted_and_all_records_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    for dirt in [Dirt::Few, Dirt::Rate(0.005)] {
        let wish = Wish { dirt, ..Wish::default() };
        let manifest = generator::write(&wish, dir.path()).unwrap();
        let clean: HashMap<_, _> =
            [("clients", 400), ("produits", 80), ("ventes", 4000), ("stock", 120)].into_iter().collect();
        for ((_, id), shares) in manifest.by_kind() {
            for share in shares {
                assert!(!share.planted.is_empty(), "no {id} in {}", share.file.name);
            }
        }
        for file in &manifest.files {
            let read = text(&dir.path().join(&file.name), wish.encoding);
            assert_eq!(records(&read).len() as u64, file.records, "{}", file.name);
            assert_eq!(read.matches('\n').count() as u64, file.lines, "{}", file.name);
            assert!(file.records > clean[file.entity.name], "{} has no added records", file.name);
        }
        let json: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(dir.path().join("planted.json")).unwrap()).unwrap();
        let told = json["rules"]["total-mismatch"]["files"]["ventes_2025-11-17.csv"].as_u64().unwrap();
        let sales = manifest.files.iter().find(|file| file.entity.name == "ventes").unwrap();
        let planted = sales.planted.iter().filter(|planted| planted.kind.id == "total-mismatch").count();
        assert_eq!(told, planted as u64);
    }
}

#[test]
fn every_planted_piece_stands_on_the_line_that_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let large = Wish { rows: 120_000, encoding: Encoding::Utf8, dirt: Dirt::Rate(0.01), seed: 3 };
    for wish in [Wish::default(), large] {
        let manifest = generator::write(&wish, dir.path()).unwrap();
        for file in &manifest.files {
            let read = text(&dir.path().join(&file.name), wish.encoding);
            let lines: Vec<&str> = read.split("\r\n").collect();
            for planted in &file.planted {
                let line = lines[planted.line as usize - 1];
                let starts = planted.key.split(" / ").next().unwrap();
                assert!(line.starts_with(starts), "{}:{} does not hold {}", file.name, planted.line, planted.key);
                let first_line = planted.value.replace('"', "\"\"");
                let first_line = first_line.split("\r\n").next().unwrap();
                assert!(
                    planted.kind.class != Class::Rule || line.contains(first_line),
                    "{}:{} does not hold {}",
                    file.name,
                    planted.line,
                    planted.value
                );
            }
        }
    }
}

#[test]
fn large_sets_are_spoilt_at_the_rate_that_was_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let wish = Wish { rows: 120_000, dirt: Dirt::Rate(0.01), ..Wish::default() };
    let manifest = generator::write(&wish, dir.path()).unwrap();
    let sales = manifest.files.iter().find(|file| file.entity.name == "ventes").unwrap();
    // One record more is the quote that the file's end leaves open.
    assert_eq!(sales.planted.len(), 1201);
    let lines: HashSet<u64> = sales.planted.iter().map(|planted| planted.line).collect();
    assert_eq!(lines.len(), 1201, "two pieces of dirt on one line");
    let json = fs::read_to_string(dir.path().join("planted.json")).unwrap();
    assert!(!json.contains("\"places\""), "a large set lists counts only");
}

#[test]
fn windows_1252_and_utf_8_hold_the_same_rows_but_for_the_kind_of_no_break_space() {
    let narrow = clean_set(Encoding::Utf8, 4000);
    let plain = clean_set(Encoding::Windows1252, 4000);
    let mut seen = HashSet::new();
    for (entity, rows) in &narrow {
        for (row, other) in rows.iter().zip(&plain[entity]) {
            seen.extend(row.iter().flat_map(|cell| cell.chars()).filter(|c| matches!(c, '\u{a0}' | '\u{202f}')));
            let widened: Vec<String> = row.iter().map(|cell| cell.replace('\u{202f}', "\u{a0}")).collect();
            assert_eq!(&widened, other);
        }
    }
    assert_eq!(seen.len(), 2, "both no-break spaces occur");
}

#[test]
fn the_workbook_holds_the_rows_of_the_text() {
    let folder = sample_exports().join("isavigne");
    let rows = records(&text(&folder.join("stock_2025-11-17.csv"), Encoding::Windows1252));
    let mut workbook: Xlsx<_> = open_workbook(folder.join("stock_2025-11-17.xlsx")).unwrap();
    let sheet = workbook.worksheet_range_at(0).unwrap().unwrap();
    assert_eq!(sheet.height(), rows.len() + 1);
    let mut kinds = HashSet::new();
    for (typed, row) in sheet.rows().skip(1).zip(&rows) {
        for (column, (cell, expected)) in typed.iter().zip(row).enumerate() {
            let written = match cell {
                Data::Float(number) => {
                    assert_eq!(number.to_string(), expected.replace('\u{a0}', ""));
                    kinds.insert((column, "number"));
                    continue;
                }
                Data::DateTime(day) => {
                    kinds.insert((column, "day"));
                    day.as_datetime().unwrap().format("%d/%m/%Y").to_string()
                }
                other => other.to_string(),
            };
            assert_eq!(&written, expected);
        }
    }
    assert_eq!(kinds, HashSet::from([(2, "number"), (4, "number"), (5, "day")]));
}

#[test]
fn clean_clients_have_nothing_to_complain_about() {
    let clients = &clean_set(Encoding::Windows1252, 40_000)["clients"];
    assert_eq!(clients.len(), 4000);
    let (mut codes, mut addresses) = (HashSet::new(), HashSet::new());
    for client in clients {
        assert!(codes.insert(&client[0]), "{} twice", client[0]);
        assert!(addresses.insert(&client[2]), "{} twice", client[2]);
        assert!(client[2].is_ascii() && client[2].split_once('@').is_some_and(|(_, host)| host.contains('.')));
        for number in [&client[3], &client[4]].into_iter().filter(|number| !number.is_empty()) {
            let parsed = rlibphonenumber::PhoneNumber::parse(number, Some(rlibphonenumber::enums::Region::FR));
            assert!(parsed.is_ok_and(|parsed| parsed.is_valid()), "{number} cannot be dialled");
        }
        for cell in client {
            assert!(cell.trim() == cell && !cell.contains("  "), "\"{cell}\" is untidy");
        }
        assert_eq!(client[1].split(' ').count(), 2, "{} is not a first and a last name", client[1]);
    }
}

#[test]
fn clean_sales_add_up_and_refer_to_what_is_there() {
    let set = clean_set(Encoding::Windows1252, 40_000);
    let day = |text: &str| chrono::NaiveDate::parse_from_str(text, "%d/%m/%Y").unwrap();
    let clients: HashMap<&str, _> = set["clients"].iter().map(|client| (client[0].as_str(), client)).collect();
    let products: HashMap<&str, _> = set["produits"].iter().map(|product| (product[0].as_str(), product)).collect();
    assert_eq!(products.len(), set["produits"].len(), "a product key twice");
    for product in products.values() {
        let (price, cost) = (cents(&product[3]), cents(&product[4]));
        assert!((800..=15_000).contains(&price) && cost < price, "{product:?}");
        assert!(product[0].contains(&product[7]) && product[1].ends_with(&product[7]), "{product:?}");
    }
    let mut codes = HashSet::new();
    for sale in &set["ventes"] {
        assert!(codes.insert(&sale[0]), "{} twice", sale[0]);
        let (client, product) = (clients[sale[1].as_str()], products[sale[2].as_str()]);
        assert_eq!(client[8], "non", "{} was sold to a client who refuses", sale[0]);
        assert!(day(&client[9]) <= day(&sale[3]), "{} was sold before its client was there", sale[0]);
        let quantity: i64 = sale[4].parse().unwrap();
        assert_eq!(quantity * cents(&sale[6]), cents(&sale[7]), "{}", sale[0]);
        let sixths = match sale[5].as_str() {
            "bouteille" | "75 cl" => 6,
            "magnum" => 12,
            "jéroboam" => 24,
            "carton de 6" => 36,
            "caisse de 12" => 72,
            "37,5 cl" => 3,
            "50 cl" => 4,
            other => panic!("unit {other}"),
        };
        let bottle = cents(&sale[6]) * 6 / sixths;
        let (list, cost) = (cents(&product[3]), cents(&product[4]));
        assert!(bottle > cost && bottle * 100 >= list * 89 && bottle <= list + 1, "{sale:?} against {product:?}");
        assert!(quantity * sixths <= 24 * 6, "{sale:?} is unusually large");
    }
    let mut places = HashSet::new();
    for line in &set["stock"] {
        assert!(products.contains_key(line[0].as_str()));
        assert!(places.insert((&line[0], &line[1])), "{line:?} twice");
        assert!(cents(&line[4]) < cents(&line[2]), "{line:?}");
    }
}
