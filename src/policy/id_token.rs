//! The checks of ID tokens that other tokens do not need. OpenID Connect Core section 3.1.3.7.

use super::Policy;
use crate::{
    Login, UnixTime, VerifyError,
    check::OF_LOGIN,
    claims::ClaimsSet,
    login::{LoginClaims, NOTHING_SENT},
};

impl Policy {
    /// Checks that `aud` has the client, and nobody whom it does not trust. OpenID Connect Core
    /// section 3.1.3.7, step 3.
    pub(crate) fn check_audience_of_id_token(&self, claims: &ClaimsSet) -> Result<(), VerifyError> {
        let is_trusted = |audience: &str| self.audiences.iter().any(|one| one == audience);
        if !claims.audience().any(|audience| self.is_client(audience)) {
            return Err(VerifyError::WrongAudience);
        }
        match claims.audience().all(is_trusted) {
            true => Ok(()),
            false => Err(VerifyError::UntrustedAudience),
        }
    }

    /// Whether `audience` is the client of [`for_id_tokens`](Self::for_id_tokens).
    fn is_client(&self, audience: &str) -> bool {
        self.audiences.first().is_some_and(|client| client == audience)
    }

    /// Checks `azp`, which must be present if the token is for others besides the client, or if the policy
    /// is for another client's tokens. OpenID Connect Core section 3.1.3.7, steps 4 and 5.
    pub(crate) fn check_client_of_id_token(&self, claims: &ClaimsSet) -> Result<(), VerifyError> {
        let accepted = |client: &str| self.clients.iter().any(|one| one == client);
        match claims.string("azp") {
            Some(azp) if accepted(&azp) => Ok(()),
            Some(_) => Err(VerifyError::WrongAuthorizedParty),
            // The only audience is the client that the token was issued to.
            None if claims.audience().all(|one| self.is_client(one) && accepted(one)) => Ok(()),
            None => Err(VerifyError::ClaimMissing { claim: "azp" }),
        }
    }

    /// Checks the claims of an ID token that are about one login. Without a login, they are checked as if
    /// nothing was sent: a caller who forgets the nonce is told so.
    pub(super) fn check_login(
        &self,
        login: Option<&Login>,
        claims: &ClaimsSet,
        now: UnixTime,
    ) -> Result<(), VerifyError> {
        let claims = LoginClaims::read(claims, self.leeway_seconds(), now)?;
        let login = login.unwrap_or(&NOTHING_SENT);
        OF_LOGIN.iter().try_for_each(|(_, check)| check(login, &claims))
    }
}
