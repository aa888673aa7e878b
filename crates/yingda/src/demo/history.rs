//! A month of conversations, played through the same functions as real ones, by a clock of the past.
use super::{SITE, operator::Operator};
use crate::store;
use axum::{
    body::{Body, to_bytes},
    http::{Request, header},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{net::IpAddr, sync::Arc, time::Duration};
use tower::ServiceExt;
use yingda_base::{
    Clock, Error, Millis, Result,
    http::{Actor, Authenticate, Credentials},
    instance::Instance,
    locale::Language,
};
use yingda_service::{
    App, channel,
    conversation::{
        self,
        actions::{self, Open},
    },
    message::{self, Content, Outcome, Reached, Send},
    rating::{self, Opinion},
};

const DIALOGUES: &str = include_str!("dialogues.toml");
const DAY: i64 = 24 * 3_600_000;
/// The operator's time zone: China, eight hours ahead, without summer time.
const ZONE: i64 = 8 * 3_600_000;
/// The first conversation is held on the day after the clock begins.
const DAYS: i64 = 31;

#[derive(Deserialize)]
struct File {
    dialogue: Vec<Dialogue>,
}

#[derive(Clone, Deserialize)]
struct Dialogue {
    group: String,
    agent: String,
    days: i64,
    at: String,
    subject: String,
    rating: Option<Opinion>,
    lines: String,
}

/// Who says what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Customer,
    Agent,
}

/// When the demonstration's past begins.
pub(super) fn begin(now: Millis) -> Millis {
    Millis(midnight(now) - DAYS * DAY)
}

fn midnight(now: Millis) -> i64 {
    (now.0 + ZONE).div_euclid(DAY) * DAY - ZONE
}

/// How the outside calls a conversation: what is there already is not played again.
fn name(number: usize) -> String {
    format!("demo-{:02}", number + 1)
}

/// The names of all conversations.
pub(super) fn names() -> Result<Vec<String>> {
    Ok((0..dialogues()?.len()).map(name).collect())
}

fn dialogues() -> Result<Vec<Dialogue>> {
    Ok(toml::from_str::<File>(DIALOGUES).map_err(Error::internal)?.dialogue)
}

impl Dialogue {
    fn starts(&self, now: Millis) -> Result<Millis> {
        let (hour, minute) = self.at.split_once(':').ok_or_else(|| Error::bug("a dialogue without a time"))?;
        let minutes = hour.parse::<i64>().map_err(Error::internal)? * 60 + minute.parse::<i64>().map_err(Error::internal)?;
        Ok(Millis(midnight(now) - self.days * DAY + minutes * 60_000))
    }

    fn lines(&self) -> Result<Vec<(Side, String)>> {
        let line = |line: &str| {
            let side = |prefix, side| line.strip_prefix(prefix).map(|text: &str| (side, text.to_owned()));
            side("客：", Side::Customer).or_else(|| side("席：", Side::Agent)).ok_or_else(|| Error::bug("a line of nobody"))
        };
        self.lines.trim().lines().map(line).collect()
    }
}

/// Plays what is not there yet, oldest first.
pub(super) async fn seed(app: &App, instance: &Instance, operator: &Operator, clock: &Clock, now: Millis) -> Result<()> {
    let mut all =
        dialogues()?.into_iter().enumerate().map(|(n, dialogue)| Ok((dialogue.starts(now)?, n, dialogue))).collect::<Result<Vec<_>>>()?;
    all.sort_by_key(|(starts, n, _)| (*starts, *n));
    for (starts, number, dialogue) in all {
        let external = name(number);
        let found = external.clone();
        if app.db.read(move |tx| store::has_conversation(tx, &found)).await? {
            continue;
        }
        clock.step_to(starts);
        // Ids follow the clock only as far as the node's lease reaches.
        instance.renew(&app.db).await?;
        Play { app, operator, clock }.dialogue(&dialogue, external).await?;
    }
    Ok(())
}

struct Play<'a> {
    app: &'a App,
    operator: &'a Operator,
    clock: &'a Clock,
}

impl Play<'_> {
    async fn dialogue(&self, dialogue: &Dialogue, external: String) -> Result<()> {
        let customer = self.visitor().await?;
        let agent = self.operator.speakers.get(&dialogue.agent).ok_or_else(|| Error::bug("a dialogue with a stranger"))?;
        let agent = Actor::Staff(Arc::new(agent.clone()));
        let conversation = self.open(&customer, dialogue, external).await?;
        let (mut is_accepted, mut seq) = (false, 0);
        for (number, (side, text)) in dialogue.lines()?.into_iter().enumerate() {
            if side == Side::Agent && !is_accepted {
                self.pass(9);
                let (actor, id) = (agent.clone(), conversation.clone());
                self.app.db.write(move |tx| actions::accept(tx, &actor, &id, i64::MAX)).await?;
                is_accepted = true;
            }
            self.pass(typing_seconds(side, &text));
            let actor = if side == Side::Agent { &agent } else { &customer };
            seq = self.say(actor, &conversation, number, &text).await?;
        }
        self.pass(20);
        let rater = customer.clone();
        let reached = Reached { conversation: conversation.clone(), delivered: seq, read: seq };
        self.app
            .db
            .write(move |tx| {
                message::read(tx, &customer, &reached)?;
                message::read(tx, &agent, &reached)?;
                actions::close(tx, &agent, &reached.conversation)
            })
            .await?;
        let Some(opinion) = dialogue.rating.clone() else { return Ok(()) };
        self.pass(15);
        let settings = self.app.settings.clone();
        self.app.db.write(move |tx| rating::rate(tx, &rater, &conversation, opinion.clone(), &settings)).await.map(drop)
    }

    /// A new visitor comes in by the same door as everybody.
    async fn visitor(&self) -> Result<Actor> {
        let (router, _, _) = yingda_service::routes().into_parts(self.app.clone());
        let call = Request::post("/api/v1/visit/token").header(header::CONTENT_TYPE, "application/json");
        let call = call.body(Body::from(json!({"site": SITE, "locale": "zh-CN"}).to_string())).map_err(Error::internal)?;
        let answer = self.app.gate().guard(router).oneshot(call).await.map_err(Error::internal)?;
        let body = to_bytes(answer.into_body(), 65_536).await.map_err(Error::internal)?;
        let body: Value = serde_json::from_slice(&body).map_err(Error::internal)?;
        let token = body["token"].as_str().ok_or_else(|| Error::bug("a visitor was not let in"))?;
        let credentials = Credentials { bearer: Some(token.to_owned()), ..Credentials::default() };
        self.app.authenticator().authenticate(&credentials, IpAddr::from([127, 0, 0, 1])).await
    }

    async fn open(&self, customer: &Actor, dialogue: &Dialogue, external: String) -> Result<String> {
        let group = self.operator.groups.get(&dialogue.group).ok_or_else(|| Error::bug("a dialogue in no group"))?;
        let wish = Open {
            client_id: external.clone(),
            group: Some(group.to_string()),
            external_id: Some(external),
            locale: Some("zh-CN".to_owned()),
            subject: Some(dialogue.subject.clone()),
            page: None,
        };
        let (actor, visitor, mac) = (customer.clone(), customer.visitor()?, self.app.bodies.clone());
        self.app
            .db
            .write(move |tx| {
                let place = channel::place(tx, visitor.site, wish.group.as_deref(), visitor.customer)?;
                Ok(actions::open(tx, &actor, &place, &wish, &mac)?.0.public_id)
            })
            .await
    }

    async fn say(&self, actor: &Actor, conversation: &str, number: usize, text: &str) -> Result<i64> {
        let send = Send {
            conversation: conversation.to_owned(),
            client_id: message::check_client_id(&format!("demo-{number}"))?,
            content: Content::parse("text", &json!({"text": text}), Language::Chinese)?,
            mac: self.app.bodies.clone(),
            locale: "zh-CN".to_owned(),
            reopen_within: conversation::reopen_within(&self.app.settings),
        };
        let actor = actor.clone();
        match self.app.db.write(move |tx| message::send(tx, &actor, &send)).await? {
            Outcome::Kept { seq, .. } => Ok(seq),
            Outcome::Refused(refusal) => Err(refusal.error),
        }
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// People on telephones are slower than agents at their desks.
fn typing_seconds(side: Side, text: &str) -> u64 {
    let length = text.chars().count() as u64;
    match side {
        Side::Customer => 5 + length,
        Side::Agent => 4 + length / 2,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::accounts::PEOPLE, *};

    #[test]
    fn every_dialogue_is_held_by_an_agent_of_its_group_and_before_today() {
        let now = Millis(1_795_161_600_000);
        for dialogue in dialogues().unwrap() {
            let agent = PEOPLE.iter().find(|person| person.name == dialogue.agent).unwrap();
            assert!(agent.sees_all || agent.groups.contains(&dialogue.group.as_str()), "{} in {}", dialogue.agent, dialogue.group);
            let starts = dialogue.starts(now).unwrap();
            assert!(begin(now) < starts && starts.0 < midnight(now), "{}", dialogue.subject);
            let lines = dialogue.lines().unwrap();
            assert_eq!(lines[0].0, Side::Customer, "{}", dialogue.subject);
            assert!(lines.iter().any(|(side, _)| *side == Side::Agent));
        }
    }

    #[test]
    fn a_day_begins_at_midnight_in_china() {
        // 2026-11-20T08:00:00Z is four in the afternoon; the day began at 16:00Z of the day before.
        assert_eq!(midnight(Millis(1_795_161_600_000)), 1_795_161_600_000 - 16 * 3_600_000);
    }
}
