//! The usable keys of a set are those that satisfy every key rule by the oracle; the other entries
//! are skipped with the oracle's error. Each key is selected by its `kid`, or the `kid` is ambiguous.
#![no_main]

libfuzzer_sys::fuzz_target!(|json: &[u8]| {
    tokenring_fuzz::jwk_set_parse(json);
});
