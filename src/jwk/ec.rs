//! An elliptic curve public key: a point of P-256 or P-384. RFC 7518 section 6.2.1.

use alloc::{boxed::Box, vec};

use super::{
    limbs::{add, subtract},
    without_leading_zeros,
};
use crate::{Algorithm, JwkError};

/// A curve that this crate supports, each with one algorithm.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
}

impl Curve {
    pub(super) fn named(crv: &str) -> Result<Self, JwkError> {
        match crv {
            "P-256" => Ok(Self::P256),
            "P-384" => Ok(Self::P384),
            _ => Err(JwkError::Curve),
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

    /// Whether the point with these coordinates of full length is on the curve.
    fn contains(self, x: &[u8], y: &[u8]) -> bool {
        match self {
            Self::P256 => P256.holds(x, y),
            Self::P384 => P384.holds(x, y),
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
        let key = Self { curve, point: point.into() };
        match curve.contains(key.x(), key.y()) {
            true => Ok(key),
            false => Err(JwkError::NotOnCurve),
        }
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
        self.point.get(1..=self.curve.coordinate_bytes()).unwrap_or_default()
    }

    fn y(&self) -> &[u8] {
        self.point.get(self.x().len().saturating_add(1)..).unwrap_or_default()
    }
}

/// A short Weierstrass curve: y^2 = x^3 - 3x + b modulo p. FIPS 186-4 appendix D.1.2.
struct Equation<const N: usize> {
    p: [u64; N],
    b: [u64; N],
}

/// ring checks the point too, but only when it verifies, and then it reports a bad key as a bad
/// signature.
impl<const N: usize> Equation<N> {
    fn holds(&self, x: &[u8], y: &[u8]) -> bool {
        let (Some(x), Some(y)) = (self.number(x), self.number(y)) else { return false };
        // x^3 - 3x + b is x (x^2 - 3) + b.
        let square = self.product(x, x);
        let rest = (0..3).fold(square, |rest, _| self.less_one(rest));
        self.product(y, y) == self.sum(self.product(x, rest), self.b)
    }

    /// A big-endian number of as many bytes as `p`. None if it is not below `p`.
    fn number(&self, bytes: &[u8]) -> Option<[u64; N]> {
        let mut limbs = [0; N];
        for (limb, bytes) in limbs.iter_mut().zip(bytes.rchunks_exact(8)) {
            *limb = u64::from_be_bytes(bytes.try_into().ok()?);
        }
        (subtract(limbs, self.p).1 == 1).then_some(limbs)
    }

    fn sum(&self, one: [u64; N], other: [u64; N]) -> [u64; N] {
        let (sum, carry) = add(one, other);
        match subtract(sum, self.p) {
            // Less than p.
            (_, 1) if carry == 0 => sum,
            (reduced, _) => reduced,
        }
    }

    fn less_one(&self, number: [u64; N]) -> [u64; N] {
        let mut one = [0; N];
        one.iter_mut().take(1).for_each(|limb| *limb = 1);
        match subtract(number, one) {
            (difference, 0) => difference,
            (wrapped, _) => add(wrapped, self.p).0,
        }
    }

    /// Bit by bit: as fast as a whole set of keys needs it, and short.
    fn product(&self, one: [u64; N], other: [u64; N]) -> [u64; N] {
        let bits =
            one.into_iter().rev().flat_map(|limb| (0..64).rev().map(move |bit| limb >> bit & 1));
        bits.fold([0; N], |product, bit| {
            let doubled = self.sum(product, product);
            if bit == 1 { self.sum(doubled, other) } else { doubled }
        })
    }
}

/// FIPS 186-4 appendix D.1.2.3.
const P256: Equation<4> = Equation {
    p: [u64::MAX, 0x0000_0000_FFFF_FFFF, 0, 0xFFFF_FFFF_0000_0001],
    b: [0x3BCE_3C3E_27D2_604B, 0x651D_06B0_CC53_B0F6, 0xB3EB_BD55_7698_86BC, 0x5AC6_35D8_AA3A_93E7],
};

/// FIPS 186-4 appendix D.1.2.4.
const P384: Equation<6> = Equation {
    p: [
        0x0000_0000_FFFF_FFFF,
        0xFFFF_FFFF_0000_0000,
        0xFFFF_FFFF_FFFF_FFFE,
        u64::MAX,
        u64::MAX,
        u64::MAX,
    ],
    b: [
        0x2A85_C8ED_D3EC_2AEF,
        0xC656_398D_8A2E_D19D,
        0x0314_088F_5013_875A,
        0x181D_9C6E_FE81_4112,
        0x988E_056B_E3F8_2D19,
        0xB331_2FA7_E23E_E7E4,
    ],
};
