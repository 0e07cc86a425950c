//! The two ways to ask Odoo behind one trait: XML-RPC, and JSON-2 from Odoo 19 on. Both only ever read.

use std::borrow::Cow;

use super::http::{Answer, Http};
use super::trouble::{Trouble, first_paragraph, last_line};
use super::value::Value;
use super::xml;

/// One call of a method of a model.
#[derive(Debug, Clone)]
pub struct Call {
    /// The model, e.g. `res.partner`.
    pub model: String,
    /// The method, e.g. `search_read`.
    pub method: &'static str,
    /// The first argument. Its name differs between versions, so that XML-RPC sends it by its place.
    pub first: Option<(&'static str, Value)>,
    /// The other arguments by name.
    pub named: Vec<(&'static str, Value)>,
}

/// What a call brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The value.
    pub value: Value,
    /// Characters in it that must not be sent, and that U+FFFD stands for now.
    pub spoilt: u64,
}

/// A way to ask.
pub trait Transport {
    /// What it is called.
    fn name(&self) -> &'static str;

    /// Shows who we are; the number of the user.
    fn log_in(&self, http: &Http) -> Result<i64, Trouble>;

    /// Calls a method for the user who logged in.
    fn call(&self, http: &Http, user: i64, call: &Call) -> Result<Reply, Trouble>;
}

/// Who we are to the server.
#[derive(Clone)]
pub struct Credentials {
    /// The database.
    pub database: String,
    /// The login.
    pub user: String,
    /// The API key.
    pub key: String,
}

/// XML-RPC: `/xmlrpc/2`, in every version up to 21.
pub struct XmlRpc(pub Credentials);

impl XmlRpc {
    fn post(http: &Http, service: &str, method: &str, arguments: Vec<Value>) -> Result<Reply, Trouble> {
        let body = xml::request(method, arguments);
        let answer = http.post(&format!("/xmlrpc/2/{service}"), &[("Content-Type", "text/xml")], body)?;
        let looks = answer.body.trim_ascii_start();
        if !looks.starts_with(b"<?xml") && !looks.starts_with(b"<methodResponse") {
            return Err(not_odoo(&answer));
        }
        let (text, spoilt) = cleaned(&answer.body);
        match xml::answer(&text).map_err(Trouble::Garbled)? {
            xml::Answer::Value(value) => Ok(Reply { value, spoilt }),
            xml::Answer::Fault { code, text } => Err(fault(&code, &text)),
        }
    }

    /// What version answers there.
    pub fn version(http: &Http) -> Result<String, Trouble> {
        let reply = Self::post(http, "common", "version", Vec::new())?;
        reply
            .value
            .get("server_version")
            .and_then(Value::as_text)
            .map(str::to_owned)
            .ok_or_else(|| Trouble::Garbled("it says no version".to_owned()))
    }
}

impl Transport for XmlRpc {
    fn name(&self) -> &'static str {
        "XML-RPC"
    }

    fn log_in(&self, http: &Http) -> Result<i64, Trouble> {
        let Credentials { database, user, key } = &self.0;
        let arguments = vec![Value::text(database), Value::text(user), Value::text(key), Value::Struct(Vec::new())];
        match Self::post(http, "common", "authenticate", arguments)?.value {
            Value::Int(user) => Ok(user),
            _ => Err(Trouble::Denied),
        }
    }

    fn call(&self, http: &Http, user: i64, call: &Call) -> Result<Reply, Trouble> {
        let named = call.named.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let arguments = vec![
            Value::text(&self.0.database),
            Value::Int(user),
            Value::text(&self.0.key),
            Value::text(&call.model),
            Value::text(call.method),
            Value::List(call.first.iter().map(|(_, value)| value.clone()).collect()),
            Value::Struct(named),
        ];
        Self::post(http, "object", "execute_kw", arguments)
    }
}

/// JSON-2: `/json/2/<model>/<method>`, from Odoo 19 on.
pub struct Json2(pub Credentials);

impl Json2 {
    /// The version, where the server speaks this.
    pub fn version(http: &Http) -> Result<Option<String>, Trouble> {
        let answer = http.get("/web/version")?;
        if answer.status != 200 {
            return Ok(None);
        }
        let said: Option<Value> = serde_json::from_slice(&answer.body).ok();
        Ok(said.as_ref().and_then(|said| said.get("version")).and_then(Value::as_text).map(str::to_owned))
    }

    fn post(&self, http: &Http, model: &str, method: &str, body: &Value) -> Result<Reply, Trouble> {
        let bearer = format!("bearer {}", self.0.key);
        let headers = [
            ("Content-Type", "application/json"),
            ("Authorization", bearer.as_str()),
            ("X-Odoo-Database", self.0.database.as_str()),
        ];
        let body = serde_json::to_vec(body).map_err(|cause| Trouble::Garbled(cause.to_string()))?;
        let answer = http.post(&format!("/json/2/{model}/{method}"), &headers, body)?;
        if answer.kind != "application/json" {
            let text = String::from_utf8_lossy(&answer.body);
            let unknown = answer.status == 404 && text.contains("No database is selected");
            return Err(if unknown { Trouble::NoDatabase } else { not_odoo(&answer) });
        }
        let mut deserializer = serde_json::Deserializer::from_slice(&answer.body);
        let mut value: Value = serde::Deserialize::deserialize(&mut deserializer)
            .and_then(|value| deserializer.end().map(|()| value))
            .map_err(|cause| Trouble::Garbled(cause.to_string()))?;
        if answer.status == 200 {
            let spoilt = clean(&mut value);
            return Ok(Reply { value, spoilt });
        }
        Err(refusal(answer.status, &value))
    }
}

impl Transport for Json2 {
    fn name(&self) -> &'static str {
        "JSON-2"
    }

    fn log_in(&self, http: &Http) -> Result<i64, Trouble> {
        let reply = self.post(http, "res.users", "context_get", &Value::Struct(Vec::new()))?;
        reply.value.get("uid").and_then(Value::as_int).ok_or(Trouble::Denied)
    }

    fn call(&self, http: &Http, _: i64, call: &Call) -> Result<Reply, Trouble> {
        let arguments = call.first.iter().chain(&call.named);
        let body = arguments.map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        self.post(http, &call.model, call.method, &Value::Struct(body))
    }
}

/// The answer as text: what is no UTF-8 and what must not stand in XML becomes U+FFFD, and is counted.
fn cleaned(body: &[u8]) -> (Cow<'_, str>, u64) {
    let text = String::from_utf8_lossy(body);
    let undecodable = match text {
        Cow::Borrowed(_) => 0,
        Cow::Owned(_) => text.matches('\u{FFFD}').count() as u64,
    };
    let control = text.bytes().any(|byte| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r'));
    if !control {
        return (text, undecodable);
    }
    let mut spoilt = undecodable;
    let clean = text
        .chars()
        .map(|character| {
            let bad = xml::forbidden(character);
            spoilt += u64::from(bad);
            if bad { '\u{FFFD}' } else { character }
        })
        .collect();
    (Cow::Owned(clean), spoilt)
}

fn clean(value: &mut Value) -> u64 {
    match value {
        Value::Text(text) if text.chars().any(xml::forbidden) => {
            let spoilt = text.chars().filter(|character| xml::forbidden(*character)).count() as u64;
            *text = text.replace(xml::forbidden, "\u{FFFD}");
            spoilt
        }
        Value::List(items) => items.iter_mut().map(clean).sum(),
        Value::Struct(members) => members.iter_mut().map(|(_, value)| clean(value)).sum(),
        _ => 0,
    }
}

fn not_odoo(answer: &Answer) -> Trouble {
    let text = String::from_utf8_lossy(&answer.body);
    let start: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(60).collect();
    Trouble::NotOdoo { status: answer.status, start }
}

/// What a fault of XML-RPC means.
fn fault(code: &str, text: &str) -> Trouble {
    let line = last_line(text);
    match code {
        "3" => Trouble::Denied,
        "4" => Trouble::Forbidden(first_paragraph(text)),
        _ if code.contains("AccessDenied") => Trouble::Denied,
        _ if text.contains("does not exist") && text.contains("FATAL") => Trouble::NoDatabase,
        _ if text.contains("Invalid language code") => Trouble::NoLanguage,
        "2" if text.contains("doesn't exist") || text.contains("does not exist") => {
            Trouble::Missing(first_paragraph(text))
        }
        "2" => Trouble::Fault(first_paragraph(text)),
        _ => Trouble::Fault(line.to_owned()),
    }
}

/// What an error of JSON-2 means.
fn refusal(status: u16, said: &Value) -> Trouble {
    let text = said.get("message").and_then(Value::as_text).unwrap_or_default();
    match status {
        401 => Trouble::Denied,
        403 => Trouble::Forbidden(first_paragraph(text)),
        404 => Trouble::Missing(first_paragraph(text)),
        _ if text.contains("Invalid language code") => Trouble::NoLanguage,
        _ => Trouble::Fault(last_line(text).to_owned()),
    }
}
