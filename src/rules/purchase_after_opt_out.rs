//! `purchase-after-opt-out`: wants no messages, and still buys.

use super::finding::Finding;
use super::{Docs, Reach, Rule, Sample};
use crate::model::Severity;

pub const RULE: Rule = Rule {
    id: "purchase-after-opt-out",
    title: "Opted out and still buying",
    severity: Severity::Info,
    reach: Reach::Row,
    docs: Docs {
        finds: "Purchases of customers who have opted out. Where the day of the opt-out is known (`since`), purchases after it count; where it is not, all of them do, or with `months` those of the last months.",
        matters: "Either the opt-out is an error of the form, or a good customer can only be reached by post or in person. Nobody should be sent a message because of this finding.",
        example: "Opted out, and bought on 2026-10-03.",
        fix: "Ask at the next visit; correct the opt-out only with the customer's word, and waive the finding otherwise.",
    },
    arguments: &[
        ("opted_out", "whether the customer has opted out; absent: the field of the check"),
        ("bought", "the day of the purchase"),
        ("since", "the day of the opt-out, where one is known"),
        ("months", "without `since`: how many months back a purchase counts; absent: for ever"),
    ],
    bind: |_| Vec::new(),
    find: |scope| {
        let opted_out = scope.expression_or_field("opted_out")?;
        let bought = scope.needed("bought")?;
        let since = scope.expression("since")?;
        let mut finding = Finding::of(scope).joins_of(&opted_out).joins_of(&bought);
        let (message, after) = match &since {
            Some(since) => {
                finding = finding.joins_of(since);
                let message = format!(
                    "'opted out on ' || CAST({} AS VARCHAR) || ', and bought on ' || CAST({} AS VARCHAR)",
                    since.sql, bought.sql
                );
                (message, since.sql.clone())
            }
            None => {
                let message = format!("'opted out, and bought on ' || CAST({} AS VARCHAR)", bought.sql);
                let after = match scope.check.arguments.contains_key("months") {
                    true => format!("DATE '{}' - to_months({:.0})", scope.today, scope.number("months", 0.0)?),
                    false => "DATE '0001-01-01'".to_owned(),
                };
                (message, after)
            }
        };
        let sql =
            finding.message(message).when(opted_out.sql.as_str()).when(format!("{} > {after}", bought.sql)).query();
        Ok(Some(sql))
    },
    samples: &[
        Sample {
            name: "bought last month, and after the day of the opt-out",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\nout = { type = \"boolean\" }\nlast = { type = \"date\" }\nout_since = { type = \"date\" }\n[[check]]\nrule = \"purchase-after-opt-out\"\ntable = \"people\"\nfield = \"out\"\nwith = { bought = \"last\", months = 12 }\n[[check]]\nrule = \"purchase-after-opt-out\"\ntable = \"people\"\nfield = \"out\"\nwith = { bought = \"last\", since = \"out_since\" }",
            tables: &[("people", "id,out,last,out_since\n1,true,2026-10-03,\n2,true,2019-05-02,2019-01-01\n")],
            finds: &[("1", None), ("2", None)],
        },
        Sample {
            name: "buys and has not opted out, or has not bought for long",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\nout = { type = \"boolean\" }\nlast = { type = \"date\" }\n[[check]]\nrule = \"purchase-after-opt-out\"\ntable = \"people\"\nfield = \"out\"\nwith = { bought = \"last\", months = 12 }",
            tables: &[("people", "id,out,last\n1,false,2026-10-03\n2,true,2019-05-02\n3,true,\n4,,2026-10-03\n")],
            finds: &[],
        },
    ],
};
