/* One sender's adverts as they arrive at one instance, and what vipd says of that instance's
 * routers; shared by the examinations of the wire. */
#ifndef TOOLS_DOCTOR_ARRIVAL_H
#define TOOLS_DOCTOR_ARRIVAL_H

#include "tools/doctor/doctor.h"
#include "tools/doctor/wire.h"

/* One advert may be a hand-over that is just happening. */
enum { ADVERTS_THAT_TELL = 2 };

struct arrival {
    const struct patient *patient;
    const struct config_instance *instance;
    const struct link_view *link;
    const struct heard *heard;
    char source[ADDRESS_TEXT_SIZE];
    char sender[ADDRESS_TEXT_SIZE + MAC_TEXT_SIZE + 4]; /* with the MAC of the frame */
    struct advert advert;                               /* as it is by itself */
    enum packet_verdict verdict;                        /* by itself */
    enum packet_verdict received;                       /* what the instance does with it */
    uint32_t warnings;
};

/* Whether what was heard is of the instance's VRID, interface and families, and not another's that
 * has the same and that it fits better. */
bool arrival_concerns(const struct patient *patient, const struct heard *heard,
                      const struct config_instance *instance);

/* Fills in `received` and `warnings`: what the instance does with it. */
void arrival_receive(struct arrival *arrival);

/* The status of one router of an instance; NULL: there is none. */
const json_t *patient_router(const struct patient *patient, const json_t *status,
                             const struct config_instance *instance, enum ip_family family);

/* True when the router was in that state before and after the listening. */
bool patient_stayed(const struct patient *patient, const struct config_instance *instance,
                    enum ip_family family, const char *state);

#endif
