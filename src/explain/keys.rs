//! The keys that a source has at hand, in words.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use crate::{
    Algorithm, KeysDescription, SkippedKey,
    explain::text::{self, quoted},
};

/// The keys in one line, its parts separated by semicolons.
pub(super) fn summary(described: &KeysDescription) -> String {
    let mut parts = Vec::new();
    if let Some(known) = &described.known {
        let names = known.keys.iter().map(|key| named(key.key_id.as_deref(), key.algorithm));
        parts.push(match known.keys.is_empty() {
            true => "no key at hand".to_string(),
            false => format!("a key at hand: {}", text::listed(names)),
        });
        if !known.skipped.is_empty() {
            // Without a `kid` that can be read, the entry is named by its place, from 0.
            let reason = |entry: &SkippedKey| match entry.key_id() {
                Some(kid) => format!("{}: {}", quoted(kid), entry.error()),
                None => format!("entry {}: {}", entry.index(), entry.error()),
            };
            parts.push(format!("skipped: {}", text::listed(known.skipped.iter().map(reason))));
        }
    } else {
        parts.push("a key of the source, which does not list its keys".to_string());
    }
    parts.extend(described.age.map(|age| format!("{} old", text::duration(age.as_secs()))));
    parts.extend(described.state.map(ToString::to_string));
    parts.extend(
        described
            .failure
            .as_ref()
            .map(|(_, reason)| format!("the last fetch failed: {}", text::plain(reason))),
    );
    parts.join("; ")
}

/// The name of a key: its `kid` and its algorithm. None for an RSA key without `alg`.
pub(super) fn named(kid: Option<&str>, algorithm: Option<Algorithm>) -> String {
    let algorithm = algorithm.map_or("RSA without alg", Algorithm::name);
    match kid {
        Some(kid) => format!("{} {algorithm}", quoted(kid)),
        None => format!("no kid, {algorithm}"),
    }
}
