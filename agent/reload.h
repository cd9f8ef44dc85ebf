/*
 * A reload: the new configuration is read, parsed and checked as a whole, then only what differs is
 * applied. Reading is a worker's, for files and name services may hang: until it is done everything
 * goes on as it was. One reading at a time; whoever asks meanwhile gets the next. Whether the
 * signal or the control socket asked for it makes no difference here.
 */
#ifndef AGENT_RELOAD_H
#define AGENT_RELOAD_H

#include "agent/parts.h"

struct reload;

/* parts is borrowed and open but for this. 0 or a negative errno. */
int reload_open(struct parts *parts, struct reload **out);

/* Before the worker parts->config is closed; nobody who waits is answered. NULL is allowed. */
void reload_close(struct reload *reload);

/*
 * Reloads soon. force: even if no instance would be left. later: gets what to answer, at the latest
 * after some seconds; NULL: nobody waits.
 */
void reload_ask(struct reload *reload, bool force, struct control_later *later);

/* Reads as a reload would, and answers what it would change or refuse; changes nothing, and nothing
 * is logged. later is not NULL. */
void reload_ask_dry(struct reload *reload, bool force, struct control_later *later);

#endif
