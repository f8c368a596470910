//! What parses is the text we were given, cut at its periods and nothing else; what does not is
//! refused for the reason that a second reading finds.
#![no_main]

libfuzzer_sys::fuzz_target!(|token: &str| {
    tokenring_fuzz::compact_parse(token);
});
