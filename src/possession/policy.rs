//! What a service demands of proofs.

use alloc::{string::String, vec::Vec};
use core::{fmt, time::Duration};

use super::{Nonces, ProofPolicyError, target::Origin};
use crate::{Algorithm, SettingFault, host::Shown, time::whole_seconds};

/// What a service demands of DPoP proofs. RFC 9449 section 4.3.
///
/// ```
/// use std::time::Duration;
/// use tokenring::{Algorithm, possession::{Nonces, ProofPolicy}};
///
/// let policy = ProofPolicy::new("https://api.example.com")
///     .algorithms([Algorithm::ES256])
///     .nonces(Nonces::random()?);
/// # drop(policy);
/// # Ok::<(), tokenring::possession::NonceError>(())
/// ```
#[derive(Clone)]
pub struct ProofPolicy {
    origin: String,
    algorithms: Vec<Algorithm>,
    max_age: Duration,
    ahead: Duration,
    nonces: Option<Nonces>,
}

impl ProofPolicy {
    /// A policy for a service that clients know by this origin, `https://api.example.com` or
    /// `https://api.example.com:8443`. If a proxy strips a prefix from the paths, the origin has it:
    /// `https://api.example.com/v1`. A request that is not under the prefix, such as for `/../admin`, is refused.
    ///
    /// It is a setting and never taken from a request: `Host` and `X-Forwarded-Host` are the sender's own
    /// words, and whoever could choose them could use a proof that was made for another service.
    pub fn new(origin: impl Into<String>) -> Self {
        Self {
            origin: origin.into(),
            algorithms: DEFAULT_ALGORITHMS.into(),
            max_age: DEFAULT_MAX_AGE,
            ahead: DEFAULT_AHEAD,
            nonces: None,
        }
    }

    /// Accepts proofs with these algorithms only. Without this: ES256, ES384, EdDSA and PS256. RFC 9449
    /// section 4.3, step 5.
    #[must_use]
    pub fn algorithms(self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        Self { algorithms: algorithms.into_iter().collect(), ..self }
    }

    /// Accepts a proof until so long after its `iat`: 10 seconds to an hour, in whole seconds. Without this:
    /// 5 minutes. RFC 9449 section 11.1.
    #[must_use]
    pub fn max_age(self, max_age: Duration) -> Self {
        Self { max_age, ..self }
    }

    /// Accepts a proof whose `iat` is up to so long in the future, for clients whose clocks are ahead: up to 5
    /// minutes, in whole seconds. Without this: 30 seconds. RFC 9449 section 11.1.
    #[must_use]
    pub fn ahead(self, ahead: Duration) -> Self {
        Self { ahead, ..self }
    }

    /// Demands a nonce in each proof. `iat` is then not compared with the clock. RFC 9449 section 9.
    #[must_use]
    pub fn nonces(self, nonces: Nonces) -> Self {
        Self { nonces: Some(nonces), ..self }
    }

    /// The settings, if they can be used.
    pub(super) fn check_self(self) -> Result<Settings, ProofPolicyError> {
        if let Some(fault) = SettingFault::of(&self.origin) {
            return Err(ProofPolicyError::SpoiledOrigin { fault });
        }
        let origin = Origin::parse(&self.origin).map_err(ProofPolicyError::Origin)?;
        if self.algorithms.is_empty() {
            return Err(ProofPolicyError::NoAlgorithm);
        }
        if self.max_age.subsec_nanos() > 0 || self.ahead.subsec_nanos() > 0 {
            return Err(ProofPolicyError::Fraction);
        }
        if !(MIN_MAX_AGE..=MAX_MAX_AGE).contains(&self.max_age) {
            return Err(ProofPolicyError::MaxAge { seconds: whole_seconds(self.max_age) });
        }
        if self.ahead > MAX_AHEAD {
            return Err(ProofPolicyError::Ahead { seconds: whole_seconds(self.ahead) });
        }
        Ok(Settings {
            origin,
            algorithms: self.algorithms,
            max_age: self.max_age.as_secs(),
            ahead: self.ahead.as_secs(),
            nonces: self.nonces,
        })
    }
}

/// Shows the host alone of the origin.
impl fmt::Debug for ProofPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProofPolicy")
            .field("origin", &Shown(&self.origin))
            .field("algorithms", &self.algorithms)
            .field("max_age", &self.max_age)
            .field("ahead", &self.ahead)
            .field("nonces", &self.nonces)
            .finish()
    }
}

/// The settings of a [`ProofPolicy`] that can be used. Times are in seconds.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) origin: Origin,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) max_age: u64,
    pub(super) ahead: u64,
    pub(super) nonces: Option<Nonces>,
}

/// What clients use. RS256 is left to those who ask for it: PKCS #1 v1.5 is not for new applications (RFC 8017
/// section 8).
const DEFAULT_ALGORITHMS: [Algorithm; 4] =
    [Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA, Algorithm::PS256];

/// "Seconds to minutes": RFC 9449 section 11.1.
const DEFAULT_MAX_AGE: Duration = Duration::from_secs(300);

const MIN_MAX_AGE: Duration = Duration::from_secs(10);

const MAX_MAX_AGE: Duration = Duration::from_secs(3600);

/// Most clocks are closer than that.
const DEFAULT_AHEAD: Duration = Duration::from_secs(30);

const MAX_AHEAD: Duration = Duration::from_secs(300);
