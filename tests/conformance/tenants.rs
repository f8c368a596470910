//! Templates of `iss` with a tenant in them, as Microsoft Entra's documentation of access tokens
//! describes them. RFC 8725 section 3.8.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests may")]

use std::sync::LazyLock;

use serde_json::{Value, json};
use tokenring::{
    Algorithm, JsonError, JwkSet, Policy, PolicyError, UnixTime, Verifier, VerifyError,
    explain::Check,
    testkit::{Issuer, TestKey, TokenBuilder},
};

const NOW: UnixTime = UnixTime::from_secs(1_780_000_000);
const TEMPLATE: &str = "https://login.microsoftonline.com/{tenantid}/v2.0";
const API: &str = "6e74172b-0000-0000-0000-000000000001";
const TENANT: &str = "1a2b3c4d-0000-4111-8222-abcdefabcdef";
const OTHER: &str = "99999999-aaaa-4bbb-8ccc-dddddddddddd";
/// The tenant of personal accounts.
const CONSUMERS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// The key of all tenants, a key of one tenant, and a key that names no issuer.
static KEYS: LazyLock<[TestKey; 3]> = LazyLock::new(|| {
    let keys = Issuer::default().keys().to_vec();
    [
        keys[0].with_kid("of every tenant").with_member("issuer", TEMPLATE),
        keys[1].with_kid("of consumers").with_member("issuer", url(CONSUMERS)),
        keys[2].with_kid("of nobody"),
    ]
});

fn url(tenant: &str) -> String {
    TEMPLATE.replace("{tenantid}", tenant)
}

fn keys() -> JwkSet {
    let issuer = Issuer::with_keys(TEMPLATE, KEYS.to_vec());
    JwkSet::from_json(issuer.jwks().as_bytes()).unwrap()
}

fn policy() -> Policy {
    Policy::for_tenants(TEMPLATE, API).tenant(TENANT).tenant(CONSUMERS)
}

fn any() -> Policy {
    Policy::for_tenants(TEMPLATE, API).any_tenant()
}

/// A token of this tenant, signed with the key of every tenant.
fn token(tenant: &str) -> TokenBuilder {
    let issuer = Issuer::with_keys(url(tenant), KEYS.to_vec());
    issuer.token_at(NOW).audience(API).claim("tid", tenant)
}

/// A verifier with one template, which reads no payload before the signature.
fn alone(policy: Policy) -> Verifier<JwkSet> {
    Verifier::new(policy, keys()).unwrap()
}

/// A verifier that chooses the template by `iss`.
fn routed(policy: Policy) -> Verifier<JwkSet> {
    let first = Policy::new("https://first.example/", "a");
    Verifier::new(first, keys()).unwrap().with_issuer(policy, keys()).unwrap()
}

/// The verdict of both verifiers, which must agree, also with the explanation's.
fn outcome(policy: Policy, token: &TokenBuilder) -> Result<String, VerifyError> {
    let token = token.mint();
    let of = |verifier: Verifier<JwkSet>| {
        let outcome = verifier.verify_at(&token, NOW).map(|accepted| accepted.issuer().to_owned());
        let explained = verifier.explain_at(&token, NOW).verdict();
        assert_eq!(explained, outcome.as_ref().map(drop).map_err(|error| *error));
        outcome
    };
    let (one, other) = (of(alone(policy.clone())), of(routed(policy)));
    assert_eq!(one, other);
    one
}

#[test]
fn token_of_a_listed_tenant_is_accepted_and_its_issuer_is_the_tenants() {
    assert_eq!(outcome(policy(), &token(TENANT)), Ok(url(TENANT)));
    assert_eq!(outcome(any(), &token(TENANT)), Ok(url(TENANT)));
    assert_eq!(outcome(any(), &token(OTHER)), Ok(url(OTHER)));
}

#[test]
fn token_of_a_tenant_that_is_not_listed_is_refused() {
    assert_eq!(outcome(policy(), &token(OTHER)), Err(VerifyError::WrongTenant));
    // One digit less or more, or another last one, is another tenant.
    let near = TENANT.replace("abcdefabcdef", "abcdefabcdee");
    assert_eq!(outcome(policy(), &token(&near)), Err(VerifyError::WrongTenant));
}

#[test]
fn tenants_of_the_list_may_be_in_upper_case_and_those_of_tokens_may_not() {
    let policy = || Policy::for_tenants(TEMPLATE, API).tenants([TENANT.to_uppercase()]);
    assert_eq!(outcome(policy(), &token(TENANT)), Ok(url(TENANT)));
    let upper = TENANT.to_uppercase();
    for policy in [policy(), any()] {
        // In both claims, in `tid` only, in `iss` only.
        assert_eq!(outcome(policy.clone(), &token(&upper)), Err(VerifyError::WrongIssuer));
        let in_tid = token(TENANT).claim("tid", upper.as_str());
        assert_eq!(outcome(policy.clone(), &in_tid), Err(VerifyError::WrongIssuer));
        let in_iss = token(TENANT).issuer(url(&upper));
        assert_eq!(outcome(policy, &in_iss), Err(VerifyError::WrongIssuer));
    }
}

#[test]
fn text_that_is_not_a_guid_is_no_tenant_even_in_both_claims() {
    for tenant in [
        "",
        "x",
        "common",
        "organizations",
        "contoso.onmicrosoft.com",
        "{tenantid}",
        "{1a2b3c4d-0000-4111-8222-abcdefabcdef}",
        "1a2b3c4d00004111822abcdefabcdef",
        "1a2b3c4d-0000-4111-8222-abcdefabcde",
        "1a2b3c4d-0000-4111-8222-abcdefabcdef0",
        "1a2b3c4d-0000-4111-8222-abcdefabcdeg",
        "1a2b3c4d/0000/4111/8222/abcdefabcdef",
        "1a2b3c4d-0000-4111-8222-abcdefabcdef/v2.0/x",
        "../1a2b3c4d-0000-4111-8222-abcdefabcdef",
        " 1a2b3c4d-0000-4111-8222-abcdefabcdef",
        "1a2b3c4d-0000-4111-8222-abcdefabcdef ",
        "1a2b3c4d-0000-4111-8222-abcdefabcdef\n",
        "1a2b3c4d-0000-4111-8222-abcdefabcdef\0",
        "1a2b3c4d-0000-4111-8222-abcdefabcd\u{00e9}",
        "\u{ff11}a2b3c4d-0000-4111-8222-abcdefabcdef",
    ] {
        assert_eq!(outcome(any(), &token(tenant)), Err(VerifyError::WrongIssuer), "{tenant:?}");
        let in_tid = token(TENANT).claim("tid", tenant);
        assert_eq!(outcome(any(), &in_tid), Err(VerifyError::WrongIssuer), "{tenant:?}");
        let in_iss = token(TENANT).issuer(url(tenant));
        assert_eq!(outcome(any(), &in_iss), Err(VerifyError::WrongIssuer), "{tenant:?}");
    }
}

#[test]
fn iss_and_tid_name_the_same_tenant() {
    let tid_of_other = token(TENANT).claim("tid", OTHER);
    assert_eq!(outcome(any(), &tid_of_other), Err(VerifyError::WrongIssuer));
    let iss_of_other = token(TENANT).issuer(url(OTHER));
    assert_eq!(outcome(any(), &iss_of_other), Err(VerifyError::WrongIssuer));
    assert_eq!(outcome(policy(), &iss_of_other), Err(VerifyError::WrongIssuer));
}

#[test]
fn tid_is_one_string() {
    let missing = Err(VerifyError::ClaimMissing { claim: "tid" });
    assert_eq!(outcome(any(), &token(TENANT).without_claim("tid")), missing);
    assert_eq!(outcome(any(), &token(TENANT).without_claim("tid").claim("TID", TENANT)), missing);
    let mistyped = Err(VerifyError::ClaimType { claim: "tid" });
    for tid in [Value::Null, json!(1), json!(true), json!([TENANT]), json!({ TENANT: TENANT })] {
        assert_eq!(outcome(any(), &token(TENANT).claim("tid", tid.clone())), mistyped, "{tid}");
    }
    let twice = Err(VerifyError::PayloadJson(JsonError::DuplicateMember));
    for name in ["tid", "t\\u0069d"] {
        for second in [TENANT, OTHER] {
            let json = token(TENANT).payload_json();
            let json = json.replacen('{', &format!("{{\"{name}\":\"{second}\","), 1);
            assert_eq!(outcome(any(), &token(TENANT).raw_payload(json)), twice, "{name}");
        }
    }
}

#[test]
fn iss_is_the_template_byte_for_byte_around_the_tenant() {
    for iss in [
        url(TENANT) + "/",
        url(TENANT).replace("/v2.0", ""),
        url(TENANT).replace("v2.0", "v1.0"),
        url(TENANT).replace("https", "http"),
        url(TENANT).replace("login", "LOGIN"),
        url(TENANT).replace("login.microsoftonline.com", "login.microsoftonline.us"),
        format!("x{}", url(TENANT)),
        format!("https://sts.windows.net/{TENANT}/"),
        TEMPLATE.to_owned(),
        TENANT.to_owned(),
        url(&format!("{TENANT}/{TENANT}")),
    ] {
        let token = token(TENANT).issuer(iss.as_str());
        assert_eq!(outcome(any(), &token), Err(VerifyError::WrongIssuer), "{iss}");
    }
}

#[test]
fn key_for_one_tenant_verifies_no_token_of_another() {
    let consumers = &KEYS[1];
    let forged = token(TENANT).key(consumers);
    assert_eq!(outcome(any(), &forged), Err(VerifyError::KeyOfOtherIssuer));
    assert_eq!(outcome(policy(), &forged), Err(VerifyError::KeyOfOtherIssuer));
    assert_eq!(outcome(policy(), &token(CONSUMERS).key(consumers)), Ok(url(CONSUMERS)));
}

#[test]
fn key_without_an_issuer_serves_the_template() {
    assert_eq!(outcome(policy(), &token(TENANT).key(&KEYS[2])), Ok(url(TENANT)));
}

#[test]
fn key_for_another_template_is_refused() {
    let key = KEYS[0].with_member("issuer", "https://sts.windows.net/{tenantid}/");
    let set = Issuer::with_keys(TEMPLATE, vec![key]).jwks();
    let set = JwkSet::from_json(set.as_bytes()).unwrap();
    let verifier = Verifier::new(any(), set).unwrap();
    let outcome = verifier.verify_at(&token(TENANT).mint(), NOW).map(drop);
    assert_eq!(outcome, Err(VerifyError::KeyOfOtherIssuer));
}

#[test]
fn any_tenant_includes_personal_accounts() {
    assert_eq!(outcome(any(), &token(CONSUMERS).key(&KEYS[1])), Ok(url(CONSUMERS)));
    let only_one = Policy::for_tenants(TEMPLATE, API).tenant(TENANT);
    let token = token(CONSUMERS).key(&KEYS[1]);
    assert_eq!(outcome(only_one, &token), Err(VerifyError::WrongTenant));
}

#[test]
fn audience_of_a_tenants_token_is_compared() {
    let other = token(TENANT).audience("00000003-0000-0000-c000-000000000000");
    assert_eq!(outcome(any(), &other), Err(VerifyError::WrongAudience));
    let none = token(TENANT).without_claim("aud");
    assert_eq!(outcome(any(), &none), Err(VerifyError::ClaimMissing { claim: "aud" }));
}

// Several issuers in one verifier.

#[test]
fn exact_issuer_comes_before_a_template_whatever_the_order() {
    let exact = || Policy::new(url(TENANT), "exact");
    let add = |first: Policy, second: Policy| {
        Verifier::new(first, keys()).unwrap().with_issuer(second, keys()).unwrap()
    };
    for verifier in [add(exact(), any()), add(any(), exact())] {
        let verify = |token: TokenBuilder| verifier.verify_at(&token.mint(), NOW).map(drop);
        assert_eq!(verify(token(TENANT)), Err(VerifyError::WrongAudience));
        assert_eq!(verify(token(TENANT).audience("exact")), Ok(()));
        assert_eq!(verify(token(OTHER)), Ok(()));
        assert_eq!(verify(token(OTHER).audience("exact")), Err(VerifyError::WrongAudience));
        // The text of the template is nobody's `iss`.
        let literal = token("{tenantid}");
        assert_eq!(verify(literal), Err(VerifyError::WrongIssuer));
    }
}

#[test]
fn two_templates_have_a_policy_and_keys_each() {
    const V1: &str = "https://sts.windows.net/{tenantid}/";
    let key = Issuer::default().keys()[1].with_kid("v1").with_member("issuer", V1);
    let set = JwkSet::from_json(Issuer::with_keys(V1, vec![key.clone()]).jwks().as_bytes());
    let v1 = Policy::for_tenants(V1, "api://a").tenant(OTHER);
    let verifier = alone(policy()).with_issuer(v1, set.unwrap()).unwrap();
    let verify = |token: &TokenBuilder| verifier.verify_at(&token.mint(), NOW).map(drop);
    let of_v1 = |tenant: &str| {
        let iss = V1.replace("{tenantid}", tenant);
        token(tenant).issuer(iss).audience("api://a").key(&key)
    };
    assert_eq!(verify(&token(TENANT)), Ok(()));
    assert_eq!(verify(&token(OTHER)), Err(VerifyError::WrongTenant));
    assert_eq!(verify(&of_v1(OTHER)), Ok(()));
    assert_eq!(verify(&of_v1(TENANT)), Err(VerifyError::WrongTenant));
    // A key of the one verifies no token of the other.
    assert_eq!(verify(&of_v1(OTHER).key(&KEYS[0])), Err(VerifyError::UnknownKey));
    assert_eq!(verify(&of_v1(OTHER).forged_by(&KEYS[0])), Err(VerifyError::BadSignature));
    assert_eq!(verify(&token(TENANT).key(&key)), Err(VerifyError::UnknownKey));
    assert_eq!(alone(policy()).with_issuer(any(), keys()).map(drop), DUPLICATE);
}

const DUPLICATE: Result<(), PolicyError> = Err(PolicyError::DuplicateIssuer);

#[test]
fn keys_of_a_template_are_found_by_its_text() {
    let verifier = routed(policy());
    assert!(verifier.keys_of(TEMPLATE).is_some());
    assert!(verifier.keys_of(&url(TENANT)).is_none());
}

#[test]
fn alg_is_checked_by_the_policy_of_the_template() {
    let token = token(TENANT).header("alg", "ES256");
    assert_eq!(outcome(policy(), &token), Err(VerifyError::AlgorithmNotAccepted));
    let policy = policy().algorithms([Algorithm::ES256]);
    assert_eq!(outcome(policy, &token), Err(VerifyError::UnknownKey));
}

#[cfg(feature = "std")]
#[test]
fn tokens_in_a_cache_are_recalled_under_the_template_that_accepted_them() {
    let verifier = routed(policy()).with_token_cache(std::num::NonZeroUsize::new(8).unwrap());
    let exact = verifier.clone().with_issuer(Policy::new(url(TENANT), "exact"), keys()).unwrap();
    let token = token(TENANT).mint();
    for _ in 0..3 {
        assert_eq!(verifier.verify_at(&token, NOW).unwrap().issuer(), url(TENANT));
        assert_eq!(exact.verify_at(&token, NOW).map(drop), Err(VerifyError::WrongAudience));
    }
}

// The policy.

#[test]
fn policy_for_tenants_says_which() {
    let check = |policy: Policy| Verifier::new(policy, keys()).map(drop);
    let of = |template: &str| Policy::for_tenants(template, API);
    assert_eq!(check(policy()), Ok(()));
    assert_eq!(check(of(TEMPLATE)), Err(PolicyError::NoTenant));
    assert_eq!(check(of(TEMPLATE).tenants([""; 0])), Err(PolicyError::NoTenant));
    assert_eq!(check(policy().any_tenant()), Err(PolicyError::TenantsAndAnyTenant));
    for template in ["https://login.example.com/", "https://{tenantid}.example/{tenantid}/"] {
        assert_eq!(check(of(template).any_tenant()), Err(PolicyError::TenantTemplate));
    }
    assert_eq!(check(of("").any_tenant()), Err(PolicyError::EmptyIssuer));
    for tenant in ["", "common", " 1a2b3c4d-0000-4111-8222-abcdefabcdef", "{tenantid}"] {
        assert_eq!(check(policy().tenant(tenant)), Err(PolicyError::TenantNotGuid), "{tenant}");
    }
    let exact = || Policy::new(url(TENANT), API);
    assert_eq!(check(exact().tenant(TENANT)), Err(PolicyError::TenantsWithoutTemplate));
    assert_eq!(check(exact().any_tenant()), Err(PolicyError::TenantsWithoutTemplate));
    // A required `iss` must be one of the template's.
    assert_eq!(check(policy().require_claim("iss", url(TENANT))), Ok(()));
    let impossible = policy().require_claim("iss", TEMPLATE);
    assert_eq!(check(impossible), Err(PolicyError::ImpossibleRequiredClaim));
}

// The explanation.

#[test]
fn explanation_shows_the_tenants() {
    let explanation = alone(policy()).explain_at(&token(OTHER).mint(), NOW);
    let finding = explanation.findings().iter().find(|finding| finding.check() == Check::Issuer);
    let finding = finding.unwrap();
    assert_eq!(finding.actual(), Some(&*format!("`tid`: \"{OTHER}\"")));
    let expected = format!("`tid`: one of [\"{TENANT}\", \"{CONSUMERS}\"]");
    assert_eq!(finding.expected(), Some(&*expected));
}

#[test]
fn explanation_of_a_near_miss_names_it() {
    let hint = |iss: String| {
        let token = token(TENANT).issuer(iss).mint();
        let hints = [alone(policy()), routed(policy())].map(|verifier| {
            let explanation = verifier.explain_at(&token, NOW);
            explanation.findings().iter().find_map(|finding| finding.hint()).map(|hint| hint.code())
        });
        assert_eq!(hints[0], hints[1]);
        hints[0]
    };
    assert_eq!(hint(url(TENANT) + "/"), Some("issuer_slash"));
    assert_eq!(hint(format!("https://sts.windows.net/{TENANT}/")), Some("entra_version_1"));
}
