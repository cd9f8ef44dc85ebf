/* Which findings follow from which: a peer that cannot be heard is not one fault more than the
 * firewall rule that drops its adverts. */
#ifndef TOOLS_DOCTOR_CAUSES_H
#define TOOLS_DOCTOR_CAUSES_H

#include "tools/doctor/finding.h"

/* Whether what is amiss with `cause` (an instance, an interface, the node) can be seen at
 * `symptom`, which is another of these names. */
typedef bool (*causes_relate_fn)(const void *userdata, const char *cause, const char *symptom);

/* Notes for each finding that follows from another one which that is (`because`), to the first
 * cause; that one is as severe as the worst of what follows from it. Before findings_sort(). */
void causes_fold(struct findings *findings, causes_relate_fn relate, const void *userdata);

#endif
