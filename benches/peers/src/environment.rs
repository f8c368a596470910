//! The environment of the figures: date, processor, compiler, versions.

use std::{fs, process::Command, thread};

/// Today in UTC, as 2026-11-22.
pub fn date() -> String {
    first_line("date", &["-u", "+%F"])
}

/// `rustc 1.95.0 (59807616e 2026-04-14)`.
pub fn toolchain() -> String {
    first_line("rustc", &["--version"])
}

/// The processor's name and the number of cores.
pub fn processor() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("unknown", |(_, name)| name.trim());
    let cores = thread::available_parallelism().map_or(0, usize::from);
    format!("{name} ({cores} cores)")
}

/// The version in the lock file that this program was built with.
///
/// # Panics
///
/// If `library` is none of those compared.
pub fn version(library: &str) -> String {
    let (dependency, package) = match library {
        "tokenring" | "tokenring with token cache" => ("tokenring", "tokenring"),
        "jsonwebtoken (aws-lc)" | "jsonwebtoken (rust_crypto)" => ("jsonwebtoken", "jsonwebtoken"),
        "jsonwebtoken (ring)" => ("jsonwebtoken-9", "jsonwebtoken"),
        "jwt-simple (BoringSSL)" | "jwt-simple (pure Rust)" => ("jwt-simple", "jwt-simple"),
        "ring alone" => ("ring", "ring"),
        _ => panic!("{library} is none of those compared"),
    };
    let start = format!("name = \"{package}\"\nversion = \"{}", major(dependency));
    let (_, rest) = LOCK.split_once(&start).expect("the lock file has every package");
    let (minor, _) = rest.split_once('"').expect("the version is quoted");
    format!("{}{minor}", major(dependency))
}

/// The first number of the version that the manifest requires, with its period: the lock file may have
/// other versions of a package, for other programs. Empty for the crate itself, which has a path.
fn major(dependency: &str) -> String {
    let start = format!("{dependency} = ");
    let line = MANIFEST.lines().find_map(|line| line.strip_prefix(&start));
    let line = line.expect("the manifest has every dependency");
    // `"0.17"` or `{ version = "0.17", .. }`.
    let version = line.split_once("version = ").map_or(line, |(_, version)| version);
    let version = version.strip_prefix('"').unwrap_or_default();
    version.find(['.', '"']).map_or_else(String::new, |end| format!("{}.", &version[..end]))
}

fn first_line(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    output.ok().and_then(|text| Some(text.lines().next()?.to_owned())).unwrap_or("unknown".into())
}

const LOCK: &str = include_str!("../../../Cargo.lock");

const MANIFEST: &str = include_str!("../Cargo.toml");

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_those_of_the_lock_file() {
        assert!(version("jsonwebtoken (ring)").starts_with("9."));
        assert!(version("jsonwebtoken (aws-lc)").starts_with("12."));
        assert!(version("jwt-simple (BoringSSL)").starts_with("0.15."));
        assert!(version("ring alone").starts_with("0.17."));
        assert_eq!(version("tokenring with token cache").split('.').count(), 3);
    }
}
