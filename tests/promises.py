"""Every promise made to a reader of README, SECURITY or the folders' READMEs, and the tests that hold us to it."""

from typing import Final

# promise -> names of tests; `tests/test_promises.py` checks that each exists
PROMISES: Final[dict[str, tuple[str, ...]]] = {
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
    "identity is never an argument": ("test_a_key_opens_the_tools_of_its_role_in_both_eras",),
    "a model never approves": ("test_only_a_manager_of_the_place_and_never_a_model_answers",),
    "card numbers are refused": ("test_a_card_number_is_refused_and_a_token_is_not",),
    "free text is scrubbed or withheld": (
        "test_personal_data_is_replaced_by_its_kind",
        "test_a_failing_scrubber_withholds_the_text",
    ),
    "loopback unless told otherwise": (
        "test_without_any_variable_it_listens_on_loopback_only",
        "test_plain_http_on_a_non_loopback_address_is_refused_at_start",
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
    ),
    "an approval expires to no": ("test_silence_is_no_from_the_very_moment_the_time_is_up",),
    "an approved action is judged again": ("test_what_changed_since_the_question_denies_an_approved_action",),
    # knowledge
    "the store ends the same however its events arrive": ("test_disorder_and_duplicates_end_in_the_same_store",),
    "the event log is applied once": ("test_an_event_already_applied_is_never_counted_again",),
}
