/*
 * The terminal and its keys; drawing is in draw.c. ncurses owns the terminal and follows its
 * size.
 */
#include "tools/watch/screen.h"

#include "tools/watch/model.h"
#include "tools/watch/view.h"

#include <locale.h>
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

enum {
    KEY_ESCAPE = 27,
    KEY_DELETE = 127,
    KEY_CONTROL_H = 8,
    ESCAPE_DELAY_MS = 25,
};

/* Asked before newterm(), which does not clean up behind itself when it does not know it. */
static bool is_known_terminal(void)
{
    int error = 0;

    if (setupterm(NULL, STDOUT_FILENO, &error) != OK)
        return false;
    del_curterm(cur_term);
    return true;
}

struct watch_screen *watch_screen_open(const char *filter, bool colour)
{
    struct watch_screen *screen = is_known_terminal() ? calloc(1, sizeof(*screen)) : NULL;

    if (screen == NULL)
        return NULL;
    setlocale(LC_CTYPE, "");
    screen->terminal = newterm(NULL, stdout, stdin);
    if (screen->terminal == NULL) {
        free(screen);
        return NULL;
    }
    snprintf(screen->filter, sizeof(screen->filter), "%s", filter);
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    set_escdelay(ESCAPE_DELAY_MS);
    curs_set(0);
    screen->colour = colour && has_colors() && start_color() == OK;
    if (screen->colour) {
        use_default_colors();
        init_pair(TABLE_GREEN, COLOR_GREEN, -1);
        init_pair(TABLE_YELLOW, COLOR_YELLOW, -1);
        init_pair(TABLE_RED, COLOR_RED, -1);
    }
    return screen;
}

void watch_screen_close(struct watch_screen *screen)
{
    if (screen == NULL)
        return;
    endwin();
    delscreen(screen->terminal);
    json_decref(screen->status);
    json_decref(screen->history);
    free(screen);
}

static void hold(json_t **place, const json_t *value)
{
    json_decref(*place);
    *place = json_incref((json_t *)(uintptr_t)value);
}

void watch_screen_take(struct watch_screen *screen, const struct watch_feed *feed, uint64_t now_ns)
{
    const json_t *status = watch_feed_status(feed);
    char identity[WATCH_IDENTITY_SIZE];

    if (status == NULL)
        return;
    if (!screen->paused) {
        hold(&screen->status, status);
        hold(&screen->history, watch_feed_history(feed));
    }
    watch_identity(status, identity, sizeof(identity));
    if (screen->identity[0] != '\0' && strcmp(screen->identity, identity) != 0) {
        screen->restarted = true;
        screen->restarted_ns = now_ns;
    }
    memcpy(screen->identity, identity, sizeof(identity));
}

static void type_key(struct watch_screen *screen, int key)
{
    size_t length = strlen(screen->typed);

    if (key == '\r' || key == '\n' || key == KEY_ENTER) {
        memcpy(screen->filter, screen->typed, sizeof(screen->filter));
        screen->typing = false;
    } else if (key == KEY_ESCAPE) {
        screen->typing = false;
    } else if (key == KEY_BACKSPACE || key == KEY_DELETE || key == KEY_CONTROL_H) {
        if (length > 0)
            screen->typed[length - 1] = '\0';
    } else if (key >= ' ' && key < KEY_DELETE && length + 1 < sizeof(screen->typed)) {
        screen->typed[length] = (char)key;
        screen->typed[length + 1] = '\0';
    }
}

static void scroll_by(struct watch_screen *screen, long rows)
{
    if (rows < 0 && screen->scrolled < (size_t)-rows)
        screen->scrolled = 0;
    else
        screen->scrolled += (size_t)rows; /* drawing keeps it within the table */
}

/* False: quit. */
static bool press(struct watch_screen *screen, int key)
{
    if (screen->typing) {
        type_key(screen, key);
        return true;
    }
    if (screen->help && key != KEY_RESIZE) {
        screen->help = false;
        return key != 'q';
    }
    switch (key) {
    case 'q':
        return false;
    case 'p':
    case ' ':
        screen->paused = !screen->paused;
        break;
    case '/':
        memcpy(screen->typed, screen->filter, sizeof(screen->typed));
        screen->typing = true;
        break;
    case KEY_ESCAPE:
        screen->filter[0] = '\0';
        break;
    case '?':
    case 'h':
        screen->help = true;
        break;
    case KEY_UP:
    case 'k':
        scroll_by(screen, -1);
        break;
    case KEY_DOWN:
    case 'j':
        scroll_by(screen, 1);
        break;
    case KEY_PPAGE:
        scroll_by(screen, -(LINES / 2));
        break;
    case KEY_NPAGE:
        scroll_by(screen, LINES / 2);
        break;
    default:
        break;
    }
    return true;
}

bool watch_screen_keys(struct watch_screen *screen)
{
    for (int key = getch(); key != ERR; key = getch()) {
        if (!press(screen, key))
            return false;
    }
    return true;
}
