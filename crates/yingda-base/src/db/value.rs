//! Typed parameters, so that a NULL keeps its type (PostgreSQL asks for it).
use super::row::{Column, Row};
use crate::{Result, clock::Millis};

/// One parameter of a statement.
#[derive(Debug, Clone)]
pub enum Param {
    /// BIGINT.
    Int(Option<i64>),
    /// BOOLEAN.
    Bool(Option<bool>),
    /// DOUBLE PRECISION.
    Real(Option<f64>),
    /// TEXT.
    Text(Option<String>),
    /// `{{bytes}}`.
    Bytes(Option<Vec<u8>>),
}

macro_rules! param {
    ($($from:ty => $variant:ident $convert:expr),* $(,)?) => { $(
        impl From<$from> for Param { fn from(x: $from) -> Param { Param::$variant(Some($convert(x))) } }
        impl From<Option<$from>> for Param { fn from(x: Option<$from>) -> Param { Param::$variant(x.map($convert)) } }
    )* };
}
param! {
    i64 => Int |x| x, bool => Bool |x| x, f64 => Real |x| x, String => Text |x| x, &str => Text |x: &str| x.to_owned(),
    &String => Text |x: &String| x.clone(), Vec<u8> => Bytes |x| x, &[u8] => Bytes |x: &[u8]| x.to_vec(),
}

impl rusqlite::ToSql for Param {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        match self {
            Param::Int(x) => x.to_sql(),
            Param::Bool(x) => x.to_sql(),
            Param::Real(x) => x.to_sql(),
            Param::Text(x) => x.to_sql(),
            Param::Bytes(x) => x.to_sql(),
        }
    }
}

impl Param {
    pub(crate) fn as_postgres(&self) -> &(dyn postgres::types::ToSql + Sync) {
        match self {
            Param::Int(x) => x,
            Param::Bool(x) => x,
            Param::Real(x) => x,
            Param::Text(x) => x,
            Param::Bytes(x) => x,
        }
    }
}

/// What a column can hold by itself.
pub trait Plain: Sized {
    /// With the type of a NULL.
    fn into_param(x: Option<Self>) -> Param;
    /// `None` for NULL.
    fn read_column(row: &Row, name: &'static str) -> Result<Option<Self>>;
}
macro_rules! plain {
    ($($t:ty),*) => { $(
        impl Plain for $t {
            fn into_param(x: Option<Self>) -> Param { x.into() }
            fn read_column(row: &Row, name: &'static str) -> Result<Option<Self>> { Column::read(row, name) }
        }
    )* };
}
plain!(i64, bool, f64, String, Vec<u8>);

/// A type of a feature that stands in a column as a plain one: an id, a time, an enum. Made by [`id!`](crate::id!),
/// [`text_enum!`](crate::text_enum) and [`column_newtype!`](crate::column_newtype).
pub trait Stored: Sized {
    /// As stored.
    type Plain: Plain;
    /// To store it.
    fn to_plain(self) -> Self::Plain;
    /// Reads it; an error if it cannot be one.
    fn from_plain(plain: Self::Plain) -> Result<Self>;
}

impl<T: Stored> From<T> for Param {
    fn from(x: T) -> Param {
        T::Plain::into_param(Some(x.to_plain()))
    }
}
impl<T: Stored> From<Option<T>> for Param {
    fn from(x: Option<T>) -> Param {
        T::Plain::into_param(x.map(T::to_plain))
    }
}
impl<T: Stored> Column for T {
    fn read(row: &Row, name: &'static str) -> Result<T> {
        let plain = T::Plain::read_column(row, name)?;
        T::from_plain(plain.ok_or_else(|| crate::Error::bug("a column is NULL that never should be").with("column", name))?)
    }
}
impl<T: Stored> Column for Option<T> {
    fn read(row: &Row, name: &'static str) -> Result<Option<T>> {
        T::Plain::read_column(row, name)?.map(T::from_plain).transpose()
    }
}

/// Lets a newtype (an id, a time) be a parameter and a column like the type inside it.
#[macro_export]
macro_rules! column_newtype {
    ($name:ident, $inner:ty) => {
        impl $crate::db::Stored for $name {
            type Plain = $inner;
            fn to_plain(self) -> $inner {
                self.0
            }
            fn from_plain(plain: $inner) -> $crate::Result<Self> {
                Ok($name(plain))
            }
        }
    };
}
column_newtype!(Millis, i64);

/// `text_enum! { /// doc pub enum State { Queued = "queued", Closed = "closed" } }`: an enum stored and sent as text.
#[macro_export]
macro_rules! text_enum {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        $vis enum $name { $($(#[$vmeta])* #[serde(rename = $text)] $variant),* }
        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];
            /// As stored and sent.
            pub fn as_str(self) -> &'static str { match self { $($name::$variant => $text),* } }
        }
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some([$($text),*]))
                    .into()
            }
        }
        impl utoipa::ToSchema for $name {}
        impl std::str::FromStr for $name {
            type Err = $crate::Error;
            fn from_str(s: &str) -> std::result::Result<Self, $crate::Error> {
                match s { $($text => Ok($name::$variant),)* _ => Err($crate::Error::bug(concat!("unknown ", stringify!($name)))) }
            }
        }
        impl $crate::db::Stored for $name {
            type Plain = String;
            fn to_plain(self) -> String { self.as_str().to_owned() }
            fn from_plain(plain: String) -> $crate::Result<Self> { plain.parse() }
        }
    };
}
