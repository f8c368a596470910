//! RFC 6750 section 3.1, after the token was accepted: scopes, permissions and claim values, a handler's
//! own refusals, tokens from another field, the texts of a rejection for client and log, and futures
//! that move into a task of their own.

use std::{collections::BTreeSet, error::Error as _, time::Duration};

use serde_json::{Value, json};
use tokenring::{
    Guard, JsonError, JwkSet, KeyError, KeyQuery, KeySource, Rejection, SelectedKey, Verified,
    Verifier, VerifyError,
};

use crate::{
    common::{HEADER, NOW, claims_and, policy, signed, token, verifier},
    corpus::codes_of,
};

fn guard() -> Guard<JwkSet> {
    Guard::new(verifier()).realm("messages")
}

fn verified() -> Verified {
    let token = token().scope("openid read:messages").permissions(["read:all", "a b"]);
    verifier().verify_at(&token.mint(), NOW).unwrap()
}

fn headers(rejection: &Rejection) -> Vec<(&'static str, String)> {
    rejection.headers().collect()
}

const JSON: (&str, &str) = ("Content-Type", "application/json");

/// The challenge of a 403 with these parameters between the error and the realm.
fn insufficient(parameters: &str) -> String {
    format!("Bearer error=\"insufficient_scope\", {parameters}realm=\"messages\"")
}

fn owned(headers: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

// `Guard::check_scope` and `Guard::check_permission`.

#[test]
fn scope_that_the_token_has_passes_and_any_other_is_answered_with_403() {
    for scope in ["openid", "read:messages", "openid read:messages", "  read:messages  openid "] {
        assert_eq!(guard().check_scope(&verified(), scope), Ok(()), "{scope}");
    }
    for (scope, expected) in [
        ("admin", "scope=\"admin\", "),
        ("openid admin", "scope=\"openid admin\", "),
        (" admin  openid ", "scope=\"admin openid\", "),
        ("Openid", "scope=\"Openid\", "),
        ("open", "scope=\"open\", "),
        ("read:all", "scope=\"read:all\", "),
        // No token grants the empty scope.
        ("", ""),
        ("  ", ""),
    ] {
        let rejection = guard().check_scope(&verified(), scope).unwrap_err();
        let challenge = insufficient(expected);
        assert_eq!(headers(&rejection), owned(&[JSON, ("WWW-Authenticate", &challenge)]));
        assert_eq!(rejection.status(), 403);
        assert_eq!(rejection.cause(), Some(VerifyError::InsufficientScope));
    }
}

/// All scopes of the operation at once: a client that requests only the missing one may get a token
/// without the others.
#[test]
fn challenge_of_a_handler_names_the_scopes_of_the_guard_too() {
    let guard = guard().require_scope("openid read:messages");
    let rejection = guard.check_scope(&verified(), "admin openid root").unwrap_err();
    let challenge = insufficient("scope=\"openid read:messages admin root\", ");
    assert_eq!(headers(&rejection), owned(&[JSON, ("WWW-Authenticate", &challenge)]));
    assert_eq!(
        guard.insufficient_scope("admin root").headers().collect::<Vec<_>>(),
        headers(&rejection)
    );
    // Only the missing ones are in the log.
    assert!(rejection.to_string().ends_with(r#": scope "admin", scope "root""#), "{rejection}");
}

#[test]
fn permission_that_the_token_has_passes_and_any_other_is_answered_with_403() {
    for permission in ["read:all", "a b"] {
        assert_eq!(guard().check_permission(&verified(), permission), Ok(()));
    }
    // No scope would help, not even one of the same name.
    for permission in ["openid", "read", "b a", ""] {
        let guard = guard().require_scope("openid");
        let rejection = guard.check_permission(&verified(), permission).unwrap_err();
        let challenge = insufficient("");
        assert_eq!(headers(&rejection), owned(&[JSON, ("WWW-Authenticate", &challenge)]));
        assert_eq!(rejection.status(), 403);
    }
}

#[test]
fn empty_permission_is_granted_by_no_token_even_if_it_holds_one() {
    let token = token().permissions([""]).mint();
    let verified = verifier().verify_at(&token, NOW).unwrap();
    assert!(verified.has_permission(""));
    assert_eq!(guard().check_permission(&verified, "").map_err(|r| r.status()), Err(403));
    let required = guard().require_permission("").check_at([format!("Bearer {token}")], NOW);
    assert_eq!(required.map(drop).map_err(|rejection| rejection.status()), Err(403));
}

#[test]
fn rejection_of_a_handler_is_that_of_the_guard() {
    let value = [format!("Bearer {}", token().mint())];
    let of_guard = guard().require_scope("admin root").check_at(&value, NOW).unwrap_err();
    assert_eq!(guard().insufficient_scope("admin root"), of_guard);
    let verified = guard().check_at(&value, NOW).unwrap();
    assert_eq!(guard().check_scope(&verified, "admin root"), Err(of_guard.clone()));
    let of_guard = guard().require_permission("admin").check_at(&value, NOW).unwrap_err();
    assert_eq!(guard().check_permission(&verified, "admin"), Err(of_guard));
}

#[test]
fn scope_of_a_handler_cannot_break_out_of_the_challenge() {
    for (scope, expected) in [
        ("a\"b", None),
        ("a\\", None),
        ("a\r\nSet-Cookie:b", None),
        ("\u{e9} a", Some("a")),
        ("a \"", Some("a")),
        ("\"", None),
    ] {
        let guard = guard().realm("r\"\n");
        let expected =
            expected.map(|expected| format!("scope=\"{expected}\", ")).unwrap_or_default();
        let challenge = format!(r#"Bearer error="insufficient_scope", {expected}realm="r\"\n""#);
        for rejection in
            [guard.insufficient_scope(scope), guard.check_scope(&verified(), scope).unwrap_err()]
        {
            let expected = owned(&[JSON, ("WWW-Authenticate", &challenge)]);
            assert_eq!(headers(&rejection), expected, "{scope:?}");
        }
    }
}

// A hierarchy of scopes.

#[test]
fn scope_is_granted_by_one_that_includes_it() {
    let token = |scope: &str| [format!("Bearer {}", token().scope(scope).mint())];
    let guard = guard()
        .implies("admin", "write list")
        .implies("write", "read")
        // Cycles.
        .implies("read", "read")
        .implies("x", "y")
        .implies("y", "x");
    for (held, required, expected) in [
        ("write", "read", 200),
        ("admin", "read", 200),
        ("admin", "read write list admin", 200),
        ("read", "write", 403),
        ("write", "list", 403),
        ("write", "read other", 403),
        ("writer", "read", 403),
        ("x", "y", 200),
        ("y", "x", 200),
        ("y", "read", 403),
        ("admin write list", "other", 403),
    ] {
        let required_by_guard = guard.clone().require_scope(required);
        let status = |checked: Result<(), Rejection>| {
            checked.map_or_else(|rejection| rejection.status(), |()| 200)
        };
        let checked = required_by_guard.check_at(token(held), NOW).map(drop);
        let verdict = required_by_guard.explain_at(token(held), NOW).verdict();
        assert_eq!(verdict, checked.clone().map_err(|r| r.cause().unwrap()), "{held} {required}");
        assert_eq!(status(checked), expected, "{held} {required}");
        let verified = guard.check_at(token(held), NOW).unwrap();
        assert_eq!(status(guard.check_scope(&verified, required)), expected, "{held} {required}");
    }
    // The challenge asks for what is required, and the log names it.
    let rejection = guard.require_scope("read").check_at(token("list"), NOW).unwrap_err();
    let challenge = insufficient("scope=\"read\", ");
    assert_eq!(headers(&rejection), owned(&[JSON, ("WWW-Authenticate", &challenge)]));
    assert!(rejection.to_string().ends_with(r#": scope "read""#), "{rejection}");
}

#[test]
fn empty_scope_is_included_in_none() {
    let guard = guard().implies("openid", "").implies("", "admin").require_scope("");
    let value = [format!("Bearer {}", token().mint())];
    assert_eq!(guard.check_at(&value, NOW).map(drop).map_err(|r| r.status()), Err(403));
    assert_eq!(guard.check_scope(&verified(), "").map_err(|r| r.status()), Err(403));
    assert_eq!(guard.check_scope(&verified(), "admin").map_err(|r| r.status()), Err(403));
    assert!(guard.explain_at(&value, NOW).verdict().is_err());
}

// Values of other claims.

#[test]
fn value_of_a_claim_is_required_beside_the_scopes() {
    let with = |name: &str, value: Value| token().claim(name, value);
    let nested = |roles: Value| with("realm_access", json!({ "roles": roles }));
    let path = "/realm_access/roles";
    for (path, value, token, expected) in [
        ("roles", "admin", with("roles", json!(["user", "admin"])), 200),
        ("roles", "admin", with("roles", json!("admin")), 200),
        (
            "https://example.com/roles",
            "admin",
            with("https://example.com/roles", json!(["admin"])),
            200,
        ),
        (path, "admin", nested(json!(["admin"])), 200),
        (path, "a b", nested(json!(["a b"])), 200),
        // Only `scope` and `scp` are lists with spaces.
        ("scp", "b", with("scp", json!("a b")), 200),
        ("roles", "b", with("roles", json!("a b")), 403),
        (path, "Admin", nested(json!(["admin"])), 403),
        (path, "admin", nested(json!(["user"])), 403),
        (path, "admin", nested(json!(["admin", 1])), 403),
        (path, "admin", nested(json!({ "admin": true })), 403),
        (path, "admin", with("roles", json!(["admin"])), 403),
        (path, "admin", with("realm_access", json!("roles")), 403),
        ("/roles/0", "admin", with("roles", json!(["admin"])), 403),
        ("roles", "admin", token(), 403),
        // Settings that were left empty or are malformed admit nobody.
        ("roles", "", with("roles", json!([""])), 403),
        ("roles", "", with("roles", json!("")), 403),
        ("", "admin", with("", json!("admin")), 403),
        ("/a~2", "admin", with("a~2", json!("admin")), 403),
    ] {
        let value_of = [format!("Bearer {}", token.mint())];
        let required = guard().require_scope("openid").require_claim_value(path, value);
        let checked = required.check_at(&value_of, NOW).map(drop);
        let verified = guard().check_at(&value_of, NOW).unwrap();
        assert_eq!(
            guard().check_claim_value(&verified, path, value),
            checked.clone(),
            "{path} {value}"
        );
        let verdict = required.explain_at(&value_of, NOW).verdict();
        assert_eq!(verdict, checked.clone().map_err(|r| r.cause().unwrap()), "{path} {value}");
        assert_eq!(checked.map_or_else(|r| r.status(), |()| 200), expected, "{path} {value}");
    }
    let required = guard().require_scope("openid").require_claim_value(path, "a\"\n");
    let rejection = required.check_at([format!("Bearer {}", token().mint())], NOW).unwrap_err();
    let challenge = insufficient("");
    assert_eq!(headers(&rejection), owned(&[JSON, ("WWW-Authenticate", &challenge)]));
    let line = rejection.to_string();
    assert!(line.ends_with(r#": "a\"\u{a}" in "/realm_access/roles""#), "{line}");
}

#[test]
fn member_that_occurs_twice_on_the_way_to_a_claim_value_refuses_the_token() {
    let fault = VerifyError::PayloadJson(JsonError::DuplicateMember);
    for (members, path, expected) in [
        (r#""a":{"roles":["x"],"roles":["admin"]}"#, "/a/roles", Some(fault)),
        (r#""a":{"b":1,"b":2,"roles":["admin"]}"#, "/a/roles", Some(fault)),
        (r#""a":{"b":1,"\u0062":2,"roles":["admin"]}"#, "/a/roles", Some(fault)),
        // Elsewhere it is nobody's business.
        (r#""a":{"roles":["admin"],"b":{"c":1,"c":2}}"#, "/a/roles", None),
        (r#""a":{"roles":["admin"]},"b":{"c":1,"c":2}"#, "/a/roles", None),
    ] {
        let value = [format!("Bearer {}", signed(HEADER, claims_and(members)))];
        let required = guard().require_claim_value(path, "admin");
        let verified = guard().check_at(&value, NOW).unwrap();
        let of_handler = guard().check_claim_value(&verified, path, "admin");
        let checked = required.check_at(&value, NOW).map(drop);
        assert_eq!(of_handler, checked, "{members}");
        let cause = checked.clone().err().and_then(|rejection| rejection.cause());
        assert_eq!(cause, expected, "{members}");
        assert_eq!(required.explain_at(&value, NOW).verdict().err(), expected, "{members}");
        if let Err(rejection) = checked {
            assert_eq!((rejection.status(), rejection.message()), (401, "Invalid token"));
        }
    }
}

// Refusals of a handler.

#[test]
fn refusal_of_a_handler_has_its_code_and_message_and_the_challenge_of_the_guard() {
    let guard = guard().require_scope("openid a\"b");
    let message = "No \"entry\"\u{e9}\n";
    for (rejection, status, challenge) in [
        (guard.invalid_request("own", message), 400, r#"error="invalid_request", "#),
        (guard.invalid_token("own", message), 401, r#"error="invalid_token", scope="openid", "#),
        (guard.forbidden("own", message), 403, ""),
    ] {
        assert_eq!((rejection.status(), rejection.code()), (status, "own"));
        assert_eq!((rejection.message(), rejection.cause()), (message, None));
        let challenge = format!("Bearer {challenge}realm=\"messages\"");
        assert_eq!(headers(&rejection), owned(&[JSON, ("WWW-Authenticate", &challenge)]));
        let body: Value = serde_json::from_str(&rejection.body()).unwrap();
        assert_eq!(body, json!({ "message": message }));
        assert_eq!(rejection.to_string(), format!("{status} {message}: own"));
        assert_eq!(rejection.source().map(ToString::to_string), None);
    }
    assert_eq!(guard.missing_token(), guard.check_at(None::<&str>, NOW).unwrap_err());
}

#[test]
fn list_of_codes_has_every_code_of_a_rejection_once() {
    let of_errors = codes_of(include_str!("../../src/error.rs"), "VerifyError");
    let source = include_str!("../../src/bearer.rs");
    let body = source.split("const fn code_and_text").nth(1).unwrap().split("\n}").next().unwrap();
    let of_requests: Vec<&str> =
        body.split("(\"").skip(1).map(|row| row.split('"').next().unwrap()).collect();
    assert_eq!(of_requests.len(), source.matches("\n            Self::").count());
    let of_proofs = codes_of(include_str!("../../src/possession/error.rs"), "ProofError");
    let all = of_errors.into_iter().chain(of_requests).chain(of_proofs);
    let mut expected: BTreeSet<&str> = all.collect();
    // A rejection says why there is none.
    assert!(expected.remove("no_token") && expected.remove("not_proven"));
    let codes: BTreeSet<&str> = Rejection::CODES.iter().copied().collect();
    assert_eq!(codes, expected);
    assert_eq!(codes.len(), Rejection::CODES.len());
}

// A token without `Authorization` around it.

#[test]
fn token_alone_is_checked_like_a_request_with_it() {
    let guard = guard().require_scope("openid");
    let good = token().mint();
    for text in [
        good.clone(),
        token().scope("none").mint(),
        token().audience("x").mint(),
        token().issuer("https://other.example/").mint(),
        "x".to_owned(),
        "a.b.c".to_owned(),
        "a.b.c==".to_owned(),
        "x".repeat(17_000),
    ] {
        let value = format!("Bearer {text}");
        let outcome =
            |checked: Result<Verified, Rejection>| checked.map(|one| one.payload().to_vec());
        let expected = outcome(guard.check_at([&value], NOW));
        assert_eq!(outcome(guard.check_token_at(&text, NOW)), expected, "{text}");
        let explanation = guard.explain_token_at(&text, NOW);
        assert_eq!(explanation.verdict(), guard.explain_at([&value], NOW).verdict());
        let verdict = expected.map(drop).map_err(|rejection| rejection.cause().unwrap());
        assert_eq!(explanation.verdict(), verdict);
    }
}

#[test]
fn text_that_is_no_token_is_refused_and_named() {
    let good = token().mint();
    for (text, code) in [
        (String::new(), "token_empty"),
        (" ".to_owned(), "token_empty"),
        (format!("Bearer {good}"), "scheme_not_expected"),
        (format!("bearer  {good}"), "scheme_not_expected"),
        (format!("{good} "), "white_space"),
        (format!("{good}\n"), "white_space"),
        (format!(" {good}"), "white_space"),
        (format!("{good},{good}"), "joined_by_comma"),
        (format!("\"{good}\""), "quoted"),
        (format!("{good};"), "trailing_separator"),
        (format!("{good}\u{e9}"), "not_ascii"),
        (format!("{good}\0"), "white_space"),
        (format!("{}!", "x".repeat(16_000)), "malformed"),
    ] {
        let rejection = guard().check_token_at(&text, NOW).unwrap_err();
        assert_eq!((rejection.status(), rejection.code()), (401, code), "{text}");
        assert_eq!(rejection.body(), "{\"message\": \"Invalid token format\"}");
        let challenge = "Bearer realm=\"messages\"";
        assert_eq!(headers(&rejection), owned(&[JSON, ("WWW-Authenticate", challenge)]));
        let explanation = guard().explain_token_at(&text, NOW);
        assert_eq!(explanation.verdict(), Err(VerifyError::NoToken));
        let hint = explanation.findings()[0].hint().map(|hint| hint.code());
        assert_eq!(hint, Some(code).filter(|code| *code != "malformed"), "{text}");
        assert_eq!(explanation.findings()[0].expected(), Some("a token"));
    }
}

// The text for the log.

#[test]
fn rejection_is_an_error_whose_source_is_the_cause() {
    let bad = |value: &str| guard().check_at([value], NOW).unwrap_err();
    let required = guard().require_scope("admin");
    let forbidden = required.check_at([format!("Bearer {}", token().mint())], NOW).unwrap_err();
    for (rejection, code, text) in [
        (
            guard().check_at(None::<&str>, NOW).unwrap_err(),
            "header_missing",
            "401 Authorization token is missing",
        ),
        (
            guard().check_at(["a", "b"], NOW).unwrap_err(),
            "header_repeated",
            "400 Invalid token format: the request has several `Authorization` values",
        ),
        (bad("Basic YTpi"), "other_scheme", "401 Invalid token format: the scheme is not Bearer"),
        (
            bad("Bearer a.b"),
            "segment_count",
            "401 Invalid token: the token has 2 segments instead of 3",
        ),
        (
            forbidden,
            "insufficient_scope",
            "403 Insufficient scope: the token lacks a scope, permission or claim value that is required here: scope \"admin\"",
        ),
    ] {
        assert_eq!((rejection.code(), rejection.to_string()), (code, text.to_owned()));
        let source = rejection.source().map(ToString::to_string);
        assert_eq!(source, rejection.cause().map(|cause| cause.to_string()));
    }
}

#[test]
fn malformed_value_is_named_in_the_log_and_by_its_hint() {
    let long = "x".repeat(17_000);
    let values: [(&str, &[&str]); 20] = [
        ("header_empty", &["", " ", "\t"]),
        ("no_scheme", &["abc", "a.b.c", "Basic", "Bearerabc", &long]),
        (
            "other_scheme",
            &["Basic YTpi", "Digest a=b, c=\"d\"", "Bearera b", "DPoP a.b.c", " Token x"],
        ),
        (
            "space_missing",
            &["Bearer: a.b.c", "Bearer=a", "Bearer,a", "BearereyJh", "Bearer : a", "Bearer ,a"],
        ),
        ("tab", &["Bearer\ta.b.c", "Bearer \ta", "bearer\t\ta,b"]),
        ("token_empty", &["Bearer", "bearer ", "Bearer\t", "Bearer =", "Bearer \"\"", "Bearer ,"]),
        ("placeholder", &["undefined", "Bearer [object Object]", "Bearer \"null\"", "\"null\""]),
        ("bearer_twice", &["Bearer Bearer a", "Bearer bearer  a.b.c", "Bearer Bearer\ta"]),
        (
            "shell_variable",
            &["Bearer ${TOKEN}", "Bearer $TOKEN", "Bearer \"$(cat t)\"", "$AUTH", "Bearer %TOKEN%"],
        ),
        (
            "template_variable",
            &["Bearer {{token}}", "Bearer {token}", "{{ auth }}", "Bearer {{ token }}"],
        ),
        ("json_object", &["Bearer {\"access_token\": \"a.b.c\"}", "{'a': 'b'}"]),
        ("angle_brackets", &["Bearer <token>", "Bearer <a.b.c>", "<Bearer a>"]),
        ("python_bytes", &["Bearer b'a.b.c'", "b\"Bearer a\""]),
        ("quoted", &["Bearer \"a.b.c\"", "Bearer 'a'", "\"Bearer a.b.c\""]),
        ("trailing_separator", &["Bearer a.b.c,", "Bearer a;", "Bearer a.b.c, "]),
        (
            "joined_by_comma",
            &["Bearer a, Bearer b", "Bearer a,b", "Basic YTpi, Bearer a", "Bearer a, realm=\"b\""],
        ),
        ("white_space", &["Bearer a b", "Bearer a\n", " Bearer a", "Bearer \na", "Bearer a\u{a0}"]),
        ("not_ascii", &["Bearer a\u{2026}b", "Bearer\u{200b}a", "\u{feff}Bearer\u{a0}a", "Bearér"]),
        ("percent_encoded", &["Bearer a%2Eb", "Bearer a%20b"]),
        ("malformed", &["Bearer a!b", "Bearer a=b", "Bearer [a]", "Bearer (a)"]),
    ];
    let mut texts = BTreeSet::new();
    for (code, values) in values {
        for value in values {
            let rejection = guard().check_at([value], NOW).unwrap_err();
            assert_eq!((rejection.code(), rejection.cause()), (code, None), "{value}");
            // The client learns nothing of it.
            let text = rejection.to_string();
            assert!(text.starts_with("401 Invalid token format: "), "{text}");
            assert_eq!(rejection.body(), "{\"message\": \"Invalid token format\"}");
            assert_eq!(
                headers(&rejection),
                owned(&[JSON, ("WWW-Authenticate", "Bearer realm=\"messages\"")]),
            );
            texts.insert(text);
            let explanation = guard().explain_at([value], NOW);
            let hint = explanation.findings().first().and_then(|finding| finding.hint());
            let expected = Some(code).filter(|code| *code != "malformed");
            assert_eq!(hint.map(|hint| hint.code()), expected, "{value}");
        }
    }
    assert_eq!(texts.len(), values.len());
    let bytes = guard().check_at([b"Bearer \xf6"], NOW).unwrap_err();
    assert_eq!(bytes.code(), "not_ascii");
    let long = guard().check_at([format!("Bearer {long}")], NOW).unwrap_err();
    assert_eq!(long.code(), "token_too_long");
    // Only the first 4 KiB are read to guess a fault: refusing a value must be cheap.
    for (bytes, code) in [(4_088, "trailing_separator"), (4_089, "malformed")] {
        let value = format!("Bearer {},", "x".repeat(bytes));
        assert_eq!(guard().check_at([value], NOW).unwrap_err().code(), code);
    }
}

#[test]
fn log_line_of_a_403_names_the_missing_scopes_and_permissions_only() {
    let value = [format!("Bearer {}", token().mint())];
    let line = "403 Insufficient scope: the token lacks a scope, permission or claim value that is required here: ";
    let text = |guard: Guard<JwkSet>| {
        guard.check_at(&value, NOW).unwrap_err().to_string().replace(line, "")
    };
    assert_eq!(text(guard().require_scope("openid admin")), r#"scope "admin""#);
    let several = guard().require_scope("b read:messages c").require_permission("d");
    assert_eq!(text(several), r#"scope "b", scope "c", permission "d""#);
    assert_eq!(text(guard().require_permission("a\n\u{e9}\"")), r#"permission "a\u{a}\u{e9}\"""#);
    assert_eq!(text(guard().require_scope("")), r#"scope """#);
    let of_handler = guard().check_scope(&verified(), "openid admin").unwrap_err().to_string();
    assert_eq!(of_handler.replace(line, ""), r#"scope "admin""#);
    let of_handler = guard().check_permission(&verified(), "admin").unwrap_err().to_string();
    assert_eq!(of_handler.replace(line, ""), r#"permission "admin""#);
    let own = guard().insufficient_scope("a  b").to_string();
    assert_eq!(own.replace(line, ""), r#"scope "a", scope "b""#);
}

#[cfg(feature = "fetch")]
#[test]
fn log_line_of_a_503_names_the_issuer_and_why_its_keys_cannot_be_fetched() {
    use tokenring::{
        Policy, RemoteJwks, Verifier,
        remote::{FetchError, FetchRequest},
    };

    let keys = |error: FetchError| {
        let fetch = move |_: &FetchRequest| Err(error.clone());
        RemoteJwks::builder("https://keys.example/jwks").fetch(fetch).build().unwrap()
    };
    let first = Policy::new("https://first.example/", "a");
    let verifier = Verifier::new(first, keys(FetchError::Timeout)).unwrap();
    let verifier = verifier.with_issuer(policy(), keys(FetchError::HostNotFound)).unwrap();
    let guard = Guard::new(verifier);
    for (token, detail) in [
        (token(), r#": "https://tenant.example.auth0.com/": host_not_found"#),
        (token().issuer("https://first.example/"), r#": "https://first.example/": timeout"#),
    ] {
        let value = [format!("Bearer {}", token.mint())];
        let rejection = guard.check_at(&value, NOW).unwrap_err();
        let text = rejection.to_string();
        assert!(text.starts_with("503 Service unavailable: the issuer's keys are not"), "{text}");
        assert!(text.ends_with(detail), "{text}");
        assert_eq!(rejection.code(), "keys_unavailable");
        assert_eq!(rejection.body(), "{\"message\": \"Service unavailable\"}");
        assert!(headers(&rejection).iter().all(|(name, _)| *name != "WWW-Authenticate"));
        // Also without waiting.
        let text = guard.try_check(&value).unwrap_err().to_string();
        assert!(text.ends_with(detail), "{text}");
    }
}

#[test]
fn unavailable_keys_are_answered_with_a_time_and_without_a_challenge() {
    struct Out;
    impl KeySource for Out {
        fn key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
            self.try_key(query)
        }

        fn try_key(&self, _: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
            Err(KeyError::Unavailable { retry_after: Duration::from_millis(1_001) })
        }
    }
    let guard = Guard::new(Verifier::new(policy(), Out).unwrap());
    let rejection = guard.check_at([format!("Bearer {}", token().mint())], NOW).unwrap_err();
    assert_eq!(headers(&rejection), owned(&[JSON, ("Retry-After", "2")]));
    let text = "503 Service unavailable: the issuer's keys are not available, try again in";
    assert!(rejection.to_string().starts_with(text), "{rejection}");
}

// Futures.

#[cfg(feature = "std")]
mod in_async_code {
    use std::{
        future::Future,
        pin::Pin,
        rc::Rc,
        sync::Arc,
        task::{Context, Poll, Waker},
        thread,
    };

    use tokenring::{Authentication, KeyLookup, UnixTime};

    use super::*;
    use crate::common::{FAR_FUTURE, keys};

    fn value() -> String {
        format!("Bearer {}", token().expires_at(FAR_FUTURE).mint())
    }

    /// Runs a task as a runtime does: on another thread, and for any length of time.
    fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> T {
        let poll = move || {
            let mut task = Box::pin(task);
            let mut context = Context::from_waker(Waker::noop());
            loop {
                if let Poll::Ready(output) = task.as_mut().poll(&mut context) {
                    return output;
                }
                thread::yield_now();
            }
        };
        thread::spawn(poll).join().unwrap()
    }

    /// A source whose lookup is ready at the second poll.
    struct Slow(JwkSet);

    impl KeySource for Slow {
        fn key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
            self.0.key(query)
        }

        fn try_key(&self, _: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
            Err(KeyError::Busy)
        }

        fn key_async(&self, query: KeyQuery<'_>) -> KeyLookup<'_> {
            let mut key = Some(self.0.key(query));
            let mut polled = false;
            KeyLookup::pending(std::future::poll_fn(move |_| {
                if !std::mem::replace(&mut polled, true) {
                    return Poll::Pending;
                }
                key.take().map_or(Poll::Pending, Poll::Ready)
            }))
        }
    }

    fn slow_guard() -> Guard<Slow> {
        Guard::new(Verifier::new(policy(), Slow(keys())).unwrap())
    }

    /// A future like those of actix-web and tonic services: it owns the guard and borrows nothing.
    type Answer = Pin<Box<dyn Future<Output = Result<UnixTime, Rejection>> + Send + 'static>>;

    /// A handler whose header fields are borrowed, cannot go to another thread, and are dropped
    /// before the await.
    fn call<K: KeySource + Send + Sync + 'static>(
        guard: Arc<Guard<K>>,
        fields: &[String],
    ) -> Answer {
        let values: Vec<String> = fields.to_vec();
        Box::pin(async move {
            let check = {
                let borrowed = Rc::new(&values);
                guard.check_async(borrowed.iter().map(String::as_str))
            };
            drop(values);
            check.await.map(|verified| verified.expires_at())
        })
    }

    #[test]
    fn future_of_a_guard_with_keys_at_hand_is_static() {
        let guard = Arc::new(guard());
        assert_eq!(spawn(call(Arc::clone(&guard), &[value()])), Ok(FAR_FUTURE));
        let missing = spawn(call(guard, &[]));
        assert_eq!(missing.map_err(|rejection| rejection.status()), Err(401));
    }

    #[test]
    fn future_that_is_polled_again_after_its_end_does_not_panic() {
        let guard = slow_guard();
        let mut check = guard.check_async([value().as_str()]);
        let mut context = Context::from_waker(Waker::noop());
        let mut poll = || Pin::new(&mut check).poll(&mut context).map(|outcome| outcome.is_ok());
        assert_eq!(
            [poll(), poll(), poll(), poll()],
            [Poll::Pending, Poll::Ready(true), Poll::Pending, Poll::Pending]
        );
    }

    #[test]
    fn future_of_a_guard_over_any_key_source_is_static() {
        let sources: [Arc<dyn KeySource + Send + Sync>; 2] =
            [Arc::new(keys()), Arc::new(Slow(keys()))];
        for keys in sources {
            let guard = Guard::new(Verifier::new(policy(), keys).unwrap()).require_scope("openid");
            let guard = Arc::new(guard);
            assert_eq!(spawn(call(Arc::clone(&guard), &[value()])), Ok(FAR_FUTURE));
            let forged =
                token().expires_at(FAR_FUTURE).forged_by(&tokenring::testkit::TestKey::attacker());
            let refused = spawn(call(Arc::clone(&guard), &[format!("Bearer {}", forged.mint())]));
            let cause = refused.map_err(|rejection| rejection.cause());
            assert_eq!(cause, Err(Some(VerifyError::BadSignature)));
            let unscoped = token().expires_at(FAR_FUTURE).scope("other").mint();
            let refused = spawn(call(guard, &[format!("Bearer {unscoped}")]));
            assert_eq!(refused.map_err(|rejection| rejection.status()), Err(403));
        }
    }

    #[test]
    fn try_check_does_not_wait_for_what_check_async_waits_for() {
        let guard = slow_guard();
        let rejection = guard.try_check([value()]).unwrap_err();
        assert_eq!(rejection.cause(), Some(VerifyError::KeySourceBusy));
        assert_eq!(rejection.status(), 503);
        assert_eq!(spawn(call(Arc::new(guard), &[value()])), Ok(FAR_FUTURE));
        let at_hand = Guard::new(verifier());
        assert_eq!(at_hand.try_check([value()]).map(|v| v.expires_at()), Ok(FAR_FUTURE));
    }

    /// A token alone, and one whose login is compared once the key is there.
    #[test]
    fn future_of_a_token_alone_has_the_outcome_of_the_request() {
        let recent = Authentication::new().max_age(3600);
        let now = UnixTime::now().as_secs();
        let with = |auth_time| token().expires_at(FAR_FUTURE).claim("auth_time", auth_time).mint();
        for (text, expected) in [
            (with(now), Ok(FAR_FUTURE)),
            (with(now - 7200), Err("authentication_too_old")),
            (format!("{} ", with(now)), Err("white_space")),
            ("a.b.c".to_owned(), Err("not_base64url")),
        ] {
            let outcome = |checked: Result<Verified, Rejection>| {
                checked.map(|one| one.expires_at()).map_err(|rejection| rejection.code())
            };
            let at_hand = Guard::new(verifier()).require_authentication(recent.clone());
            let slow = slow_guard().require_authentication(recent.clone());
            assert_eq!(outcome(at_hand.check_token(&text)), expected, "{text}");
            let (of_hand, of_slow) = (text.clone(), text);
            let at_hand = spawn(async move { at_hand.check_token_async(&of_hand).await });
            let slow = spawn(async move { slow.check_token_async(&of_slow).await });
            assert_eq!([outcome(at_hand), outcome(slow)], [expected; 2]);
        }
    }

    #[test]
    fn future_that_is_dropped_while_it_waits_leaves_the_guard_usable() {
        let guard = slow_guard();
        let mut context = Context::from_waker(Waker::noop());
        let mut check = Box::pin(guard.check_async([value()]));
        assert!(check.as_mut().poll(&mut context).is_pending());
        drop(check);
        assert_eq!(guard.check([value()]).map(|verified| verified.expires_at()), Ok(FAR_FUTURE));
    }
}
