//! What is likely to be behind a failed check, and what to do about it.

use core::{fmt, time::Duration};

use crate::{Algorithm, JwkError, explain::text};

/// What to do about a failed check: a sentence, by [`Display`](fmt::Display).
///
/// A guess from what the token and the settings look like. It holds numbers and names of this crate,
/// never text from the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hint {
    /// The request has no `Authorization`.
    HeaderMissing,
    /// The request has several `Authorization` fields.
    HeaderRepeated,
    /// The credentials are of another scheme.
    OtherScheme,
    /// `Bearer` with nothing after it.
    TokenEmpty,
    /// `Bearer Bearer`.
    BearerTwice,
    /// `null`, `undefined` or the like in place of the token.
    Placeholder,
    /// The token is between quotation marks.
    Quoted,
    /// White space or a line break is in or around the token.
    WhiteSpace,
    /// The token is percent-encoded.
    PercentEncoded,
    /// A segment is padded with `=`.
    Padded,
    /// A segment is in the standard base64 alphabet, with `+` and `/`.
    StandardAlphabet,
    /// The token is longer than any that is accepted.
    TooLarge,
    /// One segment: an opaque token.
    Opaque,
    /// Five segments: an encrypted token.
    Encrypted,
    /// Two segments, or an empty third one.
    SignatureMissing,
    /// `alg` is `none`.
    Unsigned,
    /// `alg` is HS256, HS384 or HS512.
    SharedSecret,
    /// `alg` could be accepted and is not.
    OtherAlgorithm {
        /// The token's `alg`.
        algorithm: Algorithm,
    },
    /// `alg` is none that this crate knows.
    UnknownAlgorithm,
    /// The set has no key with the token's `kid`.
    UnknownKeyId {
        /// How many keys the set has, where that is known.
        known: Option<usize>,
        /// How old the set is, where that is known.
        age: Option<Duration>,
    },
    /// The key is unknown, and `iss` names another issuer than the policy.
    KeyOfOtherIssuer,
    /// The key with the token's `kid` is for another algorithm.
    KeyOfOtherAlgorithm,
    /// The entry with the token's `kid` was skipped.
    KeySkipped {
        /// Why.
        error: JwkError,
    },
    /// The set has no usable key.
    NoKeys,
    /// The token has no `kid`, and not exactly one key fits.
    KeyIdMissing,
    /// Several keys have the token's `kid`.
    KeyIdAmbiguous,
    /// No keys were fetched yet.
    KeysNotFetched,
    /// The host of the key set cannot be resolved.
    KeySetHostNotFound,
    /// The host of the key set cannot be reached, or not through the proxy.
    KeySetUnreachable,
    /// TLS with the host of the key set fails.
    KeySetTls,
    /// The host of the key set does not answer in time.
    KeySetTimeout,
    /// The host of the key set answers with an error or a redirect.
    KeySetStatus,
    /// What the host serves is no key set.
    KeySetContent,
    /// The issuer's metadata cannot be used.
    KeySetMetadata,
    /// The signature is not as long as the key's.
    SignatureLength {
        /// Its length in bytes.
        bytes: usize,
        /// The length that it should have.
        expected: usize,
    },
    /// The signature has the right length and does not match.
    SignatureMismatch,
    /// A token for Microsoft Graph, which Microsoft alone can verify.
    MicrosoftGraph,
    /// `typ` names another kind of token.
    OtherKindOfToken,
    /// The policy asks for `at+jwt`, and the issuer does not write it.
    UntypedAccessToken,
    /// The issuers differ by a slash at the end.
    IssuerSlash,
    /// The issuers differ by `http:` and `https:`, or one has none.
    IssuerScheme,
    /// The issuers differ by upper and lower case.
    IssuerCase,
    /// The issuers differ by the host alone.
    IssuerHost,
    /// The token is of Microsoft Entra's version 1.0, the policy is for 2.0.
    EntraVersion1,
    /// The token is of Microsoft Entra's version 2.0, the policy is for 1.0.
    EntraVersion2,
    /// The issuer is another one.
    OtherIssuer,
    /// The audiences differ by a slash at the end.
    AudienceSlash,
    /// An ID token: the audience is the client, or there are claims that only ID tokens have.
    IdToken,
    /// Keycloak's default audience, or none.
    KeycloakAudience,
    /// Amazon Cognito's access tokens have no `aud`.
    CognitoAudience,
    /// The token is for another API.
    OtherAudience,
    /// The token is no longer valid.
    Expired {
        /// For how many seconds.
        since: u64,
        /// For how many seconds it was valid, if it has `iat`.
        lifetime: Option<u64>,
    },
    /// The token is not valid yet.
    NotYetValid {
        /// For how many seconds.
        until: u64,
    },
    /// A time is in milliseconds.
    Milliseconds,
    /// A time is a string.
    TimeAsString,
    /// The token was issued to another client.
    OtherClient,
    /// The token is bound to a key of its sender.
    SenderConstrained,
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence = match self {
            Self::HeaderMissing => {
                "No `Authorization` arrived: if the client sends one, look for a proxy, a gateway or a redirect to another host that removes it."
            }
            Self::HeaderRepeated => {
                "Send one `Authorization`: the client and a proxy may each add their own."
            }
            Self::OtherScheme => {
                "Send the token as `Authorization: Bearer TOKEN`: these credentials are of another scheme, or lack it."
            }
            Self::TokenEmpty => {
                "The client sends `Bearer` without a token: it has none yet, or its variable is not set."
            }
            Self::BearerTwice => {
                "The client writes `Bearer` twice: the value that it keeps as the token already begins with it."
            }
            Self::Placeholder => {
                "The client sends the word for a missing value in place of a token: it must wait until it has one."
            }
            Self::Quoted => {
                "Remove the quotation marks around the token: the client sends it as JSON text or with quotes of its shell."
            }
            Self::WhiteSpace => {
                "Remove white space from the token: a line break at the end of a file, or lines wrapped by a copy, are the usual source."
            }
            Self::PercentEncoded => {
                "Decode the token before it is sent: it was percent-encoded, as for a URL or a cookie."
            }
            Self::Padded => {
                "Remove the padding: segments of a token do not end in `=`, so some proxy or library encoded it again."
            }
            Self::StandardAlphabet => {
                "Encode the segments in base64url: the token has `+` or `/` of standard base64."
            }
            Self::TooLarge => {
                "Have the issuer put less into the token, such as fewer groups or roles: no token of this length is accepted."
            }
            Self::Opaque => {
                "This is not a JWT but an opaque token: request an access token for this API by naming its audience or resource."
            }
            Self::Encrypted => {
                "The token is encrypted, for a reader other than this service: request one for this API by naming its audience, and turn off encryption for it."
            }
            Self::SignatureMissing => {
                "The signature is missing: send the whole token, which was probably cut by a copy or by a limit of its length."
            }
            Self::Unsigned => {
                "Sign the token: `alg` is none, which an emulator writes and nobody may accept."
            }
            Self::SharedSecret => {
                "Have the issuer sign with a key pair, such as RS256: HS256 and its like need a shared secret, and this crate supports none."
            }
            Self::OtherAlgorithm { algorithm } => {
                return write!(
                    f,
                    "If the issuer is to sign with {algorithm}, add it to `Policy::algorithms`; otherwise set the issuer to an algorithm listed there."
                );
            }
            Self::UnknownAlgorithm => {
                "Set the issuer to an algorithm that this crate supports, such as RS256 or ES256."
            }
            Self::UnknownKeyId { known, age } => {
                f.write_str("None of the issuer's ")?;
                match known {
                    Some(known) => {
                        f.write_str(&text::counted(
                            u64::try_from(*known).unwrap_or(u64::MAX),
                            "key",
                        ))?;
                    }
                    None => f.write_str("keys")?,
                }
                if let Some(age) = age {
                    write!(f, ", fetched {} ago,", text::duration(age.as_secs()))?;
                }
                " has this `kid`: the token is from another tenant or environment, or its key was replaced."
            }
            Self::KeyOfOtherIssuer => {
                "The token names another issuer than the policy: its key is that issuer's, so compare `iss` first."
            }
            Self::KeyOfOtherAlgorithm => {
                "The key with this `kid` is for another algorithm than the token's `alg`: correct `alg` in the key set, or `Policy::algorithms`."
            }
            Self::KeySkipped { error } => {
                return write!(f, "The key set has this `kid`, but the key is not used: {error}.");
            }
            Self::NoKeys => {
                "The key set has no usable key: check that its URL or file is the issuer's."
            }
            Self::KeyIdMissing => {
                "Have the issuer write `kid` into the header: without it, exactly one key must fit the token's `alg`."
            }
            Self::KeyIdAmbiguous => "Have the issuer give each of its keys a `kid` of its own.",
            Self::KeysNotFetched => {
                "No keys were fetched yet: call `prime` at the start, or `verify` once, and see that it succeeds."
            }
            Self::KeySetHostNotFound => {
                "The host of the key set has no address: check its name in the settings, and DNS on this machine."
            }
            Self::KeySetUnreachable => {
                "The host of the key set cannot be reached: check firewall, port and proxy of this machine."
            }
            Self::KeySetTls => {
                "TLS with the host of the key set fails: check its certificate, the clock, and whether a proxy needs `root_certs_pem`."
            }
            Self::KeySetTimeout => {
                "The host of the key set is too slow: check the way there, and only then raise the timeout."
            }
            Self::KeySetStatus => {
                "The host does not serve a key set at this URL: use the `jwks_uri` of the issuer's metadata, or `RemoteJwks::discover`."
            }
            Self::KeySetContent => {
                "What is served at this URL is no usable key set, perhaps a login page or the metadata: use the `jwks_uri` of the metadata."
            }
            Self::KeySetMetadata => {
                "The issuer's metadata cannot be used: configure the issuer exactly as its metadata spells it, slash included."
            }
            Self::SignatureLength { bytes, expected } => {
                return write!(
                    f,
                    "The signature has {}, and this key's have {expected}: {}",
                    text::bytes(*bytes),
                    match bytes < expected {
                        true => "the token was probably cut, so send all of it.",
                        false =>
                            "something was added to the token, or it is signed with another key.",
                    }
                );
            }
            Self::SignatureMismatch => {
                "The token was changed after it was signed, or is signed with another key of the same `kid`: request a new one, and compare the issuer's environments."
            }
            Self::MicrosoftGraph => {
                "This token is for Microsoft Graph, which alone can verify it: request a scope of your own API, such as api://CLIENT_ID/SCOPE."
            }
            Self::OtherKindOfToken => {
                "`typ` says that this is no access token, but perhaps a logout token, a DPoP proof or a security event: send the access token."
            }
            Self::UntypedAccessToken => {
                "The policy asks for `typ` at+jwt: switch the issuer to RFC 9068 access tokens, or use `TokenType::Jwt`."
            }
            Self::IssuerSlash => {
                "The issuers differ by the slash at the end alone: spell the policy's issuer exactly as the token does."
            }
            Self::IssuerScheme => {
                "The issuers differ by http: and https: alone, perhaps since the issuer does not know of the proxy before it: correct its public URL."
            }
            Self::IssuerCase => {
                "The issuers differ by upper and lower case alone: spell the policy's issuer exactly as the token does."
            }
            Self::IssuerHost => {
                "The issuers differ by the host alone: a custom domain and the tenant's own are two issuers, as are two tenants, so use one everywhere."
            }
            Self::EntraVersion1 => {
                "The token is of Entra's version 1.0: set `requestedAccessTokenVersion` to 2 in the API's manifest, or configure https://sts.windows.net/TENANT/ and its keys."
            }
            Self::EntraVersion2 => {
                "The token is of Entra's version 2.0: configure https://login.microsoftonline.com/TENANT/v2.0 and its keys."
            }
            Self::OtherIssuer => {
                "The token is from another issuer: request it from the one configured here, or add this one with `Verifier::with_issuer` if it is trusted."
            }
            Self::AudienceSlash => {
                "The audiences differ by the slash at the end alone: spell the policy's audience exactly as the token does."
            }
            Self::IdToken => {
                "This is an ID token, which tells the client who logged in: send the access token instead."
            }
            Self::KeycloakAudience => {
                "Keycloak adds no audience of its own: add an Audience mapper for this API to the client or to a client scope."
            }
            Self::CognitoAudience => {
                "Amazon Cognito's access tokens have no `aud`: use `Policy::for_client` and require `token_use` to be access."
            }
            Self::OtherAudience => {
                "The token is for another API: have the client request one for the audience configured here."
            }
            Self::Expired { since, lifetime } => {
                write!(f, "The token expired {} ago", text::duration(*since))?;
                if let Some(lifetime) = lifetime {
                    write!(f, " after a life of {}", text::duration(*lifetime))?;
                }
                ": the client must renew it in time, or this host's clock is ahead."
            }
            Self::NotYetValid { until } => {
                return write!(
                    f,
                    "The token is valid only in {}: compare the clocks of the issuer and of this host, and allow for seconds with `Policy::leeway`.",
                    text::duration(*until)
                );
            }
            Self::Milliseconds => {
                "The time is in milliseconds: have the issuer write seconds since 1970."
            }
            Self::TimeAsString => {
                "The time is a string: have the issuer write a number, seconds since 1970 without quotation marks."
            }
            Self::OtherClient => {
                "The token was issued to another client: if that one may call this API too, name it with `Policy::accept_client`."
            }
            Self::SenderConstrained => {
                "The token is bound to a key (DPoP or mutual TLS): check the sender's proof and use `Policy::allow_sender_constrained`, or request a bearer token."
            }
        };
        f.write_str(sentence)
    }
}
