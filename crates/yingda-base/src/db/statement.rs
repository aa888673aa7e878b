//! Registered SQL texts.
use super::value::Param;
use linkme::distributed_slice;
use std::sync::OnceLock;

/// How many ids one statement with `{{ids}}` takes.
pub const CHUNK: usize = 32;

/// A registered SQL text.
pub struct Statement {
    /// As written.
    pub sql: &'static str,
    /// `file:line`.
    pub at: &'static str,
    lite: OnceLock<String>,
    pg: OnceLock<String>,
}

/// All of them: one test prepares each on both databases.
#[distributed_slice]
pub static ALL_STATEMENTS: [Statement];

impl Statement {
    /// For [`sql!`](crate::sql) only.
    pub const fn new(sql: &'static str, at: &'static str) -> Statement {
        Statement { sql, at, lite: OnceLock::new(), pg: OnceLock::new() }
    }

    pub(super) fn lite(&self) -> &str {
        self.lite.get_or_init(|| for_sqlite(&spread_ids(self.sql)))
    }

    pub(super) fn pg(&self) -> &str {
        self.pg.get_or_init(|| spread_ids(self.sql))
    }
}

/// SQLite numbers `?1`; `$1` would be a *name* there, numbered by first appearance. It has no row locks and needs none: one writer.
pub(super) fn for_sqlite(sql: &str) -> String {
    sql.replace('$', "?").replace("FOR UPDATE SKIP LOCKED", "").replace("FOR UPDATE", "")
}

fn spread_ids(sql: &str) -> String {
    if !sql.contains("{{ids}}") {
        return sql.to_owned();
    }
    let places: Vec<String> = (1..=CHUNK).map(|n| format!("${n}")).collect();
    sql.replace("{{ids}}", &places.join(", "))
}

/// A statement with its parameters, or one of the shapes of a [`Template`](super::Template).
pub struct Query {
    pub(super) text: Text,
    pub(super) params: Vec<Param>,
}

pub(super) enum Text {
    Statement(&'static Statement),
    Template { key: (usize, u32), lite: &'static str, pg: &'static str },
}

impl Text {
    pub(super) fn lite(&self) -> &str {
        match self {
            Text::Statement(statement) => statement.lite(),
            Text::Template { lite, .. } => lite,
        }
    }
    pub(super) fn pg(&self) -> &str {
        match self {
            Text::Statement(statement) => statement.pg(),
            Text::Template { pg, .. } => pg,
        }
    }
    /// Names the text for caches of prepared statements.
    pub(super) fn key(&self) -> (usize, u32) {
        match self {
            Text::Statement(statement) => (std::ptr::from_ref::<Statement>(statement).addr(), 0),
            Text::Template { key, .. } => *key,
        }
    }
}

impl Query {
    /// For [`sql!`](crate::sql) only.
    pub fn new(statement: &'static Statement, params: Vec<Param>) -> Query {
        Query { text: Text::Statement(statement), params }
    }

    /// Puts a chunk of ids in front of the parameters; see [`chunks`]. Other parameters of such a statement begin at `$33`.
    pub fn with_ids(mut self, ids: &[i64; CHUNK]) -> Query {
        self.params.splice(0..0, ids.iter().map(|id| Param::from(*id)));
        self
    }
}

/// Cuts a list of ids into chunks for statements with `IN ({{ids}})`; the last is filled up by repeating an id.
pub fn chunks<T: Copy + Into<i64>>(ids: &[T]) -> impl Iterator<Item = [i64; CHUNK]> {
    ids.chunks(CHUNK).map(|chunk| std::array::from_fn(|n| chunk[n.min(chunk.len() - 1)].into()))
}

/// `sql!("SELECT … $1", a)`: registers the text, so that one test prepares every statement on both databases.
/// `{{ids}}` stands for a chunk of ids, see [`chunks`](crate::db::chunks).
#[macro_export]
macro_rules! sql {
    ($sql:expr $(, $param:expr)* $(,)?) => {{
        #[expect(unsafe_code, reason = "a register places its statics in a link section")]
        #[linkme::distributed_slice($crate::db::ALL_STATEMENTS)]
        static STATEMENT: $crate::db::Statement = $crate::db::Statement::new($sql, concat!(file!(), ":", line!()));
        $crate::db::Query::new(&STATEMENT, vec![$($crate::db::Param::from($param)),*])
    }};
}
