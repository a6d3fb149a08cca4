// Views of a console: each sees all damage, resizes and the end of the console.
#include <criterion/criterion.h>
#include <glib.h>

#include "bare_machine.h"
#include "ui/console.h"

typedef struct Screen {
    unsigned width, height;
    Rect next; // what the next update changes; width 0: nothing
} Screen;

static void update(void *opaque, Surface *s)
{
    Screen *d = opaque;
    surface_resize(s, d->width, d->height);
    surface_damage(s, d->next.x, d->next.y, d->next.width, d->next.height);
    d->next.width = 0;
}

static const ConsoleOps ops = {.update = update};

static bool covers(const ConsoleView *v, unsigned x, unsigned y)
{
    for (unsigned i = 0; i < v->n_damage; i++) {
        const Rect *r = &v->damage[i];
        if (x >= r->x && x < r->x + r->width && y >= r->y && y < r->y + r->height) {
            return true;
        }
    }
    return false;
}

Test(display, each_view_sees_all_damage)
{
    Machine *m = bare_machine();
    Screen d = {640, 480, {0}};
    Console *c = console_add(m, "test", &ops, &d);
    ConsoleView *a = console_view_new(c), *b = console_view_new(c);
    console_view_update(a);
    console_view_update(b);
    cr_assert(covers(a, 639, 479) && covers(b, 0, 0));
    console_view_clear(a);
    console_view_clear(b);
    d.next = (Rect){10, 10, 5, 5};
    console_view_update(a);
    console_view_clear(a);
    d.next = (Rect){100, 100, 5, 5};
    console_update(c); // a screendump between them
    console_view_update(a);
    console_view_update(b);
    cr_assert(!covers(a, 12, 12) && covers(a, 102, 102));
    cr_assert(covers(b, 12, 12) && covers(b, 102, 102) && !covers(b, 50, 50));
    console_view_free(a);
    console_view_free(b);
}

Test(display, resize_damages_everything_and_nothing_outside)
{
    Machine *m = bare_machine();
    Screen d = {800, 600, {0}};
    Console *c = console_add(m, "test", &ops, &d);
    ConsoleView *v = console_view_new(c);
    console_view_update(v);
    d.width = 320, d.height = 200;
    const Surface *s = console_view_update(v);
    cr_assert(covers(v, 319, 199));
    for (unsigned i = 0; i < v->n_damage; i++) {
        cr_assert(v->damage[i].x + v->damage[i].width <= s->width);
        cr_assert(v->damage[i].y + v->damage[i].height <= s->height);
    }
    console_view_free(v);
}

Test(display, more_rectangles_than_fit_are_joined)
{
    Rect list[SURFACE_MAX_DAMAGE];
    unsigned n = 0;
    for (unsigned i = 0; i < 40; i++) {
        damage_add(list, &n, &(Rect){i * 20, i * 20, 4, 4});
    }
    cr_assert_eq(n, SURFACE_MAX_DAMAGE);
    const Rect *last = &list[n - 1];
    cr_assert(last->x <= 300 && last->x + last->width >= 784);
}

Test(display, a_view_outlives_its_console)
{
    Machine *m = bare_machine();
    Screen d = {320, 200, {0}};
    Console *c = console_add(m, "test", &ops, &d);
    ConsoleView *v = console_view_new(c);
    console_remove(m, c);
    cr_assert_null(console_view_update(v));
    console_view_free(v);
}

Test(display, cursor)
{
    Machine *m = bare_machine();
    Screen d = {320, 200, {0}};
    Console *c = console_add(m, "test", &ops, &d);
    uint32_t argb[4] = {0xff000000, 0, 0, 0x80ffffff};
    console_set_cursor(c, 2, 2, 1, 9, argb);
    console_move_cursor(c, -3, 7, true);
    const ConsoleCursor *p = console_cursor(c);
    cr_assert(p->serial == 1 && p->width == 2 && p->hot_x == 1 && p->hot_y == 1);
    cr_assert(p->argb != argb && p->argb[3] == 0x80ffffff && p->x == -3 && p->visible);
    console_set_cursor(c, CONSOLE_CURSOR_MAX + 1, 2, 0, 0, argb);
    cr_assert(p->serial == 2 && p->width == 0);
}

static unsigned calm(void *opaque)
{
    (void)opaque;
    return 500;
}

static void count(void *opaque)
{
    ++*(unsigned *)opaque;
}

Test(display, touches_are_told_once_between_looks)
{
    static const ConsoleOps tells = {.update = update, .calm_ms = calm};
    Machine *m = bare_machine();
    Screen d = {640, 480, {0}};
    unsigned touches = 0;
    Console *c = console_add(m, "test", &tells, &d), *mute = console_add(m, "mute", &ops, &d);
    ConsoleView *v = console_view_new(c);
    v->touched = count;
    v->opaque = &touches;
    cr_assert_eq(console_calm_ms(c), 0u, "nobody has looked yet");
    console_view_update(v);
    cr_assert(v->looked && console_calm_ms(c) == 500 && !touches);
    console_touch(c);
    console_touch(c);
    cr_assert(touches == 1 && !console_calm_ms(c));
    console_update(c); // somebody else's look
    cr_assert_eq(console_calm_ms(c), 500u);
    console_move_cursor(c, 1, 1, true);
    cr_assert_eq(touches, 2u);
    console_update(mute);
    cr_assert_eq(console_calm_ms(mute), 0u);
    console_remove(m, c);
    cr_assert_eq(touches, 3u, "it has gone");
    console_view_free(v);
}
