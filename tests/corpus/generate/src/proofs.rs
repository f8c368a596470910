//! Requests with DPoP proofs, good ones and bad ones. RFC 9449.

use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use tokenring::{
    Algorithm, JsonError, JwkError, PublicKey, UnixTime,
    possession::{ConfirmationError, ProofError, UriError},
    testkit::TestKey,
};

use crate::{
    base::{MARKER, Token, base64url},
    case::{NOW, ProofCase},
    format,
};

/// The text is opaque to a proof.
pub const ACCESS_TOKEN: &str = "header.payload.signature";

pub fn policies() -> Vec<(String, Value)> {
    let policy = |changes: Value| {
        let mut policy = json!({
            "origin": "https://api.example.com",
            "algorithms": ["ES256", "ES384", "EdDSA", "PS256"],
            "max_age": 300,
            "ahead": 30,
            "nonces": "off",
            "leeway": 0,
        });
        for (name, value) in changes.as_object().unwrap() {
            policy[name] = value.clone();
        }
        policy
    };
    [
        ("default", json!({})),
        ("RS256", json!({ "algorithms": ["RS256"] })),
        ("nonces", json!({ "nonces": "required" })),
        ("narrow", json!({ "max_age": 10, "ahead": 0 })),
        ("leeway 60", json!({ "leeway": 60 })),
        ("prefix", json!({ "origin": "https://api.example.com/v1" })),
        ("http", json!({ "origin": "http://localhost:3000" })),
        ("IPv6", json!({ "origin": "https://[2001:db8::1]" })),
        ("resource server of RFC 9449", json!({ "origin": "https://resource.example.org" })),
        ("token endpoint of RFC 9449", json!({ "origin": "https://server.example.com" })),
    ]
    .map(|(name, changes)| (name.into(), policy(changes)))
    .into()
}

pub fn cases() -> Vec<ProofCase> {
    [
        documents(),
        good(),
        field(),
        header(),
        keys(),
        binding(),
        claims(),
        targets(),
        times(),
        nonces(),
        signatures(),
        again(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The members of the key's JWK that its thumbprint has.
pub fn public(key: &TestKey) -> Value {
    key.without_alg().without_member("kid").without_member("use").jwk()
}

pub fn sha256(text: &str) -> String {
    base64url(digest(&SHA256, text.as_bytes()))
}

fn key(algorithm: Algorithm) -> TestKey {
    TestKey::for_algorithm(algorithm)
}

/// The `cnf` of a token that is bound to the key.
fn bound_to(key: &TestKey) -> String {
    let key = PublicKey::from_jwk(public(key).to_string().as_bytes()).unwrap();
    json!({ "jkt": key.thumbprint().to_string() }).to_string()
}

/// A good proof. Ed25519 makes the same signature each time.
fn proof() -> Token {
    Token::proof(&key(Algorithm::EdDSA))
}

/// The proof in a request whose token is bound to its key.
fn case(name: impl Into<String>, clause: &'static str, proof: &Token) -> ProofCase {
    ProofCase::new(name, clause, bound_to(&key(Algorithm::EdDSA)), proof.mint())
}

fn refused(name: &str, clause: &'static str, proof: &Token, error: ProofError) -> ProofCase {
    case(name, clause, proof).refused(error)
}

fn quoted(text: &str) -> String {
    json!(text).to_string()
}

fn documents() -> Vec<ProofCase> {
    const TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
    let cnf = r#"{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}"#;
    let header = concat!(
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNo",
        "UklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERW",
        "clUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19",
    );
    let of_7_1 = concat!(
        ".eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxl",
        "Lm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0Ji",
        "MHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVn",
        "mcw6Fy1dqd-jfxSYoMxhAJpLjA",
    );
    let of_4_1 = concat!(
        ".eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUu",
        "Y29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLX",
        "iOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg",
    );
    vec![
        ProofCase::new(
            "proof of RFC 9449 section 7.1",
            "RFC 9449 section 7.1",
            cnf,
            format!("{header}{of_7_1}"),
        )
        .policy("resource server of RFC 9449")
        .request("GET", "/protectedresource")
        .token(TOKEN)
        .at(1_562_262_618),
        ProofCase::new(
            "proof of RFC 9449 section 4.1, for a token endpoint",
            "RFC 9449 section 4.3, step 12",
            cnf,
            format!("{header}{of_4_1}"),
        )
        .policy("token endpoint of RFC 9449")
        .request("POST", "/token")
        .token(TOKEN)
        .at(1_562_262_616)
        .refused(ProofError::ClaimMissing { claim: "ath" }),
    ]
}

fn good() -> Vec<ProofCase> {
    let clause = "RFC 9449 section 4.2";
    let mut cases = vec![];
    for algorithm in [Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA, Algorithm::PS256] {
        let key = key(algorithm);
        let name = format!("good proof with {algorithm}");
        cases.push(ProofCase::new(name, clause, bound_to(&key), Token::proof(&key).mint()));
    }
    let rs256 = key(Algorithm::RS256);
    let rs256 =
        |name: &str| ProofCase::new(name, clause, bound_to(&rs256), Token::proof(&rs256).mint());
    cases.push(rs256("good proof with RS256, where it is accepted").policy("RS256"));
    cases.push(rs256("RS256 where it is not accepted").refused(ProofError::AlgorithmNotAccepted));
    for typ in ["DPoP+JWT", "application/dpop+jwt"] {
        let proof = proof().header("typ", quoted(typ));
        cases.push(case(format!("typ {typ}"), "RFC 7515 section 4.1.9", &proof));
    }
    let ed25519 = proof().header("alg", quoted("Ed25519"));
    cases.push(case("alg Ed25519, the other name of EdDSA", "RFC 9864 section 2.2", &ed25519));
    let further = proof()
        .header("kid", "1")
        .header("jku", quoted("https://attacker.example/jwks"))
        .header("x5u", "[]")
        .header("x5c", "null")
        .header("nonce", "{}");
    cases.push(case("further parameters, which are ignored", clause, &further));
    let further = proof()
        .claim("aud", "{}")
        .claim("iss", "1")
        .claim("cnf", "null")
        .claim("nonce", quoted("of another service of this origin"));
    cases.push(case("further claims, which are ignored", clause, &further));
    let further = with_jwk(|jwk| {
        jwk["kid"] = json!(1);
        jwk["use"] = json!("sig");
        jwk["alg"] = json!("EdDSA");
        jwk["key_ops"] = json!("nonsense");
        jwk["ext"] = json!(true);
        jwk["x5c"] = json!([1]);
    });
    cases.push(case("further members of the key, which are ignored", clause, &further));
    cases
}

/// The good proof with a changed `jwk`.
fn with_jwk(change: impl FnOnce(&mut Value)) -> Token {
    let mut jwk = public(&key(Algorithm::EdDSA));
    change(&mut jwk);
    proof().header("jwk", jwk.to_string())
}

fn field() -> Vec<ProofCase> {
    let clause = "RFC 9449 section 4.3, step 1";
    let text = proof().mint();
    let values = |name: &str, values: Vec<String>, error| {
        case(name, clause, &proof()).proofs(values).refused(error)
    };
    let one = |name: &str, value: String, error| {
        case(name, "RFC 9449 section 4.3, step 2", &proof()).proofs(vec![value]).refused(error)
    };
    let [header, payload, signature] = text.split('.').collect::<Vec<_>>()[..] else { panic!() };
    let not = |segment| ProofError::NotBase64url { segment };
    let long = format!("{header}.{}.{signature}", "A".repeat(8192));
    let huge = proof().claim("jti", quoted(&"x".repeat(100_000))).mint();
    let (long_bytes, huge_bytes) = (long.len(), huge.len());
    vec![
        values("no field", vec![], ProofError::Missing),
        values("two fields", vec![text.clone(), text.clone()], ProofError::Several),
        values(
            "two proofs joined by a comma",
            vec![format!("{text}, {text}")],
            ProofError::Several,
        ),
        one("empty field", String::new(), ProofError::SegmentCount { found: 1 }),
        one("no signature", format!("{header}.{payload}"), ProofError::SegmentCount { found: 2 }),
        one(
            "empty signature",
            format!("{header}.{payload}."),
            ProofError::EmptySegment { segment: "signature" },
        ),
        one("five segments", format!("{text}.a.b"), ProofError::SegmentCount { found: 5 }),
        one("header is padded", format!("{header}=.{payload}.{signature}"), not("header")),
        one("payload is padded", format!("{header}.{payload}=.{signature}"), not("payload")),
        one("signature is padded", format!("{text}=="), not("signature")),
        one("space before the proof", format!(" {text}"), not("header")),
        one("8 KiB of proof", long, ProofError::TooLong { bytes: long_bytes }),
        one("jti of 100 KB", huge, ProofError::TooLong { bytes: huge_bytes }),
        ProofCase::new(
            "proof is not UTF-8",
            clause,
            bound_to(&key(Algorithm::EdDSA)),
            [text.as_bytes(), b"\xFF"].concat(),
        )
        .refused(ProofError::NotAscii),
    ]
}

fn header() -> Vec<ProofCase> {
    let clause = "RFC 9449 section 4.3, step 4";
    let json = |error| ProofError::HeaderJson(error);
    let mut cases = vec![];
    for typ in ["JWT", "at+jwt", "dpop", "application/application/dpop+jwt"] {
        let proof = proof().header("typ", quoted(typ));
        cases.push(refused(&format!("typ {typ}"), clause, &proof, ProofError::WrongType));
    }
    for alg in ["none", "HS256", "ES512", "eddsa"] {
        let proof = proof().header("alg", quoted(alg));
        let clause = "RFC 9449 section 4.3, step 5";
        let error = ProofError::AlgorithmNotAccepted;
        cases.push(refused(&format!("alg {alg}"), clause, &proof, error));
    }
    for parameter in ["typ", "alg", "jwk"] {
        let clause = "RFC 9449 section 4.2";
        let missing = ProofError::HeaderMissing { parameter };
        let proof = proof();
        let without = proof.clone().without_header(parameter);
        cases.push(refused(&format!("no {parameter}"), clause, &without, missing));
        let mistyped = ProofError::HeaderType { parameter };
        let array = proof.header(parameter, "[]");
        cases.push(refused(&format!("{parameter} is an array"), clause, &array, mistyped));
    }
    for (name, parameter, value) in [
        ("crit", "crit", r#"["exp"]"#),
        ("b64 is true", "b64", "true"),
        ("zip", "zip", r#""DEF""#),
        ("enc", "enc", r#""A256GCM""#),
        ("cty", "cty", r#""JWT""#),
    ] {
        let proof = proof().header(parameter, value);
        let error = ProofError::HeaderForbidden { parameter };
        cases.push(refused(name, "RFC 7515 section 4.1.11", &proof, error));
    }
    // The builder does not repeat a name, so the first is escaped.
    let twice = |name: &str, escaped: &str, value: &str, clause| {
        let proof = proof().header(escaped, value);
        refused(name, clause, &proof, json(JsonError::DuplicateMember))
    };
    cases.push(twice("alg twice", r"\u0061lg", r#""EdDSA""#, "RFC 7515 section 4"));
    let ignored = proof().header("x", "1").header(r"\u0078", "1");
    let error = json(JsonError::DuplicateMember);
    cases.push(refused("ignored parameter twice", "RFC 7515 section 4", &ignored, error));
    let many = (0..62).fold(proof(), |proof, number| proof.header(&format!("x{number}"), "0"));
    let error = json(JsonError::TooManyMembers);
    cases.push(refused("header of 65 members", "a limit of this crate", &many, error));
    let length = |proof: &Token| proof.signing_input().find('.').unwrap() * 6 / 8;
    let missing = 4097 - length(&proof().header("x", quoted("")));
    let long = proof().header("x", quoted(&"x".repeat(missing)));
    let error = ProofError::HeaderTooLong { bytes: length(&long) };
    cases.push(refused("header one byte too long", "a limit of this crate", &long, error));
    cases
}

fn keys() -> Vec<ProofCase> {
    let clause = "RFC 9449 section 4.3, step 7";
    let of_key = ProofError::Key;
    let mut cases = vec![];
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth"] {
        let error = of_key(JwkError::PrivateKey { member });
        let proof = with_jwk(|jwk| jwk[member] = json!(""));
        cases.push(refused(&format!("private member {member}, empty"), clause, &proof, error));
    }
    let changed = |name: &str, change: &dyn Fn(&mut Value), error| {
        refused(name, clause, &with_jwk(change), error)
    };
    let es256 = public(&key(Algorithm::ES256));
    let ec = |name: &str, member: &'static str, value: Value, error| {
        let mut jwk = public(&key(Algorithm::ES256));
        jwk[member] = value;
        let proof = Token::proof(&key(Algorithm::ES256)).header("jwk", jwk.to_string()).mint();
        ProofCase::new(name, clause, bound_to(&key(Algorithm::ES256)), proof).refused(error)
    };
    // One of the names is escaped.
    let mut kty_twice = public(&key(Algorithm::EdDSA)).to_string();
    kty_twice.replace_range(..1, r#"{"\u006bty":"OKP","#);
    let other = ProofError::KeyForOtherAlgorithm;
    let es384 = Token::proof(&key(Algorithm::ES384)).header("alg", quoted("ES256"));
    let length = |bytes| of_key(JwkError::CoordinateLength { member: "x", bytes, expected: 32 });
    let private = of_key(JwkError::PrivateKey { member: "k" });
    let x = es256["x"].as_str().unwrap();
    let rsa = |name: &str, member: &'static str, value: Value, error| {
        let mut jwk = public(&key(Algorithm::RS256));
        jwk[member] = value;
        let proof = Token::proof(&key(Algorithm::RS256)).header("jwk", jwk.to_string()).mint();
        ProofCase::new(name, clause, bound_to(&key(Algorithm::RS256)), proof)
            .policy("RS256")
            .refused(error)
    };
    cases.extend([
        ec("EC key with k", "k", json!("AQAB"), private),
        changed(
            "jwk is a shared secret",
            &|jwk| *jwk = json!({ "kty": "oct", "k": "AQAB" }),
            of_key(JwkError::SharedSecret),
        ),
        changed(
            "jwk is empty",
            &|jwk| *jwk = json!({}),
            of_key(JwkError::MemberMissing { member: "kty" }),
        ),
        changed("unknown kty", &|jwk| jwk["kty"] = json!("AKP"), of_key(JwkError::KeyType)),
        changed(
            "key with use enc",
            &|jwk| jwk["use"] = json!("enc"),
            of_key(JwkError::NotForSignatures),
        ),
        changed("key for another algorithm", &|jwk| jwk["alg"] = json!("ES256"), other),
        changed("key for X25519", &|jwk| jwk["crv"] = json!("X25519"), of_key(JwkError::Curve)),
        changed("Ed25519 key of 31 bytes", &|jwk| jwk["x"] = json!(base64url([1; 31])), length(31)),
        refused(
            "member of the key twice",
            clause,
            &proof().header("jwk", kty_twice),
            of_key(JwkError::Json(JsonError::DuplicateMember)),
        ),
        ProofCase::new(
            "ES256 with a P-384 key",
            clause,
            bound_to(&key(Algorithm::ES384)),
            es384.mint(),
        )
        .refused(other),
        ec(
            "x is padded",
            "x",
            json!(format!("{x}=")),
            of_key(JwkError::NotBase64url { member: "x" }),
        ),
        ec("x of 33 bytes, zero in front", "x", json!(base64url([0; 33])), length(33)),
        ec("x is a number", "x", json!(1), of_key(JwkError::MemberType { member: "x" })),
        rsa(
            "e with a zero in front",
            "e",
            json!("AAEAAQ"),
            ProofError::KeyZeroInFront { member: "e" },
        ),
    ]);
    cases
}

/// A proof whose key is bad, with a token that is bound to it all the same.
fn bound_to_bad_key(name: &str, algorithm: Algorithm, jwk: Value, error: ProofError) -> ProofCase {
    let names: &[&str] = match jwk["kty"].as_str() {
        Some("RSA") => &["e", "kty", "n"],
        Some("EC") => &["crv", "kty", "x", "y"],
        _ => &["crv", "kty", "x"],
    };
    let members: Vec<String> = names.iter().map(|name| format!("{name:?}:{}", jwk[name])).collect();
    let cnf = json!({ "jkt": sha256(&format!("{{{}}}", members.join(","))) }).to_string();
    let proof = Token::proof(&key(algorithm)).header("jwk", jwk.to_string());
    ProofCase::new(name, "RFC 8725 section 3.4", cnf, proof.mint()).refused(error)
}

fn binding() -> Vec<ProofCase> {
    let clause = "RFC 9449 section 4.3, step 12";
    let cnf_clause = "RFC 9449 section 6.1; RFC 7800 section 3.1";
    let text = proof().mint();
    let (jkt, certificate) = (bound_to(&key(Algorithm::EdDSA)), sha256("a certificate"));
    let jkt_text = jkt[8..51].to_owned();
    let both = json!({ "jkt": jkt_text, "x5t#S256": certificate }).to_string();
    let of_certificate = json!({ "x5t#S256": certificate }).to_string();
    let with_cnf = |name: &str, cnf: &str| ProofCase::new(name, cnf_clause, cnf, text.as_str());
    let not = |member| ConfirmationError::NotThumbprint { member };
    let okp = |x: [u8; 32]| json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(x) });
    // Every message has the same signature of this key: the neutral element and zero.
    let mut neutral = [0; 64];
    neutral[0] = 1;
    let of_order_1 = okp(neutral[..32].try_into().unwrap());
    let forged = proof().header("jwk", of_order_1.to_string()).with_signature(neutral);
    // Good signatures of keys in another spelling.
    let mut e = public(&key(Algorithm::RS256));
    e["e"] = json!("AAEAAQ");
    let mut x = public(&key(Algorithm::EdDSA));
    x["x"] = json!(format!("{}=", x["x"].as_str().unwrap()));
    let numbers = ProofError::KeyNumbers;
    let rsa = |n: &[u8]| json!({ "kty": "RSA", "n": base64url(n), "e": "AQAB" });
    vec![
        ProofCase::new(
            "key of a stranger",
            clause,
            jkt.as_str(),
            Token::proof(&TestKey::attacker_for(Algorithm::EdDSA)).mint(),
        )
        .refused(ProofError::OtherKey),
        ProofCase::new(
            "token bound to another key of the client",
            clause,
            bound_to(&key(Algorithm::ES256)),
            text.as_str(),
        )
        .refused(ProofError::OtherKey),
        with_cnf("cnf with both, and the certificate", &both).certificate(certificate.clone()),
        with_cnf("cnf with both, and no certificate", &both)
            .refused(ProofError::CertificateMissing),
        with_cnf("cnf with both, and another certificate", &both)
            .certificate(sha256("another certificate"))
            .refused(ProofError::OtherCertificate),
        with_cnf("cnf with a certificate only", &of_certificate)
            .certificate(certificate)
            .refused(ProofError::NotBound),
        with_cnf("cnf is {}", "{}").cnf_refused(ConfirmationError::Empty),
        with_cnf("cnf is []", "[]").cnf_refused(ConfirmationError::Json(JsonError::NotObject)),
        with_cnf("cnf with jwk only", r#"{"jwk":{}}"#).cnf_refused(ConfirmationError::NotSupported),
        with_cnf("jkt is a number", r#"{"jkt":1}"#)
            .cnf_refused(ConfirmationError::MemberType { member: "jkt" }),
        with_cnf("jkt of 42 characters", &json!({ "jkt": jkt_text[..42] }).to_string())
            .cnf_refused(not("jkt")),
        with_cnf("jkt is padded", &json!({ "jkt": format!("{jkt_text}=") }).to_string())
            .cnf_refused(not("jkt")),
        with_cnf("jkt twice", &format!(r#"{{"jkt":"{jkt_text}",{}"#, &jkt[1..]))
            .cnf_refused(ConfirmationError::Json(JsonError::DuplicateMember)),
        bound_to_bad_key(
            "Ed25519 key of order 1, with a signature that it verifies",
            Algorithm::EdDSA,
            of_order_1,
            numbers(JwkError::LowOrder),
        )
        .proofs(vec![forged]),
        bound_to_bad_key(
            "e with a zero in front, and the token is bound to this spelling",
            Algorithm::RS256,
            e,
            ProofError::KeyZeroInFront { member: "e" },
        )
        .policy("RS256"),
        bound_to_bad_key(
            "x is padded, and the token is bound to this spelling",
            Algorithm::EdDSA,
            x,
            ProofError::Key(JwkError::NotBase64url { member: "x" }),
        ),
        bound_to_bad_key(
            "Ed25519 key that is not canonical",
            Algorithm::EdDSA,
            okp([0xFF; 32]),
            numbers(JwkError::NotCanonical),
        ),
        bound_to_bad_key(
            "point that is not on P-256",
            Algorithm::ES256,
            json!({ "kty": "EC", "crv": "P-256", "x": base64url([1; 32]), "y": base64url([1; 32]) }),
            ProofError::BadSignature,
        ),
        bound_to_bad_key(
            "RSA key of 2047 bits",
            Algorithm::PS256,
            rsa(&[0x7F; 256]),
            numbers(JwkError::ModulusTooSmall { bits: 2047 }),
        ),
        bound_to_bad_key(
            "RSA key of 4104 bits",
            Algorithm::PS256,
            rsa(&[0xFF; 513]),
            ProofError::ModulusTooLarge { bytes: 513 },
        ),
    ]
}

fn claims() -> Vec<ProofCase> {
    let clause = "RFC 9449 section 4.2";
    let mut cases = vec![];
    for claim in ["jti", "htm", "htu", "iat", "ath"] {
        let missing = ProofError::ClaimMissing { claim };
        let without = proof().without_claim(claim);
        cases.push(refused(&format!("no {claim}"), clause, &without, missing));
        let mistyped = ProofError::ClaimType { claim };
        let array = proof().claim(claim, "[]");
        cases.push(refused(&format!("{claim} is an array"), clause, &array, mistyped));
    }
    for (htm, method) in [("get", "GET"), ("PATCH", "patch"), ("POST", "GET"), ("GET ", "GET")] {
        let proof = proof().claim("htm", quoted(htm));
        cases.push(
            case(format!("htm \"{htm}\" for {method}"), "RFC 9449 section 4.3, step 8", &proof)
                .request(method, "/v1/users")
                .refused(ProofError::WrongMethod),
        );
    }
    let ath = sha256(ACCESS_TOKEN);
    for (name, wrong) in [
        ("ath of another token", sha256("another token")),
        ("ath of the whole value of Authorization", sha256("DPoP header.payload.signature")),
        ("ath is padded", format!("{ath}=")),
        ("ath is cut", ath[..42].to_owned()),
        ("ath is the token", ACCESS_TOKEN.to_owned()),
    ] {
        let proof = proof().claim("ath", quoted(&wrong));
        let error = ProofError::WrongAccessTokenHash;
        cases.push(refused(name, "RFC 9449 section 4.3, step 12", &proof, error));
    }
    let jti = |name: &str, jti: String| {
        case(name, "RFC 9449 section 4.2", &proof().claim("jti", quoted(&jti)))
    };
    let length = |bytes| ProofError::IdentifierLength { bytes };
    cases.push(jti("jti of 256 bytes", "x".repeat(256)));
    cases.push(jti("jti is empty", String::new()).refused(length(0)));
    cases.push(jti("jti of 257 bytes", "x".repeat(257)).refused(length(257)));
    let twice = |name: &str, escaped: &str, value: &str| {
        let error = ProofError::PayloadJson(JsonError::DuplicateMember);
        refused(name, "RFC 7519 section 4", &proof().claim(escaped, value), error)
    };
    cases.push(twice("htm twice", r"h\u0074m", r#""GET""#));
    cases.push(twice("iat twice, once escaped", r"\u0069at", "1"));
    cases
}

fn targets() -> Vec<ProofCase> {
    let clause = "RFC 9449 section 4.3, step 9; RFC 3986 section 6.2";
    let htu = |htu: &str, target: &str| {
        let name = format!("htu {htu} for {target}");
        case(name, clause, &proof().claim("htu", quoted(htu))).request("GET", target)
    };
    let mut cases = vec![];
    for (uri, target) in [
        ("https://api.example.com/a?b#c", "/a?d"),
        ("HTTPS://API.EXAMPLE.COM/a", "/a"),
        ("https://api.example.com:443/a", "/a"),
        ("https://api.example.com:/a", "/a"),
        ("https://api.example.com", "/"),
        ("https://api.example.com/%7e%61", "/~a"),
        ("https://api.example.com/%2f", "/%2F"),
        ("https://api.example.com/a/./b/../c", "/a/c"),
        ("https://api.example.com/a/%2e%2E/c", "/c"),
        ("https://api.example.com/../../a", "/a"),
        ("https://api.example.com/a/.", "/a/"),
        ("https://api.example.com/a//../b", "/a/b"),
        ("https://api.example.com/a", "https://api.example.com/a"),
    ] {
        cases.push(htu(uri, target));
    }
    let other = |part| ProofError::WrongTarget { part };
    for (uri, target, part) in [
        ("http://api.example.com/a", "/a", "scheme"),
        ("https://api.example.org/a", "/a", "host"),
        ("https://api.example.com:8443/a", "/a", "port"),
        ("https://api.example.com/A", "/a", "path"),
        ("https://api.example.com/a%2Fb", "/a/b", "path"),
        ("https://api.example.com/a//b", "/a/b", "path"),
        ("https://api.example.com/a/", "/a", "path"),
        ("https://api.example.com/%252F", "/%2F", "path"),
    ] {
        cases.push(htu(uri, target).refused(other(part)));
    }
    let malformed = |uri: &str, error| htu(uri, "/a").refused(ProofError::MalformedTarget(error));
    cases.extend([
        malformed("https://user@api.example.com/a", UriError::UserInformation),
        malformed("https://api.example.com/a%2", UriError::PercentEncoding),
        malformed("https://api.example.com:port/a", UriError::Port),
        malformed("https:///a", UriError::HostMissing),
        malformed("/a", UriError::NotAbsolute),
        malformed("ftp://api.example.com/a", UriError::NotAbsolute),
        malformed("https://api.example.com/\u{e9}", UriError::NotAscii),
        htu("https://api.example.com/", "*")
            .refused(ProofError::RequestTarget(UriError::NotAbsolute)),
        htu("https://api.example.com/a", "https://api.example.org/a")
            .refused(ProofError::RequestOfOtherOrigin),
        htu("https://api.example.com/v1/a", "/a").policy("prefix"),
        htu("https://api.example.com/a", "/a/").policy("prefix").refused(other("path")),
        htu("http://localhost:3000/a", "/a").policy("http"),
        htu("https://[2001:DB8:0:0:0:0:0:1]/a", "/a").policy("IPv6"),
    ]);
    cases
}

fn times() -> Vec<ProofCase> {
    let clause = "RFC 9449 section 4.3, step 11";
    let now = NOW;
    let iat = |iat: &str| case(format!("iat is {iat}"), clause, &proof().claim("iat", iat));
    let old = |iat| ProofError::TooOld { iat, now };
    let future = |iat| ProofError::FromFuture { iat, now };
    let own = |claim: &str, value: &str| {
        let clause = "RFC 7519 sections 4.1.4 and 4.1.5";
        case(format!("{claim} is {value}"), clause, &proof().claim(claim, value))
    };
    let mistyped = ProofError::ClaimType { claim: "iat" };
    let infinite = ProofError::PayloadJson(JsonError::Syntax);
    let narrow = |iat: u64| {
        let name = format!("iat is {iat}, in a narrow window");
        case(name, clause, &proof().claim("iat", iat.to_string())).policy("narrow")
    };
    vec![
        iat("1779999700"),
        iat("1.7799997e9"),
        iat("1779999699.99999999999999999999").refused(old(now - 301)),
        iat("1779999699").refused(old(now - 301)),
        iat("1780000030"),
        iat("1780000030.00000000000000000001").refused(future(now + 31)),
        iat("1780000031").refused(future(now + 31)),
        iat("1779996400").refused(old(now - 3600)),
        iat("1780003600").refused(future(now + 3600)),
        iat("1780000000000").refused(future(now * 1000)),
        iat("-9223372036854775808").refused(old(0)),
        iat("1e300").refused(future(u64::MAX)),
        iat("1e400").refused(infinite),
        iat(r#""1""#).refused(mistyped),
        narrow(now - 10),
        narrow(now - 11).refused(old(now - 11)),
        narrow(now + 1).refused(future(now + 1)),
        own("exp", "1780000001"),
        own("exp", "1780000000").refused(ProofError::Expired { exp: now, now }),
        own("nbf", "1780000000"),
        own("nbf", "1780000000.5").refused(ProofError::NotYetValid { nbf: now + 1, now }),
        own("exp", "1779999941").policy("leeway 60"),
        own("exp", "1779999940")
            .policy("leeway 60")
            .refused(ProofError::Expired { exp: now - 60, now }),
    ]
}

fn nonces() -> Vec<ProofCase> {
    let clause = "RFC 9449 section 9";
    let issued = |seconds: u64| {
        let now = UnixTime::from_secs(NOW.checked_sub(seconds).unwrap());
        format::nonces().issue(now).to_string()
    };
    let accepted = || [0, 60, 120].map(issued).to_vec();
    let required =
        |name: &str, proof: Token| case(name, clause, &proof).policy("nonces").nonces(accepted());
    let with = |nonce: String| proof().claim("nonce", quoted(&nonce));
    vec![
        required("nonce of this minute", with(issued(0))),
        required("nonce of two minutes ago", with(issued(120))),
        required("nonce, and iat an hour off", with(issued(0)).claim("iat", "1780003600")),
        required("no nonce", proof()).refused(ProofError::NonceMissing),
        required("nonce of three minutes ago", with(issued(180))).refused(ProofError::StaleNonce),
        required("unknown nonce", with(MARKER.into())).refused(ProofError::UnknownNonce),
        required("nonce is padded", with(format!("{}==", issued(0))))
            .refused(ProofError::UnknownNonce),
        required("nonce is null", proof().claim("nonce", "null"))
            .refused(ProofError::ClaimType { claim: "nonce" }),
        required("no nonce, and another method", proof().claim("htm", quoted("POST")))
            .refused(ProofError::WrongMethod),
    ]
}

fn signatures() -> Vec<ProofCase> {
    let clause = "RFC 9449 section 4.3, step 6";
    let forged = |name: &str, text: String| {
        case(name, clause, &proof()).proofs(vec![text]).refused(ProofError::BadSignature)
    };
    let attacker = TestKey::attacker_for(Algorithm::EdDSA);
    let input = proof().claim("jti", quoted("another")).signing_input();
    let es256 = Token::proof(&key(Algorithm::ES256));
    let ec = |name: &str, signature: Vec<u8>| {
        let text = es256.with_signature(signature);
        let cnf = bound_to(&key(Algorithm::ES256));
        ProofCase::new(name, clause, cnf, text).refused(ProofError::BadSignature)
    };
    let der = der(&es256.signature());
    vec![
        forged("signature of another key", proof().forged_by(&attacker).mint()),
        forged("signature of another proof", format!("{input}.{}", base64url(proof().signature()))),
        forged("signature of zeros", proof().with_signature([0; 64])),
        ec("signature in DER", der),
        ec("signature of ES256 without its last byte", vec![1; 63]),
    ]
}

/// A signature as ASN.1 has it: two numbers in a sequence. RFC 3279 section 2.2.3.
fn der(signature: &[u8]) -> Vec<u8> {
    let number = |octets: &[u8]| {
        let octets: Vec<u8> = octets.iter().copied().skip_while(|byte| *byte == 0).collect();
        let sign = octets.first().is_some_and(|byte| *byte > 0x7F).then_some(0);
        let octets: Vec<u8> = sign.into_iter().chain(octets).collect();
        [&[2, octets.len().try_into().unwrap()], octets.as_slice()].concat()
    };
    let numbers = [number(&signature[..32]), number(&signature[32..])].concat();
    [&[0x30, numbers.len().try_into().unwrap()], numbers.as_slice()].concat()
}

fn again() -> Vec<ProofCase> {
    let clause = "RFC 9449 section 11.1";
    let nonce = format::nonces().issue(UnixTime::from_secs(NOW)).to_string();
    let with_nonce = proof().claim("nonce", quoted(&nonce));
    vec![
        case("the same jti twice", clause, &proof()).again().refused(ProofError::Replayed),
        case("the same jti twice, with a nonce", clause, &with_nonce)
            .policy("nonces")
            .nonces(vec![nonce])
            .again()
            .refused(ProofError::Replayed),
    ]
}
