//! What a person could write under the keys of a workspace's files, for the words of an error; see [`crate::error::misread`].

use crate::error::misread::Examples;

/// `tastevin.toml`.
pub const WORKSPACE: Examples = &[
    ("workspace", "[workspace] with name = \"My estate\""),
    ("workspace.name", "\"My estate\""),
    ("workspace.memory_limit", "\"4GB\""),
    ("workspace.threads", "4"),
    ("sources", "[sources.isavigne_prod] with kind = \"isavigne\" and path = \"exports\""),
    ("sources.*", "{ kind = \"isavigne\", path = \"exports\" }"),
    ("sources.*.kind", "\"isavigne\""),
    ("sources.*.mapping", "\"isavigne\""),
    ("sources.*.path", "\"exports\""),
    ("sources.*.url", "\"https://odoo.example.com\""),
    ("sources.*.database", "\"prod_db\""),
    ("sources.*.user", "\"crm_sync_bot\""),
    ("sources.*.extra_fields", "{ \"res.partner\" = [\"x_loyalty\"] }"),
    ("gate.fail_on", "\"error\""),
    ("gate.quarantine", "true"),
    ("gate.max_quarantined", "\"5%\""),
    ("gate.max_removed", "\"20%\""),
    ("gate.warn_rewritten", "\"20%\""),
];

/// `mappings/NAME.toml`.
pub const MAPPING: Examples = &[
    ("description", "\"the till of the shop\""),
    ("connector", "\"files\""),
    ("entities.*", "{ files = [\"clients*\"] }"),
    ("entities.*.files", "[\"clients*\"]"),
    ("entities.*.all", "true"),
    ("entities.*.encoding", "\"windows-1252\""),
    ("entities.*.delimiter", "\";\""),
    ("entities.*.quote", "\"\\\"\""),
    ("entities.*.header_row", "1"),
    ("entities.*.sheet", "\"Feuil1\""),
    ("entities.*.model", "\"res.partner\""),
    ("tables.*.entity", "\"clients\""),
    ("tables.*.where", "\"nom <> ''\""),
    ("tables.*.fields", "{ email = { column = \"Email\" } }"),
    ("tables.*.fields.*", "{ column = \"Email\", transforms = [\"trim\", \"email\"] }"),
    ("tables.*.fields.*.column", "\"Email\""),
    ("tables.*.fields.*.columns", "[\"Nom\", \"Ville\"]"),
    ("tables.*.fields.*.transforms", "[\"trim\", { date = \"%d/%m/%Y\" }]"),
    ("tables.*.fields.*.transforms.*", "[\"trim\", { date = \"%d/%m/%Y\" }]"),
    ("tables.*.fields.*.optional", "true"),
];

/// `mappings/canonical.toml`.
pub const SCHEMA: Examples = &[
    ("tables.*.synonyms", "[\"clients\", \"contacts\"]"),
    ("tables.*.stake", "{ field = \"price_total_eur\", unit = \"€\", of = \"sales\" }"),
    ("tables.*.fields", "{ customer_key = { type = \"text\", key = true } }"),
    ("tables.*.fields.*", "{ type = \"text\", required = true }"),
    ("tables.*.fields.*.type", "\"text\""),
    ("tables.*.fields.*.references", "\"customers.customer_key\""),
    ("tables.*.fields.*.values", "[\"red\", \"white\"]"),
    ("tables.*.fields.*.synonyms", "[\"e-mail\", \"courriel\"]"),
    ("tables.*.fields.*.derive", "\"quantity_units * price_unit_eur\""),
    ("check.*.rule", "\"future-date\""),
    ("check.*.table", "\"sales_lines\""),
    ("check.*.field", "\"date_sale\""),
    ("check.*.severity", "\"warning\""),
    ("check.*.with", "{ not_before = \"1990-01-01\" }"),
];

/// `rules/NAME.toml`.
pub const RULE: Examples = &[
    ("id", "\"magnum-price\""),
    ("title", "\"Price of a magnum\""),
    ("severity", "\"warning\""),
    ("table", "\"sales_lines\""),
    ("field", "\"price_unit_eur\""),
    ("message", "\"a magnum for {price_unit_eur}\""),
    ("when", "\"unit = 'magnum' AND price_unit_eur < 10\""),
    ("suggestion", "\"price_unit_eur * 2\""),
];
