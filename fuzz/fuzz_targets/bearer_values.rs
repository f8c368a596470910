//! A guard's answer to `Authorization` values follows from a second implementation of their grammar
//! and from the verifier's verdict on the token, and contains nothing from the request.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    tokenring_fuzz::bearer_values(bytes);
});
