"""The tools for agents, driven by the protocol's own Python client: with and without a handshake, with tokens that may less."""

import asyncio
import sys
import tempfile

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types.version import LATEST_HANDSHAKE_VERSION, LATEST_MODERN_VERSION

from gateway import Gateway, Simulators, wait_until
from linked import connect, google_events, link

ACCOUNT = "ana@example.com"


def transport(gateway, token):
    headers = {"Authorization": "Bearer " + token}
    return streamable_http_client(gateway.base + "/mcp", http_client=httpx2.AsyncClient(headers=headers, timeout=30))


async def call(client, name, **arguments):
    answer = await client.call_tool(name, arguments)
    assert not answer.is_error, f"{name} {arguments}: {answer.content}"
    return answer.structured_content


async def works(gateway, token, mode, revision, simulators):
    """An agent makes an event that reaches Google, finds it, moves it, asks why it is so, and takes it away and back."""
    async with Client(transport(gateway, token), mode=mode) as client:
        assert client.protocol_version == revision, client.protocol_version
        # Who goes by a revision that it knows asks nothing about the server first.
        assert mode == revision or (client.server_info.name == "kalends" and "Google" in client.instructions)
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert {"create_event", "list_events", "delete_event", "sync_link", "list_conflicts"} <= set(tools), sorted(tools)
        assert "create_token" not in tools, "a token could make others"
        assert "summary" in tools["create_event"].input_schema["properties"]
        assert tools["list_events"].annotations.read_only_hint and tools["delete_event"].annotations.destructive_hint
        calendar = (await call(client, "list_calendars"))["items"][0]["id"]
        title = f"Lunch by {mode} 🍝"
        made = await call(
            client, "create_event", calendar=calendar, summary=title, start="2026-11-24T12:00:00Z", end="2026-11-24T13:00:00Z"
        )
        upstream = lambda: [e["summary"] for e in google_events(simulators.google, ACCOUNT) if e["status"] != "cancelled"]
        wait_until(lambda: title in upstream(), message="what the agent made reaches Google")
        found = await call(client, "list_events", start="2026-11-24", end="2026-11-25", q=title)
        assert [event["id"] for event in found["items"]] == [made["id"]], found
        await call(client, "change_event", id=made["id"], start="2026-11-24T15:00:00Z", end="2026-11-24T16:00:00Z")
        assert (await call(client, "show_event", id=made["id"]))["start"] == "2026-11-24T15:00:00Z"
        why = await call(client, "explain_event", id=made["id"])
        assert why["links"] and why["links"][0]["sentence"], why
        await call(client, "delete_event", id=made["id"])
        versions = (await call(client, "list_versions", id=made["id"]))["items"]
        await call(client, "restore_event", id=made["id"], version=versions[0]["version"])
        assert (await call(client, "show_event", id=made["id"]))["summary"] == title
        # A refusal is an answer with a remedy, which the agent reads.
        wrong = await client.call_tool("create_event", {"calendar": calendar, "summary": "x", "start": "yesterday"})
        assert wrong.is_error and wrong.structured_content["code"] and wrong.structured_content["remedy"], wrong
        try:
            await client.call_tool("no_such_tool", {})
            raise AssertionError("a tool that is none was called")
        except MCPError as error:
            assert error.code == -32602, error
        return set(tools)


async def may_less(gateway, token, mode, everything):
    """A token that may read sees the tools that read, and no other does anything."""
    async with Client(transport(gateway, token), mode=mode) as client:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        assert tools < everything and "list_events" in tools and "create_event" not in tools, sorted(tools)
        await call(client, "list_calendars")
        try:
            await client.call_tool("create_calendar", {"name": "forbidden"})
            raise AssertionError("a token that may only read made a calendar")
        except MCPError as error:
            assert error.code == -32602, error


async def refused(gateway, mode):
    try:
        async with Client(transport(gateway, "nobody"), mode=mode) as client:
            await client.list_tools()
    except Exception:
        return
    raise AssertionError("a token that is none was taken")


def main():
    with tempfile.TemporaryDirectory() as folder:
        simulators = Simulators(folder)
        gateway = Gateway(folder, simulators, KALENDS_POLL_GOOGLE=1)
        alice = gateway.add_user("alice", "wonderland")
        link(alice, connect(alice, "google", simulators.google), ACCOUNT)
        token = lambda *scopes: alice.expect(201, "POST", "/api/v1/tokens", {"label": "agent", "scopes": list(scopes)}).json()["token"]
        writer, reader = token("read", "write"), token("read")
        for mode, revision in (("legacy", LATEST_HANDSHAKE_VERSION), ("auto", LATEST_MODERN_VERSION), (LATEST_MODERN_VERSION, LATEST_MODERN_VERSION)):
            everything = asyncio.run(works(gateway, writer, mode, revision, simulators))
            asyncio.run(may_less(gateway, reader, mode, everything))
            asyncio.run(refused(gateway, mode))
        assert [c["name"] for c in alice.expect(200, "GET", "/api/v1/calendars").json()["items"] if c["name"] == "forbidden"] == []
        gateway.stop()
    print(f"agent: {len(everything)} tools, by handshake ({LATEST_HANDSHAKE_VERSION}) and without ({LATEST_MODERN_VERSION}): all well")


if __name__ == "__main__":
    sys.exit(main())
