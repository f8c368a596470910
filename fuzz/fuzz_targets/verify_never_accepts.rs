//! No text is a token and no bytes are a signature of a key that has signed nothing.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    tokenring_fuzz::verify_never_accepts(bytes);
});
