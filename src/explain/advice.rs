//! From a failed check to the function that finds its hint.

use crate::{
    CompactJws, Policy, VerifyError,
    explain::{
        Check, Trusted, diagnosis,
        hint::{self, Hint},
        keys, kinds, names,
        unverified::faulty_claim,
        walk::Walk,
    },
};

impl Walk<'_> {
    /// What to do about `check`, which failed with `error`.
    pub(super) fn hint(&self, check: Check, error: VerifyError) -> Option<Hint> {
        let (header, payload, policy) = (&self.header, &self.payload, self.policy());
        match check {
            Check::Size => Some(hint::TOO_LARGE),
            Check::Segments => diagnosis::segments(error, self.token, header),
            Check::Header | Check::Payload => {
                self.unless_padding_is_signed(diagnosis::encoding(error, self.token))
            }
            Check::Algorithm => diagnosis::algorithm(header, payload),
            Check::Key => {
                let error = self.key.as_ref()?.as_ref().err()?;
                if keys::is_unknown_thumbprint(*error, &self.keys, header) {
                    return Some(hint::UNKNOWN_THUMBPRINT);
                }
                keys::hint(*error, &self.keys, &self.sought_key()?)
            }
            Check::Signature => {
                let hint =
                    diagnosis::signature(error, self.token, header, payload, self.selected_key()?);
                self.unless_padding_is_signed(hint)
            }
            Check::Claim => diagnosis::time(error, faulty_claim(error)?, payload),
            Check::Type => Some(kinds::token_type(policy?.accepted_type(), header.string("typ"))),
            Check::Events => Some(hint::SECURITY_EVENT),
            Check::Route | Check::Issuer if error == VerifyError::WrongIssuer => match policy {
                Some(policy) => {
                    let expected = policy.issuer_with(payload.string("tid"));
                    names::issuer(&expected, payload.string("iss").unwrap_or_default())
                }
                None => Some(hint::OTHER_ISSUER),
            },
            Check::Issuer if error == VerifyError::KeyOfOtherIssuer => {
                names::issuer_of_key(policy?.issuer(), self.issuer_of_key()?)
            }
            Check::Issuer if error == VerifyError::WrongTenant => Some(hint::TENANT_NOT_LISTED),
            Check::Purpose => Some(hint::POLICY_NOT_FOR_ID_TOKENS),
            Check::Audience => diagnosis::audience(error, policy?, payload),
            Check::Expiry => diagnosis::time(error, "exp", payload),
            Check::NotBefore => diagnosis::time(error, "nbf", payload),
            Check::Client if policy.is_some_and(Policy::is_for_id_tokens) => {
                Some(hint::ID_TOKEN_FOR_OTHER_PARTY)
            }
            Check::Client if error == VerifyError::WrongAuthorizedParty => {
                diagnosis::client(policy?, payload)
            }
            Check::RequiredClaim => {
                let VerifyError::RequiredClaim { index } = error else { return None };
                diagnosis::required_claim(&policy?.required_claims().get(index)?.name, payload)
            }
            Check::Nonce
            | Check::AuthenticationContext
            | Check::AuthenticationTime
            | Check::AccessTokenHash
            | Check::CodeHash => diagnosis::login(error, payload),
            Check::Confirmation if error == VerifyError::SenderConstrained => {
                Some(hint::SENDER_CONSTRAINED)
            }
            _ => None,
        }
    }

    /// The hint, unless it advises to remove padding that the issuer may have signed.
    fn unless_padding_is_signed(&self, hint: Option<Hint>) -> Option<Hint> {
        match hint {
            Some(hint::PADDED) if !self.verifies_without_padding() => Some(hint::PADDING_SIGNED),
            other => other,
        }
    }

    /// Whether the signature holds if the padding is removed. If only the signature is padded, that can
    /// always be removed.
    fn verifies_without_padding(&self) -> bool {
        let is_padded = |segment: &str| segment.contains('=');
        if !self.token.split('.').take(2).any(is_padded) {
            return true;
        }
        let bare = self.token.replace('=', "");
        let Ok(jws) = CompactJws::parse(&bare) else { return false };
        let iss = self.payload.string("iss");
        let issuer = match self.trusted {
            [only] => Some(only),
            several => several.iter().find(|issuer| Some(issuer.policy.issuer()) == iss),
        };
        let key = issuer.and_then(|Trusted { policy, keys }| {
            let header = jws.header();
            keys.try_key(policy.query(header.key_name(), header.algorithm())).ok()
        });
        key.is_some_and(|key| jws.verify(&key).is_ok())
    }
}
