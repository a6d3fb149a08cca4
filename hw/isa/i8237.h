// The two 8237 DMA controllers of a PC: channels 0 to 3 move bytes, 5 to 7 words.
#ifndef HW_ISA_I8237_H
#define HW_ISA_I8237_H

#include "hw/core/device.h"

struct Machine;
typedef struct I8237 I8237;

// Ports 00-0f, c0-df and the page registers among 81-8f, 481-48f (80, 84-86, 88 and 8c-8e stay
// free), in io.
I8237 *i8237_create(struct Machine *m, MemRegion *io);

// --- for devices. A transfer is one step of a device that has its request up: it moves up to len
// bytes between memory and buf and says how many the channel took (0: masked, or the other
// direction). *tc is set if the channel has come to its terminal count.
size_t i8237_to_memory(I8237 *d, unsigned channel, const void *buf, size_t len, bool *tc);
size_t i8237_from_memory(I8237 *d, unsigned channel, void *buf, size_t len, bool *tc);
// The level of a channel's DREQ; started is called when the guest unmasks a channel with it up.
void i8237_request(I8237 *d, unsigned channel, bool level);
void i8237_connect(I8237 *d, unsigned channel, void (*started)(void *opaque), void *opaque);

#endif
