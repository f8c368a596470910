//! Points in time: NumericDate, and the system clock. RFC 7519 section 2.

use core::{fmt, time::Duration};

/// A point in time, in whole seconds since 1970-01-01T00:00:00Z without leap seconds. RFC 7519
/// section 2, NumericDate.
///
/// ```
/// use tokenring::UnixTime;
///
/// assert_eq!(UnixTime::from_secs(1_780_000_000).to_string(), "2026-05-28T20:26:40Z");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(u64);

impl UnixTime {
    /// The time `seconds` after 1970-01-01T00:00:00Z.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds)
    }

    /// The seconds since 1970-01-01T00:00:00Z.
    pub const fn as_secs(self) -> u64 {
        self.0
    }

    /// The time of the system clock.
    ///
    /// A clock before 1970 counts as the end of time, at which every token has expired.
    #[cfg(feature = "std")]
    pub fn now() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self(since.map_or(u64::MAX, |duration| duration.as_secs()))
    }
}

/// Formats the time as in RFC 3339, in UTC. A time after the year 9999, which RFC 3339 cannot
/// express, is shown as a number of seconds.
impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 > END_OF_TIME {
            return write!(f, "{} s after 1970", self.0);
        }
        let (day, second) = (self.0 / DAY, self.0 % DAY);
        let (year, month, day) = date(day);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// Year, month and day, given the days since 1970-01-01.
///
/// Counts in years that begin in March, so that a leap day is the last day of its year, and in eras
/// of 400 years, which all have the same number of days.
#[expect(clippy::arithmetic_side_effects, reason = "`days` is below three million")]
fn date(days: u64) -> (u64, u64, u64) {
    // 0000-03-01 is 719 468 days before 1970-01-01.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // March to July, August to December and January to February: five months have 153 days.
    let month = (5 * day + 2) / 153;
    let day_of_month = day - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next_year, month, day_of_month)
}

/// The duration in seconds, rounded up.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0))
}

const DAY: u64 = 86_400;

/// 9999-12-31T23:59:59Z, in seconds since 1970.
pub(crate) const END_OF_TIME: u64 = 253_402_300_799;
