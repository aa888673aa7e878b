//! Files: bytes under a random name, outside the database.
//!
//! A folder of this machine by default; other stores of [`object_store`] come behind the same type. A blob is written whole and synced
//! before its row is, never changed afterwards, and deleted after its row is gone: what no row names is rubbish, what a row names is there.
use crate::{Error, Result, column_newtype, random::Entropy};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, local::LocalFileSystem, path::Path as Place};
use serde::{Deserialize, Serialize};
use std::{fmt, fs::DirBuilder, future::Future, io, os::unix::fs::DirBuilderExt, path::Path, str::FromStr, sync::Arc, time::Duration};
use tokio::io::{AsyncReadExt, AsyncSeekExt};

crate::texts!("blob/texts.toml");

/// What is held of a file at a time while it is stored.
const PIECE: usize = 1024 * 1024;
/// No single call takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Names a blob: 128 random bits, hexadecimal. Whoever knows it has been let in before; rights are checked on the row that holds it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BlobId(String);
column_newtype!(BlobId, String);

impl BlobId {
    fn random(entropy: &Entropy) -> BlobId {
        BlobId(entropy.bytes::<16>().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Folders of two levels, so that none grows beyond what file systems like.
    fn place(&self) -> Place {
        Place::from(self.path())
    }

    /// Where it lies in a folder, and in a backup.
    pub fn path(&self) -> String {
        format!("{}/{}/{}", &self.0[..2], &self.0[2..4], self.0)
    }
}

impl FromStr for BlobId {
    type Err = Error;
    fn from_str(text: &str) -> Result<BlobId> {
        let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if is_hex { Ok(BlobId(text.to_owned())) } else { Err(Error::malformed("blob.id_malformed")) }
    }
}
impl TryFrom<String> for BlobId {
    type Error = Error;
    fn try_from(text: String) -> Result<BlobId> {
        text.parse()
    }
}
impl From<BlobId> for String {
    fn from(id: BlobId) -> String {
        id.0
    }
}
impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The store. Cloning shares it.
#[derive(Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    /// Where files without a name are made.
    folder: Arc<Path>,
}

impl Blobs {
    /// A folder, made if need be (mode 0700). Error: `blob.unavailable`.
    pub fn local(folder: &Path) -> Result<Blobs> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|cause| unavailable(cause).with("path", folder.display().to_string()))?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(failed)?;
        Ok(Blobs { store: Arc::new(store.with_fsync(true)), folder: folder.into() })
    }

    /// Stores bytes under a new name. They are whole and on disk when this answers. Errors: `blob.full`, `blob.unavailable`.
    pub async fn put(&self, entropy: &Entropy, bytes: Bytes) -> Result<BlobId> {
        let id = BlobId::random(entropy);
        self.put_as(&id, bytes).await?;
        Ok(id)
    }

    /// Stores bytes under a name they had before: for restoring a backup.
    pub async fn put_as(&self, id: &BlobId, bytes: Bytes) -> Result<()> {
        let place = id.place();
        patiently(self.store.put(&place, PutPayload::from_bytes(bytes))).await.map(drop)
    }

    /// A file without a name, on the same disk, for what is still coming in: it is gone when it is closed, or the program dies. Blocks.
    /// Errors: `blob.full`, `blob.unavailable`.
    pub fn scratch(&self) -> Result<std::fs::File> {
        tempfile::tempfile_in(&self.folder).map_err(unwritable)
    }

    /// Stores what a file holds under a new name, a piece at a time. Errors: `blob.full`, `blob.unavailable`.
    pub async fn put_file(&self, entropy: &Entropy, file: std::fs::File) -> Result<BlobId> {
        let id = BlobId::random(entropy);
        let mut file = tokio::fs::File::from_std(file);
        file.rewind().await.map_err(unwritable)?;
        let mut upload = patiently(self.store.put_multipart(&id.place())).await?;
        let stored = async {
            loop {
                let mut piece = Vec::with_capacity(PIECE);
                (&mut file).take(PIECE as u64).read_to_end(&mut piece).await.map_err(unwritable)?;
                if piece.is_empty() {
                    return patiently(upload.complete()).await.map(drop);
                }
                patiently(upload.put_part(piece.into())).await?;
            }
        };
        if let Err(error) = stored.await {
            if let Err(left) = upload.abort().await {
                tracing::warn!(error = %left, "a piece of a refused file is left behind");
            }
            return Err(error);
        }
        Ok(id)
    }

    /// The whole blob. Errors: `not_found`, `blob.unavailable`.
    pub async fn get(&self, id: &BlobId) -> Result<Bytes> {
        let place = id.place();
        patiently(async { self.store.get(&place).await?.bytes().await }).await
    }

    /// Its size and its bytes as they come. Errors: `not_found`, `blob.unavailable`.
    pub async fn stream(&self, id: &BlobId) -> Result<(u64, BoxStream<'static, Result<Bytes>>)> {
        let place = id.place();
        let found = patiently(self.store.get(&place)).await?;
        let size = found.meta.size;
        Ok((size, found.into_stream().map_err(failed).boxed()))
    }

    /// Its size. Errors: `not_found`, `blob.unavailable`.
    pub async fn size(&self, id: &BlobId) -> Result<u64> {
        let place = id.place();
        Ok(patiently(self.store.head(&place)).await?.size)
    }

    /// Deletes it; one that is not there is no error.
    pub async fn delete(&self, id: &BlobId) -> Result<()> {
        let place = id.place();
        match patiently(self.store.delete(&place)).await {
            Err(error) if error.code() == "not_found" => Ok(()),
            other => other,
        }
    }

    /// All names, in no order: for backups, and to find rubbish.
    pub fn list(&self) -> BoxStream<'static, Result<BlobId>> {
        let names = self.store.list(None).map_err(failed);
        names.try_filter_map(|meta| async move { Ok(meta.location.filename().and_then(|name| name.parse().ok())) }).boxed()
    }
}

async fn patiently<T>(call: impl Future<Output = object_store::Result<T>>) -> Result<T> {
    match tokio::time::timeout(PATIENCE, call).await {
        Ok(result) => result.map_err(failed),
        Err(elapsed) => Err(unavailable(elapsed)),
    }
}

fn unavailable(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::unavailable("blob.unavailable").caused_by(cause)
}

/// What the system says of a file of our own. Errors: `blob.full`, `blob.unavailable`.
pub fn unwritable(cause: io::Error) -> Error {
    if is_full(&cause) { full(cause) } else { unavailable(cause) }
}

fn is_full(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

fn full(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::unavailable("blob.full").retry_after(5_000).caused_by(cause)
}

fn failed(cause: object_store::Error) -> Error {
    if matches!(cause, object_store::Error::NotFound { .. }) {
        return Error::not_found("blob");
    }
    let mut source = std::error::Error::source(&cause);
    while let Some(error) = source {
        if error.downcast_ref::<io::Error>().is_some_and(is_full) {
            return full(cause);
        }
        source = error.source();
    }
    unavailable(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Blobs) {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(&folder.path().join("blobs")).unwrap();
        (folder, blobs)
    }

    #[tokio::test]
    async fn bytes_come_back_until_they_are_deleted() {
        let (_folder, blobs) = store();
        let entropy = Entropy::seeded(1);
        let (a, b) = (blobs.put(&entropy, Bytes::from_static(b"a")).await.unwrap(), blobs.put(&entropy, Bytes::new()).await.unwrap());
        assert_ne!(a, b);
        assert_eq!((blobs.get(&a).await.unwrap(), blobs.get(&b).await.unwrap()), (Bytes::from_static(b"a"), Bytes::new()));
        let (size, stream) = blobs.stream(&a).await.unwrap();
        assert_eq!((size, stream.try_collect::<Vec<_>>().await.unwrap().concat()), (1, b"a".to_vec()));
        let mut listed: Vec<BlobId> = blobs.list().try_collect().await.unwrap();
        listed.sort();
        assert_eq!(listed, {
            let mut both = [a.clone(), b.clone()];
            both.sort();
            both
        });
        blobs.delete(&a).await.unwrap();
        blobs.delete(&a).await.unwrap();
        assert_eq!(blobs.get(&a).await.unwrap_err().code(), "not_found");
    }

    #[tokio::test]
    async fn a_file_is_stored_by_the_piece_and_leaves_nothing_else() {
        let (folder, blobs) = store();
        let bytes: Vec<u8> = (0..2 * PIECE + 17).map(|n| (n % 251) as u8).collect();
        let mut scratch = blobs.scratch().unwrap();
        std::io::Write::write_all(&mut scratch, &bytes).unwrap();
        assert_eq!(std::fs::read_dir(folder.path().join("blobs")).unwrap().count(), 0, "it has no name");
        let id = blobs.put_file(&Entropy::seeded(1), scratch).await.unwrap();
        assert_eq!(blobs.get(&id).await.unwrap(), bytes);
        assert_eq!(std::fs::read_dir(folder.path().join("blobs")).unwrap().count(), 1);
        let empty = blobs.put_file(&Entropy::seeded(2), blobs.scratch().unwrap()).await.unwrap();
        assert!(blobs.get(&empty).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn nothing_half_written_lies_around() {
        let (folder, blobs) = store();
        let id = blobs.put(&Entropy::seeded(1), Bytes::from(vec![7; 100_000])).await.unwrap();
        let name = id.to_string();
        let shard = folder.path().join("blobs").join(&name[..2]).join(&name[2..4]);
        let files: Vec<_> = std::fs::read_dir(shard).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(files, [name.as_str()]);
    }

    #[test]
    fn only_names_of_blobs_are_taken() {
        for bad in [
            "",
            "../../etc/passwd",
            "0123456789ABCDEF0123456789ABCDEF",
            "0123456789abcdef0123456789abcde",
            "0123456789abcdef0123456789abcdeg",
        ] {
            assert_eq!(bad.parse::<BlobId>().unwrap_err().code(), "blob.id_malformed", "{bad:?}");
        }
        let id = BlobId::random(&Entropy::seeded(2));
        assert_eq!(id.to_string().parse::<BlobId>().unwrap(), id);
    }
}
