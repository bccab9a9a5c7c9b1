/* SPDX-License-Identifier: ISC */
/* Dots of braille (Unicode, U+2800), or letters. */
#include "text/canvas.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"

#define BRAILLE 0x2800
#define DOT_COLUMNS 2
#define DOT_ROWS 4
#define N_COLORS 6

void
canvas_init(struct canvas *c, size_t width, size_t height, bool braille)
{
	*c = (struct canvas){
	    .width = width, .height = height, .braille = braille};
	c->dots = mem_zero(width * height + 1, 1);
	c->inks = mem_zero(width * height + 1, 1);
}

void
canvas_release(struct canvas *c)
{
	free(c->dots);
	free(c->inks);
}

size_t
canvas_columns(const struct canvas *c)
{
	return c->braille ? c->width * DOT_COLUMNS : c->width;
}

size_t
canvas_rows(const struct canvas *c)
{
	return c->braille ? c->height * DOT_ROWS : c->height;
}

static void
set(struct canvas *c, size_t x, size_t y, uint8_t ink)
{
	/* The bit of each dot of a cell, from the bottom row up. */
	static const uint8_t bits[DOT_ROWS][DOT_COLUMNS] = {
	    {0x40, 0x80}, {0x04, 0x20}, {0x02, 0x10}, {0x01, 0x08}};
	size_t up = c->braille ? y / DOT_ROWS : y;
	size_t cell = (c->height - 1 - up) * c->width
		      + (c->braille ? x / DOT_COLUMNS : x);

	c->dots[cell] |= c->braille ? bits[y % DOT_ROWS][x % DOT_COLUMNS] : 1;
	c->inks[cell] = ink;
}

void
canvas_line(
    struct canvas *c, struct canvas_dot from, struct canvas_dot to, uint8_t ink)
{
	size_t dx = to.x > from.x ? to.x - from.x : from.x - to.x;
	size_t dy = to.y > from.y ? to.y - from.y : from.y - to.y;
	size_t n = dx > dy ? dx : dy;

	for (size_t i = 0; i <= n; i++) {
		size_t half = n / 2, x = n == 0 ? 0 : (dx * i + half) / n;
		size_t y = n == 0 ? 0 : (dy * i + half) / n;

		set(c, to.x > from.x ? from.x + x : from.x - x,
		    to.y > from.y ? from.y + y : from.y - y, ink);
	}
}

char
canvas_letter(uint8_t ink)
{
	return (char)('a' + ink % 26);
}

void
canvas_ink(struct buf *out, uint8_t ink)
{
	/* Cyan, yellow, green, magenta, blue, red: far apart by turns. */
	static const int colors[N_COLORS] = {36, 33, 32, 35, 34, 31};

	buf_printf(out, "\033[%dm", colors[ink % N_COLORS]);
}

void
canvas_plain(struct buf *out)
{
	buf_puts(out, "\033[39m");
}

void
canvas_put(struct buf *out, const struct canvas *c, size_t line, bool color)
{
	const uint8_t *dots = c->dots + line * c->width;
	const uint8_t *inks = c->inks + line * c->width;
	size_t n = c->width;
	int now = -1;

	while (n > 0 && dots[n - 1] == 0)
		n--;
	for (size_t i = 0; i < n; i++) {
		char text[4];

		if (dots[i] == 0) {
			buf_putc(out, ' ');
			continue;
		}
		if (color && now != inks[i])
			canvas_ink(out, inks[i]);
		now = inks[i];
		if (c->braille)
			buf_put(
			    out, text, utf8_encode(text, BRAILLE + dots[i]));
		else
			buf_putc(out, canvas_letter(inks[i]));
	}
	if (color && now != -1)
		canvas_plain(out);
}
