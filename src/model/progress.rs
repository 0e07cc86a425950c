//! How long work tells where it stands, and how it is told to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use crate::error::{Error, Result};

/// Where a piece of long work stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What is being done, e.g. `load ventes_2025.csv`.
    pub what: String,
    /// How much is done.
    pub done: u64,
    /// How much there is, if that is known.
    pub total: Option<u64>,
    /// What is counted.
    pub unit: Unit,
}

/// What a progress counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Rows of data.
    Rows,
    /// Bytes of files.
    Bytes,
    /// Steps of a known list.
    Steps,
}

/// Tells long work to stop; clones share one state. Whoever asks is told whether it still counts: work that has [settled]
/// can no longer be stopped, and work that was stopped can no longer settle. What is asked for between two pieces of work, or too
/// late for the one, is meant for the next.
///
/// [settled]: Canceller::settle
#[derive(Debug, Clone, Default)]
pub struct Canceller(Arc<State>);

#[derive(Debug, Default)]
struct State {
    stands: AtomicU8,
    /// Whether the work is done in jobs, each of which [`Canceller::reset`] begins.
    in_jobs: AtomicBool,
}

/// The work goes on, or nothing is going on.
const GOES_ON: u8 = 0;
/// It is to stop, and nothing of it may stand.
const CANCELLED: u8 = 1;
/// What it did stands.
const SETTLED: u8 = 2;
/// What it did stands, and then it was asked to stop.
const LATE: u8 = 3;

impl Canceller {
    /// Asks the work to stop. False where that comes too late.
    pub fn cancel(&self) -> bool {
        let before = self.turn(|stands| match stands {
            GOES_ON => CANCELLED,
            SETTLED => LATE,
            other => other,
        });
        matches!(before, GOES_ON | CANCELLED)
    }

    /// A job begins, uncancelled. What it does and what is asked for after that stay told apart until the next one begins.
    pub fn reset(&self) {
        self.0.in_jobs.store(true, Ordering::SeqCst);
        self.turn(|_| GOES_ON);
    }

    /// A piece of work begins: what was asked for since the one before it settled counts.
    pub fn begin(&self) {
        self.turn(next);
    }

    /// The work has ended. Within a job what was done stands, whatever is asked for until the next one; otherwise what is
    /// done now may be stopped again.
    pub fn end(&self) {
        match self.0.in_jobs.load(Ordering::SeqCst) {
            true => self.turn(|stands| if stands == LATE { LATE } else { SETTLED }),
            false => self.turn(next),
        };
    }

    /// Goes from one state to another; gives back the one before.
    fn turn(&self, to: impl Fn(u8) -> u8) -> u8 {
        let turned = self.0.stands.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |stands| Some(to(stands)));
        turned.unwrap_or_else(|stands| stands)
    }

    /// Whether the work should stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.stands.load(Ordering::SeqCst) == CANCELLED
    }

    /// An error of kind `Interrupted` if the work should stop; for use with `?` between steps.
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::interrupted()) } else { Ok(()) }
    }

    /// The last word, right before what was done is made to stand: from now on it cannot be stopped, unless it was before.
    pub fn settle(&self) -> Result<()> {
        let before = self.turn(|stands| if stands == GOES_ON { SETTLED } else { stands });
        if before == CANCELLED { Err(Error::interrupted()) } else { Ok(()) }
    }
}

/// How a piece of work begins after one that stands like this.
fn next(stands: u8) -> u8 {
    match stands {
        SETTLED => GOES_ON,
        LATE => CANCELLED,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_either_stopped_or_stands_whichever_comes_first() {
        let canceller = Canceller::default();
        assert!(canceller.cancel() && canceller.cancel(), "asked twice, it still stops");
        assert!(canceller.settle().is_err() && canceller.check().is_err());
        let canceller = Canceller::default();
        assert!(canceller.settle().is_ok());
        assert!(!canceller.cancel() && !canceller.cancel(), "too late");
        assert!(canceller.check().is_ok() && canceller.settle().is_ok(), "what was done stands");
        canceller.begin();
        assert!(canceller.check().is_err(), "the next piece of work is not begun");
    }

    #[test]
    fn between_two_pieces_of_work_what_is_done_can_be_stopped() {
        let canceller = Canceller::default();
        canceller.begin();
        assert!(canceller.settle().is_ok());
        canceller.end();
        assert!(canceller.cancel() && canceller.is_cancelled());
        canceller.begin();
        assert!(canceller.check().is_err(), "what was asked for before it began counts");
        canceller.end();
        assert!(canceller.check().is_err(), "and it is not forgotten");
    }

    #[test]
    fn a_job_that_has_ended_stands_until_the_next_one_begins() {
        let canceller = Canceller::default();
        canceller.reset();
        canceller.begin();
        assert!(canceller.settle().is_ok());
        canceller.end();
        assert!(!canceller.cancel(), "too late");
        assert!(!canceller.is_cancelled());
        canceller.reset();
        assert!(canceller.check().is_ok() && canceller.cancel(), "what was asked for was about the job before");
    }
}
