//! Advice is tried before it is given. Each case is a token that is refused with a hint, and what the
//! hint asks for: a token, a policy or a key set with which it is accepted.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests may"
)]
#![cfg(feature = "fetch")]

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokenring::{
    Algorithm::{self, ES256, ES384, EdDSA, PS256, PS384, PS512, RS256},
    Explanation, JwkSet, Policy, RemoteJwks, TokenType, Verifier, VerifyError,
    explain::Check,
    remote::FetchRequest,
    testkit::{AUDIENCE, CLIENT_ID, ISSUER, Issuer, TestKey, TokenBuilder},
};

use crate::{
    common::{NOW, issuer, policy, token},
    explain::{explained, finding},
};

/// A token with the policy and the key set that it meets.
#[derive(Clone)]
struct Meeting {
    policy: Policy,
    keys: Value,
    token: String,
}

impl Meeting {
    /// With the keys of the test issuer.
    fn of(policy: Policy, token: &TokenBuilder) -> Self {
        Self { policy, keys: key_set(&issuer()), token: token.mint() }
    }

    fn with_keys(self, keys: impl IntoIterator<Item = Value>) -> Self {
        let keys: Vec<Value> = keys.into_iter().collect();
        Self { keys: json!({ "keys": keys }), ..self }
    }

    fn verifier(&self) -> Verifier<JwkSet> {
        let keys = JwkSet::from_json(self.keys.to_string().as_bytes()).unwrap();
        Verifier::new(self.policy.clone(), keys).unwrap()
    }

    fn explanation(&self) -> Explanation {
        explained(&self.verifier(), &self.token, NOW)
    }
}

struct Case {
    what: &'static str,
    check: Check,
    code: &'static str,
    refused: Meeting,
    /// Empty if this crate has no part in the remedy.
    accepted: Vec<Meeting>,
}

fn case(
    what: &'static str,
    (check, code): (Check, &'static str),
    refused: Meeting,
    accepted: impl IntoIterator<Item = Meeting>,
) -> Case {
    Case { what, check, code, refused, accepted: accepted.into_iter().collect() }
}

fn key_set(issuer: &Issuer) -> Value {
    serde_json::from_str(&issuer.jwks()).unwrap()
}

/// The rows of these cases in the table of all hints.
pub(crate) fn hints() -> Vec<(&'static str, Check, &'static str, Explanation)> {
    CASES
        .iter()
        .map(|case| (case.what, case.check, case.code, case.refused.explanation()))
        .collect()
}

static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    [signatures(), keys(), types(), issuers(), audiences()].into_iter().flatten().collect()
});

#[test]
fn token_policy_or_key_set_that_follows_the_hint_is_accepted() {
    for case in CASES.iter() {
        for remedy in &case.accepted {
            let explanation = remedy.explanation();
            assert_eq!(explanation.verdict(), Ok(()), "{}\n{explanation}", case.what);
        }
    }
}

fn hint_of(what: &str) -> String {
    let case = CASES.iter().find(|case| case.what == what).unwrap_or_else(|| panic!("{what}"));
    finding(&case.refused.explanation(), case.check).hint().unwrap().to_string()
}

// Signatures.

/// A token for `algorithm`, and the policy and keys that accept it.
fn meeting_for(algorithm: Algorithm, number: u64) -> Meeting {
    let issuer = Issuer::for_algorithm(ISSUER, algorithm);
    let token = issuer.token_at(NOW).claim("number", number);
    Meeting { keys: key_set(&issuer), ..Meeting::of(policy().algorithms([algorithm]), &token) }
}

/// The same token with another form of its signature.
fn resigned(meeting: &Meeting, form: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Meeting {
    let (message, signature) = meeting.token.rsplit_once('.').unwrap();
    let signature = form(URL_SAFE_NO_PAD.decode(signature).unwrap());
    let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
    Meeting { token, ..meeting.clone() }
}

/// The first token whose signature has a zero at one of `places`.
fn meeting_with_zero(algorithm: Algorithm, places: &[usize]) -> (Meeting, usize) {
    let found = (0..100_000).find_map(|number| {
        let meeting = meeting_for(algorithm, number);
        let signature = meeting.token.rsplit('.').next().unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let place = places.iter().find(|place| signature[**place] == 0)?;
        Some((meeting, *place))
    });
    found.unwrap()
}

fn without_byte(mut bytes: Vec<u8>, place: usize) -> Vec<u8> {
    bytes.remove(place);
    bytes
}

/// A signature in ASN.1 DER: a SEQUENCE of two INTEGERs. RFC 3279 section 2.2.3.
fn der(signature: &[u8]) -> Vec<u8> {
    let numbers = signature.chunks(signature.len() / 2).flat_map(|number| {
        let number = &number[number.iter().take_while(|byte| **byte == 0).count()..];
        let sign = if number[0] >= 0x80 { vec![0] } else { vec![] };
        let number = [sign, number.to_vec()].concat();
        [vec![2, u8::try_from(number.len()).unwrap()], number].concat()
    });
    let numbers: Vec<u8> = numbers.collect();
    [vec![0x30, u8::try_from(numbers.len()).unwrap()], numbers].concat()
}

fn signatures() -> Vec<Case> {
    let of = |code| (Check::Signature, code);
    let (p256, p384) = (meeting_for(ES256, 0), meeting_for(ES384, 0));
    let (zero_in_p256, place) = meeting_with_zero(ES256, &[0, 32]);
    let (zero_in_rsa, _) = meeting_with_zero(RS256, &[0]);
    let dropped = resigned(&zero_in_p256, |signature| without_byte(signature, place));
    let dropped_of_rsa = resigned(&zero_in_rsa, |signature| without_byte(signature, 0));
    let added = |bytes: [&'static [u8]; 3]| {
        move |signature: Vec<u8>| {
            let (r, s) = signature.split_at(signature.len() / 2);
            [bytes[0], r, bytes[1], s, bytes[2]].concat()
        }
    };
    let mut cases = vec![
        case("DER for P-256", of("signature_der"), resigned(&p256, |s| der(&s)), [p256.clone()]),
        case("DER for P-384", of("signature_der"), resigned(&p384, |s| der(&s)), [p384]),
        case(
            "DER by another key",
            of("signature_der"),
            Meeting { token: resigned(&meeting_for(ES256, 1), |s| der(&s)).token, ..p256.clone() },
            [],
        ),
        case("ES256, zero dropped", of("signature_zero_dropped"), dropped, [zero_in_p256]),
        case("RS256, zero dropped", of("signature_zero_dropped"), dropped_of_rsa, [zero_in_rsa]),
    ];
    for (what, bytes) in [
        ("recovery ID at the end", [&[][..], &[], &[27]]),
        ("recovery ID at the start", [&[1], &[], &[]]),
        ("zero before r", [&[0], &[], &[]]),
        ("zero before s", [&[], &[0], &[]]),
        ("zeros before r and s", [&[0], &[0], &[]]),
    ] {
        let refused = resigned(&p256, added(bytes));
        cases.push(case(what, of("signature_byte_added"), refused, [p256.clone()]));
    }
    let rsa = meeting_for(RS256, 0);
    let refused = resigned(&rsa, added([&[0], &[], &[]]));
    cases.push(case("RS256, zero in front", of("signature_byte_added"), refused, [rsa]));
    for (what, algorithm) in [
        ("ES256, 1 byte less", ES256),
        ("RS256, 1 byte less", RS256),
        ("EdDSA, 1 byte less", EdDSA),
    ] {
        let meeting = meeting_for(algorithm, 0);
        let refused = resigned(&meeting, |signature| without_byte(signature, 40));
        cases.push(case(what, of("signature_length"), refused, [meeting]));
    }
    let refused = resigned(&p256, |signature| signature[..62].to_vec());
    cases.push(case("ES256, cut", of("signature_cut"), refused, [p256.clone()]));
    for (what, form) in [
        ("ES256, 65 bytes by another key", [7; 65].to_vec()),
        (
            "ES256 with a longer DER",
            [vec![0x30, 102, 2, 49], vec![1; 49], vec![2, 49], vec![1; 49]].concat(),
        ),
        ("ES256 with DER and a byte behind it", [der(&[1; 64]), vec![0]].concat()),
    ] {
        let refused = resigned(&p256, |_| form);
        cases.push(case(what, of("signature_too_long"), refused, [p256.clone()]));
    }
    for (what, algorithm) in [("PS256 salt", PS256), ("PS384 salt", PS384), ("PS512 salt", PS512)] {
        let meeting = meeting_for(algorithm, 0);
        let refused = resigned(&meeting, |signature| vec![7; signature.len()]);
        cases.push(case(what, of("pss_salt"), refused, [meeting]));
    }
    cases
}

// Keys.

fn keys() -> Vec<Case> {
    let of = |code| (Check::Key, code);
    let [key, other] = [issuer().keys()[0].clone(), issuer().keys()[1].clone()];
    let both = || policy().algorithms([RS256, PS256]);
    let meeting = Meeting::of(policy(), &token());
    let with = |keys: &[Value]| meeting.clone().with_keys(keys.to_vec());
    let without_kid = |keys: &[Value]| {
        Meeting::of(policy(), &token().without_header("kid")).with_keys(keys.to_vec())
    };
    let pss = |policy: Policy| Meeting::of(policy, &token().key(&key.with_algorithm(PS256)));
    let encrypting = key.with_member("use", "enc").with_member("alg", "RSA-OAEP");
    let for_encryption = encrypting.jwk();
    let for_encryption_without_kid = encrypting.without_member("kid").jwk();
    let numbered = key.with_member("kid", 1).jwk();
    let nameless = key.without_member("kid").jwk();
    let of_java = key.with_member("alg", "SHA256withRSA");
    let mut cases = vec![
        case(
            "key of RS256 for a PS256 token, and a key for encryption",
            of("key_of_other_algorithm"),
            pss(both()).with_keys([for_encryption.clone(), key.jwk()]),
            [meeting.clone(), pss(both()).with_keys([key.with_algorithm(PS256).jwk()])],
        ),
        case(
            "key without alg for the second algorithm",
            of("unlabeled_key"),
            pss(both()).with_keys([key.without_alg().jwk()]),
            [
                pss(policy().algorithms([PS256, RS256])).with_keys([key.without_alg().jwk()]),
                pss(both()).with_keys([key.with_algorithm(PS256).jwk()]),
            ],
        ),
        case(
            "key without alg for the second algorithm, token without kid",
            of("unlabeled_key"),
            Meeting::of(both(), &token().key(&key.with_algorithm(PS256)).without_header("kid"))
                .with_keys([key.without_alg().jwk()]),
            [],
        ),
        case(
            "no kid, and no key for the algorithm",
            of("no_key_for_algorithm"),
            Meeting::of(both(), &token().key(&key.with_algorithm(PS256)).without_header("kid")),
            [without_kid(&[key.jwk()])],
        ),
        case(
            "key without kid",
            of("key_without_id"),
            with(std::slice::from_ref(&nameless)),
            [with(&[key.jwk()])],
        ),
        case(
            "key without kid among others",
            of("key_without_id"),
            with(&[other.jwk(), nameless.clone()]),
            [with(&[other.jwk(), key.jwk()])],
        ),
        case(
            "key without kid and alg",
            of("key_without_id"),
            with(&[key.without_alg().without_member("kid").jwk()]),
            [with(&[key.jwk()])],
        ),
        case(
            "kid is a number",
            of("key_id_not_a_string"),
            with(std::slice::from_ref(&numbered)),
            [with(&[key.jwk()])],
        ),
        case(
            "kid is a number, other keys are right",
            of("key_id_not_a_string"),
            with(&[other.jwk(), numbered]),
            [with(&[other.jwk(), key.jwk()])],
        ),
        case(
            "all skipped",
            of("all_keys_skipped"),
            with(&[of_java.without_member("kid").jwk()]),
            [with(&[key.jwk()])],
        ),
        case(
            "all skipped, token without kid",
            of("all_keys_skipped"),
            without_kid(&[of_java.without_member("kid").jwk()]),
            [without_kid(&[key.jwk()])],
        ),
        case(
            "no kid, and the only fitting entry skipped",
            of("entry_skipped"),
            without_kid(&[of_java.jwk(), other.with_algorithm(PS256).jwk()]),
            [without_kid(&[key.jwk(), other.with_algorithm(PS256).jwk()])],
        ),
        case(
            "entry without kid skipped",
            of("entry_skipped"),
            with(&[other.jwk(), of_java.without_member("kid").jwk()]),
            [with(&[other.jwk(), key.jwk()])],
        ),
        case(
            "entry with the kid skipped, other keys are right",
            of("key_skipped"),
            with(&[other.jwk(), of_java.jwk()]),
            [with(&[other.jwk(), key.jwk()])],
        ),
        case(
            "all skipped, the first for encryption",
            of("all_keys_skipped"),
            with(&[for_encryption_without_kid.clone(), of_java.without_member("kid").jwk()]),
            [with(&[key.jwk()])],
        ),
        case(
            "entry for encryption without kid",
            of("unknown_key_id"),
            with(&[other.jwk(), for_encryption_without_kid.clone()]),
            [with(&[other.jwk(), key.jwk()])],
        ),
        case(
            "entry for encryption, token without kid",
            of("no_key_for_algorithm"),
            without_kid(&[for_encryption.clone(), other.with_algorithm(PS256).jwk()]),
            [without_kid(&[key.jwk(), other.with_algorithm(PS256).jwk()])],
        ),
        case("no keys, token without kid", of("no_keys"), without_kid(&[]), [meeting.clone()]),
    ];
    for (what, issuer) in [
        ("Entra 1.0, unknown kid", "https://sts.windows.net/8d3a/"),
        ("Entra 2.0, unknown kid", "https://login.microsoftonline.com/8d3a/v2.0"),
        ("Entra 1.0 in China, unknown kid", "https://sts.chinacloudapi.cn/8d3a/"),
        (
            "Entra 2.0 of the US government, unknown kid",
            "https://login.microsoftonline.us/8d3a/v2.0",
        ),
    ] {
        let meeting = Meeting::of(Policy::new(issuer, AUDIENCE), &token().issuer(issuer));
        let refused = meeting.clone().with_keys([other.jwk()]);
        cases.push(case(what, of("entra_unknown_key"), refused, [meeting]));
    }
    cases
}

#[test]
fn key_set_whose_entries_were_all_skipped_is_explained_after_a_fetch_too() {
    let entry = issuer().keys()[0].with_member("alg", "SHA256withRSA").without_member("kid").jwk();
    let explanation = |set: Value| {
        let fetch = move |_: &FetchRequest| Ok(set.to_string().into_bytes());
        let keys = RemoteJwks::builder("https://tenant.example.auth0.com/jwks").fetch(fetch);
        let keys = keys.build().unwrap();
        keys.prime().unwrap_err();
        Verifier::new(policy(), keys).unwrap().explain_at(&token().mint(), NOW)
    };
    let skipped = explanation(json!({ "keys": [entry] }));
    let found = finding(&skipped, Check::Key);
    assert_eq!(
        found.hint().unwrap().to_string(),
        "No entry of the key set can be used: have the issuer correct it. One reason: the key's `alg` is not a signature algorithm accepted here.",
    );
    let expected = found.expected().unwrap();
    let skipped = "no key at hand; skipped: entry 0: the key's `alg` is not a signature algorithm";
    assert!(expected.starts_with(skipped), "{expected}");

    let empty = explanation(json!({ "keys": [] }));
    assert_eq!(finding(&empty, Check::Key).hint().unwrap().code(), "no_keys");
}

#[test]
fn report_names_no_algorithm_for_a_key_without_one() {
    let key = issuer().keys()[0].without_alg().jwk();
    let meeting = Meeting::of(policy(), &token().header("kid", "x")).with_keys([key]);
    let explanation = meeting.explanation();
    assert_eq!(
        finding(&explanation, Check::Key).expected(),
        Some(r#"a key at hand: "tokenring-test-key-01" RSA without alg"#),
    );
    // It is used with the algorithm of the token.
    let meeting = Meeting { token: token().mint(), ..meeting };
    assert_eq!(
        finding(&meeting.explanation(), Check::Key).actual(),
        Some(r#""tokenring-test-key-01" RS256, 2048 bits"#),
    );
}

// `typ`

fn types() -> Vec<Case> {
    let types = [
        ("logout token", "logout+jwt", "other_kind_of_token"),
        ("logout token with application/", "Application/LOGOUT+jwt", "other_kind_of_token"),
        ("security event", "secevent+jwt", "other_kind_of_token"),
        ("introspection", "token-introspection+jwt", "other_kind_of_token"),
        ("authorization request", "oauth-authz-req+jwt", "other_kind_of_token"),
        ("key binding", "kb+jwt", "other_kind_of_token"),
        ("credential", "dc+sd-jwt", "other_kind_of_token"),
        ("entity statement", "entity-statement+jwt", "other_kind_of_token"),
        ("ID token by its type", "id_token+jwt", "id_token_type"),
        ("DPoP proof", "dpop+jwt", "dpop_proof"),
        ("token of Okta's org server", "application/okta-internal-at+jwt", "okta_internal_token"),
        ("JOSE", "JOSE", "jose_type"),
        ("unknown type", "example+jwt", "unknown_type"),
        ("empty type", "", "malformed_type"),
        ("type with a space", "at + jwt", "malformed_type"),
    ];
    let cases = types.into_iter().map(|(what, typ, code)| {
        let refused = Meeting::of(policy(), &token().header("typ", typ));
        let under = |accepted| Meeting { policy: policy().token_type(accepted), ..refused.clone() };
        let other_policy = match code {
            "okta_internal_token" | "jose_type" | "unknown_type" => {
                Some(under(TokenType::Named(typ.into())))
            }
            "id_token_type" => Some(under(TokenType::IdToken)),
            _ => None,
        };
        let accepted = other_policy.into_iter().chain([Meeting::of(policy(), &token())]);
        case(what, (Check::Type, code), refused.clone(), accepted)
    });
    cases.collect()
}

// `iss`

/// A policy for `issuer`, and a token of it.
fn meeting_of(issuer: &str) -> Meeting {
    Meeting::of(Policy::new(issuer, AUDIENCE), &token().issuer(issuer))
}

fn issuers() -> Vec<Case> {
    let tenant = "11111111-2222-3333-4444-555555555555";
    let [entra_1, entra_1_cn] =
        ["sts.windows.net", "sts.chinacloudapi.cn"].map(|host| format!("https://{host}/{tenant}/"));
    let [entra_2, entra_2_us, entra_2_cn] =
        ["microsoftonline.com", "microsoftonline.us", "partner.microsoftonline.cn"]
            .map(|host| format!("https://login.{host}/{tenant}/v2.0"));
    let without_version = entra_2.trim_end_matches("/v2.0").to_owned();
    let other_version = format!("{without_version}/");
    let [adfs, adfs_access] =
        ["https://fs.example.com/adfs", "http://fs.example.com/adfs/services/trust"];
    let [realm, old_realm] =
        ["https://sso.example.com/realms/shop", "https://sso.example.com/auth/realms/shop"];
    let [org, custom] = ["https://dev-1.okta.com", "https://dev-1.okta.com/oauth2/aus1"];
    let [own_org, own_custom] = ["https://id.example.com", "https://id.example.com/oauth2/default"];
    let common = |name: &str| format!("https://login.microsoftonline.com/{name}/v2.0");
    let space = format!("{ISSUER} ");
    let shouted = ISSUER.to_uppercase();
    let two_faults = ISSUER.trim_end_matches('/').replace("https:", "http:");
    // The policy's issuer, and the token's.
    let pairs: [(&str, &str, &str, &str); 31] = [
        ("space in iss", "issuer_white_space", ISSUER, &space),
        ("slash in iss", "issuer_slash", ISSUER, ISSUER.trim_end_matches('/')),
        ("capitals in iss", "issuer_case", ISSUER, &shouted),
        ("port in iss", "issuer_port", "https://id.example.com/a", "https://id.example.com:443/a"),
        ("another port", "issuer_port", "http://localhost:9000", "http://localhost:9001"),
        ("port of IPv6", "issuer_port", "http://[::1]/", "http://[::1]:80/"),
        ("slash and scheme in iss", "issuer_spelling", ISSUER, &two_faults),
        ("number of a URN", "other_issuer", "urn:example:1", "urn:example:2"),
        ("another host", "issuer_host", "https://a.example.com/x", "https://b.example.com/x"),
        (
            "Google without https",
            "issuer_without_scheme",
            "https://accounts.google.com",
            "accounts.google.com",
        ),
        (
            "Google with https",
            "issuer_without_scheme",
            "accounts.google.com",
            "https://accounts.google.com",
        ),
        (
            "EVE Online",
            "issuer_without_scheme",
            "https://login.eveonline.com",
            "login.eveonline.com",
        ),
        ("Entra 1.0 worldwide", "entra_version_1", &entra_2, &entra_1),
        ("Entra 1.0 in the US", "entra_version_1", &entra_2_us, &entra_1),
        ("Entra 1.0 in China", "entra_version_1", &entra_2_cn, &entra_1_cn),
        ("Entra 1.0, neither configured", "entra_version_1", &other_version, &entra_1),
        ("Entra 2.0 worldwide", "entra_version_2", &entra_1, &entra_2),
        ("Entra 2.0 in the US", "entra_version_2", &entra_1, &entra_2_us),
        ("Entra 2.0 in China", "entra_version_2", &entra_1_cn, &entra_2_cn),
        ("Entra without /v2.0", "entra_version_missing", &without_version, &entra_2),
        ("Entra with a slash for /v2.0", "entra_version_missing", &other_version, &entra_2),
        ("Entra in two clouds", "other_issuer", &entra_2_cn, &entra_1),
        ("AD FS access token", "adfs_access_token", adfs, adfs_access),
        ("AD FS ID token", "adfs_id_token", adfs_access, adfs),
        ("Keycloak 17", "keycloak_path", old_realm, realm),
        ("Keycloak 16", "keycloak_path", realm, old_realm),
        ("another realm", "other_issuer", realm, "https://sso.example.com/auth/realms/other"),
        ("Okta's org server", "okta_org_server", custom, org),
        ("Okta's org server, own domain", "okta_org_server", own_custom, own_org),
        ("Okta's custom server", "okta_custom_server", org, custom),
        ("OAuth server with a path", "other_issuer", "https://id.example.com/oauth2/a", own_org),
    ];
    let mut cases: Vec<Case> = pairs
        .into_iter()
        .map(|(what, code, expected, actual)| {
            let refused = Meeting { token: meeting_of(actual).token, ..meeting_of(expected) };
            // One of the two is right, and then it is everywhere. No policy has white space at an end.
            let both = [expected, actual].into_iter().filter(|issuer| issuer.trim() == *issuer);
            case(what, (Check::Issuer, code), refused, both.map(meeting_of))
        })
        .collect();
    let of_tenant = |policy: Policy, issuer: &str| {
        Meeting::of(policy, &token().issuer(issuer).claim("tid", tenant))
    };
    for (what, expected, actual) in [
        ("Entra's common", "common", &entra_2),
        ("Entra's organizations, 1.0", "organizations", &entra_1),
    ] {
        let code = (Check::Issuer, "entra_tenant_missing");
        let refused = of_tenant(Policy::new(common(expected), AUDIENCE), actual);
        let template = actual.replace(tenant, "{tenantid}");
        let several = Policy::for_tenants(template, AUDIENCE).tenant(tenant);
        let accepted = [Policy::new(actual, AUDIENCE), several].map(|one| of_tenant(one, actual));
        cases.push(case(what, code, refused, accepted));
    }
    let others = Policy::for_tenants(common("{tenantid}"), AUDIENCE)
        .tenant("99999999-aaaa-bbbb-cccc-dddddddddddd");
    cases.push(case(
        "tenant that is not listed",
        (Check::Issuer, "tenant_not_listed"),
        of_tenant(others.clone(), &entra_2),
        [of_tenant(others.tenant(tenant), &entra_2)],
    ));
    let key = |issuer: &str| issuer_key().with_member("issuer", issuer).jwk();
    for (what, of_key, actual) in [
        ("Entra's keys of version 2.0", common("{tenantid}"), &entra_1),
        ("Entra's keys of version 2.0 in the US", entra_2_us, &entra_1),
        ("Entra's keys of version 2.0 in China", entra_2_cn, &entra_1_cn),
    ] {
        let refused = meeting_of(actual).with_keys([key(&of_key)]);
        let code = (Check::Issuer, "entra_keys_of_version_2");
        cases.push(case(what, code, refused, [meeting_of(actual).with_keys([issuer_key().jwk()])]));
    }
    cases
}

fn issuer_key() -> TestKey {
    issuer().keys()[0].clone()
}

#[test]
fn both_forms_of_an_issuer_are_accepted_by_one_verifier() {
    let [one, other] = ["https://accounts.google.com", "accounts.google.com"];
    let keys = JwkSet::from_json(issuer().jwks().as_bytes()).unwrap();
    let verifier = Verifier::new(Policy::new(one, AUDIENCE), keys.clone()).unwrap();
    let verifier = verifier.with_issuer(Policy::new(other, AUDIENCE), keys).unwrap();
    for issuer in [one, other] {
        let token = token().issuer(issuer).mint();
        assert_eq!(explained(&verifier, &token, NOW).verdict(), Ok(()), "{issuer}");
    }
}

#[test]
fn issuer_is_compared_with_each_of_several() {
    let keys = JwkSet::from_json(issuer().jwks().as_bytes()).unwrap();
    let verifier = Verifier::new(policy(), keys.clone()).unwrap();
    let verifier = verifier
        .with_issuer(Policy::new("https://sso.example.com/auth/realms/shop", AUDIENCE), keys)
        .unwrap();
    let token = token().issuer("https://sso.example.com/realms/shop").mint();
    let explanation = explained(&verifier, &token, NOW);
    assert_eq!(explanation.verdict(), Err(VerifyError::WrongIssuer));
    assert_eq!(finding(&explanation, Check::Route).hint().unwrap().code(), "keycloak_path");
}

// `aud`

fn audiences() -> Vec<Case> {
    let of = |code| (Check::Audience, code);
    let id = "6e74172b-0000-0000-0000-00000000000a";
    let [uri, other_uri] = [format!("api://{id}"), format!("api://{}", id.to_uppercase())];
    let api = "https://api.example.com";
    let names: [(&str, &str, &str, &str); 14] = [
        ("space in aud", "audience_white_space", api, "https://api.example.com\n"),
        ("slash in aud", "audience_slash", api, "https://api.example.com/"),
        ("capitals in aud", "audience_case", api, "https://API.example.com"),
        ("port in aud", "audience_port", api, "https://api.example.com:443"),
        ("http in aud", "audience_scheme", api, "http://api.example.com"),
        ("no scheme in aud", "audience_scheme", api, "api.example.com"),
        ("scheme and slash in aud", "audience_spelling", api, "api.example.com/"),
        ("client ID of Entra", "entra_audience", &uri, id),
        ("App ID URI of Entra", "entra_audience", id, &uri),
        ("App ID URI in capitals", "entra_audience", id, &other_uri),
        ("AD FS's prefix", "adfs_audience", "1f2e", "microsoft:identityserver:1f2e"),
        ("AD FS's prefix and another", "other_audience", "1f2e", "microsoft:identityserver:1f"),
        ("not the ID of Entra", "other_audience", "api://6e74172b", "6e74172c"),
        ("URI of another ID", "other_audience", "api://11111111-2222-3333-4444-555555555555", id),
    ];
    let mut cases: Vec<Case> = names
        .into_iter()
        .map(|(what, code, accepted, actual)| {
            let token = token().audience(actual);
            let policy = Policy::new(ISSUER, accepted);
            let refused = Meeting::of(policy.clone(), &token);
            // White space is to be removed at the issuer: no policy has it at an end.
            let remedy = match actual.trim() == actual {
                true => Meeting::of(policy.accept_audience(actual), &token),
                false => Meeting::of(policy, &token.audience(accepted)),
            };
            case(what, of(code), refused, [remedy])
        })
        .collect();
    let client = || Policy::for_client(ISSUER, CLIENT_ID);
    let requested = || Meeting::of(policy(), &token());
    let absent = token().without_claim("aud");
    cases.extend([
        case(
            "aud is an empty array",
            of("audience_empty"),
            Meeting::of(policy(), &token().audience(json!([]))),
            [requested()],
        ),
        case(
            "aud is an empty string",
            of("audience_empty"),
            Meeting::of(policy(), &token().audience("")),
            [requested()],
        ),
        case(
            "aud is null",
            of("audience_null"),
            Meeting::of(policy(), &token().audience(Value::Null)),
            [requested(), Meeting::of(client(), &absent)],
        ),
        case(
            "no aud",
            of("audience_missing"),
            Meeting::of(policy(), &absent),
            [requested(), Meeting::of(client(), &absent)],
        ),
    ]);
    cases
}

// The sentences.

#[test]
fn hint_says_the_numbers_and_names_of_its_case() {
    for (what, sentence) in [
        (
            "DER for P-384",
            "The signature is in ASN.1 DER: have the signer write `r` and `s` one after the other, 96 bytes for this key (RFC 7518 section 3.4).",
        ),
        (
            "ES256, zero dropped",
            "The signature has 63 bytes instead of 64 because the signer drops leading zeros: have it write every number in its full length.",
        ),
        (
            "zeros before r and s",
            "The signature is valid without 2 bytes that the signer adds, such as a recovery ID or a leading zero: have it write exactly 64.",
        ),
        (
            "RS256, 1 byte less",
            "The signature has 255 bytes, and this key's have 256: it was damaged, or made with another key, so compare it with the signer's.",
        ),
        (
            "PS384 salt",
            "Check the length of the salt, which must be that of the hash, 48 bytes (RFC 7518 section 3.5). If it is, the token was changed, or is signed with another key of the same `kid`.",
        ),
        (
            "key of RS256 for a PS256 token, and a key for encryption",
            "The key with this `kid` is for RS256, but the token's `alg` is PS256: have the issuer sign with the key's algorithm, or publish the key that it signed with.",
        ),
        (
            "key without alg for the second algorithm",
            "An RSA key without `alg` serves only the first RSA algorithm of the policy, RS256: put PS256 first in `Policy::algorithms`, or have the issuer write `alg` into the key.",
        ),
        (
            "no kid, and no key for the algorithm",
            "None of the issuer's 3 keys is for PS256, the token's `alg`: have the issuer publish the key that it signed with, or sign with one of these.",
        ),
        (
            "all skipped, the first for encryption",
            "No entry of the key set can be used: have the issuer correct it. One reason: the key's `alg` is not a signature algorithm accepted here.",
        ),
        (
            "entry without kid skipped",
            "No key in use fits the token, but an entry of the key set that may be its key was skipped: the key's `alg` is not a signature algorithm accepted here.",
        ),
        (
            "logout token",
            "`typ` says that this is a logout token, which ends a session, not an access token: send the access token.",
        ),
        (
            "Google without https",
            "Google writes its `iss` with and without https://. To accept both, add the other form with `Verifier::with_issuer`, with the same audience and keys.",
        ),
        (
            "Entra 1.0 in China",
            "The token has Entra's version 1.0: set `requestedAccessTokenVersion` to 2 in the API's manifest, or configure https://sts.chinacloudapi.cn/TENANT/ and the keys at https://login.partner.microsoftonline.cn/TENANT/discovery/keys.",
        ),
        (
            "Entra 1.0 in the US",
            "The token has Entra's version 1.0: set `requestedAccessTokenVersion` to 2 in the API's manifest, or configure https://sts.windows.net/TENANT/ and the keys at https://login.microsoftonline.us/TENANT/discovery/keys.",
        ),
        (
            "Entra 2.0 in the US",
            "The token has Entra's version 2.0: configure https://login.microsoftonline.us/TENANT/v2.0 and its keys.",
        ),
        (
            "Entra's keys of version 2.0",
            "The token has Entra's version 1.0, and these keys are for version 2.0: fetch the keys at https://login.microsoftonline.com/TENANT/discovery/keys with `RemoteJwks::new`.",
        ),
        (
            "Entra 1.0, unknown kid",
            "None of these keys has this `kid`: Entra serves those for version 1.0 at https://login.microsoftonline.com/TENANT/discovery/keys, and an app with a signing key of its own needs ?appid=CLIENT_ID at the end.",
        ),
    ] {
        assert_eq!(hint_of(what), sentence, "{what}");
    }
}
