//! The claim `cnf`: what a token is bound to. RFC 7800 section 3.1, RFC 9449 section 6, RFC 8705
//! section 3.1.

use core::{error::Error, fmt};

use super::{ClientCertificate, ProofError, Thumbprint};
use crate::{
    JsonError, Verified,
    json::{self, Members, Value},
};

/// What a token is bound to: a key, a certificate, or both. RFC 7800 section 3.1.
///
/// At least one of them is there. Further members of `cnf` are ignored beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirmation {
    jkt: Option<Thumbprint>,
    certificate: Option<Thumbprint>,
}

impl Confirmation {
    /// Reads the value of `cnf`, as a token or an introspection response has it: a JSON object.
    ///
    /// # Errors
    ///
    /// [`ConfirmationError`]. A token with such a `cnf` must not be accepted: it is bound to something that
    /// cannot be checked.
    pub fn from_json(cnf: &[u8]) -> Result<Self, ConfirmationError> {
        let json =
            core::str::from_utf8(cnf).map_err(|_| ConfirmationError::Json(JsonError::NotUtf8))?;
        Self::read(json)
    }

    fn read(json: &str) -> Result<Self, ConfirmationError> {
        let [jkt, certificate] =
            json::pick(json, [JKT, X5T_S256]).map_err(ConfirmationError::Json)?;
        if jkt.is_none() && certificate.is_none() {
            return Err(match json::up_to_fault(json).next() {
                None => ConfirmationError::Empty,
                Some(_) => ConfirmationError::NotSupported,
            });
        }
        let thumbprint = |value: Option<Value>, member| match value {
            None => Ok(None),
            Some(Value::String(text)) => Thumbprint::from_base64url(&text.characters(json))
                .map(Some)
                .ok_or(ConfirmationError::NotThumbprint { member }),
            Some(_) => Err(ConfirmationError::MemberType { member }),
        };
        Ok(Self { jkt: thumbprint(jkt, JKT)?, certificate: thumbprint(certificate, X5T_S256)? })
    }

    /// The `cnf` in a Claims Set, if there is one.
    pub(crate) fn in_claims(json: &str) -> Result<Option<Self>, ConfirmationError> {
        let mut members = Members::of(json).map_err(ConfirmationError::Json)?;
        let mut confirmation = None;
        while let Some((name, _)) = members.next().map_err(ConfirmationError::Json)? {
            if name == "cnf" {
                confirmation = Some(Self::read(members.value_text())?);
            }
        }
        Ok(confirmation)
    }

    /// A token that is bound to the key with this thumbprint. RFC 9449 section 6.1.
    pub const fn of_key(jkt: Thumbprint) -> Self {
        Self { jkt: Some(jkt), certificate: None }
    }

    /// A token that is bound to the certificate with this thumbprint. RFC 8705 section 3.1.
    pub const fn of_certificate(thumbprint: Thumbprint) -> Self {
        Self { jkt: None, certificate: Some(thumbprint) }
    }

    /// The same, and bound to the certificate with this thumbprint too.
    #[must_use]
    pub const fn and_certificate(self, thumbprint: Thumbprint) -> Self {
        Self { certificate: Some(thumbprint), ..self }
    }

    /// `jkt`: the thumbprint of the key that proofs are made with. RFC 9449 section 6.1.
    pub const fn jkt(&self) -> Option<&Thumbprint> {
        self.jkt.as_ref()
    }

    /// `x5t#S256`: the thumbprint of the client's certificate. RFC 8705 section 3.1.
    pub const fn certificate(&self) -> Option<&Thumbprint> {
        self.certificate.as_ref()
    }

    /// Checks that the client has shown the certificate that the token is bound to, if it is bound to one.
    /// RFC 8705 section 3.
    ///
    /// # Errors
    ///
    /// [`ProofError::CertificateMissing`], [`ProofError::OtherCertificate`].
    pub fn check_certificate(
        &self,
        certificate: Option<&ClientCertificate>,
    ) -> Result<(), ProofError> {
        match (&self.certificate, certificate) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(ProofError::CertificateMissing),
            (Some(bound), Some(shown)) if shown.thumbprint() == bound => Ok(()),
            (Some(_), Some(_)) => Err(ProofError::OtherCertificate),
        }
    }
}

impl Verified {
    /// `cnf`: what the token is bound to. `None` if there is no `cnf`: a bearer token.
    ///
    /// Such a token is accepted by [`Guard::check_request`](crate::Guard::check_request), which has checked that
    /// the sender has the key or the certificate. Under a policy with
    /// [`allow_sender_constrained`](crate::Policy::allow_sender_constrained), other ways accept it too, and then
    /// the service must check that. Reads the claims again.
    ///
    /// # Errors
    ///
    /// [`ConfirmationError`] if the token is bound to something that cannot be checked. It must be refused.
    pub fn confirmation(&self) -> Result<Option<Confirmation>, ConfirmationError> {
        match self.claims_set().sender_constrained {
            true => Confirmation::in_claims(self.claims_set().json()),
            false => Ok(None),
        }
    }
}

/// Why the value of `cnf` is nothing that can be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfirmationError {
    /// Issuer: it is not one strict JSON object. RFC 7800 section 3.1.
    Json(JsonError),
    /// Issuer: it has no member. RFC 7800 section 3.1.
    Empty,
    /// Operator: it has neither `jkt` nor `x5t#S256`, but other members, such as `jwk` or `kid`. RFC 7800
    /// section 3.
    NotSupported,
    /// Issuer: a member is not a string.
    MemberType {
        /// `jkt` or `x5t#S256`.
        member: &'static str,
    },
    /// Issuer: a member is not the canonical base64url of a SHA-256, which has 43 characters. RFC 9449
    /// section 6.1, RFC 8705 section 3.1.
    NotThumbprint {
        /// `jkt` or `x5t#S256`.
        member: &'static str,
    },
}

impl ConfirmationError {
    /// A stable name for this error, for metrics: one of a small fixed set.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Json(_) => "json",
            Self::Empty => "empty",
            Self::NotSupported => "not_supported",
            Self::MemberType { .. } => "member_type",
            Self::NotThumbprint { .. } => "not_thumbprint",
        }
    }
}

impl fmt::Display for ConfirmationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "the token's `cnf`: {error}"),
            Self::Empty => f.write_str("the token's `cnf` is empty"),
            Self::NotSupported => f.write_str("the token's `cnf` has neither `jkt` nor `x5t#S256`"),
            Self::MemberType { member } => {
                write!(f, "`{member}` in the token's `cnf` is not a string")
            }
            Self::NotThumbprint { member } => {
                write!(f, "`{member}` in the token's `cnf` is not the base64url of a SHA-256")
            }
        }
    }
}

impl Error for ConfirmationError {}

const JKT: &str = "jkt";
const X5T_S256: &str = "x5t#S256";
