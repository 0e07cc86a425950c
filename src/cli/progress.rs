//! Where long work stands, on stderr: a gauge on a terminal, one plain line per step elsewhere.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::message;
use super::text::{count, visible};
use crate::model::{Progress, Unit};

/// Tells progress until it is dropped.
pub struct Meter {
    gauge: Option<ProgressBar>,
    lines: bool,
    last: Mutex<Option<(String, Unit)>>,
}

impl Meter {
    /// A meter that draws on a terminal, writes lines elsewhere, or keeps quiet.
    pub fn new(terminal: bool, quiet: bool) -> Meter {
        let gauge = (terminal && !quiet).then(|| {
            let gauge = ProgressBar::new_spinner();
            gauge.enable_steady_tick(Duration::from_millis(120));
            gauge
        });
        Meter { gauge, lines: !terminal && !quiet, last: Mutex::new(None) }
    }

    /// Takes note of where the work stands.
    pub fn tell(&self, progress: &Progress) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let new = last.as_ref().is_none_or(|(what, _)| *what != progress.what);
        if new && self.lines {
            // Of steps there can be hundreds; their first word says what kind of work they are, and that is told once.
            match (progress.unit, progress.total) {
                (Unit::Steps, Some(total)) => {
                    let kind = first_word(&progress.what);
                    if last.as_ref().is_none_or(|(what, _)| first_word(what) != kind) {
                        message::line(format!("{}: {}", visible(kind), count(total, "step")));
                    }
                }
                _ => message::line(visible(&progress.what)),
            }
        }
        if let Some(gauge) = &self.gauge {
            if new {
                // What belongs to the work before must not be drawn with the words of this one.
                gauge.reset();
                gauge.set_message(Cow::Owned(visible(&progress.what)));
            }
            if new || last.as_ref().is_none_or(|(_, unit)| *unit != progress.unit) {
                gauge.set_style(style(progress));
            }
            if let Some(total) = progress.total {
                gauge.set_length(total);
            }
            gauge.set_position(progress.done);
        }
        if new {
            *last = Some((progress.what.clone(), progress.unit));
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if let Some(gauge) = &self.gauge {
            gauge.finish_and_clear();
        }
    }
}

fn first_word(text: &str) -> &str {
    text.split([' ', ':']).next().unwrap_or(text)
}

fn style(progress: &Progress) -> ProgressStyle {
    let template = match (progress.total, progress.unit) {
        (Some(_), Unit::Bytes) => {
            "{spinner} {bar:24} {bytes:>10} / {total_bytes} {binary_bytes_per_sec:>12}  {wide_msg}"
        }
        (Some(_), Unit::Rows | Unit::Steps) => "{spinner} {bar:24} {human_pos:>10} / {human_len}  {wide_msg}",
        (None, Unit::Bytes) => "{spinner} {bytes:>10}  {wide_msg}",
        (None, Unit::Rows | Unit::Steps) => "{spinner} {human_pos:>10}  {wide_msg}",
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_progress_has_a_gauge_of_its_own() {
        for unit in [Unit::Rows, Unit::Bytes, Unit::Steps] {
            for total in [None, Some(7)] {
                let progress = Progress { what: "load".to_owned(), done: 3, total, unit };
                let gauge = ProgressBar::hidden();
                gauge.set_style(style(&progress));
                let meter = Meter { gauge: Some(gauge), lines: false, last: Mutex::new(None) };
                meter.tell(&progress);
                assert_eq!(meter.gauge.as_ref().map(ProgressBar::position), Some(3));
            }
        }
    }
}
