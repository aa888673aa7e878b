//! Calls about backups.
use super::{
    actions,
    model::{Run, RunState},
};
use crate::{App, auth::permission};
use axum::{Extension, Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Map;
use utoipa::ToSchema;
use utoipa_axum::routes;
use yingda_base::{
    Millis, Result, Tx,
    http::{Answer, Caller, Limit, Once, Problem, RequestInfo, Routes, Rule},
    locale::{self, Language},
};

/// Backups, for system administrators.
pub fn routes() -> Routes<App> {
    Routes::default()
        .add(routes!(overview), Rule::staff(permission::BACKUP_MANAGE).limit(Limit::Read))
        .add(routes!(take), Rule::staff(permission::BACKUP_MANAGE).step_up().audit("backup.take", "backup"))
}

/// How backups stand.
#[derive(Serialize, ToSchema)]
struct BackupOverview {
    /// The folder they go to, as configured. Absent: none are taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<String>,
    /// What is wrong with the folder, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
    /// Bytes that can still be written there.
    #[serde(skip_serializing_if = "Option::is_none")]
    free_bytes: Option<u64>,
    /// The setting: a time of day or a cron pattern; empty: none are taken by schedule.
    schedule: String,
    /// When the next one is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_at: Option<Millis>,
    /// When the last good one was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_good_at: Option<Millis>,
    /// As many of the newest are kept.
    keep_count: i64,
    /// And those of so many days.
    keep_days: i64,
    /// The last ones, the newest first.
    items: Vec<BackupRun>,
}

/// A backup, or the attempt at one.
#[derive(Serialize, ToSchema)]
struct BackupRun {
    id: String,
    state: RunState,
    /// Who asked for it; absent: the schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_by: Option<String>,
    asked_at: Millis,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Millis>,
    /// Milliseconds for taking and proving it.
    #[serde(skip_serializing_if = "Option::is_none")]
    took_ms: Option<i64>,
    /// Its name within the folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<i64>,
    /// Files whose contents the store had lost; `yingda verify` names them.
    missing: i64,
    /// It lies in the folder, with the size it had; absent if nobody can tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_there: Option<bool>,
    /// It was kept for as long as it should.
    is_outdated: bool,
    /// Why it came to nothing, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
}

fn view(run: Run, size: Option<Option<u64>>, language: Language) -> BackupRun {
    let details: Map<String, serde_json::Value> =
        run.details.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    BackupRun {
        id: run.id.to_string(),
        is_there: size.map(|size| run.bytes.is_some() && size.and_then(|size| i64::try_from(size).ok()) == run.bytes),
        is_outdated: run.removed_at.is_some(),
        trouble: run.trouble.map(|code| locale::text(&code, language, &details)),
        state: run.state,
        asked_by: run.asked_by,
        asked_at: run.asked_at,
        started_at: run.started_at,
        finished_at: run.finished_at,
        took_ms: run.took_ms,
        file: run.file,
        bytes: run.bytes,
        missing: run.missing,
    }
}

/// How backups stand: the last ones, and when the next one is taken.
#[utoipa::path(get, path = "/api/v1/backup", tag = "backup", operation_id = "backup_overview",
    responses((status = 200, body = BackupOverview), (status = "default", body = Problem)))]
async fn overview(State(app): State<App>, Extension(info): Extension<RequestInfo>) -> Result<Json<BackupOverview>> {
    let seen = actions::overview(&app).await?;
    let (free_bytes, trouble) = match seen.free {
        Ok(free) => (Some(free), None),
        Err(_) if app.backups.folder.is_none() => (None, None),
        Err(error) => (None, Some(locale::text(error.code(), info.language, error.details()))),
    };
    Ok(Json(BackupOverview {
        folder: app.backups.folder.as_ref().map(|folder| folder.display().to_string()),
        trouble,
        free_bytes,
        schedule: app.settings.global(&super::SCHEDULE),
        next_at: seen.next_at,
        last_good_at: seen.last_good_at,
        keep_count: app.settings.global(&super::KEEP_COUNT),
        keep_days: app.settings.global(&super::KEEP_DAYS),
        items: seen.runs.into_iter().map(|(run, size)| view(run, size, info.language)).collect(),
    }))
}

/// No fields.
#[derive(Deserialize, ToSchema)]
#[schema(as = BackupTake)]
struct Nothing {}

/// One that was asked for.
#[derive(Serialize, ToSchema)]
struct BackupAsked {
    id: String,
}

/// Takes a backup now.
#[utoipa::path(post, path = "/api/v1/backup", tag = "backup", operation_id = "backup_take",
    request_body = Nothing, responses((status = 202, body = BackupAsked), (status = "default", body = Problem)))]
async fn take(State(app): State<App>, caller: Caller, once: Once<Nothing>) -> Result<Answer> {
    app.backups.folder()?;
    let ask = move |tx: &mut Tx, _: &Nothing| {
        let id = actions::ask(tx, &caller)?;
        Answer::new(StatusCode::ACCEPTED, &BackupAsked { id: id.to_string() })
    };
    app.db.write(move |tx| once.run(tx, &ask)).await
}
