//! `unpack DIRECTORY` writes the seeds and the committed corpus of each target to
//! `DIRECTORY/<target>/`, each input to a file of its own, for the fuzzer. `pack DIRECTORY` writes the
//! committed file of each target that has a directory there.

use std::{collections::BTreeSet, env, error::Error, fs, path::Path};

use tokenring_fuzz::{TARGETS, corpus};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match &arguments[..] {
        [command, directory] if command == "unpack" => Ok(corpus::unpack(Path::new(directory))?),
        [command, directory] if command == "pack" => pack(Path::new(directory)),
        _ => Err("usage: corpus unpack DIRECTORY, or corpus pack DIRECTORY".into()),
    }
}

fn pack(directory: &Path) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        let target = TARGETS.map(|target| target.name).into_iter().find(|target| *target == name);
        let target = target.ok_or_else(|| format!("no target {name:?}"))?;
        let mut inputs = BTreeSet::new();
        for entry in fs::read_dir(directory.join(target))? {
            inputs.insert(fs::read(entry?.path())?);
        }
        fs::write(corpus::file(target), corpus::text(&inputs))?;
    }
    Ok(())
}
