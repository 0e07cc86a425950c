//! Everything that can be asked of a workspace without changing it.

use std::cell::RefCell;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;
use polars::prelude::DataFrame;

use super::mapping::Profiles;
use super::tables::{self, Browser};
use super::workspace::{Workspace, located};
use super::{Target, clock};
use crate::error::{Error, Kind, Result};
use crate::model::{
    Anomaly, AnomalyFilter, Canceller, Commit, Conflict, Gate, Load, LoadTotals, Mapping, Page, Report, RowStory,
    Schema, Standing, TableDiff, TableScore, Verdict, WorkspaceConfig,
};
use crate::reports;
use crate::stages::basis::Basis;
use crate::stages::{check, commit, decide, findings, gate, load, map, report, standing};
use crate::store::Store;

/// A view of a workspace that can be asked but not changed. Make one per thread with [`Reader::again`].
pub struct Reader {
    pub(super) workspace: Arc<Workspace>,
    pub(super) newest: Newest,
    pub(super) store: Store,
    pub(super) browser: Browser,
    pub(super) canceller: Canceller,
    pub(super) profiles: Profiles,
    /// The last plan, with the workspace for which it was made.
    planned: RefCell<Option<(Arc<Workspace>, Arc<map::Plan>)>>,
}

/// The workspace's files as they were read last, shared by all readers of a workbench.
#[derive(Clone)]
pub(super) struct Newest(Arc<Mutex<Arc<Workspace>>>);

impl Newest {
    pub(super) fn new(workspace: &Arc<Workspace>) -> Newest {
        Newest(Arc::new(Mutex::new(Arc::clone(workspace))))
    }

    pub(super) fn publish(&self, workspace: &Arc<Workspace>) {
        // A reader that failed elsewhere leaves nothing half done here.
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(workspace);
    }

    fn get(&self) -> Arc<Workspace> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A source and what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceStatus {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Where it is: a folder, an address.
    pub place: String,
    /// Its entities in order, with the canonical tables that each feeds.
    pub entities: Vec<(String, Vec<String>)>,
    /// Its last load, whatever became of it.
    pub last: Option<Load>,
    /// Its last load that was staged, if that is another one.
    pub standing: Option<Load>,
    /// What came of all its loads.
    pub totals: LoadTotals,
    /// All its loads, the newest first.
    pub loads: Vec<Load>,
}

impl Reader {
    pub(super) fn new(workspace: Arc<Workspace>, store: Store) -> Reader {
        let newest = Newest::new(&workspace);
        let profiles = Profiles::default();
        let (browser, canceller) = (Browser::default(), Canceller::default());
        Reader { workspace, newest, store, browser, canceller, profiles, planned: RefCell::default() }
    }

    /// The same view on a connection of its own, for another thread.
    pub fn again(&self) -> Result<Reader> {
        let fresh = Reader::new(self.newest.get(), self.store.reader()?);
        Ok(Reader { newest: self.newest.clone(), profiles: self.profiles.clone(), ..fresh })
    }

    /// Takes over what [`Workbench::refresh`](super::Workbench::refresh) has read since this reader was made.
    pub fn catch_up(&mut self) {
        self.workspace = self.newest.get();
    }

    /// What stops whatever this reader is asked, from another thread.
    pub fn interrupter(&self) -> crate::store::Interrupter {
        self.store.interrupter(&self.canceller)
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.workspace.dir
    }

    /// What `tastevin.toml` says.
    pub fn config(&self) -> &WorkspaceConfig {
        &self.workspace.config
    }

    /// The canonical schema.
    pub fn schema(&self) -> &Schema {
        &self.workspace.schema
    }

    /// The workspace's files as read.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    fn gate(&self) -> &Gate {
        &self.workspace.config.gate
    }

    /// The sources with their last loads, in the order of `tastevin.toml`.
    pub fn sources(&self) -> Result<Vec<SourceStatus>> {
        let mut sources = Vec::new();
        for ((name, config), (_, mapping)) in self.workspace.config.sources.iter().zip(&self.workspace.mappings) {
            let mut entities: Vec<(String, Vec<String>)> =
                mapping.entities.keys().map(|entity| (entity.clone(), Vec::new())).collect();
            for (table, feed) in &mapping.tables {
                match entities.iter_mut().find(|(entity, _)| *entity == feed.entity) {
                    Some((_, tables)) => tables.push(table.clone()),
                    None => entities.push((feed.entity.clone(), vec![table.clone()])),
                }
            }
            let loads = self.loads(Some(name))?;
            let standing = loads.iter().find(|load| load.status == crate::model::LoadStatus::Done).cloned();
            sources.push(SourceStatus {
                name: name.clone(),
                kind: config.kind.clone(),
                place: config.text("path").or(config.text("url")).unwrap_or_default().to_owned(),
                entities,
                totals: LoadTotals::of(&loads),
                last: loads.first().cloned(),
                loads,
                standing,
            });
        }
        Ok(sources)
    }

    /// All loads, newest first; of one source if one is named.
    pub fn loads(&self, source: Option<&str>) -> Result<Vec<Load>> {
        let details: Vec<String> = self.store.query(
            "SELECT detail FROM dq.loads WHERE ? IS NULL OR source = ? ORDER BY id DESC",
            [source, source],
            |row| row.get(0),
        )?;
        details.iter().map(|detail| from_json(detail)).collect()
    }

    /// A window of the rejected records of a source, or of all: source, entity, file, line, reason, raw.
    pub fn rejects(&self, source: Option<&str>, offset: u64, limit: u64) -> Result<Page> {
        let filter = source.map(|name| format!("WHERE source = {}", crate::sql::Literal(name))).unwrap_or_default();
        let sql = format!("SELECT source, entity, file, line, reason, raw FROM dq.rejects {filter} ORDER BY ALL");
        self.store.page(&sql, offset, limit)
    }

    /// The plan by which candidates are built from what is staged now.
    pub fn plan(&self) -> Result<Arc<map::Plan>> {
        if let Some((workspace, plan)) = self.planned.borrow().as_ref()
            && Arc::ptr_eq(workspace, &self.workspace)
            && plan.stands(&self.store)?
        {
            return Ok(Arc::clone(plan));
        }
        let plan = Arc::new(self.plan_anew()?);
        *self.planned.borrow_mut() = Some((Arc::clone(&self.workspace), Arc::clone(&plan)));
        Ok(plan)
    }

    fn plan_anew(&self) -> Result<map::Plan> {
        let workspace = &self.workspace;
        let plan = |mappings: &[(String, Mapping)]| map::Plan::new(&self.store, &workspace.schema, mappings);
        let planned =
            workspace.proven(|schema| map::prove(&self.store, schema)).and_then(|()| plan(&workspace.mappings));
        planned.map_err(|error| {
            if error.kind() != Kind::Config || error.place().file.is_some() || plan(&[]).is_err() {
                return located(self.dir(), error);
            }
            // The mapping that does not go alone either is the one that is wrong.
            let wrong = workspace.mappings.iter().find(|one| plan(std::slice::from_ref(one)).is_err());
            match wrong.and_then(|(source, _)| workspace.mapping_name(source)) {
                Some(name) => located(self.dir(), error.at_file(workspace.mapping_file(&name))),
                None => error,
            }
        })
    }

    /// Per canonical table, the statement that builds its candidates, as it will run with the decisions now in force.
    pub fn map_sql(&self) -> Result<Vec<(String, String)>> {
        self.plan()?.sql(&self.store)
    }

    /// The verdict of the last check; none before the first. Whether it speaks of what is there now is asked anew: a load, a
    /// decision or a mapping may have come since.
    pub fn verdict(&self) -> Result<Option<Verdict>> {
        self.verdict_now(self.plan().as_deref())
    }

    fn verdict_now(&self, planned: std::result::Result<&map::Plan, &Error>) -> Result<Option<Verdict>> {
        let Some(mut verdict) = check::verdict(&self.store)? else { return Ok(None) };
        self.subject(planned, |subject| gate::ask_anew(&self.store, subject, &mut verdict))?;
        Ok(Some(verdict))
    }

    /// What a check by that plan would stand on now.
    pub(super) fn basis(&self, plan: &map::Plan) -> Result<Basis> {
        Basis::now(&self.store, plan, &self.workspace.rules(), self.gate(), clock::today())
    }

    /// What was loaded or written since the last check, if anything was: "isavigne was loaded after".
    pub(super) fn outdated(&self) -> Result<Option<String>> {
        let (Ok(plan), Some(then)) = (self.plan(), Basis::of_last_check(&self.store)?) else { return Ok(None) };
        Ok(then.outdated_by(&self.basis(&plan)?))
    }

    /// Asks about what the gate is about now.
    pub(super) fn subject<T>(
        &self,
        planned: std::result::Result<&map::Plan, &Error>,
        ask: impl FnOnce(&gate::Subject) -> T,
    ) -> T {
        let basis = planned.map(|plan| self.basis(plan));
        let basis = match &basis {
            Ok(basis) => basis.as_ref(),
            Err(error) => Err(*error),
        };
        ask(&gate::Subject { schema: self.schema(), gate: self.gate(), basis })
    }

    /// A window of the findings that the filter lets through, and how many there are in all.
    pub fn anomalies(&self, filter: &AnomalyFilter, offset: u64, limit: u64) -> Result<(u64, Vec<Anomaly>)> {
        findings::anomalies(&self.store, filter, offset, limit)
    }

    /// The money that hangs on the rows with a finding that the filter lets through, each amount counted once, in the unit
    /// that [`Schema::stake`] names; none where no money can hang on any row.
    pub fn at_stake(&self, filter: &AnomalyFilter) -> Result<Option<f64>> {
        findings::at_stake(&self.store, self.schema(), filter)
    }

    /// Whether other decisions are in force than at the last check, so that its findings do not know of them.
    pub fn decided_since_check(&self) -> Result<bool> {
        Ok(self.store.count("SELECT count(*) FROM dq.verdict")? > 0 && !decide::is_checked(&self.store)?)
    }

    /// Whether `tastevin.toml` and `mappings/` say something else than when they were read last.
    pub fn files_edited(&self) -> Result<bool> {
        Ok(!Workspace::read(self.dir())?.says_what(&self.workspace))
    }

    /// The number, from 0, of the next finding after `from` (or before it) that contains `text` in what lists
    /// show of it, among those that the filter lets through; after the last one the search goes on at the first.
    pub fn find_anomaly(&self, filter: &AnomalyFilter, text: &str, from: u64, backwards: bool) -> Result<Option<u64>> {
        let (beyond, order) = if backwards { ("n < ", "DESC") } else { ("n > ", "ASC") };
        let sql = format!(
            "SELECT n FROM (SELECT row_number() OVER () - 1 AS n, * FROM ({}))\n\
             WHERE n <> {from} AND {}\nORDER BY {beyond}{from} DESC, n {order} LIMIT 1",
            findings::anomalies_sql(filter),
            findings::says(text)
        );
        let found: Option<i64> = self.store.first(&sql, [], |row| row.get(0))?;
        Ok(found.and_then(|at| u64::try_from(at).ok()))
    }

    /// A window of the rows that a commit would hold back: table, row, and the reasons in one text, apart by `; `.
    pub fn held_back(&self, offset: u64, limit: u64) -> Result<Page> {
        gate::held_back(&self.store, self.schema(), self.gate(), offset, limit)
    }

    /// What became of every cell of one row, from the raw line to the committed value.
    pub fn story(&self, table: &str, row: &str) -> Result<Option<RowStory>> {
        let Some(mut story) = self.plan()?.story(&self.store, table, row)? else {
            return Ok(None);
        };
        if let Some((file, line, raw)) = load::raw_record(&self.store, &story.source, &story.entity, story.record)? {
            story.file = Some(file);
            story.line = Some(line);
            story.raw = raw;
        }
        Ok(Some(story))
    }

    /// Decisions that could not be applied because the data has moved on.
    pub fn conflicts(&self) -> Result<Vec<Conflict>> {
        decide::conflicts(&self.store, None)
    }

    /// What a commit would change: per table the tally and a window of rows.
    pub fn diff(&self, offset: u64, limit: u64) -> Result<Vec<TableDiff>> {
        commit::diff(&self.store, self.schema(), &self.workspace.mappings, self.gate(), offset, limit)
    }

    /// The difference between the states after two commits; 0 is the empty state before the first.
    pub fn diff_between(&self, from: i64, to: i64, offset: u64, limit: u64) -> Result<Vec<TableDiff>> {
        commit::diff_between(&self.store, self.schema(), from, to, offset, limit)
    }

    /// The commits, newest first.
    pub fn log(&self) -> Result<Vec<Commit>> {
        commit::log(&self.store)
    }

    /// The scores of every table at that many last checks, oldest first.
    pub fn trends(&self, checks: u32) -> Result<IndexMap<String, Vec<TableScore>>> {
        standing::trends(&self.store, checks)
    }

    /// How far the data has come, table by table, and what to do next.
    pub fn standing(&self) -> Result<Standing> {
        let plan = self.plan();
        self.at_one_moment(|| {
            let verdict = self.verdict_now(plan.as_deref())?;
            let planned = plan.map(|_| ());
            standing::standing(&self.store, self.schema(), &self.workspace.mappings, verdict.as_ref(), &planned)
        })
    }

    /// Whatever is asked meanwhile sees the workspace's tables as they are now; only temporary tables may be written, and what fails
    /// ends all of it.
    fn at_one_moment<T>(&self, ask: impl FnOnce() -> Result<T>) -> Result<T> {
        self.store.transaction(|_| ask())
    }

    /// Refuses to show what a check has found where nothing was checked yet.
    pub fn need_check(&self) -> Result<()> {
        check::verdict(&self.store)?.map(|_| ()).ok_or_else(unchecked)
    }

    /// Everything that a report says, of the last check as it stands now.
    pub fn report(&self) -> Result<Report> {
        let plan = self.plan();
        self.at_one_moment(|| {
            let verdict = self.verdict_now(plan.as_deref())?.ok_or_else(unchecked)?;
            report::report(
                &self.store,
                &report::Request {
                    workspace: &self.config().workspace.name,
                    schema: self.schema(),
                    mappings: &self.workspace.mappings,
                    verdict: &verdict,
                    planned: &plan.map(|_| ()),
                    at: clock::now(),
                    today: clock::today(),
                },
            )
        })
    }

    /// A window of the rows of any query; see [`Reader::query`] for what a query may do.
    pub fn page(&self, sql: &str, offset: u64, limit: u64) -> Result<Page> {
        let sql = tables::asked(&self.store, sql)?;
        self.store.page(&sql, offset, limit).map_err(asked_wrongly)
    }

    /// All rows of a query over the workspace's tables, every value as text. Reading only: one SELECT, no files.
    pub fn query(&self, sql: &str) -> Result<Page> {
        let sql = tables::asked(&self.store, sql)?;
        self.store.texts(&sql).map_err(asked_wrongly)
    }

    /// Writes the rows of a query and says how many there were; see [`Reader::query`] for what a query may do.
    pub fn write_query(&self, sql: &str, format: &str, target: Target) -> Result<u64> {
        let sql = tables::asked(&self.store, sql)?;
        reports::export(&self.store, &sql, reports::table_format(format)?, target).map_err(asked_wrongly)
    }

    /// All rows of a query as a polars frame.
    pub fn frame(&self, sql: &str) -> Result<DataFrame> {
        let sql = tables::asked(&self.store, sql)?;
        self.store.frame(&sql).map_err(asked_wrongly)
    }
}

fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|cause| Error::internal("the workspace holds a record that cannot be read").caused_by(cause))
}

/// What the database refuses of a query that a person wrote is the query's fault and not the program's.
pub(super) fn asked_wrongly(error: Error) -> Error {
    if error.kind() != Kind::Internal {
        return error;
    }
    let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
    Error::usage("the query cannot be answered")
        .caused_by(why)
        .hint("`tastevin query \"SHOW ALL TABLES\"` lists tables and columns")
}

fn unchecked() -> Error {
    Error::usage("nothing was checked yet").hint("run `tastevin load` and then `tastevin check`")
}
