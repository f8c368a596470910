//! The functions of the checks of a proof. RFC 9449 section 4.3.

use core::cell::OnceCell;

use super::{
    BoundToken, ProofError, ReplayKey, Request,
    nonce::Step,
    policy::Settings,
    proof::{Proof, ProofClaims},
    proof_key::ProofKey,
    sha256,
    target::Uri,
};
use crate::{PublicKey, UnixTime, base64url, token_type};

/// A proof, and all that it is compared with.
///
/// The parts that cost something are read when the first check needs them: a verdict that stops early does
/// not pay for what comes later.
pub(super) struct Case<'c> {
    pub(super) settings: &'c Settings,
    pub(super) request: &'c Request<'c>,
    pub(super) token: &'c BoundToken<'c>,
    now: UnixTime,
    pub(super) proof: Proof<'c>,
    key: OnceCell<Result<ProofKey, ProofError>>,
    public_key: OnceCell<Result<PublicKey, ProofError>>,
    claims: OnceCell<Result<ProofClaims, ProofError>>,
    uri: OnceCell<Result<Uri, ProofError>>,
    step: OnceCell<Result<Option<Step>, ProofError>>,
}

impl<'c> Case<'c> {
    pub(super) fn new(
        settings: &'c Settings,
        request: &'c Request<'c>,
        token: &'c BoundToken<'c>,
        now: UnixTime,
    ) -> Result<Self, ProofError> {
        Ok(Self {
            settings,
            request,
            token,
            now,
            proof: Proof::parse(request.proof())?,
            key: OnceCell::new(),
            public_key: OnceCell::new(),
            claims: OnceCell::new(),
            uri: OnceCell::new(),
            step: OnceCell::new(),
        })
    }

    /// `typ` tells a proof from every other token. RFC 8725 section 3.11.
    pub(super) fn check_type(&self) -> Result<(), ProofError> {
        let typ = self.proof.token_type()?;
        match token_type::subtype(&typ).eq_ignore_ascii_case("dpop+jwt") {
            true => Ok(()),
            false => Err(ProofError::WrongType),
        }
    }

    pub(super) fn check_algorithm(&self) -> Result<(), ProofError> {
        match self.settings.algorithms.contains(&self.proof.algorithm()?) {
            true => Ok(()),
            false => Err(ProofError::AlgorithmNotAccepted),
        }
    }

    pub(super) fn check_key(&self) -> Result<(), ProofError> {
        self.key().map(|_| ())
    }

    /// A stranger's key goes no further.
    pub(super) fn check_binding(&self) -> Result<(), ProofError> {
        let jkt = self.token.confirmation().jkt().ok_or(ProofError::NotBound)?;
        match self.key()?.thumbprint() == jkt {
            true => Ok(()),
            false => Err(ProofError::OtherKey),
        }
    }

    pub(super) fn check_certificate(&self) -> Result<(), ProofError> {
        self.token.confirmation().check_certificate(self.request.certificate())
    }

    pub(super) fn check_key_numbers(&self) -> Result<(), ProofError> {
        self.public_key().map(|_| ())
    }

    pub(super) fn check_payload(&self) -> Result<(), ProofError> {
        self.claims().map(|_| ())
    }

    /// Methods are case-sensitive. RFC 9110 section 9.1.
    pub(super) fn check_method(&self) -> Result<(), ProofError> {
        match self.claims()?.method()? == self.request.method() {
            true => Ok(()),
            false => Err(ProofError::WrongMethod),
        }
    }

    pub(super) fn check_target(&self) -> Result<(), ProofError> {
        let htu = Uri::parse(&self.claims()?.target()?).map_err(ProofError::MalformedTarget)?;
        match htu.difference(self.uri()?) {
            None => Ok(()),
            Some(part) => Err(ProofError::WrongTarget { part }),
        }
    }

    pub(super) fn check_access_token_hash(&self) -> Result<(), ProofError> {
        let expected = base64url::encode(&sha256([self.token.text().as_bytes()]));
        match self.claims()?.access_token_hash()? == expected {
            true => Ok(()),
            false => Err(ProofError::WrongAccessTokenHash),
        }
    }

    pub(super) fn check_identifier(&self) -> Result<(), ProofError> {
        match self.claims()?.identifier()?.len() {
            1..=MAX_IDENTIFIER_BYTES => Ok(()),
            bytes => Err(ProofError::IdentifierLength { bytes }),
        }
    }

    pub(super) fn check_expiry(&self) -> Result<(), ProofError> {
        let (now, leeway) = (self.now.as_secs(), self.token.leeway_seconds());
        match self.claims()?.expiry()? {
            Some(exp) if now >= exp.rounded_up().saturating_add(leeway) => {
                Err(ProofError::Expired { exp: exp.rounded_up(), now })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn check_not_before(&self) -> Result<(), ProofError> {
        let (now, leeway) = (self.now.as_secs(), self.token.leeway_seconds());
        match self.claims()?.not_before()? {
            Some(nbf) if !nbf.is_at_most(now.saturating_add(leeway)) => {
                Err(ProofError::NotYetValid { nbf: nbf.rounded_up(), now })
            }
            _ => Ok(()),
        }
    }

    /// With nonces on, `iat` needs only its type: the nonce has our own time. RFC 9449 section 11.1.
    pub(super) fn check_issued_at(&self) -> Result<(), ProofError> {
        let (iat, now) = (self.claims()?.issued_at()?, self.now.as_secs());
        if self.settings.nonces.is_some() {
            return Ok(());
        }
        if !iat.is_at_least(now.saturating_sub(self.settings.max_age)) {
            return Err(ProofError::TooOld { iat: iat.rounded_down(), now });
        }
        match iat.is_at_most(now.saturating_add(self.settings.ahead)) {
            true => Ok(()),
            false => Err(ProofError::FromFuture { iat: iat.rounded_up(), now }),
        }
    }

    pub(super) fn check_nonce(&self) -> Result<(), ProofError> {
        self.step().map(|_| ())
    }

    pub(super) fn check_signature(&self) -> Result<(), ProofError> {
        self.proof.verify(self.public_key()?)
    }

    /// The name of the proof in the memory of used proofs.
    pub(super) fn replay_key(&self) -> Result<ReplayKey, ProofError> {
        let htu = alloc::string::ToString::to_string(self.uri()?);
        Ok(ReplayKey::new(self.key()?.thumbprint(), &htu, &self.claims()?.identifier()?))
    }

    /// The first second at which the proof is no longer accepted.
    pub(super) fn end(&self) -> Result<UnixTime, ProofError> {
        match self.step()? {
            Some(step) => Ok(step.end()),
            None => {
                let last = self.claims()?.issued_at()?.rounded_down();
                let end = last.saturating_add(self.settings.max_age).saturating_add(1);
                Ok(UnixTime::from_secs(end))
            }
        }
    }

    pub(super) fn key(&self) -> Result<&ProofKey, ProofError> {
        self.key.get_or_init(|| self.proof.key()).as_ref().map_err(|error| *error)
    }

    pub(super) fn public_key(&self) -> Result<&PublicKey, ProofError> {
        let read = || self.key()?.to_public_key();
        self.public_key.get_or_init(read).as_ref().map_err(|error| *error)
    }

    /// The step of the nonce, if nonces are on.
    pub(super) fn step(&self) -> Result<Option<Step>, ProofError> {
        *self.step.get_or_init(|| match &self.settings.nonces {
            None => Ok(None),
            Some(nonces) => nonces.check(&self.claims()?.nonce()?, self.now).map(Some),
        })
    }

    pub(super) fn claims(&self) -> Result<&ProofClaims, ProofError> {
        self.claims.get_or_init(|| self.proof.claims()).as_ref().map_err(|error| *error)
    }

    /// The URI of the request.
    pub(super) fn uri(&self) -> Result<&Uri, ProofError> {
        let read = || self.settings.origin.uri_of(self.request.target());
        self.uri.get_or_init(read).as_ref().map_err(|error| *error)
    }
}

/// Clients write a UUID or a few random bytes.
const MAX_IDENTIFIER_BYTES: usize = 256;
