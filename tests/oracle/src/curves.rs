//! Whether a point is on its curve, computed only with additions, halvings and comparisons.

use tokenring::JwkError;

/// The curves of EC keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    P256,
    P384,
}

impl Curve {
    /// The length of a coordinate.
    pub fn bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }

    /// The prime and `b`. SEC 2 sections 2.4.2 and 2.5.1.
    fn parameters(self) -> (Number, Number) {
        match self {
            Self::P256 => (
                hex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"),
                hex("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"),
            ),
            Self::P384 => (
                hex(concat!(
                    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe",
                    "ffffffff0000000000000000ffffffff"
                )),
                hex(concat!(
                    "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875a",
                    "c656398d8a2ed19d2a85c8edd3ec2aef"
                )),
            ),
        }
    }
}

/// Whether the coordinates are below the prime and y^2 = x^3 - 3x + b.
pub fn is_on_curve(curve: Curve, x: &[u8], y: &[u8]) -> bool {
    let (prime, b) = curve.parameters();
    let (x, y) = (big_endian(x.iter().copied()), big_endian(y.iter().copied()));
    if !is_less(&x, &prime) || !is_less(&y, &prime) {
        return false;
    }
    let field = Field(prime);
    let three_x = field.sum(&field.sum(&x, &x), &x);
    let cube = field.product(&field.product(&x, &x), &x);
    field.product(&y, &y) == field.sum(&field.difference(&cube, &three_x), &b)
}

/// Checks that `octets` are the canonical encoding of a point of edwards25519 whose order is not 1, 2,
/// 4 or 8. RFC 8032 section 5.1.3.
pub fn check_ed25519(octets: &[u8]) -> Result<(), JwkError> {
    let mut y = big_endian(octets.iter().rev().copied());
    y[0] &= 0x7fff_ffff;
    let prime = hex("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed");
    let d = hex("52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3");
    if !is_less(&y, &prime) {
        return Err(JwkError::NotCanonical);
    }
    let field = Field(prime);
    let one = field.one();
    // x^2 = (y^2 - 1) / (d y^2 + 1), and d y^2 is never -1.
    let square = field.product(&y, &y);
    let above = field.difference(&square, &one);
    let below = field.sum(&field.product(&d, &square), &one);
    if field.jacobi(field.product(&above, &below)) == -1 {
        return Err(JwkError::NotOnCurve);
    }
    // Doubles the point three times. y of the double is (y^2 + x^2) / (1 - d x^2 y^2), here a fraction.
    let (mut over, mut under) = (y, one);
    for _ in 0..3 {
        let (a, b) = (field.product(&over, &over), field.product(&under, &under));
        let e = field.difference(&a, &b);
        let f = field.sum(&field.product(&d, &a), &b);
        over = field.sum(&field.product(&a, &f), &field.product(&b, &e));
        let dae = field.product(&field.product(&d, &a), &e);
        under = field.difference(&field.product(&b, &f), &dae);
    }
    // The neutral element is the only point whose y is 1.
    match over == under {
        true => Err(JwkError::LowOrder),
        false => Ok(()),
    }
}

/// Digits of 32 bits, the most significant first. All numbers of a field have the same length.
type Number = Vec<u32>;

fn big_endian(bytes: impl Iterator<Item = u8>) -> Number {
    let bytes: Vec<u8> = bytes.collect();
    let digits = bytes.chunks_exact(4);
    digits.map(|digit| u32::from_be_bytes(digit.try_into().unwrap())).collect()
}

fn hex(text: &str) -> Number {
    (0..text.len())
        .step_by(8)
        .map(|at| u32::from_str_radix(&text[at..at + 8], 16).unwrap())
        .collect()
}

fn is_less(one: &Number, other: &Number) -> bool {
    // Vectors are compared digit by digit, the most significant first.
    one < other
}

/// The sum without its carry, and the carry.
fn add(one: &Number, other: &Number) -> (Number, u32) {
    let (mut sum, mut carry) = (one.clone(), 0);
    for (digit, other) in sum.iter_mut().zip(other).rev() {
        let total = u64::from(*digit) + u64::from(*other) + u64::from(carry);
        (*digit, carry) = (total as u32, (total >> 32) as u32);
    }
    (sum, carry)
}

/// The difference, without its borrow.
fn subtract(one: &Number, other: &Number) -> Number {
    let (mut difference, mut borrow) = (one.clone(), 0);
    for (digit, other) in difference.iter_mut().zip(other).rev() {
        let total = i64::from(*digit) - i64::from(*other) - borrow;
        (*digit, borrow) = (total as u32, i64::from(total < 0));
    }
    difference
}

fn half(number: &Number) -> Number {
    let mut carry = 0;
    let halves = number.iter().map(|digit| {
        let half = digit >> 1 | carry << 31;
        carry = digit & 1;
        half
    });
    halves.collect()
}

fn is_zero(number: &Number) -> bool {
    number.iter().all(|digit| *digit == 0)
}

/// The integers modulo an odd prime.
struct Field(Number);

impl Field {
    fn one(&self) -> Number {
        let mut one = vec![0; self.0.len()];
        *one.last_mut().unwrap() = 1;
        one
    }

    fn sum(&self, one: &Number, other: &Number) -> Number {
        match add(one, other) {
            (sum, 0) if is_less(&sum, &self.0) => sum,
            (sum, _) => subtract(&sum, &self.0),
        }
    }

    fn difference(&self, one: &Number, other: &Number) -> Number {
        self.sum(one, &self.negative(other))
    }

    fn negative(&self, number: &Number) -> Number {
        match is_zero(number) {
            true => number.clone(),
            false => subtract(&self.0, number),
        }
    }

    /// By doubling and adding, bit by bit.
    fn product(&self, one: &Number, other: &Number) -> Number {
        let mut product = vec![0; self.0.len()];
        for bit in other.iter().flat_map(|digit| (0..32).rev().map(move |bit| digit >> bit & 1)) {
            product = self.sum(&product, &product);
            if bit == 1 {
                product = self.sum(&product, one);
            }
        }
        product
    }

    /// The Jacobi symbol of `number`: 1 for a square, -1 for none, 0 for 0. By reciprocity.
    fn jacobi(&self, number: Number) -> i8 {
        let (mut number, mut modulus, mut symbol) = (number, self.0.clone(), 1);
        let low = |number: &Number| number[number.len() - 1];
        while !is_zero(&number) {
            while low(&number) % 2 == 0 {
                number = half(&number);
                if matches!(low(&modulus) % 8, 3 | 5) {
                    symbol = -symbol;
                }
            }
            if is_less(&number, &modulus) {
                std::mem::swap(&mut number, &mut modulus);
                if low(&number) % 4 == 3 && low(&modulus) % 4 == 3 {
                    symbol = -symbol;
                }
            }
            // Both are odd; the difference is even.
            number = subtract(&number, &modulus);
        }
        // A number that is not 0 has no divisor in common with the prime.
        if modulus == self.one() { symbol } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jacobi_symbols_of_small_primes_are_those_of_the_squares_written_down() {
        for prime in [3, 5, 7, 11, 13, 17, 19, 23, 101, 65_537_u64] {
            let squares: Vec<u64> = (1..prime).map(|root| root * root % prime).collect();
            let field = Field(vec![0, prime as u32]);
            assert_eq!(field.jacobi(vec![0, 0]), 0);
            for number in 1..prime.min(200) {
                let expected = if squares.contains(&number) { 1 } else { -1 };
                assert_eq!(field.jacobi(vec![0, number as u32]), expected, "{number} {prime}");
            }
        }
    }
}
