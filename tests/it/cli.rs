//! The command line as a user meets it: exit codes, what goes to stdout and what to stderr, wording.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::harness::{Workspace, output};

/// Exports without a flaw.
const SMALL: &[(&str, &[u8])] = &[
    ("clients.csv", b"Code Client;Nom;Email;T\xc3\xa9l\xc3\xa9phone\nC1;Jean Dupont;j@example.fr;0388830609\nC2;Anne Klein;a@example.fr;0388830610\n"),
    ("produits.csv", b"produit_key;nom;couleur;prix\nP1;Riesling;blanc;10\n"),
    ("ventes.csv", b"code_vente;code_client;produit_key;date;quantite;prix_unitaire\nV1;C1;P1;01/02/2025;1;10\n"),
    ("stock.csv", b"produit_key;entrepot;quantite\nP1;Cave;5\n"),
];

#[test]
fn help_lists_every_command_and_goes_to_stdout() {
    let help = Workspace::folder().tastevin(["--help"]).passed();
    for command in tastevin::cli::command().get_subcommands() {
        let name = command.get_name();
        assert!(help.stdout.contains(&format!("\n  {name} ")), "{name} is missing:\n{}", help.stdout);
    }
    assert!(help.stdout.starts_with("Judge data before it leaves"), "{}", help.stdout);
    assert_eq!(help.stderr, "");
}

#[test]
fn a_wrong_option_is_a_usage_error_on_stderr() {
    let output = Workspace::folder().tastevin(["load", "--nonsense"]).ended(2);
    assert_eq!(output.stdout, "");
    assert!(output.stderr.contains("--nonsense"), "{}", output.stderr);
}

#[test]
fn a_command_outside_of_a_workspace_says_how_to_get_one() {
    let output = Workspace::folder().tastevin(["load"]).ended(2);
    assert!(output.stderr.starts_with("error: there is no workspace here"), "{}", output.stderr);
    assert!(output.stderr.contains("hint: ") && output.stderr.contains("tastevin init"), "{}", output.stderr);
}

#[test]
fn a_mistyped_command_is_told_apart_from_a_folder() {
    let output = Workspace::folder().tastevin(["laod"]).ended(2);
    assert!(output.stderr.contains("did you mean `tastevin load`?"), "{}", output.stderr);
}

#[test]
fn without_a_terminal_the_workbench_points_to_the_headless_commands() {
    let output = Workspace::empty().tastevin::<&str>([]).ended(2);
    assert!(output.stderr.contains("needs a terminal"), "{}", output.stderr);
    assert!(output.stderr.contains("tastevin check"), "{}", output.stderr);
}

#[test]
fn the_demo_prints_the_verdict_and_leaves_a_workspace_that_is_used_again() {
    let folder = Workspace::folder();
    let first = folder.tastevin(["demo", "--headless"]).passed();
    assert!(first.stdout.contains("rows in  = staged  + rejected"), "{}", first.stdout);
    assert!(first.stdout.contains("duplicate-key"), "{}", first.stdout);
    assert!(first.stderr.contains("is a demo workspace now"), "{}", first.stderr);
    assert!(folder.path("tastevin-demo/exports/clients_2025-11-17.csv").exists());

    // Anywhere below the workspace its commands find it.
    let counts = output(folder.command().current_dir(folder.path("tastevin-demo/exports")).args([
        "query",
        "SELECT count(*) AS n FROM candidate.customers",
        "--format",
        "csv",
    ]))
    .passed();
    assert_eq!(counts.stdout.lines().collect::<Vec<_>>(), ["n", "408"]);

    let again = folder.tastevin(["demo", "--headless"]).passed();
    assert!(again.stderr.contains("is a demo workspace already"), "{}", again.stderr);
}

#[test]
fn the_demo_leaves_a_folder_alone_that_is_not_its_own() {
    let folder = Workspace::folder();
    folder.write("photos/cat.jpg", "meow");
    let refused = folder.tastevin(["demo", "photos", "--headless"]).ended(2);
    assert!(refused.stderr.contains("holds no demo"), "{}", refused.stderr);
    assert_eq!(std::fs::read_dir(folder.path("photos")).map(Iterator::count).ok(), Some(1));
}

#[test]
fn after_a_load_rows_in_are_staged_plus_rejected_for_every_entity() {
    let workspace = Workspace::with_samples();
    let loads = workspace.tastevin(["load", "--json"]).passed().json();
    let entities = loads["loads"][0]["entities"].as_array().cloned().unwrap_or_default();
    assert_eq!(entities.len(), 4);
    for entity in entities {
        let number = |name: &str| entity[name].as_u64().unwrap_or(u64::MAX);
        assert!(number("staged") > 0, "{entity}");
        assert_eq!(number("rows_in"), number("staged") + number("rejected"), "{entity}");
    }
}

#[test]
fn a_check_fails_by_what_is_open_and_by_what_was_asked() {
    let workspace = Workspace::with_samples();
    workspace.tastevin(["load"]).passed();
    let failed = workspace.tastevin(["check"]).ended(1);
    assert!(failed.stderr.contains("The check failed"), "{}", failed.stderr);
    assert!(!failed.stdout.contains("The check failed"), "{}", failed.stdout);
    workspace.tastevin(["check", "--fail-on", "never"]).passed();
    workspace.tastevin(["check", "--fail-on", "warning"]).ended(1);
}

#[test]
fn every_json_output_says_which_version_of_its_shape_it_has() {
    let workspace = Workspace::checked();
    let commands: &[&[&str]] = &[
        &["source", "list"],
        &["source", "test"],
        &["source", "kinds"],
        &["load"],
        &["map", "show"],
        &["anomalies", "--rule", "invalid-email"],
        &["decide", "list"],
        &["decide", "conflicts"],
        &["rules", "list"],
        &["rules", "explain", "invalid-email"],
        &["transforms", "list"],
        &["transforms", "list", "decimal"],
        &["schema"],
        &["query", "SELECT 1 AS one"],
        &["check", "--fail-on", "never"],
        &["report"],
        &["log"],
    ];
    for command in commands {
        let json = workspace.tastevin(command.iter().chain(&["--json", "--quiet"])).passed().json();
        assert_eq!(json["schema_version"], 1, "{command:?}");
    }
}

#[test]
fn findings_come_whole_in_every_format_with_the_way_back_to_file_and_line() {
    let workspace = Workspace::checked();
    let csv = workspace.tastevin(["anomalies", "--format", "csv"]).passed();
    let mut lines = csv.stdout.lines();
    assert_eq!(
        lines.next(),
        Some("rule,severity,table,row,field,value,message,suggestion,source,entity,file,line,status,stake")
    );
    let json = workspace.tastevin(["anomalies", "--json"]).passed().json();
    let found = json["anomalies"].as_array().cloned().unwrap_or_default();
    let total = workspace.tastevin(["query", "SELECT count(*) AS n FROM dq.anomalies", "--json"]).passed().json();
    assert_eq!(Some(found.len() as u64), total["rows"][0]["n"].as_u64());
    assert!(found.len() > 100, "{}", found.len());
    let email =
        found.iter().find(|finding| finding["row"] == "isavigne-C0000032" && finding["rule"] == "invalid-email");
    assert_eq!(email.map(|finding| &finding["line"]), Some(&serde_json::json!(35)));

    workspace.tastevin(["anomalies", "--output", "found.parquet"]).passed();
    assert!(workspace.path("found.parquet").metadata().is_ok_and(|file| file.len() > 1000));
    let binary = workspace.tastevin(["anomalies", "--severity", "nonsense"]).ended(2);
    assert!(binary.stderr.contains("error, warning, info"), "{}", binary.stderr);
}

#[test]
fn a_query_reads_and_nothing_else() {
    let workspace = Workspace::checked();
    let rows = workspace.tastevin(["query", "FROM candidate.customers SELECT count(*) AS n", "--format", "json"]);
    assert_eq!(rows.passed().json()[0]["n"], 408);
    for sql in [
        "DROP TABLE candidate.customers",
        "COPY candidate.customers TO 'stolen.csv'",
        "SELECT * FROM read_text('tastevin.toml')",
        "FROM 'tastevin.toml'",
        "ATTACH 'other.duckdb'",
        "SELECT 1; SELECT 2",
    ] {
        let refused = workspace.tastevin(["query", sql]).ended(2);
        assert_eq!(refused.stdout, "", "{sql}");
        assert!(refused.stderr.starts_with("error: "), "{sql}: {}", refused.stderr);
    }
    assert!(!workspace.path("stolen.csv").exists());
    let slip = workspace.tastevin(["query", "SELECT nothing FROM candidate.customers"]).ended(2);
    assert!(slip.stderr.contains("nothing"), "{}", slip.stderr);
}

#[test]
fn a_decision_is_in_the_ledger_at_once_and_in_the_next_check() {
    let workspace = Workspace::checked();
    let set = ["decide", "set", "customers", "isavigne-C0000232", "email", "m@example.fr", "--why", "by phone"];
    let id = workspace.tastevin(set).passed().stdout.trim().to_owned();
    let ledger = workspace.read("decisions.jsonl");
    assert!(ledger.contains(&id) && ledger.contains("\"why\":\"by phone\""), "{ledger}");
    workspace.tastevin(["check", "--fail-on", "never"]).passed();
    let email = "SELECT email FROM candidate.customers WHERE _key = 'isavigne-C0000232'";
    let asked = workspace.tastevin(["query", email, "--json"]).passed().json();
    assert_eq!(asked["rows"][0]["email"], "m@example.fr");

    workspace.tastevin(["decide", "revert", &id[20..]]).passed();
    workspace.tastevin(["check", "--fail-on", "never"]).passed();
    let asked = workspace.tastevin(["query", email, "--json"]).passed().json();
    assert_eq!(asked["rows"][0]["email"], "mathieu.arnaud232@example");
}

#[test]
fn suggestions_are_accepted_in_bulk_as_one_decision() {
    let workspace = Workspace::checked();
    let bulk = ["decide", "bulk", "customers", "email", "--rule", "invalid-email", "--suggestion", "--json"];
    let decisions = workspace.tastevin(bulk).passed().json();
    assert_eq!(decisions["decisions"].as_array().map(Vec::len), Some(1), "{decisions}");
    assert_eq!(workspace.read("decisions.jsonl").lines().count(), 1);
    workspace.tastevin(["check", "--fail-on", "never"]).passed();
    let left = workspace.tastevin(["anomalies", "--rule", "invalid-email", "--json"]).passed().json();
    assert_eq!(left["anomalies"].as_array().map(Vec::len), Some(1), "{left}");
    let nothing = workspace.tastevin(bulk).ended(2);
    assert!(nothing.stderr.contains("nothing was decided"), "{}", nothing.stderr);
}

#[test]
fn a_waiver_needs_a_reason_and_takes_the_finding_off_the_open_ones() {
    let workspace = Workspace::checked();
    let waive = ["decide", "waive", "invalid-email", "customers", "isavigne-C0000232"];
    workspace.tastevin(waive).ended(2);
    workspace.tastevin(waive.iter().chain(&["--why", " "])).ended(2);
    workspace.tastevin(waive.iter().chain(&["--why", "post only"])).passed();
    workspace.tastevin(["check", "--fail-on", "never"]).passed();
    let waived = workspace.tastevin(["anomalies", "--status", "waived", "--json"]).passed().json();
    assert_eq!(waived["anomalies"][0]["row"], "isavigne-C0000232");
}

#[test]
fn one_source_that_cannot_be_read_does_not_stop_the_others() {
    let workspace = Workspace::with_samples();
    let old = workspace.dir().join("nowhere");
    std::fs::create_dir(&old).expect("a folder");
    workspace.tastevin(["source", "add", "old_cellar", "--kind", "isavigne", "--path", "nowhere"]).passed();
    std::fs::remove_dir(&old).expect("the folder goes");
    let loaded = workspace.tastevin(["load"]).ended(3);
    assert!(loaded.stdout.contains("isavigne_prod  load"), "{}", loaded.stdout);
    assert!(loaded.stderr.contains("nowhere"), "{}", loaded.stderr);
    workspace.tastevin(["source", "test", "old_cellar"]).ended(3);
    workspace.tastevin(["load", "misspelt"]).ended(2);
}

#[test]
fn a_source_that_could_not_be_used_is_not_written_down() {
    let workspace = Workspace::empty();
    let before = workspace.read("tastevin.toml");
    let unknown = workspace.tastevin(["source", "add", "x", "--kind", "nonsense", "--path", "p"]).ended(2);
    assert!(unknown.stderr.contains("nonsense"), "{}", unknown.stderr);
    let secret = workspace.tastevin(["source", "add", "x", "--kind", "isavigne", "--set", "api_key=12345"]).ended(2);
    assert!(secret.stderr.contains("a secret must not stand in this file"), "{}", secret.stderr);
    assert!(!secret.stderr.contains("12345"), "{}", secret.stderr);
    let nowhere = workspace.tastevin(["source", "add", "x", "--kind", "isavigne"]).ended(2);
    assert!(nowhere.stderr.contains("path"), "{}", nowhere.stderr);
    workspace.tastevin(["source", "add", "a b/c", "--kind", "isavigne", "--path", "p"]).ended(2);
    let away = workspace.tastevin(["source", "add", "x", "--kind", "isavigne", "--path", "p"]).ended(3);
    assert!(away.stderr.contains("there is no such folder") && away.stderr.contains("p [path]"), "{}", away.stderr);
    std::fs::write(workspace.dir().join("p"), "").expect("a file");
    let file = workspace.tastevin(["source", "add", "x", "--kind", "isavigne", "--path", "p"]).ended(3);
    assert!(file.stderr.contains("is a file and must be a folder"), "{}", file.stderr);
    assert_eq!(workspace.read("tastevin.toml"), before);

    std::fs::remove_file(workspace.dir().join("p")).expect("the file goes");
    std::fs::create_dir(workspace.dir().join("p")).expect("a folder");
    workspace.tastevin(["source", "add", "x", "--kind", "isavigne", "--path", "p"]).passed();
    assert!(workspace.read("tastevin.toml").starts_with(before.split("[gate]").next().unwrap_or(&before)));
    workspace.tastevin(["source", "remove", "x"]).passed();
    workspace.tastevin(["source", "remove", "x"]).ended(2);
}

#[test]
fn a_folder_is_made_a_workspace_once() {
    let folder = Workspace::folder();
    folder.tastevin(["init", "winery"]).passed();
    assert!(folder.read("winery/tastevin.toml").contains("name = \"winery\""));
    let again = folder.tastevin(["init", "winery"]).ended(2);
    assert!(again.stderr.contains("at: winery"), "{}", again.stderr);
}

#[test]
fn read_only_looks_and_refuses_changes() {
    let workspace = Workspace::checked();
    workspace.tastevin(["--read-only", "anomalies"]).passed();
    let refused = workspace.tastevin(["--read-only", "load"]).ended(2);
    assert!(refused.stderr.contains("reading only"), "{}", refused.stderr);
    // Of a cell that was decided before, what it has now is worked out first.
    let set = ["decide", "set", "customers", "isavigne-C0000001", "city"];
    workspace.tastevin(set.iter().chain(&["Barr"])).passed();
    let refused = workspace.tastevin(["--read-only"].iter().chain(&set).chain(&["Colmar"])).ended(2);
    assert!(refused.stderr.contains("reading only"), "{}", refused.stderr);
    workspace.tastevin(set.iter().chain(&["Colmar"])).passed();
}

#[test]
fn quiet_leaves_only_data_and_errors() {
    let workspace = Workspace::with_samples();
    assert_eq!(workspace.tastevin(["load", "--quiet"]).passed().stderr, "");
    assert_eq!(workspace.tastevin(["check", "--quiet"]).ended(1).stderr, "");
    let error = workspace.tastevin(["load", "misspelt", "--quiet"]).ended(2);
    assert!(error.stderr.starts_with("error: "), "{}", error.stderr);
}

#[test]
fn what_is_in_the_data_never_acts_on_the_terminal() {
    let hostile =
        "Code Client;Nom;Email;Téléphone\nC1;\u{1b}[2J\u{1b}]0owned\u{7}Jean Dupont;j@example.fr;0388830609\n";
    let mut exports = SMALL.to_vec();
    exports[0].1 = hostile.as_bytes();
    let workspace = Workspace::with_exports(&exports);
    workspace.tastevin(["load"]).passed();
    workspace.tastevin(["check", "--fail-on", "never"]).passed();
    for command in [
        ["query", "FROM candidate.customers", "--format", "text"],
        ["query", "FROM staging.\"isavigne_prod/clients\"", "--format", "text"],
        ["anomalies", "--table", "customers", "--quiet"],
    ] {
        let output = workspace.tastevin(command).passed();
        assert!(!output.stdout.contains('\u{1b}') && !output.stdout.contains('\u{7}'), "{:?}", output.stdout);
        assert!(!output.stderr.contains('\u{1b}'), "{:?}", output.stderr);
    }
    let shown = workspace.tastevin(["query", "SELECT first_name FROM candidate.customers"]).passed();
    assert!(shown.stdout.contains("␛[2J"), "{}", shown.stdout);
}

#[test]
fn a_reader_that_has_seen_enough_ends_nothing_in_an_error() {
    let workspace = Workspace::empty();
    let mut command = workspace.command();
    command.args(["query", "SELECT range AS n FROM range(300000)", "--format", "csv"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    let mut some = [0; 100];
    let mut stdout = child.stdout.take().expect("a pipe");
    stdout.read_exact(&mut some).expect("the first rows");
    drop(stdout);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_on_stderr_changes_no_exit_code() {
    let workspace = Workspace::checked();
    let closed = |arguments: &[&str]| {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let out = writer.try_clone().expect("the same pipe");
        let mut command = workspace.command();
        command.args(arguments).stdout(out).stderr(writer).status().expect("the binary runs").code()
    };
    assert_eq!(closed(&["anomalies"]), Some(0));
    assert_eq!(closed(&["check"]), Some(1));
    assert_eq!(closed(&["load", "misspelt"]), Some(2));
    assert_eq!(closed(&["load", "--nonsense"]), Some(2));
}

#[test]
fn a_check_before_there_is_anything_to_check_says_what_comes_first() {
    let empty = Workspace::empty();
    let none = empty.tastevin(["check"]).ended(2);
    assert!(none.stderr.contains("no source yet") && none.stderr.contains("tastevin source add"), "{}", none.stderr);
    let unloaded = Workspace::with_exports(SMALL);
    for command in ["check", "commit"] {
        let output = unloaded.tastevin([command]).ended(2);
        assert!(output.stderr.contains("load first: tastevin load"), "{command}: {}", output.stderr);
    }
}

#[test]
fn a_torn_line_of_the_ledger_is_told_by_whatever_command_comes_next() {
    let workspace = Workspace::checked();
    let whole = ["decide", "set", "customers", "isavigne-C0000232", "email", "m@example.fr"];
    workspace.tastevin(whole).passed();
    let ledger = workspace.read("decisions.jsonl");
    let torn = &ledger[..ledger.len() / 2];
    for command in [&["anomalies"][..], &["query", "SELECT 1"], &["log"], &["load"]] {
        workspace.write("decisions.jsonl", format!("{ledger}{torn}"));
        let output = workspace.tastevin(command).passed();
        assert!(output.stderr.contains("warning: line 2 of"), "{command:?}: {}", output.stderr);
    }
    // With its line break it was not torn while it was written: somebody broke it.
    workspace.write("decisions.jsonl", format!("{ledger}{torn}\n"));
    let broken = workspace.tastevin(["anomalies"]).ended(2);
    assert!(broken.stderr.contains("decisions.jsonl:2"), "{}", broken.stderr);
}

#[test]
fn a_filter_that_names_nothing_there_is_is_refused() {
    let workspace = Workspace::checked();
    for (option, slip, hint) in [
        ("--rule", "invalid-emial", "did you mean \"invalid-email\"?"),
        ("--table", "customer", "did you mean \"customers\"?"),
        ("--field", "emails", "did you mean \"email\"?"),
        ("--source", "isavigne_prd", "did you mean \"isavigne_prod\"?"),
        ("--row", "nobody", "rows are named by their key"),
    ] {
        let refused = workspace.tastevin(["anomalies", option, slip]).ended(2);
        assert!(refused.stderr.contains(slip) && refused.stderr.contains(hint), "{option}: {}", refused.stderr);
    }
    let quiet = workspace.tastevin(["anomalies", "--rule", "invalid-email", "--table", "stock_levels"]).passed();
    assert!(quiet.stderr.contains("No such findings."), "{}", quiet.stderr);
}

#[test]
fn a_decision_about_what_is_not_there_is_refused_with_what_was_meant() {
    let workspace = Workspace::checked();
    for (arguments, said) in [
        (&["bulk", "customers", "emial", "--rule", "invalid-email", "--now", "x"][..], "did you mean \"email\"?"),
        (&["bulk", "customers", "email", "--rule", "invalid-emial", "--suggestion"], "did you mean \"invalid-email\"?"),
        (
            &["bulk", "customers", "email", "--source", "isavigne_prd", "--suggestion"],
            "did you mean \"isavigne_prod\"?",
        ),
        (&["bulk", "customer", "email", "--where", "true", "--now", "x"], "did you mean \"customers\"?"),
        (&["exclude", "customer", "--rule", "invalid-email"], "did you mean \"customers\"?"),
        (&["exclude", "customers", "--rule", "invalid-emial"], "did you mean \"invalid-email\"?"),
        (&["waive", "invalid-emial", "customers", "--all", "--why", "so"], "did you mean \"invalid-email\"?"),
        (&["waive", "invalid-email", "customer", "--all", "--why", "so"], "did you mean \"customers\"?"),
        (&["waive", "invalid-email", "customers", "--field", "emial", "--why", "so"], "did you mean \"email\"?"),
        (
            &["waive", "invalid-email", "customers", "--source", "isavigne_prd", "--why", "so"],
            "did you mean \"isavigne_prod\"?",
        ),
        (&["waive", "invalid-email", "customers", "nobody", "--why", "so"], "there is no row \"nobody\""),
        (&["exclude", "customers", "nobody"], "has no row \"nobody\""),
    ] {
        let refused = workspace.tastevin(["decide"].iter().chain(arguments)).ended(2);
        assert!(refused.stderr.contains(said), "{arguments:?}: {}", refused.stderr);
    }
    assert!(!workspace.path("decisions.jsonl").exists());
}

#[test]
fn a_rule_of_the_users_own_is_known_wherever_rules_are_named() {
    let workspace = Workspace::checked();
    workspace.write(
        "rules/short.toml",
        "id = \"short-name\"\ntitle = \"A name of one letter\"\ntable = \"customers\"\nwhen = \"length(last_name) = 1\"\n[docs]\nfinds = \"Names cut off.\"\n",
    );
    workspace.tastevin(["anomalies", "--rule", "short-name"]).passed();
    let list = workspace.tastevin(["rules", "list"]).passed().stdout;
    assert!(list.contains("short-name") && list.contains("invalid-email"), "{list}");
    let words = workspace.tastevin(["rules", "explain", "short-name"]).passed().stdout;
    assert!(words.contains("A name of one letter") && words.contains("Names cut off."), "{words}");
    assert!(!words.contains("How to fix it"), "{words}");
    Workspace::folder().tastevin(["rules", "explain", "invalid-email"]).passed();
}

#[test]
fn the_message_of_a_rule_of_the_users_own_writes_numbers_as_others_do() {
    let workspace = Workspace::shop(
        "Code Client;Nom;Email;Téléphone;Ville\nC1;Jean Dupont;jean@example.fr;;Colmar\n",
        "Code Vente;Code Client;Produit Key;Date;Quantité;Prix Unitaire\nV1;C1;R1;01/10/2025;2;107,30\n",
    );
    workspace.write(
        "rules/dear.toml",
        "id = \"dear\"\ntable = \"sales_lines\"\nfield = \"price_unit_eur\"\nwhen = \"price_unit_eur > 50\"\nmessage = \"{quantity_units} of {product_key} for {price_unit_eur}, {price_unit_eur / 3}, on {date_sale}, {[1.50]}, {NULL}\"\n",
    );
    workspace.check();
    let said = workspace.query("SELECT message FROM dq.anomalies WHERE rule = 'dear'");
    assert_eq!(said, ["\"2 of R1 for 107.3, 35.7667, on 2025-10-01, [1.50], –\""]);
}

#[test]
fn a_table_that_is_asked_about_gets_suggestions_however_little_fits_it_and_says_what_does_not() {
    let workspace = Workspace::empty();
    workspace.write(
        "exports/pieces.csv",
        "Dossier;Désignation;Montant facturé;Jour\nA-001;Vis inox;12,50;01/02/2024\nA-002;Écrou;3,20;02/02/2024\n",
    );
    workspace.write(
        "mappings/canonical.toml",
        "[tables.parts.fields]\npart_id = { type = \"text\", key = true }\nlabel = { type = \"text\", required = true }\namount = { type = \"decimal\" }\nbought_on = { type = \"date\" }\n[tables.makers.fields]\nmaker_id = { type = \"text\", key = true }\n",
    );
    for mapping in ["isavigne", "odoo", "brevo"] {
        let _ = std::fs::remove_file(workspace.path(&format!("mappings/{mapping}.toml")));
    }
    workspace.tastevin(["source", "add", "shop", "--kind", "files", "--path", "exports"]).passed();
    workspace.tastevin(["load"]).passed();
    let suggest = |arguments: &[&str]| workspace.tastevin(["map", "suggest"].iter().chain(arguments)).passed().stdout;
    // Nothing fits of itself.
    assert!(suggest(&[]).contains("it fits no table; the nearest is"), "{}", suggest(&[]));
    let said = suggest(&["--table", "parts", "--all"]);
    assert!(said.contains("→ parts  0.") && said.contains("parts  bought_on"), "{said}");
    assert!(
        said.contains("no column is like label, amount by name or by values; synonyms in mappings/canonical.toml"),
        "{said}"
    );
    assert!(!said.contains("-0 %"), "{said}");
    workspace.tastevin(["map", "set", "shop", "parts.part_id", "Dossier"]).passed();
    let said = suggest(&["--table", "makers"]);
    assert!(said.contains("not makers  0.") && said.contains("; it is parts"), "{said}");
    assert!(suggest(&["--table", "parts", "--min", "0.99"]).contains("below 0.99"));
}

#[test]
fn an_output_whose_ending_is_no_format_is_refused() {
    let workspace = Workspace::checked();
    for command in ["anomalies", "report"] {
        let refused = workspace.tastevin([command, "--output", "f.doc"]).ended(2);
        assert!(refused.stderr.contains(".doc") && refused.stderr.contains(".json"), "{}", refused.stderr);
    }
    assert!(!workspace.path("f.doc").exists());
    workspace.tastevin(["anomalies", "--format", "csv", "--output", "f.doc"]).passed();
}

#[test]
fn the_kinds_of_sources_are_the_mappings_there_are() {
    let workspace = Workspace::empty();
    workspace.write("mappings/cellar.toml", "description = \"The old cellar book.\"\n");
    let kinds = workspace.tastevin(["source", "kinds"]).passed().stdout;
    assert!(kinds.contains("isavigne") && kinds.contains("The old cellar book."), "{kinds}");
    assert!(kinds.contains("map suggest"), "{kinds}");
    let refused = workspace.tastevin(["source", "add", "x", "--kind", "file", "--path", "p"]).ended(2);
    assert!(refused.stderr.contains("cellar, isavigne"), "{}", refused.stderr);
}

#[test]
fn a_source_that_would_borrow_the_mapping_of_another_is_refused() {
    let workspace = Workspace::empty();
    workspace.write("in/clients.csv", "code\nC1\n");
    let add = |name: &str, more: &[&str]| {
        let arguments = ["source", "add", name, "--kind", "files", "--path", "in"];
        workspace.tastevin(arguments.iter().chain(more))
    };
    let refused = add("isavigne", &[]).ended(2).stderr;
    let said =
        "the source \"isavigne\" would be read with mappings/isavigne.toml, which is that of the kind \"isavigne\"";
    assert!(refused.contains(said), "{refused}");
    assert!(refused.contains("hint: kind = \"isavigne\" uses it; another name, e.g. isavigne_files,"), "{refused}");
    assert!(!workspace.read("tastevin.toml").contains("[sources.isavigne]"));
    // Whoever says so means it.
    let added = add("isavigne", &["--mapping", "isavigne"]).passed().stderr;
    assert!(added.contains("isavigne is added. It is read with mappings/isavigne.toml."), "{added}");
    // A mapping of its own that was written before is its own again.
    workspace.tastevin(["source", "remove", "isavigne"]).passed();
    assert!(!add("shop", &[]).passed().stderr.contains("It is read with"));
    workspace.tastevin(["load"]).passed();
    workspace.tastevin(["map", "set", "shop", "customers.customer_key", "code"]).passed();
    workspace.tastevin(["source", "remove", "shop"]).passed();
    assert!(add("shop", &[]).passed().stderr.contains("It is read with mappings/shop.toml."));
    // In the file it is told with its line.
    workspace.write("tastevin.toml", "[workspace]\nname = \"T\"\n[sources.odoo]\nkind = \"files\"\npath = \"in\"\n");
    let refused = workspace.tastevin(["load"]).ended(2).stderr;
    assert!(refused.contains("tastevin.toml:3 [sources.odoo]"), "{refused}");
}

#[test]
fn a_mistake_in_a_mapping_is_told_with_its_file() {
    let workspace = Workspace::checked();
    let mapping = workspace.read("mappings/isavigne.toml");
    for (right, wrong) in [("\"trim\"", "\"trimm\""), ("column = \"nom\"", "column = \"nomm\"")] {
        assert!(mapping.contains(right), "{right}");
        workspace.write("mappings/isavigne.toml", mapping.replacen(right, wrong, 1));
        let refused = workspace.tastevin(["check"]).ended(2);
        assert!(refused.stderr.contains("mappings/isavigne.toml"), "{}", refused.stderr);
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_long_query_with_code_130() {
    let workspace = Workspace::empty();
    // The database is made first, so that the query begins at once.
    workspace.tastevin(["query", "SELECT 1"]).passed();
    let endless = "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range % 7 = b.range % 11";
    let mut command = workspace.command();
    command.args(["query", endless]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    std::thread::sleep(Duration::from_millis(1500));
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(kill.success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
}

#[test]
fn completions_and_the_manual_know_every_command() {
    let folder = Workspace::folder();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = folder.tastevin(["completions", shell]).passed().stdout;
        assert!(script.contains("anomalies") && script.contains("fail-on"), "{shell}");
    }
    let page = folder.tastevin(["man"]).passed().stdout;
    assert!(page.contains(".TH tastevin"), "{page}");
    assert!(folder.tastevin(["man", "check"]).passed().stdout.contains("fail\\-on"));
    folder.tastevin(["man", "nonsense"]).ended(2);
}

#[test]
fn a_sync_commits_what_is_clean_and_the_log_tells_and_takes_back() {
    let workspace = Workspace::with_exports(SMALL);
    let first = workspace.tastevin(["sync", "--json"]).passed().json();
    assert_eq!(first["committed"], true, "{first}");
    let customers = workspace.tastevin(["export", "customers"]).passed();
    assert_eq!(customers.stdout.lines().count(), 3, "{}", customers.stdout);

    let clients = "Code Client;Nom;Email;Téléphone\nC1;Jean Dupont;jean@example.fr;0388830609\nC2;Anne Klein;a@example.fr;0388830610\nC3;Luc Roth;l@example.fr;0388830611\n";
    workspace.write("exports/clients.csv", clients);
    workspace.tastevin(["load"]).passed();
    let dry = workspace.tastevin(["commit", "--dry-run"]).passed();
    assert!(dry.stdout.contains("The gate is open"), "{}", dry.stdout);
    assert_eq!(workspace.tastevin(["log", "--json"]).passed().json()["commits"].as_array().map(Vec::len), Some(1));
    let diff = workspace.tastevin(["diff"]).passed();
    assert!(diff.stdout.contains("+ isavigne-C3"), "{}", diff.stdout);
    assert!(diff.stdout.contains("email: j@example.fr → jean@example.fr"), "{}", diff.stdout);

    workspace.tastevin(["commit", "-m", "week 47"]).passed();
    let log = workspace.tastevin(["log"]).passed();
    assert!(log.stdout.contains("week 47") && log.stdout.contains("marie"), "{}", log.stdout);
    let what = workspace.tastevin(["diff", "2", "--table", "customers", "--json"]).passed().json();
    assert_eq!(what["tables"][0]["tally"]["added"], 1, "{what}");
    let idle = workspace.tastevin(["commit"]).passed();
    assert_eq!(idle.stdout, "", "an older commit is none that was made");
    assert!(idle.stderr.contains("Nothing to commit: commit 2 stands."), "{}", idle.stderr);
    assert_eq!(workspace.tastevin(["commit", "--json"]).passed().json()["committed"], false);
    assert_eq!(workspace.tastevin(["sync", "--json"]).passed().json()["committed"], false);
    let told = workspace.tastevin(["revert", "2"]).passed().stderr;
    assert!(told.contains("the next commit brings them again"), "{told}");
    assert_eq!(workspace.tastevin(["export", "customers"]).passed().stdout, customers.stdout);
}

#[test]
fn an_export_without_a_row_says_why() {
    let workspace = Workspace::with_exports(SMALL);
    workspace.tastevin(["load"]).passed();
    workspace.tastevin(["check", "--fail-on", "never"]).passed();
    let export = |table: &str| workspace.tastevin(["export", table]).passed();
    let none = workspace.tastevin(["export", "customers"]).ended(2).stderr;
    assert!(none.contains("nothing of \"customers\" is committed yet"), "{none}");
    workspace.tastevin(["commit"]).passed();
    let some = export("customers").stderr;
    assert!(some.contains("2 rows") && !some.contains("candidate"), "{some}");
    let left = export("contact_history").stderr;
    assert!(left.contains("The last commit left no row in contact_history"), "{left}");
    workspace.tastevin(["revert", "1"]).passed();
    let back = export("customers").stderr;
    assert!(back.contains("Commit 2 took commit 1 back; the next commit brings its rows again"), "{back}");
    let never = export("contact_history").stderr;
    assert!(
        never.contains("The last commit left no row in contact_history"),
        "none came, so none comes again: {never}"
    );
}

#[test]
fn a_sync_that_the_gate_stops_commits_nothing_and_says_so_by_its_exit_code() {
    let mut exports = SMALL.to_vec();
    exports[2].1 = b"code_vente;code_client;produit_key;date;quantite;prix_unitaire\nV1;C9;P1;01/02/2025;1;10\n";
    let workspace = Workspace::with_exports(&exports);
    let stopped = workspace.tastevin(["sync"]).ended(1);
    assert!(stopped.stdout.contains("The gate is closed"), "{}", stopped.stdout);
    assert!(stopped.stderr.contains("Nothing was committed"), "{}", stopped.stderr);
    assert_eq!(workspace.tastevin(["log", "--json"]).passed().json()["commits"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_mistake_in_a_file_of_the_workspace_is_told_with_file_and_line() {
    let workspace = Workspace::empty();
    let before = workspace.read("tastevin.toml");
    workspace.write("tastevin.toml", format!("{before}\ngarbage = [\n"));
    let output = workspace.tastevin(["check"]).ended(2);
    assert!(output.stderr.contains("at: ./tastevin.toml:"), "{}", output.stderr);

    workspace.write("tastevin.toml", before);
    workspace.write("decisions.jsonl", "nonsense\n{}\n");
    let output = workspace.tastevin(["decide", "list"]).ended(2);
    assert!(output.stderr.contains("decisions.jsonl:1"), "{}", output.stderr);
}

#[test]
fn an_output_that_cannot_be_written_is_an_error_of_the_system() {
    let workspace = Workspace::checked();
    let nowhere = workspace.tastevin(["anomalies", "--output", "no/such/folder/x.csv"]).ended(3);
    assert!(nowhere.stderr.contains("the folder of the output does not exist"), "{}", nowhere.stderr);
    workspace.tastevin(["anomalies", "--output", "exports"]).ended(2);
    if std::path::Path::new("/dev/full").exists() {
        let full = workspace.tastevin(["anomalies", "--output", "/dev/full"]).ended(3);
        assert!(full.stderr.contains("disk is full"), "{}", full.stderr);
    }
}

#[test]
fn a_second_program_is_told_who_holds_the_workspace() {
    let workspace = Workspace::empty();
    let held = tastevin::workbench::Workbench::open(workspace.dir(), tastevin::workbench::OpenOptions::default());
    let held = held.expect("the workspace opens");
    let busy = workspace.tastevin(["check"]).ended(3);
    assert!(busy.stderr.contains("holds this workspace"), "{}", busy.stderr);
    assert!(busy.stderr.contains("hint: close it there first"), "{}", busy.stderr);
    let looking = workspace.tastevin(["--read-only", "log"]).ended(3);
    assert!(looking.stderr.contains("if all of them say --read-only"), "{}", looking.stderr);
    drop(held);
    workspace.tastevin(["log"]).passed();
}

/// The one text that a query returns.
fn asked(workspace: &Workspace, sql: &str) -> String {
    let output = workspace.tastevin(["query", "--format", "csv", sql]).passed();
    output.stdout.lines().nth(1).unwrap_or_default().to_owned()
}

#[test]
fn a_waiver_of_one_field_leaves_the_same_rule_open_on_the_other_one() {
    let without = b"code_vente;code_client;produit_key;date;quantite;prix_unitaire\nV1;C1;P1;;;10\n";
    let mut exports = SMALL.to_vec();
    exports[2].1 = without;
    let workspace = Workspace::with_exports(&exports);
    workspace.tastevin(["load"]).passed();
    workspace.tastevin(["check"]);
    let by_status = "SELECT string_agg(field || ' ' || status, ', ' ORDER BY field) AS found FROM dq.anomalies \
                     WHERE rule = 'missing-required' AND \"table\" = 'sales_lines'";
    assert_eq!(asked(&workspace, by_status), "\"date_sale open, quantity_units open\"");
    let all = ["decide", "waive", "missing-required", "sales_lines", "--field", "date_sale", "--why", "so"];
    workspace.tastevin(all).passed();
    workspace.tastevin(["check"]);
    assert_eq!(asked(&workspace, by_status), "\"date_sale waived, quantity_units open\"");
}

#[test]
fn a_check_whose_rules_fail_leaves_the_candidates_of_the_check_before() {
    let workspace = Workspace::with_exports(SMALL);
    workspace.tastevin(["load"]).passed();
    workspace.tastevin(["check"]).passed();
    let row = asked(&workspace, "SELECT min(_key) AS k FROM candidate.customers");
    workspace.tastevin(["decide", "exclude", "customers", &row]).passed();
    std::fs::create_dir_all(workspace.path("rules")).expect("a folder for rules");
    workspace.write("rules/bad.toml", "id = \"bad\"\ntable = \"customers\"\nwhen = \"CAST(last_name AS INTEGER) > 3\"");
    let failed = workspace.tastevin(["check"]);
    assert!(failed.stderr.contains("bad.toml") && !failed.stderr.contains("  statement: "), "{}", failed.stderr);
    let told = output(workspace.command().arg("check").env("TASTEVIN_DEBUG", "1"));
    assert!(told.stderr.contains("  statement: INSERT INTO dq.anomalies"), "{}", told.stderr);
    let rows = "SELECT count(*) AS n FROM candidate.customers";
    assert_eq!(asked(&workspace, rows), "2");
    std::fs::remove_file(workspace.path("rules/bad.toml")).expect("the rule can be removed");
    workspace.tastevin(["check"]);
    assert_eq!(asked(&workspace, rows), "1", "the decision was only waiting");
}

#[test]
fn an_unreadable_value_of_a_required_field_is_not_waived_into_an_empty_one() {
    let workspace = Workspace::checked();
    let refused =
        workspace.tastevin(["decide", "waive", "unreadable-value", "sales_lines", "--all", "--why", "x"]).ended(2);
    assert!(refused.stderr.contains("must have a value"), "{}", refused.stderr);
    workspace.tastevin(["decide", "waive", "invalid-phone", "customers", "--all", "--why", "x"]).passed();
}

#[test]
fn what_is_asked_wrongly_is_told_with_what_there_is_by_every_command() {
    let empty = Workspace::empty();
    let checked = Workspace::checked();
    checked.write("ledger.jsonl", "{}\n");
    for (workspace, arguments, said) in [
        (&empty, &["map", "suggest", "shop"][..], &["there is no source \"shop\"", "tastevin source add"][..]),
        (&empty, &["load", "shop"], &["there is no source \"shop\"", "there is none yet"]),
        (&empty, &["diff"], &["nothing was checked yet", "tastevin check"]),
        (&empty, &["decide", "apply", "-"], &["no decision to make", "decide apply -"]),
        (
            &checked,
            &["map", "suggest", "isavigne"],
            &["there is no source \"isavigne\"", "did you mean \"isavigne_prod\"?"],
        ),
        (&checked, &["map", "suggest", "--table", "custmers"], &["did you mean \"customers\"?"]),
        (&checked, &["map", "show", "custmers"], &["did you mean \"customers\"?"]),
        (&checked, &["map", "set", "isavigne_prd", "customers.email", "Email"], &["did you mean \"isavigne_prod\"?"]),
        (&checked, &["map", "set", "isavigne_prod", "customer.email", "Email"], &["did you mean \"customers\"?"]),
        (&checked, &["source", "status", "isavigne"], &["did you mean \"isavigne_prod\"?"]),
        (&checked, &["source", "edit", "isavigne_prod", "--unset", "kind"], &["a source has a kind", "--set kind="]),
        (&checked, &["source", "edit", "isavigne_prod", "--set", "pth=x"], &["did you mean \"path\"?"]),
        (&checked, &["export", "custmers"], &["did you mean \"customers\"?"]),
        (&checked, &["schema", "custmers"], &["did you mean \"customers\"?"]),
        (&checked, &["diff", "--table", "custmers"], &["did you mean \"customers\"?"]),
        (&checked, &["diff", "one"], &["a commit is a number, as `tastevin log` shows it"]),
        (&checked, &["revert", "-1"], &["a commit is a number, as `tastevin log` shows it"]),
        (&checked, &["revert", "9"], &["there is no commit 9", "nothing has been committed yet"]),
        (&checked, &["anomalies", "clusters", "customer", "city"], &["did you mean customers.city?"]),
        (&checked, &["decide", "apply", "ledger.jsonl"], &["at: argument:1", "decide apply - < ledger.jsonl"]),
        (&checked, &["query", "SELECT emial FROM candidate.customers"], &["emial", "line 1, character 8"]),
    ] {
        let refused = workspace.tastevin(arguments).ended(2).stderr;
        for part in said {
            assert!(refused.contains(part), "{arguments:?}: no {part} in\n{refused}");
        }
    }
    // What is neither a command nor a folder is a slip, with and without a terminal.
    let refused = empty.tastevin(["nothing_like_it"]).ended(2).stderr;
    assert!(refused.contains("there is no command and no folder \"nothing_like_it\""), "{refused}");
}

#[test]
fn a_source_that_has_numbered_anew_is_told_before_and_after_the_commit() {
    let customers = |shift: usize| {
        let line =
            |n: usize| format!("C{n};Ann{0} Lee{0};ann{0}@example.fr;03888306{1:02}\n", n + shift, (n + shift) % 100);
        format!("Code Client;Nom;Email;Téléphone\n{}", (10..40).map(line).collect::<String>())
    };
    let workspace = Workspace::with_exports(SMALL);
    let sales = workspace.read("exports/ventes.csv").replace(";C1;", ";C10;").replace(";C2;", ";C11;");
    workspace.write("exports/ventes.csv", sales);
    workspace.write("exports/clients.csv", customers(0));
    assert!(!workspace.tastevin(["sync"]).passed().stderr.contains('▲'));
    workspace.write("exports/clients.csv", customers(40));
    workspace.tastevin(["load"]).passed();
    let told = "▲ customers: of 30 of 30 committed rows most values become others";
    let dry = workspace.tastevin(["commit", "--dry-run"]).passed().stderr;
    assert!(dry.contains(told), "{dry}");
    let config = workspace.read("tastevin.toml");
    workspace.write("tastevin.toml", config.replace("warn_rewritten = \"20%\"", "warn_rewritten = \"100%\""));
    assert!(!workspace.tastevin(["commit", "--dry-run"]).passed().stderr.contains("become others"));
    workspace.write("tastevin.toml", config.replace("warn_rewritten = \"20%\"", "warn_rewritten = \"many\""));
    let refused = workspace.tastevin(["commit", "--dry-run"]).ended(2).stderr;
    assert!(refused.contains("gate.warn_rewritten") && refused.contains("write a share like"), "{refused}");
    workspace.write("tastevin.toml", config);
    let made = workspace.tastevin(["sync"]).passed().stderr;
    assert!(made.contains(told), "{made}");
}
