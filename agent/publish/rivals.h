/*
 * Other MASTERs beside an instance of this node, as the log and the history tell of them: one entry
 * for each time two were MASTER, when it is over (lib/election/rivalry.h). One that goes on is
 * told meanwhile as the warning second-master, which is instances/watch.h's.
 */
#ifndef AGENT_PUBLISH_RIVALS_H
#define AGENT_PUBLISH_RIVALS_H

#include "agent/instances/registry.h"
#include "agent/publish/chronicle.h"

struct rivals;

/* 0 or a negative errno; *out is to be closed in either case. Both are borrowed. */
int rivals_open(sd_event *event, const struct registry *registry, struct chronicle *chronicle,
                struct rivals **out);

/* NULL is allowed. What is not over yet is not told. */
void rivals_close(struct rivals *rivals);

/* The instance is MASTER and has heard this advert, which loses. True: on-rival is due. */
bool rivals_heard(struct rivals *rivals, struct instance *instance, const struct advert *advert);

/* The instance has changed its state. */
void rivals_moved(struct rivals *rivals, struct instance *instance);

#endif
