//! A rejection as the response type of the crate `http`, version 1: that of axum, hyper, poem, tower and
//! warp.

use tokenring::{Guard, JwkSet, KeyError, KeyQuery, KeySource, Rejection, SelectedKey, Verifier};
use ureq::http::{HeaderMap, Response, StatusCode, header::AUTHORIZATION};

use crate::common::{NOW, policy, token, verifier};

fn guard() -> Guard<JwkSet> {
    Guard::new(verifier()).realm("a\"\n\u{e9}").require_scope("admin")
}

#[test]
fn response_has_status_fields_and_body_of_the_rejection() {
    struct Out;
    impl KeySource for Out {
        fn key(&self, _: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
            Err(KeyError::Busy)
        }

        fn try_key(&self, query: KeyQuery<'_>) -> Result<SelectedKey, KeyError> {
            self.key(query)
        }
    }
    let good = format!("Bearer {}", token().mint());
    let down = Guard::new(Verifier::new(policy(), Out).unwrap());
    for (rejection, status) in [
        (guard().check_at(None::<&str>, NOW).unwrap_err(), StatusCode::UNAUTHORIZED),
        (guard().check_at(["a", "b"], NOW).unwrap_err(), StatusCode::BAD_REQUEST),
        (guard().check_at([&good], NOW).unwrap_err(), StatusCode::FORBIDDEN),
        (down.check_at([&good], NOW).unwrap_err(), StatusCode::SERVICE_UNAVAILABLE),
        (guard().forbidden("own", "\"\u{e9}\n"), StatusCode::FORBIDDEN),
    ] {
        let response = Response::from(rejection.clone());
        assert_eq!((response.status(), response.body()), (status, &rejection.body()));
        let fields: Vec<(String, String)> = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        let expected: Vec<(String, String)> =
            rejection.headers().map(|(name, value)| (name.to_lowercase(), value)).collect();
        assert_eq!(fields, expected);
    }
}

#[test]
fn handler_turns_a_rejection_into_its_response() {
    fn delete(guard: &Guard<JwkSet>, headers: &HeaderMap) -> Result<String, Rejection> {
        let caller = guard.check_at(headers.get_all(AUTHORIZATION), NOW)?;
        guard.check_permission(&caller, "delete:all")?;
        Ok("deleted".to_owned())
    }
    fn handler(guard: &Guard<JwkSet>, headers: &HeaderMap) -> Response<String> {
        delete(guard, headers).map_or_else(Response::from, Response::new)
    }
    let mut headers = HeaderMap::new();
    assert_eq!(handler(&guard(), &headers).status(), 401);
    let with_scope = token().scope("admin");
    let value = |token: String| format!("Bearer {token}").parse().unwrap();
    headers.insert(AUTHORIZATION, value(with_scope.mint()));
    let refused = handler(&guard(), &headers);
    assert_eq!(refused.status(), 403);
    let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
    assert_eq!(challenge, r#"Bearer error="insufficient_scope", realm="a\"\n\u{e9}""#);
    headers.append(AUTHORIZATION, "Bearer x".parse().unwrap());
    assert_eq!(handler(&guard(), &headers).status(), 400);
    headers.insert(AUTHORIZATION, value(with_scope.permissions(["delete:all"]).mint()));
    assert_eq!(handler(&guard(), &headers).into_body(), "deleted");
}
