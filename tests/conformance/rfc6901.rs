//! RFC 6901, RFC 8693 section 4.2: scopes that a policy reads from another claim than `scope`.
#![allow(clippy::unwrap_used, reason = "tests may")]

use tokenring::{
    ClaimPath, Guard, JsonError, JwkSet, Policy, PolicyError, Verified, Verifier, VerifyError,
    explain::{Check, Outcome},
};

use crate::common::{HEADER, NOW, claims_and, issuer, policy, signed, verifier_of};

const REPEATED: VerifyError = VerifyError::PayloadJson(JsonError::DuplicateMember);

fn verify(path: &str, members: &str) -> Result<Verified, VerifyError> {
    let token = signed(HEADER, claims_and(members));
    verifier_of(policy().scopes_from(path)).verify_at(&token, NOW)
}

/// The scopes of a token with these additional claims, read from `path`.
fn scopes(path: &str, members: &str) -> Vec<String> {
    verify(path, members).unwrap().scopes().map(Into::into).collect()
}

#[test]
fn scopes_are_the_strings_at_the_path() {
    let realm = r#""realm_access":{"x":1,"roles":["admin","user"]}"#;
    let client = r#""resource_access":{"other":{"roles":["x"]},"my-client":{"roles":["edit"]}}"#;
    for (path, members, expected) in [
        ("scp", r#""scp":["read","write"]"#, vec!["read", "write"]),
        ("scp", r#""scp":"read write""#, vec!["read", "write"]),
        ("/scp", r#""scp":"  read   write ""#, vec!["read", "write"]),
        ("scope", r#""scope":"read write""#, vec!["read", "write"]),
        ("/ext/scope", r#""ext":{"scope":"read write"}"#, vec!["read", "write"]),
        // A string elsewhere is one name, and so is each string of an array.
        ("roles", r#""roles":"billing admin""#, vec!["billing admin"]),
        ("roles", r#""roles":["billing admin","a,b"]"#, vec!["billing admin", "a,b"]),
        ("scp", r#""scp":["read write"]"#, vec!["read write"]),
        ("/realm_access/roles", realm, vec!["admin", "user"]),
        ("/resource_access/my-client/roles", client, vec!["edit"]),
        ("https://example.com/roles", r#""https://example.com/roles":["a"]"#, vec!["a"]),
        ("/https:~1~1example.com~1roles", r#""https://example.com/roles":["a"]"#, vec!["a"]),
        // Names are compared after unescaping, in the token and in the path.
        ("/realm_access/roles", r#""realm\u005faccess":{"r\u006fles":["\u0061"]}"#, vec!["a"]),
        ("/a~0b", r#""a~b":"x""#, vec!["x"]),
        ("/~01", r#""~1":"x","/":"y""#, vec!["x"]),
        ("~1", r#""~1":"x","/":"y""#, vec!["x"]),
        ("a/b", r#""a/b":"x","a":{"b":"y"}"#, vec!["x"]),
        ("/", r#""":"x""#, vec!["x"]),
        ("//a", r#""":{"a":"x"}"#, vec!["x"]),
        ("/__proto__/roles", r#""__proto__":{"roles":"x"}"#, vec!["x"]),
        // The white space around an object is no part of it.
        ("/a/b", "\"a\" : \n\t{ \"b\" : [ \"x\" ] } ", vec!["x"]),
        // An object may be deep inside others.
        ("/a/b/c/d", r#""a":{"b":{"c":{"d":"x"}}}"#, vec!["x"]),
    ] {
        assert_eq!(scopes(path, members), expected, "{path}: {members}");
    }
}

#[test]
fn claim_that_is_absent_or_of_another_type_grants_nothing() {
    for value in ["null", "true", "1", "{}", r#"{"admin":true}"#, r#"{"0":"admin"}"#, "[]", r#""""#]
    {
        for path in ["roles", "scp"] {
            assert!(scopes(path, &format!(r#""{path}":{value}"#)).is_empty(), "{path}: {value}");
        }
    }
    for mixed in
        [r#"["admin",1]"#, r#"[null,"admin"]"#, r#"["admin",["admin"]]"#, r#"["admin",{}]"#]
    {
        for path in ["roles", "scp", "scope"] {
            assert!(scopes(path, &format!(r#""{path}":{mixed}"#)).is_empty(), "{path}: {mixed}");
        }
    }
    for (path, members) in [
        // The claim `scope` is not a substitute.
        ("scp", r#""scope":"admin""#),
        ("roles", r#""Roles":["admin"],"roles ":["admin"],"a":{"roles":["admin"]}"#),
        ("/realm_access/roles", r#""realm_access":["roles"],"roles":["admin"]"#),
        ("/realm_access/roles", r#""realm_access":"roles""#),
        ("/realm_access/roles", r#""realm_access":{"roles":{"roles":["admin"]}}"#),
        ("/realm_access/roles", r#""realm_access/roles":["admin"]"#),
        ("realm_access/roles", r#""realm_access":{"roles":["admin"]}"#),
        ("/realm_access/roles", r#""realm_access":{},"roles":["admin"]"#),
        ("/resource_access//roles", r#""resource_access":{"x":{"roles":["admin"]}}"#),
        // An index leads nowhere.
        ("/roles/0", r#""roles":["admin"]"#),
        ("/roles/-", r#""roles":["admin"]"#),
        ("/a/0/roles", r#""a":[{"roles":["admin"]}]"#),
        // Neither does a path through a string, whatever is in it.
        ("/a/roles", r#""a":"{\"roles\":[\"admin\"]}""#),
        ("/__proto__/constructor", ""),
        ("/", r#""a":"admin""#),
    ] {
        let comma = if members.is_empty() { r#""x":1"# } else { members };
        assert!(scopes(path, comma).is_empty(), "{path}: {members}");
    }
}

#[test]
fn empty_name_is_no_scope() {
    assert_eq!(scopes("roles", r#""roles":["","a",""]"#), ["a"]);
    let verified = verify("roles", r#""roles":["","billing admin"]"#).unwrap();
    assert!(!verified.has_scope("") && !verified.has_scope("billing"));
    assert!(verified.has_scope("billing admin"));
}

#[test]
fn repeated_member_in_an_object_on_the_way_refuses_the_token() {
    let path = "/realm_access/roles";
    for members in [
        r#""realm_access":{"roles":[],"roles":["admin"]}"#,
        r#""realm_access":{"roles":["admin"],"roles":["admin"]}"#,
        r#""realm_access":{"r\u006fles":[],"roles":["admin"]}"#,
        // Another member of the object.
        r#""realm_access":{"roles":["admin"],"x":1,"x":1}"#,
        r#""realm_access":{"x":1,"x":1}"#,
    ] {
        assert_eq!(verify(path, members).unwrap_err(), REPEATED, "{members}");
        // Other policies do not look into the object.
        assert!(verify("scp", members).is_ok(), "{members}");
    }
    for members in [
        // Objects beside the way, and at its end.
        r#""x":{"a":1,"a":1},"realm_access":{"roles":["admin"]}"#,
        r#""realm_access":{"roles":["admin"],"x":{"a":1,"a":1}}"#,
        r#""realm_access":{"roles":{"a":1,"a":1}}"#,
    ] {
        assert!(verify(path, members).is_ok(), "{members}");
    }
    // In all claims it always does, and before any claim is compared.
    let twice = r#""realm_access":{"roles":[]},"realm_access":{"roles":["admin"]}"#;
    assert_eq!(verify(path, twice).unwrap_err(), REPEATED);
    let mistyped = r#""sub":1,"realm_access":{"x":1,"x":1}"#;
    assert_eq!(verify(path, mistyped).unwrap_err(), REPEATED);
}

#[test]
fn deep_objects_and_long_arrays_are_read() {
    let names: Vec<String> = (0..30).map(|level| format!("n{level}")).collect();
    let nested = names
        .iter()
        .rev()
        .fold(r#""x""#.to_owned(), |value, name| format!(r#"{{"{name}":{value}}}"#));
    let members = format!(r#""deep":{nested}"#);
    assert_eq!(scopes(&format!("/deep/{}", names.join("/")), &members), ["x"]);

    let many: Vec<String> = (0..900).map(|index| format!("role-{index}")).collect();
    assert_eq!(scopes("roles", &format!(r#""roles":{many:?}"#)), many);
    // A hostile object with many members.
    let members: Vec<String> = (0..900).map(|index| format!(r#""m{index}":1"#)).collect();
    let members = format!(r#""a":{{{},"roles":"x"}}"#, members.join(","));
    assert_eq!(scopes("/a/roles", &members), ["x"]);
}

#[test]
fn guard_requires_what_is_at_the_path() {
    let guard = || Guard::new(verifier_of(policy().scopes_from("/realm_access/roles")));
    let request = |members: &str| Some(format!("Bearer {}", signed(HEADER, claims_and(members))));
    let admin = || request(r#""scope":"user","realm_access":{"roles":["admin"]}"#);
    let caller = guard().require_scope("admin").check_at(admin(), NOW).unwrap();
    assert!(guard().check_scope(&caller, "admin").is_ok());
    assert_eq!(guard().check_scope(&caller, "user").unwrap_err().status(), 403);
    let refused = guard().require_scope("user").check_at(admin(), NOW).unwrap_err();
    assert_eq!(
        (refused.status(), refused.headers().nth(1).unwrap().1.as_str()),
        (403, r#"Bearer error="insufficient_scope", scope="user", realm="api""#),
    );

    let outcome = |required: &str, members: &str| {
        let explanation = guard().require_scope(required).explain_at(request(members), NOW);
        let found = explanation.findings().iter().find(|one| one.check() == Check::Scope);
        (explanation.verdict(), found.unwrap().outcome())
    };
    let roles = r#""realm_access":{"roles":["admin"]}"#;
    assert_eq!(outcome("admin", roles), (Ok(()), Outcome::Passed));
    let lacking = (Err(VerifyError::InsufficientScope), Outcome::Failed);
    assert_eq!(outcome("user", roles), lacking);
    let twice = r#""realm_access":{"roles":["admin"],"roles":[]}"#;
    assert_eq!(outcome("admin", twice), (Err(REPEATED), Outcome::NotReached));
}

#[cfg(feature = "std")]
#[test]
fn cached_token_keeps_its_scopes() {
    let capacity = std::num::NonZeroUsize::new(8).unwrap();
    let verifier = verifier_of(policy().scopes_from("/a/roles")).with_token_cache(capacity);
    for roles in [r#"["x","y z"]"#, r#"["\u0078","y z"]"#] {
        let token = signed(HEADER, claims_and(&format!(r#""a":{{"roles":{roles}}}"#)));
        for _ in 0..3 {
            let verified = verifier.verify_at(&token, NOW).unwrap();
            assert!(verified.scopes().eq(["x", "y z"]));
        }
    }
}

#[test]
fn each_issuer_has_a_path_of_its_own() {
    let keys = || JwkSet::from_json(issuer().jwks().as_bytes()).unwrap();
    let first = Policy::new("https://other.example/", "x").scopes_from("scp");
    let verifier = Verifier::new(first, keys()).unwrap();
    let verifier = verifier.with_issuer(policy().scopes_from("roles"), keys()).unwrap();
    let token = signed(HEADER, claims_and(r#""scp":"a","roles":"b","scope":"c""#));
    assert!(verifier.verify_at(&token, NOW).unwrap().scopes().eq(["b"]));
}

#[test]
fn malformed_path_is_refused_with_its_policy() {
    let keys = || JwkSet::from_json(issuer().jwks().as_bytes()).unwrap();
    for path in ["", "/~", "/a~2", "/a/~x/b", "/a~"] {
        let refused = Verifier::new(policy().scopes_from(path), keys()).unwrap_err();
        assert_eq!(refused, PolicyError::MalformedClaimPath, "{path}");
        let policy = Policy::new("https://other.example/", "x").scopes_from(path.to_owned());
        let added = verifier_of(crate::common::policy()).with_issuer(policy, keys());
        assert_eq!(added.unwrap_err(), PolicyError::MalformedClaimPath, "{path}");
    }
    for path in ["~", "a~2", "/", "/~0~1"] {
        assert!(Verifier::new(policy().scopes_from(path), keys()).is_ok(), "{path}");
    }
    // The last path counts.
    let mended = policy().scopes_from("/~").scopes_from(ClaimPath::from("scp"));
    assert!(Verifier::new(mended, keys()).is_ok());
}
