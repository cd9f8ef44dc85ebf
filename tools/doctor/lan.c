/* Examination of what vipd itself found odd about its peers; see doctor.h. */
#include "tools/doctor/doctor.h"

#include "tools/common/field.h"

#include <string.h>

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
                finding_add(out, SEVERITY_ERROR, "refused-peer", field_text(instance, "name"), "%s",
                            field_text(warning, "text"));
                finding_fix(out, "it is a router of this cluster: give both nodes the same "
                                 "configuration, or let protocol 112 pass between them");
            } else if (strcmp(kind, "own-interface") == 0) {
                finding_add(out, SEVERITY_WARNING, "own-interface", field_text(instance, "name"),
                            "%s", field_text(warning, "text"));
                finding_fix(out, "sysctl -w net.ipv4.conf.all.arp_ignore=1");
            }
        }
    }
}
