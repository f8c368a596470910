//! Protected resource metadata: where it is, what it says, and what it may not say.

use serde_json::{Value, json};
use tokenring::{
    Algorithm, Guard, JwkSet, Policy, Rejection, ResourceMetadata, ResourceMetadataBuilder,
    ResourceMetadataError as Error, SettingFault, Verifier, testkit::ISSUER as TEST_ISSUER,
};

#[cfg(feature = "std")]
use crate::common::policy;
use crate::common::{NOW, keys, token, verifier};

const RESOURCE: &str = "https://api.example.com/mcp";
const ISSUER: &str = "https://issuer.example";

/// Metadata of `resource` that is otherwise right.
fn of(resource: &str) -> ResourceMetadataBuilder {
    ResourceMetadata::new(resource).authorization_server(ISSUER)
}

fn good() -> ResourceMetadataBuilder {
    of(RESOURCE)
}

fn error(builder: ResourceMetadataBuilder) -> Error {
    builder.build().unwrap_err()
}

fn document(builder: ResourceMetadataBuilder) -> Value {
    serde_json::from_str(&builder.build().unwrap().to_json()).unwrap()
}

// Section 3.1: where the document is.

/// Resources, with the path and the URL of their documents.
const LOCATIONS: [(&str, &str, &str); 19] = [
    // The examples of section 3.1.
    (
        "https://resource.example.com",
        "/.well-known/oauth-protected-resource",
        "https://resource.example.com/.well-known/oauth-protected-resource",
    ),
    (
        "https://resource.example.com/resource1",
        "/.well-known/oauth-protected-resource/resource1",
        "https://resource.example.com/.well-known/oauth-protected-resource/resource1",
    ),
    // A slash directly after the host is removed.
    (
        "https://r.example/",
        "/.well-known/oauth-protected-resource",
        "https://r.example/.well-known/oauth-protected-resource",
    ),
    (
        "https://r.example/?tenant=1",
        "/.well-known/oauth-protected-resource",
        "https://r.example/.well-known/oauth-protected-resource?tenant=1",
    ),
    // No other slash is.
    (
        "https://r.example/mcp/",
        "/.well-known/oauth-protected-resource/mcp/",
        "https://r.example/.well-known/oauth-protected-resource/mcp/",
    ),
    (
        "https://r.example//mcp",
        "/.well-known/oauth-protected-resource//mcp",
        "https://r.example/.well-known/oauth-protected-resource//mcp",
    ),
    (
        "https://r.example//",
        "/.well-known/oauth-protected-resource//",
        "https://r.example/.well-known/oauth-protected-resource//",
    ),
    (
        "https://r.example/a/b/c",
        "/.well-known/oauth-protected-resource/a/b/c",
        "https://r.example/.well-known/oauth-protected-resource/a/b/c",
    ),
    // A query stays at the end, whatever is in it.
    (
        "https://r.example?tenant=1",
        "/.well-known/oauth-protected-resource",
        "https://r.example/.well-known/oauth-protected-resource?tenant=1",
    ),
    (
        "https://r.example/mcp?a=/b/../c&d=?e://f@g",
        "/.well-known/oauth-protected-resource/mcp",
        "https://r.example/.well-known/oauth-protected-resource/mcp?a=/b/../c&d=?e://f@g",
    ),
    (
        "https://r.example/mcp?",
        "/.well-known/oauth-protected-resource/mcp",
        "https://r.example/.well-known/oauth-protected-resource/mcp?",
    ),
    // Ports and addresses.
    (
        "https://r.example:8443/mcp",
        "/.well-known/oauth-protected-resource/mcp",
        "https://r.example:8443/.well-known/oauth-protected-resource/mcp",
    ),
    (
        "https://r.example:443",
        "/.well-known/oauth-protected-resource",
        "https://r.example:443/.well-known/oauth-protected-resource",
    ),
    (
        "https://192.0.2.1/mcp",
        "/.well-known/oauth-protected-resource/mcp",
        "https://192.0.2.1/.well-known/oauth-protected-resource/mcp",
    ),
    (
        "https://[2001:db8::1]/mcp",
        "/.well-known/oauth-protected-resource/mcp",
        "https://[2001:db8::1]/.well-known/oauth-protected-resource/mcp",
    ),
    (
        "https://[2001:db8::1]:8443",
        "/.well-known/oauth-protected-resource",
        "https://[2001:db8::1]:8443/.well-known/oauth-protected-resource",
    ),
    // Nothing is normalized.
    (
        "https://R.Example/MCP/%7e%7E;v=1,2/@x:y/a=b'(c)*!$&+",
        "/.well-known/oauth-protected-resource/MCP/%7e%7E;v=1,2/@x:y/a=b'(c)*!$&+",
        "https://R.Example/.well-known/oauth-protected-resource/MCP/%7e%7E;v=1,2/@x:y/a=b'(c)*!$&+",
    ),
    // Segments that only look like those that clients take out.
    (
        "https://r.example/.../.a/a./..a/%2e%2e%2e/%252e",
        "/.well-known/oauth-protected-resource/.../.a/a./..a/%2e%2e%2e/%252e",
        "https://r.example/.well-known/oauth-protected-resource/.../.a/a./..a/%2e%2e%2e/%252e",
    ),
    (
        "https://r.example/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-protected-resource/.well-known/oauth-protected-resource/mcp",
        "https://r.example/.well-known/oauth-protected-resource/.well-known/oauth-protected-resource/mcp",
    ),
];

#[test]
fn document_is_between_host_and_path_and_the_resource_is_printed_as_it_was_given() {
    for (resource, path, url) in LOCATIONS {
        let metadata = of(resource).build().unwrap_or_else(|error| panic!("{resource}: {error}"));
        assert_eq!(metadata.well_known_path(), path, "{resource}");
        assert_eq!(metadata.url(), url, "{resource}");
        assert_eq!(metadata.resource(), resource);
        let document: Value = serde_json::from_str(&metadata.to_json()).unwrap();
        assert_eq!(document["resource"], resource);
    }
}

#[test]
fn two_resources_on_one_host_have_a_document_each() {
    let [files, mail] = ["https://r.example/files", "https://r.example/mail"]
        .map(|resource| of(resource).build().unwrap());
    assert_ne!(files.well_known_path(), mail.well_known_path());
    assert_ne!(files.url(), mail.url());
    assert_ne!(files.to_json(), mail.to_json());
    // Of resources that differ in their query, only the URLs do.
    let [one, two] =
        ["https://r.example/?t=1", "https://r.example/?t=2"].map(|one| of(one).build().unwrap());
    assert_eq!(one.well_known_path(), two.well_known_path());
    assert_ne!(one.url(), two.url());
}

/// The guard puts the URL into a quoted string of a header field.
#[test]
fn url_has_no_character_that_ends_a_quoted_string_or_a_header_field() {
    for byte in 0..=255_u8 {
        let character = char::from(byte);
        for resource in [
            format!("https://r.example/{character}"),
            format!("https://r.example/?{character}"),
            format!("https://r.example{character}"),
            format!("https://{character}r.example/"),
        ] {
            let Ok(metadata) = of(&resource).build() else { continue };
            assert!(metadata.url().bytes().all(|byte| byte.is_ascii_graphic()), "{resource:?}");
            assert!(!metadata.url().contains(['"', '\\', '<', '>', '#']), "{resource:?}");
        }
    }
}

// Section 2: what the document says.

#[test]
fn least_document_names_the_resource_its_server_and_the_way_of_the_token() {
    assert_eq!(
        good().build().unwrap().to_json(),
        r#"{"resource":"https://api.example.com/mcp","authorization_servers":["https://issuer.example"],"bearer_methods_supported":["header"]}"#,
    );
}

#[test]
fn every_member_is_printed_in_the_order_of_the_specification() {
    let metadata = ResourceMetadata::new(RESOURCE)
        .dpop_bound_access_tokens_required()
        .dpop_signing_alg_values_supported([Algorithm::ES256, Algorithm::EdDSA])
        .tls_client_certificate_bound_access_tokens()
        .tos_uri("https://example.com/terms")
        .policy_uri("https://example.com/policy?lang=en")
        .documentation("https://example.com/docs#api")
        .name("Files")
        .scopes_supported(["files:read", "files:write"])
        .authorization_server("https://one.example/")
        .authorization_server("https://two.example/tenant")
        .build()
        .unwrap();
    let expected = concat!(
        r#"{"resource":"https://api.example.com/mcp","#,
        r#""authorization_servers":["https://one.example/","https://two.example/tenant"],"#,
        r#""scopes_supported":["files:read","files:write"],"#,
        r#""bearer_methods_supported":["header"],"#,
        r#""resource_name":"Files","#,
        r#""resource_documentation":"https://example.com/docs#api","#,
        r#""resource_policy_uri":"https://example.com/policy?lang=en","#,
        r#""resource_tos_uri":"https://example.com/terms","#,
        r#""tls_client_certificate_bound_access_tokens":true,"#,
        r#""dpop_signing_alg_values_supported":["ES256","EdDSA"],"#,
        r#""dpop_bound_access_tokens_required":true}"#,
    );
    assert_eq!(metadata.to_json(), expected);
}

#[test]
fn each_optional_member_alone_is_the_only_one_that_is_added() {
    let added: [(ResourceMetadataBuilder, &str, Value); 8] = [
        (good().scopes_supported(["a"]), "scopes_supported", json!(["a"])),
        (good().name("N"), "resource_name", json!("N")),
        (
            good().documentation("https://a.example"),
            "resource_documentation",
            json!("https://a.example"),
        ),
        (good().policy_uri("https://a.example"), "resource_policy_uri", json!("https://a.example")),
        (good().tos_uri("https://a.example"), "resource_tos_uri", json!("https://a.example")),
        (
            good().tls_client_certificate_bound_access_tokens(),
            "tls_client_certificate_bound_access_tokens",
            json!(true),
        ),
        (
            good().dpop_signing_alg_values_supported([Algorithm::PS256]),
            "dpop_signing_alg_values_supported",
            json!(["PS256"]),
        ),
        (
            good().dpop_bound_access_tokens_required(),
            "dpop_bound_access_tokens_required",
            json!(true),
        ),
    ];
    for (builder, member, value) in added {
        let mut expected = document(good());
        expected[member] = value;
        assert_eq!(document(builder), expected, "{member}");
    }
}

#[test]
fn later_call_replaces_a_value_and_adds_an_authorization_server() {
    let twice = good()
        .scopes_supported(["a", "b"])
        .scopes_supported(["c"])
        .name("A")
        .name("B")
        .authorization_server("https://two.example");
    let document = document(twice);
    assert_eq!(document["scopes_supported"], json!(["c"]));
    assert_eq!(document["resource_name"], "B");
    assert_eq!(document["authorization_servers"], json!([ISSUER, "https://two.example"]));
}

#[test]
fn name_is_escaped_as_json_and_otherwise_kept() {
    for (name, text) in [
        (r#"a","resource":"https://evil.example"#, r#""a\",\"resource\":\"https://evil.example""#),
        (r"a\", r#""a\\""#),
        ("Dateien für alle \u{1f4c1}", "\"Dateien für alle \u{1f4c1}\""),
        (" N ", r#"" N ""#),
    ] {
        let json = good().name(name).build().unwrap().to_json();
        assert!(json.ends_with(&format!(r#","resource_name":{text}}}"#)), "{json}");
        assert_eq!(document(good().name(name))["resource_name"], name);
    }
}

#[test]
fn every_character_of_a_scope_is_allowed_and_no_other() {
    for character in (0..=255_u8).map(char::from).chain(['\u{2028}', '\u{fb01}']) {
        let scope = format!("a{character}");
        // RFC 6749 section 3.3: %x21 / %x23-5B / %x5D-7E
        let is_allowed = matches!(character, '\u{21}' | '\u{23}'..='\u{5b}' | '\u{5d}'..='\u{7e}');
        let outcome = good().scopes_supported(["ok", &scope]).build();
        match is_allowed {
            true => {
                let json = outcome.unwrap().to_json();
                assert!(
                    json.contains(&format!(r#""scopes_supported":["ok","{scope}"]"#)),
                    "{json}"
                );
            }
            false => assert_eq!(outcome, Err(Error::Scope { index: 1 }), "{scope:?}"),
        }
    }
}

// What is refused.

/// URLs that no `member` may have, each with its error.
fn bad_urls(member: &'static str) -> Vec<(&'static str, Error)> {
    let (url, plain) = (Error::Url { member }, Error::NotHttps { member });
    let spoiled = |fault| Error::SpoiledUrl { member, fault };
    let (space, quotes) = (spoiled(SettingFault::WhiteSpace), spoiled(SettingFault::Quotes));
    let placeholder = spoiled(SettingFault::Placeholder);
    let (user, fragment) = (Error::UserInformation { member }, Error::Fragment { member });
    vec![
        ("http://r.example/mcp", plain),
        ("http://127.0.0.1/mcp", plain),
        ("http://localhost", plain),
        ("ftp://r.example/", plain),
        ("://r.example/", plain),
        // Equal to `https:`, but clients compare characters.
        ("HTTPS://r.example/", plain),
        ("Https://r.example/", plain),
        ("xhttps://r.example/", plain),
        ("https://r.example/#", fragment),
        ("https://r.example/#fragment", fragment),
        ("https://r.example#a?b", fragment),
        ("https://user@r.example/", user),
        ("https://user:password@r.example/", user),
        ("https://@r.example/", user),
        ("https://r.example@evil.example", user),
        // Not absolute, or without a host.
        ("", plain),
        ("r.example", plain),
        ("r.example/mcp", plain),
        ("//r.example/mcp", plain),
        ("/mcp", plain),
        ("https:", plain),
        ("https:r.example", plain),
        ("https:/r.example", plain),
        ("https://", url),
        ("https:///mcp", url),
        ("https://:443/", url),
        ("https://?a", url),
        ("https://#a", url),
        ("urn:example:mcp", plain),
        ("api://default", plain),
        ("javascript:alert(1)", plain),
        // White space, control characters, characters outside ASCII.
        (" https://r.example/", space),
        ("https://r.example/ ", space),
        ("https://r.example/a b", url),
        ("https://r.example/\t", space),
        ("https://r.example/\n", space),
        ("https://r.example/\r\nX: y", space),
        ("https://r.example/\0", space),
        ("https://r.example/\u{7f}", space),
        ("https://r.example/\u{e4}", url),
        ("https://r\u{e4}.example/", url),
        ("https://r.example/\u{a0}", space),
        // Quotation marks and placeholders.
        ("\"https://r.example/\"", quotes),
        ("'https://r.example/'", quotes),
        ("https://${HOST}/", placeholder),
        // Other characters that no URL contains.
        ("https://r.example/\"", quotes),
        ("https://r.example/\\", url),
        ("https://r.example\\@evil.example", url),
        ("https://r.example/<a>", url),
        ("https://r.example/{tenantid}", placeholder),
        ("https://r.example/a|b", url),
        ("https://r.example/^", url),
        ("https://r.example/`", url),
        ("https://r.example/[a]", url),
        ("https://r.example/]", url),
        // Escapes.
        ("https://r.example/%", url),
        ("https://r.example/%4", url),
        ("https://r.example/%4g", url),
        ("https://r.example/%%41", url),
        ("https://r%41.example/", url),
        // Hosts and ports.
        ("https://r.example:/", url),
        ("https://r.example:0/", url),
        ("https://r.example:65536/", url),
        ("https://r.example:+80/", url),
        ("https://r.example:80:80/", url),
        ("https://r.example:8o/", url),
        ("https://r,s.example/", url),
        ("https://*.example/", url),
        ("https://[::1/", url),
        ("https://::1]/", url),
        ("https://[::g]/", url),
        ("https://[::1]a/", url),
        ("https://[::1]:/", url),
        ("https://[fe80::1%25eth0]/", url),
        ("https://[]/", url),
        ("https://[r.example]/", url),
    ]
}

#[test]
fn url_that_is_not_a_plain_https_url_is_refused_wherever_it_is() {
    for (url, expected) in bad_urls("resource") {
        assert_eq!(error(of(url)), expected, "{url:?}");
    }
    for (url, expected) in bad_urls("authorization_servers") {
        assert_eq!(error(good().authorization_server(url)), expected, "{url:?}");
    }
    for member in ["resource_documentation", "resource_policy_uri", "resource_tos_uri"] {
        let page = |url| match member {
            "resource_documentation" => good().documentation(url),
            "resource_policy_uri" => good().policy_uri(url),
            _ => good().tos_uri(url),
        };
        for (url, expected) in bad_urls(member) {
            match expected {
                // A page may have one.
                Error::Fragment { .. } => assert_eq!(document(page(url))[member], url),
                expected => assert_eq!(error(page(url)), expected, "{url:?}"),
            }
        }
        for url in ["https://a.example/?[", "https://a.example/#]"] {
            assert_eq!(error(page(url)), Error::Url { member }, "{url}");
        }
    }
}

#[test]
fn resource_with_a_segment_that_clients_take_out_is_refused() {
    for path in ["/.", "/..", "/a/../b", "/./a", "/a/.", "/%2e", "/%2E%2e/a", "/.%2e", "/%2E./?q"] {
        assert_eq!(error(of(&format!("https://r.example{path}"))), Error::DotSegment, "{path}");
    }
}

#[test]
fn plain_http_is_allowed_for_this_machine_if_the_builder_says_so() {
    for host in ["localhost", "LocalHost:8080", "127.0.0.1:1", "127.1.2.3", "[::1]", "[::1]:8080"] {
        let (resource, issuer) = (format!("http://{host}/mcp"), format!("http://{host}"));
        let builder = ResourceMetadata::new(&resource)
            .authorization_server(&issuer)
            .documentation(format!("http://{host}/docs"));
        assert_eq!(error(builder.clone()), Error::NotHttps { member: "resource" });
        let metadata = builder.danger_allow_http_loopback().build().unwrap();
        let url = format!("http://{host}/.well-known/oauth-protected-resource/mcp");
        assert_eq!((metadata.url(), metadata.resource()), (&*url, &*resource));
    }
    for host in [
        "r.example",
        "127.1",
        "2130706433",
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
        "localhost.example",
        "127.0.0.1.example",
        "10.0.0.1",
    ] {
        let refused = of(&format!("http://{host}/mcp")).danger_allow_http_loopback();
        assert_eq!(error(refused), Error::NotHttps { member: "resource" }, "{host}");
        let issuer = good().authorization_server(format!("http://{host}"));
        assert_eq!(
            error(issuer.danger_allow_http_loopback()),
            Error::NotHttps { member: "authorization_servers" },
            "{host}",
        );
    }
    // Neither is another scheme, nor is anything else allowed by it.
    for (url, expected) in [
        ("ftp://localhost/", Error::NotHttps { member: "resource" }),
        ("HTTP://localhost/", Error::NotHttps { member: "resource" }),
        ("http://user@localhost/", Error::UserInformation { member: "resource" }),
        ("http://localhost/#", Error::Fragment { member: "resource" }),
        ("http://r.example@localhost/", Error::UserInformation { member: "resource" }),
    ] {
        assert_eq!(error(of(url).danger_allow_http_loopback()), expected, "{url}");
    }
}

#[test]
fn issuer_is_printed_exactly_and_has_no_query() {
    for issuer in ["https://a.example", "https://a.example/", "https://A.example:443/t/"] {
        let metadata = ResourceMetadata::new(RESOURCE).authorization_server(issuer);
        assert_eq!(document(metadata)["authorization_servers"], json!([issuer]));
    }
    for issuer in ["https://a.example?", "https://a.example/?a=b", "https://a.example/t?a"] {
        assert_eq!(error(good().authorization_server(issuer)), Error::IssuerQuery, "{issuer}");
    }
}

#[test]
fn list_without_elements_or_with_one_of_them_twice_is_refused() {
    assert_eq!(error(ResourceMetadata::new(RESOURCE)), Error::NoAuthorizationServer);
    let none: [&str; 0] = [];
    let member = "scopes_supported";
    assert_eq!(error(good().scopes_supported(none)), Error::Empty { member });
    assert_eq!(error(good().scopes_supported(["a", "b", "a"])), Error::Duplicate { member });
    let member = "dpop_signing_alg_values_supported";
    assert_eq!(error(good().dpop_signing_alg_values_supported([])), Error::Empty { member });
    let twice = [Algorithm::ES256, Algorithm::ES256];
    assert_eq!(error(good().dpop_signing_alg_values_supported(twice)), Error::Duplicate { member });
    let member = "authorization_servers";
    assert_eq!(error(good().authorization_server(ISSUER)), Error::Duplicate { member });
    // Two issuers, as they are compared.
    assert!(good().authorization_server(format!("{ISSUER}/")).build().is_ok());
}

#[test]
fn scope_that_cannot_be_requested_is_refused_with_its_place() {
    assert_eq!(error(good().scopes_supported([""])), Error::Scope { index: 0 });
    assert_eq!(error(good().scopes_supported(["a", "a b"])), Error::Scope { index: 1 });
    assert_eq!(error(good().scopes_supported(["a", "b", "c\"d"])), Error::Scope { index: 2 });
    let offline = good().scopes_supported(["a", "offline_access"]);
    assert_eq!(error(offline), Error::OfflineAccess);
    assert!(good().scopes_supported(["offline_access2", "Offline_access"]).build().is_ok());
}

#[test]
fn name_that_shows_nothing_or_has_a_control_character_is_refused() {
    for name in ["", " ", "\u{3000}", "\n"] {
        assert_eq!(error(good().name(name)), Error::Empty { member: "resource_name" }, "{name:?}");
    }
    for name in ["a\nb", "a\0", "\u{1b}[31mred", "a\u{7f}", "a\u{85}b"] {
        assert_eq!(error(good().name(name)), Error::ControlCharacter, "{name:?}");
    }
}

// Section 5: the guard tells clients where the document is.

fn guard() -> Guard<JwkSet> {
    Guard::new(verifier()).require_scope("files:read")
}

#[test]
fn guard_fills_in_its_issuers_and_scopes_unless_they_are_set() {
    let twice = guard().require_scope("files:list files:read");
    let metadata = document(twice.metadata_builder(RESOURCE));
    assert_eq!(metadata["authorization_servers"], json!([TEST_ISSUER]));
    assert_eq!(metadata["scopes_supported"], json!(["files:read", "files:list"]));

    let other = Policy::new("https://other.example", "api");
    let of_two = Guard::new(verifier().with_issuer(other, keys()).unwrap());
    let metadata = document(of_two.metadata_builder(RESOURCE));
    assert_eq!(metadata["authorization_servers"], json!([TEST_ISSUER, "https://other.example"]));
    assert_eq!(metadata.get("scopes_supported"), None);

    let set = of_two
        .require_scope("a")
        .metadata_builder(RESOURCE)
        .authorization_server(ISSUER)
        .scopes_supported(["b"]);
    assert_eq!(document(set.clone())["authorization_servers"], json!([ISSUER]));
    assert_eq!(document(set)["scopes_supported"], json!(["b"]));
}

#[cfg(feature = "std")]
#[test]
fn issuers_at_run_time_are_those_of_the_moment() {
    let issuers = tokenring::Issuers::new();
    let guard = Guard::new(Verifier::with_issuers(issuers.clone()));
    assert_eq!(error(guard.metadata_builder(RESOURCE)), Error::NoAuthorizationServer);
    issuers.add(policy(), keys()).unwrap();
    let metadata = document(guard.metadata_builder(RESOURCE));
    assert_eq!(metadata["authorization_servers"], json!([TEST_ISSUER]));
}

#[test]
fn setting_of_the_guard_that_no_document_may_have_is_refused() {
    let member = "authorization_servers";
    for (policy, expected) in [
        (Policy::new("accounts.google.com", "api"), Error::NotHttps { member }),
        (
            Policy::for_tenants("https://login.microsoftonline.com/{tenantid}/v2.0", "api")
                .any_tenant(),
            Error::SpoiledUrl { member, fault: SettingFault::Placeholder },
        ),
        (Policy::new("http://issuer.example", "api"), Error::NotHttps { member }),
    ] {
        let guard = Guard::new(Verifier::new(policy, keys()).unwrap());
        assert_eq!(error(guard.metadata_builder(RESOURCE)), expected);
        assert!(guard.metadata_builder(RESOURCE).authorization_server(ISSUER).build().is_ok());
    }
    // The name of an empty setting is empty.
    for (scope, expected) in [
        ("", Error::Scope { index: 1 }),
        ("a \"b", Error::Scope { index: 2 }),
        ("offline_access", Error::OfflineAccess),
    ] {
        let guard = guard().require_scope(scope);
        assert_eq!(error(guard.metadata_builder(RESOURCE)), expected, "{scope:?}");
    }
}

/// The values of `WWW-Authenticate`.
fn challenges(rejection: &Rejection) -> Vec<String> {
    let fields = rejection.headers().filter(|(name, _)| *name == "WWW-Authenticate");
    fields.map(|(_, value)| value).collect()
}

#[test]
fn each_401_and_403_names_the_document_and_no_other_answer_does() {
    let metadata = of("https://api.example.com/mcp?a=b").build().unwrap();
    let guard = guard().resource_metadata(&metadata);
    let good = format!("Bearer {}", token().scope("files:read").mint());
    let caller = guard.check_at([&good], NOW).unwrap();
    let poor = format!("Bearer {}", token().mint());
    let expected = r#"resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/mcp?a=b""#;
    for (rejection, status) in [
        (guard.check_at(None::<&str>, NOW).unwrap_err(), 401),
        (guard.check_at(["Bearer a.b"], NOW).unwrap_err(), 401),
        (guard.check_at([&poor], NOW).unwrap_err(), 403),
        (guard.check_scope(&caller, "files:write").unwrap_err(), 403),
        (guard.forbidden("code", "message"), 403),
    ] {
        assert_eq!(rejection.status(), status);
        let [challenge] = &challenges(&rejection)[..] else { panic!("{rejection:?}") };
        assert!(challenge.contains(expected), "{challenge}");
    }
    let several = guard.check_at([&good, &good], NOW).unwrap_err();
    assert_eq!(several.status(), 400);
    assert!(challenges(&several).iter().all(|challenge| !challenge.contains("resource_metadata")));
}

#[test]
fn later_metadata_replace_the_former() {
    let [one, two] =
        ["https://r.example/1", "https://r.example/2"].map(|one| of(one).build().unwrap());
    let guard = guard().resource_metadata(&one).resource_metadata(&two);
    assert_eq!(
        challenges(&guard.missing_token()),
        [
            r#"Bearer scope="files:read", resource_metadata="https://r.example/.well-known/oauth-protected-resource/2", realm="api""#
        ],
    );
}

#[test]
fn texts_of_the_errors() {
    let member = "resource";
    for (error, text) in [
        (
            Error::Url { member },
            "`resource`: not an absolute URL with a host, or with a character that no URL may contain",
        ),
        (
            Error::SpoiledUrl { member, fault: SettingFault::Quotes },
            "`resource`: the URL has quotation marks around it: remove them where it is set",
        ),
        (Error::UserInformation { member }, "`resource`: the URL has user information"),
        (
            Error::NotHttps { member },
            "`resource`: the URL must begin with https://, unless danger_allow_http_loopback allows http: for its host",
        ),
        (Error::Fragment { member }, "`resource`: the URL has a fragment"),
        (Error::DotSegment, "`resource`: the path has a segment `.` or `..`"),
        (
            Error::NoAuthorizationServer,
            "`authorization_servers`: no authorization server was named",
        ),
        (Error::IssuerQuery, "`authorization_servers`: the issuer's URL has a query"),
        (
            Error::Scope { index: 1 },
            "`scopes_supported`: scope number 2 is empty or has a character that no scope may contain",
        ),
        (Error::OfflineAccess, "`scopes_supported`: `offline_access` is not a scope of a resource"),
        (Error::ControlCharacter, "`resource_name`: a control character"),
        (
            Error::Duplicate { member: "scopes_supported" },
            "`scopes_supported`: a value occurs twice",
        ),
        (Error::Empty { member: "resource_name" }, "`resource_name`: was set, but is empty"),
    ] {
        assert_eq!(error.to_string(), text);
    }
}
