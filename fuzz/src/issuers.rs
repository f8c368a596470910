//! A verifier of two issuers, compared with a second implementation. RFC 8725 section 3.8.

use std::{sync::LazyLock, time::Duration};

use tokenring::{
    Algorithm, Issuers, JwkSet, Policy, Verified, Verifier, VerifyError,
    testkit::{AUDIENCE, ISSUER, Issuer, TestKey},
};
use tokenring_oracle::{
    json::{self, Json},
    tokens::{self, Expectations, Header, PLAIN},
};

use crate::{NOW, refused};

/// A verifier of two issuers accepts a token if and only if a key of the issuer that the token names
/// has signed it, the key's JWK names no other issuer, and the token satisfies that issuer's policy.
/// The order in which the two were configured makes no difference, nor whether they were added at run
/// time. Their first keys have the same
/// `kid`.
///
/// The first byte says which of four keys signs, and how the rest is read: as a payload, a header or a
/// whole token.
pub fn several_issuers(bytes: &[u8]) -> bool {
    let Some((kind, rest)) = bytes.split_first() else { return false };
    let signer = &SIGNERS[usize::from(kind % 4)];
    let token = match kind / 4 % 3 {
        0 => signer.issuer.token_at(NOW).raw_payload(rest).mint(),
        1 => signer.issuer.token_at(NOW).raw_header(rest).mint(),
        _ => String::from_utf8_lossy(rest).into_owned(),
    };
    let expected = verdict(&token);
    let fixed = BOTH.iter().map(|both| both.verify_at(&token, NOW));
    for outcome in fixed.chain([AT_RUN_TIME.verify_at(&token, NOW)]) {
        match (visible(outcome), expected.clone()) {
            (Err(found), Err(expected)) => {
                refused(found, expected);
            }
            (found, expected) => assert_eq!(found, expected),
        }
    }
    expected.is_ok()
}

/// The issuer and the payload.
type Visible = (String, Vec<u8>);

fn visible(outcome: Result<Verified, VerifyError>) -> Result<Visible, VerifyError> {
    outcome.map(|verified| (verified.issuer().to_owned(), verified.payload().to_vec()))
}

fn verdict(token: &str) -> Result<Visible, VerifyError> {
    let ([_, payload, signature], header) = tokens::compact(token)?;
    let iss = tokens::unverified_issuer(payload)?;
    let trusted = TRUSTED.iter().find(|trusted| trusted.expectations.issuer == iss);
    let trusted = trusted.ok_or(VerifyError::WrongIssuer)?;
    if !trusted.algorithms.contains(&header.algorithm) {
        return Err(VerifyError::AlgorithmNotAccepted);
    }
    let fits =
        |signer: &&Signer| signer.issuer.url() == iss && header.algorithm == Algorithm::EdDSA;
    let mut fitting: Vec<&Signer> = SIGNERS.iter().filter(fits).collect();
    // No key has a thumbprint, so that of a token is a `kid` or nothing.
    let thumbprint = header.thumbprint.as_ref().map(|(_, text)| text);
    let is_kid = |text: &&String| fitting.iter().any(|signer| signer.key.kid() == *text);
    if let Some(name) = header.kid.as_ref().or(thumbprint.filter(is_kid)) {
        fitting.retain(|signer| signer.key.kid() == name);
    }
    let signer = match fitting[..] {
        [] => return Err(VerifyError::UnknownKey),
        [signer] => signer,
        _ => return Err(VerifyError::AmbiguousKey),
    };
    // Longer than any signature, so it is not decoded.
    if signature.len() * 6 / 8 > 1024 {
        return Err(VerifyError::BadSignature);
    }
    let (signing_input, _) = token.rsplit_once('.').expect("two periods");
    let signature = tokens::base64url(signature);
    // A message has only one Ed25519 signature under a key.
    if signature.ok_or(VerifyError::NotBase64url { segment: "signature" })?
        != signer.key.sign(signing_input.as_bytes())
    {
        return Err(VerifyError::BadSignature);
    }
    let payload = tokens::base64url(payload).expect("it was read");
    let claims = tokens::claims(&payload)?;
    if !is_for_access(&header) {
        return Err(VerifyError::TokenTypeNotAccepted);
    }
    if claims.events {
        return Err(VerifyError::SecurityEvent);
    }
    if signer.key_issuer.is_some_and(|template| issuer_of_key(template, &payload) != iss) {
        return Err(VerifyError::KeyOfOtherIssuer);
    }
    claims.verdict(&trusted.expectations, NOW.as_secs())?;
    Ok((iss, payload))
}

/// RFC 7515 section 4.1.9, RFC 9068 section 2.1.
fn is_for_access(header: &Header) -> bool {
    let Some(typ) = &header.typ else { return true };
    let typ = typ.to_ascii_lowercase();
    ["jwt", "at+jwt", "application/jwt", "application/at+jwt"].contains(&typ.as_str())
}

/// The issuer that a key's JWK names, with the token's `tid` filled in.
fn issuer_of_key(template: &str, payload: &[u8]) -> String {
    let claims = json::object(payload).expect("it was read");
    match json::get(&claims, "tid") {
        Some(Json::String(tid)) => template.replace("{tenantid}", tid),
        _ => template.to_owned(),
    }
}

/// A key, its issuer, and the issuer that its JWK names.
struct Signer {
    issuer: Issuer,
    key: TestKey,
    key_issuer: Option<&'static str>,
}

struct Trusted {
    expectations: Expectations,
    algorithms: Vec<Algorithm>,
    policy: Policy,
}

/// The second issuer's identifier. The first one's is a prefix of it.
pub const OTHER_ISSUER: &str = "https://tenant.example.auth0.com/other/";

/// The first issuer's key and three keys of the second. The JWK of the first of these names no issuer,
/// the next one's the first issuer, and the last one's the token's tenant.
static SIGNERS: LazyLock<[Signer; 4]> = LazyLock::new(|| {
    let signer = |url, key: TestKey, kid, key_issuer: Option<&'static str>| {
        let key = key.with_kid(kid);
        let key = match key_issuer {
            Some(issuer) => key.with_member("issuer", issuer),
            None => key,
        };
        Signer { issuer: Issuer::with_keys(url, vec![key.clone()]), key, key_issuer }
    };
    let key = || TestKey::for_algorithm(Algorithm::EdDSA);
    let other = || TestKey::attacker_for(Algorithm::EdDSA);
    [
        signer(ISSUER, key(), "kid", None),
        signer(OTHER_ISSUER, other(), "kid", None),
        signer(OTHER_ISSUER, other(), "first", Some(ISSUER)),
        signer(OTHER_ISSUER, key(), "tenant", Some("https://tenant.example.auth0.com/{tenantid}/")),
    ]
});

static TRUSTED: LazyLock<[Trusted; 2]> = LazyLock::new(|| {
    let lenient = Expectations {
        issuer: OTHER_ISSUER,
        audiences: &["other", AUDIENCE],
        leeway: Duration::from_secs(60),
        sender_constrained: true,
        ..PLAIN
    };
    let of_both = [Algorithm::RS256, Algorithm::EdDSA];
    [
        Trusted {
            expectations: PLAIN,
            algorithms: vec![Algorithm::EdDSA],
            policy: Policy::new(ISSUER, AUDIENCE).algorithms([Algorithm::EdDSA]),
        },
        Trusted {
            expectations: lenient,
            algorithms: of_both.to_vec(),
            policy: Policy::new(OTHER_ISSUER, AUDIENCE)
                .accept_audience("other")
                .algorithms(of_both)
                .leeway(Duration::from_secs(60))
                .allow_sender_constrained(),
        },
    ]
});

fn keys(url: &str) -> JwkSet {
    let of_issuer = SIGNERS.iter().filter(|signer| signer.issuer.url() == url);
    let keys = of_issuer.map(|signer| signer.key.clone()).collect();
    let keys = JwkSet::from_json(Issuer::with_keys(url, keys).jwks().as_bytes());
    keys.expect("a set")
}

static AT_RUN_TIME: LazyLock<Verifier<Issuers<JwkSet>>> = LazyLock::new(|| {
    let issuers = Issuers::new();
    for Trusted { policy, expectations, .. } in TRUSTED.iter() {
        issuers.add(policy.clone(), keys(expectations.issuer)).expect("another issuer");
    }
    Verifier::with_issuers(issuers)
});

static BOTH: LazyLock<[Verifier<JwkSet>; 2]> = LazyLock::new(|| {
    let [one, two] = &*TRUSTED;
    [(one, two), (two, one)].map(|(first, second)| {
        let of = |trusted: &Trusted| (trusted.policy.clone(), keys(trusted.expectations.issuer));
        let ((policy, keys), (other_policy, other_keys)) = (of(first), of(second));
        let verifier = Verifier::new(policy, keys).expect("a policy");
        verifier.with_issuer(other_policy, other_keys).expect("another issuer")
    })
});
