/* The configuration being made, as text. */
#ifndef TOOLS_IMPORT_TEXT_H
#define TOOLS_IMPORT_TEXT_H

#include "tools/import/output.h"

/* Renders it as it is now, and notes the line of each section and key. To be freed. */
char *import_render(struct import_output *out);

#endif
