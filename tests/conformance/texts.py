"""The resources and prompts the suite asks for: views and jobs like ours."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import unquote

from mcp_types import (
    BlobResourceContents,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    PromptMessage,
    Resource,
    ResourceTemplate,
    TextContent,
    TextResourceContents,
)

from server.mcp.prompts import Embed, Job, Wanted
from server.mcp.views import View
from tests.conformance.fixtures import PIXEL
from tools.tool import Answer

READS: Final = "test_simple_text"
"""The guarded fixture behind every address of the suite."""


@dataclass(frozen=True, slots=True)
class Text(View):
    """A fixed text or picture."""

    kind: str = "text/plain"
    text: str = ""

    def fixed(self) -> Resource:
        return Resource(
            name=self.path, uri=self.address, title=self.title, description=self.description, mime_type=self.kind
        )

    def content(self, uri: str, answer: Answer, audit_id: str) -> TextResourceContents | BlobResourceContents:
        if self.kind == "image/png":
            return BlobResourceContents(uri=uri, mime_type=self.kind, blob=self.text)
        return TextResourceContents(uri=uri, mime_type=self.kind, text=self.text)


@dataclass(frozen=True, slots=True)
class Filled(View):
    """`test://template/{id}/data`."""

    def varied(self) -> ResourceTemplate:
        uri = f"{self.scheme}{self.path}/{{id}}/data"
        return ResourceTemplate(
            name=self.path, uri_template=uri, description=self.description, mime_type="application/json"
        )

    def read(self, uri: str) -> dict[str, str] | None:
        begin, end = f"{self.scheme}{self.path}/", "/data"
        return {} if uri.startswith(begin) and uri.endswith(end) and len(uri) > len(begin + end) else None

    def content(self, uri: str, answer: Answer, audit_id: str) -> TextResourceContents | BlobResourceContents:
        name = unquote(uri.removeprefix(f"{self.scheme}{self.path}/").removesuffix("/data"))
        told = {"id": name, "templateTest": True, "data": f"Data for ID: {name}"}
        return TextResourceContents(uri=uri, mime_type="application/json", text=json.dumps(told))


_TEXT = Text("static-text", READS, "Text", "A fixed text.", scheme="test://")
FIXTURE_VIEWS: Final[Sequence[View]] = (
    replace(_TEXT, text="This is the content of the static text resource."),
    replace(_TEXT, path="static-binary", title="Picture", kind="image/png", text=PIXEL),
    replace(_TEXT, path="watched-resource", title="Watched", text="Watched resource content"),
    Filled("template", READS, "Template", "A text with a name in it.", argument="id", scheme="test://"),
)


def _opening(*blocks: ContentBlock) -> Any:
    async def open_it(_embed: Embed, _given: Mapping[str, str]) -> Sequence[PromptMessage]:
        return [PromptMessage(role="user", content=block) for block in blocks]

    return open_it


async def _with_arguments(_embed: Embed, given: Mapping[str, str]) -> Sequence[PromptMessage]:
    text = f"Prompt with arguments: arg1='{given['arg1']}', arg2='{given['arg2']}'"
    return [PromptMessage(role="user", content=TextContent(text=text))]


async def _with_resource(_embed: Embed, given: Mapping[str, str]) -> Sequence[PromptMessage]:
    held = TextResourceContents(
        uri=given["resourceUri"], mime_type="text/plain", text="Embedded resource content for testing."
    )
    return [
        PromptMessage(role="user", content=EmbeddedResource(resource=held)),
        PromptMessage(role="user", content=TextContent(text="Please process the embedded resource above.")),
    ]


_NEEDS: Final = frozenset({READS})
FIXTURE_JOBS: Final[Sequence[Job]] = (
    Job(
        "test_simple_prompt",
        "Simple",
        "A prompt without arguments.",
        _NEEDS,
        _opening(TextContent(text="This is a simple prompt for testing.")),
    ),
    Job(
        "test_prompt_with_arguments",
        "Arguments",
        "A prompt with two arguments.",
        _NEEDS,
        _with_arguments,
        (Wanted("arg1", "The first."), Wanted("arg2", "The second.")),
    ),
    Job(
        "test_prompt_with_embedded_resource",
        "Resource",
        "A prompt with a resource.",
        _NEEDS,
        _with_resource,
        (Wanted("resourceUri", "Its address."),),
    ),
    Job(
        "test_prompt_with_image",
        "Picture",
        "A prompt with a picture.",
        _NEEDS,
        _opening(ImageContent(data=PIXEL, mime_type="image/png"), TextContent(text="Please analyze the image above.")),
    ),
    Job("test_input_required_result_prompt", "Question", "A prompt that asks first.", _NEEDS, _opening()),
)
