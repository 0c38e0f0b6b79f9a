"""Alembic's entry: migrations run on the connection we hand over, inside its transaction."""

from alembic import context

from knowledge.store.governance_tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
