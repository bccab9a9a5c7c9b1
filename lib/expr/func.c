/* SPDX-License-Identifier: ISC */
/* The table of functions and operators.  millrace-expr(7). */
#include <string.h>

#include "expr/kernels.h"

#define NULLS FUNC_NULLS
#define FAILS FUNC_FAILS
#define LAZY (FUNC_LAZY | FUNC_NULLS)

/* A comparison of every type. */
#define COMPARE(NAME, OP, DOC)                                                 \
	{NAME, "ii", 'b', 0, kcmp_##OP##_i, NULL, DOC},                        \
	    {NAME, "ff", 'b', 0, kcmp_##OP##_f, NULL, NULL},                   \
	    {NAME, "ss", 'b', 0, kcmp_##OP##_s, NULL, NULL},                   \
	    {NAME, "tt", 'b', 0, kcmp_##OP##_i, NULL, NULL},                   \
	    {NAME, "dd", 'b', 0, kcmp_##OP##_i, NULL, NULL},                   \
	{                                                                      \
		NAME, "bb", 'b', 0, kcmp_##OP##_b, NULL, NULL                  \
	}

/*
 * Of rows of one name the one with the least conversion wins, among equals
 * the first.
 */
const struct func func_table[] = {
    /* Arithmetic. */
    {"+", "ii", 'i', FAILS, karith_add_i, NULL, "sum"},
    {"+", "ff", 'f', 0, karith_add_f, NULL, NULL},
    {"+", "dd", 'd', FAILS, karith_add_i, NULL, NULL},
    {"+", "td", 't', FAILS, karith_add_i, NULL, NULL},
    {"+", "dt", 't', FAILS, karith_add_i, NULL, NULL},
    {"-", "ii", 'i', FAILS, karith_sub_i, NULL, "difference"},
    {"-", "ff", 'f', 0, karith_sub_f, NULL, NULL},
    {"-", "dd", 'd', FAILS, karith_sub_i, NULL, NULL},
    {"-", "tt", 'd', FAILS, karith_sub_i, NULL, NULL},
    {"-", "td", 't', FAILS, karith_sub_i, NULL, NULL},
    {"*", "ii", 'i', FAILS, karith_mul_i, NULL, "product"},
    {"*", "ff", 'f', 0, karith_mul_f, NULL, NULL},
    {"*", "di", 'd', FAILS, karith_mul_i, NULL, NULL},
    {"*", "df", 'd', FAILS, karith_mul_df, NULL, NULL},
    {"*", "id", 'd', FAILS, karith_mul_i, NULL, NULL},
    {"*", "fd", 'd', FAILS, karith_mul_fd, NULL, NULL},
    {"/", "ff", 'f', 0, karith_div_f, NULL, "quotient, a float"},
    {"/", "dd", 'f', 0, karith_div_d, NULL, NULL},
    {"/", "df", 'd', FAILS, karith_div_df, NULL, NULL},
    {"%", "II", 'i', 0, karith_mod_i, NULL, "rest, signed as the left side"},
    {"%", "ff", 'f', 0, karith_mod_f, NULL, NULL},
    {"%", "dd", 'd', 0, karith_mod_i, NULL, NULL},
    {"div", "II", 'i', FAILS, karith_div_i, NULL, "quotient towards zero"},
    {"div", "dd", 'i', FAILS, karith_div_i, NULL, NULL},
    {"unary -", "i", 'i', FAILS, karith_neg_i, NULL, "negation"},
    {"unary -", "f", 'f', 0, karith_neg_f, NULL, NULL},
    {"unary -", "d", 'd', FAILS, karith_neg_i, NULL, NULL},
    {"||", "bb*", 's', 0, kstr_concat, kstr_refuse_bools, NULL},
    {"||", "SS*", 's', 0, kstr_concat, NULL, "text joined"},

    /* Comparison and logic. */
    COMPARE("=", eq, "equal; == is the same"),
    COMPARE("<>", ne, "not equal; != is the same"),
    COMPARE("<", lt, "less"),
    COMPARE("<=", le, "less or equal"),
    COMPARE(">", gt, "greater"),
    COMPARE(">=", ge, "greater or equal"),
    {"between", "iii", 'b', 0, kcmp_between_i, NULL, "from lo to hi, both in"},
    {"between", "fff", 'b', 0, kcmp_between_f, NULL, NULL},
    {"between", "sss", 'b', 0, kcmp_between_s, NULL, NULL},
    {"between", "ttt", 'b', 0, kcmp_between_i, NULL, NULL},
    {"between", "ddd", 'b', 0, kcmp_between_i, NULL, NULL},
    {"in", "ii*", 'b', NULLS, kin_i, kin_prepare, "equal to one of a list"},
    {"in", "ff*", 'b', NULLS, kin_f, kin_prepare, NULL},
    {"in", "ss*", 'b', NULLS, kin_s, kin_prepare, NULL},
    {"in", "tt*", 'b', NULLS, kin_i, kin_prepare, NULL},
    {"in", "dd*", 'b', NULLS, kin_i, kin_prepare, NULL},
    {"in", "bb*", 'b', NULLS | FUNC_FLAT, kin_b, kin_prepare, NULL},
    {"like", "SS", 'b', 0, kmatch_like, kmatch_like_prepare,
	"% any text, _ one character"},
    {"~", "SS", 'b', 0, kmatch_regex, kmatch_regex_prepare,
	"the pattern is found; rlike is the same"},
    {"is null", "a", 'b', NULLS, kcond_is_null, NULL, "there is no value"},
    {"is not null", "a", 'b', NULLS, kcond_is_not_null, NULL,
	"there is a value"},
    {"not", "b", 'b', 0, kcond_not, NULL, "negation; ! is the same"},
    {"and", "bb*", 'b', LAZY, kcond_and, NULL, "both; && is the same"},
    {"or", "bb*", 'b', LAZY, kcond_or, NULL, "one of them"},

    /* Choices. */
    {"case", "@", 'T', LAZY, kcond_case, NULL, "the first that holds"},
    {"if", "bTT", 'T', LAZY, kcond_case, NULL, "if(c, a, b)"},
    {"coalesce", "T*", 'T', LAZY, kcond_coalesce, NULL,
	"the first that is not null"},
    {"ifnull", "TT", 'T', LAZY, kcond_coalesce, NULL, "coalesce of two"},
    {"nullif", "TT", 'T', NULLS | FUNC_FLAT, kcond_nullif, NULL,
	"null where both are equal, else the first"},
    {"greatest", "T*", 'T', NULLS | FUNC_FLAT, kcond_greatest, NULL,
	"the greatest that is not null"},
    {"least", "T*", 'T', NULLS | FUNC_FLAT, kcond_least, NULL,
	"the least that is not null"},
    {"typeof", "a", 's', NULLS, kcond_typeof, NULL, "the name of the type"},

    /* Conversions. */
    {"::bool", "i", 'b', 0, kcast_i_b, NULL, "conversion to bool"},
    {"::bool", "f", 'b', 0, kcast_f_b, NULL, NULL},
    {"::bool", "s", 'b', FAILS, kcast_s_b, NULL, NULL},
    {"::int", "b", 'i', 0, kcast_b_i, NULL, "conversion to int"},
    {"::int", "f", 'i', FAILS, kcast_f_i, NULL, NULL},
    {"::int", "s", 'i', FAILS, kcast_s_i, NULL, NULL},
    {"::int", "t", 'i', 0, kcast_t_i, NULL, NULL},
    {"::int", "d", 'i', 0, kcast_t_i, NULL, NULL},
    {"::float", "b", 'f', 0, kcast_b_f, NULL, "conversion to float"},
    {"::float", "i", 'f', 0, kcast_i_f, NULL, NULL},
    {"::float", "s", 'f', FAILS, kcast_s_f, NULL, NULL},
    {"::float", "t", 'f', 0, kcast_t_f, NULL, NULL},
    {"::float", "d", 'f', 0, kcast_t_f, NULL, NULL},
    {"::str", "b", 's', 0, kcast_b_s, NULL, "conversion to text"},
    {"::str", "i", 's', 0, kcast_i_s, NULL, NULL},
    {"::str", "f", 's', 0, kcast_f_s, NULL, NULL},
    {"::str", "t", 's', 0, kcast_t_s, NULL, NULL},
    {"::str", "d", 's', 0, kcast_d_s, NULL, NULL},
    {"::time", "i", 't', FAILS, kcast_i_t, NULL, "conversion to time"},
    {"::time", "f", 't', FAILS, kcast_f_t, NULL, NULL},
    {"::time", "s", 't', FAILS, kcast_s_t, NULL, NULL},
    {"::dur", "i", 'd', FAILS, kcast_i_t, NULL, "conversion to dur"},
    {"::dur", "f", 'd', FAILS, kcast_f_t, NULL, NULL},
    {"::dur", "s", 'd', FAILS, kcast_s_d, NULL, NULL},

    /* Text. */
    {"length", "s", 'i', 0, kstr_length, NULL, "characters"},
    {"char_length", "s", 'i', 0, kstr_length, NULL, "characters"},
    {"octet_length", "s", 'i', 0, kstr_octets, NULL, "bytes"},
    {"lower", "s", 's', 0, kstr_lower, NULL, "A-Z made small"},
    {"upper", "s", 's', 0, kstr_upper, NULL, "a-z made capital"},
    {"trim", "s", 's', 0, kstr_trim, NULL, "without blanks at both ends"},
    {"ltrim", "s", 's', 0, kstr_ltrim, NULL, "without blanks in front"},
    {"rtrim", "s", 's', 0, kstr_rtrim, NULL, "without blanks at the end"},
    {"substr", "si", 's', 0, kstr_substr, NULL, "from a character on"},
    {"substr", "sii", 's', 0, kstr_substr_len, NULL, NULL},
    {"substring", "si", 's', 0, kstr_substr, NULL, "the same as substr"},
    {"substring", "sii", 's', 0, kstr_substr_len, NULL, NULL},
    {"split", "ssi", 's', 0, kfind_split, NULL, "part n, else null"},
    {"split", "ss", 's', 0, kfind_split, kfind_refuse_list, NULL},
    {"split_part", "ssi", 's', 0, kfind_split_part, NULL, "part n, else empty"},
    {"replace", "sss", 's', 0, kfind_replace, NULL, "all of one text by other"},
    {"starts_with", "ss", 'b', 0, kfind_starts, NULL, "begins with"},
    {"ends_with", "ss", 'b', 0, kfind_ends, NULL, "ends with"},
    {"contains", "ss", 'b', 0, kfind_contains, NULL, "has somewhere"},
    {"instr", "ss", 'i', 0, kfind_instr, NULL, "where b is in a, 0 for not"},
    {"position", "ss", 'i', 0, kfind_position, NULL, "where a is in b"},
    {"concat", "S*", 's', 0, kstr_concat, NULL, "text joined, as ||"},
    {"repeat", "si", 's', 0, kstr_repeat, NULL, "n times"},
    {"reverse", "s", 's', 0, kstr_reverse, NULL, "last character first"},
    {"regexp_extract", "ss", 's', 0, kmatch_extract, kmatch_extract_prepare,
	"what the pattern's group found, else null"},
    {"regexp_extract", "ssi", 's', 0, kmatch_extract, kmatch_extract_prepare,
	NULL},
    {"regexp_replace", "sss", 's', 0, kmatch_replace, kmatch_regex_prepare,
	"all matches by a text with $1"},

    /* Numbers. */
    {"abs", "i", 'i', FAILS, knum_abs_i, NULL, "without its sign"},
    {"abs", "f", 'f', 0, knum_abs_f, NULL, NULL},
    {"abs", "d", 'd', FAILS, knum_abs_i, NULL, NULL},
    {"sign", "i", 'i', 0, knum_sign_i, NULL, "-1, 0 or 1"},
    {"sign", "f", 'f', 0, knum_sign_f, NULL, NULL},
    {"sign", "d", 'i', 0, knum_sign_i, NULL, NULL},
    {"round", "i", 'i', 0, knum_same_i, NULL, "halves away from zero"},
    {"round", "f", 'f', 0, knum_round_f, NULL, NULL},
    {"round", "fi", 'f', 0, knum_round_places, NULL, NULL},
    {"floor", "i", 'i', 0, knum_same_i, NULL, "the next int below"},
    {"floor", "f", 'i', FAILS, knum_floor, NULL, NULL},
    {"ceil", "i", 'i', 0, knum_same_i, NULL, "the next int above"},
    {"ceil", "f", 'i', FAILS, knum_ceil, NULL, NULL},
    {"sqrt", "f", 'f', 0, knum_sqrt, NULL, "square root"},
    {"pow", "ff", 'f', 0, knum_pow, NULL, "a to the power of b"},
    {"exp", "f", 'f', 0, knum_exp, NULL, "e to the power of x"},
    {"ln", "f", 'f', 0, knum_ln, NULL, "natural logarithm"},
    {"log", "f", 'f', 0, knum_ln, NULL, "natural, or log(base, x)"},
    {"log", "ff", 'f', 0, knum_log_base, NULL, NULL},
    {"log2", "f", 'f', 0, knum_log2, NULL, "logarithm of base 2"},
    {"log10", "f", 'f', 0, knum_log10, NULL, "logarithm of base 10"},
    {"isnan", "f", 'b', 0, knum_isnan, NULL, "is not a number"},

    /* Times. */
    {"now", "", 't', FUNC_RUN, ktime_now, NULL, "the time of the batch"},
    {"epoch", "t", 'i', 0, ktime_epoch, NULL, "whole seconds since 1970"},
    {"epoch_ms", "t", 'i', 0, ktime_epoch_ms, NULL, "milliseconds"},
    {"epoch_us", "t", 'i', 0, ktime_epoch_us, NULL, "microseconds"},
    {"to_time", "i", 't', FAILS, kcast_i_t, NULL, "from seconds or RFC 3339"},
    {"to_time", "f", 't', FAILS, kcast_f_t, NULL, NULL},
    {"to_time", "s", 't', FAILS, kcast_s_t, NULL, NULL},
    {"from_epoch", "i", 't', FAILS, kcast_i_t, NULL, "from seconds"},
    {"from_epoch", "f", 't', FAILS, kcast_f_t, NULL, NULL},
    {"from_epoch_ms", "i", 't', FAILS, ktime_from_ms, NULL,
	"from milliseconds"},
    {"from_epoch_us", "i", 't', 0, ktime_from_us, NULL, "from microseconds"},
    {"date_trunc", "st", 't', FAILS, ktime_trunc, ktime_trunc_prepare,
	"the begin of the unit"},
    {"date_part", "st", 'i', 0, ktime_part, ktime_part_prepare,
	"a field of the date or time of day"},
    {"year", "t", 'i', 0, ktime_year, NULL, "the year"},
    {"month", "t", 'i', 0, ktime_month, NULL, "1 to 12"},
    {"day", "t", 'i', 0, ktime_day, NULL, "1 to 31"},
    {"hour", "t", 'i', 0, ktime_hour, NULL, "0 to 23"},
    {"minute", "t", 'i', 0, ktime_minute, NULL, "0 to 59"},
    {"second", "t", 'i', 0, ktime_second, NULL, "0 to 59"},
    {"weekday", "t", 'i', 0, ktime_weekday, NULL, "0 is Monday"},
    {"strftime", "ts", 's', FAILS, ktime_format, ktime_format_prepare,
	"text by a format"},
    {"strptime", "ss", 't', FAILS, ktime_parse, ktime_format_prepare,
	"time by a format"},
};

const size_t func_table_len = sizeof(func_table) / sizeof(func_table[0]);

const struct func *
func_find(const char *name)
{
	for (size_t i = 0; i < func_table_len; i++) {
		if (strcmp(func_table[i].name, name) == 0)
			return &func_table[i];
	}
	return NULL;
}
