//! Telling where the reading of a file stands, not too often, and hearing that it should stop.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::connectors::Watch;
use crate::error::Result;
use crate::model::{Canceller, Progress, Unit};

/// How often at most the progress is told.
const PAUSE: Duration = Duration::from_millis(100);

/// Tells the bytes done of one piece of work.
pub(super) struct Teller<'a> {
    watch: &'a Watch<'a>,
    what: String,
    total: u64,
    last: Mutex<Option<Instant>>,
}

impl<'a> Teller<'a> {
    /// For work on `total` bytes, which is called `what`.
    pub fn new(watch: &'a Watch<'a>, what: impl Into<String>, total: u64) -> Self {
        Teller { watch, what: what.into(), total, last: Mutex::new(None) }
    }

    /// Says how many bytes are done, unless that was said a moment ago.
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
            unit: Unit::Bytes,
        });
    }

    /// Says how many bytes are done, and fails if the work should stop.
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
