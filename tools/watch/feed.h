/*
 * What vipd says, asked again and again over one connection that is made anew when it is lost.
 * Never blocks and prints nothing: whoever owns the terminal asks what there is to say.
 */
#ifndef TOOLS_WATCH_FEED_H
#define TOOLS_WATCH_FEED_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct watch_feed;

/* path: of the control socket, borrowed. Asks every interval_ns from now on. NULL: out of memory.
 */
struct watch_feed *watch_feed_new(const char *path, uint64_t interval_ns);
void watch_feed_free(struct watch_feed *feed);

/* What to poll() for (-1: nothing), and when to call watch_feed_step() at the latest. */
int watch_feed_fd(const struct watch_feed *feed);
uint64_t watch_feed_deadline_ns(const struct watch_feed *feed);

/* Does what is due at now_ns (CLOCK_MONOTONIC). True: something to show has changed. */
bool watch_feed_step(struct watch_feed *feed, uint64_t now_ns);

/* The last complete answers, or NULL. They live until the next step. */
const json_t *watch_feed_status(const struct watch_feed *feed);
const json_t *watch_feed_history(const struct watch_feed *feed);

/* Why there is no connection; NULL: there is one, or the first is being made. */
const char *watch_feed_trouble(const struct watch_feed *feed);
/* Since when there is trouble. */
uint64_t watch_feed_trouble_since_ns(const struct watch_feed *feed);

#endif
