//! Slips in the files of a workspace: each is told with file, line, what it is about and what was meant, before anything runs.

use crate::harness::Workspace;

/// Writes `wrong` for `right` in a file and expects `check` to refuse it on that line with all of `said`.
#[track_caller]
fn refused(workspace: &Workspace, file: &str, right: &str, wrong: &str, said: &[&str]) {
    let text = workspace.read(file);
    let is_meant = |line: &&str| line.contains(right) && !line.starts_with('#');
    let at = text.lines().position(|line| is_meant(&line)).unwrap_or_else(|| panic!("{file} has no {right}"));
    let lines = text
        .lines()
        .enumerate()
        .map(|(n, line)| if n == at { line.replacen(right, wrong, 1) } else { line.to_owned() });
    workspace.write(file, lines.collect::<Vec<_>>().join("\n"));
    let line = at + 1;
    let output = workspace.tastevin(["check"]).ended(2);
    let place = format!("{file}:{line} ");
    for part in [place.as_str()].iter().chain(said) {
        assert!(output.stderr.contains(part), "{wrong}: no {part} in\n{}", output.stderr);
    }
    assert!(!output.stderr.contains("TASTEVIN_DEBUG"), "{}", output.stderr);
    workspace.write(file, text);
}

#[test]
fn a_slip_in_the_schema_is_told_with_its_line_and_what_was_meant() {
    let workspace = Workspace::checked();
    let canonical = |right: &str, wrong: &str, said: &[&str]| {
        refused(&workspace, "mappings/canonical.toml", right, wrong, said);
    };
    canonical(
        "quantity_units * price_unit_eur\"",
        "quantity_unit * price_unit_eur\"",
        &["[sales_lines.price_total_eur]", "has no field \"quantity_unit\"", "did you mean \"quantity_units\"?"],
    );
    canonical(
        "quantity_bottles_75cl_eq * product_key.cost_price_eur",
        "quantity_bottles_75cl_eq * product_key.cost_prise_eur",
        &["[sales_lines.cost_total_eur]", "did you mean \"cost_price_eur\"?"],
    );
    canonical("bottles_75cl(unit)", "bottle_75cl(unit)", &["did you mean bottles_75cl()?"]);
    canonical(
        "sql = \"sum(price_total_eur)\"",
        "sql = \"sum(price_totl_eur)\"",
        &["did you mean \"price_total_eur\"?"],
    );
    canonical(
        "sql = \"min(date_sale)\"",
        "sql = \"date_sale\"",
        &["[customers.first_purchase_date]", "does not accept"],
    );
    canonical("most = \"product_key.category\"", "most = \"product_key.categorie\"", &["did you mean \"category\"?"]);
    canonical("from = \"sales_lines\"", "from = \"sales_line\"", &["did you mean \"sales_lines\"?"]);
    canonical("on = \"customer_key\"", "on = \"customer\"", &["did you mean \"customer_key\"?"]);
    canonical(
        "references = \"customers.customer_key\"",
        "references = \"customer.customer_key\"",
        &["[sales_lines.customer_key]", "did you mean \"customers\"?"],
    );
    canonical(
        "references = \"products.product_key\"",
        "references = \"products.produkt_key\"",
        &["did you mean \"product_key\"?"],
    );
    canonical(
        "rule = \"sale-without-price\"",
        "rule = \"sale-without-prize\"",
        &["did you mean \"sale-without-price\"?"],
    );
    canonical("cost = \"cost_total_eur\" }", "cost = \"cost_total\" }", &["did you mean \"cost_total_eur\"?"]);
    for name in ["Cost", "cost price", "cost'", "_cost", "rowid", "2nd"] {
        let said = format!("\"{name}\" cannot be the name of a field");
        canonical("cost_price_eur =", &format!("\"{name}\" ="), &[&said, "lower-case"]);
    }
    canonical("tolerance = 0.6 }", "tolerence = 0.6 }", &["did you mean \"tolerance\"?"]);
}

#[test]
fn an_expression_of_the_schema_that_does_more_than_compute_is_refused() {
    let workspace = Workspace::checked();
    for (wrong, said) in [
        ("getenv('HOME')", "getenv() must not be called"),
        ("(SELECT max(email) FROM canonical.customers)", "there is"),
        ("(SELECT content FROM read_text('/etc/passwd'))", "read_text() must not be called"),
        ("1); DROP TABLE candidate.customers; SELECT (1", "this is no SQL"),
        ("current_date", "as_of() is the day of the last load"),
        ("random()", "comes out differently the next time"),
        ("upper(quantity_units, 2)", "the database does not accept it"),
    ] {
        let right = "quantity_units * price_unit_eur\"";
        refused(
            &workspace,
            "mappings/canonical.toml",
            right,
            &format!("{wrong}\""),
            &["[sales_lines.price_total_eur]", said],
        );
    }
    workspace.tastevin(["check"]);
}

#[test]
fn a_slip_in_a_mapping_is_told_with_its_line_and_what_was_meant() {
    let workspace = Workspace::checked();
    let file = "mappings/isavigne.toml";
    let mapping = workspace.read(file);
    workspace
        .write(file, mapping.replacen("entity = \"clients\"\n", "entity = \"clients\"\nwhere = \"nom <> ''\"\n", 1));
    workspace.tastevin(["check"]);
    for (right, wrong, said) in [
        ("where = \"nom <> ''\"", "where = \"nomm <> ''\"", &["customers]", "did you mean \"Nom\"?"][..]),
        ("where = \"nom <> ''\"", "where = \"nom IN (FROM dq.loads)\"", &["there is a query in it"]),
        ("where = \"nom <> ''\"", "where = \"nom <> '' -- all\"", &["ends in a comment"]),
        ("where = \"nom <> ''\"", "where = \"nom <> '' OR current_user = 'x'\"", &["has no column \"current_user\""]),
        ("\"trim\"", "\"trimm\"", &["did you mean \"trim\"?"]),
        ("column = \"nom\"", "column = \"nomm\"", &["products.name]", "did you mean \"Nom\"?"]),
    ] {
        refused(&workspace, file, right, wrong, said);
    }
}

#[test]
fn sources_that_capitals_alone_tell_apart_are_refused() {
    let workspace = Workspace::with_exports(&[]);
    let add = ["source", "add", "ISAVIGNE_prod", "--kind", "isavigne", "--path", "exports"];
    let output = workspace.tastevin(add).ended(2);
    assert!(output.stderr.contains("\"ISAVIGNE_prod\" and \"isavigne_prod\" are one name"), "{}", output.stderr);
    let config = workspace.read("tastevin.toml");
    for (name, said) in [("Isavigne_Prod", "are one name"), ("\"a/b\"", "cannot be the name of a source")] {
        workspace
            .write("tastevin.toml", format!("{config}\n[sources.{name}]\nkind = \"isavigne\"\npath = \"exports\"\n"));
        let output = workspace.tastevin(["source", "list"]).ended(2);
        assert!(output.stderr.contains(said) && output.stderr.contains("tastevin.toml:"), "{}", output.stderr);
    }
}

#[test]
fn a_constant_or_a_default_that_its_field_cannot_hold_is_refused_before_it_empties_every_row() {
    let workspace = Workspace::checked();
    let created = "created_on = { column = \"date_creation\", transforms = [{ date = [\"%d/%m/%Y\", \"%Y-%m-%d\"] }]";
    let constant = "created_on = { transforms = [{ constant = \"xyz\" }]";
    let said = ["customers.created_on]", "\"xyz\", which is not a date", "hint: write a day like 2025-11-22"];
    refused(&workspace, "mappings/isavigne.toml", created, constant, &said);
    let default =
        "created_on = { column = \"date_creation\", transforms = [{ default = \"soon\" }, { date = \"%d/%m/%Y\" }]";
    refused(&workspace, "mappings/isavigne.toml", created, default, &["\"soon\", which is not a date"]);
    let said = ["customers.email_opt_out]", "the default \"maybe\" is not yes or no", "hint: write yes or no"];
    refused(&workspace, "mappings/canonical.toml", "default = false", "default = \"maybe\"", &said);
    let before = workspace.read("mappings/isavigne.toml");
    let set = ["map", "set", "isavigne_prod", "customers.created_on", "--constant", "xyz"];
    let output = workspace.tastevin(set).ended(2);
    assert!(output.stderr.contains("\"xyz\", which is not a date"), "{}", output.stderr);
    assert_eq!(workspace.read("mappings/isavigne.toml"), before);
    workspace.tastevin(["map", "set", "isavigne_prod", "customers.created_on", "--constant", "2024-01-31"]).passed();
}

#[test]
fn what_is_of_the_wrong_sort_is_told_with_its_key_what_was_expected_and_an_example() {
    let workspace = Workspace::checked();
    let fresh = workspace.read("tastevin.toml");
    let source = "kind = \"isavigne\"";
    workspace.write("tastevin.toml", format!("{fresh}\n# the end\n"));
    for (right, wrong, said) in [
        (
            "max_quarantined = \"5%\"",
            "max_quarantined = 0.2",
            &[
                "[gate.max_quarantined]",
                "max_quarantined = 0.2, where a text in quotes is expected",
                "hint: write it like max_quarantined = \"5%\"",
            ][..],
        ),
        (
            "max_quarantined = \"5%\"",
            "max_quarantined = \"120%\"",
            &["[gate.max_quarantined]", "says neither a share nor a number of rows", "like max_quarantined = \"5%\""],
        ),
        (
            "fail_on = \"error\"",
            "fail_on = \"errors\"",
            &["is none of error, warning, never", "write it like fail_on = \"error\""],
        ),
        ("quarantine = true", "quarantine = \"yes\"", &["where true or false is expected", "like quarantine = true"]),
        ("quarantine = true", "quarantined = true", &["[gate.quarantined]", "did you mean \"quarantine\"?"]),
        (
            "name = \"Test\"",
            "name = \"Test\"\nthreads = 0",
            &["threads = 0, where a whole number from 1 on is expected"],
        ),
        (
            "name = \"Test\"",
            "name = \"Test\"\nmemory_limit = \"lots\"",
            &["[workspace.memory_limit]", "like memory_limit = \"4GB\""],
        ),
        (source, "kind = 3", &["[sources.isavigne_prod.kind]", "write it like kind = \"isavigne\""]),
        (source, "kind = \"isavign\"", &["[sources.isavigne_prod.kind]", "the mappings are: brevo, isavigne, odoo"]),
        (source, "kid = \"isavigne\"", &["kind is missing in [sources.isavigne_prod]", "add kind = \"isavigne\""]),
    ] {
        // A line that is added, and a key that is missing, are told where they stand.
        let shift = match wrong {
            wrong if wrong.contains('\n') => 1,
            wrong if wrong.starts_with("kid") => -1,
            _ => 0,
        };
        let text = workspace.read("tastevin.toml");
        let is_meant = |line: &str| line.starts_with(right);
        let line = text.lines().position(is_meant).unwrap_or_else(|| panic!("no {right}")) as i64 + 1 + shift;
        workspace.write("tastevin.toml", text.replacen(&format!("\n{right}"), &format!("\n{wrong}"), 1));
        let refused = workspace.tastevin(["check"]).ended(2).stderr;
        for part in [format!("tastevin.toml:{line} ").as_str()].iter().chain(said) {
            assert!(refused.contains(part), "{wrong}: no {part} in\n{refused}");
        }
        workspace.write("tastevin.toml", text);
    }
    // What only the connector knows is told when it is asked.
    for (wrong, said) in [
        (
            "pth = \"exports\"",
            &["[sources.isavigne_prod.pth]", "knows no option \"pth\"", "did you mean \"path\"?"][..],
        ),
        ("path = 3", &["[sources.isavigne_prod.path]", "path = 3, where a text in quotes is expected"]),
    ] {
        workspace.write("tastevin.toml", fresh.replace("path = \"exports\"", wrong));
        let refused = workspace.tastevin(["load"]).ended(2).stderr;
        let line = fresh.lines().position(|line| line == "path = \"exports\"").unwrap() + 1;
        for part in [format!("tastevin.toml:{line} ").as_str()].iter().chain(said) {
            assert!(refused.contains(part), "{wrong}: no {part} in\n{refused}");
        }
        assert!(!refused.contains("still stands"), "{refused}");
    }
    workspace.write("tastevin.toml", &fresh);
    let mapping = "mappings/isavigne.toml";
    for (right, wrong, said) in [
        ("entity = \"produits\"", "entity = \"produit\"", &["did you mean \"produits\"?"][..]),
        ("entity = \"produits\"", "entity = 3", &["[tables.products.entity]", "write it like entity = \"clients\""]),
        (
            "transforms = [\"decimal\"] }",
            "transforms = \"decimal\" }",
            &["[tables.products.fields.list_price_eur.transforms]", "where a list is expected"],
        ),
        ("{ column = \"couleur\"", "{ colum = \"couleur\"", &["did you mean \"column\"?"]),
    ] {
        refused(&workspace, mapping, right, wrong, said);
    }
    refused(
        &workspace,
        "mappings/canonical.toml",
        "min = 0, max = 60,",
        "min = \"a\", max = 60,",
        &["[products.alcohol_percent]", "a decimal needs a number"],
    );
}

#[test]
fn a_condition_that_fails_on_a_row_is_told_as_one_and_a_value_that_cannot_be_computed_stops_nothing() {
    let workspace = Workspace::checked();
    let mapping = workspace.read("mappings/isavigne.toml");
    let wrong =
        mapping.replacen("entity = \"clients\"\n", "entity = \"clients\"\nwhere = \"CAST(nom AS INTEGER) > 3\"\n", 1);
    workspace.write("mappings/isavigne.toml", wrong);
    let output = workspace.tastevin(["check"]).ended(2);
    assert!(output.stderr.contains("an expression for customers fails on a row: "), "{}", output.stderr);
    assert!(output.stderr.contains("TRY_CAST") && !output.stderr.contains("TASTEVIN_DEBUG"), "{}", output.stderr);

    workspace.write("mappings/isavigne.toml", mapping);
    let sale = "SELECT min(_key) FROM candidate.sales_lines WHERE unit = 'bouteille'";
    let key = workspace.tastevin(["query", sale, "--format", "csv"]).passed().stdout;
    let key = key.lines().nth(1).expect("a line of a sale").to_owned();
    for (field, now) in
        [("quantity_units", "99999"), ("price_unit_eur", "33388830609"), ("price_total_eur", "33388830609")]
    {
        workspace.tastevin(["decide", "set", "sales_lines", &key, field, now]).passed();
    }
    workspace.tastevin(["check", "--fail-on", "never"]).passed();
}
