//! What can happen to the model: a key, the mouse, a new size, time passing, an answer. Neighbour: `update`.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseEvent};

use super::effects::{Answer, Job, News, Slot};
use crate::error::{Error, Result};
use crate::model::{Commit, Decision, Gate, Load, Progress, Schema, Verdict};

/// One thing that happened.
#[derive(Debug)]
pub enum Message {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The mouse was used.
    Mouse(MouseEvent),
    /// The terminal has another size: columns, lines.
    Resize(u16, u16),
    /// So much time has passed since the start.
    Tick(Duration),
    /// It is this day where the user is.
    Today(NaiveDate),
    /// The runtime reports.
    Reply(Box<Reply>),
    /// The program was asked to end by a signal.
    Stop,
}

/// What the runtime reports.
#[derive(Debug)]
pub enum Reply {
    /// The writer began a piece of work.
    Started(Job),
    /// The files of the workspace were read again.
    Reread {
        /// The canonical schema.
        schema: Arc<Schema>,
        /// What must hold before a commit.
        gate: Gate,
    },
    /// Where that work stands.
    Progress(Progress),
    /// This work was stopped, and nothing of it will stand; that it has ended is told later.
    Cancelled(Job),
    /// The work that was to be stopped is being made to stand already.
    TooLate,
    /// A load ended.
    Loaded(String, Result<Load>),
    /// A check ended.
    Checked(Result<Verdict>),
    /// What was wanted is decided, or is not.
    Decided {
        /// Which one.
        ticket: u64,
        /// The decisions that are in the ledger now: one, or several where findings of several kinds were meant.
        decisions: Vec<Decision>,
        /// How many rows were left as they are, because somebody has decided on them since the last check.
        left: u64,
        /// What failed. Decisions may be in the ledger all the same, when what failed came after it was written.
        failure: Option<Error>,
    },
    /// A mapping was written under this name with this text, or was not.
    MappingSaved(String, Result<String>),
    /// A source was added, changed or removed, or was not.
    SourceChanged(Job, Result<()>),
    /// A commit ended.
    Committed(Result<Commit>),
    /// A setting was written into the file that is named, or was not.
    Remembered(Result<PathBuf>),
    /// What is known on the way to an answer.
    Nearer(u64, Slot, News),
    /// A question was answered.
    Answered(u64, Slot, Result<Answer>),
}

impl Reply {
    /// Whether a piece of work ended, and if so, whether it did what it was to do.
    pub fn ended(&self) -> Option<bool> {
        match self {
            Reply::Loaded(_, outcome) => Some(outcome.is_ok()),
            Reply::Checked(outcome) => Some(outcome.is_ok()),
            Reply::Committed(outcome) => Some(outcome.is_ok()),
            Reply::SourceChanged(_, outcome) => Some(outcome.is_ok()),
            Reply::Decided { decisions, .. } => Some(!decisions.is_empty()),
            Reply::MappingSaved(_, outcome) => Some(outcome.is_ok()),
            Reply::Started(_)
            | Reply::Reread { .. }
            | Reply::Progress(_)
            | Reply::Cancelled(_)
            | Reply::TooLate
            | Reply::Nearer(..)
            | Reply::Answered(..)
            | Reply::Remembered(_) => None,
        }
    }
}

/// A key by the name that stands in the keymap: `j`, `G`, `enter`, `C-d`, `S-tab`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(pub String);

impl Key {
    /// The name of the key that the terminal reports; `None` for what is no key press.
    pub fn of(event: &KeyEvent) -> Option<Key> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        let name = match event.code {
            KeyCode::Char(' ') => "space".to_owned(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::Enter => "enter".to_owned(),
            KeyCode::Esc => "esc".to_owned(),
            KeyCode::Tab => "tab".to_owned(),
            KeyCode::BackTab => "S-tab".to_owned(),
            KeyCode::Backspace => "backspace".to_owned(),
            KeyCode::Delete => "del".to_owned(),
            KeyCode::Up => "up".to_owned(),
            KeyCode::Down => "down".to_owned(),
            KeyCode::Left => "left".to_owned(),
            KeyCode::Right => "right".to_owned(),
            KeyCode::Home => "home".to_owned(),
            KeyCode::End => "end".to_owned(),
            KeyCode::PageUp => "pgup".to_owned(),
            KeyCode::PageDown => "pgdn".to_owned(),
            KeyCode::F(number) => format!("F{number}"),
            _ => return None,
        };
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        let alt = event.modifiers.contains(KeyModifiers::ALT);
        // On a French keyboard AltGr is reported as Ctrl+Alt, and makes a character.
        let prefix = match (control, alt, event.code) {
            (true, true, KeyCode::Char(_)) | (false, false, _) => "",
            (true, _, _) => "C-",
            (_, true, _) => "A-",
        };
        Some(Key(format!("{prefix}{name}")))
    }

    /// Whether a terminal can send a key of that name.
    pub fn exists(name: &str) -> bool {
        const NAMED: &[&str] = &[
            "enter",
            "esc",
            "tab",
            "S-tab",
            "space",
            "backspace",
            "del",
            "up",
            "down",
            "left",
            "right",
            "home",
            "end",
            "pgup",
            "pgdn",
        ];
        let bare = name.strip_prefix("C-").or(name.strip_prefix("A-")).filter(|bare| !bare.is_empty()).unwrap_or(name);
        let function = bare.strip_prefix('F').and_then(|number| number.parse().ok());
        let known = NAMED.contains(&bare) || function.is_some_and(|number: u8| (1..=12).contains(&number));
        // A terminal sends the same for these as for tab, enter and esc.
        (known || bare.chars().count() == 1) && !["C-i", "C-m", "C-["].contains(&name)
    }

    /// The character that the key types.
    pub fn character(&self) -> Option<char> {
        if self.0 == "space" {
            return Some(' ');
        }
        let mut chars = self.0.chars();
        let first = chars.next()?;
        chars.next().is_none().then_some(first)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Message {
    /// The message that a terminal event is, if it is one.
    pub fn of(event: Event) -> Option<Message> {
        match event {
            Event::Key(key) => Key::of(&key).map(Message::Key),
            Event::Paste(text) => Some(Message::Paste(text)),
            Event::Mouse(mouse) => Some(Message::Mouse(mouse)),
            Event::Resize(width, height) => Some(Message::Resize(width, height)),
            Event::FocusGained | Event::FocusLost => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_names_that_stand_in_the_keymap() {
        let name = |code, modifiers| Key::of(&KeyEvent::new(code, modifiers)).map(|key| key.0).unwrap_or_default();
        assert_eq!(name(KeyCode::Char('G'), KeyModifiers::SHIFT), "G");
        assert_eq!(name(KeyCode::Char('d'), KeyModifiers::CONTROL), "C-d");
        assert_eq!(name(KeyCode::Char(' '), KeyModifiers::NONE), "space");
        assert_eq!(name(KeyCode::Char(']'), KeyModifiers::CONTROL | KeyModifiers::ALT), "]");
        assert_eq!(name(KeyCode::BackTab, KeyModifiers::SHIFT), "S-tab");
    }
}
