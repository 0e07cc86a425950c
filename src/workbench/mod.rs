//! One API for both fronts: open a workspace, ask, get progress and replies, cancel. Neighbours: `cli` and `tui` above,
//! the stages below.

mod catalogue;
pub mod clock;
mod decider;
mod decisions;
mod filter;
mod findings;
mod judge;
mod keys;
mod mapping;
mod mapping_text;
mod output;
pub mod preferences;
mod reader;
mod sources;
mod tables;
mod workspace;

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use crate::connectors::{self, Place, Watch};
use crate::error::{Error, Result, unknown};
use crate::model::{Canceller, Commit, Load, LoadOptions, Progress, SourceConfig, Verdict};
use crate::stages::{browse, check, cluster, commit, decide, findings as asked, load, recheck};
use crate::store::{Function, Settings, Store};
use crate::{rules, transforms};

pub use catalogue::*;
pub use decider::Decider;
pub use decisions::{NewValue, OnFound, TakenBack};
pub use mapping::{step_problem, usual_transforms};
pub use reader::{Reader, SourceStatus};
pub use tables::{Exported, Tell, Viewed, any_of_list, sql_name};
pub use workspace::{MappingInfo, OpenOptions, Workspace};

/// A workspace that is open for work. Decisions are made on its [`Decider`], questions asked of its [`Reader`]; it derefs
/// to both.
pub struct Workbench {
    decider: Decider,
    canceller: Canceller,
    /// What the next check after decisions can use of the last one.
    memory: RefCell<recheck::Memory>,
    _lock: workspace::Lock,
}

impl std::ops::Deref for Workbench {
    type Target = Decider;

    fn deref(&self) -> &Decider {
        &self.decider
    }
}

impl std::ops::DerefMut for Workbench {
    fn deref_mut(&mut self) -> &mut Decider {
        &mut self.decider
    }
}

impl Workbench {
    /// Opens the workspace in `dir`.
    pub fn open(dir: &Path, options: OpenOptions) -> Result<Workbench> {
        let workspace = Workspace::read(dir)?;
        let lock = workspace::Lock::take(dir, options.read_only)?;
        let settings = Settings {
            read_only: options.read_only,
            memory_limit: workspace.config.workspace.memory_limit.clone(),
            threads: workspace.config.workspace.threads.map(std::num::NonZeroU32::get),
            temp_dir: Some(workspace.temp()),
        };
        let store = Store::open(&workspace.database(), &settings, &functions())
            .map_err(|error| workspace::located(dir, error))?;
        let ledger = decide::Ledger::open(&workspace.ledger(), options.read_only)?;
        let reader = Reader::new(Arc::new(workspace), store);
        // One wish to stop is for all that goes on here, whether it changes something or only looks.
        let canceller = reader.canceller.clone();
        let memory = recheck::Memory::default();
        let decider = Decider::new(reader, ledger, memory.whereabouts.clone(), options.read_only)?;
        Ok(Workbench { decider, canceller, memory: RefCell::new(memory), _lock: lock })
    }

    /// What stops the work that is going on here, from another thread.
    pub fn interrupter(&self) -> Interrupter {
        self.reader.store.interrupter(&self.canceller)
    }

    /// Whether changes are refused.
    pub fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Reads `tastevin.toml` and `mappings/` again, after they were changed.
    pub fn refresh(&mut self) -> Result<()> {
        let fresh = Workspace::read(&self.reader.workspace.dir)?;
        // What was proven of files that say the same is not proven again.
        if fresh.says_what(&self.reader.workspace) {
            return Ok(());
        }
        self.reader.workspace = Arc::new(fresh);
        self.reader.newest.publish(&self.reader.workspace);
        Ok(())
    }

    /// Extracts and stages one source; on any failure its earlier load stands.
    pub fn load(&mut self, source: &str, options: &LoadOptions, progress: &(dyn Fn(Progress) + Sync)) -> Result<Load> {
        self.writable()?;
        if let Some(rival) = keys::elder_rival(self.workspace(), source) {
            return Err(keys::refusal(self.workspace(), source, rival));
        }
        self.cancellable(|bench| {
            let watch = Watch { progress, canceller: &bench.canceller };
            bench.with_place(source, |place| {
                if options.since.is_some() && !connectors::find(&place.mapping.connector)?.incremental {
                    return Err(Error::usage(format!("{source} cannot tell what changed since a day"))
                        .hint("files are always loaded whole; leave --since away"));
                }
                load::load(&bench.reader.store, place, options, &watch, &clock::now)
            })
        })
    }

    /// A piece of work that can be cancelled until it settles.
    fn cancellable<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.canceller.begin();
        let done = work(self);
        self.canceller.end();
        done
    }

    /// Builds the candidates and runs every rule, in one transaction.
    pub fn check(&mut self, progress: &(dyn Fn(Progress) + Sync)) -> Result<Verdict> {
        self.check_what(true, progress)
    }

    /// Brings candidates, findings and verdict up to date with the decisions in force, in one transaction: only what they
    /// touch is looked at where that is the cheaper way to the same end as [`Workbench::check`].
    pub fn recheck(&mut self, progress: &(dyn Fn(Progress) + Sync)) -> Result<Verdict> {
        self.check_what(false, progress)
    }

    fn check_what(&mut self, everything: bool, progress: &(dyn Fn(Progress) + Sync)) -> Result<Verdict> {
        self.writable()?;
        self.cancellable(|bench| bench.check_within(everything, progress))
    }

    fn check_within(&mut self, everything: bool, progress: &(dyn Fn(Progress) + Sync)) -> Result<Verdict> {
        self.copy_ledger()?;
        let (plan, basis) = self.reader.store.of_few(|| {
            let plan = self.plan()?;
            let basis = self.basis(&plan)?;
            Ok::<_, Error>((plan, basis))
        })?;
        let inputs = check::Inputs {
            schema: self.schema(),
            mappings: plan.mappings(),
            origins: plan.origins(),
            rules_dir: &self.reader.workspace.rules(),
            basis: &basis,
            gate: &self.config().gate,
            today: clock::today(),
            at: clock::now(),
        };
        // Nobody sees the new candidates beside the findings in the old ones.
        let check = |grain: check::Grain| {
            self.reader.store.transaction(|store| {
                if !everything
                    && grain == check::Grain::Table
                    && let Some(verdict) = store.of_few(|| {
                        recheck::run(store, &mut self.memory.borrow_mut(), &plan, &inputs, &self.canceller)
                    })?
                {
                    self.canceller.settle()?;
                    return Ok(verdict);
                }
                plan.build(store, progress, &self.canceller)?;
                let verdict = check::run(store, &inputs, grain, progress, &self.canceller)?;
                self.canceller.settle()?;
                Ok(verdict)
            })
        };
        let checked = self.reader.store.in_any_order(|| check::at_best(check));
        checked.map_err(|error| workspace::located(self.dir(), error))
    }

    /// Makes the candidates canonical.
    pub fn commit(&mut self, message: &str, progress: &(dyn Fn(Progress) + Sync)) -> Result<Commit> {
        self.writable()?;
        let who = clock::who();
        self.cancellable(|bench| {
            let request = bench.commit_request(&who, message);
            bench.copy_ledger()?;
            bench.subject(bench.plan().as_deref(), |subject| {
                commit::commit(&bench.reader.store, subject, &request, progress, &bench.canceller)
            })
        })
    }

    /// Undoes what commit `id` did to the canonical tables, as a new commit.
    pub fn revert(&mut self, id: i64, message: &str) -> Result<Commit> {
        self.writable()?;
        let who = clock::who();
        commit::revert(&self.reader.store, self.schema(), &self.commit_request(&who, message), id)
    }

    fn commit_request<'a>(&'a self, who: &'a str, message: &'a str) -> commit::Request<'a> {
        commit::Request { sources: &self.reader.workspace.mappings, who, at: clock::now(), message }
    }
}

impl Reader {
    fn known(&self, name: &str) -> Result<&SourceConfig> {
        let sources = &self.config().sources;
        sources.get(name).ok_or_else(|| {
            let error = unknown("source", name, sources.keys().map(String::as_str));
            if sources.is_empty() { error.hint("add one with `tastevin source add`") } else { error }
        })
    }

    fn with_place<T>(&self, name: &str, work: impl FnOnce(&Place) -> Result<T>) -> Result<T> {
        let config = self.known(name)?;
        let workspace = self.workspace();
        let mapping = workspace.mappings.iter().find(|(source, _)| source == name).map(|(_, mapping)| mapping);
        let mapping = mapping.ok_or_else(|| Error::internal(format!("source \"{name}\" lost its mapping")))?;
        work(&Place { source: name, config, mapping, workspace: &workspace.dir })
            .map_err(|error| workspace::located(&workspace.dir, error))
    }
}

/// What SQL can call beside DuckDB's own functions.
fn functions() -> Vec<Function> {
    let mut functions = transforms::functions();
    functions.extend_from_slice(rules::FUNCTIONS);
    functions.extend_from_slice(asked::FUNCTIONS);
    functions.extend_from_slice(cluster::FUNCTIONS);
    functions.extend_from_slice(browse::FUNCTIONS);
    functions
}

fn connector(place: &Place) -> Result<Box<dyn connectors::Connector>> {
    connectors::open(place)
}
