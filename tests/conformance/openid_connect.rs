//! OpenID Connect Core sections 2 and 3.1.3.7, RFC 8693 section 4.3, RFC 7519 section 4.1.3: tokens
//! for a client instead of an audience, and further claims that a policy requires.
#![allow(clippy::unwrap_used, reason = "tests may")]

use tokenring::{
    Policy, VerifyError,
    testkit::{AUDIENCE, CLIENT_ID, ISSUER},
};

use crate::common::{CLAIMS, HEADER, NOW, claims_and, policy, signed, token, verifier_of};

fn outcome(policy: Policy, token: &str) -> Result<(), VerifyError> {
    verifier_of(policy).verify_at(token, NOW).map(drop)
}

fn for_client() -> Policy {
    Policy::for_client(ISSUER, "client")
}

/// A token of the issuer that has not expired, with these additional members and without `aud`.
fn with(members: &str) -> String {
    let [iss, _, exp] = CLAIMS.map(|(name, value)| format!(r#""{name}":{value}"#));
    let comma = if members.is_empty() { "" } else { "," };
    signed(HEADER, format!("{{{iss},{exp}{comma}{members}}}"))
}

const MISTYPED: [&str; 7] =
    ["null", "1", "true", "[]", r#"["client"]"#, r#"{"client":"client"}"#, "1.5e3"];

// `Policy::for_client`.

#[test]
fn token_without_aud_is_accepted_for_its_client() {
    for members in [
        r#""azp":"client""#,
        r#""client_id":"client""#,
        r#""azp":"client","client_id":"client""#,
        // `azp` takes precedence.
        r#""azp":"client","client_id":"other""#,
        r#""azp":"\u0063lient""#,
    ] {
        assert_eq!(outcome(for_client(), &with(members)), Ok(()), "{members}");
    }
}

#[test]
fn token_of_another_client_or_of_none_is_refused() {
    for members in [
        "",
        r#""azp":"other""#,
        r#""azp":"""#,
        r#""azp":"Client""#,
        r#""azp":"client ""#,
        r#""azp":"client\u0000""#,
        r#""azp":"clien""#,
        r#""client_id":"other""#,
        r#""client_id":"""#,
        r#""azp":"other","client_id":"client""#,
        r#""azp":"","client_id":"client""#,
        r#""cid":"client","sub":"client","appid":"client""#,
        r#""a":{"azp":"client","client_id":"client"}"#,
        r#""AZP":"client""#,
    ] {
        let found = outcome(for_client(), &with(members));
        assert_eq!(found, Err(VerifyError::WrongAuthorizedParty), "{members}");
    }
}

#[test]
fn client_that_is_not_a_string_is_refused_under_any_policy() {
    for value in MISTYPED {
        for claim in ["azp", "client_id"] {
            let mistyped = Err(VerifyError::ClaimType { claim });
            let found = outcome(for_client(), &with(&format!(r#""{claim}":{value}"#)));
            assert_eq!(found, mistyped, "{value}");
            let both = format!(r#""azp":"client","client_id":{value}"#);
            let expected = Err(VerifyError::ClaimType { claim: "client_id" });
            assert_eq!(outcome(for_client(), &with(&both)), expected, "{value}");
            let found = outcome(policy(), &token().claim(claim, 1).mint());
            assert_eq!(found, mistyped);
        }
    }
    let twice = outcome(for_client(), &with(r#""azp":"client","azp":"client""#));
    assert_eq!(twice.map_err(|error| error.code()), Err("payload_json"));
}

#[test]
fn aud_under_a_policy_for_a_client_is_absent_or_empty_or_contains_a_client() {
    let two = || for_client().accept_client("second");
    for aud in [
        "[]",
        "[ ]",
        r#""client""#,
        r#"["client"]"#,
        r#"["other","client"]"#,
        r#"["other","\u0063lient"]"#,
        r#""second""#,
        r#"["","second","other"]"#,
    ] {
        let token = with(&format!(r#""azp":"client","aud":{aud}"#));
        assert_eq!(outcome(two(), &token), Ok(()), "{aud}");
    }
    for aud in [
        r#""other""#,
        r#""""#,
        r#"[""]"#,
        r#"["other","another"]"#,
        r#"["https:\/\/a.example"]"#,
        r#""Client""#,
        r#""client ""#,
        r#""client second""#,
        r#"["clien","lient"]"#,
        r#""client\u0000""#,
    ] {
        let token = with(&format!(r#""azp":"client","aud":{aud}"#));
        assert_eq!(outcome(two(), &token), Err(VerifyError::WrongAudience), "{aud}");
    }
    // The client in `aud` is not the client that the token was issued to.
    let another = with(r#""azp":"other","aud":"client""#);
    assert_eq!(outcome(two(), &another), Err(VerifyError::WrongAuthorizedParty));
    assert_eq!(outcome(two(), &with(r#""aud":"client""#)), Err(VerifyError::WrongAuthorizedParty));
    let of_nobody = with(r#""azp":"second","aud":"second""#);
    assert_eq!(outcome(for_client(), &of_nobody), Err(VerifyError::WrongAudience));
}

#[test]
fn aud_under_a_policy_for_a_client_has_its_type() {
    for aud in ["null", "1", "true", "{}", "[1]", r#"["a",null]"#, r#"[["a"]]"#] {
        let token = with(&format!(r#""azp":"client","aud":{aud}"#));
        let mistyped = Err(VerifyError::ClaimType { claim: "aud" });
        assert_eq!(outcome(for_client(), &token), mistyped, "{aud}");
    }
    let verified = verifier_of(for_client()).verify_at(&with(r#""azp":"client""#), NOW).unwrap();
    assert_eq!(verified.audience().count(), 0);
    assert_eq!(verified.authorized_party(), Some("client"));
}

#[test]
fn audience_that_is_accepted_besides_the_client_must_be_present() {
    let both = || for_client().accept_audience("api");
    assert_eq!(outcome(both(), &with(r#""azp":"client","aud":"api""#)), Ok(()));
    assert_eq!(outcome(both(), &with(r#""azp":"client","aud":["x","api"]"#)), Ok(()));
    for (members, error) in [
        (r#""azp":"client""#, VerifyError::ClaimMissing { claim: "aud" }),
        (r#""azp":"client","aud":[]"#, VerifyError::ClaimType { claim: "aud" }),
        (r#""azp":"client","aud":"other""#, VerifyError::WrongAudience),
        // An ID token.
        (r#""azp":"client","aud":"client""#, VerifyError::WrongAudience),
        (r#""aud":"api""#, VerifyError::WrongAuthorizedParty),
        (r#""azp":"other","aud":"api""#, VerifyError::WrongAuthorizedParty),
    ] {
        assert_eq!(outcome(both(), &with(members)), Err(error), "{members}");
    }
}

#[test]
fn policy_with_an_audience_refuses_a_token_without_one_whatever_its_client() {
    let missing = Err(VerifyError::ClaimMissing { claim: "aud" });
    for policy in [policy(), policy().accept_client("client"), policy().authorized_party("client")]
    {
        assert_eq!(outcome(policy, &with(r#""azp":"client""#)), missing);
    }
}

#[test]
fn everything_else_is_checked_for_a_client_too() {
    let good = || token().without_claim("aud").claim("azp", "client");
    assert_eq!(outcome(for_client(), &good().mint()), Ok(()));
    let other = good().issuer("https://other.example/").mint();
    assert_eq!(outcome(for_client(), &other), Err(VerifyError::WrongIssuer));
    let now = NOW.as_secs();
    let expired = good().expires_at(NOW).mint();
    assert_eq!(outcome(for_client(), &expired), Err(VerifyError::Expired { exp: now, now }));
    let bound = good().claim("cnf", serde_json::json!({"jkt": "a"})).mint();
    assert_eq!(outcome(for_client(), &bound), Err(VerifyError::SenderConstrained));
}

// `Policy::accept_client`.

#[test]
fn each_of_several_clients_is_accepted() {
    // For every policy here.
    let of = |client: &str| token().audience([AUDIENCE, "client"]).claim("azp", client).mint();
    let policies: [(Policy, &[&str]); 4] = [
        (
            for_client().accept_client("second").accept_client("third"),
            &["client", "second", "third"],
        ),
        (policy().accept_client("client").accept_client("second"), &["client", "second"]),
        (policy().authorized_party("client").accept_client("second"), &["client", "second"]),
        // The last `authorized_party` replaces all earlier clients.
        (policy().accept_client("client").authorized_party("second"), &["second"]),
    ];
    for (policy, clients) in policies {
        for client in ["client", "second", "third", "fourth", "client second", ""] {
            let expected = match clients.contains(&client) {
                true => Ok(()),
                false => Err(VerifyError::WrongAuthorizedParty),
            };
            assert_eq!(outcome(policy.clone(), &of(client)), expected, "{client} of {clients:?}");
        }
    }
    assert_eq!(outcome(policy(), &of("anyone")), Ok(()));
    assert_eq!(outcome(policy().accept_client(CLIENT_ID), &token().mint()), Ok(()));
}

// `Policy::require_claim`.

#[test]
fn required_claim_must_be_exactly_that_string() {
    let required = || policy().require_claim("token_use", "access");
    let with = |members: &str| outcome(required(), &signed(HEADER, claims_and(members)));
    for members in [
        r#""token_use":"access""#,
        r#""token_use":"\u0061ccess""#,
        r#""tok\u0065n_use":"access""#,
        r#""a":[{"token_use":"id"}],"token_use":"access""#,
    ] {
        assert_eq!(with(members), Ok(()), "{members}");
    }
    for members in [
        r#""a":1"#,
        r#""token_use":"id""#,
        r#""token_use":"""#,
        r#""token_use":"Access""#,
        r#""token_use":" access""#,
        r#""token_use":"access ""#,
        r#""token_use":"access\u0000""#,
        r#""token_use":"acces""#,
        r#""token_use":null"#,
        r#""token_use":true"#,
        r#""token_use":1"#,
        r#""token_use":["access"]"#,
        r#""token_use":{"access":"access"}"#,
        r#""Token_use":"access""#,
        r#""token_use ":"access""#,
        r#""a":{"token_use":"access"}"#,
        r#""access":"token_use""#,
    ] {
        assert_eq!(with(members), Err(VerifyError::RequiredClaim { index: 0 }), "{members}");
    }
    // A repeated claim has no definite value.
    for members in [
        r#""token_use":"access","token_use":"id""#,
        r#""token_use":"id","token_use":"access""#,
        r#""token_use":"access","token\u005fuse":"access""#,
    ] {
        let twice = VerifyError::PayloadJson(tokenring::JsonError::DuplicateMember);
        assert_eq!(with(members), Err(twice), "{members}");
    }
}

#[test]
fn number_that_reads_like_the_value_is_not_the_value() {
    let required = || policy().require_claim("tid", "1");
    for value in ["1", "1.0", "1e0", "[\"1\"]", "true"] {
        let token = signed(HEADER, crate::common::claims_with("tid", value));
        assert_eq!(outcome(required(), &token), Err(VerifyError::RequiredClaim { index: 0 }));
    }
    assert_eq!(
        outcome(required(), &signed(HEADER, crate::common::claims_with("tid", r#""1""#))),
        Ok(())
    );
}

#[test]
fn all_required_claims_must_be_present_and_the_first_missing_one_is_named() {
    let required =
        || policy().require_claim("a", "1").require_claim("b", "2").require_claim("c", "3");
    let with = |claims: &[(&str, &str)]| {
        let token = claims.iter().fold(token(), |token, (name, value)| token.claim(name, *value));
        outcome(required(), &token.mint())
    };
    assert_eq!(with(&[("a", "1"), ("b", "2"), ("c", "3")]), Ok(()));
    assert_eq!(with(&[("c", "3"), ("a", "1"), ("b", "2")]), Ok(()));
    for (claims, index) in [
        (&[][..], 0),
        (&[("b", "2"), ("c", "3")], 0),
        (&[("a", "1"), ("c", "3")], 1),
        (&[("a", "1"), ("b", "2")], 2),
        (&[("a", "1"), ("b", "3"), ("c", "2")], 1),
        (&[("a", "2"), ("b", "1"), ("c", "3")], 0),
    ] {
        assert_eq!(with(claims), Err(VerifyError::RequiredClaim { index }), "{claims:?}");
    }
    // The same requirement twice is one.
    let both = policy().require_claim("a", "1").require_claim("a", "1");
    assert_eq!(outcome(both, &token().claim("a", "1").mint()), Ok(()));
}

#[test]
fn registered_claims_can_be_required_too() {
    for (name, value) in [("sub", "auth0|1"), ("jti", "id"), ("aud", AUDIENCE), ("iss", ISSUER)] {
        let required = policy().require_claim(name, value);
        let token = token().subject("auth0|1").audience(AUDIENCE).claim("jti", "id").mint();
        assert_eq!(outcome(required, &token), Ok(()), "{name}");
        if name == "iss" {
            continue;
        }
        let required = policy().require_claim(name, "another");
        let found = outcome(required, &token);
        assert_eq!(found, Err(VerifyError::RequiredClaim { index: 0 }), "{name}");
    }
    // An `aud` array is not a string, whatever it contains.
    let required = policy().require_claim("aud", AUDIENCE);
    let token = token().audience(vec![AUDIENCE]).mint();
    assert_eq!(outcome(required, &token), Err(VerifyError::RequiredClaim { index: 0 }));
}

#[test]
fn required_claims_are_checked_last() {
    let required = policy().require_claim("a", "1");
    let bound = token().claim("cnf", serde_json::json!({"jkt": "a"})).mint();
    assert_eq!(outcome(required.clone(), &bound), Err(VerifyError::SenderConstrained));
    let expired = token().expires_at(NOW).mint();
    let now = NOW.as_secs();
    assert_eq!(outcome(required, &expired), Err(VerifyError::Expired { exp: now, now }));
}

// `Policy::require_claim_one_of` and `Policy::require_claim_containing`.

#[test]
fn required_claim_may_have_one_of_several_values() {
    let required = || policy().require_claim_one_of("org_id", ["org_1", "org_2"]);
    for value in [r#""org_1""#, r#""org_2""#, r#""org\u005f2""#] {
        let claims = claims_and(&format!(r#""org_id":{value}"#));
        assert_eq!(outcome(required(), &signed(HEADER, claims)), Ok(()), "{value}");
    }
    let missing = Err(VerifyError::RequiredClaim { index: 0 });
    for value in [
        r#""org_3""#,
        r#""Org_1""#,
        r#""org_1 ""#,
        r#""org_1 org_2""#,
        r#""org_1,org_2""#,
        r#""""#,
        r#"["org_1"]"#,
        r#"["org_1","org_2"]"#,
        r#"{"org_1":1}"#,
        "null",
        "1",
        "true",
    ] {
        let claims = claims_and(&format!(r#""org_id":{value}"#));
        assert_eq!(outcome(required(), &signed(HEADER, claims)), missing, "{value}");
    }
    assert_eq!(outcome(required(), &token().mint()), missing);
}

#[test]
fn required_claim_may_be_an_array_that_contains_a_value() {
    let required = || policy().require_claim_containing("groups", "admins");
    for value in [
        r#"["admins"]"#,
        r#"["users","admins"]"#,
        r#"["admins","admins"]"#,
        r#"["\u0061dmins",""]"#,
        "[ \"x\" , \"admins\" ]",
    ] {
        let claims = claims_and(&format!(r#""groups":{value}"#));
        assert_eq!(outcome(required(), &signed(HEADER, claims)), Ok(()), "{value}");
    }
    let missing = Err(VerifyError::RequiredClaim { index: 0 });
    for value in [
        "[]",
        r#"["admin"]"#,
        r#"["Admins"]"#,
        r#"["admins "]"#,
        r#"["admins users"]"#,
        r#""admins""#,
        r#"["admins",1]"#,
        r#"[null,"admins"]"#,
        r#"[["admins"]]"#,
        r#"["admins",{}]"#,
        r#"{"admins":"admins"}"#,
        r#"{"0":"admins"}"#,
        "null",
        "true",
    ] {
        let claims = claims_and(&format!(r#""groups":{value}"#));
        assert_eq!(outcome(required(), &signed(HEADER, claims)), missing, "{value}");
    }
    assert_eq!(outcome(required(), &token().mint()), missing);
}

#[test]
fn required_claims_of_all_kinds_are_counted_together() {
    let required = || {
        policy()
            .require_claim("a", "1")
            .require_claim_one_of("b", ["2", "3"])
            .require_claim_containing("c", "4")
            .require_claim_containing("c", "5")
    };
    let with =
        |a: &str, b: &str, c: &[&str]| token().claim("a", a).claim("b", b).claim("c", c).mint();
    assert_eq!(outcome(required(), &with("1", "3", &["5", "4"])), Ok(()));
    for (index, token) in
        [with("x", "x", &[]), with("1", "x", &[]), with("1", "2", &["5"]), with("1", "2", &["4"])]
            .iter()
            .enumerate()
    {
        assert_eq!(outcome(required(), token), Err(VerifyError::RequiredClaim { index }));
    }
    // Two lists with a value in common.
    let common =
        policy().require_claim_one_of("b", ["1", "2"]).require_claim_one_of("b", ["2", "3"]);
    assert_eq!(outcome(common.clone(), &with("", "2", &[])), Ok(()));
    let one = outcome(common, &with("", "1", &[]));
    assert_eq!(one, Err(VerifyError::RequiredClaim { index: 1 }));
}
