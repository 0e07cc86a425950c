//! Who makes decisions, and may do so while the workbench is busy with something long: a connection of its own to read what a
//! decision is about, and the ledger, which is shared. Neighbour: `decisions`, with what can be decided.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Reader, clock};
use crate::error::{Error, Result};
use crate::model::{Action, Decision};
use crate::stages::decide::{self, Ledger};
use crate::stages::places::Whereabouts;

/// A view of a workspace with which decisions can be made. Make one for another thread with [`Decider::again`]: a decision
/// is on the disk at once, whatever the workbench is doing meanwhile.
pub struct Decider {
    pub(super) reader: Reader,
    book: Arc<Mutex<Book>>,
    /// What the checks after decisions have gathered of where rows are.
    pub(super) whereabouts: Whereabouts,
    pub(super) read_only: bool,
}

/// The ledger, and whether the database knows all of it.
struct Book {
    ledger: Ledger,
    is_behind: bool,
}

impl std::ops::Deref for Decider {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl std::ops::DerefMut for Decider {
    fn deref_mut(&mut self) -> &mut Reader {
        &mut self.reader
    }
}

impl Decider {
    pub(super) fn new(reader: Reader, ledger: Ledger, whereabouts: Whereabouts, read_only: bool) -> Result<Decider> {
        if !read_only {
            ledger.sync(&reader.store)?;
        }
        let book = Arc::new(Mutex::new(Book { ledger, is_behind: false }));
        Ok(Decider { reader, book, whereabouts, read_only })
    }

    /// The same on a connection of its own, for another thread.
    pub fn decider(&self) -> Result<Decider> {
        let (book, whereabouts) = (Arc::clone(&self.book), self.whereabouts.clone());
        Ok(Decider { reader: self.reader.again()?, book, whereabouts, read_only: self.read_only })
    }

    /// Nothing in a book is ever half done: a line is appended whole or not at all.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All decisions, in the order in which they were made.
    pub fn decisions(&self) -> Vec<Decision> {
        self.decisions_from(0)
    }

    /// The decisions from the one with that number on, counted from 0; the ledger may hold large ones.
    pub fn decisions_from(&self, first: usize) -> Vec<Decision> {
        self.book().ledger.decisions().get(first..).unwrap_or_default().to_vec()
    }

    /// How many decisions there are.
    pub fn decision_count(&self) -> usize {
        self.book().ledger.decisions().len()
    }

    /// Hands every decision in force to `visit`, in the order in which they were made.
    pub(super) fn each_in_force(&self, visit: impl FnMut(&Decision)) {
        let book = self.book();
        book.ledger.decisions().iter().filter(|decision| book.ledger.is_active(&decision.id)).for_each(visit);
    }

    /// Whether the decision of that id is in force.
    pub fn is_active(&self, id: &str) -> bool {
        self.book().ledger.is_active(id)
    }

    pub(super) fn is_known(&self, id: &str) -> bool {
        self.book().ledger.get(id).is_some()
    }

    /// What is worth knowing about the ledger's file, e.g. that its last line was torn by a crash.
    pub fn ledger_warning(&self) -> Option<String> {
        self.book().ledger.warning()
    }

    /// Writes down decisions that were judged, all or none: first to the disk, then into the database.
    pub(super) fn enter(&mut self, actions: Vec<(Action, Option<String>)>) -> Result<Vec<Decision>> {
        if actions.is_empty() {
            return Ok(Vec::new());
        }
        let mut book = self.book();
        let at = clock::now();
        let ids = book.ledger.next_ids(at, actions.len());
        let decided = ids.into_iter().zip(actions).map(|(id, (action, why))| {
            let who = clock::who();
            Decision { v: decide::VERSION, id, at, who, action, why }
        });
        let decisions: Vec<Decision> = decided.collect();
        book.ledger.append_all(decisions.clone())?;
        // The lines are on the disk and in force whatever becomes of their copy: an error now would have them written twice.
        let store = &self.reader.store;
        let copied = if book.is_behind { book.ledger.sync(store) } else { book.ledger.record_last(store) };
        book.is_behind = copied.is_err();
        Ok(decisions)
    }

    /// Copies the ledger into the database again, if that failed when a decision was made.
    pub(super) fn copy_ledger(&self) -> Result<()> {
        let mut book = self.book();
        if book.is_behind {
            book.ledger.sync(&self.reader.store)?;
            book.is_behind = false;
        }
        Ok(())
    }

    pub(super) fn writable(&self) -> Result<()> {
        if self.read_only {
            return Err(Error::usage("the workspace is open for reading only").hint("open it without --read-only"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workbench::{OpenOptions, Workbench, Workspace};

    #[test]
    fn a_decision_stands_though_its_copy_failed_and_the_next_one_brings_the_copy_up_to_date() -> Result<()> {
        let dir = tempfile::tempdir().map_err(|cause| Error::internal("no folder").caused_by(cause))?;
        Workspace::init(dir.path(), "x")?;
        let mut workbench = Workbench::open(dir.path(), OpenOptions::default())?;
        let exclude = |row: &str| Action::Exclude { table: "customers".to_owned(), rows: vec![row.to_owned()] };
        let copied = |workbench: &Workbench| workbench.reader.store.count("SELECT count(*) FROM dq.decisions");
        let store = |workbench: &Workbench, sql: &str| workbench.reader.store.run(sql);

        store(&workbench, "ALTER TABLE dq.decisions RENAME TO elsewhere")?;
        let first = workbench.enter(vec![(exclude("a"), None)])?.remove(0);
        assert!(workbench.is_active(&first.id));
        let ledger = std::fs::read_to_string(workbench.workspace().ledger()).unwrap_or_default();
        assert!(ledger.contains(&first.id), "{ledger}");
        assert!(workbench.copy_ledger().is_err(), "it is not forgotten that the copy lacks something");

        store(&workbench, "ALTER TABLE dq.elsewhere RENAME TO decisions")?;
        assert_eq!(copied(&workbench)?, 0);
        workbench.enter(vec![(exclude("b"), None)])?;
        assert_eq!(copied(&workbench)?, 2);

        store(&workbench, "ALTER TABLE dq.decisions RENAME TO elsewhere")?;
        workbench.enter(vec![(exclude("c"), None)])?;
        store(&workbench, "ALTER TABLE dq.elsewhere RENAME TO decisions")?;
        workbench.copy_ledger()?;
        assert_eq!(copied(&workbench)?, 3);
        Ok(())
    }
}
