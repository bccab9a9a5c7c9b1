# SPDX-License-Identifier: ISC
# make, make demo, make check: see README.md.

PREFIX ?= /usr/local
CC ?= cc
CFLAGS ?= -O2 -g
# SAN=1: AddressSanitizer and UBSan, in a folder of its own.
SAN ?= 0
ifeq ($(SAN),1)
O ?= build-san
SAN_FLAGS = -fsanitize=address,undefined -fno-sanitize-recover=all
TAGS ?= !long,!memory,!time
else
O ?= build
HARDEN = -D_FORTIFY_SOURCE=2 -fstack-protector-strong \
	-fstack-clash-protection -fcf-protection
TAGS ?=
endif

PKGS = libbsd-overlay zlib libpcre2-8
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wcast-qual -Wwrite-strings -Wvla -Wconversion \
	-Wformat=2
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -Ilib -Itests/unit $(WARN) $(HARDEN) \
	-fPIE $(SAN_FLAGS) $(shell pkg-config --cflags $(PKGS)) $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now,-z,noexecstack $(SAN_FLAGS) $(LDFLAGS)
LIBS = $(shell pkg-config --libs $(PKGS)) -lm

LIB := $(basename $(wildcard lib/*/*.c))
CMDS := $(notdir $(basename $(wildcard cmd/*.c)))
UNITS := $(notdir $(basename $(wildcard tests/unit/*.c)))
BENCHES := $(notdir $(basename $(wildcard tests/bench/*.c)))
MAN := $(wildcard man/*.[157])

LIB_O = $(LIB:%=$(O)/%.o)

all: $(CMDS:%=$(O)/bin/%)

tests: all $(UNITS:%=$(O)/tests/%) $(BENCHES:%=$(O)/tests/%) $(O)/tests/gen

$(O)/libmillrace.a: $(LIB_O)
	@rm -f $@
	$(AR) rcs $@ $(LIB_O)

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

define link
@mkdir -p $(@D)
$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)
endef

$(CMDS:%=$(O)/bin/%): $(O)/bin/%: $(O)/cmd/%.o $(O)/libmillrace.a
	$(link)

$(UNITS:%=$(O)/tests/%): $(O)/tests/%: $(O)/tests/unit/%.o $(O)/libmillrace.a
	$(link)

$(BENCHES:%=$(O)/tests/%): $(O)/tests/%: $(O)/tests/bench/%.o \
    $(O)/libmillrace.a
	$(link)

$(O)/tests/gen: $(O)/tests/gen.o
	$(link)

deps:
	tests/deps all

# The two commands of the README install what they need, so what pkg-config
# says must be asked again afterwards: hence a second make.
demo:
	@tests/deps build
	@$(MAKE) --no-print-directory tests
	@BIN=$(O)/bin tests/demo $(LOG)

check:
	@tests/deps check
	@$(MAKE) --no-print-directory tests
	@tests/run $(O) '$(TAGS)'

lint:
	@tests/deps lint
	@$(MAKE) --no-print-directory all
	@BIN=$(O)/bin tests/lint

install: all
	install -d $(DESTDIR)$(PREFIX)/bin
	install $(CMDS:%=$(O)/bin/%) $(DESTDIR)$(PREFIX)/bin
	for m in $(MAN); do d=$(DESTDIR)$(PREFIX)/share/man/man$${m##*.}; \
	    install -d $$d && install -m 644 $$m $$d || exit 1; done

uninstall:
	rm -f $(CMDS:%=$(DESTDIR)$(PREFIX)/bin/%)
	for m in $(MAN); do \
	    rm -f $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}; done

clean:
	rm -rf $(O)

-include $(LIB_O:.o=.d) $(wildcard $(O)/*/*.d) $(wildcard $(O)/tests/*/*.d)
.PHONY: all tests deps demo check lint install uninstall clean
.SECONDARY:
