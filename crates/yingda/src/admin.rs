//! `yingda admin`: what must be possible before anybody can log in.
use crate::{config::Config, data::Data, terminal};
use std::{
    fs::OpenOptions,
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    process::ExitCode,
};
use yingda_base::{Error, Result, Tx};
use yingda_service::{
    audit::{self, Audit},
    auth, staff,
};

/// Makes an administrator. Without a password file a one-time secret is made up and shown this once.
pub async fn create(config: &Config, name: &str, password_file: Option<&Path>) -> Result<ExitCode> {
    let given = password_file.map(read_password).transpose()?;
    if let Some(password) = &given {
        auth::Policy::default().check(name, password)?;
    }
    let data = Data::beside(config)?;
    let secret = given.clone().unwrap_or_else(|| auth::one_time_password(&data.context.entropy));
    let hash = auth::hash_password(&data.context.entropy, &secret)?;
    let (login, one_time) = (name.to_owned(), given.is_none());
    let make = move |tx: &mut Tx| {
        let id = staff::create_first_admin(tx, &login, &hash, one_time)?;
        let after = Some(serde_json::json!({"login": login, "name": login}).to_string());
        let made = Audit { action: "admin.create", object_kind: "staff", object_id: id.to_string(), after, ..Audit::default() };
        audit::record_of_program(tx, "yingda admin create", &made)
    };
    data.db.write(make).await?;
    data.close().await;
    terminal::say("admin.created", &[("name", name)]);
    if one_time {
        terminal::say("admin.secret", &[("secret", &secret)]);
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a short-lived token with every right, for `yingda bench`. It never passes the terminal.
pub async fn token(config: &Config, file: &Path) -> Result<ExitCode> {
    let unwritable = |cause: io::Error| Error::unavailable("file.unwritable").with("file", file.display().to_string()).caused_by(cause);
    // Before the token is made: one that could not be written would live for hours and be of no use to anybody.
    let mut out = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(file).map_err(unwritable)?;
    let data = Data::beside(config)?;
    auth::wind(&data.db, &data.context.clock).await?;
    let issue = |tx: &mut Tx| {
        audit::record_of_program(tx, "yingda admin token", &Audit { action: "admin.token", object_kind: "session", ..Audit::default() })?;
        staff::issue_bench_session(tx)
    };
    let token = data.db.write(issue).await?;
    data.close().await;
    writeln!(out, "{token}").and_then(|()| out.sync_all()).map_err(unwritable)?;
    Ok(ExitCode::SUCCESS)
}

/// Takes the second factor of an account away and unlocks it, for somebody who locked himself out. Whoever can run this has the data and
/// its key, so there is nothing left to refuse; it may run beside the program that serves, which ends the sessions within seconds.
pub async fn reset_second_factor(config: &Config, name: &str) -> Result<ExitCode> {
    let data = Data::beside(config)?;
    let login = name.to_owned();
    let had = data.db.write(move |tx| auth::reset_factor_of_login(tx, &login)).await?;
    data.close().await;
    terminal::say(if had { "admin.factor_reset" } else { "admin.factor_absent" }, &[("name", name)]);
    Ok(ExitCode::SUCCESS)
}

/// The first line. `-` is standard input.
fn read_password(file: &Path) -> Result<String> {
    let mut text = String::new();
    let read = if file.as_os_str() == "-" {
        io::stdin().read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_string(&mut text))
    };
    let shown = file.display().to_string();
    read.map_err(|cause| Error::invalid("admin.password_unreadable").with("file", shown).caused_by(cause))?;
    let password = text.lines().next().unwrap_or_default();
    if password.is_empty() { Err(Error::invalid("admin.password_empty")) } else { Ok(password.to_owned()) }
}
