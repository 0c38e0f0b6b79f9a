"""What every write carries: a key that makes it happen once, a reason, and whether only to try."""

import hashlib
import json

from tools.read.fields import IdempotencyKey, PlanId, Reason
from tools.tool import Arguments


class WriteArguments(Arguments):
    """The same key again returns the first answer; `dry_run` decides, changes nothing and answers a `plan_id`.

    With a `plan_id`, exactly what was previewed is done, or nothing.
    """

    idempotency_key: IdempotencyKey
    reason: Reason
    dry_run: bool = False
    plan_id: PlanId = ""

    def digest(self, tool: str) -> str:
        """SHA-256 of what is asked for: a retry has the same one, another request under the same key does not."""
        asked = self.model_dump(mode="json", exclude={"dry_run", "idempotency_key", "plan_id"})
        return hashlib.sha256(json.dumps([tool, asked], sort_keys=True).encode()).hexdigest()
