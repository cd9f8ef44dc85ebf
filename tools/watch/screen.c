/*
 * The terminal and its keys; drawing is in draw.c. ncurses owns the terminal and follows its
 * size.
 */
#include "tools/watch/screen.h"

#include "tools/common/table.h"
#include "tools/watch/draw.h"

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

struct watch_screen {
    SCREEN *terminal;
    struct watch_view view;
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
    snprintf(screen->view.filter, sizeof(screen->view.filter), "%s", filter);
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    set_escdelay(ESCAPE_DELAY_MS);
    curs_set(0);
    screen->view.colour = colour && has_colors() && start_color() == OK;
    if (screen->view.colour) {
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
    watch_view_end(&screen->view);
    free(screen);
}

static void type_key(struct watch_view *view, int key)
{
    size_t length = strlen(view->typed);

    if (key == '\r' || key == '\n' || key == KEY_ENTER) {
        memcpy(view->filter, view->typed, sizeof(view->filter));
        view->typing = false;
    } else if (key == KEY_ESCAPE) {
        view->typing = false;
    } else if (key == KEY_BACKSPACE || key == KEY_DELETE || key == KEY_CONTROL_H) {
        if (length > 0)
            view->typed[length - 1] = '\0';
    } else if (key >= ' ' && key < KEY_DELETE && length + 1 < sizeof(view->typed)) {
        view->typed[length] = (char)key;
        view->typed[length + 1] = '\0';
    }
}

static void scroll_by(struct watch_view *view, long rows)
{
    if (rows < 0 && view->scrolled < (size_t)-rows)
        view->scrolled = 0;
    else
        view->scrolled += (size_t)rows; /* drawing keeps it within the table */
}

/* False: quit. */
static bool press(struct watch_view *view, int key)
{
    if (view->typing) {
        type_key(view, key);
        return true;
    }
    if (view->help && key != KEY_RESIZE) {
        view->help = false;
        return key != 'q';
    }
    switch (key) {
    case 'q':
        return false;
    case 'p':
    case ' ':
        view->paused = !view->paused;
        break;
    case '/':
        memcpy(view->typed, view->filter, sizeof(view->typed));
        view->typing = true;
        break;
    case KEY_ESCAPE:
        view->filter[0] = '\0';
        break;
    case '?':
    case 'h':
        view->help = true;
        break;
    case KEY_UP:
    case 'k':
        scroll_by(view, -1);
        break;
    case KEY_DOWN:
    case 'j':
        scroll_by(view, 1);
        break;
    case KEY_PPAGE:
        scroll_by(view, -(LINES / 2));
        break;
    case KEY_NPAGE:
        scroll_by(view, LINES / 2);
        break;
    default:
        break;
    }
    return true;
}

bool watch_screen_keys(struct watch_screen *screen)
{
    for (int key = getch(); key != ERR; key = getch()) {
        if (!press(&screen->view, key))
            return false;
    }
    return true;
}

void watch_screen_draw(struct watch_screen *screen, const struct watch_feed *feed, uint64_t now_ns)
{
    watch_view_take(&screen->view, feed, now_ns);
    watch_draw(&screen->view, feed, now_ns);
}
