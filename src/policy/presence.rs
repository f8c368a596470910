//! The claims that only some policies require to be there. Their types have been checked. OpenID Connect
//! Core section 2, RFC 9068 section 2.2.

use super::Policy;
use crate::{VerifyError, claims::ClaimsSet};

impl Policy {
    /// Checks that there is a `sub`.
    pub(crate) fn check_subject_is_present(&self, claims: &ClaimsSet) -> Result<(), VerifyError> {
        claims.subject().map(|_| ()).ok_or(VerifyError::ClaimMissing { claim: "sub" })
    }

    /// Checks that there is an `iat`.
    pub(crate) fn check_issuance_is_present(&self, claims: &ClaimsSet) -> Result<(), VerifyError> {
        claims.issued_at.map(|_| ()).ok_or(VerifyError::ClaimMissing { claim: "iat" })
    }

    /// Checks that there is a `jti`.
    pub(crate) fn check_jwt_id_is_present(&self, claims: &ClaimsSet) -> Result<(), VerifyError> {
        claims.jwt_id().map(|_| ()).ok_or(VerifyError::ClaimMissing { claim: "jti" })
    }

    /// Checks that there is a `client_id`: an `azp` does not replace it.
    pub(crate) fn check_client_id_is_present(&self, claims: &ClaimsSet) -> Result<(), VerifyError> {
        claims.required_string("client_id").map(|_| ())
    }
}
