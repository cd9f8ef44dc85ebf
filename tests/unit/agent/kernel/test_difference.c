/* What goes into which flight, with a view of links made up here: who claims few addresses does not
 * wait for who claims many, each of these begins before any goes on, and leases are renewed beside
 * them. */
#include "agent/kernel/difference.h"
#include "agent/kernel/mark.h"
#include "agent/kernel/slices.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
    LINK = 2,
    MANY = 2000,
    FEW = 3,
    CLAIMS = 3,
    HELD = 400,
    /* An octet of its addresses. */
    HELD_NUMBER = 100,
};

static struct address_batch batch;
static struct remembered remembered;
static struct observed_address held;

/* ---- The view; links.c is not linked to this. */

void links_each_address(const struct links *links, int ifindex,
                        bool (*fn)(void *userdata, const struct observed_address *address),
                        void *userdata)
{
    (void)links;
    (void)ifindex;
    (void)fn;
    (void)userdata;
}

const struct link *links_by_index(const struct links *links, int ifindex)
{
    static const struct link the_link = {.ifindex = LINK, .promote_secondaries = true};

    (void)links;
    return ifindex == LINK ? &the_link : NULL;
}

const struct link *links_by_name(const struct links *links, const char *name)
{
    (void)links;
    (void)name;
    return NULL;
}

void links_each_link(const struct links *links, bool (*fn)(void *userdata, const struct link *link),
                     void *userdata)
{
    (void)links;
    (void)fn;
    (void)userdata;
}

const struct mark_support *links_mark_support(const struct links *links)
{
    static const struct mark_support support = {.proto = true};

    (void)links;
    return &support;
}

/* Those of one set are there, the others never are. */
const struct observed_address *links_prefix(const struct links *links, int ifindex,
                                            const struct ip_prefix *prefix)
{
    (void)links;
    if (prefix->address.octets[12] != HELD_NUMBER)
        return NULL;
    held = (struct observed_address){
        .ifindex = ifindex, .prefix = *prefix, .proto = ADDRESS_MARK_PROTOCOL, .valid_s = 5};
    return &held;
}

const struct observed_address *links_address(const struct links *links, int ifindex,
                                             const struct ip_address *address)
{
    const struct ip_prefix prefix = {.address = *address, .length = 128};

    return links_prefix(links, ifindex, &prefix);
}

/* ---- */

static void on_landed(struct desired_set *set)
{
    (void)set;
}

static void fill(struct desired_set *set, struct claimed_address *list, size_t count,
                 uint8_t number)
{
    for (size_t i = 0; i < count; i++)
        list[i] = (struct claimed_address){
            .prefix = {
                .address =
                    {.family = IP_FAMILY_IPV6,
                     .octets = {0xfd, [12] = number, [14] = (uint8_t)(i >> 8), [15] = (uint8_t)i}},
                .length = 128}};
    *set = (struct desired_set){.ifindex = LINK,
                                .addresses = list,
                                .count = count,
                                .lease_ns = 5 * NS_PER_SEC,
                                .attempt = true,
                                .on_landed = on_landed};
}

/* How many changes of the set are in the flight. */
static unsigned count_of(const struct desired_set *set)
{
    unsigned count = 0;

    for (unsigned i = 0; i < batch.count; i++)
        count += batch.owners[i] == set ? 1 : 0;
    return count;
}

static bool fly(const struct desired_sets *sets)
{
    for (struct desired_set *s = sets->first; s != NULL; s = s->next)
        s->in_flight = 0;
    address_batch_clear(&batch);
    address_batch_begin(&batch, NS_PER_SEC);
    bool all = difference_add(&batch, sets);
    difference_refresh(&batch, sets);
    return all;
}

static int setup(void **state)
{
    (void)state;
    batch = (struct address_batch){.remembered = &remembered};
    return 0;
}

static void few_do_not_wait_for_many(void **state)
{
    static struct claimed_address lists[2][MANY];
    struct desired_sets sets = {0};
    struct desired_set few;
    struct desired_set many;

    (void)state;
    fill(&few, lists[0], FEW, 1);
    fill(&many, lists[1], MANY, 2);
    desired_link_in(&sets, &few);
    desired_link_in(&sets, &many); /* before it in the list */
    assert_false(fly(&sets));
    assert_int_equal(count_of(&few), FEW);
    assert_in_range(count_of(&many), 1, 16);
}

static void each_begins_before_any_goes_on(void **state)
{
    static struct claimed_address lists[CLAIMS][MANY];
    struct desired_set list[CLAIMS];
    struct desired_sets sets = {0};
    unsigned flights = 1;

    (void)state;
    for (size_t i = 0; i < CLAIMS; i++) {
        fill(&list[i], lists[i], MANY, (uint8_t)i);
        desired_link_in(&sets, &list[i]);
    }
    assert_false(fly(&sets));
    for (size_t i = 0; i < CLAIMS; i++)
        assert_in_range(count_of(&list[i]), 1, 16);
    /* Large slices from then on, whoever has begun. */
    for (; !fly(&sets); flights++)
        assert_in_range(batch.count, 200, 768);
    assert_in_range(flights, 3, CLAIMS * MANY / 200);
}

/* What is there already makes no flight, so nothing would come back to go on with. */
static void what_is_there_already_is_no_beginning(void **state)
{
    static struct claimed_address list[HELD];
    struct desired_sets sets = {0};
    struct desired_set set;

    (void)state;
    fill(&set, list, HELD, HELD_NUMBER);
    desired_link_in(&sets, &set);
    assert_true(fly(&sets));
    assert_int_equal(batch.count, 0);
    assert_false(set.attempt);
}

/* Or leases of seconds would end in a claim that takes as long. */
static void leases_are_renewed_beside_a_claim(void **state)
{
    static struct claimed_address lists[3][MANY];
    struct desired_sets sets = {0};
    struct desired_set others;
    struct desired_set claims[2];
    unsigned renewed = 0;

    (void)state;
    fill(&others, lists[0], HELD, HELD_NUMBER);
    others.attempt = false;
    others.refresh = true;
    desired_link_in(&sets, &others);
    for (size_t i = 0; i < 2; i++) {
        fill(&claims[i], lists[1 + i], MANY, (uint8_t)i);
        claims[i].on_landed = i == 0 ? NULL : on_landed; /* in slices, and not */
        desired_link_in(&sets, &claims[i]);
    }
    for (int i = 0; i < 2; i++) {
        assert_false(fly(&sets));
        renewed += count_of(&others);
        assert_true(batch.count > count_of(&others));
    }
    assert_int_equal(renewed, HELD);
    assert_false(others.refresh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(few_do_not_wait_for_many, setup),
        cmocka_unit_test_setup(each_begins_before_any_goes_on, setup),
        cmocka_unit_test_setup(what_is_there_already_is_no_beginning, setup),
        cmocka_unit_test_setup(leases_are_renewed_beside_a_claim, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
