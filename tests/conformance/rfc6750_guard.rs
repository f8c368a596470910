//! RFC 6750 section 3.1, after the token was accepted: a handler's 403, the texts of a rejection
//! for client and log, and futures that move into a task of their own.

use std::{error::Error as _, time::Duration};

use tokenring::{
    Guard, JwkSet, KeyError, KeyQuery, KeySource, Rejection, SelectedKey, Verified, Verifier,
    VerifyError,
};

use crate::common::{NOW, policy, token, verifier};

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
        ("admin", ", scope=\"admin\""),
        ("openid admin", ", scope=\"openid admin\""),
        (" admin  openid ", ", scope=\"admin openid\""),
        ("Openid", ", scope=\"Openid\""),
        ("open", ", scope=\"open\""),
        ("read:all", ", scope=\"read:all\""),
        // No token grants the empty scope.
        ("", ""),
        ("  ", ""),
    ] {
        let rejection = guard().check_scope(&verified(), scope).unwrap_err();
        let challenge =
            format!("Bearer realm=\"messages\", error=\"insufficient_scope\"{expected}");
        assert_eq!(headers(&rejection), owned(&[JSON, ("WWW-Authenticate", &challenge)]));
        assert_eq!(rejection.status(), 403);
        assert_eq!(rejection.cause(), Some(VerifyError::InsufficientScope));
    }
}

#[test]
fn permission_that_the_token_has_passes_and_any_other_is_answered_with_403() {
    for permission in ["read:all", "a b"] {
        assert_eq!(guard().check_permission(&verified(), permission), Ok(()));
    }
    for (permission, expected) in [
        ("openid", ", scope=\"openid\""),
        ("read", ", scope=\"read\""),
        ("b a", ", scope=\"b a\""),
        ("", ""),
    ] {
        let rejection = guard().check_permission(&verified(), permission).unwrap_err();
        let challenge =
            format!("Bearer realm=\"messages\", error=\"insufficient_scope\"{expected}");
        assert_eq!(rejection.www_authenticate(), Some(challenge));
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
    assert_eq!(Rejection::insufficient_scope("messages", "admin root"), of_guard);
    let verified = guard().check_at(&value, NOW).unwrap();
    assert_eq!(guard().check_scope(&verified, "admin root"), Err(of_guard.clone()));
    let of_guard = guard().require_permission("admin").check_at(&value, NOW).unwrap_err();
    assert_eq!(guard().check_permission(&verified, "admin"), Err(of_guard));
}

#[test]
fn scope_of_a_handler_cannot_break_out_of_the_challenge() {
    for (scope, expected) in [
        ("a\"b", Some("ab")),
        ("a\\", Some("a")),
        ("a\r\nSet-Cookie:b", Some("aSet-Cookie:b")),
        ("\u{e9} a", Some("a")),
        ("a \"", Some("a")),
        ("\"", None),
    ] {
        let rejection = Rejection::insufficient_scope("r\"\n", scope);
        let expected =
            expected.map(|expected| format!(", scope=\"{expected}\"")).unwrap_or_default();
        let challenge = format!(r#"Bearer realm="r\"\n", error="insufficient_scope"{expected}"#);
        assert_eq!(rejection.www_authenticate(), Some(challenge), "{scope:?}");
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
            "403 Insufficient scope: the token lacks a scope or permission that is required here: scope \"admin\"",
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
    let mut texts = std::collections::BTreeSet::new();
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
    let line =
        "403 Insufficient scope: the token lacks a scope or permission that is required here: ";
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
    let own = Rejection::insufficient_scope("r", "a  b").to_string();
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
        assert_eq!(rejection.www_authenticate(), None);
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

    use tokenring::{KeyLookup, UnixTime};

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
