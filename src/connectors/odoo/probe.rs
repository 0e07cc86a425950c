//! `source test` for Odoo: the way there step by step, each with what was found or what to do.

use chrono::{DateTime, Utc};

use super::Odoo;
use super::columns::Node;
use super::extract::Records;
use super::session::{self, Session};
use super::trouble::Trouble;
use super::value::Value;
use crate::connectors::{Kept, Probe};
use crate::error::Error;
use crate::model::Canceller;

/// How far the clocks may be apart before it is worth a word, in seconds.
const APART: i64 = 120;

/// Looks at one thing after the other and stops where the next would make no sense.
pub(super) fn probe(odoo: &Odoo, now: DateTime<Utc>) -> Vec<Probe> {
    let mut probes = Vec::new();
    let mut found = |what: &str, found: Result<String, String>| {
        let good = found.is_ok();
        probes.push(Probe { what: what.to_owned(), found });
        good
    };
    let key = odoo.key().map(|_| match &odoo.kept {
        Kept::Env(name) => format!("in the environment variable {name}"),
        Kept::Keyring(entry) => format!("in the keyring, entry {entry}"),
        Kept::File(path) => format!("in the file {}", path.display()),
    });
    if !found("API key", key.map_err(|error| told(&error))) {
        return probes;
    }
    let Ok(credentials) = odoo.credentials() else { return probes };
    let http = odoo.http(&Canceller::default());
    let (version, transport) = match session::find(&http, odoo.protocol, credentials.clone()) {
        Ok(answer) => answer,
        Err(trouble) => {
            found(&format!("server {}", odoo.options.url), Err(advice(&trouble)));
            return probes;
        }
    };
    found(&format!("server {}", odoo.options.url), Ok(format!("Odoo {version}, asked by {}", transport.name())));
    if let Some(theirs) = http.began() {
        let apart = (now - theirs).num_seconds();
        let clocks = format!("{} s apart", apart.abs());
        let clocks = if apart.abs() > APART {
            // It does no harm to a load, which goes by the server's clock alone.
            format!("{clocks}; loads go by the server's clock, so this does no harm")
        } else {
            clocks
        };
        found("clocks", Ok(clocks));
    }
    let user = match transport.log_in(&http) {
        Ok(user) => {
            found(&format!("database {}", odoo.options.database), Ok("exists".to_owned()));
            user
        }
        Err(Trouble::NoDatabase) => {
            found(&format!("database {}", odoo.options.database), Err(advice(&Trouble::NoDatabase)));
            return probes;
        }
        Err(trouble) => {
            found(&format!("user {}", odoo.options.user), Err(advice(&trouble)));
            return probes;
        }
    };
    drop(transport);
    let session = match Session::open(http, credentials, &odoo.wishes()) {
        Ok(session) => session,
        Err(trouble) => {
            found(&format!("user {}", odoo.options.user), Err(advice(&trouble)));
            return probes;
        }
    };
    found(&format!("user {}", odoo.options.user), Ok(format!("accepted, number {user}")));
    for note in &session.notes {
        found("language", Err(note.clone()));
    }
    for (entity, records) in &odoo.entities {
        found(
            &format!("{entity} ({})", records.model),
            readable(&session, records).map_err(|trouble| advice(&trouble)),
        );
    }
    probes
}

/// How many records can be read, and which columns the server has nothing for.
fn readable(session: &Session, records: &Records) -> Result<String, Trouble> {
    let domain: Vec<Value> = records.domain.iter().map(Value::from).collect();
    let count = session.count(&records.model, Value::List(domain.clone()))?;
    session.ids(&records.model, &domain, 0, 1)?;
    let mut node = Node::new(session, &records.model)?;
    let mut missing = Vec::new();
    for (name, paths) in &records.columns {
        if node.want(session, paths.all())?.is_none() {
            missing.push(name.as_str());
        }
    }
    let records = if count == 1 { "record" } else { "records" };
    Ok(match missing.as_slice() {
        [] => format!("{count} {records}"),
        missing => format!("{count} {records}; this server has nothing for {}", missing.join(", ")),
    })
}

fn told(error: &Error) -> String {
    let hints: String = error.hints().iter().map(|hint| format!("; {hint}")).collect();
    format!("{error}{hints}")
}

fn advice(trouble: &Trouble) -> String {
    match trouble.hint() {
        Some(hint) => format!("{}; {hint}", trouble.what()),
        None => trouble.what(),
    }
}
