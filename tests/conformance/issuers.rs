//! The table in `src/issuers.md`: for each row a token and a key set of that shape, the documented
//! policy, and tokens with one difference. The issuers themselves made none of these tokens.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may")]

use std::time::Duration;

use base64::{
    Engine as _,
    engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD},
};
use ring::digest;
use serde_json::{Map, Value, json};
use tokenring::{
    Algorithm, CompactJws, Guard, JwkSet, Policy, TokenType, UnixTime, Verified, Verifier,
    VerifyError,
    testkit::{Issuer, TestKey, TokenBuilder},
};

const NOW: UnixTime = UnixTime::from_secs(1_780_000_000);
const A_WEEK_LATER: UnixTime = UnixTime::from_secs(1_780_604_800);

/// The page whose table this file proves.
const PAGE: &str = include_str!("../../src/issuers.md");

const MISSING_AUD: VerifyError = VerifyError::ClaimMissing { claim: "aud" };
const WRONG_AUDIENCE: VerifyError = VerifyError::WrongAudience;
const OTHER_CLIENT: VerifyError = VerifyError::WrongAuthorizedParty;
/// The errors of the policy's first, second and third `require_claim`.
const FIRST_CLAIM: VerifyError = VerifyError::RequiredClaim { index: 0 };
const SECOND_CLAIM: VerifyError = VerifyError::RequiredClaim { index: 1 };
const THIRD_CLAIM: VerifyError = VerifyError::RequiredClaim { index: 2 };

/// One row of the table.
struct Row {
    name: &'static str,
    issuer: &'static str,
    /// `None` if the issuer's tokens have no `aud`.
    audience: Option<&'static str>,
    /// The policy on the page.
    policy: Policy,
    algorithm: Algorithm,
    /// Members of the header besides `alg` and `kid`; `null` removes one.
    header: Value,
    /// Members of the JWK in place of the testkit's; `null` removes one.
    jwk: Value,
    /// Claims besides `iss`, `aud`, `iat` and `exp`.
    claims: Value,
    /// Claims in place of the good ones, and the error; `null` removes a claim.
    refused: Vec<(Value, VerifyError)>,
}

impl Row {
    fn issuer(&self) -> Issuer {
        let key = TestKey::for_algorithm(self.algorithm);
        let key = members(&self.jwk).iter().fold(key, |key, (name, value)| {
            match value {
                Value::Null => key.without_member(name),
                // Tokens name it too.
                Value::String(kid) if name == "kid" => key.with_kid(kid),
                value => key.with_member(name, value.clone()),
            }
        });
        Issuer::with_keys(self.issuer, vec![key])
    }

    fn keys(&self) -> JwkSet {
        JwkSet::from_json(self.issuer().jwks().as_bytes()).unwrap()
    }

    fn verifier(&self) -> Verifier<JwkSet> {
        Verifier::new(self.policy.clone(), self.keys()).unwrap()
    }

    fn token(&self) -> TokenBuilder {
        let mut token = self.issuer().token_at(NOW).without_header("typ");
        for of_auth0 in ["sub", "aud", "azp", "scope", "permissions"] {
            token = token.without_claim(of_auth0);
        }
        if let Some(audience) = self.audience {
            token = token.audience(audience);
        }
        for (name, value) in members(&self.header) {
            token = match value.is_null() {
                true => token.without_header(name),
                false => token.header(name, value.clone()),
            };
        }
        with_claims(token, &self.claims)
    }

    fn verify(&self, token: &TokenBuilder) -> Result<Verified, VerifyError> {
        self.verifier().verify_at(&token.mint(), NOW)
    }

    fn outcome(&self, token: &TokenBuilder) -> Result<(), VerifyError> {
        self.verify(token).map(|_| ())
    }
}

fn members(object: &Value) -> &Map<String, Value> {
    object.as_object().unwrap()
}

fn with_claims(token: TokenBuilder, claims: &Value) -> TokenBuilder {
    members(claims).iter().fold(token, |token, (name, value)| {
        if value.is_null() { token.without_claim(name) } else { token.claim(name, value.clone()) }
    })
}

fn row(name: &str) -> Row {
    rows().into_iter().find(|row| row.name == name).unwrap()
}

#[test]
fn token_of_each_issuer_is_accepted_under_the_documented_policy() {
    for row in rows() {
        let verified =
            row.verify(&row.token()).unwrap_or_else(|error| panic!("{}: {error}", row.name));
        assert_eq!(verified.issuer(), row.issuer, "{}", row.name);
    }
}

#[test]
fn token_that_differs_in_one_claim_is_refused_for_it() {
    for row in rows() {
        for (claims, expected) in &row.refused {
            let token = with_claims(row.token(), claims);
            assert_eq!(row.outcome(&token), Err(*expected), "{}: {claims}", row.name);
        }
    }
}

#[test]
fn issuer_with_a_slash_more_or_less_is_another_issuer() {
    for row in rows() {
        let other = match row.issuer.strip_suffix('/') {
            Some(without) => without.to_owned(),
            None => format!("{}/", row.issuer),
        };
        let outcome = row.outcome(&row.token().issuer(other));
        assert_eq!(outcome, Err(VerifyError::WrongIssuer), "{}", row.name);
    }
}

#[test]
fn token_for_another_audience_or_none_is_refused() {
    for row in rows() {
        if row.audience.is_none() {
            continue;
        }
        let outcome = row.outcome(&row.token().audience("https://another.example.com"));
        assert_eq!(outcome, Err(VerifyError::WrongAudience), "{}", row.name);
        let outcome = row.outcome(&row.token().without_claim("aud"));
        assert_eq!(outcome, Err(MISSING_AUD), "{}", row.name);
    }
}

#[test]
fn token_that_somebody_else_signed_is_refused() {
    for row in rows() {
        let stranger = TestKey::attacker_for(row.algorithm);
        let outcome = row.outcome(&row.token().forged_by(&stranger));
        assert_eq!(outcome, Err(VerifyError::BadSignature), "{}", row.name);
        let outcome = row.outcome(&row.token().key(&stranger));
        assert_eq!(outcome, Err(VerifyError::UnknownKey), "{}", row.name);
    }
}

#[test]
fn token_is_refused_when_its_time_is_over() {
    for row in rows() {
        let outcome = row.verifier().verify_at(&row.token().mint(), A_WEEK_LATER).map(|_| ());
        let expired = VerifyError::Expired { exp: 1_780_086_400, now: 1_780_604_800 };
        assert_eq!(outcome, Err(expired), "{}", row.name);
    }
}

#[test]
fn values_of_each_row_are_those_of_the_page() {
    for row in rows() {
        for value in [Some(row.issuer), row.audience].into_iter().flatten() {
            assert!(PAGE.contains(&format!("\"{value}\"")), "{}: {value}", row.name);
        }
    }
}

#[test]
fn page_has_a_section_for_each_issuer_of_its_table_and_says_how_many_they_are() {
    let headings: Vec<String> = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix("# "))
        .map(|heading| heading.to_lowercase().replace(' ', "-"))
        .collect();
    let mut linked: Vec<&str> = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix("| [")?.split_once("](#")?.1.split_once(')'))
        .map(|(anchor, _)| anchor)
        .collect();
    for anchor in &linked {
        assert!(headings.iter().any(|heading| heading == anchor), "{anchor}");
    }
    linked.sort_unstable();
    linked.dedup();
    assert!(PAGE.starts_with(&format!("The tokens of {} common issuers", linked.len())));
    // Auth0, Okta, Cognito, Entra ID, Google and Keycloak are named, and the others are counted.
    let others = format!("Keycloak and {} more", linked.len() - 6);
    for (name, text) in [
        ("README.md", include_str!("../../README.md")),
        ("src/lib.rs", include_str!("../../src/lib.rs")),
        ("CHANGELOG.md", include_str!("../../CHANGELOG.md")),
    ] {
        assert!(text.contains(&others), "{name}");
    }
}

// Notes on the page that need more than a row.

/// The scopes that a guard sees under the row's policy with the line of the page for `path`.
fn scopes_from(row: &Row, path: &str, token: &TokenBuilder) -> Vec<String> {
    assert!(PAGE.contains(&format!(".scopes_from(\"{path}\")")), "{path}");
    let policy = row.policy.clone().scopes_from(path);
    let verifier = Verifier::new(policy, row.keys()).unwrap();
    let verified = verifier.verify_at(&token.mint(), NOW).unwrap();
    let scopes: Vec<String> = verified.scopes().map(Into::into).collect();
    let guard = Guard::new(verifier);
    assert!(scopes.iter().all(|scope| guard.check_scope(&verified, scope).is_ok()));
    scopes
}

#[test]
fn auth0_roles_of_an_action_are_read_from_their_claim() {
    let row = row("Auth0");
    let token = row.token().claim("https://example.com/roles", ["admin"].as_slice());
    assert_eq!(scopes_from(&row, "https://example.com/roles", &token), ["admin"]);
    let without = row.verify(&token).unwrap();
    assert!(without.scopes().eq(["openid", "profile", "read:patients"]));
}

#[test]
fn okta_scopes_are_read_from_scp() {
    let row = row("Okta");
    assert_eq!(scopes_from(&row, "scp", &row.token()), ["openid", "email"]);
    assert_eq!(row.verify(&row.token()).unwrap().scopes().count(), 0);
}

#[test]
fn entra_scopes_are_read_from_scp_and_app_roles_from_roles() {
    for name in ["Entra ID, v1.0", "Entra ID, v2.0"] {
        let row = row(name);
        let user = row.token().claim("scp", "orders.read orders.write");
        assert_eq!(scopes_from(&row, "scp", &user), ["orders.read", "orders.write"]);
        assert!(scopes_from(&row, "roles", &user).is_empty());
        let app = row.token().without_claim("scp").claim("roles", ["Orders.All"].as_slice());
        assert_eq!(scopes_from(&row, "roles", &app), ["Orders.All"]);
        assert!(scopes_from(&row, "scp", &app).is_empty());
    }
}

#[test]
fn keycloak_roles_are_read_from_the_realm_or_a_client() {
    let row = row("Keycloak");
    assert!(row.verify(&row.token()).unwrap().scopes().eq(["openid", "email"]));
    let realm = "/realm_access/roles";
    assert_eq!(scopes_from(&row, realm, &row.token()), ["offline_access"]);
    let clients = json!({"account": {"roles": ["view-profile"]}, "my-client": {"roles": ["edit"]}});
    let token = row.token().claim("resource_access", clients);
    assert_eq!(scopes_from(&row, "/resource_access/my-client/roles", &token), ["edit"]);
    assert!(scopes_from(&row, "/resource_access/my-client/roles", &row.token()).is_empty());
}

#[test]
fn auth0_token_of_the_rfc_9068_profile_is_distinguished_from_an_id_token_by_its_type() {
    let mut row = row("Auth0");
    row.policy = row.policy.token_type(TokenType::AccessToken);
    let access_token = row.token().header("typ", "at+jwt");
    assert_eq!(row.outcome(&access_token), Ok(()));
    assert_eq!(row.outcome(&row.token()), Err(VerifyError::TokenTypeNotAccepted));
}

#[test]
fn cognito_pool_in_several_regions_is_another_issuer() {
    let row = row("Cognito, access token");
    let replicated = "https://issuer.cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI";
    let outcome = row.outcome(&row.token().issuer(replicated));
    assert_eq!(outcome, Err(VerifyError::WrongIssuer));
}

#[test]
fn cognito_token_for_a_resource_is_accepted_only_by_that_resource() {
    let mut row = row("Cognito, access token");
    let of = |row: &Row, aud: &str| row.token().audience(aud);
    row.policy =
        Policy::new(row.issuer, "https://api.example.com").require_claim("token_use", "access");
    assert_eq!(row.outcome(&of(&row, "https://api.example.com")), Ok(()));
    assert_eq!(row.outcome(&of(&row, "https://orders.example.com")), Err(WRONG_AUDIENCE));
    assert_eq!(row.outcome(&of(&row, "1example23456789")), Err(WRONG_AUDIENCE));
    assert_eq!(row.outcome(&row.token()), Err(MISSING_AUD));
}

#[test]
fn clerk_token_with_an_audience_takes_a_policy_that_names_it() {
    let mut row = row("Clerk");
    row.policy = Policy::new(row.issuer, "https://api.example.com")
        .authorized_party("https://app.example.com");
    let token = row.token().audience("https://api.example.com");
    assert_eq!(row.outcome(&token), Ok(()));
    let stranger = token.claim("azp", "https://evil.example");
    assert_eq!(row.outcome(&stranger), Err(VerifyError::WrongAuthorizedParty));
}

#[test]
fn entra_versions_have_different_issuers_and_keys() {
    let (v1, v2) = (row("Entra ID, v1.0"), row("Entra ID, v2.0"));
    assert_eq!(v2.outcome(&v1.token()), Err(VerifyError::WrongIssuer));
    assert_eq!(v1.outcome(&v2.token()), Err(VerifyError::WrongIssuer));

    let keys_of_v2 = Row { jwk: v2.jwk, ..row("Entra ID, v1.0") };
    assert_eq!(keys_of_v2.outcome(&v1.token()), Err(VerifyError::KeyOfOtherIssuer));
}

#[test]
fn entra_tokens_of_two_tenants_pass_the_documented_template() {
    let row = row("Entra ID, several tenants");
    assert!(PAGE.contains("\"https://login.microsoftonline.com/{tenantid}/v2.0\""));
    for tenant in ["11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555"] {
        let iss = format!("https://login.microsoftonline.com/{tenant}/v2.0");
        let verified = row.verify(&row.token().issuer(iss.as_str()).claim("tid", tenant)).unwrap();
        assert_eq!(verified.issuer(), iss);
    }
}

#[test]
fn entra_v1_token_may_name_the_client_id_as_audience() {
    let row = row("Entra ID, v1.0");
    let token = row.token().audience("6e74172b-0000-0000-0000-000000000001");
    assert_eq!(row.outcome(&token), Ok(()));
}

#[test]
fn entra_id_token_of_an_app_that_is_its_own_client_has_no_azp() {
    let mut row = row("Entra ID, v2.0");
    let id_token = row.token().without_claim("azp").without_claim("scp").claim("nonce", "678910");
    assert_eq!(row.outcome(&id_token), Ok(()));
    row.policy = row.policy.authorized_party("6e74172b-0000-0000-0000-000000000001");
    assert_eq!(row.outcome(&row.token()), Ok(()));
    assert_eq!(row.outcome(&id_token), Err(VerifyError::WrongAuthorizedParty));
}

/// The signature of a token for Microsoft Graph covers the SHA-256 of `nonce`, not `nonce`.
#[test]
fn entra_token_for_graph_has_a_signature_that_nobody_else_can_verify() {
    let row = row("Entra ID, v2.0");
    let sent = row.token().header("nonce", "AQABAAAAAABnfiG");
    assert_eq!(row.outcome(&sent), Ok(()), "signed as it is sent");

    let hash = digest::digest(&digest::SHA256, b"AQABAAAAAABnfiG");
    let signed = row.token().header("nonce", URL_SAFE_NO_PAD.encode(hash)).mint();
    let signature = signed.rsplit('.').next().unwrap();
    let outcome = row.outcome(&sent.signature_segment(signature));
    assert_eq!(outcome, Err(VerifyError::BadSignature));
}

#[test]
fn google_token_of_a_workload_has_any_audience_and_no_hd() {
    let row = row("Google");
    let workload = with_claims(
        row.token(),
        &json!({"hd": null, "azp": "102987410655555555555", "sub": "102987410655555555555"}),
    );
    assert_eq!(row.outcome(&workload), Err(FIRST_CLAIM));
    let careless = Row { policy: Policy::new(row.issuer, row.audience.unwrap()), ..row };
    assert_eq!(careless.outcome(&workload), Ok(()));
}

#[test]
fn google_issuer_without_https_takes_a_policy_of_its_own() {
    let row = row("Google");
    let legacy = Policy::new("accounts.google.com", row.audience.unwrap());
    let token = row.token().issuer("accounts.google.com").mint();
    assert_eq!(
        row.outcome(&row.token().issuer("accounts.google.com")),
        Err(VerifyError::WrongIssuer)
    );
    let verifier = row.verifier().with_issuer(legacy, row.keys()).unwrap();
    assert_eq!(verifier.verify_at(&token, NOW).unwrap().issuer(), "accounts.google.com");
    assert_eq!(verifier.verify_at(&row.token().mint(), NOW).unwrap().issuer(), row.issuer);
}

#[test]
fn firebase_emulator_token_is_refused() {
    let row = row("Firebase");
    let token = row.token().header("alg", "none").without_header("kid");
    let outcome = row.outcome(&token.clone().signature_segment(""));
    assert_eq!(outcome, Err(VerifyError::EmptySegment { segment: "signature" }));
    assert_eq!(row.outcome(&token), Err(VerifyError::AlgorithmNotAccepted));
}

#[test]
fn apple_notification_is_a_security_event_and_no_token_of_a_login() {
    let row = row("Apple");
    let notification =
        with_claims(row.token(), &json!({"sub": null, "nonce": null, "events": "{}"}));
    assert_eq!(row.outcome(&notification), Err(VerifyError::SecurityEvent));
    let subject = "001940.7a1141aa001c469ea1563c6bae99c37d.0307";
    assert_eq!(row.verify(&row.token()).unwrap().subject(), Some(subject));
}

#[test]
fn github_token_of_any_repository_passes_a_policy_that_names_none() {
    let row = row("GitHub Actions");
    let stranger = row.token().claim("repository_id", "999").claim("repository", "evil/fork");
    let careless = Row { policy: Policy::new(row.issuer, row.audience.unwrap()), ..row };
    assert_eq!(careless.outcome(&stranger), Ok(()));
}

#[test]
fn kubernetes_cluster_with_an_ec_key_needs_its_algorithm_named() {
    for (algorithm, policy) in [
        (Algorithm::ES256, row("Kubernetes").policy.algorithms([Algorithm::ES256])),
        (Algorithm::ES384, row("Kubernetes").policy.algorithms([Algorithm::ES384])),
    ] {
        let unnamed = Row { algorithm, ..row("Kubernetes") };
        assert_eq!(unnamed.outcome(&unnamed.token()), Err(VerifyError::AlgorithmNotAccepted));
        let named = Row { algorithm, policy, ..row("Kubernetes") };
        assert_eq!(named.outcome(&named.token()), Ok(()), "{algorithm}");
    }
}

#[test]
fn keycloak_key_for_encryption_beside_the_signing_key_is_no_obstacle() {
    let row = row("Keycloak");
    let encryption = TestKey::attacker().with_member("alg", "RSA-OAEP").with_member("use", "enc");
    let both = vec![encryption, row.issuer().keys()[0].clone()];
    let jwks = Issuer::with_keys(row.issuer, both).jwks();
    let keys = JwkSet::from_json(jwks.as_bytes()).unwrap();
    assert_eq!((keys.len(), keys.skipped().len()), (1, 1));
    let verifier = Verifier::new(row.policy.clone(), keys).unwrap();
    assert_eq!(verifier.verify_at(&row.token().mint(), NOW).map(|_| ()), Ok(()));
}

#[test]
fn zitadel_id_token_has_the_same_audience_and_no_jti() {
    let row = row("Zitadel");
    assert_eq!(row.verify(&row.token()).unwrap().jwt_id(), Some("69234237813329048"));
    let id_token = with_claims(row.token(), &json!({"jti": null, "amr": ["pwd"], "nonce": "n"}));
    assert_eq!(row.verify(&id_token).unwrap().jwt_id(), None);
}

#[test]
fn supabase_project_on_the_shared_secret_publishes_no_key_and_signs_with_hs256() {
    let row = row("Supabase");
    let keys = JwkSet::from_json(br#"{"keys": []}"#).unwrap();
    assert_eq!(keys.len(), 0);
    let verifier = Verifier::new(row.policy.clone(), keys).unwrap();
    let token = row.token().header("alg", "HS256").mint();
    let outcome = verifier.verify_at(&token, NOW).map(|_| ());
    assert_eq!(outcome, Err(VerifyError::AlgorithmNotAccepted));
}

#[test]
fn clerk_origin_that_was_named_as_well_is_accepted() {
    let mut row = row("Clerk");
    let token = row.token().claim("azp", "https://admin.example.com");
    assert_eq!(row.outcome(&token), Err(VerifyError::WrongAuthorizedParty));
    row.policy = row.policy.accept_client("https://admin.example.com");
    assert_eq!(row.outcome(&token), Ok(()));
}

#[test]
fn cloudflare_service_token_has_an_empty_subject() {
    let row = row("Cloudflare Access");
    let service = json!({
        "sub": "", "nbf": null, "email": null, "identity_nonce": null, "country": null,
        "common_name": "e367826f93b8d71185e03fe518aff3b4.access",
    });
    assert_eq!(row.verify(&with_claims(row.token(), &service)).unwrap().subject(), Some(""));
}

#[test]
fn vault_key_of_another_algorithm_needs_it_named() {
    for algorithm in [Algorithm::RS384, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA] {
        let unnamed = Row { algorithm, ..row("Vault") };
        assert_eq!(unnamed.outcome(&unnamed.token()), Err(VerifyError::AlgorithmNotAccepted));
        let policy = row("Vault").policy.algorithms([algorithm]);
        let named = Row { algorithm, policy, ..row("Vault") };
        assert_eq!(named.outcome(&named.token()), Ok(()), "{algorithm}");
    }
}

#[test]
fn external_id_token_may_be_requested_at_the_host_of_entra_id_under_a_policy_of_its_own() {
    let (external, entra) = (row("Entra External ID"), row("Entra ID, v2.0"));
    let verifier = external.verifier().with_issuer(entra.policy.clone(), entra.keys()).unwrap();
    for row in [external, entra] {
        assert_eq!(verifier.verify_at(&row.token().mint(), NOW).unwrap().issuer(), row.issuer);
    }
}

#[test]
fn b2c_flow_with_the_compliant_issuer_takes_a_policy_of_its_own() {
    let issuer =
        "https://contoso.b2clogin.com/tfp/11111111-2222-3333-4444-555555555555/b2c_1_signin/v2.0/";
    let row = row("Azure AD B2C");
    let compliant = Row { issuer, policy: Policy::new(issuer, row.audience.unwrap()), ..row };
    assert_eq!(compliant.outcome(&compliant.token()), Ok(()));
}

/// ID tokens and access tokens have different issuers, so one verifier may accept both.
#[test]
fn ad_fs_token_of_each_kind_is_accepted_under_the_policy_of_its_kind() {
    let row = row("AD FS");
    let client = "75dbe77f-10a3-4e59-85fd-8c127544f17c";
    let of_id_tokens = Policy::new("https://fs.example.com/adfs", client);
    let verifier = row.verifier().with_issuer(of_id_tokens, row.keys()).unwrap();
    let id_token = row.token().issuer("https://fs.example.com/adfs").audience(client);
    let accepted = |token: &TokenBuilder| verifier.verify_at(&token.mint(), NOW).map(|_| ());
    assert_eq!(accepted(&row.token()), Ok(()));
    assert_eq!(accepted(&id_token), Ok(()));
    // The audience of one kind under the issuer of the other.
    assert_eq!(accepted(&row.token().audience(client)), Err(WRONG_AUDIENCE));
    let audience = row.audience.unwrap();
    assert_eq!(accepted(&id_token.audience(audience)), Err(WRONG_AUDIENCE));
}

#[test]
fn ad_fs_client_is_in_appid() {
    let mut row = row("AD FS");
    row.policy = row.policy.require_claim("appid", "75dbe77f-10a3-4e59-85fd-8c127544f17c");
    assert_eq!(row.outcome(&row.token()), Ok(()));
    assert_eq!(row.outcome(&row.token().claim("appid", "another")), Err(FIRST_CLAIM));
}

#[test]
fn google_iap_token_is_accepted_for_30_seconds_after_its_end() {
    let row = row("Google IAP");
    let end = UnixTime::from_secs(1_780_000_600);
    let token = row.token().expires_at(end).mint();
    let at = |seconds: u64| {
        let time = UnixTime::from_secs(1_780_000_600 + seconds);
        row.verifier().verify_at(&token, time).map(|_| ())
    };
    assert_eq!(at(29), Ok(()));
    assert_eq!(at(30), Err(VerifyError::Expired { exp: 1_780_000_600, now: 1_780_000_630 }));
}

/// `https://www.gstatic.com/iap/verify/public_key`, the address without `-jwk`.
#[test]
fn google_iap_map_of_pem_texts_is_not_a_key_set() {
    let map = br#"{"5PuDqQ": "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n"}"#;
    assert!(JwkSet::from_json(map).is_err());
}

#[test]
fn ci_token_of_any_project_passes_a_policy_that_names_none() {
    let strangers = [
        ("Azure DevOps", json!({"prj_id": "p", "def_id": "1", "sub": "p://octo-org/other/evil"})),
        ("Buildkite", json!({"organization_id": "o", "pipeline_id": "p"})),
        ("CircleCI", json!({"oidc.circleci.com/project-id": "p"})),
        ("Vercel", json!({"owner_id": "team_other", "project_id": "prj_other"})),
    ];
    for (name, claims) in strangers {
        let row = row(name);
        let stranger = with_claims(row.token(), &claims);
        assert_eq!(row.outcome(&stranger), Err(FIRST_CLAIM), "{name}");
        let careless = Row { policy: Policy::new(row.issuer, row.audience.unwrap()), ..row };
        assert_eq!(careless.outcome(&stranger), Ok(()), "{name}");
    }
}

#[test]
fn azure_devops_service_connection_is_accepted_by_its_subject() {
    let row = row("Azure DevOps");
    let policy = Policy::new(row.issuer, row.audience.unwrap())
        .require_claim("sub", "sc://octo-org/octo-project/production");
    let connection = Row { policy, ..row };
    let token = connection.token();
    assert_eq!(connection.outcome(&token), Err(FIRST_CLAIM), "a pipeline");
    let token = token.subject("sc://octo-org/octo-project/production");
    assert_eq!(connection.outcome(&token), Ok(()));
}

#[test]
fn circleci_rerun_with_ssh_is_a_boolean_for_the_handler() {
    let row = row("CircleCI");
    for ssh in [true, false] {
        let token = row.token().claim("oidc.circleci.com/ssh-rerun", ssh);
        let claims: Map<String, Value> = row.verify(&token).unwrap().claims().unwrap();
        assert_eq!(claims["oidc.circleci.com/ssh-rerun"], ssh);
    }
}

#[test]
fn stytch_session_of_a_custom_domain_is_distinguished_from_a_connected_app_by_its_claims() {
    let row = row("Stytch");
    let issuer = "https://login.example.com";
    let policy = Policy::new(issuer, row.audience.unwrap());
    let domain = Row { issuer, policy, ..row };
    let session = domain.token();
    let app = with_claims(
        session.clone(),
        &json!({"https://stytch.com/session": null, "client_id": "connected-app-live-1"}),
    );
    for (token, has_session) in [(&session, true), (&app, false)] {
        let claims: Map<String, Value> = domain.verify(token).unwrap().claims().unwrap();
        assert_eq!(claims.contains_key("https://stytch.com/session"), has_session);
    }
    let policy = domain.policy.clone().authorized_party("connected-app-live-1");
    let of_the_app = Row { policy, ..domain };
    assert_eq!(of_the_app.outcome(&app), Ok(()));
    assert_eq!(of_the_app.outcome(&session), Err(OTHER_CLIENT));
}

#[test]
fn key_set_with_further_members_at_the_top_is_read() {
    for (name, extra) in [
        ("Stytch", r#"{"request_id":"request-id-live-1","status_code":200,"#),
        ("EVE Online", r#"{"SkipUnresolvedJsonWebKeys":true,"#),
    ] {
        let row = row(name);
        let jwks = row.issuer().jwks().replacen('{', extra, 1);
        let keys = JwkSet::from_json(jwks.as_bytes()).unwrap();
        let verifier = Verifier::new(row.policy.clone(), keys).unwrap();
        assert_eq!(verifier.verify_at(&row.token().mint(), NOW).map(|_| ()), Ok(()), "{name}");
    }
}

#[test]
fn permissions_of_workos_and_descope_are_read_by_a_guard() {
    for (name, permission) in [("WorkOS", "posts:read"), ("Descope", "articles.write")] {
        let row = row(name);
        let guard = Guard::new(row.verifier()).require_permission(permission);
        let verified = row.verify(&row.token()).unwrap();
        assert!(guard.check_permission(&verified, permission).is_ok(), "{name}");
        assert!(guard.check_permission(&verified, "admin").is_err(), "{name}");
    }
}

#[test]
fn kinde_and_hydra_tokens_without_an_audience_are_accepted_by_their_client() {
    for (name, client) in [("Kinde", "1example23456789"), ("Hydra", "shop-web")] {
        let row = row(name);
        let token = row.token().claim("aud", json!([]));
        let by_client = Row { policy: Policy::for_client(row.issuer, client), ..row };
        assert_eq!(by_client.outcome(&token), Ok(()), "{name}");
        let stranger = token.claim("azp", "another").claim("client_id", "another");
        assert_eq!(by_client.outcome(&stranger), Err(OTHER_CLIENT), "{name}");
    }
}

#[test]
fn logto_organization_is_named_by_its_id() {
    let mut row = row("Logto");
    row.policy = row.policy.require_claim("organization_id", "org0aaa1bbb2");
    assert_eq!(row.outcome(&row.token()), Ok(()));
    assert_eq!(row.outcome(&row.token().without_claim("organization_id")), Err(FIRST_CLAIM));
}

#[test]
fn logto_tenant_with_an_rsa_key_needs_its_algorithm_named() {
    let unnamed = Row { algorithm: Algorithm::RS256, ..row("Logto") };
    assert_eq!(unnamed.outcome(&unnamed.token()), Err(VerifyError::AlgorithmNotAccepted));
    let policy = row("Logto").policy.algorithms([Algorithm::RS256]);
    let named = Row { algorithm: Algorithm::RS256, policy, ..row("Logto") };
    assert_eq!(named.outcome(&named.token()), Ok(()));
}

#[test]
fn pingone_token_of_the_coming_type_is_accepted_and_then_an_id_token_is_refused_for_its() {
    let mut row = row("PingOne");
    let access_token = row.token().header("typ", "at+jwt");
    assert_eq!(row.outcome(&access_token), Ok(()));
    row.policy = row.policy.token_type(TokenType::AccessToken);
    assert_eq!(row.outcome(&access_token), Ok(()));
    let outcome = row.outcome(&row.token().header("typ", "JWT"));
    assert_eq!(outcome, Err(VerifyError::TokenTypeNotAccepted));
}

#[test]
fn duende_id_token_is_refused_for_its_type() {
    let row = row("Duende");
    let outcome = row.outcome(&row.token().header("typ", "JWT"));
    assert_eq!(outcome, Err(VerifyError::TokenTypeNotAccepted));
}

#[test]
fn duende_token_for_scopes_alone_has_a_client_and_no_audience() {
    let row = row("Duende");
    let token = row.token().without_claim("aud");
    assert_eq!(row.outcome(&token), Err(MISSING_AUD));
    let policy = Policy::for_client(row.issuer, "web").token_type(TokenType::AccessToken);
    let by_client = Row { policy, ..row };
    assert_eq!(by_client.outcome(&token), Ok(()));
    assert_eq!(by_client.outcome(&token.claim("client_id", "another")), Err(OTHER_CLIENT));
}

#[test]
fn forgerock_token_without_kid_needs_the_only_key_of_its_algorithm() {
    let row = row("ForgeRock");
    let another = TestKey::attacker_for(row.algorithm);
    let jwks = Issuer::with_keys(row.issuer, vec![row.issuer().keys()[0].clone(), another]).jwks();
    let keys = JwkSet::from_json(jwks.as_bytes()).unwrap();
    let verifier = Verifier::new(row.policy.clone(), keys).unwrap();
    let outcome = verifier.verify_at(&row.token().mint(), NOW).map(|_| ());
    assert_eq!(outcome, Err(VerifyError::AmbiguousKey));
}

#[test]
fn fusionauth_tenants_with_the_same_issuer_are_distinguished_by_tid() {
    let mut row = row("FusionAuth");
    row.policy = row.policy.require_claim("tid", "30000000-1111-4222-8333-000000000003");
    assert_eq!(row.outcome(&row.token()), Ok(()));
    let other = row.token().claim("tid", "99999999-1111-4222-8333-000000000003");
    assert_eq!(row.outcome(&other), Err(SECOND_CLAIM));
}

#[test]
fn spring_id_token_has_the_same_audience_and_no_scope() {
    let mut row = row("Spring Authorization Server");
    let id_token = with_claims(
        row.token(),
        &json!({"scope": null, "nbf": null, "azp": "articles-client", "nonce": "n"}),
    );
    let verified = row.verify(&id_token).unwrap();
    assert_eq!(verified.scopes().count(), 0);
    // The client is in `aud` alone.
    row.policy = row.policy.authorized_party("articles-client");
    assert_eq!(row.outcome(&row.token()), Err(OTHER_CLIENT));
}

#[test]
fn xsuaa_audience_with_a_suffix_is_accepted_if_it_is_named() {
    let mut row = row("SAP XSUAA");
    let token = row.token().claim("aud", json!(["orders!t1234.suffix"]));
    assert_eq!(row.outcome(&token), Err(WRONG_AUDIENCE));
    row.policy = row.policy.accept_audience("orders!t1234.suffix");
    assert_eq!(row.outcome(&token), Ok(()));
}

#[test]
fn scitokens_scope_for_a_directory_is_not_the_scope_for_a_file_in_it() {
    let row = row("SciTokens");
    let verified = row.verify(&row.token()).unwrap();
    assert_eq!(verified.scopes().collect::<Vec<_>>(), ["read:/data", "storage.modify:/data/jane"]);
    assert!(verified.has_scope("read:/data"));
    assert!(!verified.has_scope("read:/data/jane"));
}

#[test]
fn scitokens_issuer_with_an_ec_key_needs_its_algorithm_named() {
    let unnamed = Row { algorithm: Algorithm::ES256, ..row("SciTokens") };
    assert_eq!(unnamed.outcome(&unnamed.token()), Err(VerifyError::AlgorithmNotAccepted));
    let policy = row("SciTokens").policy.algorithms([Algorithm::ES256]);
    let named = Row { algorithm: Algorithm::ES256, policy, ..row("SciTokens") };
    assert_eq!(named.outcome(&named.token()), Ok(()));
}

#[test]
fn eve_online_token_of_either_issuer_is_accepted_with_the_same_keys() {
    let row = row("EVE Online");
    let without_scheme = Policy::new("login.eveonline.com", row.audience.unwrap())
        .require_claim("tenant", "tranquility");
    let verifier = row.verifier().with_issuer(without_scheme, row.keys()).unwrap();
    for issuer in ["https://login.eveonline.com", "login.eveonline.com"] {
        let token = row.token().issuer(issuer);
        assert_eq!(verifier.verify_at(&token.mint(), NOW).unwrap().issuer(), issuer);
        let stranger = token.claim("aud", json!(["another", "EVE Online"]));
        let outcome = verifier.verify_at(&stranger.mint(), NOW).map(|_| ());
        assert_eq!(outcome, Err(WRONG_AUDIENCE), "{issuer}");
    }
}

#[test]
fn scopes_are_read_under_the_documented_policy() {
    for (name, scopes) in [
        ("Entra External ID", vec!["orders.read", "orders.write"]),
        ("Azure AD B2C", vec!["orders.read", "orders.write"]),
        ("AD FS", vec!["openid", "profile"]),
        ("Kinde", vec!["orders:read"]),
        ("Hydra", vec!["orders.read", "offline"]),
        ("EVE Online", vec!["esi-skills.read_skills.v1"]),
        // The claim `scope`, as an array.
        ("Duende", vec!["invoice.read", "openid"]),
        ("ForgeRock", vec!["orders"]),
        ("Spring Authorization Server", vec!["articles.read", "openid"]),
        ("SAP XSUAA", vec!["orders!t1234.Display", "uaa.resource"]),
    ] {
        let row = row(name);
        let verified = row.verify(&row.token()).unwrap();
        assert_eq!(verified.scopes().collect::<Vec<_>>(), scopes, "{name}");
    }
}

#[test]
fn b2c_id_token_of_an_app_that_is_its_own_client_has_no_scope() {
    let row = row("Azure AD B2C");
    let id_token =
        with_claims(row.token(), &json!({"scp": null, "azp": null, "nonce": "n", "at_hash": "h"}));
    assert_eq!(row.verify(&id_token).unwrap().scopes().count(), 0);
}

#[test]
fn scitokens_version_as_an_old_library_writes_it_is_accepted_if_it_is_named() {
    let row = row("SciTokens");
    let old = row.token().claim("ver", "scitokens:2.0");
    assert_eq!(row.outcome(&old), Err(FIRST_CLAIM));
    let policy = Policy::new(row.issuer, row.audience.unwrap())
        .require_claim_one_of("ver", ["scitoken:2.0", "scitokens:2.0"]);
    let both = Row { policy, ..row };
    assert_eq!(both.outcome(&old), Ok(()));
    assert_eq!(both.outcome(&both.token()), Ok(()));
    assert_eq!(both.outcome(&both.token().claim("ver", "scitoken:1.0")), Err(FIRST_CLAIM));
}

#[test]
fn circleci_context_is_one_of_an_array() {
    let name = "oidc.circleci.com/context-ids";
    let mut row = row("CircleCI");
    row.policy = row.policy.require_claim_containing(name, "66666666-aaaa-4bbb-8ccc-777777777777");
    assert_eq!(row.outcome(&row.token()), Ok(()));
    let fourth = VerifyError::RequiredClaim { index: 3 };
    for others in [json!([]), json!(["another"]), json!("66666666-aaaa-4bbb-8ccc-777777777777")] {
        assert_eq!(row.outcome(&row.token().claim(name, others.clone())), Err(fourth), "{others}");
    }
}

#[test]
fn workos_role_is_one_of_an_array() {
    let mut row = row("WorkOS");
    row.policy = row.policy.require_claim_containing("roles", "admin");
    assert_eq!(row.outcome(&row.token()), Err(SECOND_CLAIM));
    let admin = row.token().claim("roles", json!(["member", "admin"]));
    assert_eq!(row.outcome(&admin), Ok(()));
}

#[test]
fn ad_fs_key_is_chosen_by_its_thumbprint_while_two_are_published() {
    let row = row("AD FS");
    let next =
        TestKey::attacker_for(row.algorithm).with_member("x5t", "v1bF3eCcIcMcTqNUQhPkmKQ7cZw");
    let jwks =
        Issuer::with_keys(row.issuer, vec![next.clone(), row.issuer().keys()[0].clone()]).jwks();
    let keys = JwkSet::from_json(jwks.as_bytes()).unwrap();
    let verifier = Verifier::new(row.policy.clone(), keys).unwrap();
    let outcome = |token: &TokenBuilder| verifier.verify_at(&token.mint(), NOW).map(|_| ());
    assert_eq!(outcome(&row.token()), Ok(()));
    let of_next = row.token().forged_by(&next).header("x5t", "v1bF3eCcIcMcTqNUQhPkmKQ7cZw");
    assert_eq!(outcome(&of_next), Ok(()));
    // Each key with the thumbprint of the other.
    assert_eq!(outcome(&row.token().forged_by(&next)), Err(VerifyError::BadSignature));
    let unknown = row.token().header("x5t", "AAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(outcome(&unknown), Err(VerifyError::UnknownKey));
    assert_eq!(outcome(&row.token().without_header("x5t")), Err(VerifyError::AmbiguousKey));
}

#[test]
fn token_for_another_api_of_the_client_is_refused_by_a_policy_for_the_client() {
    let cognito = row("Cognito, access token");
    let hydra = row("Hydra");
    let hydra = Row { policy: Policy::for_client(hydra.issuer, "shop-web"), ..hydra };
    for row in [cognito, hydra] {
        let token = row.token().audience("https://other.example.com");
        assert_eq!(row.outcome(&token), Err(WRONG_AUDIENCE), "{}", row.name);
    }
}

// Tokens that cannot be verified.

/// The header and the claims are in base64url with padding, and so is the signature over them.
#[test]
fn token_of_an_aws_load_balancer_is_refused_for_its_padding() {
    let row = row("Google IAP");
    let header =
        r#"{"typ":"JWT","kid":"tokenring-test-key","alg":"ES256","iss":"i","signer":"arn"}"#;
    let claims =
        r#"{"sub":"1","exp":1780086400,"iss":"https://cognito-idp.eu-west-1.amazonaws.com/p"}"#;
    let input = format!("{}.{}", URL_SAFE.encode(header), URL_SAFE.encode(claims));
    assert!(URL_SAFE.encode(header).ends_with('='));
    let signature = URL_SAFE.encode(row.issuer().keys()[0].sign(input.as_bytes()));
    let outcome = row.verifier().verify_at(&format!("{input}.{signature}"), NOW).map(|_| ());
    assert_eq!(outcome, Err(VerifyError::NotBase64url { segment: "header" }));
    // Without padding the segments can be read, but they are not the text that was signed.
    let stripped = format!("{input}.{signature}").replace('=', "");
    let jws = CompactJws::parse(&stripped).unwrap();
    let key = row.keys().select(None, Algorithm::ES256).unwrap();
    assert_eq!(jws.verify(&key).map(|_| ()), Err(VerifyError::BadSignature));
}

/// A SPIFFE JWT-SVID, or a Nomad workload identity where `oidc_issuer` is not set.
#[test]
fn token_without_iss_is_refused_under_any_policy() {
    let row = row("Kubernetes");
    let svid = row.token().without_claim("iss").subject("spiffe://example.org/worker");
    assert_eq!(row.outcome(&svid), Err(VerifyError::ClaimMissing { claim: "iss" }));
}

#[test]
fn key_of_a_spiffe_bundle_is_skipped_for_its_use() {
    let key = TestKey::for_algorithm(Algorithm::ES256).with_member("use", "jwt-svid");
    let jwks = Issuer::with_keys("https://spire.example.org", vec![key.without_alg()]).jwks();
    let keys = JwkSet::from_json(jwks.as_bytes()).unwrap();
    assert_eq!((keys.len(), keys.skipped().len()), (0, 1));
}

#[test]
fn session_of_workos_or_descope_without_a_template_names_neither_a_service_nor_a_client() {
    for name in ["WorkOS", "Descope"] {
        let row = row(name);
        let session = row.token().without_claim("aud");
        assert_eq!(row.outcome(&session), Err(MISSING_AUD), "{name}");
        let by_client = Row { policy: Policy::for_client(row.issuer, "client_01EXAMPLE"), ..row };
        assert_eq!(by_client.outcome(&session), Err(OTHER_CLIENT), "{name}");
    }
}

/// The table's rows, in the order of the page.
fn rows() -> Vec<Row> {
    vec![
        Row {
            name: "Auth0",
            issuer: "https://tenant.eu.auth0.com/",
            audience: Some("https://api.example.com/"),
            policy: Policy::new("https://tenant.eu.auth0.com/", "https://api.example.com/"),
            algorithm: Algorithm::RS256,
            header: json!({"typ": "JWT"}),
            jwk: json!({"x5c": ["MIID"], "x5t": "x5t"}),
            claims: json!({
                "sub": "auth0|123456", "azp": "my_client_id", "scope": "openid profile read:patients",
            }),
            // An ID token is for the client.
            refused: vec![(json!({"aud": "my_client_id", "scope": null}), WRONG_AUDIENCE)],
        },
        Row {
            name: "Okta",
            issuer: "https://example.okta.com/oauth2/default",
            audience: Some("api://default"),
            policy: Policy::new("https://example.okta.com/oauth2/default", "api://default"),
            algorithm: Algorithm::RS256,
            header: json!({}),
            jwk: json!({}),
            claims: json!({
                "ver": 1, "jti": "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE",
                "cid": "0oaexample", "uid": "00uexample", "scp": ["openid", "email"],
                "sub": "user@example.com",
            }),
            refused: vec![
                // A token of the org server, and an ID token.
                (json!({"iss": "https://example.okta.com"}), VerifyError::WrongIssuer),
                (json!({"aud": "0oaexample", "scp": null}), WRONG_AUDIENCE),
            ],
        },
        Row {
            name: "Cognito, access token",
            issuer: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI",
            audience: None,
            policy: Policy::for_client(
                "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI",
                "1example23456789",
            )
            .require_claim("token_use", "access"),
            algorithm: Algorithm::RS256,
            header: json!({}),
            jwk: json!({}),
            claims: json!({
                "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "token_use": "access",
                "client_id": "1example23456789", "scope": "openid", "username": "janedoe",
                "version": 2, "auth_time": 1_780_000_000, "origin_jti": "o", "event_id": "e", "jti": "j",
            }),
            refused: vec![
                (json!({"client_id": "another"}), VerifyError::WrongAuthorizedParty),
                (json!({"client_id": null}), VerifyError::WrongAuthorizedParty),
                (json!({"token_use": "id"}), FIRST_CLAIM),
                // For another service of the same client.
                (json!({"aud": "https://orders.example.com"}), WRONG_AUDIENCE),
                (json!({"aud": ["https://orders.example.com"]}), WRONG_AUDIENCE),
                // An ID token.
                (
                    json!({"aud": "1example23456789", "client_id": null, "token_use": "id"}),
                    VerifyError::WrongAuthorizedParty,
                ),
            ],
        },
        Row {
            name: "Cognito, access token for a resource",
            issuer: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI",
            audience: Some("https://api.example.com"),
            policy: Policy::new(
                "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI",
                "https://api.example.com",
            )
            .require_claim("token_use", "access"),
            algorithm: Algorithm::RS256,
            header: json!({}),
            jwk: json!({"kid": "1234example="}),
            claims: json!({
                "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "token_use": "access",
                "client_id": "1example23456789", "scope": "https://api.example.com/read",
                "username": "janedoe", "version": 2, "cognito:groups": ["admins"],
            }),
            refused: vec![
                // An ID token, and one whose `aud` would fit.
                (json!({"aud": "1example23456789", "token_use": "id"}), WRONG_AUDIENCE),
                (json!({"token_use": "id"}), FIRST_CLAIM),
                (json!({"token_use": null}), FIRST_CLAIM),
                // For another API of the same client.
                (json!({"aud": "https://other.example.com"}), WRONG_AUDIENCE),
            ],
        },
        Row {
            name: "Cognito, ID token",
            issuer: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI",
            audience: Some("1example23456789"),
            policy: Policy::new(
                "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI",
                "1example23456789",
            )
            .require_claim("token_use", "id"),
            algorithm: Algorithm::RS256,
            header: json!({}),
            jwk: json!({}),
            claims: json!({
                "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "token_use": "id",
                "email_verified": true, "cognito:username": "janedoe", "auth_time": 1_780_000_000,
            }),
            refused: vec![
                (json!({"token_use": "access"}), FIRST_CLAIM),
                // An access token.
                (
                    json!({"aud": null, "client_id": "1example23456789", "token_use": "access"}),
                    MISSING_AUD,
                ),
            ],
        },
        Row {
            name: "Entra ID, v2.0",
            issuer: "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0",
            audience: Some("6e74172b-0000-0000-0000-000000000001"),
            policy: Policy::new(
                "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0",
                "6e74172b-0000-0000-0000-000000000001",
            ),
            algorithm: Algorithm::RS256,
            header: json!({"typ": "JWT"}),
            jwk: json!({
                "alg": null, "x5t": "x5t", "x5c": ["MIID"],
                "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0",
            }),
            claims: json!({
                "nbf": 1_780_000_000, "aio": "A", "azp": "6e74172b-0000-0000-0000-000000000001",
                "azpacr": "0", "name": "Abe Lincoln", "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474",
                "scp": "access_as_user", "sub": "HKZpfaHyWadeOouYlitjrI",
                "tid": "11111111-2222-3333-4444-555555555555", "uti": "u", "ver": "2.0",
            }),
            refused: vec![
                // Another tenant, and the template of the key's issuer.
                (
                    json!({"iss": "https://login.microsoftonline.com/99999999-2222-3333-4444-555555555555/v2.0"}),
                    VerifyError::WrongIssuer,
                ),
                (
                    json!({"iss": "https://login.microsoftonline.com/{tenantid}/v2.0"}),
                    VerifyError::WrongIssuer,
                ),
                // For Microsoft Graph.
                (json!({"aud": "00000003-0000-0000-c000-000000000000"}), WRONG_AUDIENCE),
            ],
        },
        Row {
            name: "Entra ID, v1.0",
            issuer: "https://sts.windows.net/11111111-2222-3333-4444-555555555555/",
            audience: Some("api://6e74172b-0000-0000-0000-000000000001"),
            policy: Policy::new(
                "https://sts.windows.net/11111111-2222-3333-4444-555555555555/",
                "api://6e74172b-0000-0000-0000-000000000001",
            )
            .accept_audience("6e74172b-0000-0000-0000-000000000001"),
            algorithm: Algorithm::RS256,
            header: json!({"typ": "JWT", "x5t": "x5t"}),
            jwk: json!({"alg": null, "x5t": "x5t", "x5c": ["MIID"]}),
            claims: json!({
                "nbf": 1_780_000_000, "acr": "1", "amr": ["wia"], "appidacr": "0",
                "appid": "75dbe77f-10a3-4e59-85fd-8c127544f17c", "scp": "user_impersonation",
                "sub": "l3_roISQU222bULS9yi2k0XpqpOiMz5H3ZACo1GeXA", "ver": "1.0",
                "tid": "11111111-2222-3333-4444-555555555555",
            }),
            refused: vec![(
                json!({"iss": "https://sts.windows.net/99999999-2222-3333-4444-555555555555/"}),
                VerifyError::WrongIssuer,
            )],
        },
        Row {
            name: "Entra ID, several tenants",
            issuer: "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0",
            audience: Some("6e74172b-0000-0000-0000-000000000001"),
            policy: Policy::for_tenants(
                "https://login.microsoftonline.com/{tenantid}/v2.0",
                "6e74172b-0000-0000-0000-000000000001",
            )
            .tenant("11111111-2222-3333-4444-555555555555")
            .tenant("99999999-2222-3333-4444-555555555555"),
            algorithm: Algorithm::RS256,
            header: json!({"typ": "JWT"}),
            jwk: json!({
                "alg": null, "x5t": "x5t", "x5c": ["MIID"],
                "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0",
            }),
            claims: json!({
                "azp": "6e74172b-0000-0000-0000-000000000001",
                "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474", "scp": "access_as_user",
                "sub": "HKZpfaHyWadeOouYlitjrI", "tid": "11111111-2222-3333-4444-555555555555",
                "ver": "2.0",
            }),
            refused: vec![
                (
                    json!({
                        "iss": "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
                        "tid": "9188040d-6c67-4c5b-b112-36a304b66dad",
                    }),
                    VerifyError::WrongTenant,
                ),
                (json!({"tid": "99999999-2222-3333-4444-555555555555"}), VerifyError::WrongIssuer),
                (json!({"tid": null}), VerifyError::ClaimMissing { claim: "tid" }),
                (json!({"aud": "00000003-0000-0000-c000-000000000000"}), WRONG_AUDIENCE),
            ],
        },
        Row {
            name: "Entra External ID",
            issuer: "https://11111111-2222-3333-4444-555555555555.ciamlogin.com/11111111-2222-3333-4444-555555555555/v2.0",
            audience: Some("6e74172b-0000-0000-0000-000000000001"),
            policy: Policy::new(
                "https://11111111-2222-3333-4444-555555555555.ciamlogin.com/11111111-2222-3333-4444-555555555555/v2.0",
                "6e74172b-0000-0000-0000-000000000001",
            )
            .scopes_from("scp"),
            algorithm: Algorithm::RS256,
            header: json!({"typ": "JWT"}),
            jwk: json!({"alg": null, "x5t": "x5t", "x5c": ["MIID"]}),
            claims: json!({
                "nbf": 1_780_000_000, "azp": "75dbe77f-10a3-4e59-85fd-8c127544f17c",
                "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474", "scp": "orders.read orders.write",
                "tid": "11111111-2222-3333-4444-555555555555", "ver": "2.0",
            }),
            refused: vec![
                // The name in place of the ID, and the host of Entra ID.
                (
                    json!({"iss": "https://contoso.ciamlogin.com/11111111-2222-3333-4444-555555555555/v2.0"}),
                    VerifyError::WrongIssuer,
                ),
                (
                    json!({"iss": "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0"}),
                    VerifyError::WrongIssuer,
                ),
                (json!({"aud": "75dbe77f-10a3-4e59-85fd-8c127544f17c"}), WRONG_AUDIENCE),
            ],
        },
        Row {
            name: "Azure AD B2C",
            issuer: "https://contoso.b2clogin.com/11111111-2222-3333-4444-555555555555/v2.0/",
            audience: Some("6e74172b-0000-0000-0000-000000000001"),
            policy: Policy::new(
                "https://contoso.b2clogin.com/11111111-2222-3333-4444-555555555555/v2.0/",
                "6e74172b-0000-0000-0000-000000000001",
            )
            .require_claim("tfp", "b2c_1_signin")
            .scopes_from("scp"),
            algorithm: Algorithm::RS256,
            header: json!({"typ": "JWT"}),
            jwk: json!({"alg": null, "nbf": 1_700_000_000}),
            claims: json!({
                "azp": "75dbe77f-10a3-4e59-85fd-8c127544f17c", "nbf": 1_780_000_000,
                "scp": "orders.read orders.write", "sub": "20000000-1111-4222-8333-000000000001",
                "tfp": "b2c_1_signin", "ver": "1.0",
            }),
            refused: vec![
                // Another user flow of the tenant, and the same name in another case.
                (json!({"tfp": "b2c_1_passwordreset"}), FIRST_CLAIM),
                (json!({"tfp": "B2C_1_signin"}), FIRST_CLAIM),
                (json!({"tfp": null, "acr": "b2c_1_signin"}), FIRST_CLAIM),
                // The issuer that names the flow, and another tenant.
                (
                    json!({"iss": "https://contoso.b2clogin.com/tfp/11111111-2222-3333-4444-555555555555/b2c_1_signin/v2.0/"}),
                    VerifyError::WrongIssuer,
                ),
                (
                    json!({"iss": "https://contoso.b2clogin.com/99999999-2222-3333-4444-555555555555/v2.0/"}),
                    VerifyError::WrongIssuer,
                ),
            ],
        },
        Row {
            name: "AD FS",
            issuer: "http://fs.example.com/adfs/services/trust",
            audience: Some("microsoft:identityserver:6e74172b-0000-0000-0000-000000000001"),
            policy: Policy::new(
                "http://fs.example.com/adfs/services/trust",
                "microsoft:identityserver:6e74172b-0000-0000-0000-000000000001",
            )
            .scopes_from("scp"),
            algorithm: Algorithm::RS256,
            header: json!({"typ": "JWT", "kid": null, "x5t": "AAECAwQFBgcICQoLDA0ODxAREhM"}),
            jwk: json!({"x5t": "AAECAwQFBgcICQoLDA0ODxAREhM", "x5c": ["MIID"]}),
            claims: json!({
                "apptype": "Public", "appid": "75dbe77f-10a3-4e59-85fd-8c127544f17c",
                "auth_time": "2026-05-28T20:26:40.000Z", "authmethod": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
                "scp": "openid profile", "ver": "1.0",
            }),
            refused: vec![
                // An ID token, and a token for AD FS itself.
                (
                    json!({
                        "iss": "https://fs.example.com/adfs",
                        "aud": "75dbe77f-10a3-4e59-85fd-8c127544f17c",
                    }),
                    VerifyError::WrongIssuer,
                ),
                (json!({"aud": "urn:microsoft:userinfo"}), WRONG_AUDIENCE),
                (json!({"aud": "6e74172b-0000-0000-0000-000000000001"}), WRONG_AUDIENCE),
                (
                    json!({"iss": "https://fs.example.com/adfs/services/trust"}),
                    VerifyError::WrongIssuer,
                ),
            ],
        },
        Row {
            name: "Google",
            issuer: "https://accounts.google.com",
            audience: Some("1234567890-example.apps.googleusercontent.com"),
            policy: Policy::new(
                "https://accounts.google.com",
                "1234567890-example.apps.googleusercontent.com",
            )
            .require_claim("hd", "example.com"),
            algorithm: Algorithm::RS256,
            header: json!({"typ": "JWT"}),
            jwk: json!({}),
            claims: json!({
                "sub": "110169484474386276334", "hd": "example.com", "email": "j@example.com",
                "azp": "1234567890-example.apps.googleusercontent.com", "email_verified": true,
            }),
            refused: vec![
                (json!({"hd": "example.org"}), FIRST_CLAIM),
                (json!({"hd": null}), FIRST_CLAIM),
            ],
        },
        Row {
            name: "Google IAP",
            issuer: "https://cloud.google.com/iap",
            audience: Some("/projects/1234567890/global/backendServices/9876543210"),
            policy: Policy::new(
                "https://cloud.google.com/iap",
                "/projects/1234567890/global/backendServices/9876543210",
            )
            .algorithms([Algorithm::ES256])
            .leeway(Duration::from_secs(30)),
            algorithm: Algorithm::ES256,
            header: json!({"typ": "JWT"}),
            jwk: json!({}),
            claims: json!({
                "sub": "accounts.google.com:110169484474386276334", "email": "j@example.com",
                "hd": "example.com", "google": {"access_levels": []},
            }),
            refused: vec![
                // Another service of the project, and the same kind of service of a stranger.
                (
                    json!({"aud": "/projects/1234567890/global/backendServices/1111111111"}),
                    WRONG_AUDIENCE,
                ),
                (
                    json!({"aud": "/projects/9999999999/global/backendServices/9876543210"}),
                    WRONG_AUDIENCE,
                ),
                (json!({"aud": "/projects/1234567890/apps/my-project"}), WRONG_AUDIENCE),
                // An ID token.
                (json!({"iss": "https://accounts.google.com"}), VerifyError::WrongIssuer),
            ],
        },
        Row {
            name: "Firebase",
            issuer: "https://securetoken.google.com/my-project",
            audience: Some("my-project"),
            policy: Policy::new("https://securetoken.google.com/my-project", "my-project"),
            algorithm: Algorithm::RS256,
            header: json!({"typ": "JWT"}),
            jwk: json!({}),
            claims: json!({
                "sub": "Xk893u23H9SI8893", "user_id": "Xk893u23H9SI8893", "auth_time": 1_780_000_000,
                "firebase": {"identities": {"email": ["u@example.com"]}, "sign_in_provider": "password"},
            }),
            refused: vec![
                // Another project, which has the same keys.
                (
                    json!({"iss": "https://securetoken.google.com/other", "aud": "other"}),
                    VerifyError::WrongIssuer,
                ),
                (json!({"aud": "other"}), WRONG_AUDIENCE),
            ],
        },
        Row {
            name: "Apple",
            issuer: "https://appleid.apple.com",
            audience: Some("com.example.app"),
            policy: Policy::new("https://appleid.apple.com", "com.example.app"),
            algorithm: Algorithm::RS256,
            header: json!({}),
            jwk: json!({}),
            claims: json!({
                "sub": "001940.7a1141aa001c469ea1563c6bae99c37d.0307", "email_verified": "true",
                "auth_time": 1_780_000_000, "nonce": "n", "nonce_supported": true, "c_hash": "c",
            }),
            refused: vec![(json!({"aud": "com.example.web"}), WRONG_AUDIENCE)],
        },
        Row {
            name: "GitHub Actions",
            issuer: "https://token.actions.githubusercontent.com",
            audience: Some("https://deploy.example.com"),
            policy: Policy::new(
                "https://token.actions.githubusercontent.com",
                "https://deploy.example.com",
            )
            .require_claim("repository_id", "376113068")
            .require_claim("ref", "refs/heads/main"),
            algorithm: Algorithm::RS256,
            header: json!({"typ": "JWT", "x5t": "x5t"}),
            jwk: json!({"x5t": "x5t", "x5c": ["MIID"]}),
            claims: json!({
                "jti": "6f4762ed", "nbf": 1_780_000_000, "ref": "refs/heads/main", "ref_type": "branch",
                "sub": "repo:octo-org@123456/octo-repo@376113068:ref:refs/heads/main",
                "repository": "octo-org/octo-repo", "repository_id": "376113068",
                "repository_owner": "octo-org", "repository_owner_id": "123456", "run_attempt": "1",
                "event_name": "push", "runner_environment": "github-hosted",
            }),
            refused: vec![
                // Another repository of the same name.
                (json!({"repository_id": "999"}), FIRST_CLAIM),
                (json!({"repository_id": 376_113_068}), FIRST_CLAIM),
                (json!({"repository_id": null}), FIRST_CLAIM),
                (json!({"ref": "refs/heads/feature"}), SECOND_CLAIM),
                (json!({"ref": "refs/heads/main2"}), SECOND_CLAIM),
                // The default audience: the owner's URL.
                (json!({"aud": "https://github.com/octo-org"}), WRONG_AUDIENCE),
                (
                    json!({"iss": "https://token.actions.githubusercontent.com/octo-org"}),
                    VerifyError::WrongIssuer,
                ),
            ],
        },
        Row {
            name: "GitLab CI",
            issuer: "https://gitlab.com",
            audience: Some("https://deploy.example.com"),
            policy: Policy::new("https://gitlab.com", "https://deploy.example.com")
                .require_claim("project_id", "20")
                .require_claim("ref_protected", "true"),
            algorithm: Algorithm::RS256,
            header: json!({"typ": "JWT"}),
            jwk: json!({}),
            claims: json!({
                "namespace_id": "72", "namespace_path": "my-group", "project_id": "20",
                "project_path": "my-group/my-project", "ref": "main", "ref_type": "branch",
                "ref_protected": "true", "runner_id": 1, "pipeline_source": "push",
                "jti": "235b3a54", "nbf": 1_779_999_995,
                "sub": "project_path:my-group/my-project:ref_type:branch:ref:main",
            }),
            refused: vec![
                (json!({"project_id": "21"}), FIRST_CLAIM),
                (json!({"project_id": 20}), FIRST_CLAIM),
                (json!({"ref_protected": "false"}), SECOND_CLAIM),
                (json!({"ref_protected": true}), SECOND_CLAIM),
                (json!({"iss": "https://gitlab.example.com"}), VerifyError::WrongIssuer),
            ],
        },
        Row {
            name: "Azure DevOps",
            issuer: "https://vstoken.dev.azure.com/7f2c1f1e-1111-4222-8333-444455556666",
            audience: Some("api://AzureADTokenExchange"),
            policy: Policy::new(
                "https://vstoken.dev.azure.com/7f2c1f1e-1111-4222-8333-444455556666",
                "api://AzureADTokenExchange",
            )
            .require_claim("prj_id", "271ef6f7-0000-0000-0000-000000000002")
            .require_claim("def_id", "12")
            .require_claim("rpo_ref", "refs/heads/main"),
            algorithm: Algorithm::RS256,
            header: json!({"typ": "JWT", "x5t": "AAECAwQFBgcICQoLDA0ODxAREhM"}),
            jwk: json!({"x5t": "AAECAwQFBgcICQoLDA0ODxAREhM", "x5c": ["MIID"]}),
            claims: json!({
                "nbf": 1_779_999_400, "jti": "4d1b8a51", "sub": "p://octo-org/octo-project/deploy",
                "org_id": "7f2c1f1e-1111-4222-8333-444455556666",
                "prj_id": "271ef6f7-0000-0000-0000-000000000002", "def_id": "12", "run_id": "345",
                "rpo_id": "7d7e5a3c", "rpo_ref": "refs/heads/main", "rpo_ver": "4b825dc6",
                "rpo_uri": "https://dev.azure.com/octo-org/octo-project/_git/deploy",
            }),
            refused: vec![
                // Another organization, which has the same keys and the same audience.
                (
                    json!({"iss": "https://vstoken.dev.azure.com/99999999-1111-4222-8333-444455556666"}),
                    VerifyError::WrongIssuer,
                ),
                (json!({"prj_id": "999ef6f7-0000-0000-0000-000000000002"}), FIRST_CLAIM),
                (json!({"def_id": "13"}), SECOND_CLAIM),
                (json!({"def_id": 12}), SECOND_CLAIM),
                (json!({"rpo_ref": "refs/pull/7/merge"}), THIRD_CLAIM),
                // The token of a service connection.
                (
                    json!({
                        "sub": "sc://octo-org/octo-project/production",
                        "prj_id": null, "def_id": null, "rpo_ref": null,
                    }),
                    FIRST_CLAIM,
                ),
                (json!({"iss": "app.vstoken.visualstudio.com"}), VerifyError::WrongIssuer),
            ],
        },
        Row {
            name: "Buildkite",
            issuer: "https://agent.buildkite.com",
            audience: Some("https://deploy.buildkite.example.com"),
            policy: Policy::new(
                "https://agent.buildkite.com",
                "https://deploy.buildkite.example.com",
            )
            .require_claim("organization_id", "0190aaaa-1111-7222-8333-444455556666")
            .require_claim("pipeline_id", "0190bbbb-1111-7222-8333-444455556666")
            .require_claim("build_branch", "main"),
            algorithm: Algorithm::RS256,
            header: json!({}),
            jwk: json!({}),
            claims: json!({
                "sub": "organization:octo-org:pipeline:deploy:ref:refs/heads/main:commit:0a1b2c3d4e:step:release",
                "nbf": 1_780_000_000, "organization_slug": "octo-org", "pipeline_slug": "deploy",
                "organization_id": "0190aaaa-1111-7222-8333-444455556666",
                "pipeline_id": "0190bbbb-1111-7222-8333-444455556666", "build_number": 1,
                "build_branch": "main", "build_commit": "0a1b2c3d4e", "step_key": null,
                "job_id": "0190cccc", "agent_id": "0190dddd",
            }),
            refused: vec![
                // A stranger whose slugs are the same, and whose branch has a clever name.
                (json!({"organization_id": "0190ffff-1111-7222-8333-444455556666"}), FIRST_CLAIM),
                (json!({"organization_id": null}), FIRST_CLAIM),
                (json!({"pipeline_id": "0190eeee-1111-7222-8333-444455556666"}), SECOND_CLAIM),
                (
                    json!({
                        "build_branch": "x:ref:refs/heads/main",
                        "sub": "organization:octo-org:pipeline:deploy:ref:refs/heads/x:ref:refs/heads/main",
                    }),
                    THIRD_CLAIM,
                ),
                // The default audience: the organization's URL.
                (json!({"aud": "https://buildkite.com/octo-org"}), WRONG_AUDIENCE),
            ],
        },
        Row {
            name: "CircleCI",
            issuer: "https://oidc.circleci.com/org/11111111-aaaa-4bbb-8ccc-222222222222",
            audience: Some("11111111-aaaa-4bbb-8ccc-222222222222"),
            policy: Policy::new(
                "https://oidc.circleci.com/org/11111111-aaaa-4bbb-8ccc-222222222222",
                "11111111-aaaa-4bbb-8ccc-222222222222",
            )
            .require_claim("oidc.circleci.com/project-id", "33333333-aaaa-4bbb-8ccc-444444444444")
            .require_claim("oidc.circleci.com/vcs-origin", "github.com/octo-org/octo-repo")
            .require_claim("oidc.circleci.com/vcs-ref", "refs/heads/main"),
            algorithm: Algorithm::RS256,
            header: json!({}),
            jwk: json!({}),
            claims: json!({
                "sub": "org/11111111-aaaa-4bbb-8ccc-222222222222/project/33333333-aaaa-4bbb-8ccc-444444444444/user/5555",
                "oidc.circleci.com/project-id": "33333333-aaaa-4bbb-8ccc-444444444444",
                "oidc.circleci.com/context-ids": ["66666666-aaaa-4bbb-8ccc-777777777777"],
                "oidc.circleci.com/vcs-origin": "github.com/octo-org/octo-repo",
                "oidc.circleci.com/vcs-ref": "refs/heads/main", "oidc.circleci.com/ssh-rerun": false,
            }),
            refused: vec![
                (
                    json!({"oidc.circleci.com/project-id": "99999999-aaaa-4bbb-8ccc-444444444444"}),
                    FIRST_CLAIM,
                ),
                // The claim's name is not a path.
                (
                    json!({
                        "oidc.circleci.com/project-id": null,
                        "oidc.circleci.com": {"project-id": "33333333-aaaa-4bbb-8ccc-444444444444"},
                    }),
                    FIRST_CLAIM,
                ),
                // A fork's build, another branch, and a custom webhook.
                (
                    json!({"oidc.circleci.com/vcs-origin": "github.com/evil/octo-repo"}),
                    SECOND_CLAIM,
                ),
                (json!({"oidc.circleci.com/vcs-ref": "refs/heads/feature"}), THIRD_CLAIM),
                (json!({"oidc.circleci.com/vcs-ref": null}), THIRD_CLAIM),
                // Another organization.
                (
                    json!({"iss": "https://oidc.circleci.com/org/99999999-aaaa-4bbb-8ccc-222222222222"}),
                    VerifyError::WrongIssuer,
                ),
            ],
        },
        Row {
            name: "Vercel",
            issuer: "https://oidc.vercel.com/acme",
            audience: Some("https://vercel.com/acme"),
            policy: Policy::new("https://oidc.vercel.com/acme", "https://vercel.com/acme")
                .require_claim("owner_id", "team_aaaaBBBBccccDDDD11112222")
                .require_claim("project_id", "prj_eeeeFFFFggggHHHH33334444")
                .require_claim("environment", "production"),
            algorithm: Algorithm::RS256,
            header: json!({}),
            jwk: json!({}),
            claims: json!({
                "sub": "owner:acme:project:shop:environment:production", "owner": "acme",
                "owner_id": "team_aaaaBBBBccccDDDD11112222", "project": "shop",
                "project_id": "prj_eeeeFFFFggggHHHH33334444", "environment": "production",
            }),
            refused: vec![
                // A team that took over the name, another project, and a branch's preview.
                (json!({"owner_id": "team_zzzzBBBBccccDDDD11112222"}), FIRST_CLAIM),
                (json!({"project_id": "prj_zzzzFFFFggggHHHH33334444"}), SECOND_CLAIM),
                (json!({"environment": "preview"}), THIRD_CLAIM),
                // Another team, which has the same keys, and the global mode.
                (
                    json!({"iss": "https://oidc.vercel.com/evil", "aud": "https://vercel.com/evil"}),
                    VerifyError::WrongIssuer,
                ),
                (json!({"iss": "https://oidc.vercel.com"}), VerifyError::WrongIssuer),
            ],
        },
        Row {
            name: "Kubernetes",
            issuer: "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E",
            audience: Some("https://api.example.com"),
            policy: Policy::new(
                "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E",
                "https://api.example.com",
            )
            .require_claim("sub", "system:serviceaccount:payments:worker"),
            algorithm: Algorithm::RS256,
            header: json!({}),
            jwk: json!({}),
            claims: json!({
                "aud": ["https://api.example.com"], "nbf": 1_780_000_000, "jti": "751ffcb3",
                "kubernetes.io": {
                    "namespace": "payments", "pod": {"name": "worker-0", "uid": "900f80ed"},
                    "serviceaccount": {"name": "worker", "uid": "a709ef71"},
                },
                "sub": "system:serviceaccount:payments:worker",
            }),
            refused: vec![
                (json!({"sub": "system:serviceaccount:payments:default"}), FIRST_CLAIM),
                (json!({"sub": null}), FIRST_CLAIM),
                // The token that every pod has: it is for the API server.
                (json!({"aud": ["https://kubernetes.default.svc"]}), WRONG_AUDIENCE),
                (
                    json!({"iss": "https://kubernetes.default.svc.cluster.local"}),
                    VerifyError::WrongIssuer,
                ),
                // A token from an old Secret.
                (
                    json!({"iss": "kubernetes/serviceaccount", "aud": null, "exp": null}),
                    MISSING_AUD,
                ),
            ],
        },
        Row {
            name: "Keycloak",
            issuer: "https://login.example.com/realms/shop",
            audience: Some("orders-api"),
            policy: Policy::new("https://login.example.com/realms/shop", "orders-api")
                .require_claim("typ", "Bearer"),
            algorithm: Algorithm::RS256,
            header: json!({"typ": "JWT"}),
            jwk: json!({"x5c": ["MIIC"], "x5t": "x5t", "x5t#S256": "x5t"}),
            claims: json!({
                "jti": "dda2e10f", "sub": "e9a5e235-31ac-4bf8-943d-76df95d548a3", "typ": "Bearer",
                "aud": ["orders-api", "account"], "azp": "shop-web", "acr": "1",
                "allowed-origins": ["https://shop.example.com"], "scope": "openid email",
                "realm_access": {"roles": ["offline_access"]}, "sid": "e892de3b",
            }),
            refused: vec![
                // Tokens of a new realm, with and without roles.
                (json!({"aud": "account"}), WRONG_AUDIENCE),
                (json!({"aud": null}), MISSING_AUD),
                // An ID token, if the audience mapper also adds to ID tokens.
                (json!({"typ": "ID"}), FIRST_CLAIM),
                (
                    json!({"iss": "https://login.example.com/realms/master"}),
                    VerifyError::WrongIssuer,
                ),
                (
                    json!({"iss": "https://login.example.com/auth/realms/shop"}),
                    VerifyError::WrongIssuer,
                ),
            ],
        },
        Row {
            name: "Zitadel",
            issuer: "https://example.zitadel.cloud",
            audience: Some("69234237810729019"),
            policy: Policy::new("https://example.zitadel.cloud", "69234237810729019"),
            algorithm: Algorithm::RS256,
            header: json!({}),
            jwk: json!({}),
            claims: json!({
                "aud": ["69234237810729234", "69234237810729019"], "azp": "69234237810729234",
                "jti": "69234237813329048", "nbf": 1_780_000_000, "sub": "77776025198584418",
            }),
            // Another project of the instance.
            refused: vec![(json!({"aud": ["70000000000000000"]}), WRONG_AUDIENCE)],
        },
        Row {
            name: "Supabase",
            issuer: "https://abcdefghijklmnopqrst.supabase.co/auth/v1",
            audience: Some("authenticated"),
            policy: Policy::new(
                "https://abcdefghijklmnopqrst.supabase.co/auth/v1",
                "authenticated",
            )
            .algorithms([Algorithm::ES256])
            .require_claim("role", "authenticated"),
            algorithm: Algorithm::ES256,
            header: json!({"typ": "JWT"}),
            jwk: json!({"use": null, "key_ops": ["verify"]}),
            claims: json!({
                "sub": "123e4567-e89b-12d3-a456-426614174000", "role": "authenticated", "aal": "aal1",
                "session_id": "123e4567", "email": "user@example.com", "phone": "",
                "app_metadata": {"provider": "email"}, "user_metadata": {}, "is_anonymous": false,
                "amr": [{"method": "password", "timestamp": 1_780_000_000}],
            }),
            refused: vec![
                // Another project, with the same audience.
                (
                    json!({"iss": "https://zzzzzzzzzzzzzzzzzzzz.supabase.co/auth/v1"}),
                    VerifyError::WrongIssuer,
                ),
                (json!({"role": "service_role"}), FIRST_CLAIM),
                // An API key.
                (json!({"iss": "supabase", "aud": null, "role": "anon"}), MISSING_AUD),
            ],
        },
        Row {
            name: "Clerk",
            issuer: "https://clerk.example.com",
            audience: None,
            policy: Policy::for_client("https://clerk.example.com", "https://app.example.com"),
            algorithm: Algorithm::RS256,
            header: json!({"typ": "JWT"}),
            jwk: json!({}),
            claims: json!({
                "azp": "https://app.example.com", "fva": [7, -1], "jti": "1234567890", "sid": "sess_123",
                "nbf": 1_780_000_000, "sub": "user_123", "v": 2, "pla": "u:free",
                "o": {"id": "org_123", "slg": "org-slug", "rol": "admin"},
            }),
            refused: vec![
                (
                    json!({"azp": "https://app.example.com.evil.example"}),
                    VerifyError::WrongAuthorizedParty,
                ),
                (json!({"azp": "http://app.example.com"}), VerifyError::WrongAuthorizedParty),
                (json!({"aud": "https://api.example.com"}), WRONG_AUDIENCE),
                (json!({"azp": null}), VerifyError::WrongAuthorizedParty),
            ],
        },
        Row {
            name: "Descope",
            issuer: "P2AbCdEfGhIjKlMnOpQrStUvWxYz",
            audience: Some("https://api.example.com"),
            policy: Policy::new("P2AbCdEfGhIjKlMnOpQrStUvWxYz", "https://api.example.com")
                .require_claim("drn", "DS"),
            algorithm: Algorithm::RS256,
            header: json!({"typ": "JWT"}),
            jwk: json!({}),
            claims: json!({
                "sub": "U2AbCdEfGhIjKlMnOpQrStUvWxYz", "drn": "DS", "roles": ["editor"],
                "permissions": ["articles.write"], "tenants": {"T1": {"roles": ["viewer"]}},
            }),
            refused: vec![
                // A refresh token.
                (json!({"drn": "DSR"}), FIRST_CLAIM),
                (json!({"drn": null}), FIRST_CLAIM),
                (
                    json!({"iss": "https://api.descope.com/P2AbCdEfGhIjKlMnOpQrStUvWxYz"}),
                    VerifyError::WrongIssuer,
                ),
            ],
        },
        Row {
            name: "Stytch",
            issuer: "stytch.com/project-live-11111111-2222-4333-8444-555555555555",
            audience: Some("project-live-11111111-2222-4333-8444-555555555555"),
            policy: Policy::new(
                "stytch.com/project-live-11111111-2222-4333-8444-555555555555",
                "project-live-11111111-2222-4333-8444-555555555555",
            ),
            algorithm: Algorithm::RS256,
            header: json!({"typ": "JWT"}),
            jwk: json!({"key_ops": ["verify"], "x5tS256": "x5t"}),
            claims: json!({
                "aud": ["project-live-11111111-2222-4333-8444-555555555555"],
                "nbf": 1_780_000_000, "sub": "user-live-20000000-1111-4222-8333-000000000001",
                "https://stytch.com/session": {"id": "session-live-5c04", "roles": ["stytch_user"]},
            }),
            refused: vec![
                // A connected app, a test project, and a scheme that is not there.
                (
                    json!({
                        "iss": "https://login.example.com", "client_id": "connected-app-live-1",
                        "https://stytch.com/session": null, "scope": "openid",
                    }),
                    VerifyError::WrongIssuer,
                ),
                (
                    json!({
                        "iss": "stytch.com/project-test-11111111-2222-4333-8444-555555555555",
                        "aud": ["project-test-11111111-2222-4333-8444-555555555555"],
                    }),
                    VerifyError::WrongIssuer,
                ),
                (
                    json!({"iss": "https://stytch.com/project-live-11111111-2222-4333-8444-555555555555"}),
                    VerifyError::WrongIssuer,
                ),
            ],
        },
        Row {
            name: "WorkOS",
            issuer: "https://api.workos.com/user_management/client_01EXAMPLE",
            audience: Some("https://api.example.com"),
            policy: Policy::new(
                "https://api.workos.com/user_management/client_01EXAMPLE",
                "https://api.example.com",
            )
            .require_claim("org_id", "org_01EXAMPLE"),
            algorithm: Algorithm::RS256,
            header: json!({}),
            jwk: json!({}),
            claims: json!({
                "sub": "user_01EXAMPLE", "org_id": "org_01EXAMPLE", "role": "member",
                "roles": ["member"], "permissions": ["posts:read"], "entitlements": ["audit-logs"],
                "sid": "session_01EXAMPLE", "jti": "01EXAMPLE", "act": {"sub": "admin@example.com"},
            }),
            refused: vec![
                (json!({"org_id": "org_02EXAMPLE"}), FIRST_CLAIM),
                (json!({"org_id": null}), FIRST_CLAIM),
                (json!({"iss": "https://api.workos.com"}), VerifyError::WrongIssuer),
                (json!({"iss": "https://example.authkit.app"}), VerifyError::WrongIssuer),
            ],
        },
        Row {
            name: "Kinde",
            issuer: "https://example.kinde.com",
            audience: Some("https://api.example.com"),
            policy: Policy::new("https://example.kinde.com", "https://api.example.com")
                .require_claim("org_code", "org_1a2b3c4d5e6")
                .scopes_from("scp"),
            algorithm: Algorithm::RS256,
            header: json!({}),
            jwk: json!({}),
            claims: json!({
                "aud": ["https://api.example.com"], "azp": "1example23456789", "gty": ["client_credentials"],
                "org_code": "org_1a2b3c4d5e6", "scp": ["orders:read"], "scope": "orders:read",
                "jti": "3a4b", "v": "2",
            }),
            refused: vec![
                (json!({"org_code": "org_9z9z9z9z9z9"}), FIRST_CLAIM),
                (json!({"org_code": null}), FIRST_CLAIM),
                (json!({"aud": []}), VerifyError::ClaimType { claim: "aud" }),
                // An ID token.
                (json!({"aud": ["https://example.kinde.com"]}), WRONG_AUDIENCE),
            ],
        },
        Row {
            name: "Logto",
            issuer: "https://example.logto.app/oidc",
            audience: Some("https://api.example.com"),
            policy: Policy::new("https://example.logto.app/oidc", "https://api.example.com")
                .algorithms([Algorithm::ES384]),
            algorithm: Algorithm::ES384,
            header: json!({}),
            jwk: json!({}),
            claims: json!({
                "sub": "user0aaa1bbb", "scope": "read:orders", "client_id": "client0aaa1bbb2ccc3dd",
                "jti": "j", "organization_id": "org0aaa1bbb2",
            }),
            // For the organization itself.
            refused: vec![(json!({"aud": "urn:logto:organization:org0aaa1bbb2"}), WRONG_AUDIENCE)],
        },
        Row {
            name: "PingOne",
            issuer: "https://auth.pingone.eu/11111111-2222-4333-8444-555555555555/as",
            audience: Some("https://api.example.com"),
            policy: Policy::new(
                "https://auth.pingone.eu/11111111-2222-4333-8444-555555555555/as",
                "https://api.example.com",
            ),
            algorithm: Algorithm::RS256,
            header: json!({"x5t": "AAECAwQFBgcICQoLDA0ODxAREhM"}),
            jwk: json!({"x5t": "AAECAwQFBgcICQoLDA0ODxAREhM", "x5c": ["MIID"]}),
            claims: json!({
                "aud": ["https://api.example.com"], "client_id": "1example23456789",
                "scope": "orders:read", "sub": "e9a5e235-31ac-4bf8-943d-76df95d548a3",
            }),
            refused: vec![
                // Ping's own API, another environment, and the same in another region.
                (json!({"aud": ["https://api.pingone.com"]}), WRONG_AUDIENCE),
                (
                    json!({"iss": "https://auth.pingone.eu/99999999-2222-4333-8444-555555555555/as"}),
                    VerifyError::WrongIssuer,
                ),
                (
                    json!({"iss": "https://auth.pingone.com/11111111-2222-4333-8444-555555555555/as"}),
                    VerifyError::WrongIssuer,
                ),
            ],
        },
        Row {
            name: "Cloudflare Access",
            issuer: "https://example.cloudflareaccess.com",
            audience: Some("32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228"),
            policy: Policy::new(
                "https://example.cloudflareaccess.com",
                "32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228",
            )
            .require_claim("type", "app"),
            algorithm: Algorithm::RS256,
            header: json!({"typ": "JWT"}),
            jwk: json!({}),
            claims: json!({
                "aud": ["32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228"],
                "email": "user@example.com", "nbf": 1_780_000_000, "type": "app",
                "identity_nonce": "6ei69kawdKzMIAPF", "country": "US",
                "sub": "7335d417-61da-459d-899c-0a01c76a2f94",
            }),
            refused: vec![(json!({"type": "org"}), FIRST_CLAIM)],
        },
        Row {
            name: "Vault",
            issuer: "https://vault.example.com:8200/v1/identity/oidc",
            audience: Some("SkyTUcSXbUGZsZbCBxOVnVpQFz"),
            policy: Policy::new(
                "https://vault.example.com:8200/v1/identity/oidc",
                "SkyTUcSXbUGZsZbCBxOVnVpQFz",
            ),
            algorithm: Algorithm::RS256,
            header: json!({}),
            jwk: json!({}),
            claims: json!({
                "namespace": "root", "sub": "a2cd63d3-5364-406f-980e-8d71bb0692f5",
            }),
            refused: vec![
                // A token of a namespace, and one of another role.
                (
                    json!({"iss": "https://vault.example.com:8200/v1/team/identity/oidc"}),
                    VerifyError::WrongIssuer,
                ),
                (json!({"aud": "Another26CharacterRoleClie"}), WRONG_AUDIENCE),
            ],
        },
        Row {
            name: "authentik",
            issuer: "https://auth.example.com/application/o/orders/",
            audience: Some("orders-client-id"),
            policy: Policy::new(
                "https://auth.example.com/application/o/orders/",
                "orders-client-id",
            )
            .authorized_party("orders-client-id"),
            algorithm: Algorithm::RS256,
            header: json!({"typ": "JWT"}),
            jwk: json!({"x5c": ["MIID"], "x5t": "AAECAwQFBgcICQoLDA0ODxAREhM"}),
            claims: json!({
                "sub": "5f3c", "azp": "orders-client-id", "uid": "pWcLuZ8x", "auth_time": 1_780_000_000,
                "acr": "goauthentik.io/providers/oauth2/default", "amr": ["pwd"], "sid": "e892de3b",
            }),
            refused: vec![
                // An ID token, another application of the same server, and another name of the server.
                (json!({"azp": null, "uid": null, "nonce": "n"}), OTHER_CLIENT),
                (
                    json!({"iss": "https://auth.example.com/application/o/billing/"}),
                    VerifyError::WrongIssuer,
                ),
                (json!({"iss": "https://auth.example.com/"}), VerifyError::WrongIssuer),
                (
                    json!({"iss": "http://authentik:9000/application/o/orders/"}),
                    VerifyError::WrongIssuer,
                ),
            ],
        },
        Row {
            name: "Duende",
            issuer: "https://identity.example.com",
            audience: Some("invoice"),
            policy: Policy::new("https://identity.example.com", "invoice")
                .token_type(TokenType::AccessToken),
            algorithm: Algorithm::RS256,
            header: json!({"typ": "at+jwt"}),
            jwk: json!({}),
            claims: json!({
                "aud": ["invoice", "customer"], "client_id": "web", "scope": ["invoice.read", "openid"],
                "nbf": 1_780_000_000, "sub": "10000001", "jti": "j", "sid": "s",
            }),
            refused: vec![
                // Another API resource, and the audience that every token may have.
                (json!({"aud": "customer"}), WRONG_AUDIENCE),
                (json!({"aud": "https://identity.example.com/resources"}), WRONG_AUDIENCE),
                (json!({"iss": "http://identity.example.com"}), VerifyError::WrongIssuer),
            ],
        },
        Row {
            name: "ForgeRock",
            issuer: "https://am.example.com/am/oauth2/realms/root/realms/customers",
            audience: Some("orders-client"),
            policy: Policy::new(
                "https://am.example.com/am/oauth2/realms/root/realms/customers",
                "orders-client",
            )
            .require_claim("tokenName", "access_token"),
            algorithm: Algorithm::RS256,
            header: json!({"kid": null}),
            jwk: json!({}),
            claims: json!({
                "sub": "demo", "aud": ["orders-client"], "tokenName": "access_token",
                "token_type": "Bearer", "realm": "/customers", "scope": ["orders"],
                "expires_in": 86_400_000, "nbf": 1_780_000_000, "jti": "j", "auditTrackingId": "a",
                "authGrantId": "g",
            }),
            refused: vec![
                (json!({"tokenName": "refresh_token"}), FIRST_CLAIM),
                (json!({"tokenName": null}), FIRST_CLAIM),
                // The same address with its port, and the realm above.
                (
                    json!({"iss": "https://am.example.com:443/am/oauth2/realms/root/realms/customers"}),
                    VerifyError::WrongIssuer,
                ),
                (
                    json!({"iss": "https://am.example.com/am/oauth2/realms/root"}),
                    VerifyError::WrongIssuer,
                ),
            ],
        },
        Row {
            name: "FusionAuth",
            issuer: "https://auth.example.com",
            audience: Some("30000000-1111-4222-8333-000000000001"),
            policy: Policy::new("https://auth.example.com", "30000000-1111-4222-8333-000000000001")
                .require_claim("applicationId", "30000000-1111-4222-8333-000000000001"),
            algorithm: Algorithm::RS256,
            header: json!({"typ": "JWT", "gty": ["authorization_code"]}),
            jwk: json!({}),
            claims: json!({
                "sub": "30000000-1111-4222-8333-000000000002", "roles": ["user"], "scope": "openid",
                "applicationId": "30000000-1111-4222-8333-000000000001", "sid": "s", "jti": "j",
                "tid": "30000000-1111-4222-8333-000000000003", "auth_time": 1_780_000_000,
            }),
            refused: vec![
                // An ID token, or the token of a user who is not registered for the application.
                (json!({"applicationId": null, "roles": null, "at_hash": "h"}), FIRST_CLAIM),
                (json!({"applicationId": "99999999-1111-4222-8333-000000000001"}), FIRST_CLAIM),
                // A tenant with its first settings.
                (json!({"iss": "acme.com"}), VerifyError::WrongIssuer),
            ],
        },
        Row {
            name: "Hydra",
            issuer: "https://auth.example.com",
            audience: Some("https://api.example.com"),
            policy: Policy::new("https://auth.example.com", "https://api.example.com")
                .scopes_from("scp"),
            algorithm: Algorithm::RS256,
            header: json!({"typ": "JWT"}),
            jwk: json!({"kid": "public:9b2a3c4d-0000-4000-8000-000000000001"}),
            claims: json!({
                "aud": ["https://api.example.com"], "client_id": "shop-web", "ext": {"tier": "gold"},
                "scp": ["orders.read", "offline"], "sub": "foo@example.com", "jti": "j",
                "nbf": 1_780_000_000,
            }),
            refused: vec![
                // Without an audience, and an ID token.
                (json!({"aud": []}), VerifyError::ClaimType { claim: "aud" }),
                (json!({"aud": ["shop-web"]}), WRONG_AUDIENCE),
                (json!({"iss": ""}), VerifyError::WrongIssuer),
            ],
        },
        Row {
            name: "Spring Authorization Server",
            issuer: "https://auth.example.com",
            audience: Some("articles-client"),
            policy: Policy::new("https://auth.example.com", "articles-client"),
            algorithm: Algorithm::RS256,
            header: json!({}),
            jwk: json!({"use": null, "alg": null}),
            claims: json!({
                "sub": "user", "aud": ["articles-client"], "nbf": 1_780_000_000, "jti": "j",
                "scope": ["articles.read", "openid"],
            }),
            refused: vec![
                (json!({"aud": ["another-client"]}), WRONG_AUDIENCE),
                (json!({"iss": "http://auth.example.com"}), VerifyError::WrongIssuer),
            ],
        },
        Row {
            name: "SAP XSUAA",
            issuer: "https://acme.authentication.eu10.hana.ondemand.com/oauth/token",
            audience: Some("orders!t1234"),
            policy: Policy::new(
                "https://acme.authentication.eu10.hana.ondemand.com/oauth/token",
                "orders!t1234",
            ),
            algorithm: Algorithm::RS256,
            header: json!({
                "typ": "JWT", "jku": "https://acme.authentication.eu10.hana.ondemand.com/token_keys",
            }),
            jwk: json!({}),
            claims: json!({
                "aud": ["uaa", "orders!t1234", "sb-orders!t1234"], "client_id": "sb-orders!t1234",
                "cid": "sb-orders!t1234", "azp": "sb-orders!t1234", "grant_type": "client_credentials",
                "scope": ["orders!t1234.Display", "uaa.resource"], "rev_sig": "1a2b", "jti": "j",
                "authorities": ["orders!t1234.Display"], "zid": "11111111-2222-4333-8444-555555555555",
            }),
            refused: vec![
                // Another application, one whose name begins alike, and another tenant.
                (json!({"aud": ["uaa", "billing!t1234"]}), WRONG_AUDIENCE),
                (json!({"aud": ["orders!t12345"]}), WRONG_AUDIENCE),
                (json!({"aud": ["orders!t1234.suffix"]}), WRONG_AUDIENCE),
                (json!({"aud": []}), VerifyError::ClaimType { claim: "aud" }),
                (
                    json!({"iss": "https://evil.authentication.eu10.hana.ondemand.com/oauth/token"}),
                    VerifyError::WrongIssuer,
                ),
            ],
        },
        Row {
            name: "SciTokens",
            issuer: "https://scitokens.example.org/physics",
            audience: Some("https://storage.example.org"),
            policy: Policy::new(
                "https://scitokens.example.org/physics",
                "https://storage.example.org",
            )
            .require_claim("ver", "scitoken:2.0"),
            algorithm: Algorithm::RS256,
            header: json!({"typ": "JWT"}),
            jwk: json!({}),
            claims: json!({
                "sub": "jane", "scope": "read:/data storage.modify:/data/jane", "nbf": 1_780_000_000,
                "ver": "scitoken:2.0", "jti": "j", "cid": "cilogon:/client/1",
            }),
            refused: vec![
                // A token for every service, one of the first version, and another experiment.
                (json!({"aud": "ANY"}), WRONG_AUDIENCE),
                (json!({"ver": "scitoken:1.0"}), FIRST_CLAIM),
                (json!({"ver": null, "wlcg.ver": "1.0"}), FIRST_CLAIM),
                (
                    json!({"iss": "https://scitokens.example.org/chemistry"}),
                    VerifyError::WrongIssuer,
                ),
            ],
        },
        Row {
            name: "EVE Online",
            issuer: "https://login.eveonline.com",
            audience: Some("0123456789abcdef0123456789abcdef"),
            policy: Policy::new("https://login.eveonline.com", "0123456789abcdef0123456789abcdef")
                .require_claim("tenant", "tranquility")
                .scopes_from("scp"),
            algorithm: Algorithm::RS256,
            header: json!({"typ": "JWT"}),
            jwk: json!({"kid": "JWT-Signature-Key"}),
            claims: json!({
                "aud": ["0123456789abcdef0123456789abcdef", "EVE Online"], "kid": "JWT-Signature-Key",
                "azp": "0123456789abcdef0123456789abcdef", "sub": "CHARACTER:EVE:90000001", "jti": "j",
                "scp": ["esi-skills.read_skills.v1"], "tenant": "tranquility", "tier": "live",
                "region": "world", "name": "A Pilot", "owner": "b3duZXItb2YtY2hhcmFjdGVy",
            }),
            refused: vec![
                // Another application, and a token of the old form, which names none.
                (
                    json!({"aud": ["ffffffffffffffffffffffffffffffff", "EVE Online"]}),
                    WRONG_AUDIENCE,
                ),
                (json!({"aud": "EVE Online"}), WRONG_AUDIENCE),
                (json!({"tenant": "singularity"}), FIRST_CLAIM),
                (json!({"iss": "login.eveonline.com"}), VerifyError::WrongIssuer),
            ],
        },
    ]
}
