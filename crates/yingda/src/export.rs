//! `yingda export`: conversations in the dialogue format, or ratings; a JSON object a line, in the order the conversations were opened.
use crate::{config::Config, data::Data, terminal};
use serde::Serialize;
use std::{
    io::{self, BufWriter, Write},
    path::Path,
    process::ExitCode,
};
use yingda_base::{Db, Error, Result, Tx, part::Part};
use yingda_service::{
    audit::{self, Audit},
    conversation::ConversationId,
    message, rating,
};

/// Lines of one reading: entries are read with them, and a reading should not take long.
const PAGE: i64 = 200;

/// Lines, and the last conversation they are about, after which the next page begins.
type Page<T> = Result<(Vec<T>, Option<ConversationId>)>;

/// All conversations in the dialogue format.
pub async fn conversations(config: &Config, file: &Path) -> Result<ExitCode> {
    export(config, file, message::export_page, ("export.conversations", "export.conversations.done")).await
}

/// All ratings.
pub async fn ratings(config: &Config, file: &Path) -> Result<ExitCode> {
    export(config, file, rating::export_page, ("export.ratings", "export.ratings.done")).await
}

/// Writes the file whole or not at all; `-` is standard output.
async fn export<T: Serialize + Send + 'static>(
    config: &Config,
    file: &Path,
    page: fn(&mut Tx, ConversationId, i64) -> Page<T>,
    (action, done): (&'static str, &'static str),
) -> Result<ExitCode> {
    let data = Data::beside(config)?;
    // Before the first line goes out: what was taken must be known, also if the reader goes away.
    let taken = Audit { action, object_kind: "export", ..Audit::default() };
    data.db.write(move |tx| audit::record_of_program(tx, "yingda export", &taken)).await?;
    let named = |error: Error| error.with("file", file.display().to_string());
    let unwritable = |cause: io::Error| named(Error::unavailable("file.unwritable").caused_by(cause));
    if file.as_os_str() == "-" {
        write_all(&data.db, &mut io::stdout().lock(), page).await?;
    } else {
        let part = Part::begin(file).map_err(unwritable)?;
        let mut out = BufWriter::new(part.file());
        let count = write_all(&data.db, &mut out, page).await?;
        out.into_inner().map_err(|error| unwritable(error.into_error()))?;
        part.finish().map_err(unwritable)?;
        terminal::say(done, &[("count", &count.to_string()), ("file", &file.display().to_string())]);
    }
    data.close().await;
    Ok(ExitCode::SUCCESS)
}

async fn write_all<T: Serialize + Send + 'static>(
    db: &Db,
    out: &mut impl Write,
    page: fn(&mut Tx, ConversationId, i64) -> Page<T>,
) -> Result<usize> {
    let (mut after, mut count) = (ConversationId(0), 0);
    loop {
        let (lines, last) = db.report(move |tx| page(tx, after, PAGE)).await?;
        for line in &lines {
            serde_json::to_writer(&mut *out, line).map_err(Error::internal)?;
            out.write_all(b"\n").map_err(Error::internal)?;
        }
        count += lines.len();
        match last {
            Some(last) => after = last,
            None => break,
        }
    }
    out.flush().map_err(Error::internal)?;
    Ok(count)
}
