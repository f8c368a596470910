//! Writes `seeds/`, replacing what is there.

use std::{error::Error, fs, path::Path};

use tokenring_fuzz::seeds;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    for target in seeds::TARGETS {
        let directory = root.join(target);
        if directory.exists() {
            fs::remove_dir_all(&directory)?;
        }
        fs::create_dir_all(&directory)?;
    }
    for seed in seeds::all() {
        fs::write(root.join(seed.target).join(seed.name), seed.bytes)?;
    }
    Ok(())
}
