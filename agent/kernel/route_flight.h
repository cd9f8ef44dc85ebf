/*
 * One comparison of the routes and rules that are wanted with those of ours that the kernel has,
 * and what follows from it: additions first, then the removal of what nobody wants, leftovers of a
 * predecessor among it. Run by a worker's thread; what is wanted is copied into it before, what
 * came of it taken out afterwards. For route_keeper.c only.
 */
#ifndef AGENT_KERNEL_ROUTE_FLIGHT_H
#define AGENT_KERNEL_ROUTE_FLIGHT_H

#include "agent/kernel/route_read.h"
#include "agent/kernel/rtnl_batch.h"

struct route_set;

enum { ROUTE_DETAIL_SIZE = 96 };

/* One that is wanted, and what came of it. */
struct route_wish {
    struct route_item item;
    struct route_set *set; /* the loop's; NULL: nobody wants it any more */
    size_t index;          /* in the set's list of its kind */
    bool no_link;          /* its dev is not there: it is not tried */
    bool added;            /* it was not there */
    int result;            /* 0: the kernel has it; -EEXIST: somebody else's is in its place */
    char detail[ROUTE_DETAIL_SIZE]; /* what the kernel says beyond the errno; "" */
};

/* All zero to begin with. */
struct route_flight {
    struct rtnl_batch *rtnl;
    struct route_reader *reader;
    struct route_wish *wishes;
    size_t count;
    size_t room;
    struct route_items there; /* ours in the kernel, as last read and changed since */
    bool look;                /* they are to be read first; rules are in any case */
    struct route_step *steps; /* scratch */
    size_t step_room;

    int look_result;
    bool rules_known;  /* they could be read */
    uint64_t look_ns;  /* how long reading took */
    bool unsure;       /* something is there that is not known */
    size_t removed;    /* how many nobody wanted */
    int removal_error; /* of the first that could not be removed; 0: none */
};

/* 0 or a negative errno. */
int route_flight_open(struct route_flight *flight);
void route_flight_close(struct route_flight *flight);

/* Room for one more wish, all zero; NULL: out of memory. */
struct route_wish *route_flight_add(struct route_flight *flight);

void route_flight_run(struct route_flight *flight);

#endif
