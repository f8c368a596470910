//! The table in `src/issuers.md`: for each row a token and a key set of that shape, the documented
//! policy, and tokens with one difference. The issuers themselves made none of these tokens.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may")]

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest;
use serde_json::{Map, Value, json};
use tokenring::{
    Algorithm, JwkSet, Policy, TokenType, UnixTime, Verified, Verifier, VerifyError,
    testkit::{Issuer, TestKey, TokenBuilder},
};

const NOW: UnixTime = UnixTime::from_secs(1_780_000_000);
const A_WEEK_LATER: UnixTime = UnixTime::from_secs(1_780_604_800);

/// The page whose table this file proves.
const PAGE: &str = include_str!("../../src/issuers.md");

const MISSING_AUD: VerifyError = VerifyError::ClaimMissing { claim: "aud" };
const WRONG_AUDIENCE: VerifyError = VerifyError::WrongAudience;
/// The errors of the policy's first and second `require_claim`.
const FIRST_CLAIM: VerifyError = VerifyError::RequiredClaim { index: 0 };
const SECOND_CLAIM: VerifyError = VerifyError::RequiredClaim { index: 1 };

/// One row of the table.
struct Row {
    name: &'static str,
    issuer: &'static str,
    /// `None` if the issuer's tokens have no `aud`.
    audience: Option<&'static str>,
    /// The policy on the page.
    policy: Policy,
    algorithm: Algorithm,
    /// Members of the header besides `alg` and `kid`.
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
            if value.is_null() {
                key.without_member(name)
            } else {
                key.with_member(name, value.clone())
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
            token = token.header(name, value.clone());
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

// Notes on the page that need more than a row.

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
fn apple_notification_is_an_accepted_token_without_a_subject() {
    let row = row("Apple");
    let notification =
        with_claims(row.token(), &json!({"sub": null, "nonce": null, "events": "{}"}));
    assert_eq!(row.verify(&notification).unwrap().subject(), None);
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
                // An ID token.
                (
                    json!({"aud": "1example23456789", "client_id": null, "token_use": "id"}),
                    VerifyError::WrongAuthorizedParty,
                ),
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
                (json!({"azp": null}), VerifyError::WrongAuthorizedParty),
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
    ]
}
