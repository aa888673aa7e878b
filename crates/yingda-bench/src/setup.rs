//! Every call that prepares a run: skill group, site, agents, sessions, visitor tokens. If the product renames an
//! administrative call, this is the only file that changes.

use serde::Deserialize;
use serde_json::json;

use crate::api::{Api, CallError, random_name};

/// The right to prepare a run.
#[derive(Debug, Clone)]
pub struct Setup {
    pub api: Api,
    admin_token: String,
}

/// A place of our own in the program: nobody else's agents serve it, nobody else's visitors come.
#[derive(Debug, Clone)]
pub struct Place {
    pub group: String,
    pub site_key: String,
}

/// An agent's account.
#[derive(Debug, Clone)]
pub struct Account {
    pub staff: String,
    pub login: String,
    pub password: String,
}

/// What a visitor gets for its device secret, or for nothing the first time.
#[derive(Debug, Deserialize)]
pub struct Visit {
    pub token: String,
    pub device_secret: Option<String>,
}

/// An object of which only the id matters here.
#[derive(Debug, Deserialize)]
pub struct Named {
    pub id: String,
}

#[derive(Debug, Deserialize)]
struct GroupAnswer {
    group: Named,
}

#[derive(Debug, Deserialize)]
struct StaffAnswer {
    staff: Named,
}

#[derive(Debug, Deserialize)]
struct SiteAnswer {
    site: SiteKey,
}

#[derive(Debug, Deserialize)]
struct SiteKey {
    key: String,
}

#[derive(Debug, Deserialize)]
struct LoginAnswer {
    token: String,
}

impl Setup {
    pub fn new(api: Api, admin_token: String) -> Self {
        Self { api, admin_token }
    }

    /// The token that lifts limits.
    pub fn admin_token(&self) -> &str {
        &self.admin_token
    }

    /// A skill group and a site whose conversations go to it.
    pub async fn place(&self) -> Result<Place, CallError> {
        let name = random_name("bench");
        let call = self.api.post("/api/v1/staff/groups", &json!({"name": name}));
        let group = call.bearer(&self.admin_token).answer::<GroupAnswer>().await?.group.id;
        let body = json!({"key": name, "name": name, "group": group});
        let call = self.api.post("/api/v1/channel/sites", &body);
        let site = call.bearer(&self.admin_token).answer::<SiteAnswer>().await?.site;
        Ok(Place { group, site_key: site.key })
    }

    /// An agent of `place` who takes at most `limit` conversations at a time.
    pub async fn agent(&self, place: &Place, limit: u32) -> Result<Account, CallError> {
        let login = random_name("agent");
        let password = random_name("Bench-Secret");
        let body = json!({
            "login": login, "name": login, "roles": ["agent"], "groups": [place.group],
            "max_conversations": limit, "password": password,
        });
        let call = self.api.post("/api/v1/staff", &body);
        let staff = call.bearer(&self.admin_token).answer::<StaffAnswer>().await?.staff.id;
        Ok(Account { staff, login, password })
    }

    /// A session of `account`.
    pub async fn login(&self, account: &Account) -> Result<String, CallError> {
        let body = json!({"login": account.login, "password": account.password, "bearer": true});
        let call = self.api.post("/api/v1/auth/login", &body).bench(&self.admin_token);
        Ok(call.answer::<LoginAnswer>().await?.token)
    }

    /// A token of the device with `secret`, or of a new device.
    pub async fn visit(&self, site_key: &str, secret: Option<&str>) -> Result<Visit, CallError> {
        let mut body = json!({"site": site_key, "locale": "zh-CN"});
        if let Some(secret) = secret {
            body["device_secret"] = secret.into();
        }
        self.api.post("/api/v1/visit/token", &body).bench(&self.admin_token).answer().await
    }
}
