/* The list of findings and its two forms of output; see finding.h. The list owns its texts. */
#include "tools/doctor/finding.h"

#include "lib/control/control.h"
#include "tools/common/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* How a severity is called: on a terminal, in JSON, in the summary. */
struct severity_text {
    const char *label;
    const char *name;
    const char *one;
    const char *many;
    enum table_colour colour;
};

static const struct severity_text texts[SEVERITIES] = {
    [SEVERITY_GOOD] = {"OK", "ok", "examination found nothing wrong",
                       "examinations found nothing wrong", TABLE_GREEN},
    [SEVERITY_NOTE] = {"NOTE", "note", "note", "notes", TABLE_PLAIN},
    [SEVERITY_NOT_CHECKED] = {"UNKNOWN", "not-checked", "not checked", "not checked", TABLE_YELLOW},
    [SEVERITY_WARNING] = {"WARN", "warning", "warning", "warnings", TABLE_YELLOW},
    [SEVERITY_ERROR] = {"ERROR", "error", "error", "errors", TABLE_RED},
};

/* Texts come from files and from the wire: nothing of them may steer a terminal. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

static char *format_text(const char *format, va_list arguments)
{
    char *text = NULL;

    if (vasprintf(&text, format, arguments) < 0)
        abort();
    make_printable(text);
    return text;
}

static char *copy(const char *text)
{
    char *copied = strdup(text);

    if (copied == NULL)
        abort();
    make_printable(copied);
    return copied;
}

void finding_add(struct findings *findings, enum severity severity, const char *code,
                 const char *object, const char *seen, ...)
{
    va_list arguments;

    if (findings->count == findings->room) {
        size_t room = findings->room * 2 + 32;
        struct finding *list = reallocarray(findings->list, room, sizeof(*list));
        if (list == NULL)
            abort();
        findings->list = list;
        findings->room = room;
    }
    va_start(arguments, seen);
    findings->list[findings->count] = (struct finding){
        .id = (unsigned)findings->count + 1,
        .severity = severity,
        .code = code,
        .object = copy(object),
        .seen = format_text(seen, arguments),
        .fix = copy(""),
    };
    findings->count++;
    va_end(arguments);
}

void finding_fix(struct findings *findings, const char *fix, ...)
{
    struct finding *last = &findings->list[findings->count - 1];
    va_list arguments;

    va_start(arguments, fix);
    free(last->fix);
    last->fix = format_text(fix, arguments);
    va_end(arguments);
}

void findings_sort(struct findings *findings)
{
    struct finding *sorted = calloc(findings->count + 1, sizeof(*sorted));
    size_t used = 0;

    if (sorted == NULL)
        abort();
    for (int severity = SEVERITIES - 1; severity >= 0; severity--) {
        for (size_t i = 0; i < findings->count; i++) {
            const struct finding *one = &findings->list[i];

            if (one->severity != (enum severity)severity || one->because != 0)
                continue;
            sorted[used++] = *one;
            for (size_t j = 0; j < findings->count; j++)
                if (findings->list[j].because == one->id)
                    sorted[used++] = findings->list[j];
        }
    }
    free(findings->list);
    findings->list = sorted;
    findings->room = findings->count + 1;
}

size_t findings_count(const struct findings *findings, enum severity severity)
{
    size_t count = 0;

    for (size_t i = 0; i < findings->count; i++)
        count += findings->list[i].severity == severity ? 1 : 0;
    return count;
}

void findings_free(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        free(findings->list[i].object);
        free(findings->list[i].seen);
        free(findings->list[i].fix);
    }
    free(findings->list);
    *findings = (struct findings){0};
}

static bool is_shown(const struct finding *finding, bool good_too)
{
    return good_too || finding->severity != SEVERITY_GOOD;
}

/* How many stand for themselves, or (consequences) follow from others. */
static size_t count_own(const struct findings *findings, enum severity severity, bool consequences)
{
    size_t count = 0;

    for (size_t i = 0; i < findings->count; i++)
        count += findings->list[i].severity == severity &&
                         (findings->list[i].because != 0) == consequences
                     ? 1
                     : 0;
    return count;
}

static void print_summary(const struct findings *findings, bool good_too, FILE *out)
{
    const char *separator = "";
    size_t consequences = 0;

    for (int severity = SEVERITIES - 1; severity >= 0; severity--) {
        size_t count = count_own(findings, (enum severity)severity, false);
        const struct severity_text *text = &texts[severity];

        consequences += count_own(findings, (enum severity)severity, true);
        if (count == 0 && severity != SEVERITY_ERROR)
            continue;
        fprintf(out, "%s%zu %s", separator, count, count == 1 ? text->one : text->many);
        separator = ", ";
    }
    if (consequences > 0)
        fprintf(out, "; %zu more follow%s from these", consequences, consequences == 1 ? "s" : "");
    if (!good_too && findings_count(findings, SEVERITY_GOOD) > 0)
        fputs(" (--verbose lists them)", out);
    fputc('\n', out);
}

/* Columns as wide as the widest of those that stand for themselves. */
struct widths {
    int label;
    int object;
};

static struct widths measure(const struct findings *findings, bool good_too)
{
    struct widths widths = {0};

    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];
        int label = (int)strlen(texts[finding->severity].label);
        int object = (int)table_width(finding->object);

        if (!is_shown(finding, good_too) || finding->because != 0)
            continue;
        widths.label = label > widths.label ? label : widths.label;
        widths.object = object > widths.object ? object : widths.object;
    }
    return widths;
}

static void print_finding(const struct finding *finding, const struct widths *widths, bool colour,
                          FILE *out)
{
    const struct severity_text *text = &texts[finding->severity];

    if (finding->because != 0) {
        fprintf(out, "%*s  so: %s: %s\n", widths->label, "", finding->object, finding->seen);
        return;
    }
    fprintf(out, "%s%s%s%*s  %s%*s  %s\n", table_colour_start(text->colour, colour), text->label,
            table_colour_end(text->colour, colour), widths->label - (int)strlen(text->label), "",
            finding->object, widths->object - (int)table_width(finding->object), "", finding->seen);
    if (finding->fix[0] != '\0')
        fprintf(out, "%*s  %sfix: %s%s\n", widths->label, "", table_colour_start(TABLE_DIM, colour),
                finding->fix, table_colour_end(TABLE_DIM, colour));
}

void findings_print(const struct findings *findings, bool good_too, bool colour, FILE *out)
{
    const struct widths widths = measure(findings, good_too);

    for (size_t i = 0; i < findings->count; i++)
        if (is_shown(&findings->list[i], good_too))
            print_finding(&findings->list[i], &widths, colour, out);
    print_summary(findings, good_too, out);
}

/* The code of the finding it follows from, or null. */
static json_t *because_json(const struct findings *findings, const struct finding *finding)
{
    for (size_t i = 0; finding->because != 0 && i < findings->count; i++)
        if (findings->list[i].id == finding->because)
            return json_string(findings->list[i].code);
    return json_null();
}

json_t *findings_to_json(const struct findings *findings, bool good_too)
{
    json_t *list = json_array();

    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];

        if (!is_shown(finding, good_too))
            continue;
        json_t *fix = finding->fix[0] != '\0' ? control_text_to_json(finding->fix) : json_null();
        json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "severity",
                                              texts[finding->severity].name, "code", finding->code,
                                              "object", control_text_to_json(finding->object),
                                              "seen", control_text_to_json(finding->seen), "fix",
                                              fix, "because", because_json(findings, finding)));
    }
    return list;
}
