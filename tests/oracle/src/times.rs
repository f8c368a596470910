//! NumericDates, compared exactly by their digits. RFC 7519 section 2.

use crate::json::Number;

/// A time as its proof writes it. Times before 1970 count as 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// Whether it is before 1970.
    pub is_before: bool,
    /// Whole seconds, and whether a part of a second follows.
    whole: u64,
    has_part: bool,
}

impl Time {
    pub fn of(number: &Number) -> Self {
        let lower = number.spelling.to_lowercase();
        let absolute = lower.trim_start_matches('-');
        let (significand, exponent) = absolute.split_once('e').unwrap_or((absolute, "0"));
        let (before, after) = significand.split_once('.').unwrap_or((significand, ""));
        let digits = format!("{before}{after}");
        let is_zero = digits.chars().all(|digit| digit == '0');
        // A double holds the number, so an exponent that does not fit means zero or a tiny part.
        let exponent: i64 = exponent.parse().unwrap_or(i64::from(i32::MIN));
        let point = before.len() as i64 + exponent;
        let place = |place: usize| digits.as_bytes().get(place).copied().unwrap_or(b'0');
        let (mut whole, mut has_part) = (0_u64, false);
        if !is_zero {
            for at in 0..point.max(0) as usize {
                whole = whole.saturating_mul(10).saturating_add(u64::from(place(at) - b'0'));
            }
            has_part = (point.max(0) as usize..digits.len()).any(|at| place(at) != b'0');
        }
        let is_before = lower.starts_with('-') && !is_zero;
        match is_before {
            true => Self { is_before, whole: 0, has_part: false },
            false => Self { is_before, whole, has_part },
        }
    }

    pub fn rounded_down(self) -> u64 {
        self.whole
    }

    pub fn rounded_up(self) -> u64 {
        self.whole.saturating_add(u64::from(self.has_part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{self, Json};

    #[test]
    fn numbers_are_read_to_their_last_digit() {
        for (text, is_before, down, up) in [
            ("0", false, 0, 0),
            ("-0.0e5", false, 0, 0),
            ("17.5", false, 17, 18),
            ("17.50e1", false, 175, 175),
            ("1780000000.00000000000000000001", false, 1_780_000_000, 1_780_000_001),
            ("1.78E+9", false, 1_780_000_000, 1_780_000_000),
            ("1e-99999999999999999999", false, 0, 1),
            ("0e99999999999999999999", false, 0, 0),
            ("0.000001e6", false, 1, 1),
            ("18446744073709551616", false, u64::MAX, u64::MAX),
            ("1e300", false, u64::MAX, u64::MAX),
            ("-0.5", true, 0, 0),
            ("-1e300", true, 0, 0),
        ] {
            let members = json::object(format!("{{\"a\":{text}}}").as_bytes()).unwrap();
            let [(_, Json::Number(number))] = members.as_slice() else { panic!("{text}") };
            let time = Time::of(number);
            let found = (time.is_before, time.rounded_down(), time.rounded_up());
            assert_eq!(found, (is_before, down, up), "{text}");
        }
    }
}
