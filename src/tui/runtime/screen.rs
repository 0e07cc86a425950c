//! The terminal: taken, given back whatever happens, and listened to.

use std::io::{Stdout, Write as _, stdout};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use crossterm::event::{
    self, DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, Event, MouseEventKind,
};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};

use super::threads::{THREAD, spawn};
use crate::error::{Error, Kind, Result};
use crate::tui::message::Message;

/// Whether a signal asked the program to end.
pub static STOPPED: AtomicBool = AtomicBool::new(false);
/// Whether the terminal is ours.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// The terminal, for as long as it lives.
pub struct Screen;

impl Screen {
    /// Takes the terminal.
    pub fn enter(mouse: bool) -> Result<Screen> {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |information| {
            let ours = thread::current().name().is_some_and(|name| name.starts_with(THREAD));
            if !ours {
                leave();
                previous(information);
            }
        }));
        ENTERED.store(true, Ordering::SeqCst);
        let entered = enable_raw_mode().and_then(|()| {
            execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
            if mouse { execute!(stdout(), EnableMouseCapture) } else { Ok(()) }
        });
        entered.map_err(|cause| terminal("entering", cause))?;
        Ok(Screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
    }
}

/// Gives the terminal back, once.
fn leave() {
    if ENTERED.swap(false, Ordering::SeqCst) {
        let mut out: Stdout = stdout();
        let _ = execute!(out, DisableBracketedPaste, DisableMouseCapture, LeaveAlternateScreen, cursor::Show);
        let _ = disable_raw_mode();
        let _ = out.flush();
    }
}

/// SIGTERM, SIGINT and SIGHUP end the program in an orderly way; if it does not listen, the terminal is given back here.
pub fn on_signals(send: &Sender<Message>) {
    let send = send.clone();
    // Where the handler is taken already, whoever has it sees to the end.
    let _ = ctrlc::try_set_handler(move || {
        STOPPED.store(true, Ordering::SeqCst);
        let _ = send.send(Message::Stop);
        thread::sleep(Duration::from_secs(3));
        if ENTERED.load(Ordering::SeqCst) {
            leave();
            std::process::exit(i32::from(Kind::Interrupted.exit_code()));
        }
    });
}

/// Reads the terminal's events until the program ends.
pub fn read_events(send: Sender<Message>) -> Result<()> {
    spawn("events", move || {
        while let Ok(event) = event::read() {
            // The terminal reports every move of the mouse; nothing here depends on it.
            let moved = matches!(&event, Event::Mouse(mouse) if matches!(mouse.kind, MouseEventKind::Moved | MouseEventKind::Drag(_)));
            if let Some(message) = Message::of(event).filter(|_| !moved)
                && send.send(message).is_err()
            {
                return;
            }
        }
        // The terminal has gone.
        let _ = send.send(Message::Stop);
    })?;
    Ok(())
}

/// What went wrong with the terminal.
pub fn terminal(what: &str, cause: std::io::Error) -> Error {
    Error::new(Kind::Io, format!("the terminal cannot be used: {what}")).caused_by(cause)
}
