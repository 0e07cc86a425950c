//! `duplicate-email`: one address on several rows.

use super::finding::{Finding, column, each_of_format, quoted};
use super::invalid_email::is_address;
use super::placeholder_value::STANDS_FOR_NOTHING;
use super::{Docs, Reach, Rule, Sample};
use crate::model::{Format, Severity};
use crate::sql::Literal;

pub const RULE: Rule = Rule {
    id: "duplicate-email",
    title: "Shared e-mail address",
    severity: Severity::Warning,
    reach: Reach::Alike(|scope| Ok(format!("lower({})", column(&scope.check.field)))),
    docs: Docs {
        finds: "Rows that share an address with another row, whatever the case of its letters. What is no address or stands for nothing (n/a, test@test.fr) is shared by strangers and not counted. Every row of the group is a finding.",
        matters: "Either one person is in the table twice, and half of what they bought is invisible to whoever looks at the other half, or two people get each other's messages.",
        example: "\"jean@example.fr\" stands on 2 rows: isavigne-C12, isavigne-C904.",
        fix: "Merge the rows if they are one person; waive the finding if a couple or a company shares the address.",
    },
    arguments: &[],
    bind: |schema| {
        let mut checks = each_of_format(schema, RULE.id, Format::Email);
        checks.iter_mut().for_each(|check| check.severity = None);
        checks
    },
    find: |scope| {
        scope.field()?;
        let value = column(&scope.check.field);
        let table = scope.rows();
        let shared = format!(
            "SELECT lower({value}) AS address FROM {table} AS t WHERE {value} IS NOT NULL GROUP BY 1\n\
             HAVING count(*) > 1 AND {} AND NOT {}(lower({value}))",
            is_address(&format!("lower({value})")),
            STANDS_FOR_NOTHING.name,
        );
        let groups = format!(
            "SELECT shared.address, count(*) AS rows, array_to_string(list_slice(list(t._key ORDER BY t._key), 1, 5), ', ') AS keys\n\
             FROM {table} AS t JOIN shared ON shared.address = lower({value}) GROUP BY 1"
        );
        let sql = Finding::of(scope)
            .step("shared", shared)
            .step("groups", groups)
            .message(format!(
                "{} || ' stands on ' || groups.rows || {} || groups.keys || if(groups.rows > 5, ' …', '')",
                quoted(&value),
                Literal(&format!(" rows of {}: ", scope.check.table))
            ))
            .join(format!("JOIN groups ON groups.address = lower({value})"))
            .query();
        Ok(Some(sql))
    },
    samples: &[
        Sample {
            name: "two customers with one address",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\nmail = { type = \"text\", format = \"email\" }",
            tables: &[("people", "id,mail\n1,jean@example.fr\n2,marie@example.fr\n3,Jean@Example.fr\n")],
            finds: &[("1", None), ("3", None)],
        },
        Sample {
            name: "strangers who all have no address",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\nmail = { type = \"text\", format = \"email\" }",
            tables: &[(
                "people",
                "id,mail\n1,n/a\n2,N/A\n3,test@test.fr\n4,test@test.fr\n5,jean at example\n6,jean at example\n",
            )],
            finds: &[],
        },
        Sample {
            name: "everyone has their own, or none",
            schema: "[tables.people.fields]\nid = { type = \"text\", key = true }\nmail = { type = \"text\", format = \"email\" }",
            tables: &[("people", "id,mail\n1,jean@example.fr\n2,\n3,\n")],
            finds: &[],
        },
    ],
};
