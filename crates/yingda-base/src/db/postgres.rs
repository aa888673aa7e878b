//! PostgreSQL: threads that own a connection each, and come back when it breaks.
use super::{
    connect::Options,
    fault::Fault,
    pool::{Pool, Todo},
    statement::Query,
    tx::{Link, Tx},
    unit::{LIMIT, Ran, Shared, Unit},
};
use crate::error::{Error, Result};
use ::postgres::{Client, IsolationLevel, NoTls, Statement, Transaction};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, mpsc},
    time::Duration,
};

/// Runs of one unit before its caller is told that the database is busy.
const TRIES: u32 = 8;
/// `synchronous_commit=on` is the promise. A unit that waits longer than the others may is cut, so that feeds know how late a row can appear.
const SESSION: &str = "SET synchronous_commit = on; SET statement_timeout = '5s'; SET lock_timeout = '4s';
    SET idle_in_transaction_session_timeout = '10s'; SET client_min_messages = warning; SET timezone = 'UTC'";
/// Reports may take their time, and change nothing.
const REPORT: &str = "SET statement_timeout = '120s'; SET default_transaction_read_only = on";

pub(super) fn open(url: &str, options: &Options, shared: &Shared) -> Result<(Pool, Pool, Pool)> {
    let (units, todo) = Pool::new(options.queue);
    let line = Line::new(url, "");
    let limited = Shared { limit: Some(LIMIT), ..shared.clone() };
    let (report, reports) = Pool::new(options.queue);
    // All connect at once: a connection takes some ten milliseconds, and the program is to be ready soon.
    let (ready, connected) = mpsc::channel();
    for _ in 0..options.connections {
        start(&line, &todo, &limited, &ready)?;
    }
    start(&Line::new(url, REPORT), &reports, &shared.of("report"), &ready)?;
    for _ in 0..=options.connections {
        connected.recv().map_err(Error::internal)??;
    }
    Ok((units.clone(), units.reading(), report.reading()))
}

fn start(line: &Line, todo: &Todo, shared: &Shared, ready: &mpsc::Sender<Result<()>>) -> Result<()> {
    let (line, shared, ready) = (line.clone(), shared.clone(), ready.clone());
    // The client runs a small runtime of its own, so it must be made on a thread that drives none.
    todo.spawn("db-postgres", move |todo| match Serving::on(&line) {
        Ok(link) => {
            let _ = ready.send(Ok(()));
            drop(ready);
            link.serve(&todo, &shared);
        }
        Err(error) => {
            // Whoever opens the door has given up already if another connection failed before.
            let _ = ready.send(Err(error));
        }
    })
}

pub(crate) fn fault(cause: ::postgres::Error) -> Error {
    Fault::of_postgres(&cause).into_error(cause)
}

/// A connection as all of ours are, with what `session` sets besides.
pub(crate) fn connect(url: &str, session: &str) -> Result<Client> {
    let mut config: ::postgres::Config = url.parse().map_err(|cause| Error::invalid("database.url_malformed").caused_by(cause))?;
    config.connect_timeout(Duration::from_secs(5)).tcp_user_timeout(Duration::from_secs(20)).application_name("yingda");
    let unreachable = |cause| Error::unavailable("database.unreachable").caused_by(cause);
    let mut client = config.connect(NoTls).map_err(unreachable)?;
    client.batch_execute(SESSION).and_then(|()| client.batch_execute(session)).map_err(unreachable)?;
    Ok(client)
}

/// Statements this connection has prepared.
#[derive(Default)]
pub(super) struct Prepared(HashMap<(usize, u32), Statement>);

impl Prepared {
    pub(super) fn of(&mut self, tx: &mut Transaction, query: &Query) -> std::result::Result<Statement, ::postgres::Error> {
        if let Some(statement) = self.0.get(&query.text.key()) {
            return Ok(statement.clone());
        }
        let statement = tx.prepare(query.text.pg())?;
        self.0.insert(query.text.key(), statement.clone());
        Ok(statement)
    }
}

pub(crate) struct Serving {
    line: Line,
    client: Client,
    prepared: Prepared,
}

/// What the connections of a pool share.
#[derive(Clone)]
struct Line {
    url: String,
    /// What is set besides [`SESSION`], again after each reconnection.
    session: &'static str,
    /// Units run side by side; one that collided with another runs again alone, so that it collides once at most.
    turns: Arc<RwLock<()>>,
}

impl Line {
    fn new(url: &str, session: &'static str) -> Line {
        Line { url: url.to_owned(), session, turns: Arc::default() }
    }
}

impl Serving {
    pub(super) fn connect(url: &str) -> Result<Serving> {
        Serving::on(&Line::new(url, ""))
    }

    fn on(line: &Line) -> Result<Serving> {
        Ok(Serving { line: line.clone(), client: connect(&line.url, line.session)?, prepared: Prepared::default() })
    }

    pub(super) fn session(&mut self, sql: &str) -> Result<()> {
        self.client.batch_execute(sql).map_err(fault)
    }

    fn serve(mut self, todo: &Todo, shared: &Shared) {
        while let Some(unit) = todo.take(1, &shared.meter).pop() {
            if cfg!(feature = "fault-ack-before-commit") {
                self.run_wrongly(unit, shared);
            } else {
                self.run_and_answer(unit, shared);
            }
        }
    }

    pub(super) fn run_and_answer(&mut self, mut unit: Box<dyn Unit>, shared: &Shared) {
        let committed = self.run(unit.as_mut(), shared);
        unit.answer(committed, shared);
    }

    /// Runs a unit until it commits or says no; deadlocks and lost connections are tried again.
    fn run(&mut self, unit: &mut dyn Unit, shared: &Shared) -> Result<()> {
        let mut last = Error::unavailable("database.lost");
        let mut collided = false;
        for attempt in 1..=TRIES {
            let end = self.take_turn(collided, unit, shared)?;
            collided |= matches!(end, Attempt::Again);
            last = match end {
                Attempt::Done => return Ok(()),
                Attempt::Again => {
                    shared.meter.again();
                    Error::unavailable("database.busy")
                }
                Attempt::Lost => self.reconnect().err().unwrap_or_else(|| Error::unavailable("database.lost")),
            };
            if attempt < TRIES {
                pause(shared, attempt);
            }
        }
        Err(last)
    }

    fn reconnect(&mut self) -> Result<()> {
        *self = Serving::on(&self.line).inspect_err(|error| tracing::warn!(%error, "PostgreSQL cannot be reached"))?;
        Ok(())
    }

    fn take_turn(&mut self, alone: bool, unit: &mut dyn Unit, shared: &Shared) -> Result<Attempt> {
        let turns = self.line.turns.clone();
        if alone {
            let _turn = turns.write().unwrap_or_else(PoisonError::into_inner);
            self.attempt(unit, shared)
        } else {
            let _turn = turns.read().unwrap_or_else(PoisonError::into_inner);
            self.attempt(unit, shared)
        }
    }

    fn attempt(&mut self, unit: &mut dyn Unit, shared: &Shared) -> Result<Attempt> {
        let begun = shared.elapsed();
        let Ok(transaction) = begin(&mut self.client, unit.is_reading()) else { return Ok(Attempt::Lost) };
        let mut tx = Tx::new(Link::Pg(transaction, &mut self.prepared), shared);
        let ran = unit.run(&mut tx);
        let Link::Pg(transaction, _) = tx.link else { return Err(Error::bug("a PostgreSQL unit ran on SQLite")) };
        let ended = shared.elapsed();
        let took = ended.saturating_sub(begun);
        shared.meter.slowest(took);
        match ran {
            // Feeds count on rows not appearing later than this.
            Ran::Keep if shared.limit.is_some_and(|limit| took > limit) => {
                drop(transaction);
                Err(Error::unavailable("database.too_slow"))
            }
            Ran::Keep => {
                let committed = commit(transaction);
                shared.meter.committed(shared.elapsed().saturating_sub(ended));
                committed
            }
            // It stays undone even if the connection breaks here; dropping an open transaction rolls it back.
            Ran::Undo => Ok(Attempt::Done),
            Ran::Again => Ok(Attempt::Again),
            Ran::Lost => Ok(Attempt::Lost),
        }
    }

    /// The wrong order on purpose, for the judge that must catch it: a unit that asks for it is answered, then it waits a little, then commits.
    fn run_wrongly(&mut self, mut unit: Box<dyn Unit>, shared: &Shared) {
        if self.client.is_closed() && self.reconnect().is_err() {
            return unit.answer(Err(Error::unavailable("database.lost")), shared);
        }
        let Ok(transaction) = self.client.transaction() else {
            return unit.answer(Err(Error::unavailable("database.lost")), shared);
        };
        let mut tx = Tx::new(Link::Pg(transaction, &mut self.prepared), shared);
        let ran = unit.run(&mut tx);
        let Link::Pg(transaction, _) = tx.link else { return };
        let end = |transaction: Transaction| if ran == Ran::Keep { transaction.commit() } else { transaction.rollback() };
        if !unit.is_early() {
            let committed = end(transaction).map_err(fault);
            return unit.answer(committed, shared);
        }
        unit.answer(Ok(()), shared);
        std::thread::sleep(Duration::from_millis(20));
        if let Err(error) = end(transaction) {
            tracing::error!(%error, "the faulty build could not commit");
        }
    }
}

/// What a unit reads is of one moment, as on SQLite: at the usual level each statement would see another one, and a card could be made of a
/// new row and old names. Units that write lock what they read.
fn begin(client: &mut Client, is_reading: bool) -> std::result::Result<Transaction<'_>, ::postgres::Error> {
    if is_reading {
        client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start()
    } else {
        client.transaction()
    }
}

enum Attempt {
    Done,
    Again,
    Lost,
}

fn commit(transaction: Transaction) -> Result<Attempt> {
    match transaction.commit() {
        Ok(()) => Ok(Attempt::Done),
        // The server said no, so it is certain that nothing was kept.
        Err(cause) => match Fault::of_postgres(&cause) {
            Fault::Retry => Ok(Attempt::Again),
            // Without its word the outcome is unknown: the caller is told to try again, and its idempotency key finds out.
            Fault::Lost => Err(Error::unavailable("database.outcome_unknown").caused_by(cause)),
            other => Err(other.into_error(cause)),
        },
    }
}

/// Grows with each try and differs between threads, so that those who collided don't collide again.
fn pause(shared: &Shared, attempt: u32) {
    let most = 5_u64 << attempt.min(8);
    std::thread::sleep(Duration::from_millis(1 + shared.context.entropy.below(most)));
}
