//! Writing audit rows.
use super::store;
use yingda_base::{
    Result, Tx,
    http::{Actor, Caller},
};

/// What is recorded besides the caller and the time.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// Feature and verb: `staff.create`. Its words are the text `audit.action.staff.create`.
    pub action: &'static str,
    /// What was acted on: `staff`, `setting`, … Its word is the text `audit.object.staff`.
    pub object_kind: &'static str,
    /// Which one.
    pub object_id: String,
    /// Why it was refused; empty when it was done.
    pub refused: &'static str,
    /// Sensitive values before, as JSON; they stand outside the chain.
    pub before: Option<String>,
    /// And after.
    pub after: Option<String>,
}

/// Who did it, as it is written down.
pub(super) struct Author<'a> {
    pub kind: &'static str,
    pub id: i64,
    pub name: &'a str,
    /// 0 without one. How it came to be (cookie, bearer …) is looked up.
    pub session: i64,
    /// How the actor was known, where no session says it.
    pub method: &'static str,
    pub address: String,
    pub request: &'a str,
}

impl<'a> Author<'a> {
    pub fn of(caller: &'a Caller) -> Author<'a> {
        let (kind, id) = caller.actor.key();
        let (name, session, method) = match &caller.actor {
            Actor::Staff(staff) => (staff.name.as_str(), staff.session, ""),
            Actor::Visitor(_) => ("", 0, "device"),
            Actor::Anonymous => ("", 0, ""),
        };
        Author { kind, id, name, session, method, address: caller.address.to_string(), request: &caller.request }
    }

    pub fn program(who: &'a str) -> Author<'a> {
        Author { kind: "program", id: 0, name: who, session: 0, method: "", address: String::new(), request: "" }
    }
}

/// Writes a row in the unit that does the thing.
pub fn record(tx: &mut Tx, caller: &Caller, audit: &Audit) -> Result<()> {
    store::insert(tx, &Author::of(caller), audit).map(drop)
}

/// Writes a row about what the program itself does: a command at the terminal (`"yingda admin create"`) or a job (`"audit.prune"`).
pub fn record_of_program(tx: &mut Tx, who: &str, audit: &Audit) -> Result<()> {
    store::insert(tx, &Author::program(who), audit).map(drop)
}
