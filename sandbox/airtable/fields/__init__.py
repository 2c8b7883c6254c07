"""The field types of Airtable, by the names of its metadata API."""

from sandbox.airtable.fields import attachments, choices, computed, dates, derived, links, numbers, people, text
from sandbox.airtable.fields.base import FieldType

FIELD_TYPES: dict[str, FieldType] = {
    field_type.name: field_type
    for field_type in (
        text.SingleLineText(),
        text.MultilineText(),
        text.RichText(),
        text.Email(),
        text.Url(),
        text.PhoneNumber(),
        text.Barcode(),
        numbers.Number(),
        numbers.Percent(),
        numbers.Currency(),
        numbers.Duration(),
        numbers.Rating(),
        numbers.Checkbox(),
        dates.Date(),
        dates.DateTime(),
        choices.SingleSelect(),
        choices.MultipleSelects(),
        people.SingleCollaborator(),
        people.MultipleCollaborators(),
        links.MultipleRecordLinks(),
        attachments.MultipleAttachments(),
        computed.AutoNumber(),
        computed.CreatedTime(),
        computed.LastModifiedTime(),
        computed.CreatedBy(),
        computed.LastModifiedBy(),
        computed.AiText(),
        computed.ExternalSyncSource(),
        computed.Button(),
        derived.Count(),
        derived.Lookup(),
        derived.Rollup(),
        derived.Formula(),
    )
}
