//! Accounts that nobody logged in could make: the first administrator, those of a demo, and the one of bench sessions.
use super::{
    account::{self, NewStaff},
    model::{self, FIRST_ADMIN, Staff},
    role::{self, Rights},
    store::{self, Account},
};
use crate::auth::{self, SessionKind, StaffId};
use yingda_base::{Error, Result, Tx};

/// Nobody can choose it: logins don't begin with a tilde.
const BENCH: &str = "~bench";

/// Makes an administrator of system, security and audit, who then makes the others. `one_time`: the password must be changed at the
/// first login. Codes: `staff.login_taken`, `staff.login_invalid`.
pub fn create_first_admin(tx: &mut Tx, name: &str, password_hash: &str, one_time: bool) -> Result<StaffId> {
    let roles = FIRST_ADMIN.iter().map(|&role| role.to_owned()).collect();
    let new = NewStaff { login: name.to_owned(), name: name.to_owned(), roles, ..NewStaff::default() };
    Ok(create_unasked(tx, &new, password_hash, one_time)?.id)
}

/// Makes an account without asking who may: for the command line and the demo. The password in `new` is not looked at.
pub fn create_unasked(tx: &mut Tx, new: &NewStaff, password_hash: &str, one_time: bool) -> Result<Staff> {
    role::seed(tx)?;
    let login = model::check_login(&new.login)?;
    let roles = Rights::of_roles(tx, &new.roles)?;
    let staff = account::insert(tx, &login, new, &roles)?;
    auth::set_password(tx, staff.id, password_hash, one_time)?;
    Ok(staff)
}

/// Opens a session with every right and without limits, for `yingda bench`; answers its token. It ends after 12 hours.
pub fn issue_bench_session(tx: &mut Tx) -> Result<String> {
    let (id, created_at) = (StaffId(tx.next_id()), tx.now());
    let (login, name) = (BENCH.to_owned(), "bench".to_owned());
    store::insert_account(
        tx,
        &Account { id, login, name, branch_id: None, is_active: true, max_conversations: 0, rev: 1, created_at },
        true,
    )?;
    let id = store::find_id(tx, BENCH)?.ok_or_else(|| Error::bug("the bench account is not there"))?;
    let opening = auth::Opening {
        staff: id,
        kind: SessionKind::Bench,
        method: auth::Method::Command,
        address: "",
        client: "yingda admin token",
        must_enrol: false,
    };
    Ok(auth::open_session(tx, opening)?.0)
}
