//! Settings: typed values an administrator changes while the program runs. Feature flags are settings of type `bool`.
//!
//! A feature declares its own with [`setting!`](crate::setting). A value is set per scope (operator, branch, site, group) as far as the
//! setting allows, and the most specific one wins ([`Place`]). All values live in memory ([`Settings`]); a doorbell tells of changes, and
//! a sweep every 2 s heals a lost one. The configuration file holds process facts only, never settings.
mod live;
mod register;
mod store;

pub use live::Settings;
pub use register::{ALL_SETTINGS, AnySetting, Setting};
pub use store::{Change, Changed, NewValue, list, lock, reset, set};

use crate::text_enum;

crate::texts!("setting/texts.toml");

text_enum! {
    /// What a value holds for.
    pub enum ScopeKind {
        /// Everything.
        Operator = "operator",
        /// A branch and those below it.
        Branch = "branch",
        /// A site (brand).
        Site = "site",
        /// A skill group.
        Group = "group",
    }
}

/// One operator, branch, site or group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// Its kind.
    pub kind: ScopeKind,
    /// Its id; 0 for the operator.
    pub id: i64,
}

impl Scope {
    /// The whole installation.
    pub const OPERATOR: Scope = Scope { kind: ScopeKind::Operator, id: 0 };

    /// A branch, site or group.
    pub fn of(kind: ScopeKind, id: impl Into<i64>) -> Scope {
        Scope { kind, id: id.into() }
    }
}

/// Where a value is asked for. The default is the whole installation.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The branch and those above it, nearest first.
    pub branches: Vec<i64>,
    /// The site.
    pub site: Option<i64>,
    /// The skill group.
    pub group: Option<i64>,
}

impl Place {
    /// Scopes that hold here, most specific first.
    fn scopes(&self) -> impl Iterator<Item = Scope> {
        let group = self.group.map(|id| Scope { kind: ScopeKind::Group, id });
        let site = self.site.map(|id| Scope { kind: ScopeKind::Site, id });
        let branches = self.branches.iter().map(|id| Scope { kind: ScopeKind::Branch, id: *id });
        group.into_iter().chain(site).chain(branches).chain([Scope::OPERATOR])
    }
}
