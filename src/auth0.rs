//! From the three settings of Auth0's own quick starts to a policy and a key source. RFC 8414
//! sections 2 and 3.3.

use std::{
    env::{self, VarError},
    error::Error,
    fmt, format,
    string::{String, ToString},
};

use crate::{FetchConfigError, KeySource, Policy, PolicyError, RemoteJwks, Verifier, host::Shown};

/// An Auth0 tenant, and the API whose access tokens are accepted.
///
/// ```no_run
/// use tokenring::{Auth0, Guard};
///
/// let guard = Guard::new(Auth0::from_env()?.verifier()?);
/// # Ok::<(), tokenring::Auth0ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Auth0 {
    issuer: String,
    jwks_url: String,
    audience: String,
    client_id: Option<String>,
}

impl Auth0 {
    /// The settings in the environment: `AUTH0_ISSUER_BASE_URL`, `AUTH0_AUDIENCE` and, if set and not
    /// empty, `AUTH0_CLIENT_ID`.
    ///
    /// # Errors
    ///
    /// [`Auth0ConfigError`], which names the variable and says what to write.
    pub fn from_env() -> Result<Self, Auth0ConfigError> {
        Self::from_variables(|name| match env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(Auth0ConfigError::NotUnicode { variable: name }),
        })
    }

    /// The same settings from elsewhere: `lookup` gets the name of a variable and returns its value.
    ///
    /// # Errors
    ///
    /// [`Auth0ConfigError`], which names the variable and says what to write.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Auth0ConfigError> {
        Self::from_variables(|name| Ok(lookup(name)))
    }

    /// The tenant `domain`, such as `tenant.eu.auth0.com`, and the API's identifier.
    ///
    /// The domain may begin with `https://` and end with one slash.
    ///
    /// # Errors
    ///
    /// [`Auth0ConfigError`], which names the variable that [`from_env`](Self::from_env) would read.
    pub fn new(domain: &str, audience: &str) -> Result<Self, Auth0ConfigError> {
        if domain.is_empty() {
            return Err(Auth0ConfigError::Missing { variable: ISSUER_BASE_URL });
        }
        if audience.is_empty() {
            return Err(Auth0ConfigError::Missing { variable: AUDIENCE });
        }
        // An `aud` would never equal it.
        if audience.trim() != audience {
            return Err(Auth0ConfigError::WhiteSpace { variable: AUDIENCE });
        }
        let host = domain.strip_prefix("https://").unwrap_or(domain);
        let host = host.strip_suffix('/').unwrap_or(host);
        if !is_host_name(host) {
            return Err(Auth0ConfigError::NotHostName { variable: ISSUER_BASE_URL });
        }
        Ok(Self {
            issuer: format!("https://{host}/"),
            jwks_url: format!("https://{host}/.well-known/jwks.json"),
            audience: audience.to_string(),
            client_id: None,
        })
    }

    /// Accepts only tokens issued to this client. [`verifier`](Self::verifier) refuses an empty one.
    #[must_use]
    pub fn client_id(mut self, client_id: &str) -> Self {
        self.client_id = Some(client_id.to_string());
        self
    }

    /// The `iss` of the tenant's tokens, with a slash at the end.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The URL of the tenant's JWK Set.
    pub fn jwks_url(&self) -> &str {
        &self.jwks_url
    }

    /// The policy: tokens of this tenant for this API and, if a client is set, issued to that client.
    /// May be extended before it goes to [`Verifier::new`], which refuses an empty client.
    pub fn policy(&self) -> Policy {
        let policy = Policy::new(self.issuer.as_str(), self.audience.as_str());
        match &self.client_id {
            Some(client_id) => policy.authorized_party(client_id.as_str()),
            None => policy,
        }
    }

    /// A verifier with this policy and the tenant's keys, fetched when they are needed.
    ///
    /// # Errors
    ///
    /// [`Auth0ConfigError::Keys`], [`Auth0ConfigError::Policy`]
    pub fn verifier(&self) -> Result<Verifier<RemoteJwks>, Auth0ConfigError> {
        let keys = RemoteJwks::new(self.jwks_url.as_str()).map_err(Auth0ConfigError::Keys)?;
        self.verifier_with(keys)
    }

    /// A verifier with this policy and other keys, such as a source with settings of your own or, in
    /// tests, the keys of a test issuer.
    ///
    /// ```
    /// use tokenring::{Auth0, RemoteJwks};
    ///
    /// let auth0 = Auth0::new("tenant.eu.auth0.com", "https://api.example.com/")?;
    /// let keys = RemoteJwks::builder(auth0.jwks_url()).no_proxy().build()?;
    /// let verifier = auth0.verifier_with(keys)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Auth0ConfigError::Policy`]
    pub fn verifier_with<K: KeySource>(&self, keys: K) -> Result<Verifier<K>, Auth0ConfigError> {
        Verifier::new(self.policy(), keys).map_err(Auth0ConfigError::Policy)
    }

    fn from_variables(
        lookup: impl Fn(&'static str) -> Result<Option<String>, Auth0ConfigError>,
    ) -> Result<Self, Auth0ConfigError> {
        let value = |name| Ok(lookup(name)?.unwrap_or_default());
        let auth0 = Self::new(&value(ISSUER_BASE_URL)?, &value(AUDIENCE)?)?;
        // In the environment, an empty value is the same as none.
        Ok(match value(CLIENT_ID)? {
            client_id if client_id.is_empty() => auth0,
            client_id => auth0.client_id(&client_id),
        })
    }
}

/// Shows the host alone of the issuer, and of an audience that is a URL.
impl fmt::Debug for Auth0 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth0")
            .field("issuer", &Shown(&self.issuer))
            .field("audience", &Shown(&self.audience))
            .field("client_id", &self.client_id.as_ref().map(Shown))
            .finish_non_exhaustive()
    }
}

/// Why the settings of [`Auth0`] cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Auth0ConfigError {
    /// Operator: not set, or empty.
    Missing {
        /// The variable's name.
        variable: &'static str,
    },
    /// Operator: not Unicode.
    NotUnicode {
        /// The variable's name.
        variable: &'static str,
    },
    /// Operator: white space at the beginning or the end.
    WhiteSpace {
        /// The variable's name.
        variable: &'static str,
    },
    /// Operator: not a DNS host name, which may have `https://` before it and one slash after it.
    NotHostName {
        /// The variable's name.
        variable: &'static str,
    },
    /// Operator: the key source cannot be built.
    Keys(FetchConfigError),
    /// Operator: the policy cannot be used.
    Policy(PolicyError),
}

impl fmt::Display for Auth0ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { variable } => {
                let example = match *variable {
                    "AUTH0_AUDIENCE" => {
                        "the identifier of the API, such as https://api.example.com/"
                    }
                    _ => "the domain of the tenant, such as tenant.eu.auth0.com",
                };
                write!(f, "{variable} is not set, it must be {example}")
            }
            Self::NotUnicode { variable } => write!(f, "{variable} is not Unicode"),
            Self::WhiteSpace { variable } => {
                write!(f, "{variable} must not begin or end with white space")
            }
            Self::NotHostName { variable } => write!(
                f,
                "{variable} must be a host name in lower case, such as tenant.eu.auth0.com or https://tenant.eu.auth0.com/, without port, path or anything else"
            ),
            Self::Keys(error) => write!(f, "the tenant's keys cannot be fetched: {error}"),
            Self::Policy(error) => write!(f, "{error}"),
        }
    }
}

impl Error for Auth0ConfigError {}

/// Whether `host` is a DNS name of at least two labels in lower case, and not an IPv4 address. RFC 1123
/// section 2.1.
///
/// Nothing else must get into the URL: no user information, port, path or query.
fn is_host_name(host: &str) -> bool {
    let is_label = |label: &str| {
        let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        (1..=63).contains(&label.len())
            && label.bytes().all(allowed)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    host.len() <= 253
        && host.contains('.')
        && host.split('.').all(is_label)
        && last.starts_with(|first: char| first.is_ascii_lowercase())
}

const ISSUER_BASE_URL: &str = "AUTH0_ISSUER_BASE_URL";
const AUDIENCE: &str = "AUTH0_AUDIENCE";
const CLIENT_ID: &str = "AUTH0_CLIENT_ID";
