//! The one place that asks what time it is and who sits here, so that everything else can be replayed.

use chrono::{DateTime, Local, NaiveDate, Utc};

/// The current moment, to the millisecond.
#[allow(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub fn now() -> DateTime<Utc> {
    let now = Utc::now();
    DateTime::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now)
}

/// The calendar day where the user is.
#[allow(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub fn today() -> NaiveDate {
    Local::now().date_naive()
}

/// The name of the user, for decisions and commits: `TASTEVIN_USER`, or the login name.
pub fn who() -> String {
    match std::env::var("TASTEVIN_USER") {
        Ok(name) if !name.trim().is_empty() => name.trim().to_owned(),
        _ => whoami::username().unwrap_or_else(|_| "unknown".to_owned()),
    }
}
