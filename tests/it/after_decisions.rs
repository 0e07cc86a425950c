//! What is held back and found after a decision, in small worlds in which it is known what has to come out. Neighbour: `recheck`,
//! which plays random ones; here, too, everything is compared with a world in which all is looked at.

use tastevin::model::Verdict;
use tastevin::stages::decide::Ledger;

use super::recheck::World;

/// Two worlds on the same exports: in one only what a decision touches is looked at, in the other everything.
struct Twins {
    part: World,
    whole: World,
    ledger: Ledger,
    /// Whether each decision finds what is kept of the one before.
    in_a_row: bool,
    _dir: tempfile::TempDir,
}

impl Twins {
    fn of(make: impl Fn() -> World) -> Twins {
        let dir = tempfile::tempdir().expect("a folder");
        let ledger = Ledger::open(&dir.path().join("decisions.jsonl"), false).expect("a ledger");
        let twins = Twins { part: make(), whole: make(), ledger, in_a_row: false, _dir: dir };
        let (part, whole) = (twins.part.whole(), twins.whole.whole());
        twins.compare(&part, &whole, "nothing");
        twins
    }

    /// Makes a decision, as the ledger writes it without what all have; gives back its id.
    fn decide(&mut self, action: &str) -> String {
        let id = format!("{:026}", self.ledger.decisions().len() + 1);
        let line = format!(r#"{{"v":1,"id":"{id}","at":"2025-01-01T00:00:00Z","who":"marie",{action}}}"#);
        self.ledger.append(serde_json::from_str(&line).expect(&line)).expect("the ledger");
        for world in [&self.part, &self.whole] {
            self.ledger.record_last(&world.store).expect("a copy");
        }
        // One that made way for the next leaves nothing behind.
        if !self.in_a_row {
            self.part.begun();
        }
        let part = self.part.part().unwrap_or_else(|| panic!("everything was looked at after {action}"));
        let whole = self.whole.whole();
        self.compare(&part, &whole, action);
        id
    }

    fn set(&mut self, table: &str, row: &str, field: &str, was: Option<&str>, now: Option<&str>) -> String {
        let json = |value| serde_json::to_string(&value).expect("JSON");
        let (was, now) = (json(was), json(now));
        self.decide(&format!(
            r#""kind":"set","table":"{table}","row":"{row}","field":"{field}","was":{was},"now":{now}"#
        ))
    }

    fn revert(&mut self, id: &str) {
        self.decide(&format!(r#""kind":"revert","of":"{id}""#));
    }

    fn commit(&self) {
        assert!(self.part.commit() && self.whole.commit(), "the gate is open");
    }

    fn compare(&self, part: &Verdict, whole: &Verdict, after: &str) {
        let (part, whole) = (self.part.all(part), self.whole.all(whole));
        for (name, rows) in &part {
            let only = |these: &[String], those: &[String]| -> Vec<String> {
                these.iter().filter(|row| !those.contains(row)).cloned().collect()
            };
            let (more, less) = (only(rows, &whole[name]), only(&whole[name], rows));
            assert!(
                rows == &whole[name],
                "{name} differs after {after}: only in part {more:#?}, only in whole {less:#?}"
            );
        }
    }

    /// Why rows are held back: of every table, in the order of the schema, the rows with their reasons.
    fn held(&self) -> Vec<String> {
        let all = self.part.schema().tables.keys().flat_map(|table| {
            self.part
                .list(&format!("SELECT DISTINCT \"row\" || ' ' || reason FROM temp.\"reasons/{table}\" ORDER BY 1"))
        });
        all.collect()
    }

    fn found(&self, rule: &str) -> Vec<String> {
        self.part.list(&format!(
            "SELECT \"row\", message FROM dq.anomalies WHERE rule = '{rule}' AND field <> 'second_mail' ORDER BY ALL"
        ))
    }
}

/// Tells a story in a world in which each decision begins anew, and in one in which it finds what is kept of the one before.
fn each_way(make: impl Fn() -> Twins, story: impl Fn(Twins)) {
    for in_a_row in [false, true] {
        story(Twins { in_a_row, ..make() });
    }
}

/// Towns, people who live in them, sales between two people, and notes about a sale and about whoever has an alias: what waits can
/// wait through three tables, by two fields for the same table, and for a value that is no key and that several rows may have.
const CHAIN: &str = r#"
[tables.towns.fields]
town = { type = "text", key = true }
name = { type = "text", required = true }

[tables.people.fields]
person = { type = "text", key = true }
town = { type = "text", references = "towns.town" }
alias = { type = "text" }

[tables.sales.fields]
house = { type = "text", key = true }
number = { type = "text", key = true }
sale = { type = "text" }
buyer = { type = "text", references = "people.person" }
seller = { type = "text", references = "people.person" }

[tables.notes.fields]
note = { type = "text", key = true }
sale = { type = "text", references = "sales.sale" }
about = { type = "text", references = "people.alias" }
"#;

const CHAINED: &str = r#"
[tables.towns]
entity = "towns"
[tables.towns.fields]
town = { column = "id" }
name = { column = "name" }
[tables.people]
entity = "people"
[tables.people.fields]
person = { column = "id" }
town = { column = "town" }
alias = { column = "alias" }
[tables.sales]
entity = "sales"
[tables.sales.fields]
house = { column = "house" }
number = { column = "number" }
sale = { column = "sale" }
buyer = { column = "buyer" }
seller = { column = "seller" }
[tables.notes]
entity = "notes"
[tables.notes.fields]
note = { column = "id" }
sale = { column = "sale" }
about = { column = "about" }
"#;

fn chain() -> Twins {
    let staged = [
        ("towns", "id name", "('T1', NULL), ('T2', 'Barr'), ('T3', 'Colmar')"),
        (
            "people",
            "id town alias",
            "('P1', 'T1', 'the baker'), ('P2', 'T2', 'the baker'), ('P3', 'T2', 'the smith'), ('P4', 'T3', NULL)",
        ),
        (
            "sales",
            "house number sale buyer seller",
            "('H', '1', 'S1', 'P1', 'P2'), ('H', '2', 'S2', 'P3', 'P1'), ('H', '3', 'S3', 'P2', 'P3'), ('H', '4', 'S4', 'P1', 'P1')",
        ),
        ("notes", "id sale about", "('N1', 'S1', 'the smith'), ('N2', 'S3', 'the baker'), ('N3', NULL, NULL)"),
    ];
    let staged = staged.map(|(entity, columns, rows)| ("s", entity, columns.to_owned(), rows.to_owned()));
    Twins::of(|| World::of(CHAIN, &[("s", CHAINED)], &[], &staged))
}

/// Who is held back while the first town has no name.
const NAMELESS: &[&str] = &[
    "T1 missing-required name: name is missing and every row must have it",
    "P1 orphan-reference town: T1 is quarantined in towns",
    "H|1 orphan-reference buyer: P1 is quarantined in people",
    "H|2 orphan-reference seller: P1 is quarantined in people",
    "H|4 orphan-reference buyer: P1 is quarantined in people",
    "H|4 orphan-reference seller: P1 is quarantined in people",
    "N1 orphan-reference sale: S1 is quarantined in sales",
];

#[test]
fn what_waits_for_a_row_is_free_with_it_through_all_tables_and_waits_again() {
    each_way(chain, |mut world| {
        assert_eq!(world.held(), NAMELESS);
        let named = world.set("towns", "T1", "name", None, Some("Obernai"));
        assert_eq!(world.held(), Vec::<String>::new());
        world.revert(&named);
        assert_eq!(world.held(), NAMELESS);
        // Who goes to live elsewhere is free, and all that waited for them; the town is still held back.
        let moved = world.set("people", "P1", "town", Some("T1"), Some("T3"));
        assert_eq!(world.held(), &NAMELESS[..1]);
        world.set("people", "P4", "town", Some("T3"), Some("T1"));
        assert_eq!(world.held(), [NAMELESS[0], "P4 orphan-reference town: T1 is quarantined in towns"]);
        world.revert(&moved);
        assert_eq!(world.held().len(), NAMELESS.len() + 1);
    });
}

#[test]
fn rows_that_come_back_into_an_empty_table_wait_for_what_became_of_others_meanwhile() {
    const ALL: &str = r#""kind":"exclude","table":"notes","rows":["N1","N2","N3"]"#;
    each_way(chain, |mut world| {
        let gone = world.decide(ALL);
        assert_eq!(world.held(), &NAMELESS[..NAMELESS.len() - 1]);
        let named = world.set("towns", "T1", "name", None, Some("Obernai"));
        world.revert(&gone);
        assert_eq!(world.held(), Vec::<String>::new(), "nobody waits for who is free by now");
        let gone = world.decide(ALL);
        world.revert(&named);
        world.revert(&gone);
        assert_eq!(world.held(), NAMELESS);
    });
}

#[test]
fn a_row_that_waits_for_one_by_two_fields_waits_until_both_are_others() {
    each_way(chain, |mut world| {
        world.set("sales", "H|4", "buyer", Some("P1"), Some("P2"));
        let mut held: Vec<&str> = NAMELESS.to_vec();
        held.remove(4);
        assert_eq!(world.held(), held);
        world.set("sales", "H|4", "seller", Some("P1"), Some("P3"));
        held.remove(4);
        assert_eq!(world.held(), held);
        // And one that waited for nothing waits.
        world.set("sales", "H|3", "seller", Some("P3"), Some("P1"));
        held.insert(4, "H|3 orphan-reference seller: P1 is quarantined in people");
        held.push("N2 orphan-reference sale: S3 is quarantined in sales");
        assert_eq!(world.held(), held);
    });
}

#[test]
fn a_value_is_there_as_long_as_any_row_that_has_it_is_not_held_back() {
    each_way(chain, |mut world| {
        let of_notes =
            |world: &Twins| -> Vec<String> { world.held().into_iter().filter(|line| line.starts_with("N2")).collect() };
        let waits = ["N2 orphan-reference about: the baker is quarantined in people"];
        assert_eq!(of_notes(&world), Vec::<String>::new(), "another baker is there");
        let other = world.set("people", "P2", "alias", Some("the baker"), Some("the tailor"));
        assert_eq!(of_notes(&world), waits);
        world.revert(&other);
        assert_eq!(of_notes(&world), Vec::<String>::new());
        let gone = world.decide(r#""kind":"exclude","table":"people","rows":["P2"]"#);
        assert!(of_notes(&world).contains(&waits[0].to_owned()), "{:?}", world.held());
        world.set("people", "P3", "alias", Some("the smith"), Some("the baker"));
        assert!(!of_notes(&world).contains(&waits[0].to_owned()), "{:?}", world.held());
        world.revert(&gone);
        // A town more that is held back: both bakers are.
        world.set("towns", "T2", "name", Some("Barr"), None);
        assert_eq!(
            of_notes(&world),
            [
                "N2 orphan-reference about: the baker is quarantined in people",
                "N2 orphan-reference sale: S3 is quarantined in sales"
            ]
        );
    });
}

#[test]
fn nothing_waits_for_a_row_that_was_committed_before_also_when_decisions_follow_the_commit() {
    let mut world = chain();
    world.commit();
    // What was committed stays as it was while its successor is held back.
    let empty = world.set("towns", "T2", "name", Some("Barr"), None);
    let told = |lines: &[&str]| -> Vec<String> {
        let mut all: Vec<&str> = NAMELESS.to_vec();
        all.splice(1..1, lines.iter().copied());
        all.into_iter().map(str::to_owned).collect()
    };
    assert_eq!(world.held(), told(&["T2 missing-required name: name is missing and every row must have it"]));
    // Under a key that was never committed it is waited for.
    let renamed = world.set("towns", "T2", "town", Some("T2"), Some("T9"));
    world.set("people", "P4", "town", Some("T3"), Some("T9"));
    let held = world.held();
    assert!(held.contains(&"P4 orphan-reference town: T9 is quarantined in towns".to_owned()), "{held:#?}");
    world.revert(&renamed);
    world.revert(&empty);
    world.commit();
    let held = world.held();
    assert!(!held.iter().any(|line| line.starts_with("T2")), "{held:#?}");
    // A doubled key is held back whatever is committed under it, and nothing waits for it.
    world.set("towns", "T3", "town", Some("T3"), Some("T2"));
    let held = world.held();
    assert!(held.iter().filter(|line| line.contains("\"T2\" stands on 2 rows")).count() == 2, "{held:#?}");
    assert!(!held.iter().any(|line| line.contains("T2 is quarantined")), "{held:#?}");
}

/// People whose country is that of their region, and a rule that looks at it and at what is staged.
const REGIONS: &str = r#"
[tables.regions.fields]
region = { type = "text", key = true }
country = { type = "text", format = "country" }

[tables.people.fields]
person = { type = "text", key = true }
region = { type = "text", references = "regions.region" }
zip_code = { type = "text", format = "postal_code" }
country = { type = "text", format = "country", derive = "region.country" }
"#;

const REGIONS_MAPPED: &str = r#"
[tables.regions]
entity = "regions"
[tables.regions.fields]
region = { column = "id" }
country = { column = "country" }
[tables.people]
entity = "people"
[tables.people.fields]
person = { column = "id" }
region = { column = "region" }
zip_code = { column = "zip" }
"#;

#[test]
fn what_is_staged_is_looked_at_also_of_rows_in_which_only_what_is_computed_has_changed() {
    let staged = [
        ("s", "regions", "id country".to_owned(), "('R1', 'Suisse'), ('R2', 'France')".to_owned()),
        ("s", "people", "id region zip".to_owned(), "('P1', 'R1', '1000'), ('P2', 'R2', '67000')".to_owned()),
    ];
    let mut world = Twins::of(|| World::of(REGIONS, &[("s", REGIONS_MAPPED)], &[], &staged));
    let damaged = ["P1|\"1000\" has lost its leading zero"];
    assert!(world.found("spreadsheet-damage").is_empty());
    let moved = world.set("regions", "R1", "country", Some("Suisse"), Some("France"));
    assert_eq!(world.found("spreadsheet-damage"), damaged);
    world.revert(&moved);
    assert!(world.found("spreadsheet-damage").is_empty());
    // What was staged of the rows of another decision is not taken for it.
    world.set("people", "P2", "zip_code", Some("67000"), Some("67100"));
    world.set("regions", "R1", "country", Some("Suisse"), Some("France"));
    assert_eq!(world.found("spreadsheet-damage"), damaged);
}

/// Wines and many sales of them: what one change can touch may be few rows or most of them.
const SHOP: &str = r#"
[tables.wines.fields]
wine = { type = "text", key = true }
list_price = { type = "decimal" }
usual_price = { type = "decimal" }

[tables.sales.fields]
sale = { type = "text", key = true }
wine = { type = "text", references = "wines.wine" }
price = { type = "decimal" }
mail = { type = "text", format = "email" }
second_mail = { type = "text", format = "email" }

[[check]]
rule = "price-far-from-list"
table = "sales"
field = "price"
with = { list = "wine.list_price" }
[[check]]
rule = "price-far-from-list"
table = "sales"
field = "price"
with = { list = "wine.usual_price", tolerance = 3 }
"#;

const SHOPPED: &str = r#"
[tables.wines]
entity = "wines"
[tables.wines.fields]
wine = { column = "id" }
list_price = { column = "list" }
usual_price = { column = "usual" }
[tables.sales]
entity = "sales"
[tables.sales.fields]
sale = { column = "id" }
wine = { column = "wine" }
price = { column = "price" }
mail = { column = "mail" }
second_mail = { column = "second" }
"#;

/// Rules of the user's own on the same table: one that judges row by row, one that asks other rows and finds things in several
/// fields, one thing twice.
const OWN: &[(&str, &str)] = &[
    ("dear.toml", "id = \"dear\"\ntable = \"sales\"\nfield = \"price\"\nwhen = \"price > 400\"\nmessage = \"dear\""),
    (
        "last.toml",
        "id = \"last\"\ntable = \"sales\"\nselect = \"SELECT max(_key) AS row, unnest(['mail', 'wine', 'wine']) AS field, \
         count(*) || ' sales' AS message FROM candidate.sales\"",
    ),
];

/// So many sales of the first wine, and three of the second.
fn shop(sales: usize) -> Twins {
    let mut rows: Vec<String> =
        (0..sales).map(|n| format!("('A{n:05}', 'W1', '10', 'shared@example.fr', NULL)")).collect();
    rows.extend([
        "('B1', 'W2', '50', 'ann@example.fr', 'shop@example.fr')".to_owned(),
        "('B2', 'W2', '10', 'bob@example.fr', NULL)".to_owned(),
        "('B3', 'W2', '500', 'Ann@example.fr', 'shop@example.fr')".to_owned(),
    ]);
    let staged = [
        ("s", "wines", "id list usual".to_owned(), "('W1', '10', '10'), ('W2', '50', '50')".to_owned()),
        ("s", "sales", "id wine price mail second".to_owned(), rows.join(", ")),
    ];
    Twins::of(|| World::of(SHOP, &[("s", SHOPPED)], OWN, &staged))
}

#[test]
fn uses_of_a_rule_that_share_rule_and_field_are_found_again_together() {
    let mut world = shop(2);
    let by_list = ["B2|sold at 10.00, list price 50.00 (-80 %)", "B3|sold at 500.00, list price 50.00 (+900 %)"];
    let both = [by_list[0], by_list[1], by_list[1]];
    assert_eq!(world.found("price-far-from-list"), both, "the second use says the same of one of them");
    // Only one of the two reads the list price.
    let other = world.set("wines", "W2", "list_price", Some("50"), Some("500"));
    assert_eq!(
        world.found("price-far-from-list"),
        [
            "B1|sold at 50.00, list price 500.00 (-90 %)",
            "B2|sold at 10.00, list price 500.00 (-98 %)",
            "B3|sold at 500.00, list price 50.00 (+900 %)"
        ]
    );
    world.revert(&other);
    assert_eq!(world.found("price-far-from-list"), both);
    world.decide(r#""kind":"exclude","table":"sales","rows":["B3"]"#);
    assert_eq!(world.found("price-far-from-list"), &by_list[..1]);
}

#[test]
fn rows_that_changed_and_are_like_others_that_did_are_found_once() {
    let mut world = shop(0);
    let pair = [
        "B1|\"ann@example.fr\" stands on 2 rows of sales: B1, B3",
        "B3|\"Ann@example.fr\" stands on 2 rows of sales: B1, B3",
    ];
    assert_eq!(world.found("duplicate-email"), pair);
    // Its old likeness has one row left, and the new one three, of which two changed.
    world.decide(
        r#""kind":"bulk","table":"sales","field":"mail","rows":{"B1":["ann@example.fr","BOB@example.fr"],"B3":["Ann@example.fr","bob@example.fr"]}"#,
    );
    let three = "stands on 3 rows of sales: B1, B2, B3";
    assert_eq!(
        world.found("duplicate-email"),
        [
            format!("B1|\"BOB@example.fr\" {three}"),
            format!("B2|\"bob@example.fr\" {three}"),
            format!("B3|\"bob@example.fr\" {three}")
        ]
    );
    world.set("sales", "B2", "mail", Some("bob@example.fr"), None);
    assert_eq!(world.found("duplicate-email").len(), 2);
    // What was found on a row goes with it, also what a rule of the user's own has found.
    assert_eq!(world.found("last"), ["B3|3 sales"; 3]);
    world.decide(r#""kind":"exclude","table":"sales","rows":["B3"]"#);
    assert_eq!((world.found("duplicate-email").len(), world.found("last")), (0, vec!["B2|2 sales".to_owned(); 3]));
}

#[test]
fn where_a_change_touches_most_rows_of_a_table_all_are_looked_at_and_what_else_is_found_in_it_stays() {
    let mut world = shop(1500);
    let (shared, far) = (world.found("duplicate-email").len(), world.found("price-far-from-list").len());
    assert_eq!((shared, far), (1502, 3));
    assert_eq!(world.found("dear"), ["B3|dear"]);
    // All sales of the first wine refer to it.
    let listed = world.set("wines", "W1", "list_price", Some("10"), Some("40"));
    assert_eq!(world.found("price-far-from-list").len(), 1500 + 3);
    assert_eq!(world.found("dear"), ["B3|dear"]);
    assert_eq!(world.found("last").len(), 3);
    world.revert(&listed);
    assert_eq!(world.found("price-far-from-list").len(), 3);
    // All of them have its address: each finding says how many.
    world.set("sales", "A00007", "mail", Some("shared@example.fr"), Some("seven@example.fr"));
    let found = world.found("duplicate-email");
    let second = "SELECT \"row\" FROM dq.anomalies WHERE rule = 'duplicate-email' AND field = 'second_mail' ORDER BY 1";
    assert_eq!(world.part.list(second), ["B1", "B3"], "what the same rule finds in another field stays");
    assert_eq!(found.len(), 1501);
    assert_eq!(found.iter().filter(|line| line.contains("stands on 1499 rows")).count(), 1499);
    assert_eq!(world.found("last").len(), 3);
}

#[test]
fn what_was_set_stands_or_falls_with_what_is_replaced_below_it() {
    // As among many rows, of which it is remembered where they are.
    tastevin::stages::places::worth_it_from(1);
    let mut world = chain();
    let alias =
        |world: &Twins| world.part.list("SELECT _key || ' ' || coalesce(alias, '–') FROM candidate.people ORDER BY 1");
    let unfit = |world: &Twins| world.part.list("SELECT \"row\" FROM dq.conflicts WHERE field = 'alias' ORDER BY 1");
    let replace = |values: &str| format!(r#""kind":"replace","table":"people","field":"alias","values":{{{values}}}"#);
    world.set("people", "P1", "alias", Some("the baker"), Some("a cook"));
    world.set("people", "P4", "alias", None, Some("the baker"));
    // The value below the first one is another now, and so is what it says that it was; the second one was about none.
    let bakery = world.decide(&replace(r#""the baker":"bakery""#));
    assert_eq!(alias(&world)[1], "P2 bakery");
    world.set("people", "P2", "alias", Some("bakery"), Some("the old baker"));
    world.revert(&bakery);
    assert_eq!((alias(&world)[0].as_str(), unfit(&world)), ("P1 a cook", vec!["P2".to_owned()]));
    // In two steps, of which either can go.
    let bakery = world.decide(&replace(r#""the baker":"bakery""#));
    let shop = world.decide(&replace(r#""bakery":"shop""#));
    world.revert(&bakery);
    world.revert(&shop);
    let smithy = world.decide(&replace(r#""the smith":"""#));
    world.set("people", "P3", "alias", None, Some("nobody"));
    world.revert(&smithy);
    assert_eq!(unfit(&world), ["P2", "P3"]);
    // One that fits nothing is told what it has found, whatever that is about.
    world.decide(&replace(r#""the smith":"smithy""#));
    assert_eq!(world.part.list("SELECT found FROM dq.conflicts WHERE \"row\" = 'P3'"), ["smithy"]);
}

/// Many people, of whom a hundred share a key.
fn namesakes() -> Twins {
    const PEOPLE: &str = r#"
[tables.people.fields]
person = { type = "text", key = true }
born = { type = "integer" }
"#;
    const READ: &str = r#"
[tables.people]
entity = "people"
[tables.people.fields]
person = { column = "id" }
born = { column = "born" }
"#;
    // Compared by nothing but greater and less.
    let between = "id = \"between\"\ntable = \"people\"\nfield = \"born\"\n\
                   select = \"SELECT a._key AS row, 'between two others' AS message FROM candidate.people AS a \
                   JOIN candidate.people AS b ON a.born > b.born AND a.born < b.born + 3 AND b.born > 1990\"";
    let alone = (0..2000).map(|n| format!("('P{n}', '{}')", 1900 + n % 90));
    let same = (0..100).map(|n| format!("('SAME', '{}')", 1900 + n % 90));
    let people = alone.chain(same).collect::<Vec<_>>().join(", ");
    let staged = [("s", "people", "id born".to_owned(), people)];
    Twins::of(|| World::of(PEOPLE, &[("s", READ)], &[("between.toml", between)], &staged))
}

#[test]
fn a_rule_may_look_at_sorted_rows_after_each_of_many_decisions() {
    let mut world = Twins { in_a_row: true, ..namesakes() };
    let same = world.part.list("SELECT _key FROM candidate.people WHERE person = 'SAME' ORDER BY 1");
    assert_eq!((same.len(), world.found("duplicate-key").len()), (100, 100));
    for (n, row) in same.iter().take(6).enumerate() {
        world.set("people", row, "person", Some("SAME"), Some(&format!("N{n}")));
        assert_eq!(world.found("duplicate-key").len(), 99 - n);
        world.set("people", &format!("P{n}"), "born", Some(&(1900 + n).to_string()), Some(&(1991 + n).to_string()));
        assert_eq!(world.found("between").len(), [0, 1, 3, 5, 7, 9][n]);
    }
}

const DELIVERED: &str = r#"
[tables.deliveries.fields]
delivery = { type = "text", key = true }
sale = { type = "text" }

[tables.sales]
stake = { field = "price", unit = "€", of = "sales" }
[tables.sales.fields]
sale = { type = "text", key = true }
bottles = { type = "integer", max = 100 }
price = { type = "decimal" }
"#;

const DELIVERIES: &str = r#"
[tables.deliveries]
entity = "deliveries"
[tables.deliveries.fields]
delivery = { column = "id" }
sale = { column = "sale" }
[tables.sales]
entity = "sales"
[tables.sales.fields]
sale = { column = "id" }
bottles = { column = "bottles" }
price = { column = "price" }
"#;

#[test]
fn money_hangs_on_a_row_that_comes_back_after_a_rule_has_named_it_while_it_was_not_there() {
    let unsold = "id = \"unsold\"\ntable = \"sales\"\nmessage = \"delivered and not sold\"\n\
                  select = \"SELECT DISTINCT d.sale AS row FROM candidate.deliveries AS d ANTI JOIN candidate.sales AS s ON s._key = d.sale\"";
    let rows = |row: &dyn Fn(usize) -> String| (1..=100).map(row).collect::<Vec<_>>().join(", ");
    let staged = [
        ("s", "deliveries", "id sale".to_owned(), rows(&|n| format!("('D{n}', 'V{n}')"))),
        ("s", "sales", "id bottles price".to_owned(), rows(&|n| format!("('V{n}', '6', '{n}')"))),
    ];
    let make = || World::of(DELIVERED, &[("s", DELIVERIES)], &[("unsold.toml", unsold)], &staged);
    let mut world = Twins { in_a_row: true, ..Twins::of(make) };
    let stakes = |world: &Twins| world.part.list("SELECT rule, \"row\", stake FROM dq.anomalies ORDER BY ALL");
    let gone = world.decide(r#""kind":"exclude","table":"sales","rows":["V17"]"#);
    assert_eq!(stakes(&world), ["unsold|V17|0.0000"]);
    let set = world.set("sales", "V17", "bottles", Some("6"), Some("600"));
    world.revert(&gone);
    assert_eq!(stakes(&world), ["out-of-range|V17|17.0000"]);
    // The other way round: the row goes, and what is found of it then has no money.
    world.decide(r#""kind":"exclude","table":"sales","rows":["V17"]"#);
    assert_eq!(stakes(&world), ["unsold|V17|0.0000"]);
    world.revert(&set);
    let many: Vec<String> = (20..28).map(|n| format!("\"V{n}\":[\"6\",\"{}\"]", 600 + n)).collect();
    world.decide(&format!(r#""kind":"bulk","table":"sales","field":"bottles","rows":{{{}}}"#, many.join(",")));
    assert_eq!(stakes(&world).len(), 9);
}
