//! What can go wrong between us and an Odoo server, in plain words with what to do about it.

use std::time::Duration;

use crate::error::{Error, Kind};

/// Why a call did not bring its answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    /// No connection: refused, no such host, no route.
    Unreachable(String),
    /// No connection to a server that has answered before: it may be restarting.
    Away(String),
    /// The certificate or the encryption was refused.
    Tls(String),
    /// No answer within the time allowed.
    TimedOut,
    /// The server closed the connection without an answer; that is how Odoo's own time limit shows.
    Closed,
    /// The server ran out of time or memory over the question.
    Exhausted(String),
    /// 429, 502, 503 or 504, with the pause that was asked for.
    Busy(u16, Option<Duration>),
    /// The server points to another address.
    Redirect(String),
    /// The server points from https to an address without it.
    Unprotected(String),
    /// The server points to another page of its own, as it does for people.
    Elsewhere(String),
    /// What answers there does not speak Odoo's protocol.
    NotOdoo {
        /// The HTTP status.
        status: u16,
        /// How the answer begins.
        start: String,
    },
    /// This version does not speak JSON-2.
    NoJson2(String),
    /// The answer is larger than this many bytes.
    TooLarge(u64),
    /// The answer cannot be read.
    Garbled(String),
    /// The database does not exist.
    NoDatabase,
    /// The user or the key is refused.
    Denied,
    /// The key is that of another user, with this login.
    OtherUser(String),
    /// The user does not see the company of that number.
    NoCompany(i64),
    /// The user lacks a right.
    Forbidden(String),
    /// A model, method or record is not there.
    Missing(String),
    /// A field that a condition or a list names is not there, in the server's words.
    NoField(String),
    /// A value that XML-RPC has no form for, in the server's words.
    Unsendable(String),
    /// The language is not installed.
    NoLanguage,
    /// Anything else that the server says, its last line.
    Fault(String),
    /// The user cancelled.
    Cancelled,
}

impl Trouble {
    /// Whether the same call may go through a moment later.
    pub fn passes(&self) -> bool {
        matches!(
            self,
            Trouble::Away(_) | Trouble::TimedOut | Trouble::Closed | Trouble::Exhausted(_) | Trouble::Busy(..)
        )
    }

    /// Whether it may have come of asking for too much at once.
    pub fn asks_for_less(&self) -> bool {
        matches!(
            self,
            Trouble::TimedOut
                | Trouble::Closed
                | Trouble::Exhausted(_)
                | Trouble::Busy(502 | 504, _)
                | Trouble::TooLarge(_)
        )
    }

    /// What happened, one clause.
    pub fn what(&self) -> String {
        match self {
            Trouble::Unreachable(why) => format!("the server cannot be reached: {why}"),
            Trouble::Away(why) => format!("the server can no longer be reached: {why}"),
            Trouble::Tls(why) => format!("the server's certificate is not accepted: {why}"),
            Trouble::TimedOut => "the server did not answer in time".to_owned(),
            Trouble::Closed => "the server closed the connection without an answer".to_owned(),
            Trouble::Exhausted(text) => format!("the server ran out of time or memory: {text}"),
            Trouble::Busy(status, _) => format!("the server is busy or being maintained (HTTP {status})"),
            Trouble::Redirect(to) => format!("the server sends us on to {to}"),
            Trouble::Unprotected(to) => format!("the server sends us on to {to}, where everybody could read the key"),
            Trouble::Elsewhere(to) => format!("what answers there is not Odoo's API: it sends us on to its page {to}"),
            Trouble::NotOdoo { status, start } => {
                format!("what answers there is not Odoo's API (HTTP {status}, it begins \"{start}\")")
            }
            Trouble::NoJson2(version) => {
                format!("the server is an Odoo {version} and does not speak JSON-2, which came with 19")
            }
            Trouble::TooLarge(most) => format!("the answer is larger than {} MB", most / 1_000_000),
            Trouble::Garbled(why) => format!("the answer cannot be read: {why}"),
            Trouble::NoDatabase => "there is no such database on the server".to_owned(),
            Trouble::Denied => "the user name or the API key is not accepted".to_owned(),
            Trouble::OtherUser(login) => format!("the API key is that of another user, {login}"),
            Trouble::NoCompany(id) => format!("the user does not see the company {id}"),
            Trouble::NoField(text) => format!("the server lacks a field: {text}"),
            Trouble::Unsendable(text) => format!("the server cannot send one of the values by XML-RPC: {text}"),
            Trouble::Forbidden(text) | Trouble::Missing(text) | Trouble::Fault(text) => text.clone(),
            Trouble::NoLanguage => "the language is not installed on the server".to_owned(),
            Trouble::Cancelled => "cancelled".to_owned(),
        }
    }

    /// What the user can do, if anything is known to help.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Trouble::Unreachable(_) => "check `url` in tastevin.toml, the network and the VPN",
            Trouble::Tls(_) => {
                "if your company has certificates of its own, install its root certificate on this machine"
            }
            Trouble::TimedOut | Trouble::Closed | Trouble::Exhausted(_) => {
                "try again later, or ask for smaller pages with page_size = 200"
            }
            Trouble::Busy(..) | Trouble::Away(_) => "try again in a few minutes",
            Trouble::Redirect(_) => "write that address as `url` in tastevin.toml, without what follows the host",
            Trouble::Unprotected(_) => {
                "nothing was sent there; check that `url` is the server's final address, and ask its administrator"
            }
            Trouble::NotOdoo { .. } | Trouble::Elsewhere(_) => {
                "`url` is the address of the Odoo server itself, e.g. https://odoo.example.com, without /web or /odoo"
            }
            Trouble::NoJson2(_) => "leave `protocol` away, or write protocol = \"xmlrpc\"",
            Trouble::TooLarge(_) => "ask for smaller pages with page_size = 200",
            Trouble::Garbled(_) => "try again; if it stays, ask for smaller pages with page_size = 200",
            Trouble::NoDatabase => "the name is what Odoo's login page offers, or `https://…/web/database/selector`",
            Trouble::Denied => {
                "keys expire (after three months at most in Odoo 19): make a new one under Preferences › Security; on the One App Free and Standard plans of Odoo Online there is no API access"
            }
            Trouble::OtherUser(_) => "write that login as `user`, or make a key as the user that `user` names",
            Trouble::NoCompany(_) => {
                "`company_id` is the number of one of the companies that the user may work for; leave it away for all of them"
            }
            Trouble::NoField(_) => "take it out of the entity's `domain` in the mapping",
            Trouble::Unsendable(_) => {
                "from Odoo 19 on `protocol = \"json2\"` can; before, leave the field away that holds it"
            }
            Trouble::Forbidden(_) => "an administrator can give the user the right to read it",
            Trouble::NoLanguage => "leave `language` away, or install the language in Odoo",
            Trouble::Missing(_) | Trouble::Fault(_) | Trouble::Cancelled => return None,
        })
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Error {
        match &trouble {
            Trouble::Cancelled => Error::interrupted(),
            other => {
                let error = Error::new(Kind::Source, other.what());
                match other.hint() {
                    Some(hint) => error.hint(hint),
                    None => error,
                }
            }
        }
    }
}

/// The line of a fault that tells what happened: the last one that is not empty, without the traceback in front of it.
pub fn last_line(text: &str) -> &str {
    text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("the server gave no reason")
}

/// The first paragraph of a message to people, as a clause; what follows lists groups and technical names.
pub fn first_paragraph(text: &str) -> String {
    let text = text.trim();
    let end = text.find("\n\n").unwrap_or(text.len());
    text[..end].trim_end_matches('.').split_whitespace().collect::<Vec<_>>().join(" ")
}
