/* Counts of refused and odd adverts; see tally.h. */
#include "agent/instances/tally.h"

#include <stdlib.h>
#include <string.h>

static bool has_room(struct packet_tally **tally)
{
    if (*tally == NULL)
        *tally = calloc(1, sizeof(**tally));
    return *tally != NULL;
}

void packet_tally_count(struct packet_tally **tally, enum packet_verdict verdict, uint32_t warnings)
{
    if ((verdict == PACKET_OK && warnings == 0) || !has_room(tally))
        return;
    (*tally)->by_verdict[verdict] += verdict != PACKET_OK ? 1 : 0;
    for (size_t i = 0; i < PACKET_WARNINGS; i++)
        (*tally)->by_warning[i] += (warnings & (1u << i)) != 0 ? 1 : 0;
}

void packet_tally_add(struct packet_tally **tally, const struct packet_tally *more)
{
    static const struct packet_tally nothing;

    if (memcmp(more, &nothing, sizeof(nothing)) == 0 || !has_room(tally))
        return;
    for (size_t v = 0; v < PACKET_VERDICTS; v++)
        (*tally)->by_verdict[v] += more->by_verdict[v];
    for (size_t w = 0; w < PACKET_WARNINGS; w++)
        (*tally)->by_warning[w] += more->by_warning[w];
}

struct packet_tally packet_tally_read(const struct packet_tally *tally)
{
    return tally != NULL ? *tally : (struct packet_tally){0};
}
