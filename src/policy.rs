//! Claims, expectations and the time to a verdict. RFC 7519 section 7.2, RFC 8725 sections 3.8 to
//! 3.12.

use alloc::{string::String, vec::Vec};
use core::time::Duration;

use crate::{PolicyError, Verified, VerifyError, claims::ClaimsSet, header::DeclaredType};

/// A point in time in whole seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
/// RFC 7519 section 2, NumericDate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(u64);

impl UnixTime {
    /// `seconds` after 1970-01-01T00:00:00Z.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds)
    }

    /// The seconds since 1970-01-01T00:00:00Z.
    pub const fn as_secs(self) -> u64 {
        self.0
    }
}

/// Which `typ` a token may have. RFC 8725 section 3.11.
///
/// ASCII case does not count, and `application/` may stand in front. RFC 7515 section 4.1.9.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenType {
    /// None, `JWT` or `at+jwt`: what issuers put into access tokens today.
    #[default]
    Jwt,
    /// `at+jwt`. RFC 9068 section 2.1.
    AccessToken,
}

/// What a token must say to be accepted: an issuer, an audience, a time, and what is added here.
///
/// There is no way to leave out issuer or audience, and no switch for less.
#[derive(Clone, Debug)]
pub struct Policy {
    issuer: String,
    audiences: Vec<String>,
    leeway: Duration,
    token_type: TokenType,
    authorized_party: Option<String>,
    sender_constrained: SenderConstrained,
}

impl Policy {
    /// Tokens whose `iss` is `issuer`, byte for byte, and whose `aud` is or holds `audience`.
    /// RFC 7519 sections 4.1.1 and 4.1.3.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audiences: Vec::from([audience.into()]),
            leeway: Duration::ZERO,
            token_type: TokenType::default(),
            authorized_party: None,
            sender_constrained: SenderConstrained::Refused,
        }
    }

    /// Another `aud` that will do as well.
    #[must_use]
    pub fn accept_audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// How far the clocks of issuer and verifier may be apart: whole seconds, a fraction is dropped.
    /// 0 if not set, at most ten minutes. RFC 7519 section 4.1.4.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Which `typ` the tokens have; [`TokenType::Jwt`] if not set.
    #[must_use]
    pub fn token_type(mut self, token_type: TokenType) -> Self {
        self.token_type = token_type;
        self
    }

    /// Only tokens issued to this client: `azp`, or `client_id` where there is no `azp`, is
    /// `client_id`. OpenID Connect Core section 3.1.3.7, RFC 8693 section 4.3.
    #[must_use]
    pub fn authorized_party(mut self, client_id: impl Into<String>) -> Self {
        self.authorized_party = Some(client_id.into());
        self
    }

    /// Accepts tokens with `cnf`, which whoever sends them must prove to own the key of.
    ///
    /// This crate does not check that proof. Say this only if the caller does: RFC 9449 section 4.3,
    /// RFC 8705 section 3.
    #[must_use]
    pub fn allow_sender_constrained(mut self) -> Self {
        self.sender_constrained = SenderConstrained::Allowed;
        self
    }

    /// Whether every part of the policy can be used.
    pub(crate) fn check_self(&self) -> Result<(), PolicyError> {
        if self.issuer.is_empty() {
            return Err(PolicyError::EmptyIssuer);
        }
        if self.audiences.iter().any(String::is_empty) {
            return Err(PolicyError::EmptyAudience);
        }
        if self.authorized_party.as_ref().is_some_and(String::is_empty) {
            return Err(PolicyError::EmptyAuthorizedParty);
        }
        if self.leeway > MAX_LEEWAY {
            return Err(PolicyError::LeewayTooLong { seconds: whole_seconds(self.leeway) });
        }
        Ok(())
    }

    /// Compares `claims` with what is expected as of `now`.
    pub(crate) fn check(&self, claims: ClaimsSet, now: UnixTime) -> Result<Verified, VerifyError> {
        // RFC 8725 section 3.11: a logout token or a DPoP proof is no access token, whoever signed it.
        match (self.token_type, claims.declared_type) {
            (TokenType::Jwt, DeclaredType::None | DeclaredType::Jwt) => {}
            (TokenType::Jwt | TokenType::AccessToken, DeclaredType::AccessToken) => {}
            _ => return Err(VerifyError::TokenTypeNotAccepted),
        }
        // RFC 7519 section 4.1.1; RFC 8725 section 3.8.
        if claims.issuer() != self.issuer {
            return Err(VerifyError::WrongIssuer);
        }
        // RFC 7519 section 4.1.3; RFC 8725 section 3.9.
        let accepted = |audience: &str| self.audiences.iter().any(|one| one == audience);
        if !claims.audience().any(accepted) {
            return Err(VerifyError::WrongAudience);
        }
        self.check_times(claims.expires_at, claims.not_before, now)?;
        // OpenID Connect Core section 3.1.3.7, step 5.
        if self.authorized_party.is_some()
            && claims.authorized_party() != self.authorized_party.as_deref()
        {
            return Err(VerifyError::WrongAuthorizedParty);
        }
        // RFC 9449 section 7.1, RFC 7800 section 3.1.
        match (claims.sender_constrained, self.sender_constrained) {
            (true, SenderConstrained::Refused) => Err(VerifyError::SenderConstrained),
            _ => Ok(Verified::new(claims)),
        }
    }

    /// Compares what this policy has accepted before with the time, the one thing that has changed.
    pub(crate) fn check_again(
        &self,
        accepted: &Verified,
        now: UnixTime,
    ) -> Result<Verified, VerifyError> {
        self.check_times(accepted.expires_at(), accepted.not_before(), now)?;
        Ok(accepted.clone())
    }

    /// RFC 7519 section 4.1.4: not accepted "on or after" `exp`; section 4.1.5: not before `nbf`.
    fn check_times(
        &self,
        exp: UnixTime,
        nbf: Option<UnixTime>,
        now: UnixTime,
    ) -> Result<(), VerifyError> {
        let leeway = self.leeway.as_secs();
        let (exp, now) = (exp.as_secs(), now.as_secs());
        if now >= exp.saturating_add(leeway) {
            return Err(VerifyError::Expired { exp, now });
        }
        match nbf.map(UnixTime::as_secs) {
            Some(nbf) if now.saturating_add(leeway) < nbf => {
                Err(VerifyError::NotYetValid { nbf, now })
            }
            _ => Ok(()),
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum SenderConstrained {
    Refused,
    Allowed,
}

/// A fraction of a second counts as a whole one.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0))
}

/// RFC 7519 section 4.1.4 speaks of a few minutes at most; this is twice what is usual.
const MAX_LEEWAY: Duration = Duration::from_secs(600);
