//! A token cache changes no outcome, in any order of tokens, new keys and passing time.
#![no_main]

libfuzzer_sys::fuzz_target!(|script: &[u8]| {
    tokenring_fuzz::cache_changes_nothing(script);
});
