//! `source test` for Odoo: the way there step by step, each with what was found or what to do.

use chrono::{DateTime, Utc};

use super::Odoo;
use super::columns::Node;
use super::extract::Records;
use super::session::{self, Session};
use super::trouble::Trouble;
use super::value::Value;
use crate::connectors::{Kept, Trial};
use crate::error::Error;

/// How far the clocks may be apart before it is worth a word, in seconds.
const APART: i64 = 120;

/// Looks at one thing after the other and stops where the next would make no sense.
pub(super) fn probe(odoo: &Odoo, now: DateTime<Utc>, trial: &Trial) {
    trial.begin("API key");
    let key = odoo.key().map(|_| match &odoo.kept {
        Kept::Env(name) => format!("in the environment variable {name}"),
        Kept::Keyring(entry) => format!("in the keyring, entry {entry}"),
        Kept::File(path) => format!("in the file {}", path.display()),
    });
    if !trial.found("API key", key.map_err(|error| told(&error))) {
        return;
    }
    let Ok(credentials) = odoo.credentials() else { return };
    let http = odoo.http(trial.canceller);
    let server = format!("server {}", odoo.options.url);
    trial.begin(&server);
    let (version, transport) = match session::find(&http, odoo.protocol, credentials.clone()) {
        Ok(answer) => answer,
        Err(trouble) => {
            trial.found(&server, Err(advice(&trouble)));
            return;
        }
    };
    trial.found(&server, Ok(format!("Odoo {version}, asked by {}", transport.name())));
    if let Some(theirs) = http.began() {
        let apart = (now - theirs).num_seconds();
        let clocks = format!("{} s apart", apart.abs());
        let clocks = if apart.abs() > APART {
            // It does no harm to a load, which goes by the server's clock alone.
            format!("{clocks}; loads go by the server's clock, so this does no harm")
        } else {
            clocks
        };
        trial.found("clocks", Ok(clocks));
    }
    let (database, user) = (format!("database {}", odoo.options.database), format!("user {}", odoo.options.user));
    trial.begin(&database);
    let number = match transport.log_in(&http) {
        Ok(number) => {
            trial.found(&database, Ok("exists".to_owned()));
            number
        }
        Err(Trouble::NoDatabase) => {
            trial.found(&database, Err(advice(&Trouble::NoDatabase)));
            return;
        }
        Err(trouble) => {
            trial.found(&user, Err(advice(&trouble)));
            return;
        }
    };
    drop(transport);
    trial.begin(&user);
    let session = match Session::open(http, credentials, &odoo.wishes()) {
        Ok(session) => session,
        Err(trouble) => {
            trial.found(&user, Err(advice(&trouble)));
            return;
        }
    };
    trial.found(&user, Ok(format!("accepted, number {number}")));
    let zone = match session.zone() {
        Some(zone) => zone.to_string(),
        None => "UTC; the user has none in Odoo, and `timezone` of the source says none".to_owned(),
    };
    trial.found("time zone of days", Ok(zone));
    for note in &session.notes {
        trial.found("language", Err(note.clone()));
    }
    for (entity, records) in &odoo.entities {
        if trial.canceller.is_cancelled() {
            return;
        }
        let looked = format!("{entity} ({})", records.model);
        trial.begin(&looked);
        trial.found(&looked, readable(&session, records).map_err(|trouble| advice(&trouble)));
    }
}

/// How many records can be read, and which columns the server has nothing for.
fn readable(session: &Session, records: &Records) -> Result<String, Trouble> {
    let domain: Vec<Value> = records.domain.iter().map(Value::from).collect();
    let count = session.count(&records.model, Value::List(domain.clone()))?;
    session.ids(&records.model, &domain, 0, 1)?;
    let mut node = Node::new(session, &records.model)?;
    let mut missing = Vec::new();
    for (name, filling) in &records.columns {
        if node.want(session, filling)?.is_empty() {
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
