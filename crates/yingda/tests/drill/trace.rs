//! Looking for a text wherever bytes lie, in all the forms a program may have written it.
use std::{fs, path::Path};

/// As UTF-8, with what JSON escapes escaped once and twice, all of it escaped, and as UTF-16 of both orders.
fn forms(text: &str) -> Vec<Vec<u8>> {
    let quoted = serde_json::to_string(text).unwrap();
    let twice = serde_json::to_string(&quoted).unwrap();
    let inner = |text: &str| text.as_bytes()[1..text.len() - 1].to_vec();
    let escaped = |upper: bool| {
        let unit = |unit: u16| if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") };
        // Only what is not ASCII, as most encoders do.
        let one = |c: char| if c.is_ascii() { c.to_string() } else { c.encode_utf16(&mut [0; 2]).iter().map(|u| unit(*u)).collect() };
        text.chars().take_while(|c| *c != '"').map(one).collect::<String>().into_bytes()
    };
    let units: Vec<u16> = text.encode_utf16().collect();
    vec![
        text.as_bytes().to_vec(),
        // A piece is a trace too.
        text.chars().take(7).collect::<String>().into_bytes(),
        inner(&quoted),
        inner(&twice),
        escaped(true),
        escaped(false),
        units.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
        units.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
    ]
}

/// Whether any form of it stands there.
pub fn holds(bytes: &[u8], text: &str) -> bool {
    forms(text).iter().any(|form| bytes.windows(form.len()).any(|window| window == form.as_slice()))
}

/// Files below a folder that hold it, databases with their journals and blobs among them; backups are packed, and not meant.
pub fn found_in(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            found.extend(found_in(&path, text));
        } else if fs::read(&path).is_ok_and(|bytes| holds(&bytes, text)) {
            found.push(path.display().to_string());
        }
    }
    found
}

fn client(url: &str) -> postgres::Client {
    postgres::Client::connect(url, postgres::NoTls).unwrap()
}

/// What docs/operate/personal-data.md tells an operator to do: then nothing that was deleted is left in the files of tables.
pub fn sweep(url: &str) {
    let mut client = client(url);
    for text in ["ANALYZE", "VACUUM FULL", "ANALYZE", "VACUUM FULL pg_statistic", "CHECKPOINT"] {
        client.batch_execute(text).unwrap();
    }
}

/// Files of the database that hold it, read by the server itself. Segments of its write-ahead log are left out: they are recycled.
pub fn found_on_server(url: &str, text: &str) -> Vec<String> {
    let mut client = client(url);
    let files = "SELECT 'base/' || d.oid || '/' || f AS file FROM pg_database d, pg_ls_dir('base/' || d.oid) f WHERE d.datname = current_database()";
    let names: Vec<String> = client.query(files, &[]).unwrap().iter().map(|row| row.get(0)).collect();
    assert!(names.len() > 100, "a database has files");
    let mut found = Vec::new();
    for name in names {
        let read = client.query_one("SELECT pg_read_binary_file($1, 0, 1000000000, true)", &[&name]).unwrap();
        if read.get::<_, Option<Vec<u8>>>(0).is_some_and(|bytes| holds(&bytes, text)) {
            found.push(name);
        }
    }
    found
}
