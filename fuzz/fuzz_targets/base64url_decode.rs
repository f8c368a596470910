//! A segment is refused or has the bytes that a decoder finds which goes bit by bit, as payload and
//! as signature.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    tokenring_fuzz::base64url_decode(text);
});
