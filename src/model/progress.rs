//! How long work tells where it stands, and how it is told to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

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
/// can no longer be stopped, and work that was stopped can no longer settle.
///
/// [settled]: Canceller::settle
#[derive(Debug, Clone, Default)]
pub struct Canceller(Arc<AtomicU8>);

/// The work goes on.
const GOES_ON: u8 = 0;
/// It is to stop, and nothing of it may stand.
const CANCELLED: u8 = 1;
/// What it did stands, or nothing is going on.
const SETTLED: u8 = 2;

impl Canceller {
    /// Asks the work to stop. False where that comes too late.
    pub fn cancel(&self) -> bool {
        let turned = self.0.compare_exchange(GOES_ON, CANCELLED, Ordering::SeqCst, Ordering::SeqCst);
        turned != Err(SETTLED)
    }

    /// Makes the next piece of work start uncancelled.
    pub fn reset(&self) {
        self.0.store(GOES_ON, Ordering::SeqCst);
    }

    /// A piece of work begins: what was asked for after the one before it ended still counts.
    pub fn begin(&self) {
        let _ = self.0.compare_exchange(SETTLED, GOES_ON, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// The work has ended.
    pub fn end(&self) {
        self.0.store(SETTLED, Ordering::SeqCst);
    }

    /// Whether the work should stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst) == CANCELLED
    }

    /// An error of kind `Interrupted` if the work should stop; for use with `?` between steps.
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::interrupted()) } else { Ok(()) }
    }

    /// The last word, right before what was done is made to stand: from now on it cannot be stopped, unless it was before.
    pub fn settle(&self) -> Result<()> {
        let turned = self.0.compare_exchange(GOES_ON, SETTLED, Ordering::SeqCst, Ordering::SeqCst);
        if turned == Err(CANCELLED) { Err(Error::interrupted()) } else { Ok(()) }
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
        canceller.reset();
        assert!(canceller.settle().is_ok());
        assert!(!canceller.cancel(), "too late");
        assert!(canceller.check().is_ok() && canceller.settle().is_ok());
        canceller.begin();
        assert!(canceller.cancel());
        canceller.begin();
        assert!(canceller.check().is_err(), "what was asked for before it began counts");
    }
}
