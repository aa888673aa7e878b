//! `yingda verify`: walks the data and names everything that does not fit. It changes nothing.
//!
//! `store` reads, page by page; the rules are the pure functions here. A fault is one line; any fault makes the exit code 1.
mod store;

use crate::{config::Config, data::Data, terminal};
use futures_util::{StreamExt, TryStreamExt, future};
use std::{collections::HashSet, process::ExitCode};
use store::{Log, Page};
use yingda_base::{
    Db, Result,
    blob::{BlobId, Blobs},
};

/// Something that does not fit: a text `verify.CODE` with what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault {
    code: &'static str,
    /// Which conversation, file or row.
    what: String,
    /// Details, in no language.
    detail: String,
}

/// What was walked.
#[derive(Default)]
struct Walked {
    conversations: usize,
    entries: i64,
    faults: usize,
}

/// Walks everything; a line per fault.
pub async fn run(config: &Config) -> Result<ExitCode> {
    let data = Data::beside(config)?;
    let mut walked = Walked::default();
    logs(&data.db, &mut walked).await?;
    tell(&mut walked, data.db.report(store::strays).await?);
    files(&data.blobs, &data.db, &mut walked).await?;
    data.close().await;
    if walked.faults > 0 {
        terminal::say("verify.faulty", &[("count", &walked.faults.to_string())]);
        return Ok(ExitCode::FAILURE);
    }
    let sums = [("conversations", walked.conversations.to_string()), ("entries", walked.entries.to_string())];
    terminal::say("verify.sound", &sums.each_ref().map(|(name, sum)| (*name, sum.as_str())));
    Ok(ExitCode::SUCCESS)
}

/// Conversations, page by page.
async fn logs(db: &Db, walked: &mut Walked) -> Result<()> {
    let mut after = 0;
    loop {
        let page: Page = db.report(move |tx| store::page(tx, after)).await?;
        let Some(last) = page.logs.last() else { return Ok(()) };
        after = last.id;
        walked.conversations += page.logs.len();
        walked.entries += page.logs.iter().map(|log| log.entries).sum::<i64>();
        tell(walked, page.logs.iter().flat_map(check).chain(page.misfits).collect());
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
async fn files(blobs: &Blobs, db: &Db, walked: &mut Walked) -> Result<()> {
    let (mut after, mut known) = (0, HashSet::new());
    loop {
        let files = db.report(move |tx| store::files(tx, after)).await?;
        let Some(last) = files.last() else { break };
        after = last.id;
        let mut faults = Vec::new();
        for file in files {
            let found = match file.blob.parse::<BlobId>() {
                Ok(id) => blobs.stream(&id).await.map(|(bytes, _)| bytes),
                Err(error) => Err(error),
            };
            let detail = match found {
                Ok(bytes) if i64::try_from(bytes) == Ok(file.bytes) => None,
                Ok(bytes) => Some(format!("{bytes} bytes instead of {}", file.bytes)),
                Err(error) => Some(error.code().to_owned()),
            };
            faults.extend(detail.map(|detail| Fault { code: "verify.blob_wrong", what: file.public_id, detail }));
            known.insert(file.blob);
        }
        tell(walked, faults);
    }
    let rubbish = blobs.list().try_filter(|id| future::ready(!known.contains(&id.to_string()))).count().await;
    if rubbish > 0 {
        terminal::say("verify.rubbish", &[("count", &rubbish.to_string())]);
    }
    Ok(())
}

fn tell(walked: &mut Walked, faults: Vec<Fault>) {
    walked.faults += faults.len();
    for fault in faults {
        terminal::say(fault.code, &[("what", &fault.what), ("detail", &fault.detail)]);
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
