/* What an examination finds: how bad, on what, what was seen, how to mend it. */
#ifndef TOOLS_DOCTOR_FINDING_H
#define TOOLS_DOCTOR_FINDING_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* In rising order. */
enum severity {
    SEVERITY_GOOD = 0,    /* examined, nothing wrong */
    SEVERITY_NOTE,        /* worth knowing */
    SEVERITY_NOT_CHECKED, /* could not be examined; `seen` says why */
    SEVERITY_WARNING,     /* works now, and will bite */
    SEVERITY_ERROR,       /* does not work */
    SEVERITIES,           /* how many there are */
};

struct finding {
    enum severity severity;
    unsigned id;      /* from 1, in the order in which they were added */
    unsigned because; /* of the finding that this one follows from; 0: it stands for itself */
    const char *code; /* static text: names the kind of finding for scripts */
    char *object;     /* "eth0", "web", "this node" */
    char *seen;
    char *fix; /* empty: nothing to be done about it */
};

struct findings {
    struct finding *list;
    size_t count;
    size_t room;
};

/* Appends a finding; texts are copied, octets that do not belong on a terminal become '?'. */
void finding_add(struct findings *findings, enum severity severity, const char *code,
                 const char *object, const char *seen, ...) __attribute__((format(printf, 5, 6)));

/* Sets the fix of the finding added last. */
void finding_fix(struct findings *findings, const char *fix, ...)
    __attribute__((format(printf, 2, 3)));

/* The worst first; of equal severity in the order in which they were added; what follows from a
 * finding right behind it. */
void findings_sort(struct findings *findings);

/* How many there are of that severity. */
size_t findings_count(const struct findings *findings, enum severity severity);

void findings_free(struct findings *findings);

/* One line for each finding, its fix and what follows from it indented below, then a summary. Those
 * that are good are listed only when asked for. */
void findings_print(const struct findings *findings, bool good_too, bool colour, FILE *out);

/* The same as an array of {severity, code, object, seen, fix, because}: fix is null where there is
 * none; because is null, or the code of the finding before it from which it follows. */
json_t *findings_to_json(const struct findings *findings, bool good_too);

#endif
