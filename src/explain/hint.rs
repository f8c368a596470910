//! The table of hints: the likely causes of a failed check, and what to do about them. Those of a failed
//! fetch are in `fetch.rs`, and those about proofs in `proof_hint.rs`.
//!
//! A new hint is a row here and a case of the tests: in `tests/conformance/advice.rs` with its remedy, or in
//! `tests/conformance/explain.rs` without one.

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
    Name(&'static str),
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
    pub(super) const fn coded(code: &'static str) -> Self {
        Self { code, text: "", arguments: [Argument::None; 2] }
    }

    pub(super) const fn says(self, text: &'static str) -> Self {
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
            Self::Name(name) => f.write_str(name),
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
pub(super) const SCHEME_NOT_EXPECTED: Hint = Hint::coded("scheme_not_expected")
    .says("`Bearer` is before the token: pass the whole value of `Authorization` to `Guard::check`, or the token alone to `Guard::check_token`.");
pub(super) const HEADER_REPEATED: Hint = Hint::coded("header_repeated")
    .says("Send one `Authorization`: the client and a proxy may each add their own.");
pub(super) const HEADER_EMPTY: Hint = Hint::coded("header_empty")
    .says("`Authorization` is empty: the client has no token yet, or the variable that it takes the whole value from is not set.");
pub(super) const NO_SCHEME: Hint = Hint::coded("no_scheme")
    .says("Write `Bearer` and a space before the token: the value is a single word.");
pub(super) const OTHER_SCHEME: Hint = Hint::coded("other_scheme").says(
    "Send the token as `Authorization: Bearer TOKEN`: these credentials have another scheme.",
);
pub(super) const SPACE_MISSING: Hint = Hint::coded("space_missing")
    .says("Write one space between `Bearer` and the token, and nothing else: no colon, comma or equals sign.");
pub(super) const TAB: Hint =
    Hint::coded("tab").says("Write a space between `Bearer` and the token: a tab is there now.");
pub(super) const TOKEN_EMPTY: Hint = Hint::coded("token_empty").says(
    "The client sends `Bearer` without a token: it has none yet, or its variable is not set.",
);

// The text of a token, and its segments.

pub(super) const BEARER_TWICE: Hint = Hint::coded("bearer_twice")
    .says("The client writes `Bearer` twice: the value that it keeps as the token already begins with it.");
pub(super) const PLACEHOLDER: Hint = Hint::coded("placeholder")
    .says("The client sends a word such as null or undefined in place of a token: it must wait until it has one.");
pub(super) const SHELL_VARIABLE: Hint = Hint::coded("shell_variable")
    .says("The client sends the name of a variable, such as $TOKEN or %TOKEN%: have its shell or its settings replace it, for example with double quotes in place of single ones.");
pub(super) const TEMPLATE_VARIABLE: Hint = Hint::coded("template_variable")
    .says("The client sends a template's variable in braces in place of its value: set that variable in the environment that the client or its HTTP tool uses.");
pub(super) const JSON_OBJECT: Hint = Hint::coded("json_object")
    .says("The client sends a JSON object, perhaps the whole answer of the token endpoint: send the value of its `access_token` alone.");
pub(super) const ANGLE_BRACKETS: Hint = Hint::coded("angle_brackets").says(
    "Remove the angle brackets: manuals write them around words that a real token must replace.",
);
pub(super) const PYTHON_BYTES: Hint = Hint::coded("python_bytes")
    .says("The client prints a Python bytes object, with b and quotation marks: decode it to text before it is sent.");
pub(super) const QUOTED: Hint = Hint::coded("quoted")
    .says("Remove the quotation marks around the token: the client sends it as JSON text or with quotes of its shell.");
pub(super) const WHITE_SPACE: Hint = Hint::coded("white_space")
    .says("Remove white space from the token: the usual cause is a line break at the end of a file, or a copy with wrapped lines.");
pub(super) const TRAILING_SEPARATOR: Hint = Hint::coded("trailing_separator")
    .says("Remove the comma or semicolon after the token: it was probably copied from a list or from code.");
pub(super) const JOINED_BY_COMMA: Hint = Hint::coded("joined_by_comma")
    .says("Send one `Authorization` with one token: the value has a comma, perhaps because a proxy joined those of the client and its own.");
pub(super) const NOT_ASCII: Hint = Hint::coded("not_ascii")
    .says("Copy the token again from its source: it has characters that are not ASCII, such as an ellipsis where it was cut, or an invisible one.");
pub(super) const PERCENT_ENCODED: Hint = Hint::coded("percent_encoded")
    .says("Decode the token before it is sent: it was percent-encoded, as for a URL or a cookie.");
pub(super) const PADDED: Hint = Hint::coded("padded")
    .says("Remove the padding: segments of a token do not end in `=`, so a proxy or a library has encoded it again.");
pub(super) const PADDING_SIGNED: Hint = Hint::coded("padding_signed")
    .says("Have the issuer write no `=`: AWS load balancers and WSO2 sign their padding, and then it cannot be removed. Behind AWS's, verify `x-amzn-oidc-accesstoken` instead.");
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
pub(super) const KEYCLOAK_REFRESH_TOKEN: Hint = Hint::coded("keycloak_refresh_token")
    .says("This is a refresh or offline token of Keycloak, which only Keycloak can verify: the client must exchange it there, and send the access token here.");
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
    .says("The key with this `kid` is for {}, but the token's `alg` is {}: have the issuer sign with the key's algorithm, or publish the key that it signed with.");
pub(super) const NO_KEY_FOR_ALGORITHM: Hint = Hint::coded("no_key_for_algorithm")
    .says("None of the issuer's {} is for {}, the token's `alg`: have the issuer publish the key that it signed with, or sign with one of these.");
pub(super) const UNLABELED_KEY: Hint = Hint::coded("unlabeled_key")
    .says("An RSA key without `alg` serves only the first RSA algorithm of the policy, {}: put {} first in `Policy::algorithms`, or have the issuer write `alg` into the key.");
pub(super) const KEY_SKIPPED: Hint =
    Hint::coded("key_skipped").says("The key set has this `kid`, but the key is not used: {}.");
pub(super) const ENTRY_SKIPPED: Hint = Hint::coded("entry_skipped")
    .says("No key in use fits the token, but an entry of the key set that may be its key was skipped: {}.");
pub(super) const ALL_KEYS_SKIPPED: Hint = Hint::coded("all_keys_skipped")
    .says("No entry of the key set can be used: have the issuer correct it. One reason: {}.");
pub(super) const KEY_ID_NOT_A_STRING: Hint = Hint::coded("key_id_not_a_string")
    .says("An entry of the key set was skipped because its `kid` is not a string: have the issuer write it as one, as it is in the token.");
pub(super) const KEY_WITHOUT_ID: Hint = Hint::coded("key_without_id")
    .says("The token names a `kid`, which a key without `kid` cannot match: have the issuer publish its key with this `kid`, or load a copy of the set that has it.");
pub(super) const NO_KEYS: Hint = Hint::coded("no_keys")
    .says("The key set is empty: check that its URL or file is the issuer's.");
pub(super) const ENTRA_UNKNOWN_KEY: Hint = Hint::coded("entra_unknown_key")
    .says("None of these keys has this `kid`: Entra serves those for {} at https://{}, and an app with a signing key of its own needs ?appid=CLIENT_ID at the end.");
pub(super) const KEY_ID_MISSING: Hint = Hint::coded("key_id_missing")
    .says("Have the issuer write `kid` into the header: without it, exactly one key must fit the token's `alg`.");
pub(super) const UNKNOWN_THUMBPRINT: Hint = Hint::coded("unknown_thumbprint")
    .says("None of the issuer's keys for this `alg` has the token's `x5t`: the token is from another tenant or environment, or its key was replaced.");
pub(super) const KEY_ID_AMBIGUOUS: Hint = Hint::coded("key_id_ambiguous")
    .says("Have the issuer give each of its keys a `kid` of its own.");

// The keys of a source that fetches. For a failed fetch, `fetch.rs` has a table of its own.

pub(super) const KEYS_NOT_FETCHED: Hint = Hint::coded("keys_not_fetched")
    .says("No keys have been fetched yet: call `prime` at the start, or `verify` once, and check that it succeeds.");
pub(super) const KEYS_OUT_OF_DATE: Hint = Hint::coded("keys_out_of_date")
    .says("The keys at hand have this token's key, but are too old to be used: the next call of `verify` fetches new ones, and so does `prime`.");

// The signature.

pub(super) const SIGNATURE_CUT: Hint = Hint::coded("signature_cut").says(
    "The signature has {}, and this key's have {}: the token was probably cut, so send all of it.",
);
pub(super) const SIGNATURE_TOO_LONG: Hint = Hint::coded("signature_too_long")
    .says("The signature has {}, and this key's have {}: something was added to the token, or it is signed with another key.");
pub(super) const SIGNATURE_LENGTH: Hint = Hint::coded("signature_length")
    .says("The signature has {}, and this key's have {}: it was damaged, or made with another key, so compare it with the signer's.");
pub(super) const SIGNATURE_DER: Hint = Hint::coded("signature_der")
    .says("The signature is in ASN.1 DER: have the signer write `r` and `s` one after the other, {} for this key (RFC 7518 section 3.4).");
pub(super) const SIGNATURE_ZERO_DROPPED: Hint = Hint::coded("signature_zero_dropped")
    .says("The signature has {} instead of {} because the signer drops leading zeros: have it write every number in its full length.");
pub(super) const SIGNATURE_BYTE_ADDED: Hint = Hint::coded("signature_byte_added")
    .says("The signature is valid without {} that the signer adds, such as a recovery ID or a leading zero: have it write exactly {}.");
pub(super) const PSS_SALT: Hint = Hint::coded("pss_salt")
    .says("Check the length of the salt, which must be that of the hash, {} (RFC 7518 section 3.5). If it is, the token was changed, or is signed with another key of the same `kid`.");
pub(super) const SIGNATURE_MISMATCH: Hint = Hint::coded("signature_mismatch")
    .says("The token was changed after it was signed, or is signed with another key of the same `kid`: request a new one, and compare the issuer's environments.");
pub(super) const MICROSOFT_GRAPH: Hint = Hint::coded("microsoft_graph")
    .says("This token is for Microsoft Graph, and only Graph can verify it: request a scope of your own API, such as api://CLIENT_ID/SCOPE.");

// `typ`

pub(super) const OTHER_KIND_OF_TOKEN: Hint = Hint::coded("other_kind_of_token")
    .says("`typ` says that this is {}, not an access token: send the access token.");
pub(super) const ID_TOKEN_TYPE: Hint = Hint::coded("id_token_type")
    .says("`typ` says that this is an ID token: send the access token, or use `TokenType::IdToken` if this service reads ID tokens.");
pub(super) const DPOP_PROOF: Hint = Hint::coded("dpop_proof")
    .says("`typ` says that this is a DPoP proof: it belongs into the header field `DPoP`, and the access token into `Authorization`.");
pub(super) const OKTA_INTERNAL_TOKEN: Hint = Hint::coded("okta_internal_token")
    .says("This is an access token of Okta's org server, meant for Okta alone: request one from a custom server such as /oauth2/default. `TokenType::Named` would accept this type.");
pub(super) const JOSE_TYPE: Hint = Hint::coded("jose_type")
    .says("`typ` JOSE says only that this is a JWS or a JWE: if the issuer's access tokens have it, accept it with `Policy::token_type` and `TokenType::Named`.");
pub(super) const UNKNOWN_TYPE: Hint = Hint::coded("unknown_type")
    .says("This crate does not know this `typ`: if the issuer's access tokens have it, accept it with `Policy::token_type` and `TokenType::Named`.");
pub(super) const MALFORMED_TYPE: Hint = Hint::coded("malformed_type")
    .says("`typ` is empty or has characters that no media type has: have the issuer write JWT or at+jwt, or leave it out (RFC 7515 section 4.1.9).");
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

pub(super) const ISSUER_WHITE_SPACE: Hint = Hint::coded("issuer_white_space")
    .says("The issuers differ only by white space at an end of the token's: have the issuer remove it, since no policy has it.");
pub(super) const ISSUER_SLASH: Hint = Hint::coded("issuer_slash")
    .says("The issuers differ only by the slash at the end: spell the policy's issuer exactly as the token does.");
pub(super) const ISSUER_CASE: Hint = Hint::coded("issuer_case")
    .says("The issuers differ only by upper and lower case: spell the policy's issuer exactly as the token does.");
pub(super) const ISSUER_SCHEME: Hint = Hint::coded("issuer_scheme")
    .says("The issuers differ only by http: and https:, perhaps because the issuer does not know of the proxy in front of it: correct its public URL.");
pub(super) const ISSUER_PORT: Hint = Hint::coded("issuer_port")
    .says("The issuers differ only by the port: correct the issuer's public URL, or spell the policy's issuer exactly as the token does.");
pub(super) const ISSUER_SPELLING: Hint = Hint::coded("issuer_spelling")
    .says("The issuers differ only in their spelling (white space, case, scheme, port, a slash at the end): spell the policy's issuer exactly as the token does.");
pub(super) const ISSUER_WITHOUT_SCHEME: Hint = Hint::coded("issuer_without_scheme")
    .says("{} writes its `iss` with and without https://. To accept both, add the other form with `Verifier::with_issuer`, with the same audience and keys.");
pub(super) const ISSUER_HOST: Hint = Hint::coded("issuer_host")
    .says("The issuers differ only by the host: a custom domain and the tenant's own domain are two issuers, and so are two tenants, so use one everywhere.");
pub(super) const ENTRA_VERSION_1: Hint = Hint::coded("entra_version_1")
    .says("The token has Entra's version 1.0: set `requestedAccessTokenVersion` to 2 in the API's manifest, or configure https://{}/TENANT/ and the keys at https://{}.");
pub(super) const ENTRA_VERSION_2: Hint = Hint::coded("entra_version_2")
    .says("The token has Entra's version 2.0: configure https://{}/TENANT/v2.0 and its keys.");
pub(super) const ENTRA_VERSION_MISSING: Hint = Hint::coded("entra_version_missing").says(
    "Entra's tokens of version 2.0 have /v2.0 at the end of `iss`: add it to the policy's issuer.",
);
pub(super) const ENTRA_TENANT_MISSING: Hint = Hint::coded("entra_tenant_missing")
    .says("Entra writes the ID of a tenant into `iss`, never common, organizations or consumers: configure the tenant's ID, or `Policy::for_tenants` for several tenants.");
pub(super) const TENANT_NOT_LISTED: Hint = Hint::coded("tenant_not_listed")
    .says("The policy does not list this tenant: if its users may use this service, name it with `Policy::tenant`.");
pub(super) const ENTRA_KEYS_OF_VERSION_2: Hint = Hint::coded("entra_keys_of_version_2")
    .says("The token has Entra's version 1.0, and these keys are for version 2.0: fetch the keys at https://{} with `RemoteJwks::new`.");
pub(super) const ADFS_ACCESS_TOKEN: Hint = Hint::coded("adfs_access_token")
    .says("AD FS writes another `iss` into access tokens, the `access_token_issuer` of its metadata: configure that one, with the keys of its `jwks_uri`.");
pub(super) const ADFS_ID_TOKEN: Hint = Hint::coded("adfs_id_token")
    .says("AD FS writes this `iss` into ID tokens: send the access token, whose `iss` is the `access_token_issuer` of its metadata.");
pub(super) const KEYCLOAK_PATH: Hint = Hint::coded("keycloak_path")
    .says("The issuers differ only by Keycloak's path /auth, which is the default before version 17 and a setting since: spell the policy's issuer exactly as the token does.");
pub(super) const OKTA_ORG_SERVER: Hint = Hint::coded("okta_org_server")
    .says("The token is from Okta's org server, whose access tokens are for Okta alone: request one from the custom server configured here, with its path /oauth2/.");
pub(super) const OKTA_CUSTOM_SERVER: Hint = Hint::coded("okta_custom_server")
    .says("The token is from a custom authorization server of Okta: configure its issuer, with the path /oauth2/ and its name or ID, and its keys.");
pub(super) const OTHER_ISSUER: Hint = Hint::coded("other_issuer")
    .says("The token is from another issuer: request it from the one configured here, or add this one with `Verifier::with_issuer` if it is trusted.");

// `aud`

pub(super) const AUDIENCE_EMPTY: Hint = Hint::coded("audience_empty")
    .says("`aud` is empty: have the client request a token for this API by naming its audience or resource.");
pub(super) const AUDIENCE_NULL: Hint = Hint::coded("audience_null")
    .says("`aud` is null: have the issuer write this API's audience there, or leave `aud` out and use `Policy::for_client`.");
pub(super) const AUDIENCE_MISSING: Hint = Hint::coded("audience_missing")
    .says("The token has no `aud`: have the client request one for this API by naming its audience or resource, or use `Policy::for_client` if the issuer has none to name.");
pub(super) const AUDIENCE_WHITE_SPACE: Hint = Hint::coded("audience_white_space")
    .says("The audiences differ only by white space at an end of the token's: have the issuer remove it, since no policy has it.");
pub(super) const AUDIENCE_SLASH: Hint = Hint::coded("audience_slash")
    .says("The audiences differ only by the slash at the end: spell the policy's audience exactly as the token does.");
pub(super) const AUDIENCE_CASE: Hint = Hint::coded("audience_case")
    .says("The audiences differ only by upper and lower case: spell the policy's audience exactly as the token does.");
pub(super) const AUDIENCE_SCHEME: Hint = Hint::coded("audience_scheme")
    .says("The audiences differ only by the scheme, such as https://: spell the policy's audience exactly as the token does.");
pub(super) const AUDIENCE_PORT: Hint = Hint::coded("audience_port").says(
    "The audiences differ only by the port: if both mean this API, spell the policy's audience exactly as the token does.",
);
pub(super) const AUDIENCE_SPELLING: Hint = Hint::coded("audience_spelling")
    .says("The audiences differ only in their spelling (white space, case, scheme, port, a slash at the end): spell the policy's audience exactly as the token does.");
pub(super) const ENTRA_AUDIENCE: Hint = Hint::coded("entra_audience")
    .says("Entra writes the API's client ID into tokens of version 2.0, and that or the App ID URI, api://CLIENT_ID, into version 1.0: accept the other one with `Policy::accept_audience`.");
pub(super) const ADFS_AUDIENCE: Hint = Hint::coded("adfs_audience")
    .says("AD FS writes microsoft:identityserver: before the API's identifier: spell the policy's audience exactly as the token does.");
pub(super) const ID_TOKEN: Hint = Hint::coded("id_token").says(
    "This is an ID token, which tells the client who logged in: send the access token instead.",
);
pub(super) const KEYCLOAK_AUDIENCE: Hint = Hint::coded("keycloak_audience")
    .says("Keycloak adds no audience of its own: add an Audience mapper for this API to the client or to a client scope.");
pub(super) const COGNITO_AUDIENCE: Hint = Hint::coded("cognito_audience")
    .says("Amazon Cognito's access tokens have no `aud`: use `Policy::for_client` and require `token_use` to be access.");
pub(super) const AUDIENCE_OF_CLIENT_POLICY: Hint = Hint::coded("audience_of_client_policy")
    .says("The token names a service, and `Policy::for_client` is for tokens that name none: if it names this one, use `Policy::new` with that audience.");
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
    .says("The token is bound to a key or a certificate (DPoP or mutual TLS): check the request with `Guard::check_request`, or request a bearer token.");

// The scopes, permissions and claim values that a guard requires.

pub(super) const SCOPE_ELSEWHERE: Hint = Hint::coded("scope_elsewhere")
    .says("The token's scopes are in `{}`: have the policy read them from there with `Policy::scopes_from(\"{}\")`.");
pub(super) const SCOPE_COMMAS: Hint = Hint::coded("scope_commas")
    .says("The names in `scope` are joined by commas: have the issuer write spaces between them, RFC 6749 section 3.3.");
pub(super) const SCOPE_IS_PERMISSION: Hint = Hint::coded("scope_is_permission")
    .says("The token has this name in `permissions`: check it with `Guard::require_permission` in place of `require_scope`.");
pub(super) const SCOPE_MISSING: Hint = Hint::coded("scope_missing")
    .says("The token lacks this scope: have the client request it, and the issuer allow it for this client and user.");
pub(super) const PERMISSION_MISSING: Hint = Hint::coded("permission_missing")
    .says("The token lacks this permission: have the issuer grant it to the user or client, and add `permissions` to the tokens for this API.");
pub(super) const PERMISSION_IS_SCOPE: Hint = Hint::coded("permission_is_scope")
    .says("The token has this name among its scopes: check it with `Guard::require_scope` in place of `require_permission`.");
pub(super) const REQUIREMENT_EMPTY: Hint = Hint::coded("requirement_empty")
    .says("The guard requires an empty name or value, or none at all, which no token has: a setting of this service was left empty.");

pub(super) const CLAIM_VALUE_MISSING: Hint = Hint::coded("claim_value_missing")
    .says("The claim is there without this value: have the issuer grant it to the user or client.");
pub(super) const CLAIM_PATH_NOWHERE: Hint = Hint::coded("claim_path_nowhere")
    .says("The token has no claim at this path: compare the path with the token's claims, and have the issuer write the claim into access tokens.");
pub(super) const CLAIM_PATH_MALFORMED: Hint = Hint::coded("claim_path_malformed")
    .says("The guard's path is empty, or a JSON Pointer with a `~` that is neither `~0` nor `~1`, so it leads nowhere: spell it as RFC 6901 says.");

// The login that a guard requires.

pub(super) const STEP_UP_METHOD: Hint = Hint::coded("step_up_method")
    .says("The user logged in by another method: the client must repeat its authorization request with the `acr_values` of the challenge.");
pub(super) const STEP_UP_AGE: Hint = Hint::coded("step_up_age")
    .says("The user logged in {} ago: the client must repeat its authorization request with the `max_age` of the challenge.");
pub(super) const STEP_UP_CLAIM_MISSING: Hint = Hint::coded("step_up_claim_missing")
    .says("The issuer did not write this claim: have it add `acr` and `auth_time` to access tokens, RFC 9068 section 2.2.1.");

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
