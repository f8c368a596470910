//! Of all texts that edits and splices make from valid tokens, only the signed ones are accepted.
#![no_main]

libfuzzer_sys::fuzz_target!(|script: &[u8]| {
    tokenring_fuzz::mutate_signed(script);
});
