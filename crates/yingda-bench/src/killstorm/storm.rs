//! The run itself: a crowd that talks, a program that is killed and started, and the evidence gathered when it is over.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, bail};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::{
    sync::{Barrier, oneshot, watch},
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep},
};

use super::{
    Options,
    evidence::{Audience, Evidence, Line, Log, Shown},
    ledger::{Kill, Ledger, Witness},
    member::{Member, Storm, Survivor},
    serving::serve,
    visiting::visit,
};
use crate::{
    client::{Agent, Visitor},
    report::remark,
    setup::Setup,
    target::Own,
};

/// Without enough acknowledgements for this long the storm is given up.
const STALLED: Duration = Duration::from_secs(120);
/// Of so many starts one is killed before it is over, or just after.
const EARLY_KILLS: f64 = 0.25;
/// More conversations at a time than visitors for each agent, as routing need not be even.
const AGENT_LIMIT: u32 = 4;

type Crowd = JoinSet<anyhow::Result<Survivor>>;

/// What a storm leaves.
pub struct Weather {
    pub kills: Vec<Kill>,
    pub ready: Vec<Duration>,
    pub acked: u64,
    pub evidence: Evidence,
}

pub async fn run(options: &Options, seed: u64, setup: &Setup, own: &mut Own) -> anyhow::Result<Weather> {
    let mut rng = StdRng::seed_from_u64(seed);
    let ledger = Arc::<Ledger>::default();
    let (raging, is_raging) = watch::channel(true);
    let calm = Arc::new(Barrier::new(options.pairs as usize * 2));
    let storm = Storm { window: usize::from(options.window), raging: is_raging, calm };
    let mut crowd = gather(options.pairs, seed, setup, &ledger, &storm).await?;

    let (mut kills, mut ready) = (Vec::new(), vec![own.ready]);
    for _ in 0..options.kills {
        let after = options.min_acked + rng.random_range(0..=options.min_acked * 2);
        let firing = ledger.aim(Some(own.running.killer()), after);
        kills.push(await_kill(firing, own, &mut crowd, &ledger).await?);
        ready.push(start_again(setup, own, &ready, &mut rng).await?);
    }
    // The crowd ends after the last start has proved itself too; nobody is killed by this.
    let recovered = ledger.aim(None, options.min_acked);
    await_kill(recovered, own, &mut crowd, &ledger).await.context("after the last kill")?;
    raging.send_replace(false);

    let mut survivors = Vec::new();
    while let Some(survivor) = crowd.join_next().await {
        survivors.push(survivor??);
    }
    let (acked, evidence) = gather_evidence(&ledger, &survivors).await?;
    // The first start is of an empty program; those after a kill are what counts.
    Ok(Weather { kills, ready: ready.split_off(1), acked, evidence })
}

/// Visitors and agents, talking from now on.
async fn gather(pairs: u32, seed: u64, setup: &Setup, ledger: &Arc<Ledger>, storm: &Storm) -> anyhow::Result<Crowd> {
    let place = setup.place().await.context("preparing a place")?;
    let mut crowd = Crowd::new();
    let witness = |client: String| Arc::new(Witness { ledger: Arc::clone(ledger), client });
    for index in 0..pairs {
        let name = format!("a{index}");
        let agent = Agent::begin(setup, &place, AGENT_LIMIT, witness(name.clone())).await.context("preparing an agent")?;
        let rng = StdRng::seed_from_u64(seed ^ (u64::from(index) * 2 + 1));
        let socket = (agent.identity, agent.connection, agent.events);
        let member = Member::new(name, socket, Arc::clone(ledger), rng);
        crowd.spawn(serve(member, agent.staff, storm.clone()));
    }
    for index in 0..pairs {
        let name = format!("v{index}");
        let visitor = Visitor::arrive(setup, &place, witness(name.clone())).await.context("preparing a visitor")?;
        let rng = StdRng::seed_from_u64(seed ^ (u64::from(index) * 2 + 2));
        let socket = (visitor.identity, visitor.connection, visitor.events);
        let member = Member::new(name, socket, Arc::clone(ledger), rng);
        crowd.spawn(visit(member, storm.clone()));
    }
    Ok(crowd)
}

/// Waits for the ledger to fire. Ends early when the crowd or the program fails by itself.
async fn await_kill(mut firing: oneshot::Receiver<Kill>, own: &Own, crowd: &mut Crowd, ledger: &Ledger) -> anyhow::Result<Kill> {
    let start = Instant::now();
    let mut watchdog = interval(Duration::from_millis(200));
    watchdog.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            kill = &mut firing => return Ok(kill?),
            Some(early) = crowd.join_next() => {
                early??;
                bail!("one of the crowd left before the storm was over");
            }
            _ = watchdog.tick() => {
                if let Some(status) = own.running.exited()? && ledger.is_aiming() {
                    bail!("the program ended by itself: {status}; see {}", own.program.log().display());
                }
                if start.elapsed() > STALLED {
                    bail!("the storm stalled: {}", ledger.status());
                }
            }
        }
    }
}

/// Starts the killed program; sometimes kills it once more while it starts. How long the last start took.
async fn start_again(setup: &Setup, own: &mut Own, ready: &[Duration], rng: &mut StdRng) -> anyhow::Result<Duration> {
    own.running.gone().await?;
    own.running = own.program.start()?;
    if rng.random_bool(EARLY_KILLS) {
        let usual = ready.iter().max().copied().unwrap_or_default();
        // A random moment of the start or just after it, not a wait for something.
        sleep(usual.mul_f64(rng.random_range(0.0..1.3))).await;
        own.running.killer().kill();
        own.running.gone().await?;
        own.running = own.program.start()?;
    }
    own.running.ready(&setup.api).await.with_context(|| format!("see {}", own.program.log().display()))
}

async fn gather_evidence(ledger: &Ledger, survivors: &[Survivor]) -> anyhow::Result<(u64, Evidence)> {
    let closing = ledger.close();
    let mut conversations: Vec<&String> = survivors.iter().flat_map(|survivor| survivor.complete.keys()).collect();
    conversations.extend(closing.sent.iter().map(|sent| &sent.conversation));
    let conversations: HashSet<String> = conversations.into_iter().cloned().collect();
    let mut logs = Vec::new();
    for conversation in &conversations {
        for audience in [Audience::Staff, Audience::Customer] {
            logs.push(fetch_log(conversation, audience, survivors).await?);
        }
    }
    let shown = shown(closing.shown, survivors);
    remark(&format!("{} letters in {} conversations", closing.sent.len(), conversations.len()));
    Ok((closing.acked, Evidence { sent: closing.sent, logs, shown, violations: closing.violations }))
}

/// The log, by whoever of the audience may see it.
async fn fetch_log(conversation: &str, audience: Audience, survivors: &[Survivor]) -> anyhow::Result<Log> {
    let mut readers: Vec<&Survivor> = survivors.iter().filter(|it| Audience::of(&it.identity) == audience).collect();
    readers.sort_by_key(|reader| !reader.complete.contains_key(conversation));
    for reader in readers {
        match reader.identity.log(conversation).await {
            Ok(log) => {
                let lines = log.entries.iter().map(Line::from).collect();
                return Ok(Log { conversation: conversation.to_owned(), audience, head: log.head, lines });
            }
            Err(error) if error.is_refusal(&[403, 404]) => {}
            Err(error) => return Err(error).context("fetching a log"),
        }
    }
    // Nobody may read it, or it is gone: nothing is left of what was acknowledged.
    Ok(Log { conversation: conversation.to_owned(), audience, head: 0, lines: Vec::new() })
}

/// What each client was shown, and whether it was to be shown all.
fn shown(mut lines: HashMap<(String, String), Vec<Line>>, survivors: &[Survivor]) -> Vec<Shown> {
    let mut all = Vec::new();
    for survivor in survivors {
        // Also what was never shown, but should have been.
        for conversation in survivor.complete.keys() {
            lines.entry((survivor.name.clone(), conversation.clone())).or_default();
        }
    }
    for ((client, conversation), lines) in lines {
        let survivor = survivors.iter().find(|survivor| survivor.name == client);
        let Some(survivor) = survivor else { continue };
        let complete_to = survivor.complete.get(&conversation).copied().unwrap_or(0);
        let audience = Audience::of(&survivor.identity);
        all.push(Shown { client, conversation, audience, complete_to, lines });
    }
    all
}
