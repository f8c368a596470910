//! An [`Explanation`] agrees with the verdict and is safe to print. Every hint has a token or a
//! request that gets it.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests may"
)]
#![cfg(feature = "fetch")]

use std::{collections::BTreeSet, num::NonZeroUsize, time::Duration};

use serde_json::{Value, json};
use tokenring::{
    Algorithm, Authentication, Explanation, FetchConfigError, Guard, JwkSet, KeyError, KeyQuery,
    KeySource, KeysDescription, Login, Policy, RemoteJwks, SelectedKey, TokenType, UnixTime,
    Verifier, VerifyError,
    explain::{Check, Finding, Outcome},
    remote::{FetchError, FetchRequest, TlsFault},
    testkit::{AUDIENCE, CLIENT_ID, ISSUER, Issuer, TestKey, TokenBuilder},
};

use crate::{
    advice,
    common::{NOW, issuer, policy, token, verifier, verifier_of},
};

/// The time `seconds` after [`NOW`].
fn at(seconds: i64) -> UnixTime {
    UnixTime::from_secs(NOW.as_secs().checked_add_signed(seconds).unwrap())
}

/// The explanation of `token`. Asserts that it agrees with the verdict of `verifier`.
pub(crate) fn explained<K: KeySource>(
    verifier: &Verifier<K>,
    token: &str,
    now: UnixTime,
) -> Explanation {
    let explanation = verifier.explain_at(token, now);
    let verdict = verifier.verify_at(token, now).map(|_| ());
    assert_eq!(explanation.verdict(), verdict, "{token}\n{explanation}");
    let first = explanation.findings().iter().find_map(Finding::error);
    assert_eq!(first, verdict.err(), "{token}\n{explanation}");
    explanation
}

fn explain(token: &TokenBuilder) -> Explanation {
    explained(&verifier(), &token.mint(), NOW)
}

/// The explanation of `token` under `policy`.
fn explain_under(policy: Policy, token: &TokenBuilder) -> Explanation {
    explained(&verifier_of(policy), &token.mint(), NOW)
}

fn explain_text(token: &str) -> Explanation {
    explained(&verifier(), token, NOW)
}

fn explain_request(authorization: &str) -> Explanation {
    Guard::new(verifier()).explain_at([authorization], NOW)
}

fn explain_scope(scope: &str, token: &TokenBuilder) -> Explanation {
    let guard = Guard::new(verifier()).require_scope(scope);
    guard.explain_at([format!("Bearer {}", token.mint())], NOW)
}

fn explain_permission(permission: &str, token: &TokenBuilder) -> Explanation {
    let guard = Guard::new(verifier()).require_permission(permission);
    guard.explain_at([format!("Bearer {}", token.mint())], NOW)
}

/// A token whose header and payload were padded before they were signed.
fn with_signed_padding() -> String {
    let text = padded(&token().header("x", "y").claim("pad", "p").mint());
    let [header, payload, _] = <[&str; 3]>::try_from(text.split('.').collect::<Vec<_>>()).unwrap();
    assert!(header.ends_with('=') && payload.ends_with('='), "{text}");
    padded(&token().header_segment(header).payload_segment(payload).mint())
}

/// The token with padding at the end of each segment that has room for it.
fn padded(token: &str) -> String {
    let segments =
        token.split('.').map(|text| format!("{text}{}", ["", "", "==", "="][text.len() % 4]));
    segments.collect::<Vec<_>>().join(".")
}

fn explain_with_set(set: Value, token: &TokenBuilder) -> Explanation {
    let keys = JwkSet::from_json(set.to_string().as_bytes()).unwrap();
    explained(&Verifier::new(policy(), keys).unwrap(), &token.mint(), NOW)
}

fn issuer_keys() -> JwkSet {
    JwkSet::from_json(issuer().jwks().as_bytes()).unwrap()
}

/// The explanation by a source whose only fetch failed with `error`, or that has fetched nothing.
fn explain_after(error: Option<FetchError>) -> Explanation {
    let failing = error.clone();
    let fetch = move |_: &FetchRequest| Err(failing.clone().unwrap_or(FetchError::Timeout));
    let keys = RemoteJwks::builder("https://tenant.example.auth0.com/jwks").fetch(fetch).build();
    let keys = keys.unwrap();
    if let Some(error) = error {
        assert_eq!(keys.prime().unwrap_err().error(), &error);
    }
    let verifier = Verifier::new(policy(), keys).unwrap();
    verifier.explain_at(&token().mint(), NOW)
}

/// The explanation by a source whose file cannot be used.
fn explain_after_read(keys: Result<RemoteJwks, FetchConfigError>) -> Explanation {
    let keys = keys.unwrap();
    keys.prime().unwrap_err();
    Verifier::new(policy(), keys).unwrap().explain_at(&token().mint(), NOW)
}

pub(crate) fn finding(explanation: &Explanation, check: Check) -> &Finding {
    let mut findings = explanation.findings().iter().filter(|finding| finding.check() == check);
    let found = findings.next().unwrap_or_else(|| panic!("no {check}\n{explanation}"));
    assert!(findings.next().is_none(), "{check} twice\n{explanation}");
    found
}

fn hint_code(explanation: &Explanation, check: Check) -> Option<&'static str> {
    finding(explanation, check).hint().map(|hint| hint.code())
}

/// A source whose keys are too old to be used without a fetch.
struct Expired(JwkSet);

impl KeySource for Expired {
    fn key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        self.0.key(query)
    }

    fn try_key(&self, _: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        Err(KeyError::Unavailable { retry_after: Duration::ZERO })
    }

    fn describe(&self) -> KeysDescription {
        KeysDescription::of(&self.0).with_state("past its ttl")
    }
}

/// The explanation by `source`, which has the token's key after a fetch.
fn explain_by(source: impl KeySource) -> Explanation {
    let verifier = Verifier::new(policy(), source).unwrap();
    assert_eq!(verifier.verify_at(&token().mint(), NOW).map(|_| ()), Ok(()));
    verifier.explain_at(&token().mint(), NOW)
}

/// A JWK with this `kid` whose modulus is too short.
fn weak_jwk(kid: &str) -> Value {
    json!({ "kty": "RSA", "kid": kid, "alg": "RS256", "n": "AQAB", "e": "AQAB" })
}

/// The fault, the check that finds it, the hint's code, and the explanation.
fn hints() -> Vec<(&'static str, Check, &'static str, Explanation)> {
    let good = token().mint();
    let [h, p, s] = <[&str; 3]>::try_from(good.split('.').collect::<Vec<_>>()).unwrap();
    let none: [&str; 0] = [];
    let guard = Guard::new(verifier());
    let (kid, now) = (issuer().keys()[0].kid().to_owned(), NOW.as_secs());
    let of = |policy: Policy, token: TokenBuilder| explain_under(policy, &token);
    let other_issuer = |expected: &str, actual: &str| {
        explain_under(Policy::new(expected, AUDIENCE), &token().issuer(actual))
    };
    let entra_1 = "https://sts.windows.net/8d3a/";
    let entra_2 = "https://login.microsoftonline.com/8d3a/v2.0";
    let realm = "https://sso.example.com/realms/main";
    let twins = json!({ "keys": [
        issuer().keys()[0].jwk(), issuer().keys()[1].with_kid(&*kid).jwk(),
    ] });
    vec![
        ("no header", Check::Authorization, "header_missing", guard.explain_at(none, NOW)),
        (
            "two headers",
            Check::Authorization,
            "header_repeated",
            guard.explain_at(["Bearer a", "Bearer b"], NOW),
        ),
        ("Basic", Check::Authorization, "other_scheme", explain_request("Basic dXNlcjpwdw==")),
        ("Digest", Check::Authorization, "other_scheme", explain_request("Digest a=b")),
        ("Bearera", Check::Authorization, "other_scheme", explain_request("Bearera b")),
        ("no scheme", Check::Authorization, "no_scheme", explain_request(&good)),
        ("empty", Check::Authorization, "header_empty", explain_request(" ")),
        ("no space", Check::Authorization, "space_missing", explain_request("Bearer:a")),
        ("tab", Check::Authorization, "tab", explain_request("Bearer\ta")),
        (
            "variable of a shell",
            Check::Authorization,
            "shell_variable",
            explain_request("Bearer ${TOKEN}"),
        ),
        (
            "variable of a template",
            Check::Authorization,
            "template_variable",
            explain_request("Bearer {{token}}"),
        ),
        (
            "answer of the token endpoint",
            Check::Authorization,
            "json_object",
            explain_request(r#"Bearer {"access_token": "a.b.c"}"#),
        ),
        (
            "angle brackets",
            Check::Authorization,
            "angle_brackets",
            explain_request(&format!("Bearer <{good}>")),
        ),
        (
            "bytes of Python",
            Check::Authorization,
            "python_bytes",
            explain_request(&format!("Bearer b'{good}'")),
        ),
        (
            "comma at the end",
            Check::Authorization,
            "trailing_separator",
            explain_request(&format!("Bearer {good},")),
        ),
        (
            "two values in one",
            Check::Authorization,
            "joined_by_comma",
            explain_request("Bearer a, Bearer b"),
        ),
        ("ellipsis", Check::Authorization, "not_ascii", explain_request("Bearer eyJh\u{2026}c2ln")),
        ("Bearer alone", Check::Authorization, "token_empty", explain_request("Bearer ")),
        (
            "Bearer Bearer",
            Check::Authorization,
            "bearer_twice",
            explain_request(&format!("Bearer bearer {good}")),
        ),
        (
            "Bearer in a token",
            Check::Header,
            "bearer_twice",
            explain_text(&format!("Bearer {good}")),
        ),
        ("null", Check::Segments, "placeholder", explain_request("Bearer null")),
        ("undefined", Check::Segments, "placeholder", explain_text("undefined")),
        (
            "[object Object]",
            Check::Authorization,
            "placeholder",
            explain_request("Bearer [object Object]"),
        ),
        ("quoted", Check::Authorization, "quoted", explain_request(&format!("Bearer \"{good}\""))),
        (
            "line break at the end",
            Check::Authorization,
            "white_space",
            explain_request(&format!("Bearer {good}\r\n")),
        ),
        (
            "space in the signature",
            Check::Signature,
            "white_space",
            explain_text(&format!("{h}.{p}.{} {}", &s[..10], &s[10..])),
        ),
        (
            "percent-encoded",
            Check::Authorization,
            "percent_encoded",
            explain_request(&format!("Bearer {h}%2E{p}%2E{s}")),
        ),
        ("padded", Check::Signature, "padded", explain_text(&format!("{good}=="))),
        (
            "padding that the issuer has signed",
            Check::Header,
            "padding_signed",
            explain_text(&with_signed_padding()),
        ),
        (
            "standard alphabet",
            Check::Header,
            "standard_alphabet",
            explain(&token().header_segment("eyJhbGciOiJSUzI1NiIsInR5cCI6Ij8/PyJ9")),
        ),
        ("17 KiB", Check::Size, "too_large", explain_text(&"a".repeat(17 * 1024))),
        ("opaque", Check::Segments, "opaque", explain_text("2YotnFZFEjr1zCsicMWpAA==")),
        (
            "five segments",
            Check::Segments,
            "encrypted",
            explain_text(&format!("{h}.{p}.{p}.{p}.{s}")),
        ),
        ("two segments", Check::Segments, "signature_missing", explain_text(&format!("{h}.{p}"))),
        ("no signature", Check::Segments, "signature_missing", explain_text(&format!("{h}.{p}."))),
        (
            "alg none",
            Check::Segments,
            "unsigned",
            explain(&token().header("alg", "none").signature_segment("")),
        ),
        (
            "refresh token of Keycloak",
            Check::Algorithm,
            "keycloak_refresh_token",
            explain(&token().header("alg", "HS512").claim("typ", "Refresh")),
        ),
        ("HS256", Check::Algorithm, "shared_secret", explain(&token().header("alg", "HS256"))),
        ("PS256", Check::Algorithm, "other_algorithm", explain(&token().header("alg", "PS256"))),
        ("ES512", Check::Algorithm, "unknown_algorithm", explain(&token().header("alg", "ES512"))),
        ("unknown kid", Check::Key, "unknown_key_id", explain(&token().header("kid", "another"))),
        (
            "unknown kid of another tenant",
            Check::Key,
            "key_of_other_issuer",
            explain(&token().header("kid", "another").issuer("https://other.example.auth0.com/")),
        ),
        (
            "kid of a key for another algorithm",
            Check::Key,
            "key_of_other_algorithm",
            of(
                policy().algorithms([Algorithm::ES256, Algorithm::RS256]),
                token().key(&TestKey::for_algorithm(Algorithm::ES256).with_kid(&*kid)),
            ),
        ),
        (
            "kid of a key that was skipped",
            Check::Key,
            "key_skipped",
            explain_with_set(json!({ "keys": [weak_jwk(&kid)] }), &token()),
        ),
        ("no keys", Check::Key, "no_keys", explain_with_set(json!({ "keys": [] }), &token())),
        ("no kid", Check::Key, "key_id_missing", explain(&token().without_header("kid"))),
        (
            "unknown x5t",
            Check::Key,
            "unknown_thumbprint",
            explain_with_set(
                json!({"keys": [issuer().keys()[0].with_member("x5t", "known").jwk()]}),
                &token().without_header("kid").header("x5t", "unknown"),
            ),
        ),
        (
            "two keys with one kid",
            Check::Key,
            "key_id_ambiguous",
            explain_with_set(twins, &token()),
        ),
        ("not fetched yet", Check::Key, "keys_not_fetched", explain_after(None)),
        ("keys too old", Check::Key, "keys_out_of_date", explain_by(Expired(issuer_keys()))),
        (
            "signature cut",
            Check::Signature,
            "signature_cut",
            explain_text(&good[..good.len() - 94]),
        ),
        (
            "signature cut, and not base64url",
            Check::Signature,
            "signature_cut",
            explain(&token().signature_segment("AA!A")),
        ),
        (
            "signature too long",
            Check::Signature,
            "signature_too_long",
            explain(&token().signature([7; 384])),
        ),
        (
            "signed by another",
            Check::Signature,
            "signature_mismatch",
            explain(&token().forged_by(&TestKey::attacker())),
        ),
        (
            "Microsoft Graph, nonce in the header",
            Check::Signature,
            "microsoft_graph",
            explain_under(
                Policy::new(entra_2, AUDIENCE),
                &token().issuer(entra_2).header("nonce", "n").signature([7; 256]),
            ),
        ),
        (
            "Microsoft Graph by its number",
            Check::Audience,
            "microsoft_graph",
            explain(&token().audience("00000003-0000-0000-c000-000000000000")),
        ),
        (
            "Microsoft Graph by its URL",
            Check::Audience,
            "microsoft_graph",
            explain(&token().audience("https://graph.microsoft.com")),
        ),
        (
            "logout token",
            Check::Type,
            "other_kind_of_token",
            explain(&token().header("typ", "logout+jwt")),
        ),
        (
            "JWT where at+jwt is wanted",
            Check::Type,
            "untyped_access_token",
            of(policy().token_type(TokenType::AccessToken), token()),
        ),
        (
            "issuer without the slash",
            Check::Issuer,
            "issuer_slash",
            other_issuer(ISSUER, ISSUER.trim_end_matches('/')),
        ),
        (
            "issuer with http:",
            Check::Issuer,
            "issuer_scheme",
            other_issuer(ISSUER, &ISSUER.replace("https:", "http:")),
        ),
        (
            "issuer without a scheme",
            Check::Issuer,
            "issuer_scheme",
            other_issuer(ISSUER, ISSUER.trim_start_matches("https://")),
        ),
        (
            "issuer in capitals",
            Check::Issuer,
            "issuer_case",
            other_issuer(ISSUER, &ISSUER.to_uppercase()),
        ),
        (
            "custom domain",
            Check::Issuer,
            "issuer_host",
            other_issuer(realm, "https://login.example.com/realms/main"),
        ),
        ("Entra 1.0", Check::Issuer, "entra_version_1", other_issuer(entra_2, entra_1)),
        ("Entra 2.0", Check::Issuer, "entra_version_2", other_issuer(entra_1, entra_2)),
        (
            "Entra 1.0 of another tenant",
            Check::Issuer,
            "other_issuer",
            other_issuer(entra_2, "https://sts.windows.net/ffff/"),
        ),
        (
            "Entra 2.0 of another tenant",
            Check::Issuer,
            "other_issuer",
            other_issuer(entra_1, "https://login.microsoftonline.com/ffff/v2.0"),
        ),
        (
            "another issuer",
            Check::Issuer,
            "other_issuer",
            other_issuer(ISSUER, "https://dev-1.okta.com/oauth2/default"),
        ),
        (
            "audience without the slash",
            Check::Audience,
            "audience_slash",
            explain(&token().audience(AUDIENCE.trim_end_matches('/'))),
        ),
        (
            "audience without the slash among others",
            Check::Audience,
            "audience_slash",
            explain(&token().audience(["x", AUDIENCE.trim_end_matches('/')])),
        ),
        (
            "ID token, by its audience",
            Check::Audience,
            "id_token",
            explain(&token().audience(CLIENT_ID)),
        ),
        (
            "ID token, by nonce",
            Check::Audience,
            "id_token",
            explain(&token().audience("x").claim("nonce", "n")),
        ),
        (
            "ID token, by at_hash",
            Check::Audience,
            "id_token",
            explain(&token().audience("x").claim("at_hash", "a")),
        ),
        (
            "Keycloak's account",
            Check::Audience,
            "keycloak_audience",
            of(Policy::new(realm, AUDIENCE), token().issuer(realm).audience("account")),
        ),
        (
            "Keycloak without audience",
            Check::Audience,
            "keycloak_audience",
            of(Policy::new(realm, AUDIENCE), token().issuer(realm).without_claim("aud")),
        ),
        (
            "Cognito",
            Check::Audience,
            "cognito_audience",
            explain(&token().without_claim("aud").claim("token_use", "access")),
        ),
        (
            "another API",
            Check::Audience,
            "other_audience",
            explain(&token().audience(["https://other.example.com/", "x"])),
        ),
        (
            "an API, under a policy for a client",
            Check::Audience,
            "audience_of_client_policy",
            of(Policy::for_client(ISSUER, CLIENT_ID), token()),
        ),
        (
            "ID token of another client, under a policy for a client",
            Check::Audience,
            "id_token",
            of(Policy::for_client(ISSUER, "x"), token().audience(CLIENT_ID)),
        ),
        (
            "client with a slash, under a policy for a client",
            Check::Audience,
            "audience_slash",
            of(Policy::for_client(ISSUER, CLIENT_ID), token().audience(format!("{CLIENT_ID}/"))),
        ),
        (
            "expired",
            Check::Expiry,
            "expired",
            explain(&token().expires_at(at(-90)).claim("iat", now - 3690)),
        ),
        (
            "expired, no iat",
            Check::Expiry,
            "expired",
            explain(&token().expires_at(NOW).without_claim("iat")),
        ),
        (
            "valid in a minute",
            Check::NotBefore,
            "not_yet_valid",
            explain(&token().claim("nbf", now + 60)),
        ),
        (
            "valid from the last second of the year 9999",
            Check::NotBefore,
            "not_yet_valid",
            explain(&token().claim("nbf", 253_402_300_799_u64)),
        ),
        (
            "exp in milliseconds",
            Check::Expiry,
            "milliseconds",
            explain(&token().claim("exp", (now + 60) * 1000)),
        ),
        (
            "nbf in milliseconds",
            Check::NotBefore,
            "milliseconds",
            explain(&token().claim("nbf", now * 1000)),
        ),
        (
            "exp is a string",
            Check::Expiry,
            "time_as_string",
            explain(&token().claim("exp", now.to_string())),
        ),
        (
            "iat is a string",
            Check::Claim,
            "time_as_string",
            explain(&token().claim("iat", "2026-05-28T20:26:40Z")),
        ),
        (
            "another client",
            Check::Client,
            "other_client",
            of(policy().authorized_party("x"), token()),
        ),
        (
            "scope in scp",
            Check::Scope,
            "scope_elsewhere",
            explain_scope(
                "orders:read",
                &token().without_claim("scope").claim("scp", "orders:read"),
            ),
        ),
        (
            "scopes with commas",
            Check::Scope,
            "scope_commas",
            explain_scope("b", &token().scope("a,b")),
        ),
        (
            "scope that is a permission",
            Check::Scope,
            "scope_is_permission",
            explain_scope("b", &token().permissions(["a", "b"])),
        ),
        ("scope that is missing", Check::Scope, "scope_missing", explain_scope("b", &token())),
        ("empty scope", Check::Scope, "requirement_empty", explain_scope("", &token())),
        (
            "permission that is missing",
            Check::Permission,
            "permission_missing",
            explain_permission("b", &token()),
        ),
        (
            "permission that is a scope",
            Check::Permission,
            "permission_is_scope",
            explain_permission("b", &token().scope("a b")),
        ),
        (
            "DPoP",
            Check::Confirmation,
            "sender_constrained",
            explain(&token().claim("cnf", json!({ "jkt": "x" }))),
        ),
        (
            "logout token without typ",
            Check::Events,
            "security_event",
            explain(&token().claim("events", json!({}))),
        ),
        (
            "another type than the one named",
            Check::Type,
            "other_token_type",
            of(policy().token_type(TokenType::Named("JOSE".into())), token()),
        ),
    ]
    .into_iter()
    .chain(hints_for_logins())
    .chain(hints_for_guards())
    .collect()
}

/// The same for what only a guard requires.
fn hints_for_guards() -> Vec<(&'static str, Check, &'static str, Explanation)> {
    let guard = || Guard::new(verifier());
    let of = |guard: Guard<JwkSet>, token: TokenBuilder| guard.explain_token_at(&token.mint(), NOW);
    let with_role = |path: &str, value: &str| guard().require_claim_value(path, value);
    let recent = |needed: Authentication| guard().require_authentication(needed);
    let age = || Authentication::new().max_age(300);
    let (login, now) = (Check::Authentication, NOW.as_secs());
    vec![
        (
            "Bearer before a token alone",
            Check::Authorization,
            "scheme_not_expected",
            guard().explain_token_at(&format!("Bearer {}", token().mint()), NOW),
        ),
        (
            "claim without the value",
            Check::ClaimValue,
            "claim_value_missing",
            of(with_role("roles", "admin"), token().claim("roles", ["user"])),
        ),
        (
            "no claim at a path",
            Check::ClaimValue,
            "claim_path_nowhere",
            of(with_role("/a/roles", "admin"), token().claim("roles", ["admin"])),
        ),
        (
            "malformed path",
            Check::ClaimValue,
            "claim_path_malformed",
            of(with_role("/a~2", "admin"), token()),
        ),
        (
            "empty value",
            Check::ClaimValue,
            "requirement_empty",
            of(with_role("roles", ""), token().claim("roles", [""])),
        ),
        (
            "another acr than the guard's",
            login,
            "step_up_method",
            of(recent(Authentication::new().acr_values(["mfa"])), token().claim("acr", "pwd")),
        ),
        (
            "no acr in an access token",
            login,
            "step_up_claim_missing",
            of(recent(Authentication::new().acr_values(["mfa"])), token()),
        ),
        (
            "login too old for the guard",
            login,
            "step_up_age",
            of(recent(age()), token().claim("auth_time", now - 301)),
        ),
        (
            "login of an access token in the future",
            login,
            "auth_time_ahead",
            of(recent(age()), token().claim("auth_time", now + 1)),
        ),
        (
            "auth_time of an access token is a string",
            login,
            "time_as_string",
            of(recent(age()), token().claim("auth_time", "1")),
        ),
        (
            "auth_time of an access token in milliseconds",
            login,
            "milliseconds",
            of(recent(age()), token().claim("auth_time", now * 1000)),
        ),
        (
            "no authentication",
            login,
            "requirement_empty",
            of(recent(Authentication::new()), token()),
        ),
        (
            "empty acr",
            login,
            "requirement_empty",
            of(recent(Authentication::new().acr_values([""])), token().claim("acr", "")),
        ),
    ]
}

/// The same for ID tokens.
fn hints_for_logins() -> Vec<(&'static str, Check, &'static str, Explanation)> {
    let of_policy = |policy: Policy, token: TokenBuilder, login: Login| {
        verifier_of(policy).explain_id_token_at(&token.mint(), &login, NOW)
    };
    let of = |token, login| of_policy(Policy::for_id_tokens(ISSUER, "client"), token, login);
    let id_token = || issuer().id_token_at("client", NOW);
    let sent = || Login::from_authorization_endpoint("n").code("c");
    let (now, plain) = (NOW.as_secs(), Login::new);
    let time = Check::AuthenticationTime;
    vec![
        (
            "login under a policy for an API",
            Check::Purpose,
            "policy_not_for_id_tokens",
            of_policy(policy(), token(), plain()),
        ),
        (
            "access token for a login",
            Check::Type,
            "access_token",
            of(id_token().header("typ", "at+jwt"), plain()),
        ),
        (
            "DPoP proof for a login",
            Check::Type,
            "no_id_token",
            of(id_token().header("typ", "dpop+jwt"), plain()),
        ),
        (
            "ID token of another client",
            Check::Audience,
            "id_token_of_other_client",
            of(id_token().audience("other"), plain()),
        ),
        (
            "ID token for others too",
            Check::Audience,
            "untrusted_audience",
            of(id_token().audience(["client", "other"]), plain()),
        ),
        (
            "azp of another client",
            Check::Client,
            "id_token_for_other_party",
            of(id_token().claim("azp", "other"), plain()),
        ),
        (
            "nonce without one in the login",
            Check::Nonce,
            "nonce_not_given",
            of(id_token().claim("nonce", "n"), plain()),
        ),
        ("no nonce", Check::Nonce, "nonce_missing", of(id_token(), plain().nonce("n"))),
        (
            "another nonce",
            Check::Nonce,
            "other_nonce",
            of(id_token().claim("nonce", "m"), plain().nonce("n")),
        ),
        (
            "no acr",
            Check::AuthenticationContext,
            "other_authentication",
            of(id_token(), plain().acr_values(["phr"])),
        ),
        ("no auth_time", time, "auth_time_missing", of(id_token(), plain().max_age(1))),
        (
            "auth_time in the future",
            time,
            "auth_time_ahead",
            of(id_token().claim("auth_time", now + 5), plain().max_age(1)),
        ),
        (
            "auth_time long ago",
            time,
            "login_too_old",
            of(id_token().claim("auth_time", now - 5), plain().max_age(1)),
        ),
        (
            "auth_time in milliseconds",
            time,
            "milliseconds",
            of(id_token().claim("auth_time", now * 1000), plain().max_age(1)),
        ),
        (
            "auth_time is a string",
            time,
            "time_as_string",
            of(id_token().claim("auth_time", "1"), plain().max_age(1)),
        ),
        (
            "another access token",
            Check::AccessTokenHash,
            "other_hash",
            of(id_token().claim("at_hash", "x"), plain().access_token("a")),
        ),
        (
            "no c_hash from the authorization endpoint",
            Check::CodeHash,
            "hash_missing",
            of(id_token().claim("nonce", "n"), sent()),
        ),
    ]
    .into_iter()
    .chain(advice::hints())
    .collect()
}

#[test]
fn every_hint_is_given_for_its_fault() {
    for (what, check, hint, explanation) in hints() {
        let found = finding(&explanation, check);
        assert_eq!(found.outcome(), Outcome::Failed, "{what}\n{explanation}");
        assert_eq!(hint_code(&explanation, check), Some(hint), "{what}\n{explanation}");
    }
}

#[test]
fn fault_of_unknown_cause_has_no_hint() {
    let realm = "https://sso.example.com/realms/main";
    let keycloak = Verifier::new(Policy::new(realm, AUDIENCE), issuer_keys()).unwrap();
    let long = "!".repeat(342);
    let of_other = json!({ "keys": [issuer().keys()[0].with_member("issuer", "x").jwk()] });
    for (check, explanation) in [
        // A bearer token may contain `=` and `/`, but never an exclamation mark.
        (Check::Authorization, explain_request("Bearer a=b!c")),
        (Check::Authorization, explain_request("Bearer a/b!c")),
        (Check::Header, explain_text("!!.???.***")),
        (Check::Signature, explain(&token().signature_segment(long))),
        (Check::Expiry, explain(&token().claim("exp", json!({})))),
        (Check::Expiry, explain(&token().claim("exp", -1))),
        (Check::Audience, explained(&keycloak, &token().audience(5).mint(), NOW)),
        (Check::Issuer, explain_with_set(of_other, &token())),
    ] {
        let found = finding(&explanation, check);
        assert_eq!((found.outcome(), found.hint()), (Outcome::Failed, None), "{explanation}");
    }
}

#[test]
fn every_hint_has_a_code_of_its_own_and_a_line_in_the_table() {
    let source = include_str!("../../src/explain/hint.rs");
    let rows = source.split("Hint::coded(").skip(1);
    let codes: Vec<&str> = rows.map(|row| row.split('"').nth(1).unwrap()).collect();
    let distinct: BTreeSet<&str> = codes.iter().copied().collect();
    assert_eq!(distinct.len(), codes.len(), "{codes:?}");
    let given: BTreeSet<&str> = hints().into_iter().map(|(_, _, hint, _)| hint).collect();
    assert_eq!(given, distinct);
    for code in distinct {
        assert!(code.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_')), "{code}");
        // The name of the constant is the code.
        let row = format!("const {}: Hint =", code.to_uppercase());
        assert!(source.contains(&row), "{row}");
    }
}

#[test]
fn every_hint_is_a_sentence() {
    for (what, check, _, explanation) in hints() {
        let text = finding(&explanation, check).hint().unwrap().to_string();
        assert!(text.starts_with(|c: char| c.is_ascii_uppercase() || c == '`'), "{what}: {text}");
        assert!(text.ends_with('.') && text.is_ascii() && text.len() <= 240, "{what}: {text}");
        assert!(!text.contains(['{', '}']), "{what}: {text}");
    }
}

#[test]
fn hint_says_the_numbers_and_names_that_it_is_about() {
    let sentences = [
        (
            "PS256",
            "If the issuer should sign with PS256, add it to `Policy::algorithms`; otherwise set the issuer to an algorithm listed there.",
        ),
        (
            "unknown kid",
            "None of the issuer's 3 keys has this `kid`: the token is from another tenant or environment, or its key was replaced.",
        ),
        (
            "kid of a key that was skipped",
            "The key set has this `kid`, but the key is not used: the key's modulus has 17 bits, 2048 is the least.",
        ),
        (
            "signature cut",
            "The signature has 186 bytes, and this key's have 256: the token was probably cut, so send all of it.",
        ),
        (
            "signature cut, and not base64url",
            "The signature has 3 bytes, and this key's have 256: the token was probably cut, so send all of it.",
        ),
        (
            "signature too long",
            "The signature has 384 bytes, and this key's have 256: something was added to the token, or it is signed with another key.",
        ),
        (
            "expired",
            "The token expired 1 minute 30 seconds ago after a lifetime of 1 hour: the client must renew it in time, or this host's clock is ahead.",
        ),
        (
            "expired, no iat",
            "The token expired 0 seconds ago: the client must renew it in time, or this host's clock is ahead.",
        ),
        (
            "valid in a minute",
            "The token becomes valid in 1 minute: compare the clocks of the issuer and of this host, and allow some seconds with `Policy::leeway`.",
        ),
        (
            "valid from the last second of the year 9999",
            "The token becomes valid in 2912295 days 3 hours: compare the clocks of the issuer and of this host, and allow some seconds with `Policy::leeway`.",
        ),
    ];
    let hints = hints();
    for (what, sentence) in sentences {
        let (_, check, _, explanation) = hints.iter().find(|(name, ..)| *name == what).unwrap();
        assert_eq!(finding(explanation, *check).hint().unwrap().to_string(), sentence, "{what}");
    }
}

#[test]
fn good_token_fails_no_check_and_gets_no_hint() {
    let explanation = explain(&token());
    assert_eq!(explanation.verdict(), Ok(()));
    for finding in explanation.findings() {
        assert_eq!(finding.outcome(), Outcome::Passed, "{explanation}");
        assert_eq!(finding.hint(), None, "{explanation}");
        assert!(finding.is_verified());
    }
}

// The verdict.

/// Variants of a token, each with another value for one of the checks.
fn variants(token: &TokenBuilder) -> Vec<TokenBuilder> {
    let values = [
        json!(null),
        json!(true),
        json!(1),
        json!(-1.5),
        json!(1e300),
        json!(NOW.as_secs() + 1),
        json!(""),
        json!("a"),
        json!("\u{202e}\n\"\\"),
        json!([]),
        json!([""]),
        json!(["a", AUDIENCE]),
        json!(["a", 1]),
        json!({}),
        json!({ "a": "b" }),
    ];
    let mut variants = vec![token.clone()];
    let claims = ["iss", "aud", "exp", "nbf", "iat", "sub", "jti", "azp", "client_id", "cnf"];
    for claim in claims.into_iter().chain(["scope", "permissions", "token_use"]) {
        variants.push(token.clone().without_claim(claim));
        variants.extend(values.iter().map(|value| token.clone().claim(claim, value.clone())));
    }
    for parameter in ["alg", "typ", "kid", "crit", "nonce"] {
        variants.push(token.clone().without_header(parameter));
        variants.extend(values.iter().map(|value| token.clone().header(parameter, value.clone())));
    }
    // Two faults at once: the one that the pipeline finds first is the verdict.
    variants.push(token.clone().claim("exp", "1").header("typ", "dpop+jwt").without_claim("aud"));
    variants.push(token.clone().claim("iat", "1").claim("exp", "1").claim("cnf", 1));
    variants.push(token.clone().claim("sub", 1).issuer("x").claim("a\"\\\n", "b"));
    variants.push(token.clone().header("alg", "ES384").issuer("https://unknown.example/"));
    variants.push(token.clone().header("kid", "x".repeat(257)).issuer("https://unknown.example/"));
    variants.push(token.clone().raw_payload(""));
    variants.push(token.clone().raw_payload("[]"));
    variants.push(token.clone().raw_payload([0xff]));
    variants.push(token.clone().raw_payload(r#"{"iss":"a","iss":"a"}"#));
    variants.push(token.clone().raw_header("{}"));
    variants.push(token.clone().raw_header([0xff]));
    variants.push(token.clone().payload_segment("e30="));
    variants.push(token.clone().payload_segment(" "));
    variants.push(token.clone().signature_segment("AB"));
    variants.push(token.clone().signature([0; 2000]));
    variants
}

#[test]
fn verdict_is_the_verifiers_for_every_algorithm() {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    for algorithm in [RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA] {
        let issuer = Issuer::for_algorithm(ISSUER, algorithm);
        let keys = JwkSet::from_json(issuer.jwks().as_bytes()).unwrap();
        let verifier = Verifier::new(policy().algorithms([algorithm]), keys).unwrap();
        let good = issuer.token_at(NOW);
        let verdict = |token: &TokenBuilder| explained(&verifier, &token.mint(), NOW).verdict();
        assert_eq!(verdict(&good), Ok(()));
        let forged = good.clone().forged_by(&TestKey::attacker_for(algorithm));
        assert_eq!(verdict(&forged), Err(VerifyError::BadSignature));
        assert_eq!(verdict(&good.clone().header("kid", "x")), Err(VerifyError::UnknownKey));
        assert_eq!(verdict(&good.clone().audience("x")), Err(VerifyError::WrongAudience));
    }
}

#[test]
fn verdict_is_the_verifiers_whatever_the_policy_and_the_time() {
    let minute = Duration::from_secs(60);
    let policies = [
        policy(),
        policy().leeway(minute).authorized_party(CLIENT_ID).accept_client("a"),
        policy().token_type(TokenType::AccessToken).allow_sender_constrained(),
        Policy::for_client(ISSUER, CLIENT_ID).require_claim("token_use", "a"),
        policy().require_claim("scope", "a").require_claim("sub", "a").accept_audience("a"),
    ];
    let mint = |tokens: Vec<TokenBuilder>| tokens.iter().map(TokenBuilder::mint).collect();
    let signed: Vec<String> = mint(variants(&token()));
    let forged: Vec<String> = mint(variants(&token().forged_by(&TestKey::attacker())));
    let (mut accepted, mut refused): (usize, usize) = (0, 0);
    for (index, policy) in policies.into_iter().enumerate() {
        let verifier = verifier_of(policy);
        let forged = forged.iter().filter(|_| index == 0);
        for token in signed.iter().chain(forged) {
            for now in [NOW, at(86_399), at(86_400), at(86_460), UnixTime::from_secs(0)] {
                match explained(&verifier, token, now).verdict() {
                    Ok(()) => accepted += 1,
                    Err(_) => refused += 1,
                }
            }
        }
    }
    assert!(refused > 1000 && accepted > 500, "{refused} {accepted}");
    let end = UnixTime::from_secs(u64::MAX);
    assert_eq!(
        explained(&verifier(), &token().mint(), end).verdict(),
        Err(VerifyError::Expired { exp: 1_780_086_400, now: u64::MAX }),
    );
}

/// A verifier of two issuers. The first has other keys than the test issuer.
fn two_issuers() -> Verifier<JwkSet> {
    let other = Issuer::for_algorithm("https://other.example/", Algorithm::ES256);
    let keys = |issuer: &Issuer| JwkSet::from_json(issuer.jwks().as_bytes()).unwrap();
    let first = Policy::new("https://other.example/", "b").algorithms([Algorithm::ES256]);
    let verifier = Verifier::new(first, keys(&other)).unwrap();
    verifier.with_issuer(policy(), keys(&issuer())).unwrap()
}

#[test]
fn verdict_is_the_verifiers_with_several_issuers() {
    let verifier = two_issuers();
    for token in variants(&token()) {
        explained(&verifier, &token.mint(), NOW);
    }
    let other = Issuer::for_algorithm("https://other.example/", Algorithm::ES256);
    for token in variants(&other.token_at(NOW).audience("b")) {
        explained(&verifier, &token.mint(), NOW);
    }
    // Signed with the key of one issuer, in the name of the other.
    let token = other.token_at(NOW).issuer(ISSUER).mint();
    assert_eq!(explained(&verifier, &token, NOW).verdict(), Err(VerifyError::AlgorithmNotAccepted),);
}

#[test]
fn token_of_an_unknown_issuer_is_compared_with_the_probable_one() {
    let slash = token().issuer(ISSUER.trim_end_matches('/')).audience("x").mint();
    let explanation = explained(&two_issuers(), &slash, NOW);
    assert_eq!(explanation.verdict(), Err(VerifyError::WrongIssuer));
    assert_eq!(hint_code(&explanation, Check::Route), Some("issuer_slash"));
    assert_eq!(finding(&explanation, Check::Signature).outcome(), Outcome::Passed);
    assert_eq!(finding(&explanation, Check::Audience).outcome(), Outcome::Failed);

    let unknown = token().issuer("https://unknown.example/path").mint();
    let explanation = explained(&two_issuers(), &unknown, NOW);
    assert_eq!(hint_code(&explanation, Check::Route), Some("other_issuer"));
    assert_eq!(finding(&explanation, Check::Audience).outcome(), Outcome::NotReached);
}

#[test]
fn verdict_is_the_verifiers_with_a_cache_and_leaves_it_alone() {
    let verifier = verifier().with_token_cache(NonZeroUsize::new(8).unwrap());
    let token = token().mint();
    for now in [NOW, NOW, at(86_399), at(86_400)] {
        explained(&verifier, &token, now);
    }
}

#[test]
fn verdict_on_a_key_for_another_issuer_is_explained() {
    let key = issuer().keys()[0].with_member("issuer", "https://microsoft.example/");
    let set = json!({ "keys": [key.jwk()] });
    let explanation = explain_with_set(set, &token());
    assert_eq!(explanation.verdict(), Err(VerifyError::KeyOfOtherIssuer));
    assert_eq!(
        finding(&explanation, Check::Issuer).expected(),
        Some(r#"the issuer that the key is for, "https://microsoft.example/""#),
    );
}

#[test]
fn all_faults_are_reported_at_once() {
    let token = token()
        .forged_by(&TestKey::attacker())
        .header("typ", "logout+jwt")
        .issuer("https://other.example/")
        .audience("x")
        .expires_at(at(-1))
        .claim("nbf", NOW.as_secs() + 9)
        .claim("cnf", json!({}))
        .claim("events", json!({}));
    let policy = policy().authorized_party("x").require_claim("org_id", "org_1");
    let explanation = explain_under(policy, &token);
    let failed: Vec<Check> = explanation
        .findings()
        .iter()
        .filter(|finding| finding.outcome() == Outcome::Failed)
        .map(Finding::check)
        .collect();
    use Check::{
        Audience, Client, Confirmation, Events, Expiry, Issuer, NotBefore, RequiredClaim,
        Signature, Type,
    };
    let all = [
        Signature,
        Type,
        Events,
        Issuer,
        Audience,
        Expiry,
        NotBefore,
        Client,
        Confirmation,
        RequiredClaim,
    ];
    assert_eq!(failed, all);
    let unverified = explanation.findings().iter().filter(|finding| !finding.is_verified());
    assert!(unverified.map(Finding::check).skip(1).eq(all[1..].iter().copied()));
}

#[test]
fn mistyped_claim_is_reported_by_its_check_and_hides_no_other_fault() {
    let (of_exp, of_nbf) =
        ("a number of seconds since 1970, up to the year 9999", "a number of seconds since 1970");
    let of_aud = "a string, or an array of strings that is not empty";
    for (claim, value, check, expected, actual) in [
        ("iss", json!(1), Check::Issuer, "a string", "1"),
        ("aud", json!([1]), Check::Audience, of_aud, "an array with other values than strings"),
        ("aud", json!([]), Check::Audience, of_aud, "[]"),
        ("exp", json!(null), Check::Expiry, of_exp, "null"),
        ("nbf", json!(true), Check::NotBefore, of_nbf, "a boolean"),
        ("azp", json!(1.5), Check::Client, "a string", "1.5"),
        ("client_id", json!({}), Check::Client, "a string", "an object"),
        ("cnf", json!(1), Check::Confirmation, "an object", "a number"),
        ("iat", json!("1"), Check::Claim, "`iat`: a number", "`iat`: a string"),
        ("sub", json!(1), Check::Claim, "`sub`: a string", "`sub`: a number"),
    ] {
        let other = if claim == "nbf" { "exp" } else { "nbf" };
        let (time, told) = if claim == "nbf" {
            (NOW.as_secs() - 1, Check::Expiry)
        } else {
            (NOW.as_secs() + 1, Check::NotBefore)
        };
        let explanation = explain(&token().claim(claim, value).claim(other, time));
        let found = finding(&explanation, check);
        assert_eq!(found.outcome(), Outcome::Failed, "{explanation}");
        assert_eq!((found.expected(), found.actual()), (Some(expected), Some(actual)), "{claim}");
        assert_eq!(finding(&explanation, told).outcome(), Outcome::Failed, "{explanation}");
    }
    // Two claims without a check of their own.
    let explanation = explain(&token().claim("iat", "1").claim("sub", 1));
    let claims = explanation.findings().iter().filter(|finding| finding.check() == Check::Claim);
    assert_eq!(claims.count(), 2, "{explanation}");
    // Reported when the issuer is chosen, and not a second time.
    let explanation = explained(&two_issuers(), &token().claim("iss", 1).mint(), NOW);
    assert_eq!(finding(&explanation, Check::Route).outcome(), Outcome::Failed);
    assert!(explanation.findings().iter().all(|finding| finding.check() != Check::Issuer));
}

#[test]
fn expected_is_what_the_policy_accepts() {
    let policy = policy()
        .algorithms([Algorithm::ES256, Algorithm::RS256])
        .accept_audience("b")
        .leeway(Duration::from_secs(60));
    let expected = |policy: &Policy, check: Check| {
        let explanation = explain_under(policy.clone(), &token());
        finding(&explanation, check).expected().unwrap().to_owned()
    };
    for (check, text) in [
        (Check::Algorithm, "ES256, RS256"),
        (Check::Issuer, r#""https://tenant.example.auth0.com/""#),
        (Check::Audience, r#"one of ["https://api.example.com/", "b"]"#),
        (Check::Expiry, "after now, with a leeway of 1 minute"),
        (Check::NotBefore, "not after now, with a leeway of 1 minute"),
        (Check::Client, "any client"),
    ] {
        assert_eq!(expected(&policy, check), text);
    }
    let policy = policy.authorized_party("x");
    assert_eq!(expected(&policy, Check::Client), r#""x""#);
    assert_eq!(expected(&policy.accept_client("y"), Check::Client), r#"one of ["x", "y"]"#);
    let policy = Policy::for_client(ISSUER, "x");
    assert_eq!(expected(&policy, Check::Audience), r#"none, or "x""#);
    let policy = policy.accept_client("y");
    assert_eq!(expected(&policy, Check::Audience), r#"none, or one of ["x", "y"]"#);
    assert_eq!(expected(&policy.accept_audience("z"), Check::Audience), r#""z""#);
}

#[test]
fn required_claim_is_shown_if_it_is_right_and_otherwise_only_its_type() {
    let policy = || policy().require_claim("org_id", "org_1");
    for (value, outcome, actual) in [
        (json!("org_1"), Outcome::Passed, r#"`org_id`: "org_1""#),
        (json!("org_2"), Outcome::Failed, "`org_id`: another string"),
        (json!(1), Outcome::Failed, "`org_id`: a number"),
    ] {
        let explanation = explain_under(policy(), &token().claim("org_id", value));
        let found = finding(&explanation, Check::RequiredClaim);
        assert_eq!((found.outcome(), found.actual()), (outcome, Some(actual)), "{explanation}");
    }
    let explanation = explain_under(policy(), &token());
    assert_eq!(finding(&explanation, Check::RequiredClaim).actual(), Some("`org_id`: none"));
}

#[test]
fn required_claim_of_several_values_or_in_an_array_is_shown_likewise() {
    let policy = || {
        policy()
            .require_claim_one_of("org_id", ["org_1", "org_2"])
            .require_claim_containing("g", "a")
    };
    let shown = |org_id: Value, groups: Value| {
        let token = token().claim("org_id", org_id).claim("g", groups);
        let explanation = explain_under(policy(), &token);
        let of_claims = explanation.findings().iter();
        let of_claims = of_claims.filter(|finding| finding.check() == Check::RequiredClaim);
        let texts = |finding: &Finding| {
            [finding.expected(), finding.actual()].map(|text| text.unwrap().to_owned())
        };
        of_claims.map(|finding| (finding.outcome(), texts(finding))).collect::<Vec<_>>()
    };
    let org_id = |actual: &str| [r#"`org_id`: one of ["org_1", "org_2"]"#.into(), actual.into()];
    let groups = |actual: &str| [r#"`g`: an array with "a""#.into(), actual.into()];
    use Outcome::{Failed, Passed};
    for (org_id_value, groups_value, expected) in [
        (
            json!("org_2"),
            json!(["b", "a"]),
            [
                (Passed, org_id(r#"`org_id`: "org_2""#)),
                (Passed, groups(r#"`g`: an array with "a""#)),
            ],
        ),
        (
            json!("secret"),
            json!(["secret"]),
            [
                (Failed, org_id("`org_id`: another string")),
                (Failed, groups("`g`: an array of other strings")),
            ],
        ),
        (
            json!(["org_1"]),
            json!(["a", 1]),
            [
                (Failed, org_id("`org_id`: an array")),
                (Failed, groups("`g`: an array with other values than strings")),
            ],
        ),
        (
            json!(null),
            json!("a"),
            [(Failed, org_id("`org_id`: null")), (Failed, groups("`g`: a string"))],
        ),
    ] {
        assert_eq!(shown(org_id_value, groups_value), expected);
    }
}

#[test]
fn check_that_was_not_reached_shows_only_what_can_be_read() {
    let good = token().mint();
    let [h, p, s] = <[&str; 3]>::try_from(good.split('.').collect::<Vec<_>>()).unwrap();
    let not_reached = |explanation: &Explanation, check: Check| {
        let found = finding(explanation, check);
        assert_eq!(found.outcome(), Outcome::NotReached, "{explanation}");
        found.actual().map(str::to_owned)
    };
    let long = token().claim("pad", "p".repeat(17_000)).mint();
    let explanation = explain_text(&long);
    let lengths = long.split('.').map(|segment| segment.len().to_string()).collect::<Vec<_>>();
    let segments = format!("3 ({} characters)", lengths.join(", "));
    assert_eq!(not_reached(&explanation, Check::Segments), Some(segments));
    assert_eq!(not_reached(&explanation, Check::Header), None);
    assert_eq!(not_reached(&explanation, Check::Issuer), None);

    let explanation = explain_text(&format!("{h}.{p}"));
    assert_eq!(not_reached(&explanation, Check::Signature), None);
    assert_eq!(not_reached(&explanation, Check::Algorithm).as_deref(), Some(r#""RS256""#));
    assert_eq!(finding(&explanation, Check::Issuer).outcome(), Outcome::Passed);

    let explanation = explain_text(&format!("!!.{p}.{s}"));
    assert_eq!(not_reached(&explanation, Check::Algorithm), None);
    assert_eq!(not_reached(&explanation, Check::Signature).as_deref(), Some("256 bytes"));
    assert_eq!(finding(&explanation, Check::Issuer).outcome(), Outcome::Passed);

    // The second of five segments is not the payload.
    let explanation = explain_text(&format!("{h}.{p}.{p}.{p}.{s}"));
    assert_eq!(not_reached(&explanation, Check::Issuer), None);
}

#[test]
fn token_and_request_are_read_up_to_the_longest_token() {
    let longest = token().claim("pad", "p".repeat(11_651)).mint();
    assert_eq!(longest.len(), 16 * 1024);
    let explanation = explain_text(&longest);
    assert_eq!(explanation.verdict(), Ok(()));
    assert_eq!(finding(&explanation, Check::Header).actual(), Some("57 bytes"));

    for (bytes, is_explained) in [(16 * 1024, true), (16 * 1024 + 1, false), (20_000, false)] {
        let quoted = format!("\"a.{}.b\"", "b".repeat(bytes - 6));
        assert_eq!(quoted.len(), bytes);
        assert_eq!(explain_request(&quoted).findings().len() > 1, is_explained, "{bytes}");
    }
}

#[test]
fn header_field_is_shown_by_its_scheme_and_length() {
    let guard = Guard::new(verifier());
    for (values, actual) in [
        (vec![], "none"),
        (vec!["Bearer a", "Bearer b"], "several"),
        (vec!["bearer  abc"], "Bearer and 3 bytes"),
        (vec!["Basic a"], "Basic and 1 byte"),
        (vec!["abc"], "3 bytes without a known scheme"),
    ] {
        let explanation = guard.explain_at(values, NOW);
        assert_eq!(finding(&explanation, Check::Authorization).actual(), Some(actual));
    }
}

#[test]
fn only_what_looks_like_a_token_is_explained_as_one() {
    for (request, is_explained) in
        [("a.b.c", true), ("'a.b.c'", true), ("abc", false), ("a.b", false), ("a.b.c d", false)]
    {
        let explanation = explain_request(request);
        assert_eq!(explanation.findings().len() > 1, is_explained, "{explanation}");
    }
}

#[test]
fn padding_is_to_be_removed_only_if_the_signature_holds_without_it() {
    let hint = |text: &str| hint_code(&explain_text(text), Check::Header);
    let odd = token().header("x", "y");
    assert_eq!(hint(&padded(&odd.mint())), Some("padded"));
    assert_eq!(hint(&with_signed_padding()), Some("padding_signed"));
    // Not known: no key fits, or the signature holds in neither way.
    assert_eq!(hint(&padded(&odd.clone().header("kid", "12").mint())), Some("padding_signed"));
    let forged = padded(&odd.clone().forged_by(&TestKey::attacker()).mint());
    assert_eq!(hint(&forged), Some("padding_signed"));
    // With several issuers, the key is that of the token's issuer.
    let explanation = explained(&two_issuers(), &padded(&odd.mint()), NOW);
    assert_eq!(hint_code(&explanation, Check::Header), Some("padded"));
    let unknown = padded(&odd.clone().issuer("https://unknown.example/").mint());
    let explanation = explained(&two_issuers(), &unknown, NOW);
    assert_eq!(hint_code(&explanation, Check::Header), Some("padding_signed"));
    // Padding of the signature alone is never part of what is signed.
    let explanation = explain_text(&format!("{}==", token().signature([7; 256]).mint()));
    assert_eq!(hint_code(&explanation, Check::Signature), Some("padded"));
}

#[test]
fn time_is_called_milliseconds_only_if_a_thousandth_of_it_is_a_time_of_this_century() {
    for (exp, hint) in [
        ("1780000060000", Some("milliseconds")),
        ("1.78000006e12", Some("milliseconds")),
        ("946684800000", Some("milliseconds")),
        ("4102444799999", Some("milliseconds")),
        // Before 2000, after 2099, microseconds, and no time at all.
        ("946684799999", None),
        ("4102444800000", None),
        ("1780000060000000", None),
        ("100000000000000000000000000000000000000000000000000", None),
        ("-1780000060000", None),
        ("-1", None),
        ("1e300", None),
    ] {
        let payload = format!(r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","exp":{exp}}}"#);
        let explanation = explain(&token().raw_payload(payload));
        let error = VerifyError::ClaimRange { claim: "exp" };
        assert_eq!(explanation.verdict(), Err(error), "{exp}");
        assert_eq!(hint_code(&explanation, Check::Expiry), hint, "{exp}");
        // The number as the token has it.
        assert_eq!(finding(&explanation, Check::Expiry).actual(), Some(exp));
    }
    let nbf = format!(r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","exp":1790000000,"nbf":1e300}}"#);
    let explanation = explain(&token().raw_payload(nbf));
    assert_eq!(hint_code(&explanation, Check::NotBefore), Some("not_yet_valid"));
    assert_eq!(finding(&explanation, Check::NotBefore).actual(), Some("1e300"));
}

#[test]
fn long_number_is_cut() {
    let exp = "9".repeat(200);
    let payload = format!(r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","exp":{exp}}}"#);
    let explanation = explain(&token().raw_payload(payload));
    let shown = format!("{}... (200 bytes)", "9".repeat(120));
    assert_eq!(finding(&explanation, Check::Expiry).actual(), Some(&*shown));
}

#[test]
fn id_token_is_recognized_under_a_policy_for_a_client() {
    let for_client = || Policy::for_client(ISSUER, CLIENT_ID).require_claim("token_use", "access");
    let id = token().audience(CLIENT_ID).without_claim("azp");
    for (token, check) in [
        // As Amazon Cognito writes one, and one that only its audience gives away.
        (id.clone().claim("token_use", "id").claim("at_hash", "x"), Check::Client),
        (id.clone().claim("token_use", "id"), Check::RequiredClaim),
        (id.clone(), Check::Client),
        (token().claim("azp", "another").claim("nonce", "n"), Check::Client),
        (token().claim("typ", "ID"), Check::RequiredClaim),
    ] {
        let explanation = explain_under(for_client(), &token);
        assert_eq!(hint_code(&explanation, check), Some("id_token"), "{explanation}");
    }
    // Keycloak's access tokens may have a `nonce`.
    let of_keycloak = token().claim("azp", "x").claim("typ", "Bearer").claim("nonce", "n");
    for (token, check, hint) in [
        (of_keycloak, Check::Client, Some("other_client")),
        (token().without_claim("azp"), Check::Client, None),
        (token().claim("token_use", "x"), Check::RequiredClaim, None),
        (token().claim("typ", "Offline"), Check::RequiredClaim, Some("keycloak_refresh_token")),
    ] {
        let explanation = explain_under(for_client(), &token);
        assert_eq!(hint_code(&explanation, check), hint, "{explanation}");
    }
    // A policy that names an audience may be meant for ID tokens.
    let of_client = Policy::new(ISSUER, CLIENT_ID).authorized_party("x");
    let explanation = explain_under(of_client, &token().audience(CLIENT_ID).claim("nonce", "n"));
    assert_eq!(hint_code(&explanation, Check::Client), Some("other_client"));
}

#[test]
fn refresh_token_of_keycloak_is_recognized_by_its_payload() {
    let realm = "https://sso.example.com/realms/main";
    for (kind, algorithm, check) in [
        ("Refresh", "HS512", Check::Algorithm),
        ("Offline", "HS512", Check::Algorithm),
        ("Refresh", "HS256", Check::Algorithm),
        ("Refresh", "RS256", Check::Audience),
    ] {
        let token = token().issuer(realm).audience(realm).claim("typ", kind);
        let token = token.header("alg", algorithm);
        let explanation = explain_under(Policy::new(realm, AUDIENCE), &token);
        assert_eq!(hint_code(&explanation, check), Some("keycloak_refresh_token"), "{explanation}");
    }
    let explanation = explain(&token().header("alg", "HS512").claim("typ", "Bearer"));
    assert_eq!(hint_code(&explanation, Check::Algorithm), Some("shared_secret"));
}

#[test]
fn nonce_in_the_header_means_microsoft_graph_only_if_microsoft_is_the_issuer() {
    for (issuer, hint) in [
        ("https://sts.windows.net/8d3a/", "microsoft_graph"),
        ("https://login.microsoftonline.com/8d3a/v2.0", "microsoft_graph"),
        ("https://login.microsoftonline.us/8d3a/v2.0", "microsoft_graph"),
        ("https://login.partner.microsoftonline.cn/8d3a/v2.0", "microsoft_graph"),
        ("https://sts.chinacloudapi.cn/8d3a/", "microsoft_graph"),
        (ISSUER, "signature_mismatch"),
        ("https://login.microsoftonline.com.example.com/8d3a/v2.0", "signature_mismatch"),
    ] {
        let token = token().issuer(issuer).header("nonce", "n").signature([7; 256]);
        let explanation = explain_under(Policy::new(issuer, AUDIENCE), &token);
        assert_eq!(hint_code(&explanation, Check::Signature), Some(hint), "{issuer}");
    }
}

#[test]
fn fault_of_the_header_names_its_rule() {
    let good = token().mint();
    let (_, rest) = good.split_once('.').unwrap();
    let raw = |json: &str| token().raw_header(json).mint();
    let many: Vec<String> = (0..64).map(|number| format!(r#""{number}":1"#)).collect();
    let many = format!(r#"{{"alg":"RS256",{}}}"#, many.join(","));
    let long = format!(r#"{{"alg":"RS256","x":"{}"}}"#, "x".repeat(4075));
    let strict = "one strict JSON object";
    let base64url = "base64url without padding";
    for (token, expected, actual) in [
        (token().header("kid", 7).mint(), "`kid`: a string", "`kid`: a number"),
        (token().header("typ", json!(null)).mint(), "`typ`: a string", "`typ`: null"),
        (token().header("cty", "JWT").mint(), "`cty`: none", "`cty`: a string"),
        (token().header("crit", json!(["b64"])).mint(), "`crit`: none", "`crit`: an array"),
        (token().header("b64", true).mint(), "`b64`: none", "`b64`: a boolean"),
        (token().header("kid", "").mint(), "`kid`: 1 to 256 bytes", "`kid`: 0 bytes"),
        (
            token().header("kid", "k".repeat(257)).mint(),
            "`kid`: 1 to 256 bytes",
            "`kid`: 257 bytes",
        ),
        (raw(&long), "at most 4096 bytes", "4097 bytes"),
        (raw(&many), "at most 64 members", "65 members"),
        (
            raw(r#"{"alg":"RS256","alg":"none"}"#),
            strict,
            r#"a member for the second time at byte 15, named "alg""#,
        ),
        (raw("[]"), strict, "a JSON value that is not an object at byte 0"),
        (format!("e30=.{rest}"), base64url, r#""=" at byte 3"#),
        (format!("e30 .{rest}"), base64url, r#"" " at byte 3"#),
        (format!("e30\u{e9}.{rest}"), base64url, r#""\u{e9}" at byte 3"#),
        (format!("e30ee.{rest}"), base64url, "5 characters, which no bytes have"),
        (format!("e31.{rest}"), base64url, "a last character whose unused bits are not zero"),
    ] {
        let explanation = explain_text(&token);
        let found = finding(&explanation, Check::Header);
        assert_eq!(found.outcome(), Outcome::Failed, "{explanation}");
        assert_eq!((found.expected(), found.actual()), (Some(expected), Some(actual)));
    }
    // `alg` has a check of its own.
    let explanation = explain(&token().header("alg", 7));
    let found = finding(&explanation, Check::Algorithm);
    assert_eq!((found.expected(), found.actual()), (Some("RS256"), Some("7")));
}

#[test]
fn fault_of_the_payload_is_named_with_its_place() {
    let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(32), "]".repeat(32));
    let payloads: [(&[u8], &str); 13] = [
        (br#"{"iss":"a","name":"Zoe \ud83d"}"#, "a lone surrogate in a string at byte 23"),
        (
            br#"{"iss":"a","\u0069ss":"b"}"#,
            r#"a member for the second time at byte 11, named "iss""#,
        ),
        (
            br#"{"\u001b":1,"\u001b":1}"#,
            r#"a member for the second time at byte 12, named "\u{1b}""#,
        ),
        (b"{\"a\":1,\"\x1b\":1}", "a control character in a string at byte 8"),
        (br#"{"a":1e400}"#, "a number beyond the range of a double at byte 5"),
        (deep.as_bytes(), "more than 32 levels of arrays and objects at byte 36"),
        (b"{\"a\":\"\xff\"}", "bytes that are not UTF-8 at byte 6"),
        (b"\xef\xbb\xbf{}", "a byte order mark at byte 0"),
        (b"{} {}", "text after the object at byte 3"),
        (br#"{"a":1"#, "the end of the text, too early at byte 6"),
        (br#"{"a":NaN}"#, "a character that JSON does not allow there at byte 5"),
        (br#"{"a":"\x"}"#, "an escape that JSON does not have at byte 6"),
        (b"null", "a JSON value that is not an object at byte 0"),
    ];
    for (payload, actual) in payloads {
        let explanation = explain(&token().raw_payload(payload));
        let found = finding(&explanation, Check::Payload);
        assert_eq!(found.outcome(), Outcome::Failed, "{explanation}");
        let expected = (Some("one strict JSON object"), Some(actual));
        assert_eq!((found.expected(), found.actual()), expected);
    }
}

#[test]
fn guard_shows_the_scopes_of_the_token_and_where_else_they_are() {
    let none = || token().without_claim("scope");
    for (token, actual, hint) in [
        (token().scope("a c"), r#"["a", "c"]"#, "The token lacks this scope: have the client"),
        (
            none().claim("scp", json!(["a", "b"])),
            "[]",
            "The token's scopes are in `scp`: have the policy read them from there with `Policy::scopes_from(\"scp\")`.",
        ),
        (none().claim("scopes", "other"), "[]", "The token's scopes are in `scopes`"),
        (token().scope("a").claim("roles", ["b"]), r#"["a"]"#, "The token's scopes are in `roles`"),
        (
            token().scope("a").claim("groups", ["b"]),
            r#"["a"]"#,
            "The token's scopes are in `groups`",
        ),
        (
            token().scope("a").claim("realm_access", json!({ "roles": ["b"] })),
            r#"["a"]"#,
            "The token's scopes are in `/realm_access/roles`",
        ),
        (token().scope("a").claim("scp", "c"), r#"["a"]"#, "The token lacks this scope"),
        // One name of an array or of `scp`, but not a word of another string.
        (token().scope("a").claim("scp", "c b"), r#"["a"]"#, "The token's scopes are in `scp`"),
        (token().scope("a").claim("roles", "c b"), r#"["a"]"#, "The token lacks this scope"),
        (
            token().scope("a").claim("roles", json!(["b", 1])),
            r#"["a"]"#,
            "The token lacks this scope",
        ),
        (none().claim("roles", ["c"]), "[]", "The token lacks this scope"),
        (token().scope("a,b"), r#"["a,b"]"#, "The names in `scope` are joined by commas"),
        (token().scope("a,c"), r#"["a,c"]"#, "The token lacks this scope"),
    ] {
        let explanation = explain_scope("b", &token);
        let found = finding(&explanation, Check::Scope);
        let told = found.hint().map(|hint| hint.to_string()).unwrap_or_default();
        assert!(told.starts_with(hint), "{explanation}");
        let actual = format!("not granted; the token has {actual}");
        assert_eq!(found.actual(), Some(&*actual), "{explanation}");
    }
}

#[test]
fn guard_explains_missing_scopes_and_permissions() {
    let guard = Guard::new(verifier())
        .require_scope("read:messages admin")
        .require_permission("read:messages")
        .require_permission("delete:messages")
        .require_permission("");
    let explanation = guard.explain_at([format!("Bearer {}", token().mint())], NOW);
    assert_eq!(explanation.verdict(), Err(VerifyError::InsufficientScope));
    let outcomes: Vec<(Check, Outcome)> = explanation
        .findings()
        .iter()
        .rev()
        .take(5)
        .map(|finding| (finding.check(), finding.outcome()))
        .collect();
    assert_eq!(
        outcomes,
        [
            (Check::Permission, Outcome::Failed),
            (Check::Permission, Outcome::Failed),
            (Check::Permission, Outcome::Passed),
            (Check::Scope, Outcome::Failed),
            (Check::Scope, Outcome::Passed),
        ],
    );
}

#[test]
fn guard_explains_scopes_that_include_others_and_values_of_claims() {
    let guard = Guard::new(verifier())
        .implies("admin", "write")
        .implies("write", "read")
        .require_scope("read")
        .require_claim_value("/realm_access/roles", "clerk")
        .require_claim_value("https://example.com/roles", "b\"c");
    let claim =
        |roles: Value| token().scope("admin").claim("realm_access", json!({ "roles": roles }));
    let explanation = guard.explain_token_at(&claim(json!(["clerk", "secret"])).mint(), NOW);
    let scope = finding(&explanation, Check::Scope);
    assert_eq!(scope.expected(), Some(r#"one of ["read", "write", "admin"]"#));
    assert_eq!((scope.actual(), scope.outcome()), (Some(r#""read""#), Outcome::Passed));
    let [.., clerk, other] = explanation.findings() else { panic!("{explanation}") };
    assert_eq!(clerk.outcome(), Outcome::Passed);
    assert_eq!(clerk.expected(), Some(r#"`/realm_access/roles`: "clerk""#));
    assert_eq!(clerk.actual(), clerk.expected());
    assert_eq!(other.error(), Some(VerifyError::InsufficientScope));
    assert_eq!(other.expected(), Some(r#"`https://example.com/roles`: "b\"c""#));
    assert_eq!(other.actual(), Some("`https://example.com/roles`: none"));
    assert!(!explanation.to_string().contains("secret"));
    for (roles, actual) in [
        (json!(["secret"]), "an array of other strings"),
        (json!("secret"), "another string"),
        (json!(["clerk", 1]), "an array with other values than strings"),
        (json!({ "clerk": 1 }), "neither a string nor an array"),
        (json!(null), "neither a string nor an array"),
    ] {
        let explanation = guard.explain_token_at(&claim(roles).mint(), NOW);
        let [.., found, _] = explanation.findings() else { panic!("{explanation}") };
        assert_eq!(found.actual(), Some(&*format!("`/realm_access/roles`: {actual}")));
    }
}

#[test]
fn scope_of_a_token_that_the_issuer_did_not_sign_is_unverified() {
    let guard = Guard::new(verifier()).require_scope("read:messages");
    for (token, is_verified) in [(token(), true), (token().forged_by(&TestKey::attacker()), false)]
    {
        let explanation = guard.explain_at([format!("Bearer {}", token.mint())], NOW);
        let found = finding(&explanation, Check::Scope);
        assert_eq!((found.outcome(), found.is_verified()), (Outcome::Passed, is_verified));
    }
}

#[test]
fn verdict_of_a_request_is_the_cause_of_its_rejection() {
    let guard = Guard::new(verifier()).require_scope("read:messages");
    let good = token().mint();
    let requests = [
        format!("Bearer {good}"),
        format!("bearer   {good}"),
        format!("Bearer {}", token().audience("x").mint()),
        format!("Bearer {}", token().scope("x").mint()),
        format!("Bearer {}", "x".repeat(17 * 1024)),
        format!("Bearer {good} "),
        format!("Bearer \"{good}\""),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        "Basic dXNlcjpwdw==".to_owned(),
        String::new(),
    ];
    for request in requests {
        let verdict = guard.explain_at([&request], NOW).verdict();
        match guard.check_at([&request], NOW) {
            Ok(_) => assert_eq!(verdict, Ok(()), "{request}"),
            Err(rejection) => {
                let cause = rejection.cause().unwrap_or(VerifyError::NoToken);
                assert_eq!(verdict, Err(cause), "{request}");
            }
        }
    }
}

// The contents of an explanation.

/// A text that no explanation may show.
const MARKER: &str = "MARKERMARKER";

#[test]
fn subject_other_claims_and_signature_are_shown_only_if_asked_for() {
    let secret = |token: TokenBuilder| {
        token
            .subject(MARKER)
            .claim("jti", MARKER)
            .claim("email", MARKER)
            .claim("org_id", MARKER)
            .claim("cnf", json!({ "jkt": MARKER }))
            .claim("scp", MARKER)
            .permissions([MARKER])
            .claim(MARKER, 1)
            .header("x5u", MARKER)
    };
    let policy = || policy().require_claim("org_id", "x").require_claim("email", "y");
    let tokens = [
        secret(token()),
        secret(token()).forged_by(&TestKey::attacker()),
        secret(token()).audience(json!([{ "a": MARKER }, MARKER])),
        secret(token()).issuer(json!({ "a": MARKER })),
        secret(token()).claim("exp", json!([MARKER, 1])),
        secret(token()).header("kid", json!({ "a": MARKER })),
        secret(token()).signature_segment(MARKER.repeat(9)),
    ];
    for token in tokens {
        let text = token.mint();
        let signature = text.rsplit('.').next().unwrap();
        let guard = Guard::new(verifier_of(policy())).require_scope("s").require_permission("p");
        for explanation in [
            verifier_of(policy()).explain_at(&text, NOW),
            guard.explain_at([format!("Bearer {text}")], NOW),
            guard.explain_at([format!("Bearer '{text}'")], NOW),
            guard.explain_at([format!("Token {text}")], NOW),
        ] {
            let told = format!("{explanation}\n{explanation:?}");
            assert!(!told.contains(MARKER), "{told}");
            assert!(!told.contains(&signature[..16]), "{told}");
            let all = explanation.with_all_claims();
            assert!(!format!("{all:?}").contains(MARKER));
            assert!(!all.to_string().contains(&signature[..42]), "{all}");
        }
        let all = verifier_of(policy()).explain_at(&text, NOW).with_all_claims().to_string();
        assert!(all.contains(&format!("sub           \"{MARKER}\"")), "{all}");
    }
    for request in [format!("Basic {MARKER}"), format!("{MARKER} a"), MARKER.to_owned()] {
        let explanation = explain_request(&request);
        assert!(!format!("{explanation}\n{explanation:?}").contains(MARKER), "{explanation}");
    }
}

#[test]
fn debug_shows_verdict_and_findings_without_their_texts() {
    let explanation = explain(&token().audience("x"));
    let finding = finding(&explanation, Check::Audience);
    assert_eq!(
        format!("{finding:?}"),
        "Finding { check: Audience, outcome: Failed, error: Some(WrongAudience), \
         hint: Some(Hint(\"other_audience\")), .. }",
    );
    let shown = format!("{explanation:?}");
    let findings = format!("{:?}", explanation.findings());
    assert_eq!(
        shown,
        format!(
            "Explanation {{ verdict: Err(WrongAudience), now: UnixTime(1780000000), \
             findings: {findings}, .. }}"
        ),
    );
    let with_all_claims = explanation.with_all_claims();
    assert_eq!(format!("{with_all_claims:?}"), format!("ExplanationWithAllClaims({shown})"));
}

#[test]
fn text_of_a_token_is_escaped_and_cut() {
    let nasty = "a\u{1b}[31m\r\n\u{202e}\u{2066}\u{200b}\u{7f}\0\u{9b}\u{e9}\"";
    let long = "x".repeat(5000);
    for text in [nasty, &long] {
        for token in [
            token().header("kid", text),
            token().header("typ", text),
            token().header("alg", text),
            token().issuer(text),
            token().audience(json!([text, text])),
            token().claim("azp", text),
            token().claim("exp", text),
            token().claim(text, text),
        ] {
            let explanation = explain(&token);
            let told = format!("{explanation}{explanation:?}{}", explanation.with_all_claims());
            let is_plain = |byte: u8| byte == b'\n' || (b' '..=b'~').contains(&byte);
            assert!(told.bytes().all(is_plain), "{told}");
            assert!(told.len() < 8000, "{told}");
            assert!(!told.contains(&"x".repeat(121)), "{told}");
        }
    }
    let explanation = explain(&token().issuer(nasty));
    assert_eq!(
        finding(&explanation, Check::Issuer).actual(),
        Some(r#""a\u{1b}[31m\u{d}\u{a}\u{202e}\u{2066}\u{200b}\u{7f}\u{0}\u{9b}\u{e9}\"""#),
    );
}

#[test]
fn token_that_is_not_base64url_is_shown_by_its_lengths() {
    let explanation = explain_text("!!.???.***");
    assert_eq!(explanation.verdict(), Err(VerifyError::NotBase64url { segment: "header" }));
    assert_eq!(finding(&explanation, Check::Segments).actual(), Some("3 (2, 3, 3 characters)"));
    assert_eq!(finding(&explanation, Check::Audience).outcome(), Outcome::NotReached);
}

#[test]
fn failure_of_an_own_client_is_shown_without_advice_on_http() {
    let explanation = explain_after(Some(FetchError::custom("the vault is sealed")));
    let found = finding(&explanation, Check::Key);
    assert_eq!(found.hint(), None);
    let expected = found.expected().unwrap();
    assert!(expected.ends_with("tenant.example.auth0.com: the vault is sealed"), "{expected}");
}

#[test]
fn fault_of_a_file_is_shown_with_its_name() {
    let explanation = explain_after_read(RemoteJwks::from_file("/no/jwks.json"));
    let expected = r#"no key at hand; never fetched; the last fetch failed: cannot read the key set from "jwks.json": the file cannot be read: entity not found"#;
    assert_eq!(finding(&explanation, Check::Key).expected(), Some(expected));
}

#[test]
fn source_that_fetches_shows_its_age_state_and_last_failure() {
    let explanation =
        explain_after(Some(FetchError::Tls { fault: TlsFault::Other, reason: "a\nb".into() }));
    assert_eq!(
        finding(&explanation, Check::Key).expected(),
        Some(
            r"no key at hand; never fetched; the last fetch failed: cannot fetch the key set from tenant.example.auth0.com: TLS with the host failed: a\u{a}b"
        ),
    );
    assert_eq!(hint_code(&explanation, Check::Key), Some("tls_other"));
    // However long it is, the sentence of this crate is shown to its end.
    let long = "x".repeat(1000);
    let explanation =
        explain_after(Some(FetchError::IssuerMismatch { expected: long.clone(), found: long }));
    let expected = finding(&explanation, Check::Key).expected().unwrap();
    let end = format!("configured here is \"{}... (1000 bytes)\"", "x".repeat(120));
    assert!(expected.ends_with(&end), "{expected}");
    let jwks = issuer().jwks();
    let fetch = move |_: &FetchRequest| Ok(jwks.clone().into_bytes());
    let keys = RemoteJwks::builder("https://tenant.example.auth0.com/jwks").fetch(fetch).build();
    let keys = keys.unwrap();
    keys.prime().unwrap();
    // A pointer to a source describes the source.
    let verifier = Verifier::new(policy(), Box::new(&keys)).unwrap();
    let explanation = verifier.explain_at(&token().header("kid", "x").mint(), NOW);
    let hint = finding(&explanation, Check::Key).hint().unwrap();
    assert_eq!(hint.code(), "unknown_key_id");
    let text = hint.to_string();
    assert!(text.starts_with("None of the issuer's 3 keys, fetched "), "{text}");
    assert!(text.contains(" ago, has this `kid`: the token is from another tenant"), "{text}");
    let expected = finding(&explanation, Check::Key).expected().unwrap();
    assert!(expected.ends_with("seconds old; fresh"), "{expected}");
}

#[test]
fn every_check_has_its_name_and_the_clause_of_its_rule() {
    for (check, name, clause) in [
        (Check::Authorization, "header field", "RFC 6750 section 2.1"),
        (Check::Size, "size", "a limit of this crate"),
        (Check::Segments, "segments", "RFC 7515 section 7.1"),
        (Check::Header, "header", "RFC 7515 section 4"),
        (Check::Route, "issuer", "RFC 8725 section 3.8"),
        (Check::Algorithm, "alg", "RFC 8725 section 3.1"),
        (Check::Key, "key", "RFC 7515 section 4.1.4"),
        (Check::Signature, "signature", "RFC 7515 section 5.2"),
        (Check::Payload, "payload", "RFC 7519 section 7.2"),
        (Check::Claim, "claim", "RFC 7519 section 4.1"),
        (Check::Type, "typ", "RFC 8725 section 3.11"),
        (Check::Issuer, "iss", "RFC 7519 section 4.1.1"),
        (Check::Audience, "aud", "RFC 7519 section 4.1.3"),
        (Check::Expiry, "exp", "RFC 7519 section 4.1.4"),
        (Check::NotBefore, "nbf", "RFC 7519 section 4.1.5"),
        (Check::Client, "client", "OpenID Connect Core section 3.1.3.7"),
        (Check::Confirmation, "cnf", "RFC 7800 section 3.1"),
        (Check::RequiredClaim, "required", "the policy's require_claim"),
        (Check::Scope, "scope", "RFC 6750 section 3.1"),
        (Check::Permission, "permission", "RFC 6750 section 3.1"),
    ] {
        assert_eq!((check.name(), check.clause()), (name, clause));
        assert_eq!(check.to_string(), name);
    }
}

#[test]
fn keys_and_entries_without_kid_are_listed_too() {
    let key = issuer().keys()[0].without_member("kid").jwk();
    let set = json!({"keys": [key, {"kty": "oct"}]});
    let explanation = explain_with_set(set, &token());
    assert_eq!(
        finding(&explanation, Check::Key).expected(),
        Some(
            "a key at hand: no kid, RS256; skipped: entry 1: the key is a shared secret (`kty` is oct), which may be public because it is in a key set, replace it"
        ),
    );
}

#[test]
fn thumbprint_of_a_token_without_kid_is_shown() {
    let set = json!({"keys": [issuer().keys()[0].with_member("x5t", "known").jwk()]});
    let nameless = token().without_header("kid").header("x5t", "unknown");
    let explanation = explain_with_set(set.clone(), &nameless);
    assert_eq!(finding(&explanation, Check::Key).actual(), Some("x5t \"unknown\""));
    let explanation = explain_with_set(set, &token().header("kid", "b").header("x5t", "known"));
    assert_eq!(finding(&explanation, Check::Key).actual(), Some("kid \"b\""));
}

/// A source that does not describe its keys.
struct Silent;

impl KeySource for Silent {
    fn key(&self, _: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        Err(KeyError::UnknownKey)
    }

    fn try_key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        self.key(query)
    }
}

/// A source of the caller's, which says why it has no keys.
struct Sealed;

impl KeySource for Sealed {
    fn key(&self, _: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        Err(KeyError::Unavailable { retry_after: Duration::from_secs(1) })
    }

    fn try_key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        self.key(query)
    }

    fn describe(&self) -> KeysDescription {
        KeysDescription::none().with_failure("sealed", "the vault is sealed")
    }
}

#[test]
fn failure_of_a_source_of_the_callers_is_shown_in_its_own_words() {
    let verifier = Verifier::new(policy(), Sealed).unwrap();
    let explanation = verifier.explain_at(&token().mint(), NOW);
    assert!(explanation.to_string().contains("the vault is sealed"), "{explanation}");
    assert!(matches!(explanation.verdict(), Err(VerifyError::KeysUnavailable { .. })));
    let rejection =
        Guard::new(verifier).check_at([format!("Bearer {}", token().mint())], NOW).unwrap_err();
    assert!(rejection.to_string().ends_with(": sealed"), "{rejection}");
}

#[test]
fn source_that_describes_nothing_is_explained_as_far_as_possible() {
    let verifier = Verifier::new(policy(), Silent).unwrap();
    let explanation = explained(&verifier, &token().mint(), NOW);
    let found = finding(&explanation, Check::Key);
    let hint = found.hint().unwrap();
    assert_eq!(hint.code(), "unknown_key_id");
    assert!(hint.to_string().starts_with("None of the issuer's keys has this `kid`: "), "{hint}");
    assert_eq!(found.expected(), Some("a key of the source, which does not list its keys"));
    let described = KeysDescription::default();
    assert!(format!("{described:?}").starts_with("KeysDescription"));
}

#[test]
fn explanation_asks_only_for_keys_at_hand() {
    struct NoWaiting;
    impl KeySource for NoWaiting {
        fn key(&self, _: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
            panic!("an explanation never waits")
        }

        fn try_key(&self, _: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
            Err(KeyError::Busy)
        }
    }
    let verifier = Verifier::new(policy(), NoWaiting).unwrap();
    let verdict = verifier.explain(&token().mint()).verdict();
    assert_eq!(verdict, Err(VerifyError::KeySourceBusy));
    let verdict = Guard::new(verifier).explain([format!("Bearer {}", token().mint())]).verdict();
    assert_eq!(verdict, Err(VerifyError::KeySourceBusy));
}

// Whole reports.

#[test]
fn report_of_an_accepted_token() {
    let report = explain(&token()).to_string();
    assert_eq!(
        report,
        r#"accepted, as of 2026-05-28T20:26:40Z

  ok      size          838 bytes
  ok      segments      3 (76, 418, 342 characters)
  ok      header        57 bytes
  ok      alg           "RS256"
  ok      key           "tokenring-test-key-01" RS256, 2048 bits
  ok      signature     256 bytes
  ok      payload       313 bytes
  ok      typ           "JWT"
  ok      events        none
  ok      iss           "https://tenant.example.auth0.com/"
  ok      aud           ["https://api.example.com/", "https://tenant.example.auth0.com/userinfo"]
  ok      exp           2026-05-29T20:26:40Z, in 1 day; issued 2026-05-28T20:26:40Z, now
  ok      nbf           none
  ok      client        "tokenringTestkitClientIdentifier"
  ok      cnf           none"#
    );
}

#[test]
fn report_of_a_token_with_two_faults() {
    let report = explain(
        &token()
            .audience("https://other.example.com/")
            .expires_at(at(-10_000))
            .claim("iat", NOW.as_secs() - 13_600),
    )
    .to_string();
    assert_eq!(
        report,
        r#"refused: wrong_audience, as of 2026-05-28T20:26:40Z
the token's `aud` does not contain an audience accepted here

  ok      size          779 bytes
  ok      segments      3 (76, 359, 342 characters)
  ok      header        57 bytes
  ok      alg           "RS256"
  ok      key           "tokenring-test-key-01" RS256, 2048 bits
  ok      signature     256 bytes
  ok      payload       269 bytes
  ok      typ           "JWT"
  ok      events        none
  ok      iss           "https://tenant.example.auth0.com/"
  FAILED  aud           "https://other.example.com/"
          expected      "https://api.example.com/"
          by            RFC 7519 section 4.1.3
          hint          The token is for another API: have the client request one for the audience
                        configured here.
  FAILED  exp           2026-05-28T17:40:00Z, 2 hours 46 minutes ago; issued 2026-05-28T16:40:00Z, 3 hours 46 minutes ago
          expected      after now
          by            RFC 7519 section 4.1.4
          hint          The token expired 2 hours 46 minutes ago after a lifetime of 1 hour: the
                        client must renew it in time, or this host's clock is ahead.
  ok      nbf           none
  ok      client        "tokenringTestkitClientIdentifier"
  ok      cnf           none"#
    );
}

#[test]
fn report_of_a_token_that_nobody_signed() {
    let report =
        explain(&token().forged_by(&TestKey::attacker()).issuer(ISSUER.trim_end_matches('/')))
            .to_string();
    assert_eq!(
        report,
        r#"refused: bad_signature, as of 2026-05-28T20:26:40Z
the signature does not match this token and the issuer's key

  ok      size          836 bytes
  ok      segments      3 (76, 416, 342 characters)
  ok      header        57 bytes
  ok      alg           "RS256"
  ok      key           "tokenring-test-key-01" RS256, 2048 bits
  FAILED  signature     256 bytes
          expected      256 bytes by that key over this token
          by            RFC 7515 section 5.2
          hint          The token was changed after it was signed, or is signed with another key of
                        the same `kid`: request a new one, and compare the issuer's environments.
  ok      payload       312 bytes (unverified)
  ok      typ           "JWT" (unverified)
  ok      events        none (unverified)
  FAILED  iss           "https://tenant.example.auth0.com" (unverified)
          expected      "https://tenant.example.auth0.com/"
          by            RFC 7519 section 4.1.1
          hint          The issuers differ only by the slash at the end: spell the policy's issuer
                        exactly as the token does.
  ok      aud           ["https://api.example.com/", "https://tenant.example.auth0.com/userinfo"] (unverified)
  ok      exp           2026-05-29T20:26:40Z, in 1 day; issued 2026-05-28T20:26:40Z, now (unverified)
  ok      nbf           none (unverified)
  ok      client        "tokenringTestkitClientIdentifier" (unverified)
  ok      cnf           none (unverified)"#
    );
}

#[test]
fn report_of_an_opaque_token() {
    let report = explain_text("2YotnFZFEjr1zCsicMWpAA").to_string();
    assert_eq!(
        report,
        r#"refused: segment_count, as of 2026-05-28T20:26:40Z
the token has 1 segment instead of 3, perhaps an opaque access token: request a JWT from the issuer by naming an audience

  ok      size          22 bytes
  FAILED  segments      1 (22 characters)
          expected      3, none of them empty
          by            RFC 7515 section 7.1
          hint          This is not a JWT but an opaque token: request an access token for this API
                        by naming its audience or resource.
  -       not reached   header, alg, key, signature, payload, typ, events, iss, aud, exp, nbf, client, cnf"#
    );
}

#[test]
fn report_of_an_unknown_key_with_all_claims() {
    let report = explain(&token().header("kid", "x")).with_all_claims().to_string();
    assert_eq!(
        report,
        r#"refused: unknown_key, as of 2026-05-28T20:26:40Z
the issuer has no usable key for the token's `kid` and `alg`

  ok      size          812 bytes
  ok      segments      3 (50, 418, 342 characters)
  ok      header        37 bytes
  ok      alg           "RS256"
  FAILED  key           kid "x"
          expected      a key at hand: "tokenring-test-key-01" RS256, "tokenring-test-key-02" RS256,
                        "tokenring-test-key-03" RS256
          by            RFC 7515 section 4.1.4
          hint          None of the issuer's 3 keys has this `kid`: the token is from another tenant
                        or environment, or its key was replaced.
  -       signature     256 bytes (not checked)
  ok      payload       313 bytes (unverified)
  ok      typ           "JWT" (unverified)
  ok      events        none (unverified)
  ok      iss           "https://tenant.example.auth0.com/" (unverified)
  ok      aud           ["https://api.example.com/", "https://tenant.example.auth0.com/userinfo"] (unverified)
  ok      exp           2026-05-29T20:26:40Z, in 1 day; issued 2026-05-28T20:26:40Z, now (unverified)
  ok      nbf           none (unverified)
  ok      client        "tokenringTestkitClientIdentifier" (unverified)
  ok      cnf           none (unverified)

all claims (unverified)

  iss           "https://tenant.example.auth0.com/"
  sub           "auth0|64b7f1c2a9d3e8f0b5c6a7d8"
  aud           ["https://api.example.com/","https://tenant.example.auth0.com/userinfo"]
  iat           1780000000
  exp           1780086400
  azp           "tokenringTestkitClientIdentifier"
  scope         "openid profile email read:messages"
  permissions   ["read:messages"]"#
    );
}

#[test]
fn report_of_a_request_with_quotes() {
    let report = Guard::new(verifier())
        .require_scope("admin")
        .explain_at([format!("Bearer \"{}\"", token().mint())], NOW)
        .to_string();
    assert_eq!(
        report,
        r#"refused: no_token, as of 2026-05-28T20:26:40Z
the request has no bearer token that can be read

  FAILED  header field  Bearer and 840 bytes
          expected      one field: Bearer and a token
          by            RFC 6750 section 2.1
          hint          Remove the quotation marks around the token: the client sends it as JSON
                        text or with quotes of its shell.
  ok      size          838 bytes
  ok      segments      3 (76, 418, 342 characters)
  ok      header        57 bytes
  ok      alg           "RS256"
  ok      key           "tokenring-test-key-01" RS256, 2048 bits
  ok      signature     256 bytes
  ok      payload       313 bytes
  ok      typ           "JWT"
  ok      events        none
  ok      iss           "https://tenant.example.auth0.com/"
  ok      aud           ["https://api.example.com/", "https://tenant.example.auth0.com/userinfo"]
  ok      exp           2026-05-29T20:26:40Z, in 1 day; issued 2026-05-28T20:26:40Z, now
  ok      nbf           none
  ok      client        "tokenringTestkitClientIdentifier"
  ok      cnf           none
  FAILED  scope         not granted; the token has ["openid", "profile", "email", "read:messages"]
          expected      "admin"
          by            RFC 6750 section 3.1
          hint          The token lacks this scope: have the client request it, and the issuer allow
                        it for this client and user."#
    );
}
