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
    for (rejection, text) in [
        (guard().check_at(None::<&str>, NOW).unwrap_err(), "401 Authorization token is missing"),
        (guard().check_at(["a", "b"], NOW).unwrap_err(), "400 Invalid token format"),
        (bad("Basic YTpi"), "401 Invalid token format"),
        (bad("Bearer a.b"), "401 Invalid token: the token has 2 segments instead of 3"),
        (
            forbidden,
            "403 Insufficient scope: the token lacks a scope or permission that is required here",
        ),
    ] {
        assert_eq!(rejection.to_string(), text);
        let source = rejection.source().map(ToString::to_string);
        assert_eq!(source, rejection.cause().map(|cause| cause.to_string()));
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
