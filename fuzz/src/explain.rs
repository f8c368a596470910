//! The explanation of any input, compared with the verdict on it.

use std::{sync::LazyLock, time::Duration};

use tokenring::{
    Algorithm, Explanation, Guard, JwkSet, Policy, Verifier, VerifyError,
    explain::Finding,
    testkit::{AUDIENCE, CLIENT_ID, ISSUER, Issuer},
};

use crate::{NOW, edit};

/// The explanation's verdict is the verifier's, and its first failed finding is that verdict. Its text
/// and its `Debug` are printable ASCII and contain neither the signature nor the subject. The hint on
/// a malformed `Authorization` value has the code of the guard's rejection.
///
/// The first byte says what the rest is: a token, an edit script for signed tokens, a header or a
/// payload to be signed, or an `Authorization` value.
pub fn explain_verdict(bytes: &[u8]) -> bool {
    let Some((kind, rest)) = bytes.split_first() else { return false };
    let text = String::from_utf8_lossy(rest);
    let issuer = &*ISSUED;
    match kind % 5 {
        0 => token(&text),
        1 => token(&edit(rest)),
        2 => token(&issuer.token_at(NOW).subject(SUBJECT).raw_header(rest).mint()),
        3 => {
            let subject = format!(r#"{{"sub":"{SUBJECT}","#);
            let payload = text.replacen('{', &subject, 1);
            let token_text = issuer.token_at(NOW).raw_payload(payload).mint();
            // The input may contain the subject elsewhere, where it may be shown.
            match text.contains(SUBJECT) {
                true => false,
                false => token(&token_text),
            }
        }
        _ => request(rest),
    }
}

fn token(token: &str) -> bool {
    let mut accepted = false;
    for verifier in VERIFIERS.iter() {
        let explanation = verifier.explain_at(token, NOW);
        let verdict = verifier.verify_at(token, NOW).map(|_| ());
        assert_eq!(explanation.verdict(), verdict, "{explanation}");
        assert_safe(&explanation, token);
        accepted |= verdict.is_ok();
    }
    accepted
}

fn request(value: &[u8]) -> bool {
    let guard = Guard::new(VERIFIERS[0].clone()).require_scope("read:messages");
    let explanation = guard.explain_at([value], NOW);
    let refused = guard.check_at([value], NOW).map(|_| ());
    let verdict = match &refused {
        Ok(()) => Ok(()),
        Err(rejection) => Err(rejection.cause().unwrap_or(VerifyError::NoToken)),
    };
    assert_eq!(explanation.verdict(), verdict, "{explanation}");
    // The log line and the hint have one cause.
    if let Err(rejection) = refused
        && rejection.cause().is_none()
        && let Some(hint) = explanation.findings()[0].hint()
    {
        assert_eq!(rejection.code(), hint.code());
    }
    assert_safe(&explanation, &String::from_utf8_lossy(value));
    verdict.is_ok()
}

fn assert_safe(explanation: &Explanation, token: &str) {
    let first = explanation.findings().iter().find_map(Finding::error);
    assert_eq!(first, explanation.verdict().err(), "{explanation}");
    let shown = format!("{explanation}\n{explanation:?}");
    assert!(shown.bytes().all(|byte| matches!(byte, b'\n' | b' '..=b'~')), "{shown}");
    assert!(!shown.contains(SUBJECT), "{shown}");
    assert!(shown.len() < 16_384, "{shown}");
    // Half of an Ed25519 signature. A header of the input may contain it too.
    if let Some((others, signature)) = token.rsplit_once('.')
        && signature.len() >= 86
        && !others.contains(signature)
    {
        assert!(!shown.contains(&signature_start(signature)), "{shown}");
    }
}

fn signature_start(signature: &str) -> String {
    signature.chars().take(43).collect()
}

const SUBJECT: &str = "3d1f8c5b-subject-7e29a604";

static ISSUED: LazyLock<Issuer> = LazyLock::new(|| Issuer::for_algorithm(ISSUER, Algorithm::EdDSA));

static VERIFIERS: LazyLock<Vec<Verifier<JwkSet>>> = LazyLock::new(|| {
    let set = |issuer: &Issuer| JwkSet::from_json(issuer.jwks().as_bytes()).expect("a set");
    let algorithms = [Algorithm::RS256, Algorithm::EdDSA];
    let mut keys = Issuer::default().keys().to_vec();
    keys.extend(ISSUED.keys().iter().cloned());
    let all = Issuer::with_keys(ISSUER, keys);
    let plain = || Policy::new(ISSUER, AUDIENCE).algorithms(algorithms);
    let strict = Policy::for_client(ISSUER, CLIENT_ID)
        .algorithms([Algorithm::EdDSA])
        .leeway(Duration::from_secs(60))
        .require_claim("token_use", "access");
    let other = Issuer::for_algorithm("https://other.example/", Algorithm::ES256);
    let other_policy = Policy::new(other.url(), "other").algorithms([Algorithm::ES256]);
    let verifier = |policy, issuer: &Issuer| Verifier::new(policy, set(issuer)).expect("a policy");
    vec![
        verifier(plain(), &all),
        verifier(strict, &all),
        verifier(other_policy, &other).with_issuer(plain(), set(&all)).expect("two issuers"),
    ]
});
