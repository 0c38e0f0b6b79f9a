"""The security list of the MCP door, item by item, and the tests that hold us to it.

What the protocol demands of a server (revision 2026-07-28: server/tools, basic/transports/streamable-http,
basic/authorization, basic/patterns/mrtr, client/elicitation, security best practices), and what money asks besides.
"""

from typing import Final

# item -> names of tests; `tests/test_security_list.py` checks that each exists
SECURITY_LIST: Final[dict[str, tuple[str, ...]]] = {
    # identity
    "01 a missing, expired, foreign, unsigned or forged token is answered 401 and told where to get one": (
        "test_no_expired_foreign_unsigned_or_forged_token_is_answered_401_and_told_where_to_get_one",
        "test_a_credential_in_the_address_opens_nothing_even_beside_a_good_one",
        "test_two_authorization_headers_are_one_too_many",
        "test_no_algorithm_but_the_keys_own_is_used",
    ),
    "02 a token without a scope of ours is answered 403 with the scopes there are": (
        "test_a_token_without_a_scope_of_ours_is_answered_403_with_the_scopes_there_are",
    ),
    "03 a token is good for our own audience only, in every build": (
        "test_tokens_are_made_out_to_our_own_address_unless_told_otherwise",
        "test_an_audience_alone_is_not_taken_for_an_identity_provider",
    ),
    "04 a caller's token never reaches a platform": ("test_neither_key_nor_token_ever_reaches_a_platform",),
    "05 identity is never a header or an argument": ("test_identity_is_never_taken_from_headers_or_arguments",),
    "06 without a configured principal a pipe and a connection in memory see no tools": (
        "test_in_memory_without_a_principal_there_are_no_tools_at_all",
    ),
    "07 what is revoked or taken away is so at the next call": (
        "test_a_revoked_key_opens_nothing_from_the_next_call_on",
        "test_a_role_taken_away_hides_its_tools_from_the_next_call_on",
        "test_within_one_session_each_call_is_judged_by_the_token_it_carries",
    ),
    # transport
    "08 foreign origins and hosts are refused": (
        "test_a_foreign_host_name_is_refused",
        "test_only_our_own_pages_may_call_from_a_browser",
    ),
    "09 bodies too large, too deep, or of several requests are refused": (
        "test_a_body_over_the_limit_is_refused_and_one_at_the_limit_read",
        "test_a_body_nested_beyond_reading_is_refused",
        "test_what_is_not_one_request_is_refused",
    ),
    "10 headers that contradict the body are refused": (
        "test_headers_that_name_another_tool_than_the_body_are_refused",
    ),
    "11 nobody listens beyond loopback without names callers may use": (
        "test_nobody_listens_beyond_loopback_without_a_name_that_callers_may_use",
        "test_plain_http_on_a_non_loopback_address_is_refused_at_start",
    ),
    "12 a session is its caller's alone, and there is no end of them": (
        "test_nobody_uses_a_session_that_another_credential_opened",
        "test_one_session_too_many_is_told_to_come_back",
    ),
    # state and approvals
    "13 a question's state is good for its caller, tool, arguments and time alone": (
        "test_a_question_is_good_for_its_caller_its_arguments_and_its_state_alone",
    ),
    "14 the same state twice does it once": ("test_a_question_answered_twice_is_done_once",),
    "15 an answer to a question nobody asked counts for nothing": (
        "test_a_question_is_good_for_its_caller_its_arguments_and_its_state_alone",
    ),
    "16 whoever proposes never approves, nor does a model": (
        "test_nobody_approves_what_they_proposed",
        "test_nobody_approves_what_was_proposed_for_them",
        "test_no_model_can_approve_over_mcp_whatever_its_role",
        "test_no_model_confirms_or_approves_through_a_task",
    ),
    "17 an approval is for one action in one situation, once, for a time": (
        "test_an_approval_is_good_only_for_the_action_it_was_asked_for",
        "test_what_changed_since_the_question_denies_an_approved_action",
        "test_silence_is_no_from_the_very_moment_the_time_is_up",
        "test_an_answer_counts_once",
    ),
    "18 a handle of somebody else reads like none": (
        "test_another_callers_task_reads_exactly_like_none",
        "test_an_approval_of_another_location_reads_like_one_that_does_not_exist",
        "test_nobody_carries_out_somebody_elses_plan",
    ),
    "19 tasks are for those who declared them, and are never listed": (
        "test_a_client_that_did_not_declare_tasks_is_told_so_whatever_it_names",
        "test_a_method_we_do_not_know_is_refused",
    ),
    "20 no question sends a person to an address": ("test_no_question_sends_a_person_to_an_address",),
    # authorization
    "21 every role, tool and place: what is listed is what can be called, and what is hidden is unknown": (
        "test_every_tool_is_listed_to_and_called_by_exactly_the_roles_of_its_row",
        "test_no_tool_reaches_beyond_the_callers_locations_and_every_denial_is_on_record",
        "test_a_hidden_tool_reads_exactly_like_one_that_does_not_exist",
        "test_asking_for_hidden_and_for_unknown_tools_is_counted_alike",
    ),
    "22 addresses, jobs, completions and narrowed doors obey the same rules": (
        "test_every_address_is_listed_to_and_read_by_exactly_the_roles_of_its_row",
        "test_every_prompt_is_listed_to_and_opened_by_exactly_the_roles_of_its_row",
        "test_completion_offers_only_what_the_caller_may_list",
        "test_an_address_never_shows_more_than_the_credential",
    ),
    "23 read-only beats every other setting": (
        "test_a_read_only_installation_knows_no_write_for_anybody",
        "test_the_read_only_address_holds_every_read_and_no_write",
        "test_in_a_read_only_house_nothing_is_done_through_any_door",
    ),
    "24 what no rule speaks of is nobody's, and unknown methods are refused": (
        "test_a_tool_that_no_rule_speaks_of_is_nobodys",
        "test_a_method_we_do_not_know_is_refused",
    ),
    "25 nothing that depends on the caller may be cached for others": (
        "test_no_list_may_be_kept_by_whoever_serves_several_callers",
    ),
    # input
    "26 what can be read in two ways is refused and not repeated": (
        "test_an_unknown_argument_is_refused_and_a_strange_name_is_not_repeated",
        "test_no_value_is_taken_for_one_of_another_type",
        "test_a_number_json_has_no_word_for_is_refused",
        "test_a_number_out_of_range_is_refused_however_large",
        "test_a_text_one_character_too_long_is_refused",
        "test_an_id_that_only_looks_like_one_is_refused",
        "test_a_name_given_twice_is_refused_before_anybody_reads_it",
        "test_half_a_character_is_refused",
    ),
    "27 caps are rules, counting what is in flight": (
        "test_fifty_proposals_at_once_never_exceed_what_a_transaction_may_have",
        "test_a_day_holds_its_cap_to_the_cent",
        "test_no_sequence_of_proposals_passes_a_cap_or_the_quiet_hours",
    ),
    # output
    "28 an answer fits its declared schema, and has an end": (
        "test_every_answer_fits_the_schema_its_tool_declares",
        "test_an_answer_at_the_limit_is_sent_and_a_larger_one_is_refused_with_a_way_to_go_on",
    ),
    "29 no secret and no personal data leaves, and no text of a crash": (
        "test_a_callers_key_comes_back_in_no_answer_and_no_record",
        "test_no_record_of_a_call_holds_what_a_customer_could_be_found_by",
        "test_a_tool_that_breaks_says_nothing_of_what_broke",
        "test_who_agreed_is_written_to_once_and_no_address_is_kept",
        "test_a_providers_own_sentence_names_the_customer_and_is_not_passed_on",
    ),
    "30 what others wrote is labelled and wholly seen, and decides nothing": (
        "test_what_others_wrote_is_labelled_bounded_and_wholly_seen",
        "test_nothing_that_cannot_be_seen_leaves",
        "test_an_assistant_that_obeys_what_it_reads_does_nothing_the_rules_forbid",
    ),
    # integrity of the surface
    "31 a changed description, schema or hint fails, and the list served is on record": (
        "test_a_tool_reads_as_it_was_reviewed",
        "test_a_role_is_listed_the_tools_that_were_reviewed",
        "test_a_text_that_does_more_than_describe_keeps_the_house_from_opening",
        "test_the_ledger_says_which_list_is_served",
    ),
    "32 hints are true: what reads writes nothing": (
        "test_every_hint_is_there_and_follows_from_the_effect",
        "test_no_reading_tool_writes_anything",
    ),
    # confused deputy
    "33 a reading tool has no way to a platform's credential, and nobody gets a token here": (
        "test_no_reading_tool_is_handed_a_way_to_write",
        "test_imports_point_one_way_and_nothing_reaches_a_platform_but_through_the_guard",
        "test_nobody_can_register_a_client_or_get_a_token_here",
    ),
    # availability and audit
    "34 callers are limited in number, at once and in time, and a lost connection leaves no half write": (
        "test_over_mcp_one_call_too_many_is_an_answer_with_a_time_and_the_next_caller_is_served",
        "test_more_calls_at_once_than_allowed_are_refused_until_one_has_ended",
        "test_a_read_that_takes_too_long_is_given_up_and_a_write_is_not",
        "test_a_connection_that_breaks_during_a_write_leaves_one_effect",
    ),
    "35 every call is on record in a chain that can be checked, and without a record nothing is done": (
        "test_a_tool_runs_with_what_was_sent_and_the_call_is_on_record",
        "test_a_write_is_on_record_before_it_is_answered",
        "test_any_edit_deletion_reordering_or_cut_shows_where",
        "test_without_a_ledger_nothing_is_done",
    ),
}
