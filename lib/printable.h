/* Texts that others have written, made fit for a terminal. */
#ifndef VIP_PRINTABLE_H
#define VIP_PRINTABLE_H

/* Puts '?' in the place of what could steer a terminal: control characters, those of the second
 * set (as UTF-8 has them) as well. Other characters stay, tabs too, and what `kept` is: '\n', or
 * '\0' for nothing more. */
static inline void printable_make(char *text, char kept)
{
    for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++) {
        if ((*c < ' ' && *c != '\t' && *c != (unsigned char)kept) || *c == 0x7f)
            *c = '?';
        else if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
            c[0] = c[1] = '?';
    }
}

#endif
