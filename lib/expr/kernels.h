/* SPDX-License-Identifier: ISC */
/* The kernels, as the table of functions names them: file, verb, types. */
#ifndef MILLRACE_EXPR_KERNELS_H
#define MILLRACE_EXPR_KERNELS_H

#include "expr/func.h"

kernel_fn karith_add_i, karith_sub_i, karith_mul_i, karith_div_i, karith_mod_i;
kernel_fn karith_neg_i, karith_add_f, karith_sub_f, karith_mul_f, karith_div_f;
kernel_fn karith_mod_f, karith_neg_f, karith_div_d, karith_mul_df;
kernel_fn karith_mul_fd, karith_div_df;

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
kernel_fn kcond_least, kcond_typeof;

kernel_fn kcast_b_i, kcast_b_f, kcast_b_s, kcast_i_b, kcast_i_f, kcast_i_s;
kernel_fn kcast_f_b, kcast_f_i, kcast_f_s, kcast_s_b, kcast_s_i, kcast_s_f;
kernel_fn kcast_s_t, kcast_s_d, kcast_t_i, kcast_t_f, kcast_t_s, kcast_i_t;
kernel_fn kcast_f_t, kcast_d_s;

kernel_fn kstr_concat, kstr_length, kstr_octets, kstr_lower, kstr_upper;
kernel_fn kstr_trim, kstr_ltrim, kstr_rtrim, kstr_substr, kstr_substr_len;
kernel_fn kstr_repeat, kstr_reverse;
prepare_fn kstr_refuse_bools;
kernel_fn kfind_starts, kfind_ends, kfind_contains, kfind_instr, kfind_position;
kernel_fn kfind_replace, kfind_split, kfind_split_part;
prepare_fn kfind_refuse_list;

kernel_fn kmatch_like, kmatch_regex, kmatch_extract, kmatch_replace;
prepare_fn kmatch_like_prepare, kmatch_regex_prepare, kmatch_extract_prepare;

kernel_fn knum_abs_i, knum_abs_f, knum_sign_i, knum_sign_f, knum_round_f;
kernel_fn knum_round_places, knum_floor, knum_ceil, knum_same_i;
kernel_fn knum_sqrt, knum_pow, knum_ln, knum_log2, knum_log10, knum_log_base;
kernel_fn knum_exp, knum_isnan;

kernel_fn ktime_now, ktime_trunc, ktime_part, ktime_year, ktime_month;
kernel_fn ktime_day, ktime_hour, ktime_minute, ktime_second, ktime_weekday;
kernel_fn ktime_format, ktime_parse, ktime_epoch, ktime_epoch_ms;
kernel_fn ktime_epoch_us, ktime_from_ms, ktime_from_us;
prepare_fn ktime_trunc_prepare, ktime_part_prepare, ktime_format_prepare;

#endif
