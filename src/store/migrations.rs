//! The workbench's own tables, and how an older workspace gets them.

use super::Store;
use crate::error::{Error, Result};

/// One script per version of the database, applied in order. A script is never changed once released.
const SCRIPTS: &[&str] = &[
    // 1
    r#"
CREATE SCHEMA IF NOT EXISTS staging;
CREATE SCHEMA IF NOT EXISTS candidate;
CREATE SCHEMA IF NOT EXISTS canonical;
CREATE SCHEMA IF NOT EXISTS quarantine;

-- Every run of every source. `detail` is the model's Load as JSON.
CREATE TABLE dq.loads (
    id BIGINT PRIMARY KEY, source VARCHAR NOT NULL, status VARCHAR NOT NULL,
    started TIMESTAMP NOT NULL, ended TIMESTAMP,
    rows_in BIGINT NOT NULL, staged BIGINT NOT NULL, rejected BIGINT NOT NULL, detail VARCHAR NOT NULL
);
-- The staged entities: which load each holds, and where its files are. `origin` numbers the files of one entity.
CREATE TABLE dq.staged (
    source VARCHAR NOT NULL, entity VARCHAR NOT NULL, load BIGINT NOT NULL, relation VARCHAR NOT NULL, rows BIGINT NOT NULL,
    PRIMARY KEY (source, entity)
);
CREATE TABLE dq.files (
    source VARCHAR NOT NULL, entity VARCHAR NOT NULL, file VARCHAR NOT NULL,
    path VARCHAR NOT NULL, first_row BIGINT NOT NULL, rows BIGINT NOT NULL,
    bytes BIGINT NOT NULL, modified TIMESTAMP, dialect VARCHAR NOT NULL
);
-- From row `row` of the entity on (rows counted from 1), line = _row + shift; `byte` is where row `row` begins.
CREATE TABLE dq.lines (
    source VARCHAR NOT NULL, entity VARCHAR NOT NULL, row BIGINT NOT NULL, shift BIGINT NOT NULL, byte BIGINT NOT NULL
);
CREATE TABLE dq.rejects (
    load BIGINT NOT NULL, source VARCHAR NOT NULL, entity VARCHAR NOT NULL,
    file VARCHAR NOT NULL, line BIGINT NOT NULL, reason VARCHAR NOT NULL, raw VARCHAR NOT NULL
);
-- Findings of the last check.
CREATE TABLE dq.anomalies (
    rule VARCHAR NOT NULL, severity VARCHAR NOT NULL, "table" VARCHAR NOT NULL, "row" VARCHAR NOT NULL,
    field VARCHAR NOT NULL, value VARCHAR, message VARCHAR NOT NULL, suggestion VARCHAR,
    source VARCHAR NOT NULL, entity VARCHAR NOT NULL, _row BIGINT NOT NULL, status VARCHAR NOT NULL
);
-- Tallies of every check: rule × table × field.
CREATE TABLE dq.metrics (
    "check" BIGINT NOT NULL, "at" TIMESTAMP NOT NULL, rule VARCHAR NOT NULL, severity VARCHAR NOT NULL,
    "table" VARCHAR NOT NULL, field VARCHAR NOT NULL, open BIGINT NOT NULL, waived BIGINT NOT NULL, rows BIGINT NOT NULL
);
-- Scores of every check per table.
CREATE TABLE dq.scores (
    "check" BIGINT NOT NULL, "at" TIMESTAMP NOT NULL, "table" VARCHAR NOT NULL, rows BIGINT NOT NULL,
    blocking BIGINT NOT NULL, warning BIGINT NOT NULL, score DOUBLE NOT NULL
);
-- What the last check found in sum, the model's Verdict as JSON; one row.
CREATE TABLE dq.verdict ("check" BIGINT NOT NULL, detail VARCHAR NOT NULL);
-- The ledger as it was last read, one row per decision and row it is about; rebuilt from decisions.jsonl.
CREATE TABLE dq.decisions (
    seq BIGINT NOT NULL, id VARCHAR NOT NULL, "at" TIMESTAMP NOT NULL, who VARCHAR NOT NULL, kind VARCHAR NOT NULL,
    "table" VARCHAR, "row" VARCHAR, field VARCHAR, was VARCHAR, now VARCHAR, rule VARCHAR, until DATE, why VARCHAR,
    active BOOLEAN NOT NULL
);
CREATE TABLE dq.conflicts (
    decision VARCHAR NOT NULL, "table" VARCHAR NOT NULL, "row" VARCHAR NOT NULL, field VARCHAR NOT NULL,
    was VARCHAR, now VARCHAR, found VARCHAR, reason VARCHAR NOT NULL
);
-- The commit log. `detail` is the model's Commit as JSON.
CREATE TABLE dq.commits (
    id BIGINT PRIMARY KEY, "at" TIMESTAMP NOT NULL, who VARCHAR NOT NULL, message VARCHAR NOT NULL,
    reverts BIGINT, hash VARCHAR NOT NULL, detail VARCHAR NOT NULL
);
"#,
    // 2: the decisions that the last check knew, as a fingerprint.
    "ALTER TABLE dq.verdict ADD COLUMN decisions VARCHAR;",
    // 3: the money that hangs on the row of a finding.
    "ALTER TABLE dq.anomalies ADD COLUMN stake DECIMAL(38,4);",
    // 4: what a connector wants to be told at the next load of an entity: up to where it has read.
    "CREATE TABLE dq.cursors (source VARCHAR NOT NULL, entity VARCHAR NOT NULL, state VARCHAR NOT NULL);",
    // 5: what a check after a decision stands on: what else than decisions went into the last check, which decisions it
    // knew, and where the rows are that decisions leave out.
    r#"
ALTER TABLE dq.verdict ADD COLUMN basis VARCHAR;
CREATE TABLE dq.checked (id VARCHAR NOT NULL);
CREATE TABLE dq.left_out (
    "table" VARCHAR NOT NULL, _key VARCHAR NOT NULL, _source VARCHAR NOT NULL, _entity VARCHAR NOT NULL, _row BIGINT NOT NULL
);
"#,
    // 6: where references point to rows that were merged into others: the field that they refer to, its value in the export,
    // the value of the row that stays, and the decision. What was checked before knew nothing of it.
    r#"
CREATE TABLE dq.repointed (
    "table" VARCHAR NOT NULL, field VARCHAR NOT NULL, was VARCHAR NOT NULL, now VARCHAR NOT NULL, decision VARCHAR NOT NULL
);
UPDATE dq.verdict SET basis = NULL;
"#,
    // 7: what a check stood on is told apart by what it is. What was written before says only that something is another.
    "UPDATE dq.verdict SET basis = NULL;",
    // 8: the money that hangs on open findings in all, and which money that is.
    "ALTER TABLE dq.verdict ADD COLUMN stake DECIMAL(38,4); ALTER TABLE dq.verdict ADD COLUMN stake_of VARCHAR;",
];

/// Refuses a database that cannot be brought up to date because it is open for reading only.
pub(super) fn require_newest(store: &Store) -> Result<()> {
    let newest = SCRIPTS.len() as u64;
    let have = store.count("SELECT max(version) FROM dq.version")?;
    if have < newest {
        return Err(Error::config(format!(
            "the workspace was written by an older tastevin (database version {have}, this one knows {newest})"
        ))
        .hint("open it once without --read-only, which brings it up to date"));
    }
    Ok(())
}

pub(super) fn migrate(store: &Store) -> Result<()> {
    store.run("CREATE SCHEMA IF NOT EXISTS dq; CREATE TABLE IF NOT EXISTS dq.version (version INTEGER NOT NULL)")?;
    let newest = SCRIPTS.len() as u64;
    let have = store.count("SELECT max(version) FROM dq.version")?;
    if have > newest {
        return Err(Error::config(format!(
            "the workspace was written by a newer tastevin (database version {have}, this one knows {newest})"
        ))
        .hint("install the newer version"));
    }
    for (version, script) in (1..).zip(SCRIPTS).skip(usize::try_from(have).unwrap_or(usize::MAX)) {
        store.transaction(|store| {
            store.run(script)?;
            store.run(&format!("INSERT INTO dq.version VALUES ({version})"))
        })?;
    }
    Ok(())
}
