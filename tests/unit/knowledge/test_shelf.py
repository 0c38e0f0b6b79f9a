"""Playbooks are found with their source, by whoever may read them; what is not for a role leaves no trace."""

from pathlib import Path

import pytest

from knowledge.playbooks.document import read_document
from knowledge.playbooks.shelf import Shelf
from policies.errors import Misconfigured, NotFound
from policies.vocabulary.actor import Role

pytestmark = pytest.mark.anyio

RETURNS = b"""---
title: Returns
roles: everyone
---
# Returns

Unworn goods come back within 30 days.

## Without a receipt

A manager decides.
"""
SECRET = (
    b"---\ntitle: Safe\nroles: manager, auditor\n---\n\n# The safe\n\n"
    b"The returns safe opens at nine; unworn goods wait.\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "returns.md").write_bytes(RETURNS)
    return tmp_path


async def test_a_passage_is_cited_with_document_section_lines_and_version(folder: Path):
    answers = await Shelf(folder).find(Role.ASSOCIATE, "no receipt, who decides?", 1)
    (cited,) = answers.passages
    assert (cited.document, cited.title, cited.passage.section) == ("returns", "Returns", "Returns > Without a receipt")
    lines = RETURNS.decode().splitlines()[cited.passage.first - 1 : cited.passage.last]
    assert lines == ["A manager decides."] == [cited.passage.text]
    assert cited.version == read_document("returns", RETURNS).version


async def test_a_version_changes_with_any_byte():
    assert read_document("a", RETURNS).version != read_document("a", RETURNS + b" ").version


@pytest.mark.parametrize("question", ["when does the safe open", "unworn goods", "returns", "manager"])
async def test_a_forbidden_document_changes_nothing_a_role_is_told(tmp_path: Path, question: str):
    plain, more = tmp_path / "plain", tmp_path / "more"
    for each in (plain, more):
        each.mkdir()
        (each / "returns.md").write_bytes(RETURNS)
    (more / "safe.md").write_bytes(SECRET)
    without, beside = Shelf(plain), Shelf(more)
    assert await beside.find(Role.ASSOCIATE, question, 8) == await without.find(Role.ASSOCIATE, question, 8)
    assert await beside.documents(Role.ASSOCIATE) == await without.documents(Role.ASSOCIATE)
    with pytest.raises(NotFound) as forbidden:
        await beside.document(Role.ASSOCIATE, "safe")
    with pytest.raises(NotFound) as missing:
        await without.document(Role.ASSOCIATE, "safe")
    assert str(forbidden.value) == str(missing.value)
    assert (await beside.find(Role.AUDITOR, "when does the safe open", 1)).passages[0].document == "safe"


async def test_a_document_without_roles_is_for_managers_alone():
    document = read_document("x", b"# Rota\n\nEarly shift starts at six.\n")
    assert [role for role in Role if document.readable_by(role)] == [Role.MANAGER]


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"---\nroles: everyone\n", b"---\nroles: king\n---\nx", b"---\nowner: me\n---\nx"]
)
def test_a_document_that_cannot_be_trusted_to_say_whom_it_is_for_is_refused(body: bytes):
    with pytest.raises(Misconfigured) as refusal:
        read_document("x", body)
    assert refusal.value.code == "playbooks.malformed"


async def test_nothing_is_said_to_fit_when_nothing_does(folder: Path):
    answers = await Shelf(folder).find(Role.MANAGER, "helicopter landing", 3)
    assert (answers.passages, answers.sureness < 0.2) == ((), True)


async def test_a_folder_that_is_not_there_is_the_operators_to_mend(tmp_path: Path):
    with pytest.raises(Misconfigured):
        await Shelf(tmp_path / "none").find(Role.MANAGER, "returns", 1)


async def test_headings_inside_code_are_text_and_long_sections_are_cut():
    body = b"# A\n\n```\n# not a heading\n```\n\n" + b"Some words that fill a line of the page.\n" * 60
    document = read_document("x", body)
    assert {passage.section for passage in document.passages} == {"A"}
    assert all(len(passage.text) <= 1000 for passage in document.passages)
    assert [passage.first for passage in document.passages] == sorted(passage.first for passage in document.passages)


async def test_every_shipped_playbook_reads_and_answers():
    shelf = Shelf()
    assert {each.name for each in await shelf.documents(Role.MANAGER)} >= {
        "returns",
        "price_match",
        "pickup",
        "privacy",
    }
    assert "loss" not in {each.name for each in await shelf.documents(Role.ASSOCIATE)}
    found = await shelf.find(Role.ASSOCIATE, "how long are pickup orders kept", 1)
    assert found.passages[0].document == "pickup"
