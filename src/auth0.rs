//! Three settings to a policy and a key source: those of Auth0's own quick starts. RFC 8414
//! sections 2 and 3.3.

use std::{
    env::{self, VarError},
    format,
    string::{String, ToString},
};

use crate::{Auth0ConfigError, Policy, RemoteJwks, Verifier};

/// An Auth0 tenant and the API whose access tokens are to be accepted.
#[derive(Clone, Debug)]
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

    /// The same settings from elsewhere: `lookup` is given the names of the variables.
    ///
    /// # Errors
    ///
    /// [`Auth0ConfigError`], which names the variable and says what to write.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Auth0ConfigError> {
        Self::from_variables(|name| Ok(lookup(name)))
    }

    /// The tenant `domain`, such as `tenant.eu.auth0.com`, and the API's identifier.
    ///
    /// `https://` may stand in front of the domain, and one slash behind it.
    ///
    /// # Errors
    ///
    /// [`Auth0ConfigError`]
    pub fn new(domain: &str, audience: &str) -> Result<Self, Auth0ConfigError> {
        if domain.is_empty() {
            return Err(Auth0ConfigError::Missing { variable: ISSUER_BASE_URL });
        }
        if audience.is_empty() {
            return Err(Auth0ConfigError::Missing { variable: AUDIENCE });
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

    /// Accepts only tokens issued to this client. An empty `client_id` is none.
    #[must_use]
    pub fn client_id(mut self, client_id: &str) -> Self {
        self.client_id = Some(client_id.to_string()).filter(|client_id| !client_id.is_empty());
        self
    }

    /// What `iss` of the tenant's tokens is, with a slash at the end.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where the tenant's JWK Set is.
    pub fn jwks_url(&self) -> &str {
        &self.jwks_url
    }

    /// Tokens of this tenant for this API and, if one was named, issued to this client. May be added
    /// to before it goes to [`Verifier::new`].
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
    /// [`Auth0ConfigError::Keys`]
    pub fn verifier(&self) -> Result<Verifier<RemoteJwks>, Auth0ConfigError> {
        let keys = RemoteJwks::new(self.jwks_url.as_str()).map_err(Auth0ConfigError::Keys)?;
        Verifier::new(self.policy(), keys).map_err(Auth0ConfigError::Policy)
    }

    fn from_variables(
        lookup: impl Fn(&'static str) -> Result<Option<String>, Auth0ConfigError>,
    ) -> Result<Self, Auth0ConfigError> {
        let value = |name| Ok(lookup(name)?.unwrap_or_default());
        let auth0 = Self::new(&value(ISSUER_BASE_URL)?, &value(AUDIENCE)?)?;
        Ok(auth0.client_id(&value(CLIENT_ID)?))
    }
}

/// A DNS name of at least two labels, in lower case, and no IPv4 address. RFC 1123 section 2.1.
///
/// Nothing else may slip into the URL: no user information, port, path or query.
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
