//! A number that is converted when it is asked for, and whether a double can hold it. RFC 8259
//! section 6.

use core::cmp::Ordering;

use super::Span;

/// A number: an integer of few digits, or else where it is.
///
/// It is converted only if it is asked for. To find the nearest double can take a microsecond a byte,
/// and what nobody has signed must stay cheap.
#[derive(Clone, Copy)]
pub(crate) enum Number {
    Integer(u64),
    Other(Span),
}

impl Number {
    /// The nearest double, given the text that was read.
    #[inline]
    pub(crate) fn nearest(self, text: &str) -> f64 {
        match self {
            #[expect(clippy::as_conversions, reason = "exact: fewer than 53 bits")]
            Self::Integer(integer) => integer as f64,
            // It has been found to be a number, and finite.
            Self::Other(span) => span.within(text).parse().unwrap_or(f64::INFINITY),
        }
    }
}

/// Whether `significand`, digits and perhaps a period, times ten to the `exponent`, is below 2^1024 -
/// 2^970: from there on the nearest double is infinite.
pub(super) fn is_finite(significand: &str, exponent: i64) -> bool {
    let digits = significand.bytes().filter(|byte| *byte != b'.');
    let zeros = digits.clone().take_while(|digit| *digit == b'0').count();
    let mut digits = digits.skip(zeros).peekable();
    if digits.peek().is_none() {
        return true;
    }
    // The number is 0.ddd times ten to the `magnitude`, and its first digit is not zero.
    let places = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let before_period = significand.find('.').unwrap_or(significand.len());
    let magnitude = exponent.saturating_add(places(before_period)).saturating_sub(places(zeros));
    match magnitude.cmp(&places(END_OF_DOUBLES.len())) {
        Ordering::Less => true,
        Ordering::Equal => digits.lt(END_OF_DOUBLES.bytes()),
        Ordering::Greater => false,
    }
}

/// 2^1024 - 2^970, halfway from the largest double to what would be the next.
const END_OF_DOUBLES: &str = "\
    179769313486231580793728971405303415079934132710037826936173778980444968292764\
    750946649017977587207096330286416692887910946555547851940402630657488671505820\
    681908902000708383676273854845817711531764475730270069855571366959622842914819\
    860834936475292719074168444365510704342711559699508093042880177904174497792";
