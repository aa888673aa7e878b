//! A connection without threads or queue: for migrations and for what must be known before the door opens.
use super::{
    connect::Engine,
    postgres::Serving,
    sqlite,
    tx::Tx,
    unit::{self, Shared},
};
use crate::{
    Context,
    bus::LocalBus,
    error::{Error, Result},
};
use std::sync::Arc;

/// One connection, used by one thread. PostgreSQL's client must neither be used nor dropped on a runtime's thread: see [`with`].
pub(crate) enum Direct {
    Lite(rusqlite::Connection),
    Pg(Box<Serving>),
}

impl Direct {
    pub(crate) fn open(engine: &Engine) -> Result<Direct> {
        match engine {
            Engine::Sqlite(path) => sqlite::connect(path).map(Direct::Lite),
            Engine::Postgres(url) => Serving::connect(url).map(Box::new).map(Direct::Pg),
        }
    }

    /// Runs a unit as the door would, however long it takes.
    pub(crate) fn unit<T: Send + 'static>(&mut self, context: &Context, work: impl Fn(&mut Tx) -> Result<T> + Send + 'static) -> Result<T> {
        let shared = Shared::new(context, Arc::new(LocalBus::default()), "direct");
        let (unit, mut answer) = unit::new(work, false);
        match self {
            Direct::Lite(connection) => sqlite::run_alone(connection, unit, &shared),
            Direct::Pg(serving) => serving.run_and_answer(unit, &shared),
        }
        answer.try_recv().map_err(|_| Error::bug("a unit was not answered"))?
    }

    /// Runs text outside any transaction: settings of the session, and what databases refuse inside one.
    pub(crate) fn session(&mut self, sql: &str) -> Result<()> {
        match self {
            Direct::Lite(connection) => connection.execute_batch(sql).map_err(sqlite::fault),
            Direct::Pg(serving) => serving.session(sql),
        }
    }
}

/// Blocks while `work` has a connection, on a thread of its own beside whatever runtime the caller may be in.
pub(crate) fn with<T: Send>(engine: &Engine, work: impl FnOnce(&mut Direct) -> Result<T> + Send) -> Result<T> {
    on_own_thread(|| work(&mut Direct::open(engine)?))
}

/// Like [`with`] for work that opens its connection itself.
pub(crate) fn on_own_thread<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    std::thread::scope(|scope| scope.spawn(work).join()).map_err(|_| Error::bug("work before the start panicked"))?
}
