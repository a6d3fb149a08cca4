#include "replay/disks.h"

#include <string.h>
#include <sys/stat.h>

#include "block/block.h"
#include "replay/log.h"
#include "util/log.h"

static void add_disk(void *disks, BlockDevice *b)
{
    GArray *all = disks;
    const char *file = block_file(b);
    struct stat st;
    if (!file || all->len == REPLAY_MAX_DISKS || stat(file, &st)) {
        return;
    }
    ReplayDisk d = {.id = g_strdup(block_id(b)),
                    .file = g_strdup(file),
                    .size = block_size(b),
                    .modified = (uint64_t)st.st_mtim.tv_sec * UINT64_C(1000000000) +
                                (uint64_t)st.st_mtim.tv_nsec};
    g_array_append_val(all, d);
}

GArray *replay_disks(struct Machine *m)
{
    GArray *all = replay_disk_list();
    block_each(m, add_disk, all);
    return all;
}

static const ReplayDisk *find(const GArray *disks, const char *id)
{
    for (guint i = 0; i < disks->len; i++) {
        const ReplayDisk *d = &g_array_index(disks, ReplayDisk, i);
        if (!strcmp(d->id, id)) {
            return d;
        }
    }
    return NULL;
}

void replay_check_disks(struct Machine *m, const GArray *recorded, const char *recording)
{
    GArray *now = replay_disks(m);
    for (guint i = 0; i < recorded->len; i++) {
        const ReplayDisk *was = &g_array_index(recorded, ReplayDisk, i), *is = find(now, was->id);
        if (!is) {
            report("%s: the drive '%s' (%s) is not there", recording, was->id, was->file);
        } else if (is->size != was->size || is->modified != was->modified) {
            report("%s: %s has changed since the recording began (-snapshot keeps an image as it "
                   "is): the replay may differ",
                   recording, is->file);
        }
    }
    g_array_unref(now);
}
