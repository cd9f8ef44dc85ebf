/* Examination of what vipd itself found odd about its peers; see doctor.h. */
#include "tools/doctor/doctor.h"

#include "lib/packet/auth_text.h"
#include "tools/common/field.h"

#include <string.h>

/* What mends a signature that is refused; else NULL. */
static const char *mend_of(const char *drop)
{
    for (unsigned verdict = 0; verdict < PACKET_VERDICTS; verdict++) {
        const struct auth_text *text = auth_text_of_drop((enum packet_verdict)verdict);

        if (text != NULL && strcmp(packet_verdict_name((enum packet_verdict)verdict), drop) == 0)
            return text->mend;
    }
    return NULL;
}

static void refused_peer(const char *instance, const json_t *warning, struct findings *out)
{
    const char *mend = mend_of(field_text(warning, "drop"));

    finding_add(out, SEVERITY_ERROR, "refused-peer", instance, "%s", field_text(warning, "text"));
    finding_fix(out, "%s",
                mend != NULL ? mend
                             : "it is a router of this cluster: give both nodes the same "
                               "configuration, or let protocol 112 pass between them");
}

void examine_peers_of_agent(const struct patient *patient, struct findings *out)
{
    const json_t *instance;
    const json_t *warning;
    size_t i;
    size_t n;

    json_array_foreach (json_object_get(patient->after, "instances"), i, instance) {
        json_array_foreach (json_object_get(instance, "warnings"), n, warning) {
            const char *kind = field_text(warning, "kind");

            if (strcmp(kind, "refused-peer") == 0) {
                refused_peer(field_text(instance, "name"), warning, out);
            } else if (strcmp(kind, "own-interface") == 0) {
                finding_add(out, SEVERITY_WARNING, "own-interface", field_text(instance, "name"),
                            "%s", field_text(warning, "text"));
                finding_fix(out, "sysctl -w net.ipv4.conf.all.arp_ignore=1");
            }
        }
    }
}
