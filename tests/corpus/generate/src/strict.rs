//! The cases that are refused by choice, where no RFC requires it: their names and the reasons.

use serde_json::Value;

/// The reason why the case of this name is refused, if it is refused by choice.
pub fn reason(reasons: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    reasons.iter().find(|(known, _)| *known == name).map(|(_, reason)| *reason)
}

/// Panics if a name in the lists is not the name of a case.
pub fn assert_every_name_is_a_case(tokens: &[Value], sets: &[Value], proofs: &[Value]) {
    for (reasons, cases) in [(TOKENS, tokens), (SETS, sets), (PROOFS, proofs)] {
        for (name, _) in reasons {
            let is_it = |case: &Value| case["name"] == *name;
            assert!(cases.iter().any(is_it), "no case is called {name}");
        }
    }
}

const TWICE: &str = "the last one could be taken";
const DEEP: &str = "32 levels are the limit";
const LONG: &str = "16 KiB is the limit of a token";
const NUMBER: &str = "a number that no double can hold";
const SURROGATE: &str = "RFC 8259 lets it pass";
const BOUND: &str = "a token bound to a key is no bearer token, unless the policy allows it";

pub const TOKENS: &[(&str, &str)] = &[
    ("one byte more than 16 KiB", LONG),
    ("good but for 20 KiB of claims", LONG),
    ("header one byte too long", "4 KiB is the limit of a header"),
    ("header of 8 KiB, not base64url", "4 KiB is the limit of a header"),
    ("ignored parameter is out of range", NUMBER),
    ("ignored parameter is out of range, deep inside", NUMBER),
    ("ignored parameter has a lone surrogate", SURROGATE),
    ("ignored name has a lone surrogate", SURROGATE),
    ("header of 33 levels", DEEP),
    ("alg twice", TWICE),
    ("alg twice, once escaped", TWICE),
    ("kid twice", TWICE),
    ("typ twice", TWICE),
    ("ignored parameter twice", TWICE),
    ("ignored parameter twice, once escaped", TWICE),
    ("b64 is true", "`b64` is refused even where it changes nothing"),
    ("zip is DEF", "a parameter of JWE, which RFC 7515 would ignore"),
    ("zip is null", "a parameter of JWE, which RFC 7515 would ignore"),
    ("enc, as in a JWE", "a parameter of JWE, which RFC 7515 would ignore"),
    ("cty: a token in the token", "a token within a token, or another kind of payload"),
    ("cty is empty", "a token within a token, or another kind of payload"),
    ("kid is empty", "an empty `kid` names no key"),
    ("kid of 257 bytes", "256 bytes are the limit of a `kid`"),
    ("no kid, and there are three keys", "three keys fit, and none is tried"),
    ("ignored claim is out of range", NUMBER),
    ("ignored claim has 400 digits", NUMBER),
    ("ignored claim has a lone surrogate", SURROGATE),
    ("payload of 33 levels", DEEP),
    ("payload of 1000 levels", DEEP),
    ("iss twice", TWICE),
    ("exp twice", TWICE),
    ("aud twice, once escaped", TWICE),
    ("ignored claim twice", TWICE),
    ("ignored claim twice, once escaped", TWICE),
    ("member of serde_json's twice", TWICE),
    ("no exp", "a token without an end is refused"),
    ("exp in milliseconds", "no time after 9999 or before 1970"),
    ("exp in the year 10000", "no time after 9999 or before 1970"),
    ("exp is 2^63", "no time after 9999 or before 1970"),
    ("exp is 2^64", "no time after 9999 or before 1970"),
    ("exp is 1e308", "no time after 9999 or before 1970"),
    ("exp is 1e400", NUMBER),
    ("cnf: bound to a DPoP key", BOUND),
    ("cnf: bound to a certificate", BOUND),
    ("cnf is empty", BOUND),
];

const PRIVATE: &str = "a private key that was published is nobody's";
const EXPONENT: &str = "exponents from 65537 to 2^33 - 1";

pub const SETS: &[(&str, &str)] = &[
    ("one byte more than 512 KiB", "512 KiB is the limit of a key set"),
    ("1001 keys", "1000 keys are the limit of a key set"),
    ("1001 nulls and nothing else", "1000 keys are the limit of a key set"),
    ("1001 times one key", "1000 keys are the limit of a key set"),
    ("an array that is opened 10,000 times", "not JSON either, but refused before that is seen"),
    ("33 levels", DEEP),
    ("EdDSA key of 33 levels", DEEP),
    ("half of a surrogate pair", SURROGATE),
    ("a number that is infinite", NUMBER),
    ("`keys` twice", TWICE),
    ("an unknown member twice", TWICE),
    ("`kid` twice", TWICE),
    ("`n` twice, the first one a good one", TWICE),
    ("`alg` twice, once with an escape", TWICE),
    ("an ignored member twice", TWICE),
    ("the private exponent", PRIVATE),
    ("a prime factor", PRIVATE),
    ("further primes, though none", PRIVATE),
    ("a private member that is null", PRIVATE),
    ("8193 bits", "8192 bits are the limit of a modulus"),
    ("300,000 characters of modulus", "8192 bits are the limit of a modulus"),
    ("a modulus of CVE-2017-15361", "keys that can be factored"),
    ("a modulus of CVE-2017-15361, 39 primes", "keys that can be factored"),
    ("e = 3", EXPONENT),
    ("e = 65535", EXPONENT),
    ("e = 2^33", EXPONENT),
    ("e = n, to make verification slow", EXPONENT),
    ("e of nine bytes", EXPONENT),
];

const IDENTIFIER: &str = "1 to 256 bytes are the limits of a `jti`";
const JOSE: &str = "as in every token, though it changes nothing here";

pub const PROOFS: &[(&str, &str)] = &[
    ("8 KiB of proof", "8 KiB is the limit of a proof"),
    ("jti of 100 KB", "8 KiB is the limit of a proof"),
    ("header one byte too long", "4 KiB is the limit of a header"),
    ("header of 65 members", "64 members are the limit of a header"),
    ("alg twice", TWICE),
    ("ignored parameter twice", TWICE),
    ("member of the key twice", TWICE),
    ("htm twice", TWICE),
    ("iat twice, once escaped", TWICE),
    ("b64 is true", JOSE),
    ("zip", JOSE),
    ("enc", JOSE),
    ("cty", JOSE),
    ("RS256 where it is not accepted", "PKCS #1 v1.5 is not for new applications"),
    ("key with use enc", "RFC 7517 lets a key say so, and RFC 9449 does not ask"),
    ("EC key with k", "a `k` is a shared secret under any `kty`"),
    ("RSA key of 4104 bits", "4096 bits are the limit of a proof's key"),
    (
        "Ed25519 key of order 1, with a signature that it verifies",
        "RFC 8032 does not ask for the order of a key",
    ),
    ("jti is empty", IDENTIFIER),
    ("jti of 257 bytes", IDENTIFIER),
    ("iat is 1e400", NUMBER),
    ("htu https://user@api.example.com/a for /a", "RFC 9110 section 4.2.4 asks only to be careful"),
];
