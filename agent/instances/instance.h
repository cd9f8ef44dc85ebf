/*
 * The room of the instances. An [instance] of the configuration is, on this node, one election for
 * each of its address families, bound to a link, to sockets and to a timer. Events come in, the
 * election decides, its actions go out; nothing here decides what an election can decide.
 *
 * The parts, from the top; each knows only those below it:
 *
 *   attach.h         tries again what could not be put on its link
 *   registry.h       all instances: find, add, replace, stop; what concerns many is passed on
 *   instance.h       an instance's life: made, put on its link, started, changed, stopped, freed
 *   requests.h       what the administrator asks: drain, take, resume
 *   receive.h        what arrives from the LAN for a router
 *   claim.h          what came of a claim, when none of it is held
 *   link_belief.h    whether its link counts as up
 *   start_delay.h    no part before the machine has been up for a while
 *   events.h         one event from beginning to end: the only place that steps elections
 *   checks_effect.h  what the checks make of an instance: priority, holds, flap-damping
 *   state.h          struct instance, which only the files above know
 *
 *   last_transition.h  the newest change of state, as it is kept
 *   handover.h       how a drain or take goes, and the words for it
 *   link.h           a router's place on a link, its macvlan
 *   way.h            the interface of an instance that names none: where its peers are
 *   source.h         the address a router sends from; source_rank.h says which is better
 *   watch.h          what a router notices on its LAN: conflicts and warnings
 *   tally.h          what a router has counted of refused and odd adverts
 *   devices.h        addresses on other links than the router's own
 *   strangers.h      addresses on a router's own link that somebody else has put there
 *   actions.h        an election's actions, carried out in their order
 *   router.h         one virtual router and its single deeds
 *   bundle.h         the elections that move together, and their timer
 *   drains.h         the list of what is drained, which survives the agent
 *   node.h           the node's parts that are borrowed, and what the agent is told
 *
 * The lower parts never call back. They are given an event or a router, do what they can by
 * themselves and answer what an election has to hear; the files above give it that event. An event
 * can bring forth others while it is being carried out, so the order within events.c and receive.c
 * is part of what they promise: addresses before announcements before adverts, reports after
 * actions, checks last.
 *
 * Who owns what: the agent owns the node and every instance. An instance owns its routers, their
 * sockets, desired addresses and watches, and holds a reference to the configuration and to its
 * bundle. The bundle owns the elections and the timer; instances of one group share it, and each
 * router points at its own election in it. Timers of the event loop are called in turns of their
 * own, so whatever they find may have changed since they were set.
 */
#ifndef AGENT_INSTANCES_INSTANCE_H
#define AGENT_INSTANCES_INSTANCE_H

#include "agent/instances/checks_effect.h"
#include "agent/instances/events.h"
#include "agent/instances/state.h"

/* Made from `config` (part of box), not started. NULL when out of memory. */
struct instance *instance_new(struct node *node, struct config_box *box,
                              const struct config_instance *config);

/* The same beside others of its group: in their bundle. */
struct instance *instance_new_in(struct node *node, struct config_box *box,
                                 const struct config_instance *config, struct bundle *bundle);

/* Releases what is still held, at once, and frees. NULL is allowed. */
void instance_free(struct instance *instance);

/* Looks at the link and takes part in the election as soon as that is ready. */
void instance_start(struct instance *instance);

/* Hands over: resigns, keeps answering for the successor (bounded), then on_stopped is called. */
void instance_stop(struct instance *instance);

/* Compares the link and its addresses with what the elections believe. Call after any change. */
void instance_refresh(struct instance *instance);

/* True when some of its addresses are to be on that link, which need not be its interface. */
bool instance_uses_device(const struct instance *instance, const struct link *link);

/* Such a link, or what is on it, has changed. */
void instance_devices_changed(struct instance *instance);

/* A link is gone. When it was the macvlan of a router (somebody else deleted it), it is made again,
 * and a MASTER claims and announces anew. */
void instance_link_gone(struct instance *instance, int ifindex);

/* Applies a configuration that differs only in what can change in place (CONFIG_UPDATED), or not
 * at all (then only the pointers move to the new value). Call segments_watch_due() after it. */
void instance_update(struct instance *instance, struct config_box *box,
                     const struct config_instance *config, bool changed);

/* The kernel has not answered for all it claims. */
bool instance_claims(const struct instance *instance);

/* True when it lists that address. */
bool instance_has_address(const struct instance *instance, const struct ip_address *address);

#endif
