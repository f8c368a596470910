//! The settings of an Auth0 tenant: the accepted ones, their meaning, and the refused ones.
#![cfg(feature = "fetch")]

use std::{
    cell::RefCell, collections::BTreeMap, env, error::Error, ffi::OsStr, process::Command,
    time::Duration,
};

use tokenring::{
    Auth0, Auth0ConfigError, FetchConfigError, PolicyError, RemoteJwks, Verifier, VerifyError,
    remote::KeysState,
    testkit::{AUDIENCE, CLIENT_ID, ISSUER, IssuerServer, TokenBuilder},
};

use crate::common::{NOW, keys, token};

/// The host name in [`ISSUER`].
const DOMAIN: &str = "tenant.example.auth0.com";

const VARIABLES: [&str; 3] = ["AUTH0_ISSUER_BASE_URL", "AUTH0_AUDIENCE", "AUTH0_CLIENT_ID"];

/// Set in the child process only: the result that [`Auth0::from_env`] must have there.
const EXPECTED: &str = "TOKENRING_TEST_EXPECTED";

const NOT_HOST_NAME: Auth0ConfigError =
    Auth0ConfigError::NotHostName { variable: "AUTH0_ISSUER_BASE_URL" };

// The issuer.

#[test]
fn every_spelling_of_the_domain_means_the_same_issuer() {
    for spelling in [
        "tenant.eu.auth0.com",
        "tenant.eu.auth0.com/",
        "https://tenant.eu.auth0.com",
        "https://tenant.eu.auth0.com/",
    ] {
        for auth0 in [
            Auth0::new(spelling, AUDIENCE).unwrap(),
            from_settings([Some(spelling), Some(AUDIENCE), None]).unwrap(),
        ] {
            assert_eq!(auth0.issuer(), "https://tenant.eu.auth0.com/", "{spelling}");
            let jwks_url = "https://tenant.eu.auth0.com/.well-known/jwks.json";
            assert_eq!(auth0.jwks_url(), jwks_url, "{spelling}");
        }
    }
}

#[test]
fn every_dns_name_of_two_labels_or_more_is_a_domain() {
    let label = "a".repeat(63);
    // 3 * 64 + 61 = 253.
    let longest = [&label, &label, &label, &label[..61]].join(".");
    assert_eq!(longest.len(), 253);
    for host in [
        "a.b",
        "login.example.com",
        "my-tenant.eu.auth0.com",
        "a--b.example.com",
        "1.2.3.4.example.com",
        "0-1.9a.example.com",
        "xn--bcher-kva.example",
        "example.xn--p1ai",
        "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p",
        &format!("{label}.com"),
        &longest,
    ] {
        let auth0 = Auth0::new(host, AUDIENCE).unwrap();
        assert_eq!(auth0.issuer(), format!("https://{host}/"));
        assert_eq!(auth0.jwks_url(), format!("https://{host}/.well-known/jwks.json"));
    }
}

#[test]
fn anything_but_a_host_name_is_refused() {
    let label = "a".repeat(64);
    // 4 * 63 + 2 = 254.
    let too_long = format!("{0}.{0}.{0}.{1}", &label[..63], &label[..62]);
    assert_eq!(too_long.len(), 254);
    for (wrong, host) in [
        ("user information", "user@tenant.auth0.com"),
        ("user and password", "user:password@tenant.auth0.com"),
        ("the domain as user information", "tenant.auth0.com@127.0.0.1"),
        ("the domain as user, with a port", "tenant.auth0.com@evil.example:9"),
        ("empty user information", "@tenant.auth0.com"),
        ("a port", "tenant.auth0.com:443"),
        ("an empty port", "tenant.auth0.com:"),
        ("a path", "tenant.auth0.com/a"),
        ("the key set's path", "tenant.auth0.com/.well-known/jwks.json"),
        ("a path upwards", "tenant.auth0.com/.."),
        ("a backslash", "tenant.auth0.com\\a"),
        ("a query", "tenant.auth0.com?a=b"),
        ("a query after a slash", "tenant.auth0.com/?a=b"),
        ("an empty query", "tenant.auth0.com?"),
        ("a fragment", "tenant.auth0.com#a"),
        ("a fragment after a slash", "tenant.auth0.com/#"),
        ("an IPv4 address", "127.0.0.1"),
        ("an IPv4 address in two parts", "127.1"),
        ("an IPv4 address in hexadecimal", "0x7f.0.0.0x1"),
        ("an IPv4 address in octal", "0177.0.0.01"),
        ("an IPv4 address in one number", "2130706433"),
        ("a last label that begins with a digit", "tenant.auth0.1com"),
        ("an IPv6 address", "::1"),
        ("an IPv6 address in brackets", "[::1]"),
        ("an IPv6 address with an IPv4 one", "[::ffff:127.0.0.1]"),
        ("an IPv6 address with a zone", "[fe80::1%25eth0]"),
        ("one label", "localhost"),
        ("one label", "tenant"),
        ("a trailing dot", "tenant.auth0.com."),
        ("one label and a dot", "localhost."),
        ("a leading dot", ".tenant.auth0.com"),
        ("an empty label", "tenant..auth0.com"),
        ("nothing but a dot", "."),
        ("nothing but dots", "..."),
        ("a label of 64 characters", &format!("{label}.com")),
        ("254 characters", &too_long),
        ("a megabyte", &"a.".repeat(500_000)),
        ("a leading hyphen", "-tenant.auth0.com"),
        ("a trailing hyphen", "tenant-.auth0.com"),
        ("a last label with a leading hyphen", "tenant.-com"),
        ("a last label with a trailing hyphen", "tenant.com-"),
        ("nothing but a hyphen", "tenant.-.com"),
        ("upper case", "Tenant.auth0.com"),
        ("upper case at the end", "tenant.auth0.COM"),
        ("an underscore", "my_tenant.auth0.com"),
        ("a wildcard", "*.auth0.com"),
        ("a percent sign", "tenant%2eauth0.com"),
        ("a leading space", " tenant.auth0.com"),
        ("a trailing space", "tenant.auth0.com "),
        ("a space within", "tenant .auth0.com"),
        ("nothing but a space", " "),
        ("a tab", "tenant.auth0.com\t"),
        ("a line feed", "tenant.auth0.com\n"),
        ("a carriage return", "tenant.auth0.com\r"),
        ("a line break and a header", "tenant.auth0.com\r\nHost: evil.example"),
        ("a NUL", "tenant.auth0.com\0"),
        ("a NUL within", "tenant.auth0.com\0.evil.example"),
        ("quotation marks", "\"tenant.auth0.com\""),
        ("a comma", "tenant.auth0.com,other.auth0.com"),
        ("not ASCII", "bücher.example"),
        ("a Cyrillic letter", "tеnant.auth0.com"),
        ("a fullwidth full stop", "tenant．auth0．com"),
        ("an ideographic full stop", "tenant。auth0。com"),
        ("a soft hyphen", "ten\u{ad}ant.auth0.com"),
        ("a byte order mark", "\u{feff}tenant.auth0.com"),
    ] {
        for spelling in [
            host.to_owned(),
            format!("{host}/"),
            format!("https://{host}"),
            format!("https://{host}/"),
        ] {
            let outcome = Auth0::new(&spelling, AUDIENCE).map(|_| ());
            assert_eq!(outcome, Err(NOT_HOST_NAME), "{wrong}");
        }
    }
}

#[test]
fn any_scheme_but_one_https_and_any_slash_but_one_at_the_end_is_refused() {
    for (wrong, spelling) in [
        ("not encrypted", "http://tenant.auth0.com"),
        ("not encrypted", "http://tenant.auth0.com/"),
        ("a scheme in upper case", "HTTPS://tenant.auth0.com"),
        ("a scheme in upper case", "Https://tenant.auth0.com/"),
        ("another scheme", "ftp://tenant.auth0.com"),
        ("another scheme", "file:///etc/passwd"),
        ("another scheme", "data:application/json,{}"),
        ("two schemes", "https:https://tenant.auth0.com"),
        ("two schemes", "https://https://tenant.auth0.com"),
        ("two schemes", "https://http://tenant.auth0.com"),
        ("no slashes", "https:tenant.auth0.com"),
        ("one slash", "https:/tenant.auth0.com"),
        ("three slashes", "https:///tenant.auth0.com"),
        ("no scheme", "//tenant.auth0.com"),
        ("no scheme", "://tenant.auth0.com"),
        ("backslashes", "https:\\\\tenant.auth0.com"),
        ("a space before it", " https://tenant.auth0.com"),
        ("a space after it", "https://tenant.auth0.com/ "),
        ("a space after the scheme", "https:// tenant.auth0.com"),
        ("two slashes at the end", "tenant.auth0.com//"),
        ("two slashes at the end", "https://tenant.auth0.com//"),
        ("no host", "https://"),
        ("no host", "https:///"),
        ("no host", "https:"),
        ("no host", "/"),
        ("no host", "//"),
        ("the scheme as host", "https"),
        ("the scheme as host", "https/"),
    ] {
        let outcome = Auth0::new(spelling, AUDIENCE).map(|_| ());
        assert_eq!(outcome, Err(NOT_HOST_NAME), "{wrong}: {spelling}");
    }
}

#[test]
fn only_small_letters_digits_hyphens_and_dots_make_a_host_name() {
    for character in '\0'..='\u{2ff}' {
        let host = format!("ten{character}ant.eu.auth0.com");
        let outcome = Auth0::new(&host, AUDIENCE).map(|auth0| auth0.issuer().to_owned());
        let expected = match character {
            'a'..='z' | '0'..='9' | '-' | '.' => Ok(format!("https://{host}/")),
            _ => Err(NOT_HOST_NAME),
        };
        assert_eq!(outcome, expected, "{character:?}");
    }
}

// The settings.

#[test]
fn variables_that_must_be_set_are_named_when_they_are_not() {
    let missing = |variable| Err(Auth0ConfigError::Missing { variable });
    for (domain, audience, expected) in [
        (None, Some(AUDIENCE), missing("AUTH0_ISSUER_BASE_URL")),
        (Some(""), Some(AUDIENCE), missing("AUTH0_ISSUER_BASE_URL")),
        (Some(DOMAIN), None, missing("AUTH0_AUDIENCE")),
        (Some(DOMAIN), Some(""), missing("AUTH0_AUDIENCE")),
        (None, None, missing("AUTH0_ISSUER_BASE_URL")),
        (Some("127.0.0.1"), Some(AUDIENCE), Err(NOT_HOST_NAME)),
    ] {
        for client_id in [None, Some(""), Some(CLIENT_ID)] {
            let outcome = from_settings([domain, audience, client_id]).map(|_| ());
            assert_eq!(outcome, expected, "{domain:?} {audience:?} {client_id:?}");
        }
        if let (Some(domain), Some(audience)) = (domain, audience) {
            assert_eq!(Auth0::new(domain, audience).map(|_| ()), expected);
        }
    }
}

#[test]
fn lookup_is_asked_for_the_three_variables_and_no_others() {
    let looked_up = RefCell::new(Vec::new());
    let lookup = |name: &str| {
        looked_up.borrow_mut().push(name.to_owned());
        settings([Some(DOMAIN), Some(AUDIENCE), None]).get(name).cloned()
    };
    assert_eq!(Auth0::from_lookup(lookup).unwrap().issuer(), ISSUER);
    looked_up.borrow_mut().sort();
    let mut expected = VARIABLES;
    expected.sort_unstable();
    assert_eq!(*looked_up.borrow(), expected);
}

#[test]
fn client_is_optional_and_an_empty_variable_means_none() {
    let other_client = token().claim("azp", "other");
    let outcome_of = |auth0: &Auth0| outcome(auth0, &other_client);
    let wrong = Err(VerifyError::WrongAuthorizedParty);
    for (client_id, expected) in [(None, Ok(())), (Some(""), Ok(())), (Some(CLIENT_ID), wrong)] {
        let auth0 = from_settings([Some(DOMAIN), Some(AUDIENCE), client_id]).unwrap();
        assert_eq!(outcome_of(&auth0), expected, "{client_id:?}");
    }
    // The last call wins.
    assert_eq!(outcome_of(&tenant().client_id(CLIENT_ID)), wrong);
    assert_eq!(outcome_of(&tenant().client_id(CLIENT_ID).client_id("other")), Ok(()));
}

/// A program whose setting for the client is empty must not accept the tokens of every client.
#[test]
fn empty_client_given_by_the_program_is_refused() {
    let empty = Auth0ConfigError::Policy(PolicyError::EmptyAuthorizedParty);
    for auth0 in [tenant().client_id(""), tenant().client_id(CLIENT_ID).client_id("")] {
        assert_eq!(auth0.verifier().map(drop), Err(empty));
        assert_eq!(auth0.verifier_with(keys()).map(drop), Err(empty));
        let refused = Verifier::new(auth0.policy(), keys()).map(drop);
        assert_eq!(refused, Err(PolicyError::EmptyAuthorizedParty));
    }
}

/// No `aud` would ever equal it, so every token would be refused.
#[test]
fn audience_with_white_space_around_it_is_refused() {
    let refused = Err(Auth0ConfigError::WhiteSpace { variable: "AUTH0_AUDIENCE" });
    for audience in [" a", "a ", "a\n", "\ta", "a\r\n", "\u{a0}a", " ", "\n"] {
        assert_eq!(Auth0::new(DOMAIN, audience).map(drop), refused, "{audience:?}");
        let auth0 = from_settings([Some(DOMAIN), Some(audience), None]);
        assert_eq!(auth0.map(drop), refused, "{audience:?}");
    }
    assert!(Auth0::new(DOMAIN, "my api").is_ok(), "white space inside is allowed");
}

/// The tenant's policy with the keys of a server on loopback. Nothing else differs from production.
#[test]
fn settings_can_be_tested_with_an_issuer_on_loopback() {
    let server = IssuerServer::start();
    let source = RemoteJwks::builder(server.jwks_url()).danger_allow_http_loopback();
    let auth0 = tenant().client_id(CLIENT_ID);
    let verifier = auth0.verifier_with(source.build().unwrap()).unwrap();
    let token = server.token().issuer(ISSUER).audience(AUDIENCE);
    let verdict = |token: &TokenBuilder| verifier.verify(&token.mint()).map(drop);
    assert_eq!(verdict(&token.clone().claim("azp", CLIENT_ID)), Ok(()));
    let other = token.clone().claim("azp", "other");
    assert_eq!(verdict(&other), Err(VerifyError::WrongAuthorizedParty));
    let loopback = server.token().audience(AUDIENCE).claim("azp", CLIENT_ID);
    assert_eq!(verdict(&loopback), Err(VerifyError::WrongIssuer));
    assert_eq!(server.hits(), 1);
}

/// Runs the test again in a child process: setting this process's environment would be `unsafe`.
#[test]
fn environment_is_read_as_the_lookup_is() {
    if let Ok(expected) = env::var(EXPECTED) {
        assert_eq!(format!("{:?}", Auth0::from_env()), expected);
        return;
    }

    let missing = |variable| Err(Auth0ConfigError::Missing { variable });
    for (values, expected) in [
        ([None, None, None], missing("AUTH0_ISSUER_BASE_URL")),
        ([Some(""), Some(AUDIENCE), None], missing("AUTH0_ISSUER_BASE_URL")),
        ([Some(DOMAIN), None, Some(CLIENT_ID)], missing("AUTH0_AUDIENCE")),
        ([Some(DOMAIN), Some(""), None], missing("AUTH0_AUDIENCE")),
        ([Some("http://a.b"), Some(AUDIENCE), None], Err(NOT_HOST_NAME)),
        ([Some(DOMAIN), Some(AUDIENCE), None], Ok(tenant())),
        ([Some(ISSUER), Some(AUDIENCE), Some("")], Ok(tenant())),
        ([Some(ISSUER), Some(AUDIENCE), Some("me")], Ok(tenant().client_id("me"))),
    ] {
        assert_from_env(values.map(|value| value.map(OsStr::new)), &expected);
    }
    #[cfg(unix)]
    for (place, variable) in VARIABLES.into_iter().enumerate() {
        use std::os::unix::ffi::OsStrExt as _;

        let mut values = [DOMAIN, AUDIENCE, CLIENT_ID].map(|value| Some(OsStr::new(value)));
        values[place] = Some(OsStr::from_bytes(b"tenant.\xff.com"));
        assert_from_env(values, &Err(Auth0ConfigError::NotUnicode { variable }));
    }
}

/// Runs the test above in a child process where the [`VARIABLES`] have these `values`. There it
/// compares its result with `expected`.
#[track_caller]
fn assert_from_env(values: [Option<&OsStr>; 3], expected: &Result<Auth0, Auth0ConfigError>) {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", "auth0::environment_is_read_as_the_lookup_is"]);
    child.env(EXPECTED, format!("{expected:?}"));
    for (name, value) in VARIABLES.into_iter().zip(values) {
        match value {
            Some(value) => child.env(name, value),
            None => child.env_remove(name),
        };
    }
    let output = child.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{expected:?}: {text}");
    // If no test had run, that would be a success too.
    assert!(text.contains("1 passed"), "{text}");
}

// The meaning of the settings.

#[test]
fn policy_accepts_the_tenants_tokens_for_the_api() {
    assert_eq!(outcome(&tenant(), &token()), Ok(()));
    assert_eq!(outcome(&tenant(), &token().audience(AUDIENCE)), Ok(()));
    assert_eq!(outcome(&tenant(), &token().without_claim("azp")), Ok(()));
}

#[test]
fn policy_refuses_other_tenants_and_other_apis() {
    for issuer in [
        "https://tenant.example.auth0.com",
        "https://tenant.example.auth0.com//",
        "http://tenant.example.auth0.com/",
        "https://Tenant.example.auth0.com/",
        "https://other.example.auth0.com/",
        "tenant.example.auth0.com",
    ] {
        let token = token().issuer(issuer);
        assert_eq!(outcome(&tenant(), &token), Err(VerifyError::WrongIssuer), "{issuer}");
    }
    for audience in
        ["https://tenant.example.auth0.com/userinfo", "https://api.example.com", CLIENT_ID]
    {
        let token = token().audience(audience);
        assert_eq!(outcome(&tenant(), &token), Err(VerifyError::WrongAudience), "{audience}");
    }
    let other = Auth0::new("other.example.auth0.com", AUDIENCE).unwrap();
    assert_eq!(outcome(&other, &token()), Err(VerifyError::WrongIssuer));
    let other = Auth0::new(DOMAIN, "https://other.example/").unwrap();
    assert_eq!(outcome(&other, &token()), Err(VerifyError::WrongAudience));
}

#[test]
fn policy_with_a_client_refuses_tokens_issued_to_others() {
    let auth0 = tenant().client_id(CLIENT_ID);
    let wrong = Err(VerifyError::WrongAuthorizedParty);
    for (case, token, expected) in [
        ("azp is the client", token(), Ok(())),
        ("azp is another", token().claim("azp", "other"), wrong),
        ("azp is empty", token().claim("azp", ""), wrong),
        ("neither azp nor client_id", token().without_claim("azp"), wrong),
        (
            "client_id is the client",
            token().without_claim("azp").claim("client_id", CLIENT_ID),
            Ok(()),
        ),
        ("client_id is another", token().without_claim("azp").claim("client_id", "other"), wrong),
        ("azp is, client_id is not", token().claim("client_id", "other"), Ok(())),
        (
            "client_id is, azp is not",
            token().claim("azp", "other").claim("client_id", CLIENT_ID),
            wrong,
        ),
        (
            "the client in aud alone",
            token().audience([AUDIENCE, CLIENT_ID]).without_claim("azp"),
            wrong,
        ),
    ] {
        assert_eq!(outcome(&auth0, &token), expected, "{case}");
    }
    // Naming a client changes no other check.
    let token = token().audience("https://other.example/");
    assert_eq!(outcome(&auth0, &token), Err(VerifyError::WrongAudience));
}

#[test]
fn policy_may_be_added_to() {
    let token = token().audience("second").expires_at(NOW).mint();
    let policy = tenant().policy().accept_audience("second").leeway(Duration::from_secs(1));
    let verifier = Verifier::new(policy, keys()).unwrap();
    assert_eq!(verifier.verify_at(&token, NOW).map(|_| ()), Ok(()));
}

#[test]
fn verifier_does_no_io_before_it_needs_a_key() {
    let auth0 = tenant();
    let verifier = auth0.verifier().unwrap();
    let idle = || {
        let health = verifier.keys().health();
        let fetches = (health.fetches_ok(), health.fetches_failed().len(), health.is_fetching());
        (health.state(), fetches, health.last_error()) == (KeysState::Empty, (0, 0, false), None)
    };
    assert!(idle());
    // This is not a token at all, so no key is looked up.
    assert_eq!(refusal(verifier.verify("x")), VerifyError::SegmentCount { found: 1 });
    let none = token().header("alg", "none").mint();
    assert_eq!(refusal(verifier.verify(&none)), VerifyError::AlgorithmNotAccepted);
    assert!(idle());
    // This token needs a key, and `try_verify` does no I/O.
    let outcome = refusal(verifier.try_verify(&token().mint()));
    assert_eq!(outcome.code(), "keys_unavailable");
    assert!(idle());

    let keys = format!("{:?}", verifier.keys());
    assert_eq!(keys, r#"RemoteJwks { host: "tenant.example.auth0.com", .. }"#);
}

// The errors.

#[test]
fn errors_say_what_to_write() {
    let texts = [
        (
            Auth0ConfigError::Missing { variable: "AUTH0_ISSUER_BASE_URL" },
            "AUTH0_ISSUER_BASE_URL is not set, it must be the domain of the tenant, such as tenant.eu.auth0.com",
        ),
        (
            Auth0ConfigError::Missing { variable: "AUTH0_AUDIENCE" },
            "AUTH0_AUDIENCE is not set, it must be the identifier of the API, such as https://api.example.com/",
        ),
        (
            Auth0ConfigError::WhiteSpace { variable: "AUTH0_AUDIENCE" },
            "AUTH0_AUDIENCE must not begin or end with white space",
        ),
        (
            Auth0ConfigError::NotUnicode { variable: "AUTH0_CLIENT_ID" },
            "AUTH0_CLIENT_ID is not Unicode",
        ),
        (
            NOT_HOST_NAME,
            "AUTH0_ISSUER_BASE_URL must be a host name in lower case, such as tenant.eu.auth0.com or https://tenant.eu.auth0.com/, without port, path or anything else",
        ),
        (
            Auth0ConfigError::Keys(FetchConfigError::NotHttps),
            "the tenant's keys cannot be fetched: the URL must begin with https:, unless danger_allow_http or danger_allow_http_loopback allows http: for its host",
        ),
        (
            Auth0ConfigError::Policy(PolicyError::EmptyAudience),
            "an audience of the policy is empty",
        ),
    ];
    for (error, text) in texts {
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn errors_do_not_repeat_what_they_were_given() {
    let error = Auth0::new("user:S3cret@tenant.auth0.com", "S3cret").unwrap_err();
    let error: Box<dyn Error + Send + Sync> = error.into();
    assert!(!format!("{error} {error:?}").contains("S3cret"));
}

// Helpers.

fn tenant() -> Auth0 {
    Auth0::new(DOMAIN, AUDIENCE).unwrap()
}

/// The outcome if the three [`VARIABLES`] have these `values`.
fn from_settings(values: [Option<&str>; 3]) -> Result<Auth0, Auth0ConfigError> {
    let settings = settings(values);
    Auth0::from_lookup(|name| settings.get(name).cloned())
}

fn settings(values: [Option<&str>; 3]) -> BTreeMap<&'static str, String> {
    let set = |(name, value): (&'static str, Option<&str>)| Some((name, value?.to_owned()));
    VARIABLES.into_iter().zip(values).filter_map(set).collect()
}

fn outcome(auth0: &Auth0, token: &TokenBuilder) -> Result<(), VerifyError> {
    let verifier = Verifier::new(auth0.policy(), keys()).unwrap();
    verifier.verify_at(&token.mint(), NOW).map(|_| ())
}

fn refusal(outcome: Result<tokenring::Verified, VerifyError>) -> VerifyError {
    outcome.unwrap_err()
}
