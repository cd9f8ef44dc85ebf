/* A bounded queue of octets. The queued ones move to the front only when room is needed. */
#include "agent/base/byte_queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_FIRST = 4096 };

size_t byte_queue_used(const struct byte_queue *queue)
{
    return queue->end - queue->start;
}

const char *byte_queue_front(const struct byte_queue *queue)
{
    return queue->data == NULL ? NULL : queue->data + queue->start;
}

bool byte_queue_reserve(struct byte_queue *queue, size_t more)
{
    const size_t used = byte_queue_used(queue);
    size_t size = queue->size > 0 ? queue->size : SIZE_FIRST;

    if (more > queue->size_max - used)
        return false;
    if (more <= queue->size - queue->end)
        return true;
    if (queue->start > 0) {
        memmove(queue->data, queue->data + queue->start, used);
        queue->start = 0;
        queue->end = used;
    }
    while (size < used + more)
        size *= 2;
    if (size == queue->size)
        return true;
    char *data = realloc(queue->data, size);
    if (data == NULL)
        return false;
    queue->data = data;
    queue->size = size;
    return true;
}

bool byte_queue_append(struct byte_queue *queue, const char *octets, size_t count)
{
    if (!byte_queue_reserve(queue, count))
        return false;
    if (count > 0)
        memcpy(queue->data + queue->end, octets, count);
    queue->end += count;
    return true;
}

void byte_queue_take(struct byte_queue *queue, size_t count)
{
    assert(count <= byte_queue_used(queue));
    queue->start += count;
    if (queue->start == queue->end)
        queue->start = queue->end = 0;
}

void byte_queue_free(struct byte_queue *queue)
{
    free(queue->data);
    *queue = (struct byte_queue){.size_max = queue->size_max};
}
