//! What the program has to say: shown for a while above the footer, and kept in the message log. Neighbour: `model`.

use std::time::Duration;

use crate::error::Error;

/// How long a piece of news stays on the screen.
const NEWS: Duration = Duration::from_secs(4);
/// How long a failure stays, unless a key takes it away.
const FAILURE: Duration = Duration::from_secs(20);

/// What sort of news it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Worth knowing.
    News,
    /// Done.
    Done,
    /// A key that cannot work now.
    Refused,
    /// Something failed.
    Failed,
}

impl Tone {
    /// The glyph that goes with the colour.
    pub fn glyph(self) -> &'static str {
        match self {
            Tone::News => "·",
            Tone::Done => "✓",
            Tone::Refused => "▲",
            Tone::Failed => "✗",
        }
    }
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What sort it is.
    pub tone: Tone,
    /// What it says.
    pub text: String,
    /// What to do next.
    pub hints: Vec<String>,
    /// When it came, since the start.
    pub at: Duration,
}

/// All messages of this session.
#[derive(Debug, Default)]
pub struct Notes {
    /// The log, oldest first.
    pub log: Vec<Note>,
    /// The message on the screen, by its place in the log.
    shown: Option<usize>,
}

impl Notes {
    /// Says something.
    pub fn say(&mut self, at: Duration, tone: Tone, text: impl Into<String>, hints: Vec<String>) {
        // Good news does not push a failure off the screen before it was read.
        let waits = self.shown().is_some_and(|shown| shown.tone == Tone::Failed);
        if !(waits && matches!(tone, Tone::News | Tone::Done)) {
            self.shown = Some(self.log.len());
        }
        self.log.push(Note { tone, text: text.into(), hints, at });
    }

    /// Says that something failed, with what to do next.
    pub fn fail(&mut self, at: Duration, error: &Error) {
        self.say(at, Tone::Failed, error.to_string(), error.hints().to_vec());
    }

    /// The message that is on the screen now.
    pub fn shown(&self) -> Option<&Note> {
        self.log.get(self.shown?)
    }

    /// Takes the message off the screen; it stays in the log.
    pub fn dismiss(&mut self) {
        self.shown = None;
    }

    /// A key was pressed: whoever presses it has read what is shown.
    pub fn key_pressed(&mut self) {
        self.dismiss();
    }

    /// Takes the message off the screen when it was there long enough.
    pub fn expire(&mut self, now: Duration) {
        let expired = self.shown().is_some_and(|note| {
            let stay = if note.tone == Tone::Failed { FAILURE } else { NEWS };
            now.saturating_sub(note.at) > stay
        });
        if expired {
            self.shown = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_outlives_good_news_until_a_key_and_stays_in_the_log() {
        let mut notes = Notes::default();
        notes.fail(Duration::ZERO, &Error::config("no such file").hint("check the path"));
        assert_eq!(notes.shown().map(|note| note.hints.clone()), Some(vec!["check the path".to_owned()]));
        notes.say(Duration::ZERO, Tone::Done, "checked", Vec::new());
        assert_eq!(notes.shown().map(|note| note.tone), Some(Tone::Failed));
        notes.key_pressed();
        assert!(notes.shown().is_none());
        notes.fail(Duration::ZERO, &Error::config("no such file"));
        notes.expire(FAILURE + NEWS);
        assert!(notes.shown().is_none());
        assert_eq!(notes.log.len(), 3);
    }
}
