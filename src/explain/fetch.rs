//! The table of hints for a failed fetch, by the cause of the failure and by what was requested.
//!
//! A new hint is a row here and a case of the tests in `tests/remote/advice.rs`, with its remedy.

use std::io::ErrorKind;

use crate::{
    FetchConfigError, JwkSetError,
    explain::hint::{ALL_KEYS_SKIPPED, Argument, Hint, NO_KEYS},
    remote::{FetchError, FetchFailure, FetchPurpose, MetadataError, ProxyError, TlsFault},
};

/// The hint for `failure`.
pub(crate) fn hint_for_failure(failure: &FetchFailure) -> Option<Hint> {
    let is_metadata = failure.purpose() == FetchPurpose::Metadata;
    let document = Document { is_metadata, has_discovery: failure.has_discovery() };
    Some(match failure.error() {
        FetchError::Thread => FETCH_THREAD,
        FetchError::NoUsableKeys { reasons, .. } => match reasons.first() {
            Some(entry) => ALL_KEYS_SKIPPED.with(Argument::KeyFault(entry.error())),
            None => NO_KEYS,
        },
        // The others are about a URL.
        _ if failure.file_name().is_some() => FETCH_FILE,
        FetchError::File { .. } | FetchError::FileType => FETCH_FILE,
        FetchError::HostNotFound => FETCH_HOST_NOT_FOUND,
        FetchError::ResolveTimeout => FETCH_RESOLVE_TIMEOUT,
        FetchError::Connect { kind } => connection(*kind),
        FetchError::ConnectTimeout => FETCH_CONNECT_TIMEOUT,
        FetchError::Tls { fault, .. } => tls(*fault),
        FetchError::TlsTimeout => FETCH_TLS_TIMEOUT,
        FetchError::Timeout => FETCH_TIMEOUT,
        FetchError::BodyTimeout => FETCH_BODY_TIMEOUT,
        FetchError::Status { status, .. } => document.status(*status),
        FetchError::Redirect { .. } => {
            document.choose(FETCH_REDIRECT, FETCH_REDIRECT_OF_JWKS_URI, FETCH_REDIRECT_OF_METADATA)
        }
        FetchError::Protocol => FETCH_NOT_HTTP,
        FetchError::HeadersTooLarge => FETCH_HEADERS_TOO_LARGE,
        FetchError::ContentEncoding => FETCH_CONTENT_ENCODING,
        FetchError::BodyTooLong { .. } => {
            document.choose(FETCH_BODY_TOO_LONG, FETCH_BODY_TOO_LONG, FETCH_METADATA_TOO_LONG)
        }
        FetchError::Truncated => FETCH_TRUNCATED,
        FetchError::Metadata(error) => metadata(*error),
        FetchError::IssuerMismatch { expected, found } => issuer(expected, found),
        FetchError::KeySet(error) => document.key_set(*error),
        FetchError::MetadataAsKeySet => document.choose(
            FETCH_METADATA_AS_KEY_SET,
            FETCH_JWKS_URI_OF_METADATA,
            FETCH_METADATA_AS_KEY_SET,
        ),
        FetchError::Proxy { error, .. } => proxy(error),
        FetchError::TokenFile { .. } => FETCH_TOKEN_FILE,
        // Only its author knows what to do.
        FetchError::Custom { .. } => return None,
    })
}

/// The document that was requested.
#[derive(Clone, Copy)]
struct Document {
    is_metadata: bool,
    /// Whether the URL of the key set comes from the metadata.
    has_discovery: bool,
}

impl Document {
    /// The hint for a key set whose URL is configured, for one whose URL is the metadata's `jwks_uri`, or
    /// for metadata.
    fn choose(self, configured: Hint, of_jwks_uri: Hint, of_metadata: Hint) -> Hint {
        match self {
            Self { is_metadata: true, .. } => of_metadata,
            Self { has_discovery: true, .. } => of_jwks_uri,
            Self { .. } => configured,
        }
    }

    fn status(self, status: u16) -> Hint {
        match status {
            401 | 403 => FETCH_ACCESS_REFUSED,
            404 | 410 => {
                self.choose(FETCH_NOT_FOUND, FETCH_JWKS_URI_NOT_FOUND, FETCH_METADATA_NOT_FOUND)
            }
            429 | 500..=599 => FETCH_UNAVAILABLE,
            _ => FETCH_OTHER_STATUS,
        }
    }

    fn key_set(self, error: JwkSetError) -> Hint {
        match error {
            JwkSetError::Empty => FETCH_EMPTY,
            JwkSetError::Utf16 | JwkSetError::ByteOrderMark => FETCH_ENCODING,
            JwkSetError::Der | JwkSetError::Pem => FETCH_PEM,
            JwkSetError::PrivateKey => FETCH_PRIVATE_KEY,
            JwkSetError::PemByKeyId => FETCH_PEM_BY_KEY_ID,
            JwkSetError::KeyWithoutSet => FETCH_KEY_WITHOUT_SET,
            JwkSetError::EscapedLineBreaks => FETCH_ESCAPED_LINE_BREAKS,
            JwkSetError::SeveralObjects => FETCH_SEVERAL_OBJECTS,
            JwkSetError::TooLong { .. } | JwkSetError::TooManyKeys => FETCH_TOO_MANY_KEYS,
            JwkSetError::Json(_) => {
                self.choose(FETCH_NOT_JSON, FETCH_JWKS_URI_NOT_JSON, FETCH_NOT_JSON)
            }
            JwkSetError::KeysMissing | JwkSetError::KeysType => {
                self.choose(FETCH_NO_KEY_SET, FETCH_JWKS_URI_NO_KEY_SET, FETCH_NO_KEY_SET)
            }
        }
    }
}

/// For a connection that could not be made, or that broke before the status line.
fn connection(kind: ErrorKind) -> Hint {
    match kind {
        ErrorKind::ConnectionRefused => FETCH_REFUSED,
        ErrorKind::TimedOut => FETCH_CONNECT_TIMEOUT,
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => FETCH_CLOSED,
        _ => FETCH_UNREACHABLE,
    }
}

fn proxy(error: &ProxyError) -> Hint {
    match error {
        ProxyError::Refused { .. } => FETCH_PROXY_REFUSED,
        ProxyError::HostUnreachable { .. } => FETCH_PROXY_HOST_UNREACHABLE,
        ProxyError::Tls { .. } => FETCH_PROXY_TLS,
        _ => FETCH_PROXY_UNREACHABLE,
    }
}

fn tls(fault: TlsFault) -> Hint {
    match fault {
        TlsFault::UnknownIssuer => TLS_UNKNOWN_ISSUER,
        TlsFault::OtherHost => TLS_OTHER_HOST,
        TlsFault::Expired => TLS_EXPIRED,
        TlsFault::NotYetValid => TLS_NOT_YET_VALID,
        TlsFault::AuthorityAsServer => TLS_AUTHORITY_AS_SERVER,
        TlsFault::Unsupported => TLS_UNSUPPORTED,
        TlsFault::Refused => TLS_REFUSED,
        TlsFault::ClientCertificate => TLS_CLIENT_CERTIFICATE,
        TlsFault::NotTls => TLS_NOT_TLS,
        TlsFault::Closed => TLS_CLOSED,
        TlsFault::Other => TLS_OTHER,
    }
}

fn metadata(error: MetadataError) -> Hint {
    match error {
        MetadataError::Json(_) => FETCH_METADATA_NOT_JSON,
        MetadataError::KeySet => FETCH_KEY_SET_AS_METADATA,
        MetadataError::MemberMissing { member: "jwks_uri" } => FETCH_JWKS_URI_MISSING,
        MetadataError::MemberMissing { .. } | MetadataError::MemberType { .. } => FETCH_NO_METADATA,
        MetadataError::JwksUri(FetchConfigError::NotHttps) => FETCH_JWKS_URI_NOT_HTTPS,
        MetadataError::JwksUri(_) => FETCH_JWKS_URI_UNUSABLE,
    }
}

/// For metadata of the issuer `found`.
fn issuer(expected: &str, found: &str) -> Hint {
    match () {
        () if found.contains(['{', '<']) => FETCH_ISSUER_TEMPLATE,
        () if without_slash(expected) == without_slash(found) => FETCH_ISSUER_SLASH,
        () => FETCH_ISSUER_OTHER,
    }
}

fn without_slash(issuer: &str) -> &str {
    issuer.strip_suffix('/').unwrap_or(issuer)
}

// The connection.

const FETCH_HOST_NOT_FOUND: Hint = Hint::coded("fetch_host_not_found")
    .says("The host has no address: check its spelling in the settings, and whether this machine or container can look it up.");
const FETCH_RESOLVE_TIMEOUT: Hint = Hint::coded("fetch_resolve_timeout")
    .says("The name servers of this machine or container do not answer: check them, and the firewall towards them. The issuer was not asked yet.");
const FETCH_REFUSED: Hint = Hint::coded("fetch_refused")
    .says("No server listens at this host and port: check both. In a container, localhost is the container itself: use the issuer's service name.");
const FETCH_CLOSED: Hint = Hint::coded("fetch_closed")
    .says("The connection was closed without an answer: check that the port belongs to the scheme of the URL, and what the host or a proxy before it logs.");
const FETCH_UNREACHABLE: Hint = Hint::coded("fetch_unreachable")
    .says("There is no way to this host: check the network, its routes and the firewall of this machine or container.");
const FETCH_CONNECT_TIMEOUT: Hint = Hint::coded("fetch_connect_timeout")
    .says("Nothing answers at this address, as when a firewall drops the packets: allow this machine to reach the host and port. More time rarely helps.");
const FETCH_TLS_TIMEOUT: Hint = Hint::coded("fetch_tls_timeout")
    .says("The host accepts connections but does not answer the TLS handshake: check that this port speaks TLS, and what inspects TLS on the way.");
const FETCH_TIMEOUT: Hint = Hint::coded("fetch_timeout")
    .says("The host took the request and did not answer in time: look at its load and its logs before you raise `timeout`.");
const FETCH_BODY_TIMEOUT: Hint = Hint::coded("fetch_body_timeout")
    .says("The answer began and did not end in time: look at the host and the proxies before it; if it is slow but complete, raise `timeout`.");
const FETCH_PROXY_UNREACHABLE: Hint = Hint::coded("fetch_proxy_unreachable")
    .says("The proxy cannot be reached: correct its address in `HTTPS_PROXY` or `proxy`, or go without it, by `NO_PROXY` or `no_proxy`.");
const FETCH_PROXY_TLS: Hint = Hint::coded("fetch_proxy_tls")
    .says("Trust the authority that signed the proxy's certificate, by `add_root_certs_pem`, or write http:// in the proxy's URL if it speaks no TLS.");
const FETCH_PROXY_REFUSED: Hint = Hint::coded("fetch_proxy_refused")
    .says("The proxy refuses: have it allow the host, give its credentials in its URL, or go without it, by `NO_PROXY` or `no_proxy`.");
const FETCH_PROXY_HOST_UNREACHABLE: Hint = Hint::coded("fetch_proxy_host_unreachable")
    .says("The proxy cannot reach the host: check the host's name, or go without the proxy, by `NO_PROXY` or `no_proxy`, if this machine reaches it.");

// TLS.

const TLS_UNKNOWN_ISSUER: Hint = Hint::coded("tls_unknown_issuer")
    .says("Trust the authority that signed this certificate, such as your company's or that of a TLS proxy, by `add_root_certs_pem`. If you did, it is another one.");
const TLS_OTHER_HOST: Hint = Hint::coded("tls_other_host")
    .says("Use one of the names in the certificate in the URL, or have the host's certificate name this host. An IP address must be in it as an address.");
const TLS_EXPIRED: Hint = Hint::coded("tls_expired")
    .says("Have the host's certificate renewed. If it is valid for others, the clock of this machine is ahead.");
const TLS_NOT_YET_VALID: Hint = Hint::coded("tls_not_yet_valid")
    .says("The clock of this machine is behind, or the certificate was made for a later day: set the clock first.");
const TLS_AUTHORITY_AS_SERVER: Hint = Hint::coded("tls_authority_as_server")
    .says("Give the host a certificate with basicConstraints CA:FALSE. A self-signed one by openssl req -x509 is an authority's unless you say so.");
const TLS_UNSUPPORTED: Hint = Hint::coded("tls_unsupported")
    .says("Have the host's certificate, and its authority's, made anew: version 3, RSA from 2048 bits, P-256 or P-384, and SHA-256 or better.");
const TLS_REFUSED: Hint = Hint::coded("tls_refused")
    .says("The host and this client have no version or cipher in common, or the host does not know this name: allow TLS 1.2 or 1.3 with ECDHE there.");
const TLS_CLIENT_CERTIFICATE: Hint = Hint::coded("tls_client_certificate")
    .says("The host demands a client certificate that it trusts: give it by `client_cert_pem`. If you did, the host does not accept that one.");
const TLS_NOT_TLS: Hint = Hint::coded("tls_not_tls")
    .says("This port does not speak TLS: use the port that does. For plain http: to a host that you trust, there is `danger_allow_http`.");
const TLS_CLOSED: Hint = Hint::coded("tls_closed")
    .says("The host closed the connection during the handshake: check that the port speaks TLS, and that nothing on the way blocks this name.");
const TLS_OTHER: Hint = Hint::coded("tls_other")
    .says("Test the host with openssl s_client -connect HOST:PORT from this machine, which shows its certificates and the step that fails.");

// The status.

const FETCH_ACCESS_REFUSED: Hint = Hint::coded("fetch_access_refused")
    .says("The host refuses access, or the proxy on the way to an http: URL: a firewall may ask for another address, or the host for credentials, by `header` or `bearer_token_file`.");
const FETCH_NOT_FOUND: Hint = Hint::coded("fetch_not_found")
    .says("There is no key set at this URL: use the `jwks_uri` of the issuer's metadata, or give the issuer to `RemoteJwks::discover`.");
const FETCH_JWKS_URI_NOT_FOUND: Hint = Hint::coded("fetch_jwks_uri_not_found")
    .says("The metadata's `jwks_uri` leads nowhere: have the issuer correct it. If you know the right URL, use it with `RemoteJwks::new`.");
const FETCH_METADATA_NOT_FOUND: Hint = Hint::coded("fetch_metadata_not_found")
    .says("This issuer has no metadata: compare it with the `iss` of a token. If it publishes none, use the URL of its key set with `RemoteJwks::new`.");
const FETCH_UNAVAILABLE: Hint = Hint::coded("fetch_unavailable")
    .says("The host is overloaded or out of order: wait, since the next lookups try again, and look at its status page if it lasts.");
const FETCH_OTHER_STATUS: Hint = Hint::coded("fetch_other_status")
    .says("Only status 200 is an answer: request the URL with curl from this machine, and read what the host says with this status.");
const FETCH_REDIRECT: Hint = Hint::coded("fetch_redirect")
    .says("Configure the URL that the redirect leads to, if the key set is there. If it is a login page, the host wants you to log in first.");
const FETCH_REDIRECT_OF_JWKS_URI: Hint = Hint::coded("fetch_redirect_of_jwks_uri")
    .says("The metadata's `jwks_uri` redirects: have the issuer name the final URL, or use that with `RemoteJwks::new`.");
const FETCH_REDIRECT_OF_METADATA: Hint = Hint::coded("fetch_redirect_of_metadata")
    .says("The issuer's metadata is elsewhere: spell the issuer as its metadata does, with its host and https:, or use `RemoteJwks::new`.");

// The answer.

const FETCH_NOT_HTTP: Hint = Hint::coded("fetch_not_http")
    .says("What listens at this port does not speak HTTP/1.1: check the port, and use https: if it speaks TLS.");
const FETCH_HEADERS_TOO_LARGE: Hint = Hint::coded("fetch_headers_too_large")
    .says("Have the host, or the proxy before it, send fewer or shorter headers, such as cookies.");
const FETCH_CONTENT_ENCODING: Hint = Hint::coded("fetch_content_encoding")
    .says("The body is compressed although the client accepts that from nobody: turn it off for this URL at the host or its CDN.");
const FETCH_BODY_TOO_LONG: Hint = Hint::coded("fetch_body_too_long")
    .says("Check that the URL is the key set's. If it is, raise `max_body`, up to 512 KiB, or have the issuer publish only the keys in use.");
const FETCH_METADATA_TOO_LONG: Hint = Hint::coded("fetch_metadata_too_long")
    .says("Metadata has a few KiB and never 64: check that the issuer is right, or use the URL of its key set with `RemoteJwks::new`.");
const FETCH_TRUNCATED: Hint = Hint::coded("fetch_truncated")
    .says("The host, or a proxy before it, broke off: the next lookups try again. If it lasts, the announced length of the body is wrong.");

// The key set.

const FETCH_EMPTY: Hint = Hint::coded("fetch_empty")
    .says("The document is empty: request the URL with curl, and have the issuer write its key set there.");
const FETCH_ENCODING: Hint = Hint::coded("fetch_encoding")
    .says("Have the document saved as UTF-8 without a byte order mark: editors and PowerShell write others.");
const FETCH_PEM: Hint = Hint::coded("fetch_pem")
    .says("This is one key or certificate: find the issuer's JWK Set, or keep a copy of this one and read it with `PublicKey::from_pem` or `from_der`.");
const FETCH_PRIVATE_KEY: Hint = Hint::coded("fetch_private_key")
    .says("Take this private key off the network at once and replace the pair: who has read it can sign. Then publish the JWK Set of the public one.");
const FETCH_PEM_BY_KEY_ID: Hint = Hint::coded("fetch_pem_by_key_id")
    .says("These are certificates by `kid`, not a JWK Set: use the `jwks_uri` of the issuer's metadata, such as Google's /oauth2/v3/certs.");
const FETCH_KEY_WITHOUT_SET: Hint = Hint::coded("fetch_key_without_set")
    .says("This is one JWK: have the issuer write it into the array `keys` of an object, or read a copy with `PublicKey::from_jwk`.");
const FETCH_ESCAPED_LINE_BREAKS: Hint = Hint::coded("fetch_escaped_line_breaks")
    .says("Have the document written with real line breaks, or without any: an environment variable or a template has escaped them.");
const FETCH_SEVERAL_OBJECTS: Hint = Hint::coded("fetch_several_objects")
    .says("Have the issuer write all its keys into the array `keys` of one object: two key sets were joined.");
const FETCH_TOO_MANY_KEYS: Hint = Hint::coded("fetch_too_many_keys")
    .says("Have the issuer publish only the keys that still sign or whose tokens are still valid: a set has at most 1000, in 512 KiB.");
const FETCH_NOT_JSON: Hint = Hint::coded("fetch_not_json")
    .says("This is no JSON, but perhaps a login or an error page: request the URL with curl, and use the `jwks_uri` of the issuer's metadata.");
const FETCH_JWKS_URI_NOT_JSON: Hint = Hint::coded("fetch_jwks_uri_not_json")
    .says("The metadata's `jwks_uri` serves no JSON, but perhaps a login or an error page: request it with curl from this machine.");
const FETCH_NO_KEY_SET: Hint = Hint::coded("fetch_no_key_set")
    .says("This JSON is no key set, which has an array `keys`: use the `jwks_uri` of the issuer's metadata.");
const FETCH_JWKS_URI_NO_KEY_SET: Hint = Hint::coded("fetch_jwks_uri_no_key_set")
    .says("The metadata's `jwks_uri` serves JSON that is no key set: have the issuer correct it, or use the right URL with `RemoteJwks::new`.");
const FETCH_METADATA_AS_KEY_SET: Hint = Hint::coded("fetch_metadata_as_key_set")
    .says("This URL serves the issuer's metadata: use the `jwks_uri` in it, or give its `issuer` to `RemoteJwks::discover`.");
const FETCH_JWKS_URI_OF_METADATA: Hint = Hint::coded("fetch_jwks_uri_of_metadata")
    .says("The metadata's `jwks_uri` leads to metadata again: have the issuer correct it, or use the right URL with `RemoteJwks::new`.");

// The metadata.

const FETCH_METADATA_NOT_JSON: Hint = Hint::coded("fetch_metadata_not_json")
    .says("This is no metadata, but perhaps a web page: compare the issuer with the `iss` of a token, or use the URL of its key set with `RemoteJwks::new`.");
const FETCH_KEY_SET_AS_METADATA: Hint = Hint::coded("fetch_key_set_as_metadata")
    .says("This host serves a key set where metadata should be: use its URL with `RemoteJwks::new` in place of discovery.");
const FETCH_JWKS_URI_MISSING: Hint = Hint::coded("fetch_jwks_uri_missing")
    .says("The metadata does not say where the keys are: use the URL of the key set with `RemoteJwks::new`.");
const FETCH_NO_METADATA: Hint = Hint::coded("fetch_no_metadata")
    .says("This JSON is not the metadata of an issuer: check the issuer, or use the URL of its key set with `RemoteJwks::new`.");
const FETCH_JWKS_URI_NOT_HTTPS: Hint = Hint::coded("fetch_jwks_uri_not_https")
    .says("The metadata's `jwks_uri` is plain http: correct the issuer's public URL if a proxy adds TLS, or allow its host with `danger_allow_http`.");
const FETCH_JWKS_URI_UNUSABLE: Hint = Hint::coded("fetch_jwks_uri_unusable")
    .says("The metadata's `jwks_uri` is no URL that can be fetched: have the issuer correct it, or use the right one with `RemoteJwks::new`.");
const FETCH_ISSUER_SLASH: Hint = Hint::coded("fetch_issuer_slash")
    .says("The issuers differ only by the slash at the end: configure the issuer exactly as its metadata and its tokens spell it.");
const FETCH_ISSUER_TEMPLATE: Hint = Hint::coded("fetch_issuer_template")
    .says("This metadata is for many tenants: use its `jwks_uri` with `RemoteJwks::new`, and `Policy::for_tenants` or the `iss` of your tenant.");
const FETCH_ISSUER_OTHER: Hint = Hint::coded("fetch_issuer_other")
    .says("Configure the issuer as its metadata spells it. If this address is internal, as in Docker: `RemoteJwks::new` with the key URL here, `Policy` with the public `iss`.");

// The file.

const FETCH_FILE: Hint = Hint::coded("fetch_file")
    .says("The file of the key set cannot be used: check that it is mounted where the settings say, that this service may read it, and that it holds a JWK Set.");

// This process.

const FETCH_TOKEN_FILE: Hint = Hint::coded("fetch_token_file")
    .says("The file of `bearer_token_file` must be there, readable by this process, no pipe, and hold one token: in Kubernetes, mount that of a service account.");
const FETCH_THREAD: Hint = Hint::coded("fetch_thread")
    .says("This process has no thread or memory left for a fetch: raise its limits. With a `Fetch` of your own: it panicked, so look at its message.");
