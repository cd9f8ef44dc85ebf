/* What is the matter with the signature of an advert, or that it has none: who does not sign, with
 * which key, by which clock. No key is shown. */
#ifndef TOOLS_DOCTOR_ADVERTS_AUTH_H
#define TOOLS_DOCTOR_ADVERTS_AUTH_H

#include "tools/doctor/arrival.h"

/* True when the instance drops it for that. */
bool judge_trailer(const struct arrival *arrival, struct findings *out);

#endif
