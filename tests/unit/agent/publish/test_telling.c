/* What is kept back of refused claims is told of some instances in each turn of the loop. */
#include "agent/base/clock.h"
#include "agent/base/turns.h"
#include "agent/instances/preparation.h"
#include "agent/publish/telling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { COUNT = 100, PER_TURN_MAX = 16 };

struct registry {
    struct instance *list[COUNT];
};

/* Of the history: how many transitions it was told. */
struct chronicle {
    unsigned told;
};

size_t registry_count(const struct registry *registry)
{
    (void)registry;
    return COUNT;
}

struct instance *registry_at(const struct registry *registry, size_t index)
{
    return registry->list[index];
}

bool instance_claims(const struct instance *instance)
{
    (void)instance;
    return false;
}

bool instance_waits(const struct instance *instance)
{
    (void)instance;
    return false;
}

/* Whatever was kept back is due. */
uint64_t chronicle_settle_ns(const struct instance *instance)
{
    (void)instance;
    return 0;
}

void chronicle_transition(struct chronicle *chronicle, struct instance *instance,
                          const struct moved *moved)
{
    (void)instance;
    (void)moved;
    chronicle->told++;
}

void chronicle_notice(struct chronicle *chronicle, const struct instance *instance,
                      const char *notice, const struct evidence *evidence, const char *text)
{
    (void)chronicle;
    (void)instance;
    (void)notice;
    (void)evidence;
    (void)text;
}

static void all_is_told_some_in_each_turn(void **state)
{
    static struct config_instance config = {.name = "web"};
    const struct transition refused = {
        .from = VRRP_MASTER, .to = VRRP_INIT, .reason = REASON_CANNOT_CLAIM};
    const struct transition again = {
        .from = VRRP_INIT, .to = VRRP_BACKUP, .reason = REASON_CLAIM_RETRIED};
    struct registry registry;
    struct chronicle chronicle = {0};
    struct telling *telling = NULL;
    sd_event *event = NULL;

    (void)state;
    assert_true(sd_event_new(&event) >= 0);
    assert_true(telling_open(event, &registry, &chronicle, &telling) >= 0);
    for (size_t i = 0; i < COUNT; i++) {
        registry.list[i] = calloc(1, sizeof(struct instance));
        assert_non_null(registry.list[i]);
        registry.list[i]->config = &config;
        telling_transition(telling, registry.list[i], &refused);
        telling_transition(telling, registry.list[i], &again);
    }
    assert_int_equal(chronicle.told, COUNT);
    for (unsigned turns = 0; chronicle.told < 2 * COUNT; turns++) {
        const unsigned before = chronicle.told;

        assert_true(turns < 100 * COUNT);
        assert_true(turns_run(event, 200000) >= 0);
        assert_true(chronicle.told - before <= PER_TURN_MAX);
    }
    for (size_t i = 0; i < COUNT; i++) {
        assert_null(registry.list[i]->refusals);
        free(registry.list[i]);
    }
    telling_close(telling);
    sd_event_unref(event);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_is_told_some_in_each_turn)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
