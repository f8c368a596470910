//! RFC 9449 section 4.3, steps 9 and 10: `htu` and the URI of the request, under RFC 3986 section 6.2.

use tokenring::possession::{ProofError, ProofPolicy, UriError};

use crate::{
    common::NOW,
    proofs::{policy, proof, verifier_of},
};

/// The outcome of a proof with `htu` in a request for `target` at a service with this origin.
#[track_caller]
fn at(origin: &str, htu: &str, target: &str) -> Result<(), ProofError> {
    let verifier = verifier_of(ProofPolicy::new(origin));
    proof().claim("htu", htu).check_in(&verifier, "GET", target, NOW).map(|_| ())
}

/// The same at `https://example.com`.
#[track_caller]
fn example(htu: &str, target: &str) -> Result<(), ProofError> {
    at("https://example.com", htu, target)
}

fn differ(part: &'static str) -> Result<(), ProofError> {
    Err(ProofError::WrongTarget { part })
}

fn malformed(error: UriError) -> Result<(), ProofError> {
    Err(ProofError::MalformedTarget(error))
}

#[test]
fn uris_that_are_equal_after_normalization() {
    for (origin, htu, target) in [
        ("https://example.com", "https://example.com/a", "/a"),
        // Case of scheme and host.
        ("https://example.com", "HTTPS://EXAMPLE.COM/a", "/a"),
        ("HTTPS://EXAMPLE.COM", "https://example.com/a", "/a"),
        // The scheme's own port, and an empty one.
        ("https://example.com", "https://example.com:443/a", "/a"),
        ("https://example.com:443", "https://example.com/a", "/a"),
        ("http://example.com", "http://example.com:80/a", "/a"),
        ("https://example.com", "https://example.com:/a", "/a"),
        ("https://example.com:8443", "https://example.com:8443/a", "/a"),
        ("https://example.com:8443", "https://example.com:08443/a", "/a"),
        // The empty path.
        ("https://example.com", "https://example.com", "/"),
        ("https://example.com", "https://example.com/", "/"),
        ("https://example.com", "https://example.com?a", "/"),
        ("https://example.com", "https://example.com#a", "/"),
        // Escapes of unreserved characters; the case of the others.
        ("https://example.com", "https://example.com/%7e%61", "/~a"),
        ("https://example.com", "https://example.com/~a", "/%7E%61"),
        ("https://example.com", "https://example.com/%2f", "/%2F"),
        ("https://example.com", "https://ex%61mple.com/a", "/a"),
        ("https://example.com", "https://ex%41mple.com/a", "/a"),
        // Dot segments.
        ("https://example.com", "https://example.com/a/./b/../c", "/a/c"),
        ("https://example.com", "https://example.com/a/c", "/a/./b/../c"),
        ("https://example.com", "https://example.com/a/%2e%2e/c", "/c"),
        ("https://example.com", "https://example.com/a/%2E./c", "/c"),
        ("https://example.com", "https://example.com/../../a", "/a"),
        ("https://example.com", "https://example.com/a/.", "/a/"),
        ("https://example.com", "https://example.com/a/b/..", "/a/"),
        ("https://example.com", "https://example.com/..", "/"),
        ("https://example.com", "https://example.com/a//../b", "/a/b"),
        ("https://example.com", "https://example.com/a//..", "/a/"),
        // IPv6 and IPv4.
        ("https://[2001:db8::1]", "https://[2001:DB8::1]/a", "/a"),
        ("https://[2001:db8::1]", "https://[2001:db8:0:0:0:0:0:1]:443/a", "/a"),
        ("https://[::ffff:192.0.2.1]", "https://[::ffff:c000:201]/a", "/a"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000/a", "/a"),
        // Query and fragment of both are ignored.
        ("https://example.com", "https://example.com/a?b=c", "/a"),
        ("https://example.com", "https://example.com/a?b=100%", "/a?c=%"),
        ("https://example.com", "https://example.com/a#b", "/a?c"),
        ("https://example.com", "https://example.com/a#b?c/../..", "/a?/../b"),
        ("https://example.com", "https://example.com/a", "/a?b=\u{e9}"),
        // Characters of a path that browsers do not escape.
        ("https://example.com", "https://example.com/a|[b]^:@!$&'()*+,;=", "/a|[b]^:@!$&'()*+,;="),
        // gRPC.
        (
            "https://example.com",
            "https://example.com/package.Service/Method",
            "/package.Service/Method",
        ),
    ] {
        assert_eq!(at(origin, htu, target), Ok(()), "{htu} at {origin} for {target}");
    }
}

#[test]
fn uris_that_differ() {
    for (htu, target, part) in [
        ("http://example.com/a", "/a", "scheme"),
        ("http://example.com:443/a", "/a", "scheme"),
        ("https://example.org/a", "/a", "host"),
        ("https://example.com./a", "/a", "host"),
        ("https://api.example.com/a", "/a", "host"),
        ("https://[::1]/a", "/a", "host"),
        ("https://example.com:8443/a", "/a", "port"),
        ("https://example.com:80/a", "/a", "port"),
        ("https://example.com:0/a", "/a", "port"),
        ("https://example.com/A", "/a", "path"),
        ("https://example.com/a%2Fb", "/a/b", "path"),
        ("https://example.com/a//b", "/a/b", "path"),
        ("https://example.com//a", "/a", "path"),
        ("https://example.com/a/", "/a", "path"),
        ("https://example.com/a", "/a/", "path"),
        ("https://example.com/%252F", "/%2F", "path"),
        ("https://example.com/%2561", "/a", "path"),
        ("https://example.com/a%3Fb", "/a?b", "path"),
        ("https://example.com/a;b", "/a", "path"),
        ("https://example.com/a%7C", "/a|", "path"),
        ("https://example.com/...", "/", "path"),
        ("https://example.com/a/..b", "/", "path"),
        ("https://example.com", "/a", "path"),
    ] {
        assert_eq!(example(htu, target), differ(part), "{htu} for {target}");
    }
    let plain = "http://example.com";
    assert_eq!(at(plain, "https://example.com/a", "/a"), differ("scheme"));
    assert_eq!(at(plain, "http://example.com:443/a", "/a"), differ("port"));
}

#[test]
fn malformed_htu_is_refused() {
    for (htu, error) in [
        ("", UriError::NotAbsolute),
        ("/a", UriError::NotAbsolute),
        ("a", UriError::NotAbsolute),
        ("//example.com/a", UriError::NotAbsolute),
        ("https:/example.com/a", UriError::NotAbsolute),
        ("https:example.com/a", UriError::NotAbsolute),
        ("ftp://example.com/a", UriError::NotAbsolute),
        ("httpss://example.com/a", UriError::NotAbsolute),
        ("h%74tps://example.com/a", UriError::NotAbsolute),
        (" https://example.com/a", UriError::NotAscii),
        ("https://example.com/a ", UriError::NotAscii),
        ("https://example.com/a\n", UriError::NotAscii),
        ("https://example.com/\0", UriError::NotAscii),
        ("https://example.com/\u{e9}", UriError::NotAscii),
        ("https://ex\u{e4}mple.com/a", UriError::NotAscii),
        ("https://example.com/a?\u{e9}", UriError::NotAscii),
        ("https://user@example.com/a", UriError::UserInformation),
        ("https://user:secret@example.com/a", UriError::UserInformation),
        ("https://@example.com/a", UriError::UserInformation),
        ("https://other.example@example.com/a", UriError::UserInformation),
        ("https:///a", UriError::HostMissing),
        ("https://:443/a", UriError::HostMissing),
        ("https://?", UriError::HostMissing),
        ("https://exa[mple.com/a", UriError::Host),
        ("https://example.com\\a/a", UriError::Host),
        ("https://[::1/a", UriError::Host),
        ("https://[::g]/a", UriError::Host),
        ("https://[]/a", UriError::Host),
        ("https://[fe80::1%25eth0]/a", UriError::Host),
        ("https://[v1.a]/a", UriError::Host),
        ("https://[127.0.0.1]/a", UriError::Host),
        ("https://[::1]443/a", UriError::Port),
        ("https://example.com:a/a", UriError::Port),
        ("https://example.com:-1/a", UriError::Port),
        ("https://example.com:+443/a", UriError::Port),
        ("https://example.com:65536/a", UriError::Port),
        ("https://example.com:443:443/a", UriError::Port),
        ("https://example.com:99999999999999999999/a", UriError::Port),
        ("https://example.com/%", UriError::PercentEncoding),
        ("https://example.com/%2", UriError::PercentEncoding),
        ("https://example.com/%2g", UriError::PercentEncoding),
        ("https://example.com/%%41", UriError::PercentEncoding),
        ("https://example.com/a%?25", UriError::PercentEncoding),
        ("https://ex%mple.com/a", UriError::PercentEncoding),
        ("https://example.com/a\\b", UriError::Path),
        ("https://example.com/<a>", UriError::Path),
        ("https://example.com/\"", UriError::Path),
        ("https://example.com/{a}", UriError::Path),
        ("https://example.com/`", UriError::Path),
    ] {
        assert_eq!(example(htu, "/a"), malformed(error), "{htu}");
    }
}

/// A malformed `htu` is refused even if the bytes are those of the request.
#[test]
fn malformed_htu_is_refused_even_if_the_request_has_the_same_bytes() {
    for target in ["/%", "/<a>", "/a\\b", "/%zz/a"] {
        let found = example(&format!("https://example.com{target}"), target);
        assert!(matches!(found, Err(ProofError::MalformedTarget(_))), "{target}: {found:?}");
    }
}

#[test]
fn target_of_a_request_is_in_origin_form_or_a_uri_of_the_service() {
    let htu = "https://example.com/a";
    assert_eq!(example(htu, "https://example.com/a?b"), Ok(()));
    assert_eq!(example(htu, "HTTPS://Example.com:443/./a"), Ok(()));
    let other = Err(ProofError::RequestOfOtherOrigin);
    assert_eq!(example(htu, "http://example.com/a"), other);
    assert_eq!(example(htu, "https://example.org/a"), other);
    assert_eq!(example(htu, "https://example.com:8443/a"), other);
    let refused = |error| Err(ProofError::RequestTarget(error));
    for (target, error) in [
        ("*", UriError::NotAbsolute),
        ("", UriError::NotAbsolute),
        ("a", UriError::NotAbsolute),
        ("example.com:443", UriError::NotAbsolute),
        ("?a", UriError::NotAbsolute),
        ("/a b", UriError::NotAscii),
        ("/\u{e9}", UriError::NotAscii),
        ("/a\n", UriError::NotAscii),
        ("/a#b", UriError::Path),
        ("https://example.com/a#b", UriError::Path),
        ("/%", UriError::PercentEncoding),
        ("/a\\b", UriError::Path),
        ("https://user@example.com/a", UriError::UserInformation),
    ] {
        assert_eq!(example(htu, target), refused(error), "{target}");
    }
    // Two slashes are a path, never another host.
    assert_eq!(example("https://example.com//example.org/a", "//example.org/a"), Ok(()));
    assert_eq!(example("https://example.org/a", "//example.org/a"), differ("host"));
}

/// A proxy strips `/v1`, or adds none: clients know the whole path.
#[test]
fn prefix_of_the_origin_comes_before_the_path_of_the_request() {
    for origin in ["https://example.com/v1", "https://example.com/v1/"] {
        assert_eq!(at(origin, "https://example.com/v1/users", "/users"), Ok(()));
        assert_eq!(at(origin, "https://example.com/v1/", "/"), Ok(()));
        assert_eq!(at(origin, "https://example.com/users", "/users"), differ("path"));
        assert_eq!(at(origin, "https://example.com/v1", "/"), differ("path"));
        // A whole URI is the one that the client knows.
        let whole = "https://example.com/v1/users";
        assert_eq!(at(origin, whole, whole), Ok(()));
    }
}

/// Another service on the host has another prefix. It gets proofs of its own, and must not be able to use them
/// here.
#[test]
fn target_that_leaves_the_prefix_of_the_origin_is_refused() {
    let other = Err(ProofError::RequestOfOtherOrigin);
    for (origin, htu, target) in [
        ("https://example.com/v1", "https://example.com/admin", "/../admin"),
        ("https://example.com/v1", "https://example.com/admin", "/../admin?a=/v1/"),
        ("https://example.com/v1", "https://example.com/admin", "/a/../../admin"),
        ("https://example.com/v1", "https://example.com/admin", "/%2e%2E/admin"),
        ("https://example.com/v1", "https://example.com/admin", "/.%2e/admin"),
        ("https://example.com/v1", "https://example.com/admin", "/./../admin"),
        ("https://example.com/v1", "https://example.com/admin", "//../../admin"),
        ("https://example.com/v1", "https://example.com/", "/.."),
        ("https://example.com/v1", "https://example.com/", "/../"),
        ("https://example.com/v1", "https://example.com/v10", "/../v10"),
        ("https://example.com/v1", "https://example.com/V1/a", "/../V1/a"),
        ("https://example.com/v1", "https://example.com/v1", "/../v1"),
        ("https://example.com/a/b", "https://example.com/a/c", "/../c"),
        // For the service, which does not know its prefix, that is its path `/v1/users`.
        ("https://example.com/v1", "https://example.com/v1/users", "/../v1/users"),
        ("https://example.com/a/a", "https://example.com/a/a/b", "/../a/b"),
        // A whole URI.
        ("https://example.com/v1", "https://example.com/admin", "https://example.com/admin"),
        ("https://example.com/v1/", "https://example.com/admin", "https://example.com/admin"),
        ("https://example.com/v1", "https://example.com/admin", "HTTPS://EXAMPLE.com:443/admin"),
        ("https://example.com/v1", "https://example.com/admin", "https://example.com/v1/../admin"),
        ("https://example.com/v1", "https://example.com/a", "https://example.com/v1/%2E%2e/a"),
        ("https://example.com/v1", "https://example.com/a", "https://example.com/a?/v1/"),
        ("https://example.com/v1", "https://example.com/", "https://example.com"),
        ("https://example.com/v1", "https://example.com/v10", "https://example.com/v10"),
        ("https://example.com/v1", "https://example.com/v10/a", "https://example.com/v10/a"),
        ("https://example.com/v1", "https://example.com/V1/a", "https://example.com/V1/a"),
        ("https://example.com/v1", "https://example.com//v1/a", "https://example.com//v1/a"),
        ("https://example.com/v1", "https://example.com/v1%2Fa", "https://example.com/v1%2Fa"),
        ("https://example.com/v1", "https://example.com/v1;a", "https://example.com/v1;a"),
    ] {
        assert_eq!(at(origin, htu, target), other, "{htu} at {origin} for {target}");
    }
    // Whatever the proof is for.
    let inside = at("https://example.com/v1", "https://example.com/v1/admin", "/../admin");
    assert_eq!(inside, other);
}

#[test]
fn target_that_stays_under_the_prefix_of_the_origin_is_not_refused() {
    for (origin, htu, target) in [
        ("https://example.com/v1", "https://example.com/v1/b", "/a/../b"),
        ("https://example.com/v1", "https://example.com/v1/", "/a/.."),
        ("https://example.com/v1", "https://example.com/v1/admin", "//../admin"),
        ("https://example.com/v1", "https://example.com/v1//a", "//a"),
        ("https://example.com/v1", "https://example.com/v1/v1/a", "/v1/a"),
        ("https://example.com/v1", "https://example.com/v1/a", "/a?/../../admin"),
        // One segment each, neither of them with two dots alone.
        ("https://example.com/v1", "https://example.com/v1/..%2Fadmin", "/..%2fadmin"),
        ("https://example.com/v1", "https://example.com/v1/..;/admin", "/..;/admin"),
        ("https://example.com/v1", "https://example.com/v1/%252e%252e/a", "/%252e%252e/a"),
        ("https://example.com/v1", "https://example.com/v1/.../a", "/.../a"),
        ("https://example.com/v1", "https://example.com/v1", "https://example.com/v1"),
        ("https://example.com/v1", "https://example.com/v1/", "https://example.com/v1/"),
        ("https://example.com/v1", "https://example.com/v1/a", "https://example.com/%76%31/a"),
        ("https://example.com/v1", "https://example.com/v1/a", "https://example.com/v1/b/../a"),
        ("https://example.com/v1", "https://example.com/v1/a", "https://example.com/b/../v1/a"),
        // Without a prefix there is nothing above.
        ("https://example.com", "https://example.com/admin", "/../admin"),
        ("https://example.com/", "https://example.com/admin", "/../admin"),
        ("https://example.com", "https://example.com/v1/a", "https://example.com/../v1/a"),
    ] {
        assert_eq!(at(origin, htu, target), Ok(()), "{htu} at {origin} for {target}");
    }
    let backslash = Err(ProofError::RequestTarget(UriError::Path));
    let origin = "https://example.com/v1";
    assert_eq!(at(origin, "https://example.com/admin", "/..\\admin"), backslash);
    assert_eq!(at(origin, "https://example.com/v1/a", "https://example.com/v1\\a"), backslash);
}

#[test]
fn host_of_the_request_has_no_say() {
    // The proof is for another service; only the setting counts.
    let verifier = verifier_of(policy());
    let proof = proof().claim("htu", "https://other.example/v1/users");
    let found = proof.check_in(&verifier, "GET", "/v1/users", NOW);
    assert_eq!(found.unwrap_err(), ProofError::WrongTarget { part: "host" });
}

#[test]
fn texts_and_codes() {
    for (error, code, text) in [
        (UriError::NotAscii, "not_ascii", "it has a space or a character that is not ASCII"),
        (UriError::NotAbsolute, "not_absolute", "it does not begin with https:// or http://"),
        (UriError::UserInformation, "user_information", "it has user information before the host"),
        (UriError::HostMissing, "host_missing", "it has no host"),
        (UriError::Host, "host", "its host is malformed"),
        (UriError::Port, "port", "its port is not a number up to 65535"),
        (
            UriError::PercentEncoding,
            "percent_encoding",
            "it has a % without two hexadecimal digits",
        ),
        (UriError::Path, "path", "its path is malformed"),
    ] {
        assert_eq!((error.code(), error.to_string().as_str()), (code, text));
    }
}
