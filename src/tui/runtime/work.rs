//! What changes the workspace: the writer's queue, and the pen beside it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::screen::STOPPED;
use super::threads::{guarded, lock, spawn};
use crate::error::{Error, Result};
use crate::model::{Canceller, Decision};
use crate::tui::effects::Job;
use crate::tui::message::{Message, Reply};
use crate::tui::workers;
use crate::workbench::{Decider, Interrupter, Workbench};

/// How often the writer may report progress.
const REPORT: Duration = Duration::from_millis(50);
/// How long the end waits for work that was asked to stop, and for everything when a signal asked for the end.
const FAREWELL: Duration = Duration::from_secs(10);

/// The writer, a thread that owns the workbench and does one job after the other, and beside it the pen.
pub struct Work {
    queue: Arc<(Mutex<Queue>, Condvar)>,
    interrupter: Interrupter,
    threads: [JoinHandle<()>; 2],
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    /// Many wishes for a check are one, and it comes after everything else.
    check: bool,
    running: Option<Job>,
    /// The decision that is being written.
    deciding: Option<Job>,
    closed: bool,
}

impl Work {
    /// Starts both threads.
    pub fn done(mut workbench: Workbench, send: Sender<Message>) -> Result<Work> {
        let queue: Arc<(Mutex<Queue>, Condvar)> = Arc::default();
        let interrupter = workbench.interrupter();
        let pen = Self::pen(workbench.decider()?, Arc::clone(&queue), send.clone())?;
        let own = Arc::clone(&queue);
        let canceller = interrupter.canceller().clone();
        let thread = spawn("writer", move || {
            while let Some(job) = next_job(&own, &canceller) {
                let report = |reply| {
                    let _ = send.send(Message::Reply(Box::new(reply)));
                };
                report(Reply::Started(job.clone()));
                let (begin, last) = (Instant::now(), AtomicU64::new(0));
                let tell = |reply| {
                    let now = begin.elapsed().as_millis() as u64;
                    if now >= last.load(Ordering::Relaxed) {
                        last.store(now + REPORT.as_millis() as u64, Ordering::Relaxed);
                        report(reply);
                    }
                };
                let failed = job.clone();
                let outcome = guarded(|| Ok(workers::work(&mut workbench, job, &tell)));
                report(outcome.unwrap_or_else(|error| failure_of(failed, Vec::new(), error)));
                lock(&own.0).running = None;
            }
        })?;
        Ok(Work { queue, interrupter, threads: [pen, thread] })
    }

    /// The pen: a thread that makes decisions while the writer is busy, so that each is on the disk at once.
    fn pen(mut decider: Decider, queue: Arc<(Mutex<Queue>, Condvar)>, send: Sender<Message>) -> Result<JoinHandle<()>> {
        spawn("pen", move || {
            while let Some(job) = next_decision(&queue) {
                decider.catch_up();
                let before = decider.decision_count();
                let failed = job.clone();
                let outcome = guarded(|| match job {
                    Job::Decide { ticket, wish, why } => Ok(workers::decide(&mut decider, ticket, *wish, why)),
                    _ => Err(Error::internal("the pen only writes decisions")),
                });
                // A fault may have come after the decision was written.
                let reply = outcome.unwrap_or_else(|error| failure_of(failed, decider.decisions_from(before), error));
                let _ = send.send(Message::Reply(Box::new(reply)));
                lock(&queue.0).deciding = None;
                queue.1.notify_all();
            }
        })
    }

    /// Takes a job.
    pub fn submit(&self, job: Job) {
        let mut queue = lock(&self.queue.0);
        // Nobody waits for a check: a decision goes to the disk first, and the check begins again.
        let in_the_way = queue.running == Some(Job::Check) && job != Job::Check;
        match job {
            Job::Check => queue.check = true,
            job => queue.jobs.push_back(job),
        }
        if in_the_way {
            self.interrupter.interrupt();
        }
        self.queue.1.notify_all();
    }

    /// Stops what runs and forgets what waits, but for what the user believes to be kept. Says at once whether it counts,
    /// where that is certain: the engine may take a while longer until it has let go of what it was writing.
    pub fn cancel(&self) -> Option<Reply> {
        let mut queue = lock(&self.queue.0);
        queue.jobs.retain(is_owed);
        queue.check = false;
        let running = queue.running.clone()?;
        let counts = self.interrupter.interrupt();
        match running {
            Job::Load(_) | Job::Check | Job::Commit { .. } if counts => Some(Reply::Cancelled(running)),
            Job::Load(_) | Job::Check | Job::Commit { .. } => Some(Reply::TooLate),
            _ => None,
        }
    }

    /// Stops what can be stopped, lets a commit end, writes the decisions that are still waiting, and lets the workbench
    /// go. Says what was dropped.
    pub fn finish(self, receive: &Receiver<Message>) -> Vec<String> {
        let mut dropped = Vec::new();
        {
            let mut queue = lock(&self.queue.0);
            queue.closed = true;
            if queue.jobs.iter().any(Job::is_commit) {
                dropped.push("the commit was not begun".to_owned());
            }
            if matches!(queue.running, Some(Job::Load(_) | Job::Check)) {
                self.interrupter.interrupt();
            }
            self.queue.1.notify_all();
        }
        let is_finished = || self.threads.iter().all(JoinHandle::is_finished);
        let begin = Instant::now();
        let by_signal = STOPPED.load(Ordering::SeqCst);
        while !is_finished() {
            let (committing, decisions) = owed(&lock(&self.queue.0));
            let patient = !by_signal && (committing || decisions > 0);
            let enough = if patient { STOPPED.load(Ordering::SeqCst) } else { begin.elapsed() >= FAREWELL };
            if enough {
                break;
            }
            thread::sleep(Duration::from_millis(5));
        }
        if !is_finished() {
            let (committing, decisions) = owed(&lock(&self.queue.0));
            if committing {
                dropped.push("the commit was not finished".to_owned());
            }
            if decisions > 0 {
                dropped.push(format!("decisions not written: {decisions}"));
            }
        }
        dropped.extend(receive.try_iter().filter_map(|message| match message {
            Message::Reply(reply) => failed_unseen(*reply),
            _ => None,
        }));
        dropped
    }
}

/// Whether a piece of work is a promise: what the user did and believes to be kept.
fn is_owed(job: &Job) -> bool {
    matches!(job, Job::Decide { .. } | Job::SaveMapping { .. })
}

/// What the end must wait for: whether a commit is being made, and how many decisions are not written.
fn owed(queue: &Queue) -> (bool, usize) {
    let all = queue.deciding.iter().chain(&queue.running).chain(&queue.jobs);
    let decisions = all.filter(|job| is_owed(job)).count();
    (queue.running.as_ref().is_some_and(Job::is_commit), decisions)
}

/// What a reply says that nobody has seen on the screen any more, if it is a loss.
fn failed_unseen(reply: Reply) -> Option<String> {
    match reply {
        Reply::Decided { decisions, failure: Some(error), .. } if decisions.is_empty() => {
            Some(format!("a decision was not made: {error}"))
        }
        Reply::MappingSaved(name, Err(error)) => Some(format!("mappings/{name}.toml was not saved: {error}")),
        Reply::Committed(Err(error)) => Some(format!("the commit was not made: {error}")),
        _ => None,
    }
}

fn next_job(shared: &(Mutex<Queue>, Condvar), canceller: &Canceller) -> Option<Job> {
    let mut queue = lock(&shared.0);
    loop {
        if queue.closed {
            queue.check = false;
            queue.jobs.retain(is_owed);
        }
        // What is decided is written first, so that whatever begins now knows of it.
        if !is_deciding(&queue) {
            let next = queue.jobs.pop_front().or_else(|| std::mem::take(&mut queue.check).then_some(Job::Check));
            if let Some(job) = next {
                // Whoever cancels holds the lock too, so that it is this job that is stopped and not the one before.
                canceller.reset();
                queue.running = Some(job.clone());
                return Some(job);
            }
            if queue.closed {
                return None;
            }
        }
        queue = shared.1.wait(queue).unwrap_or_else(PoisonError::into_inner);
    }
}

fn is_deciding(queue: &Queue) -> bool {
    queue.deciding.is_some() || queue.jobs.iter().any(|job| matches!(job, Job::Decide { .. }))
}

fn next_decision(shared: &(Mutex<Queue>, Condvar)) -> Option<Job> {
    let mut queue = lock(&shared.0);
    loop {
        if let Some(at) = queue.jobs.iter().position(|job| matches!(job, Job::Decide { .. })) {
            queue.deciding = queue.jobs.remove(at);
            return queue.deciding.clone();
        }
        if queue.closed {
            return None;
        }
        queue = shared.1.wait(queue).unwrap_or_else(PoisonError::into_inner);
    }
}

/// What is reported of a job that ended in a fault of the program.
fn failure_of(job: Job, decisions: Vec<Decision>, error: Error) -> Reply {
    match job {
        Job::Load(source) => Reply::Loaded(source, Err(error)),
        Job::Check => Reply::Checked(Err(error)),
        Job::Decide { ticket, .. } => Reply::Decided { ticket, decisions, left: 0, failure: Some(error) },
        Job::AddSource { .. } | Job::EditSource { .. } | Job::RemoveSource(_) => Reply::SourceChanged(job, Err(error)),
        Job::SaveMapping { draft } => Reply::MappingSaved(draft.name().to_owned(), Err(error)),
        Job::Commit { .. } | Job::Revert { .. } => Reply::Committed(Err(error)),
    }
}
