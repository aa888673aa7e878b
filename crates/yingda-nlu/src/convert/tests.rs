//! A package made by hand, converted.
use std::io::{Cursor, Write as _};

use zip::{ZipWriter, write::SimpleFileOptions};

use super::*;
use crate::trie::{Trie, build};

/// Bytes of a SentencePiece model with these pieces and this map.
pub(super) fn model_bytes(pieces: &[(&str, f32)], map: &[(&str, &str)]) -> Vec<u8> {
    let message = |number: u8, content: &[u8]| {
        let mut length = content.len();
        let mut bytes = vec![number << 3 | 2];
        while length > 0x7f {
            bytes.push(0x80 | (length & 0x7f) as u8);
            length >>= 7;
        }
        bytes.push(length as u8);
        [&bytes, content].concat()
    };
    let mut model = Vec::new();
    for (text, score) in pieces {
        let score = [&[2 << 3 | 5][..], &score.to_le_bytes()].concat();
        // A type of piece follows, which nobody reads.
        model.extend(message(1, &[message(1, text.as_bytes()), score, vec![3 << 3, 0x81, 1]].concat()));
    }
    let (mut replacements, mut keys) = (String::new(), Vec::new());
    for (key, replacement) in map {
        keys.push((*key, replacements.len() as u32));
        replacements.push_str(replacement);
        replacements.push('\0');
    }
    let units = units(&build(keys));
    let length = (units.len() as u32).to_le_bytes();
    let map = [&length[..], &units, replacements.as_bytes()].concat();
    model.extend(message(3, &[message(1, b"nmt_nfkc"), message(2, &map)].concat()));
    model
}

fn units(trie: &Trie) -> Vec<u8> {
    let mut to = crate::encoder::file::Writer::default();
    trie.write(&mut to);
    to.into_bytes().split_off(4)
}

/// Sixteen numbers a piece, sixteen hidden ones, and arrays under the names of the package. `change` may spoil one.
fn weights(change: impl Fn(&str, &mut Vec<u8>)) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut random = 1_u32;
    let mut code = move || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 24) as i8
    };
    let mut add = |name: &str, kind: &str, shape: &str, mut data: Vec<u8>| {
        let head = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({shape}), }}\n");
        change(name, &mut data);
        zip.start_file(format!("{name}.npy"), SimpleFileOptions::default()).unwrap();
        zip.write_all(b"\x93NUMPY\x01\x00").unwrap();
        zip.write_all(&(head.len() as u16).to_le_bytes()).unwrap();
        zip.write_all(head.as_bytes()).unwrap();
        zip.write_all(&data).unwrap();
    };
    let floats = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>();
    for n in 1..=GROUPS {
        add(&format!("q{n}"), "|u1", "1, 16", (0..16).map(|_| code().cast_unsigned() & 63).collect());
    }
    add("scale", "<f4", "17,", floats(&[0.25; 17]));
    add("lo", "<f4", "17,", floats(&[-4.0; 17]));
    add("eps", "<f8", "", f64::from(1e-12_f32).to_le_bytes().to_vec());
    let mut matrices = vec![("cnn_W".to_owned(), 64)];
    matrices.extend(["d0", "d1", "d2", "d3", "p1", "p3"].map(|name| (name.to_owned(), 16)));
    let mut rows = vec![("ln_g".to_owned(), 64), ("ln_b".to_owned(), 64), ("cnn_b".to_owned(), 16)];
    for n in WINDOWS {
        matrices.extend([(format!("proj{n}"), 16), (format!("w1_{n}"), n * 16), (format!("w2_{n}"), n * 16)]);
        rows.extend(["proj_b", "ln_g", "ln_b", "b1_", "b2_"].map(|name| (format!("{name}{n}"), 16)));
    }
    for (name, rows) in matrices {
        let mut codes: Vec<i8> = (0..rows * 16).map(|_| code().max(-127)).collect();
        codes[0] = 127;
        add(&name, "<f4", &format!("{rows}, 16"), floats(&codes.iter().map(|code| f32::from(*code) * 0.001_953_125).collect::<Vec<_>>()));
    }
    for (name, length) in rows {
        add(&name, "<f4", &format!("{length},"), floats(&(0..length).map(|_| f32::from(code()) / 128.0).collect::<Vec<_>>()));
    }
    zip.finish().unwrap().into_inner()
}

fn model() -> Vec<u8> {
    model_bytes(&[("<unk>", 0.0), ("<s>", 0.0), ("</s>", 0.0), ("▁流量", -2.5), ("包", -3.0)], &[("Ａ", "A")])
}

#[test]
fn a_package_becomes_an_encoder() {
    let file = from_members(&model(), &weights(|_, _| {})).unwrap();
    let encoder = Encoder::open(file.as_slice()).unwrap();
    assert_eq!(encoder.dimensions(), 16);
    assert_eq!(encoder.pieces("流量包"), [1, 3, 4, 2]);
    assert_eq!(encoder.to_file(), file, "written again it is the same");
    assert_ne!(encoder.encode("流量包"), encoder.encode("包"));
}

#[test]
fn other_wheels_are_refused_by_their_checksum() {
    let error = from_wheel(b"PK").unwrap_err();
    assert!(matches!(&error, ConvertError::OtherWheel(found) if found.len() == 64), "{error}");
}

#[test]
fn what_is_not_in_the_archive_is_named() {
    let error = from_members(&model(), &ZipWriter::new(Cursor::new(Vec::new())).finish().unwrap().into_inner()).unwrap_err();
    assert!(error.to_string().contains("eps.npy"), "{error}");
    assert!(from_members(&model(), b"no archive").is_err());
}

#[test]
fn what_would_lose_something_is_refused() {
    let spoilt = |name: &str, at: usize, bytes: &[u8]| {
        let weights = weights(|array, data| {
            if array == name {
                data[at..at + bytes.len()].copy_from_slice(bytes);
            }
        });
        from_members(&model(), &weights).unwrap_err().to_string()
    };
    assert!(spoilt("w1_3", 4, &0.01_f32.to_le_bytes()).contains("not of eight bits"));
    assert!(spoilt("d2", 4, &f32::NAN.to_le_bytes()).contains("not of eight bits"));
    assert!(spoilt("d2", 4, &f32::INFINITY.to_le_bytes()).contains("not of eight bits"));
    assert!(spoilt("q2", 3, &[64]).contains("more than six bits"));
    assert!(spoilt("eps", 0, &1e-5_f64.to_le_bytes()).contains("eps"));
}

#[test]
fn a_vocabulary_larger_than_the_table_is_refused() {
    let pieces: Vec<String> = (0..18).map(|n| format!("p{n}")).collect();
    let pieces: Vec<(&str, f32)> = pieces.iter().map(|piece| (piece.as_str(), 0.0)).collect();
    let error = from_members(&model_bytes(&pieces, &[]), &weights(|_, _| {})).unwrap_err();
    assert!(error.to_string().contains("a piece has no vector"), "{error}");
}
