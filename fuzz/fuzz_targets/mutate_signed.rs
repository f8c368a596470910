//! Valid tokens, edited and spliced at will, are accepted only as they were signed.
#![no_main]

libfuzzer_sys::fuzz_target!(|script: &[u8]| {
    tokenring_fuzz::mutate_signed(script);
});
