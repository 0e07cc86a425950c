//! HTTP to one server: bounded in time and size, never sent on to another address, and given up at once when the user
//! cancels. Neighbour: `rpc`, which knows what is said over it.

use std::io::{ErrorKind, Read as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use ureq::tls::{RootCerts, TlsConfig};

use super::pace::Pace;
use super::trouble::Trouble;
use crate::model::Canceller;

/// How often the user's wish to cancel is looked at.
const GLANCE: Duration = Duration::from_millis(40);

/// What bounds the calls to a server.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How long a connection may take to come about; less than `call`.
    pub connect: Duration,
    /// How long one call may take in all.
    pub call: Duration,
    /// The largest answer, in bytes after unpacking.
    pub answer: u64,
    /// How often the server may be called.
    pub pace: Option<&'static Pace>,
}

/// A server under one address.
pub struct Http {
    agent: ureq::Agent,
    base: String,
    limits: Limits,
    canceller: Canceller,
    began: Mutex<Option<DateTime<Utc>>>,
    /// Whether it has answered at all.
    answered: AtomicBool,
}

/// An answer as it came.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The content type, without its parameters, in small letters.
    pub kind: String,
    /// The server's clock.
    pub date: Option<DateTime<Utc>>,
    /// The body, unpacked.
    pub body: Vec<u8>,
}

impl Http {
    /// For the server at `base` (`https://odoo.example.com`); contacts nothing.
    pub fn new(base: &str, limits: Limits, canceller: &Canceller) -> Http {
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let config = ureq::Agent::config_builder()
            .tls_config(tls)
            .timeout_resolve(Some(limits.connect))
            .timeout_connect(Some(limits.connect))
            .timeout_global(Some(limits.call))
            // The key is in the body: it goes to the address that the user wrote, and nowhere else.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("tastevin/", env!("CARGO_PKG_VERSION")))
            .build();
        Http {
            agent: config.new_agent(),
            base: base.trim_end_matches('/').to_owned(),
            limits,
            canceller: canceller.clone(),
            began: Mutex::new(None),
            answered: AtomicBool::new(false),
        }
    }

    /// Asks for what is at `path`.
    pub fn get(&self, path: &str) -> Result<Answer, Trouble> {
        let request = self.agent.get(format!("{}{path}", self.base));
        self.run(move || request.call())
    }

    /// Sends a body to `path`.
    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Result<Answer, Trouble> {
        let mut request = self.agent.post(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.run(move || request.send(&body[..]))
    }

    fn is_private(&self) -> bool {
        self.base.starts_with("https://")
    }

    /// The server's clock as it was in its first answer, if it tells it.
    pub fn began(&self) -> Option<DateTime<Utc>> {
        self.began.lock().map_or(None, |began| *began)
    }

    /// Waits, unless the user cancels.
    pub fn wait(&self, pause: Duration) -> Result<(), Trouble> {
        let begin = Instant::now();
        loop {
            if self.canceller.is_cancelled() {
                return Err(Trouble::Cancelled);
            }
            let left = pause.saturating_sub(begin.elapsed());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(GLANCE));
        }
    }

    /// Runs a call on a thread of its own, so that a user who cancels need not wait for the server.
    fn run(
        &self,
        call: impl FnOnce() -> Result<ureq::http::Response<ureq::Body>, ureq::Error> + Send + 'static,
    ) -> Result<Answer, Trouble> {
        if let Some(pace) = self.limits.pace {
            self.wait(pace.turn(Instant::now()))?;
        }
        let Limits { answer: most, connect, .. } = self.limits;
        let (sender, receiver) = mpsc::sync_channel(1);
        let work = move || {
            // Whoever cancelled is no longer there to receive it.
            let _ = sender.send(call().map_err(|error| refused(&error, connect)).and_then(|answer| read(answer, most)));
        };
        std::thread::Builder::new()
            .name("odoo call".to_owned())
            .spawn(work)
            .map_err(|cause| Trouble::Unreachable(cause.to_string()))?;
        loop {
            match receiver.recv_timeout(GLANCE) {
                Ok(outcome) => {
                    if let (Ok(answer), Ok(mut began)) = (&outcome, self.began.lock()) {
                        *began = began.or(answer.date);
                    }
                    let before = self.answered.fetch_or(outcome.is_ok(), Ordering::Relaxed);
                    return match outcome {
                        Err(Trouble::Unreachable(why)) if before => Err(Trouble::Away(why)),
                        Err(Trouble::Redirect(to)) if self.is_private() && to.starts_with("http://") => {
                            Err(Trouble::Unprotected(to))
                        }
                        Err(Trouble::Redirect(to)) if to.starts_with('/') || to.starts_with(&self.base) => {
                            Err(Trouble::Elsewhere(to))
                        }
                        outcome => outcome,
                    };
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => return Err(Trouble::Closed),
                Err(mpsc::RecvTimeoutError::Timeout) if self.canceller.is_cancelled() => {
                    return Err(Trouble::Cancelled);
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

fn read(answer: ureq::http::Response<ureq::Body>, most: u64) -> Result<Answer, Trouble> {
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let status = answer.status().as_u16();
    let kind = header("content-type").unwrap_or_default().to_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_owned();
    let date = header("date").and_then(|date| DateTime::parse_from_rfc2822(&date).ok()).map(|date| date.to_utc());
    let pause = header("retry-after").and_then(|seconds| seconds.trim().parse().ok()).map(Duration::from_secs);
    let to = header("location").unwrap_or_default();
    match status {
        300..=399 => return Err(Trouble::Redirect(to)),
        429 | 502..=504 => return Err(Trouble::Busy(status, pause)),
        _ => {}
    }
    // The client's own limit counts packed bytes.
    let mut body = Vec::new();
    let unpacked = answer.into_body().into_with_config().limit(u64::MAX).reader();
    unpacked.take(most.saturating_add(1)).read_to_end(&mut body).map_err(|error| of(&ureq::Error::from(error)))?;
    if body.len() as u64 > most {
        return Err(Trouble::TooLarge(most));
    }
    Ok(Answer { status, kind, date, body })
}

/// Why a call brought no answer at all.
fn refused(error: &ureq::Error, connect: Duration) -> Trouble {
    match error {
        ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => {
            Trouble::Unreachable(format!("no connection came about within {} s", connect.as_secs_f64()))
        }
        error => of(error),
    }
}

fn of(error: &ureq::Error) -> Trouble {
    match error {
        ureq::Error::Timeout(_) => Trouble::TimedOut,
        ureq::Error::HostNotFound => Trouble::Unreachable("there is no such host".to_owned()),
        ureq::Error::ConnectionFailed | ureq::Error::ConnectProxyFailed(_) | ureq::Error::BadUri(_) => {
            Trouble::Unreachable(error.to_string())
        }
        ureq::Error::Tls(why) => Trouble::Tls((*why).to_owned()),
        ureq::Error::Rustls(cause) => Trouble::Tls(distrust(&cause.to_string())),
        ureq::Error::Decompress(_, cause) => Trouble::Garbled(cause.to_string()),
        ureq::Error::Protocol(_) => Trouble::Closed,
        // The system's resolver has no kind of its own for this.
        ureq::Error::Io(cause) if cause.to_string().contains("lookup address") => {
            Trouble::Unreachable("there is no such host".to_owned())
        }
        ureq::Error::Io(cause) => match cause.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => Trouble::TimedOut,
            ErrorKind::ConnectionRefused => Trouble::Unreachable("nothing listens there".to_owned()),
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
                Trouble::Unreachable(cause.to_string())
            }
            // What the encryption complains about comes as an error of the connection.
            ErrorKind::InvalidData => Trouble::Tls(distrust(&cause.to_string())),
            _ => Trouble::Closed,
        },
        other => Trouble::Unreachable(other.to_string()),
    }
}

/// Why the other end is not trusted, in plain words where they are known.
fn distrust(cause: &str) -> String {
    let known = [
        ("UnknownIssuer", "nobody whom this machine trusts has signed it"),
        ("SelfSigned", "nobody whom this machine trusts has signed it"),
        ("NotValidYet", "it is not valid yet; is this machine's clock right?"),
        ("not valid yet", "it is not valid yet; is this machine's clock right?"),
        ("Expired", "it has expired"),
        ("expired", "it has expired"),
        ("NotValidForName", "it was made for another host"),
        ("not valid for name", "it was made for another host"),
        ("InvalidContentType", "what answers there does not speak https"),
    ];
    known
        .iter()
        .find(|(sign, _)| cause.contains(sign))
        .map_or_else(|| cause.to_owned(), |(_, words)| (*words).to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn calls_keep_to_the_pace() -> std::io::Result<()> {
        static PACE: Pace = Pace::every(Duration::from_millis(150));
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            }
        });
        let second = Duration::from_secs(1);
        let limits = Limits { connect: second, call: second * 20, answer: 1000, pace: Some(&PACE) };
        let http = Http::new(&url, limits, &Canceller::default());
        let begin = Instant::now();
        for _ in 0..3 {
            assert!(http.get("/").is_ok());
        }
        assert!(begin.elapsed() >= Duration::from_millis(300), "{:?}", begin.elapsed());
        Ok(())
    }
}
