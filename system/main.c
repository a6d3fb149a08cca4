#include <stdlib.h>

#include "system/options.h"
#include "util/log.h"

int main(int argc, char **argv)
{
    Options o;
    char *error = NULL;
    options_init(&o);
    switch (options_parse(&o, argc, argv, &error)) {
    case OPTIONS_DONE:
        return EXIT_SUCCESS;
    case OPTIONS_ERROR:
        die("%s", error);
    case OPTIONS_RUN:
        break;
    }
    int status = launch(&o);
    options_free(&o);
    return status;
}
