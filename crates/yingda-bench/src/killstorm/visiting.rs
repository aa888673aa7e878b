//! A visitor of the storm: writes without pause, closes and reopens, and begins anew.

use std::collections::HashSet;

use rand::RngExt as _;

use super::member::{Member, Storm, Survivor, unless_done};
use crate::{
    client::{Event, Opening},
    report::remark,
};

/// Acknowledgements between two changes of the episode.
const EPISODE: std::ops::Range<u32> = 40..200;

/// Writes with a full window of letters until `storm` is over; then waits until all is answered and shown.
pub async fn visit(mut member: Member, mut storm: Storm) -> anyhow::Result<Survivor> {
    let mut conversation = open(&member, 1).await?;
    let mut mine = HashSet::from([conversation.clone()]);
    let mut until_change = member.rng.random_range(EPISODE);
    while storm.is_on() {
        while member.in_flight(&conversation) < storm.window {
            member.send(&conversation, "text");
        }
        let event = tokio::select! {
            event = member.events.recv() => event,
            () = storm.over() => break,
        };
        let Some(event) = event else { anyhow::bail!("{}: the connection ended", member.name) };
        member.notice(&event)?;
        match event {
            Event::Acked { ack, first: true } => {
                if let Some(moved_to) = ack.moved_to {
                    conversation = moved_to;
                    mine.insert(conversation.clone());
                }
                until_change -= 1;
            }
            Event::Refused(refusal) if refusal.code == "conversation_closed" => {
                unless_done(member.identity.reopen(&refusal.conversation).await, &[404, 409])?;
            }
            // Lost with what was acknowledged in it, which the checker will see; there is no way to go on in it.
            Event::Refused(refusal) if refusal.conversation == conversation => {
                remark(&format!("{}: {} in {conversation}", member.name, refusal.code));
                conversation = open(&member, mine.len() + 1).await?;
                mine.insert(conversation.clone());
            }
            _ => {}
        }
        if until_change == 0 {
            until_change = member.rng.random_range(EPISODE);
            conversation = change(&mut member, conversation, mine.len() + 1).await?;
            mine.insert(conversation.clone());
        }
    }
    member.settle(&mine, &storm.calm).await
}

/// Closes the episode with letters still in flight, which may open it again by themselves; then opens it, leaves that to the
/// next letter, or begins another episode.
async fn change(member: &mut Member, conversation: String, next: usize) -> anyhow::Result<String> {
    let is_new = member.rng.random_bool(0.2);
    while is_new && !member.is_calm() {
        let Some(event) = member.events.recv().await else { anyhow::bail!("{}: the connection ended", member.name) };
        member.notice(&event)?;
    }
    // 409: the agent closed it at the same time, or a letter in flight opened it again. 404: it was lost, as letters will show.
    unless_done(member.identity.close(&conversation).await, &[404, 409])?;
    if is_new {
        return open(member, next).await;
    }
    if member.rng.random_bool(0.6) {
        unless_done(member.identity.reopen(&conversation).await, &[404, 409])?;
    }
    Ok(conversation)
}

async fn open(member: &Member, number: usize) -> anyhow::Result<String> {
    let opening = Opening { client_id: format!("open-{number}"), external_id: None };
    Ok(member.identity.open(&opening).await?.id)
}
