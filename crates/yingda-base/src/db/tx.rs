//! The transaction a unit of work speaks to.
use super::{
    fault::Fault,
    many::Many,
    postgres::Prepared,
    row::{FromRow, Row},
    statement::Query,
    unit::Shared,
    value::Param,
};
use crate::{
    bus::{Doorbell, Event},
    clock::Millis,
    error::{Error, Result},
};

/// What a store function gets. It knows the time of the unit and makes ids, so that ids are given in the order units run.
pub struct Tx<'a> {
    pub(super) link: Link<'a>,
    /// The first statement that failed; the unit is rolled back whatever it answers.
    pub(super) poison: Option<(Fault, Error)>,
    pub(super) doorbells: Vec<Doorbell>,
    /// For the faulty build: the caller is told before the commit.
    pub(super) is_early: bool,
    shared: &'a Shared,
    now: Millis,
    steady: Millis,
}

pub(super) enum Link<'a> {
    Lite(&'a rusqlite::Connection),
    Pg(postgres::Transaction<'a>, &'a mut Prepared),
}

impl<'a> Tx<'a> {
    pub(super) fn new(link: Link<'a>, shared: &'a Shared) -> Tx<'a> {
        let clock = &shared.context.clock;
        Tx { link, poison: None, doorbells: Vec::new(), is_early: false, shared, now: clock.now(), steady: clock.steady() }
    }

    /// The time of this unit.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// The steady time of this unit: for what must not end because a wall clock jumped. See [`Clock::steady`](crate::clock::Clock::steady).
    pub fn steady(&self) -> Millis {
        self.steady
    }

    /// A new id.
    pub fn next_id(&self) -> i64 {
        self.shared.context.ids.next()
    }

    /// The injected randomness.
    pub fn entropy(&self) -> &crate::random::Entropy {
        &self.shared.context.entropy
    }

    /// All rows.
    pub fn all<T: FromRow>(&mut self, query: Query) -> Result<Vec<T>> {
        refuse_nul(&query.params)?;
        self.refuse_if_poisoned()?;
        let result = match &mut self.link {
            Link::Lite(connection) => lite_all(connection, &query),
            Link::Pg(tx, prepared) => pg_all(tx, prepared, &query),
        };
        self.guard(result)
    }

    /// The first row, if there is one.
    pub fn find<T: FromRow>(&mut self, query: Query) -> Result<Option<T>> {
        Ok(self.all(query)?.into_iter().next())
    }

    /// The first row; `not_found` with `what` otherwise.
    pub fn get<T: FromRow>(&mut self, what: &'static str, query: Query) -> Result<T> {
        self.find(query)?.ok_or_else(|| Error::not_found(what))
    }

    /// Runs a statement; answers how many rows it changed.
    pub fn run(&mut self, query: Query) -> Result<u64> {
        refuse_nul(&query.params)?;
        self.refuse_if_poisoned()?;
        let result = match &mut self.link {
            Link::Lite(connection) => lite_run(connection, &query),
            Link::Pg(tx, prepared) => pg_run(tx, prepared, &query),
        };
        self.guard(result)
    }

    /// Runs a statement for each row, in as few round trips as the database allows; answers how many rows it changed.
    pub fn run_many(&mut self, statement: &'static Many, rows: Vec<Vec<Param>>) -> Result<u64> {
        rows.iter().try_for_each(|row| refuse_nul(row))?;
        self.refuse_if_poisoned()?;
        let result = match &mut self.link {
            Link::Lite(connection) => lite_run_many(connection, statement, &rows),
            Link::Pg(tx, prepared) => statement.queries(rows).iter().map(|query| pg_run(tx, prepared, query)).sum(),
        };
        self.guard(result)
    }

    /// What a statement finds for each row. In what order is not said: rows tell what they belong to.
    pub fn all_many<T: FromRow>(&mut self, statement: &'static Many, rows: Vec<Vec<Param>>) -> Result<Vec<T>> {
        rows.iter().try_for_each(|row| refuse_nul(row))?;
        self.refuse_if_poisoned()?;
        let mut found = Vec::with_capacity(rows.len());
        let result = match &mut self.link {
            Link::Lite(connection) => rows.iter().try_for_each(|row| lite_read(connection, statement.lite(), row, &mut found)),
            Link::Pg(tx, prepared) => statement.queries(rows).iter().try_for_each(|query| {
                found.extend(pg_all(tx, prepared, query)?);
                Ok(())
            }),
        };
        self.guard(result.map(|()| found))
    }

    /// The wrong order on purpose, for the judge that must catch it: this unit is answered before it is committed.
    #[cfg(feature = "fault-ack-before-commit")]
    pub fn answer_before_commit(&mut self) {
        self.is_early = true;
    }

    /// Rings a doorbell after the commit. It may be lost: receivers heal. What must not be lost is a job.
    pub fn emit<E: Event>(&mut self, event: E) {
        self.doorbells.push(Doorbell::of(event));
    }

    /// Runs text outside the register: migrations and copying, where the text isn't known before.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<()> {
        self.refuse_if_poisoned()?;
        let result = match &mut self.link {
            Link::Lite(connection) => connection.execute_batch(sql).map_err(Failure::Lite),
            Link::Pg(tx, _) => tx.batch_execute(sql).map_err(Failure::Pg),
        };
        self.guard(result)
    }

    /// Whether this is SQLite. For the door's own code only: stores know no database.
    pub(crate) fn is_sqlite(&self) -> bool {
        matches!(self.link, Link::Lite(_))
    }

    /// After a failure nothing more may reach the database: SQLite may have ended the transaction, and would keep it at once.
    fn refuse_if_poisoned(&self) -> Result<()> {
        match &self.poison {
            Some((_, error)) => Err(error.clone()),
            None => Ok(()),
        }
    }

    /// Remembers the first failure, and that SQLite may have ended the whole transaction by itself (a full disk does that).
    fn guard<T>(&mut self, result: std::result::Result<T, Failure>) -> Result<T> {
        let ended = matches!(&self.link, Link::Lite(connection) if connection.is_autocommit());
        let (fault, error) = match result {
            Ok(value) if !ended => return Ok(value),
            Ok(_) => (Fault::Other, Error::bug("the transaction ended inside a unit")),
            Err(Failure::Lite(cause)) => (Fault::of_sqlite(&cause), Fault::of_sqlite(&cause).into_error(cause)),
            Err(Failure::Pg(cause)) => (Fault::of_postgres(&cause), Fault::of_postgres(&cause).into_error(cause)),
            Err(Failure::Read(error)) => (Fault::Other, error),
        };
        self.poison = Some((fault, error.clone()));
        Err(error)
    }
}

/// PostgreSQL's text holds no U+0000 and SQLite's should not: whoever sends one is told so, on both.
fn refuse_nul(params: &[Param]) -> Result<()> {
    let has_nul = |param: &Param| matches!(param, Param::Text(Some(text)) if text.contains('\0'));
    if params.iter().any(has_nul) { Err(Error::malformed("nul_refused")) } else { Ok(()) }
}

enum Failure {
    Lite(rusqlite::Error),
    Pg(postgres::Error),
    Read(Error),
}

fn lite_all<T: FromRow>(connection: &rusqlite::Connection, query: &Query) -> std::result::Result<Vec<T>, Failure> {
    let mut found = Vec::new();
    lite_read(connection, query.text.lite(), &query.params, &mut found)?;
    Ok(found)
}

fn lite_read<T: FromRow>(
    connection: &rusqlite::Connection,
    sql: &str,
    params: &[Param],
    found: &mut Vec<T>,
) -> std::result::Result<(), Failure> {
    let mut statement = connection.prepare_cached(sql).map_err(Failure::Lite)?;
    let mut rows = statement.query(rusqlite::params_from_iter(params)).map_err(Failure::Lite)?;
    while let Some(row) = rows.next().map_err(Failure::Lite)? {
        found.push(T::from_row(&Row::of_sqlite(row)).map_err(Failure::Read)?);
    }
    Ok(())
}

fn lite_run_many(connection: &rusqlite::Connection, statement: &Many, rows: &[Vec<Param>]) -> std::result::Result<u64, Failure> {
    let mut prepared = connection.prepare_cached(statement.lite()).map_err(Failure::Lite)?;
    rows.iter().map(|row| prepared.execute(rusqlite::params_from_iter(row)).map(|n| n as u64).map_err(Failure::Lite)).sum()
}

fn lite_run(connection: &rusqlite::Connection, query: &Query) -> std::result::Result<u64, Failure> {
    let mut statement = connection.prepare_cached(query.text.lite()).map_err(Failure::Lite)?;
    statement.execute(rusqlite::params_from_iter(&query.params)).map(|n| n as u64).map_err(Failure::Lite)
}

fn pg_all<T: FromRow>(tx: &mut postgres::Transaction, prepared: &mut Prepared, query: &Query) -> std::result::Result<Vec<T>, Failure> {
    let statement = prepared.of(tx, query).map_err(Failure::Pg)?;
    let params: Vec<_> = query.params.iter().map(Param::as_postgres).collect();
    let rows = tx.query(&statement, &params).map_err(Failure::Pg)?;
    rows.iter().map(|row| T::from_row(&Row::of_postgres(row))).collect::<Result<_>>().map_err(Failure::Read)
}

fn pg_run(tx: &mut postgres::Transaction, prepared: &mut Prepared, query: &Query) -> std::result::Result<u64, Failure> {
    let statement = prepared.of(tx, query).map_err(Failure::Pg)?;
    let params: Vec<_> = query.params.iter().map(Param::as_postgres).collect();
    tx.execute(&statement, &params).map_err(Failure::Pg)
}
