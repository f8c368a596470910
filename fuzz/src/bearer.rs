//! A guard's answer to any `Authorization` values, compared with a second grammar. RFC 6750 sections
//! 2.1 and 3.

use std::sync::LazyLock;

use tokenring::{
    Algorithm, Guard, JwkSet, Policy, Rejection, Verified, Verifier, VerifyError,
    testkit::{AUDIENCE, ISSUER, Issuer},
};

use crate::{NOW, assert_plain};

/// The guard's answer follows from the number of values, their grammar and the verifier's verdict on
/// the token. It contains nothing from the request. A token alone gets the answer of `Bearer` and the token.
///
/// NUL separates two values, and `TOKEN` stands for a signed token. An empty input is no value.
pub fn bearer_values(bytes: &[u8]) -> bool {
    let values: Vec<Vec<u8>> = match bytes {
        [] => Vec::new(),
        bytes => bytes.split(|byte| *byte == 0).map(with_token).collect(),
    };
    let mut accepted = false;
    for (guard, requirement) in GUARDS.iter() {
        match (guard.check_at(&values, NOW), answer(&values, requirement)) {
            (Ok(_), Ok(())) => accepted = true,
            (Err(found), Err(expected)) => assert_answers(&found, expected, requirement),
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
        assert_same_without_authorization(guard, &values);
    }
    accepted
}

fn with_token(value: &[u8]) -> Vec<u8> {
    match value.windows(5).position(|window| window == b"TOKEN") {
        Some(at) => [&value[..at], TOKEN.as_bytes(), &value[at + 5..]].concat(),
        None => value.to_vec(),
    }
}

/// The text of one value, checked as a token without `Authorization`, has the outcome of the request with
/// `Bearer` before it, if it begins with a character of a token: others may be part of the separator.
fn assert_same_without_authorization(guard: &Guard<JwkSet>, values: &[Vec<u8>]) {
    let [value] = values else { return };
    let Ok(text) = std::str::from_utf8(value) else { return };
    if text.starts_with(' ') {
        return;
    }
    let outcome = |checked: Result<Verified, Rejection>| {
        checked
            .map(|verified| verified.payload().to_vec())
            .map_err(|refused| refused.headers().collect::<Vec<_>>())
    };
    let request = guard.check_at([format!("Bearer {text}")], NOW);
    assert_eq!(outcome(guard.check_token_at(text, NOW)), outcome(request));
}

/// A refusal: status, message, `error`, and cause.
type Refusal = (u16, &'static str, &'static str, Option<VerifyError>);

/// Every 401 and 403 also names the scope that the guard requires.
fn assert_answers(found: &Rejection, expected: Refusal, required: &str) {
    let (status, message, error, cause) = expected;
    assert_eq!((found.status(), found.message()), (status, message), "{found:?}");
    assert_eq!(found.cause(), cause);
    match cause {
        Some(cause) => assert_eq!(found.code(), cause.code()),
        None => assert!(CODES.contains(&found.code()), "{found}"),
    }
    let scope = if status == 400 { "" } else { required };
    let parameter = |name: &str, value: &str| match value {
        "" => String::new(),
        value => format!("{name}=\"{value}\", "),
    };
    let (error, scope) = (parameter("error", error), parameter("scope", scope));
    let challenge = format!("Bearer {error}{scope}realm=\"api\"");
    let headers: Vec<_> = found.headers().collect();
    let content_type = ("Content-Type", "application/json".to_owned());
    assert_eq!(headers, [content_type, ("WWW-Authenticate", challenge)]);
    assert_eq!(found.body(), format!("{{\"message\": \"{message}\"}}"));
    assert_plain(found);
}

/// The expected answer of a guard that requires the scopes `required`. A token here has all but `admin`.
fn answer(values: &[Vec<u8>], required: &str) -> Result<(), Refusal> {
    let value = match values {
        [] => return Err((401, "Authorization token is missing", "", None)),
        [value] => value,
        _ => return Err((400, "Invalid token format", "invalid_request", None)),
    };
    let invalid = |cause| (401, "Invalid token", "invalid_token", Some(cause));
    let malformed = || (401, "Invalid token format", "", None);
    let (scheme, rest) = match value.iter().position(|byte| *byte == b' ') {
        Some(at) => (&value[..at], &value[at + 1..]),
        None => return Err(malformed()),
    };
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Err(malformed());
    }
    if rest.len() > 16_384 {
        return Err(invalid(VerifyError::TokenTooLong { bytes: rest.len() }));
    }
    let token = b64token(rest).ok_or_else(malformed)?;
    VERIFIER.verify_at(token, NOW).map_err(invalid)?;
    match required {
        "admin" => {
            let cause = Some(VerifyError::InsufficientScope);
            Err((403, "Insufficient scope", "insufficient_scope", cause))
        }
        _ => Ok(()),
    }
}

/// `*SP 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`, byte by byte.
fn b64token(text: &[u8]) -> Option<&str> {
    #[derive(Clone, Copy, PartialEq)]
    enum Last {
        Space,
        Character,
        Padding,
    }
    let (mut last, mut spaces) = (Last::Space, 0);
    for byte in text {
        last = match (last, byte) {
            (Last::Space, b' ') => {
                spaces += 1;
                Last::Space
            }
            (Last::Character | Last::Padding, b'=') => Last::Padding,
            (Last::Space | Last::Character, byte)
                if byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte) =>
            {
                Last::Character
            }
            _ => return None,
        };
    }
    let token = std::str::from_utf8(&text[spaces..]).expect("ASCII");
    (last != Last::Space).then_some(token)
}

/// The names of the reasons why there is no token.
const CODES: [&str; 22] = [
    "header_missing",
    "header_repeated",
    "header_empty",
    "no_scheme",
    "other_scheme",
    "space_missing",
    "tab",
    "token_empty",
    "placeholder",
    "bearer_twice",
    "shell_variable",
    "template_variable",
    "json_object",
    "angle_brackets",
    "python_bytes",
    "quoted",
    "trailing_separator",
    "joined_by_comma",
    "white_space",
    "not_ascii",
    "percent_encoded",
    "malformed",
];

static TOKEN: LazyLock<String> =
    LazyLock::new(|| Issuer::for_algorithm(ISSUER, Algorithm::EdDSA).token_at(NOW).mint());

static VERIFIER: LazyLock<Verifier<JwkSet>> = LazyLock::new(|| {
    let issuer = Issuer::for_algorithm(ISSUER, Algorithm::EdDSA);
    let keys = JwkSet::from_json(issuer.jwks().as_bytes()).expect("a set");
    let policy = Policy::new(ISSUER, AUDIENCE).algorithms([Algorithm::EdDSA]);
    Verifier::new(policy, keys).expect("a policy")
});

/// Guards, each with the scopes that it requires.
static GUARDS: LazyLock<[(Guard<JwkSet>, &str); 3]> = LazyLock::new(|| {
    let guard = || Guard::new(VERIFIER.clone());
    [
        (guard(), ""),
        (
            guard().require_scope("read:messages openid").require_permission("read:messages"),
            "read:messages openid",
        ),
        (guard().require_scope("admin"), "admin"),
    ]
});
