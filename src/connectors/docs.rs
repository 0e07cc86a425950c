//! The reference page of the connectors, written from the registry.

use std::fmt::Write as _;

use super::REGISTRY;

/// The page `docs/connectors.md`.
pub fn reference() -> String {
    let mut page = String::from(
        "# Connectors\n\n\
         <!-- Written from the registry by `TASTEVIN_BLESS=1 cargo test docs`; edit src/connectors/ instead. -->\n\n\
         A connector brings the data of a source into staging as the text that was read. Which connector reads a source is \
         said by its mapping (`connector = \"files\"`), which mapping it uses by its kind:\n\n\
         ```\n\
         tastevin source add isavigne_prod --kind isavigne --path exports\n\
         tastevin source add odoo_prod --kind odoo --set url=https://odoo.example.com --set database=prod \\\n\
         \x20   --set user=crm_sync_bot --set 'api_key={ env = \"ODOO_API_KEY\" }'\n\
         tastevin source test            # what holds on the way to each, step by step\n\
         tastevin load                   # all of them; one that fails does not stop the others\n\
         ```\n\n\
         The Sources screen, `tastevin source kinds` and this page take the options from one list. A secret is never written \
         into `tastevin.toml`: it says where the secret is kept, in an environment variable, in the system's keyring \
         (service `tastevin`) or in a file that only its owner may read.\n",
    );
    for kind in REGISTRY {
        let _ = writeln!(page, "\n## {}\n\n{}.\n", kind.name, capital(kind.summary));
        let told = if kind.incremental {
            "It can tell what changed since the last load; `load --full` reads everything anew, `load --since DAY` what \
             changed since that day."
        } else {
            "It is read whole each time."
        };
        let _ = writeln!(page, "{told}\n\n| option | value | default | what |\n|---|---|---|---|");
        for option in kind.options {
            let default = match (option.required, option.default) {
                (true, _) => "*required*",
                (false, "") => "",
                (false, default) => default,
            };
            let help = option.help.replace('|', "\\|");
            let _ = writeln!(page, "| `{}` | {} | {default} | {help} |", option.name, option.kind);
        }
    }
    page.push_str(
        "\nMore about single systems: [iSaVigne](isavigne.md), [Odoo](odoo.md).\n\n\
         ## Another system whose exports are files\n\n\
         needs no connector, only a mapping: copy `mappings/isavigne.toml` (or let the Mapping screen propose one), name the \
         files of each entity and say which columns fill which fields. `mappings/brevo.toml` is such a one: it fills the \
         contact history from the exports of a mailing tool.\n\n\
         ## Another system with an API\n\n\
         is one file in `src/connectors/` and one line in `REGISTRY` of `src/connectors/mod.rs`. The file has\n\n\
         - a `pub const CONNECTOR` of type `ConnectorKind`: name, summary, option list, whether it can tell what changed, which options \
         say within what its keys are unique, and `open`, which checks the options and contacts nothing;\n\
         - a `Connector`: `test` (the way there, step by step), `entities` (what can be read now), `extract` (one entity into \
         the table that it is told, with a column per field as VARCHAR, then `_file` and `_load`).\n\n\
         `extract` runs within the load's transaction: when it fails, or the program is killed, the earlier load stands. It is \
         handed what the earlier load staged and what it then wanted to be told again (a cursor), so that it can read only what \
         changed. Where there is nothing to read of one entity it says so (`Came::Nothing`), and the others are loaded; an error \
         stops the whole source. What its mappings say under `[entities.NAME]` is its own: `place.entities::<T>()` reads it. Add a mapping to \
         `mappings/` and a page to `docs/`, and tests that run against a real listener.\n",
    );
    page
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
