//! Mappings on the workbench: profiles and suggestions, a draft that is opened, looked at and saved.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Reader, Workbench, mapping_text, workspace};
use crate::connectors::Place;
use crate::error::{Error, Result};
use crate::model::{
    ColumnProfile, Drift, EntityProfile, LoadStatus, Mapping, MappingDraft, MappingPreview, MappingProblem, Proposal,
    Schema, Step, Suggestion, TableMapping,
};
use crate::stages::map::{self, Fed};
use crate::stages::suggest;

/// Profiles that were made already, by source and entity, shared by all readers of a workbench.
#[derive(Clone, Default)]
pub(super) struct Profiles(Arc<Mutex<ByEntity>>);

type ByEntity = HashMap<(String, String), Arc<EntityProfile>>;

impl Profiles {
    fn get(&self, source: &str, entity: &str, load: i64) -> Option<Arc<EntityProfile>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&(source.to_owned(), entity.to_owned())).filter(|profile| profile.load == load).cloned()
    }

    fn keep(&self, profile: &Arc<EntityProfile>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert((profile.source.clone(), profile.entity.clone()), Arc::clone(profile));
    }
}

/// What is wrong with one transform at its place in a field's list, from 0, with the argument that it is about; `None` where
/// nothing is. Needs no data and takes no time: fit for a form while somebody types.
pub fn step_problem(step: &Step, place: usize) -> Option<MappingProblem> {
    map::step_problem(step, place)
}

/// The transforms that read a column as a canonical field in the mapping of that name, by what the field declares, what the
/// values look like, and how all mappings of the workspace write keys.
pub fn usual_transforms(
    schema: &Schema,
    mappings: (&str, &[(String, Mapping)]),
    table: &str,
    field: &str,
    column: &ColumnProfile,
) -> Vec<Step> {
    suggest::usual_steps(schema, mappings, table, field, column)
}

impl Reader {
    /// What the columns of a staged entity hold, over all rows; none where it was never loaded. Kept until it is loaded
    /// again; takes about as long as loading did when it is asked for the first time.
    pub fn column_profiles(&self, source: &str, entity: &str) -> Result<Option<Arc<EntityProfile>>> {
        let Some(load) = suggest::staged_load(&self.store, source, entity)? else { return Ok(None) };
        if let Some(known) = self.profiles.get(source, entity, load) {
            return Ok(Some(known));
        }
        let profile = suggest::profile(&self.store, source, entity)?.map(Arc::new);
        if let Some(profile) = &profile {
            self.profiles.keep(profile);
        }
        Ok(profile)
    }

    /// All mappings of the workspace by name, those of no source too; what cannot be read is left out.
    pub fn mappings(&self) -> Result<Vec<(String, Mapping)>> {
        workspace::all_mappings(self.dir())
    }

    /// The entities of a source that are staged, by name.
    pub fn staged_entities(&self, source: &str) -> Result<Vec<String>> {
        crate::stages::load::staged_entities(&self.store, source)
    }

    /// How the columns of a source have changed with the load that is staged, as far as its mapping has not followed.
    pub fn drift(&self, source: &str, mapping: &Mapping) -> Result<Vec<Drift>> {
        let standing = self.loads(Some(source))?.into_iter().find(|load| load.status == LoadStatus::Done);
        Ok(standing.iter().flat_map(|load| &load.drift).map(|drift| drift.left(mapping)).collect())
    }

    /// For each column of each staged entity of a source, what it should feed, beside `mapping` as it is now.
    pub fn suggest(&self, source: &str, mapping: &Mapping) -> Result<Proposal> {
        self.suggest_for(source, mapping, None)
    }

    /// The same for somebody who asks about a table: what fits it best is suggested for it, however little that is.
    pub fn suggest_for(&self, source: &str, mapping: &Mapping, asked: Option<&str>) -> Result<Proposal> {
        let name = self.mapping_name(source)?;
        let mut entities = Vec::new();
        for entity in self.staged_entities(source)? {
            if let Some(profile) = self.column_profiles(source, &entity)? {
                entities.push(EntityProfile::clone(&profile));
            }
        }
        if entities.is_empty() {
            return Err(Error::usage(format!("nothing of \"{source}\" is loaded yet"))
                .hint(format!("`tastevin load {source}` stages it; suggestions are drawn from what is staged")));
        }
        let others = self.mappings()?;
        suggest::suggest(
            &self.store,
            &suggest::Request {
                schema: self.schema(),
                source,
                name: &name,
                mapping,
                others: &others,
                entities: &entities,
                drift: &self.drift(source, mapping)?,
                asked,
                options: &|entity| self.entity_options(source, mapping, entity),
            },
        )
    }

    /// What feeding a field with columns of an entity would come to, with the transforms that the values ask for, whether it
    /// is a good idea or not; none where there is no such field, or nothing of the entity is staged.
    pub fn suggest_pair(
        &self,
        source: &str,
        mapping: &Mapping,
        entity: &str,
        columns: &[String],
        table: &str,
        field: &str,
    ) -> Result<Option<Suggestion>> {
        let name = self.mapping_name(source)?;
        let Some(profile) = self.column_profiles(source, entity)? else { return Ok(None) };
        let others = self.mappings()?;
        let request = suggest::Request {
            schema: self.schema(),
            source,
            name: &name,
            mapping,
            others: &others,
            entities: std::slice::from_ref(&*profile),
            drift: &[],
            asked: None,
            options: &|_| None,
        };
        suggest::pair(&self.store, &request, columns, table, field)
    }

    /// The columns of a staged entity, in their order.
    pub fn staged_columns(&self, source: &str, entity: &str) -> Result<Vec<String>> {
        crate::stages::load::columns(&self.store, source, entity)
    }

    /// What a mapping would have to say of an entity that it does not name for its connector; none where it need not.
    pub fn entity_options(&self, source: &str, mapping: &Mapping, entity: &str) -> Option<toml::Table> {
        let config = self.config().sources.get(source)?;
        let place = Place { source, config, mapping, workspace: self.dir() };
        super::connector(&place).ok()?.options(entity)
    }

    /// The mapping of a source, to be edited.
    pub fn draft(&self, source: &str) -> Result<MappingDraft> {
        let name = self.mapping_name(source)?;
        let kind = self.config().sources.get(source).map(|config| config.kind.as_str()).unwrap_or_default();
        let Some((mapping, on_disk)) = workspace::read_mapping(self.dir(), &name, kind)? else {
            return Err(Error::config(format!("there is no mappings/{name}.toml")));
        };
        Ok(MappingDraft::new(name, mapping, on_disk))
    }

    /// What is wrong with a draft beside what is staged of a source; nothing where it would run.
    pub fn draft_problems(&self, source: &str, draft: &MappingDraft) -> Result<Vec<MappingProblem>> {
        let mut problems = Vec::new();
        for (table, mapping) in &draft.mapping().tables {
            problems.extend(map::problems(&self.store, &self.fed(source, table, mapping))?);
        }
        Ok(problems)
    }

    /// A window of the rows of a draft through the transforms of one field, those that cannot be read first, with counts
    /// over all rows.
    pub fn preview(
        &self,
        source: &str,
        draft: &MappingDraft,
        table: &str,
        field: &str,
        offset: u64,
        limit: u64,
    ) -> Result<MappingPreview> {
        match draft.mapping().tables.get(table) {
            Some(mapping) => map::preview(&self.store, &self.fed(source, table, mapping), field, offset, limit),
            None => Ok(MappingPreview::default()),
        }
    }

    /// Per canonical table, the statement that would build its candidates if the draft were saved.
    pub fn draft_sql(&self, source: &str, draft: &MappingDraft) -> Result<Vec<(String, String)>> {
        let mut mappings = self.workspace().mappings.clone();
        for (name, mapping) in &mut mappings {
            if name == source || self.mapping_name(name)? == draft.name() {
                mapping.clone_from(draft.mapping());
            }
        }
        map::Plan::new(&self.store, self.schema(), &mappings)?.sql(&self.store)
    }

    fn fed<'a>(&'a self, source: &'a str, table: &'a str, mapping: &'a TableMapping) -> Fed<'a> {
        Fed { schema: self.schema(), source, table, mapping }
    }

    fn mapping_name(&self, source: &str) -> Result<String> {
        self.known(source)?;
        let name = self.workspace().mapping_name(source);
        name.ok_or_else(|| Error::internal(format!("source \"{source}\" lost its mapping")))
    }
}

impl Workbench {
    /// Writes a draft into its file in `mappings/`, with the comments and the order of what is there kept, and reads the
    /// workspace again. Refused where the file was changed since the draft was opened.
    pub fn save_mapping(&mut self, draft: &mut MappingDraft) -> Result<()> {
        self.writable()?;
        let file = self.workspace().mapping_file(draft.name());
        let on_disk = if file.exists() {
            Some(std::fs::read_to_string(&file).map_err(|cause| Error::io("cannot read", &file, cause))?)
        } else {
            None
        };
        if on_disk.as_deref() != draft.on_disk() {
            return Err(Error::usage("the mapping was changed by somebody else since it was opened")
                .at_file(&file)
                .hint("open it again; what you changed is not written"));
        }
        let base = match &on_disk {
            Some(text) => text.as_str(),
            None => workspace::default_text(draft.name()).unwrap_or_default(),
        };
        let text = mapping_text::write(base, draft.opened(), draft.mapping()).map_err(|error| error.at_file(&file))?;
        if let Some(dir) = file.parent() {
            std::fs::create_dir_all(dir).map_err(|cause| Error::io("cannot write", dir, cause))?;
        }
        workspace::replace(&file, &text)?;
        draft.saved(text);
        self.refresh()
    }
}
