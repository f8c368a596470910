//! A request that may carry a proof, and the bound token that it came with.

#[cfg(feature = "std")]
use alloc::{string::String, vec::Vec};
use core::{fmt, time::Duration};

use super::{ClientCertificate, Confirmation};
use crate::bearer::NoToken;

/// A request, as far as a proof is about it. RFC 9449 section 7.1, RFC 8705 section 3.
///
/// ```
/// use tokenring::possession::Request;
///
/// # let dpop_values: [&[u8]; 1] = [b"eyJ0eXAi.e30.c2ln"];
/// # let authorization_values = ["DPoP eyJ0eXAi.e30.c2ln"];
/// let request = Request::new("GET", "/v1/users?page=2")
///     .authorization(authorization_values)
///     .dpop(dpop_values);
/// # drop(request);
/// ```
#[derive(Clone, Copy)]
pub struct Request<'r> {
    method: &'r str,
    target: &'r str,
    authorization: Field<&'r [u8]>,
    proof: Field<&'r [u8]>,
    certificate: Option<&'r ClientCertificate>,
}

/// The values of a header field that may have one.
#[derive(Clone, Copy)]
pub(super) enum Field<V> {
    Missing,
    One(V),
    Several,
}

impl<'r> Field<&'r [u8]> {
    fn of<V: AsRef<[u8]> + ?Sized + 'r>(values: impl IntoIterator<Item = &'r V>) -> Self {
        let mut values = values.into_iter();
        match (values.next(), values.next()) {
            (None, _) => Self::Missing,
            (Some(value), None) => Self::One(value.as_ref()),
            (Some(_), Some(_)) => Self::Several,
        }
    }
}

impl<'r> Request<'r> {
    /// A request with this method and target.
    ///
    /// The target is in origin form, `/v1/users?page=2`, as it arrived: not decoded and not normalized. Or it
    /// is the whole URI that the client requested. RFC 9112 section 3.2. Over HTTP/2, frameworks make a URI
    /// of the request's own scheme and authority; pass its path and query.
    pub fn new(method: &'r str, target: &'r str) -> Self {
        Self {
            method,
            target,
            authorization: Field::Missing,
            proof: Field::Missing,
            certificate: None,
        }
    }

    /// The values of the field `Authorization`, all of them. Only a [`Guard`](crate::Guard) reads them.
    #[must_use]
    pub fn authorization<V: AsRef<[u8]> + ?Sized + 'r>(
        self,
        values: impl IntoIterator<Item = &'r V>,
    ) -> Self {
        Self { authorization: Field::of(values), ..self }
    }

    /// The values of the field `DPoP`, all of them.
    #[must_use]
    pub fn dpop<V: AsRef<[u8]> + ?Sized + 'r>(
        self,
        values: impl IntoIterator<Item = &'r V>,
    ) -> Self {
        Self { proof: Field::of(values), ..self }
    }

    /// The certificate that the client has shown, if it has.
    #[must_use]
    pub fn client_certificate(self, certificate: Option<&'r ClientCertificate>) -> Self {
        Self { certificate, ..self }
    }

    /// The one value of the field `Authorization`.
    pub(crate) fn authorization_value(&self) -> Result<&'r [u8], NoToken> {
        match self.authorization {
            Field::Missing => Err(NoToken::Missing),
            Field::Several => Err(NoToken::Several),
            Field::One(value) => Ok(value),
        }
    }

    pub(super) fn method(&self) -> &'r str {
        self.method
    }

    pub(super) fn target(&self) -> &'r str {
        self.target
    }

    pub(super) fn proof(&self) -> Field<&'r [u8]> {
        self.proof
    }

    pub(crate) fn certificate(&self) -> Option<&'r ClientCertificate> {
        self.certificate
    }

    /// A copy for a check that has to wait, so that the request itself need not be held.
    #[cfg(feature = "std")]
    pub(crate) fn held(&self) -> HeldRequest {
        HeldRequest {
            method: self.method.into(),
            target: self.target.into(),
            proof: match self.proof {
                Field::Missing => Field::Missing,
                Field::One(value) => Field::One(value.into()),
                Field::Several => Field::Several,
            },
            certificate: self.certificate.copied(),
        }
    }
}

/// All of a request but its token.
#[cfg(feature = "std")]
pub(crate) struct HeldRequest {
    method: String,
    target: String,
    proof: Field<Vec<u8>>,
    certificate: Option<ClientCertificate>,
}

#[cfg(feature = "std")]
impl HeldRequest {
    pub(crate) fn request(&self) -> Request<'_> {
        let proof = match &self.proof {
            Field::Missing => Field::Missing,
            Field::One(value) => Field::One(value.as_slice()),
            Field::Several => Field::Several,
        };
        let request = Request::new(&self.method, &self.target);
        Request { proof, ..request.client_certificate(self.certificate.as_ref()) }
    }
}

/// Shows the method, and the length of the target.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("target_bytes", &self.target.len())
            .finish_non_exhaustive()
    }
}

/// An access token that has been verified, as it was sent, and what it is bound to.
#[derive(Clone, Copy)]
pub struct BoundToken<'t> {
    text: &'t str,
    confirmation: Confirmation,
    leeway: u64,
}

impl<'t> BoundToken<'t> {
    /// A token that was sent as `text`, without the scheme before it, and is bound to `confirmation`.
    pub fn new(text: &'t str, confirmation: Confirmation) -> Self {
        Self { text, confirmation, leeway: 0 }
    }

    /// The leeway of the token's policy, which a proof's own `exp` and `nbf` get too, in whole seconds: a
    /// fraction is cut off. Without this, there is none.
    #[must_use]
    pub fn leeway(self, leeway: Duration) -> Self {
        Self { leeway: leeway.as_secs(), ..self }
    }

    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    pub(super) fn confirmation(&self) -> &Confirmation {
        &self.confirmation
    }

    pub(super) fn leeway_seconds(&self) -> u64 {
        self.leeway
    }
}

/// Shows the length of the token, not its text.
impl fmt::Debug for BoundToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundToken")
            .field("bytes", &self.text.len())
            .field("confirmation", &self.confirmation)
            .finish_non_exhaustive()
    }
}
