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

CMDS = millrace sbatch sfan sjoin smap sreduce ssink swindow
# Helpers, each with a package of its own; built where pkg-config finds it.
ALL_HELPERS = ssink-postgres ssink-sqlite
ssink-postgres_PKG = libpq
ssink-sqlite_PKG = sqlite3
HELPERS := $(foreach h,$(ALL_HELPERS),$(if $(shell \
	pkg-config --exists $($(h)_PKG) && echo yes),$(h)))
PKG = $($(basename $(@F))_PKG)
BASE = buf crc digits hash io map mem num opttext pattern quote sha256 time \
	timefmt timeparse timeprint xxh64 zone zonerule
DATA = batch col colbuf flat kept name order schema type
WIRE = frame head headio mode note pack reader reader_bytes rows writer zip
TEXT = access accessvar axis block canvas cell clf cols colsparse current dsv \
	dsvhead fields fill flaw frames grok grokpat infer json jsoncell \
	jsonhead jsonpath jsonstr jsontree jsonwalk keyguess live logfmt \
	logfmthead place plot plot_draw raw record regex render render_cells \
	render_csv render_dump render_frames render_json render_logfmt \
	render_markdown render_out render_plot render_table render_tsv scan \
	screen sepidx syslog syslogcells table text w3c whole width
EXPR = bits call check eval expr func item karith kbit kcal kcast kcmp kcode \
	kcond kfind kformat khash kin kip kjson kjsonout kmatch knum kpick \
	kround kshape kstr ktime kurl kzone lex node parse parse_form \
	parse_list parse_operand resolve strout
AGG = agg big bind bools by check count dist exact extreme fn funnel hll join \
	moment nth pick quant sum tally values
GROUP = add answer batch cells check early fill fold group merge partial rank \
	roster running state update window
WINDOW = grid hold keybytes keyrows keys mark packed pane panepack query \
	reduce reduce_close reduce_state runfold runkeep runmerge runs \
	session session_state slots sorter spec spill stamp store stretch \
	visits
CKPT = accepted await checkpoint commit durable entries lock segment snapshot \
	survey tape tape_read tape_start
STEP = chain chain_state columns command command_back dedup elements ends \
	explode history keyed names over parse past pieces pipe prog reader \
	running sample span step where
IO = again appended bad begun changelog conn crew cut dir emit entry epochs \
	external feed filesink follow follow_find follow_resume gen gunzip \
	gzout heading held intake journal known lane lane_parse leftovers \
	libexec listen losses merge net newfiles outdir outexec outfile \
	outgroup outlet outpath outpath_parse outresume outset outwhole pace \
	parcel places poller prepared pump range saved seen set share sibling \
	side sink source source_file source_list source_read spawn spool \
	spooled target turn
JOIN = cogroup heap match match_scope match_state match_time plan plan_gather \
	side streams streams_cogroup streams_head streams_out table tablefile \
	tablejoin tablepack tables
TOOL = accounts changes inspect intakeopt message pair progress quote \
	redirect resume sidestream signal stage stage_fail stage_write state \
	stateopt textopt tool
EVENT = event late sorted whole
FAN = alike answer aside family fan guard hand job ledger lines out recover \
	turn watch worker
SQL = dbsink dbspool dbtable statement
LIB = $(BASE:%=lib/base/%) \
	$(DATA:%=lib/data/%) \
	$(WIRE:%=lib/wire/%) \
	$(TEXT:%=lib/text/%) \
	$(EXPR:%=lib/expr/%) \
	$(AGG:%=lib/agg/%) \
	$(WINDOW:%=lib/window/%) \
	$(CKPT:%=lib/ckpt/%) \
	$(STEP:%=lib/step/%) \
	$(IO:%=lib/io/%) \
	$(TOOL:%=lib/tool/%) \
	$(GROUP:%=lib/group/%) \
	$(EVENT:%=lib/event/%) \
	$(JOIN:%=lib/join/%) \
	$(FAN:%=lib/fan/%) \
	$(SQL:%=lib/sql/%)
UNITS = accounts_test agg_group_test agg_moment_test agg_sketch_test agg_test \
	base_test cell_test ckpt_test clf_test crew_test cut_test entry_test \
	expr_random_test expr_test flat_test group_test gunzip_test join_test \
	json_test keys_test known_test live_test logfmt_test logs_test \
	losses_test mark_test merge_test outlet_test outpath_test pieces_test \
	reduce_test render_test seen_test sepidx_test sibling_test store_test \
	stretch_test tape_damage_test tape_test text_test textfmt_test \
	whole_test window_test wire_test zone_test
BENCHES = expr_bench render_bench text_bench
MAN = man/millrace-checkpoint.5 man/millrace-expr.7 man/millrace-formats.7 \
	man/millrace-frame.5 man/millrace-performance.7 man/millrace.1 \
	man/millrace.7 man/sbatch.1 man/sfan.1 man/sjoin.1 man/smap.1 \
	man/sreduce.1 man/ssink-postgres.1 man/ssink-sqlite.1 man/ssink.1 \
	man/swindow.1

LIB_O = $(LIB:%=$(O)/%.o)

all: $(CMDS:%=$(O)/bin/%) $(HELPERS:%=$(O)/libexec/millrace/%)

tests: all $(UNITS:%=$(O)/tests/%) $(BENCHES:%=$(O)/tests/%) $(O)/tests/gen

$(O)/libmillrace.a: $(LIB_O)
	@rm -f $@
	$(AR) rcs $@ $(LIB_O)

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(if $(PKG),$(patsubst -I%,-isystem%, \
	    $(shell pkg-config --cflags $(PKG)))) -MMD -MP -c -o $@ $<

define link
@mkdir -p $(@D)
$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) \
    $(if $(PKG),$(shell pkg-config --libs $(PKG)))
endef

$(HELPERS:%=$(O)/libexec/millrace/%): $(O)/libexec/millrace/%: \
    $(O)/cmd/%.o $(O)/libmillrace.a
	$(link)

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

# Compare with the tools found here: millrace-performance(7).  ROWS of
# events.csv; BENCH holds more options of bench.py.
ROWS ?= 2000000
bench:
	@$(MAKE) --no-print-directory tests
	@python3 tests/bench/bench.py --rows $(ROWS) --data $(O)/bench \
	    --out $(O)/bench.txt $(BENCH) $(O)

bench-smoke:
	@$(MAKE) --no-print-directory tests
	@python3 tests/bench/bench.py --smoke --rows 20000 $(O)

# Every place where a pipeline that resumes can be broken; takes long.
torture: tests
	PATH=$(abspath $(O))/bin:$$PATH tests/night

lint:
	@tests/deps lint
	@$(MAKE) --no-print-directory all
	@BIN=$(O)/bin tests/lint

install: all
	install -d $(DESTDIR)$(PREFIX)/bin
	install $(CMDS:%=$(O)/bin/%) $(DESTDIR)$(PREFIX)/bin
	install -d $(DESTDIR)$(PREFIX)/libexec/millrace
	for h in $(HELPERS); do install $(O)/libexec/millrace/$$h \
	    $(DESTDIR)$(PREFIX)/libexec/millrace || exit 1; done
	for m in $(MAN); do d=$(DESTDIR)$(PREFIX)/share/man/man$${m##*.}; \
	    install -d $$d && install -m 644 $$m $$d || exit 1; done

uninstall:
	rm -f $(CMDS:%=$(DESTDIR)$(PREFIX)/bin/%)
	rm -f $(HELPERS:%=$(DESTDIR)$(PREFIX)/libexec/millrace/%)
	for m in $(MAN); do \
	    rm -f $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}; done

clean:
	rm -rf $(O)

-include $(LIB_O:.o=.d) $(wildcard $(O)/*/*.d) $(wildcard $(O)/tests/*/*.d)
.PHONY: all tests deps demo check torture bench bench-smoke lint install uninstall clean
.SECONDARY:
