//! What an explanation says about bound tokens, proofs and certificates: each fault with its check, what was
//! expected, what was there, and a hint.

use std::collections::BTreeSet;

use serde_json::json;
use tokenring::{
    Algorithm, Explanation, Guard, JwkSet, VerifyError,
    explain::{Check, Finding, Outcome},
    possession::{
        ClientCertificate, Nonces, ProofCheck, ProofError, ProofPolicy, ProofVerifier, Request,
    },
    testkit::TestKey,
};

use crate::{
    common::{NOW, policy, token, verifier, verifier_of},
    proofs::{Forgetful, ORIGIN, Proof, base64url, jwk, sha256},
};

fn guard() -> Guard<JwkSet> {
    guard_of(ProofPolicy::new(ORIGIN))
}

fn guard_of(policy: ProofPolicy) -> Guard<JwkSet> {
    Guard::new(verifier()).accept_dpop(ProofVerifier::new(policy, Forgetful).unwrap())
}

fn jkt() -> String {
    let key = jwk(&TestKey::for_algorithm(Algorithm::ES256)).to_string();
    tokenring::PublicKey::from_jwk(key.as_bytes()).unwrap().thumbprint().to_string()
}

fn bound() -> String {
    token().claim("cnf", json!({ "jkt": jkt() })).mint()
}

fn proof() -> Proof {
    let key = TestKey::for_algorithm(Algorithm::ES256);
    Proof::with_key(&key).claim("ath", sha256(bound().as_bytes()))
}

fn explain_text(guard: &Guard<JwkSet>, proofs: &[&str]) -> Explanation {
    let authorization = [format!("DPoP {}", bound())];
    let request =
        Request::new("GET", "/v1/users").authorization(&authorization).dpop(proofs.iter().copied());
    guard.explain_request_at(&request, NOW)
}

fn explain_with(guard: &Guard<JwkSet>, proof: &Proof) -> Explanation {
    explain_text(guard, &[&proof.sign()])
}

fn explain(proof: &Proof) -> Explanation {
    explain_with(&guard(), proof)
}

fn explain_token(
    guard: &Guard<JwkSet>,
    scheme: &str,
    cnf: serde_json::Value,
    certificate: Option<&ClientCertificate>,
) -> Explanation {
    let authorization = [format!("{scheme} {}", token().claim("cnf", cnf).mint())];
    let request = Request::new("GET", "/v1/users")
        .authorization(&authorization)
        .client_certificate(certificate);
    guard.explain_request_at(&request, NOW)
}

fn finding(explanation: &Explanation, check: Check) -> &Finding {
    explanation.findings().iter().find(|finding| finding.check() == check).unwrap()
}

/// A name, the first failed check, the code of its hint, the expected and the actual value, and the
/// explanation.
type Case = (&'static str, Check, &'static str, String, String, Explanation);

fn cases() -> Vec<Case> {
    use ProofCheck as P;

    let of = |check| Check::Possession(check);
    let good = proof();
    let text = good.sign();
    let quoted = |text: &str| format!("\"{text}\"");
    let plain = Guard::new(verifier());
    let certificate = ClientCertificate::from_sha256([7; 32]);
    let other = ClientCertificate::from_sha256([8; 32]);
    let certificate_cnf = || json!({ "x5t#S256": certificate.thumbprint().to_string() });
    let with_nonces = guard_of(ProofPolicy::new(ORIGIN).nonces(Nonces::random().unwrap()));
    let now = NOW.as_secs();
    let stranger = TestKey::for_algorithm(Algorithm::EdDSA);
    let header = |json: &str| format!("{}.e30.c2ln", base64url(json.as_bytes()));
    let rest = |name: &str| format!("\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",{name}");
    let schemes = "none or a certificate with `Bearer`, a key with `DPoP`";
    let json_rule = "one strict JSON object without `crit`, `b64`, `zip`, `enc`, `cty`";
    let es256 = "one strict JSON object";
    let algorithms = "ES256, ES384, EdDSA, PS256";
    let window = "from 2026-05-28T20:21:40Z to 2026-05-28T20:27:10Z";
    let nonce = "one of this service, not older than 2 to 3 minutes";
    let row = |what, check, hint, expected: &str, actual: &str, explanation| {
        (what, check, hint, expected.to_owned(), actual.to_owned(), explanation)
    };
    vec![
        row(
            "bound token, proofs off",
            Check::Confirmation,
            "proofs_off",
            "none, or a certificate",
            "a key with `Bearer`",
            explain_token(&plain, "Bearer", json!({ "jkt": jkt() }), None),
        ),
        row(
            "bound token as Bearer",
            Check::Confirmation,
            "bound_token_as_bearer",
            schemes,
            "a key with `Bearer`",
            explain_token(&guard(), "Bearer", json!({ "jkt": jkt() }), None),
        ),
        row(
            "certificate with DPoP",
            Check::Confirmation,
            "token_not_bound",
            schemes,
            "a certificate with `DPoP`",
            explain_token(&guard(), "DPoP", certificate_cnf(), Some(&certificate)),
        ),
        row(
            "cnf with kid",
            Check::Confirmation,
            "confirmation_not_supported",
            schemes,
            "the token's `cnf` has neither `jkt` nor `x5t#S256` with `DPoP`",
            explain_token(&guard(), "DPoP", json!({ "kid": "a" }), None),
        ),
        row(
            "no certificate",
            of(P::Certificate),
            "certificate_missing",
            &certificate.thumbprint().to_string(),
            "none",
            explain_token(&plain, "Bearer", certificate_cnf(), None),
        ),
        row(
            "other certificate",
            of(P::Certificate),
            "other_certificate",
            &certificate.thumbprint().to_string(),
            &other.thumbprint().to_string(),
            explain_token(&plain, "Bearer", certificate_cnf(), Some(&other)),
        ),
        row(
            "no proof",
            of(P::Field),
            "proof_missing",
            "one value",
            "none",
            explain_text(&guard(), &[]),
        ),
        row(
            "two proofs",
            of(P::Field),
            "several_proofs",
            "one value",
            "several",
            explain_text(&guard(), &[&text, &text]),
        ),
        row(
            "long",
            of(P::Size),
            "proof_too_long",
            "at most 8192 bytes",
            "8193 bytes",
            explain_text(&guard(), &[&"x".repeat(8193)]),
        ),
        row(
            "segments",
            of(P::Segments),
            "proof_malformed",
            "3 segments, none of them empty",
            "2 segments",
            explain_text(&guard(), &["a.b"]),
        ),
        row(
            "crit",
            of(P::Header),
            "proof_header_forbidden",
            json_rule,
            "the proof's header has `crit`, which is not supported",
            explain_text(&guard(), &[&header(&format!("{{{}}}", rest("\"crit\":[\"a\"]")))]),
        ),
        row(
            "no jwk",
            of(P::Key),
            "proof_header",
            "a public key for `alg`, without private members",
            "none",
            explain(&good.clone().without_header("jwk")),
        ),
        row(
            "typ",
            of(P::Type),
            "proof_type",
            "dpop+jwt",
            "\"JWT\"",
            explain(&good.clone().header("typ", "JWT")),
        ),
        row(
            "typ is a number",
            of(P::Type),
            "proof_header",
            "dpop+jwt",
            "another JSON type",
            explain(&good.clone().header("typ", 1)),
        ),
        row(
            "alg",
            of(P::Algorithm),
            "proof_algorithm",
            algorithms,
            "\"HS256\"",
            explain(&good.clone().header("alg", "HS256")),
        ),
        row(
            "private member",
            of(P::Key),
            "proof_key_published",
            "a public key for `alg`, without private members",
            "the proof's key has the private member `d`, replace it",
            explain(&good.clone().jwk("d", "")),
        ),
        row(
            "key of other kind",
            of(P::Key),
            "proof_key",
            "a public key for `alg`, without private members",
            "the proof's key is for another algorithm than its `alg`",
            explain(&good.clone().header("alg", "ES384")),
        ),
        row(
            "other key",
            of(P::Binding),
            "proof_other_key",
            &jkt(),
            &tokenring::PublicKey::from_jwk(jwk(&stranger).to_string().as_bytes())
                .unwrap()
                .thumbprint()
                .to_string(),
            explain(&Proof::with_key(&stranger)),
        ),
        row(
            "payload",
            of(P::Payload),
            "proof_malformed",
            es256,
            "the proof's payload: not a JSON object",
            explain(&good.clone().payload("[]".into())),
        ),
        row(
            "method",
            of(P::Method),
            "proof_method",
            "\"GET\"",
            "\"get\"",
            explain(&good.clone().claim("htm", "get")),
        ),
        row(
            "no method",
            of(P::Method),
            "proof_claim",
            "\"GET\"",
            "none",
            explain(&good.clone().without_claim("htm")),
        ),
        row(
            "malformed target",
            of(P::Target),
            "proof_target_malformed",
            &quoted("https://api.example.com/v1/users"),
            "\"/v1/users\"",
            explain(&good.clone().claim("htu", "/v1/users")),
        ),
        row(
            "path",
            of(P::Target),
            "proof_path",
            &quoted("https://api.example.com/v1/users"),
            "\"https://api.example.com/users\"",
            explain(&good.clone().claim("htu", "https://api.example.com/users")),
        ),
        row(
            "origin",
            of(P::Target),
            "proof_origin",
            &quoted("https://api.example.com/v1/users"),
            "\"http://localhost:8080/v1/users\"",
            explain(&good.clone().claim("htu", "http://localhost:8080/v1/users")),
        ),
        row(
            "asterisk",
            of(P::Target),
            "request_target",
            "a request whose target can be compared",
            "\"https://api.example.com/v1/users\"",
            {
                let authorization = [format!("DPoP {}", bound())];
                let request = Request::new("GET", "*").authorization(&authorization).dpop([&*text]);
                guard().explain_request_at(&request, NOW)
            },
        ),
        row(
            "no ath",
            of(P::AccessTokenHash),
            "proof_for_token_request",
            &quoted(&sha256(bound().as_bytes())),
            "none",
            explain(&good.clone().without_claim("ath")),
        ),
        row(
            "other ath",
            of(P::AccessTokenHash),
            "proof_access_token",
            &quoted(&sha256(bound().as_bytes())),
            &quoted(&sha256(b"x")),
            explain(&good.clone().claim("ath", sha256(b"x"))),
        ),
        row(
            "jti",
            of(P::Identifier),
            "proof_identifier",
            "1 to 256 bytes",
            "0 bytes",
            explain(&good.clone().claim("jti", "")),
        ),
        row(
            "exp",
            of(P::Expiry),
            "proof_old",
            "none, or after now",
            "2026-05-28T20:26:40Z, now",
            explain(&good.clone().claim("exp", now)),
        ),
        row(
            "nbf",
            of(P::NotBefore),
            "proof_ahead",
            "none, or not after now",
            "2026-05-28T20:26:41Z, in 1 second",
            explain(&good.clone().claim("nbf", now + 1)),
        ),
        row(
            "old",
            of(P::IssuedAt),
            "proof_old",
            window,
            "2026-05-28T20:21:39Z, 5 minutes 1 second ago",
            explain(&good.clone().claim("iat", now - 301)),
        ),
        row(
            "ahead",
            of(P::IssuedAt),
            "proof_ahead",
            window,
            "2026-05-28T20:27:11Z, in 31 seconds",
            explain(&good.clone().claim("iat", now + 31)),
        ),
        row(
            "no nonce",
            of(P::Nonce),
            "proof_nonce_missing",
            nonce,
            "none",
            explain_with(&with_nonces, &good),
        ),
        row(
            "other nonce",
            of(P::Nonce),
            "proof_nonce_old",
            nonce,
            "the proof's `nonce` is not one of this service",
            explain_with(&with_nonces, &good.clone().claim("nonce", "a")),
        ),
        row(
            "signature",
            of(P::Signature),
            "proof_signature",
            "one by the key in `jwk` over this proof",
            "3 bytes",
            {
                let input = text.rsplit_once('.').unwrap().0;
                explain_text(&guard(), &[&format!("{input}.c2ln")])
            },
        ),
    ]
}

#[test]
fn every_fault_has_a_check_a_clause_the_values_and_a_hint() {
    for (what, check, hint, expected, actual, explanation) in cases() {
        let failed = |finding: &&Finding| finding.outcome() == Outcome::Failed;
        let first = explanation.findings().iter().find(failed).unwrap();
        assert_eq!(first.check(), check, "{what}: {explanation}");
        assert_eq!(first.hint().map(|hint| hint.code()), Some(hint), "{what}: {explanation}");
        assert_eq!(first.expected(), Some(&*expected), "{what}: {explanation}");
        assert_eq!(first.actual(), Some(&*actual), "{what}: {explanation}");
        assert!(first.clause().starts_with("RFC ") || check == Check::Possession(ProofCheck::Size));
        assert_eq!(explanation.verdict().unwrap_err(), first.error().unwrap(), "{what}");
        let code = first.proof_error().map_or("sender_constrained", |error| error.code());
        assert!(explanation.to_string().starts_with(&format!("refused: {code}, as of ")), "{what}");
        let sentence = first.hint().unwrap().to_string();
        assert!(sentence.starts_with(|c: char| c.is_ascii_uppercase() || c == '`'), "{sentence}");
        assert!(
            sentence.ends_with('.') && sentence.is_ascii() && sentence.len() <= 240,
            "{sentence}"
        );
        assert!(!sentence.contains(['{', '}']), "{sentence}");
    }
}

#[test]
fn every_hint_about_proofs_has_a_code_of_its_own_and_a_case() {
    let source = include_str!("../../src/explain/proof_hint.rs");
    let rows = source.split("Hint::coded(").skip(1);
    let codes: Vec<&str> = rows.map(|row| row.split('"').nth(1).unwrap()).collect();
    let distinct: BTreeSet<&str> = codes.iter().copied().collect();
    assert_eq!(distinct.len(), codes.len(), "{codes:?}");
    let given: BTreeSet<&str> = cases().into_iter().map(|(_, _, hint, ..)| hint).collect();
    assert_eq!(given, distinct);
    for code in distinct {
        assert!(source.contains(&format!("const {}: Hint =", code.to_uppercase())), "{code}");
    }
}

#[test]
fn good_request_passes_every_check() {
    let explanation = explain(&proof());
    assert_eq!(explanation.verdict(), Ok(()));
    for finding in explanation.findings() {
        assert_eq!(finding.outcome(), Outcome::Passed, "{explanation}");
        assert!(finding.is_verified() && finding.hint().is_none(), "{explanation}");
        assert!(finding.expected().is_some() && finding.actual().is_some(), "{explanation}");
    }
    let of_proof =
        explanation.findings().iter().filter(|one| matches!(one.check(), Check::Possession(_)));
    assert_eq!(of_proof.count(), 20);
}

#[test]
fn verdict_says_that_the_sender_has_proved_nothing() {
    let verdict = explain(&proof().claim("htm", "POST")).verdict().unwrap_err();
    assert_eq!((verdict, verdict.code()), (VerifyError::NotProven, "not_proven"));
    let text =
        "the sender has not proved to have the key or certificate that the token is bound to";
    assert_eq!(verdict.to_string(), text);
}

#[test]
fn request_without_one_authorization_field_has_no_token() {
    let (none, two) = ([""; 0], ["DPoP a.b.c"; 2]);
    for (values, hint) in [(&none[..], "header_missing"), (&two[..], "header_repeated")] {
        let request = Request::new("GET", "/v1/users").authorization(values);
        let explanation = guard().explain_request_at(&request, NOW);
        assert_eq!(explanation.verdict(), Err(VerifyError::NoToken));
        let found = finding(&explanation, Check::Authorization);
        assert_eq!(found.hint().unwrap().code(), hint);
        assert_eq!(found.expected(), Some("one field: Bearer or DPoP, and a token"));
    }
}

#[test]
fn leeway_of_the_policy_is_shown_for_the_times_of_a_proof() {
    let policy = policy().leeway(std::time::Duration::from_secs(5));
    let proofs = ProofVerifier::new(ProofPolicy::new(ORIGIN), Forgetful).unwrap();
    let guard = Guard::new(verifier_of(policy)).accept_dpop(proofs);
    let explanation = explain_with(&guard, &proof().claim("exp", NOW.as_secs() - 4));
    assert_eq!(explanation.verdict(), Ok(()));
    let found = finding(&explanation, Check::Possession(ProofCheck::Expiry));
    assert_eq!(found.expected(), Some("none, or after now, with a leeway of 5 seconds"));
}

#[test]
fn faults_of_token_and_proof_are_shown_at_once_and_the_token_s_comes_first() {
    let bad = token().audience("other").claim("cnf", json!({ "jkt": jkt() })).mint();
    let authorization = [format!("DPoP {bad}")];
    let text = proof().claim("htm", "POST").claim("iat", 1).sign();
    let request = Request::new("GET", "/v1/users").authorization(&authorization).dpop([&*text]);
    let explanation = guard().explain_request_at(&request, NOW);
    assert_eq!(explanation.verdict(), Err(VerifyError::WrongAudience));
    let failed = explanation.findings().iter().filter(|one| one.outcome() == Outcome::Failed);
    let checks: Vec<_> = failed.map(|finding| finding.check().name()).collect();
    assert_eq!(checks, ["aud", "htm", "ath", "proof iat"]);
}

#[test]
fn claims_of_a_proof_with_a_bad_signature_are_unverified() {
    let text = proof().sign();
    let forged = format!("{}.c2ln", text.rsplit_once('.').unwrap().0);
    let explanation = explain_text(&guard(), &[&forged]);
    let is_verified = |check| finding(&explanation, Check::Possession(check)).is_verified();
    assert!(!is_verified(ProofCheck::Method) && !is_verified(ProofCheck::IssuedAt));
    assert!(is_verified(ProofCheck::Binding) && is_verified(ProofCheck::Signature));
}

/// The report is for operators, and may not have what signs or names a person.
#[test]
fn report_shows_neither_signature_nor_nonce_nor_jti() {
    let nonces = Nonces::random().unwrap();
    let nonce = nonces.issue(NOW).to_string();
    let guard = guard_of(ProofPolicy::new(ORIGIN).nonces(nonces));
    let proof = proof().claim("nonce", nonce.clone()).claim("jti", "a-secret-identifier");
    let text = proof.sign();
    let explanation = explain_text(&guard, &[&text]);
    assert_eq!(explanation.verdict(), Ok(()));
    let report = format!("{explanation} {explanation:?}");
    for secret in [&nonce, "a-secret-identifier", text.rsplit('.').next().unwrap()] {
        assert!(!report.contains(secret), "{report}");
    }
    let proof = proof.claim("htm", "\u{1b}[31m");
    let report = explain_with(&guard, &proof).to_string();
    assert!(report.bytes().all(|byte| byte == b'\n' || matches!(byte, b' '..=b'~')), "{report}");
    assert_eq!(ProofError::WrongMethod.check(), ProofCheck::Method);
}
