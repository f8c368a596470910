//! A service that greets callers whose token has the scope `read:messages`.

use std::{error::Error, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, Response},
    routing::get,
};
use tokenring::{Guard, RemoteJwks, Verifier};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Yours: the `iss` of the tokens, and the `aud` that names this service.
    let verifier = Verifier::discover("https://login.example.com/", "https://api.example.com/")?;
    // Not necessary, but it says at once if the keys cannot be fetched. Requests will try again.
    if let Err(failure) = verifier.keys().prime_async().await {
        eprintln!("{failure}");
    }
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app(Guard::new(verifier))).await?;
    Ok(())
}

fn app(guard: Guard<RemoteJwks>) -> Router {
    Router::new().route("/hello", get(hello)).with_state(Arc::new(guard))
}

/// The log gets one line with the cause, which the client is not told.
async fn hello(
    State(guard): State<Arc<Guard<RemoteJwks>>>,
    headers: HeaderMap,
) -> Result<String, Response<String>> {
    let values = headers.get_all("authorization");
    let caller = guard.check_async(values).await.inspect_err(|refusal| eprintln!("{refusal}"))?;
    guard.check_scope(&caller, "read:messages").inspect_err(|refusal| eprintln!("{refusal}"))?;
    Ok(format!("hello {}", caller.subject().unwrap_or("nobody")))
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};
    use tokenring::{
        Policy,
        testkit::{AUDIENCE, IssuerServer, TestKey},
    };
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn only_good_tokens_with_the_scope_are_greeted() {
        let issuer = IssuerServer::start();
        let keys = RemoteJwks::discovery_builder(issuer.url()).danger_allow_http_loopback();
        let policy = Policy::new(issuer.url(), AUDIENCE);
        let verifier = Verifier::new(policy, keys.build().unwrap()).unwrap();
        let app = app(Guard::new(verifier));
        let status = async |values: &[String]| {
            let mut request = Request::get("/hello");
            for value in values {
                request = request.header("authorization", value);
            }
            let request = request.body(Body::empty()).unwrap();
            app.clone().oneshot(request).await.unwrap().status()
        };
        let bearer = |token: String| format!("Bearer {token}");

        let good = bearer(issuer.token().mint());
        let other_audience = issuer.token().audience("https://other.example.com/").mint();
        let forged = issuer.token().forged_by(&TestKey::attacker()).mint();
        assert_eq!(status(&[]).await, 401);
        assert_eq!(status(std::slice::from_ref(&good)).await, 200);
        assert_eq!(status(&[good.clone(), good]).await, 400);
        assert_eq!(status(&[bearer(issuer.token().scope("other").mint())]).await, 403);
        assert_eq!(status(&[bearer(other_audience)]).await, 401);
        assert_eq!(status(&[bearer(forged)]).await, 401);
    }
}
