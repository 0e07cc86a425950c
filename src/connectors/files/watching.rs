//! Telling where the reading of a file stands, not too often, and hearing that it should stop.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::connectors::Watch;
use crate::error::Result;
use crate::model::{Canceller, Progress, Unit};

/// How often at most the progress is told.
const PAUSE: Duration = Duration::from_millis(100);

/// Tells how much is done of one piece of work.
pub(super) struct Teller<'a> {
    watch: &'a Watch<'a>,
    what: String,
    total: u64,
    unit: Unit,
    last: Mutex<Option<Instant>>,
}

impl<'a> Teller<'a> {
    /// For work on `total` bytes, which is called `what`.
    pub fn new(watch: &'a Watch<'a>, what: impl Into<String>, total: u64) -> Self {
        Teller { watch, what: what.into(), total, unit: Unit::Bytes, last: Mutex::new(None) }
    }

    /// For work on `total` rows.
    pub fn of_rows(watch: &'a Watch<'a>, what: impl Into<String>, total: u64) -> Self {
        Teller { unit: Unit::Rows, ..Teller::new(watch, what, total) }
    }

    /// Says how much is done, unless that was said a moment ago.
    pub fn tell(&self, done: u64) {
        let Ok(mut last) = self.last.lock() else { return };
        if done < self.total && last.is_some_and(|last| last.elapsed() < PAUSE) {
            return;
        }
        *last = Some(Instant::now());
        (self.watch.progress)(Progress {
            what: self.what.clone(),
            done: done.min(self.total),
            total: Some(self.total),
            unit: self.unit,
        });
    }

    /// Says which share is done, from 0 to 1.
    pub fn tell_share(&self, share: f64) {
        self.tell((self.total as f64 * share) as u64);
    }

    /// Says how much is done, and fails if the work should stop.
    pub fn step(&self, done: u64) -> Result<()> {
        self.canceller().check()?;
        self.tell(done);
        Ok(())
    }

    /// Asked whether to stop.
    pub fn canceller(&self) -> &'a Canceller {
        self.watch.canceller
    }
}
