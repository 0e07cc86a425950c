//! The reference pages of the rules, in Markdown, from the registry.

use super::{REGISTRY, Rule};

/// The page of one rule, `docs/rules/<id>.md`.
pub fn reference(rule: &Rule) -> String {
    let mut page = format!(
        "<!-- Generated from src/rules; refresh with `TASTEVIN_BLESS=1 cargo test docs`. -->\n\n\
         # {}\n\n`{}` · {}\n\n{}\n\n## Why it matters\n\n{}\n\n## Example\n\n{}\n\n## How to fix it\n\n{}\n",
        rule.title,
        rule.id,
        rule.severity.name(),
        rule.docs.finds,
        rule.docs.matters,
        rule.docs.example,
        rule.docs.fix
    );
    if !rule.arguments.is_empty() {
        page.push_str(
            "\n## What a check can tell it\n\nIn a `[[check]]` of `mappings/canonical.toml`, under `with`:\n\n",
        );
        for (name, meaning) in rule.arguments {
            page.push_str(&format!("- `{name}`: {meaning}\n"));
        }
    }
    page.push_str("\n## Tried on\n");
    for sample in rule.samples {
        page.push_str(&format!(
            "\n### {}{}\n\n```toml\n{}\n```\n",
            capital(sample.name),
            outcome(sample.finds.len()),
            sample.schema
        ));
        for (table, rows) in sample.tables {
            page.push_str(&format!("\n`{table}`\n\n```csv\n{}\n```\n", rows.trim_end()));
        }
        if !sample.finds.is_empty() {
            page.push_str("\n| row | suggestion |\n|---|---|\n");
            for (row, suggestion) in sample.finds {
                page.push_str(&format!("| {row} | {} |\n", suggestion.unwrap_or("–")));
            }
        }
    }
    page
}

/// The page that lists them all, `docs/rules/README.md`.
pub fn index() -> String {
    let mut page = String::from(
        "<!-- Generated from src/rules; refresh with `TASTEVIN_BLESS=1 cargo test docs`. -->\n\n# Rules\n\n\
         A rule is a check with an id, a severity and words for people. Many follow from what `mappings/canonical.toml` declares \
         about a field; the others are put to use there by a `[[check]]`. Rules of your own go into the workspace's folder \
         `rules/`, one TOML file each.\n\n| rule | severity | what it is |\n|---|---|---|\n",
    );
    for rule in REGISTRY {
        page.push_str(&format!("| [{id}]({id}.md) | {} | {} |\n", rule.severity.name(), rule.title, id = rule.id));
    }
    page.push_str(USER_RULES);
    page
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn outcome(findings: usize) -> String {
    match findings {
        0 => ": nothing".to_owned(),
        1 => ": one finding".to_owned(),
        n => format!(": {n} findings"),
    }
}

const USER_RULES: &str = r#"
## Rules of your own

`rules/magnum-price.toml` in the workspace:

```toml
id = "magnum-price"
title = "Magnum without a magnum's price"
severity = "warning"                     # error, warning or info; absent: warning
table = "sales_lines"
field = "price_unit_eur"                 # absent: the finding is about the whole row
when = "unit = 'magnum' AND price_unit_eur < 20"
message = "a magnum for {price_unit_eur}"
suggestion = "price_unit_eur * 2"        # an expression; absent: none

[docs]                                   # all of it may be absent
finds = "Magnums below 20 €."
matters = "Mostly the price of a bottle."
fix = "Look at the order."
```

`when` is one condition over the row's fields; `product_key.list_price_eur` follows the reference of `product_key`. Instead of it, `select`
may hold one whole query over `candidate.*` tables that returns a column `row` (the `_key` of a row of the table) and, if it
likes, `field`, `value`, `message` and `suggestion`.
"#;
