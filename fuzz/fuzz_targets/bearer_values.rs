//! What a guard answers to `Authorization` values follows from a second grammar of them and from the
//! verifier's verdict on the token, and nothing of the request is in it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    tokenring_fuzz::bearer_values(bytes);
});
