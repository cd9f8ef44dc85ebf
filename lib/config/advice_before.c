/* See advice_before.h. */
#include "lib/config/advice_before.h"

#include "lib/config/duration.h"
#include "lib/config/instance_problem.h"

/* TimeoutStopSec= of vipd.service is more, by the longest usual linger. */
#define STOP_NS (50 * NS_PER_SEC)

static void advise_on_command(const struct config_instance *instance, struct config_problems *out)
{
    bool has = instance->hooks[HOOK_BEFORE] != NULL;

    if (!has && instance->claims_unprepared)
        config_instance_problem(out, instance, INSTANCE_BEFORE_MASTER_FAILURE,
                                "without effect: there is no before-master");
    if (!has && instance->release_first)
        config_instance_problem(out, instance, INSTANCE_RELEASE_FIRST,
                                "without before-master: nobody has the addresses for a while, and "
                                "nothing is done in that time");
    if (has && instance->before_timeout_ns > STOP_NS)
        config_instance_problem(out, instance, INSTANCE_BEFORE_MASTER_TIMEOUT,
                                "a vipd that is stopped may go on for so long, until the new "
                                "master has announced: give its unit more than the 60s of "
                                "TimeoutStopSec=");
}

/* The kernel of a node whose vipd was killed holds them until the lease ends, and peers may claim
 * as soon as they notice and their command is quick. */
static void advise_on_lease(const struct config_instance *instance, struct config_problems *out)
{
    uint64_t noticed_ns = instance->dead_factor * instance->advert_interval_ns;
    char text[DURATION_TEXT_SIZE];

    if (!instance->release_first || instance->lease_ns == 0 || instance->lease_ns <= noticed_ns)
        return;
    config_instance_problem(out, instance, INSTANCE_LEASE,
                            "with release-first it should end within %s, in which peers notice "
                            "that a vipd was killed: until it does the old node holds the "
                            "addresses, too",
                            duration_format_short(noticed_ns, text, sizeof(text)));
}

static void advise_on_avoid(const struct config_instance *instance, struct config_problems *out)
{
    if (instance->avoid == NULL)
        return;
    if (instance->priority == PRIORITY_OWNER)
        config_instance_problem(out, instance, INSTANCE_AVOID,
                                "without effect at priority 255, which nothing changes");
    else if (instance->preempt == PREEMPT_NO)
        config_instance_problem(out, instance, INSTANCE_AVOID,
                                "with preempt = no on the other nodes, too, none of them takes "
                                "over from this one while it is well");
}

void config_advise_before(const struct config *config, struct config_problems *out)
{
    for (size_t i = 0; i < config->instance_count; i++) {
        advise_on_command(&config->instances[i], out);
        advise_on_lease(&config->instances[i], out);
        advise_on_avoid(&config->instances[i], out);
    }
}
