"""The webhooks we need. Lightspeed cannot narrow what they send: the inlet keeps only what is read."""

from tools.connectors.lightspeed.rest import Call, Rest

PATH = "/webhooks/lightspeed"
TYPES = (
    "sale.update",
    "product.update",
    "customer.update",
    "inventory.update",
    "register_closure.create",
    "consignment.send",
    "consignment.receive",
)


class LightspeedSubscriptions:
    """Registers webhooks."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def ensure(self, base_url: str) -> list[str]:
        """Register what is missing at `{base_url}/webhooks/lightspeed`; returns the types added."""
        url = f"{base_url.rstrip('/')}{PATH}"
        told = await self._rest.ask(Call("GET", "/webhooks", "/webhooks"))
        there = {row["type"] for row in told.data if row["url"] == url and row["active"]}
        added: list[str] = []
        for name in TYPES:
            if name not in there:
                body = {"type": name, "url": url, "active": True}
                made = await self._rest.ask(Call("POST", "/webhooks", "/webhooks", body=body))
                if not made.conflict:  # the answer to an earlier try was lost
                    added.append(name)
        return added
