//! What tables there are, read from the schema of a SQLite file. The migrations make the same tables on PostgreSQL.
use crate::{
    Error, Result,
    db::{Param, sqlite_fault},
};
use rusqlite::{Connection, types::ValueRef};
use std::fmt::Write;

/// A table with all its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub name: String,
    /// In the order of the migrations.
    pub columns: Vec<Column>,
    /// Places of the columns of the primary key, in its order.
    pub key: Vec<usize>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub name: String,
    pub kind: Kind,
}

/// What a column can hold: the types both databases share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    Bool,
    Real,
    Text,
    Bytes,
}

impl Kind {
    fn declared(text: &str) -> Option<Kind> {
        match text.to_ascii_uppercase().as_str() {
            "BIGINT" => Some(Kind::Int),
            "BOOLEAN" => Some(Kind::Bool),
            "DOUBLE PRECISION" => Some(Kind::Real),
            "TEXT" => Some(Kind::Text),
            "BLOB" => Some(Kind::Bytes),
            _ => None,
        }
    }

    /// A stored value, unless SQLite, which takes anything anywhere, holds one of another type there.
    pub(crate) fn read(self, value: ValueRef) -> Option<Param> {
        Some(match (self, value) {
            (Kind::Int, ValueRef::Null) => Param::Int(None),
            (Kind::Bool, ValueRef::Null) => Param::Bool(None),
            (Kind::Real, ValueRef::Null) => Param::Real(None),
            (Kind::Text, ValueRef::Null) => Param::Text(None),
            (Kind::Bytes, ValueRef::Null) => Param::Bytes(None),
            (Kind::Int, ValueRef::Integer(number)) => number.into(),
            (Kind::Bool, ValueRef::Integer(number @ (0 | 1))) => (number == 1).into(),
            (Kind::Real, ValueRef::Real(number)) => number.into(),
            (Kind::Text, ValueRef::Text(bytes)) => std::str::from_utf8(bytes).ok()?.into(),
            (Kind::Bytes, ValueRef::Blob(bytes)) => bytes.into(),
            _ => return None,
        })
    }
}

/// All tables, by name.
pub(crate) fn tables(connection: &Connection) -> Result<Vec<Table>> {
    let names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name";
    let mut statement = connection.prepare(names).map_err(sqlite_fault)?;
    let names = statement.query_map([], |row| row.get::<_, String>(0)).map_err(sqlite_fault)?;
    names.map(|name| table(connection, name.map_err(sqlite_fault)?)).collect()
}

fn table(connection: &Connection, name: String) -> Result<Table> {
    let mut statement = connection.prepare("SELECT name, type, pk FROM pragma_table_info(?1) ORDER BY cid").map_err(sqlite_fault)?;
    let rows = statement.query_map([&name], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?)));
    let (mut columns, mut key) = (Vec::new(), Vec::new());
    for row in rows.map_err(sqlite_fault)? {
        let (column, declared, place) = row.map_err(sqlite_fault)?;
        let strange = || Error::bug("a column has a type that is not the same on both databases");
        let kind = Kind::declared(&declared).ok_or_else(|| strange().with("column", format!("{name}.{column} {declared}")))?;
        if place > 0 {
            key.push((place, columns.len()));
        }
        columns.push(Column { name: column, kind });
    }
    if key.is_empty() {
        return Err(Error::bug("a table has no primary key").with("table", name));
    }
    key.sort_unstable();
    Ok(Table { name, columns, key: key.into_iter().map(|(_, column)| column).collect() })
}

impl Table {
    /// The names of its columns, for SQL text.
    pub(crate) fn list(&self) -> String {
        self.columns.iter().map(|column| quoted(&column.name)).collect::<Vec<_>>().join(", ")
    }

    /// Reads all of it in the order of the primary key, texts by their bytes: the same order on both databases.
    pub(crate) fn select(&self, is_sqlite: bool) -> String {
        let mut order = String::new();
        for &place in &self.key {
            let column = &self.columns[place];
            let collation = if column.kind == Kind::Text && !is_sqlite { " COLLATE \"C\"" } else { "" };
            let comma = if order.is_empty() { "" } else { ", " };
            write!(order, "{comma}{}{collation}", quoted(&column.name)).expect("writing to a string never fails");
        }
        format!("SELECT {} FROM {} ORDER BY {order}", self.list(), quoted(&self.name))
    }

    /// Columns that name a blob: `blob`, or a name that ends so.
    pub(crate) fn blob_columns(&self) -> impl Iterator<Item = &str> {
        let names = self.columns.iter().filter(|column| column.kind == Kind::Text).map(|column| column.name.as_str());
        names.filter(|name| *name == "blob" || name.ends_with("_blob"))
    }

    /// A value of this row is of another type than its column.
    pub(crate) fn misfit(&self, place: usize) -> Error {
        let column = self.columns.get(place).map_or("?", |column| column.name.as_str());
        Error::unavailable("backup.misfit").with("column", format!("{}.{column}", self.name))
    }
}

/// A name in SQL text.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
