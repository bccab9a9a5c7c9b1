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

#define ADD(NAME, FLAGS)                                                       \
	{NAME, "ii", 'i', FLAGS, karith_add_i, NULL},                          \
	    {NAME, "ff", 'f', 0, karith_add_f, NULL},                          \
	    {NAME, "dd", 'd', FLAGS, karith_add_i, NULL},                      \
	    {NAME, "td", 't', FLAGS, karith_add_i, NULL},                      \
	{                                                                      \
		NAME, "dt", 't', FLAGS, karith_add_i, NULL                     \
	}

#define SUBTRACT(NAME, FLAGS)                                                  \
	{NAME, "ii", 'i', FLAGS, karith_sub_i, NULL},                          \
	    {NAME, "ff", 'f', 0, karith_sub_f, NULL},                          \
	    {NAME, "dd", 'd', FLAGS, karith_sub_i, NULL},                      \
	    {NAME, "tt", 'd', FLAGS, karith_sub_i, NULL},                      \
	{                                                                      \
		NAME, "td", 't', FLAGS, karith_sub_i, NULL                     \
	}

#define MULTIPLY(NAME, FLAGS)                                                  \
	{NAME, "ii", 'i', FLAGS, karith_mul_i, NULL},                          \
	    {NAME, "ff", 'f', 0, karith_mul_f, NULL},                          \
	    {NAME, "di", 'd', FLAGS, karith_mul_i, NULL},                      \
	    {NAME, "df", 'd', FLAGS, karith_mul_df, NULL},                     \
	    {NAME, "id", 'd', FLAGS, karith_mul_i, NULL},                      \
	{                                                                      \
		NAME, "fd", 'd', FLAGS, karith_mul_fd, NULL                    \
	}

#define DIVIDE(NAME, FLAGS)                                                    \
	{NAME, "ff", 'f', 0, karith_div_f, NULL},                              \
	    {NAME, "dd", 'f', 0, karith_div_d, NULL},                          \
	{                                                                      \
		NAME, "df", 'd', FLAGS, karith_div_df, NULL                    \
	}

#define REST(NAME, VERB)                                                       \
	{NAME, "II", 'i', 0, karith_##VERB##_i, NULL},                         \
	    {NAME, "ff", 'f', 0, karith_##VERB##_f, NULL},                     \
	{                                                                      \
		NAME, "dd", 'd', 0, karith_##VERB##_i, NULL                    \
	}

/*
 * Of rows of one name the one with the least conversion wins, among equals
 * the first.
 */
const struct func func_table[] = {
    /* Arithmetic. */
    ADD("+", FAILS),
    ADD("try_add", FUNC_TRY),
    SUBTRACT("-", FAILS),
    SUBTRACT("try_subtract", FUNC_TRY),
    MULTIPLY("*", FAILS),
    MULTIPLY("try_multiply", FUNC_TRY),
    DIVIDE("/", FAILS),
    DIVIDE("try_divide", FUNC_TRY),
    REST("%", mod),
    REST("mod", mod),
    REST("pmod", pmod),
    {"div", "II", 'i', FAILS, karith_div_i, NULL},
    {"div", "dd", 'i', FAILS, karith_div_i, NULL},
    {"unary -", "i", 'i', FAILS, karith_neg_i, NULL},
    {"unary -", "f", 'f', 0, karith_neg_f, NULL},
    {"unary -", "d", 'd', FAILS, karith_neg_i, NULL},
    {"&", "II", 'i', 0, kbit_and, NULL},
    {"|", "II", 'i', 0, kbit_or, NULL},
    {"^", "II", 'i', 0, kbit_xor, NULL},
    {"<<", "II", 'i', 0, kbit_left, NULL},
    {">>", "II", 'i', 0, kbit_right, NULL},
    {"shiftrightunsigned", "II", 'i', 0, kbit_right_unsigned, NULL},
    {"unary ~", "I", 'i', 0, kbit_not, NULL},
    {"bit_count", "I", 'i', 0, kbit_count, NULL},
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
    {"like", "SSs", 'b', 0, kmatch_like, kmatch_like_prepare},
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
    {"nvl", "TT", 'T', LAZY, kcond_coalesce, NULL},
    {"nvl2", "aTT", 'T', LAZY, kcond_nvl2, NULL},
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
    {"initcap", "s", 's', 0, kshape_initcap, NULL},
    {"trim", "s", 's', 0, kstr_trim, NULL},
    {"trim", "ss", 's', 0, kstr_trim, NULL},
    {"ltrim", "s", 's', 0, kstr_ltrim, NULL},
    {"ltrim", "ss", 's', 0, kstr_ltrim, NULL},
    {"rtrim", "s", 's', 0, kstr_rtrim, NULL},
    {"rtrim", "ss", 's', 0, kstr_rtrim, NULL},
    {"lpad", "si", 's', 0, kshape_lpad, NULL},
    {"lpad", "sis", 's', 0, kshape_lpad, NULL},
    {"rpad", "si", 's', 0, kshape_rpad, NULL},
    {"rpad", "sis", 's', 0, kshape_rpad, NULL},
    {"substr", "si", 's', 0, kstr_substr, NULL},
    {"substr", "sii", 's', 0, kstr_substr, NULL},
    {"substring", "si", 's', 0, kstr_substr, NULL},
    {"substring", "sii", 's', 0, kstr_substr, NULL},
    {"left", "si", 's', 0, kstr_left, NULL},
    {"right", "si", 's', 0, kstr_right, NULL},
    {"split", "ssi", 's', 0, kfind_split, NULL},
    {"split", "ss", 's', 0, kfind_split_list, NULL},
    {"split_part", "ssi", 's', 0, kfind_split_part, NULL},
    {"replace", "sss", 's', 0, kfind_replace, NULL},
    {"starts_with", "ss", 'b', 0, kfind_starts, NULL},
    {"ends_with", "ss", 'b', 0, kfind_ends, NULL},
    {"contains", "ss", 'b', 0, kfind_contains, NULL},
    {"instr", "ss", 'i', 0, kfind_instr, NULL},
    {"position", "ss", 'i', 0, kfind_position, NULL},
    {"concat", "S*", 's', 0, kstr_concat, NULL},
    {"concat_ws", "sS*", 's', NULLS, kstr_concat_ws, NULL},
    {"format", "s", 's', 0, kformat, kformat_prepare},
    {"format", "sa*", 's', 0, kformat, kformat_prepare},
    {"printf", "s", 's', 0, kformat, kformat_prepare},
    {"printf", "sa*", 's', 0, kformat, kformat_prepare},
    {"translate", "sss", 's', 0, kshape_translate, NULL},
    {"ascii", "s", 'i', 0, kshape_ascii, NULL},
    {"chr", "i", 's', 0, kshape_chr, NULL},
    {"levenshtein", "ss", 'i', FAILS, kshape_levenshtein, NULL},
    {"repeat", "si", 's', 0, kstr_repeat, NULL},
    {"reverse", "s", 's', 0, kstr_reverse, NULL},
    {"regexp_extract", "ss", 's', 0, kmatch_extract, kmatch_extract_prepare},
    {"regexp_extract", "ssi", 's', 0, kmatch_extract, kmatch_extract_prepare},
    {"regexp_replace", "sss", 's', 0, kmatch_replace, kmatch_regex_prepare},
    {"regexp_extract_all", "ss", 's', 0, kmatch_extract_all,
	kmatch_extract_prepare},
    {"regexp_extract_all", "ssi", 's', 0, kmatch_extract_all,
	kmatch_extract_prepare},
    {"regexp_count", "ss", 'i', 0, kmatch_count, kmatch_regex_prepare},
    {"regexp_like", "ss", 'b', 0, kmatch_regex, kmatch_regex_prepare},

    /* Codings, hashes. */
    {"hex", "i", 's', 0, kcode_hex_i, NULL},
    {"hex", "s", 's', 0, kcode_hex_s, NULL},
    {"unhex", "s", 's', FAILS, kcode_unhex, NULL},
    {"base64", "s", 's', 0, kcode_base64, NULL},
    {"unbase64", "s", 's', FAILS, kcode_unbase64, NULL},
    {"xxhash64", "a*", 'i', NULLS, khash_xxhash64, NULL},
    {"crc32", "S", 'i', 0, khash_crc32, NULL},
    {"sha256", "S", 's', 0, khash_sha256, NULL},
    {"rand", "ia*", 'f', NULLS, khash_rand, NULL},
    {"rand", "i", 'f', 0, khash_rand, khash_refuse_random},
    {"rand", "", 'f', 0, khash_rand, khash_refuse_random},
    {"uuid", "", 's', 0, khash_sha256, khash_refuse_random},

    /* URLs, addresses. */
    {"url_scheme", "s", 's', 0, kurl_scheme, NULL},
    {"url_host", "s", 's', 0, kurl_host, NULL},
    {"url_port", "s", 'i', 0, kurl_port, NULL},
    {"url_path", "s", 's', 0, kurl_path, NULL},
    {"url_query", "s", 's', 0, kurl_query, NULL},
    {"url_fragment", "s", 's', 0, kurl_fragment, NULL},
    {"url_param", "ss", 's', 0, kurl_param, NULL},
    {"url_decode", "s", 's', 0, kcode_url_decode, NULL},
    {"url_encode", "S", 's', 0, kcode_url_encode, NULL},
    {"parse_url", "ss", 's', 0, kurl_parse, kurl_parse_prepare},
    {"parse_url", "sss", 's', 0, kurl_parse_field, kurl_parse_prepare},
    {"is_ip", "s", 'b', 0, kip_is, NULL},
    {"ip_parse", "s", 's', 0, kip_parse, NULL},
    {"ip_version", "s", 'i', 0, kip_version, NULL},
    {"ip_mask", "si", 's', 0, kip_mask, NULL},
    {"ip_mask", "sii", 's', 0, kip_mask, NULL},
    {"cidr_match", "ss*", 'b', 0, kip_match, kip_match_prepare},

    /* JSON. */
    {"->", "ss", 's', FAILS, kjson_get, kjson_path_prepare},
    {"->", "si", 's', FAILS, kjson_get, kjson_path_prepare},
    {"->>", "ss", 's', FAILS | FUNC_UNTYPED, kjson_get_text,
	kjson_path_prepare},
    {"->>", "si", 's', FAILS | FUNC_UNTYPED, kjson_get_text,
	kjson_path_prepare},
    {"json_extract", "ss", 's', FAILS, kjson_get, kjson_path_prepare},
    {"get_json_object", "ss", 's', FAILS | FUNC_UNTYPED, kjson_get_text,
	kjson_path_prepare},
    {"json_valid", "s", 'b', 0, kjson_valid, kjson_prepare},
    {"json_type", "s", 's', FAILS, kjson_type, kjson_prepare},
    {"json_array_length", "s", 'i', FAILS, kjson_array_length, kjson_prepare},
    {"json_keys", "s", 's', FAILS, kjson_keys, kjson_prepare},
    {"to_json", "a", 's', NULLS, kjson_to_json, NULL},
    {"json_array", "a*", 's', NULLS, kjson_array, NULL},
    {"json_object", "aa*", 's', NULLS, kjson_object, kjson_object_prepare},

    /* Numbers. */
    {"abs", "i", 'i', FAILS, knum_abs_i, NULL},
    {"abs", "f", 'f', 0, knum_abs_f, NULL},
    {"abs", "d", 'd', FAILS, knum_abs_i, NULL},
    {"sign", "i", 'i', 0, knum_sign_i, NULL},
    {"sign", "f", 'f', 0, knum_sign_f, NULL},
    {"sign", "d", 'i', 0, knum_sign_i, NULL},
    {"round", "i", 'i', 0, knum_same_i, NULL},
    {"round", "f", 'f', 0, knum_round_f, NULL},
    {"round", "ii", 'i', FAILS, kround_near_i, NULL},
    {"round", "fi", 'f', 0, kround_near_f, NULL},
    {"bround", "i", 'i', 0, knum_same_i, NULL},
    {"bround", "f", 'f', 0, knum_bround_f, NULL},
    {"bround", "ii", 'i', FAILS, kround_even_i, NULL},
    {"bround", "fi", 'f', 0, kround_even_f, NULL},
    {"floor", "i", 'i', 0, knum_same_i, NULL},
    {"floor", "f", 'i', FAILS, knum_floor, NULL},
    {"floor", "ii", 'i', FAILS, kround_down_i, NULL},
    {"floor", "fi", 'f', 0, kround_down_f, NULL},
    {"ceil", "i", 'i', 0, knum_same_i, NULL},
    {"ceil", "f", 'i', FAILS, knum_ceil, NULL},
    {"ceil", "ii", 'i', FAILS, kround_up_i, NULL},
    {"ceil", "fi", 'f', 0, kround_up_f, NULL},
    {"width_bucket", "fffi", 'i', 0, kround_bucket, NULL},
    {"sqrt", "f", 'f', 0, knum_sqrt, NULL},
    {"pow", "ff", 'f', 0, knum_pow, NULL},
    {"power", "ff", 'f', 0, knum_pow, NULL},
    {"cbrt", "f", 'f', 0, knum_cbrt, NULL},
    {"hypot", "ff", 'f', 0, knum_hypot, NULL},
    {"exp", "f", 'f', 0, knum_exp, NULL},
    {"ln", "f", 'f', 0, knum_ln, NULL},
    {"log", "f", 'f', 0, knum_ln, NULL},
    {"log", "ff", 'f', 0, knum_log_base, NULL},
    {"log2", "f", 'f', 0, knum_log2, NULL},
    {"log10", "f", 'f', 0, knum_log10, NULL},
    {"pi", "", 'f', 0, knum_pi, NULL},
    {"sin", "f", 'f', 0, knum_sin, NULL},
    {"cos", "f", 'f', 0, knum_cos, NULL},
    {"tan", "f", 'f', 0, knum_tan, NULL},
    {"asin", "f", 'f', 0, knum_asin, NULL},
    {"acos", "f", 'f', 0, knum_acos, NULL},
    {"atan", "f", 'f', 0, knum_atan, NULL},
    {"atan2", "ff", 'f', 0, knum_atan2, NULL},
    {"radians", "f", 'f', 0, knum_radians, NULL},
    {"degrees", "f", 'f', 0, knum_degrees, NULL},
    {"isnan", "f", 'b', 0, knum_isnan, NULL},

    /* Times. */
    {"now", "", 't', FUNC_RUN, kcal_now, NULL},
    {"current_timestamp", "", 't', FUNC_RUN, kcal_now, NULL},
    {"epoch", "t", 'i', 0, kcal_epoch, NULL},
    {"epoch_ms", "t", 'i', 0, kcal_epoch_ms, NULL},
    {"epoch_us", "t", 'i', 0, kcal_epoch_us, NULL},
    {"unix_seconds", "t", 'i', 0, kcal_epoch, NULL},
    {"unix_millis", "t", 'i', 0, kcal_epoch_ms, NULL},
    {"unix_micros", "t", 'i', 0, kcal_epoch_us, NULL},
    {"to_time", "i", 't', FAILS, kcast_i_t, NULL},
    {"to_time", "f", 't', FAILS, kcast_f_t, NULL},
    {"to_time", "s", 't', FAILS, kcast_s_t, NULL},
    {"from_epoch", "i", 't', FAILS, kcast_i_t, NULL},
    {"from_epoch", "f", 't', FAILS, kcast_f_t, NULL},
    {"from_epoch_ms", "i", 't', FAILS, kcal_from_ms, NULL},
    {"from_epoch_us", "i", 't', 0, kcal_from_us, NULL},
    {"make_time", "iii", 't', 0, kcal_make_time, NULL},
    {"make_time", "iiiiif", 't', 0, kcal_make_time, NULL},
    {"make_dur", "iiif", 'd', FAILS, kcal_make_dur, NULL},
    {"to_dur", "i", 'd', FAILS, kcast_i_t, NULL},
    {"to_dur", "f", 'd', FAILS, kcast_f_t, NULL},
    {"to_dur", "s", 'd', FAILS, kcast_s_d, NULL},
    {"to_seconds", "d", 'f', 0, kcast_t_f, NULL},
    {"date_add", "ti", 't', FAILS, kcal_date_add, NULL},
    {"date_sub", "ti", 't', FAILS, kcal_date_sub, NULL},
    {"add_months", "ti", 't', FAILS, kcal_add_months, NULL},
    {"last_day", "t", 't', FAILS, kcal_last_day, NULL},
    {"datediff", "tt", 'i', 0, kcal_datediff, NULL},
    {"date_trunc", "st", 't', FAILS, ktime_trunc, ktime_trunc_prepare},
    {"date_trunc", "sts", 't', FAILS, ktime_trunc, ktime_trunc_prepare},
    {"date_part", "st", 'i', 0, ktime_part, ktime_part_prepare},
    {"year", "t", 'i', 0, ktime_year, NULL},
    {"quarter", "t", 'i', 0, ktime_quarter, NULL},
    {"month", "t", 'i', 0, ktime_month, NULL},
    {"weekofyear", "t", 'i', 0, ktime_week, NULL},
    {"day", "t", 'i', 0, ktime_day, NULL},
    {"dayofyear", "t", 'i', 0, ktime_yearday, NULL},
    {"dayofweek", "t", 'i', 0, ktime_dayofweek, NULL},
    {"weekday", "t", 'i', 0, ktime_weekday, NULL},
    {"hour", "t", 'i', 0, ktime_hour, NULL},
    {"minute", "t", 'i', 0, ktime_minute, NULL},
    {"second", "t", 'i', 0, ktime_second, NULL},
    {"at time zone", "ts", 't', FAILS, kzone_from_utc, kzone_prepare},
    {"from_utc_timestamp", "ts", 't', FAILS, kzone_from_utc, kzone_prepare},
    {"to_utc_timestamp", "ts", 't', FAILS, kzone_to_utc, kzone_prepare},
    {"strftime", "ts", 's', FAILS, kzone_format, kzone_format_prepare},
    {"strftime", "tss", 's', FAILS, kzone_format, kzone_format_prepare},
    {"date_format", "ts", 's', FAILS, kzone_format, kzone_letters_prepare},
    {"date_format", "tss", 's', FAILS, kzone_format, kzone_letters_prepare},
    {"strptime", "ss", 't', FAILS, kzone_parse, kzone_format_prepare},
    {"strptime", "sss", 't', FAILS, kzone_parse, kzone_format_prepare},
    {"to_timestamp", "s", 't', FAILS, kcast_s_t, NULL},
    {"to_timestamp", "ss", 't', FAILS, kzone_parse, kzone_letters_prepare},
    {"to_timestamp", "sss", 't', FAILS, kzone_parse, kzone_letters_prepare},
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
