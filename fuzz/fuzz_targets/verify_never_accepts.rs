//! A verifier whose key has signed nothing accepts no text as a token and no bytes as a signature.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    tokenring_fuzz::verify_never_accepts(bytes);
});
