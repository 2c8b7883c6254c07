"""As little of two apps as has events: note-service publishes, reader-service handles."""
