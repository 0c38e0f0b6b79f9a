"""The command line, through its own door."""

import re

import psycopg
import pytest

from server.cli import main
from tests.command_line import Run


def test_a_key_is_made_once_listed_without_itself_and_revoked_by_name(run: Run):
    code, made, _ = run("credential", "add", "manager:ada", "--role", "manager")
    _, listed, _ = run("credential", "list")
    name = re.search(r"[0-9a-f]{12}", listed)
    assert name
    revoked, _, _ = run("credential", "revoke", name[0])
    again, _, trouble = run("credential", "revoke", name[0])

    key = made.strip()
    assert (code, key[:3], len(key)) == (0, "th_", 46)
    assert "manager:ada" in listed
    assert key not in listed
    assert (revoked, again) == (0, 2)
    assert "No credential in force" in trouble


def test_a_key_is_replaced_with_the_same_rights_and_the_old_one_opens_nothing(run: Run):
    old = run("credential", "add", "auditor:max", "--role", "auditor", "--days", "30")[1].strip()
    name = _name(run("credential", "list")[1])

    code, made, _ = run("credential", "rotate", name)
    new = made.strip()

    assert (code, new[:3], len(new)) == (0, "th_", 46)
    assert run("credential", "list", key=old)[0] == 2
    assert run("credential", "list", key=new)[0] == 0
    assert run("credential", "rotate", name)[0] == 2


def test_with_an_overlap_the_old_key_still_opens(run: Run):
    old = run("credential", "add", "auditor:max", "--role", "auditor")[1].strip()

    run("credential", "rotate", _name(run("credential", "list")[1]), "--overlap", "10")

    assert run("credential", "list", key=old)[0] == 0


def test_a_key_is_narrowed_and_bound_to_a_person_on_the_command_line(run: Run):
    run("credential", "add", "manager:ada", "--role", "manager")
    made = run("credential", "add", "helper", "--role", "manager", "--for", "manager:ada", "--toolset", "shop")
    listed = run("credential", "list")[1]

    assert made[0] == 0
    assert "helper (model, for manager:ada)" in listed
    assert re.search(r"helper .* shop ", listed)
    assert "some tools" in run("credential", "list", key=made[1].strip())[2]
    assert run("credential", "add", "x", "--role", "manager", "--for", "manager:bob")[0] == 2
    assert run("credential", "add", "x", "--role", "manager", "--toolset", "all")[0] == 2


@pytest.mark.parametrize("option", [("--days", "0"), ("--days", "nan"), ("--days", "1e9"), ("--days", "-1")])
def test_a_key_lasts_some_days_or_is_not_made(run: Run, option: tuple[str, str]):
    with pytest.raises(SystemExit):
        run("credential", "add", "x", "--role", "manager", *option)


def test_only_the_operator_touches_credentials(run: Run):
    manager = run("credential", "add", "manager:ada", "--role", "manager")[1].strip()
    name = _name(run("credential", "list")[1])

    for command in (
        ("add", "x", "--role", "operator"),
        ("revoke", name),
        ("rotate", name),
        ("sign-out", "ada"),
    ):
        code, _, trouble = run("credential", *command, key=manager)
        assert (code, "Only the operator" in trouble) == (2, True)


def test_a_person_is_signed_out_of_every_token(run: Run, database_url: str):
    code, said, _ = run("credential", "sign-out", "ada")

    assert (code, "Signed out" in said) == (0, True)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT subject, by FROM signed_out").fetchall() == [("ada", "operator:local")]


def test_a_register_needs_a_location_and_a_location_has_to_exist(run: Run):
    assert run("credential", "add", "r", "--role", "register")[0] == 2
    assert run("credential", "add", "r", "--role", "register", "--location", "NOWHERE")[0] == 2


def test_an_empty_ledger_verifies_and_an_edited_one_does_not(run: Run, database_url: str):
    whole, said, _ = run("audit", "verify")
    run("stock", "NOPE")
    grown, _, _ = run("audit", "verify")
    with psycopg.connect(database_url, autocommit=True) as edited:
        edited.execute("UPDATE ledger SET entry = replace(entry, 'check_inventory', 'search_products')")
    broken, fault, _ = run("audit", "verify")

    assert (whole, grown, broken) == (0, 0, 1)
    assert "0 records" in said
    assert "edited" in fault


def test_a_refusal_says_what_to_do_and_shows_no_traceback(run: Run):
    code, _, trouble = run("stock", "NOPE")

    assert code == 2
    assert "not in the catalog" in trouble
    assert "search_products" in trouble
    assert "Traceback" not in trouble


def test_an_approval_is_answered_with_a_key_in_force_and_an_approval_that_exists(run: Run):
    manager = run("credential", "add", "manager:ada", "--role", "manager")[1].strip()

    operator = run("approve", "yes", "apr_1")
    allowed = run("approve", "yes", "apr_1", key=manager)
    stranger = run("approve", "yes", "apr_1", key="th_stranger")

    assert [operator[0], allowed[0], stranger[0]] == [2, 2, 2]
    assert "approval" in operator[2]
    assert "approval" in allowed[2]
    assert "not valid" in stranger[2]
    assert run("approve", "list") == (0, "Nothing waits.\n", "")


def test_agents_are_stopped_and_started_without_a_restart(run: Run):
    assert run("agents", "stop")[1] == "Agents are stopped.\n"
    assert run("agents", "status")[1] == "Agents are stopped.\n"
    assert run("agents", "start")[1] == "Agents run.\n"


def test_the_doctor_names_what_is_missing(run: Run):
    code, said, _ = run("doctor")

    assert code == 1
    assert re.search(r"fine +database +PostgreSQL", said)
    assert re.search(r"fail +locations +No locations", said)
    assert re.search(r"fine +ledger +", said)


def test_dead_letters_are_listed_and_put_back(run: Run):
    assert run("dead-letters", "list")[0] == 0
    assert run("dead-letters", "retry", "all") == (0, "0 put back.\n", "")
    assert run("dead-letters", "retry", "unknown")[0] == 2


def test_a_misspelt_setting_stops_every_command(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TILLHAND_PROT", "1")

    code, _, trouble = run("doctor")

    assert code == 1
    assert "TILLHAND_PROT is not a setting" in trouble


def test_plain_http_on_a_foreign_address_never_starts(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TILLHAND_HOST", "0.0.0.0")  # noqa: S104  # the very thing that is refused

    code, _, trouble = run("serve", "--workers", "0")

    assert code == 1
    assert "in the clear" in trouble


def _name(listed: str) -> str:
    found = re.search(r"[0-9a-f]{12}", listed)
    assert found
    return found[0]


def test_a_file_that_cannot_be_written_is_named_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def write(*_: object) -> int:
        raise PermissionError(13, "Permission denied", "/mnt/erp/orders.csv")

    monkeypatch.setattr("server.commands.line.run", write)
    assert main(["plan", "orders", "--csv", "/mnt/erp/orders.csv"]) == 1
    assert capsys.readouterr().err.split() == ["Permission", "denied:", "/mnt/erp/orders.csv"]


def test_what_is_no_file_of_anybodys_stays_loud(monkeypatch: pytest.MonkeyPatch):
    def write(*_: object) -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("server.commands.line.run", write)
    with pytest.raises(BlockingIOError):
        main(["doctor"])
