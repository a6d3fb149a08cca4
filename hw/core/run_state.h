// Between run_state.c and the machine loop.
#ifndef HW_CORE_RUN_STATE_H
#define HW_CORE_RUN_STATE_H

struct Machine;

void machine_add_reset_button(struct Machine *m); // of a new machine
void machine_tell_paused(struct Machine *m);      // listeners, once a pause

#endif
