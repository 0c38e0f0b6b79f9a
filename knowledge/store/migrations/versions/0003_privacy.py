"""The customer vault, erasure and what the ledger calls customers.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"

_STATEMENTS = (
    "ALTER TABLE location ADD COLUMN country VARCHAR(2) DEFAULT '' NOT NULL",
    """
    CREATE TABLE vault_subject (
        ref VARCHAR NOT NULL,
        wrapped BYTEA NOT NULL,
        sealed BYTEA NOT NULL,
        changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (ref)
    )
    """,
    """
    CREATE TABLE vault_arrival (
        event_id VARCHAR NOT NULL,
        sealed BYTEA NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (event_id)
    )
    """,
    """
    CREATE TABLE tombstone (
        digest VARCHAR(64) NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (digest)
    )
    """,
    """
    CREATE TABLE ledger_name (
        name VARCHAR NOT NULL,
        salt VARCHAR(32) NOT NULL,
        ref VARCHAR NOT NULL,
        PRIMARY KEY (name)
    )
    """,
    "CREATE INDEX ix_ledger_name_ref ON ledger_name (ref)",
    """
    CREATE TABLE privacy_request (
        id VARCHAR NOT NULL,
        kind VARCHAR NOT NULL,
        source VARCHAR NOT NULL,
        delivery VARCHAR NOT NULL,
        asked_by VARCHAR NOT NULL,
        asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
        due_at TIMESTAMP WITH TIME ZONE NOT NULL,
        subject BYTEA,
        refs VARCHAR[] DEFAULT '{}' NOT NULL,
        done_at TIMESTAMP WITH TIME ZONE,
        shredded_at TIMESTAMP WITH TIME ZONE,
        receipt TEXT,
        digest VARCHAR(64),
        PRIMARY KEY (id),
        UNIQUE (delivery)
    )
    """,
    "CREATE INDEX privacy_request_open ON privacy_request (asked_at) WHERE done_at IS NULL",
    """
    CREATE TABLE privacy_step (
        request_id VARCHAR NOT NULL,
        place INTEGER NOT NULL,
        step VARCHAR NOT NULL,
        counts JSONB NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (request_id, place),
        FOREIGN KEY(request_id) REFERENCES privacy_request (id)
    )
    """,
    """
    CREATE TABLE cohort_state (
        id INTEGER NOT NULL,
        turn BIGINT NOT NULL,
        number INTEGER NOT NULL,
        slot BIGINT NOT NULL,
        vectors VARCHAR NOT NULL,
        at TIMESTAMP WITH TIME ZONE,
        PRIMARY KEY (id)
    )
    """,
    "INSERT INTO cohort_state (id, turn, number, slot, vectors) VALUES (1, 0, 0, 0, '')",
    """
    CREATE TABLE cohort (
        name VARCHAR NOT NULL,
        id VARCHAR(12) NOT NULL,
        traits JSONB NOT NULL,
        figures JSONB NOT NULL,
        sentence VARCHAR NOT NULL,
        made INTEGER NOT NULL,
        stale BOOLEAN DEFAULT 'false' NOT NULL,
        PRIMARY KEY (name),
        UNIQUE (id)
    )
    """,
    """
    CREATE TABLE cohort_member (
        name VARCHAR NOT NULL,
        ref VARCHAR NOT NULL,
        PRIMARY KEY (name, ref),
        FOREIGN KEY(name) REFERENCES cohort (name) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX ix_cohort_member_ref ON cohort_member (ref)",
    """
    CREATE TABLE privacy_count (
        day VARCHAR(10) NOT NULL,
        sink VARCHAR NOT NULL,
        what VARCHAR NOT NULL,
        count BIGINT NOT NULL,
        PRIMARY KEY (day, sink, what)
    )
    """,
    """
    CREATE TABLE privacy_receipt (
        day VARCHAR(10) NOT NULL,
        receipt TEXT NOT NULL,
        digest VARCHAR(64) NOT NULL,
        ledger_seq BIGINT NOT NULL,
        made_at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (day)
    )
    """,
)


def upgrade() -> None:
    """Forward."""
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Back."""
    op.execute("DROP TABLE privacy_receipt, privacy_count, cohort_member, cohort, cohort_state")
    op.execute("DROP TABLE privacy_step, privacy_request, ledger_name, tombstone, vault_arrival, vault_subject")
    op.execute("ALTER TABLE location DROP COLUMN country")
