/*
 * The agent: owns the event loop and every part of the node, and runs the instances of the
 * configuration from start to hand-over.
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "agent/base/realtime.h"
#include "agent/control/server.h"
#include "agent/history/history_file.h"
#include "agent/instances/instance.h"
#include "agent/publish/hooks.h"
#include "agent/publish/state_file.h"
#include "agent/publish/systemd_target.h"
#include "agent/recorder/recorder.h"

struct agent_options {
    const char *config_file;
    const char *config_dir; /* NULL: none */
    const char *control_path;
    const char *state_dir;
    const char *run_dir; /* NULL: that of control_path */
};

struct agent {
    struct agent_options options;
    struct node node;
    struct config_box *box;
    struct instance **instances;
    size_t instance_count;
    struct control_server *control;
    struct history *history;
    struct history_file *history_file;
    struct recorder *recorder; /* NULL: off */
    struct realtime realtime;
    struct hooks *hooks;
    struct systemd_targets *targets;
    struct state_files *state_files; /* NULL: none can be written */
    sd_event_source *publisher;      /* writes state files behind everything urgent */
    sd_event_source *impatience;     /* ends the wait for the last hooks */
    sd_event_source *attacher;       /* tries again what could not be put on its link */
    uint64_t attach_backoff_ns;
    uint64_t attach_tried_ns;
    sd_event_source *reaper; /* frees stopped instances outside of their own callbacks */
    uint64_t handover_id;    /* of the last drain, take or resume */
    uint64_t started_wall_ns;
    uint64_t reloaded_wall_ns; /* 0: never */
    bool last_reload_failed;
    char last_reload_problem[512]; /* the first one, when it failed */
    bool stopping;
};

/* Runs until it is told to stop. box: the configuration (a reference is taken).
 * Returns the process's exit code: 0 after a hand-over, 1 on a failure (logged). */
int agent_run(const struct agent_options *options, struct config_box *box);

/* Reads the configuration again and applies the difference. 0, or -EINVAL with problems filled in
 * (owned by the caller) and nothing changed. reply: gets what to answer a control client after a
 * success; may be NULL. */
int agent_reload(struct agent *agent, struct config_problems *problems, json_t **reply);

/* The running instance of that name, or NULL; one that is being stopped does not count. */
struct instance *agent_find(const struct agent *agent, const char *name);

/* What cannot wait: received adverts, then what is due. For whoever keeps the event loop waiting.
 */
void agent_serve_due(struct agent *agent);

/* Makes and starts an instance. 0 or a negative errno, logged. */
int agent_add(struct agent *agent, struct config_box *box, const struct config_instance *config);

/* Tells the service manager how things stand. */
void agent_notify_status(const struct agent *agent);

#endif
