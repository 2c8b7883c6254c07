"""The wiring of airtable-connector."""

from fastapi import FastAPI

from apps.airtable_connector import jobs, subscriptions
from apps.airtable_connector.clients import AirtableApi, Limiter, MergedCalls, SchemaService, Tokens
from apps.airtable_connector.routes import TYPED, v0
from apps.airtable_connector.service import USE_CASES, Outcomes
from apps.airtable_connector.settings import Settings
from apps.airtable_connector.store import JournalStore, ReadCache
from chassis import create_app


def create(settings: Settings) -> FastAPI:
    """The app that `python -m chassis airtable-connector` serves."""
    return create_app(
        settings,
        routers=[*TYPED, *v0.ROUTERS],
        subscriptions=[subscriptions.hear_what_changed],
        jobs=[jobs.find_lost_answers],
        provide=[Limiter, SchemaService, Tokens, AirtableApi, MergedCalls, ReadCache, JournalStore, *USE_CASES],
        outcomes=Outcomes,
    )
