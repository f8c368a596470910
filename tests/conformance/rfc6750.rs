//! Bearer tokens in HTTP: the form of a request, and the response to its client. RFC 6750, RFC 9110
//! section 11.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    iter,
    rc::Rc,
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokenring::{
    Authentication, Guard, JsonError, JwkSet, KeyError, KeyQuery, KeySource, Rejection,
    SelectedKey, UnixTime, Verified, Verifier, VerifyError,
    testkit::{CLIENT_ID, TestKey, TokenBuilder},
};

#[cfg(feature = "std")]
use crate::common::FAR_FUTURE;
use crate::common::{NOW, keys, policy, token, verifier_of};

const MISSING: &str = r#"{"message": "Authorization token is missing"}"#;
const FORMAT: &str = r#"{"message": "Invalid token format"}"#;
const INVALID: &str = r#"{"message": "Invalid token"}"#;
const INSUFFICIENT: &str = r#"{"message": "Insufficient scope"}"#;
const UNAVAILABLE: &str = r#"{"message": "Service unavailable"}"#;

const PLAIN: &str = r#"Bearer realm="api""#;
const INVALID_REQUEST: &str = r#"Bearer error="invalid_request", realm="api""#;
const INVALID_TOKEN: &str = r#"Bearer error="invalid_token", realm="api""#;

// The form of a request.

/// An empty setting must not let everybody in.
#[test]
fn empty_scope_or_permission_is_granted_by_no_token() {
    for guard in
        [guard().require_scope(""), guard().require_scope("  "), guard().require_permission("")]
    {
        let rejection = guard.check_at([good_value()], NOW).unwrap_err();
        assert_eq!((rejection.status(), rejection.message()), (403, "Insufficient scope"));
    }
    let guard = guard().require_scope(" read:messages  openid ");
    guard.check_at([good_value()], NOW).unwrap();
}

#[test]
fn good_token_is_accepted_from_any_type_of_header_value() {
    /// A header value like a web framework's.
    struct FieldValue(Vec<u8>);
    impl AsRef<[u8]> for FieldValue {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }

    fn accepted(values: impl IntoIterator<Item = impl AsRef<[u8]>>) {
        let verified = guard().check_at(values, NOW).unwrap();
        assert_eq!(verified.subject(), Some("auth0|64b7f1c2a9d3e8f0b5c6a7d8"));
    }

    let text = good_value();
    let bytes = text.as_bytes();
    let fields = [("host", "api.example.com"), ("authorization", text.as_str()), ("accept", "*/*")];
    let named = |name| fields.iter().filter(move |field| field.0 == name).map(|field| field.1);

    let kept = (Some(text.clone()), vec![text.clone()]);
    accepted(Some(text.as_str()));
    accepted(Some(bytes));
    accepted(Some(text.clone()));
    accepted(&kept.0);
    accepted(Some(bytes.to_vec()));
    accepted(Some(Cow::Borrowed(bytes)));
    accepted(Some(Box::<[u8]>::from(bytes)));
    accepted([text.as_str()]);
    accepted(&kept.1);
    accepted(vec![text.as_str()]);
    accepted(vec![bytes.to_vec()]);
    accepted(&[FieldValue(bytes.to_vec())]);
    accepted(iter::once(bytes));
    accepted(named("authorization"));
    accepted([Rc::<[u8]>::from(bytes)]);

    let missing = guard().check_at(named("cookie"), NOW).unwrap_err();
    assert_eq!(missing.message(), "Authorization token is missing");
}

#[test]
fn request_without_authorization_gets_its_message_and_no_error_code() {
    let expected = response_of(401, MISSING, PLAIN);
    for outcome in [
        guard().check_at(None::<&str>, NOW),
        guard().check_at(None::<&[u8]>, NOW),
        guard().check_at(Vec::<Vec<u8>>::new(), NOW),
        guard().check_at(iter::empty::<String>(), NOW),
        guard().check_at([""; 0], NOW),
    ] {
        let rejection = outcome.unwrap_err();
        assert_eq!(response(&rejection), expected);
        assert_eq!(rejection.message(), "Authorization token is missing");
        assert_eq!(rejection.cause(), None);
    }
}

#[test]
fn scheme_is_the_same_in_any_case() {
    for upper in 0..64_u32 {
        let in_case = |(index, letter): (u32, char)| match upper >> index & 1 {
            1 => letter.to_ascii_uppercase(),
            _ => letter,
        };
        let scheme: String = (0..).zip("bearer".chars()).map(in_case).collect();
        assert_eq!(check(format!("{scheme} {}", good_token())), Ok(()), "{scheme}");
    }
}

#[test]
fn other_scheme_is_refused() {
    for scheme in [
        "Basic",
        "Token",
        "JWT",
        "DPoP",
        "OAuth",
        "Negotiate",
        "Bearerx",
        "xBearer",
        "Beare",
        "Bearer:",
        "Bearer=",
        "\"Bearer\"",
        "Bearer,",
        "Bearer\0",
        "\u{feff}Bearer",
        // Fullwidth letters, a Cyrillic letter, and the right letters with accents.
        "Ｂearer",
        "Веarer",
        "Be\u{301}arer",
        "Bearér",
    ] {
        assert_malformed(format!("{scheme} {}", good_token()));
    }
}

#[test]
fn one_or_several_spaces_may_stand_between_scheme_and_token() {
    for spaces in [1, 2, 3, 1000] {
        let value = format!("Bearer{}{}", " ".repeat(spaces), good_token());
        assert_eq!(check(value), Ok(()), "{spaces} spaces");
    }
}

#[test]
fn anything_but_spaces_between_scheme_and_token_is_refused() {
    for between in [
        "",
        "\t",
        " \t",
        "\t ",
        " \t ",
        "\n",
        "\r\n ",
        " \r\n ",
        "\0",
        " \0",
        "\u{b}",
        " \u{c}",
        "\u{a0}",
        " \u{a0}",
        "\u{2003}",
        " \u{200b}",
        ",",
        ", ",
        " ,",
        " , ",
        ":",
        ": ",
        " : ",
        "=",
        "%20",
        "+ ",
        " \"",
    ] {
        assert_malformed(format!("Bearer{between}{}", good_token()));
    }
}

#[test]
fn text_before_the_scheme_or_after_the_token_is_refused() {
    for extra in [
        " ", "  ", "\t", "\n", "\r", "\r\n", "\0", "\u{b}", "\u{c}", "\u{85}", "\u{a0}",
        "\u{2028}", "\u{feff}", ",", ";", "\"", "'", "<", ">", "#", "?",
    ] {
        assert_malformed(format!("{extra}{}", good_value()));
        assert_malformed(format!("{}{extra}", good_value()));
    }
}

#[test]
fn value_without_a_token_is_refused() {
    for value in [
        "",
        " ",
        "    ",
        "\t",
        ",",
        "Bearer",
        "bearer",
        "Bearer ",
        "Bearer     ",
        " Bearer",
        "Bearer\t",
        "Bearer =",
        "Bearer ====",
        "Bearer \"\"",
        "Bearer ,",
    ] {
        assert_malformed(value);
    }
    // A token without a scheme.
    assert_malformed(good_token());
}

#[test]
fn value_with_more_than_one_token_is_refused() {
    let token = good_token();
    for rest in [
        // Two tokens; two credentials; two fields joined by an intermediary; parameters.
        format!(" {token}"),
        format!(", Bearer {token}"),
        format!(",Bearer {token}"),
        format!(",{token}"),
        ", Basic YTpi".to_owned(),
        ", realm=\"api\"".to_owned(),
        "; charset=utf-8".to_owned(),
        " Bearer".to_owned(),
        format!("\r\nAuthorization: Bearer {token}"),
    ] {
        assert_malformed(format!("Bearer {token}{rest}"));
    }
    assert_malformed(format!("Bearer Bearer {token}"));
    assert_malformed(format!("Basic YTpi, Bearer {token}"));
    assert_malformed(format!("Bearer token=\"{token}\""));
    assert_malformed(format!("Bearer \"{token}\""));
}

#[test]
fn several_values_are_refused_as_an_invalid_request_whatever_they_are() {
    let good = good_value();
    for values in [
        // The second value is the same, another, of another scheme, or empty; or there are more.
        vec![good.as_str(), good.as_str()],
        vec![good.as_str(), "Bearer x"],
        vec!["Bearer x", good.as_str()],
        vec!["Basic YTpi", good.as_str()],
        vec![good.as_str(), "Basic YTpi"],
        vec![good.as_str(), ""],
        vec!["", good.as_str()],
        vec!["", ""],
        vec!["\t", "\u{ff}"],
        vec![good.as_str(); 3],
        vec![good.as_str(); 1000],
    ] {
        let rejection = guard().check_at(&values, NOW).unwrap_err();
        assert_eq!(response(&rejection), response_of(400, FORMAT, INVALID_REQUEST));
        assert_eq!(rejection.cause(), None);
    }
}

#[test]
fn no_more_than_two_values_are_read() {
    let rejection = guard().check_at(iter::repeat("Bearer x"), NOW).unwrap_err();
    assert_eq!(rejection.status(), 400);
}

#[test]
fn only_characters_of_a_b64token_reach_the_verifier() {
    for byte in 0..=u8::MAX {
        let value = |before: &str, after: &str| {
            let mut value = format!("Bearer {before}").into_bytes();
            value.push(byte);
            value.extend(after.bytes());
            value
        };
        let of_token = byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
        let opaque = VerifyError::SegmentCount { found: 1 + usize::from(byte == b'.') };

        // In the middle: only the characters themselves.
        match of_token {
            true => assert_eq!(cause(value("abc", "def")), opaque, "{byte:#04x}"),
            false => assert_malformed(value("abc", "def")),
        }
        // At the end: `=` too.
        match of_token || byte == b'=' {
            true => assert_eq!(cause(value("abc", "")), opaque, "{byte:#04x}"),
            false => assert_malformed(value("abc", "")),
        }
        // At the beginning: a second space too, which is not part of the token.
        match of_token || byte == b' ' {
            true => assert_eq!(cause(value("", "def")), opaque, "{byte:#04x}"),
            false => assert_malformed(value("", "def")),
        }
    }
}

#[test]
fn equals_signs_at_the_end_belong_to_the_token_and_are_for_the_verifier_to_refuse() {
    let token = good_token();
    for padding in ["=", "==", "==="] {
        let expected = VerifyError::NotBase64url { segment: "signature" };
        assert_eq!(cause(format!("{}{padding}", good_value())), expected);
    }
    let (input, signature) = token.rsplit_once('.').unwrap();
    // An `=` before the end is not allowed in a b64token.
    assert_malformed(format!("Bearer {input}=.{signature}"));
    assert_malformed(format!("Bearer ={input}.{signature}"));
}

#[test]
fn value_that_is_not_utf_8_is_refused() {
    for garbage in [b"\xff".as_slice(), b"\x80", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"]
    {
        let good = good_value().into_bytes();
        let (scheme, token) = good.split_at("Bearer ".len());
        assert_malformed(garbage);
        assert_malformed([garbage, &good].concat());
        assert_malformed([scheme, garbage, token].concat());
        assert_malformed([&good, garbage].concat());
    }
}

#[test]
fn value_of_any_length_is_answered_with_the_same_few_bytes() {
    for length in [20_000, 1_000_000] {
        let too_long = |characters: &str| {
            let token = characters.repeat(length / characters.len());
            assert_eq!(
                cause(format!("Bearer {token}")),
                VerifyError::TokenTooLong { bytes: token.len() }
            );
        };
        too_long("A");
        too_long(".");
        too_long("eyJ.");

        // A value that is too long is refused before it is scanned, whatever it contains.
        for characters in [" ", "=", "\t", "\u{e9}", "Bearer "] {
            too_long(characters);
        }
        let bytes = [b"Bearer ".to_vec(), vec![0xff; length]].concat();
        assert_eq!(cause(bytes), VerifyError::TokenTooLong { bytes: length });

        assert_malformed("A".repeat(length));
        assert_malformed(" ".repeat(length));
        assert_malformed(vec![0xff; length]);
    }
}

#[test]
fn limit_of_16_kib_holds_for_what_follows_the_first_space() {
    let limit = 16 * 1024;
    // A value of the longest length is cut into its segments, so it has been scanned.
    let longest = cause(format!("Bearer {}", "A".repeat(limit)));
    assert_eq!(longest, VerifyError::SegmentCount { found: 1 });
    let longest = cause(format!("Bearer  {}", "A".repeat(limit - 1)));
    assert_eq!(longest, VerifyError::SegmentCount { found: 1 });
    assert_malformed(format!("Bearer {}", " ".repeat(limit)));
    for value in
        [format!("Bearer {}", "A".repeat(limit + 1)), format!("bearer  {}", "A".repeat(limit))]
    {
        assert_eq!(cause(value), VerifyError::TokenTooLong { bytes: limit + 1 });
    }
}

// The response to a client.

#[test]
fn every_refused_token_gets_the_same_response_and_the_cause_is_for_the_log() {
    let mut codes = BTreeSet::new();
    for (wrong, token, expected) in refused_tokens() {
        let rejection = strict_guard().check_at(Some(format!("Bearer {token}")), NOW).unwrap_err();
        assert_eq!(response(&rejection), response_of(401, INVALID, INVALID_TOKEN), "{wrong}");
        assert_eq!(rejection.cause(), Some(expected), "{wrong}");
        codes.insert(expected.code());
    }
    // All of `VerifyError` except `AmbiguousKey`, which is tested next, and the two of status 503.
    assert_eq!(codes.len(), 26, "{codes:?}");
}

#[test]
fn ambiguous_key_gets_the_same_response_as_any_other_refusal() {
    let guard = guard_of(Keys(KeyError::AmbiguousKey));
    let rejection = guard.check_at(Some(good_value()), NOW).unwrap_err();
    assert_eq!(response(&rejection), response_of(401, INVALID, INVALID_TOKEN));
    assert_eq!(rejection.cause(), Some(VerifyError::AmbiguousKey));
}

#[test]
fn nothing_of_the_request_comes_back() {
    const MARKER: &str = "M4rkerInTheRequest";
    let encoded = URL_SAFE_NO_PAD.encode(MARKER);
    let key = TestKey::attacker().with_kid(MARKER);
    let expired = UnixTime::from_secs(NOW.as_secs() - 1);
    let bearer = |token: TokenBuilder| vec![format!("Bearer {}", token.mint())];
    let mut rejections = Vec::new();
    for values in [
        // The marker in a value that is not a bearer token.
        vec![MARKER.to_owned()],
        vec![format!("{MARKER} {}", good_token())],
        vec![format!("Bearer {MARKER} {MARKER}")],
        vec![format!("Bearer \"{MARKER}\"")],
        vec![format!("Bearer {MARKER}\r\nSet-Cookie: a={MARKER}")],
        vec![format!("Bearer {MARKER}"), format!("Bearer {MARKER}")],
        // In a bearer token that is not a JWT.
        vec![format!("Bearer {MARKER}")],
        vec![format!("Bearer {MARKER}.{MARKER}.{MARKER}")],
        vec![format!("Bearer {encoded}.{encoded}.{encoded}")],
        // In the header.
        bearer(token().header("alg", MARKER)),
        bearer(token().header("typ", MARKER)),
        bearer(token().header(MARKER, MARKER).header("crit", json!([MARKER]))),
        bearer(token().key(&key)),
        bearer(token().forged_by(&key).header("jku", format!("https://{MARKER}.example/"))),
        // In the claims of a token whose signature is valid.
        bearer(token().issuer(MARKER)),
        bearer(token().audience(MARKER)),
        bearer(token().claim("exp", MARKER)),
        bearer(token().subject(json!([MARKER]))),
        bearer(token().claim("azp", MARKER)),
        bearer(token().claim("cnf", json!({"jkt": MARKER}))),
        bearer(token().claim(MARKER, MARKER).expires_at(expired)),
        bearer(token().raw_payload(format!("{{\"{MARKER}\":1,\"{MARKER}\":2}}"))),
        bearer(token().raw_payload(MARKER)),
        // In the scope and the permissions of a good token that lacks the required ones.
        bearer(token().scope(MARKER).permissions([MARKER]).subject(MARKER)),
    ] {
        let guard = strict_guard().require_scope("read:messages");
        rejections.push(guard.check_at(&values, NOW).unwrap_err());
    }
    let kept_waiting = guard_of(Keys(KeyError::Busy));
    rejections.push(kept_waiting.check_at(bearer(token().key(&key)), NOW).unwrap_err());

    let statuses: BTreeSet<u16> = rejections.iter().map(Rejection::status).collect();
    assert_eq!(statuses, BTreeSet::from([400, 401, 403, 503]));
    for rejection in rejections {
        let cause = rejection.cause().map(|cause| cause.to_string());
        let everything = format!("{:?} {rejection} {rejection:?} {cause:?}", response(&rejection));
        assert!(!everything.contains("M4rker"), "{everything}");
        assert!(!everything.contains(&encoded[..8]), "{everything}");
    }
}

#[test]
fn body_is_a_json_object_with_the_message_and_nothing_else() {
    let scoped = || guard().require_scope("admin");
    let down = guard_of(Keys(KeyError::Busy));
    for (rejection, message, body) in [
        (scoped().check_at(None::<&str>, NOW), "Authorization token is missing", MISSING),
        (scoped().check_at(Some("Basic YTpi"), NOW), "Invalid token format", FORMAT),
        (scoped().check_at(["Bearer x"; 2], NOW), "Invalid token format", FORMAT),
        (scoped().check_at(Some("Bearer x"), NOW), "Invalid token", INVALID),
        (scoped().check_at(Some(&good_value()), NOW), "Insufficient scope", INSUFFICIENT),
        (down.check_at(Some(&good_value()), NOW), "Service unavailable", UNAVAILABLE),
    ] {
        let rejection = rejection.unwrap_err();
        assert_eq!(rejection.message(), message);
        assert_eq!(rejection.body(), body);
        let parsed: Value = serde_json::from_str(&rejection.body()).unwrap();
        assert_eq!(parsed, json!({ "message": message }));
    }
}

// 403: the token is good, but lacks a scope or permission.

#[test]
fn response_names_all_scopes_that_are_required_if_one_is_missing() {
    for (wrong, guard, scope) in [
        ("one scope", guard().require_scope("admin"), Some("admin")),
        ("two scopes, one there", guard().require_scope("openid admin"), Some("openid admin")),
        (
            "two scopes in two calls",
            guard().require_scope("admin").require_scope("openid"),
            Some("admin openid"),
        ),
        (
            "a scope twice",
            guard().require_scope("admin openid").require_scope("admin"),
            Some("admin openid"),
        ),
        ("spaces around scopes", guard().require_scope("  admin   root "), Some("admin root")),
        (
            "permission there, scope not",
            guard().require_permission("read:messages").require_scope("admin"),
            Some("admin"),
        ),
        (
            "neither scope nor permission",
            guard().require_permission("delete:all").require_scope("admin"),
            Some("admin"),
        ),
        // A permission cannot be requested as a scope, and the scope is there already.
        ("a permission", guard().require_permission("delete:all"), None),
        (
            "two permissions, one there",
            guard().require_permission("read:messages").require_permission("delete:all"),
            None,
        ),
        (
            "scope there, permission not",
            guard().require_scope("openid").require_permission("delete:all"),
            None,
        ),
        ("a scope is not a permission", guard().require_permission("openid"), None),
    ] {
        let rejection = guard.check_at(Some(good_value()), NOW).unwrap_err();
        let scope = scope.map(|scope| format!("scope=\"{scope}\", ")).unwrap_or_default();
        let challenge = format!("Bearer error=\"insufficient_scope\", {scope}realm=\"api\"");
        assert_eq!(response(&rejection), response_of(403, INSUFFICIENT, &challenge), "{wrong}");
        assert_eq!(rejection.cause(), Some(VerifyError::InsufficientScope), "{wrong}");
    }
}

#[test]
fn token_with_all_scopes_and_permissions_is_accepted() {
    let guard = guard()
        .require_scope("  openid   read:messages ")
        .require_scope("email")
        .require_permission("read:messages");
    assert_eq!(guard.check_at(Some(good_value()), NOW).map(|_| ()), Ok(()));
}

#[test]
fn scope_is_compared_as_a_whole_and_in_its_case() {
    for wanted in ["read", "read:message", "messages", "Openid", "read:messages:all", "openid\t"] {
        let scoped = guard().require_scope(wanted).check_at(Some(good_value()), NOW);
        assert_eq!(scoped.unwrap_err().status(), 403, "scope {wanted:?}");
        let permitted = guard().require_permission(wanted).check_at(Some(good_value()), NOW);
        assert_eq!(permitted.unwrap_err().status(), 403, "permission {wanted:?}");
    }
}

#[test]
fn scope_or_permissions_of_another_type_grant_nothing() {
    for value in [
        json!(null),
        json!({"admin": true}),
        json!(true),
        json!([1]),
        json!(["admin", 1]),
        json!([["admin"]]),
        json!(["admin", null]),
    ] {
        let value = || value.clone();
        let token = token().scope(value()).permissions(json!({"admin": value()})).mint();
        let request = || Some(format!("Bearer {token}"));
        let scoped = guard().require_scope("admin").check_at(request(), NOW);
        assert_eq!(scoped.unwrap_err().status(), 403);
        let permitted = guard().require_permission("admin").check_at(request(), NOW);
        assert_eq!(permitted.unwrap_err().status(), 403);
        assert_eq!(guard().check_at(request(), NOW).map(|_| ()), Ok(()));
    }
}

#[test]
fn scope_in_an_array_is_granted_unless_it_has_a_space_in_it() {
    let status = |scope: Value, required: &str| {
        let request = format!("Bearer {}", token().scope(scope).mint());
        let checked = guard().require_scope(required).check_at(Some(request), NOW);
        checked.map_or_else(|rejection| rejection.status(), |_| 200)
    };
    assert_eq!(status(json!(["read", "write"]), "read write"), 200);
    assert_eq!(status(json!(["read", "write"]), "write"), 200);
    assert_eq!(status(json!(["read", "write"]), "admin"), 403);
    // One name, which is neither of the two.
    assert_eq!(status(json!(["read write"]), "read write"), 403);
    assert_eq!(status(json!(["read write"]), "read"), 403);
    // An empty setting admits nobody.
    assert_eq!(status(json!([""]), ""), 403);
    assert_eq!(status(json!([" "]), " "), 403);
    assert_eq!(status(json!([]), "read"), 403);
}

/// RFC 6750 section 3: so that a client requests the right token at once. Permissions are not named.
#[test]
fn every_401_names_the_scopes_that_the_guard_requires_whatever_the_cause() {
    let guard = guard().require_scope("admin openid").require_permission("root");
    let scope = r#"scope="admin openid", realm="api""#;
    let bad = |token: TokenBuilder| vec![format!("Bearer {}", token.mint())];
    for (values, body, error) in [
        (vec![], MISSING, ""),
        (vec!["Basic YTpi".to_owned()], FORMAT, ""),
        (vec!["Bearer a b".to_owned()], FORMAT, ""),
        (vec!["Bearer x".to_owned()], INVALID, "error=\"invalid_token\", "),
        (bad(token().scope("none").issuer("x")), INVALID, "error=\"invalid_token\", "),
        (bad(token().scope("admin").audience("x")), INVALID, "error=\"invalid_token\", "),
        (bad(token().forged_by(&TestKey::attacker())), INVALID, "error=\"invalid_token\", "),
    ] {
        let rejection = guard.check_at(&values, NOW).unwrap_err();
        let challenge = format!("Bearer {error}{scope}");
        assert_eq!(response(&rejection), response_of(401, body, &challenge), "{values:?}");
    }
    // The request must be mended first.
    let several = guard.check_at(["Bearer x"; 2], NOW).unwrap_err();
    assert_eq!(response(&several), response_of(400, FORMAT, INVALID_REQUEST));
}

#[test]
fn scope_of_a_challenge_is_a_list_of_scope_tokens_whatever_is_required() {
    for (first, second, expected) in [
        ("a", "b c", Some("a b c")),
        ("a", " b  b a ", Some("a b")),
        // Without the character, each would be the name of another scope.
        ("a\"b", "c", Some("c")),
        ("a\\", "c\\d", None),
        ("a\", error=\"x", "b", Some("b")),
        ("a\r\nSet-Cookie:b", "c", Some("c")),
        ("a\tb\u{7f}", "\u{e9}t\u{e9}", None),
        ("a", "\u{65e5}\u{672c}", Some("a")),
        ("\u{65e5}", "a", Some("a")),
        ("a", "", Some("a")),
        // RFC 6749 section 3.3 has no empty list.
        ("\u{65e5}", "\u{672c}", None),
        ("", "", None),
        ("\"", "\\", None),
    ] {
        let guard = guard().require_scope(first).require_scope(second);
        for (value, error) in
            [(good_value(), "insufficient_scope"), ("Bearer x".to_owned(), "invalid_token")]
        {
            let rejection = guard.check_at(Some(value), NOW).unwrap_err();
            let of = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            let scope = expected.map(|expected| of("scope", expected));
            let parameters: Vec<_> =
                [of("error", error)].into_iter().chain(scope).chain([of("realm", "api")]).collect();
            assert_eq!(self::parameters(&rejection), parameters, "{first:?} {second:?}");
            assert!(!field(&rejection).unwrap().contains('\\'));
        }
    }
    for character in ('\0'..='\u{2ff}').filter(|character| *character != ' ') {
        let scope = format!("a{character}b");
        let rejection = guard().require_scope(&scope).check_at(None::<&str>, NOW).unwrap_err();
        let is_nqchar = matches!(character, '!' | '#'..='[' | ']'..='~');
        let expected = is_nqchar.then_some(("scope".to_owned(), scope));
        assert_eq!(parameters(&rejection).into_iter().find(|one| one.0 == "scope"), expected);
    }
}

/// The clients of MCP's SDKs search the field like this.
#[test]
fn client_that_searches_for_a_name_finds_the_parameter_and_no_free_text() {
    let search = |field: &str, name: &str| {
        let (_, after) = field.split_once(&format!("{name}="))?;
        let value = after.strip_prefix('"').and_then(|quoted| quoted.split('"').next());
        Some(value.unwrap_or_else(|| after.split([',', ' ']).next().unwrap()).to_owned())
    };
    for realm in [
        r#"x", scope="admin"#,
        r#"x", error="none", scope="admin", max_age="1"#,
        "api scope=admin error=none max_age=1",
        "scope=admin",
        "Bearer scope=\"admin\"",
    ] {
        let required = Authentication::new().acr_values(["mfa"]).max_age(300);
        let guard =
            guard().realm(realm).require_scope("read:messages").require_authentication(required);
        let verified = self::guard().check_at([good_value()], NOW).unwrap();
        for (rejection, error) in [
            (guard.check_at(["Bearer x"], NOW).unwrap_err(), "invalid_token"),
            (guard.check_scope(&verified, "read:messages b").unwrap_err(), "insufficient_scope"),
            (guard.check_at([good_value()], NOW).unwrap_err(), "insufficient_user_authentication"),
        ] {
            let field = field(&rejection).unwrap();
            assert_eq!(search(&field, "error").as_deref(), Some(error), "{field}");
            assert!(search(&field, "scope").unwrap().starts_with("read:messages"), "{field}");
            if error == "insufficient_user_authentication" {
                assert_eq!(search(&field, "max_age").as_deref(), Some("300"), "{field}");
            }
            assert!(parameters(&rejection).contains(&("realm".to_owned(), realm.to_owned())));
        }
    }
}

// 503: without keys, nobody knows whether the token is good.

#[test]
fn unavailable_keys_say_nothing_about_the_token() {
    for (wait, seconds) in [
        (Duration::ZERO, 1),
        (Duration::from_nanos(1), 1),
        (Duration::from_millis(999), 1),
        (Duration::from_secs(1), 1),
        (Duration::new(1, 1), 2),
        (Duration::from_millis(1500), 2),
        (Duration::from_secs(30), 30),
        (Duration::new(30, 999_999_999), 31),
        (Duration::from_secs(3600), 3600),
        (Duration::MAX, u64::MAX),
    ] {
        let guard = guard_of(Keys(KeyError::Unavailable { retry_after: wait }));
        let rejection = guard.check_at(Some(good_value()), NOW).unwrap_err();
        assert_eq!(response(&rejection), unavailable_for(seconds));
        let cause = VerifyError::KeysUnavailable { retry_after: wait };
        assert_eq!(rejection.cause(), Some(cause));
    }
}

#[test]
fn too_many_waiters_are_no_fault_of_the_token() {
    let guard = guard_of(Keys(KeyError::Busy)).require_scope("admin");
    let rejection = guard.check_at(Some(good_value()), NOW).unwrap_err();
    assert_eq!(response(&rejection), unavailable_for(1));
    assert_eq!(rejection.cause(), Some(VerifyError::KeySourceBusy));
}

#[test]
fn request_that_is_wrong_by_itself_is_refused_without_keys() {
    let guard = guard_of(Counted(AtomicUsize::new(0)));
    for (values, status) in [
        (vec![], 401),
        (vec!["Basic YTpi"], 401),
        (vec!["Bearer a b"], 401),
        (vec!["Bearer x", "Bearer x"], 400),
        (vec!["Bearer x"], 401),
        (vec!["Bearer a.b.c"], 401),
    ] {
        let rejection = guard.check_at(&values, NOW).unwrap_err();
        assert_eq!(rejection.status(), status, "{values:?}");
    }
    assert_eq!(guard.verifier().keys().0.load(Ordering::Relaxed), 0);
    assert_eq!(guard.check_at(Some(good_value()), NOW).unwrap_err().status(), 503);
    assert_eq!(guard.verifier().keys().0.load(Ordering::Relaxed), 1);
}

// The challenge.

#[test]
fn every_challenge_is_exactly_one_of_rfc_9110_and_names_the_realm() {
    let guard = guard().realm("Messages, and more; a=b").require_scope("admin");
    for (values, status, error) in [
        (vec![], 401, None),
        (vec!["Basic YTpi".to_owned()], 401, None),
        (vec!["Bearer x".to_owned(); 2], 400, Some("invalid_request")),
        (vec!["Bearer x".to_owned()], 401, Some("invalid_token")),
        (vec![good_value()], 403, Some("insufficient_scope")),
    ] {
        let rejection = guard.check_at(&values, NOW).unwrap_err();
        assert_eq!(rejection.status(), status);
        let sent = parameters(&rejection);
        let find = |name| sent.iter().find(|sent| sent.0 == name).map(|sent| sent.1.as_str());
        assert_eq!(find("realm"), Some("Messages, and more; a=b"));
        assert_eq!(find("error"), error);
        assert_eq!(find("scope"), (status != 400).then_some("admin"));
    }
}

#[test]
fn realm_cannot_break_out_of_the_challenge() {
    for (realm, sent) in [
        ("", ""),
        ("api", "api"),
        (" my api ", " my api "),
        ("it's", "it's"),
        ("a\"b", r#"a\"b"#),
        ("a\\", r"a\\"),
        ("\\\"", r#"\\\""#),
        ("\\'", r"\\'"),
        ("a\", error=\"none", r#"a\", error=\"none"#),
        ("a\r\nSet-Cookie: b=c", r"a\r\nSet-Cookie: b=c"),
        ("\u{41f}\u{e9}\u{1f511}", r"\u{41f}\u{e9}\u{1f511}"),
        ("a\u{85}\u{2028}b", r"a\u{85}\u{2028}b"),
    ] {
        let rejection = guard().realm(realm).check_at(Some("Bearer x"), NOW).unwrap_err();
        let challenge = format!("Bearer error=\"invalid_token\", realm=\"{sent}\"");
        assert_eq!(field(&rejection), Some(challenge));
    }
    for character in '\0'..='\u{2ff}' {
        let realm = format!("a{character}b");
        let rejection = guard().realm(&realm).check_at(None::<&str>, NOW).unwrap_err();
        assert!(field(&rejection).unwrap().bytes().all(|b| matches!(b, b' '..=b'~')));
        // Printable characters arrive unchanged, all others as the letters of their escape.
        let expected = match character {
            ' '..='~' => realm,
            _ => format!("a{}b", character.escape_default().to_string().replace('\\', "")),
        };
        assert_eq!(parameters(&rejection), [("realm".to_owned(), expected)]);
    }
}

#[test]
fn last_realm_wins() {
    let rejection = guard().realm("a").realm("b").check_at(None::<&str>, NOW).unwrap_err();
    assert_eq!(field(&rejection).as_deref(), Some(r#"Bearer realm="b""#));
}

#[test]
fn parser_of_challenges_refuses_everything_else() {
    let parameters = vec![("realm".to_owned(), "a\"b".to_owned())];
    let one = vec![Challenge { scheme: "Bearer".to_owned(), parameters }];
    assert_eq!(challenges(r#"Bearer realm="a\"b""#), Some(one));
    assert_eq!(challenges(r#"Bearer realm="a", Basic realm="b""#).unwrap().len(), 2);
    assert_eq!(challenges("Bearer, Basic").unwrap().len(), 2);
    for (wrong, field) in [
        ("nothing", ""),
        ("no scheme", r#"realm="a""#),
        ("no end of the string", r#"Bearer realm="a"#),
        ("an escape at the end", r#"Bearer realm="a\"#),
        ("something after the string", r#"Bearer realm="a"b"#),
        ("no comma", r#"Bearer realm="a" error="b""#),
        ("no value", "Bearer realm="),
        ("a line break", "Bearer realm=\"a\r\n\""),
        ("a control character", "Bearer realm=\"a\u{7f}\""),
        ("not ASCII", "Bearer realm=\"é\""),
        ("a parameter twice", r#"Bearer realm="a", Realm="b""#),
        ("an empty member", r#"Bearer realm="a", , error="b""#),
        ("a comma at the end", r#"Bearer realm="a","#),
    ] {
        assert_eq!(challenges(field), None, "{wrong}");
    }
}

// The guard itself.

#[test]
fn time_of_the_check_is_the_callers() {
    let token = token().expires_at(UnixTime::from_secs(2000)).claim("nbf", 1000).mint();
    let at = |seconds| {
        let request = Some(format!("Bearer {token}"));
        let outcome = guard().check_at(request, UnixTime::from_secs(seconds));
        outcome.map(|_| ()).map_err(|rejection| rejection.cause().unwrap())
    };
    assert_eq!(at(999), Err(VerifyError::NotYetValid { nbf: 1000, now: 999 }));
    assert_eq!(at(1000), Ok(()));
    assert_eq!(at(1999), Ok(()));
    assert_eq!(at(2000), Err(VerifyError::Expired { exp: 2000, now: 2000 }));
}

#[cfg(feature = "std")]
#[test]
fn check_goes_by_the_system_clock_and_is_otherwise_the_same() {
    let request = |exp| Some(format!("Bearer {}", token().expires_at(exp).mint()));
    let before = UnixTime::now();
    let verified = guard().check(request(FAR_FUTURE)).unwrap();
    assert_eq!(verified.expires_at(), FAR_FUTURE);

    let long_ago = UnixTime::from_secs(1);
    let rejection = guard().check(request(long_ago)).unwrap_err();
    let after = UnixTime::now();
    let Some(VerifyError::Expired { exp: 1, now }) = rejection.cause() else {
        panic!("{rejection:?}");
    };
    assert!((before.as_secs()..=after.as_secs()).contains(&now));
    assert_eq!(guard().check_at(request(long_ago), UnixTime::from_secs(0)).map(|_| ()), Ok(()));

    for values in [vec![], vec!["Basic YTpi"], vec!["Bearer x"], vec!["Bearer x"; 2]] {
        let (checked, checked_at) = (guard().check(&values), guard().check_at(&values, NOW));
        assert_eq!(checked.unwrap_err(), checked_at.unwrap_err());
    }
}

#[test]
fn guard_can_be_shared_between_threads() {
    fn shareable<T: Send + Sync + Clone + 'static>(_: &T) {}
    let guard = guard();
    shareable(&guard);
    let outcomes = std::thread::scope(|scope| {
        let check = || guard.check_at(Some(good_value()), NOW).map(|_| ());
        [scope.spawn(check), scope.spawn(check)].map(|thread| thread.join().unwrap())
    });
    assert_eq!(outcomes, [Ok(()), Ok(())]);
}

#[cfg(feature = "fetch")]
mod async_servers {
    //! The same in async code, where waiting for keys must not block.

    use std::{
        future::Future,
        pin::pin,
        sync::{Arc, atomic::AtomicUsize},
        task::{Context, Poll, Wake, Waker},
        thread::{self, Thread},
    };

    use tokenring::{
        RemoteJwks,
        remote::{FetchError, FetchRequest, KeysState},
        testkit::ISSUER,
    };

    use super::*;
    use crate::common::issuer;

    #[test]
    fn good_token_is_accepted_once_the_keys_are_there() {
        let (guard, fetches) = remote_guard();
        for _ in 0..3 {
            let verified = block_on(guard.check_async(Some(lasting_value()))).unwrap();
            assert_eq!(verified.issuer(), ISSUER);
        }
        assert_eq!(fetches.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn rejections_are_those_of_the_blocking_check() {
        let (guard, _) = remote_guard();
        let guard = guard.realm("messages").require_scope("admin");
        for values in [
            vec![],
            vec!["Basic YTpi".to_owned()],
            vec![lasting_value(); 2],
            vec!["Bearer x".to_owned()],
            vec!["Bearer a.b.c".to_owned()],
            vec![format!("Bearer {}", token().forged_by(&TestKey::attacker()).mint())],
            vec![format!("Bearer {}", token().issuer("https://other.example/").mint())],
            vec![lasting_value()],
        ] {
            let rejection = block_on(guard.check_async(&values)).unwrap_err();
            assert_eq!(rejection, guard.check(&values).unwrap_err());
        }
    }

    #[test]
    fn request_that_is_wrong_by_itself_is_refused_without_a_fetch() {
        let (guard, fetches) = remote_guard();
        for values in [
            vec![],
            vec!["Basic YTpi"],
            vec!["Bearer x"],
            vec!["Bearer x"; 2],
            vec!["Bearer a.b.c"],
        ] {
            assert!(matches!(block_on(guard.check_async(values)).unwrap_err().status(), 400 | 401));
        }
        assert_eq!(fetches.load(Ordering::Relaxed), 0);
        assert_eq!(guard.verifier().keys().health().state(), KeysState::Empty);
    }

    #[test]
    fn nothing_is_fetched_before_the_future_is_polled() {
        let (guard, fetches) = remote_guard();
        drop(guard.check_async(Some(lasting_value())));
        assert!(!guard.verifier().keys().health().is_fetching());
        assert_eq!(fetches.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn issuer_that_cannot_be_reached_says_nothing_about_the_token() {
        let guard = guard_of(remote(|_| Err(FetchError::Timeout)));
        let rejection = block_on(guard.check_async(Some(lasting_value()))).unwrap_err();
        assert_eq!(rejection.status(), 503);
        assert_eq!(rejection.body(), UNAVAILABLE);
        assert_eq!(field(&rejection), None);
        assert!(rejection.retry_after() >= Some(Duration::from_secs(1)));
        assert_eq!(rejection.cause().map(|cause| cause.code()), Some("keys_unavailable"));
    }

    #[test]
    fn future_can_go_to_another_thread_even_if_the_source_of_the_values_cannot() {
        fn is_send<F: Future + Send>(future: F) -> F {
            future
        }
        let (guard, _) = remote_guard();
        let value = lasting_value();
        let in_one_thread = Rc::new(value.as_str());
        let of_iterator = is_send(guard.check_async(iter::once(()).map(|()| *in_one_thread)));
        let outcomes = thread::scope(|scope| {
            [
                scope.spawn(|| block_on(is_send(guard.check_async(Some(value.as_str()))))),
                scope.spawn(|| block_on(is_send(guard.check_async(Some(value.as_bytes()))))),
                scope.spawn(|| block_on(is_send(guard.check_async(vec![value.clone()])))),
                scope.spawn(|| block_on(of_iterator)),
            ]
            .map(|thread| thread.join().unwrap().map(|_| ()))
        });
        assert_eq!(outcomes, [Ok(()), Ok(()), Ok(()), Ok(())]);
    }

    #[test]
    fn guard_behind_an_arc_can_go_into_a_task() {
        fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> T {
            thread::spawn(|| block_on(task)).join().unwrap()
        }
        let guard = Arc::new(remote_guard().0);
        let value = lasting_value();
        let outcome = spawn(async move {
            let fields = [value];
            guard.check_async(&fields).await.map(|verified| verified.expires_at())
        });
        assert_eq!(outcome, Ok(FAR_FUTURE));
    }

    /// A guard whose fetches stay in the process, and the number of its fetches.
    fn remote_guard() -> (Guard<RemoteJwks>, Arc<AtomicUsize>) {
        let fetches = Arc::new(AtomicUsize::new(0));
        let (counter, jwks) = (Arc::clone(&fetches), issuer().jwks().into_bytes());
        let keys = remote(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok(jwks.clone())
        });
        (guard_of(keys), fetches)
    }

    fn remote(
        fetch: impl Fn(&FetchRequest) -> Result<Vec<u8>, FetchError> + Send + Sync + 'static,
    ) -> RemoteJwks {
        RemoteJwks::builder("https://x.example/jwks").fetch(fetch).build().unwrap()
    }

    /// A value whose token is good at any time of the system clock.
    fn lasting_value() -> String {
        format!("Bearer {}", token().expires_at(FAR_FUTURE).mint())
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        struct Unpark(Thread);
        impl Wake for Unpark {
            fn wake(self: Arc<Self>) {
                self.0.unpark();
            }
        }
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut future = pin!(future);
        loop {
            match future.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(output) => return output,
                Poll::Pending => thread::park(),
            }
        }
    }
}

// Helpers.

fn good_token() -> String {
    static TOKEN: LazyLock<String> = LazyLock::new(|| token().mint());
    TOKEN.clone()
}

fn good_value() -> String {
    format!("Bearer {}", good_token())
}

fn guard() -> Guard<JwkSet> {
    guard_of(keys())
}

fn guard_of<K: KeySource>(keys: K) -> Guard<K> {
    Guard::new(Verifier::new(policy(), keys).unwrap())
}

/// [`guard`] for the tokens of one client.
fn strict_guard() -> Guard<JwkSet> {
    Guard::new(verifier_of(policy().authorized_party(CLIENT_ID)))
}

/// A key source without keys, which always gives this error.
struct Keys(KeyError);

impl KeySource for Keys {
    fn key(&self, _: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        Err(self.0)
    }

    fn try_key(&self, _: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        Err(self.0)
    }
}

/// A key source without keys, which counts its lookups.
struct Counted(AtomicUsize);

impl KeySource for Counted {
    fn key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        self.try_key(query)
    }

    fn try_key(&self, _: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Err(KeyError::Busy)
    }
}

/// Everything a client sees of a rejection.
#[derive(Debug, PartialEq, Eq)]
struct Response {
    status: u16,
    body: String,
    www_authenticate: Option<String>,
    retry_after: Option<Duration>,
}

/// The one `WWW-Authenticate` field, if there is one.
fn field(rejection: &Rejection) -> Option<String> {
    let mut fields = rejection.headers().filter(|(name, _)| *name == "WWW-Authenticate");
    let field = fields.next().map(|(_, value)| value);
    assert_eq!(fields.next(), None);
    field
}

fn response(rejection: &Rejection) -> Response {
    Response {
        status: rejection.status(),
        body: rejection.body(),
        www_authenticate: field(rejection),
        retry_after: rejection.retry_after(),
    }
}

fn response_of(status: u16, body: &str, challenge: &str) -> Response {
    let www_authenticate = Some(challenge.to_owned());
    Response { status, body: body.to_owned(), www_authenticate, retry_after: None }
}

/// Status 503, with this `Retry-After` in seconds.
fn unavailable_for(seconds: u64) -> Response {
    let retry_after = Some(Duration::from_secs(seconds));
    Response { status: 503, body: UNAVAILABLE.to_owned(), www_authenticate: None, retry_after }
}

fn check_value(value: impl AsRef<[u8]>) -> Result<Verified, Rejection> {
    guard().check_at([value], NOW)
}

fn check(value: impl AsRef<[u8]>) -> Result<(), Rejection> {
    check_value(value).map(|_| ())
}

#[track_caller]
fn assert_malformed(value: impl AsRef<[u8]>) {
    let shown = String::from_utf8_lossy(value.as_ref()).chars().take(99).collect::<String>();
    let Err(rejection) = check_value(value) else { panic!("accepted: {shown:?}") };
    assert_eq!(response(&rejection), response_of(401, FORMAT, PLAIN), "{shown:?}");
    assert_eq!(rejection.cause(), None, "{shown:?}");
}

/// The verifier's error for the token in `value`.
#[track_caller]
fn cause(value: impl AsRef<[u8]>) -> VerifyError {
    let rejection = check_value(value).unwrap_err();
    assert_eq!(response(&rejection), response_of(401, INVALID, INVALID_TOKEN));
    rejection.cause().unwrap()
}

/// The fault, the token, and the error of [`strict_guard`].
fn refused_tokens() -> Vec<(&'static str, String, VerifyError)> {
    let good = good_token();
    let segments: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = segments[..] else { panic!("{good}") };
    let hour = 3600;
    let now = NOW.as_secs();
    let pad = "x".repeat(4096);
    vec![
        ("too long", "A".repeat(16_385), VerifyError::TokenTooLong { bytes: 16_385 }),
        ("opaque", "abc".to_owned(), VerifyError::SegmentCount { found: 1 }),
        ("no signature", format!("{header}.{payload}"), VerifyError::SegmentCount { found: 2 }),
        ("encrypted", "a.b.c.d.e".to_owned(), VerifyError::Encrypted),
        (
            "empty header",
            format!(".{payload}.{signature}"),
            VerifyError::EmptySegment { segment: "header" },
        ),
        (
            "empty signature",
            format!("{header}.{payload}."),
            VerifyError::EmptySegment { segment: "signature" },
        ),
        (
            "another alphabet",
            format!("{header}.{payload}.+/+/"),
            VerifyError::NotBase64url { segment: "signature" },
        ),
        (
            "long header",
            token().raw_header(&pad[..]).raw_header(format!("{{\"a\":\"{pad}\"}}")).mint(),
            VerifyError::HeaderTooLong { bytes: 4096 + r#"{"a":""}"#.len() },
        ),
        (
            "header is not JSON",
            token().raw_header("{").mint(),
            VerifyError::HeaderJson(JsonError::Syntax),
        ),
        (
            "crit",
            token().header("crit", json!(["exp"])).mint(),
            VerifyError::HeaderForbidden { parameter: "crit" },
        ),
        ("no alg", token().without_header("alg").mint(), VerifyError::AlgorithmMissing),
        (
            "kid is a number",
            token().header("kid", 1).mint(),
            VerifyError::HeaderType { parameter: "kid" },
        ),
        ("alg is none", token().header("alg", "none").mint(), VerifyError::AlgorithmNotAccepted),
        ("alg is HS256", token().header("alg", "HS256").mint(), VerifyError::AlgorithmNotAccepted),
        ("kid is empty", token().header("kid", "").mint(), VerifyError::KeyIdLength { bytes: 0 }),
        ("unknown key", token().key(&TestKey::attacker()).mint(), VerifyError::UnknownKey),
        ("forged", token().forged_by(&TestKey::attacker()).mint(), VerifyError::BadSignature),
        ("short signature", token().signature([1]).mint(), VerifyError::BadSignature),
        ("no payload", token().raw_payload("").mint(), VerifyError::EmptyPayload),
        (
            "payload is an array",
            token().raw_payload("[]").mint(),
            VerifyError::PayloadJson(JsonError::NotObject),
        ),
        ("no exp", token().without_claim("exp").mint(), VerifyError::ClaimMissing { claim: "exp" }),
        (
            "aud is an object",
            token().audience(json!({})).mint(),
            VerifyError::ClaimType { claim: "aud" },
        ),
        (
            "exp in milliseconds",
            token().claim("exp", now * 1000).mint(),
            VerifyError::ClaimRange { claim: "exp" },
        ),
        ("DPoP proof", token().header("typ", "dpop+jwt").mint(), VerifyError::TokenTypeNotAccepted),
        (
            "another issuer",
            token().issuer("https://other.example/").mint(),
            VerifyError::WrongIssuer,
        ),
        (
            "another audience",
            token().audience("https://other.example/").mint(),
            VerifyError::WrongAudience,
        ),
        ("expired", token().expires_at(NOW).mint(), VerifyError::Expired { exp: now, now }),
        (
            "not valid yet",
            token().claim("nbf", now + hour).mint(),
            VerifyError::NotYetValid { nbf: now + hour, now },
        ),
        ("another client", token().claim("azp", "other").mint(), VerifyError::WrongAuthorizedParty),
        (
            "bound to a key",
            token().claim("cnf", json!({"jkt": "x"})).mint(),
            VerifyError::SenderConstrained,
        ),
    ]
}

/// RFC 9110 section 11.6.1.
#[derive(Debug, PartialEq, Eq)]
struct Challenge {
    scheme: String,
    parameters: Vec<(String, String)>,
}

/// The parameters of the one `Bearer` challenge of a rejection.
#[track_caller]
fn parameters(rejection: &Rejection) -> Vec<(String, String)> {
    let field = field(rejection).unwrap();
    let mut all = challenges(&field).unwrap_or_default();
    let (Some(challenge), true) = (all.pop(), all.is_empty()) else {
        panic!("expected one challenge: {field:?}");
    };
    assert_eq!(challenge.scheme, "Bearer");
    challenge.parameters
}

/// The challenges in a `WWW-Authenticate` value; `None` if it breaks the grammar that RFC 9110
/// sections 5.6, 11.2, 11.3 and 11.6.1 prescribe for senders. `token68` is not supported.
fn challenges(field: &str) -> Option<Vec<Challenge>> {
    let mut challenges: Vec<Challenge> = Vec::new();
    let mut rest = field;
    loop {
        let (name, after) = take_token(rest)?;
        rest = after;
        match rest.strip_prefix('=') {
            Some(value) => {
                let parameters = &mut challenges.last_mut()?.parameters;
                let known = parameters.iter().any(|known| known.0.eq_ignore_ascii_case(name));
                let (value, after) = take_quoted(value).or_else(|| {
                    take_token(value).map(|(token, after)| (token.to_owned(), after))
                })?;
                if known {
                    return None;
                }
                parameters.push((name.to_owned(), value));
                rest = after;
            }
            None => {
                challenges.push(Challenge { scheme: name.to_owned(), parameters: Vec::new() });
                // The scheme's parameters, or the end, or the next challenge.
                if let Some(after) = rest.strip_prefix(' ') {
                    rest = after.trim_start_matches(' ');
                    continue;
                }
            }
        }
        if rest.is_empty() {
            return Some(challenges);
        }
        rest = rest.strip_prefix(", ")?;
    }
}

/// RFC 9110 section 5.6.2.
fn take_token(text: &str) -> Option<(&str, &str)> {
    let is_tchar = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let end = text.find(|c| !is_tchar(c)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// RFC 9110 section 5.6.4, without `obs-text`.
fn take_quoted(text: &str) -> Option<(String, &str)> {
    let mut content = String::new();
    let mut characters = text.strip_prefix('"')?.chars();
    loop {
        let character = match characters.next()? {
            '"' => return Some((content, characters.as_str())),
            '\\' => characters.next()?,
            character => character,
        };
        if !matches!(character, '\t' | ' '..='~') {
            return None;
        }
        content.push(character);
    }
}
