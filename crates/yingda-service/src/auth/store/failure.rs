//! Failed logins.
use crate::auth::throttle::Failures;
use yingda_base::{Millis, Result, Tx, row, sql};

/// The failures of a subject. Locks its row, so that guesses made at the same time are counted one after the other.
pub fn lock_failures(tx: &mut Tx, subject: &str) -> Result<Failures> {
    row! { struct Found { count: i64, last_at: Millis } }
    // Written even if it is there: a row that is only looked at may be forgotten, by a login that succeeds, before it is locked.
    tx.run(sql!(
        "INSERT INTO login_failure (subject, count, last_at) VALUES ($1, 0, $2)
         ON CONFLICT (subject) DO UPDATE SET count = login_failure.count",
        subject,
        tx.now()
    ))?;
    let found: Found = tx.get("login_failure", sql!("SELECT count, last_at FROM login_failure WHERE subject = $1", subject))?;
    Ok(Failures { count: found.count, last_at: found.last_at })
}

pub fn set_failures(tx: &mut Tx, subject: &str, count: i64) -> Result<()> {
    tx.run(sql!("UPDATE login_failure SET count = $2, last_at = $3 WHERE subject = $1", subject, count, tx.now()))?;
    Ok(())
}

/// Takes back one failure that was charged in advance.
pub fn refund_failure(tx: &mut Tx, subject: &str) -> Result<()> {
    tx.run(sql!("UPDATE login_failure SET count = count - 1 WHERE subject = $1 AND count > 0", subject))?;
    Ok(())
}

pub fn forget_failures(tx: &mut Tx, subject: &str) -> Result<()> {
    tx.run(sql!("DELETE FROM login_failure WHERE subject = $1", subject))?;
    Ok(())
}

/// Failures whose last one was before `before`; how many were forgotten.
pub fn purge_failures(tx: &mut Tx, before: Millis, limit: i64) -> Result<u64> {
    tx.run(sql!(
        "DELETE FROM login_failure
          WHERE subject IN (SELECT subject FROM login_failure WHERE last_at < $1 ORDER BY last_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        limit
    ))
}

pub fn count_failures(tx: &mut Tx, subject: &str) -> Result<i64> {
    row! { struct Found { count: i64 } }
    let found: Option<Found> = tx.find(sql!("SELECT count FROM login_failure WHERE subject = $1", subject))?;
    Ok(found.map_or(0, |found| found.count))
}

row! { struct Counted { count: i64, last_at: Millis } }

/// Of a login by its name as it is counted: those of strangers, of known browsers and of known places.
pub fn failures_of_login(tx: &mut Tx, name: &str) -> Result<Vec<Failures>> {
    let [stranger, device, place] = bounds(name);
    let found: Vec<Counted> = tx.all(sql!(
        "SELECT count, last_at
           FROM login_failure
          WHERE subject = $1 OR (subject >= $2 AND subject < $3) OR (subject >= $4 AND subject < $5)
          ORDER BY subject",
        &stranger,
        &device,
        format!("{device}~"),
        &place,
        format!("{place}~")
    ))?;
    Ok(found.into_iter().map(|found| Failures { count: found.count, last_at: found.last_at }).collect())
}

pub fn forget_failures_of_login(tx: &mut Tx, name: &str) -> Result<()> {
    let [stranger, device, place] = bounds(name);
    tx.run(sql!(
        "DELETE FROM login_failure WHERE subject = $1 OR (subject >= $2 AND subject < $3) OR (subject >= $4 AND subject < $5)",
        &stranger,
        &device,
        format!("{device}~"),
        &place,
        format!("{place}~")
    ))?;
    Ok(())
}

fn bounds(name: &str) -> [String; 3] {
    [format!("login:{name}"), format!("device:{name}:"), format!("place:{name}:")]
}
