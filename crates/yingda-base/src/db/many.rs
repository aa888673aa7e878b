//! One statement for many rows: a round trip to PostgreSQL costs more than the row it carries. SQLite has no round trips and takes them one by one.
use super::{
    statement::{Query, Text, for_sqlite},
    value::Param,
};
use linkme::distributed_slice;
use std::{
    fmt::Write,
    sync::{Mutex, OnceLock, PoisonError},
};

/// Most rows of one text, a power of two: each power below has a text of its own, so a few prepared statements serve any number of rows.
const MOST: usize = 64;
/// Texts of one statement.
const SHAPES: usize = MOST.ilog2() as usize + 1;

/// A text in which the part of a row is repeated for each row, its parameters numbered on.
pub struct Many {
    /// Everything before the rows.
    pub head: &'static str,
    /// One row, with `$1…`.
    pub row: &'static str,
    /// Between two rows.
    pub between: &'static str,
    /// Everything behind the rows.
    pub tail: &'static str,
    /// `file:line`.
    pub at: &'static str,
    lite: OnceLock<String>,
    pg: Mutex<[Option<&'static str>; SHAPES]>,
}

/// All of them, for the test that prepares them.
#[distributed_slice]
pub static ALL_MANY: [&'static Many];

impl Many {
    /// For [`sql_many!`](crate::sql_many) only.
    pub const fn new(head: &'static str, row: &'static str, between: &'static str, tail: &'static str, at: &'static str) -> Many {
        Many { head, row, between, tail, at, lite: OnceLock::new(), pg: Mutex::new([None; SHAPES]) }
    }

    /// The text for `2^shape` rows, numbered, for PostgreSQL.
    pub(super) fn text(&self, shape: usize) -> String {
        let mut text = self.head.to_owned();
        let mut first = 0;
        for n in 0..1_usize << shape {
            if n > 0 {
                text.push_str(self.between);
            }
            first += number(&mut text, self.row, first);
        }
        text + self.tail
    }

    /// The text for one row on SQLite.
    pub(super) fn lite(&self) -> &str {
        self.lite.get_or_init(|| for_sqlite(&self.text(0)))
    }

    /// It lives as long as the program: there are a few of each statement.
    fn pg(&self, shape: usize) -> &'static str {
        let mut made = self.pg.lock().unwrap_or_else(PoisonError::into_inner);
        made[shape].get_or_insert_with(|| self.text(shape).leak())
    }

    /// The queries for PostgreSQL that carry these rows, in order.
    pub(super) fn queries(&'static self, rows: Vec<Vec<Param>>) -> Vec<Query> {
        let mut left = rows.len();
        let mut rows = rows.into_iter();
        let mut queries = Vec::new();
        while left > 0 {
            let shape = (left.min(MOST).ilog2()) as usize;
            let taken = 1 << shape;
            let key = (std::ptr::from_ref::<Many>(self).addr(), shape as u32);
            let text = Text::Template { key, lite: "", pg: self.pg(shape) };
            queries.push(Query { text, params: rows.by_ref().take(taken).flatten().collect() });
            left -= taken;
        }
        queries
    }

    /// The shapes there are.
    pub(super) fn shapes() -> std::ops::Range<usize> {
        0..SHAPES
    }
}

/// Appends a row with its parameters counted from `first`; answers how many it has.
fn number(text: &mut String, row: &str, first: usize) -> usize {
    let mut greatest = 0;
    let mut pieces = row.split('$');
    text.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let digits = piece.chars().take_while(char::is_ascii_digit).count();
        let n: usize = piece[..digits].parse().unwrap_or_default();
        greatest = greatest.max(n);
        write!(text, "${}{}", first + n, &piece[digits..]).expect("writing to a string never fails");
    }
    greatest
}

/// `sql_many!(static LINES = "INSERT INTO line (a, b) VALUES "; "($1, $2)", ", "; "")`: head, row, what stands between rows, tail.
/// See [`Tx::run_many`](crate::db::Tx::run_many) and [`Tx::all_many`](crate::db::Tx::all_many).
#[macro_export]
macro_rules! sql_many {
    ($vis:vis static $name:ident = $head:expr; $row:expr, $between:expr; $tail:expr) => {
        $vis static $name: $crate::db::Many = $crate::db::Many::new($head, $row, $between, $tail, concat!(file!(), ":", line!()));
        #[expect(unsafe_code, reason = "a register places its statics in a link section")]
        const _: () = {
            #[linkme::distributed_slice($crate::db::ALL_MANY)]
            static REGISTERED: &$crate::db::Many = &$name;
        };
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    static PAIRS: Many = Many::new("INSERT INTO p (a, b) VALUES ", "($1, $2)", ", ", " ON CONFLICT DO NOTHING", "here");

    #[test]
    fn rows_are_numbered_on() {
        assert_eq!(PAIRS.text(1), "INSERT INTO p (a, b) VALUES ($1, $2), ($3, $4) ON CONFLICT DO NOTHING");
        assert_eq!(PAIRS.lite(), "INSERT INTO p (a, b) VALUES (?1, ?2) ON CONFLICT DO NOTHING");
        static TWICE: Many = Many::new("", "SELECT $2 WHERE $1 = $2", " UNION ALL ", "", "here");
        assert_eq!(TWICE.text(1), "SELECT $2 WHERE $1 = $2 UNION ALL SELECT $4 WHERE $3 = $4");
    }

    #[test]
    fn any_number_of_rows_is_carried_in_order() {
        for count in [0_i64, 1, 2, 3, 63, 64, 65, 200] {
            let rows: Vec<Vec<Param>> = (0..count).map(|n| vec![n.into(), (-n).into()]).collect();
            let queries = PAIRS.queries(rows);
            let sizes: Vec<usize> = queries.iter().map(|query| query.params.len() / 2).collect();
            assert!(sizes.iter().all(|size| size.is_power_of_two() && *size <= MOST), "{sizes:?}");
            let firsts: Vec<i64> = queries
                .iter()
                .flat_map(|query| &query.params)
                .step_by(2)
                .map(|param| if let Param::Int(Some(n)) = param { *n } else { -1 })
                .collect();
            assert_eq!(firsts, (0..count).collect::<Vec<_>>());
        }
    }
}
