"""Names of things as distinct types, so that a sku is never passed where a location belongs."""

from typing import NewType

Sku = NewType("Sku", str)
LocationId = NewType("LocationId", str)
CustomerRef = NewType("CustomerRef", str)  # ours, random; never a name, phone or e-mail
OrderId = NewType("OrderId", str)  # "platform:order:id", as the platform names it
EventId = NewType("EventId", str)
ActionId = NewType("ActionId", str)
ApprovalId = NewType("ApprovalId", str)
CorrelationId = NewType("CorrelationId", str)  # the whole story of one event or call
