//! What was planted where: `planted.json` for tests and benches, the README's table for people.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;

use serde_json::{Map, Value, json};

use super::dirt::{Class, Kind};
use super::entities::Entity;
use super::stock::STOCK;
use super::{Dirt, Wish};

/// Up to this many sales lines the places are listed one by one; above that, only counts.
const PLACES_UP_TO_ROWS: u64 = 100_000;

/// One planted piece of dirt.
pub struct Planted {
    /// What it is.
    pub kind: &'static Kind,
    /// The line on which the record begins, counted from 1.
    pub line: u64,
    /// What identifies the record: the values of its key columns.
    pub key: String,
    /// The column in which it can be seen, or empty for the whole record.
    pub field: &'static str,
    /// The text in that column.
    pub value: String,
}

/// What is in one text file.
pub struct FileReport {
    /// The file's name.
    pub name: String,
    /// What it holds.
    pub entity: &'static Entity,
    /// Records after the header, those that cannot be read included.
    pub records: u64,
    /// Lines, the header included.
    pub lines: u64,
    /// What was planted, in the order of the file.
    pub planted: Vec<Planted>,
}

impl FileReport {
    /// How many pieces of that class were planted.
    pub fn count(&self, class: Class) -> u64 {
        self.planted.iter().filter(|planted| planted.kind.class == class).count() as u64
    }
}

/// What is in all files.
pub struct Manifest {
    /// What was wished for.
    pub wish: Wish,
    /// The files.
    pub files: Vec<FileReport>,
}

/// Class and id of a kind, over all files.
type Name = (Class, &'static str);

/// What was planted of one kind in one file.
pub struct Share<'a> {
    /// The file.
    pub file: &'a FileReport,
    /// The kind as that file has it.
    pub kind: &'static Kind,
    /// Each piece, in the order of the file.
    pub planted: Vec<&'a Planted>,
}

impl Manifest {
    /// All kinds that can be planted, with what was: file by file.
    pub fn by_kind(&self) -> BTreeMap<Name, Vec<Share<'_>>> {
        let mut kinds: BTreeMap<Name, Vec<Share>> = BTreeMap::new();
        for file in &self.files {
            for kind in file.entity.kinds {
                let planted = file.planted.iter().filter(|planted| std::ptr::eq(planted.kind, kind)).collect();
                kinds.entry((kind.class, kind.id)).or_default().push(Share { file, kind, planted });
            }
        }
        kinds
    }

    /// The text of `planted.json`.
    pub fn to_json(&self) -> io::Result<String> {
        let files: Vec<Value> = self
            .files
            .iter()
            .map(|file| {
                json!({
                    "file": file.name,
                    "entity": file.entity.name,
                    "records": file.records,
                    "rows": file.records - file.count(Class::Reject),
                    "rejects": file.count(Class::Reject),
                    "lines": file.lines,
                })
            })
            .collect();
        let mut classes = [Class::Rule, Class::Reject, Class::Legal].map(|class| (class, Map::new()));
        for ((class, id), shares) in self.by_kind() {
            for (of, kinds) in &mut classes {
                if *of == class {
                    kinds.insert(id.to_owned(), self.kind_json(&shares));
                }
            }
        }
        let [(_, rules), (_, rejects), (_, legal)] = classes;
        let document = json!({
            "schema_version": 1,
            "sales_lines": self.wish.rows,
            "seed": self.wish.seed,
            "encoding": self.wish.encoding.name(),
            "dirt": match self.wish.dirt {
                Dirt::None => json!("none"),
                Dirt::Few => json!("few"),
                Dirt::Rate(rate) => json!(rate),
            },
            "files": files,
            "rules": rules,
            "rejects": rejects,
            "legal": legal,
        });
        Ok(serde_json::to_string_pretty(&document)? + "\n")
    }

    fn kind_json(&self, shares: &[Share]) -> Value {
        let counts: Map<String, Value> =
            shares.iter().map(|share| (share.file.name.clone(), json!(share.planted.len()))).collect();
        let mut value = json!({
            "count": shares.iter().map(|share| share.planted.len()).sum::<usize>(),
            "files": counts,
        });
        if self.wish.rows > PLACES_UP_TO_ROWS {
            return value;
        }
        let listed = shares.iter().flat_map(|Share { file, kind, planted }| {
            planted.iter().map(|planted| {
                json!({
                    "file": file.name,
                    "line": planted.line,
                    "key": planted.key,
                    "field": planted.field,
                    "value": planted.value,
                    "also": kind.also,
                })
            })
        });
        value["places"] = listed.collect();
        value
    }

    /// The text of `sample_exports/README.md`.
    pub fn to_readme(&self) -> String {
        let mut text = String::from(README_TOP);
        text.push_str("| file | records | rows | rejects | lines |\n|---|---:|---:|---:|---:|\n");
        for file in &self.files {
            let (records, rejects) = (file.records, file.count(Class::Reject));
            let rows = records - rejects;
            push(&mut text, format_args!("| `{}` | {records} | {rows} | {rejects} | {} |\n", file.name, file.lines));
            if file.entity.name == STOCK.name {
                let name = STOCK.file("xlsx");
                push(&mut text, format_args!("| `{name}` | {records} | {rows} | 0 | the same lines of the sheet |\n"));
            }
        }
        let sections = [
            (Class::Rule, README_RULES),
            (Class::Reject, "\n## Records that cannot be read\n\nEach becomes a reject.\n\n"),
            (Class::Legal, "\n## Odd and right\n\nNothing to complain about; a reader that trips here is wrong.\n\n"),
        ];
        let kinds = self.by_kind();
        for (class, introduction) in sections {
            text.push_str(introduction);
            text.push_str("| kind | what | how many | where: line (key) |\n|---|---|---:|---|\n");
            for ((of, id), shares) in &kinds {
                if *of != class {
                    continue;
                }
                for Share { file, kind, planted } in shares {
                    let listed: Vec<String> = planted
                        .iter()
                        .map(|planted| match planted.key.is_empty() {
                            true => planted.line.to_string(),
                            false => format!("{} ({})", planted.line, planted.key),
                        })
                        .collect();
                    let (entity, looks, many) = (file.entity.name, kind.looks, planted.len());
                    push(&mut text, format_args!("| {id} | {looks} | {many} | {entity}: {} |\n", listed.join(", ")));
                }
            }
        }
        text
    }
}

/// Writing to a text cannot fail.
fn push(text: &mut String, arguments: std::fmt::Arguments) {
    let _ = text.write_fmt(arguments);
}

const README_TOP: &str = "\
# Sample exports

<!-- Written by `cargo run --example generate`; edit sample_exports/generator/manifest.rs instead. -->

What the cellar software iSaVigne drops into a folder every Monday, for a made-up winery in Alsace: Windows-1252, CRLF,
semicolons, decimal commas, no-break spaces between thousands, dd/mm/yyyy. Nobody in it is real. The stock stands here
twice, as text and as a workbook with the same rows.

`Prix` and `Coût` are those of a bottle of 75 cl, `Prix Unitaire` that of one `Unité`: a `carton de 6` costs six times
`Prix`, less the discount. `Prix Total` is `Quantité` × `Prix Unitaire` to the cent.

Everything in `isavigne/` comes from a deterministic generator: the same wish gives the same bytes.

```
cargo run --example generate                                        # writes isavigne/ and this page anew
cargo run --example generate -- --rows 10000000 --out /tmp/big      # 10 million sales lines, 1 million clients
cargo run --example generate -- --rows 10000000 --out /tmp/big --encoding utf-8 --seed 7 --dirt-rate 0.02
cargo run --example generate -- --rows 100000 --out /tmp/clean --clean
```

Each set comes with `planted.json`: per kind how many were planted in which file and, up to 100 000 sales lines, file,
line, key, column and text of every one. `also` names the rules that may find something about the same row besides:
a row twice in a file is a key twice too.

## Files

";

const README_RULES: &str = "
## What the rules find

The kind is the id of the rule; `tastevin rules explain ID` says more. What is planted in one row touches no other: no
sale refers to a client or product whose key was spoilt.

";
