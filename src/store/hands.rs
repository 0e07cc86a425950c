//! The threads that help the engine with large statements.
//!
//! Its own threads wake up for every statement: they take tasks from the thread that asks, which then waits for them. That is worth it
//! where there is much to read. But what follows from a decision is some hundred statements about a few rows, and these are done in four
//! fifths of the time by one thread alone. So the engine is opened without threads of its own; these here do its tasks instead, and rest
//! while a connection works on a few rows.

use std::cell::Cell;
use std::ffi::{CStr, CString, c_char};
use std::path::Path;
use std::ptr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use duckdb::{Connection, ffi};

/// The stack of a thread. The engine goes down into expressions as deep as they are nested, and expects what a system gives by itself.
const STACK: usize = 8 << 20;

/// An open database. It is closed when the last of its connections has gone.
struct Database(ffi::duckdb_database);

/// While threads are in it they do the engine's tasks.
struct Turn(ffi::duckdb_task_state);

#[allow(unsafe_code, reason = "the engine may be called from all threads at once")]
unsafe impl Send for Database {}
#[allow(unsafe_code, reason = "the engine may be called from all threads at once")]
unsafe impl Sync for Database {}
#[allow(unsafe_code, reason = "made for several threads to enter and one to end it")]
unsafe impl Send for Turn {}
#[allow(unsafe_code, reason = "made for several threads to enter and one to end it")]
unsafe impl Sync for Turn {}

#[allow(
    unsafe_code,
    reason = "the library opens databases too, but does not hand out what its threads are started with"
)]
impl Database {
    /// Opens the database at a path, or one in memory, with the engine's settings.
    fn open(path: Option<&Path>, settings: &[(&str, String)]) -> duckdb::Result<Database> {
        let path = path.map_or(c":memory:".to_bytes(), |path| path.as_os_str().as_encoded_bytes());
        let path = CString::new(path)?;
        let settings = settings.iter().map(|(name, value)| Ok((CString::new(*name)?, CString::new(value.as_str())?)));
        let settings: Vec<(CString, CString)> = settings.collect::<duckdb::Result<_>>()?;
        let (mut config, mut database) = (ptr::null_mut(), ptr::null_mut());
        let mut said: *mut c_char = ptr::null_mut();
        // SAFETY: all texts end with a zero and outlive the calls; the settings are given back whatever happens.
        unsafe {
            let mut done = ffi::duckdb_create_config(&raw mut config);
            for (name, value) in &settings {
                if done == ffi::DuckDBSuccess {
                    done = ffi::duckdb_set_config(config, name.as_ptr(), value.as_ptr());
                }
            }
            if done == ffi::DuckDBSuccess {
                done = ffi::duckdb_open_ext(path.as_ptr(), &raw mut database, config, &raw mut said);
            }
            ffi::duckdb_destroy_config(&raw mut config);
            if done == ffi::DuckDBSuccess {
                return Ok(Database(database));
            }
            let text = (!said.is_null()).then(|| CStr::from_ptr(said).to_string_lossy().into_owned());
            ffi::duckdb_free(said.cast());
            Err(duckdb::Error::DuckDBFailure(ffi::Error::new(done), text))
        }
    }
}

#[allow(unsafe_code, reason = "whoever has a connection or a thread has this too")]
impl Drop for Database {
    fn drop(&mut self) {
        // SAFETY: opened above, and closed once.
        unsafe { ffi::duckdb_close(&raw mut self.0) }
    }
}

#[allow(unsafe_code, reason = "only the engine's own interface lets other threads do its tasks")]
impl Turn {
    fn of(database: &Database) -> Turn {
        // SAFETY: the database is open, and stays so as long as there are threads.
        Turn(unsafe { ffi::duckdb_create_task_state(database.0) })
    }

    /// Does tasks until the turn is over.
    fn work(&self) {
        // SAFETY: made above; whoever works here has a share in it.
        unsafe { ffi::duckdb_execute_tasks_state(self.0) }
    }

    /// Lets all threads leave as soon as they have done the task that they are at.
    fn end(&self) {
        // SAFETY: as above.
        unsafe { ffi::duckdb_finish_execution(self.0) }
    }
}

#[allow(unsafe_code, reason = "as above")]
impl Drop for Turn {
    fn drop(&mut self) {
        // SAFETY: nobody is in it any more, or they would have a share in it.
        unsafe { ffi::duckdb_destroy_task_state(self.0) }
    }
}

/// What the threads are to do.
#[derive(Default)]
struct Shift {
    /// Where they work; none while they rest.
    turn: Option<Arc<Turn>>,
    /// How many are in a turn.
    inside: usize,
    /// How many have yet to leave one that is over. The engine calls each of them out once, and whoever went into the next turn before
    /// all have heard that could be called in the place of another one, who would wait for good.
    leaving: usize,
    /// How many connections want them to rest.
    resting: usize,
    is_over: bool,
}

#[derive(Default)]
struct Board {
    shift: Mutex<Shift>,
    changed: Condvar,
}

impl Board {
    fn shift(&self) -> MutexGuard<'_, Shift> {
        // Nothing that is done under the lock can fail half-way.
        self.shift.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the turn, if there is one; a thread leaves it after the task that it is at.
    fn end(&self, mut shift: MutexGuard<'_, Shift>) {
        if let Some(turn) = shift.turn.take() {
            turn.end();
            shift.leaving = shift.inside;
        }
    }

    /// What a thread does until everything is over.
    fn serve(&self) {
        let mut shift = self.shift();
        while !shift.is_over {
            let Some(turn) = shift.turn.clone().filter(|_| shift.leaving == 0) else {
                shift = self.changed.wait(shift).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            shift.inside += 1;
            drop(shift);
            turn.work();
            drop(turn);
            shift = self.shift();
            (shift.inside, shift.leaving) = (shift.inside - 1, shift.leaving - 1);
            if shift.leaving == 0 {
                self.changed.notify_all();
            }
        }
    }
}

/// The threads of one database.
struct Threads {
    board: Arc<Board>,
    handles: Vec<JoinHandle<()>>,
    /// Closed last.
    database: Database,
}

impl Threads {
    fn rest(&self) {
        let mut shift = self.board.shift();
        shift.resting += 1;
        self.board.end(shift);
    }

    fn work(&self) {
        let mut shift = self.board.shift();
        shift.resting -= 1;
        if shift.resting == 0 {
            shift.turn = Some(Arc::new(Turn::of(&self.database)));
            drop(shift);
            self.board.changed.notify_all();
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        let mut shift = self.board.shift();
        shift.is_over = true;
        self.board.end(shift);
        self.board.changed.notify_all();
        for handle in self.handles.drain(..) {
            // One that panicked is gone as well.
            let _ = handle.join();
        }
    }
}

/// A connection's share in the threads of its database.
pub(super) struct Hands {
    threads: Arc<Threads>,
    rest: Cell<bool>,
}

impl Hands {
    /// Opens the database at a path, or one in memory, with the engine's settings and so many threads in all.
    pub(super) fn open(
        path: Option<&Path>,
        mut settings: Vec<(&str, String)>,
        threads: usize,
    ) -> duckdb::Result<(Connection, Hands)> {
        settings.extend([("threads", threads.to_string()), ("external_threads", threads.to_string())]);
        let database = Database::open(path, &settings)?;
        #[allow(unsafe_code, reason = "the one way to connect to a database that the library has not opened")]
        #[allow(clippy::disallowed_methods, reason = "this is the one place where a database is opened")]
        // SAFETY: it is open, and stays so as long as somebody has a share in the threads.
        let conn = unsafe { Connection::open_from_raw(database.0) }?;
        let board = Arc::new(Board::default());
        board.shift().turn = Some(Arc::new(Turn::of(&database)));
        // The one that asks is one of them.
        let handles = (1..threads).map_while(|_| {
            let board = Arc::clone(&board);
            let thread = std::thread::Builder::new().name("engine".to_owned()).stack_size(STACK);
            // With fewer threads it takes longer.
            thread.spawn(move || board.serve()).ok()
        });
        let threads = Threads { handles: handles.collect(), board, database };
        Ok((conn, Hands { threads: Arc::new(threads), rest: Cell::new(false) }))
    }

    /// The share of another connection to the same database.
    pub(super) fn shared(&self) -> Hands {
        Hands { threads: Arc::clone(&self.threads), rest: Cell::new(false) }
    }

    /// Says whether what this connection does next is done by one thread alone.
    pub(super) fn rest(&self, rest: bool) {
        if self.rest.replace(rest) != rest {
            if rest { self.threads.rest() } else { self.threads.work() }
        }
    }
}

impl Drop for Hands {
    fn drop(&mut self) {
        self.rest(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_are_sent_away_and_called_back_all_come_home() -> duckdb::Result<()> {
        for threads in [1, 2, 5] {
            let (conn, hands) = Hands::open(None, Vec::new(), threads)?;
            conn.execute_batch("CREATE TABLE t AS SELECT range AS a FROM range(300000)")?;
            std::thread::scope(|scope| {
                for share in [hands.shared(), hands.shared()] {
                    let conn = conn.try_clone()?;
                    scope.spawn(move || {
                        for n in 0..300_i64 {
                            share.rest(n % 3 > 0);
                            let sum = conn.query_row("SELECT sum(a + ?) FROM t", [n], |row| row.get::<_, i64>(0));
                            assert_eq!(sum.ok(), Some(44_999_850_000 + 300_000 * n));
                        }
                    });
                }
                Ok::<(), duckdb::Error>(())
            })?;
            assert_eq!(hands.threads.board.shift().resting, 0);
            drop(conn);
            drop(hands);
        }
        Ok(())
    }

    #[test]
    fn what_the_engine_has_against_a_database_is_said() {
        let missing = Hands::open(Some(Path::new("/nowhere/at/all.duckdb")), Vec::new(), 1);
        let said = missing.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(said.contains("/nowhere/at/all.duckdb"), "{said}");
        let wrong = Hands::open(None, vec![("max_memory", "a lot".to_owned())], 1);
        assert!(wrong.is_err());
    }
}
