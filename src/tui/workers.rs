//! Does what the update wants done: jobs on the workbench, questions to a reader. Knows no threads; `runtime` has them.

use std::sync::Arc;

use super::effects::{Answer, Ask, Job, News, OnAll, Wish};
use super::message::Reply;
use super::screens::mapping::{Opened, Told};
use super::screens::tables::ask::known_of;
use crate::error::{Kind, Result};
use crate::model::{AnomalyFilter, LoadOptions, RowChange, TableDiff};
use crate::workbench::{Decider, NewValue, Reader, Target, Workbench, mappings, report_formats};

/// Does a piece of work and says how it went; `tell` is told on the way where it stands.
pub fn work(workbench: &mut Workbench, job: Job, tell: &(dyn Fn(Reply) + Sync)) -> Reply {
    let progress = |progress| tell(Reply::Progress(progress));
    match job {
        Job::Load(source) => {
            let read = reread(workbench, tell);
            Reply::Loaded(
                source.clone(),
                read.and_then(|()| workbench.load(&source, &LoadOptions::default(), &progress)),
            )
        }
        // The files may have been edited since they were read; then, or after a load, everything is looked at.
        Job::Check => Reply::Checked(reread(workbench, tell).and_then(|()| workbench.recheck(&progress))),
        Job::Decide { ticket, wish, why } => decide(workbench, ticket, *wish, why),
        Job::SaveMapping { mut draft } => {
            let saved = workbench.save_mapping(&mut draft);
            let text = saved.map(|_| draft.on_disk().unwrap_or_default().to_owned());
            Reply::MappingSaved(draft.name().to_owned(), text)
        }
        Job::Commit { message } => Reply::Committed(workbench.commit(&message, &progress)),
        Job::AddSource { name, config } => match workbench.add_source(&name, &config) {
            Ok(written) => Reply::SourceChanged(Job::AddSource { name, config: Box::new(written) }, Ok(())),
            Err(error) => Reply::SourceChanged(Job::AddSource { name, config }, Err(error)),
        },
        Job::EditSource { ref name, ref changes } => {
            let outcome = workbench.edit_source(name, changes);
            Reply::SourceChanged(job, outcome)
        }
        Job::RemoveSource(ref name) => {
            let outcome = workbench.remove_source(name);
            Reply::SourceChanged(job, outcome)
        }
        Job::Revert { commit, message } => Reply::Committed(workbench.revert(commit, &message)),
    }
}

/// Reads the workspace's files again, which may have been edited, and says what they say now.
fn reread(workbench: &mut Workbench, tell: &(dyn Fn(Reply) + Sync)) -> Result<()> {
    workbench.refresh()?;
    let (schema, gate) = (Arc::new(workbench.schema().clone()), workbench.config().gate.clone());
    tell(Reply::Reread { schema, gate });
    Ok(())
}

/// Makes a decision and says how it went; the workbench may be busy with something else.
pub fn decide(decider: &mut Decider, ticket: u64, wish: Wish, why: Option<String>) -> Reply {
    let before = decider.decision_count();
    let (left, failure) = match wished(decider, wish, why) {
        Ok(left) => (left, None),
        Err(error) => (0, Some(error)),
    };
    Reply::Decided { ticket, decisions: decider.decisions_from(before), left, failure }
}

/// Does what is wanted; how many rows were left as they are.
fn wished(decider: &mut Decider, wish: Wish, why: Option<String>) -> Result<u64> {
    match wish {
        Wish::Action(action) => decider.decide(action, why).map(drop)?,
        Wish::Set { table, field, rule, values } => {
            decider.set_rows(&table, &field, rule.as_deref(), &values, why).map(drop)?;
        }
        Wish::Merge { table, field, spellings } => {
            decider.merge_spellings(&table, &field, &spellings, why).map(drop)?;
        }
        Wish::Join { table, into, rows, take } => decider.merge(&table, &into, &rows, &take, why).map(drop)?,
        Wish::Apart { table, rows } => decider.keep_apart(&table, &rows, why.as_deref()).map(drop)?,
        Wish::Found { filter, what } => return decide_found(decider, &filter, what, why),
    }
    Ok(0)
}

fn decide_found(decider: &mut Decider, filter: &AnomalyFilter, what: OnAll, why: Option<String>) -> Result<u64> {
    let why = why.as_deref();
    let made = match what {
        OnAll::Set(now) => decider.set_found(filter, NewValue::Same(now.as_deref()), why)?,
        OnAll::Accept => decider.set_found(filter, NewValue::Suggestion, why)?,
        OnAll::Waive { until } => {
            decider.waive_found(filter, until, why.unwrap_or_default())?;
            return Ok(0);
        }
        OnAll::Exclude => decider.exclude_found(filter, why)?,
    };
    Ok(made.left)
}

/// What went wrong as something to be shown where the answer would stand; an interruption stays one.
fn told<T>(outcome: Result<T>) -> Result<std::result::Result<T, Told>> {
    match outcome {
        Ok(value) => Ok(Ok(value)),
        Err(error) if error.kind() == Kind::Interrupted => Err(error),
        Err(error) => Ok(Err(Told::from(&error))),
    }
}

/// How many checks a trend of scores looks back.
const TREND: u32 = 60;

/// The rows of one table that differ.
fn of_table(diffs: Vec<TableDiff>, table: &str) -> Vec<RowChange> {
    diffs.into_iter().find(|diff| diff.tally.table == table).map(|diff| diff.rows).unwrap_or_default()
}

/// Answers a question; `tell` is told what is known on the way to a long answer.
pub fn answer(reader: &Reader, ask: &Ask, tell: &(dyn Fn(News) + Sync)) -> Result<Answer> {
    Ok(match ask {
        Ask::Sources => Answer::Sources(reader.sources()?),
        Ask::Verdict => Answer::Verdict {
            verdict: reader.verdict()?.map(Box::new),
            conflicts: reader.conflicts()?.len() as u64,
            outdated: reader.decided_since_check()?,
        },
        Ask::Edited => Answer::Edited(reader.files_edited()?),
        Ask::Log => Answer::Log(reader.log()?),
        Ask::Standing => Answer::Standing(Box::new(reader.standing()?)),
        Ask::Kinds => Answer::Kinds { kinds: mappings(Some(reader.dir()))?, sources: reader.config().sources.clone() },
        Ask::Test { source } => Answer::Test {
            source: source.clone(),
            probes: reader.test_source(source, &|tried| tell(News::Tried(tried.clone())))?,
        },
        Ask::History => {
            Answer::History { loads: reader.loads(None)?, commits: reader.log()?, trends: reader.trends(TREND)? }
        }
        Ask::Between { from, to } => {
            let tables = reader.diff_between(*from, *to, 0, 0)?.into_iter().map(|diff| diff.tally).collect();
            Answer::Between { from: *from, to: *to, tables }
        }
        Ask::BetweenRows { from, to, table, offset, limit } => Answer::BetweenRows {
            offset: *offset,
            rows: of_table(reader.diff_between(*from, *to, *offset, *limit)?, table),
        },
        Ask::Conflicts => Answer::Conflicts(reader.conflicts()?),
        Ask::Findings { filter, offset, limit } => {
            let (total, rows) = reader.anomalies(filter, *offset, *limit)?;
            Answer::Findings { offset: *offset, total, rows }
        }
        Ask::Collect { filter, offset, limit } => Answer::Collect(reader.anomalies(filter, *offset, *limit)?.1),
        Ask::AtStake { filter } => Answer::AtStake(reader.at_stake(filter)?),
        Ask::Facets { filter } => Answer::Facets(Box::new(reader.facets(filter)?)),
        Ask::Values { filter, offset, limit } => {
            let (total, rows) = reader.value_clusters(filter, *offset, *limit)?;
            Answer::Values { offset: *offset, total, rows }
        }
        Ask::Suggestions { filter, offset, limit } => {
            let (total, rows) = reader.suggestions(filter, *offset, *limit)?;
            Answer::Suggestions { offset: *offset, total, rows }
        }
        Ask::Emptied { filter, offset, limit } => {
            let (total, rows) = reader.anomalies(filter, *offset, *limit)?;
            Answer::Emptied { offset: *offset, total, rows }
        }
        Ask::Record { table, row } => {
            let (story, findings) = known_of(reader, table, row)?;
            Answer::Record { story, findings }
        }
        Ask::Neighbours { table, row, offset, limit } => {
            Answer::Neighbours(reader.neighbours(table, row, *offset, *limit)?.map(Box::new))
        }
        Ask::Referring { table, row } => {
            let relations = reader.neighbours(table, row, 0, 0)?.map(|all| all.relations).unwrap_or_default();
            let inward = relations.into_iter().filter(|relation| !relation.outward && relation.rows > 0);
            Answer::Referring(inward.map(|relation| (relation.table, relation.rows)).collect())
        }
        Ask::Waivers => Answer::Waivers(reader.waivers()?),
        Ask::Duplicates => Answer::Duplicates(reader.duplicates()?),
        Ask::DuplicateRows(group) => Answer::DuplicateRows(reader.duplicate_rows(group)?.map(Box::new)),
        Ask::TextFields => Answer::TextFields(reader.text_fields()?),
        Ask::Clusters { table, field } => Answer::Clusters(reader.clusters(table, field)?),
        Ask::ClusterCount { table, field } => Answer::ClusterCount(reader.clusters(table, field)?.len() as u64),
        Ask::Find { filter, text, from, backwards } => {
            Answer::Find(reader.find_anomaly(filter, text, *from, *backwards)?)
        }
        Ask::Story { table, row } => Answer::Story(reader.story(table, row)?.map(Box::new)),
        Ask::Diff => Answer::Diff(reader.diff(0, 0)?.into_iter().map(|diff| diff.tally).collect()),
        Ask::Changes { table, offset, limit } => {
            Answer::Changes { offset: *offset, rows: of_table(reader.diff(*offset, *limit)?, table) }
        }
        Ask::Held { offset, limit } => Answer::Held(reader.held_back(*offset, *limit)?),
        Ask::Report { path } => {
            let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
            let formats = report_formats();
            let format = formats.iter().find(|format| format.extension == ending).map_or("html", |format| format.name);
            reader.write_report(format, Target::File(path))?;
            Answer::Report(path.clone())
        }
        Ask::Table(ask) => Answer::Table(Box::new(ask.answer(reader, &|share| tell(News::Share(share)))?)),
        Ask::MappingDraft { source } => {
            let open = || {
                let draft = Box::new(reader.draft(source)?);
                let drift = reader.drift(source, draft.mapping())?;
                Ok(Opened { draft, drift, staged: reader.staged_entities(source)? })
            };
            Answer::MappingDraft { source: source.clone(), outcome: told(open())? }
        }
        Ask::Profile { source, entity } => {
            let profile = reader.column_profiles(source, entity)?;
            Answer::Profile { source: source.clone(), entity: entity.clone(), profile }
        }
        Ask::Proposal { source, mapping } => Answer::Proposal(Box::new(reader.suggest(source, mapping)?)),
        Ask::MappingPreview { source, draft, table, field, offset, limit } => {
            Answer::MappingPreview(told(reader.preview(source, draft, table, field, *offset, *limit))?)
        }
        Ask::MappingProblems(drafts) => {
            let find = || {
                let problems = drafts.iter().map(|(source, draft)| reader.draft_problems(source, draft));
                problems.collect::<Result<Vec<_>>>().map(|all| all.into_iter().flatten().collect())
            };
            Answer::MappingProblems(told(find())?)
        }
        Ask::MapSql { source, draft, table } => {
            let own = |all: Vec<(String, String)>| all.into_iter().find(|(name, _)| name == table).unwrap_or_default();
            Answer::MapSql(told(reader.draft_sql(source, draft).map(own))?)
        }
    })
}
