//! The keys of a set that can be used are those a second reading finds to satisfy every key rule,
//! the others are skipped for the reason it finds, and each is selected by its `kid` or ambiguous.
#![no_main]

libfuzzer_sys::fuzz_target!(|json: &[u8]| {
    tokenring_fuzz::jwk_set_parse(json);
});
