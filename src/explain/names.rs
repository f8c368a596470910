//! From two names of an issuer, or of an audience, that are not the same to a [`Hint`]. RFC 7519
//! sections 4.1.1 and 4.1.3.

use alloc::string::String;

use crate::explain::hint::{self, Argument, Hint};

/// For an `iss` that is not the policy's issuer. None if it is.
pub(super) fn issuer(expected: &str, actual: &str) -> Option<Hint> {
    if expected == actual {
        return None;
    }
    let (one, other) = (Url::of(expected), Url::of(actual));
    let hint = without_scheme_too(expected, actual)
        .or_else(|| differing_part(expected, actual).map(|[of_issuer, _]| of_issuer))
        .or_else(|| entra(&one, &other))
        .or_else(|| adfs(&one, &other))
        .or_else(|| keycloak(&one, &other))
        .or_else(|| okta(&one, &other));
    let are_urls = expected.contains("://") && actual.contains("://");
    Some(hint.unwrap_or(match are_urls && one.path == other.path {
        true => hint::ISSUER_HOST,
        false => hint::OTHER_ISSUER,
    }))
}

/// Whether the token's issuer is probably meant to be `expected`.
pub(super) fn is_similar_issuer(expected: &str, actual: &str) -> bool {
    let other = [hint::OTHER_ISSUER, hint::ISSUER_HOST];
    issuer(expected, actual).is_some_and(|hint| !other.contains(&hint))
}

/// For a token of `issuer` whose key is for the tokens of another one.
pub(super) fn issuer_of_key(issuer: &str, of_key: &str) -> Option<Hint> {
    match (Entra::of(&Url::of(issuer))?, Entra::of(&Url::of(of_key))?.version) {
        (Entra { version: Version::One, .. }, Version::Two) => {
            let cloud = Cloud::of_host(&Url::of(of_key))?;
            Some(hint::ENTRA_KEYS_OF_VERSION_2.with(Argument::Name(cloud.keys_of_version_1)))
        }
        _ => None,
    }
}

/// For a token of `issuer` whose `kid` none of its keys has.
pub(super) fn unknown_key(issuer: &str) -> Option<Hint> {
    let url = Url::of(issuer);
    let cloud = Cloud::of_host(&url)?;
    let (version, keys) = match Entra::of(&url)?.version {
        Version::One => ("version 1.0", cloud.keys_of_version_1),
        Version::Two => ("version 2.0", cloud.keys_of_version_2),
        Version::Missing => return None,
    };
    Some(hint::ENTRA_UNKNOWN_KEY.with(Argument::Name(version)).with(Argument::Name(keys)))
}

/// For an `aud` that looks like one of the policy's audiences.
pub(super) fn audience(accepted: &[String], actual: &[String]) -> Option<Hint> {
    let pairs = || accepted.iter().flat_map(|one| actual.iter().map(move |other| (one, other)));
    if pairs().any(|(one, other)| is_id_and_uri(one, other) || is_id_and_uri(other, one)) {
        return Some(hint::ENTRA_AUDIENCE);
    }
    if pairs().any(|(one, other)| other.strip_prefix("microsoft:identityserver:") == Some(one)) {
        return Some(hint::ADFS_AUDIENCE);
    }
    pairs().find_map(|(one, other)| differing_part(one, other)).map(|[_, of_audience]| of_audience)
}

/// Whether these are a client ID of Entra and the App ID URI that is made of it.
fn is_id_and_uri(id: &str, uri: &str) -> bool {
    let dashes = id.bytes().enumerate().filter(|(_, byte)| *byte == b'-').map(|(at, _)| at);
    let is_guid = id.len() == 36
        && dashes.eq([8, 13, 18, 23])
        && id.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    is_guid && uri.strip_prefix("api://").is_some_and(|of_uri| of_uri.eq_ignore_ascii_case(id))
}

// Spelling.

/// The hints for two names that differ only by an easily misspelled part: for an issuer, and for an
/// audience. None if there is more to it.
fn differing_part(one: &str, other: &str) -> Option<[Hint; 2]> {
    let alone = PARTS.iter().find(|part| (part.without)(one) == (part.without)(other));
    let without_any =
        |name: &str| PARTS.iter().fold(String::from(name), |name, part| (part.without)(&name));
    match alone {
        Some(part) => Some(part.hints),
        None if without_any(one) == without_any(other) => {
            Some([hint::ISSUER_SPELLING, hint::AUDIENCE_SPELLING])
        }
        None => None,
    }
}

fn without_port(name: &str) -> String {
    let Some((scheme, rest)) = name.split_once("://") else { return name.into() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    [scheme, "://", host, path].concat()
}

fn without_scheme(name: &str) -> &str {
    name.split_once("://").map_or(name, |(_, rest)| rest)
}

/// Whether the issuer is Microsoft Entra's, in any of its clouds.
pub(super) fn is_of_entra(issuer: &str) -> bool {
    Cloud::of_host(&Url::of(issuer)).is_some()
}

/// A part of a name that is easily misspelled.
struct Part {
    without: fn(&str) -> String,
    /// For an issuer, and for an audience.
    hints: [Hint; 2],
}

/// Case comes before the scheme, which may be in capitals, and the port too: it is found behind a
/// scheme.
static PARTS: [Part; 5] = [
    Part {
        without: |name| name.trim().into(),
        hints: [hint::ISSUER_WHITE_SPACE, hint::AUDIENCE_WHITE_SPACE],
    },
    Part {
        without: |name| name.trim_end_matches('/').into(),
        hints: [hint::ISSUER_SLASH, hint::AUDIENCE_SLASH],
    },
    Part {
        without: |name| name.to_ascii_lowercase(),
        hints: [hint::ISSUER_CASE, hint::AUDIENCE_CASE],
    },
    Part { without: without_port, hints: [hint::ISSUER_PORT, hint::AUDIENCE_PORT] },
    Part {
        without: |name| without_scheme(name).into(),
        hints: [hint::ISSUER_SCHEME, hint::AUDIENCE_SCHEME],
    },
];

// The issuers of vendors.

/// The parts of an issuer's URL that a vendor is recognized by.
struct Url<'u> {
    /// The host, and the port if there is one.
    host: &'u str,
    /// Without slashes at its ends.
    path: &'u str,
}

impl<'u> Url<'u> {
    fn of(issuer: &'u str) -> Self {
        let (host, path) =
            without_scheme(issuer).split_once('/').unwrap_or((without_scheme(issuer), ""));
        Self { host, path: path.trim_matches('/') }
    }
}

/// For an issuer that writes its `iss` in both ways.
fn without_scheme_too(one: &str, other: &str) -> Option<Hint> {
    let bare = one.strip_prefix("https://").unwrap_or(one);
    let is_other_form = bare == other.strip_prefix("https://").unwrap_or(other);
    let (_, vendor) =
        WITHOUT_SCHEME.into_iter().find(|(host, _)| is_other_form && *host == bare)?;
    Some(hint::ISSUER_WITHOUT_SCHEME.with(Argument::Name(vendor)))
}

fn entra(expected: &Url<'_>, actual: &Url<'_>) -> Option<Hint> {
    let (one, other) = (Entra::of(expected)?, Entra::of(actual)?);
    let cloud = CLOUDS.iter().find(|cloud| cloud.has(expected.host) && cloud.has(actual.host))?;
    if TENANTS_IN_NO_TOKEN.contains(&one.tenant) {
        return Some(hint::ENTRA_TENANT_MISSING);
    }
    if one.tenant != other.tenant {
        return None;
    }
    match (one.version, other.version) {
        (Version::Two | Version::Missing, Version::One) => Some(
            hint::ENTRA_VERSION_1
                .with(Argument::Name(cloud.sts))
                .with(Argument::Name(cloud.keys_of_version_1)),
        ),
        (Version::One, Version::Two) => {
            Some(hint::ENTRA_VERSION_2.with(Argument::Name(cloud.login)))
        }
        (Version::Missing, Version::Two) => Some(hint::ENTRA_VERSION_MISSING),
        _ => None,
    }
}

/// An issuer of Microsoft Entra.
struct Entra<'u> {
    version: Version,
    tenant: &'u str,
}

/// The version of the tokens that have an issuer.
#[derive(Clone, Copy)]
enum Version {
    One,
    Two,
    /// No token has this issuer.
    Missing,
}

impl<'u> Entra<'u> {
    fn of(url: &Url<'u>) -> Option<Self> {
        let cloud = Cloud::of_host(url)?;
        let (version, tenant) = match url.path.strip_suffix("/v2.0") {
            _ if url.host == cloud.sts => (Version::One, url.path),
            Some(tenant) => (Version::Two, tenant),
            None => (Version::Missing, url.path),
        };
        Some(Self { version, tenant })
    }
}

/// The hosts of one of Microsoft's clouds, and the URLs of its keys.
struct Cloud {
    login: &'static str,
    /// In the issuer of version 1.0.
    sts: &'static str,
    keys_of_version_1: &'static str,
    keys_of_version_2: &'static str,
}

impl Cloud {
    fn has(&self, host: &str) -> bool {
        host == self.login || host == self.sts
    }

    /// The first cloud with the host of `url`: two clouds share one.
    fn of_host(url: &Url<'_>) -> Option<&'static Self> {
        CLOUDS.iter().find(|cloud| cloud.has(url.host))
    }
}

/// For the two issuers of one AD FS: its metadata have `issuer` and `access_token_issuer`.
fn adfs(expected: &Url<'_>, actual: &Url<'_>) -> Option<Hint> {
    match (expected.path, actual.path) {
        _ if expected.host != actual.host => None,
        ("adfs", "adfs/services/trust") => Some(hint::ADFS_ACCESS_TOKEN),
        ("adfs/services/trust", "adfs") => Some(hint::ADFS_ID_TOKEN),
        _ => None,
    }
}

fn keycloak(expected: &Url<'_>, actual: &Url<'_>) -> Option<Hint> {
    let [one, other] =
        [expected, actual].map(|url| url.path.strip_prefix("auth/").unwrap_or(url.path));
    let is_same_realm = expected.host == actual.host && one == other && one.starts_with("realms/");
    is_same_realm.then_some(hint::KEYCLOAK_PATH)
}

/// For Okta's org server, `https://{domain}`, and its custom authorization servers, which have a path.
fn okta(expected: &Url<'_>, actual: &Url<'_>) -> Option<Hint> {
    let is_custom = |url: &Url<'_>| url.path.starts_with("oauth2/");
    let is_default = |url: &Url<'_>| url.path == "oauth2/default";
    let is_of_okta = OKTA_DOMAINS.iter().any(|domain| actual.host.ends_with(domain))
        || is_default(expected)
        || is_default(actual);
    match (expected.path, actual.path) {
        _ if expected.host != actual.host || !is_of_okta => None,
        (_, "") if is_custom(expected) => Some(hint::OKTA_ORG_SERVER),
        ("", _) if is_custom(actual) => Some(hint::OKTA_CUSTOM_SERVER),
        _ => None,
    }
}

const WITHOUT_SCHEME: [(&str, &str); 2] =
    [("accounts.google.com", "Google"), ("login.eveonline.com", "EVE Online")];

/// The worldwide cloud, that of the US government, and that of 21Vianet in China.
static CLOUDS: [Cloud; 3] = [
    Cloud {
        login: "login.microsoftonline.com",
        sts: "sts.windows.net",
        keys_of_version_1: "login.microsoftonline.com/TENANT/discovery/keys",
        keys_of_version_2: "login.microsoftonline.com/TENANT/discovery/v2.0/keys",
    },
    Cloud {
        login: "login.microsoftonline.us",
        sts: "sts.windows.net",
        keys_of_version_1: "login.microsoftonline.us/TENANT/discovery/keys",
        keys_of_version_2: "login.microsoftonline.us/TENANT/discovery/v2.0/keys",
    },
    Cloud {
        login: "login.partner.microsoftonline.cn",
        sts: "sts.chinacloudapi.cn",
        keys_of_version_1: "login.partner.microsoftonline.cn/TENANT/discovery/keys",
        keys_of_version_2: "login.partner.microsoftonline.cn/TENANT/discovery/v2.0/keys",
    },
];

/// Names in the URLs of Entra for several tenants, and the template of its metadata.
const TENANTS_IN_NO_TOKEN: [&str; 4] = ["common", "organizations", "consumers", "{tenantid}"];

const OKTA_DOMAINS: [&str; 4] =
    [".okta.com", ".oktapreview.com", ".okta-emea.com", ".okta-gov.com"];
