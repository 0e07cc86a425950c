//! What can be asked about findings beyond their list: counts, clusters, suggestions, waivers, the rows around one.

use super::{Reader, clock};
use crate::error::Result;
use crate::model::{
    AnomalyFilter, Cluster, DuplicateGroup, Duplicates, Facets, Neighbours, Suggested, TextField, ValueCluster, Waiver,
};
use crate::stages::{cluster, duplicates, findings, neighbours, waivers};

impl Reader {
    /// How many findings there are of each kind, under a filter and in all.
    pub fn facets(&self, filter: &AnomalyFilter) -> Result<Facets> {
        findings::facets(&self.store, self.schema(), filter)
    }

    /// A window of the clusters of values under a filter, the most frequent first, and how many there are.
    pub fn value_clusters(&self, filter: &AnomalyFilter, offset: u64, limit: u64) -> Result<(u64, Vec<ValueCluster>)> {
        findings::values(&self.store, filter, offset, limit)
    }

    /// A window of the cells that accepting every open suggestion under a filter would change, and how many there are.
    pub fn suggestions(&self, filter: &AnomalyFilter, offset: u64, limit: u64) -> Result<(u64, Vec<Suggested>)> {
        findings::suggestions(&self.store, filter, offset, limit)
    }

    /// The waivers that nobody took back, the newest first, with what each covers.
    pub fn waivers(&self) -> Result<Vec<Waiver>> {
        waivers::all(&self.store, clock::today())
    }

    /// The text fields that have spellings to be compared, with how many different values each has.
    pub fn text_fields(&self) -> Result<Vec<TextField>> {
        cluster::text_fields(&self.store, self.schema())
    }

    /// Spellings of a field that are likely to be the same thing, among all its values.
    pub fn clusters(&self, table: &str, field: &str) -> Result<Vec<Cluster>> {
        cluster::clusters(&self.store, self.schema(), table, field)
    }

    /// Rows that may be the same thing, in groups: those that need a decision first.
    pub fn duplicates(&self) -> Result<Vec<DuplicateGroup>> {
        duplicates::groups(&self.store, self.schema())
    }

    /// The rows of a group side by side; none where the group is no longer there.
    pub fn duplicate_rows(&self, group: &DuplicateGroup) -> Result<Option<Duplicates>> {
        duplicates::rows(&self.store, self.schema(), group)
    }

    /// The rows that a row refers to and those that refer to it: all relations, and a window of the rows.
    pub fn neighbours(&self, table: &str, row: &str, offset: u64, limit: u64) -> Result<Option<Neighbours>> {
        neighbours::neighbours(&self.store, self.schema(), table, row, offset, limit)
    }
}
