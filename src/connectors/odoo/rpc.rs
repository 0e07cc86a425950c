//! The two ways to ask Odoo behind one trait: XML-RPC, and JSON-2 from Odoo 19 on. Both only ever read.

use super::http::{Answer, Http};
use super::json;
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

/// One condition of a domain.
pub fn condition(field: &str, operator: &str, value: Value) -> Value {
    Value::List(vec![Value::text(field), Value::text(operator), value])
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
        if looks.is_empty() {
            return Err(Trouble::Closed);
        }
        if !looks.starts_with(b"<?xml") && !looks.starts_with(b"<methodResponse") {
            return Err(not_odoo(&answer));
        }
        let (text, spoilt) = xml::cleaned(&answer.body);
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
        let said = json::answer(&xml::cleaned(&answer.body).0).ok();
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
        let (text, spoilt) = xml::cleaned(&answer.body);
        let mut value = json::answer(&text).map_err(Trouble::Garbled)?;
        if answer.status == 200 {
            let escaped = clean(&mut value);
            return Ok(Reply { value, spoilt: spoilt + escaped });
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
        let user = reply.value.get("uid").and_then(Value::as_int).ok_or(Trouble::Denied)?;
        // Here the key alone says who asks. XML-RPC refuses the key of somebody else, and so do we.
        let domain = Value::List(vec![condition("id", "=", Value::Int(user))]);
        let fields = Value::texts(["login"]);
        let body = Value::Struct(vec![("domain".to_owned(), domain), ("fields".to_owned(), fields)]);
        let records = self.post(http, "res.users", "search_read", &body)?.value;
        let login = records.as_list().and_then(|records| records.first()?.get("login")?.as_text());
        match login {
            Some(login) if login.to_lowercase() != self.0.user.to_lowercase() => {
                Err(Trouble::OtherUser(login.to_owned()))
            }
            _ => Ok(user),
        }
    }

    fn call(&self, http: &Http, _: i64, call: &Call) -> Result<Reply, Trouble> {
        let arguments = call.first.iter().chain(&call.named);
        let body = arguments.map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        self.post(http, &call.model, call.method, &Value::Struct(body))
    }
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
    match code {
        "3" => Trouble::Denied,
        "4" => Trouble::Forbidden(first_paragraph(text)),
        _ if code.contains("AccessDenied") => Trouble::Denied,
        _ if text.contains("does not exist") && text.contains("FATAL") => Trouble::NoDatabase,
        "2" if text.contains("doesn't exist") || text.contains("does not exist") => {
            Trouble::Missing(first_paragraph(text))
        }
        _ => said(text).unwrap_or_else(|| match code {
            "2" => Trouble::Fault(first_paragraph(text)),
            _ => Trouble::Fault(last_line(text).to_owned()),
        }),
    }
}

/// What the server says whichever way it was asked.
fn said(text: &str) -> Option<Trouble> {
    let line = last_line(text);
    // Without the name of the exception.
    let words = line.split_once("Error: ").map_or(line, |(_, words)| words).to_owned();
    if line.contains("Invalid language code") {
        Some(Trouble::NoLanguage)
    } else if line.contains("Invalid field") {
        Some(Trouble::NoField(words))
    } else if line.contains("cannot marshal None") || line.contains("exceeds XML-RPC limits") {
        Some(Trouble::Unsendable(words))
    } else if line.contains("MemoryError") || line.contains("time limit exceeded") {
        Some(Trouble::Exhausted(words))
    } else {
        None
    }
}

/// What an error of JSON-2 means.
fn refusal(status: u16, answer: &Value) -> Trouble {
    let text = answer.get("message").and_then(Value::as_text).unwrap_or_default();
    match status {
        401 => Trouble::Denied,
        403 => Trouble::Forbidden(first_paragraph(text)),
        404 => Trouble::Missing(first_paragraph(text)),
        _ => said(text).unwrap_or_else(|| Trouble::Fault(last_line(text).to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What real servers of 14, 17 and 19 send, each with what a user is told.
    #[test]
    fn every_fault_is_told_in_words_with_what_to_do() {
        let traceback = "Traceback (most recent call last):\n  File \"x.py\", line 3, in f\n    raise\n";
        let field = "ValueError: Invalid field 'mobile' on 'res.partner'\n";
        for (code, text, told, hint) in [
            ("3", "Access Denied", "the user name or the API key is not accepted", "keys expire"),
            ("AccessDenied", "Access Denied", "the user name or the API key is not accepted", "keys expire"),
            (
                "4",
                "You are not allowed to access 'Sales Order Line' (sale.order.line) records.\n\nThis operation is allowed for the following groups:\n\t- Sales",
                "You are not allowed to access 'Sales Order Line' (sale.order.line) records",
                "an administrator can give the user the right",
            ),
            (
                "4",
                "Uh-oh! Looks like you have stumbled upon some top-secret records.\n\nSorry",
                "Uh-oh! Looks like you have stumbled upon some top-secret records",
                "an administrator can give the user the right",
            ),
            ("2", "Object no.such.model doesn't exist", "Object no.such.model doesn't exist", ""),
            (
                "2",
                "Record does not exist or has been deleted.\n(Record: res.users(9999,), User: 9999)",
                "Record does not exist or has been deleted. (Record: res.users(9999,), User: 9999)",
                "",
            ),
            (
                "2",
                "Invalid language code: fr_FR",
                "the language is not installed on the server",
                "leave `language` away",
            ),
            (
                "1",
                &format!("{traceback}{field}"),
                "the server lacks a field: Invalid field 'mobile' on 'res.partner'",
                "take it out of the entity's `domain`",
            ),
            (
                "1",
                &format!("{traceback}ValueError: Invalid field res.partner.mobilx in condition ('mobilx', '=', 'x')\n"),
                "the server lacks a field: Invalid field res.partner.mobilx in condition ('mobilx', '=', 'x')",
                "take it out of the entity's `domain`",
            ),
            (
                "1",
                &format!(
                    "{traceback}psycopg2.OperationalError: connection to server at \"127.0.0.1\" failed: FATAL:  database \"nosuchdb\" does not exist\n\n"
                ),
                "there is no such database on the server",
                "the name is what Odoo's login page offers",
            ),
            (
                "1",
                &format!("{traceback}TypeError: cannot marshal None unless allow_none is enabled\n"),
                "the server cannot send one of the values by XML-RPC: cannot marshal None unless allow_none is enabled",
                "`protocol = \"json2\"` can",
            ),
            (
                "1",
                &format!("{traceback}OverflowError: int exceeds XML-RPC limits\n"),
                "the server cannot send one of the values by XML-RPC: int exceeds XML-RPC limits",
                "`protocol = \"json2\"` can",
            ),
            (
                "1",
                &format!("{traceback}MemoryError\n"),
                "the server ran out of time or memory: MemoryError",
                "ask for smaller pages",
            ),
            (
                "1",
                &format!("{traceback}Exception: CPU time limit exceeded.\n"),
                "the server ran out of time or memory: Exception: CPU time limit exceeded.",
                "ask for smaller pages",
            ),
        ] {
            let trouble = fault(code, text);
            assert_eq!(trouble.what(), told, "{text}");
            assert!(trouble.hint().unwrap_or_default().contains(hint), "{text}: {:?}", trouble.hint());
        }
        for (status, text, told) in [
            (401, "Invalid apikey", "the user name or the API key is not accepted"),
            (
                403,
                "You are not allowed to access 'X' (x) records.\n\nThis",
                "You are not allowed to access 'X' (x) records",
            ),
            (404, "the model 'no.such.model' does not exist", "the model 'no.such.model' does not exist"),
            (422, "Invalid language code: fr_FR", "the language is not installed on the server"),
            (422, "missing a required argument: 'domain'", "missing a required argument: 'domain'"),
            (
                500,
                "Invalid field 'mobile' on 'res.partner'",
                "the server lacks a field: Invalid field 'mobile' on 'res.partner'",
            ),
        ] {
            let body = Value::Struct(vec![("message".to_owned(), Value::text(text))]);
            assert_eq!(refusal(status, &body).what(), told, "{status} {text}");
        }
    }
}
