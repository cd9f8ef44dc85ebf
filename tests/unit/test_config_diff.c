/* The difference of two configurations; a walk over the schema keeps new keys from being missed. */
#include "lib/config_diff.h"
#include "lib/config_schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct config *parse(const char *text)
{
    const struct config_source source = {"t.conf", text};
    struct config_problems problems;
    struct config *config = config_parse(&source, 1, &problems);
    char line[512] = "";

    if (problems.count > 0)
        fail_msg("%s", config_problem_format(&problems.list[0], line, sizeof(line)));
    config_problems_free(&problems);
    return config;
}

/* One value for each key of [instance] that differs from what BASE gives it. */
static const char *const other_values[INSTANCE_KEYS] = {
    [INSTANCE_INTERFACE] = "eth1",
    [INSTANCE_VRID] = "52",
    [INSTANCE_PRIORITY] = "101",
    [INSTANCE_ADDRESSES] = "192.0.2.10/24, 192.0.2.11/24, 2001:db8::10/64",
    [INSTANCE_VERSION] = "2",
    [INSTANCE_ADVERT_INTERVAL] = "2s",
    [INSTANCE_PREEMPT] = "no",
    [INSTANCE_UNICAST_PEERS] = "192.0.2.3, 2001:db8::3",
    [INSTANCE_SOURCE] = "192.0.2.9",
    [INSTANCE_MAC] = "virtual",
    [INSTANCE_CHECKSUM] = "rfc9568",
    [INSTANCE_STRICT] = "yes",
    [INSTANCE_ACCEPT] = "no",
    [INSTANCE_ANNOUNCE_REPEAT] = "6",
    [INSTANCE_ANNOUNCE_REFRESH] = "61s",
    [INSTANCE_ANNOUNCE_FORM] = "both",
    [INSTANCE_LEASE] = "6s",
    [INSTANCE_LINGER] = "1s",
};

static const char *const other_node_values[NODE_KEYS] = {
    [NODE_NAME] = "lb2",
    [NODE_LEASE] = "7s",
    [NODE_REALTIME] = "no",
};

/* A text with one instance, in which key `changed` (INSTANCE_KEYS: none) has its other value. */
static void write_instance(char *text, size_t size, size_t changed)
{
    const struct config_section *schema = config_schema_instance();
    /* What cannot be combined decides which keys are there at all. */
    bool v2 = changed == INSTANCE_VERSION;
    bool unicast = changed == INSTANCE_UNICAST_PEERS;
    size_t used = 0;

    (void)v2;
    used += (size_t)snprintf(text, size, "[instance web]\n");
    for (size_t i = 0; i < schema->key_count; i++) {
        const char *value = NULL;

        if (i == INSTANCE_INTERFACE)
            value = "eth0";
        else if (i == INSTANCE_VRID)
            value = "51";
        else if (i == INSTANCE_ADDRESSES)
            value = "192.0.2.10/24";
        else if (unicast && i == INSTANCE_UNICAST_PEERS)
            value = "192.0.2.2";
        if (i == changed)
            value = other_values[i];
        if (value != NULL)
            used += (size_t)snprintf(text + used, size - used, "%s = %s\n", schema->keys[i].name,
                                     value);
    }
    assert_true(used < size);
}
