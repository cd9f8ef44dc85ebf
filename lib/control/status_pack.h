/* An instance's status with all that it points to, in one piece of memory: for whoever writes it
 * later, in another thread. */
#ifndef VIP_CONTROL_STATUS_PACK_H
#define VIP_CONTROL_STATUS_PACK_H

#include "lib/control/control.h"

/* What begins with a packed status has to be aligned so. */
enum { STATUS_PACK_ALIGNMENT = 16 };

/*
 * Copies it into `room`, aligned, which then begins with a struct status_instance that stands by
 * itself. Returns how many octets it takes, a multiple of STATUS_PACK_ALIGNMENT. 0: it does not fit
 * into `size`, or is of authenticated adverts, whose keys are not copied.
 */
size_t control_instance_pack(const struct status_instance *instance, void *room, size_t size);

#endif
