//! Typed parameters, so that a NULL keeps its type (PostgreSQL asks for it).
use crate::clock::Millis;

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
    pub(super) fn as_postgres(&self) -> &(dyn postgres::types::ToSql + Sync) {
        match self {
            Param::Int(x) => x,
            Param::Bool(x) => x,
            Param::Real(x) => x,
            Param::Text(x) => x,
            Param::Bytes(x) => x,
        }
    }
}

/// Lets a newtype (an id, a time) be a parameter and a column like the type inside it. `$variant` is its [`Param`].
#[macro_export]
macro_rules! column_newtype {
    ($name:ident, $inner:ty, $variant:ident) => {
        impl From<$name> for $crate::db::Param {
            fn from(x: $name) -> Self {
                $crate::db::Param::$variant(Some(x.0.clone()))
            }
        }
        impl From<Option<$name>> for $crate::db::Param {
            fn from(x: Option<$name>) -> Self {
                $crate::db::Param::$variant(x.map(|x| x.0.clone()))
            }
        }
        impl $crate::db::Column for $name {
            fn read(row: &$crate::db::Row, name: &'static str) -> $crate::Result<Self> {
                <$inner as $crate::db::Column>::read(row, name).map($name)
            }
        }
        impl $crate::db::Column for Option<$name> {
            fn read(row: &$crate::db::Row, name: &'static str) -> $crate::Result<Self> {
                Ok(<Option<$inner> as $crate::db::Column>::read(row, name)?.map($name))
            }
        }
    };
}
column_newtype!(Millis, i64, Int);

/// `text_enum! { /// doc pub enum State { Queued = "queued", Closed = "closed" } }`: an enum stored and sent as text.
#[macro_export]
macro_rules! text_enum {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        $vis enum $name { $($(#[$vmeta])* #[serde(rename = $text)] $variant),* }
        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];
            /// As stored and sent.
            pub fn as_str(self) -> &'static str { match self { $($name::$variant => $text),* } }
        }
        impl std::str::FromStr for $name {
            type Err = $crate::Error;
            fn from_str(s: &str) -> Result<Self, $crate::Error> {
                match s { $($text => Ok($name::$variant),)* _ => Err($crate::Error::bug(concat!("unknown ", stringify!($name)))) }
            }
        }
        impl From<$name> for $crate::db::Param {
            fn from(x: $name) -> Self { $crate::db::Param::Text(Some(x.as_str().to_owned())) }
        }
        impl From<Option<$name>> for $crate::db::Param {
            fn from(x: Option<$name>) -> Self { $crate::db::Param::Text(x.map(|x| x.as_str().to_owned())) }
        }
        impl $crate::db::Column for $name {
            fn read(row: &$crate::db::Row, name: &'static str) -> $crate::Result<Self> {
                <String as $crate::db::Column>::read(row, name)?.parse()
            }
        }
        impl $crate::db::Column for Option<$name> {
            fn read(row: &$crate::db::Row, name: &'static str) -> $crate::Result<Self> {
                <Option<String> as $crate::db::Column>::read(row, name)?.map(|s| s.parse()).transpose()
            }
        }
    };
}
