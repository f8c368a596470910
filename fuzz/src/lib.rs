//! The property of each fuzz target, as one function that holds for any input.
//!
//! Most compare the crate with [`tokenring_oracle`], the same rules written a second time. The oracle
//! makes its errors from literals and numbers, so an equal error cannot contain text of the input.
//!
//! Every function returns whether the input was accepted. The replay of the seeds checks with it that
//! both outcomes are reached.
#![forbid(unsafe_code)]

mod base64url;
mod bearer;
mod cache;
pub mod corpus;
mod explain;
mod htu;
mod issuers;
mod pem;
mod proof;
mod replay;
mod seeds;
mod targets;

use std::{fmt, sync::LazyLock, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use tokenring::{
    Algorithm, CompactJws, JwkSet, JwkSetError, KeyError, KeyQuery, KeySource, Policy, PublicKey,
    SelectedKey, TokenType, UnixTime, Verified, VerifiedPayload, Verifier, VerifyError,
    testkit::{AUDIENCE, CLIENT_ID, ISSUER, Issuer, TestKey},
};
use tokenring_oracle::{
    ALGORITHMS,
    keys::{self, Key, Numbers, Skipped},
    remote,
    tokens::{self, Claims, Expectations, PLAIN},
};

pub use base64url::base64url_decode;
pub use bearer::bearer_values;
pub use cache::cache_changes_nothing;
pub use explain::explain_verdict;
pub use htu::htu;
pub use issuers::{OTHER_ISSUER, several_issuers};
pub use pem::pem_parse;
pub use proof::dpop_proof;
pub use replay::replay_memory;
pub use targets::{TARGETS, Target};

/// A parsed token is the text, split at its periods.
pub fn compact_parse(token: &str) -> bool {
    let expected = tokens::compact(token);
    let jws = match (CompactJws::parse(token), expected) {
        (Ok(jws), Ok((segments, header))) => {
            assert_eq!(jws.segments(), segments);
            assert_eq!(jws.header().algorithm(), header.algorithm);
            assert_eq!(jws.header().key_id(), header.kid.as_deref());
            let query = KeyQuery::of(jws.header());
            let thumbprints = [("x5t", query.x5t()), ("x5t#S256", query.x5t_s256())];
            let found = thumbprints.into_iter().find_map(|(name, text)| Some((name, text?)));
            assert_eq!(
                found,
                header.thumbprint.as_ref().map(|(name, text)| (*name, text.as_str()))
            );
            assert_eq!(jws.header().token_type(), header.typ.as_deref());
            jws
        }
        (Err(found), Err(expected)) => return refused(found, expected),
        (found, expected) => panic!("{found:?} instead of {expected:?}"),
    };
    assert_eq!(jws.segments().join("."), token);
    let [header, _, signature] = jws.segments();
    assert!(token.len() <= 16_384 && !signature.is_empty());
    assert!((2..=5462).contains(&header.len()));
    assert!(header.bytes().all(|byte| tokens::ALPHABET.contains(&byte)));
    assert!(jws.header().key_id().is_none_or(|kid| (1..=256).contains(&kid.len())));
    true
}

/// A header is accepted if and only if it is one strict JSON object with the required members and no
/// forbidden ones. It has only one encoding.
pub fn header_parse(json: &[u8]) -> bool {
    let segment = URL_SAFE_NO_PAD.encode(json);
    let accepted = compact_parse(&format!("{segment}.e30.AA"));
    if accepted {
        assert!(!compact_parse(&format!("{segment}=.e30.AA")));
        assert!(!compact_parse(&format!("{segment}A.e30.AA")));
        assert!(!compact_parse(&format!(" {segment}.e30.AA")));
        for other in same_bits(&segment) {
            assert!(!compact_parse(&format!("{other}.e30.AA")));
        }
    }
    accepted
}

/// The texts that differ from `segment` only in its spare bits.
fn same_bits(segment: &str) -> Vec<String> {
    let (front, last) = segment.split_at(segment.len() - 1);
    let value = tokens::ALPHABET.iter().position(|byte| last.as_bytes() == [*byte]).unwrap();
    let spare = match segment.len() % 4 {
        0 => 0,
        2 => 4,
        3 => 2,
        _ => unreachable!("no bytes have such an encoding"),
    };
    (1..1 << spare)
        .map(|bits| format!("{front}{}", char::from(tokens::ALPHABET[value | bits])))
        .collect()
}

/// The usable keys of a set are those that satisfy every rule of their type, and each is selected by
/// its `kid` and algorithm. A set is accepted if it has a usable key.
pub fn jwk_set_parse(json: &[u8]) -> bool {
    let (set, expected) = match (JwkSet::from_json(json), keys::jwk_set(json)) {
        (Ok(set), Ok(expected)) => (set, expected),
        (Err(JwkSetError::Json(found)), Err(JwkSetError::Json(expected))) => {
            assert!(tokens::same_fault(found, expected), "{found:?} instead of {expected:?}");
            return false;
        }
        (Err(found), Err(expected)) => {
            assert_eq!(found, expected);
            assert_plain(&found);
            return false;
        }
        (found, expected) => panic!("{found:?} instead of {expected:?}"),
    };
    let skipped = set.skipped().iter().map(|skipped| {
        assert_plain(&skipped.error());
        let kid = skipped.key_id().map(String::from);
        Skipped { index: skipped.index(), kid, error: skipped.error() }
    });
    assert_eq!(skipped.collect::<Vec<_>>(), expected.skipped);
    assert_eq!(set.len(), expected.keys.len());
    assert_eq!(set.is_empty(), expected.keys.is_empty());
    assert!(set.len() + expected.repeated + set.skipped().len() <= 1000);

    let kids = [None, Some(""), Some("no such key"), Some("tokenring-test-key-01")];
    for algorithm in ALGORITHMS {
        for kid in kids.into_iter().chain(expected.keys.iter().map(|key| key.kid.as_deref())) {
            let found = set.select(kid, algorithm);
            assert_is_selected(found, expected.select(kid, algorithm), algorithm);
        }
        let texts = expected.keys.iter().flat_map(|key| [&key.kid, &key.x5t, &key.x5t_s256]);
        for text in texts.flatten().map(String::as_str).chain(["no such key"]) {
            for member in ["x5t", "x5t#S256"] {
                let expected = expected.select_by_thumbprint((member, text), algorithm);
                if let Some(found) = by_thumbprint(&set, (member, text), algorithm) {
                    assert_is_selected(found, expected, algorithm);
                }
            }
        }
    }
    for (found, key) in set.iter().zip(&expected.keys) {
        assert_eq!(found.algorithm(), key.algorithm.unwrap_or(Algorithm::RS256));
        assert_is_key(found, key);
    }
    !set.is_empty()
}

/// The key for a token with this thumbprint. None if the thumbprint is too long for a header.
fn by_thumbprint(
    set: &JwkSet,
    (member, text): (&str, &str),
    algorithm: Algorithm,
) -> Option<Result<SelectedKey, KeyError>> {
    let header = serde_json::json!({"alg": algorithm.name(), member: text}).to_string();
    let token = format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(header));
    let jws = CompactJws::parse(&token).ok()?;
    Some(set.key(KeyQuery::of(jws.header())))
}

fn assert_is_selected(
    found: Result<SelectedKey, KeyError>,
    expected: Result<&Key, KeyError>,
    algorithm: Algorithm,
) {
    match (found, expected) {
        (Ok(found), Ok(key)) => {
            assert_eq!(found.algorithm(), algorithm);
            assert_is_key(&found, key);
        }
        (Err(found), Err(expected)) => {
            let known = [KeyError::UnknownKey, KeyError::AmbiguousKey];
            assert!(found == expected && known.contains(&found), "{found:?}");
        }
        (found, expected) => panic!("{found:?} instead of {expected:?}"),
    }
}

/// Asserts that a key equals the key of a JWK with only the members that count.
fn assert_is_key(found: &PublicKey, key: &Key) {
    assert_eq!(found.key_id(), key.kid.as_deref());
    assert_eq!(found.modulus_bits(), key.bits());
    let number = |number: &Vec<u8>| URL_SAFE_NO_PAD.encode(number);
    let mut jwk = match &key.numbers {
        Numbers::Rsa { n, e } => {
            assert!((2048..=8192).contains(&key.bits()));
            serde_json::json!({"kty": "RSA", "n": number(n), "e": number(e)})
        }
        Numbers::Ec { curve, x, y } => {
            let crv = format!("P-{}", curve.bytes() * 8);
            serde_json::json!({"kty": "EC", "crv": crv, "x": number(x), "y": number(y)})
        }
        Numbers::Ed25519 { x } => {
            serde_json::json!({"kty": "OKP", "crv": "Ed25519", "x": number(x)})
        }
    };
    let texts = [
        ("kid", &key.kid),
        ("issuer", &key.issuer),
        ("x5t", &key.x5t),
        ("x5t#S256", &key.x5t_s256),
    ];
    for (name, value) in texts {
        if let Some(value) = value {
            jwk[name] = value.as_str().into();
        }
    }
    if let Some(algorithm) = key.algorithm {
        jwk["alg"] = algorithm.name().into();
    }
    assert_eq!(PublicKey::from_jwk(jwk.to_string().as_bytes()).as_ref(), Ok(found));
    // And the key of its numbers alone.
    let has_no_text = texts.iter().all(|(_, value)| value.is_none()) && key.algorithm.is_none();
    if let (true, Numbers::Rsa { n, e }) = (has_no_text, &key.numbers) {
        assert_eq!(PublicKey::from_rsa_components(n, e).as_ref(), Ok(found));
    }
}

/// A payload is accepted if and only if every rule of the policy is satisfied. Checked with several
/// policies, at the seconds where the verdict changes.
pub fn claims_check(payload: &[u8]) -> bool {
    let claims = tokens::claims(payload);
    let signed = signed(payload);
    let mut accepted = false;
    for (expectations, verifier) in VERIFIERS.iter() {
        for now in turning_points(claims.as_ref().ok(), expectations.leeway.as_secs()) {
            let expected = claims.as_ref().map_err(|error| *error).and_then(|claims| {
                claims.verdict(expectations, now)?;
                Ok(claims)
            });
            match (verifier.check_at(signed.clone(), UnixTime::from_secs(now)), expected) {
                (Ok(verified), Ok(claims)) => {
                    assert_claims(&verified, claims, payload);
                    assert!(now < claims.exp + expectations.leeway.as_secs());
                    accepted = true;
                }
                (Err(found), Err(expected)) => {
                    refused(found, expected);
                }
                (found, expected) => panic!("{found:?} instead of {expected:?} at {now}"),
            }
        }
    }
    scopes_elsewhere(&signed, payload);
    accepted
}

/// Scopes in another claim are found where a second reader finds them.
fn scopes_elsewhere(signed: &VerifiedPayload, payload: &[u8]) {
    let plain = VERIFIERS[0].1.check_at(signed.clone(), NOW);
    let expected = tokens::scopes_at(payload, &["realm_access", "roles"]);
    match (SCOPES_ELSEWHERE.check_at(signed.clone(), NOW), expected) {
        (Ok(verified), Ok(scopes)) => {
            assert!(plain.is_ok());
            assert!(verified.scopes().eq(scopes.iter().map(String::as_str)), "{scopes:?}");
        }
        (Err(found), Err(expected)) if plain.is_ok() => assert_eq!(found, expected),
        (Err(found), Ok(_)) => assert_eq!(Some(found), plain.err()),
        // Both faults are of the payload, and which is found first is tested above.
        (Err(_), Err(_)) => {}
        (Ok(_), Err(expected)) => panic!("{expected} was overlooked"),
    }
}

/// The payload as that of a real token, signed with the quickest of the algorithms.
fn signed(payload: &[u8]) -> VerifiedPayload {
    let token = SIGNING.token_at(NOW).raw_header(r#"{"alg":"EdDSA"}"#).raw_payload(payload).mint();
    CompactJws::parse(&token).unwrap().verify(&SIGNING_KEY).unwrap()
}

/// For each comparison of times, the last second before its result changes, and the next second.
fn turning_points(claims: Option<&Claims>, leeway: u64) -> Vec<u64> {
    let Some(claims) = claims else { return vec![NOW.as_secs()] };
    let end = claims.exp.saturating_add(leeway);
    let start = claims.nbf.unwrap_or(NOW.as_secs()).saturating_sub(leeway);
    vec![0, start.saturating_sub(1), start, end.saturating_sub(1), end, u64::MAX]
}

fn assert_claims(verified: &Verified, claims: &Claims, payload: &[u8]) {
    assert_eq!(verified.payload(), payload);
    assert_eq!(verified.issuer(), claims.iss);
    assert_eq!(verified.subject(), claims.sub.as_deref());
    assert!(verified.audience().eq(claims.aud.iter().map(String::as_str)));
    assert_eq!(verified.expires_at().as_secs(), claims.exp);
    assert_eq!(verified.not_before().map(UnixTime::as_secs), claims.nbf);
    assert_eq!(verified.issued_at().map(UnixTime::as_secs), claims.iat);
    assert_eq!(verified.jwt_id(), claims.jti.as_deref());
    assert_eq!(verified.authorized_party(), claims.client.as_deref());
    assert_eq!(verified.key_id(), None);
    assert!(verified.scopes().eq(claims.scopes.iter().map(String::as_str)));
    assert!(verified.permissions().eq(claims.permissions.iter().map(String::as_str)));
    assert!(claims.scopes.iter().all(|scope| verified.has_scope(scope)));
    assert!(claims.permissions.iter().all(|permission| verified.has_permission(permission)));
    assert!(!verified.has_scope(""));
    assert_eq!(verified.has_scope("a b"), claims.scopes.iter().any(|scope| scope == "a b"));
    // With `arbitrary_precision`, serde_json reads some objects as numbers and refuses others.
    if !cfg!(feature = "arbitrary_precision") {
        let value: serde_json::Value = verified.claims().expect("it is JSON");
        assert_eq!(value["iss"], ISSUER);
    }
}

/// No token and no signature verifies with a key that has signed nothing. No input is accepted.
pub fn verify_never_accepts(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let expected = tokens::refusal(&text, THROWN_AWAY_KID);
    match THROWN_AWAY.verify_at(&text, NOW) {
        Err(found) => refused(found, expected),
        Ok(verified) => panic!("accepted {verified:?}"),
    };

    // A token that reaches the comparison of signatures: the first bytes are one of the right length.
    let (signature, message) = bytes.split_at(bytes.len().min(256));
    let mut signature = signature.to_vec();
    signature.resize(256, 0);
    let payload = &message[..message.len().min(4096)];
    let token = [br#"{"alg":"RS256"}"#.as_slice(), payload, &signature]
        .map(|segment| URL_SAFE_NO_PAD.encode(segment))
        .join(".");
    let outcome = THROWN_AWAY.verify_at(&token, NOW).map(|verified| verified.payload().to_vec());
    assert_eq!(outcome, Err(VerifyError::BadSignature));

    let key = THROWN_AWAY.keys().select(None, Algorithm::RS256).expect("the only key");
    assert_eq!(key.verify(message, &signature), Err(VerifyError::BadSignature));
    assert_eq!(key.verify(message, bytes), Err(VerifyError::BadSignature));
    false
}

/// Of all the texts that edits and splices make from signed tokens, only the signed tokens themselves
/// are accepted.
pub fn mutate_signed(script: &[u8]) -> bool {
    let edited = edit(script);
    let accepted = SIGNED_VERIFIER.verify_at(&edited, NOW);
    assert_eq!(accepted.is_ok(), SIGNED.contains(&edited), "{accepted:?} of {edited}");
    let Ok(verified) = accepted else { return false };
    let payload = edited.split('.').nth(1).and_then(tokens::base64url);
    assert_eq!(Some(verified.payload()), payload.as_deref());
    true
}

/// Every answer of a key source, every request, every event and all of its health are those of the
/// model, whatever the issuer answers and whenever, and however time passes. A script is accepted if
/// a lookup in it finds a key.
pub fn remote_keys(script: &[u8]) -> bool {
    remote::run(script).found > 0
}

/// Runs `script`. Its first byte says which token is edited, and the rest is a sequence of operations
/// with their arguments.
fn edit(script: &[u8]) -> String {
    let mut script = script.iter().copied();
    let signed = |which: u8| SIGNED[usize::from(which) % SIGNED.len()].as_bytes();
    let mut text = signed(script.next().unwrap_or(0)).to_vec();
    while let Some(operation) = script.next() {
        let mut byte = || script.next().unwrap_or(0);
        let at = usize::from(u16::from_le_bytes([byte(), byte()])) % (text.len() + 1);
        // The end of a range of this length that begins at `at`.
        let to = |length: u8| text.len().min(at + usize::from(length));
        match operation % 9 {
            0 => {
                let end = to(1);
                text.splice(at..end, [byte()]);
            }
            1 => {
                let end = to(1);
                text[at..end].iter_mut().for_each(|old| *old ^= byte());
            }
            2 => {
                let end = to(1);
                text.splice(at..end, [tokens::ALPHABET[usize::from(byte() % 64)]]);
            }
            3 => text.insert(at, byte()),
            4 => {
                let end = to(byte());
                text.drain(at..end);
            }
            5 => text.truncate(at),
            // Replaces a segment with a segment of any token.
            6 => {
                let part = signed(byte()).split(|byte| *byte == b'.').nth(at % 3).unwrap();
                let mut parts: Vec<&[u8]> = text.split(|byte| *byte == b'.').collect();
                let place = usize::from(byte()) % parts.len();
                parts[place] = part;
                text = parts.join(&b'.');
            }
            // Replaces a range with the same range of another token.
            7 => {
                let (other, end) = (signed(byte()), to(byte()));
                let stretch = &other[at.min(other.len())..end.min(other.len())];
                text.splice(at..end, stretch.iter().copied());
            }
            // Replaces a range with the rest of the script.
            _ => {
                let end = to(byte());
                text.splice(at..end, script.by_ref());
            }
        }
    }
    // Bytes that are not UTF-8 are mapped to characters, so that no script is wasted.
    String::from_utf8(text)
        .unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect())
}

/// Asserts that the input was refused for the expected reason.
fn refused(found: VerifyError, expected: VerifyError) -> bool {
    let same = match (found, expected) {
        (VerifyError::HeaderJson(found), VerifyError::HeaderJson(expected))
        | (VerifyError::PayloadJson(found), VerifyError::PayloadJson(expected)) => {
            tokens::same_fault(found, expected)
        }
        _ => found == expected,
    };
    assert!(same, "{found:?} instead of {expected:?}");
    assert_plain(&found);
    false
}

/// Asserts that an error's text is short, printable ASCII.
fn assert_plain(error: &impl fmt::Display) {
    let text = error.to_string();
    assert!(text.len() < 160 && text.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{text}");
}

/// The time at which all tokens are issued and verified.
pub const NOW: UnixTime = UnixTime::from_secs(1_750_000_000);

/// The first policy, with scopes in an object.
static SCOPES_ELSEWHERE: LazyLock<Verifier<JwkSet>> = LazyLock::new(|| {
    let no_keys = JwkSet::from_json(br#"{"keys":[]}"#).expect("a set");
    let policy = Policy::new(ISSUER, AUDIENCE).scopes_from("/realm_access/roles");
    Verifier::new(policy, no_keys).expect("a policy")
});

/// Three policies, for [`claims_check`].
static VERIFIERS: LazyLock<Vec<(Expectations, Verifier<JwkSet>)>> = LazyLock::new(|| {
    let with_everything = Expectations {
        audiences: &["another audience", AUDIENCE],
        leeway: Duration::from_secs(600),
        client_id: Some(CLIENT_ID),
        sender_constrained: true,
        ..PLAIN
    };
    let access_tokens = Expectations { untyped: false, ..PLAIN };
    let policies = [
        (PLAIN, Policy::new(ISSUER, AUDIENCE)),
        (
            with_everything,
            Policy::new(ISSUER, "another audience")
                .accept_audience(AUDIENCE)
                .leeway(Duration::from_secs(600))
                .authorized_party(CLIENT_ID)
                .allow_sender_constrained(),
        ),
        (access_tokens, Policy::new(ISSUER, AUDIENCE).token_type(TokenType::AccessToken)),
    ];
    policies
        .map(|(expectations, policy)| {
            let no_keys = JwkSet::from_json(br#"{"keys":[]}"#).expect("a set");
            (expectations, Verifier::new(policy, no_keys).expect("a policy"))
        })
        .into()
});

static SIGNING: LazyLock<Issuer> = LazyLock::new(|| {
    let key = TestKey::for_algorithm(Algorithm::EdDSA).without_member("kid");
    Issuer::with_keys(ISSUER, vec![key])
});

static SIGNING_KEY: LazyLock<PublicKey> =
    LazyLock::new(|| PublicKey::from_jwk(SIGNING.keys()[0].jwk().to_string().as_bytes()).unwrap());

static THROWN_AWAY: LazyLock<Verifier<JwkSet>> = LazyLock::new(|| {
    let jwks = format!(
        r#"{{"keys":[{{"kty":"RSA","kid":"{THROWN_AWAY_KID}","n":"{THROWN_AWAY_N}","e":"AQAB"}}]}}"#
    );
    let keys = JwkSet::from_json(jwks.as_bytes()).expect("a set");
    assert_eq!(keys.len(), 1);
    Verifier::new(Policy::new(ISSUER, AUDIENCE), keys).expect("a policy")
});

/// Valid tokens by three keys of one issuer. No two have the same payload.
pub static SIGNED: LazyLock<[String; 4]> = LazyLock::new(|| {
    let issuer = Issuer::default();
    let [_, second, third] = issuer.keys() else { panic!("an issuer with three keys") };
    [
        issuer.token_at(NOW).mint(),
        issuer.token_at(NOW).key(second).subject("another").without_claim("permissions").mint(),
        issuer.token_at(NOW).key(third).header("typ", "at+jwt").audience(AUDIENCE).mint(),
        issuer.token_at(NOW).without_header("typ").scope("admin").mint(),
    ]
});

static SIGNED_VERIFIER: LazyLock<Verifier<JwkSet>> = LazyLock::new(|| {
    let keys = JwkSet::from_json(Issuer::default().jwks().as_bytes()).expect("a set");
    Verifier::new(Policy::new(ISSUER, AUDIENCE), keys).expect("a policy")
});

/// The `kid` of the key whose private key was deleted.
pub const THROWN_AWAY_KID: &str = "thrown-away";

/// Its modulus, made with `openssl genrsa 2048`. The private key was written only to a pipe, so it has
/// signed nothing.
const THROWN_AWAY_N: &str = concat!(
    "k6F-x5ndH84ARNrUq7UdpMOrBbj7nEDhDmoprt3e-L1MAIizso6ygqo_Ahc8OQ3eJGfCB19To0fE7xgk3mWjoos1",
    "u1YZY6ozjQMG1Au23_JKCr6MsbC953mqcOArnS1dHK9BmqQjJPk-Qrz1v6gK-1HS1axMiLSPAZimgOjTPIgQV8KF",
    "MORxNH9AcGszNE2NC6NZYYG7NC9KWzFk5Oin5Foo9qFssxpjGM0OqQl77mXLUn0mzBSieYpavve2xyUw02_cUM5F",
    "KM_re0Cdm15EbEqtvq_Jbdp4ggKny3EstnCYp9Ha_DOJIyVkl-IuuMvnIHYqqe20vkhJrxyHi07LCw",
);
