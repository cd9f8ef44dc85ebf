/* Gathers what `vipctl doctor` looks at: vipd's status, the configuration, links and addresses. */
#ifndef TOOLS_DOCTOR_PATIENT_H
#define TOOLS_DOCTOR_PATIENT_H

#include "tools/common/context.h"
#include "tools/doctor/doctor.h"

struct doctor_options {
    const char *config_file; /* NULL: that of the running vipd, else the standard one */
    const char *config_dir;
    const char *root;
    uint64_t listen_ns; /* DEADLINE_NEVER: as long as the configuration's intervals need */
    bool json;
    bool verbose;
};

/* What a patient is made of. */
struct patient_parts {
    struct config *config;
    struct config_problems problems;
    struct config_problems advice;
    struct network_view network;
    json_t *before;
    json_t *after;
};

/* Reads all but `after` and the wire. What cannot be had is a finding. False: nothing can be
 * examined (said as a finding as well). patient_release() in either case. */
bool patient_gather(const struct context *context, const struct doctor_options *options,
                    struct patient_parts *parts, struct patient *patient, struct findings *out);

/* Asks a running vipd for its status once more. */
void patient_ask_again(const struct context *context, struct patient_parts *parts,
                       struct patient *patient, struct findings *out);

void patient_release(struct patient_parts *parts);

#endif
