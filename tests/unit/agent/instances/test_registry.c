/* Many instances that go at once: some in each turn of the loop, and who comes after whom. The
 * instances are this file's, and each is slow. */
#include "agent/base/clock.h"
#include "agent/base/turns.h"
#include "agent/instances/avoidance.h"
#include "agent/instances/counts.h"
#include "agent/instances/registry.h"
#include "agent/instances/requests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 64 };

/* What it takes to free one, or to have it look at its link. */
#define SLOW_NS (NS_PER_MS / 4)

/* What one turn does at most: 1 ms of it, and the last. */
enum { PER_TURN_MAX = 5 };

struct bench {
    struct node node;
    struct registry *registry;
    struct config_instance configs[COUNT];
    char names[COUNT][8];
    struct config config;
    struct config_box box;
    unsigned freed;
    unsigned refreshed;
    unsigned each; /* of these had others watched at once */
    unsigned successors;
    const struct instance *successor;
};

/* Instances have no way to say whose they are but node.userdata. */
static struct bench *bench_of(const struct instance *instance)
{
    return instance->node->userdata;
}

/* What is watched on links, which costs as much as there are instances on one. */
static bool put_off;

static void dawdle(void)
{
    const uint64_t until_ns = clock_boot_ns() + SLOW_NS;

    while (clock_boot_ns() < until_ns)
        ;
}

/* ---- Instances */

struct instance *instance_new_in(struct node *node, struct config_box *box,
                                 const struct config_instance *config, struct bundle *bundle)
{
    struct instance *instance = calloc(1, sizeof(*instance));

    assert_non_null(instance);
    assert_null(bundle);
    instance->node = node;
    instance->box = config_box_ref(box);
    instance->config = config;
    return instance;
}

void instance_free(struct instance *instance)
{
    bench_of(instance)->freed++;
    bench_of(instance)->each += put_off ? 0 : 1;
    dawdle();
    config_box_unref(instance->next_box);
    config_box_unref(instance->box);
    free(instance);
}

void instance_refresh(struct instance *instance)
{
    bench_of(instance)->refreshed++;
    bench_of(instance)->each += put_off ? 0 : 1;
    instance->unattached = false;
    dawdle();
}

void instance_stop(struct instance *instance)
{
    instance->stopping = true;
}

void instance_start(struct instance *instance)
{
    instance->started = true;
}

void instance_bequeath(const struct instance *instance, struct instance_legacy *out)
{
    (void)instance;
    memset(out, 0, sizeof(*out));
}

void instance_inherit(struct instance *instance, const struct instance_legacy *legacy)
{
    (void)instance;
    (void)legacy;
}

void instance_stay_drained(struct instance *instance)
{
    (void)instance;
}

bool instance_resume(struct instance *instance, const struct asker *asker)
{
    (void)instance;
    (void)asker;
    return false;
}

void instance_checks_changed(struct instance *instance)
{
    (void)instance;
}

void instance_devices_changed(struct instance *instance)
{
    (void)instance;
}

bool instance_uses_device(const struct instance *instance, const struct link *link)
{
    (void)instance;
    (void)link;
    return false;
}

void instance_link_gone(struct instance *instance, int ifindex)
{
    (void)instance;
    (void)ifindex;
}

bool instance_follows(const struct instance *instance, const char *check)
{
    (void)instance;
    (void)check;
    return false;
}

bool instance_has_address(const struct instance *instance, const struct ip_address *address)
{
    (void)instance;
    (void)address;
    return false;
}

bool avoidance_any(struct instance *const *list, size_t count)
{
    (void)list;
    (void)count;
    return false;
}

bool avoidance_changed(struct instance *instance, struct instance *const *list, size_t count)
{
    (void)instance;
    (void)list;
    (void)count;
    return false;
}

void handover_kept(struct handover *h, enum drains_saved saved)
{
    (void)h;
    (void)saved;
}

int segment_ifindex(const struct segment_client *client)
{
    (void)client;
    return 0;
}

void segments_watch_put_off(struct segments *segments)
{
    (void)segments;
    put_off = true;
}

void segments_watch_due(struct segments *segments)
{
    (void)segments;
    put_off = false;
}

/* Instead of the list on the disk: nobody is drained. */
const struct drained *drains_find(const struct drains *drains, const char *name)
{
    (void)drains;
    (void)name;
    return NULL;
}

void drains_close(struct drains *drains)
{
    (void)drains;
}

int drains_open(const struct drains_options *options, const struct config *config,
                struct drains **out)
{
    (void)options;
    (void)config;
    *out = NULL;
    return 0;
}

/* ---- The bench */

static void on_added(void *userdata, struct instance *instance)
{
    (void)userdata;
    (void)instance;
}

static void on_removed(void *userdata, const char *name, struct instance *successor)
{
    struct bench *bench = userdata;

    (void)name;
    if (successor != NULL)
        bench->successors++;
    bench->successor = successor;
}

static int on_ended(void *userdata)
{
    (void)userdata;
    return 0;
}

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    const struct registry_observer observer = {
        .on_added = on_added, .on_removed = on_removed, .on_ended = on_ended, .userdata = bench};

    if (bench == NULL || sd_event_new(&bench->node.event) < 0 ||
        registry_open(&bench->node, &observer, &bench->registry) < 0)
        return -1;
    bench->node.userdata = bench;
    bench->config = (struct config){.instances = bench->configs, .instance_count = COUNT};
    bench->box = (struct config_box){.config = &bench->config, .references = 1};
    for (unsigned i = 0; i < COUNT; i++) {
        snprintf(bench->names[i], sizeof(bench->names[i]), "i%u", i);
        bench->configs[i].name = bench->names[i];
        if (registry_add(bench->registry, &bench->box, &bench->configs[i]) < 0)
            return -1;
    }
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;

    registry_clear(bench->registry);
    registry_close(bench->registry);
    sd_event_unref(bench->node.event);
    free(bench);
    return 0;
}

/* It has handed over. */
static void stopped(const struct bench *bench, struct instance *instance)
{
    instance->stopped = true;
    registry_reap_soon(bench->registry);
}

static void turn(const struct bench *bench)
{
    assert_true(turns_run(bench->node.event, 0) >= 0);
}

static void turn_until_freed(const struct bench *bench, unsigned count)
{
    for (unsigned turns = 0; bench->freed < count; turns++) {
        assert_true(turns < 100 * COUNT);
        turn(bench);
    }
}

/* ---- The tests */

static void many_that_restart_go_some_in_each_turn(void **state)
{
    struct bench *bench = *state;

    for (size_t i = 0; i < COUNT; i++) {
        struct instance *instance = registry_at(bench->registry, i);

        registry_replace(bench->registry, instance, &bench->box, instance->config);
        stopped(bench, instance);
    }
    for (unsigned turns = 0; bench->freed < COUNT || bench->refreshed < COUNT; turns++) {
        const unsigned before = bench->freed + bench->refreshed;

        assert_true(turns < 100 * COUNT);
        turn(bench);
        assert_true(bench->freed + bench->refreshed - before <= PER_TURN_MAX);
        assert_false(put_off);
    }
    assert_int_equal(bench->freed, COUNT);
    assert_int_equal(bench->each, 0);
    assert_int_equal(registry_count(bench->registry), COUNT);
    assert_int_equal(bench->successors, 0);
    for (unsigned i = 0; i < COUNT; i++) {
        const struct instance *instance = registry_find(bench->registry, bench->configs[i].name);

        assert_non_null(instance);
        assert_true(instance->started);
    }
}

static void wait_all(const struct bench *bench)
{
    for (size_t i = 0; i < registry_count(bench->registry); i++)
        registry_at(bench->registry, i)->unattached = true;
}

static bool any_waits(const struct bench *bench)
{
    for (size_t i = 0; i < registry_count(bench->registry); i++)
        if (registry_at(bench->registry, i)->unattached)
            return true;
    return false;
}

/* All look at their links after the last has gone, also those that had just looked. */
static void who_waited_for_one_that_goes_looks_again(void **state)
{
    struct bench *bench = *state;

    for (unsigned gone = 0; gone < 2; gone++) {
        struct instance *instance = registry_find(bench->registry, bench->configs[gone].name);

        wait_all(bench);
        registry_remove(bench->registry, instance);
        stopped(bench, instance);
        turn_until_freed(bench, gone + 1);
        for (unsigned turns = 0; turns < COUNT / 8; turns++)
            turn(bench);
    }
    for (unsigned turns = 0; any_waits(bench); turns++) {
        assert_true(turns < 100 * COUNT);
        turn(bench);
    }
}

static void all_that_are_stopped_go(void **state)
{
    struct bench *bench = *state;

    registry_stop_all(bench->registry);
    for (size_t i = 0; i < COUNT; i++)
        stopped(bench, registry_at(bench->registry, i));
    turn_until_freed(bench, COUNT);
    assert_true(registry_ended(bench->registry));
}

/* Its files are the new one's now. */
static void one_that_came_meanwhile_is_the_successor(void **state)
{
    struct bench *bench = *state;
    const struct config_instance *config = &bench->configs[3];
    struct instance *old = registry_find(bench->registry, config->name);
    struct instance *other = registry_find(bench->registry, bench->configs[4].name);

    registry_remove(bench->registry, old);
    registry_remove(bench->registry, other);
    assert_null(registry_find(bench->registry, config->name));
    assert_int_equal(registry_add(bench->registry, &bench->box, config), 0);
    struct instance *new = registry_find(bench->registry, config->name);
    assert_non_null(new);
    stopped(bench, old);
    turn_until_freed(bench, 1);
    assert_ptr_equal(bench->successor, new);
    stopped(bench, other);
    turn_until_freed(bench, 2);
    assert_null(bench->successor);
    /* Once more, while the oldest of the name is still there. */
    registry_remove(bench->registry, new);
    assert_int_equal(registry_add(bench->registry, &bench->box, config), 0);
    struct instance *newer = registry_find(bench->registry, config->name);
    registry_replace(bench->registry, newer, &bench->box, config);
    stopped(bench, newer);
    turn_until_freed(bench, 3);
    assert_null(bench->successor);
    stopped(bench, new);
    turn_until_freed(bench, 4);
    assert_ptr_equal(bench->successor, registry_find(bench->registry, config->name));
    assert_non_null(bench->successor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(many_that_restart_go_some_in_each_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_waited_for_one_that_goes_looks_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(all_that_are_stopped_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_came_meanwhile_is_the_successor, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
