//! Files that are cut, changed, foreign or of the future.
use super::*;
use crate::backup::{archive, digest::hex, manifest};
use sha2::{Digest, Sha256};

fn refusal(file: &Path, bytes: &[u8], keyring: &Keyring) -> Option<String> {
    std::fs::write(file, bytes).unwrap();
    check(file, Some(keyring), &mut |_| {}).err().map(|error| error.code().to_owned())
}

async fn good() -> (House, Vec<u8>) {
    let house = House::new(Kind::Sqlite);
    let blob = house.blobs().put(&Entropy::seeded(1), Bytes::from(vec![7; 3000])).await.unwrap();
    name(&house, &blob);
    house.back_up("b").unwrap();
    let bytes = std::fs::read(house.file("b")).unwrap();
    (house, bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_anywhere_it_is_refused() {
    let (house, bytes) = good().await;
    let spoilt = house.file("spoilt");
    assert_eq!(refusal(&spoilt, &bytes, &house.keyring), None);
    let places = (0..40).chain((40..bytes.len()).step_by(97)).chain(bytes.len() - 40..bytes.len());
    for length in places {
        let code =
            refusal(&spoilt, &bytes[..length], &house.keyring).unwrap_or_else(|| panic!("{length} of {} bytes were taken", bytes.len()));
        let expected = if length < 4 { "backup.foreign" } else { "backup.truncated" };
        assert_eq!(code, expected, "{length} of {} bytes", bytes.len());
    }
    assert!(refusal(&spoilt, &[bytes.as_slice(), b"more"].concat(), &house.keyring).is_some(), "something behind the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_bit_flipped_anywhere_it_is_refused() {
    let (house, bytes) = good().await;
    let spoilt = house.file("spoilt");
    for place in (0..64).chain((64..bytes.len()).step_by(31)).chain(bytes.len() - 64..bytes.len()) {
        let mut flipped = bytes.clone();
        flipped[place] ^= 1 << (place % 8);
        assert!(refusal(&spoilt, &flipped, &house.keyring).is_some(), "byte {place}");
    }
}

/// Packs members as an archive, with checksums that are right; with names as they are, which the builder would refuse.
fn packed(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(zstd::Encoder::new(Vec::new(), 1).unwrap());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        header.set_entry_type(tar::EntryType::Regular);
        header.set_cksum();
        tar.append(&header, *bytes).unwrap();
    }
    let mut bytes = tar.into_inner().unwrap().finish().unwrap();
    let sum = Sha256::digest(&bytes);
    bytes.extend(archive::TRAILER);
    bytes.extend(sum);
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_and_future_files_are_told_apart() {
    let (house, _) = good().await;
    let (file, keyring) = (house.file("spoilt"), &house.keyring);
    let head = |format: u32| format!("{{\"format\":{format},\"program\":\"9.9.9\"}}").into_bytes();
    let code = |bytes: &[u8]| refusal(&file, bytes, keyring).unwrap();
    assert_eq!(code(b""), "backup.foreign");
    assert_eq!(code(b"SQLite format 3\0 and so on"), "backup.foreign");
    assert_eq!(code(&packed(&[("etc/passwd", b"root")])), "backup.foreign");
    assert_eq!(code(&packed(&[(archive::HEAD, &head(FORMAT + 1))])), "backup.newer");
    assert_eq!(code(&packed(&[(archive::HEAD, &head(FORMAT))])), "backup.truncated");
    let here = head(FORMAT);
    for strange in ["../../evil", "/etc/passwd", "blobs/../evil", "blobs/aa/bb/0123456789abcdef0123456789abcdef", "database.sqlite/x"] {
        let members: &[(&str, &[u8])] = &[(archive::HEAD, &here), (archive::DATABASE, b"x"), ("x", b"")];
        let mut bytes = packed(members);
        assert_eq!(code(&bytes), "backup.damaged");
        bytes = packed(&[(archive::HEAD, &here), (archive::DATABASE, b"x"), (strange, b"x")]);
        assert_eq!(code(&bytes), "backup.damaged", "{strange}");
    }
    assert_eq!(check(&house.file("none"), None, &mut |_| {}).unwrap_err().code(), "backup.unreadable");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_another_installation_is_recognised() {
    let (house, _) = good().await;
    let check = |keyring: Option<&Keyring>| check(&house.file("b"), keyring, &mut |_| {}).unwrap().is_ours;
    assert_eq!(check(Some(&house.keyring)), Some(true));
    assert_eq!(check(Some(&Keyring::random(&Entropy::seeded(5), 2))), Some(false));
    assert_eq!(check(None), None);
}

/// What somebody makes of a backup who may write to where it is kept: other rows, and all checksums right. They have not got the key.
fn forged(house: &House, name: &str, change: &str) -> PathBuf {
    let bytes = std::fs::read(house.file(name)).unwrap();
    let plain = zstd::decode_all(&bytes[..bytes.len() - 40]).unwrap();
    let (mut members, mut sums, database) = (Vec::new(), String::new(), house.file("forged-database"));
    for member in tar::Archive::new(plain.as_slice()).entries().unwrap() {
        let mut member = member.unwrap();
        let (name, mut bytes) = (member.path().unwrap().display().to_string(), Vec::new());
        std::io::Read::read_to_end(&mut member, &mut bytes).unwrap();
        match name.as_str() {
            archive::DATABASE => {
                std::fs::write(&database, &bytes).unwrap();
                rusqlite::Connection::open(&database).unwrap().execute_batch(change).unwrap();
                bytes = std::fs::read(&database).unwrap();
            }
            archive::SUMS => bytes = sums.clone().into_bytes(),
            archive::MANIFEST => {
                let mut manifest: Manifest = serde_json::from_slice(&bytes).unwrap();
                manifest.tables = beside(|| dump::read(&database, &mut |_| {})).tables;
                manifest.content = manifest::content(&manifest.tables);
                manifest.sums = hex(&Sha256::digest(&sums));
                bytes = serde_json::to_vec_pretty(&manifest).unwrap();
            }
            _ => {}
        }
        if name != archive::SUMS {
            sums += &format!("{}  {name}\n", hex(&Sha256::digest(&bytes)));
        }
        members.push((name, bytes));
    }
    let members: Vec<(&str, &[u8])> = members.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    std::fs::write(house.file("forged"), packed(&members)).unwrap();
    house.file("forged")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_forged_without_the_key_is_refused_unless_somebody_vouches_for_it() {
    let (house, _) = good().await;
    let forged = forged(&house, "b", "INSERT INTO instance (key, value) VALUES ('mallory', 'was here')");
    assert_eq!(check(&forged, Some(&house.keyring), &mut |_| {}).unwrap().is_ours, Some(false), "all its checksums fit");
    let new = nowhere(Kind::Sqlite);
    assert_eq!(new.restore(&forged, &house.keyring, false).unwrap_err().code(), "backup.not_ours");
    assert!(!new.db.path().unwrap().exists(), "nothing was made");
    let data = new.data();
    let plan = Plan { takes_foreign: true, ..new.plan(&forged, &house.keyring, false, &data) };
    restore(&plan, &mut |_| Ok(()), &mut |_| {}).unwrap();
    assert!(new.hears("mallory"));
}
