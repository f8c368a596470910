//! The public API is the one in `tests/public-api.txt`: a change of it is seen, and is a decision.
//!
//! `cargo run -p tokenring-public-api` fails if rustdoc finds another one; with `-- --write` it writes
//! the listing anew.

use std::{
    env, fs,
    path::Path,
    process::{Command, ExitCode},
};

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let path = root.join("tests/public-api.txt");
    let found = listing(&root);
    if env::args().nth(1).as_deref() == Some("--write") {
        fs::write(&path, found).unwrap();
        return ExitCode::SUCCESS;
    }
    let committed = fs::read_to_string(&path).unwrap();
    for line in missing_from(&committed, &found) {
        println!("+{line}");
    }
    for line in missing_from(&found, &committed) {
        println!("-{line}");
    }
    if found == committed {
        return ExitCode::SUCCESS;
    }
    println!("tests/public-api.txt is not the public API; `-- --write` makes it so");
    ExitCode::FAILURE
}

/// What there is without any feature, and what all features add.
fn listing(root: &Path) -> String {
    let bare = public_items(root, "--no-default-features");
    let all = public_items(root, "--all-features");
    assert_eq!(missing_from(&all, &bare), [""; 0], "a feature takes something away");
    let added = missing_from(&bare, &all).join("\n");
    format!("# Without features\n\n{bare}\n# Added by features\n\n{added}\n")
}

fn missing_from<'l>(one: &str, other: &'l str) -> Vec<&'l str> {
    other.lines().filter(|line| !one.lines().any(|known| known == *line)).collect()
}

/// A line for each public item.
fn public_items(root: &Path, features: &str) -> String {
    let target = root.join("target");
    let status = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
        .args(["rustdoc", "--locked", "--quiet", "--package", "tokenring", "--lib", features])
        .arg("--target-dir")
        .arg(&target)
        // rustdoc's warnings are for `cargo doc`, which has every feature.
        .args(["--", "-Zunstable-options", "--output-format=json", "--cap-lints=allow"])
        // Any toolchain's rustdoc writes JSON on request, for this crate alone.
        .env("RUSTC_BOOTSTRAP", "tokenring")
        .current_dir(root)
        .status()
        .unwrap();
    assert!(status.success(), "rustdoc fails");
    let items = public_api::Builder::from_rustdoc_json(target.join("doc/tokenring.json"))
        .omit_auto_trait_impls(true)
        .omit_blanket_impls(true)
        .build()
        .expect("a version of `public-api` that knows the JSON of this toolchain's rustdoc")
        .to_string();
    // Where in the standard library an item stands depends on the toolchain.
    let words = items.split_inclusive(|c: char| !c.is_alphanumeric() && c != '_');
    words.map(|word| if ["core:", "alloc:"].contains(&word) { "std:" } else { word }).collect()
}
