//! Points of elliptic curves, slow and plain: numbers are 32-bit limbs, products are made by doubling
//! and adding. SEC 2 sections 2.4.2 and 2.5.1, RFC 8032 section 5.1.

use std::cmp::Ordering;

/// Whether the point is on the curve y^2 = x^3 - 3 x + b.
pub fn is_on_weierstrass_curve(p: &str, b: &str, x: &[u8], y: &[u8]) -> bool {
    let field = Field { p: limbs(&hex(p)) };
    let (x, y, b) = (limbs(x), limbs(y), limbs(&hex(b)));
    if compare(&x, &field.p).is_ge() || compare(&y, &field.p).is_ge() {
        return false;
    }
    let three = field.number(3);
    let cube = field.times(&field.times(&x, &x), &x);
    let right = field.plus(&field.minus(&cube, &field.times(&three, &x)), &b);
    field.times(&y, &y) == right
}

/// What 32 octets are as a point of Ed25519.
#[derive(Debug, PartialEq)]
pub enum Octets {
    NotCanonical,
    LowOrder,
    NotOnCurve,
    Point,
}

pub fn ed25519(octets: &[u8]) -> Octets {
    let mut big_endian: Vec<u8> = octets.iter().rev().copied().collect();
    big_endian[0] &= 0x7f;
    let p = hex(P_ED25519);
    let field = Field { p: limbs(&p) };
    let y = limbs(&big_endian);
    if compare(&y, &field.p).is_ge() {
        return Octets::NotCanonical;
    }
    let (zero, one) = (field.number(0), field.number(1));
    let square = field.times(&y, &y);
    // d = -121665/121666, so that x^2 = 121666 (y^2 - 1) / (121666 - 121665 y^2).
    let above = field.times(&field.number(121_666), &field.minus(&square, &one));
    let below = field.times(&field.number(121_665), &square);
    let below = field.minus(&field.number(121_666), &below);
    // y = 0 and y^2 = 1 are of order 4, 2 and 1. Those of order 8 double to y = 0: x^2 + y^2 = 0.
    let sum = field.plus(&above, &field.times(&square, &below));
    if y == zero || square == one || sum == zero {
        return Octets::LowOrder;
    }
    // Euler's criterion, for the product in place of the quotient.
    let exponent = half(&field.minus(&zero, &one));
    match field.power(&field.times(&above, &below), &exponent) == one {
        true => Octets::Point,
        false => Octets::NotOnCurve,
    }
}

/// Numbers modulo a prime, the least significant limb first.
struct Field {
    p: Vec<u32>,
}

impl Field {
    fn number(&self, number: u32) -> Vec<u32> {
        let mut limbs = vec![0; self.p.len()];
        limbs[0] = number;
        limbs
    }

    fn plus(&self, one: &[u32], other: &[u32]) -> Vec<u32> {
        let mut carry = 0;
        let mut sum: Vec<u32> = one
            .iter()
            .zip(other)
            .map(|(one, other)| {
                let sum = u64::from(*one) + u64::from(*other) + carry;
                carry = sum >> 32;
                sum as u32
            })
            .collect();
        if carry == 1 || compare(&sum, &self.p).is_ge() {
            subtract(&mut sum, &self.p);
        }
        sum
    }

    fn minus(&self, one: &[u32], other: &[u32]) -> Vec<u32> {
        let mut negative = self.p.clone();
        subtract(&mut negative, other);
        self.plus(one, &negative)
    }

    fn times(&self, one: &[u32], other: &[u32]) -> Vec<u32> {
        let mut product = self.number(0);
        for bit in bits(one) {
            product = self.plus(&product, &product);
            if bit {
                product = self.plus(&product, other);
            }
        }
        product
    }

    fn power(&self, base: &[u32], exponent: &[u32]) -> Vec<u32> {
        let mut power = self.number(1);
        for bit in bits(exponent) {
            power = self.times(&power, &power);
            if bit {
                power = self.times(&power, base);
            }
        }
        power
    }
}

/// From the most significant one on.
fn bits(number: &[u32]) -> impl Iterator<Item = bool> + '_ {
    number.iter().rev().flat_map(|limb| (0..32).rev().map(move |bit| limb >> bit & 1 == 1))
}

fn half(number: &[u32]) -> Vec<u32> {
    let above = number.iter().skip(1).copied().chain([0]);
    number.iter().zip(above).map(|(limb, above)| limb >> 1 | above << 31).collect()
}

fn subtract(one: &mut [u32], other: &[u32]) {
    let mut borrow = 0;
    for (one, other) in one.iter_mut().zip(other) {
        let difference = i64::from(*one) - i64::from(*other) - borrow;
        borrow = i64::from(difference < 0);
        *one = difference as u32;
    }
}

fn compare(one: &[u32], other: &[u32]) -> Ordering {
    one.iter().rev().cmp(other.iter().rev())
}

fn limbs(big_endian: &[u8]) -> Vec<u32> {
    let limb = |bytes: &[u8]| bytes.iter().fold(0, |limb, byte| limb << 8 | u32::from(*byte));
    big_endian.rchunks(4).map(limb).collect()
}

fn hex(digits: &str) -> Vec<u8> {
    let pairs = (0..digits.len()).step_by(2).map(|at| &digits[at..at + 2]);
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal")).collect()
}

pub const P_256: [&str; 2] = [
    "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
    "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
];

pub const P_384: [&str; 2] = [
    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
    "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
];

const P_ED25519: &str = "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed";
