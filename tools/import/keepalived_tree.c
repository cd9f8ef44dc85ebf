/*
 * Statements and braces to a tree. keepalived starts with a message where braces are missing at the
 * end or where there is one too many, and so does this; a block that is still open where one
 * begins that can only stand outside of all is refused, told where it shows first.
 */
#include "tools/import/keepalived_tree.h"

#include "tools/import/keepalived_lexer.h"

#include <string.h>

enum { DEPTH_MAX = 32, NODES_MAX = 500000 };

struct builder {
    struct arena *arena;
    struct keepalived_tree *tree;
    struct keepalived_error *error;
    struct keepalived_node *block;     /* the innermost open one */
    struct keepalived_node *statement; /* the last one, which a '{' would make a block */
    size_t nodes;
    unsigned depth;
};

static bool fail(struct builder *builder, const struct keepalived_place *place, const char *text)
{
    *builder->error = (struct keepalived_error){place->file, place->line, text};
    return false;
}

bool keepalived_is(const struct keepalived_node *node, const char *word)
{
    return node->count > 0 && strcmp(node->words[0], word) == 0;
}

const struct keepalived_node *keepalived_last(const struct keepalived_node *block, const char *word)
{
    const struct keepalived_node *found = NULL;

    for (const struct keepalived_node *node = block->first; node != NULL; node = node->next) {
        if (keepalived_is(node, word))
            found = node;
    }
    return found;
}

const struct keepalived_node *keepalived_first(const struct keepalived_node *block,
                                               const char *word)
{
    const struct keepalived_node *node = block->first;

    while (node != NULL && !keepalived_is(node, word))
        node = node->next;
    return node;
}

char *keepalived_text(struct arena *arena, const struct keepalived_node *node, size_t index)
{
    size_t size = 1;

    for (size_t i = index; i < node->count; i++)
        size += strlen(node->words[i]) + 1;
    char *text = arena_take(arena, size);
    char *end = text;
    for (size_t i = index; i < node->count; i++) {
        if (i > index)
            *end++ = ' ';
        end = stpcpy(end, node->words[i]);
    }
    return text;
}

/* Blocks that are only found outside of all others: inside one, its closing brace is missing. */
static bool is_outermost(const struct keepalived_node *node)
{
    static const char *const words[] = {"global_defs",     "vrrp_instance",        "vrrp_script",
                                        "vrrp_sync_group", "virtual_server_group", "static_routes",
                                        "static_rules",    "static_ipaddress",     "bfd_instance"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (keepalived_is(node, words[i]))
            return true;
    }
    return false;
}

static const char *title(struct builder *builder, const struct keepalived_node *node)
{
    return arena_print(builder->arena, "'%s'", keepalived_text(builder->arena, node, 0));
}

static bool add_word(struct builder *builder, const struct keepalived_place *place,
                     const char *word, bool first)
{
    struct keepalived_node *node = builder->statement;

    if (first) {
        if (builder->nodes++ == NODES_MAX)
            return fail(builder, place, "found more than 500000 statements");
        node = arena_take(builder->arena, sizeof(*node));
        node->place = *place;
        node->parent = builder->block;
        if (builder->block->last != NULL)
            builder->block->last->next = node;
        else
            builder->block->first = node;
        builder->block->last = node;
        builder->statement = node;
    }
    node->words = arena_grow(builder->arena, node->words, node->count, sizeof(*node->words));
    node->words[node->count++] = word;
    return true;
}

/* As in `state {{ state }}`, which others fill in. */
static bool is_placeholder(const struct builder *builder, const struct keepalived_place *place)
{
    const struct keepalived_node *block = builder->block;

    return block->count > 0 && block->first == NULL && block->place.line == place->line;
}

static bool open_block(struct builder *builder, const struct keepalived_place *place)
{
    struct keepalived_node *node = builder->statement;

    if (node == NULL && is_placeholder(builder, place))
        return fail(builder, place,
                    "found '{{', a placeholder: this is a template; convert what is made of it");
    if (node == NULL)
        return fail(builder, place, "found '{', expected a keyword before it");
    if (is_outermost(node) && builder->block->count > 0) {
        const char *text = arena_print(
            builder->arena, "found %s, expected the '}' of %s in line %u before it",
            title(builder, node), title(builder, builder->block), builder->block->place.line);
        return fail(builder, &node->place, text);
    }
    if (builder->depth++ == DEPTH_MAX)
        return fail(builder, place, "found a block more than 32 deep, expected a '}' before it");
    node->block = true;
    builder->block = node;
    builder->statement = NULL;
    return true;
}

static void take_left_out(void *user, const struct keepalived_place *place, const char *text,
                          bool lost, const char *why)
{
    struct builder *builder = user;
    struct keepalived_tree *tree = builder->tree;

    tree->left_out =
        arena_grow(builder->arena, tree->left_out, tree->left_out_count, sizeof(*tree->left_out));
    tree->left_out[tree->left_out_count++] = (struct keepalived_left_out){
        .place = *place,
        .text = arena_copy(builder->arena, text),
        .why = arena_copy(builder->arena, why),
        .lost = lost,
    };
}

static void close_block(struct builder *builder, const struct keepalived_place *place)
{
    if (builder->block->parent == NULL) {
        take_left_out(builder, place, "}", false,
                      "no block is open here: keepalived ignores it with a message, and so does "
                      "this");
        return;
    }
    builder->block = builder->block->parent;
    builder->depth--;
    builder->statement = NULL;
}

static bool take_line(void *user, const struct keepalived_place *place, const char *text)
{
    struct builder *builder = user;
    struct keepalived_lexer lexer;
    enum keepalived_token token = TOKEN_WORD;
    const char *word = NULL;
    bool good = true;
    bool first = true;

    keepalived_lexer_open(&lexer, builder->arena, text);
    while (good && token != TOKEN_END) {
        token = keepalived_lexer_next(&lexer, &word);
        if (token == TOKEN_WORD)
            good = add_word(builder, place, word, first);
        else if (token == TOKEN_OPEN)
            good = open_block(builder, place);
        else if (token == TOKEN_CLOSE)
            close_block(builder, place);
        else if (token == TOKEN_BAD_QUOTE)
            good = fail(builder, place, "found a quote that is never closed, expected the other");
        first = token != TOKEN_WORD;
    }
    keepalived_lexer_close(&lexer);
    return good;
}

struct keepalived_tree *keepalived_tree_read(struct arena *arena, const char *path,
                                             const char *config_id, struct keepalived_error *error)
{
    struct keepalived_tree *tree = arena_take(arena, sizeof(*tree));
    struct builder builder = {.arena = arena, .tree = tree, .error = error, .block = &tree->root};
    const struct keepalived_events events = {&builder, take_line, take_left_out};

    tree->root.place.file = arena_copy(arena, path);
    tree->root.block = true;
    if (!keepalived_read(arena, path, config_id, &events, error))
        return NULL;
    if (builder.block->parent != NULL)
        take_left_out(&builder, &builder.block->place, title(&builder, builder.block), true,
                      "the file ends before its '}': keepalived starts with a message, and so does "
                      "this. See whether the file is whole");
    return tree;
}
