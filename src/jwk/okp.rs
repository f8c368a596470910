//! An Ed25519 public key: a point in its canonical encoding, not of low order. RFC 8037 section 2,
//! RFC 8032 section 5.1.3.

use crate::JwkError;

/// The encoding of a point: `y`, little-endian, and the sign of `x` in the top bit.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Ed25519Key([u8; 32]);

impl Ed25519Key {
    pub(crate) fn new(x: &[u8]) -> Result<Self, JwkError> {
        let octets: [u8; 32] = x.try_into().map_err(|_| JwkError::CoordinateLength {
            member: "x",
            bytes: x.len(),
            expected: 32,
        })?;
        let y = Field::of_encoding(octets).ok_or(JwkError::NotCanonical)?;
        // ring accepts forged signatures under a key of low order.
        if LOW_ORDER.contains(&y) {
            return Err(JwkError::LowOrder);
        }
        match y.is_on_curve() {
            true => Ok(Self(octets)),
            false => Err(JwkError::NotOnCurve),
        }
    }

    /// The encoded point, as ring's verifier takes it.
    pub(crate) fn octets(&self) -> &[u8] {
        &self.0
    }
}

/// A number below p = 2^255 - 19, in 64-bit limbs, the least significant first.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Field([u64; 4]);

impl Field {
    /// The `y` of an encoded point. `None` if it is not below p, so not canonical.
    fn of_encoding(octets: [u8; 32]) -> Option<Self> {
        let mut limbs = [0; 4];
        for (limb, bytes) in limbs.iter_mut().zip(octets.chunks_exact(8)) {
            *limb = u64::from_le_bytes(bytes.try_into().ok()?);
        }
        let [a, b, c, d] = limbs;
        let number = [a, b, c, d & TOP_WITHOUT_SIGN];
        (subtract(number, P).1 == 1).then_some(Self(number))
    }

    /// Whether there is an x with -x^2 + y^2 = 1 + d x^2 y^2. RFC 8032 section 5.1.3, step 2.
    ///
    /// x^2 = (y^2 - 1) / (d y^2 + 1), a square if and only if the product of the two is a square.
    fn is_on_curve(self) -> bool {
        let square = self.times(self);
        let product = square.plus(MINUS_ONE).times(D.times(square).plus(ONE));
        // Euler's criterion: the power to (p - 1) / 2 is 1 for a square, 0 for 0. The exponent is
        // 2^254 - 10 = 16 (2^250 - 1) + 2 (2^2 - 1).
        let power = product.ones(250).squared(4).times(product.ones(2).squared(1));
        power == ONE || power == Self([0; 4])
    }

    /// The power to 2^`bits` - 1, whose bits are all 1. `bits` is not 0.
    fn ones(self, bits: u32) -> Self {
        if bits < 2 {
            return self;
        }
        let half = self.ones(bits / 2);
        let even = half.squared(bits / 2).times(half);
        match bits % 2 {
            0 => even,
            _ => even.squared(1).times(self),
        }
    }

    /// The number, squared so many times.
    fn squared(self, times: u32) -> Self {
        (0..times).fold(self, |number, _| number.times(number))
    }

    fn plus(self, other: Self) -> Self {
        // The sum of two numbers below p is below 2^256.
        Self(add(self.0, other.0).0).reduced()
    }

    fn times(self, other: Self) -> Self {
        let mut wide = [0; 8];
        for (shift, limb) in self.0.into_iter().enumerate() {
            let mut carry = 0;
            for (place, other) in wide.iter_mut().skip(shift).zip(other.0.into_iter().chain([0])) {
                (*place, carry) = multiply_add(limb, other, *place, carry);
            }
        }
        let [a, b, c, d, high @ ..] = wide;
        // 2^256 is 38 modulo p. The second carry is at most 1, and then the sum is small.
        let (sum, carry) = add_times_38([a, b, c, d], high);
        let (sum, carry) = add_times_38(sum, [carry, 0, 0, 0]);
        let (sum, _) = add_times_38(sum, [carry, 0, 0, 0]);
        // Below 2^256, which is less than three times p.
        Self(sum).reduced().reduced()
    }

    fn reduced(self) -> Self {
        match subtract(self.0, P) {
            (less, 0) => Self(less),
            _ => self,
        }
    }
}

/// `sum` and 38 times `other`, modulo 2^256, and the carry.
fn add_times_38(sum: [u64; 4], other: [u64; 4]) -> ([u64; 4], u64) {
    let (mut sum, mut carry) = (sum, 0);
    for (limb, other) in sum.iter_mut().zip(other) {
        (*limb, carry) = multiply_add(other, 38, *limb, carry);
    }
    (sum, carry)
}

/// The low and the high limb of `one * other + third + carry`, which is below 2^128.
fn multiply_add(one: u64, other: u64, third: u64, carry: u64) -> (u64, u64) {
    let product = u128::from(one).wrapping_mul(u128::from(other));
    let sum = product.wrapping_add(u128::from(third)).wrapping_add(u128::from(carry));
    let limb = |number: u128| number.try_into().unwrap_or_default();
    (limb(sum & u128::from(u64::MAX)), limb(sum >> 64))
}

/// The sum modulo 2^256, and the carry.
fn add(one: [u64; 4], other: [u64; 4]) -> ([u64; 4], u64) {
    let (mut sum, mut carry) = (one, 0);
    for (limb, other) in sum.iter_mut().zip(other) {
        let (partial, first) = limb.overflowing_add(other);
        let (total, second) = partial.overflowing_add(carry);
        *limb = total;
        carry = u64::from(first | second);
    }
    (sum, carry)
}

/// The difference modulo 2^256, and the borrow: 1 if `other` is the greater.
fn subtract(one: [u64; 4], other: [u64; 4]) -> ([u64; 4], u64) {
    let (mut difference, mut borrow) = (one, 0);
    for (limb, other) in difference.iter_mut().zip(other) {
        let (partial, first) = limb.overflowing_sub(other);
        let (total, second) = partial.overflowing_sub(borrow);
        *limb = total;
        borrow = u64::from(first | second);
    }
    (difference, borrow)
}

const TOP_WITHOUT_SIGN: u64 = u64::MAX >> 1;

const P: [u64; 4] = [0xFFFF_FFFF_FFFF_FFED, u64::MAX, u64::MAX, TOP_WITHOUT_SIGN];

const ONE: Field = Field([1, 0, 0, 0]);

/// p - 1.
const MINUS_ONE: Field = Field([0xFFFF_FFFF_FFFF_FFEC, u64::MAX, u64::MAX, TOP_WITHOUT_SIGN]);

/// d = -121665/121666. RFC 8032 section 5.1.
const D: Field = Field([
    0x75EB_4DCA_1359_78A3,
    0x0070_0A4D_4141_D8AB,
    0x8CC7_4079_7779_E898,
    0x5203_6CEE_2B6F_FE73,
]);

/// The `y` of the eight points whose order divides 8. The last two belong to points of order 8.
const LOW_ORDER: [Field; 5] = [
    Field([0, 0, 0, 0]),
    ONE,
    MINUS_ONE,
    Field([
        0x4FD8_4D3D_706A_17C7,
        0x0F67_100D_760B_3CBA,
        0xC6CC_392C_FA53_202A,
        0x7A03_AC92_77FD_C74E,
    ]),
    Field([
        0xB027_B2C2_8F95_E826,
        0xF098_EFF2_89F4_C345,
        0x3933_C6D3_05AC_DFD5,
        0x05FC_536D_8802_38B1,
    ]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carry_goes_through_all_limbs() {
        let (below, power) = (Field([u64::MAX, u64::MAX, u64::MAX, 0]), Field([0, 0, 0, 1]));
        assert!(below.plus(ONE) == power);
        assert!(power.plus(MINUS_ONE) == below);
        assert!(ONE.plus(MINUS_ONE) == Field([0; 4]));
    }
}
