//! An elliptic curve public key: a point of P-256 or P-384. RFC 7518 section 6.2.1.

use alloc::{boxed::Box, vec};

use ring::{
    agreement::{self, ECDH_P256, ECDH_P384, EphemeralPrivateKey, UnparsedPublicKey},
    rand::SystemRandom,
};

use super::without_leading_zeros;
use crate::{Algorithm, JwkError};

/// A curve that this crate supports, each with one algorithm.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
}

impl Curve {
    pub(crate) fn named(crv: &str) -> Result<Self, JwkError> {
        match crv {
            "P-256" => Ok(Self::P256),
            "P-384" => Ok(Self::P384),
            _ => Err(JwkError::Curve),
        }
    }

    /// The value of `crv`. RFC 7518 section 6.2.1.1.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
        }
    }

    /// The one algorithm of the curve. RFC 7518 section 3.4.
    pub(crate) fn algorithm(self) -> Algorithm {
        match self {
            Self::P256 => Algorithm::ES256,
            Self::P384 => Algorithm::ES384,
        }
    }

    /// The length of a coordinate in bytes. RFC 7518 section 6.2.1.2.
    pub(crate) fn coordinate_bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }

    fn agreement(self) -> &'static agreement::Algorithm {
        match self {
            Self::P256 => &ECDH_P256,
            Self::P384 => &ECDH_P384,
        }
    }
}

/// A point on its curve, uncompressed: the byte 4, `x`, `y`. SEC 1 section 2.3.3.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct EcKey {
    curve: Curve,
    point: Box<[u8]>,
}

impl EcKey {
    /// The point with these coordinates, big-endian numbers. RFC 7518 section 6.2.1.2 asks for full
    /// length, but some issuers drop zeros in front, and some add one.
    pub(crate) fn new(curve: Curve, x: &[u8], y: &[u8]) -> Result<Self, JwkError> {
        let expected = curve.coordinate_bytes();
        let mut point = vec![4];
        for (member, coordinate) in [("x", x), ("y", y)] {
            let number = without_leading_zeros(coordinate);
            let bytes = number.len();
            let missing = expected
                .checked_sub(bytes)
                .filter(|_| !coordinate.is_empty())
                .ok_or(JwkError::CoordinateLength { member, bytes, expected })?;
            point.extend(core::iter::repeat_n(0, missing).chain(number.iter().copied()));
        }
        check_point(curve, &point)?;
        Ok(Self { curve, point: point.into() })
    }

    /// The point with these coordinates at full length. **It is not checked to be on the curve**: for a key
    /// that is used once, ring's verification finds that out, and the check would cost as much again.
    pub(crate) fn for_one_signature(curve: Curve, x: &[u8], y: &[u8]) -> Self {
        Self { curve, point: [&[4], x, y].concat().into() }
    }

    pub(crate) fn curve(&self) -> Curve {
        self.curve
    }

    /// The point, uncompressed.
    pub(crate) fn point(&self) -> &[u8] {
        &self.point
    }

    /// The length of a signature, `r` and `s`, in bytes. RFC 7518 section 3.4.
    pub(crate) fn signature_bytes(&self) -> usize {
        self.curve.coordinate_bytes().saturating_mul(2)
    }

    pub(super) fn x(&self) -> &[u8] {
        self.coordinates().0
    }

    /// `x` and `y`, each at full length.
    pub(crate) fn coordinates(&self) -> (&[u8], &[u8]) {
        let coordinates = self.point.get(1..).unwrap_or_default();
        coordinates.split_at_checked(self.curve.coordinate_bytes()).unwrap_or_default()
    }
}

/// Checks that the point is on the curve. ring's verification does so too, but reports a bad key as
/// a bad signature. Its key agreement makes the same check and can be run when the key is loaded.
fn check_point(curve: Curve, point: &[u8]) -> Result<(), JwkError> {
    let ours = EphemeralPrivateKey::generate(curve.agreement(), &SystemRandom::new())
        .map_err(|_| JwkError::NoRandomness)?;
    let theirs = UnparsedPublicKey::new(curve.agreement(), point);
    agreement::agree_ephemeral(ours, &theirs, |_| ()).map_err(|_| JwkError::NotOnCurve)
}
