//! `yingda export conversations`: all of them in the dialogue format, a JSON object a line, in the order they were opened.
use crate::{config::Config, data::Data, terminal};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::ExitCode,
};
use yingda_base::{Db, Error, Result};
use yingda_service::{conversation::ConversationId, message};

/// Conversations of one reading: their entries are read with them, and a reading should not take long.
const PAGE: i64 = 200;

/// Writes the file whole or not at all; `-` is standard output.
pub async fn conversations(config: &Config, file: &Path) -> Result<ExitCode> {
    let data = Data::beside(config)?;
    let named = |error: Error| error.with("file", file.display().to_string());
    let unwritable = |cause: io::Error| named(Error::unavailable("file.unwritable").caused_by(cause));
    if file.as_os_str() == "-" {
        write_all(&data.db, &mut io::stdout().lock()).await?;
    } else {
        let part = part_of(file);
        let mut out = BufWriter::new(create(&part).map_err(unwritable)?);
        let count = write_all(&data.db, &mut out).await?;
        let file_made = out.into_inner().map_err(|error| unwritable(error.into_error()))?;
        file_made.sync_all().and_then(|()| fs::rename(&part, file)).map_err(unwritable)?;
        terminal::say("export.done", &[("count", &count.to_string()), ("file", &file.display().to_string())]);
    }
    data.close().await;
    Ok(ExitCode::SUCCESS)
}

/// Only the owner may read it: it holds what people wrote.
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path)
}

fn part_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

async fn write_all(db: &Db, out: &mut impl Write) -> Result<usize> {
    let (mut after, mut count) = (ConversationId(0), 0);
    loop {
        let (page, last) = db.report(move |tx| message::export_page(tx, after, PAGE)).await?;
        for conversation in &page {
            serde_json::to_writer(&mut *out, conversation).map_err(Error::internal)?;
            out.write_all(b"\n").map_err(Error::internal)?;
        }
        count += page.len();
        match last {
            Some(last) => after = last,
            None => break,
        }
    }
    out.flush().map_err(Error::internal)?;
    Ok(count)
}
