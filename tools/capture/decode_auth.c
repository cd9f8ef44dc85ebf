/* Authentication in vipctl decode; see decode_auth.h. */
#include "tools/capture/decode_auth.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LINE_SIZE = 256,
    MARK_SIZE = 24,
};

/* True for "ADDRESS HEX", nothing and a comment. */
static bool take_mark(struct auth_peers *peers, char *line)
{
    struct ip_address address;
    char *rest = NULL;
    char *end = NULL;
    const char *word = strtok_r(line, " \t\r\n", &rest);

    if (word == NULL || *word == '#')
        return true;
    const char *digits = strtok_r(NULL, " \t\r\n", &rest);
    if (!ip_address_parse(word, &address) || digits == NULL || !isxdigit((unsigned char)*digits) ||
        strtok_r(NULL, " \t\r\n", &rest) != NULL)
        return false;
    errno = 0;
    uint64_t mark = strtoull(digits, &end, 16);
    if (*end != '\0' || errno != 0)
        return false;
    auth_peers_set(peers, &address, mark);
    return true;
}

static bool read_marks(struct auth_peers *peers, const char *path)
{
    FILE *file = fopen(path, "re");
    char line[LINE_SIZE];
    unsigned number = 0;
    bool good = true;

    if (file == NULL) {
        fprintf(stderr, "vipctl: %s: %s\n", path, strerror(errno));
        return false;
    }
    while (good && fgets(line, sizeof(line), file) != NULL) {
        number++;
        good = take_mark(peers, line);
        if (!good)
            fprintf(stderr, "vipctl: %s:%u: expected an address and a mark in hexadecimal\n", path,
                    number);
    }
    if (ferror(file)) {
        fprintf(stderr, "vipctl: %s: cannot be read\n", path);
        good = false;
    }
    fclose(file);
    return good;
}

bool decode_auth_begin(struct decode_auth *auth, const struct config_instance *instance,
                       const char *marks)
{
    *auth = (struct decode_auth){.policy = config_auth(instance)};
    if (auth->policy.keys == NULL && marks == NULL)
        return true;
    if (auth->policy.keys == NULL) {
        fprintf(stderr, "vipctl: instance %s has no auth-key, and needs no marks\n",
                instance->name);
        return false;
    }
    auth->peers = calloc(1, sizeof(*auth->peers));
    if (auth->peers == NULL) {
        fputs("vipctl: out of memory\n", stderr);
        return false;
    }
    return marks == NULL || read_marks(auth->peers, marks);
}

void decode_auth_end(struct decode_auth *auth)
{
    free(auth->peers);
    auth->peers = NULL;
}

bool decode_auth_time(struct decode_auth *auth, const char **line)
{
    struct timespec now;
    char *end;

    if (**line != '@') {
        clock_gettime(CLOCK_REALTIME, &now);
        auth->now.utc_ns = (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
        return true;
    }
    const char *digits = *line + 1;
    if (!isdigit((unsigned char)*digits))
        return false;
    errno = 0;
    uint64_t seconds = strtoull(digits, &end, 10);
    /* Of a fraction nothing is asked. */
    if (*end == '.')
        end += 1 + strspn(end + 1, "0123456789");
    if (errno != 0 || seconds > UINT64_MAX / NS_PER_SEC || !isspace((unsigned char)*end))
        return false;
    auth->now.utc_ns = seconds * NS_PER_SEC;
    *line = end;
    return true;
}

/* The name for what was dropped before, where there is one. */
static const char *name_of(enum packet_verdict verdict)
{
    switch (verdict) {
    case PACKET_LENGTH_ERROR:
        return "bad_length";
    case PACKET_CHECKSUM_ERROR:
        return "bad_checksum";
    case PACKET_NOT_A_PEER:
        return "not_a_peer";
    default:
        return NULL;
    }
}

void decode_auth_judge(struct decode_auth *auth, const struct advert *advert,
                       enum packet_verdict *verdict, struct decoded_auth *out)
{
    if (auth->policy.keys == NULL)
        return;
    out->name = name_of(*verdict);
    /* What is dropped for what it says has a trailer that can be judged all the same. */
    if (out->name == NULL && advert->message != NULL) {
        enum auth_outcome outcome =
            auth_peers_receive(auth->peers, &auth->policy, advert, *verdict, &auth->now);

        out->name = auth_outcome_name(outcome);
        if (*verdict == PACKET_OK)
            *verdict = auth_outcome_verdict(outcome);
    }
    const struct auth_peer *peer = auth_peers_find(auth->peers, &advert->ip.source);
    out->has_mark = peer != NULL && peer->mark.set;
    out->mark = out->has_mark ? peer->mark.sequence : 0;
}

void decode_auth_json_add(json_t *object, const struct decoded_auth *decoded)
{
    char mark[MARK_SIZE];

    snprintf(mark, sizeof(mark), "0x%016" PRIx64, decoded->mark);
    json_object_set_new(object, "auth",
                        decoded->name != NULL ? json_string(decoded->name) : json_null());
    json_object_set_new(object, "mark", decoded->has_mark ? json_string(mark) : json_null());
}
