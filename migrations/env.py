"""Alembic's entry: the models' metadata against the database that the settings name."""

import foyers.models
import kernel.documents
import kernel.mail
import kernel.outbox
import paiements.models
import paniers.models
import paniers.models_producteurs  # noqa: F401  (imported for their tables)
from alembic import context
from kernel.db import Base, get_engine

with get_engine().connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, compare_server_default=False)
    with context.begin_transaction():
        context.run_migrations()
