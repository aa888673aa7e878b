//! `yingda serve`: opens the installation, wires the rooms, listens, and stops in order.
use crate::{assets, config::Config, data::Data, demo, fault, health, log, metrics, store, terminal};
use axum::{
    Json, Router,
    http::{HeaderValue, header},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::get,
    serve::ListenerExt,
};
use metrics_exporter_prometheus::PrometheusHandle;
use std::{any::Any, future::IntoFuture, io, net::SocketAddr, process::ExitCode, sync::Arc};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};
use tower_http::{catch_panic::CatchPanicLayer, set_header::SetResponseHeaderLayer};
use yingda_base::{
    Error, Result,
    error::Kind,
    supervisor::{Stopping, Supervisor},
};
use yingda_service::{App, Parts};

/// Serves until SIGTERM or SIGINT.
pub async fn run(config: &Config, is_demo: bool) -> Result<ExitCode> {
    log::start(&config.log)?;
    fault::warn();
    let page = metrics::start()?;
    // From here on a signal ends the program in order, however early it comes.
    let signals = Signals::listen()?;
    // Before anything is opened: a second start by mistake should change nothing.
    let listener = listen(config.listen).await?;
    let mut data = Data::alone(config)?;
    if is_demo {
        data = demo::seeded(data, config).await?;
    }
    // What a killed run on this SQLite file held is free at once: routing goes on, and so do jobs.
    data.instance.inherit(&data.db).await?;
    let app = App::new(parts(&data));
    app.start().await?;
    app.supervisor.spawn("node lease", data.instance.clone().keep(data.db.clone(), app.supervisor.stopping()));
    let url = format!("http://{}", listener.local_addr().map_err(Error::internal)?);
    let router = router(&app, config.metrics.then_some(page), is_demo);
    announce(&app, config, &url, is_demo).await?;
    serve(listener, router, &app.supervisor, config, signals).await?;
    drop(app);
    data.close().await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// What the service is made of.
pub fn parts(data: &Data) -> Parts {
    Parts {
        db: data.db.clone(),
        context: data.context.clone(),
        bus: data.bus.clone(),
        supervisor: Supervisor::default(),
        keyring: data.keyring.clone(),
        generation: data.instance.generation(),
        blobs: data.blobs.clone(),
        is_tls: false,
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener> {
    if !address.ip().is_loopback() {
        return Err(Error::invalid("listen.not_loopback").with("address", address.to_string()));
    }
    TcpListener::bind(address).await.map_err(|cause| {
        let code = if cause.kind() == io::ErrorKind::AddrInUse { "listen.in_use" } else { "listen.failed" };
        Error::unavailable(code).with("address", address.to_string()).caused_by(cause)
    })
}

/// Everything that answers. Only the interface stands behind the gate: pages and health have no actor.
fn router(app: &App, page: Option<PrometheusHandle>, is_demo: bool) -> Router {
    let (api, description, _) = yingda_service::routes().into_parts(app.clone());
    let description = Arc::new(yingda_service::describe(description));
    let api = api.fallback(async || Error::new(Kind::NotFound, "route_unknown")).layer(CatchPanicLayer::custom(panicked));
    let api = app.gate().guard(api);
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
        .layer(from_fn_with_state(app.context.clock.clone(), metrics::measure))
}

/// Inside the gate, so that the caller gets a problem document and the log its id.
fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    Error::bug("a handler panicked").into_response()
}

/// Tells whoever started the program where it is, and how to get in.
async fn announce(app: &App, config: &Config, url: &str, is_demo: bool) -> Result<()> {
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

/// Until a signal: then nobody new is let in, everybody is told, and what is under way may finish.
async fn serve(listener: TcpListener, router: Router, supervisor: &Supervisor, config: &Config, mut signals: Signals) -> Result<()> {
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps waiting for more before it sends");
        }
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(stopped(supervisor.stopping()));
    let mut server = std::pin::pin!(server.into_future());
    tokio::select! {
        ended = &mut server => return ended.map_err(Error::internal),
        () = signals.come() => {}
    }
    tracing::info!("stopping");
    let (late, ended) = tokio::join!(supervisor.stop(config.stop), tokio::time::timeout(config.stop, server));
    if late > 0 || ended.is_err() {
        tracing::warn!(late, "some of what was under way did not finish in time");
    }
    Ok(())
}

async fn stopped(mut stopping: Stopping) {
    stopping.wait().await;
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
