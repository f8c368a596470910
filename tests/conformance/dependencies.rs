//! The crates that come with this one: no other, no second version, no other licence, no other
//! source. Known vulnerabilities are looked up by `.ci/run`.

use std::{path::Path, process::Command};

/// The crates without default features, with the licences that they declare.
const BARE: [(&str, &str); 12] = [
    ("base64", "MIT OR Apache-2.0"),
    ("cfg-if", "MIT OR Apache-2.0"),
    ("getrandom", "MIT OR Apache-2.0"),
    ("itoa", "MIT OR Apache-2.0"),
    ("libc", "MIT OR Apache-2.0"),
    ("memchr", "Unlicense OR MIT"),
    ("ring", "Apache-2.0 AND ISC"),
    ("serde", "MIT OR Apache-2.0"),
    ("serde_core", "MIT OR Apache-2.0"),
    ("serde_json", "MIT OR Apache-2.0"),
    ("untrusted", "ISC"),
    ("zmij", "MIT"),
];

/// The crates that the feature `fetch` adds.
const FETCH: [(&str, &str); 15] = [
    ("bytes", "MIT"),
    ("http", "MIT OR Apache-2.0"),
    ("httparse", "MIT OR Apache-2.0"),
    ("log", "MIT OR Apache-2.0"),
    ("once_cell", "MIT OR Apache-2.0"),
    ("percent-encoding", "MIT OR Apache-2.0"),
    ("rustls", "Apache-2.0 OR ISC OR MIT"),
    ("rustls-pki-types", "MIT OR Apache-2.0"),
    ("rustls-webpki", "ISC"),
    ("subtle", "BSD-3-Clause"),
    ("ureq", "MIT OR Apache-2.0"),
    ("ureq-proto", "MIT OR Apache-2.0"),
    ("utf8-zero", "MIT OR Apache-2.0"),
    ("webpki-roots", "CDLA-Permissive-2.0"),
    ("zeroize", "Apache-2.0 OR MIT"),
];

/// The crates that run while *ring* is built: they call the C compiler.
const BUILD: [(&str, &str); 3] = [
    ("cc", "MIT OR Apache-2.0"),
    ("find-msvc-tools", "MIT OR Apache-2.0"),
    ("shlex", "MIT OR Apache-2.0"),
];

/// The packages of this repository: the crate, and those that test, time or show it.
const MEMBERS: [&str; 17] = [
    "issuers",
    "peers",
    "tokenring",
    "tokenring-actix",
    "tokenring-axum",
    "tokenring-bare",
    "tokenring-corpus",
    "tokenring-coverage",
    "tokenring-differential",
    "tokenring-fork",
    "tokenring-forward-auth",
    "tokenring-mcp",
    "tokenring-oracle",
    "tokenring-possession",
    "tokenring-public-api",
    "tokenring-redis-replay",
    "tokenring-tonic",
];

#[test]
fn without_default_features_there_are_these_twelve_crates() {
    assert_eq!(crates("normal", &["--no-default-features"]), sorted(&[&BARE]));
}

#[test]
fn with_default_features_there_are_these_twenty_seven_crates() {
    assert_eq!(crates("normal", &[]), sorted(&[&BARE, &FETCH]));
}

#[test]
fn no_feature_but_fetch_adds_a_crate() {
    let without_fetch = ["--no-default-features", "--features", "std,simd,testkit"];
    assert_eq!(crates("normal", &without_fetch), sorted(&[&BARE]));
    assert_eq!(crates("normal", &["--all-features"]), sorted(&[&BARE, &FETCH]));
}

#[test]
fn build_scripts_use_these_three_crates_more() {
    assert_eq!(crates("normal,build", &["--all-features"]), sorted(&[&BARE, &FETCH, &BUILD]));
}

#[test]
fn other_systems_need_no_other_crate() {
    let linux = crates("normal,build", &["--all-features"]);
    for target in ["aarch64-unknown-linux-gnu", "aarch64-apple-darwin", "x86_64-pc-windows-msvc"] {
        for name in crates_for(target, "normal,build", &["--all-features"]) {
            assert!(linux.contains(&name), "{target}: {name}");
        }
    }
}

/// Dependencies of tests too: they run on the machine that releases the crate.
#[test]
fn every_crate_comes_from_crates_io_and_has_a_checksum() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let packages: Vec<&str> = lock.split("[[package]]").skip(1).collect();
    assert!(packages.len() > BARE.len() + FETCH.len());
    for package in packages {
        let value = |key: &str| package.lines().find_map(|line| line.strip_prefix(key));
        let (name, source) = (value("name = ").unwrap(), value("source = "));
        if MEMBERS.contains(&name.trim_matches('"')) {
            assert_eq!(source, None);
        } else {
            let crates_io = "\"registry+https://github.com/rust-lang/crates.io-index\"";
            assert_eq!(source, Some(crates_io), "{name}");
            assert_eq!(value("checksum = ").map(str::len), Some(66), "{name}");
        }
    }
}

/// The crates of a build for Linux, on whichever system this test runs.
fn crates(edges: &str, features: &[&str]) -> Vec<String> {
    crates_for("x86_64-unknown-linux-gnu", edges, features)
}

fn crates_for(target: &str, edges: &str, features: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--package", "tokenring"])
        .args(["--target", target])
        .args(["--edges", edges, "--prefix", "none", "--format", "{p}|{l}"])
        .args(features)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    let mut lines: Vec<&str> =
        tree.lines().map(|line| line.strip_suffix(" (*)").unwrap_or(line)).collect();
    lines.sort_unstable();
    // Two versions of one crate stay two lines.
    lines.dedup();
    let line = |line: &str| {
        let (package, licence) = line.split_once('|').unwrap();
        format!("{} {licence}", package.split(' ').next().unwrap())
    };
    let mut crates: Vec<String> =
        lines.into_iter().map(line).filter(|line| !line.starts_with("tokenring ")).collect();
    crates.sort_unstable();
    crates
}

fn sorted(lists: &[&[(&str, &str)]]) -> Vec<String> {
    let mut crates: Vec<String> =
        lists.concat().into_iter().map(|(name, licence)| format!("{name} {licence}")).collect();
    crates.sort_unstable();
    crates
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
