/* Every limit of the product, in one place. Units are in the names. */
#ifndef VIP_LIMITS_H
#define VIP_LIMITS_H

#include <stdint.h>

#define NS_PER_US  UINT64_C(1000)
#define NS_PER_MS  UINT64_C(1000000)
#define NS_PER_SEC UINT64_C(1000000000)

/* A deadline that never comes. */
#define DEADLINE_NEVER UINT64_MAX

enum {
    /* RFC 9568 5.2.5: the count field is one octet. */
    ADVERT_ADDRESSES_MAX = 255,
    /* 8 octets of header, 255 IPv6 addresses. */
    ADVERT_SIZE_MAX = 8 + ADVERT_ADDRESSES_MAX * 16,
    /* And what stands behind them: the authentication of version 2, a trailer. */
    ADVERT_BUFFER_SIZE = ADVERT_SIZE_MAX + 8 + 28,
    INSTANCES_MAX = 4096,
    INSTANCE_ADDRESSES_MAX = 4096,
    INSTANCE_PEERS_MAX = 32,
    CONFIG_GROUPS_MAX = 1024,
    GROUP_INSTANCES_MAX = 64,
    CHECKS_MAX = 256,
    /* Checks that one instance follows. */
    TRACK_MAX = 64,
    /* Programs that checks run at the same time. */
    CHECK_CHILDREN_MAX = 16,
    /* What a check is read of one answer or output; the rest is passed over. */
    CHECK_OUTPUT_BYTES_MAX = 64 * 1024,
    /* Names of instances, groups and checks, with the terminating NUL. */
    NAME_SIZE = 64,
    /* IFNAMSIZ of Linux, repeated because lib/ includes no kernel header. */
    INTERFACE_NAME_SIZE = 16,
    /* Longest text of an address with prefix length, with NUL. */
    ADDRESS_TEXT_SIZE = 56,
    /* Text of a MAC address, with NUL. */
    MAC_TEXT_SIZE = 18,
    /* All configuration files together. */
    CONFIG_BYTES_MAX = 4 * 1024 * 1024,
    /* How many files; each instance can have its own. */
    CONFIG_FILES_MAX = 8192,
    /* Problems kept of one reading of the configuration. */
    CONFIG_PROBLEMS_MAX = 100,
    ANNOUNCE_REPEAT_MAX = 10,
    /* The path of a password-file, with NUL, and what the file may have. */
    SECRET_PATH_SIZE = 128,
    SECRET_FILE_BYTES_MAX = 1024,
    CONTROL_CLIENTS_MAX = 128,
    /* One request of a client of the control socket. */
    CONTROL_MESSAGE_BYTES_MAX = 64 * 1024,
    /* While more than this waits to be sent to a client, nothing is added for it. */
    CONTROL_QUEUE_BYTES = 64 * 1024,
    /* One piece of an answer (an instance with all its addresses) on top of that; a client for
     * which more would be waiting is dropped. */
    CONTROL_OUTPUT_BYTES_MAX = 4 * 1024 * 1024,
    /* A client that neither asks nor reads for so long is dropped. */
    CONTROL_SILENCE_MS_MAX = 10 * 1000,
    /* A failover of all instances at once. */
    HISTORY_ENTRIES_MAX = 4096,
    /* From then on the file of the history is put aside; about twice the entries above. */
    HISTORY_FILE_BYTES = 4 * 1024 * 1024,
    /* The flight recorder: memory for each interface, for how many of them, and for a recording
     * in the making, in which nothing is packed. */
    RECORDER_RING_BYTES = 48 * 1024,
    RECORDER_RECORDING_BYTES_MAX = 2 * 1024 * 1024,
    RECORDER_INTERFACES_MAX = 64,
    /* Recordings kept on disk. */
    RECORDINGS_MAX = 1000,
    RECORDINGS_BYTES_MAX = 64 * 1024 * 1024,
    /* The path of one, with its NUL. */
    RECORDING_PATH_SIZE = 192,
};

/* The longest time an instance can be drained for: a year. */
#define DRAIN_MS_MAX INT64_C(31536000000)

#endif
