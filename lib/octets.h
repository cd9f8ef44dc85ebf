/* Numbers in network byte order, at any alignment. */
#ifndef VIP_OCTETS_H
#define VIP_OCTETS_H

#include <stdint.h>

static inline uint16_t octets_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t octets_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void octets_put_be32(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 24);
    p[1] = (uint8_t)(value >> 16);
    p[2] = (uint8_t)(value >> 8);
    p[3] = (uint8_t)value;
}

static inline void octets_put_be16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)(value >> 8 & 0xff);
    p[1] = (uint8_t)(value & 0xff);
}

#endif
