//! Work about a few rows, such as what follows from one decision: a hundred small statements. To look for a good way to do them takes
//! longer than any way does, so they are planned as they are written.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use duckdb::{CachedStatement, Connection};

use super::{KEPT, Store, digest, failed};
use crate::error::Result;

/// What marks the relations that may be large. A statement that reads one is worth a good plan.
const LARGE: [&str; 8] = [
    "candidate.",
    "\"candidate\"",
    "canonical.",
    "\"canonical\"",
    "staging.",
    "\"staging\"",
    "\"stage_",
    "dq.anomalies",
];

/// The engine's plan of a join that walks sorted rows serves once, and to run it again ends the whole database. Of a statement that reads
/// tables it makes a new one each time where it has looked for a good one. It joins so, too, where many rows are compared by two conditions
/// of greater and less, and none of equality: such a statement belongs in [`Store::with_care`].
const SORTED_JOIN: &str = "ASOF ";

/// What the work at hand is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Work {
    /// Anything.
    #[default]
    Any,
    /// A few rows, which may have to be found among many.
    Few,
    /// A few rows, and nothing that takes long to read.
    Plain,
}

/// How a connection plans statements.
#[derive(Default)]
pub(super) struct Few {
    work: Cell<Work>,
    /// Of the relations that may be large, those that are not, as they are written in a statement.
    small: RefCell<Vec<String>>,
    /// Whether the engine was told to plan statements as they are written.
    is_told: Cell<bool>,
    /// The digests of the statements that are kept, and whether with a plan made as they are written. One that was looked for longer
    /// serves once: the engine may have put into it what was in the tables.
    planned: RefCell<HashMap<u64, bool>>,
}

impl Few {
    /// Whether the work at hand is about a few rows.
    pub(super) fn is_few(&self) -> bool {
        self.work.get() != Work::Any
    }

    /// Whether a statement is kept with a plan that serves as long as nothing is made or dropped.
    fn has_plan(&self, sql: &str) -> bool {
        self.planned.borrow().get(&digest(sql)).is_some_and(|plainly| *plainly)
    }

    /// Takes note that a statement is kept with the plan that it got first. What was noted since the notes were thrown away is among the last that were
    /// asked for, and those are kept; two more tell the engine how to plan.
    fn note_plan(&self, sql: &str) {
        let mut planned = self.planned.borrow_mut();
        if planned.len() + 2 >= KEPT {
            planned.clear();
        }
        planned.entry(digest(sql)).or_insert(self.is_told.get());
    }

    /// Takes note that a statement is kept no more.
    pub(super) fn forget_plan(&self, sql: &str) {
        self.planned.borrow_mut().remove(&digest(sql));
    }

    /// Takes note that no statement is kept any more.
    pub(super) fn forget_plans(&self) {
        self.planned.borrow_mut().clear();
    }

    /// Whether this statement is planned as it is written.
    pub(super) fn plans_plainly(&self, sql: &str) -> bool {
        if sql.contains(SORTED_JOIN) {
            return false;
        }
        match self.work.get() {
            Work::Any => false,
            // What is written to is not read.
            Work::Few => {
                let read = sql.strip_prefix("INSERT INTO dq.anomalies").unwrap_or(sql);
                let small = self.small.borrow();
                let is_small = |from: usize| small.iter().any(|name| read[from..].starts_with(name.as_str()));
                LARGE.iter().all(|large| read.match_indices(large).all(|(from, _)| is_small(from)))
            }
            Work::Plain => true,
        }
    }
}

impl Store {
    /// Does `work`, which is about a few rows: statements that read no large table are planned as they are written.
    pub fn of_few<T>(&self, work: impl FnOnce() -> T) -> T {
        self.during(Work::Few, work)
    }

    /// Does `work`, all of whose statements are about a few rows and read no large table that it would take long to read.
    pub fn plainly<T>(&self, work: impl FnOnce() -> T) -> T {
        self.during(Work::Plain, work)
    }

    /// Does `work` within such work, though it is worth good plans.
    pub fn with_care<T>(&self, work: impl FnOnce() -> T) -> T {
        self.during(Work::Any, work)
    }

    /// Whether the work at hand is about a few rows.
    pub fn is_of_few(&self) -> bool {
        self.few.is_few()
    }

    /// Says which relations, as they are written in a statement, are so small that to read one needs no good plan.
    pub fn take_for_small(&self, relations: Vec<String>) {
        *self.few.small.borrow_mut() = relations;
    }

    fn during<T>(&self, is: Work, work: impl FnOnce() -> T) -> T {
        struct Back<'s>(&'s Store, Work);
        impl Drop for Back<'_> {
            fn drop(&mut self) {
                self.0.few.work.set(self.1);
                if self.1 == Work::Any {
                    self.0.hands.rest(false);
                }
            }
        }
        let _back = Back(self, self.few.work.replace(is));
        work()
    }

    /// The connection, on which this statement is planned as is best. The engine is told only now: what was wanted in between may be
    /// over, and in a transaction that has failed it would not listen.
    pub(super) fn conn(&self, sql: &str) -> Result<&Connection> {
        let plainly = self.few.plans_plainly(sql);
        self.hands.rest(plainly);
        // With a parameter that is converted it may be planned again, for values of another kind.
        let has_plan = || plainly && !self.is_altered.get() && !sql.contains("?::") && self.few.has_plan(sql);
        if plainly != self.few.is_told.get() && !has_plan() {
            let sql =
                if plainly { "SET SESSION enable_optimizer = false" } else { "SET SESSION enable_optimizer = true" };
            let told = self.conn.prepare_cached(sql).and_then(|mut statement| statement.execute([]));
            told.map_err(|cause| failed(sql, cause))?;
            self.few.is_told.set(plainly);
        }
        Ok(&self.conn)
    }

    /// A statement that is kept as it was read and planned; an error shows `shown` in its place.
    pub(super) fn prepared(&self, sql: &str, shown: &str) -> Result<CachedStatement<'_>> {
        let statement = self.conn(sql)?.prepare_cached(sql).map_err(|cause| failed(shown, cause))?;
        self.few.note_plan(sql);
        Ok(statement)
    }

    /// Keeps a statement no longer, which is `sql`.
    pub(super) fn discard(&self, sql: &str, statement: CachedStatement<'_>) {
        statement.discard();
        self.few.forget_plan(sql);
    }
}
