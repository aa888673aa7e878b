//! What is said together ends as if it had been said one by one.
use crate::{
    apps,
    conversation::{self, Conversation, Participant},
    message::{self, Content, Outcome, Send, check_client_id},
    testkit::{Client, GROUP, TestApp},
};
use serde_json::json;
use std::{net::Ipv4Addr, time::Duration};
use yingda_base::{
    Result, Tx,
    http::{Actor, Authenticate, Credentials},
    locale::Language,
    random::Entropy,
};

const CASES: u64 = 40;

/// Where a conversation stands when somebody begins to speak.
#[derive(Clone, Copy, Debug)]
enum Standing {
    Queued,
    Served,
    Closed,
    /// Closed for good: the customer's words go to an episode that continues it.
    Past,
    /// And that episode is there already.
    Continued,
}
const STANDINGS: [Standing; 5] = [Standing::Queued, Standing::Served, Standing::Closed, Standing::Past, Standing::Continued];

async fn actor(t: &TestApp, client: &Client) -> Actor {
    let credentials = Credentials { bearer: client.token.clone(), cookie: None, bench: None };
    t.app.authenticator().authenticate(&credentials, Ipv4Addr::LOCALHOST.into()).await.unwrap()
}

/// A few client ids and a few texts, so that there are repetitions, and now and then what is refused.
fn wishes(t: &TestApp, dice: &Entropy, reopen_within: Duration) -> Vec<Send> {
    let wish = |_| {
        let text = ["一", "二", "三"][dice.below(3) as usize];
        let (kind, body) = match dice.below(10) {
            0..=6 => ("text", json!({"text": text})),
            7 | 8 => ("note", json!({"text": text})),
            _ => ("image", json!({"file": "nobody", "width": 1, "height": 1})),
        };
        Send {
            conversation: String::new(),
            client_id: check_client_id(&format!("k{}", dice.below(8))).unwrap(),
            content: Content::parse(kind, &body, Language::Chinese).unwrap(),
            mac: t.app.bodies.clone(),
            locale: "zh-CN".to_owned(),
            reopen_within,
        }
    };
    (0..1 + dice.below(12)).map(wish).collect()
}

/// Another visitor's conversation that stands so.
async fn prepare(t: &TestApp, agent: &Client, standing: Standing) -> (Client, String) {
    let visitor = t.unlimited(t.visitor().await).await;
    let id = visitor.open("o1").await;
    let call =
        async |who: &Client, what: &str| assert_eq!(who.post(&format!("/api/v1/conversation/{id}/{what}"), json!({})).await.status, 200);
    if !matches!(standing, Standing::Queued) {
        call(agent, "accept").await;
    }
    if matches!(standing, Standing::Closed | Standing::Past | Standing::Continued) {
        call(agent, "close").await;
    }
    (visitor, id)
}

async fn say(t: &TestApp, actor: &Actor, id: &str, wishes: &[Send], is_together: bool) -> Vec<String> {
    let wishes: Vec<Send> = wishes.iter().map(|wish| Send { conversation: id.to_owned(), ..wish.clone() }).collect();
    let size = if is_together { wishes.len() } else { 1 };
    let mut told = Vec::new();
    for unit in wishes.chunks(size) {
        let (actor, unit) = (actor.clone(), unit.to_vec());
        let done = t.app.db.write(move |tx| message::send_all(tx, &actor, &unit.iter().collect::<Vec<_>>()));
        told.extend(done.await.unwrap().into_iter().map(|outcome| match outcome {
            Outcome::Kept { seq, is_duplicate, moved_to, .. } => format!("{seq} {is_duplicate} {}", moved_to.is_some()),
            Outcome::Refused(refusal) => format!("{} {:?}", refusal.error.code(), refusal.error.details()),
        }));
    }
    told
}

/// Everything that stands in the log and in those that continue it, without what differs between any two conversations.
fn remains(tx: &mut Tx, id: &str) -> Result<Vec<String>> {
    let (mut next, mut found) = (conversation::find_by_public_id(tx, id)?, Vec::new());
    while let Some(row) = next {
        let entries = conversation::entries_after(tx, row.id, 0, 1000)?;
        let text =
            |e: conversation::Entry| format!("{} {:?} {} {:?} {:?} {:?}", e.seq, e.kind, e.participant, e.audience, e.client_id, e.body);
        // The entry that links two episodes names the one before.
        found.extend(entries.into_iter().map(text).filter(|text| !text.contains("linked")));
        let Conversation { state, owner_id, head, customer_head, .. } = row;
        found.push(format!("{state:?} {owner_id:?} {head} {customer_head} {}", row.waiting_since.is_some()));
        let cards = conversation::read_cards(tx, &[row.id])?;
        let reached = |p: &Participant| format!("{} {:?} {:?} {} {}", p.participant, p.role, p.staff_id, p.delivered, p.read);
        found.extend(cards.iter().flat_map(|card| card.participants.iter().map(reached)));
        next = row.next_id.map(|next| conversation::by_ids(tx, &[next.0])).transpose()?.and_then(|mut rows| rows.pop());
    }
    Ok(found)
}

apps! { what_is_said_together_ends_as_if_it_were_said_one_by_one, |t| async {
    let agent = t.unlimited(t.staff_with_limit("linxiao", "agent", &[GROUP], 100).await).await;
    for case in 0..CASES {
        let dice = Entropy::seeded(case);
        let standing = STANDINGS[dice.below(5) as usize];
        let by_customer = dice.below(2) == 0;
        let within = if matches!(standing, Standing::Past | Standing::Continued) { Duration::ZERO } else { Duration::from_secs(3600) };
        let wishes = wishes(&t, &dice, within);
        let mut ends = Vec::new();
        let mut pairs = Vec::new();
        for _ in 0..2 { pairs.push(prepare(&t, &agent, standing).await); }
        t.db.clock().advance(Duration::from_secs(1));
        for (is_together, (visitor, id)) in [true, false].into_iter().zip(pairs) {
            if matches!(standing, Standing::Continued) {
                let mut first = wishes[0].clone();
                (first.content, first.client_id) = (Content::parse("text", &json!({"text": "续"}), Language::Chinese).unwrap(), check_client_id("k0").unwrap());
                say(&t, &actor(&t, &visitor).await, &id, &[first], false).await;
            }
            let who = actor(&t, if by_customer { &visitor } else { &agent }).await;
            let told = say(&t, &who, &id, &wishes, is_together).await;
            ends.push((told, t.app.db.read(move |tx| remains(tx, &id)).await.unwrap()));
        }
        assert_eq!(ends[0], ends[1], "case {case}: {standing:?}, by the customer: {by_customer}");
    }
}}
