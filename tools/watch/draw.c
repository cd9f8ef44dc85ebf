/* Drawing of the full screen, from the top to the line of keys: see draw.h. */
#include "tools/watch/draw.h"

#include "lib/limits.h"
#include "tools/common/field.h"
#include "tools/common/planned.h"
#include "tools/watch/table.h"

#include <ncurses.h>
#include <string.h>
#include <time.h>

enum {
    LINE_SIZE = 512,
    EVENTS_MIN = 4, /* lines kept for transitions, their title included */
    BLOCK_MAX = 8,  /* of checks or warnings, its title included */
};

/* How long a restart of vipd is told. */
#define NEWS_NS (15 * NS_PER_SEC)

/* Where the next line goes. */
struct pen {
    int line;
    int last; /* the last line that may be drawn on */
};

/* Octets of the first `columns` characters. */
static int cut(const char *text, size_t columns)
{
    size_t length = 0;

    while (text[length] != '\0') {
        bool starts = ((unsigned char)text[length] & 0xc0) != 0x80;

        if (starts && columns-- == 0)
            break;
        length++;
    }
    return (int)length;
}

static void put_at(int line, size_t column, size_t width, const char *text)
{
    if (column >= (size_t)COLS)
        return;
    if (width > (size_t)COLS - column)
        width = (size_t)COLS - column;
    mvaddnstr(line, (int)column, text, cut(text, width));
}

/* As attrset() takes it. */
static int attribute(const struct watch_view *view, enum table_colour colour)
{
    if (colour == TABLE_PLAIN)
        return (int)A_NORMAL;
    if (colour == TABLE_BOLD)
        return (int)A_BOLD;
    if (colour == TABLE_DIM)
        return (int)A_DIM;
    return view->colour ? COLOR_PAIR(colour) : (int)A_BOLD;
}

/* A whole line, if there is room for it. */
static void put(const struct watch_view *view, struct pen *pen, enum table_colour colour,
                const char *text)
{
    if (pen->line > pen->last)
        return;
    attrset(attribute(view, colour));
    put_at(pen->line++, 0, (size_t)COLS, text);
    attrset(A_NORMAL);
}

static void put_bar(int line, const char *left, const char *right)
{
    attrset(A_REVERSE);
    mvhline(line, 0, ' ', COLS);
    put_at(line, 1, (size_t)COLS, left);
    if (table_width(left) + table_width(right) + 3 < (size_t)COLS)
        put_at(line, (size_t)COLS - table_width(right) - 1, table_width(right), right);
    attrset(A_NORMAL);
}

static void draw_head(const struct watch_view *view)
{
    char left[LINE_SIZE] = "vipctl watch";
    char totals[LINE_SIZE];
    char right[32] = "";
    time_t now = time(NULL);
    struct tm tm;

    if (view->status != NULL)
        snprintf(left, sizeof(left), "vipd %s on %s   %s", field_text(view->status, "software"),
                 field_text(view->status, "node"),
                 watch_totals(view->status, totals, sizeof(totals)));
    if (localtime_r(&now, &tm) != NULL)
        strftime(right, sizeof(right), "%T", &tm);
    put_bar(0, watch_printable(left), right);
}

static void draw_trouble(const struct watch_view *view, const struct watch_feed *feed,
                         struct pen *pen, uint64_t now_ns)
{
    const char *trouble = watch_feed_trouble(feed);
    char line[LINE_SIZE];

    if (trouble != NULL) {
        snprintf(line, sizeof(line), "%s, for %llu s; trying again%s", trouble,
                 (unsigned long long)((now_ns - watch_feed_trouble_since_ns(feed)) / NS_PER_SEC),
                 view->status != NULL ? ". Below is what it said last" : "");
        put(view, pen, TABLE_RED, watch_printable(line));
    } else if (view->restarted && now_ns - view->restarted_ns < NEWS_NS) {
        snprintf(line, sizeof(line), "vipd was restarted (pid %lld); connected again",
                 field_number(watch_feed_status(feed), "pid"));
        put(view, pen, TABLE_YELLOW, line);
    }
}

static void draw_row(const struct watch_view *view, const struct watch_table *table,
                     const struct watch_row *row, int line)
{
    size_t column = 0;

    for (size_t i = 0; i < WATCH_COLUMNS; i++) {
        enum table_colour colour = row == NULL        ? TABLE_BOLD
                                   : i == WATCH_STATE ? row->colour
                                                      : TABLE_PLAIN;

        if (table->widths[i] == 0)
            continue;
        attrset(attribute(view, colour));
        put_at(line, column, table->widths[i],
               row != NULL ? row->cells[i] : watch_header((enum watch_column)i));
        attrset(A_NORMAL);
        column += table->widths[i] + 2;
    }
}

/* Says which rows are not on the screen. */
static void draw_hidden(const struct watch_view *view, const struct watch_table *table,
                        struct pen *pen, size_t shown)
{
    size_t above = view->scrolled;
    size_t below = table->count - above - shown;
    char line[LINE_SIZE];

    snprintf(line, sizeof(line), "%zu of %zu rows; %zu above, %zu below: Up, Down, / to filter",
             shown, table->count, above, below);
    put(view, pen, TABLE_YELLOW, line);
}

/* As many rows as `room` has lines for, below the header. Where they are not all, the last line
 * says so. */
static void draw_table(struct watch_view *view, const struct watch_table *table, struct pen *pen,
                       size_t room)
{
    bool hides = table->count > room && room > 1;
    size_t rows = hides ? room - 1 : room;
    size_t most = table->count > rows ? table->count - rows : 0;
    size_t shown = 0;

    if (view->scrolled > most)
        view->scrolled = most;
    if (pen->line <= pen->last)
        draw_row(view, table, NULL, pen->line++);
    for (size_t i = view->scrolled; i < table->count && shown < rows && pen->line <= pen->last;
         i++, shown++)
        draw_row(view, table, &table->rows[i], pen->line++);
    if (hides)
        draw_hidden(view, table, pen, shown);
    if (table->count == 0)
        put(view, pen, TABLE_DIM,
            table->total > 0 ? "No instance has the filter in it." : "No instance is configured.");
}

static enum table_colour check_colour(const json_t *check)
{
    const char *state = field_text(check, "state");

    if (strcmp(state, "passing") == 0)
        return TABLE_PLAIN;
    return strcmp(state, "failing") == 0 ? TABLE_RED : TABLE_YELLOW;
}

/* How many lines a block of that many items is given, its title included. */
static size_t lines_for(const json_t *items)
{
    size_t count = json_object_size(items);

    if (count == 0)
        return 0;
    return count + 1 < BLOCK_MAX ? count + 1 : BLOCK_MAX;
}

/* The title of a block, and how many of it are not on the screen. */
static void put_title(const struct watch_view *view, struct pen *pen, const char *title,
                      size_t count, size_t room)
{
    char line[LINE_SIZE];

    snprintf(line, sizeof(line), "%s", title);
    if (count >= room)
        snprintf(line, sizeof(line), "%s (%zu of %zu)", title, room - 1, count);
    put(view, pen, TABLE_BOLD, line);
}

/* The widest key. */
static size_t widest_key(const json_t *object)
{
    const char *key = NULL;
    json_t *unused = NULL;
    size_t widest = 1;

    json_object_foreach ((json_t *)(uintptr_t)object, key, unused) {
        size_t width = table_width(key);

        widest = width > widest ? width : widest;
    }
    return widest;
}

static void draw_checks(const struct watch_view *view, const json_t *checks, struct pen *pen,
                        size_t room)
{
    const char *name = NULL;
    json_t *check = NULL;
    char line[LINE_SIZE];

    if (room == 0)
        return;
    size_t width = widest_key(checks);
    put_title(view, pen, "CHECKS", json_object_size(checks), room);
    json_object_foreach ((json_t *)(uintptr_t)checks, name, check) {
        if (--room == 0)
            return;
        put(view, pen, check_colour(check), watch_check(name, check, width, line, sizeof(line)));
    }
}

static void draw_warnings(const struct watch_view *view, const json_t *warnings, struct pen *pen,
                          size_t room)
{
    const char *line = NULL;
    json_t *unused = NULL;

    if (room == 0)
        return;
    put_title(view, pen, "WARNINGS", json_object_size(warnings), room);
    json_object_foreach ((json_t *)(uintptr_t)warnings, line, unused) {
        if (--room == 0)
            return;
        put(view, pen, TABLE_YELLOW, line);
    }
}

/* True when the filter lets the transition's instance through. */
static bool is_shown(const struct watch_view *view, const struct watch_table *table,
                     const json_t *entry)
{
    const char *name = field_text(entry, "instance");

    if (view->filter[0] == '\0' || strcmp(name, "-") == 0 || strcasestr(name, view->filter) != NULL)
        return true;
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->rows[i].cells[WATCH_NAME], name) == 0)
            return true;
    }
    return false;
}

/* Of the instances' names, and of vipd's own. */
static size_t event_width(const json_t *entries)
{
    size_t widest = strlen("vipd");
    const json_t *entry = NULL;
    size_t i = 0;

    json_array_foreach (entries, i, entry) {
        size_t width = table_width(field_text(entry, "instance"));

        if (json_is_string(json_object_get(entry, "family")))
            width += 1 + strlen(field_text(entry, "family"));
        widest = width > widest ? width : widest;
    }
    return widest;
}

/* The newest first: where there is little room, that is what matters. */
static void draw_events(const struct watch_view *view, const struct watch_table *table,
                        struct pen *pen)
{
    const json_t *entries = json_object_get(view->history, "entries");
    const size_t width = event_width(entries);
    char line[LINE_SIZE];

    put(view, pen, TABLE_BOLD, "LAST EVENTS");
    for (size_t i = json_array_size(entries); i-- > 0 && pen->line <= pen->last;) {
        const json_t *entry = json_array_get(entries, i);

        if (is_shown(view, table, entry))
            put(view, pen, planned_colour(entry),
                watch_event(entry, true, width, line, sizeof(line)));
    }
}

/* Of all instances. */
static size_t name_width(const json_t *status)
{
    size_t widest = 1;
    const json_t *instance = NULL;
    size_t i = 0;

    json_array_foreach (json_object_get(status, "instances"), i, instance) {
        size_t width = table_width(field_text(instance, "name"));

        widest = width > widest ? width : widest;
    }
    return widest;
}

static void draw_body(struct watch_view *view, struct pen *pen)
{
    struct watch_table table;
    json_t *checks = watch_checks(view->status);
    json_t *warnings = watch_warnings(view->status, name_width(view->status));
    size_t room = pen->last >= pen->line ? (size_t)(pen->last - pen->line) : 0;
    size_t check_lines = lines_for(checks);
    size_t warning_lines = lines_for(warnings);

    if (room < check_lines + warning_lines + 2 * EVENTS_MIN)
        check_lines = 0;
    if (room < warning_lines + EVENTS_MIN)
        warning_lines = 0;
    room -= check_lines + warning_lines;
    room = room > 2 * EVENTS_MIN ? room - EVENTS_MIN : room;
    if (watch_table_fill(&table, view->status, view->filter, (size_t)COLS)) {
        draw_table(view, &table, pen, room);
        draw_warnings(view, warnings, pen, warning_lines);
        draw_checks(view, checks, pen, check_lines);
        pen->line += pen->last - pen->line > EVENTS_MIN ? 1 : 0;
        draw_events(view, &table, pen);
        watch_table_free(&table);
    }
    json_decref(checks);
    json_decref(warnings);
}

static void draw_help(const struct watch_view *view, struct pen *pen)
{
    static const char *const lines[] = {
        "",
        "  q             quit",
        "  /             show only lines with a text in them; Enter takes it, Esc leaves it",
        "  Esc           no filter",
        "  p, Space      pause, and go on",
        "  Up, Down      other rows, where there are more than fit (also k and j)",
        "  PgUp, PgDown  many of them",
        "  ?, h          this help; any key goes back",
        "",
        "  ADVERT is how old the last advertisement of the master is, or how often this node",
        "  sends its own. MASTER is who serves the addresses, with its priority.",
        "  'vipctl status NAME' has everything about one instance.",
    };

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        put(view, pen, TABLE_PLAIN, lines[i]);
}

static void draw_foot(const struct watch_view *view)
{
    char left[LINE_SIZE] = "q quit  / filter  p pause  ? help";
    char right[LINE_SIZE] = "";

    if (view->typing)
        snprintf(left, sizeof(left), "filter: %s_", view->typed);
    if (view->filter[0] != '\0' || view->paused)
        snprintf(right, sizeof(right), "%s%s%s%s", view->filter[0] != '\0' ? "filter: " : "",
                 view->filter, view->filter[0] != '\0' && view->paused ? "  " : "",
                 view->paused ? "PAUSED" : "");
    put_bar(LINES - 1, left, right);
}

void watch_draw(struct watch_view *view, const struct watch_feed *feed, uint64_t now_ns)
{
    struct pen pen = {.line = 1, .last = LINES - 2};

    erase();
    draw_head(view);
    draw_trouble(view, feed, &pen, now_ns);
    if (view->help)
        draw_help(view, &pen);
    else if (view->status != NULL)
        draw_body(view, &pen);
    else if (watch_feed_trouble(feed) == NULL)
        put(view, &pen, TABLE_DIM, "Asking vipd ...");
    draw_foot(view);
    refresh();
}
