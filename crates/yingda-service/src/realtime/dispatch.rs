//! From doorbells to connections; and the sweep that finds what doorbells did not tell.
use super::hub::{PreviewText, Push, TypingOn, Who};
use crate::{
    App,
    auth::{Revoked, RevokedKind, revocations_since},
    conversation::{Changed, sweep},
    routing::{self, PresenceChanged},
};
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::sync::mpsc::Receiver;
use yingda_base::{
    Result,
    bus::{Doorbell, Event},
    id::IdSource,
    supervisor::Stopping,
};

/// Nothing is missing longer than this, with the reading on top.
const SWEEP: Duration = Duration::from_millis(1500);
/// A row may become visible this much after its change id was made: longer than the longest unit.
const OVERLAP: Duration = Duration::from_secs(6);
/// Doorbells taken at once.
const BATCH: usize = 1024;

/// Takes doorbells to connections until the program stops.
pub(super) async fn run(app: App, mut stopping: Stopping) {
    let mut changed = app.bus.listen(Changed::TOPIC);
    let mut presence = app.bus.listen(PresenceChanged::TOPIC);
    let mut typing = app.bus.listen(TypingOn::TOPIC);
    let mut preview = app.bus.listen(PreviewText::TOPIC);
    let mut revoked = app.bus.listen(Revoked::TOPIC);
    loop {
        tokio::select! {
            () = stopping.wait() => return,
            Some(first) = changed.recv() => follow(&app, drain::<Changed>(first, &mut changed)).await,
            Some(bell) = presence.recv() => bell.open().into_iter().for_each(|event| tell_presence(&app, &event)),
            Some(bell) = typing.recv() => {
                if let Some(event) = bell.open::<TypingOn>() {
                    app.hub.tell_listeners(event.conversation_id, &Push::Typing(event));
                }
            }
            Some(bell) = preview.recv() => {
                if let Some(event) = bell.open::<PreviewText>() {
                    app.hub.tell_listeners(event.conversation_id, &Push::Preview(event));
                }
            }
            Some(bell) = revoked.recv() => bell.open().into_iter().for_each(|event| cut(&app, &event)),
        }
    }
}

fn drain<E: Event>(first: Doorbell, bell: &mut Receiver<Doorbell>) -> Vec<Arc<E>> {
    let mut events: Vec<Arc<E>> = first.open().into_iter().collect();
    while events.len() < BATCH
        && let Ok(next) = bell.try_recv()
    {
        events.extend(next.open());
    }
    events
}

/// Brings the board up to date, then tells connections, in the order of the events.
async fn follow(app: &App, events: Vec<Arc<Changed>>) {
    let heard = app.latency.now();
    let unknown = app.board.follow(&events);
    if let Err(error) = app.board.refresh(&app.db, unknown).await {
        tracing::warn!(%error, "the board could not be refreshed; the sweep will do it");
    }
    for event in &events {
        app.hub.tell_changed(event, heard);
    }
}

fn tell_presence(app: &App, event: &PresenceChanged) {
    if !app.roster.follow(event) {
        return;
    }
    app.hub.tell_staff(event.staff, &Push::Presence);
    for card in app.board.touch_owned(event.staff) {
        app.hub.tell_listeners(card.row.id, &Push::Away(card.row.id, !event.is_connected));
    }
}

/// Those who stand on what was taken away find out anew who they are; most will be cut.
fn cut(app: &App, revoked: &Revoked) {
    let stands_on = |who: Who| match (revoked.kind, who) {
        (RevokedKind::Session, Who::Staff { session, .. }) => session == revoked.id,
        (RevokedKind::Staff, Who::Staff { id, .. }) => id == revoked.id,
        (RevokedKind::Device, Who::Visitor { device, .. }) => device == revoked.id,
        (RevokedKind::Session | RevokedKind::Staff, Who::Visitor { .. }) | (RevokedKind::Device, Who::Staff { .. }) => false,
    };
    app.hub.tell_where(stands_on, &Push::Reauthenticate);
}

/// Tells desks how strained this node is when that changes, until the program stops.
pub(super) async fn tell_strain(app: App, mut stopping: Stopping) {
    let mut strain = app.surge.watch();
    loop {
        tokio::select! {
            () = stopping.wait() => return,
            Ok(()) = strain.changed() => app.hub.tell_where(|who| matches!(who, Who::Staff { .. }), &Push::Presence),
        }
    }
}

/// Finds changes and revocations whose doorbell was lost, until the program stops.
pub(super) async fn heal(app: App, mut stopping: Stopping) {
    let mut cursor = app.context.ids.next();
    let mut applied: HashSet<(RevokedKind, i64)> = HashSet::new();
    let mut tick = tokio::time::interval(SWEEP);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stopping.wait() => return,
            _ = tick.tick() => {}
        }
        if let Err(error) = heal_once(&app, &mut cursor, &mut applied).await {
            tracing::warn!(%error, "a sweep failed and will be tried again");
        }
        app.board.prune();
        app.limits.shrink();
    }
}

async fn heal_once(app: &App, cursor: &mut i64, applied: &mut HashSet<(RevokedKind, i64)>) -> Result<()> {
    let now = app.context.clock.now();
    // From the earlier of "what was seen" and "now", so that neither a clock that was set forward nor one that was set back leaves a hole.
    let from = (*cursor).min(IdSource::at(now)) - IdSource::span(OVERLAP);
    let (missed, greatest) = sweep(&app.db, &app.board, from).await?;
    *cursor = greatest.max(*cursor);
    if !missed.is_empty() {
        metrics::counter!("yingda_doorbells_missed_total").increment(missed.len() as u64);
        follow(app, missed).await;
    }
    for presence in app.db.read(routing::all).await? {
        tell_presence(app, &presence);
    }
    let revoked = app.db.read(move |tx| revocations_since(tx, now, OVERLAP)).await?;
    let current: HashSet<(RevokedKind, i64)> = revoked.iter().map(|revoked| (revoked.kind, revoked.id)).collect();
    for revoked in revoked.into_iter().filter(|revoked| !applied.contains(&(revoked.kind, revoked.id))) {
        cut(app, &revoked);
    }
    *applied = current;
    Ok(())
}

/// Writes down which desks proved to be alive since the last time.
pub(super) async fn renew(app: App, mut stopping: Stopping) {
    let mut tick = tokio::time::interval(Duration::from_secs(5));
    loop {
        tokio::select! {
            () = stopping.wait() => return,
            _ = tick.tick() => {}
        }
        let alive = app.proofs.take().into_iter().filter(|staff| app.hub.has_staff(*staff));
        // A lease may have run out while the machine slept; a desk that lives begins a new one.
        let (known, ended): (Vec<i64>, Vec<i64>) = alive.partition(|staff| app.roster.is_connected(*staff));
        if known.is_empty() && ended.is_empty() {
            continue;
        }
        let renewed = app.db.write_needed(move |tx| {
            ended.iter().try_for_each(|staff| routing::connect(tx, *staff))?;
            routing::renew(tx, &known)
        });
        if let Err(error) = renewed.await {
            tracing::warn!(%error, "presence could not be renewed");
        }
    }
}
