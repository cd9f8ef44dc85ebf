/* A bounded queue of octets in one piece of memory that grows as needed: octets go in at the end
 * and are taken from the front. All zero but size_max is an empty one. */
#ifndef AGENT_BASE_BYTE_QUEUE_H
#define AGENT_BASE_BYTE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct byte_queue {
    char *data;
    size_t start;
    size_t end; /* data[start .. end) is queued */
    size_t size;
    size_t size_max; /* octets that may be queued */
};

size_t byte_queue_used(const struct byte_queue *queue);

/* The queued octets. NULL while nothing was ever queued. */
const char *byte_queue_front(const struct byte_queue *queue);

/* Makes room for `more` octets at data + end. False: over the limit, or no memory. */
bool byte_queue_reserve(struct byte_queue *queue, size_t more);

/* False: over the limit, or no memory; then nothing is queued. */
bool byte_queue_append(struct byte_queue *queue, const char *octets, size_t count);

/* Forgets the first `count` octets. */
void byte_queue_take(struct byte_queue *queue, size_t count);

void byte_queue_free(struct byte_queue *queue);

#endif
