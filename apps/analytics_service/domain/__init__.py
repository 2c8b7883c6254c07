"""What a trace is, which ones are kept, and what their spans say of who calls whom. Pure."""
