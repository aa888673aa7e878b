//! An agent of the storm: writes and takes notes in every conversation it owns, and now and then closes one.

use std::collections::{HashMap, HashSet};

use rand::RngExt as _;

use super::member::{Member, Storm, Survivor, unless_done};
use crate::client::Event;

/// Of so many letters one is a note.
const NOTES: f64 = 0.1;
/// After so many acknowledgements a conversation is closed.
const CLOSES: f64 = 1.0 / 250.0;

/// A conversation this agent was given.
#[derive(Debug, Default)]
struct Talk {
    is_mine: bool,
    /// Refused since the customer last wrote: the inbox will tell, or has told already, that it is over.
    is_refused: bool,
}

/// Serves as `staff` with a full window of letters in each conversation until `storm` is over.
pub async fn serve(mut member: Member, staff: String, mut storm: Storm) -> anyhow::Result<Survivor> {
    let mut talks: HashMap<String, Talk> = HashMap::new();
    while storm.is_on() {
        let event = tokio::select! {
            event = member.events.recv() => event,
            () = storm.over() => break,
        };
        let Some(event) = event else { anyhow::bail!("{}: the connection ended", member.name) };
        member.notice(&event)?;
        follow(&mut talks, &staff, &event);
        if let Event::Acked { ack, first: true } = &event
            && talks.get(&ack.conversation).is_some_and(|talk| talk.is_mine)
            && member.rng.random_bool(CLOSES)
        {
            // 403, 404, 409: it was closed or given to a colleague at the same time.
            unless_done(member.identity.close(&ack.conversation).await, &[403, 404, 409])?;
        }
        for (conversation, talk) in &talks {
            while talk.is_mine && !talk.is_refused && member.in_flight(conversation) < storm.window {
                let kind = if member.rng.random_bool(NOTES) { "note" } else { "text" };
                member.send(conversation, kind);
            }
        }
    }
    let owned: HashSet<String> = talks.into_iter().filter(|(_, talk)| talk.is_mine).map(|(id, _)| id).collect();
    member.settle(&owned, &storm.calm).await
}

/// Learns which conversations are this agent's to speak in.
fn follow(talks: &mut HashMap<String, Talk>, staff: &str, event: &Event) {
    match event {
        Event::Inbox(items) => {
            for item in items {
                let owner = item.owner.as_ref().and_then(|owner| owner.id.as_deref());
                let is_mine = item.state == "served" && owner == Some(staff);
                if is_mine || talks.contains_key(&item.id) {
                    *talks.entry(item.id.clone()).or_default() = Talk { is_mine, is_refused: false };
                }
            }
        }
        Event::Refused(refusal) => {
            if let Some(talk) = talks.get_mut(&refusal.conversation) {
                talk.is_refused = true;
            }
        }
        Event::Shown(entry) if entry.author.role == "customer" => {
            if let Some(talk) = talks.get_mut(&entry.conversation) {
                talk.is_refused = false;
            }
        }
        _ => {}
    }
}
