/*
 * Damaged files: whatever they say, there is a configuration or at least one problem, never a
 * crash or a leak (run it under ASan and UBSan too). The seed is fixed: a failure comes again.
 */
#include "lib/config/diff.h"
#include "tests/unit/emulated.h"
#include "tests/unit/lib/config/config_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { ROUNDS = 20000, TEXT_SIZE = 4096, CHANGES_MAX = 8, CUT_MAX = 40 };

static const char *const originals[] = {
    "[node]\nname = lb1\nlease = 5s\nrealtime = no\n"
    "[instance web]\ninterface = eth0\nvrid = 51\naddresses = 192.0.2.10/24, 2001:db8::10/64\n"
    "priority = 150\npreempt = after 30s\nmac = virtual\nsource = 192.0.2.1\nlinger = 1s\n",
    "# two of them\r\n[instance a]\r\ninterface=eth0\r\nvrid=1\r\naddresses=192.0.2.1,\r\n"
    "  192.0.2.2\r\n ; more\r\n  192.0.2.3\r\nversion=2\r\nadvert-interval=2s\r\n"
    "[instance b]\r\ninterface=eth0\r\nvrid=2\r\naddresses=fe80::1 2001:db8::1/64\r\n"
    "unicast-peers=2001:db8::2\r\nsource=2001:db8::3\r\nlease=off\r\nchecksum=rfc9568\r\n",
};

static const char *const fragments[] = {
    "[",
    "]",
    "=",
    "\n",
    "\n ",
    ",",
    ":",
    ";",
    " #",
    "\t",
    "\r",
    "\\",
    "\"",
    "/0",
    "/129",
    "%",
    "\x01",
    "\x7f",
    "\xff",
    "\x80",
    "\xef\xbb\xbf",
    "%s%n",
    "0",
    "-1",
    "99999",
    "[node]",
    "[check]",
    "::",
    "0.0.0.0",
    "priority",
    "= after",
    "\n[instance web]\n",
    "vrid",
    "ms",
    "1e9s",
    "off",
    "auto",
    "ff02::12",
    "\n=\n",
    "[instance ]",
};

/* xorshift64*, so that the texts do not hang on the C library. */
static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * UINT64_C(2685821657736338717);
}

static size_t below(uint64_t *seed, size_t bound)
{
    return (size_t)(next_random(seed) >> 16) % bound;
}

static void cut(char *text, size_t at, size_t length)
{
    size_t rest = strlen(text + at);

    length = length < rest ? length : rest;
    memmove(text + at, text + at + length, rest - length + 1);
}

static void insert(char *text, size_t at, const char *what, size_t length)
{
    size_t size = strlen(text);

    if (size + length >= TEXT_SIZE)
        return;
    memmove(text + at + length, text + at, size - at + 1);
    memcpy(text + at, what, length);
}

static void change(char *text, uint64_t *seed)
{
    size_t at = below(seed, strlen(text) + 1);
    char copy[CUT_MAX];
    size_t from;
    size_t length;

    switch (below(seed, 6)) {
    case 0:
        cut(text, at, 1);
        break;
    case 1:
        cut(text, at, 1 + below(seed, CUT_MAX));
        break;
    case 2:
        if (text[at] != '\0')
            text[at] = (char)(1 + below(seed, 255));
        break;
    case 3: /* a piece a second time, elsewhere */
        from = below(seed, strlen(text) + 1);
        length = strnlen(text + from, 1 + below(seed, CUT_MAX - 1));
        memcpy(copy, text + from, length);
        insert(text, at, copy, length);
        break;
    case 4: /* one long line */
        for (int i = 0; i < 30; i++)
            insert(text, at, "10.1.2.3, ", 10);
        break;
    default:
        from = below(seed, sizeof(fragments) / sizeof(fragments[0]));
        insert(text, at, fragments[from], strlen(fragments[from]));
        break;
    }
}

/* What the rest of the program relies on. */
static void assert_sound(const struct config *config)
{
    for (size_t i = 0; i < config->instance_count; i++) {
        const struct config_instance *instance = &config->instances[i];

        assert_true(instance->name[0] != '\0' &&
                    (instance->interface[0] != '\0' || instance->unicast));
        assert_ptr_equal(config_find_instance(config, instance->name), instance);
        assert_true(instance->vrid > 0 && instance->priority > 0);
        assert_true(instance->advert_interval_ns >= 10 * NS_PER_MS);
        assert_true(instance->ipv4_count + instance->ipv6_count > 0);
        if (instance->ipv6_count > 0)
            assert_true(ip_address_is_link_local(&instance->ipv6[0].address));
        assert_true(instance->unicast == (instance->peer_count > 0));
        assert_true(instance->peer_count <= INSTANCE_PEERS_MAX);
    }
}

static void assert_worded(const struct config_problems *problems)
{
    char line[2048];

    for (size_t i = 0; i < problems->count; i++) {
        config_problem_format(&problems->list[i], line, sizeof(line));
        for (const char *c = line; *c != '\0'; c++) {
            if (*c < 0x20 || *c == 0x7f)
                fail_msg("a problem is not fit for a terminal: %s", line);
        }
    }
}

static void no_text_does_harm(void **state)
{
    uint64_t seed = UINT64_C(0x5eed0000cafe);
    size_t good = 0;

    (void)state;
    for (size_t round = 0; round < ROUNDS; round++) {
        struct config_problems problems;
        struct config_diff diff;
        char text[TEXT_SIZE];
        const char *original = originals[round % (sizeof(originals) / sizeof(originals[0]))];
        struct config *before = parse_text(original, &problems);

        assert_non_null(before);
        config_problems_free(&problems);
        snprintf(text, sizeof(text), "%s", original);
        for (size_t changes = below(&seed, CHANGES_MAX) + 1; changes > 0; changes--)
            change(text, &seed);

        struct config *after = parse_text(text, &problems);
        assert_true((after == NULL) == (problems.count > 0));
        assert_worded(&problems);
        if (after != NULL) {
            good++;
            assert_sound(after);
            assert_int_equal(config_diff(before, after, &diff), 0);
            config_diff_free(&diff);
        }
        config_free(before);
        config_free(after);
        config_problems_free(&problems);
    }
    /* Both outcomes were seen, or the changes are too small or too large to try anything. */
    assert_in_range(good, ROUNDS / 100, ROUNDS / 2);
}

/* A refused reload of the largest file there can be, every line of it a near miss: only as much is
 * looked at as will be told. It took 1.7 s, and 0.1 s since. */
static void a_large_file_of_mistakes_is_refused_fast(void **state)
{
    static const char line[] = "adresses-and-more-of-it-that-is-long = 1\n";
    char *text = malloc(CONFIG_BYTES_MAX + 1);
    struct config_problems problems;
    size_t used = 0;

    (void)state;
    assert_non_null(text);
    used += (size_t)sprintf(text, "[instance web]\n");
    while (used + sizeof(line) < CONFIG_BYTES_MAX) {
        memcpy(text + used, line, sizeof(line));
        used += sizeof(line) - 1;
    }
    clock_t before = clock();
    assert_null(parse_text(text, &problems));
    double took = (double)(clock() - before) / CLOCKS_PER_SEC;
    assert_int_equal(problems.count, CONFIG_PROBLEMS_MAX);
    config_problems_free(&problems);
    free(text);
    assert_true(took < 1.0 || is_emulated());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_text_does_harm),
        cmocka_unit_test(a_large_file_of_mistakes_is_refused_fast),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
