"""Alembic's entry: the models' metadata against the database that the settings name."""

from importlib import import_module

from alembic import context

from kernel.db import Base, get_engine

for tables in (
    "kernel.outbox",
    "kernel.documents",
    "kernel.mail",
    "foyers.models",
    "foyers.models_messages",
    "paiements.models",
    "paniers.models",
    "paniers.models_distributions",
    "paniers.models_producteurs",
    "paniers.models_retrait",
):
    import_module(tables)

with get_engine().connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, compare_server_default=False)
    with context.begin_transaction():
        context.run_migrations()
