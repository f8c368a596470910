//! What the figures depend on: date, processor, compiler, versions.

use std::{fs, process::Command, thread};

/// Today in UTC, as 2026-11-22.
pub fn date() -> String {
    first_line("date", &["-u", "+%F"])
}

/// `rustc 1.95.0 (59807616e 2026-04-14)`.
pub fn toolchain() -> String {
    first_line("rustc", &["--version"])
}

/// The processor's name and how many cores there are.
pub fn processor() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("unknown", |(_, name)| name.trim());
    let cores = thread::available_parallelism().map_or(0, usize::from);
    format!("{name} ({cores} cores)")
}

/// The version that this program was built with, after the lock file.
///
/// # Panics
///
/// If `library` is none of those compared.
pub fn version(library: &str) -> String {
    let (package, major) = match library {
        "tokenring" | "tokenring with token cache" => ("tokenring", ""),
        "jsonwebtoken (aws-lc)" | "jsonwebtoken (rust_crypto)" => ("jsonwebtoken", "11."),
        "jsonwebtoken (ring)" => ("jsonwebtoken", "9."),
        "jwt-simple (BoringSSL)" | "jwt-simple (pure Rust)" => ("jwt-simple", ""),
        "ring alone" => ("ring", ""),
        _ => panic!("{library} is none of those compared"),
    };
    let start = format!("name = \"{package}\"\nversion = \"{major}");
    let (_, rest) = LOCK.split_once(&start).expect("the lock file has every package");
    let (minor, _) = rest.split_once('"').expect("a version ends");
    format!("{major}{minor}")
}

fn first_line(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    output.ok().and_then(|text| Some(text.lines().next()?.to_owned())).unwrap_or("unknown".into())
}

const LOCK: &str = include_str!("../../../Cargo.lock");

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_those_of_the_lock_file() {
        assert!(version("jsonwebtoken (ring)").starts_with("9."));
        assert!(version("jsonwebtoken (aws-lc)").starts_with("11."));
        assert!(version("jwt-simple (BoringSSL)").starts_with("0.15."));
        assert!(version("ring alone").starts_with("0.17."));
        assert_eq!(version("tokenring with token cache").split('.').count(), 3);
    }
}
