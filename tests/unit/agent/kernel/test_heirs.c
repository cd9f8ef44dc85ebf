/* Who wants what comes back from the kernel: found for a whole flight at the cost of a walk through
 * what is wanted, not of one for each address. */
#include "agent/kernel/outcome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
    LINK = 2,
    SETS = 2000,
};

static struct address_batch batch;
static struct remembered remembered;
static struct desired_set sets[SETS];
static struct claimed_address addresses[SETS];
static unsigned long compared;

/* ---- Addresses that are compared; the linker sends the calls here. */

bool __real_ip_address_equal(const struct ip_address *a, const struct ip_address *b);
bool __wrap_ip_address_equal(const struct ip_address *a, const struct ip_address *b);

bool __wrap_ip_address_equal(const struct ip_address *a, const struct ip_address *b)
{
    compared++;
    return __real_ip_address_equal(a, b);
}

/* ---- The view; links.c is not linked to this. */

const struct link *links_by_index(const struct links *links, int ifindex)
{
    (void)links;
    (void)ifindex;
    return NULL;
}

const struct link *links_by_name(const struct links *links, const char *name)
{
    (void)links;
    (void)name;
    return NULL;
}

const struct observed_address *links_prefix(const struct links *links, int ifindex,
                                            const struct ip_prefix *prefix)
{
    (void)links;
    (void)ifindex;
    (void)prefix;
    return NULL;
}

unsigned links_losses(const struct links *links)
{
    (void)links;
    return 0;
}

void links_note_address(struct links *links, const struct observed_address *address, bool present)
{
    (void)links;
    (void)address;
    (void)present;
}

void links_note_up(struct links *links, int ifindex, bool up)
{
    (void)links;
    (void)ifindex;
    (void)up;
}

/* ---- */

static struct ip_prefix prefix_of(unsigned number)
{
    struct ip_prefix prefix = {.address = {.family = IP_FAMILY_IPV4, .octets = {10}}, .length = 32};

    prefix.address.octets[1] = (uint8_t)(number >> 16);
    prefix.address.octets[2] = (uint8_t)(number >> 8);
    prefix.address.octets[3] = (uint8_t)number;
    return prefix;
}

/* Sets of one address each: 0, 1, 2, ... */
static struct desired_sets wanted(unsigned count)
{
    struct desired_sets all = {0};

    for (unsigned i = 0; i < count; i++) {
        addresses[i] = (struct claimed_address){.prefix = prefix_of(i)};
        sets[i] = (struct desired_set){
            .addresses = &addresses[i], .count = 1, .ifindex = LINK, .attempted = 1};
        desired_link_in(&all, &sets[i]);
    }
    return all;
}

/* The kernel has removed `count` addresses, from `first` on. */
static struct outcome removed(const struct desired_sets *all, unsigned first, unsigned count)
{
    batch = (struct address_batch){.count = count};
    for (unsigned i = 0; i < count; i++)
        batch.changes[i] =
            (struct address_change){.operation = ADDRESS_REMOVE,
                                    .address = {.ifindex = LINK, .prefix = prefix_of(first + i)}};
    compared = 0;
    return outcome_conclude(&batch, NULL, &remembered, all);
}

static void whoever_wants_what_was_removed_tries_again(void **state)
{
    /* Fewer, and more, than are looked for one by one. */
    static const unsigned counts[] = {1, 3, 8, 9, 500};

    (void)state;
    for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
        const struct desired_sets all = wanted(1000);
        (void)removed(&all, 600, counts[c]);
        for (unsigned i = 0; i < 1000; i++) {
            bool asked = i >= 600 && i < 600 + counts[c];

            assert_int_equal(sets[i].attempt, asked);
            assert_int_equal(sets[i].attempted, asked ? 0 : 1);
        }
    }
}

static void what_was_added_and_nobody_wants_is_said(void **state)
{
    static const unsigned counts[] = {1, 20};

    (void)state;
    for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
        const struct desired_sets all = wanted(counts[c]);
        (void)removed(&all, 0, counts[c]);
        for (unsigned i = 0; i < counts[c]; i++)
            batch.changes[i].operation = ADDRESS_ADD;
        assert_false(outcome_conclude(&batch, NULL, &remembered, &all).unwanted);
        batch.changes[counts[c] - 1].address.ifindex = LINK + 1;
        assert_true(outcome_conclude(&batch, NULL, &remembered, &all).unwanted);
    }
}

/* As a reload does it that takes every second instance away. */
static void the_work_grows_with_the_addresses_not_with_their_square(void **state)
{
    const struct desired_sets all = wanted(SETS);

    (void)state;
    (void)removed(&all, SETS, ADDRESS_BATCH_MAX);
    print_message("%lu comparisons for %u addresses among %u\n", compared,
                  (unsigned)ADDRESS_BATCH_MAX, (unsigned)SETS);
    assert_true(compared < 4UL * (SETS + ADDRESS_BATCH_MAX));
    (void)removed(&all, 0, ADDRESS_BATCH_MAX);
    assert_true(compared < 4UL * (SETS + ADDRESS_BATCH_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_wants_what_was_removed_tries_again),
        cmocka_unit_test(what_was_added_and_nobody_wants_is_said),
        cmocka_unit_test(the_work_grows_with_the_addresses_not_with_their_square),
    };

    int r = cmocka_run_group_tests_name("heirs", tests, NULL, NULL);
    remembered_free(&remembered);
    return r;
}
