//! Every answer and every request of a remote key source are those of a model of its rules, whatever
//! the issuer answers and however time goes.
#![no_main]

libfuzzer_sys::fuzz_target!(|script: &[u8]| {
    tokenring_fuzz::remote_keys(script);
});
