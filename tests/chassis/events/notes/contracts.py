from typing import ClassVar

from pydantic import BaseModel


class NoteAdded(BaseModel):
    TOPIC: ClassVar[str] = "note-service.note-added"
    TYPE: ClassVar[str] = "note-service.note-added.v1"

    note: str
    text: str = ""

    @property
    def subject(self) -> str:
        return self.note
