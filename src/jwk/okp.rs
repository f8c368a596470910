//! An Ed25519 public key: a point in its canonical encoding, not of low order. RFC 8037 section 2,
//! RFC 8032 section 5.1.3.

use crate::JwkError;

/// The encoding of a point: `y`, little-endian, and the sign of `x` in the top bit.
#[derive(PartialEq, Eq)]
pub(crate) struct Ed25519Key([u8; 32]);

impl Ed25519Key {
    pub(super) fn new(x: &[u8]) -> Result<Self, JwkError> {
        let octets: [u8; 32] = x.try_into().map_err(|_| JwkError::CoordinateLength {
            member: "x",
            bytes: x.len(),
            expected: 32,
        })?;
        let y = Field::of_encoding(octets).ok_or(JwkError::NotCanonical)?;
        // ring accepts forged signatures under such a key.
        if LOW_ORDER.contains(&y) {
            return Err(JwkError::LowOrder);
        }
        match y.is_on_curve() {
            true => Ok(Self(octets)),
            false => Err(JwkError::NotOnCurve),
        }
    }

    /// The public key as signatures are verified with it.
    pub(crate) fn octets(&self) -> &[u8] {
        &self.0
    }
}

/// A number below p = 2^255 - 19, in 64-bit limbs, the least significant first.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Field([u64; 4]);

impl Field {
    /// `y` of an encoded point; none if it is not below p, which is not canonical.
    fn of_encoding(octets: [u8; 32]) -> Option<Self> {
        let mut limbs = [0; 4];
        for (limb, bytes) in limbs.iter_mut().zip(octets.chunks_exact(8)) {
            *limb = u64::from_le_bytes(bytes.try_into().ok()?);
        }
        let [a, b, c, d] = limbs;
        let number = [a, b, c, d & TOP_WITHOUT_SIGN];
        (subtract(number, P).1 == 1).then_some(Self(number))
    }

    /// Whether there is an x with -x^2 + y^2 = 1 + d x^2 y^2. RFC 8032 section 5.1.3, step 2:
    /// x^2 = (y^2 - 1) / (d y^2 + 1), which is a square exactly if the product of the two is.
    fn is_on_curve(self) -> bool {
        let square = self.times(self);
        let product = square.minus(ONE).times(D.times(square).plus(ONE));
        // Euler's criterion: the power to (p - 1) / 2 = 2^254 - 10 is 1 for a square, 0 for 0.
        let mut power = ONE;
        for bit in (0..254).rev() {
            power = power.times(power);
            // 2^254 - 10 has ones everywhere but at 0 and 3.
            if !matches!(bit, 0 | 3) {
                power = power.times(product);
            }
        }
        power == ONE || power == Self([0; 4])
    }

    fn plus(self, other: Self) -> Self {
        // The sum of two numbers below p is below 2^256.
        let sum = add(self.0, other.0).0;
        match subtract(sum, P) {
            (less, 0) => Self(less),
            _ => Self(sum),
        }
    }

    fn minus(self, other: Self) -> Self {
        match subtract(self.0, other.0) {
            (difference, 0) => Self(difference),
            (difference, _) => Self(add(difference, P).0),
        }
    }

    /// By doubling and adding: slow and short, and done once for each key that is loaded.
    fn times(self, other: Self) -> Self {
        let mut product = Self([0; 4]);
        for limb in self.0.iter().rev() {
            for bit in (0..64).rev() {
                product = product.plus(product);
                if limb >> bit & 1 == 1 {
                    product = product.plus(other);
                }
            }
        }
        product
    }
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

/// d = -121665/121666. RFC 8032 section 5.1.
const D: Field = Field([
    0x75EB_4DCA_1359_78A3,
    0x0070_0A4D_4141_D8AB,
    0x8CC7_4079_7779_E898,
    0x5203_6CEE_2B6F_FE73,
]);

/// `y` of the eight points whose order divides 8; of the last two, the order is 8.
const LOW_ORDER: [Field; 5] = [
    Field([0, 0, 0, 0]),
    ONE,
    Field([0xFFFF_FFFF_FFFF_FFEC, u64::MAX, u64::MAX, TOP_WITHOUT_SIGN]),
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
