//! From an issuer and an audience to policy and keys.

use std::{error::Error, fmt, string::String};

use crate::{FetchConfigError, Policy, PolicyError, RemoteJwks, Verifier};

impl Verifier<RemoteJwks> {
    /// A verifier of RS256 tokens from `issuer` for `audience`, whose keys the issuer's metadata names:
    /// [`Policy::new`] and [`RemoteJwks::discover`] in one call. Nothing is fetched yet.
    ///
    /// Both values are compared with the token byte for byte. For other algorithms, scopes in another
    /// claim, or settings of the keys, call the two yourself.
    ///
    /// ```
    /// use tokenring::{Guard, Verifier};
    ///
    /// let verifier = Verifier::discover("https://login.example.com/", "https://api.example.com/")?;
    /// let guard = Guard::new(verifier);
    /// # Ok::<(), tokenring::DiscoverError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`DiscoverError`], if one of the two values cannot be used.
    #[doc(alias("oidc", "openid-configuration", "OpenID Connect"))]
    pub fn discover(
        issuer: impl Into<String>,
        audience: impl Into<String>,
    ) -> Result<Self, DiscoverError> {
        let issuer = issuer.into();
        let keys = RemoteJwks::discover(issuer.as_str()).map_err(DiscoverError::Keys)?;
        Self::new(Policy::new(issuer, audience), keys).map_err(DiscoverError::Policy)
    }
}

/// Why [`Verifier::discover`] refuses its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DiscoverError {
    /// Operator: the issuer is no URL to discover keys at.
    Keys(FetchConfigError),
    /// Operator: the policy cannot be used.
    Policy(PolicyError),
}

impl fmt::Display for DiscoverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keys(error) => write!(f, "the issuer's keys cannot be discovered: {error}"),
            Self::Policy(error) => write!(f, "{error}"),
        }
    }
}

impl Error for DiscoverError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Keys(error) => Some(error),
            Self::Policy(error) => Some(error),
        }
    }
}
