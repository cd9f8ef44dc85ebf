/* A packed status says the same as the one it was made of, and needs nothing of that any more. */
#include "lib/control/status_pack.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROOM_BYTES = 64 * 1024, TEXT_MAX = 64 };

/* Every pointer of a status leads somewhere, into memory that is gone afterwards. */
struct full {
    char texts[24][TEXT_MAX];
    size_t text_count;
    struct status_check check;
    struct status_address address;
    struct status_route route;
    struct status_route rule;
    struct status_router router;
    struct history_entry last;
    struct status_warning warning;
    struct status_hook hook;
    struct status_hook_count hook_count;
    uint32_t transitions[REASONS];
    struct takeover_gaps gaps;
    struct status_instance status;
};

static const char *text(struct full *full, const char *is)
{
    assert_true(full->text_count < sizeof(full->texts) / sizeof(full->texts[0]));
    return strcpy(full->texts[full->text_count++], is);
}

static void fill_parts(struct full *full)
{
    full->check = (struct status_check){
        .name = text(full, "haproxy"), .text = text(full, "refused"), .run_ns = DEADLINE_NEVER};
    full->address = (struct status_address){.owner = text(full, "vipd"),
                                            .device = text(full, "eth1"),
                                            .label = text(full, "eth1:web"),
                                            .waits = text(full, "no-device")};
    full->route = (struct status_route){
        .text = "default", .owner = text(full, "other"), .problem = text(full, "taken")};
    full->rule = (struct status_route){
        .text = "from all", .owner = text(full, "vipd"), .problem = text(full, "lost")};
    full->router = (struct status_router){.state = VRRP_MASTER, .last_advert_age_ns = 7};
    full->last = (struct history_entry){.text = "no advert", .instance = "web"};
    full->warning = (struct status_warning){
        .kind = text(full, "unusable-interface"), .text = "it is", .drop = text(full, "ttl")};
    full->hook = (struct status_hook){.name = text(full, "on-master"), .text = text(full, "ended")};
    full->hook_count = (struct status_hook_count){.name = text(full, "on-backup"), .runs = 3};
    full->transitions[REASON_NONE + 1] = 5;
    full->gaps.count = 6;
}

static void fill(struct full *full)
{
    fill_parts(full);
    full->status = (struct status_instance){
        .name = text(full, "web"),
        .interface = text(full, "eth0"),
        .group = text(full, "pair"),
        .waiting = {.command = text(full, "promote")},
        .priority_text = text(full, "150 - 60"),
        .checks = &full->check,
        .check_count = 1,
        .addresses = &full->address,
        .address_count = 1,
        .routes = &full->route,
        .route_count = 1,
        .rules = &full->rule,
        .rule_count = 1,
        .routers = &full->router,
        .router_count = 1,
        .last_transition = &full->last,
        .warnings = &full->warning,
        .warning_count = 1,
        .handover = {.kind = HANDOVER_TAKE, .text = text(full, "took it")},
        .hooks = &full->hook,
        .hook_count = 1,
        .transitions = full->transitions,
        .gaps = &full->gaps,
        .hook_counts = &full->hook_count,
        .hook_count_count = 1,
    };
}

static char *written(const struct status_instance *status)
{
    json_t *json = control_instance_to_json(status);
    char *is = json_dumps(json, JSON_SORT_KEYS);

    assert_non_null(is);
    json_decref(json);
    return is;
}

static void it_stands_by_itself(void **state)
{
    alignas(STATUS_PACK_ALIGNMENT) static char room[ROOM_BYTES];
    struct full *full = calloc(1, sizeof(*full));

    (void)state;
    assert_non_null(full);
    fill(full);
    char *before = written(&full->status);
    size_t used = control_instance_pack(&full->status, room, sizeof(room));
    assert_in_range(used, sizeof(struct status_instance), sizeof(room));
    assert_int_equal(used % STATUS_PACK_ALIGNMENT, 0);
    /* What is still looked at there would show. Freed behind that: before free() a compiler leaves
     * out what nobody could read any more. */
    memset(full, 'x', sizeof(*full));
    char *after = written((const struct status_instance *)(const void *)room);
    assert_string_equal(after, before);
    free(full);
    free(before);
    free(after);
}

/* Not an octet behind its end, however little there is. */
static void what_does_not_fit_is_not_packed(void **state)
{
    alignas(STATUS_PACK_ALIGNMENT) static char room[ROOM_BYTES];
    struct full *full = calloc(1, sizeof(*full));

    (void)state;
    assert_non_null(full);
    fill(full);
    size_t needed = control_instance_pack(&full->status, room, sizeof(room));
    for (size_t size = 0; size < needed; size++) {
        memset(room, 'x', sizeof(room));
        assert_int_equal(control_instance_pack(&full->status, room, size), 0);
        assert_int_equal(room[size], 'x');
    }
    assert_int_equal(control_instance_pack(&full->status, room, needed), needed);
    free(full);
}

static void nothing_stays_nothing(void **state)
{
    alignas(STATUS_PACK_ALIGNMENT) static char room[ROOM_BYTES];
    const struct status_instance status = {.name = "web", .interface = "eth0"};
    char *before = written(&status);

    (void)state;
    assert_true(control_instance_pack(&status, room, sizeof(room)) > 0);
    char *after = written((const struct status_instance *)(const void *)room);
    assert_string_equal(after, before);
    free(before);
    free(after);
}

/* Its keys stay where they are. */
static void what_is_authenticated_is_not_packed(void **state)
{
    alignas(STATUS_PACK_ALIGNMENT) static char room[ROOM_BYTES];
    static const char not_looked_at;
    const struct auth_policy policy = {.keys = (const void *)&not_looked_at};
    const struct status_router router = {.auth_policy = &policy};
    const struct status_instance status = {
        .name = "web", .interface = "eth0", .routers = &router, .router_count = 1};

    (void)state;
    assert_int_equal(control_instance_pack(&status, room, sizeof(room)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_stands_by_itself),
        cmocka_unit_test(what_does_not_fit_is_not_packed),
        cmocka_unit_test(nothing_stays_nothing),
        cmocka_unit_test(what_is_authenticated_is_not_packed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
