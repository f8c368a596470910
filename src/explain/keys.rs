//! The keys that a source has at hand, in words, and the [`Hint`] if none of them is the token's. RFC 7515
//! section 4.1.4.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use crate::{
    Algorithm, JwkError, KeyError, KeysDescription, SkippedKey,
    explain::{
        hint::{self, Argument, Hint},
        names,
        text::{self, quoted},
        unverified::JsonAsRead,
    },
    keys_description::KeyName,
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
            .map(|failure| format!("the last fetch failed: {}", text::sentence(&failure.sentence))),
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

/// The key that a token needs.
pub(super) struct Sought<'t> {
    pub(super) kid: Option<&'t str>,
    pub(super) algorithm: Algorithm,
    /// The algorithm that the policy uses RSA keys without `alg` with.
    pub(super) unlabeled_as: Option<Algorithm>,
    pub(super) iss: &'t str,
    /// The issuer of the keys.
    pub(super) issuer: &'t str,
}

/// For a key that is not found.
pub(super) fn hint(error: KeyError, keys: &KeysDescription, sought: &Sought<'_>) -> Option<Hint> {
    let unknown = unknown_key(keys, sought);
    match error {
        KeyError::UnknownKey => Some(unknown),
        KeyError::AmbiguousKey if sought.kid.is_some() => Some(hint::KEY_ID_AMBIGUOUS),
        KeyError::AmbiguousKey => Some(hint::KEY_ID_MISSING),
        KeyError::Unavailable { .. } => match &keys.failure {
            // Then the set was fetched, and its entries say more.
            Some(failure)
                if failure.code == "no_usable_keys"
                    && keys.count() == Some(0)
                    && !keys.skipped().is_empty() =>
            {
                Some(unknown)
            }
            Some(failure) => failure.hint,
            None if keys.keys().any(|key| sought.is(key)) => Some(hint::KEYS_OUT_OF_DATE),
            None if unknown == hint::NO_KEYS => Some(hint::KEYS_NOT_FETCHED),
            // The set may be out of date: a lookup that waits would fetch a newer one.
            None => Some(unknown),
        },
        KeyError::Busy => None,
    }
}

fn unknown_key(keys: &KeysDescription, sought: &Sought<'_>) -> Hint {
    let skipped = keys.skipped();
    // A key for encryption is never meant, but it is better than no reason.
    let is_meant = |entry: &&SkippedKey| entry.error() != JwkError::NotForSignatures;
    let reason = || skipped.iter().find(is_meant).or(skipped.first());
    let of_entry = |hint: Hint, entry: &SkippedKey| hint.with(Argument::KeyFault(entry.error()));
    let not_a_string = JwkError::MemberType { member: "kid" };
    let Some(kid) = sought.kid else {
        return match (keys.count(), reason()) {
            (Some(0), None) => hint::NO_KEYS,
            (Some(0), Some(entry)) => of_entry(hint::ALL_KEYS_SKIPPED, entry),
            (Some(_), _) if keys.keys().any(|key| sought.is_unlabeled(key)) => sought.unlabeled(),
            (Some(_), Some(entry)) if is_meant(&entry) => of_entry(hint::ENTRY_SKIPPED, entry),
            (Some(count), _) => hint::NO_KEY_FOR_ALGORITHM
                .with(Argument::Keys(Some(count)))
                .with(Argument::Algorithm(sought.algorithm)),
            (None, _) => hint::KEY_ID_MISSING,
        };
    };
    let of_kid = || keys.keys().filter(|key| key.key_id.as_deref() == Some(kid));
    if of_kid().any(|key| sought.is_unlabeled(key)) {
        return sought.unlabeled();
    }
    if let Some(key) = of_kid().next() {
        let of_key = key.algorithm.or(sought.unlabeled_as).unwrap_or(Algorithm::RS256);
        return hint::KEY_OF_OTHER_ALGORITHM
            .with(Argument::Algorithm(of_key))
            .with(Argument::Algorithm(sought.algorithm));
    }
    let may_be_sought = |key: &KeyName| {
        let fits = key.algorithm.is_none_or(|algorithm| algorithm == sought.algorithm);
        key.key_id.is_none() && fits
    };
    let is_mistyped = skipped.iter().any(|entry| entry.error() == not_a_string);
    let is_foreign = sought.iss != sought.issuer;
    match (skipped.iter().find(|entry| entry.key_id() == Some(kid)), keys.count()) {
        (Some(entry), _) => of_entry(hint::KEY_SKIPPED, entry),
        (None, Some(0)) if is_mistyped => hint::KEY_ID_NOT_A_STRING,
        (None, Some(0)) => match reason() {
            Some(entry) => of_entry(hint::ALL_KEYS_SKIPPED, entry),
            None => hint::NO_KEYS,
        },
        _ if is_foreign => hint::KEY_OF_OTHER_ISSUER,
        _ if is_mistyped => hint::KEY_ID_NOT_A_STRING,
        _ if keys.keys().any(may_be_sought) => hint::KEY_WITHOUT_ID,
        _ => match skipped.iter().filter(is_meant).find(|entry| entry.key_id().is_none()) {
            Some(entry) => of_entry(hint::ENTRY_SKIPPED, entry),
            None => names::unknown_key(sought.iss).unwrap_or_else(|| {
                hint::UNKNOWN_KEY_ID
                    .with(Argument::Keys(keys.count()))
                    .with(Argument::FetchedAgo(keys.age))
            }),
        },
    }
}

impl Sought<'_> {
    /// Whether `key` has the `kid`, if there is one, and the algorithm.
    fn is(&self, key: &KeyName) -> bool {
        let is_named = self.kid.is_none_or(|kid| key.key_id.as_deref() == Some(kid));
        is_named && key.algorithm.or(self.unlabeled_as) == Some(self.algorithm)
    }

    /// Whether only the absence of `alg` may keep `key` from being used.
    fn is_unlabeled(&self, key: &KeyName) -> bool {
        key.algorithm.is_none() && self.algorithm.is_rsa()
    }

    fn unlabeled(&self) -> Hint {
        hint::UNLABELED_KEY
            .with(Argument::Algorithm(self.unlabeled_as.unwrap_or(Algorithm::RS256)))
            .with(Argument::Algorithm(self.algorithm))
    }
}

/// Whether a key of the issuer is missing because of the thumbprint that a token has in place of `kid`.
pub(super) fn is_unknown_thumbprint(
    error: KeyError,
    keys: &KeysDescription,
    header: &JsonAsRead<'_>,
) -> bool {
    let is_named = !header.has("kid") && (header.has("x5t") || header.has("x5t#S256"));
    error == KeyError::UnknownKey && is_named && keys.count() != Some(0)
}
