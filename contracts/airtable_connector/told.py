"""What Airtable tells in camelCase, as our models in snake_case."""

from pydantic import AliasChoices, AliasGenerator, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Told(BaseModel):
    """Read under Airtable's names or under ours, written under ours."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(validation_alias=lambda name: AliasChoices(name, to_camel(name))),
        populate_by_name=True,
    )
