//! One result row of either database, read by column name.
use crate::error::{Error, Result};

/// A row while it is being read.
pub enum Row<'r> {
    /// Of SQLite.
    Lite(&'r rusqlite::Row<'r>),
    /// Of PostgreSQL.
    Pg(&'r postgres::Row),
}

impl Row<'_> {
    /// The value of a column.
    pub fn get<T: Column>(&self, name: &'static str) -> Result<T> {
        T::read(self, name)
    }
}

/// A type that can be read from a column of either database.
pub trait Column: Sized {
    /// Reads it.
    fn read(row: &Row, name: &'static str) -> Result<Self>;
}

macro_rules! column {
    ($($t:ty),*) => { $(
        impl Column for $t { fn read(row: &Row, name: &'static str) -> Result<Self> { read(row, name) } }
        impl Column for Option<$t> { fn read(row: &Row, name: &'static str) -> Result<Self> { read(row, name) } }
    )* };
}
column!(i64, bool, f64, String, Vec<u8>);

fn read<T>(row: &Row, name: &'static str) -> Result<T>
where
    T: rusqlite::types::FromSql + for<'a> postgres::types::FromSql<'a>,
{
    match row {
        Row::Lite(row) => row.get(name).map_err(|cause| Error::internal(cause).with("column", name)),
        Row::Pg(row) => row.try_get(name).map_err(|cause| Error::internal(cause).with("column", name)),
    }
}

/// A type read from a whole row; usually made by [`row!`](crate::row).
pub trait FromRow: Sized {
    /// Reads it.
    fn from_row(row: &Row) -> Result<Self>;
}

/// `row! { pub struct Head { pub id: i64, pub last_seq: i64 } }`: a struct read by its field names.
#[macro_export]
macro_rules! row {
    ($($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$fmeta:meta])* $fvis:vis $field:ident : $type:ty),* $(,)? })*) => { $(
        $(#[$meta])*
        $vis struct $name { $($(#[$fmeta])* $fvis $field: $type),* }
        impl $crate::db::FromRow for $name {
            fn from_row(row: &$crate::db::Row) -> $crate::Result<Self> {
                Ok($name { $($field: row.get(stringify!($field))?),* })
            }
        }
    )* };
}
