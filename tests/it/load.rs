//! Loading files: every awkward export ends as rows, rejects with their reason, or a clear error.

use std::cell::{Cell, RefCell};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use tastevin::connectors::{Place, Trial, Tried, Watch};
use tastevin::error::{Error, Kind, Result};
use tastevin::model::{Canceller, EntityFiles, Load, LoadOptions, Mapping, Progress, SourceConfig, Unit};
use tastevin::stages::load;
use tastevin::store::{Settings, Store};

/// A workspace folder with exports in it, and a database beside them.
struct Desk {
    dir: tempfile::TempDir,
    store: Store,
    entities: IndexMap<String, EntityFiles>,
    canceller: Canceller,
}

impl Desk {
    fn new() -> Desk {
        let dir = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(dir.path().join("exports")).expect("a folder");
        let store =
            Store::open(&dir.path().join("tastevin.duckdb"), &Settings::default(), &tastevin::transforms::functions())
                .expect("a database");
        let clients = EntityFiles { files: vec!["clients*".into()], ..EntityFiles::default() };
        Desk { dir, store, entities: [("clients".into(), clients)].into(), canceller: Canceller::default() }
    }

    fn holding(name: &str, content: impl AsRef<[u8]>) -> Desk {
        let desk = Desk::new();
        desk.put(name, content);
        desk
    }

    fn exports(&self) -> PathBuf {
        self.dir.path().join("exports")
    }

    fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.exports().join(name), content).expect("an export");
    }

    fn clients(&mut self) -> &mut EntityFiles {
        self.entities.get_mut("clients").expect("the entity")
    }

    fn mapping(&self) -> Mapping {
        let options = |files| toml::Table::try_from(files).expect("options of an entity");
        let entities = self.entities.iter().map(|(name, files)| (name.clone(), options(files))).collect();
        Mapping { connector: "files".into(), entities, ..Mapping::default() }
    }

    fn load(&self) -> Result<Load> {
        self.load_telling(&|_| ())
    }

    fn load_telling(&self, progress: &(dyn Fn(Progress) + Sync)) -> Result<Load> {
        self.load_by(&self.mapping(), progress)
    }

    fn load_by(&self, mapping: &Mapping, progress: &(dyn Fn(Progress) + Sync)) -> Result<Load> {
        let mut config = SourceConfig { kind: "isavigne".into(), ..SourceConfig::default() };
        config.options.insert("path".into(), toml::Value::String("exports".into()));
        let place = Place { source: "isa", config: &config, mapping, workspace: self.dir.path() };
        let watch = Watch { progress, canceller: &self.canceller };
        self.canceller.begin();
        let clock = || DateTime::<Utc>::from_timestamp(1_763_800_000, 0).expect("a moment");
        let outcome = load::load(&self.store, &place, &LoadOptions::default(), &watch, &clock);
        if let Ok(load) = &outcome {
            assert_eq!(load.rows_in(), load.staged() + load.rejected(), "rows in = staged + rejected");
        }
        let left: Vec<_> = fs::read_dir(self.dir.path().join(".tastevin"))
            .map(|entries| entries.flatten().map(|entry| entry.file_name()).collect())
            .unwrap_or_default();
        assert!(left.iter().all(|name| !name.to_string_lossy().starts_with("load-")), "left behind: {left:?}");
        outcome
    }

    /// The staged rows as text: fields joined by `|`, an absent one as `∅`.
    fn rows(&self) -> Vec<String> {
        self.rows_of("clients")
    }

    fn rows_of(&self, entity: &str) -> Vec<String> {
        let sql = format!("SELECT * EXCLUDE (_row, _file, _load) FROM staging.\"isa/{entity}\" ORDER BY _row");
        let page = self.store.texts(&sql).expect("the staged rows");
        page.rows
            .into_iter()
            .map(|cells| cells.into_iter().map(|cell| cell.unwrap_or("∅".into())).collect::<Vec<_>>().join("|"))
            .collect()
    }

    fn columns(&self) -> Vec<String> {
        load::columns(&self.store, "isa", "clients").expect("the columns")
    }

    /// The rejects as `line reason: raw`.
    fn rejects(&self) -> Vec<String> {
        let page = self.store.texts("SELECT line, reason, raw FROM dq.rejects ORDER BY line").expect("the rejects");
        let text = |cell: &Option<String>| cell.clone().unwrap_or_default();
        page.rows.iter().map(|row| format!("{} {}: {}", text(&row[0]), text(&row[1]), text(&row[2]))).collect()
    }

    fn raw(&self, row: i64) -> Option<(u64, String)> {
        let found = load::raw_record(&self.store, "isa", "clients", row).expect("looked up");
        found.and_then(|(_, line, raw)| raw.map(|raw| (line, raw)))
    }
}

fn failure(outcome: Result<Load>) -> Error {
    match outcome {
        Ok(load) => panic!("loaded {} rows instead of failing", load.staged()),
        Err(error) => error,
    }
}

#[test]
fn text_is_staged_exactly_as_it_was_read() -> Result<()> {
    let desk = Desk::holding("clients.csv", "code;nom;ville\n007; Jean ;\"\"\n010;;Metz\n");
    let load = desk.load()?;
    assert_eq!(desk.columns(), ["code", "nom", "ville"]);
    assert_eq!(desk.rows(), ["007| Jean |", "010|∅|Metz"]);
    assert_eq!((load.id, load.rows_in(), load.staged(), load.rejected()), (1, 2, 2, 0));
    assert_eq!(load.entities[0].dialect, "utf-8, delimiter semicolon, double quotes, names on line 1");
    assert_eq!(load.notes, [""; 0]);
    let page = desk.store.texts("SELECT _row, _file, _load FROM staging.\"isa/clients\" ORDER BY _row")?;
    assert_eq!(page.rows[1], [Some("2".into()), Some("clients.csv".into()), Some("1".into())]);
    Ok(())
}

#[test]
fn loading_twice_does_not_double_and_leaves_one_table() -> Result<()> {
    let desk = Desk::holding("clients.csv", "code;nom\n1;a\n2;\"b\"x\n");
    desk.load()?;
    let load = desk.load()?;
    assert_eq!((load.id, desk.rows().len(), desk.rejects().len()), (2, 1, 1));
    assert_eq!(desk.store.count("SELECT count(*) FROM duckdb_tables() WHERE starts_with(table_name, 'stage_')")?, 1);
    assert_eq!(desk.store.count("SELECT count(*) FROM dq.files")?, 1);
    assert_eq!(desk.store.count("SELECT count(*) FROM dq.loads WHERE status = 'done'")?, 2);
    assert_eq!(desk.store.count("SELECT max(load) FROM dq.rejects")?, 2, "the rejects are those of this load");
    Ok(())
}

#[test]
fn an_unreadable_record_costs_only_itself_and_keeps_its_raw_text() -> Result<()> {
    let text = "code;nom;ville\n1;a;x\n2;b\n3;c;y;z\n4;\"d;x\n5;e;x\n\"6\"6;f;x\n7;\"g\";x\n8;h";
    let desk = Desk::holding("clients.csv", text);
    let load = desk.load()?;
    assert_eq!(desk.rows(), ["1|a|x", "5|e|x", "7|g|x"]);
    assert_eq!(
        desk.rejects(),
        [
            "3 too few fields: 2;b",
            "4 too many fields: 3;c;y;z",
            "5 unclosed quote: 4;\"d;x",
            "7 text after closing quote: \"6\"6;f;x",
            "9 truncated: 8;h"
        ]
    );
    assert_eq!((load.rows_in(), load.staged(), load.rejected()), (8, 3, 5));
    assert_eq!(desk.raw(2), Some((6, "5;e;x".into())));
    assert_eq!(desk.raw(3), Some((8, "7;\"g\";x".into())));
    assert_eq!(desk.raw(4), None);
    Ok(())
}

#[test]
fn a_lost_quote_in_the_middle_of_a_long_file_swallows_nothing() -> Result<()> {
    let mut text = String::from("code;nom;ville\n");
    for n in 0..200_000 {
        let name = if n == 70_000 { "\"perdu".to_owned() } else { format!("nom {n}") };
        text += &format!("C{n:07};{name};Metz et alentours\n");
    }
    let desk = Desk::holding("clients.csv", &text);
    let load = desk.load()?;
    assert_eq!((load.rows_in(), load.rejected()), (200_000, 1));
    assert_eq!(desk.rejects(), ["70002 unclosed quote: C0070000;\"perdu;Metz et alentours"]);
    assert_eq!(desk.raw(199_999), Some((200_001, "C0199999;nom 199999;Metz et alentours".into())));
    assert_eq!(
        desk.store
            .count("SELECT count(*) FROM staging.\"isa/clients\" WHERE ltrim(code[2:], '0') = (_row - 1)::VARCHAR")?,
        69_999
    );
    Ok(())
}

#[test]
fn quotes_and_line_ends_within_fields_stay() -> Result<()> {
    let text = "code;note\r\n1;\"a\r\nb\nc\"\r\n2;\"say \"\"hi\"\"\"\r\n3;6\" pipe\r\n4; \"x\" \r\n";
    let desk = Desk::holding("clients.csv", text);
    desk.load()?;
    assert_eq!(desk.rows(), ["1|a\r\nb\nc", "2|say \"hi\"", "3|6\" pipe", "4| \"x\" "]);
    assert_eq!(desk.raw(1), Some((2, "1;\"a\r\nb\nc\"".into())));
    assert_eq!(desk.raw(2), Some((5, "2;\"say \"\"hi\"\"\"".into())));
    Ok(())
}

#[test]
fn windows_line_ends_are_read_as_they_stand() -> Result<()> {
    let desk = Desk::holding("clients.csv", "code;nom\r\n1;a\r\n\r\n2;\"b\nc\rd\"\r\n3;\r\n4;\"\"");
    desk.load()?;
    assert_eq!(desk.rows(), ["1|a", "2|b\nc\rd", "3|∅", "4|"]);
    let mut desk = Desk::holding("clients.csv", "1;\"b\nc\"\r\n2;d\r\n");
    desk.clients().header_row = Some(0);
    desk.load()?;
    assert_eq!(desk.rows(), ["1|b\nc", "2|d"]);
    Ok(())
}

#[test]
fn mixed_and_old_line_ends_are_read() -> Result<()> {
    let mixed = Desk::holding("clients.csv", "code;nom\n1;a\r\n\r\n2;b\n3;c\rd\n4;e\r\n");
    mixed.load()?;
    assert_eq!(mixed.rows(), ["1|a", "2|b", "3|c\rd", "4|e"]);
    assert_eq!(mixed.raw(4), Some((6, "4;e".into())));
    let old = Desk::holding("clients.csv", "code;nom\r1;a\r\r2;b\r");
    let load = old.load()?;
    assert_eq!(old.rows(), ["1|a", "2|b"]);
    assert!(load.entities[0].dialect.contains("carriage returns"));
    assert_eq!(old.raw(2), Some((4, "2;b".into())));
    Ok(())
}

#[test]
fn encodings_are_told_apart() -> Result<()> {
    let text = "Téléphone;Prénom;Prix\n03 88;Éloïse;1 €\n03 89;Zoé;2 €\n";
    let utf16 = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let windows: Vec<u8> = encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
    let latin: Vec<u8> = text.replace('€', "\u{A4}").chars().map(|c| c as u8).collect();
    let with_mark = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
    let cases: [(&str, Vec<u8>, Option<&str>); 7] = [
        ("utf-8", text.as_bytes().to_vec(), None),
        ("utf-8", with_mark(b"\xEF\xBB\xBF", text.as_bytes()), None),
        ("windows-1252", windows, None),
        ("utf-16le", with_mark(b"\xFF\xFE", &utf16(u16::to_le_bytes)), None),
        ("utf-16be", with_mark(b"\xFE\xFF", &utf16(u16::to_be_bytes)), None),
        ("utf-16le", utf16(u16::to_le_bytes), None),
        ("iso-8859-1", latin, Some("iso-8859-1")),
    ];
    for (encoding, bytes, declared) in cases {
        let mut desk = Desk::holding("clients.csv", &bytes);
        desk.clients().encoding = declared.map(str::to_owned);
        let load = desk.load()?;
        let euro = if encoding == "iso-8859-1" { "\u{A4}" } else { "€" };
        assert_eq!(desk.columns(), ["Téléphone", "Prénom", "Prix"], "{encoding}");
        assert_eq!(desk.rows(), [format!("03 88|Éloïse|1 {euro}"), format!("03 89|Zoé|2 {euro}")], "{encoding}");
        assert!(load.entities[0].dialect.starts_with(encoding), "{}", load.entities[0].dialect);
        assert_eq!(desk.raw(2), Some((3, format!("03 89;Zoé;2 {euro}"))), "{encoding}");
    }
    Ok(())
}

#[test]
fn a_first_field_after_a_byte_order_mark_is_clean_without_names_too() -> Result<()> {
    let mut desk = Desk::holding("clients.csv", "\u{FEFF}1;a\n2;b\n");
    desk.clients().header_row = Some(0);
    desk.load()?;
    assert_eq!(desk.rows(), ["1|a", "2|b"]);
    assert_eq!(desk.columns(), ["column_1", "column_2"]);
    Ok(())
}

#[test]
fn bytes_that_stand_for_nothing_reject_their_record_and_no_other() -> Result<()> {
    let mut windows = b"code;nom\n".to_vec();
    for n in 0..50 {
        windows.extend_from_slice(format!("{n};").as_bytes());
        windows.extend_from_slice(if n == 20 { b"z\x81\xE9\n" } else { b"\xE9l\xE8ve\n" });
    }
    let desk = Desk::holding("clients.csv", &windows);
    let load = desk.load()?;
    assert_eq!(desk.rejects(), ["22 undecodable bytes: 20;z\\x81é"]);
    assert_eq!((load.staged(), desk.rows()[49 - 1].as_str()), (49, "49|élève"));

    let mut utf8 = "code;nom\n".to_owned() + &"1;é è à\n".repeat(50);
    utf8.push_str("2;");
    let mut utf8 = utf8.into_bytes();
    utf8.extend_from_slice(b"\xE9t\xE9\n3;fin\n");
    let desk = Desk::holding("clients.csv", &utf8);
    let load = desk.load()?;
    assert_eq!(desk.rejects(), ["52 undecodable bytes: 2;\\xE9t\\xE9"]);
    assert_eq!(load.staged(), 51);
    assert!(load.notes.iter().any(|note| note.contains("not the UTF-8")), "{:?}", load.notes);
    Ok(())
}

#[test]
fn windows_1252_that_shows_late_is_still_found() -> Result<()> {
    let mut text = b"code;nom\n".to_vec();
    for n in 0..200_000 {
        text.extend_from_slice(format!("{n};nom sans accent\n").as_bytes());
    }
    text.extend_from_slice(b"x;\xE9lo\xEFse\n");
    let desk = Desk::holding("clients.csv", &text);
    let load = desk.load()?;
    assert_eq!((load.staged(), load.rejected()), (200_001, 0));
    assert_eq!(desk.rows().last().map(String::as_str), Some("x|éloïse"));
    Ok(())
}

#[test]
fn one_column_files_work() -> Result<()> {
    let desk = Desk::holding("clients.csv", "nom\nDupont, Jean\n\n\"Le \"\"Clos\"\"\"\n\"\"\nx\x1Fy\n");
    desk.load()?;
    assert_eq!(desk.rows(), ["Dupont, Jean", "Le \"Clos\"", "", "x\u{1F}y"]);
    Ok(())
}

#[test]
fn a_cell_of_many_megabytes_is_a_cell() -> Result<()> {
    let long = "0123456789abcde\n".repeat(12 * 65_536);
    let mut text = String::from("code;nom\n");
    for n in 0..50_000 {
        text += &format!("{n};avant\n");
    }
    text += &format!("long;\"{long}\"\n");
    for n in 0..50_000 {
        text += &format!("{n};après\n");
    }
    let desk = Desk::holding("clients.csv", &text);
    let load = desk.load()?;
    assert_eq!((load.staged(), load.rejected()), (100_001, 0));
    let length = desk.store.count("SELECT length(nom) FROM staging.\"isa/clients\" WHERE code = 'long'")?;
    assert_eq!(length, long.len() as u64);
    let (line, _) = desk.raw(50_002).expect("a row after it");
    assert_eq!(line, 50_002 + 12 * 65_536 + 1);
    Ok(())
}

#[test]
fn rows_hidden_in_cells_are_not_taken_for_rows() -> Result<()> {
    let mut text = String::from("a;b;c\n");
    for n in 0..300_000 {
        text += &format!("{n};\"x\n1;2;3\n4;5;6\n\";y\n");
    }
    let desk = Desk::holding("clients.csv", &text);
    let load = desk.load()?;
    assert_eq!((load.staged(), load.rejected()), (300_000, 0));
    assert_eq!(
        desk.store.count("SELECT count(*) FROM staging.\"isa/clients\" WHERE a = (_row - 1)::VARCHAR")?,
        300_000
    );
    Ok(())
}

#[test]
fn headers_are_made_usable_and_what_was_changed_is_told() -> Result<()> {
    let text = "Export du 01/02/2025\n\n Code ;;nom;Nom;_row\n1;2;3;4;5;6\n2;2;3;4;5;6\n3;2;3;4;5;6\n";
    let desk = Desk::holding("clients.csv", text);
    let load = desk.load()?;
    assert_eq!(desk.columns(), ["Code", "column_2", "nom", "Nom_2", "_row_2", "column_6"]);
    assert_eq!(desk.rows()[0], "1|2|3|4|5|6");
    for told in ["Export du 01/02/2025", "column 2 has no name", "repeats the name \"Nom\"", "field 6"] {
        assert!(load.notes.iter().any(|note| note.contains(told)), "{told}: {:?}", load.notes);
    }
    assert_eq!(desk.raw(1), Some((4, "1;2;3;4;5;6".into())));
    Ok(())
}

#[test]
fn a_word_that_the_connector_does_not_know_is_refused_with_its_place() {
    let desk = Desk::holding("clients.csv", "a;b\n1;2\n");
    let mut mapping = desk.mapping();
    mapping.entities["clients"].insert("delimeter".into(), ";".into());
    let error = desk.load_by(&mapping, &|_| ()).expect_err("a slip of the pen");
    let said = error.to_string();
    let place = "mappings/isavigne.toml [entities.clients.delimeter]";
    assert_eq!(said, format!("{place}: there is no key \"delimeter\" in [entities.clients]"));
    assert_eq!((error.kind(), error.hints()[0].as_str()), (Kind::Config, "did you mean \"delimiter\"?"));
    for (key, value, said) in [
        ("delimiter", ";;", "the delimiter \";;\" is not one ASCII character"),
        ("encoding", "utf9", "unknown encoding \"utf9\""),
    ] {
        let mut mapping = desk.mapping();
        mapping.entities["clients"].insert(key.into(), value.into());
        let error = desk.load_by(&mapping, &|_| ()).expect_err("nothing that can be").to_string();
        assert_eq!(error, format!("mappings/isavigne.toml [entities.clients.{key}]: {said}"));
    }
}

#[test]
fn what_the_mapping_says_is_taken_as_it_is() -> Result<()> {
    let mut desk = Desk::holding("clients.txt", "a,b;c\n1,2;3\n'x;y';z\n5;6\n");
    *desk.clients() = EntityFiles {
        files: vec!["clients*".into()],
        delimiter: Some(";".into()),
        quote: Some("'".into()),
        header_row: Some(2),
        ..EntityFiles::default()
    };
    desk.load()?;
    assert_eq!(
        (desk.columns(), desk.rows()),
        (vec!["1,2".to_owned(), "3".to_owned()], vec!["x;y|z".to_owned(), "5|6".to_owned()])
    );
    desk.clients().quote = Some(String::new());
    desk.load()?;
    assert_eq!(desk.rejects(), ["3 too many fields: 'x;y';z"]);
    desk.clients().header_row = Some(9);
    let error = failure(desk.load());
    assert_eq!(error.kind(), Kind::Config);
    assert!(error.to_string().contains("line 9"), "{error}");
    Ok(())
}

#[test]
fn an_empty_file_is_an_error_and_names_alone_are_no_rows() -> Result<()> {
    for content in ["", "\u{FEFF}", "\n\r\n"] {
        let error = failure(Desk::holding("clients.csv", content).load());
        assert_eq!(error.kind(), Kind::Source);
        assert!(error.to_string().contains("clients.csv is empty"), "{error}");
        assert_eq!(error.hints(), ["export it again"], "there is no earlier load that could stand");
    }
    for content in ["code;nom\n", "code;nom", "\u{FEFF}code;nom\r\n\r\n"] {
        let desk = Desk::holding("clients.csv", content);
        let load = desk.load()?;
        assert_eq!((load.rows_in(), desk.columns()), (0, vec!["code".to_owned(), "nom".to_owned()]));
        assert_eq!(load.notes, ["clients.csv: holds column names and no rows"]);
    }
    Ok(())
}

#[test]
fn an_empty_file_costs_its_own_entity_and_no_other() -> Result<()> {
    let mut desk = Desk::holding("clients.csv", "code\n1\n");
    desk.entities.insert("stock".into(), EntityFiles { all: true, ..EntityFiles::default() });
    desk.put("stock_a.csv", "");
    let load = desk.load()?;
    assert_eq!(load.notes, ["stock: stock_a.csv is empty, and it was never loaded"]);
    assert_eq!(desk.rows(), ["1"]);
    desk.put("stock_b.csv", "article\nP1\n");
    let load = desk.load()?;
    assert_eq!((load.notes, desk.rows_of("stock")), (vec!["stock_a.csv is empty".to_owned()], vec!["P1".to_owned()]));
    desk.put("clients.csv", "code\n1\n2\n");
    desk.put("stock_b.csv", gzip(b""));
    fs::rename(desk.exports().join("stock_b.csv"), desk.exports().join("stock_b.csv.gz")).expect("renamed");
    let load = desk.load()?;
    assert_eq!(load.notes, ["stock: stock_a.csv, stock_b.csv.gz are empty; what load 2 staged still stands"]);
    assert_eq!((desk.rows(), desk.rows_of("stock")), (vec!["1".to_owned(), "2".to_owned()], vec!["P1".to_owned()]));
    // Where nothing at all came, it is an error.
    desk.put("clients.csv", "");
    let error = failure(desk.load());
    assert!(error.to_string().contains("clients.csv is empty"), "{error}");
    assert_eq!(error.hints(), ["export it again", "the earlier load still stands"]);
    Ok(())
}

#[test]
fn what_matches_no_entity_is_told() -> Result<()> {
    let desk = Desk::holding("clients.csv", "code\n1\n");
    desk.put("ventes.csv", "code\n1\n");
    desk.put("cépages.xlsx", "no matter");
    desk.put("notes.pdf", "no matter");
    desk.put("clients_pro.zip", "no matter");
    let notes = desk.load()?.notes;
    let said = "2 files match no entity: cépages.xlsx, ventes.csv; to have such files read, name them in the mapping: \
                [entities.NAME] files = [\"NAME*\"]";
    assert_eq!(notes[0], said);
    assert!(notes[1].starts_with("1 file is of a kind that is not read: clients_pro.zip; read are .csv"), "{notes:?}");
    assert_eq!(notes.len(), 2);
    Ok(())
}

#[test]
fn what_is_gone_and_read_by_no_mapping_leaves_the_staging() -> Result<()> {
    let mut desk = Desk::holding("clients.csv", "code\n1\n");
    desk.entities.clear();
    desk.put("autre.csv", "code\n1\n");
    desk.load()?;
    fs::remove_file(desk.exports().join("autre.csv")).expect("removed");
    let notes = desk.load()?.notes;
    assert_eq!(notes, ["autre: there is no file, and what was staged of it goes: no mapping reads it"]);
    assert_eq!(load::staged_entities(&desk.store, "isa")?, ["clients"]);
    assert!(desk.store.texts("FROM staging.\"isa/autre\"").is_err());
    // What a table is fed from stays.
    let mut mapping = desk.mapping();
    let table = toml::from_str("entity = \"clients\"\nfields.customer_key = { column = \"code\" }").expect("a table");
    mapping.tables.insert("customers".into(), table);
    desk.put("neu.csv", "code\n1\n");
    fs::remove_file(desk.exports().join("clients.csv")).expect("removed");
    let notes = desk.load_by(&mapping, &|_| ())?.notes;
    assert_eq!(notes, ["clients: there is no file; what load 2 staged still stands"]);
    assert_eq!(desk.rows(), ["1"]);
    Ok(())
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(content).and_then(|()| packed.finish()).expect("packed")
}

#[test]
fn packed_files_are_unpacked_and_a_cut_one_is_an_error() -> Result<()> {
    let packed = gzip("code;nom\n1;Éloïse\n2;\"a\nb\"\n3;c\n".as_bytes());
    let desk = Desk::holding("clients.csv.gz", &packed);
    desk.load()?;
    assert_eq!(desk.rows(), ["1|Éloïse", "2|a\nb", "3|c"]);
    assert_eq!(desk.raw(3), Some((5, "3;c".into())));
    desk.put("clients.csv.gz", &packed[..packed.len() - 9]);
    let error = failure(desk.load());
    assert!(error.to_string().contains("cut short"), "{error}");
    assert_eq!(desk.rows().len(), 3, "the earlier load stands");
    desk.put("clients.csv.gz", "no gzip at all");
    assert_eq!(failure(desk.load()).kind(), Kind::Source);
    Ok(())
}

#[test]
fn packed_files_that_were_put_together_are_one_and_what_stands_behind_is_told() -> Result<()> {
    let mut packed = gzip(b"code;nom\n1;a\n2;b");
    packed.extend(gzip(b"b\n3;c\n"));
    let desk = Desk::holding("clients.csv.gz", &packed);
    let load = desk.load()?;
    assert_eq!(desk.rows(), ["1|a", "2|bb", "3|c"]);
    assert_eq!(load.notes, Vec::<String>::new());
    // A text that was appended by mistake, and the zeros with which a tape is filled up.
    for (behind, bytes) in [("4;d\n".as_bytes(), 4), (&[0; 512], 512), (&[0x1F], 1)] {
        desk.put("clients.csv.gz", [&packed, behind].concat());
        let load = desk.load()?;
        assert_eq!(desk.rows(), ["1|a", "2|bb", "3|c"], "{bytes}");
        let told = format!("clients.csv.gz: bytes passed over behind the packed content: {bytes}");
        assert_eq!(load.notes, [told]);
        assert_eq!(desk.raw(3), Some((4, "3;c".into())), "{bytes}");
    }
    // What begins like another member and is cut is missing rows.
    for cut in [2, 9, 12, 20] {
        desk.put("clients.csv.gz", [&packed, &gzip(b"4;d\n5;e\n")[..cut]].concat());
        let error = failure(desk.load());
        assert!(error.to_string().contains("cut short"), "{cut}: {error}");
    }
    Ok(())
}

#[test]
fn a_workbook_reads_as_a_person_sees_it() -> Result<()> {
    use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
    let desk = Desk::new();
    let mut book = Workbook::new();
    book.add_worksheet().set_name("Notice").expect("a sheet");
    let sheet = book.add_worksheet().set_name("Clients").expect("a sheet");
    let date = Format::new().set_num_format("dd/mm/yyyy");
    let day = ExcelDateTime::from_ymd(2025, 12, 1).expect("a day");
    let write = |sheet: &mut rust_xlsxwriter::Worksheet| -> std::result::Result<(), rust_xlsxwriter::XlsxError> {
        sheet.write(0, 0, "Export iSaVigne")?;
        for (column, name) in (0..).zip(["Code", "Prix", "Date", "Actif", "Note"]) {
            sheet.write(2, column, name)?;
        }
        sheet.write(3, 0, "0012")?.write(3, 1, 45.5)?.write_with_format(3, 2, &day, &date)?.write(3, 3, true)?;
        sheet.write(5, 0, 12)?.write(5, 4, "a;b\n\"c\"")?;
        Ok(())
    };
    write(sheet).expect("cells");
    book.save(desk.exports().join("clients.xlsx")).expect("saved");
    let load = desk.load()?;
    assert_eq!(desk.columns(), ["Code", "Prix", "Date", "Actif", "Note"]);
    assert_eq!(desk.rows(), ["0012|45.5|2025-12-01|true|∅", "12|∅|∅|∅|a;b\n\"c\""]);
    assert_eq!(load.entities[0].dialect, "sheet \"Clients\", names on line 3");
    assert_eq!(desk.raw(2), Some((6, "12;;;;a;b\n\"c\"".into())));
    let mut desk = desk;
    desk.clients().sheet = Some("Ventes".into());
    let error = failure(desk.load());
    assert!(error.to_string().contains("no sheet \"Ventes\"") && error.hints()[0].contains("Clients"), "{error}");
    Ok(())
}

#[test]
fn the_sample_exports_load_with_their_planted_rejects() -> Result<()> {
    let mut desk = Desk::new();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_exports/isavigne");
    for entry in fs::read_dir(samples).expect("the sample exports").flatten() {
        fs::copy(entry.path(), desk.exports().join(entry.file_name())).expect("copied");
    }
    for entity in ["produits", "ventes", "stock"] {
        desk.entities.insert(entity.into(), EntityFiles::default());
    }
    let load = desk.load()?;
    let planted = fs::read_to_string(desk.exports().join("planted.json")).expect("the list of what was planted");
    let planted: serde_json::Value = serde_json::from_str(&planted).expect("JSON");
    for entity in &load.entities {
        let of_entity = |file: &&serde_json::Value| file["entity"] == entity.entity.as_str();
        let file = planted["files"].as_array().and_then(|files| files.iter().find(of_entity)).expect("a list of it");
        let expected = ["records", "rows", "rejects"].map(|count| file[count].as_u64().unwrap_or_default());
        assert_eq!([entity.rows_in, entity.staged, entity.rejected], expected, "{}", entity.entity);
    }
    assert_eq!(load.entities.len(), 4);
    assert!(load.entities[0].dialect.starts_with("windows-1252, delimiter semicolon"), "{}", load.entities[0].dialect);
    Ok(())
}

#[test]
fn several_files_are_one_entity_by_column_name() -> Result<()> {
    let mut desk = Desk::holding("clients_1.csv", "code;nom\n1;a\n2;b\n");
    desk.put("clients_2.csv", "ville,code\nMetz,3\nNancy\nMetz,4\n");
    desk.clients().all = true;
    let load = desk.load()?;
    assert_eq!(desk.columns(), ["code", "nom", "ville"]);
    assert_eq!(desk.rows(), ["1|a|∅", "2|b|∅", "3|∅|Metz", "4|∅|Metz"]);
    assert_eq!(load.entities[0].files, ["clients_1.csv", "clients_2.csv"]);
    assert!(load.notes.iter().any(|note| note.contains("adds the columns \"ville\"")), "{:?}", load.notes);
    assert!(load.notes.iter().any(|note| note.contains("lacks the columns \"nom\"")), "{:?}", load.notes);
    assert_eq!(desk.raw(4), Some((4, "Metz,4".into())));
    // What a rule needs to lead back to a line, for all rows at once.
    let page = desk.store.texts(
        "SELECT s._row, s._row + l.shift AS line FROM staging.\"isa/clients\" s
         ASOF JOIN dq.lines l ON l.source = 'isa' AND l.entity = 'clients' AND s._row >= l.row ORDER BY s._row",
    )?;
    let lines: Vec<_> = page.rows.iter().map(|row| row[1].clone().unwrap_or_default()).collect();
    assert_eq!(lines, ["2", "3", "2", "4"]);
    Ok(())
}

#[test]
fn the_newest_match_is_read_and_the_others_are_named() -> Result<()> {
    let desk = Desk::holding("clients_old.csv", "code\nold\n");
    desk.put("Clients_new.CSV", "code\nnew\n");
    desk.put("~$clients.xlsx", "lock");
    let old = fs::File::options().write(true).open(desk.exports().join("clients_old.csv")).expect("opened");
    old.set_modified(UNIX_EPOCH + Duration::from_secs(1_000_000)).expect("dated");
    let load = desk.load()?;
    assert_eq!(desk.rows(), ["new"]);
    assert_eq!(load.notes, ["clients: Clients_new.CSV is the newest match, clients_old.csv passed over"]);
    Ok(())
}

#[test]
fn without_folder_or_file_the_earlier_load_stands() -> Result<()> {
    let mut desk = Desk::holding("clients.csv", "code\n1\n");
    desk.load()?;
    fs::rename(desk.exports().join("clients.csv"), desk.exports().join("kunden.csv")).expect("renamed");
    let error = failure(desk.load());
    assert_eq!(error.kind(), Kind::Source);
    assert!(error.to_string().contains("no file matches clients*"), "{error}");
    assert!(error.hints().iter().any(|hint| hint.contains("kunden.csv")), "{:?}", error.hints());
    assert_eq!(desk.rows(), ["1"]);

    desk.entities.insert("kunden".into(), EntityFiles::default());
    let load = desk.load()?;
    assert_eq!(load.notes, ["clients: there is no file; what load 1 staged still stands"]);
    assert_eq!((desk.rows(), desk.rows_of("kunden")), (vec!["1".to_owned()], vec!["1".to_owned()]));

    fs::remove_dir_all(desk.exports()).expect("removed");
    let error = failure(desk.load());
    assert!(error.to_string().contains("no such folder"), "{error}");
    assert_eq!(desk.rows(), ["1"]);
    let page = desk.store.texts("SELECT status, detail FROM dq.loads ORDER BY id")?;
    let statuses: Vec<_> = page.rows.iter().map(|row| row[0].clone().unwrap_or_default()).collect();
    assert_eq!(statuses, ["done", "failed", "done", "failed"]);
    assert!(page.get(3, "detail").is_some_and(|detail| detail.contains("no such folder")));
    Ok(())
}

#[test]
fn a_file_that_changes_while_it_is_read_is_an_error() -> Result<()> {
    let desk = Desk::holding("clients.csv", "code;nom\n1;a\n");
    desk.load()?;
    desk.put("clients.csv", "code;nom\n1;a\n2;b\n");
    let path = desk.exports().join("clients.csv");
    let append = |_: Progress| {
        let mut file = fs::File::options().append(true).open(&path).expect("opened");
        file.write_all(b"3;c\n").expect("written");
    };
    let error = failure(desk.load_telling(&append));
    assert_eq!(error.kind(), Kind::Source);
    assert!(error.to_string().contains("changed while it was read"), "{error}");
    assert_eq!(desk.rows(), ["1|a"], "the earlier load stands");
    Ok(())
}

#[test]
fn a_file_that_shrinks_while_it_is_read_is_an_error() {
    let desk = Desk::holding("clients.csv", format!("code;nom\n{}", "1;a et encore du texte\n".repeat(2_000_000)));
    let path = desk.exports().join("clients.csv");
    let cut = |_: Progress| truncate(&path, 1000);
    let error = failure(desk.load_telling(&cut));
    assert_eq!(error.kind(), Kind::Source, "{error}");
}

fn truncate(path: &Path, bytes: u64) {
    fs::File::options().write(true).open(path).and_then(|file| file.set_len(bytes)).expect("cut");
}

#[test]
fn names_that_mean_something_to_duckdb_are_names() -> Result<()> {
    let desk = Desk::holding("clients [1] a=b.csv", "code;nom\n1;l'an\n");
    desk.put("clients1.csv", "code;nom\n9;faux\n");
    let decoy = fs::File::options().write(true).open(desk.exports().join("clients1.csv")).expect("opened");
    decoy.set_modified(UNIX_EPOCH + Duration::from_secs(1_000_000)).expect("dated");
    desk.load()?;
    assert_eq!(desk.rows(), ["1|l'an"]);
    Ok(())
}

#[test]
fn what_is_no_workbook_under_the_name_of_one_is_told_with_what_to_do() {
    for (name, content, said, hint) in [
        ("clients.xlsx", &b"code;nom\n1;a\n"[..], "this is a text under the name of a workbook", "rename it to .csv"),
        (
            "clients.xls",
            b"\xEF\xBB\xBF <html><table></table></html>",
            "this is a web page or XML under the name of a workbook",
            "open it in a spreadsheet program and save it as .xlsx or .csv",
        ),
        ("clients.xls", b"PK\x03\x04rest", "this is a workbook of another kind", "rename it to .xlsx or .ods"),
        (
            "clients.xlsx",
            b"PK\x03\x04rest",
            "this is no workbook that can be read as .xlsx",
            "open it in a spreadsheet program and save it again, without a password",
        ),
        (
            "clients.csv.gz",
            b"code;nom\n1;a\n2;b\n",
            "this is not a gzip file, or a damaged one",
            "copy it again; if it is not packed, take .gz off its name",
        ),
    ] {
        let error = failure(Desk::holding(name, content).load());
        assert!(error.to_string().contains(said) && error.to_string().contains(name), "{error}");
        assert_eq!((error.kind(), error.hints()), (Kind::Source, [hint.to_owned()].as_slice()));
    }
}

#[test]
fn a_workbook_without_anything_in_it_is_empty() -> Result<()> {
    let mut book = rust_xlsxwriter::Workbook::new();
    book.add_worksheet();
    let desk = Desk::holding("clients.xlsx", book.save_to_buffer().expect("a workbook"));
    let error = failure(desk.load());
    assert!(error.to_string().contains("clients.xlsx is empty"), "{error}");
    Ok(())
}

#[test]
fn a_workbook_under_the_name_of_a_text_is_an_error() {
    for head in [b"PK\x03\x04rest".as_slice(), b"\xD0\xCF\x11\xE0rest", b"\x1F\x8Brest"] {
        let error = failure(Desk::holding("clients.csv", head).load());
        assert!(error.to_string().contains("under the name of a text file"), "{error}");
    }
}

#[test]
fn what_a_killed_load_left_behind_goes_with_the_next() -> Result<()> {
    let desk = Desk::holding("clients.csv", "code\n1\n");
    let left = desk.dir.path().join(".tastevin/load-killed");
    fs::create_dir_all(&left).expect("a folder");
    fs::write(left.join("copy.csv"), "1\n").expect("a file");
    desk.load()?;
    assert!(!left.exists());
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_an_error() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::holding("clients.csv", "code\n1\n");
    let path = desk.exports().join("clients.csv");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).expect("closed");
    if fs::File::open(&path).is_ok() {
        // Root reads everything; there is nothing to see then.
        return;
    }
    let error = failure(desk.load());
    assert_eq!(error.kind(), Kind::Io);
    assert!(error.hints().iter().any(|hint| hint.contains("your user may read")), "{:?}", error.hints());
}

#[test]
fn a_test_of_the_source_says_step_by_step_what_holds() {
    let mut desk = Desk::holding("clients.csv", "code\n1\n");
    desk.entities.insert("stock".into(), EntityFiles::default());
    let mut config = SourceConfig { kind: "isavigne".into(), ..SourceConfig::default() };
    config.options.insert("path".into(), toml::Value::String("exports".into()));
    let place = Place { source: "isa", config: &config, mapping: &desk.mapping(), workspace: desk.dir.path() };
    let kind = tastevin::connectors::find("files").expect("the connector");
    let steps = RefCell::new(Vec::new());
    let tell = |tried| steps.borrow_mut().push(tried);
    let trial = Trial { tell: &tell, canceller: &Canceller::default() };
    (kind.open)(&place).expect("opened").test(DateTime::<Utc>::UNIX_EPOCH, &trial);
    let told = |tried: &Tried| match tried {
        Tried::Begun(what) => (what.clone(), None),
        Tried::Ended(probe) => (probe.what.clone(), Some(probe.found.is_ok())),
    };
    let told: Vec<_> = steps.borrow().iter().map(told).collect();
    let step = |what: &str, holds| (what.to_owned(), holds);
    assert_eq!(
        told[2..],
        [
            step("files of clients", None),
            step("files of clients", Some(true)),
            step("files of stock", None),
            step("files of stock", Some(false)),
        ]
    );
    let empty = SourceConfig { kind: "isavigne".into(), ..SourceConfig::default() };
    let place = Place { config: &empty, ..place };
    assert_eq!((kind.open)(&place).err().map(|error| error.kind()), Some(Kind::Config));
}

#[test]
fn a_cancelled_load_leaves_the_earlier_one_standing() -> Result<()> {
    let desk = Desk::holding("clients.csv", "code;nom\n1;a\n");
    desk.load()?;
    desk.put("clients.csv", format!("code;nom\n{}", "1;a et encore du texte\n".repeat(1_000_000)));
    let canceller = desk.canceller.clone();
    let error = failure(desk.load_telling(&|_| {
        canceller.cancel();
    }));
    assert_eq!(error.kind(), Kind::Interrupted);
    assert_eq!(desk.rows(), ["1|a"]);
    assert_eq!(desk.store.count("SELECT count(*) FROM dq.loads WHERE status = 'cancelled'")?, 1);
    assert_eq!(desk.store.count("SELECT count(*) FROM duckdb_tables() WHERE starts_with(table_name, 'stage_')")?, 1);
    Ok(())
}

#[test]
fn an_interrupt_while_duckdb_stages_leaves_the_earlier_load_standing() -> Result<()> {
    let desk = Desk::holding("clients.csv", "code;nom\n1;a\n");
    desk.load()?;
    desk.put("clients.csv", format!("code;nom\n{}", "1;a et encore du texte\n".repeat(3_000_000)));
    let interrupter = desk.store.interrupter(&desk.canceller);
    let begun = std::sync::atomic::AtomicBool::new(false);
    let outcome = std::thread::scope(|scope| {
        let begun = &begun;
        scope.spawn(move || {
            while !begun.load(std::sync::atomic::Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(Duration::from_millis(50));
            interrupter.interrupt();
        });
        desk.load_telling(&|progress| {
            begun.fetch_or(progress.what.starts_with("stage"), std::sync::atomic::Ordering::SeqCst);
        })
    });
    assert_eq!(failure(outcome).kind(), Kind::Interrupted);
    assert_eq!(desk.rows(), ["1|a"]);
    desk.canceller.reset();
    assert_eq!(desk.load()?.staged(), 3_000_000, "the next load works");
    Ok(())
}

#[test]
fn progress_is_told_in_bytes_read_and_in_rows_staged_and_ends_at_the_whole() -> Result<()> {
    let content = format!("code;nom\n{}", "1;a et encore du texte\n".repeat(300_000));
    let desk = Desk::holding("clients.csv", &content);
    let told = std::sync::Mutex::new(Vec::new());
    desk.load_telling(&|progress| told.lock().expect("a lock").push(progress))?;
    let told = told.into_inner().expect("a lock");
    for (what, all, unit) in
        [("read clients.csv", content.len() as u64, Unit::Bytes), ("stage clients.csv", 300_000, Unit::Rows)]
    {
        let last = told.iter().rfind(|progress| progress.what == what).expect("some progress");
        assert_eq!((last.done, last.total, last.unit), (all, Some(all), unit), "{what}");
    }
    Ok(())
}

/// The fields of one record, read by another hand.
fn fields(record: &str, dialect: &str) -> Vec<String> {
    let delimiter = match dialect {
        dialect if dialect.contains("semicolon") => b';',
        dialect if dialect.contains("comma") => b',',
        dialect if dialect.contains("one column") => 0x1F,
        other => panic!("an unexpected dialect: {other}"),
    };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(delimiter)
        .terminator(csv::Terminator::Any(0x02))
        .from_reader(record.as_bytes());
    let record = reader.records().next().expect("a record").expect("readable");
    record.iter().map(str::to_owned).collect()
}

#[test]
fn every_small_file_ends_as_rows_and_rejects_that_add_up() -> Result<()> {
    // The parts meet in every order; the load itself fails if DuckDB counts other rows than the reader.
    let parts = [
        "a",
        "1",
        ";",
        ";",
        ";",
        "\n",
        "\n",
        "\n",
        "\r\n",
        "\"",
        "\"\"",
        "x;y\n",
        "\"a\nb\";c\n",
        "\r",
        " ",
        "é",
        "\0",
    ];
    let seed = Cell::new(7_u64);
    let next = |below: usize| {
        seed.set(seed.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
        usize::try_from(seed.get() >> 33).expect("small") % below
    };
    let desk = Desk::new();
    let mut rows = 0;
    for _ in 0..80 {
        let body: String = (0..next(60)).map(|_| parts[next(parts.len())]).collect();
        // Half of the files are such that DuckDB reads them as they stand.
        let body = if next(2) == 0 { body } else { body.replace(['\r', '"'], "").replace('\n', "\r\n") };
        let names = if next(2) == 0 { "code;nom\n" } else { "code;nom\r\n" };
        let text = format!("{names}{body}");
        desk.put("clients.csv", &text);
        let load = desk.load()?;
        let columns = desk.columns().len();
        for (row, staged) in (1..).zip(desk.store.texts("SELECT * FROM staging.\"isa/clients\" ORDER BY _row")?.rows) {
            let (_, raw) = desk.raw(row).expect("a raw record for every row");
            let staged: Vec<String> = staged[1..=columns].iter().map(|cell| cell.clone().unwrap_or_default()).collect();
            assert_eq!(staged, fields(&raw, &load.entities[0].dialect), "row {row} of {text:?}");
            rows += 1;
        }
    }
    assert!(rows > 100, "only {rows} rows were compared");
    Ok(())
}
