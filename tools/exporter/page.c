/* The page: a verdict with what to do next, then each instance; see page.h. */
#include "tools/exporter/page.h"

#include "tools/common/addresses.h"
#include "tools/common/field.h"
#include "tools/common/health.h"
#include "tools/common/present.h"
#include "tools/common/when.h"
#include "tools/exporter/html.h"
#include "tools/exporter/page_style.h"

#include <stdbool.h>
#include <string.h>

enum { REFRESH_S = 15, TIME_SIZE = 64, ADDRESSES_MAX = 12 };

static void write_head(FILE *out, const char *node, const char *verdict)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n"
          "<meta name=\"robots\" content=\"noindex\">\n",
          out);
    fprintf(out, "<meta http-equiv=\"refresh\" content=\"%d\">\n", REFRESH_S);
    /* What a tab shows. */
    html(out, "<title>%s: %s</title>\n<style>\n", verdict, node);
    fputs(PAGE_STYLE, out);
    fputs("</style>\n</head>\n<body>\n", out);
}

static void write_foot(FILE *out, const struct page_facts *facts)
{
    char now[TIME_SIZE] = "";
    struct tm tm;

    if (localtime_r(&facts->now, &tm) != NULL)
        strftime(now, sizeof(now), "%Y-%m-%d %H:%M:%S %Z", &tm);
    fputs("<footer>\n<p>", out);
    html(out, "As of %s; reads itself anew every ", now);
    fprintf(out, "%d s. <a href=\"/metrics\">metrics</a></p>\n</footer>\n</body>\n</html>\n",
            REFRESH_S);
}

/* ---- What is wrong, and what to type. */

static void write_problem(FILE *out, const json_t *problem)
{
    const char *instance = json_string_value(json_object_get(problem, "instance"));

    html(out, "<li><strong class=\"%s\">%s</strong> ", field_text(problem, "health"),
         instance != NULL ? instance : "this node");
    html(out, "%s <span class=\"next\">next: <code>%s</code></span></li>\n",
         field_text(problem, "text"), field_text(problem, "next"));
}

/* Whether one before the end-th says it, too: that it is in INIT because a check fails, and that
 * the check fails. */
static bool is_said(const json_t *problems, size_t end)
{
    const json_t *problem = json_array_get(problems, end);
    const json_t *instance = json_object_get(problem, "instance");

    for (size_t i = 0; i < end; i++) {
        const json_t *before = json_array_get(problems, i);

        if (json_equal(json_object_get(before, "instance"), instance) &&
            strstr(field_text(before, "text"), field_text(problem, "text")) != NULL)
            return true;
    }
    return false;
}

/* "1 thing is bad, 2 need a look". */
static void write_count(FILE *out, const json_t *problems)
{
    const json_t *problem;
    size_t bad = 0;
    size_t other = 0;
    size_t i;

    json_array_foreach (problems, i, problem) {
        if (strcmp(field_text(problem, "health"), health_name(HEALTH_BAD)) == 0)
            bad++;
        else if (!is_said(problems, i))
            other++;
    }
    if (bad > 0)
        fprintf(out, "%zu thing%s bad", bad, bad == 1 ? " is" : "s are");
    if (bad > 0 && other > 0)
        fprintf(out, ", %zu need%s a look", other, other == 1 ? "s" : "");
    else if (other > 0)
        fprintf(out, "%zu thing%s a look", other, other == 1 ? " needs" : "s need");
}

static void write_verdict(FILE *out, const json_t *problems, enum health worst)
{
    const json_t *problem;
    size_t i;

    html(out, "<section class=\"verdict %s\">\n<h2>", health_name(worst));
    if (worst == HEALTH_FINE)
        fputs("All is well", out);
    else
        write_count(out, problems);
    fputs("</h2>\n", out);
    if (worst != HEALTH_FINE) {
        fputs("<ul>\n", out);
        json_array_foreach (problems, i, problem)
            if (!is_said(problems, i))
                write_problem(out, problem);
        fputs("</ul>\n", out);
    }
    fputs("</section>\n", out);
}

/* ---- An instance. */

static const char *state_class(const json_t *instance)
{
    const char *state = field_text(instance, "state");

    if (json_is_object(json_object_get(instance, "drained")))
        return "drained";
    if (strcmp(state, "MASTER") == 0)
        return "master";
    return strcmp(state, "INIT") == 0 ? "init" : "backup";
}

static void write_state(FILE *out, const json_t *instance)
{
    html(out, "<span class=\"state %s\">%s</span>", state_class(instance),
         field_text(instance, "state"));
}

/* All at a glance, where there is more than one. */
static void write_overview(FILE *out, const json_t *instances)
{
    const json_t *instance;
    size_t i;

    if (json_array_size(instances) < 2)
        return;
    fputs("<nav>\n", out);
    json_array_foreach (instances, i, instance) {
        html(out, "<a href=\"#%s\">%s ", field_text(instance, "name"),
             field_text(instance, "name"));
        write_state(out, instance);
        fputs("</a>\n", out);
    }
    fputs("</nav>\n", out);
}

static void write_instance_head(FILE *out, const json_t *instance, time_t now)
{
    const json_t *last = json_object_get(instance, "last_transition");
    bool master = strcmp(field_text(instance, "state"), "MASTER") == 0;
    char age[WHEN_SIZE];
    char present[PRESENT_SIZE];

    html(out, "<div class=\"head\"><h2>%s</h2> ", field_text(instance, "name"));
    write_state(out, instance);
    html(out, " <span class=\"age\">for %s</span></div>\n<p class=\"present\">%s",
         when_age(field_text(instance, "since"), now, age, sizeof(age)),
         present_text(instance, present, sizeof(present)));
    if (master && json_is_object(last))
        html(out, ": %s", field_text(last, "text"));
    fputs("</p>\n", out);
}

static void write_addresses(FILE *out, const json_t *instance)
{
    bool master = strcmp(field_text(instance, "state"), "MASTER") == 0;
    const json_t *list = json_object_get(instance, "addresses");
    const json_t *address;
    size_t i;

    fputs("<dt>Addresses</dt>\n", out);
    json_array_foreach (list, i, address) {
        bool held = field_true(address, "held");

        if (i == ADDRESSES_MAX) {
            fprintf(out, "<dd class=\"dim\">and %zu more</dd>\n", json_array_size(list) - i);
            break;
        }
        html(out, "<dd>%s <span class=\"%s\">%s</span></dd>\n", field_text(address, "address"),
             held     ? "good"
             : master ? "bad"
                      : "dim",
             held ? "held" : "not held");
    }
    if (json_array_size(list) == 0)
        fputs("<dd class=\"dim\">none</dd>\n", out);
}

static void write_master(FILE *out, const json_t *instance)
{
    const json_t *master = json_object_get(instance, "master");

    if (!json_is_object(master)) {
        fputs("<dt>Master</dt>\n<dd class=\"bad\">nobody known</dd>\n", out);
        return;
    }
    html(out, "<dt>Master</dt>\n<dd>%s%s", field_text(master, "address"),
         field_true(master, "is_us") ? " (this node)" : "");
    fprintf(out, ", priority %lld</dd>\n", field_number(master, "priority"));
}

static void write_place(FILE *out, const json_t *instance)
{
    html(out, "<dt>Priority</dt>\n<dd>%s", field_text(instance, "priority_text"));
    if (field_number(instance, "effective_priority") != field_number(instance, "base_priority"))
        fprintf(out, " <span class=\"dim\">(configured %lld)</span>",
                field_number(instance, "base_priority"));
    html(out, "</dd>\n<dt>Interface</dt>\n<dd>%s", field_text(instance, "interface"));
    fprintf(out, ", VRID %lld</dd>\n", field_number(instance, "vrid"));
}

static void write_check(FILE *out, const json_t *check, time_t now)
{
    const char *state = field_text(check, "state");
    const json_t *run = json_object_get(check, "run_ms");
    const char *colour = "dim";
    char age[WHEN_SIZE];

    if (strcmp(state, "passing") == 0)
        colour = "good";
    else if (strcmp(state, "failing") == 0)
        colour = "bad";
    html(out, "<dd>%s <span class=\"%s\">%s</span> for %s", field_text(check, "name"), colour,
         state, when_age(field_text(check, "since"), now, age, sizeof(age)));
    html(out, ": <span class=\"dim\">%s", field_text(check, "text"));
    if (json_is_number(run))
        fprintf(out, " (%.1f ms)", json_number_value(run));
    fputs("</span></dd>\n", out);
}

static void write_checks(FILE *out, const json_t *instance, time_t now)
{
    const json_t *checks = json_object_get(instance, "checks");
    const json_t *check;
    size_t i;

    if (json_array_size(checks) > 0)
        fputs("<dt>Checks</dt>\n", out);
    json_array_foreach (checks, i, check)
        write_check(out, check, now);
}

static void write_last(FILE *out, const json_t *instance, time_t now)
{
    const json_t *last = json_object_get(instance, "last_transition");
    char at[WHEN_SIZE];

    if (!json_is_object(last))
        return;
    html(out, "<dt>Changed</dt>\n<dd><span class=\"number\">%s</span>, %s &rarr; %s: ",
         when_since(field_text(last, "at"), now, at, sizeof(at)), field_text(last, "from"),
         field_text(last, "to"));
    html(out, "%s</dd>\n", field_text(last, "text"));
}

static void write_instance(FILE *out, const json_t *instance, time_t now)
{
    html(out, "<article id=\"%s\">\n", field_text(instance, "name"));
    write_instance_head(out, instance, now);
    fputs("<dl>\n", out);
    write_addresses(out, instance);
    write_master(out, instance);
    write_place(out, instance);
    write_checks(out, instance, now);
    write_last(out, instance, now);
    fputs("</dl>\n</article>\n", out);
}

/* ---- The page as a whole. */

static void write_status(FILE *out, const json_t *status, const struct page_facts *facts)
{
    static const char *const verdicts[] = {"OK", "WARNING", "BAD"};
    const json_t *instances = json_object_get(status, "instances");
    enum health worst;
    json_t *problems = health_judge(status, &worst);
    const json_t *instance;
    char since[WHEN_SIZE];
    size_t i;

    write_head(out, field_text(status, "node"), verdicts[worst]);
    html(out, "<header>\n<h1>%s</h1>\n<p>vipd %s, running since %s</p>\n</header>\n",
         field_text(status, "node"), field_text(status, "software"),
         when_since(field_text(status, "started_at"), facts->now, since, sizeof(since)));
    write_verdict(out, problems, worst);
    write_overview(out, instances);
    json_array_foreach (instances, i, instance)
        write_instance(out, instance, facts->now);
    if (json_array_size(instances) == 0)
        fputs("<article><p>No instance is configured: add an <code>[instance NAME]</code> and run "
              "<code>vipctl reload</code>.</p></article>\n",
              out);
    json_decref(problems);
}

static void write_down(FILE *out, const struct page_facts *facts)
{
    char at[TIME_SIZE] = "";
    struct tm tm;

    write_head(out, "vipd", "DOWN");
    fputs("<header>\n<h1>vipd is down</h1>\n</header>\n<section class=\"verdict bad\">\n", out);
    html(out, "<h2>This node takes no part</h2>\n<ul>\n<li>%s", facts->problem);
    fputs(" <span class=\"next\">next: <code>systemctl status vipd</code></span></li>\n</ul>\n",
          out);
    if (facts->well_at != 0 && localtime_r(&facts->well_at, &tm) != NULL)
        strftime(at, sizeof(at), "%Y-%m-%d %H:%M:%S %Z", &tm);
    if (at[0] != '\0')
        html(out, "<p class=\"dim\">It answered last at %s.</p>\n", at);
    fputs("</section>\n", out);
}

void page_write(FILE *out, const json_t *status, const struct page_facts *facts)
{
    if (status != NULL)
        write_status(out, status, facts);
    else
        write_down(out, facts);
    write_foot(out, facts);
}
