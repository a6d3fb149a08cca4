// Seconds since 1970-01-01 00:00:00 to a date of the Gregorian calendar and back.
#ifndef HW_RTC_CALENDAR_H
#define HW_RTC_CALENDAR_H

#include "util/bits.h"

typedef struct CalendarTime {
    unsigned year, month, day; // month and day from 1
    unsigned hour, minute, second;
    unsigned weekday; // 0: Sunday
} CalendarTime;

// Days are counted in 400-year cycles that begin on March 1st, so that leap days come last.
static inline CalendarTime calendar_from_seconds(uint64_t seconds)
{
    uint64_t days = seconds / 86400 + 719468; // since 0000-03-01
    unsigned in_day = (unsigned)(seconds % 86400);
    uint64_t cycle = days / 146097;
    unsigned d = (unsigned)(days % 146097);
    unsigned y = (d - d / 1460 + d / 36524 - d / 146096) / 365;
    unsigned in_year = d - (365 * y + y / 4 - y / 100);
    unsigned m = (5 * in_year + 2) / 153; // from March
    unsigned month = m < 10 ? m + 3 : m - 9;
    return (CalendarTime){
        .year = (unsigned)(cycle * 400) + y + (month <= 2),
        .month = month,
        .day = in_year - (153 * m + 2) / 5 + 1,
        .hour = in_day / 3600,
        .minute = in_day / 60 % 60,
        .second = in_day % 60,
        .weekday = (unsigned)((days + 3) % 7),
    };
}

// Fields may be too large, months too: they count on. Before 1970 the result is negative, modulo
// 2^64. The weekday is not looked at.
static inline uint64_t calendar_to_seconds(const CalendarTime *t)
{
    uint64_t months = (uint64_t)t->year * 12 + t->month + 9; // since March of year -1, from 0
    uint64_t year = months / 12 - 1, m = months % 12;
    if (t->year == 0 && t->month < 3) { // no such year
        year = 0;
    }
    uint64_t days =
        365 * year + year / 4 - year / 100 + year / 400 + (153 * m + 2) / 5 + t->day - 1;
    return (days - 719468) * 86400 + t->hour * UINT64_C(3600) + t->minute * UINT64_C(60) +
           t->second;
}

#endif
