//! What stands in the tests' Odoo: a few customers, wines, orders and shelves, with the fields that each version has.

use std::collections::{BTreeMap, HashSet, VecDeque};

use chrono::{TimeZone, Utc};
use serde_json::json;

use super::server::{Model, World};

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
            ("x_loyalty", "char", ""),
        ],
    ),
    ("res.country", &[]),
    ("res.currency", &[]),
    ("res.users", &[]),
    ("res.lang", &[("code", "char", "")]),
    ("crm.team", &[]),
    ("uom.uom", &[]),
    ("product.category", &[]),
    ("product.template", &[]),
    ("stock.warehouse", &[]),
    (
        "product.product",
        &[
            ("default_code", "char", ""),
            ("product_tmpl_id", "many2one", "product.template"),
            ("categ_id", "many2one", "product.category"),
            ("lst_price", "float", ""),
            ("standard_price", "float", ""),
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
    if version < "19" {
        models.get_mut("res.partner").expect("the model").fields.insert("mobile", ("char", ""));
    }
    let mut world = World {
        version,
        clock: Utc.with_ymd_and_hms(2026, 11, 22, 9, 0, 0).single().expect("a moment"),
        models,
        forbidden: HashSet::new(),
        expired: false,
        gzip: false,
        mishaps: VecDeque::new(),
        before_page: None,
        pages: Vec::new(),
        requests: Vec::new(),
    };
    world.put("res.country", 75, json!({ "name": "France" }));
    world.put("res.currency", 1, json!({ "name": "EUR" }));
    world.put("res.lang", 1, json!({ "code": "fr_FR", "name": "Français" }));
    world.put("crm.team", 1, json!({ "name": "Caveau" }));
    world.put("uom.uom", 1, json!({ "name": "Unité(s)" }));
    world.put("uom.uom", 2, json!({ "name": "Carton de 6" }));
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
                "standard_price": 6.0, "uom_id": 1, "sale_ok": true, "default_code": format!("RIES-{id}"),
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
