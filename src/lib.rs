//! Tastevin: judge data before it leaves for a sync.
//!
//! The map of the house, lowest floor first. A room imports only from floors below its own, and `error`.
//!
//! - floor 0, words: [`model`] is plain data, [`sql`] builds statements as text
//! - floor 1: [`store`] holds the DuckDB connection
//! - floor 2, vocabularies: [`connectors`], [`transforms`], [`rules`], [`reports`]; one file per entry, one line in the registry
//! - floor 3: [`stages`], the way of the data: load, map, check, decide, commit, report
//! - floor 4: [`workbench`], one API for both fronts
//! - floor 5: [`cli`] and [`tui`], thin fronts that do not know each other
//!
//! The same engine without a front: make a workspace, load, check, decide, and take the rows out as a polars frame.
//!
//! ```
//! use tastevin::model::{LoadOptions, SourceConfig};
//! use tastevin::workbench::{OpenOptions, Workbench, Workspace};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dir = tempfile::tempdir()?;
//! Workspace::init(dir.path(), "Domaine R.")?;
//! let mut workbench = Workbench::open(dir.path(), OpenOptions::default())?;
//!
//! let mut source = SourceConfig { kind: "isavigne".into(), ..SourceConfig::default() };
//! source.options.insert("path".into(), concat!(env!("CARGO_MANIFEST_DIR"), "/sample_exports/isavigne").into());
//! workbench.add_source("isavigne_prod", &source)?;
//!
//! let load = workbench.load("isavigne_prod", &LoadOptions::default(), &|progress| eprintln!("{}", progress.what))?;
//! assert_eq!(load.rows_in(), load.staged() + load.rejected());
//!
//! let verdict = workbench.check(&|_| ())?;
//! assert!(!verdict.gate_is_open(), "the sample exports are dirty on purpose");
//!
//! workbench.set("customers", "isavigne-C0000032", "email", Some("f@example.fr"), None, Some("by phone".into()))?;
//! workbench.check(&|_| ())?;
//! let customers = workbench.frame("SELECT * FROM candidate.customers WHERE email = 'f@example.fr'")?;
//! assert_eq!(customers.height(), 1);
//! # Ok(())
//! # }
//! ```

pub mod error;
pub mod model;
pub mod sql;
pub mod store;

pub mod connectors;
pub mod reports;
pub mod rules;
pub mod transforms;

pub mod stages;

pub mod workbench;

pub mod cli;
pub mod tui;
