//! oauth4webapi gets tokens from oidc-provider that are bound to its key, and calls the axum example with them.
//! RFC 9449.
//!
//! `run-tests` installs both and starts this.

use std::process::Command;

use issuers::{Issuer, installed};
use serde_json::{Value, json};
use tokenring::possession::Nonces;
use tokenring_axum::{Api, router};
use tokenring_possession::{AUDIENCE, serve, verifier};

/// The origin of the example with DPoP, for tokens of `issuer`.
fn serve_with_dpop(issuer: &Issuer) -> String {
    let address = serve(|address| {
        let (origin, nonces) = (format!("http://{address}"), Nonces::random().unwrap());
        router(Api::with_dpop(verifier(issuer), &origin, nonces).unwrap())
    });
    format!("http://{address}")
}

/// What the client has seen.
fn run(issuer: &Issuer, origin: &str, algorithm: &str) -> Value {
    let arguments = [issuer.identifier(), issuer.fact("secret"), AUDIENCE, origin, algorithm];
    let output =
        Command::new("node").arg(installed("client.mjs")).args(arguments).output().unwrap();
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{algorithm}: {out}\n{err}");
    serde_json::from_str(&out).unwrap()
}

fn challenge(error: &str) -> String {
    format!(r#"DPoP error="{error}", algs="ES256 ES384 EdDSA PS256", realm="api""#)
}

#[test]
fn client_is_accepted_after_a_nonce_challenge_and_a_thief_is_not() {
    let issuer = Issuer::node("authorization_server.mjs");
    let origin = serve_with_dpop(&issuer);
    // oauth4webapi calls EdDSA `Ed25519`.
    for algorithm in ["ES256", "Ed25519", "PS256"] {
        let seen = run(&issuer, &origin, algorithm);
        assert_eq!(seen["type"], "dpop", "{seen}");
        assert_eq!(seen["greeting"], json!({ "message": "Hello, dpop" }), "{seen}");
        // The challenge, the retry, and a call with the nonce that is known by then.
        let exchanges = json!([
            { "status": 401, "challenges": challenge("use_dpop_nonce"), "nonce": true },
            { "status": 200, "challenges": null, "nonce": seen["exchanges"][1]["nonce"] },
            { "status": 200, "challenges": null, "nonce": seen["exchanges"][2]["nonce"] },
        ]);
        assert_eq!(seen["exchanges"], exchanges, "{seen}");
        assert_eq!(seen["again"], 200);

        let refused = |error| json!({ "status": 401, "challenge": challenge(error) });
        assert_eq!(seen["replayed"], refused("invalid_dpop_proof"), "{seen}");
        assert_eq!(seen["elsewhere"], refused("invalid_dpop_proof"), "{seen}");
        assert_eq!(seen["withoutProof"], refused("invalid_dpop_proof"), "{seen}");
        let both =
            r#"Bearer error="invalid_token", realm="api", DPoP algs="ES256 ES384 EdDSA PS256""#;
        assert_eq!(seen["bearer"], json!({ "status": 401, "challenge": both }), "{seen}");
        let thief = json!({ "status": 401, "parameters": [["dpop", "invalid_token"]] });
        assert_eq!(seen["thief"], thief, "{seen}");
    }
}

/// A service without DPoP does not take a bound token for a bearer token either.
#[test]
fn bound_token_is_refused_where_proofs_are_not_checked() {
    let issuer = Issuer::node("authorization_server.mjs");
    let seen = run(&issuer, &serve_with_dpop(&issuer), "ES256");
    let token = seen["token"].as_str().unwrap();
    let without = serve(|_| router(Api::new(verifier(&issuer))));
    for scheme in ["Bearer", "DPoP"] {
        let curl = Command::new("curl")
            .args([
                "--silent",
                "--noproxy",
                "*",
                "--write-out",
                "%{http_code}",
                "--output",
                "/dev/null",
            ])
            .args(["--header", &format!("Authorization: {scheme} {token}")])
            .arg(format!("http://{without}/api/v1/"))
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&curl.stdout), "401", "{scheme}");
    }
}
