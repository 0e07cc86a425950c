//! A session with one server: found, logged in, and asked again when it was busy. Neighbour: `rpc`, the two ways to ask.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use indexmap::IndexMap;

use super::http::Http;
use super::rpc::{Call, Credentials, Json2, Reply, Transport, XmlRpc, condition};
use super::trouble::Trouble;
use super::value::Value;

/// How often a call that may pass is made before it is given up.
const TRIES: u32 = 6;
/// The first pause between tries; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest pause between tries.
const LONGEST: Duration = Duration::from_secs(60);
/// Records in a page at least, however slow the server.
const LEAST: u64 = 10;

/// Which way to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// JSON-2 where the server knows it, else XML-RPC.
    Auto,
    /// XML-RPC.
    XmlRpc,
    /// JSON-2.
    Json2,
}

/// A session.
pub struct Session {
    http: Http,
    transport: Box<dyn Transport>,
    user: i64,
    /// What goes with every call.
    context: Vec<(String, Value)>,
    /// The time zone in which days are meant, and whether anybody said so.
    zone: Option<Tz>,
    /// What is worth knowing, in sentences.
    pub notes: Vec<String>,
    spoilt: Cell<u64>,
    /// The fields of the models that were asked for so far.
    declared: RefCell<HashMap<String, IndexMap<String, Field>>>,
}

/// A field of a model, as the server declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// `char`, `many2one`, `boolean` …
    pub kind: String,
    /// The model that it refers to.
    pub relation: Option<String>,
    /// Whether records can be found by it.
    pub searchable: bool,
}

/// What a user asks of the session.
pub struct Wishes {
    /// Which way to ask.
    pub protocol: Protocol,
    /// The language of translated texts; none for the user's own.
    pub language: Option<String>,
    /// The time zone in which days are meant; none for the user's own.
    pub zone: Option<Tz>,
    /// The company whose records and prices are meant; none for all that the user sees.
    pub company: Option<i64>,
    /// Whether archived records are read too.
    pub archived: bool,
}

/// Finds out what answers at the address and which way to ask it.
pub fn find(
    http: &Http,
    protocol: Protocol,
    credentials: Credentials,
) -> Result<(String, Box<dyn Transport>), Trouble> {
    if protocol != Protocol::XmlRpc {
        let version = match insist(http, || Json2::version(http)) {
            // A page for people may stand there where the API answers all the same.
            Err(Trouble::Redirect(_) | Trouble::Elsewhere(_)) if protocol == Protocol::Auto => None,
            outcome => outcome?,
        };
        if let Some(version) = version
            && (protocol == Protocol::Json2 || major(&version).is_some_and(|major| major >= 19))
        {
            return Ok((version, Box::new(Json2(credentials))));
        }
    }
    let version = insist(http, || XmlRpc::version(http))?;
    if protocol == Protocol::Json2 {
        return Err(Trouble::NoJson2(version));
    }
    Ok((version, Box::new(XmlRpc(credentials))))
}

/// The number in front of a version: 19 of "19.0+e", 18 of "saas~18.2".
fn major(version: &str) -> Option<u32> {
    let digits = version.trim_start_matches(|c: char| !c.is_ascii_digit());
    digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Does it again while it may pass.
fn insist<T>(http: &Http, mut call: impl FnMut() -> Result<T, Trouble>) -> Result<T, Trouble> {
    let mut tries = 1;
    loop {
        match call() {
            Err(trouble) if trouble.passes() && tries < TRIES => {
                http.wait(pause(tries, &trouble))?;
                tries += 1;
            }
            outcome => return outcome,
        }
    }
}

/// How long to wait after so many tries: twice as long each time, spread by a third so that many clients do not come
/// back together, and as long as the server asked for.
fn pause(tries: u32, trouble: &Trouble) -> Duration {
    let doubled = PAUSE.saturating_mul(1 << tries.min(10)).min(LONGEST) / 2;
    let spread = u64::from(std::process::id()).wrapping_mul(u64::from(tries).wrapping_add(2_654_435_761)) % 1000;
    let own = doubled + doubled.mul_f64(spread as f64 / 3000.0);
    match trouble {
        Trouble::Busy(_, Some(asked)) => own.max((*asked).min(LONGEST * 5)),
        _ => own,
    }
}

impl Session {
    /// Finds the server and logs in.
    pub fn open(http: Http, credentials: Credentials, wishes: &Wishes) -> Result<Session, Trouble> {
        let (_, transport) = find(&http, wishes.protocol, credentials)?;
        let user = insist(&http, || transport.log_in(&http))?;
        let mut context = vec![
            ("bin_size".to_owned(), Value::Bool(true)),
            // Names of products without their codes in front; the code is a column of its own.
            ("display_default_code".to_owned(), Value::Bool(false)),
        ];
        if wishes.archived {
            context.push(("active_test".to_owned(), Value::Bool(false)));
        }
        let mut session = Session {
            http,
            transport,
            user,
            context,
            zone: wishes.zone,
            notes: Vec::new(),
            spoilt: Cell::new(0),
            declared: RefCell::default(),
        };
        if let Some(company) = wishes.company {
            // The refusal of a company comes in the user's language, so that it could not be told from a missing right.
            let domain = Value::List(vec![condition("id", "=", Value::Int(company))]);
            if session.count("res.company", domain)? == 0 {
                return Err(Trouble::NoCompany(company));
            }
            session.context.push(("allowed_company_ids".to_owned(), Value::ids([company])));
        }
        let own = session.call("res.users", "context_get", None, Vec::new())?.value;
        let said = |name: &str| own.get(name).and_then(Value::as_text);
        session.zone = session.zone.or_else(|| said("tz").and_then(|zone| zone.parse().ok()));
        session.choose_language(wishes.language.as_deref(), said("lang"))?;
        Ok(session)
    }

    /// The language that was wished for, or the user's own; a language that is not installed is told and left away.
    fn choose_language(&mut self, wished: Option<&str>, own: Option<&str>) -> Result<(), Trouble> {
        let language = match wished {
            Some(language) => {
                // The server knows a hundred languages; those that are not installed are not active.
                let active = condition("active", "=", Value::Bool(true));
                let domain = Value::List(vec![condition("code", "=", Value::text(language)), active]);
                if self.count("res.lang", domain)? == 0 {
                    self.notes.push(format!(
                        "the language {language} is not installed on the server; texts come as they were written"
                    ));
                    return Ok(());
                }
                Some(language.to_owned())
            }
            None => own.map(str::to_owned),
        };
        self.context.extend(language.map(|language| ("lang".to_owned(), Value::Text(language))));
        Ok(())
    }

    /// The time zone in which days are meant; none where neither the source nor the user says one, and UTC is.
    pub fn zone(&self) -> Option<Tz> {
        self.zone
    }

    /// The way that was found.
    pub fn protocol(&self) -> &'static str {
        self.transport.name()
    }

    /// The server's clock when it first answered, if it tells.
    pub fn began(&self) -> Option<DateTime<Utc>> {
        self.http.began()
    }

    /// Characters so far that must not be sent.
    pub fn spoilt(&self) -> u64 {
        self.spoilt.get()
    }

    fn call(
        &self,
        model: &str,
        method: &'static str,
        first: Option<(&'static str, Value)>,
        named: Vec<(&'static str, Value)>,
    ) -> Result<Reply, Trouble> {
        let call = Call { model: model.to_owned(), method, first, named: self.with_context(named) };
        insist(&self.http, || self.ask(&call))
    }

    /// Asks once.
    fn ask(&self, call: &Call) -> Result<Reply, Trouble> {
        let reply = self.transport.call(&self.http, self.user, call)?;
        self.spoilt.set(self.spoilt.get() + reply.spoilt);
        Ok(reply)
    }

    fn with_context(&self, mut named: Vec<(&'static str, Value)>) -> Vec<(&'static str, Value)> {
        named.push(("context", Value::Struct(self.context.clone())));
        named
    }

    /// The fields of a model that the user may read.
    pub fn fields(&self, model: &str) -> Result<IndexMap<String, Field>, Trouble> {
        if let Some(fields) = self.declared.borrow().get(model) {
            return Ok(fields.clone());
        }
        // Without naming the attributes, models with an empty help text cannot be sent (17, 19).
        let attributes = Value::texts(["type", "relation", "searchable"]);
        let reply = self.call(model, "fields_get", None, vec![("attributes", attributes)])?;
        let Value::Struct(fields) = reply.value else {
            return Err(Trouble::Garbled(format!("the fields of {model} are no list of fields")));
        };
        let field = |(name, declared): (String, Value)| {
            let text = |attribute: &str| declared.get(attribute).and_then(Value::as_text).map(str::to_owned);
            let searchable = declared.get("searchable") == Some(&Value::Bool(true));
            Some((name, Field { kind: text("type")?, relation: text("relation"), searchable }))
        };
        let fields: IndexMap<String, Field> = fields.into_iter().filter_map(field).collect();
        self.declared.borrow_mut().insert(model.to_owned(), fields.clone());
        Ok(fields)
    }

    /// How many records meet the domain.
    pub fn count(&self, model: &str, domain: Value) -> Result<u64, Trouble> {
        let reply = self.call(model, "search_count", Some(("domain", domain)), Vec::new())?;
        reply
            .value
            .as_int()
            .and_then(|count| u64::try_from(count).ok())
            .ok_or_else(|| Trouble::Garbled(format!("the number of {model} is no number")))
    }

    /// The ids after `last` of records that meet the domain, at most `most`, in their order.
    pub fn ids(&self, model: &str, domain: &[Value], last: i64, most: u64) -> Result<Vec<i64>, Trouble> {
        let named = vec![("order", Value::text("id")), ("limit", whole(most))];
        let reply = self.call(model, "search", Some(("domain", after(domain, last))), named)?;
        reply
            .value
            .as_list()
            .and_then(|ids| ids.iter().map(Value::as_int).collect())
            .ok_or_else(|| Trouble::Garbled(format!("the ids of {model} are no numbers")))
    }

    /// The next page of records that meet the domain, by id; `page` is made smaller when the server cannot keep up.
    /// The last page is the one with fewer records than were asked for, so both come back.
    pub fn page(
        &self,
        model: &str,
        domain: &[Value],
        fields: &[String],
        last: i64,
        page: &mut u64,
    ) -> Result<(Vec<Value>, bool), Trouble> {
        let mut tries = 1;
        loop {
            let named = vec![("fields", Value::texts(fields)), ("order", Value::text("id")), ("limit", whole(*page))];
            let call = Call {
                model: model.to_owned(),
                method: "search_read",
                first: Some(("domain", after(domain, last))),
                named: self.with_context(named),
            };
            match self.ask(&call) {
                Ok(reply) => {
                    let records = list_of_records(reply, model)?;
                    let more = records.len() as u64 >= *page;
                    return Ok((records, more));
                }
                Err(trouble) if trouble.asks_for_less() && *page > LEAST && tries < TRIES => {
                    *page = (*page / 2).max(LEAST);
                    self.http.wait(pause(tries, &trouble))?;
                }
                Err(trouble) if trouble.passes() && tries < TRIES => self.http.wait(pause(tries, &trouble))?,
                Err(trouble) => return Err(trouble),
            }
            tries += 1;
        }
    }

    /// The records with these ids, in no order; those that are not visible are left out.
    pub fn records(&self, model: &str, ids: &[i64], fields: &[String]) -> Result<Vec<Value>, Trouble> {
        // An archived record is as good an answer as any to what another record refers to.
        let domain = Value::List(vec![condition("id", "in", Value::ids(ids.iter().copied()))]);
        let mut context = self.context.clone();
        context.retain(|(name, _)| name != "active_test");
        context.push(("active_test".to_owned(), Value::Bool(false)));
        let named = vec![("fields", Value::texts(fields)), ("context", Value::Struct(context))];
        let call = Call { model: model.to_owned(), method: "search_read", first: Some(("domain", domain)), named };
        list_of_records(insist(&self.http, || self.ask(&call))?, model)
    }
}

fn list_of_records(reply: Reply, model: &str) -> Result<Vec<Value>, Trouble> {
    match reply.value {
        Value::List(records) => Ok(records),
        _ => Err(Trouble::Garbled(format!("the records of {model} are no list"))),
    }
}

fn after(domain: &[Value], last: i64) -> Value {
    let mut domain = domain.to_vec();
    domain.push(condition("id", ">", Value::Int(last)));
    Value::List(domain)
}

fn whole(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_every_edition_tell_their_number() {
        for (version, number) in [("19.0", 19), ("16.0+e", 16), ("saas~18.2+e", 18), ("17.0-20260101", 17)] {
            assert_eq!(major(version), Some(number), "{version}");
        }
        assert_eq!(major("next"), None);
    }

    #[test]
    fn pauses_grow_and_what_the_server_asks_for_is_kept() {
        let pauses: Vec<Duration> = (1..TRIES).map(|tries| pause(tries, &Trouble::Closed)).collect();
        assert!(pauses.windows(2).all(|pair| pair[0] < pair[1]), "{pauses:?}");
        assert!(pauses.iter().all(|pause| *pause <= LONGEST), "{pauses:?}");
        assert_eq!(pause(1, &Trouble::Busy(429, Some(Duration::from_secs(30)))), Duration::from_secs(30));
    }
}
