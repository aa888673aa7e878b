//! The small program under test: the calls of docs/protocol.md that the judges make, and no more.

use std::{
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Context as _;
use axum::{
    Json, Router,
    extract::{Path as Segment, Query, State},
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    socket,
    world::{Record, Who, World},
};

/// The world and the lock around it.
#[derive(Debug, Clone)]
pub struct Program(Arc<Mutex<World>>);

type Answer = Result<Json<Value>, (StatusCode, Json<Value>)>;

#[derive(Debug, Deserialize)]
struct Page {
    after: usize,
    limit: usize,
}

/// `admin token FILE …`: everybody may do everything here, but the file has to be there.
pub fn write_admin_token(arguments: &[String]) -> anyhow::Result<ExitCode> {
    std::fs::write(arguments.get(3).context("admin token FILE")?, "admin\n")?;
    Ok(ExitCode::SUCCESS)
}

/// `serve --data DIR --listen ADDRESS`
pub async fn serve(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let option = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name).context("an option is missing")?;
        arguments.get(place + 1).context("an option has no value")
    };
    let world = World::load(&PathBuf::from(option("--data")?))?;
    let routes = Router::new()
        .route("/readyz", get(async || StatusCode::OK))
        .route("/api/v1/staff/groups", post(async || Json(json!({"group": {"id": "g"}}))))
        .route("/api/v1/channel/sites", post(async || Json(json!({"site": {"id": "s", "key": "s"}}))))
        .route("/api/v1/staff", post(hire))
        .route("/api/v1/auth/login", post(login))
        .route("/api/v1/visit/token", post(visit))
        .route("/api/v1/conversation", post(open))
        .route("/api/v1/conversation/{id}/entries", get(entries))
        .route("/api/v1/conversation/{id}/{verb}", post(act))
        .route("/api/v1/socket", get(socket::upgrade))
        .with_state(Program(Arc::new(Mutex::new(world))));
    let listener = tokio::net::TcpListener::bind(option("--listen")?).await?;
    axum::serve(listener, routes).await?;
    Ok(ExitCode::SUCCESS)
}

impl Program {
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tokens say plainly who comes.
pub fn who(token: &str) -> Option<Who> {
    let visitor = token.strip_prefix("visitor:").map(|id| Who::Visitor(id.to_owned()));
    visitor.or_else(|| token.strip_prefix("staff:").map(|id| Who::Staff(id.to_owned())))
}

async fn hire(State(program): State<Program>, Json(body): Json<Value>) -> Answer {
    let login = text(&body, "login")?;
    commit(&mut program.world(), vec![Record::Staff { login: login.clone() }])?;
    Ok(Json(json!({"staff": {"id": login}})))
}

async fn login(Json(body): Json<Value>) -> Answer {
    Ok(Json(json!({"token": format!("staff:{}", text(&body, "login")?)})))
}

async fn visit(State(program): State<Program>) -> Answer {
    let mut world = program.world();
    commit(&mut world, vec![Record::Visitor])?;
    let id = format!("visitor-{}", world.visitors);
    Ok(Json(json!({"token": format!("visitor:{id}"), "device_secret": id})))
}

/// Opens once for each visitor and `client_id`, and gives the conversation to the next agent at once, if there is one.
async fn open(State(program): State<Program>, headers: HeaderMap, Json(body): Json<Value>) -> Answer {
    let Who::Visitor(visitor) = caller(&headers)? else { return Err(problem(StatusCode::FORBIDDEN)) };
    let client_id = text(&body, "client_id")?;
    let mut world = program.world();
    let is_known = |it: &&crate::world::Conversation| it.visitor == visitor && it.client_id == client_id;
    if let Some(known) = world.conversations.values().find(is_known) {
        return Ok(Json(json!({"conversation": known.item()})));
    }
    let number = world.conversations.len();
    let id = format!("c{number}");
    let owner = world.staff.get(number % world.staff.len().max(1)).cloned().unwrap_or_default();
    let opened = vec![
        Record::Conversation { id: id.clone(), visitor, client_id, owner },
        system(&id, "opened"),
        Record::State { conversation: id.clone(), state: "served".into() },
    ];
    commit(&mut world, opened)?;
    Ok(Json(json!({"conversation": world.conversations[&id].item()})))
}

async fn act(State(program): State<Program>, headers: HeaderMap, Segment((id, verb)): Segment<(String, String)>) -> Answer {
    let who = caller(&headers)?;
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
    let mut world = program.world();
    if world.called.contains(&key) {
        return Ok(Json(json!({})));
    }
    let state = world.conversations.get(&id).ok_or_else(|| problem(StatusCode::NOT_FOUND))?.state.clone();
    let records = match (verb.as_str(), state.as_str()) {
        ("accept", _) => {
            let Who::Staff(owner) = who else { return Err(problem(StatusCode::FORBIDDEN)) };
            vec![Record::Owner { conversation: id.clone(), owner }]
        }
        ("close", "served") => turn(&id, "closed", "closed"),
        ("reopen", "closed") => turn(&id, "reopened", "served"),
        _ => return Err(problem(StatusCode::CONFLICT)),
    };
    commit(&mut world, [records, vec![Record::Called { key }]].concat())?;
    Ok(Json(json!({})))
}

async fn entries(State(program): State<Program>, headers: HeaderMap, Segment(id): Segment<String>, Query(page): Query<Page>) -> Answer {
    let who = caller(&headers)?;
    let world = program.world();
    let conversation = world.conversations.get(&id).filter(|it| it.is_of(&who)).ok_or_else(|| problem(StatusCode::NOT_FOUND))?;
    let shown = (page.after + 1..=conversation.entries.len()).filter_map(|seq| conversation.shown(seq, &who));
    let entries: Vec<Value> = shown.take(page.limit).collect();
    Ok(Json(json!({"entries": entries, "head": conversation.head(&who)})))
}

/// The entry and the state that closing or reopening leads to.
pub fn turn(id: &str, code: &str, state: &str) -> Vec<Record> {
    vec![system(id, code), Record::State { conversation: id.to_owned(), state: state.to_owned() }]
}

fn system(id: &str, code: &str) -> Record {
    let (conversation, kind, role) = (id.to_owned(), "system".to_owned(), "system".to_owned());
    Record::Entry { conversation, kind, role, client_id: None, body: json!({"code": code, "params": {}}) }
}

fn commit(world: &mut World, records: Vec<Record>) -> Result<(), (StatusCode, Json<Value>)> {
    world.commit(records).map_err(|_| problem(StatusCode::INTERNAL_SERVER_ERROR))
}

fn caller(headers: &HeaderMap) -> Result<Who, (StatusCode, Json<Value>)> {
    let header = headers.get("authorization").and_then(|header| header.to_str().ok());
    let token = header.and_then(|header| header.strip_prefix("Bearer "));
    token.and_then(who).ok_or_else(|| problem(StatusCode::UNAUTHORIZED))
}

fn text(body: &Value, field: &str) -> Result<String, (StatusCode, Json<Value>)> {
    body[field].as_str().map(str::to_owned).ok_or_else(|| problem(StatusCode::UNPROCESSABLE_ENTITY))
}

fn problem(status: StatusCode) -> (StatusCode, Json<Value>) {
    (status, Json(json!({"status": status.as_u16(), "code": "refused", "detail": ""})))
}
