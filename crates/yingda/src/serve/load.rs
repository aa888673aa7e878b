//! How many calls are worked on at once, and who is turned away first when there are too many.
//!
//! Calls that wait for the rest of their body, and long polls, do not count: they cost a connection, which is counted elsewhere.
use axum::{
    Router,
    body::{Body, HttpBody},
    extract::{MatchedPath, Request, State},
    http::Method,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use metrics::counter;
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};
use yingda_base::Error;

/// When to come back who was turned away.
const LATER_MS: u64 = 2000;

/// What matters how much when not everything can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Importance {
    /// Getting in and out.
    Vital,
    /// What changes something.
    Ordinary,
    /// What only looks.
    Spare,
    /// Waits on purpose; never counted.
    Waiting,
}

impl Importance {
    fn of(method: &Method, route: &str) -> Importance {
        match route {
            "/api/v1/poll" => Importance::Waiting,
            route if route.starts_with("/api/v1/auth/") => Importance::Vital,
            _ if *method == Method::GET && route != "/api/v1/socket" => Importance::Spare,
            _ => Importance::Ordinary,
        }
    }

    /// Up to which part of the limit, in percent, these are let in.
    fn share(self) -> usize {
        match self {
            Importance::Spare => 60,
            Importance::Ordinary => 85,
            Importance::Vital | Importance::Waiting => 100,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Importance::Vital => "vital",
            Importance::Ordinary => "ordinary",
            Importance::Spare => "spare",
            Importance::Waiting => "waiting",
        }
    }
}

/// Calls that are worked on now.
#[derive(Debug)]
pub struct Load {
    most: usize,
    now: AtomicUsize,
}

impl Load {
    /// Stands in front of everything of the interface, before anybody asks who it is.
    pub fn guard(most: usize, router: Router) -> Router {
        router.layer(from_fn_with_state(Arc::new(Load { most, now: AtomicUsize::new(0) }), admit))
    }

    fn begin(self: &Arc<Self>, importance: Importance) -> Option<Arc<Turn>> {
        let most = (self.most * importance.share()).div_ceil(100);
        let counted = self.now.try_update(Ordering::Relaxed, Ordering::Relaxed, |now| (now < most).then_some(now + 1));
        counted.ok().map(|_| Arc::new(Turn { load: self.clone(), is_resting: AtomicBool::new(false) }))
    }
}

/// One call that is worked on.
struct Turn {
    load: Arc<Load>,
    is_resting: AtomicBool,
}

impl Turn {
    /// The call waits for its sender.
    fn rest(&self) {
        if !self.is_resting.swap(true, Ordering::Relaxed) {
            self.load.now.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// It goes on. It was let in before, so it may go over the limit for a moment.
    fn work(&self) {
        if self.is_resting.swap(false, Ordering::Relaxed) {
            self.load.now.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !*self.is_resting.get_mut() {
            self.load.now.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

async fn admit(State(load): State<Arc<Load>>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    let importance = Importance::of(request.method(), &route);
    if importance == Importance::Waiting {
        return next.run(request).await;
    }
    let Some(turn) = load.begin(importance) else {
        counter!("yingda_http_shed_total", "why" => importance.name()).increment(1);
        return Error::unavailable("overloaded").with("seconds", LATER_MS / 1000).retry_after(LATER_MS).into_response();
    };
    let body_turn = turn.clone();
    let response = next.run(request.map(|body| Body::new(Incoming { body, turn: body_turn }))).await;
    drop(turn);
    response
}

/// A body whose call rests while it waits for more of it.
struct Incoming {
    body: Body,
    turn: Arc<Turn>,
}

impl HttpBody for Incoming {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if polled.is_pending() {
            self.turn.rest()
        } else {
            self.turn.work()
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_looks_is_turned_away_first_and_getting_in_last() {
        let load = Arc::new(Load { most: 20, now: AtomicUsize::new(0) });
        let mut held = Vec::new();
        let mut fill = |importance| {
            while let Some(turn) = load.begin(importance) {
                held.push(turn);
            }
            held.len()
        };
        assert_eq!((fill(Importance::Spare), fill(Importance::Ordinary), fill(Importance::Vital)), (12, 17, 20));
        held.truncate(12);
        assert!(load.begin(Importance::Spare).is_none() && load.begin(Importance::Ordinary).is_some());
        held.clear();
        assert_eq!(load.now.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn who_waits_for_a_sender_takes_no_turn() {
        let load = Arc::new(Load { most: 1, now: AtomicUsize::new(0) });
        let slow = load.begin(Importance::Vital).unwrap();
        assert!(load.begin(Importance::Vital).is_none());
        slow.rest();
        slow.rest();
        let other = load.begin(Importance::Vital).expect("the slow one rests");
        slow.work();
        assert_eq!(load.now.load(Ordering::Relaxed), 2, "it was let in before");
        slow.rest();
        drop((slow, other));
        assert_eq!(load.now.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn each_call_has_its_importance() {
        let of = |method: Method, route| Importance::of(&method, route);
        assert_eq!(of(Method::POST, "/api/v1/auth/login"), Importance::Vital);
        assert_eq!(of(Method::GET, "/api/v1/conversation"), Importance::Spare);
        assert_eq!(of(Method::POST, "/api/v1/conversation"), Importance::Ordinary);
        assert_eq!(of(Method::GET, "/api/v1/socket"), Importance::Ordinary);
        assert_eq!(of(Method::POST, "/api/v1/poll"), Importance::Waiting);
    }
}
