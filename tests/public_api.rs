//! The public API is the one in `public-api.txt`, so that no change of it is an accident.
//!
//! The test reads the source, so any toolchain can run it. The listing is complete because the
//! crate denies `unreachable_pub` and `unnameable_types`: an item is public if and only if it is
//! declared `pub`. After an intended change: `PUBLIC_API=write cargo test --test public_api`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    reason = "tests may"
)]

use std::{
    fs,
    panic::{RefUnwindSafe, UnwindSafe},
    path::{Path, PathBuf},
};

use tokenring::{
    CompactJws, Guard, JwkSet, Policy, PublicKey, Rejection, SelectedKey, Verified,
    VerifiedPayload, Verifier, VerifyError,
};

#[test]
fn public_api_is_the_committed_one() {
    let path = root().join("tests/public-api.txt");
    let found = listing();
    if std::env::var("PUBLIC_API").as_deref() == Ok("write") {
        fs::write(&path, &found).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap();
    let only = |one: &str, other: &str| {
        let items = other.split("\n\n").collect::<Vec<_>>();
        one.split("\n\n").filter(|item| !items.contains(item)).collect::<Vec<_>>().join("\n\n")
    };
    let (added, removed) = (only(&found, &committed), only(&committed, &found));
    assert!(found == committed, "now there is\n{added}\n\nin place of\n{removed}");
}

#[test]
fn lints_that_make_the_listing_complete_are_denied() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    for lint in ["unreachable_pub", "unnameable_types"] {
        assert!(manifest.contains(&format!("\n{lint} = \"deny\"\n")), "{lint}");
    }
}

/// The listing does not show that the types can be shared between threads.
#[test]
fn types_of_the_pipeline_can_be_shared_between_threads_and_survive_panics() {
    fn shared<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe>() {}
    shared::<CompactJws<'_>>();
    shared::<Guard<JwkSet>>();
    shared::<JwkSet>();
    shared::<Policy>();
    shared::<PublicKey>();
    shared::<Rejection>();
    shared::<SelectedKey>();
    shared::<Verified>();
    shared::<VerifiedPayload>();
    shared::<Verifier<JwkSet>>();
    shared::<VerifyError>();
}

/// Every public item, separated by blank lines.
fn listing() -> String {
    let mut files = Vec::new();
    collect(&root().join("src"), &mut files);
    let files: Vec<Vec<String>> = files.iter().map(|path| lines(path)).collect();
    let public: Vec<&str> = files.iter().flatten().filter_map(|line| public_type(line)).collect();
    let mut items: Vec<String> = files.iter().flat_map(|lines| items(lines, &public)).collect();
    items.sort_by_key(|item| {
        let declaration = item.lines().skip_while(|line| line.starts_with("#["));
        declaration.map(String::from).collect::<Vec<_>>()
    });
    items.join("\n\n") + "\n"
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.extension() {
            None => collect(&path, files),
            Some(extension) if extension == "rs" => files.push(path),
            Some(_) => {}
        }
    }
}

/// The lines of a file without comments, blank lines, and the unit tests at its end.
fn lines(path: &Path) -> Vec<String> {
    let source = fs::read_to_string(path).unwrap();
    let code = source.split("\n#[cfg(test)]\n").next().unwrap();
    let is_code = |line: &&str| !line.is_empty() && !line.trim_start().starts_with("//");
    code.lines().filter(is_code).map(String::from).collect()
}

fn public_type(line: &str) -> Option<&str> {
    let declared =
        ["pub struct ", "pub enum "].iter().find_map(|start| line.strip_prefix(start))?;
    Some(name(declared))
}

fn name(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

/// The public items of a file. rustfmt puts each item at the start of a line, and indents its
/// members by four spaces.
fn items(lines: &[String], public: &[&str]) -> Vec<String> {
    let mut items = Vec::new();
    let mut attributes = Vec::new();
    let mut rest = lines.iter().map(String::as_str).peekable();
    while let Some(line) = rest.next() {
        if line.starts_with("#[") {
            attributes.push(joined(line, &mut rest, |text| text.ends_with(']')));
            continue;
        }
        let attributes = std::mem::take(&mut attributes);
        // A macro that generates `impl` blocks.
        if line.contains("!(") && line.ends_with(");") {
            items.push(line.to_owned());
        }
        if !line.starts_with("pub ") && !line.starts_with("impl") {
            continue;
        }
        let ends = |text: &str| text.ends_with(['{', '}', ';']);
        let is_use = line.starts_with("pub use");
        let head = match is_use {
            true => joined(line, &mut rest, |text| text.ends_with(';')),
            false => joined(line, &mut rest, ends),
        };
        let mut body = Vec::new();
        if head.ends_with('{') {
            while let Some(line) = rest.next_if(|line| *line != "}") {
                body.push(line);
            }
        }
        let members = members(&head, &body);
        let is_wanted = match head.starts_with("impl") {
            false => true,
            true if head.contains(" for ") => {
                let of = head.split(" for ").last().unwrap();
                public.contains(&name(of))
            }
            true => !members.is_empty(),
        };
        if is_wanted {
            let head = match head.split_once('(') {
                // The fields of this tuple struct are private.
                Some((name, fields))
                    if head.starts_with("pub struct") && !fields.contains("pub ") =>
                {
                    format!("{name}(_);")
                }
                _ => head.trim_end_matches('{').trim_end().to_owned(),
            };
            let told = attributes.into_iter().filter(|attribute| is_told(attribute));
            items.push(told.chain([head]).chain(members).collect::<Vec<_>>().join("\n"));
        }
    }
    items
}

/// The public members of an `impl`, `struct`, `enum` or `trait`.
fn members(head: &str, body: &[&str]) -> Vec<String> {
    let everything = head.starts_with("pub enum") || head.starts_with("pub trait");
    let (mut members, mut attributes) = (Vec::new(), Vec::new());
    let mut rest = body.iter().copied().peekable();
    while let Some(line) = rest.next() {
        let is_member = line.starts_with("    ") && !line.starts_with("     ");
        if !is_member || line == "    }" || line == "    }," {
            continue;
        }
        if line.starts_with("    #[") {
            attributes.push(joined(line, &mut rest, |text| text.ends_with(']')));
            continue;
        }
        let attributes = std::mem::take(&mut attributes);
        let is_public = line.starts_with("    pub ") || line.starts_with("    type ");
        if everything || is_public {
            // A variant is listed with its fields.
            let is_variant = head.starts_with("pub enum");
            let member = joined(line, &mut rest, |text| match is_variant {
                true => {
                    text.ends_with(',') && text.matches('{').count() == text.matches('}').count()
                }
                false => text.ends_with(['{', '}', ';', ',']) && !is_within_list(text),
            });
            let member = match is_variant {
                true => member,
                false => member.split(" {").next().unwrap().to_owned(),
            };
            let told = attributes.into_iter().filter(|attribute| is_told(attribute));
            members.extend(told.chain([member]).map(|line| format!("    {line}")));
        }
    }
    members
}

/// Whether `text` ends within a list of arguments.
fn is_within_list(text: &str) -> bool {
    text.matches('(').count() > text.matches(')').count()
}

/// Whether the attribute has an effect that a caller can see.
fn is_told(attribute: &str) -> bool {
    ["cfg", "derive", "doc(hidden", "must_use", "non_exhaustive"]
        .iter()
        .any(|told| attribute[2..].starts_with(told))
}

/// `line` and the lines after it, joined into one line that `ends`.
fn joined<'l>(
    line: &'l str,
    rest: &mut impl Iterator<Item = &'l str>,
    ends: impl Fn(&str) -> bool,
) -> String {
    let mut text = line.trim().to_owned();
    while !ends(&text) {
        let Some(next) = rest.next() else { break };
        text = format!("{text} {}", next.trim());
    }
    text
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
