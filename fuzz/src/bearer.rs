//! A guard's answer to any `Authorization` values, compared with a second grammar. RFC 6750 sections
//! 2.1 and 3.

use std::sync::LazyLock;

use tokenring::{
    Algorithm, Guard, JwkSet, Policy, Rejection, Verifier, VerifyError,
    testkit::{AUDIENCE, ISSUER, Issuer},
};

use crate::{NOW, assert_plain};

/// The guard's answer follows from the number of values, their grammar and the verifier's verdict on
/// the token. It contains nothing from the request.
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
            (Err(found), Err(expected)) => assert_answers(&found, expected),
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }
    accepted
}

fn with_token(value: &[u8]) -> Vec<u8> {
    match value.windows(5).position(|window| window == b"TOKEN") {
        Some(at) => [&value[..at], TOKEN.as_bytes(), &value[at + 5..]].concat(),
        None => value.to_vec(),
    }
}

/// A refusal: status, message, the challenge after the realm, and cause.
type Refusal = (u16, &'static str, String, Option<VerifyError>);

fn assert_answers(found: &Rejection, expected: Refusal) {
    let (status, message, error, cause) = expected;
    assert_eq!((found.status(), found.message()), (status, message), "{found:?}");
    assert_eq!(found.cause(), cause);
    match cause {
        Some(cause) => assert_eq!(found.code(), cause.code()),
        None => assert!(CODES.contains(&found.code()), "{found}"),
    }
    let challenge = format!("Bearer realm=\"api\"{error}");
    let headers: Vec<_> = found.headers().collect();
    let content_type = ("Content-Type", "application/json".to_owned());
    assert_eq!(headers, [content_type, ("WWW-Authenticate", challenge)]);
    assert_eq!(found.body(), format!("{{\"message\": \"{message}\"}}"));
    assert_plain(found);
}

/// The expected answer of a guard that requires the scope `required`. No token here has that scope,
/// unless it is empty.
fn answer(values: &[Vec<u8>], required: &str) -> Result<(), Refusal> {
    let value = match values {
        [] => return Err((401, "Authorization token is missing", String::new(), None)),
        [value] => value,
        _ => {
            let error = ", error=\"invalid_request\"".into();
            return Err((400, "Invalid token format", error, None));
        }
    };
    let invalid = |cause| (401, "Invalid token", ", error=\"invalid_token\"".into(), Some(cause));
    let malformed = || (401, "Invalid token format", String::new(), None);
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
        "" => Ok(()),
        scope => {
            let error = format!(", error=\"insufficient_scope\", scope=\"{scope}\"");
            Err((403, "Insufficient scope", error, Some(VerifyError::InsufficientScope)))
        }
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

/// Guards, each with the scope that it requires and that no token has.
static GUARDS: LazyLock<[(Guard<JwkSet>, &str); 3]> = LazyLock::new(|| {
    let guard = || Guard::new(VERIFIER.clone());
    [
        (guard(), ""),
        (guard().require_scope("read:messages openid").require_permission("read:messages"), ""),
        (guard().require_scope("admin"), "admin"),
    ]
});
