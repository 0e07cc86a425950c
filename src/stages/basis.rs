//! The basis of a check: everything beside the decisions that it stands on, as digests. Neighbours: `check`, which keeps it with its
//! verdict, `recheck`, which asks whether findings still stand on it, and `gate`, which says what is another now.

use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use indexmap::IndexSet;
use serde::{Deserialize, Serialize};

use super::map::{self, Plan};
use crate::error::{Error, Result};
use crate::model::Gate;
use crate::rules::user::{self, UserRule};
use crate::store::Store;

/// Everything beside the decisions that a check stands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// The version of the program.
    version: String,
    /// The day of the check, and the day of the last load.
    days: (NaiveDate, String),
    schema: String,
    /// By source.
    mappings: Vec<(String, String)>,
    /// The user's own, by file.
    rules: Vec<(String, String)>,
    staged: Vec<Staged>,
    unloaded: Vec<String>,
    gate: String,
    /// The last commit.
    commit: u64,
}

/// What is staged of an entity: of which load, and where.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Staged {
    source: String,
    entity: String,
    load: i64,
    relation: String,
}

impl Basis {
    /// What a check stands on now.
    ///
    /// # Errors
    /// A rule of the user's own cannot be read.
    pub fn now(store: &Store, plan: &Plan, rules_dir: &Path, gate: &Gate, today: NaiveDate) -> Result<Basis> {
        let staged = "SELECT source, entity, load, relation FROM dq.staged ORDER BY ALL";
        let rules = user::load(rules_dir)?;
        Ok(Basis {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            days: (today, map::last_day(store)?),
            schema: digest(plan.schema()),
            mappings: plan.mappings().iter().map(|(source, mapping)| (source.clone(), digest(mapping))).collect(),
            rules: rules.into_iter().map(digest_of_rule).collect(),
            staged: store.query(staged, [], |row| {
                Ok(Staged { source: row.get(0)?, entity: row.get(1)?, load: row.get(2)?, relation: row.get(3)? })
            })?,
            unloaded: plan.unloaded().to_vec(),
            gate: digest(gate),
            commit: store.count("SELECT max(id) FROM dq.commits")?,
        })
    }

    /// What the last check stood on; `None` where it is not known.
    pub fn of_last_check(store: &Store) -> Result<Option<Basis>> {
        let kept: Option<Option<String>> = store.first("SELECT basis FROM dq.verdict", [], |row| row.get(0))?;
        let broken = |cause| Error::internal("what the last check stood on cannot be read").caused_by(cause);
        kept.flatten().map(|kept| serde_json::from_str(&kept).map_err(broken)).transpose()
    }

    /// As it is kept beside a verdict.
    pub fn to_json(&self) -> Result<String> {
        let broken = |cause| Error::internal("what the check stood on cannot be kept").caused_by(cause);
        serde_json::to_string(self).map_err(broken)
    }

    /// What the mappings read and no load has brought yet, in words: `clients of isavigne_prod`.
    pub fn unloaded(&self) -> &[String] {
        &self.unloaded
    }

    /// The day of the check.
    pub(super) fn day(&self) -> NaiveDate {
        self.days.0
    }

    /// The same after a commit that was made with what stands `now`.
    pub(super) fn after_commit(&self, now: &Basis, id: i64) -> Basis {
        let (gate, unloaded) = (now.gate.clone(), now.unloaded.clone());
        Basis { gate, unloaded, commit: id.unsigned_abs(), ..self.clone() }
    }

    /// Whether candidates and findings are the same on both.
    pub(super) fn finds_the_same(&self, other: &Basis) -> bool {
        let Basis { version, days, schema, mappings, rules, staged, unloaded: _, gate: _, commit: _ } = self;
        (version, days, schema, mappings, rules, staged)
            == (&other.version, &other.days, &other.schema, &other.mappings, &other.rules, &other.staged)
    }

    /// Whether the gate asks the same on both, of the same findings.
    pub(super) fn asks_the_same(&self, other: &Basis) -> bool {
        (&self.gate, &self.unloaded, self.commit) == (&other.gate, &other.unloaded, other.commit)
    }

    /// What has come since a check that stood on this and would be found otherwise now, in words that begin a sentence and end before
    /// the number of the check: `isavigne_prod was loaded after`. Another day alone is none: who commits after midnight commits
    /// what was checked before it, unless a waiver ran out by then.
    pub fn outdated_by(&self, now: &Basis) -> Option<String> {
        let list =
            |names: Vec<&str>| names.into_iter().collect::<IndexSet<_>>().into_iter().collect::<Vec<_>>().join(", ");
        let sources = |some: &Basis, other: &Basis| {
            list(some.staged.iter().filter(|one| !other.staged.contains(one)).map(|one| one.source.as_str()).collect())
        };
        let (come, gone) = (sources(now, self), sources(self, now));
        if !come.is_empty() {
            return Some(format!("{come} was loaded after"));
        }
        if !gone.is_empty() {
            return Some(format!("what was loaded of {gone} has gone since"));
        }
        let mut changed: Vec<String> = Vec::new();
        if self.schema != now.schema {
            changed.push(map::SCHEMA.to_owned());
        }
        // The mapping of a source that was never loaded feeds nothing.
        let is_fed =
            |source: &&str| [self, now].iter().any(|some| some.staged.iter().any(|one| one.source == **source));
        let mappings = differing(&self.mappings, &now.mappings).into_iter().filter(is_fed);
        changed.extend(mappings.map(|source| format!("the mapping of {source}")));
        changed.extend(differing(&self.rules, &now.rules).into_iter().map(|file| format!("rules/{file}")));
        if self.version != now.version {
            changed.push("tastevin itself".to_owned());
        }
        (!changed.is_empty()).then(|| format!("{} changed since", changed.join(", ")))
    }
}

/// The names of which one side has something else than the other, or nothing.
fn differing<'b>(before: &'b [(String, String)], now: &'b [(String, String)]) -> IndexSet<&'b str> {
    let only = |some: &'b [(String, String)], other: &'b [(String, String)]| {
        some.iter().filter(|one| !other.contains(one)).map(|(name, _)| name.as_str())
    };
    only(now, before).chain(only(before, now)).collect()
}

/// A digest of a rule, by the name of its file: the folder may be reached on another way next time.
fn digest_of_rule(rule: UserRule) -> (String, String) {
    let file = rule.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    (file, digest(&UserRule { file: PathBuf::new(), ..rule }))
}

/// A digest of whatever can be written out.
pub(super) fn digest(of: &impl Debug) -> String {
    let mut digest = DefaultHasher::new();
    format!("{of:?}").hash(&mut digest);
    format!("{:016x}", digest.finish())
}
