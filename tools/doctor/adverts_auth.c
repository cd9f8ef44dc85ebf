/* Examinations of signed and unsigned adverts; see adverts_auth.h. */
#include "tools/doctor/adverts_auth.h"

#include <stdlib.h>
#include <time.h>

/* How far the clock that stamped it is ahead of ours. */
static int clock_apart(const struct arrival *arrival)
{
    uint64_t sequence = auth_trailer_sequence(arrival->advert.trailer);

    return (int32_t)((uint32_t)(sequence >> 32) - (uint32_t)time(NULL));
}

static const char *ids_text(const struct config_instance *instance, char *buffer, size_t size)
{
    size_t used = 0;

    buffer[0] = '\0';
    for (size_t i = 0; i < instance->auth_key_count && used < size; i++)
        used += (size_t)snprintf(buffer + used, size - used, "%s%u", i > 0 ? ", " : "",
                                 instance->auth_keys[i].id);
    return buffer;
}

static void unknown_key(const struct arrival *arrival, struct findings *out)
{
    char ids[64];

    finding_add(out, SEVERITY_ERROR, "peer-auth", arrival->instance->name,
                "peer %s signs with key %u, and `auth-key` here has %s: its adverts are dropped",
                arrival->source, auth_trailer_key(arrival->advert.trailer),
                ids_text(arrival->instance, ids, sizeof(ids)));
    finding_fix(out, "the same keys under the same ids on all nodes: add the new one everywhere "
                     "before the first node signs with it");
}

static void clock_finding(const struct arrival *arrival, struct findings *out)
{
    int apart = clock_apart(arrival);

    finding_add(out, SEVERITY_ERROR, "peer-clock", arrival->instance->name,
                "the clock of peer %s is %d s %s ours, and auth-window is %u s: its adverts are "
                "dropped unless it was heard before",
                arrival->source, abs(apart), apart < 0 ? "behind" : "ahead of",
                config_auth(arrival->instance).rules.window_s);
    finding_fix(out, "set both clocks right (chrony, systemd-timesyncd), or auth-replay = "
                     "monotonic on all nodes");
}

/* Taken, for now. */
static void unsigned_finding(const struct arrival *arrival, struct findings *out)
{
    finding_add(out, SEVERITY_WARNING, "peer-unsigned", arrival->instance->name,
                "peer %s does not sign its adverts; they are taken because of auth-mode = %s",
                arrival->source, auth_mode_name(arrival->instance->auth_mode));
    finding_fix(out, "auth-mode = permissive on all nodes, then enforce on all");
}

static bool not_expected(const struct arrival *arrival, struct findings *out)
{
    if (arrival->received != PACKET_LENGTH_ERROR || arrival->advert.trailer == NULL)
        return false;
    finding_add(out, SEVERITY_ERROR, "peer-auth", arrival->instance->name,
                "peer %s signs its adverts, and this node has no `auth-key`: they are dropped as "
                "packet_length_error",
                arrival->source);
    finding_fix(out, "`auth-key` with the same key here, and auth-mode = receive-only for the time "
                     "being");
    return true;
}

bool judge_trailer(const struct arrival *arrival, struct findings *out)
{
    const char *seen = NULL;
    const char *fix = NULL;

    if (not_expected(arrival, out))
        return true;
    switch (arrival->received) {
    case PACKET_OK:
        if (arrival->instance->auth_key_count > 0 && arrival->advert.trailer == NULL)
            unsigned_finding(arrival, out);
        return false;
    case PACKET_TRAILER_UNKNOWN_KEY:
        unknown_key(arrival, out);
        return true;
    case PACKET_TRAILER_STALE:
        clock_finding(arrival, out);
        return true;
    case PACKET_TRAILER_MISSING:
        seen = "does not sign its adverts, and auth-mode here is enforce";
        fix = "auth-mode = permissive here until all nodes sign";
        break;
    case PACKET_TRAILER_MALFORMED:
        seen = "signs its adverts in a way that vipd does not know";
        fix = "vipd or keepalived 2.4.2 and later there";
        break;
    case PACKET_TRAILER_INVALID_HMAC:
        seen = "has a signature that no key here makes: another key under that id, or somebody "
               "pretends to be it";
        fix = "compare the files of `auth-key` on both nodes (sha256sum)";
        break;
    default:
        return false;
    }
    finding_add(out, SEVERITY_ERROR, "peer-auth", arrival->instance->name,
                "peer %s %s: its adverts are dropped", arrival->source, seen);
    finding_fix(out, "%s", fix);
    return true;
}
