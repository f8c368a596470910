//! HTTP dates, as in `Retry-After` and `Date`. RFC 9110 section 5.6.7.

use crate::UnixTime;

/// The time of an IMF-fixdate, such as `Sun, 06 Nov 1994 08:49:37 GMT`. None for anything else, and for a
/// time before 1970. The two obsolete formats are not read.
pub(crate) fn parse(text: &str) -> Option<UnixTime> {
    let (day_name, date) = text.strip_suffix(" GMT")?.split_once(", ")?;
    let mut parts = date.split(' ');
    let [day, month, year, time] = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
    let mut parts_of_time = time.split(':');
    let [hour, minute, second] =
        [(); 3].map(|()| parts_of_time.next().and_then(|it| number(it, 2)));
    let (hour, minute, second) = (hour?, minute?, second?);
    let (day, year) = (number(day, 2)?, number(year, 4)?);
    let month = u64::try_from(MONTHS.iter().position(|&name| name == month)?).ok()?;
    // A leap second counts as the second after it.
    let is_date = DAY_NAMES.contains(&day_name)
        && parts.next().is_none()
        && parts_of_time.next().is_none()
        && (1..=31).contains(&day)
        && year >= 1970
        && hour < 24
        && minute < 60
        && second <= 60;
    is_date.then(|| UnixTime::from_secs(seconds([year, month, day], [hour, minute, second])))
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

const DAY_NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[cfg(test)]
mod tests {
    use std::{format, string::ToString as _};

    use super::*;

    #[test]
    fn date_is_the_time_that_it_names() {
        for (text, shown) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"),
            ("Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00Z"),
            ("Tue, 29 Feb 2000 23:59:59 GMT", "2000-02-29T23:59:59Z"),
            ("Wed, 01 Mar 2000 00:00:00 GMT", "2000-03-01T00:00:00Z"),
            ("Fri, 31 Dec 9999 23:59:59 GMT", "9999-12-31T23:59:59Z"),
            ("Sat, 31 Dec 2016 23:59:60 GMT", "2017-01-01T00:00:00Z"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), shown, "{text}");
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
            assert_eq!(parse(&text), Some(time), "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_date() {
        for text in [
            "",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
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
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
