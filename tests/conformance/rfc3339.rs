//! RFC 3339 section 5.6: how a [`UnixTime`] is displayed.

use tokenring::UnixTime;

/// The first second after 9999.
const END: u64 = 253_402_300_800;

fn shown(seconds: u64) -> String {
    UnixTime::from_secs(seconds).to_string()
}

#[test]
fn known_times_are_shown_in_utc() {
    for (seconds, text) in [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:01Z"),
        (59, "1970-01-01T00:00:59Z"),
        (3_599, "1970-01-01T00:59:59Z"),
        (86_399, "1970-01-01T23:59:59Z"),
        (86_400, "1970-01-02T00:00:00Z"),
        (31_535_999, "1970-12-31T23:59:59Z"),
        (31_536_000, "1971-01-01T00:00:00Z"),
        (1_000_000_000, "2001-09-09T01:46:40Z"),
        (1_234_567_890, "2009-02-13T23:31:30Z"),
        // RFC 7519 section 4.1.4 and appendix A: exp of the examples.
        (1_300_819_380, "2011-03-22T18:43:00Z"),
        (2_147_483_647, "2038-01-19T03:14:07Z"),
        (2_147_483_648, "2038-01-19T03:14:08Z"),
        (4_294_967_296, "2106-02-07T06:28:16Z"),
    ] {
        assert_eq!(shown(seconds), text);
    }
}

#[test]
fn leap_days_exist_exactly_where_the_calendar_has_them() {
    for (seconds, text) in [
        (68_169_599, "1972-02-28T23:59:59Z"),
        (68_169_600, "1972-02-29T00:00:00Z"),
        (68_255_999, "1972-02-29T23:59:59Z"),
        (68_256_000, "1972-03-01T00:00:00Z"),
        (94_694_399, "1972-12-31T23:59:59Z"),
        // 2000 is divisible by 400, so it is a leap year.
        (951_782_400, "2000-02-29T00:00:00Z"),
        (951_868_800, "2000-03-01T00:00:00Z"),
        (1_709_164_800, "2024-02-29T00:00:00Z"),
        // 2100 is divisible by 100 and not by 400, so it is not a leap year.
        (4_107_542_399, "2100-02-28T23:59:59Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
        (13_574_563_200, "2400-02-29T00:00:00Z"),
    ] {
        assert_eq!(shown(seconds), text);
    }
}

#[test]
fn every_day_follows_the_one_before_up_to_9999() {
    let length = |year: u64, month: u64| match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let (mut year, mut month, mut day) = (1970, 1, 1);
    for second in (0..END).step_by(86_400) {
        // All days up to 2100, then the first and last day of each month.
        if year <= 2100 || day == 1 || day == length(year, month) {
            assert_eq!(shown(second), format!("{year:04}-{month:02}-{day:02}T00:00:00Z"));
        }
        day += 1;
        if day > length(year, month) {
            (day, month) = (1, month + 1);
        }
        if month > 12 {
            (month, year) = (1, year + 1);
        }
    }
    assert_eq!((year, month, day), (10_000, 1, 1));
}

#[test]
fn time_after_9999_is_a_number_of_seconds() {
    assert_eq!(shown(END - 1), "9999-12-31T23:59:59Z");
    assert_eq!(shown(END), "253402300800 s after 1970");
    assert_eq!(shown(u64::MAX), "18446744073709551615 s after 1970");
}
