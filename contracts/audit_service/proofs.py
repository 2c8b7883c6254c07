"""Signed checkpoints and what is proven with them. Hashes are hexadecimal; notes are C2SP signed notes."""

from datetime import datetime

from pydantic import BaseModel, Field


class SigningKey(BaseModel):
    """Name, key id and Ed25519 public key in one line, as C2SP's signed-note says. Keep it where the trail is not."""

    key: str
    handovers: list[str] = Field(
        default=[],
        description="A signed note for each change of the key, in their order: former key, next key, end of the former "
        "one. Both have signed it.",
    )


class Checkpoint(BaseModel):
    """The tree's size and root and the chain's last hash, signed."""

    size: int
    note: str
    signed_at: datetime


class InclusionProof(BaseModel):
    """The entry's leaf is at `index` of the checkpoint's tree (RFC 6962 §2.1.1)."""

    index: int
    leaf: str
    proof: list[str]
    checkpoint: str


class ConsistencyProof(BaseModel):
    """The first checkpoint's tree is the beginning of the second's (RFC 6962 §2.1.2)."""

    first: str
    second: str
    proof: list[str]


class Break(BaseModel):
    """Something that is not as it was written. `index` is the first entry it concerns."""

    index: int
    kind: str = Field(description="entry, chain, missing, stray, columns, checkpoint, exported or tombstone")
    detail: str


class Verification(BaseModel):
    """What a check of a part of the trail found. `next`: verify from there on, the rest was not looked at yet."""

    ok: bool
    first: int
    end: int
    entries: int
    erased: int = Field(description="Entries whose bytes went after their retention, told of by signed tombstones.")
    checkpoints: int
    exported: int | None = Field(description="Checkpoints compared in the second place; null: it cannot be read back.")
    size: int = Field(description="Entries the trail has.")
    breaks: list[Break] = Field(description="At most 20, the first one first.")
    next: int | None
