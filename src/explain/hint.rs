//! The table of hints: the likely causes of a failed check, and what to do about them.
//!
//! A new hint is a row here and a line in the table of `tests/explain.rs`.

use core::{fmt, time::Duration};

use crate::{Algorithm, JwkError, explain::text};

/// What to do about a failed check. [`Display`](fmt::Display) gives a sentence.
///
/// A hint is a guess from the look of the token and the settings. It contains numbers and names from
/// this crate, never text from the token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hint {
    code: &'static str,
    /// With `{}` for each of the arguments.
    text: &'static str,
    arguments: [Argument; 2],
}

/// A number or a name in a hint's text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Argument {
    None,
    Algorithm(Algorithm),
    KeyFault(JwkError),
    Number(usize),
    Bytes(usize),
    Seconds(u64),
    /// The number of keys in a set, if it is known.
    Keys(Option<usize>),
    /// The age of a key set, if it is known.
    FetchedAgo(Option<Duration>),
    /// The seconds from `iat` to `exp`, if the token has `iat`.
    Lifetime(Option<u64>),
}

impl Hint {
    const fn coded(code: &'static str) -> Self {
        Self { code, text: "", arguments: [Argument::None; 2] }
    }

    const fn says(self, text: &'static str) -> Self {
        Self { text, ..self }
    }

    /// The hint with the next of its arguments.
    pub(super) const fn with(self, argument: Argument) -> Self {
        let arguments = match self.arguments {
            [Argument::None, none] => [argument, none],
            [first, _] => [first, argument],
        };
        Self { arguments, ..self }
    }

    /// A stable name for this hint, such as `audience_slash`: one of a fixed set.
    pub const fn code(&self) -> &'static str {
        self.code
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pieces = self.text.split("{}");
        f.write_str(pieces.next().unwrap_or_default())?;
        pieces.zip(self.arguments).try_for_each(|(piece, argument)| write!(f, "{argument}{piece}"))
    }
}

/// Shows the code.
impl fmt::Debug for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hint").field(&self.code).finish()
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::None | Self::FetchedAgo(None) | Self::Lifetime(None) => Ok(()),
            Self::Algorithm(algorithm) => algorithm.fmt(f),
            Self::KeyFault(error) => error.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Bytes(bytes) => f.write_str(&text::bytes(bytes)),
            Self::Seconds(seconds) => f.write_str(&text::duration(seconds)),
            Self::Keys(None) => f.write_str("keys"),
            Self::Keys(Some(count)) => f.write_str(&text::counted(count, "key")),
            Self::FetchedAgo(Some(age)) => {
                write!(f, ", fetched {} ago,", text::duration(age.as_secs()))
            }
            Self::Lifetime(Some(seconds)) => {
                write!(f, " after a lifetime of {}", text::duration(seconds))
            }
        }
    }
}

// `Authorization` values.

pub(super) const HEADER_MISSING: Hint = Hint::coded("header_missing")
    .says("No `Authorization` arrived: if the client sends one, look for a proxy, a gateway or a redirect to another host that removes it.");
pub(super) const HEADER_REPEATED: Hint = Hint::coded("header_repeated")
    .says("Send one `Authorization`: the client and a proxy may each add their own.");
pub(super) const OTHER_SCHEME: Hint = Hint::coded("other_scheme")
    .says("Send the token as `Authorization: Bearer TOKEN`: these credentials have another scheme or none.");
pub(super) const TOKEN_EMPTY: Hint = Hint::coded("token_empty").says(
    "The client sends `Bearer` without a token: it has none yet, or its variable is not set.",
);

// The text of a token, and its segments.

pub(super) const BEARER_TWICE: Hint = Hint::coded("bearer_twice")
    .says("The client writes `Bearer` twice: the value that it keeps as the token already begins with it.");
pub(super) const PLACEHOLDER: Hint = Hint::coded("placeholder")
    .says("The client sends a word such as null or undefined in place of a token: it must wait until it has one.");
pub(super) const QUOTED: Hint = Hint::coded("quoted")
    .says("Remove the quotation marks around the token: the client sends it as JSON text or with quotes of its shell.");
pub(super) const WHITE_SPACE: Hint = Hint::coded("white_space")
    .says("Remove white space from the token: the usual cause is a line break at the end of a file, or a copy with wrapped lines.");
pub(super) const PERCENT_ENCODED: Hint = Hint::coded("percent_encoded")
    .says("Decode the token before it is sent: it was percent-encoded, as for a URL or a cookie.");
pub(super) const PADDED: Hint = Hint::coded("padded")
    .says("Remove the padding: segments of a token do not end in `=`, so a proxy or a library has encoded it again.");
pub(super) const STANDARD_ALPHABET: Hint = Hint::coded("standard_alphabet")
    .says("Encode the segments in base64url: the token has `+` or `/` of standard base64.");
pub(super) const TOO_LARGE: Hint = Hint::coded("too_large")
    .says("Have the issuer put less into the token, such as fewer groups or roles: no token of this length is accepted.");
pub(super) const OPAQUE: Hint = Hint::coded("opaque")
    .says("This is not a JWT but an opaque token: request an access token for this API by naming its audience or resource.");
pub(super) const ENCRYPTED: Hint = Hint::coded("encrypted")
    .says("The token is encrypted, for a reader other than this service: request one for this API by naming its audience, and turn off encryption for it.");
pub(super) const SIGNATURE_MISSING: Hint = Hint::coded("signature_missing")
    .says("The signature is missing: send the whole token, which was probably cut by a copy or by a limit of its length.");

// `alg`

pub(super) const UNSIGNED: Hint = Hint::coded("unsigned")
    .says("Sign the token: `alg` is none, which emulators write and no verifier may accept.");
pub(super) const SHARED_SECRET: Hint = Hint::coded("shared_secret")
    .says("Have the issuer sign with a key pair, such as RS256: HS256 and the like need a shared secret, which this crate does not support.");
pub(super) const OTHER_ALGORITHM: Hint = Hint::coded("other_algorithm")
    .says("If the issuer should sign with {}, add it to `Policy::algorithms`; otherwise set the issuer to an algorithm listed there.");
pub(super) const UNKNOWN_ALGORITHM: Hint = Hint::coded("unknown_algorithm")
    .says("Set the issuer to an algorithm that this crate supports, such as RS256 or ES256.");

// The key.

pub(super) const UNKNOWN_KEY_ID: Hint = Hint::coded("unknown_key_id")
    .says("None of the issuer's {}{} has this `kid`: the token is from another tenant or environment, or its key was replaced.");
pub(super) const KEY_OF_OTHER_ISSUER: Hint = Hint::coded("key_of_other_issuer")
    .says("The token names another issuer than the policy: its key is that issuer's, so compare `iss` first.");
pub(super) const KEY_OF_OTHER_ALGORITHM: Hint = Hint::coded("key_of_other_algorithm")
    .says("The key with this `kid` is for another algorithm than the token's `alg`: correct `alg` in the key set, or `Policy::algorithms`.");
pub(super) const KEY_SKIPPED: Hint =
    Hint::coded("key_skipped").says("The key set has this `kid`, but the key is not used: {}.");
pub(super) const NO_KEYS: Hint = Hint::coded("no_keys")
    .says("The key set has no usable key: check that its URL or file is the issuer's.");
pub(super) const KEY_ID_MISSING: Hint = Hint::coded("key_id_missing")
    .says("Have the issuer write `kid` into the header: without it, exactly one key must fit the token's `alg`.");
pub(super) const KEY_ID_AMBIGUOUS: Hint = Hint::coded("key_id_ambiguous")
    .says("Have the issuer give each of its keys a `kid` of its own.");

// The fetch of the keys.

pub(super) const KEYS_NOT_FETCHED: Hint = Hint::coded("keys_not_fetched")
    .says("No keys have been fetched yet: call `prime` at the start, or `verify` once, and check that it succeeds.");
pub(super) const KEY_SET_HOST_NOT_FOUND: Hint = Hint::coded("key_set_host_not_found")
    .says("The host of the key set has no address: check its name in the settings, and DNS on this machine.");
pub(super) const KEY_SET_UNREACHABLE: Hint = Hint::coded("key_set_unreachable")
    .says("The host of the key set cannot be reached: check the firewall, the port and the proxy of this machine.");
pub(super) const KEY_SET_TLS: Hint = Hint::coded("key_set_tls")
    .says("TLS with the host of the key set fails: check its certificate, the clock, and whether a proxy needs `root_certs_pem`.");
pub(super) const KEY_SET_TIMEOUT: Hint = Hint::coded("key_set_timeout")
    .says("The host of the key set is too slow: check the network path to it before you raise the timeout.");
pub(super) const KEY_SET_STATUS: Hint = Hint::coded("key_set_status")
    .says("The host does not serve a key set at this URL: use the `jwks_uri` of the issuer's metadata, or `RemoteJwks::discover`.");
pub(super) const KEY_SET_CONTENT: Hint = Hint::coded("key_set_content")
    .says("This URL does not serve a usable key set, but perhaps a login page or the metadata: use the `jwks_uri` of the metadata.");
pub(super) const KEY_SET_METADATA: Hint = Hint::coded("key_set_metadata")
    .says("The issuer's metadata cannot be used: configure the issuer exactly as its metadata spells it, including a slash at the end.");

// The signature.

pub(super) const SIGNATURE_CUT: Hint = Hint::coded("signature_cut").says(
    "The signature has {}, and this key's have {}: the token was probably cut, so send all of it.",
);
pub(super) const SIGNATURE_TOO_LONG: Hint = Hint::coded("signature_too_long")
    .says("The signature has {}, and this key's have {}: something was added to the token, or it is signed with another key.");
pub(super) const SIGNATURE_MISMATCH: Hint = Hint::coded("signature_mismatch")
    .says("The token was changed after it was signed, or is signed with another key of the same `kid`: request a new one, and compare the issuer's environments.");
pub(super) const MICROSOFT_GRAPH: Hint = Hint::coded("microsoft_graph")
    .says("This token is for Microsoft Graph, and only Graph can verify it: request a scope of your own API, such as api://CLIENT_ID/SCOPE.");

// `typ`

pub(super) const OTHER_KIND_OF_TOKEN: Hint = Hint::coded("other_kind_of_token")
    .says("`typ` says that this is not an access token, but perhaps a logout token, a DPoP proof or a security event: send the access token.");
pub(super) const UNTYPED_ACCESS_TOKEN: Hint = Hint::coded("untyped_access_token")
    .says("The policy requires `typ` at+jwt: switch the issuer to RFC 9068 access tokens, or use `TokenType::Jwt`.");
pub(super) const ACCESS_TOKEN: Hint = Hint::coded("access_token")
    .says("This is an access token, which is for an API: pass the `id_token` of the token response instead.");
pub(super) const NO_ID_TOKEN: Hint = Hint::coded("no_id_token")
    .says("`typ` says that this is not an ID token: pass the `id_token` of the token response.");
pub(super) const OTHER_TOKEN_TYPE: Hint = Hint::coded("other_token_type")
    .says("The policy requires one type by `TokenType::Named`: compare it with the `typ` that the issuer writes.");
pub(super) const SECURITY_EVENT: Hint = Hint::coded("security_event")
    .says("This is a logout token or a security event: have the issuer send it to the endpoint for those, and the client send the token of its login.");

// `iss`

pub(super) const ISSUER_SLASH: Hint = Hint::coded("issuer_slash")
    .says("The issuers differ only by the slash at the end: spell the policy's issuer exactly as the token does.");
pub(super) const ISSUER_SCHEME: Hint = Hint::coded("issuer_scheme")
    .says("The issuers differ only by http: and https:, perhaps because the issuer does not know of the proxy in front of it: correct its public URL.");
pub(super) const ISSUER_CASE: Hint = Hint::coded("issuer_case")
    .says("The issuers differ only by upper and lower case: spell the policy's issuer exactly as the token does.");
pub(super) const ISSUER_HOST: Hint = Hint::coded("issuer_host")
    .says("The issuers differ only by the host: a custom domain and the tenant's own domain are two issuers, and so are two tenants, so use one everywhere.");
pub(super) const ENTRA_VERSION_1: Hint = Hint::coded("entra_version_1")
    .says("The token has Entra's version 1.0: set `requestedAccessTokenVersion` to 2 in the API's manifest, or configure https://sts.windows.net/TENANT/ and its keys.");
pub(super) const ENTRA_VERSION_2: Hint = Hint::coded("entra_version_2")
    .says("The token has Entra's version 2.0: configure https://login.microsoftonline.com/TENANT/v2.0 and its keys.");
pub(super) const OTHER_ISSUER: Hint = Hint::coded("other_issuer")
    .says("The token is from another issuer: request it from the one configured here, or add this one with `Verifier::with_issuer` if it is trusted.");

// `aud`

pub(super) const AUDIENCE_SLASH: Hint = Hint::coded("audience_slash")
    .says("The audiences differ only by the slash at the end: spell the policy's audience exactly as the token does.");
pub(super) const ID_TOKEN: Hint = Hint::coded("id_token").says(
    "This is an ID token, which tells the client who logged in: send the access token instead.",
);
pub(super) const KEYCLOAK_AUDIENCE: Hint = Hint::coded("keycloak_audience")
    .says("Keycloak adds no audience of its own: add an Audience mapper for this API to the client or to a client scope.");
pub(super) const COGNITO_AUDIENCE: Hint = Hint::coded("cognito_audience")
    .says("Amazon Cognito's access tokens have no `aud`: use `Policy::for_client` and require `token_use` to be access.");
pub(super) const OTHER_AUDIENCE: Hint = Hint::coded("other_audience").says(
    "The token is for another API: have the client request one for the audience configured here.",
);

// The times.

pub(super) const EXPIRED: Hint = Hint::coded("expired").says(
    "The token expired {} ago{}: the client must renew it in time, or this host's clock is ahead.",
);
pub(super) const NOT_YET_VALID: Hint = Hint::coded("not_yet_valid")
    .says("The token becomes valid in {}: compare the clocks of the issuer and of this host, and allow some seconds with `Policy::leeway`.");
pub(super) const MILLISECONDS: Hint = Hint::coded("milliseconds")
    .says("The time is in milliseconds: have the issuer write seconds since 1970.");
pub(super) const TIME_AS_STRING: Hint = Hint::coded("time_as_string")
    .says("The time is a string: have the issuer write a number, seconds since 1970 without quotation marks.");

// The client, and `cnf`.

pub(super) const OTHER_CLIENT: Hint = Hint::coded("other_client")
    .says("The token was issued to another client: if that one may call this API too, name it with `Policy::accept_client`.");
pub(super) const SENDER_CONSTRAINED: Hint = Hint::coded("sender_constrained")
    .says("The token is bound to a key (DPoP or mutual TLS): check the sender's proof and use `Policy::allow_sender_constrained`, or request a bearer token.");

// ID tokens.

pub(super) const POLICY_NOT_FOR_ID_TOKENS: Hint = Hint::coded("policy_not_for_id_tokens")
    .says("The verifier's policy for this issuer is for access tokens: make a verifier of its own with `Policy::for_id_tokens`.");
pub(super) const ID_TOKEN_OF_OTHER_CLIENT: Hint = Hint::coded("id_token_of_other_client")
    .says("This token is not for the client configured here: compare the client IDs, and pass the `id_token` of the token response.");
pub(super) const UNTRUSTED_AUDIENCE: Hint = Hint::coded("untrusted_audience")
    .says("The ID token is also for another party: if this service trusts it, name it with `Policy::accept_audience`.");
pub(super) const ID_TOKEN_FOR_OTHER_PARTY: Hint = Hint::coded("id_token_for_other_party")
    .says("`azp` must name the client that requested the ID token: if another client of yours did, name it with `Policy::accept_client`.");
pub(super) const NONCE_NOT_GIVEN: Hint = Hint::coded("nonce_not_given")
    .says("The authentication request had a nonce: keep it in the user's session, and pass it with `Login::nonce`.");
pub(super) const NONCE_MISSING: Hint = Hint::coded("nonce_missing")
    .says("The issuer returned no nonce: send `nonce` in the authentication request, not in the token request.");
pub(super) const OTHER_NONCE: Hint = Hint::coded("other_nonce")
    .says("The ID token is from another login: pass the nonce of this session's last authentication request, as it was sent and not hashed.");
pub(super) const OTHER_AUTHENTICATION: Hint = Hint::coded("other_authentication")
    .says("The user logged in by another method: send `acr_values` in the authentication request, or ask for `acr` as an essential claim.");
pub(super) const AUTH_TIME_MISSING: Hint = Hint::coded("auth_time_missing")
    .says("Send `max_age` in the authentication request: the issuer must then write `auth_time`.");
pub(super) const AUTH_TIME_AHEAD: Hint = Hint::coded("auth_time_ahead")
    .says("The login is {} in the future: compare the clocks of the issuer and of this host, and allow some seconds with `Policy::leeway`.");
pub(super) const LOGIN_TOO_OLD: Hint = Hint::coded("login_too_old")
    .says("The user logged in {} ago: send `max_age` or `prompt=login` in the authentication request, so that the issuer asks again.");
pub(super) const OTHER_HASH: Hint = Hint::coded("other_hash")
    .says("The ID token was issued with another access token or code: pass the one of the same response, and start the login again if it is.");
pub(super) const HASH_MISSING: Hint = Hint::coded("hash_missing")
    .says("An ID token from the authorization endpoint must have this hash: if it came from the token endpoint, use `Login::new`.");
