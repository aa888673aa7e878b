//! `serve --demo`: the operator 星桥通信 with branches, skill groups, staff, a site and a month of conversations, all invented.
//!
//! Everything goes through the rooms' own functions. Seeding may be cut off anywhere: the next start goes on where it stopped.
mod accounts;
mod history;
mod operator;

use crate::{config::Config, data::Data, serve, store, terminal};
use accounts::Accounts;
use std::path::PathBuf;
use yingda_base::{Clock, Millis, Result, Tx};
use yingda_service::App;

/// The site the demonstration page belongs to.
const SITE: &str = "demo";

/// The same installation with the demonstration's data in it.
pub async fn seeded(data: Data, config: &Config) -> Result<Data> {
    let accounts = accounts::load(&file(config), &data.context.entropy)?;
    if is_complete(&data, &accounts).await? {
        return Ok(data);
    }
    let now = data.context.clock.now();
    data.close().await;
    // The past is written by a clock of the past, so that ids, entries and positions agree about it.
    let clock = Clock::manual(history::begin(now));
    let past = Data::alone_at(config, &clock)?;
    seed(&past, &accounts, &clock, now).await?;
    past.close().await;
    Data::alone(config)
}

/// Whether nothing is left to do.
async fn is_complete(data: &Data, accounts: &Accounts) -> Result<bool> {
    if accounts.are_new {
        return Ok(false);
    }
    let (logins, names) = (accounts.all.iter().map(|account| account.login.clone()).collect::<Vec<_>>(), history::names()?);
    let look = move |tx: &mut Tx| {
        for login in &logins {
            if store::find_staff(tx, login)?.is_none() {
                return Ok(false);
            }
        }
        for name in &names {
            if !store::has_conversation(tx, name)? {
                return Ok(false);
            }
        }
        Ok(true)
    };
    data.db.read(look).await
}

async fn seed(data: &Data, accounts: &Accounts, clock: &Clock, now: Millis) -> Result<()> {
    let app = App::new(serve::parts(data));
    let operator = operator::seed(&app, &accounts.all).await?;
    history::seed(&app, &data.instance, &operator, clock, now).await
}

/// Prints the accounts.
pub fn show_accounts(config: &Config) -> Result<()> {
    let file = file(config);
    terminal::say("demo.accounts", &[("file", &file.display().to_string())]);
    terminal::print(&accounts::shown(&file)?);
    Ok(())
}

fn file(config: &Config) -> PathBuf {
    config.data.join("demo-accounts.txt")
}
