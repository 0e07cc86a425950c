//! What the screen must ask for, and what becomes of the answers.

use super::places::Place;
use super::{
    Opened, PREVIEW, PreviewOf, Shown, Told, act, draft, lines_seen, places, profile, regions, source, target,
};
use crate::model::{MappingDraft, MappingPreview};
use crate::tui::cursor::Cursor;
use crate::tui::effects::{Answer, Ask, Effect};
use crate::tui::model::Model;
use crate::tui::window::Window;

pub(super) fn needs(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    places::settle(model);
    let Some(place) = model.mapping.place.clone() else {
        return effects;
    };
    let epoch = model.epoch;
    let known = model.mapping.sources.entry(place.source.clone()).or_default();
    let asking = Some((place.source.clone(), epoch));
    // A question about another source in between has made this one pointless.
    if known.known_at != Some(epoch) && model.mapping.asking != asking {
        model.mapping.asking = asking;
        effects.push(model.ask(Ask::MappingDraft { source: place.source.clone() }));
    }
    effects.extend(needs_profile(model, &place));
    effects.extend(needs_proposal(model, &place));
    effects.extend(needs_preview(model, &place));
    effects
}

/// Profiles are made one entity at a time, that on the screen first, so that other questions come in between.
fn needs_profile(model: &mut Model, place: &Place) -> Option<Effect> {
    let epoch = model.epoch;
    let known = source(model).filter(|known| known.known_at == Some(epoch))?;
    let lacks = |entity: &&String| known.profiles.get(*entity).is_none_or(|(of, _)| *of != epoch);
    let first = known.staged.iter().filter(|entity| **entity == place.entity).find(lacks);
    let entity = first.or_else(|| known.staged.iter().find(lacks))?.clone();
    let profiling = Some((place.source.clone(), entity.clone(), epoch));
    if model.mapping.profiling == profiling {
        return None;
    }
    model.mapping.profiling = profiling;
    Some(model.ask(Ask::Profile { source: place.source.clone(), entity }))
}

/// Every edit changes what is left to suggest.
fn needs_proposal(model: &mut Model, place: &Place) -> Option<Effect> {
    let epoch = model.epoch;
    let (known, draft) = (source(model)?, draft(model)?);
    let is_profiled = |entity: &String| known.profiles.get(entity).is_some_and(|(of, _)| *of == epoch);
    if known.known_at != Some(epoch) || known.staged.is_empty() || !known.staged.iter().all(is_profiled) {
        return None;
    }
    let of = (epoch, place.source.clone(), draft.mapping().clone());
    if known.proposed_for.as_ref() == Some(&of) || model.mapping.proposing.as_ref() == Some(&of) {
        return None;
    }
    let mapping = Box::new(of.2.clone());
    model.mapping.proposing = Some(of);
    Some(model.ask(Ask::Proposal { source: place.source.clone(), mapping }))
}

fn needs_preview(model: &mut Model, place: &Place) -> Option<Effect> {
    let staged = profile(model).is_some();
    let Some((mapping, table, field)) = target(model).filter(|_| staged) else {
        model.mapping.shown = Shown::default();
        model.mapping.preview_asked = None;
        return None;
    };
    let fed = mapping.tables.get(&table)?;
    let feed = fed.fields.get(&field)?.clone();
    let of = PreviewOf {
        epoch: model.epoch,
        source: place.source.clone(),
        entity: place.entity.clone(),
        filter: fed.filter.clone(),
        table: table.clone(),
        field: field.clone(),
        feed,
    };
    let height = lines_seen(model, regions, PREVIEW);
    let state = &mut model.mapping;
    // While another field is asked for the rows of the last one stand, so that nothing flickers; its scroll does not.
    if state.preview_asked.as_ref().is_none_or(|(asked, _)| asked.field != of.field || asked.table != of.table) {
        state.preview = Cursor::default();
    }
    let seen = state.preview.top..state.preview.top + height;
    let (offset, limit) = Window::<()>::around(&seen);
    let is_held = state.shown.of.as_ref() == Some(&of);
    let at_hand = is_held && (state.shown.window.holds(&seen) || state.shown.failure.is_some());
    let on_its_way = state.preview_asked.as_ref() == Some(&(of.clone(), offset));
    if at_hand || on_its_way {
        return None;
    }
    state.preview_asked = Some((of, offset));
    let name = source(model).map(|known| known.mapping.clone()).unwrap_or_default();
    let draft = Box::new(MappingDraft::new(name, mapping, None));
    Some(model.ask(Ask::MappingPreview { source: place.source.clone(), draft, table, field, offset, limit }))
}

pub(super) fn answer(model: &mut Model, answer: &Answer) {
    match answer {
        Answer::MappingDraft { source, outcome } => take_draft(model, source, outcome),
        Answer::Profile { source, entity, profile } => {
            let epoch = model.mapping.profiling.as_ref().map_or(0, |(.., epoch)| *epoch);
            let known = model.mapping.sources.entry(source.clone()).or_default();
            known.profiles.insert(entity.clone(), (epoch, profile.clone()));
        }
        Answer::Proposal(proposal) => {
            let of = model.mapping.proposing.clone();
            let known = model.mapping.sources.entry(proposal.source.clone()).or_default();
            (known.proposal, known.proposed_for) = (Some((**proposal).clone()), of);
        }
        Answer::MappingPreview(outcome) => take_preview(model, outcome),
        Answer::MapSql(outcome) => act::take_sql(model, outcome),
        _ => {}
    }
}

fn take_draft(model: &mut Model, source: &str, outcome: &Result<Opened, Told>) {
    let epoch = model.mapping.asking.as_ref().map(|(_, epoch)| *epoch);
    let known = model.mapping.sources.entry(source.to_owned()).or_default();
    known.known_at = epoch;
    match outcome {
        Ok(Opened { draft, drift, staged }) => {
            known.mapping = draft.name().to_owned();
            known.failure = None;
            known.drift.clone_from(drift);
            known.staged.clone_from(staged);
            let held = model.mapping.drafts.get(draft.name());
            // Edits that are not saved stay, whatever happens to the file; saving looks at it again.
            if held.is_none_or(|held| !held.is_changed() && held.on_disk() != draft.on_disk()) {
                model.mapping.drafts.insert(draft.name().to_owned(), (**draft).clone());
            }
        }
        Err(told) => known.failure = Some(told.clone()),
    }
}

fn take_preview(model: &mut Model, outcome: &Result<MappingPreview, Told>) {
    let state = &mut model.mapping;
    let of = state.preview_asked.as_ref().map(|(of, _)| of.clone());
    state.shown = match outcome {
        Ok(preview) => Shown {
            of,
            window: Window { offset: preview.offset, rows: preview.rows.clone(), total: Some(preview.total) },
            columns: preview.columns.clone(),
            failed: preview.failed,
            strays: preview.strays,
            stray_values: preview.stray_values.clone(),
            empty: preview.empty,
            failure: None,
        },
        Err(told) => Shown { of, failure: Some(told.clone()), ..Shown::default() },
    };
}
