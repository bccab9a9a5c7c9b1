/* SPDX-License-Identifier: ISC */
/* The kernels, as the table of functions names them: file, verb, types. */
#ifndef MILLRACE_EXPR_KERNELS_H
#define MILLRACE_EXPR_KERNELS_H

#include "expr/func.h"

kernel_fn karith_add_i, karith_sub_i, karith_mul_i, karith_div_i, karith_mod_i;
kernel_fn karith_neg_i, karith_add_f, karith_sub_f, karith_mul_f, karith_div_f;
kernel_fn karith_mod_f, karith_neg_f, karith_div_d, karith_mul_df;
kernel_fn karith_mul_fd, karith_div_df, karith_pmod_i, karith_pmod_f;

kernel_fn kbit_and, kbit_or, kbit_xor, kbit_left, kbit_right, kbit_not;
kernel_fn kbit_right_unsigned, kbit_count;

kernel_fn kcmp_eq_i, kcmp_ne_i, kcmp_lt_i, kcmp_le_i, kcmp_gt_i, kcmp_ge_i;
kernel_fn kcmp_eq_f, kcmp_ne_f, kcmp_lt_f, kcmp_le_f, kcmp_gt_f, kcmp_ge_f;
kernel_fn kcmp_eq_s, kcmp_ne_s, kcmp_lt_s, kcmp_le_s, kcmp_gt_s, kcmp_ge_s;
kernel_fn kcmp_eq_b, kcmp_ne_b, kcmp_lt_b, kcmp_le_b, kcmp_gt_b, kcmp_ge_b;
kernel_fn kcmp_eq_if, kcmp_ne_if, kcmp_lt_if, kcmp_le_if, kcmp_gt_if;
kernel_fn kcmp_ge_if, kcmp_eq_fi, kcmp_ne_fi, kcmp_lt_fi, kcmp_le_fi;
kernel_fn kcmp_gt_fi, kcmp_ge_fi;
kernel_fn kcmp_between_i, kcmp_between_f, kcmp_between_n, kcmp_between_s;

kernel_fn kin_i, kin_f, kin_s, kin_b;
prepare_fn kin_prepare;

kernel_fn kcond_and, kcond_or, kcond_not, kcond_case, kcond_coalesce;
kernel_fn kcond_nullif, kcond_is_null, kcond_is_not_null, kcond_greatest;
kernel_fn kcond_least, kcond_typeof, kcond_nvl2;

kernel_fn kcast_b_i, kcast_b_f, kcast_b_s, kcast_i_b, kcast_i_f, kcast_i_s;
kernel_fn kcast_f_b, kcast_f_i, kcast_f_s, kcast_s_b, kcast_s_i, kcast_s_f;
kernel_fn kcast_s_t, kcast_s_d, kcast_t_i, kcast_t_f, kcast_t_s, kcast_i_t;
kernel_fn kcast_f_t, kcast_d_s;

kernel_fn kstr_concat, kstr_concat_ws, kstr_length, kstr_octets, kstr_lower;
kernel_fn kstr_upper, kstr_trim, kstr_ltrim, kstr_rtrim, kstr_substr, kstr_left;
kernel_fn kstr_right, kstr_repeat, kstr_reverse;
prepare_fn kstr_refuse_bools;
kernel_fn kshape_initcap, kshape_lpad, kshape_rpad, kshape_translate;
kernel_fn kshape_ascii, kshape_chr, kshape_levenshtein;
kernel_fn kfind_starts, kfind_ends, kfind_contains, kfind_instr, kfind_position;
kernel_fn kfind_replace, kfind_split, kfind_split_part, kfind_split_list;
kernel_fn kformat;
prepare_fn kformat_prepare;

kernel_fn kmatch_like, kmatch_regex, kmatch_extract, kmatch_replace;
kernel_fn kmatch_extract_all, kmatch_count;
prepare_fn kmatch_like_prepare, kmatch_regex_prepare, kmatch_extract_prepare;

kernel_fn kcode_hex_s, kcode_hex_i, kcode_unhex, kcode_base64, kcode_unbase64;
kernel_fn kcode_url_encode, kcode_url_decode;
kernel_fn khash_xxhash64, khash_crc32, khash_sha256, khash_rand;
prepare_fn khash_refuse_random;

kernel_fn kjson_get, kjson_get_text, kjson_valid, kjson_type;
kernel_fn kjson_array_length, kjson_keys, kjson_to_json, kjson_array;
kernel_fn kjson_object;
prepare_fn kjson_prepare, kjson_path_prepare, kjson_object_prepare;

kernel_fn kurl_scheme, kurl_host, kurl_port, kurl_path, kurl_query;
kernel_fn kurl_fragment, kurl_param, kurl_parse, kurl_parse_field;
prepare_fn kurl_parse_prepare;
kernel_fn kip_is, kip_parse, kip_version, kip_mask, kip_match;
prepare_fn kip_match_prepare;

kernel_fn knum_abs_i, knum_abs_f, knum_sign_i, knum_sign_f, knum_round_f;
kernel_fn knum_bround_f, knum_floor, knum_ceil, knum_same_i;
kernel_fn knum_sqrt, knum_cbrt, knum_pow, knum_hypot, knum_ln, knum_log2;
kernel_fn knum_log10, knum_log_base, knum_exp, knum_isnan, knum_pi, knum_sin;
kernel_fn knum_cos, knum_tan, knum_asin, knum_acos, knum_atan, knum_atan2;
kernel_fn knum_radians, knum_degrees;
kernel_fn kround_near_i, kround_near_f, kround_even_i, kround_even_f;
kernel_fn kround_down_i, kround_down_f, kround_up_i, kround_up_f, kround_bucket;

kernel_fn ktime_trunc, ktime_part, ktime_year, ktime_quarter, ktime_month;
kernel_fn ktime_week, ktime_day, ktime_yearday, ktime_dayofweek, ktime_weekday;
kernel_fn ktime_hour, ktime_minute, ktime_second;
prepare_fn ktime_trunc_prepare, ktime_part_prepare;
kernel_fn kzone_from_utc, kzone_to_utc, kzone_format, kzone_parse;
prepare_fn kzone_prepare, kzone_format_prepare, kzone_letters_prepare;
kernel_fn kcal_now, kcal_epoch, kcal_epoch_ms, kcal_epoch_us, kcal_from_ms;
kernel_fn kcal_from_us, kcal_make_time, kcal_make_dur, kcal_date_add;
kernel_fn kcal_date_sub, kcal_add_months, kcal_last_day, kcal_datediff;

#endif
