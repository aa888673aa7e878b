//! Whether every call that changes something leaves the record it says on its route line, done or refused.
use super::{
    expected::{self, Row},
    persona::Persona,
    samples,
    scene::{Scene, Stage},
};
use crate::testkit::{Answer, TestApp};
use std::collections::{BTreeMap, BTreeSet};
use yingda_base::{
    Tx,
    http::{AuditClass, Route},
    locale, row, sql,
    testkit::TestDb,
};

/// Calls of which the matrix has no sample that changes something, and the test that shows their record.
const ELSEWHERE: [(&str, &str); 9] = [
    ("DELETE /api/v1/auth/oidc/identity", "oidc::tests::proving::a_proof_is_a_fresh_sign_in_of_the_same_person"),
    ("DELETE /api/v1/auth/second-factor", "auth::tests::second_factor::what_is_done_about_it_stands_in_the_audit_log"),
    ("DELETE /api/v1/setting/{key}", "setting::tests::a_value_is_set_holds_at_once_and_is_taken_back"),
    ("DELETE /api/v1/staff/{id}/identity", "oidc::tests::entering::one_links_oneself_with_a_proof_and_an_administrator_takes_it_away"),
    ("POST /api/v1/auth/login/code", "auth::tests::second_factor::what_is_done_about_it_stands_in_the_audit_log"),
    ("POST /api/v1/auth/oidc/finish", "oidc::tests::entering::an_account_is_found_once_by_address_and_then_by_subject"),
    ("POST /api/v1/auth/second-factor/codes", "auth::tests::second_factor::what_is_done_about_it_stands_in_the_audit_log"),
    ("POST /api/v1/backup", "backup::tests::one_taken_by_hand_is_proven_and_shown"),
    ("PUT /api/v1/auth/second-factor", "auth::tests::second_factor::what_is_done_about_it_stands_in_the_audit_log"),
];

row! {
    #[derive(Debug)]
    struct Left {
        actor_kind: String, actor_id: i64, session_id: i64, method: String, action: String, object_kind: String, result: String, code: String,
        address: String, before_value: Option<String>, after_value: Option<String>,
    }
}

/// What a request left in the log.
async fn left(t: &TestApp, answer: &Answer) -> Vec<Left> {
    let request = answer.request.clone();
    let read = move |tx: &mut Tx| {
        tx.all(sql!(
            "SELECT r.actor_kind, r.actor_id, r.session_id, r.method, r.action, r.object_kind, r.result, r.code, r.address, v.before_value,
                    v.after_value
             FROM audit_record r
             LEFT JOIN audit_value v ON v.record_id = r.id
             WHERE r.request = $1
             ORDER BY r.id",
            &request
        ))
    };
    t.db.read(read).await.unwrap()
}

/// The rule of each operation that does not only look.
fn changing(routes: &[Route]) -> BTreeMap<String, AuditClass> {
    let changing = routes.iter().filter(|route| route.method != "GET");
    changing.map(|route| (format!("{} {}", route.method, route.path), route.rule.audit)).collect()
}

/// Somebody whose try ends so; staff if possible, since they have names.
fn persona(row: &Row, cell: &str) -> Option<Persona> {
    let fits = || Persona::ALL.iter().zip(&row.cells).filter(|(_, found)| *found == cell).map(|((persona, _), _)| *persona);
    let is_staff = |persona: &Persona| !matches!(persona, Persona::Anonymous | Persona::VisitorA | Persona::VisitorB);
    fits().find(is_staff).or_else(|| fits().next())
}

async fn tried(t: &TestApp, stage: &Stage, row: &Row, persona: Persona) -> (Answer, Vec<Left>) {
    let scene = Scene::make(t, stage, persona).await;
    let call = samples::sample(&row.operation, &row.object, &scene).await.expect("the matrix has a sample");
    let answer = call.made_by(&scene).await;
    let left = left(t, &answer).await;
    (answer, left)
}

fn fault_of(left: &[Left], class: AuditClass, result: &str) -> Option<String> {
    let AuditClass::Recorded { action, object } = class else {
        return (!left.is_empty()).then(|| format!("is said to leave nothing, and left {left:?}"));
    };
    let [record] = left else { return Some(format!("left {} records instead of one", left.len())) };
    let is_meant = record.action == action && record.object_kind == object && record.result == result && record.address == "127.0.0.1";
    let has_session = record.actor_kind != "staff" || (record.actor_id > 0 && record.session_id > 0 && !record.method.is_empty());
    let verb = action.rsplit('.').next().unwrap_or_default();
    let has_values = match (result, verb) {
        ("done", "update" | "set_rights") => record.before_value.is_some() && record.after_value.is_some(),
        ("done", "create") => record.after_value.is_some(),
        ("done", "remove") => record.before_value.is_some(),
        ("refused", _) => !record.code.is_empty() && record.after_value.is_some(),
        _ => true,
    };
    (!(is_meant && has_session && has_values)).then(|| format!("wanted {action} on {object}, {result}; left {record:?}"))
}

async fn hold(db: TestDb) {
    let t = TestApp::start(db).await;
    let stage = Stage::set(&t).await;
    let (_, _, routes) = crate::routes().into_parts(t.app.clone());
    let rules = changing(&routes);
    let rows: Vec<Row> = expected::rows().unwrap().into_iter().filter(|row| rules.contains_key(&row.operation)).collect();
    let (mut faults, mut shown) = (Vec::new(), BTreeSet::new());
    for row in &rows {
        let class = rules[&row.operation];
        if class == AuditClass::Looks {
            faults.push(format!("{}: says neither what it records nor why not", row.operation));
        }
        if let Some(persona) = persona(row, "ok").filter(|_| ELSEWHERE.iter().all(|(operation, _)| *operation != row.operation)) {
            shown.insert(row.operation.clone());
            let (answer, left) = tried(&t, &stage, row, persona).await;
            assert!(answer.status < 300, "{} ({}): {}", row.operation, row.object, answer.body);
            faults.extend(fault_of(&left, class, "done").map(|fault| format!("{} ({}), done: {fault}", row.operation, row.object)));
        }
        // What is forbidden around conversations is noted as such, and left out here.
        for cell in ["403", "404"] {
            let AuditClass::Recorded { .. } = class else { continue };
            let Some(persona) = persona(row, cell).filter(|persona| *persona != Persona::Anonymous) else { continue };
            let (_, left) = tried(&t, &stage, row, persona).await;
            faults.extend(fault_of(&left, class, "refused").map(|fault| format!("{} ({}), {cell}: {fault}", row.operation, row.object)));
        }
    }
    let recorded = rules.iter().filter(|(_, class)| matches!(class, AuditClass::Recorded { .. })).map(|(operation, _)| operation.clone());
    let missing: Vec<String> = recorded.filter(|operation| !shown.contains(operation)).collect();
    assert_eq!(missing, ELSEWHERE.map(|(operation, _)| operation), "of these no sample changes anything");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    t.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_leaves_the_record_it_promises_on_sqlite() {
    hold(TestDb::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_leaves_the_record_it_promises_on_postgres() {
    if let Some(db) = TestDb::postgres_if_there() {
        hold(db).await;
    }
}

/// Everything that is recorded anywhere in the program has words, in both languages (which another test holds texts to).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_action_and_object_has_words() {
    let t = TestApp::start(TestDb::sqlite()).await;
    let (_, _, routes) = crate::routes().into_parts(t.app.clone());
    t.stop().await;
    let mut missing = BTreeSet::new();
    let mut want = |key: String| {
        if !locale::has(&key) {
            missing.insert(key);
        }
    };
    for route in routes {
        if let AuditClass::Recorded { action, object } = route.rule.audit {
            want(format!("audit.action.{action}"));
            want(format!("audit.object.{object}"));
        }
    }
    let mut found = 0;
    for text in sources() {
        for (mark, what) in
            [("action: \"", "action"), ("audit_of(\"", "action"), ("end_noted(tx, &caller, \"", "action"), ("object_kind: \"", "object")]
        {
            for rest in text.split(mark).skip(1) {
                found += 1;
                want(format!("audit.{what}.{}", rest.split('"').next().unwrap_or_default()));
            }
        }
    }
    assert!(found > 40, "the search finds what it looks for");
    assert!(missing.is_empty(), "texts.toml of the feature: {missing:?}");
}

fn sources() -> Vec<String> {
    let mut folders: Vec<std::path::PathBuf> =
        ["src", "../yingda/src"].map(|place| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(place)).into();
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
            match entry.file_type().unwrap().is_dir() {
                true if ["tests", "matrix", "testkit"].contains(&name.as_str()) => {}
                true => folders.push(path),
                false if name.ends_with(".rs") && name != "tests.rs" => texts.push(std::fs::read_to_string(path).unwrap()),
                false => {}
            }
        }
    }
    texts
}
