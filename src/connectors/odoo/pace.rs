//! How often a server may be called. Odoo asks the users of its own servers, `*.odoo.com`, for one call a second at most;
//! it is one clock for all of them, whichever sources they are.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The pace of Odoo's own servers.
static HOSTED: Pace = Pace::every(Duration::from_secs(1));

/// The least time between the beginnings of two calls.
#[derive(Debug)]
pub struct Pace {
    every: Duration,
    /// When the next call may begin.
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// One call in that time.
    pub const fn every(every: Duration) -> Pace {
        Pace { every, next: Mutex::new(None) }
    }

    /// How long a call that is wanted now must wait; it counts as begun then.
    pub fn turn(&self, now: Instant) -> Duration {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = next.map_or(now, |next| next.max(now));
        *next = Some(begin + self.every);
        begin - now
    }
}

/// The pace that the owner of the server at `url` asks for, if any.
pub fn of(url: &str) -> Option<&'static Pace> {
    let host = url.split('/').nth(2)?.rsplit('@').next()?.split(':').next()?.trim_end_matches('.').to_lowercase();
    (host == "odoo.com" || host.ends_with(".odoo.com")).then_some(&HOSTED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_of_odoo_com_are_called_once_a_second_and_others_as_they_answer() {
        for url in
            ["https://cave.odoo.com", "https://Cave.ODOO.com:443/", "https://cave.dev.odoo.com", "http://odoo.com."]
        {
            assert!(of(url).is_some_and(|pace| pace.every == Duration::from_secs(1)), "{url}");
        }
        for url in
            ["https://odoo.example.com", "https://odoo.com.example.com", "https://myodoo.com", "http://127.0.0.1:8069"]
        {
            assert!(of(url).is_none(), "{url}");
        }
        let (Some(one), Some(other)) = (of("https://a.odoo.com"), of("https://b.odoo.com")) else { panic!("hosted") };
        assert!(std::ptr::eq(one, other), "one clock for all");
    }

    #[test]
    fn calls_that_come_too_early_wait_for_their_turn_and_late_ones_do_not() {
        let pace = Pace::every(Duration::from_secs(1));
        let (start, ms) = (Instant::now(), Duration::from_millis);
        assert_eq!(pace.turn(start), Duration::ZERO);
        assert_eq!(pace.turn(start + ms(300)), ms(700));
        // Two at once: each has a turn of its own.
        assert_eq!(pace.turn(start + ms(1500)), ms(500));
        assert_eq!(pace.turn(start + ms(1500)), ms(1500));
        assert_eq!(pace.turn(start + ms(9000)), Duration::ZERO);
        assert_eq!(pace.turn(start + ms(9400)), ms(600));
    }
}
