//! What only looks: the readers, each with a connection of its own.

use std::collections::VecDeque;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::threads::{guarded, lock, spawn};
use crate::error::Result;
use crate::model::Canceller;
use crate::tui::effects::{Ask, LANES, Slot};
use crate::tui::message::{Message, Reply};
use crate::tui::workers;
use crate::workbench::{Interrupter, Reader};

/// How long the end waits for a question that does not listen, such as one to a server.
const FAREWELL: Duration = Duration::from_secs(2);

/// The readers: a thread for each lane that answers questions, of each kind only the newest.
pub struct Questions {
    lanes: Vec<Lane>,
}

/// One reader.
struct Lane {
    waiting: Arc<(Mutex<Waiting>, Condvar)>,
    interrupter: Interrupter,
    thread: JoinHandle<()>,
}

#[derive(Default)]
struct Waiting {
    asks: VecDeque<(u64, Ask)>,
    running: Option<Slot>,
    closed: bool,
}

impl Questions {
    /// Starts the threads.
    pub fn answered(reader: &Reader, send: &Sender<Message>) -> Result<Questions> {
        let lanes = (0..LANES).map(|_| Lane::answered(reader.again()?, send.clone())).collect::<Result<_>>()?;
        Ok(Questions { lanes })
    }

    /// Takes a question.
    pub fn submit(&self, generation: u64, ask: Ask) {
        let own = ask.lane().min(self.lanes.len().saturating_sub(1));
        // The same kind of question may have been asked in another lane before.
        self.lanes.iter().for_each(|lane| lane.forget(ask.slot()));
        if let Some(lane) = self.lanes.get(own) {
            lock(&lane.waiting.0).asks.push_back((generation, ask));
            lane.waiting.1.notify_one();
        }
    }

    /// Nobody waits for answers of that kind any more.
    pub fn forget(&self, slot: Slot) {
        self.lanes.iter().for_each(|lane| lane.forget(slot));
    }

    /// Ends the threads and waits for them: the engine must not be taken down while one of them still asks it.
    pub fn close(self) {
        for lane in &self.lanes {
            let mut waiting = lock(&lane.waiting.0);
            waiting.closed = true;
            waiting.asks.clear();
            if waiting.running.is_some() {
                lane.interrupter.interrupt();
            }
            lane.waiting.1.notify_one();
        }
        let begin = Instant::now();
        while !self.lanes.iter().all(|lane| lane.thread.is_finished()) && begin.elapsed() < FAREWELL {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Lane {
    fn answered(mut reader: Reader, send: Sender<Message>) -> Result<Lane> {
        let waiting: Arc<(Mutex<Waiting>, Condvar)> = Arc::default();
        let interrupter = reader.interrupter();
        let (own, canceller) = (Arc::clone(&waiting), interrupter.canceller().clone());
        let thread = spawn("reader", move || {
            while let Some((generation, ask)) = next_ask(&own, &canceller) {
                reader.catch_up();
                let slot = ask.slot();
                let tell = |news| {
                    let _ = send.send(Message::Reply(Box::new(Reply::Nearer(generation, slot, news))));
                };
                let outcome = guarded(|| workers::answer(&reader, &ask, &tell));
                lock(&own.0).running = None;
                let reply = Reply::Answered(generation, slot, outcome);
                let _ = send.send(Message::Reply(Box::new(reply)));
            }
        })?;
        Ok(Lane { waiting, interrupter, thread })
    }

    fn forget(&self, slot: Slot) {
        let mut waiting = lock(&self.waiting.0);
        waiting.asks.retain(|(_, other)| other.slot() != slot);
        if waiting.running == Some(slot) {
            self.interrupter.interrupt();
        }
    }
}

fn next_ask(shared: &(Mutex<Waiting>, Condvar), canceller: &Canceller) -> Option<(u64, Ask)> {
    let mut waiting = lock(&shared.0);
    loop {
        if waiting.closed {
            return None;
        }
        if let Some((generation, ask)) = waiting.asks.pop_front() {
            // Whoever interrupts holds the lock too, so that it is this question that is interrupted and not the one before.
            canceller.reset();
            waiting.running = Some(ask.slot());
            return Some((generation, ask));
        }
        waiting = shared.1.wait(waiting).unwrap_or_else(PoisonError::into_inner);
    }
}
