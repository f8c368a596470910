//! A segment is refused or decodes to the same bytes as with a bit-by-bit decoder, as payload and as
//! signature.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    tokenring_fuzz::base64url_decode(text);
});
