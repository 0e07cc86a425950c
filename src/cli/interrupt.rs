//! Ctrl-C: the first one cancels the work and lets it end cleanly, the second one ends the process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::message;
use crate::error::{Error, Result};
use crate::workbench::Interrupter;

/// What Ctrl-C stops, shared with the handler.
#[derive(Clone, Default)]
pub struct Interrupt(Arc<Shared>);

#[derive(Default)]
struct Shared {
    hit: AtomicBool,
    work: Mutex<Option<Interrupter>>,
}

impl Interrupt {
    /// Takes Ctrl-C, SIGTERM and SIGHUP for this process; once.
    pub fn install(&self) -> Result<()> {
        let shared = Arc::clone(&self.0);
        ctrlc::set_handler(move || shared.strike())
            .map_err(|cause| Error::internal("Ctrl-C cannot be handled").caused_by(cause))
    }

    /// From now on Ctrl-C stops this.
    pub fn watch(&self, work: Interrupter) {
        *self.0.work.lock().unwrap_or_else(PoisonError::into_inner) = Some(work);
    }

    /// Whether Ctrl-C was pressed.
    pub fn was_hit(&self) -> bool {
        self.0.hit.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn strike(&self) {
        let work = self.work.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let again = self.hit.swap(true, Ordering::SeqCst);
        match work {
            Some(work) if !again => {
                message::line(match work.interrupt() {
                    true => "cancelling; once more to stop at once",
                    false => "what was done stands, nothing more is begun; once more to stop at once",
                });
            }
            // Nothing that needs an orderly end, or no patience: what is on disk is whole at any moment.
            _ => std::process::exit(130),
        }
    }
}
