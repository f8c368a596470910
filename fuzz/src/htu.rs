//! The URI that a proof is for, compared with a second normalizer.

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use tokenring::{
    Algorithm, PublicKey,
    possession::{
        BoundToken, Confirmation, ProofError, ProofPolicy, ProofVerifier, ReplayError, ReplayKey,
        ReplayStore, Request, Thumbprint,
    },
    testkit::TestKey,
};
use tokenring_oracle::uris::{self, Comparison, Uri};

use crate::{NOW, assert_plain};

/// `htu` is the URI of a request if and only if a second normalizer, which works on tokens and by the text of
/// RFC 3986 section 5.2.4, finds them equal; otherwise the first part that it finds different is named.
///
/// The input is an `htu`, NUL, and the target of a request. A first byte that is odd chooses the second origin.
pub fn htu(input: &str) -> bool {
    let Some((htu, target)) = input.split_once('\0') else { return false };
    let second = htu.bytes().next().is_some_and(|byte| byte == b'!');
    let htu = htu.strip_prefix('!').unwrap_or(htu);
    let (origin, verifier) = &VERIFIERS[usize::from(second)];
    let proof = unsigned(htu);
    let request = Request::new("GET", target).dpop([&proof]);
    let found = verifier.inspect_at(&request, &bound(), NOW).expect_err("it is not signed");
    assert_plain(&found);
    if let ProofError::TooLong { .. } = found {
        return false;
    }
    match (found, uris::compare(htu, target, origin)) {
        // The signature is checked later.
        (ProofError::BadSignature, Comparison::Equal) => true,
        (ProofError::MalformedTarget(_), Comparison::Malformed)
        | (ProofError::RequestTarget(_), Comparison::BadRequest)
        | (ProofError::RequestOfOtherOrigin, Comparison::OtherOrigin) => false,
        (ProofError::WrongTarget { part }, Comparison::Differs(expected)) => {
            assert_eq!(part, expected);
            false
        }
        (found, expected) => panic!("{found:?} instead of {expected:?}"),
    }
}

/// The origins of two services: scheme, host, port, prefix.
const ORIGINS: [&str; 2] = ["https://example.com", "http://[2001:db8::1]:8080/v1"];

static VERIFIERS: LazyLock<[(Uri, ProofVerifier); 2]> = LazyLock::new(|| {
    ORIGINS.map(|origin| {
        let verifier = ProofVerifier::new(ProofPolicy::new(origin), Nothing).expect("a policy");
        (uris::parse(origin).expect("an origin"), verifier)
    })
});

/// Nothing gets so far as to be recorded.
struct Nothing;

impl ReplayStore for Nothing {
    fn insert(
        &self,
        _: &ReplayKey,
        _: tokenring::UnixTime,
        _: tokenring::UnixTime,
    ) -> Result<(), ReplayError> {
        unreachable!("a proof without a signature is not recorded")
    }
}

fn bound() -> BoundToken<'static> {
    static KEY: LazyLock<Thumbprint> = LazyLock::new(|| {
        let jwk = TestKey::for_algorithm(Algorithm::ES256).jwk().to_string();
        PublicKey::from_jwk(jwk.as_bytes()).expect("a key").thumbprint()
    });
    BoundToken::new("token", Confirmation::of_key(*KEY))
}

/// A proof that is right but for its `htu`, perhaps, and its signature.
fn unsigned(htu: &str) -> String {
    static HEADER: LazyLock<String> = LazyLock::new(|| {
        let jwk = TestKey::for_algorithm(Algorithm::ES256).jwk();
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk });
        URL_SAFE_NO_PAD.encode(header.to_string())
    });
    let claims = json!({
        "htm": "GET",
        "htu": htu,
        "iat": NOW.as_secs(),
        "jti": "1",
        // Of the text `token`.
        "ath": "PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A",
    });
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    format!("{}.{claims}.{}", *HEADER, "A".repeat(86))
}
