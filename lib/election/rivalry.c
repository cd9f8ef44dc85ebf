/* One account for each time two were MASTER; see rivalry.h. */
#include "lib/election/rivalry.h"

#include "lib/election/router.h"
#include "lib/limits.h"

#include <stdio.h>

enum { SILENT_INTERVALS = 4 }; /* a master that misses so many is none any more */

/* Whatever interval somebody claims to have. */
#define SILENT_NS_MAX (30 * NS_PER_SEC)

/* What a busy machine may keep an advert waiting. */
#define LATE_NS NS_PER_SEC

static uint64_t quiet_after(uint64_t interval_ns)
{
    uint64_t ns = SILENT_INTERVALS * interval_ns;

    return (ns < SILENT_NS_MAX ? ns : SILENT_NS_MAX) + LATE_NS;
}

static void note_peer(struct rivalry *rivalry, const struct ip_address *source)
{
    struct ip_address *peer = &rivalry->peers[source->family == IP_FAMILY_IPV6 ? 1 : 0];

    if (peer->family != IP_FAMILY_NONE && !ip_address_equal(peer, source))
        rivalry->others = true;
    *peer = *source;
}

bool rivalry_hear(struct rivalry *rivalry, const struct advert *advert, uint64_t now)
{
    if (advert->priority <= PRIORITY_HINT)
        return false;
    if (rivalry->adverts == 0) {
        rivalry->first_at = now;
        rivalry->began_at = now;
        rivalry->bouts = 1;
    } else if (rivalry_over(rivalry, now)) {
        rivalry->before_ns += rivalry->last_at - rivalry->began_at;
        rivalry->began_at = now;
        rivalry->bouts++;
    }
    note_peer(rivalry, &advert->ip.source);
    rivalry->priority = advert->priority;
    rivalry->adverts += rivalry->adverts < UINT32_MAX ? 1 : 0;
    rivalry->last_at = now;
    rivalry->quiet_ns = quiet_after(advert->interval_ns);
    return true;
}

uint64_t rivalry_deadline(const struct rivalry *rivalry)
{
    uint64_t at = rivalry->last_at + rivalry->quiet_ns;
    uint64_t earliest = rivalry->told_at + RIVALRY_PAUSE_NS;

    if (rivalry->adverts == 0)
        return DEADLINE_NEVER;
    return rivalry->told_at != 0 && earliest > at ? earliest : at;
}

bool rivalry_over(const struct rivalry *rivalry, uint64_t now)
{
    return now - rivalry->last_at >= rivalry->quiet_ns;
}

/* "10.0.0.2", "10.0.0.2 and fe80::2", "10.0.0.2 and others". */
static void who(const struct rivalry *rivalry, char *buffer, size_t size)
{
    const struct ip_address *one = &rivalry->peers[0];
    const struct ip_address *other = &rivalry->peers[1];
    char first[ADDRESS_TEXT_SIZE];
    char second[ADDRESS_TEXT_SIZE] = "";

    if (one->family == IP_FAMILY_NONE)
        one = other;
    else if (other->family != IP_FAMILY_NONE)
        ip_address_format(other, second, sizeof(second));
    snprintf(buffer, size, "%s%s%s%s", ip_address_format(one, first, sizeof(first)),
             second[0] != '\0' ? " and " : "", second, rivalry->others ? " and others" : "");
}

/* ", for 340 ms (5 adverts)", or what there is to say of one alone. */
static void how_long(const struct rivalry *rivalry, char *buffer, size_t size)
{
    uint64_t ns = rivalry->before_ns + (rivalry->last_at - rivalry->began_at);
    unsigned long long ms = (ns + NS_PER_MS / 2) / NS_PER_MS;

    if (rivalry->adverts == 1)
        snprintf(buffer, size, ", once,");
    else if (rivalry->bouts == 1)
        snprintf(buffer, size, ", for %llu ms (%u adverts),", ms, (unsigned)rivalry->adverts);
    else
        snprintf(buffer, size, ", %u times, %llu ms in all (%u adverts),", (unsigned)rivalry->bouts,
                 ms, (unsigned)rivalry->adverts);
}

const char *rivalry_text(const struct rivalry *rivalry, bool over, char *buffer, size_t size)
{
    char peers[2 * ADDRESS_TEXT_SIZE + 16];
    char times[80];

    who(rivalry, peers, sizeof(peers));
    how_long(rivalry, times, sizeof(times));
    snprintf(buffer, size, "%s (priority %u) adverted as MASTER too%s %s", peers, rivalry->priority,
             times, over ? "and gave way" : "until this node was MASTER no more");
    return buffer;
}

void rivalry_told(struct rivalry *rivalry, uint64_t now)
{
    *rivalry = (struct rivalry){.told_at = now};
}
