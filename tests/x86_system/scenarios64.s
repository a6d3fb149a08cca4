# Scenarios in long mode.
.code64
SCENARIO_ plain64, PAGING_LONG
    DONE
