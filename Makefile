# SPDX-License-Identifier: ISC
PREFIX ?= /usr/local
O ?= build
CC ?= cc
CFLAGS ?= -O2 -g
PKGS = libbsd-overlay zlib libpcre2-8
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wcast-qual -Wwrite-strings -Wvla -Wconversion \
	-Wformat=2
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -Ilib $(WARN) \
	$(shell pkg-config --cflags $(PKGS)) $(CFLAGS)
LIBS = $(shell pkg-config --libs $(PKGS)) -lm

SRC := $(wildcard lib/*/*.c)
CMDS := $(patsubst cmd/%.c,%,$(wildcard cmd/*.c))
OBJ = $(SRC:%.c=$(O)/%.o)

all: $(CMDS:%=$(O)/bin/%)

$(O)/libmillrace.a: $(OBJ)
	@rm -f $@
	$(AR) rcs $@ $(OBJ)

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/bin/%: $(O)/cmd/%.o $(O)/libmillrace.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(O)/libmillrace.a $(LIBS)

clean:
	rm -rf $(O)

-include $(OBJ:.o=.d) $(CMDS:%=$(O)/cmd/%.d)
.PHONY: all clean
.SECONDARY:
