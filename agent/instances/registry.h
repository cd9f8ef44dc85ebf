/*
 * All instances of this node. It finds them by name, adds them (those of one [group] in one bundle,
 * those that are drained drained), tells each of what concerns many, and frees what has stopped,
 * outside of its own callbacks. An instance that is to be another virtual router hands over first;
 * what comes after it is started when it is done.
 *
 * It owns the instances and the list of what is drained (node.drains); the rest of the node is
 * borrowed. What it has to tell is told to whoever opened it; nothing above this room is known
 * here.
 */
#ifndef AGENT_INSTANCES_REGISTRY_H
#define AGENT_INSTANCES_REGISTRY_H

#include "agent/instances/instance.h"

struct registry;

/* All are called from the event loop or from registry_add(). */
struct registry_observer {
    /* A new instance has been started. */
    void (*on_added)(void *userdata, struct instance *instance);
    /* An instance is gone. successor: another one of that name, added while the old one was still
     * handing over; or NULL. */
    void (*on_removed)(void *userdata, const char *name, struct instance *successor);
    /* All were told to stop, and the last one is gone. A negative errno ends the loop. */
    int (*on_ended)(void *userdata);
    void *userdata;
};

/* node is borrowed. 0 or a negative errno. */
int registry_open(struct node *node, const struct registry_observer *observer,
                  struct registry **out);

/* Opens the list of what is drained, and the stamps of authenticated adverts: once, before the
 * first instance. 0 or a negative errno, logged. worker saves it, and is closed after the registry.
 */
int registry_open_state(struct registry *registry, struct worker *worker, const char *state_dir,
                        const struct config *config);

/* Releases what is still held, at once, and frees all instances. NULL is allowed. */
void registry_clear(struct registry *registry);

/* After registry_clear(). NULL is allowed. */
void registry_close(struct registry *registry);

/* Every instance there is, also those that are stopping: 0 up to before registry_count(). */
size_t registry_count(const struct registry *registry);
struct instance *registry_at(const struct registry *registry, size_t index);

/* Another number after an instance came or went: an index may mean another one then. */
uint64_t registry_generation(const struct registry *registry);

/* The running instance of that name, or NULL; one that is being stopped does not count. */
struct instance *registry_find(const struct registry *registry, const char *name);

/* The same, for who asks for many in their order: looks from *near on, which then is behind it. */
struct instance *registry_find_near(const struct registry *registry, const char *name,
                                    size_t *near);

/* Makes and starts an instance. 0 or a negative errno, logged. */
int registry_add(struct registry *registry, struct config_box *box,
                 const struct config_instance *config);

/* Stops one that runs: it hands over, and is gone in a later turn of the loop. */
void registry_remove(struct registry *registry, struct instance *instance);

/* The same, then adds one of `config` (part of box) in its place. */
void registry_replace(struct registry *registry, struct instance *instance, struct config_box *box,
                      const struct config_instance *config);

/* What is still to come after instances that hand over is what `box` has of it, if anything. */
void registry_retarget(struct registry *registry, struct config_box *box);

/* Stops all; nothing is started any more. */
void registry_stop_all(struct registry *registry);

/* registry_stop_all() was called; the last instance may still be handing over. */
bool registry_stopping(const struct registry *registry);

/* It was, and the last one is gone. */
bool registry_ended(const struct registry *registry);

/* An instance has changed its state, or its configuration: those that avoid it look at that in the
 * next turn of the loop. */
void registry_avoid_soon(struct registry *registry);

/* An instance has stopped (node.on_stopped): it is freed in a later turn of the loop, of many some
 * in each: what they take is bounded. */
void registry_reap_soon(struct registry *registry);

/* True when any instance claims that address as a virtual one (node.is_virtual). */
bool registry_is_virtual(const struct registry *registry, const struct ip_address *address);

/* Has all look at their links again; or those that are, or should be, on that one. */
void registry_refresh(struct registry *registry);
void registry_refresh_link(struct registry *registry, const struct link *link);

/* A link is gone. */
void registry_link_gone(struct registry *registry, const struct link *link);

/* The check of that name counts otherwise. */
void registry_check_changed(struct registry *registry, const char *check);

#endif
