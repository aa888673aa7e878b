//! Making a backup while the program serves: one moment of the database, the blobs it names, one file.
use super::{
    Progress,
    archive::{DATABASE, Writer, unwritable},
    catalog,
    digest::hex,
    dump::{self, Content},
    manifest::{self, FORMAT, Manifest},
    open::{self, PURPOSE, place},
    room,
    source::{self, Connected},
};
use crate::{
    Clock, Error, Result,
    blob::{BlobId, Blobs},
    db::{Engine, direct, sqlite_fault},
    key::Keyring,
    part::{Part, beside, remove},
};
use bytes::{Buf, Bytes};
use futures_util::{StreamExt, stream::BoxStream};
use rusqlite::Connection;
use std::{
    fs::{self, File},
    io::{self, BufWriter, Read},
    path::{Path, PathBuf},
};
use tokio::runtime::Handle;

/// What is needed for a backup.
pub struct Task<'a> {
    /// The database; a program may be serving it.
    pub engine: &'a Engine,
    /// The contents of files.
    pub blobs: &'a Blobs,
    /// Signs the manifest, and must be the one the database knows.
    pub keyring: &'a Keyring,
    /// Says of which time it is.
    pub clock: &'a Clock,
    /// The version of this program.
    pub program: &'a str,
    /// Where it goes.
    pub file: &'a Path,
    /// Whether a file that is there already may be replaced.
    pub is_replacing: bool,
}

/// Makes it: written beside the name it gets, read back, synced, renamed. Whatever happens, there is never a part of one under that name.
///
/// Blocks; to be called within a runtime, which reads the blobs. Errors: `backup.*`, `key.wrong`, `blob.unavailable`, `database.*`.
pub fn take(task: &Task, progress: &mut (dyn FnMut(Progress) + Send)) -> Result<Manifest> {
    let runtime = Handle::try_current().map_err(Error::internal)?;
    direct::on_own_thread(|| {
        let parts = Parts::begin(task)?;
        let made = write(task, &parts, &runtime, progress).inspect_err(|_| parts.forget())?;
        refuse_existing(task).inspect_err(|_| parts.forget())?;
        parts.packed.finish().map_err(|cause| unwritable(cause, task.file))?;
        Ok(made)
    })
}

/// What is written before the file has its name.
struct Parts {
    packed: Part,
    plain: PathBuf,
}

impl Parts {
    fn begin(task: &Task) -> Result<Parts> {
        let named = |cause| unwritable(cause, task.file);
        refuse_existing(task)?;
        let packed = Part::begin(task.file).map_err(|cause| match cause.kind() {
            io::ErrorKind::ResourceBusy => Error::conflict("backup.in_progress").with("file", task.file.display().to_string()),
            _ => named(cause),
        })?;
        let plain = beside(task.file, ".part-database");
        // What a killed backup left.
        remove(&plain).map_err(named)?;
        Ok(Parts { packed, plain })
    }

    fn forget(&self) {
        for path in [self.packed.path(), &self.plain] {
            if let Err(error) = remove(path) {
                tracing::warn!(%error, path = %path.display(), "a part of a backup could not be removed");
            }
        }
    }
}

fn refuse_existing(task: &Task) -> Result<()> {
    let is_there = fs::symlink_metadata(task.file).is_ok();
    if is_there && !task.is_replacing {
        Err(Error::conflict("backup.exists").with("file", task.file.display().to_string()))
    } else {
        Ok(())
    }
}

fn write(task: &Task, parts: &Parts, runtime: &Handle, progress: &mut (dyn FnMut(Progress) + Send)) -> Result<Manifest> {
    let named = |cause| unwritable(cause, task.file);
    room::demand(task.file, Connected::open(task.engine)?.size()?)?;
    let taken_at = task.clock.now();
    let content = dump::dump(task.engine, &parts.plain, progress)?;
    if !content.left_out.is_empty() {
        tracing::warn!(tables = ?content.left_out, "tables that are not Yingda's are not in the backup");
    }
    let plain = source::file(&parts.plain)?;
    let facts = Facts::read(&plain, task.keyring)?;
    let names = named_blobs(&plain)?;
    let size = fs::metadata(&parts.plain).map_err(named)?.len();
    let stored: u64 = names.iter().filter_map(|named| runtime.block_on(task.blobs.size(&named.id)).ok()).sum();
    room::demand(task.file, size.saturating_add(stored))?;

    let mut writer = Writer::begin(BufWriter::with_capacity(1 << 18, parts.packed.file()), taken_at, task.program).map_err(named)?;
    progress(Progress::Packing { bytes: size });
    writer.add(DATABASE, size, &mut File::open(&parts.plain).map_err(named)?).map_err(named)?;
    let files = pack(task, &mut writer, names, runtime, progress)?;
    let manifest = made(task, taken_at, content, facts, files);
    let (buffer, manifest) = writer.finish(manifest, &task.keyring.mac_key(PURPOSE)).map_err(named)?;
    buffer.into_inner().map_err(|error| named(error.into_error()))?.sync_all().map_err(named)?;
    // A copy that nobody can read is found now, and not when it is needed.
    open::check(parts.packed.path(), Some(task.keyring), progress)?;
    remove(&parts.plain).map_err(named)?;
    Ok(manifest)
}

fn made(task: &Task, taken_at: crate::Millis, content: Content, facts: Facts, files: Files) -> Manifest {
    Manifest {
        format: FORMAT,
        program: task.program.to_owned(),
        schema: content.schema,
        generation: facts.generation,
        taken_at,
        database: if matches!(task.engine, Engine::Sqlite(_)) { "sqlite" } else { "postgresql" }.to_owned(),
        keys: facts.keys,
        content: manifest::content(&content.tables),
        tables: content.tables,
        blobs: files.count,
        blob_bytes: files.bytes,
        gone: files.gone,
        missing: files.missing,
        sums: hex(&[]),
    }
}

/// What the database says about itself.
struct Facts {
    generation: String,
    keys: Vec<String>,
}

impl Facts {
    fn read(plain: &Connection, keyring: &Keyring) -> Result<Facts> {
        let known = super::known_keys(plain)?;
        if !keyring.lacking(known.iter().map(|(key, value)| (key.as_str(), value.as_str()))).is_empty() {
            return Err(Error::unavailable("backup.key_foreign"));
        }
        let generation = plain.query_row("SELECT value FROM instance WHERE key = 'generation'", [], |row| row.get(0));
        let keys = known.into_iter().filter_map(|(key, _)| key.strip_prefix("key:").map(str::to_owned)).collect();
        match generation {
            Ok(generation) => Ok(Facts { generation, keys }),
            // A program has never served it.
            Err(rusqlite::Error::QueryReturnedNoRows) => Ok(Facts { generation: String::new(), keys }),
            Err(cause) => Err(sqlite_fault(cause)),
        }
    }
}

/// A blob, and a row that names it.
struct NamedBlob {
    id: BlobId,
    table: String,
    column: String,
}

fn named_blobs(plain: &Connection) -> Result<Vec<NamedBlob>> {
    let mut found = std::collections::BTreeMap::new();
    for table in catalog::tables(plain)? {
        for column in table.blob_columns() {
            for text in super::texts_of(plain, &table.name, column)? {
                let id = text.parse::<BlobId>().map_err(|error| error.with("column", format!("{}.{column}", table.name)))?;
                found.entry(id.to_string()).or_insert_with(|| NamedBlob { id, table: table.name.clone(), column: column.to_owned() });
            }
        }
    }
    Ok(found.into_values().collect())
}

/// What became of the blobs.
#[derive(Default)]
struct Files {
    count: u64,
    bytes: u64,
    gone: Vec<String>,
    missing: Vec<String>,
}

fn pack<W: io::Write>(
    task: &Task,
    writer: &mut Writer<W>,
    names: Vec<NamedBlob>,
    runtime: &Handle,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Files> {
    let (mut files, of) = (Files::default(), names.len() as u64);
    for named in names {
        match runtime.block_on(task.blobs.stream(&named.id)) {
            Ok((bytes, stream)) => {
                let mut from = BlobReader { runtime, stream, chunk: Bytes::new() };
                writer.add(&place(&named.id), bytes, &mut from).map_err(|cause| unwritable(cause, task.file))?;
                (files.count, files.bytes) = (files.count + 1, files.bytes + bytes);
            }
            Err(error) if error.code() == "not_found" => {
                // Its row may have been erased since, and it with it. Else the store has lost it; the rest is worth all the more.
                let is_named = Connected::open(task.engine)?.snapshot()?.holds(&named.table, &named.column, &named.id.to_string())?;
                let list = if is_named { &mut files.missing } else { &mut files.gone };
                list.push(named.id.to_string());
            }
            Err(error) => return Err(error),
        }
        progress(Progress::Files { done: files.count, of });
    }
    Ok(files)
}

/// A blob as something that can be read on a thread.
struct BlobReader<'a> {
    runtime: &'a Handle,
    stream: BoxStream<'static, Result<Bytes>>,
    chunk: Bytes,
}

impl Read for BlobReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.runtime.block_on(self.stream.next()) {
                Some(chunk) => self.chunk = chunk.map_err(io::Error::other)?,
                None => return Ok(0),
            }
        }
        let length = buffer.len().min(self.chunk.len());
        self.chunk.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}
