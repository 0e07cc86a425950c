//! From staged text to candidates: reading, defaults, derived fields, identity, decisions.

use tastevin::error::Result;
use tastevin::model::{Action, Canceller, Decision, Mapping, Page, Schema};
use tastevin::stages::decide::{self, Ledger};
use tastevin::stages::map::Plan;
use tastevin::store::Store;
use tastevin::transforms;

const SCHEMA: &str = r#"
[tables.things.fields]
id = { type = "text", key = true, required = true }
price = { type = "decimal", default = 1 }
kind = { type = "text", default = "plain" }

[tables.people.fields]
id = { type = "text", key = true }
name = { type = "text" }
born = { type = "date" }
spent = { type = "decimal", derive = { from = "sales", on = "person", sql = "sum(total)" } }
days = { type = "integer", derive = { from = "sales", on = "person", sql = "count(DISTINCT day)" } }
likes = { type = "text", derive = { from = "sales", on = "person", sql = "sum(count)", most = "thing.kind" } }
average = { type = "decimal", derive = "spent / nullif(days, 0)" }

[tables.sales.fields]
id = { type = "text", key = true }
person = { type = "text", references = "people.id" }
thing = { type = "text", references = "things.id" }
day = { type = "date" }
count = { type = "decimal" }
total = { type = "decimal", derive = "count * thing.price" }
"#;

const MAPPING: &str = r#"
[tables.things]
entity = "things"
[tables.things.fields]
id = { column = "ID", transforms = ["trim"] }
price = { column = "prix" }
kind = { column = "genre", transforms = ["trim"] }

[tables.people]
entity = "people"
[tables.people.fields]
id = { column = "id", transforms = ["trim", "uppercase", { prefix = "x-" }] }
name = { column = "Nom" }
born = { column = "né le", transforms = [{ date = "%d/%m/%Y" }] }

[tables.sales]
entity = "sales"
[tables.sales.fields]
id = { column = "id" }
person = { column = "person", transforms = ["uppercase", { prefix = "x-" }] }
thing = { column = "thing" }
day = { column = "day", transforms = [{ date = "%d/%m/%Y" }] }
count = { column = "n" }
"#;

struct World {
    store: Store,
    schema: Schema,
    sources: Vec<(String, Mapping)>,
    dir: tempfile::TempDir,
    ledger: Ledger,
}

const SALES: (&str, &str, &str) = (
    "sales",
    "id, person, thing, day, n",
    "('1', 'c1', 'T1', '01/02/2024', '2'), ('2', 'c1', 'T1', '01/02/2024', '1'), ('3', 'c1', 'T3', '05/02/2024', '4'), ('4', 'c9', 'T9', '01/02/2024', '1')",
);

impl World {
    fn new() -> World {
        Self::with(&[
            (
                "things",
                "ID, prix, genre",
                "('T1', '10,50', 'red'), ('T2', 'dear', ''), (' ', '3', NULL), ('T3', '', 'blue')",
            ),
            (
                "people",
                "id, Nom, \"Né le\"",
                "('c1', 'Ann', '02/01/1970'), ('c2', 'Bob', '31/02/1970'), ('c3', ' ', NULL), ('c2', 'Bobby', '01/01/1971'), (NULL, 'Who', NULL), (NULL, 'Who', NULL)",
            ),
            SALES,
        ])
    }

    fn with(entities: &[(&str, &str, &str)]) -> World {
        let store = Store::in_memory(&transforms::functions()).unwrap();
        for (at, (entity, columns, rows)) in entities.iter().enumerate() {
            store
                .run(&format!(
                    "CREATE TABLE dq.stage_1_{at} AS SELECT COLUMNS(*)::VARCHAR, 'f.csv' AS _file, 1 AS _load FROM (VALUES {rows}) t({columns});
                     CREATE VIEW staging.\"s/{entity}\" AS SELECT rowid + 1 AS _row, * FROM dq.stage_1_{at};
                     INSERT INTO dq.staged VALUES ('s', '{entity}', 1, 'stage_1_{at}', 0)"
                ))
                .unwrap();
        }
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&dir.path().join("decisions.jsonl"), false).unwrap();
        World {
            store,
            schema: toml::from_str(SCHEMA).unwrap(),
            sources: vec![("s".to_owned(), toml::from_str(MAPPING).unwrap())],
            dir,
            ledger,
        }
    }

    fn plan(&self) -> Plan {
        Plan::new(&self.store, &self.schema, &self.sources).unwrap()
    }

    fn build(&self) {
        self.ledger.sync(&self.store).unwrap();
        self.plan().build(&self.store, &|_| {}, &Canceller::default()).unwrap();
    }

    fn decide(&mut self, action: &str) -> String {
        let id = format!("{:026}", self.ledger.decisions().len() + 1);
        let line = format!(r#"{{"v":1,"id":"{id}","at":"2025-01-01T00:00:00Z","who":"marie",{action}}}"#);
        let decision: Decision = serde_json::from_str(&line).unwrap();
        self.ledger.append(decision).unwrap();
        id
    }

    fn ask(&self, sql: &str) -> Page {
        self.store.texts(sql).unwrap()
    }

    fn list(&self, sql: &str) -> Vec<String> {
        let line = |row: Vec<Option<String>>| {
            row.into_iter().map(|cell| cell.unwrap_or_else(|| "-".into())).collect::<Vec<_>>().join("|")
        };
        self.ask(sql).rows.into_iter().map(line).collect()
    }

    fn conflicts(&self) -> Vec<String> {
        let conflicts = decide::conflicts(&self.store, None).unwrap();
        conflicts
            .into_iter()
            .map(|c| format!("{}.{} {} {}", c.row, c.field, c.reason, c.found.unwrap_or_default()))
            .collect()
    }
}

#[test]
fn what_cannot_be_read_is_marked_and_neither_default_nor_derived_value_stands_in_for_it() {
    let world = World::new();
    world.build();
    assert_eq!(
        world.list("SELECT id, price, kind, _unread FROM candidate.things ORDER BY _row"),
        ["T1|10.5000|red|0", "T2|-|plain|2", "-|3.0000|plain|0", "T3|1.0000|blue|0"]
    );
    assert_eq!(
        world.list("SELECT id, name, born, _unread FROM candidate.people ORDER BY _row LIMIT 3"),
        ["x-C1|Ann|1970-01-02|0", "x-C2|Bob|-|4", "x-C3|-|-|0"]
    );
}

#[test]
fn fields_are_derived_from_the_row_its_references_and_what_refers_to_it() {
    let world = World::new();
    world.build();
    assert_eq!(
        world.list("SELECT id, total FROM candidate.sales ORDER BY id"),
        ["1|21.0000", "2|10.5000", "3|4.0000", "4|-"]
    );
    assert_eq!(
        world.list(
            "SELECT id, spent, days, likes, average FROM candidate.people WHERE id IN ('x-C1', 'x-C3') ORDER BY id"
        ),
        ["x-C1|35.5000|2|blue|17.7500", "x-C3|-|-|-|-"]
    );
}

#[test]
fn what_cannot_be_computed_is_marked_like_what_cannot_be_read() {
    let sales =
        "('1', 'c1', 'T1', NULL, '90000000000000'), ('2', 'c2', 'T1', NULL, NULL), ('3', 'c2', 'T1', NULL, NULL)";
    let things = ("things", "ID, prix, genre", "('T1', '10', 'red')");
    let people = ("people", "id, Nom, \"Né le\"", "('c1', 'Ann', NULL), ('c2', 'Bob', NULL), ('c3', 'Cid', NULL)");
    let mut world = World::with(&[things, people, ("sales", SALES.1, sales)]);
    // Each fits, and their sum does not.
    for row in ["2", "3"] {
        let now = "60000000000000";
        world
            .decide(&format!(r#""kind":"set","table":"sales","row":"{row}","field":"total","was":null,"now":"{now}""#));
    }
    world.build();
    assert_eq!(
        world.list("SELECT id, total, _unread FROM candidate.sales ORDER BY id"),
        ["1|-|32", "2|60000000000000.0000|0", "3|60000000000000.0000|0"]
    );
    assert_eq!(
        world.list("SELECT id, spent, average, _unread FROM candidate.people ORDER BY id"),
        ["x-C1|-|-|0", "x-C2|-|-|8", "x-C3|-|-|0"]
    );
    // What somebody says of it stands, an empty value too.
    world.decide(r#""kind":"set","table":"sales","row":"1","field":"total","was":null,"now":"5""#);
    world.decide(r#""kind":"set","table":"people","row":"x-C2","field":"spent","was":null,"now":null"#);
    world.build();
    assert_eq!(world.list("SELECT total, _unread FROM candidate.sales WHERE id = '1'"), ["5.0000|0"]);
    assert_eq!(world.list("SELECT spent, _unread FROM candidate.people WHERE id = 'x-C2'"), ["-|0"]);
    assert!(world.conflicts().is_empty(), "{:?}", world.conflicts());
}

#[test]
fn rows_without_a_key_of_their_own_are_told_apart_by_what_they_say() {
    let world = World::new();
    world.build();
    let keys = world.list("SELECT _key FROM candidate.people ORDER BY _row");
    assert_eq!((keys[0].as_str(), keys[2].as_str()), ("x-C1", "x-C3"));
    assert!(keys[1].starts_with("x-C2#") && keys[1].ends_with(".1") && keys[3].starts_with("x-C2#"), "{keys:?}");
    assert_ne!(keys[1], keys[3]);
    assert_eq!(keys[4].strip_suffix(".1"), keys[5].strip_suffix(".2"), "the same record twice: {keys:?}");
}

#[test]
fn columns_that_feed_nothing_or_stand_elsewhere_change_no_identity() {
    let people = |columns, rows| {
        let world =
            World::with(&[("things", "ID, prix, genre", "('T1', '1', 'red')"), ("people", columns, rows), SALES]);
        world.build();
        world.list("SELECT _key FROM candidate.people ORDER BY name")
    };
    let before = people("id, Nom, \"Né le\"", "('c2', 'Bob', NULL), ('c2', 'Bobby', '01/01/1971'), (NULL, 'Who', ' ')");
    let after = people(
        "tier, \"NÉ LE\", nom, ID",
        "('gold', NULL, 'Bob', 'c2'), (NULL, '01/01/1971', 'Bobby', 'c2'), ('gold', NULL, 'Who', NULL)",
    );
    assert_eq!(before, after);
    let other = people("id, Nom, \"Né le\"", "('c2', 'Bob', '01/01/1971'), ('c2', 'Bobby', NULL), (NULL, 'Who', NULL)");
    assert!(before[0] != other[0] && before[1] != other[1] && before[2] == other[2], "{before:?} {other:?}");
}

#[test]
fn the_same_records_in_another_order_give_the_same_candidates() {
    let one = World::new();
    one.build();
    let other = World::new();
    for table in ["things", "people", "sales"] {
        let at = other.list(&format!("SELECT relation FROM dq.staged WHERE entity = '{table}'"))[0].clone();
        other
            .store
            .run(&format!("CREATE OR REPLACE TABLE dq.{at} AS SELECT * FROM dq.{at} ORDER BY rowid DESC"))
            .unwrap();
    }
    other.build();
    for table in ["things", "people", "sales"] {
        let sql = format!("SELECT * EXCLUDE (_row) FROM candidate.{table} ORDER BY _key");
        assert_eq!(one.ask(&sql), other.ask(&sql), "{table}");
    }
}

#[test]
fn decisions_are_applied_where_the_value_is_still_the_one_they_were_made_about() {
    let mut world = World::new();
    world.decide(r#""kind":"set","table":"things","row":"T2","field":"price","was":"dear","now":"12,5""#);
    world.decide(r#""kind":"set","table":"things","row":"T2","field":"price","was":"12.5","now":"13""#);
    world.decide(r#""kind":"set","table":"things","row":"T1","field":"price","was":"99","now":"1""#);
    world.decide(r#""kind":"set","table":"things","row":"T7","field":"price","was":"99","now":"1""#);
    world.decide(r#""kind":"set","table":"things","row":"T3","field":"price","was":"1","now":"cheap""#);
    world.decide(r#""kind":"replace","table":"things","field":"kind","values":{"red":"rouge","blue":"bleu"}"#);
    world
        .decide(r#""kind":"bulk","table":"people","field":"name","rows":{"x-C1":["Ann","Anne"],"x-C3":[null,"Carl"]}"#);
    world.decide(r#""kind":"exclude","table":"sales","rows":["4"]"#);
    world.build();
    assert_eq!(
        world.list("SELECT id, price, kind, _unread, _decided FROM candidate.things WHERE id IS NOT NULL ORDER BY id"),
        ["T1|10.5000|rouge|0|4", "T2|13.0000|plain|0|2", "T3|1.0000|bleu|0|4"]
    );
    assert_eq!(
        world.list("SELECT name FROM candidate.people WHERE id IN ('x-C1', 'x-C3') ORDER BY id"),
        ["Anne", "Carl"]
    );
    assert_eq!(world.list("SELECT id FROM candidate.sales ORDER BY id"), ["1", "2", "3"]);
    assert_eq!(world.conflicts(), ["T1.price changed 10.5", "T7.price missing-row ", "T3.price not-a-value 1"]);
}

#[test]
fn a_decision_is_made_about_what_those_before_it_make_of_the_cell_however_soon_it_comes() {
    let mut world = World::new();
    world.build();
    // Each in the words that the workbench would write: `was` as `values` gives it, `rule` of whoever found it.
    let quick = |world: &mut World, rule: &str, now: &str| {
        world.ledger.sync(&world.store).unwrap();
        let values =
            world.plan().values(&world.store, "things", "price", "SELECT 'T2' UNION SELECT 'T1'", None).unwrap();
        let was = values["T2"].clone().unwrap();
        let id = world.decide(&format!(
            r#""kind":"set","table":"things","row":"T2","field":"price","was":"{was}","now":"{now}","rule":"{rule}""#
        ));
        assert_eq!(values["T1"].as_deref(), Some("10.5"));
        (was, id)
    };
    assert_eq!(quick(&mut world, "unreadable-value", "12,50").0, "dear");
    let (was, second) = quick(&mut world, "out-of-range", "13");
    assert_eq!(was, "12.5");
    world.build();
    assert_eq!(world.list("SELECT price FROM candidate.things WHERE id = 'T2'"), ["13.0000"]);
    // Taken back, and decided anew before the candidates are built again.
    world.decide(&format!(r#""kind":"revert","of":"{second}""#));
    assert_eq!(quick(&mut world, "out-of-range", "14").0, "12.5");
    world.build();
    assert_eq!(world.list("SELECT price FROM candidate.things WHERE id = 'T2'"), ["14.0000"]);
    assert!(world.conflicts().is_empty(), "{:?}", world.conflicts());
}

#[test]
fn a_repaired_key_a_repair_on_a_shared_key_and_their_reversal() {
    let mut world = World::new();
    world.build();
    let keys = world.list("SELECT _key FROM candidate.people ORDER BY _row");
    world.decide(&format!(r#""kind":"exclude","table":"people","rows":["{}"]"#, keys[3]));
    let set = world
        .decide(&format!(r#""kind":"set","table":"people","row":"{}","field":"id","was":null,"now":"x-C8""#, keys[4]));
    world.build();
    assert_eq!(world.list("SELECT id FROM candidate.people ORDER BY _row"), ["x-C1", "x-C2", "x-C3", "x-C8", "-"]);
    let back = world.decide(&format!(r#""kind":"revert","of":"{set}""#));
    world.build();
    assert_eq!(world.list("SELECT id FROM candidate.people ORDER BY _row"), ["x-C1", "x-C2", "x-C3", "-", "-"]);
    world.decide(&format!(r#""kind":"revert","of":"{back}""#));
    world.build();
    assert_eq!(world.list("SELECT id FROM candidate.people ORDER BY _row"), ["x-C1", "x-C2", "x-C3", "x-C8", "-"]);
}

#[test]
fn merged_rows_go_and_what_referred_to_them_refers_to_the_one_that_stays() {
    let mut world = World::new();
    world.decide(r#""kind":"merge","table":"people","into":"x-C3","rows":["x-C1"]"#);
    world.build();
    assert_eq!(world.list("SELECT id, person FROM candidate.sales ORDER BY id LIMIT 2"), ["1|x-C3", "2|x-C3"]);
    assert_eq!(world.list("SELECT id, spent FROM candidate.people WHERE id IN ('x-C1', 'x-C3')"), ["x-C3|35.5000"]);
}

#[test]
fn a_merge_that_does_not_apply_moves_no_references_and_names_what_is_missing() {
    let mut world = World::new();
    world.decide(r#""kind":"merge","table":"people","into":"x-GONE","rows":["x-C1"]"#);
    world.build();
    assert_eq!(world.list("SELECT id, person FROM candidate.sales ORDER BY id LIMIT 2"), ["1|x-C1", "2|x-C1"]);
    assert_eq!(world.list("SELECT id FROM candidate.people WHERE id = 'x-C1'"), ["x-C1"]);
    let why: Vec<String> = decide::conflicts(&world.store, None).unwrap().iter().map(|one| one.why()).collect();
    assert_eq!(why, ["x-GONE, which it goes into, is not there"]);
}

#[test]
fn ledgers_that_were_put_together_let_no_row_vanish() {
    for (lines, people, conflicts) in [
        (
            [
                r#""kind":"merge","table":"people","into":"x-C1","rows":["x-C3"]"#,
                r#""kind":"merge","table":"people","into":"x-C3","rows":["x-C1"]"#,
            ],
            &["x-C1"][..],
            "x-C1. merged-in-a-circle ",
        ),
        (
            [
                r#""kind":"merge","table":"people","into":"x-C3","rows":["x-C1"]"#,
                r#""kind":"exclude","table":"people","rows":["x-C3"]"#,
            ],
            &["x-C1"],
            "x-C1. excluded-survivor ",
        ),
    ] {
        let mut world = World::new();
        lines.iter().for_each(|line| _ = world.decide(line));
        world.build();
        assert_eq!(world.list("SELECT id FROM candidate.people WHERE id IN ('x-C1', 'x-C3')"), people);
        assert_eq!(world.list("SELECT person FROM candidate.sales WHERE id = '1'"), ["x-C1"]);
        assert_eq!(world.conflicts(), [conflicts]);
    }
}

#[test]
fn references_that_were_set_by_hand_and_keys_that_were_set_follow_a_merge() {
    let mut world = World::new();
    world.decide(r#""kind":"set","table":"sales","row":"4","field":"person","was":"x-C9","now":"x-C1""#);
    world.decide(r#""kind":"set","table":"people","row":"x-C3","field":"id","was":"x-C3","now":"x-C8""#);
    world.decide(r#""kind":"merge","table":"people","into":"x-C3","rows":["x-C1"]"#);
    world.build();
    assert_eq!(world.list("SELECT DISTINCT person FROM candidate.sales"), ["x-C8"]);
    assert_eq!(world.list("SELECT _key, spent FROM candidate.people WHERE id = 'x-C8'"), ["x-C3|35.5000"]);
    // What is decided on a reference afterwards is about the row that is seen.
    world.decide(r#""kind":"set","table":"sales","row":"4","field":"person","was":"x-C8","now":"x-C2""#);
    world.build();
    assert_eq!(world.list("SELECT person FROM candidate.sales WHERE id = '4'"), ["x-C2"]);
    assert!(world.conflicts().is_empty(), "{:?}", world.conflicts());
}

#[test]
fn a_value_is_replaced_once_however_it_is_written_and_by_the_elements_of_a_list() {
    let mut world = World::new();
    world.decide(r#""kind":"replace","table":"things","field":"price","values":{"10,50":"11"}"#);
    let first = world.decide(r#""kind":"replace","table":"things","field":"kind","values":{"red":"rouge"}"#);
    world.decide(r#""kind":"replace","table":"things","field":"kind","values":{"red":"rosso"}"#);
    world.build();
    assert_eq!(world.list("SELECT price, kind FROM candidate.things WHERE id = 'T1'"), ["11.0000|rouge"]);
    assert_eq!(world.conflicts(), [".kind replaced-otherwise rouge"]);
    let story = world.plan().story(&world.store, "things", "T1").unwrap().unwrap();
    assert_eq!(story.fields[2].decision, Some(first), "the one that was applied");

    let mut world = World::new();
    world.schema.tables["things"].fields["kind"].kind = tastevin::model::FieldType::List;
    world.sources[0].1.tables["things"].fields["kind"].transforms.clear();
    let relation = "dq.stage_1_0";
    world.store.run(&format!("UPDATE {relation} SET genre = 'red, Blue' WHERE ID = 'T1'")).unwrap();
    world.store.run(&format!("UPDATE {relation} SET genre = 'Blue, green, blue' WHERE ID = 'T3'")).unwrap();
    world.decide(r#""kind":"replace","table":"things","field":"kind","values":{"Blue":"blue","green":""}"#);
    world.decide(r#""kind":"replace","table":"things","field":"kind","values":{"[red, Blue]":"[red]"}"#);
    world.decide(r#""kind":"set","table":"things","row":"T3","field":"kind","was":"[blue]","now":"blue, pink""#);
    world.build();
    assert_eq!(
        world.list("SELECT kind FROM candidate.things WHERE id IN ('T1', 'T3') ORDER BY id"),
        ["[red]", "[blue, pink]"]
    );
    assert!(world.conflicts().is_empty(), "{:?}", world.conflicts());
}

#[test]
fn the_story_of_a_row_leads_from_the_staged_text_to_the_repaired_value() {
    let mut world = World::new();
    let id = world.decide(r#""kind":"set","table":"things","row":"T2","field":"price","was":"dear","now":"12,5""#);
    world.build();
    let story = world.plan().story(&world.store, "things", "T2").unwrap().unwrap();
    assert_eq!((story.source.as_str(), story.entity.as_str(), story.record), ("s", "things", 2));
    let price = &story.fields[1];
    assert_eq!(price.staged, [("prix".to_owned(), Some("dear".to_owned()))]);
    assert!(price.unreadable);
    assert_eq!((price.mapped.as_deref(), price.value.as_deref(), &price.decision), (None, Some("12.5"), &Some(id)));
    assert!(world.plan().story(&world.store, "things", "nobody").unwrap().is_none());
}

#[test]
fn a_mapping_that_asks_for_what_is_not_there_is_told_where_and_what_there_is() {
    let mut world = World::new();
    world.sources[0].1.tables["things"].fields["price"].column = Some("tarif".into());
    let error = Plan::new(&world.store, &world.schema, &world.sources).err().unwrap();
    assert_eq!(error.to_string(), "[s: things.price]: the entity \"things\" has no column \"tarif\"");
    assert_eq!(error.hints()[0], "its columns are: ID, prix, genre");
}

#[test]
fn a_torn_last_line_of_the_ledger_is_set_aside_and_nothing_before_it_is_lost() -> Result<()> {
    let mut world = World::new();
    world.decide(r#""kind":"exclude","table":"sales","rows":["4"]"#);
    let path = world.dir.path().join("decisions.jsonl");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, [whole.as_slice(), br#"{"v":1,"id":"0000"#].concat()).unwrap();
    let ledger = Ledger::open(&path, false)?;
    assert_eq!(ledger.decisions().len(), 1);
    assert!(ledger.warning().is_some_and(|warning| warning.starts_with("line 2 of ")));
    assert_eq!(std::fs::read(&path).unwrap(), whole);
    assert_eq!(std::fs::read_to_string(world.dir.path().join("decisions.torn")).unwrap(), "{\"v\":1,\"id\":\"0000\n");
    assert!(Ledger::open(&path, false)?.warning().is_none());
    Ok(())
}

#[test]
fn a_broken_line_in_the_middle_of_the_ledger_is_an_error_with_its_number() {
    let mut world = World::new();
    world.decide(r#""kind":"exclude","table":"sales","rows":["4"]"#);
    let path = world.dir.path().join("decisions.jsonl");
    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{whole}not json\n{whole}")).unwrap();
    let error = Ledger::open(&path, false).err().unwrap();
    assert_eq!(error.place().line, Some(2));
}

#[test]
fn a_whole_line_of_a_newer_version_is_no_torn_one() {
    let mut world = World::new();
    world.decide(r#""kind":"exclude","table":"sales","rows":["1"]"#);
    let path = world.dir.path().join("decisions.jsonl");
    let whole = std::fs::read_to_string(&path).unwrap();
    let newer = format!("{whole}{{\"v\":99,\"kind\":\"dream\"}}");
    std::fs::write(&path, &newer).unwrap();
    let error = Ledger::open(&path, false).err().unwrap();
    assert!(error.to_string().contains("newer tastevin"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), newer);
    assert!(!world.dir.path().join("decisions.torn").exists());
}

#[test]
fn ledgers_put_together_are_read_in_the_order_of_time_and_each_line_once() {
    let mut world = World::new();
    let first = world.decide(r#""kind":"set","table":"things","row":"T1","field":"kind","was":"red","now":"one""#);
    world.decide(r#""kind":"set","table":"things","row":"T1","field":"kind","was":"one","now":"two""#);
    let path = world.dir.path().join("decisions.jsonl");
    let whole = std::fs::read_to_string(&path).unwrap();
    let mut lines: Vec<&str> = whole.lines().collect();
    lines.reverse();
    std::fs::write(&path, format!("\u{feff}{}\n\u{feff}{}\n", lines.join("\n"), lines[0])).unwrap();
    world.ledger = Ledger::open(&path, false).unwrap();
    assert_eq!(world.ledger.decisions().len(), 2);
    assert_eq!(world.ledger.decisions()[0].id, first);
    assert!(world.ledger.warning().unwrap_or_default().contains("there twice; it counts once"));
    world.build();
    assert_eq!(world.list("SELECT kind FROM candidate.things WHERE id = 'T1'"), ["two"]);
    assert!(world.conflicts().is_empty(), "{:?}", world.conflicts());
}

#[test]
fn a_waiver_with_an_expiry_reaches_the_database_as_a_day() {
    let mut world = World::new();
    world.decide(r#""kind":"waive","rule":"r","table":"things","row":"T1","was":"x","until":"2027-06-30","why":"so""#);
    let Action::Waive { until, .. } = &world.ledger.decisions()[0].action else { panic!("it was a waiver") };
    assert_eq!(until.map(|day| day.to_string()).as_deref(), Some("2027-06-30"));
    world.ledger.sync(&world.store).unwrap();
    assert_eq!(world.list("SELECT until, \"at\", active FROM dq.decisions"), ["2027-06-30|2025-01-01 00:00:00|true"]);
}

#[test]
fn decisions_that_no_longer_meet_a_row_a_table_or_a_value_are_listed() {
    let mut world = World::new();
    world.decide(r#""kind":"exclude","table":"sales","rows":["77"]"#);
    world.decide(r#""kind":"merge","table":"people","into":"x-GONE","rows":["x-C1"]"#);
    world.decide(r#""kind":"exclude","table":"boats","rows":["1"]"#);
    world.decide(r#""kind":"replace","table":"things","field":"price","values":{"10.5":"cheap"}"#);
    world.decide(r#""kind":"replace","table":"sales","field":"total","values":{"21":"20"}"#);
    world.build();
    let mut conflicts = world.conflicts();
    conflicts.sort();
    assert_eq!(
        conflicts,
        [".price not-a-value ", ".total computed ", "1. no-such-table ", "77. missing-row ", "x-C1. missing-survivor "],
        "and nothing vanished"
    );
    assert_eq!(world.list("SELECT id FROM candidate.people WHERE id = 'x-C1'"), ["x-C1"]);
    assert_eq!(world.list("SELECT price, _decided FROM candidate.things WHERE id = 'T1'"), ["10.5000|0"]);
}

#[test]
fn a_computed_value_can_be_decided_on() {
    let mut world = World::new();
    world.decide(r#""kind":"set","table":"sales","row":"1","field":"total","was":"21","now":"20""#);
    world.build();
    assert_eq!(world.list("SELECT total FROM candidate.sales WHERE id = '1'"), ["20.0000"]);
    assert_eq!(world.list("SELECT spent FROM candidate.people WHERE id = 'x-C1'"), ["34.5000"]);
    assert!(world.conflicts().is_empty());
}

#[test]
fn a_decision_on_a_computed_value_holds_while_the_same_is_computed() {
    let mut world = World::new();
    world.decide(r#""kind":"set","table":"sales","row":"1","field":"total","was":"21","now":null"#);
    world.decide(r#""kind":"set","table":"people","row":"x-C1","field":"average","was":"7.25","now":"8""#);
    world.build();
    // Emptied, it stays empty, and what is computed of it follows.
    assert_eq!(world.list("SELECT total FROM candidate.sales WHERE id = '1'"), ["-"]);
    assert_eq!(world.list("SELECT spent, average FROM candidate.people WHERE id = 'x-C1'"), ["14.5000|8.0000"]);
    assert!(world.conflicts().is_empty(), "{:?}", world.conflicts());
    world.decide(r#""kind":"set","table":"sales","row":"1","field":"count","was":"2","now":"3""#);
    world.build();
    assert_eq!(world.list("SELECT total FROM candidate.sales WHERE id = '1'"), ["31.5000"]);
    assert_eq!(world.conflicts(), ["1.total changed 31.5", "x-C1.average changed 23"]);
    // A second decision is about what the first made of it, before anything is built.
    world.decide(r#""kind":"set","table":"sales","row":"1","field":"total","was":"31.5","now":"30""#);
    world.ledger.sync(&world.store).unwrap();
    let seen = world.plan().values(&world.store, "sales", "total", "SELECT '1'", None).unwrap();
    assert_eq!(seen["1"].as_deref(), Some("30"));
}

#[test]
fn typed_values_are_read_as_a_mapping_reads_them_and_never_guessed() {
    let mut world = World::new();
    world.decide(r#""kind":"set","table":"people","row":"x-C3","field":"born","was":null,"now":"22/11/25""#);
    world.build();
    assert_eq!(world.list("SELECT born FROM candidate.people WHERE id = 'x-C3'"), ["2025-11-22"]);
    world.decide(r#""kind":"set","table":"people","row":"x-C3","field":"born","was":"2025-11-22","now":"infinity""#);
    world.build();
    assert_eq!(world.list("SELECT born FROM candidate.people WHERE id = 'x-C3'"), ["2025-11-22"]);
    assert_eq!(world.conflicts(), ["x-C3.born not-a-value 2025-11-22"]);
}

#[test]
fn keys_that_are_numbers_can_be_followed_even_where_one_is_doubled() {
    let mut world = World::with(&[
        ("things", "ID, prix, genre", "('1', '10', 'red'), ('2', '5', 'blue'), ('2', '6', 'blue'), ('x', '1', 'red')"),
        ("people", "id, Nom, \"Né le\"", "('c1', 'Ann', NULL)"),
        (
            "sales",
            "id, person, thing, day, n",
            "('1', 'c1', '1', NULL, '2'), ('2', 'c1', '2', NULL, '1'), ('3', 'c1', 'y', NULL, '1')",
        ),
    ]);
    let schema = SCHEMA.replacen(
        r#"id = { type = "text", key = true, required = true }"#,
        r#"id = { type = "integer", key = true }"#,
        1,
    );
    world.schema = toml::from_str(&schema).unwrap();
    world.build();
    assert_eq!(
        world.list("SELECT id, total IS NOT NULL FROM candidate.sales ORDER BY id"),
        ["1|true", "2|true", "3|false"]
    );
}

#[test]
fn transforms_that_give_another_type_than_the_field_has_are_refused() {
    let mut world = World::new();
    world.schema.tables["people"].fields["spent"].derive = None;
    let decimal = tastevin::model::Step::bare("decimal");
    world.sources[0].1.tables["sales"].fields["day"].transforms = vec![decimal];
    let error = Plan::new(&world.store, &world.schema, &world.sources).err().unwrap();
    assert_eq!(error.to_string(), "[s: sales.day]: the transforms give decimal, the field is date");
}
