/* Growing arrays; see list.h. */
#include "lib/config/list.h"

#include <stdlib.h>

void *config_list_grow(void *list, size_t count, size_t item_size)
{
    /* Room doubles whenever the count is a power of two: no capacity to keep. */
    if (count != 0 && (count & (count - 1)) != 0)
        return list;
    return reallocarray(list, count == 0 ? 1 : count * 2, item_size);
}
