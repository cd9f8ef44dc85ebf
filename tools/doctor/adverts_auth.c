/* Examinations of signed and unsigned adverts; see adverts_auth.h. */
#include "tools/doctor/adverts_auth.h"

#include "lib/packet/auth_text.h"

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

/* Dropped: the cause as vipd says it too, with what is known here beside it. */
static void dropped(const struct arrival *arrival, struct findings *out)
{
    const struct auth_text *text = auth_text_of_drop(arrival->received);
    char ids[64];
    char more[128] = "";

    if (arrival->received == PACKET_TRAILER_UNKNOWN_KEY)
        snprintf(more, sizeof(more), " (it signs with %u, here is %s)",
                 auth_trailer_key(arrival->advert.trailer),
                 ids_text(arrival->instance, ids, sizeof(ids)));
    finding_add(out, SEVERITY_ERROR, "peer-auth", arrival->instance->name,
                "peer %s %s%s: its adverts are dropped as %s", arrival->sender, text->cause, more,
                packet_verdict_name(arrival->received));
    finding_fix(out, "%s", text->mend);
}

static void clock_finding(const struct arrival *arrival, struct findings *out)
{
    int apart = clock_apart(arrival);

    finding_add(out, SEVERITY_ERROR, "peer-clock", arrival->instance->name,
                "the clock of peer %s is %d s %s ours, and auth-window is %u s: its adverts are "
                "dropped unless it was heard before",
                arrival->sender, abs(apart), apart < 0 ? "behind" : "ahead of",
                config_auth(arrival->instance).rules.window_s);
    finding_fix(out, "set both clocks right (chrony, systemd-timesyncd), or auth-replay = "
                     "monotonic on all nodes; if they are right, somebody replays adverts");
}

/* Taken, for now: one of the two does not sign. */
static void half_way(const struct arrival *arrival, struct findings *out)
{
    const struct auth_policy policy = config_auth(arrival->instance);
    bool is_signed = arrival->advert.trailer != NULL;
    enum auth_outcome outcome = is_signed ? AUTH_OK : AUTH_OK_UNAUTHENTICATED;
    const struct auth_text *text = auth_text_of_peer(&policy, outcome, is_signed);

    if (policy.keys == NULL || text == NULL)
        return;
    finding_add(out, SEVERITY_WARNING, is_signed ? "unsigned-here" : "peer-unsigned",
                arrival->instance->name, "peer %s %s (auth-mode = %s here)", arrival->sender,
                text->cause, auth_mode_name(policy.mode));
    finding_fix(out, "%s", text->mend);
}

bool judge_trailer(const struct arrival *arrival, struct findings *out)
{
    if (arrival->received == PACKET_OK)
        half_way(arrival, out);
    if (auth_text_of_drop(arrival->received) == NULL)
        return false;
    if (arrival->received == PACKET_TRAILER_STALE)
        clock_finding(arrival, out);
    else
        dropped(arrival, out);
    return true;
}
