/*
 * One [check NAME] of the configuration: plain values of fixed size, so that two of them compare
 * octet by octet. Part of struct config (config.h).
 */
#ifndef VIP_CONFIG_CHECK_H
#define VIP_CONFIG_CHECK_H

#include "lib/election/check_state.h"
#include "lib/packet/address.h"

enum check_type {
    CHECK_HTTP = 0,
    CHECK_TCP,
    CHECK_EXEC,
    CHECK_PROCESS,
    CHECK_FILE,
    CHECK_UNIT,
    CHECK_LINK,
    CHECK_GATEWAY,
    CHECK_TYPES, /* how many there are */
};

/* What a file check looks for. */
enum check_content {
    CONTENT_PRESENT = 0,
    CONTENT_ABSENT,
    CONTENT_NUMBER, /* a number, which is added to the priority */
    CONTENT_ZERO,   /* no number but 0, or no file */
};

enum {
    CHECK_URL_SIZE = 512,
    CHECK_PATH_SIZE = 256,
    CHECK_MATCH_SIZE = 256,
    CHECK_WORDS_SIZE = 1024,
    CHECK_STATUS_RANGES_MAX = 8,
};

/* An argument vector: `count` words, each with its NUL, one behind the other. */
struct config_words {
    unsigned count;
    char text[CHECK_WORDS_SIZE];
};

/* Octets that may be anything. */
struct config_octets {
    uint16_t size;
    uint8_t data[CHECK_MATCH_SIZE];
};

/* Ranges of HTTP status codes, both ends included. */
struct config_statuses {
    uint16_t count;
    struct {
        uint16_t low;
        uint16_t high;
    } ranges[CHECK_STATUS_RANGES_MAX];
};

struct config_endpoint {
    struct ip_address address;
    uint16_t port;
};

struct config_check {
    char name[NAME_SIZE];
    unsigned type; /* enum check_type */
    uint64_t interval_ns;
    uint64_t timeout_ns; /* at most interval_ns */
    unsigned rise;       /* results in a row that change it */
    unsigned fall;
    int weight;         /* 0: none, a failing check withdraws the node */
    unsigned initially; /* enum check_verdict, until its first results are in */

    /* http */
    char url[CHECK_URL_SIZE];
    char method[16];
    struct config_statuses statuses;
    char body[CHECK_MATCH_SIZE]; /* must be in the answer; empty: anything */
    bool tls_verify;
    char tls_ca[CHECK_PATH_SIZE]; /* empty: the system's */
    char tls_cert[CHECK_PATH_SIZE];
    char tls_key[CHECK_PATH_SIZE];
    char unix_socket[108]; /* empty: TCP */
    /* tcp */
    struct config_endpoint endpoint;
    struct config_octets send;
    struct config_octets expect;
    /* exec */
    struct config_words command;
    char user[NAME_SIZE]; /* empty: vipd's own */
    /* process */
    char pid_file[CHECK_PATH_SIZE];
    char executable[NAME_SIZE];
    /* file */
    char path[CHECK_PATH_SIZE];
    unsigned content; /* enum check_content */
    /* unit */
    char unit[CHECK_PATH_SIZE];
    /* link, gateway */
    char interface[INTERFACE_NAME_SIZE];
    /* gateway */
    struct ip_address gateway;

    /* Where it was written, for messages. */
    const char *file; /* owned by the config */
    unsigned line;
};

/* "http", "tcp", ... Static text. */
const char *check_type_name(enum check_type type);

/* True for the types that are told of a change and do not have to ask. */
bool check_type_is_told(enum check_type type);

/* How its results become a verdict. */
struct check_rule config_check_rule(const struct config_check *check);

/* Fills in what the type decides: timeout, rise and fall where they were not given (0). */
void config_check_complete(struct config_check *check);

#endif
