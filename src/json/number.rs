//! A number that is converted only when it is needed, and the check that a double can represent it.
//! RFC 8259 section 6.

use core::cmp::Ordering;

use super::Span;

/// A number: an integer of few digits, or else its position in the text.
///
/// It is converted only when it is needed. Finding the nearest double can take a microsecond per byte,
/// and reading an unverified text must be cheap.
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
            // The text is known to be a number, and its double to be finite.
            Self::Other(span) => span.within(text).parse().unwrap_or(f64::INFINITY),
        }
    }

    /// The number itself, given the text that was read.
    pub(crate) fn exact(self, text: &str) -> Exact {
        match self {
            Self::Integer(whole) => Exact { negative: false, whole, fraction: false },
            Self::Other(span) => Exact::of(span.within(text)),
        }
    }
}

/// A number, exactly, as far as a comparison with a whole number of seconds needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exact {
    /// Below zero.
    negative: bool,
    /// The absolute value without its fraction. A larger number than fits is the largest that does.
    whole: u64,
    /// Whether a fraction that is not zero follows.
    fraction: bool,
}

impl Exact {
    /// The number that `text`, a JSON number, is.
    fn of(text: &str) -> Self {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (significand, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let before_period = significand.find('.').unwrap_or(significand.len());
        let places = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        // The digits before this place are the whole part.
        let mut period = places(before_period).saturating_add(clamped(exponent));
        let (mut whole, mut fraction) = (0_u64, false);
        for digit in significand.bytes().filter(|byte| *byte != b'.').map(|byte| byte & 0xF) {
            if period > 0 {
                whole = whole.saturating_mul(10).saturating_add(u64::from(digit));
            } else {
                fraction |= digit != 0;
            }
            period = period.saturating_sub(1);
        }
        // Zeros that are not written. Ten to the twentieth does not fit anyway.
        for _ in 0..period.min(20) {
            whole = whole.saturating_mul(10);
        }
        Self { negative: negative && (whole > 0 || fraction), whole, fraction }
    }

    /// The number is at least `seconds`.
    pub(crate) fn is_at_least(self, seconds: u64) -> bool {
        match self.negative {
            true => false,
            false => self.whole >= seconds,
        }
    }

    /// The number is at most `seconds`.
    pub(crate) fn is_at_most(self, seconds: u64) -> bool {
        self.negative || self.rounded_up_checked().is_some_and(|whole| whole <= seconds)
    }

    /// The least whole number that is not below this one: 0 for a number below zero.
    pub(crate) fn rounded_up(self) -> u64 {
        match self.negative {
            true => 0,
            false => self.rounded_up_checked().unwrap_or(u64::MAX),
        }
    }

    /// The largest whole number that is not above this one: 0 for a number below zero.
    pub(crate) fn rounded_down(self) -> u64 {
        match self.negative {
            true => 0,
            false => self.whole,
        }
    }

    fn rounded_up_checked(self) -> Option<u64> {
        self.whole.checked_add(u64::from(self.fraction))
    }
}

/// An exponent, or the largest or smallest number if it does not fit.
fn clamped(exponent: &str) -> i64 {
    exponent.strip_prefix('+').unwrap_or(exponent).parse().unwrap_or(match exponent.as_bytes() {
        [b'-', ..] => i64::MIN,
        _ => i64::MAX,
    })
}

/// Whether the double nearest to `significand` times ten to the `exponent` is finite: whether the
/// number is below 2^1024 - 2^970. `significand` is digits, perhaps with a period.
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

/// 2^1024 - 2^970, halfway between the largest double and the next one if there were no limit.
const END_OF_DOUBLES: &str = "\
    179769313486231580793728971405303415079934132710037826936173778980444968292764\
    750946649017977587207096330286416692887910946555547851940402630657488671505820\
    681908902000708383676273854845817711531764475730270069855571366959622842914819\
    860834936475292719074168444365510704342711559699508093042880177904174497792";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_is_compared_with_whole_seconds_exactly() {
        // The text, rounded down, rounded up.
        let cases = [
            ("0", 0, 0),
            ("-0", 0, 0),
            ("-0.0e5", 0, 0),
            ("1", 1, 1),
            ("1.0", 1, 1),
            ("1.5", 1, 2),
            ("15e-1", 1, 2),
            ("0.15e1", 1, 2),
            ("1.5E+0", 1, 2),
            ("1e3", 1000, 1000),
            ("1.00000000000000000000000000001", 1, 2),
            ("0.99999999999999999999999999999", 0, 1),
            ("1562262318e0", 1_562_262_318, 1_562_262_318),
            ("1.562262318e9", 1_562_262_318, 1_562_262_318),
            ("15622623180000000000000e-13", 1_562_262_318, 1_562_262_318),
            ("15622623180000000000001e-13", 1_562_262_318, 1_562_262_319),
            ("1e-999999999999999999999", 0, 1),
            ("0e999999999999999999999", 0, 0),
            ("18446744073709551615", u64::MAX, u64::MAX),
            ("18446744073709551616", u64::MAX, u64::MAX),
            ("1e300", u64::MAX, u64::MAX),
        ];
        for (text, down, up) in cases {
            let exact = Exact::of(text);
            assert_eq!((exact.rounded_down(), exact.rounded_up()), (down, up), "{text}");
            assert!(!exact.negative, "{text}");
            assert!(exact.is_at_least(down), "{text}");
            assert_eq!(exact.is_at_most(down), down == up, "{text}");
        }
    }

    #[test]
    fn number_below_zero_is_below_every_second() {
        for text in ["-1", "-0.1", "-1e300", "-9223372036854775808", "-1e-99999999999999999999"] {
            let exact = Exact::of(text);
            assert!(exact.is_at_most(0) && !exact.is_at_least(0), "{text}");
            assert_eq!((exact.rounded_down(), exact.rounded_up()), (0, 0), "{text}");
        }
    }
}
