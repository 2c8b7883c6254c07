"""What crosses between apps: events and API models, pure pydantic, one module per owning app.

`python -m contracts` writes their JSON Schemas to `contracts/schemas/`, for readers in any language.
"""
