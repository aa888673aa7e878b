//! `yingda serve`: opens the installation, wires the rooms, listens, and stops in order.
//!
//! [`transport`] decides between plain and TLS, [`identity`] holds the certificate, [`accept`] lets connections in as long as there are
//! [`places`], [`connection`] serves one.
mod accept;
mod certificate;
mod connection;
mod identity;
mod load;
mod open_files;
mod places;
mod self_signed;
mod stream;
#[cfg(test)]
mod testkit;
mod transport;

use crate::{assets, config::Config, data::Data, demo, fault, health, log, metrics, store, terminal};
use axum::{
    Json, Router,
    http::{HeaderValue, header},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use connection::Rules;
use identity::Identity;
use load::Load;
use places::Places;
use std::{any::Any, process::ExitCode, sync::Arc};
use stream::Patience;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};
use tokio_rustls::TlsAcceptor;
use tower_http::{catch_panic::CatchPanicLayer, set_header::SetResponseHeaderLayer};
use transport::Transport;
use yingda_base::{
    Clock, Error, Result,
    error::Kind,
    http::{Edge, problems},
    job::TimeZone,
    supervisor::Supervisor,
};
use yingda_service::{App, Parts, backup::Shelf, oidc::Provider};

/// Serves until SIGTERM or SIGINT.
pub async fn run(config: &Config, is_demo: bool) -> Result<ExitCode> {
    log::start(&config.log)?;
    fault::warn();
    let page = metrics::start()?;
    // From here on a signal ends the program in order, however early it comes.
    let signals = Signals::listen()?;
    // Before anything is opened: a second start by mistake should change nothing.
    let transport = Transport::of(config, is_demo)?;
    if let Transport::Files(files) = &transport {
        certificate::Certificate::read(files, Clock::system().now())?;
    }
    let listener = accept::listen(config.listen)?;
    let mut data = Data::alone(config)?;
    if is_demo {
        data = demo::seeded(data, config).await?;
    }
    // What a killed run on this SQLite file held is free at once: routing goes on, and so do jobs.
    data.instance.inherit(&data.db).await?;
    let identity = transport.identity(config, &data.context.clock)?;
    let provider = config.oidc.clone().map(|oidc| Provider::new(oidc, config.egress.clone(), data.context.clock.clone()));
    let app = App::new(Parts { scanner: config.scanner.clone(), oidc: provider, backups: shelf(config), ..parts(&data) });
    app.start().await?;
    app.supervisor.spawn("node lease", data.instance.clone().keep(data.db.clone(), app.supervisor.stopping()));
    let url = transport.url(listener.local_addr().map_err(Error::internal)?);
    let router = router(
        &app,
        config.metrics.then(|| metrics::Page { handle: page, token: config.metrics_token.clone() }),
        is_demo,
        config.limits.requests,
    );
    let router = edge(config, identity.as_deref()).guard(router.layer(from_fn(places::only_vital))).layer(from_fn(problems));
    announce(&app, config, &url, is_demo, identity.as_deref()).await?;
    open(listener, router, identity, &app, config)?;
    serve(&app.supervisor, config, signals).await;
    drop(app);
    data.close().await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// What the service is made of, besides what only the program that serves has.
pub fn parts(data: &Data) -> Parts {
    Parts {
        db: data.db.clone(),
        context: data.context.clone(),
        bus: data.bus.clone(),
        supervisor: Supervisor::default(),
        keyring: data.keyring.clone(),
        generation: data.instance.generation(),
        blobs: data.blobs.clone(),
        oidc: None,
        ledger: data.ledger.clone(),
        anchors: data.anchors.clone(),
        scanner: None,
        backups: Shelf::nowhere(),
    }
}

/// Backups go by the wall clock of this machine, as its administrator reads it.
fn shelf(config: &Config) -> Shelf {
    Shelf::new(config.backups.clone(), TimeZone::system(), env!("CARGO_PKG_VERSION"))
}

/// Who may come how. A certificate that nobody vouches for is no promise that there will always be one.
fn edge(config: &Config, identity: Option<&Identity>) -> Edge {
    let is_vouched_for = identity.is_none_or(|identity| identity.own_fingerprint().is_none());
    Edge { proxies: config.proxies.clone(), hsts: config.hsts.filter(|_| is_vouched_for) }
}

/// Everything that answers. Only the interface stands behind the gate: pages and health have no actor.
fn router(app: &App, page: Option<metrics::Page>, is_demo: bool, most: usize) -> Router {
    let (api, description, _) = yingda_service::routes().into_parts(app.clone());
    let description = Arc::new(yingda_service::describe(description));
    let api = api.fallback(async || Error::new(Kind::NotFound, "route_unknown")).layer(CatchPanicLayer::custom(panicked));
    let api = Load::guard(most, app.gate().guard(api));
    let mut router = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .with_state(app.clone())
        .route("/openapi.json", get(async move || Json((*description).clone())));
    if let Some(page) = page {
        router = router.route("/metrics", get(metrics::page).with_state(page));
    }
    router
        .merge(assets::routes(app.clone(), is_demo))
        .merge(api)
        .layer(SetResponseHeaderLayer::if_not_present(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")))
        .layer(from_fn_with_state((app.context.clock.clone(), app.latency.clone()), metrics::measure))
}

/// Inside the gate, so that the caller gets a problem document and the log its id.
fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    Error::bug("a handler panicked").into_response()
}

/// Tells whoever started the program where it is, and how to get in.
async fn announce(app: &App, config: &Config, url: &str, is_demo: bool, identity: Option<&Identity>) -> Result<()> {
    if let Some(fingerprint) = identity.and_then(Identity::own_fingerprint) {
        terminal::say("tls.self_signed", &[("fingerprint", &fingerprint)]);
    }
    if is_demo {
        terminal::say("demo.pages", &[("url", url)]);
        demo::show_accounts(config)?;
    } else if !app.db.read(store::is_anyone).await? {
        terminal::say("program.no_accounts", &[("data", &config.data.display().to_string())]);
    }
    terminal::say("program.ready", &[("url", url)]);
    tracing::info!(url, database = ?config.database.engine, version = env!("CARGO_PKG_VERSION"), "ready");
    Ok(())
}

/// Lets everybody in.
fn open(listener: TcpListener, router: Router, identity: Option<Arc<Identity>>, app: &App, config: &Config) -> Result<()> {
    let supervisor = &app.supervisor;
    let tls = identity.as_ref().map(Identity::config).transpose()?.map(|tls| TlsAcceptor::from(Arc::new(tls)));
    if let Some(identity) = identity {
        let hangup = signal(SignalKind::hangup()).map_err(Error::internal)?;
        supervisor.spawn("certificate", identity.keep(hangup, supervisor.stopping()));
    }
    let limits = config.limits;
    let patience = Patience { head: limits.head, write: limits.write };
    let rules = Arc::new(Rules { router, tls, patience, idle: limits.idle, body: limits.body });
    let places = Places::new(open_files::connections(limits.connections), limits.connections_per_address, app.surge.clone());
    supervisor.spawn("accept", accept::accept(listener, rules, places, config.proxies.clone(), supervisor.clone()));
    Ok(())
}

/// Until a signal: then nobody new is let in, everybody is told, and what is under way may finish.
async fn serve(supervisor: &Supervisor, config: &Config, mut signals: Signals) {
    signals.come().await;
    tracing::info!("stopping");
    let late = supervisor.stop(config.stop).await;
    if late > 0 {
        tracing::warn!(late, "some of what was under way did not finish in time");
    }
}

/// SIGTERM of a supervisor, SIGINT of a person at a terminal: both mean the same.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> Result<Signals> {
        let listen = |kind| signal(kind).map_err(Error::internal);
        Ok(Signals { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    async fn come(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
