//! Numbers of a fixed size for the checks of points, in 64-bit limbs, the least significant first.

/// The sum modulo 2^(64 N), and the carry.
pub(super) fn add<const N: usize>(one: [u64; N], other: [u64; N]) -> ([u64; N], u64) {
    let (mut sum, mut carry) = (one, 0);
    for (limb, other) in sum.iter_mut().zip(other) {
        let (partial, first) = limb.overflowing_add(other);
        let (total, second) = partial.overflowing_add(carry);
        *limb = total;
        carry = u64::from(first | second);
    }
    (sum, carry)
}

/// The difference modulo 2^(64 N), and the borrow: 1 if `other` is the greater.
pub(super) fn subtract<const N: usize>(one: [u64; N], other: [u64; N]) -> ([u64; N], u64) {
    let (mut difference, mut borrow) = (one, 0);
    for (limb, other) in difference.iter_mut().zip(other) {
        let (partial, first) = limb.overflowing_sub(other);
        let (total, second) = partial.overflowing_sub(borrow);
        *limb = total;
        borrow = u64::from(first | second);
    }
    (difference, borrow)
}
