//! HTTP dates, as in `Retry-After` and `Date`. RFC 9110 section 5.6.7.

use std::vec::Vec;

use crate::UnixTime;

/// The time of a date in one of the three forms that a recipient must accept. None for anything else, and for
/// a time before 1970. Years of two digits are counted from `now`.
pub(crate) fn parse(text: &str, now: UnixTime) -> Option<UnixTime> {
    let words: Vec<&str> = text.split(' ').collect();
    let (has_name, day, month, year, time) = match *words.as_slice() {
        // IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`.
        [name, day, month, year, time, "GMT"] => {
            (is_short_day(name.strip_suffix(',')?), number(day, 2)?, month, number(year, 4)?, time)
        }
        // The obsolete form of RFC 850: `Sunday, 06-Nov-94 08:49:37 GMT`.
        [name, date, time, "GMT"] => {
            let parts: Vec<&str> = date.split('-').collect();
            let &[day, month, year] = parts.as_slice() else { return None };
            let year = full_year(number(year, 2)?, now);
            (is_long_day(name.strip_suffix(',')?), number(day, 2)?, month, year, time)
        }
        // That of `asctime`: `Sun Nov  6 08:49:37 1994`.
        [name, month, "", day, time, year] => {
            (is_short_day(name), number(day, 1)?, month, number(year, 4)?, time)
        }
        [name, month, day, time, year] => {
            (is_short_day(name), number(day, 2)?, month, number(year, 4)?, time)
        }
        _ => return None,
    };
    let parts = time.split(':').map(|part| number(part, 2)).collect::<Option<Vec<u64>>>()?;
    let &[hour, minute, second] = parts.as_slice() else { return None };
    let month = u64::try_from(MONTHS.iter().position(|&name| name == month)?).ok()?;
    // A leap second counts as the second after it.
    let is_date = has_name
        && (1..=31).contains(&day)
        && (1970..=9999).contains(&year)
        && hour < 24
        && minute < 60
        && second <= 60;
    is_date.then(|| UnixTime::from_secs(seconds([year, month, day], [hour, minute, second])))
}

/// The latest year with these two last digits that is at most 50 years after `now`. RFC 9110 section 5.6.7.
#[expect(clippy::arithmetic_side_effects, reason = "the latest year is after 2019")]
fn full_year(last_digits: u64, now: UnixTime) -> u64 {
    let latest = 1970 + now.as_secs() / SECONDS_IN_A_YEAR + 50;
    latest - (latest - last_digits) % 100
}

/// The seconds since 1970-01-01, with months from 0.
#[expect(clippy::arithmetic_side_effects, reason = "no number has more than four digits")]
fn seconds([year, month, day]: [u64; 3], [hour, minute, second]: [u64; 3]) -> u64 {
    // In years that begin in March, a leap day is the last day of its year.
    let (year, month) = if month < 2 { (year - 1, month + 10) } else { (year, month - 2) };
    let leap_days = year / 4 - year / 100 + year / 400;
    // Five months have 153 days. 1970-01-01 is 719 469 days after 0000-02-29.
    let days = 365 * year + leap_days + (153 * month + 2) / 5 + day - 719_469;
    ((days * 24 + hour) * 60 + minute) * 60 + second
}

/// A number of exactly so many digits.
fn number(text: &str, digits: usize) -> Option<u64> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

fn is_short_day(name: &str) -> bool {
    ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].contains(&name)
}

fn is_long_day(name: &str) -> bool {
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"].contains(&name)
}

/// 365.2425 days.
const SECONDS_IN_A_YEAR: u64 = 31_556_952;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[cfg(test)]
mod tests {
    use std::{format, string::ToString as _};

    use super::*;

    /// 2026-05-28.
    const NOW: UnixTime = UnixTime::from_secs(1_780_000_000);

    #[test]
    fn years_of_two_digits_are_never_out_of_range() {
        let text = "Sunday, 06-Nov-21 08:49:37 GMT";
        assert_eq!(parse(text, UnixTime::from_secs(0)), None, "1921");
        assert_eq!(parse(text, UnixTime::from_secs(u64::MAX)), None);
    }

    #[test]
    fn date_is_the_time_that_it_names() {
        for (text, shown) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"),
            ("Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z"),
            ("Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z"),
            ("Wed Nov 16 08:49:37 1994", "1994-11-16T08:49:37Z"),
            ("Saturday, 29-Feb-76 00:00:00 GMT", "2076-02-29T00:00:00Z"),
            ("Tuesday, 01-Mar-77 00:00:00 GMT", "1977-03-01T00:00:00Z"),
            ("Friday, 05-Jun-26 00:00:00 GMT", "2026-06-05T00:00:00Z"),
            ("Saturday, 01-Jan-00 00:00:00 GMT", "2000-01-01T00:00:00Z"),
            ("Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00Z"),
            ("Tue, 29 Feb 2000 23:59:59 GMT", "2000-02-29T23:59:59Z"),
            ("Wed, 01 Mar 2000 00:00:00 GMT", "2000-03-01T00:00:00Z"),
            ("Fri, 31 Dec 9999 23:59:59 GMT", "9999-12-31T23:59:59Z"),
            ("Sat, 31 Dec 2016 23:59:60 GMT", "2017-01-01T00:00:00Z"),
        ] {
            assert_eq!(parse(text, NOW).unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_is_read_back() {
        for day in 0..146_097_u64 {
            let time = UnixTime::from_secs(day * 86_400 + 3_661);
            let shown = time.to_string();
            let month: usize = shown[5..7].parse().unwrap();
            let text = format!(
                "Mon, {} {} {} 01:01:01 GMT",
                &shown[8..10],
                MONTHS[month - 1],
                &shown[..4]
            );
            assert_eq!(parse(&text, NOW), Some(time), "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_date() {
        for text in [
            "",
            "Sun, 06-Nov-94 08:49:37 GMT",
            "Sunday 06-Nov-94 08:49:37 GMT",
            "Sunday, 06-Nov-1994 08:49:37 GMT",
            "Sunday, 6-Nov-94 08:49:37 GMT",
            "Sunday, 06-Nov 08:49:37 GMT",
            "Sunday, 06-Nov-94-1 08:49:37 GMT",
            "Sunday, 06 Nov 1994 08:49:37 GMT",
            "Thursday, 01-Jan-70 00:00:00",
            "Sun Nov 6 08:49:37 1994",
            "Sun Nov  06 08:49:37 1994",
            "Sun Nov   6 08:49:37 1994",
            "Sun, Nov  6 08:49:37 1994",
            "Sunday Nov  6 08:49:37 1994",
            "Sun Nov  6 08:49:37 94",
            "Sun Nov  6 08:49:37 1969",
            "Sun Nov  0 08:49:37 1994",
            "Sun Nov  6 08:49:37 1994 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37:00 GMT",
            "Sun, 06 Nov 1994 08:49:37 x GMT",
            "Sun, 06 Nov +994 08:49:37 GMT",
            "Sun, 06 Nov 1969 08:49:37 GMT",
            "Sun, 06 Nov 19940 08:49:37 GMT",
        ] {
            assert_eq!(parse(text, NOW), None, "{text:?}");
        }
    }
}
