//! The way of the data, one file per stage, in walking order: load, map, check, decide, commit, report.
//!
//! A stage takes the store and plain data and knows nothing of folders, clocks or screens; `workbench` hands it both.

pub mod check;
pub mod commit;
pub mod decide;
pub mod gate;
pub mod load;
pub mod map;
pub mod report;
