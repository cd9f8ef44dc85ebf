/* Other MASTERs, told when they are over; see rivals.h. */
#include "agent/publish/rivals.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/base/source.h"
#include "lib/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    TIMER_ACCURACY_US = 100 * 1000,
    TOLD_PER_TURN = 16, /* a cut that heals may be that of all instances */
};

/* Of one that goes on on-rival is run so often at most. */
#define HOOK_GAP_NS (10 * NS_PER_SEC)

struct rivals {
    const struct registry *registry;
    struct chronicle *chronicle;
    sd_event_source *timer; /* on while there is anything to tell */
};

static void tell(const struct rivals *rivals, struct instance *instance, struct rivalry *rivalry,
                 uint64_t now_ns)
{
    const bool over = rivalry_over(rivalry, now_ns);
    const struct ip_address *peer = &rivalry->peers[0];
    const struct span span = {.from_ns = rivalry->first_at, .to_ns = rivalry->last_at};
    char text[RIVALRY_TEXT_SIZE];

    if (peer->family == IP_FAMILY_NONE)
        peer = &rivalry->peers[1];
    const struct evidence evidence = {.peer = *peer,
                                      .peer_priority = rivalry->priority,
                                      .own_priority = instance->elections[0].params.priority};
    rivalry_text(rivalry, over, text, sizeof(text));
    log_instance(LOG_WARNING, instance->config->name, "%s", text);
    chronicle_past(rivals->chronicle, instance, over ? "rival-gave-way" : "rival-stayed", &evidence,
                   text, span);
    rivalry_told(rivalry, now_ns);
}

static void look_at(const struct rivals *rivals, uint64_t at_ns)
{
    int r = source_set_time(rivals->timer, at_ns / NS_PER_US + 1);

    if (r >= 0)
        r = source_set_enabled(rivals->timer, SD_EVENT_ONESHOT);
    if (r < 0)
        log_msg(LOG_ERR, "cannot set the timer of other masters: %s", strerror(-r));
}

/* Tells some of those that are due, and comes again for the next. */
static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
    const struct rivals *rivals = userdata;
    uint64_t now_ns = clock_boot_ns();
    uint64_t next_ns = DEADLINE_NEVER;
    unsigned told = 0;

    (void)source;
    (void)usec;
    for (size_t i = 0; i < registry_count(rivals->registry); i++) {
        struct instance *instance = registry_at(rivals->registry, i);

        if (instance->rival == NULL)
            continue;
        uint64_t due_ns = rivalry_deadline(&instance->rival->rivalry);

        if (due_ns <= now_ns && told < TOLD_PER_TURN) {
            tell(rivals, instance, &instance->rival->rivalry, now_ns);
            told++;
        } else if (due_ns < next_ns) {
            next_ns = due_ns;
        }
    }
    if (next_ns != DEADLINE_NEVER)
        look_at(rivals, next_ns);
    return 0;
}

/* Others may be due before. */
static void expect(const struct rivals *rivals, const struct rivalry *rivalry)
{
    const uint64_t due_ns = rivalry_deadline(rivalry);
    int enabled = SD_EVENT_OFF;
    uint64_t at_us = 0;

    (void)sd_event_source_get_enabled(rivals->timer, &enabled);
    (void)sd_event_source_get_time(rivals->timer, &at_us);
    if (enabled == SD_EVENT_OFF || at_us > due_ns / NS_PER_US + 1)
        look_at(rivals, due_ns);
}

bool rivals_heard(struct rivals *rivals, struct instance *instance, const struct advert *advert)
{
    const uint64_t now_ns = clock_boot_ns();

    if (instance->rival == NULL)
        instance->rival = calloc(1, sizeof(*instance->rival));
    if (instance->rival == NULL)
        return false;
    struct rival *rival = instance->rival;
    if (!rivalry_hear(&rival->rivalry, advert, now_ns))
        return false;
    expect(rivals, &rival->rivalry);
    if (rival->hook_ns != 0 && now_ns - rival->hook_ns < HOOK_GAP_NS)
        return false;
    rival->hook_ns = now_ns;
    return true;
}

void rivals_moved(struct rivals *rivals, struct instance *instance)
{
    if (instance->state != VRRP_MASTER && instance->rival != NULL &&
        instance->rival->rivalry.adverts > 0)
        tell(rivals, instance, &instance->rival->rivalry, clock_boot_ns());
}

int rivals_open(sd_event *event, const struct registry *registry, struct chronicle *chronicle,
                struct rivals **out)
{
    struct rivals *rivals = calloc(1, sizeof(*rivals));
    int r = -ENOMEM;

    *out = rivals;
    if (rivals == NULL)
        return r;
    *rivals = (struct rivals){.registry = registry, .chronicle = chronicle};
    r = source_add_time(event, &rivals->timer, CLOCK_BOOTTIME, 0, TIMER_ACCURACY_US, on_time,
                        rivals);
    if (r >= 0)
        r = sd_event_source_set_priority(rivals->timer, AGENT_PRIORITY_STATE);
    if (r >= 0)
        r = source_set_enabled(rivals->timer, SD_EVENT_OFF);
    return r;
}

void rivals_close(struct rivals *rivals)
{
    if (rivals == NULL)
        return;
    sd_event_source_disable_unref(rivals->timer);
    free(rivals);
}
