//! What all threads of the runtime share: a name, locks that outlive a panic, and faults that end one job only.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use crate::error::{Error, Kind, Result};

/// The names of our threads begin with this; a panic on one of them is a failure of one job, not of the program.
pub const THREAD: &str = "tastevin-";

/// Starts a thread of ours.
pub fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    let thread = thread::Builder::new().name(format!("{THREAD}{name}")).spawn(work);
    thread.map_err(|cause| Error::new(Kind::Io, "a thread cannot be started").caused_by(cause))
}

/// A lock that a panic elsewhere does not close: what it guards is whole after every statement.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does something that may panic; a panic is an error like others.
pub fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|cause| {
        let text = cause.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| cause.downcast_ref::<String>().cloned()).unwrap_or_default();
        Err(Error::internal(format!("a fault of this program: {text}"))
            .hint("the work was not finished; what is on the disk stands"))
    })
}
