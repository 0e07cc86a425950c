//! The connector `odoo`: an Odoo server over its API, from version 14 on. It only ever reads.
//!
//! The rooms: [`value`] is what is said, [`xml`] and [`json`] how it is written, [`http`] what carries it, [`pace`] how often, and
//! [`rpc`] the two ways to ask; [`trouble`] tells what went wrong; [`session`] finds the server and asks again; [`columns`] knows which fields
//! fill an entity's columns, [`extract`] stages them, [`probe`] tries the way there.

mod columns;
mod extract;
mod http;
mod json;
mod pace;
mod probe;
mod rpc;
mod session;
mod trouble;
pub mod value;
pub mod xml;

use std::cell::{Cell, OnceCell, RefCell};
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use indexmap::IndexMap;
use serde::Deserialize;

use self::extract::{Records, Wishes};
use self::http::{Http, Limits};
use self::rpc::Credentials;
use self::session::{Protocol, Session};
use self::trouble::Trouble;
use self::value::Value;
use super::secret::{self, Kept, Secret};
use super::{Came, Connector, ConnectorKind, Place, SourceOption, Target, Trial, Watch};
use crate::error::{Error, Result};
use crate::model::Canceller;

/// An Odoo server.
pub const CONNECTOR: ConnectorKind = ConnectorKind {
    name: "odoo",
    summary: "an Odoo server over its API (XML-RPC, or JSON-2 from version 19 on); it is only read",
    options: &[
        option("url", "text", "the server's address, e.g. https://odoo.example.com", true, ""),
        option("database", "text", "the database's name", true, ""),
        option("user", "text", "the technical user's login", true, ""),
        SourceOption {
            name: "api_key",
            kind: "secret",
            help: "where the user's API key is kept: { env = \"…\" }, { keyring = \"…\" } or { file = \"…\" }",
            required: true,
            default: "",
            secret: true,
        },
        option(
            "company_id",
            "number",
            "the company whose records and prices are meant",
            false,
            "all that the user sees",
        ),
        option("language", "text", "the language of names, e.g. fr_FR", false, "the user's own"),
        option(
            "timezone",
            "text",
            "where the days of dates are meant, e.g. Europe/Paris",
            false,
            "the user's own, else UTC",
        ),
        option("archived", "true or false", "whether archived records are read too", false, "true"),
        option("protocol", "auto, xmlrpc or json2", "the way to ask", false, "auto"),
        option("page_size", "number", "records in one answer; fewer for slow servers", false, "1000"),
        option("overlap_minutes", "number", "how far before the last load changes are asked for", false, "30"),
        option("connect_seconds", "number", "how long a connection may take to come about", false, "15"),
        option("timeout_seconds", "number", "how long one answer may take", false, "150"),
        option("max_answer_mb", "number", "the largest answer that is taken", false, "256"),
        option(
            "max_gone",
            "share",
            "the greatest share of the staged records that may vanish in one load",
            false,
            "20%",
        ),
        option(
            "extra_fields",
            "table",
            "further fields to stage, by model: { \"res.partner\" = [\"x_loyalty\"] }",
            false,
            "none",
        ),
    ],
    incremental: true,
    keys_within: &["url", "database"],
    open,
};

const fn option(
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    required: bool,
    default: &'static str,
) -> SourceOption {
    SourceOption { name, kind, help, required, default, secret: false }
}

/// What a source says in `tastevin.toml`, but for where its key is kept: that is for `secret` to read.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    url: String,
    database: String,
    user: String,
    company_id: Option<i64>,
    language: Option<String>,
    timezone: Option<String>,
    #[serde(default = "yes")]
    archived: bool,
    #[serde(default = "auto")]
    protocol: String,
    #[serde(default = "thousand")]
    page_size: u64,
    #[serde(default = "half_an_hour")]
    overlap_minutes: u32,
    #[serde(default = "a_while")]
    connect_seconds: u64,
    #[serde(default = "longer_than_odoo")]
    timeout_seconds: u64,
    #[serde(default = "quarter_of_a_gigabyte")]
    max_answer_mb: u64,
    #[serde(default = "a_fifth")]
    max_gone: String,
    #[serde(default)]
    extra_fields: IndexMap<String, Vec<String>>,
}

fn yes() -> bool {
    true
}

fn auto() -> String {
    "auto".to_owned()
}

fn thousand() -> u64 {
    1000
}

fn half_an_hour() -> u32 {
    30
}

/// The longest that a server may be waited for, in seconds.
const A_DAY: u64 = 86_400;

/// The largest answer that may be let in, in megabytes.
const A_TERABYTE: u64 = 1_000_000;

fn a_while() -> u64 {
    15
}

/// Odoo itself ends a call after 120 seconds.
fn longer_than_odoo() -> u64 {
    150
}

fn quarter_of_a_gigabyte() -> u64 {
    256
}

fn a_fifth() -> String {
    "20%".to_owned()
}

struct Odoo {
    options: Options,
    protocol: Protocol,
    zone: Option<Tz>,
    most_gone: f64,
    key: std::result::Result<Secret, Error>,
    kept: Kept,
    entities: IndexMap<String, Records>,
    session: OnceCell<Session>,
    /// Whether what is worth knowing of the session was said.
    said: Cell<bool>,
    /// Why entities cannot be read, as far as that was found out.
    absent: RefCell<IndexMap<String, String>>,
}

fn open(place: &Place) -> Result<Box<dyn Connector>> {
    let at = |name: &str, error: Error| place.at_option(name, error);
    let kept = secret::kept(place, "api_key")?;
    let options: Options = place.options()?;
    let protocol = match options.protocol.as_str() {
        "auto" => Protocol::Auto,
        "xmlrpc" => Protocol::XmlRpc,
        "json2" => Protocol::Json2,
        other => {
            return Err(at(
                "protocol",
                Error::config(format!("there is no way to ask called \"{other}\"")).hint("write auto, xmlrpc or json2"),
            ));
        }
    };
    if !options.url.starts_with("https://") && !options.url.starts_with("http://") {
        return Err(at(
            "url",
            Error::config("this is no address of a server").hint("write it like https://odoo.example.com"),
        ));
    }
    let share = options.max_gone.trim().strip_suffix('%').and_then(|share| share.trim().parse::<f64>().ok());
    let Some(share) = share.filter(|share| (0.0..=100.0).contains(share)) else {
        return Err(at("max_gone", Error::config("this is no share").hint("write it like \"20%\"")));
    };
    for (name, value, most, unit) in [
        ("connect_seconds", options.connect_seconds, A_DAY, "seconds"),
        ("timeout_seconds", options.timeout_seconds, A_DAY, "seconds"),
        ("max_answer_mb", options.max_answer_mb, A_TERABYTE, "megabytes"),
    ] {
        if !(1..=most).contains(&value) {
            let error = Error::config(format!("{value} is out of range")).hint(format!("write 1 to {most} {unit}"));
            return Err(at(name, error));
        }
    }
    let zone = options.timezone.as_ref().map(|zone| zone.parse::<Tz>());
    let zone = zone
        .transpose()
        .map_err(|_| at(".timezone", Error::config("there is no such time zone").hint("write it like Europe/Paris")))?;
    Ok(Box::new(Odoo {
        protocol,
        zone,
        said: Cell::new(false),
        most_gone: share / 100.0,
        key: secret::fetch(place, &kept),
        kept,
        entities: place.entities()?,
        session: OnceCell::new(),
        absent: RefCell::default(),
        options,
    }))
}

impl Odoo {
    fn http(&self, canceller: &Canceller) -> Http {
        let call = Duration::from_secs(self.options.timeout_seconds);
        let limits = Limits {
            // Less than the whole, so that what took too long is told by its name.
            connect: Duration::from_secs(self.options.connect_seconds).min(call * 9 / 10),
            call,
            answer: self.options.max_answer_mb * 1_000_000,
            pace: pace::of(&self.options.url),
        };
        Http::new(&self.options.url, limits, canceller)
    }

    fn key(&self) -> Result<&Secret> {
        self.key.as_ref().map_err(|error| {
            let again = Error::new(error.kind(), error.to_string());
            error.hints().iter().fold(again, |again, hint| again.hint(hint))
        })
    }

    fn credentials(&self) -> Result<Credentials> {
        Ok(Credentials {
            database: self.options.database.clone(),
            user: self.options.user.clone(),
            key: self.key()?.reveal().to_owned(),
        })
    }

    fn wishes(&self) -> session::Wishes {
        session::Wishes {
            protocol: self.protocol,
            language: self.options.language.clone(),
            zone: self.zone,
            company: self.options.company_id,
            archived: self.options.archived,
        }
    }

    fn session(&self, canceller: &Canceller) -> Result<&Session> {
        if let Some(session) = self.session.get() {
            return Ok(session);
        }
        let opened = Session::open(self.http(canceller), self.credentials()?, &self.wishes())
            .map_err(|trouble| self.told(trouble))?;
        Ok(self.session.get_or_init(|| opened))
    }

    fn told(&self, trouble: Trouble) -> Error {
        Error::from(trouble).at_column(self.options.url.clone())
    }
}

impl Connector for Odoo {
    fn test(&self, now: DateTime<Utc>, trial: &Trial) {
        probe::probe(self, now, trial);
    }

    fn entities(&self, watch: &Watch) -> Result<Vec<String>> {
        let session = self.session(watch.canceller)?;
        let mut present = Vec::new();
        for (entity, records) in &self.entities {
            // Whoever may read lines may still lack the right to the orders that the domain looks at.
            let domain: Vec<Value> = records.domain.iter().map(Value::from).collect();
            let counted = session.fields(&records.model).and_then(|_| session.ids(&records.model, &domain, 0, 1));
            match counted {
                Ok(_) => present.push(entity.clone()),
                Err(trouble @ (Trouble::Forbidden(_) | Trouble::Missing(_))) => {
                    self.absent.borrow_mut().insert(entity.clone(), trouble.what());
                }
                Err(trouble) => return Err(self.told(trouble)),
            }
        }
        if present.is_empty() {
            let why = self.absent.borrow().values().next().cloned().unwrap_or_default();
            return Err(Error::source(format!("none of the models can be read: {why}"))
                .hint("`tastevin source test` says which rights the user lacks"));
        }
        Ok(present)
    }

    fn why_absent(&self, entity: &str) -> String {
        self.absent.borrow().get(entity).cloned().unwrap_or_else(|| "it was not read".to_owned())
    }

    fn extract(&self, entity: &str, target: &Target, watch: &Watch) -> Result<Came> {
        let records = self
            .entities
            .get(entity)
            .ok_or_else(|| Error::usage(format!("the mapping names no entity \"{entity}\"")))?;
        let session = self.session(watch.canceller)?;
        let spoilt = session.spoilt();
        let none = Vec::new();
        let wishes = Wishes {
            extra: self.options.extra_fields.get(&records.model).unwrap_or(&none),
            page: self.options.page_size.max(1),
            overlap: chrono::Duration::minutes(i64::from(self.options.overlap_minutes)),
            most_gone: self.most_gone,
            view: format!(
                "{} {} {:?} {:?} {}",
                self.options.url,
                self.options.database,
                self.options.company_id,
                self.options.language,
                self.options.archived
            ),
        };
        let mut extracted = extract::extract(session, entity, records, &wishes, target, watch)?;
        if !self.said.replace(true) {
            extracted.notes.extend(session.notes.iter().cloned());
        }
        let spoilt = session.spoilt() - spoilt;
        if spoilt > 0 {
            extracted.notes.push(format!(
                "{entity}: {spoilt} characters came that must not be sent (control characters); \u{FFFD} stands for each"
            ));
        }
        Ok(Came::Rows(Box::new(extracted)))
    }
}
