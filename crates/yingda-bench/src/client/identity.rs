//! Who a client is, and how it gets a token again when one has run out.

use std::sync::{Mutex, PoisonError};

use crate::{
    api::{Api, Call, CallError},
    setup::{Account, Setup},
};

/// What a token is got with.
#[derive(Debug, Clone)]
pub enum Credentials {
    Visitor { site_key: String, device_secret: String },
    Staff(Account),
}

/// One visitor or agent, as the program knows them.
#[derive(Debug)]
pub struct Identity {
    setup: Setup,
    credentials: Credentials,
    token: Mutex<String>,
}

impl Identity {
    /// A device that was never here.
    pub async fn new_visitor(setup: &Setup, site_key: &str) -> anyhow::Result<Self> {
        let visit = setup.visit(site_key, None).await?;
        let device_secret = visit.device_secret.ok_or_else(|| anyhow::anyhow!("a new device got no secret"))?;
        let credentials = Credentials::Visitor { site_key: site_key.to_owned(), device_secret };
        Ok(Self { setup: setup.clone(), credentials, token: Mutex::new(visit.token) })
    }

    /// Somebody with a token already, who will not need another.
    #[cfg(test)]
    pub fn with_token(setup: Setup, token: &str) -> Self {
        let credentials = Credentials::Visitor { site_key: String::new(), device_secret: String::new() };
        Self { setup, credentials, token: Mutex::new(token.to_owned()) }
    }

    /// A session of `account`.
    pub async fn login(setup: &Setup, account: Account) -> Result<Self, CallError> {
        let token = setup.login(&account).await?;
        Ok(Self { setup: setup.clone(), credentials: Credentials::Staff(account), token: Mutex::new(token) })
    }

    pub fn api(&self) -> &Api {
        &self.setup.api
    }

    pub fn is_staff(&self) -> bool {
        matches!(self.credentials, Credentials::Staff(_))
    }

    pub fn token(&self) -> String {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn sign(&self, call: Call) -> Call {
        call.bearer(&self.token())
    }

    /// Gets another token.
    pub async fn renew(&self) -> Result<(), CallError> {
        let token = match &self.credentials {
            Credentials::Visitor { site_key, device_secret } => self.setup.visit(site_key, Some(device_secret)).await?.token,
            Credentials::Staff(account) => self.setup.login(account).await?,
        };
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = token;
        Ok(())
    }
}
