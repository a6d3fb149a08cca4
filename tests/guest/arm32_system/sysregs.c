// Which registers of coprocessors 14 and 15 can be read, in Supervisor and in User mode; and what
// those say that identify the CPU.
#include "guest.h"

static uint32_t code[4] __attribute__((aligned(64)));

static void run(uint32_t insn, int user)
{
    code[0] = insn;
    code[1] = user ? 0xef000000 : 0xe12fff1e; // SVC, BX LR
    MCR("p15, 0, %0, c7, c11, 1", code);
    MCR("p15, 0, %0, c7, c5, 0", 0);
    record.kind = 0;
    (user ? probe_user : probe)(code, 0x5a5a5a5a);
}

static int answered(int user)
{
    return record.kind == (user ? 2 : 0);
}

static void scan(unsigned cp, int user)
{
    for (unsigned n = 0; n < 8 * 16 * 16 * 8; n++) {
        unsigned opc2 = n & 7, crm = n >> 3 & 15, crn = n >> 7 & 15, opc1 = n >> 11;
        // EL0's debug channel waits; c15 is the implementation's.
        if ((cp == 14 && crn == 0 && crm == 5) || crn == 15 || crn == 11) {
            continue;
        }
        run(0xee100010 | opc1 << 21 | crn << 16 | cp << 8 | opc2 << 5 | crm, user);
        if (!answered(user)) {
            continue;
        }
        put(user ? "PL0 " : "PL1 ");
        put_field("p", cp);
        put_field(" ", opc1);
        put_field(" c", crn);
        put_field(" c", crm);
        put_field(" ", opc2);
        if (!user && cp == 15 && crn == 0) {
            put_field(" = ", record.result);
        }
        put("\n");
    }
}

static void scan64(unsigned cp, int user)
{
    for (unsigned n = 0; n < 16 * 16; n++) {
        unsigned opc1 = n & 15, crm = n >> 4;
        run(0xec510000 | cp << 8 | opc1 << 4 | crm, user); // MRRC r0, r1
        if (answered(user)) {
            put(user ? "PL0 " : "PL1 ");
            put_field("64 p", cp);
            put_field(" ", opc1);
            put_field(" c", crm);
            put("\n");
        }
    }
}

int main(void)
{
    for (int user = 0; user < 2; user++) {
        for (unsigned cp = 14; cp < 16; cp++) {
            scan(cp, user);
            scan64(cp, user);
        }
    }
    put("done\n");
    return 0;
}
