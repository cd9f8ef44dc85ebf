/* Durations: exact both ways, strict about what is a duration. */
#include "lib/config/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void parses_every_unit(void **state)
{
    static const struct {
        const char *text;
        uint64_t ns;
    } good[] = {
        {"0", 0},
        {"0s", 0},
        {"1ns", 1},
        {"250us", 250 * NS_PER_US},
        {"10ms", 10 * NS_PER_MS},
        {"1s", NS_PER_SEC},
        {"5m", 300 * NS_PER_SEC},
        {"5min", 300 * NS_PER_SEC},
        {"2h", 7200 * NS_PER_SEC},
        {"1d", 86400 * NS_PER_SEC},
        {"1.5s", 1500 * NS_PER_MS},
        {"40.95s", 40950 * NS_PER_MS},
        {"0.000000001s", 1},
        {"1.50000000000000s", 1500 * NS_PER_MS},
        {"0.25m", 15 * NS_PER_SEC},
        {"18446744073709551615ns", UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(good); i++) {
        uint64_t ns = 77;
        assert_true(duration_parse(good[i].text, &ns));
        assert_int_equal(ns, good[i].ns);
    }
}

static void refuses_what_is_none(void **state)
{
    static const char *const bad[] = {
        "",
        "1",
        "00",
        "s",
        "-1s",
        "+1s",
        " 1s",
        "1s ",
        "1 s",
        "1.s",
        ".5s",
        "1..5s",
        "1.5.5s",
        "1S",
        "1sec",
        "1mins",
        "1h30m",
        "0x1s",
        "1e3s",
        "1.5ns",
        "0.0000000001s",
        "off",
        "nan",
        "1,5s",
        "18446744073709551616ns",
        "18446744074s",
        "213504d",
        "99999999999999999999999999999999s",
    };
    uint64_t ns = 77;

    (void)state;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        if (duration_parse(bad[i], &ns))
            fail_msg("'%s' was taken", bad[i]);
        assert_int_equal(ns, 77);
    }
}

static void formats_shortest_exact_text(void **state)
{
    static const struct {
        uint64_t ns;
        const char *text;
    } cases[] = {
        {0, "0s"},
        {1, "1ns"},
        {999, "999ns"},
        {10 * NS_PER_MS, "10ms"},
        {100 * NS_PER_MS, "100ms"},
        {NS_PER_SEC, "1s"},
        {1500 * NS_PER_MS, "1.5s"},
        {90 * NS_PER_SEC, "90s"},
        {300 * NS_PER_SEC, "5m"},
        {3600 * NS_PER_SEC, "1h"},
        {86400 * NS_PER_SEC, "1d"},
        {40950 * NS_PER_MS, "40.95s"},
        {NS_PER_SEC + 1, "1.000000001s"},
    };
    char text[DURATION_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        assert_string_equal(duration_format(cases[i].ns, text, sizeof(text)), cases[i].text);
}

static void reads_back_what_it_formats(void **state)
{
    char text[DURATION_TEXT_SIZE];
    unsigned short seed[3] = {1, 2, 3};

    (void)state;
    for (int i = 0; i < 20000; i++) {
        uint64_t ns = ((uint64_t)(uint32_t)jrand48(seed) << 32) | (uint32_t)jrand48(seed);
        uint64_t back = 0;

        ns >>= (unsigned)nrand48(seed) % 64;
        if (i % 3 == 0)
            ns -= ns % NS_PER_MS;
        assert_true(duration_parse(duration_format(ns, text, sizeof(text)), &back));
        assert_int_equal(back, ns);
    }
    duration_format(UINT64_MAX, text, sizeof(text));
    assert_string_equal(text, "18446744073.709551615s");
}

static void formats_three_digits_for_people(void **state)
{
    static const struct {
        uint64_t ns;
        const char *text;
    } cases[] = {
        {0, "0 s"},
        {7, "7 ns"},
        {38 * NS_PER_US, "38 us"},
        {38400, "38.4 us"},
        {412 * NS_PER_MS + 300 * NS_PER_US, "412 ms"},
        {3609375 * NS_PER_US, "3.61 s"},
        {1500 * NS_PER_MS, "1.5 s"},
        {NS_PER_SEC, "1 s"},
        {999600 * NS_PER_US, "1 s"},
        {9996 * NS_PER_US, "10 ms"},
        {59960 * NS_PER_MS, "1 m"},
        {125 * NS_PER_SEC, "2.08 m"},
        {3 * 86400 * NS_PER_SEC, "3 d"},
        {999999, "1 ms"},
    };
    char text[DURATION_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        assert_string_equal(duration_format_short(cases[i].ns, text, sizeof(text)), cases[i].text);
    assert_string_equal(duration_format_short(UINT64_MAX, text, sizeof(text)), "213504 d");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_every_unit),
        cmocka_unit_test(refuses_what_is_none),
        cmocka_unit_test(formats_shortest_exact_text),
        cmocka_unit_test(reads_back_what_it_formats),
        cmocka_unit_test(formats_three_digits_for_people),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
