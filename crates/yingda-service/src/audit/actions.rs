//! Reading the log and the state of its chain.
use super::{
    model::{AuditPerson, AuditRow, AuditWord, AuditWords, ChainFinding, ChainPart, ChainState},
    search::{self, Wanted},
    store::{self, names},
    verify,
};
use crate::App;
use yingda_base::{
    Error, Result, Tx,
    locale::{self, Language},
};

/// Records one look at the chain walks.
const WALKED: i64 = 2000;
/// Waiting records are counted up to here.
const COUNTED: i64 = 1000;
/// People named at once.
const PEOPLE: usize = 20;

/// A page of the log, the newest first, and the key of the next one. Codes: `query_malformed`, `audit.search_wide`.
pub async fn list(
    app: &App,
    wanted: &Wanted,
    after: Option<&str>,
    limit: i64,
    language: Language,
) -> Result<(Vec<AuditRow>, Option<String>)> {
    let search = wanted.search(after)?;
    let read = move |tx: &mut Tx| {
        let (found, next) = search::page(tx, &search, limit)?;
        Ok((search::shown(tx, found, language)?, next.map(|key| key.to_string())))
    };
    app.db.report(read).await
}

/// Everything that records may be about.
pub fn words(language: Language) -> AuditWords {
    let of = |what: &str| {
        let prefix = format!("audit.{what}.");
        let codes = locale::keys(&prefix).into_iter().map(|key| key[prefix.len()..].to_owned());
        codes.map(|code| AuditWord { name: search::word(what, &code, language), code }).collect()
    };
    AuditWords { actions: of("action"), objects: of("object") }
}

/// Accounts whose name or login holds this text, at most twenty.
pub async fn people(app: &App, text: &str) -> Result<Vec<AuditPerson>> {
    let text = text.trim().to_lowercase();
    let people = app.db.read(names::people).await?;
    let fits = people.into_iter().filter(|person| person.name.to_lowercase().contains(&text) || person.login.contains(&text));
    Ok(fits.take(PEOPLE).map(|person| AuditPerson { id: person.id.to_string(), name: person.name, login: person.login }).collect())
}

/// How it stands with the chain.
pub async fn chain(app: &App) -> Result<ChainState> {
    let read = |tx: &mut Tx| {
        let forgotten = store::checkpoint::latest(tx)?.map_or(0, |checkpoint| checkpoint.chain_seq);
        Ok((store::chain::find(tx)?, store::chain::waiting(tx, COUNTED)?.waiting, forgotten))
    };
    let (chain, unsealed, forgotten_seq) = app.db.read(read).await?;
    Ok(ChainState {
        sealed_seq: chain.as_ref().map_or(0, |chain| chain.sealed_seq),
        sealed_at: chain.as_ref().map_or(yingda_base::Millis(0), |chain| chain.sealed_at),
        unsealed,
        anchored: app.audit.anchored(),
        forgotten_seq,
        trouble: app.audit.trouble(),
    })
}

/// Walks the chain between two places, as far as one call goes. Codes: `query_malformed`, `not_found` if it does not begin in the chain.
pub async fn check(app: &App, from: i64, to: i64, language: Language) -> Result<ChainPart> {
    if from < 1 || to < from {
        return Err(Error::malformed("query_malformed").with("reason", "from, to"));
    }
    let part = verify::verify_part(app, from, to, WALKED).await?;
    let findings =
        part.findings.iter().map(|finding| ChainFinding { code: finding.code.to_owned(), seq: finding.seq, text: finding.text(language) });
    let next = (part.upto < to && part.records > 0).then_some(part.upto + 1);
    Ok(ChainPart { records: part.records, upto: part.upto, next, findings: findings.collect() })
}
