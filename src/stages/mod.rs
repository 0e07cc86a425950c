//! The way of the data, one file per stage, in walking order: load, map, check, decide, commit, report.
//!
//! Beside them what is asked of the findings: `findings`, `waivers`, `cluster`, `neighbours`. A stage takes the store and plain
//! data and knows nothing of folders, clocks or screens; `workbench` hands it both.

pub mod basis;
pub mod browse;
pub mod check;
pub mod cluster;
pub mod commit;
pub mod decide;
pub mod duplicates;
pub mod findings;
pub mod gate;
mod kept;
pub mod load;
pub mod map;
pub mod neighbours;
mod next;
pub mod places;
pub mod recheck;
pub mod report;
mod shapes;
mod staged;
pub mod stake;
pub mod standing;
pub mod suggest;
pub mod waivers;
