/* Growing arrays that have a count and no capacity. */
#ifndef VIP_CONFIG_LIST_H
#define VIP_CONFIG_LIST_H

#include <stddef.h>

/* Makes room for one more item behind `count` ones. NULL: out of memory, *list is as before. */
void *config_list_grow(void *list, size_t count, size_t item_size);

#endif
