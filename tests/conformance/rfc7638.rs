//! RFC 7638: JSON Web Key Thumbprint.

use tokenring::{Algorithm, PublicKey, testkit::TestKey};

use crate::proofs::sha256;

fn thumbprint(jwk: &str) -> String {
    PublicKey::from_jwk(jwk.as_bytes()).unwrap().thumbprint().to_string()
}

/// RFC 7638 section 3.1.
const N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

#[test]
fn thumbprints_of_the_documents_examples() {
    let rsa = format!(r#"{{"kty":"RSA","n":"{N}","e":"AQAB","alg":"RS256","kid":"2011-04-29"}}"#);
    assert_eq!(thumbprint(&rsa), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    // RFC 8037 appendix A.3.
    let okp = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    assert_eq!(thumbprint(okp), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    // RFC 9449 section 4.1 and 6.1.
    let ec = r#"{"kty":"EC","crv":"P-256","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"}"#;
    assert_eq!(thumbprint(ec), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
}

/// Section 3.3.
#[test]
fn thumbprint_is_the_hash_of_the_required_members_in_order() {
    for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA] {
        let jwk = TestKey::for_algorithm(algorithm).jwk();
        let names: &[&str] = match algorithm {
            Algorithm::RS256 => &["e", "kty", "n"],
            Algorithm::EdDSA => &["crv", "kty", "x"],
            _ => &["crv", "kty", "x", "y"],
        };
        let members: Vec<String> =
            names.iter().map(|name| format!("{name:?}:{}", jwk[name])).collect();
        let expected = sha256(format!("{{{}}}", members.join(",")).as_bytes());
        assert_eq!(thumbprint(&jwk.to_string()), expected, "{algorithm}");
    }
}

/// A key set may write its numbers in other ways, which are the same key.
#[test]
fn thumbprint_does_not_depend_on_how_a_key_set_writes_the_numbers() {
    let expected = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
    let jwk = |n: &str, e: &str| format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}"}}"#);
    let standard = N.replace('-', "+").replace('_', "/") + "==";
    assert_eq!(thumbprint(&jwk(&standard, "AAEAAQ")), expected);
    assert_eq!(thumbprint(&jwk(N, "AAEAAQ==")), expected);
}

#[test]
fn debug_text_of_a_thumbprint_is_its_base64url() {
    let okp = br#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let thumbprint = PublicKey::from_jwk(okp).unwrap().thumbprint();
    let text = "Thumbprint(kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k)";
    assert_eq!(format!("{thumbprint:?}"), text);
}
