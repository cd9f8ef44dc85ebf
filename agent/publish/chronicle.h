/*
 * The history being written: transitions, notices of instances and events of vipd itself become
 * entries, in memory (history/history.h) and on disk. A transition that nobody asked for is
 * recorded as well, and its entry says where. Owner: the agent, which is told of every new entry.
 */
#ifndef AGENT_PUBLISH_CHRONICLE_H
#define AGENT_PUBLISH_CHRONICLE_H

#include "agent/instances/instance.h"
#include "agent/recorder/recorder.h"

struct chronicle;

struct chronicle_options {
    sd_event *event;
    const char *state_dir;     /* has the file */
    struct worker *files;      /* borrowed, closed after this: writes it */
    struct recorder *recorder; /* borrowed; NULL: nothing is recorded */
    /* There is a new entry, for those who follow. */
    void (*on_entry)(void *userdata);
    void *userdata;
};

/* Reads what former runs have left. 0 or a negative errno, logged. */
int chronicle_open(const struct chronicle_options *options, struct chronicle **out);

/* Writes what is not written yet. After the recorder is closed: it may still take a recording back.
 * NULL is allowed. */
void chronicle_close(struct chronicle *chronicle);

/* All entries; there as long as the chronicle. */
const struct history *chronicle_history(const struct chronicle *chronicle);

/* A recording that an entry names could not be written. */
void chronicle_forget_recording(struct chronicle *chronicle, const char *path);

/* An event of vipd itself. */
void chronicle_event(struct chronicle *chronicle, enum history_event event, const char *text);

/* An instance has changed its state, then. */
void chronicle_transition(struct chronicle *chronicle, struct instance *instance,
                          const struct moved *moved);

/* How long one that has left INIT takes at most to preempt a master of lower priority. */
uint64_t chronicle_settle_ns(const struct instance *instance);

/* Something to remember of an instance that is no transition: see node.on_event. */
void chronicle_notice(struct chronicle *chronicle, const struct instance *instance,
                      const char *notice, const struct evidence *evidence, const char *text);

/* A stretch of boot time in ns. */
struct span {
    uint64_t from_ns;
    uint64_t to_ns;
};

/* The same of something that took its time and is over since span.to_ns. */
void chronicle_past(struct chronicle *chronicle, const struct instance *instance,
                    const char *notice, const struct evidence *evidence, const char *text,
                    struct span span);

#endif
