"""Every promise made to a reader of README, SECURITY or the folders' READMEs, and the tests that hold us to it."""

from typing import Final

# promise -> names of tests; `tests/test_promises.py` checks that each exists
PROMISES: Final[dict[str, tuple[str, ...]]] = {
    # privacy
    "no raw customer data reaches the model, the vector store, logs, traces, callers or other columns": (
        "test_no_byte_of_a_canary_leaves_through_any_sink_on_a_trading_day",
        "test_a_leak_of_any_form_in_any_sink_is_heard",
    ),
    "behavior is known of groups of at least 20, and of nobody": (
        "test_no_group_is_smaller_than_twenty_and_nobody_is_in_two",
        "test_one_who_joins_alone_never_shows",
        "test_a_sentence_holds_words_of_ours_and_round_numbers_and_nothing_exact",
    ),
    "an erased customer leaves every group": (
        "test_an_erasure_takes_a_customer_out_at_once_and_their_group_stands_while_it_has_enough",
        "test_a_group_that_erasures_leave_with_nineteen_is_withdrawn_and_its_bytes_are_gone",
    ),
    "nothing is connected to that nobody listed": (
        "test_a_host_nobody_listed_is_refused_before_anything_is_sent",
        "test_no_event_loop_connects_past_the_list",
        "test_scrubber_embedding_and_vector_store_work_where_the_kernel_kills_whoever_connects",
    ),
    "with model, tagger and embedding away nothing unmasked passes": (
        "test_without_model_tagger_and_embedding_nothing_unmasked_passes_and_the_run_goes_on",
    ),
    "a day's privacy receipt is counted where things went and chained to the ledger": (
        "test_every_byte_to_the_model_every_mask_and_every_answer_is_counted_where_it_went",
        "test_a_receipt_that_was_changed_afterwards_is_not_the_one_on_the_ledger",
    ),
    "what the linker is certain of passes the guard, once, and can be undone": (
        "test_what_the_linker_is_certain_of_passes_the_guard_once_and_can_be_undone",
        "test_what_is_certain_waits_while_ai_is_stopped_and_is_linked_another_night",
    ),
    "what the linker is unsure of is a person's to say, and what a person took apart stays so": (
        "test_what_the_linker_is_unsure_of_waits_for_a_manager_once_with_fields_and_a_weight",
        "test_what_one_person_took_apart_another_one_joins",
        "test_a_detour_around_a_pair_taken_apart_is_refused",
    ),
    "a profile tells of nobody else, gives no name away, and waits for nobody": (
        "test_half_a_persons_points_are_not_told_as_all_of_them",
        "test_the_crm_is_asked_by_address_and_gives_no_name_number_or_address_away",
        "test_a_hanging_platform_costs_its_own_part_and_no_more_than_the_deadline",
        "test_what_the_crm_guesses_is_for_managers",
    ),
    # the shop floor
    "an associate sees who came in and agreed to it, in their own shops, by no name, and each look is on record": (
        "test_who_checks_in_and_agrees_is_shown_with_the_offer_that_was_decided_for_it",
        "test_people_of_another_shop_see_nobody_and_tell_nothing",
        "test_a_look_at_somebody_is_on_record_tells_an_associate_no_money_and_nobody_a_name",
        "test_a_customer_is_found_by_what_they_say_and_it_is_kept_nowhere",
    ),
    "what is offered on the floor was decided before, ends, and is told of once": (
        "test_the_same_tap_twice_is_one_outcome_and_the_opposite_of_what_was_told_is_refused",
        "test_an_offer_ends_on_the_page_when_it_ends_at_the_till",
        "test_nothing_is_offered_while_a_complaint_waits_even_what_was_decided_before",
        "test_what_is_shown_to_scan_is_good_once_and_in_this_shop_alone",
    ),
    # the retailer's own history
    "history wakes nobody and is in the store once, whatever it comes in and however often": (
        "test_orders_returns_customers_products_and_counts_come_in_and_nobody_is_woken",
        "test_any_split_any_order_and_any_repetition_of_rows_gives_the_same_store",
        "test_a_platforms_past_is_in_the_store_once_and_wakes_nobody",
        "test_what_polls_brought_before_changes_nothing",
    ),
    "an import that was killed goes on where it was": (
        "test_a_process_killed_in_the_middle_goes_on_where_it_was_and_counts_nothing_twice",
        "test_an_import_that_is_cut_off_goes_on_where_it_was",
    ),
    "a row that is not taken is told by line and reason and never by a value; who was erased stays erased": (
        "test_each_bad_row_is_told_with_line_and_reason_and_without_a_value_and_the_rest_is_taken",
        "test_an_erased_customer_does_not_come_back",
    ),
    "counts that disagree are told once an hour with cause, money and fix, and noise is not": (
        "test_each_fault_is_told_with_its_cause_money_and_fix_and_noise_is_not",
        "test_a_difference_is_told_at_the_second_look_and_only_then",
    ),
    "what was oversold is told at the hour and in the week, with its cost and the way out": (
        "test_an_oversell_found_late_is_told_with_every_way_out_and_closed_when_goods_come",
        "test_oversells_of_the_week_are_told_with_their_cost_and_the_way_out_that_was_taken",
    ),
    "a promotional calendar is taken in once, what cannot be by line and reason, and forecasts know it": (
        "test_what_cannot_be_is_told_by_line_and_reason_and_the_rest_is_kept_once",
        "test_a_forecast_knows_each_by_its_goods_and_its_place",
    ),
    "goods in a promotion are told of at its price, and nothing of ours comes off them at any door": (
        "test_what_goes_with_the_basket_and_is_in_a_promotion_is_told_of_and_not_reduced_further",
        "test_nobody_takes_a_percentage_off_goods_in_a_promotion_be_it_of_a_pair",
        "test_a_till_is_told_of_a_promotion_without_a_code_and_a_scan_in_it_is_refused",
        "test_lightspeeds_register_is_told_without_a_code_and_a_till_without_a_line_is_handed_nothing_of_it",
        "test_a_sale_that_was_given_an_offer_gets_no_second_one_by_a_scan_and_one_scanned_first_gets_no_other",
    ),
    "what a platform tells of a location nobody listed is not lost in silence": (
        "test_what_a_poll_leaves_out_for_an_unlisted_location_is_told_with_what_to_do",
    ),
    "goods are ordered only with a manager's approval, once, and withdrawn while nobody sent them": (
        "test_an_order_for_a_lightspeed_shop_waits_is_drafted_there_once_and_is_taken_back",
        "test_an_order_for_a_shop_whose_platform_keeps_none_is_a_file_and_its_withdrawal_another",
        "test_a_large_order_needs_two_managers",
        "test_what_the_supplier_would_not_take_is_denied",
    ),
    "a forecast is changed by hand within bounds, once, and what came of it is measured and learned from": (
        "test_a_planner_changes_a_forecast_at_once_and_a_manager_takes_it_back",
        "test_an_assistant_only_asks_and_the_approval_shows_what_would_change",
        "test_what_came_of_overrides_is_on_record_and_an_ai_whose_made_it_worse_is_refused",
        "test_an_override_is_written_once_per_action_and_never_over_another",
    ),
    "the inventory specialist proposes a few bounded changes a night, once, and no number is a model's": (
        "test_the_night_proposes_a_few_bounded_changes_once_and_changes_no_number",
        "test_a_night_killed_midway_goes_on_where_it_was_and_proposes_nothing_twice",
        "test_words_that_state_anything_of_their_own_are_replaced_by_the_houses",
        "test_without_a_model_the_order_is_the_cores_and_the_words_the_houses",
    ),
    # offers, and the honest measure of them
    "a till has a model's line without waiting for the model, and none that was not checked": (
        "test_whatever_the_model_does_by_day_the_line_of_the_night_is_there_in_time",
        "test_a_line_somebody_changed_in_the_store_is_checked_again_and_not_used",
        "test_what_a_lying_model_writes_is_not_kept_and_not_asked_for_again_so_soon",
    ),
    "a chance is what such chances came to, whatever the score was made of": (
        "test_a_chance_is_what_such_scores_came_to",
        "test_a_title_is_worth_what_such_titles_came_to",
        "test_a_curve_rises_and_tells_as_many_purchases_as_there_were",
    ),
    "another size or color is offered where such are bought, and to whom theirs is gone": (
        "test_another_color_goes_with_a_basket_only_where_such_are_bought",
        "test_who_looked_at_a_size_that_is_gone_is_offered_another_one",
    ),
    "what is sent home at full price gives nothing away and says so": (
        "test_what_is_sent_home_at_full_price_is_on_record_with_a_link_and_without_a_code",
        "test_a_line_about_goods_sent_home_at_full_price_promises_nothing_off",
        "test_what_was_told_at_full_price_is_learned_by_itself_and_is_not_silence",
    ),
    "what is sent home is promised no sooner than the retailer sends": (
        "test_nothing_is_promised_to_arrive_sooner_than_the_retailer_sends",
        "test_the_message_promises_the_delivery_that_was_decided",
    ),
    "a purchase leads to one message at most, and none when told of late": (
        "test_a_manager_answers_and_the_customer_is_written_to_once",
        "test_a_sale_told_of_late_leads_to_none",
    ),
    "held-out customers are offered nothing, and the same ones every time": (
        "test_a_held_out_customer_is_offered_nothing_at_the_till_and_it_is_told",
        "test_one_customer_in_twenty_is_held_out_and_the_same_ones_every_time",
        "test_a_held_out_customer_is_on_record_once_handed_what_is_kept_and_forgotten",
    ),
    "every draw is on record with its chance and comes out again": (
        "test_what_was_drawn_stands_in_the_evidence_and_comes_out_again",
        "test_whatever_is_drawn_comes_out_the_same_from_its_record",
    ),
    "an effect is told by a plan that nobody changed, or refused": (
        "test_a_plan_that_began_is_never_changed",
        "test_the_lift_of_margin_is_what_offers_added",
        "test_another_policy_is_told_from_the_draws_or_refused",
    ),
    "a till without a line gives away what was approved beforehand, settled once": (
        "test_a_till_is_handed_offers_within_what_needs_no_manager",
        "test_what_a_till_used_is_settled_once_however_often_it_is_told",
    ),
    "a scanned offer passes the guard, once": (
        "test_a_scanned_offer_is_decided_by_the_guard_and_its_code_made",
        "test_it_is_good_for_one_sale_and_asked_again_gives_the_same_answer",
        "test_what_is_wrong_with_it_is_told_and_the_sale_goes_on",
    ),
    # README
    "an action takes one road, whoever wants it": (
        "test_imports_point_one_way_and_nothing_reaches_a_platform_but_through_the_guard",
        "test_the_same_situation_gets_the_same_verdict_through_either_door",
    ),
    "a person is asked where the rules say so": (
        "test_fifty_dollars_pass_and_one_cent_more_waits_for_a_manager",
        "test_an_offer_split_in_two_on_one_transaction_waits_as_the_whole_would",
        "test_a_waiting_discount_does_not_reach_the_platform_until_a_manager_says_yes",
    ),
    "carried out exactly once": (
        "test_any_sequence_of_repeats_and_faults_has_one_effect",
        "test_codes_asked_for_by_a_killed_worker_exist_exactly_once",
        "test_a_worker_killed_between_claim_and_receipt_leaves_one_effect",
    ),
    "recorded with its outcome in a hash-chained ledger": (
        "test_the_story_holds_event_evidence_rationale_verdict_approver_call_outcome_and_undo",
        "test_any_edit_deletion_reordering_or_cut_shows_where",
    ),
    "a run, an agent's hours or a campaign are taken back once, whatever dies": (
        "test_any_repetition_under_any_faults_reverses_each_effect_at_most_once",
        "test_a_run_over_both_platforms_is_taken_back_on_both",
        "test_a_platform_down_in_the_middle_keeps_its_half_until_it_is_back",
        "test_a_process_that_dies_in_the_middle_is_followed_by_one_that_finishes",
    ),
    "what cannot be undone is said before and after, with its money": (
        "test_a_preview_changes_nothing_and_says_what_the_undo_will_do",
        "test_sold_stock_and_received_goods_stay_and_say_what_they_are_worth",
    ),
    "who asks at a register's screen is said by Shopify and by IT, never by the request": (
        "test_only_shopifys_own_word_about_this_app_this_shop_and_this_minute_opens",
        "test_where_a_register_stands_and_who_signs_in_is_what_it_told",
        "test_exactly_two_origins_may_read_answers_and_errors_alike",
    ),
    "a manager's PIN proves who says yes, is guessed by nobody, and is kept nowhere": (
        "test_the_right_pin_approves_what_waits_here_and_the_ledger_says_who",
        "test_after_so_many_wrong_pins_a_manager_rests_and_the_next_right_one_is_not_looked_at",
        "test_a_register_rests_too_and_tries_at_once_count_like_tries_in_a_row",
        "test_a_pin_is_in_no_log_no_record_and_no_table",
    ),
    "the newest state of a basket counts, and a till never gets an error": (
        "test_what_comes_late_about_an_older_state_is_silence",
        "test_of_states_told_at_once_only_the_newest_may_leave_a_question_open",
        "test_a_basket_that_cannot_be_right_is_silence_with_a_reason",
        "test_no_sequence_makes_more_than_one_effect_of_an_action",
    ),
    "what a register tells late, often and in any order is settled once": (
        "test_after_a_time_without_a_line_everything_is_told_at_once_and_settled_once",
        "test_what_is_not_known_or_not_readable_is_told_so_and_holds_nothing_back",
    ),
    "a model never undoes many alone": ("test_a_model_may_ask_for_an_undo_and_a_person_starts_it",),
    "an offer's outcome is recorded once with agents stopped": (
        "test_an_order_that_used_a_code_is_recorded_once_linked_to_its_action",
        "test_returned_goods_give_their_share_back_once_and_never_more_than_was_taken",
    ),
    "tampering anywhere is found": (
        "test_tampering_anywhere_in_a_ledger_of_any_size_is_found_where_it_begins",
        "test_damage_to_the_anchor_file_itself_is_reported_and_keeps_it_from_growing",
    ),
    "what the forecast says it covers": (
        "test_quantiles_cover_what_they_say",
        "test_a_decision_never_gets_less_than_the_chance_it_asked_for",
        "test_what_comes_later_does_not_change_a_forecast",
    ),
    "an override is bounded, ends by itself and is measured": (
        "test_an_override_changes_at_most_thirty_percent_for_at_most_four_weeks_and_some_days",
        "test_an_override_is_measured_when_it_has_ended",
    ),
    "no transfer strips a location or overdraws a lane": ("test_no_lane_hand_pack_or_safety_stock_is_overdrawn",),
    "a sale in one system is told to the other once, with all agents stopped": (
        "test_a_sale_in_one_system_lowers_the_count_of_the_other_and_comes_back_to_nobody",
        "test_both_end_with_what_is_left_however_looks_and_sales_fall_together",
        "test_after_an_outage_only_the_newest_count_goes_out",
        "test_a_write_whose_answer_was_lost_is_made_once",
        "test_a_batch_that_outlasts_its_lease_leaves_the_shelf_to_who_took_it_over",
    ),
    "the last unit is promised to one basket": (
        "test_a_promise_lowers_the_other_side_and_what_is_let_go_comes_back",
        "test_a_promise_whose_last_unit_was_just_sold_is_not_made",
        "test_baskets_of_one_name_are_each_their_own_side_s",
    ),
    "a count is the sum of its changes, however late, doubled or disordered they are told": (
        "test_sales_returns_and_counts_late_twice_and_out_of_order_end_in_the_same_counts",
        "test_a_platform_s_count_is_explained_by_the_sale_whichever_is_told_first",
        "test_a_late_sale_counts_on_its_own_day_and_is_told_to_the_other_platform",
    ),
    "an oversell is told with every way out": (
        "test_an_oversell_found_late_is_told_with_every_way_out_and_closed_when_goods_come",
        "test_the_cheapest_is_proposed_and_the_others_are_told_with_their_cost",
    ),
    "can be undone": ("test_an_executed_discount_is_undone_once", "test_a_transfer_is_undone_by_cancelling_it"),
    "the model only words and chooses": ("test_no_model_can_approve_over_mcp_whatever_its_role",),
    "personal data becomes keyed hashes at the edge": (
        "test_no_personal_data_of_a_delivery_is_kept_readable",
        "test_raw_identifiers_of_a_basket_are_kept_nowhere",
    ),
    "make demo runs a retailer's day and ends by itself": (
        "test_a_demo_ends_by_itself_and_says_that_everything_went_as_promised",
    ),
    "replay runs a real log through the same inbox, lanes, agents and guard": (
        "test_a_log_runs_whole_through_inbox_lanes_supervisor_and_guard",
    ),
    "every command in README exists": ("test_every_tillhand_command_knows_its_own_words",),
    # SECURITY
    "refused unless allowed": (
        "test_goods_of_unknown_cost_go_to_a_manager",
        "test_a_hidden_tool_is_as_unknown_as_one_that_is_not_there",
    ),
    "identity is never an argument": (
        "test_a_key_opens_the_tools_of_its_role_in_both_eras",
        "test_identity_is_never_taken_from_headers_or_arguments",
        "test_in_memory_without_a_principal_there_are_no_tools_at_all",
        "test_a_local_client_without_an_actor_sees_no_tools",
    ),
    "the identity provider's token is checked in everything": (
        "test_no_expired_foreign_unsigned_or_forged_token_is_answered_401_and_told_where_to_get_one",
        "test_one_thing_wrong_is_enough",
        "test_a_token_in_the_address_is_refused",
        "test_a_token_without_a_scope_of_ours_is_answered_403_with_the_scopes_there_are",
        "test_claims_that_mean_nothing_here_open_nothing",
    ),
    "a token is never passed on": ("test_neither_key_nor_token_ever_reaches_a_platform",),
    "ended means ended": (
        "test_a_call_that_comes_after_the_revocation_is_refused_even_among_many",
        "test_a_replaced_key_opens_nothing_from_the_next_call_on",
        "test_a_person_signed_out_opens_nothing_from_the_next_call_on",
        "test_within_one_session_each_call_is_judged_by_the_token_it_carries",
        "test_a_tampered_or_revoked_session_ends_at_once",
        "test_a_stream_ends_with_the_credential_it_was_opened_with",
    ),
    "hidden is unknown": (
        "test_every_tool_is_listed_to_and_called_by_exactly_the_roles_of_its_row",
        "test_no_tool_reaches_beyond_the_callers_locations_and_every_denial_is_on_record",
        "test_every_address_is_listed_to_and_read_by_exactly_the_roles_of_its_row",
        "test_every_prompt_is_listed_to_and_opened_by_exactly_the_roles_of_its_row",
        "test_every_page_and_form_is_used_by_exactly_the_roles_of_its_row",
        "test_an_associate_of_one_store_never_reads_of_another_nor_what_goods_cost",
    ),
    "a stranger's name is hidden, a shop's own words are not": (
        "test_a_stranger_s_name_or_address_is_hidden",
        "test_at_most_two_percent_of_a_shop_s_own_lines_are_hidden",
        "test_a_title_s_words_pass_although_a_customer_shares_one",
    ),
    "personal data is found however it is written": (
        "test_ninety_seven_of_ninety_nine_adversarial_forms_are_caught",
        "test_no_letters_of_a_customer_survive_any_disguise",
        "test_what_is_spelled_spaced_or_escaped_has_a_view_that_reads_plainly",
    ),
    "a text that cannot be checked does not pass": (
        "test_without_its_weights_free_text_is_withheld",
        "test_with_damaged_weights_free_text_is_withheld",
        "test_what_takes_too_long_is_not_passed_as_found",
        "test_a_text_too_long_to_check_is_withheld",
    ),
    "stand-ins are resolved only for who may know": (
        "test_only_who_is_entitled_reads_the_value",
        "test_a_stand_in_the_model_made_up_rejects_the_answer",
        "test_a_stand_in_of_another_run_rejects_the_answer",
    ),
    "the tagger's weights can be made again": (
        "test_a_short_training_gives_the_same_bytes_each_time",
        "test_the_same_seed_draws_the_same_texts_in_any_process",
        "test_the_shipped_tagger_was_made_with_these_words_and_lists",
    ),
    "what fits is found by words and meaning, and nothing when nothing fits": (
        "test_once_it_is_learned_meaning_finds_what_no_word_does",
        "test_when_nothing_fits_nothing_is_found",
        "test_an_exact_sku_or_barcode_comes_first_and_is_sure",
    ),
    "the old index serves until the new one is whole": (
        "test_the_old_index_serves_until_the_new_one_is_whole",
        "test_what_was_read_before_a_failure_is_not_read_again",
        "test_a_folder_that_cannot_be_read_is_begun_anew",
    ),
    "a search never waits long for the model": (
        "test_a_late_vector_is_none_now_and_there_for_the_next",
        "test_without_the_model_new_products_are_still_found_by_words",
    ),
    "a playbook that is not for a role leaves no trace": (
        "test_a_forbidden_document_changes_nothing_a_role_is_told",
        "test_a_document_without_roles_is_for_managers_alone",
    ),
    "each claim is traceable": (
        "test_what_has_no_evidence_is_named",
        "test_a_passage_is_cited_with_document_section_lines_and_version",
        "test_words_without_evidence_are_replaced_by_the_passage",
    ),
    "a model never approves": ("test_only_a_manager_of_the_place_and_never_a_model_answers",),
    "card numbers are refused": (
        "test_a_card_number_is_refused_and_a_token_is_not",
        "test_a_card_number_is_refused_at_every_door_not_repeated_and_kept_nowhere",
        "test_a_card_number_is_refused_at_the_command_line_without_being_repeated",
    ),
    "one place knows customers by name": (
        "test_what_a_platform_tells_of_a_customer_is_in_the_vault_alone",
        "test_whoever_is_told_of_stands_readable_in_no_column",
        "test_only_people_who_serve_customers_read_the_vault_and_every_reading_is_on_record",
    ),
    "forgotten is forgotten": (
        "test_a_customer_is_found_by_any_identifier_and_forgotten_everywhere",
        "test_an_erasure_killed_in_its_middle_completes_when_it_is_begun_again",
        "test_rows_versions_and_bytes_of_a_customer_are_gone_and_everybody_else_is_there",
        "test_whoever_was_erased_is_not_taken_in_again",
        "test_after_a_rotation_too_nobody_erased_comes_back_and_everybody_else_is_known",
    ),
    "a till may send hashes, or has to": (
        "test_a_plain_hash_of_a_till_meets_the_identifier_and_is_not_kept",
        "test_in_strict_mode_tills_and_assistants_name_customers_by_hashes_only",
    ),
    "every field that is read is on the data map": (
        "test_every_field_that_is_read_is_on_the_map_and_every_field_on_the_map_is_read",
    ),
    "free text is scrubbed or withheld": (
        "test_personal_data_is_replaced_by_its_kind",
        "test_a_failing_scrubber_withholds_the_text",
    ),
    "loopback unless told otherwise": (
        "test_without_any_variable_it_listens_on_loopback_only",
        "test_plain_http_on_a_non_loopback_address_is_refused_at_start",
        "test_nobody_listens_beyond_loopback_without_a_name_that_callers_may_use",
    ),
    "forged deliveries leave nothing": ("test_a_forged_or_unsigned_delivery_is_answered_401_and_leaves_nothing",),
    # server
    "a delivery is durable before it is answered": (
        "test_a_signed_order_is_stored_before_it_is_answered_and_reaches_the_store",
    ),
    "a webhook and a poll of the same change are one event": (
        "test_the_same_change_under_another_deliverys_name_is_one_event",
    ),
    "what nobody understands is parked, encrypted": (
        "test_a_signed_delivery_nobody_understands_is_parked_visibly_and_sealed",
    ),
    "after five attempts an event waits for a person": (
        "test_after_its_last_attempt_an_event_is_a_dead_letter_that_can_be_put_back",
    ),
    "late at the till means silence": ("test_being_late_is_silence_and_not_an_error",),
    "the sample of a register's call is answered": (
        "test_the_sample_request_is_accepted_verbatim_and_answered_with_both_fields",
    ),
    "the store is kept up to date while agents are stopped": (
        "test_while_agents_are_stopped_the_store_is_kept_up_to_date",
    ),
    # tools
    "no sequence of calls passes a cap": (
        "test_fifty_proposals_at_once_never_exceed_what_a_transaction_may_have",
        "test_a_day_holds_its_cap_to_the_cent",
        "test_no_sequence_of_proposals_answers_and_undoings_passes_any_cap",
        "test_each_cap_holds_to_the_cent",
    ),
    "AI climbs with evidence only": (
        "test_no_sequence_of_climbs_skips_a_rung_or_lacks_evidence",
        "test_ai_climbs_one_rung_at_a_time_as_its_record_earns_it",
        "test_only_people_of_the_owning_team_let_ai_climb_and_never_a_model",
    ),
    "a breach sends AI down one rung": (
        "test_too_many_undone_offers_send_ai_down_at_that_location_at_the_undo_that_was_one_too_many",
        "test_a_burst_of_failures_sends_ai_down_once",
        "test_an_edited_ledger_sends_all_ai_down_once_and_keeps_it_from_climbing",
    ),
    "a stop holds from the next decision on, in every process": (
        "test_a_stop_always_wins_over_whatever_ai_was_allowed",
        "test_a_stop_thrown_here_holds_the_next_decision_of_another_process_within_a_second",
        "test_what_was_allowed_before_the_stop_is_held_and_gives_back_what_it_promised",
        "test_a_call_that_waits_for_its_turn_at_the_platform_is_held_within_a_second",
    ),
    "an answer never changes what was asked": (
        "test_a_manager_lowers_an_offer_into_an_action_of_their_own_linked_to_the_first",
        "test_a_yes_to_a_suggestion_makes_it_the_persons_own_action",
    ),
    "two managers are two": ("test_one_manager_is_not_two_however_often_and_at_once_they_say_yes",),
    "an approval expires to no": ("test_silence_is_no_from_the_very_moment_the_time_is_up",),
    "an approved action is judged again": ("test_what_changed_since_the_question_denies_an_approved_action",),
    "the past is recounted, not believed": (
        "test_whatever_was_decided_the_same_rules_decide_the_same_again",
        "test_what_a_refused_decision_no_longer_takes_is_there_for_later_ones",
        "test_where_caps_bind_answers_never_given_leave_a_range",
    ),
    "rules are kept by their digest": (
        "test_every_decision_of_a_day_of_ten_shops_comes_out_the_same",
        "test_an_older_decision_is_judged_under_the_rules_of_then",
        "test_rules_altered_where_they_are_kept_are_refused",
    ),
    "a review is signed, not clicked away": (
        "test_a_report_made_again_with_other_figures_is_unsigned",
        "test_a_team_is_signed_for_by_its_own_role_alone",
        "test_a_group_under_twenty_is_neither_told_nor_compared",
    ),
    "what is hidden is unknown": (
        "test_a_credential_narrowed_to_a_toolset_knows_no_other_tool",
        "test_an_address_never_shows_more_than_the_credential",
        "test_a_read_only_installation_knows_no_write_for_anybody",
    ),
    "what was previewed is what happens": (
        "test_a_preview_tells_from_to_cost_verdict_and_a_plan_and_its_plan_does_exactly_that",
        "test_a_plan_whose_facts_have_moved_does_nothing_and_names_them",
    ),
    "what others wrote is data": (
        "test_what_others_wrote_is_labelled_bounded_and_wholly_seen",
        "test_an_assistant_that_obeys_what_it_reads_does_nothing_the_rules_forbid",
    ),
    "the list is reviewed like code": (
        "test_a_tool_reads_as_it_was_reviewed",
        "test_every_code_raised_is_on_the_page",
    ),
    # policies
    "a price decides while it is fresh": (
        "test_a_price_is_too_old_after_five_seconds",
        "test_a_price_that_grew_old_while_a_manager_thought_is_asked_for_again",
        "test_an_old_price_is_asked_for_again_and_the_offer_is_made_of_the_new_one",
    ),
    "a message promises what the code gives": (
        "test_another_percentage_amount_or_code_may_not",
        "test_whoever_proposes_it_a_message_that_promises_something_else_is_refused",
    ),
    "New York's sentence stands beside an algorithm's price": (
        "test_a_personalized_offer_in_new_york_says_that_it_is_one",
        "test_only_the_acts_own_words_count",
    ),
    "no rule can be weakened unnoticed": ("test_every_mutant_of_every_rule_is_noticed_or_explained",),
    "looser is said aloud": ("test_a_region_or_location_is_looser_than_the_chain_only_where_it_says_so",),
    "old records stay readable": ("test_a_situation_recorded_before_a_fact_existed_is_judged_without_it",),
    "a broken file leaves the running rules in force": (
        "test_a_file_that_cannot_be_used_leaves_the_running_rules_in_force",
        "test_a_hangup_reads_the_files_again_and_a_broken_one_only_complains",
    ),
    "every rule file has an owner": (
        "test_every_rule_file_and_every_table_of_limits_belongs_to_a_team_of_ours",
        "test_a_file_without_an_owner_and_a_rule_without_a_name_are_refused",
    ),
    # knowledge
    "the store ends the same however its events arrive": ("test_disorder_and_duplicates_end_in_the_same_store",),
    "the event log is applied once": ("test_an_event_already_applied_is_never_counted_again",),
}
