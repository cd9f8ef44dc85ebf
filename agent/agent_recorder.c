/* Between the agent and the flight recorder; see agent_recorder.h. */
#include "agent/agent_recorder.h"

#include "agent/base/clock.h"
#include "agent/recorder/recorder.h"

#include <stdio.h>

enum { NOTE_SIZE = 384 };

/* What was promised in the history does not exist. */
static void on_failed(void *userdata, const char *path)
{
    struct agent *agent = userdata;

    history_forget_recording(agent->history, path);
}

void agent_recorder_open(struct agent *agent)
{
    const struct config *config = agent->box->config;
    const struct recorder_options options = {
        .event = agent->node.event,
        .state_dir = agent->options.state_dir,
        .keep_ns = config->recorder_time_ns,
        .files_max = config->recorder_files,
        .on_failed = on_failed,
        .userdata = agent,
    };

    if (config->recorder)
        (void)recorder_open(&options, &agent->recorder);
    segments_set_recorder(agent->node.segments, agent->recorder);
}

void agent_recorder_close(struct agent *agent)
{
    recorder_close(agent->recorder);
    agent->recorder = NULL;
}

void agent_recorder_link(struct agent *agent, const struct link *link, bool present)
{
    struct recorder_link *recorded = recorder_find(agent->recorder, link->name);
    const char *state = "is gone";

    if (present)
        state = !link->up ? "is down" : link->carrier ? "is up" : "is up without carrier";
    if (recorded != NULL)
        recorder_link_state(recorded, clock_wall_ns(), state);
}

/* How long a router that has left INIT takes at most to preempt a master of lower priority. */
static uint64_t settle_ns(const struct instance *instance)
{
    const struct config_instance *config = instance->config;

    return 2 * election_master_down_ns(&instance->elections[0]) + config->preempt_delay_ns +
           NS_PER_SEC;
}

void agent_recorder_transition(struct agent *agent, struct instance *instance,
                               struct history_entry *entry)
{
    const struct config_instance *config = instance->config;
    const struct transition *transition = &entry->transition;
    struct recorder_link *link = recorder_find(agent->recorder, config->interface);
    const char *path = NULL;
    char text[NOTE_SIZE];

    bool wanted = recorder_policy_wants(&instance->recording, transition, config->priority,
                                        settle_ns(instance), entry->boot_ns);
    if (link == NULL)
        return;
    snprintf(text, sizeof(text), "%s: %s -> %s: %s: %s", config->name,
             vrrp_state_name(transition->from), vrrp_state_name(transition->to),
             reason_name(transition->reason), entry->text);
    recorder_link_note(link, entry->at_ns, text);
    if (wanted)
        path = recorder_save(agent->recorder, link, entry);
    if (path != NULL)
        snprintf(entry->recording, sizeof(entry->recording), "%s", path);
}
