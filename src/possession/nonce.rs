//! `DPoP-Nonce` without state: a time, authenticated. RFC 9449 sections 8 and 9.

use core::{error::Error, fmt};

use ring::{
    hmac::{self, HMAC_SHA256},
    rand::{self, SystemRandom},
};

use super::ProofError;
use crate::{UnixTime, base64url};

/// Makes nonces for proofs and recognizes them. RFC 9449 section 9.
///
/// With nonces on, a proof must contain a nonce of the last two to three minutes, so that nobody can make
/// proofs in advance, and a client's clock does not matter.
///
/// Nothing is stored. A nonce is a version, the number of a step of 60 seconds, and the HMAC-SHA-256 of both,
/// cut to 16 bytes, in base64url. Nonces of the current step and of the two before it are accepted.
///
/// Guards of one origin, in one process or in several, need one secret: clients keep one nonce for an
/// origin.
#[derive(Clone)]
pub struct Nonces(hmac::Key);

impl Nonces {
    /// Nonces with a random secret. After a restart, clients are asked for a new nonce once.
    ///
    /// # Errors
    ///
    /// [`NonceError::NoRandomness`].
    pub fn random() -> Result<Self, NonceError> {
        let secret: [u8; 32] =
            rand::generate(&SystemRandom::new()).map_err(|_| NonceError::NoRandomness)?.expose();
        Ok(Self(hmac::Key::new(HMAC_SHA256, &secret)))
    }

    /// Nonces with a secret that several processes share: at least 32 bytes, all random.
    ///
    /// # Errors
    ///
    /// [`NonceError::SecretTooShort`].
    pub fn with_secret(secret: impl AsRef<[u8]>) -> Result<Self, NonceError> {
        match secret.as_ref() {
            secret if secret.len() < MIN_SECRET_BYTES => {
                Err(NonceError::SecretTooShort { bytes: secret.len() })
            }
            secret => Ok(Self(hmac::Key::new(HMAC_SHA256, secret))),
        }
    }

    /// The nonce of this time, for the field `DPoP-Nonce`.
    pub fn issue(&self, now: UnixTime) -> Nonce {
        let step = Step::of(now);
        let mut bytes = [0; NONCE_BYTES];
        let parts = step.bytes().into_iter().chain(self.tag(step));
        for (place, byte) in bytes.iter_mut().zip(parts) {
            *place = byte;
        }
        Nonce(bytes)
    }

    /// The step of a nonce of ours that is not too old.
    pub(super) fn check(&self, nonce: &str, now: UnixTime) -> Result<Step, ProofError> {
        let mut bytes = [0; NONCE_BYTES];
        let is_whole = base64url::decoded_len(nonce) == NONCE_BYTES
            && base64url::decode_into(nonce, &mut bytes).is_ok();
        let [version, a, b, c, d, e, f, g, h, tag @ ..] = bytes;
        let step = Step(u64::from_be_bytes([a, b, c, d, e, f, g, h]));
        if !is_whole || version != VERSION || !are_equal(&tag, &self.tag(step)) {
            return Err(ProofError::UnknownNonce);
        }
        let current = Step::of(now);
        match (current.0.saturating_sub(STEPS_BEFORE)..=current.0).contains(&step.0) {
            true => Ok(step),
            false => Err(ProofError::StaleNonce),
        }
    }

    fn tag(&self, step: Step) -> [u8; TAG_BYTES] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(DOMAIN);
        context.update(&step.bytes());
        let mut tag = [0; TAG_BYTES];
        for (place, byte) in tag.iter_mut().zip(context.sign().as_ref()) {
            *place = *byte;
        }
        tag
    }
}

/// Does not show the secret.
impl fmt::Debug for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nonces").finish_non_exhaustive()
    }
}

/// The number of a step of 60 seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step(u64);

impl Step {
    pub(super) fn of(now: UnixTime) -> Self {
        Self(now.as_secs() / STEP_SECONDS)
    }

    /// The first second at which a nonce of this step is no longer accepted.
    pub(super) fn end(self) -> UnixTime {
        let end = self.0.saturating_add(STEPS_BEFORE).saturating_add(1);
        UnixTime::from_secs(end.saturating_mul(STEP_SECONDS))
    }

    /// The version and the step.
    fn bytes(self) -> [u8; 9] {
        let [a, b, c, d, e, f, g, h] = self.0.to_be_bytes();
        [VERSION, a, b, c, d, e, f, g, h]
    }
}

/// Whether two tags are equal. Takes the same time wherever they differ.
fn are_equal(one: &[u8; TAG_BYTES], other: &[u8; TAG_BYTES]) -> bool {
    one.iter().zip(other).fold(0, |difference, (one, other)| difference | (one ^ other)) == 0
}

/// A nonce, for the field `DPoP-Nonce`. Displayed in base64url.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Nonce([u8; NONCE_BYTES]);

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&base64url::encode(&self.0))
    }
}

/// Does not show the nonce.
impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nonce").finish_non_exhaustive()
    }
}

/// Why nonces cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NonceError {
    /// Operator: the secret is shorter than 32 bytes.
    SecretTooShort {
        /// Its length in bytes.
        bytes: usize,
    },
    /// Operator: the system has no randomness.
    NoRandomness,
}

impl fmt::Display for NonceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SecretTooShort { bytes } => {
                write!(f, "the secret of the nonces is {bytes} bytes long, 32 is the least")
            }
            Self::NoRandomness => {
                f.write_str("the system has no randomness for the secret of the nonces")
            }
        }
    }
}

impl Error for NonceError {}

/// The first byte, so that another form can follow.
const VERSION: u8 = 1;

/// The secret may serve for something else too.
const DOMAIN: &[u8] = b"tokenring DPoP-Nonce";

const STEP_SECONDS: u64 = 60;

/// A nonce is accepted for two to three minutes: long enough for a retry and for a client that keeps it
/// between requests.
const STEPS_BEFORE: u64 = 2;

/// Nobody guesses 128 bits.
const TAG_BYTES: usize = 16;

/// Version, step, tag.
const NONCE_BYTES: usize = 25;

/// The length of HMAC-SHA-256's result. RFC 2104 section 3 discourages less.
const MIN_SECRET_BYTES: usize = 32;

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    const NOW: UnixTime = UnixTime::from_secs(1_780_000_020);

    fn nonces() -> Nonces {
        Nonces::with_secret([7; 32]).unwrap()
    }

    #[test]
    fn nonce_is_accepted_in_its_step_and_the_next_two() {
        let nonce = nonces().issue(NOW).to_string();
        let start = NOW.as_secs() / 60 * 60;
        let step = Step::of(NOW);
        assert_eq!(step.end(), UnixTime::from_secs(start + 180));
        for (seconds, outcome) in [
            (start - 1, Err(ProofError::StaleNonce)),
            (start, Ok(step)),
            (start + 179, Ok(step)),
            (start + 180, Err(ProofError::StaleNonce)),
            (u64::MAX, Err(ProofError::StaleNonce)),
            (0, Err(ProofError::StaleNonce)),
        ] {
            assert_eq!(nonces().check(&nonce, UnixTime::from_secs(seconds)), outcome, "{seconds}");
        }
    }

    #[test]
    fn nonce_of_a_process_is_accepted_by_another_with_the_same_secret_only() {
        let nonce = nonces().issue(NOW).to_string();
        let other = Nonces::with_secret([8; 32]).unwrap();
        assert_eq!(nonces().check(&nonce, NOW), Ok(Step::of(NOW)));
        assert_eq!(other.check(&nonce, NOW), Err(ProofError::UnknownNonce));
        let (one, two) = (Nonces::random().unwrap(), Nonces::random().unwrap());
        assert_eq!(two.check(&one.issue(NOW).to_string(), NOW), Err(ProofError::UnknownNonce));
    }

    #[test]
    fn every_changed_bit_makes_a_nonce_unknown() {
        let Nonce(bytes) = nonces().issue(NOW);
        for place in 0..NONCE_BYTES {
            for bit in 0..8 {
                let mut changed = bytes;
                changed[place] ^= 1 << bit;
                let changed = Nonce(changed).to_string();
                assert_eq!(nonces().check(&changed, NOW), Err(ProofError::UnknownNonce), "{place}");
            }
        }
    }

    #[test]
    fn two_changes_of_a_tag_do_not_make_up_for_each_other() {
        let Nonce(bytes) = nonces().issue(NOW);
        for first in 9..NONCE_BYTES {
            for second in first + 1..NONCE_BYTES {
                let mut changed = bytes;
                changed[first] ^= 0x55;
                changed[second] ^= 0x55;
                let changed = Nonce(changed).to_string();
                assert_eq!(nonces().check(&changed, NOW), Err(ProofError::UnknownNonce));
            }
        }
    }

    #[test]
    fn text_of_another_length_or_alphabet_is_no_nonce() {
        let nonce = nonces().issue(NOW).to_string();
        assert_eq!(nonce.len(), 34);
        let padded = nonce.clone() + "==";
        let longer = nonce.clone() + "A";
        let zero = base64url::encode(&[0; NONCE_BYTES]);
        // The last character has four spare bits.
        let (front, last) = nonce.split_at(33);
        let spare = front.to_string() + if last == "A" { "B" } else { "z" };
        for text in ["", "A", &nonce[1..], &nonce[..33], &padded, &longer, &spare, &zero, "ä"] {
            assert_eq!(nonces().check(text, NOW), Err(ProofError::UnknownNonce), "{text}");
        }
    }

    #[test]
    fn secret_of_less_than_32_bytes_is_refused() {
        let error = Nonces::with_secret([0; 31]).unwrap_err();
        assert_eq!(error, NonceError::SecretTooShort { bytes: 31 });
    }

    #[test]
    fn extreme_times_are_harmless() {
        for seconds in [0, 59, 60, u64::MAX] {
            let now = UnixTime::from_secs(seconds);
            let nonce = nonces().issue(now).to_string();
            assert_eq!(nonces().check(&nonce, now), Ok(Step::of(now)), "{seconds}");
        }
    }
}
