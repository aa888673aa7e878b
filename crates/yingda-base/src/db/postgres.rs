//! PostgreSQL: threads that own a connection each, and come back when it breaks.
use super::{
    ALL_STATEMENTS, ALL_TEMPLATES,
    connect::Options,
    fault::Fault,
    pool::{Pool, Todo},
    statement::Query,
    tx::{Link, Tx},
    unit::{Ran, Shared, Unit},
};
use crate::error::{Error, Result};
use ::postgres::{Client, NoTls, Statement, Transaction, types::Type};
use std::{collections::HashMap, sync::mpsc, time::Duration};

/// Runs of one unit before its caller is told that the database is busy.
const TRIES: u32 = 8;
/// `synchronous_commit=on` is the promise. A unit that waits longer than the others may is cut, so that feeds know how late a row can appear.
const SESSION: &str = "SET synchronous_commit = on; SET statement_timeout = '5s'; SET lock_timeout = '4s';
    SET idle_in_transaction_session_timeout = '10s'; SET client_min_messages = warning; SET timezone = 'UTC'";
/// Reports may take their time, and change nothing.
const REPORT: &str = "SET statement_timeout = '120s'; SET default_transaction_read_only = on";

pub(super) fn open(url: &str, options: &Options, shared: &Shared) -> Result<(Pool, Pool, Pool)> {
    let (units, todo) = Pool::new(options.queue);
    for _ in 0..options.connections {
        start(url, "", &todo, shared)?;
    }
    let (report, todo) = Pool::new(options.queue);
    start(url, REPORT, &todo, &Shared { limit: None, ..shared.clone() })?;
    Ok((units.clone(), units, report))
}

fn start(url: &str, session: &'static str, todo: &Todo, shared: &Shared) -> Result<()> {
    let (ready, connected) = mpsc::channel();
    let (url, shared) = (url.to_owned(), shared.clone());
    // The client runs a small runtime of its own, so it must be made on a thread that drives none.
    todo.spawn("db-postgres", move |todo| match Serving::connect_with(&url, session) {
        Ok(link) => {
            let _ = ready.send(Ok(()));
            link.serve(&todo, &shared);
        }
        Err(error) => {
            let _ = ready.send(Err(error));
        }
    })?;
    connected.recv().map_err(Error::internal)?
}

fn fault(cause: ::postgres::Error) -> Error {
    Fault::of_postgres(&cause).into_error(cause)
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
    url: String,
    client: Client,
    prepared: Prepared,
    /// What is set besides [`SESSION`], again after each reconnection.
    session: &'static str,
}

impl Serving {
    pub(super) fn connect(url: &str) -> Result<Serving> {
        Serving::connect_with(url, "")
    }

    fn connect_with(url: &str, session: &'static str) -> Result<Serving> {
        let mut config: ::postgres::Config = url.parse().map_err(|cause| Error::invalid("database.url_malformed").caused_by(cause))?;
        config.connect_timeout(Duration::from_secs(5)).tcp_user_timeout(Duration::from_secs(20)).application_name("yingda");
        let unreachable = |cause| Error::unavailable("database.unreachable").caused_by(cause);
        let mut client = config.connect(NoTls).map_err(unreachable)?;
        client.batch_execute(SESSION).and_then(|()| client.batch_execute(session)).map_err(unreachable)?;
        Ok(Serving { url: url.to_owned(), client, prepared: Prepared::default(), session })
    }

    pub(super) fn session(&mut self, sql: &str) -> Result<()> {
        self.client.batch_execute(sql).map_err(fault)
    }

    fn serve(mut self, todo: &Todo, shared: &Shared) {
        while let Some(unit) = todo.next() {
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
        for attempt in 1..=TRIES {
            last = match self.attempt(unit, shared)? {
                Attempt::Done => return Ok(()),
                Attempt::Again => Error::unavailable("database.busy"),
                Attempt::Lost => self.reconnect().err().unwrap_or_else(|| Error::unavailable("database.lost")),
            };
            if attempt < TRIES {
                pause(shared, attempt);
            }
        }
        Err(last)
    }

    fn reconnect(&mut self) -> Result<()> {
        *self =
            Serving::connect_with(&self.url, self.session).inspect_err(|error| tracing::warn!(%error, "PostgreSQL cannot be reached"))?;
        Ok(())
    }

    fn attempt(&mut self, unit: &mut dyn Unit, shared: &Shared) -> Result<Attempt> {
        let begun = shared.context.clock.elapsed();
        let Ok(transaction) = self.client.transaction() else { return Ok(Attempt::Lost) };
        let mut tx = Tx::new(Link::Pg(transaction, &mut self.prepared), shared);
        let ran = unit.run(&mut tx);
        let Link::Pg(transaction, _) = tx.link else { return Err(Error::bug("a PostgreSQL unit ran on SQLite")) };
        let took = shared.context.clock.elapsed().saturating_sub(begun);
        match ran {
            // Feeds count on rows not appearing later than this.
            Ran::Keep if shared.limit.is_some_and(|limit| took > limit) => {
                drop(transaction);
                Err(Error::unavailable("database.too_slow"))
            }
            Ran::Keep => commit(transaction),
            // It stays undone even if the connection breaks here; dropping an open transaction rolls it back.
            Ran::Undo => Ok(Attempt::Done),
            Ran::Again => Ok(Attempt::Again),
            Ran::Lost => Ok(Attempt::Lost),
        }
    }

    /// The wrong order on purpose, for the judge that must catch it: answers, then waits a little, then commits.
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
        unit.answer(Ok(()), shared);
        std::thread::sleep(Duration::from_millis(20));
        let ended = if ran == Ran::Keep { transaction.commit() } else { transaction.rollback() };
        if let Err(error) = ended {
            tracing::error!(%error, "the faulty build could not commit");
        }
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

/// Prepares every registered statement, and looks at the result types: INT4 or NUMERIC would fail to read as `i64`, but only on the first row.
pub fn check(client: &mut Client) -> Vec<String> {
    let good = [Type::INT8, Type::BOOL, Type::FLOAT8, Type::TEXT, Type::BYTEA];
    let texts = ALL_STATEMENTS.iter().map(|statement| (statement.at, statement.pg().to_owned()));
    let combinations = ALL_TEMPLATES.iter().flat_map(|t| (0..1 << t.filters.len()).map(|mask| (t.at, t.text(mask))));
    let mut faults = Vec::new();
    for (at, sql) in texts.chain(combinations) {
        match client.prepare(&sql) {
            Err(error) => faults.push(format!("{at}: {error}: {:?}", error.as_db_error())),
            Ok(prepared) => {
                let wrong = prepared.columns().iter().filter(|column| !good.contains(column.type_()));
                faults.extend(wrong.map(|column| format!("{at}: column {} is {}", column.name(), column.type_())));
            }
        }
    }
    faults
}
