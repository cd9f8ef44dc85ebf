/* The schema table: see schema.h. Texts are for people and appear in the man page. */
#include "lib/config/schema.h"

#include "lib/config/config.h"

#include <string.h>

#define NODE_FIELD(field)                                                                          \
    .offset = offsetof(struct config, field), .size = sizeof(((struct config *)NULL)->field)

static const struct config_choice switches[] = {{"on", true}, {"off", false}, {NULL, 0}};

static const struct config_key node_keys[NODE_KEYS] = {
    [NODE_NAME] = {.name = "name",
                   .type = VALUE_NAME,
                   NODE_FIELD(node_name),
                   .default_note = "the host name",
                   .sample = "lb1",
                   .reload = RELOAD_IN_PLACE,
                   .expected = "1 to 63 letters, digits, '.', '_' or '-'",
                   .help = "How this node calls itself in status and history."},
    [NODE_LEASE] = {.name = "lease",
                    .type = VALUE_DURATION,
                    NODE_FIELD(lease_ns),
                    LEASE_RANGE,
                    .default_text = "5s",
                    .reload = RELOAD_IN_PLACE,
                    .expected = LEASE_EXPECTED,
                    .help =
                        "How long the kernel keeps a virtual address when vipd no longer "
                        "refreshes it (killed, hung, stopped). For all instances that do not "
                        "say otherwise. All leases are renewed together, about three times in the "
                        "shortest of them: each address is one more message then to whoever "
                        "listens to address changes."},
    [NODE_REALTIME] = {.name = "realtime",
                       .type = VALUE_BOOL,
                       NODE_FIELD(realtime),
                       .default_text = "yes",
                       .reload = RELOAD_NOTHING,
                       .expected = "yes or no",
                       .help = "Run with real-time priority and locked memory where that is "
                               "permitted."},
    [NODE_START_DELAY] = {.name = "start-delay",
                          .type = VALUE_DURATION,
                          NODE_FIELD(start_delay_ns),
                          .max = 3600 * NS_PER_SEC,
                          .default_text = "0s",
                          .reload = RELOAD_IN_PLACE,
                          .expected = "a duration from 0s to 1h",
                          .help = "Take no part before the machine has been up for so long: after "
                                  "a boot switches, disks and services may not be ready yet. It "
                                  "counts from the start of the machine, so a vipd that is "
                                  "restarted later takes part at once. In a container the machine "
                                  "is the host."},
    [NODE_ANNOUNCE_PAUSE] = {.name = "announce-pause",
                             .type = VALUE_DURATION,
                             NODE_FIELD(announce_pause_ns),
                             .max = NS_PER_SEC,
                             .default_text = "0s",
                             .reload = RELOAD_IN_PLACE,
                             .expected = "a duration from 0s to 1s",
                             .help = "The pause between the announcements (gratuitous ARP, "
                                     "unsolicited neighbour advertisement) of two addresses on one "
                                     "interface, for switches that drop or punish bursts of them. "
                                     "Advertisements do not wait for it. A takeover of many "
                                     "addresses takes as many pauses: hosts reach the last address "
                                     "so much later."},
    [NODE_HOOK_USER] =
        {.name = "hook-user",
         .type = VALUE_NAME,
         NODE_FIELD(hook_user),
         .default_note = "the user vipd runs as",
         .sample = "vipd-hooks",
         .reload = RELOAD_IN_PLACE,
         .expected = "the name of a user",
         .help = "The user that hooks run as. Another one than vipd's own needs a "
                 "vipd with CAP_SETUID and CAP_SETGID: without them a start or "
                 "reload is refused. Hooks have no capability and cannot gain any, "
                 "whoever runs vipd; only those of a vipd that root runs, with "
                 "'root' here, have what root has. A name is looked up once, at the start or "
                 "the reload that brings it: restart vipd when the user or its "
                 "groups have changed."},
    [NODE_RECORDER] = {.name = "recorder",
                       .type = VALUE_CHOICE,
                       NODE_FIELD(recorder),
                       .choices = switches,
                       .default_text = "on",
                       .reload = RELOAD_NOTHING,
                       .expected = "on or off",
                       .help = "The flight recorder: keep the last advertisements, the ARP and "
                               "neighbour discovery of our addresses and the link's events in "
                               "memory, and write them to a file on every unplanned transition."},
    [NODE_RECORDER_TIME] = {.name = "recorder-time",
                            .type = VALUE_DURATION,
                            NODE_FIELD(recorder_time_ns),
                            .min = NS_PER_SEC,
                            .max = 3600 * NS_PER_SEC,
                            .default_text = "60s",
                            .reload = RELOAD_NOTHING,
                            .expected = "a duration from 1s to 1h",
                            .help = "How much of the past a recording has. 48 KiB of memory for "
                                    "each interface, in which frames are packed, may be less "
                                    "than that where there is much traffic."},
    [NODE_RECORDER_FILES] = {.name = "recorder-files",
                             .type = VALUE_NUMBER,
                             NODE_FIELD(recorder_files),
                             .min = 1,
                             .max = RECORDINGS_MAX,
                             .default_text = "32",
                             .reload = RELOAD_NOTHING,
                             .expected = "a number from 1 to 1000",
                             .help = "How many recordings are kept, of 64 MiB in all; the oldest "
                                     "go first."},
    [NODE_TRACK] = {.name = "track",
                    .type = VALUE_TRACK,
                    NODE_FIELD(track),
                    .default_note = "none",
                    .sample = "haproxy, uplink",
                    .reload = RELOAD_IN_PLACE,
                    .expected = "names of [check NAME] sections",
                    .help = "Checks that every instance follows, besides its own. May be "
                            "repeated."},
};

static const struct config_key group_keys[GROUP_KEYS] = {
    [GROUP_INSTANCES] = {.name = "instances",
                         .type = VALUE_MEMBERS,
                         .offset = offsetof(struct config_group, instances),
                         .size = sizeof(struct config_names),
                         .required = true,
                         .sample = "inside, outside",
                         .reload = RELOAD_RESTART,
                         .expected = "names of one to 64 instances",
                         .help = "The instances that move together. All advert the lowest of their "
                                 "priorities. May be repeated, and continued over indented lines. "
                                 "When a reload changes it, all of them are restarted."},
};

static const struct config_section sections[] = {
    {.name = "node",
     .keys = node_keys,
     .key_count = NODE_KEYS,
     .help = "The node itself. The section may be left out."},
    {.name = "instance",
     .named = true,
     .keys = config_instance_keys,
     .key_count = INSTANCE_KEYS,
     .help = "One virtual router: addresses that move together between nodes. One section each; "
             "the name has 1 to 63 letters, digits, '.', '_' or '-'."},
    {.name = "group",
     .named = true,
     .keys = group_keys,
     .key_count = GROUP_KEYS,
     .help = "Instances that are MASTER on one node together, for firewalls and routers with an "
             "inside and an outside: when one of them cannot be MASTER here, none is. An instance "
             "is in one group at most. Their VRIDs tell the nodes which of them decides between "
             "equal priorities: the lowest one."},
    {.name = "check",
     .named = true,
     .keys = config_check_keys,
     .key_count = CHECK_KEYS,
     .help = "Something that has to work for this node to serve: followed by the instances that "
             "name it in track. Each type has keys of its own."},
};

const struct config_section *config_schema(size_t *count)
{
    *count = sizeof(sections) / sizeof(sections[0]);
    return sections;
}

const struct config_section *config_schema_section(const char *name)
{
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        if (strcmp(sections[i].name, name) == 0)
            return &sections[i];
    }
    return NULL;
}

const struct config_key *config_schema_key(const struct config_section *section, const char *name)
{
    for (size_t i = 0; i < section->key_count; i++) {
        if (strcmp(section->keys[i].name, name) == 0)
            return &section->keys[i];
    }
    return NULL;
}

const struct config_section *config_schema_node(void)
{
    return &sections[0];
}

const struct config_section *config_schema_instance(void)
{
    return &sections[1];
}

const struct config_section *config_schema_group(void)
{
    return config_schema_section("group");
}

const struct config_section *config_schema_check(void)
{
    return config_schema_section("check");
}

bool config_value_is_list(enum config_value_type type)
{
    return type == VALUE_LISTED || type == VALUE_EXTRA || type == VALUE_PEERS ||
           type == VALUE_SOURCES || type == VALUE_GROUPS || type == VALUE_MEMBERS ||
           type == VALUE_TRACK || type == VALUE_AUTH_KEYS || config_value_is_phrases(type);
}

bool config_value_is_phrases(enum config_value_type type)
{
    return type == VALUE_ROUTES || type == VALUE_RULES;
}

const char *config_key_default(const struct config_key *key)
{
    if (key->required)
        return "required";
    return key->default_text != NULL ? key->default_text : key->default_note;
}

const char *config_key_sample(const struct config_key *key)
{
    return key->default_text != NULL ? key->default_text : key->sample;
}

const char *config_reload_name(const struct config_section *section, enum config_reload reload)
{
    switch (reload) {
    case RELOAD_IN_PLACE:
        return "in place";
    case RELOAD_RESTART:
        if (section == config_schema_check())
            return "starts the check anew";
        return section == config_schema_group() ? "restarts its instances"
                                                : "restarts the instance";
    case RELOAD_NOTHING:
        break;
    }
    return "needs a restart of vipd";
}
