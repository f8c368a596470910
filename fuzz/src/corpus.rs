//! The committed corpus: a text file for each target, with one input a line, in the order of their
//! bytes. Other bytes than printable ASCII are written with the escapes of a Rust byte string.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use crate::TARGETS;

/// Writes the seeds and the corpus of each target to `directory/<target>/`. Other files there stay.
pub fn unpack(directory: &Path) -> io::Result<()> {
    for target in TARGETS {
        let directory = directory.join(target.name);
        fs::create_dir_all(&directory)?;
        for (number, input) in inputs(target.name).into_iter().enumerate() {
            fs::write(directory.join(format!("committed-{number:03}")), input)?;
        }
        for (name, input) in (target.seeds)() {
            fs::write(directory.join(name), input)?;
        }
    }
    Ok(())
}

/// The inputs of one target.
pub fn inputs(target: &str) -> BTreeSet<Vec<u8>> {
    let path = file(target);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    text.lines().map(unescape).collect()
}

pub fn file(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target).with_extension("txt")
}

/// The text of a corpus file.
pub fn text(inputs: &BTreeSet<Vec<u8>>) -> String {
    inputs.iter().map(|input| format!("{}\n", input.escape_ascii())).collect()
}

/// The inverse of `escape_ascii`.
fn unescape(line: &str) -> Vec<u8> {
    let mut characters = line.chars();
    let mut bytes = Vec::new();
    while let Some(character) = characters.next() {
        assert!(matches!(character, ' '..='~'), "{line}");
        let escaped = match character {
            '\\' => characters.next().expect("an escape"),
            other => {
                bytes.push(other.try_into().expect("ASCII"));
                continue;
            }
        };
        bytes.push(match escaped {
            't' => b'\t',
            'r' => b'\r',
            'n' => b'\n',
            'x' => {
                let digits: String = characters.by_ref().take(2).collect();
                u8::from_str_radix(&digits, 16).expect("two digits")
            }
            '\\' | '\'' | '"' => escaped.try_into().expect("ASCII"),
            other => panic!("\\{other} in {line}"),
        });
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_every_byte_and_every_input_again() {
        let inputs: BTreeSet<Vec<u8>> =
            [(0..=255).collect(), Vec::new(), b"\\x00\n".to_vec(), b"'\"".to_vec()].into();
        let text = text(&inputs);
        assert_eq!(text.lines().map(unescape).collect::<BTreeSet<_>>(), inputs);
        assert!(text.bytes().all(|byte| matches!(byte, b'\n' | b' '..=b'~')));
    }
}
