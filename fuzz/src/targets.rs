//! The list of the fuzz targets.

use std::str;

use crate::seeds;

/// A fuzz target.
#[derive(Clone, Copy)]
pub struct Target {
    pub name: &'static str,
    /// Asserts the target's property, and returns whether the input is accepted.
    pub run: fn(&[u8]) -> bool,
    /// Makes the first inputs, with their names. A name begins with `accepted_` if the target accepts
    /// the input.
    pub seeds: fn() -> Vec<(&'static str, Vec<u8>)>,
}

/// The targets, in pipeline order.
pub const TARGETS: [Target; 16] = [
    Target {
        name: "compact_parse",
        run: |input| crate::compact_parse(text(input)),
        seeds: seeds::tokens,
    },
    Target { name: "header_parse", run: crate::header_parse, seeds: seeds::headers },
    Target { name: "jwk_set_parse", run: crate::jwk_set_parse, seeds: seeds::jwk_sets },
    Target { name: "pem_parse", run: crate::pem_parse, seeds: seeds::pem },
    Target { name: "claims_check", run: crate::claims_check, seeds: seeds::payloads },
    Target {
        name: "verify_never_accepts",
        run: crate::verify_never_accepts,
        seeds: seeds::unsigned,
    },
    Target { name: "mutate_signed", run: crate::mutate_signed, seeds: seeds::scripts },
    Target { name: "explain_verdict", run: crate::explain_verdict, seeds: seeds::explained },
    Target { name: "bearer_values", run: crate::bearer_values, seeds: seeds::authorization },
    Target {
        name: "base64url_decode",
        run: |input| crate::base64url_decode(text(input)),
        seeds: seeds::segments,
    },
    Target { name: "several_issuers", run: crate::several_issuers, seeds: seeds::of_two_issuers },
    Target {
        name: "cache_changes_nothing",
        run: crate::cache_changes_nothing,
        seeds: seeds::histories,
    },
    Target { name: "dpop_proof", run: crate::dpop_proof, seeds: seeds::proofs },
    Target { name: "htu", run: |input| crate::htu(text(input)), seeds: seeds::uris },
    Target { name: "replay_memory", run: crate::replay_memory, seeds: seeds::used_proofs },
    Target { name: "remote_keys", run: crate::remote_keys, seeds: seeds::lookups },
];

/// The longest UTF-8 prefix of an input: the text that libFuzzer gives to a target of texts.
fn text(input: &[u8]) -> &str {
    match str::from_utf8(input) {
        Ok(text) => text,
        Err(error) => str::from_utf8(&input[..error.valid_up_to()]).expect("valid up to there"),
    }
}
