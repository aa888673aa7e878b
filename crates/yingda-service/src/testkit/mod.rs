//! The service as tests use it: an app on a fresh database, personas, HTTP and sockets over loopback.
//!
//! ```ignore
//! apps! { an_agent_answers, |t| async {
//!     let visitor = t.visitor().await;
//!     let answer = visitor.post("/api/v1/conversation", json!({"client_id": "a"})).await;
//!     assert_eq!(answer.status, 201);
//! }}
//! ```
//! The clock of the database is a manual one: `t.db.clock().advance(…)`. Timers of sockets run in real time.
mod client;
mod socket;

pub(crate) use client::{Answer, Client};
pub(crate) use socket::Socket;

use crate::{
    App, Parts,
    auth::{self, SessionKind},
    backup::Shelf,
    channel,
    erasure::Ledger,
    file, oidc, staff,
};
use serde_json::json;
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use tempfile::TempDir;
use tokio::net::TcpListener;
use yingda_base::{blob::Blobs, job::TimeZone, key::Keyring, random::Entropy, supervisor::Supervisor, testkit::TestDb};

/// The group everybody here serves, unless said otherwise.
pub(crate) const GROUP: &str = "在线综合";
/// Another group, which nobody of the first sees.
pub(crate) const OTHER_GROUP: &str = "宽带故障";

/// A running service on a database of its own.
pub(crate) struct TestApp {
    /// The service.
    pub app: App,
    /// Its database; owns the manual clock.
    pub db: TestDb,
    address: SocketAddr,
    /// Ids of [`GROUP`] and [`OTHER_GROUP`].
    pub groups: [String; 2],
    _folders: [TempDir; 2],
}

/// Runs a test on both databases, as `NAME::sqlite` and `NAME::postgres`.
#[macro_export]
macro_rules! apps {
    ($name:ident, |$t:ident| async $body:block) => {
        yingda_base::both! { $name, |db| async {
            let $t = $crate::testkit::TestApp::start(db).await;
            $body
            $t.stop().await;
        }}
    };
}

impl TestApp {
    /// Starts it: two groups, the site `demo`.
    pub(crate) async fn start(db: TestDb) -> TestApp {
        TestApp::start_beside(db, None, None).await
    }

    /// The same with a virus scanner.
    pub(crate) async fn start_with(db: TestDb, scanner: Option<file::ScannerOptions>) -> TestApp {
        TestApp::start_beside(db, scanner, None).await
    }

    /// The same with a folder for backups.
    pub(crate) async fn start_on(db: TestDb, shelf: PathBuf) -> TestApp {
        TestApp::begin(db, None, None, Some(shelf)).await
    }

    /// The same with a provider of sign-in too.
    pub(crate) async fn start_beside(db: TestDb, scanner: Option<file::ScannerOptions>, provider: Option<oidc::Provider>) -> TestApp {
        TestApp::begin(db, scanner, provider, None).await
    }

    async fn begin(
        db: TestDb,
        scanner: Option<file::ScannerOptions>,
        provider: Option<oidc::Provider>,
        folder: Option<PathBuf>,
    ) -> TestApp {
        let supervisor = Supervisor::default();
        let [blobs, anchors] = [(), ()].map(|()| TempDir::new().expect("a temporary folder can be made"));
        let ledger = Ledger::at(&blobs.path().join("erasures"));
        let app = App::new(Parts {
            ledger,
            oidc: provider,
            db: db.db(),
            context: db.context.clone(),
            bus: db.bus.clone(),
            supervisor,
            keyring: Keyring::random(&Entropy::system(), 1),
            generation: db.instance().generation(),
            blobs: Blobs::local(blobs.path()).expect("a folder for blobs can be made"),
            anchors: anchors.path().join("data.key.anchors"),
            scanner,
            backups: Shelf::new(folder, TimeZone::UTC, env!("CARGO_PKG_VERSION")),
        });
        let groups = seed(&app).await;
        app.start().await.expect("the service starts");
        let (router, _, _) = crate::routes().into_parts(app.clone());
        let router = app.gate().guard(router);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback can be listened on");
        let address = listener.local_addr().expect("a listener has an address");
        let mut stopping = app.supervisor.stopping();
        app.supervisor.spawn("http", async move {
            let service = router.into_make_service_with_connect_info::<SocketAddr>();
            let stop = async move { stopping.wait().await };
            axum::serve(listener, service).with_graceful_shutdown(stop).await.expect("the listener works");
        });
        TestApp { app, db, address, groups, _folders: [blobs, anchors] }
    }

    /// Ends everything that runs, so that the database can be dropped.
    pub(crate) async fn stop(self) {
        self.app.supervisor.stop(Duration::from_millis(500)).await;
    }

    /// Waits for something while simulated time passes, ten seconds in every tenth of a real one.
    pub(crate) async fn while_time_flies<T>(&self, something: impl Future<Output = T>) -> T {
        let mut tick = tokio::time::interval(Duration::from_millis(100));
        let mut something = std::pin::pin!(something);
        loop {
            tokio::select! {
                done = &mut something => return done,
                _ = tick.tick() => self.db.clock().advance(Duration::from_secs(10)),
            }
        }
    }

    /// Waits until something is so of which no frame tells.
    pub(crate) async fn until(&self, what: &str, is_so: impl AsyncFn() -> bool) {
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        let all = async {
            while !is_so().await {
                tick.tick().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(15), all).await.unwrap_or_else(|_| panic!("not so in time: {what}"));
    }

    /// Somebody without a name.
    pub(crate) fn anonymous(&self) -> Client {
        Client::new(self.address, None)
    }

    /// A new visitor of the site `demo`.
    pub(crate) async fn visitor(&self) -> Client {
        let answer = self.anonymous().post("/api/v1/visit/token", json!({"site": "demo"})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        Client::new(self.address, answer.body["token"].as_str())
    }

    /// A member of staff with a role in a group, logged in; the name is login and shown name.
    pub(crate) async fn staff(&self, name: &'static str, role: &'static str, groups: &'static [&'static str]) -> Client {
        self.staff_with_limit(name, role, groups, 5).await
    }

    /// The same with a limit of conversations.
    pub(crate) async fn staff_with_limit(
        &self,
        name: &'static str,
        role: &'static str,
        groups: &'static [&'static str],
        limit: i64,
    ) -> Client {
        let ids = self.groups.clone();
        let token = self.app.db.write(move |tx| {
            let members =
                groups.iter().map(|group| ids[usize::from(*group == OTHER_GROUP)].parse().expect("ids of groups are numbers")).collect();
            let new = staff::NewStaff {
                login: name.to_owned(),
                name: name.to_owned(),
                roles: vec![role.to_owned()],
                groups: members,
                max_conversations: Some(limit),
                ..Default::default()
            };
            let made = staff::create_unasked(tx, &new, "never matches", false)?;
            let opening = auth::Opening {
                staff: made.id,
                kind: SessionKind::Bearer,
                method: auth::Method::Command,
                address: "127.0.0.1",
                client: "test",
                must_enrol: false,
            };
            Ok(auth::open_session(tx, opening)?.0)
        });
        Client::new(self.address, Some(&token.await.expect("accounts can be made")))
    }

    /// The same persona without rate limits.
    pub(crate) async fn unlimited(&self, client: Client) -> Client {
        let token = self.app.db.write(staff::issue_bench_session).await.expect("a bench session can be opened");
        client.with_bench(token)
    }

    /// An agent of [`GROUP`].
    pub(crate) async fn agent(&self, name: &'static str) -> Client {
        self.staff(name, "agent", &[GROUP]).await
    }
}

async fn seed(app: &App) -> [String; 2] {
    let made = app.db.write(|tx| {
        staff::seed(tx)?;
        let first = staff::insert_group(tx, &staff::NewGroup { name: GROUP.to_owned(), branch: None })?;
        let second = staff::insert_group(tx, &staff::NewGroup { name: OTHER_GROUP.to_owned(), branch: None })?;
        let site = json!({"key": "demo", "name": "星桥通信", "group": first.id.to_string(), "groups": [first.id.to_string(), second.id.to_string()]});
        channel::insert(tx, &serde_json::from_value(site).expect("a site"))?;
        Ok([first.id.to_string(), second.id.to_string()])
    });
    made.await.expect("the seed can be written")
}

crate::apps! { every_statement_prepares, |t| async {
    assert_eq!(t.db.check_statements(), Vec::<String>::new());
}}
