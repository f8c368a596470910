//! The segments of a parsed token, joined with periods, are its text; any other text is refused with
//! the error that the oracle finds.
#![no_main]

libfuzzer_sys::fuzz_target!(|token: &str| {
    tokenring_fuzz::compact_parse(token);
});
