//! The test issuer's server has an issuer's documents at their standard paths. OpenID Connect
//! Discovery 1.0 section 4, RFC 8414 section 3.
#![cfg(feature = "std")]

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey};
use serde_json::{Value, json};
use tokenring::{
    Algorithm,
    testkit::{Answer, IssuerServer, TestKey},
};

#[test]
fn metadata_names_the_issuer_and_its_key_set() {
    let server = IssuerServer::start();
    let expected = json!({
        "authorization_endpoint": format!("{}authorize", server.url()),
        "id_token_signing_alg_values_supported": ["RS256"],
        "issuer": server.url(),
        "jwks_uri": server.jwks_url(),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
    });
    let served = json_at(&format!("{}.well-known/openid-configuration", server.url()));
    assert_eq!((&served, &server.metadata()), (&expected, &expected));
    assert_eq!(json_at(served["jwks_uri"].as_str().unwrap()), key_set(&server));
}

#[test]
fn each_document_is_at_its_standard_path_whatever_the_issuers_path() {
    for (path, stem) in [
        ("", ""),
        ("/", ""),
        ("/tenant", "/tenant"),
        ("/tenant/", "/tenant"),
        ("/realms/a", "/realms/a"),
    ] {
        let server = IssuerServer::start_at(path);
        server.answer_oauth_metadata_with(Answer::metadata());
        let url = server.url();
        let origin = url.strip_suffix(path).unwrap();
        assert_eq!(origin.matches('/').count(), 2, "{origin}");
        assert_eq!(server.issuer().url(), url);
        assert_eq!(server.jwks_url(), format!("{origin}{stem}/.well-known/jwks.json"));
        assert_eq!(json_at(&server.jwks_url()), key_set(&server));

        let openid = format!("{origin}{stem}/.well-known/openid-configuration");
        let oauth = format!("{origin}/.well-known/oauth-authorization-server{stem}");
        assert_eq!(json_at(&openid)["issuer"], url);
        assert_eq!(json_at(&oauth), server.metadata());
        assert_eq!(server.metadata()["jwks_uri"], server.jwks_url());
        // If the issuer has no path, both forms are the same URL.
        if !stem.is_empty() {
            let wrong = format!("{origin}{stem}/.well-known/oauth-authorization-server");
            assert_eq!(status_at(&wrong), 404);
            assert_eq!(status_at(&format!("{origin}/.well-known/openid-configuration")), 404);
            assert_eq!(status_at(&format!("{origin}/.well-known/jwks.json")), 404);
        }
    }
}

#[test]
fn oauth_metadata_is_not_found_until_told_otherwise() {
    let server = IssuerServer::start_at("/tenant");
    let origin = server.url().strip_suffix("/tenant").unwrap().to_owned();
    let oauth = format!("{origin}/.well-known/oauth-authorization-server/tenant");
    assert_eq!(status_at(&oauth), 404);
    server.answer_oauth_metadata_with(Answer::metadata());
    server.answer_metadata_with(Answer::status(404));
    assert_eq!(status_at(&oauth), 200);
    assert_eq!(status_at(&format!("{}/.well-known/openid-configuration", server.url())), 404);
}

#[test]
fn answers_are_set_and_counted_separately() {
    let server = IssuerServer::start();
    let openid = format!("{}.well-known/openid-configuration", server.url());
    let oauth = format!("{}.well-known/oauth-authorization-server", server.url());
    server.answer_metadata_with(Answer::status(503));
    server.answer_oauth_metadata_with(Answer::status(500));
    server.answer_with(Answer::status(429));
    assert_eq!(counts(&server), [0, 0, 0, 0]);
    assert_eq!(status_at(&openid), 503);
    assert_eq!(counts(&server), [1, 0, 1, 0]);
    assert_eq!(status_at(&server.jwks_url()), 429);
    assert_eq!(status_at(&server.jwks_url()), 429);
    assert_eq!(counts(&server), [3, 2, 1, 0]);
    assert_eq!(status_at(&oauth), 500);
    assert_eq!(counts(&server), [4, 2, 1, 1]);
    assert_eq!(status_at(&server.url()), 404);
    assert_eq!(counts(&server), [5, 2, 1, 1]);
}

#[test]
fn altered_metadata_are_served_as_given() {
    let server = IssuerServer::start();
    let mut metadata = server.metadata();
    metadata["issuer"] = "https://another.example/".into();
    server.answer_metadata_with(Answer::body(metadata.to_string()));
    let served = json_at(&format!("{}.well-known/openid-configuration", server.url()));
    assert_eq!(served, metadata);
    assert_eq!(server.metadata()["issuer"], server.url());
}

#[test]
fn moved_key_set_is_at_its_new_place_only_and_the_metadata_say_so() {
    let server = IssuerServer::start_at("/tenant");
    let before = server.jwks_url();
    assert_eq!(status_at(&before), 200);
    server.move_key_set("/oauth/keys");
    let origin = server.url().strip_suffix("/tenant").unwrap().to_owned();
    assert_eq!(server.jwks_url(), format!("{origin}/oauth/keys"));
    let metadata = json_at(&format!("{}/.well-known/openid-configuration", server.url()));
    assert_eq!(metadata["jwks_uri"], server.jwks_url());
    assert_eq!(json_at(&server.jwks_url()), key_set(&server));
    assert_eq!(server.key_set_hits(), 2);
    assert_eq!(status_at(&before), 404);
    assert_eq!(server.key_set_hits(), 2);
}

#[test]
fn server_for_another_algorithm_signs_publishes_and_rotates_with_it() {
    let server = IssuerServer::for_algorithm(Algorithm::ES256);
    assert_eq!(server.issuer().keys()[0].jwk(), TestKey::for_algorithm(Algorithm::ES256).jwk());
    let names: Vec<String> = (0..3).map(|_| server.rotate().kid().to_owned()).collect();
    let es256 = |end| format!("tokenring-test-key-es256-{end}");
    assert_eq!(names, [es256("02"), es256("03"), es256("04")]);

    let set = json_at(&server.jwks_url());
    let jwks = set["keys"].as_array().unwrap();
    let kids: Vec<&str> = jwks.iter().map(|jwk| jwk["kid"].as_str().unwrap()).collect();
    assert_eq!(kids, [es256("04"), es256("03"), es256("02")]);
    assert!(jwks.iter().all(|jwk| jwk["alg"] == "ES256"));
    assert!(jwks[0]["x"] != jwks[1]["x"] && jwks[1]["x"] != jwks[2]["x"]);
    assert_ne!(jwks[0]["x"], jwks[2]["x"]);
    assert_eq!(server.metadata()["id_token_signing_alg_values_supported"], json!(["ES256"]));

    let token = server.token().mint();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let holds = |jwk: &Value| {
        let point = [vec![4], decoded(jwk, "x"), decoded(jwk, "y")].concat();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .verify(message.as_bytes(), &signature)
            .is_ok()
    };
    let verified: Vec<bool> = jwks.iter().map(holds).collect();
    assert_eq!(verified, [true, false, false]);
}

#[test]
fn three_rotations_in_a_row_have_three_materials_for_every_algorithm() {
    for algorithm in
        [Algorithm::RS256, Algorithm::PS384, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA]
    {
        let server = IssuerServer::for_algorithm(algorithm);
        let member =
            if matches!(algorithm, Algorithm::RS256 | Algorithm::PS384) { "n" } else { "x" };
        let mut last = vec![server.issuer().keys()[0].jwk()[member].clone()];
        for _ in 0..5 {
            let key = server.rotate();
            assert_eq!(key.algorithm(), algorithm);
            let material = key.jwk()[member].clone();
            assert!(!last.iter().rev().take(2).any(|known| *known == material), "{algorithm:?}");
            last.push(material);
        }
    }
}

#[test]
fn default_server_rotates_as_it_always_did() {
    let server = IssuerServer::start();
    assert_eq!(server.issuer().keys()[0].kid(), "tokenring-test-key-01");
    assert_eq!(server.rotate().kid(), "tokenring-test-key-02");
    assert_eq!(server.rotate().kid(), "tokenring-test-key-03");
    let fourth = server.rotate();
    assert_eq!(fourth.kid(), "tokenring-test-key-04");
    let first = IssuerServer::start().issuer().keys()[0].jwk();
    assert_eq!(fourth.jwk()["n"], first["n"]);
}

#[test]
fn published_keys_of_several_algorithms_are_all_in_the_set_and_the_first_signs() {
    let server = IssuerServer::start();
    let keys = [Algorithm::EdDSA, Algorithm::PS256, Algorithm::ES384].map(TestKey::for_algorithm);
    server.publish(keys.to_vec());
    let expected: Vec<Value> = keys.iter().map(TestKey::jwk).collect();
    assert_eq!(json_at(&server.jwks_url()), json!({ "keys": expected }));
    assert_eq!(
        server.metadata()["id_token_signing_alg_values_supported"],
        json!(["ES384", "EdDSA", "PS256"]),
    );
    let token = server.token().mint();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let public = UnparsedPublicKey::new(&ED25519, decoded(&keys[0].jwk(), "x"));
    assert_eq!(public.verify(message.as_bytes(), &signature), Ok(()));
}

#[test]
#[should_panic(expected = "the path tenant does not begin with /")]
fn path_of_an_issuer_begins_with_a_slash() {
    let _server = IssuerServer::start_at("tenant");
}

#[test]
#[should_panic(expected = "the path keys does not begin with /")]
fn path_of_a_moved_key_set_begins_with_a_slash() {
    IssuerServer::start().move_key_set("keys");
}

#[test]
#[should_panic(expected = "no key called other is published")]
fn key_that_is_not_published_cannot_be_revoked() {
    IssuerServer::start().revoke("other");
}

/// RFC 9110 section 8.6.
#[test]
fn status_204_or_304_has_no_content_length() {
    let server = IssuerServer::start();
    for (status, has_length) in [(200, true), (204, false), (304, false), (404, true)] {
        server.answer_with(Answer::status(status));
        let (head, _) = get(&server.jwks_url());
        assert_eq!(head.contains("Content-Length: 0\r\n"), has_length, "{head}");
    }
}

#[test]
fn body_that_arrives_byte_by_byte_follows_a_head_that_arrives_at_once() {
    let server = IssuerServer::start();
    server.answer_with(Answer::body("ab").drip_body(1, Duration::from_secs(3600)));
    let mut stream = request(&server.jwks_url());
    let mut answer = String::new();
    while !answer.ends_with("\r\n\r\na") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        answer.push(byte[0].into());
    }
}

// Helpers.

/// The number of all requests, and of those for the key set, the metadata and the OAuth metadata.
fn counts(server: &IssuerServer) -> [usize; 4] {
    [server.hits(), server.key_set_hits(), server.metadata_hits(), server.oauth_metadata_hits()]
}

fn key_set(server: &IssuerServer) -> Value {
    serde_json::from_str(&server.issuer().jwks()).unwrap()
}

fn decoded(jwk: &Value, name: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap()
}

fn json_at(url: &str) -> Value {
    let (head, body) = get(url);
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(head.contains("\r\nContent-Type: application/json\r\n"), "{head}");
    serde_json::from_str(&body).unwrap()
}

fn status_at(url: &str) -> u16 {
    get(url).0.split(' ').nth(1).unwrap().parse().unwrap()
}

/// A connection on which `url` has been requested.
fn request(url: &str) -> TcpStream {
    let rest = url.strip_prefix("http://").unwrap();
    let slash = rest.find('/').unwrap();
    let (authority, path) = rest.split_at(slash);
    let mut stream = TcpStream::connect(authority).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {authority}\r\n\r\n").unwrap();
    stream
}

/// Head and body of the answer.
fn get(url: &str) -> (String, String) {
    let mut answer = String::new();
    request(url).read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (format!("{head}\r\n"), body.into())
}
