//! One holder at a time, taken over only when its counter stands still.
use std::time::Duration;
use yingda_base::{
    both,
    lease::{self, Lease, TTL},
    testkit::TestDb,
};

fn candidate(db: &TestDb, holder: &str) -> Lease {
    Lease::new("test.router", holder, db.clock())
}

both! { the_first_holds_and_renews, |db| async {
    let (a, b) = (candidate(&db, "a"), candidate(&db, "b"));
    assert!(a.try_hold(&db).await.unwrap() && a.is_held());
    for _ in 0..10 {
        assert!(!b.try_hold(&db).await.unwrap());
        db.clock().advance(lease::RENEW);
        assert!(a.try_hold(&db).await.unwrap());
    }
    assert!(!b.is_held(), "it saw the counter move, for longer than a lease lasts");
}}

both! { a_silent_holder_is_replaced_and_knows_it, |db| async {
    let (a, b) = (candidate(&db, "a"), candidate(&db, "b"));
    assert!(a.try_hold(&db).await.unwrap() && !b.try_hold(&db).await.unwrap());
    db.clock().advance(TTL - Duration::from_millis(1));
    assert!(!a.is_held(), "a holder without renewal stops before others may begin");
    assert!(!b.try_hold(&db).await.unwrap(), "not yet over");
    db.clock().advance(Duration::from_millis(1));
    assert!(b.try_hold(&db).await.unwrap() && b.is_held());
    assert!(!a.try_hold(&db).await.unwrap(), "the old holder finds another in its place");
}}

both! { of_many_candidates_one_takes_over, |db| async {
    assert!(candidate(&db, "dead").try_hold(&db).await.unwrap());
    let all: Vec<Lease> = (0..8).map(|n| candidate(&db, &format!("c{n}"))).collect();
    for lease in &all {
        assert!(!lease.try_hold(&db).await.unwrap());
    }
    db.clock().advance(TTL);
    let taken = futures_util::future::join_all(all.iter().map(|lease| lease.try_hold(&db))).await;
    assert_eq!(taken.into_iter().filter(|held| *held.as_ref().unwrap()).count(), 1);
}}

both! { a_unit_of_a_former_holder_is_refused, |db| async {
    let (a, b) = (candidate(&db, "a"), candidate(&db, "b"));
    a.try_hold(&db).await.unwrap();
    let check = |lease: &Lease| { let lease = lease.clone(); db.write(move |tx| lease.check(tx)) };
    check(&a).await.unwrap();
    assert_eq!(check(&b).await.unwrap_err().code(), "lease.lost");
    // The row changes hands while `a` still trusts its last renewal, as after a pause of its whole machine.
    db.write(lease::free_all).await.unwrap();
    assert!(b.try_hold(&db).await.unwrap() && a.is_held());
    assert_eq!(check(&a).await.unwrap_err().code(), "lease.lost");
    check(&b).await.unwrap();
}}

both! { a_lease_that_was_given_back_is_free_at_once, |db| async {
    let (a, b) = (candidate(&db, "a"), candidate(&db, "b"));
    a.try_hold(&db).await.unwrap();
    a.release(&db).await.unwrap();
    assert!(!a.is_held() && b.try_hold(&db).await.unwrap());
    a.release(&db).await.unwrap();
    assert!(b.try_hold(&db).await.unwrap(), "giving back what one has not does nothing");
}}
