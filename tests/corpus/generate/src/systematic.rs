//! Every algorithm, every wrong JSON type, both edges of every limit, every part of a policy.

use serde_json::json;
use tokenring::{
    Algorithm, JsonError,
    VerifyError::{
        self, AlgorithmNotAccepted, AmbiguousKey, BadSignature, ClaimMissing, ClaimRange,
        ClaimType, EmptySegment, Expired, HeaderForbidden, HeaderJson, HeaderTooLong, HeaderType,
        KeyIdLength, KeyOfOtherIssuer, NotYetValid, PayloadJson, RequiredClaim, SenderConstrained,
        TokenTooLong, TokenTypeNotAccepted, UnknownKey, WrongAudience, WrongAuthorizedParty,
        WrongIssuer, WrongTenant,
    },
    testkit::{AUDIENCE, CLIENT_ID, ISSUER, TestKey},
};

use crate::{
    algorithms::ALGORITHMS,
    base::{MARKER, Token, arrays},
    case::{NOW, TokenCase},
    keys::{OTHER_AUDIENCE, OTHER_CLIENT, OTHER_TENANT, TEMPLATE, TENANT},
};

pub fn cases() -> Vec<TokenCase> {
    [
        each_algorithm(),
        each_pair_of_algorithms(),
        elliptic(),
        types_of_the_header(),
        types_of_the_claims(),
        limits(),
        times(),
        policies(),
        key_sets(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A case with the EdDSA key and policy, whose tokens are the shortest.
fn ed(name: impl Into<String>, clause: &str, token: &Token) -> TokenCase {
    TokenCase::new(name, clause, token.mint()).keys("EdDSA").policy("EdDSA")
}

fn token() -> Token {
    Token::for_algorithm(Algorithm::EdDSA)
}

fn each_algorithm() -> Vec<TokenCase> {
    let mut cases = vec![];
    for algorithm in ALGORITHMS {
        let alg = algorithm.name();
        let clause = match algorithm {
            Algorithm::EdDSA => "RFC 8037 section 3.1",
            Algorithm::ES256 | Algorithm::ES384 => "RFC 7518 section 3.4",
            Algorithm::PS256 | Algorithm::PS384 | Algorithm::PS512 => "RFC 7518 section 3.5",
            _ => "RFC 7518 section 3.3",
        };
        let case = |what: &str, token: String| {
            TokenCase::new(format!("{alg}: {what}"), clause, token).keys(alg).policy(alg)
        };
        let token = Token::for_algorithm(algorithm);
        let attacker = TestKey::attacker_for(algorithm);
        let signature = token.signature();
        let flipped = |at: usize| {
            let mut bytes = signature.clone();
            bytes[at] ^= 1;
            token.with_signature(bytes)
        };
        let last = signature.len() - 1;
        cases.extend([
            case("good", token.mint()),
            case("good among the keys of all algorithms", token.mint())
                .keys("all keys")
                .policy("all algorithms"),
            case("no kid, one key", token.clone().without_header("kid").mint()),
            case("no kid, one key for this algorithm", token.clone().without_header("kid").mint())
                .keys("all keys")
                .policy("all algorithms"),
            case("signed by an attacker", token.clone().forged_by(&attacker).mint())
                .refused(BadSignature),
            case("a bit of the first signature byte", flipped(0)).refused(BadSignature),
            case("a bit of the last signature byte", flipped(last)).refused(BadSignature),
            case("signature without its last byte", token.with_signature(&signature[..last]))
                .refused(BadSignature),
            case("signature with a zero in front", {
                token.with_signature([&[0], signature.as_slice()].concat())
            })
            .refused(BadSignature),
            case("signature with a zero behind", {
                token.with_signature([signature.as_slice(), &[0]].concat())
            })
            .refused(BadSignature),
            case("signature of zeros, CVE-2022-21449", {
                token.with_signature(vec![0; signature.len()])
            })
            .refused(BadSignature),
            case("signature of ones", token.with_signature(vec![0xff; signature.len()]))
                .refused(BadSignature),
            case("no signature", format!("{}.", token.signing_input()))
                .refused(EmptySegment { segment: "signature" }),
            case("signature of another token", {
                token.clone().claim("sub", r#""admin""#).with_signature(&signature)
            })
            .refused(BadSignature),
            case("expired", token.clone().claim("exp", NOW.to_string()).mint())
                .refused(Expired { exp: NOW, now: NOW }),
            case("not among the policy's algorithms", token.mint())
                .policy(if alg == "RS256" { "EdDSA" } else { "RS256" })
                .refused(AlgorithmNotAccepted),
            case("no key of its kid", token.mint()).keys("default").refused(UnknownKey),
        ]);
    }
    cases
}

/// The key is for one algorithm, the header names another, and the policy accepts both.
fn each_pair_of_algorithms() -> Vec<TokenCase> {
    let mut cases = vec![];
    for of_key in ALGORITHMS {
        for of_token in ALGORITHMS.into_iter().filter(|one| *one != of_key) {
            let key = TestKey::for_algorithm(of_key);
            // An RSA key really signs with the other RSA algorithm.
            let rsa = |one: Algorithm| one.name().starts_with(['R', 'P']);
            let signer = match rsa(of_key) && rsa(of_token) {
                true => key.with_algorithm(of_token),
                false => key.clone(),
            };
            let token = Token::of(&key).forged_by(&signer);
            let token = token.header("alg", format!("{:?}", of_token.name()));
            let name = format!("key for {}, token says {}", of_key.name(), of_token.name());
            let clause = "RFC 8725 section 3.1; RFC 7517 section 4.4";
            cases.push(
                TokenCase::new(name, clause, token.mint())
                    .keys(of_key.name())
                    .policy("all algorithms")
                    .refused(UnknownKey),
            );
        }
    }
    cases
}

fn elliptic() -> Vec<TokenCase> {
    let mut cases = vec![];
    for (algorithm, order) in [(Algorithm::ES256, ORDER_OF_P256), (Algorithm::ES384, ORDER_OF_P384)]
    {
        let alg = algorithm.name();
        let case = |what: &str, token: String| {
            let clause = "RFC 7518 section 3.4; SEC 1 section 4.1.4";
            TokenCase::new(format!("{alg}: {what}"), clause, token).keys(alg).policy(alg)
        };
        let token = Token::for_algorithm(algorithm);
        let signature = token.signature();
        let order = hex(order);
        let (r, s) = signature.split_at(order.len());
        let zero = vec![0; order.len()];
        let one = [vec![0; order.len() - 1], vec![1]].concat();
        let with = |r: &[u8], s: &[u8]| token.with_signature([r, s].concat());
        cases.extend([
            case("n - s in place of s: the same signature again", with(r, &difference(&order, s))),
            case("r is 0, CVE-2022-21449", with(&zero, s)).refused(BadSignature),
            case("s is 0, CVE-2022-21449", with(r, &zero)).refused(BadSignature),
            case("r is n, CVE-2022-21449", with(&order, s)).refused(BadSignature),
            case("s is n, CVE-2022-21449", with(r, &order)).refused(BadSignature),
            case("r and s are 1", with(&one, &one)).refused(BadSignature),
            case("r and s exchanged", with(s, r)).refused(BadSignature),
            case("r + n", with(&difference(r, &difference(&zero, &order)), s))
                .refused(BadSignature),
            case("signature in ASN.1", token.with_signature(der_signature(r, s)))
                .refused(BadSignature),
        ]);
    }
    let token = token();
    let signature = token.signature();
    let with = |bytes: &[u8]| token.with_signature(bytes);
    let (r, s) = signature.split_at(32);
    let clause = "RFC 8032 section 5.1.7; RFC 8037 section 3.1";
    let case = |what: &str, token: String| {
        TokenCase::new(format!("EdDSA: {what}"), clause, token).keys("EdDSA").policy("EdDSA")
    };
    let order = hex(ORDER_OF_ED25519);
    let s_and_order: Vec<u8> = {
        let big: Vec<u8> = s.iter().rev().copied().collect();
        let minus_order = difference(&[0; 32], &order);
        difference(&big, &minus_order).into_iter().rev().collect()
    };
    let identity = [vec![1], vec![0; 31]].concat();
    cases.extend([
        case("s + L in place of s", with(&[r, &s_and_order].concat())).refused(BadSignature),
        case("s is 0 and R the neutral point", with(&[identity.as_slice(), &[0; 32]].concat()))
            .refused(BadSignature),
        case("R and s exchanged", with(&[s, r].concat())).refused(BadSignature),
        case("alg Ed25519, RFC 9864", token.clone().header("alg", r#""Ed25519""#).mint()),
        case("alg Ed448, RFC 9864", token.clone().header("alg", r#""Ed448""#).mint())
            .refused(AlgorithmNotAccepted),
        case("alg ed25519", token.clone().header("alg", r#""ed25519""#).mint())
            .refused(AlgorithmNotAccepted),
    ]);
    cases
}

/// One value of each JSON type.
const VALUES: [(&str, &str); 8] = [
    ("null", "null"),
    ("true", "true"),
    ("false", "false"),
    ("a number", "1"),
    ("a string", r#""x""#),
    ("an array", r#"["x"]"#),
    ("an empty array", "[]"),
    ("an object", "{}"),
];

fn types_of_the_header() -> Vec<TokenCase> {
    let mut cases = vec![];
    for (what, value) in VALUES {
        for parameter in ["alg", "kid", "typ"] {
            if what == "a string" {
                continue;
            }
            let token = token().header(parameter, value);
            let case = ed(format!("{parameter}: {what}"), "RFC 7515 section 4.1", &token);
            cases.push(case.refused(HeaderType { parameter }));
        }
        for parameter in ["crit", "b64", "zip", "enc", "cty"] {
            let token = token().header(parameter, value);
            let clause = "RFC 7515 section 4.1.11; RFC 7797 section 6; RFC 7516 section 4.1";
            let case = ed(format!("{parameter}: {what}"), clause, &token);
            let case = case.refused(HeaderForbidden { parameter });
            cases.push(match parameter {
                "crit" => case,
                "b64" => case.strict("`b64` is refused even where it changes nothing"),
                "cty" => case.strict("a token within a token, or another kind of payload"),
                _ => case.strict("a parameter of JWE, which RFC 7515 would ignore"),
            });
        }
        for parameter in ["jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256"] {
            let token = token().header(parameter, value);
            let clause = "RFC 8725 section 3.10: not looked at";
            cases.push(ed(format!("{parameter}: {what}"), clause, &token));
            if parameter.starts_with("x5t") {
                let name = format!("{parameter} without kid: {what}");
                let token = token.without_header("kid");
                let case = ed(name, "RFC 7515 sections 4.1.7 and 4.1.8", &token);
                cases.push(match what {
                    "a string" => case,
                    _ => case.refused(HeaderType { parameter }),
                });
            }
        }
    }
    cases
}

fn types_of_the_claims() -> Vec<TokenCase> {
    let clause = "RFC 7519 section 4.1";
    let mut cases = vec![];
    for (what, value) in VALUES {
        let mistyped = |claim: &'static str| {
            let case = ed(format!("{claim}: {what}"), clause, &token().claim(claim, value));
            case.refused(ClaimType { claim })
        };
        if what != "a string" {
            cases.extend(["iss", "sub", "jti", "azp", "client_id"].map(mistyped));
        }
        if what != "a string" && what != "an array" {
            cases.push(mistyped("aud"));
        }
        if what != "a number" {
            cases.extend(["exp", "nbf", "iat"].map(mistyped));
        }
        if what != "an object" {
            cases.push(mistyped("cnf"));
        }
        for claim in ["scope", "permissions", "client_name", "auth_time"] {
            let name = format!("{claim}: {what}, which grants nothing and is not looked at");
            cases.push(ed(name, "RFC 8693 section 4.2", &token().claim(claim, value)));
        }
    }
    for (what, value) in VALUES.into_iter().filter(|(what, _)| *what != "a string") {
        let token = token().claim("aud", format!("[{AUDIENCE:?},{value}]"));
        let name = format!("aud: the right string and {what}");
        cases.push(ed(name, "RFC 7519 section 4.1.3", &token).refused(ClaimType { claim: "aud" }));
    }
    for claim in ["iss", "aud", "exp"] {
        let case = ed(format!("{claim} is absent"), clause, &token().without_claim(claim));
        let case = case.refused(ClaimMissing { claim });
        cases.push(match claim {
            "exp" => case.strict("a token without an end is refused"),
            _ => case,
        });
    }
    cases
}

fn limits() -> Vec<TokenCase> {
    let base = token();
    // Claims alone cannot give every length: base64url encodes three bytes as four characters.
    let of_length = |bytes: usize| {
        (0..3)
            .flat_map(|more| (bytes / 4 * 3 - 400..bytes / 4 * 3).map(move |filler| (more, filler)))
            .map(|(more, filler)| {
                let token = base.clone().header("x", format!("{:?}", "x".repeat(more)));
                token.claim("x", format!("{:?}", "x".repeat(filler)))
            })
            .find(|token| token.signing_input().len() + 87 == bytes)
            .unwrap()
    };
    let (longest, too_long) = (of_length(16_384), of_length(16_385));
    let header_of = |bytes: usize| {
        let empty = base.clone().header("x", r#""""#);
        let filler = bytes - decoded_header(&empty);
        base.clone().header("x", format!("{:?}", "x".repeat(filler)))
    };
    let members = |count: usize| {
        (0..count - 3).fold(base.clone(), |token, at| token.header(&format!("x{at}"), "0"))
    };
    let kid = |bytes: usize| base.clone().header("kid", format!("{:?}", "k".repeat(bytes)));
    let deep_header = |levels: usize| base.clone().header("x", arrays(levels - 1));
    let deep_claims = |levels: usize| base.clone().claim("x", arrays(levels - 1));
    let objects = |levels: usize| {
        let inner = format!("{}0{}", r#"{"x":"#.repeat(levels - 1), "}".repeat(levels - 1));
        base.clone().claim("x", inner)
    };
    let limit = "limit of this crate";
    vec![
        ed("token of 16384 bytes", limit, &longest),
        ed("token of 16385 bytes", limit, &too_long)
            .refused(TokenTooLong { bytes: 16_385 })
            .strict("16 KiB is the limit of a token"),
        ed("header of 4096 bytes", limit, &header_of(4096)),
        ed("header of 4097 bytes", limit, &header_of(4097))
            .refused(HeaderTooLong { bytes: 4097 })
            .strict("4 KiB is the limit of a header"),
        ed("header of 64 members", limit, &members(64)),
        ed("header of 65 members", limit, &members(65))
            .refused(HeaderJson(JsonError::TooManyMembers))
            .strict("64 members are the limit of a header"),
        ed("payload of 200 members", limit, &{
            (0..196).fold(base.clone(), |token, at| token.claim(&format!("x{at}"), "0"))
        }),
        ed("EdDSA header of 32 levels", limit, &deep_header(32)),
        ed("EdDSA header of 33 levels", limit, &deep_header(33))
            .refused(HeaderJson(JsonError::TooDeep))
            .strict("32 levels are the limit"),
        ed("EdDSA payload of 32 levels", limit, &deep_claims(32)),
        ed("EdDSA payload of 33 levels", limit, &deep_claims(33))
            .refused(PayloadJson(JsonError::TooDeep))
            .strict("32 levels are the limit"),
        ed("EdDSA payload of 32 objects", limit, &objects(32)),
        ed("EdDSA payload of 33 objects", limit, &objects(33))
            .refused(PayloadJson(JsonError::TooDeep))
            .strict("32 levels are the limit"),
        ed("kid of no byte", limit, &kid(0))
            .refused(KeyIdLength { bytes: 0 })
            .strict("an empty `kid` names no key"),
        ed("kid of 1 byte", limit, &kid(1)).refused(UnknownKey),
        ed("kid of 256 bytes", limit, &kid(256)).refused(UnknownKey),
        ed("EdDSA kid of 257 bytes", limit, &kid(257))
            .refused(KeyIdLength { bytes: 257 })
            .strict("256 bytes are the limit of a `kid`"),
    ]
}

fn decoded_header(token: &Token) -> usize {
    token.signing_input().split('.').next().unwrap().len() * 3 / 4
}

fn times() -> Vec<TokenCase> {
    let clause = "RFC 7519 sections 2, 4.1.4 and 4.1.5";
    let expired = |exp: u64, now: u64| Err(Expired { exp, now });
    let early = |nbf: u64, now: u64| Err(NotYetValid { nbf, now });
    let range = Err(ClaimRange { claim: "exp" });
    let last: u64 = 253_402_300_799;
    type Row = (&'static str, &'static str, &'static str, u64, Result<(), VerifyError>);
    let rows: [Row; 29] = [
        // Claim, value, policy, now.
        ("exp", "1780000001", "EdDSA", NOW, Ok(())),
        ("exp", "1779999999", "EdDSA", NOW, expired(NOW - 1, NOW)),
        ("exp", "1780000000.0", "EdDSA", NOW, expired(NOW, NOW)),
        ("exp", "1780000000.000001", "EdDSA", NOW, Ok(())),
        ("exp", "17800000010e-1", "EdDSA", NOW, Ok(())),
        ("exp", "1.780000001E+9", "EdDSA", NOW, Ok(())),
        ("exp", "1780000000", "leeway 60", NOW + 59, Ok(())),
        ("exp", "1780000000", "leeway 60", NOW + 60, expired(NOW, NOW + 60)),
        ("exp", "1780000000", "leeway 600", NOW + 599, Ok(())),
        ("exp", "1780000000", "leeway 600", NOW + 600, expired(NOW, NOW + 600)),
        ("exp", "0", "leeway 600", 599, Ok(())),
        ("exp", "0", "leeway 600", 600, expired(0, 600)),
        ("exp", "1", "EdDSA", 0, Ok(())),
        ("exp", "0", "EdDSA", 0, expired(0, 0)),
        ("exp", "-1", "EdDSA", 0, range),
        ("exp", "-1e-300", "EdDSA", 0, range),
        ("exp", "253402300799", "EdDSA", last - 1, Ok(())),
        ("exp", "253402300799", "EdDSA", last, expired(last, last)),
        ("exp", "253402300799.5", "EdDSA", NOW, range),
        ("exp", "253402300800", "EdDSA", NOW, range),
        ("exp", "9007199254740993", "EdDSA", NOW, range),
        ("exp", "18446744073709551615", "leeway 600", NOW, range),
        ("exp", "1e400", "EdDSA", NOW, Err(PayloadJson(JsonError::Syntax))),
        ("nbf", "1780000000", "EdDSA", NOW, Ok(())),
        ("nbf", "1780000001", "EdDSA", NOW, early(NOW + 1, NOW)),
        ("nbf", "1780000060", "leeway 60", NOW, Ok(())),
        ("nbf", "1780000061", "leeway 60", NOW, early(NOW + 61, NOW)),
        ("nbf", "1780000600", "leeway 600", NOW, Ok(())),
        ("nbf", "1780000601", "leeway 600", NOW, early(NOW + 601, NOW)),
    ];
    let mut cases: Vec<TokenCase> = rows
        .into_iter()
        .map(|(claim, value, policy, now, expect)| {
            let token = token().claim(claim, value);
            let name = format!("{claim} {value}, {policy}, now {now}");
            let case = ed(name, clause, &token).policy(policy).at(now).expect(expect);
            match expect {
                Err(ClaimRange { .. }) => case.strict("no time after 9999 or before 1970"),
                Err(PayloadJson(_)) => case.strict("a number that no double can hold"),
                _ => case,
            }
        })
        .collect();
    for value in ["-1e308", "0", "-0.0", "1e-300", "1780000000000", "1e308"] {
        let token = token().claim("iat", value);
        cases.push(ed(format!("iat {value}: not compared"), "RFC 7519 section 4.1.6", &token));
    }
    for value in ["01", "+1", "1.", ".5", "0x10", "1e", "Infinity", "NaN", "-", "1_000", "1,0"] {
        for claim in ["exp", "x"] {
            let token = token().claim(claim, value);
            let case = ed(format!("{claim} {value}: no JSON"), "RFC 8259 section 6", &token);
            cases.push(case.refused(PayloadJson(JsonError::Syntax)));
        }
    }
    cases
}

fn policies() -> Vec<TokenCase> {
    let string = |text: &str| format!("{text:?}");
    let case = |name: &str, clause: &str, policy: &str, token: Token| {
        ed(name, clause, &token).policy(policy)
    };
    let typ = |typ: &str| token().header("typ", string(typ));
    let mut cases = vec![];
    let untouched = token();
    cases.push(
        case("typ JWT, access tokens", "RFC 9068 section 4", "access tokens", untouched)
            .refused(TokenTypeNotAccepted),
    );
    for (value, jwt, access) in [
        ("jwt", Ok(()), Err(TokenTypeNotAccepted)),
        ("application/jwt", Ok(()), Err(TokenTypeNotAccepted)),
        ("at+jwt", Ok(()), Ok(())),
        ("AT+JWT", Ok(()), Ok(())),
        ("application/at+jwt", Ok(()), Ok(())),
        ("APPLICATION/at+jwt", Ok(()), Ok(())),
        ("application/application/at+jwt", Err(TokenTypeNotAccepted), Err(TokenTypeNotAccepted)),
        ("application/", Err(TokenTypeNotAccepted), Err(TokenTypeNotAccepted)),
        ("applicatiön/at+jwt", Err(TokenTypeNotAccepted), Err(TokenTypeNotAccepted)),
        ("text/at+jwt", Err(TokenTypeNotAccepted), Err(TokenTypeNotAccepted)),
        ("id+jwt", Err(TokenTypeNotAccepted), Err(TokenTypeNotAccepted)),
        ("logout+jwt", Err(TokenTypeNotAccepted), Err(TokenTypeNotAccepted)),
        ("secevent+jwt", Err(TokenTypeNotAccepted), Err(TokenTypeNotAccepted)),
        ("dpop+jwt", Err(TokenTypeNotAccepted), Err(TokenTypeNotAccepted)),
        ("JOSE", Err(TokenTypeNotAccepted), Err(TokenTypeNotAccepted)),
        ("", Err(TokenTypeNotAccepted), Err(TokenTypeNotAccepted)),
    ] {
        for (policy, expect) in [("EdDSA", jwt), ("access tokens", access)] {
            let case = case(
                &format!("typ {value:?}, {policy}"),
                "RFC 8725 section 3.11; RFC 9068 section 4",
                policy,
                typ(value),
            );
            cases.push(case.expect(expect));
        }
    }
    for (value, expect) in [
        ("JWT", Ok(())),
        ("id_token+jwt", Ok(())),
        ("application/ID_TOKEN+jwt", Ok(())),
        ("at+jwt", Err(TokenTypeNotAccepted)),
        ("AT+JWT", Err(TokenTypeNotAccepted)),
        ("id_token", Err(TokenTypeNotAccepted)),
    ] {
        let name = format!("typ {value:?}, ID tokens");
        let case = case(&name, "RFC 8725 section 3.11", "ID tokens", typ(value));
        cases.push(case.expect(expect));
    }
    let aud = "RFC 7519 section 4.1.3";
    let client = "OpenID Connect Core section 3.1.3.7; RFC 8693 section 4.3";
    let of = |client: &str| token().claim("azp", string(client));
    let confirmed = token().claim("cnf", r#"{"jkt":"MARKER"}"#);
    let both = format!("[{AUDIENCE:?},{OTHER_AUDIENCE:?}]");
    let used = |token_use: &str, tid: &str| {
        token().claim("token_use", string(token_use)).claim("tid", string(tid))
    };
    let required = "RFC 8725 section 3.12";
    const OTHERS: &str = "other required claims";
    let grouped =
        |tid: &str, groups: &str| token().claim("tid", string(tid)).claim("groups", groups);
    let claim = "RFC 7519 section 4.1.1; RFC 8725 section 3.8";
    let no_typ = token().without_header("typ");
    cases.extend([
        case("no typ, access tokens", "RFC 9068 section 4", "access tokens", no_typ)
            .refused(TokenTypeNotAccepted),
        case("the second audience", aud, "two audiences", {
            token().claim("aud", string(OTHER_AUDIENCE))
        }),
        case("both audiences", aud, "two audiences", token().claim("aud", both)),
        case("neither audience", aud, "two audiences", token().claim("aud", r#""x""#))
            .refused(WrongAudience),
        case("an audience with another's end", aud, "two audiences", {
            token().claim("aud", string(&format!("x{AUDIENCE}")))
        })
        .refused(WrongAudience),
        case("an audience in capitals", aud, "EdDSA", {
            token().claim("aud", string(&AUDIENCE.to_uppercase()))
        })
        .refused(WrongAudience),
        case("azp is the client", client, "one client", of(CLIENT_ID)),
        case("azp is another client", client, "one client", of(OTHER_CLIENT))
            .refused(WrongAuthorizedParty),
        case("no azp and no client_id", client, "one client", token())
            .refused(WrongAuthorizedParty),
        case("client_id is the client", client, "one client", {
            token().claim("client_id", string(CLIENT_ID))
        }),
        case("azp is another client, client_id is the client", client, "one client", {
            of(OTHER_CLIENT).claim("client_id", string(CLIENT_ID))
        })
        .refused(WrongAuthorizedParty),
        case("azp is the client, client_id is another", client, "one client", {
            of(CLIENT_ID).claim("client_id", string(OTHER_CLIENT))
        }),
        case("the second client", client, "two clients", of(OTHER_CLIENT)),
        case("the client in other letters", client, "two clients", of(&CLIENT_ID.to_uppercase()))
            .refused(WrongAuthorizedParty),
        case("no aud, and the policy asks for none", client, "client without audience", {
            of(CLIENT_ID).without_claim("aud")
        }),
        case("an empty aud, and the policy asks for none", client, "client without audience", {
            of(CLIENT_ID).claim("aud", "[]")
        }),
        case("the client as aud, and the policy asks for none", aud, "client without audience", {
            of(CLIENT_ID).claim("aud", format!("[{OTHER_AUDIENCE:?},{CLIENT_ID:?}]"))
        }),
        case("another aud, and the policy asks for none", aud, "client without audience", {
            of(CLIENT_ID)
        })
        .refused(WrongAudience),
        case(
            "an empty string as aud, and the policy asks for none",
            aud,
            "client without audience",
            of(CLIENT_ID).claim("aud", r#""""#),
        )
        .refused(WrongAudience),
        case(
            "another client as aud, and the policy asks for none",
            aud,
            "client without audience",
            of(CLIENT_ID).claim("aud", string(OTHER_CLIENT)),
        )
        .refused(WrongAudience),
        case("a mistyped aud, and the policy asks for none", aud, "client without audience", {
            of(CLIENT_ID).claim("aud", "1")
        })
        .refused(ClaimType { claim: "aud" }),
        case("no aud, and the wrong client", client, "client without audience", {
            of(OTHER_CLIENT).without_claim("aud")
        })
        .refused(WrongAuthorizedParty),
        case("both required claims", required, "required claims", used("access", TENANT)),
        case("first required claim differs", required, "required claims", used("id", TENANT))
            .refused(RequiredClaim { index: 0 }),
        case("second required claim differs", required, "required claims", used("access", "x"))
            .refused(RequiredClaim { index: 1 }),
        case("one of several values, and an array with a value", required, OTHERS, {
            grouped(TENANT, r#"["admins"]"#)
        }),
        case("another of several values, and a longer array", required, OTHERS, {
            grouped("other", r#"["users","\u0061dmins"]"#)
        }),
        case("an array with a value twice", required, OTHERS, {
            grouped("other", r#"["admins","admins"]"#)
        }),
        case("none of several values", required, OTHERS, grouped("x", r#"["admins"]"#))
            .refused(RequiredClaim { index: 0 }),
        case("one of several values within an array", required, OTHERS, {
            grouped("", r#"["admins"]"#).claim("tid", r#"["other"]"#)
        })
        .refused(RequiredClaim { index: 0 }),
        case("an array without the value", required, OTHERS, grouped("other", r#"["users"]"#))
            .refused(RequiredClaim { index: 1 }),
        case("an empty array", required, OTHERS, grouped("other", "[]"))
            .refused(RequiredClaim { index: 1 }),
        case("a string in place of an array", required, OTHERS, {
            grouped("other", r#""admins""#)
        })
        .refused(RequiredClaim { index: 1 }),
        case("an array with the value and a number", required, OTHERS, {
            grouped("other", r#"["admins",1]"#)
        })
        .refused(RequiredClaim { index: 1 }),
        case("an array within an array", required, OTHERS, grouped("other", r#"[["admins"]]"#))
            .refused(RequiredClaim { index: 1 }),
        case("an object with the value", required, OTHERS, {
            grouped("other", r#"{"admins":"admins"}"#)
        })
        .refused(RequiredClaim { index: 1 }),
        case("required claims are absent", required, "required claims", token())
            .refused(RequiredClaim { index: 0 }),
        case("required claim within an array", required, "required claims", {
            used("access", TENANT).claim("token_use", r#"["access"]"#)
        })
        .refused(RequiredClaim { index: 0 }),
        case("required claim with an escape", required, "required claims", {
            used("access", TENANT).claim("token_use", r#""\u0061ccess""#)
        }),
        case("cnf, and the policy allows it", "RFC 7800 section 3.1", "sender-constrained", {
            confirmed.clone()
        }),
        case("cnf, and the policy does not", "RFC 7800 section 3.1", "EdDSA", confirmed)
            .refused(SenderConstrained)
            .strict("a token bound to a key is no bearer token, unless the policy allows it"),
        case("iss with a slash, policy without", claim, "issuer without slash", token())
            .refused(WrongIssuer),
        case("iss and policy without slash", claim, "issuer without slash", {
            token().claim("iss", r#""https://tenant.example.auth0.com""#)
        }),
        case("iss with a port", claim, "EdDSA", {
            token().claim("iss", r#""https://tenant.example.auth0.com:443/""#)
        })
        .refused(WrongIssuer),
        case("iss with a user", claim, "EdDSA", {
            token().claim("iss", r#""https://tenant.example.auth0.com@evil.example/""#)
        })
        .refused(WrongIssuer),
        case("iss is part of the issuer, CVE-2024-53861", claim, "EdDSA", {
            token().claim("iss", r#""https://tenant""#)
        })
        .refused(WrongIssuer),
        case("iss is an array with the issuer in it, CVE-2025-30144", claim, "EdDSA", {
            token().claim("iss", json!(["https://evil.example/", ISSUER]).to_string())
        })
        .refused(ClaimType { claim: "iss" }),
        case("one of two algorithms", "RFC 8725 section 3.1", "two algorithms", token()),
    ]);
    cases
}

fn key_sets() -> Vec<TokenCase> {
    let named = "RFC 7517 section 4.5; RFC 7515 section 4.1.4";
    let case =
        |name: &str, clause: &str, keys: &str, token: Token| ed(name, clause, &token).keys(keys);
    let rsa = |algorithm: Algorithm| Token::of(&TestKey::for_algorithm(algorithm).with_kid("rsa"));
    let ambiguous = "two keys fit, and none is tried";
    let thumbprint = "RFC 7515 sections 4.1.7, 4.1.8 and 6; RFC 7517 sections 4.8 and 4.9";
    let nameless = || token().without_header("kid");
    let tenant = token().claim("iss", format!("\"https://login.example.com/{TENANT}/v2.0\""));
    vec![
        case("no keys at all", named, "no keys", token()).refused(UnknownKey),
        case("two keys with one kid", named, "two keys, one kid", token())
            .refused(AmbiguousKey)
            .strict(ambiguous),
        case("two keys with one kid, token without", named, "two keys, one kid", {
            token().without_header("kid")
        })
        .refused(AmbiguousKey)
        .strict(ambiguous),
        case("one key twice", named, "one key twice", token()),
        case("one key under two kids, token without", named, "one key, two kids", {
            token().without_header("kid")
        }),
        case("x5t chooses among two keys", thumbprint, "thumbprints", {
            nameless().header("x5t", r#""two""#)
        }),
        case("x5t#S256 chooses among two keys", thumbprint, "thumbprints", {
            nameless().header("x5t#S256", r#""2""#)
        }),
        case("x5t#S256 chooses before x5t", thumbprint, "thumbprints", {
            nameless().header("x5t", r#""one""#).header("x5t#S256", r#""2""#)
        }),
        case("x5t#S256 of another key than the signer", thumbprint, "thumbprints", {
            nameless().header("x5t", r#""two""#).header("x5t#S256", r#""1""#)
        })
        .refused(BadSignature),
        case("x5t of another key than the signer", thumbprint, "thumbprints", {
            nameless().header("x5t", r#""one""#)
        })
        .refused(BadSignature),
        case("x5t that no key has", thumbprint, "thumbprints", {
            nameless().header("x5t", r#""four""#)
        })
        .refused(UnknownKey)
        .strict("another key than the named one is not tried"),
        case("x5t in capitals", thumbprint, "thumbprints", nameless().header("x5t", r#""TWO""#))
            .refused(UnknownKey)
            .strict("another key than the named one is not tried"),
        case("x5t of a key of another type", thumbprint, "thumbprints", {
            nameless().header("x5t", r#""three""#)
        })
        .refused(UnknownKey),
        case("kid chooses before x5t", thumbprint, "thumbprints", {
            token().header("kid", r#""two""#).header("x5t", r#""one""#)
        }),
        case("unknown kid beside a known x5t", thumbprint, "thumbprints", {
            token().header("x5t", r#""two""#)
        })
        .refused(UnknownKey),
        case("x5t that two keys have", thumbprint, "two keys, one thumbprint", {
            nameless().header("x5t", r#""both""#)
        })
        .refused(AmbiguousKey)
        .strict(ambiguous),
        case("x5t is the kid of a key, no key has x5t", thumbprint, "thumbprints in kid alone", {
            nameless().header("x5t", r#""two""#)
        }),
        case("x5t, two keys and no key has one", thumbprint, "thumbprints in kid alone", {
            nameless().header("x5t", r#""three""#)
        })
        .refused(AmbiguousKey)
        .strict(ambiguous),
        case(
            "x5t, and the only key's is of another type",
            thumbprint,
            "thumbprint of another type",
            nameless().header("x5t", r#""two""#),
        ),
        case("the key has no kid, the token has", named, "EdDSA key without kid", token())
            .refused(UnknownKey)
            .strict("a key without `kid` is not tried for a token with one"),
        case("neither key nor token has a kid", named, "EdDSA key without kid", {
            token().without_header("kid")
        }),
        case("two types of key with one kid: EdDSA", named, "one kid, two types", {
            token().header("kid", r#""key""#)
        })
        .policy("all algorithms"),
        case("two types of key with one kid: ES256", named, "one kid, two types", {
            Token::for_algorithm(Algorithm::ES256).header("kid", r#""key""#)
        })
        .policy("all algorithms"),
        case("a secret with the same kid", "RFC 7517 section 5", "secret of the same kid", token()),
        case("a secret and no other key", "RFC 7517 section 5", "secret alone", token())
            .refused(UnknownKey),
        case("key is for encryption", "RFC 7517 section 4.2", "for encryption", token())
            .refused(UnknownKey),
        case("key is to sign with only", "RFC 7517 section 4.3", "to sign only", token())
            .refused(UnknownKey),
        case("private key is published", "RFC 7517 section 9.2", "private key published", token())
            .refused(UnknownKey)
            .strict("a private key that was published is nobody's"),
        case(
            "private key is published under another kid",
            "RFC 7517 section 9.2",
            "private key published elsewhere",
            token(),
        )
        .refused(UnknownKey)
        .strict("a private key that was published is nobody's"),
        case("EC key without alg", "RFC 7517 section 4.4", "EC key without alg", {
            Token::for_algorithm(Algorithm::ES256)
        })
        .policy("ES256"),
        case("RSA key without alg: RS256", "RFC 7517 section 4.4", "RSA key without alg", {
            rsa(Algorithm::RS256)
        })
        .policy("RS256"),
        case("RSA key without alg: PS384", "RFC 7517 section 4.4", "RSA key without alg", {
            rsa(Algorithm::PS384)
        })
        .policy("PS384"),
        case(
            "RSA key without alg: the policy's first",
            "RFC 8725 section 3.1",
            "RSA key without alg",
            rsa(Algorithm::RS512),
        )
        .policy("RS512 first"),
        case(
            "RSA key without alg: the policy's second",
            "RFC 8725 section 3.1",
            "RSA key without alg",
            rsa(Algorithm::RS256),
        )
        .policy("RS512 first")
        .refused(UnknownKey)
        .strict("one key is used with one algorithm"),
        case("key of another issuer", "RFC 8725 section 3.8", "key of another issuer", token())
            .refused(KeyOfOtherIssuer)
            .strict("the JWK's member `issuer`, which Microsoft publishes"),
        case("key of this issuer", "RFC 8725 section 3.8", "key of this issuer", token()),
        case(
            "key of each tenant, the token's tenant",
            "RFC 8725 section 3.8",
            "key of each tenant",
            tenant.clone().claim("tid", format!("{TENANT:?}")),
        )
        .policy("tenant"),
        case(
            "key of each tenant, another tenant",
            "RFC 8725 section 3.8",
            "key of each tenant",
            tenant.clone().claim("tid", r#""other""#),
        )
        .policy("tenant")
        .refused(KeyOfOtherIssuer)
        .strict("the JWK's member `issuer`, which Microsoft publishes"),
        case("key of each tenant, no tenant", "RFC 8725 section 3.8", "key of each tenant", tenant)
            .policy("tenant")
            .refused(KeyOfOtherIssuer)
            .strict("the JWK's member `issuer`, which Microsoft publishes"),
        case("template: a listed tenant", TENANTS, "key of each tenant", of_tenant(TENANT))
            .policy("one tenant of the template"),
        case("template: any tenant", TENANTS, "key of each tenant", of_tenant(OTHER_TENANT))
            .policy("any tenant of the template"),
        case("template: a tenant not listed", TENANTS, "key of each tenant", {
            of_tenant(OTHER_TENANT)
        })
        .policy("one tenant of the template")
        .refused(WrongTenant),
        case("template: iss and tid of two tenants", TENANTS, "key of each tenant", {
            of_tenant(TENANT).claim("tid", format!("{OTHER_TENANT:?}"))
        })
        .policy("any tenant of the template")
        .refused(WrongIssuer),
        case("template: tenant in upper case", TENANTS, "key of each tenant", {
            of_tenant(&TENANT.to_uppercase())
        })
        .policy("any tenant of the template")
        .refused(WrongIssuer)
        .strict("a tenant has one text, in lower case"),
        case("template: the placeholder as the tenant", TENANTS, "key of each tenant", {
            of_tenant("{tenantid}")
        })
        .policy("any tenant of the template")
        .refused(WrongIssuer),
        case("template: a path as the tenant", TENANTS, "key of each tenant", {
            of_tenant("../3f1c6c9e-7a54-4d0c-9a6b-1f2e3d4c5b6a")
        })
        .policy("any tenant of the template")
        .refused(WrongIssuer),
        case("template: no tid", TENANTS, "key of each tenant", {
            of_tenant(TENANT).without_claim("tid")
        })
        .policy("any tenant of the template")
        .refused(ClaimMissing { claim: "tid" }),
        case("template: tid is null", TENANTS, "key of each tenant", {
            of_tenant(TENANT).claim("tid", "null")
        })
        .policy("any tenant of the template")
        .refused(ClaimType { claim: "tid" }),
        case("template: key of another issuer", TENANTS, "key of another issuer", {
            of_tenant(TENANT)
        })
        .policy("any tenant of the template")
        .refused(KeyOfOtherIssuer)
        .strict("the JWK's member `issuer`, which Microsoft publishes"),
        case("template: key without issuer", TENANTS, "EdDSA", of_tenant(TENANT))
            .policy("one tenant of the template"),
        case("kid of a key, spelled with an escape", named, "EdDSA", {
            token().header("kid", r#""tokenring\u002dtest-key-eddsa""#)
        }),
        case("an unknown kid that holds the marker", named, "EdDSA", {
            token().header("kid", format!("{MARKER:?}"))
        })
        .refused(UnknownKey),
    ]
}

/// A token whose `iss` and `tid` name `tenant`.
fn of_tenant(tenant: &str) -> Token {
    let issuer = TEMPLATE.replace("{tenantid}", tenant);
    token().claim("iss", format!("{issuer:?}")).claim("tid", format!("{tenant:?}"))
}

const TENANTS: &str = "RFC 8725 section 3.8";

/// `a - b` for big-endian numbers of one length, without a final borrow.
fn difference(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut borrow = false;
    let mut bytes: Vec<u8> = a
        .iter()
        .zip(b)
        .rev()
        .map(|(a, b)| {
            let (first, one) = a.overflowing_sub(*b);
            let (second, two) = first.overflowing_sub(u8::from(borrow));
            borrow = one || two;
            second
        })
        .collect();
    bytes.reverse();
    bytes
}

/// A signature as in X.509: an ASN.1 sequence of two integers.
fn der_signature(r: &[u8], s: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        let mut bytes = number[zeros..].to_vec();
        if bytes[0] & 0x80 != 0 {
            bytes.insert(0, 0);
        }
        [vec![2, u8::try_from(bytes.len()).unwrap()], bytes].concat()
    };
    let both = [integer(r), integer(s)].concat();
    [vec![0x30, u8::try_from(both.len()).unwrap()], both].concat()
}

fn hex(digits: &str) -> Vec<u8> {
    let pairs = (0..digits.len()).step_by(2).map(|at| &digits[at..at + 2]);
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

/// SEC 2 section 2.4.2.
const ORDER_OF_P256: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

/// SEC 2 section 2.5.1.
const ORDER_OF_P384: &str = concat!(
    "ffffffffffffffffffffffffffffffffffffffffffffffff",
    "c7634d81f4372ddf581a0db248b0a77aecec196accc52973",
);

/// L of RFC 8032 section 5.1.
const ORDER_OF_ED25519: &str = "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed";
