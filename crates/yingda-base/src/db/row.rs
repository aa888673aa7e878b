//! One result row of either database, read by column name.
use crate::error::{Error, Result};
use std::cell::Cell;

/// A row while it is being read.
pub struct Row<'r> {
    of: Of<'r>,
    /// Structs are mostly read in the order of the columns: where the next one is looked for first, instead of comparing all names.
    next: Cell<usize>,
}

#[derive(Clone, Copy)]
enum Of<'r> {
    Lite(&'r rusqlite::Row<'r>),
    Pg(&'r postgres::Row),
}

impl<'r> Row<'r> {
    pub(super) fn of_sqlite(row: &'r rusqlite::Row<'r>) -> Row<'r> {
        Row { of: Of::Lite(row), next: Cell::new(0) }
    }

    pub(super) fn of_postgres(row: &'r postgres::Row) -> Row<'r> {
        Row { of: Of::Pg(row), next: Cell::new(0) }
    }

    /// Where the column of this name stands.
    fn place(&self, name: &'static str) -> Result<usize> {
        let at = self.next.get();
        let found = match self.of {
            Of::Lite(row) if row.as_ref().column_name(at).is_ok_and(|here| here == name) => Ok(at),
            Of::Lite(row) => row.as_ref().column_index(name).map_err(Error::internal),
            Of::Pg(row) if row.columns().get(at).is_some_and(|here| here.name() == name) => Ok(at),
            Of::Pg(row) => row.columns().iter().position(|here| here.name() == name).ok_or_else(|| Error::bug("no such column")),
        };
        let place = found.map_err(|error| error.with("column", name))?;
        self.next.set(place + 1);
        Ok(place)
    }
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
    let place = row.place(name)?;
    match row.of {
        Of::Lite(row) => row.get(place).map_err(|cause| Error::internal(cause).with("column", name)),
        Of::Pg(row) => row.try_get(place).map_err(|cause| Error::internal(cause).with("column", name)),
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
