//! A small HTTP server that speaks Odoo's two protocols as real servers were seen to: status 200 for faults of XML-RPC,
//! `false` for nothing, records rewritten while they are read, and all the ways in which a network lets one down.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, Utc};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value, json};

/// The database that exists.
pub const DATABASE: &str = "cave";
/// The login that exists.
pub const USER: &str = "bot";
/// Its key.
pub const KEY: &str = "k3y";

/// In front of digits that are sent as a number: more of them than a number of Rust holds.
const NUMBER: &str = "number ";

/// A field whose value is sent as a number with exactly these digits.
pub fn number_of(digits: &str) -> Value {
    json!(format!("{NUMBER}{digits}"))
}

/// Something that goes wrong once.
#[derive(Debug, Clone)]
pub enum Mishap {
    /// The connection is closed without an answer.
    Close,
    /// This status, with HTML.
    Html(u16),
    /// 429 with the seconds to wait.
    TooMany(u64),
    /// The answer comes after this long.
    Slow(Duration),
    /// The answer is cut off in the middle of its body.
    Cut,
    /// This instead of what was asked for, with status 200.
    Other(&'static str, Vec<u8>),
    /// The answer is this many bytes of nothing.
    Huge(usize),
    /// Another address is pointed to.
    Redirect(&'static str),
}

/// A model: its fields with type and relation, and its records.
#[derive(Default, Clone)]
pub struct Model {
    pub fields: BTreeMap<&'static str, (&'static str, &'static str)>,
    pub records: BTreeMap<i64, Map<String, Value>>,
}

/// Everything the server knows.
pub struct World {
    pub version: &'static str,
    pub clock: DateTime<Utc>,
    pub models: BTreeMap<&'static str, Model>,
    pub forbidden: HashSet<&'static str>,
    /// Whose key it is, where it is not the bot's.
    pub stranger: Option<&'static str>,
    pub expired: bool,
    /// Packs answers.
    pub gzip: bool,
    /// What goes wrong with the next reads of records, in turn; `None` for nothing.
    pub mishaps: VecDeque<Option<Mishap>>,
    /// What is done to the world before each page of records is read.
    pub before_page: Option<fn(&mut World, u64)>,
    /// The limits of the pages that were asked for, and of which model.
    pub pages: Vec<(String, u64)>,
    /// Bodies of all requests.
    pub requests: Vec<String>,
}

impl World {
    /// A record of a model, made now.
    pub fn put(&mut self, model: &'static str, id: i64, values: Value) {
        let written = self.clock.format("%Y-%m-%d %H:%M:%S").to_string();
        let model = self.models.get_mut(model).expect("the model");
        let record = model.records.entry(id).or_default();
        record.insert("id".into(), json!(id));
        record.entry("active").or_insert(json!(true));
        record.entry("create_date").or_insert(json!(written));
        record.insert("write_date".into(), json!(written));
        for (name, value) in values.as_object().expect("values by name") {
            record.insert(name.clone(), value.clone());
        }
    }

    fn get(&self, model: &str, id: i64, field: &str) -> Value {
        let record = self.models.get(model).and_then(|model| model.records.get(&id));
        record.and_then(|record| record.get(field)).cloned().unwrap_or(json!(false))
    }

    /// Sets a field without a trace in `write_date`, as what is computed from elsewhere changes.
    pub fn slip(&mut self, model: &'static str, id: i64, field: &str, value: Value) {
        let records = &mut self.models.get_mut(model).expect("the model").records;
        records.get_mut(&id).expect("the record").insert(field.to_owned(), value);
    }

    /// The values at the end of a path, for domains.
    fn at(&self, model: &str, id: i64, path: &str) -> Vec<Value> {
        let Some((first, rest)) = path.split_once('.') else { return vec![self.get(model, id, path)] };
        let relation = self.models[model].fields.get(first).map(|(_, relation)| *relation).unwrap_or_default();
        let ids = match self.get(model, id, first) {
            Value::Array(ids) => ids.iter().filter_map(Value::as_i64).collect(),
            one => Vec::from_iter(one.as_i64()),
        };
        ids.into_iter().flat_map(|id| self.at(relation, id, rest)).collect()
    }

    /// The models that a path leads through.
    fn behind(&self, model: &str, path: &str) -> Vec<&'static str> {
        let (mut model, mut through) = (model.to_owned(), Vec::new());
        let mut steps: Vec<&str> = path.split('.').collect();
        steps.pop();
        for step in steps {
            let Some((_, relation)) = self.models[model.as_str()].fields.get(step) else { break };
            through.push(*relation);
            model = (*relation).to_owned();
        }
        through
    }

    fn meets(&self, model: &str, id: i64, domain: &[Value]) -> bool {
        let mut results = Vec::new();
        for term in domain.iter().rev() {
            match term {
                Value::String(or) if or == "|" => {
                    let (a, b): (bool, bool) = (results.pop().expect("a term"), results.pop().expect("a term"));
                    results.push(a || b);
                }
                term => {
                    let [field, operator, wanted] = term.as_array().expect("a condition").as_slice() else {
                        panic!("no condition: {term}")
                    };
                    let field = field.as_str().expect("a field");
                    let holds = |have: &Value| match operator.as_str().expect("an operator") {
                        "=" => *have == *wanted,
                        "in" => wanted.as_array().expect("a list").contains(have),
                        ">" => number(have) > number(wanted),
                        ">=" => {
                            let moment = wanted.as_str().expect("a moment");
                            assert_eq!(moment.len(), 19, "Odoo 19 refuses moments written otherwise: {moment}");
                            have.as_str().unwrap_or_default() >= moment
                        }
                        other => panic!("operator {other}"),
                    };
                    // What a reference leads nowhere is compared as nothing.
                    let have = self.at(model, id, field);
                    results.push(if have.is_empty() { holds(&json!(false)) } else { have.iter().any(holds) });
                }
            }
        }
        results.iter().all(|result| *result)
    }

    /// A field as it goes out: references with the name of what they refer to.
    fn shown(&self, model: &str, id: i64, field: &str) -> Value {
        let (kind, relation) = self.models[model].fields[field];
        let value = if field == "display_name" { self.get(model, id, "name") } else { self.get(model, id, field) };
        match (kind, value.as_i64()) {
            ("many2one", Some(to)) => json!([to, self.get(relation, to, "name")]),
            _ => value,
        }
    }

    fn call(&mut self, model: &str, method: &str, first: Option<&Value>, named: &Value) -> Result<Value, Fault> {
        if !self.models.contains_key(model) {
            return Err(Fault { code: 2, status: 404, text: format!("Object {model} doesn't exist") });
        }
        // Which fields a model has is told to everybody.
        if self.forbidden.contains(model) && !["context_get", "fields_get"].contains(&method) {
            let text =
                format!("You are not allowed to access 'X' ({model}) records.\n\nThis operation is allowed for…");
            return Err(Fault { code: 4, status: 403, text });
        }
        let context = &named["context"];
        let all = context["active_test"] == json!(false);
        let none = Vec::new();
        let domain = first.and_then(Value::as_array).unwrap_or(&none).clone();
        for term in domain.iter().filter_map(Value::as_array) {
            let field = term[0].as_str().unwrap_or_default().split('.').next().unwrap_or_default();
            if !self.models[model].fields.contains_key(field) {
                let text = format!("Traceback…\nValueError: Invalid field {model}.{field} in condition ('{field}')\n");
                return Err(Fault { code: 1, status: 500, text });
            }
        }
        // What a condition looks at behind a reference must be allowed, too.
        let behind = domain.iter().filter_map(Value::as_array).filter_map(|term| term[0].as_str());
        if let Some(barred) = behind.flat_map(|path| self.behind(model, path)).find(|to| self.forbidden.contains(to)) {
            let text =
                format!("You are not allowed to access 'X' ({barred}) records.\n\nThis operation is allowed for…");
            return Err(Fault { code: 4, status: 403, text });
        }
        let chosen = |world: &World| -> Vec<i64> {
            let records = &world.models[model].records;
            let seen = |id: &i64| all || records[id].get("active") != Some(&json!(false));
            records.keys().copied().filter(seen).filter(|id| world.meets(model, *id, &domain)).collect()
        };
        match method {
            "context_get" => Ok(json!({ "lang": "fr_FR", "tz": "Europe/Paris", "uid": 7 })),
            "fields_get" => {
                assert!(named["attributes"].is_array(), "without attributes, some models cannot be sent");
                let fields = self.models[model].fields.iter().map(|(name, (kind, relation))| {
                    let mut field = json!({ "type": kind, "searchable": true });
                    if !relation.is_empty() {
                        field["relation"] = json!(relation);
                    }
                    ((*name).to_owned(), field)
                });
                Ok(Value::Object(fields.collect()))
            }
            "search_count" => Ok(json!(chosen(self).len())),
            "search" | "search_read" => {
                let limit = named["limit"].as_u64().unwrap_or(u64::MAX);
                if method == "search_read" && named["order"] == json!("id") {
                    self.pages.push((model.to_owned(), limit));
                    if let Some(before) = self.before_page {
                        before(self, self.pages.len() as u64);
                    }
                }
                let most = usize::try_from(limit).unwrap_or(usize::MAX);
                let ids: Vec<i64> = chosen(self).into_iter().take(most).collect();
                if method == "search" {
                    return Ok(json!(ids));
                }
                let fields: Vec<&str> =
                    named["fields"].as_array().expect("fields are named").iter().filter_map(Value::as_str).collect();
                for field in &fields {
                    if !self.models[model].fields.contains_key(field) {
                        let text = format!("Traceback…\nValueError: Invalid field '{field}' on '{model}'\n");
                        return Err(Fault { code: 1, status: 500, text });
                    }
                }
                let record = |id: i64| -> Value {
                    fields.iter().map(|field| ((*field).to_owned(), self.shown(model, id, field))).collect()
                };
                Ok(ids.into_iter().map(record).collect())
            }
            other => panic!("the client calls {other}, which may change something"),
        }
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(0.0)
}

struct Fault {
    code: i64,
    status: u16,
    text: String,
}

/// The server; it ends with the test.
pub struct Server {
    pub url: String,
    world: Arc<Mutex<World>>,
}

impl Server {
    /// A server of that version with a little cellar in it.
    pub fn of(version: &'static str) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let world = Arc::new(Mutex::new(super::cellar::cellar(version)));
        let shared = Arc::clone(&world);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let world = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &world));
            }
        });
        Server { url, world }
    }

    /// What the server knows, to look at and to change.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

fn serve(mut stream: TcpStream, world: &Mutex<World>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second end"));
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        if line.trim().is_empty() {
            break;
        }
        head.push_str(&line);
    }
    let header = |name: &str| {
        let line = head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}:")))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let body = String::from_utf8(body).expect("requests are UTF-8");

    let mut world = world.lock().unwrap_or_else(|broken| broken.into_inner());
    world.requests.push(body.clone());
    let asked = format!("{path} {body}");
    let reads_records = asked.contains("search_read") && !asked.contains("res.users");
    let mishap = if reads_records { world.mishaps.pop_front().flatten() } else { None };
    let date = world.clock.to_rfc2822();
    let (status, kind, answer) = match (&mishap, path.as_str()) {
        (Some(Mishap::Close), _) => return,
        (Some(Mishap::Html(status)), _) => (*status, "text/html", b"<html><title>Bad gateway</title></html>".to_vec()),
        (Some(Mishap::TooMany(_)), _) => (429, "text/plain", b"slow down".to_vec()),
        (Some(Mishap::Other(kind, body)), _) => (200, *kind, body.clone()),
        (Some(Mishap::Huge(bytes)), _) => (200, "text/xml", vec![b' '; *bytes]),
        (Some(Mishap::Redirect(_)), _) => (302, "text/html", Vec::new()),
        (_, "/web/version") if world.version >= "19" => {
            (200, "application/json", json!({ "version": world.version, "version_info": [] }).to_string().into_bytes())
        }
        (_, path) if path.starts_with("/xmlrpc/2/") => {
            (200, "text/xml; charset=utf-8", xml_rpc(&mut world, path, &body))
        }
        (_, path) if path.starts_with("/json/2/") && world.version >= "19" => {
            let sent = |name: &str| header(name).unwrap_or_default();
            json_2(&mut world, path, &sent("authorization"), &sent("x-odoo-database"), &body)
        }
        _ => (404, "text/html", b"<!DOCTYPE html><title>404 Not Found</title>".to_vec()),
    };
    let gzip = world.gzip;
    drop(world);
    if let Some(Mishap::Slow(pause)) = mishap {
        std::thread::sleep(pause);
    }
    let answer = if gzip { packed(&answer) } else { answer };
    let mut head = format!(
        "HTTP/1.1 {status} X\r\nDate: {date}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n",
        answer.len()
    );
    match mishap {
        Some(Mishap::TooMany(seconds)) => head.push_str(&format!("Retry-After: {seconds}\r\n")),
        Some(Mishap::Redirect(to)) => head.push_str(&format!("Location: {to}\r\n")),
        _ => {}
    }
    if gzip {
        head.push_str("Content-Encoding: gzip\r\n");
    }
    let sent = if matches!(mishap, Some(Mishap::Cut)) { &answer[..answer.len() / 2] } else { &answer[..] };
    // Whoever cancelled is no longer there.
    let _ = stream.write_all(format!("{head}\r\n").as_bytes()).and_then(|()| stream.write_all(sent));
}

fn packed(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body).expect("packed");
    encoder.finish().expect("packed")
}

fn xml_rpc(world: &mut World, path: &str, body: &str) -> Vec<u8> {
    let (method, arguments) = request(body);
    let text = |at: usize| arguments.get(at).and_then(Value::as_str).unwrap_or_default();
    let known = !world.expired && text(2) == KEY;
    let outcome = match (path, method.as_str()) {
        ("/xmlrpc/2/common", "version") => Ok(json!({ "server_version": world.version, "protocol_version": 1 })),
        ("/xmlrpc/2/common", "authenticate") if text(0) != DATABASE => Err(Fault {
            code: 1,
            status: 200,
            text: format!("Traceback…\npsycopg2.OperationalError: FATAL:  database \"{}\" does not exist\n", text(0)),
        }),
        ("/xmlrpc/2/common", "authenticate") => {
            Ok(if known && text(1) == world.stranger.unwrap_or(USER) { json!(7) } else { json!(false) })
        }
        ("/xmlrpc/2/object", "execute_kw") if !known => {
            Err(Fault { code: 3, status: 200, text: "Access Denied".into() })
        }
        ("/xmlrpc/2/object", "execute_kw") => {
            let first = arguments[5].as_array().and_then(|positional| positional.first()).cloned();
            let (model, method) = (text(3).to_owned(), text(4).to_owned());
            world.call(&model, &method, first.as_ref(), &arguments[6])
        }
        other => panic!("the client calls {other:?}"),
    };
    let inner = match outcome {
        Ok(value) => format!("<params>\n<param>\n<value>{}</value>\n</param>\n</params>\n", xml(&value)),
        Err(fault) => {
            let fault = json!({ "faultCode": fault.code, "faultString": fault.text });
            format!("<fault>\n<value>{}</value>\n</fault>\n", xml(&fault))
        }
    };
    format!("<?xml version=\"1.0\"?>\n<methodResponse>\n{inner}\n</methodResponse>").into_bytes()
}

fn json_2(world: &mut World, path: &str, key: &str, database: &str, body: &str) -> (u16, &'static str, Vec<u8>) {
    const JSON: &str = "application/json; charset=utf-8";
    let error =
        |status: u16, text: &str| (status, JSON, json!({ "name": "x", "message": text }).to_string().into_bytes());
    if database != DATABASE {
        let page = b"<!DOCTYPE html><title>404 Not Found</title><p>No database is selected and the requested URL was not found";
        return (404, "text/html; charset=utf-8", page.to_vec());
    }
    if world.expired || key != format!("bearer {KEY}") {
        return error(401, "Invalid apikey");
    }
    let arguments: Value = serde_json::from_str(body).expect("a JSON body");
    let mut steps = path.split('/').skip(3);
    let (model, method) = (steps.next().unwrap_or_default(), steps.next().unwrap_or_default());
    match world.call(model, method, arguments.get("domain"), &arguments) {
        Ok(value) => (200, JSON, bare_numbers(&value.to_string()).into_bytes()),
        Err(fault) => error(fault.status, &fault.text),
    }
}

/// Takes the quotes off what [`number_of`] made.
fn bare_numbers(text: &str) -> String {
    let marked = format!("\"{NUMBER}");
    let mut parts = text.split(&marked);
    let mut bare = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        bare.push_str(&part.replacen('"', "", 1));
    }
    bare
}

fn xml(value: &Value) -> String {
    match value {
        Value::String(text) if text.starts_with(NUMBER) => {
            let digits = &text[NUMBER.len()..];
            let kind = if digits.bytes().all(|byte| byte.is_ascii_digit()) { "int" } else { "double" };
            format!("<{kind}>{digits}</{kind}>")
        }
        Value::Null => "<nil/>".into(),
        Value::Bool(yes) => format!("<boolean>{}</boolean>", u8::from(*yes)),
        Value::Number(number) if number.is_i64() || number.is_u64() => format!("<int>{number}</int>"),
        Value::Number(number) => format!("<double>{number}</double>"),
        Value::String(text) => {
            format!("<string>{}</string>", text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
        }
        Value::Array(items) => {
            let items: String = items.iter().map(|item| format!("<value>{}</value>\n", xml(item))).collect();
            format!("<array><data>\n{items}</data></array>")
        }
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| {
                format!("<member>\n<name>{name}</name>\n<value>{}</value>\n</member>\n", xml(value))
            };
            format!("<struct>\n{}</struct>", members.iter().map(member).collect::<String>())
        }
    }
}

/// The method and the arguments of a request.
fn request(body: &str) -> (String, Vec<Value>) {
    let mut reader = Reader::from_str(body);
    let (mut method, mut arguments) = (String::new(), Vec::new());
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Start(tag) if tag.local_name().as_ref() == "methodName" => method = text(&mut reader),
            Event::Start(tag) if tag.local_name().as_ref() == "value" => arguments.push(value(&mut reader)),
            Event::Eof => return (method, arguments),
            _ => {}
        }
    }
}

fn text(reader: &mut Reader<&[u8]>) -> String {
    let mut text = String::new();
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Text(part) => text.push_str(&part),
            Event::GeneralRef(name) => text.push_str(match &*name {
                "lt" => "<",
                "gt" => ">",
                "amp" => "&",
                other => panic!("&{other};"),
            }),
            _ => return text,
        }
    }
}

fn value(reader: &mut Reader<&[u8]>) -> Value {
    let mut found = Value::Null;
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Start(tag) => {
                found = match tag.local_name().as_ref() {
                    "string" => json!(text(reader)),
                    "i4" | "int" | "i8" => json!(text(reader).parse::<i64>().expect("a number")),
                    "boolean" => json!(text(reader) == "1"),
                    "array" => list(reader),
                    "struct" => members(reader),
                    other => panic!("<{other}>"),
                }
            }
            Event::End(_) => return found,
            _ => {}
        }
    }
}

fn list(reader: &mut Reader<&[u8]>) -> Value {
    let mut items = Vec::new();
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Start(tag) if tag.local_name().as_ref() == "value" => items.push(value(reader)),
            Event::End(tag) if tag.local_name().as_ref() == "array" => return Value::Array(items),
            _ => {}
        }
    }
}

fn members(reader: &mut Reader<&[u8]>) -> Value {
    let (mut all, mut name) = (Map::new(), String::new());
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Start(tag) if tag.local_name().as_ref() == "name" => name = text(reader),
            Event::Start(tag) if tag.local_name().as_ref() == "value" => {
                all.insert(std::mem::take(&mut name), value(reader));
            }
            Event::End(tag) if tag.local_name().as_ref() == "struct" => return Value::Object(all),
            _ => {}
        }
    }
}
