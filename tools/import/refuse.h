/* From the configuration being made to one that vipd takes. */
#ifndef TOOLS_IMPORT_REFUSE_H
#define TOOLS_IMPORT_REFUSE_H

#include "tools/import/output.h"

/* Makes vipd.conf of it, which vipd takes: what its own check refuses becomes an item. The text is
 * of the arena. NULL: vipd would not take it even so, with the reason in out->problem. */
const char *import_text(struct import_output *out);

#endif
