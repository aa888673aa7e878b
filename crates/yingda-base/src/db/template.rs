//! Statements with optional filters, from an allow-list: no SQL text is ever built from input.
use super::{
    statement::{Query, Text, for_sqlite},
    value::Param,
};
use linkme::distributed_slice;
use std::{
    collections::HashMap,
    fmt::Write,
    sync::{Mutex, OnceLock, PoisonError},
};

/// A statement with optional parts. A `?` in any part is its next parameter; parts are named by their place in `filters`.
pub struct Template {
    /// Everything up to and with `WHERE …`.
    pub head: &'static str,
    /// Optional conditions, each beginning with `AND`. At most 8, since a test prepares all combinations.
    pub filters: &'static [&'static str],
    /// Order and limit.
    pub tail: &'static str,
    /// `file:line`.
    pub at: &'static str,
    /// Texts made so far, by combination.
    made: OnceLock<Mutex<HashMap<u32, (&'static str, &'static str)>>>,
}

/// All of them, for the test that prepares them.
#[distributed_slice]
pub static ALL_TEMPLATES: [&'static Template];

impl Template {
    /// For [`sql_template!`](crate::sql_template) only.
    pub const fn new(head: &'static str, filters: &'static [&'static str], tail: &'static str, at: &'static str) -> Template {
        assert!(filters.len() <= 8);
        Template { head, filters, tail, at, made: OnceLock::new() }
    }

    /// Begins a query without filters.
    pub fn start(&'static self, head_params: Vec<Param>) -> Filter {
        Filter { template: self, head: head_params, chosen: vec![None; self.filters.len()] }
    }

    /// The text of one combination of filters, numbered, for PostgreSQL.
    pub fn text(&self, mask: u32) -> String {
        let parts = self.filters.iter().enumerate().filter(|(n, _)| mask & (1 << n) != 0).map(|(_, part)| *part);
        let whole: Vec<&str> = std::iter::once(self.head).chain(parts).chain([self.tail]).collect();
        let mut numbered = String::new();
        let mut count = 0;
        for piece in whole.join("\n").split_inclusive('?') {
            match piece.strip_suffix('?') {
                Some(before) => {
                    count += 1;
                    write!(numbered, "{before}${count}").expect("writing to a string never fails");
                }
                None => numbered.push_str(piece),
            }
        }
        numbered
    }

    /// Both texts of a combination. They live as long as the program: there are at most 256 of each template.
    fn texts(&self, mask: u32) -> (&'static str, &'static str) {
        let mut made = self.made.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
        *made.entry(mask).or_insert_with(|| {
            let pg = self.text(mask);
            (for_sqlite(&pg).leak(), pg.leak())
        })
    }
}

/// A query while its filters are chosen.
pub struct Filter {
    template: &'static Template,
    head: Vec<Param>,
    chosen: Vec<Option<Vec<Param>>>,
}

impl Filter {
    /// Adds the filter at `place` with its parameters.
    pub fn when(mut self, place: usize, params: Vec<Param>) -> Filter {
        self.chosen[place] = Some(params);
        self
    }

    /// Adds the filter at `place` if there is a value for it.
    pub fn when_some<T: Into<Param>>(self, place: usize, value: Option<T>) -> Filter {
        match value {
            Some(value) => self.when(place, vec![value.into()]),
            None => self,
        }
    }

    /// The finished query.
    pub fn finish(self, tail_params: Vec<Param>) -> Query {
        let mask = self.chosen.iter().enumerate().fold(0, |mask, (n, chosen)| mask | (u32::from(chosen.is_some()) << n));
        let (lite, pg) = self.template.texts(mask);
        let key = (std::ptr::from_ref::<Template>(self.template).addr(), mask);
        let params = self.head.into_iter().chain(self.chosen.into_iter().flatten().flatten()).chain(tail_params).collect();
        Query { text: Text::Template { key, lite, pg }, params }
    }
}

/// `sql_template!(static LIST = "SELECT … WHERE a = ?" ; ["AND b = ?", "AND c < ?"] ; "ORDER BY … LIMIT ?")`
#[macro_export]
macro_rules! sql_template {
    ($vis:vis static $name:ident = $head:expr ; [$($filter:expr),* $(,)?] ; $tail:expr) => {
        $vis static $name: $crate::db::Template = $crate::db::Template::new($head, &[$($filter),*], $tail, concat!(file!(), ":", line!()));
        #[expect(unsafe_code, reason = "a register places its statics in a link section")]
        const _: () = {
            #[linkme::distributed_slice($crate::db::ALL_TEMPLATES)]
            static REGISTERED: &$crate::db::Template = &$name;
        };
    };
}
