/* The value that each key of [instance NAME] brings: there must be a row for every one. */
#include "lib/config/argument_vector.h"
#include "lib/config/schema.h"
#include "tests/unit/lib/config/config_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GETTER(name, expression)                                                                   \
    static uint64_t name(const struct config_instance *i)                                          \
    {                                                                                              \
        return (uint64_t)(expression);                                                             \
    }

GETTER(eth1, strcmp(i->interface, "eth1") == 0)
GETTER(vrid, i->vrid)
GETTER(priority, i->priority)
GETTER(ipv4_count, i->ipv4_count)
GETTER(claim_count, i->claim_count)
GETTER(ipv6_length, i->ipv6[i->ipv6_count - 1].length)
GETTER(version, i->version)
GETTER(advert_interval, i->advert_interval_ns)
GETTER(preempt, i->preempt)
GETTER(preempt_delay, i->preempt_delay_ns)
GETTER(peer_count, i->peer_count)
GETTER(unicast_ttl, i->unicast_ttl)
GETTER(unicast_min_ttl, i->unicast_min_ttl)
GETTER(unicast_max_ttl, i->unicast_max_ttl)
GETTER(unicast, i->unicast)
GETTER(source4_end, i->source4.octets[3])
GETTER(source6_end, i->source6.octets[15])
GETTER(mac, i->mac)
GETTER(checksum, i->checksum)
GETTER(strict, i->strict)
GETTER(accept_mode, i->accept)
GETTER(route_count, i->route_count)
GETTER(second_route_table, i->routes[1].table)
GETTER(rule_count, i->rule_count)
GETTER(rule_priority, i->rules[0].priority)
GETTER(adopt, i->adopt)
GETTER(announce_repeat, i->announce_repeat)
GETTER(announce_refresh, i->announce_refresh_ns)
GETTER(announce_reply, i->announce_reply)
GETTER(lease, i->lease_ns)
GETTER(linger, i->linger_ns)
GETTER(dead_factor, i->dead_factor)
GETTER(group4_end, i->group4.octets[3])
GETTER(group6_end, i->group6.octets[15])
GETTER(auth_type, i->auth.type)
GETTER(auth_last, i->auth.data[AUTH_DATA_SIZE - 1])
GETTER(password_cut, i->password_cut)
GETTER(password_file_is_there,
       i->password_file != NULL && strcmp(i->password_file, "/etc/vipd/p") == 0)
GETTER(auth_key_count, i->auth_key_count)
GETTER(first_key_id, i->auth_keys[0].id)
GETTER(secrets_are_there, i->secrets != NULL)
GETTER(auth_mode, i->auth_mode)
GETTER(auth_replay, i->auth_replay)
GETTER(auth_window_s, config_auth(i).rules.window_s)
GETTER(words_of_master, argument_vector_count(i->hooks[HOOK_MASTER]))
GETTER(words_of_backup, argument_vector_count(i->hooks[HOOK_BACKUP]))
GETTER(words_of_init, argument_vector_count(i->hooks[HOOK_INIT]))
GETTER(words_of_change, argument_vector_count(i->hooks[HOOK_CHANGE]))
GETTER(words_of_rival, argument_vector_count(i->hooks[HOOK_RIVAL]))
GETTER(words_of_before, argument_vector_count(i->hooks[HOOK_BEFORE]))
GETTER(before_timeout, i->before_timeout_ns)
GETTER(release_first, i->release_first)
GETTER(avoids, i->avoid != NULL && strcmp(i->avoid, "other") == 0)
GETTER(claims_unprepared, i->claims_unprepared)
GETTER(hook_timeout, i->hook_timeout_ns)
GETTER(hook_user_is_daemon, i->hook_user != NULL && strcmp(i->hook_user, "daemon") == 0)
GETTER(systemd_target, i->systemd_target)
GETTER(follow_link, i->follow_link)
GETTER(link_down_delay, i->link_down_delay_ns)
GETTER(link_up_delay, i->link_up_delay_ns)
GETTER(on_conflict, i->on_conflict)
GETTER(conflict_quiet, i->conflict_quiet_ns)
GETTER(track_count, i->track.count)
GETTER(damping_transitions, i->flap_damping.transitions)
GETTER(damping_window, i->flap_damping.window_ns)
GETTER(damping_hold, i->flap_damping.hold_ns)

/* A section that track can name; nothing may come behind it. */
#define APP "app\n[check app]\ntype = link\ninterface = eth1"

/* The value of a key, written as the last one of [instance web]. */
static const struct good_value {
    const char *key;
    const char *value;
    uint64_t (*get)(const struct config_instance *);
    uint64_t expected;
} good_values[] = {
    {"interface", "eth1", eth1, 1},
    {"vrid", "255", vrid, 255},
    {"priority", NULL, priority, 100},
    {"priority", "1", priority, 1},
    {"priority", "255", priority, PRIORITY_OWNER},
    {"addresses", "192.0.2.1,192.0.2.2/24 192.0.2.3,\n  192.0.2.4\n\n  192.0.2.5", ipv4_count, 5},
    {"addresses", "192.0.2.1 dev a 192.0.2.2 dev b, 192.0.2.3 label c scope link", ipv4_count, 3},
    {"extra-addresses", "192.0.2.1/32 dev lo", ipv4_count, 1},
    {"extra-addresses", "192.0.2.1/32 dev lo 2001:db8::1", claim_count, 3},
    {"addresses", "2001:db8::1/56", ipv6_length, 56},
    {"addresses", "2001:db8::1", ipv6_length, 128},
    {"version", NULL, version, VRRP_V3},
    {"version", "2", version, VRRP_V2},
    {"password", NULL, auth_type, AUTH_NONE},
    {"password", "7chars!\nversion = 2", auth_type, AUTH_PASSWORD},
    {"password", "7chars!\nversion = 2", auth_last, 0},
    {"password", "a long one\nversion = 2", auth_last, 'o'},
    {"password", "a long one\nversion = 2", password_cut, true},
    {"password", "8 chars#\nversion = 2", password_cut, false},
    {"password-file", NULL, password_file_is_there, false},
    {"password-file", "/etc/vipd/p\nversion = 2", password_file_is_there, true},
    {"password-file", "/etc/vipd/p\nversion = 2", auth_type, AUTH_NONE},
    {"auth-key", NULL, auth_key_count, 0},
    {"auth-key", "7:/a 3:b\nauth-key = 5:/c", auth_key_count, 3},
    {"auth-key", "7:/a 3:b\nauth-key = 5:/c", first_key_id, 7},
    {"auth-key", "7:/a", secrets_are_there, false},
    {"auth-mode", NULL, auth_mode, AUTH_ENFORCE},
    {"auth-mode", "permissive\nauth-key = 1:/a", auth_mode, AUTH_PERMISSIVE},
    {"auth-replay", NULL, auth_replay, AUTH_REPLAY_TIME},
    {"auth-replay", "monotonic\nauth-key = 1:/a", auth_replay, AUTH_REPLAY_MONOTONIC},
    {"auth-window", NULL, auth_window_s, 5},
    {"auth-window", "9s\nauth-key = 1:/a", auth_window_s, 9},
    {"advert-interval", NULL, advert_interval, NS_PER_SEC},
    {"advert-interval", "10ms", advert_interval, 10 * NS_PER_MS},
    {"advert-interval", "40.95s", advert_interval, 40950 * NS_PER_MS},
    {"dead-factor", NULL, dead_factor, 3},
    {"dead-factor", "2", dead_factor, 2},
    {"dead-factor", "100", dead_factor, 100},
    {"preempt", NULL, preempt, PREEMPT_YES},
    {"preempt", "no", preempt, PREEMPT_NO},
    {"preempt", "after 2m", preempt, PREEMPT_AFTER},
    {"preempt", "when-healthy-for 30s", preempt, PREEMPT_WHEN_HEALTHY},
    {"preempt", "when-healthy-for 30s", preempt_delay, 30 * NS_PER_SEC},
    {"preempt", "after 2m", preempt_delay, 120 * NS_PER_SEC},
    {"unicast-peers", NULL, unicast, false},
    {"unicast-peers", "192.0.2.2 192.0.2.3", unicast, true},
    {"unicast-peers", "192.0.2.2 192.0.2.3", peer_count, 2},
    {"unicast-ttl", NULL, unicast_ttl, 255},
    {"unicast-ttl", "1", unicast_ttl, 1},
    {"unicast-min-ttl", NULL, unicast_min_ttl, 0},
    {"unicast-min-ttl", "255", unicast_min_ttl, 255},
    {"unicast-max-ttl", NULL, unicast_max_ttl, 255},
    {"unicast-max-ttl", "0", unicast_max_ttl, 0},
    {"multicast-group", NULL, group4_end, 18},
    {"multicast-group", NULL, group6_end, 0x12},
    {"multicast-group", "224.0.0.77", group4_end, 77},
    {"multicast-group", "224.0.0.77", group6_end, 0x12},
    {"multicast-group", "ff02::77, 239.1.2.3", group4_end, 3},
    {"multicast-group", "ff02::77, 239.1.2.3", group6_end, 0x77},
    {"source", NULL, source4_end, 0},
    {"source", "192.0.2.7, fe80::9", source4_end, 7},
    {"source", "192.0.2.7, fe80::9", source6_end, 9},
    {"mac", NULL, mac, MAC_INTERFACE},
    {"mac", "virtual", mac, MAC_VIRTUAL},
    {"checksum", NULL, checksum, CHECKSUM_MODE_AUTO},
    {"checksum", "rfc5798", checksum, CHECKSUM_MODE_RFC5798},
    {"checksum", "rfc9568", checksum, CHECKSUM_MODE_RFC9568},
    {"strict", NULL, strict, false},
    {"strict", "yes", strict, true},
    {"accept", NULL, accept_mode, true},
    {"accept", "yes", accept_mode, true},
    {"accept", "no", accept_mode, false},
    {"routes", NULL, route_count, 0},
    {"routes", "default via 192.0.2.1, 10.0.0.0/8 dev eth0 table 9", route_count, 2},
    {"routes", "default via 192.0.2.1\n  10.0.0.0/8 dev eth0 table 9", second_route_table, 9},
    {"rules", NULL, rule_count, 0},
    {"rules", "from 192.0.2.10 table 100 priority 7, to 10.0.0.0/8 prohibit", rule_count, 2},
    {"rules", "from 192.0.2.10 table 100 priority 7", rule_priority, 7},
    {"adopt", NULL, adopt, false},
    {"adopt", "yes", adopt, true},
    {"announce-repeat", NULL, announce_repeat, 5},
    {"announce-repeat", "0", announce_repeat, 0},
    {"announce-refresh", NULL, announce_refresh, 60 * NS_PER_SEC},
    {"announce-refresh", "off", announce_refresh, 0},
    {"announce-form", NULL, announce_reply, false},
    {"announce-form", "both", announce_reply, true},
    {"lease", NULL, lease, 5 * NS_PER_SEC},
    {"lease", "off", lease, 0},
    {"lease", "1h", lease, 3600 * NS_PER_SEC},
    {"linger", NULL, linger, 0},
    {"linger", "10m", linger, 600 * NS_PER_SEC},
    {"before-master", NULL, words_of_before, 0},
    {"before-master", "/bin/promote now", words_of_before, 2},
    {"before-master", "unit: promote", words_of_before, 2},
    {"before-master-timeout", NULL, before_timeout, 30 * NS_PER_SEC},
    {"before-master-timeout", "1h", before_timeout, 3600 * NS_PER_SEC},
    {"before-master-failure", NULL, claims_unprepared, false},
    {"before-master-failure", "claim", claims_unprepared, true},
    {"release-first", NULL, release_first, false},
    {"release-first", "yes", release_first, true},
    {"on-master", NULL, words_of_master, 0},
    {"on-master", "/bin/hook 'a b' c", words_of_master, 3},
    {"on-backup", "/bin/hook", words_of_backup, 1},
    {"on-init", "/bin/hook init", words_of_init, 2},
    {"on-change", "sh -c 'echo \"$VIPD_STATE\" > /tmp/x'", words_of_change, 3},
    {"on-rival", "/bin/hook rival", words_of_rival, 2},
    {"hook-timeout", NULL, hook_timeout, 30 * NS_PER_SEC},
    {"hook-timeout", "100ms", hook_timeout, 100 * NS_PER_MS},
    {"hook-user", NULL, hook_user_is_daemon, false},
    {"hook-user", "daemon", hook_user_is_daemon, true},
    {"systemd-target", NULL, systemd_target, false},
    {"systemd-target", "yes", systemd_target, true},
    {"follow-link", NULL, follow_link, true},
    {"follow-link", "no", follow_link, false},
    {"link-down-delay", NULL, link_down_delay, 0},
    {"link-down-delay", "300ms", link_down_delay, 300 * NS_PER_MS},
    {"link-up-delay", NULL, link_up_delay, 0},
    {"link-up-delay", "30s", link_up_delay, 30 * NS_PER_SEC},
    {"on-conflict", NULL, on_conflict, CONFLICT_MODE_DEFEND},
    {"on-conflict", "release", on_conflict, CONFLICT_MODE_RELEASE},
    {"conflict-quiet", NULL, conflict_quiet, 60 * NS_PER_SEC},
    {"conflict-quiet", "3s", conflict_quiet, 3 * NS_PER_SEC},
    {"avoid", NULL, avoids, 0},
    {"avoid", "other\n[instance other]\ninterface = eth9\nvrid = 9\naddresses = 192.0.2.99", avoids,
     1},
    {"track", NULL, track_count, 0},
    {"track", APP, track_count, 1},
    {"flap-damping", NULL, damping_transitions, 0},
    {"flap-damping", "3 in 1m hold 5m", damping_transitions, 3},
    {"flap-damping", "3 in 1m hold 5m", damping_window, 60 * NS_PER_SEC},
    {"flap-damping", "3 in 1m hold 5m", damping_hold, 300 * NS_PER_SEC},
    {"flap-damping", "3 in 1m", damping_hold, 60 * NS_PER_SEC},
};

/* A good file in which `key` has that value; NULL: it is not given. */
static void write_file(char *text, size_t size, const char *key, const char *value)
{
    static const char *const required[][2] = {
        {"interface", "eth0"}, {"vrid", "51"}, {"addresses", "192.0.2.10/24"}};
    size_t used = (size_t)snprintf(text, size, "[instance web]\n");

    for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
        if (strcmp(required[i][0], key) != 0)
            used += (size_t)snprintf(text + used, size - used, "%s = %s\n", required[i][0],
                                     required[i][1]);
    }
    if (value != NULL)
        used += (size_t)snprintf(text + used, size - used, "%s = %s\n", key, value);
    assert_true(used < size);
}

static void good_values_arrive(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good_values) / sizeof(good_values[0]); i++) {
        const struct good_value *good = &good_values[i];
        struct config_problems problems;
        char text[512];

        write_file(text, sizeof(text), good->key, good->value);
        struct config *config = parse_text(text, &problems);
        if (config == NULL) {
            fail_msg("%s = %s: %s", good->key, good->value, problems.list[0].text);
            return;
        }
        uint64_t got = good->get(&config->instances[0]);
        if (got != good->expected)
            fail_msg("%s = %s: got %ju, want %ju", good->key,
                     good->value != NULL ? good->value : "(default)", (uintmax_t)got,
                     (uintmax_t)good->expected);
        config_free(config);
        config_problems_free(&problems);
    }
}

/* A key without a row above would be a key that nobody has tried. */
static void the_table_has_every_key(void **state)
{
    const struct config_section *instance = config_schema_instance();

    (void)state;
    for (size_t i = 0; i < instance->key_count; i++) {
        size_t rows = 0;

        for (size_t j = 0; j < sizeof(good_values) / sizeof(good_values[0]); j++)
            rows += strcmp(good_values[j].key, instance->keys[i].name) == 0 ? 1 : 0;
        if (rows == 0)
            fail_msg("no good value of %s", instance->keys[i].name);
    }
}

/* There are thousands of instances, and twice as many during a reload. */
static void what_few_instances_have_takes_no_room_in_all(void **state)
{
    (void)state;
    assert_true(sizeof(struct config_instance) <= 480);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_few_instances_have_takes_no_room_in_all),
        cmocka_unit_test(good_values_arrive),
        cmocka_unit_test(the_table_has_every_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
