/*
 * What a row of the schema is: a key of the configuration with its type, bounds, default and words
 * for people; and the rows of every section by name. The tables are in schema.c, schema_instance.c
 * and schema_check.c; schema.h is how they are asked.
 */
#ifndef VIP_CONFIG_SCHEMA_ROWS_H
#define VIP_CONFIG_SCHEMA_ROWS_H

#include "lib/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum config_value_type {
    VALUE_NAME = 0,  /* char[NAME_SIZE] */
    VALUE_KEPT_NAME, /* char *: the same in memory of its own */
    VALUE_INTERFACE, /* char[INTERFACE_NAME_SIZE] */
    VALUE_NUMBER,    /* unsigned integer of `size` octets, min..max */
    VALUE_BOOL,      /* yes or no */
    VALUE_CHOICE,    /* one of `choices`, stored in `size` octets */
    VALUE_DURATION,  /* uint64_t nanoseconds, min..max in multiples of step; zero_word is 0 */
    VALUE_PREEMPT,   /* preempt and preempt_delay_ns */
    VALUE_LISTED,    /* list: claims, those in adverts */
    VALUE_EXTRA,     /* list: claims, the others */
    VALUE_PEERS,     /* list: peers and unicast */
    VALUE_SOURCES,   /* list: source4 and source6 */
    VALUE_COMMAND,   /* char **: words of a command line in one block */
    VALUE_MEMBERS,   /* list: struct config_names of instances */
    VALUE_TEXT,      /* char[size], printable, not empty */
    VALUE_PATH,      /* char[size], an absolute path */
    VALUE_KEPT_PATH, /* char *: the same in memory of its own, up to SECRET_PATH_SIZE */
    VALUE_METHOD,    /* char[size], an HTTP method */
    VALUE_OCTETS,    /* struct config_octets, written with escapes */
    VALUE_WORDS,     /* struct config_words, the first an absolute path */
    VALUE_STATUSES,  /* struct config_statuses */
    VALUE_ENDPOINT,  /* struct config_endpoint */
    VALUE_ADDRESS,   /* struct ip_address */
    VALUE_WEIGHT,    /* int, not 0 */
    VALUE_DAMPING,   /* struct damping_params */
    VALUE_TRACK,     /* list: struct config_names of checks */
    VALUE_PASSWORD,  /* auth and password_cut; never shown */
    VALUE_GROUPS,    /* list: group4 and group6 */
    VALUE_ROUTES,    /* list of phrases: routes */
    VALUE_RULES,     /* list of phrases: rules */
    VALUE_AUTH_KEYS, /* list: auth_keys and inline_secrets; never shown */
    VALUE_TYPES,     /* how many there are */
};

/* What a reload does when the value has changed. */
enum config_reload {
    RELOAD_IN_PLACE = 0, /* taken over, state kept */
    RELOAD_RESTART,      /* the instance or check is stopped and started */
    RELOAD_NOTHING,      /* needs a restart of vipd */
};

struct config_choice {
    const char *name; /* NULL ends the list */
    unsigned value;
};

struct config_key {
    const char *name;
    enum config_value_type type;
    size_t offset; /* of the field in the section's struct */
    size_t size;   /* of the field */
    uint64_t min;
    uint64_t max;
    uint64_t step;         /* durations; 0: any */
    const char *zero_word; /* durations: the word for 0, or NULL */
    const struct config_choice *choices;
    bool required;
    const char *default_text; /* as written in a file; NULL: see default_note */
    const char *default_note; /* for people, where the default is not a fixed text */
    const char *sample;       /* a value to show where there is no default_text */
    enum config_reload reload;
    uint32_t types;       /* [check NAME]: bits of the types that have it; 0: all */
    const char *expected; /* type and range for people: completes "expected ..." */
    const char *help;     /* one or two sentences */
};

/* Rows of the tables, in the order they are documented in. */
enum node_key {
    NODE_NAME = 0,
    NODE_LEASE,
    NODE_REALTIME,
    NODE_START_DELAY,
    NODE_ANNOUNCE_PAUSE,
    NODE_HOOK_USER,
    NODE_RECORDER,
    NODE_RECORDER_TIME,
    NODE_RECORDER_FILES,
    NODE_TRACK,
    NODE_KEYS, /* how many there are */
};

enum instance_key {
    INSTANCE_INTERFACE = 0,
    INSTANCE_VRID,
    INSTANCE_PRIORITY,
    INSTANCE_ADDRESSES,
    INSTANCE_EXTRA_ADDRESSES,
    INSTANCE_VERSION,
    INSTANCE_PASSWORD,
    INSTANCE_PASSWORD_FILE,
    INSTANCE_AUTH_KEY,
    INSTANCE_AUTH_MODE,
    INSTANCE_AUTH_REPLAY,
    INSTANCE_AUTH_WINDOW,
    INSTANCE_ADVERT_INTERVAL,
    INSTANCE_DEAD_FACTOR,
    INSTANCE_PREEMPT,
    INSTANCE_UNICAST_PEERS,
    INSTANCE_UNICAST_TTL,
    INSTANCE_UNICAST_MIN_TTL,
    INSTANCE_UNICAST_MAX_TTL,
    INSTANCE_MULTICAST_GROUP,
    INSTANCE_SOURCE,
    INSTANCE_MAC,
    INSTANCE_CHECKSUM,
    INSTANCE_STRICT,
    INSTANCE_ACCEPT,
    INSTANCE_ROUTES,
    INSTANCE_RULES,
    INSTANCE_ADOPT,
    INSTANCE_ANNOUNCE_REPEAT,
    INSTANCE_ANNOUNCE_REFRESH,
    INSTANCE_ANNOUNCE_FORM,
    INSTANCE_LEASE,
    INSTANCE_LINGER,
    INSTANCE_BEFORE_MASTER,
    INSTANCE_BEFORE_MASTER_TIMEOUT,
    INSTANCE_BEFORE_MASTER_FAILURE,
    INSTANCE_RELEASE_FIRST,
    INSTANCE_ON_MASTER,
    INSTANCE_ON_BACKUP,
    INSTANCE_ON_INIT,
    INSTANCE_ON_CHANGE,
    INSTANCE_ON_RIVAL,
    INSTANCE_HOOK_TIMEOUT,
    INSTANCE_HOOK_USER,
    INSTANCE_SYSTEMD_TARGET,
    INSTANCE_FOLLOW_LINK,
    INSTANCE_LINK_DOWN_DELAY,
    INSTANCE_LINK_UP_DELAY,
    INSTANCE_ON_CONFLICT,
    INSTANCE_CONFLICT_QUIET,
    INSTANCE_AVOID,
    INSTANCE_TRACK,
    INSTANCE_FLAP_DAMPING,
    INSTANCE_KEYS, /* how many there are */
};

enum group_key {
    GROUP_INSTANCES = 0,
    GROUP_KEYS, /* how many there are */
};

enum check_key {
    CHECK_KEY_TYPE = 0,
    CHECK_KEY_INTERVAL,
    CHECK_KEY_TIMEOUT,
    CHECK_KEY_RISE,
    CHECK_KEY_FALL,
    CHECK_KEY_WEIGHT,
    CHECK_KEY_INITIALLY,
    CHECK_KEY_URL,
    CHECK_KEY_METHOD,
    CHECK_KEY_EXPECT_STATUS,
    CHECK_KEY_EXPECT_BODY,
    CHECK_KEY_UNIX_SOCKET,
    CHECK_KEY_TLS_VERIFY,
    CHECK_KEY_TLS_CA,
    CHECK_KEY_TLS_CERT,
    CHECK_KEY_TLS_KEY,
    CHECK_KEY_CONNECT,
    CHECK_KEY_SEND,
    CHECK_KEY_EXPECT,
    CHECK_KEY_COMMAND,
    CHECK_KEY_USER,
    CHECK_KEY_PID_FILE,
    CHECK_KEY_EXECUTABLE,
    CHECK_KEY_PATH,
    CHECK_KEY_CONTENT,
    CHECK_KEY_UNIT,
    CHECK_KEY_INTERFACE,
    CHECK_KEY_ADDRESS,
    CHECK_KEYS, /* how many there are */
};

/* More than any section has. */
enum { SECTION_KEYS_MAX = 64 };

/* The keys of [instance NAME]: schema_instance.c. */
extern const struct config_key config_instance_keys[INSTANCE_KEYS];

/* The keys of [check NAME]: schema_check.c. */
extern const struct config_key config_check_keys[CHECK_KEYS];

/* Of lease, in [node] and in [instance NAME]. */
#define LEASE_RANGE                                                                                \
    .min = NS_PER_SEC, .max = 3600 * NS_PER_SEC, .step = NS_PER_SEC, .zero_word = "off"

#define LEASE_EXPECTED "off, or whole seconds from 1s to 1h"

#endif
