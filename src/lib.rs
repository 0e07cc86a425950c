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
