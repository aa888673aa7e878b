//! 星桥通信: branches, skill groups, staff and the site, in one unit. The site is last: where it is, all is.
use super::{
    SITE,
    accounts::{Account, PEOPLE, Person},
};
use crate::store;
use std::collections::HashMap;
use yingda_base::{
    Error, Result, Tx,
    http::{Scope, StaffActor},
};
use yingda_service::{
    App,
    auth::{self, BranchId, GroupId, permission},
    channel::{self, NewSite, Profile},
    staff::{self, NewBranch, NewGroup, NewStaff, ScopeItem},
};

/// What the conversations need of the operator.
#[derive(Clone)]
pub(super) struct Operator {
    /// Skill groups by name.
    pub groups: HashMap<String, GroupId>,
    /// Those who may speak, by name, as they are when they are logged in.
    pub speakers: HashMap<String, StaffActor>,
}

const ROOT: &str = "星桥通信省公司";
const BRANCHES: &[&str] = &["杭州分公司", "宁波分公司", "温州分公司", "嘉兴分公司"];
/// Name and branch.
const GROUPS: &[(&str, &str)] = &[("在线综合", ROOT), ("宽带故障", "杭州分公司"), ("账单资费", ROOT), ("携号转网", ROOT), ("投诉", ROOT)];
const HOT_QUESTIONS: &[&str] = &[
    "这个月话费为什么比上个月多？",
    "流量快用完了，怎么加流量包？",
    "宽带上不了网怎么办？",
    "怎么办理携号转网？",
    "出国前怎么开通国际漫游？",
    "电子发票在哪里开？",
];

/// Makes what is missing.
pub(super) async fn seed(app: &App, accounts: &[Account]) -> Result<Operator> {
    let (accounts, entropy) = (accounts.to_vec(), app.context.entropy.clone());
    // All on one thread: each hash takes 19 MiB, and every thread would keep its own.
    let hash_all = move || -> Result<Vec<(&'static Person, String)>> {
        PEOPLE.iter().zip(&accounts).map(|(person, account)| Ok((person, auth::hash_password(&entropy, &account.password)?))).collect()
    };
    let people = tokio::task::spawn_blocking(hash_all).await.map_err(Error::internal)??;
    app.db.write(move |tx| make(tx, &people)).await
}

fn make(tx: &mut Tx, people: &[(&'static Person, String)]) -> Result<Operator> {
    staff::seed(tx)?;
    let is_new = match channel::get_active(tx, SITE) {
        Ok(_) => false,
        Err(error) if error.code() == "not_found" => true,
        Err(error) => return Err(error),
    };
    let groups = if is_new { groups(tx)? } else { store::groups(tx)? };
    let mut speakers = HashMap::new();
    for (person, hash) in people {
        let id = match store::find_staff(tx, person.login)? {
            // The file with the passwords was lost, and a new one made.
            Some(id) => auth::set_password(tx, id, hash, false).map(|()| id)?,
            None => staff::create_unasked(tx, &account(person, &groups)?, hash, false)?.id,
        };
        if person.roles.iter().any(|role| ["agent", "supervisor"].contains(role)) {
            speakers.insert(person.name.to_owned(), actor(id.0, person));
        }
    }
    if is_new {
        site(tx, &groups)?;
    }
    Ok(Operator { groups, speakers })
}

fn groups(tx: &mut Tx) -> Result<HashMap<String, GroupId>> {
    let root = staff::insert_branch(tx, &NewBranch { name: ROOT.to_owned(), parent: None })?.id;
    let mut branches: HashMap<&str, BranchId> = HashMap::from([(ROOT, root)]);
    for name in BRANCHES {
        branches.insert(name, staff::insert_branch(tx, &NewBranch { name: (*name).to_owned(), parent: Some(root) })?.id);
    }
    let mut groups = HashMap::new();
    for (name, branch) in GROUPS {
        let made = staff::insert_group(tx, &NewGroup { name: (*name).to_owned(), branch: branches.get(branch).copied() })?;
        groups.insert((*name).to_owned(), made.id);
    }
    Ok(groups)
}

fn account(person: &Person, groups: &HashMap<String, GroupId>) -> Result<NewStaff> {
    let known = |name: &&str| groups.get(*name).copied().ok_or_else(|| Error::bug("the demonstration lacks a group"));
    Ok(NewStaff {
        login: person.login.to_owned(),
        name: person.name.to_owned(),
        roles: person.roles.iter().map(|role| (*role).to_owned()).collect(),
        groups: person.groups.iter().map(known).collect::<Result<_>>()?,
        scopes: if person.sees_all { vec![ScopeItem::All] } else { Vec::new() },
        ..NewStaff::default()
    })
}

fn site(tx: &mut Tx, groups: &HashMap<String, GroupId>) -> Result<()> {
    let group = |name: &str| groups.get(name).copied().ok_or_else(|| Error::bug("the demonstration lacks a group"));
    let profile = Profile {
        title: Some("星桥在线客服".to_owned()),
        greeting: Some("您好，这里是星桥通信。话费、流量、宽带、携号转网，都可以直接问。".to_owned()),
        locale: Some("zh-CN".to_owned()),
        hot_questions: HOT_QUESTIONS.iter().map(|question| (*question).to_owned()).collect(),
        brand: Some("#e60027".to_owned()),
        preview: true,
        groups: GROUPS.iter().map(|(name, _)| group(name)).collect::<Result<_>>()?,
        ..Profile::default()
    };
    let new = NewSite {
        key: SITE.to_owned(), name: "星桥通信网上营业厅".to_owned(), group: group("在线综合")?, branch: None, profile
    };
    channel::insert(tx, &new).map(drop)
}

/// Somebody who serves, for the functions that ask who it is.
fn actor(id: i64, person: &Person) -> StaffActor {
    let permissions = [permission::CONVERSATION_VIEW, permission::CONVERSATION_SERVE].map(str::to_owned).into();
    let scope = Scope { all: true, ..Scope::default() };
    StaffActor { id, name: person.name.to_owned(), session: 0, permissions, scope, pending: None, proven: true, unlimited: false }
}
