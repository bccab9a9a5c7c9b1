/* SPDX-License-Identifier: ISC */
/* The table of functions and operators.  millrace-expr(7). */
#include <string.h>

#include "expr/kernels.h"

#define NULLS FUNC_NULLS
#define FAILS FUNC_FAILS
#define LAZY (FUNC_LAZY | FUNC_NULLS)

/* A comparison of every type. */
#define COMPARE(NAME, OP)                                                      \
	{NAME, "ii", 'b', 0, kcmp_##OP##_i, NULL},                             \
	    {NAME, "ff", 'b', 0, kcmp_##OP##_f, NULL},                         \
	    {NAME, "if", 'b', 0, kcmp_##OP##_if, NULL},                        \
	    {NAME, "fi", 'b', 0, kcmp_##OP##_fi, NULL},                        \
	    {NAME, "ss", 'b', 0, kcmp_##OP##_s, NULL},                         \
	    {NAME, "tt", 'b', 0, kcmp_##OP##_i, NULL},                         \
	    {NAME, "dd", 'b', 0, kcmp_##OP##_i, NULL},                         \
	{                                                                      \
		NAME, "bb", 'b', 0, kcmp_##OP##_b, NULL                        \
	}

/*
 * Of rows of one name the one with the least conversion wins, among equals
 * the first.
 */
const struct func func_table[] = {
    /* Arithmetic. */
    {"+", "ii", 'i', FAILS, karith_add_i, NULL},
    {"+", "ff", 'f', 0, karith_add_f, NULL},
    {"+", "dd", 'd', FAILS, karith_add_i, NULL},
    {"+", "td", 't', FAILS, karith_add_i, NULL},
    {"+", "dt", 't', FAILS, karith_add_i, NULL},
    {"-", "ii", 'i', FAILS, karith_sub_i, NULL},
    {"-", "ff", 'f', 0, karith_sub_f, NULL},
    {"-", "dd", 'd', FAILS, karith_sub_i, NULL},
    {"-", "tt", 'd', FAILS, karith_sub_i, NULL},
    {"-", "td", 't', FAILS, karith_sub_i, NULL},
    {"*", "ii", 'i', FAILS, karith_mul_i, NULL},
    {"*", "ff", 'f', 0, karith_mul_f, NULL},
    {"*", "di", 'd', FAILS, karith_mul_i, NULL},
    {"*", "df", 'd', FAILS, karith_mul_df, NULL},
    {"*", "id", 'd', FAILS, karith_mul_i, NULL},
    {"*", "fd", 'd', FAILS, karith_mul_fd, NULL},
    {"/", "ff", 'f', 0, karith_div_f, NULL},
    {"/", "dd", 'f', 0, karith_div_d, NULL},
    {"/", "df", 'd', FAILS, karith_div_df, NULL},
    {"%", "II", 'i', 0, karith_mod_i, NULL},
    {"%", "ff", 'f', 0, karith_mod_f, NULL},
    {"%", "dd", 'd', 0, karith_mod_i, NULL},
    {"div", "II", 'i', FAILS, karith_div_i, NULL},
    {"div", "dd", 'i', FAILS, karith_div_i, NULL},
    {"unary -", "i", 'i', FAILS, karith_neg_i, NULL},
    {"unary -", "f", 'f', 0, karith_neg_f, NULL},
    {"unary -", "d", 'd', FAILS, karith_neg_i, NULL},
    {"||", "bb*", 's', 0, kstr_concat, kstr_refuse_bools},
    {"||", "SS*", 's', 0, kstr_concat, NULL},

    /* Comparison and logic. */
    COMPARE("=", eq),
    COMPARE("<>", ne),
    COMPARE("<", lt),
    COMPARE("<=", le),
    COMPARE(">", gt),
    COMPARE(">=", ge),
    {"between", "iii", 'b', 0, kcmp_between_i, NULL},
    {"between", "fff", 'b', 0, kcmp_between_f, NULL},
    {"between", "nnn", 'b', 0, kcmp_between_n, NULL},
    {"between", "sss", 'b', 0, kcmp_between_s, NULL},
    {"between", "ttt", 'b', 0, kcmp_between_i, NULL},
    {"between", "ddd", 'b', 0, kcmp_between_i, NULL},
    {"in", "ii*", 'b', NULLS, kin_i, kin_prepare},
    {"in", "ff*", 'b', NULLS, kin_f, kin_prepare},
    {"in", "in*", 'b', NULLS, kin_i, kin_prepare},
    {"in", "fn*", 'b', NULLS, kin_f, kin_prepare},
    {"in", "ss*", 'b', NULLS, kin_s, kin_prepare},
    {"in", "tt*", 'b', NULLS, kin_i, kin_prepare},
    {"in", "dd*", 'b', NULLS, kin_i, kin_prepare},
    {"in", "bb*", 'b', NULLS | FUNC_FLAT, kin_b, kin_prepare},
    {"like", "SS", 'b', 0, kmatch_like, kmatch_like_prepare},
    {"~", "SS", 'b', 0, kmatch_regex, kmatch_regex_prepare},
    {"is null", "a", 'b', NULLS, kcond_is_null, NULL},
    {"is not null", "a", 'b', NULLS, kcond_is_not_null, NULL},
    {"not", "b", 'b', 0, kcond_not, NULL},
    {"and", "bb*", 'b', LAZY, kcond_and, NULL},
    {"or", "bb*", 'b', LAZY, kcond_or, NULL},

    /* Choices. */
    {"case", "@", 'T', LAZY, kcond_case, NULL},
    {"if", "bTT", 'T', LAZY, kcond_case, NULL},
    {"coalesce", "T*", 'T', LAZY, kcond_coalesce, NULL},
    {"ifnull", "TT", 'T', LAZY, kcond_coalesce, NULL},
    {"nullif", "TT", 'T', NULLS | FUNC_FLAT, kcond_nullif, NULL},
    {"greatest", "T*", 'T', NULLS | FUNC_FLAT, kcond_greatest, NULL},
    {"least", "T*", 'T', NULLS | FUNC_FLAT, kcond_least, NULL},
    {"typeof", "a", 's', NULLS, kcond_typeof, NULL},

    /* Conversions. */
    {"::bool", "i", 'b', 0, kcast_i_b, NULL},
    {"::bool", "f", 'b', 0, kcast_f_b, NULL},
    {"::bool", "s", 'b', FAILS, kcast_s_b, NULL},
    {"::int", "b", 'i', 0, kcast_b_i, NULL},
    {"::int", "f", 'i', FAILS, kcast_f_i, NULL},
    {"::int", "s", 'i', FAILS, kcast_s_i, NULL},
    {"::int", "t", 'i', 0, kcast_t_i, NULL},
    {"::int", "d", 'i', 0, kcast_t_i, NULL},
    {"::float", "b", 'f', 0, kcast_b_f, NULL},
    {"::float", "i", 'f', 0, kcast_i_f, NULL},
    {"::float", "s", 'f', FAILS, kcast_s_f, NULL},
    {"::float", "t", 'f', 0, kcast_t_f, NULL},
    {"::float", "d", 'f', 0, kcast_t_f, NULL},
    {"::str", "b", 's', 0, kcast_b_s, NULL},
    {"::str", "i", 's', 0, kcast_i_s, NULL},
    {"::str", "f", 's', 0, kcast_f_s, NULL},
    {"::str", "t", 's', 0, kcast_t_s, NULL},
    {"::str", "d", 's', 0, kcast_d_s, NULL},
    {"::time", "i", 't', FAILS, kcast_i_t, NULL},
    {"::time", "f", 't', FAILS, kcast_f_t, NULL},
    {"::time", "s", 't', FAILS, kcast_s_t, NULL},
    {"::dur", "i", 'd', FAILS, kcast_i_t, NULL},
    {"::dur", "f", 'd', FAILS, kcast_f_t, NULL},
    {"::dur", "s", 'd', FAILS, kcast_s_d, NULL},

    /* Text. */
    {"length", "s", 'i', 0, kstr_length, NULL},
    {"char_length", "s", 'i', 0, kstr_length, NULL},
    {"octet_length", "s", 'i', 0, kstr_octets, NULL},
    {"lower", "s", 's', 0, kstr_lower, NULL},
    {"upper", "s", 's', 0, kstr_upper, NULL},
    {"trim", "s", 's', 0, kstr_trim, NULL},
    {"ltrim", "s", 's', 0, kstr_ltrim, NULL},
    {"rtrim", "s", 's', 0, kstr_rtrim, NULL},
    {"substr", "si", 's', 0, kstr_substr, NULL},
    {"substr", "sii", 's', 0, kstr_substr_len, NULL},
    {"substring", "si", 's', 0, kstr_substr, NULL},
    {"substring", "sii", 's', 0, kstr_substr_len, NULL},
    {"split", "ssi", 's', 0, kfind_split, NULL},
    {"split", "ss", 's', 0, kfind_split, kfind_refuse_list},
    {"split_part", "ssi", 's', 0, kfind_split_part, NULL},
    {"replace", "sss", 's', 0, kfind_replace, NULL},
    {"starts_with", "ss", 'b', 0, kfind_starts, NULL},
    {"ends_with", "ss", 'b', 0, kfind_ends, NULL},
    {"contains", "ss", 'b', 0, kfind_contains, NULL},
    {"instr", "ss", 'i', 0, kfind_instr, NULL},
    {"position", "ss", 'i', 0, kfind_position, NULL},
    {"concat", "S*", 's', 0, kstr_concat, NULL},
    {"repeat", "si", 's', 0, kstr_repeat, NULL},
    {"reverse", "s", 's', 0, kstr_reverse, NULL},
    {"regexp_extract", "ss", 's', 0, kmatch_extract, kmatch_extract_prepare},
    {"regexp_extract", "ssi", 's', 0, kmatch_extract, kmatch_extract_prepare},
    {"regexp_replace", "sss", 's', 0, kmatch_replace, kmatch_regex_prepare},

    /* Numbers. */
    {"abs", "i", 'i', FAILS, knum_abs_i, NULL},
    {"abs", "f", 'f', 0, knum_abs_f, NULL},
    {"abs", "d", 'd', FAILS, knum_abs_i, NULL},
    {"sign", "i", 'i', 0, knum_sign_i, NULL},
    {"sign", "f", 'f', 0, knum_sign_f, NULL},
    {"sign", "d", 'i', 0, knum_sign_i, NULL},
    {"round", "i", 'i', 0, knum_same_i, NULL},
    {"round", "f", 'f', 0, knum_round_f, NULL},
    {"round", "fi", 'f', 0, knum_round_places, NULL},
    {"floor", "i", 'i', 0, knum_same_i, NULL},
    {"floor", "f", 'i', FAILS, knum_floor, NULL},
    {"ceil", "i", 'i', 0, knum_same_i, NULL},
    {"ceil", "f", 'i', FAILS, knum_ceil, NULL},
    {"sqrt", "f", 'f', 0, knum_sqrt, NULL},
    {"pow", "ff", 'f', 0, knum_pow, NULL},
    {"exp", "f", 'f', 0, knum_exp, NULL},
    {"ln", "f", 'f', 0, knum_ln, NULL},
    {"log", "f", 'f', 0, knum_ln, NULL},
    {"log", "ff", 'f', 0, knum_log_base, NULL},
    {"log2", "f", 'f', 0, knum_log2, NULL},
    {"log10", "f", 'f', 0, knum_log10, NULL},
    {"isnan", "f", 'b', 0, knum_isnan, NULL},

    /* Times. */
    {"now", "", 't', FUNC_RUN, ktime_now, NULL},
    {"epoch", "t", 'i', 0, ktime_epoch, NULL},
    {"epoch_ms", "t", 'i', 0, ktime_epoch_ms, NULL},
    {"epoch_us", "t", 'i', 0, ktime_epoch_us, NULL},
    {"to_time", "i", 't', FAILS, kcast_i_t, NULL},
    {"to_time", "f", 't', FAILS, kcast_f_t, NULL},
    {"to_time", "s", 't', FAILS, kcast_s_t, NULL},
    {"from_epoch", "i", 't', FAILS, kcast_i_t, NULL},
    {"from_epoch", "f", 't', FAILS, kcast_f_t, NULL},
    {"from_epoch_ms", "i", 't', FAILS, ktime_from_ms, NULL},
    {"from_epoch_us", "i", 't', 0, ktime_from_us, NULL},
    {"date_trunc", "st", 't', FAILS, ktime_trunc, ktime_trunc_prepare},
    {"date_part", "st", 'i', 0, ktime_part, ktime_part_prepare},
    {"year", "t", 'i', 0, ktime_year, NULL},
    {"month", "t", 'i', 0, ktime_month, NULL},
    {"day", "t", 'i', 0, ktime_day, NULL},
    {"hour", "t", 'i', 0, ktime_hour, NULL},
    {"minute", "t", 'i', 0, ktime_minute, NULL},
    {"second", "t", 'i', 0, ktime_second, NULL},
    {"weekday", "t", 'i', 0, ktime_weekday, NULL},
    {"strftime", "ts", 's', FAILS, ktime_format, ktime_format_prepare},
    {"strptime", "ss", 't', FAILS, ktime_parse, ktime_format_prepare},
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
