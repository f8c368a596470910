//! A payload is accepted if and only if a second reading finds that it satisfies every rule of the
//! policy at that time; the reason for a refusal and the claims handed out are those it finds.
#![no_main]

libfuzzer_sys::fuzz_target!(|payload: &[u8]| {
    tokenring_fuzz::claims_check(payload);
});
