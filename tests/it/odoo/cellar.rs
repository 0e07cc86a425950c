//! What stands in the tests' Odoo: a few customers, wines, orders and shelves, with the fields that each version has.

use std::collections::{BTreeMap, HashSet, VecDeque};

use chrono::{TimeZone, Utc};
use serde_json::json;

use super::server::{Model, USER, World};

/// Name, type, relation.
type Fields = &'static [(&'static str, &'static str, &'static str)];

const EVERYWHERE: Fields = &[
    ("id", "integer", ""),
    ("name", "char", ""),
    ("display_name", "char", ""),
    ("active", "boolean", ""),
    ("create_date", "datetime", ""),
    ("write_date", "datetime", ""),
];

const MODELS: &[(&str, Fields)] = &[
    (
        "res.partner",
        &[
            ("type", "selection", ""),
            ("is_company", "boolean", ""),
            ("parent_id", "many2one", "res.partner"),
            ("email", "char", ""),
            ("phone", "char", ""),
            ("street", "char", ""),
            ("zip", "char", ""),
            ("city", "char", ""),
            ("country_id", "many2one", "res.country"),
            ("is_blacklisted", "boolean", ""),
            ("phone_sanitized_blacklisted", "boolean", ""),
            ("x_loyalty", "char", ""),
        ],
    ),
    ("res.country", &[]),
    ("res.currency", &[]),
    ("res.users", &[("login", "char", "")]),
    ("res.company", &[]),
    ("res.lang", &[("code", "char", "")]),
    ("crm.team", &[]),
    ("uom.uom", &[("factor", "float", "")]),
    ("product.category", &[]),
    ("product.template", &[("attribute_line_ids", "one2many", "product.template.attribute.line")]),
    ("product.attribute", &[]),
    ("product.attribute.value", &[]),
    ("product.template.attribute.value", &[("attribute_id", "many2one", "product.attribute")]),
    (
        "product.template.attribute.line",
        &[("attribute_id", "many2one", "product.attribute"), ("value_ids", "many2many", "product.attribute.value")],
    ),
    ("stock.warehouse", &[]),
    (
        "product.product",
        &[
            ("default_code", "char", ""),
            ("product_tmpl_id", "many2one", "product.template"),
            ("product_template_attribute_value_ids", "many2many", "product.template.attribute.value"),
            ("categ_id", "many2one", "product.category"),
            ("lst_price", "float", ""),
            ("standard_price", "float", ""),
            ("currency_id", "many2one", "res.currency"),
            ("uom_id", "many2one", "uom.uom"),
            ("sale_ok", "boolean", ""),
        ],
    ),
    (
        "sale.order",
        &[
            ("partner_id", "many2one", "res.partner"),
            ("date_order", "datetime", ""),
            ("state", "selection", ""),
            ("team_id", "many2one", "crm.team"),
        ],
    ),
    (
        "sale.order.line",
        &[
            ("order_id", "many2one", "sale.order"),
            ("product_id", "many2one", "product.product"),
            ("product_uom_qty", "float", ""),
            ("price_unit", "float", ""),
            ("price_subtotal", "monetary", ""),
            ("purchase_price", "float", ""),
            ("currency_id", "many2one", "res.currency"),
            ("display_type", "selection", ""),
            ("is_downpayment", "boolean", ""),
        ],
    ),
    ("stock.location", &[("usage", "selection", ""), ("warehouse_id", "many2one", "stock.warehouse")]),
    (
        "stock.quant",
        &[
            ("product_id", "many2one", "product.product"),
            ("location_id", "many2one", "stock.location"),
            ("quantity", "float", ""),
            ("reserved_quantity", "float", ""),
            ("product_uom_id", "many2one", "uom.uom"),
        ],
    ),
];

/// The world of a server of that version.
pub fn cellar(version: &'static str) -> World {
    let mut models: BTreeMap<&'static str, Model> = BTreeMap::new();
    for (name, fields) in MODELS {
        let mut model = Model::default();
        for (field, kind, relation) in EVERYWHERE.iter().chain(*fields) {
            model.fields.insert(field, (kind, relation));
        }
        models.insert(name, model);
    }
    // Names that changed on the way to 19.
    let lines = models.get_mut("sale.order.line").expect("the model");
    let unit = if version >= "19" { "product_uom_id" } else { "product_uom" };
    lines.fields.insert(unit, ("many2one", "uom.uom"));
    // A unit told how much of the reference it is, and the inverse beside it; now the inverse alone.
    let inverse = version < "19";
    if inverse {
        models.get_mut("uom.uom").expect("the model").fields.insert("factor_inv", ("float", ""));
        models.get_mut("res.partner").expect("the model").fields.insert("mobile", ("char", ""));
    }
    let mut world = World {
        version,
        clock: Utc.with_ymd_and_hms(2026, 11, 22, 9, 0, 0).single().expect("a moment"),
        models,
        forbidden: HashSet::new(),
        stranger: None,
        expired: false,
        gzip: false,
        mishaps: VecDeque::new(),
        before_page: None,
        pages: Vec::new(),
        requests: Vec::new(),
    };
    world.put("res.country", 75, json!({ "name": "France" }));
    world.put("res.currency", 1, json!({ "name": "EUR" }));
    world.put("res.currency", 2, json!({ "name": "USD" }));
    world.put("res.lang", 1, json!({ "code": "fr_FR", "name": "Français" }));
    // Known and not installed.
    world.put("res.lang", 2, json!({ "code": "de_DE", "name": "Deutsch", "active": false }));
    world.put("res.users", 7, json!({ "login": USER, "name": "Robot" }));
    world.put("res.company", 1, json!({ "name": "Cave" }));
    world.put("crm.team", 1, json!({ "name": "Caveau" }));
    for (id, name, holds) in
        [(1, "Unité(s)", 1.0), (2, "Carton de 6", 6.0), (3, "Colis de fête", 3.0), (4, "Douzaines", 12.0)]
    {
        // Old versions keep four digits of the one and compute the other from it.
        let part = (10_000.0_f64 / holds).round() / 10_000.0;
        world.put(
            "uom.uom",
            id,
            if inverse {
                json!({ "name": name, "factor": part, "factor_inv": 1.0 / part })
            } else {
                json!({ "name": name, "factor": holds })
            },
        );
    }
    world.put("product.category", 3, json!({ "name": "Vins / Blanc" }));
    world.put("stock.warehouse", 1, json!({ "name": "Principal" }));
    world.put("stock.location", 8, json!({ "name": "WH/Stock", "usage": "internal", "warehouse_id": 1 }));
    world.put("stock.location", 9, json!({ "name": "WH/Cave 2", "usage": "internal", "warehouse_id": 1 }));
    world.put("stock.location", 5, json!({ "name": "Clients", "usage": "customer" }));
    for id in 1..=25 {
        partner(&mut world, id);
    }
    world.put("res.partner", 26, json!({ "name": "Livraison", "type": "delivery", "parent_id": 1 }));
    world.put("res.partner", 24, json!({ "active": false }));
    for id in 1..=3 {
        world.put("product.template", id, json!({ "name": format!("Riesling {}", 2018 + id) }));
        world.put(
            "product.product",
            id,
            json!({
                "name": format!("Riesling {}", 2018 + id), "product_tmpl_id": id, "categ_id": 3, "lst_price": 12.5,
                "standard_price": 6.0, "uom_id": 1, "sale_ok": true, "currency_id": 1, "default_code": format!("RIES-{id}"),
            }),
        );
    }
    for id in 1..=4 {
        let state = ["sale", "done", "draft", "sale"][id as usize - 1];
        let date = format!("2026-10-0{id} 10:00:00");
        world.put(
            "sale.order",
            id,
            json!({ "name": format!("S0000{id}"), "partner_id": id, "date_order": date, "state": state, "team_id": 1 }),
        );
        for n in 0..2 {
            world.put(
                "sale.order.line",
                10 * id + n,
                json!({
                    "order_id": id, "product_id": 1 + (id + n) % 3, "product_uom_qty": 6.0, "price_unit": 12.5,
                    "price_subtotal": 75.0, "currency_id": 1, (unit): 1,
                }),
            );
        }
        world.put(
            "sale.order.line",
            10 * id + 5,
            json!({ "order_id": id, "display_type": "line_note", "name": "Merci" }),
        );
    }
    for (id, location, quantity) in [(1, 8, 100.0), (2, 9, 20.0), (3, 5, -120.0)] {
        let quant = json!({ "product_id": 1, "location_id": location, "quantity": quantity, "reserved_quantity": 2.0, "product_uom_id": 1 });
        world.put("stock.quant", id, quant);
    }
    world
}

/// Gives the template of product 1 a grape, an appellation and a vintage it has as variants, 2 the size of a magnum, and
/// 3 two grapes and an attribute that was taken away again.
pub fn attributes(world: &mut World) {
    let names = ["CEPAGE", "Appellation", "Millésime", "Contenance", "Couleur"];
    for (id, name) in (1..).zip(names) {
        world.put("product.attribute", id, json!({ "name": name }));
    }
    let values = ["Riesling", "Pinot gris", "Alsace Grand Cru", "2019", "2020", "Magnum", "Rouge"];
    for (id, name) in (1..).zip(values) {
        world.put("product.attribute.value", id, json!({ "name": name }));
        world.put("product.template.attribute.value", 10 + id, json!({ "name": name }));
    }
    for (value, attribute) in [(11, 1), (12, 1), (13, 2), (14, 3), (15, 3), (16, 4), (17, 5)] {
        world.put("product.template.attribute.value", value, json!({ "attribute_id": attribute }));
    }
    for (line, attribute, values) in [
        (1, 1, json!([1])),
        (2, 2, json!([3])),
        (3, 3, json!([4, 5])),
        (4, 4, json!([6])),
        (5, 1, json!([1, 2])),
        (6, 5, json!([7])),
    ] {
        world.put("product.template.attribute.line", line, json!({ "attribute_id": attribute, "value_ids": values }));
    }
    world.put("product.template.attribute.line", 6, json!({ "active": false }));
    world.put("product.template", 1, json!({ "attribute_line_ids": [1, 2, 3] }));
    world.put("product.template", 2, json!({ "attribute_line_ids": [4] }));
    world.put("product.template", 3, json!({ "attribute_line_ids": [5, 6] }));
    // Grapes make no variants, so the variant has but its vintage.
    world.put("product.product", 1, json!({ "product_template_attribute_value_ids": [15] }));
}

/// A customer like any other.
pub fn partner(world: &mut World, id: i64) {
    world.put(
        "res.partner",
        id,
        json!({
            "name": format!("Jeanne Martin{id}"), "type": "contact", "email": format!("jeanne{id}@exemple.fr"),
            "phone": "+33 3 88 83 06 09", "zip": "67000", "city": "Strasbourg", "country_id": 75,
        }),
    );
}
