//! Over HTTP, as administrators use it.
use crate::{
    apps,
    testkit::{Answer, Client, GROUP, OTHER_GROUP, TestApp},
};
use serde_json::{Value, json};
use yingda_base::{row, sql};

/// A security administrator: gives rights.
async fn security(t: &TestApp) -> Client {
    t.staff("sec", "security_admin", &[]).await
}

/// A system administrator: makes accounts.
async fn system(t: &TestApp) -> Client {
    t.staff("sys", "system_admin", &[]).await
}

async fn made(answer: Answer) -> Value {
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body["staff"].clone()
}

async fn me(client: &Client) -> Value {
    client.get("/api/v1/auth/me").await.body["staff"].clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

apps! { an_account_is_made_used_and_closed, |t| async {
    let sys = system(&t).await;
    let body = json!({"login": "LinXiao", "name": "林晓", "groups": [t.groups[0]], "max_conversations": 8});
    let answer = sys.post("/api/v1/staff", body.clone()).await;
    let secret = text(&answer.body["secret"]).to_owned();
    let staff = made(answer).await;
    assert_eq!((text(&staff["login"]), &staff["groups"], &staff["max_conversations"]), ("linxiao", &json!([t.groups[0]]), &json!(8)));
    assert_eq!(sys.post("/api/v1/staff", body).await.code(), "staff.login_taken");

    let login = t.anonymous().post("/api/v1/auth/login", json!({"login": "linxiao", "password": secret, "bearer": true})).await;
    assert_eq!(login.body["staff"]["must_change_password"], true, "{}", login.body);
    let person = t.anonymous().with_token(text(&login.body["token"]));
    assert_eq!(person.post("/api/v1/auth/password", json!({"old": secret, "new": "my own password"})).await.status, 204);

    let path = format!("/api/v1/staff/{}", text(&staff["id"]));
    let closed = sys.patch(&path, json!({"rev": 1, "is_active": false})).await;
    assert_eq!((closed.status, &closed.body["staff"]["rev"]), (200, &json!(2)), "{}", closed.body);
    assert_eq!(person.get("/api/v1/auth/me").await.code(), "session_revoked");
    let again = t.anonymous().post("/api/v1/auth/login", json!({"login": "linxiao", "password": "my own password"})).await;
    assert_eq!(again.code(), "auth.login_refused");
    assert_eq!(sys.patch(&path, json!({"rev": 1, "name": "林小"})).await.code(), "staff.changed");
}}

apps! { a_program_with_a_bench_session_sets_passwords_that_last, |t| async {
    let bench = t.anonymous().with_token(&t.app.db.write(crate::staff::issue_bench_session).await.unwrap());
    let body = |login: &str| json!({"login": login, "name": "机器", "roles": ["agent"], "password": "made by a program"});
    made(bench.post("/api/v1/staff", body("robot")).await).await;
    let human = json!({"login": "human", "name": "人", "password": "made by a program"});
    made(system(&t).await.post("/api/v1/staff", human).await).await;
    for (login, must_change) in [("robot", false), ("human", true)] {
        let answer = t.anonymous().post("/api/v1/auth/login", json!({"login": login, "password": "made by a program"})).await;
        assert_eq!(answer.body["staff"]["must_change_password"], must_change, "{login}");
    }
}}

apps! { a_reset_password_works_once_and_logs_the_person_out, |t| async {
    let (sec, person) = (security(&t).await, t.agent("linxiao").await);
    let id = text(&me(&person).await["id"]).to_owned();
    let answer = sec.post(&format!("/api/v1/staff/{id}/password"), json!({})).await;
    assert_eq!(person.get("/api/v1/auth/me").await.code(), "session_revoked");
    let login = t.anonymous().post("/api/v1/auth/login", json!({"login": "linxiao", "password": answer.body["secret"]})).await;
    assert_eq!(login.body["staff"]["must_change_password"], true);
}}

apps! { rights_and_membership_change_at_once, |t| async {
    let (sec, sys, person) = (security(&t).await, system(&t).await, t.agent("linxiao").await);
    let id = text(&me(&person).await["id"]).to_owned();
    let path = format!("/api/v1/staff/{id}");
    let rights = format!("{path}/rights");
    assert_eq!(person.get("/api/v1/audit").await.status, 403);
    let both = sec.put(&rights, json!({"rev": 1, "roles": ["agent", "audit_admin"]})).await;
    assert_eq!(both.status, 200, "{}", both.body);
    assert_eq!(sys.patch(&path, json!({"rev": 2, "groups": t.groups})).await.status, 200);
    assert_eq!(person.get("/api/v1/audit").await.status, 200);
    assert_eq!(me(&person).await["groups"].as_array().unwrap().len(), 2);
    // A conversation of the second group is visible now, and is not any more after leaving it.
    let visitor = t.visitor().await;
    let opened = visitor.post("/api/v1/conversation", json!({"client_id": "a", "group": t.groups[1]})).await;
    let conversation = format!("/api/v1/conversation/{}", text(&opened.body["conversation"]["id"]));
    assert_eq!(person.get(&conversation).await.status, 200);
    assert_eq!(sys.patch(&path, json!({"rev": 3, "groups": [t.groups[0]]})).await.status, 200);
    assert_eq!(person.get(&conversation).await.status, 404);
    assert_eq!(sec.put(&rights, json!({"rev": 4, "roles": ["agent"]})).await.status, 200);
    assert_eq!(person.get("/api/v1/audit").await.status, 403);
}}

apps! { scopes_show_groups_branches_and_everything, |t| async {
    let sec = security(&t).await;
    let sys = t.staff("sys", "system_admin", &[]).await;
    let branch = |name: &'static str, parent: Option<String>| {
        let sys = &sys;
        async move {
            let answer = sys.post("/api/v1/staff/branches", json!({"name": name, "parent": parent})).await;
            assert_eq!(answer.status, 201, "{}", answer.body);
            text(&answer.body["branch"]["id"]).to_owned()
        }
    };
    let province = branch("江苏", None).await;
    let city = branch("南京", Some(province.clone())).await;
    let elsewhere = branch("浙江", None).await;
    assert_eq!(sys.patch(&format!("/api/v1/staff/groups/{}", t.groups[1]), json!({"branch": city})).await.status, 200);
    let opened = t.visitor().await.post("/api/v1/conversation", json!({"client_id": "a", "group": t.groups[1]})).await;
    let conversation = format!("/api/v1/conversation/{}", text(&opened.body["conversation"]["id"]));

    let person = t.staff("wang", "supervisor", &[GROUP]).await;
    let path = format!("/api/v1/staff/{}/rights", text(&me(&person).await["id"]));
    let scopes = [
        (json!([]), 404),
        (json!([{"kind": "branch", "target": city}]), 200),
        (json!([{"kind": "branch", "target": province}]), 200),
        (json!([{"kind": "branch", "target": elsewhere}]), 404),
        (json!([{"kind": "group", "target": t.groups[1]}]), 200),
        (json!([{"kind": "all"}]), 200),
        (json!([{"kind": "branch", "target": elsewhere}]), 404),
    ];
    for (rev, (scope, status)) in (1..).zip(scopes) {
        let changed = sec.put(&path, json!({"rev": rev, "scopes": scope})).await;
        assert_eq!((changed.status, &changed.body["staff"]["scopes"]), (200, &scope), "{}", changed.body);
        assert_eq!(person.get(&conversation).await.status, status, "{scope}");
    }
    // The city moves to where the person looks.
    assert_eq!(sys.patch(&format!("/api/v1/staff/branches/{city}"), json!({"parent": elsewhere})).await.status, 200);
    assert_eq!(person.get(&conversation).await.status, 200);
    assert_eq!(sys.patch(&format!("/api/v1/staff/branches/{elsewhere}"), json!({"parent": city})).await.code(), "branch.cycle");
}}

apps! { who_makes_accounts_gives_no_rights, |t| async {
    let (sec, sys) = (security(&t).await, system(&t).await);
    let make = |login: &str, more: Value| {
        let mut body = json!({"login": login, "name": "x"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        sys.post("/api/v1/staff", body)
    };
    assert_eq!(make("a", json!({"roles": ["system_admin"]})).await.code(), "staff.beyond_own_rights");
    assert_eq!(make("a", json!({"scopes": [{"kind": "all"}]})).await.code(), "staff.beyond_own_rights");
    let id = text(&made(make("a", json!({})).await).await["id"]).to_owned();
    let path = format!("/api/v1/staff/{id}");
    // What a change of rights would be is not looked at in a change of the account.
    let renamed = sys.patch(&path, json!({"rev": 1, "name": "王先生", "roles": ["system_admin"]})).await;
    assert_eq!((renamed.status, &renamed.body["staff"]["roles"]), (200, &json!([])));
    assert_eq!(sys.put(&format!("{path}/rights"), json!({"rev": 2, "roles": ["agent"]})).await.code(), "forbidden");
    assert_eq!(sys.post(&format!("{path}/password"), json!({})).await.code(), "forbidden");
    let own = format!("/api/v1/staff/{}", text(&me(&sys).await["id"]));
    assert_eq!(sys.patch(&own, json!({"rev": 1, "groups": [t.groups[0]]})).await.code(), "staff.beyond_own_rights");
    // And who gives rights makes no accounts.
    assert_eq!(sec.post("/api/v1/staff", json!({"login": "b", "name": "b", "roles": ["agent"]})).await.code(), "forbidden");
    assert_eq!(sec.put(&format!("{path}/rights"), json!({"rev": 2, "roles": ["agent"]})).await.status, 200);
    let agent = t.agent("linxiao").await;
    for call in [agent.post("/api/v1/staff", json!({"login": "c", "name": "c"})).await, agent.patch(&own, json!({"rev": 1})).await] {
        assert_eq!((call.status, call.code()), (403, "forbidden"));
    }
}}

apps! { who_resets_passwords_has_no_power_over_those_who_may_more, |t| async {
    let sec = security(&t).await;
    let role = sec.post("/api/v1/staff/roles", json!({"name": "服务台", "permissions": ["staff.secure", "staff.view"]})).await;
    let clerk = t.agent("clerk").await;
    let roles = json!({"rev": 1, "roles": [role.body["role"]["id"]]});
    assert_eq!(sec.put(&format!("/api/v1/staff/{}/rights", text(&me(&clerk).await["id"])), roles).await.status, 200);
    let reset = async |of: &Client| clerk.post(&format!("/api/v1/staff/{}/password", text(&me(of).await["id"])), json!({})).await;
    assert_eq!(reset(&sec).await.code(), "staff.beyond_own_rights");
    assert_eq!(reset(&t.agent("linxiao").await).await.code(), "staff.beyond_own_rights");
    assert_eq!(reset(&t.staff("ke", "knowledge_editor", &[]).await).await.status, 200);
}}

apps! { administrators_are_kept_apart_until_a_setting_says_otherwise, |t| async {
    let sec = security(&t).await;
    let person = t.agent("linxiao").await;
    let path = format!("/api/v1/staff/{}/rights", text(&me(&person).await["id"]));
    let give = |rev: i64, roles: Value| sec.put(&path, json!({"rev": rev, "roles": roles}));
    assert_eq!(give(1, json!(["system_admin", "audit_admin"])).await.code(), "staff.administrators_apart");
    assert_eq!(give(1, json!(["agent", "audit_admin"])).await.status, 200);
    let mixed = json!({"name": "全能", "permissions": ["setting.manage", "audit.view"]});
    assert_eq!(sec.post("/api/v1/staff/roles", mixed.clone()).await.code(), "staff.administrators_apart");
    // A role that grows takes its holders with it.
    let role = sec.post("/api/v1/staff/roles", json!({"name": "质检", "permissions": []})).await.body["role"]["id"].clone();
    assert_eq!(give(2, json!(["audit_admin", role])).await.status, 200);
    let grow = async || sec.patch(&format!("/api/v1/staff/roles/{}", text(&role)), json!({"permissions": ["site.manage"]})).await;
    assert_eq!(grow().await.code(), "staff.administrators_apart");
    assert_eq!(person.get("/api/v1/channel/sites").await.status, 403, "nothing of it is left");
    assert_eq!(sec.put("/api/v1/setting/auth.separate_administrators", json!({"value": false})).await.status, 204);
    assert_eq!((grow().await.status, sec.post("/api/v1/staff/roles", mixed).await.status), (200, 201));
}}

apps! { the_first_administrator_gives_duties_away_one_by_one, |t| async {
    let first = t.app.db.write(|tx| crate::staff::create_first_admin(tx, "boss", "never matches", false)).await.unwrap();
    let (sec, path) = (security(&t).await, format!("/api/v1/staff/{first}/rights"));
    let give = |rev: i64, roles: Value| sec.put(&path, json!({"rev": rev, "roles": roles}));
    assert_eq!(give(1, json!(["system_admin", "security_admin"])).await.status, 200);
    assert_eq!(give(2, json!(["system_admin", "audit_admin"])).await.code(), "staff.administrators_apart");
    assert_eq!(give(2, json!(["system_admin"])).await.status, 200);
    assert_eq!(give(3, json!(["system_admin", "security_admin"])).await.code(), "staff.administrators_apart", "there is no way back");
}}

apps! { the_last_security_administrator_stays, |t| async {
    let (sec, sys) = (security(&t).await, system(&t).await);
    let path = format!("/api/v1/staff/{}", text(&me(&sec).await["id"]));
    assert_eq!(sys.patch(&path, json!({"rev": 1, "is_active": false})).await.code(), "staff.last_security_admin");
    assert_eq!(sec.put(&format!("{path}/rights"), json!({"rev": 1, "roles": ["agent"]})).await.code(), "staff.last_security_admin");
    let other = t.staff("sec2", "security_admin", &[]).await;
    let other_path = format!("/api/v1/staff/{}", text(&me(&other).await["id"]));
    // Two who remove each other at the same moment: one of them is left.
    let (path, other_path) = (format!("{path}/rights"), format!("{other_path}/rights"));
    let (a, b) = tokio::join!(
        sec.put(&other_path, json!({"rev": 1, "roles": []})),
        other.put(&path, json!({"rev": 1, "roles": []}))
    );
    assert_eq!([a.status, b.status].iter().filter(|status| **status == 200).count(), 1, "{} {}", a.body, b.body);
}}

apps! { the_list_comes_in_pages_and_can_be_searched, |t| async {
    for name in ["ann", "anna", "bob", "王小明", "王晓"] { t.staff(name, "agent", &[GROUP]).await; }
    let sec = security(&t).await;
    let mut seen = Vec::new();
    let mut path = "/api/v1/staff?limit=2".to_owned();
    loop {
        let page = sec.get(&path).await;
        seen.extend(page.body["items"].as_array().unwrap().iter().map(|staff| text(&staff["login"]).to_owned()));
        match page.body["next"].as_str() {
            Some(next) => path = format!("/api/v1/staff?limit=2&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["ann", "anna", "bob", "sec", "王小明", "王晓"]);
    let found = |search: &'static str| {
        let sec = &sec;
        async move { sec.get(&format!("/api/v1/staff?search={search}")).await.body["items"].as_array().unwrap().len() }
    };
    assert_eq!((found("an").await, found("王").await, found("%25").await, found("王晓").await), (2, 2, 0, 1));
    assert_eq!(sec.get(&format!("/api/v1/staff?group={}", t.groups[1])).await.body["items"].as_array().unwrap().len(), 0);
    assert_eq!(sec.get("/api/v1/staff?limit=201").await.status, 400);
    // A colleague sees names and groups, not logins and rights.
    let colleague = t.agent("zoe").await.get("/api/v1/staff?search=bob").await;
    let bob = &colleague.body["items"][0];
    assert_eq!((bob.get("login"), bob.get("roles"), text(&bob["name"])), (None, None, "bob"));
}}

apps! { roles_can_be_made_changed_and_removed, |t| async {
    let sec = security(&t).await;
    let make = |name: &str, permissions: Value| sec.post("/api/v1/staff/roles", json!({"name": name, "permissions": permissions}));
    assert_eq!(make("质检", json!(["conversation.see_all"])).await.code(), "role.permission_unknown");
    let role = make("质检", json!(["conversation.view"])).await;
    let path = format!("/api/v1/staff/roles/{}", text(&role.body["role"]["id"]));
    assert_eq!(make("质检", json!([])).await.code(), "role.name_taken");
    let holder = format!("/api/v1/staff/{}/rights", text(&me(&t.agent("qi").await).await["id"]));
    assert_eq!(sec.put(&holder, json!({"rev": 1, "roles": [role.body["role"]["id"]]})).await.status, 200);
    assert_eq!(sec.delete(&path).await.code(), "role.in_use");
    let changed = sec.patch(&path, json!({"permissions": ["conversation.view", "conversation.note"]})).await;
    assert_eq!(changed.body["role"]["permissions"], json!(["conversation.note", "conversation.view"]));
    let unused = make("临时", json!([])).await;
    assert_eq!(sec.delete(&format!("/api/v1/staff/roles/{}", text(&unused.body["role"]["id"]))).await.status, 204);
    let all = sec.get("/api/v1/staff/roles").await;
    let agent = all.body["items"].as_array().unwrap().iter().find(|role| role["name"] == "agent").unwrap();
    assert_eq!(sec.patch(&format!("/api/v1/staff/roles/{}", text(&agent["id"])), json!({"permissions": []})).await.code(), "role.builtin");
}}

apps! { groups_are_closed_only_when_nothing_needs_them, |t| async {
    let sys = t.staff("sys", "system_admin", &[]).await;
    assert_eq!(sys.post("/api/v1/staff/groups", json!({"name": GROUP})).await.code(), "group.name_taken");
    let path = |group: usize| format!("/api/v1/staff/groups/{}", t.groups[group]);
    assert_eq!(sys.delete(&path(0)).await.code(), "group.needed", "the site sends its conversations there");
    let visitor = t.visitor().await;
    visitor.post("/api/v1/conversation", json!({"client_id": "a", "group": t.groups[1]})).await;
    assert_eq!(sys.delete(&path(1)).await.code(), "group.needed", "a conversation waits in it");
    let third = sys.post("/api/v1/staff/groups", json!({"name": "投诉"})).await;
    let id = text(&third.body["group"]["id"]).to_owned();
    assert_eq!(sys.delete(&format!("/api/v1/staff/groups/{id}")).await.status, 204);
    let list = sys.get("/api/v1/staff/groups").await;
    let closed = list.body["items"].as_array().unwrap().iter().find(|group| group["id"] == id.as_str()).unwrap().clone();
    assert_eq!(closed["is_active"], false);
    assert_eq!(t.staff("x", "agent", &[OTHER_GROUP]).await.delete(&path(1)).await.status, 403);
}}

row! { struct Kept { body: Vec<u8> } }

apps! { a_repeated_call_makes_one_account_and_tells_no_secret_again, |t| async {
    let (sec, sys) = (security(&t).await, system(&t).await);
    let body = json!({"login": "linxiao", "name": "林晓"});
    let make = |body: Value| sys.post_with_key("/api/v1/staff", body, "k1");
    let (first, second) = tokio::join!(make(body.clone()), make(body.clone()));
    let (first, second) = if first.body.get("secret").is_some() { (first, second) } else { (second, first) };
    assert_eq!((first.status, second.status), (201, 201), "{} {}", first.body, second.body);
    assert_eq!((&first.body["staff"], second.body.get("secret")), (&second.body["staff"], None));
    let id = text(&first.body["staff"]["id"]).to_owned();
    assert_eq!(make(json!({"login": "chenli", "name": "陈丽"})).await.code(), "idempotency_key_reused");
    assert_eq!(sec.get("/api/v1/staff?search=linxiao").await.body["items"].as_array().unwrap().len(), 1);

    let path = format!("/api/v1/staff/{id}/password");
    let reset = sec.post_with_key(&path, json!({}), "k1").await;
    let again = sec.post_with_key(&path, json!({}), "k1").await;
    assert_eq!((reset.status, again.status, again.body.get("secret")), (200, 200, None));
    let login = |secret: Value| {
        let t = &t;
        async move { t.anonymous().post("/api/v1/auth/login", json!({"login": "linxiao", "password": secret})).await.status }
    };
    assert_eq!((login(first.body["secret"].clone()).await, login(reset.body["secret"].clone()).await), (401, 200), "reset once");

    let kept: Vec<Kept> = t.db.read(|tx| tx.all(sql!("SELECT body FROM idempotency ORDER BY created_at"))).await.unwrap();
    let kept: Vec<String> = kept.into_iter().map(|row| String::from_utf8(row.body).unwrap()).collect();
    assert_eq!(kept.len(), 2);
    assert!(kept.iter().all(|body| !body.contains(text(&first.body["secret"])) && !body.contains(text(&reset.body["secret"]))));
}}

apps! { roles_groups_and_branches_are_made_once_under_a_key, |t| async {
    let (sec, sys) = (security(&t).await, t.staff("sys", "system_admin", &[]).await);
    let calls = [
        (&sec, "roles", json!({"name": "质检", "permissions": ["conversation.view"]})),
        (&sys, "groups", json!({"name": "投诉"})),
        (&sys, "branches", json!({"name": "江苏"})),
    ];
    for (who, kind, body) in calls {
        let path = format!("/api/v1/staff/{kind}");
        let before = who.get(&path).await.body["items"].as_array().unwrap().len();
        let (first, again) = (who.post_with_key(&path, body.clone(), "k").await, who.post_with_key(&path, body.clone(), "k").await);
        assert_eq!((first.status, again.status, &first.body), (201, 201, &again.body), "{kind}");
        let mut other = body;
        other["name"] = json!("别的");
        assert_eq!(who.post_with_key(&path, other, "k").await.code(), "idempotency_key_reused", "{kind}");
        assert_eq!(who.get(&path).await.body["items"].as_array().unwrap().len(), before + 1, "{kind}");
    }
}}

apps! { a_branch_can_be_taken_away_again, |t| async {
    let (sec, sys) = (security(&t).await, t.staff("sys", "system_admin", &[]).await);
    let branch = |name: &'static str| {
        let sys = &sys;
        async move { sys.post("/api/v1/staff/branches", json!({"name": name})).await.body["branch"]["id"].clone() }
    };
    let (province, city) = (branch("江苏").await, branch("南京").await);
    let city_path = format!("/api/v1/staff/branches/{}", text(&city));
    let group_path = format!("/api/v1/staff/groups/{}", t.groups[1]);
    let person = t.agent("linxiao").await;
    let person_path = format!("/api/v1/staff/{}", text(&me(&person).await["id"]));
    let mut rev = 0;
    let mut change = async |path: &str, kind: &str, mut body: Value| {
        if kind == "staff" { rev += 1; body["rev"] = json!(rev); }
        let answer = if body.get("scopes").is_some() { sec.put(&format!("{path}/rights"), body).await } else { sys.patch(path, body).await };
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body[kind].clone()
    };
    for (path, kind, field, value) in
        [(&person_path, "staff", "branch", &city), (&group_path, "group", "branch", &city), (&city_path, "branch", "parent", &province)]
    {
        assert_eq!(change(path, kind, json!({field: value})).await[field], *value, "{kind}");
        assert_eq!(change(path, kind, json!({})).await[field], *value, "{kind}: what is absent stays");
        assert_eq!(change(path, kind, json!({field: null})).await.get(field), None, "{kind}");
    }
    // A branch on its own is no longer seen from above.
    let opened = t.visitor().await;
    change(&group_path, "group", json!({"branch": city})).await;
    let opened = opened.post("/api/v1/conversation", json!({"client_id": "a", "group": t.groups[1]})).await;
    let conversation = format!("/api/v1/conversation/{}", text(&opened.body["conversation"]["id"]));
    change(&person_path, "staff", json!({"scopes": [{"kind": "branch", "target": province}]})).await;
    assert_eq!(person.get(&conversation).await.status, 404);
    change(&city_path, "branch", json!({"parent": province})).await;
    assert_eq!(person.get(&conversation).await.status, 200);
    change(&city_path, "branch", json!({"parent": null})).await;
    assert_eq!(person.get(&conversation).await.status, 404);
}}

apps! { new_names_of_people_groups_and_branches_reach_who_looks_at_them, |t| async {
    let sys = system(&t).await;
    let branch = sys.post("/api/v1/staff/branches", json!({"name": "江苏"})).await.body["branch"]["id"].clone();
    let group = format!("/api/v1/staff/groups/{}", t.groups[0]);
    assert_eq!(sys.patch(&group, json!({"branch": branch})).await.status, 200);
    let (visitor, agent) = (t.visitor().await, t.agent("linxiao").await);
    let id = visitor.open("a").await;
    assert_eq!(agent.post(&format!("/api/v1/conversation/{id}/accept"), json!({})).await.status, 200);
    let (mut desk, mut panel) = (agent.socket().await, visitor.socket().await);
    let person = format!("/api/v1/staff/{}", text(&me(&agent).await["id"]));
    assert_eq!(sys.patch(&person, json!({"rev": 1, "name": "林晓"})).await.status, 200);
    panel.expect_where("inbox", |frame| frame["items"][0]["owner"]["name"] == "林晓").await;
    assert_eq!(sys.patch(&group, json!({"name": "综合"})).await.status, 200);
    desk.expect_where("inbox", |frame| frame["items"][0]["group"]["name"] == "综合").await;
    panel.expect_where("inbox", |frame| frame["items"][0]["group"]["name"] == "综合").await;
    assert_eq!(sys.patch(&format!("/api/v1/staff/branches/{}", text(&branch)), json!({"name": "江苏省"})).await.status, 200);
    desk.expect_where("inbox", |frame| frame["items"][0]["branch"]["name"] == "江苏省").await;
}}
