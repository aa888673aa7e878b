//! Looking for records and taking them out.
use super::chain::{all_sealed, noted, sealed};
use crate::{
    apps,
    audit::{Audit, record, record_of_program},
    testkit::{Client, TestApp},
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{net::IpAddr, time::Duration};
use yingda_base::{
    Tx,
    http::{Actor, Caller},
};

async fn auditor(t: &TestApp) -> Client {
    let auditor = t.staff("auditor", "audit_admin", &[]).await;
    t.unlimited(auditor).await
}

async fn found(auditor: &Client, query: &str) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let page = auditor.get(&format!("/api/v1/audit?limit=200&{query}{after}")).await;
        assert_eq!(page.status, 200, "{query}: {}", page.body);
        all.extend(page.body["items"].as_array().unwrap().clone());
        match page.body["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return all,
        }
    }
}

fn ids(rows: &[Value]) -> Vec<String> {
    rows.iter().map(|row| row["object"]["id"].as_str().unwrap().to_owned()).collect()
}

apps! { records_are_found_by_each_of_their_sides, |t| async {
    let auditor = auditor(&t).await;
    let sys = t.staff("sys", "system_admin", &[]).await;
    let me = sys.get("/api/v1/auth/me").await.body["staff"]["id"].as_str().unwrap().to_owned();
    let group = sys.post("/api/v1/staff/groups", json!({"name": "投诉处理"})).await.body["group"]["id"].as_str().unwrap().to_owned();
    assert_eq!(sys.post("/api/v1/staff/roles", json!({"name": "x", "permissions": []})).await.status, 403);
    t.db.clock().advance(Duration::from_secs(60));
    let later = t.db.clock().now().0;
    assert_eq!(sys.put("/api/v1/setting/file.image_mb", json!({"value": 3})).await.status, 204);
    let far = Caller { address: IpAddr::from([203, 0, 113, 9]), ..Caller::local(Actor::Anonymous) };
    t.db.write(move |tx| record(tx, &far, &Audit { action: "auth.login", object_kind: "staff", refused: "auth.login_refused", ..Audit::default() })).await.unwrap();

    let count = async |query: String| found(&auditor, &query).await.len();
    assert_eq!(count(format!("actor={me}")).await, 3);
    assert_eq!(count(format!("actor={me}&result=refused")).await, 1);
    assert_eq!(count("result=refused".into()).await, 2);
    assert_eq!(count("action=group.create".into()).await, 1);
    assert_eq!(count("action=group.".into()).await, 1);
    assert_eq!(count("object=setting".into()).await, 1);
    assert_eq!(count(format!("object_id={group}")).await, 1);
    assert_eq!(count(format!("object_id={}&object=staff", &group[..10])).await, 0);
    assert_eq!(count("object_id=file.im".into()).await, 1, "the beginning of an id is enough");
    assert_eq!(count("address=203.0.113.9".into()).await, 1);
    assert_eq!(count(format!("from={later}")).await, 2);
    assert_eq!(count(format!("to={}", later - 1)).await, 2);
    assert_eq!(count("actor_kind=anonymous".into()).await, 1);
    assert_eq!(count("object_id=&address=".into()).await, 4, "what is empty is not asked");
    for bad in ["actor=x", "after=x", "limit=0", "result=maybe"] {
        assert_eq!(auditor.get(&format!("/api/v1/audit?{bad}")).await.status, 400, "{bad}");
    }

    let row = &found(&auditor, "action=group.create").await[0];
    assert_eq!((&row["action_name"], &row["object"]["kind_name"], &row["object"]["name"]), (&json!("新建技能组"), &json!("技能组"), &json!("投诉处理")));
    assert_eq!((&row["actor"]["method"], row["actor"]["session"].is_string()), (&json!("command"), true));
    let setting = &found(&auditor, "object=setting").await[0];
    assert_eq!(setting["object"]["name"], "图片大小上限");
    let refused = &found(&auditor, "action=role.create").await[0];
    assert_eq!((&refused["code"], refused["why"].as_str().is_some_and(|why| why.contains("权限"))), (&json!("forbidden"), true), "{refused}");
    let people = auditor.get("/api/v1/audit/people?text=SY").await.body["items"].as_array().unwrap().clone();
    assert_eq!((people.len(), &people[0]["login"]), (1, &json!("sys")));
    let words = auditor.get("/api/v1/audit/words").await.body;
    assert!(words["actions"].as_array().unwrap().iter().any(|word| word["code"] == "role.create" && word["name"] == "新建角色"));
}}

apps! { a_question_that_finds_little_in_much_goes_on_where_it_stopped, |t| async {
    let auditor = auditor(&t).await;
    t.db.write(|tx| noted(tx, "needle")).await.unwrap();
    for chunk in 0..6 {
        t.db.write(move |tx| (0..1000).try_for_each(|n| noted(tx, &format!("{chunk}-{n}")))).await.unwrap();
    }
    // By the action, of which there are six thousand; the kind of object is held against them.
    let first = auditor.get("/api/v1/audit?action=group.update&object=role").await.body;
    assert_eq!(first["items"], json!([]));
    assert!(first["next"].is_string(), "not all of it was looked at");
    assert_eq!(found(&auditor, "action=group.update&object=role").await.len(), 0);
    assert_eq!(ids(&found(&auditor, "object_id=needle").await), ["needle"]);
    assert_eq!(found(&auditor, "action=group.update").await.len(), 6001);
    assert_eq!(auditor.get("/api/v1/audit?object_id=n").await.body["items"][0]["object"]["id"], "needle");
    let wide = "INSERT INTO audit_record (id, at, actor_kind, actor_id, actor_name, action, object_kind, object_id, result, code, address, request)
        SELECT -id, at, actor_kind, actor_id, actor_name, action, object_kind, 'w' || object_id, result, code, address, request FROM audit_record";
    t.db.script(wide).await;
    assert_eq!(auditor.get("/api/v1/audit?object_id=w").await.code(), "audit.search_wide");
    assert_eq!(found(&auditor, "object_id=w5-").await.len(), 1000, "in pages, in the order of time");
    assert_eq!(ids(&found(&auditor, "object_id=w5-99").await), ["w5-99"], "what is just so comes first");
}}

async fn export(client: &Client, body: Value) -> (u16, String, Vec<u8>) {
    let response = client.request(Method::POST, "/api/v1/audit/export").json(&body).send().await.unwrap();
    let media_type = response.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    (response.status().as_u16(), media_type, response.bytes().await.unwrap().to_vec())
}

apps! { the_log_is_taken_out_whole_and_harmless_and_that_stands_in_it, |t| async {
    let auditor = auditor(&t).await;
    sealed(&t, 1203).await;
    t.db.write(|tx: &mut Tx| {
        let after = Some(json!({"name": "=HYPERLINK(\"http://evil\")"}).to_string());
        record_of_program(tx, "=1+1", &Audit { action: "group.create", object_kind: "group", object_id: "@x".into(), after, ..Audit::default() })
    }).await.unwrap();
    all_sealed(&t).await;
    let (status, media_type, bytes) = export(&auditor, json!({"format": "csv", "object": "group"})).await;
    assert_eq!((status, media_type.as_str(), &bytes[..3]), (200, "text/csv; charset=utf-8", "\u{feff}".as_bytes()));
    let mut reader = csv::Reader::from_reader(&bytes[3..]);
    assert_eq!(&reader.headers().unwrap()[1], "时间（UTC）");
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 1204);
    assert_eq!((&rows[0][2], &rows[0][11], &rows[0][9]), ("'=1+1", "'@x", "'=HYPERLINK(\"http://evil\")"));
    assert_eq!((&rows[0][7], &rows[0][8], &rows[0][12]), ("新建技能组", "group.create", "成功"));
    assert!(rows.iter().all(|row| row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r']))));

    let (_, media_type, bytes) = export(&auditor, json!({"format": "jsonl", "action": "group.update"})).await;
    let lines: Vec<Value> = String::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), media_type.as_str(), &lines[0]["seq"]), (1203, "application/jsonl; charset=utf-8", &json!(1203)));
    let log = found(&auditor, "action=audit.export").await;
    assert_eq!((log.len(), &log[1]["after"]["filter"], &log[0]["after"]["format"]), (2, &json!({"object": "group"}), &json!("jsonl")));
    assert_eq!(export(&auditor, json!({"format": "xlsx"})).await.0, 400);
    assert_eq!(export(&t.agent("linxiao").await, json!({"format": "csv"})).await.0, 403);
}}

apps! { the_chain_tells_how_it_stands_and_a_part_of_it_is_walked, |t| async {
    let auditor = auditor(&t).await;
    assert_eq!(auditor.get("/api/v1/audit/chain/check?from=1&to=5").await.body["records"], 0, "nothing is there yet");
    sealed(&t, 30).await;
    let state = auditor.get("/api/v1/audit/chain").await.body;
    assert_eq!((&state["sealed_seq"], &state["unsealed"], &state["forgotten_seq"], state.get("trouble")), (&json!(30), &json!(0), &json!(0), None));
    let sound = auditor.get("/api/v1/audit/chain/check?from=5&to=20").await.body;
    assert_eq!((&sound["records"], &sound["upto"], &sound["findings"], sound.get("next")), (&json!(16), &json!(20), &json!([]), None));
    t.db.script("UPDATE audit_record SET actor_id = 9 WHERE chain_seq = 10").await;
    let told = auditor.get("/api/v1/audit/chain/check?from=5&to=20").await.body;
    assert_eq!((&told["findings"][0]["code"], &told["findings"][0]["seq"]), (&json!("audit.fault.changed"), &json!(10)));
    assert!(told["findings"][0]["text"].as_str().unwrap().contains("第 10 条"));
    assert_eq!(auditor.get("/api/v1/audit/chain/check?from=11&to=20").await.body["findings"], json!([]));
    assert_eq!(auditor.get("/api/v1/audit/chain/check?from=0&to=20").await.status, 400);
    assert_eq!(auditor.get("/api/v1/audit/chain/check?from=99&to=100").await.status, 404);
}}
