//! Whose turn it is to route: one node does, the others wait for it to end. The lease is called `router`.
use crate::App;
use yingda_base::lease::Turn;

/// This node's claim.
pub(super) fn turn(app: &App) -> Turn {
    Turn::new("router", &app.run, &app.db, &app.context.clock)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        App, Parts, apps,
        routing::{connect, set_accepting},
        testkit::TestApp,
    };
    use std::time::Duration;
    use yingda_base::{
        Tx,
        key::Keyring,
        lease::{self, Lease, in_turn},
        row, sql,
        supervisor::Supervisor,
        testkit::{TestDb, database::Kind},
    };

    row! { struct Held { holder: Option<String>, epoch: i64 } }

    async fn holder(t: &TestApp) -> Option<(String, i64)> {
        let held: Option<Held> = t.db.read(|tx| tx.find(sql!("SELECT holder, epoch FROM lease WHERE name = 'router'"))).await.unwrap();
        held.and_then(|held| Some((held.holder?, held.epoch)))
    }

    row! { struct Served { n: i64 } }

    async fn is_served(t: &TestApp, id: &str) -> bool {
        let id = id.to_owned();
        let count = move |tx: &mut Tx| {
            tx.get("count", sql!("SELECT COUNT(*) AS n FROM conversation WHERE public_id = $1 AND state = 'served'", &id))
        };
        let served: Served = t.db.read(count).await.unwrap();
        served.n == 1
    }

    /// Another node on the same database.
    async fn neighbour(t: &TestApp) -> App {
        let app = App::new(Parts {
            ledger: crate::erasure::Ledger::clone(&t.app.ledger),
            db: t.db.db(),
            context: t.db.context.clone(),
            bus: t.db.bus.clone(),
            supervisor: Supervisor::default(),
            keyring: Keyring::random(&t.db.context.entropy, 1),
            generation: t.db.instance().generation(),
            blobs: t.app.blobs.clone(),
            oidc: None,
            anchors: t.app.audit.witness.anchors.path().to_owned(),
            scanner: None,
            backups: crate::backup::Shelf::nowhere(),
        });
        app.start().await.unwrap();
        app
    }

    apps! { one_node_routes_and_the_next_goes_on, |t| async {
        t.until("the first node routes", async || holder(&t).await.is_some()).await;
        let other = neighbour(&t).await;
        let (visitor, agent) = (t.visitor().await, t.agent("linxiao").await);
        let staff: i64 = agent.get("/api/v1/auth/me").await.body["staff"]["id"].as_str().unwrap().parse().unwrap();
        let accept = async |on| t.db.write(move |tx| { connect(tx, staff)?; set_accepting(tx, staff, on) }).await.unwrap();
        accept(true).await;
        let first = visitor.open("a").await;
        t.until("it is given to the agent", async || is_served(&t, &first).await).await;
        assert_eq!(holder(&t).await, Some((t.app.run.to_string(), 1)));
        // What the second would write is undone, however sure of itself it is.
        let mut turn = turn(&other);
        assert!(!turn.is_ours().await.unwrap());
        assert_eq!(other.db.write(in_turn(turn.lease(), |_| Ok(()))).await.unwrap_err().code(), "lease.lost");

        accept(false).await;
        let second = visitor.open("b").await;
        t.app.supervisor.stop(Duration::from_secs(5)).await;
        assert_eq!(holder(&t).await, None, "given back at the stop");
        accept(true).await;
        t.db.clock().advance(lease::RENEW);
        t.until("the second node routes", async || is_served(&t, &second).await).await;
        assert_eq!(holder(&t).await, Some((other.run.to_string(), 2)));
        other.supervisor.stop(Duration::from_secs(5)).await;
    }}

    async fn succeed(db: TestDb) {
        let killed = Lease::new("router", "killed", db.clock());
        assert!(killed.try_hold(&db).await.unwrap());
        db.instance().inherit(&db).await.unwrap();
        let t = TestApp::start(db).await;
        let is_ours = async || {
            // On PostgreSQL the killed one might live on another machine: its counter must stand still for a while.
            if t.db.kind() == Kind::Postgres {
                t.db.clock().advance(Duration::from_millis(500));
            }
            holder(&t).await.is_some_and(|(holder, _)| holder == *t.app.run)
        };
        t.until("the new router routes", is_ours).await;
        t.stop().await;
    }

    yingda_base::both! { a_killed_router_is_succeeded, |db| async { succeed(db).await } }
}
