//! The settings in the environment, each checked before anything is fetched or served.

use std::{env, error::Error, fmt, fs, io, net::SocketAddr};

use tokenring::{
    Algorithm, FetchConfigError, Guard, Policy, PolicyError, RemoteJwks, ResourceMetadata,
    ResourceMetadataError, UnknownAlgorithm, Verifier,
    possession::{NonceError, Nonces, ProofPolicy, ProofPolicyError, ProofVerifier, ReplayMemory},
    remote::RemoteJwksBuilder,
};

use crate::Certificates;

/// The settings in the environment.
pub struct Settings {
    /// The value of `iss`.
    pub issuer: String,
    /// The source of the issuer's keys. Nothing is fetched yet.
    pub keys: RemoteJwks,
    /// Accepts the issuer's tokens.
    pub guard: Guard<RemoteJwks>,
    /// Where client certificates come from.
    pub certificates: Certificates,
    /// The document that tells clients where to get a token, if there is one.
    pub metadata: Option<ResourceMetadata>,
    /// The address for the proxy.
    pub listen: SocketAddr,
    /// The address for the operator.
    pub listen_probes: SocketAddr,
}

impl Settings {
    /// Reads the variables that the table in `README.md` lists.
    pub fn from_env() -> Result<Self, SettingError> {
        let issuer = required("ISSUER", "the value of `iss`")?;
        let audience = required("AUDIENCE", "a value that `aud` must contain")?;
        let keys = keys(&issuer)?;
        let policy = policy(&issuer, &audience)?;
        let verifier = Verifier::new(policy, keys.clone()).map_err(unusable_policy)?;
        let guard = Guard::new(verifier);
        let guard = match setting("SCOPE")? {
            Some(scope) => guard.require_scope(&scope),
            None => guard,
        };
        let guard = match (setting("PUBLIC_ORIGIN")?, setting("NONCE_SECRET")?) {
            (Some(origin), secret) => guard.accept_dpop(proofs(&origin, secret)?),
            (None, None) => guard,
            (None, Some(_)) => {
                let meaning = "the origin that clients know, if NONCE_SECRET is set";
                return Err(SettingError::Missing { name: "PUBLIC_ORIGIN", meaning });
            }
        };
        let (guard, metadata) = match setting("RESOURCE")? {
            Some(resource) => {
                let metadata = guard.metadata_builder(resource).build();
                let metadata = metadata.map_err(SettingError::Resource)?;
                (guard.resource_metadata(&metadata), Some(metadata))
            }
            None => (guard, None),
        };
        let certificates = match setting("CLIENT_CERTIFICATES")?.as_deref() {
            None => Certificates::Ignored,
            Some("nginx") => Certificates::FromNginx,
            Some(_) => return Err(SettingError::Certificates),
        };
        let listen = address("LISTEN", "127.0.0.1:9000")?;
        let listen_probes = address("LISTEN_PROBES", "127.0.0.1:9001")?;
        Ok(Self { issuer, keys, guard, certificates, metadata, listen, listen_probes })
    }
}

fn policy(issuer: &str, audience: &str) -> Result<Policy, SettingError> {
    let mut policy = Policy::new(issuer, audience);
    if let Some(names) = setting("ALGORITHMS")? {
        let algorithms: Result<Vec<Algorithm>, _> =
            names.split_whitespace().map(str::parse).collect();
        policy = policy.algorithms(algorithms.map_err(SettingError::Algorithm)?);
    }
    if let Some(claim) = setting("SCOPES_CLAIM")? {
        policy = policy.scopes_from(claim);
    }
    Ok(policy)
}

/// The verifier of DPoP proofs. This process alone remembers those that were used.
fn proofs(origin: &str, secret: Option<String>) -> Result<ProofVerifier, SettingError> {
    let nonces = secret.map_or_else(Nonces::random, Nonces::with_secret);
    let nonces = nonces.map_err(SettingError::Nonces)?;
    let policy = ProofPolicy::new(origin).nonces(nonces);
    ProofVerifier::new(policy, ReplayMemory::default()).map_err(SettingError::Proofs)
}

/// The key set at `JWKS_URL`, or the one that the issuer's metadata names.
fn keys(issuer: &str) -> Result<RemoteJwks, SettingError> {
    let (name, url, keys) = match setting("JWKS_URL")? {
        Some(url) => ("JWKS_URL", url.clone(), RemoteJwks::builder(url)),
        None => ("ISSUER", issuer.into(), RemoteJwks::discovery_builder(issuer)),
    };
    let mut keys = with_request_settings(keys)?;
    if url.starts_with("http://") {
        // A sidecar or a test issuer. Other machines are named by `DANGER_ALLOW_HTTP`.
        keys = keys.danger_allow_http_loopback();
    }
    if let Some(hosts) = setting("DANGER_ALLOW_HTTP")? {
        keys = hosts.split_whitespace().fold(keys, RemoteJwksBuilder::danger_allow_http);
    }
    keys.build().map_err(|error| SettingError::Keys { name: name_of(&error, name), error })
}

/// Adds what the endpoint of the keys demands.
fn with_request_settings(mut keys: RemoteJwksBuilder) -> Result<RemoteJwksBuilder, SettingError> {
    if let Some(path) = setting("CA_FILE")? {
        keys = keys.add_root_certs_file(path);
    }
    if let Some(headers) = setting("JWKS_HEADERS")? {
        for (index, header) in headers.lines().enumerate() {
            let header = header.split_once(':');
            let (name, value) =
                header.ok_or(SettingError::Header { line: index.saturating_add(1) })?;
            keys = keys.header(name, value.trim());
        }
    }
    if let Some(path) = setting("JWKS_TOKEN_FILE")? {
        keys = keys.bearer_token_file(path);
    }
    let certificate = file("JWKS_CLIENT_CERT_FILE")?;
    let key = file("JWKS_CLIENT_KEY_FILE")?;
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(keys.client_cert_pem(certificate, key)),
        (None, None) => Ok(keys),
        (Some(_), None) => Err(SettingError::Missing {
            name: "JWKS_CLIENT_KEY_FILE",
            meaning: "the file with the key of JWKS_CLIENT_CERT_FILE",
        }),
        (None, Some(_)) => Err(SettingError::Missing {
            name: "JWKS_CLIENT_CERT_FILE",
            meaning: "the file with the certificate of JWKS_CLIENT_KEY_FILE",
        }),
    }
}

/// The variable at fault. `url` is the one that has the URL.
fn name_of(error: &FetchConfigError, url: &'static str) -> &'static str {
    match error {
        FetchConfigError::HttpHost => "DANGER_ALLOW_HTTP",
        FetchConfigError::RootCerts(_) | FetchConfigError::RootCertsFile { .. } => "CA_FILE",
        FetchConfigError::ClientCert => "JWKS_CLIENT_CERT_FILE",
        FetchConfigError::ClientKey | FetchConfigError::ClientKeyMismatch => "JWKS_CLIENT_KEY_FILE",
        FetchConfigError::HeaderName
        | FetchConfigError::HeaderValue
        | FetchConfigError::SpoiledHeader { .. }
        | FetchConfigError::ReservedHeader
        | FetchConfigError::RepeatedHeader => "JWKS_HEADERS",
        FetchConfigError::Proxy { setting } | FetchConfigError::ProxyScheme { setting } => setting,
        _ => url,
    }
}

fn unusable_policy(error: PolicyError) -> SettingError {
    let name = match error {
        PolicyError::MalformedClaimPath => "SCOPES_CLAIM",
        PolicyError::EmptyAudience | PolicyError::SpoiledAudience { .. } => "AUDIENCE",
        _ => "ISSUER",
    };
    SettingError::Policy { name, error }
}

fn required(name: &'static str, meaning: &'static str) -> Result<String, SettingError> {
    setting(name)?.ok_or(SettingError::Missing { name, meaning })
}

fn address(name: &'static str, default: &'static str) -> Result<SocketAddr, SettingError> {
    let text = setting(name)?.unwrap_or_else(|| default.into());
    text.parse().map_err(|_| SettingError::Address { name, example: default })
}

fn file(name: &'static str) -> Result<Option<Vec<u8>>, SettingError> {
    let path = setting(name)?;
    let content = path.map(fs::read).transpose();
    content.map_err(|error| SettingError::File { name, kind: error.kind() })
}

/// A value that is empty or white space is an error: an empty `SCOPE` must not mean that no scope is
/// required.
fn setting(name: &'static str) -> Result<Option<String>, SettingError> {
    match env::var(name) {
        Ok(value) if value.trim().is_empty() => Err(SettingError::Empty { name }),
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(SettingError::NotUnicode { name }),
    }
}

/// Why a setting cannot be used. Its text names the variable, and shows no value: some are secret.
#[derive(Debug)]
pub enum SettingError {
    /// A variable that is needed is not set.
    Missing {
        /// The variable.
        name: &'static str,
        /// A description of the right value.
        meaning: &'static str,
    },
    /// The value is empty or white space.
    Empty {
        /// The variable.
        name: &'static str,
    },
    /// The value is not UTF-8.
    NotUnicode {
        /// The variable.
        name: &'static str,
    },
    /// The value is not an address with a port.
    Address {
        /// The variable.
        name: &'static str,
        /// A good value.
        example: &'static str,
    },
    /// `ALGORITHMS` has a name that is not known.
    Algorithm(UnknownAlgorithm),
    /// A line of `JWKS_HEADERS` has no colon.
    Header {
        /// The first line is 1.
        line: usize,
    },
    /// The file cannot be read.
    File {
        /// The variable.
        name: &'static str,
        /// The operating system's error.
        kind: io::ErrorKind,
    },
    /// The keys cannot be fetched with this value.
    Keys {
        /// The variable.
        name: &'static str,
        /// The fault of its value.
        error: FetchConfigError,
    },
    /// No policy can have this value.
    Policy {
        /// The variable.
        name: &'static str,
        /// The fault of its value.
        error: PolicyError,
    },
    /// `PUBLIC_ORIGIN` is not the origin of a service.
    Proofs(ProofPolicyError),
    /// `NONCE_SECRET` is too short, or it is not set and the system has no randomness.
    Nonces(NonceError),
    /// `RESOURCE` is not the identifier of a protected resource.
    Resource(ResourceMetadataError),
    /// `CLIENT_CERTIFICATES` names no proxy that is known.
    Certificates,
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { name, meaning } => write!(f, "{name} is not set, it must be {meaning}"),
            Self::Empty { name } => write!(f, "{name} is set but empty"),
            Self::NotUnicode { name } => write!(f, "{name} is not UTF-8"),
            Self::Address { name, example } => {
                write!(f, "{name} must be an address and a port, such as {example}")
            }
            Self::Algorithm(error) => {
                write!(
                    f,
                    "ALGORITHMS must be names such as RS256, with spaces between them: {error}"
                )
            }
            Self::Header { line } => {
                write!(
                    f,
                    "JWKS_HEADERS must have `Name: value` on each line, line {line} has no colon"
                )
            }
            Self::File { name, kind } => write!(f, "{name}: the file cannot be read: {kind}"),
            // The words of this program for the same.
            Self::Keys { name, error: FetchConfigError::NotHttps } => {
                write!(
                    f,
                    "{name}: the URL must begin with https:, or DANGER_ALLOW_HTTP must name its host"
                )
            }
            Self::Keys { name, error: FetchConfigError::HttpHost } => {
                write!(
                    f,
                    "{name} must be hosts without scheme, port and path, with spaces between them"
                )
            }
            Self::Keys { name, error: FetchConfigError::RepeatedHeader } => write!(
                f,
                "{name} must have each header once, and Authorization not beside JWKS_TOKEN_FILE"
            ),
            // Their sentences begin with the variable.
            Self::Keys {
                error:
                    error @ (FetchConfigError::Proxy { .. } | FetchConfigError::ProxyScheme { .. }),
                ..
            } => write!(f, "{error}"),
            Self::Keys { name, error } => write!(f, "{name}: {error}"),
            Self::Policy { name, error } => write!(f, "{name}: {error}"),
            Self::Proofs(error) => write!(f, "PUBLIC_ORIGIN: {error}"),
            Self::Nonces(error) => write!(f, "NONCE_SECRET: {error}"),
            Self::Resource(error) => write!(f, "RESOURCE: {error}"),
            Self::Certificates => f.write_str("CLIENT_CERTIFICATES must be nginx, or not be set"),
        }
    }
}

impl Error for SettingError {}
