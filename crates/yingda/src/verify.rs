//! `yingda verify`: walks the data, or a backup, and names everything that does not fit. It changes nothing.
//!
//! `store` reads, page by page; the rules are the pure functions here. A fault is one line; any fault makes the exit code 1.
mod archive;
mod report;
mod store;

pub use archive::backup;
pub use report::Format;

use crate::{config::Config, data::Data};
use futures_util::{StreamExt, TryStreamExt, future};
use report::{Fault, Report};
use std::{
    collections::{BTreeSet, HashMap},
    process::ExitCode,
};
use store::{Log, Page};
use yingda_base::{
    Db, Result, Tx,
    blob::{BlobId, Blobs},
    db::{Unsound, unsound},
};
use yingda_service::audit;

/// Walks everything; a line per fault.
pub async fn run(config: &Config, format: Format) -> Result<ExitCode> {
    let data = Data::beside(config)?;
    let mut report = Report::new(format);
    walk(&data.db, &mut report).await?;
    stored(&data.blobs, &data.db, &mut report).await?;
    report.tell_of_audit(audit::verify(&data.db, Some(&data.witness())).await?);
    data.close().await;
    Ok(report.finish())
}

/// Everything that a database alone can tell.
async fn walk(db: &Db, report: &mut Report) -> Result<()> {
    let found = tokio::task::block_in_place(|| unsound(db.engine()))?;
    report.tell(found.into_iter().map(of_database));
    logs(db, report).await?;
    report.tell(db.report(store::strays).await?);
    Ok(())
}

fn of_database(found: Unsound) -> Fault {
    match found {
        Unsound::Damaged { what } => Fault { code: "verify.database_damaged", what: "database".to_owned(), detail: what },
        Unsound::Dangling { table, missing, rows } => {
            Fault { code: "verify.row_dangling", what: format!("{table} → {missing}"), detail: rows.to_string() }
        }
    }
}

/// Conversations, page by page.
async fn logs(db: &Db, report: &mut Report) -> Result<()> {
    let mut after = 0;
    loop {
        let page: Page = db.report(move |tx| store::page(tx, after)).await?;
        let Some(last) = page.logs.last() else { return Ok(()) };
        after = last.id;
        report.conversations += page.logs.len();
        report.entries += page.logs.iter().map(|log| log.entries).sum::<i64>();
        report.tell(page.logs.iter().flat_map(check).chain(page.misfits));
    }
}

/// A log runs 1, 2, 3 … up to its head, and the customer's head is the last entry they may see.
fn check(log: &Log) -> Vec<Fault> {
    let fault = |code, detail| Fault { code, what: log.public_id.clone(), detail };
    let mut faults = Vec::new();
    if log.entries != log.last || (log.entries > 0 && log.first != 1) {
        faults.push(fault("verify.seq_gap", format!("{} entries, seq {}..{}", log.entries, log.first, log.last)));
    }
    if log.head != log.last {
        faults.push(fault("verify.head_wrong", format!("head {}, last seq {}", log.head, log.last)));
    }
    if log.customer_head != log.customer_last {
        faults.push(fault("verify.customer_head_wrong", format!("customer_head {}, last seq {}", log.customer_head, log.customer_last)));
    }
    faults
}

/// Every file's content is there, whole. Content that no file names is no fault: it was stored before a row that never came.
async fn stored(blobs: &Blobs, db: &Db, report: &mut Report) -> Result<()> {
    let mut sizes = HashMap::new();
    let mut names = blobs.list();
    while let Some(id) = names.next().await {
        let id = id?;
        match blobs.size(&id).await {
            Ok(bytes) => drop(sizes.insert(id.to_string(), bytes)),
            // Deleted in this very moment.
            Err(error) if error.code() == "not_found" => {}
            Err(error) => return Err(error),
        }
    }
    let known = files(db, &sizes, &BTreeSet::new(), report).await?;
    report.rubbish = blobs.list().try_filter(|id| future::ready(!known.contains(&id.to_string()))).count().await;
    Ok(())
}

/// Holds the rows of files and logos against the contents there are, by name and size. `gone`: known to be erased. Answers all names.
async fn files(db: &Db, sizes: &HashMap<String, u64>, gone: &BTreeSet<String>, report: &mut Report) -> Result<BTreeSet<String>> {
    let mut known = BTreeSet::new();
    for read in [store::files, store::logos] {
        hold(db, read, sizes, gone, &mut known, report).await?;
    }
    Ok(known)
}

type Read = fn(&mut Tx, i64) -> Result<Vec<store::File>>;

/// The rows of one kind, a page at a time.
async fn hold(
    db: &Db,
    read: Read,
    sizes: &HashMap<String, u64>,
    gone: &BTreeSet<String>,
    known: &mut BTreeSet<String>,
    report: &mut Report,
) -> Result<()> {
    let mut after = 0;
    loop {
        let files = db.report(move |tx| read(tx, after)).await?;
        let Some(last) = files.last() else { return Ok(()) };
        after = last.id;
        report.files += files.len();
        for file in files {
            let detail = match sizes.get(&file.blob) {
                Some(bytes) if i64::try_from(*bytes) == Ok(file.bytes) => None,
                Some(bytes) => Some(format!("{bytes} bytes instead of {}", file.bytes)),
                None if gone.contains(&file.blob) => None,
                None if file.blob.parse::<BlobId>().is_err() => Some("blob.id_malformed".to_owned()),
                None => Some("not_found".to_owned()),
            };
            report.tell(detail.map(|detail| Fault { code: "verify.blob_wrong", what: file.public_id, detail }));
            known.insert(file.blob);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(first: i64, last: i64, entries: i64) -> Log {
        Log { id: 1, public_id: "c".into(), head: last, customer_head: last, entries, first, last, customer_last: last }
    }

    fn codes(log: &Log) -> Vec<&'static str> {
        check(log).iter().map(|fault| fault.code).collect()
    }

    #[test]
    fn a_dense_log_is_sound_and_a_hole_is_found() {
        assert_eq!(codes(&log(1, 5, 5)), Vec::<&str>::new());
        assert_eq!(codes(&log(0, 0, 0)), Vec::<&str>::new());
        assert_eq!(codes(&log(1, 5, 4)), ["verify.seq_gap"]);
        assert_eq!(codes(&log(2, 5, 5)), ["verify.seq_gap"]);
        assert_eq!(codes(&Log { head: 6, ..log(1, 5, 5) }), ["verify.head_wrong"]);
        assert_eq!(codes(&Log { customer_head: 3, ..log(1, 5, 5) }), ["verify.customer_head_wrong"]);
    }
}
