//! A token cache changes no outcome, in whatever order tokens come, keys are replaced and time goes.
#![no_main]

libfuzzer_sys::fuzz_target!(|script: &[u8]| {
    tokenring_fuzz::cache_changes_nothing(script);
});
